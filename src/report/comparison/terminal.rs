//! The comparison on a terminal.

use crate::compare::{Comparison, Difference, Method, Verdict};
use crate::report::terminal::{Colour, Pen, SummaryStyle, TextTable, printable, wrapped};
use crate::report::units;

use super::words;

/// The comparison, ending in a line break.
pub(super) fn text(comparison: &Comparison, all: bool, style: SummaryStyle) -> String {
    let pen = Pen { colour: style.colour };
    let shown: Vec<&Difference> =
        comparison.differences.iter().filter(|difference| all || words::is_telling(difference)).collect();
    let mut blocks = vec![head(comparison, style, pen), warnings(comparison, style, pen)];
    blocks.push(table(comparison, &shown, style, pen));
    blocks.push(remarks(comparison, &shown, style));
    blocks.push(method(comparison, style));
    blocks.retain(|block| !block.is_empty());
    blocks.join("\n")
}

fn head(comparison: &Comparison, style: SummaryStyle, pen: Pen) -> String {
    let verdict = comparison.verdict;
    let line = format!("{} {}", words::sign(verdict), printable(&words::headline(comparison)));
    let side = |name: &str, side| line_of(&format!("{name}  {}", printable(&words::side(side))), style);
    let base = pen.paint(Colour::Dim, &side("base", &comparison.base));
    let new = pen.paint(Colour::Dim, &side("new ", &comparison.new));
    let name = pen.paint(Colour::Bold, &printable(&comparison.workload));
    format!("{name}\n{base}\n{new}\n{}", painted(&line, colour(verdict), style, pen))
}

/// A line of names, cut to the terminal.
fn line_of(text: &str, style: SummaryStyle) -> String {
    let room = style.width.max(20);
    if text.chars().count() <= room { text.to_owned() } else { text.chars().take(room - 1).chain(['…']).collect() }
}

fn colour(verdict: Verdict) -> Colour {
    match verdict {
        Verdict::Better | Verdict::Same => Colour::Green,
        Verdict::Worse => Colour::Red,
        Verdict::CannotTell => Colour::Yellow,
    }
}

/// Text broken at spaces, in a colour.
fn painted(text: &str, colour: Colour, style: SummaryStyle, pen: Pen) -> String {
    let plain = wrapped(text, style.width, Pen { colour: false });
    plain.lines().map(|line| format!("{}\n", pen.paint(colour, line))).collect()
}

fn warnings(comparison: &Comparison, style: SummaryStyle, pen: Pen) -> String {
    let lines = comparison.warnings.iter().map(|text| wrapped(&format!("! {}", printable(text)), style.width, pen));
    lines.collect()
}

/// Up to so many metrics that were measured again are told one by one.
const FIRST_SEEN_MAX: usize = 4;

/// Columns that a narrow terminal does without, in this order.
const DROPPED: [&[Column]; 4] =
    [&[], &[Column::Higher], &[Column::Higher, Column::Matters], &[Column::Higher, Column::Matters, Column::More]];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Column {
    Higher,
    Matters,
    More,
}

/// The widest table that fits without names being shortened, or else the narrowest.
fn table(comparison: &Comparison, shown: &[&Difference], style: SummaryStyle, pen: Pen) -> String {
    if shown.is_empty() {
        return "Nothing was compared: the sides have no metric in common.\n".to_owned();
    }
    let tables = DROPPED.map(|dropped| table_without(comparison, shown, dropped));
    let fits = tables.iter().position(|(table, _)| table.width() <= style.width).unwrap_or(DROPPED.len() - 1);
    let (table, rows) = &tables[fits];
    let text = table.text(style.width, pen);
    let mut lines = text.lines();
    let head = lines.next().unwrap_or_default();
    let rows = lines.zip(rows).map(|(line, row)| match row {
        None => format!("{}\n", pen.paint(Colour::Bold, line)),
        Some(difference) => {
            // The verdict ends its line.
            let (verdict, cell) = (difference.verdict, verdict_cell(comparison, difference));
            match (verdict, line.strip_suffix(cell.as_str())) {
                (Verdict::Same, _) | (_, None) => format!("{line}\n"),
                (_, Some(before)) => format!("{before}{}\n", pen.paint(colour(verdict), &cell)),
            }
        }
    });
    format!("{head}\n{}", rows.collect::<String>())
}

