//! The series as tables of comma-separated values.
//!
//! A number that does not exist, such as a percentile of nothing or what an on-demand table has provisioned, is an empty field.

use std::time::Duration;

use csv::{Terminator, Writer, WriterBuilder};

use crate::api::ReadWrite;
use crate::record::{Counts, Histogram, OperationInfo, OutcomeKind, Point, RunResult};

use super::{ExportError, ExportedFile};

/// What every row begins with.
const INTERVAL: [&str; 4] = ["phase", "warm_up", "start_seconds", "end_seconds"];
/// Percentiles of latencies, as they are asked for; the last is the maximum.
const PERCENTS: [f64; 5] = [50.0, 90.0, 99.0, 99.9, 100.0];
const PERCENT_NAMES: [&str; 5] = ["p50", "p90", "p99", "p99_9", "max"];

/// All tables.
pub(super) fn tables(result: &RunResult) -> Result<Vec<ExportedFile>, ExportError> {
    Ok(vec![
        Table::of("operations.csv", &operation_columns(), result, operations)?,
        Table::of("intervals.csv", &INTERVAL_COLUMNS.map(str::to_owned), result, intervals)?,
        Table::of("capacity.csv", &CAPACITY_COLUMNS.map(str::to_owned), result, capacity)?,
        Table::of("failures.csv", &FAILURE_COLUMNS.map(str::to_owned), result, failures)?,
    ])
}

const INTERVAL_COLUMNS: [&str; 6] =
    ["sent", "completed", "schedule_lag_p50_seconds", "schedule_lag_p99_seconds", "schedule_lag_max_seconds", "valid"];
const CAPACITY_COLUMNS: [&str; 8] = [
    "table",
    "index",
    "consumed_read_units",
    "consumed_write_units",
    "provisioned_read_units_per_second",
    "provisioned_write_units_per_second",
    "throttled_reads",
    "throttled_writes",
];
const FAILURE_COLUMNS: [&str; 7] = ["operation", "kind", "name", "reason", "resource", "access", "attempts"];

/// A row after what it begins with.
type Row = Vec<String>;

/// A table being written.
struct Table(Writer<Vec<u8>>);

impl Table {
    fn of(
        name: &str,
        columns: &[String],
        result: &RunResult,
        rows: fn(&RunResult, &Point) -> Vec<Row>,
    ) -> Result<ExportedFile, ExportError> {
        let mut table = Table(WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new()));
        table.row(INTERVAL.iter().map(|name| (*name).to_owned()).chain(columns.iter().cloned()))?;
        for point in &result.series.points {
            let phase = result.phases.get(point.phase);
            let begin = [
                phase.map_or(String::new(), |phase| phase.name.clone()),
                phase.map_or(String::new(), |phase| phase.warm_up.to_string()),
                number(point.start_seconds),
                number(point.end_seconds),
            ];
            for row in rows(result, point) {
                table.row(begin.iter().cloned().chain(row))?;
            }
        }
        let bytes = table.0.into_inner().map_err(|error| ExportError::Table(error.to_string()))?;
        Ok(ExportedFile { name: name.to_owned(), bytes })
    }

    fn row(&mut self, fields: impl Iterator<Item = String>) -> Result<(), ExportError> {
        self.0.write_record(fields.collect::<Vec<_>>()).map_err(|error| ExportError::Table(error.to_string()))
    }
}

type Count = fn(&Counts) -> u64;

/// The counts of an operation, by the names they have in the record.
const COUNTS: [(&str, Count); 10] = [
    ("offered", |counts| counts.offered),
    ("succeeded", |counts| counts.succeeded),
    ("condition_failed", |counts| counts.condition_failed),
    ("throttled", |counts| counts.throttled),
    ("failed", |counts| counts.failed),
    ("timed_out", |counts| counts.timed_out),
    ("unsent", |counts| counts.unsent),
    ("attempts", |counts| counts.attempts),
    ("retries", |counts| counts.retries),
    ("throttled_attempts", |counts| counts.throttled_attempts),
];

