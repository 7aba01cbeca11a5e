//! Faults in virtual time: what fails, for how long, where, and that nothing acknowledged is lost (facts §3.4).

use std::collections::BTreeMap;
use std::time::Duration;

use dynamometer::api::*;
use dynamometer::engine::{Enforcement, Engine, EngineOptions};
use dynamometer::item::{AttributeValue, Item, ScalarType};
use dynamometer::replication::{Fault, FaultKind, ReplicationSettings, Zone};
use dynamometer::time::Time;
use proptest::prelude::*;

use crate::engine_requests::*;

/// Items over all partitions.
const ITEMS: usize = 40;

fn fault(kind: FaultKind, from: f64, until: f64) -> Fault {
    let until = if until.is_infinite() { Time::NEVER } else { seconds(until) };
    Fault { kind, from: seconds(from), until, table: None, key: None }
}

fn zone(number: usize) -> Zone {
    Zone::ALL[number]
}

/// An engine with tables `tab`, with the index `by-keeper`, and `other`, both with all items.
fn struck(faults: Vec<Fault>) -> Engine {
    let engine = Engine::new(EngineOptions {
        seed: 42,
        capacity: Enforcement::Off,
        replication: Some(ReplicationSettings::default()),
        faults,
        ..EngineOptions::default()
    });
    let by_keeper =
        global("by-keeper", schema(("keeper", ScalarType::S), None), Projection::All, CapacityMode::ON_DEMAND);
    let tab = CreateTable { global_secondary_indexes: vec![by_keeper], ..table("tab", CapacityMode::ON_DEMAND) };
    for table in [tab, table("other", CapacityMode::ON_DEMAND)] {
        engine.create_table(Time::ZERO, &table).unwrap();
        for number in 0..ITEMS {
            let loaded = item([("id", s(name(number))), ("keeper", s("ann"))]);
            engine.load_item(&table.name, loaded).unwrap();
        }
    }
    engine
}

fn name(number: usize) -> String {
    format!("thing-{number}")
}

fn write(table: &str, number: usize) -> Request {
    Request::PutItem(put(table, item([("id", s(name(number))), ("keeper", s("ann"))])))
}

fn strong(number: usize) -> Request {
    Request::GetItem(GetItem { consistent_read: true, ..get("tab", id(&name(number))) })
}

fn eventual(number: usize) -> Request {
    Request::GetItem(get("tab", id(&name(number))))
}

fn kind(outcome: &Outcome) -> Option<ErrorKind> {
    outcome.result.as_ref().err().map(|error| error.kind)
}

/// Which items get which answer.
fn answers(engine: &Engine, now: f64, request: fn(usize) -> Request) -> Vec<Option<ErrorKind>> {
    (0..ITEMS).map(|number| kind(&engine.execute(seconds(now), &request(number)))).collect()
}

fn failing(engine: &Engine, now: f64, request: fn(usize) -> Request) -> usize {
    answers(engine, now, request).iter().flatten().count()
}

#[test]
fn a_lost_leader_costs_its_partition_the_lease_and_no_other() {
    let one = Fault {
        table: Some("tab".into()),
        key: Some(id(&name(7))),
        ..fault(FaultKind::LeaderLost, 10.0, f64::INFINITY)
    };
    let engine = struck(vec![one]);
    for request in [|number| write("tab", number), strong] {
        assert_eq!(failing(&engine, 9.999, request), 0);
        for now in [10.0, 11.0, 11.999] {
            let answers = answers(&engine, now, request);
            let of_partition = answers.iter().flatten().count();
            // One partition of four.
            assert!((4..=18).contains(&of_partition), "{of_partition}");
            assert_eq!(answers[7], Some(ErrorKind::InternalServerError));
        }
        assert_eq!(failing(&engine, 12.0, request), 0);
    }
    for now in [10.0, 11.999, 12.0] {
        assert_eq!(failing(&engine, now, eventual), 0);
        assert_eq!(failing(&engine, now, |number| write("other", number)), 0);
    }
}

#[test]
fn the_lease_can_be_set() {
    let faults = vec![fault(FaultKind::LeaderLost, 10.0, 11.0)];
    let engine = Engine::new(EngineOptions { faults, lease: Duration::from_secs(5), ..EngineOptions::default() });
    engine.create_table(Time::ZERO, &table("tab", CapacityMode::ON_DEMAND)).unwrap();
    assert_eq!(failing(&engine, 14.999, |number| write("tab", number)), ITEMS);
    assert_eq!(failing(&engine, 15.0, |number| write("tab", number)), 0);
}

