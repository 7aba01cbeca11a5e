//! A target made slower on purpose, to see that a comparison finds it.

use std::hint;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use crate::api::{ApiError, Outcome, Request, TableName};
use crate::cache::CacheCounts;
use crate::capacity::ResourceView;
use crate::item::Item;
use crate::target::InProcess;
use crate::time::Time;

/// A target in process that spends a share of the time it takes once more, busy. With a share of nothing it reads the clock as
/// often and wastes no time: the control.
pub struct Slowed {
    target: Arc<dyn InProcess>,
    share: f64,
    /// Nanoseconds still to be wasted; the clock is too coarse for each request to get its own.
    owed: AtomicI64,
}

impl Slowed {
    /// Makes `target` take `1 + share` times as long.
    pub fn new(target: Arc<dyn InProcess>, share: f64) -> Self {
        Slowed { target, share, owed: AtomicI64::new(0) }
    }
}

impl InProcess for Slowed {
    fn execute(&self, now: Time, request: &Request) -> Outcome {
        let begin = Instant::now();
        let outcome = self.target.execute(now, request);
        let end = Instant::now();
        let more = (self.share * (end - begin).as_nanos() as f64) as i64;
        let owed = self.owed.fetch_add(more, Ordering::Relaxed) + more;
        if owed > 0 {
            let mut wasted = 0;
            while wasted < owed {
                hint::spin_loop();
                wasted = end.elapsed().as_nanos() as i64;
            }
            self.owed.fetch_sub(wasted, Ordering::Relaxed);
        }
        outcome
    }

    fn observe(&self, now: Time) -> Vec<ResourceView> {
        self.target.observe(now)
    }

    fn cache(&self) -> Option<CacheCounts> {
        self.target.cache()
    }

    fn load(&self, table: &TableName, item: Item) -> Result<(), ApiError> {
        self.target.load(table, item)
    }
}
