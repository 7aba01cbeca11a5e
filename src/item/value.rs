//! Attribute values and items.

use std::cmp::Ordering;
use std::fmt;

use compact_str::CompactString;

use super::{Number, ScalarRef};

/// The name of an attribute; up to 24 bytes are held in place, without an allocation.
pub type AttributeName = CompactString;

/// A value as DynamoDB types it (API: AttributeValue).
///
/// Sets are kept sorted and without duplicates, so that equal sets compare equal.
#[derive(Debug, Clone, PartialEq)]
pub enum AttributeValue {
    /// String, UTF-8.
    S(CompactString),
    /// Number, 38 significant digits.
    N(Number),
    /// Binary.
    B(Box<[u8]>),
    /// Boolean.
    Bool(bool),
    /// Null.
    Null,
    /// String set.
    Ss(Vec<CompactString>),
    /// Number set.
    Ns(Vec<Number>),
    /// Binary set.
    Bs(Vec<Box<[u8]>>),
    /// List.
    L(Vec<AttributeValue>),
    /// Map.
    M(Item),
}

impl AttributeValue {
    /// A string value.
    pub fn string(text: impl Into<CompactString>) -> Self {
        AttributeValue::S(text.into())
    }

    /// A string set: sorted, duplicates dropped.
    pub fn string_set(mut elements: Vec<CompactString>) -> Self {
        elements.sort_unstable();
        elements.dedup();
        AttributeValue::Ss(elements)
    }

    /// A number set: sorted, duplicates dropped.
    pub fn number_set(mut elements: Vec<Number>) -> Self {
        elements.sort_unstable();
        elements.dedup();
        AttributeValue::Ns(elements)
    }

    /// A binary set: sorted, duplicates dropped.
    pub fn binary_set(mut elements: Vec<Box<[u8]>>) -> Self {
        elements.sort_unstable();
        elements.dedup();
        AttributeValue::Bs(elements)
    }

    /// The value, if it is a string, a number or a binary.
    pub fn scalar(&self) -> Option<ScalarRef<'_>> {
        match self {
            AttributeValue::S(text) => Some(ScalarRef::S(text.as_bytes())),
            AttributeValue::N(number) => Some(ScalarRef::N(*number)),
            AttributeValue::B(bytes) => Some(ScalarRef::B(bytes)),
            _ => None,
        }
    }

    /// The value's type.
    pub fn attribute_type(&self) -> AttributeType {
        match self {
            AttributeValue::S(_) => AttributeType::S,
            AttributeValue::N(_) => AttributeType::N,
            AttributeValue::B(_) => AttributeType::B,
            AttributeValue::Bool(_) => AttributeType::Bool,
            AttributeValue::Null => AttributeType::Null,
            AttributeValue::Ss(_) => AttributeType::Ss,
            AttributeValue::Ns(_) => AttributeType::Ns,
            AttributeValue::Bs(_) => AttributeType::Bs,
            AttributeValue::L(_) => AttributeType::L,
            AttributeValue::M(_) => AttributeType::M,
        }
    }
}

impl From<Number> for AttributeValue {
    fn from(number: Number) -> Self {
        AttributeValue::N(number)
    }
}

/// The ten types of an attribute value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AttributeType {
    /// String.
    S,
    /// Number.
    N,
    /// Binary.
    B,
    /// Boolean.
    Bool,
    /// Null.
    Null,
    /// String set.
    Ss,
    /// Number set.
    Ns,
    /// Binary set.
    Bs,
    /// List.
    L,
    /// Map.
    M,
}

impl AttributeType {
    /// Every type, in the order the API model lists them.
    pub const ALL: [AttributeType; 10] = [
        AttributeType::S,
        AttributeType::N,
        AttributeType::B,
        AttributeType::Ss,
        AttributeType::Ns,
        AttributeType::Bs,
        AttributeType::M,
        AttributeType::L,
        AttributeType::Null,
        AttributeType::Bool,
    ];

    /// The type's descriptor in DynamoDB's JSON and in `attribute_type()`: `S`, `NULL`, `SS` and so on.
    pub const fn descriptor(self) -> &'static str {
        match self {
            AttributeType::S => "S",
            AttributeType::N => "N",
            AttributeType::B => "B",
            AttributeType::Bool => "BOOL",
            AttributeType::Null => "NULL",
            AttributeType::Ss => "SS",
            AttributeType::Ns => "NS",
            AttributeType::Bs => "BS",
            AttributeType::L => "L",
            AttributeType::M => "M",
        }
    }

    /// The type with this descriptor.
    pub fn from_descriptor(descriptor: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.descriptor() == descriptor)
    }
}

impl fmt::Display for AttributeType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.descriptor())
    }
}

/// The types a key attribute may have (API: ScalarAttributeType).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub enum ScalarType {
    /// String.
    S,
    /// Number.
    N,
    /// Binary.
    B,
}

