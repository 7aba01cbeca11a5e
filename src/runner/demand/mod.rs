//! What is asked of tables and indexes over time, whatever is admitted: the operations of every step of time, and what one of
//! them comes to. Drawn or read once, it is played through as many limits as wanted, which all see the same demand.

mod asked;
mod cache;
mod condense;
mod history;
mod past;
mod play;
mod profile;

use std::time::Duration;

use smallvec::SmallVec;
use thiserror::Error;

use crate::api::{ApiError, CreateTable, KeySchema};
use crate::capacity::{ResourceOptions, Throughput};
use crate::record::Resource;
use crate::time::Time;
use crate::workload::Workload;

use super::resources;

pub use asked::{Asked, add_by_hour};
pub use cache::CachedReads;
pub use history::EmptyHistory;
pub use play::{Crossing, Part, Play};
pub(super) use profile::{COLLECTION_ITEMS, SCANNED_ITEMS};
pub use profile::{KeyName, OperationProfile, Profile, Stored};

use profile::{Stage, key_schema};

/// Demand up to this long goes from second to second, ...
const SHORT: Duration = Duration::from_secs(3_600);
/// ... up to this long in steps of 8 seconds, ...
const LONG: Duration = Duration::from_secs(86_400);
/// ... up to this long in steps of 64, longer in steps of 128. A record's intervals are made of such steps.
const LONGER: Duration = Duration::from_secs(10 * 86_400);
/// Steps end where the formula of a rate does, at most so often ...
const SUDDEN: u32 = 2_000;
/// ... and else only where they are as long as the demand in so many steps.
const STEPS: u32 = 40_000;
/// Tables that grew by this factor since operations were drawn ask for drawing them anew.
const GROWN: f64 = 1.25;
/// No step is shorter.
const STEP_MIN: Duration = Duration::from_millis(1);

/// What is asked of tables and indexes over time.
#[derive(Debug, Clone)]
pub struct Demand {
    /// The tables, each followed by its global secondary indexes.
    pub resources: Vec<DemandResource>,
    /// The names of the operations.
    pub operations: Vec<String>,
    /// What operations ask, on average; the steps say when which of them holds.
    pub profiles: Vec<Profile>,
    /// The steps, one after the other without a gap, the first from [`Time::ZERO`].
    pub steps: Vec<Step>,
}

/// A table or index that something is asked of.
#[derive(Debug, Clone)]
pub struct DemandResource {
    /// Which it is, and how the workload limits it.
    pub resource: Resource,
    /// How the workload creates it.
    pub options: ResourceOptions,
    /// The attributes of its partition key.
    pub partition_key: String,
    /// Whether it is a table with local secondary indexes, which keep item collections in one partition.
    pub has_local_indexes: bool,
    /// What it stores at the start.
    pub stored: Stored,
}

/// A stretch of time with a constant rate of every operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Its start.
    pub from: Time,
    /// Its end.
    pub until: Time,
    /// The phase, as an index.
    pub phase: usize,
    /// Whether it counts: warm-ups do not.
    pub measured: bool,
    /// Which profile holds, as an index.
    pub profile: usize,
    /// How many of each operation are due.
    pub operations: SmallVec<[f64; 8]>,
}

/// Why it cannot be said what a workload asks.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum DemandError {
    /// A closed loop is as fast as its answers, and there are none.
    #[error(
        "phase `{phase}` keeps a fixed number of operations in flight, so its rate is that of the answers; capacity alone knows \
         no answers and no latency: give the phase a `rate` in place of `in_flight`"
    )]
    ClosedLoop {
        /// The phase.
        phase: String,
    },
    /// The engine refuses a table or an item of the workload.
    #[error(transparent)]
    Engine(#[from] ApiError),
}

