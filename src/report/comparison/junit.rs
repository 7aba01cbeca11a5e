//! JUnit XML, in the dialect that Jenkins' and GitLab's readers share.
//!
//! Written here: a crate for it brings an XML library, a calendar and a generator of identifiers for one element of four kinds.

use crate::compare::{Comparison, Difference, Method, Verdict};
use crate::report::page::Markup;

use super::words;

/// The file, ending in a line break.
pub(super) fn xml(comparison: &Comparison) -> String {
    let count = |verdict| comparison.with(verdict).count();
    let cases = comparison.differences.len();
    let counts = format!(
        "tests=\"{cases}\" failures=\"{}\" errors=\"0\" skipped=\"{}\" time=\"{:.3}\"",
        count(Verdict::Worse),
        count(Verdict::CannotTell),
        seconds(comparison)
    );
    let mut xml = Markup::new();
    xml.raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"dyno\" ").trusted(&counts).raw(">\n");
    xml.raw("  <testsuite name=\"").text(line(&comparison.workload)).raw("\" ").trusted(&counts);
    if let Some(moment) = timestamp(&comparison.compared_at) {
        xml.raw(" timestamp=\"").text(moment).raw("\"");
    }
    xml.raw(">\n    <properties>\n");
    let properties = [
        ("verdict", comparison.verdict.words().to_owned()),
        ("summary", comparison.summary.clone()),
        ("base", words::side(&comparison.base)),
        ("new", words::side(&comparison.new)),
        ("method", format!("{} {}", words::method(comparison), words::confidence(comparison))),
    ];
    let warnings = comparison.warnings.iter().map(|warning| ("warning", warning.clone()));
    for (name, value) in properties.into_iter().chain(warnings) {
        xml.raw("      <property name=\"").raw(name).raw("\" value=\"").text(line(&value)).raw("\"/>\n");
    }
    xml.raw("    </properties>\n");
    // Everything is measured at once; an equal share each lets readers that add cases up arrive at the whole.
    let share = format!("{:.3}", seconds(comparison) / cases.max(1) as f64);
    for difference in &comparison.differences {
        xml.add(&case(comparison, difference, &share));
    }
    xml.raw("  </testsuite>\n</testsuites>\n");
    xml.into_string()
}

fn case(comparison: &Comparison, difference: &Difference, seconds: &str) -> Markup {
    let metric = &difference.metric;
    // Readers take what stands before the last dot for a package, so that dots would part names.
    let subject = metric.subject.as_deref().unwrap_or("whole run").replace('.', "·");
    let mut xml = Markup::new();
    xml.raw("    <testcase classname=\"").text(line(&comparison.workload.replace('.', "·"))).raw(".");
    xml.text(line(&subject))
        .raw("\" name=\"")
        .text(metric.quantity.words())
        .raw("\" time=\"")
        .text(seconds)
        .raw("\">\n");
    let numbers = numbers(comparison, difference);
    match difference.verdict {
        Verdict::Worse => {
            let unconfirmed = if words::is_unconfirmed(comparison, difference) { "; not confirmed itself" } else { "" };
            let message = format!("{} is worse: {}{unconfirmed}", metric.words(), difference.words());
            xml.raw("      <failure type=\"worse\" message=\"").text(line(&message)).raw("\">");
            xml.text(numbers).raw("</failure>\n");
        }
        Verdict::CannotTell => {
            let more = words::would_tell(comparison, difference).map(|more| format!("; {more}")).unwrap_or_default();
            let message = format!("cannot tell: {}{more}", difference.words());
            xml.raw("      <skipped message=\"").text(line(&message)).raw("\"/>\n");
            xml.raw("      <system-out>").text(numbers).raw("</system-out>\n");
        }
        Verdict::Better | Verdict::Same => {
            xml.raw("      <system-out>").text(numbers).raw("</system-out>\n");
        }
    }
    xml.raw("    </testcase>\n");
    xml
}

/// Everything known of a metric, a line each.
fn numbers(comparison: &Comparison, difference: &Difference) -> String {
    let quantity = difference.metric.quantity;
    let mut lines = vec![
        format!("verdict: {}", difference.verdict.words()),
        format!("base: {}", words::value(quantity, difference.base)),
        format!("new: {}", words::value(quantity, difference.new)),
        format!("difference: {} ({})", difference.words(), words::direction(difference)),
        format!("matters from: {}", words::min_effect(difference)),
        format!("new higher in: {} of pairs", words::new_higher(difference)),
    ];
    lines.extend(words::confirmation_seen(comparison, difference));
    lines.extend(words::would_tell(comparison, difference));
    lines.join("\n")
}

/// How long it took to measure.
fn seconds(comparison: &Comparison) -> f64 {
    match comparison.method {
        Method::Rounds { seconds, .. } => seconds,
        Method::Runs { .. } | Method::Slices { .. } => {
            let runs = comparison.base.runs.iter().chain(&comparison.new.runs);
            runs.map(|run| run.seconds).sum()
        }
    }
}

/// The moment as the format has it, without zone and fraction; none where it is no moment in UTC.
fn timestamp(rfc3339: &str) -> Option<&str> {
    let moment = rfc3339.strip_suffix('Z')?.split('.').next()?;
    let is_moment = moment.len() == 19 && moment.bytes().all(|byte| byte.is_ascii_digit() || b"-:T".contains(&byte));
    is_moment.then_some(moment)
}

/// Text on one line, as attributes have it.
fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
