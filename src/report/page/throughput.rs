//! Throughput over time, and the phases that shaped it.

use crate::report::figures::Figures;
use crate::report::observed::faults;
use crate::report::plot::{Ink, throughput};
use crate::report::timeline::Timeline;
use crate::report::units;

use super::figure::{self, Swatch};
use super::markup::Markup;
use super::open_section;
use super::table::{Align, Table, with_remark};

/// Most phases listed; a run made of thousands has them in its record.
const PHASES_MAX: usize = 40;

/// Asked and achieved over time.
pub(super) fn section(figures: &Figures, timeline: &Timeline) -> Markup {
    let result = figures.result;
    let lead = "Operations by the moment they were due: asked for and succeeded; and by the moment they were sent. \
                Where “sent” falls below “asked”, operations had to wait.";
    let lead = if timeline.is_empty() { "No interval was recorded." } else { lead };
    let mut html = open_section("throughput", "Throughput, asked and achieved", lead);
    if !timeline.is_empty() {
        let legend = figure::legend(
            [
                (Swatch::Line, Ink::ASKED, "asked".to_owned()),
                (Swatch::Line, Ink::SENT, "sent".to_owned()),
                (Swatch::Line, Ink::SUCCEEDED, "succeeded".to_owned()),
            ]
            .into_iter()
            .chain(background(figures, timeline)),
        );
        html.add(&figure::wide("", &legend, |format| throughput::draw(result, timeline, format)));
    }
    html.add(&resolution(figures, timeline)).add(&phases(figures)).add(&fault_table(figures)).raw("</section>");
    html
}

/// What the legend says of the shades behind the lines, where there are any.
fn background(figures: &Figures, timeline: &Timeline) -> Vec<(Swatch, Ink, String)> {
    let mut entries = Vec::new();
    if figures.result.phases.iter().any(|phase| phase.warm_up) {
        entries.push((Swatch::Area, Ink::WARM_UP, "warm-up, not counted in the figures above".to_owned()));
    }
    if timeline.columns().iter().any(|column| !column.valid()) {
        entries.push((Swatch::Area, Ink::INVALID, "the load generator did not keep up".to_owned()));
    }
    if !faults(figures.result).is_empty() {
        entries.push((Swatch::Area, Ink::FAULT_BAR, "a fault, named above the plot".to_owned()));
    }
    entries
}

/// The faults that were scheduled, where there were any.
fn fault_table(figures: &Figures) -> Markup {
    let faults = faults(figures.result);
    if faults.is_empty() {
        return Markup::new();
    }
    let columns = [("fault", Align::Left), ("from", Align::Right), ("to", Align::Right), ("length", Align::Right)];
    let mut table = Table::new(columns);
    for fault in &faults {
        table.row([
            Markup::of(&fault.label),
            Markup::of(units::period(fault.start_seconds)),
            Markup::of(units::period(fault.end_seconds)),
            Markup::of(units::period(fault.end_seconds - fault.start_seconds)),
        ]);
    }
    let mut html = table.markup();
    let all = figures.result.engine.as_ref().map_or(0, |record| record.faults.len());
    if all > faults.len() {
        let more = units::count((all - faults.len()) as u64);
        html.add(&paragraph(&format!("And {more} more faults; the record has them all.")));
    }
    html
}

fn resolution(figures: &Figures, timeline: &Timeline) -> Markup {
    let series = &figures.result.series;
    let mut notes = Vec::new();
    if series.merged > 1 {
        notes.push(format!(
            "The record was thinned: up to {} of {} were merged into one.",
            units::counted(series.merged, "interval", "intervals"),
            units::period(series.interval_seconds)
        ));
    }
    if timeline.merged > 2 {
        notes.push(format!("To be drawn, up to {} recorded intervals were merged into one point.", timeline.merged));
    }
    if notes.is_empty() { Markup::new() } else { paragraph(&notes.join(" ")) }
}

fn paragraph(text: &str) -> Markup {
    let mut html = Markup::new();
    html.raw("<p class=\"small muted\">").text(text).raw("</p>");
    html
}

fn phases(figures: &Figures) -> Markup {
    let phases = &figures.result.phases;
    if phases.is_empty() {
        return Markup::new();
    }
    let columns = [
        ("phase", Align::Left),
        ("load", Align::Left),
        ("from", Align::Right),
        ("to", Align::Right),
        ("length", Align::Right),
    ];
    let mut table = Table::new(columns);
    for phase in phases.iter().take(PHASES_MAX) {
        let remark = match (phase.warm_up, phase.open_loop) {
            (true, _) if !phase.name.contains("warm") => "warm-up",
            (true, _) => "",
            (false, true) => "",
            (false, false) => "closed loop",
        };
        table.row([
            with_remark(&phase.name, remark),
            Markup::of(&phase.summary),
            Markup::of(units::period(phase.start_seconds)),
            Markup::of(units::period(phase.end_seconds)),
            Markup::of(units::period(phase.end_seconds - phase.start_seconds)),
        ]);
    }
    let mut html = table.markup();
    if phases.len() > PHASES_MAX {
        let more = units::count((phases.len() - PHASES_MAX) as u64);
        html.add(&paragraph(&format!("And {more} more phases; the record has them all.")));
    }
    html
}
