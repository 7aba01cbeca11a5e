//! What is counted: hot paths of the engine, of the generator and of the recorder.

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use dynamometer::api::{
    CapacityMode, CapacityUnits, ConditionCheck, ConsumedCapacity, Placeholders, Request, TransactWrite,
    TransactWriteItems, Units,
};
use dynamometer::capacity::{Access, CapacityModel, Charge, Place, ResourceOptions, Throughput};
use dynamometer::engine::Engine;
use dynamometer::protocol;
use dynamometer::record::{CapacityLimit, OutcomeKind, Recorder, Resource, Sample, Shape};
use dynamometer::time::Time;
use dynamometer::workload::{Drafter, Next, Overrides, Plan, Source, Workload};

use crate::fixture::{self, CONDITIONAL, GET, MOVED, MOVING, ORDERS, PUT, QUERY, UPDATE};

/// Items of a table: enough for trees of several levels.
const ITEMS: u64 = 5_000;
const REQUESTS: usize = 1_000;
/// Requests served before anything is counted: expressions are parsed, memory is allocated.
const WARM_UP: usize = 100;
const SEED: u64 = 1;
/// Items of 1,000 bytes in a page of a Scan, nearly.
const PAGES: usize = 4;

/// A hot path.
pub struct Case {
    pub name: &'static str,
    /// Operations that the prepared work does.
    pub operations: usize,
    /// Makes what the work needs.
    pub prepare: fn() -> Box<dyn FnMut()>,
}

/// Every case. Names are the keys of the recorded file.
pub const CASES: [Case; 14] = [
    Case { name: GET, operations: REQUESTS, prepare: || serving("records", GET) },
    Case { name: "GetItem through the JSON protocol", operations: REQUESTS, prepare: protocol_get },
    Case { name: PUT, operations: REQUESTS, prepare: || serving("records", PUT) },
    Case { name: CONDITIONAL, operations: REQUESTS, prepare: || serving(ORDERS, CONDITIONAL) },
    Case { name: MOVING, operations: REQUESTS, prepare: || serving(MOVED, MOVING) },
    Case { name: UPDATE, operations: REQUESTS, prepare: || serving("records", UPDATE) },
    Case { name: QUERY, operations: REQUESTS, prepare: || serving("events", QUERY) },
    Case { name: "Scan, a page of 1 MB", operations: PAGES, prepare: scanning },
    Case { name: "TransactWriteItems of 3", operations: REQUESTS, prepare: transactions },
    Case { name: "admission, 1 partition", operations: ADMISSIONS, prepare: || admissions(1) },
    Case { name: "admission, 1,000 partitions", operations: ADMISSIONS, prepare: || admissions(1_000) },
    Case { name: "drawing an operation", operations: DRAWN, prepare: drawing },
    Case { name: "recording an operation", operations: RECORDED, prepare: recording },
    Case { name: "collecting a second of records", operations: SECONDS, prepare: collecting },
];

/// Serves requests, the warm-up at once, the others when called.
fn serving(table: &str, operation: &str) -> Box<dyn FnMut()> {
    let engine = fixture::engine(table, ITEMS);
    serve_all(engine, fixture::requests(operation, SEED, ITEMS, WARM_UP + REQUESTS))
}

fn serve_all(engine: Engine, requests: Vec<Request>) -> Box<dyn FnMut()> {
    let serve = move |requests: &[Request]| {
        for request in requests {
            assert!(black_box(engine.execute(Time::ZERO, request)).result.is_ok());
        }
    };
    serve(&requests[..WARM_UP]);
    Box::new(move || serve(&requests[WARM_UP..]))
}

fn scanning() -> Box<dyn FnMut()> {
    let page = Request::Scan(fixture::scan("records"));
    serve_all(fixture::engine("records", ITEMS), vec![page; WARM_UP + PAGES])
}

/// A put, an update and a check of a condition, each on an item of its own.
fn transactions() -> Box<dyn FnMut()> {
    let count = WARM_UP + REQUESTS;
    let puts = fixture::requests(PUT, SEED, ITEMS, count);
    let updates = fixture::requests(UPDATE, SEED + 1, ITEMS, count);
    let exists: Arc<str> = "attribute_exists(id)".into();
    let transaction = |(number, (put, update)): (usize, (Request, Request))| {
        let (Request::PutItem(put), Request::UpdateItem(mut update)) = (put, update) else { unreachable!("as asked") };
        // Numbers of the draws' own would meet each other now and then.
        let other = |offset: u64| fixture::key((number as u64 * 2 + offset) % ITEMS + ITEMS);
        update.key = other(0);
        let check = ConditionCheck {
            table_name: put.table_name.clone(),
            key: other(1),
            condition_expression: exists.clone(),
            placeholders: Placeholders::default(),
            return_item_on_condition_failure: false,
        };
        Request::TransactWriteItems(TransactWriteItems {
            transact_items: vec![
                TransactWrite::Put(put),
                TransactWrite::Update(update),
                TransactWrite::ConditionCheck(check),
            ],
            client_request_token: None,
        })
    };
    let requests = puts.into_iter().zip(updates).enumerate().map(transaction).collect();
    serve_all(fixture::engine("records", 2 * ITEMS), requests)
}

