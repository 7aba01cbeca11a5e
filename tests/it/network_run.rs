//! Whole runs over a network, against a DynamoDB that does as it is told and against moto's.

use dynamometer::api::ReadWrite;
use dynamometer::record::{Counts, Ending, RunResult, ThrottleCount};
use serde_json::{Value, json};

use crate::dyno::{Desk, Ended, total, wait_for};
use crate::moto::Moto;
use crate::stub::{Reply, Script, Stub};

/// A workload over one table of string keys: these phases, operations and whatever else.
fn workload(rest: &str) -> String {
    format!(
        "name = \"network\"\n{rest}\n[[tables]]\nname = \"things\"\npartition_key = {{ name = \"pk\", type = \"S\" }}\n\
         items = 10\n[tables.item]\npk = \"thing-{{record}}\"\n"
    )
}

const GET: &str = r#"operations = [{ name = "get", type = "get" }]"#;

/// A stub with the table in it.
fn script() -> Script {
    Script::new().table("things", "pk", None)
}

fn run(stub: &Stub, rest: &str) -> RunResult {
    let (ended, result) = Desk::with(&workload(rest)).run(&["--target", &stub.url()]);
    ended.expect(0);
    assert_eq!(result.target.endpoint, stub.url());
    result
}

#[test]
fn every_throttled_attempt_counts_by_its_exception_and_reason() {
    let reply = Reply::provisioned_throughput_exceeded("TableReadProvisionedThroughputExceeded", "things");
    let stub = script().on("GetItem", reply).start();
    let result = run(&stub, &format!("phases = [{{ name = \"p\", duration = \"1s\", rate = 20 }}]\n{GET}"));
    let counts = total(&result);
    // Three attempts each: the standard policy.
    let expected =
        Counts { offered: 20, throttled: 20, attempts: 60, retries: 40, throttled_attempts: 60, ..Counts::default() };
    assert_eq!((counts, stub.count("GetItem")), (expected, 60));
    let throttle = ThrottleCount {
        operation: 0,
        exception: "ProvisionedThroughputExceededException".into(),
        reason: "TableReadProvisionedThroughputExceeded".into(),
        resource: "things".into(),
        access: Some(ReadWrite::Read),
        count: 60,
    };
    assert_eq!(result.throttles, [throttle]);
    assert_eq!(result.errors, []);
}

#[test]
fn a_throttle_that_passes_costs_a_retry_and_no_operation() {
    let throttled = Reply::throttled("IndexWriteMaxOnDemandThroughputExceeded", "things/index/by-state");
    let stub = script().on_each("PutItem", [throttled.clone(), throttled, Reply::ok(json!({}))]).start();
    let result = run(
        &stub,
        r#"
        phases = [{ name = "p", duration = "1s", rate = 20 }]
        operations = [{ name = "put", type = "put" }]"#,
    );
    let counts = total(&result);
    assert_eq!((counts.succeeded, counts.retries, counts.throttled_attempts), (20, 2, 2));
    let [throttle] = result.throttles.as_slice() else { panic!("{:?}", result.throttles) };
    assert_eq!(throttle.exception, "ThrottlingException");
    assert_eq!(throttle.reason, "IndexWriteMaxOnDemandThroughputExceeded");
    assert_eq!((throttle.resource.as_str(), throttle.access), ("things/index/by-state", Some(ReadWrite::Write)));
}

#[test]
fn the_clients_quota_bounds_the_retries_of_a_whole_run() {
    let reply = Reply::throttled("TableReadMaxOnDemandThroughputExceeded", "things");
    let stub = script().on("GetItem", reply).start();
    let result = run(&stub, &format!("phases = [{{ name = \"p\", duration = \"1s\", rate = 150 }}]\n{GET}"));
    let counts = total(&result);
    // 500 tokens, 5 a retry, and no success that gives any back.
    assert_eq!((counts.offered, counts.throttled, counts.retries, counts.attempts), (150, 150, 100, 250));
    assert_eq!(stub.count("GetItem"), 250);
}

