//! Saved baselines for a terminal and for programs: which there are, and how much their runs differ.

use serde_json::{Value, json};
use xxhash_rust::xxh3::xxh3_64;

use crate::baseline::{Baseline, Saved};
use crate::record::{Histogram, RunResult};

use super::figures::{Figures, OperationFigures};
use super::terminal::{Pen, SummaryStyle, TextTable, printable};
use super::units::{self, NOTHING};

/// What is shown of each operation: name for programs, column, figure, figure as text.
const QUANTITIES: [Quantity; 5] = [
    Quantity {
        name: "succeeded_per_second",
        column: "succeeded",
        of: |operation| Some(operation.succeeded_per_second()).filter(|rate| rate.is_finite()),
        text: units::rate,
    },
    Quantity {
        name: "response_p50_seconds",
        column: "response p50",
        of: |operation| percentile(operation.response(), 50.0),
        text: units::latency_seconds,
    },
    Quantity {
        name: "response_p99_seconds",
        column: "p99",
        of: |operation| percentile(operation.response(), 99.0),
        text: units::latency_seconds,
    },
    Quantity {
        name: "service_p50_seconds",
        column: "service p50",
        of: |operation| percentile(operation.service(), 50.0),
        text: units::latency_seconds,
    },
    Quantity {
        name: "service_p99_seconds",
        column: "p99",
        of: |operation| percentile(operation.service(), 99.0),
        text: units::latency_seconds,
    },
];

struct Quantity {
    name: &'static str,
    column: &'static str,
    of: fn(&OperationFigures) -> Option<f64>,
    text: fn(f64) -> String,
}

/// A line for every baseline, then the machines in words.
pub(super) fn list(baselines: &[Baseline], style: SummaryStyle) -> String {
    let mut table = TextTable::new(
        &["name", "machine", "runs", "newest", "dyno", "workload"],
        &["machine", "newest", "dyno", "workload"],
    );
    let mut machines: Vec<String> = Vec::new();
    for baseline in baselines {
        let fingerprint = baseline.machine.fingerprint();
        let machine = format!("machine {fingerprint}: {}\n", printable(&baseline.machine.to_string()));
        let mut row = vec![baseline.name.clone(), fingerprint, units::count(baseline.saved.len() as u64)];
        row.extend(baseline.saved.last().map_or([NOTHING; 3].map(str::to_owned), |newest| {
            let record = &newest.record;
            [
                units::moment(&record.started_at),
                printable(&record.dyno_version),
                format!("{} {}", printable(&record.name), workload_digest(record)),
            ]
        }));
        table.rows.push(row);
        if !machines.contains(&machine) {
            machines.push(machine);
        }
    }
    let pen = Pen { colour: style.colour };
    format!("{}\n{}", table.text(style.width, pen), machines.concat())
}

/// The runs of a baseline, operation by operation, and how much they differ.
pub(super) fn show(baseline: &Baseline, style: SummaryStyle) -> String {
    let runs = units::counted(baseline.saved.len() as u64, "run", "runs");
    let head = format!(
        "{} on machine {}: {runs}\n{}\n",
        baseline.name,
        baseline.machine.fingerprint(),
        printable(&baseline.machine.to_string())
    );
    let figures = figures(&baseline.saved);
    let mut columns = vec!["operation", "started", "dyno", "workload"];
    columns.extend(QUANTITIES.iter().map(|quantity| quantity.column));
    let mut table = TextTable::new(&columns, &["started", "dyno", "workload"]);
    for operation in operations(&figures) {
        for (saved, run) in baseline.saved.iter().zip(&figures) {
            let Some(own) = run.operations.iter().find(|own| own.name == operation) else { continue };
            let mut row = vec![
                printable(&operation),
                units::moment(&saved.record.started_at),
                printable(&saved.record.dyno_version),
                workload_digest(&saved.record),
            ];
            row.extend(QUANTITIES.iter().map(|quantity| {
                let figure = (quantity.of)(own);
                figure.map_or(NOTHING.to_owned(), quantity.text)
            }));
            table.rows.push(row);
        }
        let mut row = vec![printable(&operation), "spread".to_owned(), String::new(), String::new()];
        row.extend(QUANTITIES.iter().map(|quantity| {
            let spread = spread(&values(&figures, &operation, quantity));
            spread.map_or(NOTHING.to_owned(), |spread| format!("{:.1} %", spread * 100.0))
        }));
        table.rows.push(row);
    }
    let pen = Pen { colour: style.colour };
    format!(
        "{head}\n{}\nResponse and service times of successes, warm-ups left out. Spread: standard deviation from run to run, relative to the mean.\n",
        table.text(style.width, pen)
    )
}

