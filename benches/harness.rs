//! What the harness itself costs and how exactly it keeps time. Not a criterion benchmark: a pacer is measured by running it.
//!
//! `cargo bench --no-default-features --bench harness -- [lag] [cost] [engine] [memory [OPERATIONS]]`; without words the
//! first three. Figures hold for an otherwise idle machine.

use std::env;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use dynamometer::api::{ApiError, Outcome, Output, Request, Response, TableName};
use dynamometer::item::Item;
use dynamometer::record::{Counts, RunResult, TargetInfo};
use dynamometer::runner::{self, Driver, Progress, Stop};
use dynamometer::target::{EngineTarget, InProcess};
use dynamometer::time::Time;
use dynamometer::workload::{Drafter, EngineCapacity, Next, Overrides, Plan, Source, Workload};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// 1 KB items with ten attributes, half reads, half writes.
const TABLE: &str = r#"
    name = "bench"
    engine = { capacity = "off" }
    operations = [
        { name = "get", type = "get", key = "zipfian" },
        { name = "put", type = "put", key = "zipfian" },
    ]
    [[tables]]
    name = "things"
    partition_key = { name = "pk", type = "S" }
    items = 100_000
    [tables.item]
    pk = "user#{record:08}"
    field0 = { string = { length = 100 } }
    field1 = { string = { length = 100 } }
    field2 = { string = { length = 100 } }
    field3 = { string = { length = 100 } }
    field4 = { string = { length = 100 } }
    field5 = { string = { length = 100 } }
    field6 = { string = { length = 100 } }
    field7 = { string = { length = 100 } }
    field8 = { string = { length = 130 } }
"#;

fn main() {
    let words: Vec<String> = env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let asked = |word: &str| words.iter().any(|known| known == word);
    if words.is_empty() || asked("lag") {
        lag();
    }
    if words.is_empty() || asked("cost") {
        cost();
    }
    if words.is_empty() || asked("engine") {
        engine();
    }
    if asked("memory") {
        let operations = words.last().and_then(|word| word.parse().ok()).unwrap_or(1e9);
        memory(operations);
    }
}

/// How late operations start at moderate rates.
fn lag() {
    println!("| rate asked | achieved | start lag p50 | p99 | p99.9 | max |\n|---|---|---|---|---|---|");
    for rate in [2_000, 20_000, 200_000] {
        let workload = workload(&format!("{{ name = \"p\", duration = \"10s\", rate = {rate} }}"));
        let result = run(&workload, driver(Arc::new(Nothing), 2));
        let counts = counts(&result);
        let lag = &result.harness.schedule_lag;
        let [p50, p99, p999, max] = lag.percentiles([50.0, 99.0, 99.9, 100.0]);
        let achieved = (counts.offered - counts.unsent) as f64 / 10.0;
        println!("| {rate}/s | {achieved:.1}/s | {p50:.1?} | {p99:.1?} | {p999:.1?} | {max:.1?} |");
    }
}

/// What drawing, pacing and recording cost where the target costs nothing.
fn cost() {
    let workload = workload("{ name = \"p\", duration = \"5s\", rate = 200_000 }");
    // Drawing alone.
    let mut plan = Plan::new(Arc::clone(&workload));
    let drafter = Drafter::new(Arc::clone(&workload));
    let (before, mut drawn) = (cpu_seconds(), 0u64);
    while let Next::Shot(shot) = plan.next(Time::ZERO) {
        std::hint::black_box(drafter.request(&shot));
        drawn += 1;
    }
    let drawing = (cpu_seconds() - before) / drawn as f64 * 1e6;
    // A closed loop never waits, so that all its processor time is the harness's own.
    let workload = self::workload("{ name = \"p\", duration = \"5s\", in_flight = 1 }");
    let before = cpu_seconds();
    let result = run(&workload, driver(Arc::new(Nothing), 1));
    let whole = (cpu_seconds() - before) / counts(&result).attempts as f64 * 1e6;
    println!(
        "\ndrawing a request: {drawing:.2} µs of CPU; drawing, clock, recording: {whole:.2} µs of CPU an operation"
    );
}

