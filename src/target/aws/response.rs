//! The SDK's answers as ours, with the capacity they consumed.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::operation::batch_get_item::BatchGetItemOutput;
use aws_sdk_dynamodb::operation::batch_write_item::BatchWriteItemOutput;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemOutput;
use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
use aws_sdk_dynamodb::operation::put_item::PutItemOutput;
use aws_sdk_dynamodb::operation::query::QueryOutput;
use aws_sdk_dynamodb::operation::scan::ScanOutput;
use aws_sdk_dynamodb::operation::transact_get_items::TransactGetItemsOutput;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsOutput;
use aws_sdk_dynamodb::operation::update_item::UpdateItemOutput;
use aws_sdk_dynamodb::types as sdk;

use crate::api::{
    BatchGetItem, CapacityUnits, ConsumedCapacity, IndexName, KeysAndAttributes, Outcome, Output, Page, ReadWrite,
    Response, TableName, Units, WriteRequest,
};
use crate::item::PackedItem;

use super::value::{SdkItem, from_sdk};

/// An answer that DynamoDB cannot have meant.
#[derive(Debug)]
pub(super) struct Malformed(pub(super) String);

pub(super) fn get_item(reply: GetItemOutput) -> Result<Outcome, Malformed> {
    let item = shared_item(reply.item)?;
    Ok(succeeded(Output::GetItem { item }, reply.consumed_capacity, ReadWrite::Read))
}

pub(super) fn put_item(reply: PutItemOutput) -> Result<Outcome, Malformed> {
    write(reply.attributes, reply.consumed_capacity)
}

pub(super) fn update_item(reply: UpdateItemOutput) -> Result<Outcome, Malformed> {
    write(reply.attributes, reply.consumed_capacity)
}

pub(super) fn delete_item(reply: DeleteItemOutput) -> Result<Outcome, Malformed> {
    write(reply.attributes, reply.consumed_capacity)
}

pub(super) fn query(reply: QueryOutput) -> Result<Outcome, Malformed> {
    page(reply.items, reply.count, reply.scanned_count, reply.last_evaluated_key, reply.consumed_capacity)
}

pub(super) fn scan(reply: ScanOutput) -> Result<Outcome, Malformed> {
    page(reply.items, reply.count, reply.scanned_count, reply.last_evaluated_key, reply.consumed_capacity)
}

/// How a BatchGetItem wants its items read: the request without its keys.
pub(super) struct HowAsked(Vec<(TableName, KeysAndAttributes)>);

impl HowAsked {
    pub(super) fn of(batch: &BatchGetItem) -> Self {
        let without_keys = |wanted: &KeysAndAttributes| KeysAndAttributes {
            keys: Vec::new(),
            consistent_read: wanted.consistent_read,
            projection_expression: wanted.projection_expression.clone(),
            placeholders: wanted.placeholders.clone(),
        };
        HowAsked(batch.request_items.iter().map(|(name, wanted)| (name.clone(), without_keys(wanted))).collect())
    }
}

/// Of unprocessed keys the answer need only repeat the keys: how they are to be read is taken from the request.
pub(super) fn batch_get_item(reply: BatchGetItemOutput, asked: &HowAsked) -> Result<Outcome, Malformed> {
    let responses = by_table(reply.responses, shared_items)?;
    let mut unprocessed_keys = Vec::new();
    for (table_name, keys) in by_table(reply.unprocessed_keys, |left| Ok(left.keys))? {
        let keys = keys.into_iter().map(from_sdk).collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() {
            continue;
        }
        let Some((_, how)) = asked.0.iter().find(|(asked, _)| *asked == table_name) else {
            return Err(Malformed(format!("unprocessed keys of table `{table_name}`, which was not asked for")));
        };
        unprocessed_keys.push((table_name, KeysAndAttributes { keys, ..how.clone() }));
    }
    Ok(succeeded(Output::BatchGetItem { responses, unprocessed_keys }, reply.consumed_capacity, ReadWrite::Read))
}

pub(super) fn batch_write_item(reply: BatchWriteItemOutput) -> Result<Outcome, Malformed> {
    let mut unprocessed_items = by_table(reply.unprocessed_items, |writes| {
        writes.into_iter().map(write_request).collect::<Result<Vec<_>, _>>()
    })?;
    unprocessed_items.retain(|(_, writes)| !writes.is_empty());
    Ok(succeeded(Output::BatchWriteItem { unprocessed_items }, reply.consumed_capacity, ReadWrite::Write))
}

