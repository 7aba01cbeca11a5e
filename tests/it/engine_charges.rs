//! What requests cost: every worked example of the facts file (§1), through the engine.

use dynamometer::api::*;
use dynamometer::engine::{Enforcement, Engine};
use dynamometer::item::{AttributeValue, Item, ScalarType};
use dynamometer::time::Time;

use crate::engine_requests::*;

const KB: usize = 1024;

fn off(tables: &[CreateTable]) -> Engine {
    engine(Enforcement::Off, tables)
}

fn simple() -> Engine {
    off(&[table("tab", CapacityMode::ON_DEMAND)])
}

fn run(engine: &Engine, request: Request) -> Outcome {
    let outcome = engine.execute(Time::ZERO, &request);
    assert!(outcome.result.is_ok(), "{:?}", outcome.result);
    outcome
}

fn store(engine: &Engine, item: Item) -> f64 {
    units(&run(engine, Request::PutItem(put("tab", item))))
}

#[test]
fn reads_are_rounded_up_to_4_kb_an_item() {
    let engine = simple();
    for (bytes, eventual, strong) in [(8 * KB, 1.0, 2.0), (5 * KB, 1.0, 2.0), (3 * KB, 0.5, 1.0), (9 * KB, 1.5, 3.0)] {
        store(&engine, sized("a", bytes));
        let get = |consistent_read| Request::GetItem(GetItem { consistent_read, ..get("tab", id("a")) });
        assert_eq!(units(&run(&engine, get(false))), eventual, "{bytes}");
        assert_eq!(units(&run(&engine, get(true))), strong, "{bytes}");
        let transactional = TransactGetItems { transact_items: vec![transact_get("tab", id("a"))] };
        assert_eq!(units(&run(&engine, Request::TransactGetItems(transactional))), 2.0 * strong, "{bytes}");
    }
}

#[test]
fn a_missing_item_costs_the_minimum() {
    let engine = simple();
    let missing = |consistent_read| Request::GetItem(GetItem { consistent_read, ..get("tab", id("none")) });
    assert_eq!(units(&run(&engine, missing(false))), 0.5);
    assert_eq!(units(&run(&engine, missing(true))), 1.0);
    assert_eq!(units(&run(&engine, Request::DeleteItem(delete("tab", id("none"))))), 1.0);
    let nothing = query("tab", None, "id = :id", values([(":id", s("none"))]));
    assert_eq!(units(&run(&engine, Request::Query(nothing))), 0.5);
    assert_eq!(units(&run(&engine, Request::Scan(scan("tab", None)))), 0.5);
}

#[test]
fn a_projection_does_not_make_a_read_cheaper() {
    let engine = simple();
    store(&engine, sized("a", 8 * KB));
    let projected = GetItem { projection_expression: Some("id".into()), ..get("tab", id("a")) };
    let outcome = run(&engine, Request::GetItem(projected));
    assert_eq!(units(&outcome), 1.0);
    let Output::GetItem { item: Some(found) } = output(&outcome) else { panic!() };
    assert_eq!(*found, id("a"));
}

#[test]
fn a_batch_get_rounds_every_item() {
    let engine = simple();
    store(&engine, sized("a", 1536));
    store(&engine, sized("b", 6656));
    let mut batch = batch_get("tab", vec![id("a"), id("b")]);
    assert_eq!(units(&run(&engine, Request::BatchGetItem(batch.clone()))), 1.5);
    batch.request_items[0].1.consistent_read = true;
    assert_eq!(units(&run(&engine, Request::BatchGetItem(batch))), 3.0);
}

#[test]
fn a_put_costs_the_larger_of_old_and_new() {
    let engine = simple();
    assert_eq!(store(&engine, sized("a", 500)), 1.0);
    assert_eq!(store(&engine, sized("a", 3 * KB + 1)), 4.0);
    assert_eq!(store(&engine, sized("a", 500)), 4.0);
    assert_eq!(store(&engine, sized("a", 500)), 1.0);
}

#[test]
fn an_update_costs_the_whole_item_even_for_one_attribute() {
    let engine = simple();
    store(&engine, sized("a", 5 * KB - 100));
    let increment = update("tab", id("a"), "SET n = :n", values([(":n", n(1))]));
    assert_eq!(units(&run(&engine, Request::UpdateItem(increment))), 5.0);
    let shrink = update("tab", id("a"), "REMOVE x", Placeholders::default());
    assert_eq!(units(&run(&engine, Request::UpdateItem(shrink))), 5.0);
    let create = update("tab", id("new"), "SET n = :n", values([(":n", n(1))]));
    assert_eq!(units(&run(&engine, Request::UpdateItem(create))), 1.0);
}

