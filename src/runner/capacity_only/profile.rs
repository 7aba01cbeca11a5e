//! What the operations of a workload ask of which keys, drawn once: samples of each, played on a scratch engine that admits
//! everything and takes down what it comes to.
//!
//! Keys are drawn from the true populations, however large: only the items that a sample is about are stored, just before.

use std::collections::HashSet;
use std::sync::Arc;

use smallvec::SmallVec;

use crate::api::{ApiError, Request};
use crate::capacity::{Access, Place, Stream, Tapped};
use crate::record::{OutcomeKind, Resource};
use crate::target::{EngineTarget, InProcess};
use crate::time::Time;
use crate::workload::{Drafter, Shot, Workload};

use super::super::retry::{Jitter, RetryPolicy, RetryQuota};
use super::super::session::{Answer, Client, Session, Step};
use super::condense::condense;

/// Items of a table that Scans, and Queries of its indexes, are played on at most.
pub(super) const SCANNED_ITEMS: u64 = 20_000;
/// Items of a collection that Queries are played on at most.
pub(super) const COLLECTION_ITEMS: u64 = 2_000;
/// Items of a table that tell how the stored bytes lie.
const STORED_ITEMS: u64 = 4_096;
/// Pages followed at most per operation.
const PAGES: usize = 1_000;
/// A scratch engine that holds more is put away for a new one.
const SCRATCH_BYTES: u64 = 128 << 20;
/// Samples of each operation after which it is enough once so many bytes were stored for them.
const ENOUGH: [(u64, u64); 2] = [(4_000, 512 << 20), (1_000, 2 << 30)];
/// What storing an item costs besides its bytes, in bytes.
const ITEM_BYTES: u64 = 512;

/// What operations ask, on average.
#[derive(Debug)]
pub(super) struct Profile {
    pub operations: Vec<OperationProfile>,
    /// By resource: the operations that ask of it, and what.
    pub streams: Vec<Vec<(usize, Stream)>>,
    /// The populations of the tables it was drawn from.
    pub populations: SmallVec<[u64; 4]>,
}

/// Means of one operation, where nothing is refused.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct OperationProfile {
    /// The share that fails a condition.
    pub condition_failed: f64,
    /// The share that fails otherwise.
    pub failed: f64,
    /// An error of those that failed: its name and message.
    pub error: Option<(String, String)>,
    /// Requests sent.
    pub attempts: f64,
    /// Items returned or written.
    pub items: f64,
    /// Records inserted, by table.
    pub inserts: SmallVec<[f64; 4]>,
}

/// Bytes stored before the run, by resource: where, and how many.
pub(super) type Stored = Vec<Vec<(Place, i64)>>;

/// Where samples are played.
pub(super) struct Stage<'a> {
    workload: &'a Workload,
    /// The workload, without what goes wrong or lags: it has no part in what operations cost.
    plain: Arc<Workload>,
    drafter: Drafter,
    resources: &'a [Resource],
    engine: Arc<EngineTarget>,
    /// Records the engine holds, or once held.
    loaded: HashSet<(usize, u64)>,
    /// Item collections whose first records were all loaded: table, first record, how many.
    collections: HashSet<(usize, u64, u64)>,
    /// Tables whose first records were all loaded.
    scanned: HashSet<usize>,
    scratch_bytes: u64,
    drawn_bytes: u64,
}

impl<'a> Stage<'a> {
    /// A stage for the samples of a workload; `resources` are numbered as in its record.
    pub fn new(workload: &'a Workload, resources: &'a [Resource]) -> Result<Self, ApiError> {
        let mut plain = workload.clone();
        plain.faults.clear();
        plain.replication = None;
        plain.latency = None;
        let plain = Arc::new(plain);
        Ok(Stage {
            workload,
            drafter: Drafter::new(Arc::clone(&plain)),
            resources,
            engine: EngineTarget::tapped(&plain)?,
            plain,
            loaded: HashSet::new(),
            collections: HashSet::new(),
            scanned: HashSet::new(),
            scratch_bytes: 0,
            drawn_bytes: 0,
        })
    }

