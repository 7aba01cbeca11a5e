//! Validation with DynamoDB's messages (facts, appendix A), ReturnValues, cancellation codes, paging, time to live.

use std::time::Duration;

use dynamometer::api::*;
use dynamometer::engine::{Enforcement, Engine, EngineOptions};
use dynamometer::item::{AttributeValue, Item, PackedItem, ScalarType};
use dynamometer::time::Time;

use crate::engine_requests::*;

/// Tables `t` (key `id`) and `u` (key `id`, sort key `at`, a global and a local index).
fn tables() -> Engine {
    let mut indexed = table("usr", CapacityMode::ON_DEMAND);
    indexed.key = schema(("id", ScalarType::S), Some(("seq", ScalarType::N)));
    let owned = schema(("own", ScalarType::S), None);
    let keys_only = Projection::KeysOnly;
    indexed.global_secondary_indexes = vec![global("owned", owned, keys_only.clone(), CapacityMode::ON_DEMAND)];
    indexed.local_secondary_indexes =
        vec![local("local", schema(("id", ScalarType::S), Some(("by", ScalarType::N))), keys_only)];
    engine(Enforcement::Off, &[table("tab", CapacityMode::ON_DEMAND), indexed])
}

fn refused(engine: &Engine, request: Request) -> ApiError {
    let outcome = engine.execute(Time::ZERO, &request);
    assert_eq!(outcome.consumed, [], "{:?}", outcome.result);
    error(&outcome).clone()
}

fn message(engine: &Engine, request: Request) -> String {
    let error = refused(engine, request);
    assert_eq!(error.kind, ErrorKind::Validation, "{error}");
    error.message
}

#[test]
fn unknown_tables_and_indexes() {
    let engine = tables();
    let error = refused(&engine, Request::GetItem(get("none", id("a"))));
    assert_eq!((error.kind, &*error.message), (ErrorKind::ResourceNotFound, "Requested resource not found"));
    assert_eq!(
        message(&engine, Request::PutItem(put("", id("a")))),
        "1 validation error detected: Value '' at 'tableName' failed to satisfy constraint: Member must have length greater \
         than or equal to 1"
    );
    let text = message(&engine, Request::Scan(scan("tab", Some("none"))));
    assert_eq!(text, "The table does not have the specified index: none");
}

#[test]
fn keys_have_to_match_the_schema() {
    let engine = tables();
    let mismatch = "The provided key element does not match the schema";
    for key in [item([("id", n(1))]), item([("other", s("a"))]), item([("id", s("a")), ("seq", n(1))]), Item::new()] {
        assert_eq!(message(&engine, Request::GetItem(get("tab", key.clone()))), mismatch);
        assert_eq!(message(&engine, Request::DeleteItem(delete("tab", key.clone()))), mismatch);
        let set = update("tab", key, "SET x = :x", values([(":x", n(1))]));
        assert_eq!(message(&engine, Request::UpdateItem(set)), mismatch);
    }
    assert_eq!(
        message(&engine, Request::PutItem(put("usr", item([("id", s("a"))])))),
        "One or more parameter values were invalid: Missing the key seq in the item"
    );
    assert_eq!(
        message(&engine, Request::PutItem(put("usr", item([("id", s("a")), ("seq", s("b"))])))),
        "One or more parameter values were invalid: Type mismatch for key seq expected: N actual: S"
    );
}

#[test]
fn key_values_have_a_size() {
    let engine = tables();
    assert_eq!(
        message(&engine, Request::PutItem(put("tab", id("")))),
        "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string \
         value. Key: id"
    );
    assert!(engine.execute(Time::ZERO, &Request::PutItem(put("tab", id(&"x".repeat(2048))))).result.is_ok());
    assert_eq!(
        message(&engine, Request::PutItem(put("tab", id(&"x".repeat(2049))))),
        "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes"
    );
    let mut definition = table("sorted", CapacityMode::ON_DEMAND);
    definition.key = schema(("id", ScalarType::S), Some(("sort", ScalarType::B)));
    engine.create_table(Time::ZERO, &definition).unwrap();
    let sorted = |bytes: usize| item([("id", s("a")), ("sort", AttributeValue::B(vec![0; bytes].into()))]);
    assert!(engine.execute(Time::ZERO, &Request::PutItem(put("sorted", sorted(1024)))).result.is_ok());
    assert_eq!(
        message(&engine, Request::PutItem(put("sorted", sorted(1025)))),
        "One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of 1024 \
         bytes"
    );
}

