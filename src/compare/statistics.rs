//! Confidence intervals of differences.
//!
//! Pairs: the Hodges-Lehmann estimate with the interval that inverts Wilcoxon's signed-rank test, a permutation test over the
//! signs of the differences: exact for every number of pairs, whatever their distribution, as long as it is symmetric about the
//! difference; a round that the machine spoiled moves it little (Hodges and Lehmann 1963; Hollander, Wolfe and Chicken,
//! Nonparametric Statistical Methods, 3.1 to 3.3).

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

/// An estimate with a confidence interval; the ends are infinite where the data bound nothing.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The best guess.
    pub estimate: f64,
    /// The lower end.
    #[serde(with = "lower")]
    pub low: f64,
    /// The upper end.
    #[serde(with = "upper")]
    pub high: f64,
}

impl Interval {
    /// The interval of ratios from that of their logarithms, less one: relative differences.
    pub fn relative_from_logarithms(self) -> Self {
        Interval { estimate: self.estimate.exp_m1(), low: self.low.exp_m1(), high: self.high.exp_m1() }
    }
}

/// JSON has no infinity: an end that is not there is null.
macro_rules! end_of_interval {
    ($name:ident, $nothing:expr) => {
        mod $name {
            use serde::{Deserialize, Deserializer, Serialize, Serializer};

            pub fn serialize<S: Serializer>(end: &f64, serializer: S) -> Result<S::Ok, S::Error> {
                end.is_finite().then_some(*end).serialize(serializer)
            }

            pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
                Ok(Option::deserialize(deserializer)?.unwrap_or($nothing))
            }
        }
    };
}

end_of_interval!(lower, f64::NEG_INFINITY);
end_of_interval!(upper, f64::INFINITY);

/// The Hodges-Lehmann estimate of the centre of paired differences, with its interval of error `alpha` (two sides together);
/// `None` without differences.
pub fn paired_interval(differences: &[f64], alpha: f64) -> Option<Interval> {
    let mut averages = Vec::with_capacity(differences.len() * (differences.len() + 1) / 2);
    for (index, first) in differences.iter().enumerate() {
        averages.extend(differences[index..].iter().map(|second| f64::midpoint(*first, *second)));
    }
    averages.sort_unstable_by(f64::total_cmp);
    let count = averages.len();
    let middle = count.checked_sub(1)? / 2;
    let estimate = f64::midpoint(averages[middle], averages[count / 2]);
    // The averages below the `outside`th and above its mirror image are what the test rejects.
    let (low, high) = match outside(differences.len(), alpha / 2.0).checked_sub(1) {
        Some(rank) => (averages[rank], averages[count - 1 - rank]),
        None => (f64::NEG_INFINITY, f64::INFINITY),
    };
    Some(Interval { estimate, low, high })
}

/// The median; 0 of nothing.
pub(super) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let Some(last) = values.len().checked_sub(1) else { return 0.0 };
    f64::midpoint(values[last / 2], values[values.len() / 2])
}

/// The mean and the variance of a sample (0 of a single value); `None` of nothing.
pub(super) fn mean_and_variance(values: &[f64]) -> Option<(f64, f64)> {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (!values.is_empty()).then(|| (mean, squares / (count - 1.0).max(1.0)))
}

/// The mean with Student's interval of error `alpha`; unbounded for fewer than `fewest` values, `None` of nothing.
pub(super) fn mean_interval(values: &[f64], alpha: f64, fewest: usize) -> Option<Interval> {
    let (estimate, variance) = mean_and_variance(values)?;
    let count = values.len() as f64;
    let half = match variance {
        _ if values.len() < fewest.max(2) => f64::INFINITY,
        0.0 => 0.0,
        variance => student_t_quantile(alpha / 2.0, count - 1.0) * (variance / count).sqrt(),
    };
    Some(Interval { estimate, low: estimate - half, high: estimate + half })
}

