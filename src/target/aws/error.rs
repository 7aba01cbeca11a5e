//! The SDK's errors as ours: DynamoDB's own as [`ApiError`], everything else as [`CallError`].
//!
//! What is transient follows the SDK's standard policy (facts §6.1; aws-runtime and aws-smithy-runtime,
//! `retries/classifiers.rs`). Errors whose name DynamoDB's item operations do not know keep that name in a [`CallError`].

use std::error::Error;

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{BuildError, ProvideErrorMetadata, SdkError};
use serde::Deserialize;
use serde_json::Value;

use crate::api::{ApiError, CancellationReason, ErrorKind, ThrottlingReason};
use crate::item::{PackedItem, item_from_json};
use crate::target::CallError;

use super::response::Malformed;

/// Statuses the standard policy retries whatever the body says.
const TRANSIENT_STATUSES: [u16; 4] = [500, 502, 503, 504];

/// Codes the standard policy retries and that are no errors of DynamoDB's item operations.
const RETRIED_CODES: [&str; 12] = [
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "PriorRequestNotComplete",
    "ReplicatedWriteConflictException",
    "RequestThrottled",
    "RequestThrottledException",
    "RequestTimeout",
    "RequestTimeoutException",
    "SlowDown",
    "Throttling",
    "ThrottledException",
    "TooManyRequestsException",
];

/// Codes of cancellation reasons (facts §4.5).
const CANCELLATION_CODES: [&str; 9] = [
    "None",
    "AccessDenied",
    "ConditionalCheckFailed",
    "DuplicateItem",
    "ItemCollectionSizeLimitExceeded",
    "ProvisionedThroughputExceeded",
    "ThrottlingError",
    "TransactionConflict",
    "ValidationError",
];

/// Most characters of an unreadable answer that an error quotes.
const EXCERPT_MAX_CHARS: usize = 200;

/// Why an attempt failed: DynamoDB said so, or it never came to that.
#[derive(Debug)]
pub(super) enum AttemptError {
    /// One of DynamoDB's errors.
    Api(ApiError),
    /// Anything else.
    Call(CallError),
}

/// Sorts an error of any operation.
pub(super) fn attempt_error<E>(error: SdkError<E, HttpResponse>) -> AttemptError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let (name, transient) = match &error {
        SdkError::ServiceError(service) => return service_error(service.err(), service.raw()),
        SdkError::TimeoutError(_) => ("TimeoutError", true),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => ("ConnectTimeout", true),
        SdkError::DispatchFailure(failure) if failure.is_io() => ("ConnectionError", true),
        // An answer that broke off before its end is of this kind.
        SdkError::DispatchFailure(failure) => ("ConnectionError", failure.as_other().is_some()),
        SdkError::ResponseError(_) => ("MalformedResponse", true),
        SdkError::ConstructionFailure(_) => ("InvalidRequest", false),
        _ => ("UnknownError", false),
    };
    AttemptError::Call(CallError { name: name.to_owned(), message: causes(&error), transient })
}

/// A request the SDK would not even build.
pub(super) fn unbuildable(error: &BuildError) -> CallError {
    CallError { name: "InvalidRequest".to_owned(), message: error.to_string(), transient: false }
}

/// An answer that could be read but not believed.
pub(super) fn malformed(Malformed(message): Malformed) -> CallError {
    CallError { name: "MalformedResponse".to_owned(), message, transient: false }
}

fn service_error<E: ProvideErrorMetadata + Error + 'static>(error: &E, response: &HttpResponse) -> AttemptError {
    let status = response.status().as_u16();
    let body = response.body().bytes().unwrap_or_default();
    let Some(code) = error.code() else {
        return AttemptError::Call(without_code(error, status, body));
    };
    let message = error.message().unwrap_or_default();
    match ErrorKind::from_name(code) {
        Some(kind) => AttemptError::Api(api_error(kind, message, body)),
        None => AttemptError::Call(CallError {
            name: code.to_owned(),
            message: format!("{message} (HTTP {status})"),
            transient: TRANSIENT_STATUSES.contains(&status) || RETRIED_CODES.contains(&code),
        }),
    }
}