#[test]
fn items_have_a_largest_size() {
    let engine = tables();
    assert!(engine.execute(Time::ZERO, &Request::PutItem(put("tab", sized("a", 409_600)))).result.is_ok());
    assert_eq!(
        message(&engine, Request::PutItem(put("tab", sized("a", 409_601)))),
        "Item size has exceeded the maximum allowed size"
    );
    let grow = update("tab", id("a"), "SET y = :y", values([(":y", n(1))]));
    assert_eq!(
        message(&engine, Request::UpdateItem(grow)),
        "Item size to update has exceeded the maximum allowed size"
    );
}

#[test]
fn index_keys_have_a_type() {
    let engine = tables();
    assert_eq!(
        message(&engine, Request::PutItem(put("usr", item([("id", s("a")), ("seq", n(1)), ("own", n(1))])))),
        "One or more parameter values were invalid: Type mismatch for Index Key own Expected: S Actual: N IndexName: owned"
    );
    let retype = update("usr", item([("id", s("a")), ("seq", n(1))]), "SET own = :n", values([(":n", n(1))]));
    assert_eq!(
        message(&engine, Request::UpdateItem(retype)),
        "The update expression attempted to update the secondary index key to unsupported type"
    );
    assert_eq!(
        message(&engine, Request::PutItem(put("usr", item([("id", s("a")), ("seq", n(1)), ("own", s(""))])))),
        "One or more parameter values are not valid. A value specified for a secondary index key is not supported. The \
         AttributeValue for a key attribute cannot contain an empty string value. IndexName: owned, IndexKey: own"
    );
}

#[test]
fn values_of_expressions_are_values_an_attribute_may_have() {
    let engine = tables();
    let nested = (0..33).fold(AttributeValue::Null, |value, _| AttributeValue::L(vec![value]));
    let invalid = "ExpressionAttributeValues contains invalid value:";
    for (value, text) in [
        (AttributeValue::Ss(Vec::new()), "One or more parameter values were invalid: An string set  may not be empty"),
        (nested, "Nesting Levels have exceeded supported limits"),
    ] {
        let placeholders = values([(":x", value)]);
        let condition = || Some("id <> :x".into());
        let with = placeholders.clone();
        let delete = DeleteItem { condition_expression: condition(), placeholders: with, ..delete("tab", id("a")) };
        let with = placeholders.clone();
        let scan = Scan { filter_expression: Some("x <> :x".into()), placeholders: with, ..scan("tab", None) };
        let update = update("tab", id("a"), "SET x = if_not_exists(id, :x)", placeholders);
        let action = TransactWrite::Update(update.clone());
        for request in [
            Request::DeleteItem(delete),
            Request::Scan(scan),
            Request::UpdateItem(update),
            Request::TransactWriteItems(transaction(vec![action])),
        ] {
            assert_eq!(message(&engine, request), format!("{invalid} {text} for key :x"));
        }
    }
}

#[test]
fn placeholders_have_to_be_used_and_defined() {
    let engine = tables();
    let unused = PutItem {
        condition_expression: Some("attribute_exists(id)".into()),
        placeholders: values([(":unused", n(1))]),
        ..put("tab", id("a"))
    };
    assert_eq!(
        message(&engine, Request::PutItem(unused)),
        "Value provided in ExpressionAttributeValues unused in expressions: keys: {:unused}"
    );
    let set = update("tab", id("a"), "SET x = :v", Placeholders::default());
    assert_eq!(
        message(&engine, Request::UpdateItem(set)),
        "Invalid UpdateExpression: An expression attribute value used in expression is not defined; attribute value: :v"
    );
    let key = update("tab", id("a"), "SET id = :v", values([(":v", n(1))]));
    assert_eq!(
        message(&engine, Request::UpdateItem(key)),
        "One or more parameter values were invalid: Cannot update attribute id. This attribute is part of the key"
    );
    let without = PutItem { placeholders: values([(":v", n(1))]), ..put("tab", id("a")) };
    assert_eq!(
        message(&engine, Request::PutItem(without)),
        "ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null"
    );
}

