//! What is compared: metrics of a run, their values, and how much of a difference matters.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::record::{Histogram, RunResult};

use super::Interval;
use super::statistics::{mean_and_variance, median};
use super::tally::Tally;

/// One metric of a run.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Metric {
    /// The operation's name, or the table's or index's label for units; none for the run as a whole.
    pub subject: Option<String>,
    /// What is measured of it.
    pub quantity: Quantity,
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// Successful operations per second.
    Throughput,
    /// A percentile of the service time of successes, seconds.
    Service(Latency),
    /// A percentile of the response time of successes, seconds.
    Response(Latency),
    /// Operations failed or timed out, of those offered, 0 to 1.
    Errors,
    /// Operations given up after throttling, of those offered, 0 to 1.
    Throttled,
    /// Throttled attempts of all attempts, 0 to 1: what retries hid is in it.
    ThrottledAttempts,
    /// Read units consumed per successful operation of the whole run.
    ReadUnits,
    /// Write units consumed per successful operation of the whole run.
    WriteUnits,
}

/// The percentiles that are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Latency {
    /// The median.
    P50,
    /// 90 %.
    P90,
    /// 99 %.
    P99,
    /// 99.9 %.
    P999,
}

/// Which way is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Throughput.
    HigherIsBetter,
    /// Everything else.
    LowerIsBetter,
}

/// In what terms a difference is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Relative to the base.
    Relative,
    /// The shares' difference, in percentage points.
    Points,
}

impl Scale {
    /// Ratios beyond this factor, one of nothing above all, count as this one.
    const LARGEST_FACTOR: f64 = 1e6;

    /// The difference of two values in which noise is symmetric: of logarithms for what is relative.
    pub(super) fn difference(self, base: f64, new: f64) -> f64 {
        match self {
            Scale::Points => new - base,
            // Both nothing: no difference.
            Scale::Relative if base == new => 0.0,
            Scale::Relative => {
                let largest = Self::LARGEST_FACTOR.ln();
                (new / base).ln().clamp(-largest, largest)
            }
        }
    }

    /// The value that stands for several: the median; of shares, which are nothing in most runs, the mean.
    pub(super) fn typical(self, values: Vec<f64>) -> f64 {
        match self {
            Scale::Points => mean_and_variance(&values).map_or(0.0, |(mean, _)| mean),
            Scale::Relative => median(values),
        }
    }

    /// Where a value lies on the scale whose differences these are; nothing at all lies far below.
    pub(super) fn coordinate(self, value: f64) -> f64 {
        match self {
            Scale::Points => value,
            Scale::Relative => value.max(1e-12).ln(),
        }
    }

    /// Differences as readers see them: relative ones as 0.1 for 10 % more.
    pub(super) fn present(self, interval: Interval) -> Interval {
        match self {
            Scale::Points => interval,
            Scale::Relative => interval.relative_from_logarithms(),
        }
    }
}

/// The smallest relative difference that matters where nothing else is said: 5 %.
pub const MIN_EFFECT: f64 = 0.05;
/// The same for units per operation, which hardly vary: 1 %.
const MIN_EFFECT_UNITS: f64 = 0.01;
/// The same for shares of operations: a tenth of a percentage point.
const MIN_EFFECT_POINTS: f64 = 0.001;

impl Latency {
    /// Every percentile.
    pub const ALL: [Latency; 4] = [Latency::P50, Latency::P90, Latency::P99, Latency::P999];

    /// Of a hundred.
    pub fn percent(self) -> f64 {
        match self {
            Latency::P50 => 50.0,
            Latency::P90 => 90.0,
            Latency::P99 => 99.0,
            Latency::P999 => 99.9,
        }
    }

    /// `p50` and so on.
    pub fn name(self) -> &'static str {
        match self {
            Latency::P50 => "p50",
            Latency::P90 => "p90",
            Latency::P99 => "p99",
            Latency::P999 => "p99.9",
        }
    }

    /// Whether so many operations make the percentile more than a single value. A median of few is noisy, and the interval says so.
    fn is_known_from(self, count: u64) -> bool {
        match self {
            Latency::P50 => count > 0,
            _ => count as f64 * (100.0 - self.percent()) / 100.0 >= 5.0,
        }
    }
}

impl Quantity {
    /// Which way is better.
    pub fn direction(self) -> Direction {
        match self {
            Quantity::Throughput => Direction::HigherIsBetter,
            _ => Direction::LowerIsBetter,
        }
    }