#[test]
fn errors_are_counted_by_name_and_retried_where_that_can_help() {
    for (reply, name, attempts_each) in [
        (Reply::error(500, "InternalServerError", "oh"), "InternalServerError", 2),
        (Reply::error(503, "ServiceUnavailable", "later"), "ServiceUnavailable", 2),
        (Reply::raw(500, ""), "HTTP 500", 2),
        (Reply::raw(503, "<html>busy</html>"), "HTTP 503", 2),
        (Reply::Reset, "ConnectionError", 2),
        (Reply::Truncated, "MalformedResponse", 2),
        (Reply::raw(200, "{\"Item\": 5}"), "MalformedResponse", 1),
        (Reply::raw(200, "nonsense"), "MalformedResponse", 1),
        (Reply::error(400, "ValidationException", "no"), "ValidationException", 1),
        (Reply::error(400, "AccessDeniedException", "not you"), "AccessDeniedException", 1),
    ] {
        let shown = format!("{reply:?}");
        let stub = script().on("GetItem", reply).start();
        let result = run(
            &stub,
            &format!(
                "client = {{ retries = \"standard_2026\", max_attempts = 2 }}\n\
                 phases = [{{ name = \"p\", duration = \"100ms\", rate = 100 }}]\n{GET}"
            ),
        );
        let counts = total(&result);
        assert_eq!((counts.offered, counts.failed), (10, 10), "{shown}: {counts:?}");
        assert_eq!((counts.attempts, counts.retries), (10 * attempts_each, 10 * attempts_each - 10), "{shown}");
        let errors: Vec<_> = result.errors.iter().map(|error| (error.name.as_str(), error.count)).collect();
        assert_eq!(errors, [(name, 10 * attempts_each)], "{shown}");
        assert_eq!(result.throttles, [], "{shown}");
        assert_eq!(stub.count("GetItem"), 10 * attempts_each, "{shown}: nobody else retries");
    }
}

#[test]
fn what_a_batch_leaves_out_is_asked_for_again() {
    let left_out =
        json!({ "UnprocessedItems": { "things": [{ "DeleteRequest": { "Key": { "pk": { "S": "a" } } } }] } });
    let keys_left_out = json!({
        "Responses": { "things": [{ "pk": { "S": "b" } }] },
        "UnprocessedKeys": { "things": { "Keys": [{ "pk": { "S": "a" } }] } },
    });
    let found = json!({ "Responses": { "things": [{ "pk": { "S": "a" } }] }, "UnprocessedKeys": {} });
    for (operation, api_operation, first, second) in
        [("batch_write", "BatchWriteItem", left_out, json!({})), ("batch_get", "BatchGetItem", keys_left_out, found)]
    {
        let stub = script().on_each(api_operation, [Reply::ok(json!({})), Reply::ok(first), Reply::ok(second)]).start();
        let result = run(
            &stub,
            &format!(
                "phases = [{{ name = \"p\", duration = \"1s\", rate = 2 }}]\n\
                 operations = [{{ name = \"batch\", type = \"{operation}\", batch = {{ size = 3 }} }}]"
            ),
        );
        let counts = total(&result);
        assert_eq!((counts.offered, counts.succeeded), (2, 2), "{operation}");
        // Loading took the first reply of BatchWriteItem, an operation the first of BatchGetItem.
        assert_eq!((counts.attempts, counts.retries, counts.throttled_attempts), (3, 1, 1), "{operation}");
        let [throttle] = result.throttles.as_slice() else { panic!("{:?}", result.throttles) };
        assert_eq!((throttle.reason.as_str(), throttle.count), ("", 1), "the answer gives no reason");
    }
}

