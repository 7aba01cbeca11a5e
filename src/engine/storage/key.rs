//! Keys of stored entries: the partition key's hash and value, and the place within the item collection.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use smallvec::SmallVec;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::api::{KeyAttribute, KeySchema};
use crate::item::{Item, KeyTuple, KeyValue, PackedItem, ScalarRef};

/// Bytes of a partition key of several attributes that are hashed without an allocation.
const HASHED_INLINE_BYTES: usize = 256;

/// The hash that places a partition key. Fixed by `seed` on every machine: the order of a Scan follows from it.
#[inline]
fn hash(partition: &KeyTuple<ScalarRef<'_>>, seed: u64) -> u64 {
    match partition {
        KeyTuple::One(value) => hash_of_one(*value, seed),
        KeyTuple::Several(values) => hash_of_several(values, seed),
    }
}

/// Every value with its type and length before it, so that no two keys hash the same bytes.
fn hash_of_several(values: &[ScalarRef<'_>], seed: u64) -> u64 {
    let mut hashed: SmallVec<[u8; HASHED_INLINE_BYTES]> = SmallVec::new();
    for value in values {
        let mut number = NumberBytes::default();
        let (kind, bytes) = match value {
            ScalarRef::S(bytes) => (b'S', *bytes),
            ScalarRef::B(bytes) => (b'B', *bytes),
            ScalarRef::N(value) => {
                value.hash(&mut number);
                (b'N', &number.bytes[..number.len])
            }
        };
        hashed.push(kind);
        hashed.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
        hashed.extend_from_slice(bytes);
    }
    xxh3_64_with_seed(&hashed, seed)
}

fn hash_of_one(partition: ScalarRef<'_>, seed: u64) -> u64 {
    match partition {
        ScalarRef::S(bytes) | ScalarRef::B(bytes) => xxh3_64_with_seed(bytes, seed),
        ScalarRef::N(number) => {
            let mut bytes = NumberBytes::default();
            number.hash(&mut bytes);
            xxh3_64_with_seed(&bytes.bytes[..bytes.len], seed)
        }
    }
}

/// Gathers what a number hashes, 19 bytes in little-endian order, for the one hash function all keys share.
#[derive(Default)]
struct NumberBytes {
    bytes: [u8; 32],
    len: usize,
}

impl Hasher for NumberBytes {
    fn write(&mut self, bytes: &[u8]) {
        for (slot, byte) in self.bytes[self.len..].iter_mut().zip(bytes) {
            *slot = *byte;
            self.len += 1;
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.write(&value.to_le_bytes());
    }

    fn write_i16(&mut self, value: i16) {
        self.write(&value.to_le_bytes());
    }

    fn finish(&self) -> u64 {
        0
    }
}

/// The place of an entry in its item collection: by sort key, in an index then by the key of the item it stands for. The ends
/// of ranges have the first values of a sort key alone, and lie before or after all entries that begin with them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The sort key, where there is one.
    pub sort: Option<KeyTuple<KeyValue>>,
    /// What orders entries with the same sort key.
    pub tie: Tie,
}

/// What orders entries with the same sort key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tie {
    /// Before every entry.
    Before,
    /// An item of a table: no other has its sort key.
    Item,
    /// An entry of an index: the key of its item.
    Entry(KeyValue, Option<KeyValue>),
    /// After every entry.
    After,
}

impl Position {
    /// The place of an item in a table.
    pub fn of_item(sort: Option<ScalarRef<'_>>) -> Self {
        Position { sort: sort.map(|value| KeyTuple::One(value.to_key_value())), tie: Tie::Item }
    }

    fn sort_values(&self) -> &[KeyValue] {
        self.sort.as_ref().map_or(&[], KeyTuple::as_slice)
    }
}

impl Ord for Position {
    fn cmp(&self, other: &Self) -> Ordering {
        if let (Some(KeyTuple::One(left)), Some(KeyTuple::One(right))) = (&self.sort, &other.sort) {
            return left.cmp(right).then_with(|| self.tie.cmp(&other.tie));
        }
        let (left, right) = (self.sort_values(), other.sort_values());
        let common = left.len().min(right.len());
        left[..common].cmp(&right[..common]).then_with(|| match left.len().cmp(&right.len()) {
            Ordering::Equal => self.tie.cmp(&other.tie),
            Ordering::Less => self.tie.beside_longer(),
            Ordering::Greater => other.tie.beside_longer().reverse(),
        })
    }
}

