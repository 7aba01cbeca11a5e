//! Values for attributes and expressions, drawn for the record an operation is about.

use std::sync::{Arc, LazyLock};

use compact_str::CompactString;
use jiff::Timestamp;

use crate::item::{AttributeName, AttributeType, AttributeValue, Item, Number};
use crate::random::{Random, Streams};

use super::distribution::Weighted;
use super::distribution::key::KeyDistribution;
use super::distribution::size::SizeDistribution;
use super::file::{Alphabet, TimestampFormat};
use super::layout::Place;
use super::text::{NumberOf, TextTemplate};

/// What a value is drawn for.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The record's number.
    pub record: u64,
    /// Where the record is.
    pub place: Place,
    /// How often the operation ran before.
    pub counter: u64,
    /// When the operation is due, nanoseconds since 1970.
    pub epoch_nanos: i64,
    /// The key of the record, for references to it; empty while the key itself is drawn.
    pub key: &'a Item,
}

impl Subject<'_> {
    /// The number a placeholder stands for.
    pub const fn number(&self, of: NumberOf) -> u64 {
        match of {
            NumberOf::Record => self.record,
            NumberOf::Partition => self.place.partition,
            NumberOf::Sort => self.place.sort,
            NumberOf::Counter => self.counter,
        }
    }
}

/// Draws values.
#[derive(Debug, Clone)]
pub enum Generator {
    /// The same value every time.
    Constant(AttributeValue),
    /// A text with placeholders.
    Text(TextTemplate),
    /// A number of the subject.
    Subject(NumberOf),
    /// `start + step × counter`.
    Counter {
        /// The first value.
        start: i64,
        /// What is added each time.
        step: i64,
    },
    /// A whole number from `min` on, `count` different ones, all alike.
    Uniform {
        /// Least value.
        min: i64,
        /// How many values there are; at least 1.
        count: u64,
    },
    /// A number drawn in units of the last decimal place.
    Number {
        /// The distribution in those units.
        distribution: Arc<dyn SizeDistribution>,
        /// Decimal places.
        decimals: u32,
    },
    /// A whole number below `count`.
    Index {
        /// How many there are.
        count: u64,
        /// How they are distributed.
        distribution: Arc<dyn KeyDistribution>,
    },
    /// One of several.
    Choice {
        /// Which, by weight.
        weights: Weighted,
        /// The possibilities.
        values: Vec<Generator>,
    },
    /// Random characters.
    String {
        /// How many.
        length: Arc<dyn SizeDistribution>,
        /// Which.
        alphabet: Alphabet,
    },
    /// Words that sound like words.
    Words {
        /// How many bytes in all.
        length: Arc<dyn SizeDistribution>,
    },
    /// Random bytes.
    Binary {
        /// How many.
        length: Arc<dyn SizeDistribution>,
    },
    /// A set; `element` draws strings, numbers or binaries.
    Set {
        /// Draws an element.
        element: Box<Generator>,
        /// The elements' type.
        element_type: AttributeType,
        /// How many are drawn.
        count: Arc<dyn SizeDistribution>,
    },
    /// A list.
    List {
        /// Draws an element.
        element: Box<Generator>,
        /// How many.
        count: Arc<dyn SizeDistribution>,
    },
    /// A map.
    Map(Vec<(AttributeName, Generator)>),
    /// The time the operation is due.
    Timestamp {
        /// How it is written.
        format: TimestampFormat,
        /// Added to it, nanoseconds.
        plus_nanos: i64,
        /// Up to this much is taken off at random, nanoseconds.
        spread_nanos: u64,
    },
    /// A random UUID, version 4.
    Uuid,
    /// True with this probability.
    Boolean(f64),
    /// A key attribute of the subject.
    Key(CompactString),
}

