//! What CI shows beside the code: GitHub's workflow commands and GitLab's Code Quality report.

use serde_json::json;
use xxhash_rust::xxh3::xxh3_128;

use crate::compare::{Comparison, Difference, Verdict};
use crate::report::units;

use super::words;

/// GitHub shows ten errors and ten warnings of a step and drops the rest.
const SHOWN_MAX: usize = 10;

/// Workflow commands, none without a file to show them at: <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>.
pub(super) fn github(comparison: &Comparison, workload_path: &str) -> String {
    let path = relative(workload_path);
    if path.is_empty() {
        return String::new();
    }
    let title = format!("dyno: {}", comparison.verdict.words());
    let (level, details) = match comparison.verdict {
        Verdict::Worse => ("error", Some((Verdict::Worse, "error"))),
        Verdict::CannotTell => ("warning", Some((Verdict::CannotTell, "warning"))),
        Verdict::Better => ("notice", Some((Verdict::Better, "notice"))),
        Verdict::Same => ("notice", None),
    };
    let mut text = command(level, path, &title, &words::headline(comparison));
    let Some((verdict, level)) = details else { return text };
    // What cannot be told of others than the primary metrics leaves the whole decided.
    let all = comparison.with(verdict).filter(|difference| verdict != Verdict::CannotTell || difference.primary);
    let all: Vec<&Difference> = all.collect();
    // One is spoken for by the verdict, and one says how many are left out.
    let room = if all.len() < SHOWN_MAX { SHOWN_MAX - 1 } else { SHOWN_MAX - 2 };
    for difference in all.iter().take(room) {
        let title = format!("{}: {}", difference.metric.words(), verdict.words());
        text.push_str(&command(level, path, &title, &message(comparison, difference)));
    }
    let left = all.len().saturating_sub(room);
    if left > 0 {
        let message = format!(
            "{} {}; the report has them all.",
            units::counted(left as u64, "more metric", "more metrics"),
            verdict.words()
        );
        text.push_str(&command(level, path, &title, &message));
    }
    text
}

fn command(level: &str, path: &str, title: &str, message: &str) -> String {
    format!("::{level} file={},line=1,title={}::{}\n", property(path), property(title), data(message))
}

/// What stands behind the second `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// The Code Quality report, empty without a file to show findings at: <https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format>.
pub(super) fn gitlab(comparison: &Comparison, workload_path: &str) -> String {
    let path = relative(workload_path);
    let entries: Vec<serde_json::Value> = comparison
        .differences
        .iter()
        .filter(|_| !path.is_empty())
        .filter_map(|difference| {
            let severity = match difference.verdict {
                Verdict::Worse => "major",
                Verdict::CannotTell if difference.primary => "info",
                _ => return None,
            };
            let verdict = difference.verdict.words();
            let name = difference.metric.name();
            // The same finding keeps its fingerprint from run to run; its numbers do not make another of it.
            let identity = [path, comparison.workload.as_str(), name.as_str(), verdict].join("\u{0}");
            Some(json!({
                "description": format!("{}: {verdict}, {}", difference.metric.words(), message(comparison, difference)),
                "check_name": format!("dyno-{}", difference.metric.quantity.name()),
                "fingerprint": format!("{:032x}", xxh3_128(identity.as_bytes())),
                "severity": severity,
                "location": { "path": path, "lines": { "begin": 1 } },
            }))
        })
        .collect();
    let mut text =
        serde_json::to_string_pretty(&entries).unwrap_or_else(|_| unreachable!("texts and numbers are JSON"));
    text.push('\n');
    text
}

/// The path as both want it: from the root of the repository, without `./`.
fn relative(path: &str) -> &str {
    path.trim_start_matches("./")
}

/// The numbers of a metric in a line.
fn message(comparison: &Comparison, difference: &Difference) -> String {
    let quantity = difference.metric.quantity;
    let (base, new) = (words::value(quantity, difference.base), words::value(quantity, difference.new));
    let remarks = words::confirmation(comparison, difference).map(str::to_owned).into_iter();
    let remarks = remarks.chain(words::would_tell(comparison, difference)).map(|remark| format!("; {remark}"));
    let remarks: String = remarks.collect();
    format!("{} (base {base}, new {new}; matters from {}{remarks})", difference.words(), words::min_effect(difference))
}
