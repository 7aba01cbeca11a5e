//! Both sides in each plot: round by round, over time, and by percentile.

use crate::compare::{Comparison, Difference, Method, Quantity, SideOperation, SidePoint, Verdict};
use crate::record::Histogram;
use crate::report::page::figure::{self, Legend, Swatch};
use crate::report::page::markup::Markup;
use crate::report::page::open_section;
use crate::report::plot::distribution::{self, Curve};
use crate::report::plot::rounds::{self, Order};
use crate::report::plot::sides::{self, Kind, Track};
use crate::report::plot::{Format, Ink};
use crate::report::units;

use super::{class, words};

/// Most metrics drawn round by round.
const ROUNDS_MAX: usize = 8;
/// Up to this many operations have a distribution as wide as the page each.
const WIDE_MAX: usize = 2;

/// Base and new in the colours they have everywhere.
fn legend(kind: &str, swatch: Swatch) -> Legend {
    let [base, new] = Ink::SIDES;
    figure::legend([(swatch, base, format!("base{kind}")), (swatch, new, format!("new{kind}"))])
}

/// Whether there are pairs to draw.
pub(super) fn has_rounds(comparison: &Comparison) -> bool {
    comparison.differences.iter().any(|difference| !difference.pairs.is_empty())
}

/// What the pairs are of.
pub(super) fn rounds_title(comparison: &Comparison) -> &'static str {
    match comparison.method {
        Method::Rounds { .. } => "Round by round",
        Method::Runs { .. } => "Run by run",
        Method::Slices { .. } => "Slice by slice",
    }
}

/// Every round's values of the metrics that matter most, in the order of the rounds.
pub(super) fn rounds(comparison: &Comparison) -> Markup {
    if !has_rounds(comparison) {
        return Markup::new();
    }
    let lead = match comparison.method {
        Method::Rounds { .. } => {
            "Each round has one value of either side, from runs that took turns: a pair. What moves both dots of a pair alike is the machine's, and \
             cancels. The vertical axes do not begin at zero; the level lines are the medians, the means for shares."
        }
        _ => {
            "Each pair is the same stretch of both runs. The vertical axes do not begin at zero; the level lines are the whole runs."
        }
    };
    let mut html = open_section("rounds", rounds_title(comparison), lead);
    let order = match comparison.method {
        Method::Rounds { rounds, .. } => Order { first: usize::try_from(rounds).unwrap_or(usize::MAX), name: "round" },
        Method::Runs { .. } => Order { first: usize::MAX, name: "run" },
        Method::Slices { .. } => Order { first: usize::MAX, name: "slice of time" },
    };
    let panels = drawn(comparison).into_iter().map(|difference| {
        let mut caption = Markup::of(words::capital(&difference.metric.words()));
        caption.raw(" <small>").text(difference.words()).raw(", <span class=\"").raw(class(difference.verdict));
        caption.raw("\">").raw(difference.verdict.words()).raw("</span></small>");
        figure::panel_sharing(&caption, &legend("", Swatch::Dot), &rounds::draw(difference, order, Format::Panel))
    });
    html.add(&legend("", Swatch::Dot).markup()).add(&figure::grid(panels)).raw("</section>");
    html
}

/// What became worse or better first, then what decides. Response times are left out beside the service times of the same
/// percentile.
fn drawn(comparison: &Comparison) -> Vec<&Difference> {
    let rank = |difference: &Difference| match (difference.verdict, difference.primary) {
        (Verdict::Worse, true) => 0,
        (Verdict::Better, true) => 1,
        (_, true) if is_headline(difference) => 2,
        (Verdict::Worse | Verdict::Better, false) => 3,
        (Verdict::CannotTell, true) => 4,
        (_, true) if difference.base > 0.0 || difference.new > 0.0 => 5,
        _ => 6,
    };
    let mut all: Vec<&Difference> = comparison.differences.iter().collect();
    all.retain(|difference| !difference.pairs.is_empty() && rank(difference) < 6);
    all.sort_by_key(|difference| rank(difference));
    let mut drawn: Vec<&Difference> = Vec::new();
    for difference in all {
        let is_drawn = drawn.iter().any(|known| match (known.metric.quantity, difference.metric.quantity) {
            (Quantity::Service(service), Quantity::Response(response)) => {
                service == response && known.metric.subject == difference.metric.subject
            }
            _ => false,
        });
        if !is_drawn && drawn.len() < ROUNDS_MAX {
            drawn.push(difference);
        }
    }
    drawn
}