impl Generator {
    /// Draws a value for the subject. Depends on nothing but its arguments.
    pub fn draw(&self, subject: &Subject<'_>, random: &mut Random) -> AttributeValue {
        match self {
            Generator::Constant(value) => value.clone(),
            Generator::Text(template) => AttributeValue::S(template.fill(subject)),
            Generator::Subject(of) => Number::from(subject.number(*of)).into(),
            Generator::Counter { start, step } => {
                let steps = i64::try_from(subject.counter).unwrap_or(i64::MAX);
                Number::from(start.saturating_add(step.saturating_mul(steps))).into()
            }
            Generator::Uniform { min, count } => Number::from(min.saturating_add_unsigned(random.below(*count))).into(),
            Generator::Number { distribution, decimals } => {
                Number::from_scaled(distribution.sample(random), *decimals).into()
            }
            Generator::Index { count, distribution } => Number::from(distribution.draw(*count, random)).into(),
            Generator::Choice { weights, values } => values[weights.choose(random)].draw(subject, random),
            Generator::String { length, alphabet } => {
                AttributeValue::S(random_text(length.sample(random) as usize, *alphabet, random))
            }
            Generator::Words { length } => AttributeValue::S(random_words(length.sample(random) as usize, random)),
            Generator::Binary { length } => {
                let mut bytes = vec![0; length.sample(random) as usize];
                random.fill_bytes(&mut bytes);
                AttributeValue::B(bytes.into_boxed_slice())
            }
            Generator::Set { element, element_type, count } => {
                let elements = (0..count.sample(random).max(1)).map(|_| element.draw(subject, random)).collect();
                set_of(*element_type, elements)
            }
            Generator::List { element, count } => {
                AttributeValue::L((0..count.sample(random)).map(|_| element.draw(subject, random)).collect())
            }
            Generator::Map(members) => AttributeValue::M(
                members.iter().map(|(name, generator)| (name.clone(), generator.draw(subject, random))).collect(),
            ),
            Generator::Timestamp { format, plus_nanos, spread_nanos } => {
                let back = if *spread_nanos == 0 { 0 } else { random.below(*spread_nanos) };
                let nanos = subject.epoch_nanos.saturating_add(*plus_nanos).saturating_sub_unsigned(back);
                timestamp(nanos, *format)
            }
            Generator::Uuid => AttributeValue::S(uuid(random)),
            Generator::Boolean(probability) => AttributeValue::Bool(random.unit() < *probability),
            Generator::Key(name) => subject.key.get(name).cloned().unwrap_or(AttributeValue::Null),
        }
    }

    /// The type of the values, where it is always the same.
    pub fn attribute_type(&self) -> Option<AttributeType> {
        Some(match self {
            Generator::Constant(value) => value.attribute_type(),
            Generator::Text(_) | Generator::String { .. } | Generator::Words { .. } | Generator::Uuid => {
                AttributeType::S
            }
            Generator::Subject(_)
            | Generator::Counter { .. }
            | Generator::Uniform { .. }
            | Generator::Number { .. }
            | Generator::Index { .. } => AttributeType::N,
            Generator::Binary { .. } => AttributeType::B,
            Generator::Choice { values, .. } => {
                let first = values.first()?.attribute_type()?;
                values.iter().all(|value| value.attribute_type() == Some(first)).then_some(first)?
            }
            Generator::Set { element_type, .. } => match element_type {
                AttributeType::N => AttributeType::Ns,
                AttributeType::B => AttributeType::Bs,
                _ => AttributeType::Ss,
            },
            Generator::List { .. } => AttributeType::L,
            Generator::Map(_) => AttributeType::M,
            Generator::Timestamp { format: TimestampFormat::Iso, .. } => AttributeType::S,
            Generator::Timestamp { .. } => AttributeType::N,
            Generator::Boolean(_) => AttributeType::Bool,
            Generator::Key(_) => return None,
        })
    }

    /// Whether the value depends on when or how often the operation runs, and so cannot be a key.
    pub fn depends_on_operation(&self) -> bool {
        match self {
            Generator::Counter { .. } | Generator::Timestamp { .. } | Generator::Key(_) => true,
            Generator::Text(template) => template.uses(NumberOf::Counter),
            Generator::Subject(of) => *of == NumberOf::Counter,
            Generator::Choice { values, .. } => values.iter().any(Generator::depends_on_operation),
            _ => false,
        }
    }

    /// Whether the value depends on which record it is drawn for; its parts are not asked.
    pub fn depends_on_place(&self) -> bool {
        match self {
            Generator::Text(template) => {
                [NumberOf::Record, NumberOf::Partition, NumberOf::Sort].into_iter().any(|of| template.uses(of))
            }
            Generator::Subject(of) => *of != NumberOf::Counter,
            _ => false,
        }
    }

    /// A bound on the size of the values, in bytes; not a sharp one.
    pub fn bytes_max(&self) -> u64 {
        let most = |size: &Arc<dyn SizeDistribution>| *size.bounds().end();
        match self {
            Generator::Constant(value) => value.size_bytes() as u64,
            Generator::Text(template) => template.bytes_max(),
            Generator::String { length, .. } | Generator::Words { length } | Generator::Binary { length } => {
                most(length)
            }
            Generator::Choice { values, .. } => values.iter().map(Generator::bytes_max).max().unwrap_or(0),
            Generator::Set { element, count, .. } | Generator::List { element, count } => {
                most(count).saturating_mul(element.bytes_max().saturating_add(1)).saturating_add(3)
            }
            Generator::Map(members) => members.iter().fold(3, |sum: u64, (name, member)| {
                sum.saturating_add(name.len() as u64 + 1).saturating_add(member.bytes_max())
            }),
            // A number has at most 21 bytes, a UUID 36; a key at most 2048 (facts §1.5, §8).
            Generator::Key(_) => 2048,
            _ => 36,
        }
    }

