//! Throttling in virtual time: scenarios from the documentation.

use dynamometer::api::*;
use dynamometer::engine::{Enforcement, Engine};
use dynamometer::item::ScalarType;
use dynamometer::time::Time;

use crate::engine_requests::*;

fn enforced(tables: &[CreateTable]) -> Engine {
    engine(Enforcement::Enforced, tables)
}

fn strong_get(name: &str) -> Request {
    Request::GetItem(GetItem { consistent_read: true, ..get("tab", id(name)) })
}

#[test]
fn five_idle_minutes_at_150_units_serve_200_a_second_for_15_minutes() {
    let engine = enforced(&[table("tab", CapacityMode::provisioned(150, 10))]);
    let request = strong_get("a");
    let mut served = 0u64;
    loop {
        let now = Time::from_nanos(300_000_000_000 + served * 5_000_000);
        let outcome = engine.execute(now, &request);
        if let Err(refused) = &outcome.result {
            assert_eq!(refused.kind, ErrorKind::ProvisionedThroughputExceeded);
            assert_eq!(refused.throttling_reasons[0].name(), "TableReadProvisionedThroughputExceeded");
            assert_eq!(outcome.consumed, []);
            break;
        }
        served += 1;
    }
    let lasted = served as f64 / 200.0;
    assert!((lasted - 900.0).abs() < 0.1, "{lasted}");
}

#[test]
fn consumption_never_exceeds_what_accrued_and_what_was_banked() {
    let (read, write) = (37, 11);
    let engine = enforced(&[table("tab", CapacityMode::provisioned(read, write))]);
    let item_of_7_kb = Request::PutItem(put("tab", sized("a", 7 * 1024)));
    let (mut consumed, mut throttled) = (Units::default(), 0);
    for step in 0..200_000u64 {
        let now = Time::from_nanos(step * 5_000_000);
        for request in [&item_of_7_kb, &strong_get("a")] {
            let outcome = engine.execute(now, request);
            throttled += u64::from(outcome.result.is_err());
            for consumed_now in &outcome.consumed {
                consumed += consumed_now.total();
            }
        }
        let elapsed = step as f64 / 200.0;
        // One second is at hand at the start, and the last request may be in debt.
        assert!(consumed.write.as_f64() <= write as f64 * (elapsed + 1.0) + 7.0);
        assert!(consumed.read.as_f64() <= read as f64 * (elapsed + 1.0) + 2.0);
    }
    assert!(throttled > 100_000);
    assert!(consumed.write.as_f64() >= write as f64 * 1_000.0 && consumed.read.as_f64() >= read as f64 * 1_000.0);
    assert_eq!(engine.consumed("tab").unwrap().table, consumed);
}

#[test]
fn a_global_index_with_one_write_unit_throttles_the_base_table_and_is_named() {
    let mut definition = table("tab", CapacityMode::provisioned(100, 100));
    let index = |name: &str, units| {
        let key = schema((name, ScalarType::S), None);
        global(name, key, Projection::KeysOnly, CapacityMode::provisioned(units, units))
    };
    definition.global_secondary_indexes = vec![index("wide", 100), index("narrow", 1)];
    let engine = enforced(&[definition]);
    let write = |number: i64, indexed: bool| {
        let mut record = item([("id", s(number.to_string())), ("wide", s("w"))]);
        if indexed {
            record.insert("narrow".into(), s("x"));
        }
        engine.execute(seconds(0.0), &Request::PutItem(put("tab", record)))
    };
    assert!(write(1, true).result.is_ok());
    let outcome = write(2, true);
    let refused = error(&outcome);
    assert_eq!(refused.kind, ErrorKind::ProvisionedThroughputExceeded);
    let expected = ThrottlingReason {
        table: "tab".into(),
        index: Some("narrow".into()),
        access: ReadWrite::Write,
        limit: LimitKind::ProvisionedThroughput,
    };
    assert_eq!(refused.throttling_reasons, [expected]);
    assert!(refused.message.contains("global secondary indexes"));
    // Nothing was consumed and nothing written, in the table or in the other index.
    assert_eq!(outcome.consumed, []);
    assert_eq!(engine.describe_table(Time::ZERO, "tab").unwrap().item_count, 1);
    let ledger = engine.consumed("tab").unwrap();
    let writes = |units: &Units| units.write.as_f64();
    assert_eq!(writes(&ledger.table), 1.0);
    assert_eq!(ledger.global_secondary_indexes.iter().map(|(_, units)| writes(units)).collect::<Vec<_>>(), [1.0, 1.0]);
    // An item that is not in the narrow index is written all the same, and the index is read on its own capacity.
    assert!(write(3, false).result.is_ok());
    let by = query("tab", Some("narrow"), "narrow = :n", values([(":n", s("x"))]));
    assert_eq!(page(&engine.execute(seconds(0.0), &Request::Query(by))).count, 1);
}

