//! The top of the page: what was run, what it came to, and the figures that matter, readable in ten seconds.

use crate::api::ReadWrite;
use crate::record::{CapacityLimit, Clock, SplitCounts};
use crate::report::figures::{Figures, OperationFigures, access_name, unit_name};
use crate::report::observed::{ResourceFacts, splits_in_words};
use crate::report::reason::main_reason;
use crate::report::units::{self, NOTHING};
use crate::report::verdict::{self, Standing};

use super::markup::Markup;
use super::table::{Table, alarming, with_remark};
use super::{partitions, staleness};

/// The header with verdict, warnings, tiles, operations and thresholds.
pub(super) fn section(figures: &Figures) -> Markup {
    let mut html = Markup::new();
    html.raw("<header>")
        .add(&title(figures))
        .add(&verdict_line(figures))
        .add(&warnings(figures))
        .add(&tiles(figures))
        .add(&operations(figures))
        .add(&thresholds(figures))
        .add(&contents(figures))
        .raw("</header>");
    html
}

fn title(figures: &Figures) -> Markup {
    let result = figures.result;
    let mut html = Markup::new();
    html.raw("<p class=\"kicker\">Dynamometer report");
    if result.clock == Clock::Virtual {
        html.raw(" <span class=\"badge\">simulated in virtual time</span>");
    }
    html.raw("</p><h1>").text(&result.name).raw("</h1>");
    if !result.description.trim().is_empty() {
        html.raw("<p class=\"about\">").text(result.description.trim()).raw("</p>");
    }
    let phases = units::counted(result.phases.len() as u64, "phase", "phases");
    let warm_ups = result.phases.iter().filter(|phase| phase.warm_up).count() as u64;
    let phases = match (result.phases.as_slice(), warm_ups) {
        ([phase], 0) => phase.summary.clone(),
        (_, 0) => phases,
        _ => format!("{phases}, {} not counted", units::counted(warm_ups, "warm-up", "warm-ups")),
    };
    html.raw("<dl class=\"facts\">");
    let facts = [
        ("Target", [result.target.kind.as_str(), result.target.endpoint.as_str()].join(": ")),
        ("Started", units::moment(&result.started_at)),
        ("Duration", verdict::length(result)),
        ("Load", phases),
    ];
    for (name, value) in facts {
        html.raw("<div><dt>").raw(name).raw("</dt><dd>").text(value).raw("</dd></div>");
    }
    html.raw("</dl>");
    html
}

fn verdict_line(figures: &Figures) -> Markup {
    let verdict = verdict::verdict(figures);
    let mut html = Markup::new();
    html.raw("<p class=\"verdict ").raw(verdict.standing.name()).raw("\"><i aria-hidden=\"true\">");
    html.raw(match verdict.standing {
        Standing::Passed => "✓",
        Standing::Failed => "✗",
        Standing::Caution => "!",
        Standing::Plain => "·",
    });
    html.raw("</i><span>").text(verdict.line).raw("</span></p>");
    html
}

fn warnings(figures: &Figures) -> Markup {
    let warnings = verdict::warnings(figures);
    let mut html = Markup::new();
    if !warnings.is_empty() {
        html.raw("<ul class=\"warnings\">");
        for warning in warnings {
            html.raw("<li>").text(warning).raw("</li>");
        }
        html.raw("</ul>");
    }
    html
}

fn tiles(figures: &Figures) -> Markup {
    let all = &figures.overall;
    let mut html = Markup::new();
    html.raw("<div class=\"tiles\">");
    let asked = match figures.achieved_share() {
        Some(share) => format!("of {} asked ({})", units::rate(all.offered_per_second()), units::share(share, 1.0)),
        None => "operations that succeeded".to_owned(),
    };
    html.add(&tile("Throughput", &units::rate(all.succeeded_per_second()), false, &asked));
    if figures.knows_latencies() {
        html.add(&response_times(all));
    }
    html.add(&throttled(figures)).add(&errors(figures)).add(&capacity(figures)).add(&observed(figures)).raw("</div>");
    html
}

fn response_times(all: &OperationFigures) -> Markup {
    let mut html = Markup::new();
    let response = all.response();
    let latency = |percent| response.map_or(NOTHING.to_owned(), |times| units::latency(times.percentile(percent)));
    let service = |percent| {
        let service = all.service().map(|times| units::latency(times.percentile(percent)));
        service.map_or("nothing succeeded".to_owned(), |service| format!("service time {service}"))
    };
    html.add(&tile("Response time, median", &latency(50.0), false, &service(50.0)));
    let p999 = response.map_or(String::new(), |times| {
        format!("; p99.9 {}, max {}", units::latency(times.percentile(99.9)), units::latency(times.max()))
    });
    html.add(&tile("Response time, 99th percentile", &latency(99.0), false, &format!("{}{p999}", service(99.0))));
    html
}