/// The share of pairs whose second value is the higher one, ties counted half.
pub(super) fn superiority(pairs: &[(f64, f64)]) -> f64 {
    let points = pairs.iter().map(|(first, second)| match second.total_cmp(first) {
        Ordering::Greater => 1.0,
        Ordering::Equal => 0.5,
        Ordering::Less => 0.0,
    });
    points.sum::<f64>() / pairs.len().max(1) as f64
}

/// The fewest pairs that can tell anything at this error.
pub(super) fn fewest_pairs(alpha: f64) -> usize {
    // The most extreme of all signs has a chance of 2^-n on each side.
    (1..1_100).find(|pairs| 0.5_f64.powi(*pairs) <= alpha / 2.0).map_or(usize::MAX, |pairs| pairs as usize)
}

/// How many values of the signed-rank statistic, counted from 0, have together at most the chance `tail`.
fn outside(pairs: usize, tail: f64) -> usize {
    let mut below = 0.0;
    let chances = signed_rank_chances(pairs);
    chances
        .iter()
        .take_while(|chance| {
            below += **chance;
            below <= tail
        })
        .count()
}

/// The chances of the values 0, 1, 2, ... of Wilcoxon's signed-rank statistic of so many pairs where there is no difference:
/// every rank counts or does not, with the same chance.
fn signed_rank_chances(pairs: usize) -> Vec<f64> {
    let mut chances = vec![0.0; pairs * (pairs + 1) / 2 + 1];
    chances[0] = 1.0;
    let mut largest = 0;
    for rank in 1..=pairs {
        largest += rank;
        for value in (0..=largest).rev() {
            let with = if value >= rank { chances[value - rank] } else { 0.0 };
            chances[value] = f64::midpoint(chances[value], with);
        }
    }
    chances
}