fn is_headline(difference: &Difference) -> bool {
    matches!(difference.metric.quantity, Quantity::Throughput | Quantity::Service(_))
}

/// Whether both sides are one recorded run each.
pub(super) fn has_series(comparison: &Comparison) -> bool {
    !comparison.base.series.is_empty() && !comparison.new.series.is_empty()
}

type Value = fn(&SidePoint) -> Option<f64>;

/// Both runs over time, in each plot.
pub(super) fn over_time(comparison: &Comparison) -> Markup {
    if !has_series(comparison) {
        return Markup::new();
    }
    let lead = "Both runs by the time since their own start, all operations together. Where there are more intervals than room, \
        neighbouring ones are averaged.";
    let mut html = open_section("time", "Over time", lead);
    let (base, new) = (&comparison.base.series, &comparison.new.series);
    let tracks = |value: Value, names: [&'static str; 2], inks: [Ink; 2]| {
        let of = [base, new].into_iter().zip(names).zip(inks);
        of.map(|((points, name), ink)| Track { name, ink, points, value }).collect::<Vec<_>>()
    };
    let plain = |value: Value| tracks(value, ["base", "new"], Ink::SIDES);
    let mut panels = vec![figure(
        "Throughput",
        &legend("", Swatch::Line),
        &plain(|point| Some(point.throughput)),
        (Kind::Rate, "operations per second"),
    )];
    let mut percentiles = tracks(|point| point.service_p50, ["base p50", "new p50"], Ink::SIDES);
    percentiles.extend(tracks(|point| point.service_p99, ["base p99", "new p99"], Ink::SIDES_DASHED));
    let entries = percentiles.iter().map(|track| (Swatch::Line, track.ink, track.name.to_owned()));
    panels.push(figure("Service time", &figure::legend(entries), &percentiles, (Kind::Seconds, "service time")));
    let further: [(&str, Value, Kind, &str); 3] = [
        ("Throttled", |point| Some(point.throttled_share), Kind::Share, "share of operations"),
        ("Read units", |point| Some(point.read_units), Kind::Rate, "read units per second"),
        ("Write units", |point| Some(point.write_units), Kind::Rate, "write units per second"),
    ];
    for (caption, value, kind, title) in further {
        // What is nothing on both sides needs no plot.
        if base.iter().chain(new).any(|point| value(point).is_some_and(|value| value > 0.0)) {
            panels.push(figure(caption, &legend("", Swatch::Line), &plain(value), (kind, title)));
        }
    }
    for panel in panels {
        html.add(&panel);
    }
    html.raw("</section>");
    html
}

fn figure(caption: &str, legend: &Legend, tracks: &[Track], (kind, title): (Kind, &str)) -> Markup {
    let description = format!("{caption} of both sides over time");
    figure::wide(caption, legend, |format| sides::draw(tracks, kind, title, &description, format))
}

/// Whether anything succeeded on either side.
pub(super) fn has_latencies(comparison: &Comparison) -> bool {
    let mut operations = comparison.base.operations.iter().chain(&comparison.new.operations);
    operations.any(|operation| !operation.service.is_empty())
}

