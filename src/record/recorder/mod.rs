//! The recorder: takes down what happens while it happens, and makes the record of it.
//!
//! Every worker writes into a shard of its own, so that recording costs no waiting. A collector empties the shards a few
//! times a second into the series and the totals. Memory is bounded whatever the length of the run: old intervals keep
//! their histograms in packed form, and neighbouring intervals are merged when there are too many.

mod collector;
mod shard;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use crate::api::{ConsumedCapacity, ErrorKind, IndexName, TableName, ThrottlingReason, Units};
use crate::time::Time;

use super::{CapacityLimit, Counts, OutcomeKind, Tally};

pub use collector::{LiveView, Recorded};

use collector::Collector;
use shard::Shard;

/// The length of an interval of the series before thinning.
const INTERVAL: Duration = Duration::from_secs(1);
/// A shard with this many open intervals is emptied by its own worker: time runs faster than the collector comes by, or
/// operations end long after they were due.
const OPEN_MAX: usize = 32;

/// What the recorder must know of a run before it starts.
#[derive(Debug, Clone)]
pub struct Shape {
    /// When each phase ends, from the run's start.
    pub phase_ends: Vec<Time>,
    /// The number of operations in the mix.
    pub operations: usize,
    /// Tables and global secondary indexes with capacity of their own.
    pub resources: Vec<Resource>,
}

/// A table or global secondary index with capacity of its own.
#[derive(Debug, Clone)]
pub struct Resource {
    /// The table.
    pub table: TableName,
    /// The index; absent for the table itself.
    pub index: Option<IndexName>,
    /// Its limit at the start.
    pub limit: CapacityLimit,
}

/// An operation that came to its end.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// The phase.
    pub phase: usize,
    /// The operation.
    pub operation: usize,
    /// When it was due.
    pub due: Time,
    /// When a place in flight was free for it.
    pub free: Time,
    /// When its first request was sent.
    pub sent: Time,
    /// When the last answer came.
    pub done: Time,
    /// What became of it.
    pub outcome: OutcomeKind,
    /// Requests sent.
    pub attempts: u32,
    /// Of these, requests sent again after a retryable error.
    pub retries: u32,
    /// Whether a single request did it.
    pub single: bool,
    /// Items returned or written.
    pub items: u64,
}

/// An attempt that did not succeed, to be counted by reason.
#[derive(Debug, Clone, PartialEq)]
pub enum Failure<'a> {
    /// Throttled.
    Throttle {
        /// The exception.
        exception: ErrorKind,
        /// The reasons given, if any.
        reasons: &'a [ThrottlingReason],
    },
    /// Another error.
    Error {
        /// Its name.
        name: &'a str,
        /// Its message.
        message: &'a str,
    },
}

/// Takes down a run.
#[derive(Debug)]
pub struct Recorder {
    shape: Shape,
    /// How many intervals the series merges into a point so far; whoever writes merges them from the start.
    merged: AtomicU64,
    shards: Vec<Mutex<Shard>>,
    collector: Mutex<Collector>,
}

impl Recorder {
    /// A recorder for this many workers, at least one.
    pub fn new(shape: Shape, workers: usize) -> Self {
        let shards = (0..workers.max(1)).map(|_| Mutex::new(Shard::new(&shape))).collect();
        Recorder { collector: Mutex::new(Collector::new(&shape)), shape, merged: AtomicU64::new(1), shards }
    }

    /// A recorder of a run of this length, told of many operations at once: intervals are merged from the start as they come
    /// to be merged.
    pub fn of_length(shape: Shape, length: Duration) -> Self {
        let mut collector = Collector::new(&shape);
        let intervals = length.as_nanos().div_ceil(INTERVAL.as_nanos()) as u64;
        // The end of a phase makes a point more.
        collector.merge_for(intervals, shape.phase_ends.len() as u64);
        let merged = AtomicU64::new(collector.merged());
        let shards = vec![Mutex::new(Shard::new(&shape))];
        Recorder { collector: Mutex::new(collector), shape, merged, shards }
    }

    /// How many intervals the series merges into a point so far: a power of two.
    pub fn merged(&self) -> u64 {
        self.merged.load(Ordering::Relaxed)
    }

    /// Moves what the workers have taken down into the record. To be called a few times a second.
    pub fn collect(&self) {
        let mut collector = self.collector.lock();
        collector.collect(&self.shards);
        self.merged.store(collector.merged(), Ordering::Relaxed);
    }

    /// What the run looks like at `now`, as far as it was collected.
    pub fn view(&self, now: Time) -> LiveView {
        self.collector.lock().view(now)
    }

    /// What was counted so far, as far as it was collected, with latencies by these limits in ascending order.
    pub fn tally(&self, limits: &[Duration]) -> Tally {
        self.collector.lock().tally(limits)
    }

    /// The finished record. `end` is when the last answer came.
    pub fn finish(self, end: Time) -> Recorded {
        let mut collector = self.collector.into_inner();
        collector.collect(&self.shards);
        collector.finish(end)
    }

