//! The state of a run as text: OpenMetrics 1.0, and the text format 0.0.4 of Prometheus for those who do not ask for it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use crate::record::{Buckets, Counts, Tally};
use crate::workload::Workload;

/// Names that do not change during a run.
#[derive(Debug)]
pub(super) struct Names {
    workload: String,
    operations: Vec<String>,
    /// Table and index of every resource, the index empty for the table itself.
    resources: Vec<(String, String)>,
    /// By name of the phase: whether it is a warm-up.
    warm_ups: BTreeMap<String, bool>,
}

/// How far a run is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stage {
    /// Tables are created and loaded.
    Preparing,
    /// In the phase of this name.
    Running(String),
    /// All operations have ended.
    Finished,
}

/// What a scrape is answered with.
#[derive(Debug, Clone)]
pub(super) struct State {
    pub names: Arc<Names>,
    pub stage: Stage,
    /// Items loaded, by table.
    pub loaded: BTreeMap<String, u64>,
    /// Since operations began to be sent.
    pub elapsed: Duration,
    /// Upper limits of the buckets of latencies.
    pub limits: Vec<Duration>,
    pub tally: Tally,
}

/// The labels of one sample.
type Labels<'a> = Vec<(&'static str, &'a str)>;

impl Names {
    pub fn of(workload: &Workload) -> Self {
        let tables = workload.tables.iter().map(|table| &table.create);
        let resources = tables.flat_map(|table| {
            let indexes = table.global_secondary_indexes.iter().map(|index| index.name.to_string());
            std::iter::once(String::new()).chain(indexes).map(|index| (table.name.to_string(), index))
        });
        Names {
            workload: workload.name.clone(),
            operations: workload.operations.iter().map(|operation| operation.name.to_string()).collect(),
            resources: resources.collect(),
            warm_ups: workload.phases.iter().map(|phase| (phase.name.to_string(), phase.warm_up)).collect(),
        }
    }

    fn operation(&self, index: usize) -> &str {
        self.operations.get(index).map_or("", String::as_str)
    }
}

impl State {
    /// Before anything was done.
    pub fn new(names: &Arc<Names>) -> Self {
        State {
            names: Arc::clone(names),
            stage: Stage::Preparing,
            loaded: BTreeMap::new(),
            elapsed: Duration::ZERO,
            limits: Vec::new(),
            tally: Tally::default(),
        }
    }

    /// Items of a table were loaded.
    pub fn load(&mut self, table: &str, items: u64) {
        self.loaded.insert(table.to_owned(), items);
    }
}

/// The state as OpenMetrics 1.0.
pub(super) fn open_metrics(state: &Arc<State>) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Arc::clone(state)));
    let mut text = String::new();
    encode(&mut text, &registry)?;
    Ok(text)
}

