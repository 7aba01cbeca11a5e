//! How values are read.

use crate::item::{AttributeType, AttributeValue, Item, KeyValue, Number, ScalarType};

use crate::item::size::{DOCUMENT_OVERHEAD_BYTES, ELEMENT_OVERHEAD_BYTES};

use super::encode::{
    BINARY, BINARY_SET, CONTAINER_HEAD, FALSE, LIST, LONG, MAP, NEGATIVE, NULL, NUMBER, NUMBER_SET, STRING, STRING_SET,
    TRUE,
};

/// A value of a packed item.
#[derive(Debug, Clone, Copy)]
pub struct PackedValue<'a> {
    /// From the tag on; other values may follow.
    bytes: &'a [u8],
}

/// A string, number or binary, borrowed: what a key can be. Ordered as DynamoDB orders keys of one type: strings by UTF-8
/// bytes, numbers by value, binary by unsigned bytes (DG: HowItWorks.CoreComponents).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ScalarRef<'a> {
    /// The UTF-8 of a string.
    S(&'a [u8]),
    /// A number.
    N(Number),
    /// A binary.
    B(&'a [u8]),
}

impl ScalarRef<'_> {
    /// The value, owned.
    pub fn to_key_value(self) -> KeyValue {
        match self {
            ScalarRef::S(bytes) => KeyValue::S(text(bytes).into()),
            ScalarRef::N(number) => KeyValue::N(number),
            ScalarRef::B(bytes) => KeyValue::B(bytes.into()),
        }
    }

    /// The value's type.
    pub const fn scalar_type(self) -> ScalarType {
        match self {
            ScalarRef::S(_) => ScalarType::S,
            ScalarRef::N(_) => ScalarType::N,
            ScalarRef::B(_) => ScalarType::B,
        }
    }

    /// The value's size without the attribute's name, in bytes.
    pub fn size_bytes(self) -> usize {
        match self {
            ScalarRef::S(bytes) | ScalarRef::B(bytes) => bytes.len(),
            ScalarRef::N(number) => number.size_bytes(),
        }
    }
}

impl<'a> From<&'a KeyValue> for ScalarRef<'a> {
    fn from(value: &'a KeyValue) -> Self {
        match value {
            KeyValue::S(text) => ScalarRef::S(text.as_bytes()),
            KeyValue::N(number) => ScalarRef::N(*number),
            KeyValue::B(bytes) => ScalarRef::B(bytes),
        }
    }
}

#[inline]
pub fn u32_at(bytes: &[u8], at: usize) -> usize {
    match bytes[at..].first_chunk() {
        Some(number) => u32::from_le_bytes(*number) as usize,
        None => 0,
    }
}

/// The text of a name or a string.
pub fn text(bytes: &[u8]) -> &str {
    // It was one when it was packed.
    std::str::from_utf8(bytes).unwrap_or_default()
}

impl PartialEq for PackedValue<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.encoded() == other.encoded()
    }
}

impl Eq for PackedValue<'_> {}

impl<'a> PackedValue<'a> {
    #[inline]
    pub(super) const fn at_start_of(bytes: &'a [u8]) -> Self {
        PackedValue { bytes }
    }

    /// The value's type.
    pub fn attribute_type(self) -> AttributeType {
        match self.tag() {
            STRING => AttributeType::S,
            NUMBER => AttributeType::N,
            BINARY => AttributeType::B,
            FALSE | TRUE => AttributeType::Bool,
            STRING_SET => AttributeType::Ss,
            NUMBER_SET => AttributeType::Ns,
            BINARY_SET => AttributeType::Bs,
            LIST => AttributeType::L,
            MAP => AttributeType::M,
            _ => AttributeType::Null,
        }
    }

