//! The load generator's own conduct, and what it means for the figures.

use std::time::Duration;

use crate::record::{Clock, Histogram};
use crate::report::figures::Figures;
use crate::report::plot::distribution::{self, Curve};
use crate::report::plot::lag;
use crate::report::plot::{Format, Ink};
use crate::report::timeline::Timeline;
use crate::report::units::{self, NOTHING};

use super::figure::{self, Swatch};
use super::markup::Markup;
use super::open_section;
use super::table::Table;

/// Lag, waiting and processor time.
pub(super) fn section(figures: &Figures, timeline: &Timeline) -> Markup {
    let harness = &figures.result.harness;
    let mut html = open_section("harness", "The load generator", &meaning(figures));
    let mut table = Table::of_numbers("", &["operations", "p50", "p90", "p99", "p99.9", "max"]);
    for (name, histogram) in
        [("schedule lag", &harness.schedule_lag), ("wait for a free place in flight", &harness.in_flight_wait)]
    {
        let times = [50.0, 90.0, 99.0, 99.9, 100.0].map(|percent| {
            Markup::of(if histogram.is_empty() {
                NOTHING.to_owned()
            } else {
                units::latency(histogram.percentile(percent))
            })
        });
        table.row([Markup::of(name), Markup::of(units::count(histogram.count()))].into_iter().chain(times));
    }
    html.add(&table.markup()).add(&plots(figures, timeline)).add(&facts(figures)).raw("</section>");
    html
}

/// What the figures mean, in plain language.
fn meaning(figures: &Figures) -> String {
    let harness = &figures.result.harness;
    if figures.result.clock == Clock::Virtual {
        return "Time was simulated: the generator cannot be late, and its speed has no part in the figures."
            .to_owned();
    }
    if harness.schedule_lag.is_empty() {
        return "No schedule lag was recorded: nothing was sent on a schedule.".to_owned();
    }
    let lag = harness.schedule_lag.percentile(99.0);
    let mut text = format!(
        "The generator sent 99 % of operations within {} of the moment they could go out. ",
        units::latency(lag)
    );
    let response = figures.overall.response().map(|times| times.percentile(99.0)).filter(|time| !time.is_zero());
    if let Some(response) = response {
        let share = lag.as_secs_f64() / response.as_secs_f64();
        text.push_str(&format!(
            "Beside a response time of {} at the 99th percentile that is ",
            units::latency(response)
        ));
        text.push_str(match share {
            share if share < 0.02 => "nothing: the figures are the target's. ",
            share if share < 0.2 => "little: the figures are mostly the target's. ",
            _ => "much: part of the tail was made by this machine. Use more workers, another machine or a lower rate. ",
        });
    }
    let wait = harness.in_flight_wait.percentile(99.0);
    if wait > Duration::from_millis(1) {
        text.push_str(&format!(
            "All {} places in flight were taken at times, and operations waited for one, up to {}: the target answered more slowly than \
             operations were due. That waiting is part of the response time.",
            units::count(harness.in_flight_limit as u64),
            units::latency(harness.in_flight_wait.max())
        ));
    }
    text
}

fn plots(figures: &Figures, timeline: &Timeline) -> Markup {
    let harness = &figures.result.harness;
    let mut panels = Vec::new();
    let all: [(&str, &Histogram, Ink); 2] = [
        ("schedule lag", &harness.schedule_lag, Ink::OPERATIONS[0]),
        ("wait for a place", &harness.in_flight_wait, Ink::OPERATIONS[1]),
    ];
    let curves: Vec<Curve> = all
        .into_iter()
        .filter(|(_, histogram, _)| histogram.count() > 1)
        .map(|(name, histogram, ink)| Curve { histogram, name, ink })
        .collect();
    if !curves.is_empty() {
        let legend = figure::legend(curves.iter().map(|curve| (Swatch::Line, curve.ink, curve.name.to_owned())));
        let y = distribution::latency_axis(&curves, "time");
        let plot = distribution::draw(&curves, &y, "Schedule lag and waiting by percentile", Format::Panel);
        panels.push(figure::panel(&Markup::of("By percentile"), &legend, &plot));
    }
    if lag::is_recorded(timeline) {
        let legend = figure::legend(lag::LINES.map(|(_, name, ink)| (Swatch::Line, ink, name.to_owned())));
        let plot = lag::draw(figures.result, timeline, Format::Panel);
        panels.push(figure::panel(&Markup::of("Schedule lag over time"), &legend, &plot));
    }
    if panels.is_empty() { Markup::new() } else { figure::grid(panels) }
}

fn facts(figures: &Figures) -> Markup {
    let harness = &figures.result.harness;
    let attempts = figures.overall.counts.attempts;
    let cores = harness.cpu_seconds / figures.seconds;
    let cpu = match harness.cpu_seconds {
        seconds if !seconds.is_finite() || seconds <= 0.0 || attempts == 0 => "not recorded".to_owned(),
        seconds => format!(
            "{} per attempt, {} of one core on average",
            units::latency_seconds(seconds / attempts as f64),
            units::share(cores, 1.0)
        ),
    };
    let invalid = match harness.invalid_points {
        0 => "none".to_owned(),
        points => {
            format!("{} of {}", units::count(points as u64), units::count(figures.result.series.points.len() as u64))
        }
    };
    let mut html = Markup::new();
    html.raw("<dl class=\"facts\">");
    let mut facts = vec![("Places in flight", units::count(harness.in_flight_limit as u64))];
    if figures.result.clock == Clock::Real {
        facts.insert(0, ("Workers", units::count(harness.workers as u64)));
        facts.extend([("Processor time", cpu), ("Invalid intervals", invalid)]);
    }
    for (name, value) in facts {
        html.raw("<div><dt>").raw(name).raw("</dt><dd>").text(value).raw("</dd></div>");
    }
    html.raw("</dl>");
    html
}