#[test]
fn a_batch_that_never_gets_ahead_is_throttled() {
    let none = json!({ "Responses": {}, "UnprocessedKeys": { "things": { "Keys": [{ "pk": { "S": "a" } }] } } });
    let stub = script().on("BatchGetItem", Reply::ok(none)).start();
    let result = run(
        &stub,
        r#"
        phases = [{ name = "p", duration = "1s", rate = 5 }]
        operations = [{ name = "batch", type = "batch_get", batch = { size = 1 } }]"#,
    );
    let counts = total(&result);
    assert_eq!((counts.throttled, counts.attempts, counts.throttled_attempts), (5, 15, 15));
    assert_eq!(
        stub.last("BatchGetItem").unwrap().body["RequestItems"]["things"]["Keys"],
        json!([{ "pk": { "S": "a" } }])
    );
}

#[test]
fn no_answer_in_time_is_a_time_out() {
    for (retries, attempts) in [("none", 10), ("standard_2026", 20)] {
        let stub = script().on("GetItem", Reply::Silence).start();
        let result = run(
            &stub,
            &format!(
                "client = {{ timeout = \"50ms\", retries = \"{retries}\", max_attempts = 2 }}\n\
                 phases = [{{ name = \"p\", duration = \"100ms\", rate = 100 }}]\n{GET}"
            ),
        );
        let counts = total(&result);
        assert_eq!((counts.timed_out, counts.attempts), (10, attempts), "{retries}");
        let errors: Vec<_> = result.errors.iter().map(|error| (error.name.as_str(), error.count)).collect();
        assert_eq!(errors, [("TimeOut", attempts)]);
    }
}

#[test]
fn what_is_overdue_when_the_run_ends_is_counted_and_not_sent() {
    let stub = script().on("GetItem", Reply::Silence).start();
    let result = run(
        &stub,
        &format!(
            "client = {{ timeout = \"500ms\", retries = \"none\", in_flight = 2 }}\n\
             phases = [{{ name = \"p\", duration = \"1s\", rate = 2000 }}]\n{GET}"
        ),
    );
    let counts = total(&result);
    assert_eq!(counts.offered, 2000);
    assert_eq!(counts.unsent, 2000 - stub.count("GetItem"));
    assert!(counts.unsent > 1900, "{counts:?}");
    // A second of grace and a time-out after the end; looking for a place for each of them would take far longer.
    assert!(result.duration_seconds < 15.0, "{}", result.duration_seconds);
}

#[test]
fn closed_loops_keep_as_many_in_flight_as_they_say_and_no_more() {
    let stub = script().delay(std::time::Duration::from_millis(4)).start();
    let result = run(
        &stub,
        &format!(
            "phases = [{{ name = \"one\", duration = \"400ms\", in_flight = 1 }}, \
             {{ name = \"another\", duration = \"400ms\", in_flight = 1 }}]\n{GET}"
        ),
    );
    for phase in [0, 1] {
        let totals = result.totals.iter().find(|totals| totals.phase == phase).unwrap();
        assert!(!result.phases[phase].open_loop);
        assert!(totals.counts.succeeded > 0, "{totals:?}");
        // One after the other: together they take no longer than the phase and the last one's way past its end.
        let success = &totals.latencies[0].service;
        let busy = success.mean().as_secs_f64() * success.count() as f64;
        assert!(busy <= 0.4 + success.max().as_secs_f64(), "{busy}");
    }
    // Two where the first phase's last answer comes after the second has begun.
    assert!((1..=2).contains(&stub.most_at_once()), "{}", stub.most_at_once());
}

#[test]
fn an_open_loop_follows_a_closed_one() {
    let stub = script().start();
    let result = run(
        &stub,
        &format!(
            "phases = [{{ name = \"closed\", duration = \"300ms\", in_flight = 3, warm_up = true }}, \
             {{ name = \"open\", duration = \"500ms\", rate = 100 }}]\n{GET}"
        ),
    );
    let offered = |phase| result.totals.iter().find(|totals| totals.phase == phase).unwrap().counts.offered;
    assert!(offered(0) > 0);
    assert_eq!(offered(1), 50);
}

