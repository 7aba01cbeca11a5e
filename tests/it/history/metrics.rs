//! CloudWatch's metrics in the forms in which they are exported: what comes out, to the unit.

use std::time::Duration;

use dynamometer::history::{Gaps, History, HistoryOptions, Values};
use proptest::prelude::*;

use super::{of, parsed};

/// `aws cloudwatch get-metric-statistics --metric-name ConsumedReadCapacityUnits --statistics Sum SampleCount`: unordered, as
/// CloudWatch answers.
const STATISTICS: &str = r#"{
    "Label": "ConsumedReadCapacityUnits",
    "Datapoints": [
        { "Timestamp": "2026-03-01T12:02:00+00:00", "SampleCount": 12.0, "Sum": 6.0, "Unit": "Count" },
        { "Timestamp": "2026-03-01T12:00:00+00:00", "SampleCount": 240.0, "Sum": 120.5, "Unit": "Count" },
        { "Timestamp": "2026-03-01T12:01:00+00:00", "SampleCount": 60.0, "Sum": 30.0, "Unit": "Count" }
    ]
}"#;

const WRITES: &str = r#"{
    "Label": "ConsumedWriteCapacityUnits",
    "Datapoints": [
        { "Timestamp": "2026-03-01T12:00:00Z", "SampleCount": 10.0, "Sum": 10.0, "Unit": "Count" },
        { "Timestamp": "2026-03-01T12:02:00Z", "SampleCount": 14.0, "Sum": 28.0, "Unit": "Count" },
        { "Timestamp": "2026-03-01T12:01:00Z", "SampleCount": 64.0, "Sum": 64.0, "Unit": "Count" }
    ]
}"#;

/// `aws cloudwatch get-metric-data` of a table and an index, newest first, as CloudWatch answers.
const DATA: &str = r#"{
    "MetricDataResults": [
        { "Id": "r1", "Label": "orders ConsumedReadCapacityUnits", "StatusCode": "Complete",
          "Timestamps": ["2026-03-01T12:02:00+00:00", "2026-03-01T12:01:00+00:00", "2026-03-01T12:00:00+00:00"],
          "Values": [6.0, 30.0, 120.5] },
        { "Id": "w1", "Label": "orders ConsumedWriteCapacityUnits", "StatusCode": "Complete",
          "Timestamps": ["2026-03-01T12:02:00+00:00", "2026-03-01T12:01:00+00:00", "2026-03-01T12:00:00+00:00"],
          "Values": [28.0, 64.0, 10.0] },
        { "Id": "r2", "Label": "orders by-state ConsumedReadCapacityUnits", "StatusCode": "Complete",
          "Timestamps": ["2026-03-01T12:01:00+00:00"], "Values": [0.5] },
        { "Id": "w2", "Label": "orders by-state ConsumedWriteCapacityUnits", "StatusCode": "Complete",
          "Timestamps": ["2026-03-01T12:02:00+00:00", "2026-03-01T12:00:00+00:00"], "Values": [14.0, 5.0] }
    ],
    "Messages": []
}"#;

#[test]
fn statistics_are_one_metric_a_file_and_the_files_name_the_table() {
    let files = [("orders-read.json", STATISTICS), ("orders-write.json", WRITES)];
    let history = parsed(&files, &HistoryOptions::default()).unwrap();
    assert_eq!(history.period, Duration::from_secs(60));
    assert_eq!(history.start, Some("2026-03-01T12:00:00Z".parse().unwrap()));
    let [table] = history.resources.as_slice() else { panic!("{history:?}") };
    assert_eq!((table.table.as_str(), table.index.as_deref()), ("orders", None));
    assert_eq!(table.read_units, [120.5, 30.0, 6.0]);
    assert_eq!(table.write_units, [10.0, 64.0, 28.0]);
    assert_eq!((table.throttled, history.warnings.as_slice()), (None, [].as_slice()));
}

#[test]
fn outputs_may_stand_in_one_file_as_a_list_or_one_after_the_other() {
    let options = HistoryOptions { table: Some("orders".into()), ..HistoryOptions::default() };
    let apart = parsed(&[("r.json", STATISTICS), ("w.json", WRITES)], &options).unwrap();
    for text in [format!("[{STATISTICS},{WRITES}]"), format!("{STATISTICS}\n{WRITES}\n")] {
        let together = parsed(&[("both.json", &text)], &options).unwrap();
        assert_eq!(together.resources, apart.resources);
    }
}

