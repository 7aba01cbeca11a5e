//! What a cache holds: the items read or written last, up to so many bytes, each for a time.

use std::time::Duration;

use hashbrown::HashTable;
use smallvec::SmallVec;
use xxhash_rust::xxh3::xxh3_64;

use crate::api::{CapacityUnits, Consistency};
use crate::item::PackedItem;
use crate::time::Time;

/// No slot.
const NONE: u32 = u32::MAX;

/// An item by its key: the table's number and the values of its key attributes, in bytes.
pub type Key = SmallVec<[u8; 36]>;

/// What is known of a key: its item, or that there is none.
pub type Known = Option<PackedItem>;

/// Counts of a cache since it was made, and what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CacheCounts {
    /// Reads of single items that were answered.
    pub hits: u64,
    /// Reads of single items that had to go on to the table.
    pub misses: u64,
    /// Of these, those whose item was held but too old.
    pub expired: u64,
    /// Reads that pass by: strongly consistent and transactional ones of single items, one each, and Query and Scan, one a
    /// request.
    pub bypassed: u64,
    /// Items pushed out before they were too old.
    pub evicted: u64,
    /// Items written through.
    pub written: u64,
    /// Read units that the hits would have consumed.
    pub saved: CapacityUnits,
    /// Keys held now.
    pub items: u64,
    /// Bytes held now.
    pub bytes: u64,
}

/// Items in the order in which they were last used. The least recently used goes first; one that is too old stays until it is
/// asked for or pushed out, as nobody has looked at it.
#[derive(Debug)]
pub struct Store {
    max_bytes: u64,
    time_to_live: Option<Duration>,
    places: HashTable<u32>,
    slots: Vec<Slot>,
    /// The neighbours of each slot in the order of use; apart from the slots, because a look-up changes those of four.
    links: Vec<Links>,
    /// Slots that hold nothing.
    free: Vec<u32>,
    newest: u32,
    oldest: u32,
    counts: CacheCounts,
}

#[derive(Debug)]
struct Slot {
    hash: u64,
    key: Key,
    known: Known,
    bytes: u64,
    expires: Time,
}

#[derive(Debug, Clone, Copy)]
struct Links {
    newer: u32,
    older: u32,
}

impl Links {
    const NONE: Links = Links { newer: NONE, older: NONE };
}

impl Store {
    /// An empty cache for so many bytes of items; without a time to live they are never too old.
    pub fn new(max_bytes: u64, time_to_live: Option<Duration>) -> Self {
        Store {
            max_bytes,
            time_to_live,
            places: HashTable::new(),
            slots: Vec::new(),
            links: Vec::new(),
            free: Vec::new(),
            newest: NONE,
            oldest: NONE,
            counts: CacheCounts::default(),
        }
    }

    /// What was counted, and what is held.
    pub const fn counts(&self) -> CacheCounts {
        self.counts
    }

    /// What is known of a key, if it is held and not too old: a hit, or a miss.
    #[inline]
    pub fn look_up(&mut self, now: Time, key: &[u8]) -> Option<Known> {
        let Some(at) = self.find(xxh3_64(key), key) else {
            self.counts.misses += 1;
            return None;
        };
        if self.slots[at as usize].expires <= now {
            self.remove(at);
            self.counts.misses += 1;
            self.counts.expired += 1;
            return None;
        }
        self.use_now(at);
        let slot = &self.slots[at as usize];
        self.counts.hits += 1;
        // That nothing is there costs one block too, and keys are shorter than that.
        self.counts.saved += CapacityUnits::for_read(slot.bytes, Consistency::Eventual);
        Some(slot.known.clone())
    }

    /// Takes over what was read after a miss. What was written in the meantime is newer and stays.
    pub fn fill(&mut self, now: Time, key: Key, known: Known) {
        self.put(now, key, known, false);
    }

    /// Takes over what was written.
    pub fn write(&mut self, now: Time, key: Key, known: Known) {
        self.counts.written += 1;
        self.put(now, key, known, true);
    }

    /// Forgets a key of which nothing is known any more.
    pub fn forget(&mut self, key: &[u8]) {
        if let Some(at) = self.find(xxh3_64(key), key) {
            self.remove(at);
        }
    }

    /// Counts reads that pass by.
    pub const fn pass(&mut self, reads: u64) {
        self.counts.bypassed += reads;
    }

