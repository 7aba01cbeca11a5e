//! What can be wrong with a request before the engine sees it.

use crate::api::ApiError;

/// Why a request is answered with an error.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// The body is not JSON.
    Malformed,
    /// A member is of another JSON type than the model says: a `SerializationException` with this text.
    Serialization(String),
    /// There is no such operation.
    UnknownOperation,
    /// Any error of DynamoDB itself.
    Api(ApiError),
}

impl Fault {
    /// A `SerializationException`.
    pub fn serialization(message: impl Into<String>) -> Self {
        Fault::Serialization(message.into())
    }

    /// A `ValidationException`.
    pub fn validation(message: impl Into<String>) -> Self {
        Fault::Api(ApiError::validation(message))
    }

    /// A `ValidationException` about a parameter's value.
    pub fn invalid(text: impl std::fmt::Display) -> Self {
        Self::validation(format!("One or more parameter values were invalid: {text}"))
    }
}

impl From<ApiError> for Fault {
    fn from(error: ApiError) -> Self {
        Fault::Api(error)
    }
}

/// What reading a request comes to.
pub type Decoded<T> = Result<T, Fault>;