fn protocol_get() -> Box<dyn FnMut()> {
    let engine = fixture::engine("records", ITEMS);
    let body = |number: u64| {
        let key = number * 7_919 % ITEMS;
        format!(r#"{{"TableName":"records","Key":{{"id":{{"S":"user{key:012}"}}}},"ReturnConsumedCapacity":"TOTAL"}}"#)
    };
    let bodies: Vec<String> = (0..(WARM_UP + REQUESTS) as u64).map(body).collect();
    let serve = move |bodies: &[String]| {
        for body in bodies {
            assert_eq!(black_box(protocol::answer(&engine, Time::ZERO, "GetItem", body.as_bytes())).status, 200);
        }
    };
    serve(&bodies[..WARM_UP]);
    Box::new(move || serve(&bodies[WARM_UP..]))
}

const ADMISSIONS: usize = 20_000;

fn admissions(partitions: u32) -> Box<dyn FnMut()> {
    let model = CapacityModel {
        least_partitions: partitions,
        partition_write_units_per_second: 10_000_000,
        partition_read_units_per_second: 10_000_000,
        ..CapacityModel::default()
    };
    let capacity = CapacityMode::provisioned(10_000_000, 10_000_000);
    let table = Throughput::new(&ResourceOptions::of(capacity), model, Time::ZERO);
    let (mut at, mut hash) = (0, SEED);
    let mut admit = move |count: usize| {
        for _ in 0..count {
            at += 1_000;
            hash = hash.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let charge = Charge {
                throughput: &table,
                access: Access::Write,
                place: &Place::of_hash(hash),
                units: CapacityUnits::whole(1),
                growth_bytes: 0,
            };
            assert!(black_box(table.admit(Time::from_nanos(at), &charge)).is_ok());
        }
    };
    admit(WARM_UP);
    Box::new(move || admit(ADMISSIONS))
}

/// Half reads, half writes of 1 KB items with ten attributes.
const WORKLOAD: &str = r#"
    name = "instructions"
    seed = 1
    operations = [
        { name = "get", type = "get", key = "zipfian" },
        { name = "put", type = "put", key = "zipfian" },
    ]
    phases = [{ name = "p", duration = "1h", rate = 1000 }]
    [[tables]]
    name = "things"
    partition_key = { name = "pk", type = "S" }
    items = 100_000
    [tables.item]
    pk = "user#{record:08}"
    field0 = { string = { length = 100 } }
    field1 = { string = { length = 100 } }
    field2 = { string = { length = 100 } }
    field3 = { string = { length = 100 } }
    field4 = { string = { length = 100 } }
    field5 = { string = { length = 100 } }
    field6 = { string = { length = 100 } }
    field7 = { string = { length = 100 } }
    field8 = { string = { length = 130 } }
"#;
const DRAWN: usize = 5_000;

fn drawing() -> Box<dyn FnMut()> {
    let source = Source { path: "instructions.toml".into(), text: WORKLOAD.into() };
    let workload = Workload::parse(source, Path::new("."), Overrides::default()).expect("a sound workload");
    let workload = Arc::new(workload);
    let (mut plan, drafter) = (Plan::new(Arc::clone(&workload)), Drafter::new(workload));
    let mut draw = move |count: usize| {
        for _ in 0..count {
            let Next::Shot(shot) = plan.next(Time::ZERO) else { panic!("an hour of operations") };
            black_box(drafter.request(&shot));
        }
    };
    draw(WARM_UP);
    Box::new(move || draw(DRAWN))
}

const RECORDED: usize = 10_000;
const SECONDS: usize = 10;
const TABLE: &str = "things";

fn recorder() -> Recorder {
    let resource = Resource { table: TABLE.into(), index: None, limit: CapacityLimit::OnDemand };
    Recorder::new(Shape { phase_ends: vec![Time::from_secs_f64(3_600.0)], operations: 2, resources: vec![resource] }, 1)
}

/// Records an operation that is due at `due` and takes what it draws, from 10 µs to a millisecond.
fn record(recorder: &Recorder, number: usize, due: Time) {
    let took = Duration::from_micros(10 + (number as u64 * 7_919) % 990);
    let (operation, done) = (number % 2, due + took);
    let consumed = [ConsumedCapacity::of_table(TABLE.into(), Units::read(CapacityUnits::whole(1)))];
    recorder.offered(0, 0, operation, due);
    recorder.attempt(0, done, operation, &consumed, None);
    let outcome = OutcomeKind::Succeeded;
    let (free, sent) = (due, due);
    let sample =
        Sample { phase: 0, operation, due, free, sent, done, outcome, attempts: 1, retries: 0, single: true, items: 1 };
    recorder.end(0, &sample);
}

/// Within two seconds of a run.
fn recording() -> Box<dyn FnMut()> {
    let recorder = recorder();
    let due = |number: usize| Time::from_nanos(number as u64 * 100_000);
    (0..WARM_UP).for_each(|number| record(&recorder, number, due(number)));
    Box::new(move || (WARM_UP..WARM_UP + RECORDED).for_each(|number| record(&recorder, number, due(number))))
}

fn collecting() -> Box<dyn FnMut()> {
    const A_SECOND: usize = 1_000;
    let recorder = recorder();
    for number in 0..SECONDS * A_SECOND {
        record(&recorder, number, Time::from_nanos(number as u64 * 1_000_000));
    }
    Box::new(move || recorder.collect())
}
