//! Real time, in process: workers that draw, wait, call the engine and record, each on a thread of its own.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::record::{OutcomeKind, Recorder};
use crate::target::InProcess;
use crate::time::Time;
use crate::workload::{Drafter, Next, Shot, Workload};

use super::clock::{Clock, Stop};
use super::feed::Feed;
use super::session::{Answer, Client, Session, Step, failure};
use super::{GRACE, RunContext};

/// A worker that stands by looks this often whether the others need help.
const STANDBY: Duration = Duration::from_micros(300);
/// An operation overdue by this much means that the workers so far cannot keep up.
const OVERDUE: Duration = Duration::from_micros(200);
/// The last stretch before an operation is due is spent spinning. On a virtual machine a sleep of half a millisecond ends
/// 0.2 ms late in one of a hundred cases and 2 ms in one of a thousand; spinning costs a processor from 1,700/s on.
const SPIN: Duration = Duration::from_micros(600);

/// Runs the plan to its end.
pub(super) fn run(context: &RunContext<'_>, engine: &dyn InProcess, workers: usize) {
    thread::scope(|scope| {
        for number in 1..workers {
            scope.spawn(move || Worker::new(context, engine, number, workers).work());
        }
        scope.spawn(|| Worker::new(context, engine, 0, workers).work());
    });
}

/// One thread's share of the work.
struct Worker<'a> {
    engine: &'a dyn InProcess,
    number: usize,
    workers: usize,
    workload: &'a Workload,
    feed: &'a Feed,
    recorder: &'a Recorder,
    client: &'a Client,
    clock: Clock,
    stop: &'a Stop,
    end: Time,
    drafter: Drafter,
    /// Operations backing off, the next one first.
    backing_off: BinaryHeap<Reverse<BackingOff>>,
    sequence: u64,
    /// When this worker would be free if the harness took no time: the end of the last call, had every one started at once
    /// when it was due or the one before had ended (Lindley's recursion). What an operation starts later than that is lag.
    free: Time,
}

/// An operation that waits for its next attempt. The sequence number breaks ties.
struct BackingOff {
    at: Time,
    sequence: u64,
    session: Session,
}

impl<'a> Worker<'a> {
    fn new(context: &'a RunContext<'_>, engine: &'a dyn InProcess, number: usize, workers: usize) -> Self {
        Worker {
            engine,
            number,
            workers,
            workload: context.workload,
            feed: &context.feed,
            recorder: &context.recorder,
            client: &context.client,
            clock: context.clock.clone(),
            stop: context.stop,
            end: context.end,
            drafter: Drafter::new(Arc::clone(context.workload)),
            backing_off: BinaryHeap::new(),
            sequence: 0,
            free: Time::ZERO,
        }
    }

    fn work(&mut self) {
        loop {
            let now = self.clock.now();
            if self.stop.is_set() {
                return self.wind_up(now);
            }
            if let Some((session, at)) = self.ready(now) {
                self.attempt(session, at);
                continue;
            }
            if self.is_full() {
                self.clock.wait_until(self.next_retry().min(now + STANDBY), SPIN, self.stop);
                continue;
            }
            if self.number > 0 && now < self.feed.next_due() + OVERDUE {
                if self.feed.next_due() == Time::NEVER && self.backing_off.is_empty() {
                    return;
                }
                self.stand_by(now);
                continue;
            }
            match self.feed.take(now) {
                Next::Shot(shot) => self.fire(shot),
                Next::NotBefore(start) => {
                    self.clock.wait_until(start.min(self.next_retry()), SPIN, self.stop);
                }
                Next::Finished if self.backing_off.is_empty() => return,
                Next::Finished => {
                    self.clock.wait_until(self.next_retry(), SPIN, self.stop);
                }
            }
        }
    }

