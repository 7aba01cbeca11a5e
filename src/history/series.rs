//! Datapoints as they were read, before they are put on a grid of periods.

use super::HistoryError;

/// No table or index consumes more in a second; anything above is no capacity unit.
pub(super) const UNITS_PER_SECOND_MAX: f64 = 1e9;
/// The longest period that CloudWatch knows, a day, in seconds.
pub(super) const PERIOD_SECONDS_MAX: u64 = 86_400;

/// What a series counts (AWS: "DynamoDB metrics and dimensions").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Metric {
    /// ConsumedReadCapacityUnits.
    Read,
    /// ConsumedWriteCapacityUnits.
    Write,
    /// ReadThrottleEvents.
    ReadThrottles,
    /// WriteThrottleEvents.
    WriteThrottles,
    /// A metric that says nothing about what was consumed or refused, such as ProvisionedReadCapacityUnits.
    Other,
}

impl Metric {
    /// CloudWatch's name.
    pub const fn name(self) -> &'static str {
        match self {
            Metric::Read => "ConsumedReadCapacityUnits",
            Metric::Write => "ConsumedWriteCapacityUnits",
            Metric::ReadThrottles => "ReadThrottleEvents",
            Metric::WriteThrottles => "WriteThrottleEvents",
            Metric::Other => "another metric",
        }
    }
}

/// A table or index.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Subject {
    /// The table.
    pub table: String,
    /// The index; `None` for the table itself.
    pub index: Option<String>,
}

impl Subject {
    /// `table` or `table/index`.
    pub fn label(&self) -> String {
        match &self.index {
            None => self.table.clone(),
            Some(index) => format!("{}/{index}", self.table),
        }
    }
}

/// Whether a file says that its values are sums of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// It says so.
    Sum,
    /// It says that they are averages per second.
    PerSecond,
    /// It says nothing.
    Unstated,
}

/// The datapoints of one metric of one table or index out of one file, in the order of the file.
#[derive(Debug, Clone)]
pub(super) struct Series {
    /// The number of the file among those read.
    pub file: usize,
    /// Its name.
    pub file_name: String,
    /// Where in the file, for messages, such as `column 2`; empty where there is one series in it.
    pub place: String,
    /// The table or index.
    pub subject: Subject,
    /// What is counted.
    pub metric: Metric,
    /// What the values are.
    pub unit: Unit,
    /// Seconds since 1970 and values.
    pub points: Vec<(i64, f64)>,
    /// Requests that were served, all datapoints together, where the file says.
    pub requests: Option<f64>,
}

impl Series {
    /// An error about this series.
    pub fn error(&self, message: impl Into<String>) -> HistoryError {
        if self.place.is_empty() {
            HistoryError::new(&self.file_name, message)
        } else {
            HistoryError::at(&self.file_name, &self.place, message)
        }
    }
}

/// One file, and the table of series that name none.
#[derive(Debug)]
pub(super) struct Input<'a> {
    /// Its number among the files read.
    pub file: usize,
    /// Its name.
    pub name: &'a str,
    /// The whole text.
    pub text: &'a str,
    /// The table of series that name none.
    pub subject: Option<Subject>,
}

/// What is read out of one file.
#[derive(Debug, Default)]
pub(super) struct Read {
    /// The series.
    pub series: Vec<Series>,
    /// What says neither reads nor writes, by its label.
    pub ignored: Vec<String>,
    /// What CloudWatch had to say.
    pub warnings: Vec<String>,
    /// Whether a time had no zone.
    pub is_without_zone: bool,
}

/// Why a value is none of a metric.
pub(super) fn value_mistake(value: f64) -> Option<String> {
    if !value.is_finite() {
        Some(format!("{value} is not a number of units"))
    } else if value < 0.0 {
        Some(format!("{value} is negative; consumed capacity is not"))
    } else if value > UNITS_PER_SECOND_MAX * PERIOD_SECONDS_MAX as f64 {
        Some(format!("{value:e} is more than any table consumes in a day"))
    } else {
        None
    }
}
