//! A service time fitted to measured latencies.
//!
//! The fit compares shares: at measured percentiles it asks which share the model has below, turns both shares into normal
//! quantiles, and makes their differences small by least squares, with the simplex method of Nelder and Mead (The Computer
//! Journal 7, 1965). A log-normal body alone is tried first; pauses are added where they bring the model closer.

use std::time::Duration;

use thiserror::Error;

use crate::random::{standard_cumulative, standard_quantile};

use super::ServiceTime;

/// Fewer samples say too little about the 99th percentile.
pub const FIT_SAMPLES_MIN: u64 = 1000;
/// The percentiles compared, as shares. Of those above the median each has ten samples or more above it.
const SHARES: [f64; 14] = [0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999];
/// The percentiles a fit is judged by, as shares.
const JUDGED: [f64; 4] = [0.5, 0.9, 0.99, 0.999];
/// Points the body is represented by where pauses are added to it.
const BODY_POINTS: usize = 48;
const STEPS: usize = 600;

/// A service time that fits measurements, and how well it does.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// The service time; its items add nothing, they are in the median.
    pub time: ServiceTime,
    /// Measurements it was fitted to.
    pub samples: u64,
    /// The 50th, 90th, 99th and 99.9th percentile: measured, and as the model has them, the round trip included.
    pub judged: [(Duration, Duration); 4],
}

/// Why nothing was fitted.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FitError {
    /// There are fewer than [`FIT_SAMPLES_MIN`] samples.
    #[error("{0} samples are too few; {FIT_SAMPLES_MIN} say something about the 99th percentile")]
    TooFew(u64),
    /// The round trip is longer than measured latencies.
    #[error(
        "a round trip of {round_trip:?} leaves nothing for the service: a hundredth of the answers came within {fastest:?}"
    )]
    RoundTrip {
        /// The round trip.
        round_trip: Duration,
        /// The first percentile measured.
        fastest: Duration,
    },
}

/// Fits a service time to measured latencies, ascending with their counts, of which a constant round trip is not the service's.
/// `least` is how many samples there have to be, [`FIT_SAMPLES_MIN`] unless a poor fit is better than none.
pub fn fit(measured: &[(Duration, u64)], round_trip: Duration, least: u64) -> Result<Fit, FitError> {
    let samples: u64 = measured.iter().map(|(_, count)| count).sum();
    if samples < least.max(10) {
        return Err(FitError::TooFew(samples));
    }
    let percentile = |share: f64| {
        let rank = (share * samples as f64).ceil().max(1.0) as u64;
        let mut below = 0;
        let reached = measured.iter().find(|(_, count)| {
            below += count;
            below >= rank
        });
        reached.map_or(Duration::ZERO, |(latency, _)| *latency)
    };
    let fastest = percentile(SHARES[0]);
    if fastest <= round_trip {
        return Err(FitError::RoundTrip { round_trip, fastest });
    }
    let enough = |share: &&f64| **share <= 0.5 || (1.0 - **share) * samples as f64 >= 10.0;
    let points = SHARES.iter().filter(enough).map(|share| Point {
        milliseconds: super::milliseconds(percentile(*share).saturating_sub(round_trip)),
        quantile: standard_quantile(*share),
    });
    let points: Vec<Point> = points.collect();
    let shape = best_shape(&points);
    let judged = JUDGED.map(|share| {
        let modelled = round_trip.saturating_add(super::duration(shape.quantile(share)));
        (percentile(share), modelled)
    });
    Ok(Fit { time: shape.service_time(), samples, judged })
}

/// A measured percentile.
#[derive(Debug, Clone, Copy)]
struct Point {
    milliseconds: f64,
    /// The normal quantile of its share.
    quantile: f64,
}

/// The parameters of a [`ServiceTime`], in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Shape {
    median: f64,
    sigma: f64,
    tail_share: f64,
    tail_mean: f64,
}

impl Shape {
    /// The share of draws below.
    fn cumulative(&self, milliseconds: f64) -> f64 {
        if milliseconds <= 0.0 {
            return 0.0;
        }
        let body = standard_cumulative(libm::log(milliseconds / self.median) / self.sigma);
        if self.tail_share == 0.0 {
            return body;
        }
        let point = |number: usize| {
            let share = (number as f64 + 0.5) / BODY_POINTS as f64;
            self.median * libm::exp(self.sigma * standard_quantile(share))
        };
        let below = |left: f64| if left > 0.0 { 1.0 - libm::exp(-left / self.tail_mean) } else { 0.0 };
        let paused = (0..BODY_POINTS).map(|number| below(milliseconds - point(number))).sum::<f64>();
        (1.0 - self.tail_share) * body + self.tail_share * paused / BODY_POINTS as f64
    }

