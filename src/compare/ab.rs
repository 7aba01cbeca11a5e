//! Two sides that take turns: which one runs next, when the answer is clear, and what it is.
//!
//! Rounds are pairs of runs in the order A B, B A, A B, ..., so that what drifts slowly strikes both sides alike. Looks at the
//! data are planned before the first round, and the error allowed is shared out over them and over the metrics (Bonferroni),
//! so looking early costs width and never honesty. What seems worse is measured again in rounds of its own before it is called so.

use super::metric::{Direction, Measure, Metric, MinEffects, Scale, value_of};
use super::statistics::{fewest_pairs, mean_interval, paired_interval, superiority};
use super::verdict::{judge, judge_whole, more_needed};
use super::{Difference, Interval, Verdict};

/// Looks at the data before the last one: each later than the one before by this factor.
const LOOKS_APART: f64 = 1.5;
/// No look before so many rounds, whatever the confidence asked for.
const FIRST_LOOK: usize = 6;

/// What is asked of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    /// The smallest differences that matter.
    pub min_effects: MinEffects,
    /// The confidence that all intervals together hold the true differences, 0 to 1.
    pub confidence: f64,
    /// Rounds at most until the first answer; as many again may confirm it.
    pub rounds: u64,
}

/// Which side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Turn {
    /// The base.
    A,
    /// The one judged.
    B,
}

impl Turn {
    /// The order in which the sides run in a pair: A B, B A, A B, and so on.
    pub fn order(pair: u64) -> [Turn; 2] {
        if pair.is_multiple_of(2) { [Turn::A, Turn::B] } else { [Turn::B, Turn::A] }
    }
}

/// Runs of two sides in turn, and what follows from them.
#[derive(Debug)]
pub struct Procedure {
    rules: Rules,
    rounds: Vec<Round>,
    /// Looks at all metrics; unknown until the first round told how many metrics there are.
    screening: Option<Looks>,
    confirming: Option<Confirming>,
    ended: bool,
}

/// The measures of both sides in one round.
#[derive(Debug, Clone, PartialEq)]
pub struct Round {
    /// The base's.
    pub a: Vec<Measure>,
    /// Of the side judged.
    pub b: Vec<Measure>,
}

/// When to look, and the error allowed for each metric at each look.
#[derive(Debug, Clone)]
struct Looks {
    /// Rounds at which to look, rising.
    at: Vec<usize>,
    alpha: f64,
}

impl Looks {
    /// Looks at so many metrics within so many rounds. One look more than planned is paid for: the closing one.
    fn plan(rounds: u64, metrics: usize, confidence: f64) -> Self {
        let rounds = usize::try_from(rounds).unwrap_or(usize::MAX).max(1);
        let error = (1.0 - confidence) / metrics.max(1) as f64;
        let mut looks = 1;
        loop {
            let alpha = error / (looks + 1) as f64;
            let mut at = vec![fewest_pairs(alpha).max(FIRST_LOOK).min(rounds)];
            while let Some(last) = at.last().copied().filter(|last| *last < rounds) {
                at.push(((last as f64 * LOOKS_APART).ceil() as usize).min(rounds));
            }
            if at.len() <= looks {
                return Looks { at, alpha };
            }
            looks = at.len();
        }
    }

    fn last(&self) -> usize {
        self.at.last().copied().unwrap_or_default()
    }
}

/// The rounds that decide about what seemed worse.
#[derive(Debug)]
struct Confirming {
    /// The metrics that seemed worse, and what was seen.
    suspects: Vec<(Metric, Interval)>,
    /// The first round of these.
    from: usize,
    /// Looks at the suspects, rounds counted from `from`.
    looks: Looks,
}

impl Procedure {
    /// Nothing has run yet.
    pub fn new(rules: Rules) -> Self {
        Procedure { rules, rounds: Vec::new(), screening: None, confirming: None, ended: false }
    }

    /// Whether the answer is there, and no further round is asked for.
    pub fn has_ended(&self) -> bool {
        self.ended
    }

    /// The confidence that all intervals together hold.
    pub fn confidence(&self) -> f64 {
        self.rules.confidence
    }