fn verdict_cell(comparison: &Comparison, difference: &Difference) -> String {
    let mark = if words::is_unconfirmed(comparison, difference) { " *" } else { "" };
    format!("{} {}{mark}", words::sign(difference.verdict), difference.verdict.words())
}

/// A table and what its rows are about; nothing where a row is the name of an operation or a table above its metrics.
fn table_without<'a>(
    comparison: &Comparison,
    shown: &[&'a Difference],
    dropped: &[Column],
) -> (TextTable, Vec<Option<&'a Difference>>) {
    let is_open = shown.iter().any(|difference| words::more_needed(comparison, difference).is_some());
    let has = |column: Column| !dropped.contains(&column) && (column != Column::More || is_open);
    let mut head = vec!["metric", "base", "new", "difference"];
    head.extend(has(Column::Matters).then_some("matters from"));
    head.extend(has(Column::Higher).then_some("new higher"));
    head.extend(has(Column::More).then_some(words::more_of(comparison).1));
    head.push("verdict");
    let mut table = TextTable::new(&head, &["verdict"]);
    let mut rows = Vec::new();
    for (subject, differences) in words::groups(shown) {
        if let Some(subject) = subject {
            let blank = vec![String::new(); head.len() - 1];
            table.rows.push([printable(subject)].into_iter().chain(blank).collect());
            rows.push(None);
        }
        let indent = if subject.is_some() { "  " } else { "" };
        for difference in differences {
            let quantity = difference.metric.quantity;
            let mut row = vec![
                format!("{indent}{}", quantity.words()),
                words::value(quantity, difference.base),
                words::value(quantity, difference.new),
                difference.words(),
            ];
            row.extend(has(Column::Matters).then(|| words::min_effect(difference)));
            row.extend(has(Column::Higher).then(|| words::new_higher(difference)));
            row.extend(has(Column::More).then(|| {
                match (words::more_needed(comparison, difference), comparison.more_needed(difference)) {
                    (Some(_), Some(more)) => units::count(more),
                    (Some(_), None) => "hardly".to_owned(),
                    (None, _) => String::new(),
                }
            }));
            row.push(verdict_cell(comparison, difference));
            table.rows.push(row);
            rows.push(Some(difference));
        }
    }
    (table, rows)
}

/// What the table does not say: what was measured again, and what was left out.
fn remarks(comparison: &Comparison, shown: &[&Difference], style: SummaryStyle) -> String {
    let mut remarks = Vec::new();
    let again: Vec<&&Difference> = shown.iter().filter(|difference| difference.first_seen.is_some()).collect();
    let alone = match comparison.method {
        Method::Rounds { confirming_rounds: 1.., .. } => "; the table has the confirming rounds alone",
        _ => "",
    };
    if again.len() > FIRST_SEEN_MAX {
        let confirmed = again.iter().filter(|difference| difference.verdict == Verdict::Worse).count();
        let metrics = units::counted(again.len() as u64, "metric", "metrics");
        remarks.push(if alone.is_empty() {
            format!("{metrics} seemed worse and were not measured again.")
        } else {
            let confirmed = units::count(confirmed as u64);
            format!("{metrics} seemed worse and were measured again: {confirmed} confirmed{alone}.")
        });
    } else {
        let seen = again.iter().filter_map(|difference| {
            Some((difference.metric.words(), words::confirmation_seen(comparison, difference)?))
        });
        remarks.extend(seen.map(|(metric, seen)| format!("{}: {seen}{alone}.", words::capital(&metric))));
    }
    if shown.iter().any(|difference| words::is_unconfirmed(comparison, difference)) {
        remarks.push("* Worse by all rounds, but not confirmed in rounds of its own.".to_owned());
    }
    let hidden = comparison.differences.len() - shown.len();
    if hidden > 0 {
        let metrics = units::counted(hidden as u64, "more metric is", "more metrics are");
        remarks.push(format!("{metrics} the same on both sides; --all shows them."));
    }
    let plain = Pen { colour: false };
    remarks.iter().map(|text| wrapped(&printable(text), style.width, plain)).collect()
}

fn method(comparison: &Comparison, style: SummaryStyle) -> String {
    let text = format!("{} {}", words::method(comparison), words::confidence(comparison));
    wrapped(&text, style.width, Pen { colour: false })
}