#[test]
fn a_lost_zone_fails_over_what_it_led_and_writes_go_on() {
    let engine = struck(vec![fault(FaultKind::ZoneStops(zone(0)), 10.0, 60.0)]);
    let during = answers(&engine, 11.0, |number| write("tab", number));
    let paused = during.iter().flatten().count();
    assert!(paused < ITEMS && during.iter().flatten().all(|kind| *kind == ErrorKind::InternalServerError));
    for now in [12.0, 59.0, 60.0, 61.0] {
        assert_eq!(failing(&engine, now, |number| write("tab", number)), 0);
        assert_eq!(failing(&engine, now, strong) + failing(&engine, now, eventual), 0);
    }
    // Every partition is led from somewhere: losing each zone in turn pauses each partition once.
    let of_each = (0..3).map(|number| {
        let engine = struck(vec![fault(FaultKind::ZoneStops(zone(number)), 10.0, 60.0)]);
        failing(&engine, 11.0, |number| write("tab", number))
    });
    assert_eq!(of_each.sum::<usize>(), ITEMS);
}

#[test]
fn two_lost_zones_take_the_quorum_until_one_returns() {
    let faults =
        vec![fault(FaultKind::ZoneStops(zone(0)), 10.0, 60.0), fault(FaultKind::ZoneStops(zone(1)), 20.0, 40.0)];
    let engine = struck(faults);
    for request in [|number| write("tab", number), strong] {
        assert_eq!(failing(&engine, 19.0, request), 0);
        for now in [20.0, 30.0, 39.999] {
            assert!(answers(&engine, now, request).iter().all(|kind| *kind == Some(ErrorKind::ServiceUnavailable)));
        }
        assert_eq!(failing(&engine, 40.0, request), 0);
    }
    // The one replica left answers.
    assert_eq!(failing(&engine, 30.0, eventual), 0);
    let all = fault(FaultKind::ZoneStops(zone(2)), 25.0, 35.0);
    let faults =
        vec![fault(FaultKind::ZoneStops(zone(0)), 10.0, 60.0), fault(FaultKind::ZoneStops(zone(1)), 20.0, 40.0), all];
    let engine = struck(faults);
    assert!(answers(&engine, 30.0, eventual).iter().all(|kind| *kind == Some(ErrorKind::ServiceUnavailable)));
    assert_eq!(failing(&engine, 35.0, eventual), 0);
}

#[test]
fn a_replica_that_returns_has_caught_up() {
    let stops = fault(FaultKind::ReplicaStops(None), 10.0, 20.0);
    let lag = fault(FaultKind::AddedLag(Duration::from_secs(1000)), 0.0, f64::INFINITY);
    let engine = struck(vec![stops, lag]);
    let version = |number: usize, version: i64| {
        Request::PutItem(put("tab", item([("id", s(name(number))), ("version", n(version))])))
    };
    // One of the two followers will lack this for a thousand seconds, unless it stops and catches up; the other has what was
    // written while it was the only one.
    for number in 0..ITEMS {
        engine.execute(seconds(5.0), &version(number, 1));
        engine.execute(seconds(15.0), &version(number, 2));
    }
    let mut stale = 0;
    for step in 0..20 {
        for number in 0..ITEMS {
            let now = seconds(20.0 + f64::from(step) * 0.01);
            let outcome = engine.execute(now, &eventual(number));
            let Output::GetItem { item: Some(item) } = output(&outcome) else { panic!("{outcome:?}") };
            stale += usize::from(item.to_item().get("version") != Some(&n(2)));
        }
    }
    // What the follower that stayed lacks it lacks still: half of the first writes, and the second behind the first.
    assert!(stale > 0 && stale < 20 * ITEMS / 3, "{stale}");
    let engine = struck(vec![fault(FaultKind::AddedLag(Duration::from_secs(1000)), 0.0, f64::INFINITY)]);
    engine.execute(seconds(5.0), &version(1, 1));
    assert_eq!(kind(&engine.execute(seconds(2000.0), &eventual(1))), None);
}

#[test]
fn a_slow_replica_slows_what_it_serves() {
    let by = Duration::from_millis(300);
    let engine = struck(vec![fault(FaultKind::SlowReplica { zone: Some(zone(2)), by }, 10.0, 20.0)]);
    let delays = |now: f64, request: fn(usize) -> Request| {
        let delays = (0..ITEMS).map(|number| engine.execute(seconds(now), &request(number)).delayed);
        delays.fold(BTreeMap::<Duration, usize>::new(), |mut counts, delay| {
            *counts.entry(delay).or_default() += 1;
            counts
        })
    };
    assert_eq!(delays(9.0, eventual), BTreeMap::from([(Duration::ZERO, ITEMS)]));
    assert_eq!(delays(20.0, eventual), BTreeMap::from([(Duration::ZERO, ITEMS)]));
    // A third of the eventual reads.
    let third = delays(15.0, eventual)[&by];
    assert!((4..=24).contains(&third), "{third}");
    // Of writes and strong reads those whose partition it leads: the same ones.
    assert_eq!(delays(15.0, strong), delays(15.0, |number| write("tab", number)));
}

