//! Phases in a workload file: how fast operations come.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::Located;
use super::one_of::only_member;

/// A stretch of time with its own rate and, where wanted, its own mix.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PhaseFile {
    /// Its name in results.
    pub name: Located<String>,
    /// How long it lasts, such as "30s", "5m" or "1h 30m".
    pub duration: Located<String>,
    /// Operations per second, whether or not the target keeps up (open loop). Either this or `in_flight`.
    pub rate: Option<Located<RateFile>>,
    /// This many operations at any time, as fast as they are answered (closed loop). Either this or `rate`.
    pub in_flight: Option<Located<usize>>,
    /// How operations are spaced in an open loop.
    #[serde(default)]
    pub arrivals: Arrivals,
    /// A warm-up is measured apart and left out of summaries and thresholds.
    #[serde(default)]
    pub warm_up: bool,
    /// Weights of operations by name, instead of their own; those left out do not run.
    pub mix: Option<Located<BTreeMap<String, Located<f64>>>>,
}

/// How operations are spaced.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Arrivals {
    /// Evenly.
    #[default]
    Even,
    /// At random, independent of each other, as many users do.
    Poisson,
}

/// A rate, operations per second: a number, or one that changes.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(untagged)]
pub enum RateFile {
    /// Always the same.
    Constant(f64),
    /// Changing.
    Changing(ChangingRateFile),
}

/// A rate that changes over the phase.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ChangingRateFile {
    /// From one rate to another, in a straight line.
    Ramp {
        /// Rate at the start.
        from: f64,
        /// Rate at the end.
        to: f64,
    },
    /// These rates, each for an equal part of the phase.
    Steps(Vec<f64>),
    /// A base rate with one spike in it.
    Spike {
        /// The rate outside the spike.
        base: f64,
        /// The rate in the spike.
        peak: f64,
        /// When the spike starts to rise.
        at: Located<String>,
        /// How long it stays at its peak.
        length: Located<String>,
        /// How long it takes to rise and to fall; at once where absent.
        rise: Option<Located<String>>,
    },
    /// A sine: `mean − amplitude × cos(2π × (t − trough) / period)`.
    Sine {
        /// The mean rate.
        mean: f64,
        /// How far the rate swings to either side.
        amplitude: f64,
        /// The time from one peak to the next, such as "24h".
        period: Located<String>,
        /// When the rate is lowest first. At the start where absent.
        trough: Option<Located<String>>,
    },
    /// A recorded rate over time, from a CSV file.
    Trace {
        /// The file, from the workload file's folder.
        file: Located<String>,
        /// The column with the count or rate; the last one where absent.
        column: Option<Located<String>>,
        /// How much time a row stands for, such as "1m".
        step: Located<String>,
        /// Whether values are operations per second already; otherwise operations per row.
        #[serde(default)]
        per_second: bool,
        /// Every value is multiplied by this. 1 where absent.
        scale: Option<f64>,
        /// Time runs this many times faster than in the file. 1 where absent.
        speed_up: Option<f64>,
    },
}

impl<'de> Deserialize<'de> for RateFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberOrTable;

        impl<'de> Visitor<'de> for NumberOrTable {
            type Value = RateFile;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "operations per second as a number, or a changing rate such as { ramp = { from = 10, to = 99 } }",
                )
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
                Ok(RateFile::Constant(number as f64))
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Self::Value, E> {
                Ok(RateFile::Constant(number))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                only_member(map).map(RateFile::Changing)
            }
        }

        deserializer.deserialize_any(NumberOrTable)
    }
}
