//! A comparison in one sentence.

use super::metric::Scale;
use super::{Comparison, Difference, Interval, Method, Verdict};

/// Fewer more runs of each side are no advice: with these, how much runs differ among themselves is known at all.
const RUNS_LEAST: u64 = 3;

/// What there is more of where the sides took turns.
const ROUNDS: &str = "rounds";

/// Most decimals of a difference: enough to tell it from nothing and from what matters.
const DECIMALS_MAX: usize = 6;

/// `+8.2 %` and `[+5.1, +11.4]`, or in points `+0.12 points` and `[+0.08, +0.15]`; an end that nothing bounds is infinite.
///
/// No number is rounded onto nothing or onto the smallest difference that matters where it does not lie there: what is called
/// more than nothing, or less than what matters, also reads so.
pub fn words_of_change(change: Interval, scale: Scale, min_effect: f64) -> [String; 2] {
    let unit = match scale {
        Scale::Relative => "%",
        Scale::Points => "points",
    };
    let low = if change.is_bounded_below(scale) { change.low } else { f64::NEG_INFINITY };
    let [estimate, low, high] = [change.estimate, low, change.high].map(|number| number * 100.0);
    let largest = [estimate, low, high].map(f64::abs).into_iter().filter(|size| size.is_finite()).fold(0.0, f64::max);
    let decimals = match largest {
        size if size >= 99.5 => 0,
        size if size >= 0.995 => 1,
        size if size >= 0.0995 => 2,
        _ => 3,
    };
    let border = min_effect * 100.0;
    let signed = |number| signed(number, decimals, &[0.0, border, -border, -100.0]);
    [format!("{} {unit}", signed(estimate)), format!("[{}, {}]", signed(low), signed(high))]
}

/// A number with its sign, apart from the borders it does not lie on.
fn signed(number: f64, decimals: usize, borders: &[f64]) -> String {
    let sign = match number {
        number if number.is_nan() => return "–".to_owned(),
        number if number.abs() < 1e-9 => return "0".to_owned(),
        number if number > 0.0 => "+",
        _ => "−",
    };
    let size = number.abs();
    if size.is_infinite() {
        return format!("{sign}∞");
    }
    if size >= 1e15 {
        return format!("{sign}{size:.0e}");
    }
    if size >= 999.5 {
        return format!("{sign}{}", grouped(size.round() as u64));
    }
    let rounded = (decimals..=DECIMALS_MAX).map(|decimals| format!("{size:.decimals$}"));
    let is_apart = |text: &String| {
        let shown = text.parse::<f64>().unwrap_or(size).copysign(number);
        borders.iter().all(|border| (border - number).abs() < 1e-9 || (border - shown).abs() > 1e-9)
    };
    let text = rounded.into_iter().find(is_apart).unwrap_or_else(|| format!("{size:.0e}"));
    format!("{sign}{text}")
}

/// Thousands apart: `1,250`.
fn grouped(number: u64) -> String {
    match number {
        0..1_000 => number.to_string(),
        _ => format!("{},{:03}", grouped(number / 1_000), number % 1_000),
    }
}

impl Interval {
    /// Whether the data bound the difference from below: nothing falls by more than all of it.
    pub fn is_bounded_below(self, scale: Scale) -> bool {
        self.low.is_finite() && !(scale == Scale::Relative && self.low <= -1.0 && self.high.is_infinite())
    }
}

impl Difference {
    /// The difference with its interval, in words.
    pub fn words(&self) -> String {
        words_of_change(self.change, self.metric.quantity.scale(), self.min_effect).join(" ")
    }

    /// How many times the smallest difference that matters it is.
    fn weight(&self) -> f64 {
        self.change.estimate.abs() / self.min_effect.max(1e-12)
    }

    /// Whether the data bound the difference on both sides.
    pub fn is_bounded(&self) -> bool {
        self.change.is_bounded_below(self.metric.quantity.scale()) && self.change.high.is_finite()
    }
}

impl Comparison {
    /// The metric that decided the verdict: of those that made it, one that was confirmed before others, a primary one before
    /// others, and the one that moved most by what matters of it; where it cannot be told, the one that needs most. `None`
    /// where nothing is compared.
    pub fn decisive(&self) -> Option<&Difference> {
        decisive(self.verdict, &self.differences)
    }

    /// How many more rounds, or runs of each side, would probably tell of a metric that cannot be told.
    pub fn more_needed(&self, difference: &Difference) -> Option<u64> {
        let least = if matches!(self.method, Method::Rounds { .. }) { 1 } else { RUNS_LEAST };
        difference.more.map(|more| more.max(least))
    }
}

/// What [`Comparison::decisive`] finds.
fn decisive(verdict: Verdict, differences: &[Difference]) -> Option<&Difference> {
    let made_it = differences.iter().filter(|difference| match verdict {
        Verdict::Worse | Verdict::Better => difference.verdict == verdict,
        Verdict::Same => difference.primary,
        Verdict::CannotTell => difference.primary && difference.verdict == verdict,
    });
    if verdict == Verdict::CannotTell {
        return made_it.max_by_key(|difference| difference.more.unwrap_or(u64::MAX));
    }
    let rank =
        |difference: &Difference| (verdict == Verdict::Worse && difference.first_seen.is_some(), difference.primary);
    made_it.max_by(|a, b| rank(a).cmp(&rank(b)).then(a.weight().total_cmp(&b.weight())))
}

