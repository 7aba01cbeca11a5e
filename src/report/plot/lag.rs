//! How late the generator itself sent operations, over time.

use crate::record::RunResult;
use crate::report::page::Markup;
use crate::report::ticks::{Axis, log_position};
use crate::report::timeline::{Column, Timeline, runs};
use crate::report::units;

use super::background;
use super::canvas::{Format, Frame, Hover};
use super::ink::Ink;

/// What is drawn: the index into a point's lags, its name, its colour.
pub(in crate::report) const LINES: [(usize, &str, Ink); 3] = [
    (0, "median", Ink::PERCENTILES[0]),
    (1, "99th percentile", Ink::PERCENTILES[2]),
    (2, "maximum", Ink::PERCENTILES[3]),
];

/// Whether any lag was recorded.
pub(in crate::report) fn is_recorded(timeline: &Timeline) -> bool {
    timeline.columns().iter().any(|column| worst(column, 2).is_some())
}

/// The plot, in one shape.
pub(in crate::report) fn draw(result: &RunResult, timeline: &Timeline, format: Format) -> Markup {
    let columns = timeline.columns();
    let values = columns.iter().flat_map(|column| LINES.into_iter().filter_map(|(index, ..)| worst(column, index)));
    let hovers: Vec<Hover> = columns
        .iter()
        .filter_map(|column| {
            let lines = LINES.into_iter().filter_map(|(index, name, _)| Some((name, worst(column, index)?)));
            let lines: Vec<String> =
                lines.map(|(name, lag)| format!("\n{name} {}", units::latency_seconds(lag))).collect();
            let text = format!("{}{}", units::period(column.start()), lines.concat());
            (!lines.is_empty()).then(|| Hover { start: column.start(), end: column.end(), text })
        })
        .collect();
    let frame = Frame {
        format,
        x: Axis::time(timeline.start, timeline.end, format.time_labels()),
        y: Axis::log_seconds(values, 6, "schedule lag"),
        description: "Schedule lag of the generator over time".to_owned(),
        lanes: background::phase_lanes(result),
    };
    frame.draw(&hovers, |canvas| {
        background::draw(canvas, result, timeline);
        for (index, _, ink) in LINES {
            for run in runs(&columns, |_, column| worst(column, index).map(log_position)) {
                canvas.line(&run, ink, 1.6);
            }
        }
    })
}

/// The largest of one of the lags in a column; zero cannot stand on a logarithmic axis.
fn worst(column: &Column, index: usize) -> Option<f64> {
    let lags = column.points().iter().map(|point| point.lag_seconds[index]);
    lags.filter(|lag| lag.is_finite() && *lag > 0.0).reduce(f64::max)
}