#[test]
fn a_delete_costs_the_deleted_item() {
    let engine = simple();
    store(&engine, sized("a", 2 * KB + 1));
    assert_eq!(units(&run(&engine, Request::DeleteItem(delete("tab", id("a"))))), 3.0);
    assert_eq!(units(&run(&engine, Request::DeleteItem(delete("tab", id("a"))))), 1.0);
}

#[test]
fn a_batch_write_rounds_every_item() {
    let engine = simple();
    let writes = [sized("a", 500), sized("b", 3584)].map(|item| WriteRequest::Put(item.into())).to_vec();
    assert_eq!(units(&run(&engine, Request::BatchWriteItem(batch_write("tab", writes)))), 5.0);
}

#[test]
fn transactions_cost_twice() {
    let engine = simple();
    let puts = ["a", "b", "c"].map(|id| TransactWrite::Put(put("tab", sized(id, 500)))).to_vec();
    assert_eq!(units(&run(&engine, Request::TransactWriteItems(transaction(puts)))), 6.0);
    let gets = ["a", "b", "c"].map(|name| transact_get("tab", id(name))).to_vec();
    assert_eq!(units(&run(&engine, Request::TransactGetItems(TransactGetItems { transact_items: gets }))), 6.0);
    let check = TransactWrite::ConditionCheck(ConditionCheck {
        table_name: "tab".into(),
        key: id("a"),
        condition_expression: "attribute_exists(id)".into(),
        placeholders: Placeholders::default(),
        return_item_on_condition_failure: false,
    });
    let outcome = run(&engine, Request::TransactWriteItems(transaction(vec![check])));
    assert_eq!(outcome.consumed[0].table, Units::write(CapacityUnits::whole(2)));
}

#[test]
fn a_failed_condition_costs_the_larger_of_stored_and_attempted() {
    let engine = simple();
    store(&engine, sized("a", 300 * KB));
    let attempt = |name: &str, bytes| {
        let condition_expression = Some("attribute_exists(absent_one)".into());
        let outcome = engine
            .execute(Time::ZERO, &Request::PutItem(PutItem { condition_expression, ..put("tab", sized(name, bytes)) }));
        assert_eq!(error(&outcome).kind, ErrorKind::ConditionalCheckFailed);
        units(&outcome)
    };
    assert_eq!(attempt("a", 310 * KB), 310.0);
    assert_eq!(attempt("a", 200 * KB), 300.0);
    assert_eq!(attempt("new", 500), 1.0);
}

#[test]
fn a_page_is_rounded_once_and_filters_do_not_make_it_cheaper() {
    let mut definition = table("tab", CapacityMode::ON_DEMAND);
    definition.key = schema(("id", ScalarType::S), Some(("at", ScalarType::N)));
    let engine = off(&[definition]);
    // 40.8 KB in 24 items of 1,740 or 1,741 bytes: 44 KB are charged.
    let bytes = 40 * KB + 819;
    for at in 0..24 {
        let size = bytes / 24 + usize::from(at < bytes % 24);
        let mut event = item([("id", s("a")), ("at", n(at as i64))]);
        let used = event.size_bytes() + 1;
        event.insert("x".into(), s("x".repeat(size - used)));
        assert_eq!(event.size_bytes(), size);
        store(&engine, event);
    }
    let all = |consistent_read, filter: Option<&str>| {
        let query = query("tab", None, "id = :id", values([(":id", s("a"))]));
        let filter_expression = filter.map(Into::into);
        run(&engine, Request::Query(Query { consistent_read, filter_expression, ..query }))
    };
    assert_eq!(units(&all(true, None)), 11.0);
    assert_eq!(units(&all(false, None)), 5.5);
    let filtered = all(true, Some("attribute_exists(absent_one)"));
    assert_eq!((units(&filtered), page(&filtered).count, page(&filtered).scanned_count), (11.0, 0, 24));
    let whole = run(&engine, Request::Scan(Scan { consistent_read: true, ..scan("tab", None) }));
    assert_eq!(units(&whole), 11.0);
    let count = run(&engine, Request::Scan(Scan { select: Some(Select::Count), ..scan("tab", None) }));
    assert_eq!((units(&count), page(&count).count, page(&count).items.len()), (5.5, 24, 0));
}

