//! The smallest conditions: one comparison or one function.

use std::cmp::Ordering;

use crate::api::Placeholders;
use crate::item::{AttributeType, AttributeValue, PackedItem, ScalarRef};

use super::error::{Checked, ExpressionError};
use super::operand::{Found, Operand};
use super::path::DocumentPath;

/// `= <> < <= > >=`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparator {
    pub(super) const ALL: [Comparator; 6] = [
        Comparator::Equal,
        Comparator::NotEqual,
        Comparator::Less,
        Comparator::LessOrEqual,
        Comparator::Greater,
        Comparator::GreaterOrEqual,
    ];

    pub(super) const fn symbol(self) -> &'static str {
        match self {
            Comparator::Equal => "=",
            Comparator::NotEqual => "<>",
            Comparator::Less => "<",
            Comparator::LessOrEqual => "<=",
            Comparator::Greater => ">",
            Comparator::GreaterOrEqual => ">=",
        }
    }

    /// The comparison with its sides exchanged.
    pub(super) const fn mirrored(self) -> Comparator {
        match self {
            Comparator::Equal => Comparator::Equal,
            Comparator::NotEqual => Comparator::NotEqual,
            Comparator::Less => Comparator::Greater,
            Comparator::LessOrEqual => Comparator::GreaterOrEqual,
            Comparator::Greater => Comparator::Less,
            Comparator::GreaterOrEqual => Comparator::LessOrEqual,
        }
    }

    /// Whether it holds. Without an order between the two, or without one of them, only `<>` does.
    fn holds(self, left: Option<Found<'_>>, right: Option<Found<'_>>) -> bool {
        let equal = || matches!((left, right), (Some(left), Some(right)) if are_equal(left, right));
        let ordered = || order(left?.scalar()?, right?.scalar()?);
        match self {
            Comparator::Equal => equal(),
            Comparator::NotEqual => !equal(),
            Comparator::Less => ordered() == Some(Ordering::Less),
            Comparator::LessOrEqual => matches!(ordered(), Some(Ordering::Less | Ordering::Equal)),
            Comparator::Greater => ordered() == Some(Ordering::Greater),
            Comparator::GreaterOrEqual => matches!(ordered(), Some(Ordering::Greater | Ordering::Equal)),
        }
    }
}

/// The order of two strings, numbers or binaries; there is none between different types.
fn order(left: ScalarRef<'_>, right: ScalarRef<'_>) -> Option<Ordering> {
    match (left, right) {
        (ScalarRef::S(left), ScalarRef::S(right)) | (ScalarRef::B(left), ScalarRef::B(right)) => Some(left.cmp(right)),
        (ScalarRef::N(left), ScalarRef::N(right)) => Some(left.cmp(&right)),
        _ => None,
    }
}

/// Whether two values are the same.
fn are_equal(left: Found<'_>, right: Found<'_>) -> bool {
    match (left.scalar(), right.scalar()) {
        (Some(left), Some(right)) => left == right,
        (None, None) => match (left, right) {
            (Found::Stored(left), Found::Stored(right)) => left == right,
            (Found::Stored(stored), Found::Given(given)) | (Found::Given(given), Found::Stored(stored)) => {
                stored.is(given)
            }
            (Found::Given(left), Found::Given(right)) => left == right,
            // A size is a number.
            _ => false,
        },
        _ => false,
    }
}

/// One comparison or function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Predicate {
    Compare { comparator: Comparator, left: Operand, right: Operand },
    Between { operand: Operand, low: Operand, high: Operand },
    In { operand: Operand, choices: Box<[Operand]> },
    AttributeExists(DocumentPath),
    AttributeNotExists(DocumentPath),
    AttributeType(DocumentPath, Operand),
    BeginsWith(Operand, Operand),
    Contains(Operand, Operand),
}

/// The name of the condition function spelt so, if there is one. Functions are spelt in lower case.
pub(super) fn function_name(name: &str) -> Option<&'static str> {
    let known = ["attribute_exists", "attribute_not_exists", "attribute_type", "begins_with", "contains", "size"];
    known.into_iter().find(|known| *known == name)
}

