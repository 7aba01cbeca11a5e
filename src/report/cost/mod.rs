//! What people read of a comparison of bills: an HTML page, a summary for the terminal, the whole of it for machines.

mod json;
mod terminal;
pub(super) mod words;

use crate::cost::{Comparison, Sensitivity};

use super::SummaryStyle;

/// A comparison of bills, and what it is about.
#[derive(Debug, Clone)]
pub struct CostReport {
    /// The workload's name, or that of the file the usage is from.
    pub name: String,
    /// Where the usage is from, in a few words.
    pub origin: String,
    /// Where the prices are from, in a few words.
    pub prices: String,
    /// The bills.
    pub comparison: Comparison,
    /// How far the answer holds.
    pub sensitivity: Sensitivity,
    /// What a reader must know first.
    pub warnings: Vec<String>,
}

impl CostReport {
    /// The report as one self-contained HTML page.
    pub fn html(&self) -> String {
        super::page::cost_page(self)
    }

    /// The summary for a terminal.
    pub fn summary(&self, style: SummaryStyle) -> String {
        terminal::summary(self, style)
    }

    /// Everything, for machines. Amounts of money are exact decimals in strings.
    pub fn json(&self) -> serde_json::Value {
        json::value(self)
    }

    /// Warnings of every kind.
    pub(super) fn all_warnings(&self) -> impl Iterator<Item = &String> {
        self.warnings.iter().chain(&self.comparison.warnings)
    }
}

#[cfg(test)]
mod tests;
