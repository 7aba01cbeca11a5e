//! GetItem, PutItem, UpdateItem, DeleteItem.

use std::sync::Arc;

use crate::api::{DeleteItem, GetItem, Placeholders, PutItem, UpdateItem};
use crate::protocol::expressions::{Parameters, placeholders};
use crate::protocol::fault::Decoded;
use crate::protocol::json::Json;
use crate::protocol::legacy::{self, Translation};

use super::{attributes, expression, flag, return_values, returns_item_on_failure, table_name};

const READ: Parameters = Parameters { expressions: &["ProjectionExpression"], legacy: &["AttributesToGet"] };
const WRITE: Parameters =
    Parameters { expressions: &["ConditionExpression"], legacy: &["Expected", "ConditionalOperator"] };
const UPDATE: Parameters = Parameters {
    expressions: &["UpdateExpression", "ConditionExpression"],
    legacy: &["AttributeUpdates", "Expected", "ConditionalOperator"],
};

/// GetItem.
pub fn get_item(body: &Json<'_>) -> Decoded<GetItem> {
    let given = placeholders(body, READ)?;
    let key = attributes(body, "Key")?;
    let (projection_expression, placeholders) = projection(body, given)?;
    Ok(GetItem {
        table_name: table_name(body),
        key,
        consistent_read: flag(body, "ConsistentRead"),
        projection_expression,
        placeholders,
    })
}

/// The projection, as an expression or by AttributesToGet.
pub fn projection(body: &Json<'_>, given: Placeholders) -> Decoded<(Option<Arc<str>>, Placeholders)> {
    let mut translation = Translation::beside(&given);
    let translated = legacy::attributes_to_get(body, &mut translation)?;
    Ok((expression(body, "ProjectionExpression").or(translated), translation.with(given)))
}

/// PutItem.
pub fn put_item(body: &Json<'_>) -> Decoded<PutItem> {
    let given = placeholders(body, WRITE)?;
    let item = attributes(body, "Item")?;
    let (condition_expression, placeholders) = condition(body, given)?;
    Ok(PutItem {
        table_name: table_name(body),
        item: Arc::new(item),
        condition_expression,
        placeholders,
        return_values: return_values(body),
        return_item_on_condition_failure: returns_item_on_failure(body),
    })
}

/// DeleteItem.
pub fn delete_item(body: &Json<'_>) -> Decoded<DeleteItem> {
    let given = placeholders(body, WRITE)?;
    let key = attributes(body, "Key")?;
    let (condition_expression, placeholders) = condition(body, given)?;
    Ok(DeleteItem {
        table_name: table_name(body),
        key,
        condition_expression,
        placeholders,
        return_values: return_values(body),
        return_item_on_condition_failure: returns_item_on_failure(body),
    })
}

/// The condition, as an expression or by Expected.
fn condition(body: &Json<'_>, given: Placeholders) -> Decoded<(Option<Arc<str>>, Placeholders)> {
    let mut translation = Translation::beside(&given);
    let translated = legacy::expected(body, &mut translation)?;
    Ok((expression(body, "ConditionExpression").or(translated), translation.with(given)))
}

/// UpdateItem.
pub fn update_item(body: &Json<'_>) -> Decoded<UpdateItem> {
    let given = placeholders(body, UPDATE)?;
    let key = attributes(body, "Key")?;
    let mut translation = Translation::beside(&given);
    let update = legacy::attribute_updates(body, &mut translation)?;
    let condition = legacy::expected(body, &mut translation)?;
    Ok(UpdateItem {
        table_name: table_name(body),
        key,
        update_expression: expression(body, "UpdateExpression").or(update),
        condition_expression: expression(body, "ConditionExpression").or(condition),
        placeholders: translation.with(given),
        return_values: return_values(body),
        return_item_on_condition_failure: returns_item_on_failure(body),
    })
}
