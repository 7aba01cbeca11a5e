//! The course of events: time goes from one to the next, and waits for none.

use std::sync::Arc;
use std::time::Instant;

use crate::api::{Outcome, Request};
use crate::record::{ObservationLog, OutcomeKind, Recorder};
use crate::target::InProcess;
use crate::time::Time;
use crate::workload::Workload;

use super::super::clock::Stop;
use super::super::session::{Answer, Client, Session, Step, failure};
use super::super::{COLLECT, GRACE, Progress, phase_name};
use super::agenda::{Agenda, Event, Places};
use super::supply::{Draft, Head, Supply};

/// Events between two looks at the wall clock and the wish to stop. Neither bears on what is recorded.
const EVENTS_BETWEEN_LOOKS: u32 = 1024;
/// The record is gathered at whole seconds of virtual time: after this many operations, ...
const OPERATIONS_BETWEEN_COLLECTS: u64 = 1 << 16;
/// ... or after this many points of the series. Never by the wall clock, so that the record does not depend on the machine.
const POINTS_BETWEEN_COLLECTS: u64 = 16;

/// A simulated run on its way.
pub(super) struct Course<'a> {
    workload: &'a Workload,
    target: &'a dyn InProcess,
    recorder: &'a Recorder,
    client: &'a Client,
    stop: &'a Stop,
    log: &'a mut ObservationLog,
    supply: Supply<'a>,
    /// The planned end.
    end: Time,
    now: Time,
    agenda: Agenda,
    flights: Places<Flight>,
    /// Requests given up while they were on their way to the target.
    strays: Places<Arc<Request>>,
    /// Free places in flight of the open loops.
    free: usize,
    /// The closed-loop phase that is on.
    closed: Option<usize>,
    /// Requests sent.
    attempts: u64,
    /// When the run was stopped from outside.
    stopped: Option<Time>,
    /// The next moment at which something is due that is no event: a look, a whole second.
    next_round: Time,
    collected: Collected,
}

/// When the record was last gathered.
#[derive(Debug, Clone, Copy, Default)]
struct Collected {
    second: u64,
    attempts: u64,
}

/// An operation in flight.
struct Flight {
    session: Session,
    /// The number of its newest attempt.
    attempt: u64,
    /// When that attempt times out.
    deadline: Time,
    /// The answer on its way back.
    answer: Option<Outcome>,
    /// Whether it belongs to a closed loop.
    is_closed: bool,
}

impl<'a> Course<'a> {
    pub fn new(
        workload: &'a Workload,
        target: &'a dyn InProcess,
        recorder: &'a Recorder,
        client: &'a Client,
        stop: &'a Stop,
        log: &'a mut ObservationLog,
        supply: Supply<'a>,
    ) -> Self {
        Course {
            workload,
            target,
            recorder,
            client,
            stop,
            log,
            supply,
            end: Time::ZERO + workload.duration(),
            now: Time::ZERO,
            agenda: Agenda::default(),
            flights: Places::new(),
            strays: Places::new(),
            free: workload.client.in_flight,
            closed: None,
            attempts: 0,
            stopped: None,
            next_round: Time::ZERO,
            collected: Collected::default(),
        }
    }

