//! What a comparison keeps of each side.

use serde::{Deserialize, Serialize};

use crate::record::{Environment, Histogram, OperationInfo, RunResult, TargetInfo};

use super::tally::Tally;

/// One side of a comparison.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Side {
    /// What the reader calls it: `A`, a file's name, a baseline's name.
    pub label: String,
    /// What served the operations.
    pub target: TargetInfo,
    /// The dyno that recorded.
    pub dyno_version: String,
    /// The machine that generated the load.
    pub machine: MachineInfo,
    /// The runs, in order of time.
    pub runs: Vec<RunSummary>,
    /// Latencies of successful operations, all runs together, in the workload's order.
    pub operations: Vec<SideOperation>,
    /// The run over time; empty unless the side is one recorded run.
    pub series: Vec<SidePoint>,
}

impl Side {
    /// A side without runs, that `first` tells about.
    pub fn new(label: &str, first: &RunResult) -> Self {
        let operation = |info: &OperationInfo| SideOperation {
            name: info.name.clone(),
            service: Histogram::new(),
            response: Histogram::new(),
        };
        Side {
            label: label.to_owned(),
            target: first.target.clone(),
            dyno_version: first.dyno_version.clone(),
            machine: MachineInfo::from(&first.environment),
            runs: Vec::new(),
            operations: first.operations.iter().map(operation).collect(),
            series: Vec::new(),
        }
    }

    /// Adds runs of the same workload that make one value; `path` is empty where they are not kept.
    pub fn add(&mut self, runs: &[RunResult], path: &str) {
        let Some(first) = runs.first() else { return };
        let tally = Tally::of(runs, None);
        let succeeded: u64 = tally.operations.iter().map(|operation| operation.counts.succeeded).sum();
        self.runs.push(RunSummary {
            path: path.to_owned(),
            started_at: first.started_at.clone(),
            seconds: tally.seconds,
            throughput: if tally.seconds > 0.0 { succeeded as f64 / tally.seconds } else { 0.0 },
        });
        for (operation, more) in self.operations.iter_mut().zip(&tally.operations) {
            if let Some(latencies) = &more.latencies {
                operation.service.merge(&latencies.service);
                operation.response.merge(&latencies.response);
            }
        }
    }

    /// Gives back the memory of open histograms.
    pub fn pack(&mut self) {
        for operation in &mut self.operations {
            operation.service.pack();
            operation.response.pack();
        }
    }

    /// The runs' rate of all of them together, operations per second of measuring.
    pub fn throughput(&self) -> f64 {
        let seconds: f64 = self.runs.iter().map(|run| run.seconds).sum();
        let operations: f64 = self.runs.iter().map(|run| run.throughput * run.seconds).sum();
        if seconds > 0.0 { operations / seconds } else { 0.0 }
    }
}

/// The machine that generated the load.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineInfo {
    /// Operating system and kernel.
    pub os: String,
    /// Processor model.
    pub cpu: String,
    /// Processors available to the process.
    pub cores: usize,
    /// Memory of the machine.
    pub memory_bytes: u64,
}

impl From<&Environment> for MachineInfo {
    fn from(environment: &Environment) -> Self {
        let Environment { os, cpu, cores, memory_bytes, .. } = environment.clone();
        MachineInfo { os, cpu, cores, memory_bytes }
    }
}

/// One run in a line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunSummary {
    /// The file it was read from; empty where the run was not kept.
    pub path: String,
    /// When it started, RFC 3339 in UTC.
    pub started_at: String,
    /// How long it measured, seconds, warm-ups left out.
    pub seconds: f64,
    /// Successful operations per second.
    pub throughput: f64,
}

/// Latencies of one operation's successes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SideOperation {
    /// The workload's name for the operation.
    pub name: String,
    /// Service time: from the first send to the last answer.
    pub service: Histogram,
    /// Response time: from the intended start.
    pub response: Histogram,
}

/// One interval of a recorded run, all operations together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SidePoint {
    /// Start, seconds since the run's start.
    pub start_seconds: f64,
    /// End.
    pub end_seconds: f64,
    /// Successful operations per second.
    pub throughput: f64,
    /// Median service time of successes, seconds; none where there were none.
    pub service_p50: Option<f64>,
    /// 99th percentile of the service time.
    pub service_p99: Option<f64>,
    /// Operations given up after throttling, of those offered, 0 to 1.
    pub throttled_share: f64,
    /// Read units consumed per second, all tables and indexes.
    pub read_units: f64,
    /// Write units consumed per second.
    pub write_units: f64,
}
