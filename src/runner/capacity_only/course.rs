//! The course of a run: time goes from step to step, and demand flows through all tables and indexes in each.

use std::time::{Duration, Instant};

use smallvec::SmallVec;

use crate::api::{ApiError, ErrorKind, IndexName, Operation, ReadWrite, TableName, ThrottlingReason};
use crate::capacity::{Flow, ResourceView, Stream, Throughput};
use crate::engine::kind_of;
use crate::record::{ObservationLog, Recorder, Resource};
use crate::time::Time;
use crate::workload::Workload;

use super::super::clock::Stop;
use super::super::{COLLECT, Progress, phase_name};
use super::profile::{Profile, Stage};
use super::tally::{Carry, Tally};

/// Runs up to this long go from second to second, ...
const SHORT: Duration = Duration::from_secs(3_600);
/// ... runs up to this long in steps of 8 seconds, ...
const LONG: Duration = Duration::from_secs(86_400);
/// ... runs up to this long in steps of 64, longer ones in steps of 128. The record's intervals are made of such steps.
const LONGER: Duration = Duration::from_secs(10 * 86_400);
/// Steps between two times the record is gathered.
const STEPS_BETWEEN_COLLECTS: u32 = 16;
/// What several tables and indexes admit of one operation is found by turns, at most so many, ...
const TURNS: usize = 40;
/// ... until nothing changes by more than this.
const SETTLED: f64 = 1e-7;
/// Tables that grew by this factor since operations were drawn ask for drawing them anew.
const GROWN: f64 = 1.25;
/// No step is shorter, whatever is due.
const STEP_MIN: Duration = Duration::from_millis(1);

/// A run on its way.
pub(super) struct Course<'a, 't> {
    workload: &'a Workload,
    stage: Stage<'a>,
    samples: u64,
    resources: &'a [Resource],
    recorder: &'a Recorder,
    log: &'a mut ObservationLog,
    stop: &'a Stop,
    step: Duration,
    profile: Profile,
    /// Tables and indexes as the engine lists them, each with the operations of its streams.
    channels: Vec<Channel<'t>>,
    /// The streams of each operation: channel and stream.
    routes: Vec<SmallVec<[(usize, usize); 2]>>,
    /// Records of each table, inserted ones too.
    populations: Vec<f64>,
    tallies: Vec<Tally>,
    errors: Vec<Carry>,
}

/// A table or index.
struct Channel<'t> {
    table: &'t TableName,
    index: Option<&'t IndexName>,
    throughput: &'t Throughput,
    /// As the record numbers it.
    resource: usize,
    flow: Flow<'t>,
    operations: Vec<usize>,
    /// The share of each stream that it admits, if it alone decided.
    shares: Vec<f64>,
    /// Refusals not counted yet by stream: by the whole, by partitions.
    refused: Vec<[Carry; 2]>,
}

