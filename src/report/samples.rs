//! Records made up from a seed, for tests and for looking at reports: no run is needed to see what its report would be.

use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::api::{CapacityUnits, Operation, ReadWrite, Units};
use crate::record::{
    CapacityLimit, Clock, Counts, Ending, Environment, ErrorCount, Harness, Histogram, Latencies, OperationInfo,
    OperationTotals, OutcomeKind, PhaseInfo, Point, PointOperation, PointResource, ProvisionedUnits, ResourceInfo,
    RunResult, SCHEMA, Series, TableLoad, TargetInfo, ThresholdResult, ThrottleCount, WorkloadSource,
};

/// A run with nothing in it.
pub(super) fn empty() -> RunResult {
    RunResult {
        schema: SCHEMA.to_owned(),
        dyno_version: "0.1.0".to_owned(),
        name: "empty".to_owned(),
        description: String::new(),
        workload: WorkloadSource { path: "workloads/empty.toml".to_owned(), text: String::new() },
        seed: 1,
        clock: Clock::Real,
        started_at: "2026-11-20T14:02:11Z".to_owned(),
        target: TargetInfo { kind: "engine".to_owned(), endpoint: "bundled engine".to_owned(), settings: Vec::new() },
        environment: Environment {
            os: "Linux 6.12".to_owned(),
            cpu: "AMD EPYC 7R13".to_owned(),
            cores: 8,
            memory_bytes: 16 << 30,
            command: ["dyno", "run", "workloads/empty.toml"].map(str::to_owned).to_vec(),
        },
        ended: Ending::Completed,
        duration_seconds: 0.0,
        loaded: Vec::new(),
        phases: Vec::new(),
        operations: Vec::new(),
        resources: Vec::new(),
        totals: Vec::new(),
        series: Series { interval_seconds: 1.0, merged: 1, points: Vec::new() },
        throttles: Vec::new(),
        errors: Vec::new(),
        harness: Harness {
            workers: 4,
            in_flight_limit: 1_000,
            schedule_lag: Histogram::new(),
            in_flight_wait: Histogram::new(),
            cpu_seconds: 0.0,
            invalid_points: 0,
        },
        thresholds: Vec::new(),
        warnings: Vec::new(),
    }
}

/// An operation of a made-up run.
struct Kind {
    name: &'static str,
    operation: Operation,
    /// Its share of the mix.
    share: f64,
    /// Its median service time.
    median_micros: f64,
    /// The table or index it consumes of, and the units of one operation in halves.
    resource: usize,
    halves: u64,
}

/// What happens at a moment of a made-up run.
#[derive(Clone, Copy)]
struct Moment {
    /// Operations due per second.
    rate: f64,
    /// Time until the target answers again.
    stalled: f64,
    /// Factor on service times.
    slowness: f64,
    /// Share of operations that fail.
    failing: f64,
    /// Whether the harness keeps up.
    valid: bool,
}

const CALM: Moment = Moment { rate: 0.0, stalled: 0.0, slowness: 1.0, failing: 0.0, valid: true };

/// Names, lengths and whether they are warm-ups.
type Phases<'p> = &'p [(&'p str, f64, bool, &'p str)];