#[test]
fn a_scan_of_1500_items_of_64_bytes_is_charged_for_96_kb() {
    let engine = simple();
    for number in 0..1500 {
        store(&engine, sized(&format!("{number:04}"), 64));
    }
    let whole = run(&engine, Request::Scan(Scan { consistent_read: true, ..scan("tab", None) }));
    assert_eq!((units(&whole), page(&whole).count), (24.0, 1500));
}

#[test]
fn a_page_ends_before_1_mb() {
    let engine = simple();
    for number in 0..12 {
        store(&engine, sized(&format!("{number:04}"), 200 * KB));
    }
    let first = run(&engine, Request::Scan(scan("tab", None)));
    assert_eq!((page(&first).count, units(&first)), (5, 125.0));
    let exclusive_start_key = page(&first).last_evaluated_key.clone();
    assert!(exclusive_start_key.is_some());
    let second = run(&engine, Request::Scan(Scan { exclusive_start_key, ..scan("tab", None) }));
    let exclusive_start_key = page(&second).last_evaluated_key.clone();
    let third = run(&engine, Request::Scan(Scan { exclusive_start_key, ..scan("tab", None) }));
    assert_eq!((page(&second).count, page(&third).count), (5, 2));
    assert_eq!(page(&third).last_evaluated_key, None);
}

fn with_local_index() -> CreateTable {
    let mut definition = table("tab", CapacityMode::ON_DEMAND);
    definition.key = schema(("id", ScalarType::S), Some(("at", ScalarType::N)));
    let key = schema(("id", ScalarType::S), Some(("by", ScalarType::N)));
    definition.local_secondary_indexes = vec![local("by_it", key, Projection::Include(vec!["x".into()]))];
    definition
}

#[test]
fn a_local_index_fetches_what_it_does_not_hold_at_4_kb_an_item() {
    let engine = off(&[with_local_index()]);
    for at in 0..4 {
        let mut event = item([("id", s("a")), ("at", n(at)), ("by", n(9 - at)), ("y", s("y".repeat(2000)))]);
        let entry = "idaatbyx".len() + 4;
        event.insert("x".into(), s("x".repeat(200 - entry)));
        store(&engine, event);
    }
    let by = query("tab", Some("by_it"), "id = :id", values([(":id", s("a"))]));
    let held = run(&engine, Request::Query(Query { consistent_read: true, ..by.clone() }));
    assert_eq!(units(&held), 1.0, "four entries of 200 bytes are one block");
    assert_eq!(held.consumed[0].table, Units::default());
    assert!(page(&held).items.iter().all(|item| item.get("y").is_none()));

    let all = Query { consistent_read: true, select: Some(Select::AllAttributes), ..by.clone() };
    let fetched = run(&engine, Request::Query(all));
    assert_eq!(fetched.consumed[0].table, Units::read(CapacityUnits::whole(4)));
    assert_eq!(fetched.consumed[0].local_secondary_indexes[0].1, Units::read(CapacityUnits::whole(1)));
    assert!(page(&fetched).items.iter().all(|item| item.get("y").is_some()));

    let named = Query { projection_expression: Some("y".into()), ..by };
    assert_eq!(units(&run(&engine, Request::Query(named))), 2.5);
    let scanned =
        run(&engine, Request::Scan(Scan { select: Some(Select::AllAttributes), ..scan("tab", Some("by_it")) }));
    assert_eq!((units(&scanned), page(&scanned).count), (2.5, 4));
}

#[test]
fn a_local_index_is_written_on_the_tables_capacity() {
    let engine = off(&[with_local_index()]);
    let put = |attributes| run(&engine, Request::PutItem(put("tab", attributes)));
    let outcome = put(item([("id", s("a")), ("at", n(1)), ("by", n(1))]));
    assert_eq!(units(&outcome), 2.0);
    assert_eq!(outcome.consumed[0].local_secondary_indexes[0].1, Units::write(CapacityUnits::whole(1)));
    assert_eq!(units(&put(item([("id", s("a")), ("at", n(1)), ("by", n(2))]))), 3.0);
    assert_eq!(units(&put(item([("id", s("a")), ("at", n(1))]))), 2.0);
    assert_eq!(units(&put(item([("id", s("a")), ("at", n(1)), ("y", n(1))]))), 1.0);
    let ledger = engine.consumed("tab").unwrap();
    assert_eq!(ledger.table, Units::write(CapacityUnits::whole(4)));
    assert_eq!(ledger.local_secondary_indexes[0].1, Units::write(CapacityUnits::whole(4)));
}

