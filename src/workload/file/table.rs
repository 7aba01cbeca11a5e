//! Tables in a workload file.

use std::fmt;

use schemars::JsonSchema;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{self, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};

use crate::api::{TableClass, WarmThroughput};
use crate::item::ScalarType;

use super::{AttributesFile, BillingFile, DistributionFile, Located, OneOf};

/// A table, how it is keyed and paid for, and what is loaded into it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TableFile {
    /// The table's name, 3 to 255 characters of letters, digits, `_`, `.` and `-`.
    pub name: Located<String>,
    /// The partition key.
    pub partition_key: KeyAttributeFile,
    /// The sort key, if there is one.
    pub sort_key: Option<KeyAttributeFile>,
    /// Capacity mode and throughput; on-demand where absent.
    pub capacity: Option<Located<OneOf<CapacityFile>>>,
    /// Storage and price class.
    #[serde(default)]
    pub class: TableClass,
    /// What the table can serve at once, units per second.
    pub warm_throughput: Option<WarmThroughput>,
    /// The attribute that holds each item's expiry in epoch seconds; time to live is off where absent.
    pub time_to_live: Option<Located<String>>,
    /// How many items to load before measuring. None where absent.
    pub items: Option<Located<u64>>,
    /// Records numbered in a row share a partition key, this many each. 1 where absent.
    pub items_per_partition: Option<Located<u64>>,
    /// Records take turns over this many partition keys, so that collections grow without bound. Instead of `items_per_partition`.
    pub partitions: Option<Located<u64>>,
    /// Pads every item to this size in bytes: a number or a distribution.
    pub item_size: Option<Located<DistributionFile>>,
    /// The string attribute that holds the padding. `padding` where absent.
    pub padding_attribute: Option<Located<String>>,
    /// The attributes of an item, by name. Key attributes must be made from the record alone.
    pub item: AttributesFile,
    /// Global secondary indexes.
    #[serde(default)]
    pub global_secondary_indexes: Vec<GlobalIndexFile>,
    /// Local secondary indexes.
    #[serde(default)]
    pub local_secondary_indexes: Vec<LocalIndexFile>,
    /// What is billed besides capacity, for `dyno cost`.
    #[serde(default)]
    pub billing: BillingFile,
}

/// A key attribute.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyAttributeFile {
    /// The attribute's name.
    pub name: Located<String>,
    /// S, N or B.
    #[serde(rename = "type")]
    pub scalar_type: ScalarType,
}

/// The attributes of a global index's partition key or sort key: most often one.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(untagged)]
pub enum KeyAttributesFile {
    /// A single attribute.
    One(KeyAttributeFile),
    /// Up to four attributes; of a sort key in the order that counts.
    Several(Vec<KeyAttributeFile>),
}

impl KeyAttributesFile {
    /// All of them.
    pub fn attributes(&self) -> &[KeyAttributeFile] {
        match self {
            KeyAttributesFile::One(attribute) => std::slice::from_ref(attribute),
            KeyAttributesFile::Several(attributes) => attributes,
        }
    }
}

impl<'de> Deserialize<'de> for KeyAttributesFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TableOrList;

        impl<'de> Visitor<'de> for TableOrList {
            type Value = KeyAttributesFile;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key attribute as { name = \"id\", type = \"S\" }, or a list of them")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                KeyAttributeFile::deserialize(MapAccessDeserializer::new(map)).map(KeyAttributesFile::One)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, attributes: A) -> Result<Self::Value, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(attributes)).map(KeyAttributesFile::Several)
            }
        }

        deserializer.deserialize_any(TableOrList)
    }
}

/// How a table or index is paid for and limited.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum CapacityFile {
    /// Provisioned RCU and WCU.
    Provisioned {
        /// Read capacity units per second.
        read: Located<UnitsFile>,
        /// Write capacity units per second.
        write: Located<UnitsFile>,
    },
    /// On-demand.
    OnDemand {
        /// Most read request units per second.
        max_read: Option<u64>,
        /// Most write request units per second.
        max_write: Option<u64>,
    },
}

/// Provisioned units: a number, or auto scaled.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(untagged)]
pub enum UnitsFile {
    /// Fixed.
    Fixed(u64),
    /// Follows the demand.
    AutoScaled(AutoScaledUnits),
}

impl<'de> Deserialize<'de> for UnitsFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberOrTable;

        impl<'de> Visitor<'de> for NumberOrTable {
            type Value = UnitsFile;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("units per second as a whole number, or { min = 5, max = 100, target = 0.7 }")
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
                u64::try_from(number)
                    .map(UnitsFile::Fixed)
                    .map_err(|_| E::invalid_value(Unexpected::Signed(number), &self))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                AutoScaledUnits::deserialize(MapAccessDeserializer::new(map)).map(UnitsFile::AutoScaled)
            }
        }

        deserializer.deserialize_any(NumberOrTable)
    }
}

/// Provisioned units that follow the demand.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AutoScaledUnits {
    /// Units per second at the start; `min` where absent.
    pub start: Option<u64>,
    /// Least units per second.
    pub min: Located<u64>,
    /// Most units per second.
    pub max: Located<u64>,
    /// Target utilization, 0.2 to 0.9. 0.7 where absent.
    pub target: Option<Located<f64>>,
}

/// Which attributes an index holds besides the keys.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ProjectionFile {
    /// Every attribute.
    All {},
    /// The keys alone.
    KeysOnly {},
    /// The keys and these attributes.
    Include(Vec<Located<String>>),
}

impl Default for OneOf<ProjectionFile> {
    fn default() -> Self {
        OneOf(ProjectionFile::All {})
    }
}

/// A global secondary index.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GlobalIndexFile {
    /// The index's name.
    pub name: Located<String>,
    /// The index's partition key: one attribute, or a list of up to four.
    pub partition_key: KeyAttributesFile,
    /// The index's sort key, if there is one: one attribute, or a list of up to four.
    pub sort_key: Option<KeyAttributesFile>,
    /// Which attributes the index holds.
    #[serde(default)]
    pub projection: OneOf<ProjectionFile>,
    /// Its own capacity, in the table's mode; the table's figures where absent.
    pub capacity: Option<Located<OneOf<CapacityFile>>>,
}

impl GlobalIndexFile {
    /// The attributes of the partition key, then those of the sort key.
    pub fn key_attributes(&self) -> impl Iterator<Item = &KeyAttributeFile> {
        let sort = self.sort_key.iter().flat_map(KeyAttributesFile::attributes);
        self.partition_key.attributes().iter().chain(sort)
    }
}

/// A local secondary index.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LocalIndexFile {
    /// The index's name.
    pub name: Located<String>,
    /// The index's sort key; its partition key is the table's.
    pub sort_key: KeyAttributeFile,
    /// Which attributes the index holds.
    #[serde(default)]
    pub projection: OneOf<ProjectionFile>,
}