    /// Whether the value tells records of one partition key apart.
    pub fn depends_on_record(&self) -> bool {
        match self {
            Generator::Text(template) => template.uses(NumberOf::Record) || template.uses(NumberOf::Sort),
            Generator::Subject(of) => matches!(of, NumberOf::Record | NumberOf::Sort),
            Generator::Choice { values, .. } => values.iter().any(Generator::depends_on_record),
            _ => false,
        }
    }
}

fn set_of(element_type: AttributeType, elements: Vec<AttributeValue>) -> AttributeValue {
    // Checking has seen to it that the elements have the one type: none is left out.
    let elements = elements.into_iter();
    match element_type {
        AttributeType::N => AttributeValue::number_set(
            elements
                .filter_map(|element| match element {
                    AttributeValue::N(number) => Some(number),
                    _ => None,
                })
                .collect(),
        ),
        AttributeType::B => AttributeValue::binary_set(
            elements
                .filter_map(|element| match element {
                    AttributeValue::B(bytes) => Some(bytes),
                    _ => None,
                })
                .collect(),
        ),
        _ => AttributeValue::string_set(
            elements
                .filter_map(|element| match element {
                    AttributeValue::S(text) => Some(text),
                    _ => None,
                })
                .collect(),
        ),
    }
}

const ALPHANUMERIC: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const HEX: &[u8; 16] = b"0123456789abcdef";

/// `length` random ASCII characters.
pub(super) fn random_text(length: usize, alphabet: Alphabet, random: &mut Random) -> CompactString {
    let mut text = vec![0u8; length];
    match alphabet {
        Alphabet::Alphanumeric => fill_from_bits::<10, 4096>(&mut text, &ALPHANUMERIC_PAIRS, random),
        Alphabet::Hex => fill_from_bits::<16, 256>(&mut text, &HEX_PAIRS, random),
        Alphabet::Digits => text.fill_with(|| b'0' + random.below(10) as u8),
        Alphabet::Lowercase => text.fill_with(|| b'a' + random.below(26) as u8),
    }
    ascii(text)
}

/// `length` ASCII characters that fill an item up: slices, from random places on, of one random text. Drawing each character
/// would be half of what a simulated operation costs, and nothing tells the difference.
pub(super) fn filling_text(length: usize, random: &mut Random) -> CompactString {
    static TEXT: LazyLock<CompactString> = LazyLock::new(|| {
        random_text(FILLING_TEXT_BYTES, Alphabet::Alphanumeric, &mut Streams::new(0).stream("filling text").at(0))
    });
    let whole = TEXT.as_bytes();
    let mut text = Vec::with_capacity(length);
    while text.len() < length {
        let part = (length - text.len()).min(FILLING_TEXT_BYTES / 2);
        let start = random.below((FILLING_TEXT_BYTES - part) as u64) as usize;
        text.extend_from_slice(&whole[start..start + part]);
    }
    ascii(text)
}

const FILLING_TEXT_BYTES: usize = 1 << 16;

/// Every two characters of an alphabet; a table of them takes half as many look-ups as one of single characters.
static ALPHANUMERIC_PAIRS: [[u8; 2]; 4096] = pairs(ALPHANUMERIC);
static HEX_PAIRS: [[u8; 2]; 256] = pairs(HEX);

const fn pairs<const SIZE: usize, const PAIRS: usize>(alphabet: &[u8; SIZE]) -> [[u8; 2]; PAIRS] {
    let mut pairs = [[0; 2]; PAIRS];
    let mut at = 0;
    while at < PAIRS {
        pairs[at] = [alphabet[at % SIZE], alphabet[at / SIZE]];
        at += 1;
    }
    pairs
}

/// Characters taken from an alphabet, whose pairs these are, by slices of random words, CHUNK characters a word.
fn fill_from_bits<const CHUNK: usize, const PAIRS: usize>(
    text: &mut [u8],
    pairs: &[[u8; 2]; PAIRS],
    random: &mut Random,
) {
    let write = |chunk: &mut [u8], mut bits: u64| {
        for place in chunk.chunks_mut(2) {
            let pair = &pairs[bits as usize % PAIRS];
            place.copy_from_slice(&pair[..place.len()]);
            bits >>= PAIRS.ilog2();
        }
    };
    let (chunks, rest) = text.as_chunks_mut::<CHUNK>();
    for chunk in chunks {
        // Of a length that the compiler knows.
        write(chunk, random.next_u64());
    }
    if !rest.is_empty() {
        write(rest, random.next_u64());
    }
}

