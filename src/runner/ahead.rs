//! Work done ahead on other threads, its results taken in the order in which it was given.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::Scope;

/// Jobs on their way. Which thread does one, and when, is nothing its result shows.
pub(super) struct Ahead<'w, J, R> {
    work: &'w (dyn Fn(J) -> R + Sync),
    /// Helpers take jobs in turn, so that results come back in turn.
    lanes: Vec<Lane<J, R>>,
    given: usize,
    taken: usize,
    /// Jobs that wait to be done by whoever takes their results, where there are no helpers.
    own: VecDeque<J>,
}

/// The way to a helper and back.
struct Lane<J, R> {
    jobs: Sender<J>,
    results: Receiver<R>,
}

impl<'w, J: Send + 'w, R: Send + 'w> Ahead<'w, J, R> {
    /// Starts this many helpers; without any, a job is done when its result is taken.
    pub fn new<'s>(scope: &'s Scope<'s, 'w>, helpers: usize, work: &'w (dyn Fn(J) -> R + Sync)) -> Self {
        let lane = |_| {
            let ((jobs, to_do), (done, results)) = (channel(), channel());
            scope.spawn(move || {
                while let Ok(job) = to_do.recv() {
                    if done.send(work(job)).is_err() {
                        return;
                    }
                }
            });
            Lane { jobs, results }
        };
        Ahead { work, lanes: (0..helpers).map(lane).collect(), given: 0, taken: 0, own: VecDeque::new() }
    }

    /// Jobs given whose results were not taken.
    pub const fn outstanding(&self) -> usize {
        self.given - self.taken
    }

    /// Jobs that keep every thread busy.
    pub const fn depth(&self) -> usize {
        1 + 3 * self.lanes.len()
    }

    /// Gives a job.
    pub fn give(&mut self, job: J) {
        match self.lanes.len() {
            0 => self.own.push_back(job),
            lanes => {
                // A helper is gone only when it has panicked, which taking the result tells.
                let _ = self.lanes[self.given % lanes].jobs.send(job);
            }
        }
        self.given += 1;
    }

    /// The result of the oldest job not taken yet; `None` where there is none.
    pub fn take(&mut self) -> Option<R> {
        if self.outstanding() == 0 {
            return None;
        }
        let result = match self.lanes.len() {
            0 => self.own.pop_front().map(self.work),
            lanes => self.lanes[self.taken % lanes].results.recv().ok(),
        };
        self.taken += 1;
        Some(result.unwrap_or_else(|| panic!("a thread that works ahead has panicked")))
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn results_come_in_the_order_of_their_jobs() {
        let square = |job: u64| {
            // Some take longer than others.
            (0..(job % 7) * 1000).for_each(|turn| {
                std::hint::black_box(turn);
            });
            job * job
        };
        for helpers in [0, 1, 3] {
            let squares: Vec<u64> = thread::scope(|scope| {
                let mut ahead = Ahead::new(scope, helpers, &square);
                let mut squares = Vec::new();
                for job in 0..100 {
                    ahead.give(job);
                    if ahead.outstanding() == ahead.depth() {
                        squares.extend(ahead.take());
                    }
                }
                squares.extend(std::iter::from_fn(|| ahead.take()));
                squares
            });
            assert_eq!(squares, (0..100).map(|job| job * job).collect::<Vec<_>>(), "{helpers} helpers");
        }
    }
}
