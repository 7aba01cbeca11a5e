//! Against moto's server: real replies to every operation, and tables that are really created.
//!
//! Where moto 5.2 is not DynamoDB, as far as these tests meet it: tables and indexes are active at once; capacity is a constant
//! per operation whatever the size and consistency (GetItem 0.5, PutItem, Query and Scan 1, BatchGetItem 1 a key, UpdateItem
//! 0.5 write units), UpdateItem and BatchGetItem report a bare total, TransactGetItems charges nothing for items that do not
//! exist, TransactWriteItems reports nothing, and what Query and Scan take on any index is reported twice, as the table's and
//! as a local secondary index's.

use std::sync::Arc;

use dynamometer::api::{
    BatchGetItem, BatchWriteItem, CapacityMode, CapacityUnits, ConditionCheck, ConsumedCapacity, CreateTable,
    DeleteItem, ErrorKind, GetItem, GlobalSecondaryIndex, KeyAttribute, KeySchema, KeysAndAttributes,
    LocalSecondaryIndex, Output, Page, Placeholders, Projection, PutItem, Query, Request, ReturnValues, Scan, Segment,
    Select, TransactGet, TransactGetItems, TransactWrite, TransactWriteItems, Units, UpdateItem, WriteRequest,
};
use dynamometer::item::{AttributeValue, Item, PackedItem, ScalarType};
use dynamometer::target::aws::AwsTarget;
use dynamometer::target::{Target, TargetError};
use serde_json::{Value, json};

use crate::moto::Moto;

use super::{api_error, call, item, output, placeholders, target_at};

fn key(partition: &str, sort: &str, sort_type: ScalarType) -> KeySchema {
    KeySchema::new(
        KeyAttribute { name: partition.into(), scalar_type: ScalarType::S },
        Some(KeyAttribute { name: sort.into(), scalar_type: sort_type }),
    )
}

/// A table with everything: `pk` and `sk`, a global index by status and date, a local one by size.
fn orders(name: &str) -> CreateTable {
    CreateTable {
        key: key("pk", "sk", ScalarType::N),
        global_secondary_indexes: vec![GlobalSecondaryIndex {
            name: "by_date".into(),
            key: key("status", "date", ScalarType::S),
            projection: Projection::Include(vec!["total".into()]),
            capacity: CapacityMode::provisioned(3, 4),
            warm_throughput: None,
        }],
        local_secondary_indexes: vec![LocalSecondaryIndex {
            name: "by_size".into(),
            key: key("pk", "size", ScalarType::N),
            projection: Projection::KeysOnly,
        }],
        capacity: CapacityMode::provisioned(10, 20),
        time_to_live_attribute: Some("expires".into()),
        ..super::table(name)
    }
}

fn order_key(n: i64) -> Item {
    item(json!({ "pk": { "S": "a" }, "sk": { "N": n.to_string() } }))
}

fn order(n: i64) -> Item {
    item(json!({
        "pk": { "S": "a" }, "sk": { "N": n.to_string() }, "size": { "N": (100 - n).to_string() },
        "status": { "S": "open" }, "date": { "S": format!("2026-11-{n:02}") }, "total": { "N": "12.5" },
        "paid": { "BOOL": false }, "photo": { "B": "AAH/" }, "tags": { "SS": ["b", "a"] },
        "lines": { "L": [{ "M": { "sku": { "S": "x" }, "gift": { "NULL": true } } }] },
    }))
}

fn put(table: &str, item: Item) -> PutItem {
    PutItem {
        table_name: table.into(),
        item: Arc::new(item),
        condition_expression: None,
        placeholders: Placeholders::default(),
        return_values: ReturnValues::None,
        return_item_on_condition_failure: false,
    }
}

fn delete(table: &str, key: Item) -> DeleteItem {
    DeleteItem {
        table_name: table.into(),
        key,
        condition_expression: None,
        placeholders: Placeholders::default(),
        return_values: ReturnValues::AllOld,
        return_item_on_condition_failure: false,
    }
}

fn update(table: &str, key: Item) -> UpdateItem {
    UpdateItem {
        table_name: table.into(),
        key,
        update_expression: Some("SET #t = #t + :one".into()),
        condition_expression: None,
        placeholders: placeholders(&[("#t", "total")], &[(":one", AttributeValue::N(1.into()))]),
        return_values: ReturnValues::UpdatedNew,
        return_item_on_condition_failure: false,
    }
}

