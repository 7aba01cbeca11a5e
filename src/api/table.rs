//! Tables as they are created: key schema, indexes, capacity mode.

use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::item::ScalarType;

/// A table's name.
pub type TableName = compact_str::CompactString;
/// An index's name.
pub type IndexName = compact_str::CompactString;

/// A key attribute and its type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyAttribute {
    /// The attribute's name.
    pub name: Arc<str>,
    /// String, number or binary.
    pub scalar_type: ScalarType,
}

/// The key of a table or an index: a partition key and perhaps a sort key. In tables and local secondary indexes each has one
/// attribute, in global secondary indexes up to [`KeySchema::PART_MAX_ATTRIBUTES`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySchema {
    /// Those of the partition key first. Never empty.
    attributes: SmallVec<[KeyAttribute; 2]>,
    /// How many of them are the partition key's; at least one.
    partition_len: usize,
}

impl KeySchema {
    /// Attributes that the partition key, or the sort key, of a global secondary index has at most (facts §8; API:
    /// GlobalSecondaryIndex).
    pub const PART_MAX_ATTRIBUTES: usize = 4;

    /// A key with one attribute each.
    pub fn new(partition: KeyAttribute, sort: Option<KeyAttribute>) -> Self {
        KeySchema { attributes: std::iter::once(partition).chain(sort).collect(), partition_len: 1 }
    }

    /// A key with these attributes, as many as there are; `None` where the partition key has none.
    pub fn of_attributes(
        partition: impl IntoIterator<Item = KeyAttribute>,
        sort: impl IntoIterator<Item = KeyAttribute>,
    ) -> Option<Self> {
        let mut attributes: SmallVec<[KeyAttribute; 2]> = partition.into_iter().collect();
        let partition_len = attributes.len();
        attributes.extend(sort);
        (partition_len > 0).then_some(KeySchema { attributes, partition_len })
    }

    /// The first attribute of the partition key (HASH); the only one but in global secondary indexes.
    #[inline]
    pub fn partition(&self) -> &KeyAttribute {
        // Both constructors see to it that there is one.
        &self.attributes[0]
    }

    /// The first attribute of the sort key (RANGE), if there is one; the only one but in global secondary indexes.
    #[inline]
    pub fn sort(&self) -> Option<&KeyAttribute> {
        self.sort_attributes().first()
    }

    /// The attributes of the partition key, at least one.
    #[inline]
    pub fn partition_attributes(&self) -> &[KeyAttribute] {
        &self.attributes[..self.partition_len]
    }

    /// The attributes of the sort key, from left to right.
    #[inline]
    pub fn sort_attributes(&self) -> &[KeyAttribute] {
        &self.attributes[self.partition_len..]
    }

    /// The key attributes, those of the partition key first.
    pub fn attributes(&self) -> impl Iterator<Item = &KeyAttribute> {
        self.attributes.iter()
    }
}

impl fmt::Display for KeySchema {
    /// In a few words, such as `pk (S), sk (N)`: the partition key, then the sort key. Several attributes of one of them are
    /// joined by `+`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, attribute) in self.attributes.iter().enumerate() {
            let joint = match at {
                0 => "",
                _ if at == self.partition_len => ", ",
                _ => " + ",
            };
            write!(f, "{joint}{} ({:?})", attribute.name, attribute.scalar_type)?;
        }
        Ok(())
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
    /// Warm throughput asked for.
    pub warm_throughput: Option<WarmThroughput>,
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
    /// Whether the table is protected from DeleteTable.
    pub deletion_protection: bool,
}
