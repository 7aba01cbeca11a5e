//! The summary of a run for a terminal: plain text, as wide as the terminal, from 80 columns on.

mod sizing;

use crate::api::ReadWrite;
use crate::record::{CapacityLimit, Histogram, RunResult};

use super::figures::{Figures, OperationFigures, access_name, unit_name};
use super::observed::{Observed, splits_in_words};
use super::reason::main_reason;
use super::units::{self, NOTHING};
use super::verdict::{self, Standing};

pub(super) use sizing::sizing;

/// How a summary is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SummaryStyle {
    /// Columns of the terminal.
    pub width: usize,
    /// Whether colours may be used.
    pub colour: bool,
}

impl Default for SummaryStyle {
    /// A hundred columns without colours: what a log takes.
    fn default() -> Self {
        SummaryStyle { width: 100, colour: false }
    }
}

/// The summary, ending in a line break.
pub(super) fn summary(result: &RunResult, style: SummaryStyle) -> String {
    let figures = Figures::of(result);
    let pen = Pen { colour: style.colour };
    let mut blocks = vec![head(&figures, pen)];
    let warnings: Vec<String> = verdict::warnings(&figures)
        .iter()
        .map(|text| wrapped(&format!("! {}", printable(text)), style.width, pen))
        .collect();
    blocks.push(warnings.concat());
    blocks.push(operations(&figures, style, pen));
    if let Some(reason) = main_reason(result) {
        let text = format!("Throttled, mostly because {}.", printable(&reason));
        blocks.push(wrapped(&text, style.width, Pen { colour: false }));
    }
    blocks.push(errors(result, style));
    blocks.push(capacity(&figures, style, pen));
    blocks.push(observed(&figures, style, pen));
    blocks.push(cache(&figures, style));
    blocks.push(thresholds(result, pen));
    blocks.retain(|block| !block.is_empty());
    blocks.join("\n")
}

fn head(figures: &Figures, pen: Pen) -> String {
    let result = figures.result;
    let verdict = verdict::verdict(figures);
    let target = format!("{}: {}", result.target.kind, result.target.endpoint);
    let about =
        [target, verdict::length(result), units::moment(&result.started_at)].map(|text| printable(&text)).join(" · ");
    let (sign, ink) = match verdict.standing {
        Standing::Passed => ("✓ ", Colour::Green),
        Standing::Failed => ("✗ ", Colour::Red),
        Standing::Caution => ("! ", Colour::Yellow),
        Standing::Plain => ("", Colour::Bold),
    };
    let line = pen.paint(ink, &format!("{sign}{}", printable(&verdict.line)));
    format!("{}  {}\n{line}\n", pen.paint(Colour::Bold, &printable(&result.name)), pen.paint(Colour::Dim, &about))
}

/// Rates and latencies in one table where it fits, else in two.
fn operations(figures: &Figures, style: SummaryStyle, pen: Pen) -> String {
    if figures.operations.is_empty() {
        return "The run has no operations.\n".to_owned();
    }
    let latencies = figures.knows_latencies();
    let one = operation_table(figures, true, latencies);
    if one.width() <= style.width || !latencies {
        return one.text(style.width, pen);
    }
    let (rates, latencies) = (operation_table(figures, true, false), operation_table(figures, false, true));
    format!("{}\n{}", rates.text(style.width, pen), latencies.text(style.width, pen))
}

fn operation_table(figures: &Figures, rates: bool, latencies: bool) -> TextTable {
    let mut head = vec!["operation"];
    if rates && figures.open_loop {
        head.push("asked");
    }
    if rates {
        head.extend(["succeeded", "throttled", "errors"]);
    }
    if latencies {
        head.extend(["time", "p50", "p99", "p99.9", "max"]);
    }
    let mut table = TextTable::new(&head, if latencies { &["time"] } else { &[] });
    let all = (figures.operations.len() > 1).then_some(&figures.overall);
    for operation in figures.operations.iter().chain(all) {
        let counts = &operation.counts;
        let mut row = vec![printable(&operation.name)];
        if rates && figures.open_loop {
            row.push(units::rate(operation.offered_per_second()));
        }
        if rates {
            row.push(units::rate(operation.succeeded_per_second()));
            row.push(units::share(counts.throttled_attempts as f64, counts.attempts as f64));
            row.push(units::count(operation.errors()));
        }
        let blank = vec![String::new(); row.len()];
        if !latencies {
            table.rows.push(row);
            continue;
        }
        for (front, name, pick) in
            [(row, "response", OperationFigures::response as Pick), (blank, "service", OperationFigures::service)]
        {
            let times = [50.0, 99.0, 99.9, 100.0].map(|percent| {
                pick(operation).map_or(NOTHING.to_owned(), |times| units::latency(times.percentile(percent)))
            });
            table.rows.push(front.into_iter().chain([name.to_owned()]).chain(times).collect());
        }
    }
    table
}