    /// How the bytes lie that are stored before the run.
    pub fn stored(&mut self) -> Result<Stored, ApiError> {
        let mut stored: Stored = vec![Vec::new(); self.resources.len()];
        for (number, table) in self.workload.tables.iter().enumerate() {
            let count = table.items.min(STORED_ITEMS);
            for sample in 0..count {
                let record = (u128::from(sample) * u128::from(table.items) / u128::from(count)) as u64;
                self.load(number, record)?;
            }
            let each = if count == 0 { 0.0 } else { table.items as f64 / count as f64 };
            self.take(|resource, tapped| {
                stored[resource].push((tapped.place, (tapped.growth_bytes as f64 * each).round() as i64));
            });
        }
        self.renew()?;
        Ok(stored)
    }

    /// Draws about `samples` operations as they are in a phase with these populations.
    pub fn profile(&mut self, phase: usize, populations: &[u64], samples: u64) -> Result<Profile, ApiError> {
        let count = self.workload.operations.len();
        let each = (samples / count.max(1) as u64).max(1);
        let client = Client {
            policy: RetryPolicy::new(&self.workload.client),
            quota: RetryQuota::new(),
            jitter: Jitter::new(self.workload.streams.stream("profile")),
        };
        let mut current: SmallVec<[u64; 4]> = SmallVec::from_slice(populations);
        let mut operations = vec![OperationProfile::default(); count];
        // By operation, then resource and kind of access.
        let mut taken: Vec<Vec<Vec<Tapped>>> = vec![vec![Vec::new(); self.resources.len() * 3]; count];
        self.drawn_bytes = 0;
        let mut drawn = 0;
        let is_enough = |drawn, bytes| ENOUGH.iter().any(|(samples, stored)| drawn >= *samples && bytes >= *stored);
        while drawn < each && !is_enough(drawn, self.drawn_bytes) {
            for (operation, profile) in operations.iter_mut().enumerate() {
                if self.scratch_bytes > SCRATCH_BYTES {
                    self.renew()?;
                }
                let shot = self.shot(phase, operation, drawn, count as u64, current.clone());
                profile.inserts.resize(current.len(), 0.0);
                for (table, inserted) in self.workload.operations[operation].inserts(shot.index) {
                    current[table] += inserted;
                    profile.inserts[table] += inserted as f64;
                }
                self.play(shot, profile, &client)?;
                self.take(|resource, tapped| {
                    let of_access = resource * 3 + tapped.access as usize;
                    taken[operation][of_access].push(tapped);
                });
            }
            drawn += 1;
        }
        for profile in &mut operations {
            let means = [&mut profile.condition_failed, &mut profile.failed, &mut profile.attempts, &mut profile.items];
            for mean in means.into_iter().chain(&mut profile.inserts) {
                *mean /= drawn as f64;
            }
        }
        let mut streams: Vec<Vec<(usize, Stream)>> = vec![Vec::new(); self.resources.len()];
        for (operation, by_place) in taken.into_iter().enumerate() {
            for (at, tapped) in by_place.into_iter().enumerate().filter(|(_, tapped)| !tapped.is_empty()) {
                let access = [Access::Write, Access::StrongRead, Access::EventualRead][at % 3];
                streams[at / 3].push((operation, condense(access, tapped, drawn)));
            }
        }
        Ok(Profile { operations, streams, populations: SmallVec::from_slice(populations) })
    }

    fn shot(
        &self,
        phase: usize,
        operation: usize,
        sample: u64,
        operations: u64,
        populations: SmallVec<[u64; 4]>,
    ) -> Shot {
        let start = self.workload.phases[phase].start;
        Shot {
            phase,
            operation,
            // Of its own for every operation: requests of different operations are drawn apart.
            index: sample * operations + operation as u64,
            due: None,
            counter: sample,
            epoch_nanos: self.workload.epoch_nanos.saturating_add_unsigned(start.as_nanos()),
            populations,
        }
    }

