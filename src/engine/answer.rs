//! How an operation answers: its output or its error, and in both cases what it consumed.

use std::time::Duration;

use crate::api::{ApiError, ConsumedCapacity, ItemCollectionMetrics, Outcome, Output, Response};

/// What an operation comes to.
pub type Served = Result<Success, Failure>;

/// An output, and what the request consumed and changed.
#[derive(Debug)]
pub struct Success {
    pub output: Output,
    pub consumed: Vec<ConsumedCapacity>,
    pub item_collections: Vec<ItemCollectionMetrics>,
}

impl From<(Output, Vec<ConsumedCapacity>)> for Success {
    /// The success of a request that changes no item collection with a limit.
    fn from((output, consumed): (Output, Vec<ConsumedCapacity>)) -> Self {
        Success { output, consumed, item_collections: Vec::new() }
    }
}

/// An error, and what the request consumed all the same.
#[derive(Debug)]
pub struct Failure {
    pub error: ApiError,
    pub consumed: Vec<ConsumedCapacity>,
}

impl From<ApiError> for Failure {
    /// A request that was refused before it cost anything.
    fn from(error: ApiError) -> Self {
        Failure { error, consumed: Vec::new() }
    }
}

/// The outcome of an operation.
pub fn outcome(served: Served) -> Outcome {
    match served {
        Ok(Success { output, consumed, item_collections }) => Outcome {
            result: Ok(Response { output }),
            consumed,
            item_collections,
            delayed: Duration::ZERO,
            from_cache: false,
        },
        Err(Failure { error, consumed }) => Outcome {
            result: Err(error),
            consumed,
            item_collections: Vec::new(),
            delayed: Duration::ZERO,
            from_cache: false,
        },
    }
}