/// Service and response time of each operation by percentile, all runs of a side together.
pub(super) fn distributions(comparison: &Comparison) -> Markup {
    if !has_latencies(comparison) {
        return Markup::new();
    }
    let lead = "Successes of all runs of a side together, confirming ones too; each nine of the percentile takes the same room. Solid: \
        service time, from the first send. Dashed: response time, from the intended start, where it differs. Verdicts rest on the \
        runs one by one, not on these sums.";
    let mut html = open_section("distribution", "Latency distribution", lead);
    let operations = operations(comparison);
    let curves: Vec<(&str, Vec<Curve>)> =
        operations.iter().map(|(name, sides)| (*name, curves(sides.each_ref().map(Option::as_ref)))).collect();
    let is_wide = curves.len() <= WIDE_MAX;
    let figures = curves.iter().map(|(name, curves)| {
        // Each operation has a scale of its own: the two curves of a plot are what is compared.
        let y = distribution::latency_axis(curves, "latency");
        let description = format!("Latency of {name} by percentile, both sides");
        let names = curves.iter().map(|curve| (Swatch::Line, curve.ink, curve.name.to_owned()));
        let legend = figure::legend(names);
        let draw = |format| distribution::draw(curves, &y, &description, format);
        if is_wide {
            figure::wide(name, &legend, draw)
        } else {
            let mut caption = Markup::of(name);
            let counts = curves.iter().map(|curve| curve.histogram.count()).max().unwrap_or(0);
            caption.raw(" <small>").text(units::counted(counts, "operation", "operations")).raw("</small>");
            figure::panel(&caption, &legend, &draw(Format::Panel))
        }
    });
    if is_wide {
        for figure in figures {
            html.add(&figure);
        }
    } else {
        html.add(&figure::grid(figures));
    }
    html.raw("</section>");
    html
}

/// The operations that succeeded on a side, in the base's order, with their latencies there.
fn operations(comparison: &Comparison) -> Vec<(&str, [Option<Times>; 2])> {
    let sides = [&comparison.base.operations, &comparison.new.operations];
    let mut names: Vec<&str> = Vec::new();
    for operation in sides.into_iter().flatten() {
        if !names.contains(&operation.name.as_str()) {
            names.push(&operation.name);
        }
    }
    let of = |name: &str, side: &[SideOperation]| {
        let operation = side.iter().find(|known| known.name == name)?;
        (!operation.service.is_empty()).then(|| Times::of(operation))
    };
    let all = names.into_iter().map(|name| (name, sides.map(|side| of(name, side))));
    all.filter(|(_, sides)| sides.iter().any(Option::is_some)).collect()
}

/// Latencies of one operation on one side, open: a plot asks for many percentiles, and a packed histogram is opened for each.
struct Times {
    service: Histogram,
    response: Histogram,
}

impl Times {
    fn of(operation: &SideOperation) -> Self {
        let open = |packed: &Histogram| {
            let mut open = Histogram::new();
            open.merge(packed);
            open
        };
        Times { service: open(&operation.service), response: open(&operation.response) }
    }
}

/// Service time of both sides, and response time where it differs on one of them.
fn curves([base, new]: [Option<&Times>; 2]) -> Vec<Curve<'_>> {
    const NAMES: [[&str; 2]; 2] =
        [["base, service time", "base, response time"], ["new, service time", "new, response time"]];
    let waits = [base, new].into_iter().flatten().any(waiting_matters);
    let mut curves = Vec::new();
    for (place, times) in [base, new].into_iter().enumerate() {
        let Some(times) = times else { continue };
        let [service, response] = NAMES[place];
        curves.push(Curve { histogram: &times.service, name: service, ink: Ink::SIDES[place] });
        if waits && !times.response.is_empty() {
            curves.push(Curve { histogram: &times.response, name: response, ink: Ink::SIDES_DASHED[place] });
        }
    }
    curves
}

/// Whether response time differs visibly from service time.
fn waiting_matters(times: &Times) -> bool {
    const PERCENTS: [f64; 3] = [50.0, 99.0, 99.9];
    let (response, service) = (times.response.percentiles(PERCENTS), times.service.percentiles(PERCENTS));
    response.into_iter().zip(service).any(|(response, service)| response > service + service / 20)
}
