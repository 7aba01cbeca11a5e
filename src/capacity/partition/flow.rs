//! Partitions that are asked for much at once and evenly over time, instead of request by request.

use std::time::Duration;

use crate::api::{CapacityUnits, LimitKind, ReadWrite};
use crate::time::Time;

use super::super::model::CapacityModel;
use super::super::observation::CapacityEvent;
use super::heat::{SAMPLES, Sample};
use super::{Partition, Partitions, Place};

/// Billionths, in which buckets count.
const NANOS_PER_UNIT: f64 = 1e9;

/// What a partition can give over an interval, in units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in super::super) struct Room {
    /// Reads of either kind.
    pub read: f64,
    /// Strongly consistent reads.
    pub leader_read: f64,
    /// Writes.
    pub write: f64,
}

/// What a partition gives over an interval.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(in super::super) struct Given {
    /// Billionths of a unit: reads of either kind, writes.
    pub nanos: [i64; 2],
    /// Billionths of a unit of strongly consistent reads.
    pub leader_nanos: i64,
    /// Units that are whole by now: reads, writes.
    pub units: [CapacityUnits; 2],
    /// Requests refused: reads, writes.
    pub refused: [u64; 2],
    /// By how much larger what is stored there becomes.
    pub growth_bytes: i64,
}

impl Partitions {
    /// The part of all hashes that each partition holds, in their order.
    pub fn widths(&self) -> impl Iterator<Item = f64> {
        let ends = self.starts.iter().skip(1).map(|start| u128::from(*start)).chain([1 << 64]);
        let width = |(start, end): (&u64, u128)| (end - u128::from(*start)) as f64 / 18_446_744_073_709_551_616.0;
        self.starts.iter().zip(ends).map(width)
    }

    /// What a partition can give for `ahead` from `from` on.
    pub fn room(&mut self, at: usize, from: Time, ahead: Duration) -> Room {
        self.list[at].room(from, ahead)
    }

    /// The limit by which a partition refuses.
    pub fn limit_kind(&self) -> LimitKind {
        match self.list.first() {
            Some(Partition { allocated: Some(_), .. }) => LimitKind::ProvisionedThroughput,
            _ => LimitKind::KeyRangeThroughput,
        }
    }

    /// Takes what a partition gives evenly from `from` until `until`, and begins a split where it is due.
    pub fn flow(&mut self, at: usize, from: Time, until: Time, given: &Given, model: &CapacityModel) {
        let partition = &mut self.list[at];
        partition.flow(until, given);
        let seconds = until.since(from).as_secs_f64();
        let rates = given.nanos.map(|nanos| nanos as f64 / NANOS_PER_UNIT / seconds);
        if let Some(ripe) = partition.heat.flow(model, from, until, rates) {
            self.begin_split(at, model, ripe);
        }
    }

    /// Whether a partition is split by `until`, so that it must know what is asked of it.
    pub fn splits_by(&self, at: usize, until: Time) -> bool {
        self.list[at].heat.split_at.is_some_and(|split_at| split_at <= until)
    }

    /// Remembers accesses as if they had come one by one: some for single keys, each with its weight, the others anywhere in the
    /// range.
    pub fn remember(&mut self, at: usize, keys: &[(&Place, f64)], elsewhere: f64) {
        let whole = keys.iter().map(|(_, weight)| weight).sum::<f64>() + elsewhere;
        if whole <= 0.0 {
            return;
        }
        let mut samples = Vec::with_capacity(SAMPLES);
        let mut passed = 0.0;
        for (place, weight) in keys {
            passed += weight;
            // Of evenly spaced accesses those that fall to this key.
            let until = (passed / whole * SAMPLES as f64).round() as usize;
            while samples.len() < until.min(SAMPLES) {
                samples.push(Sample { hash: place.hash, sort: place.sort.clone() });
            }
        }
        let start = u128::from(self.starts[at]);
        let end = self.starts.get(at + 1).map_or(1 << 64, |end| u128::from(*end));
        let rest = SAMPLES - samples.len();
        for number in 0..rest as u128 {
            let offset = (end - start) * (2 * number + 1) / (2 * rest as u128);
            samples.push(Sample { hash: (start + offset) as u64, sort: None });
        }
        self.list[at].heat.remember(samples);
    }

    /// Notes how much larger what a partition stores becomes; more than it holds is split. To be called from the last to the first:
    /// those behind it get other numbers.
    pub fn grow_at(&mut self, at: usize, bytes: i64, model: &CapacityModel, now: Time) -> Option<CapacityEvent> {
        self.grow(at, bytes, model, now)
    }
}

impl Partition {
    fn room(&mut self, from: Time, ahead: Duration) -> Room {
        let mut units = |bucket: &mut super::TokenBucket| {
            bucket.refill(from);
            (bucket.level_in(ahead) as f64 / NANOS_PER_UNIT).max(0.0)
        };
        let mut room = Room {
            read: units(&mut self.read),
            leader_read: self.leader_read.as_mut().map_or(f64::INFINITY, &mut units),
            write: units(&mut self.write),
        };
        if let Some(allocated) = &mut self.allocated {
            let [read, write] = &mut **allocated;
            room.read = room.read.min(units(read));
            room.write = room.write.min(units(write));
        }
        room
    }

    fn flow(&mut self, until: Time, given: &Given) {
        let [read, write] = given.nanos;
        // A bucket nothing is taken from fills up when it is looked at next.
        if read > 0 {
            self.read.flow(until, read);
        }
        if write > 0 {
            self.write.flow(until, write);
        }
        if let Some(leader) = &mut self.leader_read {
            leader.flow(until, given.leader_nanos);
        }
        if let Some(allocated) = &mut self.allocated {
            allocated[0].flow(until, read);
            allocated[1].flow(until, write);
        }
        self.consumed.read += given.units[ReadWrite::Read as usize];
        self.consumed.write += given.units[ReadWrite::Write as usize];
        self.throttled_reads += given.refused[ReadWrite::Read as usize];
        self.throttled_writes += given.refused[ReadWrite::Write as usize];
    }
}
