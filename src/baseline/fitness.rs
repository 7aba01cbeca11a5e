//! Which records can be a baseline.

use std::fmt;
use std::slice;

use thiserror::Error;

use crate::compare::{Objection, Reason, objections_to};
use crate::record::RunResult;

/// Why a record tells nothing to compare with: what a comparison itself would hold against it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub struct Unfit(Vec<Objection>);

impl Unfit {
    /// The objections, at least one.
    pub fn objections(&self) -> &[Objection] {
        &self.0
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A comparison may waive what is wrong with a run; to save it as what others are held to may not.
        let messages: Vec<&str> = self.0.iter().map(|objection| objection.message.as_str()).collect();
        f.write_str(&messages.join("; "))
    }
}

/// Whether a record can be a baseline; `label` names it in what is objected.
pub fn check(record: &RunResult, label: &str) -> Result<(), Unfit> {
    let mut objections = objections_to(slice::from_ref(record), label);
    let totals = record.measured_totals();
    if objections.is_empty() && totals.iter().all(|totals| totals.counts.succeeded == 0) {
        let message = format!("{label}: nothing was measured: no operation succeeded");
        objections.push(Objection { reason: Reason::Nothing, message });
    }
    if objections.is_empty() { Ok(()) } else { Err(Unfit(objections)) }
}
