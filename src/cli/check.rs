//! `dyno check`.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::api::CapacityMode;
use crate::runner::{Rehearsal, rehearse};
use crate::workload::{Phase, Workload};

use super::{CommandResult, Exit, Failure, Format, OverrideArguments, print};

/// Check a workload and show what a run would do, without running it
#[derive(Debug, clap::Args)]
pub(super) struct CheckArguments {
    /// The workload file
    workload: PathBuf,
    #[command(flatten)]
    overrides: OverrideArguments,
    /// How the result is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Checks a workload, rehearses its operations, prints what a run would do.
pub(super) fn check(arguments: &CheckArguments) -> CommandResult {
    let workload = Workload::read(&arguments.workload, arguments.overrides.overrides()).map_err(Failure::usage)?;
    let rehearsal = rehearse(&workload).map_err(Failure::usage)?;
    let demands: Vec<Demand> = workload.phases.iter().filter_map(|phase| Demand::of(phase, &rehearsal)).collect();
    let warnings = warnings(&workload, &rehearsal, &demands);
    match arguments.format {
        Format::Text => print(&text(&workload, &rehearsal, &demands, &warnings))?,
        Format::Json => {
            let json = as_json(&workload, &rehearsal, &demands, &warnings);
            print(&format!("{}\n", serde_json::to_string_pretty(&json).map_err(Failure::failed)?))?;
        }
    }
    Ok(Exit::Done)
}

/// What an open-loop phase asks of tables and indexes.
struct Demand<'a> {
    phase: &'a Phase,
    mean_rate: f64,
    peak_rate: f64,
    /// Units per second by resource, read and write, at the mean rate and at the peak.
    mean: Vec<[f64; 2]>,
    peak: Vec<[f64; 2]>,
}

impl<'a> Demand<'a> {
    fn of(phase: &'a Phase, rehearsal: &Rehearsal) -> Option<Self> {
        let curve = phase.curve.as_ref()?;
        let (mean_rate, peak_rate) = (curve.total() / curve.seconds(), curve.peak());
        let at = |rate: f64| {
            let rates: Vec<f64> = phase.mix.shares().iter().map(|share| share * rate).collect();
            rehearsal.units_per_second(&rates)
        };
        Some(Demand { phase, mean_rate, peak_rate, mean: at(mean_rate), peak: at(peak_rate) })
    }
}

/// Provisioned units per second of each resource, read and write; `None` on demand.
fn provisioned(workload: &Workload) -> Vec<Option<[f64; 2]>> {
    let units = |capacity: CapacityMode| match capacity {
        CapacityMode::Provisioned { read, write } => Some([read.units as f64, write.units as f64]),
        CapacityMode::OnDemand { .. } => None,
    };
    let of_table = |table: &crate::workload::Table| {
        let indexes = table.create.global_secondary_indexes.iter().map(move |index| units(index.capacity));
        std::iter::once(units(table.create.capacity)).chain(indexes).collect::<Vec<_>>()
    };
    workload.tables.iter().flat_map(of_table).collect()
}

