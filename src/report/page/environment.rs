//! Where the run took place, and how to repeat it.

use crate::record::Clock;
use crate::report::figures::Figures;
use crate::report::units;

use super::markup::Markup;
use super::open_section;
use super::table::{Align, Table};

/// Environment, seed, versions, loaded tables and the workload verbatim.
pub(super) fn section(figures: &Figures) -> Markup {
    let result = figures.result;
    let environment = &result.environment;
    let mut html = open_section(
        "environment",
        "Environment and workload",
        "What the figures depend on, and how to get them again.",
    );
    let mut table = Table::new([("", Align::Left), ("", Align::Left)]);
    let clock = match result.clock {
        Clock::Real => "real time",
        Clock::Virtual => "virtual time: simulated, from event to event",
    };
    let machine = format!(
        "{}; {}; {} of memory",
        environment.cpu,
        units::counted(environment.cores as u64, "core", "cores"),
        units::bytes(environment.memory_bytes)
    );
    let mut facts = vec![
        ("dyno", format!("{} (record {})", result.dyno_version, result.schema)),
        ("clock", clock.to_owned()),
        ("seed", result.seed.to_string()),
        ("target", format!("{}: {}", result.target.kind, result.target.endpoint)),
    ];
    // A simulated run is the same on every machine.
    if result.clock == Clock::Real {
        facts.extend([("operating system", environment.os.clone()), ("machine", machine)]);
    }
    facts.push(("workload file", result.workload.path.clone()));
    for (name, value) in facts {
        table.row([Markup::of(name), Markup::of(value)]);
    }
    for (name, value) in &result.target.settings {
        table.row([Markup::of(format!("target: {name}")), Markup::of(value)]);
    }
    html.add(&table.markup()).add(&loaded(figures)).add(&repeat(figures)).raw("</section>");
    html
}

fn loaded(figures: &Figures) -> Markup {
    let mut html = Markup::new();
    if figures.result.loaded.is_empty() {
        return html;
    }
    let is_timed = figures.result.clock == Clock::Real;
    let timing: &[&'static str] = if is_timed { &["items per second", "took"] } else { &[] };
    let mut table = Table::of_numbers("table loaded before measuring", &[&["items", "size"], timing].concat());
    for load in &figures.result.loaded {
        let mut cells =
            vec![Markup::of(&load.table), Markup::of(units::count(load.items)), Markup::of(units::bytes(load.bytes))];
        if is_timed {
            cells.push(Markup::of(units::quantity(load.items as f64 / load.seconds)));
            cells.push(Markup::of(units::period(load.seconds)));
        }
        table.row(cells);
    }
    html.add(&table.markup());
    html
}

fn repeat(figures: &Figures) -> Markup {
    let result = figures.result;
    let command: Vec<String> = result.environment.command.iter().map(|word| quoted(word)).collect();
    let mut html = Markup::new();
    html.raw("<h3>To repeat it</h3>");
    if command.is_empty() {
        html.raw("<p>The record does not say how it was called.</p>");
    } else {
        html.raw("<pre class=\"wrap\">").text(command.join(" ")).raw("</pre>");
    }
    html.raw("<p>The seed ")
        .text(result.seed.to_string())
        .raw(" and the workload below give the same operations at the same times. ");
    html.raw(match result.clock {
        Clock::Real => "Latencies differ from run to run; compare several.",
        Clock::Virtual => "In virtual time the whole record comes out the same, byte for byte.",
    });
    html.raw("</p><details><summary>The workload, as it was run</summary><pre>")
        .text(&result.workload.text)
        .raw("</pre></details>");
    html
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:=,@%+".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
