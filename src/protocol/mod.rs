//! DynamoDB's JSON protocol (AWS JSON 1.0) without HTTP: bodies to requests, outcomes to bodies.
//!
//! [`answer`] takes an operation's name and a body, has the engine serve it and returns status and body, so that the engine
//! is the same as the real service through its API. Requests are checked in the service's order: the JSON itself, the JSON
//! types of all members, the model's constraints together, the rules of the operation's parameters, and then what the engine
//! checks.
//!
//! # Deliberately absent
//! Signatures and HTTP, which are of the endpoint; PartiQL, streams, backups, global tables and the rest of the 58 operations.

mod control;
mod expressions;
mod fault;
mod json;
mod legacy;
mod model;
mod reply;
mod request;
mod shape;
mod value;

pub use reply::Reply;

use crate::api::{Operation, Outcome};
use crate::engine::Engine;
use crate::time::Time;

use control::Control;
use fault::{Decoded, Fault};
use json::{Json, Unreadable};

/// Serves one request at the time `now`. `operation` is what follows `DynamoDB_20120810.` in `X-Amz-Target`.
///
/// ```
/// use dynamometer::engine::{Engine, EngineOptions};
/// use dynamometer::protocol;
/// use dynamometer::time::Time;
///
/// let engine = Engine::new(EngineOptions::default());
/// let reply = protocol::answer(&engine, Time::ZERO, "GetItem", br#"{"TableName":"t","Key":{"id":{"S":"1"}}}"#);
/// assert_eq!(reply.status, 400);
/// let body = String::from_utf8_lossy(&reply.body);
/// assert!(body.contains("com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"));
/// ```
pub fn answer(engine: &Engine, now: Time, operation: &str, body: &[u8]) -> Reply {
    let served = match (item_operation(operation), Control::from_name(operation)) {
        (Some(operation), _) => serve(engine, now, operation, body),
        (None, Some(operation)) => parse(body).and_then(|body| operation.serve(engine, now, &body)),
        (None, None) => Err(Fault::UnknownOperation),
    };
    served.unwrap_or_else(|fault| reply::fault(&fault, &engine.options().region))
}

fn item_operation(name: &str) -> Option<Operation> {
    const ALL: [Operation; 10] = [
        Operation::GetItem,
        Operation::PutItem,
        Operation::UpdateItem,
        Operation::DeleteItem,
        Operation::Query,
        Operation::Scan,
        Operation::BatchGetItem,
        Operation::BatchWriteItem,
        Operation::TransactGetItems,
        Operation::TransactWriteItems,
    ];
    ALL.into_iter().find(|operation| operation.name() == name)
}

fn serve(engine: &Engine, now: Time, operation: Operation, body: &[u8]) -> Decoded<Reply> {
    let body = parse(body)?;
    model::input(operation).check(&body)?;
    let call = request::read(operation, &body)?;
    let Outcome { result, consumed, item_collections, .. } = engine.execute(now, &call.request);
    let response = result.map_err(|error| call.translated.reword(error))?;
    Ok(reply::answer(&call, &response.output, &consumed, &item_collections))
}

fn parse(body: &[u8]) -> Decoded<Json<'_>> {
    Json::parse(body).map_err(|unreadable| match unreadable {
        Unreadable::Syntax => Fault::Malformed,
        Unreadable::Nesting => Fault::validation("Nesting Levels have exceeded supported limits"),
    })
}
