//! The cache over time: the share of reads it answered, and the memory in use.

use crate::record::{CacheHistory, RunResult};
use crate::report::observed::{Span, lines, sum_over};
use crate::report::page::Markup;
use crate::report::ticks::Axis;
use crate::report::timeline::Timeline;
use crate::report::units;

use super::background;
use super::canvas::{Format, Frame, Hover};
use super::ink::Ink;

/// A size so many times what was ever in use would press the rest to the ground.
const SIZE_DRAWN_MAX: f64 = 5.0;

/// The share of reads that the cache answered.
pub(in crate::report) fn answered(
    history: &CacheHistory,
    spans: &[Span],
    result: &RunResult,
    timeline: &Timeline,
    format: Format,
) -> Markup {
    let counts = |span: &Span| {
        let hits = sum_over(&history.hits, span);
        (hits, hits.saturating_add(sum_over(&history.misses, span)))
    };
    let percent = |span: &Span| {
        let (hits, all) = counts(span);
        (all > 0).then(|| hits as f64 / all as f64 * 100.0)
    };
    let hover = |span: &Span| {
        let (hits, all) = counts(span);
        let text = format!(
            "{}\n{} answered\n{} of {} reads",
            units::period(span.start),
            units::share(hits as f64, all as f64),
            units::count(hits),
            units::count(all)
        );
        (all > 0).then_some(Hover { start: span.start, end: span.end, text })
    };
    let hovers: Vec<Hover> = spans.iter().filter_map(hover).collect();
    let frame = Frame {
        format,
        x: Axis::time(timeline.start, timeline.end, format.time_labels()),
        y: Axis::from_zero(100.0, 4, "answered, % of eventually consistent reads of items"),
        description: "Share of reads answered by the cache over time".to_owned(),
        lanes: background::phase_lanes(result),
    };
    frame.draw(&hovers, |canvas| {
        background::draw(canvas, result, timeline);
        for line in lines(spans, percent) {
            canvas.area(&line, Ink::SUCCEEDED_FILL);
            canvas.line(&line, Ink::SUCCEEDED, 1.6);
        }
    })
}

/// Bytes in use, and the most there can be where that is not far above.
pub(in crate::report) fn memory(
    history: &CacheHistory,
    spans: &[Span],
    result: &RunResult,
    timeline: &Timeline,
    format: Format,
) -> Markup {
    // Trailing zeros are left out.
    let at_end = |values: &[u64], span: &Span| values.get(span.columns.end.saturating_sub(1)).copied().unwrap_or(0);
    let (size, unit) = unit(most_used(history).max(1));
    let used = |span: &Span| Some(at_end(&history.bytes, span) as f64 / size);
    let hover = |span: &Span| {
        let bytes = at_end(&history.bytes, span);
        let keys = units::counted(at_end(&history.items, span), "key", "keys");
        let text = format!("{}\n{} in use\n{keys}", units::period(span.end), units::bytes(bytes));
        Hover { start: span.start, end: span.end, text }
    };
    let hovers: Vec<Hover> = spans.iter().map(hover).collect();
    let most = if is_size_drawn(history) { history.size_bytes } else { most_used(history) };
    let frame = Frame {
        format,
        x: Axis::time(timeline.start, timeline.end, format.time_labels()),
        y: Axis::from_zero(most as f64 / size, 4, format!("memory for items, {unit}")),
        description: "Memory of the cache in use over time".to_owned(),
        lanes: background::phase_lanes(result),
    };
    frame.draw(&hovers, |canvas| {
        background::draw(canvas, result, timeline);
        for line in lines(spans, used) {
            canvas.area(&line, Ink::TOKENS_FILL);
            canvas.line(&line, Ink::TOKENS, 1.6);
        }
        if let (true, Some(first), Some(last)) = (is_size_drawn(history), spans.first(), spans.last()) {
            let level = history.size_bytes as f64 / size;
            canvas.line(&[(first.start, level), (last.end, level)], Ink::PROVISIONED, 1.4);
        }
    })
}

/// Whether the size is near enough to what is in use to be drawn.
pub(in crate::report) fn is_size_drawn(history: &CacheHistory) -> bool {
    history.size_bytes as f64 <= most_used(history) as f64 * SIZE_DRAWN_MAX
}

fn most_used(history: &CacheHistory) -> u64 {
    history.bytes.iter().copied().max().unwrap_or(0)
}

/// The unit in which so many bytes are a number of few digits.
fn unit(bytes: u64) -> (f64, &'static str) {
    let units = [(1_u64, "B"), (1 << 10, "KB"), (1 << 20, "MB"), (1 << 30, "GB"), (1 << 40, "TB")];
    let found = units.into_iter().rev().find(|(size, _)| bytes >= *size).unwrap_or(units[0]);
    (found.0 as f64, found.1)
}
