//! Throttled and failed attempts over time, stacked by reason.

use std::collections::BTreeMap;

use crate::record::{Point, RunResult};
use crate::report::page::Markup;
use crate::report::ticks::Axis;
use crate::report::timeline::Timeline;
use crate::report::units;

use super::background;
use super::canvas::{Format, Frame, Hover};
use super::ink::Ink;

/// One layer of the stack: attempts that ended for one reason, whatever the operation.
pub(in crate::report) struct Layer {
    /// The throttling reason, or the error's name.
    pub name: String,
    /// Attempts.
    pub count: u64,
    /// Its colour.
    pub ink: Ink,
    throttles: Vec<usize>,
    errors: Vec<usize>,
}

impl Layer {
    fn in_point(&self, point: &Point) -> u64 {
        let throttles = point.throttles.iter().filter(|(index, _)| self.throttles.contains(index));
        let errors = point.errors.iter().filter(|(index, _)| self.errors.contains(index));
        throttles.chain(errors).fold(0, |sum, (_, count)| sum.saturating_add(*count))
    }
}

/// The layers of a run, the most frequent first; what does not fit is added up in the last.
pub(in crate::report) fn layers(result: &RunResult) -> Vec<Layer> {
    let mut by_name: BTreeMap<&str, (u64, Vec<usize>, Vec<usize>)> = BTreeMap::new();
    for (index, throttle) in result.throttles.iter().enumerate() {
        let name = if throttle.reason.is_empty() { &throttle.exception } else { &throttle.reason };
        let entry = by_name.entry(name).or_default();
        entry.0 = entry.0.saturating_add(throttle.count);
        entry.1.push(index);
    }
    for (index, error) in result.errors.iter().enumerate() {
        let entry = by_name.entry(&error.name).or_default();
        entry.0 = entry.0.saturating_add(error.count);
        entry.2.push(index);
    }
    let mut all: Vec<_> = by_name.into_iter().filter(|(_, (count, ..))| *count > 0).collect();
    all.sort_by_key(|(_, (count, ..))| std::cmp::Reverse(*count));
    let mut layers: Vec<Layer> = Vec::new();
    for (name, (count, throttles, errors)) in all {
        match layers.last_mut() {
            Some(rest) if layers_full(rest) => {
                rest.name = "all others".to_owned();
                rest.count = rest.count.saturating_add(count);
                rest.throttles.extend(throttles);
                rest.errors.extend(errors);
            }
            _ => {
                let ink = Ink::REASONS[layers.len()];
                layers.push(Layer { name: name.to_owned(), count, ink, throttles, errors });
            }
        }
    }
    layers
}

fn layers_full(last: &Layer) -> bool {
    last.ink == Ink::REASONS[Ink::REASONS.len() - 1]
}

/// The plot, in one shape.
pub(in crate::report) fn draw(layers: &[Layer], result: &RunResult, timeline: &Timeline, format: Format) -> Markup {
    let columns = timeline.columns();
    // Upper edges of the layers, column by column.
    let stacks: Vec<Vec<f64>> = columns
        .iter()
        .map(|column| {
            let heights = layers.iter().map(|layer| column.per_second(|point| layer.in_point(point) as f64));
            heights
                .scan(0.0, |sum, height| {
                    *sum += height;
                    Some(*sum)
                })
                .collect()
        })
        .collect();
    let highest =
        stacks.iter().filter_map(|stack| stack.last()).copied().filter(|rate| rate.is_finite()).fold(0.0, f64::max);
    let hovers: Vec<Hover> = columns
        .iter()
        .filter_map(|column| {
            let counts = layers.iter().map(|layer| (layer, column.sum(|point| layer.in_point(point))));
            let lines: Vec<String> = counts
                .filter(|(_, count)| *count > 0)
                .map(|(layer, count)| format!("\n{} {}", units::count(count), layer.name))
                .collect();
            (!lines.is_empty()).then(|| Hover {
                start: column.start(),
                end: column.end(),
                text: format!("{}{}", units::period(column.start()), lines.concat()),
            })
        })
        .collect();
    let frame = Frame {
        format,
        x: Axis::time(timeline.start, timeline.end, format.time_labels()),
        y: Axis::from_zero(highest, 5, "attempts per second"),
        description: "Throttled and failed attempts per second over time, by reason".to_owned(),
        lanes: background::lanes(result, timeline, format),
    };
    frame.draw(&hovers, |canvas| {
        background::draw(canvas, result, timeline);
        for (index, layer) in layers.iter().enumerate() {
            let floor = |stack: &[f64]| if index == 0 { 0.0 } else { stack[index - 1] };
            let present = |stack: &[f64]| stack[index] - floor(stack) > 0.0;
            let mut from = 0;
            while let Some(first) = (from..stacks.len()).find(|column| present(&stacks[*column])) {
                let end = (first..stacks.len()).find(|column| !present(&stacks[*column])).unwrap_or(stacks.len());
                from = end;
                // Steps, not slopes: attempts of an interval belong to that interval.
                let upper = (first..end)
                    .flat_map(|at| [columns[at].start(), columns[at].end()].map(|time| (time, stacks[at][index])));
                let lower = (first..end)
                    .rev()
                    .flat_map(|at| [columns[at].end(), columns[at].start()].map(|time| (time, floor(&stacks[at]))));
                canvas.polygon(upper.chain(lower), layer.ink);
            }
        }
    })
}
