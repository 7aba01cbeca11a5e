//! What limits one kind of access to a whole table or index, and the count of what it admitted.

use std::time::Duration;

use crate::api::{AutoScaling, CapacityUnits, LimitKind};
use crate::time::Time;

use super::bucket::TokenBucket;
use super::limits::PROVISIONED_INITIAL_SECONDS;
use super::model::CapacityModel;
use super::observation::AccessView;
use super::on_demand::OnDemand;
use super::routers::Routers;
use super::scaling::Scaler;

/// Billionths, in which buckets count.
const NANOS_PER_UNIT: f64 = 1e9;

/// What one kind of access is to be limited to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Limit {
    /// Provisioned capacity.
    Provisioned {
        units_per_second: u64,
        /// What it would serve at once if it were provisioned for it, or on-demand.
        warm_units_per_second: u64,
        auto_scaling: Option<AutoScaling>,
    },
    /// On-demand throughput.
    OnDemand {
        /// What it serves at least.
        least_units_per_second: u64,
        /// The maximum its owner set.
        maximum_units_per_second: Option<u64>,
    },
}

/// Reads, or writes, of a whole table or index.
#[derive(Debug, Clone)]
pub(super) struct AccessLimit {
    limiter: Limiter,
    routers: Routers,
    pub consumed: CapacityUnits,
    pub throttled: u64,
    /// The most it was ever provisioned for, served or warmed to before its present limit. Partitions are never merged, so
    /// that on-demand throughput serves as much again (facts §2.2).
    reached_units_per_second: u64,
    /// When `next` holds; [`Time::NEVER`] where there is none.
    pub next_from: Time,
    next: Option<Box<Limit>>,
    pub scaler: Option<Box<Scaler>>,
}

#[derive(Debug, Clone)]
enum Limiter {
    Provisioned(TokenBucket),
    OnDemand(OnDemand),
}

impl Limiter {
    /// The tokens of the table or index as a whole.
    #[inline]
    const fn bucket_mut(&mut self) -> &mut TokenBucket {
        match self {
            Limiter::Provisioned(bucket) => bucket,
            Limiter::OnDemand(throughput) => throughput.bucket_mut(),
        }
    }
}

impl AccessLimit {
    /// The limit of a table or index created at `now`.
    pub fn new(limit: Limit, model: &CapacityModel, now: Time) -> Self {
        let (limiter, reached, scaling) = match limit {
            Limit::Provisioned { units_per_second, warm_units_per_second, auto_scaling } => {
                let bucket = TokenBucket::new(units_per_second, model.burst_seconds, PROVISIONED_INITIAL_SECONDS, now);
                (Limiter::Provisioned(bucket), warm_units_per_second.max(units_per_second), auto_scaling)
            }
            Limit::OnDemand { least_units_per_second, maximum_units_per_second } => {
                let on_demand = OnDemand::new(least_units_per_second, maximum_units_per_second, model, now);
                (Limiter::OnDemand(on_demand), 0, None)
            }
        };
        AccessLimit {
            limiter,
            routers: Routers::new(model.routers, model.token_lifetime),
            consumed: CapacityUnits::ZERO,
            throttled: 0,
            reached_units_per_second: reached,
            next_from: Time::NEVER,
            next: None,
            scaler: scaling.map(|policy| Box::new(Scaler::new(policy, CapacityUnits::ZERO, now))),
        }
    }

    /// Limits it otherwise from a moment on; a change that was to come later is forgotten.
    pub fn set_next(&mut self, limit: Limit, from: Time) {
        (self.next_from, self.next) = (from, Some(Box::new(limit)));
    }

    /// Whether a request is admitted now; the error names the limit.
    #[inline]
    pub fn check(&mut self, now: Time) -> Result<(), LimitKind> {
        if self.routers.has_tokens(self.limiter.bucket_mut(), now) {
            return Ok(());
        }
        self.throttled += 1;
        Err(self.limit_kind())
    }

    /// Takes `units`, into debt where they are not there.
    #[inline]
    pub fn take(&mut self, units: CapacityUnits) {
        self.consumed += units;
        if let Limiter::OnDemand(throughput) = &mut self.limiter {
            throughput.count(units);
        }
        self.routers.take(self.limiter.bucket_mut(), units);
    }

    /// Units at hand from `from` on, with what accrues for `ahead`; tokens of routers count as not handed out.
    pub fn room(&mut self, from: Time, ahead: Duration) -> f64 {
        let bucket = self.limiter.bucket_mut();
        bucket.refill(from);
        bucket.level_in(ahead) as f64 / NANOS_PER_UNIT
    }

    /// What was admitted evenly until `until`: billionths of a unit of the bucket, and units that are whole by now.
    pub fn flow(&mut self, until: Time, nanos: i64, units: CapacityUnits) {
        self.consumed += units;
        if let Limiter::OnDemand(throughput) = &mut self.limiter {
            throughput.count(units);
        }
        self.limiter.bucket_mut().flow(until, nanos);
    }

    /// The limit that refuses where the table or index as a whole does.
    pub fn limit_kind(&self) -> LimitKind {
        match &self.limiter {
            Limiter::Provisioned(_) => LimitKind::ProvisionedThroughput,
            Limiter::OnDemand(throughput) => throughput.limit().0,
        }
    }

