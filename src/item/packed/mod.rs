//! An item in one allocation: what the engine stores and answers with.
//!
//! # Layout
//! Integers are little-endian. Attributes are counted from zero in the byte order of their names. Offsets are two bytes wide in
//! an item below 64 KB, four in others.
//!
//! | what | bytes |
//! |---|---|
//! | the item's size by DynamoDB's rule | 4 |
//! | twice the number of attributes, plus one where offsets are wide | 4 |
//! | a mark of each attribute's name | 1 each |
//! | for each attribute, where the name ends and where the value begins | 2 offsets each |
//! | the names, one after the other | |
//! | the short values, then the long ones, each in the order of the names | |
//!
//! Marks, names and short values stand together at the front, because a look-up by key reads them: most often two cache lines
//! of an item that is cold. How a value is written is told in `encode`. One item has one form: equal items have equal bytes.

mod decode;
mod encode;

use std::cell::Cell;
use std::fmt;
use std::sync::Arc;

use smallvec::SmallVec;

use super::{AttributeValue, Item};

pub use decode::{PackedValue, ScalarRef};

/// Where the marks of the names begin.
const MARKS: usize = 8;
/// Items of fewer bytes have narrow offsets.
const WIDE_MIN_BYTES: usize = 1 << 16;
/// A value of up to this many bytes is short.
const SHORT_MAX_BYTES: usize = 40;
/// Attributes that are packed without an allocation besides the item's.
const INLINE_ATTRIBUTES: usize = 24;

/// Attributes that are looked at one after the other for a name; more are searched by bisection.
const SEARCHED_MAX: usize = 16;
/// Bytes a thread keeps to pack items in.
const SCRATCH_MAX_BYTES: usize = 64 * 1024;

