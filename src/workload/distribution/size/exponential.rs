//! Many small, few large, without memory: the gaps between independent arrivals.

use super::super::InvalidParameter;
use super::super::parameter::positive;
use super::Continuous;
use crate::random::Random;

/// The exponential distribution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Exponential {
    mean: f64,
}

impl Exponential {
    /// `mean`, before any bounds.
    ///
    /// # Errors
    /// `mean` must be finite and above 0.
    pub fn new(mean: f64) -> Result<Self, InvalidParameter> {
        Ok(Self { mean: positive("mean", mean)? })
    }
}

impl Continuous for Exponential {
    #[inline]
    fn sample(&self, random: &mut Random) -> f64 {
        -self.mean * libm::log(random.open_unit())
    }

    fn cumulative(&self, x: f64) -> f64 {
        -libm::expm1(-x.max(0.0) / self.mean)
    }
}

#[cfg(test)]
mod tests {
    use super::super::SizeDistribution;
    use super::super::bounded::assert_follows;
    use super::*;

    #[test]
    fn draws_follow_the_law() {
        let law = Exponential::new(16.0).unwrap();
        assert_follows(&law, |share| -16.0 * (1.0 - share).ln());
    }

    #[test]
    fn bounds_and_rounding_move_the_mean() {
        let sizes = |mean: f64, max| Exponential::new(mean).unwrap().within(0, max).unwrap();
        // Cut at its mean: μ(1 − 1/e).
        let known = 10_000.0 * (1.0 - (-1.0f64).exp());
        assert!((sizes(10_000.0, 10_000).mean() / known - 1.0).abs() < 1e-6);
        // Rounded, a mean of 0.3 is Σ e^−((k − ½)/0.3).
        let known = (-0.5f64 / 0.3).exp() / (1.0 - (-1.0f64 / 0.3).exp());
        assert!((sizes(0.3, 1000).mean() / known - 1.0).abs() < 1e-9);
    }

    #[test]
    fn parameters_outside_are_refused() {
        assert_eq!(Exponential::new(0.0).unwrap_err().parameter, "mean");
        assert_eq!(Exponential::new(f64::INFINITY).unwrap_err().parameter, "mean");
    }
}