impl Predicate {
    /// Whether it holds for the item.
    pub(super) fn evaluate(&self, placeholders: &Placeholders, item: Option<&PackedItem>) -> Checked<bool> {
        Ok(match self {
            Predicate::AttributeExists(path) => path.find_stored(placeholders, item)?.is_some(),
            Predicate::AttributeNotExists(path) => path.find_stored(placeholders, item)?.is_none(),
            Predicate::Compare { comparator, left, right } => {
                let left = left.evaluate(placeholders, item)?;
                let right = right.evaluate(placeholders, item)?;
                comparator.holds(left, right)
            }
            Predicate::Between { operand, low, high } => {
                let value = operand.evaluate(placeholders, item)?;
                let low = low.evaluate(placeholders, item)?;
                let high = high.evaluate(placeholders, item)?;
                Comparator::GreaterOrEqual.holds(value, low) && Comparator::LessOrEqual.holds(value, high)
            }
            Predicate::In { operand, choices } => {
                let value = operand.evaluate(placeholders, item)?;
                for choice in choices {
                    let choice = choice.evaluate(placeholders, item)?;
                    if Comparator::Equal.holds(value, choice) {
                        return Ok(true);
                    }
                }
                false
            }
            Predicate::AttributeType(path, name) => {
                let value = path.find_stored(placeholders, item)?;
                let name = name.evaluate(placeholders, item)?;
                match (value, name.and_then(Found::scalar)) {
                    (Some(value), Some(ScalarRef::S(name))) => value.attribute_type().descriptor().as_bytes() == name,
                    _ => false,
                }
            }
            Predicate::BeginsWith(operand, prefix) => {
                let value = operand.evaluate(placeholders, item)?;
                let prefix = prefix.evaluate(placeholders, item)?;
                match (value.and_then(Found::scalar), prefix.and_then(Found::scalar)) {
                    (Some(ScalarRef::S(bytes)), Some(ScalarRef::S(prefix)))
                    | (Some(ScalarRef::B(bytes)), Some(ScalarRef::B(prefix))) => bytes.starts_with(prefix),
                    _ => false,
                }
            }
            Predicate::Contains(operand, part) => {
                let value = operand.evaluate(placeholders, item)?;
                let part = part.evaluate(placeholders, item)?;
                matches!((value, part), (Some(value), Some(part)) if contains(value, part))
            }
        })
    }

    /// The operator's or function's name in messages.
    pub(super) const fn operator(&self) -> &'static str {
        match self {
            Predicate::Compare { comparator, .. } => comparator.symbol(),
            Predicate::Between { .. } => "BETWEEN",
            Predicate::In { .. } => "IN",
            Predicate::AttributeExists(_) => "attribute_exists",
            Predicate::AttributeNotExists(_) => "attribute_not_exists",
            Predicate::AttributeType(..) => "attribute_type",
            Predicate::BeginsWith(..) => "begins_with",
            Predicate::Contains(..) => "contains",
        }
    }

    /// Every operand that is not the path of an `attribute_…` function, the first one first.
    pub(super) fn operands(&self) -> impl Iterator<Item = &Operand> {
        let (fixed, choices): ([Option<&Operand>; 3], &[Operand]) = match self {
            Predicate::Compare { left, right, .. } => ([Some(left), Some(right), None], &[]),
            Predicate::Between { operand, low, high } => ([Some(operand), Some(low), Some(high)], &[]),
            Predicate::In { operand, choices } => ([Some(operand), None, None], choices),
            Predicate::AttributeExists(_) | Predicate::AttributeNotExists(_) => ([None; 3], &[]),
            Predicate::AttributeType(_, name) => ([Some(name), None, None], &[]),
            Predicate::BeginsWith(operand, part) | Predicate::Contains(operand, part) => {
                ([Some(operand), Some(part), None], &[])
            }
        };
        fixed.into_iter().flatten().chain(choices)
    }

    /// Every document path.
    pub(super) fn paths(&self) -> impl Iterator<Item = &DocumentPath> {
        let tested = match self {
            Predicate::AttributeExists(path)
            | Predicate::AttributeNotExists(path)
            | Predicate::AttributeType(path, _) => Some(path),
            _ => None,
        };
        tested.into_iter().chain(self.operands().filter_map(Operand::any_path))
    }

    /// Whether the values behind the placeholders fit the operator, before any item is known.
    pub(super) fn check(&self, placeholders: &Placeholders) -> Checked<()> {
        if matches!(self, Predicate::AttributeExists(_) | Predicate::AttributeNotExists(_)) {
            return Ok(());
        }
        self.operands().try_for_each(|operand| operand.check_size(placeholders))?;
        if let Some(fit) = self.fitting_types() {
            for operand in self.operands() {
                if let Some(found) = operand.immediate_type(placeholders).filter(|found| !fit.contains(found)) {
                    return Err(ExpressionError::OperandType {
                        operator: self.operator(),
                        operand: found.descriptor(),
                    });
                }
            }
        }
        match self {
            Predicate::AttributeType(_, name) => check_type_name(name.immediate(placeholders)),
            Predicate::Between { low, high, .. } => {
                self.check_distinct(placeholders)?;
                check_between(low.immediate(placeholders), high.immediate(placeholders))
            }
            _ => self.check_distinct(placeholders),
        }
    }

    /// The types its operands may have; `None` where any will do.
    fn fitting_types(&self) -> Option<&'static [AttributeType]> {
        match self {
            Predicate::Compare { comparator: Comparator::Equal | Comparator::NotEqual, .. }
            | Predicate::In { .. }
            | Predicate::Contains(..) => None,
            Predicate::Compare { .. } | Predicate::Between { .. } => {
                Some(&[AttributeType::S, AttributeType::N, AttributeType::B])
            }
            Predicate::BeginsWith(..) => Some(&[AttributeType::S, AttributeType::B]),
            _ => Some(&[AttributeType::S]),
        }
    }

    fn check_distinct(&self, placeholders: &Placeholders) -> Checked<()> {
        let mut operands = self.operands();
        let Some(first) = operands.next().and_then(Operand::path) else {
            return Ok(());
        };
        if operands.filter_map(Operand::path).any(|other| first.is_same(other, placeholders)) {
            return Err(ExpressionError::SameOperand { operator: self.operator(), path: first.show(placeholders) });
        }
        Ok(())
    }
}