impl<'a, 't> Course<'a, 't> {
    #[expect(clippy::too_many_arguments, reason = "the parts of a run, put together in one place")]
    pub fn new(
        workload: &'a Workload,
        mut stage: Stage<'a>,
        throughputs: &[(&'t TableName, Option<&'t IndexName>, &'t Throughput)],
        resources: &'a [Resource],
        recorder: &'a Recorder,
        log: &'a mut ObservationLog,
        stop: &'a Stop,
        samples: u64,
    ) -> Result<Self, ApiError> {
        let stored = stage.stored()?;
        let populations: Vec<u64> = workload.tables.iter().map(|table| table.items).collect();
        let profile = stage.profile(0, &populations, samples)?;
        let mut channels = Vec::with_capacity(throughputs.len());
        for &(table, index, throughput) in throughputs {
            let is_it = |resource: &Resource| resource.table == *table && resource.index.as_ref() == index;
            let Some(resource) = resources.iter().position(is_it) else { continue };
            for (place, bytes) in &stored[resource] {
                throughput.store(Time::ZERO, place, *bytes);
            }
            let flow = Flow::new(throughput, Vec::new());
            channels.push(Channel {
                table,
                index,
                throughput,
                resource,
                flow,
                operations: Vec::new(),
                shares: Vec::new(),
                refused: Vec::new(),
            });
        }
        let length = workload.duration();
        let mut course = Course {
            workload,
            stage,
            samples,
            resources,
            recorder,
            log,
            stop,
            step: step_of(length),
            populations: profile.populations.iter().map(|population| *population as f64).collect(),
            profile,
            channels,
            routes: Vec::new(),
            tallies: vec![Tally::default(); workload.operations.len()],
            errors: vec![Carry::default(); workload.operations.len()],
        };
        course.open();
        Ok(course)
    }

    /// Runs the plan to its end. Returns when that was, and whether it was stopped from outside.
    pub fn run(mut self, mut observe: impl FnMut(Progress<'_>)) -> Result<(Time, bool), ApiError> {
        let began = Instant::now();
        let (mut observed, mut steps) = (began, 0);
        let end = Time::ZERO + self.workload.duration();
        let mut now = Time::ZERO;
        self.look(now);
        for (number, phase) in self.workload.phases.iter().enumerate() {
            if phase.end > now {
                self.draw_anew_if_grown(number)?;
            }
            while now < phase.end {
                let until = self.step_end(now, number);
                self.pass(number, now, until);
                now = until;
                self.look(now);
                steps += 1;
                if steps % STEPS_BETWEEN_COLLECTS == 0 {
                    self.recorder.collect();
                }
                let real = Instant::now();
                if real.duration_since(observed) >= COLLECT {
                    observed = real;
                    observe(Progress::Simulating {
                        phase: phase_name(self.workload, now),
                        elapsed: now.since(Time::ZERO),
                        left: end.since(now),
                        speed: now.as_secs_f64() / real.duration_since(began).as_secs_f64(),
                        view: &self.recorder.view(now),
                    });
                }
                if self.stop.is_set() {
                    self.finish(now);
                    return Ok((now, true));
                }
            }
        }
        self.finish(now);
        Ok((now, false))
    }

    /// Puts the streams of the profile into their channels.
    fn open(&mut self) {
        self.routes = vec![SmallVec::new(); self.workload.operations.len()];
        for (number, channel) in self.channels.iter_mut().enumerate() {
            let streams = std::mem::take(&mut self.profile.streams[channel.resource]);
            let (operations, streams): (Vec<usize>, Vec<Stream>) = streams.into_iter().unzip();
            for (stream, operation) in operations.iter().enumerate() {
                self.routes[*operation].push((number, stream));
            }
            channel.shares = vec![1.0; streams.len()];
            channel.refused = vec![Default::default(); streams.len()];
            channel.operations = operations;
            channel.flow.set_streams(streams);
        }
    }

    fn draw_anew_if_grown(&mut self, phase: usize) -> Result<(), ApiError> {
        let grown = |(population, drawn): (&f64, &u64)| *population > (*drawn).max(1) as f64 * GROWN;
        if self.populations.iter().zip(&self.profile.populations).any(grown) {
            let populations: Vec<u64> = self.populations.iter().map(|population| *population as u64).collect();
            self.profile = self.stage.profile(phase, &populations, self.samples)?;
            self.open();
        }
        Ok(())
    }

    /// How far the demand and everything it flows through stay as they are, at most a step.
    fn step_end(&self, from: Time, phase: usize) -> Time {
        let phase = &self.workload.phases[phase];
        let step = self.step.as_nanos() as u64;
        let mut end = Time::from_nanos((from.as_nanos() / step + 1).saturating_mul(step)).min(phase.end);
        if let Some(curve) = &phase.curve {
            let edge = phase.start + Duration::from_secs_f64(curve.edge_after(from.since(phase.start).as_secs_f64()));
            if edge > from {
                end = end.min(edge);
            }
        }
        for channel in &self.channels {
            end = end.min(channel.flow.due_after(from));
        }
        end.max(from + STEP_MIN).min(phase.end)
    }

    /// What happens between two moments of a phase.
    fn pass(&mut self, phase: usize, from: Time, until: Time) {
        let specification = &self.workload.phases[phase];
        let due = specification.curve.as_ref().map_or(0.0, |curve| {
            let count = |time: Time| curve.count_until(time.since(specification.start).as_secs_f64());
            count(until) - count(from)
        });
        let mut operations = vec![0.0; self.workload.operations.len()];
        for (operations, share) in operations.iter_mut().zip(specification.mix.shares()) {
            *operations = due.max(0.0) * share;
        }
        self.settle(from, until, &operations);
        for channel in &mut self.channels {
            let consumed = channel.flow.pass(from, until);
            self.recorder.consumed(from, phase, channel.resource, consumed);
        }
        for (operation, count) in operations.iter().enumerate() {
            self.count(operation, *count, phase, from);
        }
    }

    /// Finds what is admitted of every operation: all that it asks must be.
    fn settle(&mut self, from: Time, until: Time, operations: &[f64]) {
        for channel in &mut self.channels {
            channel.shares.fill(1.0);
        }
        let is_simple = self.routes.iter().all(|route| route.len() <= 1);
        let mut asked = Vec::new();
        for _ in 0..TURNS {
            let mut change = 0.0f64;
            // Indexes come after their tables in the list, and refuse first.
            for at in (0..self.channels.len()).rev() {
                asked.clear();
                for (stream, operation) in self.channels[at].operations.iter().enumerate() {
                    let others = self.routes[*operation].iter().filter(|route| **route != (at, stream));
                    let admitted: f64 =
                        others.map(|(channel, stream)| self.channels[*channel].shares[*stream]).product();
                    asked.push(operations[*operation] * admitted);
                }
                let Channel { flow, shares, .. } = &mut self.channels[at];
                for (share, passage) in shares.iter_mut().zip(flow.reckon(from, until, &asked)) {
                    change = change.max((*share - passage.admitted).abs());
                    *share = passage.admitted;
                }
            }
            if is_simple || change < SETTLED {
                break;
            }
        }
    }

    /// Takes down what became of an operation.
    fn count(&mut self, operation: usize, operations: f64, phase: usize, from: Time) {
        if operations <= 0.0 {
            return;
        }
        let profile = &self.profile.operations[operation];
        let specification = &self.workload.operations[operation];
        let route = self.routes[operation].clone();
        let admitted: f64 = route.iter().map(|(channel, stream)| self.channels[*channel].shares[*stream]).product();
        let (counts, items) = self.tallies[operation].count(operations, admitted, profile);
        self.recorder.operations(from, phase, operation, &counts, items);
        for (population, inserts) in self.populations.iter_mut().zip(&profile.inserts) {
            *population += operations * admitted * inserts;
        }
        if let Some((name, message)) = &profile.error {
            let failed = self.errors[operation].add(operations * admitted * profile.failed);
            if failed > 0 {
                self.recorder.failed(from, phase, operation, name, message, failed);
            }
        }
        for (at, stream) in route {
            let channel = &mut self.channels[at];
            let passage = channel.flow.passage(stream);
            let shares = [passage.refused_by_whole, passage.refused_by_partitions];
            let access: ReadWrite = channel.flow.streams()[stream].access.kind();
            let Some(refusals) = channel.flow.refusals(access) else { continue };
            for ((carry, share), refusal) in channel.refused[stream].iter_mut().zip(shares).zip(refusals) {
                let refused = carry.add(operations * share);
                if refused == 0 {
                    continue;
                }
                let exception = match specification.operation {
                    Operation::TransactGetItems | Operation::TransactWriteItems => ErrorKind::TransactionCanceled,
                    _ => kind_of(refusal),
                };
                let Resource { table, index, .. } = &self.resources[channel.resource];
                let (table, index, limit) = (table.clone(), index.clone(), refusal.limit);
                let reason = ThrottlingReason { table, index, access, limit };
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

    fn finish(&mut self, end: Time) {
        self.observe(end);
    }

    fn observe(&mut self, now: Time) {
        let view = |channel: &Channel<'_>| {
            let view = channel.throughput.view(now)?;
            Some(ResourceView {
                table: channel.table.clone(),
                index: channel.index.cloned(),
                read: view.read,
                write: view.write,
                partitions: view.partitions,
                events: view.events,
                eventual_reads: 0,
                stale_reads: 0,
            })
        };
        self.log.observe(now, self.channels.iter().filter_map(view).collect());
    }
}

/// How long the steps of a run are.
fn step_of(length: Duration) -> Duration {
    let steps = [(SHORT, 1), (LONG, 8), (LONGER, 64)];
    let found = steps.into_iter().find(|(bound, _)| length <= *bound);
    Duration::from_secs(found.map_or(128, |(_, seconds)| seconds))
}
