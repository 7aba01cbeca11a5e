//! The replicas of a table's or index's partitions: which one a read goes to, what it shows, and whether a leader is there.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::RwLock;
use smallvec::SmallVec;

use crate::capacity::Place;
use crate::random::Streams;
use crate::replication::{Fault, Moment, REPLICAS, Replication, Routing, Timeline, Zone};
use crate::time::Time;

use super::EngineOptions;
use super::index::GlobalIndex;
use super::storage::View;
use super::table::{Source, Table};

/// Hashes of a partition, its first and its last.
pub type KeyRange = (u64, u64);

/// What a table or global secondary index knows of its replicas; one where lags or faults are modelled.
#[derive(Debug)]
pub struct Replicas {
    /// Tells tables and indexes apart, so that their leaders start in zones of their own.
    place: u64,
    lags: Option<Replication>,
    routing: Routing,
    lease: Duration,
    /// What happens to every partition, and to that of a hash.
    faults: Vec<(Fault, Option<u64>)>,
    timelines: RwLock<BTreeMap<(Zone, FaultSet), Arc<Timeline>>>,
    eventual_reads: AtomicU64,
    stale_reads: AtomicU64,
}

/// Which faults happen to a partition, a bit each.
type FaultSet = SmallVec<[u64; 1]>;

/// Eventually consistent reads of a table or index, where lags are modelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EventualReads {
    /// How many were answered; every key of a batch and every page counts.
    pub answered: u64,
    /// How many of them returned an older image than the newest.
    pub stale: u64,
}

impl Replicas {
    fn new(place: u64, faults: Vec<(Fault, Option<u64>)>, options: &EngineOptions) -> Option<Box<Self>> {
        if options.replication.is_none() && faults.is_empty() {
            return None;
        }
        let streams = Streams::new(options.seed);
        Some(Box::new(Replicas {
            place,
            lags: options.replication.map(|settings| Replication::new(settings, &streams)),
            routing: Routing::new(&streams),
            lease: options.lease,
            faults,
            timelines: RwLock::default(),
            eventual_reads: AtomicU64::new(0),
            stale_reads: AtomicU64::new(0),
        }))
    }

    /// A partition at a time.
    pub fn moment(&self, range: KeyRange, now: Time) -> Moment {
        match self.timeline(range) {
            None => Moment::sound(self.first_leader(range)),
            Some(timeline) => timeline.at(now).clone(),
        }
    }

    /// The replica that serves an eventually consistent read of a hash at a time; `None` where none is left.
    pub fn serving(&self, now: Time, hash: u64, moment: &Moment) -> Option<Zone> {
        self.routing.replica(now, hash, moment.up)
    }

    fn first_leader(&self, (start, _): KeyRange) -> Zone {
        self.routing.first_leader(self.place, start)
    }

    /// What becomes of a partition; `None` where nothing does.
    fn timeline(&self, range: KeyRange) -> Option<Arc<Timeline>> {
        let applies = |hash: Option<u64>| hash.is_none_or(|hash| (range.0..=range.1).contains(&hash));
        let mut set = FaultSet::from_elem(0, self.faults.len().div_ceil(64));
        for (number, (_, hash)) in self.faults.iter().enumerate().filter(|(_, (_, hash))| applies(*hash)) {
            debug_assert!(applies(*hash));
            set[number / 64] |= 1 << (number % 64);
        }
        if set.iter().all(|word| *word == 0) {
            return None;
        }
        let key = (self.first_leader(range), set);
        if let Some(timeline) = self.timelines.read().get(&key) {
            return Some(Arc::clone(timeline));
        }
        let faults = self.faults.iter().filter(|(_, hash)| applies(*hash)).map(|(fault, _)| fault);
        let timeline = Arc::new(Timeline::new(key.0, faults, self.lease));
        Some(Arc::clone(self.timelines.write().entry(key).or_insert(timeline)))
    }

    /// Counts eventually consistent reads.
    pub fn count(&self, is_stale: bool) {
        if self.lags.is_some() {
            self.eventual_reads.fetch_add(1, Ordering::Relaxed);
            self.stale_reads.fetch_add(u64::from(is_stale), Ordering::Relaxed);
        }
    }

    fn eventual_reads(&self) -> EventualReads {
        EventualReads {
            answered: self.eventual_reads.load(Ordering::Relaxed),
            stale: self.stale_reads.load(Ordering::Relaxed),
        }
    }
}

