//! `result.json`: everything a run recorded, in a versioned schema.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::api::{Operation, ReadWrite, Units};

use super::{EngineRecord, Histogram};

/// The schema of the file. The number rises when a reader of the old form would misread the new one.
pub const SCHEMA: &str = "dynamometer.result/1";

/// Why a result file could not be read or written.
#[derive(Debug, Error)]
pub enum ResultError {
    /// The file system refused.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Not a result file.
    #[error("{path}: not a result of dyno: {source}")]
    Format {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
    /// A result file of another schema.
    #[error("{path}: its schema is `{found}`; this dyno reads `{SCHEMA}`")]
    Schema {
        /// The file.
        path: PathBuf,
        /// The schema it names.
        found: String,
    },
}

/// The record of one run. Times are seconds since the run's start; every index points into a list of this record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunResult {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// The version of dyno that made the record.
    pub dyno_version: String,
    /// The workload's name.
    pub name: String,
    /// The workload's description; empty where it has none.
    pub description: String,
    /// The workload verbatim.
    pub workload: WorkloadSource,
    /// The seed of every random stream.
    pub seed: u64,
    /// Whether time was real or simulated.
    pub clock: Clock,
    /// When the run started, RFC 3339 in UTC.
    pub started_at: String,
    /// What served the operations.
    pub target: TargetInfo,
    /// The machine that generated the load.
    pub environment: Environment,
    /// How the run ended.
    pub ended: Ending,
    /// From the first intended start to the last answer, loading excluded.
    pub duration_seconds: f64,
    /// The tables loaded before measuring.
    pub loaded: Vec<TableLoad>,
    /// The phases, in order.
    pub phases: Vec<PhaseInfo>,
    /// The operations of the mix, in the workload's order.
    pub operations: Vec<OperationInfo>,
    /// Tables and global secondary indexes with capacity of their own; local secondary indexes follow their table.
    pub resources: Vec<ResourceInfo>,
    /// One entry per phase and operation.
    pub totals: Vec<OperationTotals>,
    /// The run over time.
    pub series: Series,
    /// Throttled attempts by operation, exception and reason.
    pub throttles: Vec<ThrottleCount>,
    /// Failed attempts by operation and error.
    pub errors: Vec<ErrorCount>,
    /// What the engine's capacity did over time, where the engine served in process; absent in older files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<EngineRecord>,
    /// How well the generator itself kept up.
    pub harness: Harness,
    /// The workload's thresholds and what was measured against them.
    pub thresholds: Vec<ThresholdResult>,
    /// What a reader must know before trusting the numbers.
    pub warnings: Vec<String>,
}

/// The workload file a run was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkloadSource {
    /// The path as it was given.
    pub path: String,
    /// The whole text.
    pub text: String,
}

/// Real or virtual time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Clock {
    /// The run took place.
    Real,
    /// The run was simulated.
    Virtual,
}

/// What served the operations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetInfo {
    /// `engine`, `aws` or `http`.
    pub kind: String,
    /// The endpoint's URL, or the region, or a description of the bundled engine.
    pub endpoint: String,
    /// Further settings that bear on the numbers, as name and value.
    pub settings: Vec<(String, String)>,
}

/// The machine that generated the load.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// Operating system and kernel.
    pub os: String,
    /// Processor model.
    pub cpu: String,
    /// Processors available to the process.
    pub cores: usize,
    /// Memory of the machine.
    pub memory_bytes: u64,
    /// The command line.
    pub command: Vec<String>,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "how", content = "why")]
pub enum Ending {
    /// All phases ran to their end.
    Completed,
    /// Stopped early from outside.
    Interrupted,
    /// Stopped by a failure.
    Aborted(String),
}

/// A table loaded before measuring.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TableLoad {
    /// The table.
    pub table: String,
    /// Items written.
    pub items: u64,
    /// Their sizes added up, by DynamoDB's rule.
    pub bytes: u64,
    /// How long it took.
    pub seconds: f64,
}

