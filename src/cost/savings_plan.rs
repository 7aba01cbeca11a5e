//! How much to commit to in a savings plan.

use rust_decimal::Decimal;

use super::month::{Month, decimal};

/// A commitment to spend so much every hour, and what it covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Plan {
    /// US dollars to be paid in every hour.
    pub hourly: Decimal,
    /// What is covered in a month, at prices without the plan.
    pub covered_month: Decimal,
}

/// The commitment that makes the bill smallest, where the plan takes off the share `discount`.
///
/// A dollar of spending without the plan takes `1 − discount` dollars of commitment in every hour, used or not. It pays as long
/// as more than that share of the hours spends as much; so the commitment covers what all but a share `discount` of the hours
/// spend at least.
pub(super) fn best_plan(spending: &[Decimal], lengths: &[f64], month: Month, discount: Decimal) -> Plan {
    let mut hours: Vec<(Decimal, Decimal)> = spending
        .iter()
        .zip(lengths)
        .map(|(dollars, length)| (decimal(*length), *dollars))
        .filter(|(length, _)| !length.is_zero())
        .map(|(length, dollars)| (dollars / length, length))
        .collect();
    hours.sort();
    let all: Decimal = hours.iter().map(|(_, length)| *length).sum();
    let (mut below, mut level) = (Decimal::ZERO, Decimal::ZERO);
    for (rate, length) in &hours {
        // Share of time that spends at this rate or more.
        if (all - below) <= (Decimal::ONE - discount) * all {
            break;
        }
        level = *rate;
        below += *length;
    }
    let covered = hours.iter().map(|(rate, length)| (*rate).min(level) * *length).sum();
    Plan { hourly: (level * (Decimal::ONE - discount)).normalize(), covered_month: month.scaled(covered) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn steady_spending_is_covered_whole() {
        let month = Month::of(Duration::from_secs(36_000));
        let plan = best_plan(&[Decimal::TWO; 10], &[1.0; 10], month, Decimal::new(18, 2));
        // $2 an hour at 18 % off is $1.64 an hour; 730 hours of $2 are covered.
        assert_eq!((plan.hourly, plan.covered_month), (Decimal::new(164, 2), Decimal::from(1_460)));
    }

    proptest! {
        /// Another implementation: every commitment that meets an hour's spending is tried.
        #[test]
        fn the_best_commitment_is_that_of_trying_every_one(hours in prop::collection::vec(0_u32..50, 1..30), percent in 1_u32..60) {
            let month = Month::of(Duration::from_secs(hours.len() as u64 * 3_600));
            let discount = Decimal::new(percent.into(), 2);
            let spending: Vec<Decimal> = hours.iter().map(|dollars| Decimal::from(*dollars)).collect();
            let lengths = vec![1.0; hours.len()];
            let cost = |level: Decimal| -> Decimal {
                spending.iter().map(|dollars| level * (Decimal::ONE - discount) + (*dollars - level).max(Decimal::ZERO)).sum()
            };
            let plan = best_plan(&spending, &lengths, month, discount);
            let best = spending.iter().copied().chain([Decimal::ZERO]).map(cost).min().unwrap();
            let found = cost(plan.hourly / (Decimal::ONE - discount));
            prop_assert!((found - best).abs() < Decimal::new(1, 9), "{found} {best}");
        }
    }
}
