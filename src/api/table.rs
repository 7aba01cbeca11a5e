//! Tables as they are created: key schema, indexes, capacity mode.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::item::ScalarType;

/// A table's name.
pub type TableName = Arc<str>;
/// An index's name.
pub type IndexName = Arc<str>;

/// A key attribute and its type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyAttribute {
    /// The attribute's name.
    pub name: Arc<str>,
    /// String, number or binary.
    pub scalar_type: ScalarType,
}

/// The key of a table or an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySchema {
    /// The partition key (HASH).
    pub partition: KeyAttribute,
    /// The sort key (RANGE), if there is one.
    pub sort: Option<KeyAttribute>,
}

impl KeySchema {
    /// The key attributes, partition key first.
    pub fn attributes(&self) -> impl Iterator<Item = &KeyAttribute> {
        std::iter::once(&self.partition).chain(&self.sort)
    }
}

/// Which attributes an index holds besides the keys (API: Projection).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Projection {
    /// Every attribute.
    All,
    /// The keys alone.
    KeysOnly,
    /// The keys and these attributes.
    Include(Vec<Arc<str>>),
}

/// A global secondary index: its own partitions and its own capacity.
#[derive(Debug, Clone, PartialEq)]
pub struct GlobalSecondaryIndex {
    /// The index's name.
    pub name: IndexName,
    /// The index key.
    pub key: KeySchema,
    /// What it holds besides keys.
    pub projection: Projection,
    /// Its capacity; the mode is always the table's.
    pub capacity: CapacityMode,
}

/// A local secondary index: the table's partition key with another sort key, on the table's capacity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalSecondaryIndex {
    /// The index's name.
    pub name: IndexName,
    /// The index key; its partition key is the table's.
    pub key: KeySchema,
    /// What it holds besides keys.
    pub projection: Projection,
}

/// How a table or index is paid for and limited.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum CapacityMode {
    /// On-demand (PAY_PER_REQUEST), with the maximum request units per second where they are set (facts §2.5).
    OnDemand {
        /// Most read request units per second.
        max_read_units: Option<u64>,
        /// Most write request units per second.
        max_write_units: Option<u64>,
    },
    /// Provisioned RCU and WCU.
    Provisioned {
        /// Read capacity.
        read: CapacityRange,
        /// Write capacity.
        write: CapacityRange,
    },
}

impl CapacityMode {
    /// On-demand without a maximum.
    pub const ON_DEMAND: CapacityMode = CapacityMode::OnDemand { max_read_units: None, max_write_units: None };

    /// Fixed provisioned capacity, in units per second.
    pub const fn provisioned(read_units: u64, write_units: u64) -> Self {
        CapacityMode::Provisioned {
            read: CapacityRange { units: read_units, auto_scaling: None },
            write: CapacityRange { units: write_units, auto_scaling: None },
        }
    }
}

/// Provisioned capacity of one kind: where it starts and how it may follow the demand.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CapacityRange {
    /// Units per second at the start.
    pub units: u64,
    /// The auto scaling policy, if there is one.
    pub auto_scaling: Option<AutoScaling>,
}

/// A target tracking policy of Application Auto Scaling (facts §5.1).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AutoScaling {
    /// Least units per second.
    pub min_units: u64,
    /// Most units per second.
    pub max_units: u64,
    /// Target utilization, 0.20 to 0.90.
    pub target_utilization: f64,
}

/// The storage and price class of a table (API: TableClass).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TableClass {
    /// DynamoDB Standard.
    #[default]
    Standard,
    /// DynamoDB Standard-Infrequent Access.
    StandardInfrequentAccess,
}

/// What a table or index can serve at once (API: WarmThroughput; facts §2.4), in units per second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WarmThroughput {
    /// Read units per second.
    pub read_units_per_second: u64,
    /// Write units per second.
    pub write_units_per_second: u64,
}

/// A table to be created (API: CreateTable).
#[derive(Debug, Clone, PartialEq)]
pub struct CreateTable {
    /// The table's name.
    pub name: TableName,
    /// The table's key.
    pub key: KeySchema,
    /// Global secondary indexes, at most 20.
    pub global_secondary_indexes: Vec<GlobalSecondaryIndex>,
    /// Local secondary indexes, at most 5.
    pub local_secondary_indexes: Vec<LocalSecondaryIndex>,
    /// Capacity mode and throughput.
    pub capacity: CapacityMode,
    /// Storage and price class.
    pub class: TableClass,
    /// Warm throughput asked for.
    pub warm_throughput: Option<WarmThroughput>,
    /// The attribute with each item's expiry time in epoch seconds, where time to live is on.
    pub time_to_live_attribute: Option<Arc<str>>,
}
