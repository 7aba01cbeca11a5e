//! A token bucket in exact integer arithmetic.

use std::time::Duration;

use crate::api::CapacityUnits;
use crate::time::Time;

/// Tokens are counted in billionths of a unit: a rate of whole units per second adds a whole number of them every
/// nanosecond, so nothing is ever rounded and nothing drifts.
const NANOS_PER_HALF_UNIT: u64 = 500_000_000;
const NANOS_PER_UNIT: u64 = 2 * NANOS_PER_HALF_UNIT;
/// No bucket holds or owes more than this: 4.6 billion units, 300 s of 15 million units per second.
const LEVEL_MAX: i64 = i64::MAX / 2;

/// Capacity units that accrue at a rate, up to a depth.
///
/// Whoever asks is admitted while any token is left, however small, and may then go into debt: a read's cost is known only
/// once the items were read, and a 400 KB item costs 400 units that a small table never holds. The debt is not forgiven;
/// it is bounded by one admission (the largest is a 4 MB transaction, 8,192 units), because a bucket in debt admits
/// nobody. So over any time a bucket grants at most what it held, plus what accrued, plus one admission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenBucket {
    /// Billionths of a unit; below zero a debt.
    level: i64,
    /// The most it holds, in billionths of a unit.
    depth: i64,
    rate_units_per_second: u64,
    /// Until when accrual is accounted for.
    refilled_at: Time,
}

impl TokenBucket {
    /// A bucket that accrues `rate_units_per_second`, holds `depth_seconds` of it, and holds `initial_seconds` of it at `now`.
    pub fn new(rate_units_per_second: u64, depth_seconds: u64, initial_seconds: u64, now: Time) -> Self {
        let depth = level_of(rate_units_per_second, depth_seconds);
        let level = level_of(rate_units_per_second, initial_seconds).min(depth);
        TokenBucket { level, depth, rate_units_per_second, refilled_at: now }
    }

    /// Units per second it accrues.
    pub const fn rate_units_per_second(&self) -> u64 {
        self.rate_units_per_second
    }

    /// Adds what accrued until `now`. An earlier `now`, as threads may hand in, changes nothing.
    pub fn refill(&mut self, now: Time) {
        if now <= self.refilled_at {
            return;
        }
        let accrued = u128::from(now.as_nanos() - self.refilled_at.as_nanos()) * u128::from(self.rate_units_per_second);
        self.refilled_at = now;
        // The level never exceeds the depth, so the room is not negative; what fits into it fits into 64 bits.
        let room = self.depth - self.level;
        self.level += i64::try_from(accrued).map_or(room, |accrued| accrued.min(room));
    }

    /// Whether a request is admitted now.
    pub fn has_tokens(&mut self, now: Time) -> bool {
        self.refill(now);
        self.level > 0
    }

    /// Takes `units`, into debt where they are not there.
    pub fn take(&mut self, units: CapacityUnits) {
        self.take_nanos(Self::nanos_of(units));
    }

    /// Takes billionths of a unit, into debt where they are not there.
    pub(super) fn take_nanos(&mut self, nanos: i64) {
        self.level = self.level.saturating_sub(nanos).clamp(-LEVEL_MAX, self.depth.max(0));
    }

    /// What it holds or owes, in billionths of a unit, as of the last refill.
    pub(super) const fn level(&self) -> i64 {
        self.level
    }

    /// Owes no more than so many billionths of a unit.
    pub(super) fn forgive_beyond(&mut self, nanos: i64) {
        self.level = self.level.max(-nanos);
    }

    /// Billionths of a unit.
    pub(super) fn nanos_of(units: CapacityUnits) -> i64 {
        i64::try_from(units.as_halves().saturating_mul(NANOS_PER_HALF_UNIT)).unwrap_or(i64::MAX)
    }

    /// The level, in billionths of a unit, were nothing taken for `ahead`.
    pub(super) fn level_in(&self, ahead: Duration) -> i64 {
        let nanos = u64::try_from(ahead.as_nanos()).unwrap_or(u64::MAX);
        let accrues = self.rate_units_per_second.saturating_mul(nanos);
        self.level.saturating_add(i64::try_from(accrues).unwrap_or(LEVEL_MAX)).min(LEVEL_MAX)
    }

    /// Takes billionths of a unit evenly while time goes on until `until`: what accrues meanwhile is there to be taken, and
    /// only what is left above the depth is lost.
    pub(super) fn flow(&mut self, until: Time, nanos: i64) {
        let level = self.level_in(until.since(self.refilled_at)).saturating_sub(nanos);
        self.level = level.clamp(-LEVEL_MAX, self.depth.max(0));
        self.refilled_at = self.refilled_at.max(until);
    }

    /// Splits it into two that accrue and hold half of it each.
    pub(super) fn halve(&mut self, depth_seconds: u64, now: Time) -> Self {
        self.refill(now);
        let level = self.level / 2;
        self.rate_units_per_second = (self.rate_units_per_second / 2).max(1);
        self.depth = level_of(self.rate_units_per_second, depth_seconds);
        self.level = level.min(self.depth);
        self.clone()
    }

    /// The most it holds.
    pub(super) fn depth(&self) -> CapacityUnits {
        CapacityUnits::halves(u64::try_from(self.depth).unwrap_or(0) / NANOS_PER_HALF_UNIT)
    }

