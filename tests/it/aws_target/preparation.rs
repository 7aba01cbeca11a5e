//! Making tables ready where the endpoint does not help.

use dynamometer::api::{AutoScaling, CapacityMode, CapacityRange, Operation, WarmThroughput};
use dynamometer::target::{Target, TargetError};
use serde_json::{Value, json};

use crate::stub::{Reply, Script};

use super::errors::unused_url;
use super::{table, target, target_at};

#[tokio::test]
async fn where_nothing_listens_the_error_says_what_where_and_what_to_do() {
    let url = unused_url();
    let error = target_at(&url).await.prepare(&[table("orders")]).await.unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with(&url), "{text}");
    for part in ["DescribeTable of table `orders`", "refused", "start the endpoint, or correct its address"] {
        assert!(text.contains(part), "{text}");
    }
}

#[tokio::test]
async fn a_web_server_is_not_taken_for_dynamodb() {
    let stub = Script::new().on("DescribeTable", Reply::raw(404, "<html>not found</html>")).start();
    let error = target(&stub).await.prepare(&[table("orders")]).await.unwrap_err();
    assert!(error.to_string().contains("this is not how DynamoDB answers"), "{error}");
}

#[tokio::test]
async fn a_refusal_for_lack_of_permission_is_passed_on() {
    let stub = Script::new().on("CreateTable", Reply::error(400, "AccessDeniedException", "not you")).start();
    let error = target(&stub).await.prepare(&[table("orders")]).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("CreateTable of table `orders`: AccessDeniedException: not you"), "{text}");
    assert!(text.contains("these credentials may not do that"), "{text}");
}

#[tokio::test]
async fn a_table_that_does_not_fit_stops_before_anything_is_created() {
    let stub = Script::new().table("carts", "id", None).start();
    let error = target(&stub).await.prepare(&[table("orders"), table("carts")]).await.unwrap_err();
    let TargetError::TableDiffers { table, difference } = error else { panic!("{error}") };
    assert_eq!((table.as_str(), difference.as_str()), ("carts", "its key is id (S), not pk (S)"));
    assert_eq!(stub.count("CreateTable"), 0);
}

#[tokio::test]
async fn only_what_is_asked_for_is_sent() {
    let active = described("orders", "ACTIVE", "1");
    let missing = Reply::error(400, "ResourceNotFoundException", "Requested resource not found");
    let stub = Script::new().on_each("DescribeTable", [missing, active]).start();
    target(&stub).await.prepare(&[table("orders")]).await.unwrap();
    assert_eq!(
        stub.last("CreateTable").unwrap().body,
        json!({
            "TableName": "orders",
            "AttributeDefinitions": [{ "AttributeName": "pk", "AttributeType": "S" }],
            "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }],
            "BillingMode": "PAY_PER_REQUEST",
        })
    );
    assert_eq!(stub.count("UpdateTimeToLive"), 0);
}

#[tokio::test]
async fn everything_that_can_be_asked_for_is_sent() {
    let active = described("orders", "ACTIVE", "1");
    let missing = Reply::error(400, "ResourceNotFoundException", "Requested resource not found");
    let stub = Script::new().on_each("DescribeTable", [missing, active]).start();
    let mut table = table("orders");
    table.capacity = CapacityMode::OnDemand { max_read_units: Some(100), max_write_units: None };
    table.class = dynamometer::api::TableClass::StandardInfrequentAccess;
    table.warm_throughput = Some(WarmThroughput { read_units_per_second: 20_000, write_units_per_second: 5_000 });
    table.time_to_live_attribute = Some("expires".into());
    target(&stub).await.prepare(&[table]).await.unwrap();
    let sent = stub.last("CreateTable").unwrap().body;
    assert_eq!(sent["OnDemandThroughput"], json!({ "MaxReadRequestUnits": 100 }));
    assert_eq!(sent["TableClass"], "STANDARD_INFREQUENT_ACCESS");
    assert_eq!(sent["WarmThroughput"], json!({ "ReadUnitsPerSecond": 20_000, "WriteUnitsPerSecond": 5_000 }));
    let time_to_live = stub.last("UpdateTimeToLive").unwrap().body;
    assert_eq!(time_to_live["TimeToLiveSpecification"], json!({ "Enabled": true, "AttributeName": "expires" }));
}

#[tokio::test]
async fn a_table_is_ready_once_it_and_its_indexes_are_active() {
    let missing = Reply::error(400, "ResourceNotFoundException", "Requested resource not found");
    let with_index = |status: &str| {
        Reply::ok(json!({ "Table": {
            "TableName": "orders", "TableStatus": "ACTIVE",
            "GlobalSecondaryIndexes": [{ "IndexName": "by_date", "IndexStatus": status }],
        } }))
    };
    // The second answer is a read from a replica that has not heard of the table.
    let answers =
        [missing.clone(), missing, described("orders", "CREATING", "1"), with_index("CREATING"), with_index("ACTIVE")];
    let stub = Script::new().on_each("DescribeTable", answers).start();
    let prepared = target(&stub).await.prepare(&[table("orders")]).await.unwrap();
    assert!(prepared[0].created);
    assert_eq!((stub.count("CreateTable"), stub.count("DescribeTable")), (1, 5));
}