/// Plays a run: operations of `kinds` in `phases`, with what `moment` says of each interval, on resources with token buckets.
fn play(
    seed: u64,
    interval: f64,
    phases: Phases,
    kinds: &[Kind],
    resources: Vec<ResourceInfo>,
    moment: impl Fn(f64) -> Moment,
) -> RunResult {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut run = empty();
    run.seed = seed;
    let limit = |resource: &ResourceInfo| match resource.limit {
        CapacityLimit::Provisioned(units) => Some(units),
        _ => None,
    };
    // Burst capacity for 20 seconds, so that its end shows.
    let mut buckets: Vec<[f64; 2]> = resources
        .iter()
        .map(|resource| limit(resource).map_or([f64::INFINITY; 2], |units| [units.read * 20.0, units.write * 20.0]))
        .collect();
    let mut at = 0.0;
    for (index, (name, length, warm_up, summary)) in phases.iter().enumerate() {
        let (start, end) = (at, at + length);
        run.phases.push(PhaseInfo {
            name: (*name).to_owned(),
            warm_up: *warm_up,
            open_loop: true,
            start_seconds: start,
            end_seconds: end,
            summary: (*summary).to_owned(),
        });
        while at < end - 1e-9 {
            let until = (at + interval).min(end);
            let seconds = until - at;
            let now = moment(at);
            let mut point = Point {
                phase: index,
                start_seconds: at,
                end_seconds: until,
                sent: 0,
                completed: 0,
                operations: Vec::new(),
                resources: Vec::new(),
                throttles: Vec::new(),
                errors: Vec::new(),
                lag_seconds: [8e-6, 6e-5, 4e-4]
                    .map(|lag| lag * random.random_range(0.8..1.6) * if now.valid { 1.0 } else { 80.0 }),
                valid: now.valid,
            };
            for (bucket, resource) in buckets.iter_mut().zip(&resources) {
                if let Some(units) = limit(resource) {
                    for (tokens, each) in bucket.iter_mut().zip([units.read, units.write]) {
                        *tokens = (*tokens + each * seconds).min(each * seconds.max(20.0));
                    }
                }
            }
            let mut used = vec![[0_u64; 2]; resources.len()];
            let mut refused = vec![[0_u64; 2]; resources.len()];
            for (place, kind) in kinds.iter().enumerate() {
                let due = now.rate * kind.share * seconds;
                let due = (due + random.random_range(-1.0..1.0) * due.sqrt()).round().max(0.0) as u64;
                let mut entry = PointOperation {
                    operation: place,
                    counts: Counts { offered: due, ..Counts::default() },
                    latencies: Vec::new(),
                };
                let access = usize::from(kind.operation.access() == ReadWrite::Write);
                for _ in 0..due {
                    let units = kind.halves as f64 / 2.0;
                    let mut outcome = OutcomeKind::Succeeded;
                    let (mut wait, mut tries) = (random.random_range(1e-6..6e-5), 1_u32);
                    // The sum of four is near enough to normal for a shape.
                    let normal: f64 = (0..4).map(|_| random.random_range(-1.0..1.0)).sum::<f64>() * 0.87;
                    let tail = if random.random_range(0.0..1.0) < 0.004 { random.random_range(2.0..14.0) } else { 1.0 };
                    let first = kind.median_micros * 1e-6 * (normal * 0.22).exp() * tail * now.slowness;
                    let mut service = first;
                    if now.stalled > 0.0 {
                        wait += random.random_range(0.0..1.0) * now.stalled;
                        service += random.random_range(0.0..0.2);
                    }
                    while buckets[kind.resource][access] < units {
                        refused[kind.resource][access] += 1;
                        if tries == 3 || random.random_range(0.0..1.0) < 0.6 && tries > 1 {
                            outcome = OutcomeKind::Throttled;
                            break;
                        }
                        service += 0.05 * f64::from(tries) * random.random_range(0.5..1.0);
                        tries += 1;
                        if random.random_range(0.0..1.0) < 0.25 {
                            buckets[kind.resource][access] += units;
                        }
                    }
                    if outcome == OutcomeKind::Succeeded && random.random_range(0.0..1.0) < now.failing {
                        outcome = if random.random_range(0.0..1.0) < 0.3 {
                            OutcomeKind::TimedOut
                        } else {
                            OutcomeKind::Failed
                        };
                    }
                    let counts = &mut entry.counts;
                    counts.attempts += u64::from(tries);
                    counts.retries += u64::from(tries - 1);
                    match outcome {
                        OutcomeKind::Succeeded => {
                            counts.succeeded += 1;
                            counts.throttled_attempts += u64::from(tries - 1);
                            buckets[kind.resource][access] -= units;
                            used[kind.resource][access] += kind.halves;
                        }
                        OutcomeKind::Throttled => {
                            counts.throttled += 1;
                            counts.throttled_attempts += u64::from(tries);
                        }
                        OutcomeKind::Failed => counts.failed += 1,
                        OutcomeKind::TimedOut => counts.timed_out += 1,
                        OutcomeKind::ConditionFailed => counts.condition_failed += 1,
                    }
                    let latencies = match entry.latencies.iter().position(|known| known.outcome == outcome) {
                        Some(known) => &mut entry.latencies[known],
                        None => {
                            entry.latencies.push(Latencies::new(outcome));
                            entry.latencies.last_mut().unwrap()
                        }
                    };
                    let nanos = |seconds: f64| (seconds * 1e9) as u64;
                    if tries == 1 {
                        latencies.first_attempt.record_nanos(nanos(first));
                    }
                    latencies.service.record_nanos(nanos(service));
                    latencies.response.record_nanos(nanos(service + wait));
                    run.harness.schedule_lag.record_nanos(nanos(random.random_range(1e-6..6e-5) * tail));
                    if now.stalled > 0.0 {
                        run.harness.in_flight_wait.record_nanos(nanos(wait));
                    }
                }
                for (outcome, error) in
                    [(entry.counts.failed, "InternalServerError"), (entry.counts.timed_out, "TimeoutError")]
                {
                    if outcome > 0 {
                        point.errors.push((error_index(&mut run, place, error, outcome), outcome));
                    }
                }
                if entry.counts.throttled_attempts > 0 {
                    let count = entry.counts.throttled_attempts;
                    let index = throttle_index(&mut run, place, kind, &resources[kind.resource], count);
                    point.throttles.push((index, count));
                }
                point.sent += due;
                point.completed += due;
                add_total(&mut run, index, &entry);
                point.operations.push(entry);
            }
            for (place, resource) in resources.iter().enumerate() {
                let [read, write] = used[place].map(CapacityUnits::halves);
                let [throttled_reads, throttled_writes] = refused[place];
                let consumed = Units { read, write };
                let provisioned = limit(resource);
                point.resources.push(PointResource {
                    resource: place,
                    consumed,
                    provisioned,
                    throttled_reads,
                    throttled_writes,
                });
            }
            run.harness.invalid_points += usize::from(!now.valid);
            run.series.points.push(point);
            at = until;
        }
    }
    run.duration_seconds = at;
    run.series.interval_seconds = interval;
    run.operations =
        kinds.iter().map(|kind| OperationInfo { name: kind.name.to_owned(), operation: kind.operation }).collect();
    run.resources = resources;
    run.harness.cpu_seconds = at * 0.31;
    run
}

