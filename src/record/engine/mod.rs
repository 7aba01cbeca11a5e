//! What the engine's capacity did over time: the record of it, and the log that makes it.
//!
//! Everything stands in columns of time that all tables, indexes and partitions share. Their number is bounded: a long run
//! has wider columns, not more of them. Partitions have cells only in columns in which something happened to them.

mod cache;
mod history;
mod log;
mod ranges;

use serde::{Deserialize, Serialize};

use crate::api::{CapacityUnits, ReadWrite};
use crate::capacity::SplitCause;

use super::{ProvisionedUnits, ResourceInfo, Series};

pub use cache::CacheHistory;
pub use log::ObservationLog;

/// The engine's capacity over time. Times are seconds since the run's start.
///
/// Of the lists with a value for each column, trailing zeros and unknowns are left out.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct EngineRecord {
    /// How many columns of a second were merged into one: 1 where none were.
    pub merged: u64,
    /// The longest time between two looks: what the peaks of partitions are averages over.
    pub look_seconds: f64,
    /// Start of the first column; each other one starts where the one before it ends.
    pub start_seconds: f64,
    /// Ends of the columns.
    pub ends_seconds: Vec<f64>,
    /// Tables and global secondary indexes with capacity of their own.
    pub resources: Vec<ResourceHistory>,
    /// What happened, in the order of time.
    pub events: Vec<EngineEvent>,
    /// Later events that found no room.
    pub events_dropped: u64,
    /// The faults that were scheduled.
    pub faults: Vec<FaultInfo>,
    /// The cache in front of the tables, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache: Option<CacheHistory>,
}

/// One table or index over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResourceHistory {
    /// The table.
    pub table: String,
    /// The global secondary index; absent for the table itself.
    pub index: Option<String>,
    /// Reads.
    pub read: AccessHistory,
    /// Writes.
    pub write: AccessHistory,
    /// Partitions when the run started.
    pub partitions_at_start: u32,
    /// Partitions at the end of each column.
    pub partitions: Vec<u32>,
    /// All splits of the run.
    pub splits: SplitCounts,
    /// Changes of provisioned capacity that auto scaling decided.
    pub scaling_decided: u64,
    /// Decreases that auto scaling would have made, but had none left.
    pub scaling_refused: u64,
    /// Eventually consistent reads answered in each column, where replication is modelled.
    pub eventual_reads: Vec<u64>,
    /// Of these, those that returned an older image than the latest acknowledged one.
    pub stale_reads: Vec<u64>,
    /// The partitions there were, in the order of their key ranges; one that was split stands before those it was split into.
    /// Those that serve at the end are the rows.
    pub ranges: Vec<PartitionHistory>,
}

/// Reads or writes of a table or index over time.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct AccessHistory {
    /// Units consumed in each column, not per second.
    pub consumed: Vec<CapacityUnits>,
    /// Units per second it was provisioned for, or served on demand, at the end of each column.
    pub limit_per_second: Vec<Option<u64>>,
    /// Tokens at hand at the end of each column.
    pub tokens: Vec<CapacityUnits>,
    /// The fewest tokens at hand at any look in each column.
    pub tokens_min: Vec<CapacityUnits>,
    /// The most tokens that could be at hand, at the end of each column.
    pub tokens_max: Vec<CapacityUnits>,
    /// Requests refused in each column by the limit of the table or index itself, partitions apart.
    pub throttled: Vec<u64>,
}

/// Splits by their cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SplitCounts {
    /// For heat.
    pub heat: u64,
    /// For size.
    pub size: u64,
    /// For more throughput than the partitions served.
    pub throughput: u64,
}

/// A partition over time, or neighbouring ones as a group where there were too many for a row each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PartitionHistory {
    /// The partition's number, or that of the first of the group.
    pub id: u32,
    /// How many partitions it stands for: 1, or the number in the group at the end.
    pub partitions: u32,
    /// The hash its key range starts with, 16 hexadecimal digits.
    pub start_hash: String,
    /// The sort key its range starts with, where it starts inside an item collection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_sort_key: Option<String>,
    /// When it began to serve.
    pub from_seconds: f64,
    /// When it was split; absent where it serves at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_seconds: Option<f64>,
    /// The rows it spans: the first, and the one after the last.
    pub rows: (usize, usize),
    /// Bytes stored in it when it was last seen.
    pub bytes: u64,
    /// Read units per second that one partition serves at most.
    pub read_ceiling_per_second: u64,
    /// Write units per second that one partition serves at most.
    pub write_ceiling_per_second: u64,
    /// Columns in which it was read.
    pub reads: Vec<PartitionCell>,
    /// Columns in which it was written.
    pub writes: Vec<PartitionCell>,
}

/// Reads or writes of a partition in one column; in the file a list of the four.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(into = "(usize, CapacityUnits, f64, u64)", from = "(usize, CapacityUnits, f64, u64)")]
pub struct PartitionCell {
    /// Index of the column.
    pub column: usize,
    /// Units consumed in the column, not per second; all of a group together.
    pub consumed: CapacityUnits,
    /// Consumed of the ceiling between two looks, the highest such share of the column; of a group that of its hottest.
    pub peak_share: f64,
    /// Requests its ceiling refused.
    pub throttled: u64,
}

