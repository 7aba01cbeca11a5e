//! Why metrics could not be read.

use thiserror::Error;

/// What is wrong with a file of metrics, where, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{file}{}: {message}", place.as_ref().map(|place| format!(": {place}")).unwrap_or_default())]
pub struct HistoryError {
    /// The file, or the files.
    pub file: String,
    /// The place in it, such as `line 7`.
    pub place: Option<String>,
    /// What was found, and what to do.
    pub message: String,
}

impl HistoryError {
    /// A mistake of a file as a whole.
    pub(super) fn new(file: impl Into<String>, message: impl Into<String>) -> Self {
        HistoryError { file: file.into(), place: None, message: message.into() }
    }

    /// A mistake at a place of a file.
    pub(super) fn at(file: impl Into<String>, place: impl Into<String>, message: impl Into<String>) -> Self {
        HistoryError { file: file.into(), place: Some(place.into()), message: message.into() }
    }
}
