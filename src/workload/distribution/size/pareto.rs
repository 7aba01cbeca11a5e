//! What exceeds a threshold: heavy tails.

use super::super::InvalidParameter;
use super::super::box_cox::{expm1_over, log1p_over};
use super::super::parameter::{finite, positive, within};
use super::Continuous;
use crate::random::Random;

/// The generalized Pareto distribution (Pickands 1975).
///
/// Value sizes and gaps in Meta's ETC pool and ZippyDB are published with its parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GeneralizedPareto {
    location: f64,
    scale: f64,
    shape: f64,
}

impl GeneralizedPareto {
    /// `location`: the smallest draw. `scale`: in the same unit. `shape`: 0 is exponential; above 0 the
    /// tail is a power law with exponent 1/shape, and from 1 on there is no mean but for the bounds;
    /// below 0 the draws end at location − scale/shape.
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

impl Continuous for GeneralizedPareto {
    #[inline]
    fn sample(&self, random: &mut Random) -> f64 {
        let exponential = -libm::log(random.open_unit());
        self.location + self.scale * expm1_over(self.shape, exponential)
    }

    fn cumulative(&self, x: f64) -> f64 {
        let excess = ((x - self.location) / self.scale).max(0.0);
        -libm::expm1(-log1p_over(self.shape, excess))
    }
}

#[cfg(test)]
mod tests {
    use super::super::SizeDistribution;
    use super::super::bounded::assert_follows;
    use super::*;

    #[test]
    fn draws_follow_the_law() {
        for shape in [0.348_238, 2.517, -0.4, 0.0, 1e-9] {
            let law = GeneralizedPareto::new(15.0, 214.476, shape).unwrap();
            assert_follows(&law, |share: f64| match shape {
                0.0 | 1e-9 => 15.0 - 214.476 * (1.0 - share).ln(),
                _ => 15.0 + 214.476 * ((1.0 - share).powf(-shape) - 1.0) / shape,
            });
        }
    }

    #[test]
    fn the_mean_is_the_closed_form() {
        // ETC's value sizes above 14 bytes: location + scale/(1 − shape).
        let sizes = GeneralizedPareto::new(15.0, 214.476, 0.348_238).unwrap();
        let sizes = sizes.within(0, 1 << 50).unwrap();
        let known = 15.0 + 214.476 / (1.0 - 0.348_238);
        assert!((sizes.mean() / known - 1.0).abs() < 1e-5, "{} {known}", sizes.mean());
    }

    #[test]
    fn with_a_shape_from_one_on_only_the_bounds_give_a_mean() {
        let sizes = GeneralizedPareto::new(0.0, 100.0, 1.0).unwrap();
        let mean = sizes.within(0, 100_000).unwrap().mean();
        // ∫ 1/(1 + x/100) from 0 to 100,000
        let known = 100.0 * 1001.0f64.ln();
        assert!((mean / known - 1.0).abs() < 1e-5, "{mean} {known}");
    }

    #[test]
    fn parameters_outside_are_refused() {
        let refused = |location, scale, shape| GeneralizedPareto::new(location, scale, shape).unwrap_err().parameter;
        assert_eq!(refused(f64::INFINITY, 1.0, 0.0), "location");
        assert_eq!(refused(0.0, -1.0, 0.0), "scale");
        assert_eq!(refused(0.0, 1.0, 11.0), "shape");
    }
}
