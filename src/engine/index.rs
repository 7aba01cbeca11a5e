//! Secondary indexes: which entry an item has in an index, and what changing it costs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::api::{CapacityUnits, IndexName, KeySchema, Projection, ReadWrite, Units};
use crate::capacity::{Place, SortKey, Throughput};
use crate::item::{KeyTuple, KeyValue, PackedItem, ScalarRef};
use crate::replication::REPLICAS;
use crate::time::Time;

use super::control::IndexControl;
use super::replicas::Replicas;
use super::rules::has_index_key;
use super::storage::{Key, Layout, Position, Shard, Shown, Storage};

/// The entries of a secondary index and the rule that makes them.
#[derive(Debug)]
pub struct Index {
    pub name: IndexName,
    pub key: KeySchema,
    /// The attributes an entry holds, sorted; `None` means all.
    attributes: Option<Box<[Arc<str>]>>,
    pub entries: Storage,
}

/// An index with capacity of its own.
#[derive(Debug)]
pub struct GlobalIndex {
    pub index: Index,
    pub throughput: Throughput,
    pub control: IndexControl,
    /// Its replicas, where anything about them is modelled.
    pub replicas: Option<Box<Replicas>>,
}

/// An index on the table's capacity, which it counts its share of.
#[derive(Debug)]
pub struct LocalIndex {
    pub index: Index,
    consumed_read_halves: AtomicU64,
    consumed_write_halves: AtomicU64,
}

impl GlobalIndex {
    /// Tells partitions how much larger they become by a change nobody pays for.
    pub fn note_growth(&self, now: Time, change: &IndexChange) {
        if !self.throughput.is_limited() {
            return;
        }
        for charge in change.charges() {
            if let Some((hash, sort)) = self.index.charged_key(change, charge) {
                self.throughput.store(now, &Place { hash, sort }, charge.growth_bytes);
            }
        }
    }
}

impl Index {
    /// An empty index of a table with `table_key`.
    pub fn new(name: IndexName, key: KeySchema, projection: &Projection, table_key: &KeySchema, seed: u64) -> Self {
        let named: &[Arc<str>] = match projection {
            Projection::All | Projection::KeysOnly => &[],
            Projection::Include(names) => names,
        };
        let attributes = (*projection != Projection::All).then(|| {
            let keys = key.attributes().chain(table_key.attributes()).map(|attribute| &attribute.name);
            let mut attributes: Vec<Arc<str>> = keys.chain(named).cloned().collect();
            attributes.sort_unstable();
            attributes.dedup();
            attributes.into_boxed_slice()
        });
        let entries = Storage::new(Layout::of_index(&key, table_key, seed));
        Index { name, key, attributes, entries }
    }

    /// Whether entries hold every attribute of their items.
    pub const fn projects_all(&self) -> bool {
        self.attributes.is_none()
    }

    /// Whether entries hold the attribute `name`.
    pub fn projects(&self, name: &str) -> bool {
        match &self.attributes {
            None => true,
            Some(attributes) => attributes.binary_search_by(|known| (**known).cmp(name)).is_ok(),
        }
    }

    /// How a change of an item changes the index; `None` where the index stays as it is.
    pub fn change(&self, old: Option<&PackedItem>, new: Option<&PackedItem>) -> Option<IndexChange> {
        let old = old.filter(|old| self.holds(old));
        let new = new.filter(|new| self.holds(new));
        let stays = matches!((old, new), (Some(old), Some(new)) if self.same_key(old, new));
        if stays && self.same_entry(old?, new?) {
            return None;
        }
        let bytes = [old, new].map(|item| item.map(|item| self.projected_bytes(item)));
        let charge = |of: ChargeOf, bytes: u64, growth_bytes: i64| {
            Some(IndexCharge { of, units: CapacityUnits::for_write(bytes), growth_bytes })
        };
        let charges = match bytes {
            [None, None] => return None,
            [None, Some(bytes)] => [None, charge(ChargeOf::Put, bytes, bytes as i64)],
            [Some(bytes), None] => [charge(ChargeOf::Removal, bytes, -(bytes as i64)), None],
            [Some(old), Some(new)] if stays => [None, charge(ChargeOf::Put, old.max(new), new as i64 - old as i64)],
            [Some(old), Some(new)] => {
                [charge(ChargeOf::Removal, old, -(old as i64)), charge(ChargeOf::Put, new, new as i64)]
            }
        };
        let removed = old.filter(|_| !stays).and_then(|old| self.entries.layout().key_of(old)).map(|key| Removed {
            hash: key.hash,
            partition: key.partition.map(|value| value.to_key_value()),
            position: key.position,
        });
        let put = new.map(|new| self.project(new));
        Some(IndexChange { removed, put, charges })
    }

