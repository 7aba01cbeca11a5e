//! Sessions step by step: pages, what batches leave out, retries, conditions.

use std::time::Duration;

use super::super::retry::{Jitter, RetryPolicy, RetryQuota};
use super::*;
use crate::api::{Page, Query, WriteRequest};
use crate::item::{AttributeValue, Item};
use crate::random::Streams;
use crate::workload::{Overrides, Source, Workload};
use smallvec::smallvec;

const WORKLOAD: &str = r#"
    name = "session"
    operations = [
        { name = "list", type = "query", pages = "all" },
        { name = "write", type = "batch_write", key = "new" },
        { name = "guarded", type = "put", condition = "attribute_not_exists(pk)", condition_failed = "success" },
    ]
    phases = [{ name = "p", duration = "1s", rate = 1 }]
    [[tables]]
    name = "things"
    partition_key = { name = "pk", type = "S" }
    items = 10
    item = { pk = "{record}" }
"#;

struct Fixture {
    workload: Workload,
    client: Client,
}

fn fixture() -> Fixture {
    let source = Source { path: "session.toml".into(), text: WORKLOAD.into() };
    let workload = Workload::parse(source, std::path::Path::new("."), Overrides::default()).unwrap();
    let policy = RetryPolicy::new(&workload.client);
    let client = Client { policy, quota: RetryQuota::new(), jitter: Jitter::new(Streams::new(1).stream("jitter")) };
    Fixture { workload, client }
}

fn session(operation: usize, request: Request) -> Session {
    let shot =
        Shot { phase: 0, operation, index: 0, due: None, counter: 0, epoch_nanos: 0, populations: smallvec![10] };
    Session::new(shot, request, Time::ZERO, Time::ZERO)
}

fn replied(output: Output) -> Answer {
    Answer::Replied(Outcome {
        result: Ok(Response { output }),
        consumed: Vec::new(),
        item_collections: Vec::new(),
        delayed: Duration::ZERO,
        from_cache: false,
    })
}

fn refused(kind: ErrorKind) -> Answer {
    Answer::Replied(Outcome {
        result: Err(ApiError::new(kind, "no")),
        consumed: Vec::new(),
        item_collections: Vec::new(),
        delayed: Duration::ZERO,
        from_cache: false,
    })
}

fn query() -> Request {
    Request::Query(Query {
        table_name: "things".into(),
        index_name: None,
        key_condition_expression: "pk = :p".into(),
        filter_expression: None,
        projection_expression: None,
        placeholders: Default::default(),
        select: None,
        limit: None,
        scan_index_forward: true,
        consistent_read: false,
        exclusive_start_key: None,
    })
}

fn key(text: &str) -> Item {
    [("pk".into(), AttributeValue::string(text))].into_iter().collect()
}

#[test]
fn pages_are_followed_to_the_last() {
    let Fixture { workload, client } = fixture();
    let operation = &workload.operations[0];
    let mut session = session(0, query());
    let page =
        |last: Option<Item>| replied(Output::Page(Page { count: 2, last_evaluated_key: last, ..Page::default() }));
    session.sending(Time::ZERO);
    assert_eq!(session.receive(Time::from_nanos(1), &page(Some(key("a"))), operation, &client), Step::Send);
    assert!(matches!(&*session.request, Request::Query(query) if query.exclusive_start_key == Some(key("a"))));
    session.sending(Time::from_nanos(2));
    let step = session.receive(Time::from_nanos(3), &page(None), operation, &client);
    assert_eq!(step, Step::Done(OutcomeKind::Succeeded));
    let sample = session.sample(Time::from_nanos(3), OutcomeKind::Succeeded);
    assert_eq!((sample.attempts, sample.retries, sample.items, sample.single), (2, 0, 4, false));
}

#[test]
fn unprocessed_writes_are_asked_for_again() {
    let Fixture { workload, client } = fixture();
    let operation = &workload.operations[1];
    let writes = |names: &[&str]| {
        let writes = names.iter().map(|name| WriteRequest::Put(Arc::new(key(name)))).collect();
        vec![("things".into(), writes)]
    };
    let mut session = session(1, Request::BatchWriteItem(BatchWriteItem { request_items: writes(&["a", "b", "c"]) }));
    session.sending(Time::ZERO);
    let answer = replied(Output::BatchWriteItem { unprocessed_items: writes(&["c"]) });
    assert!(matches!(failure(&answer), Some(Failure::Throttle { .. })));
    assert!(matches!(session.receive(Time::ZERO, &answer, operation, &client), Step::SendAt(_)));
    assert!(matches!(&*session.request, Request::BatchWriteItem(batch) if batch.request_items == writes(&["c"])));
    session.sending(Time::ZERO);
    let done =
        session.receive(Time::ZERO, &replied(Output::BatchWriteItem { unprocessed_items: vec![] }), operation, &client);
    assert_eq!(done, Step::Done(OutcomeKind::Succeeded));
    assert_eq!(session.sample(Time::ZERO, OutcomeKind::Succeeded).items, 3);
}

#[test]
fn throttles_are_retried_three_times_in_all_and_then_given_up() {
    let Fixture { workload, client } = fixture();
    let operation = &workload.operations[0];
    let mut session = session(0, query());
    for _ in 0..2 {
        session.sending(Time::ZERO);
        let step = session.receive(Time::ZERO, &refused(ErrorKind::Throttling), operation, &client);
        assert!(matches!(step, Step::SendAt(at) if at <= Time::from_secs_f64(2.0)), "{step:?}");
    }
    session.sending(Time::ZERO);
    let step = session.receive(Time::ZERO, &refused(ErrorKind::Throttling), operation, &client);
    assert_eq!(step, Step::Done(OutcomeKind::Throttled));
    let sample = session.sample(Time::ZERO, OutcomeKind::Throttled);
    assert_eq!((sample.attempts, sample.retries), (3, 2));
}

#[test]
fn errors_of_the_request_are_not_retried() {
    let Fixture { workload, client } = fixture();
    for kind in [ErrorKind::Validation, ErrorKind::ResourceNotFound, ErrorKind::ItemCollectionSizeLimitExceeded] {
        let mut session = session(0, query());
        session.sending(Time::ZERO);
        let step = session.receive(Time::ZERO, &refused(kind), &workload.operations[0], &client);
        assert_eq!(step, Step::Done(OutcomeKind::Failed));
    }
}

#[test]
fn a_failed_condition_counts_as_the_workload_says() {
    let Fixture { workload, client } = fixture();
    let answer = refused(ErrorKind::ConditionalCheckFailed);
    assert_eq!(failure(&answer), None);
    let outcome = |operation: usize| {
        let mut session = session(operation, query());
        session.sending(Time::ZERO);
        session.receive(Time::ZERO, &answer, &workload.operations[operation], &client)
    };
    assert_eq!(outcome(0), Step::Done(OutcomeKind::ConditionFailed));
    assert_eq!(outcome(2), Step::Done(OutcomeKind::Succeeded));
}
