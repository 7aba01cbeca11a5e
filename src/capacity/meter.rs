//! The limit on one kind of access to one table or index, and the count of what it admitted.

use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::{Mutex, MutexGuard};

use crate::api::{CapacityUnits, LimitKind};
use crate::time::Time;

use super::bucket::TokenBucket;
use super::limits::{BURST_SECONDS, PROVISIONED_INITIAL_SECONDS};
use super::on_demand::OnDemand;

/// Admits reads, or writes, of one table or index and counts the units. On a cache line of its own.
#[derive(Debug)]
#[repr(align(64))]
pub struct Meter(Rule);

#[derive(Debug)]
enum Rule {
    /// Everything is admitted.
    Unlimited {
        consumed_halves: AtomicU64,
    },
    Limited(Mutex<Limited>),
}

/// What a meter is to be limited to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Provisioned capacity.
    Provisioned {
        /// Units per second.
        units_per_second: u64,
        /// What it would serve at once if it were provisioned for it, or on-demand.
        warm_units_per_second: u64,
    },
    /// On-demand throughput.
    OnDemand {
        /// What it serves at least.
        least_units_per_second: u64,
        /// The maximum its owner set.
        maximum_units_per_second: Option<u64>,
        /// The account's quota.
        quota_units_per_second: u64,
    },
}

#[derive(Debug)]
pub(super) struct Limited {
    limiter: Limiter,
    consumed: CapacityUnits,
    /// The most it was ever provisioned for, served or warmed to before its present limit. Partitions are never merged, so
    /// that on-demand throughput serves as much again (facts §2.2).
    reached_units_per_second: u64,
    /// When `next` holds; [`Time::NEVER`] where there is none, so that a look costs one comparison.
    next_from: Time,
    next: Option<Box<Limit>>,
}

#[derive(Debug)]
enum Limiter {
    Provisioned(TokenBucket),
    OnDemand(OnDemand),
}

impl Meter {
    /// Admits everything and counts it.
    pub fn unlimited() -> Self {
        Meter(Rule::Unlimited { consumed_halves: AtomicU64::new(0) })
    }

    /// Admits what a table or index created at `now` with this limit does.
    pub fn new(limit: Limit, now: Time) -> Self {
        match limit {
            Limit::Provisioned { units_per_second, warm_units_per_second } => {
                let bucket = TokenBucket::new(units_per_second, BURST_SECONDS, PROVISIONED_INITIAL_SECONDS, now);
                Meter::limited(Limiter::Provisioned(bucket), warm_units_per_second.max(units_per_second))
            }
            Limit::OnDemand { least_units_per_second, maximum_units_per_second, quota_units_per_second } => {
                Meter::on_demand(OnDemand::new(
                    least_units_per_second,
                    maximum_units_per_second,
                    quota_units_per_second,
                    now,
                ))
            }
        }
    }

    /// Admits what `bucket` of provisioned capacity holds.
    pub fn provisioned(bucket: TokenBucket) -> Self {
        let reached_units_per_second = bucket.rate_units_per_second();
        Meter::limited(Limiter::Provisioned(bucket), reached_units_per_second)
    }

    /// Admits what on-demand throughput serves.
    pub fn on_demand(throughput: OnDemand) -> Self {
        Meter::limited(Limiter::OnDemand(throughput), 0)
    }

    fn limited(limiter: Limiter, reached_units_per_second: u64) -> Self {
        Meter(Rule::Limited(Mutex::new(Limited {
            limiter,
            consumed: CapacityUnits::ZERO,
            reached_units_per_second,
            next_from: Time::NEVER,
            next: None,
        })))
    }

    /// Limits it otherwise from a moment on. What was consumed stays counted, debts stay; a change that was to come later
    /// is forgotten. Where nothing is limited, nothing will be.
    pub fn set_limit(&self, limit: Limit, from: Time) {
        if let Rule::Limited(limited) = &self.0 {
            let mut limited = limited.lock();
            limited.advance(from);
            (limited.next_from, limited.next) = (from, Some(Box::new(limit)));
        }
    }

    /// Units per second it was ever provisioned for, served on demand or warmed to, the present limit included; `None` where
    /// nothing is limited.
    pub fn reached_units_per_second(&self, now: Time) -> Option<u64> {
        match &self.0 {
            Rule::Unlimited { .. } => None,
            Rule::Limited(limited) => {
                let mut limited = limited.lock();
                limited.advance(now);
                Some(limited.reached(now))
            }
        }
    }

    /// Takes `units` if any token is left, otherwise nothing; the error names the limit. No units are always admitted.
    #[inline]
    pub fn admit(&self, now: Time, units: CapacityUnits) -> Result<(), LimitKind> {
        if units.is_zero() {
            return Ok(());
        }
        match &self.0 {
            Rule::Unlimited { .. } => {
                self.count(units);
                Ok(())
            }
            Rule::Limited(limited) => {
                let mut limited = limited.lock();
                limited.check(now)?;
                limited.take(units);
                Ok(())
            }
        }
    }

