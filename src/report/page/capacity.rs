//! Consumed against provisioned capacity, table by table and index by index.

use crate::api::ReadWrite;
use crate::record::CapacityLimit;
use crate::report::figures::{Figures, Peak, ResourceFigures, access_name, unit_name};
use crate::report::plot::capacity::CapacityOverTime;
use crate::report::plot::{Format, Ink};
use crate::report::timeline::Timeline;
use crate::report::units::{self, NOTHING};

use super::figure::{self, Legend, Swatch};
use super::markup::Markup;
use super::open_section;
use super::table::{Align, Table, alarming};
use super::tokens;

const ACCESSES: [ReadWrite; 2] = [ReadWrite::Read, ReadWrite::Write];
/// Most tables and indexes drawn, the busiest of them; the table lists all.
const DRAWN_MAX: usize = 24;

/// Reads and writes of every table and index.
pub(super) fn section(figures: &Figures, timeline: &Timeline) -> Markup {
    let lead = "Capacity units by the moment of the answer. The area is what was consumed, the line what was provisioned, and the \
                bars above mark intervals in which attempts were refused.";
    let none = figures.resources.is_empty();
    let lead = if none { "The record names no tables or indexes." } else { lead };
    let mut html = open_section("capacity", "Capacity, consumed and provisioned", lead);
    if none {
        html.raw("</section>");
        return html;
    }
    html.add(&table(figures)).add(&plots(figures, timeline)).add(&tokens::part(figures, timeline)).raw("</section>");
    html
}

fn table(figures: &Figures) -> Markup {
    let names = [
        "units consumed",
        "per second",
        "peak per second",
        "provisioned at the peak",
        "peak of provisioned",
        "attempts refused",
    ];
    let columns = [("table or index", Align::Left), ("", Align::Left)];
    let mut table = Table::new(columns.into_iter().chain(names.map(|name| (name, Align::Right))));
    for resource in &figures.resources {
        for (place, access) in ACCESSES.into_iter().enumerate() {
            let usage = resource.usage(access);
            let peak =
                |pick: fn(Peak) -> Option<f64>| usage.peak.and_then(pick).map_or(NOTHING.to_owned(), units::quantity);
            let utilisation = usage.peak.and_then(|peak| peak.utilisation());
            let limit = match resource.limit {
                CapacityLimit::OnDemand => "on-demand".to_owned(),
                CapacityLimit::Unknown => "unknown".to_owned(),
                CapacityLimit::Provisioned(_) => peak(|peak| peak.provisioned),
            };
            let cells = [
                Markup::of(if place == 0 { &resource.label } else { "" }),
                Markup::of(format!("{}\u{a0}({})", access_name(access), unit_name(access, resource.limit))),
                Markup::of(units::quantity(usage.units)),
                Markup::of(units::quantity(usage.per_second)),
                Markup::of(peak(|peak| Some(peak.per_second))),
                Markup::of(limit),
                Markup::of(utilisation.map_or(NOTHING.to_owned(), |share| units::share(share, 1.0))),
                alarming(units::count(usage.throttled), usage.throttled > 0),
            ];
            if place == 0 { table.row(cells) } else { table.more(cells) }
        }
    }
    let mut html = table.markup();
    html.raw("<p class=\"small muted\">Measured phases only. A peak is the average of one interval; with burst capacity it can pass what is provisioned.</p>");
    html
}

