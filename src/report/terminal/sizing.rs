//! The answer of `dyno size` on a terminal.

use crate::report::figures::access_name;
use crate::report::sizing::{needed, on_demand, remedied, share, sides, verdict};
use crate::report::units;
use crate::report::verdict::Standing;
use crate::size::Sizing;

use super::{Colour, Pen, SummaryStyle, TextTable, printable, wrapped};

/// The answer, ending in a line break.
pub(in crate::report) fn sizing(sizing: &Sizing, style: SummaryStyle) -> String {
    let pen = Pen { colour: style.colour };
    let mut blocks = vec![head(sizing, style, pen)];
    let warnings = sizing.warnings.iter().map(|text| wrapped(&format!("! {}", printable(text)), style.width, pen));
    blocks.push(warnings.collect());
    blocks.push(remedies(sizing, style));
    let (fixed, scaled, on_demand) = tables(sizing);
    for table in [fixed, scaled, on_demand] {
        blocks.push(if table.rows.is_empty() { String::new() } else { table.text(style.width, pen) });
    }
    let plain = Pen { colour: false };
    let assumptions =
        sizing.assumptions.iter().map(|text| wrapped(&format!("- {}", printable(text)), style.width, plain));
    blocks.push(format!("{}\n{}", pen.paint(Colour::Dim, "Assumed"), assumptions.collect::<String>()));
    blocks.retain(|block| !block.is_empty());
    blocks.join("\n")
}

fn head(sizing: &Sizing, style: SummaryStyle, pen: Pen) -> String {
    let (standing, text) = verdict(sizing);
    let (sign, ink) = match standing {
        Standing::Passed => ("✓", Colour::Green),
        Standing::Caution => ("!", Colour::Yellow),
        _ => ("✗", Colour::Red),
    };
    let about = format!(
        "{} · {} · at most {} of the requests throttled",
        units::period(sizing.span_seconds),
        units::counted(sizing.seeds as u64, "seed", "seeds"),
        units::share(sizing.throttled_at_most, 1.0)
    );
    let verdict = wrapped(&format!("{sign} {}", printable(&text)), style.width, Pen { colour: false });
    let verdict: String = verdict.lines().map(|line| format!("{}\n", pen.paint(ink, line))).collect();
    format!("{}  {}\n{verdict}", pen.paint(Colour::Bold, &printable(&sizing.name)), pen.paint(Colour::Dim, &about))
}

fn remedies(sizing: &Sizing, style: SummaryStyle) -> String {
    let remedies = sizing.resources.iter().flat_map(|resource| &resource.remedies);
    let lines: Vec<String> = remedies
        .map(|remedy| {
            let text = format!("→ {} {}", printable(&remedy.text), remedied(remedy));
            wrapped(text.trim_end(), style.width, Pen { colour: false })
        })
        .collect();
    if lines.is_empty() { String::new() } else { format!("What would help:\n{}", lines.concat()) }
}

/// Fixed capacity, auto scaling, on-demand.
fn tables(sizing: &Sizing) -> (TextTable, TextTable, TextTable) {
    let mut fixed = TextTable::new(
        &["fixed", "", "asked", "at most", "provision", "needed, 95 %", "throttled", "worst minute", "without burst"],
        &[""],
    );
    let mut scaled =
        TextTable::new(&["auto scaling", "", "min", "max", "target", "on average", "throttled", "worst minute"], &[""]);
    let mut demand = TextTable::new(&["on-demand", "", "throttled", "worst minute", "to do"], &["", "to do"]);
    for (resource, access, side) in sides(sizing) {
        let name = || [printable(&resource.name()), access_name(access).to_owned()].into_iter();
        let unit = access.capacity_unit();
        let units = |units: u64| format!("{} {unit}", units::count(units));
        let row = [
            units::quantity(side.asked.mean_units_per_second),
            units::quantity(side.asked.peak_units_per_second),
            units(side.fixed.units),
            if side.fixed.fits { needed(&side.fixed.needed) } else { units::NOTHING.to_owned() },
            share(&side.fixed.throttled),
            units::share(side.fixed.worst_minute, 1.0),
            units(side.fixed.without_burst_units),
        ];
        fixed.rows.push(name().chain(row).collect());
        if let Some(of) = &side.scaled {
            let row = [
                units::count(of.min_units),
                units::count(of.max_units),
                units::share(of.target_utilization, 1.0),
                format!("{} {unit}", units::quantity(of.mean_units_per_second)),
                share(&of.throttled),
                units::share(of.worst_minute, 1.0),
            ];
            scaled.rows.push(name().chain(row).collect());
        }
        let row = [share(&side.on_demand.throttled), units::share(side.on_demand.worst_minute, 1.0), on_demand(side)];
        demand.rows.push(name().chain(row).collect());
    }
    (fixed, scaled, demand)
}
