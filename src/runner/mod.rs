//! Runs a workload in real or virtual time: loads the tables, releases operations at their intended starts, sees each through
//! its retries, and makes the record.

mod ahead;
mod capacity_only;
mod clock;
mod demand;
mod environment;
mod feed;
mod in_process;
mod load;
mod network;
mod parallel;
mod rehearsal;
mod retry;
mod session;
mod simulation;
mod slowed;

use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use thiserror::Error;
use tokio::runtime::Runtime;

use crate::api::{CapacityMode, CreateTable};
use crate::record::{
    CapacityLimit, Clock as ClockKind, Ending, EngineRecord, Environment, FaultInfo, Harness, LiveView, ObservationLog,
    OperationInfo, PhaseInfo, ProvisionedUnits, Recorded, Recorder, Resource, ResourceInfo, RunResult, SCHEMA, Shape,
    TableLoad, TargetInfo, WorkloadSource,
};
use crate::replication::{Fault, FaultKind};
use crate::target::{InProcess, Target, TargetError};
use crate::time::Time;
use crate::workload::{Phase, Plan, Workload};

pub use capacity_only::{CapacityOnly, simulate_capacity};
pub use clock::Stop;
pub use demand::{
    Asked, Crossing, Demand, DemandError, DemandResource, EmptyHistory, KeyName, OperationProfile, Part, Play, Profile,
    Step, add_by_hour,
};
pub use environment::environment;
pub use load::{LoadError, load_in_order, load_in_process, load_over_network};
pub use parallel::in_parallel;
pub use rehearsal::{Rehearsal, rehearse};
pub use simulation::{SimulateError, Simulation, can_simulate, simulate};
pub use slowed::Slowed;

use clock::Clock;
use feed::Feed;
use retry::{Jitter, RetryPolicy, RetryQuota};
use session::Client;

/// Operations overdue at the end of the last phase are still sent for this long; then they count as unsent.
const GRACE: Duration = Duration::from_secs(1);
/// How often the collector comes by and the observer is told.
const COLLECT: Duration = Duration::from_millis(250);

/// What serves the operations.
#[derive(Clone)]
pub enum Driver {
    /// Answers in the worker's own thread.
    InProcess {
        /// The target.
        target: Arc<dyn InProcess>,
        /// What the record says about it.
        info: TargetInfo,
        /// Whether capacity limits are enforced.
        limited: bool,
        /// Threads that draw and send.
        workers: usize,
    },
    /// Answers over a network.
    Network {
        /// The driver.
        target: Arc<dyn Target>,
        /// Runs the driver's tasks.
        runtime: Arc<Runtime>,
        /// Threads of the runtime.
        workers: usize,
    },
}

/// What an observer is told while a run goes on.
#[derive(Debug)]
pub enum Progress<'a> {
    /// Items are being loaded.
    Loading {
        /// The table.
        table: &'a str,
        /// Items loaded.
        loaded: u64,
        /// Items to load.
        of: u64,
    },
    /// Operations are being sent.
    Running {
        /// The current phase's name.
        phase: &'a str,
        /// Since the start of the run.
        elapsed: Duration,
        /// Until its planned end.
        left: Duration,
        /// What was measured so far.
        view: &'a LiveView,
        /// What is asked for more.
        recorder: &'a Recorder,
    },
    /// Operations are being simulated.
    Simulating {
        /// The current phase's name.
        phase: &'a str,
        /// Virtual time since the start of the run.
        elapsed: Duration,
        /// Virtual time until its planned end.
        left: Duration,
        /// Seconds of virtual time a second of real time, so far.
        speed: f64,
        /// What was measured so far.
        view: &'a LiveView,
    },
}

/// Why a run could not be done.
#[derive(Debug, Error)]
pub enum RunError {
    /// The target could not be made ready.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// Items could not be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The run was stopped before anything was measured.
    #[error("stopped while loading; nothing was measured")]
    StoppedEarly,
}

