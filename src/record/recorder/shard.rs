//! What one worker has taken down since the collector last came by.

use crate::api::{ErrorKind, ReadWrite, ThrottlingReason, Units};

use super::super::{Counts, Histogram, Latencies, OutcomeKind};
use super::{Failure, Sample, Shape};

/// Different errors a run tells apart; more are counted under the last.
const ERRORS_MAX: usize = 200;

/// One worker's part of the record.
#[derive(Debug)]
pub(super) struct Shard {
    operations: usize,
    resources: usize,
    /// Intervals being written, newest last.
    pub open: Vec<Interval>,
    /// Emptied intervals whose memory is used again.
    pub spare: Vec<Interval>,
    pub throttles: Vec<ThrottleKey>,
    pub errors: Vec<ErrorKey>,
}

/// What happened in one interval of one phase.
#[derive(Debug)]
pub(super) struct Interval {
    pub number: u64,
    pub phase: usize,
    pub sent: u64,
    pub completed: u64,
    pub operations: Vec<OperationInterval>,
    pub resources: Vec<ResourceInterval>,
    /// Counts by position in the shard's list of throttles.
    pub throttles: Vec<u64>,
    /// Counts by position in the shard's list of errors.
    pub errors: Vec<u64>,
    pub lag: Histogram,
    pub wait: Histogram,
}

/// What became of one operation's requests.
#[derive(Debug, Default)]
pub(super) struct OperationInterval {
    pub counts: Counts,
    pub items: u64,
    /// By outcome; those not needed yet take no memory.
    pub latencies: [Option<Box<Latencies>>; OutcomeKind::ALL.len()],
}

/// What happened to the capacity of one table or index.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ResourceInterval {
    pub consumed: Units,
    pub throttled_reads: u64,
    pub throttled_writes: u64,
}

/// By what throttled attempts are told apart.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ThrottleKey {
    pub operation: usize,
    pub exception: ErrorKind,
    pub reason: Option<ThrottlingReason>,
}

/// By what failed attempts are told apart, and the first message seen.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ErrorKey {
    pub operation: usize,
    pub name: String,
    pub example: String,
}

impl Shard {
    pub fn new(shape: &Shape) -> Self {
        Shard {
            operations: shape.operations,
            resources: shape.resources.len(),
            open: Vec::new(),
            spare: Vec::new(),
            throttles: Vec::new(),
            errors: Vec::new(),
        }
    }

    /// The interval with this number in this phase.
    #[inline]
    pub fn interval(&mut self, number: u64, phase: usize) -> &mut Interval {
        let found = self.open.iter().rposition(|interval| interval.number == number && interval.phase == phase);
        let at = found.unwrap_or_else(|| {
            let mut interval = self.spare.pop().unwrap_or_else(|| Interval::new(self.operations, self.resources));
            (interval.number, interval.phase) = (number, phase);
            self.open.push(interval);
            self.open.len() - 1
        });
        &mut self.open[at]
    }

    /// An operation came to its end that was due in the interval with this number.
    pub fn end(&mut self, number: u64, sample: &Sample) {
        let interval = self.interval(number, sample.phase);
        let earliest = sample.due.max(sample.free);
        interval.lag.record(sample.sent.since(earliest));
        let wait = earliest.since(sample.due);
        if !wait.is_zero() {
            interval.wait.record(wait);
        }
        let operation = &mut interval.operations[sample.operation];
        let counts = &mut operation.counts;
        match sample.outcome {
            OutcomeKind::Succeeded => counts.succeeded += 1,
            OutcomeKind::ConditionFailed => counts.condition_failed += 1,
            OutcomeKind::Throttled => counts.throttled += 1,
            OutcomeKind::Failed => counts.failed += 1,
            OutcomeKind::TimedOut => counts.timed_out += 1,
        }
        counts.attempts += u64::from(sample.attempts);
        counts.retries += u64::from(sample.retries);
        operation.items += sample.items;
        let latencies = operation.latencies[sample.outcome as usize]
            .get_or_insert_with(|| Box::new(Latencies::new(sample.outcome)));
        let service = sample.done.since(sample.sent);
        if sample.single {
            latencies.first_attempt.record(service);
        }
        latencies.service.record(service);
        latencies.response.record(sample.done.since(sample.due));
    }

