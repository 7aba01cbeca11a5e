//! What people and CI read of a comparison: a table on the terminal, a page, JUnit, Markdown, annotations.
//!
//! All of them state the same numbers in the same words ([`words`]); `comparison.json` itself is what serde makes of a
//! [`Comparison`].

mod annotations;
mod junit;
mod markdown;
mod terminal;
#[cfg(test)]
mod tests;
pub(super) mod words;

use crate::compare::Comparison;

use super::{SummaryStyle, page};

/// The comparison as one self-contained HTML page, with both sides in each plot.
pub fn comparison_html(comparison: &Comparison) -> String {
    page::comparison_page(comparison)
}

/// The comparison for a terminal: the verdict, then primary metrics and whatever is not the same; every metric where `all`.
pub fn comparison_text(comparison: &Comparison, all: bool, style: SummaryStyle) -> String {
    terminal::text(comparison, all, style)
}

/// The comparison as JUnit XML: a suite with a case for each metric. Worse is a failure; what cannot be told is skipped, never
/// failed.
pub fn comparison_junit(comparison: &Comparison) -> String {
    junit::xml(comparison)
}

/// The comparison in GitHub-flavoured Markdown, for the summary of a job or a comment.
pub fn comparison_markdown(comparison: &Comparison) -> String {
    markdown::markdown(comparison)
}

/// GitHub's workflow commands, a line each, for the standard error of a step: an error for what is worse, a warning for what
/// cannot be told, a notice for the rest. They point at the workload file; without its path there are none.
pub fn github_annotations(comparison: &Comparison, workload_path: &str) -> String {
    annotations::github(comparison, workload_path)
}

/// GitLab's Code Quality report, a JSON array: what is worse and what cannot be told, at the workload file; empty without its
/// path.
pub fn gitlab_code_quality(comparison: &Comparison, workload_path: &str) -> String {
    annotations::gitlab(comparison, workload_path)
}
