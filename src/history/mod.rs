//! What tables consumed in the past, period by period: CloudWatch's metrics of a real table, or the record of a run.
//!
//! Metrics come as the JSON of `aws cloudwatch get-metric-data` or `get-metric-statistics`, or as CSV. Every reader makes
//! [`Series`](series::Series) of what is written; one place puts them on a common grid of periods, and decides there what a
//! missing, a doubled or a contradicting datapoint means.

mod csv;
mod error;
mod grid;
mod json;
mod label;
mod period;
mod read;
mod record;
mod series;
mod time;

use std::time::Duration;

use jiff::Timestamp;

pub use error::HistoryError;
pub use read::{Gaps, HistoryOptions, MetricsText, Values};

/// Consumed capacity of tables and indexes over the same span.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    /// Where it is from, such as a file's name.
    pub source: String,
    /// When the first period begins; `None` where only lengths of time are known.
    pub start: Option<Timestamp>,
    /// The length of every period.
    pub period: Duration,
    /// The tables and indexes, each table before its indexes.
    pub resources: Vec<ResourceHistory>,
    /// What was mended or left out in reading, and what a reader must know.
    pub warnings: Vec<String>,
}

/// What one table or global secondary index consumed.
#[derive(Debug, Clone, PartialEq)]
pub struct ResourceHistory {
    /// The table.
    pub table: String,
    /// The index; `None` for the table itself.
    pub index: Option<String>,
    /// Read capacity units consumed in each period, a sum; as many as there are periods.
    pub read_units: Vec<f64>,
    /// Write capacity units consumed in each period, a sum; as many as there are periods.
    pub write_units: Vec<f64>,
    /// How many requests were throttled at the time; 0 where none was, or where that is not known.
    pub throttle_events: f64,
    /// The share of requests that were throttled at the time, where known: what they asked for is missing in the units.
    pub throttled: Option<f64>,
}