fn check_type_name(name: Option<&AttributeValue>) -> Checked<()> {
    match name {
        Some(AttributeValue::S(name)) if AttributeType::from_descriptor(name).is_none() => {
            Err(ExpressionError::AttributeTypeName(name.to_string()))
        }
        _ => Ok(()),
    }
}

fn check_between(low: Option<&AttributeValue>, high: Option<&AttributeValue>) -> Checked<()> {
    let (Some(low), Some(high)) = (low, high) else {
        return Ok(());
    };
    match low.scalar().zip(high.scalar()).and_then(|(low, high)| order(low, high)) {
        Some(Ordering::Less | Ordering::Equal) => Ok(()),
        Some(Ordering::Greater) => Err(ExpressionError::BetweenOrder { low: show(low), high: show(high) }),
        None => Err(ExpressionError::BetweenTypes { low: show(low), high: show(high) }),
    }
}

/// A key value as the service's messages show it: `{S:text}`.
fn show(value: &AttributeValue) -> String {
    let content = match value {
        AttributeValue::S(text) => text.to_string(),
        AttributeValue::N(number) => number.to_string(),
        AttributeValue::B(bytes) => format!("{} bytes", bytes.len()),
        _ => String::new(),
    };
    format!("{{{}:{content}}}", value.attribute_type())
}

/// What `contains()` says: a part of a string or binary, an element of a set or list.
fn contains(value: Found<'_>, part: Found<'_>) -> bool {
    match (value.scalar(), part.scalar()) {
        (Some(ScalarRef::S(bytes)), Some(ScalarRef::S(part)))
        | (Some(ScalarRef::B(bytes)), Some(ScalarRef::B(part))) => return contains_bytes(bytes, part),
        (Some(_), _) => return false,
        (None, _) => {}
    }
    let is_part = |element: ScalarRef<'_>| part.scalar() == Some(element);
    match value {
        Found::Stored(value) => value.any(is_part, |element| are_equal(Found::Stored(element), part)),
        Found::Given(AttributeValue::Ss(elements)) => elements.iter().any(|one| is_part(ScalarRef::S(one.as_bytes()))),
        Found::Given(AttributeValue::Ns(elements)) => elements.iter().any(|one| is_part(ScalarRef::N(*one))),
        Found::Given(AttributeValue::Bs(elements)) => elements.iter().any(|one| is_part(ScalarRef::B(one))),
        Found::Given(AttributeValue::L(elements)) => elements.iter().any(|one| are_equal(Found::Given(one), part)),
        Found::Given(_) | Found::Size(_) => false,
    }
}

/// Whether `part` occurs in `bytes`, in linear time (Knuth, Morris, Pratt).
fn contains_bytes(bytes: &[u8], part: &[u8]) -> bool {
    if part.is_empty() || part.len() >= bytes.len() {
        return part.is_empty() || part == bytes;
    }
    // borders[n]: the longest proper prefix of part[..=n] that is also its suffix.
    let mut borders = vec![0; part.len()];
    for at in 1..part.len() {
        borders[at] = extend(part, &borders, borders[at - 1], part[at]);
    }
    let mut matched = 0;
    bytes.iter().any(|byte| {
        matched = extend(part, &borders, matched, *byte);
        matched == part.len()
    })
}

/// How much of `part` is matched once `byte` follows a match of its first `matched` bytes; `matched` is below its length.
fn extend(part: &[u8], borders: &[usize], mut matched: usize, byte: u8) -> usize {
    while matched > 0 && part[matched] != byte {
        matched = borders[matched - 1];
    }
    matched + usize::from(part[matched] == byte)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bytes_are_found_as_windows_find_them(bytes in "[ab]{0,24}", part in "[ab]{0,5}") {
            let expected = part.is_empty() || bytes.as_bytes().windows(part.len()).any(|window| window == part.as_bytes());
            prop_assert_eq!(contains_bytes(bytes.as_bytes(), part.as_bytes()), expected);
        }
    }
}
