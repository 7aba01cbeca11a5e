//! Virtual time from the outside: queues with known theory, the same stream as in real time, the same record on any number of
//! threads.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use dynamometer::api::{ApiError, Outcome, Output, Request, Response, TableName};
use dynamometer::item::Item;
use dynamometer::random::{Stream, Streams};
use dynamometer::record::{Clock, Counts, RunResult, TargetInfo};
use dynamometer::runner::{self, Driver, Simulation, Stop};
use dynamometer::target::{EngineTarget, InProcess};
use dynamometer::time::Time;
use dynamometer::workload::{EngineCapacity, Overrides, Pace, Source, Workload};
use parking_lot::Mutex;

fn parsed(text: &str) -> Arc<Workload> {
    let source = Source { path: "virtual.toml".into(), text: text.to_owned() };
    Arc::new(Workload::parse(source, Path::new("."), Overrides::default()).unwrap_or_else(|error| panic!("{error}")))
}

/// A workload that reads.
fn reading(rest: &str) -> Arc<Workload> {
    parsed(&format!(
        r#"
name = "queue"
operations = [{{ name = "get", type = "get" }}]
{rest}
[[tables]]
name = "things"
partition_key = {{ name = "pk", type = "S" }}
items = 100
item = {{ pk = "{{record}}" }}
"#
    ))
}

fn simulation(target: Arc<dyn InProcess>, workers: usize) -> Simulation {
    let info = TargetInfo { kind: "test".into(), endpoint: String::new(), settings: Vec::new() };
    Simulation { target, info, limited: true, loaded: Vec::new(), workers, command: Vec::new() }
}

fn simulated(workload: &Arc<Workload>, target: Arc<dyn InProcess>) -> RunResult {
    runner::simulate(workload, simulation(target, 1), &Stop::new(), |_| {}).unwrap()
}

fn total(result: &RunResult) -> Counts {
    let mut counts = Counts::default();
    result.totals.iter().for_each(|totals| counts.add(&totals.counts));
    counts
}

/// Takes an exponentially distributed time for every answer.
struct Exponential {
    mean: Duration,
    stream: Stream,
}

impl Exponential {
    fn new(mean: Duration) -> Arc<Self> {
        Arc::new(Exponential { mean, stream: Streams::new(2026).stream("service times") })
    }
}

impl InProcess for Exponential {
    fn execute(&self, _now: Time, _request: &Request) -> Outcome {
        let result = Ok(Response { output: Output::GetItem { item: None } });
        Outcome {
            result,
            consumed: Vec::new(),
            item_collections: Vec::new(),
            delayed: Duration::ZERO,
            from_cache: false,
        }
    }

    fn models_latency(&self) -> bool {
        true
    }

    fn answer_time(&self, attempt: u64, _request: &Request, _outcome: &Outcome) -> Duration {
        self.mean.mul_f64(-self.stream.at(attempt).open_unit().ln())
    }

    fn load(&self, _table: &TableName, _item: Item) -> Result<(), ApiError> {
        Ok(())
    }
}

/// The share of customers that wait in an M/M/c queue (Erlang C).
fn erlang_c(servers: u32, offered: f64) -> f64 {
    let mut blocked = 1.0;
    for server in 1..=servers {
        blocked = offered * blocked / (f64::from(server) + offered * blocked);
    }
    let utilisation = offered / f64::from(servers);
    blocked / (1.0 - utilisation * (1.0 - blocked))
}