/// A baseline for programs: its runs where `runs` says so.
pub(super) fn as_json(baseline: &Baseline, runs: bool) -> Value {
    let figures = figures(&baseline.saved);
    let machine = json!({
        "fingerprint": baseline.machine.fingerprint(),
        "cpu": baseline.machine.cpu,
        "cores": baseline.machine.cores,
        "memory_gib": baseline.machine.memory_gib,
        "system": baseline.machine.system,
    });
    let about = |saved: &Saved| {
        json!({
            "path": saved.path,
            "started_at": saved.record.started_at,
            "dyno_version": saved.record.dyno_version,
            "workload": saved.record.name,
            "workload_digest": workload_digest(&saved.record),
        })
    };
    let mut value = json!({
        "name": baseline.name,
        "machine": machine,
        "runs": baseline.saved.len(),
        "newest": baseline.saved.last().map(about),
    });
    if !runs {
        return value;
    }
    let quantities = |of: &dyn Fn(&Quantity) -> Option<f64>| -> serde_json::Map<String, Value> {
        QUANTITIES.iter().map(|quantity| (quantity.name.to_owned(), json!(of(quantity)))).collect()
    };
    value["records"] = baseline
        .saved
        .iter()
        .zip(&figures)
        .map(|(saved, run)| {
            let mut record = about(saved);
            record["operations"] = run
                .operations
                .iter()
                .map(|own| {
                    let mut figures = quantities(&|quantity| (quantity.of)(own));
                    figures.insert("name".to_owned(), json!(own.name));
                    Value::Object(figures)
                })
                .collect();
            record
        })
        .collect();
    value["relative_standard_deviation"] = operations(&figures)
        .into_iter()
        .map(|operation| {
            let mut spreads = quantities(&|quantity| spread(&values(&figures, &operation, quantity)));
            spreads.insert("name".to_owned(), json!(operation));
            Value::Object(spreads)
        })
        .collect();
    value
}

fn figures(saved: &[Saved]) -> Vec<Figures<'_>> {
    saved.iter().map(|saved| Figures::of(&saved.record)).collect()
}

/// The operations of all runs, in the order of the newest.
fn operations(runs: &[Figures<'_>]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for operation in runs.iter().rev().flat_map(|run| &run.operations) {
        if !names.contains(&operation.name) {
            names.push(operation.name.clone());
        }
    }
    names
}

fn values(runs: &[Figures<'_>], operation: &str, quantity: &Quantity) -> Vec<f64> {
    let of_run = |run: &Figures<'_>| run.operations.iter().find(|own| own.name == operation).and_then(quantity.of);
    runs.iter().filter_map(of_run).collect()
}

fn percentile(times: Option<&Histogram>, percent: f64) -> Option<f64> {
    times.map(|times| times.percentile(percent).as_secs_f64())
}

/// Standard deviation of a sample relative to its mean; of two values at least.
fn spread(values: &[f64]) -> Option<f64> {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (values.len() > 1 && mean > 0.0).then(|| (squares / (count - 1.0)).sqrt() / mean)
}

/// Eight digits that are the same where the workload's text is.
fn workload_digest(record: &RunResult) -> String {
    format!("{:08x}", xxh3_64(record.workload.text.as_bytes()) >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spread_is_the_relative_standard_deviation_of_a_sample() {
        // Mean 100, deviations −10, 0 and 10, squares 200 over 2 degrees of freedom: 10 of 100.
        assert_eq!(spread(&[90.0, 100.0, 110.0]), Some(0.1));
        assert_eq!(spread(&[5.0, 5.0]), Some(0.0));
        for untold in [&[][..], &[7.0], &[0.0, 0.0]] {
            assert_eq!(spread(untold), None);
        }
    }
}
