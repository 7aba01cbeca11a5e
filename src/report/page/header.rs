//! The top of the page: what was run, what it came to, and the figures that matter, readable in ten seconds.

use crate::api::ReadWrite;
use crate::record::{CapacityLimit, Clock};
use crate::report::figures::{Figures, access_name, unit_name};
use crate::report::reason::main_reason;
use crate::report::units::{self, NOTHING};
use crate::report::verdict::{self, Standing};

use super::markup::Markup;
use super::table::{Table, alarming, with_remark};

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
        .add(&contents())
        .raw("</header>");
    html
}

fn title(figures: &Figures) -> Markup {
    let result = figures.result;
    let mut html = Markup::new();
    html.raw("<p class=\"kicker\">Dynamometer report");
    if result.clock == Clock::Virtual {
        html.raw(" <span class=\"badge\">simulated</span>");
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
    html.add(&throttled(figures)).add(&errors(figures)).add(&capacity(figures)).raw("</div>");
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
    let rest = ["succeeded", "p50", "p99", "p99.9", "max", "attempts throttled", "errors"];
    let mut table = Table::of_numbers("response time by operation", &[asked, &rest].concat());
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
        for percent in [50.0, 99.0, 99.9, 100.0] {
            let time =
                operation.response().map_or(NOTHING.to_owned(), |times| units::latency(times.percentile(percent)));
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

fn contents() -> Markup {
    Markup::literal(
        "<nav aria-label=\"Contents\"><a href=\"#throughput\">Throughput</a><a href=\"#latency\">Latency over time</a>\
         <a href=\"#distribution\">Latency distribution</a><a href=\"#reasons\">Throttling and errors</a>\
         <a href=\"#capacity\">Capacity</a><a href=\"#operations\">Operations</a><a href=\"#harness\">Load generator</a>\
         <a href=\"#environment\">Environment and workload</a></nav>",
    )
}