#[test]
fn data_has_tables_and_indexes_each_table_first() {
    let history = of("metrics.json", DATA);
    let [table, index] = history.resources.as_slice() else { panic!("{history:?}") };
    assert_eq!(table.read_units, [120.5, 30.0, 6.0]);
    assert_eq!(table.write_units, [10.0, 64.0, 28.0]);
    assert_eq!((index.table.as_str(), index.index.as_deref()), ("orders", Some("by-state")));
    // One query asked for all of them, so the index read nothing in the first minute and the third.
    assert_eq!(index.read_units, [0.0, 0.5, 0.0]);
    assert_eq!(index.write_units, [5.0, 0.0, 14.0]);
    let [reads, writes] = history.warnings.as_slice() else { panic!("{:?}", history.warnings) };
    assert_eq!(
        reads,
        "orders/by-state: 2 of 3 periods have no datapoint of reads, the longest gap is 1m from 2026-03-01T12:00:00Z; they count as zero, because CloudWatch has no datapoint where nothing was consumed"
    );
    assert!(writes.contains("1 of 3 periods have no datapoint of writes"), "{writes}");
}

#[test]
fn an_id_says_reads_or_writes_where_the_label_names_the_table_or_nothing() {
    let text =
        DATA.replace("orders ConsumedReadCapacityUnits", "orders").replace("orders ConsumedWriteCapacityUnits", "");
    let options = HistoryOptions { table: Some("orders".into()), ..HistoryOptions::default() };
    assert_eq!(parsed(&[("m.json", &text)], &options).unwrap().resources, of("metrics.json", DATA).resources);
}

#[test]
fn csv_has_a_column_for_each_metric() {
    let comma = "timestamp,orders read,orders write,orders/by-state read,orders/by-state write,requests\n\
                 2026-03-01T12:00:00Z,120.5,10,,5,1\n\
                 2026-03-01T12:01:00Z,30,64,0.5,,2\n\
                 2026-03-01T12:02:00Z,6,28,,14,3\n";
    let semicolons = comma.replace(',', ";").replace("orders read", "\"orders ConsumedReadCapacityUnits\"");
    for text in [comma, &semicolons, &comma.replace('\n', "\r\n"), &format!("\u{feff}{comma}")] {
        let history = of("any.csv", text);
        assert_eq!(history.resources, of("metrics.json", DATA).resources, "{text}");
        assert!(history.warnings.contains(&"not used: column `requests`".to_owned()), "{:?}", history.warnings);
    }
}

#[test]
fn averages_per_second_become_sums_where_they_are_said_to_be_ones() {
    let rows = "2026-03-01T12:00:00Z,1.5,0.1\n2026-03-01T12:05:00Z,2,0.2\n";
    let per_second = HistoryOptions { values: Values::PerSecond, ..HistoryOptions::default() };
    let by_option = parsed(&[("orders.csv", &format!("time,read,write\n{rows}"))], &per_second).unwrap();
    let by_header = of("orders.csv", &format!("time,read/s,write units per second\n{rows}"));
    for history in [by_option, by_header] {
        // 1.5 × 300, 2 × 300; 0.1 × 300, 0.2 × 300.
        assert_eq!(history.resources[0].read_units, [450.0, 600.0]);
        assert_eq!(history.resources[0].write_units, [30.0, 60.0]);
        assert_eq!(history.warnings, ["peaks shorter than 5m are averaged out; export with --period 60 to see them"]);
    }
}

#[test]
fn times_of_all_zones_become_utc_and_none_is_taken_for_utc() {
    // The hours around the end of summer time in Europe: 02:00 comes twice, told apart by the offset.
    let text = "timestamp,read\n2026-10-25T02:00:00+02:00,1\n2026-10-25T02:00:00+01:00,2\n1792893600,3\n";
    let history = of("orders.csv", text);
    assert_eq!(history.start, Some("2026-10-25T00:00:00Z".parse().unwrap()));
    assert_eq!(history.resources[0].read_units, [1.0, 2.0, 3.0]);
    assert!(history.warnings[1].starts_with("periods of 1h hide every peak"), "{:?}", history.warnings);

    let without = of("orders.csv", "timestamp,read\n2026-10-25 00:00:00,1\n2026-10-25 00:01:00,2\n");
    assert_eq!(without.start, Some("2026-10-25T00:00:00Z".parse().unwrap()));
    assert_eq!(without.warnings[0], "orders.csv: times without a zone are taken for UTC");
}

#[test]
fn months_in_several_files_are_joined_and_what_both_have_counts_once() {
    let first = "timestamp,read,write\n2026-03-01T00:00:00Z,1,1\n2026-03-01T00:01:00Z,2,2\n";
    let second = "timestamp,read,write\n2026-03-01T00:01:00Z,2,2\n2026-03-01T00:02:00Z,3,3\n";
    let history = parsed(&[("orders_2.csv", second), ("orders_1.csv", first)], &HistoryOptions::default()).unwrap();
    assert_eq!(history.resources[0].read_units, [1.0, 2.0, 3.0]);
    assert_eq!(history.source, "orders_2.csv and 1 more");
}

