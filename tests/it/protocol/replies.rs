//! Replies, read with botocore's own parser; and what is in them.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use dynamometer::engine::{Engine, EngineOptions};
use dynamometer::time::Time;
use serde_json::{Value, json};

use super::{Endpoint, requests};

/// Set to 1 to fail where botocore, which moto brings, is missing.
const REQUIRE: &str = "DYNO_REQUIRE_MOTO";

fn has_botocore() -> bool {
    let import = Command::new("python3").args(["-c", "import botocore"]).stderr(Stdio::null()).status();
    let is_there = import.is_ok_and(|status| status.success());
    assert!(
        is_there || std::env::var(REQUIRE).is_err(),
        "botocore is missing; install it with `pip install 'moto[server]'`"
    );
    is_there
}

/// One line for the script: what was asked for and what came back.
fn line(endpoint: &Endpoint, operation: &str, body: &Value, code: Option<&str>) -> Value {
    let reply = endpoint.send(operation, body.to_string().as_bytes());
    let body = String::from_utf8(reply.body).expect("UTF-8");
    json!({"operation": operation, "status": reply.status, "body": body, "code": code})
}

/// Errors of every kind the protocol can be brought to, with the codes clients tell them by.
fn errors(endpoint: &Endpoint) -> Vec<Value> {
    let key = json!({"id": {"S": "a"}, "at": {"N": "1"}});
    endpoint.ok("PutItem", json!({"TableName": "tab", "Item": {"id": {"S": "a"}, "at": {"N": "1"}, "v": {"S": "x"}}}));
    let fails = |operation: &str, body: Value, code: &str| line(endpoint, operation, &body, Some(code));
    let failing_check = json!({"ConditionCheck": {
        "TableName": "tab", "Key": key, "ConditionExpression": "attribute_not_exists(id)",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD"
    }});
    let other = json!({"Delete": {"TableName": "tab", "Key": {"id": {"S": "b"}, "at": {"N": "1"}}}});
    let with_token = |at: &str| {
        json!({"ClientRequestToken": "x", "TransactItems": [
            {"Delete": {"TableName": "tab", "Key": {"id": {"S": "c"}, "at": {"N": at}}}}
        ]})
    };
    endpoint.ok("TransactWriteItems", with_token("1"));
    vec![
        fails("GetItem", json!({"TableName": "gone", "Key": key}), "ResourceNotFoundException"),
        fails("GetItem", json!({"TableName": "tab"}), "ValidationException"),
        fails("GetItem", json!({"TableName": 5}), "SerializationException"),
        fails(
            "DeleteItem",
            json!({
                "TableName": "tab", "Key": key, "ConditionExpression": "attribute_not_exists(id)",
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD"
            }),
            "ConditionalCheckFailedException",
        ),
        fails("TransactWriteItems", json!({"TransactItems": [failing_check, other]}), "TransactionCanceledException"),
        fails("TransactWriteItems", with_token("2"), "IdempotentParameterMismatchException"),
        fails("DescribeTable", json!({"TableName": "gone"}), "ResourceNotFoundException"),
        fails(
            "CreateTable",
            json!({
                "TableName": "tab", "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]
            }),
            "ResourceInUseException",
        ),
    ]
}

/// A provisioned table of one unit, used until it throttles.
fn throttled(endpoint: &Endpoint) -> Value {
    endpoint.ok(
        "CreateTable",
        json!({
            "TableName": "small", "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]
        }),
    );
    let get = json!({"TableName": "small", "Key": {"id": {"S": "a"}}, "ConsistentRead": true});
    let mut replies =
        (0..10_000).map(|_| line(endpoint, "GetItem", &get, Some("ProvisionedThroughputExceededException")));
    replies.find(|reply| reply["status"] == 400).expect("it throttles")
}

