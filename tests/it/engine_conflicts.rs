//! Whoever meets the items of an ongoing transaction (AWS: transaction-apis, "Transaction conflict handling"; API:
//! TransactionCanceledException), in virtual time.

use std::time::Duration;

use dynamometer::api::*;
use dynamometer::engine::{Engine, EngineOptions};
use dynamometer::item::{Item, ScalarType};
use dynamometer::time::Time;

use crate::engine_requests::*;

const ONGOING: &str = "Transaction is ongoing for the item";

/// Table `tab`, whose transactions last for two seconds, with the items `a` to `d`.
fn tables() -> Engine {
    let engine =
        Engine::new(EngineOptions { transaction_duration: Duration::from_secs(2), ..EngineOptions::default() });
    engine.create_table(Time::ZERO, &table("tab", CapacityMode::ON_DEMAND)).unwrap();
    for name in ["a", "b", "c", "d"] {
        engine.load_item(&"tab".into(), id(name)).unwrap();
    }
    engine
}

fn write(requests: Vec<TransactWrite>) -> Request {
    Request::TransactWriteItems(transaction(requests))
}

fn set(name: &str) -> UpdateItem {
    update("tab", id(name), "SET x = :x", values([(":x", n(1))]))
}

fn check(name: &str) -> TransactWrite {
    TransactWrite::ConditionCheck(ConditionCheck {
        table_name: "tab".into(),
        key: id(name),
        condition_expression: "attribute_exists(id)".into(),
        placeholders: Placeholders::default(),
        return_item_on_condition_failure: false,
    })
}

/// An engine in which a transaction of all four actions holds `a`, `b`, `c`, `d` from second 1 until second 3.
fn ongoing() -> Engine {
    let engine = tables();
    let all = vec![
        TransactWrite::Put(put("tab", id("a"))),
        TransactWrite::Update(set("b")),
        TransactWrite::Delete(delete("tab", id("c"))),
        check("d"),
    ];
    assert_eq!(*output(&engine.execute(seconds(1.0), &write(all))), Output::TransactWriteItems);
    engine
}

/// Every way to write or check an item in a transaction.
fn actions(name: &str) -> [TransactWrite; 4] {
    [
        TransactWrite::Put(put("tab", id(name))),
        TransactWrite::Update(set(name)),
        TransactWrite::Delete(delete("tab", id(name))),
        check(name),
    ]
}

fn reasons(outcome: &Outcome) -> Vec<(&'static str, Option<&str>)> {
    let error = error(outcome);
    assert_eq!(error.kind, ErrorKind::TransactionCanceled);
    error.cancellation_reasons.iter().map(|reason| (reason.code, reason.message.as_deref())).collect()
}

fn consumed(engine: &Engine) -> f64 {
    engine.consumed("tab").unwrap().total().total().as_f64()
}

#[test]
fn single_writes_are_refused_until_the_transaction_ends() {
    for name in ["a", "b", "c", "d"] {
        let singles = [
            Request::PutItem(put("tab", id(name))),
            Request::UpdateItem(set(name)),
            Request::DeleteItem(delete("tab", id(name))),
        ];
        for request in singles {
            let engine = ongoing();
            let before = consumed(&engine);
            for at in [1.0, 2.999_999_999] {
                let outcome = engine.execute(seconds(at), &request);
                let refused = error(&outcome);
                assert_eq!((refused.kind, &*refused.message), (ErrorKind::TransactionConflict, ONGOING), "{request:?}");
                assert_eq!(outcome.consumed, []);
            }
            assert_eq!(consumed(&engine), before);
            assert!(engine.execute(seconds(3.0), &request).result.is_ok(), "{request:?}");
        }
    }
}

#[test]
fn a_conflict_comes_before_the_condition() {
    let engine = ongoing();
    let never = PutItem { condition_expression: Some("attribute_not_exists(id)".into()), ..put("tab", id("a")) };
    let request = Request::PutItem(never);
    assert_eq!(error(&engine.execute(seconds(2.0), &request)).kind, ErrorKind::TransactionConflict);
    assert_eq!(error(&engine.execute(seconds(3.0), &request)).kind, ErrorKind::ConditionalCheckFailed);
}

