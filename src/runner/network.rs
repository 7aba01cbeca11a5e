//! Real time, over a network: a pacer thread releases operations at their intended starts, tasks send them and wait.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;

use crate::api::Outcome;
use crate::record::Recorder;
use crate::target::Target;
use crate::time::Time;
use crate::workload::{Drafter, Next, Shot, Workload};

use super::clock::Clock;
use super::session::{Answer, Client, Session, Step, failure};
use super::{GRACE, RunContext};

/// How long the pacer may not notice that it is to stop while it waits for a free place.
const NAP: Duration = Duration::from_millis(20);
/// The last stretch before an operation is due is spent spinning: what most sleeps are late by. More would take the
/// processor from the tasks that send, and from a target on this machine.
const SPIN: Duration = Duration::from_micros(150);

/// Runs the plan to its end.
pub(super) fn run(context: &RunContext<'_>, target: Arc<dyn Target>, runtime: &Runtime) {
    let (stopping, stopped) = watch::channel(false);
    let sender = Arc::new(Sender {
        target,
        workload: Arc::clone(context.workload),
        recorder: Arc::clone(&context.recorder),
        client: Arc::clone(&context.client),
        clock: context.clock.clone(),
        drafter: Drafter::new(Arc::clone(context.workload)),
        stopped,
    });
    let mut pacer = Pacer {
        context,
        sender,
        runtime,
        places: Arc::new(Semaphore::new(context.workload.client.in_flight)),
        tasks: JoinSet::new(),
    };
    pacer.release_all();
    if context.stop.is_set() {
        // Back-offs end at once; requests in flight keep their time-out.
        let _ = stopping.send(true);
    }
    let Pacer { mut tasks, .. } = pacer;
    runtime.block_on(async {
        loop {
            tokio::select! {
                joined = tasks.join_next() => if joined.is_none() { return },
                () = tokio::time::sleep(NAP) => if context.stop.is_set() { let _ = stopping.send(true); }
            }
        }
    });
}

/// Releases operations when they are due.
struct Pacer<'a> {
    context: &'a RunContext<'a>,
    sender: Arc<Sender>,
    runtime: &'a Runtime,
    places: Arc<Semaphore>,
    tasks: JoinSet<()>,
}

impl Pacer<'_> {
    fn release_all(&mut self) {
        let (feed, clock, stop) = (&self.context.feed, self.context.clock.clone(), self.context.stop);
        loop {
            if let Some(phase) = feed.closed_phase()
                && !stop.is_set()
            {
                self.run_closed(phase);
                continue;
            }
            let now = clock.now();
            if stop.is_set() {
                return self.count_unsent(now);
            }
            match feed.take(now) {
                Next::Shot(shot) => self.release(shot),
                Next::NotBefore(start) => {
                    clock.wait_until(start, SPIN, stop);
                }
                Next::Finished => return,
            }
            // Finished tasks give their memory back.
            while self.tasks.try_join_next().is_some() {}
        }
    }

    fn release(&mut self, shot: Shot) {
        let (clock, stop, recorder) = (&self.context.clock, self.context.stop, &self.context.recorder);
        let due = shot.due.unwrap_or_else(|| clock.now());
        let now = clock.wait_until(due, SPIN, stop);
        if now < due {
            return;
        }
        recorder.offered(0, shot.phase, shot.operation, due);
        let place = match Arc::clone(&self.places).try_acquire_owned() {
            _ if now > self.context.end + GRACE => None,
            Ok(place) => Some((place, due)),
            Err(_) => self.wait_for_place(),
        };
        match place {
            Some((place, free)) => {
                let sender = Arc::clone(&self.sender);
                self.tasks.spawn_on(async move { sender.operate(shot, due, free, place).await }, self.runtime.handle());
            }
            None => recorder.unsent(0, shot.phase, shot.operation, due),
        }
    }

    /// Waits for a free place in flight, and says when it came; `None` where the run ends first.
    fn wait_for_place(&self) -> Option<(OwnedSemaphorePermit, Time)> {
        loop {
            let place = self
                .runtime
                .block_on(async { tokio::time::timeout(NAP, Arc::clone(&self.places).acquire_owned()).await.ok() });
            let now = self.context.clock.now();
            if now > self.context.end + GRACE || self.context.stop.is_set() {
                return None;
            }
            if let Some(Ok(place)) = place {
                return Some((place, now));
            }
        }
    }

    /// Keeps a fixed number of operations in flight until the phase is over.
    fn run_closed(&mut self, phase: usize) {
        let specification = &self.context.workload.phases[phase];
        let (clock, stop) = (&self.context.clock, self.context.stop);
        clock.wait_until(specification.start, SPIN, stop);
        let room = Arc::new(Semaphore::new(specification.in_flight));
        for _ in 0..specification.in_flight {
            let Ok(place) = Arc::clone(&room).try_acquire_owned() else { break };
            let (sender, feed, stop) = (Arc::clone(&self.sender), Arc::clone(&self.context.feed), stop.clone());
            let one_after_the_other = async move {
                let mut place = place;
                while !stop.is_set() {
                    let now = sender.clock.now();
                    let Some(shot) = feed.take_of_closed(phase, now) else { return };
                    sender.recorder.offered(shot.index as usize, shot.phase, shot.operation, now);
                    place = sender.operate_keeping(shot, now, now, place).await;
                }
            };
            self.tasks.spawn_on(one_after_the_other, self.runtime.handle());
        }
        let now = clock.wait_until(specification.end, SPIN, stop);
        self.context.feed.pass_closed(now);
    }

    /// The run is to stop: what is due and was not sent is counted.
    fn count_unsent(&self, now: Time) {
        let (feed, recorder) = (&self.context.feed, &self.context.recorder);
        while feed.next_due() <= now {
            match feed.take(now) {
                Next::Shot(Shot { due: Some(due), phase, operation, .. }) if due <= now => {
                    recorder.offered(0, phase, operation, due);
                    recorder.unsent(0, phase, operation, due);
                }
                _ => return,
            }
        }
    }
}

