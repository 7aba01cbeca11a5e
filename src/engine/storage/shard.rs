//! One shard: item collections by the hash of their partition key, for look-ups and in order.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Bound, ControlFlow, RangeInclusive};
use std::sync::Arc;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry as HashEntry;

use crate::item::{Item, KeyValue};

use super::key::{Key, KeyRef, Layout, Position, Tie};

/// A stored item or index entry with its size.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The item; an index that projects all attributes shares it with the table.
    pub item: Arc<Item>,
    /// Its size (facts §1.5).
    pub size_bytes: u32,
}

impl Entry {
    /// An entry of this item.
    pub fn new(item: Arc<Item>) -> Self {
        let size_bytes = u32::try_from(item.size_bytes()).unwrap_or(u32::MAX);
        Entry { item, size_bytes }
    }

    /// The size as capacity is computed from it.
    pub const fn bytes(&self) -> u64 {
        self.size_bytes as u64
    }
}

/// A range of places in an item collection.
pub type PositionRange = (Bound<Position>, Bound<Position>);

/// The item collections of one range of hashes.
///
/// Look-ups go through the hash table alone; the ordered set of hashes is touched only when a collection comes or goes, and
/// by scans (shape and figures: `benches/engine.rs`).
#[derive(Debug)]
pub struct Shard {
    layout: Arc<Layout>,
    slots: HashTable<Slot>,
    hashes: BTreeSet<u64>,
    /// When items expire: epoch seconds, hash, place. Empty unless the table has a time-to-live attribute.
    expiries: BTreeSet<(u64, u64, Position)>,
    items: u64,
    bytes: u64,
}

#[derive(Debug)]
struct Slot {
    hash: u64,
    partition: KeyValue,
    collection: Collection,
}

#[derive(Debug)]
enum Collection {
    /// A lone entry, in place; its position is read from the item where it is needed.
    Lone(Entry),
    /// Entries by position; never empty.
    Many(BTreeMap<Position, Entry>),
}

impl Shard {
    /// An empty shard.
    pub fn new(layout: Arc<Layout>) -> Self {
        Shard {
            layout,
            slots: HashTable::new(),
            hashes: BTreeSet::new(),
            expiries: BTreeSet::new(),
            items: 0,
            bytes: 0,
        }
    }

    /// How many entries there are, and their size.
    pub const fn items_and_bytes(&self) -> (u64, u64) {
        (self.items, self.bytes)
    }

    /// The entry with this key.
    pub fn get(&self, key: &Key<'_>) -> Option<&Entry> {
        match &self.slot(key.hash, key.partition)?.collection {
            Collection::Lone(entry) => self.is_at(entry, &key.position).then_some(entry),
            Collection::Many(entries) => entries.get(&key.position),
        }
    }

    /// Stores an entry and returns the one it replaces.
    pub fn put(&mut self, key: Key<'_>, entry: Entry) -> Option<Entry> {
        let bytes = entry.bytes();
        let old = self.put_entry(key, entry);
        self.bytes += bytes;
        match &old {
            Some(old) => self.bytes -= old.bytes(),
            None => self.items += 1,
        }
        old
    }

    fn put_entry(&mut self, key: Key<'_>, entry: Entry) -> Option<Entry> {
        let is_slot = |slot: &Slot| slot.hash == key.hash && KeyRef::from(&slot.partition) == key.partition;
        let slot = match self.slots.entry(table_hash(key.hash), is_slot, |slot| table_hash(slot.hash)) {
            HashEntry::Occupied(occupied) => occupied.into_mut(),
            HashEntry::Vacant(vacant) => {
                let partition = key.partition.to_owned();
                vacant.insert(Slot { hash: key.hash, partition, collection: Collection::Lone(entry) });
                self.hashes.insert(key.hash);
                return None;
            }
        };
        match &mut slot.collection {
            Collection::Many(entries) => entries.insert(key.position, entry),
            Collection::Lone(lone) if self.layout.is_single() => Some(std::mem::replace(lone, entry)),
            Collection::Lone(lone) => match self.layout.position_of(&lone.item) {
                Some(position) if position != key.position => {
                    let entries = BTreeMap::from([(position, lone.clone()), (key.position, entry)]);
                    slot.collection = Collection::Many(entries);
                    None
                }
                _ => Some(std::mem::replace(lone, entry)),
            },
        }
    }