    /// Whether any request would be admitted now; the error names the limit.
    pub fn check(&self, now: Time) -> Result<(), LimitKind> {
        match &self.0 {
            Rule::Unlimited { .. } => Ok(()),
            Rule::Limited(limited) => limited.lock().check(now),
        }
    }

    /// All units ever admitted.
    pub fn consumed(&self) -> CapacityUnits {
        match &self.0 {
            Rule::Unlimited { consumed_halves } => CapacityUnits::halves(consumed_halves.load(Ordering::Relaxed)),
            Rule::Limited(limited) => limited.lock().consumed,
        }
    }

    /// Counts `units` where nothing is limited.
    pub(super) fn count(&self, units: CapacityUnits) {
        if let Rule::Unlimited { consumed_halves } = &self.0 {
            consumed_halves.fetch_add(units.as_halves(), Ordering::Relaxed);
        }
    }

    /// The limit, locked; `None` where there is none.
    pub(super) fn lock(&self) -> Option<MutexGuard<'_, Limited>> {
        match &self.0 {
            Rule::Unlimited { .. } => None,
            Rule::Limited(limited) => Some(limited.lock()),
        }
    }
}

impl Limited {
    pub(super) fn check(&mut self, now: Time) -> Result<(), LimitKind> {
        self.advance(now);
        let (admitted, limit) = match &mut self.limiter {
            Limiter::Provisioned(bucket) => (bucket.has_tokens(now), LimitKind::ProvisionedThroughput),
            Limiter::OnDemand(throughput) => (throughput.has_tokens(now), throughput.limit().0),
        };
        if admitted { Ok(()) } else { Err(limit) }
    }

    pub(super) fn take(&mut self, units: CapacityUnits) {
        self.consumed += units;
        match &mut self.limiter {
            Limiter::Provisioned(bucket) => bucket.take(units),
            Limiter::OnDemand(throughput) => throughput.take(units),
        }
    }

    /// Makes the change that is due, if one is.
    fn advance(&mut self, now: Time) {
        if now < self.next_from {
            return;
        }
        let from = std::mem::replace(&mut self.next_from, Time::NEVER);
        if let Some(limit) = self.next.take() {
            self.change(*limit, from);
        }
    }

    fn change(&mut self, limit: Limit, from: Time) {
        self.reached_units_per_second = self.reached(from);
        match limit {
            Limit::Provisioned { units_per_second, warm_units_per_second } => {
                let reached = self.reached_units_per_second.max(units_per_second).max(warm_units_per_second);
                self.reached_units_per_second = reached;
                match &mut self.limiter {
                    Limiter::Provisioned(bucket) => bucket.set_rate(units_per_second, BURST_SECONDS, from),
                    Limiter::OnDemand(throughput) => {
                        let mut bucket = throughput.bucket().clone();
                        bucket.restart(units_per_second, BURST_SECONDS, PROVISIONED_INITIAL_SECONDS, from);
                        self.limiter = Limiter::Provisioned(bucket);
                    }
                }
            }
            Limit::OnDemand { least_units_per_second, maximum_units_per_second, quota_units_per_second } => {
                let least = least_units_per_second.max(self.reached_units_per_second);
                match &mut self.limiter {
                    Limiter::OnDemand(throughput) => throughput.set_limits(least, maximum_units_per_second, from),
                    Limiter::Provisioned(bucket) => {
                        self.limiter = Limiter::OnDemand(OnDemand::replacing(
                            bucket,
                            least,
                            maximum_units_per_second,
                            quota_units_per_second,
                            from,
                        ));
                    }
                }
            }
        }
    }

    fn reached(&mut self, now: Time) -> u64 {
        let serves = match &mut self.limiter {
            Limiter::Provisioned(bucket) => bucket.rate_units_per_second(),
            Limiter::OnDemand(throughput) => {
                throughput.grow(now);
                throughput.serves_units_per_second()
            }
        };
        serves.max(self.reached_units_per_second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_admitted_is_what_was_consumed() {
        let meter = Meter::provisioned(TokenBucket::new(10, 300, 1, Time::ZERO));
        let admitted = (0..100).filter(|_| meter.admit(Time::ZERO, CapacityUnits::halves(3)).is_ok()).count();
        assert_eq!(admitted, 7, "six leave a token, the seventh goes into debt");
        assert_eq!(meter.consumed(), CapacityUnits::halves(21));
        assert_eq!(meter.admit(Time::ZERO, CapacityUnits::ZERO), Ok(()), "nothing costs nothing");
    }

    #[test]
    fn threads_together_get_no_more_than_the_bucket_holds() {
        let meter = Meter::provisioned(TokenBucket::new(1_000, 300, 1, Time::ZERO));
        let admitted: usize = std::thread::scope(|scope| {
            let ask = || (0..2_000).filter(|_| meter.admit(Time::ZERO, CapacityUnits::whole(1)).is_ok()).count();
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(ask)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(admitted, 1_000);
        assert_eq!(meter.consumed(), CapacityUnits::whole(1_000));
    }
}