/// A phase as it was planned and run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PhaseInfo {
    /// The phase's name.
    pub name: String,
    /// Whether it is a warm-up, measured apart and left out of summaries and thresholds.
    pub warm_up: bool,
    /// Whether arrivals follow a target rate; otherwise a fixed number of operations is in flight.
    pub open_loop: bool,
    /// Start.
    pub start_seconds: f64,
    /// End; earlier than planned where the run was cut short.
    pub end_seconds: f64,
    /// A few words such as "constant 500/s" or "ramp 100/s to 2,000/s".
    pub summary: String,
}

/// An operation of the mix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperationInfo {
    /// The workload's name for it.
    pub name: String,
    /// The API operation.
    pub operation: Operation,
}

/// A table or global secondary index with capacity of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResourceInfo {
    /// The table.
    pub table: String,
    /// The global secondary index; absent for the table itself.
    pub index: Option<String>,
    /// Its limit at the start.
    pub limit: CapacityLimit,
}

impl ResourceInfo {
    /// `table` or `table / index`.
    pub fn label(&self) -> String {
        match &self.index {
            None => self.table.clone(),
            Some(index) => format!("{} / {index}", self.table),
        }
    }
}

/// What limits a table or index.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CapacityLimit {
    /// Provisioned capacity units per second.
    Provisioned(ProvisionedUnits),
    /// On-demand.
    OnDemand,
    /// Limits were off or unknown.
    Unknown,
}

/// Provisioned capacity, units per second.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ProvisionedUnits {
    /// RCU.
    pub read: f64,
    /// WCU.
    pub write: f64,
}

/// Operations counted by what became of them.
///
/// `offered = succeeded + condition_failed + throttled + failed + timed_out + unsent`, exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Operations that were due.
    pub offered: u64,
    /// Answered as wanted.
    pub succeeded: u64,
    /// Answered with a failed condition that the workload does not count as success.
    pub condition_failed: u64,
    /// Given up after throttling.
    pub throttled: u64,
    /// Given up after another error.
    pub failed: u64,
    /// Given up after no answer in time.
    pub timed_out: u64,
    /// Due, but never sent before the run ended.
    pub unsent: u64,
    /// Requests sent, retries and further pages included.
    pub attempts: u64,
    /// Requests sent again after a retryable error.
    pub retries: u64,
    /// Attempts that were throttled.
    pub throttled_attempts: u64,
}

impl Counts {
    /// Whether the accounting identity holds.
    pub const fn is_balanced(&self) -> bool {
        // Wide enough that no record, however it was made, overflows it.
        self.offered as u128
            == self.succeeded as u128
                + self.condition_failed as u128
                + self.throttled as u128
                + self.failed as u128
                + self.timed_out as u128
                + self.unsent as u128
    }

    /// Adds the counts of `other`.
    pub fn add(&mut self, other: &Counts) {
        let add = |sum: &mut u64, more: u64| *sum = sum.saturating_add(more);
        add(&mut self.offered, other.offered);
        add(&mut self.succeeded, other.succeeded);
        add(&mut self.condition_failed, other.condition_failed);
        add(&mut self.throttled, other.throttled);
        add(&mut self.failed, other.failed);
        add(&mut self.timed_out, other.timed_out);
        add(&mut self.unsent, other.unsent);
        add(&mut self.attempts, other.attempts);
        add(&mut self.retries, other.retries);
        add(&mut self.throttled_attempts, other.throttled_attempts);
    }
}

/// What became of an operation that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeKind {
    /// Answered as wanted.
    Succeeded,
    /// A condition failed.
    ConditionFailed,
    /// Throttled to the end of its retries.
    Throttled,
    /// Another error to the end of its retries.
    Failed,
    /// No answer in time.
    TimedOut,
}

impl OutcomeKind {
    /// Every kind.
    pub const ALL: [OutcomeKind; 5] = [
        OutcomeKind::Succeeded,
        OutcomeKind::ConditionFailed,
        OutcomeKind::Throttled,
        OutcomeKind::Failed,
        OutcomeKind::TimedOut,
    ];
}

