//! Global indexes added to a table and deleted from it.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use dynamometer::api::*;
use dynamometer::item::{AttributeValue, Item, PackedItem, ScalarType};
use dynamometer::time::Time;

use super::*;

fn owned(number: i64, owner: AttributeValue) -> Item {
    item([("id", s(number.to_string())), ("owner", owner)])
}

fn owners() -> Query {
    query("tab", Some("by_owner"), "#o = :o", {
        let names = [("#o".into(), "owner".into())];
        Placeholders { names: names.into(), values: item([(":o", s("x"))]) }
    })
}

#[test]
fn an_index_is_allocated_filled_and_read() {
    let engine = slow_engine();
    engine.create_table(seconds(0.0), &table("tab", CapacityMode::ON_DEMAND)).unwrap();
    for number in 0..6 {
        engine.load_item(&"tab".into(), owned(number, s("x"))).unwrap();
    }
    let query_at = |at: f64| match engine.execute(seconds(at), &Request::Query(owners())).result {
        Ok(response) => Ok(response.output),
        Err(error) => Err(error),
    };
    let described = |at: f64| engine.describe_table(seconds(at), "tab").unwrap();
    let index = |at: f64| {
        let index = described(at).global_secondary_indexes.remove(0);
        (described(at).status, index.status, index.is_backfilling)
    };
    let added = engine.update_table(seconds(10.0), &add_index("tab", "by_owner", CapacityMode::ON_DEMAND)).unwrap();
    assert_eq!(added.global_secondary_indexes.len(), 1);

    use ResourceStatus::{Active, Creating, Updating};
    assert_eq!(index(29.9), (Updating, Creating, Some(false)));
    assert_eq!(engine.update_table(seconds(29.9), &delete_index("tab", "by_owner")), Err(in_use("updated", "tab")));
    // Two items a second: three seconds.
    assert_eq!(index(30.0), (Active, Creating, Some(true)));
    assert_eq!(index(32.9), (Active, Creating, Some(true)));
    let backfilling = ApiError::validation("Cannot read from backfilling global secondary index: by_owner");
    assert_eq!(query_at(32.9), Err(backfilling.clone()));
    let scanned = engine.execute(seconds(32.9), &Request::Scan(scan("tab", Some("by_owner"))));
    assert_eq!(scanned.result, Err(backfilling));
    assert_eq!(engine.delete_table(seconds(32.9), "tab").unwrap_err().kind, ErrorKind::ResourceInUse);
    let second = engine.update_table(seconds(32.9), &add_index("tab", "other", CapacityMode::ON_DEMAND)).unwrap_err();
    assert_eq!(second.kind, ErrorKind::LimitExceeded);
    // Written while it is being filled.
    let write = engine.execute(seconds(32.9), &Request::PutItem(put("tab", owned(7, s("x")))));
    assert_eq!(write.consumed[0].global_secondary_indexes.len(), 1, "the index is written and charged");

    assert_eq!(index(33.0), (Active, Active, Some(false)));
    let Ok(Output::Page(page)) = query_at(33.0) else { panic!("the index is there") };
    assert_eq!(page.count, 7);

    let delete = engine.update_table(seconds(40.0), &delete_index("tab", "by_owner")).unwrap();
    assert_eq!(delete.definition.global_secondary_indexes, []);
    assert_eq!(index(59.9), (Updating, ResourceStatus::Deleting, Some(false)));
    assert_eq!(
        query_at(40.0),
        Err(ApiError::validation("The table does not have the specified index: by_owner")),
        "a deleted index serves no more"
    );
    let write = engine.execute(seconds(40.0), &Request::PutItem(put("tab", owned(8, s("x")))));
    assert_eq!(write.consumed[0].global_secondary_indexes, []);
    assert_eq!(described(60.0).global_secondary_indexes, []);
    engine.update_table(seconds(60.0), &add_index("tab", "by_owner", CapacityMode::ON_DEMAND)).unwrap();
}

