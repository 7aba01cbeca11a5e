//! Secondary indexes: which entry an item has in an index, and what changing it costs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::api::{CapacityUnits, IndexName, KeySchema, Projection, ReadWrite, Units};
use crate::capacity::Throughput;
use crate::item::Item;

use super::storage::{Entry, Layout, Storage, key_attribute};

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
}

/// An index on the table's capacity, which it counts its share of.
#[derive(Debug)]
pub struct LocalIndex {
    pub index: Index,
    consumed_read_halves: AtomicU64,
    consumed_write_halves: AtomicU64,
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

    /// The entry an item has in the index; none unless it has the index's key attributes.
    pub fn entry_of(&self, stored: &Entry) -> Option<Entry> {
        let has = |name: &Arc<str>| key_attribute(&stored.item, name).is_some();
        if !self.key.attributes().all(|attribute| has(&attribute.name)) {
            return None;
        }
        let Some(attributes) = &self.attributes else {
            return Some(stored.clone());
        };
        let held = |name: &Arc<str>| Some(((&**name).into(), stored.item.get(name)?.clone()));
        let item: Item = attributes.iter().filter_map(held).collect();
        Some(Entry::new(Arc::new(item)))
    }

    /// How a change of an item changes the index; `None` where the index stays as it is.
    pub fn change(&self, old: Option<&Entry>, new: Option<&Entry>) -> Option<IndexChange> {
        let old = old.and_then(|old| self.entry_of(old));
        let new = new.and_then(|new| self.entry_of(new));
        let units = match (&old, &new) {
            (None, None) => return None,
            (None, Some(entry)) | (Some(entry), None) => CapacityUnits::for_write(entry.bytes()),
            (Some(old), Some(new)) if !self.same_key(old, new) => {
                CapacityUnits::for_write(old.bytes()) + CapacityUnits::for_write(new.bytes())
            }
            (Some(old), Some(new)) if old.item == new.item => return None,
            (Some(old), Some(new)) => CapacityUnits::for_write(old.bytes().max(new.bytes())),
        };
        Some(IndexChange { old, new, units })
    }

    /// Brings the index in line with the item. The caller holds the lock on the item's shard, so that changes of one item
    /// reach the index in their order; of the index one shard is locked at a time.
    pub fn apply(&self, change: IndexChange) {
        let layout = self.entries.layout();
        let replaced_in_place = match (&change.old, &change.new) {
            (Some(old), Some(new)) => self.same_key(old, new),
            _ => false,
        };
        if let Some(old) = change.old.filter(|_| !replaced_in_place)
            && let Some(key) = layout.key_of(&old.item)
        {
            self.entries.write(Storage::shard_of(key.hash)).remove(&key);
        }
        if let Some(new) = change.new {
            let item = new.item.clone();
            if let Some(key) = layout.key_of(&item) {
                self.entries.write(Storage::shard_of(key.hash)).put(key, new);
            }
        }
    }

    fn same_key(&self, old: &Entry, new: &Entry) -> bool {
        self.key.attributes().all(|attribute| old.item.get(&attribute.name) == new.item.get(&attribute.name))
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
    old: Option<Entry>,
    new: Option<Entry>,
    pub units: CapacityUnits,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::KeyAttribute;
    use crate::item::{AttributeValue, ScalarType};

    fn key(partition: &str) -> KeySchema {
        KeySchema { partition: KeyAttribute { name: partition.into(), scalar_type: ScalarType::S }, sort: None }
    }

    fn entry(attributes: &[(&str, &str)]) -> Entry {
        let attribute = |&(name, text): &(&str, &str)| (name.into(), AttributeValue::string(text));
        Entry::new(Arc::new(attributes.iter().map(attribute).collect()))
    }

    #[test]
    fn the_six_cases_of_an_index_write() {
        let projection = Projection::Include(vec!["seen".into()]);
        let index = Index::new("by_owner".into(), key("owner"), &projection, &key("id"), 0);
        let units = |old: Option<&Entry>, new: Option<&Entry>| index.change(old, new).map_or(0.0, |c| c.units.as_f64());
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
        let units = |old: Option<Entry>, new: Option<Entry>| {
            index.change(old.as_ref(), new.as_ref()).map_or(0.0, |change| change.units.as_f64())
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
        assert!(Arc::ptr_eq(&index.entry_of(&stored).unwrap().item, &stored.item));
        assert!(index.projects("anything") && index.projects_all());
    }
}
