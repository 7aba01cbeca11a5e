//! Recorded runs compared.
//!
//! With several runs of a side, what differs from run to run is known: Student's t over run-level values, on logarithms, with
//! the spread pooled over both sides (Georges, Buytaert and Eeckhout, "Statistically Rigorous Java Performance Evaluation",
//! OOPSLA 2007). With one run a side it is not: slices of time tell the noise within the runs (batch means, as Law and Kelton
//! have them, in pairs because the workload asks the same of both at the same time), and the spread between runs is assumed.

use std::ops::Range;

use crate::record::{Clock, RunResult};

use super::metric::{Measure, Metric, MinEffects, Scale, measures, value_of};
use super::side::{Side, SidePoint};
use super::statistics::{Interval, mean_and_variance, student_t_quantile, superiority};
use super::tally::Tally;
use super::verdict::{judge, judge_whole, more_needed};
use super::{Comparison, Difference, Method, SCHEMA, Verdict, summary};

/// Slices of a run, where it has intervals enough.
const SLICES: usize = 20;
/// Fewer slices than this tell nothing about noise.
const FEWEST_SLICES: usize = 5;

/// Recorded runs of one side.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// What the reader calls it.
    pub label: String,
    /// Path and record of each run; at least one.
    pub runs: Vec<(String, RunResult)>,
}

/// What is asked of a comparison of records.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedRules {
    /// The smallest differences that matter.
    pub min_effects: MinEffects,
    /// The confidence that all intervals together hold the true differences, 0 to 1.
    pub confidence: f64,
    /// The relative standard deviation from run to run that is assumed where it is not known; nothing in virtual time.
    pub between_runs: f64,
}

/// Compares recorded runs; `at` is the time of comparing, RFC 3339 in UTC. `None` where a side has no run or the sides share no
/// metric. Whether they may be compared is another question: [`objections_between`](super::objections_between).
pub fn compare(base: &Recorded, new: &Recorded, rules: &RecordedRules, at: &str) -> Option<Comparison> {
    let ((_, first), (_, other)) = (base.runs.first()?, new.runs.first()?);
    let values = |side: &Recorded| -> Vec<Vec<Measure>> {
        side.runs.iter().map(|(_, run)| measures(std::slice::from_ref(run), None)).collect()
    };
    let (base_values, new_values) = (values(base), values(new));
    let metrics = shared(&base_values, &new_values);
    if metrics.is_empty() {
        return None;
    }
    let alpha = (1.0 - rules.confidence) / metrics.len() as f64;
    let degrees = base.runs.len() + new.runs.len() - 2;
    let (method, differences): (Method, Vec<Difference>) = if degrees > 0 {
        let difference = |metric| between_runs(metric, &base_values, &new_values, rules, alpha);
        (Method::Runs { degrees: degrees as u64 }, metrics.iter().filter_map(difference).collect())
    } else {
        let between_runs = if first.clock == Clock::Virtual { 0.0 } else { rules.between_runs };
        let slices = Slices::of(first, other);
        let whole = (&base_values[0][..], &new_values[0][..]);
        let difference = |metric| slices.difference(metric, whole, between_runs, rules, alpha);
        let method = Method::Slices { slices: slices.base.len() as u64, between_runs };
        (method, metrics.iter().filter_map(difference).collect())
    };
    let verdict = judge_whole(&differences);
    let sides = [base, new].map(side);
    let [base_side, new_side] = sides;
    Some(Comparison {
        schema: SCHEMA.to_owned(),
        dyno_version: env!("CARGO_PKG_VERSION").to_owned(),
        workload: other.name.clone(),
        clock: first.clock,
        compared_at: at.to_owned(),
        summary: summary::summary(verdict, &differences, &new_side.label, "runs of each side"),
        base: base_side,
        new: new_side,
        method,
        confidence: rules.confidence,
        verdict,
        differences,
        warnings: Vec::new(),
    })
}

