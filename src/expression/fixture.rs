//! Items, placeholders and messages for tests.

use serde_json::Value;

use crate::api::{ApiError, ErrorKind, Placeholders};
use crate::item::{Item, item_from_json};

use super::{Condition, ExpressionKind, UsesPlaceholders, check_placeholders};

/// The item this JSON in DynamoDB's form stands for.
pub(super) fn item(json: Value) -> Item {
    item_from_json(&json).expect("a test's item is well-formed")
}

/// ExpressionAttributeNames and ExpressionAttributeValues; the latter in DynamoDB's JSON.
pub(super) fn placeholders(names: &[(&str, &str)], values: Value) -> Placeholders {
    let names = names.iter().map(|(placeholder, name)| ((*placeholder).into(), (*name).into())).collect();
    Placeholders { names, values: item(values) }
}

/// The text of the validation error that the result must be.
pub(super) fn message<T>(result: Result<T, ApiError>) -> String {
    match result {
        Err(error) if error.kind == ErrorKind::Validation => error.message,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("no error"),
    }
}

/// A condition parsed and checked with its placeholders, as a request would.
pub(super) fn condition(text: &str, placeholders: &Placeholders) -> Result<Condition, ApiError> {
    let condition = Condition::parse(ExpressionKind::Condition, text)?;
    check(placeholders, &condition)?;
    Ok(condition)
}

/// Checks one expression with placeholders some of which it may leave unused.
pub(super) fn check(placeholders: &Placeholders, expression: &dyn UsesPlaceholders) -> Result<(), ApiError> {
    check_placeholders(placeholders, &[expression])
        .or_else(|error| if error.message.contains("unused in expressions") { Ok(()) } else { Err(error) })
}
