//! Virtual time: the same plan, sessions, target and record as in real time, driven from event to event instead of by a clock.
//!
//! One thread makes everything happen, in one order; others only draw requests ahead of it. So a workload and a seed give
//! the same record, byte for byte, on any machine.

mod agenda;
mod course;
mod supply;

use std::sync::Arc;
use std::thread;

use thiserror::Error;

use crate::record::{Recorder, RunResult, TableLoad, TargetInfo};
use crate::target::InProcess;
use crate::workload::{Drafter, Plan, Shot, Workload};

use super::ahead::Ahead;
use super::clock::Stop;
use super::{Conduct, Progress, Run, shape};

use course::Course;
use supply::{Supply, draw};

/// What is simulated besides the workload, and how.
#[derive(Clone)]
pub struct Simulation {
    /// The target, its tables loaded.
    pub target: Arc<dyn InProcess>,
    /// What the record says about it.
    pub info: TargetInfo,
    /// Whether capacity limits are enforced.
    pub limited: bool,
    /// The tables loaded.
    pub loaded: Vec<TableLoad>,
    /// Threads that take part, at least one. They have no part in the result.
    pub workers: usize,
    /// A command line that gives this result again, with nothing in it that differs between machines.
    pub command: Vec<String>,
}

/// Why a workload cannot be simulated.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SimulateError {
    /// A closed loop is as fast as its answers; without latency it would never get ahead.
    #[error(
        "phase `{phase}` keeps a fixed number of operations in flight, so its rate is that of the answers, and no latency is \
         modelled: they would come at once and time would stand still; write [engine.latency] model = \"modelled\" into the \
         workload, or give the phase a `rate` in place of `in_flight`"
    )]
    ClosedLoopWithoutLatency {
        /// The phase.
        phase: String,
    },
}

/// What a reader must know where latency is not modelled.
const WITHOUT_LATENCY: &str = "latency is not modelled: the times are those of waiting, back-off and retries alone; \
                               `model = \"modelled\"` in [engine.latency] adds the service's and the network's";

/// Simulates a workload whose tables stand ready and loaded, and makes the record of it: like [`run`](super::run), in
/// virtual time.
///
/// Requests reach the target after its `travel_time` and their answers the client after its `answer_time`. Retries, the
/// limit of operations in flight and the time-outs of the client are events like these. A request whose answer comes too
/// late was served all the same: it counts as timed out, and the units it consumed as consumed.
pub fn simulate(
    workload: &Arc<Workload>,
    simulation: Simulation,
    stop: &Stop,
    observe: impl FnMut(Progress<'_>),
) -> Result<RunResult, SimulateError> {
    let Simulation { target, info, limited, loaded, workers, command } = simulation;
    can_simulate(workload, &*target)?;
    let shape = shape(workload, limited);
    let resources = shape.resources.clone();
    let recorder = Recorder::new(shape, 1);
    let client = super::client(workload);
    let drafter = Drafter::new(Arc::clone(workload));
    let mut log = super::observation_log(workload);
    let draw = |shots: Vec<Shot>| draw(&drafter, shots);
    let (end, stopped) = thread::scope(|scope| {
        let ahead = Ahead::new(scope, workers.saturating_sub(1), &draw);
        let supply = Supply::new(Plan::new(Arc::clone(workload)), &drafter, ahead);
        Course::new(workload, &*target, &recorder, &client, stop, &mut log, supply).run(observe)
    });
    log.observe_cache(target.cache());
    log.observe(end, target.observe(end));
    let run = Run {
        workload,
        info,
        resources,
        loaded,
        end,
        engine: log.finish(end),
        stopped,
        conduct: Conduct::in_virtual_time(workload, command),
    };
    let mut result = run.result(recorder.finish(end));
    if !target.models_latency() {
        result.warnings.push(WITHOUT_LATENCY.to_owned());
        if super::leave_out_latency(workload, &mut result) > 0 {
            result.warnings.push("thresholds about latency were not evaluated".to_owned());
        }
    }
    Ok(result)
}

/// Whether a workload can be simulated on this target, to be asked before much is loaded.
pub fn can_simulate(workload: &Workload, target: &dyn InProcess) -> Result<(), SimulateError> {
    match workload.phases.iter().find(|phase| phase.curve.is_none()) {
        Some(phase) if !target.models_latency() => {
            Err(SimulateError::ClosedLoopWithoutLatency { phase: phase.name.clone() })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
