//! Whole runs in no time: the clock moves where somebody waits for it, and where the engine says it took time.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use super::*;
use crate::api::{ApiError, CapacityUnits, ErrorKind, Outcome, Output, Request, Response, TableName};
use crate::capacity::{AccessView, ResourceView};
use crate::item::Item;
use crate::record::{Counts, OutcomeKind};
use crate::workload::{Overrides, Source};

const TABLE: &str = r#"
    [[tables]]
    name = "things"
    partition_key = { name = "pk", type = "S" }
    items = 1000
    item = { pk = "thing-{record}" }
"#;

pub(super) fn workload(rest: &str) -> Arc<Workload> {
    let source = Source { path: "test.toml".into(), text: format!("name = \"test\"\n{rest}{TABLE}") };
    Arc::new(Workload::parse(source, Path::new("."), Overrides::default()).unwrap_or_else(|error| panic!("{error}")))
}

/// Answers every request by a rule that is told the request, its arrival and how many came before, and says how long the
/// answer takes.
struct Scripted<F> {
    clock: Arc<AtomicU64>,
    arrived: AtomicU64,
    rule: F,
}

impl<F: Fn(&Request, Time, u64) -> (Duration, Result<(), ErrorKind>) + Send + Sync> InProcess for Scripted<F> {
    fn execute(&self, now: Time, request: &Request) -> Outcome {
        let before = self.arrived.fetch_add(1, Ordering::Relaxed);
        let (takes, answer) = (self.rule)(request, now, before);
        self.clock.fetch_add(takes.as_nanos() as u64, Ordering::Relaxed);
        let result = match answer {
            Ok(()) => Ok(Response { output: Output::GetItem { item: None } }),
            Err(kind) => Err(ApiError::new(kind, "as scripted")),
        };
        Outcome {
            result,
            consumed: Vec::new(),
            item_collections: Vec::new(),
            delayed: Duration::ZERO,
            from_cache: false,
        }
    }

    /// A table that was read once for every request.
    fn observe(&self, _now: Time) -> Vec<ResourceView> {
        let access = |units| AccessView {
            consumed: CapacityUnits::whole(units),
            limit_units_per_second: None,
            tokens: CapacityUnits::ZERO,
            tokens_max: CapacityUnits::ZERO,
            throttled: 0,
        };
        vec![ResourceView {
            table: "things".parse().unwrap(),
            index: None,
            read: access(self.arrived.load(Ordering::Relaxed)),
            write: access(0),
            partitions: Vec::new(),
            events: Vec::new(),
            eventual_reads: 0,
            stale_reads: 0,
        }]
    }

    fn load(&self, _table: &TableName, _item: Item) -> Result<(), ApiError> {
        Ok(())
    }
}

/// A run by one worker, in manual time.
fn run_scripted<F>(workload: &Arc<Workload>, stop: &Stop, rule: F) -> RunResult
where
    F: Fn(&Request, Time, u64) -> (Duration, Result<(), ErrorKind>) + Send + Sync + 'static,
{
    let nanos = Arc::new(AtomicU64::new(0));
    let engine = Scripted { clock: Arc::clone(&nanos), arrived: AtomicU64::new(0), rule };
    run_by(Clock::Manual(nanos), workload, &driver(engine, 1), Vec::new(), stop, |_| {})
}

fn driver(engine: impl InProcess + 'static, workers: usize) -> Driver {
    let info = TargetInfo { kind: "test".into(), endpoint: String::new(), settings: Vec::new() };
    Driver::InProcess { target: Arc::new(engine), info, limited: false, workers }
}

pub(super) fn total(result: &RunResult) -> Counts {
    let mut counts = Counts::default();
    result.totals.iter().for_each(|totals| counts.add(&totals.counts));
    counts
}

/// The identity holds in sum, for every operation and phase, and for every operation and interval.
pub(super) fn assert_balanced(result: &RunResult) {
    assert!(total(result).is_balanced(), "{:?}", total(result));
    let mut by_interval: BTreeMap<(usize, usize), Counts> = BTreeMap::new();
    for point in &result.series.points {
        for operation in &point.operations {
            assert!(operation.counts.is_balanced(), "at {} s: {:?}", point.start_seconds, operation.counts);
            by_interval.entry((point.phase, operation.operation)).or_default().add(&operation.counts);
        }
    }
    for totals in &result.totals {
        assert!(totals.counts.is_balanced(), "{:?}", totals.counts);
        let summed = by_interval.get(&(totals.phase, totals.operation)).copied().unwrap_or_default();
        assert_eq!(totals.counts, summed, "totals and intervals agree");
    }
    let sent: u64 = result.series.points.iter().map(|point| point.sent).sum();
    assert_eq!(sent, total(result).offered - total(result).unsent);
}

