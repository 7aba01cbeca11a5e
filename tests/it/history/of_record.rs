//! The history of a recorded run, against what the engine itself counted.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use dynamometer::history::History;
use dynamometer::record::RunResult;
use dynamometer::runner::{self, CapacityOnly, Stop};
use dynamometer::workload::{Overrides, Source, Workload};

/// Reads that cost half a unit, writes into a table and its index, in phases that end within an interval of a second.
const SHORT: &str = r#"
name = "short"
[[tables]]
name = "orders"
partition_key = { name = "pk", type = "S" }
capacity = { provisioned = { read = 1_000, write = 1_000 } }
items = 500
item = { pk = "order-{record}", state = "open" }
[[tables.global_secondary_indexes]]
name = "by-state"
partition_key = { name = "state", type = "S" }
[[operations]]
name = "read"
type = "get"
weight = 3
[[operations]]
name = "write"
type = "put"
[[phases]]
name = "warm up"
duration = "2500ms"
rate = 40
warm_up = true
[[phases]]
name = "steady"
duration = "4s"
rate = 100
"#;

fn simulated(text: &str) -> RunResult {
    let source = Source { path: "test.toml".into(), text: text.to_owned() };
    let workload = Workload::parse(source, Path::new("."), Overrides::default()).unwrap();
    let options = CapacityOnly { samples: 4_000, ..CapacityOnly::default() };
    runner::simulate_capacity(&Arc::new(workload), options, &Stop::new(), |_| {}).unwrap()
}

/// The units that the engine's own log counted: an account of its own beside the series.
fn counted_by_engine(result: &RunResult, table: &str, index: Option<&str>) -> [f64; 2] {
    let resources = &result.engine.as_ref().unwrap().resources;
    let own = resources.iter().find(|own| own.table == table && own.index.as_deref() == index).unwrap();
    [&own.read, &own.write].map(|access| access.consumed.iter().map(|units| units.as_f64()).sum())
}

fn assert_conserves(result: &RunResult, history: &History) {
    assert_eq!(history.resources.len(), result.resources.len());
    for resource in &history.resources {
        let counted = counted_by_engine(result, &resource.table, resource.index.as_deref());
        let found = [&resource.read_units, &resource.write_units].map(|units| units.iter().sum::<f64>());
        assert_eq!(found, counted, "{resource:?}");
    }
}

#[test]
fn a_record_has_the_units_that_the_engine_counted_in_periods_of_its_interval() {
    let result = simulated(SHORT);
    let history = History::of_record(&result);
    assert_conserves(&result, &history);
    assert_eq!(history.period, Duration::from_secs(1));
    let [table, index] = history.resources.as_slice() else { panic!("{history:?}") };
    assert_eq!((table.table.as_str(), table.index.as_deref()), ("orders", None));
    assert_eq!((index.table.as_str(), index.index.as_deref()), ("orders", Some("by-state")));
    // 6.5 seconds: seven periods. 40 and 100 operations a second, a quarter of them writes of one unit, the rest reads of half
    // a unit; in the third second half of it is warm-up: 20 and 50 operations.
    assert_eq!(table.write_units.len(), 7);
    for (period, operations) in [40.0, 40.0, 70.0, 100.0, 100.0, 100.0, 50.0].into_iter().enumerate() {
        assert!((table.write_units[period] - operations / 4.0).abs() <= 1.0, "{period}: {:?}", table.write_units);
        assert!((table.read_units[period] - operations * 3.0 / 8.0).abs() <= 1.0, "{period}: {:?}", table.read_units);
    }
    assert_eq!(table.throttled, Some(0.0));
    assert_eq!(history.start, None, "no time of day passed");
    assert_eq!(history.warnings, ["the run ended 500ms into the last period of 1s, which counts as a whole one"]);
}

#[test]
fn a_long_record_has_wider_periods_and_loses_nothing() {
    let result = simulated(&SHORT.replace("\"4s\"", "\"6h\""));
    assert!(result.series.merged > 1);
    let history = History::of_record(&result);
    assert_conserves(&result, &history);
    assert_eq!(history.period, Duration::from_secs(result.series.merged));
    let periods = history.resources[0].read_units.len() as u64;
    assert_eq!(periods, (6 * 3_600 + 3_u64).div_ceil(result.series.merged));
}

#[test]
fn what_was_throttled_is_said_and_not_counted() {
    let result = simulated(&SHORT.replace("write = 1_000", "write = 5").replace("\"4s\"", "\"300s\""));
    let history = History::of_record(&result);
    assert_conserves(&result, &history);
    // The index has one key and as little capacity as the table: it is the one that refuses.
    assert_eq!(history.resources[1].throttled, None);
    assert!(history.warnings[0].starts_with("orders / by-state: "), "{:?}", history.warnings);
    assert!(history.warnings[0].contains("requests were throttled in the run"), "{:?}", history.warnings);
}