/// What the parts of a run share.
struct RunContext<'a> {
    workload: &'a Arc<Workload>,
    feed: Arc<Feed>,
    recorder: Arc<Recorder>,
    client: Arc<Client>,
    clock: Clock,
    stop: &'a Stop,
    end: Time,
}

/// Runs a workload whose tables stand ready and loaded, and makes the record of it.
pub fn run(
    workload: &Arc<Workload>,
    driver: &Driver,
    loaded: Vec<TableLoad>,
    stop: &Stop,
    observe: impl FnMut(Progress<'_>),
) -> RunResult {
    run_by(Clock::Real(Instant::now()), workload, driver, loaded, stop, observe)
}

fn run_by(
    clock: Clock,
    workload: &Arc<Workload>,
    driver: &Driver,
    loaded: Vec<TableLoad>,
    stop: &Stop,
    mut observe: impl FnMut(Progress<'_>),
) -> RunResult {
    let (info, limited, workers) = match driver {
        Driver::InProcess { info, limited, workers, .. } => (info.clone(), *limited, *workers),
        Driver::Network { target, workers, .. } => (target.info(), target.is_limited(), *workers),
    };
    let shape = shape(workload, limited);
    let resources = shape.resources.clone();
    let recorder = Arc::new(Recorder::new(shape, workers));
    let started_at = Timestamp::now();
    let cpu_before = environment::process_cpu_seconds();
    if let Driver::Network { target, .. } = driver {
        target.begin();
    }
    let context = RunContext {
        workload,
        feed: Arc::new(Feed::new(Plan::new(Arc::clone(workload)), workload)),
        recorder: Arc::clone(&recorder),
        client: Arc::new(client(workload)),
        clock: clock.clone(),
        stop,
        end: Time::ZERO + workload.duration(),
    };
    // Faults happen in the bundled engine only.
    let mut log = if info.kind == "engine" { observation_log(workload) } else { ObservationLog::new(Vec::new()) };
    let views = |now| match driver {
        Driver::InProcess { target, .. } => target.observe(now),
        Driver::Network { target, .. } => target.observe(now),
    };
    let cache = || match driver {
        Driver::InProcess { target, .. } => target.cache(),
        Driver::Network { target, .. } => target.cache(),
    };
    let mut look = |now| {
        if now >= log.next_at() {
            log.observe_cache(cache());
            log.observe(now, views(now));
        }
    };
    look(Time::ZERO);
    let has_ended = AtomicBool::new(false);
    let collector = thread::current();
    let end = thread::scope(|scope| {
        let running = scope.spawn(|| {
            match driver {
                Driver::InProcess { target, workers, .. } => in_process::run(&context, &**target, *workers),
                Driver::Network { target, runtime, .. } => network::run(&context, Arc::clone(target), runtime),
            }
            let end = clock.now();
            // Short runs, many of which are compared, do not wait for the collector's next turn.
            has_ended.store(true, Ordering::Release);
            collector.unpark();
            end
        });
        while !running.is_finished() && !has_ended.load(Ordering::Acquire) {
            thread::park_timeout(COLLECT);
            recorder.collect();
            let now = clock.now();
            look(now);
            observe(Progress::Running {
                phase: phase_name(workload, now),
                elapsed: now.since(Time::ZERO),
                left: context.end.since(now),
                view: &recorder.view(now),
                recorder: &recorder,
            });
        }
        running.join().unwrap_or_else(|panic| resume_unwind(panic))
    });
    log.observe_cache(cache());
    log.observe(end, views(end));
    let cpu_seconds = environment::process_cpu_seconds().zip(cpu_before).map_or(0.0, |(after, before)| after - before);
    drop(context);
    // The workers are gone, and what they shared with them.
    let recorded = match Arc::try_unwrap(recorder) {
        Ok(recorder) => recorder.finish(end),
        Err(_) => unreachable!("every worker and task has ended"),
    };
    let conduct = Conduct { clock: ClockKind::Real, started_at, workers, cpu_seconds, environment: environment() };
    Run { workload, info, resources, loaded, end, engine: log.finish(end), stopped: stop.is_set(), conduct }
        .result(recorded)
}

/// What takes down what happens to the capacity of a run's target, with the faults the workload schedules.
fn observation_log(workload: &Workload) -> ObservationLog {
    let info = |fault: &Fault| {
        let kind = match fault.kind {
            FaultKind::ReplicaStops(None) => "replica stops".to_owned(),
            FaultKind::ReplicaStops(Some(zone)) => format!("replica in zone {} stops", zone.number() + 1),
            FaultKind::ZoneStops(zone) => format!("zone {} stops", zone.number() + 1),
            FaultKind::LeaderLost => "leader lost".to_owned(),
            FaultKind::SlowReplica { zone: None, by } => format!("slow replica, {by:?}"),
            FaultKind::SlowReplica { zone: Some(zone), by } => {
                format!("slow replica in zone {}, {by:?}", zone.number() + 1)
            }
            FaultKind::AddedLag(by) => format!("replicas lag {by:?} more"),
        };
        let place = match (&fault.table, &fault.key) {
            (None, _) => String::new(),
            (Some(table), None) => format!(": {table}"),
            (Some(table), Some(_)) => format!(": {table}, one partition"),
        };
        let end_seconds = if fault.until == Time::NEVER { f64::INFINITY } else { fault.until.as_secs_f64() };
        FaultInfo { label: kind + &place, start_seconds: fault.from.as_secs_f64(), end_seconds }
    };
    ObservationLog::new(workload.faults.iter().map(info).collect()).with_cache(workload.cache.as_ref())
}

/// Where there are no latencies, thresholds about them were not looked at, which is neither held nor failed. How many.
fn leave_out_latency(workload: &Workload, result: &mut RunResult) -> usize {
    let unknown: Vec<bool> = workload.thresholds.iter().map(|threshold| threshold.is_about_latency()).collect();
    let mut numbers = unknown.iter();
    result.thresholds.retain(|_| !numbers.next().copied().unwrap_or_default());
    unknown.into_iter().filter(|unknown| *unknown).count()
}

/// What the sessions of a new run share.
fn client(workload: &Workload) -> Client {
    Client {
        policy: RetryPolicy::new(&workload.client),
        quota: RetryQuota::new(),
        jitter: Jitter::new(workload.streams.stream("retry jitter")),
    }
}

/// What is known of a run besides what the recorder took down.
struct Run<'a> {
    workload: &'a Workload,
    info: TargetInfo,
    resources: Vec<Resource>,
    loaded: Vec<TableLoad>,
    end: Time,
    engine: EngineRecord,
    stopped: bool,
    conduct: Conduct,
}

/// How a run was made: what differs between real and virtual time.
struct Conduct {
    clock: ClockKind,
    started_at: Timestamp,
    workers: usize,
    cpu_seconds: f64,
    environment: Environment,
}

impl Conduct {
    /// Nothing of the machine, so that the record is the same on every one. The run starts when the workload says.
    fn in_virtual_time(workload: &Workload, command: Vec<String>) -> Self {
        // Nanoseconds in 64 bits lie well within what a timestamp holds.
        let started_at = Timestamp::from_nanosecond(i128::from(workload.epoch_nanos));
        Conduct {
            clock: ClockKind::Virtual,
            started_at: started_at.unwrap_or(Timestamp::UNIX_EPOCH),
            // Whoever draws ahead, one thread sends.
            workers: 1,
            cpu_seconds: 0.0,
            environment: Environment { os: String::new(), cpu: String::new(), cores: 0, memory_bytes: 0, command },
        }
    }
}

impl Run<'_> {
    fn result(self, recorded: Recorded) -> RunResult {
        let (workload, conduct) = (self.workload, self.conduct);
        let planned_end = Time::ZERO + workload.duration();
        let cut_short = self.stopped && self.end < planned_end;
        // Where it was not, a phase lasts as long as planned, though its last operation may end well before.
        let cut = if cut_short { self.end } else { Time::NEVER };
        let invalid_points = recorded.series.points.iter().filter(|point| !point.valid).count();
        let mut result = RunResult {
            schema: SCHEMA.to_owned(),
            dyno_version: env!("CARGO_PKG_VERSION").to_owned(),
            name: workload.name.clone(),
            description: workload.description.clone(),
            workload: WorkloadSource { path: workload.source.path.clone(), text: workload.source.text.clone() },
            seed: workload.streams.seed(),
            clock: conduct.clock,
            started_at: format!("{:.3}", conduct.started_at),
            target: self.info,
            environment: conduct.environment,
            ended: if cut_short { Ending::Interrupted } else { Ending::Completed },
            duration_seconds: self.end.as_secs_f64(),
            loaded: self.loaded,
            phases: workload.phases.iter().map(|phase| phase_info(phase, cut)).collect(),
            operations: workload
                .operations
                .iter()
                .map(|operation| OperationInfo { name: operation.name.to_string(), operation: operation.operation })
                .collect(),
            resources: self.resources.iter().map(resource_info).collect(),
            totals: recorded.totals,
            series: recorded.series,
            throttles: recorded.throttles,
            errors: recorded.errors,
            engine: None,
            harness: Harness {
                workers: conduct.workers,
                in_flight_limit: workload.client.in_flight,
                schedule_lag: recorded.lag,
                in_flight_wait: recorded.wait,
                cpu_seconds: conduct.cpu_seconds,
                invalid_points,
            },
            thresholds: Vec::new(),
            warnings: workload.warnings.clone(),
        };
        self.engine.fill_provisioned(&mut result.series, &result.resources);
        result.engine = (!self.engine.is_empty()).then_some(self.engine);
        result.thresholds = workload.thresholds.iter().map(|threshold| threshold.evaluate(&result)).collect();
        result
    }
}

