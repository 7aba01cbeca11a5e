//! TransactGetItems and TransactWriteItems.

use std::sync::Arc;

use crate::api::{
    ConditionCheck, DeleteItem, PutItem, ReturnValues, TransactGet, TransactGetItems, TransactWrite,
    TransactWriteItems, UpdateItem,
};
use crate::protocol::expressions::{Parameters, placeholders};
use crate::protocol::fault::{Decoded, Fault};
use crate::protocol::json::Json;

use super::{attributes, expression, returns_item_on_failure, table_name, text};

const READ: Parameters = Parameters { expressions: &["ProjectionExpression"], legacy: &[] };
const WRITE: Parameters = Parameters { expressions: &["ConditionExpression"], legacy: &[] };
const UPDATE: Parameters = Parameters { expressions: &["UpdateExpression", "ConditionExpression"], legacy: &[] };

/// TransactGetItems.
pub fn transact_get_items(body: &Json<'_>) -> Decoded<TransactGetItems> {
    Ok(TransactGetItems { transact_items: actions(body).iter().map(get).collect::<Decoded<_>>()? })
}

fn actions<'b, 'j>(body: &'b Json<'j>) -> &'b [Json<'j>] {
    body.member("TransactItems").map_or(&[], Json::elements)
}

fn get(action: &Json<'_>) -> Decoded<TransactGet> {
    let get = action.member("Get").unwrap_or(action);
    Ok(TransactGet {
        placeholders: placeholders(get, READ)?,
        table_name: table_name(get),
        key: attributes(get, "Key")?,
        projection_expression: expression(get, "ProjectionExpression"),
    })
}

/// TransactWriteItems.
pub fn transact_write_items(body: &Json<'_>) -> Decoded<TransactWriteItems> {
    Ok(TransactWriteItems {
        transact_items: actions(body).iter().map(write).collect::<Decoded<_>>()?,
        client_request_token: text(body, "ClientRequestToken").map(Into::into),
    })
}

/// One action, which holds exactly one of four members.
fn write(action: &Json<'_>) -> Decoded<TransactWrite> {
    let members = ["ConditionCheck", "Put", "Update", "Delete"].map(|name| action.member(name));
    if members.iter().flatten().count() > 1 {
        return Err(Fault::validation("TransactItems can only contain one of Check, Put, Update or Delete"));
    }
    match members {
        [Some(check), ..] => Ok(TransactWrite::ConditionCheck(ConditionCheck {
            placeholders: placeholders(check, WRITE)?,
            table_name: table_name(check),
            key: attributes(check, "Key")?,
            condition_expression: expression(check, "ConditionExpression").unwrap_or_else(|| "".into()),
            return_item_on_condition_failure: returns_item_on_failure(check),
        })),
        [_, Some(put), ..] => Ok(TransactWrite::Put(PutItem {
            placeholders: placeholders(put, WRITE)?,
            table_name: table_name(put),
            item: Arc::new(attributes(put, "Item")?),
            condition_expression: expression(put, "ConditionExpression"),
            return_values: ReturnValues::None,
            return_item_on_condition_failure: returns_item_on_failure(put),
        })),
        [_, _, Some(update), _] => Ok(TransactWrite::Update(UpdateItem {
            placeholders: placeholders(update, UPDATE)?,
            table_name: table_name(update),
            key: attributes(update, "Key")?,
            update_expression: expression(update, "UpdateExpression"),
            condition_expression: expression(update, "ConditionExpression"),
            return_values: ReturnValues::None,
            return_item_on_condition_failure: returns_item_on_failure(update),
        })),
        [_, _, _, Some(delete)] => Ok(TransactWrite::Delete(DeleteItem {
            placeholders: placeholders(delete, WRITE)?,
            table_name: table_name(delete),
            key: attributes(delete, "Key")?,
            condition_expression: expression(delete, "ConditionExpression"),
            return_values: ReturnValues::None,
            return_item_on_condition_failure: returns_item_on_failure(delete),
        })),
        [None, None, None, None] => Err(Fault::validation(
            "Invalid Request: TransactWriteRequest should contain Delete or Put or Update request",
        )),
    }
}
