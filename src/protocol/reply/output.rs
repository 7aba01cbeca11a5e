//! What the item operations return.

use crate::api::{
    ConsumedCapacity, ItemCollectionMetrics, KeysAndAttributes, Output, Page, Request, Select, TableName, WriteRequest,
};
use crate::item::PackedItem;
use crate::protocol::request::Call;

use super::Reply;
use super::consumed::{Style, write_collections, write_consumed};
use super::item::{write_item, write_stored_item};
use super::writer::Writer;

/// The reply to a request that succeeded.
pub fn answer(call: &Call, output: &Output, consumed: &[ConsumedCapacity], metrics: &[ItemCollectionMetrics]) -> Reply {
    Reply::ok(|writer| {
        let style = write_output(writer, call, output);
        write_consumed(writer, consumed, call.reporting, style);
        write_collections(writer, metrics, call.reporting, style);
    })
}

fn write_output(writer: &mut Writer, call: &Call, output: &Output) -> Style {
    match output {
        Output::Write { attributes } => {
            write_optional(writer, "Attributes", attributes.as_ref());
            Style::Single
        }
        Output::GetItem { item } => {
            write_optional(writer, "Item", item.as_ref());
            Style::Single
        }
        Output::Page(page) => {
            write_page(writer, page, counts_only(&call.request));
            Style::Single
        }
        Output::BatchGetItem { responses, unprocessed_keys } => {
            writer.name("Responses").object(|writer| {
                for (table, items) in responses {
                    write_items(writer.name(table), items);
                }
            });
            writer.name("UnprocessedKeys").object(|writer| {
                for (table, left) in unprocessed_keys {
                    let has_attributes_to_get = call.with_attributes_to_get.contains(table);
                    write_keys(writer.name(table), left, has_attributes_to_get);
                }
            });
            Style::Batch
        }
        Output::BatchWriteItem { unprocessed_items } => {
            writer.name("UnprocessedItems").object(|writer| write_unprocessed_items(writer, unprocessed_items));
            Style::Batch
        }
        Output::TransactGetItems { items } => {
            writer.name("Responses").array(|writer| {
                for item in items {
                    writer.object(|writer| write_optional(writer, "Item", item.as_ref()));
                }
            });
            Style::Transaction
        }
        Output::TransactWriteItems => Style::Transaction,
    }
}

fn counts_only(request: &Request) -> bool {
    let select = match request {
        Request::Query(query) => query.select,
        Request::Scan(scan) => scan.select,
        _ => None,
    };
    select == Some(Select::Count)
}

fn write_optional(writer: &mut Writer, name: &str, item: Option<&PackedItem>) {
    if let Some(item) = item {
        write_stored_item(writer.name(name), item);
    }
}

fn write_items(writer: &mut Writer, items: &[PackedItem]) {
    writer.array(|writer| items.iter().for_each(|item| write_stored_item(writer, item)));
}

fn write_page(writer: &mut Writer, page: &Page, counts_only: bool) {
    writer.name("Count").integer(page.count);
    if !counts_only {
        write_items(writer.name("Items"), &page.items);
    }
    writer.name("ScannedCount").integer(page.scanned_count);
    if let Some(key) = &page.last_evaluated_key {
        write_item(writer.name("LastEvaluatedKey"), key);
    }
}

/// Keys to be asked for again, with what was asked of them.
fn write_keys(writer: &mut Writer, left: &KeysAndAttributes, has_attributes_to_get: bool) {
    writer.object(|writer| {
        writer.name("Keys").array(|writer| left.keys.iter().for_each(|key| write_item(writer, key)));
        if left.consistent_read {
            writer.name("ConsistentRead").boolean(true);
        }
        let names = &left.placeholders.names;
        if has_attributes_to_get {
            writer.name("AttributesToGet").array(|writer| names.iter().for_each(|(_, name)| writer.text(name)));
            return;
        }
        if let Some(projection) = &left.projection_expression {
            writer.name("ProjectionExpression").text(projection);
        }
        if !names.is_empty() {
            writer.name("ExpressionAttributeNames").object(|writer| {
                names.iter().for_each(|(placeholder, name)| writer.name(placeholder).text(name));
            });
        }
    });
}

fn write_unprocessed_items(writer: &mut Writer, tables: &[(TableName, Vec<WriteRequest>)]) {
    for (table, writes) in tables {
        writer.name(table).array(|writer| {
            for write in writes {
                writer.object(|writer| match write {
                    WriteRequest::Put(item) => {
                        writer.name("PutRequest").object(|writer| write_item(writer.name("Item"), item));
                    }
                    WriteRequest::Delete(key) => {
                        writer.name("DeleteRequest").object(|writer| write_item(writer.name("Key"), key));
                    }
                });
            }
        });
    }
}
