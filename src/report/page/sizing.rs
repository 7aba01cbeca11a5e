//! The answer of `dyno size` as a page.

use crate::api::ReadWrite;
use crate::report::figures::access_name;
use crate::report::plot::{Format, Ink, Provisioned, Throttling};
use crate::report::sizing::{is_over, needed, on_demand, remedied, scaled, share, sides, verdict};
use crate::report::units;
use crate::report::verdict::Standing;
use crate::size::{AccessSizing, ResourceSizing, Sizing};

use super::figure::{self, Swatch};
use super::markup::Markup;
use super::table::{Align, Table, alarming, long, with_remark};
use super::{document, open_section};

/// Demands shorter than this have no plot over their hours.
const HOURS_MIN: usize = 4;

/// The whole page.
pub(in crate::report) fn page(sizing: &Sizing, snippets: &[(&str, String)]) -> String {
    let mut body = Markup::new();
    body.add(&header(sizing))
        .add(&remedies(sizing))
        .add(&settings(sizing))
        .add(&curves(sizing))
        .add(&over_time(sizing))
        .add(&hot_keys(sizing))
        .add(&code(snippets))
        .add(&assumptions(sizing));
    document(&format!("{} – how much capacity", sizing.name), &body)
}

fn header(sizing: &Sizing) -> Markup {
    let (standing, text) = verdict(sizing);
    let mut html = Markup::new();
    html.raw("<header><p class=\"kicker\">Dynamometer: how much capacity</p><h1>").text(&sizing.name).raw("</h1>");
    html.raw("<dl class=\"facts\">");
    let facts = [
        ("Demand", units::period(sizing.span_seconds)),
        ("Throttled at most", format!("{} of the requests", units::share(sizing.throttled_at_most, 1.0))),
        ("Tried with", units::counted(sizing.seeds as u64, "seed", "seeds")),
    ];
    for (name, value) in facts {
        html.raw("<div><dt>").raw(name).raw("</dt><dd>").text(value).raw("</dd></div>");
    }
    html.raw("</dl><p class=\"verdict ").raw(standing.name()).raw("\"><i aria-hidden=\"true\">");
    html.raw(match standing {
        Standing::Passed => "✓",
        Standing::Caution => "!",
        _ => "✗",
    });
    html.raw("</i><span>").text(text).raw("</span></p>");
    if !sizing.warnings.is_empty() {
        html.raw("<ul class=\"warnings\">");
        for warning in &sizing.warnings {
            html.raw("<li>").text(warning).raw("</li>");
        }
        html.raw("</ul>");
    }
    html.raw("</header>");
    html
}

fn remedies(sizing: &Sizing) -> Markup {
    let all: Vec<_> = sizing
        .resources
        .iter()
        .flat_map(|resource| resource.remedies.iter().map(move |remedy| (resource, remedy)))
        .collect();
    if all.is_empty() {
        return Markup::new();
    }
    let lead = "More capacity does not lift the ceiling of a partition. Changes that were tried on the same demand have figures.";
    let mut html = open_section("remedies", "What would help", lead);
    let mut table = Table::new([("table or index", Align::Left), ("change", Align::Left), ("comes to", Align::Left)]);
    for (resource, remedy) in all {
        let comes_to = remedied(remedy);
        let comes_to = if comes_to.is_empty() { "not tried".to_owned() } else { comes_to };
        table.row([Markup::of(resource.name()), long(&remedy.text), long(&comes_to)]);
    }
    html.add(&table.markup()).raw("</section>");
    html
}

fn settings(sizing: &Sizing) -> Markup {
    let lead = "The smallest settings that keep throttling within what is allowed; in brackets 95 % confidence intervals over the \
                seeds. “Without burst” does not count on banked capacity, which DynamoDB may use for itself.";
    let mut html = open_section("settings", "Settings", lead);
    let mut table = Table::new([
        ("table or index", Align::Left),
        ("", Align::Left),
        ("capacity", Align::Right),
        ("on average", Align::Right),
        ("without burst", Align::Right),
        ("throttled", Align::Right),
        ("worst minute", Align::Right),
    ]);
    for (resource, access, side) in sides(sizing) {
        let units = |units: f64| Markup::of(format!("{} {}", units::quantity(units), access.capacity_unit()));
        table.row([
            with_remark(&resource.name(), access_name(access)),
            Markup::of("asked"),
            with_remark("", &format!("at most {}", units::quantity(side.asked.peak_units_per_second))),
            units(side.asked.mean_units_per_second),
            Markup::new(),
            Markup::new(),
            Markup::new(),
        ]);
        let mut row = |setting: &str, capacity: Markup, mean: Markup, steady: Markup, throttled, worst: f64| {
            let name = Markup::of(setting);
            let worst = Markup::of(units::share(worst, 1.0));
            table.more([Markup::new(), name, capacity, mean, steady, throttled, worst]);
        };
        let fixed = &side.fixed;
        let capacity = format!("{} {}", units::count(fixed.units), access.capacity_unit());
        let interval = if fixed.fits { needed(&fixed.needed) } else { "all of it; partitions refuse".to_owned() };
        row(
            "fixed",
            with_remark(&capacity, &interval),
            units(fixed.units as f64),
            units(fixed.without_burst_units as f64),
            alarming(share(&fixed.throttled), !fixed.fits),
            fixed.worst_minute,
        );
        if let Some(of) = &side.scaled {
            let range =
                format!("{} to {} {}", units::count(of.min_units), units::count(of.max_units), access.capacity_unit());
            let target = format!("target {}", units::share(of.target_utilization, 1.0));
            let throttled = alarming(share(&of.throttled), !of.fits);
            let mean = units(of.mean_units_per_second);
            row("auto\u{a0}scaling", with_remark(&range, &target), mean, Markup::new(), throttled, of.worst_minute);
        }
        let of = &side.on_demand;
        let todo = match of.throttled_when_warm {
            Some(warm) => format!("{}, then {} are throttled", on_demand(side), share(&warm)),
            None => on_demand(side),
        };
        let throttled = alarming(share(&of.throttled), !of.fits);
        row("on\u{2011}demand", with_remark("", &todo), Markup::new(), Markup::new(), throttled, of.worst_minute);
    }
    html.add(&table.markup()).raw("</section>");
    html
}

