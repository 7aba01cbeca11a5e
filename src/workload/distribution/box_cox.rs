//! The Box–Cox pair, (e^(λw) − 1)/λ and its inverse ln(1 + λy)/λ, without cancellation near λ = 0.
//!
//! Power laws meet here: the integral of x^−s is the first at w = ln x and λ = 1 − s, and so exponent
//! 1, where the integral turns into a logarithm, needs no special case. Generalized Pareto and
//! extreme value variates are the first with λ = shape.

/// Below this λ is as good as 0, and dividing by it would lose digits.
const ZERO: f64 = 1e-200;

/// (e^(λw) − 1)/λ, and w at λ = 0.
#[inline]
pub(super) fn expm1_over(lambda: f64, w: f64) -> f64 {
    if lambda.abs() < ZERO { w } else { libm::expm1(lambda * w) / lambda }
}

/// ln(1 + λy)/λ, and y at λ = 0. Where 1 + λy is below 0 it counts as 0.
#[inline]
pub(super) fn log1p_over(lambda: f64, y: f64) -> f64 {
    if lambda.abs() < ZERO { y } else { libm::log1p((lambda * y).max(-1.0)) / lambda }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pair_inverts_for_every_lambda() {
        for lambda in [-4.0, -0.21, -1e-9, -1e-300, 0.0, 1e-300, 1e-17, 1e-6, 0.01, 0.5, 3.0] {
            for w in [-2.0, -1e-9, 0.0, 1e-3, 0.7, 5.0] {
                let back = log1p_over(lambda, expm1_over(lambda, w));
                // With λw = −20 only a few digits of w are left in 1 + λy.
                assert!((back - w).abs() <= 1e-7 * w.abs(), "{lambda} {w} {back}");
            }
        }
    }

    #[test]
    fn it_is_continuous_at_zero() {
        assert!((expm1_over(1e-12, 3.0) - 3.0).abs() < 1e-11);
        assert!((expm1_over(-1e-12, 3.0) - 3.0).abs() < 1e-11);
        assert_eq!(expm1_over(0.0, 3.0), 3.0);
        assert!((expm1_over(1.0, 2.0) - (2.0f64.exp() - 1.0)).abs() < 1e-12);
    }

    #[test]
    fn beyond_the_pole_is_the_pole() {
        assert_eq!(log1p_over(-1.0, 2.0), f64::INFINITY);
        assert_eq!(log1p_over(1.0, -2.0), f64::NEG_INFINITY);
    }
}
