//! `dyno export` as a user meets it, its files read by the tools they are for.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use dynamometer::record::{Histogram, OutcomeKind, RunResult};
use serde_json::Value;

use super::dyno::Desk;

/// Set to 1 to fail where PyPI's `hdrhistogram` is missing.
const REQUIRE: &str = "DYNO_REQUIRE_HDRHISTOGRAM";

/// A run of the gallery: half an hour, long enough that its intervals are merged, a warm-up that ends within one, and throttling.
const RECORD: &str = include_str!("../../reports/hot-key/result.json");
/// When its warm-up ends, and the planned end of the run.
const ENDS_MILLIS: [u64; 2] = [5_000, 1_800_000];

/// Reads a log with HdrHistogram's reader for Python: for every tag the values of all intervals together, and the intervals.
const READ_LOG: &str = r#"
import json, sys
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader
tags = {}
reader = HistogramLogReader(sys.argv[1], HdrHistogram(1, 3600 * 10**9, 3))
while True:
    interval = reader.get_next_interval_histogram()
    if interval is None:
        break
    own = tags.setdefault(interval.get_tag(), {"sum": HdrHistogram(1, 2 * 3600 * 10**9, 3), "intervals": []})
    own["sum"].add(interval)
    start = interval.get_start_time_stamp() - 1000 * reader.base_time_sec
    own["intervals"].append([start, interval.get_end_time_stamp() - interval.get_start_time_stamp(), interval.get_total_count()])
def read(own):
    sum = own["sum"]
    at = {str(p): min(sum.get_value_at_percentile(p), sum.get_max_value()) for p in (50, 90, 99, 99.9)}
    return {"count": sum.get_total_count(), "at": at, "intervals": own["intervals"], "base": reader.base_time_sec}
print(json.dumps({tag: read(own) for tag, own in tags.items()}))
"#;

/// The run and what was exported of it.
fn exported(formats: &str) -> (Desk, RunResult) {
    let desk = Desk::new();
    desk.write("result.json", RECORD);
    let ended = desk.dyno(["export", "result.json", "--format", formats]).expect(0);
    for line in ended.stdout.lines() {
        assert!(desk.path(line).is_file(), "{line}");
    }
    let result = desk.result("result.json");
    assert!(result.series.merged > 1, "the tests need a record that was thinned");
    (desk, result)
}

/// Times of the successes of an operation over the phases that are warm-ups, or those that are not.
fn times(result: &RunResult, operation: usize, warm_up: bool, service: bool) -> Histogram {
    let mut sum = Histogram::new();
    let wanted =
        result.totals.iter().filter(|all| all.operation == operation && result.phases[all.phase].warm_up == warm_up);
    for latencies in wanted.flat_map(|all| &all.latencies).filter(|all| all.outcome == OutcomeKind::Succeeded) {
        sum.merge(if service { &latencies.service } else { &latencies.response });
    }
    sum
}