/// Latencies of the operations with one outcome.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Latencies {
    /// The outcome.
    pub outcome: OutcomeKind,
    /// Service time of single first attempts: from sending the first request to its answer. Only operations that needed no
    /// retry; what the database itself took.
    pub first_attempt: Histogram,
    /// Service time: from the actual first send to the last answer, across retries, back-off and pages.
    pub service: Histogram,
    /// Response time: from the intended start to the last answer. No coordinated omission.
    pub response: Histogram,
}

impl Latencies {
    /// Empty histograms for an outcome.
    pub fn new(outcome: OutcomeKind) -> Self {
        Latencies { outcome, first_attempt: Histogram::new(), service: Histogram::new(), response: Histogram::new() }
    }

    /// Gives back the memory of open histograms.
    pub fn pack(&mut self) {
        self.first_attempt.pack();
        self.service.pack();
        self.response.pack();
    }

    /// Bytes of the packed histograms.
    pub fn packed_bytes(&self) -> usize {
        self.first_attempt.packed_bytes() + self.service.packed_bytes() + self.response.packed_bytes()
    }

    /// Adds the values of `other`.
    pub fn merge(&mut self, other: &Latencies) {
        self.first_attempt.merge(&other.first_attempt);
        self.service.merge(&other.service);
        self.response.merge(&other.response);
    }
}

/// What one operation did in one phase.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OperationTotals {
    /// Index into `phases`.
    pub phase: usize,
    /// Index into `operations`.
    pub operation: usize,
    /// Operations by outcome.
    pub counts: Counts,
    /// Items returned or written.
    pub items: u64,
    /// Latencies by outcome; outcomes that never happened are absent.
    pub latencies: Vec<Latencies>,
}

/// The run over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// The length of an interval before any thinning.
    pub interval_seconds: f64,
    /// How many intervals were merged into a point at most: 1 where nothing was thinned.
    pub merged: u64,
    /// The points in order of time; an interval with the end of a phase in it makes two.
    pub points: Vec<Point>,
}

/// One interval of one phase.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Index into `phases`.
    pub phase: usize,
    /// Start.
    pub start_seconds: f64,
    /// End.
    pub end_seconds: f64,
    /// Operations whose first request was sent in this interval.
    pub sent: u64,
    /// Operations that ended in this interval, in whatever way.
    pub completed: u64,
    /// What became of the operations due in this interval.
    pub operations: Vec<PointOperation>,
    /// Capacity consumed and refused in this interval, by the time of the answer.
    pub resources: Vec<PointResource>,
    /// Throttled attempts answered in this interval: index into `throttles` and count.
    pub throttles: Vec<(usize, u64)>,
    /// Failed attempts answered in this interval: index into `errors` and count.
    pub errors: Vec<(usize, u64)>,
    /// How late operations were sent because of the generator alone, in seconds: median, 99th percentile, maximum.
    pub lag_seconds: [f64; 3],
    /// Whether the harness kept up; otherwise latencies of this interval say more about it than about the target.
    pub valid: bool,
}

/// What became of one operation's requests due in one interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PointOperation {
    /// Index into `operations`.
    pub operation: usize,
    /// Operations by outcome.
    pub counts: Counts,
    /// Latencies by outcome; outcomes that never happened are absent.
    pub latencies: Vec<Latencies>,
}

/// Capacity of one table or index in one interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PointResource {
    /// Index into `resources`.
    pub resource: usize,
    /// Units consumed in the interval (not per second).
    pub consumed: Units,
    /// Provisioned units per second at the end of the interval, where they are known.
    pub provisioned: Option<ProvisionedUnits>,
    /// Attempts refused for lack of this resource's read capacity.
    pub throttled_reads: u64,
    /// Attempts refused for lack of this resource's write capacity.
    pub throttled_writes: u64,
}

