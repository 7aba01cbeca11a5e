//! Sizes that can be worked out by hand.

use std::path::Path;
use std::time::Duration;

use dynamometer::api::ReadWrite;
use dynamometer::capacity::CapacityModel;
use dynamometer::history::{History, ResourceHistory};
use dynamometer::runner::Demand;
use dynamometer::size::{self, AccessSizing, Question, RemedyKind, Sizing};
use dynamometer::workload::{Overrides, Source, Workload};

use crate::dyno::Desk;

fn workload(text: &str) -> Workload {
    let source = Source { path: "sized.toml".into(), text: text.to_owned() };
    Workload::parse(source, Path::new("."), Overrides::default()).unwrap_or_else(|error| panic!("{error}"))
}

/// A table of items of 900 bytes, so that a put is one write unit and an eventually consistent get half a read unit.
fn with(operations: &str, phases: &str) -> Workload {
    workload(&format!(
        r#"
name = "sized"
operations = [{operations}]
phases = [{phases}]
[[tables]]
name = "things"
partition_key = {{ name = "id", type = "S" }}
items = 20_000
item_size = 900
[tables.item]
id = "thing-{{record:08}}"
"#
    ))
}

const PUTS: &str = r#"{ name = "put", type = "put", table = "things", weight = 1, key = "uniform" }"#;
const BOTH: &str = r#"{ name = "put", type = "put", table = "things", weight = 40, key = "uniform" },
    { name = "get", type = "get", table = "things", weight = 60, key = "uniform" }"#;

fn question(share: f64, workers: usize, details: bool) -> Question {
    Question { name: "sized".to_owned(), throttled_at_most: share, model: CapacityModel::default(), workers, details }
}

fn sized(workload: &Workload, share: f64) -> Sizing {
    let demand = Demand::of_workload(workload, 4_000).unwrap();
    size::size(&question(share, 1, true), &[demand])
}

fn side(sizing: &Sizing, access: ReadWrite) -> &AccessSizing {
    sizing.resources[0].side(access)
}

fn assert_near(units: u64, expected: f64) {
    assert!((units as f64 - expected).abs() <= 1.0 + 0.003 * expected, "{units}, expected {expected}");
}