    /// Removes the entry with this key and returns it.
    pub fn remove(&mut self, key: &Key<'_>) -> Option<Entry> {
        let is_slot = |slot: &Slot| slot.hash == key.hash && KeyRef::from(&slot.partition) == key.partition;
        let mut occupied = self.slots.find_entry(table_hash(key.hash), is_slot).ok()?;
        let old = match &mut occupied.get_mut().collection {
            Collection::Many(entries) if entries.len() > 1 => entries.remove(&key.position)?,
            Collection::Many(entries) => {
                let old = entries.remove(&key.position)?;
                occupied.remove();
                self.forget_hash(key.hash);
                old
            }
            Collection::Lone(lone) => {
                let here =
                    self.layout.is_single() || self.layout.position_of(&lone.item).as_ref() == Some(&key.position);
                if !here {
                    return None;
                }
                let old = lone.clone();
                occupied.remove();
                self.forget_hash(key.hash);
                old
            }
        };
        self.items -= 1;
        self.bytes -= old.bytes();
        Some(old)
    }

    /// Shows the entries of one collection within a range of places, in ascending or descending order.
    pub fn visit_collection(
        &self,
        hash: u64,
        partition: KeyRef<'_>,
        range: &PositionRange,
        ascending: bool,
        visit: &mut impl FnMut(&Entry) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        match self.slot(hash, partition) {
            Some(slot) => self.visit_slot(slot, range, ascending, visit),
            None => ControlFlow::Continue(()),
        }
    }

    /// Shows all entries with hashes within a range, in the order of a Scan: by hash, partition key and place. `after` is a
    /// key to start behind, whether or not there is an entry with it.
    pub fn visit_hashes(
        &self,
        hashes: RangeInclusive<u64>,
        after: Option<&Key<'_>>,
        visit: &mut impl FnMut(&Entry) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        const EVERYWHERE: PositionRange = (Bound::Unbounded, Bound::Unbounded);
        if hashes.is_empty() {
            return ControlFlow::Continue(());
        }
        for &hash in self.hashes.range(hashes) {
            let mut slots = self.slots.iter_hash(table_hash(hash)).filter(|slot| slot.hash == hash);
            let after = after.filter(|after| after.hash == hash);
            // Nearly always one slot has the hash, and no vector is needed.
            let (first, second) = (slots.next(), slots.next());
            if let (Some(slot), None, None) = (first, second, after) {
                self.visit_slot(slot, &EVERYWHERE, true, visit)?;
                continue;
            }
            let mut slots: Vec<&Slot> = first.into_iter().chain(second).chain(slots).collect();
            slots.sort_unstable_by(|left, right| left.partition.cmp(&right.partition));
            for slot in slots {
                let partition = KeyRef::from(&slot.partition);
                match after {
                    Some(after) if partition < after.partition => {}
                    Some(after) if partition == after.partition => {
                        let range = (Bound::Excluded(after.position.clone()), Bound::Unbounded);
                        self.visit_slot(slot, &range, true, visit)?;
                    }
                    _ => self.visit_slot(slot, &EVERYWHERE, true, visit)?,
                }
            }
        }
        ControlFlow::Continue(())
    }

    /// Remembers when the item with this key expires, in epoch seconds.
    pub fn remember_expiry(&mut self, expires_seconds: u64, key: &Key<'_>) {
        self.expiries.insert((expires_seconds, key.hash, key.position.clone()));
    }

    /// Forgets when the item with this key expires.
    pub fn forget_expiry(&mut self, expires_seconds: u64, key: &Key<'_>) {
        // Another item with the same hash, place and second is possible in principle; it would only live on.
        self.expiries.remove(&(expires_seconds, key.hash, key.position.clone()));
    }

