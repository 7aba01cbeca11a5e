//! Sizes that vary by factors rather than by amounts.

use super::super::InvalidParameter;
use super::super::parameter::{positive, within};
use super::Continuous;
use crate::random::{Random, middle, standard_cumulative, standard_quantile};

/// The log-normal distribution: its logarithm is normal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogNormal {
    median: f64,
    log_median: f64,
    sigma: f64,
}

impl LogNormal {
    /// `median`: half of the draws are below. `sigma`: the standard deviation of the natural logarithm;
    /// two thirds of the draws are within a factor of e^sigma of the median. Both before any bounds.
    ///
    /// # Errors
    /// `median` must be finite and above 0, `sigma` from 10^-9 to 20.
    pub fn new(median: f64, sigma: f64) -> Result<Self, InvalidParameter> {
        let median = positive("median", median)?;
        let sigma = within("sigma", sigma, 1e-9..=20.0)?;
        Ok(Self { median, log_median: libm::log(median), sigma })
    }
}

impl Continuous for LogNormal {
    #[inline]
    fn sample(&self, random: &mut Random) -> f64 {
        self.median * libm::exp(self.sigma * standard_quantile(middle(random)))
    }

    fn cumulative(&self, x: f64) -> f64 {
        if x <= 0.0 {
            return 0.0;
        }
        standard_cumulative((libm::log(x) - self.log_median) / self.sigma)
    }
}

#[cfg(test)]
mod tests {
    use super::super::SizeDistribution;
    use super::super::bounded::assert_follows;
    use super::*;

    #[test]
    fn draws_follow_the_law() {
        let law = LogNormal::new(224.0, 1.9).unwrap();
        assert_follows(&law, |share| 224.0 * (1.9 * standard_quantile(share)).exp());
    }

    #[test]
    fn the_mean_is_the_closed_form() {
        let sizes = LogNormal::new(1000.0, 0.5).unwrap().within(0, 1 << 30).unwrap();
        let known = 1000.0 * (0.125f64).exp();
        assert!((sizes.mean() / known - 1.0).abs() < 1e-6, "{} {known}", sizes.mean());
    }

    #[test]
    fn parameters_outside_are_refused() {
        assert_eq!(LogNormal::new(0.0, 1.0).unwrap_err().parameter, "median");
        assert_eq!(LogNormal::new(1.0, -1.0).unwrap_err().parameter, "sigma");
    }
}