impl Table {
    /// Sets up replicas, where anything about them is modelled. Nothing was read or written yet.
    pub fn set_replicas(&mut self, options: &EngineOptions) {
        let faults = options.faults.iter().filter(|fault| self.is_struck(fault)).filter_map(|fault| match &fault.key {
            None => Some((fault.clone(), None)),
            Some(key) => {
                let key = self.items.layout().key_of_attributes(key)?;
                Some((fault.clone(), Some(key.hash)))
            }
        });
        self.replicas = Replicas::new(self.id, faults.collect(), options);
        for at in 0..self.global_indexes.len() {
            self.set_index_replicas(at, options);
        }
    }

    /// Sets up the replicas of an index.
    pub fn set_index_replicas(&mut self, at: usize, options: &EngineOptions) {
        let faults = options.faults.iter().filter(|fault| self.is_struck(fault) && fault.key.is_none());
        let faults = faults.map(|fault| (fault.clone(), None)).collect();
        let index = &mut self.global_indexes[at];
        let place = self.id ^ (index.control.number + 1).rotate_left(40);
        index.replicas = Replicas::new(place, faults, options);
    }

    fn is_struck(&self, fault: &Fault) -> bool {
        fault.table.as_ref().is_none_or(|table| *table == self.definition.name)
    }

    /// The partition that holds a hash.
    pub fn key_range(&self, now: Time, hash: u64) -> KeyRange {
        self.throughput.partition_range(now, &Place::of_hash(hash))
    }

    /// The partition of the table or of an index that holds a hash.
    pub fn partition_of(&self, now: Time, source: Source<'_>, hash: u64) -> KeyRange {
        match source {
            Source::Table | Source::Local(..) => self.key_range(now, hash),
            Source::Global(at, _) => self.global_indexes[at].key_range(now, hash),
        }
    }

    /// What a read of a hash at a time sees.
    pub fn view(&self, now: Time, hash: u64, consistent_read: bool) -> View {
        match &self.replicas {
            Some(replicas) if !consistent_read && replicas.lags.is_some() => {
                let moment = replicas.moment(self.key_range(now, hash), now);
                match replicas.serving(now, hash, &moment) {
                    Some(zone) if Some(zone) != moment.leader => {
                        let number = zone.number();
                        View::Replica { number, now, caught_up: moment.caught_up[number] }
                    }
                    _ => View::Newest,
                }
            }
            _ => View::Newest,
        }
    }

    /// From when on each replica shows a write at `now`; `None` where all show it at once.
    pub fn visible_from(&self, now: Time, hash: u64) -> Option<[Time; REPLICAS]> {
        let replicas = self.replicas.as_ref()?;
        let lags = replicas.lags.as_ref()?;
        Some(lags.visible_from(now, hash, &replicas.moment(self.key_range(now, hash), now)))
    }

    /// Counts an eventually consistent read of the table.
    pub fn count_eventual(&self, consistent_read: bool, is_stale: bool) {
        if let Some(replicas) = &self.replicas
            && !consistent_read
        {
            replicas.count(is_stale);
        }
    }

    /// The eventually consistent reads of the table and its local indexes so far.
    pub fn eventual_reads(&self) -> EventualReads {
        self.replicas.as_ref().map(|replicas| replicas.eventual_reads()).unwrap_or_default()
    }
}

impl GlobalIndex {
    /// The partition of the index that holds a hash.
    pub fn key_range(&self, now: Time, hash: u64) -> KeyRange {
        self.throughput.partition_range(now, &Place::of_hash(hash))
    }

    /// What a read at a time sees: entries lag behind on all replicas of an index alike.
    pub fn view(&self, now: Time) -> View {
        match &self.replicas {
            Some(replicas) if replicas.lags.is_some() => View::Replica { number: 0, now, caught_up: Time::ZERO },
            _ => View::Newest,
        }
    }

    /// From when on an entry with a hash can be read, that an item's write at `now` makes or removes; `None` where it can be at
    /// once.
    pub fn visible_from(&self, now: Time, item_hash: u64, hash: u64) -> Option<Time> {
        let replicas = self.replicas.as_ref()?;
        let lags = replicas.lags.as_ref()?;
        let timeline = replicas.timeline(self.key_range(now, hash));
        let (leads_from, added) = match &timeline {
            None => (now, Duration::ZERO),
            Some(timeline) => (timeline.leads_from(now), timeline.at(now).added_lag),
        };
        // Of one write the entry that goes and the one that comes have the same lag.
        Some(lags.index_visible_from(now, item_hash ^ replicas.place, leads_from, added))
    }

    /// Counts a read of the index.
    pub fn count_eventual(&self, is_stale: bool) {
        if let Some(replicas) = &self.replicas {
            replicas.count(is_stale);
        }
    }

    /// The reads of the index so far.
    pub fn eventual_reads(&self) -> EventualReads {
        self.replicas.as_ref().map(|replicas| replicas.eventual_reads()).unwrap_or_default()
    }
}