impl PartialOrd for Position {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Tie {
    /// How a place with this tie lies to places whose sort key begins with its values and goes on.
    fn beside_longer(&self) -> Ordering {
        if *self == Tie::After { Ordering::Greater } else { Ordering::Less }
    }
}

/// Where an entry is: which shard and slot, and where in the collection.
#[derive(Debug, Clone)]
pub struct Key<'a> {
    /// The hash of the partition key.
    pub hash: u64,
    /// The partition key.
    pub partition: KeyTuple<ScalarRef<'a>>,
    /// The place in the collection.
    pub position: Position,
}

/// Which attributes of an entry make its key.
#[derive(Debug)]
pub struct Layout {
    partition: KeyTuple<Arc<str>>,
    sort: Option<KeyTuple<Arc<str>>>,
    /// In an index: the key of the table.
    item: Option<(Arc<str>, Option<Arc<str>>)>,
    seed: u64,
}

impl Layout {
    /// Items of a table.
    pub fn of_table(key: &KeySchema, seed: u64) -> Self {
        Self::new(key, None, seed)
    }

    /// Entries of an index on a table with `table_key`.
    pub fn of_index(key: &KeySchema, table_key: &KeySchema, seed: u64) -> Self {
        let name = |attribute: &KeyAttribute| attribute.name.clone();
        Self::new(key, Some((name(table_key.partition()), table_key.sort().map(name))), seed)
    }

    fn new(key: &KeySchema, item: Option<(Arc<str>, Option<Arc<str>>)>, seed: u64) -> Self {
        let names = |attributes: &[KeyAttribute]| KeyTuple::of(attributes.iter().map(|key| key.name.clone()));
        let partition = names(key.partition_attributes());
        let partition = partition.unwrap_or_else(|| KeyTuple::One(key.partition().name.clone()));
        Layout { partition, sort: names(key.sort_attributes()), item, seed }
    }

    /// Whether a collection can hold one entry only.
    pub const fn is_single(&self) -> bool {
        self.sort.is_none() && self.item.is_none()
    }

    /// The hash that places a partition key.
    #[inline]
    pub fn hash(&self, partition: &KeyTuple<ScalarRef<'_>>) -> u64 {
        hash(partition, self.seed)
    }

