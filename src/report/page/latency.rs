//! Latency: percentiles over time, and the distribution by percentile.

use crate::report::figures::{Figures, OperationFigures};
use crate::report::plot::distribution::{self, Curve};
use crate::report::plot::latency::LatencyOverTime;
use crate::report::plot::{Format, Ink};
use crate::report::ticks::Axis;
use crate::report::timeline::Timeline;
use crate::report::units;

use super::figure::{self, Swatch};
use super::markup::Markup;
use super::open_section;

/// Up to this many operations have a plot over time as wide as the page each.
const WIDE_MAX: usize = 2;
/// Up to this many operations share one plot of the distribution.
const SHARED_MAX: usize = Ink::OPERATIONS.len();
/// What stands for a plot of nothing.
const NONE: &str = "No operation succeeded, so there is no latency to show.";

/// Percentiles over time, operation by operation, on one scale.
pub(super) fn over_time(figures: &Figures, timeline: &Timeline) -> Markup {
    if !figures.knows_latencies() {
        return Markup::new();
    }
    let lead = "Response time of the operations that succeeded, from their intended start, by the moment they were due. Logarithmic \
                scale, the same for all operations. A percentile is drawn where the intervals have the samples for it; where nothing \
                succeeded there is a gap.";
    let lines: Vec<(&OperationFigures, LatencyOverTime)> = figures
        .operations
        .iter()
        .enumerate()
        .map(|(index, operation)| (operation, LatencyOverTime::of(timeline, index, operation.waiting_matters())))
        .collect();
    let (silent, drawn): (Vec<_>, Vec<_>) = lines.iter().partition(|(_, lines)| lines.is_empty());
    let mut html = open_section("latency", "Latency over time", if drawn.is_empty() { NONE } else { lead });
    if drawn.is_empty() {
        html.raw("</section>");
        return html;
    }
    let all_values: Vec<f64> = drawn.iter().flat_map(|(_, lines)| lines.values()).collect();
    let y = Axis::log_seconds(all_values, 8, "response time");
    let wide = drawn.len() <= WIDE_MAX;
    let figures_drawn = drawn.iter().map(|(operation, lines)| {
        let legend = figure::legend(lines.legend().into_iter().map(|(ink, name)| (Swatch::Line, ink, name)));
        let draw = |format| lines.draw(figures.result, timeline, &y, &operation.name, format);
        if wide {
            figure::wide(&operation.name, &legend, draw)
        } else {
            figure::panel(&Markup::of(&operation.name), &legend, &draw(Format::Panel))
        }
    });
    if wide {
        for figure in figures_drawn {
            html.add(&figure);
        }
    } else {
        html.add(&figure::grid(figures_drawn));
    }
    html.add(&silence(&silent.iter().map(|(operation, _)| *operation).collect::<Vec<_>>()));
    html.raw("</section>");
    html
}

/// The distribution by percentile over the measured phases.
pub(super) fn distribution(figures: &Figures) -> Markup {
    if !figures.knows_latencies() {
        return Markup::new();
    }
    let lead = "Each nine of the percentile takes the same room, so that the tail shows. Solid: response time, from the intended \
                start. Dashed: service time, from the actual send. What lies between them was waiting. Each curve ends where its \
                samples end.";
    let (drawn, silent): (Vec<_>, Vec<_>) =
        figures.operations.iter().partition(|operation| operation.response().is_some());
    let mut html = open_section("distribution", "Latency distribution", if drawn.is_empty() { NONE } else { lead });
    if drawn.is_empty() {
        html.raw("</section>");
        return html;
    }
    let curves = |operation: &OperationFigures, place: usize| -> Vec<(bool, Ink)> {
        let pairs = [(false, Ink::OPERATIONS[place]), (true, Ink::OPERATIONS_DASHED[place])];
        if operation.service().is_some() { pairs.to_vec() } else { pairs[..1].to_vec() }
    };
    let named: Vec<(&OperationFigures, [String; 2])> = drawn
        .iter()
        .map(|operation| (*operation, [format!("{} response", operation.name), format!("{} service", operation.name)]))
        .collect();
    let curves_of = |index: usize, place: usize| -> Vec<Curve> {
        let (operation, names) = &named[index];
        let pick = |service: bool| if service { operation.service() } else { operation.response() };
        let found =
            curves(operation, place).into_iter().filter_map(|(service, ink)| Some((service, ink, pick(service)?)));
        found.map(|(service, ink, histogram)| Curve { histogram, name: &names[usize::from(service)], ink }).collect()
    };
    let all: Vec<Curve> = (0..named.len()).flat_map(|index| curves_of(index, 0)).collect();
    let y = distribution::latency_axis(&all, "latency");
    let several = named.len() > 1;
    let entries = |index: usize, place: usize| {
        let name = if several { format!("{}: ", named[index].0.name) } else { String::new() };
        let kind = |service: bool| if service { "service time" } else { "response time" };
        let entries = curves(named[index].0, place).into_iter();
        entries.map(|(service, ink)| (Swatch::Line, ink, format!("{name}{}", kind(service)))).collect::<Vec<_>>()
    };
    if (1..=SHARED_MAX).contains(&named.len()) {
        let curves: Vec<Curve> = (0..named.len()).flat_map(|index| curves_of(index, index)).collect();
        let legend = figure::legend((0..named.len()).flat_map(|index| entries(index, index)));
        html.add(&figure::wide("", &legend, |format| distribution::draw(&curves, &y, "Latency by percentile", format)));
    } else if several {
        let panels = (0..named.len()).map(|index| {
            let operation = named[index].0;
            let mut caption = Markup::of(&operation.name);
            let count = operation.response().map_or(0, |times| times.count());
            caption.raw(" <small>").text(units::counted(count, "operation", "operations")).raw("</small>");
            let legend = figure::legend(entries(index, 0));
            let plot = distribution::draw(
                &curves_of(index, 0),
                &y,
                &format!("Latency of {} by percentile", operation.name),
                Format::Panel,
            );
            figure::panel_sharing(&caption, &legend, &plot)
        });
        html.add(&figure::grid(panels));
    }
    html.add(&silence(&silent));
    html.raw("</section>");
    html
}

/// Says of which operations there is nothing to show.
fn silence(operations: &[&OperationFigures]) -> Markup {
    let mut html = Markup::new();
    if !operations.is_empty() {
        let names: Vec<&str> = operations.iter().map(|operation| operation.name.as_str()).collect();
        html.raw("<p class=\"none\">Nothing succeeded of: ").text(names.join(", ")).raw(".</p>");
    }
    html
}