impl From<ScalarType> for AttributeType {
    fn from(scalar: ScalarType) -> Self {
        match scalar {
            ScalarType::S => AttributeType::S,
            ScalarType::N => AttributeType::N,
            ScalarType::B => AttributeType::B,
        }
    }
}

/// The value of a key attribute, ordered as DynamoDB orders sort keys: strings by UTF-8 bytes, numbers by value,
/// binary by unsigned bytes (DG: HowItWorks.CoreComponents).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyValue {
    /// String.
    S(CompactString),
    /// Number.
    N(Number),
    /// Binary.
    B(Box<[u8]>),
}

impl KeyValue {
    /// The key value held by `value`, if its type can be a key.
    pub fn from_value(value: &AttributeValue) -> Option<Self> {
        match value {
            AttributeValue::S(text) => Some(KeyValue::S(text.clone())),
            AttributeValue::N(number) => Some(KeyValue::N(*number)),
            AttributeValue::B(bytes) => Some(KeyValue::B(bytes.clone())),
            _ => None,
        }
    }

    /// The type of the key attribute.
    pub fn scalar_type(&self) -> ScalarType {
        match self {
            KeyValue::S(_) => ScalarType::S,
            KeyValue::N(_) => ScalarType::N,
            KeyValue::B(_) => ScalarType::B,
        }
    }
}

impl From<KeyValue> for AttributeValue {
    fn from(key: KeyValue) -> Self {
        match key {
            KeyValue::S(text) => AttributeValue::S(text),
            KeyValue::N(number) => AttributeValue::N(number),
            KeyValue::B(bytes) => AttributeValue::B(bytes),
        }
    }
}

/// An item, or the content of a map: attributes sorted by name, each name once.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Item {
    attributes: Vec<(AttributeName, AttributeValue)>,
}

impl Item {
    /// An item without attributes.
    pub const fn new() -> Self {
        Item { attributes: Vec::new() }
    }

    /// The value of the attribute `name`. Logarithmic in the number of attributes.
    pub fn get(&self, name: &str) -> Option<&AttributeValue> {
        let at = self.position(name).ok()?;
        Some(&self.attributes[at].1)
    }

    /// The value of the attribute `name`, to be changed in place.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut AttributeValue> {
        let at = self.position(name).ok()?;
        Some(&mut self.attributes[at].1)
    }

    /// Sets the attribute `name` and returns its former value. Many attributes are set cheaper by collecting.
    pub fn insert(&mut self, name: AttributeName, value: AttributeValue) -> Option<AttributeValue> {
        match self.position(&name) {
            Ok(at) => Some(std::mem::replace(&mut self.attributes[at].1, value)),
            Err(at) => {
                self.attributes.insert(at, (name, value));
                None
            }
        }
    }

    /// Removes the attribute `name` and returns its value.
    pub fn remove(&mut self, name: &str) -> Option<AttributeValue> {
        let at = self.position(name).ok()?;
        Some(self.attributes.remove(at).1)
    }

    /// How many attributes there are.
    pub fn len(&self) -> usize {
        self.attributes.len()
    }

    /// Whether there is no attribute.
    pub fn is_empty(&self) -> bool {
        self.attributes.is_empty()
    }

    /// The attributes, by name in byte order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&AttributeName, &AttributeValue)> + Clone {
        self.attributes.iter().map(|(name, value)| (name, value))
    }

    fn position(&self, name: &str) -> Result<usize, usize> {
        self.attributes.binary_search_by(|(known, _)| known.as_str().cmp(name))
    }
}

impl FromIterator<(AttributeName, AttributeValue)> for Item {
    /// Of attributes with the same name the last one stays.
    fn from_iter<I: IntoIterator<Item = (AttributeName, AttributeValue)>>(attributes: I) -> Self {
        let mut attributes: Vec<_> = attributes.into_iter().collect();
        if !attributes.is_sorted_by(|left, right| left.0 < right.0) {
            attributes.sort_by(|left, right| left.0.cmp(&right.0));
            attributes.dedup_by(|later, earlier| {
                let same = later.0.cmp(&earlier.0) == Ordering::Equal;
                if same {
                    std::mem::swap(later, earlier);
                }
                same
            });
        }
        Item { attributes }
    }
}

impl IntoIterator for Item {
    type Item = (AttributeName, AttributeValue);
    type IntoIter = std::vec::IntoIter<(AttributeName, AttributeValue)>;

    fn into_iter(self) -> Self::IntoIter {
        self.attributes.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_equal_names_stays() {
        let item: Item =
            [("b", 1), ("a", 2), ("b", 3)].map(|(name, n)| (name.into(), Number::from(n).into())).into_iter().collect();
        assert_eq!(item.len(), 2);
        assert_eq!(item.get("b"), Some(&Number::from(3).into()));
        assert_eq!(item.get("a"), Some(&Number::from(2).into()));
        assert_eq!(item.get("c"), None);
    }
}
