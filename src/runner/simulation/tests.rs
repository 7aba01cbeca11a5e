//! Simulated runs step by step: places in flight, back-off, time-outs, looks, and the accounts of all of them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use super::super::retry::{Jitter, RetryClass, RetryPolicy};
use super::super::tests::{GET, assert_balanced, total, workload};
use super::*;
use crate::api::{
    ApiError, CapacityUnits, ConsumedCapacity, ErrorKind, Outcome, Output, Request, Response, TableName, Units,
};
use crate::capacity::ResourceView;
use crate::item::Item;
use crate::record::{Counts, Ending, OutcomeKind};
use crate::time::Time;

/// What a target was asked, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    Request(Time),
    Look(Time),
}

/// Answers by a rule that is told when a request arrives and how many came before; answers and requests take their time.
struct Scripted<F> {
    travel: Duration,
    takes: Duration,
    rule: F,
    requests: AtomicU64,
    seen: Mutex<Vec<Seen>>,
}

impl<F> Scripted<F> {
    fn new(travel: Duration, takes: Duration, rule: F) -> Arc<Self> {
        Arc::new(Scripted { travel, takes, rule, requests: AtomicU64::new(0), seen: Mutex::new(Vec::new()) })
    }

    fn arrivals(&self) -> Vec<Time> {
        let arrival = |seen: &Seen| match seen {
            Seen::Request(at) => Some(*at),
            Seen::Look(_) => None,
        };
        self.seen.lock().iter().filter_map(arrival).collect()
    }
}

impl<F: Fn(Time, u64) -> Result<(), ErrorKind> + Send + Sync> InProcess for Scripted<F> {
    fn execute(&self, now: Time, _request: &Request) -> Outcome {
        let mut seen = self.seen.lock();
        let before = self.requests.fetch_add(1, Ordering::Relaxed);
        seen.push(Seen::Request(now));
        let result = match (self.rule)(now, before) {
            Ok(()) => Ok(Response { output: Output::GetItem { item: None } }),
            Err(kind) => Err(ApiError::new(kind, "as scripted")),
        };
        let consumed = ConsumedCapacity {
            table_name: TableName::from("things"),
            table: Units { read: CapacityUnits::whole(1), write: CapacityUnits::ZERO },
            local_secondary_indexes: Vec::new(),
            global_secondary_indexes: Vec::new(),
        };
        Outcome {
            result,
            consumed: vec![consumed],
            item_collections: Vec::new(),
            delayed: Duration::ZERO,
            from_cache: false,
        }
    }

    fn models_latency(&self) -> bool {
        !self.travel.is_zero() || !self.takes.is_zero()
    }

    fn travel_time(&self, _attempt: u64) -> Duration {
        self.travel
    }

    fn answer_time(&self, _attempt: u64, _request: &Request, _outcome: &Outcome) -> Duration {
        self.takes
    }

    fn observe(&self, now: Time) -> Vec<ResourceView> {
        self.seen.lock().push(Seen::Look(now));
        Vec::new()
    }

    fn load(&self, _table: &TableName, _item: Item) -> Result<(), ApiError> {
        Ok(())
    }
}

fn simulated(workload: &Arc<Workload>, target: Arc<dyn InProcess>, stop: &Stop) -> RunResult {
    let result = simulate(workload, simulation(target), stop, |_| {}).unwrap();
    assert_balanced(&result);
    result
}

fn simulation(target: Arc<dyn InProcess>) -> Simulation {
    let info = TargetInfo { kind: "test".into(), endpoint: String::new(), settings: Vec::new() };
    Simulation { target, info, limited: false, loaded: Vec::new(), workers: 1, command: Vec::new() }
}

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Units of the table in all.
fn consumed(result: &RunResult) -> f64 {
    result.series.points.iter().flat_map(|point| &point.resources).map(|resource| resource.consumed.read.as_f64()).sum()
}

#[test]
fn one_place_in_flight_is_a_queue_whose_waits_are_known() {
    // An operation a millisecond, each a millisecond and a half long: the k-th starts at 1.5 k and waits for 0.5 k.
    let text = |duration| {
        format!(
            "client = {{ in_flight = 1 }}\nphases = [{{ name = \"p\", duration = \"{duration}\", rate = 1000 }}]\n{GET}"
        )
    };
    let takes = Duration::from_micros(1500);
    let target = Scripted::new(Duration::ZERO, takes, |_, _| Ok(()));
    let result = simulated(&workload(&text("1s")), target.clone(), &Stop::new());
    let starts: Vec<Time> = (0..1000).map(|k| Time::from_nanos(1_500_000 * k)).collect();
    assert_eq!(target.arrivals(), starts);
    let success = &result.totals[0].latencies[0];
    let near = |time: Duration, seconds: f64| (time.as_secs_f64() / seconds - 1.0).abs() < 1e-3;
    assert!(near(success.service.percentile(0.0), 0.0015) && near(success.service.max(), 0.0015));
    assert!(near(success.response.max(), 0.501), "{:?}", success.response.max());
    assert_eq!(result.harness.in_flight_wait.count(), 999);
    assert!(near(result.harness.in_flight_wait.mean(), 0.25));
    assert!(result.harness.schedule_lag.max() <= Duration::from_nanos(1), "the least that is recorded");

    // Over ten seconds the queue grows past the second of grace: what would start after 11 s stays unsent.
    let result = simulated(&workload(&text("10s")), Scripted::new(Duration::ZERO, takes, |_, _| Ok(())), &Stop::new());
    let counts = total(&result);
    assert_eq!((counts.offered, counts.succeeded, counts.unsent), (10_000, 7_334, 2_666));
}