fn operation_columns() -> Vec<String> {
    let times = |kind: &str| PERCENT_NAMES.map(|percent| format!("{kind}_{percent}_seconds"));
    ["operation".to_owned(), "api".to_owned()]
        .into_iter()
        .chain(COUNTS.iter().map(|(name, _)| (*name).to_owned()))
        .chain(times("response"))
        .chain(times("service"))
        .chain(["valid".to_owned()])
        .collect()
}

/// Every operation of the mix, those that nothing was asked of included.
fn operations(result: &RunResult, point: &Point) -> Vec<Row> {
    let row = |(index, info): (usize, &OperationInfo)| {
        let own = point.operations.iter().find(|operation| operation.operation == index);
        let counts = own.map_or(Counts::default(), |own| own.counts);
        let latencies = own.iter().flat_map(|own| &own.latencies);
        let succeeded = latencies.clone().find(|latencies| latencies.outcome == OutcomeKind::Succeeded);
        let mut row = vec![info.name.clone(), info.operation.name().to_owned()];
        row.extend(COUNTS.iter().map(|(_, count)| count(&counts).to_string()));
        row.extend(times(succeeded.map(|latencies| &latencies.response)));
        row.extend(times(succeeded.map(|latencies| &latencies.service)));
        row.push(point.valid.to_string());
        row
    };
    result.operations.iter().enumerate().map(row).collect()
}

fn times(histogram: Option<&Histogram>) -> [String; PERCENTS.len()] {
    match histogram.filter(|histogram| !histogram.is_empty()) {
        None => Default::default(),
        Some(histogram) => histogram.percentiles(PERCENTS).map(|time| {
            // To the nanosecond, as it was recorded; histograms keep one nanosecond for no time at all, as virtual time has it.
            let time = if time.as_nanos() <= 1 { Duration::ZERO } else { time };
            format!("{}.{:09}", time.as_secs(), time.subsec_nanos())
        }),
    }
}

fn intervals(_: &RunResult, point: &Point) -> Vec<Row> {
    let counts = [point.sent.to_string(), point.completed.to_string()];
    let lag = point.lag_seconds.map(|lag| number(if lag <= 1e-9 { 0.0 } else { lag }));
    vec![counts.into_iter().chain(lag).chain([point.valid.to_string()]).collect()]
}

fn capacity(result: &RunResult, point: &Point) -> Vec<Row> {
    let known = point.resources.iter().filter_map(|own| Some((own, result.resources.get(own.resource)?)));
    known
        .map(|(own, info)| {
            vec![
                info.table.clone(),
                info.index.clone().unwrap_or_default(),
                own.consumed.read.to_string(),
                own.consumed.write.to_string(),
                own.provisioned.map_or(String::new(), |units| number(units.read)),
                own.provisioned.map_or(String::new(), |units| number(units.write)),
                own.throttled_reads.to_string(),
                own.throttled_writes.to_string(),
            ]
        })
        .collect()
}

/// Throttled and failed attempts, by what was given as the reason.
fn failures(result: &RunResult, point: &Point) -> Vec<Row> {
    let operation = |index: usize| result.operations.get(index).map_or(String::new(), |info| info.name.clone());
    let throttles = point.throttles.iter().filter_map(|(at, count)| Some((result.throttles.get(*at)?, count)));
    let throttles = throttles.map(|(throttle, count)| {
        let access = match throttle.access {
            Some(ReadWrite::Read) => "read",
            Some(ReadWrite::Write) => "write",
            None => "",
        };
        vec![
            operation(throttle.operation),
            "throttle".to_owned(),
            throttle.exception.clone(),
            throttle.reason.clone(),
            throttle.resource.clone(),
            access.to_owned(),
            count.to_string(),
        ]
    });
    let errors = point.errors.iter().filter_map(|(at, count)| Some((result.errors.get(*at)?, count)));
    let errors = errors.map(|(error, count)| {
        let nothing = String::new;
        vec![
            operation(error.operation),
            "error".to_owned(),
            error.name.clone(),
            nothing(),
            nothing(),
            nothing(),
            count.to_string(),
        ]
    });
    throttles.chain(errors).collect()
}

/// A number as short as it can be without becoming another one.
fn number(value: f64) -> String {
    if value.is_finite() { value.to_string() } else { String::new() }
}
