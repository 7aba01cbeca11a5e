//! What the engine keeps after requests that find nothing: nothing. A binary of its own, for its allocator counts.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;

use dynamometer::api::*;
use dynamometer::engine::{Enforcement, Engine, EngineOptions};
use dynamometer::item::{AttributeValue, Item, Number, ScalarType};
use dynamometer::time::Time;

/// The system's allocator, with the bytes each thread holds.
struct Counting;

thread_local! {
    static HELD_BYTES: Cell<isize> = const { Cell::new(0) };
}

fn count(bytes: isize) {
    // A thread that ends has no count any more.
    let _ = HELD_BYTES.try_with(|held| held.set(held.get() + bytes));
}

// SAFETY: every call goes to the system's allocator as it came; counting touches no memory but a thread's own cell.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller's promises are those the system's allocator asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: the caller's promises are those the system's allocator asks for.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What those requests are refused for.
const VAIN: [ErrorKind; 3] =
    [ErrorKind::ConditionalCheckFailed, ErrorKind::TransactionCanceled, ErrorKind::ResourceNotFound];

const TABLE: &str = "orders";
const ITEMS: u64 = 500;
/// Requests of each kind.
const LOOKUPS: u64 = 5_000;

fn string(text: impl Into<String>) -> AttributeValue {
    AttributeValue::string(text.into())
}

fn item<const N: usize>(attributes: [(&str, AttributeValue); N]) -> Item {
    attributes.into_iter().map(|(name, value)| (name.into(), value)).collect()
}

fn key(partition: String, sort: u64) -> Item {
    item([("pk", string(partition)), ("sk", Number::from(sort).into())])
}

/// An engine with a table, a global and a local index, and items in all of them.
fn filled() -> Engine {
    let attribute = |name: &str, scalar_type| KeyAttribute { name: name.into(), scalar_type };
    let schema =
        |partition, sort| KeySchema::new(attribute(partition, ScalarType::S), Some(attribute(sort, ScalarType::N)));
    let engine = Engine::new(EngineOptions { capacity: Enforcement::Off, ..EngineOptions::default() });
    let definition = CreateTable {
        name: TABLE.into(),
        key: schema("pk", "sk"),
        global_secondary_indexes: vec![GlobalSecondaryIndex {
            name: "by_circumstances".into(),
            key: schema("circumstances", "size"),
            projection: Projection::All,
            capacity: CapacityMode::ON_DEMAND,
            warm_throughput: None,
        }],
        local_secondary_indexes: vec![LocalSecondaryIndex {
            name: "by_size".into(),
            key: schema("pk", "size"),
            projection: Projection::KeysOnly,
        }],
        capacity: CapacityMode::ON_DEMAND,
        class: TableClass::Standard,
        warm_throughput: None,
        time_to_live_attribute: Some("expires".into()),
        deletion_protection: false,
    };
    assert!(engine.create_table(Time::ZERO, &definition).is_ok());
    for number in 0..ITEMS {
        let mut stored = key(format!("stored {}", number / 10), number % 10);
        stored.insert("circumstances".into(), string(["open", "paid"][number as usize % 2]));
        stored.insert("size".into(), Number::from(number % 7).into());
        let request = Request::PutItem(PutItem {
            table_name: TABLE.into(),
            item: Arc::new(stored),
            condition_expression: None,
            placeholders: Placeholders::default(),
            return_values: ReturnValues::None,
            return_item_on_condition_failure: false,
        });
        assert!(engine.execute(Time::ZERO, &request).result.is_ok());
    }
    engine
}