    /// Counts `units` that partitions limit, each by its own share, and nothing else.
    #[inline]
    pub fn count(&mut self, units: CapacityUnits) {
        self.consumed += units;
    }

    /// One request is over: the next goes to the next router.
    #[inline]
    pub fn pass(&mut self) {
        self.routers.pass();
    }

    /// Whether its capacity is on-demand.
    pub const fn is_on_demand(&self) -> bool {
        matches!(self.limiter, Limiter::OnDemand(_))
    }

    /// Units per second it is provisioned for, or serves on demand if nobody set a limit.
    pub const fn serves_units_per_second(&self) -> u64 {
        match &self.limiter {
            Limiter::Provisioned(bucket) => bucket.rate_units_per_second(),
            Limiter::OnDemand(throughput) => throughput.serves_units_per_second(),
        }
    }

    /// Units per second it was ever provisioned for, served on demand or warmed to, the present limit included.
    pub fn reached_units_per_second(&self) -> u64 {
        self.serves_units_per_second().max(self.reached_units_per_second)
    }

    /// When a window of on-demand throughput ends; [`Time::NEVER`] where there is none.
    pub fn window_end(&self) -> Time {
        match &self.limiter {
            Limiter::Provisioned(_) => Time::NEVER,
            Limiter::OnDemand(throughput) => throughput.window_end(),
        }
    }

    /// Ends the windows of on-demand throughput that are over.
    pub fn grow(&mut self, now: Time) {
        if let Limiter::OnDemand(throughput) = &mut self.limiter {
            throughput.grow(now);
        }
    }

    /// Makes the change that is due, if one is.
    pub fn change_if_due(&mut self, now: Time, model: &CapacityModel) {
        if now < self.next_from {
            return;
        }
        let from = std::mem::replace(&mut self.next_from, Time::NEVER);
        if let Some(limit) = self.next.take() {
            self.with_routers_told(from, |limits| limits.change(*limit, model, from));
        }
    }

    /// Makes a change, and takes from the routers what the bucket loses by it.
    fn with_routers_told(&mut self, now: Time, change: impl FnOnce(&mut Self)) {
        let before = self.level(now);
        change(self);
        let after = self.level(now);
        self.routers.shrink(before, after);
        let rate = self.limiter.bucket_mut().rate_units_per_second();
        if let Some(lent) = self.routers.most_lent(rate) {
            self.limiter.bucket_mut().forgive_beyond(lent);
        }
    }

    /// What the bucket holds once the routers have reported.
    fn level(&mut self, now: Time) -> i64 {
        let bucket = self.limiter.bucket_mut();
        self.routers.report(bucket, now);
        bucket.level()
    }

    /// Sets provisioned capacity, as auto scaling does.
    pub fn provision(&mut self, units_per_second: u64, model: &CapacityModel, now: Time) {
        self.with_routers_told(now, |limits| {
            limits.reached_units_per_second = limits.reached_units_per_second();
            if let Limiter::Provisioned(bucket) = &mut limits.limiter {
                bucket.set_rate(units_per_second, model.burst_seconds, now);
            }
        });
    }

    /// What can be seen of it.
    pub fn view(&mut self, now: Time) -> AccessView {
        let limit_units_per_second = match &self.limiter {
            Limiter::Provisioned(bucket) => bucket.rate_units_per_second(),
            Limiter::OnDemand(throughput) => throughput.limit().1,
        };
        let bucket = self.limiter.bucket_mut();
        AccessView {
            consumed: self.consumed,
            limit_units_per_second: Some(limit_units_per_second),
            tokens: self.routers.tokens(bucket, now),
            tokens_max: bucket.depth(),
            throttled: self.throttled,
        }
    }

    fn change(&mut self, limit: Limit, model: &CapacityModel, from: Time) {
        self.reached_units_per_second = self.reached_units_per_second();
        match limit {
            Limit::Provisioned { units_per_second, warm_units_per_second, auto_scaling } => {
                let reached = self.reached_units_per_second.max(units_per_second).max(warm_units_per_second);
                self.reached_units_per_second = reached;
                match &mut self.limiter {
                    Limiter::Provisioned(bucket) => bucket.set_rate(units_per_second, model.burst_seconds, from),
                    Limiter::OnDemand(throughput) => {
                        let mut bucket = throughput.bucket_mut().clone();
                        bucket.restart(units_per_second, model.burst_seconds, PROVISIONED_INITIAL_SECONDS, from);
                        self.limiter = Limiter::Provisioned(bucket);
                    }
                }
                self.scaler = auto_scaling.map(|policy| Box::new(Scaler::new(policy, self.consumed, from)));
            }
            Limit::OnDemand { least_units_per_second, maximum_units_per_second } => {
                let least = least_units_per_second.max(self.reached_units_per_second);
                match &mut self.limiter {
                    Limiter::OnDemand(throughput) => throughput.set_limits(least, maximum_units_per_second, from),
                    Limiter::Provisioned(bucket) => {
                        let replacing = OnDemand::replacing(bucket, least, maximum_units_per_second, model, from);
                        self.limiter = Limiter::OnDemand(replacing);
                    }
                }
                self.scaler = None;
            }
        }
    }
}
