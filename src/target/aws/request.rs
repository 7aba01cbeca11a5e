//! Our requests as the SDK's, each asking for consumed capacity by table and index.
//!
//! What our request leaves out is not sent. The SDK alone adds one thing: a TransactWriteItems without a client request
//! token gets a random one.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::batch_get_item::builders::BatchGetItemFluentBuilder;
use aws_sdk_dynamodb::operation::batch_write_item::builders::BatchWriteItemFluentBuilder;
use aws_sdk_dynamodb::operation::delete_item::builders::DeleteItemFluentBuilder;
use aws_sdk_dynamodb::operation::get_item::builders::GetItemFluentBuilder;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::scan::builders::ScanFluentBuilder;
use aws_sdk_dynamodb::operation::transact_get_items::builders::TransactGetItemsFluentBuilder;
use aws_sdk_dynamodb::operation::transact_write_items::builders::TransactWriteItemsFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{
    self as sdk, ReturnConsumedCapacity::Indexes, ReturnValue, ReturnValuesOnConditionCheckFailure,
};

use crate::api::{
    BatchGetItem, BatchWriteItem, ConditionCheck, DeleteItem, GetItem, KeysAndAttributes, Placeholders, PutItem, Query,
    ReturnValues, Scan, Select, TransactGet, TransactGetItems, TransactWrite, TransactWriteItems, UpdateItem,
    WriteRequest,
};

use super::value::{SdkItem, to_sdk};

pub(super) fn get_item(client: &Client, get: &GetItem) -> GetItemFluentBuilder {
    client
        .get_item()
        .table_name(&*get.table_name)
        .set_key(Some(to_sdk(&get.key)))
        .set_consistent_read(flag(get.consistent_read))
        .set_projection_expression(text(&get.projection_expression))
        .set_expression_attribute_names(names(&get.placeholders))
        .return_consumed_capacity(Indexes)
}

pub(super) fn put_item(client: &Client, put: &PutItem) -> PutItemFluentBuilder {
    client
        .put_item()
        .table_name(&*put.table_name)
        .set_item(Some(to_sdk(&put.item)))
        .set_condition_expression(text(&put.condition_expression))
        .set_expression_attribute_names(names(&put.placeholders))
        .set_expression_attribute_values(values(&put.placeholders))
        .set_return_values(return_values(put.return_values))
        .set_return_values_on_condition_check_failure(on_failure(put.return_item_on_condition_failure))
        .return_consumed_capacity(Indexes)
}

pub(super) fn update_item(client: &Client, update: &UpdateItem) -> UpdateItemFluentBuilder {
    client
        .update_item()
        .table_name(&*update.table_name)
        .set_key(Some(to_sdk(&update.key)))
        .set_update_expression(text(&update.update_expression))
        .set_condition_expression(text(&update.condition_expression))
        .set_expression_attribute_names(names(&update.placeholders))
        .set_expression_attribute_values(values(&update.placeholders))
        .set_return_values(return_values(update.return_values))
        .set_return_values_on_condition_check_failure(on_failure(update.return_item_on_condition_failure))
        .return_consumed_capacity(Indexes)
}

pub(super) fn delete_item(client: &Client, delete: &DeleteItem) -> DeleteItemFluentBuilder {
    client
        .delete_item()
        .table_name(&*delete.table_name)
        .set_key(Some(to_sdk(&delete.key)))
        .set_condition_expression(text(&delete.condition_expression))
        .set_expression_attribute_names(names(&delete.placeholders))
        .set_expression_attribute_values(values(&delete.placeholders))
        .set_return_values(return_values(delete.return_values))
        .set_return_values_on_condition_check_failure(on_failure(delete.return_item_on_condition_failure))
        .return_consumed_capacity(Indexes)
}

pub(super) fn query(client: &Client, query: &Query) -> QueryFluentBuilder {
    client
        .query()
        .table_name(&*query.table_name)
        .set_index_name(query.index_name.as_ref().map(ToString::to_string))
        .key_condition_expression(&*query.key_condition_expression)
        .set_filter_expression(text(&query.filter_expression))
        .set_projection_expression(text(&query.projection_expression))
        .set_expression_attribute_names(names(&query.placeholders))
        .set_expression_attribute_values(values(&query.placeholders))
        .set_select(query.select.map(select))
        .set_limit(query.limit.map(count))
        .set_scan_index_forward((!query.scan_index_forward).then_some(false))
        .set_consistent_read(flag(query.consistent_read))
        .set_exclusive_start_key(query.exclusive_start_key.as_ref().map(to_sdk))
        .return_consumed_capacity(Indexes)
}

