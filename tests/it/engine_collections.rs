//! Item collections of tables with local secondary indexes: the sizes that writes report, and the limit (API:
//! ItemCollectionMetrics, ItemCollectionSizeLimitExceededException).

use dynamometer::api::*;
use dynamometer::engine::{Engine, EngineOptions};
use dynamometer::item::{Item, ScalarType};
use dynamometer::time::Time;

use crate::engine_requests::*;

/// Table `usr` (keys `id`, `seq`) with a local index by `by`, of keys alone.
fn indexed(item_collection_max_bytes: u64) -> Engine {
    let engine = Engine::new(EngineOptions { item_collection_max_bytes, ..EngineOptions::default() });
    let mut table = table("usr", CapacityMode::ON_DEMAND);
    table.key = schema(("id", ScalarType::S), Some(("seq", ScalarType::N)));
    let by = schema(("id", ScalarType::S), Some(("by", ScalarType::N)));
    table.local_secondary_indexes = vec![local("local", by, Projection::KeysOnly)];
    engine.create_table(Time::ZERO, &table).unwrap();
    engine
}

fn key(id: &str, seq: i64) -> Item {
    item([("id", s(id)), ("seq", n(seq))])
}

/// 107 bytes: `id` 3, `seq` 5, `x` 99. With `by`, 4 more, and an entry of 12.
fn plain(id: &str, seq: i64) -> Item {
    item([("id", s(id)), ("seq", n(seq)), ("x", s("x".repeat(98)))])
}

fn in_index(id: &str, seq: i64) -> Item {
    item([("id", s(id)), ("seq", n(seq)), ("x", s("x".repeat(98))), ("by", n(7))])
}

fn run(engine: &Engine, request: Request) -> Outcome {
    engine.execute(Time::ZERO, &request)
}

fn sizes(outcome: &Outcome) -> Vec<(Item, u64)> {
    output(outcome);
    let collections = outcome.item_collections.iter();
    collections.map(|metrics| (metrics.key.clone(), metrics.size_bytes)).collect()
}

#[test]
fn every_write_reports_the_size_of_its_collection() {
    let engine = indexed(u64::MAX);
    let outcome = run(&engine, Request::PutItem(put("usr", plain("a", 1))));
    assert_eq!(outcome.item_collections[0].table_name, TableName::from("usr"));
    assert_eq!(sizes(&outcome), [(id("a"), 107)]);
    assert_eq!(sizes(&run(&engine, Request::PutItem(put("usr", in_index("a", 2))))), [(id("a"), 230)]);
    assert_eq!(sizes(&run(&engine, Request::PutItem(put("usr", plain("b", 1))))), [(id("b"), 107)]);
    let set = update("usr", key("a", 1), "SET #by = :by", values([(":by", n(7))]));
    let set = UpdateItem {
        placeholders: Placeholders { names: [("#by".into(), "by".into())].into(), ..set.placeholders.clone() },
        ..set
    };
    assert_eq!(sizes(&run(&engine, Request::UpdateItem(set))), [(id("a"), 246)]);
    assert_eq!(sizes(&run(&engine, Request::DeleteItem(delete("usr", key("a", 2))))), [(id("a"), 123)]);
    assert_eq!(sizes(&run(&engine, Request::DeleteItem(delete("usr", key("a", 2))))), [(id("a"), 123)]);
    assert_eq!(sizes(&run(&engine, Request::DeleteItem(delete("usr", key("a", 1))))), [(id("a"), 0)]);
}

#[test]
fn requests_of_many_writes_report_each_collection_once() {
    let engine = indexed(u64::MAX);
    let puts = [plain("a", 1), plain("b", 1), in_index("a", 2)];
    let batch = batch_write("usr", puts.clone().into_iter().map(|item| WriteRequest::Put(item.into())).collect());
    assert_eq!(sizes(&run(&engine, Request::BatchWriteItem(batch))), [(id("a"), 230), (id("b"), 107)]);
    let check = ConditionCheck {
        table_name: "usr".into(),
        key: key("c", 1),
        condition_expression: "attribute_not_exists(id)".into(),
        placeholders: Placeholders::default(),
        return_item_on_condition_failure: false,
    };
    let actions = vec![
        TransactWrite::ConditionCheck(check),
        TransactWrite::Delete(delete("usr", key("b", 1))),
        TransactWrite::Put(put("usr", plain("a", 3))),
        TransactWrite::Delete(delete("usr", key("a", 1))),
    ];
    let outcome = run(&engine, Request::TransactWriteItems(transaction(actions)));
    assert_eq!(sizes(&outcome), [(id("b"), 0), (id("a"), 230)]);
}

