//! Whole operations out of fractions of them.

use crate::record::Counts;

use super::super::demand::OperationProfile;

/// A hair more than floating-point sums fall short of the whole number they are.
const HAIR: f64 = 1e-6;

/// Tells a sum in whole numbers: never more than the sum, and never less by one or more.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Carry {
    sum: f64,
    told: u64,
}

impl Carry {
    /// Adds to the sum and tells what became whole by it.
    pub fn add(&mut self, more: f64) -> u64 {
        self.add_at_most(more, u64::MAX)
    }

    /// Adds to the sum and tells what became whole by it, at most so much; the rest comes later.
    pub fn add_at_most(&mut self, more: f64, most: u64) -> u64 {
        self.sum += more;
        let whole = ((self.sum + HAIR) as u64).saturating_sub(self.told).min(most);
        self.told += whole;
        whole
    }
}

/// Counts one operation's outcomes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally {
    offered: Carry,
    throttled: Carry,
    condition_failed: Carry,
    failed: Carry,
    attempts: Carry,
    items: Carry,
}

impl Tally {
    /// Counts `operations` of which this share was admitted: outcomes always add up to what was offered. Returns the counts and the
    /// items returned or written.
    pub fn count(&mut self, operations: f64, admitted: f64, profile: &OperationProfile) -> (Counts, u64) {
        let offered = self.offered.add(operations);
        let admitted_operations = operations * admitted;
        let throttled = self.throttled.add_at_most(operations - admitted_operations, offered);
        let left = offered - throttled;
        let failed = self.failed.add_at_most(admitted_operations * profile.failed, left);
        let left = left - failed;
        let condition_failed = self.condition_failed.add_at_most(admitted_operations * profile.condition_failed, left);
        let further = self.attempts.add(admitted_operations * (profile.attempts - 1.0).max(0.0));
        let counts = Counts {
            offered,
            succeeded: left - condition_failed,
            condition_failed,
            throttled,
            failed,
            attempts: offered + further,
            throttled_attempts: throttled,
            ..Counts::default()
        };
        (counts, self.items.add(admitted_operations * profile.items))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_add_up_in_every_step_and_over_all() {
        let profile =
            OperationProfile { failed: 0.1, condition_failed: 0.3, attempts: 1.7, items: 2.3, ..Default::default() };
        let (mut tally, mut sum, mut items) = (Tally::default(), Counts::default(), 0);
        for _ in 0..10_000 {
            let (counts, more) = tally.count(0.7, 0.8, &profile);
            assert!(counts.is_balanced());
            assert!(counts.throttled_attempts >= counts.throttled);
            sum.add(&counts);
            items += more;
        }
        assert_eq!(sum.offered, 7_000);
        let near = |count: u64, expected: f64| (count as f64 - expected).abs() <= 2.0;
        assert!(
            near(sum.throttled, 1_400.0) && near(sum.failed, 560.0) && near(sum.condition_failed, 1_680.0),
            "{sum:?}"
        );
        assert!(near(sum.attempts, 7_000.0 + 0.7 * 5_600.0) && near(items, 2.3 * 5_600.0), "{sum:?} {items}");
    }

    #[test]
    fn everything_refused_is_all_that_was_offered() {
        let mut tally = Tally::default();
        for _ in 0..1_000 {
            let (counts, _) = tally.count(1.0 / 3.0, 0.0, &OperationProfile::default());
            assert_eq!((counts.offered, counts.succeeded), (counts.throttled, 0));
        }
    }
}
