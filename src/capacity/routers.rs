//! Global admission control: the limit of a table, enforced by tokens handed to request routers for a short time.
//!
//! After ATC'22 §4.3. The table's bucket is filled and debited centrally, by what routers report. A router that has spent its
//! tokens, or kept them too long, is handed a share of what is there and of what accrues while the tokens hold. So the limit is
//! soft: it may be passed by what is handed out ahead, and a change reaches a router when it asks next.

use std::time::Duration;

use crate::api::CapacityUnits;
use crate::time::Time;

use super::bucket::TokenBucket;

/// A router without tokens asks again after this part of the tokens' lifetime.
const ASKS_PER_LIFETIME: u32 = 8;

/// The request routers of one kind of access to one table or index. Requests go to them in turn.
#[derive(Debug, Clone)]
pub(super) struct Routers {
    routers: Box<[Router]>,
    /// Whose turn it is.
    turn: usize,
    lifetime: Duration,
}

/// A router's tokens, in billionths of a unit.
#[derive(Debug, Clone, Default)]
struct Router {
    tokens: i64,
    granted: i64,
    /// When the tokens go back.
    expires: Time,
    /// Before then it does not ask.
    asks_from: Time,
}

impl Routers {
    /// Routers without tokens; none means that the limit holds exactly.
    pub fn new(count: u32, lifetime: Duration) -> Self {
        Routers { routers: vec![Router::default(); count as usize].into(), turn: 0, lifetime }
    }

    /// Whether a request is admitted now, by the router whose turn it is.
    #[inline]
    pub fn has_tokens(&mut self, bucket: &mut TokenBucket, now: Time) -> bool {
        let Some(router) = self.routers.get(self.turn) else { return bucket.has_tokens(now) };
        if router.tokens > 0 && now < router.expires {
            return true;
        }
        if now >= router.asks_from {
            self.ask(bucket, now);
        }
        let router = &mut self.routers[self.turn];
        let admitted = router.tokens > 0 && now < router.expires;
        if !admitted {
            self.pass();
        }
        admitted
    }

    /// Takes `units` from the router that admitted them, into debt where they are not there.
    #[inline]
    pub fn take(&mut self, bucket: &mut TokenBucket, units: CapacityUnits) {
        match self.routers.get_mut(self.turn) {
            None => bucket.take(units),
            Some(router) => router.tokens = router.tokens.saturating_sub(TokenBucket::nanos_of(units)),
        }
    }

    /// The next request goes to the next router.
    #[inline]
    pub fn pass(&mut self) {
        self.turn += 1;
        if self.turn >= self.routers.len() {
            self.turn = 0;
        }
    }

    /// The bucket holds less than before, as when capacity is lowered and its bank with it: so do the routers, or the others
    /// would be handed nothing while some still hold what there is no more.
    pub fn shrink(&mut self, before: i64, after: i64) {
        if after >= before {
            return;
        }
        for router in self.routers.iter_mut().filter(|router| router.tokens > 0) {
            let left = i128::from(router.tokens) * i128::from(after.max(0)) / i128::from(before.max(1));
            let lost = router.tokens - left as i64;
            router.tokens -= lost;
            router.granted -= lost;
        }
    }

    /// What may be handed out ahead at a rate, in billionths of a unit; `None` where there are no routers. A bucket owes no more
    /// when its rate falls: what was lent at the old rate was lent for a moment.
    pub fn most_lent(&self, units_per_second: u64) -> Option<i64> {
        let lent = self.lifetime.as_nanos().saturating_mul(u128::from(units_per_second));
        (!self.routers.is_empty()).then(|| i64::try_from(lent).unwrap_or(i64::MAX))
    }

    /// Tokens of the bucket that are not spent, whoever holds them.
    pub fn tokens(&mut self, bucket: &mut TokenBucket, now: Time) -> CapacityUnits {
        self.report(bucket, now);
        bucket.tokens(now)
    }

    /// All routers report what they spent. It was spent before now: only then is the bucket filled, which may be full soon.
    pub fn report(&mut self, bucket: &mut TokenBucket, now: Time) {
        for router in &mut self.routers {
            bucket.take_nanos(router.granted - router.tokens);
            router.granted = router.tokens;
        }
        bucket.refill(now);
    }