type Pick = fn(&OperationFigures) -> Option<&Histogram>;

fn errors(result: &RunResult, style: SummaryStyle) -> String {
    let mut table = TextTable::new(&["error", "attempts"], &[]);
    let mut kinds: Vec<(&str, u64)> = Vec::new();
    for error in result.errors.iter().filter(|error| error.count > 0) {
        match kinds.iter_mut().find(|(name, _)| *name == error.name) {
            Some((_, count)) => *count = count.saturating_add(error.count),
            None => kinds.push((&error.name, error.count)),
        }
    }
    kinds.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    for (name, count) in kinds.iter().take(10) {
        table.rows.push(vec![printable(name), units::count(*count)]);
    }
    if table.rows.is_empty() { String::new() } else { table.text(style.width, Pen { colour: style.colour }) }
}

fn capacity(figures: &Figures, style: SummaryStyle, pen: Pen) -> String {
    let head = ["capacity", "units", "consumed", "average/s", "peak/s", "provisioned", "refused"];
    let mut table = TextTable::new(&head, &["units"]);
    for resource in &figures.resources {
        for access in [ReadWrite::Read, ReadWrite::Write] {
            let usage = resource.usage(access);
            if usage.units == 0.0 && usage.throttled == 0 {
                continue;
            }
            let peak = usage.peak.map_or(NOTHING.to_owned(), |peak| units::quantity(peak.per_second));
            let provisioned = match resource.limit {
                CapacityLimit::OnDemand => "on-demand".to_owned(),
                CapacityLimit::Unknown => NOTHING.to_owned(),
                CapacityLimit::Provisioned(_) => {
                    usage.peak.and_then(|peak| peak.provisioned).map_or(NOTHING.to_owned(), units::quantity)
                }
            };
            table.rows.push(vec![
                printable(&resource.label),
                format!("{} {}", access_name(access), unit_name(access, resource.limit)),
                units::quantity(usage.units),
                units::quantity(usage.per_second),
                peak,
                provisioned,
                units::count(usage.throttled),
            ]);
        }
    }
    if table.rows.is_empty() { String::new() } else { table.text(style.width, pen) }
}

/// Partitions, auto scaling and stale reads, where the engine's record has them.
fn observed(figures: &Figures, style: SummaryStyle, pen: Pen) -> String {
    let Some(observed) = &figures.observed else { return String::new() };
    let scaled = observed.facts.iter().any(|facts| facts.history.scaling_decided > 0);
    let read = observed.facts.iter().any(|facts| facts.eventual_reads > 0);
    let mut head = vec!["partitions", "at start", "at end", "splits", "hottest", "refused"];
    head.extend(scaled.then_some("scaled"));
    head.extend(read.then_some("stale reads"));
    let mut table = TextTable::new(&head, &["splits"]);
    for facts in observed.facts.iter().filter(|facts| facts.has_partitions() || facts.eventual_reads > 0) {
        let history = facts.history;
        let splits = history.splits;
        let mut row = vec![
            printable(&facts.label),
            units::count(history.partitions_at_start.into()),
            units::count(history.partitions_at_end().into()),
            if splits.total() == 0 { NOTHING.to_owned() } else { splits_in_words(splits) },
            facts.hottest.map_or(NOTHING.to_owned(), |hottest| units::share(hottest.share, 1.0)),
            units::count(facts.throttled_by_partitions),
        ];
        if scaled {
            row.push(units::counted(history.scaling_decided, "time", "times"));
        }
        if read {
            row.push(units::share(facts.stale_reads as f64, facts.eventual_reads as f64));
        }
        table.rows.push(row);
    }
    if table.rows.is_empty() { String::new() } else { table.text(style.width, pen) }
}

/// The cache in front of the tables in a sentence, where there is one.
fn cache(figures: &Figures, style: SummaryStyle) -> String {
    let Some(facts) = figures.observed.as_ref().and_then(Observed::cache) else { return String::new() };
    let text = format!(
        "The cache answered {} of {}, which saved {} read units.",
        units::share(facts.hits as f64, facts.reads() as f64),
        units::counted(facts.reads(), "read", "reads"),
        units::quantity(facts.saved.as_f64())
    );
    wrapped(&text, style.width, Pen { colour: false })
}