    /// The complete rounds, in order.
    pub fn into_rounds(self) -> Vec<Round> {
        self.rounds
    }

    /// Complete rounds so far.
    pub fn rounds(&self) -> u64 {
        self.rounds.len() as u64
    }

    /// Complete rounds that were made to confirm.
    pub fn confirming_rounds(&self) -> u64 {
        self.confirming.as_ref().map_or(0, |confirming| (self.rounds.len() - confirming.from) as u64)
    }

    /// Rounds at most until the first answer.
    pub fn planned(&self) -> u64 {
        self.screening.as_ref().map_or(self.rules.rounds, |looks| looks.last() as u64)
    }

    /// Whether what seemed worse is being measured again.
    pub fn is_confirming(&self) -> bool {
        self.confirming.is_some()
    }

    /// Fewer rounds than the rules allow, because time is short. Of no effect once the first look is planned, which is after
    /// the second round, so that what was seen cannot move the plan.
    pub fn limit(&mut self, rounds: u64) {
        if self.screening.is_none() {
            self.rules.rounds = self.rules.rounds.min(rounds.max(2));
        }
    }

    /// Ends where it stands: no further run is asked for, and the answer is that of the complete rounds.
    pub fn end(&mut self) {
        self.ended = true;
    }

    /// Takes the measures of both sides in a round; of no effect once it has ended.
    pub fn round(&mut self, round: Round) {
        if self.ended {
            return;
        }
        self.rounds.push(round);
        // The first round tells how many metrics there are, the second how long rounds take.
        if self.rounds.len() < 2 && self.rules.rounds > 1 {
            return;
        }
        let metrics = self.metrics();
        let rules = &self.rules;
        let looks = self.screening.get_or_insert_with(|| Looks::plan(rules.rounds, metrics.len(), rules.confidence));
        let now = self.rounds.len();
        match &self.confirming {
            None if looks.at.contains(&now) => self.look(&metrics),
            Some(confirming) if confirming.looks.at.contains(&(now - confirming.from)) => self.look_again(),
            _ => {}
        }
    }

    /// A look at all metrics: ends where all that matters is clear, goes on to confirm where something seems worse.
    fn look(&mut self, metrics: &[Metric]) {
        let Some(looks) = &self.screening else { return };
        let is_last = self.rounds.len() >= looks.last();
        let differences: Vec<Difference> =
            metrics.iter().filter_map(|metric| self.difference(metric, 0, looks.alpha)).collect();
        let worse = differences.iter().filter(|difference| difference.verdict == Verdict::Worse);
        let suspects: Vec<_> = worse.map(|difference| (difference.metric.clone(), difference.change)).collect();
        if !suspects.is_empty() {
            let looks = Looks::plan(self.rules.rounds, suspects.len(), self.rules.confidence);
            self.confirming = Some(Confirming { suspects, from: self.rounds.len(), looks });
        } else if is_last || (judge_whole(&differences) != Verdict::CannotTell && !differences.iter().any(may_be_worse))
        {
            self.ended = true;
        }
    }

    /// A look at the suspects: ends where one is confirmed, or none is left that could be.
    fn look_again(&mut self) {
        let Some(confirming) = &self.confirming else { return };
        let is_last = self.rounds.len() - confirming.from >= confirming.looks.last();
        let verdicts = confirming.suspects.iter().map(|(metric, _)| {
            let difference = self.difference(metric, confirming.from, confirming.looks.alpha);
            difference.map_or(Verdict::CannotTell, |difference| difference.verdict)
        });
        let verdicts: Vec<Verdict> = verdicts.collect();
        let is_confirmed = verdicts.contains(&Verdict::Worse);
        if is_last || is_confirmed || !verdicts.contains(&Verdict::CannotTell) {
            self.ended = true;
        }
    }

    /// The rounds of the first look: fewer tell nothing. Known from the second round on.
    pub fn first_look(&self) -> Option<u64> {
        self.screening.as_ref().map(|looks| fewest_pairs(looks.alpha).max(FIRST_LOOK) as u64)
    }