    /// What a share of draws is below, by bisection.
    fn quantile(&self, share: f64) -> f64 {
        let (mut low, mut high) = (0.0, 3_600_000.0);
        for _ in 0..64 {
            let middle = f64::midpoint(low, high);
            if self.cumulative(middle) < share { low = middle } else { high = middle }
        }
        f64::midpoint(low, high)
    }

    /// The sum of squared differences, in normal quantiles.
    fn error(&self, points: &[Point]) -> f64 {
        let difference = |point: &Point| {
            let share = self.cumulative(point.milliseconds).clamp(1e-9, 1.0 - 1e-9);
            let difference = standard_quantile(share) - point.quantile;
            difference * difference
        };
        points.iter().map(difference).sum()
    }

    fn service_time(&self) -> ServiceTime {
        let has_tail = self.tail_share > 0.0;
        ServiceTime {
            median: super::duration(self.median),
            per_item: Duration::ZERO,
            sigma: self.sigma,
            tail_share: self.tail_share,
            tail_mean: if has_tail { super::duration(self.tail_mean) } else { Duration::ZERO },
        }
    }
}

/// The body alone, unless pauses bring the model much closer.
fn best_shape(points: &[Point]) -> Shape {
    let line = straight_line(points);
    let body = |[median, sigma]: [f64; 2]| Shape {
        median: libm::exp(median),
        sigma: libm::exp(sigma),
        tail_share: 0.0,
        tail_mean: 0.0,
    };
    let start = [libm::log(line.median), libm::log(line.sigma)];
    let alone = body(minimum(start, |at| body(at).error(points)));

    let paused = |[median, sigma, share, mean]: [f64; 4]| Shape {
        median: libm::exp(median),
        sigma: libm::exp(sigma),
        tail_share: 1.0 / (1.0 + libm::exp(-share)),
        tail_mean: libm::exp(mean),
    };
    let from = |share: f64, factor: f64| {
        let [median, sigma] = start;
        let start = [median, sigma - 0.5, libm::log(share / (1.0 - share)), median + libm::log(factor)];
        paused(minimum(start, |at| paused(at).error(points)))
    };
    let tries = [(0.05, 1.5), (0.01, 5.0), (0.15, 0.5)].map(|(share, factor)| from(share, factor));
    let with_pauses = tries.into_iter().min_by(|left, right| left.error(points).total_cmp(&right.error(points)));
    match with_pauses {
        // What a log-normal law explains to within a hundredth of a deviation needs no more parameters.
        Some(shape)
            if alone.error(points) > 1e-4 * points.len() as f64 && shape.error(points) < 0.5 * alone.error(points) =>
        {
            shape
        }
        _ => alone,
    }
}

/// Least squares of the logarithms from the median on: a start for the search.
fn straight_line(points: &[Point]) -> Shape {
    let upper: Vec<(f64, f64)> = points
        .iter()
        .filter(|point| point.quantile >= 0.0)
        .map(|point| (point.quantile, libm::log(point.milliseconds.max(1e-6))))
        .collect();
    let count = upper.len().max(1) as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| upper.iter().map(of).sum::<f64>() / count;
    let (mean_x, mean_y) = (mean(|point| point.0), mean(|point| point.1));
    let covariance: f64 = upper.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    let variance: f64 = upper.iter().map(|(x, _)| (x - mean_x) * (x - mean_x)).sum();
    let sigma = if variance > 0.0 { (covariance / variance).max(1e-3) } else { 1e-3 };
    Shape { median: libm::exp(mean_y - sigma * mean_x), sigma, tail_share: 0.0, tail_mean: 0.0 }
}