/// Student's t that is exceeded with the chance `tail` (above 0, at most a half) on one side, for so many degrees of freedom.
pub fn student_t_quantile(tail: f64, degrees: f64) -> f64 {
    // The chance falls as t rises; where it is tiny and degrees are few, t is large.
    let (mut low, mut high) = (0.0, 1.0);
    while student_t_tail(high, degrees) > tail && high < 1e12 {
        high *= 2.0;
    }
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if student_t_tail(middle, degrees) > tail {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// The share `count` of `of` with its exact 95 % interval (Clopper and Pearson 1934).
pub(super) fn share_interval(count: u64, of: u64) -> Interval {
    let (hits, misses) = (count as f64, of.saturating_sub(count) as f64);
    // The share at which so many or more, so few or fewer, have a chance of 2.5 %.
    let solve = |is_below: &dyn Fn(f64) -> bool| {
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..100 {
            let middle = f64::midpoint(low, high);
            if is_below(middle) { low = middle } else { high = middle }
        }
        high
    };
    let low = if count == 0 { 0.0 } else { solve(&|p| regularized_incomplete_beta(p, hits, misses + 1.0) < 0.025) };
    let high = if misses == 0.0 { 1.0 } else { solve(&|p| regularized_incomplete_beta(p, hits + 1.0, misses) < 0.975) };
    Interval { estimate: hits / (of.max(1) as f64), low, high }
}

/// The chance that Student's t exceeds `t` (at least 0): half of the regularized incomplete beta function at
/// degrees / (degrees + t²) (Abramowitz and Stegun 26.7.1).
fn student_t_tail(t: f64, degrees: f64) -> f64 {
    regularized_incomplete_beta(degrees / (degrees + t * t), degrees / 2.0, 0.5) / 2.0
}

/// I_x(a, b) by its continued fraction (Abramowitz and Stegun 26.5.8), evaluated by Lentz's method.
fn regularized_incomplete_beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    // The fraction converges quickly below the mean only.
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - regularized_incomplete_beta(1.0 - x, b, a);
    }
    let logarithm = a * x.ln() + b * (-x).ln_1p() + libm::lgamma(a + b) - libm::lgamma(a) - libm::lgamma(b);
    let away_from_zero = |value: f64| if value.abs() < 1e-300 { 1e-300 } else { value };
    let (mut fraction, mut c, mut d) = (1.0, 1.0, 0.0);
    for step in 0..500 {
        let m = f64::from(step / 2);
        let numerator = match step {
            0 => 1.0,
            _ if step % 2 == 0 => m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m)),
            _ => -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0)),
        };
        d = 1.0 / away_from_zero(1.0 + numerator * d);
        c = away_from_zero(1.0 + numerator / c);
        fraction *= c * d;
        if (c * d - 1.0).abs() < 1e-15 {
            break;
        }
    }
    logarithm.exp() * (fraction - 1.0) / a
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn student_t_as_tabulated() {
        // Tail, degrees, t: any table of the distribution.
        let table = [
            (0.025, 1.0, 12.706),
            (0.025, 10.0, 2.228),
            (0.005, 4.0, 4.604),
            (0.0005, 30.0, 3.646),
            (0.05, 120.0, 1.658),
            (0.25, 2.0, 0.816),
        ];
        for (tail, degrees, t) in table {
            let found = student_t_quantile(tail, degrees);
            assert!((found - t).abs() < 6e-4, "t of {tail} with {degrees} degrees: {found}, not {t}");
        }
    }

    #[test]
    fn shares_as_tabulated() {
        // 0 of n: the upper end is 1 - 0.025^(1/n); 8 of 10: 44.39 % to 97.48 % (any table of Clopper-Pearson intervals).
        let none = share_interval(0, 200);
        assert_eq!((none.estimate, none.low), (0.0, 0.0));
        assert!((none.high - (1.0 - 0.025_f64.powf(1.0 / 200.0))).abs() < 1e-9, "{none:?}");
        let eight = share_interval(8, 10);
        assert!((eight.low - 0.4439).abs() < 1e-4 && (eight.high - 0.9748).abs() < 1e-4, "{eight:?}");
        assert_eq!(share_interval(5, 5).high, 1.0);
    }

    #[test]
    fn signed_ranks_as_tabulated() {
        // Wilcoxon's critical values (largest rejected value, two sides together), as in any table: n = 10 at 5 %: 8, at 1 %: 3;
        // n = 20 at 5 %: 52, at 1 %: 37; n = 6 at 5 %: 0; n = 5 at 5 %: none.
        for (pairs, alpha, critical) in [
            (10, 0.05, Some(8)),
            (10, 0.01, Some(3)),
            (20, 0.05, Some(52)),
            (20, 0.01, Some(37)),
            (6, 0.05, Some(0)),
            (5, 0.05, None),
        ] {
            assert_eq!(outside(pairs, alpha / 2.0).checked_sub(1), critical, "{pairs} pairs at {alpha}");
        }
        assert_eq!((fewest_pairs(0.05), fewest_pairs(0.01)), (6, 8));
    }

    #[test]
    #[expect(clippy::approx_constant, reason = "a patient's score, not pi")]
    fn an_interval_of_pairs_by_hand() {
        // Hamilton's depression scale, nine patients before and after (Hollander and Wolfe, table 3.1): the estimate is -0.46 and
        // the interval of 96 % is -0.786 to -0.010.
        let before = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30];
        let after = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29];
        let differences: Vec<f64> = after.iter().zip(before).map(|(after, before)| after - before).collect();
        let interval = paired_interval(&differences, 0.04).unwrap();
        assert!((interval.estimate + 0.46).abs() < 1e-3, "{interval:?}");
        assert!((interval.low + 0.786).abs() < 1e-3 && (interval.high + 0.010).abs() < 1e-3, "{interval:?}");
    }

    #[test]
    fn few_pairs_bound_nothing() {
        let interval = paired_interval(&[0.1, 0.2, 0.15], 0.05).unwrap();
        assert_eq!((interval.low, interval.high), (f64::NEG_INFINITY, f64::INFINITY));
        assert!(paired_interval(&[], 0.05).is_none());
        let text = serde_json::to_string(&interval).unwrap();
        assert_eq!(serde_json::from_str::<Interval>(&text).unwrap(), interval, "{text}");
    }
}
