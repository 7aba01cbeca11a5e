//! Staleness over time: the share of eventually consistent reads that returned an older image.

use crate::record::{ResourceHistory, RunResult};
use crate::report::observed::{Span, lines, sum_over};
use crate::report::page::Markup;
use crate::report::ticks::Axis;
use crate::report::timeline::Timeline;
use crate::report::units;

use super::background;
use super::canvas::{Format, Frame, Hover};
use super::ink::Ink;

/// The plot of one table or index, in one shape.
pub(in crate::report) fn draw(
    history: &ResourceHistory,
    spans: &[Span],
    result: &RunResult,
    timeline: &Timeline,
    format: Format,
) -> Markup {
    let counts = |span: &Span| (sum_over(&history.stale_reads, span), sum_over(&history.eventual_reads, span));
    let percent = |span: &Span| {
        let (stale, all) = counts(span);
        (all > 0).then(|| stale as f64 / all as f64 * 100.0)
    };
    let hovers: Vec<Hover> = spans
        .iter()
        .filter(|span| counts(span).1 > 0)
        .map(|span| {
            let (stale, all) = counts(span);
            Hover {
                start: span.start,
                end: span.end,
                text: format!(
                    "{}\n{} stale\n{} of {} eventual reads",
                    units::period(span.start),
                    units::share(stale as f64, all as f64),
                    units::count(stale),
                    units::count(all)
                ),
            }
        })
        .collect();
    let highest = spans.iter().filter_map(percent).fold(0.0, f64::max);
    let frame = Frame {
        format,
        x: Axis::time(timeline.start, timeline.end, format.time_labels()),
        y: Axis::from_zero(if highest > 0.0 { highest } else { 1.0 }, 4, "stale, % of eventually consistent reads"),
        description: format!("Share of stale reads of {} over time", history.label()),
        lanes: background::phase_lanes(result),
    };
    frame.draw(&hovers, |canvas| {
        background::draw(canvas, result, timeline);
        for line in lines(spans, percent) {
            canvas.area(&line, Ink::STALE_FILL);
            canvas.line(&line, Ink::STALE, 1.6);
        }
    })
}
