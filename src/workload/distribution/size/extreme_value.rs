//! The largest of many: key lengths, as published for Meta's caches.

use super::super::InvalidParameter;
use super::super::box_cox::{expm1_over, log1p_over};
use super::super::parameter::{finite, positive, within};
use super::Continuous;
use crate::random::{Random, middle};

/// The generalized extreme value distribution (Jenkinson 1955).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GeneralizedExtremeValue {
    location: f64,
    scale: f64,
    shape: f64,
}

impl GeneralizedExtremeValue {
    /// `location`: the quantile at 1/e. `scale`: in the same unit. `shape`: 0 is Gumbel's; above 0
    /// Fréchet's, which begins at location − scale/shape; below 0 Weibull's, which ends there.
    ///
    /// # Errors
    /// `location` must be finite, `scale` finite and above 0, `shape` from −10 to 10.
    pub fn new(location: f64, scale: f64, shape: f64) -> Result<Self, InvalidParameter> {
        Ok(Self {
            location: finite("location", location)?,
            scale: positive("scale", scale)?,
            shape: within("shape", shape, -10.0..=10.0)?,
        })
    }
}

impl Continuous for GeneralizedExtremeValue {
    #[inline]
    fn sample(&self, random: &mut Random) -> f64 {
        let gumbel = -libm::log(-libm::log(middle(random)));
        self.location + self.scale * expm1_over(self.shape, gumbel)
    }

    fn cumulative(&self, x: f64) -> f64 {
        let gumbel = log1p_over(self.shape, (x - self.location) / self.scale);
        libm::exp(-libm::exp(-gumbel))
    }
}

#[cfg(test)]
mod tests {
    use super::super::SizeDistribution;
    use super::super::bounded::assert_follows;
    use super::*;

    #[test]
    fn draws_follow_the_law() {
        for shape in [0.078_688, -0.3, 0.0, 1.5] {
            let law = GeneralizedExtremeValue::new(30.7984, 8.20449, shape).unwrap();
            assert_follows(&law, |share: f64| {
                let gumbel = -(-share.ln()).ln();
                let stretched = if shape == 0.0 { gumbel } else { ((shape * gumbel).exp() - 1.0) / shape };
                30.7984 + 8.20449 * stretched
            });
        }
    }

    #[test]
    fn the_mean_is_the_closed_form() {
        // Gumbel: location + γ·scale.
        let sizes = GeneralizedExtremeValue::new(3000.0, 100.0, 0.0).unwrap();
        let known = 3000.0 + 100.0 * 0.577_215_664_901_532_9;
        let mean = sizes.within(0, 1 << 40).unwrap().mean();
        assert!((mean / known - 1.0).abs() < 1e-6, "{mean} {known}");
    }

    #[test]
    fn beyond_its_end_there_is_nothing() {
        let law = GeneralizedExtremeValue::new(30.0, 8.0, 0.5).unwrap();
        assert_eq!(law.cumulative(13.9), 0.0);
        let law = GeneralizedExtremeValue::new(30.0, 8.0, -0.5).unwrap();
        assert_eq!(law.cumulative(46.1), 1.0);
    }

    #[test]
    fn parameters_outside_are_refused() {
        let refused =
            |location, scale, shape| GeneralizedExtremeValue::new(location, scale, shape).unwrap_err().parameter;
        assert_eq!(refused(f64::NAN, 1.0, 0.0), "location");
        assert_eq!(refused(0.0, 0.0, 0.0), "scale");
        assert_eq!(refused(0.0, 1.0, f64::NAN), "shape");
    }
}