#[test]
fn a_global_index_reads_its_own_entries_and_rounds_them_once() {
    let mut definition = table("tab", CapacityMode::ON_DEMAND);
    let key = schema(("owner", ScalarType::S), None);
    definition.global_secondary_indexes = vec![global("by_it", key, Projection::All, CapacityMode::ON_DEMAND)];
    let engine = off(&[definition]);
    for number in 0..8 {
        let mut owned = item([("id", s(number.to_string())), ("owner", s("ann"))]);
        let used = owned.size_bytes() + 1;
        owned.insert("x".into(), s("x".repeat(2000 - used)));
        assert_eq!(store(&engine, owned), 4.0, "two for the table, two for the index");
    }
    let by = query(
        "tab",
        Some("by_it"),
        "#o = :o",
        Placeholders { names: [("#o".into(), "owner".into())].into(), ..values([(":o", s("ann"))]) },
    );
    let outcome = run(&engine, Request::Query(by));
    assert_eq!(units(&outcome), 2.0);
    assert_eq!(outcome.consumed[0].table, Units::default());
    assert_eq!(outcome.consumed[0].global_secondary_indexes[0].1, Units::read(CapacityUnits::whole(2)));
}

#[test]
fn a_cancelled_transaction_costs_its_preparation() {
    let engine = simple();
    store(&engine, sized("a", 2 * KB));
    let condition_expression = Some("attribute_not_exists(id)".into());
    let actions = vec![
        TransactWrite::Put(PutItem { condition_expression, ..put("tab", sized("a", 500)) }),
        TransactWrite::Put(put("tab", sized("b", 1500))),
    ];
    let outcome = engine.execute(Time::ZERO, &Request::TransactWriteItems(transaction(actions)));
    assert_eq!(error(&outcome).kind, ErrorKind::TransactionCanceled);
    assert_eq!(outcome.consumed[0].table, Units::write(CapacityUnits::whole(2 + 2)));
}

#[test]
fn a_token_that_comes_again_costs_reading_the_items() {
    let engine = simple();
    let transact_items = vec![TransactWrite::Put(put("tab", sized("a", 5 * KB)))];
    let request = TransactWriteItems { transact_items, client_request_token: Some("once".into()) };
    let first = run(&engine, Request::TransactWriteItems(request.clone()));
    assert_eq!(first.consumed[0].table, Units::write(CapacityUnits::whole(10)));
    run(&engine, Request::DeleteItem(delete("tab", id("a"))));
    let again = run(&engine, Request::TransactWriteItems(request.clone()));
    assert_eq!(again.consumed[0].table, Units::read(CapacityUnits::whole(2)));
    assert_eq!(engine.describe_table(Time::ZERO, "tab").unwrap().item_count, 0, "it is not made again");

    let other = vec![TransactWrite::Put(put("tab", sized("b", 100)))];
    let other = TransactWriteItems { transact_items: other, ..request.clone() };
    let outcome = engine.execute(Time::ZERO, &Request::TransactWriteItems(other));
    assert_eq!(error(&outcome).kind, ErrorKind::IdempotentParameterMismatch);
    let later = engine.execute(seconds(600.0), &Request::TransactWriteItems(request));
    assert_eq!(later.consumed[0].table, Units::write(CapacityUnits::whole(10)));
}

#[test]
fn item_sizes_of_every_type_are_charged() {
    let engine = simple();
    // 1,024 bytes exactly with a list, a number and a set; one byte more is another unit.
    let mut record = item([
        ("id", s("a")),
        ("l", AttributeValue::L(vec![n(12), AttributeValue::Null])),
        ("n", n(-123)),
        ("ss", AttributeValue::string_set(vec!["ab".into(), "c".into()])),
    ]);
    let used = record.size_bytes() + 1;
    assert_eq!(used, 3 + (1 + 3 + 3 + 2) + (1 + 4) + (2 + 3) + 1);
    record.insert("x".into(), s("x".repeat(KB - used)));
    assert_eq!(store(&engine, record.clone()), 1.0);
    record.insert("x".into(), s("x".repeat(KB - used + 1)));
    assert_eq!(store(&engine, record), 2.0);
}
