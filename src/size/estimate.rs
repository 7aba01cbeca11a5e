//! A figure that differs from seed to seed, and how sure it is.

use serde::Serialize;

/// Student's t for a 95 % interval with two sides, by degrees of freedom from 1 on (Student 1908; any table of the distribution).
const T_95: [f64; 30] = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
    2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
];
/// The same for more degrees of freedom, a little too large.
const T_95_MANY: f64 = 2.042;

/// The mean over seeds with its 95 % confidence interval; of a single seed the figure itself.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// The upper end of the interval.
    pub high: f64,
}

impl Estimate {
    /// The estimate of a share from its values, one of each seed: the interval stays within 0 and 1.
    pub fn of_shares(values: &[f64]) -> Self {
        let Estimate { mean, low, high } = Self::of(values);
        Estimate { mean, low: low.max(0.0), high: high.min(1.0) }
    }

    /// The estimate from its values, one of each seed.
    pub fn of(values: &[f64]) -> Self {
        let count = values.len();
        if count == 0 {
            return Estimate { mean: 0.0, low: 0.0, high: 0.0 };
        }
        let mean = values.iter().sum::<f64>() / count as f64;
        if count == 1 {
            return Estimate { mean, low: mean, high: mean };
        }
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1) as f64;
        let t = T_95.get(count - 2).copied().unwrap_or(T_95_MANY);
        let half = t * (variance / count as f64).sqrt();
        Estimate { mean, low: mean - half, high: mean + half }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_by_hand() {
        // Mean 3, variance (4 + 1 + 0 + 1 + 4) / 4 = 2.5, standard error 0.7071, t of 4 degrees 2.776: 3 ± 1.963.
        let estimate = Estimate::of(&[1.0, 2.0, 3.0, 4.0, 5.0]);
        assert_eq!(estimate.mean, 3.0);
        assert!((estimate.high - 4.963).abs() < 1e-3 && (estimate.low - 1.037).abs() < 1e-3, "{estimate:?}");
        assert_eq!(Estimate::of(&[7.0]), Estimate { mean: 7.0, low: 7.0, high: 7.0 });
        assert_eq!(Estimate::of_shares(&[0.0, 0.001]).low, 0.0);
    }
}
