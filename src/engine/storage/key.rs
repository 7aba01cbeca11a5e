//! Keys of stored entries: the partition key's hash and value, and the place within the item collection.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::api::KeySchema;
use crate::item::{AttributeValue, Item, KeyValue, Number, ScalarType};

/// The value of a key attribute, borrowed from an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyRef<'a> {
    /// String.
    S(&'a str),
    /// Number.
    N(Number),
    /// Binary.
    B(&'a [u8]),
}

impl<'a> KeyRef<'a> {
    /// The key value held by `value`, if its type can be a key.
    pub fn from_value(value: &'a AttributeValue) -> Option<Self> {
        match value {
            AttributeValue::S(text) => Some(KeyRef::S(text)),
            AttributeValue::N(number) => Some(KeyRef::N(*number)),
            AttributeValue::B(bytes) => Some(KeyRef::B(bytes)),
            _ => None,
        }
    }

    /// The key value, owned.
    pub fn to_owned(self) -> KeyValue {
        match self {
            KeyRef::S(text) => KeyValue::S(text.into()),
            KeyRef::N(number) => KeyValue::N(number),
            KeyRef::B(bytes) => KeyValue::B(bytes.into()),
        }
    }

    /// The type of the key attribute.
    pub const fn scalar_type(self) -> ScalarType {
        match self {
            KeyRef::S(_) => ScalarType::S,
            KeyRef::N(_) => ScalarType::N,
            KeyRef::B(_) => ScalarType::B,
        }
    }

    /// The value's size without the attribute's name.
    pub fn size_bytes(self) -> usize {
        match self {
            KeyRef::S(text) => text.len(),
            KeyRef::N(number) => number.size_bytes(),
            KeyRef::B(bytes) => bytes.len(),
        }
    }

    /// The hash that places the value. Fixed by `seed` on every machine: the order of a Scan follows from it.
    pub fn hash(self, seed: u64) -> u64 {
        match self {
            KeyRef::S(text) => xxh3_64_with_seed(text.as_bytes(), seed),
            KeyRef::B(bytes) => xxh3_64_with_seed(bytes, seed),
            KeyRef::N(number) => {
                let mut bytes = NumberBytes::default();
                number.hash(&mut bytes);
                xxh3_64_with_seed(&bytes.bytes[..bytes.len], seed)
            }
        }
    }
}

impl<'a> From<&'a KeyValue> for KeyRef<'a> {
    fn from(value: &'a KeyValue) -> Self {
        match value {
            KeyValue::S(text) => KeyRef::S(text),
            KeyValue::N(number) => KeyRef::N(*number),
            KeyValue::B(bytes) => KeyRef::B(bytes),
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

/// The place of an entry in its item collection: by sort key, in an index then by the key of the item it stands for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The sort key, where there is one.
    pub sort: Option<KeyValue>,
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
    Entry(Box<(KeyValue, Option<KeyValue>)>),
    /// After every entry.
    After,
}

impl Position {
    /// The place of an item in a table.
    pub fn of_item(sort: Option<KeyRef<'_>>) -> Self {
        Position { sort: sort.map(KeyRef::to_owned), tie: Tie::Item }
    }
}

/// Where an entry is: which shard and slot, and where in the collection.
#[derive(Debug, Clone)]
pub struct Key<'a> {
    /// The hash of the partition key.
    pub hash: u64,
    /// The partition key.
    pub partition: KeyRef<'a>,
    /// The place in the collection.
    pub position: Position,
}

/// Which attributes of an entry make its key.
#[derive(Debug)]
pub struct Layout {
    partition: Arc<str>,
    sort: Option<Arc<str>>,
    /// In an index: the key of the table.
    item: Option<(Arc<str>, Option<Arc<str>>)>,
    seed: u64,
}

impl Layout {
    /// Items of a table.
    pub fn of_table(key: &KeySchema, seed: u64) -> Self {
        let (partition, sort) = names(key);
        Layout { partition, sort, item: None, seed }
    }

    /// Entries of an index on a table with `table_key`.
    pub fn of_index(key: &KeySchema, table_key: &KeySchema, seed: u64) -> Self {
        let (partition, sort) = names(key);
        Layout { partition, sort, item: Some(names(table_key)), seed }
    }

    /// Whether a collection can hold one entry only.
    pub const fn is_single(&self) -> bool {
        self.sort.is_none() && self.item.is_none()
    }

    /// The hash that places a partition key.
    pub fn hash(&self, partition: KeyRef<'_>) -> u64 {
        partition.hash(self.seed)
    }

    /// The key of an entry; `None` where an attribute is missing or of a type no key has.
    pub fn key_of<'a>(&self, entry: &'a Item) -> Option<Key<'a>> {
        let partition = key_attribute(entry, &self.partition)?;
        Some(Key { hash: self.hash(partition), partition, position: self.position_of(entry)? })
    }

    /// The place of an entry in its collection.
    pub fn position_of(&self, entry: &Item) -> Option<Position> {
        let owned = |name: &Arc<str>| key_attribute(entry, name).map(KeyRef::to_owned);
        let optional = |name: &Option<Arc<str>>| match name {
            Some(name) => owned(name).map(Some),
            None => Some(None),
        };
        let tie = match &self.item {
            None => Tie::Item,
            Some((partition, sort)) => Tie::Entry(Box::new((owned(partition)?, optional(sort)?))),
        };
        Some(Position { sort: optional(&self.sort)?, tie })
    }
}

fn names(key: &KeySchema) -> (Arc<str>, Option<Arc<str>>) {
    (key.partition.name.clone(), key.sort.as_ref().map(|sort| sort.name.clone()))
}

/// The value of the key attribute `name`.
pub fn key_attribute<'a>(item: &'a Item, name: &str) -> Option<KeyRef<'a>> {
    KeyRef::from_value(item.get(name)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_the_same_everywhere() {
        assert_eq!(KeyRef::S("user#1").hash(7), KeyRef::B(b"user#1").hash(7));
        assert_eq!(KeyRef::S("user#1").hash(7), 10_202_857_789_686_617_409);
        // Coefficient, exponent and sign, in little-endian order.
        let mut bytes = [0; 19];
        (bytes[8], bytes[18]) = (42, 1);
        assert_eq!(KeyRef::N(Number::from(-42)).hash(7), xxh3_64_with_seed(&bytes, 7));
        assert_ne!(KeyRef::N(Number::from(42)).hash(7), KeyRef::N(Number::from(-42)).hash(7));
        assert_ne!(KeyRef::S("user#1").hash(7), KeyRef::S("user#1").hash(8));
    }

    #[test]
    fn equal_numbers_written_differently_have_one_place() {
        let hash = |text: &str| KeyRef::N(text.parse().unwrap()).hash(1);
        assert_eq!(hash("1.50"), hash("15E-1"));
    }
}
