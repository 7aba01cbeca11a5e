//! How an operation answers: its output or its error, and in both cases what it consumed.

use crate::api::{ApiError, ConsumedCapacity, Outcome, Output, Response};

/// What an operation comes to.
pub type Served = Result<(Output, Vec<ConsumedCapacity>), Failure>;

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
        Ok((output, consumed)) => Outcome { result: Ok(Response { output }), consumed },
        Err(Failure { error, consumed }) => Outcome { result: Err(error), consumed },
    }
}
