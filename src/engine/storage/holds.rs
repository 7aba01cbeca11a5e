//! The items of one shard that transactions hold from their admission until they end.

use std::collections::{BTreeMap, VecDeque};

use crate::time::Time;

use super::key::{Key, Position};

/// Items of one shard that are held at a time, at most: a few megabytes where sort keys are short. Beyond, the holds that began
/// first end early.
const HELD_MAX: usize = 16_384;

/// Which items are held, and until when.
///
/// An item is told by its hash and place: two with different partition keys and the same hash would be held together, which
/// happens to one pair in 2^64.
#[derive(Debug, Default)]
pub struct Holds {
    until: BTreeMap<(u64, Position), Time>,
    /// In the order they began, which is the order they end in where time does not go back.
    begun: VecDeque<(Time, u64, Position)>,
}

impl Holds {
    /// Whether nothing is held.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.begun.is_empty()
    }

    /// Whether the item is held at `now`.
    pub fn is_held(&self, key: &Key<'_>, now: Time) -> bool {
        !self.is_empty() && self.ends(key).is_some_and(|until| now < until)
    }

    fn ends(&self, key: &Key<'_>) -> Option<Time> {
        self.until.get(&(key.hash, key.position.clone())).copied()
    }

    /// Holds an item, which nobody holds, from `now` until a later moment, and lets go of those that ended.
    pub fn hold(&mut self, key: &Key<'_>, now: Time, until: Time) {
        self.let_go(now);
        if self.begun.len() >= HELD_MAX {
            self.let_first_go();
        }
        self.until.insert((key.hash, key.position.clone()), until);
        self.begun.push_back((until, key.hash, key.position.clone()));
    }

    /// Lets go of items whose transactions ended; each is touched once.
    pub fn let_go(&mut self, now: Time) {
        while self.begun.front().is_some_and(|(until, ..)| *until <= now) {
            self.let_first_go();
        }
    }

    fn let_first_go(&mut self) {
        let Some((until, hash, position)) = self.begun.pop_front() else { return };
        let item = (hash, position);
        // It may have been held again since.
        if self.until.get(&item) == Some(&until) {
            self.until.remove(&item);
        }
        if self.begun.is_empty() {
            // What a burst of transactions took is not kept.
            *self = Holds::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::{KeyTuple, ScalarRef};

    fn key(hash: u64) -> Key<'static> {
        Key { hash, partition: KeyTuple::One(ScalarRef::S(b"p")), position: Position::of_item(None) }
    }

    fn at(nanos: u64) -> Time {
        Time::from_nanos(nanos)
    }

    #[test]
    fn an_item_is_held_until_its_transaction_ends() {
        let mut holds = Holds::default();
        assert!(!holds.is_held(&key(1), at(0)));
        holds.hold(&key(1), at(5), at(10));
        assert!(holds.is_held(&key(1), at(5)) && holds.is_held(&key(1), at(9)));
        assert!(!holds.is_held(&key(1), at(10)) && !holds.is_held(&key(2), at(5)));
        holds.hold(&key(1), at(12), at(20));
        assert!(holds.is_held(&key(1), at(12)));
        holds.let_go(at(20));
        assert!(holds.until.is_empty() && holds.begun.capacity() == 0);
    }

    #[test]
    fn an_item_held_again_outlasts_its_first_hold() {
        let mut holds = Holds::default();
        holds.hold(&key(2), at(0), at(100));
        holds.hold(&key(1), at(0), at(10));
        // Held again after 10, while the entry of the first time still waits behind the other item.
        holds.hold(&key(1), at(50), at(200));
        holds.let_go(at(100));
        assert!(holds.is_held(&key(1), at(150)) && !holds.is_held(&key(2), at(100)));
    }

    #[test]
    fn memory_is_bounded() {
        let mut holds = Holds::default();
        for hash in 0..=HELD_MAX as u64 {
            holds.hold(&key(hash), at(0), at(10));
        }
        assert_eq!((holds.until.len(), holds.begun.len()), (HELD_MAX, HELD_MAX));
        assert!(!holds.is_held(&key(0), at(1)) && holds.is_held(&key(1), at(1)));
    }
}