#[test]
fn series_of_different_files_cover_all_their_time_unless_metrics_were_lost() {
    let later = WRITES.replace("T12:", "T11:").replace("11:00:00Z", "11:59:00Z").replace("11:01:00Z", "12:00:00Z");
    let later = later.replace("11:02:00Z", "12:01:00Z");
    // Reads 12:00 to 12:03, writes 11:59 to 12:02.
    let files = [("orders-read.json", STATISTICS), ("orders-write.json", later.as_str())];
    let with = |gaps| parsed(&files, &HistoryOptions { gaps, ..HistoryOptions::default() });
    let history = with(Gaps::Zero).unwrap();
    assert_eq!(history.start, Some("2026-03-01T11:59:00Z".parse().unwrap()));
    assert_eq!(history.resources[0].read_units, [0.0, 120.5, 30.0, 6.0]);
    assert_eq!(history.resources[0].write_units, [10.0, 64.0, 28.0, 0.0]);
    assert_eq!(
        history.warnings[0],
        "ConsumedReadCapacityUnits of orders goes from 2026-03-01T12:00:00Z to 2026-03-01T12:03:00Z, all files together from \
         2026-03-01T11:59:00Z to 2026-03-01T12:03:00Z: what is beyond (1 of the periods) counts as zero, because CloudWatch has no \
         datapoint where nothing was consumed; check that all were exported for the same span"
    );

    let error = with(Gaps::Refuse).unwrap_err().to_string();
    assert!(error.contains("the series do not cover the same time"), "{error}");

    let history = with(Gaps::Interpolate).unwrap();
    assert_eq!(history.resources[0].read_units, [120.5, 30.0]);
    assert_eq!(history.resources[0].write_units, [64.0, 28.0]);
    let [reads, writes] = history.warnings.as_slice() else { panic!("{:?}", history.warnings) };
    assert!(reads.ends_with(": 6 of its units are left out"), "{reads}");
    assert!(writes.ends_with(": 10 of its units are left out"), "{writes}");
}

#[test]
fn an_idle_table_does_not_cut_a_busy_one() {
    // Ten minutes of one table; the other was asked for something in one of them only.
    let minutes: String = (0..10).map(|minute| format!("2026-03-01T12:0{minute}:00Z,5\n")).collect();
    let (busy, idle) = (format!("time,read\n{minutes}"), "time,read\n2026-03-01T12:03:00Z,1\n2026-03-01T12:04:00Z,1\n");
    let history = parsed(&[("busy.csv", &busy), ("idle.csv", idle)], &HistoryOptions::default()).unwrap();
    let sums: Vec<f64> = history.resources.iter().map(|resource| resource.read_units.iter().sum()).collect();
    assert_eq!(sums, [50.0, 2.0]);
    assert!(history.resources.iter().all(|resource| resource.read_units.len() == 10), "{history:?}");
}

#[test]
fn gaps_are_zero_or_a_line_or_a_mistake() {
    let text = "timestamp,read\n2026-03-01T00:00:00Z,10\n2026-03-01T00:01:00Z,10\n2026-03-01T00:04:00Z,40\n";
    let with = |gaps| parsed(&[("orders.csv", text)], &HistoryOptions { gaps, ..HistoryOptions::default() });
    assert_eq!(with(Gaps::Zero).unwrap().resources[0].read_units, [10.0, 10.0, 0.0, 0.0, 40.0]);
    assert_eq!(with(Gaps::Interpolate).unwrap().resources[0].read_units, [10.0, 10.0, 20.0, 30.0, 40.0]);
    let error = with(Gaps::Refuse).unwrap_err().to_string();
    assert!(
        error.contains("2 of 5 periods have no datapoint of reads, the longest gap is 2m from 2026-03-01T00:02:00Z")
    );
}

