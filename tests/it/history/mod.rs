//! What tables consumed: histories out of CloudWatch's metrics and out of records.

mod metrics;
mod mistakes;
mod of_record;

use dynamometer::history::{History, HistoryError, HistoryOptions, MetricsText};

/// What files give, named as they would be.
fn parsed(files: &[(&str, &str)], options: &HistoryOptions) -> Result<History, HistoryError> {
    let texts: Vec<_> = files.iter().map(|(name, text)| MetricsText { name, text }).collect();
    History::parse(&texts, options)
}

/// A table's history out of one file.
fn of(name: &str, text: &str) -> History {
    parsed(&[(name, text)], &HistoryOptions::default()).unwrap_or_else(|error| panic!("{error}"))
}

/// What is wrong with one file.
fn mistake(name: &str, text: &str) -> String {
    match parsed(&[(name, text)], &HistoryOptions::default()) {
        Err(error) => error.to_string(),
        Ok(history) => panic!("{history:?}"),
    }
}