#[test]
fn transactions_are_cancelled_with_a_reason_for_the_item() {
    for held in ["a", "b", "c", "d"] {
        for action in actions(held) {
            let engine = ongoing();
            let before = consumed(&engine);
            let request = write(vec![TransactWrite::Put(put("tab", id("new"))), action]);
            let outcome = engine.execute(seconds(2.0), &request);
            assert_eq!(reasons(&outcome), [("None", None), ("TransactionConflict", Some(ONGOING))]);
            assert_eq!(
                error(&outcome).message,
                "Transaction cancelled, please refer cancellation reasons for specific reasons [None, TransactionConflict]"
            );
            // The other item has been prepared: one write of the two that a transaction costs.
            assert_eq!((units(&outcome), consumed(&engine) - before), (1.0, 1.0));
            // Nothing was written, and nothing is held by what was cancelled.
            let new = engine.execute(seconds(2.0), &Request::GetItem(get("tab", id("new"))));
            assert_eq!(*output(&new), Output::GetItem { item: None });
            assert!(engine.execute(seconds(2.0), &Request::PutItem(put("tab", id("new")))).result.is_ok());
        }
    }
}

#[test]
fn a_transaction_after_the_other_ended_holds_in_its_turn() {
    let engine = ongoing();
    let again = write(vec![check("d")]);
    assert!(engine.execute(seconds(3.0), &again).result.is_ok());
    let single = Request::UpdateItem(set("d"));
    assert_eq!(error(&engine.execute(seconds(4.5), &single)).kind, ErrorKind::TransactionConflict);
    assert!(engine.execute(seconds(4.5), &Request::UpdateItem(set("a"))).result.is_ok());
    assert!(engine.execute(seconds(5.0), &single).result.is_ok());
}

#[test]
fn transactional_reads_are_cancelled_and_hold_nothing() {
    let engine = ongoing();
    engine.load_item(&"tab".into(), sized("free", 5_000)).unwrap();
    let read = |name: &str| {
        let transact_items = vec![transact_get("tab", id("free")), transact_get("tab", id(name))];
        Request::TransactGetItems(TransactGetItems { transact_items })
    };
    for held in ["a", "b", "c", "d"] {
        let outcome = engine.execute(seconds(2.0), &read(held));
        assert_eq!(reasons(&outcome), [("None", None), ("TransactionConflict", Some(ONGOING))]);
        // The other item was read once, of the two times a transaction costs.
        assert_eq!(units(&outcome), 2.0);
        assert!(engine.execute(seconds(3.0), &read(held)).result.is_ok());
    }
    assert!(engine.execute(seconds(3.0), &Request::UpdateItem(set("free"))).result.is_ok());
    assert!(engine.execute(seconds(3.0), &write(vec![TransactWrite::Update(set("free"))])).result.is_ok());
}

#[test]
fn plain_reads_meet_nothing() {
    let engine = ongoing();
    let at = seconds(2.0);
    let Output::GetItem { item } = output(&engine.execute(at, &Request::GetItem(get("tab", id("b"))))).clone() else {
        panic!()
    };
    assert_eq!(item.unwrap().to_item(), item_of("b"));
    for name in ["a", "b", "c", "d"] {
        assert!(engine.execute(at, &Request::GetItem(get("tab", id(name)))).result.is_ok());
        let question = query("tab", None, "id = :id", values([(":id", s(name))]));
        assert!(engine.execute(at, &Request::Query(question)).result.is_ok());
        assert!(engine.execute(at, &Request::BatchGetItem(batch_get("tab", vec![id(name)]))).result.is_ok());
    }
    assert_eq!(page(&engine.execute(at, &Request::Scan(scan("tab", None)))).count, 3);
}

fn item_of(name: &str) -> Item {
    item([("id", s(name)), ("x", n(1))])
}