    /// Brings the index in line with the item. The caller holds the lock on the item's shard, so that changes of one item
    /// reach the index in their order; of the index one shard is locked at a time.
    pub fn apply(&self, change: IndexChange) {
        self.apply_shown(change, |_, _| {});
    }

    /// [`Index::apply`] of a change at `now` that replicas show later: from the moments `visible_from` tells for a hash.
    pub fn apply_from(
        &self,
        change: IndexChange,
        now: Time,
        mut visible_from: impl FnMut(u64) -> Option<[Time; REPLICAS]>,
    ) {
        self.apply_shown(change, |shard, key| {
            if let Some(visible_from) = visible_from(key.hash) {
                let before = shard.get(key).cloned();
                shard.in_flight.remember(key, before, now, Shown::by_replica(visible_from));
            }
        });
    }

    fn apply_shown(&self, change: IndexChange, mut remember: impl FnMut(&mut Shard, &Key<'_>)) {
        if let Some(Removed { hash, partition, position }) = change.removed {
            let key = Key { hash, partition: partition.map(ScalarRef::from), position };
            let mut shard = self.entries.write(Storage::shard_of(hash));
            remember(&mut shard, &key);
            let left = shard.remove(&key);
            drop(shard);
            drop(left);
        }
        if let Some(put) = change.put {
            let entry = put.clone();
            if let Some(key) = self.entries.layout().key_of(&put) {
                let mut shard = self.entries.write(Storage::shard_of(key.hash));
                remember(&mut shard, &key);
                let left = shard.put(key, entry);
                drop(shard);
                drop(left);
            }
        }
    }

    /// The hash and the sort key of the entry that a write of a change is about.
    pub fn charged_key(&self, change: &IndexChange, charge: &IndexCharge) -> Option<(u64, Option<SortKey>)> {
        match charge.of {
            ChargeOf::Removal => change.removed.as_ref().map(|removed| (removed.hash, removed.position.sort.clone())),
            ChargeOf::Put => {
                let key = self.entries.layout().key_of(change.put.as_ref()?)?;
                Some((key.hash, key.position.sort))
            }
        }
    }

    /// Whether an item has an entry: its attributes fit the key, but for items that were there before the index.
    fn holds(&self, stored: &PackedItem) -> bool {
        has_index_key(&self.key, stored)
    }

    /// What the index holds of an item.
    fn project(&self, stored: &PackedItem) -> PackedItem {
        match &self.attributes {
            None => stored.clone(),
            Some(attributes) => stored.only(attributes.iter().map(|name| &**name)),
        }
    }

    /// The size of the entry an item has in the index; none unless it has the index's key attributes.
    pub fn entry_bytes(&self, stored: &PackedItem) -> Option<u64> {
        self.holds(stored).then(|| self.projected_bytes(stored))
    }

    /// The size of what the index holds of an item.
    fn projected_bytes(&self, stored: &PackedItem) -> u64 {
        let bytes = match &self.attributes {
            None => stored.size_bytes(),
            Some(attributes) => {
                let bytes = |name: &Arc<str>| stored.get(name).map_or(0, |value| name.len() + value.size_bytes());
                attributes.iter().map(bytes).sum()
            }
        };
        bytes as u64
    }

    fn same_key(&self, old: &PackedItem, new: &PackedItem) -> bool {
        self.key.attributes().all(|attribute| old.get(&attribute.name) == new.get(&attribute.name))
    }

    fn same_entry(&self, old: &PackedItem, new: &PackedItem) -> bool {
        match &self.attributes {
            None => old == new,
            Some(attributes) => attributes.iter().all(|name| old.get(name) == new.get(name)),
        }
    }
}

impl LocalIndex {
    /// An index that has consumed nothing.
    pub const fn new(index: Index) -> Self {
        LocalIndex { index, consumed_read_halves: AtomicU64::new(0), consumed_write_halves: AtomicU64::new(0) }
    }

    /// Counts units the table admitted for the index.
    pub fn count(&self, access: ReadWrite, units: CapacityUnits) {
        let halves = match access {
            ReadWrite::Read => &self.consumed_read_halves,
            ReadWrite::Write => &self.consumed_write_halves,
        };
        halves.fetch_add(units.as_halves(), Ordering::Relaxed);
    }

