//! A summary in GitHub-flavoured Markdown.

use crate::compare::{Comparison, Difference, Verdict};
use crate::report::units;

use super::words;

/// The summary: the verdict as a heading, one table, the rest folded away.
pub(super) fn markdown(comparison: &Comparison) -> String {
    let sign = match comparison.verdict {
        Verdict::Worse => "❌",
        Verdict::CannotTell => "⚠️",
        Verdict::Better | Verdict::Same => "✅",
    };
    let verdict = words::capital(comparison.verdict.words());
    let mut text =
        format!("## {sign} {verdict}: {}\n\n{}\n", name(&comparison.workload), plain(&words::headline(comparison)));
    if !comparison.warnings.is_empty() {
        text.push('\n');
        for warning in &comparison.warnings {
            text.push_str(&format!("> ⚠️ {}\n>\n", plain(warning)));
        }
    }
    let (telling, rest): (Vec<&Difference>, Vec<&Difference>) =
        comparison.differences.iter().partition(|difference| words::is_telling(difference));
    text.push_str(&format!("\n{}", table(comparison, &telling)));
    if !rest.is_empty() {
        let metrics = units::counted(rest.len() as u64, "more metric, the same", "more metrics, the same");
        text.push_str(&folded(&format!("{metrics} on both sides"), &table(comparison, &rest)));
    }
    text.push_str(&folded("How it was measured", &method(comparison)));
    text
}

fn table(comparison: &Comparison, differences: &[&Difference]) -> String {
    if differences.is_empty() {
        return "Nothing to show.\n".to_owned();
    }
    let mut text = "| Metric | Base | New | Difference | Matters from | New higher | Verdict |\n\
        | :-- | --: | --: | --: | --: | --: | :-- |\n"
        .to_owned();
    for difference in differences {
        let metric = &difference.metric;
        let quantity = metric.quantity;
        let subject = metric.subject.as_deref().map(|subject| format!("{} ", name(subject))).unwrap_or_default();
        let seen = words::confirmation_seen(comparison, difference);
        let remarks = seen.into_iter().chain(words::would_tell(comparison, difference));
        let remarks: String = remarks.map(|remark| format!("<br><sub>{}</sub>", plain(&remark))).collect();
        let [estimate, ends] = words::change(difference);
        let verdict = match difference.verdict {
            Verdict::Worse => "❌ **worse**",
            Verdict::Better => "✅ **better**",
            Verdict::Same => "same",
            Verdict::CannotTell => "❔ cannot tell",
        };
        text.push_str(&format!(
            "| {subject}{} | {} | {} | {} {} | {} | {} | {verdict}{remarks} |\n",
            plain(&quantity.words()),
            plain(&words::value(quantity, difference.base)),
            plain(&words::value(quantity, difference.new)),
            plain(&estimate),
            plain(&ends),
            plain(&words::min_effect(difference)),
            plain(&words::new_higher(difference)),
        ));
    }
    text
}

fn method(comparison: &Comparison) -> String {
    let lines = [
        words::method(comparison),
        words::confidence(comparison),
        "In brackets: the confidence interval. New higher: the share of pairs in which the new side's value is the higher one."
            .to_owned(),
    ];
    let mut text: String = lines.iter().map(|line| format!("- {}\n", plain(line))).collect();
    text.push_str("\n| | Base | New |\n| :-- | :-- | :-- |\n");
    let sides = [("side".to_owned(), comparison.base.label.clone(), comparison.new.label.clone())];
    for (fact, base, new) in sides.into_iter().chain(words::facts(comparison)) {
        let mark = |text: &str| if base == new { plain(text) } else { format!("**{}**", plain(text)) };
        text.push_str(&format!("| {} | {} | {} |\n", plain(&fact), mark(&base), mark(&new)));
    }
    text
}

fn folded(summary: &str, text: &str) -> String {
    // Without the empty lines the contents would not be read as Markdown.
    format!("\n<details><summary>{}</summary>\n\n{text}\n</details>\n", plain(summary))
}

/// A name from a workload, as code: GitHub makes no mention and no link of it.
fn name(text: &str) -> String {
    format!("<code>{}</code>", plain(text))
}

/// Text that means nothing to Markdown: whatever it could take for a sign of its own is an entity, which never is one.
fn plain(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let on_one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for letter in on_one_line.chars().filter(|letter| !letter.is_control()) {
        match letter {
            // A mention is made after entities are read.
            '@' => escaped.push_str("&#64;&#8203;"),
            ' ' | ',' | '.' | '/' | '(' | ')' | '%' | '+' | ';' => escaped.push(letter),
            letter if letter.is_ascii_punctuation() => escaped.push_str(&format!("&#{};", u32::from(letter))),
            letter => escaped.push(letter),
        }
    }
    escaped
}
