//! The cache in front of the tables: what it answered, and what of its memory was in use.

use crate::report::figures::Figures;
use crate::report::observed::CacheFacts;
use crate::report::plot::{Ink, cache};
use crate::report::timeline::Timeline;
use crate::report::units;

use super::figure::{self, Legend, Swatch};
use super::markup::Markup;
use super::open_section;
use super::table::Table;

/// Table and plots; nothing where no cache was modelled.
pub(super) fn section(figures: &Figures, timeline: &Timeline) -> Markup {
    let Some((observed, facts)) = figures.observed.as_ref().and_then(|all| Some((all, all.cache()?))) else {
        return Markup::new();
    };
    let lead = "A modelled cache of items stands before the tables: what it answers consumes no read units and is never throttled. \
                Figures are of the whole run, which begins with an empty cache, warm-ups included.";
    let mut html = open_section("cache", "Cache", lead);
    html.add(&settings(&facts)).add(&reads(&facts));
    let spans = observed.spans(usize::MAX);
    if spans.is_empty() || timeline.is_empty() {
        html.raw("</section>");
        return html;
    }
    if facts.reads() > 0 {
        let draw = |format| cache::answered(facts.history, &spans, figures.result, timeline, format);
        html.add(&figure::wide("Reads answered by the cache", &Legend::none(), draw));
    }
    if facts.bytes_most > 0 {
        let entries =
            [(Swatch::Area, Ink::TOKENS, "in use".to_owned()), (Swatch::Line, Ink::PROVISIONED, "size".to_owned())];
        let drawn = if cache::is_size_drawn(facts.history) { 2 } else { 1 };
        let legend = figure::legend(entries.into_iter().take(drawn));
        let draw = |format| cache::memory(facts.history, &spans, figures.result, timeline, format);
        html.add(&figure::wide("Memory in use", &legend, draw));
    }
    html.raw("</section>");
    html
}

fn settings(facts: &CacheFacts) -> Markup {
    let history = facts.history;
    let mut html = Markup::new();
    html.raw("<p>").text(units::bytes(history.size_bytes)).raw(" of memory for items, ");
    match history.time_to_live_seconds {
        Some(seconds) => html
            .raw("which are answered with for ")
            .text(units::period(seconds))
            .raw(" after they were read or written"),
        None => html.raw("which are held until they are pushed out"),
    };
    html.raw("; in front of ").text(history.tables.join(", ")).raw(".</p>");
    html
}

fn reads(facts: &CacheFacts) -> Markup {
    let mut table = Table::of_numbers("reads of items", &["number", "share"]);
    let of_all = |count: u64| units::share(count as f64, facts.reads() as f64);
    let mut row = |name: &str, count: u64, share: String| {
        table.row([Markup::of(name), Markup::of(units::count(count)), Markup::of(share)]);
    };
    row("answered by the cache", facts.hits, of_all(facts.hits));
    if facts.bytes_most > 0 {
        let absent = facts.misses.saturating_sub(facts.expired);
        row("not held: read from the table", absent, of_all(absent));
        row("held, but too old: read from the table", facts.expired, of_all(facts.expired));
    } else {
        row("not held, or too old: read from the table", facts.misses, of_all(facts.misses));
    }
    if facts.bypassed > 0 {
        row("passed by: strongly consistent, transactional, Query and Scan", facts.bypassed, units::NOTHING.to_owned());
    }
    let mut html = table.markup();
    html.raw("<p>The answers saved ").text(units::quantity(facts.saved.as_f64())).raw(" read units. ");
    if facts.written > 0 {
        html.text(units::counted(facts.written, "item was", "items were")).raw(" written through. ");
    }
    if facts.bytes_most > 0 {
        html.text(units::counted(facts.evicted, "item was", "items were"))
            .raw(" pushed out, for lack of room, while still good to answer with; at the end ")
            .text(units::bytes(facts.bytes_at_end))
            .raw(" were in use for ")
            .text(units::counted(facts.items_at_end, "key", "keys"))
            .raw(", those that are known to have no item included.");
    }
    html.raw("</p>");
    html
}