fn throttled(figures: &Figures) -> Markup {
    let counts = &figures.overall.counts;
    let attempts = units::share(counts.throttled_attempts as f64, counts.attempts as f64);
    if counts.throttled_attempts == 0 && counts.throttled == 0 {
        let sub = format!("of {}", units::counted(counts.attempts, "attempt", "attempts"));
        return tile("Throttled", "0 %", false, &sub);
    }
    let given_up = match counts.throttled {
        0 => "all got through after retries".to_owned(),
        given_up => format!(
            "{} given up ({})",
            units::counted(given_up, "operation", "operations"),
            units::share(given_up as f64, counts.offered as f64)
        ),
    };
    let why = main_reason(figures.result).map_or(String::new(), |reason| format!(": {reason}"));
    tile("Throttled attempts", &attempts, true, &format!("{given_up}{why}"))
}

fn errors(figures: &Figures) -> Markup {
    let counts = &figures.overall.counts;
    let errors = figures.overall.errors();
    if errors == 0 {
        return tile("Errors", "0", false, "none failed, none timed out");
    }
    let main = figures.result.errors.iter().max_by_key(|error| error.count);
    let main = main.map_or(String::new(), |error| format!(", mostly {}", error.name));
    let share = units::share(errors as f64, counts.offered as f64);
    let sub = format!(
        "{share} of operations: {} failed, {} timed out{main}",
        units::count(counts.failed),
        units::count(counts.timed_out)
    );
    tile("Errors", &units::count(errors), true, &sub)
}

fn capacity(figures: &Figures) -> Markup {
    if let Some((resource, access, peak)) = figures.tightest() {
        let share = peak.utilisation().unwrap_or(0.0);
        let unit = unit_name(access, resource.limit);
        let sub = format!(
            "of provisioned {} capacity on {}: {} of {} {unit} in the busiest interval",
            access_name(access),
            resource.label,
            units::quantity(peak.per_second),
            units::quantity(peak.provisioned.unwrap_or(0.0)),
        );
        return tile("Capacity, peak", &units::share(share, 1.0), resource.usage(access).throttled > 0, &sub);
    }
    let sum = |access| figures.resources.iter().map(|resource| resource.usage(access).per_second).sum::<f64>();
    let (read, write) = (sum(ReadWrite::Read), sum(ReadWrite::Write));
    let on_demand = figures.resources.iter().any(|resource| resource.limit == CapacityLimit::OnDemand);
    let (value, of) = if read >= write { (read, "read") } else { (write, "write") };
    let other = if read >= write {
        format!("{} write", units::quantity(write))
    } else {
        format!("{} read", units::quantity(read))
    };
    let mode = if on_demand { "; on-demand" } else { "" };
    if figures.resources.is_empty() {
        return tile("Capacity consumed", NOTHING, false, "no tables or indexes recorded");
    }
    tile("Capacity consumed", &units::rate(value), false, &format!("{of} units on average, {other}{mode}"))
}

/// What the engine's record adds: partitions, auto scaling, stale reads.
fn observed(figures: &Figures) -> Markup {
    let mut html = Markup::new();
    let Some(observed) = &figures.observed else { return html };
    let with_partitions: Vec<_> = observed.facts.iter().filter(|facts| facts.has_partitions()).collect();
    let sum = |count: &dyn Fn(&&ResourceFacts) -> u64| with_partitions.iter().map(count).fold(0, u64::saturating_add);
    if !with_partitions.is_empty() {
        let at_end = sum(&|facts| facts.history.partitions_at_end().into());
        let at_start = sum(&|facts| facts.history.partitions_at_start.into());
        let splits = SplitCounts {
            heat: sum(&|facts| facts.history.splits.heat),
            size: sum(&|facts| facts.history.splits.size),
            throughput: sum(&|facts| facts.history.splits.throughput),
        };
        let words = match splits.total() {
            0 => "none was split".to_owned(),
            total => format!("{}: {}", units::counted(total, "split", "splits"), splits_in_words(splits)),
        };
        let of = match observed.facts.len() {
            1 => String::new(),
            many => format!(" in {many} tables and indexes"),
        };
        let sub = format!("at the end{of}; {} at the start, {words}", units::count(at_start));
        html.add(&tile("Partitions", &units::count(at_end), false, &sub));
        html.add(&hottest(&with_partitions));
    }
    let count = |pick: &dyn Fn(&ResourceFacts) -> u64| observed.facts.iter().map(pick).fold(0, u64::saturating_add);
    let (decided, refused) =
        (count(&|facts| facts.history.scaling_decided), count(&|facts| facts.history.scaling_refused));
    if decided > 0 || refused > 0 {
        let sub = match refused {
            0 => "changes of provisioned capacity decided".to_owned(),
            refused => format!(
                "changes of provisioned capacity decided; {} refused",
                units::counted(refused, "decrease", "decreases")
            ),
        };
        html.add(&tile("Auto scaling", &units::count(decided), false, &sub));
    }
    let (stale, eventual) = (count(&|facts| facts.stale_reads), count(&|facts| facts.eventual_reads));
    if eventual > 0 {
        let sub = format!("{} of {} eventually consistent reads", units::count(stale), units::count(eventual));
        html.add(&tile("Stale reads", &units::share(stale as f64, eventual as f64), false, &sub));
    }
    html
}

