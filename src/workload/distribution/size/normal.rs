//! The bell curve.

use super::super::InvalidParameter;
use super::super::parameter::{finite, positive};
use super::Continuous;
use crate::random::{Random, middle, standard_cumulative, standard_quantile};

/// The normal distribution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Normal {
    mean: f64,
    deviation: f64,
}

impl Normal {
    /// `mean`, and standard `deviation` in the same unit, both before any bounds.
    ///
    /// # Errors
    /// `mean` must be finite, `deviation` finite and above 0.
    pub fn new(mean: f64, deviation: f64) -> Result<Self, InvalidParameter> {
        Ok(Self { mean: finite("mean", mean)?, deviation: positive("deviation", deviation)? })
    }
}

impl Continuous for Normal {
    #[inline]
    fn sample(&self, random: &mut Random) -> f64 {
        self.mean + self.deviation * standard_quantile(middle(random))
    }

    fn cumulative(&self, x: f64) -> f64 {
        standard_cumulative((x - self.mean) / self.deviation)
    }
}

#[cfg(test)]
mod tests {
    use super::super::SizeDistribution;
    use super::super::bounded::assert_follows;
    use super::*;

    #[test]
    fn draws_follow_the_law() {
        let law = Normal::new(-3.0, 2.5).unwrap();
        assert_follows(&law, |share| -3.0 + 2.5 * standard_quantile(share));
    }

    #[test]
    fn what_lies_outside_the_bounds_counts_at_the_bounds() {
        let sizes = Normal::new(100.0, 50.0).unwrap().within(100, 1000).unwrap();
        // Half of the draws at the bound, the mean of the other half σ·√(2/π) above it.
        let known = 100.0 + 50.0 * (1.0 / (2.0 * std::f64::consts::PI)).sqrt();
        assert!((sizes.mean() - known).abs() < 2e-3, "{} {known}", sizes.mean());
        assert!((sizes.cumulative(100) - 0.504).abs() < 1e-3);
    }

    #[test]
    fn parameters_outside_are_refused() {
        assert_eq!(Normal::new(f64::NAN, 1.0).unwrap_err().parameter, "mean");
        assert_eq!(Normal::new(1.0, 0.0).unwrap_err().parameter, "deviation");
        assert_eq!(Normal::new(1.0, 1.0).unwrap().within(2, 1).unwrap_err().parameter, "min");
    }
}