fn missing() -> Reply {
    Reply::error(400, "ResourceNotFoundException", "Requested resource not found")
}

fn active(name: &str) -> Reply {
    Reply::ok(json!({ "Table": {
        "TableName": name, "TableStatus": "ACTIVE",
        "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }],
        "AttributeDefinitions": [{ "AttributeName": "pk", "AttributeType": "S" }],
        "BillingModeSummary": { "BillingMode": "PAY_PER_REQUEST" },
    } }))
}

/// A stub whose table is missing twice, once for the plan and once for making it ready, and there from then on.
fn script_without_table() -> Script {
    Script::new().on_each("DescribeTable", [missing(), missing(), active("things")])
}

fn short_run(stub: &Stub, arguments: &[&str]) -> Ended {
    let desk = Desk::with(&workload(&format!("phases = [{{ name = \"p\", duration = \"100ms\", rate = 50 }}]\n{GET}")));
    let url = stub.url();
    desk.dyno(["run", "test.toml", "--target", &url].iter().chain(arguments))
}

#[test]
fn tables_the_run_created_are_deleted_afterwards() {
    let stub = script_without_table().start();
    short_run(&stub, &[]).expect(0);
    assert_eq!((stub.count("CreateTable"), stub.count("DeleteTable")), (1, 1));
}

#[test]
fn tables_the_run_created_are_kept_on_demand() {
    let stub = script_without_table().start();
    short_run(&stub, &["--keep-tables"]).expect(0);
    assert_eq!((stub.count("CreateTable"), stub.count("DeleteTable")), (1, 0));
}

#[test]
fn tables_that_were_there_before_are_kept() {
    let stub = script().start();
    short_run(&stub, &[]).expect(0);
    assert_eq!((stub.count("CreateTable"), stub.count("DeleteTable")), (0, 0));
}

#[test]
fn a_table_that_does_not_fit_the_workload_stops_it() {
    let stub = Script::new().table("things", "id", None).start();
    short_run(&stub, &[]).expect(3).says(&["table `things`", "its key is id (S), not pk (S)", "choose another name"]);
}

#[test]
fn a_run_that_cannot_load_deletes_what_it_created() {
    let stub = script_without_table().on("BatchWriteItem", Reply::error(400, "ValidationException", "too big")).start();
    short_run(&stub, &[]).expect(3).says(&["loading table `things` failed", "too big"]);
    assert_eq!(stub.count("DeleteTable"), 1);
}

#[test]
fn a_run_whose_second_table_is_refused_deletes_the_first() {
    let denied = Reply::error(400, "AccessDeniedException", "not you");
    let stub = Script::new()
        .on_each("DescribeTable", [missing(), missing(), missing(), missing(), active("things")])
        .on_each("CreateTable", [Reply::ok(json!({})), denied])
        .start();
    let second = "[[tables]]\nname = \"others\"\npartition_key = { name = \"pk\", type = \"S\" }\nitem = { pk = \"{record}\" }\n";
    let operations = r#"operations = [{ name = "get", type = "get", table = "things" }]"#;
    let text = workload(&format!("phases = [{{ name = \"p\", duration = \"100ms\", rate = 50 }}]\n{operations}"));
    let desk = Desk::with(&(text + second));
    desk.dyno(["run", "test.toml", "--target", &stub.url()])
        .expect(3)
        .says(&["CreateTable of table `others`", "not you"]);
    assert_eq!(stub.count("DeleteTable"), 1);
    assert_eq!(stub.last("DeleteTable").unwrap().body, json!({ "TableName": "things" }));
}

#[test]
fn an_interrupt_while_loading_ends_it_and_deletes_what_was_created() {
    let stub = script_without_table().on("BatchWriteItem", Reply::Silence).start();
    let rest =
        format!("client = {{ timeout = \"1h\" }}\nphases = [{{ name = \"p\", duration = \"1s\", rate = 1 }}]\n{GET}");
    let desk = Desk::with(&workload(&rest));
    let running = desk.start(&["run", "test.toml", "--target", &stub.url()]);
    wait_for("loading", || stub.count("BatchWriteItem") > 0);
    running.signal("INT");
    running.end().expect(3).says(&["stopped while loading; nothing was measured"]);
    assert_eq!(stub.count("DeleteTable"), 1);
}

