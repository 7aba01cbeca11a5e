//! The interval log of HdrHistogram, as its `HistogramLogWriter` (Java) writes it, version 1.3 of the format.

use std::fmt::Write;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

use crate::record::{Histogram, Latencies, OutcomeKind, RunResult};

use super::name::Names;

/// Values are nanoseconds; the maximum of a line is in milliseconds, the unit HdrHistogram's tools take it to have.
const NANOS_PER_MILLI: f64 = 1e6;

/// Where a kind of time is in the record.
type OfKind = fn(&Latencies) -> &Histogram;

/// The kinds of time, by their tag.
const KINDS: [(&str, OfKind); 2] =
    [("response", |latencies| &latencies.response), ("service", |latencies| &latencies.service)];

/// The whole log.
pub(super) fn log(result: &RunResult) -> String {
    let started_at = result.started_at.parse::<Timestamp>().unwrap_or(Timestamp::UNIX_EPOCH);
    let start_seconds = started_at.as_millisecond() as f64 / 1e3;
    let name: String = result.name.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    // Writing to memory cannot fail.
    let mut log = String::new();
    let _ = writeln!(log, "#[Dynamometer {}: {name}]", result.dyno_version);
    let _ =
        writeln!(log, "#[Values are nanoseconds of operations that succeeded; maxima of intervals are milliseconds]");
    let _ = writeln!(log, "#[Histogram log format version 1.3]");
    let _ = writeln!(log, "#[StartTime: {start_seconds:.3} (seconds since epoch), {started_at}]");
    let _ = writeln!(log, "#[BaseTime: {start_seconds:.3} (seconds since epoch)]");
    let _ = writeln!(log, "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"");
    let tags = tags(result);
    for point in &result.series.points {
        let warm_up = result.phases.get(point.phase).is_some_and(|phase| phase.warm_up);
        // Both in whole milliseconds, so that an interval ends where the next one starts.
        let (start, end) = (millis(point.start_seconds), millis(point.end_seconds));
        let (start_seconds, length_seconds) = (start as f64 / 1e3, end.saturating_sub(start) as f64 / 1e3);
        for operation in &point.operations {
            let Some(tags) = tags.get(operation.operation) else { continue };
            let succeeded = operation.latencies.iter().filter(|latencies| latencies.outcome == OutcomeKind::Succeeded);
            for latencies in succeeded {
                for ((_, times), tags) in KINDS.iter().zip(tags) {
                    let times = times(latencies);
                    if times.is_empty() {
                        continue;
                    }
                    let tag = &tags[usize::from(warm_up)];
                    let max = times.max().as_nanos() as f64 / NANOS_PER_MILLI;
                    let histogram = STANDARD.encode(times.to_v2_deflate());
                    let _ = writeln!(log, "Tag={tag},{start_seconds:.3},{length_seconds:.3},{max:.3},{histogram}");
                }
            }
        }
    }
    log
}

/// By operation and kind of time: the tag of measured phases and that of warm-ups.
fn tags(result: &RunResult) -> Vec<[[String; 2]; 2]> {
    let mut names = Names::default();
    let operations = result.operations.iter().map(|operation| tag(&operation.name));
    let mut own = |form: String| names.own(form);
    operations
        .map(|name| KINDS.map(|(kind, _)| [own(format!("{name}.{kind}")), own(format!("{name}.{kind}.warm-up"))]))
        .collect()
}

/// A name without what parts the fields of a line, and without what parts the words of a command line.
fn tag(name: &str) -> String {
    let replaced = |letter: char| letter == ',' || letter == '"' || letter.is_whitespace() || letter.is_control();
    name.chars().map(|letter| if replaced(letter) { '-' } else { letter }).collect()
}

/// Whole milliseconds; nonsense becomes 0 or the end of time.
fn millis(seconds: f64) -> u64 {
    (seconds * 1e3).round() as u64
}