#[test]
fn pages_have_limits_segments_and_starts() {
    let engine = tables();
    let by_id = || query("usr", None, "id = :id", values([(":id", s("a"))]));
    assert_eq!(
        message(&engine, Request::Query(Query { limit: Some(0), ..by_id() })),
        "1 validation error detected: Value at 'Limit' failed to satisfy constraint: Member must have value greater than or \
         equal to 1"
    );
    assert_eq!(
        message(&engine, Request::Scan(Scan { limit: Some(0), ..scan("tab", None) })),
        "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than \
         or equal to 1"
    );
    let segment = Some(Segment { segment: 5, total_segments: 5 });
    assert_eq!(
        message(&engine, Request::Scan(Scan { segment, ..scan("tab", None) })),
        "The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: 5 is not less than \
         TotalSegments: 5"
    );
    let start = |key: Item| Request::Query(Query { exclusive_start_key: Some(key), ..by_id() });
    assert!(message(&engine, start(id("a"))).starts_with("The provided starting key is invalid"));
    assert_eq!(
        message(&engine, start(item([("id", s("b")), ("seq", n(1))]))),
        "The provided starting key is outside query boundaries based on provided conditions"
    );
    let ranged = Query {
        exclusive_start_key: Some(item([("id", s("a")), ("seq", n(1))])),
        ..query("usr", None, "id = :id AND seq > :seq", values([(":id", s("a")), (":seq", n(1))]))
    };
    assert_eq!(
        message(&engine, Request::Query(ranged)),
        "The provided starting key does not match the range key predicate"
    );
    let no_key = query("usr", None, "seq = :id", values([(":id", n(1))]));
    assert_eq!(message(&engine, Request::Query(no_key)), "Query condition missed key schema element: id");
}

#[test]
fn global_indexes_give_what_they_hold_eventually() {
    let engine = tables();
    let owned = || query("usr", Some("owned"), "own = :o", values([(":o", s("a"))]));
    let consistent = Query { consistent_read: true, ..owned() };
    assert_eq!(
        message(&engine, Request::Query(consistent)),
        "Consistent reads are not supported on global secondary indexes"
    );
    let all = Query { select: Some(Select::AllAttributes), ..owned() };
    assert_eq!(
        message(&engine, Request::Query(all)),
        "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global secondary index \
         owned because its projection type is not ALL"
    );
    let unprojected = Query { projection_expression: Some("id, x".into()), ..owned() };
    assert_eq!(
        message(&engine, Request::Query(unprojected)),
        "One or more parameter values were invalid: Global secondary index owned does not project [x]"
    );
    let of_table = Scan { select: Some(Select::AllProjectedAttributes), ..scan("usr", None) };
    assert_eq!(
        message(&engine, Request::Scan(of_table)),
        "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"
    );
}