pub(super) fn transact_get_items(reply: TransactGetItemsOutput) -> Result<Outcome, Malformed> {
    let items =
        reply.responses.unwrap_or_default().into_iter().map(|got| shared_item(got.item)).collect::<Result<_, _>>()?;
    Ok(succeeded(Output::TransactGetItems { items }, reply.consumed_capacity, ReadWrite::Read))
}

pub(super) fn transact_write_items(reply: TransactWriteItemsOutput) -> Result<Outcome, Malformed> {
    Ok(succeeded(Output::TransactWriteItems, reply.consumed_capacity, ReadWrite::Write))
}

fn write(attributes: Option<SdkItem>, consumed: Option<sdk::ConsumedCapacity>) -> Result<Outcome, Malformed> {
    let attributes = shared_item(attributes.filter(|attributes| !attributes.is_empty()))?;
    Ok(succeeded(Output::Write { attributes }, consumed, ReadWrite::Write))
}

fn page(
    items: Option<Vec<SdkItem>>,
    count: i32,
    scanned_count: i32,
    last_evaluated_key: Option<SdkItem>,
    consumed: Option<sdk::ConsumedCapacity>,
) -> Result<Outcome, Malformed> {
    let counted = |name, count| u64::try_from(count).map_err(|_| Malformed(format!("{name} is {count}")));
    let page = Page {
        items: shared_items(items.unwrap_or_default())?,
        count: counted("Count", count)?,
        scanned_count: counted("ScannedCount", scanned_count)?,
        last_evaluated_key: last_evaluated_key.filter(|key| !key.is_empty()).map(from_sdk).transpose()?,
    };
    Ok(succeeded(Output::Page(page), consumed, ReadWrite::Read))
}

fn write_request(write: sdk::WriteRequest) -> Result<WriteRequest, Malformed> {
    match (write.put_request, write.delete_request) {
        (Some(put), None) => Ok(WriteRequest::Put(Arc::new(from_sdk(put.item)?))),
        (None, Some(delete)) => Ok(WriteRequest::Delete(from_sdk(delete.key)?)),
        _ => Err(Malformed("an unprocessed write is neither a put nor a delete".to_owned())),
    }
}

fn shared_item(item: Option<SdkItem>) -> Result<Option<PackedItem>, Malformed> {
    item.map(|item| from_sdk(item).map(PackedItem::from)).transpose()
}

fn shared_items(items: Vec<SdkItem>) -> Result<Vec<PackedItem>, Malformed> {
    items.into_iter().map(|item| from_sdk(item).map(PackedItem::from)).collect()
}

/// A map by table as a list sorted by table: the map's own order would differ from run to run.
fn by_table<S, T>(
    map: Option<HashMap<String, S>>,
    convert: impl Fn(S) -> Result<T, Malformed>,
) -> Result<Vec<(TableName, T)>, Malformed> {
    let mut list = map
        .unwrap_or_default()
        .into_iter()
        .map(|(table_name, value)| Ok((TableName::from(table_name), convert(value)?)))
        .collect::<Result<Vec<_>, Malformed>>()?;
    list.sort_by(|left, right| left.0.cmp(&right.0));
    Ok(list)
}

fn succeeded(output: Output, consumed: impl IntoIterator<Item = impl IntoConsumed>, access: ReadWrite) -> Outcome {
    let mut consumed: Vec<_> =
        consumed.into_iter().flat_map(IntoConsumed::each).map(|of_table| consumed_capacity(of_table, access)).collect();
    consumed.sort_by(|left, right| left.table_name.cmp(&right.table_name));
    Outcome {
        result: Ok(Response { output }),
        consumed,
        item_collections: Vec::new(),
        delayed: Duration::ZERO,
        from_cache: false,
    }
}

/// Single-item operations report one table's capacity, batches and transactions a list (facts §10.3).
trait IntoConsumed {
    fn each(self) -> Vec<sdk::ConsumedCapacity>;
}

impl IntoConsumed for sdk::ConsumedCapacity {
    fn each(self) -> Vec<sdk::ConsumedCapacity> {
        vec![self]
    }
}

impl IntoConsumed for Vec<sdk::ConsumedCapacity> {
    fn each(self) -> Vec<sdk::ConsumedCapacity> {
        self
    }
}

