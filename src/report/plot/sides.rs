//! Something of both sides over time, in one plot.

use crate::compare::SidePoint;
use crate::report::page::Markup;
use crate::report::ticks::{Axis, log_position};
use crate::report::units;

use super::canvas::{Format, Frame, Hover};
use super::ink::Ink;

/// Most columns drawn: neighbouring points beyond share one.
const COLUMNS_MAX: usize = 240;

/// One line: what it is called, whose points it has, and what of them is drawn.
pub(in crate::report) struct Track<'a> {
    /// Its name under the pointer.
    pub name: &'static str,
    /// Its colour.
    pub ink: Ink,
    /// The side's run over time.
    pub points: &'a [SidePoint],
    /// The value drawn; none where there is none.
    pub value: fn(&SidePoint) -> Option<f64>,
}

/// How values are written and placed.
#[derive(Clone, Copy)]
pub(in crate::report) enum Kind {
    /// A rate, from zero.
    Rate,
    /// A share, from zero.
    Share,
    /// Seconds, logarithmic.
    Seconds,
}

impl Kind {
    fn text(self, value: f64) -> String {
        match self {
            Kind::Rate => units::rate(value),
            Kind::Share => units::share(value, 1.0),
            Kind::Seconds => units::latency_seconds(value),
        }
    }

    fn place(self, value: f64) -> f64 {
        match self {
            Kind::Rate | Kind::Share => value,
            Kind::Seconds => log_position(value),
        }
    }

    fn axis(self, values: impl Iterator<Item = f64>, title: &str) -> Axis {
        match self {
            Kind::Rate => Axis::from_zero(values.fold(0.0, f64::max), 5, title),
            Kind::Share => {
                let mut axis = Axis::from_zero(values.fold(0.0, f64::max), 5, title);
                for tick in &mut axis.ticks {
                    tick.label = units::share(tick.at, 1.0);
                }
                axis
            }
            Kind::Seconds => Axis::log_seconds(values, 6, title),
        }
    }
}

/// The plot, in one shape.
pub(in crate::report) fn draw(tracks: &[Track], kind: Kind, title: &str, description: &str, format: Format) -> Markup {
    let of = |track: &Track| {
        let columns = columns(track);
        columns.into_iter().filter(|column| column.start.is_finite() && column.end.is_finite()).collect::<Vec<_>>()
    };
    let columns: Vec<(&Track, Vec<Column>)> = tracks.iter().map(|track| (track, of(track))).collect();
    let all = || columns.iter().flat_map(|(_, columns)| columns);
    let start = all().map(|column| column.start).fold(f64::INFINITY, f64::min);
    let end = all().map(|column| column.end).fold(0.0, f64::max);
    let frame = Frame {
        format,
        x: Axis::time(start, end, format.time_labels()),
        y: kind.axis(all().filter_map(|column| column.value), title),
        description: description.to_owned(),
        lanes: 0,
    };
    frame.draw(&hovers(&columns, kind), |canvas| {
        for (track, columns) in &columns {
            for run in runs(columns, kind) {
                canvas.line(&run, track.ink, 1.8);
            }
        }
    })
}

struct Column {
    start: f64,
    end: f64,
    value: Option<f64>,
}

/// The track's points, neighbours averaged where there are too many.
fn columns(track: &Track) -> Vec<Column> {
    let together = track.points.len().div_ceil(COLUMNS_MAX).max(1);
    let chunks = track.points.chunks(together);
    let of = |chunk: &[SidePoint]| {
        let values: Vec<f64> = chunk.iter().filter_map(track.value).filter(|value| value.is_finite()).collect();
        let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
        Some(Column {
            start: chunk.first()?.start_seconds,
            end: chunk.last()?.end_seconds,
            value: (!values.is_empty()).then_some(mean),
        })
    };
    chunks.filter_map(of).collect()
}

/// Lines through the middles of neighbouring columns; nothing measured is a gap.
fn runs(columns: &[Column], kind: Kind) -> Vec<Vec<(f64, f64)>> {
    let mut runs: Vec<Vec<(f64, f64)>> = Vec::new();
    let mut last_end = f64::NEG_INFINITY;
    for column in columns {
        let Some(value) = column.value else {
            last_end = f64::NEG_INFINITY;
            continue;
        };
        let place = kind.place(value);
        let width = column.end - column.start;
        match runs.last_mut() {
            Some(run) if column.start - last_end <= width * 0.5 => {
                // The line goes on from the last middle, not from the last edge.
                run.pop();
                run.extend([(f64::midpoint(column.start, column.end), place), (column.end, place)]);
            }
            _ => runs.push(vec![
                (column.start, place),
                (f64::midpoint(column.start, column.end), place),
                (column.end, place),
            ]),
        }
        last_end = column.end;
    }
    runs
}

fn hovers(columns: &[(&Track, Vec<Column>)], kind: Kind) -> Vec<Hover> {
    let Some((_, longest)) = columns.iter().max_by_key(|(_, columns)| columns.len()) else { return Vec::new() };
    let hovers = longest.iter().map(|at| {
        let middle = f64::midpoint(at.start, at.end);
        let lines = columns.iter().filter_map(|(track, columns)| {
            let here = columns.iter().find(|column| (column.start..column.end).contains(&middle))?;
            Some(format!("\n{} {}", track.name, kind.text(here.value?)))
        });
        Hover {
            start: at.start,
            end: at.end,
            text: format!("{}{}", units::period(at.start), lines.collect::<String>()),
        }
    });
    hovers.collect()
}
