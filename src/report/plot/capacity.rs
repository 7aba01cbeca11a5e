//! Consumed against provisioned capacity of one table or index over time.

use crate::api::ReadWrite;
use crate::record::{AccessHistory, CapacityLimit, EngineEvent, EngineEventKind, Point, PointResource, RunResult};
use crate::report::figures::{access_name, consumed, provisioned, unit_name};
use crate::report::observed::{Observed, Span, steps};
use crate::report::page::Markup;
use crate::report::ticks::Axis;
use crate::report::timeline::{Column, Timeline, runs};
use crate::report::units;

use super::background::{self, stretches};
use super::canvas::{Format, Frame, Hover};
use super::ink::Ink;

/// Provisioned capacity this many times above everything consumed would press the curve flat; it is told, not drawn.
const FAR_ABOVE: f64 = 5.0;

/// Decisions of auto scaling nearer to the one marked before than this share of the plot's width are not marked.
const MARKS_APART: f64 = 0.02;

/// A decision of auto scaling.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Mark {
    at: f64,
    from: f64,
    to: f64,
    refused: bool,
}

/// One kind of capacity of one table or index, column by column.
pub(in crate::report) struct CapacityOverTime<'a> {
    access: ReadWrite,
    resource: usize,
    consumed: Vec<f64>,
    provisioned: Vec<Option<f64>>,
    throttled: Vec<u64>,
    /// What the engine served on demand, or was provisioned for, in columns of its own.
    observed: Option<Limits<'a>>,
    marks: Vec<Mark>,
    /// Whether the provisioned line, or that of what was served on demand, is in the plot.
    pub limit_drawn: bool,
}

impl<'a> CapacityOverTime<'a> {
    /// Reads one kind of capacity of a resource.
    pub fn of(
        result: &RunResult,
        observed: Option<&Observed<'a>>,
        timeline: &Timeline,
        resource: usize,
        access: ReadWrite,
    ) -> Self {
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
        let (observed, marks) = seen(result, observed, resource, access);
        let limits = provisioned.iter().flatten().copied().chain(observed.iter().flat_map(Limits::all));
        let least = limits.fold(f64::INFINITY, f64::min);
        let refused_any = throttled.iter().any(|count| *count > 0);
        let limit_drawn = least.is_finite() && (least <= top * FAR_ABOVE || refused_any || !marks.is_empty());
        CapacityOverTime { access, resource, consumed, provisioned, throttled, observed, marks, limit_drawn }
    }

    /// Whether auto scaling decided a change, and whether it was refused one.
    pub fn scaling(&self) -> (bool, bool) {
        (self.marks.iter().any(|mark| !mark.refused), self.marks.iter().any(|mark| mark.refused))
    }

    /// The lowest and the highest limit, where it changed.
    pub fn limit_range(&self) -> Option<(f64, f64)> {
        let all = || self.observed.iter().flat_map(Limits::all);
        let (low, high) = (all().fold(f64::INFINITY, f64::min), all().fold(0.0, f64::max));
        (low < high).then_some((low, high))
    }

    /// The marks that can be told apart: where they crowd, the first of neighbours of a kind stands for them.
    fn marks_apart(&self, timeline: &Timeline) -> impl Iterator<Item = &Mark> {
        let apart = (timeline.end - timeline.start) * MARKS_APART;
        let mut last: [f64; 2] = [f64::NEG_INFINITY; 2];
        self.marks.iter().filter(move |mark| {
            let last = &mut last[usize::from(mark.refused)];
            let is_apart = mark.at - *last >= apart;
            if is_apart {
                *last = mark.at;
            }
            is_apart
        })
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
        let on_demand = info.limit == CapacityLimit::OnDemand;
        let limits = self.provisioned.iter().flatten().copied().chain(self.observed.iter().flat_map(Limits::all));
        let limits: Vec<f64> = limits.filter(|_| self.limit_drawn).collect();
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
            lanes: background::phase_lanes(result),
        };
        frame.draw(&hovers, |canvas| {
            background::draw(canvas, result, timeline);
            for run in runs(&columns, |index, _| Some(self.consumed[index])) {
                canvas.area(&run, Ink::CONSUMED_FILL);
                canvas.line(&run, Ink::CONSUMED, 1.6);
            }
            if let Some(limits) = self.observed.as_ref().filter(|_| self.limit_drawn) {
                let ink = if on_demand { Ink::SERVED } else { Ink::PROVISIONED };
                for line in steps(&limits.spans, |span| limits.at(span)) {
                    canvas.line(&line, ink, 1.8);
                }
                for mark in self.marks_apart(timeline) {
                    match mark.refused {
                        true => canvas.cross((mark.at, mark.from), Ink::BAD),
                        false => canvas.triangle((mark.at, mark.from), mark.to > mark.from, Ink::PROVISIONED),
                    }
                }
            } else if self.limit_drawn {
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

/// What limited a table or index, column by column.
struct Limits<'a> {
    history: &'a AccessHistory,
    spans: Vec<Span>,
}

impl Limits<'_> {
    /// Units per second at the end of a span.
    fn at(&self, span: &Span) -> Option<f64> {
        let limit = self.history.limit_per_second.get(span.columns.end.saturating_sub(1)).copied().flatten();
        limit.map(|units| units as f64)
    }

    fn all(&self) -> impl Iterator<Item = f64> {
        self.spans.iter().filter_map(|span| self.at(span))
    }
}

/// What the engine's record has of a resource: its limit in every column, and the decisions of auto scaling.
fn seen<'a>(
    result: &RunResult,
    observed: Option<&Observed<'a>>,
    resource: usize,
    access: ReadWrite,
) -> (Option<Limits<'a>>, Vec<Mark>) {
    let info = &result.resources[resource];
    let found = observed.and_then(|observed| Some((observed, observed.history(&info.table, info.index.as_deref())?)));
    let Some((observed, (index, history))) = found else { return (None, Vec::new()) };
    let limits = Limits { history: history.access(access), spans: observed.spans(usize::MAX) };
    let limits = Some(limits).filter(|limits| limits.all().next().is_some());
    let marks = observed.events(index).filter_map(|event| match event.kind {
        EngineEventKind::ScalingDecided { access: of, from, to, .. } if of == access => Some((event, from, to, false)),
        EngineEventKind::ScalingRefused { access: of, from, to } if of == access => Some((event, from, to, true)),
        _ => None,
    });
    let mark = |(event, from, to, refused): (&EngineEvent, u64, u64, bool)| Mark {
        at: event.at_seconds,
        from: from as f64,
        to: to as f64,
        refused,
    };
    (limits, marks.map(mark).collect())
}

fn highest(values: &[f64]) -> f64 {
    values.iter().copied().filter(|value| value.is_finite()).fold(0.0, f64::max)
}