    pub fn failure(&mut self, shape: &Shape, (number, phase): (u64, usize), operation: usize, failure: &Failure<'_>) {
        match failure {
            Failure::Throttle { exception, reasons } => {
                self.interval(number, phase).operations[operation].counts.throttled_attempts += 1;
                let reasons: Vec<Option<&ThrottlingReason>> =
                    if reasons.is_empty() { vec![None] } else { reasons.iter().map(Some).collect() };
                for reason in reasons {
                    self.refused(shape, (number, phase), operation, *exception, reason, 1);
                }
            }
            Failure::Error { name, message } => {
                self.failed((number, phase), operation, name, message, 1);
            }
        }
    }

    /// Attempts were refused for one reason.
    pub fn refused(
        &mut self,
        shape: &Shape,
        (number, phase): (u64, usize),
        operation: usize,
        exception: ErrorKind,
        reason: Option<&ThrottlingReason>,
        attempts: u64,
    ) {
        let at = self.throttle_key(operation, exception, reason);
        let interval = self.interval(number, phase);
        increment(&mut interval.throttles, at, attempts);
        let resource =
            reason.and_then(|reason| Some((shape.resource(&reason.table, reason.index.as_ref())?, reason.access)));
        match resource {
            Some((at, ReadWrite::Read)) => interval.resources[at].throttled_reads += attempts,
            Some((at, ReadWrite::Write)) => interval.resources[at].throttled_writes += attempts,
            None => {}
        }
    }

    /// Attempts failed alike.
    pub fn failed(
        &mut self,
        (number, phase): (u64, usize),
        operation: usize,
        name: &str,
        message: &str,
        attempts: u64,
    ) {
        let at = self.error_key(operation, name, message);
        increment(&mut self.interval(number, phase).errors, at, attempts);
    }

    fn throttle_key(&mut self, operation: usize, exception: ErrorKind, reason: Option<&ThrottlingReason>) -> usize {
        let known = self
            .throttles
            .iter()
            .position(|key| key.operation == operation && key.exception == exception && key.reason.as_ref() == reason);
        known.unwrap_or_else(|| {
            self.throttles.push(ThrottleKey { operation, exception, reason: reason.cloned() });
            self.throttles.len() - 1
        })
    }

    fn error_key(&mut self, operation: usize, name: &str, message: &str) -> usize {
        let known = self.errors.iter().position(|key| key.operation == operation && key.name == name);
        known.unwrap_or_else(|| {
            if self.errors.len() < ERRORS_MAX {
                self.errors.push(ErrorKey { operation, name: name.to_owned(), example: message.to_owned() });
            }
            self.errors.len() - 1
        })
    }
}

impl Interval {
    fn new(operations: usize, resources: usize) -> Self {
        Interval {
            number: 0,
            phase: 0,
            sent: 0,
            completed: 0,
            operations: (0..operations).map(|_| OperationInterval::default()).collect(),
            resources: vec![ResourceInterval::default(); resources],
            throttles: Vec::new(),
            errors: Vec::new(),
            lag: Histogram::new(),
            wait: Histogram::new(),
        }
    }

    /// Forgets everything and keeps the memory.
    pub fn clear(&mut self) {
        self.sent = 0;
        self.completed = 0;
        for operation in &mut self.operations {
            operation.counts = Counts::default();
            operation.items = 0;
            for latencies in operation.latencies.iter_mut().flatten() {
                latencies.first_attempt.clear();
                latencies.service.clear();
                latencies.response.clear();
            }
        }
        self.resources.fill(ResourceInterval::default());
        self.throttles.clear();
        self.errors.clear();
        self.lag.clear();
        self.wait.clear();
    }
}

fn increment(counts: &mut Vec<u64>, at: usize, by: u64) {
    if counts.len() <= at {
        counts.resize(at + 1, 0);
    }
    counts[at] += by;
}
