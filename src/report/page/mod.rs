//! The report as one HTML page: it needs no network, no fonts and no script.

mod cache;
mod capacity;
mod comparison;
mod cost;
mod environment;
mod figure;
mod harness;
mod header;
mod latency;
mod markup;
mod operations;
mod partitions;
mod reasons;
mod sizing;
mod staleness;
mod table;
mod throughput;
mod tokens;

pub(super) use comparison::page as comparison_page;
pub(super) use cost::page as cost_page;
pub(super) use figure::{Entry, Swatch};
pub(super) use markup::{Markup, attribute};
pub(super) use sizing::page as sizing_page;

use crate::record::{Clock, RunResult};

use super::figures::Figures;
use super::picture::Picture;
use super::timeline::Timeline;
use super::units;

/// The page's own style, with the colours of light and dark as variables.
pub(in crate::report) const THEME: &str = include_str!("theme.css");
/// The style of what stands in plots.
pub(in crate::report) const PLOT: &str = include_str!("plot.css");

/// The hatching of intervals the harness spoiled, shared by all plots.
const PAGE_PATTERN: [&str; 2] = ["<svg class=\"pattern\" aria-hidden=\"true\">", "</svg>"];
pub(in crate::report) const PATTERN: &str = "<defs><pattern id=\"hatch\" width=\"28\" height=\"28\" \
    patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\"><rect class=\"hatch-line\" width=\"6\" height=\"28\" \
    fill=\"var(--hatch)\" opacity=\"0.55\"/></pattern></defs>";

/// The whole report of a run.
pub(super) fn page(result: &RunResult) -> String {
    document(&format!("{} – Dynamometer report", result.name), &sections(result))
}

/// The plots of the report of a run, in their order.
pub(super) fn pictures(result: &RunResult) -> Vec<Picture> {
    let seen = match result.clock {
        Clock::Real => units::moment(&result.started_at),
        Clock::Virtual => "simulated in virtual time".to_owned(),
    };
    let source = format!("{}, {seen}", result.name);
    sections(result).into_pictures().into_iter().map(|picture| picture.of_run(&source)).collect()
}

fn sections(result: &RunResult) -> Markup {
    let figures = Figures::of(result);
    let timeline = Timeline::of(result);
    let mut body = Markup::new();
    body.add(&header::section(&figures))
        .add(&throughput::section(&figures, &timeline))
        .add(&latency::over_time(&figures, &timeline))
        .add(&latency::distribution(&figures))
        .add(&reasons::section(&figures, &timeline))
        .add(&capacity::section(&figures, &timeline))
        .add(&cache::section(&figures, &timeline))
        .add(&partitions::section(&figures, &timeline))
        .add(&staleness::section(&figures, &timeline))
        .add(&operations::section(&figures))
        .add(&harness::section(&figures, &timeline))
        .add(&environment::section(&figures));
    body
}

/// A whole page around its sections.
fn document(title: &str, body: &Markup) -> String {
    let mut page = Markup::new();
    page.raw("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>")
        .text(title)
        .raw("</title><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><style>\n")
        .raw(PLOT)
        .raw(THEME)
        .raw("</style></head><body>")
        .raw(PAGE_PATTERN[0])
        .raw(PATTERN)
        .raw(PAGE_PATTERN[1])
        .raw("<main>")
        .add(body)
        .raw("</main></body></html>\n");
    page.into_string()
}

/// Opens a section: its anchor, title and first sentence.
fn open_section(id: &'static str, title: &'static str, lead: &str) -> Markup {
    let mut html = Markup::on(id, title);
    html.raw("<section id=\"").raw(id).raw("\"><h2>").raw(title).raw("</h2><p class=\"lead\">").text(lead).raw("</p>");
    html
}
