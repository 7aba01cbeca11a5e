//! How attributes get their values, in a workload file.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::one_of::only_member;
use super::{DistributionFile, KeyFile, Located, OneOf};

/// Attributes by name.
pub type AttributesFile = BTreeMap<String, Located<AttributeFile>>;

/// Where an attribute's value comes from: a text, a number or a truth value as it is, or a generator.
///
/// In a text, `{record}` stands for the record's number, `{partition}` and `{sort}` for its place in the layout of the table,
/// `{counter}` for how often the operation ran before; `{record:08}` pads with zeros, `{record:ycsb}` is YCSB's hashed number.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(untagged)]
pub enum AttributeFile {
    /// A string with placeholders.
    Text(String),
    /// A constant number.
    Integer(i64),
    /// A constant number.
    Decimal(f64),
    /// A constant truth value.
    Boolean(bool),
    /// A generator.
    Generator(Box<GeneratorFile>),
}

/// Draws a value.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum GeneratorFile {
    /// The record's number, as a number.
    Record {},
    /// The record's partition number, as a number.
    Partition {},
    /// The record's number within its partition, as a number.
    Sort {},
    /// How often this operation ran before, as a number.
    Counter {
        /// The first value.
        #[serde(default)]
        start: i64,
        /// What is added each time.
        #[serde(default = "one")]
        step: i64,
    },
    /// A whole number between two, every one alike.
    Uniform {
        /// Least value.
        min: f64,
        /// Greatest value.
        max: f64,
    },
    /// A number with any distribution.
    Number {
        /// The distribution.
        distribution: DistributionFile,
        /// Decimal places.
        #[serde(default)]
        decimals: u32,
    },
    /// A whole number below `count`, distributed like the keys of an operation.
    Index {
        /// How many there are.
        count: u64,
        /// How they are distributed.
        distribution: Box<OneOf<KeyFile>>,
    },
    /// One of several values.
    Choice {
        /// The values.
        values: Vec<Located<AttributeFile>>,
        /// Their weights; all alike where absent.
        weights: Option<Vec<f64>>,
    },
    /// Random characters.
    String {
        /// How many.
        length: DistributionFile,
        /// Which.
        #[serde(default)]
        alphabet: Alphabet,
    },
    /// Words of a language that does not exist, separated by spaces.
    Words {
        /// How many bytes in all.
        length: DistributionFile,
    },
    /// Random bytes.
    Binary {
        /// How many.
        length: DistributionFile,
    },
    /// A set of values of one type.
    Set {
        /// One element.
        of: Box<Located<AttributeFile>>,
        /// How many are drawn; those drawn twice are in the set once.
        count: DistributionFile,
    },
    /// A list.
    List {
        /// One element.
        of: Box<Located<AttributeFile>>,
        /// How many elements.
        count: DistributionFile,
    },
    /// A map with these members.
    Map(AttributesFile),
    /// The time the operation was due: the workload's epoch and the time into the run. Loaded items have the epoch.
    Timestamp {
        /// How it is written.
        #[serde(default)]
        format: TimestampFormat,
        /// Added to it, such as "1h".
        plus: Option<Located<String>>,
        /// Up to this much is taken off at random, such as "30d".
        spread: Option<Located<String>>,
    },
    /// A random UUID (version 4); in a key attribute, one that belongs to the record.
    Uuid {},
    /// True with this probability.
    Boolean {
        /// 0 to 1; one half where absent.
        #[serde(default = "half")]
        probability: f64,
    },
    /// Null.
    Null {},
    /// The value of this key attribute of the record that the operation drew.
    Key(String),
}

fn one() -> i64 {
    1
}

fn half() -> f64 {
    0.5
}

/// Which characters a random string has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Alphabet {
    /// Letters and digits and two more, 64 in all.
    #[default]
    Alphanumeric,
    /// Hexadecimal digits.
    Hex,
    /// Decimal digits.
    Digits,
    /// Lower-case letters.
    Lowercase,
}

/// How a time is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimestampFormat {
    /// A string such as 2026-01-01T00:00:00.000Z.
    #[default]
    Iso,
    /// A number of seconds since 1970.
    EpochSeconds,
    /// A number of milliseconds since 1970.
    EpochMilliseconds,
}

impl<'de> Deserialize<'de> for AttributeFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ConstantOrGenerator;

        impl<'de> Visitor<'de> for ConstantOrGenerator {
            type Value = AttributeFile;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "a text, a number, true or false, or a generator such as { uniform = { min = 1, max = 9 } }",
                )
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(AttributeFile::Text(text.to_owned()))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
                Ok(AttributeFile::Integer(number))
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Self::Value, E> {
                Ok(AttributeFile::Decimal(number))
            }

            fn visit_bool<E: de::Error>(self, truth: bool) -> Result<Self::Value, E> {
                Ok(AttributeFile::Boolean(truth))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                Ok(AttributeFile::Generator(Box::new(only_member(map)?)))
            }
        }

        deserializer.deserialize_any(ConstantOrGenerator)
    }
}
