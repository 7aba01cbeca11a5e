//! Throughput over time: operations asked for, sent, and succeeded.

use crate::record::{Point, RunResult};
use crate::report::page::Markup;
use crate::report::ticks::Axis;
use crate::report::timeline::{Column, Timeline, runs};
use crate::report::units;

use super::background;
use super::canvas::{Format, Frame, Hover};
use super::ink::Ink;

/// The plot, in one shape.
pub(in crate::report) fn draw(result: &RunResult, timeline: &Timeline, format: Format) -> Markup {
    let columns = timeline.columns();
    let rate = |column: &Column, counted: fn(&Point) -> u64| column.per_second(|point| counted(point) as f64);
    let of: [fn(&Point) -> u64; 3] = [offered, |point| point.sent, succeeded];
    let highest =
        columns.iter().flat_map(|column| of.map(|counted| rate(column, counted))).filter(|rate| rate.is_finite());
    let hovers: Vec<Hover> = columns
        .iter()
        .map(|column| {
            let [asked, sent, succeeded] = of.map(|counted| units::rate(rate(column, counted)));
            let completed = units::rate(column.per_second(|point| point.completed as f64));
            let harness = if column.valid() { "" } else { "\nthe generator did not keep up" };
            Hover {
                start: column.start(),
                end: column.end(),
                text: format!(
                    "{}\nasked {asked}\nsent {sent}\nsucceeded {succeeded}\nended {completed}{harness}",
                    units::period(column.start())
                ),
            }
        })
        .collect();
    let frame = Frame {
        format,
        x: Axis::time(timeline.start, timeline.end, format.time_labels()),
        y: Axis::from_zero(highest.fold(0.0, f64::max), 5, "operations per second"),
        description: "Throughput over time: operations asked for, sent and succeeded per second".to_owned(),
        lanes: background::lanes(result, timeline, format),
    };
    frame.draw(&hovers, |canvas| {
        background::draw(canvas, result, timeline);
        let line = |counted: fn(&Point) -> u64| runs(&columns, |_, column| Some(rate(column, counted)));
        // From the widest to the thinnest, so that none hides another where they agree, as they should.
        for run in line(|point| point.sent) {
            canvas.line(&run, Ink::SENT, 5.0);
        }
        for run in line(succeeded) {
            canvas.area(&run, Ink::SUCCEEDED_FILL);
            canvas.line(&run, Ink::SUCCEEDED, 1.8);
        }
        for run in line(offered) {
            canvas.line(&run, Ink::ASKED, 1.4);
        }
    })
}

fn offered(point: &Point) -> u64 {
    point.operations.iter().fold(0, |sum, operation| sum.saturating_add(operation.counts.offered))
}

fn succeeded(point: &Point) -> u64 {
    point.operations.iter().fold(0, |sum, operation| sum.saturating_add(operation.counts.succeeded))
}
