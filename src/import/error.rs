//! Why a file could not be imported.

use thiserror::Error;

/// What is wrong with a file to import, and where.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{file}{}: {message}", place.map(|(line, column)| format!(":{line}:{column}")).unwrap_or_default())]
pub struct ImportError {
    /// The file.
    pub file: String,
    /// Line and column, counted from 1, where the mistake has a place.
    pub place: Option<(usize, usize)>,
    /// What was found, and what to do.
    pub message: String,
}

impl ImportError {
    /// A mistake of the file as a whole.
    pub(super) fn new(file: &str, message: String) -> Self {
        ImportError { file: file.to_owned(), place: None, message }
    }

    /// A mistake at a place.
    pub(super) fn at(file: &str, line: usize, column: usize, message: String) -> Self {
        ImportError { file: file.to_owned(), place: Some((line, column)), message }
    }
}
