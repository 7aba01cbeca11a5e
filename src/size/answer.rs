//! What is answered.

use serde::Serialize;

use crate::api::ReadWrite;
use crate::runner::Asked;

use super::estimate::Estimate;

/// The answer for all tables and indexes of a demand.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sizing {
    /// The name of what was sized.
    pub name: String,
    /// The measured length of the demand, in seconds: without warm-ups.
    pub span_seconds: f64,
    /// How many seeds it was tried with.
    pub seeds: usize,
    /// The share of requests that may be throttled, of reads and of writes of every table and index.
    pub throttled_at_most: f64,
    /// The tables, each followed by its global secondary indexes.
    pub resources: Vec<ResourceSizing>,
    /// What was assumed, in sentences.
    pub assumptions: Vec<String>,
    /// What a reader must know before acting on it, in sentences.
    pub warnings: Vec<String>,
}

impl Sizing {
    /// Whether fixed capacity serves all tables and indexes within the allowed share.
    pub fn fits(&self) -> bool {
        self.resources.iter().all(|resource| resource.read.fixed.fits && resource.write.fixed.fits)
    }
}

/// The answer for one table or index.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ResourceSizing {
    /// The table.
    pub table: String,
    /// The index; `None` for the table itself.
    pub index: Option<String>,
    /// Reads.
    pub read: AccessSizing,
    /// Writes.
    pub write: AccessSizing,
    /// Keys that more is asked of than a partition serves, or nearly so; those of most first.
    pub hot_keys: Vec<HotKey>,
    /// What would help where no capacity does.
    pub remedies: Vec<Remedy>,
}

impl ResourceSizing {
    /// Reads or writes.
    pub fn side(&self, access: ReadWrite) -> &AccessSizing {
        match access {
            ReadWrite::Read => &self.read,
            ReadWrite::Write => &self.write,
        }
    }

    /// The name to call it by: the table, or the index and its table.
    pub fn name(&self) -> String {
        match &self.index {
            None => self.table.clone(),
            Some(index) => format!("{} / {index}", self.table),
        }
    }
}

/// The answer for reads or for writes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AccessSizing {
    /// What is asked.
    pub asked: Asked,
    /// Fixed provisioned capacity.
    pub fixed: Fixed,
    /// Auto scaling; `None` where nothing is asked, or for less time than it takes to react.
    pub scaled: Option<Scaled>,
    /// On-demand.
    pub on_demand: OnDemand,
    /// Throttling by fixed capacity, from little to ample.
    pub curve: Vec<CurvePoint>,
    /// Units asked in every hour, on average over the seeds.
    #[serde(skip)]
    pub asked_by_hour: Vec<f64>,
}

/// Fixed provisioned capacity.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fixed {
    /// The smallest capacity that is enough, in units per second, for short demands without counting on bursts; where none is, because partitions refuse, what the table or
    /// index as a whole needs.
    pub units: u64,
    /// Whether it keeps throttling within the allowed share. If not, no capacity does.
    pub fits: bool,
    /// The share of requests it throttles.
    pub throttled: Estimate,
    /// Of all requests, the share that partitions throttle and not the table or index as a whole.
    pub throttled_by_partitions: f64,
    /// The share throttled in the worst minute of any seed, or step of the demand where those are longer.
    pub worst_minute: f64,
    /// When that minute begins, in seconds from the start of the measured part.
    pub worst_minute_at_seconds: f64,
    /// The smallest capacity for every seed by itself.
    pub needed: Estimate,
    /// What is enough without spending banked capacity, which DynamoDB may use for itself without notice; without details not
    /// worked out.
    pub without_burst_units: u64,
}

/// Provisioned capacity with auto scaling.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scaled {
    /// Least units per second: the least it needs, or the least it reached where that is more.
    pub min_units: u64,
    /// Most units per second: the most it reached.
    pub max_units: u64,
    /// Target utilization.
    pub target_utilization: f64,
    /// Units per second at the start.
    pub start_units: u64,
    /// The share of requests throttled, for the most part while it reacts.
    pub throttled: Estimate,
    /// The share throttled in the worst minute of any seed.
    pub worst_minute: f64,
    /// Whether throttling keeps within the allowed share.
    pub fits: bool,
    /// Units per second provisioned on average.
    pub mean_units_per_second: f64,
    /// Provisioned unit-hours, hour by hour, on average over the seeds.
    #[serde(skip)]
    pub unit_hours: Vec<f64>,
}

/// On-demand.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OnDemand {
    /// The share of requests throttled by a new table or index, or by one with the warm throughput and maxima of the workload.
    pub throttled: Estimate,
    /// The share throttled in the worst minute of any seed.
    pub worst_minute: f64,
    /// Whether throttling keeps within the allowed share.
    pub fits: bool,
    /// Warm throughput to ask for, in units per second: what makes it fit, or what the workload asks for beyond a new table's.
    pub warm_units: Option<u64>,
    /// The share throttled with it.
    pub throttled_when_warm: Option<Estimate>,
}

/// Throttling at one capacity.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CurvePoint {
    /// Units per second.
    pub units: u64,
    /// The share of requests throttled.
    pub throttled: Estimate,
}

/// A key that much is asked of.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HotKey {
    /// The key, as far as it is known.
    pub key: String,
    /// The hash of its partition key, by which the record of a run knows it.
    #[serde(skip)]
    pub hash: u64,
    /// Reads or writes.
    pub access: ReadWrite,
    /// Units per second asked of it in the busiest step of the demand.
    pub peak_units_per_second: f64,
    /// What one partition serves.
    pub ceiling_units_per_second: f64,
    /// Whether it is the moving end of an item collection, so that dividing the collection does not help.
    pub is_moving_end: bool,
    /// The operations that ask it, those that ask most first.
    pub operations: Vec<String>,
}

/// A change that would help.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Remedy {
    /// What it is.
    pub kind: RemedyKind,
    /// What to do, in a sentence.
    pub text: String,
    /// The share of requests throttled with it, reads and writes, with the capacity below; `None` where it was not tried.
    pub throttled: Option<[Estimate; 2]>,
    /// Fixed capacity that is enough with it: reads, writes.
    pub units: Option<[u64; 2]>,
}

/// Kinds of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RemedyKind {
    /// A suffix that spreads one key over several.
    Shards,
    /// A cache in front.
    Cache,
    /// A global secondary index that serves a part of the reads.
    Index,
    /// Another sort key, or no local secondary index, so that the item collection can be divided.
    SortKey,
}
