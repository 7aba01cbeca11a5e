//! Partitions: ranges of keys, each with ceilings that nothing lifts, found by a key and split by heat, by size and for more
//! throughput (facts §2). They are never merged.

mod flow;
mod heat;
mod map;
mod split;

use crate::api::{CapacityUnits, LimitKind, ReadWrite, Units};
use crate::item::{KeyTuple, KeyValue};
use crate::time::Time;

use super::bucket::TokenBucket;
use super::limits::PARTITION_DEPTH_SECONDS;
use super::model::CapacityModel;
use super::observation::PartitionView;

pub(super) use flow::{Given, Room};
pub(super) use map::Partitions;

use heat::Heat;

/// A sort key.
pub type SortKey = KeyTuple<KeyValue>;

/// Where a key lies: what partitions are ranges of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The hash of the partition key.
    pub hash: u64,
    /// The sort key, where there is one and where in an item collection the key lies matters.
    pub sort: Option<SortKey>,
}

impl Place {
    /// The place of a whole item collection, or of an item that is one.
    pub const fn of_hash(hash: u64) -> Self {
        Place { hash, sort: None }
    }
}

/// What a request asks of a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// A write.
    Write,
    /// A strongly consistent or transactional read, served by the leader.
    StrongRead,
    /// An eventually consistent read, served by any replica.
    EventualRead,
}

impl Access {
    /// Whether it reads or writes.
    #[inline]
    pub const fn kind(self) -> ReadWrite {
        match self {
            Access::Write => ReadWrite::Write,
            Access::StrongRead | Access::EventualRead => ReadWrite::Read,
        }
    }
}

/// A range of keys on a leader with two followers.
#[derive(Debug, Clone)]
pub(super) struct Partition {
    id: u32,
    parent: Option<u32>,
    created_at: Time,
    start_hash: u64,
    /// Where its range starts inside an item collection.
    start_sort: Option<SortKey>,
    read: TokenBucket,
    /// What the leader alone reads, where eventually consistent reads may go beyond it.
    leader_read: Option<TokenBucket>,
    write: TokenBucket,
    /// Its shares of the provisioned reads and writes, where capacity is not adaptive.
    allocated: Option<Box<[TokenBucket; 2]>>,
    bytes: u64,
    consumed: Units,
    throttled_reads: u64,
    throttled_writes: u64,
    /// What was consumed, and how many reads and writes were refused, when somebody last looked.
    seen: (Units, u64, u64),
    heat: Heat,
}

impl Partition {
    fn new(id: u32, parent: Option<u32>, start: Place, model: &CapacityModel, now: Time) -> Self {
        let bucket = |rate: u64| TokenBucket::new(rate, PARTITION_DEPTH_SECONDS, PARTITION_DEPTH_SECONDS, now);
        let factor = model.eventual_read_factor;
        let reads = model.partition_read_units_per_second;
        Partition {
            id,
            parent,
            created_at: now,
            start_hash: start.hash,
            start_sort: start.sort,
            read: bucket((reads as f64 * factor.max(1.0)).round() as u64),
            leader_read: (factor > 1.0).then(|| bucket(reads)),
            write: bucket(model.partition_write_units_per_second),
            allocated: None,
            bytes: 0,
            consumed: Units::default(),
            throttled_reads: 0,
            throttled_writes: 0,
            seen: Default::default(),
            heat: Heat::new(),
        }
    }

    /// Whether a request is admitted now; the error names what refuses it.
    #[inline]
    pub fn check(&mut self, access: Access, now: Time) -> Result<(), LimitKind> {
        if let Some(allocated) = &mut self.allocated
            && !allocated[access.kind() as usize].has_tokens(now)
        {
            self.count_throttle(access);
            return Err(LimitKind::ProvisionedThroughput);
        }
        let admitted = match access {
            Access::Write => self.write.has_tokens(now),
            Access::EventualRead => self.read.has_tokens(now),
            Access::StrongRead => {
                self.leader_read.as_mut().is_none_or(|leader| leader.has_tokens(now)) && self.read.has_tokens(now)
            }
        };
        if admitted {
            return Ok(());
        }
        self.count_throttle(access);
        Err(LimitKind::KeyRangeThroughput)
    }

    fn buckets_mut(&mut self) -> impl Iterator<Item = &mut TokenBucket> {
        [&mut self.read, &mut self.write].into_iter().chain(&mut self.leader_read)
    }

    /// Has what another has at hand.
    fn take_over_buckets(&mut self, other: &Partition) {
        self.read.clone_from(&other.read);
        self.leader_read.clone_from(&other.leader_read);
        self.write.clone_from(&other.write);
    }

    const fn count_throttle(&mut self, access: Access) {
        match access.kind() {
            ReadWrite::Read => self.throttled_reads += 1,
            ReadWrite::Write => self.throttled_writes += 1,
        }
    }

    /// Takes `units`, into debt where they are not there.
    #[inline]
    pub fn take(&mut self, access: Access, units: CapacityUnits) {
        if let Some(allocated) = &mut self.allocated {
            allocated[access.kind() as usize].take(units);
        }
        match access.kind() {
            ReadWrite::Read => {
                self.read.take(units);
                if let (Some(leader), Access::StrongRead) = (&mut self.leader_read, access) {
                    leader.take(units);
                }
                self.consumed.read += units;
            }
            ReadWrite::Write => {
                self.write.take(units);
                self.consumed.write += units;
            }
        }
    }

    fn view(&mut self) -> PartitionView {
        self.seen = (self.consumed, self.throttled_reads, self.throttled_writes);
        PartitionView {
            id: self.id,
            parent: self.parent,
            created_at: self.created_at,
            start_hash: self.start_hash,
            start_sort_key: self.start_sort.as_ref().map(text_of),
            bytes: self.bytes,
            read_ceiling_units_per_second: self.read.rate_units_per_second(),
            write_ceiling_units_per_second: self.write.rate_units_per_second(),
            consumed: self.consumed,
            throttled_reads: self.throttled_reads,
            throttled_writes: self.throttled_writes,
        }
    }
}

/// A sort key as people read it.
fn text_of(sort: &SortKey) -> String {
    let text = |value: &KeyValue| match value {
        KeyValue::S(text) => text.to_string(),
        KeyValue::N(number) => number.to_string(),
        KeyValue::B(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    };
    sort.as_slice().iter().map(text).collect::<Vec<_>>().join(", ")
}