/// OpenMetrics as this module writes it in the text format 0.0.4, in which a counter's own name has the `_total` that in
/// OpenMetrics its samples alone have, there is no type `info`, and the end is not marked.
pub(super) fn prometheus_text(open_metrics: &str) -> String {
    let mut suffixes: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
    for line in open_metrics.lines() {
        if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' ')) {
            let form = match kind {
                "counter" => ("_total", "counter"),
                "info" => ("_info", "gauge"),
                kind => ("", kind),
            };
            suffixes.insert(name, form);
        }
    }
    let mut text = String::with_capacity(open_metrics.len());
    for line in open_metrics.lines() {
        let mut words = line.splitn(4, ' ');
        let (sign, word, name, rest) = (words.next(), words.next(), words.next(), words.next().unwrap_or_default());
        let (suffix, kind) = name.and_then(|name| suffixes.get(name)).copied().unwrap_or(("", ""));
        match (sign, word, name) {
            (Some("#"), Some("HELP"), Some(name)) => text.push_str(&format!("# HELP {name}{suffix} {rest}\n")),
            (Some("#"), Some("TYPE"), Some(name)) => text.push_str(&format!("# TYPE {name}{suffix} {kind}\n")),
            (Some("#"), _, _) => {}
            _ => {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    text
}

type Count = fn(&Counts) -> u64;

/// An outcome's label and count.
const OUTCOMES: [(&str, Count); 6] = [
    ("succeeded", |counts| counts.succeeded),
    ("condition_failed", |counts| counts.condition_failed),
    ("throttled", |counts| counts.throttled),
    ("failed", |counts| counts.failed),
    ("timed_out", |counts| counts.timed_out),
    ("unsent", |counts| counts.unsent),
];

impl Collector for State {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        self.run(&mut encoder)?;
        self.operations(&mut encoder)?;
        self.failures(&mut encoder)?;
        self.capacity(&mut encoder)?;
        self.latencies(&mut encoder)
    }
}

impl State {
    fn run(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let labels: Labels<'_> = vec![("version", env!("CARGO_PKG_VERSION")), ("workload", &self.names.workload)];
        let mut info = encoder.encode_descriptor("dyno", "The program and the workload", None, MetricType::Info)?;
        info.encode_info(&labels)?;

        let help = "1 for the phase that is on; its state is preparing, running or finished";
        let warm_up = |phase: &String| self.names.warm_ups.get(phase).copied().unwrap_or_default();
        let labels: Labels<'_> = match &self.stage {
            Stage::Preparing => vec![("state", "preparing"), ("phase", ""), ("warm_up", "false")],
            Stage::Running(phase) => {
                vec![("state", "running"), ("phase", phase), ("warm_up", if warm_up(phase) { "true" } else { "false" })]
            }
            Stage::Finished => vec![("state", "finished"), ("phase", ""), ("warm_up", "false")],
        };
        gauges(encoder, "dyno_phase", help, [(labels, 1)])?;
        let help = "Time since operations began to be sent, in seconds";
        let mut elapsed = encoder.encode_descriptor("dyno_run_elapsed_seconds", help, None, MetricType::Gauge)?;
        elapsed.encode_gauge(&self.elapsed.as_secs_f64())?;
        let loaded = self.loaded.iter().map(|(table, items)| (vec![("table", table.as_str())], *items));
        gauges(encoder, "dyno_loaded_items", "Items loaded before operations were sent", loaded)
    }

    fn operations(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let all =
            || self.tally.operations.iter().enumerate().map(|(at, tally)| (self.names.operation(at), tally.counts));
        let by_operation = |count: fn(&Counts) -> u64| {
            all().map(move |(operation, counts)| (vec![("operation", operation)], count(&counts)))
        };
        counters(
            encoder,
            "dyno_operations_offered",
            "Operations that fell due",
            by_operation(|counts| counts.offered),
        )?;
        let outcomes = all().flat_map(|(operation, counts)| {
            OUTCOMES.map(|(outcome, count)| (vec![("operation", operation), ("outcome", outcome)], count(&counts)))
        });
        counters(encoder, "dyno_operations", "Operations that ended, by what became of them", outcomes)?;
        let help =
            "Operations that fell due and have not ended: in flight, backing off, or waiting for a place in flight";
        gauges(encoder, "dyno_operations_pending", help, by_operation(pending))?;
        let help = "Requests sent, retries and further pages included; counted when their operation ends";
        counters(encoder, "dyno_attempts", help, by_operation(|counts| counts.attempts))?;
        let help = "Requests sent again after a retryable error; counted when their operation ends";
        counters(encoder, "dyno_retries", help, by_operation(|counts| counts.retries))?;
        let help = "Requests that were throttled";
        counters(encoder, "dyno_throttled_attempts", help, by_operation(|counts| counts.throttled_attempts))
    }

    fn failures(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let throttles = self.tally.throttles.iter().map(|throttle| {
            let labels = vec![
                ("operation", self.names.operation(throttle.operation)),
                ("exception", throttle.exception.as_str()),
                ("reason", throttle.reason.as_str()),
                ("resource", throttle.resource.as_str()),
            ];
            (labels, throttle.count)
        });
        let help = "Reasons that throttled requests were given; one request may have several";
        counters(encoder, "dyno_throttling_reasons", help, throttles)?;
        let errors = self.tally.errors.iter().map(|error| {
            let labels = vec![("operation", self.names.operation(error.operation)), ("error", error.name.as_str())];
            (labels, error.count)
        });
        counters(encoder, "dyno_errors", "Requests that failed for another reason than throttling", errors)
    }

    fn capacity(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let all = || self.names.resources.iter().zip(&self.tally.resources);
        let help = "Capacity units consumed";
        let mut family = encoder.encode_descriptor("dyno_consumed_capacity_units", help, None, MetricType::Counter)?;
        for ((table, index), tally) in all() {
            for (access, units) in [("read", tally.consumed.read), ("write", tally.consumed.write)] {
                let labels: Labels<'_> = vec![("table", table), ("index", index), ("access", access)];
                ConstCounter::new(units.as_f64()).encode(family.encode_family(&labels)?)?;
            }
        }
        let refused = all().flat_map(|((table, index), tally)| {
            [("read", tally.throttled_reads), ("write", tally.throttled_writes)].map(|(access, count)| {
                (vec![("table", table.as_str()), ("index", index.as_str()), ("access", access)], count)
            })
        });
        counters(encoder, "dyno_refused_attempts", "Requests refused for lack of this capacity", refused)
    }

    fn latencies(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let all = || self.tally.operations.iter().enumerate();
        let name = |at| vec![("operation", self.names.operation(at))];
        let help = "Time from the intended start to the last answer, of operations that succeeded";
        self.histograms(encoder, "dyno_response_time_seconds", help, all().map(|(at, own)| (name(at), &own.response)))?;
        let help = "Time from the first send to the last answer, of operations that succeeded";
        self.histograms(encoder, "dyno_service_time_seconds", help, all().map(|(at, own)| (name(at), &own.service)))?;
        let help = "Lag of the actual behind the intended start that the load generator itself caused";
        let mut lag = encoder.encode_descriptor("dyno_schedule_lag_seconds", help, None, MetricType::Histogram)?;
        self.histogram(&mut lag, &self.tally.schedule_lag)
    }

    fn histograms<'a>(
        &self,
        encoder: &mut DescriptorEncoder<'_>,
        name: &str,
        help: &str,
        samples: impl Iterator<Item = (Labels<'a>, &'a Buckets)>,
    ) -> fmt::Result {
        let mut family = encoder.encode_descriptor(name, help, None, MetricType::Histogram)?;
        for (labels, buckets) in samples {
            self.histogram(&mut family.encode_family(&labels)?, buckets)?;
        }
        Ok(())
    }

    fn histogram(&self, encoder: &mut MetricEncoder<'_>, buckets: &Buckets) -> fmt::Result {
        let limits = self.limits.iter().map(Duration::as_secs_f64).chain([f64::INFINITY]);
        let counts = buckets.counts.iter().copied().chain(std::iter::repeat(0));
        let all: Vec<(f64, u64)> = limits.zip(counts).collect();
        encoder.encode_histogram::<NoLabelSet>(buckets.sum_seconds, buckets.count(), &all, None)
    }
}

/// Operations that fell due and have not ended.
fn pending(counts: &Counts) -> u64 {
    OUTCOMES.iter().fold(counts.offered, |left, (_, count)| left.saturating_sub(count(counts)))
}

fn counters<'a>(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    samples: impl IntoIterator<Item = (Labels<'a>, u64)>,
) -> fmt::Result {
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
    for (labels, count) in samples {
        ConstCounter::new(count).encode(family.encode_family(&labels)?)?;
    }
    Ok(())
}

fn gauges<'a>(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    samples: impl IntoIterator<Item = (Labels<'a>, u64)>,
) -> fmt::Result {
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for (labels, value) in samples {
        // Gauges of the crate are signed or of fewer bits.
        ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX)).encode(family.encode_family(&labels)?)?;
    }
    Ok(())
}
