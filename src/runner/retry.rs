//! Retry policies: what is tried again, when, and for how long a client as a whole may keep trying.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::random::Stream;
use crate::workload::{Client, RetryMode};

/// Tokens of the AWS SDK's retry quota (facts §6.1).
const QUOTA_TOKENS: u32 = 500;
/// The longest back-off (facts §6.1).
const BACK_OFF_MAX: Duration = Duration::from_secs(20);

/// Why an attempt may be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RetryClass {
    /// Throughput was exceeded.
    Throttling,
    /// The service or the network failed for a moment.
    Transient,
    /// No answer came in time.
    TimeOut,
}

/// How a client retries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RetryPolicy {
    max_attempts: u32,
    base_throttling: Duration,
    base_transient: Duration,
    cost_throttling: u32,
    cost_transient: u32,
    cost_time_out: u32,
}

impl RetryPolicy {
    /// The policy a workload's client follows.
    pub fn new(client: &Client) -> Self {
        match client.retries {
            RetryMode::None => RetryPolicy { max_attempts: 1, ..Self::standard(1) },
            RetryMode::Standard => Self::standard(client.max_attempts),
            RetryMode::Standard2026 => Self::standard_2026(client.max_attempts),
        }
    }

    /// The standard mode of the AWS SDK for Rust (facts §6.1).
    const fn standard(max_attempts: u32) -> Self {
        RetryPolicy {
            max_attempts,
            base_throttling: Duration::from_secs(1),
            base_transient: Duration::from_secs(1),
            cost_throttling: 5,
            cost_transient: 5,
            cost_time_out: 10,
        }
    }

    /// The standard mode after the retry specification 2.1 (facts §6.2).
    const fn standard_2026(max_attempts: u32) -> Self {
        RetryPolicy {
            max_attempts,
            base_throttling: Duration::from_secs(1),
            base_transient: Duration::from_millis(25),
            cost_throttling: 5,
            cost_transient: 14,
            cost_time_out: 14,
        }
    }

    /// Whether an operation that made this many attempts may make another.
    pub const fn allows(&self, attempts: u32) -> bool {
        attempts < self.max_attempts
    }

    /// What a retry takes from the quota.
    pub const fn cost(&self, class: RetryClass) -> u32 {
        match class {
            RetryClass::Throttling => self.cost_throttling,
            RetryClass::Transient => self.cost_transient,
            RetryClass::TimeOut => self.cost_time_out,
        }
    }

    /// The wait after the `attempts`-th attempt: full jitter over a base that doubles (facts §6.1).
    pub fn back_off(&self, class: RetryClass, attempts: u32, jitter: f64) -> Duration {
        let base = match class {
            RetryClass::Throttling => self.base_throttling,
            RetryClass::Transient | RetryClass::TimeOut => self.base_transient,
        };
        let doubled = base.saturating_mul(1 << attempts.saturating_sub(1).min(20));
        doubled.min(BACK_OFF_MAX).mul_f64(jitter)
    }
}

/// The tokens that retries of one client share, so that retries stop when nothing succeeds.
#[derive(Debug)]
pub(super) struct RetryQuota {
    tokens: AtomicU32,
}

impl RetryQuota {
    /// A full quota.
    pub const fn new() -> Self {
        RetryQuota { tokens: AtomicU32::new(QUOTA_TOKENS) }
    }

    /// Takes tokens for a retry; false where there are too few.
    pub fn take(&self, cost: u32) -> bool {
        self.tokens.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |tokens| tokens.checked_sub(cost)).is_ok()
    }

    /// Gives tokens back after a success.
    #[inline]
    pub fn give(&self, tokens: u32) {
        // A full quota is the usual case, and is left alone: no write that other workers would wait for.
        if self.tokens.load(Ordering::Relaxed) < QUOTA_TOKENS {
            let _ = self
                .tokens
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |held| Some((held + tokens).min(QUOTA_TOKENS)));
        }
    }
}

/// Draws the jitter of back-offs: a function of operation and attempt, whatever the timing.
#[derive(Debug, Clone)]
pub(super) struct Jitter {
    stream: Stream,
}

impl Jitter {
    pub const fn new(stream: Stream) -> Self {
        Jitter { stream }
    }

    /// A share of the back-off, 0 to 1.
    pub fn draw(&self, phase: usize, index: u64, attempt: u32) -> f64 {
        // Phases and attempts are few, operations many: each triple has a number of its own.
        self.stream.at((phase as u64) << 56 ^ u64::from(attempt) << 48 ^ index).unit()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn back_off_doubles_up_to_its_cap() {
        let policy = RetryPolicy::standard(10);
        let seconds = |attempts| policy.back_off(RetryClass::Throttling, attempts, 1.0).as_secs_f64();
        assert_eq!([1, 2, 3, 4, 5, 6, 30].map(seconds), [1.0, 2.0, 4.0, 8.0, 16.0, 20.0, 20.0]);
        // The unjittered transient waits of the 2.1 specification add up to 175 ms (facts §6.2).
        let policy = RetryPolicy::standard_2026(4);
        let total: Duration =
            [1, 2, 3].map(|attempts| policy.back_off(RetryClass::Transient, attempts, 1.0)).iter().sum();
        assert_eq!(total, Duration::from_millis(175));
    }

    #[test]
    fn the_quota_stops_retries_that_never_succeed() {
        let (policy, quota) = (RetryPolicy::standard(3), RetryQuota::new());
        let retries = (0..1000).filter(|_| quota.take(policy.cost(RetryClass::Throttling))).count();
        assert_eq!(retries, 100);
        quota.give(1);
        assert!(!quota.take(5));
        (0..4).for_each(|_| quota.give(1));
        assert!(quota.take(5));
    }

    #[test]
    fn the_first_attempt_counts() {
        let policy = RetryPolicy::standard(3);
        assert_eq!([1, 2, 3, 4].map(|attempts| policy.allows(attempts)), [true, true, false, false]);
    }
}
