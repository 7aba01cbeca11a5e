//! Every way an attempt can fail.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use dynamometer::api::{
    CancellationReason, ErrorKind, LimitKind, Operation, ReadWrite, Request, ThrottlingReason, TransactWriteItems,
};
use dynamometer::target::aws::{AwsOptions, AwsTarget};
use serde_json::json;

use crate::stub::{Reply, Script, arn};

use super::{any_get, api_error, call, item, target, target_at};

#[tokio::test]
async fn every_error_of_dynamodb_keeps_its_kind_and_its_text() {
    let errors = ErrorKind::ALL.iter().map(|kind| Reply::error(kind.http_status(), kind.name(), "as told"));
    let stub = Script::new().on_each("GetItem", errors).start();
    let target = target(&stub).await;
    for kind in ErrorKind::ALL {
        let error = api_error(&target, any_get()).await;
        assert_eq!((error.kind, error.message.as_str()), (*kind, "as told"));
    }
    assert_eq!(stub.count("GetItem"), ErrorKind::ALL.len() as u64, "one attempt per call, whatever the error");
}

#[tokio::test]
async fn throttling_reasons_name_table_and_index_in_either_spelling() {
    let stub = Script::new()
        .on_each(
            "GetItem",
            [
                Reply::provisioned_throughput_exceeded("TableReadProvisionedThroughputExceeded", "orders"),
                Reply::throttled("IndexWriteMaxOnDemandThroughputExceeded", "orders/index/by_date"),
            ],
        )
        .start();
    let target = target(&stub).await;

    let error = api_error(&target, any_get()).await;
    assert_eq!(error.kind, ErrorKind::ProvisionedThroughputExceeded);
    let reason = ThrottlingReason {
        table: "orders".into(),
        index: None,
        access: ReadWrite::Read,
        limit: LimitKind::ProvisionedThroughput,
    };
    assert_eq!(error.throttling_reasons, [reason]);

    let error = api_error(&target, any_get()).await;
    assert_eq!(error.kind, ErrorKind::Throttling);
    let reason = ThrottlingReason {
        table: "orders".into(),
        index: Some("by_date".into()),
        access: ReadWrite::Write,
        limit: LimitKind::MaxOnDemandThroughput,
    };
    assert_eq!(error.throttling_reasons, [reason]);
}

#[tokio::test]
async fn two_reasons_are_two_reasons() {
    let reasons = json!([
        { "reason": "TableWriteKeyRangeThroughputExceeded", "resource": arn("orders") },
        { "reason": "IndexWriteProvisionedThroughputExceeded", "resource": arn("orders/index/by_date") },
    ]);
    let members = json!({ "message": "slow down", "ThrottlingReasons": reasons });
    let reply = Reply::error_with(400, "ProvisionedThroughputExceededException", members);
    let stub = Script::new().on("GetItem", reply).start();
    let error = api_error(&target(&stub).await, any_get()).await;
    let names: Vec<_> = error.throttling_reasons.iter().map(ThrottlingReason::name).collect();
    assert_eq!(names, ["TableWriteKeyRangeThroughputExceeded", "IndexWriteProvisionedThroughputExceeded"]);
}

#[tokio::test]
async fn a_cancelled_transaction_says_why_item_by_item() {
    let members = json!({
        "Message": "Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed]",
        "CancellationReasons": [
            { "Code": "None" },
            { "Code": "ConditionalCheckFailed", "Message": "The conditional request failed",
              "Item": { "pk": { "S": "2" } } },
        ],
    });
    let reply = Reply::error_with(400, "TransactionCanceledException", members);
    let stub = Script::new().on("TransactWriteItems", reply).start();
    let request = TransactWriteItems { transact_items: Vec::new(), client_request_token: None };
    let error = api_error(&target(&stub).await, Request::TransactWriteItems(request)).await;
    assert_eq!(error.kind, ErrorKind::TransactionCanceled);
    assert!(error.message.starts_with("Transaction cancelled"), "{}", error.message);
    let failed = CancellationReason {
        code: "ConditionalCheckFailed",
        message: Some("The conditional request failed".to_owned()),
        item: Some(item(json!({ "pk": { "S": "2" } })).into()),
    };
    assert_eq!(error.cancellation_reasons, [CancellationReason::none(), failed]);
}

#[tokio::test]
async fn a_failed_condition_brings_the_item_where_it_was_asked_for() {
    let members = json!({ "message": "The conditional request failed", "Item": { "pk": { "S": "1" } } });
    let reply = Reply::error_with(400, "ConditionalCheckFailedException", members);
    let stub = Script::new().on("GetItem", reply).start();
    let error = api_error(&target(&stub).await, any_get()).await;
    assert_eq!(error.item, Some(item(json!({ "pk": { "S": "1" } })).into()));
}

#[tokio::test]
async fn codes_that_are_not_of_item_operations_keep_their_names() {
    let cases = [
        (400, "AccessDeniedException", false),
        (400, "UnrecognizedClientException", false),
        (400, "UnknownOperationException", false),
        (409, "ReplicatedWriteConflictException", true),
        (429, "TooManyRequestsException", true),
        (500, "InternalFailure", true),
        (503, "ServiceUnavailableException", true),
        (413, "RequestEntityTooLarge", false),
    ];
    let replies = cases.map(|(status, name, _)| Reply::error(status, name, "as told"));
    let stub = Script::new().on_each("GetItem", replies).start();
    let target = target(&stub).await;
    for (status, name, transient) in cases {
        let error = call(&target, any_get()).await.unwrap_err();
        assert_eq!((error.name.as_str(), error.transient), (name, transient));
        assert_eq!(error.message, format!("as told (HTTP {status})"));
    }
}

