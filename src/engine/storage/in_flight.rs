//! Writes that some replica does not show yet: what was there before them, and from when on each replica shows them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::ops::RangeInclusive;

use smallvec::SmallVec;

use crate::item::PackedItem;
use crate::replication::REPLICAS;
use crate::time::Time;

use super::key::{Key, Position, Tie};

/// What a read sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// Every write before it.
    Newest,
    /// What a replica shows.
    Replica {
        /// Which one.
        number: usize,
        /// When.
        now: Time,
        /// It shows everything written until then.
        caught_up: Time,
    },
}

/// The writes of one shard that are on their way to a replica.
///
/// An entry is told by its hash and place: two with different partition keys and the same hash would be taken for one, which
/// happens to one pair in 2^64.
#[derive(Debug, Default)]
pub struct InFlight {
    entries: BTreeMap<(u64, Position), VecDeque<Version>>,
    /// When all show a write, soonest first.
    shown: BinaryHeap<Reverse<(Time, u64, Position)>>,
}

/// A write, by what it replaced.
#[derive(Debug)]
struct Version {
    before: Option<PackedItem>,
    written: Time,
    shown: Shown,
}

/// When a write is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// From when on by each replica.
    pub by_replica: [Time; REPLICAS],
    /// From when on by each global index of the table, in their order; none for entries of indexes.
    pub by_index: SmallVec<[Time; 1]>,
}

impl Shown {
    /// A write that indexes have nothing to do with.
    pub fn by_replica(by_replica: [Time; REPLICAS]) -> Self {
        Shown { by_replica, by_index: SmallVec::new() }
    }

    /// Never before an earlier write of the same entry.
    fn after(&mut self, earlier: &Shown) {
        for (time, earlier) in self.by_replica.iter_mut().zip(earlier.by_replica) {
            *time = (*time).max(earlier);
        }
        for (time, earlier) in self.by_index.iter_mut().zip(&earlier.by_index) {
            *time = (*time).max(*earlier);
        }
    }

    /// When it is shown by all.
    fn by_all(&self) -> Time {
        self.by_replica.iter().chain(&self.by_index).max().copied().unwrap_or(Time::ZERO)
    }
}

impl Version {
    fn is_hidden(&self, view: View) -> bool {
        match view {
            View::Newest => false,
            View::Replica { number, now, caught_up } => self.shown.by_replica[number] > now && self.written > caught_up,
        }
    }
}

impl InFlight {
    /// Whether every replica shows everything.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.shown.is_empty()
    }

    /// When a write is shown at the earliest, where the last one of the same entry may still be on its way.
    pub fn in_order(&self, key: &Key<'_>, mut shown: Shown) -> Shown {
        if !self.is_empty()
            && let Some(last) = self.entries.get(&(key.hash, key.position.clone())).and_then(|versions| versions.back())
        {
            shown.after(&last.shown);
        }
        shown
    }

    /// Remembers what is replaced by a write at `now`, and forgets what all show by then. A write is never shown before an
    /// earlier one of the same entry.
    pub fn remember(&mut self, key: &Key<'_>, before: Option<PackedItem>, now: Time, shown: Shown) {
        self.forget_shown(now);
        let shown = self.in_order(key, shown);
        let by_all = shown.by_all();
        if by_all <= now {
            return;
        }
        let place = (key.hash, key.position.clone());
        self.shown.push(Reverse((by_all, place.0, place.1.clone())));
        self.entries.entry(place).or_default().push_back(Version { before, written: now, shown });
    }

    fn forget_shown(&mut self, now: Time) {
        while self.shown.peek().is_some_and(|Reverse((shown, ..))| *shown <= now) {
            let Some(Reverse((_, hash, position))) = self.shown.pop() else { return };
            let place = (hash, position);
            let Some(versions) = self.entries.get_mut(&place) else { continue };
            // Versions of an entry are shown in their order, and each is in the heap once.
            versions.pop_front();
            if versions.is_empty() {
                self.entries.remove(&place);
            }
        }
    }

    /// What a view sees in place of the newest entry with this key; `None` where it sees the newest.
    pub fn image(&self, key: &Key<'_>, view: View) -> Option<Option<&PackedItem>> {
        if self.is_empty() || view == View::Newest {
            return None;
        }
        oldest_hidden(self.entries.get(&(key.hash, key.position.clone()))?, view)
    }

    /// What a view sees in place of newest entries, in the order of hashes and places.
    pub fn images(
        &self,
        hashes: RangeInclusive<u64>,
        view: View,
    ) -> impl Iterator<Item = (u64, &Position, Option<&PackedItem>)> {
        let end = |hash: u64, tie: Tie| (hash, Position { sort: None, tie });
        let range = end(*hashes.start(), Tie::Before)..=end(*hashes.end(), Tie::After);
        let nothing = self.is_empty() || view == View::Newest || hashes.is_empty();
        let inside = (!nothing).then(|| self.entries.range(range)).into_iter().flatten();
        inside.filter_map(move |((hash, position), versions)| {
            oldest_hidden(versions, view).map(|image| (*hash, position, image))
        })
    }
}

