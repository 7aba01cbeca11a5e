//! The series as the plots draw it: columns of one or more intervals, in order, never more than a plot can show.

use std::borrow::Cow;

use crate::record::{Histogram, Point, RunResult};

use super::figures::succeeded;

/// Most columns a plot draws; a longer series is merged, a few intervals to the column.
const COLUMNS_MAX: usize = 800;

/// The columns of a run.
pub(super) struct Timeline<'a> {
    points: Vec<&'a Point>,
    /// Ends of the columns in `points`.
    ends: Vec<usize>,
    /// Start of the time axis, in seconds.
    pub start: f64,
    /// End of the time axis.
    pub end: f64,
    /// Most intervals of the series in one column.
    pub merged: usize,
}

impl<'a> Timeline<'a> {
    /// Cuts a run's series into columns.
    pub fn of(result: &'a RunResult) -> Self {
        let mut points: Vec<&Point> = result.series.points.iter().filter(|point| has_length(point)).collect();
        points.sort_by(|one, other| one.start_seconds.total_cmp(&other.start_seconds));
        let sliver = result.series.interval_seconds * 0.25;
        let mut ends: Vec<usize> = Vec::new();
        for (index, point) in points.iter().enumerate() {
            // The rest of an interval cut by the end of a phase is too short for a rate of its own.
            let joins = index > 0
                && point.end_seconds - point.start_seconds < sliver
                && points[index - 1].phase == point.phase
                && point.start_seconds - points[index - 1].end_seconds < sliver;
            match ends.last_mut() {
                Some(last) if joins => *last = index + 1,
                _ => ends.push(index + 1),
            }
        }
        let each = ends.len().div_ceil(COLUMNS_MAX).max(1);
        if each > 1 {
            ends = ends.chunks(each).filter_map(|chunk| chunk.last().copied()).collect();
        }
        let phases = result.phases.iter().flat_map(|phase| [phase.start_seconds, phase.end_seconds]);
        let times = points.iter().flat_map(|point| [point.start_seconds, point.end_seconds]).chain(phases);
        let times: Vec<f64> = times.filter(|time| time.is_finite()).collect();
        let start = times.iter().copied().fold(f64::INFINITY, f64::min);
        let end = times.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let (start, end) = if start < end { (start, end) } else { (0.0, 1.0) };
        let merged = ends.iter().scan(0, |from, end| Some(end - std::mem::replace(from, *end))).max().unwrap_or(0);
        Timeline { points, ends, start, end, merged }
    }

    /// The columns in order of time.
    pub fn columns(&self) -> Vec<Column<'_, 'a>> {
        let mut from = 0;
        self.ends.iter().map(|end| Column { points: &self.points[std::mem::replace(&mut from, *end)..*end] }).collect()
    }

    /// Whether there is nothing to draw.
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }
}

/// Neighbouring intervals drawn as one.
#[derive(Clone, Copy)]
pub(super) struct Column<'t, 'a> {
    points: &'t [&'a Point],
}

impl<'t, 'a> Column<'t, 'a> {
    /// The intervals.
    pub fn points(&self) -> &'t [&'a Point] {
        self.points
    }

    /// Start in seconds.
    pub fn start(&self) -> f64 {
        self.points.first().map_or(0.0, |point| point.start_seconds)
    }

    /// End in seconds.
    pub fn end(&self) -> f64 {
        self.points.iter().map(|point| point.end_seconds).fold(self.start(), f64::max)
    }

    /// Middle in seconds.
    pub fn middle(&self) -> f64 {
        self.start().midpoint(self.end())
    }

    /// Measured time in it.
    pub fn seconds(&self) -> f64 {
        self.points.iter().map(|point| point.end_seconds - point.start_seconds).sum()
    }

    /// Whether the harness kept up in all of it.
    pub fn valid(&self) -> bool {
        self.points.iter().all(|point| point.valid)
    }

    /// The sum over its intervals of something counted, per second.
    pub fn per_second(&self, counted: impl Fn(&Point) -> f64) -> f64 {
        self.points.iter().map(|point| counted(point)).sum::<f64>() / self.seconds()
    }

    /// The sum over its intervals.
    pub fn sum(&self, counted: impl Fn(&Point) -> u64) -> u64 {
        self.points.iter().map(|point| counted(point)).fold(0, u64::saturating_add)
    }

    /// Response and service times of the operation's successes due in it.
    pub fn latencies(&self, operation: usize) -> Option<ColumnLatencies<'a>> {
        let mut found: Option<ColumnLatencies<'a>> = None;
        let of_point = |point: &&'a Point| {
            let operation = point.operations.iter().find(|entry| entry.operation == operation)?;
            succeeded(&operation.latencies).filter(|latencies| !latencies.response.is_empty())
        };
        for latencies in self.points.iter().filter_map(of_point) {
            match &mut found {
                None => {
                    let (response, service) = (Cow::Borrowed(&latencies.response), Cow::Borrowed(&latencies.service));
                    found = Some(ColumnLatencies { response, service });
                }
                Some(sum) => {
                    sum.response.to_mut().merge(&latencies.response);
                    sum.service.to_mut().merge(&latencies.service);
                }
            }
        }
        found
    }
}

/// Latencies of one operation in one column.
pub(super) struct ColumnLatencies<'a> {
    /// From the intended start.
    pub response: Cow<'a, Histogram>,
    /// From the actual send.
    pub service: Cow<'a, Histogram>,
}

/// Consecutive columns with a value, as a line through their middles that begins and ends at their edges. Columns without a
/// value, and times without columns, part the line: nothing measured is a gap, not a zero.
pub(super) fn runs(columns: &[Column], value: impl Fn(usize, &Column) -> Option<f64>) -> Vec<Vec<(f64, f64)>> {
    let mut runs: Vec<Vec<(f64, f64)>> = Vec::new();
    let mut open: Option<(Vec<(f64, f64)>, f64)> = None;
    let close = |open: &mut Option<(Vec<(f64, f64)>, f64)>, runs: &mut Vec<Vec<(f64, f64)>>| {
        if let Some((mut run, end)) = open.take() {
            if let Some(&(_, last)) = run.last() {
                run.push((end, last));
            }
            runs.push(run);
        }
    };
    for (index, column) in columns.iter().enumerate() {
        let apart = open.as_ref().is_some_and(|(_, end)| column.start() - end > column.seconds() * 0.5);
        if apart {
            close(&mut open, &mut runs);
        }
        match value(index, column).filter(|value| value.is_finite()) {
            None => close(&mut open, &mut runs),
            Some(value) => {
                let (run, end) = open.get_or_insert_with(|| (vec![(column.start(), value)], column.end()));
                run.push((column.middle(), value));
                *end = column.end();
            }
        }
    }
    close(&mut open, &mut runs);
    runs
}

fn has_length(point: &Point) -> bool {
    let (start, end) = (point.start_seconds, point.end_seconds);
    start.is_finite() && end.is_finite() && end > start && start.abs() < 1e12 && end.abs() < 1e12
}