/// The method of Nelder and Mead.
fn minimum<const N: usize>(start: [f64; N], error: impl Fn([f64; N]) -> f64) -> [f64; N] {
    let mut simplex: Vec<([f64; N], f64)> = (0..=N)
        .map(|number| {
            let mut corner = start;
            if let Some(coordinate) = number.checked_sub(1) {
                corner[coordinate] += 0.3;
            }
            (corner, error(corner))
        })
        .collect();
    for _ in 0..STEPS {
        simplex.sort_by(|left, right| left.1.total_cmp(&right.1));
        let (best, worst) = (simplex[0], simplex[N]);
        let centre: [f64; N] =
            std::array::from_fn(|at| simplex[..N].iter().map(|(corner, _)| corner[at]).sum::<f64>() / N as f64);
        let along = |factor: f64| {
            let corner: [f64; N] = std::array::from_fn(|at| centre[at] + factor * (worst.0[at] - centre[at]));
            (corner, error(corner))
        };
        let reflected = along(-1.0);
        if reflected.1 < best.1 {
            let expanded = along(-2.0);
            simplex[N] = if expanded.1 < reflected.1 { expanded } else { reflected };
        } else if reflected.1 < simplex[N - 1].1 {
            simplex[N] = reflected;
        } else {
            let contracted = along(0.5);
            if contracted.1 < worst.1 {
                simplex[N] = contracted;
            } else {
                for corner in &mut simplex[1..] {
                    let nearer = std::array::from_fn(|at| f64::midpoint(corner.0[at], best.0[at]));
                    *corner = (nearer, error(nearer));
                }
            }
        }
    }
    simplex.sort_by(|left, right| left.1.total_cmp(&right.1));
    simplex[0].0
}

#[cfg(test)]
mod tests {
    use super::super::{Demand, LatencyModel, LatencySettings, NetworkTime, RequestKind};
    use super::*;
    use crate::random::Streams;

    const ROUND_TRIP: Duration = Duration::from_millis(1);

    /// Draws of a known model, as a histogram has them.
    fn drawn(time: ServiceTime, count: u64) -> Vec<(Duration, u64)> {
        let mut settings = LatencySettings::default();
        settings.network = NetworkTime { median: ROUND_TRIP, sigma: 0.0 };
        *settings.service_mut(RequestKind::Get) = time;
        let model = LatencyModel::new(settings, &Streams::new(11));
        let demand = Demand { kind: RequestKind::Get, items: 0, bytes: 0, strong: false };
        let total = |attempt| 2 * model.travel_time(attempt) + model.service_time(attempt, &demand);
        let mut drawn: Vec<_> = (0..count).map(|attempt| (total(attempt), 1)).collect();
        drawn.sort_unstable();
        drawn
    }

    fn assert_near(found: f64, known: f64, tolerance: f64) {
        assert!((found / known - 1.0).abs() < tolerance, "{found} for {known}");
    }

    #[test]
    fn a_known_model_is_found_again() {
        let known = ServiceTime {
            median: Duration::from_millis(4),
            per_item: Duration::ZERO,
            sigma: 0.3,
            tail_share: 0.0,
            tail_mean: Duration::ZERO,
        };
        let found = fit(&drawn(known, 300_000), ROUND_TRIP, FIT_SAMPLES_MIN).unwrap();
        assert_near(found.time.median.as_secs_f64(), 0.004, 0.02);
        assert_near(found.time.sigma, 0.3, 0.02);
        assert_eq!(found.time.tail_share, 0.0);
        for (measured, modelled) in found.judged {
            assert_near(modelled.as_secs_f64(), measured.as_secs_f64(), 0.02);
        }
    }

    #[test]
    fn a_known_model_with_pauses_is_found_again() {
        let known = ServiceTime {
            median: Duration::from_millis(20),
            per_item: Duration::ZERO,
            sigma: 0.2,
            tail_share: 0.06,
            tail_mean: Duration::from_millis(40),
        };
        let found = fit(&drawn(known, 300_000), ROUND_TRIP, FIT_SAMPLES_MIN).unwrap();
        assert_near(found.time.median.as_secs_f64(), 0.020, 0.02);
        assert_near(found.time.sigma, 0.2, 0.02);
        assert_near(found.time.tail_share, 0.06, 0.1);
        assert_near(found.time.tail_mean.as_secs_f64(), 0.040, 0.1);
        for (measured, modelled) in found.judged {
            assert_near(modelled.as_secs_f64(), measured.as_secs_f64(), 0.02);
        }
    }

    #[test]
    fn too_little_is_refused() {
        let known = *LatencySettings::default().service(RequestKind::Get);
        let few = drawn(known, 999);
        assert_eq!(fit(&few, ROUND_TRIP, FIT_SAMPLES_MIN), Err(FitError::TooFew(999)));
        assert!(fit(&few, ROUND_TRIP, 0).is_ok());
        assert!(matches!(fit(&few, Duration::from_secs(1), 0), Err(FitError::RoundTrip { .. })));
        assert_eq!(fit(&[], ROUND_TRIP, 0), Err(FitError::TooFew(0)));
    }

    #[test]
    fn latencies_without_any_spread_are_fitted_too() {
        let found = fit(&[(Duration::from_millis(5), 5000)], ROUND_TRIP, FIT_SAMPLES_MIN).unwrap();
        assert_near(found.time.median.as_secs_f64(), 0.004, 0.02);
    }
}
