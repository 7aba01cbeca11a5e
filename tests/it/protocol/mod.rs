//! DynamoDB's JSON protocol, from bodies to bodies.

mod errors;
mod keys;
mod legacy;
mod mutations;
mod replies;
mod requests;

use dynamometer::engine::{Enforcement, Engine, EngineOptions};
use dynamometer::protocol::{self, Reply};
use dynamometer::time::Time;
use serde_json::{Value, json};

/// An engine spoken to through the protocol alone, at one moment.
pub struct Endpoint {
    pub engine: Engine,
    pub now: Time,
}

impl Endpoint {
    pub fn new() -> Self {
        Endpoint { engine: Engine::new(EngineOptions::default()), now: Time::ZERO }
    }

    /// One with the on-demand table `tab`: partition key `id`, a string, and sort key `at`, a number.
    pub fn with_table() -> Self {
        Endpoint::new().and_table()
    }

    /// The same without limits of capacity.
    pub fn with_table_and_no_limits() -> Self {
        let options = EngineOptions { capacity: Enforcement::Off, ..EngineOptions::default() };
        Endpoint { engine: Engine::new(options), now: Time::ZERO }.and_table()
    }

    fn and_table(self) -> Self {
        self.ok(
            "CreateTable",
            json!({
                "TableName": "tab", "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [
                    {"AttributeName": "id", "AttributeType": "S"}, {"AttributeName": "at", "AttributeType": "N"}
                ],
                "KeySchema": [
                    {"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}
                ]
            }),
        );
        self
    }

    pub fn send(&self, operation: &str, body: &[u8]) -> Reply {
        protocol::answer(&self.engine, self.now, operation, body)
    }

    /// Status and body.
    pub fn call(&self, operation: &str, body: &Value) -> (u16, Value) {
        let Reply { status, body } = self.send(operation, body.to_string().as_bytes());
        (status, serde_json::from_slice(&body).expect("JSON"))
    }

    /// The body of a request that succeeds.
    pub fn ok(&self, operation: &str, body: Value) -> Value {
        let (status, reply) = self.call(operation, &body);
        assert_eq!(status, 200, "{operation} {body}\n{reply}");
        reply
    }

    /// The text of a `ValidationException`.
    pub fn refused(&self, operation: &str, body: Value) -> String {
        let (status, reply) = self.call(operation, &body);
        assert_eq!(status, 400, "{operation} {body}\n{reply}");
        assert_eq!(reply["__type"], "com.amazon.coral.validate#ValidationException", "{operation} {body}\n{reply}");
        reply["message"].as_str().expect("a message").to_owned()
    }

    /// The text of a `SerializationException`.
    pub fn unserializable(&self, operation: &str, body: &Value) -> String {
        let (status, reply) = self.call(operation, body);
        assert_eq!(
            (status, &reply["__type"]),
            (400, &json!("com.amazon.coral.service#SerializationException")),
            "{body}"
        );
        reply["Message"].as_str().expect("a message").to_owned()
    }
}