/// The metrics that both sides have in some run and that are more than nothing in one.
fn shared(base: &[Vec<Measure>], new: &[Vec<Measure>]) -> Vec<Metric> {
    let mut metrics: Vec<Metric> = Vec::new();
    for measure in base.iter().flatten() {
        let values: Vec<f64> = new.iter().filter_map(|run| value_of(run, &measure.metric)).collect();
        let is_something = |value: &f64| *value > 0.0;
        let is_something = measure.metric.quantity.scale() == Scale::Points
            || base.iter().filter_map(|run| value_of(run, &measure.metric)).any(|value| is_something(&value))
            || values.iter().any(is_something);
        if !values.is_empty() && is_something && !metrics.contains(&measure.metric) {
            metrics.push(measure.metric.clone());
        }
    }
    metrics
}

/// A difference with all that follows from its interval. `count` is how many runs of a side it comes from.
fn judged(
    metric: &Metric,
    base: f64,
    new: f64,
    interval: Interval,
    count: usize,
    min_effects: &MinEffects,
) -> Difference {
    let min_effect = min_effects.of(metric);
    let change = metric.quantity.scale().present(interval);
    let verdict = judge(change, min_effect, metric.quantity.direction());
    let is_open = verdict == Verdict::CannotTell && change.low.is_finite() && change.high.is_finite();
    Difference {
        metric: metric.clone(),
        base,
        new,
        change,
        min_effect,
        new_higher: 0.5,
        verdict,
        more: is_open.then(|| more_needed(count, change, min_effect)).flatten(),
        primary: metric.is_primary(),
        first_seen: None,
        first_pairs: Vec::new(),
        pairs: Vec::new(),
    }
}

/// A metric over runs that are several on a side at least.
fn between_runs(
    metric: &Metric,
    base: &[Vec<Measure>],
    new: &[Vec<Measure>],
    rules: &RecordedRules,
    alpha: f64,
) -> Option<Difference> {
    let scale = metric.quantity.scale();
    let values = |runs: &[Vec<Measure>]| -> Vec<f64> { runs.iter().filter_map(|run| value_of(run, metric)).collect() };
    let (base, new) = (values(base), values(new));
    let on_scale = |values: &[f64]| values.iter().map(|value| scale.coordinate(*value)).collect::<Vec<_>>();
    let (base_mean, base_variance) = mean_and_variance(&on_scale(&base))?;
    let (new_mean, new_variance) = mean_and_variance(&on_scale(&new))?;
    let (base_count, new_count) = (base.len() as f64, new.len() as f64);
    let degrees = base_count + new_count - 2.0;
    let half = if degrees < 1.0 {
        f64::INFINITY
    } else {
        let pooled = ((base_count - 1.0) * base_variance + (new_count - 1.0) * new_variance) / degrees;
        match pooled * (1.0 / base_count + 1.0 / new_count) {
            // A few runs without a failure do not show that there are never any.
            0.0 if scale == Scale::Points && base_mean != new_mean => f64::INFINITY,
            0.0 => 0.0,
            variance => student_t_quantile(alpha / 2.0, degrees) * variance.sqrt(),
        }
    };
    let estimate = new_mean - base_mean;
    let interval = Interval { estimate, low: estimate - half, high: estimate + half };
    let all: Vec<(f64, f64)> = base.iter().flat_map(|base| new.iter().map(|new| (*base, *new))).collect();
    let count = base.len().min(new.len());
    let (base, new) = (scale.typical(base), scale.typical(new));
    let difference = judged(metric, base, new, interval, count, &rules.min_effects);
    Some(Difference { new_higher: superiority(&all), ..difference })
}

/// Two runs cut at the same times.
struct Slices {
    base: Vec<Vec<Measure>>,
    new: Vec<Vec<Measure>>,
}

impl Slices {
    fn of(base: &RunResult, new: &RunResult) -> Self {
        let windows = windows(base);
        let cut = |run: &RunResult| {
            let measured = windows.iter().map(|window| measures(std::slice::from_ref(run), Some(window)));
            measured.collect()
        };
        Slices { base: cut(base), new: cut(new) }
    }