    /// Changes the rate and the depth from `now` on; what was banked above the new depth is lost.
    pub fn set_rate(&mut self, rate_units_per_second: u64, depth_seconds: u64, now: Time) {
        self.refill(now);
        self.rate_units_per_second = rate_units_per_second;
        self.depth = level_of(rate_units_per_second, depth_seconds);
        self.level = self.level.min(self.depth);
    }

    /// Starts anew at `now` with another rate and depth. A debt stays, and no more is at hand than `initial_seconds` of the
    /// new rate, or what was at hand before where that is less: changing back and forth gains nothing.
    pub fn restart(&mut self, rate_units_per_second: u64, depth_seconds: u64, initial_seconds: u64, now: Time) {
        self.set_rate(rate_units_per_second, depth_seconds, now);
        self.level = self.level.min(level_of(rate_units_per_second, initial_seconds));
    }

    /// Whole half units at hand; zero in debt.
    pub fn tokens(&mut self, now: Time) -> CapacityUnits {
        self.refill(now);
        CapacityUnits::halves(u64::try_from(self.level).unwrap_or(0) / NANOS_PER_HALF_UNIT)
    }

    /// Halves what it holds, but not what it owes.
    pub(super) fn halve_level(&mut self, now: Time) {
        self.refill(now);
        self.level = if self.level > 0 { self.level / 2 } else { self.level };
    }
}

/// The level that `seconds` of `rate_units_per_second` make.
fn level_of(rate_units_per_second: u64, seconds: u64) -> i64 {
    let nanos = rate_units_per_second.saturating_mul(seconds).saturating_mul(NANOS_PER_UNIT);
    i64::try_from(nanos).unwrap_or(LEVEL_MAX).min(LEVEL_MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn at(seconds: u64) -> Time {
        Time::from_nanos(seconds * SECOND)
    }

    #[test]
    fn a_bucket_with_any_token_left_admits_and_goes_into_debt() {
        let mut bucket = TokenBucket::new(10, 1, 1, Time::ZERO);
        assert!(bucket.has_tokens(Time::ZERO));
        bucket.take(CapacityUnits::whole(400));
        assert!(!bucket.has_tokens(at(39)), "390 units of debt take 39 seconds");
        assert!(bucket.has_tokens(at(39) + Duration::from_nanos(1)));
    }

    #[test]
    fn time_that_runs_backwards_changes_nothing() {
        let mut bucket = TokenBucket::new(10, 300, 0, at(5));
        bucket.refill(at(7));
        let before = bucket.clone();
        bucket.refill(at(3));
        assert_eq!(bucket, before);
    }

    #[test]
    fn nothing_drifts_over_a_billion_seconds() {
        // A rate no step divides evenly, and steps that no rate divides: every billionth of a unit is accounted for.
        let (rate, steps, step) = (7, 1_000_000u64, 1_000_000_000_001u64);
        let mut bucket = TokenBucket::new(rate, 2_000, 0, Time::ZERO);
        let mut taken = 0u128;
        for index in 1..=steps {
            let units = bucket.tokens(Time::from_nanos(index * step));
            bucket.take(units);
            taken += u128::from(units.as_halves()) * u128::from(NANOS_PER_HALF_UNIT);
        }
        let accrued = u128::from(steps) * u128::from(step) * u128::from(rate);
        assert_eq!(accrued - taken, u128::try_from(bucket.level).unwrap());
        assert!(bucket.refilled_at > at(1_000_000_000));
    }

    #[test]
    fn absurd_rates_and_times_do_not_overflow() {
        let mut bucket = TokenBucket::new(u64::MAX, u64::MAX, 1, Time::ZERO);
        bucket.refill(Time::NEVER);
        bucket.take(CapacityUnits::halves(u64::MAX));
        bucket.take(CapacityUnits::halves(u64::MAX));
        bucket.refill(Time::NEVER);
        assert!(bucket.level >= -LEVEL_MAX);
    }

    proptest! {
        /// Without recurrence: the level is the least, over all earlier moments, of a full bucket then, plus all accrual since,
        /// minus all takings since; and of the first level in the same way.
        #[test]
        fn the_level_is_that_of_the_whole_history(
            rate in 1u64..5_000,
            depth_seconds in 1u64..400,
            initial_seconds in 0u64..2,
            steps in prop::collection::vec((0u64..40 * SECOND, 0u64..200_000), 1..60),
        ) {
            let mut bucket = TokenBucket::new(rate, depth_seconds, initial_seconds, Time::ZERO);
            let nanos = |units: u64| i128::from(units) * i128::from(NANOS_PER_UNIT);
            let depth = nanos(rate * depth_seconds);
            let mut history: Vec<(u64, i128)> = Vec::new();
            let mut now = 0u64;
            for (elapsed, halves) in steps {
                now += elapsed;
                let taken_since = |from: usize| history[from..].iter().map(|(_, taken)| taken).sum::<i128>();
                let accrued_since = |then: u64| i128::from(now - then) * i128::from(rate);
                let from_start = nanos(rate * initial_seconds).min(depth) + accrued_since(0) - taken_since(0);
                let expected = (0..history.len())
                    .map(|index| depth + accrued_since(history[index].0) - taken_since(index))
                    .chain([from_start, depth])
                    .min()
                    .unwrap();
                let admitted = bucket.has_tokens(Time::from_nanos(now));
                prop_assert_eq!(i128::from(bucket.level), expected);
                prop_assert_eq!(admitted, expected > 0);
                if admitted {
                    bucket.take(CapacityUnits::halves(halves));
                    history.push((now, i128::from(halves) * i128::from(NANOS_PER_HALF_UNIT)));
                }
            }
        }
    }
}
