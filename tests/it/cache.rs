//! A cache in front of the tables, in the bundled engine: what it answers, what it costs, and that nobody is told anything wrong.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use dynamometer::api::{BatchGetItem, CapacityUnits, KeysAndAttributes, Outcome, Output, Request};
use dynamometer::record::{CacheHistory, RunResult};
use dynamometer::runner::{self, CapacityOnly, Simulation, Stop};
use dynamometer::target::{EngineTarget, InProcess};
use dynamometer::time::Time;
use dynamometer::workload::{Drafter, EngineCapacity, Next, Overrides, Plan, Source, Workload};

use super::dyno::Desk;

fn parsed(text: &str) -> Arc<Workload> {
    let source = Source { path: "cache.toml".into(), text: text.to_owned() };
    Arc::new(Workload::parse(source, Path::new("."), Overrides::default()).unwrap_or_else(|error| panic!("{error}")))
}

fn loaded(workload: &Workload, capacity: EngineCapacity) -> Arc<EngineTarget> {
    let target = EngineTarget::new(workload, capacity).unwrap();
    for table in &workload.tables {
        for record in 0..table.items {
            target.load(&table.create.name, table.loaded_item(record, workload.epoch_nanos)).unwrap();
        }
    }
    target
}

fn simulated(text: &str) -> RunResult {
    let workload = parsed(text);
    let target = loaded(&workload, workload.engine_capacity);
    let simulation = Simulation {
        info: target.info(),
        limited: target.is_limited(),
        target,
        loaded: Vec::new(),
        workers: 1,
        command: Vec::new(),
    };
    runner::simulate(&workload, simulation, &Stop::new(), |_| {}).unwrap()
}

fn cache(result: &RunResult) -> &CacheHistory {
    result.engine.as_ref().unwrap().cache.as_ref().unwrap()
}

fn read_units(result: &RunResult) -> f64 {
    let points = result.series.points.iter().flat_map(|point| &point.resources);
    points.map(|point| point.consumed.read.as_f64()).sum()
}

/// Every kind of request, on few enough items that they meet, with a cache too small for all of them.
const EVERYTHING: &str = r#"
name = "everything"
operations = [
    { name = "get", type = "get", table = "plain", weight = 6 },
    { name = "get part", type = "get", table = "sorted", weight = 4, projection = "a" },
    { name = "get strongly", type = "get", table = "plain", consistent_read = true },
    { name = "get nobody", type = "get", table = "plain", key = "missing" },
    { name = "get one nobody", type = "get", table = "plain", key = { record = 70 }, weight = 2 },
    { name = "get several", type = "batch_get", table = "sorted", batch = { size = 5 }, weight = 4 },
    { name = "get parts", type = "batch_get", table = "plain", batch = { size = 5 }, projection = "a", weight = 2 },
    { name = "put", type = "put", table = "plain", key = "uniform" },
    { name = "update", type = "update", table = "sorted", update = "SET a = :a ADD n :one", values = { a = { words = { length = 9 } }, one = 1 } },
    { name = "update some", type = "update", table = "plain", update = "ADD n :one", condition = "n < :limit", values = { one = 1, limit = 3 } },
    { name = "delete", type = "delete", table = "plain" },
    { name = "put several", type = "batch_write", table = "sorted", key = "uniform", batch = { size = 4, deletes = 0.3 } },
    { name = "write together", type = "transact_write", actions = [
        { type = "put", table = "plain", key = "uniform" },
        { type = "update", table = "sorted", update = "SET a = :a", values = { a = "together" } },
        { type = "delete", table = "plain" },
    ] },
    { name = "read together", type = "transact_get", actions = [{ type = "get", table = "plain" }, { type = "get", table = "sorted" }] },
    { name = "list", type = "query", table = "sorted" },
]
phases = [{ name = "all", duration = "100s", rate = 100 }]
[engine]
capacity = "off"
[cache]
size = "4 KB"
time_to_live = "1s"
[[tables]]
name = "plain"
partition_key = { name = "id", type = "N" }
items = 60
item = { id = { record = {} }, a = { words = { length = 60 } }, n = 0, rest = { words = { length = 30 } } }
[[tables]]
name = "sorted"
partition_key = { name = "id", type = "S" }
sort_key = { name = "at", type = "N" }
items = 40
items_per_partition = 4
item = { id = "{partition}", at = { sort = {} }, a = { words = { length = 60 } }, n = 0 }
"#;