/// What every task needs to see an operation through.
struct Sender {
    target: Arc<dyn Target>,
    workload: Arc<Workload>,
    recorder: Arc<Recorder>,
    client: Arc<Client>,
    clock: Clock,
    drafter: Drafter,
    stopped: watch::Receiver<bool>,
}

impl Sender {
    async fn operate(&self, shot: Shot, due: Time, free: Time, place: OwnedSemaphorePermit) {
        drop(self.operate_keeping(shot, due, free, place).await);
    }

    /// Sees an operation through and hands its place back.
    async fn operate_keeping(
        &self,
        shot: Shot,
        due: Time,
        free: Time,
        place: OwnedSemaphorePermit,
    ) -> OwnedSemaphorePermit {
        let specification = &self.workload.operations[shot.operation];
        let worker = shot.index as usize;
        let request = self.drafter.request(&shot);
        let mut session = Session::new(shot, request, due, free);
        loop {
            session.sending(self.clock.now());
            let call = self.target.call(Arc::clone(&session.request));
            let answer = match tokio::time::timeout(self.workload.client.timeout, call).await {
                Ok(Ok(outcome)) => Answer::Replied(outcome),
                Ok(Err(error)) => Answer::Failed(error),
                Err(_) => Answer::TimedOut,
            };
            let now = self.clock.now();
            let consumed = match &answer {
                Answer::Replied(Outcome { consumed, .. }) => consumed.as_slice(),
                Answer::Failed(_) | Answer::TimedOut => &[],
            };
            self.recorder.attempt(worker, now, session.shot.operation, consumed, failure(&answer).as_ref());
            let outcome = match session.receive(now, &answer, specification, &self.client) {
                Step::Send => continue,
                Step::SendAt(at) if self.back_off(at).await => continue,
                Step::SendAt(_) => session.given_up(),
                Step::Done(outcome) => outcome,
            };
            self.recorder.end(worker, &session.sample(now, outcome));
            return place;
        }
    }

    /// Waits; false where the run is to stop.
    async fn back_off(&self, until: Time) -> bool {
        let mut stopped = self.stopped.clone();
        let wait = until.since(self.clock.now());
        tokio::select! {
            () = tokio::time::sleep(wait) => true,
            _ = stopped.wait_for(|stopped| *stopped) => false,
        }
    }
}
