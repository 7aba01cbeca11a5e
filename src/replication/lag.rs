//! How long something is behind.

use std::time::Duration;

use crate::random::Random;

/// A lag: short as a rule, now and then long; both exponentially distributed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lag {
    /// The mean as a rule.
    pub usual: Duration,
    /// The share of writes that are late, 0 to 1.
    pub slow_share: f64,
    /// The mean of those.
    pub slow: Duration,
}

impl Lag {
    /// Draws a lag.
    pub fn draw(&self, random: &mut Random) -> Duration {
        let mean = if random.unit() < self.slow_share { self.slow } else { self.usual };
        let nanos = -libm::log(random.open_unit()) * mean.as_nanos() as f64;
        // Within what a Time holds, whatever the mean.
        Duration::from_nanos(nanos.min(1e18) as u64)
    }

    /// The share of lags that are longer.
    pub fn share_above(&self, lag: Duration) -> f64 {
        let above = |mean: Duration| {
            if mean.is_zero() { 0.0 } else { libm::exp(-(lag.as_nanos() as f64) / mean.as_nanos() as f64) }
        };
        self.slow_share * above(self.slow) + (1.0 - self.slow_share) * above(self.usual)
    }
}