#[test]
fn writes_of_a_batch_come_back() {
    let asked = |name: &str| [WriteRequest::Put(id(name).into()), WriteRequest::Delete(id(name))];
    for name in ["a", "b", "c", "d"] {
        for held in asked(name) {
            let engine = ongoing();
            let free = WriteRequest::Put(id("free").into());
            let both = Request::BatchWriteItem(batch_write("tab", vec![held.clone(), free]));
            let outcome = engine.execute(seconds(2.0), &both);
            let left = vec![("tab".into(), vec![held.clone()])];
            assert_eq!(*output(&outcome), Output::BatchWriteItem { unprocessed_items: left.clone() });
            assert_eq!(units(&outcome), 1.0);
            // BatchWriteItem has no error for a conflict (API), even where nothing else was asked for.
            let alone = Request::BatchWriteItem(batch_write("tab", vec![held]));
            let outcome = engine.execute(seconds(2.0), &alone);
            assert_eq!(*output(&outcome), Output::BatchWriteItem { unprocessed_items: left });
            assert_eq!(outcome.consumed, []);
            let outcome = engine.execute(seconds(3.0), &alone);
            assert_eq!(*output(&outcome), Output::BatchWriteItem { unprocessed_items: Vec::new() });
        }
    }
}

#[test]
fn a_repetition_waits_for_its_transaction_to_end() {
    let engine = tables();
    let request = Request::TransactWriteItems(TransactWriteItems {
        client_request_token: Some("token".into()),
        ..transaction(vec![TransactWrite::Update(set("a"))])
    });
    assert_eq!(engine.execute(seconds(1.0), &request).result.unwrap().output, Output::TransactWriteItems);
    let outcome = engine.execute(seconds(2.9), &request);
    let refused = error(&outcome);
    let text = "The transaction with the given request token is already in progress.";
    assert_eq!((refused.kind, &*refused.message), (ErrorKind::TransactionInProgress, text));
    assert_eq!(outcome.consumed, []);
    // Remembered for ten minutes after it ended, and charged as a read (API: ClientRequestToken).
    for at in [3.0, 602.9] {
        let outcome = engine.execute(seconds(at), &request);
        assert_eq!(*output(&outcome), Output::TransactWriteItems);
        assert_eq!(outcome.consumed[0].table, Units::read(CapacityUnits::whole(2)));
    }
    let outcome = engine.execute(seconds(603.0), &request);
    assert_eq!(outcome.consumed[0].table, Units::write(CapacityUnits::whole(2)));
}

#[test]
fn a_cancelled_transaction_may_come_again_with_its_token() {
    let engine = ongoing();
    let request = Request::TransactWriteItems(TransactWriteItems {
        client_request_token: Some("token".into()),
        ..transaction(vec![TransactWrite::Update(set("a"))])
    });
    assert_eq!(reasons(&engine.execute(seconds(2.0), &request)), [("TransactionConflict", Some(ONGOING))]);
    assert_eq!(*output(&engine.execute(seconds(3.0), &request)), Output::TransactWriteItems);
}

#[test]
fn only_the_item_itself_is_held() {
    let engine = tables();
    let mut sorted = table("sorted", CapacityMode::ON_DEMAND);
    sorted.key = schema(("id", ScalarType::S), Some(("seq", ScalarType::N)));
    let other = CreateTable { name: "other".into(), ..sorted.clone() };
    engine.create_table(Time::ZERO, &sorted).unwrap();
    engine.create_table(Time::ZERO, &other).unwrap();
    let at = |seq: i64| item([("id", s("a")), ("seq", n(seq))]);
    // The key of an item that is not there is held too.
    let one = write(vec![TransactWrite::Delete(delete("sorted", at(1)))]);
    assert!(engine.execute(seconds(1.0), &one).result.is_ok());
    let put_at = |table: &str, seq: i64| engine.execute(seconds(2.0), &Request::PutItem(put(table, at(seq)))).result;
    assert_eq!(put_at("sorted", 1).unwrap_err().kind, ErrorKind::TransactionConflict);
    assert!(put_at("sorted", 2).is_ok() && put_at("other", 1).is_ok());
}

#[test]
fn without_a_duration_nothing_conflicts() {
    let engine = engine(dynamometer::engine::Enforcement::Enforced, &[table("tab", CapacityMode::ON_DEMAND)]);
    for action in [TransactWrite::Put(put("tab", id("a"))), TransactWrite::Update(set("a")), check("a")] {
        assert!(engine.execute(seconds(1.0), &write(vec![action])).result.is_ok());
        assert!(engine.execute(seconds(1.0), &Request::UpdateItem(set("a"))).result.is_ok());
    }
}
