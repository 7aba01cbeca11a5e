//! The limit on one kind of access to one table or index, and the count of what it admitted.

use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::{Mutex, MutexGuard};

use crate::api::{CapacityUnits, LimitKind};
use crate::time::Time;

use super::bucket::TokenBucket;
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

#[derive(Debug)]
pub(super) struct Limited {
    limiter: Limiter,
    consumed: CapacityUnits,
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

    /// Admits what `bucket` of provisioned capacity holds.
    pub fn provisioned(bucket: TokenBucket) -> Self {
        Meter::limited(Limiter::Provisioned(bucket))
    }

    /// Admits what on-demand throughput serves.
    pub fn on_demand(throughput: OnDemand) -> Self {
        Meter::limited(Limiter::OnDemand(throughput))
    }

    fn limited(limiter: Limiter) -> Self {
        Meter(Rule::Limited(Mutex::new(Limited { limiter, consumed: CapacityUnits::ZERO })))
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