    /// Plays one operation to its end.
    fn play(&mut self, shot: Shot, profile: &mut OperationProfile, client: &Client) -> Result<(), ApiError> {
        let (request, about) = self.drafter.request_about(&shot);
        let specification = &self.workload.operations[shot.operation];
        let collection_items = match &request {
            Request::Query(query) if specification.reads_an_end() => u64::from(query.limit.unwrap_or(u32::MAX)),
            _ => u64::MAX,
        };
        self.prepare(&request, &about, &shot.populations, collection_items.min(COLLECTION_ITEMS))?;
        let mut session = Session::new(shot, request, Time::ZERO, Time::ZERO);
        let mut outcome = OutcomeKind::Succeeded;
        for _ in 0..PAGES {
            session.sending(Time::ZERO);
            let reply = self.engine.execute(Time::ZERO, &session.request);
            let refused = reply.result.as_ref().err().map(|error| (error.kind.name().to_owned(), error.to_string()));
            match session.receive(Time::ZERO, &Answer::Replied(reply), specification, client) {
                Step::Send => continue,
                Step::Done(done) => outcome = done,
                Step::SendAt(_) => outcome = OutcomeKind::Failed,
            }
            if outcome == OutcomeKind::Failed {
                profile.error = profile.error.take().or(refused);
            }
            break;
        }
        let sample = session.sample(Time::ZERO, outcome);
        match outcome {
            OutcomeKind::Succeeded => {}
            OutcomeKind::ConditionFailed => profile.condition_failed += 1.0,
            OutcomeKind::Throttled | OutcomeKind::Failed | OutcomeKind::TimedOut => profile.failed += 1.0,
        }
        profile.attempts += f64::from(sample.attempts);
        profile.items += sample.items as f64;
        Ok(())
    }

    /// Stores what a request is about, as far as it is there before it.
    fn prepare(
        &mut self,
        request: &Request,
        about: &[(usize, u64)],
        populations: &[u64],
        collection_items: u64,
    ) -> Result<(), ApiError> {
        let before = self.loaded.len();
        let scanned = match request {
            Request::Scan(scan) => Some(&scan.table_name),
            Request::Query(query) if query.index_name.is_some() => Some(&query.table_name),
            _ => None,
        };
        if let Some(name) = scanned {
            let table = self.workload.tables.iter().position(|table| table.create.name == *name);
            if let Some(table) = table.filter(|table| self.scanned.insert(*table)) {
                for record in 0..populations[table].min(SCANNED_ITEMS) {
                    self.load(table, record)?;
                }
            }
        }
        for &(table, record) in about {
            if matches!(request, Request::Query(_)) && record < populations[table] {
                let specification = &self.workload.tables[table];
                let mut collection = specification.collection(record, populations[table]).peekable();
                // All of it is there if it was before; what was deleted since stays so.
                let first = collection.peek().map(|first| (table, *first, collection_items));
                if first.is_none_or(|first| self.collections.insert(first)) {
                    for record in collection.take(collection_items as usize) {
                        self.load(table, record)?;
                    }
                }
            } else if record < populations[table] {
                self.load(table, record)?;
            } else {
                // Whoever asks for it later finds what this request leaves.
                self.loaded.insert((table, record));
            }
        }
        if self.loaded.len() > before {
            self.take(|_, _| {});
        }
        Ok(())
    }

    fn load(&mut self, table: usize, record: u64) -> Result<(), ApiError> {
        if !self.loaded.insert((table, record)) {
            return Ok(());
        }
        let specification = &self.workload.tables[table];
        let item = specification.loaded_item(record, self.workload.epoch_nanos);
        let bytes = item.size_bytes() as u64;
        self.scratch_bytes += bytes;
        self.drawn_bytes += bytes + ITEM_BYTES;
        self.engine.load(&specification.create.name, item)
    }

    /// What was taken down since it was last asked for, with the resource it was asked of.
    fn take(&mut self, mut each: impl FnMut(usize, Tapped)) {
        let resources = self.resources;
        let mut grown = 0;
        self.engine.engine().with_throughputs(|throughputs| {
            for (table, index, throughput) in throughputs {
                let is_it = |resource: &Resource| resource.table == **table && resource.index.as_ref() == *index;
                let resource = resources.iter().position(is_it);
                for tapped in throughput.take_tapped() {
                    grown += tapped.growth_bytes.max(0) as u64;
                    if let Some(resource) = resource {
                        each(resource, tapped);
                    }
                }
            }
        });
        self.scratch_bytes += grown;
    }

    fn renew(&mut self) -> Result<(), ApiError> {
        self.engine = EngineTarget::tapped(&self.plain)?;
        self.loaded.clear();
        self.collections.clear();
        self.scanned.clear();
        self.scratch_bytes = 0;
        Ok(())
    }
}