#[test]
fn an_index_that_is_being_filled_may_be_deleted() {
    let engine = slow_engine();
    engine.create_table(seconds(0.0), &table("tab", CapacityMode::ON_DEMAND)).unwrap();
    for number in 0..1_000 {
        engine.load_item(&"tab".into(), owned(number, s("x"))).unwrap();
    }
    engine.update_table(seconds(10.0), &add_index("tab", "by_owner", CapacityMode::ON_DEMAND)).unwrap();
    engine.update_table(seconds(100.0), &delete_index("tab", "by_owner")).unwrap();
    let after = engine.describe_table(seconds(120.0), "tab").unwrap();
    assert_eq!((after.status, after.global_secondary_indexes), (ResourceStatus::Active, Vec::new()));
    assert_eq!(engine.delete_table(seconds(120.0), "tab").map(|_| ()), Ok(()));
}

#[test]
fn items_that_do_not_fit_the_key_are_left_out_and_refused_from_then_on() {
    let engine = quick_engine(&[table("tab", CapacityMode::ON_DEMAND)]);
    let put_now = |record: Item| engine.execute(Time::ZERO, &Request::PutItem(put("tab", record))).result.map(|_| ());
    let unfit = [n(5), AttributeValue::Null, s(""), s("x".repeat(2_049)), AttributeValue::Ss(vec!["x".into()])];
    for (number, owner) in (0..).zip(&unfit) {
        put_now(owned(number, owner.clone())).unwrap();
    }
    put_now(owned(100, s("x"))).unwrap();
    put_now(id("without")).unwrap();
    let described = engine.update_table(Time::ZERO, &add_index("tab", "by_owner", CapacityMode::ON_DEMAND)).unwrap();
    assert_eq!(described.global_secondary_indexes[0].item_count, 1);
    assert_eq!(page(&engine.execute(Time::ZERO, &Request::Query(owners()))).count, 1);

    assert_eq!(
        put_now(owned(0, n(5))),
        Err(invalid("Type mismatch for Index Key owner Expected: S Actual: N IndexName: by_owner"))
    );
    // An update that leaves the attribute alone goes through; one that touches it has to make it fit.
    let set = |text: &str, value| {
        let request = update("tab", id("1"), text, values([(":v", value)]));
        engine.execute(Time::ZERO, &Request::UpdateItem(request)).result.map(|_| ())
    };
    assert_eq!(set("SET seen = :v", n(1)), Ok(()));
    assert_eq!(set("SET owner = :v", n(6)).unwrap_err().kind, ErrorKind::Validation);
    // What was left out is replaced and deleted like any other item.
    put_now(owned(0, s("x"))).unwrap();
    for number in ["0", "1", "2", "3", "4", "100"] {
        let deleted = engine.execute(Time::ZERO, &Request::DeleteItem(delete("tab", id(number))));
        assert!(deleted.result.is_ok(), "{deleted:?}");
    }
    let described = engine.describe_table(Time::ZERO, "tab").unwrap();
    assert_eq!((described.item_count, described.global_secondary_indexes[0].item_count), (1, 0));
    assert_eq!(described.global_secondary_indexes[0].size_bytes, 0);
}

#[test]
fn a_new_index_has_throughput_of_its_own() {
    let engine = quick_engine(&[table("tab", CapacityMode::provisioned(1_000, 1_000))]);
    engine.update_table(Time::ZERO, &add_index("tab", "by_owner", CapacityMode::provisioned(1, 1))).unwrap();
    let record = Request::PutItem(put("tab", owned(1, s("x"))));
    assert!(engine.execute(Time::ZERO, &record).result.is_ok());
    let other = Request::PutItem(put("tab", owned(2, s("x"))));
    let throttled = engine.execute(Time::ZERO, &other).result.unwrap_err();
    assert_eq!(throttled.throttling_reasons[0].index.as_deref(), Some("by_owner"));
}

#[test]
fn what_a_deleted_index_consumed_stays_counted() {
    let engine = quick_engine(&[table("tab", CapacityMode::ON_DEMAND)]);
    for number in 0..3 {
        engine.update_table(Time::ZERO, &add_index("tab", "by_owner", CapacityMode::ON_DEMAND)).unwrap();
        engine.execute(Time::ZERO, &Request::PutItem(put("tab", owned(number, s("x")))));
        engine.update_table(Time::ZERO, &delete_index("tab", "by_owner")).unwrap();
    }
    let consumed = engine.consumed("tab").unwrap();
    assert_eq!(consumed.table.write, CapacityUnits::whole(3));
    let write = Units::write(CapacityUnits::whole(3));
    assert_eq!(consumed.global_secondary_indexes, [("by_owner".into(), write)], "a back-fill consumes nothing");
}