    /// The value, if it is a string, a number or a binary.
    #[inline]
    pub fn scalar(self) -> Option<ScalarRef<'a>> {
        let mut content = self.content();
        match self.tag() {
            STRING => Some(ScalarRef::S(content.bytes())),
            NUMBER => Some(ScalarRef::N(content.number())),
            BINARY => Some(ScalarRef::B(content.bytes())),
            _ => None,
        }
    }

    /// The value, unpacked. Recurses as deep as it nests.
    pub fn to_value(self) -> AttributeValue {
        self.content().value_of(self.tag())
    }

    /// The value's size without its name, by DynamoDB's rule (facts §1.5), in bytes.
    pub fn size_bytes(self) -> usize {
        match self.tag() {
            STRING | BINARY => self.content().bytes().len(),
            NUMBER => self.content().number().size_bytes(),
            FALSE | TRUE | NULL => 1,
            tag => self.container_size_bytes(tag),
        }
    }

    /// The size of a set, list or map. Recurses as deep as it nests.
    fn container_size_bytes(self, tag: u8) -> usize {
        let mut content = self.content();
        let count = content.begin();
        let elements = (0..count).map(|_| match tag {
            STRING_SET | BINARY_SET => content.bytes().len(),
            NUMBER_SET => content.number().size_bytes(),
            LIST => ELEMENT_OVERHEAD_BYTES + content.value().size_bytes(),
            _ => ELEMENT_OVERHEAD_BYTES + content.bytes().len() + content.value().size_bytes(),
        });
        let sum: usize = elements.sum();
        if tag >= LIST { DOCUMENT_OVERHEAD_BYTES + sum } else { sum }
    }

    /// Whether it is this value. Looks no further than the first difference; recurses as deep as it nests.
    pub fn is(self, value: &AttributeValue) -> bool {
        let mut content = self.content();
        match (self.tag(), value) {
            (FALSE | TRUE, AttributeValue::Bool(truth)) => *truth == (self.tag() == TRUE),
            (NULL, AttributeValue::Null) => true,
            (STRING_SET, AttributeValue::Ss(elements)) => {
                content.begin() == elements.len() && elements.iter().all(|one| content.bytes() == one.as_bytes())
            }
            (NUMBER_SET, AttributeValue::Ns(elements)) => {
                content.begin() == elements.len() && elements.iter().all(|one| content.number() == *one)
            }
            (BINARY_SET, AttributeValue::Bs(elements)) => {
                content.begin() == elements.len() && elements.iter().all(|one| content.bytes() == &**one)
            }
            (LIST, AttributeValue::L(elements)) => {
                content.begin() == elements.len() && elements.iter().all(|one| content.value().is(one))
            }
            (MAP, AttributeValue::M(map)) => {
                content.begin() == map.len()
                    && map.iter().all(|(name, one)| content.bytes() == name.as_bytes() && content.value().is(one))
            }
            _ => matches!((self.scalar(), value.scalar()), (Some(own), Some(other)) if own == other),
        }
    }

    /// Whether a set or list has an element that `is_part` accepts; a set's elements are asked for as scalars.
    pub fn any(
        self,
        mut is_scalar: impl FnMut(ScalarRef<'a>) -> bool,
        mut is_part: impl FnMut(PackedValue<'a>) -> bool,
    ) -> bool {
        let tag = self.tag();
        if !(STRING_SET..=LIST).contains(&tag) {
            return false;
        }
        let mut content = self.content();
        let count = content.begin();
        (0..count).any(|_| match tag {
            STRING_SET => is_scalar(ScalarRef::S(content.bytes())),
            NUMBER_SET => is_scalar(ScalarRef::N(content.number())),
            BINARY_SET => is_scalar(ScalarRef::B(content.bytes())),
            _ => is_part(content.value()),
        })
    }

    /// How many elements a set, list or map has; `None` for other types.
    pub fn count(self) -> Option<usize> {
        (self.tag() >= STRING_SET).then(|| u32_at(self.bytes, 5))
    }

    /// The element of a list; `None` where there is none, or for other types.
    pub fn element(self, index: usize) -> Option<PackedValue<'a>> {
        if self.tag() != LIST || index >= self.count()? {
            return None;
        }
        let mut elements = self.content();
        elements.skip(CONTAINER_HEAD);
        for _ in 0..index {
            elements.value();
        }
        Some(elements.value())
    }

    /// The attribute of a map; `None` where there is none, or for other types.
    pub fn attribute(self, name: &str) -> Option<PackedValue<'a>> {
        if self.tag() != MAP {
            return None;
        }
        let mut attributes = self.content();
        let count = attributes.begin();
        for _ in 0..count {
            let (known, value) = (attributes.bytes(), attributes.value());
            if known == name.as_bytes() {
                return Some(value);
            }
        }
        None
    }

    /// The value as it is written, without what follows.
    pub(super) fn encoded(self) -> &'a [u8] {
        let mut rest = Reader { bytes: self.bytes };
        rest.value();
        &self.bytes[..self.bytes.len() - rest.bytes.len()]
    }

    #[inline]
    fn tag(self) -> u8 {
        self.bytes.first().copied().unwrap_or(NULL)
    }

    #[inline]
    fn content(self) -> Reader<'a> {
        Reader { bytes: self.bytes.get(1..).unwrap_or_default() }
    }
}