    /// Sends an operation when it is due; until then retries may go first.
    fn fire(&mut self, shot: Shot) {
        let due = shot.due.unwrap_or_else(|| self.clock.now());
        let (phase, operation) = (shot.phase, shot.operation);
        let request = self.drafter.request(&shot);
        while self.next_retry() < due {
            let now = self.clock.wait_until(self.next_retry(), SPIN, self.stop);
            match self.ready(now) {
                Some((session, at)) => self.attempt(session, at),
                None => break,
            }
        }
        let now = self.clock.wait_until(due, SPIN, self.stop);
        if now < due {
            return;
        }
        self.recorder.offered(self.number, phase, operation, due);
        if now > self.end + GRACE {
            self.recorder.unsent(self.number, phase, operation, due);
        } else {
            self.attempt(Session::new(shot, request, due, self.free), due);
        }
    }

    /// Calls the engine for an operation that was `ready` to go then.
    fn attempt(&mut self, mut session: Session, mut ready: Time) {
        let specification = &self.workload.operations[session.shot.operation];
        loop {
            let sent = self.clock.now();
            session.sending(sent);
            let outcome = self.engine.execute(sent, &session.request);
            let now = self.clock.now();
            self.free = self.free.max(ready) + now.since(sent);
            ready = self.free;
            let answer = Answer::Replied(outcome);
            if let Answer::Replied(outcome) = &answer {
                let failure = failure(&answer);
                self.recorder.attempt(self.number, now, session.shot.operation, &outcome.consumed, failure.as_ref());
            }
            match session.receive(now, &answer, specification, self.client) {
                Step::Send => {}
                Step::SendAt(at) => {
                    self.sequence += 1;
                    return self.backing_off.push(Reverse(BackingOff { at, sequence: self.sequence, session }));
                }
                Step::Done(outcome) => return self.end(&session, now, outcome),
            }
        }
    }

    fn end(&self, session: &Session, now: Time, outcome: OutcomeKind) {
        self.recorder.end(self.number, &session.sample(now, outcome));
    }

    /// An operation whose back-off is over, and when it was.
    fn ready(&mut self, now: Time) -> Option<(Session, Time)> {
        if self.next_retry() > now {
            return None;
        }
        self.backing_off.pop().map(|Reverse(waiting)| (waiting.session, waiting.at))
    }

    fn next_retry(&self) -> Time {
        self.backing_off.peek().map_or(Time::NEVER, |Reverse(waiting)| waiting.at)
    }

    /// Whether this worker's share of the places in flight is taken by operations that back off.
    fn is_full(&self) -> bool {
        let places = self.feed.in_flight();
        let share = places / self.workers + usize::from(self.number < places % self.workers);
        // A worker without a share takes no new operations; it looks again when the next phase may have begun.
        self.backing_off.len() >= share && (share > 0 || self.feed.closed_phase().is_some())
    }

    fn stand_by(&mut self, now: Time) {
        let until = (now + STANDBY).min(self.next_retry());
        if until.since(now) > Duration::from_micros(100) {
            thread::sleep(until.since(now));
        } else {
            self.clock.wait_until(until, SPIN, self.stop);
        }
    }

    /// The run is to stop: what is due and not sent is counted, what backs off is given up.
    fn wind_up(&mut self, now: Time) {
        while let Some(Reverse(waiting)) = self.backing_off.pop() {
            self.end(&waiting.session, now, waiting.session.given_up());
        }
        while self.feed.next_due() <= now {
            match self.feed.take(now) {
                Next::Shot(Shot { due: Some(due), phase, operation, .. }) if due <= now => {
                    self.recorder.offered(self.number, phase, operation, due);
                    self.recorder.unsent(self.number, phase, operation, due);
                }
                _ => return,
            }
        }
    }
}

impl PartialEq for BackingOff {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.sequence) == (other.at, other.sequence)
    }
}

impl Eq for BackingOff {}

impl PartialOrd for BackingOff {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for BackingOff {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.sequence).cmp(&(other.at, other.sequence))
    }
}
