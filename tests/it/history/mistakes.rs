//! Metrics that cannot be trusted are refused, with the place and what to do.

use std::time::Duration;

use dynamometer::history::HistoryOptions;

use super::{mistake, of, parsed};

/// get-metric-data of one metric: times in minutes after noon, and values.
fn data(label: &str, more: &str, points: &[(u32, f64)]) -> String {
    let times: Vec<String> =
        points.iter().map(|(minute, _)| format!("2026-03-01T{:02}:{:02}:00Z", 12 + minute / 60, minute % 60)).collect();
    let values: Vec<f64> = points.iter().map(|(_, value)| *value).collect();
    format!(
        r#"{{ "MetricDataResults": [ {{ "Id": "m1", "Label": "{label}", {more} "Timestamps": {}, "Values": {} }} ] }}"#,
        serde_json::json!(times),
        serde_json::json!(values)
    )
}

const READ: &str = "orders ConsumedReadCapacityUnits";

fn assert_says(found: &str, parts: &[&str]) {
    for part in parts {
        assert!(found.contains(part), "{found}\nlacks: {part}");
    }
}

#[test]
fn a_statistic_other_than_the_sum_is_refused_with_the_one_to_ask_for() {
    let average = r#"{ "Label": "ConsumedReadCapacityUnits", "Datapoints": [
        { "Timestamp": "2026-03-01T12:00:00Z", "Average": 0.7, "Unit": "Count" } ] }"#;
    assert_says(&mistake("orders.json", average), &["orders.json: Datapoints[0]: it has no `Sum`", "--statistics Sum"]);
    let labelled = data("orders ConsumedReadCapacityUnits Average", "", &[(0, 1.0), (1, 1.0)]);
    assert_says(&mistake("m.json", &labelled), &["MetricDataResults[0] (`m1`)", "`Average`", "\"Stat\": \"Sum\""]);
    let column = "timestamp,read average\n2026-03-01T12:00:00Z,1\n";
    assert_says(&mistake("orders.csv", column), &["line 1", "per request", "export its Sum"]);
    // Consumed units are counted in halves: an average gives itself away.
    let unlabelled = data(READ, "", &[(0, 1.0), (1, 0.7)]);
    assert_says(&mistake("m.json", &unlabelled), &["0.7 at 2026-03-01T12:01:00Z", "halves", "--values per-second"]);
}