fn hottest(facts: &[&ResourceFacts]) -> Markup {
    let all = facts.iter().filter_map(|facts| Some((facts, facts.hottest?)));
    let hottest = all.max_by(|(_, one), (_, other)| one.share.total_cmp(&other.share));
    let Some((facts, hottest)) = hottest else {
        return tile("Hottest partition", NOTHING, false, "nothing was consumed on any partition");
    };
    let throttled = facts.throttled_by_partitions;
    let refused = if throttled > 0 {
        format!("; {} refused by partitions", units::counted(throttled, "request", "requests"))
    } else {
        String::new()
    };
    let sub = format!(
        "of its {} ceiling, on {} at {}{refused}",
        access_name(hottest.access),
        facts.label,
        units::period(hottest.at)
    );
    tile("Hottest partition", &units::share(hottest.share, 1.0), throttled > 0, &sub)
}

fn tile(name: &'static str, big: &str, alarm: bool, sub: &str) -> Markup {
    let mut html = Markup::new();
    html.raw("<div class=\"tile\"><h3>").raw(name).raw("</h3><p class=\"").raw(if alarm { "big alarm" } else { "big" });
    html.raw("\">").text(big).raw("</p><p class=\"sub\">").text(sub).raw("</p></div>");
    html
}

fn operations(figures: &Figures) -> Markup {
    if figures.operations.is_empty() {
        return Markup::literal("<p class=\"none\">The run has no operations.</p>");
    }
    let asked: &[&'static str] = if figures.open_loop { &["asked"] } else { &[] };
    let percentiles: &[f64] = if figures.knows_latencies() { &[50.0, 99.0, 99.9, 100.0] } else { &[] };
    let (of_what, times): (_, &[&'static str]) = match percentiles {
        [] => ("operation", &[]),
        _ => ("response time by operation", &["p50", "p99", "p99.9", "max"]),
    };
    let head = [asked, &["succeeded"], times, &["attempts throttled", "errors"]].concat();
    let mut table = Table::of_numbers(of_what, &head);
    let several = figures.operations.len() > 1;
    for (operation, total) in
        figures.operations.iter().map(|operation| (operation, false)).chain(several.then_some((&figures.overall, true)))
    {
        let counts = &operation.counts;
        let name = if operation.api.eq_ignore_ascii_case(&operation.name) { "" } else { operation.api };
        let mut cells = vec![with_remark(&operation.name, name)];
        if figures.open_loop {
            cells.push(Markup::of(units::rate(operation.offered_per_second())));
        }
        cells.push(Markup::of(units::rate(operation.succeeded_per_second())));
        for percent in percentiles {
            let time =
                operation.response().map_or(NOTHING.to_owned(), |times| units::latency(times.percentile(*percent)));
            cells.push(Markup::of(time));
        }
        let throttled = units::share(counts.throttled_attempts as f64, counts.attempts as f64);
        cells.push(alarming(throttled, counts.throttled_attempts > 0));
        cells.push(alarming(units::count(operation.errors()), operation.errors() > 0));
        if total { table.total(cells) } else { table.row(cells) }
    }
    table.markup()
}

fn thresholds(figures: &Figures) -> Markup {
    if figures.result.thresholds.is_empty() {
        return Markup::new();
    }
    let mut table = Table::of_numbers("threshold", &["measured", ""]);
    for threshold in &figures.result.thresholds {
        let held = if threshold.passed {
            "<span class=\"tick\">✓ held</span>"
        } else {
            "<span class=\"cross\">✗ did not hold</span>"
        };
        table.row([Markup::of(&threshold.threshold), Markup::of(&threshold.measured), Markup::literal(held)]);
    }
    table.markup()
}

fn contents(figures: &Figures) -> Markup {
    let (partitions, staleness) = (partitions::is_shown(figures), staleness::is_shown(figures));
    let latencies = figures.knows_latencies();
    let all = [
        ("#throughput", "Throughput", true),
        ("#latency", "Latency over time", latencies),
        ("#distribution", "Latency distribution", latencies),
        ("#reasons", "Throttling and errors", true),
        ("#capacity", "Capacity", true),
        ("#partitions", "Partitions", partitions),
        ("#staleness", "Staleness", staleness),
        ("#operations", "Operations", true),
        ("#harness", "Load generator", true),
        ("#environment", "Environment and workload", true),
    ];
    let mut html = Markup::new();
    html.raw("<nav aria-label=\"Contents\">");
    for (anchor, name, _) in all.into_iter().filter(|(.., shown)| *shown) {
        html.raw("<a href=\"").raw(anchor).raw("\">").raw(name).raw("</a>");
    }
    html.raw("</nav>");
    html
}