#[tokio::test]
async fn answers_that_are_not_dynamodbs_are_named_by_their_status() {
    let cases = [(500, "", true), (502, "<html>bad gateway</html>", true), (503, "{}", true), (404, "not here", false)];
    let stub = Script::new().on_each("GetItem", cases.map(|(status, body, _)| Reply::raw(status, body))).start();
    let target = target(&stub).await;
    for (status, body, transient) in cases {
        let error = call(&target, any_get()).await.unwrap_err();
        assert_eq!((error.name, error.transient), (format!("HTTP {status}"), transient));
        assert!(error.message.ends_with(body), "{}", error.message);
    }
}

#[tokio::test]
async fn success_that_cannot_be_read_is_malformed_and_not_transient() {
    let bodies =
        ["", "{\"Item\":", "not JSON", r#"{"Item":{"pk":{"N":"twelve"}}}"#, r#"{"Item":{"pk":{"Z":"unknown type"}}}"#];
    let stub = Script::new().on_each("GetItem", bodies.map(|body| Reply::raw(200, body))).start();
    let target = target(&stub).await;
    for body in bodies {
        let result = call(&target, any_get()).await;
        if body.is_empty() {
            // The SDK reads no body at all as an answer without members.
            assert!(result.is_ok());
            continue;
        }
        let error = result.unwrap_err();
        assert_eq!((error.name.as_str(), error.transient), ("MalformedResponse", false), "{body}: {error}");
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_transient() {
    let stub = Script::new().on("GetItem", Reply::Truncated).start();
    let error = call(&target(&stub).await, any_get()).await.unwrap_err();
    assert_eq!((error.name.as_str(), error.transient), ("MalformedResponse", true), "{error}");
}

#[tokio::test]
async fn a_reset_connection_is_a_transient_connection_error() {
    let stub = Script::new().on("GetItem", Reply::Reset).start();
    let error = call(&target(&stub).await, any_get()).await.unwrap_err();
    assert_eq!((error.name.as_str(), error.transient), ("ConnectionError", true), "{error}");
}

#[tokio::test]
async fn a_refused_connection_is_a_transient_connection_error() {
    let error = call(&target_at(&unused_url()).await, any_get()).await.unwrap_err();
    assert_eq!((error.name.as_str(), error.transient), ("ConnectionError", true), "{error}");
    assert!(error.message.contains("refused"), "{}", error.message);
}

#[tokio::test]
async fn an_endpoint_that_speaks_no_tls_is_a_connection_error() {
    let stub = Script::new().start();
    let target = target_at(&stub.url().replace("http://", "https://")).await;
    let error = call(&target, any_get()).await.unwrap_err();
    assert_eq!(error.name, "ConnectionError", "{error}");
}

#[tokio::test]
async fn silence_ends_with_the_sdks_time_out_where_one_is_set() {
    let stub = Script::new().on("GetItem", Reply::Silence).start();
    let options = AwsOptions { attempt_timeout: Some(Duration::from_millis(50)), ..AwsOptions::default() };
    let target = AwsTarget::endpoint(&stub.url(), &options).await.unwrap();
    let started = Instant::now();
    let error = call(&target, any_get()).await.unwrap_err();
    assert_eq!((error.name.as_str(), error.transient), ("TimeoutError", true), "{error}");
    assert!((50..5_000).contains(&started.elapsed().as_millis()));
    assert_eq!(stub.count("GetItem"), 1);
}

#[tokio::test]
async fn silence_without_a_time_out_lasts_until_the_caller_has_enough() {
    let stub = Script::new().on("GetItem", Reply::Silence).start();
    let target = target(&stub).await;
    // Longer than the SDK's own limits would need to show: connecting has succeeded, and the stall guard starts after 5 s.
    let result = tokio::time::timeout(Duration::from_secs(7), call(&target, any_get())).await;
    assert!(result.is_err(), "{result:?}");
}

#[tokio::test]
async fn a_request_the_sdk_will_not_build_says_so() {
    use dynamometer::api::{TransactWrite, UpdateItem};

    let update = UpdateItem {
        table_name: "orders".into(),
        key: item(json!({ "pk": { "S": "1" } })),
        update_expression: None,
        condition_expression: None,
        placeholders: Default::default(),
        return_values: Default::default(),
        return_item_on_condition_failure: false,
    };
    let request =
        TransactWriteItems { transact_items: vec![TransactWrite::Update(update)], client_request_token: None };
    let stub = Script::new().start();
    let error = call(&target(&stub).await, Request::TransactWriteItems(request)).await.unwrap_err();
    assert_eq!((error.name.as_str(), error.transient), ("InvalidRequest", false));
    assert_eq!(stub.count(Operation::TransactWriteItems.name()), 0);
}

/// A URL at which nothing listens.
pub(super) fn unused_url() -> String {
    let address = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).unwrap();
    format!("http://{address}")
}
