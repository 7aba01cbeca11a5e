//! A timer that wakes tasks at a moment, to within tens of microseconds.
//!
//! tokio's own timer counts in milliseconds and wakes most sleepers nearly one late, which is a tenth of what a request takes;
//! a thread that sleeps until an absolute moment is late by a tenth of that.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use parking_lot::{Condvar, Mutex};
use tokio::sync::oneshot;

/// Wakes tasks; its thread ends with it.
#[derive(Debug)]
pub struct Timer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Who sleeps until when. There are no more of them than operations in flight.
    sleepers: BinaryHeap<Reverse<Sleeper>>,
    is_stopped: bool,
    next_number: u64,
}

#[derive(Debug)]
struct Sleeper {
    until: Instant,
    number: u64,
    wake: oneshot::Sender<()>,
}

impl Timer {
    /// A timer with its thread.
    pub fn new() -> Self {
        let shared = Arc::new(Shared::default());
        let of_thread = Arc::clone(&shared);
        Timer { shared, thread: Some(thread::spawn(move || of_thread.wake_sleepers())) }
    }

    /// Sleeps until a moment.
    pub async fn sleep_until(&self, until: Instant) {
        if until <= Instant::now() {
            return;
        }
        let (wake, woken) = oneshot::channel();
        {
            let mut state = self.shared.state.lock();
            let number = state.next_number;
            state.next_number += 1;
            let is_first = state.sleepers.peek().is_none_or(|Reverse(first)| until < first.until);
            state.sleepers.push(Reverse(Sleeper { until, number, wake }));
            drop(state);
            if is_first {
                self.shared.changed.notify_one();
            }
        }
        // It fails only where the timer is gone, and then nothing is to be waited for.
        let _ = woken.await;
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.shared.state.lock().is_stopped = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn wake_sleepers(&self) {
        let mut state = self.state.lock();
        while !state.is_stopped {
            let now = Instant::now();
            while state.sleepers.peek().is_some_and(|Reverse(first)| first.until <= now) {
                if let Some(Reverse(sleeper)) = state.sleepers.pop() {
                    // Who was given up no longer listens.
                    let _ = sleeper.wake.send(());
                }
            }
            match state.sleepers.peek().map(|Reverse(first)| first.until) {
                Some(until) => {
                    self.changed.wait_until(&mut state, until);
                }
                None => self.changed.wait(&mut state),
            }
        }
    }
}

impl Ord for Sleeper {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.until, self.number).cmp(&(other.until, other.number))
    }
}

impl PartialOrd for Sleeper {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Sleeper {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Sleeper {}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn sleepers_wake_in_their_order_and_never_early() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let timer = Timer::new();
        let start = Instant::now();
        let order = Mutex::new(Vec::new());
        runtime.block_on(async {
            let sleep = async |millis: u64| {
                let until = start + Duration::from_millis(millis);
                timer.sleep_until(until).await;
                assert!(Instant::now() >= until);
                order.lock().push(millis);
            };
            tokio::join!(sleep(30), sleep(10), sleep(0), sleep(20));
        });
        assert_eq!(*order.lock(), [0, 10, 20, 30]);
    }
}
