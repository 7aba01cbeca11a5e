//! A comparison of bills for a terminal.

use crate::cost::{Classes, Comparison};
use crate::report::SummaryStyle;
use crate::report::terminal::{Colour, Pen, TextTable, printable, wrapped};
use crate::report::units;

use super::{CostReport, words};

pub(super) fn summary(report: &CostReport, style: SummaryStyle) -> String {
    let pen = Pen { colour: style.colour };
    let plain = Pen { colour: false };
    let comparison = &report.comparison;
    let about = [&report.origin, &comparison.region_label, &report.prices].map(|text| printable(text)).join(" · ");
    let mut blocks = vec![format!(
        "{}  {}\n{}",
        pen.paint(Colour::Bold, &printable(&report.name)),
        pen.paint(Colour::Dim, &about),
        wrapped(&printable(&words::answer(report)), style.width, plain)
    )];
    let warnings: Vec<String> =
        report.all_warnings().map(|text| wrapped(&format!("! {}", printable(text)), style.width, pen)).collect();
    blocks.push(warnings.concat());
    blocks.push(choices(report, style, pen));
    blocks.push(break_even(report, style, pen));
    blocks.push(sensitivity(report, style));
    blocks.push(footnotes(report, style));
    blocks.retain(|block| !block.is_empty());
    blocks.join("\n")
}

/// Every way to pay; without what is paid up front where that makes it too wide.
fn choices(report: &CostReport, style: SummaryStyle, pen: Pen) -> String {
    let comparison = &report.comparison;
    let whole = choice_table(comparison, true);
    let table = if whole.width() <= style.width { whole } else { choice_table(comparison, false) };
    let mut text = table.text(style.width, pen);
    if let Some(free) = words::free_tier(comparison) {
        text.push_str(&wrapped(&printable(&free), style.width, Pen { colour: false }));
    }
    text
}

fn choice_table(comparison: &Comparison, upfront: bool) -> TextTable {
    let cheapest = comparison.cheapest.map(|index| comparison.bills[index].total);
    let mut head = vec!["", "a month", "more", "throttled", " "];
    if upfront {
        head.insert(3, "up front");
    }
    let mut table = TextTable::new(&head, &[" "]);
    let mut classes = Classes::AsTheyAre;
    for (index, bill) in comparison.bills.iter().enumerate() {
        let name = if bill.classes == Classes::Mixed { words::label(bill) } else { words::capital(bill.choice.name()) };
        if bill.classes != classes && bill.classes != Classes::Mixed {
            let blank = vec![String::new(); head.len() - 1];
            table.rows.push([format!("{}:", bill.classes.name())].into_iter().chain(blank).collect());
        }
        classes = bill.classes;
        let more = cheapest.filter(|cheapest| *cheapest != bill.total);
        let mut row = vec![
            printable(&name),
            format!("{}{}", words::dollars(bill.total), words::bill_mark(bill)),
            more.map_or(units::NOTHING.to_owned(), |cheapest| words::above(bill.total, cheapest)),
        ];
        if upfront {
            row.push(if bill.upfront.is_zero() { units::NOTHING.to_owned() } else { words::dollars(bill.upfront) });
        }
        row.extend([words::throttled(bill), words::remarks(comparison, index)]);
        table.rows.push(row);
    }
    table
}

fn break_even(report: &CostReport, style: SummaryStyle, pen: Pen) -> String {
    let comparison = &report.comparison;
    let head = ["cheaper than on-demand above", "class", "reads", "writes"];
    let mut table = TextTable::new(&head, &["class"]);
    for even in &comparison.break_even {
        table.rows.push(vec![
            even.basis.name().to_owned(),
            words::class(even.class).to_owned(),
            words::utilization(even.read),
            words::utilization(even.write),
        ]);
    }
    let mut text = table.text(style.width, pen);
    let mut used = TextTable::new(&["utilization", "of", "fixed", "auto scaling"], &["of"]);
    let known = comparison.utilizations.iter().filter(|used| used.fixed.is_some() || used.scaled.is_some());
    for one in known.take(12) {
        used.rows.push(vec![
            printable(&one.resource),
            words::access(one.access).to_owned(),
            words::utilization(one.fixed),
            words::utilization(one.scaled),
        ]);
    }
    if !used.rows.is_empty() {
        text.push('\n');
        text.push_str(&used.text(style.width, pen));
    }
    text
}

fn sensitivity(report: &CostReport, style: SummaryStyle) -> String {
    let plain = Pen { colour: false };
    let mut lines = vec![words::holds(report)];
    lines.extend(report.sensitivity.verdicts.iter().filter(|verdict| verdict.is_known).map(|verdict| {
        let (when, then) = words::verdict(verdict);
        format!("- {when}: {then}")
    }));
    let decides = report.sensitivity.crossings.iter().filter(|crossing| crossing.decides);
    lines.extend(decides.map(|crossing| format!("- {}", words::crossing(crossing))));
    lines.iter().map(|line| wrapped(&printable(line), style.width, plain)).collect()
}

fn footnotes(report: &CostReport, style: SummaryStyle) -> String {
    let plain = Pen { colour: false };
    let comparison = &report.comparison;
    let mut lines = vec!["Assumed:".to_owned()];
    lines.extend(comparison.assumptions.iter().map(|text| format!("- {text}")));
    lines.extend(words::left_out(comparison).into_iter().map(|text| format!("- {text}")));
    lines.extend(words::not_worked_out(comparison).into_iter().map(|text| format!("- {text}")));
    lines.push("Prices:".to_owned());
    lines.extend(comparison.sources.iter().map(|source| format!("- {} ({})", source.text, source.date)));
    lines.iter().map(|line| wrapped(&printable(line), style.width, plain)).collect()
}