    /// The partition key of an entry.
    pub fn partition_of<'a>(&self, entry: &'a PackedItem) -> Option<KeyTuple<ScalarRef<'a>>> {
        self.partition.try_map(|name| entry.get(name)?.scalar())
    }

    /// Whether an entry has this partition key.
    #[inline]
    pub fn is_in(&self, entry: &PackedItem, partition: &KeyTuple<ScalarRef<'_>>) -> bool {
        let has = |name: &str, value: ScalarRef<'_>| entry.get(name).and_then(|found| found.scalar()) == Some(value);
        match (&self.partition, partition) {
            (KeyTuple::One(name), KeyTuple::One(value)) => has(name, *value),
            (KeyTuple::Several(names), KeyTuple::Several(values)) => {
                names.len() == values.len() && names.iter().zip(values).all(|(name, value)| has(name, *value))
            }
            _ => false,
        }
    }

    /// The key of an entry; `None` where an attribute is missing or of a type no key has.
    pub fn key_of<'a>(&self, entry: &'a PackedItem) -> Option<Key<'a>> {
        self.key_from(|name| entry.get(name)?.scalar())
    }

    /// The key these attributes make; `None` where one is missing or of a type no key has.
    pub fn key_of_attributes<'a>(&self, attributes: &'a Item) -> Option<Key<'a>> {
        self.key_from(|name| attributes.get(name)?.scalar())
    }

    /// The place of an entry in its collection.
    pub fn position_of(&self, entry: &PackedItem) -> Option<Position> {
        self.position_from(|name| entry.get(name)?.scalar())
    }

    fn key_from<'a>(&self, attribute: impl Fn(&str) -> Option<ScalarRef<'a>>) -> Option<Key<'a>> {
        let partition = self.partition.try_map(|name| attribute(name))?;
        Some(Key { hash: self.hash(&partition), partition, position: self.position_from(attribute)? })
    }

    fn position_from<'a>(&self, attribute: impl Fn(&str) -> Option<ScalarRef<'a>>) -> Option<Position> {
        let owned = |name: &Arc<str>| attribute(name).map(ScalarRef::to_key_value);
        let tie = match &self.item {
            None => Tie::Item,
            Some((partition, None)) => Tie::Entry(owned(partition)?, None),
            Some((partition, Some(sort))) => Tie::Entry(owned(partition)?, Some(owned(sort)?)),
        };
        let sort = match &self.sort {
            Some(names) => Some(names.try_map(owned)?),
            None => None,
        };
        Some(Position { sort, tie })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::Number;

    #[test]
    fn hashes_are_the_same_everywhere() {
        let hash = hash_of_one;
        assert_eq!(hash(ScalarRef::S(b"user#1"), 7), hash(ScalarRef::B(b"user#1"), 7));
        assert_eq!(hash(ScalarRef::S(b"user#1"), 7), 10_202_857_789_686_617_409);
        // Coefficient, exponent and sign, in little-endian order.
        let mut bytes = [0; 19];
        (bytes[8], bytes[18]) = (42, 1);
        assert_eq!(hash(ScalarRef::N(Number::from(-42)), 7), xxh3_64_with_seed(&bytes, 7));
        assert_ne!(hash(ScalarRef::N(Number::from(42)), 7), hash(ScalarRef::N(Number::from(-42)), 7));
        assert_ne!(hash(ScalarRef::S(b"user#1"), 7), hash(ScalarRef::S(b"user#1"), 8));
    }

    #[test]
    fn equal_numbers_written_differently_have_one_place() {
        let of = |text: &str| hash_of_one(ScalarRef::N(text.parse().unwrap()), 1);
        assert_eq!(of("1.50"), of("15E-1"));
    }

    #[test]
    fn several_values_hash_with_their_types_and_lengths() {
        let of = |values: &[ScalarRef<'_>]| hash(&KeyTuple::of(values.iter().copied()).unwrap(), 7);
        let [one, ab, a, bc, c] = [&b"1"[..], b"ab", b"a", b"bc", b"c"].map(ScalarRef::S);
        let number = ScalarRef::N(Number::from(1));
        let bytes = [b"S\x02\0\0\0\0\0\0\0ab".as_slice(), b"S\x01\0\0\0\0\0\0\0c"].concat();
        assert_eq!(of(&[ab, c]), xxh3_64_with_seed(&bytes, 7));
        assert_eq!(of(&[one]), hash_of_one(one, 7));
        let keys: [&[ScalarRef<'_>]; 9] = [
            &[ab, c],
            &[a, bc],
            &[bc, a],
            &[ScalarRef::B(b"ab"), c],
            &[ab, ScalarRef::B(b"c")],
            &[one, number],
            &[number, one],
            &[number, number],
            &[ab, c, ScalarRef::S(b"")],
        ];
        let hashes: std::collections::BTreeSet<u64> = keys.iter().map(|key| of(key)).collect();
        assert_eq!(hashes.len(), keys.len());
    }

    #[test]
    fn first_values_of_a_sort_key_lie_around_those_that_begin_with_them() {
        let at = |values: &[i32], tie: Tie| {
            let values = values.iter().map(|number| KeyValue::N((*number).into()));
            Position { sort: KeyTuple::of(values), tie }
        };
        let entry = |id: i32| Tie::Entry(KeyValue::N(id.into()), None);
        let in_order = [
            at(&[1], Tie::Before),
            at(&[1, 1], Tie::Before),
            at(&[1, 1, 9], entry(1)),
            at(&[1, 1], Tie::After),
            at(&[1, 2], Tie::Before),
            at(&[1, 2, 3], Tie::Before),
            at(&[1, 2, 3], entry(1)),
            at(&[1, 2, 3], entry(2)),
            at(&[1, 2, 3], Tie::After),
            at(&[1, 2, 4], entry(1)),
            at(&[1, 2], Tie::After),
            at(&[1], Tie::After),
            at(&[2, 0, 0], entry(1)),
        ];
        for (left_at, left) in in_order.iter().enumerate() {
            for (right_at, right) in in_order.iter().enumerate() {
                assert_eq!(left.cmp(right), left_at.cmp(&right_at), "{left:?} {right:?}");
            }
        }
    }
}
