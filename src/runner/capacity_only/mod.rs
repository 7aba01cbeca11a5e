//! Capacity alone, in virtual time: the same tables, limits, partitions and scaling as in a simulation, asked by streams of
//! operations instead of one by one, with nothing stored. The length of the run and the number of operations cost little.
//!
//! What each operation asks of which keys is drawn once, on a scratch engine, and again where tables have grown much by the
//! start of a phase. Left out, and so approximated:
//!
//! - chance: arrivals are as even as can be, even where the workload says Poisson, and whatever happens within a step of time
//!   happens evenly;
//! - retries: whoever is refused gives up, because what is admitted of a load that stays is the same whether it is asked for
//!   once or again and again. A peak shorter than the back-off of clients is refused where clients would have outwaited it;
//! - request routers: the limit of a table or index holds exactly and at once;
//! - batches that are admitted in part: they succeed in the share in which their units are admitted;
//! - a cache in front of the tables: the share of reads that it answers is reckoned from rates;
//! - latency, replication, faults and the limit of operations in flight.

mod course;
mod tally;

use std::sync::Arc;

use crate::api::Operation;
use crate::record::{Recorder, RunResult, TargetInfo};
use crate::target::EngineTarget;
use crate::workload::{EngineCapacity, Workload};

use super::clock::Stop;
use super::demand::{COLLECTION_ITEMS, Demand, DemandError, SCANNED_ITEMS};
use super::{Conduct, Progress, Run, observation_log, shape};

use course::{CacheTally, Course, Limit, Taken};

/// How capacity alone is simulated.
#[derive(Debug, Clone, PartialEq)]
pub struct CapacityOnly {
    /// Operations drawn to know what is asked of which keys, all kinds together.
    pub samples: u64,
    /// A command line that gives this result again, with nothing in it that differs between machines.
    pub command: Vec<String>,
}

impl Default for CapacityOnly {
    fn default() -> Self {
        CapacityOnly { samples: 120_000, command: Vec::new() }
    }
}

/// Simulates the capacity of a workload alone, and makes the record of it: like [`simulate`](super::simulate), with nothing
/// loaded and without latencies.
pub fn simulate_capacity(
    workload: &Arc<Workload>,
    options: CapacityOnly,
    stop: &Stop,
    observe: impl FnMut(Progress<'_>),
) -> Result<RunResult, DemandError> {
    let limited = workload.engine_capacity == EngineCapacity::Enforced;
    let shape = shape(workload, limited);
    let resources = shape.resources.clone();
    let mut bare = (**workload).clone();
    (bare.replication, bare.latency) = (None, None);
    bare.faults.clear();
    let target = EngineTarget::new(&bare, workload.engine_capacity)?;
    let demand = Demand::of_workload(workload, options.samples)?;
    let recorder = Recorder::of_length(shape, workload.duration());
    let mut log = observation_log(&bare).of_length(workload.duration());
    let (end, stopped) = target.engine().with_throughputs(|throughputs| {
        let limits = resources.iter().map(|resource| {
            let is_it = |table: &_, index: Option<&_>| resource.table == *table && resource.index.as_ref() == index;
            let found = throughputs.iter().find(|(table, index, _)| is_it(*table, *index));
            found.map(|&(table, index, throughput)| Limit { table, index, throughput })
        });
        let course = Course {
            workload,
            demand: &demand,
            recorder: &recorder,
            log: &mut log,
            stop,
            limits: limits.collect(),
            taken: Taken::new(workload.operations.len()),
            cache: CacheTally::default(),
        };
        course.run(observe)
    });
    let run = Run {
        workload,
        info: info(limited),
        resources,
        loaded: Vec::new(),
        end,
        engine: log.finish(end),
        stopped,
        conduct: Conduct::in_virtual_time(workload, options.command),
    };
    let mut result = run.result(recorder.finish(end));
    let left_out = super::leave_out_latency(workload, &mut result);
    result.warnings.extend(warnings(workload, left_out));
    Ok(result)
}

fn info(limited: bool) -> TargetInfo {
    let setting = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    TargetInfo {
        kind: "engine".to_owned(),
        endpoint: "bundled engine, capacity only".to_owned(),
        settings: vec![
            setting("capacity limits", if limited { "enforced" } else { "off" }),
            setting("capacity only", "operations in streams, nothing stored, no latency"),
            setting("not modelled", "chance, retries, request routers, latency, replication, faults"),
        ],
    }
}

/// What a reader must know of what was left out or is only nearly right.
fn warnings(workload: &Workload, thresholds: usize) -> Vec<String> {
    let mut warnings = Vec::new();
    if thresholds > 0 {
        warnings.push(format!(
            "{thresholds} {} not evaluated: --capacity-only knows no latencies",
            if thresholds == 1 { "threshold about latency is" } else { "thresholds about latency are" }
        ));
    }
    if !workload.faults.is_empty() {
        warnings.push("the faults of the workload are left out: --capacity-only knows capacity alone".to_owned());
    }
    if workload.cache.is_some() {
        let reckoned = "what the cache answers was reckoned from rates and the popularity of keys, not key by key; reads that \
                        it does not know of are taken to be admitted";
        warnings.push(reckoned.to_owned());
    }
    let most = workload.tables.iter().map(|table| table.items).max().unwrap_or(0);
    let collection = workload
        .tables
        .iter()
        .map(|table| table.collection(0, table.items).take(COLLECTION_ITEMS as usize + 1).count());
    let collection = collection.max().unwrap_or(0) as u64;
    for operation in &workload.operations {
        let (bound, is_beyond) = match operation.operation {
            _ if operation.reads_an_end() => continue,
            Operation::Scan => (SCANNED_ITEMS, most > SCANNED_ITEMS),
            Operation::Query if operation.reads_index() => (SCANNED_ITEMS, most > SCANNED_ITEMS),
            Operation::Query => (COLLECTION_ITEMS, collection > COLLECTION_ITEMS),
            _ => continue,
        };
        if is_beyond {
            warnings.push(format!(
                "`{}` was reckoned on the first {bound} items of what it reads, and may consume more than is shown",
                operation.name
            ));
        }
    }
    warnings
}
