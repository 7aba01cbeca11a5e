//! From an interval to a verdict.

use serde::{Deserialize, Serialize};

use super::metric::Direction;
use super::{Difference, Interval};

/// What a difference comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Better by what matters or more.
    Better,
    /// Worse by what matters or more.
    Worse,
    /// No difference that matters.
    Same,
    /// The interval is too wide to say.
    CannotTell,
}

impl Verdict {
    /// In words: `better`, `worse`, `same`, `cannot tell`.
    pub fn words(self) -> &'static str {
        match self {
            Verdict::Better => "better",
            Verdict::Worse => "worse",
            Verdict::Same => "same",
            Verdict::CannotTell => "cannot tell",
        }
    }
}

/// The verdict over one metric.
///
/// - *same*: the whole interval lies within the minimum effect on either side of nothing (equivalence; Schuirmann 1987).
/// - *worse* or *better*: the interval excludes no difference, and the estimate is at least the minimum effect: surely a
///   difference, and by the best guess one that matters.
/// - *cannot tell*: anything else.
pub fn judge(change: Interval, min_effect: f64, direction: Direction) -> Verdict {
    if change.low > -min_effect && change.high < min_effect {
        return Verdict::Same;
    }
    let grew = change.low > 0.0 && change.estimate >= min_effect;
    let shrank = change.high < 0.0 && change.estimate <= -min_effect;
    match (grew, shrank, direction) {
        (true, _, Direction::LowerIsBetter) | (_, true, Direction::HigherIsBetter) => Verdict::Worse,
        (true, _, Direction::HigherIsBetter) | (_, true, Direction::LowerIsBetter) => Verdict::Better,
        (false, false, _) => Verdict::CannotTell,
    }
}

/// The verdict over the whole: worse where any metric is; better where one is and no primary one is open; same where every
/// primary metric is; otherwise it cannot be told.
pub(super) fn judge_whole(differences: &[Difference]) -> Verdict {
    let any = |verdict| differences.iter().any(|difference| difference.verdict == verdict);
    let mut primary = differences.iter().filter(|difference| difference.primary).peekable();
    if any(Verdict::Worse) {
        return Verdict::Worse;
    }
    if primary.peek().is_none() || primary.any(|difference| difference.verdict == Verdict::CannotTell) {
        return Verdict::CannotTell;
    }
    if any(Verdict::Better) { Verdict::Better } else { Verdict::Same }
}

/// More than this is no advice.
const MOST_MORE: f64 = 100_000.0;

/// How many more values, besides the `count` there are, would probably narrow an interval enough to tell; the width falls with
/// the root of the count. `None` where the estimate lies on the border, or the number is beyond reason.
pub(super) fn more_needed(count: usize, change: Interval, min_effect: f64) -> Option<u64> {
    let half = (change.high - change.low) / 2.0;
    let size = change.estimate.abs();
    // Below the minimum effect the interval must fit within it, above it must exclude nothing.
    let allowed = if size < min_effect { min_effect - size } else { size };
    let needed = count as f64 * (half / allowed).powi(2);
    let more = (needed - count as f64).ceil().max(1.0);
    (more <= MOST_MORE).then_some(more as u64)
}