#[test]
fn waiting_for_a_place_in_flight_is_the_queue_of_theory() {
    // 8 servers three quarters busy: a known value, so that the formula itself is held to something.
    assert!((erlang_c(8, 6.0) - 0.3570).abs() < 5e-4, "{}", erlang_c(8, 6.0));
    for (servers, rate, seconds) in [(1, 50.0, 1_200), (8, 600.0, 100), (3, 240.0, 300)] {
        let workload = reading(&format!(
            "client = {{ in_flight = {servers} }}\n\
             phases = [{{ name = \"p\", duration = \"{seconds}s\", rate = {rate}, arrivals = \"poisson\" }}]"
        ));
        let mean = 0.01;
        let result = simulated(&workload, Exponential::new(Duration::from_secs_f64(mean)));
        let counts = total(&result);
        assert!(counts.is_balanced() && counts.unsent == 0);
        let waits = &result.harness.in_flight_wait;
        let (operations, waited) = (counts.offered as f64, waits.count() as f64);
        let share = erlang_c(servers, rate * mean);
        let wait = share / (f64::from(servers) / mean - rate);
        let measured = waits.mean().as_secs_f64() * waited / operations;
        assert!((waited / operations / share - 1.0).abs() < 0.03, "{servers}: {} waited", waited / operations);
        assert!((measured / wait - 1.0).abs() < 0.05, "{servers}: waited {measured}, by theory {wait}");
        // Those who wait do so for an exponentially distributed time.
        let median = waits.percentile(50.0).as_secs_f64() / (wait / share);
        assert!((median / 2f64.ln() - 1.0).abs() < 0.06, "{servers}: {median}");
        let response = result.totals[0].latencies[0].response.mean().as_secs_f64();
        assert!((response / (wait + mean) - 1.0).abs() < 0.04, "{servers}: {response}");
    }
}

#[test]
fn a_closed_loop_obeys_littles_law() {
    let workload = reading("phases = [{ name = \"p\", duration = \"100s\", in_flight = 16 }]");
    let result = simulated(&workload, Exponential::new(Duration::from_millis(10)));
    let completed = total(&result).succeeded as f64;
    assert!((completed / 160_000.0 - 1.0).abs() < 0.01, "{completed}");
    let response = result.totals[0].latencies[0].response.mean().as_secs_f64();
    let in_flight = completed / 100.0 * response;
    assert!((in_flight / 16.0 - 1.0).abs() < 0.005, "{in_flight}");
}

/// Keeps every request it hears, in the order in which they come.
#[derive(Default)]
struct Listening {
    heard: Mutex<Vec<String>>,
}

impl InProcess for Listening {
    fn execute(&self, _now: Time, request: &Request) -> Outcome {
        self.heard.lock().push(format!("{request:?}"));
        let result = Ok(Response { output: Output::GetItem { item: None } });
        Outcome {
            result,
            consumed: Vec::new(),
            item_collections: Vec::new(),
            delayed: Duration::ZERO,
            from_cache: false,
        }
    }

    fn load(&self, _table: &TableName, _item: Item) -> Result<(), ApiError> {
        Ok(())
    }
}

#[test]
fn both_kinds_of_time_send_the_same_stream() {
    let workload = parsed(
        r#"
name = "stream"
operations = [
    { name = "get", type = "get", weight = 5, key = "zipfian" },
    { name = "insert", type = "put", weight = 2 },
    { name = "newest", type = "get", weight = 2, key = "latest" },
    { name = "few", type = "batch_get", weight = 1, batch = { size = { uniform = { min = 1, max = 9 } } } },
]
phases = [
    { name = "p", duration = "200ms", rate = 10_000, arrivals = "poisson" },
    { name = "q", duration = "100ms", rate = { ramp = { from = 10, to = 20_000 } } },
]
[[tables]]
name = "things"
partition_key = { name = "pk", type = "S" }
items = 1000
item = { pk = "thing-{record}", note = { string = { length = 20 } } }
"#,
    );
    let really = Arc::new(Listening::default());
    let info = TargetInfo { kind: "test".into(), endpoint: String::new(), settings: Vec::new() };
    let driver = Driver::InProcess { target: Arc::clone(&really) as _, info, limited: false, workers: 1 };
    runner::run(&workload, &driver, Vec::new(), &Stop::new(), |_| {});
    let really = std::mem::take(&mut *really.heard.lock());
    assert!(really.len() > 2_500, "{}", really.len());
    for workers in [1, 2, 4] {
        let virtually = Arc::new(Listening::default());
        runner::simulate(&workload, simulation(Arc::clone(&virtually) as _, workers), &Stop::new(), |_| {}).unwrap();
        assert!(*virtually.heard.lock() == really, "{workers} workers");
    }
}

