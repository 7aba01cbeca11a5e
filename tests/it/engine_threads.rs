//! Several threads at one engine.

use std::collections::BTreeSet;

use dynamometer::api::*;
use dynamometer::engine::Enforcement;
use dynamometer::item::ScalarType;
use dynamometer::time::Time;

use crate::engine_requests::*;

const THREADS: i64 = 4;

#[test]
fn concurrent_increments_lose_nothing() {
    let mut definition = table("tab", CapacityMode::ON_DEMAND);
    let key = schema(("parity", ScalarType::S), Some(("n", ScalarType::N)));
    definition.global_secondary_indexes = vec![global("by_it", key, Projection::All, CapacityMode::ON_DEMAND)];
    let engine = engine(Enforcement::Off, &[definition]);
    let increment = |name: String| {
        let expression = "SET n = if_not_exists(n, :zero) + :one, parity = :p";
        update("tab", id(&name), expression, values([(":zero", n(0)), (":one", n(1)), (":p", s("p"))]))
    };
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (engine, increment) = (&engine, &increment);
            scope.spawn(move || {
                for step in 0..2_000 {
                    let name = (step % 5).to_string();
                    let request = match (step + thread) % 2 {
                        0 => Request::UpdateItem(increment(name)),
                        _ => Request::TransactWriteItems(transaction(vec![TransactWrite::Update(increment(name))])),
                    };
                    assert!(engine.execute(Time::ZERO, &request).result.is_ok());
                }
            });
        }
    });
    let all = engine.execute(Time::ZERO, &Request::Scan(scan("tab", None)));
    assert!(page(&all).items.iter().all(|item| item.to_item().get("n") == Some(&n(THREADS * 400))));
    let by = query("tab", Some("by_it"), "parity = :p", values([(":p", s("p"))]));
    let indexed = engine.execute(Time::ZERO, &Request::Query(by));
    let sorted = |page: &Page| page.items.iter().map(|item| format!("{item:?}")).collect::<BTreeSet<_>>();
    assert_eq!(page(&indexed).count, 5, "no stale entry stays in the index");
    assert_eq!(sorted(page(&indexed)), sorted(page(&all)));
}

#[test]
fn transfers_between_accounts_keep_the_sum_at_every_moment() {
    let engine = engine(
        Enforcement::Off,
        &[table("savings", CapacityMode::ON_DEMAND), table("checking", CapacityMode::ON_DEMAND)],
    );
    for (table, number) in [("savings", 0), ("checking", 0), ("savings", 1), ("checking", 1)] {
        let account = item([("id", s(format!("{number}"))), ("n", n(1_000))]);
        engine.execute(Time::ZERO, &Request::PutItem(put(table, account)));
    }
    let add = |table: &str, account: i64, amount: i64| {
        let expression = "SET n = n + :amount";
        TransactWrite::Update(update(table, id(&account.to_string()), expression, values([(":amount", n(amount))])))
    };
    let sum = || {
        let gets = [("savings", "0"), ("checking", "0"), ("savings", "1"), ("checking", "1")];
        let transact_items = gets.map(|(table, name)| transact_get(table, id(name))).to_vec();
        let outcome = engine.execute(Time::ZERO, &Request::TransactGetItems(TransactGetItems { transact_items }));
        let Output::TransactGetItems { items } = output(&outcome) else { panic!() };
        let amounts = items.iter().flatten().map(|item| match item.to_item().get("n") {
            Some(dynamometer::item::AttributeValue::N(number)) => number.to_f64() as i64,
            other => panic!("{other:?}"),
        });
        amounts.sum::<i64>()
    };
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (engine, add, sum) = (&engine, &add, &sum);
            scope.spawn(move || {
                for step in 0..1_000 {
                    let (from, to) = if step % 2 == 0 { ("savings", "checking") } else { ("checking", "savings") };
                    let actions = vec![add(from, thread % 2, -step), add(to, (thread + step) % 2, step)];
                    let request = Request::TransactWriteItems(transaction(actions));
                    assert!(engine.execute(Time::ZERO, &request).result.is_ok());
                    if step % 10 == 0 {
                        assert_eq!(sum(), 4_000);
                    }
                }
            });
        }
    });
    assert_eq!(sum(), 4_000);
}

#[test]
fn parallel_segments_cover_every_item_exactly_once() {
    let mut definition = table("tab", CapacityMode::ON_DEMAND);
    definition.key = schema(("id", ScalarType::N), Some(("at", ScalarType::N)));
    let engine = engine(Enforcement::Off, &[definition]);
    for number in 0..3_000 {
        engine.execute(Time::ZERO, &Request::PutItem(put("tab", item([("id", n(number / 3)), ("at", n(number % 3))]))));
    }
    for total_segments in [1u32, 2, 7, 64, 1_000] {
        let segment_items = |segment: u32| {
            let mut items = Vec::new();
            let mut exclusive_start_key = None;
            loop {
                let segment = Some(Segment { segment, total_segments });
                let request = Scan { segment, limit: Some(50), exclusive_start_key, ..scan("tab", None) };
                let outcome = engine.execute(Time::ZERO, &Request::Scan(request));
                items.extend(page(&outcome).items.iter().map(|item| format!("{item:?}")));
                exclusive_start_key = page(&outcome).last_evaluated_key.clone();
                if exclusive_start_key.is_none() {
                    return items;
                }
            }
        };
        let found: Vec<String> = std::thread::scope(|scope| {
            let segments: Vec<_> = (0..total_segments.min(8))
                .map(|thread| {
                    let segment_items = &segment_items;
                    let own = (thread..total_segments).step_by(8);
                    scope.spawn(move || own.flat_map(segment_items).collect::<Vec<_>>())
                })
                .collect();
            segments.into_iter().flat_map(|segment| segment.join().unwrap()).collect()
        });
        assert_eq!(found.len(), 3_000, "{total_segments}");
        assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), 3_000);
    }
}

#[test]
fn the_order_of_a_scan_follows_from_the_seed() {
    let order = |seed: u64| {
        let options = dynamometer::engine::EngineOptions { seed, ..Default::default() };
        let engine = dynamometer::engine::Engine::new(options);
        engine.create_table(Time::ZERO, &table("tab", CapacityMode::ON_DEMAND)).unwrap();
        for number in 0..100 {
            engine.execute(Time::ZERO, &Request::PutItem(put("tab", id(&number.to_string()))));
        }
        page(&engine.execute(Time::ZERO, &Request::Scan(scan("tab", None)))).items.clone()
    };
    assert_eq!(order(1), order(1));
    assert_ne!(order(1), order(2));
}