/// The verdict in a sentence: what decided it. `more` names what more of would tell: rounds, or runs of each side.
pub(super) fn summary(verdict: Verdict, differences: &[Difference], new: &str, more: &str) -> String {
    let decisive = decisive(verdict, differences);
    let others = |count: usize| match count {
        0 | 1 => String::new(),
        2 => " (and another metric)".to_owned(),
        count => format!(" (and {} other metrics)", count - 1),
    };
    match verdict {
        Verdict::Worse | Verdict::Better => {
            let Some(difference) = decisive else { return format!("{new} is {}.", verdict.words()) };
            let named = format!("{} {}", difference.metric.words(), difference.words());
            let others = others(differences.iter().filter(|difference| difference.verdict == verdict).count());
            format!("{new} is {}: {named}{others}.", verdict.words())
        }
        Verdict::Same => {
            let primary = differences.iter().filter(|difference| difference.primary).count();
            format!("No difference that matters, by the {primary} metrics the whole needs.")
        }
        Verdict::CannotTell => {
            let Some(widest) = decisive else { return "Cannot tell: there is nothing to compare.".to_owned() };
            let takes_turns = more == ROUNDS;
            let least = if takes_turns { 1 } else { RUNS_LEAST };
            let advice = match widest.more.map(|count| count.max(least)) {
                _ if !widest.is_bounded() => {
                    let remedy = if takes_turns {
                        "more --rounds or a longer --budget"
                    } else {
                        "longer runs (10 s or more), or several of each side"
                    };
                    format!("there are too few values to bound it: {remedy} would")
                }
                Some(count) => format!("some {} more {more} would probably tell", grouped(count)),
                None => format!("no reasonable number of {more} would tell: it lies on the border of what matters"),
            };
            format!("Cannot tell: {} {}; {advice}.", widest.metric.words(), widest.words())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Latency, Metric, Quantity};
    use super::*;

    #[test]
    fn differences_read_as_their_verdicts_judge_them() {
        let (relative, points) = (Scale::Relative, Scale::Points);
        let cases = [
            ((relative, 0.082, 0.051, 0.114, 0.05), "+8.2 % [+5.1, +11.4]"),
            ((points, 0.0012, 0.0002, 0.0021, 0.001), "+0.12 points [+0.02, +0.21]"),
            ((points, 0.0, 0.0, 0.0, 0.001), "0 points [0, 0]"),
            // Above nothing, and below five: neither is rounded away.
            ((relative, 0.02, 0.0000012, 0.0499996, 0.05), "+2.0 % [+0.0001, +4.99996]"),
            ((relative, -0.0500001, -0.4, -0.0000001, 0.05), "−5.00001 % [−40.0, −0.00001]"),
            // Exactly on the border is the border.
            ((relative, 0.05, -0.05, 0.06, 0.05), "+5.0 % [−5.0, +6.0]"),
            ((relative, 0.1, -1.0, f64::INFINITY, 0.05), "+10.0 % [−∞, +∞]"),
            ((points, 0.1, f64::NEG_INFINITY, f64::INFINITY, 0.001), "+10.0 points [−∞, +∞]"),
            ((relative, 12.5, 2.0, 999_999.0, 0.05), "+1,250 % [+200, +99,999,900]"),
            ((relative, -0.999_999, -0.999_999, 0.3, 0.05), "−99.9999 % [−99.9999, +30]"),
        ];
        for ((scale, estimate, low, high, min_effect), words) in cases {
            assert_eq!(words_of_change(Interval { estimate, low, high }, scale, min_effect).join(" "), words);
        }
    }

    fn difference(quantity: Quantity, change: [f64; 3], verdict: Verdict, more: Option<u64>) -> Difference {
        let metric = Metric { subject: None, quantity };
        let [estimate, low, high] = change;
        Difference {
            primary: metric.is_primary(),
            metric,
            base: 1.0,
            new: 1.0,
            change: Interval { estimate, low, high },
            min_effect: 0.05,
            new_higher: 0.5,
            verdict,
            more,
            first_seen: None,
            first_pairs: Vec::new(),
            pairs: Vec::new(),
        }
    }

    #[test]
    fn advice_is_what_can_be_done() {
        let open = |change, more| vec![difference(Quantity::Throughput, change, Verdict::CannotTell, more)];
        let (bounded, unbounded) = ([0.02, -0.04, 0.08], [0.02, -1.0, f64::INFINITY]);
        let cases = [
            (open(bounded, Some(1_250)), "rounds", "some 1,250 more rounds would probably tell"),
            (open(bounded, Some(1)), "runs of each side", "some 3 more runs of each side would probably tell"),
            (open(bounded, None), "rounds", "no reasonable number of rounds would tell"),
            (open(unbounded, Some(3)), "rounds", "more --rounds or a longer --budget"),
            (open(unbounded, None), "runs of each side", "longer runs (10 s or more), or several of each side"),
        ];
        for (differences, more, advice) in cases {
            let text = summary(Verdict::CannotTell, &differences, "B", more);
            assert!(text.contains(advice), "{text}");
        }
    }

    #[test]
    fn what_was_confirmed_decides_before_what_was_not() {
        let seen = Interval { estimate: 0.1, low: 0.05, high: 0.2 };
        let worse = |at, estimate| difference(Quantity::Service(at), [estimate, 0.01, 0.9], Verdict::Worse, None);
        let mut differences = vec![worse(Latency::P99, 0.6), worse(Latency::P50, 0.3), worse(Latency::P90, 0.1)];
        let decides = |differences: &[Difference]| decisive(Verdict::Worse, differences).unwrap().metric.words();
        assert_eq!(decides(&differences), "service time p50", "a primary one before a larger one");
        differences[2].first_seen = Some(seen);
        assert_eq!(decides(&differences), "service time p90");
        let text = summary(Verdict::Worse, &differences, "B", "rounds");
        assert_eq!(text, "B is worse: service time p90 +10.0 % [+1.0, +90.0] (and 2 other metrics).");
    }
}
