//! Time to live: items whose expiry has passed are deleted by a sweep, free of charge.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use crate::item::{PackedItem, ScalarRef};
use crate::time::Time;

use super::EngineOptions;
use super::storage::{Shard, Storage};
use super::table::Table;

/// A sweep looks at every shard this often.
const SWEEP_INTERVAL: Duration = Duration::from_secs(1);
/// Items one request deletes at most on its way; what is left is for the next request.
const SWEEP_ITEMS_MAX: usize = 100;

/// When the items of a table expire.
///
/// As at the service, an expired item is there for every reader until it is deleted. The first request of a second sweeps
/// the table and deletes what expired longer ago than the delay ([`EngineOptions::time_to_live_delay`]).
#[derive(Debug)]
pub struct Expiry {
    attribute: Arc<str>,
    /// Epoch seconds at [`Time::ZERO`], less the delay.
    due_seconds_at_zero: i128,
    next_sweep_nanos: AtomicU64,
    next_shard: AtomicUsize,
}

impl Expiry {
    /// Expiry by this attribute; items are deleted from a moment on.
    pub fn new(attribute: Arc<str>, options: &EngineOptions, from: Time) -> Self {
        let delay_seconds = i128::from(options.time_to_live_delay.as_secs());
        Expiry {
            attribute,
            due_seconds_at_zero: i128::from(options.epoch_seconds_at_time_zero) - delay_seconds,
            next_sweep_nanos: AtomicU64::new(from.as_nanos()),
            next_shard: AtomicUsize::new(0),
        }
    }

    /// Epoch seconds at which an item expires: its attribute, where that is a number that can be a time.
    pub fn expires_seconds(&self, item: &PackedItem) -> Option<u64> {
        match item.get(&self.attribute)?.scalar()? {
            ScalarRef::N(number) => {
                let seconds = number.to_f64();
                // Zero and below never expire anything at the service.
                (1.0..1e15).contains(&seconds).then_some(seconds as u64)
            }
            _ => None,
        }
    }

    fn due_seconds(&self, now: Time) -> Option<u64> {
        u64::try_from(self.due_seconds_at_zero + i128::from(now.as_nanos() / 1_000_000_000)).ok()
    }

    /// Whether it is time for a sweep; tells one thread only.
    fn begin_sweep(&self, now: Time) -> bool {
        let next = self.next_sweep_nanos.load(Ordering::Relaxed);
        let after = (now + SWEEP_INTERVAL).as_nanos();
        now.as_nanos() >= next
            && self.next_sweep_nanos.compare_exchange(next, after, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

impl Table {
    /// Deletes items that are due, if it is time for a sweep. Costs nothing but a look at a number otherwise.
    pub fn sweep(&self, now: Time) {
        let Some(expiry) = &self.expiry else { return };
        if !expiry.begin_sweep(now) {
            return;
        }
        let first = expiry.next_shard.load(Ordering::Relaxed);
        let mut left = SWEEP_ITEMS_MAX;
        for offset in 0..self.items.shard_count() {
            let number = (first + offset) % self.items.shard_count();
            let mut shard = self.items.write(number);
            left = self.delete_expired(expiry, &mut shard, now, left);
            if left == 0 {
                expiry.next_shard.store(number, Ordering::Relaxed);
                expiry.next_sweep_nanos.store(now.as_nanos(), Ordering::Relaxed);
                return;
            }
        }
    }

    fn delete_expired(&self, expiry: &Expiry, shard: &mut Shard, now: Time, mut left: usize) -> usize {
        let Some(due_seconds) = expiry.due_seconds(now) else { return left };
        while left > 0 {
            let Some(items) = shard.next_expired(due_seconds) else { break };
            left -= 1;
            for item in items {
                let due = expiry.expires_seconds(&item).is_some_and(|seconds| seconds <= due_seconds);
                let Some(key) = self.items.layout().key_of(&item).filter(|_| due) else { continue };
                debug_assert!(Storage::shard_of(key.hash) < self.items.shard_count());
                let change = self.change(shard.get(&key), None);
                self.note_growth(now, &key, &change);
                self.apply_at(now, shard, key, change);
            }
        }
        left
    }
}
