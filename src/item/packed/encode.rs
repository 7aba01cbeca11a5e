//! How values are written.
//!
//! A value is a tag and what belongs to it: a string or binary its length and bytes; a number its sign and length, exponent
//! and coefficient; a set, list or map the length of what follows, the number of elements and the elements. Lengths of strings
//! and binaries take one byte up to 254, five above; those of sets, lists and maps four.

use crate::item::{AttributeValue, Item, Number};

pub const STRING: u8 = 0;
pub const NUMBER: u8 = 1;
pub const BINARY: u8 = 2;
pub const FALSE: u8 = 3;
pub const TRUE: u8 = 4;
pub const NULL: u8 = 5;
pub const STRING_SET: u8 = 6;
pub const NUMBER_SET: u8 = 7;
pub const BINARY_SET: u8 = 8;
pub const LIST: u8 = 9;
pub const MAP: u8 = 10;

/// A length that does not fit one byte follows in four.
pub const LONG: u8 = 255;
/// The sign in a number's first byte; the rest is the length of the coefficient.
pub const NEGATIVE: u8 = 0x80;
/// What a set, list or map has before its elements: the length of all after it, then their number.
pub const CONTAINER_HEAD: usize = 8;

/// An offset, a length or a count; what is too much for an item anyway stays too much.
#[inline]
pub fn u32_of(count: usize) -> [u8; 4] {
    u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes()
}

/// How many bytes the value takes.
pub fn encoded_len(value: &AttributeValue) -> usize {
    1 + match value {
        AttributeValue::S(text) => bytes_len(text.as_bytes()),
        AttributeValue::N(number) => number_len(*number),
        AttributeValue::B(bytes) => bytes_len(bytes),
        AttributeValue::Bool(_) | AttributeValue::Null => 0,
        AttributeValue::Ss(elements) => container_len(elements, |element| bytes_len(element.as_bytes())),
        AttributeValue::Ns(elements) => container_len(elements, |element| number_len(*element)),
        AttributeValue::Bs(elements) => container_len(elements, |element| bytes_len(element)),
        AttributeValue::L(elements) => container_len(elements, encoded_len),
        AttributeValue::M(map) => {
            let attribute_len = |name: &str, value| bytes_len(name.as_bytes()) + encoded_len(value);
            CONTAINER_HEAD + map.iter().map(|(name, value)| attribute_len(name, value)).sum::<usize>()
        }
    }
}

/// How many bytes a string of this length takes.
#[inline]
pub const fn string_len(length: usize) -> usize {
    1 + length + if length < LONG as usize { 1 } else { 5 }
}

fn container_len<T>(elements: &[T], element_len: impl Fn(&T) -> usize) -> usize {
    CONTAINER_HEAD + elements.iter().map(element_len).sum::<usize>()
}

fn bytes_len(bytes: &[u8]) -> usize {
    bytes.len() + if bytes.len() < usize::from(LONG) { 1 } else { 5 }
}

fn number_len(number: Number) -> usize {
    3 + coefficient_len(number.parts().1)
}

/// Bytes without the leading zeros.
fn coefficient_len(coefficient: u128) -> usize {
    (u128::BITS - coefficient.leading_zeros()).div_ceil(8) as usize
}

/// Writes values one after the other into bytes that were measured for them.
pub struct Writer<'a> {
    bytes: &'a mut [u8],
    at: usize,
}

impl<'a> Writer<'a> {
    /// Begins at a place in the bytes.
    #[inline]
    pub const fn new(bytes: &'a mut [u8], at: usize) -> Self {
        Writer { bytes, at }
    }

    #[inline]
    pub fn put(&mut self, bytes: &[u8]) {
        self.bytes[self.at..self.at + bytes.len()].copy_from_slice(bytes);
        self.at += bytes.len();
    }

    #[inline]
    fn put_byte(&mut self, byte: u8) {
        self.bytes[self.at] = byte;
        self.at += 1;
    }

    /// Writes the value. Recurses as deep as it nests.
    pub fn put_value(&mut self, value: &AttributeValue) {
        match value {
            AttributeValue::S(text) => {
                self.put_byte(STRING);
                self.put_bytes(text.as_bytes());
            }
            AttributeValue::N(number) => {
                self.put_byte(NUMBER);
                self.put_number(*number);
            }
            AttributeValue::B(bytes) => {
                self.put_byte(BINARY);
                self.put_bytes(bytes);
            }
            AttributeValue::Bool(truth) => self.put_byte(if *truth { TRUE } else { FALSE }),
            AttributeValue::Null => self.put_byte(NULL),
            AttributeValue::Ss(elements) => {
                self.put_elements(STRING_SET, elements, |writer, element| writer.put_bytes(element.as_bytes()));
            }
            AttributeValue::Ns(elements) => {
                self.put_elements(NUMBER_SET, elements, |writer, element| writer.put_number(*element));
            }
            AttributeValue::Bs(elements) => {
                self.put_elements(BINARY_SET, elements, |writer, element| writer.put_bytes(element));
            }
            AttributeValue::L(elements) => self.put_elements(LIST, elements, Self::put_value),
            AttributeValue::M(map) => self.put_map(map),
        }
    }

    fn put_map(&mut self, map: &Item) {
        let start = self.begin(MAP, map.len());
        for (name, value) in map.iter() {
            self.put_bytes(name.as_bytes());
            self.put_value(value);
        }
        self.end(start);
    }

    fn put_elements<T>(&mut self, tag: u8, elements: &[T], put_element: impl Fn(&mut Self, &T)) {
        let start = self.begin(tag, elements.len());
        for element in elements {
            put_element(self, element);
        }
        self.end(start);
    }

    /// Begins a set, list or map and returns where its length belongs.
    fn begin(&mut self, tag: u8, count: usize) -> usize {
        self.put_byte(tag);
        let start = self.at;
        self.put(&u32_of(0));
        self.put(&u32_of(count));
        start
    }

    fn end(&mut self, start: usize) {
        let length = u32_of(self.at - start - 4);
        self.bytes[start..start + 4].copy_from_slice(&length);
    }

    #[inline]
    fn put_bytes(&mut self, bytes: &[u8]) {
        match u8::try_from(bytes.len()) {
            Ok(length) if length < LONG => self.put_byte(length),
            _ => {
                self.put_byte(LONG);
                self.put(&u32_of(bytes.len()));
            }
        }
        self.put(bytes);
    }

    fn put_number(&mut self, number: Number) {
        let (negative, coefficient, exponent) = number.parts();
        let length = coefficient_len(coefficient);
        self.put_byte(if negative { NEGATIVE } else { 0 } | length as u8);
        self.put(&exponent.to_le_bytes());
        self.put(&coefficient.to_le_bytes()[..length]);
    }
}