/// A workload with everything that could depend on threads: items loaded, throttling, retries, pages, transactions.
const BUSY: &str = r#"
name = "busy"
client = { in_flight = 20 }
operations = [
    { name = "get", type = "get", weight = 5, key = "zipfian" },
    { name = "list", type = "query", weight = 2, pages = "all", limit = 2 },
    { name = "sweep", type = "scan", weight = 0.1, limit = 50 },
    { name = "put", type = "put", weight = 2 },
    { name = "count", type = "update", weight = 2, key = "zipfian", update = "ADD n :one", values = { one = 1 } },
    { name = "several", type = "batch_write", weight = 1, key = "uniform", batch = { size = 5 } },
]
phases = [
    { name = "warm up", duration = "10s", rate = 20, warm_up = true },
    { name = "p", duration = "100s", rate = { sine = { mean = 60, amplitude = 50, period = "50s" } }, arrivals = "poisson" },
]
thresholds = ["throttled <= 50%", "p99 <= 10s"]
[[tables]]
name = "things"
partition_key = { name = "pk", type = "S" }
sort_key = { name = "sk", type = "N" }
items = 3000
items_per_partition = 10
item_size = 700
capacity = { provisioned = { read = 20, write = 20 } }
[tables.item]
pk = "thing-{partition}"
sk = { sort = {} }
"#;

/// What a simulation of this workload on the bundled engine records.
fn recorded(workload: &Arc<Workload>, workers: usize) -> RunResult {
    let target = EngineTarget::new(workload, EngineCapacity::Enforced).unwrap();
    let stop = Stop::new();
    let loaded = runner::load_in_order(workload, &*target, workers, &stop, |_| {}).unwrap();
    let info = target.info();
    let simulation = Simulation { info, loaded, ..simulation(target, workers) };
    runner::simulate(workload, simulation, &stop, |_| {}).unwrap()
}

#[test]
fn a_record_is_the_same_byte_for_byte_on_any_number_of_threads() {
    let workload = parsed(BUSY);
    let record = recorded(&workload, 1);
    let counts = total(&record);
    assert!(counts.is_balanced() && counts.retries > 100 && counts.throttled > 0, "{counts:?}");
    assert!(!record.harness.in_flight_wait.is_empty());
    let text = serde_json::to_string(&record).unwrap();
    for workers in [1, 2, 4] {
        assert!(serde_json::to_string(&recorded(&workload, workers)).unwrap() == text, "{workers} workers");
    }
    let another = Source { path: "virtual.toml".into(), text: BUSY.to_owned() };
    let overrides = Overrides { seed: Some(7), ..Overrides::default() };
    let another = Arc::new(Workload::parse(another, Path::new("."), overrides).unwrap());
    assert!(serde_json::to_string(&recorded(&another, 2)).unwrap() != text);
}

#[test]
fn nothing_of_the_machine_is_in_the_record() {
    let workload = parsed(&BUSY.replace("name = \"busy\"", "name = \"busy\"\nepoch = \"2030-05-01T12:00:00Z\""));
    let record = recorded(&workload, 2);
    assert_eq!(record.clock, Clock::Virtual);
    assert_eq!(record.started_at, "2030-05-01T12:00:00.000Z");
    let environment = &record.environment;
    assert_eq!((environment.os.as_str(), environment.cpu.as_str()), ("", ""));
    assert_eq!((environment.cores, environment.memory_bytes, environment.command.len()), (0, 0, 0));
    assert_eq!((record.harness.workers, record.harness.cpu_seconds, record.harness.invalid_points), (1, 0.0, 0));
    assert!(record.loaded.iter().all(|load| load.seconds == 0.0 && load.items == 3000));
}

#[test]
fn a_day_of_little_traffic_is_simulated_at_once() {
    let text = "phases = [{ name = \"p\", duration = \"1h\", rate = 0.5 }]";
    let day = Source { path: "day.toml".into(), text: reading(text).source.text.clone() };
    let overrides = Overrides { duration: Some(Duration::from_secs(86_400)), pace: Pace::Kept, ..Overrides::default() };
    let workload = Arc::new(Workload::parse(day, Path::new("."), overrides).unwrap());
    let result = simulated(&workload, Arc::new(Listening::default()));
    assert_eq!(total(&result).succeeded, 43_200);
    assert_eq!(result.phases[0].end_seconds, 86_400.0);
    assert!(result.series.points.len() <= 900, "{}", result.series.points.len());
}