#[test]
fn what_fails_costs_nothing_and_does_nothing() {
    let engine = struck(vec![fault(FaultKind::LeaderLost, 10.0, 60.0)]);
    let before = engine.consumed("tab").unwrap();
    let refused = Request::PutItem(put("tab", item([("id", s("new")), ("keeper", s("bob"))])));
    let requests = [
        refused,
        strong(1),
        Request::UpdateItem(update("tab", id(&name(1)), "SET x = :x", values([(":x", n(1))]))),
        Request::DeleteItem(delete("tab", id(&name(1)))),
        Request::TransactWriteItems(transaction(vec![TransactWrite::Delete(delete("tab", id(&name(1))))])),
        Request::TransactGetItems(TransactGetItems { transact_items: vec![transact_get("tab", id(&name(1)))] }),
        Request::Scan(Scan { consistent_read: true, ..scan("tab", None) }),
        Request::Query(Query {
            consistent_read: true,
            ..query("tab", None, "id = :id", values([(":id", s(name(1)))]))
        }),
        Request::BatchWriteItem(batch_write("tab", vec![WriteRequest::Delete(id(&name(1)))])),
    ];
    for request in requests {
        let outcome = engine.execute(seconds(11.0), &request);
        assert_eq!(error(&outcome).kind, ErrorKind::InternalServerError, "{request:?}");
        assert_eq!(error(&outcome).kind.http_status(), 500);
        assert!(outcome.consumed.is_empty());
    }
    assert_eq!(engine.consumed("tab").unwrap(), before);
    let outcome = engine.execute(seconds(13.0), &Request::Scan(Scan { consistent_read: true, ..scan("tab", None) }));
    assert_eq!(page(&outcome).count, ITEMS as u64);
    // A request that is wrong is told so, fault or not.
    let unknown = Request::GetItem(GetItem { consistent_read: true, ..get("nothing", id("a")) });
    assert_eq!(error(&engine.execute(seconds(11.0), &unknown)).kind, ErrorKind::ResourceNotFound);
    let wrong = Request::PutItem(put("tab", item([("other", s("x"))])));
    assert_eq!(error(&engine.execute(seconds(11.0), &wrong)).kind, ErrorKind::Validation);
}

#[test]
fn a_batch_is_served_where_its_partitions_serve() {
    let one = Fault {
        table: Some("tab".into()),
        key: Some(id(&name(7))),
        ..fault(FaultKind::LeaderLost, 10.0, f64::INFINITY)
    };
    let engine = struck(vec![one]);
    let out: Vec<usize> =
        (0..25).filter(|number| kind(&engine.execute(seconds(11.0), &strong(*number))).is_some()).collect();
    assert!(!out.is_empty() && out.len() < 25);
    let writes = (0..25).map(|number| WriteRequest::Delete(id(&name(number)))).collect();
    let outcome = engine.execute(seconds(11.0), &Request::BatchWriteItem(batch_write("tab", writes)));
    let Output::BatchWriteItem { unprocessed_items } = output(&outcome) else { panic!("{outcome:?}") };
    let expected: Vec<_> = out.iter().map(|number| WriteRequest::Delete(id(&name(*number)))).collect();
    assert_eq!(*unprocessed_items, vec![("tab".into(), expected)]);

    let mut reads = batch_get("tab", (0..ITEMS).map(|number| id(&name(number))).collect());
    let outcome = engine.execute(seconds(11.0), &Request::BatchGetItem(reads.clone()));
    let Output::BatchGetItem { unprocessed_keys, .. } = output(&outcome) else { panic!("{outcome:?}") };
    assert!(unprocessed_keys.is_empty(), "eventually consistent reads go on");
    reads.request_items[0].1.consistent_read = true;
    let outcome = engine.execute(seconds(11.0), &Request::BatchGetItem(reads));
    let Output::BatchGetItem { responses, unprocessed_keys } = output(&outcome) else { panic!("{outcome:?}") };
    // Of the 25 those are left that could not be deleted, and cannot be read either.
    assert_eq!(unprocessed_keys[0].1.keys.len(), failing(&engine, 11.0, strong));
    assert_eq!(responses[0].1.len(), ITEMS - 25 - (unprocessed_keys[0].1.keys.len() - out.len()));
}

#[test]
fn an_added_lag_holds_for_indexes_too() {
    let engine = struck(vec![fault(FaultKind::AddedLag(Duration::from_secs(5)), 10.0, 20.0)]);
    let renamed = item([("id", s(name(3))), ("keeper", s("bob"))]);
    engine.execute(seconds(11.0), &Request::PutItem(put("tab", renamed)));
    let of_bob = Request::Query(query("tab", Some("by-keeper"), "keeper = :keeper", values([(":keeper", s("bob"))])));
    assert_eq!(page(&engine.execute(seconds(15.9), &of_bob)).count, 0);
    assert_eq!(page(&engine.execute(seconds(18.0), &of_bob)).count, 1);
}

