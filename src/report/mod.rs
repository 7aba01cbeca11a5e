//! What people read of a run: an HTML page with plots, a summary for the terminal, a summary for machines.
//!
//! All three are made from the record alone and state the same figures (`figures`), with warm-ups left out. Percentiles of
//! latency are those of the operations that succeeded; those of other outcomes stand in tables of their own.
//!
//! Deliberately absent: scripts and fonts from elsewhere (a report is read offline, years later), and interpolation over
//! intervals without samples (a gap is a gap).

mod figures;
mod json;
mod observed;
mod page;
mod plot;
mod reason;
mod terminal;
mod ticks;
mod timeline;
mod units;
mod verdict;

pub use terminal::SummaryStyle;

use crate::record::RunResult;

/// The report as one self-contained HTML page.
pub fn html(result: &RunResult) -> String {
    page::page(result)
}

/// The summary for a terminal: verdict, warnings, operations, capacity, thresholds.
pub fn summary(result: &RunResult, style: SummaryStyle) -> String {
    terminal::summary(result, style)
}

/// The summary for machines.
pub fn summary_json(result: &RunResult) -> serde_json::Value {
    json::summary(result)
}

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