fn shape(workload: &Workload, limited: bool) -> Shape {
    Shape {
        phase_ends: workload.phases.iter().map(|phase| phase.end).collect(),
        operations: workload.operations.len(),
        resources: workload.tables.iter().flat_map(|table| resources(&table.create, limited)).collect(),
    }
}

/// The table and its global secondary indexes; local ones share the table's capacity.
fn resources(table: &CreateTable, limited: bool) -> impl Iterator<Item = Resource> {
    let limit = move |capacity: CapacityMode| match capacity {
        _ if !limited => CapacityLimit::Unknown,
        CapacityMode::OnDemand { .. } => CapacityLimit::OnDemand,
        CapacityMode::Provisioned { read, write } => {
            CapacityLimit::Provisioned(ProvisionedUnits { read: read.units as f64, write: write.units as f64 })
        }
    };
    let own = Resource { table: table.name.clone(), index: None, limit: limit(table.capacity) };
    let indexes = table.global_secondary_indexes.iter().map(move |index| Resource {
        table: table.name.clone(),
        index: Some(index.name.clone()),
        limit: limit(index.capacity),
    });
    std::iter::once(own).chain(indexes)
}

fn resource_info(resource: &Resource) -> ResourceInfo {
    ResourceInfo {
        table: resource.table.to_string(),
        index: resource.index.as_deref().map(str::to_owned),
        limit: resource.limit,
    }
}

fn phase_info(phase: &Phase, cut: Time) -> PhaseInfo {
    PhaseInfo {
        name: phase.name.clone(),
        warm_up: phase.warm_up,
        open_loop: phase.curve.is_some(),
        start_seconds: phase.start.min(cut).as_secs_f64(),
        end_seconds: phase.end.min(cut).as_secs_f64(),
        summary: phase.summary.clone(),
    }
}

fn phase_name(workload: &Workload, now: Time) -> &str {
    let current = workload.phases.iter().find(|phase| now < phase.end).or(workload.phases.last());
    current.map_or("", |phase| &phase.name)
}

#[cfg(test)]
mod tests;