    /// Takes the next expiry that is due off the list: the items it may be about, which the caller checks again.
    pub fn next_expired(&mut self, due_seconds: u64) -> Option<Vec<Arc<Item>>> {
        if self.expiries.first()?.0 > due_seconds {
            return None;
        }
        let (_, hash, position) = self.expiries.pop_first()?;
        let mut items = Vec::new();
        for slot in self.slots.iter_hash(table_hash(hash)).filter(|slot| slot.hash == hash) {
            let key = Key { hash, partition: KeyRef::from(&slot.partition), position: position.clone() };
            items.extend(self.get(&key).map(|entry| entry.item.clone()));
        }
        Some(items)
    }

    fn slot(&self, hash: u64, partition: KeyRef<'_>) -> Option<&Slot> {
        self.slots.find(table_hash(hash), |slot| slot.hash == hash && KeyRef::from(&slot.partition) == partition)
    }

    fn is_at(&self, lone: &Entry, position: &Position) -> bool {
        self.layout.is_single() || self.layout.position_of(&lone.item).as_ref() == Some(position)
    }

    fn visit_slot(
        &self,
        slot: &Slot,
        range: &PositionRange,
        ascending: bool,
        visit: &mut impl FnMut(&Entry) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        match &slot.collection {
            Collection::Lone(entry) => {
                let everywhere = matches!(range, (Bound::Unbounded, Bound::Unbounded));
                let inside = everywhere
                    || self.layout.position_of(&entry.item).is_some_and(|position| contains(range, &position));
                if inside { visit(entry) } else { ControlFlow::Continue(()) }
            }
            Collection::Many(_) if is_empty(range) => ControlFlow::Continue(()),
            Collection::Many(entries) => {
                let mut inside = entries.range((range.0.as_ref(), range.1.as_ref())).map(|(_, entry)| entry);
                if ascending { inside.try_for_each(visit) } else { inside.rev().try_for_each(visit) }
            }
        }
    }

    /// A collection is gone: its hash goes too, unless another one shares it.
    fn forget_hash(&mut self, hash: u64) {
        if !self.slots.iter_hash(table_hash(hash)).any(|slot| slot.hash == hash) {
            self.hashes.remove(&hash);
        }
    }
}

/// The shard is chosen by the hash's highest bits; the hash table tells slots apart by its highest and finds them by its
/// lowest bits, so it gets them turned around.
const fn table_hash(hash: u64) -> u64 {
    hash.rotate_left(32)
}

fn contains(range: &PositionRange, position: &Position) -> bool {
    let after_start = match &range.0 {
        Bound::Unbounded => true,
        Bound::Included(start) => position >= start,
        Bound::Excluded(start) => position > start,
    };
    let before_end = match &range.1 {
        Bound::Unbounded => true,
        Bound::Included(end) => position <= end,
        Bound::Excluded(end) => position < end,
    };
    after_start && before_end
}

/// Whether a range has no place inside; `BTreeMap::range` takes none that ends before it starts.
fn is_empty(range: &PositionRange) -> bool {
    match (&range.0, &range.1) {
        (Bound::Unbounded, _) | (_, Bound::Unbounded) => false,
        (Bound::Included(start), Bound::Included(end)) => start > end,
        (Bound::Included(start) | Bound::Excluded(start), Bound::Included(end) | Bound::Excluded(end)) => start >= end,
    }
}

/// The places that a range of sort keys covers, with all entries that share a sort key.
pub fn positions(sort_keys: (Bound<KeyValue>, Bound<KeyValue>)) -> PositionRange {
    let at = |key: KeyValue, tie: Tie| Position { sort: Some(key), tie };
    let start = match sort_keys.0 {
        Bound::Unbounded => Bound::Unbounded,
        Bound::Included(key) => Bound::Included(at(key, Tie::Before)),
        Bound::Excluded(key) => Bound::Excluded(at(key, Tie::After)),
    };
    let end = match sort_keys.1 {
        Bound::Unbounded => Bound::Unbounded,
        Bound::Included(key) => Bound::Included(at(key, Tie::After)),
        Bound::Excluded(key) => Bound::Excluded(at(key, Tie::Before)),
    };
    (start, end)
}
