//! On-demand throughput of one kind: what it serves now, what holds it back, and how it grows.

use std::time::Duration;

use crate::api::{CapacityUnits, LimitKind};
use crate::time::Time;

use super::bucket::TokenBucket;
use super::limits::{ON_DEMAND_DEPTH_SECONDS, ON_DEMAND_GROWTH};
use super::model::CapacityModel;

/// Reads or writes of an on-demand table or index.
///
/// It serves twice the previous peak, at least what it was created for, at most the maximum its owner set and the account's
/// quota (facts §2.2, §2.5, §2.6). A peak is the mean of [`CapacityModel::on_demand_peak`], five minutes; whoever stays at twice the peak for one whole such period,
/// 5 to 10 minutes, doubles what is served next. DynamoDB promises no more than twice the peak within 30 minutes and adds capacity meanwhile; how fast
/// is unpublished (facts §2.2, §11.5).
#[derive(Debug, Clone)]
pub(super) struct OnDemand {
    bucket: TokenBucket,
    /// What it could serve if nobody set a limit.
    serves_units_per_second: u64,
    maximum_units_per_second: Option<u64>,
    quota_units_per_second: u64,
    window: Duration,
    window_start: Time,
    window_consumed: CapacityUnits,
}

impl OnDemand {
    /// Throughput that serves `initial_units_per_second` from `now` on.
    pub fn new(
        initial_units_per_second: u64,
        maximum_units_per_second: Option<u64>,
        model: &CapacityModel,
        now: Time,
    ) -> Self {
        let mut throughput = OnDemand {
            bucket: TokenBucket::new(0, ON_DEMAND_DEPTH_SECONDS, 0, now),
            serves_units_per_second: initial_units_per_second,
            maximum_units_per_second,
            quota_units_per_second: model.table_quota_units_per_second,
            window: model.on_demand_peak.max(Duration::from_secs(1)),
            window_start: now,
            window_consumed: CapacityUnits::ZERO,
        };
        let rate = throughput.limit().1;
        throughput.bucket = TokenBucket::new(rate, ON_DEMAND_DEPTH_SECONDS, ON_DEMAND_DEPTH_SECONDS, now);
        throughput
    }

    /// Throughput in place of provisioned capacity, whose debt stays: it serves `initial_units_per_second` from `now` on.
    pub fn replacing(
        provisioned: &TokenBucket,
        initial_units_per_second: u64,
        maximum_units_per_second: Option<u64>,
        model: &CapacityModel,
        now: Time,
    ) -> Self {
        let mut throughput = OnDemand::new(initial_units_per_second, maximum_units_per_second, model, now);
        let rate = throughput.limit().1;
        throughput.bucket = provisioned.clone();
        throughput.bucket.restart(rate, ON_DEMAND_DEPTH_SECONDS, ON_DEMAND_DEPTH_SECONDS, now);
        throughput
    }

    /// Sets another maximum, and serves at least `least_units_per_second`, from `now` on.
    pub fn set_limits(&mut self, least_units_per_second: u64, maximum_units_per_second: Option<u64>, now: Time) {
        self.grow(now);
        self.serves_units_per_second = self.serves_units_per_second.max(least_units_per_second);
        self.maximum_units_per_second = maximum_units_per_second;
        let rate = self.limit().1;
        self.bucket.set_rate(rate, ON_DEMAND_DEPTH_SECONDS, now);
    }

    /// Units per second its partitions serve, whatever its owner and the account allow.
    pub const fn serves_units_per_second(&self) -> u64 {
        self.serves_units_per_second
    }

    /// The tokens at hand.
    pub const fn bucket_mut(&mut self) -> &mut TokenBucket {
        &mut self.bucket
    }

    /// Counts units that were taken towards the peak.
    #[inline]
    pub fn count(&mut self, units: CapacityUnits) {
        self.window_consumed += units;
    }

    /// When the present window ends.
    pub fn window_end(&self) -> Time {
        self.window_start + self.window
    }

