//! Errors as bodies (facts §10.2; API: the members of each exception).

use crate::api::{ApiError, CancellationReason, ErrorKind, ThrottlingReason};
use crate::protocol::fault::Fault;

use super::item::write_stored_item;
use super::writer::Writer;
use super::{Reply, document};

const DYNAMODB: &str = "com.amazonaws.dynamodb.v20120810";
const CORAL_SERVICE: &str = "com.amazon.coral.service";
const CORAL_VALIDATE: &str = "com.amazon.coral.validate";

/// The reply to a request that failed.
pub fn fault(fault: &Fault, region: &str) -> Reply {
    match fault {
        Fault::Malformed => front_end("SerializationException", None),
        Fault::Serialization(message) => front_end("SerializationException", Some(message)),
        Fault::UnknownOperation => front_end("UnknownOperationException", None),
        Fault::Api(error) => api_error(error, region),
    }
}

/// An error of the layer before DynamoDB, which spells its message with a capital.
fn front_end(name: &str, message: Option<&String>) -> Reply {
    let body = document(|writer| {
        writer.name("__type").text(&format!("{CORAL_SERVICE}#{name}"));
        if let Some(message) = message {
            writer.name("Message").text(message);
        }
    });
    Reply { status: 400, body }
}

fn api_error(error: &ApiError, region: &str) -> Reply {
    let kind = error.kind;
    let namespace = if kind == ErrorKind::Validation { CORAL_VALIDATE } else { DYNAMODB };
    let body = document(|writer| {
        writer.name("__type").text(&format!("{namespace}#{}", kind.name()));
        writer.name(message_member(kind)).text(&error.message);
        if let Some(item) = &error.item {
            write_stored_item(writer.name("Item"), item);
        }
        if kind == ErrorKind::TransactionCanceled {
            write_cancellation(writer.name("CancellationReasons"), &error.cancellation_reasons);
        }
        let throttling = throttling_member(kind).filter(|_| !error.throttling_reasons.is_empty());
        if let Some(member) = throttling {
            write_throttling(writer.name(member), &error.throttling_reasons, region);
        }
    });
    Reply { status: kind.http_status(), body }
}

/// The member with the text: the transactions' errors spell it with a capital.
const fn message_member(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::TransactionCanceled | ErrorKind::IdempotentParameterMismatch | ErrorKind::TransactionInProgress => {
            "Message"
        }
        _ => "message",
    }
}

/// The member with the reasons, of the errors that have one.
const fn throttling_member(kind: ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::ProvisionedThroughputExceeded | ErrorKind::RequestLimitExceeded => Some("ThrottlingReasons"),
        ErrorKind::Throttling => Some("throttlingReasons"),
        _ => None,
    }
}

fn write_cancellation(writer: &mut Writer, reasons: &[CancellationReason]) {
    writer.array(|writer| {
        for reason in reasons {
            writer.object(|writer| {
                writer.name("Code").text(reason.code);
                if let Some(item) = &reason.item {
                    write_stored_item(writer.name("Item"), item);
                }
                if let Some(message) = &reason.message {
                    writer.name("Message").text(message);
                }
            });
        }
    });
}

fn write_throttling(writer: &mut Writer, reasons: &[ThrottlingReason], region: &str) {
    writer.array(|writer| {
        for reason in reasons {
            writer.object(|writer| {
                writer.name("reason").text(&reason.name());
                writer.name("resource").text(&reason.resource_arn(region));
            });
        }
    });
}
