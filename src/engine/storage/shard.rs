//! One shard: item collections by the hash of their partition key, for look-ups and in order.

use std::cmp::Ordering;
use std::collections::btree_map::Entry as TreeEntry;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Bound, ControlFlow, RangeInclusive};
use std::sync::Arc;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry as HashEntry;
use smallvec::SmallVec;

use crate::item::{KeyTuple, KeyValue, PackedItem, ScalarRef};

use super::holds::Holds;
use super::in_flight::InFlight;
use super::key::{Key, Layout, Position, Tie};

/// A range of places in an item collection.
pub type PositionRange = (Bound<Position>, Bound<Position>);

const EVERYWHERE: PositionRange = (Bound::Unbounded, Bound::Unbounded);
/// Collections a scan looks up at a time.
const SCAN_BATCH: usize = 16;

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
    /// The items that transactions hold.
    pub holds: Holds,
    /// The writes that some replica does not show yet.
    pub in_flight: InFlight,
    items: u64,
    bytes: u64,
}

/// An item collection.
#[derive(Debug)]
struct Slot {
    hash: u64,
    collection: Collection,
}

#[derive(Debug)]
enum Collection {
    /// A lone entry, in place; its key is read from the item where it is needed.
    Lone(PackedItem),
    Many(Box<Many>),
}

/// Entries by position; never empty.
#[derive(Debug)]
struct Many {
    partition: KeyTuple<KeyValue>,
    entries: BTreeMap<Position, PackedItem>,
    /// The size of all entries.
    bytes: u64,
}

impl Shard {
    /// An empty shard.
    pub fn new(layout: Arc<Layout>) -> Self {
        Shard {
            layout,
            slots: HashTable::new(),
            hashes: BTreeSet::new(),
            expiries: BTreeSet::new(),
            holds: Holds::default(),
            in_flight: InFlight::default(),
            items: 0,
            bytes: 0,
        }
    }

    /// Which attributes make a key.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// How many entries there are, and their size.
    pub const fn items_and_bytes(&self) -> (u64, u64) {
        (self.items, self.bytes)
    }

    /// The size of all entries of one collection. Takes no longer for many than for one.
    pub fn collection_bytes(&self, hash: u64, partition: &KeyTuple<ScalarRef<'_>>) -> u64 {
        match self.slot(hash, partition).map(|slot| &slot.collection) {
            None => 0,
            Some(Collection::Lone(entry)) => entry.size_bytes() as u64,
            Some(Collection::Many(many)) => many.bytes,
        }
    }

    /// The entry with this key.
    pub fn get(&self, key: &Key<'_>) -> Option<&PackedItem> {
        match &self.slot(key.hash, &key.partition)?.collection {
            Collection::Lone(entry) => self.is_at(entry, &key.position).then_some(entry),
            Collection::Many(many) => many.entries.get(&key.position),
        }
    }

    /// Stores an entry. Returns what is no longer needed, where it replaces one.
    pub fn put(&mut self, key: Key<'_>, entry: PackedItem) -> Option<PackedItem> {
        self.bytes += entry.size_bytes() as u64;
        match self.put_entry(key, entry) {
            Some((old_bytes, left)) => {
                self.bytes -= old_bytes as u64;
                Some(left)
            }
            None => {
                self.items += 1;
                None
            }
        }
    }

    /// The size of the entry it replaces, and what is no longer needed.
    fn put_entry(&mut self, key: Key<'_>, entry: PackedItem) -> Option<(usize, PackedItem)> {
        let layout = &*self.layout;
        let is_slot = |slot: &Slot| slot.is(layout, key.hash, &key.partition);
        let slot = match self.slots.entry(table_hash(key.hash), is_slot, |slot| table_hash(slot.hash)) {
            HashEntry::Occupied(occupied) => occupied.into_mut(),
            HashEntry::Vacant(vacant) => {
                vacant.insert(Slot { hash: key.hash, collection: Collection::Lone(entry) });
                self.hashes.insert(key.hash);
                return None;
            }
        };
        match &mut slot.collection {
            Collection::Many(many) => {
                many.bytes += entry.size_bytes() as u64;
                match many.entries.entry(key.position) {
                    TreeEntry::Occupied(occupied) => {
                        let (old_bytes, left) = replace(occupied.into_mut(), entry);
                        many.bytes -= old_bytes as u64;
                        Some((old_bytes, left))
                    }
                    TreeEntry::Vacant(vacant) => {
                        vacant.insert(entry);
                        None
                    }
                }
            }
            Collection::Lone(lone) if layout.is_single() => Some(replace(lone, entry)),
            Collection::Lone(lone) => match layout.position_of(lone) {
                Some(position) if position != key.position => {
                    let partition = key.partition.map(|value| value.to_key_value());
                    let bytes = (lone.size_bytes() + entry.size_bytes()) as u64;
                    let entries = BTreeMap::from([(position, lone.clone()), (key.position, entry)]);
                    slot.collection = Collection::Many(Box::new(Many { partition, entries, bytes }));
                    None
                }
                _ => Some(replace(lone, entry)),
            },
        }
    }