fn add_total(run: &mut RunResult, phase: usize, entry: &PointOperation) {
    let found = run.totals.iter().position(|totals| totals.phase == phase && totals.operation == entry.operation);
    let totals = match found {
        Some(found) => &mut run.totals[found],
        None => {
            let (operation, counts) = (entry.operation, Counts::default());
            run.totals.push(OperationTotals { phase, operation, counts, items: 0, latencies: Vec::new() });
            run.totals.last_mut().unwrap()
        }
    };
    totals.counts.add(&entry.counts);
    totals.items += entry.counts.succeeded;
    for latencies in &entry.latencies {
        match totals.latencies.iter_mut().find(|known| known.outcome == latencies.outcome) {
            Some(known) => known.merge(latencies),
            None => totals.latencies.push(latencies.clone()),
        }
    }
}

fn error_index(run: &mut RunResult, operation: usize, name: &str, count: u64) -> usize {
    let known = run.errors.iter().position(|error| error.operation == operation && error.name == name);
    let index = known.unwrap_or_else(|| {
        let example = "The request processing has failed because of an unknown error, exception or failure.".to_owned();
        run.errors.push(ErrorCount { operation, name: name.to_owned(), example, count: 0 });
        run.errors.len() - 1
    });
    run.errors[index].count += count;
    index
}

fn throttle_index(run: &mut RunResult, operation: usize, kind: &Kind, resource: &ResourceInfo, count: u64) -> usize {
    let known = run.throttles.iter().position(|throttle| throttle.operation == operation);
    let index = known.unwrap_or_else(|| {
        let access = kind.operation.access();
        let of = if resource.index.is_some() { "Index" } else { "Table" };
        let name = if access == ReadWrite::Read { "Read" } else { "Write" };
        run.throttles.push(ThrottleCount {
            operation,
            exception: "ProvisionedThroughputExceededException".to_owned(),
            reason: format!("{of}{name}ProvisionedThroughputExceeded"),
            resource: resource
                .index
                .as_ref()
                .map_or(resource.table.clone(), |index| format!("{}/index/{index}", resource.table)),
            access: Some(access),
            count: 0,
        });
        run.throttles.len() - 1
    });
    run.throttles[index].count += count;
    index
}

fn provisioned(table: &str, read: f64, write: f64) -> ResourceInfo {
    let limit = CapacityLimit::Provisioned(ProvisionedUnits { read, write });
    ResourceInfo { table: table.to_owned(), index: None, limit }
}

fn threshold(text: &str, measured: &str, passed: bool) -> ThresholdResult {
    ThresholdResult { threshold: text.to_owned(), measured: measured.to_owned(), passed }
}

fn kind(
    name: &'static str,
    operation: Operation,
    share: f64,
    median_micros: f64,
    resource: usize,
    halves: u64,
) -> Kind {
    Kind { name, operation, share, median_micros, resource, halves }
}