    /// An operation fell due.
    #[inline]
    pub fn offered(&self, worker: usize, phase: usize, operation: usize, due: Time) {
        self.shard(worker).lock().interval(self.interval_of(due), phase).operations[operation].counts.offered += 1;
    }

    /// An operation that was due ended without being sent.
    pub fn unsent(&self, worker: usize, phase: usize, operation: usize, due: Time) {
        self.shard(worker).lock().interval(self.interval_of(due), phase).operations[operation].counts.unsent += 1;
    }

    /// An attempt was answered: what it consumed, and how it failed if it did.
    #[inline]
    pub fn attempt(
        &self,
        worker: usize,
        now: Time,
        operation: usize,
        consumed: &[ConsumedCapacity],
        failure: Option<&Failure<'_>>,
    ) {
        if consumed.is_empty() && failure.is_none() {
            return;
        }
        let mut shard = self.shard(worker).lock();
        let (interval, phase) = (self.interval_of(now), self.shape.phase_at(now));
        for table in consumed {
            let mut own = table.table;
            for (_, units) in &table.local_secondary_indexes {
                own += *units;
            }
            self.consume(&mut shard, (interval, phase), &table.table_name, None, own);
            for (index, units) in &table.global_secondary_indexes {
                self.consume(&mut shard, (interval, phase), &table.table_name, Some(index), *units);
            }
        }
        if let Some(failure) = failure {
            shard.failure(&self.shape, (interval, phase), operation, failure);
        }
    }

    /// An operation came to its end.
    #[inline]
    pub fn end(&self, worker: usize, sample: &Sample) {
        let mut shard = self.shard(worker).lock();
        shard.end(self.interval_of(sample.due), sample);
        shard.interval(self.interval_of(sample.sent), self.shape.phase_at(sample.sent)).sent += 1;
        shard.interval(self.interval_of(sample.done), self.shape.phase_at(sample.done)).completed += 1;
        if shard.open.len() > OPEN_MAX {
            drop(shard);
            self.collect();
        }
    }

    /// Many operations of one kind fell due and came to their end at about the same time: those that were sent were, and ended,
    /// in the same interval. Nothing is known of how long they took.
    pub fn operations(&self, at: Time, phase: usize, operation: usize, counts: &Counts, items: u64) {
        let mut shard = self.shard(0).lock();
        let interval = shard.interval(self.interval_of(at), phase);
        let sent = counts.offered - counts.unsent.min(counts.offered);
        interval.sent += sent;
        interval.completed += sent;
        interval.operations[operation].counts.add(counts);
        interval.operations[operation].items += items;
    }

    /// Units that a resource of the shape gave at about the same time.
    pub fn consumed(&self, at: Time, phase: usize, resource: usize, units: Units) {
        self.shard(0).lock().interval(self.interval_of(at), phase).resources[resource].consumed += units;
    }

    /// Many attempts of one operation were refused for one reason at about the same time. They are no part of the operation's
    /// count of throttled attempts: one attempt may have several reasons.
    pub fn refused(
        &self,
        at: Time,
        phase: usize,
        operation: usize,
        exception: ErrorKind,
        reason: &ThrottlingReason,
        attempts: u64,
    ) {
        let mut shard = self.shard(0).lock();
        shard.refused(&self.shape, (self.interval_of(at), phase), operation, exception, Some(reason), attempts);
    }

    /// Many attempts of one operation failed alike at about the same time.
    pub fn failed(&self, at: Time, phase: usize, operation: usize, name: &str, message: &str, attempts: u64) {
        let mut shard = self.shard(0).lock();
        shard.failed((self.interval_of(at), phase), operation, name, message, attempts);
    }

    fn consume(
        &self,
        shard: &mut Shard,
        (interval, phase): (u64, usize),
        table: &TableName,
        index: Option<&IndexName>,
        units: Units,
    ) {
        if let Some(resource) = self.shape.resource(table, index) {
            shard.interval(interval, phase).resources[resource].consumed += units;
        }
    }

    /// The number of the interval a moment falls in, or of the first one of those it is merged with.
    #[inline]
    fn interval_of(&self, time: Time) -> u64 {
        let number = time.as_nanos() / INTERVAL.as_nanos() as u64;
        number & !(self.merged.load(Ordering::Relaxed) - 1)
    }

    fn shard(&self, worker: usize) -> &Mutex<Shard> {
        &self.shards[worker % self.shards.len()]
    }
}

impl Shape {
    /// The phase a moment falls in; after the last one's end still the last.
    fn phase_at(&self, time: Time) -> usize {
        self.phase_ends.partition_point(|end| *end <= time).min(self.phase_ends.len().saturating_sub(1))
    }

    fn resource(&self, table: &str, index: Option<&IndexName>) -> Option<usize> {
        self.resources
            .iter()
            .position(|resource| *resource.table == *table && resource.index.as_deref() == index.map(|name| &**name))
    }
}
