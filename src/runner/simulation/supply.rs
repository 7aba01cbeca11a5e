//! The operations of the plan with their requests, drawn ahead where the plan does not depend on what happens.

use std::sync::Arc;
use std::vec;

use crate::api::Request;
use crate::time::Time;
use crate::workload::{Drafter, Next, Plan, Shot};

use super::super::ahead::Ahead;

/// Operations drawn at a time: enough that handing them over costs nothing, few enough to stay in a processor's cache.
const BATCH: usize = 128;

/// An operation and its first request.
#[derive(Debug)]
pub(super) struct Draft {
    pub shot: Shot,
    pub request: Arc<Request>,
}

/// What the plan holds next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Head {
    /// An operation that is due then.
    Due(Time),
    /// A closed-loop phase.
    Closed(usize),
    /// Nothing more.
    Finished,
}

/// Hands out the operations of the plan in their order.
pub(super) struct Supply<'a> {
    plan: Plan,
    drafter: &'a Drafter,
    ahead: Ahead<'a, Vec<Shot>, Vec<Draft>>,
    batch: vec::IntoIter<Draft>,
}

/// Draws the requests of a batch.
pub(super) fn draw(drafter: &Drafter, shots: Vec<Shot>) -> Vec<Draft> {
    let draft = |shot: Shot| Draft { request: Arc::new(drafter.request(&shot)), shot };
    shots.into_iter().map(draft).collect()
}

impl<'a> Supply<'a> {
    pub fn new(plan: Plan, drafter: &'a Drafter, ahead: Ahead<'a, Vec<Shot>, Vec<Draft>>) -> Self {
        Supply { plan, drafter, ahead, batch: Vec::new().into_iter() }
    }

    /// What comes next.
    #[inline]
    pub fn head(&mut self) -> Head {
        if let Some(draft) = self.batch.as_slice().first() {
            return Head::Due(draft.shot.due.unwrap_or(Time::ZERO));
        }
        self.refill();
        match (self.batch.as_slice().first(), self.plan.closed_phase()) {
            (Some(draft), _) => Head::Due(draft.shot.due.unwrap_or(Time::ZERO)),
            (None, Some(phase)) => Head::Closed(phase),
            (None, None) => Head::Finished,
        }
    }

    /// The operation that is due next; `None` where the head is another.
    #[inline]
    pub fn take(&mut self) -> Option<Draft> {
        self.batch.next()
    }

    /// The next operation of a closed-loop phase; `None` once the phase is over.
    pub fn take_of_closed(&mut self, phase: usize, now: Time) -> Option<Draft> {
        let shot = self.plan.next_of_closed(phase, now)?;
        Some(Draft { request: Arc::new(self.drafter.request(&shot)), shot })
    }

    /// Moves on to the next phase where a closed loop's time is over.
    pub fn pass_closed(&mut self, now: Time) {
        self.plan.pass_closed(now);
    }

    fn refill(&mut self) {
        while self.ahead.outstanding() < self.ahead.depth() {
            let mut shots = Vec::with_capacity(BATCH);
            while shots.len() < BATCH && self.plan.closed_phase().is_none() {
                match self.plan.next(Time::ZERO) {
                    Next::Shot(shot) => shots.push(shot),
                    Next::NotBefore(_) | Next::Finished => break,
                }
            }
            if shots.is_empty() {
                break;
            }
            self.ahead.give(shots);
        }
        if let Some(batch) = self.ahead.take() {
            self.batch = batch.into_iter();
        }
    }
}