/// What a client sees of an answer; items of a batch come in no order.
fn seen(outcome: &Outcome) -> String {
    match &outcome.result {
        Ok(response) => match &response.output {
            Output::BatchGetItem { responses, unprocessed_keys } => {
                let mut items: Vec<String> = responses
                    .iter()
                    .flat_map(|(table, items)| items.iter().map(move |item| format!("{table} {item:?}")))
                    .collect();
                items.sort();
                format!("{items:?} {unprocessed_keys:?}")
            }
            output => format!("{output:?}"),
        },
        Err(error) => format!("{error:?}"),
    }
}

fn units(outcome: &Outcome) -> [CapacityUnits; 2] {
    let total = |pick: fn(&dynamometer::api::Units) -> CapacityUnits| {
        outcome.consumed.iter().map(|consumed| pick(&consumed.total())).sum()
    };
    [total(|units| units.read), total(|units| units.write)]
}

#[test]
fn clients_are_told_what_the_tables_would_tell_them() {
    let with = parsed(EVERYTHING);
    let mut without = (*with).clone();
    without.cache = None;
    let [cached, plain] = [&*with, &without].map(|workload| loaded(workload, EngineCapacity::Off));
    let mut plan = Plan::new(Arc::clone(&with));
    let drafter = Drafter::new(Arc::clone(&with));
    let (mut read, mut spared) = (0, 0);
    while let Next::Shot(shot) = plan.next(Time::ZERO) {
        let (now, request) = (shot.due.unwrap(), drafter.request(&shot));
        let [one, other] = [&cached, &plain].map(|target| target.execute(now, &request));
        assert_eq!(seen(&one), seen(&other), "{request:?}");
        let [[reads, writes], [reads_without, writes_without]] = [units(&one), units(&other)];
        assert_eq!(writes, writes_without);
        match request {
            // 2 units for each item up to 4 KB, read again in the background.
            Request::TransactWriteItems(_) => assert_eq!(reads, CapacityUnits::whole(6)),
            _ => {
                assert!(reads <= reads_without, "{request:?}");
                read += reads_without.as_halves();
                spared += (reads_without - reads).as_halves();
            }
        }
    }
    let counts = cached.cache().unwrap();
    assert_eq!(counts.saved.as_halves(), spared);
    assert!(spared * 10 > read, "{spared} of {read}: {counts:?}");
    for count in [counts.hits, counts.misses, counts.expired, counts.bypassed, counts.evicted, counts.written] {
        assert!(count > 50, "{counts:?}");
    }
    assert!(counts.bytes <= 4096 && counts.items > 10, "{counts:?}");
}

#[test]
fn a_hot_key_that_throttles_without_a_cache_does_not_with_one() {
    const HOT: &str = r#"
name = "hot"
operations = [{ name = "view", type = "get", weight = 1, key = { hotspot = { records = 1, traffic = 0.9 } } }]
phases = [{ name = "popular", duration = "60s", rate = 300 }]
[engine]
capacity_model = { partition_read_units = 100 }
[cache]
size = "10 MB"
[[tables]]
name = "profiles"
partition_key = { name = "id", type = "S" }
items = 1_000
item = { id = "profile-{record}", about = { words = { length = 100 } } }
capacity = { provisioned = { read = 1_000, write = 10 } }
"#;
    let with = simulated(HOT);
    let without = simulated(&HOT.replace("[cache]\nsize = \"10 MB\"\n", ""));
    let throttled = |result: &RunResult| result.totals.iter().map(|totals| totals.counts.throttled).sum::<u64>();
    // 135 units a second of one key, whose partition serves 100.
    assert!(throttled(&without) > 1_000, "{}", throttled(&without));
    assert_eq!(throttled(&with), 0);
    let cache = cache(&with);
    let [hits, misses] = [&cache.hits, &cache.misses].map(|counts| counts.iter().sum::<u64>());
    assert_eq!(hits + misses, 300 * 60);
    // Each of the items is read once; nothing is too old in a minute.
    assert!(misses <= 1_000 && misses > 700, "{misses}");
    assert_eq!(read_units(&with), misses as f64 / 2.0);
    let saved: CapacityUnits = cache.saved.iter().copied().sum();
    assert_eq!(saved.as_f64(), hits as f64 / 2.0);
    assert_eq!(without.engine.unwrap().cache, None);
}

