//! The engine in process: a million items of 1 KB with ten attributes, capacity off.
//!
//! Goals on one thread: GetItem 1 M/s, PutItem (overwrite) 500 k/s, UpdateItem 300 k/s, Query of ten items 200 k/s.

use std::hint::black_box;
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput as Elements, criterion_group, criterion_main};
use dynamometer::api::{
    CapacityMode, CapacityUnits, CreateTable, GetItem, KeyAttribute, KeySchema, Placeholders, PutItem, Query, Request,
    ReturnValues, TableClass, UpdateItem,
};
use dynamometer::capacity::{TABLE_QUOTA_UNITS_PER_SECOND, Throughput};
use dynamometer::engine::{Enforcement, Engine, EngineOptions};
use dynamometer::item::{AttributeValue, Item, Number, ScalarType};
use dynamometer::time::Time;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ITEMS: u64 = 1_000_000;
const COLLECTION: u64 = 10;
/// Requests made and then served at a time: few enough to be still in the cache, as a generator leaves them.
const REQUESTS: usize = 2_000;

/// A stream of item numbers without pattern (splitmix64).
fn draws(seed: u64) -> impl Iterator<Item = u64> {
    let mut state = seed;
    std::iter::repeat_with(move || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % ITEMS
    })
}

fn table(name: &str, sort: bool) -> CreateTable {
    let attribute = |name: &str, scalar_type| KeyAttribute { name: name.into(), scalar_type };
    CreateTable {
        name: name.into(),
        key: KeySchema {
            partition: attribute("id", ScalarType::S),
            sort: sort.then(|| attribute("at", ScalarType::N)),
        },
        global_secondary_indexes: Vec::new(),
        local_secondary_indexes: Vec::new(),
        capacity: CapacityMode::ON_DEMAND,
        class: TableClass::Standard,
        warm_throughput: None,
        time_to_live_attribute: None,
    }
}

fn partition(number: u64) -> AttributeValue {
    AttributeValue::string(format!("user{number:012}"))
}

fn item(number: u64, sort: Option<u64>) -> Item {
    let text = |field: u64| (format!("field{field}").into(), AttributeValue::string("x".repeat(115)));
    let counter = ("n".into(), AttributeValue::from(Number::from(number)));
    let sort = sort.map(|sort| ("at".into(), AttributeValue::from(Number::from(sort))));
    (0..8).map(text).chain([("id".into(), partition(number)), counter]).chain(sort).collect()
}

fn key(number: u64) -> Item {
    [("id".into(), partition(number))].into_iter().collect()
}

fn put(table_name: &str, item: Item) -> Request {
    Request::PutItem(PutItem {
        table_name: table_name.into(),
        item: Arc::new(item),
        condition_expression: None,
        placeholders: Placeholders::default(),
        return_values: ReturnValues::None,
        return_item_on_condition_failure: false,
    })
}

fn engine() -> Engine {
    let engine = Engine::new(EngineOptions { capacity: Enforcement::Off, ..EngineOptions::default() });
    engine.create_table(Time::ZERO, &table("records", false)).expect("a valid table");
    engine.create_table(Time::ZERO, &table("events", true)).expect("a valid table");
    for number in 0..ITEMS {
        assert!(engine.execute(Time::ZERO, &put("records", item(number, None))).result.is_ok());
        let event = put("events", item(number / COLLECTION, Some(number % COLLECTION)));
        assert!(engine.execute(Time::ZERO, &event).result.is_ok());
    }
    engine
}

