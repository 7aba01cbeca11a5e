//! The clock of a real run, and waiting for exact moments of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::time::Time;

/// How long a sleeper may not notice that it is to stop.
const NAP: Duration = Duration::from_millis(50);

/// Time since the start of the run.
#[derive(Debug, Clone)]
pub(super) enum Clock {
    /// Real time since a moment.
    Real(Instant),
    /// Time that passes only where somebody waits for it, or moves it: a whole run in no time, for tests.
    #[cfg(test)]
    Manual(Arc<std::sync::atomic::AtomicU64>),
}

impl Clock {
    /// Now.
    #[inline]
    pub fn now(&self) -> Time {
        match self {
            // 2^64 nanoseconds are 584 years.
            Clock::Real(start) => Time::from_nanos(start.elapsed().as_nanos() as u64),
            #[cfg(test)]
            Clock::Manual(nanos) => Time::from_nanos(nanos.load(Ordering::Relaxed)),
        }
    }

    /// Waits for a moment to a microsecond or so, and says what time it is then; earlier where the run is to stop. A thread
    /// that sleeps wakes late, so the last stretch, `spin`, is spent spinning.
    pub fn wait_until(&self, moment: Time, spin: Duration, stop: &Stop) -> Time {
        loop {
            let now = self.now();
            if now >= moment || stop.is_set() {
                return now;
            }
            let left = moment.since(now);
            match self {
                Clock::Real(_) if left > spin => thread::sleep((left - spin).min(NAP)),
                Clock::Real(_) => std::hint::spin_loop(),
                #[cfg(test)]
                Clock::Manual(nanos) => {
                    nanos.fetch_max(moment.as_nanos(), Ordering::Relaxed);
                }
            }
        }
    }
}

/// A wish to end the run early, from a signal handler for instance.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Nobody wishes it yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The flag itself, for whoever sets it.
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0)
    }

    /// Whether the run is to end.
    #[inline]
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
