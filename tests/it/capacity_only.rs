//! Capacity alone against the same workload operation by operation: the share that is throttled, units, splits and scaling.

use std::path::Path;
use std::sync::Arc;

use dynamometer::record::{Clock, Counts, EngineEventKind, RunResult};
use dynamometer::report::{self, SummaryStyle};
use dynamometer::runner::{self, CapacityOnly, DemandError, Simulation, Stop};
use dynamometer::target::EngineTarget;
use dynamometer::workload::{EngineCapacity, Overrides, Source, Workload};

use crate::dyno::{Desk, read_result};

fn parsed(text: &str) -> Arc<Workload> {
    let source = Source { path: "capacity.toml".into(), text: text.to_owned() };
    Arc::new(Workload::parse(source, Path::new("."), Overrides::default()).unwrap_or_else(|error| panic!("{error}")))
}

/// Operation by operation.
fn one_by_one(workload: &Arc<Workload>) -> RunResult {
    let target = EngineTarget::new(workload, EngineCapacity::Enforced).unwrap();
    let stop = Stop::new();
    let loaded = runner::load_in_order(workload, &*target, 1, &stop, |_| {}).unwrap();
    let simulation = Simulation { info: target.info(), target, limited: true, loaded, workers: 1, command: Vec::new() };
    runner::simulate(workload, simulation, &stop, |_| {}).unwrap()
}

fn in_streams(workload: &Arc<Workload>) -> RunResult {
    let options = CapacityOnly { samples: 8_000, ..CapacityOnly::default() };
    runner::simulate_capacity(workload, options, &Stop::new(), |_| {}).unwrap()
}

fn total(result: &RunResult) -> Counts {
    let mut counts = Counts::default();
    for totals in &result.totals {
        assert!(totals.counts.is_balanced(), "{totals:?}");
        counts.add(&totals.counts);
    }
    counts
}

fn throttled_share(result: &RunResult) -> f64 {
    let counts = total(result);
    counts.throttled as f64 / counts.offered as f64
}

/// Units consumed of a resource: reads and writes.
fn consumed(result: &RunResult, resource: usize) -> [f64; 2] {
    let points = result.series.points.iter().flat_map(|point| &point.resources);
    points
        .filter(|point| point.resource == resource)
        .fold([0.0; 2], |sum, point| [sum[0] + point.consumed.read.as_f64(), sum[1] + point.consumed.write.as_f64()])
}

fn splits_for_heat(result: &RunResult) -> u64 {
    result.engine.as_ref().unwrap().resources.iter().map(|resource| resource.splits.heat).sum()
}

/// Both ways agree on what is throttled and on what is consumed.
fn assert_agree(text: &str) -> [RunResult; 2] {
    let workload = parsed(text);
    let both = [one_by_one(&workload), in_streams(&workload)];
    let [share, alone] = [&both[0], &both[1]].map(throttled_share);
    assert!((share - alone).abs() < 0.01, "throttled {share:.4} one by one, {alone:.4} in streams");
    assert!(total(&both[0]).offered.abs_diff(total(&both[1]).offered) <= 2);
    for resource in 0..both[0].resources.len() {
        let units = [&both[0], &both[1]].map(|result| consumed(result, resource));
        for kind in 0..2 {
            let (one, other) = (units[0][kind], units[1][kind]);
            assert!((one - other).abs() <= 0.02 * one.max(other) + 20.0, "resource {resource}: {units:?}");
        }
    }
    for result in &both[1..] {
        assert!(result.totals.iter().all(|totals| totals.latencies.is_empty()));
        assert_eq!(result.clock, Clock::Virtual);
    }
    both
}

/// A workload of one table; ceilings of partitions are low, so that few operations reach them.
fn workload(model: &str, phases: &str, operations: &str, table: &str) -> String {
    format!(
        r#"
name = "capacity"
client = {{ max_attempts = 1 }}
engine = {{ capacity_model = {{ {model} }} }}
phases = [{phases}]
operations = [{operations}]
[[tables]]
name = "things"
partition_key = {{ name = "pk", type = "S" }}
{table}
"#
    )
}