/// The requests of one operation, drawn beforehand.
fn requests(operation: &str, seed: u64) -> Vec<Request> {
    let one: Item = [(":one".into(), AttributeValue::from(Number::from(1)))].into_iter().collect();
    let (records, events, increment): (Arc<str>, Arc<str>, Arc<str>) =
        ("records".into(), "events".into(), "SET n = n + :one".into());
    let by_id: Arc<str> = "id = :id".into();
    let of = |number: u64| match operation {
        "GetItem" => Request::GetItem(GetItem {
            table_name: records.clone(),
            key: key(number),
            consistent_read: false,
            projection_expression: None,
            placeholders: Placeholders::default(),
        }),
        "PutItem" => put("records", item(number, None)),
        "UpdateItem" => Request::UpdateItem(UpdateItem {
            table_name: records.clone(),
            key: key(number),
            update_expression: Some(increment.clone()),
            condition_expression: None,
            placeholders: Placeholders { names: Arc::default(), values: one.clone() },
            return_values: ReturnValues::None,
            return_item_on_condition_failure: false,
        }),
        _ => Request::Query(Query {
            table_name: events.clone(),
            index_name: None,
            key_condition_expression: by_id.clone(),
            filter_expression: None,
            projection_expression: None,
            placeholders: Placeholders {
                names: Arc::default(),
                values: [(":id".into(), partition(number / COLLECTION))].into_iter().collect(),
            },
            select: None,
            limit: None,
            scan_index_forward: true,
            consistent_read: false,
            exclusive_start_key: None,
        }),
    };
    draws(seed).take(REQUESTS).map(of).collect()
}

/// Serves requests on this many threads and returns the time it took from the first thread's start to the last one's end.
///
/// Every thread makes its own requests before the clock starts: a put must not find its own item, and memory that was
/// allocated by another thread is dearer to free.
fn run(engine: &Engine, operation: &str, seed: u64, threads: u64) -> Duration {
    let barrier = Barrier::new(threads as usize);
    let serve = |thread: u64| {
        let requests = requests(operation, seed * 8 + thread);
        barrier.wait();
        let start = Instant::now();
        for request in &requests {
            let outcome = black_box(engine.execute(Time::ZERO, request));
            assert!(outcome.result.is_ok());
        }
        (start, Instant::now())
    };
    let times: Vec<(Instant, Instant)> = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads)
            .map(|thread| {
                scope.spawn({
                    let serve = &serve;
                    move || serve(thread)
                })
            })
            .collect();
        let own = serve(0);
        others.into_iter().map(|other| other.join().expect("a thread that serves")).chain([own]).collect()
    });
    let start = times.iter().map(|(start, _)| *start).min().expect("a thread");
    let end = times.iter().map(|(_, end)| *end).max().expect("a thread");
    end - start
}

fn operations(criterion: &mut Criterion) {
    let engine = engine();
    let mut seed = 0;
    for operation in ["GetItem", "PutItem", "UpdateItem", "Query"] {
        let mut group = criterion.benchmark_group(operation);
        group.sample_size(10).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(3));
        for threads in [1u64, 2] {
            group.throughput(Elements::Elements(REQUESTS as u64 * threads));
            group.bench_function(format!("threads: {threads}"), |bencher| {
                bencher.iter_custom(|iterations| {
                    seed += iterations;
                    (0..iterations).map(|iteration| run(&engine, operation, seed + iteration, threads)).sum()
                });
            });
        }
        group.finish();
    }
}

fn admission(criterion: &mut Criterion) {
    let throughput = |mode| Throughput::new(mode, None, TABLE_QUOTA_UNITS_PER_SECOND, Time::ZERO);
    let mut group = criterion.benchmark_group("admission");
    for (name, mode) in
        [("provisioned", CapacityMode::provisioned(40_000, 40_000)), ("on-demand", CapacityMode::ON_DEMAND)]
    {
        let table = throughput(mode);
        let mut nanos = 0;
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                nanos += 100_000;
                table.read.admit(Time::from_nanos(nanos), CapacityUnits::whole(1))
            });
        });
        let table = throughput(mode);
        group.bench_function(format!("{name}, two threads"), |bencher| {
            bencher.iter_custom(|iterations| {
                let start = Instant::now();
                std::thread::scope(|scope| {
                    for _ in 0..2 {
                        scope.spawn(|| {
                            for at in 0..iterations {
                                let _ = black_box(
                                    table.read.admit(Time::from_nanos(at * 100_000), CapacityUnits::whole(1)),
                                );
                            }
                        });
                    }
                });
                start.elapsed()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, admission, operations);
criterion_main!(benches);