#[test]
fn batches_have_sizes_and_no_duplicates() {
    let engine = tables();
    let keys = |count: usize| (0..count).map(|number| id(&number.to_string())).collect::<Vec<_>>();
    assert_eq!(
        message(&engine, Request::BatchGetItem(batch_get("tab", keys(101)))),
        "1 validation error detected: Value at 'RequestItems.tab.member.Keys' failed to satisfy constraint: Member must have \
         length less than or equal to 100"
    );
    assert!(engine.execute(Time::ZERO, &Request::BatchGetItem(batch_get("tab", keys(100)))).result.is_ok());
    let puts = |count| keys(count).into_iter().map(|key| WriteRequest::Put(key.into())).collect::<Vec<_>>();
    assert_eq!(
        message(&engine, Request::BatchWriteItem(batch_write("tab", puts(26)))),
        "1 validation error detected: Value '{tab=[...]}' at 'requestItems' failed to satisfy constraint: Map value must \
         satisfy constraint: [Member must have length less than or equal to 25, Member must have length greater than or equal \
         to 1]"
    );
    assert!(engine.execute(Time::ZERO, &Request::BatchWriteItem(batch_write("tab", puts(25)))).result.is_ok());
    let duplicates = "Provided list of item keys contains duplicates";
    assert_eq!(message(&engine, Request::BatchGetItem(batch_get("tab", vec![id("a"), id("a")]))), duplicates);
    let both = vec![WriteRequest::Put(id("a").into()), WriteRequest::Delete(id("a"))];
    assert_eq!(message(&engine, Request::BatchWriteItem(batch_write("tab", both))), duplicates);
    assert_eq!(
        message(&engine, Request::BatchGetItem(BatchGetItem { request_items: Vec::new() })),
        "The requestItems parameter is required for BatchGetItem"
    );
    assert_eq!(
        message(&engine, Request::BatchWriteItem(BatchWriteItem { request_items: Vec::new() })),
        "The requestItems parameter is required for BatchWriteItem"
    );
}

#[test]
fn a_batch_with_one_invalid_write_does_nothing() {
    let engine = tables();
    let writes = vec![WriteRequest::Put(id("a").into()), WriteRequest::Delete(item([("id", n(1))]))];
    message(&engine, Request::BatchWriteItem(batch_write("tab", writes)));
    assert_eq!(engine.describe_table(Time::ZERO, "tab").unwrap().item_count, 0);
}

#[test]
fn a_large_batch_comes_back_in_parts() {
    let engine = tables();
    let names: Vec<String> = (0..50).map(|number| number.to_string()).collect();
    for name in &names {
        engine.execute(Time::ZERO, &Request::PutItem(put("tab", sized(name, 400_000))));
    }
    let keys = names.iter().map(|name| id(name)).collect();
    let outcome = engine.execute(Time::ZERO, &Request::BatchGetItem(batch_get("tab", keys)));
    let Output::BatchGetItem { responses, unprocessed_keys } = output(&outcome) else { panic!() };
    assert_eq!((responses[0].1.len(), unprocessed_keys[0].1.keys.len()), (41, 9), "16 MB are 41 items");
}

#[test]
fn transactions_have_sizes_and_name_an_item_once() {
    let engine = tables();
    let empty = "1 validation error detected: Value '[]' at 'transactItems' failed to satisfy constraint: Member must have \
                 length greater than or equal to 1";
    assert_eq!(message(&engine, Request::TransactWriteItems(transaction(Vec::new()))), empty);
    let gets = |count: usize| TransactGetItems {
        transact_items: (0..count).map(|number| transact_get("tab", id(&number.to_string()))).collect(),
    };
    assert_eq!(message(&engine, Request::TransactGetItems(gets(0))), empty);
    assert!(message(&engine, Request::TransactGetItems(gets(101))).ends_with("less than or equal to 100"));
    assert!(engine.execute(Time::ZERO, &Request::TransactGetItems(gets(100))).result.is_ok());
    let twice = vec![TransactWrite::Put(put("tab", id("a"))), TransactWrite::Delete(delete("tab", id("a")))];
    assert_eq!(
        message(&engine, Request::TransactWriteItems(transaction(twice))),
        "Transaction request cannot include multiple operations on one item"
    );
    let large = (0..11).map(|number| TransactWrite::Put(put("tab", sized(&number.to_string(), 400_000)))).collect();
    message(&engine, Request::TransactWriteItems(transaction(large)));
    assert_eq!(engine.describe_table(Time::ZERO, "tab").unwrap().item_count, 0);
    let wrong_key =
        TransactGetItems { transact_items: vec![transact_get("tab", id("a")), transact_get("usr", id("a"))] };
    let cancelled = refused(&engine, Request::TransactGetItems(wrong_key));
    let codes: Vec<&str> = cancelled.cancellation_reasons.iter().map(|reason| reason.code).collect();
    assert_eq!((cancelled.kind, codes), (ErrorKind::TransactionCanceled, vec!["None", "ValidationError"]));
}