pub(super) const GET: &str = r#"
    operations = [{ name = "get", type = "get" }]
"#;

#[test]
fn a_stall_is_felt_by_every_operation_that_was_due_in_it() {
    let workload = workload(&format!("phases = [{{ name = \"steady\", duration = \"15s\", rate = 500 }}]\n{GET}"));
    // Everything stops from second 5 to second 7; otherwise an answer takes 100 µs.
    let result = run_scripted(&workload, &Stop::new(), |_, now, _| {
        let (from, to) = (Time::from_secs_f64(5.0), Time::from_secs_f64(7.0));
        let stalled = if now >= from && now < to { to.since(now) } else { Duration::ZERO };
        (stalled + Duration::from_micros(100), Ok(()))
    });
    assert_balanced(&result);
    let success = &result.totals[0].latencies[0];
    assert_eq!((success.outcome, success.response.count()), (OutcomeKind::Succeeded, 7500));
    // 1 % of 7,500 operations at 500/s: those due in the first 150 ms of the stall waited longer than the 99th percentile.
    let p99 = success.response.percentile(99.0).as_secs_f64();
    assert!((p99 / 1.85 - 1.0).abs() < 0.02, "{p99}");
    // The service time shows what the target itself took, once.
    assert!(success.service.percentile(99.0) < Duration::from_millis(1));
    assert!(success.service.max() >= Duration::from_secs(2));
    // The wait for the only worker is the target's doing, not the generator's.
    assert!(result.harness.schedule_lag.percentile(99.9) < Duration::from_micros(10));
    assert!(result.harness.in_flight_wait.max() > Duration::from_millis(1900));
    assert_eq!(result.harness.invalid_points, 0);
}

#[test]
fn the_engine_is_watched_from_the_first_request_to_the_last() {
    let workload = workload(&format!("phases = [{{ name = \"steady\", duration = \"15s\", rate = 500 }}]\n{GET}"));
    let result = run_scripted(&workload, &Stop::new(), |_, _, _| (Duration::from_micros(100), Ok(())));
    let record = result.engine.as_ref().unwrap();
    let read: CapacityUnits = record.resources[0].read.consumed.iter().copied().sum();
    assert_eq!(read, CapacityUnits::whole(total(&result).attempts));
    assert_eq!(record.ends_seconds.last().copied(), Some(result.duration_seconds));
}

#[test]
fn throttling_ends_in_counts_not_in_latencies() {
    let workload = workload(&format!(
        "client = {{ max_attempts = 3 }}\nphases = [{{ name = \"p\", duration = \"20s\", rate = 100 }}]\n{GET}"
    ));
    let result = run_scripted(&workload, &Stop::new(), |_, _, before| {
        let answer = if before % 2 == 0 { Ok(()) } else { Err(ErrorKind::ProvisionedThroughputExceeded) };
        (Duration::from_micros(50), answer)
    });
    assert_balanced(&result);
    let counts = total(&result);
    assert_eq!(counts.offered, 2000);
    assert!(counts.throttled > 0 && counts.retries > 0, "{counts:?}");
    assert_eq!(counts.attempts, counts.offered + counts.retries);
    let throttles: u64 = result.throttles.iter().map(|throttle| throttle.count).sum();
    assert_eq!(counts.throttled_attempts, throttles);
    assert_eq!(counts.attempts - counts.succeeded, throttles);
    let success = result.totals[0].latencies.iter().find(|one| one.outcome == OutcomeKind::Succeeded).unwrap();
    assert_eq!(success.response.count(), counts.succeeded);
    // First attempts took 50 µs; those that were retried backed off, and only the latency across retries shows it.
    assert!(success.first_attempt.max() < Duration::from_millis(1));
    assert!(success.service.max() > Duration::from_millis(10));
    assert!(success.first_attempt.count() < success.service.count());
}

#[test]
fn without_retries_every_attempt_is_an_operation() {
    let workload = workload(&format!(
        "client = {{ retries = \"none\" }}\nphases = [{{ name = \"p\", duration = \"10s\", rate = 100 }}]\n{GET}"
    ));
    let result = run_scripted(&workload, &Stop::new(), |_, _, before| {
        let answer = match before % 4 {
            0 => Err(ErrorKind::Throttling),
            1 => Err(ErrorKind::InternalServerError),
            2 => Err(ErrorKind::ConditionalCheckFailed),
            _ => Ok(()),
        };
        (Duration::from_micros(50), answer)
    });
    assert_balanced(&result);
    let counts = total(&result);
    assert_eq!([counts.throttled, counts.failed, counts.condition_failed, counts.succeeded], [250; 4]);
    assert_eq!((counts.attempts, counts.retries), (1000, 0));
    assert_eq!(result.errors.len(), 1);
    assert_eq!((result.errors[0].name.as_str(), result.errors[0].count), ("InternalServerError", 250));
}

