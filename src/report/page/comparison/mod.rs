//! The page of a comparison: the verdict, every difference with its interval, and both sides in each plot.

mod forest;
mod header;
mod plots;
mod sides;

use crate::compare::{Comparison, Difference, Method, Verdict};
use crate::report::comparison::words;
use crate::report::units;

use super::markup::Markup;
use super::table::{Align, Table, muted, with_remark};
use super::{document, open_section};

/// The whole page.
pub(in crate::report) fn page(comparison: &Comparison) -> String {
    let mut body = Markup::new();
    body.add(&header::section(comparison))
        .add(&forest::section(comparison))
        .add(&table_section(comparison))
        .add(&plots::rounds(comparison))
        .add(&plots::over_time(comparison))
        .add(&plots::distributions(comparison))
        .add(&sides::section(comparison))
        .add(&sides::method(comparison));
    document(&format!("{} – Dynamometer comparison", comparison.workload), &body)
}

/// The class of a verdict in the style sheet.
fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Better => "v-better",
        Verdict::Worse => "v-worse",
        Verdict::Same => "v-same",
        Verdict::CannotTell => "v-open",
    }
}

/// A verdict with its sign.
fn verdict_cell(verdict: Verdict) -> Markup {
    let mut cell = Markup::new();
    cell.raw("<span class=\"v ").raw(class(verdict)).raw("\">").raw(words::sign(verdict)).raw(" ");
    cell.raw(verdict.words()).raw("</span>");
    cell
}

/// Those that a short table shows, and the rest.
fn telling(comparison: &Comparison) -> (Vec<&Difference>, Vec<&Difference>) {
    comparison.differences.iter().partition(|difference| words::is_telling(difference))
}

/// `12 more metrics, the same on both sides`.
fn rest_summary(rest: &[&Difference]) -> String {
    let metrics = units::counted(rest.len() as u64, "more metric, the same", "more metrics, the same");
    format!("{metrics} on both sides")
}

fn table_section(comparison: &Comparison) -> Markup {
    let lead = match comparison.method {
        Method::Rounds { .. } => {
            "The same in numbers. Base and new are medians of the rounds, means for shares; the difference is estimated pair by pair, \
             and is therefore not quite the quotient of the medians. What seemed worse is shown by the confirming rounds alone, \
             everything else by all rounds."
        }
        Method::Runs { .. } => {
            "The same in numbers. Base and new are medians of the runs, means for shares; the difference is that of their means, of logarithms where it is \
             relative, and therefore not quite the quotient of the medians."
        }
        Method::Slices { .. } => "The same in numbers. Base and new are the values of the whole runs.",
    };
    let mut html = open_section("numbers", "Numbers", lead);
    let (shown, rest) = telling(comparison);
    if !shown.is_empty() {
        html.add(&table(comparison, &shown));
    }
    if !rest.is_empty() {
        html.raw("<details><summary>").text(rest_summary(&rest)).raw("</summary>");
        html.add(&table(comparison, &rest)).raw("</details>");
    }
    html.raw("</section>");
    html
}

fn table(comparison: &Comparison, differences: &[&Difference]) -> Markup {
    let mut table = Table::new([
        ("Metric", Align::Left),
        ("Base", Align::Right),
        ("New", Align::Right),
        ("Difference", Align::Right),
        ("Matters from", Align::Right),
        ("New higher", Align::Right),
        ("Verdict", Align::Left),
    ]);
    for difference in differences {
        let metric = &difference.metric;
        let quantity = metric.quantity;
        let [estimate, ends] = words::change(difference);
        let mut change = Markup::of(&estimate);
        change.raw(" <small>").text(&ends).raw("</small>");
        table.row([
            with_remark(&metric.words(), ""),
            Markup::of(words::value(quantity, difference.base)),
            Markup::of(words::value(quantity, difference.new)),
            change,
            Markup::of(words::min_effect(difference)),
            Markup::of(words::new_higher(difference)),
            verdict_cell(difference.verdict),
        ]);
        let confirmation = words::confirmation(comparison, difference).map(str::to_owned);
        let more = words::more_needed(comparison, difference).map(|more| match difference.more {
            Some(_) => format!("{more} to tell"),
            None => format!("hardly with {more}"),
        });
        let (seen, blank) = (words::first_seen(difference), Markup::new);
        // One remark a row: they are not broken, and would widen the column.
        let (mut remarks, mut seen) = (confirmation.into_iter().chain(more), seen.into_iter());
        loop {
            let (remark, seen) = (remarks.next(), seen.next());
            if remark.is_none() && seen.is_none() {
                break;
            }
            let small = |text: Option<String>| small(&text.unwrap_or_default());
            table.more([blank(), blank(), blank(), small(seen), blank(), blank(), small(remark)]);
        }
    }
    table.markup()
}

fn small(text: &str) -> Markup {
    let mut cell = Markup::new();
    cell.raw("<small class=\"nowrap\">").text(text).raw("</small>");
    cell
}

/// What there is no plot of.
fn nothing(text: &str) -> Markup {
    let mut html = Markup::new();
    html.raw("<p class=\"none\">").add(&muted(text)).raw("</p>");
    html
}
