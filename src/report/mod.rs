//! What people read of a run: an HTML page with plots, a summary for the terminal, a summary for machines.
//!
//! All three are made from the record alone and state the same figures (`figures`), with warm-ups left out. Percentiles of
//! latency are those of the operations that succeeded; those of other outcomes stand in tables of their own.
//!
//! Deliberately absent: scripts and fonts from elsewhere (a report is read offline, years later), and interpolation over
//! intervals without samples (a gap is a gap).

mod baseline;
mod comparison;
mod cost;
mod figures;
mod json;
mod observed;
mod page;
mod picture;
mod plot;
mod reason;
mod sizing;
mod terminal;
mod ticks;
mod timeline;
mod trials;
mod units;
mod verdict;

pub use comparison::{
    comparison_html, comparison_junit, comparison_markdown, comparison_text, github_annotations, gitlab_code_quality,
};
pub use cost::CostReport;
pub use picture::{Picture, Theme};
pub use terminal::SummaryStyle;
pub use trials::trials_text;

use crate::baseline::Baseline;
use crate::record::RunResult;
use crate::size::Sizing;

/// The report as one self-contained HTML page.
pub fn html(result: &RunResult) -> String {
    page::page(result)
}

/// Every plot of the report, in the order of the page, as pictures that can stand alone.
pub fn pictures(result: &RunResult) -> Vec<Picture> {
    page::pictures(result)
}

/// The summary for a terminal: verdict, warnings, operations, capacity, thresholds.
pub fn summary(result: &RunResult, style: SummaryStyle) -> String {
    terminal::summary(result, style)
}

/// How long a run took, and whether in simulated time: `60 s`, `1 d of simulated time`.
pub fn length(result: &RunResult) -> String {
    verdict::length(result)
}

/// A length of time in words, as reports have it: `60 s`, `30 d`.
pub fn period(seconds: f64) -> String {
    units::period(seconds)
}

/// The summary for machines.
pub fn summary_json(result: &RunResult) -> serde_json::Value {
    json::summary(result)
}

/// The answer of `dyno size` as one self-contained HTML page, with `snippets` of infrastructure code: their names and texts.
pub fn sizing_html(sizing: &Sizing, snippets: &[(&str, String)]) -> String {
    page::sizing_page(sizing, snippets)
}

/// The answer of `dyno size` for a terminal.
pub fn sizing_summary(sizing: &Sizing, style: SummaryStyle) -> String {
    terminal::sizing(sizing, style)
}

/// A line for every baseline, for a terminal.
pub fn baseline_list(baselines: &[Baseline], style: SummaryStyle) -> String {
    baseline::list(baselines, style)
}

/// The runs of a baseline and how much they differ, for a terminal.
pub fn baseline(found: &Baseline, style: SummaryStyle) -> String {
    baseline::show(found, style)
}

/// A baseline for machines, without its runs.
pub fn baseline_json(found: &Baseline) -> serde_json::Value {
    baseline::as_json(found, false)
}

/// A baseline for machines: its runs, and how much they differ.
pub fn baseline_runs_json(found: &Baseline) -> serde_json::Value {
    baseline::as_json(found, true)
}

#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
pub(crate) mod tests;