    fn put(&mut self, now: Time, key: Key, known: Known, replaces: bool) {
        // That an item is absent takes its key.
        let bytes = known.as_ref().map_or(key.len(), PackedItem::size_bytes) as u64;
        if bytes > self.max_bytes {
            return self.forget(&key);
        }
        let expires = self.time_to_live.map_or(Time::NEVER, |time_to_live| now + time_to_live);
        let hash = xxh3_64(&key);
        if let Some(at) = self.find(hash, &key) {
            let slot = &mut self.slots[at as usize];
            if replaces || slot.expires <= now {
                self.counts.bytes = self.counts.bytes - slot.bytes + bytes;
                (slot.known, slot.bytes, slot.expires) = (known, bytes, expires);
            }
            self.use_now(at);
        } else {
            let slot = Slot { hash, key, known, bytes, expires };
            let at = self.free.pop().unwrap_or(self.slots.len() as u32);
            match self.slots.get_mut(at as usize) {
                Some(free) => *free = slot,
                // Four billion items are more than any machine holds.
                None if at == NONE => return,
                None => {
                    self.slots.push(slot);
                    self.links.push(Links::NONE);
                }
            }
            let slots = &self.slots;
            self.places.insert_unique(hash, at, |at| slots[*at as usize].hash);
            self.counts.items += 1;
            self.counts.bytes += bytes;
            self.link(at);
        }
        while self.counts.bytes > self.max_bytes && self.oldest != NONE {
            self.counts.evicted += u64::from(self.slots[self.oldest as usize].expires > now);
            self.remove(self.oldest);
        }
    }

    #[inline]
    fn find(&self, hash: u64, key: &[u8]) -> Option<u32> {
        let is_it = |at: &u32| {
            let slot = &self.slots[*at as usize];
            slot.hash == hash && slot.key[..] == *key
        };
        self.places.find(hash, is_it).copied()
    }

    fn remove(&mut self, at: u32) {
        self.unlink(at);
        let slot = &mut self.slots[at as usize];
        self.counts.items -= 1;
        self.counts.bytes -= slot.bytes;
        (slot.known, slot.key) = (None, Key::new());
        if let Ok(place) = self.places.find_entry(slot.hash, |other| *other == at) {
            place.remove();
        }
        self.free.push(at);
    }

    #[inline]
    fn use_now(&mut self, at: u32) {
        if self.newest != at {
            self.unlink(at);
            self.link(at);
        }
    }

    fn link(&mut self, at: u32) {
        let before = std::mem::replace(&mut self.newest, at);
        self.links[at as usize] = Links { newer: NONE, older: before };
        match self.links.get_mut(before as usize) {
            Some(before) => before.newer = at,
            None => self.oldest = at,
        }
    }