fn plots(figures: &Figures, timeline: &Timeline) -> Markup {
    if timeline.is_empty() {
        return Markup::new();
    }
    let mut busiest: Vec<usize> = (0..figures.resources.len()).collect();
    let units = |index: &usize| figures.resources[*index].read.units + figures.resources[*index].write.units;
    busiest.sort_by(|one, other| units(other).total_cmp(&units(one)));
    busiest.truncate(DRAWN_MAX);
    busiest.sort_unstable();
    let mut shown_anywhere = Shown::default();
    let mut idle = Vec::new();
    let mut panels = Vec::new();
    for index in busiest {
        let resource = &figures.resources[index];
        for access in ACCESSES {
            let observed = figures.observed.as_ref();
            let lines = CapacityOverTime::of(figures.result, observed, timeline, index, access);
            if lines.is_empty() {
                idle.push(format!("{} ({}s)", resource.label, access_name(access)));
            } else {
                let on_demand = resource.limit == CapacityLimit::OnDemand;
                let (decisions, refused_decisions) = lines.scaling();
                let shown = Shown {
                    limits: lines.limit_drawn && !on_demand,
                    served: lines.limit_drawn && on_demand,
                    decisions,
                    refused_decisions,
                    refusals: resource.usage(access).throttled > 0,
                };
                shown_anywhere = shown_anywhere.or(shown);
                let plot = lines.draw(figures.result, timeline, Format::Panel);
                panels.push(figure::panel_sharing(&caption(resource, access, &lines), &shown.legend(), &plot));
            }
        }
    }
    let mut html = if panels.is_empty() { Markup::new() } else { shown_anywhere.legend().markup() };
    html.add(&figure::grid(panels));
    if !idle.is_empty() {
        html.raw("<p class=\"none\">Nothing was consumed on: ").text(idle.join(", ")).raw(".</p>");
    }
    if figures.resources.len() > DRAWN_MAX {
        html.raw(
            "<p class=\"small muted\">Only the busiest tables and indexes are drawn; the table above has all.</p>",
        );
    }
    html
}

/// What is in a plot of capacity besides what was consumed.
#[derive(Debug, Clone, Copy, Default)]
struct Shown {
    limits: bool,
    served: bool,
    decisions: bool,
    refused_decisions: bool,
    refusals: bool,
}

impl Shown {
    fn or(self, other: Shown) -> Shown {
        Shown {
            limits: self.limits || other.limits,
            served: self.served || other.served,
            decisions: self.decisions || other.decisions,
            refused_decisions: self.refused_decisions || other.refused_decisions,
            refusals: self.refusals || other.refusals,
        }
    }

    fn legend(self) -> Legend {
        let entries = [
            (true, Swatch::Area, Ink::CONSUMED, "consumed"),
            (self.limits, Swatch::Line, Ink::PROVISIONED, "provisioned"),
            (self.served, Swatch::Line, Ink::SERVED, "served on demand at most"),
            (
                self.decisions,
                Swatch::Triangles,
                Ink::PROVISIONED,
                "auto scaling decided; the step follows when it holds",
            ),
            (self.refused_decisions, Swatch::Cross, Ink::BAD, "a decrease it had none left for"),
            (self.refusals, Swatch::Area, Ink::BAD, "attempts refused"),
        ];
        let entries = entries.into_iter().filter(|(shown, ..)| *shown);
        figure::legend(entries.map(|(_, swatch, ink, name)| (swatch, ink, name.to_owned())))
    }
}

fn caption(resource: &ResourceFigures, access: ReadWrite, lines: &CapacityOverTime) -> Markup {
    let mut caption = Markup::of(format!("{}, {}s", resource.label, access_name(access)));
    let range = lines.limit_range().map(|(low, high)| format!("{} to {}", units::quantity(low), units::quantity(high)));
    let limit = match (resource.limit, range) {
        (CapacityLimit::OnDemand, Some(range)) => format!("on-demand, serving {range} at most"),
        (CapacityLimit::OnDemand, None) => "on-demand".to_owned(),
        (CapacityLimit::Unknown, _) => String::new(),
        (CapacityLimit::Provisioned(_), Some(range)) => {
            format!("{range} {} provisioned", unit_name(access, resource.limit))
        }
        (CapacityLimit::Provisioned(units), None) => {
            let units = if access == ReadWrite::Read { units.read } else { units.write };
            let far = if lines.limit_drawn { "" } else { ", far above the plot" };
            format!("{} {} provisioned{far}", units::quantity(units), unit_name(access, resource.limit))
        }
    };
    if !limit.is_empty() {
        caption.raw(" <small>").text(limit).raw("</small>");
    }
    caption
}