    /// Runs the plan to its end. Returns when that was, and whether it was stopped from outside.
    pub fn run(mut self, mut observe: impl FnMut(Progress<'_>)) -> (Time, bool) {
        let began = Instant::now();
        let mut observed = began;
        let mut events = 0;
        loop {
            events += 1;
            if events == EVENTS_BETWEEN_LOOKS {
                events = 0;
                if self.stopped.is_none() && self.stop.is_set() {
                    self.wind_up();
                }
                let real = Instant::now();
                if real.duration_since(observed) >= COLLECT {
                    observed = real;
                    self.tell(real.duration_since(began).as_secs_f64(), &mut observe);
                }
            }
            if !self.step() {
                return (self.now, self.stopped.is_some());
            }
        }
    }

    /// Goes to the next event; false where there is none.
    fn step(&mut self) -> bool {
        let (head, event) = (self.head_at(), self.agenda.next_at());
        let at = head.min(event);
        if at == Time::NEVER {
            return false;
        }
        if at >= self.next_round {
            self.go_round(at);
        }
        self.now = self.now.max(at);
        // Events go first: a place that falls free is there for an operation that is due at that moment.
        if event <= head {
            if let Some(event) = self.agenda.take() {
                self.happen(event);
            }
        } else {
            self.take_head();
        }
        true
    }

    /// When the plan goes on. Where all places in flight are taken, it waits for one, and what is due after it waits, too.
    #[inline]
    fn head_at(&mut self) -> Time {
        if self.stopped.is_some() {
            return Time::NEVER;
        }
        match self.supply.head() {
            Head::Due(due) if self.free > 0 => due.max(self.now),
            Head::Due(_) | Head::Finished => Time::NEVER,
            Head::Closed(phase) => {
                let phase_length = &self.workload.phases[phase];
                let at = if self.closed == Some(phase) { phase_length.end } else { phase_length.start };
                at.max(self.now)
            }
        }
    }

    fn take_head(&mut self) {
        match self.supply.head() {
            Head::Due(due) => {
                if let Some(draft) = self.supply.take() {
                    self.start_open(draft, due);
                }
            }
            Head::Closed(phase) if self.closed == Some(phase) => {
                self.closed = None;
                self.supply.pass_closed(self.now);
            }
            Head::Closed(phase) => {
                self.closed = Some(phase);
                for _ in 0..self.workload.phases[phase].in_flight {
                    self.agenda.plan(self.now, Event::Free(phase as u32));
                }
            }
            Head::Finished => {}
        }
    }

    fn start_open(&mut self, draft: Draft, due: Time) {
        let (phase, operation) = (draft.shot.phase, draft.shot.operation);
        self.recorder.offered(0, phase, operation, due);
        if self.now > self.end + GRACE {
            self.recorder.unsent(0, phase, operation, due);
        } else {
            self.free -= 1;
            self.start(draft, due, false);
        }
    }

    fn start_closed(&mut self, phase: usize) {
        if self.stopped.is_some() {
            return;
        }
        if let Some(draft) = self.supply.take_of_closed(phase, self.now) {
            self.recorder.offered(0, phase, draft.shot.operation, self.now);
            self.start(draft, self.now, true);
        }
    }

    fn start(&mut self, Draft { shot, request }: Draft, due: Time, is_closed: bool) {
        let session = Session::new(shot, request, due, self.now);
        let flight = Flight { session, attempt: 0, deadline: Time::NEVER, answer: None, is_closed };
        let place = self.flights.put(flight);
        self.send(place);
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Send(place) => match self.stopped {
                None => self.send(place),
                Some(stopped) => self.give_up(place, stopped),
            },
            Event::Arrive(place) => {
                if let Some(answer) = self.arrive(place) {
                    self.answered(place, answer);
                }
            }
            Event::Answer(place) => {
                let answer = self.flights.at(place).and_then(|flight| flight.answer.take());
                if let Some(outcome) = answer {
                    self.answered(place, Answer::Replied(outcome));
                }
            }
            Event::TimeOut(place) => self.answered(place, Answer::TimedOut),
            Event::Stray(place) => {
                if let Some(request) = self.strays.remove(place) {
                    let outcome = self.target.execute(self.now, &request);
                    self.record_unheard(&outcome);
                }
            }
            Event::Free(phase) => self.start_closed(phase as usize),
        }
    }

    /// Sends a request, and what follows from its answer, as long as no time passes.
    fn send(&mut self, place: u32) {
        while let Some(answer) = self.attempt(place) {
            if !self.receive(place, &answer) {
                return;
            }
        }
    }

    fn answered(&mut self, place: u32, answer: Answer) {
        if self.receive(place, &answer) {
            self.send(place);
        }
    }

    /// Sends the request of an operation. Returns the answer if it is there at once.
    fn attempt(&mut self, place: u32) -> Option<Answer> {
        let number = self.attempts;
        self.attempts += 1;
        let flight = self.flights.at(place)?;
        flight.session.sending(self.now);
        flight.attempt = number;
        flight.deadline = self.now + self.workload.client.timeout;
        let arrival = self.now + self.target.travel_time(number);
        if arrival > flight.deadline {
            self.agenda.plan(flight.deadline, Event::TimeOut(place));
            let stray = self.strays.put(Arc::clone(&flight.session.request));
            self.agenda.plan(arrival, Event::Stray(stray));
            None
        } else if arrival > self.now {
            self.agenda.plan(arrival, Event::Arrive(place));
            None
        } else {
            self.arrive(place)
        }
    }

