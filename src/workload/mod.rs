//! Workloads: the file people write, what it means, and the stream of operations that follows from it.
//!
//! [`WorkloadFile`](file::WorkloadFile) is what was written; [`Workload`] is what was meant and exists only after checking;
//! [`Plan`] is the stream of operations with their intended starts, the same for the same file and seed whatever the timing
//! and the number of workers.

mod billing;
pub mod distribution;
mod error;
pub mod file;
mod generator;
mod hot_key;
mod layout;
mod operation;
mod phase;
mod plan;
mod rate;
mod resolve;
mod table;
mod text;
mod touch;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::cache::CacheSettings;
use crate::capacity::CapacityModel;
use crate::latency::LatencySettings;
use crate::random::Streams;
use crate::record::Threshold;
use crate::replication::{Fault, ReplicationSettings};

pub use billing::{Billing, StreamReads, is_region};
pub use error::{Place, Source, WorkloadError};
pub use file::{Arrivals, EngineCapacity, RetryMode};
pub use operation::{About, OperationSpec};
pub use phase::Phase;
pub use plan::{Drafter, Next, Plan, Shot};
pub use rate::RateCurve;
pub use table::Table;
pub(crate) use touch::Records;

/// A workload that can be run: every reference is resolved, every value is in range.
#[derive(Debug, Clone)]
pub struct Workload {
    /// The file's path and text.
    pub source: Source,
    /// Its name.
    pub name: String,
    /// What it stands for.
    pub description: String,
    /// The random streams.
    pub streams: Streams,
    /// The time of day at which the run starts, nanoseconds since 1970.
    pub epoch_nanos: i64,
    /// Whether the bundled engine enforces capacity.
    pub engine_capacity: EngineCapacity,
    /// How the bundled engine's capacity behaves where it is enforced.
    pub capacity_model: CapacityModel,
    /// How long the bundled engine takes; none where latency is not modelled.
    pub latency: Option<LatencySettings>,
    /// How far replicas of the bundled engine are behind; none where that is not modelled.
    pub replication: Option<ReplicationSettings>,
    /// How long a new leader waits after the old one is lost.
    pub lease: Duration,
    /// What goes wrong in the bundled engine.
    pub faults: Vec<Fault>,
    /// The cache in front of the tables, for the bundled engine alone; none where the workload has none.
    pub cache: Option<CacheSettings>,
    /// How the client behaves.
    pub client: Client,
    /// The tables.
    pub tables: Vec<Table>,
    /// The operations of the mix.
    pub operations: Vec<OperationSpec>,
    /// The phases, in order.
    pub phases: Vec<Phase>,
    /// What must hold at the end.
    pub thresholds: Vec<Threshold>,
    /// What is allowed but probably not meant.
    pub warnings: Vec<String>,
}

/// How the client behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Client {
    /// The retry policy.
    pub retries: RetryMode,
    /// Most attempts of an operation, the first included.
    pub max_attempts: u32,
    /// How long one attempt may take.
    pub timeout: Duration,
    /// Most operations in flight in an open loop.
    pub in_flight: usize,
}

/// What the command line changes about a workload.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Overrides {
    /// The length of the whole run: phases are shortened or lengthened alike.
    pub duration: Option<Duration>,
    /// What becomes of their rates then.
    pub pace: Pace,
    /// The highest rate, operations per second: every open-loop phase is scaled alike.
    pub peak_rate: Option<f64>,
    /// The seed.
    pub seed: Option<u64>,
}

/// What becomes of the rates of a phase that is made longer or shorter than the file says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Pace {
    /// Time is stretched: every moment of a phase comes later or earlier alike.
    #[default]
    Stretched,
    /// Lengths of time hold that the file gives: the period of a sine, the steps of a trace, the place and length of a spike,
    /// a warm-up. A sine and a trace begin again at their end, a spike has its base rate after it, and where there is less
    /// time they break off. A ramp and steps are defined by their phase and fill it.
    Kept,
}

impl Workload {
    /// Reads and checks a workload file.
    pub fn read(path: &Path, overrides: Overrides) -> Result<Self, WorkloadError> {
        let text = fs::read_to_string(path).map_err(|error| {
            let source = Source { path: path.display().to_string(), text: String::new() };
            source.error_as_a_whole(format!("cannot be read: {error}"))
        })?;
        let folder = path.parent().map(Path::to_owned).unwrap_or_else(|| PathBuf::from("."));
        Self::parse(Source { path: path.display().to_string(), text }, &folder, overrides)
    }

    /// Checks the text of a workload file. Traces it names are looked for in `folder`.
    pub fn parse(source: Source, folder: &Path, overrides: Overrides) -> Result<Self, WorkloadError> {
        let file = toml::from_str(&source.text).map_err(|error| source.toml_error(&error))?;
        resolve::resolve(source, file, folder, overrides)
    }

    /// The same workload with items of `factor` times their size in every table; `None` where a table's items have no padding to
    /// be made longer or shorter. Items are never smaller than their attributes.
    pub fn with_item_size(&self, factor: f64) -> Option<Self> {
        if factor == 1.0 {
            return Some(self.clone());
        }
        let tables: Option<Vec<Table>> = self.tables.iter().map(|table| table.with_item_size(factor)).collect();
        Some(Workload { tables: tables?, ..self.clone() })
    }

    /// The same workload with every rate of open-loop phases multiplied.
    #[must_use]
    pub fn with_traffic(&self, factor: f64) -> Self {
        let mut workload = self.clone();
        for curve in workload.phases.iter_mut().filter_map(|phase| phase.curve.as_mut()) {
            *curve = curve.scaled(factor);
        }
        workload
    }

    /// The length of all phases together.
    pub fn duration(&self) -> Duration {
        self.phases.last().map_or(Duration::ZERO, |phase| phase.end.since(crate::time::Time::ZERO))
    }
}