    /// The router whose turn it is asks for tokens and is handed its share. What all of them spent is reported first: were it
    /// seen only when a router's tokens end, a bucket shorter than that would lose what accrues meanwhile.
    #[cold]
    fn ask(&mut self, bucket: &mut TokenBucket, now: Time) {
        let count = self.routers.len() as i64;
        self.report(bucket, now);
        let turn = self.turn;
        let others = self.routers.iter().enumerate().filter(|(at, router)| *at != turn && now < router.expires);
        let outstanding: i64 = others.map(|(_, router)| router.tokens.max(0)).sum();
        let pool = bucket.level_in(self.lifetime);
        let granted = (pool / count).min(pool.saturating_sub(outstanding)).max(0);
        let router = &mut self.routers[turn];
        router.asks_from = now + self.lifetime / ASKS_PER_LIFETIME;
        router.expires = now + self.lifetime;
        (router.tokens, router.granted) = (granted, granted);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_millis(millis: u64) -> Time {
        Time::from_nanos(millis * 1_000_000)
    }

    /// Units admitted of `rate` a second from `from` until `to`, in milliseconds.
    fn load(routers: &mut Routers, bucket: &mut TokenBucket, rate: u64, from: u64, to: u64) -> u64 {
        let mut admitted = 0;
        for request in 0..(to - from) * rate / 1_000 {
            if routers.has_tokens(bucket, at_millis(from + request * 1_000 / rate)) {
                routers.take(bucket, CapacityUnits::whole(1));
                routers.pass();
                admitted += 1;
            }
        }
        admitted
    }

    #[test]
    fn the_limit_holds_over_time_and_may_be_passed_by_what_was_handed_out_ahead() {
        for routers in [1, 4, 16] {
            let mut bucket = TokenBucket::new(100, 300, 0, Time::ZERO);
            let mut routers = Routers::new(routers, Duration::from_secs(2));
            let admitted = load(&mut routers, &mut bucket, 500, 0, 100_000);
            assert!((100 * 100..=100 * 102 + 16).contains(&admitted), "{admitted} by {}", routers.routers.len());
        }
    }

    #[test]
    fn demand_below_the_limit_is_never_refused() {
        let mut bucket = TokenBucket::new(100, 300, 1, Time::ZERO);
        let mut routers = Routers::new(4, Duration::from_secs(2));
        assert_eq!(load(&mut routers, &mut bucket, 90, 0, 600_000), 90 * 600);
    }

    #[test]
    fn a_bucket_shorter_than_the_tokens_hold_loses_nothing() {
        for rate in [3_000, 3_800, 3_999] {
            let mut bucket = TokenBucket::new(4_000, 1, 1, Time::ZERO);
            let mut routers = Routers::new(4, Duration::from_secs(2));
            assert_eq!(load(&mut routers, &mut bucket, rate, 0, 60_000), rate * 60, "{rate}");
        }
    }

    #[test]
    fn a_bank_is_handed_out_whole() {
        let mut bucket = TokenBucket::new(150, 300, 300, Time::ZERO);
        let mut routers = Routers::new(4, Duration::from_secs(2));
        let admitted = load(&mut routers, &mut bucket, 100_000, 0, 1_000);
        assert!((45_000..=45_000 + 3 * 150 + 4).contains(&admitted), "{admitted}");
    }

    #[test]
    fn a_lower_limit_reaches_the_routers_when_their_tokens_end() {
        let mut bucket = TokenBucket::new(1_000, 1, 1, Time::ZERO);
        let mut routers = Routers::new(4, Duration::from_secs(2));
        load(&mut routers, &mut bucket, 900, 0, 9_000);
        routers.report(&mut bucket, at_millis(9_000));
        bucket.set_rate(10, 1, at_millis(9_000));
        let late = load(&mut routers, &mut bucket, 900, 9_000, 12_000);
        assert!((100..=1_900).contains(&late), "{late}");
        load(&mut routers, &mut bucket, 900, 12_000, 300_000);
        let after = load(&mut routers, &mut bucket, 900, 300_000, 310_000);
        assert!((90..=120).contains(&after), "{after}");
    }

    #[test]
    fn a_full_bank_that_shrinks_refuses_nobody() {
        let mut bucket = TokenBucket::new(1_000, 300, 300, Time::ZERO);
        let mut routers = Routers::new(4, Duration::from_secs(2));
        assert_eq!(load(&mut routers, &mut bucket, 500, 0, 10_000), 5_000);
        let before = bucket.level();
        bucket.set_rate(700, 300, at_millis(10_000));
        routers.shrink(before, bucket.level());
        assert_eq!(load(&mut routers, &mut bucket, 500, 10_000, 30_000), 10_000);
    }

    #[test]
    fn without_routers_the_limit_is_exact() {
        let mut bucket = TokenBucket::new(100, 300, 1, Time::ZERO);
        let mut routers = Routers::new(0, Duration::from_secs(2));
        assert_eq!(load(&mut routers, &mut bucket, 1_000, 0, 10_000), 1_100);
    }
}