fn thresholds(result: &RunResult, pen: Pen) -> String {
    let width =
        result.thresholds.iter().map(|threshold| printable(&threshold.threshold).chars().count()).max().unwrap_or(0);
    let lines = result.thresholds.iter().map(|threshold| {
        let (sign, ink) = if threshold.passed { ("✓", Colour::Green) } else { ("✗", Colour::Red) };
        let (asked, measured) = (printable(&threshold.threshold), printable(&threshold.measured));
        format!("{} {asked:width$}  {measured}\n", pen.paint(ink, sign))
    });
    lines.collect()
}

/// A table of text: the first column and named others to the left, numbers to the right.
pub(super) struct TextTable {
    head: Vec<String>,
    left: Vec<bool>,
    pub rows: Vec<Vec<String>>,
}

impl TextTable {
    /// A table with these columns; the first one and those in `left` hold text.
    pub fn new(head: &[&str], left: &[&str]) -> Self {
        TextTable {
            head: head.iter().map(|name| (*name).to_owned()).collect(),
            left: head.iter().enumerate().map(|(index, name)| index == 0 || left.contains(name)).collect(),
            rows: Vec::new(),
        }
    }

    fn widths(&self) -> Vec<usize> {
        let rows = self.rows.iter().chain([&self.head]);
        rows.fold(vec![0; self.head.len()], |widths, row| {
            widths.iter().zip(row).map(|(width, cell)| (*width).max(cell.chars().count())).collect()
        })
    }

    /// Columns it takes where nothing is shortened.
    pub fn width(&self) -> usize {
        self.widths().iter().sum::<usize>() + 2 * (self.head.len() - 1)
    }

    /// The table, names shortened where it would be wider than `most`.
    pub fn text(&self, most: usize, pen: Pen) -> String {
        let mut widths = self.widths();
        let over = self.width().saturating_sub(most);
        widths[0] = widths[0].saturating_sub(over).max(widths[0].min(12));
        let line = |row: &[String]| {
            let cells = row.iter().enumerate().map(|(index, cell)| {
                let (width, cell) = (widths[index], shortened(cell, widths[index]));
                if self.left[index] { format!("{cell:width$}") } else { format!("{cell:>width$}") }
            });
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        let mut text = pen.paint(Colour::Dim, &line(&self.head));
        text.push('\n');
        for row in &self.rows {
            text.push_str(&line(row));
            text.push('\n');
        }
        text
    }
}

fn shortened(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        text.to_owned()
    } else {
        text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
    }
}

/// Text broken at spaces; lines after the first are indented by two.
pub(super) fn wrapped(text: &str, width: usize, pen: Pen) -> String {
    let width = width.max(20);
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            None => lines.push(word.to_owned()),
            Some(_) => lines.push(format!("  {word}")),
        }
    }
    lines.iter().map(|line| format!("{}\n", pen.paint(Colour::Yellow, line))).collect()
}

/// Text without control characters, which a terminal might obey.
pub(super) fn printable(text: &str) -> String {
    text.split_whitespace()
        .map(|word| word.chars().filter(|letter| !letter.is_control()).collect::<String>())
        .collect::<Vec<_>>()
        .join(" ")
}

#[derive(Clone, Copy)]
pub(super) enum Colour {
    Bold,
    Dim,
    Red,
    Green,
    Yellow,
}

#[derive(Clone, Copy)]
pub(super) struct Pen {
    pub colour: bool,
}

impl Pen {
    pub fn paint(self, colour: Colour, text: &str) -> String {
        let code = match colour {
            Colour::Bold => "1",
            Colour::Dim => "2",
            Colour::Red => "31;1",
            Colour::Green => "32;1",
            Colour::Yellow => "33",
        };
        if self.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples;

    #[test]
    fn a_summary_keeps_to_the_width_it_is_given() {
        let mut long = samples::tiny();
        long.operations[0].name = "an operation with a name that goes on and on, as names do".to_owned();
        long.resources[0].table = long.operations[0].name.clone();
        let runs = [samples::notes_throttled(), samples::flash_sale(), long, samples::empty()];
        for run in &runs {
            let name = &run.name;
            for width in [80, 100, 140] {
                let text = summary(run, SummaryStyle { width, colour: false });
                // The head is one line, whatever its length.
                let body = text.lines().skip(2).map(|line| line.chars().count()).max().unwrap_or(0);
                assert!(body <= width, "{name} at {width}: {body}\n{text}");
            }
        }
    }

    #[test]
    fn names_cannot_command_the_terminal() {
        let mut run = samples::tiny();
        run.name = "a\u{1b}[2Jb\u{7}".to_owned();
        run.operations[0].name = "\u{1b}]0;title\u{7}".to_owned();
        run.warnings.push("\u{1b}[31mred".to_owned());
        let text = summary(&run, SummaryStyle::default());
        assert!(text.chars().all(|letter| letter == '\n' || !letter.is_control()), "{text:?}");
    }
}
