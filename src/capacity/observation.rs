//! What can be seen of a table's or index's capacity from outside, for records and reports.

use serde::{Deserialize, Serialize};

use crate::api::{CapacityUnits, IndexName, ReadWrite, TableName, Units};
use crate::time::Time;

/// A table or global secondary index with capacity of its own, as it stands at a moment. Counters count from its creation.
#[derive(Debug, Clone, PartialEq)]
pub struct ResourceView {
    /// The table.
    pub table: TableName,
    /// The index; `None` is the table itself.
    pub index: Option<IndexName>,
    /// Reads of the whole table or index.
    pub read: AccessView,
    /// Writes of the whole table or index.
    pub write: AccessView,
    /// The partitions in the order of their key ranges; empty where nothing is limited.
    pub partitions: Vec<PartitionView>,
    /// What happened since the last look, in the order of time.
    pub events: Vec<CapacityEvent>,
    /// Eventually consistent reads that were answered, where replication is modelled.
    pub eventual_reads: u64,
    /// Of these, reads that returned an older image than the latest acknowledged one.
    pub stale_reads: u64,
}

/// One kind of access to a table or index.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AccessView {
    /// Units consumed so far.
    pub consumed: CapacityUnits,
    /// Units per second it is provisioned for, or serves on demand; `None` where nothing is limited.
    pub limit_units_per_second: Option<u64>,
    /// Tokens at hand: what accrues and what is banked.
    pub tokens: CapacityUnits,
    /// The most tokens it can hold.
    pub tokens_max: CapacityUnits,
    /// Requests refused by the table's or index's own limit so far, partitions apart.
    pub throttled: u64,
}

/// A partition.
#[derive(Debug, Clone, PartialEq)]
pub struct PartitionView {
    /// Its number, never used again.
    pub id: u32,
    /// The partition it was split from.
    pub parent: Option<u32>,
    /// When it began to serve.
    pub created_at: Time,
    /// The hash its key range starts with.
    pub start_hash: u64,
    /// The sort key its range starts with, where it starts inside an item collection.
    pub start_sort_key: Option<String>,
    /// Read units per second it serves at most.
    pub read_ceiling_units_per_second: u64,
    /// Write units per second it serves at most.
    pub write_ceiling_units_per_second: u64,
    /// Bytes stored.
    pub bytes: u64,
    /// Units consumed so far.
    pub consumed: Units,
    /// Reads refused by its ceiling so far.
    pub throttled_reads: u64,
    /// Writes refused by its ceiling so far.
    pub throttled_writes: u64,
}

/// Something that happened to capacity.
#[derive(Debug, Clone, PartialEq)]
pub struct CapacityEvent {
    /// When it took effect.
    pub at: Time,
    /// What it was.
    pub kind: CapacityEventKind,
}

/// What happened to capacity.
#[derive(Debug, Clone, PartialEq)]
pub enum CapacityEventKind {
    /// A partition was split in two.
    Split {
        /// Why.
        cause: SplitCause,
        /// The partition that is no more.
        partition: u32,
        /// Those in its place, in the order of their key ranges.
        into: [u32; 2],
    },
    /// Auto scaling decided to change provisioned capacity; it takes effect at `effective_at`.
    ScalingDecided {
        /// Reads or writes.
        access: ReadWrite,
        /// Units per second so far.
        from: u64,
        /// Units per second to be.
        to: u64,
        /// When they hold.
        effective_at: Time,
    },
    /// Auto scaling would have decreased capacity, but no decrease was left (facts §5.2).
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
    /// On-demand throughput serves more.
    Grew {
        /// Reads or writes.
        access: ReadWrite,
        /// Units per second before.
        from: u64,
        /// Units per second from now on.
        to: u64,
    },
}

/// Why a partition was split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SplitCause {
    /// It consumed nearly its ceiling for long (facts §2.3).
    Heat,
    /// It grew to 10 GB (facts §2.3).
    Size,
    /// The table or index was given more throughput than its partitions serve (facts §2.2).
    Throughput,
}
