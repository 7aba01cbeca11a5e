//! Every operation accounted for: what became of it, how long it took, and phase by phase.

use crate::record::{Histogram, OutcomeKind};
use crate::report::figures::{Figures, OperationFigures};
use crate::report::units::{self, NOTHING};

use super::markup::Markup;
use super::open_section;
use super::table::{Align, Table, alarming, muted, with_remark};

/// Percentiles of the table, with the samples they need.
const PERCENTILES: [(f64, u64); 4] = [(50.0, 2), (90.0, 10), (99.0, 100), (99.9, 1_000)];
/// Most rows of the table by phase.
const PHASE_ROWS_MAX: usize = 120;

/// Counts and latencies of all operations.
pub(super) fn section(figures: &Figures) -> Markup {
    let lead = "Measured phases only. Every operation that was due is counted once: offered = succeeded + condition failed + \
                throttled + failed + timed out + unsent.";
    let none = figures.operations.is_empty();
    let mut html = open_section("operations", "Operations", if none { "The run has no operations." } else { lead });
    if none {
        html.raw("</section>");
        return html;
    }
    html.add(&counts(figures)).raw("<h3>Attempts</h3>").add(&attempts(figures));
    html.raw("<h3>Latencies</h3>").add(&latencies(figures)).add(&by_phase(figures)).raw("</section>");
    html
}

fn rows<'f>(figures: &'f Figures) -> impl Iterator<Item = (&'f OperationFigures, bool)> {
    let total = (figures.operations.len() > 1).then_some((&figures.overall, true));
    figures.operations.iter().map(|operation| (operation, false)).chain(total)
}

fn counts(figures: &Figures) -> Markup {
    let names = [
        "offered",
        "= succeeded",
        "+ condition failed",
        "+ throttled",
        "+ failed",
        "+ timed out",
        "+ unsent",
        "adds up",
    ];
    let mut table = Table::of_numbers("operation", &names);
    for (operation, total) in rows(figures) {
        let counts = &operation.counts;
        let bad = |count: u64| alarming(units::count(count), count > 0);
        let balanced = if counts.is_balanced() {
            "<span class=\"tick\">✓</span>"
        } else {
            "<span class=\"cross\">✗ no</span>"
        };
        let cells = [
            with_remark(&operation.name, operation.api),
            Markup::of(units::count(counts.offered)),
            Markup::of(units::count(counts.succeeded)),
            Markup::of(units::count(counts.condition_failed)),
            bad(counts.throttled),
            bad(counts.failed),
            bad(counts.timed_out),
            bad(counts.unsent),
            Markup::literal(balanced),
        ];
        if total { table.total(cells) } else { table.row(cells) }
    }
    table.markup()
}

fn attempts(figures: &Figures) -> Markup {
    let names = ["attempts", "retries", "throttled attempts", "share throttled", "items returned or written"];
    let mut table = Table::of_numbers("operation", &names);
    for (operation, total) in rows(figures) {
        let counts = &operation.counts;
        let cells = [
            Markup::of(&operation.name),
            Markup::of(units::count(counts.attempts)),
            Markup::of(units::count(counts.retries)),
            alarming(units::count(counts.throttled_attempts), counts.throttled_attempts > 0),
            Markup::of(units::share(counts.throttled_attempts as f64, counts.attempts as f64)),
            Markup::of(units::count(operation.items)),
        ];
        if total { table.total(cells) } else { table.row(cells) }
    }
    table.markup()
}

