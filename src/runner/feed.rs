//! The plan, shared by the workers of a real run.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use parking_lot::Mutex;

use crate::time::Time;
use crate::workload::{Next, Plan, Shot, Workload};

/// Hands out the operations of the plan in their order.
#[derive(Debug)]
pub(super) struct Feed {
    plan: Mutex<Plan>,
    /// When the next operation is due, readable without the lock.
    next_due: AtomicU64,
    /// How many operations may be in flight in the current phase.
    in_flight: AtomicUsize,
    in_flight_by_phase: Vec<usize>,
}

impl Feed {
    pub fn new(plan: Plan, workload: &Workload) -> Self {
        let in_flight_by_phase: Vec<usize> = workload
            .phases
            .iter()
            .map(|phase| if phase.curve.is_some() { workload.client.in_flight } else { phase.in_flight })
            .collect();
        Feed {
            next_due: AtomicU64::new(plan.next_due().as_nanos()),
            plan: Mutex::new(plan),
            in_flight: AtomicUsize::new(in_flight_by_phase.first().copied().unwrap_or(1)),
            in_flight_by_phase,
        }
    }

    /// The next operation of any phase.
    #[inline]
    pub fn take(&self, now: Time) -> Next {
        let mut plan = self.plan.lock();
        let next = plan.next(now);
        self.next_due.store(plan.next_due().as_nanos(), Ordering::Relaxed);
        if let Next::Shot(shot) = &next {
            let in_flight = self.in_flight_by_phase[shot.phase];
            if in_flight != self.in_flight.load(Ordering::Relaxed) {
                self.in_flight.store(in_flight, Ordering::Relaxed);
            }
        }
        next
    }

    /// The next operation of a closed-loop phase.
    pub fn take_of_closed(&self, phase: usize, now: Time) -> Option<Shot> {
        self.plan.lock().next_of_closed(phase, now)
    }

    /// The closed-loop phase that is on or comes next, if the plan has arrived at one.
    pub fn closed_phase(&self) -> Option<usize> {
        self.plan.lock().closed_phase()
    }

    /// Moves on to the next phase where a closed loop's time is over.
    pub fn pass_closed(&self, now: Time) {
        let mut plan = self.plan.lock();
        plan.pass_closed(now);
        self.next_due.store(plan.next_due().as_nanos(), Ordering::Relaxed);
    }

    /// When the next operation is due.
    #[inline]
    pub fn next_due(&self) -> Time {
        Time::from_nanos(self.next_due.load(Ordering::Relaxed))
    }

    /// How many operations may be in flight now.
    #[inline]
    pub fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }
}