    fn difference(
        &self,
        metric: &Metric,
        (base, new): (&[Measure], &[Measure]),
        between_runs: f64,
        rules: &RecordedRules,
        alpha: f64,
    ) -> Option<Difference> {
        let scale = metric.quantity.scale();
        let (base, new) = (value_of(base, metric)?, value_of(new, metric)?);
        let pairs = self.base.iter().zip(&self.new);
        let pairs = pairs.filter_map(|(base, new)| Some((value_of(base, metric)?, value_of(new, metric)?)));
        let pairs: Vec<(f64, f64)> = pairs.collect();
        let differences: Vec<f64> = pairs.iter().map(|(base, new)| scale.difference(*base, *new)).collect();
        let estimate = scale.difference(base, new);
        let half = match mean_and_variance(&differences) {
            _ if pairs.len() < FEWEST_SLICES => f64::INFINITY,
            None => f64::INFINITY,
            Some((_, variance)) => {
                // Shares are proportional, too: of nothing, nothing is assumed.
                let assumed = match scale {
                    Scale::Relative => 2.0 * between_runs.powi(2),
                    Scale::Points => (between_runs * base).powi(2) + (between_runs * new).powi(2),
                };
                match variance / pairs.len() as f64 + assumed {
                    0.0 if scale == Scale::Points && base != new => f64::INFINITY,
                    0.0 => 0.0,
                    variance => student_t_quantile(alpha / 2.0, pairs.len() as f64 - 1.0) * variance.sqrt(),
                }
            }
        };
        let interval = Interval { estimate, low: estimate - half, high: estimate + half };
        let difference = judged(metric, base, new, interval, 1, &rules.min_effects);
        Some(Difference { new_higher: superiority(&pairs), pairs, ..difference })
    }
}

/// The measured time of a run in equal slices, at least two intervals in each.
fn windows(run: &RunResult) -> Vec<Range<f64>> {
    let measured = |phase: usize| run.phases.get(phase).is_some_and(|phase| !phase.warm_up);
    let starts = run.series.points.iter().filter(|point| measured(point.phase)).map(|point| point.start_seconds);
    let starts: Vec<f64> = starts.collect();
    let count = SLICES.min(starts.len() / 2);
    let cut = |index: usize| starts.get(index * starts.len() / count.max(1)).copied().unwrap_or(f64::INFINITY);
    (0..count).map(|slice| cut(slice)..cut(slice + 1)).collect()
}

/// What is kept of recorded runs.
fn side(recorded: &Recorded) -> Side {
    let (_, first) = &recorded.runs[0];
    let mut side = Side::new(&recorded.label, first);
    for (path, run) in &recorded.runs {
        side.add(std::slice::from_ref(run), path);
    }
    if let [(_, run)] = &recorded.runs[..] {
        side.series = series(run);
    }
    side.pack();
    side
}

/// A run over time, all operations together.
fn series(run: &RunResult) -> Vec<SidePoint> {
    let points = run.series.points.iter().map(|point| {
        let window = point.start_seconds..point.end_seconds;
        let seconds = (point.end_seconds - point.start_seconds).max(f64::MIN_POSITIVE);
        let tally = Tally::of_point(run, point);
        let counts = tally.counts();
        let service = tally.service();
        let percentile = |percent| (!service.is_empty()).then(|| service.percentile(percent).as_secs_f64());
        let units = |of: fn(&crate::api::Units) -> f64| tally.consumed.iter().map(of).sum::<f64>() / seconds;
        SidePoint {
            start_seconds: window.start,
            end_seconds: window.end,
            throughput: counts.succeeded as f64 / seconds,
            service_p50: percentile(50.0),
            service_p99: percentile(99.0),
            throttled_share: if counts.offered == 0 { 0.0 } else { counts.throttled as f64 / counts.offered as f64 },
            read_units: units(|units| units.read.as_f64()),
            write_units: units(|units| units.write.as_f64()),
        }
    });
    points.collect()
}