fn latencies(figures: &Figures) -> Markup {
    let names = ["operation", "outcome", "time"].map(|name| (name, Align::Left));
    let numbers = ["count", "p50", "p90", "p99", "p99.9", "max", "mean"].map(|name| (name, Align::Right));
    let mut table = Table::new(names.into_iter().chain(numbers));
    let mut any = false;
    for operation in &figures.operations {
        let mut name = operation.name.as_str();
        for kind in OutcomeKind::ALL {
            let Some(latencies) = operation.latencies.iter().find(|latencies| latencies.outcome == kind) else {
                continue;
            };
            let mut outcome = outcome_name(kind);
            let times = [
                ("response", &latencies.response),
                ("service", &latencies.service),
                ("first attempt", &latencies.first_attempt),
            ];
            // How long it took to fail is one figure; what the target itself took is asked of successes.
            let times = if kind == OutcomeKind::Succeeded { &times[..] } else { &times[..1] };
            for (time, histogram) in times.iter().filter(|(_, histogram)| !histogram.is_empty()) {
                any = true;
                let first = !name.is_empty();
                let head = [std::mem::take(&mut name), std::mem::take(&mut outcome), time].map(Markup::of);
                let count = Markup::of(units::count(histogram.count()));
                let cells = head.into_iter().chain([count]).chain(times_of(histogram));
                if first { table.row(cells) } else { table.more(cells) }
            }
        }
    }
    if !any {
        return Markup::literal("<p class=\"none\">No latency was recorded.</p>");
    }
    let mut html = table.markup();
    html.raw(
        "<p class=\"small muted\">Response time: from the intended start to the last answer. Service time: from the first send to the \
         last answer, retries and back-off included. First attempt: from the first send to its answer, of operations that needed no \
         retry. Percentiles in grey stand on too few samples to differ from the maximum.</p>",
    );
    html
}

fn times_of(histogram: &Histogram) -> Vec<Markup> {
    let percentile = |(percent, least): (f64, u64)| {
        let text = units::latency(histogram.percentile(percent));
        if histogram.count() >= least { Markup::of(text) } else { muted(text) }
    };
    let ends = [histogram.max(), histogram.mean()].map(|time| Markup::of(units::latency(time)));
    PERCENTILES.into_iter().map(percentile).chain(ends).collect()
}

fn by_phase(figures: &Figures) -> Markup {
    let result = figures.result;
    let mut html = Markup::new();
    if result.phases.len() < 2 {
        return html;
    }
    let names = [("phase", Align::Left), ("operation", Align::Left)];
    let numbers = ["asked", "succeeded", "p50", "p99", "p99.9", "max", "attempts throttled", "errors"];
    let mut table = Table::new(names.into_iter().chain(numbers.map(|name| (name, Align::Right))));
    let mut last = None;
    for totals in result.totals.iter().take(PHASE_ROWS_MAX) {
        let (Some(phase), Some(info)) = (result.phases.get(totals.phase), result.operations.get(totals.operation))
        else {
            continue;
        };
        let seconds = phase.end_seconds - phase.start_seconds;
        let operation = OperationFigures::of_phase(&info.name, info.operation.name(), seconds, totals);
        let counts = &operation.counts;
        let same = last.replace(totals.phase) == Some(totals.phase);
        let remark = if phase.warm_up && !phase.name.contains("warm") { "warm-up" } else { "" };
        let name = if same { Markup::new() } else { with_remark(&phase.name, remark) };
        let time = |percent| {
            operation.response().map_or(NOTHING.to_owned(), |times| units::latency(times.percentile(percent)))
        };
        let asked =
            if phase.open_loop { units::rate(operation.offered_per_second()) } else { "closed loop".to_owned() };
        let cells = [
            name,
            Markup::of(&operation.name),
            Markup::of(asked),
            Markup::of(units::rate(operation.succeeded_per_second())),
        ];
        let times = [50.0, 99.0, 99.9, 100.0].map(|percent| Markup::of(time(percent)));
        let throttled = units::share(counts.throttled_attempts as f64, counts.attempts as f64);
        let troubles = [
            alarming(throttled, counts.throttled_attempts > 0),
            alarming(units::count(operation.errors()), operation.errors() > 0),
        ];
        let cells = cells.into_iter().chain(times).chain(troubles);
        if same { table.more(cells) } else { table.row(cells) }
    }
    html.raw("<h3>Phase by phase</h3>").add(&table.markup());
    if result.totals.len() > PHASE_ROWS_MAX {
        html.raw("<p class=\"small muted\">And ")
            .text(units::count((result.totals.len() - PHASE_ROWS_MAX) as u64))
            .raw(" more rows; the record has them all.</p>");
    }
    html
}

fn outcome_name(kind: OutcomeKind) -> &'static str {
    match kind {
        OutcomeKind::Succeeded => "succeeded",
        OutcomeKind::ConditionFailed => "condition failed",
        OutcomeKind::Throttled => "throttled",
        OutcomeKind::Failed => "failed",
        OutcomeKind::TimedOut => "timed out",
    }
}