    /// In what terms its difference is given.
    pub fn scale(self) -> Scale {
        match self {
            Quantity::Errors | Quantity::Throttled | Quantity::ThrottledAttempts => Scale::Points,
            _ => Scale::Relative,
        }
    }

    /// As options and files name it: `throughput`, `service-p99`.
    pub fn name(self) -> String {
        match self {
            Quantity::Throughput => "throughput".to_owned(),
            Quantity::Service(latency) => format!("service-{}", latency.name()),
            Quantity::Response(latency) => format!("response-{}", latency.name()),
            Quantity::Errors => "errors".to_owned(),
            Quantity::Throttled => "throttled".to_owned(),
            Quantity::ThrottledAttempts => "throttled-attempts".to_owned(),
            Quantity::ReadUnits => "read-units".to_owned(),
            Quantity::WriteUnits => "write-units".to_owned(),
        }
    }

    /// In words: `service time p99`.
    pub fn words(self) -> String {
        match self {
            Quantity::Service(latency) => format!("service time {}", latency.name()),
            Quantity::Response(latency) => format!("response time {}", latency.name()),
            Quantity::ThrottledAttempts => "throttled attempts".to_owned(),
            Quantity::ReadUnits => "read units per operation".to_owned(),
            Quantity::WriteUnits => "write units per operation".to_owned(),
            Quantity::Throughput | Quantity::Errors | Quantity::Throttled => self.name(),
        }
    }

    /// The quantities that [`name`](Self::name) names.
    fn all() -> impl Iterator<Item = Quantity> {
        let plain = [
            Quantity::Throughput,
            Quantity::Errors,
            Quantity::Throttled,
            Quantity::ThrottledAttempts,
            Quantity::ReadUnits,
            Quantity::WriteUnits,
        ];
        let latencies = Latency::ALL.into_iter().flat_map(|at| [Quantity::Service(at), Quantity::Response(at)]);
        plain.into_iter().chain(latencies)
    }
}

impl Metric {
    /// As files and logs name it: `throughput`, `read/service-p99`.
    pub fn name(&self) -> String {
        match &self.subject {
            None => self.quantity.name(),
            Some(subject) => format!("{subject}/{}", self.quantity.name()),
        }
    }

    /// In words: `read, service time p99`.
    pub fn words(&self) -> String {
        match &self.subject {
            None => self.quantity.words(),
            Some(subject) => format!("{subject}, {}", self.quantity.words()),
        }
    }

    /// Whether the whole needs an answer on it. Tails differ from run to run for reasons of the machine; throughput of single
    /// operations follows the whole's; response time in a closed loop is service time and the harness.
    pub fn is_primary(&self) -> bool {
        match self.quantity {
            Quantity::Throughput => self.subject.is_none(),
            Quantity::Service(latency) => latency == Latency::P50,
            Quantity::Response(_) | Quantity::ThrottledAttempts => false,
            Quantity::Errors | Quantity::Throttled | Quantity::ReadUnits | Quantity::WriteUnits => true,
        }
    }
}

/// The smallest differences that matter.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MinEffects {
    /// For every metric but those below; the defaults where none is given.
    all: Option<f64>,
    /// For single metrics, by [`Metric::name`] or [`Quantity::name`]; later ones win.
    single: Vec<(String, f64)>,
}

impl MinEffects {
    /// Reads `5%` for throughput and latencies (units keep their 1 %, or less), or `METRIC=5%` (`service-p99=20%`, `read/service-p99=20%`, `errors=0.5%`) for one;
    /// of shares the percentage means points.
    ///
    /// # Errors
    /// What was wrong and what is expected.
    pub fn add(&mut self, text: &str) -> Result<(), String> {
        let (name, effect) = match text.rsplit_once('=') {
            Some((name, effect)) => (Some(name.trim()), effect),
            None => (None, text),
        };
        let expected = || format!("`{text}`: expected a percentage such as 5%, or METRIC=5% such as service-p99=20%");
        let number = effect.trim().strip_suffix('%').ok_or_else(expected)?;
        let effect = number.trim().parse::<f64>().map_err(|_| expected())? / 100.0;
        if !(effect.is_finite() && effect > 0.0 && effect <= 10.0) {
            return Err(format!("`{text}`: expected more than 0% and at most 1000%"));
        }
        match name {
            None => self.all = Some(effect),
            Some(name) => {
                let quantity = name.rsplit_once('/').map_or(name, |(_, quantity)| quantity);
                if !Quantity::all().any(|known| known.name() == quantity) {
                    let known: Vec<String> = Quantity::all().map(Quantity::name).collect();
                    return Err(format!("`{quantity}` is no metric; there are {}", known.join(", ")));
                }
                self.single.push((name.to_owned(), effect));
            }
        }
        Ok(())
    }