#[test]
fn hdrhistograms_own_reader_finds_what_the_record_has() {
    let imports = Command::new("python3").args(["-c", "import hdrh.log"]).output();
    if !imports.is_ok_and(|output| output.status.success()) {
        assert!(std::env::var(REQUIRE).is_err(), "install it with `pip install hdrhistogram`");
        return eprintln!("skipped: hdrhistogram is not installed");
    }
    let (desk, result) = exported("hdr");
    let log = desk.path("export/latency.hlog");
    let output = Command::new("python3").arg("-c").arg(READ_LOG).arg(&log).output().expect("python3 starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read: BTreeMap<String, Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(read.len(), 8, "two operations, two kinds of time, measured and warm-up: {:?}", read.keys());
    for (operation, name) in ["view-profile", "like-profile"].into_iter().enumerate() {
        for (kind, service) in [("response", false), ("service", true)] {
            for (suffix, warm_up) in [("", false), (".warm-up", true)] {
                let tag = format!("{name}.{kind}{suffix}");
                let (own, recorded) = (&read[&tag], times(&result, operation, warm_up, service));
                assert_eq!(own["count"].as_u64(), Some(recorded.count()), "{tag}");
                for percent in [50.0, 90.0, 99.0, 99.9] {
                    let value = own["at"][percent.to_string()].as_u64().map(u128::from);
                    assert_eq!(value, Some(recorded.percentile(percent).as_nanos()), "{tag} p{percent}");
                }
            }
        }
    }
    // Reads succeed all the time: their intervals leave no gap, and end with the phases.
    let intervals = |tag: &str| -> Vec<(u64, u64)> {
        let all = read[tag]["intervals"].as_array().unwrap();
        let millis = |value: &Value| value.as_f64().unwrap().round() as u64;
        all.iter().map(|interval| (millis(&interval[0]), millis(&interval[1]))).collect()
    };
    let warm_up = intervals("view-profile.response.warm-up");
    let measured = intervals("view-profile.response");
    assert_eq!((warm_up[0].0, measured[0].0), (0, ENDS_MILLIS[0]));
    let merged = result.series.merged * 1_000;
    for pair in [warm_up.clone(), measured.clone()].concat().windows(2) {
        assert_eq!(pair[0].0 + pair[0].1, pair[1].0, "{pair:?}");
        assert!(pair[0].1 <= merged, "{pair:?}");
    }
    // All but those that a phase parts, and the last, are whole.
    assert!(measured[1..measured.len() - 1].iter().all(|(start, length)| *length == merged && start % merged == 0));
    let (start, length) = measured[measured.len() - 1];
    assert!((ENDS_MILLIS[1]..=ENDS_MILLIS[1] + merged).contains(&(start + length)), "{start} + {length}");
}

/// Rows of a table as maps from column to field.
fn rows(path: &Path) -> Vec<BTreeMap<String, String>> {
    csv::Reader::from_path(path).unwrap().deserialize().map(Result::unwrap).collect()
}

/// The sum of a column over the rows for which something holds; empty fields are none.
fn sum(rows: &[BTreeMap<String, String>], column: &str, holds: impl Fn(&BTreeMap<String, String>) -> bool) -> f64 {
    let fields = rows.iter().filter(|row| holds(row)).map(|row| &row[column]);
    fields.filter(|field| !field.is_empty()).map(|field| field.parse::<f64>().unwrap()).sum()
}

#[test]
fn rows_of_tables_add_up_to_the_record() {
    let (desk, result) = exported("csv");
    let operations = rows(&desk.path("export/operations.csv"));
    assert_eq!(operations.len(), result.series.points.len() * 2);
    for totals in &result.totals {
        let (phase, operation) = (&result.phases[totals.phase].name, &result.operations[totals.operation].name);
        let own = |row: &BTreeMap<String, String>| row["phase"] == *phase && row["operation"] == *operation;
        let counts = [
            ("offered", totals.counts.offered),
            ("succeeded", totals.counts.succeeded),
            ("throttled", totals.counts.throttled),
            ("attempts", totals.counts.attempts),
            ("throttled_attempts", totals.counts.throttled_attempts),
        ];
        for (column, count) in counts {
            assert_eq!(sum(&operations, column, own), count as f64, "{phase}, {operation}: {column}");
        }
        let warm_up = result.phases[totals.phase].warm_up;
        let longest = operations.iter().filter(|row| own(row) && !row["response_max_seconds"].is_empty());
        let longest = longest.map(|row| row["response_max_seconds"].parse::<f64>().unwrap()).fold(0.0, f64::max);
        // A histogram keeps one nanosecond for no time at all, as virtual time has it.
        let recorded = times(&result, totals.operation, warm_up, false).max().as_secs_f64();
        assert_eq!(longest, if recorded <= 1e-9 { 0.0 } else { recorded }, "{operation}");
    }
    assert!(result.totals.iter().any(|totals| totals.counts.throttled_attempts > 0), "the test needs throttling");
    let intervals = rows(&desk.path("export/intervals.csv"));
    let offered: u64 = result.totals.iter().map(|totals| totals.counts.offered).sum();
    assert_eq!(sum(&intervals, "completed", |_| true), offered as f64);
    // The engine keeps its own books of what was consumed.
    let capacity = rows(&desk.path("export/capacity.csv"));
    let engine = &result.engine.as_ref().unwrap().resources[0];
    for (column, access) in [("consumed_read_units", &engine.read), ("consumed_write_units", &engine.write)] {
        let consumed: f64 = access.consumed.iter().map(|units| units.as_f64()).sum();
        assert!(consumed > 1_000.0 && sum(&capacity, column, |_| true) == consumed, "{column}: {consumed}");
    }
    // On-demand: nothing is provisioned.
    assert!(capacity.iter().all(|row| row["provisioned_read_units_per_second"].is_empty() && row["index"].is_empty()));
    let failures = rows(&desk.path("export/failures.csv"));
    for throttle in &result.throttles {
        let own = |row: &BTreeMap<String, String>| {
            row["reason"] == throttle.reason && row["operation"] == result.operations[throttle.operation].name
        };
        assert_eq!(sum(&failures, "attempts", own), throttle.count as f64, "{}", throttle.reason);
    }
}

#[test]
fn plots_are_files_of_their_own() {
    let (desk, _) = exported("svg");
    for (theme, page) in [("light", "#ffffff"), ("dark", "#13161a")] {
        let ended = desk.dyno(["export", "result.json", "--format", "svg", "--theme", theme, "--out", theme]).expect(0);
        assert!(ended.stdout.lines().any(|line| line.ends_with("throughput.svg")), "{}", ended.stdout);
        let svg = desk.read(&format!("{theme}/throughput.svg"));
        assert!(
            svg.contains(&format!("fill=\"{page}\"")) && svg.contains("hot-key, simulated in virtual time"),
            "{svg}"
        );
    }
}

#[cfg(feature = "png")]
#[test]
fn plots_are_drawn_in_pixels_at_the_scale_asked_for() {
    let desk = Desk::new();
    desk.write("result.json", include_str!("../../reports/flash-sale/result.json"));
    let ended = desk.dyno(["export", "result.json", "--format", "svg,png", "--scale", "1", "--out", "plots"]);
    // A machine without fonts cannot draw texts; CI has some.
    if ended.code == 3 && std::env::var_os("DYNO_REQUIRE_FONTS").is_none() {
        ended.says(&["font", "install"]);
        return;
    }
    ended.expect(0);
    let svg = desk.read("plots/throughput.svg");
    let size = |name: &str| -> u32 {
        let text = svg.split(&format!("{name}=\"")).nth(1).and_then(|rest| rest.split('"').next());
        text.and_then(|text| text.parse().ok()).unwrap()
    };
    let png = std::fs::read(desk.path("plots/throughput.png")).unwrap();
    // The signature, and the first chunk: its length, its name, width and height.
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"));
    let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    assert_eq!((number(16), number(20)), (size("width"), size("height")));
}

#[test]
fn what_cannot_be_exported_is_said() {
    let desk = Desk::new();
    desk.write("size.json", include_str!("../../reports/flash-sale-size/size.json"));
    desk.dyno(["export", "size.json", "--format", "csv"]).expect(2).says(&["size.json", "not a result of dyno"]);
    desk.dyno(["export", "none.json", "--format", "csv"]).expect(2).says(&["none.json"]);
    desk.dyno(["export", "size.json"]).expect(2).says(&["--format"]);
    desk.dyno(["export", "size.json", "--format", "png", "--scale", "0"]).expect(2).says(&["0.25 to 10"]);
    assert!(!desk.path("export").exists());
}