pub(super) fn scan(client: &Client, scan: &Scan) -> ScanFluentBuilder {
    client
        .scan()
        .table_name(&*scan.table_name)
        .set_index_name(scan.index_name.as_ref().map(ToString::to_string))
        .set_filter_expression(text(&scan.filter_expression))
        .set_projection_expression(text(&scan.projection_expression))
        .set_expression_attribute_names(names(&scan.placeholders))
        .set_expression_attribute_values(values(&scan.placeholders))
        .set_select(scan.select.map(select))
        .set_limit(scan.limit.map(count))
        .set_segment(scan.segment.map(|segment| count(segment.segment)))
        .set_total_segments(scan.segment.map(|segment| count(segment.total_segments)))
        .set_consistent_read(flag(scan.consistent_read))
        .set_exclusive_start_key(scan.exclusive_start_key.as_ref().map(to_sdk))
        .return_consumed_capacity(Indexes)
}

pub(super) fn batch_get_item(client: &Client, batch: &BatchGetItem) -> Result<BatchGetItemFluentBuilder, BuildError> {
    let mut builder = client.batch_get_item().return_consumed_capacity(Indexes);
    for (table_name, wanted) in &batch.request_items {
        builder = builder.request_items(&**table_name, keys_and_attributes(wanted)?);
    }
    Ok(builder)
}

pub(super) fn batch_write_item(
    client: &Client,
    batch: &BatchWriteItem,
) -> Result<BatchWriteItemFluentBuilder, BuildError> {
    let mut builder = client.batch_write_item().return_consumed_capacity(Indexes);
    for (table_name, writes) in &batch.request_items {
        let writes = writes.iter().map(write_request).collect::<Result<_, _>>()?;
        builder = builder.request_items(&**table_name, writes);
    }
    Ok(builder)
}

pub(super) fn transact_get_items(
    client: &Client,
    transaction: &TransactGetItems,
) -> Result<TransactGetItemsFluentBuilder, BuildError> {
    let items = transaction.transact_items.iter().map(transact_get).collect::<Result<_, _>>()?;
    Ok(client.transact_get_items().set_transact_items(Some(items)).return_consumed_capacity(Indexes))
}

pub(super) fn transact_write_items(
    client: &Client,
    transaction: &TransactWriteItems,
) -> Result<TransactWriteItemsFluentBuilder, BuildError> {
    let items = transaction.transact_items.iter().map(transact_write).collect::<Result<_, _>>()?;
    Ok(client
        .transact_write_items()
        .set_transact_items(Some(items))
        .set_client_request_token(transaction.client_request_token.as_ref().map(|token| token.to_string()))
        .return_consumed_capacity(Indexes))
}

fn keys_and_attributes(wanted: &KeysAndAttributes) -> Result<sdk::KeysAndAttributes, BuildError> {
    sdk::KeysAndAttributes::builder()
        .set_keys(Some(wanted.keys.iter().map(to_sdk).collect()))
        .set_consistent_read(flag(wanted.consistent_read))
        .set_projection_expression(text(&wanted.projection_expression))
        .set_expression_attribute_names(names(&wanted.placeholders))
        .build()
}

fn write_request(write: &WriteRequest) -> Result<sdk::WriteRequest, BuildError> {
    let builder = sdk::WriteRequest::builder();
    Ok(match write {
        WriteRequest::Put(item) => {
            builder.put_request(sdk::PutRequest::builder().set_item(Some(to_sdk(item))).build()?)
        }
        WriteRequest::Delete(key) => {
            builder.delete_request(sdk::DeleteRequest::builder().set_key(Some(to_sdk(key))).build()?)
        }
    }
    .build())
}

fn transact_get(get: &TransactGet) -> Result<sdk::TransactGetItem, BuildError> {
    let get = sdk::Get::builder()
        .table_name(&*get.table_name)
        .set_key(Some(to_sdk(&get.key)))
        .set_projection_expression(text(&get.projection_expression))
        .set_expression_attribute_names(names(&get.placeholders))
        .build()?;
    Ok(sdk::TransactGetItem::builder().get(get).build())
}