/// An endpoint that reports the total alone is taken at its word: what no index consumed, the table did.
fn consumed_capacity(reported: sdk::ConsumedCapacity, access: ReadWrite) -> ConsumedCapacity {
    let local_secondary_indexes = of_indexes(reported.local_secondary_indexes, access);
    let global_secondary_indexes = of_indexes(reported.global_secondary_indexes, access);
    let table = match &reported.table {
        Some(table) => of_resource(table, access),
        None => {
            let total =
                split(reported.read_capacity_units, reported.write_capacity_units, reported.capacity_units, access);
            let mut rest = total;
            for (_, units) in local_secondary_indexes.iter().chain(&global_secondary_indexes) {
                rest = Units { read: rest.read - units.read, write: rest.write - units.write };
            }
            rest
        }
    };
    ConsumedCapacity {
        table_name: reported.table_name.unwrap_or_default().into(),
        table,
        local_secondary_indexes,
        global_secondary_indexes,
    }
}

fn of_indexes(reported: Option<HashMap<String, sdk::Capacity>>, access: ReadWrite) -> Vec<(IndexName, Units)> {
    let mut indexes: Vec<_> = reported
        .unwrap_or_default()
        .into_iter()
        .map(|(name, capacity)| (IndexName::from(name), of_resource(&capacity, access)))
        .collect();
    indexes.sort_by(|left, right| left.0.cmp(&right.0));
    indexes
}

fn of_resource(capacity: &sdk::Capacity, access: ReadWrite) -> Units {
    split(capacity.read_capacity_units, capacity.write_capacity_units, capacity.capacity_units, access)
}

/// Reads and writes are reported apart only sometimes (facts §10.3); otherwise the operation tells which they are.
fn split(read: Option<f64>, write: Option<f64>, total: Option<f64>, access: ReadWrite) -> Units {
    match (read, write, access) {
        (None, None, ReadWrite::Read) => Units::read(units(total)),
        (None, None, ReadWrite::Write) => Units::write(units(total)),
        _ => Units { read: units(read), write: units(write) },
    }
}

/// The nearest number of halves; what is negative or not a number counts as nothing.
fn units(reported: Option<f64>) -> CapacityUnits {
    CapacityUnits::halves((reported.unwrap_or(0.0) * 2.0).round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capacity(units: f64) -> sdk::Capacity {
        sdk::Capacity::builder().capacity_units(units).build()
    }

    #[test]
    fn the_operation_says_which_capacity_a_bare_number_is() {
        let reported = sdk::ConsumedCapacity::builder()
            .table_name("orders")
            .capacity_units(3.5)
            .table(capacity(1.0))
            .local_secondary_indexes("by_size", capacity(0.5))
            .global_secondary_indexes("by_date", capacity(2.0))
            .build();
        let consumed = consumed_capacity(reported.clone(), ReadWrite::Read);
        assert_eq!(consumed.table, Units::read(CapacityUnits::whole(1)));
        assert_eq!(consumed.local_secondary_indexes, [("by_size".into(), Units::read(CapacityUnits::halves(1)))]);
        assert_eq!(consumed.global_secondary_indexes, [("by_date".into(), Units::read(CapacityUnits::whole(2)))]);
        assert_eq!(consumed.total(), Units::read(CapacityUnits::halves(7)));
        assert_eq!(consumed_capacity(reported, ReadWrite::Write).total(), Units::write(CapacityUnits::halves(7)));
    }

    #[test]
    fn read_and_write_units_reported_apart_are_believed() {
        let table =
            sdk::Capacity::builder().capacity_units(4.0).read_capacity_units(0.0).write_capacity_units(4.0).build();
        let reported = sdk::ConsumedCapacity::builder().table_name("orders").capacity_units(4.0).table(table).build();
        assert_eq!(consumed_capacity(reported, ReadWrite::Read).table, Units::write(CapacityUnits::whole(4)));
    }

    #[test]
    fn a_bare_total_is_the_tables_less_what_its_indexes_took() {
        let reported = sdk::ConsumedCapacity::builder()
            .table_name("orders")
            .capacity_units(3.0)
            .global_secondary_indexes("by_date", capacity(2.0))
            .build();
        assert_eq!(consumed_capacity(reported, ReadWrite::Write).table, Units::write(CapacityUnits::whole(1)));
    }

    #[test]
    fn nonsense_units_count_as_nothing() {
        for nonsense in [f64::NAN, -1.0, f64::NEG_INFINITY] {
            assert!(units(Some(nonsense)).is_zero());
        }
    }
}
