//! Staleness: how often eventually consistent reads returned an older image than the latest acknowledged one.

use crate::report::figures::Figures;
use crate::report::observed::ResourceFacts;
use crate::report::plot::{Format, staleness};
use crate::report::timeline::Timeline;
use crate::report::units;

use super::figure::{self, Legend};
use super::markup::Markup;
use super::open_section;
use super::table::Table;

/// Most plots drawn.
const DRAWN_MAX: usize = 24;

/// Whether eventually consistent reads were counted.
pub(super) fn is_shown(figures: &Figures) -> bool {
    figures.observed.as_ref().is_some_and(|observed| observed.facts.iter().any(is_read))
}

/// Table and plots; nothing where no eventually consistent read was counted.
pub(super) fn section(figures: &Figures, timeline: &Timeline) -> Markup {
    let observed = match &figures.observed {
        Some(observed) if is_shown(figures) => observed,
        _ => return Markup::new(),
    };
    let lead = "Eventually consistent reads are answered by any replica, which may not have the latest acknowledged write yet. A share that \
                rises with the rate of writes is as it should be; one that rises with a fault shows how far a replica fell behind.";
    let mut html = open_section("staleness", "Staleness of eventual reads", lead);
    let read: Vec<&ResourceFacts> = observed.facts.iter().filter(|facts| is_read(facts)).collect();
    let mut table = Table::of_numbers("table or index", &["eventually consistent reads", "stale", "share"]);
    for facts in &read {
        table.row([
            Markup::of(&facts.label),
            Markup::of(units::count(facts.eventual_reads)),
            Markup::of(units::count(facts.stale_reads)),
            Markup::of(units::share(facts.stale_reads as f64, facts.eventual_reads as f64)),
        ]);
    }
    html.add(&table.markup());
    let spans = observed.spans(usize::MAX);
    let stale: Vec<&&ResourceFacts> = read.iter().filter(|facts| facts.stale_reads > 0).take(DRAWN_MAX).collect();
    if !spans.is_empty() && !timeline.is_empty() {
        let draw =
            |facts: &ResourceFacts, format| staleness::draw(facts.history, &spans, figures.result, timeline, format);
        match stale[..] {
            [only] => {
                html.add(&figure::wide(&only.label, &Legend::none(), |format| draw(only, format)));
            }
            _ => {
                let panel = |facts: &&&ResourceFacts| {
                    figure::panel(&Markup::of(&facts.label), &Legend::none(), &draw(facts, Format::Panel))
                };
                html.add(&figure::grid(stale.iter().map(panel)));
            }
        }
    }
    html.raw("</section>");
    html
}

fn is_read(facts: &ResourceFacts) -> bool {
    facts.eventual_reads > 0
}
