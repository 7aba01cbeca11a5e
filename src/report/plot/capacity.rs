//! Consumed against provisioned capacity of one table or index over time.

use crate::api::ReadWrite;
use crate::record::{Point, PointResource, RunResult};
use crate::report::figures::{access_name, consumed, provisioned, unit_name};
use crate::report::page::Markup;
use crate::report::ticks::Axis;
use crate::report::timeline::{Column, Timeline, runs};
use crate::report::units;

use super::background::{self, stretches};
use super::canvas::{Format, Frame, Hover};
use super::ink::Ink;

/// Provisioned capacity this many times above everything consumed would press the curve flat; it is told, not drawn.
const FAR_ABOVE: f64 = 5.0;

/// One kind of capacity of one table or index, column by column.
pub(in crate::report) struct CapacityOverTime {
    access: ReadWrite,
    resource: usize,
    consumed: Vec<f64>,
    provisioned: Vec<Option<f64>>,
    throttled: Vec<u64>,
    /// Whether the provisioned line is in the plot.
    pub limit_drawn: bool,
}

impl CapacityOverTime {
    /// Reads one kind of capacity of a resource.
    pub fn of(timeline: &Timeline, resource: usize, access: ReadWrite) -> Self {
        let columns = timeline.columns();
        let entry = |point: &Point| -> Option<PointResource> {
            point.resources.iter().find(|entry| entry.resource == resource).cloned()
        };
        let units = |point: &Point| entry(point).map_or(0.0, |entry| consumed(&entry, access).0);
        let refused = |point: &Point| entry(point).map_or(0, |entry| consumed(&entry, access).1);
        let limit = |column: &Column| {
            column.points().iter().rev().find_map(|point| provisioned(entry(point)?.provisioned, access))
        };
        let consumed: Vec<f64> = columns.iter().map(|column| column.per_second(units)).collect();
        let provisioned: Vec<Option<f64>> = columns.iter().map(limit).collect();
        let throttled: Vec<u64> = columns.iter().map(|column| column.sum(refused)).collect();
        let top = highest(&consumed);
        let least = provisioned.iter().flatten().copied().fold(f64::INFINITY, f64::min);
        let refused_any = throttled.iter().any(|count| *count > 0);
        let limit_drawn = least.is_finite() && (least <= top * FAR_ABOVE || refused_any);
        CapacityOverTime { access, resource, consumed, provisioned, throttled, limit_drawn }
    }

    /// Whether nothing was consumed and nothing refused.
    pub fn is_empty(&self) -> bool {
        highest(&self.consumed) <= 0.0 && self.throttled.iter().all(|count| *count == 0)
    }

    /// The plot, in one shape.
    pub fn draw(&self, result: &RunResult, timeline: &Timeline, format: Format) -> Markup {
        let columns = timeline.columns();
        let info = &result.resources[self.resource];
        let unit = unit_name(self.access, info.limit);
        let limits: Vec<f64> = self.provisioned.iter().flatten().copied().filter(|_| self.limit_drawn).collect();
        let hovers: Vec<Hover> = columns
            .iter()
            .enumerate()
            .map(|(index, column)| {
                let mut text = format!(
                    "{}\nconsumed {} {unit}/s",
                    units::period(column.start()),
                    units::quantity(self.consumed[index])
                );
                if let Some(limit) = self.provisioned[index] {
                    text.push_str(&format!("\nprovisioned {} {unit}", units::quantity(limit)));
                }
                if self.throttled[index] > 0 {
                    text.push_str(&format!(
                        "\n{} refused",
                        units::counted(self.throttled[index], "attempt", "attempts")
                    ));
                }
                Hover { start: column.start(), end: column.end(), text }
            })
            .collect();
        let name = access_name(self.access);
        let frame = Frame {
            format,
            x: Axis::time(timeline.start, timeline.end, format.time_labels()),
            y: Axis::from_zero(
                highest(&self.consumed).max(highest(&limits)),
                5,
                format!("{name} units per second ({unit})"),
            ),
            description: format!("Consumed and provisioned {name} capacity of {} over time", info.label()),
            lane: background::has_names(result),
        };
        frame.draw(&hovers, |canvas| {
            background::draw(canvas, result, timeline);
            for run in runs(&columns, |index, _| Some(self.consumed[index])) {
                canvas.area(&run, Ink::CONSUMED_FILL);
                canvas.line(&run, Ink::CONSUMED, 1.6);
            }
            if self.limit_drawn {
                let mut steps: Vec<(f64, f64)> = Vec::new();
                for (column, limit) in columns.iter().zip(&self.provisioned) {
                    let Some(limit) = limit else { continue };
                    // A level line needs no point between its ends.
                    if let [.., before, last] = steps[..]
                        && before.1 == *limit
                        && last.1 == *limit
                    {
                        steps.pop();
                    } else {
                        steps.push((column.start(), *limit));
                    }
                    steps.push((column.end(), *limit));
                }
                canvas.line(&steps, Ink::PROVISIONED, 1.8);
            }
            let refused =
                columns.iter().zip(&self.throttled).map(|(column, count)| (column.start(), column.end(), *count > 0));
            for (start, end) in stretches(refused) {
                canvas.top_mark(start, end, Ink::BAD);
            }
        })
    }
}

fn highest(values: &[f64]) -> f64 {
    values.iter().copied().filter(|value| value.is_finite()).fold(0.0, f64::max)
}