#[test]
fn writers_go_on_while_an_index_comes_and_goes() {
    const THREADS: i64 = 3;
    const IDS: i64 = 400;
    let engine = engine(Enforcement::Off, &[table("tab", CapacityMode::ON_DEMAND)]);
    for number in 0..4_000 {
        let record = owned(10_000 + number, s("x"));
        engine.execute(Time::ZERO, &Request::PutItem(put("tab", record)));
    }
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..THREADS)
            .map(|thread| {
                let (engine, done) = (&engine, &done);
                scope.spawn(move || {
                    let mut step = thread;
                    while !done.load(Ordering::Relaxed) {
                        step += 7;
                        let (number, owner) = (step * 31 % IDS, s(["x", "y", "z"][(step % 3) as usize]));
                        let request = match step % 5 {
                            0 => Request::DeleteItem(delete("tab", id(&number.to_string()))),
                            1 => Request::TransactWriteItems(transaction(vec![TransactWrite::Put(put(
                                "tab",
                                owned(number, owner),
                            ))])),
                            _ => Request::PutItem(put("tab", owned(number, owner))),
                        };
                        let outcome = engine.execute(Time::ZERO, &request);
                        assert!(outcome.result.is_ok(), "{outcome:?}");
                    }
                })
            })
            .collect();
        for _ in 0..20 {
            engine.update_table(Time::ZERO, &add_index("tab", "by_owner", CapacityMode::ON_DEMAND)).unwrap();
            let all = page(&engine.execute(Time::ZERO, &Request::Query(owners()))).count;
            assert!(all >= 4_000, "all that nobody touches is there as soon as the index is");
            engine.update_table(Time::ZERO, &delete_index("tab", "by_owner")).unwrap();
        }
        engine.update_table(Time::ZERO, &add_index("tab", "by_owner", CapacityMode::ON_DEMAND)).unwrap();
        done.store(true, Ordering::Relaxed);
        writers.into_iter().for_each(|writer| writer.join().unwrap());
    });
    let everything = |index: Option<&str>| {
        let page = page(&engine.execute(Time::ZERO, &Request::Scan(scan("tab", index)))).clone();
        assert_eq!(page.last_evaluated_key, None);
        let items: BTreeSet<String> = page.items.iter().map(|item| format!("{item:?}")).collect();
        assert_eq!(items.len(), page.items.len(), "no item twice");
        items
    };
    assert_eq!(everything(Some("by_owner")), everything(None), "nothing lost, nothing resurrected");
    let described = engine.describe_table(Time::ZERO, "tab").unwrap();
    let index = &described.global_secondary_indexes[0];
    assert_eq!((index.item_count, index.size_bytes), (described.item_count, described.size_bytes));
}

#[test]
fn a_new_index_may_have_other_keys_and_projections() {
    let engine = quick_engine(&[table("tab", CapacityMode::ON_DEMAND)]);
    for number in 0..10 {
        let record = item([("id", s(number.to_string())), ("owner", s("x")), ("size", n(9 - number)), ("t", s("t"))]);
        engine.execute(Time::ZERO, &Request::PutItem(put("tab", record)));
    }
    let key = schema(("owner", ScalarType::S), Some(("size", ScalarType::N)));
    let index = global("by_owner", key, Projection::KeysOnly, CapacityMode::ON_DEMAND);
    let request = UpdateTable {
        attribute_definitions: vec![attribute("owner", ScalarType::S), attribute("size", ScalarType::N)],
        global_secondary_index_updates: vec![GlobalSecondaryIndexUpdate::Create(index)],
        ..updated("tab")
    };
    engine.update_table(Time::ZERO, &request).unwrap();
    let found = engine.execute(Time::ZERO, &Request::Query(owners()));
    let expected: Vec<Item> =
        (0..10).map(|size| item([("id", s((9 - size).to_string())), ("owner", s("x")), ("size", n(size))])).collect();
    assert_eq!(page(&found).items.iter().map(PackedItem::to_item).collect::<Vec<_>>(), expected);
}