/// A replica has versions in their order, so what it shows is what the first one it does not have replaced.
fn oldest_hidden(versions: &VecDeque<Version>, view: View) -> Option<Option<&PackedItem>> {
    versions.iter().find(|version| version.is_hidden(view)).map(|version| version.before.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::{AttributeValue, Item, KeyTuple, ScalarRef};

    fn key(hash: u64) -> Key<'static> {
        Key { hash, partition: KeyTuple::One(ScalarRef::S(b"p")), position: Position::of_item(None) }
    }

    fn item(text: &str) -> PackedItem {
        std::iter::once(("text".into(), AttributeValue::string(text))).collect::<Item>().into()
    }

    fn at(nanos: u64) -> Time {
        Time::from_nanos(nanos)
    }

    fn seen(log: &InFlight, number: usize, now: u64) -> Option<Option<PackedItem>> {
        let view = View::Replica { number, now: at(now), caught_up: Time::ZERO };
        log.image(&key(1), view).map(|image| image.cloned())
    }

    #[test]
    fn a_replica_shows_what_was_there_until_it_has_the_write() {
        let mut log = InFlight::default();
        log.remember(&key(1), None, at(10), Shown::by_replica([at(10), at(50), at(10)]));
        assert_eq!(seen(&log, 0, 10), None);
        assert_eq!(seen(&log, 1, 49), Some(None));
        assert_eq!(seen(&log, 1, 50), None);
        assert_eq!(log.image(&key(1), View::Newest), None);
        let caught_up = View::Replica { number: 1, now: at(20), caught_up: at(15) };
        assert_eq!(log.image(&key(1), caught_up), None);
    }

    #[test]
    fn a_later_write_is_never_visible_before_an_earlier_one() {
        let mut log = InFlight::default();
        log.remember(&key(1), None, at(10), Shown::by_replica([at(10), at(100), at(10)]));
        log.remember(&key(1), Some(item("first")), at(20), Shown::by_replica([at(20), at(20), at(60)]));
        assert_eq!(seen(&log, 1, 50), Some(None));
        assert_eq!(seen(&log, 2, 50), Some(Some(item("first"))));
        assert_eq!([0, 1, 2].map(|number| seen(&log, number, 100)), [None, None, None]);
    }

    #[test]
    fn what_every_replica_shows_is_forgotten() {
        let mut log = InFlight::default();
        for number in 0..1000 {
            log.remember(
                &key(number % 7),
                None,
                at(number * 10),
                Shown::by_replica([at(number * 10), at(number * 10 + 35), at(0)]),
            );
            assert!(log.shown.len() <= 4 && log.entries.values().map(VecDeque::len).sum::<usize>() == log.shown.len());
        }
        log.remember(&key(3), None, at(1_000_000), Shown::by_replica([at(0); REPLICAS]));
        assert!(log.is_empty() && log.entries.is_empty());
    }
}
