//! Short ways to write items, tables and requests for the engine's tests.

use std::sync::Arc;

use dynamometer::api::*;
use dynamometer::capacity::CapacityModel;
use dynamometer::engine::{Enforcement, Engine, EngineOptions};
use dynamometer::item::{AttributeValue, Item, Number, ScalarType};
use dynamometer::time::Time;

pub fn s(text: impl Into<String>) -> AttributeValue {
    AttributeValue::string(text.into())
}

pub fn n(number: i64) -> AttributeValue {
    AttributeValue::from(Number::from(number))
}

pub fn item<const N: usize>(attributes: [(&str, AttributeValue); N]) -> Item {
    attributes.into_iter().map(|(name, value)| (name.into(), value)).collect()
}

/// An item with the string key `id` and exactly this size.
pub fn sized(id: &str, bytes: usize) -> Item {
    let used = "id".len() + id.len() + "x".len();
    item([("id", s(id)), ("x", s("x".repeat(bytes - used)))])
}

pub fn attribute(name: &str, scalar_type: ScalarType) -> KeyAttribute {
    KeyAttribute { name: name.into(), scalar_type }
}

pub fn schema(partition: (&str, ScalarType), sort: Option<(&str, ScalarType)>) -> KeySchema {
    KeySchema::new(attribute(partition.0, partition.1), sort.map(|(name, scalar_type)| attribute(name, scalar_type)))
}

/// A table with the string key `id`.
pub fn table(name: &str, capacity: CapacityMode) -> CreateTable {
    CreateTable {
        name: name.into(),
        key: schema(("id", ScalarType::S), None),
        global_secondary_indexes: Vec::new(),
        local_secondary_indexes: Vec::new(),
        capacity,
        class: TableClass::Standard,
        warm_throughput: None,
        time_to_live_attribute: None,
        deletion_protection: false,
    }
}

pub fn global(name: &str, key: KeySchema, projection: Projection, capacity: CapacityMode) -> GlobalSecondaryIndex {
    GlobalSecondaryIndex { name: name.into(), key, projection, capacity, warm_throughput: None }
}

pub fn local(name: &str, key: KeySchema, projection: Projection) -> LocalSecondaryIndex {
    LocalSecondaryIndex { name: name.into(), key, projection }
}

pub fn engine(capacity: Enforcement, tables: &[CreateTable]) -> Engine {
    // What tables limit is asked for exactly; routers and partitions have tests of their own.
    let capacity_model = CapacityModel::default().of_whole_tables();
    let engine = Engine::new(EngineOptions { seed: 42, capacity, capacity_model, ..EngineOptions::default() });
    for table in tables {
        engine.create_table(Time::ZERO, table).unwrap();
    }
    engine
}

pub fn seconds(seconds: f64) -> Time {
    Time::from_secs_f64(seconds)
}

pub fn values<const N: usize>(values: [(&str, AttributeValue); N]) -> Placeholders {
    Placeholders { values: item(values), ..Placeholders::default() }
}

pub fn get(table: &str, key: Item) -> GetItem {
    GetItem {
        table_name: table.into(),
        key,
        consistent_read: false,
        projection_expression: None,
        placeholders: Placeholders::default(),
    }
}

pub fn put(table: &str, item: Item) -> PutItem {
    PutItem {
        table_name: table.into(),
        item: Arc::new(item),
        condition_expression: None,
        placeholders: Placeholders::default(),
        return_values: ReturnValues::None,
        return_item_on_condition_failure: false,
    }
}

pub fn update(table: &str, key: Item, expression: &str, placeholders: Placeholders) -> UpdateItem {
    UpdateItem {
        table_name: table.into(),
        key,
        update_expression: Some(expression.into()),
        condition_expression: None,
        placeholders,
        return_values: ReturnValues::None,
        return_item_on_condition_failure: false,
    }
}

pub fn delete(table: &str, key: Item) -> DeleteItem {
    DeleteItem {
        table_name: table.into(),
        key,
        condition_expression: None,
        placeholders: Placeholders::default(),
        return_values: ReturnValues::None,
        return_item_on_condition_failure: false,
    }
}

pub fn query(table: &str, index: Option<&str>, condition: &str, placeholders: Placeholders) -> Query {
    Query {
        table_name: table.into(),
        index_name: index.map(Into::into),
        key_condition_expression: condition.into(),
        filter_expression: None,
        projection_expression: None,
        placeholders,
        select: None,
        limit: None,
        scan_index_forward: true,
        consistent_read: false,
        exclusive_start_key: None,
    }
}

pub fn scan(table: &str, index: Option<&str>) -> Scan {
    Scan {
        table_name: table.into(),
        index_name: index.map(Into::into),
        filter_expression: None,
        projection_expression: None,
        placeholders: Placeholders::default(),
        select: None,
        limit: None,
        segment: None,
        consistent_read: false,
        exclusive_start_key: None,
    }
}

pub fn batch_get(table: &str, keys: Vec<Item>) -> BatchGetItem {
    let keys = KeysAndAttributes {
        keys,
        consistent_read: false,
        projection_expression: None,
        placeholders: Placeholders::default(),
    };
    BatchGetItem { request_items: vec![(table.into(), keys)] }
}

pub fn batch_write(table: &str, writes: Vec<WriteRequest>) -> BatchWriteItem {
    BatchWriteItem { request_items: vec![(table.into(), writes)] }
}

pub fn transact_get(table: &str, key: Item) -> TransactGet {
    TransactGet { table_name: table.into(), key, projection_expression: None, placeholders: Placeholders::default() }
}

pub fn transaction(transact_items: Vec<TransactWrite>) -> TransactWriteItems {
    TransactWriteItems { transact_items, client_request_token: None }
}

pub fn id(id: &str) -> Item {
    item([("id", s(id))])
}

/// The output of a request that has to succeed.
pub fn output(outcome: &Outcome) -> &Output {
    match &outcome.result {
        Ok(response) => &response.output,
        Err(error) => panic!("{error}"),
    }
}

pub fn page(outcome: &Outcome) -> &Page {
    match output(outcome) {
        Output::Page(page) => page,
        other => panic!("{other:?}"),
    }
}

/// The error of a request that has to fail.
pub fn error(outcome: &Outcome) -> &ApiError {
    outcome.result.as_ref().expect_err("the request should fail")
}

/// Everything a request consumed, in units.
pub fn units(outcome: &Outcome) -> f64 {
    outcome.consumed.iter().map(|consumed| consumed.total().total().as_f64()).sum()
}
