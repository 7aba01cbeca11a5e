//! A demand on its way through limits.

use std::ops::ControlFlow;

use smallvec::SmallVec;

use crate::api::{ReadWrite, Units};
use crate::capacity::{Flow, Passage, Refusal, Stream, Throughput};
use crate::time::Time;

use super::{Demand, OperationProfile};

/// What several tables and indexes admit of one operation is found by turns, at most so many, ...
const TURNS: usize = 40;
/// ... until nothing changes by more than this.
const SETTLED: f64 = 1e-7;

/// A demand on its way through the limits of tables and indexes.
#[derive(Debug)]
pub struct Play<'d, 't> {
    demand: &'d Demand,
    profile: usize,
    channels: Vec<Channel<'t>>,
    /// The streams of each operation: channel and stream.
    routes: Vec<SmallVec<[(usize, usize); 2]>>,
    is_simple: bool,
    asked: Vec<f64>,
}

/// A table or index, and what flows through it.
#[derive(Debug)]
struct Channel<'t> {
    resource: usize,
    flow: Flow<'t>,
    /// The operation of each stream.
    operations: Vec<usize>,
    /// The share of each stream that it admits, if it alone decided.
    shares: Vec<f64>,
}

/// A part of a step that has passed.
#[derive(Debug, Clone, Copy)]
pub struct Part<'p> {
    /// Its start.
    pub from: Time,
    /// Its end.
    pub until: Time,
    /// The phase, as an index.
    pub phase: usize,
    /// Whether it counts: warm-ups do not.
    pub measured: bool,
    /// How many of each operation were due.
    pub operations: &'p [f64],
    /// Units consumed that are whole by now, by resource.
    pub consumed: &'p [Units],
}

/// What became of the requests of one operation at one table or index, for one kind of access.
#[derive(Debug, Clone, Copy)]
pub struct Crossing<'p> {
    /// The table or index, by its number in the demand.
    pub resource: usize,
    /// The channel and stream, by which crossings are told apart.
    pub at: (usize, usize),
    /// What was asked.
    pub stream: &'p Stream,
    /// What became of it.
    pub passage: Passage,
}

impl<'d, 't> Play<'d, 't> {
    /// A demand before these limits, by resource; what has none admits everything and takes no part.
    pub fn new(demand: &'d Demand, limits: &[Option<&'t Throughput>]) -> Self {
        let throughputs = limits.iter().enumerate().filter_map(|(resource, limit)| Some((resource, (*limit)?)));
        let channel = |(resource, throughput)| Channel {
            resource,
            flow: Flow::new(throughput, Vec::new()),
            operations: Vec::new(),
            shares: Vec::new(),
        };
        let mut play = Play {
            demand,
            profile: 0,
            channels: throughputs.map(channel).collect(),
            routes: Vec::new(),
            is_simple: true,
            asked: Vec::new(),
        };
        play.open(0);
        play
    }

    /// Lets the demand pass, part by part, until it ends or `each` has enough. Returns when that was, and whether it had.
    pub fn run(mut self, mut each: impl FnMut(&Self, &Part<'_>) -> ControlFlow<()>) -> (Time, bool) {
        let demand = self.demand;
        let mut consumed = vec![Units::default(); demand.resources.len()];
        let mut part: SmallVec<[f64; 8]> = SmallVec::new();
        for step in &demand.steps {
            if step.profile != self.profile {
                self.open(step.profile);
            }
            let mut from = step.from;
            while from < step.until {
                let due = self.channels.iter().map(|channel| channel.flow.due_after(from)).min();
                let until = due.map_or(step.until, |due| due.max(from + super::STEP_MIN).min(step.until));
                part.clear();
                if (from, until) == (step.from, step.until) {
                    part.extend_from_slice(&step.operations);
                } else {
                    let share = until.since(from).as_secs_f64() / step.until.since(step.from).as_secs_f64();
                    part.extend(step.operations.iter().map(|count| count * share));
                }
                self.settle(from, until, &part);
                for channel in &mut self.channels {
                    consumed[channel.resource] = channel.flow.pass(from, until);
                }
                let (phase, measured) = (step.phase, step.measured);
                let part = Part { from, until, phase, measured, operations: &part, consumed: &consumed };
                if each(&self, &part).is_break() {
                    return (until, true);
                }
                from = until;
            }
        }
        (demand.end(), false)
    }

    /// What an operation asks, on average, at present.
    pub fn profile(&self, operation: usize) -> &'d OperationProfile {
        &self.demand.profiles[self.profile].operations[operation]
    }

    /// The share of an operation that every table and index admits.
    pub fn admitted(&self, operation: usize) -> f64 {
        let admitted: f64 =
            self.routes[operation].iter().map(|(channel, stream)| self.channels[*channel].shares[*stream]).product();
        // What a cache answers, nothing refuses.
        let spared = self.spared(operation);
        spared + (1.0 - spared) * admitted
    }

    /// The share of an operation that a cache answers.
    fn spared(&self, operation: usize) -> f64 {
        self.demand.profiles.get(self.profile).map_or(0.0, |profile| profile.operations[operation].cached.spared)
    }

    /// What became of an operation at the tables and indexes it asks.
    pub fn crossings(&self, operation: usize) -> impl Iterator<Item = Crossing<'_>> {
        let asking = 1.0 - self.spared(operation);
        self.routes[operation].iter().map(move |&at| {
            let channel = &self.channels[at.0];
            let (stream, passage) = (&channel.flow.streams()[at.1], channel.flow.passage(at.1));
            let passage = Passage {
                admitted: 1.0 - asking * (1.0 - passage.admitted),
                refused_by_whole: asking * passage.refused_by_whole,
                refused_by_partitions: asking * passage.refused_by_partitions,
            };
            Crossing { resource: channel.resource, at, stream, passage }
        })
    }

    /// Why the limit of a crossing refuses, and why its partitions do; `None` where nothing is limited.
    pub fn refusals(&self, crossing: &Crossing<'_>) -> Option<[Refusal; 2]> {
        let access: ReadWrite = crossing.stream.access.kind();
        self.channels[crossing.at.0].flow.refusals(access)
    }

    /// Puts the streams of a profile into their channels.
    fn open(&mut self, profile: usize) {
        self.profile = profile;
        self.routes = vec![SmallVec::new(); self.demand.operations.len()];
        let Some(profile) = self.demand.profiles.get(profile) else { return };
        for (number, channel) in self.channels.iter_mut().enumerate() {
            let streams = profile.streams[channel.resource].iter().cloned();
            let (operations, streams): (Vec<usize>, Vec<Stream>) = streams.unzip();
            for (stream, operation) in operations.iter().enumerate() {
                self.routes[*operation].push((number, stream));
            }
            channel.shares = vec![1.0; streams.len()];
            channel.operations = operations;
            channel.flow.set_streams(streams);
        }
        self.is_simple = self.routes.iter().all(|route| route.len() <= 1);
    }

    /// Finds what is admitted of every operation: all that it asks must be.
    fn settle(&mut self, from: Time, until: Time, operations: &[f64]) {
        for channel in &mut self.channels {
            channel.shares.fill(1.0);
        }
        let mut asked = std::mem::take(&mut self.asked);
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
            if self.is_simple || change < SETTLED {
                break;
            }
        }
        self.asked = asked;
    }
}