const UPDATE: &str =
    r#"{ name = "update", type = "update", update = "SET n = :n", values = { n = 1 }, key = { uniform = {} } }"#;
const ITEM: &str = r#"item = { pk = "thing-{record}", n = 0 }"#;

fn update(key: &str) -> String {
    format!(r#"{{ name = "update", type = "update", update = "SET n = :n", values = {{ n = 1 }}, key = {key} }}"#)
}

fn steady(seconds: u64, rate: u64) -> String {
    format!(r#"{{ name = "p", duration = "{seconds}s", rate = {rate} }}"#)
}

#[test]
fn below_and_above_what_is_provisioned() {
    for (rate, expected) in [(9, 0.0), (20, 0.5)] {
        let table = format!("items = 200\ncapacity = {{ provisioned = {{ read = 5, write = 10 }} }}\n{ITEM}");
        let [one_by_one, in_streams] = assert_agree(&workload("", &steady(300, rate), UPDATE, &table));
        let (share, counts) = (throttled_share(&in_streams), total(&in_streams));
        assert!((share - expected).abs() < 0.01, "{rate}/s: {share}");
        assert_eq!(counts.throttled_attempts, counts.throttled);
        let kinds = [&one_by_one, &in_streams].map(|result| {
            result.throttles.iter().map(|kind| (kind.reason.clone(), kind.exception.clone())).collect::<Vec<_>>()
        });
        assert_eq!(kinds[0], kinds[1]);
        // An update of a small item takes one unit: what is consumed is what succeeded, and nothing is lost.
        assert!((consumed(&in_streams, 0)[1] - counts.succeeded as f64).abs() <= 1.0);
    }
}

#[test]
fn retries_change_little_of_what_is_given_up() {
    let table = format!("items = 200\ncapacity = {{ provisioned = {{ read = 5, write = 10 }} }}\n{ITEM}");
    let text = workload("", &steady(400, 15), UPDATE, &table).replace("max_attempts = 1", "max_attempts = 3");
    let [one_by_one, _] = assert_agree(&text);
    assert!(total(&one_by_one).retries > 100);
}

#[test]
fn a_bank_is_saved_and_spent() {
    let phases = r#"{ name = "idle", duration = "100s", rate = 2 }, { name = "busy", duration = "100s", rate = 60 }"#;
    let table = format!("items = 200\ncapacity = {{ provisioned = {{ read = 5, write = 20 }} }}\n{ITEM}");
    let [_, in_streams] = assert_agree(&workload("", phases, UPDATE, &table));
    // 20 + 1,800 units saved and 2,000 more in the second phase, of 6,000.
    let busy = &in_streams.totals[1].counts;
    assert!(busy.offered == 6_000 && busy.succeeded.abs_diff(3_820) <= 20, "{busy:?}");
}

#[test]
fn one_hot_key_is_held_to_its_partition() {
    let model = r#"partition_write_units = 50, partitions = 4, heat_after = "10s", split_takes = "10s""#;
    let table = format!("items = 200\ncapacity = {{ provisioned = {{ read = 5, write = 190 }} }}\n{ITEM}");
    let key = "{ hotspot = { records = 1, traffic = 0.6 } }";
    let [_, in_streams] = assert_agree(&workload(model, &steady(100, 180), &update(key), &table));
    assert!(throttled_share(&in_streams) > 0.3);
}

#[test]
fn partitions_of_popular_keys_split_and_heal() {
    let model = r#"partition_write_units = 30, heat_after = "20s", split_takes = "20s""#;
    let table = format!("items = 300\ncapacity = {{ provisioned = {{ read = 5, write = 130 }} }}\n{ITEM}");
    let phases =
        r#"{ name = "first", duration = "50s", rate = 120 }, { name = "then", duration = "130s", rate = 120 }"#;
    let both = assert_agree(&workload(model, phases, &update("{ zipfian = { exponent = 1.1 } }"), &table));
    for result in &both {
        assert!(splits_for_heat(result) >= 1);
        let [first, then] = [0, 1].map(|phase| &result.totals[phase].counts).map(|counts| counts.throttled);
        assert!(first > 0 && then < first, "{first} {then}");
    }
}

#[test]
fn a_hot_collection_is_divided_at_sort_keys() {
    let model = r#"partition_write_units = 40, heat_after = "10s", split_takes = "10s""#;
    let table = r#"sort_key = { name = "sk", type = "N" }
items = 400
items_per_partition = 100
capacity = { provisioned = { read = 5, write = 200 } }
item = { pk = "thing-{partition}", sk = { sort = {} }, n = 0 }"#;
    let key = "{ hotspot = { records = 100, traffic = 0.9 } }";
    let both = assert_agree(&workload(model, &steady(120, 100), &update(key), table));
    for result in &both {
        assert!(splits_for_heat(result) >= 1);
    }
}

#[test]
fn on_demand_grows_with_its_peaks() {
    // Streams know no routers, which hand out two seconds ahead: much where the peak is one of ten.
    let model = r#"on_demand_peak = "10s", routers = 0"#;
    let table = format!("items = 200\nitem_size = 39_000\ncapacity = {{ on_demand = {{}} }}\n{ITEM}");
    let [_, in_streams] = assert_agree(&workload(model, &steady(50, 240), UPDATE, &table));
    let grown = in_streams.engine.as_ref().unwrap().resources[0].write.limit_per_second.last().unwrap().unwrap();
    assert!(grown > 4_000, "{grown}");
}

#[test]
fn an_index_short_of_capacity_holds_back_its_table() {
    let table = r#"items = 200
capacity = { provisioned = { read = 5, write = 100 } }
item = { pk = "thing-{record}", kind = { uuid = {} } }
global_secondary_indexes = [{ name = "by-kind", partition_key = { name = "kind", type = "S" }, projection = "keys_only", capacity = { provisioned = { read = 5, write = 30 } } }]"#;
    let operations = r#"{ name = "put", type = "put", key = { uniform = {} } }, { name = "get", type = "get", key = { uniform = {} }, weight = 0.25 }"#;
    let both = assert_agree(&workload("", &steady(200, 40), operations, table));
    for result in &both {
        assert!(throttled_share(result) > 0.2);
        let reasons: Vec<&str> = result.throttles.iter().map(|kind| kind.resource.as_str()).collect();
        assert_eq!(reasons, ["things/index/by-kind"]);
    }
}

#[test]
fn auto_scaling_follows_a_ramp_at_the_same_minutes() {
    let table = format!(
        "items = 200\nitem_size = 9_000\ncapacity = {{ provisioned = {{ read = 5, write = {{ min = 20, max = 300 }} }} }}\n{ITEM}"
    );
    let phases = r#"{ name = "p", duration = "25m", rate = { ramp = { from = 1, to = 12 } } }"#;
    let both = assert_agree(&workload("burst = \"20s\"", phases, UPDATE, &table));
    let decided = [&both[0], &both[1]].map(|result| {
        let events = result.engine.as_ref().unwrap().events.iter();
        let scaling = events.filter(|event| matches!(event.kind, EngineEventKind::ScalingDecided { .. }));
        scaling.map(|event| event.at_seconds).collect::<Vec<_>>()
    });
    assert!(decided[0].len() >= 2 && decided[0] == decided[1], "{decided:?}");
}

#[test]
fn capacity_that_is_not_adaptive_is_shared_out() {
    let model = "adaptive = false, partitions = 4";
    let table = format!("items = 300\ncapacity = {{ provisioned = {{ read = 5, write = 40 }} }}\n{ITEM}");
    let key = "{ hotspot = { records = 1, traffic = 0.5 } }";
    let [_, in_streams] = assert_agree(&workload(model, &steady(200, 38), &update(key), &table));
    assert!(throttled_share(&in_streams) > 0.2);
}

#[test]
fn reads_of_both_kinds_batches_and_transactions() {
    let operations = r#"
{ name = "get", type = "get", key = { uniform = {} }, consistent_read = true },
{ name = "eventual", type = "get", key = { uniform = {} } },
{ name = "query", type = "query", key = { uniform = {} } },
{ name = "several", type = "transact_get", actions = [{ type = "get", key = { uniform = {} } }, { type = "get", key = { uniform = {} } }] }"#;
    let table = format!("items = 300\ncapacity = {{ provisioned = {{ read = 40, write = 5 }} }}\n{ITEM}");
    let both = assert_agree(&workload("", &steady(200, 40), &operations.replace('\n', " "), &table));
    assert!(throttled_share(&both[1]) > 0.2);
}

#[test]
fn capacity_alone_is_the_same_every_time_and_without_latencies() {
    let table = format!("items = 300\ncapacity = {{ provisioned = {{ read = 5, write = 20 }} }}\n{ITEM}");
    let text = workload("", &steady(1_000, 30), UPDATE, &table);
    let text = format!("thresholds = [\"p99 <= 1ms\", \"throttled <= 90%\"]\n{text}");
    let [one, other] = [(); 2].map(|()| in_streams(&parsed(&text)));
    assert_eq!(serde_json::to_string(&one).unwrap(), serde_json::to_string(&other).unwrap());
    assert_eq!(one.thresholds.len(), 1);
    assert!(one.thresholds[0].passed && one.warnings.iter().any(|warning| warning.contains("latency")));
    assert!(one.target.settings.iter().any(|(name, _)| name == "capacity only"));
    assert!(one.series.points.len() <= 901);
    let (page, summary) = (report::html(&one), report::summary(&one, SummaryStyle::default()));
    assert!(page.contains("Capacity, consumed") && summary.contains("throttled"));
    assert!(!page.contains("Latency over time") && !page.contains("nothing succeeded"));
    assert!(!summary.contains("p99"));
}

#[test]
fn without_limits_everything_is_admitted_and_counted() {
    let table = format!("items = 300\n{ITEM}");
    let text =
        workload("", &steady(100, 1_000_000), UPDATE, &table).replace("engine = {", "engine = { capacity = \"off\",");
    let result = in_streams(&parsed(&text));
    assert_eq!((total(&result).succeeded, total(&result).throttled), (100_000_000, 0));
    assert_eq!(consumed(&result, 0), [0.0, 100_000_000.0]);
}

#[test]
fn the_command_line_simulates_months_and_says_how_to_repeat_it() {
    let table = format!("items = 300\ncapacity = {{ provisioned = {{ read = 5, write = 20 }} }}\n{ITEM}");
    let desk = Desk::with(&workload("", &steady(60, 30), UPDATE, &table));
    let arguments = ["simulate", "test.toml", "--capacity-only", "--for", "60d", "--out", "out"];
    desk.dyno(arguments).expect(0);
    let result = read_result(&desk.path("out/result.json"));
    assert_eq!(result.duration_seconds, 60.0 * 86_400.0);
    assert_eq!(result.environment.command, ["dyno", "simulate", "test.toml", "--for", "60d", "--capacity-only"]);
    let share = throttled_share(&result);
    assert!((share - 1.0 / 3.0).abs() < 1e-3, "{share}");
}

#[test]
fn a_closed_loop_has_no_rate_to_go_by() {
    let table = format!("items = 300\n{ITEM}");
    let workload = parsed(&workload("", r#"{ name = "loop", duration = "1m", in_flight = 4 }"#, UPDATE, &table));
    let error = runner::simulate_capacity(&workload, CapacityOnly::default(), &Stop::new(), |_| {}).unwrap_err();
    assert!(matches!(&error, DemandError::ClosedLoop { phase } if phase == "loop"), "{error}");
}