/// `length` bytes of pronounceable words separated by single spaces.
fn random_words(length: usize, random: &mut Random) -> CompactString {
    const CONSONANTS: &[u8; 16] = b"bcdfghjklmnprstv";
    const VOWELS: &[u8; 8] = b"aeiouaei";
    let mut text = Vec::with_capacity(length);
    while text.len() < length {
        let mut bits = random.next_u64();
        let syllables = 1 + (bits & 3);
        bits >>= 2;
        for _ in 0..syllables {
            text.push(CONSONANTS[(bits & 15) as usize]);
            text.push(VOWELS[(bits >> 4 & 7) as usize]);
            bits >>= 7;
        }
        text.push(b' ');
    }
    text.truncate(length);
    ascii(text)
}

fn ascii(bytes: Vec<u8>) -> CompactString {
    match String::from_utf8(bytes) {
        Ok(text) => CompactString::from(text),
        Err(_) => unreachable!("the alphabets are ASCII"),
    }
}

fn timestamp(nanos: i64, format: TimestampFormat) -> AttributeValue {
    match format {
        TimestampFormat::EpochSeconds => Number::from(nanos.div_euclid(1_000_000_000)).into(),
        TimestampFormat::EpochMilliseconds => Number::from(nanos.div_euclid(1_000_000)).into(),
        TimestampFormat::Iso => {
            let millis = Timestamp::from_millisecond(nanos.div_euclid(1_000_000)).unwrap_or(Timestamp::UNIX_EPOCH);
            AttributeValue::string(format!("{millis:.3}"))
        }
    }
}

fn uuid(random: &mut Random) -> CompactString {
    let (high, low) = (random.next_u64(), random.next_u64());
    // RFC 9562: version 4 in the 13th digit, variant 10 in the top bits of the 17th.
    let high = high & !0xf000 | 0x4000;
    let low = low & !(0b11 << 62) | 0b10 << 62;
    compact_str::format_compact!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::random::Streams;
    use crate::workload::layout::Layout;

    static NO_KEY: Item = Item::new();

    pub(crate) fn subject(record: u64) -> Subject<'static> {
        Subject {
            record,
            place: Layout::Contiguous { items_per_partition: 10 }.place(record),
            counter: 3,
            epoch_nanos: 1_767_225_600_000_000_000,
            key: &NO_KEY,
        }
    }

    fn random(index: u64) -> Random {
        Streams::new(1).stream("values").at(index)
    }

    #[test]
    fn random_texts_use_their_whole_alphabet() {
        for (alphabet, size) in
            [(Alphabet::Alphanumeric, 64), (Alphabet::Hex, 16), (Alphabet::Digits, 10), (Alphabet::Lowercase, 26)]
        {
            let text = random_text(20_000, alphabet, &mut random(0));
            assert_eq!(text.len(), 20_000);
            let mut counts = [0u32; 128];
            text.bytes().for_each(|byte| counts[usize::from(byte)] += 1);
            let seen: Vec<u32> = counts.into_iter().filter(|count| *count > 0).collect();
            assert_eq!(seen.len(), size, "{alphabet:?}");
            let expected = 20_000.0 / size as f64;
            let chi_square: f64 = seen.iter().map(|count| (f64::from(*count) - expected).powi(2) / expected).sum();
            // Far beyond the 99.99th percentile for any of these alphabets.
            assert!(chi_square < size as f64 + 6.0 * (2.0 * size as f64).sqrt(), "{alphabet:?}: {chi_square}");
        }
    }

    #[test]
    fn words_have_the_length_asked_for() {
        for length in [0, 1, 2, 17, 1000] {
            let words = random_words(length, &mut random(7));
            assert_eq!(words.len(), length);
            assert!(words.bytes().all(|byte| byte == b' ' || byte.is_ascii_lowercase()));
        }
    }

    #[test]
    fn uuids_are_of_version_four() {
        for index in 0..1000 {
            let text = uuid(&mut random(index));
            let bytes = text.as_bytes();
            assert_eq!((text.len(), bytes[14]), (36, b'4'), "{text}");
            assert!(matches!(bytes[19], b'8' | b'9' | b'a' | b'b'), "{text}");
        }
    }

    #[test]
    fn times_are_the_operations_own() {
        let draw = |format, plus_nanos| {
            Generator::Timestamp { format, plus_nanos, spread_nanos: 0 }.draw(&subject(0), &mut random(0))
        };
        assert_eq!(draw(TimestampFormat::Iso, 1_500_000_000), AttributeValue::string("2026-01-01T00:00:01.500Z"));
        assert_eq!(draw(TimestampFormat::EpochSeconds, 0), Number::from(1_767_225_600u64).into());
        assert_eq!(draw(TimestampFormat::EpochMilliseconds, 1_000_000), Number::from(1_767_225_600_001u64).into());
    }
}