#[test]
fn tables_without_local_indexes_and_failed_writes_report_none() {
    let engine = indexed(u64::MAX);
    engine.create_table(Time::ZERO, &table("tab", CapacityMode::ON_DEMAND)).unwrap();
    assert_eq!(sizes(&run(&engine, Request::PutItem(put("tab", id("a"))))), []);
    let absent = PutItem { condition_expression: Some("attribute_exists(id)".into()), ..put("usr", plain("a", 1)) };
    assert_eq!(run(&engine, Request::PutItem(absent)).item_collections, []);
    assert_eq!(run(&engine, Request::GetItem(get("usr", key("a", 1)))).item_collections, []);
}

#[test]
fn a_collection_grows_to_its_limit_and_shrinks_from_beyond() {
    let engine = indexed(230);
    let two = [Request::PutItem(put("usr", plain("a", 1))), Request::PutItem(put("usr", in_index("a", 2)))];
    for request in two {
        run(&engine, request).result.unwrap();
    }
    let refused = |request: Request| {
        let outcome = run(&engine, request);
        assert_eq!((&outcome.consumed[..], &outcome.item_collections[..]), (&[][..], &[][..]));
        let error = error(&outcome);
        assert_eq!(error.message, "Collection size exceeded.");
        assert_eq!(error.kind, ErrorKind::ItemCollectionSizeLimitExceeded);
    };
    refused(Request::PutItem(put("usr", key("a", 3))));
    refused(Request::UpdateItem(update("usr", key("a", 3), "SET y = :y", values([(":y", n(1))]))));
    refused(Request::UpdateItem(update("usr", key("a", 1), "SET y = :y", values([(":y", n(1))]))));
    assert_eq!(
        engine.load_item(&"usr".into(), key("a", 3)).unwrap_err().kind,
        ErrorKind::ItemCollectionSizeLimitExceeded
    );
    // As large as before, smaller, elsewhere.
    assert_eq!(sizes(&run(&engine, Request::PutItem(put("usr", plain("a", 1))))), [(id("a"), 230)]);
    assert_eq!(sizes(&run(&engine, Request::PutItem(put("usr", key("a", 1))))), [(id("a"), 131)]);
    assert_eq!(sizes(&run(&engine, Request::PutItem(put("usr", plain("b", 1))))), [(id("b"), 107)]);
    assert_eq!(sizes(&run(&engine, Request::DeleteItem(delete("usr", key("a", 1))))), [(id("a"), 123)]);
    assert_eq!(sizes(&run(&engine, Request::PutItem(put("usr", plain("a", 3))))), [(id("a"), 230)]);
}

#[test]
fn a_transaction_is_cancelled_by_the_items_that_would_grow_a_collection_too_far() {
    let engine = indexed(230);
    run(&engine, Request::PutItem(put("usr", in_index("a", 1)))).result.unwrap();
    let grow = vec![
        TransactWrite::Put(put("usr", plain("b", 1))),
        TransactWrite::Put(put("usr", plain("a", 2))),
        TransactWrite::Put(put("usr", plain("a", 3))),
    ];
    let outcome = run(&engine, Request::TransactWriteItems(transaction(grow)));
    let cancelled = error(&outcome);
    assert_eq!(cancelled.kind, ErrorKind::TransactionCanceled);
    let reasons: Vec<_> =
        cancelled.cancellation_reasons.iter().map(|reason| (reason.code, reason.message.as_deref())).collect();
    let too_large = ("ItemCollectionSizeLimitExceeded", Some("Collection size exceeded."));
    assert_eq!(reasons, [("None", None), too_large, too_large]);
    assert_eq!((units(&outcome), outcome.item_collections.len()), (1.0, 0));
    // What is deleted makes room for what is put.
    let replace = vec![
        TransactWrite::Put(put("usr", plain("a", 2))),
        TransactWrite::Put(put("usr", plain("a", 3))),
        TransactWrite::Delete(delete("usr", key("a", 1))),
    ];
    assert_eq!(sizes(&run(&engine, Request::TransactWriteItems(transaction(replace)))), [(id("a"), 214)]);
}

#[test]
fn a_batch_with_a_write_too_many_is_answered_with_the_error() {
    let engine = indexed(214);
    let puts = [plain("a", 1), plain("a", 2), plain("a", 3), plain("b", 1)];
    let batch = batch_write("usr", puts.into_iter().map(|item| WriteRequest::Put(item.into())).collect());
    let outcome = run(&engine, Request::BatchWriteItem(batch));
    assert_eq!(error(&outcome).kind, ErrorKind::ItemCollectionSizeLimitExceeded);
    // The others were made.
    assert_eq!(units(&outcome), 3.0);
    assert_eq!(page(&run(&engine, Request::Scan(scan("usr", None)))).count, 3);
}

#[test]
fn the_default_limit_is_10_gb() {
    assert_eq!(EngineOptions::default().item_collection_max_bytes, 10 * 1024 * 1024 * 1024);
}