#[test]
fn incomplete_exports_are_refused() {
    let points = [(0, 1.0), (1, 2.0)];
    let partial = data(READ, r#""StatusCode": "PartialData","#, &points);
    assert_says(&mistake("m.json", &partial), &["PartialData", "export it again"]);
    let failed = data(READ, r#""StatusCode": "InternalError","#, &points);
    assert_says(&mistake("m.json", &failed), &["InternalError"]);
    let cut = data(READ, "", &points).replace("] }", r#"], "NextToken": "abc" }"#);
    assert_says(&mistake("m.json", &cut), &["NextToken", "--no-paginate"]);
    let uneven = data(READ, "", &points).replace("[1.0,2.0]", "[1.0]");
    assert_says(&mistake("m.json", &uneven), &["2 Timestamps but 1 Values"]);
    // Pages of one query, joined: only the last one is complete.
    let pages = r#"{ "MetricDataResults": [
        { "Id": "m1", "Label": "orders read", "StatusCode": "PartialData", "Timestamps": ["2026-03-01T12:01:00Z"], "Values": [2.0] },
        { "Id": "m1", "Label": "orders read", "StatusCode": "Complete", "Timestamps": ["2026-03-01T12:00:00Z"], "Values": [1.0] }
    ] }"#;
    assert_eq!(of("m.json", pages).resources[0].read_units, [1.0, 2.0]);
}

#[test]
fn what_is_not_named_is_asked_for() {
    let points = [(0, 1.0), (1, 2.0)];
    assert_says(&mistake("m.json", &data("my line", "", &points)), &["not clear which table or index `my line` is"]);
    assert_says(&mistake("m.json", &data("orders", "", &points)), &["reads or writes", "\"Label\": name it `TABLE"]);
    assert_says(
        &mistake("read.json", &data("ConsumedReadCapacityUnits", "", &points)),
        &["--table", "orders-read.json"],
    );
    assert_says(&mistake("read.csv", "timestamp,read\n"), &["nothing says which table column `read` is"]);
    assert_says(&mistake("orders.csv", "when,read\n"), &["no column is called `timestamp`", "`timestamp,read,write`"]);
    assert_says(&mistake("orders.csv", "timestamp,requests\n"), &["no column has reads or writes"]);
    assert_says(&mistake("m.json", "{}"), &["neither the output of `aws cloudwatch get-metric-data`"]);
    let other = r#"{ "Label": "CPUUtilization", "Datapoints": [] }"#;
    assert_says(&mistake("m.json", other), &["`CPUUtilization` is neither", "--metric-name ConsumedReadCapacityUnits"]);
}

#[test]
fn nothing_to_learn_from_is_refused() {
    assert_says(&mistake("orders.json", " \n"), &["is empty"]);
    assert_says(&mistake("orders.csv", "timestamp,read\n"), &["no datapoint", "check the table's name"]);
    assert_says(&mistake("m.json", &data(READ, "", &[])), &["no datapoint", "the region"]);
    let one = mistake("m.json", &data(READ, "", &[(0, 1.0)]));
    assert_says(&one, &["one moment only", "--period 60s"]);
    let stated = HistoryOptions { period: Some(Duration::from_secs(60)), ..HistoryOptions::default() };
    assert_eq!(parsed(&[("m.json", &data(READ, "", &[(0, 1.0)]))], &stated).unwrap().resources[0].read_units, [1.0]);
}

#[test]
fn impossible_values_are_refused_with_their_place() {
    assert_says(&mistake("m.json", &data(READ, "", &[(0, 1.0), (1, -3.0)])), &["Values[1]: -3 is negative"]);
    assert_says(&mistake("m.json", &data(READ, "", &[(0, 1.0), (1, 1e13)])), &["more than any table consumes"]);
    let csv = |value: &str| {
        mistake("orders.csv", &format!("timestamp,read\n2026-03-01T12:00:00Z,1\n2026-03-01T12:01:00Z,{value}\n"))
    };
    assert_says(&csv("NaN"), &["orders.csv: line 3: column `read`: NaN"]);
    assert_says(&csv("1e99"), &["line 3", "more than any table consumes"]);
    assert_says(&csv("many"), &["line 3: `many` in column `read` is not a number"]);
    assert_says(&csv("1,2"), &["line 3: 3 fields where the header has 2"]);
    let time = mistake("orders.csv", "timestamp,read\n03/01/2026 12:00,1\n");
    assert_says(&time, &["line 2: `03/01/2026 12:00` is not a time", "2026-03-01T12:00:00Z"]);
    let json = mistake("m.json", &data(READ, "", &[(0, 1.0)]).replace("2026-03-01T12:00:00Z", "noon"));
    assert_says(&json, &["m.json: line 1, column", "`noon` is not a time"]);
}

#[test]
fn contradicting_datapoints_are_refused() {
    let found = mistake("m.json", &data(READ, "", &[(0, 1.0), (1, 2.0), (1, 5.0)]));
    assert_says(&found, &["two values for 2026-03-01T12:01:00Z: 2 and 5", "remove the wrong one"]);
    assert_eq!(of("m.json", &data(READ, "", &[(0, 1.0), (1, 2.0), (1, 2.0)])).resources[0].read_units, [1.0, 2.0]);
}

#[test]
fn spacing_that_is_no_period_is_refused() {
    let csv = |seconds: &[u32]| {
        seconds.iter().fold(String::from("timestamp,read\n"), |text, at| text + &format!("{},1\n", 1_772_366_400 + at))
    };
    let found = mistake("orders.csv", &csv(&[0, 60, 121, 180, 240]));
    assert_says(&found, &["not spaced by one period", "12:01:00Z is followed by 2026-03-01T12:02:01Z", "--period"]);
    assert_says(&mistake("orders.csv", &csv(&[0, 7, 21])), &["not spaced by one period"]);
    let far = mistake("orders.csv", &csv(&[0, 1, 900_000_000]));
    assert!(far.contains("is one of the times wrong?"), "{far}");

    // Hours first, minutes then: the old ones were rolled up.
    let hours = (0..8).map(|hour| hour * 3_600);
    let rolled_up: Vec<u32> = hours.chain((1..30).map(|minute| 7 * 3_600 + minute * 60)).collect();
    let found = mistake("orders.csv", &csv(&rolled_up));
    assert_says(&found, &["periods are mixed", "3600 s apart", "elsewhere 60 s", "--period 60s"]);
    let stated = HistoryOptions { period: Some(Duration::from_secs(60)), ..HistoryOptions::default() };
    let history = parsed(&[("orders.csv", &csv(&rolled_up))], &stated).unwrap();
    assert_eq!(history.resources[0].read_units.len(), 7 * 60 + 30);
    let wrong = HistoryOptions { period: Some(Duration::from_secs(300)), ..HistoryOptions::default() };
    let error = parsed(&[("orders.csv", &csv(&[0, 60]))], &wrong).unwrap_err().to_string();
    assert_says(&error, &["are not periods of 300 s apart"]);
}

#[test]
fn series_without_a_common_time_are_refused() {
    let writes = data("orders ConsumedWriteCapacityUnits", "", &[(30, 1.0), (31, 1.0)]);
    let files = [("a.json", data(READ, "", &[(0, 1.0), (1, 1.0)])), ("b.json", writes)];
    let files: Vec<_> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let error = parsed(&files, &HistoryOptions::default()).unwrap_err().to_string();
    assert_says(
        &error,
        &["no time in common", "ConsumedWriteCapacityUnits of orders from 2026-03-01T12:30:00Z", "same span"],
    );
}

#[test]
fn metrics_that_are_missing_or_not_used_are_named() {
    let history = of("m.json", &data(READ, "", &[(0, 1.0), (1, 2.0)]));
    assert_eq!(history.warnings, ["orders: no metric of writes is given; they count as none"]);
    let both = format!(
        "[{},{}]",
        data(READ, "", &[(0, 1.0), (1, 2.0)]),
        data("orders ProvisionedReadCapacityUnits", "", &[(0, 5.0)])
    );
    assert_eq!(of("m.json", &both).warnings[0], "not used: orders ProvisionedReadCapacityUnits");
}