/// A note-taking application on a table with 5 RCU and 5 WCU, asked for more than that.
pub(super) fn notes_throttled() -> RunResult {
    let kinds = [
        kind("read note", Operation::GetItem, 0.6, 2_900.0, 0, 1),
        kind("save note", Operation::PutItem, 0.4, 4_100.0, 0, 2),
    ];
    let phases: Phases = &[("steady", 120.0, false, "constant 18/s")];
    let mut run = play(7, 1.0, phases, &kinds, vec![provisioned("notes", 5.0, 5.0)], |_| Moment { rate: 18.0, ..CALM });
    run.name = "notes".to_owned();
    run.description =
        "A small note-taking application that has outgrown the free tier: 5 RCU and 5 WCU, 18 operations a second."
            .to_owned();
    run.clock = Clock::Virtual;
    run.workload.path = "workloads/notes.toml".to_owned();
    run.workload.text =
        "# Notes: <b>small</b> & simple\n[workload]\nname = \"notes\"\n\n[[phase]]\nrate = 18\nfor = \"2 min\"\n"
            .to_owned();
    run.loaded = vec![TableLoad { table: "notes".to_owned(), items: 10_000, bytes: 9_412_000, seconds: 1.9 }];
    run.thresholds =
        vec![threshold("read note p99 ≤ 10 ms", "5.38 ms", true), threshold("throttled ≤ 1 %", "11.4 %", false)];
    run
}

/// A shop before, in and after a flash sale, with a warm-up and a few intervals the harness spoiled.
pub(super) fn flash_sale() -> RunResult {
    let kinds = [
        kind("view product", Operation::GetItem, 0.7, 1_100.0, 0, 1),
        kind("list category", Operation::Query, 0.15, 3_400.0, 1, 8),
        kind("add to basket", Operation::UpdateItem, 0.1, 2_300.0, 2, 2),
        kind("place order", Operation::TransactWriteItems, 0.05, 7_800.0, 2, 12),
    ];
    let resources = vec![
        provisioned("products", 700.0, 50.0),
        ResourceInfo {
            table: "products".to_owned(),
            index: Some("by_category".to_owned()),
            limit: CapacityLimit::Provisioned(ProvisionedUnits { read: 900.0, write: 50.0 }),
        },
        ResourceInfo { table: "orders".to_owned(), index: None, limit: CapacityLimit::OnDemand },
    ];
    let phases: Phases = &[
        ("warm-up", 20.0, true, "constant 200/s"),
        ("before the sale", 60.0, false, "constant 300/s"),
        ("doors open", 30.0, false, "ramp 300/s to 1,600/s"),
        ("the rush", 60.0, false, "constant 1,600/s"),
        ("after", 70.5, false, "constant 400/s"),
    ];
    let mut run = play(42, 1.0, phases, &kinds, resources, |at| {
        let rate = match at {
            at if at < 20.0 => 200.0,
            at if at < 80.0 => 300.0,
            at if at < 110.0 => 300.0 + (at - 80.0) / 30.0 * 1_300.0,
            at if at < 170.0 => 1_600.0,
            _ => 400.0,
        };
        let slowness = if rate > 1_200.0 { 1.8 } else { 1.0 };
        Moment {
            rate,
            slowness,
            failing: if rate > 1_500.0 { 0.0008 } else { 0.0 },
            valid: !(131.0..136.0).contains(&at),
            ..CALM
        }
    });
    run.name = "flash sale".to_owned();
    run.description = "A shop's evening: half an hour of calm, then everyone at once.".to_owned();
    run.target = TargetInfo {
        kind: "aws".to_owned(),
        endpoint: "eu-west-1".to_owned(),
        settings: vec![("retries".to_owned(), "3, exponential back-off".to_owned())],
    };
    run.thresholds =
        vec![threshold("view product p99 ≤ 10 ms", "4.1 ms", true), threshold("errors ≤ 0.1 %", "0.05 %", true)];
    run.warnings = vec!["The target is billed: this run consumed about 0.05 USD of request units.".to_owned()];
    run
}

/// One operation at a steady rate, and a target that stands still for two seconds.
pub(super) fn stall() -> RunResult {
    let kinds = [kind("get", Operation::GetItem, 1.0, 800.0, 0, 1)];
    let phases: Phases = &[("steady", 60.0, false, "constant 1,000/s")];
    let resources = vec![ResourceInfo { table: "kv".to_owned(), index: None, limit: CapacityLimit::OnDemand }];
    let mut run = play(3, 1.0, phases, &kinds, resources, |at| {
        let stalled = if (30.0..32.0).contains(&at) { 32.0 - at } else { 0.0 };
        Moment { rate: 1_000.0, stalled, ..CALM }
    });
    for point in &mut run.series.points {
        match point.start_seconds {
            30.0 => point.sent = 120,
            31.0 => point.sent = 0,
            32.0 => point.sent = 2_880,
            _ => {}
        }
    }
    run.name = "stall".to_owned();
    run.description =
        "A second of standing still shows in the response time of everything that was due in it.".to_owned();
    run.thresholds = vec![threshold("get p99 ≤ 2 s", "1.71 s", true)];
    run
}