/// An answer without an error code: success in a form that cannot be read, or a failure from something that is not DynamoDB,
/// such as a load balancer.
fn without_code(error: &(dyn Error + 'static), status: u16, body: &[u8]) -> CallError {
    let body = String::from_utf8_lossy(body);
    let mut excerpt: String = body.chars().take(EXCERPT_MAX_CHARS).collect();
    if excerpt.len() < body.len() {
        excerpt.push('…');
    }
    if (200..300).contains(&status) {
        CallError {
            name: "MalformedResponse".to_owned(),
            message: format!("{}; the body begins: {excerpt}", causes(error)),
            transient: false,
        }
    } else {
        CallError {
            name: format!("HTTP {status}"),
            message: format!("an answer without an error code: {excerpt}"),
            transient: TRANSIENT_STATUSES.contains(&status),
        }
    }
}

/// Reads what DynamoDB adds to an error straight from its body: the SDK has it in another type for every operation.
fn api_error(kind: ErrorKind, message: &str, body: &[u8]) -> ApiError {
    let details: Details = serde_json::from_slice(body).unwrap_or_default();
    let mut error = ApiError::new(kind, message);
    for wire in details.throttling_reasons.unwrap_or_default() {
        match ThrottlingReason::parse(&wire.reason, &wire.resource) {
            Some(reason) => error.throttling_reasons.push(reason),
            None => error.message.push_str(&format!(" [{} on {}]", wire.reason, wire.resource)),
        }
    }
    error.cancellation_reasons =
        details.cancellation_reasons.unwrap_or_default().into_iter().map(cancellation_reason).collect();
    error.item = item(details.item.as_ref());
    error
}

/// A code unknown here becomes `Unknown` and stands before the message.
fn cancellation_reason(wire: WireCancellation) -> CancellationReason {
    let code = wire.code.unwrap_or_else(|| "None".to_owned());
    let item = item(wire.item.as_ref());
    match CANCELLATION_CODES.into_iter().find(|known| *known == code) {
        Some(known) => CancellationReason { code: known, message: wire.message, item },
        None => {
            let message = format!("{code}: {}", wire.message.unwrap_or_default());
            CancellationReason { code: "Unknown", message: Some(message), item }
        }
    }
}

fn item(json: Option<&Value>) -> Option<PackedItem> {
    json.and_then(|json| item_from_json(json).ok()).filter(|item| !item.is_empty()).map(PackedItem::from)
}

/// The error and its causes in one line, each once.
pub(super) fn causes(error: &(dyn Error + 'static)) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !line.ends_with(&text) {
            line.push_str(": ");
            line.push_str(&text);
        }
        cause = error.source();
    }
    line
}

/// Members of DynamoDB's errors beyond the message. ThrottlingException alone spells its reasons with a small t (facts §4.1).
#[derive(Default, Deserialize)]
struct Details {
    #[serde(rename = "ThrottlingReasons", alias = "throttlingReasons")]
    throttling_reasons: Option<Vec<WireReason>>,
    #[serde(rename = "CancellationReasons", alias = "cancellationReasons")]
    cancellation_reasons: Option<Vec<WireCancellation>>,
    #[serde(rename = "Item")]
    item: Option<Value>,
}

#[derive(Deserialize)]
struct WireReason {
    #[serde(default)]
    reason: String,
    #[serde(default)]
    resource: String,
}

#[derive(Deserialize)]
struct WireCancellation {
    #[serde(rename = "Code")]
    code: Option<String>,
    #[serde(rename = "Message")]
    message: Option<String>,
    #[serde(rename = "Item")]
    item: Option<Value>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_nobody_knows_is_kept_in_the_message() {
        let body = br#"{"throttlingReasons":[{"reason":"MoonPhase","resource":"arn:aws:dynamodb:::table/t"}]}"#;
        let error = api_error(ErrorKind::Throttling, "slow down", body);
        assert_eq!(error.throttling_reasons, []);
        assert_eq!(error.message, "slow down [MoonPhase on arn:aws:dynamodb:::table/t]");
    }

    #[test]
    fn a_cancellation_code_nobody_knows_is_kept_in_the_message() {
        let body = br#"{"CancellationReasons":[{"Code":"None"},{"Code":"Eclipse","Message":"dark"}]}"#;
        let reasons = api_error(ErrorKind::TransactionCanceled, "", body).cancellation_reasons;
        assert_eq!(reasons[0], CancellationReason::none());
        assert_eq!((reasons[1].code, reasons[1].message.as_deref()), ("Unknown", Some("Eclipse: dark")));
    }
}