#[test]
fn the_throttled_share_is_events_among_events_and_served_requests() {
    // 240 + 60 + 12 reads and 10 + 64 + 14 writes were served, 100 were refused: 100 / (100 + 400).
    let events = r#"{ "Label": "WriteThrottleEvents", "Datapoints": [
        { "Timestamp": "2026-03-01T12:01:00Z", "Sum": 100.0, "Unit": "Count" } ] }"#;
    let files = [("orders-r.json", STATISTICS), ("orders-w.json", WRITES), ("orders-t.json", events)];
    let options = HistoryOptions { table: Some("orders".into()), ..HistoryOptions::default() };
    let history = parsed(&files, &options).unwrap();
    assert_eq!(history.resources[0].throttled, Some(0.2));
    assert!(
        history.warnings[0].starts_with("orders: 0 reads and 100 writes were throttled at the time"),
        "{:?}",
        history.warnings
    );

    // Without the number of requests, the share is unknown; with both metrics at zero, it is zero.
    let data = |events: f64| {
        DATA.replace(
            "    ],\n    \"Messages\"",
            &format!(
                r#", {{ "Id": "t1", "Label": "orders ReadThrottleEvents", "Timestamps": [], "Values": [] }},
                   {{ "Id": "t2", "Label": "orders WriteThrottleEvents", "Timestamps": ["2026-03-01T12:01:00+00:00"], "Values": [{events}] }}
                   ], "Messages""#
            ),
        )
    };
    assert_eq!(of("m.json", &data(7.0)).resources[0].throttled, None);
    assert_eq!(of("m.json", &data(0.0)).resources[0].throttled, Some(0.0));
    assert_eq!(of("m.json", &data(0.0)).resources[1].throttled, None);
}

/// A history of minutes as CSV and as get-metric-data, in the order of `order`.
fn written(values: &[(u32, u32)], order: &[usize]) -> [String; 2] {
    let moment =
        |place: usize| format!("2026-03-{:02}T{:02}:{:02}:00Z", 1 + place / 1_440, place / 60 % 24, place % 60);
    let mut csv = String::from("timestamp,read,write\n");
    let mut times = Vec::new();
    let [mut reads, mut writes] = [const { Vec::new() }; 2];
    for place in order {
        let (read, write) = values[*place];
        csv += &format!("{},{},{}\n", moment(*place), f64::from(read) / 2.0, write);
        times.push(moment(*place));
        reads.push(f64::from(read) / 2.0);
        writes.push(f64::from(write));
    }
    let json = serde_json::json!({ "MetricDataResults": [
        { "Id": "read", "Label": "ConsumedReadCapacityUnits", "Timestamps": times, "Values": reads },
        { "Id": "write", "Label": "ConsumedWriteCapacityUnits", "Timestamps": times, "Values": writes },
    ] });
    [csv, json.to_string()]
}

proptest! {
    #[test]
    fn order_and_form_make_no_difference_and_no_unit_is_lost(
        values in prop::collection::vec((0u32..100_000, 0u32..100_000), 2..200),
        shuffle in any::<prop::sample::Index>(),
        left_out in any::<prop::sample::Index>(),
    ) {
        let mut order: Vec<usize> = (0..values.len()).collect();
        let ordered = written(&values, &order);
        order.rotate_left(shuffle.index(values.len()));
        let shuffled = written(&values, &order);
        let all: Vec<History> = ordered.iter().chain(&shuffled).map(|text| of("orders.json", text)).collect();
        for history in &all {
            prop_assert_eq!(history, &all[0]);
        }
        let sum = |units: &[f64]| units.iter().sum::<f64>();
        let reads: u64 = values.iter().map(|(read, _)| u64::from(*read)).sum();
        let writes: u64 = values.iter().map(|(_, write)| u64::from(*write)).sum();
        prop_assert_eq!(sum(&all[0].resources[0].read_units), reads as f64 / 2.0);
        prop_assert_eq!(sum(&all[0].resources[0].write_units), writes as f64);
        // What is missing in between is missing in the sum, and nothing else is.
        if values.len() > 4 {
            let place = 1 + left_out.index(values.len() - 2);
            let order: Vec<usize> = (0..values.len()).filter(|other| *other != place).collect();
            let [csv, json] = written(&values, &order).map(|text| of("orders", &text));
            prop_assert_eq!(&csv, &json);
            let without = reads - u64::from(values[place].0);
            prop_assert_eq!(sum(&csv.resources[0].read_units), without as f64 / 2.0);
            prop_assert_eq!(csv.resources[0].read_units.len(), values.len());
        }
    }

    #[test]
    fn nothing_makes_it_panic(text in ".{0,200}", cut in any::<prop::sample::Index>(), put in ".{0,4}") {
        let _ = parsed(&[("orders.csv", &text)], &HistoryOptions::default());
        for whole in [DATA, STATISTICS, "timestamp,read,write\n2026-03-01T12:00:00Z,1,2\n2026-03-01T12:01:00Z,3,4\n"] {
            let mut changed = whole.to_owned();
            let at = cut.index(whole.len());
            if whole.is_char_boundary(at) {
                changed.insert_str(at, &put);
                let _ = parsed(&[("orders.csv", &changed)], &HistoryOptions::default());
                let _ = parsed(&[("orders.csv", &whole[..at])], &HistoryOptions::default());
            }
        }
    }
}