#[test]
fn as_many_places_as_are_needed_are_no_queue() {
    let workload = workload(&format!(
        "client = {{ in_flight = 2 }}\nphases = [{{ name = \"p\", duration = \"1s\", rate = 1000 }}]\n{GET}"
    ));
    // The place of one operation falls free at the very moment at which the next but one is due.
    let result = simulated(&workload, Scripted::new(millis(1), millis(1), |_, _| Ok(())), &Stop::new());
    assert!(result.harness.in_flight_wait.is_empty());
    let success = &result.totals[0].latencies[0];
    let times = [success.response.percentile(0.0), success.response.max()].map(|time| time.as_secs_f64());
    assert!(
        success.response.count() == 1000 && times.iter().all(|time| (time / 0.002 - 1.0).abs() < 1e-3),
        "{times:?}"
    );
    assert_eq!(result.duration_seconds, 1.001);
}

#[test]
fn back_off_follows_the_policy_to_the_nanosecond() {
    let workload = workload(&format!("phases = [{{ name = \"p\", duration = \"1s\", rate = 1 }}]\n{GET}"));
    let policy = RetryPolicy::new(&workload.client);
    let jitter = Jitter::new(workload.streams.stream("retry jitter"));
    for (travel, takes) in [(0, 0), (0, 3), (2, 5)] {
        let refuse = |_, _| Err(ErrorKind::ProvisionedThroughputExceeded);
        let target = Scripted::new(millis(travel), millis(takes), refuse);
        let result = simulated(&workload, target.clone(), &Stop::new());
        let mut arrival = Time::ZERO + millis(travel);
        let mut expected = vec![arrival];
        for attempt in 1..3 {
            let wait = policy.back_off(RetryClass::Throttling, attempt, jitter.draw(0, 0, attempt));
            arrival = arrival + millis(takes) + wait + millis(travel);
            expected.push(arrival);
        }
        assert_eq!(target.arrivals(), expected);
        let counts = total(&result);
        assert_eq!((counts.throttled, counts.attempts, counts.retries, counts.throttled_attempts), (1, 3, 2, 3));
        assert_eq!(result.duration_seconds, (arrival + millis(takes)).as_secs_f64());
    }
}

#[test]
fn a_storm_of_retries_ends_with_the_quota() {
    let workload = workload(&format!("phases = [{{ name = \"p\", duration = \"10s\", rate = 1000 }}]\n{GET}"));
    let refuse = |_, _| Err(ErrorKind::ProvisionedThroughputExceeded);
    let result = simulated(&workload, Scripted::new(Duration::ZERO, Duration::ZERO, refuse), &Stop::new());
    let counts = total(&result);
    // 500 tokens are 100 retries at 5 each, and nothing ever succeeds.
    assert_eq!((counts.offered, counts.throttled, counts.retries), (10_000, 10_000, 100));
}

#[test]
fn operations_that_back_off_keep_their_place() {
    let workload = workload(&format!(
        "client = {{ in_flight = 1, max_attempts = 2 }}\nphases = [{{ name = \"p\", duration = \"1s\", rate = 100 }}]\n{GET}"
    ));
    let first_is_refused = |_, before| if before == 0 { Err(ErrorKind::Throttling) } else { Ok(()) };
    let target = Scripted::new(Duration::ZERO, Duration::ZERO, first_is_refused);
    let result = simulated(&workload, target.clone(), &Stop::new());
    let arrivals = target.arrivals();
    let retry = arrivals[1];
    let waited = arrivals.iter().filter(|at| **at == retry).count() - 1;
    assert!(retry > Time::ZERO && waited > 0, "{retry:?}");
    assert_eq!(waited as u64, result.harness.in_flight_wait.count());
    assert_eq!(waited, (retry.as_nanos() / 10_000_000) as usize);
}

