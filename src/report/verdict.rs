//! What a run comes to in one line, and what its reader must know before trusting it.

use crate::record::{Clock, Ending, RunResult};

use super::figures::Figures;
use super::units;

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It did what it was asked to, by its thresholds.
    Passed,
    /// A threshold did not hold, or the run was aborted.
    Failed,
    /// Its numbers need care.
    Caution,
    /// Nothing was asked of it.
    Plain,
}

impl Standing {
    /// One word for machines.
    pub fn name(self) -> &'static str {
        match self {
            Standing::Passed => "passed",
            Standing::Failed => "failed",
            Standing::Caution => "caution",
            Standing::Plain => "completed",
        }
    }
}

/// The verdict over a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Verdict {
    /// How it stands.
    pub standing: Standing,
    /// Why, in one line.
    pub line: String,
}

/// The verdict over a run.
pub(super) fn verdict(figures: &Figures) -> Verdict {
    let result = figures.result;
    let (all, failed) = (result.thresholds.len(), figures.failed_thresholds());
    let thresholds = match (all, failed) {
        (0, _) => "no thresholds were set".to_owned(),
        (1, 0) => "the threshold held".to_owned(),
        (_, 0) => format!("all {} thresholds held", units::count(all as u64)),
        (1, _) => "the threshold did not hold".to_owned(),
        _ => format!("{failed} of {all} thresholds did not hold"),
    };
    let care = !warnings(figures).is_empty();
    let (standing, line) = match &result.ended {
        Ending::Aborted(why) => (Standing::Failed, format!("Aborted: {why}")),
        _ if failed > 0 => (Standing::Failed, format!("Failed: {thresholds}")),
        Ending::Interrupted => (Standing::Caution, format!("Interrupted before its end; {thresholds}")),
        Ending::Completed if care && all > 0 => (Standing::Caution, format!("Passed with warnings: {thresholds}")),
        Ending::Completed if care => (Standing::Caution, format!("Completed with warnings; {thresholds}")),
        Ending::Completed if all > 0 => (Standing::Passed, format!("Passed: {thresholds}")),
        Ending::Completed => (Standing::Plain, format!("Completed; {thresholds}")),
    };
    Verdict { standing, line }
}

/// What a reader must know before trusting the numbers: what the record's figures say, then what the run itself warned of.
pub(super) fn warnings(figures: &Figures) -> Vec<String> {
    let result = figures.result;
    let mut warnings = Vec::new();
    if !figures.measured_anything() {
        warnings.push("Nothing was measured: the run has no phase that is not a warm-up.".to_owned());
    } else if figures.overall.counts.offered == 0 {
        warnings.push("Nothing was measured: no operation was due in the measured phases.".to_owned());
    }
    if matches!(result.ended, Ending::Interrupted) {
        warnings
            .push(format!("The run was interrupted after {}; what follows is what it did until then.", length(result)));
    }
    let invalid = result.harness.invalid_points as u64;
    if invalid > 0 {
        let all = (result.series.points.len() as u64).max(invalid);
        warnings.push(format!(
            "The load generator was the bottleneck in {} of {}: there, latencies say more about this machine than about the target.",
            units::count(invalid),
            units::counted(all, "interval", "intervals")
        ));
    }
    let unsent = figures.overall.counts.unsent;
    if unsent > 0 {
        warnings.push(format!(
            "{} due but never sent before the run ended; no latency speaks for them.",
            units::counted(unsent, "operation was", "operations were")
        ));
    }
    if result.totals.iter().any(|totals| !totals.counts.is_balanced()) {
        warnings.push(
            "The outcomes of an operation do not add up to what was offered: this record is defective.".to_owned(),
        );
    }
    warnings.extend(result.warnings.iter().filter(|warning| !warning.trim().is_empty()).cloned());
    warnings
}

/// `60 s`, or `60 s of simulated time`.
pub(super) fn length(result: &RunResult) -> String {
    let length = units::period(result.duration_seconds);
    match result.clock {
        Clock::Real => length,
        Clock::Virtual => format!("{length} of simulated time"),
    }
}