#[test]
fn an_answer_out_of_the_cache_takes_its_time_and_others_take_it_on_top() {
    let text = r#"
name = "slow"
operations = [{ name = "view", type = "get", key = { record = 3 } }]
phases = [{ name = "all", duration = "10s", rate = 10 }]
[engine.latency]
model = "modelled"
network = { median = "2ms", sigma = 0.0 }
get = { median = "3ms", sigma = 0.0 }
per_kilobyte = "0ms"
[cache]
size = "1 MB"
hit_latency = "500us"
[[tables]]
name = "things"
partition_key = { name = "id", type = "S" }
items = 10
item = { id = "{record}" }
"#;
    let result = simulated(text);
    let totals = &result.totals[0];
    let histogram = &totals.latencies[0].response;
    assert_eq!(histogram.count(), 100);
    let near =
        |found: Duration, expected: f64| assert!((found.as_secs_f64() / expected - 1.0).abs() < 0.01, "{found:?}");
    near(histogram.percentile(50.0), 500e-6);
    // The first one: 0.5 ms by way of the cache, 2 ms there and back, 3 ms of the service.
    near(histogram.max(), 5.5e-3);
}

/// A batch whose other key the table refuses was on its way to the table and back, though the cache answers its part.
#[test]
fn a_batch_of_which_the_table_refuses_the_rest_takes_the_way_to_the_table() {
    let text = r#"
name = "refused"
operations = [{ name = "view", type = "get" }]
phases = [{ name = "all", duration = "10s", rate = 10 }]
[engine.latency]
model = "modelled"
network = { median = "20ms", sigma = 0.0 }
[cache]
size = "10 MB"
hit_latency = "500us"
[[tables]]
name = "things"
partition_key = { name = "id", type = "S" }
items = 2_000
item_size = 4_000
item = { id = "{record}" }
capacity = { provisioned = { read = 1, write = 1 } }
"#;
    let workload = parsed(text);
    let target = loaded(&workload, EngineCapacity::Enforced);
    let table = &workload.tables[0];
    let batch = |records: &[u64]| {
        let wanted = KeysAndAttributes {
            keys: records.iter().map(|record| table.key(*record)).collect(),
            consistent_read: false,
            projection_expression: None,
            placeholders: Default::default(),
        };
        Request::BatchGetItem(BatchGetItem { request_items: vec![(table.create.name.clone(), wanted)] })
    };
    let is_whole = |outcome: &Outcome| match &outcome.result.as_ref().unwrap().output {
        Output::BatchGetItem { unprocessed_keys, .. } => unprocessed_keys.is_empty(),
        output => panic!("{output:?}"),
    };
    let held = batch(&[0]);
    assert!(is_whole(&target.execute(Time::ZERO, &held)));
    let hit = target.execute(Time::ZERO, &held);
    assert!(hit.from_cache && is_whole(&hit));
    assert_eq!(target.answer_time(1, &held, &hit), Duration::from_micros(250));
    let mut asked = (1..table.items).map(|other| {
        let request = batch(&[0, other]);
        let outcome = target.execute(Time::ZERO, &request);
        (request, outcome)
    });
    // At one unit a second, half a unit for each.
    let (request, refused) = asked.find(|(_, outcome)| !is_whole(outcome)).unwrap();
    assert!(refused.consumed.is_empty() && !refused.from_cache);
    // There and back again take 20 ms.
    assert!(target.answer_time(1, &request, &refused) > Duration::from_millis(20));
}

#[test]
fn the_number_of_threads_has_no_part_in_the_result() {
    let text = EVERYTHING.replace("capacity = \"off\"", "capacity = \"enforced\"");
    let desk = Desk::with(&text);
    for (out, workers) in [("one", "1"), ("two", "3")] {
        desk.dyno(["simulate", "test.toml", "--workers", workers, "--out", out])
            .expect(0)
            .stdout
            .contains("The cache answered");
    }
    for file in ["result.json", "report.html"] {
        assert!(desk.read(&format!("one/{file}")) == desk.read(&format!("two/{file}")), "{file}");
    }
    assert!(desk.read("one/report.html").contains("Reads answered by the cache"));
}