#[test]
fn a_cancelled_transaction_changes_nothing_and_says_why() {
    let engine = tables();
    engine.execute(Time::ZERO, &Request::PutItem(put("tab", item([("id", s("a")), ("n", n(1))]))));
    let add = |key: Item| update("tab", key, "SET n = n + :one", values([(":one", n(1))]));
    let failing = DeleteItem {
        condition_expression: Some("n > :n".into()),
        placeholders: values([(":n", n(5))]),
        return_item_on_condition_failure: true,
        ..delete("tab", id("a"))
    };
    let actions = vec![
        TransactWrite::Put(put("tab", id("b"))),
        TransactWrite::Delete(failing),
        TransactWrite::Update(add(id("missing"))),
    ];
    let outcome = engine.execute(Time::ZERO, &Request::TransactWriteItems(transaction(actions)));
    let cancelled = error(&outcome);
    let codes: Vec<&str> = cancelled.cancellation_reasons.iter().map(|reason| reason.code).collect();
    assert_eq!(codes, ["None", "ConditionalCheckFailed", "ValidationError"]);
    assert_eq!(
        cancelled.message,
        "Transaction cancelled, please refer cancellation reasons for specific reasons \
         [None, ConditionalCheckFailed, ValidationError]"
    );
    let [none, condition, invalid] = &cancelled.cancellation_reasons[..] else { panic!() };
    assert_eq!((&none.message, condition.message.as_deref()), (&None, Some("The conditional request failed")));
    assert_eq!(condition.item.as_ref().unwrap().to_item().get("n"), Some(&n(1)));
    assert!(invalid.message.as_deref().unwrap().contains("attribute that does not exist in the item"));
    assert_eq!(engine.describe_table(Time::ZERO, "tab").unwrap().item_count, 1);
}

#[test]
fn writes_return_the_image_asked_for() {
    let engine = tables();
    let attributes = |outcome: &Outcome| match output(outcome) {
        Output::Write { attributes } => attributes.as_ref().map(PackedItem::to_item),
        other => panic!("{other:?}"),
    };
    let put_old = PutItem { return_values: ReturnValues::AllOld, ..put("tab", item([("id", s("a")), ("n", n(1))])) };
    assert_eq!(attributes(&engine.execute(Time::ZERO, &Request::PutItem(put_old.clone()))), None);
    let first = Some(item([("id", s("a")), ("n", n(1))]));
    assert_eq!(attributes(&engine.execute(Time::ZERO, &Request::PutItem(put_old))), first);
    let add = |return_values| {
        let add = update("tab", id("a"), "SET n = n + :one", values([(":one", n(1))]));
        attributes(&engine.execute(Time::ZERO, &Request::UpdateItem(UpdateItem { return_values, ..add })))
    };
    assert_eq!(add(ReturnValues::None), None);
    assert_eq!(add(ReturnValues::AllOld), Some(item([("id", s("a")), ("n", n(2))])));
    assert_eq!(add(ReturnValues::AllNew), Some(item([("id", s("a")), ("n", n(4))])));
    assert_eq!(add(ReturnValues::UpdatedOld), Some(item([("n", n(4))])));
    assert_eq!(add(ReturnValues::UpdatedNew), Some(item([("n", n(6))])));
    let removed = DeleteItem { return_values: ReturnValues::AllOld, ..delete("tab", id("a")) };
    let last = Some(item([("id", s("a")), ("n", n(6))]));
    assert_eq!(attributes(&engine.execute(Time::ZERO, &Request::DeleteItem(removed))), last);
    let wrong = PutItem { return_values: ReturnValues::AllNew, ..put("tab", id("a")) };
    message(&engine, Request::PutItem(wrong));
}