    /// The names of single metrics that none of these is.
    pub fn unmatched<'a>(&'a self, metrics: impl Iterator<Item = &'a Metric>) -> Vec<&'a str> {
        let mut names: Vec<&str> = self.single.iter().map(|(name, _)| name.as_str()).collect();
        for metric in metrics {
            names.retain(|name| *name != metric.name() && *name != metric.quantity.name());
        }
        names
    }

    /// The smallest difference of this metric that matters.
    pub fn of(&self, metric: &Metric) -> f64 {
        let named = |name: &str| name == metric.name() || name == metric.quantity.name();
        let single = self.single.iter().rev().find(|(name, _)| named(name));
        if let Some((_, effect)) = single {
            return *effect;
        }
        match metric.quantity {
            Quantity::ReadUnits | Quantity::WriteUnits => {
                self.all.map_or(MIN_EFFECT_UNITS, |all| all.min(MIN_EFFECT_UNITS))
            }
            _ if metric.quantity.scale() == Scale::Points => MIN_EFFECT_POINTS,
            _ => self.all.unwrap_or(MIN_EFFECT),
        }
    }
}

/// A metric's value in one run or one slice of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Measure {
    /// The metric.
    pub metric: Metric,
    /// Its value, in the metric's unit.
    pub value: f64,
}

/// The values of every metric over runs of one workload together, their measured phases without warm-ups; `window`, in seconds
/// since a run's start, takes only the intervals that begin in it.
///
/// Left out: percentiles above the median that fewer than five operations lie beyond, and everything of an operation that was
/// never due.
pub fn measures(runs: &[RunResult], window: Option<&Range<f64>>) -> Vec<Measure> {
    let Some(first) = runs.first() else { return Vec::new() };
    let tally = Tally::of(runs, window);
    let mut measures = Vec::new();
    let mut push = |subject: Option<&str>, quantity, value: f64| {
        measures.push(Measure { metric: Metric { subject: subject.map(str::to_owned), quantity }, value });
    };
    let all = tally.counts();
    let share = |part: u64, of: u64| if of == 0 { 0.0 } else { part as f64 / of as f64 };
    let rate = |count: u64| if tally.seconds > 0.0 { count as f64 / tally.seconds } else { 0.0 };
    if all.offered == 0 {
        return measures;
    }
    push(None, Quantity::Throughput, rate(all.succeeded));
    push(None, Quantity::Errors, share(all.failed + all.timed_out, all.offered));
    push(None, Quantity::Throttled, share(all.throttled, all.offered));
    push(None, Quantity::ThrottledAttempts, share(all.throttled_attempts, all.attempts));
    let several = tally.operations.iter().filter(|operation| operation.counts.offered > 0).count() > 1;
    for (operation, info) in tally.operations.iter().zip(&first.operations) {
        let counts = &operation.counts;
        if counts.offered == 0 {
            continue;
        }
        let name = Some(info.name.as_str());
        if several {
            push(name, Quantity::Throughput, rate(counts.succeeded));
        }
        let Some(latencies) = &operation.latencies else { continue };
        let known = latencies.service.count();
        type Kind = fn(Latency) -> Quantity;
        let kinds: [(&Histogram, Kind); 2] =
            [(&latencies.service, Quantity::Service), (&latencies.response, Quantity::Response)];
        for (histogram, quantity) in kinds {
            let values = histogram.percentiles(Latency::ALL.map(Latency::percent));
            for (at, value) in Latency::ALL.into_iter().zip(values).filter(|(at, _)| at.is_known_from(known)) {
                push(name, quantity(at), value.as_secs_f64());
            }
        }
    }
    if all.succeeded > 0 {
        let per_operation = |units: f64| units / all.succeeded as f64;
        for (resource, consumed) in first.resources.iter().zip(&tally.consumed) {
            let label = resource.label();
            // Also where it is nothing: the other side may consume.
            push(Some(&label), Quantity::ReadUnits, per_operation(consumed.read.as_f64()));
            push(Some(&label), Quantity::WriteUnits, per_operation(consumed.write.as_f64()));
        }
    }
    measures
}

/// The value of a metric among these.
pub(super) fn value_of(measures: &[Measure], metric: &Metric) -> Option<f64> {
    measures.iter().find(|measure| measure.metric == *metric).map(|measure| measure.value)
}
