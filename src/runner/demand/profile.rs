//! What the operations of a workload ask of which keys, drawn once: samples of each, played on a scratch engine that admits
//! everything and takes down what it comes to.
//!
//! Keys are drawn from the true populations, however large: only the items that a sample is about are stored, just before.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use smallvec::SmallVec;

use crate::api::{ApiError, CreateTable, IndexName, KeySchema, Request};
use crate::capacity::{Access, Place, Stream, Tapped};
use crate::engine::Engine;
use crate::item::{AttributeValue, value_to_json};
use crate::record::{OutcomeKind, Resource};
use crate::target::{CachedTables, EngineTarget, InProcess};
use crate::time::Time;
use crate::workload::{About, Drafter, Shot, Workload};

use super::super::retry::{Jitter, RetryPolicy, RetryQuota};
use super::super::session::{Answer, Client, Session, Step};
use super::cache::{CacheableReads, CachedReads};
use super::condense::condense;

/// Items of a table that Scans, and Queries of its indexes, are played on at most.
pub const SCANNED_ITEMS: u64 = 20_000;
/// Items of a collection that Queries are played on at most.
pub const COLLECTION_ITEMS: u64 = 2_000;
/// Items of a table that tell how the stored bytes lie.
const STORED_ITEMS: u64 = 4_096;
/// Keys that are told by name, at most so many, ...
const NAMED_KEYS: usize = 32;
/// ... if at least so many samples were about them.
const NAMED_SAMPLES: u32 = 8;
/// Records of a sample that are tried for the name of a key.
const CANDIDATES: usize = 4;
/// Pages followed at most per operation.
const PAGES: usize = 1_000;
/// A scratch engine that holds more is put away for a new one.
const SCRATCH_BYTES: u64 = 128 << 20;
/// Samples of each operation after which it is enough once so many bytes were stored for them, for each sample asked for.
const ENOUGH: [(u64, u64); 2] = [(4_000, 4 << 10), (1_000, 16 << 10)];
/// What storing an item costs besides its bytes, in bytes.
const ITEM_BYTES: u64 = 512;

/// What operations ask, on average.
#[derive(Debug, Clone)]
pub struct Profile {
    /// By operation: what becomes of it where nothing is refused.
    pub operations: Vec<OperationProfile>,
    /// By resource: the operations that ask of it, and what.
    pub streams: Vec<Vec<(usize, Stream)>>,
    /// By resource, then operation: items of a table that are written. Nothing for indexes.
    pub written: Vec<Vec<f64>>,
    /// The populations of the tables it was drawn from.
    pub populations: SmallVec<[u64; 4]>,
    /// The keys asked for most often, those of most requests first.
    pub keys: Vec<KeyName>,
    /// Item collections that are asked for in the order of their sort keys: resource, hash.
    pub in_order: Vec<(usize, u64)>,
}

/// A key that is asked for often, and where it lies.
#[derive(Debug, Clone, PartialEq)]
pub struct KeyName {
    /// The table or index, by its number in the demand.
    pub resource: usize,
    /// The hash of the partition key.
    pub hash: u64,
    /// The attributes of the partition key with their values, such as `productId = product-0000`.
    pub text: String,
}

/// Means of one operation, where nothing is refused.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OperationProfile {
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
    /// What a cache in front of the tables does, where there is one.
    pub cached: CachedReads,
}

/// What a table or index stores before the run.
#[derive(Debug, Clone, Default)]
pub struct Stored {
    /// Where, and how many bytes.
    pub bytes: Vec<(Place, i64)>,
    /// Items, or entries of an index.
    pub items: f64,
}