#[test]
fn an_answer_that_comes_too_late_is_a_time_out_though_the_work_was_done() {
    let one = |client: &str| {
        workload(&format!(
            "client = {{ timeout = \"5s\", {client} }}\nphases = [{{ name = \"p\", duration = \"1s\", rate = 1 }}]\n{GET}"
        ))
    };
    let once = "retries = \"none\"";
    // On its way for 2 s and 3 s: just in time. A nanosecond more: too late. For 6 s: it arrives when nobody waits any more.
    for (travel, takes, arrival, outcome) in [
        (millis(2000), millis(3000), 2.0, OutcomeKind::Succeeded),
        (millis(2000), millis(3000) + Duration::from_nanos(1), 2.0, OutcomeKind::TimedOut),
        (millis(6000), millis(1), 6.0, OutcomeKind::TimedOut),
    ] {
        let target = Scripted::new(travel, takes, |_, _| Ok(()));
        let result = simulated(&one(once), target.clone(), &Stop::new());
        assert_eq!(target.arrivals(), [Time::from_secs_f64(arrival)]);
        let latencies = &result.totals[0].latencies;
        assert_eq!((latencies.len(), latencies[0].outcome), (1, outcome));
        assert!((latencies[0].response.max().as_secs_f64() / 5.0 - 1.0).abs() < 1e-3);
        assert_eq!(consumed(&result), 1.0);
    }
    // Tried again, each attempt is work of its own.
    let target = Scripted::new(millis(6000), millis(1), |_, _| Ok(()));
    let result = simulated(&one("max_attempts = 3"), target.clone(), &Stop::new());
    let counts = total(&result);
    assert_eq!((counts.timed_out, counts.attempts, counts.retries), (1, 3, 2));
    assert_eq!((target.arrivals().len(), consumed(&result)), (3, 3.0));
    assert_eq!((result.errors[0].name.as_str(), result.errors[0].count), ("TimeOut", 3));
}

#[test]
fn an_early_end_keeps_the_books() {
    let workload = workload(&format!("phases = [{{ name = \"p\", duration = \"1h\", rate = 100 }}]\n{GET}"));
    for takes in [0, 30] {
        let stop = Stop::new();
        let flag = stop.flag();
        let rule = move |_, before| {
            if before == 5_000 {
                flag.store(true, Ordering::Relaxed);
            }
            if before % 3 == 0 { Err(ErrorKind::ServiceUnavailable) } else { Ok(()) }
        };
        let result = simulated(&workload, Scripted::new(Duration::ZERO, millis(takes), rule), &stop);
        assert_eq!(result.ended, Ending::Interrupted);
        let counts = total(&result);
        assert!((3_000..8_000).contains(&counts.offered), "{counts:?}");
        assert!(counts.failed > 0, "{counts:?}");
        assert!(result.duration_seconds < 100.0);
        assert_eq!(result.phases[0].end_seconds, result.duration_seconds);
    }
}

#[test]
fn phases_open_and_closed_follow_each_other() {
    let workload = workload(&format!(
        "{GET}
        [[phases]]
        name = \"open\"
        duration = \"1s\"
        rate = 100
        [[phases]]
        name = \"closed\"
        duration = \"2s\"
        in_flight = 4
        [[phases]]
        name = \"closed again\"
        duration = \"1s\"
        in_flight = 1
        [[phases]]
        name = \"and open\"
        duration = \"1s\"
        rate = 10
        "
    ));
    let target = Scripted::new(millis(4), millis(6), |_, _| Ok(()));
    let result = simulated(&workload, target, &Stop::new());
    let counts: Vec<Counts> = result.totals.iter().map(|totals| totals.counts).collect();
    assert_eq!(counts.iter().map(|counts| counts.succeeded).collect::<Vec<_>>(), [100, 800, 100, 10]);
    assert_eq!(result.duration_seconds, 4.91);
}

#[test]
fn a_closed_loop_needs_latency() {
    let workload = workload(&format!("phases = [{{ name = \"busy\", duration = \"1s\", in_flight = 1 }}]\n{GET}"));
    let target = Scripted::new(Duration::ZERO, Duration::ZERO, |_, _| Ok(()));
    let error = simulate(&workload, simulation(target), &Stop::new(), |_| {}).unwrap_err();
    assert_eq!(error, SimulateError::ClosedLoopWithoutLatency { phase: "busy".to_owned() });
    assert!(error.to_string().contains("[engine.latency]"), "{error}");
}

#[test]
fn looks_come_before_what_happens_later() {
    for (travel, takes) in [(0, 0), (7, 20)] {
        let workload = workload(&format!("phases = [{{ name = \"p\", duration = \"30s\", rate = 3 }}]\n{GET}"));
        let target = Scripted::new(millis(travel), millis(takes), |_, _| Ok(()));
        simulated(&workload, target.clone(), &Stop::new());
        let seen = target.seen.lock();
        let looks: Vec<Time> = seen
            .iter()
            .filter_map(|seen| match seen {
                Seen::Look(at) => Some(*at),
                Seen::Request(_) => None,
            })
            .collect();
        assert_eq!(looks[..30], (0..30).map(|second| Time::from_secs_f64(f64::from(second))).collect::<Vec<_>>());
        let mut last_look = Time::ZERO;
        for seen in seen.iter() {
            match seen {
                Seen::Look(at) => last_look = *at,
                Seen::Request(at) => assert!(last_look <= *at && at.since(last_look) < Duration::from_secs(1)),
            }
        }
    }
}