impl From<PartitionCell> for (usize, CapacityUnits, f64, u64) {
    fn from(cell: PartitionCell) -> Self {
        (cell.column, cell.consumed, cell.peak_share, cell.throttled)
    }
}

impl From<(usize, CapacityUnits, f64, u64)> for PartitionCell {
    fn from((column, consumed, peak_share, throttled): (usize, CapacityUnits, f64, u64)) -> Self {
        PartitionCell { column, consumed, peak_share, throttled }
    }
}

/// Something that happened to capacity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EngineEvent {
    /// When it took effect, or was decided.
    pub at_seconds: f64,
    /// Index into `resources`.
    pub resource: usize,
    /// What it was.
    #[serde(flatten)]
    pub kind: EngineEventKind,
}

/// What happened to capacity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum EngineEventKind {
    /// A partition was split in two.
    Split {
        /// Why.
        cause: SplitCause,
        /// The partition that is no more.
        partition: u32,
        /// Those in its place.
        into: [u32; 2],
    },
    /// Auto scaling decided to change provisioned capacity.
    ScalingDecided {
        /// Reads or writes.
        access: ReadWrite,
        /// Units per second so far.
        from: u64,
        /// Units per second to be.
        to: u64,
        /// When they hold.
        effective_at_seconds: f64,
    },
    /// Auto scaling would have decreased capacity, but had no decrease left.
    ScalingRefused {
        /// Reads or writes.
        access: ReadWrite,
        /// Units per second so far, and further.
        from: u64,
        /// Units per second it wanted.
        to: u64,
    },
    /// Provisioned capacity changed.
    Provisioned {
        /// Reads or writes.
        access: ReadWrite,
        /// Units per second before.
        from: u64,
        /// Units per second from now on.
        to: u64,
    },
    /// On-demand throughput served more.
    Grew {
        /// Reads or writes.
        access: ReadWrite,
        /// Units per second before.
        from: u64,
        /// Units per second from now on.
        to: u64,
    },
}

/// A fault that was scheduled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FaultInfo {
    /// What happened and what it hit, in a few words, such as `leader lost: orders, partition 3`.
    pub label: String,
    /// When it began.
    pub start_seconds: f64,
    /// When it was over; the end of the run where it was not.
    pub end_seconds: f64,
}

impl EngineRecord {
    /// Whether nothing was ever seen or scheduled.
    pub fn is_empty(&self) -> bool {
        self.resources.is_empty() && self.events.is_empty() && self.faults.is_empty() && self.cache.is_none()
    }

    /// Writes into the points of a series what was provisioned at their ends, for tables and indexes that were provisioned.
    pub fn fill_provisioned(&self, series: &mut Series, resources: &[ResourceInfo]) {
        let find = |info: &ResourceInfo| {
            self.resources.iter().find(|history| history.table == info.table && history.index == info.index)
        };
        let histories: Vec<Option<&ResourceHistory>> = resources.iter().map(find).collect();
        for point in &mut series.points {
            let end = point.end_seconds;
            let column = self.ends_seconds.partition_point(|column| *column < end);
            let column = column.min(self.ends_seconds.len().saturating_sub(1));
            for entry in &mut point.resources {
                let Some(history) = histories.get(entry.resource).copied().flatten() else { continue };
                let limit = |access: &AccessHistory| access.limit_per_second.get(column).copied().flatten();
                if let (Some(read), Some(write)) = (limit(&history.read), limit(&history.write)) {
                    entry.provisioned =
                        entry.provisioned.map(|_| ProvisionedUnits { read: read as f64, write: write as f64 });
                }
            }
        }
    }
}

impl ResourceHistory {
    /// `table` or `table / index`.
    pub fn label(&self) -> String {
        match &self.index {
            None => self.table.clone(),
            Some(index) => format!("{} / {index}", self.table),
        }
    }

    /// Reads or writes.
    pub fn access(&self, access: ReadWrite) -> &AccessHistory {
        match access {
            ReadWrite::Read => &self.read,
            ReadWrite::Write => &self.write,
        }
    }

    /// Partitions at the end.
    pub fn partitions_at_end(&self) -> u32 {
        self.partitions.last().copied().unwrap_or(self.partitions_at_start)
    }
}

impl PartitionHistory {
    /// The cells of reads or of writes.
    pub fn cells(&self, access: ReadWrite) -> &[PartitionCell] {
        match access {
            ReadWrite::Read => &self.reads,
            ReadWrite::Write => &self.writes,
        }
    }

    /// Units per second that one partition serves at most.
    pub fn ceiling_per_second(&self, access: ReadWrite) -> u64 {
        match access {
            ReadWrite::Read => self.read_ceiling_per_second,
            ReadWrite::Write => self.write_ceiling_per_second,
        }
    }
}

impl SplitCounts {
    /// All of them.
    pub const fn total(&self) -> u64 {
        self.heat.saturating_add(self.size).saturating_add(self.throughput)
    }

    /// Counts one more.
    pub fn count(&mut self, cause: SplitCause) {
        let count = match cause {
            SplitCause::Heat => &mut self.heat,
            SplitCause::Size => &mut self.size,
            SplitCause::Throughput => &mut self.throughput,
        };
        *count = count.saturating_add(1);
    }
}

#[cfg(test)]
mod tests;
