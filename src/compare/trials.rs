//! How often a comparison errs: the whole of it repeated.

use serde::{Deserialize, Serialize};

use crate::random::Random;

use super::ab::{Procedure, Round, Rules};
use super::statistics::share_interval;
use super::verdict::judge_whole;
use super::{Interval, MachineInfo, Verdict};

/// The schema of `trials.json`.
pub const TRIALS_SCHEMA: &str = "dynamometer.trials/1";

/// Repetitions of one comparison: what `trials.json` holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trials {
    /// Always [`TRIALS_SCHEMA`].
    pub schema: String,
    /// The version of dyno.
    pub dyno_version: String,
    /// The workload's name.
    pub workload: String,
    /// When they began, RFC 3339 in UTC.
    pub began_at: String,
    /// The machine.
    pub machine: MachineInfo,
    /// The command line.
    pub command: Vec<String>,
    /// By how much B was slowed down on purpose; nothing where both sides are alike.
    pub injected: f64,
    /// Trials that ran.
    pub measured: Vec<Trial>,
    /// Trials made of rounds drawn at random, with replacement, from those of the trials that ran.
    pub resampled: Vec<Trial>,
}

/// One comparison.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Its answer.
    pub verdict: Verdict,
    /// Rounds until the first answer.
    pub rounds: u64,
    /// Rounds that confirmed it or did not.
    pub confirming_rounds: u64,
    /// Rounds at most until the first answer.
    #[serde(default)]
    pub planned: u64,
    /// How long it took, seconds; estimated from the rounds where they were drawn.
    pub seconds: f64,
}

impl Trial {
    /// A trial that took so long.
    pub fn of(procedure: &Procedure, seconds: f64) -> Self {
        let confirming_rounds = procedure.confirming_rounds();
        Trial {
            verdict: judge_whole(&procedure.differences()),
            rounds: procedure.rounds() - confirming_rounds,
            confirming_rounds,
            planned: procedure.planned(),
            seconds,
        }
    }

    /// A trial made of rounds drawn at random from these; a round counts as so many seconds.
    pub fn resampled(rounds: &[Round], rules: Rules, random: &mut Random, round_seconds: f64) -> Self {
        let mut procedure = Procedure::new(rules);
        while !procedure.has_ended() {
            let Some(round) = rounds.get(random.below(rounds.len() as u64) as usize) else { break };
            procedure.round(round.clone());
        }
        let seconds = procedure.rounds() as f64 * round_seconds;
        Trial::of(&procedure, seconds)
    }
}

/// A share of trials with its 95 % interval (Clopper and Pearson 1934).
pub fn share_of(trials: &[Trial], verdict: Verdict) -> Interval {
    let count = trials.iter().filter(|trial| trial.verdict == verdict).count() as u64;
    share_interval(count, trials.len() as u64)
}

/// The seconds that this share of the trials did not exceed; 0 without trials.
pub fn seconds_of(trials: &[Trial], share: f64) -> f64 {
    let mut seconds: Vec<f64> = trials.iter().map(|trial| trial.seconds).collect();
    seconds.sort_unstable_by(f64::total_cmp);
    let rank = (share * seconds.len() as f64).ceil() as usize;
    seconds.get(rank.max(1) - 1).copied().unwrap_or_default()
}
