//! What goes over the wire for each operation, and what is made of the answers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use dynamometer::api::{
    BatchGetItem, BatchWriteItem, CapacityUnits, ConditionCheck, ConsumedCapacity, DeleteItem, KeysAndAttributes,
    Operation, Output, Page, PutItem, Query, Request, ReturnValues, Scan, Segment, Select, TransactGet,
    TransactGetItems, TransactWrite, TransactWriteItems, Units, UpdateItem, WriteRequest,
};
use dynamometer::item::{AttributeValue, PackedItem};
use dynamometer::target::Target;
use serde_json::{Value, json};

use crate::stub::{Reply, Script};

use super::{any_get, call, get, item, output, placeholders, target};

fn put() -> PutItem {
    PutItem {
        table_name: "orders".into(),
        item: Arc::new(item(json!({ "pk": { "S": "1" }, "size": { "N": "1" } }))),
        condition_expression: Some("attribute_not_exists(#p)".into()),
        placeholders: placeholders(&[("#p", "pk")], &[]),
        return_values: ReturnValues::AllOld,
        return_item_on_condition_failure: true,
    }
}

fn update() -> UpdateItem {
    UpdateItem {
        table_name: "orders".into(),
        key: item(json!({ "pk": { "S": "1" } })),
        update_expression: Some("SET size = :s".into()),
        condition_expression: None,
        placeholders: placeholders(&[], &[(":s", AttributeValue::N(2.into()))]),
        return_values: ReturnValues::UpdatedNew,
        return_item_on_condition_failure: false,
    }
}

fn delete() -> DeleteItem {
    DeleteItem {
        table_name: "orders".into(),
        key: item(json!({ "pk": { "S": "1" } })),
        condition_expression: None,
        placeholders: placeholders(&[], &[]),
        return_values: ReturnValues::None,
        return_item_on_condition_failure: false,
    }
}

fn query() -> Query {
    Query {
        table_name: "orders".into(),
        index_name: Some("by_date".into()),
        key_condition_expression: "pk = :p".into(),
        filter_expression: Some("size > :s".into()),
        projection_expression: Some("pk".into()),
        placeholders: placeholders(&[], &[(":p", AttributeValue::string("1")), (":s", AttributeValue::N(0.into()))]),
        select: Some(Select::SpecificAttributes),
        limit: Some(10),
        scan_index_forward: false,
        consistent_read: false,
        exclusive_start_key: Some(item(json!({ "pk": { "S": "1" } }))),
    }
}

fn batch_get() -> BatchGetItem {
    let wanted = KeysAndAttributes {
        keys: vec![item(json!({ "pk": { "S": "1" } })), item(json!({ "pk": { "S": "2" } }))],
        consistent_read: true,
        projection_expression: Some("#s".into()),
        placeholders: placeholders(&[("#s", "size")], &[]),
    };
    BatchGetItem { request_items: vec![("orders".into(), wanted)] }
}

