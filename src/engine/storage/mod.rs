//! What is stored: entries in shards ordered by the hash of their partition key.
//!
//! A shard holds a contiguous range of hashes, so going through the shards in order goes through the hashes in order: the
//! order of a Scan, fixed by the seed. Nothing here knows tables, capacity or requests.

mod holds;
mod in_flight;
mod key;
mod shard;
mod view;

use std::ops::RangeInclusive;
use std::sync::Arc;

use parking_lot::{RwLock, RwLockReadGuard, RwLockWriteGuard};

pub use in_flight::{Shown, View};
pub use key::{Key, Layout, Position};
pub use shard::{PositionRange, Shard, positions};

/// Shards are chosen by this many of a hash's highest bits.
const SHARD_BITS: u32 = 6;
const SHARDS: usize = 1 << SHARD_BITS;

/// The entries of one table or index.
#[derive(Debug)]
pub struct Storage {
    layout: Arc<Layout>,
    shards: Box<[Padded]>,
}

/// A shard behind its lock, apart from its neighbours' cache lines.
#[derive(Debug)]
#[repr(align(128))]
struct Padded(RwLock<Shard>);

impl Storage {
    /// An empty storage.
    pub fn new(layout: Layout) -> Self {
        let layout = Arc::new(layout);
        let shards = (0..SHARDS).map(|_| Padded(RwLock::new(Shard::new(layout.clone())))).collect();
        Storage { layout, shards }
    }

    /// Which attributes make a key.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// How many shards there are.
    pub fn shard_count(&self) -> usize {
        self.shards.len()
    }

    /// The number of the shard that holds `hash`.
    pub const fn shard_of(hash: u64) -> usize {
        (hash >> (u64::BITS - SHARD_BITS)) as usize
    }

    /// The first hash of a shard.
    pub const fn first_hash_of(shard: usize) -> u64 {
        (shard as u64) << (u64::BITS - SHARD_BITS)
    }

    /// A shard, to be read.
    pub fn read(&self, shard: usize) -> RwLockReadGuard<'_, Shard> {
        self.shards[shard].0.read()
    }

    /// A shard, to be written.
    pub fn write(&self, shard: usize) -> RwLockWriteGuard<'_, Shard> {
        self.shards[shard].0.write()
    }

    /// The numbers of the shards that hold these hashes, in their order.
    pub fn shards_of(hashes: &RangeInclusive<u64>) -> RangeInclusive<usize> {
        Self::shard_of(*hashes.start())..=Self::shard_of(*hashes.end())
    }

    /// How many entries there are, and their size.
    pub fn items_and_bytes(&self) -> (u64, u64) {
        (0..self.shards.len())
            .map(|shard| self.read(shard).items_and_bytes())
            .fold((0, 0), |sum, shard| (sum.0 + shard.0, sum.1 + shard.1))
    }
}

#[cfg(test)]
mod tests;
