//! The rules an attribute value keeps wherever it stands, with DynamoDB's words (facts §8, appendix A).

use super::{AttributeValue, NESTING_MAX};

/// Bytes of an attribute's name, at most.
pub const ATTRIBUTE_NAME_MAX_BYTES: usize = 65_535;

/// What is wrong with a value whose type is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidValue {
    /// A string set without elements.
    #[error("One or more parameter values were invalid: An string set  may not be empty")]
    EmptyStringSet,
    /// A number set without elements.
    #[error("One or more parameter values were invalid: An number set  may not be empty")]
    EmptyNumberSet,
    /// A binary set without elements.
    #[error("One or more parameter values were invalid: Binary sets should not be empty")]
    EmptyBinarySet,
    /// Lists and maps within each other on more than [`NESTING_MAX`] levels.
    #[error("Nesting Levels have exceeded supported limits")]
    TooDeep,
    /// The name of a map's element is longer than [`ATTRIBUTE_NAME_MAX_BYTES`].
    #[error("Attribute name is too large, must be less than 65536 bytes")]
    NameTooLong,
}

impl AttributeValue {
    /// Checks the value of an attribute and everything inside. Goes as deep as documents may be, no deeper; values without
    /// elements cost nothing.
    pub fn check(&self) -> Result<(), InvalidValue> {
        check(self, 0)
    }
}

fn check(value: &AttributeValue, depth: usize) -> Result<(), InvalidValue> {
    if depth > NESTING_MAX {
        return Err(InvalidValue::TooDeep);
    }
    match value {
        AttributeValue::Ss(elements) if elements.is_empty() => Err(InvalidValue::EmptyStringSet),
        AttributeValue::Ns(elements) if elements.is_empty() => Err(InvalidValue::EmptyNumberSet),
        AttributeValue::Bs(elements) if elements.is_empty() => Err(InvalidValue::EmptyBinarySet),
        AttributeValue::L(elements) => elements.iter().try_for_each(|element| check(element, depth + 1)),
        AttributeValue::M(map) => map.iter().try_for_each(|(name, element)| {
            if name.len() > ATTRIBUTE_NAME_MAX_BYTES {
                return Err(InvalidValue::NameTooLong);
            }
            check(element, depth + 1)
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::Item;

    #[test]
    fn empty_sets_are_refused_at_any_depth() {
        let of = |value: AttributeValue| -> Item { [("a".into(), value)].into_iter().collect() };
        let empty = AttributeValue::Ss(Vec::new());
        assert_eq!(empty.check(), Err(InvalidValue::EmptyStringSet));
        let nested = AttributeValue::L(vec![AttributeValue::M(of(empty))]);
        assert_eq!(nested.check(), Err(InvalidValue::EmptyStringSet));
        assert_eq!(AttributeValue::Ns(Vec::new()).check(), Err(InvalidValue::EmptyNumberSet));
        assert_eq!(AttributeValue::Bs(Vec::new()).check(), Err(InvalidValue::EmptyBinarySet));
    }

    #[test]
    fn documents_nest_32_levels() {
        let nest = |levels| (0..levels).fold(AttributeValue::Null, |value, _| AttributeValue::L(vec![value]));
        assert_eq!(nest(32).check(), Ok(()));
        assert_eq!(nest(33).check(), Err(InvalidValue::TooDeep));
    }

    #[test]
    fn names_within_maps_have_a_longest() {
        let of = |bytes: usize| {
            let name = "n".repeat(bytes).into();
            AttributeValue::M([(name, AttributeValue::Null)].into_iter().collect())
        };
        assert_eq!(of(65_535).check(), Ok(()));
        assert_eq!(of(65_536).check(), Err(InvalidValue::NameTooLong));
    }
}