#[test]
fn on_demand_limits_have_their_own_exception() {
    let mode = CapacityMode::OnDemand { max_read_units: Some(5), max_write_units: None };
    let engine = enforced(&[table("tab", mode)]);
    let outcomes: Vec<Outcome> = (0..7).map(|_| engine.execute(seconds(1.0), &strong_get("a"))).collect();
    assert_eq!(outcomes.iter().filter(|outcome| outcome.result.is_ok()).count(), 5);
    let refused = error(&outcomes[6]);
    assert_eq!(
        (refused.kind, refused.throttling_reasons[0].limit),
        (ErrorKind::Throttling, LimitKind::MaxOnDemandThroughput)
    );
    assert_eq!(refused.message, "Throughput exceeds the maximum OnDemandThroughput configured on table or index");
}

#[test]
fn a_batch_read_is_throttled_item_by_item() {
    let engine = enforced(&[table("tab", CapacityMode::provisioned(2, 100))]);
    let keys: Vec<_> = (0..6).map(|number| id(&number.to_string())).collect();
    let mut batch = batch_get("tab", keys.clone());
    batch.request_items[0].1.consistent_read = true;
    let outcome = engine.execute(seconds(0.0), &Request::BatchGetItem(batch.clone()));
    let Output::BatchGetItem { unprocessed_keys, .. } = output(&outcome) else { panic!() };
    assert_eq!(unprocessed_keys[0].1.keys, keys[2..], "two units serve two missing items");
    assert!(unprocessed_keys[0].1.consistent_read);
    assert_eq!(units(&outcome), 2.0);
    let again = engine.execute(seconds(0.0), &Request::BatchGetItem(batch));
    assert_eq!(error(&again).kind, ErrorKind::ProvisionedThroughputExceeded);
    assert_eq!(again.consumed, []);
}

#[test]
fn a_batch_write_is_throttled_item_by_item() {
    let engine = enforced(&[table("tab", CapacityMode::provisioned(100, 3))]);
    let writes: Vec<_> = (0..5).map(|number| WriteRequest::Put(id(&number.to_string()).into())).collect();
    let batch = Request::BatchWriteItem(batch_write("tab", writes.clone()));
    let outcome = engine.execute(seconds(0.0), &batch);
    let Output::BatchWriteItem { unprocessed_items } = output(&outcome) else { panic!() };
    assert_eq!(unprocessed_items[0].1, writes[3..]);
    assert_eq!(units(&outcome), 3.0);
    assert_eq!(engine.describe_table(Time::ZERO, "tab").unwrap().item_count, 3);
    let again = engine.execute(seconds(0.0), &batch);
    assert_eq!(error(&again).kind, ErrorKind::ProvisionedThroughputExceeded);
    assert_eq!(again.consumed, []);
}

#[test]
fn a_throttled_transaction_names_the_items_that_could_not_be_paid() {
    let engine =
        enforced(&[table("rich", CapacityMode::provisioned(100, 100)), table("poor", CapacityMode::provisioned(1, 1))]);
    let write = || {
        let actions = vec![
            TransactWrite::Put(put("rich", id("a"))),
            TransactWrite::Put(put("poor", id("a"))),
            TransactWrite::Put(put("rich", id("b"))),
        ];
        engine.execute(seconds(0.0), &Request::TransactWriteItems(transaction(actions)))
    };
    assert!(write().result.is_ok(), "one unit is left, the second is a debt");
    let outcome = write();
    let cancelled = error(&outcome);
    let codes: Vec<&str> = cancelled.cancellation_reasons.iter().map(|reason| reason.code).collect();
    assert_eq!(codes, ["None", "ProvisionedThroughputExceeded", "None"]);
    assert_eq!(cancelled.kind, ErrorKind::TransactionCanceled);
    assert!(cancelled.message.ends_with("[None, ProvisionedThroughputExceeded, None]"));
    assert_eq!(outcome.consumed, []);
    let gets = [("rich", "a"), ("poor", "a")].map(|(table, name)| transact_get(table, id(name))).to_vec();
    let read = || {
        let request = TransactGetItems { transact_items: gets.clone() };
        engine.execute(seconds(0.0), &Request::TransactGetItems(request))
    };
    assert!(read().result.is_ok());
    let codes: Vec<&str> = error(&read()).cancellation_reasons.iter().map(|reason| reason.code).collect();
    assert_eq!(codes, ["None", "ProvisionedThroughputExceeded"]);
}

#[test]
fn a_failed_condition_needs_capacity_too() {
    let engine = enforced(&[table("tab", CapacityMode::provisioned(1, 1))]);
    let condition_expression = Some("attribute_exists(id)".into());
    let request = Request::PutItem(PutItem { condition_expression, ..put("tab", id("a")) });
    let kinds: Vec<_> = (0..2).map(|_| error(&engine.execute(seconds(0.0), &request)).kind).collect();
    assert_eq!(kinds, [ErrorKind::ConditionalCheckFailed, ErrorKind::ProvisionedThroughputExceeded]);
}

#[test]
fn a_table_created_late_has_no_bank() {
    let engine = enforced(&[]);
    engine.create_table(seconds(1_000.0), &table("tab", CapacityMode::provisioned(10, 10))).unwrap();
    let served = |now| (0..100).filter(|_| engine.execute(now, &strong_get("a")).result.is_ok()).count();
    assert_eq!(served(seconds(1_000.0)), 10);
    assert_eq!(served(seconds(1_002.0)), 20);
}
