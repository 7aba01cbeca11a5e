//! A comparison in numbers and sentences, the same on pages, on terminals and in CI's files.

use crate::compare::{Comparison, Difference, Direction, Method, Quantity, Scale, Side, Verdict, words_of_change};
use crate::record::Clock;
use crate::report::units;

/// The verdict and what decided it, in one line.
pub(in crate::report) fn headline(comparison: &Comparison) -> String {
    let (verdict, summary) = (comparison.verdict.words(), comparison.summary.trim());
    if summary.is_empty() {
        return format!("{}.", capital(verdict));
    }
    let lower = summary.to_lowercase();
    let says_it = lower.starts_with(verdict) || lower.contains(&format!(" is {verdict}"));
    if says_it { capital(summary) } else { format!("{}: {summary}", capital(verdict)) }
}

/// The text with a capital letter.
pub(in crate::report) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// A sign that stands for the verdict without colour.
pub(in crate::report) fn sign(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Better => "✓",
        Verdict::Worse => "✗",
        Verdict::Same => "=",
        Verdict::CannotTell => "?",
    }
}

/// Whether a short table shows it: the verdict over the whole rests on it, or there is something to say.
pub(in crate::report) fn is_telling(difference: &Difference) -> bool {
    difference.primary || difference.verdict != Verdict::Same
}

/// Neighbours about the same operation or table, under its name; none for the run as a whole.
pub(in crate::report) fn groups<'a>(differences: &[&'a Difference]) -> Vec<(Option<&'a str>, Vec<&'a Difference>)> {
    let subject = |difference: &&'a Difference| difference.metric.subject.as_deref();
    let groups = differences.chunk_by(|one, other| subject(one) == subject(other));
    groups.map(|group| (group.first().and_then(subject), group.to_vec())).collect()
}

/// A value of a metric with its unit.
pub(in crate::report) fn value(quantity: Quantity, value: f64) -> String {
    match quantity {
        Quantity::Throughput => units::rate(value),
        Quantity::Service(_) | Quantity::Response(_) if value == 0.0 => "0".to_owned(),
        Quantity::Service(_) | Quantity::Response(_) => units::latency_seconds(value),
        Quantity::Errors | Quantity::Throttled | Quantity::ThrottledAttempts => units::share(value, 1.0),
        Quantity::ReadUnits | Quantity::WriteUnits => units::quantity(value),
    }
}

/// `%` or `points`.
pub(in crate::report) fn unit(scale: Scale) -> &'static str {
    match scale {
        Scale::Relative => "%",
        Scale::Points => "points",
    }
}

/// `+8.2 %` and `[+5.1, +11.4]`.
pub(in crate::report) fn change(difference: &Difference) -> [String; 2] {
    words_of_change(difference.change, difference.metric.quantity.scale(), difference.min_effect)
}

/// The smallest difference that matters: `5 %`, `0.1 points`.
pub(in crate::report) fn min_effect(difference: &Difference) -> String {
    let scale = difference.metric.quantity.scale();
    format!("{} {}", units::quantity(difference.min_effect * 100.0), unit(scale))
}

/// The share of pairs in which the new side's value is the higher one.
pub(in crate::report) fn new_higher(difference: &Difference) -> String {
    units::share(difference.new_higher, 1.0)
}

/// Which way is better, in words.
pub(in crate::report) fn direction(difference: &Difference) -> &'static str {
    match difference.metric.quantity.direction() {
        Direction::HigherIsBetter => "higher is better",
        Direction::LowerIsBetter => "lower is better",
    }
}

/// What more is needed of, one and many: rounds, or runs of each side.
pub(in crate::report) fn more_of(comparison: &Comparison) -> (&'static str, &'static str) {
    match comparison.method {
        Method::Rounds { .. } => ("more round", "more rounds"),
        Method::Runs { .. } | Method::Slices { .. } => ("more run of each side", "more runs of each side"),
    }
}