/// Reads what `encode` wrote.
struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    #[inline]
    fn skip(&mut self, count: usize) -> &'a [u8] {
        let (skipped, rest) = self.bytes.split_at(count);
        self.bytes = rest;
        skipped
    }

    /// A string or binary.
    #[inline]
    fn bytes(&mut self) -> &'a [u8] {
        let length = match self.skip(1)[0] {
            LONG => u32_at(self.skip(4), 0),
            length => usize::from(length),
        };
        self.skip(length)
    }

    #[inline]
    fn number(&mut self) -> Number {
        let (head, exponent) = (self.skip(1)[0], self.skip(2));
        let digits = self.skip(usize::from(head & !NEGATIVE));
        let mut coefficient = [0; 16];
        coefficient[..digits.len()].copy_from_slice(digits);
        let exponent = i16::from_le_bytes([exponent[0], exponent[1]]);
        Number::from_parts(head & NEGATIVE != 0, u128::from_le_bytes(coefficient), exponent)
    }

    /// The next value, passed over.
    #[inline]
    fn value(&mut self) -> PackedValue<'a> {
        let value = PackedValue { bytes: self.bytes };
        match self.skip(1)[0] {
            STRING | BINARY => _ = self.bytes(),
            NUMBER => {
                let length = self.bytes[0] & !NEGATIVE;
                self.skip(3 + usize::from(length));
            }
            FALSE | TRUE | NULL => {}
            _ => {
                let length = u32_at(self.skip(4), 0);
                self.skip(length);
            }
        }
        value
    }

    /// The head of a set, list or map: how many elements follow.
    fn begin(&mut self) -> usize {
        u32_at(self.skip(CONTAINER_HEAD), 4)
    }

    /// The content of a value with this tag, unpacked.
    fn value_of(&mut self, tag: u8) -> AttributeValue {
        match tag {
            STRING => AttributeValue::string(text(self.bytes())),
            NUMBER => AttributeValue::N(self.number()),
            BINARY => AttributeValue::B(self.bytes().into()),
            FALSE | TRUE => AttributeValue::Bool(tag == TRUE),
            STRING_SET => AttributeValue::Ss(self.elements(|reader| text(reader.bytes()).into())),
            NUMBER_SET => AttributeValue::Ns(self.elements(Reader::number)),
            BINARY_SET => AttributeValue::Bs(self.elements(|reader| reader.bytes().into())),
            LIST => AttributeValue::L(self.elements(Reader::element)),
            MAP => {
                let attribute = |reader: &mut Self| (text(reader.bytes()).into(), reader.element());
                AttributeValue::M(self.elements(attribute).into_iter().collect::<Item>())
            }
            _ => AttributeValue::Null,
        }
    }

    fn element(&mut self) -> AttributeValue {
        let tag = self.skip(1)[0];
        self.value_of(tag)
    }

    fn elements<T>(&mut self, mut read: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let count = self.begin();
        (0..count).map(|_| read(self)).collect()
    }
}