#[test]
fn a_failed_condition_returns_the_item_if_asked() {
    let engine = tables();
    let record = item([("id", s("a")), ("n", n(1))]);
    engine.execute(Time::ZERO, &Request::PutItem(put("tab", record.clone())));
    for (asked, expected) in [(true, Some(&record)), (false, None)] {
        let request = PutItem {
            condition_expression: Some("attribute_not_exists(id)".into()),
            return_item_on_condition_failure: asked,
            ..put("tab", id("a"))
        };
        let outcome = engine.execute(Time::ZERO, &Request::PutItem(request));
        let failed = error(&outcome);
        assert_eq!(
            (failed.kind, &*failed.message),
            (ErrorKind::ConditionalCheckFailed, "The conditional request failed")
        );
        assert_eq!(failed.item.as_ref().map(PackedItem::to_item).as_ref(), expected);
    }
}

#[test]
fn an_update_without_an_expression_creates_the_item() {
    let engine = tables();
    let touch = UpdateItem { update_expression: None, ..update("tab", id("a"), "", Placeholders::default()) };
    assert!(engine.execute(Time::ZERO, &Request::UpdateItem(touch)).result.is_ok());
    assert_eq!(engine.describe_table(Time::ZERO, "tab").unwrap().item_count, 1);
}

#[test]
fn a_page_that_ends_at_its_limit_says_so_even_at_the_end() {
    let engine = tables();
    engine.execute(Time::ZERO, &Request::PutItem(put("tab", id("a"))));
    let first = engine.execute(Time::ZERO, &Request::Scan(Scan { limit: Some(1), ..scan("tab", None) }));
    assert_eq!(page(&first).last_evaluated_key, Some(id("a")));
    let exclusive_start_key = page(&first).last_evaluated_key.clone();
    let next = Scan { limit: Some(1), exclusive_start_key, ..scan("tab", None) };
    let second = engine.execute(Time::ZERO, &Request::Scan(next));
    assert_eq!((page(&second).count, &page(&second).last_evaluated_key), (0, &None));
}

#[test]
fn tables_are_checked_as_they_are_created() {
    let engine = tables();
    let refusal = |change: fn(&mut CreateTable)| {
        let mut definition = table("new", CapacityMode::provisioned(1, 1));
        change(&mut definition);
        engine.create_table(Time::ZERO, &definition).expect_err("the definition is wrong").message
    };
    let by = |name: &str| {
        global(name, schema(("own", ScalarType::S), None), Projection::All, CapacityMode::provisioned(1, 1))
    };
    assert!(refusal(|table| table.name = "ab".into()).ends_with("greater than or equal to 3"));
    assert!(refusal(|table| table.capacity = CapacityMode::provisioned(0, 1)).contains("ProvisionedThroughput"));
    assert_eq!(
        refusal(|table| {
            let key = schema(("id", ScalarType::S), Some(("by", ScalarType::N)));
            table.local_secondary_indexes = vec![local("local", key, Projection::All)];
        }),
        "One or more parameter values were invalid: Table KeySchema does not have a range key, which is required when \
         specifying a LocalSecondaryIndex"
    );
    let mut twice = table("new", CapacityMode::provisioned(1, 1));
    twice.global_secondary_indexes = vec![by("same"), by("same")];
    assert_eq!(
        engine.create_table(Time::ZERO, &twice).unwrap_err().message,
        "One or more parameter values were invalid: Duplicate index name: same"
    );
    twice.global_secondary_indexes = (0..21).map(|number| by(&format!("index{number}"))).collect();
    assert!(engine.create_table(Time::ZERO, &twice).unwrap_err().message.contains("per-table limit of 20"));
    let exists = engine.create_table(Time::ZERO, &table("tab", CapacityMode::ON_DEMAND)).unwrap_err();
    assert_eq!(exists.kind, ErrorKind::ResourceInUse);
    assert_eq!(engine.table_names(), ["tab", "usr"]);
    engine.delete_table(Time::ZERO, "tab").unwrap();
    assert_eq!(engine.delete_table(Time::ZERO, "tab").unwrap_err().kind, ErrorKind::ResourceNotFound);
    assert_eq!(engine.table_names(), ["usr"]);
}