/// How much more would tell, where it cannot be told: `about 14 more rounds would probably tell`.
pub(in crate::report) fn would_tell(comparison: &Comparison, difference: &Difference) -> Option<String> {
    let more = more_needed(comparison, difference)?;
    Some(if difference.more.is_some() {
        format!("{more} would probably tell")
    } else {
        format!("{more} would hardly tell")
    })
}

/// How much, where the interval has both ends; without them nothing says so of recorded runs: `about 14 more rounds`, or `more rounds` where no number of them in reason would do.
pub(in crate::report) fn more_needed(comparison: &Comparison, difference: &Difference) -> Option<String> {
    let (one, many) = more_of(comparison);
    match (difference.verdict, comparison.more_needed(difference)) {
        (Verdict::CannotTell, Some(more)) => Some(format!("about {}", units::counted(more, one, many))),
        (Verdict::CannotTell, None) if difference.is_bounded() => Some(many.to_owned()),
        _ => None,
    }
}

/// What the first rounds said of a metric that seemed worse by them: `first seen +10.3 % [+6.1, +14.2]`.
pub(in crate::report) fn first_seen(difference: &Difference) -> Option<String> {
    let seen = words_of_change(difference.first_seen?, difference.metric.quantity.scale(), difference.min_effect);
    Some(format!("first seen {}", seen.join(" ")))
}

/// Whether it is called worse without having been measured again itself, because another metric was and is.
pub(in crate::report) fn is_unconfirmed(comparison: &Comparison, difference: &Difference) -> bool {
    let takes_turns = matches!(comparison.method, Method::Rounds { .. });
    takes_turns && difference.verdict == Verdict::Worse && difference.first_seen.is_none()
}

/// What came of measuring again what seemed worse, or that it was not done; none where nothing was to be confirmed.
pub(in crate::report) fn confirmation(comparison: &Comparison, difference: &Difference) -> Option<&'static str> {
    let Method::Rounds { confirming_rounds, .. } = comparison.method else { return None };
    match difference.first_seen {
        None => is_unconfirmed(comparison, difference).then_some("by all rounds, not confirmed itself"),
        Some(_) if confirming_rounds == 0 => Some("seemed worse, not measured again"),
        Some(_) if difference.verdict == Verdict::Worse => Some("confirmed"),
        Some(_) => Some("seemed worse, not confirmed"),
    }
}

