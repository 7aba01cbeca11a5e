//! What keeps two runs from being compared.

use std::fmt;
use std::str::FromStr;

use crate::record::{Clock, Counts, Ending, RunResult};

use super::other_machine;

/// The share of what was due that must have been sent for a rate to count as reached.
const REACHED: f64 = 0.99;
/// The share of intervals in which the harness itself may have been too late.
const LATE_TOLERATED: f64 = 0.1;

/// Why two runs cannot be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objection {
    /// What kind of reason it is.
    pub reason: Reason,
    /// What is the matter, and where.
    pub message: String,
}

/// Kinds of reasons; all but the first two may be waived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// One took place, the other was simulated.
    Clock,
    /// Nothing was measured.
    Nothing,
    /// Cut short or aborted.
    Ending,
    /// Another workload.
    Workload,
    /// The rate asked for was not reached: latencies are those of another load.
    Rate,
    /// The load generator itself did not keep up.
    Harness,
    /// Another machine generated the load.
    Machine,
}

impl Reason {
    /// The reasons that may be waived.
    pub const WAIVABLE: [Reason; 5] =
        [Reason::Ending, Reason::Workload, Reason::Rate, Reason::Harness, Reason::Machine];

    /// As options name it.
    pub fn name(self) -> &'static str {
        match self {
            Reason::Clock => "clock",
            Reason::Nothing => "nothing",
            Reason::Ending => "interrupted",
            Reason::Workload => "workload",
            Reason::Rate => "rate",
            Reason::Harness => "harness",
            Reason::Machine => "machine",
        }
    }
}

impl FromStr for Reason {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Reason::WAIVABLE.into_iter().find(|reason| reason.name() == text).ok_or_else(|| {
            let names = Reason::WAIVABLE.map(Reason::name).join(", ");
            format!("expected one of {names}")
        })
    }
}

impl fmt::Display for Objection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if Reason::WAIVABLE.contains(&self.reason) {
            write!(f, " (--allow {} compares all the same)", self.reason.name())?;
        }
        Ok(())
    }
}

/// What is wrong with runs that make one value, on their own; `label` names them.
pub fn objections_to(runs: &[RunResult], label: &str) -> Vec<Objection> {
    let mut objections = Vec::new();
    let mut object =
        |reason, message: String| objections.push(Objection { reason, message: format!("{label}: {message}") });
    let mut counts = Counts::default();
    let totals = runs.iter().flat_map(RunResult::measured_totals);
    totals.for_each(|totals| counts.add(&totals.counts));
    let Counts { offered, unsent, .. } = counts;
    if offered == 0 {
        object(Reason::Nothing, "nothing was measured".to_owned());
        return objections;
    }
    match runs.iter().map(|run| &run.ended).find(|ended| **ended != Ending::Completed) {
        None | Some(Ending::Completed) => {}
        Some(Ending::Interrupted) => object(Reason::Ending, "the run was interrupted".to_owned()),
        Some(Ending::Aborted(why)) => object(Reason::Ending, format!("the run was aborted: {why}")),
    }
    let sent = 1.0 - unsent as f64 / offered as f64;
    if sent < REACHED {
        let message = format!(
            "the rate asked for was not reached: {:.1} % of what was due was sent; latencies are those of another load. \
             Lower the rate, or give `in_flight` in place of `rate`",
            100.0 * sent
        );
        object(Reason::Rate, message);
    }
    let points = runs.iter().flat_map(|run| {
        let measured = |phase: usize| run.phases.get(phase).is_some_and(|phase| !phase.warm_up);
        run.series.points.iter().filter(move |point| measured(point.phase))
    });
    let (late, all) = points.fold((0_u64, 0_u64), |(late, all), point| (late + u64::from(!point.valid), all + 1));
    if late as f64 > LATE_TOLERATED * all as f64 {
        let message = format!(
            "the load generator was the bottleneck in {late} of {all} intervals; latencies say more about it than about the target"
        );
        object(Reason::Harness, message);
    }
    objections
}