    fn unlink(&mut self, at: u32) {
        let Links { newer, older } = self.links[at as usize];
        match self.links.get_mut(newer as usize) {
            Some(newer) => newer.older = older,
            None => self.newest = older,
        }
        match self.links.get_mut(older as usize) {
            Some(older) => older.newer = newer,
            None => self.oldest = newer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::{AttributeValue, Item};

    fn seconds(seconds: u64) -> Time {
        Time::from_nanos(seconds * 1_000_000_000)
    }

    fn key(name: &str) -> Key {
        Key::from_slice(name.as_bytes())
    }

    /// An item of so many bytes: one for the attribute's name, the rest its value.
    fn item(bytes: usize) -> Known {
        let attributes: Item = [("a".into(), AttributeValue::string("x".repeat(bytes - 1)))].into_iter().collect();
        Some(PackedItem::pack(&attributes))
    }

    #[test]
    fn the_least_recently_used_goes_first() {
        let mut store = Store::new(300, None);
        for name in ["a", "b", "c"] {
            store.fill(Time::ZERO, key(name), item(100));
        }
        assert_eq!(store.look_up(Time::ZERO, b"a"), Some(item(100)));
        store.fill(Time::ZERO, key("d"), item(100));
        assert_eq!(store.look_up(Time::ZERO, b"b"), None);
        for name in ["a", "c", "d"] {
            assert!(store.look_up(Time::ZERO, name.as_bytes()).is_some(), "{name}");
        }
        // A larger one pushes out as many as it needs: `a` and `c` are older than `d`.
        store.write(Time::ZERO, key("e"), item(200));
        assert!(store.look_up(Time::ZERO, b"d").is_some() && store.look_up(Time::ZERO, b"e").is_some());
        let counts = store.counts();
        assert_eq!((counts.items, counts.bytes, counts.evicted), (2, 300, 3));
        assert_eq!((counts.hits, counts.misses, counts.written), (6, 1, 1));
        // Half a unit each: eventually consistent, below 4 KB.
        assert_eq!(counts.saved, CapacityUnits::halves(6));
    }

    #[test]
    fn an_item_is_answered_with_for_its_time_whatever_reads_it() {
        let mut store = Store::new(1_000, Some(Duration::from_secs(10)));
        store.fill(seconds(0), key("a"), item(100));
        assert!(store.look_up(seconds(9), b"a").is_some());
        assert!(store.look_up(seconds(10), b"a").is_none());
        assert_eq!((store.counts().expired, store.counts().items), (1, 0));
        store.fill(seconds(10), key("a"), item(100));
        // A write renews it.
        store.write(seconds(15), key("a"), item(120));
        assert_eq!(store.look_up(seconds(24), b"a"), Some(item(120)));
        assert!(store.look_up(seconds(25), b"a").is_none());
    }

    #[test]
    fn what_was_written_meanwhile_is_newer_than_what_was_read() {
        let mut store = Store::new(1_000, Some(Duration::from_secs(10)));
        assert!(store.look_up(seconds(0), b"a").is_none());
        store.write(seconds(0), key("a"), item(200));
        store.fill(seconds(0), key("a"), item(100));
        assert_eq!(store.look_up(seconds(1), b"a"), Some(item(200)));
    }

    #[test]
    fn that_an_item_is_absent_is_known_too() {
        let mut store = Store::new(1_000, None);
        store.fill(Time::ZERO, key("absent"), None);
        assert_eq!(store.look_up(Time::ZERO, b"absent"), Some(None));
        assert_eq!((store.counts().bytes, store.counts().hits), (6, 1));
        store.forget(b"absent");
        assert_eq!(store.look_up(Time::ZERO, b"absent"), None);
        assert_eq!((store.counts().bytes, store.counts().items), (0, 0));
    }

    #[test]
    fn an_item_larger_than_the_cache_is_not_held_nor_is_what_it_replaces() {
        let mut store = Store::new(100, None);
        store.write(Time::ZERO, key("a"), item(100));
        store.write(Time::ZERO, key("a"), item(101));
        assert_eq!(store.look_up(Time::ZERO, b"a"), None);
        assert_eq!(store.counts().bytes, 0);
    }

    /// Against a list that is searched from end to end.
    #[test]
    fn it_holds_what_a_plain_list_holds() {
        let mut random = crate::random::Streams::new(5).stream("store").at(0);
        let time_to_live = Duration::from_secs(3);
        let mut store = Store::new(2_000, Some(time_to_live));
        let mut list: Vec<(Key, Known, Time)> = Vec::new();
        for step in 0..20_000 {
            let now = seconds(step / 10);
            let name = key(&random.below(60).to_string());
            let known = (random.unit() < 0.9).then(|| item(1 + random.below(150) as usize)).flatten();
            let at = list.iter().position(|(held, ..)| *held == name);
            match random.below(10) {
                0 => {
                    store.forget(&name);
                    at.map(|at| list.remove(at));
                }
                kind => {
                    let found = store.look_up(now, &name);
                    let held = at.map(|at| list.remove(at)).filter(|(.., expires)| *expires > now);
                    assert_eq!(found, held.as_ref().map(|(_, known, _)| known.clone()), "step {step}");
                    let renewed = (name.clone(), known.clone(), now + time_to_live);
                    match (kind, held) {
                        (1 | 2, _) => {
                            store.write(now, name, known);
                            list.push(renewed);
                        }
                        (_, Some(held)) => list.push(held),
                        (_, None) => {
                            store.fill(now, name, known);
                            list.push(renewed);
                        }
                    }
                }
            }
            let size = |list: &[(Key, Known, Time)]| -> usize {
                list.iter().map(|(key, known, _)| known.as_ref().map_or(key.len(), PackedItem::size_bytes)).sum()
            };
            while size(&list) > 2_000 {
                list.remove(0);
            }
            assert_eq!((store.counts().items, store.counts().bytes), (list.len() as u64, size(&list) as u64));
        }
        assert!(store.counts().evicted > 10 && store.counts().expired > 1_000, "{:?}", store.counts());
    }
}