/// Three operations and nothing more.
pub(super) fn tiny() -> RunResult {
    let kinds = [kind("put", Operation::PutItem, 1.0, 500.0, 0, 2)];
    let resources = vec![ResourceInfo { table: "t".to_owned(), index: None, limit: CapacityLimit::Unknown }];
    let mut run =
        play(1, 1.0, &[("only", 1.0, false, "constant 3/s")], &kinds, resources, |_| Moment { rate: 3.0, ..CALM });
    run.name = "tiny".to_owned();
    run
}

/// A simulated month with days and nights, thinned to hours.
pub(super) fn thirty_days() -> RunResult {
    let kinds =
        [kind("read", Operation::GetItem, 0.9, 2_000.0, 0, 1), kind("write", Operation::PutItem, 0.1, 3_000.0, 0, 2)];
    let day = 86_400.0;
    let phases: Phases = &[("month", 30.0 * day, false, "a day's curve, 0.05/s to 0.4/s")];
    let mut run = play(9, 3_600.0, phases, &kinds, vec![provisioned("metrics", 2.0, 1.0)], |at| {
        let rate = 0.22 - 0.17 * (at / day * std::f64::consts::TAU).cos();
        Moment { rate, failing: if (12.0..12.3).contains(&(at / day)) { 0.2 } else { 0.0 }, ..CALM }
    });
    run.name = "thirty days".to_owned();
    run.clock = Clock::Virtual;
    run.series.merged = 3_600;
    run.series.interval_seconds = 1.0;
    run
}

/// Ten operations on twelve tables and indexes, 600 intervals.
pub(super) fn wide() -> RunResult {
    const NAMES: [(&str, Operation); 10] = [
        ("get profile", Operation::GetItem),
        ("get feed", Operation::Query),
        ("post", Operation::PutItem),
        ("like", Operation::UpdateItem),
        ("unlike", Operation::DeleteItem),
        ("followers", Operation::Query),
        ("search everything there is to find", Operation::Scan),
        ("many profiles", Operation::BatchGetItem),
        ("import", Operation::BatchWriteItem),
        ("follow", Operation::TransactWriteItems),
    ];
    let kinds: Vec<Kind> = NAMES
        .iter()
        .enumerate()
        .map(|(index, (name, operation))| {
            kind(
                name,
                *operation,
                [0.3, 0.2, 0.1, 0.1, 0.05, 0.1, 0.01, 0.05, 0.04, 0.05][index],
                900.0 * (index + 1) as f64,
                index,
                4,
            )
        })
        .collect();
    let resources = (0..12)
        .map(|index| ResourceInfo {
            table: format!("social-network-table-{}", index / 3),
            index: (index % 3 > 0).then(|| format!("by_attribute_{index}")),
            limit: match index % 4 {
                0 => CapacityLimit::OnDemand,
                1 => CapacityLimit::Provisioned(ProvisionedUnits { read: 50.0, write: 8.0 }),
                _ => CapacityLimit::Provisioned(ProvisionedUnits { read: 40_000.0, write: 40_000.0 }),
            },
        })
        .collect();
    let phases: Phases = &[("warm-up", 60.0, true, "constant 60/s"), ("steady", 540.0, false, "constant 120/s")];
    let mut run = play(11, 1.0, phases, &kinds, resources, |at| Moment {
        rate: if at < 60.0 { 60.0 } else { 120.0 + 20.0 * (at / 40.0).sin() },
        ..CALM
    });
    run.name = "social network".to_owned();
    run.ended = Ending::Interrupted;
    run
}

/// All of them, by name; made one at a time, because the histograms of a long run take a gigabyte.
pub(super) fn all() -> impl Iterator<Item = (&'static str, RunResult)> {
    type Maker = fn() -> RunResult;
    let makers: [(&'static str, Maker); 7] = [
        ("notes", notes_throttled),
        ("flash", flash_sale),
        ("stall", stall),
        ("tiny", tiny),
        ("empty", empty),
        ("month", thirty_days),
        ("wide", wide),
    ];
    makers.into_iter().map(|(name, make)| (name, make()))
}