#[test]
fn expired_items_are_deleted_by_and_by_and_free_of_charge() {
    let mut definition = table("tab", CapacityMode::ON_DEMAND);
    definition.time_to_live_attribute = Some("expires".into());
    let by_kind = schema(("kind", ScalarType::S), None);
    definition.global_secondary_indexes = vec![global("kind", by_kind, Projection::All, CapacityMode::ON_DEMAND)];
    let engine = Engine::new(EngineOptions {
        epoch_seconds_at_time_zero: 1_000_000,
        time_to_live_delay: Duration::from_secs(60),
        ..EngineOptions::default()
    });
    engine.create_table(Time::ZERO, &definition).unwrap();
    let record = |number: i64| {
        let until = n(1_000_000 + number);
        item([("id", s(number.to_string())), ("expires", until), ("kind", s("k"))])
    };
    for number in 0..500 {
        engine.execute(Time::ZERO, &Request::PutItem(put("tab", record(number))));
    }
    // One that is kept by an update, one whose attribute is no time.
    let keep = update("tab", id("1"), "SET expires = :u", values([(":u", n(9_000_000))]));
    engine.execute(Time::ZERO, &Request::UpdateItem(keep));
    let no_time = update("tab", id("2"), "SET expires = :u", values([(":u", s("1000002"))]));
    engine.execute(Time::ZERO, &Request::UpdateItem(no_time));
    let consumed = engine.consumed("tab").unwrap();

    let left = |now: f64| {
        // Every request sweeps a bounded number of items.
        for _ in 0..10 {
            engine.execute(seconds(now), &Request::GetItem(get("tab", id("none"))));
        }
        let all = engine.execute(seconds(now), &Request::Scan(scan("tab", Some("kind"))));
        assert_eq!(
            page(&all).count,
            engine.describe_table(Time::ZERO, "tab").unwrap().item_count,
            "the index loses them too"
        );
        page(&all).count
    };
    assert_eq!(left(59.0), 500);
    assert_eq!(left(60.0), 499);
    assert_eq!(left(159.5), 500 - 100 + 2);
    assert_eq!(left(10_000.0), 2);
    assert_eq!(engine.consumed("tab").unwrap().table.write, consumed.table.write);
    let writes = |consumed: &ConsumedCapacity| consumed.global_secondary_indexes[0].1.write;
    assert_eq!(writes(&engine.consumed("tab").unwrap()), writes(&consumed));
}

#[test]
fn a_page_that_fetches_items_is_no_longer_than_any_other() {
    let mut definition = table("tab", CapacityMode::ON_DEMAND);
    definition.key = schema(("id", ScalarType::S), Some(("at", ScalarType::N)));
    definition.local_secondary_indexes =
        vec![local("by_n", schema(("id", ScalarType::S), Some(("n", ScalarType::N))), Projection::KeysOnly)];
    let engine = engine(Enforcement::Off, &[definition]);
    for number in 0..10 {
        let stored = item([("id", s("a")), ("at", n(number)), ("n", n(number)), ("text", s("x".repeat(300 * 1024)))]);
        assert!(engine.execute(Time::ZERO, &Request::PutItem(put("tab", stored))).result.is_ok());
    }
    let mut request = query("tab", Some("by_n"), "id = :id", values([(":id", s("a"))]));
    request.select = Some(Select::AllAttributes);
    let mut counts = Vec::new();
    loop {
        let outcome = engine.execute(Time::ZERO, &Request::Query(request.clone()));
        counts.push(page(&outcome).count);
        request.exclusive_start_key = page(&outcome).last_evaluated_key.clone();
        if request.exclusive_start_key.is_none() {
            break;
        }
    }
    assert_eq!(counts, [3, 3, 3, 1]);
}