fn transact_write(write: &TransactWrite) -> Result<sdk::TransactWriteItem, BuildError> {
    let builder = sdk::TransactWriteItem::builder();
    Ok(match write {
        TransactWrite::ConditionCheck(check) => builder.condition_check(transact_check(check)?),
        TransactWrite::Put(put) => builder.put(transact_put(put)?),
        TransactWrite::Update(update) => builder.update(transact_update(update)?),
        TransactWrite::Delete(delete) => builder.delete(transact_delete(delete)?),
    }
    .build())
}

fn transact_check(check: &ConditionCheck) -> Result<sdk::ConditionCheck, BuildError> {
    sdk::ConditionCheck::builder()
        .table_name(&*check.table_name)
        .set_key(Some(to_sdk(&check.key)))
        .condition_expression(&*check.condition_expression)
        .set_expression_attribute_names(names(&check.placeholders))
        .set_expression_attribute_values(values(&check.placeholders))
        .set_return_values_on_condition_check_failure(on_failure(check.return_item_on_condition_failure))
        .build()
}

fn transact_put(put: &PutItem) -> Result<sdk::Put, BuildError> {
    sdk::Put::builder()
        .table_name(&*put.table_name)
        .set_item(Some(to_sdk(&put.item)))
        .set_condition_expression(text(&put.condition_expression))
        .set_expression_attribute_names(names(&put.placeholders))
        .set_expression_attribute_values(values(&put.placeholders))
        .set_return_values_on_condition_check_failure(on_failure(put.return_item_on_condition_failure))
        .build()
}

fn transact_update(update: &UpdateItem) -> Result<sdk::Update, BuildError> {
    sdk::Update::builder()
        .table_name(&*update.table_name)
        .set_key(Some(to_sdk(&update.key)))
        .set_update_expression(text(&update.update_expression))
        .set_condition_expression(text(&update.condition_expression))
        .set_expression_attribute_names(names(&update.placeholders))
        .set_expression_attribute_values(values(&update.placeholders))
        .set_return_values_on_condition_check_failure(on_failure(update.return_item_on_condition_failure))
        .build()
}

fn transact_delete(delete: &DeleteItem) -> Result<sdk::Delete, BuildError> {
    sdk::Delete::builder()
        .table_name(&*delete.table_name)
        .set_key(Some(to_sdk(&delete.key)))
        .set_condition_expression(text(&delete.condition_expression))
        .set_expression_attribute_names(names(&delete.placeholders))
        .set_expression_attribute_values(values(&delete.placeholders))
        .set_return_values_on_condition_check_failure(on_failure(delete.return_item_on_condition_failure))
        .build()
}

fn flag(set: bool) -> Option<bool> {
    set.then_some(true)
}

fn text(text: &Option<Arc<str>>) -> Option<String> {
    text.as_deref().map(str::to_owned)
}

/// The API counts in 32-bit signed integers; no meant limit or segment comes near the end of them.
fn count(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

fn names(placeholders: &Placeholders) -> Option<HashMap<String, String>> {
    let names = &placeholders.names;
    (!names.is_empty())
        .then(|| names.iter().map(|(name, stands_for)| (name.to_string(), stands_for.to_string())).collect())
}

fn values(placeholders: &Placeholders) -> Option<SdkItem> {
    (!placeholders.values.is_empty()).then(|| to_sdk(&placeholders.values))
}

fn return_values(values: ReturnValues) -> Option<ReturnValue> {
    match values {
        ReturnValues::None => None,
        ReturnValues::AllOld => Some(ReturnValue::AllOld),
        ReturnValues::UpdatedOld => Some(ReturnValue::UpdatedOld),
        ReturnValues::AllNew => Some(ReturnValue::AllNew),
        ReturnValues::UpdatedNew => Some(ReturnValue::UpdatedNew),
    }
}

fn on_failure(return_item: bool) -> Option<ReturnValuesOnConditionCheckFailure> {
    return_item.then_some(ReturnValuesOnConditionCheckFailure::AllOld)
}

fn select(select: Select) -> sdk::Select {
    match select {
        Select::AllAttributes => sdk::Select::AllAttributes,
        Select::AllProjectedAttributes => sdk::Select::AllProjectedAttributes,
        Select::SpecificAttributes => sdk::Select::SpecificAttributes,
        Select::Count => sdk::Select::Count,
    }
}
