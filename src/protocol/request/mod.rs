//! Bodies as requests: one file per family of operations, and what they all read the same way.
//!
//! A body has been checked against its shape when these functions read it, so a member that is there is of its type and a
//! required one is there.

mod batch;
mod item;
mod page;
mod transact;

use std::sync::Arc;

use crate::api::{Operation, Request, ReturnValues, TableName, table_of_arn};
use crate::item::Item;

use super::fault::Decoded;
use super::json::Json;
use super::legacy::Translated;
use super::value;

/// A request, and what its answer shall say.
#[derive(Debug)]
pub struct Call {
    pub request: Request,
    pub reporting: Reporting,
    pub translated: Translated,
    /// The tables of a BatchGetItem that has AttributesToGet for them; they come back so if they are not processed.
    pub with_attributes_to_get: Vec<TableName>,
}

/// What a response reports besides its result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reporting {
    /// ReturnConsumedCapacity.
    pub consumed: ConsumedDetail,
    /// ReturnItemCollectionMetrics.
    pub item_collections: bool,
}

/// How much of the consumed capacity is reported (API: ReturnConsumedCapacity).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ConsumedDetail {
    #[default]
    None,
    Total,
    Indexes,
}

/// Reads the body of an item operation.
pub fn read(operation: Operation, body: &Json<'_>) -> Decoded<Call> {
    let reporting = Reporting {
        consumed: match text(body, "ReturnConsumedCapacity") {
            Some("TOTAL") => ConsumedDetail::Total,
            Some("INDEXES") => ConsumedDetail::Indexes,
            _ => ConsumedDetail::None,
        },
        item_collections: text(body, "ReturnItemCollectionMetrics") == Some("SIZE"),
    };
    let mut with_attributes_to_get = Vec::new();
    let request = match operation {
        Operation::GetItem => Request::GetItem(item::get_item(body)?),
        Operation::PutItem => Request::PutItem(item::put_item(body)?),
        Operation::UpdateItem => Request::UpdateItem(item::update_item(body)?),
        Operation::DeleteItem => Request::DeleteItem(item::delete_item(body)?),
        Operation::Query => Request::Query(page::query(body)?),
        Operation::Scan => Request::Scan(page::scan(body)?),
        Operation::BatchGetItem => Request::BatchGetItem(batch::batch_get_item(body, &mut with_attributes_to_get)?),
        Operation::BatchWriteItem => Request::BatchWriteItem(batch::batch_write_item(body)?),
        Operation::TransactGetItems => Request::TransactGetItems(transact::transact_get_items(body)?),
        Operation::TransactWriteItems => Request::TransactWriteItems(transact::transact_write_items(body)?),
    };
    let mut translated = translated(body);
    // Where only some tables of a batch have AttributesToGet, an error may be about the expression of another one.
    if let Request::BatchGetItem(batch) = &request {
        translated.projection = batch.request_items.len() == with_attributes_to_get.len();
    }
    Ok(Call { request, reporting, translated, with_attributes_to_get })
}

/// The parameters of the request itself that were translated.
fn translated(body: &Json<'_>) -> Translated {
    let has = |name: &str| body.member(name).is_some();
    Translated {
        projection: has("AttributesToGet"),
        condition: has("Expected"),
        filter: ["ScanFilter", "QueryFilter"].into_iter().find(|name| has(name)),
        key_condition: has("KeyConditions"),
        update: has("AttributeUpdates"),
    }
}

/// A string.
pub fn text<'b>(body: &'b Json<'_>, name: &str) -> Option<&'b str> {
    body.member(name).and_then(Json::text)
}

/// A boolean that is false where it is absent.
pub fn flag(body: &Json<'_>, name: &str) -> bool {
    body.member(name).and_then(Json::boolean).unwrap_or_default()
}

/// The table's name, which may be written as its ARN.
pub fn table_name(body: &Json<'_>) -> TableName {
    named_table(text(body, "TableName").unwrap_or_default())
}

/// The table of this name or ARN.
fn named_table(name: &str) -> TableName {
    table_of_arn(name).unwrap_or(name).into()
}

/// An expression.
fn expression(body: &Json<'_>, name: &str) -> Option<Arc<str>> {
    text(body, name).map(Arc::from)
}

/// The attributes of a key or an item.
fn attributes(body: &Json<'_>, name: &str) -> Decoded<Item> {
    Ok(body.member(name).map_or(Ok(Item::new()), value::read_item)?)
}

fn return_values(body: &Json<'_>) -> ReturnValues {
    match text(body, "ReturnValues") {
        Some("ALL_OLD") => ReturnValues::AllOld,
        Some("UPDATED_OLD") => ReturnValues::UpdatedOld,
        Some("ALL_NEW") => ReturnValues::AllNew,
        Some("UPDATED_NEW") => ReturnValues::UpdatedNew,
        _ => ReturnValues::None,
    }
}

fn returns_item_on_failure(body: &Json<'_>) -> bool {
    text(body, "ReturnValuesOnConditionCheckFailure") == Some("ALL_OLD")
}
