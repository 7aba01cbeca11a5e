//! How much capacity to reserve.

use rust_decimal::Decimal;

use crate::pricing::{RESERVED_BLOCK_UNITS, Reservation, Term};

use super::month::{HOURS_PER_MONTH, Month, decimal};

/// What a reserve of some blocks does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reserve {
    pub blocks: u32,
    /// Unit-hours of the span that it covers.
    pub covered: Decimal,
}

/// What a block costs a month, its payment up front spread over the term.
pub(super) fn block_month(reservation: &Reservation, term: Term) -> Decimal {
    reservation.upfront / Decimal::from(term.months()) + reservation.hourly * Decimal::from(HOURS_PER_MONTH)
}

/// The number of blocks that makes the bill smallest, the fewest of them where several do.
///
/// Each further block covers no more hours than the one before it, so what a block saves falls, and the best number is the
/// last at which a block saves more than it costs.
pub(super) fn best_reserve(
    unit_hours: &[f64],
    lengths: &[f64],
    month: Month,
    unit_hour: Decimal,
    block_month: Decimal,
) -> Reserve {
    let covered = |blocks: u32| {
        let units = f64::from(blocks) * f64::from(RESERVED_BLOCK_UNITS);
        let hours = unit_hours.iter().zip(lengths).map(|(used, length)| used.min(units * length));
        decimal(hours.sum())
    };
    let pays = |blocks: u32| month.scaled(covered(blocks) - covered(blocks - 1)) * unit_hour > block_month;
    let most = unit_hours.iter().zip(lengths).map(|(used, length)| used / length).fold(0.0, f64::max);
    let (mut low, mut high) = (0, (most / f64::from(RESERVED_BLOCK_UNITS)).ceil().min(1e9) as u32);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if pays(middle) { low = middle } else { high = middle - 1 }
    }
    Reserve { blocks: low, covered: covered(low) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Another implementation: every number of blocks is tried.
        #[test]
        fn the_best_reserve_is_that_of_trying_every_number(
            hours in prop::collection::vec(0_u32..900, 1..40),
            minutes in 1_u64..=60,
            price in 1_u32..200,
            block in 1_u32..20_000,
        ) {
            let span = Duration::from_secs((hours.len() as u64 - 1) * 3_600 + minutes * 60);
            let month = Month::of(span);
            let lengths = month.hour_lengths();
            let used: Vec<f64> = hours.iter().zip(&lengths).map(|(units, length)| f64::from(*units) * length).collect();
            let (price, block) = (Decimal::new(price.into(), 5), Decimal::new(block.into(), 2));
            let found = best_reserve(&used, &lengths, month, price, block);
            let cost = |blocks: u32| {
                let limit = f64::from(blocks * 100);
                let over: f64 = used.iter().zip(&lengths).map(|(used, length)| (used - limit * length).max(0.0)).sum();
                month.scaled(decimal(over)) * price + block * Decimal::from(blocks)
            };
            let best = (0..=12).map(cost).min().unwrap();
            prop_assert!((cost(found.blocks) - best).abs() < Decimal::new(1, 6), "{} {best}", cost(found.blocks));
            prop_assert!(cost(found.blocks) <= cost(0));
        }
    }
}