impl Demand {
    /// What a workload asks, from `samples` operations drawn, all kinds together.
    ///
    /// Tables grow by what is asked to be inserted, admitted or not.
    pub fn of_workload(workload: &Workload, samples: u64) -> Result<Self, DemandError> {
        let created =
            workload.tables.iter().flat_map(|table| resources(&table.create, true).zip(options(&table.create)));
        let (names, options): (Vec<Resource>, Vec<ResourceOptions>) = created.unzip();
        let mut stage = Stage::new(workload, &names)?;
        let stored = stage.stored()?;
        let mut populations: Vec<f64> = workload.tables.iter().map(|table| table.items as f64).collect();
        let mut profiles: Vec<Profile> = Vec::new();
        let mut reads = Vec::new();
        let mut steps = Vec::new();
        let length = step_of(workload.duration());
        let short = workload.duration() / STEPS;
        let (mut now, mut sudden) = (Time::ZERO, 0);
        for (number, phase) in workload.phases.iter().enumerate() {
            let Some(curve) = &phase.curve else {
                return Err(DemandError::ClosedLoop { phase: phase.name.clone() });
            };
            if phase.end <= now && !profiles.is_empty() {
                continue;
            }
            if profiles.last().is_none_or(|last| has_grown(&populations, &last.populations)) {
                let populations: Vec<u64> = populations.iter().map(|population| *population as u64).collect();
                profiles.push(stage.profile(number, &populations, samples)?);
                reads.push(stage.take_cacheable());
            }
            let profile = profiles.len() - 1;
            let seconds = |time: Time| time.since(phase.start).as_secs_f64();
            while now < phase.end {
                let step = length.as_nanos() as u64;
                let mut until = Time::from_nanos((now.as_nanos() / step + 1).saturating_mul(step)).min(phase.end);
                let edge = phase.start + Duration::from_secs_f64(curve.edge_after(seconds(now)));
                if edge > now && edge < until && (sudden < SUDDEN || edge >= now + short) {
                    sudden += 1;
                    until = edge;
                }
                let until = until.max(now + STEP_MIN).min(phase.end);
                let due = (curve.count_until(seconds(until)) - curve.count_until(seconds(now))).max(0.0);
                let operations: SmallVec<[f64; 8]> = phase.mix.shares().iter().map(|share| due * share).collect();
                for (count, of_operation) in operations.iter().zip(&profiles[profile].operations) {
                    for (population, inserts) in populations.iter_mut().zip(&of_operation.inserts) {
                        *population += count * inserts;
                    }
                }
                steps.push(Step { from: now, until, phase: number, measured: !phase.warm_up, profile, operations });
                now = until;
            }
        }
        let with = |((resource, options), stored): ((Resource, ResourceOptions), _)| {
            let table = workload.tables.iter().find(|table| table.create.name == resource.table);
            let has_local_indexes =
                resource.index.is_none() && table.is_some_and(|table| !table.create.local_secondary_indexes.is_empty());
            let key = table.and_then(|table| key_schema(&table.create, resource.index.as_ref()));
            let attributes = key.into_iter().flat_map(KeySchema::partition_attributes);
            let partition_key = attributes.map(|attribute| &*attribute.name).collect::<Vec<_>>().join(", ");
            DemandResource { resource, options, partition_key, has_local_indexes, stored }
        };
        let resources = names.iter().cloned().zip(options).zip(stored).map(with).collect();
        let operations = workload.operations.iter().map(|operation| operation.name.to_string()).collect();
        let mut demand = Demand { resources, operations, profiles, steps };
        if let Some(settings) = &workload.cache {
            cache::put_before(&mut demand, &reads, workload, settings, stage.engine());
        }
        Ok(demand)
    }

    /// When it ends.
    pub fn end(&self) -> Time {
        self.steps.last().map_or(Time::ZERO, |step| step.until)
    }
}

impl DemandResource {
    /// Throughput for it, with what is stored at the start in its partitions.
    pub fn throughput(&self, options: &ResourceOptions, model: crate::capacity::CapacityModel) -> Throughput {
        let throughput = Throughput::new(options, model, Time::ZERO);
        self.store_in(&throughput);
        throughput
    }

    /// Notes in throughput what is stored at the start.
    pub fn store_in(&self, throughput: &Throughput) {
        for (place, bytes) in &self.stored.bytes {
            throughput.store(Time::ZERO, place, *bytes);
        }
    }
}

fn has_grown(populations: &[f64], drawn: &[u64]) -> bool {
    populations.iter().zip(drawn).any(|(population, drawn)| *population > (*drawn).max(1) as f64 * GROWN)
}

/// How long the steps of a demand of this length are.
fn step_of(length: Duration) -> Duration {
    let steps = [(SHORT, 1), (LONG, 8), (LONGER, 64)];
    let found = steps.into_iter().find(|(bound, _)| length <= *bound);
    Duration::from_secs(found.map_or(128, |(_, seconds)| seconds))
}

/// How a table and its global secondary indexes are created.
fn options(table: &CreateTable) -> impl Iterator<Item = ResourceOptions> {
    let own = ResourceOptions {
        capacity: table.capacity,
        warm: table.warm_throughput,
        divides_collections: table.key.sort().is_some() && table.local_secondary_indexes.is_empty(),
    };
    let indexes = table.global_secondary_indexes.iter().map(|index| ResourceOptions {
        capacity: index.capacity,
        warm: index.warm_throughput,
        divides_collections: index.key.sort().is_some(),
    });
    std::iter::once(own).chain(indexes)
}