    /// Removes the entry with this key and returns it.
    pub fn remove(&mut self, key: &Key<'_>) -> Option<PackedItem> {
        let layout = &*self.layout;
        let is_slot = |slot: &Slot| slot.is(layout, key.hash, &key.partition);
        let mut occupied = self.slots.find_entry(table_hash(key.hash), is_slot).ok()?;
        let (old, is_last) = match &mut occupied.get_mut().collection {
            Collection::Many(many) => {
                let old = many.entries.remove(&key.position)?;
                many.bytes -= old.size_bytes() as u64;
                (old, many.entries.is_empty())
            }
            Collection::Lone(lone) => {
                let here = layout.is_single() || layout.position_of(lone).as_ref() == Some(&key.position);
                if !here {
                    return None;
                }
                (lone.clone(), true)
            }
        };
        if is_last {
            occupied.remove();
            self.forget_hash(key.hash);
        }
        self.items -= 1;
        self.bytes -= old.size_bytes() as u64;
        Some(old)
    }

    /// Shows the entries of one collection within a range of places, in ascending or descending order.
    pub fn visit_collection(
        &self,
        hash: u64,
        partition: &KeyTuple<ScalarRef<'_>>,
        range: &PositionRange,
        ascending: bool,
        visit: &mut impl FnMut(&PackedItem) -> ControlFlow<()>,
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
        visit: &mut impl FnMut(&PackedItem) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        if hashes.is_empty() {
            return ControlFlow::Continue(());
        }
        let mut hashes = self.hashes.range(hashes).copied();
        // A hash stands for one collection, but for one in 2^64 pairs of them.
        let no_hash_is_shared = self.hashes.len() == self.slots.len();
        if no_hash_is_shared && after.is_none_or(|after| Some(after.hash) != hashes.clone().next()) {
            return self.visit_batches(hashes, visit);
        }
        // The first one may have the key to start behind; the others are visited whole.
        while let Some(hash) = hashes.next() {
            let mut slots: Vec<&Slot> = self.slots_of(hash).collect();
            slots.sort_unstable_by_key(|slot| slot.partition(&self.layout));
            let after = after.filter(|after| after.hash == hash);
            for slot in slots {
                let order = after.map(|after| slot.partition(&self.layout).as_ref().cmp(&Some(&after.partition)));
                match after.zip(order) {
                    Some((_, Ordering::Less)) => {}
                    Some((after, Ordering::Equal)) => {
                        let range = (Bound::Excluded(after.position.clone()), Bound::Unbounded);
                        self.visit_slot(slot, &range, true, visit)?;
                    }
                    _ => self.visit_slot(slot, &EVERYWHERE, true, visit)?,
                }
            }
            if no_hash_is_shared {
                return self.visit_batches(hashes, visit);
            }
        }
        ControlFlow::Continue(())
    }

