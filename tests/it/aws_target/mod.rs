//! The driver over the AWS SDK.

mod agreement;
mod errors;
mod lookups;
mod moto;
mod preparation;
mod requests;

use std::sync::Arc;

use dynamometer::api::{ApiError, CreateTable, GetItem, Outcome, Output, Placeholders, Request, Response};
use dynamometer::item::{AttributeValue, Item, item_from_json};
use dynamometer::target::aws::{AwsOptions, AwsTarget};
use dynamometer::target::{CallError, Target};
use serde_json::Value;

use crate::stub::Stub;

async fn target(stub: &Stub) -> AwsTarget {
    target_at(&stub.url()).await
}

async fn target_at(url: &str) -> AwsTarget {
    AwsTarget::endpoint(url, &AwsOptions::default()).await.expect("an endpoint needs no looking up")
}

async fn call(target: &AwsTarget, request: Request) -> Result<Outcome, CallError> {
    target.call(Arc::new(request)).await
}

/// The output of a call that succeeds.
async fn output(target: &AwsTarget, request: Request) -> Output {
    let Outcome { result, .. } = call(target, request).await.expect("an answer of the API");
    let Response { output } = result.expect("success");
    output
}

/// DynamoDB's error of a call that fails.
async fn api_error(target: &AwsTarget, request: Request) -> ApiError {
    let outcome = call(target, request).await.expect("an answer of the API");
    assert_eq!(outcome.consumed, []);
    outcome.result.expect_err("an error")
}

fn get(table: &str, key: Value) -> GetItem {
    GetItem {
        table_name: table.into(),
        key: item(key),
        consistent_read: false,
        projection_expression: None,
        placeholders: Placeholders::default(),
    }
}

/// A GetItem from `orders` whose answer matters, not what is asked for.
fn any_get() -> Request {
    Request::GetItem(get("orders", serde_json::json!({ "pk": { "S": "1" } })))
}

fn item(json: Value) -> Item {
    item_from_json(&json).expect("an item in DynamoDB's JSON")
}

fn placeholders(names: &[(&str, &str)], values: &[(&str, AttributeValue)]) -> Placeholders {
    Placeholders {
        names: names.iter().map(|(name, stands_for)| ((*name).into(), (*stands_for).into())).collect(),
        values: values.iter().map(|(name, value)| ((*name).into(), value.clone())).collect(),
    }
}

fn table(name: &str) -> CreateTable {
    use dynamometer::api::{CapacityMode, KeyAttribute, KeySchema, TableClass};
    use dynamometer::item::ScalarType;

    CreateTable {
        name: name.into(),
        key: KeySchema::new(KeyAttribute { name: "pk".into(), scalar_type: ScalarType::S }, None),
        global_secondary_indexes: Vec::new(),
        local_secondary_indexes: Vec::new(),
        capacity: CapacityMode::ON_DEMAND,
        class: TableClass::Standard,
        warm_throughput: None,
        time_to_live_attribute: None,
        deletion_protection: false,
    }
}
