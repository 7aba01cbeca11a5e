//! Throttling and errors: over time, and kind by kind.

use crate::record::RunResult;
use crate::report::figures::Figures;
use crate::report::plot::reasons::{self, Layer};
use crate::report::reason::{in_words, resource_label};
use crate::report::timeline::Timeline;
use crate::report::units::{self, NOTHING};

use super::figure::{self, Swatch};
use super::markup::Markup;
use super::open_section;
use super::table::{Align, Table, long};

/// Most kinds listed in a table.
const KINDS_MAX: usize = 60;

/// Throttles and errors by reason.
pub(super) fn section(figures: &Figures, timeline: &Timeline) -> Markup {
    let result = figures.result;
    let layers = reasons::layers(result);
    if layers.is_empty() {
        let mut html = open_section("reasons", "Throttling and errors", "No attempt was throttled and none failed.");
        html.raw("</section>");
        return html;
    }
    let lead = "Attempts that were throttled or failed, retries included, by the moment of the answer; warm-ups are counted too.";
    let mut html = open_section("reasons", "Throttling and errors", lead);
    let entry = |layer: &Layer| (Swatch::Area, layer.ink, format!("{} ({})", layer.name, units::count(layer.count)));
    if !timeline.is_empty() {
        let legend = figure::legend(layers.iter().map(entry));
        html.add(&figure::wide("", &legend, |format| reasons::draw(&layers, result, timeline, format)));
    }
    html.add(&throttles(result)).add(&errors(result)).raw("</section>");
    html
}

fn throttles(result: &RunResult) -> Markup {
    let mut all: Vec<_> = result.throttles.iter().filter(|throttle| throttle.count > 0).collect();
    if all.is_empty() {
        return Markup::literal("<p class=\"none\">No attempt was throttled.</p>");
    }
    all.sort_by_key(|throttle| std::cmp::Reverse(throttle.count));
    let names = ["throttled operation", "reason", "what it means", "table or index"].map(|name| (name, Align::Left));
    let mut table = Table::new(names.into_iter().chain([("attempts", Align::Right)]));
    for throttle in all.iter().take(KINDS_MAX) {
        let mut reason = Markup::of(if throttle.reason.is_empty() { "none given" } else { &throttle.reason });
        reason.raw("<br><small>").text(&throttle.exception).raw("</small>");
        let resource =
            if throttle.resource.is_empty() { NOTHING.to_owned() } else { resource_label(&throttle.resource) };
        table.row([
            Markup::of(operation_name(result, throttle.operation)),
            reason,
            Markup::of(in_words(throttle)),
            Markup::of(resource),
            Markup::of(units::count(throttle.count)),
        ]);
    }
    let mut html = table.markup();
    html.add(&more(all.len()));
    html
}

fn errors(result: &RunResult) -> Markup {
    let mut all: Vec<_> = result.errors.iter().filter(|error| error.count > 0).collect();
    if all.is_empty() {
        return Markup::literal("<p class=\"none\">No attempt failed for another reason.</p>");
    }
    all.sort_by_key(|error| std::cmp::Reverse(error.count));
    let names = ["failed operation", "error", "first message"].map(|name| (name, Align::Left));
    let mut table = Table::new(names.into_iter().chain([("attempts", Align::Right)]));
    for error in all.iter().take(KINDS_MAX) {
        let message: String = error.example.chars().take(300).collect();
        table.row([
            Markup::of(operation_name(result, error.operation)),
            Markup::of(&error.name),
            long(&message),
            Markup::of(units::count(error.count)),
        ]);
    }
    let mut html = table.markup();
    html.add(&more(all.len()));
    html
}

fn more(kinds: usize) -> Markup {
    let mut html = Markup::new();
    if kinds > KINDS_MAX {
        html.raw("<p class=\"small muted\">And ")
            .text(units::count((kinds - KINDS_MAX) as u64))
            .raw(" more kinds; the record has them all.</p>");
    }
    html
}

fn operation_name(result: &RunResult, index: usize) -> &str {
    result.operations.get(index).map_or(NOTHING, |operation| operation.name.as_str())
}
