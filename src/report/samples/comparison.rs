//! Comparisons made up from a seed: rounds with a machine that drifts, compared as `dyno ab` does.

use std::time::Duration;

use crate::compare::{
    Comparison, Interval, Latency, Measure, Method, Metric, MinEffects, Procedure, Quantity, Round, Rules, RunSummary,
    SCHEMA, Side, SideOperation, SidePoint, Spent, Turn, Verdict, measures,
};
use crate::random::{Random, Streams};
use crate::record::{Clock, Histogram};

/// What the new side does differently, and how noisy it all is.
#[derive(Clone, Copy)]
struct Trial<'a> {
    operations: &'a [&'a str],
    /// Times as long as the base.
    slower: f64,
    /// How far single rounds lie apart, as a share.
    noise: f64,
    /// Shares of operations failed: base's and new's.
    errors: (f64, f64),
    rounds: u64,
}

const PLAIN: Trial =
    Trial { operations: &["read", "update"], slower: 1.0, noise: 0.06, errors: (0.0, 0.0), rounds: 60 };

const COMPARED_AT: &str = "2026-11-21T10:01:30.250Z";

/// Every made-up comparison, by name.
pub fn all() -> Vec<(&'static str, Comparison)> {
    let many: Vec<String> = (1..=8).map(|place| format!("operation {place}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    vec![
        ("compare-same", compare(1, PLAIN)),
        ("compare-worse", worse()),
        ("compare-better", compare(3, Trial { slower: 0.8, ..PLAIN })),
        ("compare-open", compare(4, Trial { slower: 1.06, noise: 0.5, rounds: 12, ..PLAIN })),
        ("compare-points", compare(5, Trial { errors: (0.001, 0.021), ..PLAIN })),
        ("compare-few", compare(6, Trial { rounds: 3, ..PLAIN })),
        ("compare-far", compare(7, Trial { slower: 30.0, ..PLAIN })),
        ("compare-one", only_throughput(compare(8, Trial { slower: 1.2, ..PLAIN }))),
        ("compare-many", compare(9, Trial { operations: &many, slower: 1.04, ..PLAIN })),
        ("compare-nothing", nothing()),
        ("compare-slices", slices()),
    ]
}

/// A tenth slower, confirmed.
pub fn worse() -> Comparison {
    compare(2, Trial { slower: 1.1, ..PLAIN })
}

/// Sides without a metric in common.
pub fn nothing() -> Comparison {
    let mut comparison = compare(1, PLAIN);
    comparison.differences.clear();
    comparison.verdict = Verdict::CannotTell;
    comparison.summary = "cannot tell: nothing was measured on both sides".to_owned();
    for side in [&mut comparison.base, &mut comparison.new] {
        side.operations.clear();
        side.runs.clear();
    }
    comparison
}

fn only_throughput(mut comparison: Comparison) -> Comparison {
    comparison.differences.truncate(1);
    comparison
}

fn compare(seed: u64, trial: Trial) -> Comparison {
    let mut random = Streams::new(seed).stream("comparison").at(0);
    let rules = Rules { min_effects: MinEffects::default(), confidence: 0.95, rounds: trial.rounds };
    let mut procedure = Procedure::new(rules);
    let (mut base, mut new) = (side("A", trial.operations), side("B", trial.operations));
    new.target.settings.push(("durability".to_owned(), "write-ahead log".to_owned()));
    let mut drift = 0.0;
    while !procedure.has_ended() {
        let [mut a, mut b] = [Vec::new(), Vec::new()];
        for turn in Turn::order(procedure.rounds()) {
            drift = 0.9 * drift + 0.08 * (random.unit() - 0.5);
            let (side, measures, slower, errors) = match turn {
                Turn::A => (&mut base, &mut a, 1.0, trial.errors.0),
                Turn::B => (&mut new, &mut b, trial.slower, trial.errors.1),
            };
            *measures = run(&mut random, trial, slower * drift.exp(), errors);
            side.runs.push(RunSummary {
                path: String::new(),
                started_at: "2026-11-21T10:00:00Z".to_owned(),
                seconds: 0.4,
                throughput: measures[0].value,
            });
        }
        procedure.round(Round { a, b });
    }
    for (side, slower) in [(&mut base, 1.0), (&mut new, trial.slower)] {
        for (place, operation) in side.operations.iter_mut().enumerate() {
            fill(&mut random, operation, 1.1e-6 * (1.0 + place as f64) * slower);
        }
        side.pack();
    }
    let spent = Spent {
        clock: Clock::Real,
        at: COMPARED_AT.to_owned(),
        seconds: procedure.rounds() as f64 * 0.9,
        discarded: 1,
    };
    let comparison = Comparison::of_turns(&procedure, "shop", [base, new], &spent);
    Comparison { warnings: vec!["The sides differ in durability.".to_owned()], ..comparison }
}

fn side(label: &str, operations: &[&str]) -> Side {
    let mut side = Side::new(label, &super::empty());
    let operation =
        |name: &&str| SideOperation { name: (*name).to_owned(), service: Histogram::new(), response: Histogram::new() };
    side.operations = operations.iter().map(operation).collect();
    side
}

fn run(random: &mut Random, trial: Trial, slower: f64, errors: f64) -> Vec<Measure> {
    let mut noise = |size: f64| ((random.unit() + random.unit() - 1.0) * size * trial.noise / 0.06).exp();
    let mut measures = Vec::new();
    let mut push = |subject: Option<&str>, quantity, value| {
        measures.push(Measure { metric: Metric { subject: subject.map(str::to_owned), quantity }, value });
    };
    let time = slower * noise(0.05);
    push(None, Quantity::Throughput, 412_000.0 / time);
    push(None, Quantity::Errors, errors * noise(0.1));
    push(None, Quantity::Throttled, 0.0);
    push(None, Quantity::ThrottledAttempts, 0.0);
    for (place, name) in trial.operations.iter().enumerate() {
        let median = 1.1e-6 * (1.0 + place as f64) * time;
        if trial.operations.len() > 1 {
            push(Some(name), Quantity::Throughput, 206_000.0 / time * noise(0.01));
        }
        for (at, times) in Latency::ALL.into_iter().zip([1.0, 1.4, 3.0, 9.0]) {
            let value = median * times * noise(0.01 * times * times);
            push(Some(name), Quantity::Service(at), value);
            push(Some(name), Quantity::Response(at), value * 1.01);
        }
    }
    push(Some("products"), Quantity::ReadUnits, 0.25);
    push(Some("products"), Quantity::WriteUnits, 0.5);
    measures
}

fn fill(random: &mut Random, operation: &mut SideOperation, median: f64) {
    for _ in 0..5_000 {
        let bell = (0..6).map(|_| random.unit()).sum::<f64>() - 3.0;
        let tail = if random.unit() < 0.004 { 4.0 + 9.0 * random.unit() } else { 1.0 };
        let seconds = median * (0.35 * bell).exp() * tail;
        operation.service.record(Duration::from_secs_f64(seconds));
        operation.response.record(Duration::from_secs_f64(seconds * if tail > 1.0 { 2.0 } else { 1.02 }));
    }
}

/// One recorded run a side.
fn slices() -> Comparison {
    let (base_run, mut new_run) = (super::flash_sale(), super::flash_sale());
    new_run.dyno_version = "0.2.0".to_owned();
    let (mut base, mut new) = (Side::new("monday.json", &base_run), Side::new("tuesday.json", &new_run));
    base.add(std::slice::from_ref(&base_run), "results/monday.json");
    new.add(std::slice::from_ref(&new_run), "results/tuesday.json");
    base.series = series(1.0);
    new.series = series(1.15);
    let values = measures(std::slice::from_ref(&base_run), None);
    let differences = values.into_iter().map(|measure| {
        let is_time = matches!(measure.metric.quantity, Quantity::Service(_) | Quantity::Response(_));
        let estimate = if is_time { 0.15 } else { 0.0 };
        crate::compare::Difference {
            base: measure.value,
            new: measure.value * (1.0 + estimate),
            change: Interval { estimate, low: estimate - 0.03, high: estimate + 0.035 },
            min_effect: MinEffects::default().of(&measure.metric),
            new_higher: 0.5 + estimate * 3.0,
            verdict: if is_time { Verdict::Worse } else { Verdict::Same },
            more: None,
            primary: measure.metric.is_primary(),
            first_seen: None,
            first_pairs: Vec::new(),
            pairs: (0..24)
                .map(|at| (measure.value * (1.0 + 0.01 * f64::from(at % 5)), measure.value * (1.0 + estimate)))
                .collect(),
            metric: measure.metric,
        }
    });
    let differences = differences.collect();
    Comparison {
        schema: SCHEMA.to_owned(),
        dyno_version: "0.1.0".to_owned(),
        workload: base_run.name.clone(),
        clock: Clock::Real,
        compared_at: COMPARED_AT.to_owned(),
        base,
        new,
        method: Method::Slices { slices: 24, between_runs: 0.02 },
        confidence: 0.95,
        verdict: Verdict::Worse,
        summary: "tuesday.json is worse: service times rose by 15 %.".to_owned(),
        differences,
        warnings: Vec::new(),
    }
}

fn series(slower: f64) -> Vec<SidePoint> {
    let point = |second: u32| {
        let at = f64::from(second);
        let rush = if (110.0..170.0).contains(&at) { 1.0 } else { 0.0 };
        // Nothing was due for a while.
        let is_gap = (60.0..70.0).contains(&at);
        let latency = |seconds: f64| (!is_gap).then_some(seconds * slower * (1.0 + rush + 0.05 * (at / 3.0).sin()));
        SidePoint {
            start_seconds: at,
            end_seconds: at + 1.0,
            throughput: if is_gap { 0.0 } else { 400.0 + 1_200.0 * rush },
            service_p50: latency(2e-3),
            service_p99: latency(9e-3),
            throttled_share: 0.08 * rush * slower,
            read_units: 300.0 + 800.0 * rush,
            write_units: 50.0,
        }
    };
    (0..240).map(point).collect()
}
