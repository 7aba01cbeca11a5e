//! The course of a run: a demand passes all tables and indexes, and what becomes of it is taken down.

use std::ops::ControlFlow;
use std::time::Instant;

use crate::api::{CapacityUnits, ErrorKind, IndexName, Operation, TableName, ThrottlingReason};
use crate::cache::CacheCounts;
use crate::capacity::{ResourceView, Throughput};
use crate::engine::kind_of;
use crate::record::{ObservationLog, Recorder, Resource};
use crate::time::Time;
use crate::workload::Workload;

use super::super::clock::Stop;
use super::super::demand::{CachedReads, Demand, Part, Play};
use super::super::{COLLECT, Progress, phase_name};
use super::tally::{Carry, Tally};

/// Parts of the demand between two times the record is gathered.
const PARTS_BETWEEN_COLLECTS: u32 = 16;

/// A run on its way.
pub(super) struct Course<'a, 't> {
    pub workload: &'a Workload,
    pub demand: &'a Demand,
    pub recorder: &'a Recorder,
    pub log: &'a mut ObservationLog,
    pub stop: &'a Stop,
    /// By resource.
    pub limits: Vec<Option<Limit<'t>>>,
    pub taken: Taken,
    pub cache: CacheTally,
}

/// A table or index as the engine has it.
#[derive(Clone, Copy)]
pub(super) struct Limit<'t> {
    pub table: &'t TableName,
    pub index: Option<&'t IndexName>,
    pub throughput: &'t Throughput,
}

/// What is less than one and not taken down yet.
pub(super) struct Taken {
    tallies: Vec<Tally>,
    errors: Vec<Carry>,
    /// Refusals by channel, then stream: by the whole, by partitions.
    refused: Vec<Vec<[Carry; 2]>>,
}

impl Taken {
    /// Nothing yet of so many operations.
    pub fn new(operations: usize) -> Self {
        let (tallies, errors) = (vec![Tally::default(); operations], vec![Carry::default(); operations]);
        Taken { tallies, errors, refused: Vec::new() }
    }

    /// The refusals of a stream; of a new profile's streams those of the one it replaces.
    fn refused(&mut self, (channel, stream): (usize, usize)) -> &mut [Carry; 2] {
        if self.refused.len() <= channel {
            self.refused.resize_with(channel + 1, Vec::new);
        }
        let streams = &mut self.refused[channel];
        if streams.len() <= stream {
            streams.resize_with(stream + 1, Default::default);
        }
        &mut streams[stream]
    }
}

/// What the cache did so far.
#[derive(Default)]
pub(super) struct CacheTally {
    hits: Carry,
    misses: Carry,
    written: Carry,
    saved_halves: Carry,
    counts: CacheCounts,
}

impl CacheTally {
    /// Takes down so many operations of which a share was admitted.
    fn add(&mut self, operations: f64, admitted: f64, reads: &CachedReads) {
        self.counts.hits += self.hits.add(operations * reads.hits);
        self.counts.misses += self.misses.add(operations * reads.misses);
        self.counts.written += self.written.add(operations * admitted * reads.written);
        self.counts.saved += CapacityUnits::halves(self.saved_halves.add(operations * reads.saved_units * 2.0));
    }
}

impl Course<'_, '_> {
    /// Runs the demand to its end. Returns when that was, and whether it was stopped from outside.
    pub fn run(mut self, mut observe: impl FnMut(Progress<'_>)) -> (Time, bool) {
        let began = Instant::now();
        let (mut observed, mut parts) = (began, 0);
        let end = self.demand.end();
        let limits: Vec<Option<&Throughput>> =
            self.limits.iter().map(|limit| limit.map(|limit| limit.throughput)).collect();
        for (resource, limit) in self.demand.resources.iter().zip(&limits) {
            if let Some(throughput) = limit {
                resource.store_in(throughput);
            }
        }
        self.look(Time::ZERO);
        let (ended, stopped) = Play::new(self.demand, &limits).run(|play, part| {
            self.take(play, part);
            self.look(part.until);
            parts += 1;
            if parts % PARTS_BETWEEN_COLLECTS == 0 {
                self.recorder.collect();
            }
            let real = Instant::now();
            if real.duration_since(observed) >= COLLECT {
                observed = real;
                observe(Progress::Simulating {
                    phase: phase_name(self.workload, part.until),
                    elapsed: part.until.since(Time::ZERO),
                    left: end.since(part.until),
                    speed: part.until.as_secs_f64() / real.duration_since(began).as_secs_f64(),
                    view: &self.recorder.view(part.until),
                });
            }
            if self.stop.is_set() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        self.observe(ended);
        (ended, stopped)
    }

    /// Takes down what became of a part of the demand.
    fn take(&mut self, play: &Play<'_, '_>, part: &Part<'_>) {
        for (resource, limit) in self.limits.iter().enumerate() {
            if limit.is_some() {
                self.recorder.consumed(part.from, part.phase, resource, part.consumed[resource]);
            }
        }
        for (operation, count) in part.operations.iter().enumerate() {
            if *count > 0.0 {
                self.count(play, operation, *count, part);
            }
        }
    }

    /// Takes down what became of an operation.
    fn count(&mut self, play: &Play<'_, '_>, operation: usize, operations: f64, part: &Part<'_>) {
        let (from, phase) = (part.from, part.phase);
        let (profile, admitted) = (play.profile(operation), play.admitted(operation));
        self.cache.add(operations, admitted, &profile.cached);
        let (counts, items) = self.taken.tallies[operation].count(operations, admitted, profile);
        self.recorder.operations(from, phase, operation, &counts, items);
        if let Some((name, message)) = &profile.error {
            let failed = self.taken.errors[operation].add(operations * admitted * profile.failed);
            if failed > 0 {
                self.recorder.failed(from, phase, operation, name, message, failed);
            }
        }
        for crossing in play.crossings(operation) {
            let shares = [crossing.passage.refused_by_whole, crossing.passage.refused_by_partitions];
            let Some(refusals) = play.refusals(&crossing) else { continue };
            let carries = self.taken.refused(crossing.at);
            for ((carry, share), refusal) in carries.iter_mut().zip(shares).zip(refusals) {
                let refused = carry.add(operations * share);
                if refused == 0 {
                    continue;
                }
                let exception = match self.workload.operations[operation].operation {
                    Operation::TransactGetItems | Operation::TransactWriteItems => ErrorKind::TransactionCanceled,
                    _ => kind_of(refusal),
                };
                let Resource { table, index, .. } = &self.demand.resources[crossing.resource].resource;
                let access = crossing.stream.access.kind();
                let reason =
                    ThrottlingReason { table: table.clone(), index: index.clone(), access, limit: refusal.limit };
                self.recorder.refused(from, phase, operation, exception, &reason, refused);
            }
        }
    }

    /// Looks at all tables and indexes where it is time to.
    fn look(&mut self, now: Time) {
        if now >= self.log.next_at() {
            self.observe(now);
        }
    }

    fn observe(&mut self, now: Time) {
        let view = |limit: &Limit<'_>| {
            let view = limit.throughput.view(now)?;
            Some(ResourceView {
                table: limit.table.clone(),
                index: limit.index.cloned(),
                read: view.read,
                write: view.write,
                partitions: view.partitions,
                events: view.events,
                eventual_reads: 0,
                stale_reads: 0,
            })
        };
        self.log.observe_cache(Some(self.cache.counts));
        self.log.observe(now, self.limits.iter().flatten().filter_map(view).collect());
    }
}
