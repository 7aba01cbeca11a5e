//! The share of requests throttled against capacity.

use crate::report::page::Markup;
use crate::report::ticks::Axis;
use crate::report::units;
use crate::size::AccessSizing;

use super::canvas::{Format, Frame, Hover};
use super::ink::Ink;

/// Shares above this are worth a plot of their own height.
const LEAST_HIGH: f64 = 1.0;

/// Reads or writes of a table or index.
pub(in crate::report) struct Throttling<'s> {
    /// What was found.
    pub side: &'s AccessSizing,
    /// RCU or WCU.
    pub unit: &'static str,
    /// The share that is allowed.
    pub allowed: f64,
}

impl Throttling<'_> {
    /// The plot, in one shape.
    pub fn draw(&self, format: Format) -> Markup {
        let percent = |share: f64| share * 100.0;
        let curve = &self.side.curve;
        let highest = curve.iter().map(|point| percent(point.throttled.high)).fold(LEAST_HIGH, f64::max);
        let most = curve.last().map_or(1, |point| point.units) as f64;
        let x = Axis::from_zero(most, format.time_labels(), format!("fixed capacity, {}", self.unit));
        let edges: Vec<f64> = (0..=curve.len())
            .map(|at| match (at.checked_sub(1).and_then(|before| curve.get(before)), curve.get(at)) {
                (Some(before), Some(after)) => (before.units + after.units) as f64 / 2.0,
                (None, Some(after)) => after.units as f64 * 0.9,
                (Some(before), None) => before.units as f64 * 1.05,
                (None, None) => 0.0,
            })
            .collect();
        let hovers: Vec<Hover> = curve
            .iter()
            .zip(edges.windows(2))
            .map(|(point, edges)| Hover {
                start: edges[0],
                end: edges[1],
                text: format!(
                    "{} {}\nthrottled {}\n95 %: {} to {}",
                    units::count(point.units),
                    self.unit,
                    units::share(point.throttled.mean, 1.0),
                    units::share(point.throttled.low, 1.0),
                    units::share(point.throttled.high, 1.0)
                ),
            })
            .collect();
        let frame = Frame {
            format,
            x,
            y: Axis::from_zero(highest, 5, "requests throttled, %"),
            description: "The share of requests throttled against fixed capacity".to_owned(),
            lanes: 1,
        };
        frame.draw(&hovers, |canvas| {
            let upper = curve.iter().map(|point| (point.units as f64, percent(point.throttled.high)));
            let lower = curve.iter().rev().map(|point| (point.units as f64, percent(point.throttled.low)));
            canvas.polygon(upper.chain(lower), Ink::CONSUMED_FILL);
            let line: Vec<(f64, f64)> =
                curve.iter().map(|point| (point.units as f64, percent(point.throttled.mean))).collect();
            canvas.line(&[(0.0, percent(self.allowed)), (most * 1.06, percent(self.allowed))], Ink::MAXIMUM, 1.2);
            canvas.line(&line, Ink::CONSUMED, 2.0);
            let answer = self.side.fixed.units as f64;
            canvas.vertical(answer, Ink::PROVISIONED);
            canvas.name_above(answer, most * 1.06, &format!("{} {}", units::count(self.side.fixed.units), self.unit));
        })
    }
}