    /// The request of an operation arrives and is served. Returns the answer if it is there at once.
    fn arrive(&mut self, place: u32) -> Option<Answer> {
        let flight = self.flights.at(place)?;
        let request = &flight.session.request;
        let outcome = self.target.execute(self.now, request);
        let answer_at = self.now + self.target.answer_time(flight.attempt, request, &outcome);
        if answer_at > flight.deadline {
            self.agenda.plan(flight.deadline, Event::TimeOut(place));
            self.record_unheard(&outcome);
            None
        } else if answer_at > self.now {
            flight.answer = Some(outcome);
            self.agenda.plan(answer_at, Event::Answer(place));
            None
        } else {
            Some(Answer::Replied(outcome))
        }
    }

    /// An answer comes, or none in time. Returns whether the operation sends at once again.
    fn receive(&mut self, place: u32, answer: &Answer) -> bool {
        let now = self.now;
        let Some(Flight { session, .. }) = self.flights.at(place) else { return false };
        let operation = session.shot.operation;
        let consumed = match answer {
            Answer::Replied(outcome) => outcome.consumed.as_slice(),
            Answer::Failed(_) | Answer::TimedOut => &[],
        };
        self.recorder.attempt(0, now, operation, consumed, failure(answer).as_ref());
        match session.receive(now, answer, &self.workload.operations[operation], self.client) {
            Step::Send => return true,
            Step::SendAt(_) if self.stopped.is_some() => self.give_up(place, now),
            Step::SendAt(at) => self.agenda.plan(at, Event::Send(place)),
            Step::Done(outcome) => self.finish(place, now, outcome),
        }
        false
    }

    /// The work that a request made of which nobody hears: its units were consumed all the same.
    fn record_unheard(&self, outcome: &Outcome) {
        // Without a failure the operation does not matter.
        self.recorder.attempt(0, self.now, 0, &outcome.consumed, None);
    }

    fn give_up(&mut self, place: u32, at: Time) {
        if let Some(flight) = self.flights.at(place) {
            let outcome = flight.session.given_up();
            self.finish(place, at, outcome);
        }
    }

    /// An operation has come to its end, and its place is free.
    fn finish(&mut self, place: u32, at: Time, outcome: OutcomeKind) {
        let Some(flight) = self.flights.remove(place) else { return };
        self.recorder.end(0, &flight.session.sample(at, outcome));
        if flight.is_closed {
            self.agenda.plan(self.now, Event::Free(flight.session.shot.phase as u32));
        } else {
            self.free += 1;
        }
    }

    /// What is to be done now and then before time goes on to `at`.
    fn go_round(&mut self, at: Time) {
        while self.log.next_at() <= at {
            let moment = self.log.next_at();
            self.log.observe_cache(self.target.cache());
            self.log.observe(moment, self.target.observe(moment));
        }
        let second = at.as_nanos() / 1_000_000_000;
        let last = self.collected;
        if self.attempts - last.attempts >= OPERATIONS_BETWEEN_COLLECTS
            || second - last.second >= POINTS_BETWEEN_COLLECTS * self.recorder.merged()
        {
            self.recorder.collect();
            self.collected = Collected { second, attempts: self.attempts };
        }
        let next_second = Time::from_nanos((second + 1).saturating_mul(1_000_000_000));
        self.next_round = next_second.min(self.log.next_at());
    }

    fn tell(&self, real_seconds: f64, observe: &mut impl FnMut(Progress<'_>)) {
        // The newest whole second that was gathered.
        let gathered = Time::from_nanos(self.collected.second * 1_000_000_000);
        observe(Progress::Simulating {
            phase: phase_name(self.workload, self.now),
            elapsed: self.now.since(Time::ZERO),
            left: self.end.since(self.now),
            speed: self.now.as_secs_f64() / real_seconds,
            view: &self.recorder.view(gathered),
        });
    }

    /// The run is to stop: what is due and was not sent is counted; back-offs end now, requests in flight are answered.
    fn wind_up(&mut self) {
        while let Head::Due(due) = self.supply.head()
            && due <= self.now
            && let Some(Draft { shot, .. }) = self.supply.take()
        {
            self.recorder.offered(0, shot.phase, shot.operation, due);
            self.recorder.unsent(0, shot.phase, shot.operation, due);
        }
        self.stopped = Some(self.now);
    }
}