#[test]
fn a_steady_load_needs_what_it_asks() {
    // 100 operations a second: 40 puts of one unit, 60 gets of half a unit.
    let sizing = sized(&with(BOTH, r#"{ name = "steady", duration = "1h", rate = 100 }"#), 0.001);
    let (read, write) = (side(&sizing, ReadWrite::Read), side(&sizing, ReadWrite::Write));
    for (side, expected) in [(read, 30.0), (write, 40.0)] {
        assert!(side.fixed.fits && side.fixed.throttled.high <= 0.001);
        assert_near(side.fixed.units, expected);
        assert_near(side.fixed.without_burst_units, expected);
        assert!((side.asked.mean_units_per_second - expected).abs() < 0.01 * expected, "{:?}", side.asked);
        assert!(side.on_demand.fits && side.on_demand.warm_units.is_none());
        // Half of it refuses half.
        let half = side.curve.iter().find(|point| point.units == side.fixed.units / 2).unwrap();
        assert!((half.throttled.mean - 0.5).abs() < 0.03, "{half:?}");
    }
    assert!(sizing.fits());
}

#[test]
fn a_bank_of_300_seconds_stands_in_for_a_peak() {
    // 10 puts a second for 1,500 s, then 100 a second for 300 s. 50 WCU bank all they can, 300 x 50 units, in the first part; the
    // second one asks 300 x (100 - 50) beyond what accrues: just that. Without a bank it takes 100.
    let phases =
        r#"{ name = "calm", duration = "1500s", rate = 10 }, { name = "rush", duration = "300s", rate = 100 }"#;
    let sizing = sized(&with(PUTS, phases), 0.000_1);
    let write = side(&sizing, ReadWrite::Write);
    assert_near(write.fixed.units, 50.0);
    assert_near(write.fixed.without_burst_units, 100.0);
}

#[test]
fn what_may_be_throttled_is_not_provided_for() {
    // A tenth of 100 a second may be refused: 90 are enough.
    let sizing = sized(&with(PUTS, r#"{ name = "steady", duration = "2h", rate = 100 }"#), 0.1);
    assert_near(side(&sizing, ReadWrite::Write).fixed.units, 90.0);
}

#[test]
fn nothing_asked_needs_the_least_there_is() {
    let sizing = sized(&with(PUTS, r#"{ name = "steady", duration = "1h", rate = 5 }"#), 0.001);
    let read = side(&sizing, ReadWrite::Read);
    assert_eq!((read.fixed.units, read.scaled.as_ref(), read.curve.len()), (1, None, 0));
}

#[test]
fn auto_scaling_never_has_less_than_a_demand_that_does_not_change() {
    // 100 a second all the time: the target alone decides, and 90 % of 112 is a little more than 100.
    let sizing = sized(&with(PUTS, r#"{ name = "steady", duration = "2h", rate = 100 }"#), 0.001);
    let scaled = side(&sizing, ReadWrite::Write).scaled.as_ref().unwrap();
    assert_eq!(scaled.target_utilization, 0.9);
    assert!((scaled.mean_units_per_second - 112.0).abs() < 1.5, "{scaled:?}");
    assert_eq!((scaled.min_units, scaled.max_units), (112, 112));
}

#[test]
fn a_new_on_demand_table_is_warmed_for_what_it_does_not_serve_at_once() {
    // A new table writes 4,000 units a second (facts 2.2). Beyond them warm throughput has to be asked for.
    let sizing = sized(&with(PUTS, r#"{ name = "rush", duration = "2m", rate = 6_000 }"#), 0.001);
    let on_demand = &side(&sizing, ReadWrite::Write).on_demand;
    assert!(!on_demand.fits && (on_demand.throttled.mean - 1.0 / 3.0).abs() < 0.02, "{on_demand:?}");
    let warm = on_demand.warm_units.unwrap();
    assert!((5_900..=7_100).contains(&warm), "{warm}");
    assert!(on_demand.throttled_when_warm.unwrap().high <= 0.001);
}

#[test]
fn a_key_beyond_a_partition_is_named_and_spread() {
    let puts = r#"{ name = "put", type = "put", table = "things", weight = 1, key = { record = 7 } }"#;
    let sizing = sized(&with(puts, r#"{ name = "rush", duration = "2m", rate = 1_800 }"#), 0.001);
    let resource = &sizing.resources[0];
    let write = &resource.write;
    assert!(!write.fixed.fits && !sizing.fits());
    // A partition writes 1,000 units a second: 800 of 1,800 are refused, whatever is provisioned.
    assert!((write.fixed.throttled.mean - 800.0 / 1_800.0).abs() < 0.01, "{:?}", write.fixed);
    let key = &resource.hot_keys[0];
    assert_eq!((key.key.as_str(), key.operations.as_slice()), ("id = thing-00000007", &["put".to_owned()][..]));
    assert!((key.peak_units_per_second - 1_800.0).abs() < 20.0);
    let shards = resource.remedies.iter().find(|remedy| remedy.kind == RemedyKind::Shards).unwrap();
    assert!(shards.throttled.unwrap().iter().all(|share| share.high <= 0.001), "{shards:?}");
    assert!(shards.text.contains("suffix of “id”"), "{}", shards.text);
}

/// The demands of a workload with three seeds, chance included.
fn with_seeds(text: &str) -> Vec<Demand> {
    let demand = |seed| {
        let source = Source { path: "sized.toml".into(), text: text.to_owned() };
        let overrides = Overrides { seed: Some(seed), ..Overrides::default() };
        let workload = Workload::parse(source, Path::new("."), overrides).unwrap_or_else(|error| panic!("{error}"));
        Demand::of_workload(&workload, 2_000).unwrap().with_chance(&workload)
    };
    (1..=3).map(demand).collect()
}

#[test]
fn threads_do_not_change_the_answer() {
    let wave =
        r#"{ name = "wave", duration = "40m", rate = { sine = { mean = 60, amplitude = 40, period = "20m" } } }"#;
    let demands = with_seeds(&with(BOTH, wave).source.text);
    assert!(demands[0].steps != demands[1].steps, "seeds differ");
    let answers = [1, 3].map(|workers| size::size(&question(0.001, workers, true), &demands));
    assert_eq!(answers[0], answers[1]);
}

#[test]
fn rare_operations_are_asked_as_often_as_they_are() {
    // One in a hundred of 0.5 operations a second is a put: 36 in two hours, not one in every step.
    let rare = r#"{ name = "put", type = "put", table = "things", weight = 1, key = "uniform" },
        { name = "get", type = "get", table = "things", weight = 99, key = "uniform" }"#;
    for arrivals in ["even", "poisson"] {
        let phase = format!(r#"{{ name = "calm", duration = "2h", rate = 0.5, arrivals = "{arrivals}" }}"#);
        let demands = with_seeds(&with(rare, &phase).source.text);
        let puts: f64 = demands.iter().map(|demand| demand.asked(0, ReadWrite::Write).requests).sum();
        // Three times 36; five standard deviations of a Poisson count are 52.
        assert!((puts - 108.0).abs() < 52.0, "{arrivals}: {puts}");
    }
}

#[test]
fn what_fits_is_what_was_tried() {
    // Seeds and chance, and keys of very different weight: partitions decide, and more is not always less throttling.
    let puts =
        r#"{ name = "put", type = "put", table = "things", weight = 1, key = { zipfian = { exponent = 0.9 } } }"#;
    let phase = r#"{ name = "rush", duration = "2m", rate = 4_000, arrivals = "poisson" }"#;
    for share in [0.001, 0.02, 0.1] {
        let sizing = size::size(&question(share, 1, false), &with_seeds(&with(puts, phase).source.text));
        let write = side(&sizing, ReadWrite::Write);
        assert_eq!(write.fixed.fits, write.fixed.throttled.high <= share + 1e-6, "{share}: {:?}", write.fixed);
    }
}

#[test]
fn warm_throughput_of_the_workload_stays() {
    let rush = with(PUTS, r#"{ name = "rush", duration = "2m", rate = 6_000 }"#);
    let text = rush.source.text.replace(
        "items = 20_000",
        "items = 20_000\nwarm_throughput = { read_units_per_second = 20_000, write_units_per_second = 9_000 }",
    );
    let sizing = sized(&workload(&text), 0.001);
    let on_demand = &side(&sizing, ReadWrite::Write).on_demand;
    assert!(on_demand.fits && on_demand.warm_units == Some(9_000), "{on_demand:?}");
    assert_eq!(side(&sizing, ReadWrite::Read).on_demand.warm_units, Some(20_000));
}

#[test]
fn readers_of_a_sharded_key_read_all_of_it() {
    // 1,800 writes a second of one key, and 100 reads of half a unit: with 2 shards 100 units a second, with 3 shards 150.
    let both = r#"{ name = "put", type = "put", table = "things", weight = 18, key = { record = 7 } },
        { name = "get", type = "get", table = "things", weight = 1, key = { record = 7 } }"#;
    let sizing = sized(&with(both, r#"{ name = "rush", duration = "2m", rate = 1_900 }"#), 0.001);
    let shards = sizing.resources[0].remedies.iter().find(|remedy| remedy.kind == RemedyKind::Shards).unwrap();
    let count: f64 = shards.text.split("over ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    assert_near(shards.units.unwrap()[0], 50.0 * count);
    assert_near(sizing.resources[0].read.fixed.units, 50.0);
}

#[test]
fn a_history_is_asked_anew_unit_by_unit() {
    // 600 read units and 1,200 write units a minute, and twice that in the last of 30: 10 and 20 a second, 20 and 40 at the end.
    let (mut read_units, mut write_units) = (vec![600.0; 30], vec![1_200.0; 30]);
    (read_units[29], write_units[29]) = (1_200.0, 2_400.0);
    let of = |index: Option<&str>| ResourceHistory {
        table: "orders".into(),
        index: index.map(str::to_owned),
        read_units: read_units.clone(),
        write_units: write_units.clone(),
        throttle_events: 0.0,
        throttled: None,
    };
    let history = History {
        source: "orders.json".into(),
        start: None,
        period: Duration::from_secs(60),
        resources: vec![of(None), of(Some("by-day"))],
        warnings: Vec::new(),
    };
    let demand = Demand::of_history(&history).unwrap();
    for resource in 0..2 {
        let hours = [ReadWrite::Read, ReadWrite::Write].map(|access| demand.units_by_hour(resource, access));
        assert_eq!(hours, [vec![18_600.0], vec![37_200.0]]);
    }
    let sizing = size::size(&question(0.0, 1, true), &[demand]);
    assert_eq!(sizing.resources[1].name(), "orders / by-day");
    for resource in &sizing.resources {
        // At 11 a second 29 minutes bank 1,740 units, and the last minute asks 540 beyond what accrues: 10 a second are too few.
        assert_near(resource.read.fixed.units, 11.0);
        assert_near(resource.read.fixed.without_burst_units, 20.0);
        assert_near(resource.write.fixed.without_burst_units, 40.0);
    }
}

#[test]
fn the_command_answers_and_says_where_the_page_is() {
    let desk = Desk::new();
    let rows: String = (0..180).map(|minute| format!("{},{},{}\n", 1_790_000_000 + 60 * minute, 600, 60)).collect();
    desk.write("orders.csv", &format!("timestamp,read,write\n{rows}"));
    let ended = desk.dyno(["size", "--metrics", "orders.csv", "--out", "sized"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.stdout.contains("Provision 10 RCU and 1 WCU for orders"), "{}", ended.stdout);
    let page = desk.read("sized/report.html");
    assert!(page.contains("Throttling against capacity") && !page.contains("<script"));
    let json: serde_json::Value = serde_json::from_str(&desk.read("sized/size.json")).unwrap();
    assert_eq!(json["resources"][0]["read"]["fixed"]["units"], 10);

    let refused = desk.dyno(["size", "--metrics", "orders.csv", "--format", "terraform"]);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("dyno import"), "{}", refused.stderr);
    let refused = desk.dyno(["size", "--metrics", "orders.csv", "--throttled-at-most", "120%"]);
    assert_eq!(refused.code, 2);
}
