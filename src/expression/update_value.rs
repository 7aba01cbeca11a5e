//! The right side of SET.

use std::borrow::Cow;

use compact_str::CompactString;

use crate::api::{ApiError, Placeholders};
use crate::item::{AttributeType, AttributeValue, ITEM_MAX_BYTES, Item, Number};

use super::ExpressionKind;
use super::error::{Checked, ExpressionError, UpdateError};
use super::operand::defined;
use super::path::{DocumentPath, Name};

/// What SET gives an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SetValue {
    Path(DocumentPath),
    Value(CompactString),
    /// The attribute, or the value where there is none.
    IfNotExists(DocumentPath, Box<SetValue>),
    /// The lists one after the other; nested calls are one list of lists.
    ListAppend(Vec<SetValue>),
    /// The first number, then what is added to it or taken from it.
    Sum(Box<SetValue>, Vec<(Sign, SetValue)>),
}

/// `+` or `−`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    Plus,
    Minus,
}

impl Sign {
    const fn symbol(self) -> &'static str {
        match self {
            Sign::Plus => "+",
            Sign::Minus => "-",
        }
    }
}

impl SetValue {
    /// The value for the item as it was before the update. Nests no deeper than an expression has operators.
    pub(super) fn evaluate<'a>(
        &'a self,
        placeholders: &'a Placeholders,
        before: &'a Item,
    ) -> Result<Cow<'a, AttributeValue>, ApiError> {
        match self {
            SetValue::Value(value) => defined(value, placeholders).map(Cow::Borrowed).map_err(of_update),
            SetValue::Path(path) => {
                let value = path.find(placeholders, before).map_err(of_update)?;
                Ok(Cow::Borrowed(value.ok_or(UpdateError::MissingAttribute)?))
            }
            SetValue::IfNotExists(path, otherwise) => match path.find(placeholders, before).map_err(of_update)? {
                Some(value) => Ok(Cow::Borrowed(value)),
                None => otherwise.evaluate(placeholders, before),
            },
            SetValue::ListAppend(parts) => {
                let parts = parts.iter().map(|part| part.evaluate(placeholders, before));
                Ok(Cow::Owned(concatenate(parts.collect::<Result<_, _>>()?)?))
            }
            SetValue::Sum(first, rest) => {
                let mut sum = first.number(placeholders, before)?;
                for (sign, operand) in rest {
                    let number = operand.number(placeholders, before)?;
                    let result = match sign {
                        Sign::Plus => sum.checked_add(number),
                        Sign::Minus => sum.checked_sub(number),
                    };
                    sum = result.map_err(|error| ApiError::validation(error.to_string()))?;
                }
                Ok(Cow::Owned(AttributeValue::N(sum)))
            }
        }
    }

    /// The value, which must be a number. What is counted up most, attributes and values, takes the short way.
    fn number(&self, placeholders: &Placeholders, before: &Item) -> Result<Number, ApiError> {
        let owned;
        let value = match self {
            SetValue::Value(value) => defined(value, placeholders).map_err(of_update)?,
            SetValue::Path(path) => {
                path.find(placeholders, before).map_err(of_update)?.ok_or(UpdateError::MissingAttribute)?
            }
            _ => {
                owned = self.evaluate(placeholders, before)?;
                &*owned
            }
        };
        match value {
            AttributeValue::N(number) => Ok(*number),
            _ => Err(UpdateError::OperandType.into()),
        }
    }

    /// Adds the attributes it reads.
    pub(super) fn collect_attributes(&self, attributes: &mut Vec<Name>) {
        match self {
            SetValue::Value(_) => {}
            SetValue::Path(path) => attributes.push(path.head.clone()),
            SetValue::IfNotExists(path, otherwise) => {
                attributes.push(path.head.clone());
                otherwise.collect_attributes(attributes);
            }
            SetValue::ListAppend(parts) => parts.iter().for_each(|part| part.collect_attributes(attributes)),
            SetValue::Sum(first, rest) => {
                first.collect_attributes(attributes);
                rest.iter().for_each(|(_, operand)| operand.collect_attributes(attributes));
            }
        }
    }

    /// Whether the values behind the placeholders fit their operators, before any item is known.
    pub(super) fn check(&self, placeholders: &Placeholders) -> Checked<()> {
        match self {
            SetValue::Path(_) | SetValue::Value(_) => Ok(()),
            SetValue::IfNotExists(_, otherwise) => otherwise.check(placeholders),
            SetValue::ListAppend(parts) => parts.iter().try_for_each(|part| {
                part.check(placeholders)?;
                part.check_type(AttributeType::L, "list_append", placeholders)
            }),
            SetValue::Sum(first, rest) => {
                first.check(placeholders)?;
                if let Some((sign, _)) = rest.first() {
                    first.check_type(AttributeType::N, sign.symbol(), placeholders)?;
                }
                rest.iter().try_for_each(|(sign, operand)| {
                    operand.check(placeholders)?;
                    operand.check_type(AttributeType::N, sign.symbol(), placeholders)
                })
            }
        }
    }

    fn check_type(&self, fit: AttributeType, operator: &'static str, placeholders: &Placeholders) -> Checked<()> {
        let found = match self {
            SetValue::Value(value) => placeholders.values.get(value).map(AttributeValue::attribute_type),
            SetValue::ListAppend(_) => Some(AttributeType::L),
            SetValue::Sum(..) => Some(AttributeType::N),
            SetValue::Path(_) | SetValue::IfNotExists(..) => None,
        };
        match found {
            Some(found) if found != fit => Err(ExpressionError::OperandType { operator, operand: found.descriptor() }),
            _ => Ok(()),
        }
    }
}

pub(super) fn of_update(error: ExpressionError) -> ApiError {
    error.of(ExpressionKind::Update)
}

/// One list of all. What could not be stored anyway is not built either: the same long list may be named many times.
fn concatenate(parts: Vec<Cow<'_, AttributeValue>>) -> Result<AttributeValue, UpdateError> {
    let (mut length, mut size) = (0, 0);
    for part in &parts {
        let AttributeValue::L(elements) = &**part else {
            return Err(UpdateError::OperandType);
        };
        length += elements.len();
        size += part.size_bytes();
        if size > ITEM_MAX_BYTES {
            return Err(UpdateError::TooLarge);
        }
    }
    let mut whole = Vec::with_capacity(length);
    for part in parts {
        match part {
            Cow::Owned(AttributeValue::L(mut elements)) => whole.append(&mut elements),
            Cow::Borrowed(AttributeValue::L(elements)) => whole.extend_from_slice(elements),
            _ => return Err(UpdateError::OperandType),
        }
    }
    Ok(AttributeValue::L(whole))
}
