//! The plan: the stream of operations of a run, each with its intended start, determined by the workload and the seed alone.

use std::sync::Arc;
use std::time::Duration;

use smallvec::SmallVec;

use crate::api::Request;
use crate::random::{Random, Stream};
use crate::time::Time;

use super::Workload;
use super::file::Arrivals;
use super::operation::About;
use super::rate::Cursor;

/// An operation about to be sent: enough to draw its request anywhere, on any thread.
#[derive(Debug, Clone, PartialEq)]
pub struct Shot {
    /// The phase, as an index.
    pub phase: usize,
    /// The operation, as an index.
    pub operation: usize,
    /// Its number within the phase, from 0.
    pub index: u64,
    /// The intended start; in a closed loop it is due as soon as a place in flight is free.
    pub due: Option<Time>,
    /// How often the operation ran before.
    pub counter: u64,
    /// The intended start as a time of day, nanoseconds since 1970. In a closed loop every operation counts a microsecond
    /// from the start of the phase, so that the stream does not depend on timing.
    pub epoch_nanos: i64,
    /// Records of each table before this operation: loaded and inserted.
    pub populations: SmallVec<[u64; 4]>,
}

/// What comes next.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// This operation.
    Shot(Shot),
    /// Nothing before this time, when a closed-loop phase starts.
    NotBefore(Time),
    /// No more operations.
    Finished,
}

/// The stream of operations. Taking the next one is cheap (tens of nanoseconds) and meant to happen under a lock; drawing
/// its request from [`Drafter`] is not, and needs none.
#[derive(Debug)]
pub struct Plan {
    workload: Arc<Workload>,
    phase: usize,
    phase_start: Time,
    index: u64,
    counters: Vec<u64>,
    populations: SmallVec<[u64; 4]>,
    arrivals: ArrivalState,
    pending: Pending,
    mix: Stream,
}

/// When the next operation may start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pending {
    /// At its intended start.
    Due(Time),
    /// As soon as a place is free: a closed loop.
    Closed,
    /// Never.
    Finished,
}

/// Where the arrivals of the current phase are.
#[derive(Debug)]
struct ArrivalState {
    cursor: Cursor,
    /// Operations due before the next one, a fraction where arrivals are random.
    count: f64,
    random: Random,
}

impl Plan {
    /// The plan of a workload, from its first phase on.
    pub fn new(workload: Arc<Workload>) -> Self {
        let mut plan = Plan {
            counters: vec![0; workload.operations.len()],
            populations: workload.tables.iter().map(|table| table.items).collect(),
            arrivals: ArrivalState::new(&workload, 0),
            pending: Pending::Finished,
            mix: workload.streams.stream("mix/0"),
            workload,
            phase: 0,
            phase_start: Time::ZERO,
            index: 0,
        };
        plan.enter(0, Time::ZERO);
        plan
    }

    /// The next operation. `now` decides only when a closed-loop phase is over.
    pub fn next(&mut self, now: Time) -> Next {
        self.pass_closed(now);
        let due = match self.pending {
            Pending::Finished => return Next::Finished,
            Pending::Due(due) => Some(due),
            Pending::Closed if now < self.phase_start => return Next::NotBefore(self.phase_start),
            Pending::Closed => None,
        };
        let shot = self.shot(due);
        if due.is_some() {
            self.find_pending();
        }
        Next::Shot(shot)
    }

    /// Leaves closed-loop phases that are over.
    pub fn pass_closed(&mut self, now: Time) {
        while self.pending == Pending::Closed && now >= self.workload.phases[self.phase].end {
            self.enter(self.phase + 1, self.workload.phases[self.phase].end);
        }
    }

    /// The next operation of this closed-loop phase; `None` once the phase is over.
    pub fn next_of_closed(&mut self, phase: usize, now: Time) -> Option<Shot> {
        let is_on = self.phase == phase && self.pending == Pending::Closed && now < self.workload.phases[phase].end;
        is_on.then(|| self.shot(None))
    }

