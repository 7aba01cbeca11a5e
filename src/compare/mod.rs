//! Did it get slower? Two sides measured the same way, the difference of every metric with its confidence interval, and a verdict.
//!
//! A [`Comparison`] is made of run-level values, one of each metric and run: of runs that took turns ([`Procedure`], for
//! `dyno ab`), or of recorded runs ([`compare`]). How intervals come about is told in `docs/comparing.md`, with references.

mod ab;
mod comparable;
mod machine;
mod metric;
mod recorded;
mod side;
mod statistics;
mod summary;
mod tally;
mod trials;
mod verdict;

use serde::{Deserialize, Serialize};

use crate::record::Clock;

pub use ab::{Procedure, Round, Rules, Turn};
pub use comparable::{Objection, Reason, objections_between, objections_to};
pub use machine::{Machine, other_machine};
pub use metric::{Direction, Latency, MIN_EFFECT, Measure, Metric, MinEffects, Quantity, Scale, measures};
pub use recorded::{Recorded, RecordedRules, compare};
pub use side::{MachineInfo, RunSummary, Side, SideOperation, SidePoint};
pub use statistics::Interval;
pub use summary::words_of_change;
pub use trials::{TRIALS_SCHEMA, Trial, Trials, seconds_of, share_of};
pub use verdict::Verdict;

/// The schema of `comparison.json`. The number rises when a reader of the old form would misread the new one.
pub const SCHEMA: &str = "dynamometer.comparison/1";

/// Two sides compared: what `comparison.json` holds, and all that tables, pages and CI's files are made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// The version of dyno that compared.
    pub dyno_version: String,
    /// The workload's name.
    pub workload: String,
    /// Real or virtual time.
    pub clock: Clock,
    /// When it was made, RFC 3339 in UTC.
    pub compared_at: String,
    /// What is compared with.
    pub base: Side,
    /// What is judged.
    pub new: Side,
    /// Where the run-level values come from.
    pub method: Method,
    /// The confidence, 0 to 1, that all intervals together hold the true differences.
    pub confidence: f64,
    /// The verdict over the whole.
    pub verdict: Verdict,
    /// The verdict in one sentence: what decided it.
    pub summary: String,
    /// One entry per metric, in the order of a table: the whole run first, then operation by operation, then capacity.
    pub differences: Vec<Difference>,
    /// What a reader must know before trusting the numbers, and what differs between the sides besides what is measured.
    pub warnings: Vec<String>,
}

/// How runs that took turns were made.
#[derive(Debug, Clone, PartialEq)]
pub struct Spent {
    /// Real or virtual time.
    pub clock: Clock,
    /// When they were made, RFC 3339 in UTC.
    pub at: String,
    /// How long they took, seconds.
    pub seconds: f64,
    /// Rounds thrown away and repeated.
    pub discarded: u64,
}

/// Where the run-level values of a comparison come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Method {
    /// The sides took turns, A B B A and so on; every round is a pair.
    Rounds {
        /// Rounds until the first answer.
        rounds: u64,
        /// Rounds that confirmed it or did not; zero where nothing was to be confirmed.
        confirming_rounds: u64,
        /// Rounds at most until the first answer.
        planned: u64,
        /// Rounds thrown away and repeated, because the harness itself did not keep up.
        discarded: u64,
        /// How long it all took, seconds.
        seconds: f64,
    },
    /// Several recorded runs of a side or both; what differs from run to run is known from them.
    Runs {
        /// Degrees of freedom of the spread between runs.
        degrees: u64,
    },
    /// One recorded run a side, cut into slices of time that are compared pair by pair. The spread between runs is not known and
    /// assumed.
    Slices {
        /// Slices of each run.
        slices: u64,
        /// The assumed relative standard deviation of a run-level value from run to run; 0 in virtual time.
        between_runs: f64,
    },
}

/// One metric on both sides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// The metric.
    pub metric: Metric,
    /// The base's value, in the metric's unit: the median of its runs.
    pub base: f64,
    /// The new one's value.
    pub new: f64,
    /// The difference, estimated, with its interval: relative (0.1 is 10 % more than the base) or in shares (0.1 is ten
    /// percentage points), as the metric's [`Scale`] says. Not quite `new / base - 1`: it is estimated pair by pair.
    pub change: Interval,
    /// The smallest difference that matters, in the same terms.
    pub min_effect: f64,
    /// Effect size: the share of pairs in which the new side's value is the higher one, ties counted half (probability of
    /// superiority): 0.5 where the sides are alike.
    pub new_higher: f64,
    /// What it comes to.
    pub verdict: Verdict,
    /// How many more rounds (or runs of each side) would probably tell, where it cannot be told.
    pub more: Option<u64>,
    /// Whether the whole needs an answer on this metric: undecided tails of the distribution leave the whole decided.
    pub primary: bool,
    /// What the first rounds said, where confirming rounds were made for this metric; [`change`](Self::change) is then of the
    /// confirming rounds alone, which were not chosen for what they say.
    pub first_seen: Option<Interval>,
    /// Pairs of the rounds that [`first_seen`](Self::first_seen) is of; empty where no confirming rounds were made for this metric.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub first_pairs: Vec<(f64, f64)>,
    /// Pairs of run-level values (base, new), in order of time; of one recorded run, those of its slices. Empty where runs are
    /// not paired.
    pub pairs: Vec<(f64, f64)>,
}

impl Comparison {
    /// What two sides that took turns came to.
    pub fn of_turns(procedure: &Procedure, workload: &str, [base, new]: [Side; 2], spent: &Spent) -> Self {
        let differences = procedure.differences();
        let verdict = verdict::judge_whole(&differences);
        let confirming_rounds = procedure.confirming_rounds();
        let method = Method::Rounds {
            rounds: procedure.rounds() - confirming_rounds,
            confirming_rounds,
            planned: procedure.planned(),
            discarded: spent.discarded,
            seconds: spent.seconds,
        };
        Comparison {
            schema: SCHEMA.to_owned(),
            dyno_version: env!("CARGO_PKG_VERSION").to_owned(),
            workload: workload.to_owned(),
            clock: spent.clock,
            compared_at: spent.at.clone(),
            summary: summary::summary(verdict, &differences, &new.label, "rounds"),
            base,
            new,
            method,
            confidence: procedure.confidence(),
            verdict,
            differences,
            warnings: Vec::new(),
        }
    }

    /// The differences with a verdict.
    pub fn with(&self, verdict: Verdict) -> impl Iterator<Item = &Difference> {
        self.differences.iter().filter(move |difference| difference.verdict == verdict)
    }
}