/// The harness and the engine together, open loop.
fn engine() {
    println!("\n| target | rate asked | achieved | response p50 | p99 | start lag p99 |\n|---|---|---|---|---|---|");
    for rate in [200_000] {
        let workload = workload(&format!("{{ name = \"p\", duration = \"10s\", rate = {rate} }}"));
        let target = EngineTarget::new(&workload, EngineCapacity::Off).expect("the tables are sound");
        let loaded = runner::load_in_process(&workload, &*target, 2, &Stop::new(), |_| {});
        loaded.expect("the items are sound");
        let result = run(&workload, driver(target, 2));
        let counts = counts(&result);
        let achieved = (counts.offered - counts.unsent) as f64 / 10.0;
        let mut response = dynamometer::record::Histogram::new();
        for latencies in result.measured_totals().iter().flat_map(|totals| &totals.latencies) {
            response.merge(&latencies.response);
        }
        let [p50, p99] = response.percentiles([50.0, 99.0]);
        let lag = result.harness.schedule_lag.percentile(99.0);
        println!("| bundled engine, in process | {rate}/s | {achieved:.1}/s | {p50:.1?} | {p99:.1?} | {lag:.1?} |");
    }
}

/// Resident memory of the harness over many operations, as fast as they go, and the size of the result.
fn memory(operations: f64) {
    let workload = small_workload("{ name = \"p\", duration = \"1d\", in_flight = 2 }");
    let before = resident_bytes();
    let began = Instant::now();
    let mut peak = 0;
    let stop = Stop::new();
    let result = runner::run(&workload, &driver(Arc::new(Nothing), 2), Vec::new(), &stop, |progress| {
        peak = peak.max(resident_bytes());
        if let Progress::Running { view, .. } = progress
            && view.counts.attempts as f64 >= operations
        {
            stop.flag().store(true, Ordering::Relaxed);
        }
    });
    let after = resident_bytes();
    let text = serde_json::to_vec(&result).expect("a result can be written");
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    println!(
        "\n{} operations in {:.0?}: {:.1} MiB resident before, {:.1} MiB at the peak, {:.1} MiB with the result made; \
         result.json {:.2} MB, {} points",
        counts(&result).attempts,
        began.elapsed(),
        mib(before),
        mib(peak),
        mib(after),
        text.len() as f64 / 1e6,
        result.series.points.len(),
    );
}

/// Answers at once.
struct Nothing;

impl InProcess for Nothing {
    fn execute(&self, _now: Time, request: &Request) -> Outcome {
        std::hint::black_box(request);
        Outcome {
            result: Ok(Response { output: Output::GetItem { item: None } }),
            consumed: Vec::new(),
            item_collections: Vec::new(),
            delayed: Duration::ZERO,
            from_cache: false,
        }
    }

    fn load(&self, _table: &TableName, _item: Item) -> Result<(), ApiError> {
        Ok(())
    }
}

fn workload(phase: &str) -> Arc<Workload> {
    parse(format!("phases = [{phase}]\n{TABLE}"))
}

/// Small requests, so that the time goes into pacing and recording.
fn small_workload(phase: &str) -> Arc<Workload> {
    parse(format!(
        "name = \"many\"\nphases = [{phase}]\noperations = [{{ name = \"a\", type = \"get\" }}, {{ name = \"b\", type = \"get\" }}]\n\
         [[tables]]\nname = \"things\"\npartition_key = {{ name = \"pk\", type = \"S\" }}\nitems = 1000\nitem = {{ pk = \"{{record}}\" }}\n"
    ))
}

fn parse(text: String) -> Arc<Workload> {
    let source = Source { path: "bench.toml".into(), text };
    Arc::new(
        Workload::parse(source, Path::new("."), Overrides::default()).expect("the benchmark's own workload is sound"),
    )
}

fn driver(target: Arc<dyn InProcess>, workers: usize) -> Driver {
    let info = TargetInfo { kind: "bench".into(), endpoint: String::new(), settings: Vec::new() };
    Driver::InProcess { target, info, limited: false, workers }
}

fn run(workload: &Arc<Workload>, driver: Driver) -> RunResult {
    runner::run(workload, &driver, Vec::new(), &Stop::new(), |_| {})
}

fn counts(result: &RunResult) -> Counts {
    let mut counts = Counts::default();
    result.totals.iter().for_each(|totals| counts.add(&totals.counts));
    counts
}

/// Processor time of this process, threads that have ended included, to a hundredth of a second.
fn cpu_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_ascii_whitespace().skip(11).take(2);
    fields.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn resident_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches("kB").trim().parse::<u64>().unwrap_or(0) * 1024
}