#[derive(Debug, Clone)]
enum Step {
    Write { item: usize },
    Delete { item: usize },
    Increment { item: usize },
    Read { item: usize },
}

fn any_fault() -> impl Strategy<Value = Fault> {
    let any_zone = || (0..3usize).prop_map(zone);
    let kind = prop_oneof![
        proptest::option::of(any_zone()).prop_map(FaultKind::ReplicaStops),
        any_zone().prop_map(FaultKind::ZoneStops),
        Just(FaultKind::LeaderLost),
        any_zone().prop_map(|zone| FaultKind::SlowReplica { zone: Some(zone), by: Duration::from_millis(100) }),
        Just(FaultKind::AddedLag(Duration::from_secs(2))),
    ];
    let key = proptest::option::of((0..6usize).prop_map(|number| id(&name(number))));
    (kind, 0u32..40, 1u32..20, key)
        .prop_map(|(kind, from, length, key)| Fault { key, ..fault(kind, f64::from(from), f64::from(from + length)) })
}

fn any_step() -> impl Strategy<Value = (Step, u64)> {
    let step = (0..4, 0..6usize).prop_map(|(which, item)| match which {
        0 => Step::Write { item },
        1 => Step::Delete { item },
        2 => Step::Increment { item },
        _ => Step::Read { item },
    });
    (step, 0..800u64)
}

proptest! {
    /// Whatever fails in whatever order: what was acknowledged is what the next strongly consistent read shows, and what was
    /// refused did not happen.
    #[test]
    fn nothing_acknowledged_is_ever_lost(
        faults in proptest::collection::vec(any_fault(), 0..7),
        steps in proptest::collection::vec(any_step(), 1..120),
    ) {
        let engine = struck(faults);
        let mut model: BTreeMap<usize, Option<i64>> = BTreeMap::new();
        let mut written: BTreeMap<usize, Vec<Option<i64>>> = (0..6).map(|number| (number, vec![None, Some(0)])).collect();
        let mut now = Time::ZERO;
        for number in 0..6 {
            let outcome = engine.execute(now, &Request::PutItem(put("tab", counted(number, 0))));
            model.insert(number, outcome.result.is_ok().then_some(0));
        }
        for (value, (step, pause_millis)) in (1..).zip(steps) {
            now += Duration::from_millis(pause_millis);
            match step {
                Step::Write { item } => {
                    if engine.execute(now, &Request::PutItem(put("tab", counted(item, value * 1000)))).result.is_ok() {
                        model.insert(item, Some(value * 1000));
                        written.entry(item).or_default().push(Some(value * 1000));
                    }
                }
                Step::Delete { item } => {
                    if engine.execute(now, &Request::DeleteItem(delete("tab", id(&name(item))))).result.is_ok() {
                        model.insert(item, None);
                    }
                }
                Step::Increment { item } => {
                    let add = update("tab", id(&name(item)), "ADD counted :one", values([(":one", n(1))]));
                    if engine.execute(now, &Request::UpdateItem(add)).result.is_ok() {
                        let sum = model.get(&item).copied().flatten().unwrap_or(0) + 1;
                        model.insert(item, Some(sum));
                        written.entry(item).or_default().push(Some(sum));
                    }
                }
                Step::Read { item } => {
                    let eventually = engine.execute(now, &eventual(item));
                    if let Ok(response) = &eventually.result {
                        prop_assert!(written[&item].contains(&count(&response.output)));
                    }
                }
            }
            for (item, known) in &model {
                if let Ok(response) = engine.execute(now, &strong(*item)).result {
                    prop_assert_eq!(count(&response.output), *known, "item {} at {:?}", item, now);
                }
            }
        }
        // All faults are over: everything is readable again, and every replica has it.
        now += Duration::from_secs(1000);
        for (item, known) in &model {
            prop_assert_eq!(count(output(&engine.execute(now, &strong(*item)))), *known);
            prop_assert_eq!(count(output(&engine.execute(now, &eventual(*item)))), *known);
        }
    }
}

fn counted(number: usize, count: i64) -> Item {
    item([("id", s(name(number))), ("counted", n(count))])
}

fn count(output: &Output) -> Option<i64> {
    let Output::GetItem { item } = output else { panic!("{output:?}") };
    let item = item.as_ref()?.to_item();
    match item.get("counted")? {
        AttributeValue::N(number) => Some(number.to_f64() as i64),
        other => panic!("{other:?}"),
    }
}