#[test]
fn botocore_reads_every_reply() {
    if !has_botocore() {
        eprintln!("skipped: botocore is not installed");
        return;
    }
    let endpoint = Endpoint::new();
    let mut lines: Vec<Value> =
        requests::whole().iter().map(|(operation, body)| line(&endpoint, operation, body, None)).collect();
    let endpoint = Endpoint::with_table();
    lines.extend(errors(&endpoint));
    lines.push(throttled(&endpoint));

    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/protocol/check_replies.py");
    let mut python = Command::new("python3")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("python3 starts");
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    // Where the script ends early its own words say why.
    let _ = python.stdin.take().expect("a pipe").write_all(text.as_bytes());
    let output = python.wait_with_output().expect("python3 ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), lines.len().to_string());
}

#[test]
fn consumed_capacity_is_as_detailed_as_it_was_asked_for() {
    let endpoint = Endpoint::with_table();
    let put = |report: &str| {
        let body =
            json!({"TableName": "tab", "Item": {"id": {"S": "a"}, "at": {"N": "1"}}, "ReturnConsumedCapacity": report});
        endpoint.ok("PutItem", body)
    };
    assert_eq!(put("NONE"), json!({}));
    assert_eq!(put("TOTAL"), json!({"ConsumedCapacity": {"TableName": "tab", "CapacityUnits": 1.0}}));
    assert_eq!(
        put("INDEXES"),
        json!({"ConsumedCapacity": {"TableName": "tab", "CapacityUnits": 1.0, "Table": {"CapacityUnits": 1.0}}})
    );
    let key = json!({"id": {"S": "a"}, "at": {"N": "1"}});
    let get = json!({"TransactItems": [{"Get": {"TableName": "tab", "Key": key}}], "ReturnConsumedCapacity": "TOTAL"});
    assert_eq!(
        endpoint.ok("TransactGetItems", get),
        json!({
            "Responses": [{"Item": key}],
            "ConsumedCapacity": [{"TableName": "tab", "CapacityUnits": 2.0, "ReadCapacityUnits": 2.0}]
        })
    );
    let delete =
        json!({"TransactItems": [{"Delete": {"TableName": "tab", "Key": key}}], "ReturnConsumedCapacity": "INDEXES"});
    assert_eq!(
        endpoint.ok("TransactWriteItems", delete),
        json!({"ConsumedCapacity": [{
            "TableName": "tab", "CapacityUnits": 2.0, "WriteCapacityUnits": 2.0,
            "Table": {"CapacityUnits": 2.0, "WriteCapacityUnits": 2.0}
        }]})
    );
}

#[test]
fn what_there_is_none_of_is_left_out() {
    let endpoint = Endpoint::with_table();
    let key = json!({"id": {"S": "a"}, "at": {"N": "1"}});
    assert_eq!(endpoint.ok("GetItem", json!({"TableName": "tab", "Key": key})), json!({}));
    let missing = json!({"TableName": "tab", "Key": key, "ReturnValues": "ALL_OLD"});
    assert_eq!(endpoint.ok("DeleteItem", missing), json!({}));
    let scan = endpoint.ok("Scan", json!({"TableName": "tab"}));
    assert_eq!(scan, json!({"Count": 0, "Items": [], "ScannedCount": 0}));
    let scan = endpoint.ok("Scan", json!({"TableName": "tab", "Select": "COUNT"}));
    assert_eq!(scan, json!({"Count": 0, "ScannedCount": 0}));
    let batch = json!({"RequestItems": {"tab": {"Keys": [key]}}});
    assert_eq!(endpoint.ok("BatchGetItem", batch), json!({"Responses": {"tab": []}, "UnprocessedKeys": {}}));
    let batch = json!({"RequestItems": {"tab": [{"DeleteRequest": {"Key": key}}]}});
    assert_eq!(endpoint.ok("BatchWriteItem", batch), json!({"UnprocessedItems": {}}));
    let transaction = json!({"TransactItems": [{"Get": {"TableName": "tab", "Key": key}}]});
    assert_eq!(endpoint.ok("TransactGetItems", transaction), json!({"Responses": [{}]}));
}

#[test]
fn unprocessed_keys_come_back_as_they_were_asked_for() {
    let endpoint = Endpoint::with_table_and_no_limits();
    let text = "x".repeat(390 * 1024);
    for at in 0..60 {
        let item = json!({"id": {"S": "a"}, "at": {"N": at.to_string()}, "text": {"S": text}});
        endpoint.ok("PutItem", json!({"TableName": "tab", "Item": item}));
    }
    let keys: Vec<Value> = (0..60).map(|at| json!({"id": {"S": "a"}, "at": {"N": at.to_string()}})).collect();
    let ways = [
        json!({"ConsistentRead": true, "AttributesToGet": ["at", "text"]}),
        json!({"ProjectionExpression": "#at, id", "ExpressionAttributeNames": {"#at": "at"}}),
        json!({}),
    ];
    for mut way in ways {
        let mut asked = way.clone();
        asked["Keys"] = json!(keys);
        let mut reply = endpoint.ok("BatchGetItem", json!({"RequestItems": {"tab": asked}}));
        let mut left = reply["UnprocessedKeys"]["tab"].take();
        let read = reply["Responses"]["tab"].as_array().unwrap().len();
        way["Keys"] = json!(keys[read..]);
        // 16 MB of items of some 390 KB.
        assert_eq!(read, 42);
        assert_eq!(left.as_object_mut().unwrap(), way.as_object_mut().unwrap());
    }
}

#[test]
fn errors_have_the_members_of_the_model() {
    let endpoint = Endpoint::with_table();
    let item = json!({"id": {"S": "a"}, "at": {"N": "1"}, "v": {"S": "x"}});
    let key = json!({"id": {"S": "a"}, "at": {"N": "1"}});
    endpoint.ok("PutItem", json!({"TableName": "tab", "Item": item}));
    let mut condition = json!({
        "TableName": "tab", "Key": key, "ConditionExpression": "attribute_not_exists(id)",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD"
    });
    assert_eq!(
        endpoint.call("DeleteItem", &condition),
        (
            400,
            json!({
                "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
                "message": "The conditional request failed", "Item": item
            })
        )
    );
    let other = json!({"Delete": {"TableName": "tab", "Key": {"id": {"S": "b"}, "at": {"N": "1"}}}});
    let transaction = json!({"TransactItems": [other, {"Delete": condition.take()}]});
    assert_eq!(
        endpoint.call("TransactWriteItems", &transaction),
        (
            400,
            json!({
                "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
                "Message": "Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed]",
                "CancellationReasons": [
                    {"Code": "None"},
                    {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed", "Item": item}
                ]
            })
        )
    );
    let throttled: Value = serde_json::from_str(throttled(&endpoint)["body"].as_str().unwrap()).unwrap();
    assert_eq!(
        throttled["ThrottlingReasons"],
        json!([{
            "reason": "TableReadProvisionedThroughputExceeded",
            "resource": "arn:aws:dynamodb:us-east-1:000000000000:table/small"
        }])
    );
}

#[test]
fn item_collections_are_reported_where_they_are_asked_for() {
    let endpoint = Endpoint::new();
    let key =
        |sort: &str| json!([{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]);
    let attribute = |name: &str| json!({"AttributeName": name, "AttributeType": "S"});
    endpoint.ok(
        "CreateTable",
        json!({
            "TableName": "tab", "BillingMode": "PAY_PER_REQUEST", "KeySchema": key("at"),
            "AttributeDefinitions": [attribute("id"), attribute("at"), attribute("by")],
            "LocalSecondaryIndexes": [
                {"IndexName": "local", "KeySchema": key("by"), "Projection": {"ProjectionType": "ALL"}}
            ]
        }),
    );
    let item = |id: &str| json!({"id": {"S": id}, "at": {"S": "1"}, "by": {"S": "1"}});
    let put = |id: &str| json!({"TableName": "tab", "Item": item(id), "ReturnItemCollectionMetrics": "SIZE"});
    let shown = |id: &str| json!({"ItemCollectionKey": {"id": {"S": id}}, "SizeEstimateRangeGB": [0.0, 1.0]});
    assert_eq!(endpoint.ok("PutItem", put("a")), json!({"ItemCollectionMetrics": shown("a")}));
    assert_eq!(endpoint.ok("PutItem", json!({"TableName": "tab", "Item": item("a")})), json!({}));
    let puts = json!([{"PutRequest": {"Item": item("b")}}, {"PutRequest": {"Item": item("a")}}]);
    let batch = json!({"RequestItems": {"tab": puts}, "ReturnItemCollectionMetrics": "SIZE"});
    let by_table = json!({"tab": [shown("b"), shown("a")]});
    assert_eq!(endpoint.ok("BatchWriteItem", batch)["ItemCollectionMetrics"], by_table);
    let delete = |id: &str| json!({"Delete": {"TableName": "tab", "Key": {"id": {"S": id}, "at": {"S": "1"}}}});
    let transaction = json!({"TransactItems": [delete("b"), delete("a")], "ReturnItemCollectionMetrics": "SIZE"});
    assert_eq!(endpoint.ok("TransactWriteItems", transaction), json!({"ItemCollectionMetrics": by_table}));
}

#[test]
fn an_ongoing_transaction_is_an_error_for_whoever_meets_it() {
    let transaction_duration = std::time::Duration::from_secs(1);
    let options = EngineOptions { transaction_duration, ..EngineOptions::default() };
    let endpoint = Endpoint { engine: Engine::new(options), now: Time::ZERO }.and_table();
    let key = json!({"id": {"S": "a"}, "at": {"N": "1"}});
    let put = json!({"TransactItems": [{"Put": {"TableName": "tab", "Item": key}}], "ClientRequestToken": "t"});
    endpoint.ok("TransactWriteItems", put.clone());
    let error = |operation: &str, body: Value| {
        let (status, reply) = endpoint.call(operation, &body);
        assert_eq!(status, 400, "{reply}");
        reply
    };
    let prefix = "com.amazonaws.dynamodb.v20120810";
    assert_eq!(
        error("PutItem", json!({"TableName": "tab", "Item": key})),
        json!({"__type": format!("{prefix}#TransactionConflictException"), "message": "Transaction is ongoing for the item"})
    );
    assert_eq!(
        error("TransactWriteItems", put),
        json!({
            "__type": format!("{prefix}#TransactionInProgressException"),
            "Message": "The transaction with the given request token is already in progress."
        })
    );
    let get = json!({"TransactItems": [{"Get": {"TableName": "tab", "Key": key}}]});
    assert_eq!(
        error("TransactGetItems", get)["CancellationReasons"],
        json!([{"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"}])
    );
}
