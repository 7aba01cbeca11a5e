//! Runs a workload in real time: loads the tables, releases operations at their intended starts, sees each through its
//! retries, and makes the record.

mod clock;
mod environment;
mod feed;
mod in_process;
mod load;
mod network;
mod rehearsal;
mod retry;
mod session;

use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use thiserror::Error;
use tokio::runtime::Runtime;

use crate::api::{CapacityMode, CreateTable};
use crate::record::{
    CapacityLimit, Clock as ClockKind, Ending, Harness, LiveView, OperationInfo, PhaseInfo, ProvisionedUnits, Recorded,
    Recorder, Resource, ResourceInfo, RunResult, SCHEMA, Shape, TableLoad, TargetInfo, WorkloadSource,
};
use crate::target::{InProcess, Target, TargetError};
use crate::time::Time;
use crate::workload::{Plan, Workload};

pub use clock::Stop;
pub use environment::environment;
pub use load::{LoadError, load_in_process, load_over_network};
pub use rehearsal::{Rehearsal, rehearse};

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
        Driver::Network { target, workers, .. } => (target.info(), true, *workers),
    };
    let shape = shape(workload, limited);
    let resources = shape.resources.clone();
    let recorder = Arc::new(Recorder::new(shape, workers));
    let started_at = Timestamp::now();
    let cpu_before = environment::process_cpu_seconds();
    let context = RunContext {
        workload,
        feed: Arc::new(Feed::new(Plan::new(Arc::clone(workload)), workload)),
        recorder: Arc::clone(&recorder),
        client: Arc::new(Client {
            policy: RetryPolicy::new(&workload.client),
            quota: RetryQuota::new(),
            jitter: Jitter::new(workload.streams.stream("retry jitter")),
        }),
        clock: clock.clone(),
        stop,
        end: Time::ZERO + workload.duration(),
    };
    let end = thread::scope(|scope| {
        let running = scope.spawn(|| {
            match driver {
                Driver::InProcess { target, workers, .. } => in_process::run(&context, &**target, *workers),
                Driver::Network { target, runtime, .. } => network::run(&context, Arc::clone(target), runtime),
            }
            clock.now()
        });
        while !running.is_finished() {
            thread::park_timeout(COLLECT);
            recorder.collect();
            let now = clock.now();
            observe(Progress::Running {
                phase: phase_name(workload, now),
                elapsed: now.since(Time::ZERO),
                left: context.end.since(now),
                view: &recorder.view(now),
            });
        }
        running.join().unwrap_or_else(|panic| resume_unwind(panic))
    });
    let cpu_seconds = environment::process_cpu_seconds().zip(cpu_before).map_or(0.0, |(after, before)| after - before);
    drop(context);
    // The workers are gone, and what they shared with them.
    let recorded = match Arc::try_unwrap(recorder) {
        Ok(recorder) => recorder.finish(end),
        Err(_) => unreachable!("every worker and task has ended"),
    };
    let run = Run { workload, info, resources, loaded, started_at, end, cpu_seconds, workers, stopped: stop.is_set() };
    run.result(recorded)
}

/// What is known of a run besides what the recorder took down.
struct Run<'a> {
    workload: &'a Workload,
    info: TargetInfo,
    resources: Vec<Resource>,
    loaded: Vec<TableLoad>,
    started_at: Timestamp,
    end: Time,
    cpu_seconds: f64,
    workers: usize,
    stopped: bool,
}

impl Run<'_> {
    fn result(self, recorded: Recorded) -> RunResult {
        let workload = self.workload;
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
            clock: ClockKind::Real,
            started_at: format!("{:.3}", self.started_at),
            target: self.info,
            environment: environment(),
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
            harness: Harness {
                workers: self.workers,
                in_flight_limit: workload.client.in_flight,
                schedule_lag: recorded.lag,
                in_flight_wait: recorded.wait,
                cpu_seconds: self.cpu_seconds,
                invalid_points,
            },
            thresholds: Vec::new(),
            warnings: workload.warnings.clone(),
        };
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

fn phase_info(phase: &crate::workload::Phase, cut: Time) -> PhaseInfo {
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
