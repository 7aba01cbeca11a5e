//! Plays runs: what each operation of each interval comes to, drawn from a seed.

use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::api::{CapacityUnits, Operation, ReadWrite, Units};
use crate::record::{
    CapacityLimit, Counts, ErrorCount, Latencies, OperationInfo, OperationTotals, OutcomeKind, PhaseInfo, Point,
    PointOperation, PointResource, ProvisionedUnits, ResourceInfo, RunResult, ThresholdResult, ThrottleCount,
};

use super::empty;

/// An operation of a made-up run.
pub(super) struct Kind {
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
pub(super) struct Moment {
    /// Operations due per second.
    pub rate: f64,
    /// Time until the target answers again.
    pub stalled: f64,
    /// Factor on service times.
    pub slowness: f64,
    /// Share of operations that fail.
    pub failing: f64,
    /// Whether the harness keeps up.
    pub valid: bool,
}

pub(super) const CALM: Moment = Moment { rate: 0.0, stalled: 0.0, slowness: 1.0, failing: 0.0, valid: true };

/// Names, lengths and whether they are warm-ups.
pub(super) type Phases<'p> = &'p [(&'p str, f64, bool, &'p str)];

/// Plays a run: operations of `kinds` in `phases`, with what `moment` says of each interval, on resources with token buckets.
pub(super) fn play(
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

pub(super) fn provisioned(table: &str, read: f64, write: f64) -> ResourceInfo {
    let limit = CapacityLimit::Provisioned(ProvisionedUnits { read, write });
    ResourceInfo { table: table.to_owned(), index: None, limit }
}

pub(super) fn threshold(text: &str, measured: &str, passed: bool) -> ThresholdResult {
    ThresholdResult { threshold: text.to_owned(), measured: measured.to_owned(), passed }
}

pub(super) fn kind(
    name: &'static str,
    operation: Operation,
    share: f64,
    median_micros: f64,
    resource: usize,
    halves: u64,
) -> Kind {
    Kind { name, operation, share, median_micros, resource, halves }
}