#[tokio::test]
async fn every_operation_says_what_it_means_and_no_more() {
    let scan = Scan {
        table_name: "orders".into(),
        index_name: None,
        filter_expression: None,
        projection_expression: None,
        placeholders: placeholders(&[], &[]),
        select: Some(Select::Count),
        limit: None,
        segment: Some(Segment { segment: 1, total_segments: 4 }),
        consistent_read: true,
        exclusive_start_key: None,
    };
    let batch_write = BatchWriteItem {
        request_items: vec![(
            "orders".into(),
            vec![
                WriteRequest::Put(Arc::new(item(json!({ "pk": { "S": "1" } })))),
                WriteRequest::Delete(item(json!({ "pk": { "S": "2" } }))),
            ],
        )],
    };
    let transact_get = TransactGet {
        table_name: "orders".into(),
        key: item(json!({ "pk": { "S": "1" } })),
        projection_expression: None,
        placeholders: placeholders(&[], &[]),
    };
    let check = ConditionCheck {
        table_name: "orders".into(),
        key: item(json!({ "pk": { "S": "9" } })),
        condition_expression: "attribute_exists(pk)".into(),
        placeholders: placeholders(&[], &[]),
        return_item_on_condition_failure: true,
    };
    let transact_write = TransactWriteItems {
        transact_items: vec![
            TransactWrite::ConditionCheck(check),
            TransactWrite::Put(put()),
            TransactWrite::Update(update()),
            TransactWrite::Delete(delete()),
        ],
        client_request_token: Some("once".into()),
    };
    let cases: Vec<(Request, Value)> = vec![
        (any_get(), json!({ "TableName": "orders", "Key": { "pk": { "S": "1" } } })),
        (
            Request::PutItem(put()),
            json!({
                "TableName": "orders", "Item": { "pk": { "S": "1" }, "size": { "N": "1" } },
                "ConditionExpression": "attribute_not_exists(#p)", "ExpressionAttributeNames": { "#p": "pk" },
                "ReturnValues": "ALL_OLD", "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }),
        ),
        (
            Request::UpdateItem(update()),
            json!({
                "TableName": "orders", "Key": { "pk": { "S": "1" } }, "UpdateExpression": "SET size = :s",
                "ExpressionAttributeValues": { ":s": { "N": "2" } }, "ReturnValues": "UPDATED_NEW",
            }),
        ),
        (Request::DeleteItem(delete()), json!({ "TableName": "orders", "Key": { "pk": { "S": "1" } } })),
        (
            Request::Query(query()),
            json!({
                "TableName": "orders", "IndexName": "by_date", "KeyConditionExpression": "pk = :p",
                "FilterExpression": "size > :s", "ProjectionExpression": "pk", "Select": "SPECIFIC_ATTRIBUTES",
                "ExpressionAttributeValues": { ":p": { "S": "1" }, ":s": { "N": "0" } },
                "Limit": 10, "ScanIndexForward": false, "ExclusiveStartKey": { "pk": { "S": "1" } },
            }),
        ),
        (
            Request::Scan(scan),
            json!({
                "TableName": "orders", "Select": "COUNT", "Segment": 1, "TotalSegments": 4, "ConsistentRead": true,
            }),
        ),
        (
            Request::BatchGetItem(batch_get()),
            json!({ "RequestItems": { "orders": {
                "Keys": [{ "pk": { "S": "1" } }, { "pk": { "S": "2" } }], "ConsistentRead": true,
                "ProjectionExpression": "#s", "ExpressionAttributeNames": { "#s": "size" },
            } } }),
        ),
        (
            Request::BatchWriteItem(batch_write),
            json!({ "RequestItems": { "orders": [
                { "PutRequest": { "Item": { "pk": { "S": "1" } } } },
                { "DeleteRequest": { "Key": { "pk": { "S": "2" } } } },
            ] } }),
        ),
        (
            Request::TransactGetItems(TransactGetItems { transact_items: vec![transact_get] }),
            json!({ "TransactItems": [{ "Get": { "TableName": "orders", "Key": { "pk": { "S": "1" } } } }] }),
        ),
        (
            Request::TransactWriteItems(transact_write),
            json!({
                "ClientRequestToken": "once",
                "TransactItems": [
                    { "ConditionCheck": {
                        "TableName": "orders", "Key": { "pk": { "S": "9" } },
                        "ConditionExpression": "attribute_exists(pk)", "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                    } },
                    { "Put": {
                        "TableName": "orders", "Item": { "pk": { "S": "1" }, "size": { "N": "1" } },
                        "ConditionExpression": "attribute_not_exists(#p)", "ExpressionAttributeNames": { "#p": "pk" },
                        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                    } },
                    { "Update": {
                        "TableName": "orders", "Key": { "pk": { "S": "1" } }, "UpdateExpression": "SET size = :s",
                        "ExpressionAttributeValues": { ":s": { "N": "2" } },
                    } },
                    { "Delete": { "TableName": "orders", "Key": { "pk": { "S": "1" } } } },
                ],
            }),
        ),
    ];
    let stub = Script::new().on("Query", empty_page()).on("Scan", empty_page()).start();
    let target = target(&stub).await;
    for (request, mut expected) in cases {
        let operation = request.operation();
        call(&target, request).await.unwrap().result.unwrap();
        expected["ReturnConsumedCapacity"] = "INDEXES".into();
        assert_eq!(stub.last(operation.name()).unwrap().body, expected, "{operation}");
    }
    assert_eq!(stub.total(), 10);
}

fn empty_page() -> Reply {
    Reply::ok(json!({ "Items": [], "Count": 0, "ScannedCount": 0 }))
}

#[tokio::test]
async fn a_page_keeps_its_counts_its_end_and_its_capacity_by_index() {
    let reply = json!({
        "Items": [{ "pk": { "S": "1" } }], "Count": 1, "ScannedCount": 7, "LastEvaluatedKey": { "pk": { "S": "1" } },
        "ConsumedCapacity": {
            "TableName": "orders", "CapacityUnits": 2.5, "Table": { "CapacityUnits": 0.0 },
            "GlobalSecondaryIndexes": { "by_date": { "CapacityUnits": 2.5 } },
        },
    });
    let stub = Script::new().on("Query", Reply::ok(reply)).start();
    let outcome = call(&target(&stub).await, Request::Query(query())).await.unwrap();
    let page = Page {
        items: vec![PackedItem::from(item(json!({ "pk": { "S": "1" } })))],
        count: 1,
        scanned_count: 7,
        last_evaluated_key: Some(item(json!({ "pk": { "S": "1" } }))),
    };
    assert_eq!(outcome.result.unwrap().output, Output::Page(page));
    let consumed = ConsumedCapacity {
        table_name: "orders".into(),
        table: Units::default(),
        local_secondary_indexes: Vec::new(),
        global_secondary_indexes: vec![("by_date".into(), Units::read(CapacityUnits::halves(5)))],
    };
    assert_eq!(outcome.consumed, [consumed]);
}

#[tokio::test]
async fn a_write_pays_for_the_table_and_every_index_it_touches() {
    let reply = json!({ "ConsumedCapacity": {
        "TableName": "orders", "CapacityUnits": 6.0, "Table": { "CapacityUnits": 3.0 },
        "LocalSecondaryIndexes": { "by_size": { "CapacityUnits": 1.0 } },
        "GlobalSecondaryIndexes": { "by_date": { "CapacityUnits": 2.0 } },
    } });
    let stub = Script::new().on("PutItem", Reply::ok(reply)).start();
    let outcome = call(&target(&stub).await, Request::PutItem(put())).await.unwrap();
    assert_eq!(outcome.result.unwrap().output, Output::Write { attributes: None });
    let consumed = &outcome.consumed[0];
    assert_eq!(consumed.table, Units::write(CapacityUnits::whole(3)));
    assert_eq!(consumed.total(), Units::write(CapacityUnits::whole(6)));
}

#[tokio::test]
async fn capacity_of_a_batch_comes_table_by_table() {
    let reply = json!({ "Responses": {}, "ConsumedCapacity": [
        { "TableName": "orders", "CapacityUnits": 2.0, "Table": { "CapacityUnits": 2.0 } },
        { "TableName": "carts", "CapacityUnits": 0.5 },
    ] });
    let stub = Script::new().on("BatchGetItem", Reply::ok(reply)).start();
    let outcome = call(&target(&stub).await, Request::BatchGetItem(batch_get())).await.unwrap();
    let read =
        |table: &str, halves| ConsumedCapacity::of_table(table.into(), Units::read(CapacityUnits::halves(halves)));
    assert_eq!(outcome.consumed, [read("carts", 1), read("orders", 4)]);
}

#[tokio::test]
async fn unprocessed_keys_can_be_asked_for_again_just_as_they_were() {
    // The keys alone, as some endpoints answer; how they are read is known from the request.
    let reply = json!({
        "Responses": { "orders": [{ "size": { "N": "1" } }] },
        "UnprocessedKeys": { "orders": { "Keys": [{ "pk": { "S": "2" } }] } },
    });
    let stub = Script::new().on("BatchGetItem", Reply::ok(reply)).start();
    let Output::BatchGetItem { responses, unprocessed_keys } =
        output(&target(&stub).await, Request::BatchGetItem(batch_get())).await
    else {
        panic!("another operation's output");
    };
    assert_eq!(responses, [("orders".into(), vec![PackedItem::from(item(json!({ "size": { "N": "1" } })))])]);
    let mut left = batch_get().request_items;
    left[0].1.keys.remove(0);
    assert_eq!(unprocessed_keys, left);
}

#[tokio::test]
async fn unprocessed_writes_are_kept_with_their_items() {
    let writes = json!([{ "PutRequest": { "Item": { "pk": { "S": "1" } } } }, { "DeleteRequest": { "Key": { "pk": { "S": "2" } } } }]);
    let stub =
        Script::new().on("BatchWriteItem", Reply::ok(json!({ "UnprocessedItems": { "orders": writes } }))).start();
    let writes = vec![
        WriteRequest::Put(Arc::new(item(json!({ "pk": { "S": "1" } })))),
        WriteRequest::Delete(item(json!({ "pk": { "S": "2" } }))),
    ];
    let request_items = vec![("orders".into(), writes)];
    let request = Request::BatchWriteItem(BatchWriteItem { request_items: request_items.clone() });
    assert_eq!(
        output(&target(&stub).await, request).await,
        Output::BatchWriteItem { unprocessed_items: request_items }
    );
}

#[tokio::test]
async fn a_transaction_of_reads_keeps_the_order_and_the_gaps() {
    let reply = json!({ "Responses": [{}, { "Item": { "pk": { "S": "2" } } }] });
    let stub = Script::new().on("TransactGetItems", Reply::ok(reply)).start();
    let request = Request::TransactGetItems(TransactGetItems { transact_items: Vec::new() });
    let items = vec![None, Some(PackedItem::from(item(json!({ "pk": { "S": "2" } }))))];
    assert_eq!(output(&target(&stub).await, request).await, Output::TransactGetItems { items });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_many_connections_are_opened_as_attempts_are_in_flight() {
    const IN_FLIGHT: u64 = 200;
    let stub = Script::new().delay(Duration::from_secs(1)).start();
    let target = Arc::new(target(&stub).await);
    let started = Instant::now();
    let calls: Vec<_> = (0..IN_FLIGHT)
        .map(|n| {
            let target = Arc::clone(&target);
            let request = Request::GetItem(get("orders", json!({ "pk": { "S": n.to_string() } })));
            tokio::spawn(async move { target.call(Arc::new(request)).await })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap().result.unwrap();
    }
    assert!(started.elapsed() < Duration::from_secs(5), "they waited for each other: {:?}", started.elapsed());
    assert_eq!(stub.count("GetItem"), IN_FLIGHT);
    // An answer that comes before the last request has left frees a connection for it.
    assert!(stub.connections() > IN_FLIGHT / 2, "{} connections", stub.connections());
}

#[tokio::test]
async fn connections_are_kept() {
    let stub = Script::new().start();
    let target = target(&stub).await;
    for _ in 0..20 {
        call(&target, any_get()).await.unwrap().result.unwrap();
    }
    assert_eq!((stub.count("GetItem"), stub.connections()), (20, 1));
}

#[tokio::test]
async fn requests_that_come_in_a_stall_are_answered_at_its_end() {
    let (after, length) = (Duration::from_millis(300), Duration::from_millis(600));
    let stub = Script::new().stall("GetItem", after, length).start();
    let target = target(&stub).await;
    let started = Instant::now();
    call(&target, any_get()).await.unwrap().result.unwrap();
    let first = Instant::now();
    assert!(first - started < after, "the first request comes before the stall");
    tokio::time::sleep(Duration::from_millis(400)).await;
    call(&target, any_get()).await.unwrap().result.unwrap();
    assert!(started.elapsed() >= after + length, "it was answered {:?} after the start", started.elapsed());
    let over = Instant::now();
    call(&target, any_get()).await.unwrap().result.unwrap();
    assert!(over.elapsed() < length);
}

/// For orientation: `cargo test --release -- --ignored --nocapture cpu_per_get_item`. CPU time of all threads but the stub's.
#[test]
#[ignore = "a measurement"]
fn cpu_per_get_item() {
    const CALLS: u64 = 40_000;
    const IN_FLIGHT: u64 = 32;
    let reply = json!({
        "Item": { "pk": { "S": "1" }, "size": { "N": "12" }, "text": { "S": "x".repeat(100) } },
        "ConsumedCapacity": { "TableName": "orders", "CapacityUnits": 0.5, "Table": { "CapacityUnits": 0.5 } },
    });
    let stub = Script::new().on(Operation::GetItem.name(), Reply::ok(reply)).start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let target = Arc::new(target(&stub).await);
        let request = Arc::new(any_get());
        let before = cpu_nanos();
        let started = Instant::now();
        let workers: Vec<_> = (0..IN_FLIGHT)
            .map(|_| {
                let (target, request) = (Arc::clone(&target), Arc::clone(&request));
                tokio::spawn(async move {
                    for _ in 0..CALLS / IN_FLIGHT {
                        target.call(Arc::clone(&request)).await.unwrap().result.unwrap();
                    }
                })
            })
            .collect();
        for worker in workers {
            worker.await.unwrap();
        }
        let seconds = started.elapsed().as_secs_f64();
        let [ours, stubs] = cpu_nanos();
        let per_call = |after: u64, before: u64| (after - before) as f64 / 1e3 / CALLS as f64;
        println!(
            "{:.0} calls/s, client {:.1} µs of CPU a call, stub {:.1} µs",
            CALLS as f64 / seconds,
            per_call(ours, before[0]),
            per_call(stubs, before[1])
        );
    });
}

/// CPU time of this process's threads, without and with the name `stub`.
fn cpu_nanos() -> [u64; 2] {
    let mut nanos = [0; 2];
    for thread in std::fs::read_dir("/proc/self/task").unwrap() {
        let path = thread.unwrap().path();
        let read = |file: &str| std::fs::read_to_string(path.join(file)).unwrap_or_default();
        let on_cpu: u64 = read("schedstat").split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or(0);
        nanos[usize::from(read("comm").trim() == "stub")] += on_cpu;
    }
    nanos
}