    /// Shows all entries with these hashes, none of which two collections share.
    fn visit_batches(
        &self,
        mut hashes: impl Iterator<Item = u64>,
        visit: &mut impl FnMut(&PackedItem) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        loop {
            // The memory that the slots and items of a batch wait for is fetched at the same time; counting a reference,
            // which visitors do, would wait for each of them.
            let find = |hash| self.slots.find(table_hash(hash), |slot| slot.hash == hash);
            let batch: SmallVec<[&Slot; SCAN_BATCH]> = hashes.by_ref().take(SCAN_BATCH).filter_map(find).collect();
            std::hint::black_box(batch.iter().map(|slot| slot.first_bytes()).sum::<usize>());
            for slot in &batch {
                self.visit_slot(slot, &EVERYWHERE, true, visit)?;
            }
            if batch.len() < SCAN_BATCH {
                return ControlFlow::Continue(());
            }
        }
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

    /// Forgets all expiries.
    pub fn forget_expiries(&mut self) {
        self.expiries.clear();
    }

    /// Takes the next expiry that is due off the list: the items it may be about, which the caller checks again.
    pub fn next_expired(&mut self, due_seconds: u64) -> Option<Vec<PackedItem>> {
        if self.expiries.first()?.0 > due_seconds {
            return None;
        }
        let (_, hash, position) = self.expiries.pop_first()?;
        let mut items = Vec::new();
        for slot in self.slots_of(hash) {
            if let Some(partition) = slot.partition(&self.layout) {
                let key = Key { hash, partition, position: position.clone() };
                items.extend(self.get(&key).cloned());
            }
        }
        Some(items)
    }

    fn slot(&self, hash: u64, partition: &KeyTuple<ScalarRef<'_>>) -> Option<&Slot> {
        self.slots.find(table_hash(hash), |slot| slot.is(&self.layout, hash, partition))
    }

    fn slots_of(&self, hash: u64) -> impl Iterator<Item = &Slot> {
        self.slots.iter_hash(table_hash(hash)).filter(move |slot| slot.hash == hash)
    }

    fn is_at(&self, lone: &PackedItem, position: &Position) -> bool {
        self.layout.is_single() || self.layout.position_of(lone).as_ref() == Some(position)
    }

    fn visit_slot(
        &self,
        slot: &Slot,
        range: &PositionRange,
        ascending: bool,
        visit: &mut impl FnMut(&PackedItem) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        match &slot.collection {
            Collection::Lone(entry) => {
                let everywhere = matches!(range, (Bound::Unbounded, Bound::Unbounded));
                let inside =
                    everywhere || self.layout.position_of(entry).is_some_and(|position| contains(range, &position));
                if inside { visit(entry) } else { ControlFlow::Continue(()) }
            }
            Collection::Many(_) if is_empty(range) => ControlFlow::Continue(()),
            Collection::Many(many) => {
                let mut inside = many.entries.range((range.0.as_ref(), range.1.as_ref())).map(|(_, entry)| entry);
                if ascending { inside.try_for_each(visit) } else { inside.rev().try_for_each(visit) }
            }
        }
    }

    /// A collection is gone: its hash goes too, unless another one shares it.
    fn forget_hash(&mut self, hash: u64) {
        if self.slots_of(hash).next().is_none() {
            self.hashes.remove(&hash);
        }
    }
}

/// Puts the entry in the place of another one. Returns the other's size, and which of the two is no longer needed: where the
/// new one can be written over the old, the new one, whose memory is the warmer to free.
fn replace(place: &mut PackedItem, entry: PackedItem) -> (usize, PackedItem) {
    let old_bytes = place.size_bytes();
    if place.overwrite(&entry) { (old_bytes, entry) } else { (old_bytes, std::mem::replace(place, entry)) }
}

impl Slot {
    #[inline]
    fn is(&self, layout: &Layout, hash: u64, partition: &KeyTuple<ScalarRef<'_>>) -> bool {
        self.hash == hash
            && match &self.collection {
                Collection::Lone(lone) => layout.is_in(lone, partition),
                Collection::Many(many) => is_same(&many.partition, partition),
            }
    }

    /// The partition key of its entries; every stored entry has one.
    fn partition(&self, layout: &Layout) -> Option<KeyTuple<ScalarRef<'_>>> {
        match &self.collection {
            Collection::Lone(lone) => layout.partition_of(lone),
            Collection::Many(many) => Some(many.partition.map(ScalarRef::from)),
        }
    }

    /// The size of the first entry, read from the entry itself.
    fn first_bytes(&self) -> usize {
        match &self.collection {
            Collection::Lone(lone) => lone.size_bytes(),
            Collection::Many(many) => many.entries.first_key_value().map_or(0, |(_, first)| first.size_bytes()),
        }
    }
}

#[inline]
fn is_same(stored: &KeyTuple<KeyValue>, partition: &KeyTuple<ScalarRef<'_>>) -> bool {
    match (stored, partition) {
        (KeyTuple::One(left), KeyTuple::One(right)) => ScalarRef::from(left) == *right,
        (KeyTuple::Several(left), KeyTuple::Several(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| ScalarRef::from(left) == *right)
        }
        _ => false,
    }
}

/// The shard is chosen by the hash's highest bits; the hash table tells slots apart by its highest and finds them by its
/// lowest bits, so it gets them turned around.
const fn table_hash(hash: u64) -> u64 {
    hash.rotate_left(32)
}

/// Whether a range has a place inside.
pub(super) fn contains(range: &PositionRange, position: &Position) -> bool {
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

/// The places of sort keys that begin with `leading` and have their next value within a range, with all entries that share a
/// sort key.
pub fn positions(leading: &[KeyValue], next: (Bound<KeyValue>, Bound<KeyValue>)) -> PositionRange {
    let at = |value: Option<KeyValue>, tie: Tie| {
        let sort = KeyTuple::of(leading.iter().cloned().chain(value));
        Position { sort, tie }
    };
    let start = match next.0 {
        Bound::Unbounded if leading.is_empty() => Bound::Unbounded,
        Bound::Unbounded => Bound::Included(at(None, Tie::Before)),
        Bound::Included(value) => Bound::Included(at(Some(value), Tie::Before)),
        Bound::Excluded(value) => Bound::Excluded(at(Some(value), Tie::After)),
    };
    let end = match next.1 {
        Bound::Unbounded if leading.is_empty() => Bound::Unbounded,
        Bound::Unbounded => Bound::Included(at(None, Tie::After)),
        Bound::Included(value) => Bound::Included(at(Some(value), Tie::After)),
        Bound::Excluded(value) => Bound::Excluded(at(Some(value), Tie::Before)),
    };
    (start, end)
}