#[test]
fn a_target_that_dies_costs_failures_and_not_the_record() {
    let stub = script_without_table().start();
    let rest = format!(
        "client = {{ retries = \"none\" }}\nphases = [{{ name = \"p\", duration = \"2s\", rate = 100 }}]\n{GET}"
    );
    let desk = Desk::with(&workload(&rest));
    let running = desk.start(&["run", "test.toml", "--out", "out", "--target", &stub.url()]);
    wait_for("some operations", || stub.count("GetItem") > 20);
    drop(stub);
    running.end().expect(0);
    let result = desk.result("out/result.json");
    crate::dyno::assert_balanced(&result);
    let counts = total(&result);
    assert_eq!(result.ended, Ending::Completed);
    assert_eq!((counts.offered, counts.succeeded + counts.failed), (200, 200));
    assert!(counts.succeeded >= 20 && counts.failed > 20, "{counts:?}");
    assert!(result.errors.iter().all(|error| error.name == "ConnectionError"), "{:?}", result.errors);
    // The table that was created cannot be deleted, and the record says so.
    assert!(
        result.warnings.iter().any(|warning| warning.starts_with("tables were left behind")),
        "{:?}",
        result.warnings
    );
}

/// All ten operations.
const EVERYTHING: &str = r#"
name = "everything"
seed = 4
thresholds = ["errors = 0"]
client = { timeout = "60s" }

[[tables]]
name = "network-run-everything"
partition_key = { name = "pk", type = "S" }
sort_key = { name = "sk", type = "N" }
items = 60
items_per_partition = 5
item_size = 300

[tables.item]
pk = "owner-{partition}"
sk = { sort = {} }
state = "open"
visits = 0

[[operations]]
name = "get"
type = "get"

[[operations]]
name = "put"
type = "put"
key = "new"

[[operations]]
name = "update"
type = "update"
update = "SET #s = :done ADD visits :one"
names = { s = "state" }
values = { done = "done", one = 1 }

[[operations]]
name = "delete"
type = "delete"
key = "missing"

[[operations]]
name = "query"
type = "query"
limit = 3
pages = "all"

[[operations]]
name = "scan"
type = "scan"
limit = 10

[[operations]]
name = "batch get"
type = "batch_get"
batch = { size = 4 }

[[operations]]
name = "batch write"
type = "batch_write"
batch = { size = 4 }

[[operations]]
name = "transact get"
type = "transact_get"
actions = [{ type = "get" }, { type = "get" }]

[[operations]]
name = "transact write"
type = "transact_write"
actions = [
    { type = "put", key = "new" },
    { type = "update", update = "ADD visits :one", values = { one = 1 } },
]

[[phases]]
name = "all of it"
duration = "3s"
rate = 30
"#;

#[test]
fn all_ten_operations_succeed_against_moto() {
    let Some(moto) = Moto::server() else { return };
    let (ended, result) = Desk::with(EVERYTHING).run(&["--target", moto.url()]);
    ended.expect(0);
    assert_eq!((result.loaded[0].items, result.operations.len()), (60, 10));
    for totals in &result.totals {
        let name = &result.operations[totals.operation].name;
        assert!(totals.counts.offered > 0, "{name}");
        assert_eq!(totals.counts.succeeded, totals.counts.offered, "{name}: {:?}", result.errors);
        assert!(totals.items > 0, "{name}");
    }
    let consumed: Vec<Value> = result
        .series
        .points
        .iter()
        .flat_map(|point| &point.resources)
        .map(|resource| serde_json::to_value(resource.consumed).unwrap())
        .collect();
    assert!(!consumed.is_empty(), "what moto reports as consumed is in the record");
}
