//! A workload before it is written down: what is known of tables, and what was lost on the way.

use crate::api::{TableClass, WarmThroughput};
use crate::item::ScalarType;

/// A workload to be written.
#[derive(Debug, Clone, Default)]
pub(super) struct Draft {
    /// Its name.
    pub name: String,
    /// What it stands for.
    pub description: String,
    /// What a reader must know of the whole file.
    pub notes: Vec<String>,
    /// The tables.
    pub tables: Vec<TableDraft>,
    /// The operations, where the source knows them.
    pub operations: Vec<OperationDraft>,
    /// How fast they come, where the source knows it.
    pub pace: Option<PaceDraft>,
}

/// A table.
#[derive(Debug, Clone)]
pub(super) struct TableDraft {
    /// Its name.
    pub name: String,
    /// The partition key.
    pub partition_key: KeyDraft,
    /// The sort key.
    pub sort_key: Option<KeyDraft>,
    /// Mode and throughput.
    pub capacity: CapacityDraft,
    /// Its class.
    pub class: TableClass,
    /// Its warm throughput.
    pub warm_throughput: Option<WarmThroughput>,
    /// The attribute with the expiry.
    pub time_to_live: Option<String>,
    /// How many items it has.
    pub items: Option<u64>,
    /// Their mean size in bytes.
    pub item_bytes: Option<u64>,
    /// How records share partition keys, as a line of TOML; assumed where absent.
    pub layout: Option<String>,
    /// Attributes whose values are known, in TOML.
    pub attributes: Vec<(String, String)>,
    /// Global secondary indexes.
    pub global_indexes: Vec<IndexDraft>,
    /// Local secondary indexes; of their key only the sort key counts.
    pub local_indexes: Vec<IndexDraft>,
    /// What it is billed for besides capacity.
    pub billing: BillingDraft,
    /// What could not be carried over, or had to be assumed.
    pub notes: Vec<String>,
}

/// What a table is billed for besides capacity.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct BillingDraft {
    /// Whether point-in-time recovery is on.
    pub point_in_time_recovery: bool,
    /// Whether it has a stream; who reads it, nothing says.
    pub has_stream: bool,
    /// Other regions with a replica.
    pub replicas: Vec<String>,
}

/// A key attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeyDraft {
    /// Its name.
    pub name: String,
    /// Its type.
    pub scalar_type: ScalarType,
}

/// An index.
#[derive(Debug, Clone)]
pub(super) struct IndexDraft {
    /// Its name.
    pub name: String,
    /// The attributes of the partition key.
    pub partition_key: Vec<KeyDraft>,
    /// The attributes of the sort key.
    pub sort_key: Vec<KeyDraft>,
    /// Which attributes it holds.
    pub projection: ProjectionDraft,
    /// Its capacity; the table's where absent.
    pub capacity: Option<CapacityDraft>,
}

/// Which attributes an index holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ProjectionDraft {
    /// Every one.
    All,
    /// The keys.
    KeysOnly,
    /// The keys and these.
    Include(Vec<String>),
}

/// Mode and throughput.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum CapacityDraft {
    /// On-demand, with maxima.
    OnDemand {
        /// Most read units per second.
        max_read: Option<u64>,
        /// Most write units per second.
        max_write: Option<u64>,
    },
    /// Provisioned.
    Provisioned {
        /// RCU.
        read: UnitsDraft,
        /// WCU.
        write: UnitsDraft,
    },
}

/// Provisioned units, or their auto scaling.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct UnitsDraft {
    /// Units per second, at the start where they are scaled.
    pub units: u64,
    /// Least, most, and target utilization (0 to 1).
    pub scaling: Option<(u64, u64, Option<f64>)>,
}

/// An operation whose fields are known.
#[derive(Debug, Clone)]
pub(super) struct OperationDraft {
    /// Its name.
    pub name: String,
    /// What it does, as workload files say it.
    pub kind: &'static str,
    /// Its weight.
    pub weight: f64,
    /// Further lines of TOML.
    pub lines: Vec<String>,
}

/// How fast operations come.
#[derive(Debug, Clone)]
pub(super) struct PaceDraft {
    /// Operations per second.
    pub per_second: f64,
    /// Whether the source says so.
    pub is_known: bool,
    /// How long, in seconds.
    pub seconds: u64,
}