    /// The earliest time at which [`next`](Self::next) has an operation.
    pub fn next_due(&self) -> Time {
        match self.pending {
            Pending::Due(due) => due,
            Pending::Closed => self.phase_start,
            Pending::Finished => Time::NEVER,
        }
    }

    /// The current phase, if it is a closed loop.
    pub fn closed_phase(&self) -> Option<usize> {
        (self.pending == Pending::Closed).then_some(self.phase)
    }

    fn shot(&mut self, due: Option<Time>) -> Shot {
        let index = self.index;
        self.index += 1;
        let operation = self.workload.phases[self.phase].mix.choose(&mut self.mix.at(index));
        let counter = self.counters[operation];
        self.counters[operation] += 1;
        let populations = self.populations.clone();
        for (table, count) in self.workload.operations[operation].inserts(index) {
            self.populations[table] += count;
        }
        let into_run = due.unwrap_or(self.phase_start + Duration::from_micros(index)).as_nanos();
        let epoch_nanos = self.workload.epoch_nanos.saturating_add_unsigned(into_run);
        Shot { phase: self.phase, operation, index, due, counter, epoch_nanos, populations }
    }

    fn enter(&mut self, phase: usize, start: Time) {
        self.phase = phase;
        self.phase_start = start;
        self.index = 0;
        self.arrivals = ArrivalState::new(&self.workload, phase);
        self.mix = self.workload.streams.stream(&format!("mix/{phase}"));
        self.find_pending();
    }

    /// Finds the next arrival, in a later phase if the current one has no more.
    fn find_pending(&mut self) {
        let (pending, phase_end) = match self.workload.phases.get(self.phase) {
            None => (Some(Pending::Finished), Time::NEVER),
            Some(phase) => {
                let pending = match &phase.curve {
                    None => Some(Pending::Closed),
                    Some(curve) => self
                        .arrivals
                        .next(curve, phase.arrivals)
                        .map(|seconds| Pending::Due(self.phase_start + Duration::from_secs_f64(seconds))),
                };
                (pending, phase.end)
            }
        };
        match pending {
            Some(pending) => self.pending = pending,
            None => self.enter(self.phase + 1, phase_end),
        }
    }
}

impl ArrivalState {
    fn new(workload: &Workload, phase: usize) -> Self {
        let mut state = ArrivalState {
            cursor: Cursor::START,
            count: 0.0,
            random: workload.streams.stream("arrivals").at(phase as u64),
        };
        if workload.phases.get(phase).is_some_and(|phase| phase.arrivals == Arrivals::Poisson) {
            state.count = state.gap();
        }
        state
    }

    /// Seconds into the phase at which the next operation is due.
    fn next(&mut self, curve: &super::rate::RateCurve, arrivals: Arrivals) -> Option<f64> {
        let seconds = self.cursor.time_of(curve, self.count)?;
        self.count += match arrivals {
            Arrivals::Even => 1.0,
            Arrivals::Poisson => self.gap(),
        };
        Some(seconds)
    }

    /// A gap between arrivals, in units of the mean gap: exponential.
    fn gap(&mut self) -> f64 {
        -libm::log(self.random.open_unit())
    }
}

/// Draws requests for shots; each worker has its own.
#[derive(Debug)]
pub struct Drafter {
    workload: Arc<Workload>,
    streams: Vec<Stream>,
}

impl Drafter {
    /// A drafter of the workload's requests.
    pub fn new(workload: Arc<Workload>) -> Self {
        let streams =
            (0..workload.phases.len()).map(|phase| workload.streams.stream(&format!("operation/{phase}"))).collect();
        Drafter { workload, streams }
    }

    /// The request of a shot, and which records of which tables it is about.
    pub(crate) fn request_about(&self, shot: &Shot) -> (Request, About) {
        let mut random = self.streams[shot.phase].at(shot.index);
        self.workload.operations[shot.operation].draw_about(&self.workload.tables, shot, &mut random)
    }

    /// The request of a shot: the same whoever draws it, and whenever.
    pub fn request(&self, shot: &Shot) -> Request {
        let mut random = self.streams[shot.phase].at(shot.index);
        self.workload.operations[shot.operation].draw(&self.workload.tables, shot, &mut random)
    }
}