/// Throttled attempts of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThrottleCount {
    /// Index into `operations`.
    pub operation: usize,
    /// The exception's name.
    pub exception: String,
    /// The reason's name, such as `TableWriteProvisionedThroughputExceeded`; empty where the target gave none.
    pub reason: String,
    /// `table` or `table/index/name`; empty where the target did not say.
    pub resource: String,
    /// Read or write capacity, where it is known.
    pub access: Option<ReadWrite>,
    /// Throttled attempts.
    pub count: u64,
}

/// Failed attempts of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorCount {
    /// Index into `operations`.
    pub operation: usize,
    /// The exception's name, or `ConnectionError` and the like for failures below the API.
    pub name: String,
    /// The first message seen.
    pub example: String,
    /// Failed attempts.
    pub count: u64,
}

/// How well the generator itself kept up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Harness {
    /// Threads that drew and sent operations.
    pub workers: usize,
    /// Most operations that could be in flight.
    pub in_flight_limit: usize,
    /// Lag of the actual behind the intended start that the generator itself caused; waiting for a free place in flight,
    /// which the target causes, is not in it.
    pub schedule_lag: Histogram,
    /// Time operations waited for a free place because all were taken.
    pub in_flight_wait: Histogram,
    /// Processor time of the process during the measured phases.
    pub cpu_seconds: f64,
    /// Points of the series marked invalid.
    pub invalid_points: usize,
}

/// A threshold of the workload and how the run did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ThresholdResult {
    /// The threshold as text, such as `get p99 ≤ 5 ms`.
    pub threshold: String,
    /// What was measured, as text with its unit.
    pub measured: String,
    /// Whether it held. A threshold over nothing measured has not held.
    pub passed: bool,
}

impl RunResult {
    /// Reads a result file.
    pub fn read(path: &Path) -> Result<Self, ResultError> {
        let text = fs::read_to_string(path).map_err(|source| ResultError::Io { path: path.to_owned(), source })?;
        let format = |source| ResultError::Format { path: path.to_owned(), source };
        let header: Header = serde_json::from_str(&text).map_err(format)?;
        if header.schema != SCHEMA {
            return Err(ResultError::Schema { path: path.to_owned(), found: header.schema });
        }
        serde_json::from_str(&text).map_err(format)
    }

    /// Writes the file whole or not at all: to a neighbour first, then renamed over `path`.
    pub fn write(&self, path: &Path) -> Result<(), ResultError> {
        let io = |source| ResultError::Io { path: path.to_owned(), source };
        let text =
            serde_json::to_string(self).map_err(|source| ResultError::Format { path: path.to_owned(), source })?;
        let partial = path.with_extension("json.partial");
        fs::write(&partial, text).map_err(io)?;
        fs::rename(&partial, path).map_err(io)
    }

    /// The totals of the measured phases, warm-ups left out, added up over phases: one entry per operation. Entries whose phase
    /// or operation does not exist are left out.
    pub fn measured_totals(&self) -> Vec<OperationTotals> {
        let mut sums: Vec<OperationTotals> = (0..self.operations.len())
            .map(|operation| OperationTotals {
                phase: 0,
                operation,
                counts: Counts::default(),
                items: 0,
                latencies: Vec::new(),
            })
            .collect();
        let measured = |phase: usize| self.phases.get(phase).is_some_and(|phase| !phase.warm_up);
        for totals in self.totals.iter().filter(|totals| measured(totals.phase)) {
            let Some(sum) = sums.get_mut(totals.operation) else { continue };
            sum.counts.add(&totals.counts);
            sum.items = sum.items.saturating_add(totals.items);
            merge_latencies(&mut sum.latencies, &totals.latencies);
        }
        sums
    }
}

/// Adds latencies outcome by outcome.
pub(super) fn merge_latencies(into: &mut Vec<Latencies>, from: &[Latencies]) {
    for latencies in from {
        match into.iter_mut().find(|known| known.outcome == latencies.outcome) {
            Some(known) => known.merge(latencies),
            None => into.push(latencies.clone()),
        }
    }
}

/// The one field that every schema has.
#[derive(Deserialize)]
struct Header {
    schema: String,
}