    /// The metrics that both sides had in some round and that were more than nothing, in the order of the first. What can only be
    /// nothing, like the share of errors, counts.
    fn metrics(&self) -> Vec<Metric> {
        let mut metrics: Vec<Metric> = Vec::new();
        for round in &self.rounds {
            for measure in &round.a {
                let Some(other) = value_of(&round.b, &measure.metric) else { continue };
                let is_something = measure.metric.quantity.scale() == Scale::Points || measure.value.max(other) > 0.0;
                if is_something && !metrics.contains(&measure.metric) {
                    metrics.push(measure.metric.clone());
                }
            }
        }
        metrics
    }

    /// Whether worse was said and confirmed.
    fn is_confirmed(&self) -> bool {
        let Some(confirming) = &self.confirming else { return false };
        let mut suspects = confirming.suspects.iter();
        suspects.any(|(metric, _)| {
            let difference = self.difference(metric, confirming.from, confirming.looks.alpha);
            difference.is_some_and(|difference| difference.verdict == Verdict::Worse)
        })
    }

    /// Every metric by all complete rounds; the suspects by the confirming rounds alone. What seems worse without having been
    /// confirmed counts as such only beside something that was.
    pub fn differences(&self) -> Vec<Difference> {
        let metrics = self.metrics();
        let planned = || Looks::plan(self.rules.rounds, metrics.len(), self.rules.confidence);
        let alpha = self.screening.as_ref().map_or_else(|| planned().alpha, |looks| looks.alpha);
        let is_confirmed = self.is_confirmed();
        let differences = metrics.iter().filter_map(|metric| {
            let suspect = self.confirming.as_ref().and_then(|confirming| {
                let (_, seen) = confirming.suspects.iter().find(|(known, _)| known == metric)?;
                Some((confirming, *seen))
            });
            if let Some((confirming, seen)) = suspect {
                let again = self.difference(metric, confirming.from, confirming.looks.alpha);
                let again = again.map(|again| {
                    let first_pairs = pairs_of(&self.rounds[..confirming.from], metric);
                    Difference { first_pairs, ..again }
                });
                let mut difference = again.or_else(|| {
                    // Ended before there was a confirming round.
                    let mut difference = self.difference(metric, 0, alpha)?;
                    difference.verdict = Verdict::CannotTell;
                    Some(difference)
                })?;
                difference.first_seen = Some(seen);
                return Some(difference);
            }
            let mut difference = self.difference(metric, 0, alpha)?;
            if difference.verdict == Verdict::Worse && !is_confirmed {
                difference.verdict = Verdict::CannotTell;
            }
            Some(difference)
        });
        differences.collect()
    }

    fn difference(&self, metric: &Metric, from: usize, alpha: f64) -> Option<Difference> {
        let pairs = pairs_of(self.rounds.get(from..)?, metric);
        of_pairs(metric, pairs, &self.rules.min_effects, alpha)
    }
}

/// The values of a metric in the rounds in which both sides had one.
fn pairs_of(rounds: &[Round], metric: &Metric) -> Vec<(f64, f64)> {
    let pairs = rounds.iter().filter_map(|round| Some((value_of(&round.a, metric)?, value_of(&round.b, metric)?)));
    pairs.collect()
}

/// Whether more rounds might yet find it worse.
fn may_be_worse(difference: &Difference) -> bool {
    let estimate = match difference.metric.quantity.direction() {
        Direction::LowerIsBetter => difference.change.estimate,
        Direction::HigherIsBetter => -difference.change.estimate,
    };
    difference.verdict == Verdict::CannotTell && estimate >= difference.min_effect
}

