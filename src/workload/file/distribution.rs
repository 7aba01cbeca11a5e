//! Distributions in a workload file: of sizes and numbers, and of keys.

use std::fmt;

use schemars::JsonSchema;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::one_of::only_member;

/// How a size or a number is distributed. A plain number is constant.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum DistributionTable {
    /// Always the same.
    Constant(f64),
    /// Every value between the two alike.
    Uniform {
        /// Least value.
        min: f64,
        /// Greatest value.
        max: f64,
    },
    /// Gaussian, values outside the bounds moved to them.
    Normal {
        /// Mean.
        mean: f64,
        /// Standard deviation.
        standard_deviation: f64,
        /// Least value.
        #[serde(default)]
        min: f64,
        /// Greatest value.
        max: Option<f64>,
    },
    /// Log-normal, values outside the bounds moved to them.
    LogNormal {
        /// Median.
        median: f64,
        /// Standard deviation of the logarithm.
        sigma: f64,
        /// Least value.
        #[serde(default)]
        min: f64,
        /// Greatest value.
        max: Option<f64>,
    },
    /// Exponential, values outside the bounds moved to them.
    Exponential {
        /// Mean.
        mean: f64,
        /// Least value.
        #[serde(default)]
        min: f64,
        /// Greatest value.
        max: Option<f64>,
    },
    /// Generalized Pareto, values outside the bounds moved to them.
    Pareto {
        /// Location.
        location: f64,
        /// Scale.
        scale: f64,
        /// Shape.
        shape: f64,
        /// Least value.
        #[serde(default)]
        min: f64,
        /// Greatest value.
        max: Option<f64>,
    },
    /// Generalized extreme value, values outside the bounds moved to them.
    ExtremeValue {
        /// Location.
        location: f64,
        /// Scale.
        scale: f64,
        /// Shape.
        shape: f64,
        /// Least value.
        #[serde(default)]
        min: f64,
        /// Greatest value.
        max: Option<f64>,
    },
    /// One of these values, by weight.
    Table {
        /// The values.
        values: Vec<f64>,
        /// Their weights.
        weights: Vec<f64>,
    },
    /// One of these distributions, by weight.
    Mixture(Vec<MixturePart>),
}

/// One part of a mixture.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MixturePart {
    /// Its weight.
    pub weight: f64,
    /// The distribution.
    pub distribution: DistributionFile,
}

/// A number, or a distribution of numbers.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(untagged)]
pub enum DistributionFile {
    /// Always the same.
    Constant(f64),
    /// A named distribution.
    Table(Box<DistributionTable>),
}

impl<'de> Deserialize<'de> for DistributionFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberOrTable;

        impl<'de> Visitor<'de> for NumberOrTable {
            type Value = DistributionFile;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number or a distribution such as { uniform = { min = 1, max = 9 } }")
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
                Ok(DistributionFile::Constant(number as f64))
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Self::Value, E> {
                Ok(DistributionFile::Constant(number))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                Ok(DistributionFile::Table(Box::new(only_member(map)?)))
            }
        }

        deserializer.deserialize_any(NumberOrTable)
    }
}

/// Which record an operation is about.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum KeyFile {
    /// Every record alike.
    Uniform {},
    /// A few records far more than others: rank k with a probability proportional to k^−exponent.
    Zipfian {
        /// The exponent; any value from 0, 1 and above included. 0.99 where absent.
        #[serde(default = "default_exponent")]
        exponent: f64,
        /// Whether popular records are spread over the key space instead of being its first ones. True where absent.
        #[serde(default = "default_scrambled")]
        scrambled: bool,
    },
    /// YCSB's own scrambled zipfian, folded by a hash: for comparisons with YCSB, not for realism.
    YcsbCompatible {},
    /// The most recently inserted records most, zipfian by age.
    Latest {
        /// The exponent. 0.99 where absent.
        #[serde(default = "default_exponent")]
        exponent: f64,
    },
    /// A share of the traffic on a share of the records, or on a number of records.
    Hotspot {
        /// The hot share of the records, 0 to 1.
        keys: Option<f64>,
        /// The hot records as a number.
        records: Option<u64>,
        /// Their share of the traffic, 0 to 1.
        traffic: f64,
    },
    /// Exponential over the records, the first ones most.
    Exponential {
        /// This percentage of the draws, 0 to 100, ...
        #[serde(default = "default_percentile")]
        percentile: f64,
        /// ... falls on this share of the records, 0 to 1.
        #[serde(default = "default_fraction")]
        fraction: f64,
    },
    /// One record after the other, from the first, and again.
    Sequential {},
    /// A record that does not exist yet: an insert.
    New {},
    /// A record that never exists.
    Missing {},
    /// Always this record.
    Record(u64),
    /// The record that the action with this number drew, counted from 1; only in transactions.
    SameAs(usize),
}

fn default_exponent() -> f64 {
    0.99
}

fn default_scrambled() -> bool {
    true
}

/// YCSB's default: 95 % of the draws ...
fn default_percentile() -> f64 {
    95.0
}

/// ... on 0.857 of the data (facts: workloads, YCSB).
fn default_fraction() -> f64 {
    0.857_142_857_1
}
