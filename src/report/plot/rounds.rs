//! One metric on both sides, round by round: the pairs that a difference is estimated from.

use crate::compare::{Difference, Quantity};
use crate::report::comparison::words;
use crate::report::page::Markup;
use crate::report::ticks::{Axis, log_position};
use crate::report::units;

use super::canvas::{Format, Frame, Hover};
use super::ink::Ink;

/// Values further apart than this are drawn on a logarithmic scale.
const WIDE_RATIO: f64 = 20.0;

/// Which rounds are drawn, and what they are called.
#[derive(Debug, Clone, Copy)]
pub(in crate::report) struct Order {
    /// Rounds before those that confirm; as many as there are where none does.
    pub first: usize,
    /// `round` or `slice of time`.
    pub name: &'static str,
}

/// The plot, in one shape.
pub(in crate::report) fn draw(difference: &Difference, order: Order, format: Format) -> Markup {
    let quantity = difference.metric.quantity;
    let pairs: Vec<(f64, f64)> = difference.first_pairs.iter().chain(&difference.pairs).copied().collect();
    let first = if difference.first_pairs.is_empty() { order.first } else { difference.first_pairs.len() };
    let values = || pairs.iter().flat_map(|(base, new)| [*base, *new]);
    let is_log = is_wide(values());
    let place = |value: f64| if is_log { log_position(value) } else { value };
    let y = if is_log {
        Axis::log_seconds(values(), 6, quantity.words())
    } else {
        Axis::around(values(), 7, |at| label(quantity, at), title(quantity))
    };
    let confirms = first < pairs.len();
    let frame = Frame {
        format,
        x: Axis::ordinals(pairs.len(), format.time_labels(), order.name),
        y,
        description: format!("{} of both sides by {}", difference.metric.words(), order.name),
        lanes: usize::from(confirms),
    };
    let hovers: Vec<Hover> = pairs
        .iter()
        .enumerate()
        .map(|(index, (base, new))| Hover {
            start: index as f64 + 0.5,
            end: index as f64 + 1.5,
            text: format!(
                "{} {}\nbase {}\nnew {}",
                order.name,
                units::count(index as u64 + 1),
                words::value(quantity, *base),
                words::value(quantity, *new)
            ),
        })
        .collect();
    let room = f64::from(format.inner_width()) / pairs.len().max(1) as f64;
    let radius = (room / 3.0).clamp(1.5, 3.4);
    frame.draw(&hovers, |canvas| {
        let end = pairs.len() as f64 + 0.5;
        // Medians (means of shares) are those of the rounds that the difference is of.
        let mut levels_from = 0.5;
        if confirms {
            let from = first as f64 + 0.5;
            canvas.band(from, end, Ink::WARM_UP);
            canvas.name_above(from, end, "confirming");
            if !difference.first_pairs.is_empty() {
                levels_from = from;
            }
        }
        for (level, ink) in [difference.base, difference.new].into_iter().zip(Ink::SIDES) {
            canvas.line(&[(levels_from, place(level)), (end, place(level))], ink, 1.2);
        }
        for (index, (base, new)) in pairs.iter().enumerate() {
            let at = index as f64 + 1.0;
            canvas.line(&[(at, place(*base)), (at, place(*new))], Ink::MAXIMUM, 1.0);
            for (value, ink) in [*base, *new].into_iter().zip(Ink::SIDES) {
                canvas.dot((at, place(value)), radius, ink);
            }
        }
    })
}

/// Whether times lie so far apart that a linear scale would press most of them together. Other metrics keep to a linear one.
fn is_wide(values: impl Iterator<Item = f64>) -> bool {
    let (low, high) = values.fold((f64::INFINITY, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
    low > 0.0 && high / low > WIDE_RATIO && high < 1e6 && low >= 1e-9
}

fn label(quantity: Quantity, at: f64) -> String {
    match quantity {
        Quantity::Throughput | Quantity::ReadUnits | Quantity::WriteUnits => units::scaled(at),
        _ => words::value(quantity, at),
    }
}

fn title(quantity: Quantity) -> String {
    match quantity {
        Quantity::Throughput => "operations per second".to_owned(),
        Quantity::Errors | Quantity::Throttled => format!("{}, share of operations", quantity.words()),
        Quantity::ThrottledAttempts => "throttled attempts, share of attempts".to_owned(),
        _ => quantity.words(),
    }
}
