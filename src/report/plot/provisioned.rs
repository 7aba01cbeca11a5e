//! What is asked and what is provisioned, hour by hour.

use crate::report::page::Markup;
use crate::report::ticks::Axis;
use crate::report::units;
use crate::size::AccessSizing;

use super::canvas::{Format, Frame, Hover};
use super::ink::Ink;

const HOUR_SECONDS: f64 = 3_600.0;

/// Reads or writes of a table or index.
pub(in crate::report) struct Provisioned<'s> {
    /// What was found.
    pub side: &'s AccessSizing,
    /// RCU or WCU.
    pub unit: &'static str,
}

impl Provisioned<'_> {
    /// The plot, in one shape.
    pub fn draw(&self, format: Format) -> Markup {
        // The last hour may be a part of one.
        let full = self.side.asked_by_hour.len().saturating_sub(1).max(1);
        let asked: Vec<f64> = self.side.asked_by_hour[..full].iter().map(|units| units / HOUR_SECONDS).collect();
        let scaled: Vec<f64> =
            self.side.scaled.iter().flat_map(|scaled| &scaled.unit_hours).take(full).copied().collect();
        let fixed = self.side.fixed.units as f64;
        let highest = asked.iter().chain(&scaled).copied().fold(fixed, f64::max);
        let at = |hour: usize| hour as f64 * HOUR_SECONDS;
        let hovers: Vec<Hover> = asked
            .iter()
            .enumerate()
            .map(|(hour, asked)| {
                let scaled = scaled.get(hour).map(|units| format!("\nauto scaling {}", units::quantity(*units)));
                Hover {
                    start: at(hour),
                    end: at(hour + 1),
                    text: format!(
                        "{}\nasked {} {}\nfixed {}{}",
                        units::period(at(hour)),
                        units::quantity(*asked),
                        self.unit,
                        units::quantity(fixed),
                        scaled.unwrap_or_default()
                    ),
                }
            })
            .collect();
        let frame = Frame {
            format,
            x: Axis::time(0.0, at(full), format.time_labels()),
            y: Axis::from_zero(highest, 5, format!("{} a second", self.unit)),
            description: "Capacity units asked and provisioned, hour by hour".to_owned(),
            lanes: 0,
        };
        let stairs = |values: &[f64]| -> Vec<(f64, f64)> {
            values.iter().enumerate().flat_map(|(hour, value)| [(at(hour), *value), (at(hour + 1), *value)]).collect()
        };
        frame.draw(&hovers, |canvas| {
            let asked = stairs(&asked);
            canvas.area(&asked, Ink::CONSUMED_FILL);
            canvas.line(&asked, Ink::CONSUMED, 1.6);
            canvas.line(&[(0.0, fixed), (at(full), fixed)], Ink::MAXIMUM, 1.4);
            canvas.line(&stairs(&scaled), Ink::PROVISIONED, 1.8);
        })
    }
}