fn get(table: &str, key: Item) -> GetItem {
    GetItem {
        table_name: table.into(),
        key,
        consistent_read: true,
        projection_expression: None,
        placeholders: Placeholders::default(),
    }
}

fn query(table: &str) -> Query {
    Query {
        table_name: table.into(),
        index_name: None,
        key_condition_expression: "pk = :p AND sk > :s".into(),
        filter_expression: None,
        projection_expression: None,
        placeholders: placeholders(&[], &[(":p", AttributeValue::string("a")), (":s", AttributeValue::N(1.into()))]),
        select: None,
        limit: None,
        scan_index_forward: true,
        consistent_read: false,
        exclusive_start_key: None,
    }
}

fn scan(table: &str) -> Scan {
    Scan {
        table_name: table.into(),
        index_name: None,
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

/// A table of that name with orders 1 to `count`.
async fn filled(moto: &Moto, name: &str, count: i64) -> AwsTarget {
    let target = target_at(moto.url()).await;
    target.prepare(&[orders(name)]).await.unwrap();
    for n in 1..=count {
        output(&target, Request::PutItem(put(name, order(n)))).await;
    }
    target
}

async fn page(target: &AwsTarget, request: Request) -> Page {
    match output(target, request).await {
        Output::Page(page) => page,
        other => panic!("not a page: {other:?}"),
    }
}

fn attributes(item: Value) -> Output {
    Output::Write { attributes: Some(PackedItem::from(super::item(item))) }
}

#[tokio::test]
async fn tables_are_created_once_found_after_that_and_only_the_created_are_deleted() {
    let Some(moto) = Moto::server() else { return };
    let (theirs, ours) = (target_at(moto.url()).await, target_at(moto.url()).await);
    let plain = super::table("prepare_plain");
    let created = theirs.prepare(std::slice::from_ref(&plain)).await.unwrap();
    assert!(created[0].created);
    assert_eq!(theirs.warnings(), Vec::<String>::new());

    let both = [plain, orders("prepare_orders")];
    let plan = ours.plan(&both).await.unwrap();
    assert_eq!((plan.found(), &*plan.to_create()[0].name), (&["prepare_plain".to_owned()][..], "prepare_orders"));
    let flags = |prepared: Vec<dynamometer::target::PreparedTable>| -> Vec<_> {
        prepared.into_iter().map(|table| (table.name, table.created)).collect()
    };
    let names = |orders_created| [("prepare_plain".to_owned(), false), ("prepare_orders".to_owned(), orders_created)];
    assert_eq!(flags(ours.prepare(&both).await.unwrap()), names(true));
    assert_eq!(flags(ours.prepare(&both).await.unwrap()), names(false));
    assert!(ours.plan(&both).await.unwrap().is_empty());
    assert_eq!(ours.warnings(), Vec::<String>::new(), "what was created is just as it was wanted");

    assert_eq!(ours.delete_created().await.unwrap(), ["prepare_orders"]);
    assert_eq!(ours.delete_created().await.unwrap(), Vec::<String>::new());
    assert_eq!(ours.plan(&both).await.unwrap().found(), ["prepare_plain"]);
}

#[tokio::test]
async fn an_index_key_of_several_attributes_is_created_and_found_again() {
    let Some(moto) = Moto::server() else { return };
    let strings = |names: &[&str]| -> Vec<KeyAttribute> {
        names.iter().map(|name| KeyAttribute { name: (*name).into(), scalar_type: ScalarType::S }).collect()
    };
    let with_key = |partition: &[&str], sort: &[&str]| {
        let mut table = orders("several");
        table.global_secondary_indexes[0].key = KeySchema::of_attributes(strings(partition), strings(sort)).unwrap();
        table
    };
    let wanted = with_key(&["status", "city"], &["date", "hour"]);
    target_at(moto.url()).await.prepare(std::slice::from_ref(&wanted)).await.unwrap();
    let again = target_at(moto.url()).await;
    assert!(!again.prepare(&[wanted]).await.unwrap()[0].created);
    assert_eq!(again.warnings(), Vec::<String>::new());
    let error = again.prepare(&[with_key(&["status"], &["city", "date", "hour"])]).await.unwrap_err();
    let TargetError::TableDiffers { difference, .. } = error else { panic!("{error}") };
    assert_eq!(
        difference,
        "its global secondary index `by_date` has the key status (S) + city (S), date (S) + hour (S), not status (S), city (S) \
         + date (S) + hour (S)"
    );
}

#[tokio::test]
async fn a_table_that_differs_is_refused_with_the_difference() {
    let Some(moto) = Moto::server() else { return };
    let target = target_at(moto.url()).await;
    target.prepare(&[orders("differs")]).await.unwrap();
    let change = |change: fn(&mut CreateTable)| {
        let mut table = orders("differs");
        change(&mut table);
        table
    };
    let cases = [
        (change(|table| table.key = key("pk", "sk", ScalarType::S)), "its key is pk (S), sk (N), not pk (S), sk (S)"),
        (
            change(|table| table.key = KeySchema::new(table.key.partition().clone(), None)),
            "its key is pk (S), sk (N), not pk (S)",
        ),
        (
            change(|table| table.global_secondary_indexes[0].name = "by_month".into()),
            "it has no global secondary index `by_month`",
        ),
        (
            change(|table| table.global_secondary_indexes[0].key = key("status", "total", ScalarType::N)),
            "its global secondary index `by_date` has the key status (S), date (S), not status (S), total (N)",
        ),
        (
            change(|table| table.global_secondary_indexes[0].projection = Projection::All),
            "its global secondary index `by_date` projects the keys and total, not all attributes",
        ),
        (
            change(|table| table.local_secondary_indexes[0].name = "by_colour".into()),
            "it has no local secondary index `by_colour`",
        ),
        (
            change(|table| table.local_secondary_indexes[0].projection = Projection::All),
            "its local secondary index `by_size` projects the keys only, not all attributes",
        ),
    ];
    for (wanted, expected) in cases {
        let error = target.prepare(&[wanted]).await.unwrap_err();
        let TargetError::TableDiffers { table, difference } = error else { panic!("{error}") };
        assert_eq!((table.as_str(), difference.as_str()), ("differs", expected));
    }
}

#[tokio::test]
async fn a_found_table_with_other_settings_is_used_with_a_warning() {
    let Some(moto) = Moto::server() else { return };
    target_at(moto.url()).await.prepare(&[orders("remarks")]).await.unwrap();
    let target = target_at(moto.url()).await;
    let mut wanted = orders("remarks");
    wanted.capacity = CapacityMode::ON_DEMAND;
    wanted.local_secondary_indexes.clear();
    wanted.time_to_live_attribute = Some("gone_at".into());
    let prepared = target.prepare(&[wanted]).await.unwrap();
    assert!(!prepared[0].created);
    let warnings = target.warnings();
    for expected in [
        "its capacity is provisioned 10 RCU and 20 WCU, not on-demand as in the workload",
        "it has an index `by_size` that the workload does not know",
        "its time to live is not on for `gone_at`",
    ] {
        assert!(warnings.iter().any(|warning| warning.contains(expected)), "{expected}: {warnings:?}");
    }
    assert_eq!(warnings.len(), 3, "{warnings:?}");
}

#[tokio::test]
async fn items_come_back_as_they_were_put() {
    let Some(moto) = Moto::server() else { return };
    let target = filled(&moto, "items", 0).await;
    let outcome = call(&target, Request::PutItem(put("items", order(1)))).await.unwrap();
    assert_eq!(outcome.result.unwrap().output, Output::Write { attributes: None });
    let written = ConsumedCapacity::of_table("items".into(), Units::write(CapacityUnits::whole(1)));
    assert_eq!(outcome.consumed, [written]);

    let found = output(&target, Request::GetItem(get("items", order_key(1)))).await;
    assert_eq!(found, Output::GetItem { item: Some(PackedItem::from(order(1))) });
    let missing = output(&target, Request::GetItem(get("items", order_key(2)))).await;
    assert_eq!(missing, Output::GetItem { item: None });
    let mut projected = get("items", order_key(1));
    projected.projection_expression = Some("#s, #t".into());
    projected.placeholders = placeholders(&[("#s", "status"), ("#t", "total")], &[]);
    let part = item(json!({ "status": { "S": "open" }, "total": { "N": "12.5" } }));
    assert_eq!(
        output(&target, Request::GetItem(projected)).await,
        Output::GetItem { item: Some(PackedItem::from(part)) }
    );
}

#[tokio::test]
async fn updates_and_deletes_return_the_image_asked_for() {
    let Some(moto) = Moto::server() else { return };
    let target = filled(&moto, "images", 1).await;
    let updated = output(&target, Request::UpdateItem(update("images", order_key(1)))).await;
    assert_eq!(updated, attributes(json!({ "total": { "N": "13.5" } })));
    let deleted = output(&target, Request::DeleteItem(delete("images", order_key(1)))).await;
    let mut old = order(1);
    old.insert("total".into(), AttributeValue::N("13.5".parse().unwrap()));
    assert_eq!(deleted, Output::Write { attributes: Some(PackedItem::from(old)) });
    let deleted = output(&target, Request::DeleteItem(delete("images", order_key(1)))).await;
    assert_eq!(deleted, Output::Write { attributes: None });
}

#[tokio::test]
async fn a_failed_condition_is_an_error_of_its_own() {
    let Some(moto) = Moto::server() else { return };
    let target = filled(&moto, "conditions", 1).await;
    let mut put = put("conditions", order(1));
    put.condition_expression = Some("attribute_not_exists(pk)".into());
    put.return_item_on_condition_failure = true;
    let error = api_error(&target, Request::PutItem(put)).await;
    assert_eq!(
        (error.kind, error.message.as_str()),
        (ErrorKind::ConditionalCheckFailed, "The conditional request failed")
    );
    assert_eq!(error.item, Some(PackedItem::from(order(1))));
}

#[tokio::test]
async fn a_missing_table_and_a_wrong_request_are_told_apart() {
    let Some(moto) = Moto::server() else { return };
    let target = filled(&moto, "wrong", 0).await;
    let error = api_error(&target, Request::GetItem(get("nowhere", order_key(1)))).await;
    assert_eq!(error.kind, ErrorKind::ResourceNotFound);
    let without_sort_key = item(json!({ "pk": { "S": "a" } }));
    let error = api_error(&target, Request::GetItem(get("wrong", without_sort_key))).await;
    assert_eq!(error.kind, ErrorKind::Validation);
    assert!(!error.message.is_empty());
}

#[tokio::test]
async fn queries_page_through_tables_and_indexes() {
    let Some(moto) = Moto::server() else { return };
    let target = filled(&moto, "queries", 4).await;
    let mut query = query("queries");
    query.limit = Some(2);
    let first = page(&target, Request::Query(query.clone())).await;
    assert_eq!(first.items, [PackedItem::from(order(2)), PackedItem::from(order(3))]);
    assert_eq!((first.count, first.last_evaluated_key.clone()), (2, Some(order_key(3))));
    query.exclusive_start_key = first.last_evaluated_key;
    let last = page(&target, Request::Query(query.clone())).await;
    assert_eq!((last.items, last.last_evaluated_key), (vec![PackedItem::from(order(4))], None));

    query.exclusive_start_key = None;
    query.limit = None;
    query.scan_index_forward = false;
    query.filter_expression = Some("sk <> :three".into());
    query.placeholders.values.insert(":three".into(), AttributeValue::N(3.into()));
    let filtered = page(&target, Request::Query(query.clone())).await;
    assert_eq!(filtered.items, [PackedItem::from(order(4)), PackedItem::from(order(2))]);
    assert_eq!((filtered.count, filtered.scanned_count), (2, 3));

    query.select = Some(Select::Count);
    let counted = page(&target, Request::Query(query)).await;
    assert_eq!((counted.items, counted.count), (Vec::new(), 2));
}

#[tokio::test]
async fn an_index_returns_what_it_projects() {
    let Some(moto) = Moto::server() else { return };
    let target = filled(&moto, "indexes", 2).await;
    let mut query = query("indexes");
    query.index_name = Some("by_date".into());
    query.key_condition_expression = "#s = :s".into();
    query.placeholders = placeholders(&[("#s", "status")], &[(":s", AttributeValue::string("open"))]);
    let found = page(&target, Request::Query(query)).await;
    let projected = |n: i64| -> Item {
        let names = ["pk", "sk", "status", "date", "total"];
        order(n).into_iter().filter(|(name, _)| names.contains(&name.as_str())).collect()
    };
    assert_eq!(found.items, [PackedItem::from(projected(1)), PackedItem::from(projected(2))]);
}

#[tokio::test]
async fn the_segments_of_a_scan_are_the_whole_table() {
    let Some(moto) = Moto::server() else { return };
    let target = filled(&moto, "scans", 5).await;
    let mut all = page(&target, Request::Scan(scan("scans"))).await.items;
    let mut of_segments = Vec::new();
    for segment in 0..3 {
        let mut scan = scan("scans");
        scan.segment = Some(Segment { segment, total_segments: 3 });
        of_segments.extend(page(&target, Request::Scan(scan)).await.items);
    }
    let by_sort_key = |item: &PackedItem| format!("{:?}", item.get("sk"));
    all.sort_by_key(by_sort_key);
    of_segments.sort_by_key(by_sort_key);
    assert_eq!(all.len(), 5);
    assert_eq!(of_segments, all);
}

#[tokio::test]
async fn batches_reach_every_table() {
    let Some(moto) = Moto::server() else { return };
    let target = target_at(moto.url()).await;
    target.prepare(&[orders("batch_a"), orders("batch_b")]).await.unwrap();
    output(&target, Request::PutItem(put("batch_b", order(9)))).await;
    let writes = BatchWriteItem {
        request_items: vec![
            ("batch_a".into(), vec![WriteRequest::Put(Arc::new(order(1))), WriteRequest::Put(Arc::new(order(2)))]),
            ("batch_b".into(), vec![WriteRequest::Delete(order_key(9)), WriteRequest::Put(Arc::new(order(3)))]),
        ],
    };
    let outcome = call(&target, Request::BatchWriteItem(writes)).await.unwrap();
    assert_eq!(outcome.result.unwrap().output, Output::BatchWriteItem { unprocessed_items: Vec::new() });
    assert_eq!(outcome.consumed.len(), 2);
    assert!(outcome.consumed.iter().all(|consumed| !consumed.table.write.is_zero() && consumed.table.read.is_zero()));

    let keys = |keys: Vec<Item>| KeysAndAttributes {
        keys,
        consistent_read: true,
        projection_expression: None,
        placeholders: Placeholders::default(),
    };
    let reads = BatchGetItem {
        request_items: vec![
            ("batch_a".into(), keys(vec![order_key(1), order_key(7)])),
            ("batch_b".into(), keys(vec![order_key(3), order_key(9)])),
        ],
    };
    let outcome = call(&target, Request::BatchGetItem(reads)).await.unwrap();
    let Output::BatchGetItem { responses, unprocessed_keys } = outcome.result.unwrap().output else {
        panic!("another operation's output");
    };
    assert_eq!(
        responses,
        [("batch_a".into(), vec![PackedItem::from(order(1))]), ("batch_b".into(), vec![PackedItem::from(order(3))])]
    );
    assert_eq!(unprocessed_keys, []);
    assert!(outcome.consumed.iter().all(|consumed| consumed.table == Units::read(CapacityUnits::whole(2))));
}

#[tokio::test]
async fn transactions_happen_whole_or_not_at_all() {
    let Some(moto) = Moto::server() else { return };
    let target = filled(&moto, "transactions", 2).await;
    let check = |n| {
        TransactWrite::ConditionCheck(ConditionCheck {
            table_name: "transactions".into(),
            key: order_key(n),
            condition_expression: "attribute_exists(pk)".into(),
            placeholders: Placeholders::default(),
            return_item_on_condition_failure: false,
        })
    };
    let mut update = update("transactions", order_key(2));
    update.return_values = ReturnValues::None;
    let write = |checked| TransactWriteItems {
        transact_items: vec![
            check(checked),
            TransactWrite::Put(put("transactions", order(3))),
            TransactWrite::Update(update.clone()),
        ],
        client_request_token: None,
    };
    let error = api_error(&target, Request::TransactWriteItems(write(8))).await;
    assert_eq!(error.kind, ErrorKind::TransactionCanceled);
    let codes: Vec<_> = error.cancellation_reasons.iter().map(|reason| reason.code).collect();
    assert_eq!(codes, ["ConditionalCheckFailed", "None", "None"]);

    let written = output(&target, Request::TransactWriteItems(write(1))).await;
    assert_eq!(written, Output::TransactWriteItems);

    let read = |n| TransactGet {
        table_name: "transactions".into(),
        key: order_key(n),
        projection_expression: None,
        placeholders: Placeholders::default(),
    };
    let reads = TransactGetItems { transact_items: vec![read(3), read(8), read(2)] };
    let outcome = call(&target, Request::TransactGetItems(reads)).await.unwrap();
    let mut second = order(2);
    second.insert("total".into(), AttributeValue::N("13.5".parse().unwrap()));
    let items = vec![Some(PackedItem::from(order(3))), None, Some(PackedItem::from(second))];
    assert_eq!(outcome.result.unwrap().output, Output::TransactGetItems { items });
    let two_reads = Units::read(CapacityUnits::whole(4));
    assert_eq!(outcome.consumed, [ConsumedCapacity::of_table("transactions".into(), two_reads)]);
}