/// The same with what was first seen: `confirmed; first seen +10.3 % [+6.1, +14.2]`.
pub(in crate::report) fn confirmation_seen(comparison: &Comparison, difference: &Difference) -> Option<String> {
    let parts: Vec<String> =
        confirmation(comparison, difference).map(str::to_owned).into_iter().chain(first_seen(difference)).collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// How many metrics came to what: `2 worse, 1 better, 14 same, 3 cannot tell`.
pub(in crate::report) fn counts(comparison: &Comparison) -> String {
    let all = [Verdict::Worse, Verdict::Better, Verdict::Same, Verdict::CannotTell];
    let counts = all.map(|verdict| (comparison.with(verdict).count() as u64, verdict.words()));
    let told = counts.into_iter().filter(|(count, _)| *count > 0);
    let told: Vec<String> = told.map(|(count, words)| format!("{} {words}", units::count(count))).collect();
    if told.is_empty() { "no metrics".to_owned() } else { told.join(", ") }
}

/// How the values came about, in a sentence or two.
pub(in crate::report) fn method(comparison: &Comparison) -> String {
    match &comparison.method {
        Method::Rounds { rounds, confirming_rounds, planned, discarded, seconds } => {
            let mut text = format!(
                "{} of at most {}, each with one value of either side; they took turns, A B, B A, A B and so on",
                units::counted(*rounds, "round", "rounds"),
                units::count(*planned.max(rounds)),
            );
            if *confirming_rounds > 0 {
                let more = units::counted(*confirming_rounds, "further round", "further rounds");
                text.push_str(&format!("; {more} measured again what seemed worse"));
            }
            text.push_str(&format!("; {} altogether.", units::period(*seconds)));
            if *discarded > 0 {
                let rounds = units::counted(*discarded, "round was", "rounds were");
                text.push_str(&format!(
                    " {rounds} thrown away and repeated, because the load generator did not keep up."
                ));
            }
            text
        }
        Method::Runs { degrees } => format!(
            "{} of the base and {} of the new side, recorded apart; how much runs differ among themselves is estimated from them, \
             with {} of freedom.",
            units::counted(comparison.base.runs.len() as u64, "run", "runs"),
            units::count(comparison.new.runs.len() as u64),
            units::counted(*degrees, "degree", "degrees"),
        ),
        Method::Slices { slices, between_runs } => {
            let spread = match (comparison.clock, *between_runs > 0.0) {
                (Clock::Virtual, false) => "Runs in virtual time repeat exactly, so none is added.".to_owned(),
                (Clock::Real, false) => {
                    "How much runs differ among themselves is not known, and was left out.".to_owned()
                }
                _ => format!(
                    "How much runs differ among themselves is not known from one run a side; a standard deviation of {} is assumed.",
                    units::share(*between_runs, 1.0)
                ),
            };
            format!(
                "One recorded run a side, cut into {} of time that are compared pair by pair. {spread}",
                units::counted(*slices, "slice", "slices")
            )
        }
    }
}

/// What the confidence is of.
pub(in crate::report) fn confidence(comparison: &Comparison) -> String {
    let confidence = units::share(comparison.confidence, 1.0);
    match comparison.method {
        Method::Rounds { confirming_rounds: 1.., .. } => format!(
            "The confirming rounds are a comparison of their own: the intervals of the first rounds together, and those of the \
             confirming rounds together, each hold the true differences with {confidence} confidence."
        ),
        _ => format!(
            "The intervals of all {} together hold the true differences with {confidence} confidence.",
            units::counted(comparison.differences.len() as u64, "metric", "metrics"),
        ),
    }
}

/// A side in a line: `A · engine: bundled engine · dyno 0.1.0`.
pub(in crate::report) fn side(side: &Side) -> String {
    let target = format!("{}: {}", side.target.kind, side.target.endpoint);
    [side.label.clone(), target, format!("dyno {}", side.dyno_version)].join(" · ")
}

/// What is known of both sides: name, base's, new's, whether they differ.
pub(in crate::report) fn facts(comparison: &Comparison) -> Vec<(String, String, String)> {
    let (base, new) = (&comparison.base, &comparison.new);
    let of = |name: &str, fact: &dyn Fn(&Side) -> String| (name.to_owned(), fact(base), fact(new));
    let mut facts = vec![of("target", &|side| format!("{}: {}", side.target.kind, side.target.endpoint))];
    let mut names: Vec<&String> = Vec::new();
    for (name, _) in base.target.settings.iter().chain(&new.target.settings) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    for name in names {
        facts.push(of(name, &|side| {
            let setting = side.target.settings.iter().find(|(known, _)| known == name);
            setting.map_or(units::NOTHING.to_owned(), |(_, value)| value.clone())
        }));
    }
    facts.push(of("dyno", &|side| side.dyno_version.clone()));
    facts.push(of("processor", &|side| side.machine.cpu.clone()));
    facts.push(of("cores", &|side| units::count(side.machine.cores as u64)));
    facts.push(of("memory", &|side| units::bytes(side.machine.memory_bytes)));
    facts.push(of("operating system", &|side| side.machine.os.clone()));
    facts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples::comparison as samples;

    #[test]
    fn a_verdict_is_said_once() {
        let mut comparison = samples::worse();
        for (summary, line) in [
            (
                "B is worse: read, service time p50 +10.0 % [+8.0, +12.1].",
                "B is worse: read, service time p50 +10.0 % [+8.0, +12.1].",
            ),
            ("worse, by its throughput", "Worse, by its throughput"),
            ("throughput fell", "Worse: throughput fell"),
            ("", "Worse."),
        ] {
            comparison.summary = summary.to_owned();
            assert_eq!(headline(&comparison), line);
        }
    }
}
