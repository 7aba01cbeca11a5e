//! The workload file as it is written: TOML, read with the place of everything that may later prove wrong.
//!
//! These types say what can be written; [`Workload`](super::Workload) is what was meant, after checking.

mod attribute;
mod billing;
mod cache;
mod capacity_model;
mod distribution;
mod latency;
mod located;
mod one_of;
mod operation;
mod phase;
mod replication;
mod table;

use schemars::JsonSchema;
use serde::Deserialize;

pub use attribute::{Alphabet, AttributeFile, AttributesFile, GeneratorFile, TimestampFormat};
pub use billing::{BillingFile, StreamFile};
pub use cache::CacheFile;
pub use capacity_model::CapacityModelFile;
pub use distribution::{DistributionFile, DistributionTable, KeyFile};
pub use latency::{LatencyFile, Modelled, NetworkTimeFile, ServiceTimeFile};
pub use located::{Located, Span};
pub use one_of::OneOf;
pub use operation::{
    ActionFile, ActionType, BatchFile, ConditionOutcome, ItemChangesFile, OperationFile, OperationType, Pages,
};
pub use phase::{Arrivals, ChangingRateFile, PhaseFile, RateFile};
pub use replication::{FaultFile, FaultType, LagFile, ReplicationFile};
pub use table::{
    AutoScaledUnits, CapacityFile, GlobalIndexFile, KeyAttributeFile, KeyAttributesFile, LocalIndexFile,
    ProjectionFile, TableFile, UnitsFile,
};

/// A workload for dyno: tables, operations on them, and how fast they come.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkloadFile {
    /// The workload's name; results are filed under it.
    pub name: Located<String>,
    /// What it stands for, in a sentence or two.
    #[serde(default)]
    pub description: String,
    /// The seed of every random stream. The same file and seed give the same operations.
    #[serde(default)]
    pub seed: u64,
    /// What `timestamp` attributes take for the start of the run: an RFC 3339 time. 2026-01-01T00:00:00Z where absent.
    pub epoch: Option<Located<String>>,
    /// Settings of the bundled engine.
    #[serde(default)]
    pub engine: EngineFile,
    /// A cache in front of the tables.
    pub cache: Option<CacheFile>,
    /// How the client behaves: retries, time-outs, limits.
    #[serde(default)]
    pub client: ClientFile,
    /// The tables, with the items to load before measuring.
    pub tables: Vec<TableFile>,
    /// The operations of the mix, by weight.
    pub operations: Vec<OperationFile>,
    /// The phases, one after the other.
    pub phases: Vec<PhaseFile>,
    /// What goes wrong in the bundled engine, and when.
    #[serde(default)]
    pub faults: Vec<FaultFile>,
    /// What must hold at the end, such as "p99 of get <= 5ms", "throttled <= 0.1%", "achieved >= 99%", "errors = 0".
    #[serde(default)]
    pub thresholds: Vec<Located<String>>,
}

/// Settings of the bundled engine.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EngineFile {
    /// Whether capacity limits are enforced.
    pub capacity: EngineCapacity,
    /// How capacity behaves where it is enforced.
    pub capacity_model: CapacityModelFile,
    /// How long requests take.
    pub latency: LatencyFile,
    /// How far replicas are behind.
    pub replication: ReplicationFile,
}

/// Whether the bundled engine enforces capacity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EngineCapacity {
    /// Throttle as DynamoDB does.
    #[default]
    Enforced,
    /// Never throttle; for measuring the engine itself.
    Off,
}

/// How the client behaves.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ClientFile {
    /// `standard` retries as the AWS SDK's standard mode does; `standard_2026` as it does after version 2.1 of its retry
    /// specification; `none` never.
    pub retries: RetryMode,
    /// Most attempts an operation gets, the first included. Where absent 3, and 4 for `standard_2026`.
    pub max_attempts: Option<Located<u32>>,
    /// How long one attempt may take, such as "5s". 5 s where absent.
    pub timeout: Option<Located<String>>,
    /// Most operations in flight at once in an open loop; more wait, and the wait counts as response time. 1,000 where absent.
    pub in_flight: Option<Located<usize>>,
}

/// Which retry policy the client follows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RetryMode {
    /// The AWS SDK's standard mode.
    #[default]
    Standard,
    /// The standard mode after version 2.1 of the retry specification.
    #[serde(rename = "standard_2026")]
    Standard2026,
    /// No retries.
    None,
}
