//! Item collections of tables with local secondary indexes: their sizes, and the limit on them (facts §2.1, §10.4).
//!
//! A collection is the items with one partition key and their entries in local secondary indexes. All of them are written
//! under the lock of the shard of the items, so whoever holds it reads a size that stays.

use crate::api::{ApiError, ErrorKind, ItemCollectionMetrics};
use crate::item::{KeyTuple, ScalarRef};

use super::index::LocalIndex;
use super::storage::{Key, Shard, Storage};
use super::table::{Change, Table};
use super::write::{Decision, Rejection, Write};

/// A collection as it will be once some writes are made.
#[derive(Debug, Clone)]
pub struct Collection<'k> {
    partition: KeyTuple<ScalarRef<'k>>,
    bytes: u64,
    growth_bytes: i64,
    max_bytes: u64,
}

impl Table {
    /// The collection of the item with this key after a change of it; none in tables without local indexes.
    pub fn collection_after<'k>(&self, shard: &Shard, key: &Key<'k>, change: &Change) -> Option<Collection<'k>> {
        if self.local_indexes.is_empty() {
            return None;
        }
        let (hash, partition) = (key.hash, &key.partition);
        // Entries have the partition key of their items, so they have its hash.
        let entries_bytes =
            |local: &LocalIndex| local.index.entries.read(Storage::shard_of(hash)).collection_bytes(hash, partition);
        let before =
            shard.collection_bytes(hash, partition) + self.local_indexes.iter().map(entries_bytes).sum::<u64>();
        let max_bytes = self.item_collection_max_bytes;
        let mut collection = Collection { partition: partition.clone(), bytes: before, growth_bytes: 0, max_bytes };
        collection.change(change);
        Some(collection)
    }
}

impl Collection<'_> {
    /// Adds another change of one of its items.
    fn change(&mut self, change: &Change) {
        let growth = change.collection_growth_bytes();
        self.growth_bytes += growth;
        self.bytes = self.bytes.saturating_add_signed(growth);
    }

    /// Refuses to let it grow beyond the limit; one that is beyond it may shrink. What that costs is unpublished: here, nothing.
    pub fn check(&self) -> Result<(), ApiError> {
        if self.growth_bytes > 0 && self.bytes > self.max_bytes {
            return Err(ApiError::new(ErrorKind::ItemCollectionSizeLimitExceeded, "Collection size exceeded."));
        }
        Ok(())
    }

    /// The collection as the response reports it.
    pub fn metrics(&self, table: &Table) -> ItemCollectionMetrics {
        let names = table.key().partition_attributes().iter().map(|attribute| (&*attribute.name).into());
        let values = self.partition.as_slice().iter().map(|value| value.to_key_value().into());
        ItemCollectionMetrics {
            table_name: table.definition.name.clone(),
            key: names.zip(values).collect(),
            size_bytes: self.bytes,
        }
    }
}

/// The collections that writes made together change, each once, in the order of the writes; writes that would make one too
/// large become rejections. `shard_of` finds the locked shard of a write.
///
/// The writes of a transaction count together: one that deletes makes room for one that puts.
pub fn of_writes<'s>(
    writes: &[Write<'_>],
    decisions: &mut [Result<Decision, Rejection>],
    shard_of: impl Fn(&Write<'_>) -> &'s Shard,
) -> Vec<ItemCollectionMetrics> {
    let mut changing: Vec<usize> = (0..writes.len())
        .filter(|at| {
            let changes = decisions[*at].as_ref().is_ok_and(|decision| decision.change.is_some());
            changes && !writes[*at].table.local_indexes.is_empty()
        })
        .collect();
    let place = |at: usize| (writes[at].table.id, writes[at].key.hash, &writes[at].key.partition);
    changing.sort_by(|left, right| place(*left).cmp(&place(*right)));

    let mut metrics = Vec::new();
    for group in changing.chunk_by(|left, right| place(*left) == place(*right)) {
        let mut collection: Option<Collection<'_>> = None;
        for at in group {
            let Ok(Decision { change: Some(change), .. }) = &decisions[*at] else { continue };
            let write = &writes[*at];
            match &mut collection {
                Some(collection) => collection.change(change),
                None => collection = write.table.collection_after(shard_of(write), &write.key, change),
            }
        }
        let (Some(first), Some(collection)) = (group.first(), collection) else { continue };
        metrics.push((*first, collection.metrics(writes[*first].table)));
        let Err(error) = collection.check() else { continue };
        for at in group {
            let grows = |change: &Change| change.collection_growth_bytes() > 0;
            if decisions[*at].as_ref().is_ok_and(|decision| decision.change.as_ref().is_some_and(grows)) {
                decisions[*at] = Err(Rejection { error: error.clone(), charged_bytes: None });
            }
        }
    }
    metrics.sort_unstable_by_key(|(first, _)| *first);
    metrics.into_iter().map(|(_, metrics)| metrics).collect()
}