fn caption(resource: &ResourceSizing, access: ReadWrite) -> Markup {
    let mut html = Markup::of(resource.name());
    html.raw(", ").text(access_name(access));
    html
}

fn curves(sizing: &Sizing) -> Markup {
    let drawn: Vec<_> = sides(sizing).filter(|(_, _, side)| side.curve.len() > 1).collect();
    if drawn.is_empty() {
        return Markup::new();
    }
    let lead = "The share of requests that fixed capacity throttles, the mean of all seeds with its 95 % interval, every candidate on \
                the same draws. Where the line stays up, partitions refuse, and no capacity helps.";
    let mut html = open_section("curve", "Throttling against capacity", lead);
    let legend = figure::legend([
        (Swatch::Line, Ink::CONSUMED, "throttled".to_owned()),
        (Swatch::Line, Ink::PROVISIONED, "the answer".to_owned()),
        (Swatch::Line, Ink::MAXIMUM, "allowed".to_owned()),
    ]);
    let panels = drawn.into_iter().map(|(resource, access, side)| {
        let plot = Throttling { side, unit: access.capacity_unit(), allowed: sizing.throttled_at_most };
        figure::panel(&caption(resource, access), &legend, &plot.draw(Format::Panel))
    });
    html.add(&figure::grid(panels)).raw("</section>");
    html
}

fn over_time(sizing: &Sizing) -> Markup {
    let has_hours = |side: &AccessSizing| side.asked_by_hour.len() >= HOURS_MIN;
    let drawn: Vec<_> = sides(sizing).filter(|(_, _, side)| has_hours(side)).collect();
    if drawn.is_empty() {
        return Markup::new();
    }
    let lead = "Means of hours: what is asked, what auto scaling provisions, and fixed capacity. Peaks within an hour are not seen here.";
    let mut html = open_section("hours", "Capacity over time", lead);
    for (resource, access, side) in drawn {
        let mut entries = vec![
            (Swatch::Area, Ink::CONSUMED_FILL, "asked".to_owned()),
            (Swatch::Line, Ink::MAXIMUM, "fixed".to_owned()),
        ];
        let scaled = scaled(side, access);
        entries.extend(scaled.map(|text| (Swatch::Line, Ink::PROVISIONED, format!("auto scaling: {text}"))));
        let legend = figure::legend(entries);
        let plot = Provisioned { side, unit: access.capacity_unit() };
        let caption = format!("{}, {}", resource.name(), access_name(access));
        html.add(&figure::wide(caption, &legend, |format| plot.draw(format)));
    }
    html.raw("</section>");
    html
}

fn hot_keys(sizing: &Sizing) -> Markup {
    let keys: Vec<_> =
        sizing.resources.iter().flat_map(|resource| resource.hot_keys.iter().map(move |key| (resource, key))).collect();
    if keys.is_empty() {
        return Markup::new();
    }
    let lead = "Keys of which half or more of a partition's ceiling is asked in the busiest moment. A single item never has more than one partition.";
    let mut html = open_section("keys", "Hot keys", lead);
    let columns = [
        ("table or index", Align::Left),
        ("key", Align::Left),
        ("", Align::Left),
        ("asked at most", Align::Right),
        ("of a partition", Align::Right),
        ("operations", Align::Left),
    ];
    let mut table = Table::new(columns);
    for (resource, key) in keys {
        let share = units::share(key.peak_units_per_second, key.ceiling_units_per_second);
        table.row([
            Markup::of(resource.name()),
            Markup::of(&key.key),
            Markup::of(access_name(key.access)),
            Markup::of(format!("{} {}", units::quantity(key.peak_units_per_second), key.access.capacity_unit())),
            alarming(share, is_over(key)),
            Markup::of(key.operations.join(", ")),
        ]);
    }
    html.add(&table.markup()).raw("</section>");
    html
}

fn code(snippets: &[(&str, String)]) -> Markup {
    if snippets.is_empty() {
        return Markup::new();
    }
    let mut html = open_section(
        "code",
        "Infrastructure code",
        "The settings above to be pasted; names and keys are those of the workload.",
    );
    for (name, text) in snippets {
        html.raw("<details><summary>").text(name).raw("</summary><pre>").text(text).raw("</pre></details>");
    }
    html.raw("</section>");
    html
}

fn assumptions(sizing: &Sizing) -> Markup {
    let mut html = open_section("assumptions", "Assumptions", "What these figures rest on.");
    html.raw("<ul>");
    for assumption in &sizing.assumptions {
        html.raw("<li>").text(assumption).raw("</li>");
    }
    html.raw("</ul></section>");
    html
}