#[test]
fn several_threads_leave_the_cache_as_the_tables_are() {
    let workload = parsed(EVERYTHING);
    let target = loaded(&workload, EngineCapacity::Off);
    std::thread::scope(|scope| {
        for thread in 0..4_u64 {
            let (target, workload) = (&target, &workload);
            scope.spawn(move || {
                let drafter = Drafter::new(Arc::clone(workload));
                let mut plan = Plan::new(Arc::clone(workload));
                while let Next::Shot(shot) = plan.next(Time::ZERO) {
                    if shot.index % 4 == thread {
                        target.execute(Time::ZERO, &drafter.request(&shot));
                    }
                }
            });
        }
    });
    let table = &workload.tables[0];
    for record in 0..table.items {
        let key = table.key(record);
        let get = dynamometer::api::GetItem {
            table_name: table.create.name.clone(),
            key: key.clone(),
            consistent_read: false,
            projection_expression: None,
            placeholders: Default::default(),
        };
        let found = target.execute(Time::ZERO, &Request::GetItem(get));
        let newest = target.engine().newest(&table.create.name, &key);
        assert_eq!(found.result.unwrap().output, Output::GetItem { item: newest });
    }
}

/// What a table of 20,000 items of 100 bytes or so is asked, at 200 operations a second for five minutes.
fn steady(operations: &str, cache: &str) -> String {
    format!(
        r#"
name = "steady"
operations = [{operations}]
phases = [{{ name = "all", duration = "5m", rate = 200, arrivals = "poisson" }}]
cache = {{ {cache} }}
[[tables]]
name = "things"
partition_key = {{ name = "id", type = "S" }}
items = 20_000
item_size = 100
item = {{ id = "thing-{{record:06}}", n = 0 }}
"#
    )
}

/// Capacity alone, with the cache reckoned from rates, against every request through a cache.
#[test]
fn capacity_alone_consumes_what_single_requests_do() {
    const READ: &str = "{ name = \"read\", type = \"get\", weight = 8 }";
    const WRITE: &str =
        "{ name = \"write\", type = \"update\", update = \"ADD n :one\", values = { one = 1 }, weight = 2 }";
    let keys = |text: &str, keys: &str| text.replace("weight", &format!("key = {keys}, weight"));
    let mut complaints = String::new();
    for distribution in ["\"uniform\"", "\"zipfian\"", "{ hotspot = { keys = 0.1, traffic = 0.9 } }"] {
        for (write, time_to_live, size) in [(true, "40s", "1 GB"), (false, "100s", "400 KB")] {
            let mut operations = keys(READ, distribution);
            if write {
                operations += &format!(", {}", keys(WRITE, distribution));
            }
            let text = steady(&operations, &format!("size = \"{size}\", time_to_live = \"{time_to_live}\""));
            let workload = parsed(&text);
            let options = CapacityOnly { samples: 8_000, ..CapacityOnly::default() };
            let alone = runner::simulate_capacity(&workload, options, &Stop::new(), |_| {}).unwrap();
            let [one, other] = [&simulated(&text), &alone].map(read_units);
            if (one / other - 1.0).abs() > 0.04 {
                complaints +=
                    &format!("{distribution} {write} {time_to_live} {size}: {one} one by one, {other} alone\n");
            }
        }
    }
    assert!(complaints.is_empty(), "{complaints}");
}

/// A cache that is full stays as full when the rate falls. Of 100,000 items of 1,000 bytes, 10 MB hold a tenth, so that nine
/// reads of ten miss at any rate: 0.9 × 4 × 1,800 × 0.5 = 3,240 units in the half hour at 4 a second.
#[test]
fn a_cache_that_is_full_stays_full_when_the_rate_falls() {
    let text = r#"
name = "falling"
operations = [{ name = "read", type = "get", key = "uniform" }]
phases = [{ name = "fast", duration = "10m", rate = 1_000 }, { name = "slow", duration = "30m", rate = 4 }]
cache = { size = "10 MB", time_to_live = "0s" }
[[tables]]
name = "things"
partition_key = { name = "id", type = "S" }
items = 100_000
item_size = 1_000
item = { id = "thing-{record:06}" }
"#;
    let workload = parsed(text);
    let options = CapacityOnly { samples: 4_000, ..CapacityOnly::default() };
    let result = runner::simulate_capacity(&workload, options, &Stop::new(), |_| {}).unwrap();
    let slow: f64 = result
        .series
        .points
        .iter()
        .filter(|point| point.phase == 1)
        .flat_map(|point| &point.resources)
        .map(|resource| resource.consumed.read.as_f64())
        .sum();
    assert!((slow / 3_240.0 - 1.0).abs() < 0.04, "{slow}");
}