#[tokio::test]
async fn a_table_on_its_way_out_is_waited_for_and_created_anew() {
    let missing = Reply::error(400, "ResourceNotFoundException", "Requested resource not found");
    let deleting = described("orders", "DELETING", "1");
    let answers = [deleting.clone(), deleting, missing, described("orders", "ACTIVE", "2")];
    let in_use = Reply::error(400, "ResourceInUseException", "Table is being deleted: orders");
    let stub = Script::new()
        .on_each("DescribeTable", answers)
        .on_each("CreateTable", [in_use.clone(), in_use, Reply::ok(json!({}))])
        .start();
    let prepared = target(&stub).await.prepare(&[table("orders")]).await.unwrap();
    assert!(prepared[0].created);
    assert_eq!(stub.count("CreateTable"), 3);
}

#[tokio::test]
async fn a_table_someone_else_created_meanwhile_is_not_ours_to_delete() {
    let missing = Reply::error(400, "ResourceNotFoundException", "Requested resource not found");
    let in_use = Reply::error(400, "ResourceInUseException", "Table already exists: orders");
    let stub = Script::new()
        .on_each("DescribeTable", [missing, described("orders", "ACTIVE", "2")])
        .on("CreateTable", in_use)
        .start();
    let target = target(&stub).await;
    let prepared = target.prepare(&[table("orders")]).await.unwrap();
    assert!(!prepared[0].created);
    assert_eq!(target.delete_created().await.unwrap(), Vec::<String>::new());
    assert_eq!(stub.count("DeleteTable"), 0);
}

#[tokio::test]
async fn another_table_of_the_same_name_is_not_deleted() {
    let missing = Reply::error(400, "ResourceNotFoundException", "Requested resource not found");
    let created = Reply::ok(json!({ "TableDescription": { "TableName": "orders", "TableId": "1" } }));
    let answers = [missing, described("orders", "ACTIVE", "1"), described("orders", "ACTIVE", "2")];
    let stub = Script::new().on_each("DescribeTable", answers).on("CreateTable", created).start();
    let target = target(&stub).await;
    assert!(target.prepare(&[table("orders")]).await.unwrap()[0].created);
    assert_eq!(target.delete_created().await.unwrap(), Vec::<String>::new());
    assert_eq!(stub.count("DeleteTable"), 0);
    assert!(target.warnings()[0].contains("another one of the same name"), "{:?}", target.warnings());
}

#[tokio::test]
async fn auto_scaling_is_warned_of() {
    let missing = Reply::error(400, "ResourceNotFoundException", "Requested resource not found");
    let stub = Script::new().on_each("DescribeTable", [missing, described("orders", "ACTIVE", "1")]).start();
    let policy = AutoScaling { min_units: 5, max_units: 50, target_utilization: 0.7 };
    let mut table = table("orders");
    table.capacity = CapacityMode::Provisioned {
        read: CapacityRange { units: 5, auto_scaling: Some(policy) },
        write: CapacityRange { units: 5, auto_scaling: None },
    };
    let target = target(&stub).await;
    target.prepare(&[table]).await.unwrap();
    let warnings = target.warnings();
    assert!(warnings.len() == 1 && warnings[0].contains("auto scaling is not set up"), "{warnings:?}");
}

#[tokio::test]
async fn the_plan_says_what_would_be_created_and_creates_nothing() {
    let stub = Script::new().table("carts", "pk", None).start();
    let target = target(&stub).await;
    let mut orders = table("orders");
    orders.capacity = CapacityMode::provisioned(100, 50);
    let plan = target.plan(&[orders, table("carts")]).await.unwrap();
    let text = plan.to_string();
    assert!(text.starts_with(&format!("To be created at {}:\n  orders: provisioned 100 RCU and 50 WCU\n", stub.url())));
    assert!(text.contains("Found and used as they are: carts."), "{text}");
    assert!(!plan.costs_money() && !plan.is_empty());
    assert_eq!(stub.total(), stub.count("DescribeTable"));
    assert_eq!(stub.count(Operation::GetItem.name()), 0);
}

fn described(name: &str, status: &str, id: &str) -> Reply {
    let keys = json!([{ "AttributeName": "pk", "KeyType": "HASH" }]);
    let types = json!([{ "AttributeName": "pk", "AttributeType": "S" }]);
    let table: Value = json!({
        "TableName": name, "TableStatus": status, "TableId": id, "KeySchema": keys, "AttributeDefinitions": types,
        "BillingModeSummary": { "BillingMode": "PAY_PER_REQUEST" },
    });
    Reply::ok(json!({ "Table": table }))
}