    /// What holds it back, and at how many units per second.
    pub fn limit(&self) -> (LimitKind, u64) {
        let maximum = self.maximum_units_per_second.map(|maximum| (LimitKind::MaxOnDemandThroughput, maximum));
        let quota = (LimitKind::AccountLimit, self.quota_units_per_second);
        // What an on-demand table serves is what its partitions can do.
        let partitions = (LimitKind::KeyRangeThroughput, self.serves_units_per_second);
        let lowest = if quota.1 <= partitions.1 { quota } else { partitions };
        maximum.filter(|maximum| maximum.1 <= lowest.1).unwrap_or(lowest)
    }

    /// Ends the windows that are over.
    pub fn grow(&mut self, now: Time) {
        let elapsed = now.since(self.window_start);
        if elapsed < self.window {
            return;
        }
        let seconds = self.window.as_secs_f64();
        let peak = (self.window_consumed.as_f64() / seconds) as u64;
        let grown = peak.saturating_mul(ON_DEMAND_GROWTH);
        if grown > self.serves_units_per_second {
            self.serves_units_per_second = grown;
            let rate = self.limit().1;
            self.bucket.set_rate(rate, ON_DEMAND_DEPTH_SECONDS, self.window_end());
        }
        // Windows follow each other without a gap; those that passed without a request were empty.
        let window_nanos = self.window.as_nanos().max(1);
        let passed = elapsed.as_nanos() / window_nanos * window_nanos;
        self.window_start += Duration::from_nanos(u64::try_from(passed).unwrap_or(u64::MAX));
        self.window_consumed = CapacityUnits::ZERO;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(maximum: Option<u64>, quota: u64) -> OnDemand {
        let model = CapacityModel { table_quota_units_per_second: quota, ..CapacityModel::default() };
        OnDemand::new(4_000, maximum, &model, Time::ZERO)
    }

    /// Asks for `rate` single units in every second of `seconds` and returns how many were admitted in the last one.
    fn load(throughput: &mut OnDemand, rate: u64, seconds: std::ops::Range<u64>) -> u64 {
        let mut admitted = 0;
        for second in seconds {
            admitted = 0;
            for request in 0..rate / 10 {
                let now = Time::from_nanos(second * 1_000_000_000 + request * 10_000_000_000 / rate);
                throughput.grow(now);
                if throughput.bucket.has_tokens(now) {
                    throughput.bucket.take(CapacityUnits::whole(10));
                    throughput.count(CapacityUnits::whole(10));
                    admitted += 10;
                }
            }
        }
        admitted
    }

    #[test]
    fn a_new_table_serves_4000_writes_and_no_more() {
        let mut writes = new(None, 40_000);
        assert_eq!(load(&mut writes, 4_000, 0..5), 4_000);
        assert_eq!(load(&mut writes, 8_000, 5..8), 4_000);
        assert_eq!(writes.limit(), (LimitKind::KeyRangeThroughput, 4_000));
    }

    #[test]
    fn a_sustained_peak_doubles_what_is_served() {
        let mut writes = new(None, 40_000);
        assert_eq!(load(&mut writes, 4_000, 0..300), 4_000);
        assert_eq!(load(&mut writes, 8_000, 300..600), 8_000);
        assert_eq!(load(&mut writes, 16_000, 600..601), 16_000);
        assert_eq!(load(&mut writes, 20_000, 601..603), 16_000);
    }

    #[test]
    fn a_peak_is_remembered_through_idle_hours() {
        let mut writes = new(None, 40_000);
        load(&mut writes, 4_000, 0..300);
        assert_eq!(load(&mut writes, 8_000, 40_000..40_002), 8_000);
    }

    #[test]
    fn the_quota_is_the_end_of_growth() {
        let mut writes = new(None, 6_000);
        load(&mut writes, 4_000, 0..300);
        assert_eq!(load(&mut writes, 8_000, 300..306), 6_000);
        assert_eq!(writes.limit(), (LimitKind::AccountLimit, 6_000));
    }

    #[test]
    fn a_maximum_holds_from_the_start() {
        let mut writes = new(Some(100), 40_000);
        assert_eq!(load(&mut writes, 400, 0..3), 100);
        assert_eq!(writes.limit(), (LimitKind::MaxOnDemandThroughput, 100));
    }
}
