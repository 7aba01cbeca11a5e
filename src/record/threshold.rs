//! Thresholds: what must hold of a record, for use in CI.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use thiserror::Error;

use crate::time::{DurationError, parse_duration};

use super::{Counts, Histogram, OperationTotals, OutcomeKind, RunResult, ThresholdResult};

/// A bound on something measured: `p99 of get <= 5ms`, `throttled <= 0.1%`, `achieved >= 99%`, `errors = 0`.
///
/// Warm-up phases do not count.
#[derive(Debug, Clone)]
pub struct Threshold {
    text: String,
    metric: Metric,
    operation: Option<String>,
    comparison: Comparison,
    bound: Bound,
}

/// What is measured.
#[derive(Debug, Clone, Copy)]
enum Metric {
    /// A latency of successes.
    Latency { basis: Basis, statistic: Statistic },
    /// Operations by outcome, as a number or as a share of those offered.
    Operations(fn(&Counts) -> u64),
    /// Throttled requests, as a number or as a share of all requests sent.
    Throttled,
    /// Operations that were sent, as a share of those offered.
    Achieved,
}

/// Since when a latency counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Basis {
    /// The intended start.
    Response,
    /// The actual first send.
    Service,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Statistic {
    Percentile(f64),
    Mean,
    Max,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    AtMost,
    Below,
    AtLeast,
    Above,
    Equal,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Bound {
    Time(Duration),
    Share(f64),
    Number(f64),
}

/// Why a text is not a threshold.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ThresholdError {
    /// No comparison in it.
    #[error("a threshold compares something measured with a bound, such as `p99 of get <= 5ms` or `errors = 0`")]
    Comparison,
    /// Nothing of that name is measured.
    #[error(
        "`{0}` is not measured; thresholds know p50 to p99.99, mean, max (each also as `service p99`), throttled, errors, \
         failed, timed_out, unsent, condition_failed and achieved"
    )]
    Metric(String),
    /// The bound is not a length of time.
    #[error(transparent)]
    Time(#[from] DurationError),
    /// The bound is neither a number nor a percentage.
    #[error("`{0}` is neither a number nor a percentage such as 0.1%")]
    Number(String),
}

impl Threshold {
    /// The operation it is about; all of them where absent.
    pub fn operation(&self) -> Option<&str> {
        self.operation.as_deref()
    }

    /// Whether it is about how long operations take.
    pub const fn is_about_latency(&self) -> bool {
        matches!(self.metric, Metric::Latency { .. })
    }

    /// What was measured, and whether the bound holds. Where nothing was measured it does not hold.
    pub fn evaluate(&self, result: &RunResult) -> ThresholdResult {
        let of_it = |totals: &OperationTotals| {
            self.operation.as_ref().is_none_or(|name| result.operations[totals.operation].name == *name)
        };
        let totals: Vec<_> = result.measured_totals().into_iter().filter(of_it).collect();
        let mut counts = Counts::default();
        totals.iter().for_each(|operation| counts.add(&operation.counts));
        let (measured, holds) = match self.metric {
            Metric::Latency { basis, statistic } => {
                let latency = latency(&totals, basis, statistic);
                let holds = latency
                    .zip(self.bound.time())
                    .is_some_and(|(value, bound)| self.comparison.holds(value.as_secs_f64(), bound.as_secs_f64()));
                (latency.map_or_else(|| "nothing measured".to_owned(), |value| format!("{value:.3?}")), holds)
            }
            Metric::Operations(count) => self.compare(count(&counts), counts.offered),
            Metric::Throttled => self.compare(counts.throttled_attempts, counts.attempts),
            Metric::Achieved => self.compare(counts.offered - counts.unsent, counts.offered),
        };
        ThresholdResult { threshold: self.text.clone(), measured, passed: holds }
    }

    /// Compares a number, or its share of a whole where the bound is a share.
    fn compare(&self, count: u64, whole: u64) -> (String, bool) {
        if whole == 0 {
            return ("nothing measured".to_owned(), false);
        }
        match self.bound {
            Bound::Share(bound) => {
                let share = count as f64 / whole as f64;
                (format!("{:.3}%", share * 100.0), self.comparison.holds(share, bound))
            }
            Bound::Number(bound) => (count.to_string(), self.comparison.holds(count as f64, bound)),
            Bound::Time(_) => ("not a time".to_owned(), false),
        }
    }
}

impl Bound {
    fn time(self) -> Option<Duration> {
        match self {
            Bound::Time(duration) => Some(duration),
            Bound::Share(_) | Bound::Number(_) => None,
        }
    }
}

