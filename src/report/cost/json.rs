//! A comparison of bills for machines.

use serde_json::{Value, json};

use crate::cost::HOURS_PER_MONTH;

use super::{CostReport, words};

/// The schema of the file.
const SCHEMA: &str = "dynamometer.cost/1";

pub(super) fn value(report: &CostReport) -> Value {
    let comparison = &report.comparison;
    let choice = |index: Option<usize>| index.and_then(|index| comparison.bills.get(index)).map(words::label);
    json!({
        "schema": SCHEMA,
        "dyno_version": env!("CARGO_PKG_VERSION"),
        "name": report.name,
        "origin": report.origin,
        "prices_from": report.prices,
        "currency": "USD",
        "hours_per_month": HOURS_PER_MONTH,
        "span_seconds": comparison.span.as_secs_f64(),
        "answer": words::answer(report),
        "cheapest": choice(comparison.cheapest),
        "cheapest_without_commitment": choice(comparison.cheapest_uncommitted),
        "comparison": comparison,
        "sensitivity": report.sensitivity,
        "warnings": report.warnings,
    })
}