fn warnings(workload: &Workload, rehearsal: &Rehearsal, demands: &[Demand<'_>]) -> Vec<String> {
    let mut warnings = workload.warnings.clone();
    warnings.extend(workload.hot_key_warnings());
    if workload.cache.is_some() {
        warnings.push(
            "units are those of requests that reach the tables: how many reads [cache] answers shows in a run or a simulation"
                .to_owned(),
        );
    }
    for (operation, error) in workload.operations.iter().zip(&rehearsal.errors) {
        if let Some(error) = error {
            warnings.push(format!("operation `{}` may fail: {error}", operation.name));
        }
    }
    let provisioned = provisioned(workload);
    for demand in demands {
        for (resource, limit) in provisioned.iter().enumerate() {
            let Some(limit) = limit else { continue };
            for (kind, name) in ["RCU", "WCU"].into_iter().enumerate() {
                let (mean, peak) = (demand.mean[resource][kind], demand.peak[resource][kind]);
                if peak > limit[kind] {
                    let certainty = if mean > limit[kind] { "on average already" } else { "at its peak" };
                    warnings.push(format!(
                        "phase `{}` asks {peak:.1} {name} of {}, which has {}: more than provisioned {certainty}; burst \
                         capacity covers it for a while, then requests are throttled",
                        demand.phase.name,
                        label(&rehearsal.resources[resource]),
                        limit[kind]
                    ));
                }
            }
        }
    }
    warnings
}

fn label((table, index): &(String, Option<String>)) -> String {
    match index {
        None => table.clone(),
        Some(index) => format!("{table}/{index}"),
    }
}

fn text(workload: &Workload, rehearsal: &Rehearsal, demands: &[Demand<'_>], warnings: &[String]) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write_text(&mut out, workload, rehearsal, demands, warnings);
    out
}

fn write_text(
    out: &mut String,
    workload: &Workload,
    rehearsal: &Rehearsal,
    demands: &[Demand<'_>],
    warnings: &[String],
) -> std::fmt::Result {
    writeln!(out, "{}: {}", workload.name, workload.description)?;
    writeln!(out, "{:.0?} in all, seed {}\n\nTables", workload.duration(), workload.streams.seed())?;
    for (table, bytes) in workload.tables.iter().zip(&rehearsal.item_bytes) {
        let create = &table.create;
        writeln!(out, "  {:<20} {:<32} {}", create.name, create.key.to_string(), capacity(create.capacity))?;
        for index in &create.global_secondary_indexes {
            writeln!(out, "    {:<18} {:<32} {}", index.name, index.key.to_string(), capacity(index.capacity))?;
        }
        for index in &create.local_secondary_indexes {
            writeln!(out, "    {:<18} {:<32} local, on the table's capacity", index.name, index.key.to_string())?;
        }
        if table.items > 0 {
            writeln!(
                out,
                "    {} items of {bytes:.0} bytes to load, {}",
                table.items,
                megabytes(bytes * table.items as f64)
            )?;
        }
    }
    writeln!(out, "\nOperations, with the units one consumes on average")?;
    for (operation, units) in workload.operations.iter().zip(&rehearsal.units) {
        let consumed: Vec<String> = rehearsal.resources.iter().zip(units).filter_map(consumption).collect();
        writeln!(
            out,
            "  {:<20} {:<18} weight {:<8} {}",
            operation.name,
            operation.operation.name(),
            operation.weight,
            consumed.join(", ")
        )?;
    }
    writeln!(out, "\nPhases")?;
    for phase in &workload.phases {
        let warm_up = if phase.warm_up { " (warm-up)" } else { "" };
        writeln!(out, "  {:<20} {:<8.0?} {}{warm_up}", phase.name, phase.end.since(phase.start), phase.summary)?;
        let Some(demand) = demands.iter().find(|demand| std::ptr::eq(demand.phase, phase)) else { continue };
        for (operation, share) in workload.operations.iter().zip(phase.mix.shares()) {
            writeln!(
                out,
                "    {:<38} {:>9.1}/s, {:>9.1}/s at the peak",
                operation.name,
                share * demand.mean_rate,
                share * demand.peak_rate
            )?;
        }
        for (resource, name) in rehearsal.resources.iter().enumerate() {
            for (kind, unit) in ["RCU", "WCU"].into_iter().enumerate() {
                let (mean, peak) = (demand.mean[resource][kind], demand.peak[resource][kind]);
                if peak > 0.0 {
                    writeln!(out, "    {:<34} {unit} {mean:>9.1}/s, {peak:>9.1}/s at the peak", label(name))?;
                }
            }
        }
    }
    if !workload.thresholds.is_empty() {
        writeln!(out, "\nThresholds")?;
        for threshold in &workload.thresholds {
            writeln!(out, "  {threshold}")?;
        }
    }
    if !warnings.is_empty() {
        writeln!(out, "\nWarnings")?;
        for warning in warnings {
            writeln!(out, "  {warning}")?;
        }
    }
    Ok(())
}

fn consumption((resource, units): (&(String, Option<String>), &[f64; 2])) -> Option<String> {
    let parts: Vec<String> = ["RCU", "WCU"]
        .iter()
        .zip(units)
        .filter(|(_, units)| **units > 0.0)
        .map(|(unit, units)| format!("{units:.2} {unit}"))
        .collect();
    (!parts.is_empty()).then(|| format!("{} of {}", parts.join(" "), label(resource)))
}

fn capacity(mode: CapacityMode) -> String {
    match mode {
        CapacityMode::OnDemand { max_read_units: None, max_write_units: None } => "on-demand".to_owned(),
        CapacityMode::OnDemand { max_read_units, max_write_units } => {
            let most = |units: Option<u64>| units.map_or("no maximum".to_owned(), |units| format!("at most {units}"));
            format!("on-demand, reads {}, writes {}", most(max_read_units), most(max_write_units))
        }
        CapacityMode::Provisioned { read, write } => {
            let range = |range: crate::api::CapacityRange| match range.auto_scaling {
                None => range.units.to_string(),
                Some(scaling) => format!("{} ({} to {})", range.units, scaling.min_units, scaling.max_units),
            };
            format!("provisioned, {} RCU, {} WCU", range(read), range(write))
        }
    }
}

fn megabytes(bytes: f64) -> String {
    if bytes < 1e6 { format!("{:.0} kB", bytes / 1e3) } else { format!("{:.1} MB", bytes / 1e6) }
}

fn as_json(workload: &Workload, rehearsal: &Rehearsal, demands: &[Demand<'_>], warnings: &[String]) -> Value {
    let resource = |at: usize| label(&rehearsal.resources[at]);
    let units = |units: &[[f64; 2]]| -> Value {
        units
            .iter()
            .enumerate()
            .map(|(at, [read, write])| (resource(at), json!({ "read": read, "write": write })))
            .collect::<serde_json::Map<String, Value>>()
            .into()
    };
    json!({
        "name": workload.name,
        "seed": workload.streams.seed(),
        "duration_seconds": workload.duration().as_secs_f64(),
        "tables": workload.tables.iter().zip(&rehearsal.item_bytes).map(|(table, bytes)| json!({
            "name": &*table.create.name,
            "items": table.items,
            "item_bytes_mean": bytes,
            "capacity": capacity(table.create.capacity),
        })).collect::<Vec<_>>(),
        "operations": workload.operations.iter().zip(&rehearsal.units).map(|(operation, each)| json!({
            "name": &*operation.name,
            "operation": operation.operation.name(),
            "weight": operation.weight,
            "units": units(each),
        })).collect::<Vec<_>>(),
        "phases": workload.phases.iter().map(|phase| {
            let demand = demands.iter().find(|demand| std::ptr::eq(demand.phase, phase));
            json!({
                "name": phase.name,
                "warm_up": phase.warm_up,
                "seconds": phase.seconds(),
                "summary": phase.summary,
                "operations_per_second_mean": demand.map(|demand| demand.mean_rate),
                "operations_per_second_peak": demand.map(|demand| demand.peak_rate),
                "units_per_second_mean": demand.map(|demand| units(&demand.mean)),
                "units_per_second_peak": demand.map(|demand| units(&demand.peak)),
            })
        }).collect::<Vec<_>>(),
        "thresholds": workload.thresholds.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "warnings": warnings,
    })
}