    /// All units ever consumed.
    pub fn consumed(&self) -> Units {
        let units = |halves: &AtomicU64| CapacityUnits::halves(halves.load(Ordering::Relaxed));
        Units { read: units(&self.consumed_read_halves), write: units(&self.consumed_write_halves) }
    }
}

/// What becomes of one item's entry in one index, and its cost in write units (facts §1.3).
#[derive(Debug)]
pub struct IndexChange {
    removed: Option<Removed>,
    put: Option<PackedItem>,
    charges: [Option<IndexCharge>; 2],
}

/// What one write to an index costs.
#[derive(Debug, Clone, Copy)]
pub struct IndexCharge {
    of: ChargeOf,
    pub units: CapacityUnits,
    /// How much larger what is stored there becomes; negative where it becomes smaller.
    pub growth_bytes: i64,
}

#[derive(Debug, Clone, Copy)]
enum ChargeOf {
    Removal,
    Put,
}

impl IndexChange {
    /// Its writes: a deletion, a put, or both where the key changes.
    pub fn charges(&self) -> impl Iterator<Item = &IndexCharge> {
        self.charges.iter().flatten()
    }

    /// The units of all its writes.
    pub fn units(&self) -> CapacityUnits {
        self.charges().map(|charge| charge.units).sum()
    }

    /// How much larger the index becomes; negative where it becomes smaller.
    pub fn growth_bytes(&self) -> i64 {
        self.charges().map(|charge| charge.growth_bytes).sum()
    }
}

/// The key of an entry that goes away.
#[derive(Debug)]
struct Removed {
    hash: u64,
    partition: KeyTuple<KeyValue>,
    position: Position,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::KeyAttribute;
    use crate::item::{AttributeValue, Item, ScalarType};

    fn key(partition: &str) -> KeySchema {
        KeySchema::new(KeyAttribute { name: partition.into(), scalar_type: ScalarType::S }, None)
    }

    fn entry(attributes: &[(&str, &str)]) -> PackedItem {
        let attribute = |&(name, text): &(&str, &str)| (name.into(), AttributeValue::string(text));
        attributes.iter().map(attribute).collect::<Item>().into()
    }

    #[test]
    fn the_six_cases_of_an_index_write() {
        let projection = Projection::Include(vec!["seen".into()]);
        let index = Index::new("by_owner".into(), key("owner"), &projection, &key("id"), 0);
        let units = |old: Option<&PackedItem>, new: Option<&PackedItem>| {
            index.change(old, new).map_or(0.0, |c| c.units().as_f64())
        };
        let outside = entry(&[("id", "1"), ("seen", "x")]);
        let ann = entry(&[("id", "1"), ("owner", "ann"), ("seen", "x")]);
        let bob = entry(&[("id", "1"), ("owner", "bob"), ("seen", "x")]);
        let seen = entry(&[("id", "1"), ("owner", "ann"), ("seen", "y")]);
        let unseen = entry(&[("id", "1"), ("owner", "ann"), ("seen", "x"), ("other", "z")]);
        assert_eq!(units(Some(&outside), Some(&ann)), 1.0);
        assert_eq!(units(None, Some(&ann)), 1.0);
        assert_eq!(units(Some(&ann), Some(&bob)), 2.0);
        assert_eq!(units(Some(&ann), Some(&outside)), 1.0);
        assert_eq!(units(Some(&ann), None), 1.0);
        assert_eq!(units(Some(&outside), Some(&outside)), 0.0);
        assert_eq!(units(Some(&ann), Some(&seen)), 1.0);
        assert_eq!(units(Some(&ann), Some(&unseen)), 0.0);
    }

    #[test]
    fn deletes_cost_by_the_old_entry_puts_by_the_new_updates_by_the_larger() {
        let index = Index::new("by_owner".into(), key("owner"), &Projection::All, &key("id"), 0);
        let of = |owner: &str, kilobytes: usize| {
            entry(&[("id", "1"), ("owner", owner), ("text", &"x".repeat(kilobytes * 1024 - 30))])
        };
        let units = |old: Option<PackedItem>, new: Option<PackedItem>| {
            index.change(old.as_ref(), new.as_ref()).map_or(0.0, |change| change.units().as_f64())
        };
        assert_eq!(units(Some(of("ann", 5)), None), 5.0);
        assert_eq!(units(None, Some(of("ann", 3))), 3.0);
        assert_eq!(units(Some(of("ann", 5)), Some(of("bob", 3))), 8.0);
        assert_eq!(units(Some(of("ann", 5)), Some(of("ann", 3))), 5.0);
    }

    #[test]
    fn an_index_of_all_attributes_shares_the_item() {
        let index = Index::new("by_owner".into(), key("owner"), &Projection::All, &key("id"), 0);
        let stored = entry(&[("id", "1"), ("owner", "ann")]);
        assert!(index.change(None, Some(&stored)).unwrap().put.unwrap().is_shared_with(&stored));
        assert!(index.projects("anything") && index.projects_all());
    }
}