/// Requests that find nothing and change nothing, for a key nobody else asks for.
fn lookups(number: u64) -> Vec<Request> {
    let missing = || key(format!("missing {number}"), number);
    // Of a collection that exists.
    let beside = || key(format!("stored {}", number % 50), 1_000 + number);
    let get = |key| GetItem {
        table_name: TABLE.into(),
        key,
        consistent_read: true,
        projection_expression: Some("pk, size_of_it".into()),
        placeholders: Placeholders::default(),
    };
    let delete = |key, condition: Option<&str>| DeleteItem {
        table_name: TABLE.into(),
        key,
        condition_expression: condition.map(Into::into),
        placeholders: Placeholders::default(),
        return_values: ReturnValues::AllOld,
        return_item_on_condition_failure: true,
    };
    let put = |key| PutItem {
        table_name: TABLE.into(),
        item: Arc::new(key),
        condition_expression: Some("attribute_exists(pk)".into()),
        placeholders: Placeholders::default(),
        return_values: ReturnValues::None,
        return_item_on_condition_failure: true,
    };
    let update = |key| UpdateItem {
        table_name: TABLE.into(),
        key,
        update_expression: Some("SET total_sum = if_not_exists(total_sum, :n) + :n".into()),
        condition_expression: Some("attribute_exists(pk)".into()),
        placeholders: Placeholders { values: item([(":n", Number::from(1).into())]), ..Placeholders::default() },
        return_values: ReturnValues::AllNew,
        return_item_on_condition_failure: true,
    };
    let query = |index: Option<&str>, condition: &str, partition: String| {
        Request::Query(Query {
            table_name: TABLE.into(),
            index_name: index.map(Into::into),
            key_condition_expression: condition.into(),
            filter_expression: Some("attribute_exists(total_sum)".into()),
            projection_expression: None,
            placeholders: Placeholders { values: item([(":p", string(partition))]), ..Placeholders::default() },
            select: None,
            limit: None,
            scan_index_forward: true,
            consistent_read: false,
            exclusive_start_key: None,
        })
    };
    let keys = KeysAndAttributes {
        keys: vec![missing(), beside()],
        consistent_read: false,
        projection_expression: None,
        placeholders: Placeholders::default(),
    };
    let transact_get = |key| TransactGet {
        table_name: TABLE.into(),
        key,
        projection_expression: None,
        placeholders: Placeholders::default(),
    };
    let cancelled = TransactWriteItems {
        transact_items: vec![
            TransactWrite::Put(PutItem { condition_expression: None, ..put(beside()) }),
            TransactWrite::Update(update(missing())),
        ],
        client_request_token: Some(format!("token {number}").into()),
    };
    vec![
        Request::GetItem(get(missing())),
        Request::GetItem(get(beside())),
        Request::GetItem(GetItem { table_name: format!("table-{number}").as_str().into(), ..get(missing()) }),
        Request::DeleteItem(delete(missing(), None)),
        Request::DeleteItem(delete(beside(), None)),
        Request::DeleteItem(delete(missing(), Some("attribute_exists(pk)"))),
        Request::PutItem(put(missing())),
        Request::PutItem(put(beside())),
        Request::UpdateItem(update(missing())),
        Request::UpdateItem(update(beside())),
        query(None, "pk = :p", format!("missing {number}")),
        query(Some("by_size"), "pk = :p", format!("missing {number}")),
        query(Some("by_circumstances"), "circumstances = :p", format!("missing {number}")),
        Request::BatchGetItem(BatchGetItem { request_items: vec![(TABLE.into(), keys)] }),
        Request::BatchWriteItem(BatchWriteItem {
            request_items: vec![(TABLE.into(), vec![WriteRequest::Delete(missing()), WriteRequest::Delete(beside())])],
        }),
        Request::TransactGetItems(TransactGetItems {
            transact_items: vec![transact_get(missing()), transact_get(beside())],
        }),
        Request::TransactWriteItems(cancelled),
    ]
}

fn ask(engine: &Engine, numbers: std::ops::Range<u64>) {
    for request in numbers.flat_map(lookups) {
        if let Err(error) = engine.execute(Time::ZERO, &request).result {
            assert!(VAIN.contains(&error.kind), "{error}: {request:?}");
        }
    }
}

#[test]
fn requests_that_find_nothing_leave_memory_as_it_was() {
    let engine = filled();
    // Parsed expressions are kept, and a thread's first request sets it up.
    ask(&engine, 0..200);
    let described = engine.describe_table(Time::ZERO, TABLE);
    let before = HELD_BYTES.get();
    ask(&engine, 200..200 + LOOKUPS);
    let after = HELD_BYTES.get();
    assert_eq!(after - before, 0, "bytes kept after {LOOKUPS} requests of each kind");
    assert_eq!(engine.describe_table(Time::ZERO, TABLE), described);
    assert_eq!(described.map(|table| table.item_count), Ok(ITEMS));
}

#[test]
fn the_count_sees_what_is_kept() {
    let before = HELD_BYTES.get();
    let kept = vec![0u8; 1_000];
    assert_eq!(HELD_BYTES.get() - before, 1_000);
    drop(kept);
    assert_eq!(HELD_BYTES.get() - before, 0);
}