/// What keeps a run from being compared with a base; the labels name them.
pub fn objections_between(base: &RunResult, new: &RunResult, labels: [&str; 2]) -> Vec<Objection> {
    let mut objections = Vec::new();
    let mut object = |reason, message: String| objections.push(Objection { reason, message });
    let [base_label, new_label] = labels;
    if base.clock != new.clock {
        let words = |clock| match clock {
            Clock::Real => "took place in real time",
            Clock::Virtual => "was simulated",
        };
        object(
            Reason::Clock,
            format!(
                "{base_label} {}, {new_label} {}: nothing of the two can be compared",
                words(base.clock),
                words(new.clock)
            ),
        );
    }
    if let Some(difference) = other_workload(base, new) {
        object(Reason::Workload, format!("{base_label} and {new_label} ran different workloads: {difference}"));
    }
    if let Some(difference) = other_machine(&base.environment, &new.environment) {
        object(Reason::Machine, format!("{base_label} and {new_label} come from different machines: {difference}"));
    }
    objections
}

/// What of a workload file changes what is asked of the target. The engine's own settings do not: they are the target.
const NOT_ASKED: [&str; 5] = ["name", "description", "thresholds", "engine", "seed"];

/// How two workloads differ; `None` where they ask the same. Overrides show in the phases.
fn other_workload(base: &RunResult, new: &RunResult) -> Option<String> {
    let plan = |result: &RunResult| {
        let phases = result.phases.iter();
        phases.map(|phase| (phase.name.clone(), phase.summary.clone(), phase.warm_up)).collect::<Vec<_>>()
    };
    let (base_table, new_table) = (parse(&base.workload.text), parse(&new.workload.text));
    if let (Ok(base), Ok(new)) = (&base_table, &new_table)
        && let Some(path) = first_difference(&toml::Value::Table(base.clone()), &toml::Value::Table(new.clone()), "")
    {
        return Some(format!("`{path}`"));
    }
    if (base_table.is_err() || new_table.is_err()) && base.workload.text != new.workload.text {
        return Some("their texts".to_owned());
    }
    if let Some((base, new)) = plan(base).iter().zip(&plan(new)).find(|(base, new)| base != new) {
        return Some(format!("phase {} is {} and {}", base.0, base.1, new.1));
    }
    let length = |result: &RunResult| -> f64 {
        let measured = result.phases.iter().filter(|phase| !phase.warm_up);
        measured.map(|phase| phase.end_seconds - phase.start_seconds).sum()
    };
    let (base, new) = (length(base), length(new));
    ((base - new).abs() > 0.01 * base.max(new)).then(|| format!("{base:.1} s and {new:.1} s were measured"))
}

fn parse(text: &str) -> Result<toml::Table, toml::de::Error> {
    let mut table: toml::Table = toml::from_str(text)?;
    for key in NOT_ASKED {
        table.remove(key);
    }
    Ok(table)
}

/// The path of the first value that differs.
fn first_difference(base: &toml::Value, new: &toml::Value, path: &str) -> Option<String> {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match (base, new) {
        (toml::Value::Table(base), toml::Value::Table(new)) => {
            let only_new = new.keys().find(|key| !base.contains_key(*key)).map(|key| below(key));
            let differs = base.iter().find_map(|(key, value)| match new.get(key) {
                None => Some(below(key)),
                Some(other) => first_difference(value, other, &below(key)),
            });
            differs.or(only_new)
        }
        (toml::Value::Array(base), toml::Value::Array(new)) if base.len() == new.len() => base
            .iter()
            .zip(new)
            .enumerate()
            .find_map(|(index, (base, new))| first_difference(base, new, &format!("{path}[{}]", index + 1))),
        (base, new) => (base != new).then(|| path.to_owned()),
    }
}