#[test]
fn a_target_that_is_too_slow_leaves_operations_unsent_and_says_so() {
    let workload = workload(&format!("phases = [{{ name = \"p\", duration = \"10s\", rate = 1000 }}]\n{GET}"));
    let result = run_scripted(&workload, &Stop::new(), |_, _, _| (Duration::from_millis(2), Ok(())));
    assert_balanced(&result);
    let counts = total(&result);
    assert_eq!(counts.offered, 10_000);
    // 500/s for ten seconds and a second of grace.
    assert!((5_480..=5_520).contains(&counts.succeeded), "{counts:?}");
    assert_eq!(counts.unsent, 10_000 - counts.succeeded);
}

#[test]
fn an_early_end_keeps_the_books() {
    let workload = workload(&format!(
        "phases = [{{ name = \"p\", duration = \"60s\", rate = 100 }}]\n{GET}thresholds = [\"errors = 0\"]\n"
    ));
    let stop = Stop::new();
    let flag = stop.flag();
    let result = run_scripted(&workload, &stop, move |_, _, before| {
        if before == 500 {
            flag.store(true, Ordering::Relaxed);
        }
        let answer = if before % 3 == 0 { Err(ErrorKind::ServiceUnavailable) } else { Ok(()) };
        (Duration::from_millis(15), answer)
    });
    assert_balanced(&result);
    assert_eq!(result.ended, Ending::Interrupted);
    let counts = total(&result);
    assert!(counts.offered < 1500 && counts.unsent > 0, "{counts:?}");
    assert_eq!(result.phases[0].end_seconds, result.duration_seconds);
}

#[test]
fn the_stream_is_the_same_for_any_number_of_workers() {
    let workload = workload(
        r#"
        operations = [
            { name = "get", type = "get", weight = 5, key = "zipfian" },
            { name = "insert", type = "put", weight = 2 },
            { name = "newest", type = "get", weight = 2, key = "latest" },
            { name = "few", type = "batch_get", weight = 1, batch = { size = { uniform = { min = 1, max = 9 } } } },
        ]
        [[phases]]
        name = "p"
        duration = "300ms"
        rate = 20_000
        arrivals = "poisson"
        [[phases]]
        name = "q"
        duration = "100ms"
        rate = { ramp = { from = 10, to = 20_000 } }
        "#,
    );
    // In real time, because several workers share a clock that none of them may move.
    let stream = |workers| {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let engine = Listening { seen: Arc::clone(&seen) };
        let result = run(&workload, &driver(engine, workers), Vec::new(), &Stop::new(), |_| {});
        assert_balanced(&result);
        assert_eq!(total(&result).unsent, 0, "a second of grace is enough for any machine");
        let mut requests = std::mem::take(&mut *seen.lock());
        requests.sort_unstable();
        requests
    };
    let alone = stream(1);
    assert!((6_500..7_500).contains(&alone.len()), "{}", alone.len());
    for workers in [2, 8] {
        assert!(stream(workers) == alone, "{workers} workers");
    }
}

/// Keeps every request it hears.
struct Listening {
    seen: Arc<Mutex<Vec<String>>>,
}

impl InProcess for Listening {
    fn execute(&self, _now: Time, request: &Request) -> Outcome {
        self.seen.lock().push(format!("{request:?}"));
        Outcome {
            result: Ok(Response { output: Output::GetItem { item: None } }),
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
fn a_closed_loop_sends_as_fast_as_it_is_answered() {
    let workload = workload(&format!("phases = [{{ name = \"p\", duration = \"10s\", in_flight = 1 }}]\n{GET}"));
    let result = run_scripted(&workload, &Stop::new(), |_, _, _| (Duration::from_millis(1), Ok(())));
    assert_balanced(&result);
    let counts = total(&result);
    assert_eq!(counts.offered, 10_000);
    let success = &result.totals[0].latencies[0];
    assert!(success.response.max() < Duration::from_micros(1_002), "{:?}", success.response);
}

#[test]
fn a_long_run_stays_small() {
    let workload = workload(&format!("phases = [{{ name = \"p\", duration = \"1h\", rate = 2 }}]\n{GET}"));
    let result = run_scripted(&workload, &Stop::new(), |_, _, before| (Duration::from_micros(before % 977), Ok(())));
    assert_balanced(&result);
    assert_eq!(total(&result).succeeded, 7_200);
    assert!(result.series.points.len() <= 900, "{}", result.series.points.len());
    assert!(result.series.merged >= 4, "{}", result.series.merged);
    let text = serde_json::to_string(&result).unwrap();
    assert!(text.len() < 20_000_000, "{}", text.len());
    let read: RunResult = serde_json::from_str(&text).unwrap();
    assert_eq!(read, result);
}
