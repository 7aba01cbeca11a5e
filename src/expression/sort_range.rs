//! Ranges of sort keys.

use std::ops::Bound;

use compact_str::CompactString;

use crate::item::KeyValue;

/// A range of sort keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SortRange {
    /// Every sort key, or a table without one.
    All,
    /// `= value`
    Equal(KeyValue),
    /// `< value`
    Less(KeyValue),
    /// `<= value`
    LessOrEqual(KeyValue),
    /// `> value`
    Greater(KeyValue),
    /// `>= value`
    GreaterOrEqual(KeyValue),
    /// `BETWEEN low AND high`, both included; a resolved key condition has them in order.
    Between(KeyValue, KeyValue),
    /// `begins_with(key, prefix)`; numbers have no prefix.
    BeginsWith(KeyValue),
}

impl SortRange {
    /// Whether `key` is in the range. Keys of another type never are, save in [`SortRange::All`].
    pub fn contains(&self, key: &KeyValue) -> bool {
        let same_type = |value: &KeyValue| value.scalar_type() == key.scalar_type();
        match self {
            SortRange::All => true,
            SortRange::Equal(value) => key == value,
            SortRange::Less(value) => same_type(value) && key < value,
            SortRange::LessOrEqual(value) => same_type(value) && key <= value,
            SortRange::Greater(value) => same_type(value) && key > value,
            SortRange::GreaterOrEqual(value) => same_type(value) && key >= value,
            SortRange::Between(low, high) => same_type(low) && same_type(high) && low <= key && key <= high,
            SortRange::BeginsWith(prefix) => match (key, prefix) {
                (KeyValue::S(key), KeyValue::S(prefix)) => key.as_bytes().starts_with(prefix.as_bytes()),
                (KeyValue::B(key), KeyValue::B(prefix)) => key.starts_with(prefix),
                _ => false,
            },
        }
    }

    /// The range as bounds for an ordered map whose keys are all of the key attribute's type.
    pub fn bounds(&self) -> (Bound<KeyValue>, Bound<KeyValue>) {
        match self {
            SortRange::All => (Bound::Unbounded, Bound::Unbounded),
            SortRange::Equal(value) => (Bound::Included(value.clone()), Bound::Included(value.clone())),
            SortRange::Less(value) => (Bound::Unbounded, Bound::Excluded(value.clone())),
            SortRange::LessOrEqual(value) => (Bound::Unbounded, Bound::Included(value.clone())),
            SortRange::Greater(value) => (Bound::Excluded(value.clone()), Bound::Unbounded),
            SortRange::GreaterOrEqual(value) => (Bound::Included(value.clone()), Bound::Unbounded),
            SortRange::Between(low, high) => (Bound::Included(low.clone()), Bound::Included(high.clone())),
            SortRange::BeginsWith(prefix) => {
                (Bound::Included(prefix.clone()), after_prefix(prefix).map_or(Bound::Unbounded, Bound::Excluded))
            }
        }
    }
}

/// The smallest key above all that begin with `prefix`; `None` where there is none.
fn after_prefix(prefix: &KeyValue) -> Option<KeyValue> {
    match prefix {
        KeyValue::S(text) => after_text(text).map(KeyValue::S),
        KeyValue::B(bytes) => {
            let last = bytes.iter().rposition(|byte| *byte != u8::MAX)?;
            let mut after = bytes[..=last].to_vec();
            after[last] += 1;
            Some(KeyValue::B(after.into()))
        }
        // Never asked of a number; its own value would be the only one.
        KeyValue::N(_) => None,
    }
}

/// UTF-8 orders as its code points do, so the last character that has a successor takes it.
fn after_text(text: &str) -> Option<CompactString> {
    let (at, last) = text.char_indices().rfind(|(_, character)| *character != char::MAX)?;
    // `char` skips the surrogates; there are characters above every one but the last.
    let next = (last..).nth(1)?;
    let mut after = CompactString::from(&text[..at]);
    after.push(next);
    Some(after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::Number;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_prefix_ends_before_its_successor() {
        assert_eq!(after_text("ab").as_deref(), Some("ac"));
        assert_eq!(after_text("a\u{10FFFF}").as_deref(), Some("b"));
        assert_eq!(after_text("\u{D7FF}").as_deref(), Some("\u{E000}"));
        assert_eq!(after_text("\u{10FFFF}"), None);
        assert_eq!(after_prefix(&KeyValue::B([1, 255].into())), Some(KeyValue::B([2].into())));
        assert_eq!(after_prefix(&KeyValue::B([255].into())), None);
    }

    fn check(keys: &BTreeSet<KeyValue>, range: &SortRange) -> Result<(), TestCaseError> {
        let expected: Vec<_> = keys.iter().filter(|key| range.contains(key)).collect();
        prop_assert_eq!(keys.range(range.bounds()).collect::<Vec<_>>(), expected, "{:?}", range);
        Ok(())
    }

    fn ranges(one: KeyValue, two: KeyValue) -> Vec<SortRange> {
        let (low, high) = (one.clone().min(two.clone()), one.clone().max(two));
        vec![
            SortRange::All,
            SortRange::Equal(one.clone()),
            SortRange::Less(one.clone()),
            SortRange::LessOrEqual(one.clone()),
            SortRange::Greater(one.clone()),
            SortRange::GreaterOrEqual(one),
            SortRange::Between(low, high),
        ]
    }

    proptest! {
        #[test]
        fn bounds_hold_what_the_range_contains(
            texts in prop::collection::btree_set("[ab\u{D7FF}\u{E000}\u{10FFFF}]{0,3}", 0..20),
            numbers in prop::collection::btree_set(-9i32..9, 0..9),
            prefix in "[ab\u{D7FF}\u{10FFFF}]{0,3}", text in "[ab]{0,3}", one in -9i32..9, two in -9i32..9,
        ) {
            let binaries = texts.iter().map(|text| KeyValue::B(text.as_bytes().into())).collect();
            let texts = texts.iter().map(|text| KeyValue::S(text.into())).collect();
            let numbers = numbers.into_iter().map(|number| KeyValue::N(number.into())).collect();
            for range in ranges(KeyValue::S(prefix.as_str().into()), KeyValue::S(text.into())) {
                check(&texts, &range)?;
            }
            for range in ranges(KeyValue::N(Number::from(one)), KeyValue::N(Number::from(two))) {
                check(&numbers, &range)?;
            }
            check(&texts, &SortRange::BeginsWith(KeyValue::S(prefix.as_str().into())))?;
            check(&binaries, &SortRange::BeginsWith(KeyValue::B(prefix.as_bytes().into())))?;
        }
    }
}