/// Hashes that samples asked for, by resource: how often, and records that the first such sample was about.
type Seen = HashMap<(usize, u64), (u32, About)>;

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
    /// The records that the newest sample is about: table, record.
    about: About,
    /// The cache, where there is one: for what it asks of the tables by itself.
    cache: Option<CachedTables>,
    /// Reads of the last profile that a cache may answer.
    cacheable: Vec<CacheableReads>,
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
            about: About::new(),
            cache: workload.cache.as_ref().map(|settings| CachedTables::new(settings, &workload.tables)),
            cacheable: Vec::new(),
        })
    }

    /// The engine on which samples are played.
    pub fn engine(&self) -> &Engine {
        self.engine.engine()
    }

    /// The reads of the last profile that a cache may answer.
    pub fn take_cacheable(&mut self) -> Vec<CacheableReads> {
        std::mem::take(&mut self.cacheable)
    }

    fn keep_cacheable(&mut self, operation: usize, resource: usize, drawn: u64, tapped: &[Tapped]) {
        let Some(settings) = &self.workload.cache else { return };
        let Resource { table: name, index, .. } = &self.resources[resource];
        let Some(table) = self.workload.tables.iter().position(|table| table.create.name == *name) else { return };
        let touches = self.workload.operations[operation].touches();
        let is_read = touches.iter().any(|touch| touch.table == table && !touch.is_write);
        if is_read && index.is_none() && settings.tables.contains(name) {
            self.cacheable.push(CacheableReads { operation, resource, table, drawn, tapped: tapped.to_vec() });
        }
    }

    /// What is stored before the run, by resource.
    pub fn stored(&mut self) -> Result<Vec<Stored>, ApiError> {
        let mut stored = vec![Stored::default(); self.resources.len()];
        for (number, table) in self.workload.tables.iter().enumerate() {
            let count = table.items.min(STORED_ITEMS);
            for sample in 0..count {
                let record = (u128::from(sample) * u128::from(table.items) / u128::from(count)) as u64;
                self.load(number, record)?;
            }
            let each = if count == 0 { 0.0 } else { table.items as f64 / count as f64 };
            self.take(|resource, tapped| {
                let of = &mut stored[resource];
                of.bytes.push((tapped.place, (tapped.growth_bytes as f64 * each).round() as i64));
                of.items += each;
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
        let mut seen = Seen::new();
        let mut written = vec![vec![0.0; count]; self.resources.len()];
        self.drawn_bytes = 0;
        let mut drawn = 0;
        let is_enough = |drawn, bytes| {
            ENOUGH.iter().any(|(least, stored)| drawn >= *least && bytes >= stored.saturating_mul(samples))
        };
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
                let about = std::mem::take(&mut self.about);
                let mut changed: Vec<(usize, Place)> = Vec::new();
                self.take(|resource, tapped| {
                    // What local indexes cost is taken down at the place of their item.
                    let item = (resource, tapped.place.clone());
                    if tapped.access == Access::Write && !changed.contains(&item) {
                        written[resource][operation] += 1.0;
                        changed.push(item);
                    }
                    let (count, candidates) = seen.entry((resource, tapped.place.hash)).or_default();
                    *count += 1;
                    if *count == 1 {
                        candidates.extend(about.iter().copied().take(CANDIDATES));
                    }
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
        for (of_resource, resource) in written.iter_mut().zip(self.resources) {
            let each = if resource.index.is_none() { 1.0 / drawn as f64 } else { 0.0 };
            of_resource.iter_mut().for_each(|items| *items *= each);
        }
        let mut in_order = Vec::new();
        for (operation, by_place) in taken.into_iter().enumerate() {
            for (at, tapped) in by_place.into_iter().enumerate().filter(|(_, tapped)| !tapped.is_empty()) {
                let access = [Access::Write, Access::StrongRead, Access::EventualRead][at % 3];
                if access == Access::EventualRead {
                    self.keep_cacheable(operation, at / 3, drawn, &tapped);
                }
                let mut moving = Vec::new();
                streams[at / 3].push((operation, condense(access, tapped, drawn, &mut moving)));
                in_order.extend(moving.into_iter().map(|hash| (at / 3, hash)));
            }
        }
        let keys = self.keys(seen)?;
        let populations = SmallVec::from_slice(populations);
        Ok(Profile { operations, streams, written, populations, keys, in_order })
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
        self.about.clone_from(&about);
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
        if let (OutcomeKind::Succeeded, Request::TransactWriteItems(transaction)) = (outcome, &*session.request)
            && let Some(again) = self.cache.as_ref().and_then(|cache| cache.read_again(transaction))
        {
            self.engine.execute(Time::ZERO, &Request::TransactGetItems(again));
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

    /// The names of the keys that were asked for most often, found by storing the records that samples were about.
    fn keys(&mut self, seen: Seen) -> Result<Vec<KeyName>, ApiError> {
        let mut often: Vec<_> = seen.into_iter().filter(|(_, (count, _))| *count >= NAMED_SAMPLES).collect();
        often.sort_unstable_by_key(|(place, (count, _))| (Reverse(*count), *place));
        often.truncate(NAMED_KEYS);
        self.renew()?;
        let mut keys = Vec::new();
        for ((resource, hash), (_, candidates)) in often {
            for (table, record) in candidates {
                // Stored anew, so that it is taken down again.
                self.loaded.remove(&(table, record));
                self.load(table, record)?;
                let mut lies_here = false;
                self.take(|at, tapped| lies_here |= (at, tapped.place.hash) == (resource, hash));
                if lies_here {
                    keys.push(KeyName { resource, hash, text: self.key_text(table, record, resource) });
                    break;
                }
            }
            self.renew()?;
        }
        Ok(keys)
    }

    /// The partition key of a record in a table or index.
    fn key_text(&self, table: usize, record: u64, resource: usize) -> String {
        let specification = &self.workload.tables[table];
        let item = specification.loaded_item(record, self.workload.epoch_nanos);
        let key = key_schema(&specification.create, self.resources[resource].index.as_ref());
        let attributes = key.into_iter().flat_map(KeySchema::partition_attributes);
        let texts = attributes.map(|attribute| {
            let value = item.get(&attribute.name).map_or(String::new(), value_text);
            format!("{} = {value}", attribute.name)
        });
        texts.collect::<Vec<_>>().join(", ")
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

/// The key of a table or of one of its global secondary indexes.
pub(super) fn key_schema<'t>(table: &'t CreateTable, index: Option<&IndexName>) -> Option<&'t KeySchema> {
    match index {
        None => Some(&table.key),
        Some(index) => table.global_secondary_indexes.iter().find(|known| known.name == *index).map(|known| &known.key),
    }
}

/// A key's value as people write it.
fn value_text(value: &AttributeValue) -> String {
    match value {
        AttributeValue::S(text) => text.to_string(),
        AttributeValue::N(number) => number.to_string(),
        _ => value_to_json(value).to_string(),
    }
}
