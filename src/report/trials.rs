//! How often a comparison erred, as a table.

use std::fmt::Write as _;

use crate::compare::{Interval, Trials, Verdict, seconds_of, share_of};

use super::units;

/// A table of how often each answer came, in Markdown, so that it can be kept as it is.
pub fn trials_text(trials: &Trials) -> String {
    let mut text = String::new();
    let title = match trials.injected {
        0.0 => "B like A".to_owned(),
        injected => format!("B slowed down by {} %", units::quantity(100.0 * injected)),
    };
    // Writing into a string cannot fail.
    let _ = writeln!(text, "| {title} | trials | worse | better | same | cannot tell | seconds: median, 95 %, most |");
    let _ = writeln!(text, "|---|--:|--:|--:|--:|--:|--:|");
    for (kind, list) in [("measured", &trials.measured), ("resampled", &trials.resampled)] {
        if list.is_empty() {
            continue;
        }
        let count = |verdict| list.iter().filter(|trial| trial.verdict == verdict).count();
        let _ = writeln!(
            text,
            "| {kind} | {} | {} | {} | {} | {} | {:.1}, {:.1}, {:.1} |",
            list.len(),
            count(Verdict::Worse),
            count(Verdict::Better),
            count(Verdict::Same),
            count(Verdict::CannotTell),
            seconds_of(list, 0.5),
            seconds_of(list, 0.95),
            seconds_of(list, 1.0),
        );
    }
    let what = if trials.injected > 0.0 { "Found" } else { "False alarms" };
    let Interval { estimate, low, high } = share_of(&trials.measured, Verdict::Worse);
    let _ = writeln!(
        text,
        "\n{what}: {:.1} % [{:.1}, {:.1}] of the trials that ran (95 % interval after Clopper and Pearson).",
        100.0 * estimate,
        100.0 * low,
        100.0 * high
    );
    if !trials.resampled.is_empty() {
        let worse = trials.resampled.iter().filter(|trial| trial.verdict == Verdict::Worse).count();
        let _ = writeln!(
            text,
            "Of those resampled {} of {}, without an interval: they are drawn from the same rounds, and not independent.",
            units::count(worse as u64),
            units::count(trials.resampled.len() as u64)
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text_of(injected: f64, resampled: usize) -> String {
        let trial = |verdict| json!({"verdict": verdict, "rounds": 9, "confirming_rounds": 0, "seconds": 2.0});
        let trials = json!({
            "schema": crate::compare::TRIALS_SCHEMA, "dyno_version": "0", "workload": "shop", "command": [],
            "began_at": "2026-11-21T10:00:00Z",
            "machine": {"os": "", "cpu": "", "cores": 2, "memory_bytes": 0},
            "injected": injected,
            "measured": [trial("worse"), trial("same")],
            "resampled": vec![trial("worse"); resampled],
        });
        trials_text(&serde_json::from_value(trials).unwrap())
    }

    #[test]
    fn what_was_injected_is_said_as_it_was() {
        let cases = [
            (0.0, "| B like A |"),
            (0.005, "| B slowed down by 0.5 % |"),
            (0.07, "| B slowed down by 7 % |"),
            (0.1, "| B slowed down by 10 % |"),
            (1.0, "| B slowed down by 100 % |"),
        ];
        for (injected, title) in cases {
            let text = text_of(injected, 0);
            assert!(text.starts_with(title), "{text}");
            assert_eq!(text.contains("False alarms: "), injected == 0.0, "{text}");
        }
    }

    #[test]
    fn only_trials_that_ran_have_an_interval() {
        // One of two: 1 - 0.975^(1/2) = 1.26 %, and its complement.
        let ran = "Found: 50.0 % [1.3, 98.7] of the trials that ran (95 % interval after Clopper and Pearson).\n";
        let text = text_of(0.1, 1_500);
        assert!(text.contains(ran) && text.contains("| resampled | 1500 | 1500 | 0 |"), "{text}");
        assert!(text.contains("Of those resampled 1,500 of 1,500, without an interval"), "{text}");
        assert!(text_of(0.1, 0).ends_with(ran));
    }
}