thread_local! {
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// An item in one allocation, shared by whoever holds it: cloning it counts a reference.
#[derive(Clone, PartialEq, Eq)]
pub struct PackedItem {
    bytes: Arc<[u8]>,
}

/// Where the value of an attribute to be packed comes from.
#[derive(Debug, Clone, Copy)]
enum Part<'a> {
    Value(&'a AttributeValue),
    /// A value of another packed item, taken over as it stands.
    Packed(PackedValue<'a>),
}

impl Part<'_> {
    /// How many bytes it takes, and its size by DynamoDB's rule.
    #[inline]
    fn measure(&self) -> (usize, usize) {
        match self {
            Part::Value(AttributeValue::S(text)) => (encode::string_len(text.len()), text.len()),
            Part::Value(value) => (encode::encoded_len(value), value.size_bytes()),
            Part::Packed(value) => (value.encoded().len(), value.size_bytes()),
        }
    }

    #[inline]
    fn write(&self, writer: &mut encode::Writer<'_>) {
        match self {
            Part::Value(value) => writer.put_value(value),
            Part::Packed(value) => writer.put(value.encoded()),
        }
    }
}

type Parts<'a> = SmallVec<[(&'a [u8], Part<'a>); INLINE_ATTRIBUTES]>;

impl PackedItem {
    /// The item, packed. Linear in its size. Of an item of 4 GiB or more, which nobody stores, the size alone is right: too
    /// much.
    pub fn pack(item: &Item) -> Self {
        Self::of_parts(item.iter().map(|(name, value)| (name.as_bytes(), Part::Value(value))))
    }

    /// The item, unpacked.
    pub fn to_item(&self) -> Item {
        self.iter().map(|(name, value)| (name.into(), value.to_value())).collect()
    }

    /// The item's size by DynamoDB's rule (facts §1.5), in bytes.
    pub fn size_bytes(&self) -> usize {
        self.u32_at(0)
    }

    /// How many attributes there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.u32_at(4) >> 1
    }

    /// Whether there is no attribute.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of the attribute `name`. Beyond sixteen attributes, logarithmic in their number.
    #[inline]
    pub fn get(&self, name: &str) -> Option<PackedValue<'_>> {
        let at = self.position(name)?;
        Some(self.value(at))
    }

    /// The attributes, by name in byte order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, PackedValue<'_>)> {
        (0..self.len()).map(|at| (decode::text(self.name(at)), self.value(at)))
    }

    /// The item with these attributes alone. `names` are in byte order, each once; those it does not have are left out.
    pub fn only<'n>(&self, names: impl Iterator<Item = &'n str>) -> PackedItem {
        let mut parts: Parts<'_> = SmallVec::new();
        for name in names {
            if let Some(at) = self.position(name) {
                parts.push((self.name(at), Part::Packed(self.value(at))));
            }
        }
        Self::of_parts(parts.iter().copied())
    }

    /// These attributes of the item, unpacked; those it does not have are left out.
    pub fn unpack_only<'n>(&self, names: impl Iterator<Item = &'n str>) -> Item {
        names.filter_map(|name| Some((name.into(), self.get(name)?.to_value()))).collect()
    }

    /// The item with other values for some attributes: of `replaced`, in byte order and each once, those in `values` get
    /// that value and the others go away. `values` has no attribute that is not in `replaced`.
    pub fn with(&self, replaced: &[&str], values: &Item) -> PackedItem {
        if let Some(patched) = self.patched(replaced, values) {
            return patched;
        }
        let mut parts: Parts<'_> = SmallVec::with_capacity(self.len() + values.len());
        let mut values = values.iter().map(|(name, value)| (name.as_bytes(), Part::Value(value))).peekable();
        let mut replaced = replaced.iter().map(|name| name.as_bytes()).peekable();
        for (name, value) in (0..self.len()).map(|at| (self.name(at), self.value(at))) {
            while let Some(new) = values.next_if(|(new, _)| *new <= name) {
                parts.push(new);
            }
            while replaced.next_if(|gone| *gone < name).is_some() {}
            if replaced.next_if_eq(&name).is_none() {
                parts.push((name, Part::Packed(value)));
            }
        }
        parts.extend(values);
        Self::of_parts(parts.iter().copied())
    }

    /// `with`, where every value takes the place of one that is written as long: a copy with the values written over.
    fn patched(&self, replaced: &[&str], values: &Item) -> Option<PackedItem> {
        if replaced.len() != values.len() {
            return None;
        }
        let mut patches: SmallVec<[(usize, &AttributeValue); 4]> = SmallVec::new();
        let mut size_bytes = self.size_bytes();
        for (name, value) in values.iter() {
            let at = self.position(name)?;
            let old = self.value(at);
            if encode::encoded_len(value) != old.encoded().len() {
                return None;
            }
            size_bytes = size_bytes - old.size_bytes() + value.size_bytes();
            patches.push((self.value_start(at), value));
        }
        let mut bytes: Arc<[u8]> = Arc::from(&*self.bytes);
        // Nobody else has it yet.
        let writable = Arc::get_mut(&mut bytes)?;
        writable[..4].copy_from_slice(&encode::u32_of(size_bytes));
        for (start, value) in patches {
            encode::Writer::new(writable, start).put_value(value);
        }
        Some(PackedItem { bytes })
    }

    /// An item of these attributes, which are in the byte order of their names, each once.
    fn of_parts<'a>(parts: impl ExactSizeIterator<Item = (&'a [u8], Part<'a>)> + Clone) -> Self {
        let mut lengths: SmallVec<[usize; INLINE_ATTRIBUTES]> = SmallVec::with_capacity(parts.len());
        let (mut size_bytes, mut names_len, mut short_len, mut long_len) = (0, 0, 0, 0);
        for (name, part) in parts.clone() {
            let (length, value_bytes) = part.measure();
            lengths.push(length);
            size_bytes += name.len() + value_bytes;
            names_len += name.len();
            *(if length <= SHORT_MAX_BYTES { &mut short_len } else { &mut long_len }) += length;
        }
        let count = lengths.len();
        let width_of = |wide| if wide { 4 } else { 2 };
        let names_start = |wide| MARKS + count + 2 * width_of(wide) * count;
        let wide = names_start(false) + names_len + short_len + long_len >= WIDE_MIN_BYTES;
        let (width, mut name_at) = (width_of(wide), names_start(wide));
        let mut short_at = name_at + names_len;
        let mut long_at = short_at + short_len;
        let mut scratch = SCRATCH.take();
        scratch.resize(scratch.len().max(long_at + long_len), 0);
        let bytes = &mut scratch[..long_at + long_len];
        bytes[..4].copy_from_slice(&encode::u32_of(size_bytes));
        bytes[4..8].copy_from_slice(&encode::u32_of(count * 2 + usize::from(wide)));
        for (at, ((name, part), length)) in parts.zip(&lengths).enumerate() {
            let value_at = if *length <= SHORT_MAX_BYTES { &mut short_at } else { &mut long_at };
            bytes[MARKS + at] = mark(name);
            bytes[name_at..name_at + name.len()].copy_from_slice(name);
            name_at += name.len();
            let entry = MARKS + count + 2 * width * at;
            bytes[entry..entry + width].copy_from_slice(&encode::u32_of(name_at)[..width]);
            bytes[entry + width..entry + 2 * width].copy_from_slice(&encode::u32_of(*value_at)[..width]);
            part.write(&mut encode::Writer::new(bytes, *value_at));
            *value_at += length;
        }
        let packed = PackedItem { bytes: Arc::from(&*bytes) };
        if scratch.len() <= SCRATCH_MAX_BYTES {
            SCRATCH.set(scratch);
        }
        packed
    }

    /// Becomes equal to `other` without an allocation, where nobody else holds this item and both take as many bytes;
    /// tells whether it did.
    pub fn overwrite(&mut self, other: &PackedItem) -> bool {
        match Arc::get_mut(&mut self.bytes) {
            Some(bytes) if bytes.len() == other.bytes.len() => {
                bytes.copy_from_slice(&other.bytes);
                true
            }
            _ => false,
        }
    }

    /// Whether both are one item in one place, not two equal ones.
    #[cfg(test)]
    pub(crate) fn is_shared_with(&self, other: &PackedItem) -> bool {
        Arc::ptr_eq(&self.bytes, &other.bytes)
    }

    #[inline]
    fn position(&self, name: &str) -> Option<usize> {
        let (name, count) = (name.as_bytes(), self.len());
        if count <= SEARCHED_MAX {
            let wanted = mark(name);
            let marks = &self.bytes[MARKS..MARKS + count];
            return (0..count).find(|at| marks[*at] == wanted && self.name(*at) == name);
        }
        let (mut low, mut high) = (0, count);
        while low < high {
            let middle = low.midpoint(high);
            match self.name(middle).cmp(name) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Some(middle),
            }
        }
        None
    }

    #[inline]
    fn name(&self, at: usize) -> &[u8] {
        let start = match at {
            0 => MARKS + self.len() + 2 * self.width() * self.len(),
            _ => self.offset(2 * at - 2),
        };
        &self.bytes[start..self.offset(2 * at)]
    }

    #[inline]
    fn value(&self, at: usize) -> PackedValue<'_> {
        PackedValue::at_start_of(&self.bytes[self.value_start(at)..])
    }

    #[inline]
    fn value_start(&self, at: usize) -> usize {
        self.offset(2 * at + 1)
    }

    /// The offset with this number; each attribute has two.
    #[inline]
    fn offset(&self, number: usize) -> usize {
        let start = MARKS + self.len();
        if self.width() == 4 {
            return self.u32_at(start + 4 * number);
        }
        match self.bytes[start + 2 * number..].first_chunk() {
            Some(offset) => usize::from(u16::from_le_bytes(*offset)),
            None => 0,
        }
    }

    /// Bytes of an offset.
    #[inline]
    fn width(&self) -> usize {
        if self.bytes[4] & 1 == 1 { 4 } else { 2 }
    }

    #[inline]
    fn u32_at(&self, at: usize) -> usize {
        decode::u32_at(&self.bytes, at)
    }
}

/// A mark of a name: names with different marks are different.
#[inline]
fn mark(name: &[u8]) -> u8 {
    match name {
        [first, .., last] => first.wrapping_mul(31) ^ last.wrapping_mul(7) ^ name.len() as u8,
        [only] => *only,
        [] => 0,
    }
}

impl From<&Item> for PackedItem {
    fn from(item: &Item) -> Self {
        PackedItem::pack(item)
    }
}

impl From<Item> for PackedItem {
    fn from(item: Item) -> Self {
        PackedItem::pack(&item)
    }
}

impl PartialEq<Item> for PackedItem {
    fn eq(&self, other: &Item) -> bool {
        *self == PackedItem::pack(other)
    }
}

impl fmt::Debug for PackedItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_item().fmt(f)
    }
}

#[cfg(test)]
mod tests;
