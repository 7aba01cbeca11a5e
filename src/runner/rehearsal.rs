//! A rehearsal: a few hundred of each operation on the bundled engine with limits off, to know what they consume.
//!
//! The arithmetic is the engine's own, on items and requests of the workload's own, so nothing is estimated twice.

use smallvec::SmallVec;

use crate::api::{ApiError, Units};
use crate::record::OutcomeKind;
use crate::target::{EngineTarget, InProcess};
use crate::time::Time;
use crate::workload::{Drafter, EngineCapacity, Shot, Workload};

use super::resources;
use super::retry::{Jitter, RetryPolicy, RetryQuota};
use super::session::{Answer, Client, Session, Step};

/// Operations of each kind: the standard error of a mean is below 5 % of the spread.
const OPERATIONS: u64 = 400;
/// Items loaded per table at most. Sizes and keys do not depend on how many there are.
const ITEMS: u64 = 20_000;
/// Pages followed at most per operation.
const PAGES: usize = 1000;

/// What a workload consumes, as rehearsed.
#[derive(Debug, Clone, PartialEq)]
pub struct Rehearsal {
    /// Tables and global secondary indexes: table, index.
    pub resources: Vec<(String, Option<String>)>,
    /// For each operation and resource the units of one operation, on average: read and write.
    pub units: Vec<Vec<[f64; 2]>>,
    /// For each table the average size of a loaded item in bytes; zero where none is loaded.
    pub item_bytes: Vec<f64>,
    /// For each operation an error it ran into, if any.
    pub errors: Vec<Option<String>>,
}

impl Rehearsal {
    /// Units per second of each resource where operations come at these rates, in the workload's order.
    pub fn units_per_second(&self, rates: &[f64]) -> Vec<[f64; 2]> {
        let mut sums = vec![[0.0; 2]; self.resources.len()];
        for (units, rate) in self.units.iter().zip(rates) {
            for (sum, each) in sums.iter_mut().zip(units) {
                sum[0] += each[0] * rate;
                sum[1] += each[1] * rate;
            }
        }
        sums
    }
}

/// Rehearses the operations of a workload.
pub fn rehearse(workload: &Workload) -> Result<Rehearsal, ApiError> {
    let mut small = workload.clone();
    for table in &mut small.tables {
        table.items = table.items.min(ITEMS);
    }
    // What operations cost has nothing to do with what goes wrong, lags, or spares the table some of them.
    small.faults.clear();
    small.replication = None;
    small.cache = None;
    let workload = std::sync::Arc::new(small);
    let engine = EngineTarget::new(&workload, EngineCapacity::Off)?;
    let mut item_bytes = Vec::new();
    for table in &workload.tables {
        let mut bytes = 0;
        for record in 0..table.items {
            let item = table.loaded_item(record, workload.epoch_nanos);
            bytes += item.size_bytes();
            engine.load(&table.create.name, item)?;
        }
        item_bytes.push(if table.items == 0 { 0.0 } else { bytes as f64 / table.items as f64 });
    }
    let resources: Vec<_> = workload.tables.iter().flat_map(|table| resources(&table.create, true)).collect();
    let resources: Vec<_> = resources
        .iter()
        .map(|resource| (resource.table.to_string(), resource.index.as_deref().map(str::to_owned)))
        .collect();
    let mut stage = Stage {
        engine: &engine,
        workload: &workload,
        drafter: Drafter::new(std::sync::Arc::clone(&workload)),
        client: Client {
            policy: RetryPolicy::new(&workload.client),
            quota: RetryQuota::new(),
            jitter: Jitter::new(workload.streams.stream("rehearsal")),
        },
        resources: &resources,
        populations: workload.tables.iter().map(|table| table.items).collect(),
    };
    let (units, errors) = (0..workload.operations.len()).map(|operation| stage.play(operation)).unzip();
    Ok(Rehearsal { units, errors, item_bytes, resources })
}

/// Where operations are rehearsed.
struct Stage<'a> {
    engine: &'a EngineTarget,
    workload: &'a Workload,
    drafter: Drafter,
    client: Client,
    resources: &'a [(String, Option<String>)],
    populations: SmallVec<[u64; 4]>,
}

impl Stage<'_> {
    /// Plays one operation many times. Returns what one of them consumes on average, and an error if there was any.
    fn play(&mut self, operation: usize) -> (Vec<[f64; 2]>, Option<String>) {
        let mut sums = vec![[0.0; 2]; self.resources.len()];
        let mut error = None;
        for index in 0..OPERATIONS {
            let populations = self.populations.clone();
            for (table, count) in self.workload.operations[operation].inserts(index) {
                self.populations[table] += count;
            }
            let epoch_nanos = self.workload.epoch_nanos;
            let shot = Shot { phase: 0, operation, index, due: None, counter: index, epoch_nanos, populations };
            let request = self.drafter.request(&shot);
            let mut session = Session::new(shot, request, Time::ZERO, Time::ZERO);
            for _ in 0..PAGES {
                session.sending(Time::ZERO);
                let outcome = self.engine.execute(Time::ZERO, &session.request);
                self.add(&mut sums, &outcome.consumed);
                let refused = outcome.result.as_ref().err().map(ToString::to_string);
                let answer = Answer::Replied(outcome);
                let specification = &self.workload.operations[operation];
                match session.receive(Time::ZERO, &answer, specification, &self.client) {
                    Step::Send => {}
                    // A failed condition that the workload expects is no error.
                    Step::Done(OutcomeKind::Succeeded) => break,
                    Step::Done(_) | Step::SendAt(_) => {
                        error = error.or(refused);
                        break;
                    }
                }
            }
        }
        for sum in &mut sums {
            *sum = sum.map(|units| units / OPERATIONS as f64);
        }
        (sums, error)
    }

    fn add(&self, sums: &mut [[f64; 2]], consumed: &[crate::api::ConsumedCapacity]) {
        let mut add = |table: &str, index: Option<&str>, units: Units| {
            let at = self.resources.iter().position(|(known, of)| known == table && of.as_deref() == index);
            if let Some(at) = at {
                sums[at][0] += units.read.as_f64();
                sums[at][1] += units.write.as_f64();
            }
        };
        for table in consumed {
            add(&table.table_name, None, table.table);
            for (_, units) in &table.local_secondary_indexes {
                add(&table.table_name, None, *units);
            }
            for (index, units) in &table.global_secondary_indexes {
                add(&table.table_name, Some(index), *units);
            }
        }
    }
}
