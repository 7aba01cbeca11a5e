//! BatchGetItem and BatchWriteItem.

use std::sync::Arc;

use crate::api::{BatchGetItem, BatchWriteItem, KeysAndAttributes, TableName, WriteRequest};
use crate::protocol::expressions::{Parameters, placeholders};
use crate::protocol::fault::{Decoded, Fault};
use crate::protocol::json::Json;
use crate::protocol::value::read_item;

use super::item::projection;
use super::{flag, named_table};

const READ: Parameters = Parameters { expressions: &["ProjectionExpression"], legacy: &["AttributesToGet"] };

/// BatchGetItem; notes the tables that have AttributesToGet.
pub fn batch_get_item(body: &Json<'_>, with_attributes_to_get: &mut Vec<TableName>) -> Decoded<BatchGetItem> {
    let mut request_items = Vec::new();
    for (table, wanted) in tables(body) {
        let table = named_table(table);
        let given = placeholders(wanted, READ)?;
        let keys = wanted.member("Keys").map_or(&[][..], Json::elements);
        let keys = keys.iter().map(read_item).collect::<Result<_, _>>()?;
        let (projection_expression, placeholders) = projection(wanted, given)?;
        if wanted.member("AttributesToGet").is_some() {
            with_attributes_to_get.push(table.clone());
        }
        let consistent_read = flag(wanted, "ConsistentRead");
        request_items.push((table, KeysAndAttributes { keys, consistent_read, projection_expression, placeholders }));
    }
    refuse_repetition(request_items.iter().map(|(table, _)| table))?;
    Ok(BatchGetItem { request_items })
}

/// BatchWriteItem.
pub fn batch_write_item(body: &Json<'_>) -> Decoded<BatchWriteItem> {
    let mut request_items = Vec::new();
    for (table, writes) in tables(body) {
        let writes = writes.elements().iter().map(write).collect::<Decoded<_>>()?;
        request_items.push((named_table(table), writes));
    }
    refuse_repetition(request_items.iter().map(|(table, _)| table))?;
    Ok(BatchWriteItem { request_items })
}

fn tables<'b, 'j>(body: &'b Json<'j>) -> Vec<(&'b str, &'b Json<'j>)> {
    body.member("RequestItems").map(Json::distinct_members).unwrap_or_default()
}

/// A table named twice, by its name and by its ARN.
fn refuse_repetition<'t>(tables: impl Iterator<Item = &'t TableName>) -> Decoded<()> {
    let mut names: Vec<&TableName> = tables.collect();
    names.sort_unstable();
    match names.windows(2).any(|pair| pair[0] == pair[1]) {
        true => Err(Fault::validation("Provided list of table names contains duplicates")),
        false => Ok(()),
    }
}

fn write(request: &Json<'_>) -> Decoded<WriteRequest> {
    match (request.member("PutRequest"), request.member("DeleteRequest")) {
        (Some(_), Some(_)) => Err(Fault::validation(
            "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes",
        )),
        (Some(put), None) => Ok(WriteRequest::Put(Arc::new(super::attributes(put, "Item")?))),
        (None, Some(delete)) => Ok(WriteRequest::Delete(super::attributes(delete, "Key")?)),
        (None, None) => Err(Fault::validation(
            "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes",
        )),
    }
}