/// The difference of a metric from pairs of values; `None` without pairs.
fn of_pairs(metric: &Metric, pairs: Vec<(f64, f64)>, min_effects: &MinEffects, alpha: f64) -> Option<Difference> {
    let scale = metric.quantity.scale();
    let differences: Vec<f64> = pairs.iter().map(|(base, new)| scale.difference(*base, *new)).collect();
    let interval = match scale {
        Scale::Relative => paired_interval(&differences, alpha)?,
        // Shares of failures are nothing in most rounds, and the few others are what matters: ranks would not see them.
        Scale::Points => mean_interval(&differences, alpha, fewest_pairs(alpha))?,
    };
    let min_effect = min_effects.of(metric);
    let change = scale.present(interval);
    let verdict = judge(change, min_effect, metric.quantity.direction());
    let more = match verdict {
        Verdict::CannotTell if interval.low.is_finite() => more_needed(pairs.len(), change, min_effect),
        Verdict::CannotTell => Some(fewest_pairs(alpha).saturating_sub(pairs.len()).max(1) as u64),
        _ => None,
    };
    Some(Difference {
        metric: metric.clone(),
        base: scale.typical(pairs.iter().map(|(base, _)| *base).collect()),
        new: scale.typical(pairs.iter().map(|(_, new)| *new).collect()),
        change,
        min_effect,
        new_higher: superiority(&pairs),
        verdict,
        more,
        primary: metric.is_primary(),
        first_seen: None,
        first_pairs: Vec::new(),
        pairs,
    })
}

#[cfg(test)]
mod tests {

    use super::super::metric::{Latency, Quantity};
    use super::*;
    use crate::random::Streams;

    /// Rounds of two sides whose machine drifts, and now and then loses half a run to somebody else; B takes `slower` times as
    /// long as A.
    fn trial(seed: u64, slower: f64, rounds: u64) -> (Procedure, Verdict) {
        let mut random = Streams::new(seed).stream("noise").at(0);
        let rules = Rules { min_effects: MinEffects::default(), confidence: 0.95, rounds };
        let mut procedure = Procedure::new(rules);
        let mut drift = 0.0_f64;
        let mut run = |turn: Turn| {
            let mut noise = || random.unit() - 0.5;
            drift = 0.9 * drift + 0.08 * noise();
            let slower = if turn == Turn::B { slower.ln() } else { 0.0 };
            let time = slower + drift + 0.2 * noise();
            let median = time + 0.06 * noise();
            let spoiled = if noise() > 0.4 { 0.7 } else { 0.0 };
            let tail = time + 0.6 * noise() + spoiled;
            let measure = |subject: Option<&str>, quantity, value: f64| Measure {
                metric: Metric { subject: subject.map(str::to_owned), quantity },
                value,
            };
            vec![
                measure(None, Quantity::Throughput, 1e6 * (-time).exp()),
                measure(None, Quantity::Errors, 0.0),
                measure(Some("get"), Quantity::Service(Latency::P50), 1e-6 * median.exp()),
                measure(Some("get"), Quantity::Service(Latency::P99), 1e-5 * tail.exp()),
                measure(Some("get"), Quantity::Response(Latency::P99), 1e-5 * (tail + 0.1 * noise()).exp()),
            ]
        };
        while !procedure.has_ended() {
            let [mut a, mut b] = [Vec::new(), Vec::new()];
            for turn in Turn::order(procedure.rounds()) {
                match turn {
                    Turn::A => a = run(turn),
                    Turn::B => b = run(turn),
                }
            }
            procedure.round(Round { a, b });
        }
        let verdict = judge_whole(&procedure.differences());
        (procedure, verdict)
    }

    #[test]
    fn one_round_that_was_asked_for_is_one_round() {
        let (procedure, verdict) = trial(1, 2.0, 1);
        assert_eq!((procedure.rounds(), verdict), (1, Verdict::CannotTell));
    }

    #[test]
    fn no_false_alarms_and_no_misses() {
        let trials = 200;
        let (mut alarms, mut same, mut rounds) = (0, 0, 0);
        for seed in 0..trials {
            let (procedure, verdict) = trial(seed, 1.0, 100);
            alarms += u64::from(verdict == Verdict::Worse);
            same += u64::from(verdict == Verdict::Same);
            rounds += procedure.rounds();
        }
        assert!(alarms <= trials / 200, "{alarms} false alarms");
        assert!(same > trials * 9 / 10, "{same} the same, {} rounds on average", rounds / trials);

        let (mut found, mut rounds) = (0, 0);
        for seed in 0..trials {
            let (procedure, verdict) = trial(seed, 1.1, 100);
            found += u64::from(verdict == Verdict::Worse);
            rounds += procedure.rounds();
        }
        assert!(found >= trials * 97 / 100, "{found} found, {} rounds on average", rounds / trials);
    }
}