fn latency(totals: &[OperationTotals], basis: Basis, statistic: Statistic) -> Option<Duration> {
    let mut merged = Histogram::new();
    let successes = totals
        .iter()
        .flat_map(|operation| &operation.latencies)
        .filter(|latencies| latencies.outcome == OutcomeKind::Succeeded);
    for latencies in successes {
        merged.merge(match basis {
            Basis::Response => &latencies.response,
            Basis::Service => &latencies.service,
        });
    }
    (!merged.is_empty()).then(|| match statistic {
        Statistic::Percentile(percent) => merged.percentile(percent),
        Statistic::Mean => merged.mean(),
        Statistic::Max => merged.max(),
    })
}

impl Comparison {
    fn holds(self, measured: f64, bound: f64) -> bool {
        match self {
            Comparison::AtMost => measured <= bound,
            Comparison::Below => measured < bound,
            Comparison::AtLeast => measured >= bound,
            Comparison::Above => measured > bound,
            Comparison::Equal => measured == bound,
        }
    }
}

impl FromStr for Threshold {
    type Err = ThresholdError;

    fn from_str(text: &str) -> Result<Self, ThresholdError> {
        const COMPARISONS: [(&str, Comparison); 7] = [
            ("<=", Comparison::AtMost),
            ("≤", Comparison::AtMost),
            (">=", Comparison::AtLeast),
            ("≥", Comparison::AtLeast),
            ("<", Comparison::Below),
            (">", Comparison::Above),
            ("=", Comparison::Equal),
        ];
        let (left, comparison, right) = COMPARISONS
            .iter()
            .find_map(|(sign, comparison)| {
                let (left, right) = text.rsplit_once(sign)?;
                Some((left.trim(), *comparison, right.trim()))
            })
            .ok_or(ThresholdError::Comparison)?;
        let (metric, operation) = match left.split_once(" of ") {
            Some((metric, operation)) => (metric.trim(), Some(operation.trim().to_owned())),
            None => (left, None),
        };
        let metric = parse_metric(metric).ok_or_else(|| ThresholdError::Metric(metric.to_owned()))?;
        let bound = match metric {
            Metric::Latency { .. } => Bound::Time(parse_duration(right)?),
            _ => parse_number(right).ok_or_else(|| ThresholdError::Number(right.to_owned()))?,
        };
        Ok(Threshold { text: text.trim().to_owned(), metric, operation, comparison, bound })
    }
}

fn parse_metric(text: &str) -> Option<Metric> {
    let (basis, name) = match text.split_once(' ') {
        Some(("service", rest)) => (Basis::Service, rest.trim()),
        Some(("response", rest)) => (Basis::Response, rest.trim()),
        _ => (Basis::Response, text),
    };
    let latency = |statistic| Some(Metric::Latency { basis, statistic });
    match name {
        "mean" => return latency(Statistic::Mean),
        "max" => return latency(Statistic::Max),
        "throttled" => return Some(Metric::Throttled),
        "achieved" => return Some(Metric::Achieved),
        "errors" => return Some(Metric::Operations(|counts| counts.failed + counts.timed_out)),
        "failed" => return Some(Metric::Operations(|counts| counts.failed)),
        "timed_out" => return Some(Metric::Operations(|counts| counts.timed_out)),
        "unsent" => return Some(Metric::Operations(|counts| counts.unsent)),
        "condition_failed" => return Some(Metric::Operations(|counts| counts.condition_failed)),
        _ => {}
    }
    let percent: f64 = name.strip_prefix('p')?.parse().ok()?;
    (0.0..=100.0).contains(&percent).then_some(())?;
    latency(Statistic::Percentile(percent))
}

fn parse_number(text: &str) -> Option<Bound> {
    let (number, is_share) = text.strip_suffix('%').map_or((text, false), |number| (number.trim(), true));
    let value: f64 = number.parse().ok().filter(|value: &f64| value.is_finite())?;
    Some(if is_share { Bound::Share(value / 100.0) } else { Bound::Number(value) })
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_read() {
        for text in [
            "p99 of get <= 5ms",
            "service p99.9 of get note < 20 ms",
            "throttled <= 0.1%",
            "achieved >= 99%",
            "errors = 0",
            "max ≤ 1s",
        ] {
            let threshold: Threshold = text.parse().unwrap();
            assert_eq!(threshold.to_string(), text);
        }
        assert_eq!("p99 of get note <= 5ms".parse::<Threshold>().unwrap().operation(), Some("get note"));
    }

    #[test]
    fn mistakes_are_named() {
        let error = |text: &str| text.parse::<Threshold>().err().unwrap();
        assert_eq!(error("p99 of get"), ThresholdError::Comparison);
        assert_eq!(error("p101 <= 5ms"), ThresholdError::Metric("p101".into()));
        assert_eq!(error("latency <= 5ms"), ThresholdError::Metric("latency".into()));
        assert_eq!(error("p99 <= 5"), ThresholdError::Time(DurationError("5".into())));
        assert_eq!(error("throttled <= few"), ThresholdError::Number("few".into()));
    }
}
