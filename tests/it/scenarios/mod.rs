//! What DynamoDB publishes about its own behaviour, as workload files that are simulated and held to it.
//!
//! Each file in `files` says what it shows and where that is published; the tests do the arithmetic. `docs/scenarios.md` has
//! published and measured figures side by side. The lines of its measured column are printed by
//! `cargo test --test it scenarios -- --nocapture`.

mod burst;
mod cache;
mod indexes;
mod on_demand;
mod partitions;
mod replication;
mod scaling;
mod several;
mod static_allocation;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dynamometer::api::ReadWrite;
use dynamometer::record::{Counts, EngineEventKind, EngineRecord, ResourceHistory, RunResult};
use dynamometer::runner::{self, Simulation, Stop};
use dynamometer::target::EngineTarget;
use dynamometer::workload::{Overrides, Source, Workload};

/// A workload file, perhaps with something in it changed.
struct Scenario {
    name: &'static str,
    text: String,
}

impl Scenario {
    fn read(name: &'static str) -> Self {
        let path = folder().join(name).with_extension("toml");
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Scenario { name, text }
    }

    /// The scenario with a text of the file, which is there once, replaced.
    fn with(self, from: &str, to: &str) -> Self {
        assert_eq!(self.text.matches(from).count(), 1, "{}: {from}", self.name);
        Scenario { text: self.text.replace(from, to), ..self }
    }

    fn play(self) -> Played {
        let source = Source { path: self.name.into(), text: self.text };
        let workload = Workload::parse(source, &folder(), Overrides::default());
        let workload = Arc::new(workload.unwrap_or_else(|error| panic!("{error}")));
        let target = EngineTarget::new(&workload, workload.engine_capacity).unwrap();
        let stop = Stop::new();
        let loaded = runner::load_in_order(&workload, &*target, 1, &stop, |_| {}).unwrap();
        let simulation = Simulation {
            target: Arc::clone(&target) as _,
            info: target.info(),
            limited: target.is_limited(),
            loaded,
            workers: 1,
            command: Vec::new(),
        };
        let result = runner::simulate(&workload, simulation, &stop, |_| {}).unwrap();
        for totals in &result.totals {
            assert!(totals.counts.is_balanced() && totals.counts.unsent == 0, "{}: {totals:?}", self.name);
        }
        Played { name: self.name, result, target, workload }
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/scenarios/files")
}

/// What a scenario came to.
struct Played {
    name: &'static str,
    result: RunResult,
    target: Arc<EngineTarget>,
    workload: Arc<Workload>,
}

impl Played {
    /// Prints a figure for the table of scenarios.
    fn tell(&self, figure: impl AsRef<str>) {
        println!("{}: {}", self.name, figure.as_ref());
    }

    fn phase(&self, name: &str) -> usize {
        self.result.phases.iter().position(|phase| phase.name == name).unwrap_or_else(|| panic!("no phase {name}"))
    }

    fn seconds(&self, phase: &str) -> f64 {
        let phase = &self.result.phases[self.phase(phase)];
        phase.end_seconds - phase.start_seconds
    }

    /// All operations of a phase.
    fn counts(&self, phase: &str) -> Counts {
        self.sum(phase, |_| true)
    }

    fn counts_of(&self, phase: &str, operation: &str) -> Counts {
        self.sum(phase, |name| name == operation)
    }

    fn sum(&self, phase: &str, wanted: impl Fn(&str) -> bool) -> Counts {
        let phase = self.phase(phase);
        let mut sum = Counts::default();
        for totals in self.result.totals.iter().filter(|totals| totals.phase == phase) {
            if wanted(&self.result.operations[totals.operation].name) {
                sum.add(&totals.counts);
            }
        }
        assert!(sum.offered > 0);
        sum
    }

    /// Units per second that a table, or `table / index`, consumed in a phase.
    fn consumed_per_second(&self, resource: &str, access: ReadWrite, phase: &str) -> f64 {
        self.consumed(resource, access, phase) / self.seconds(phase)
    }

    fn consumed(&self, resource: &str, access: ReadWrite, phase: &str) -> f64 {
        let phase = self.phase(phase);
        let place = self.result.resources.iter().position(|known| known.label() == resource).unwrap();
        let points = self.result.series.points.iter().filter(|point| point.phase == phase);
        let of_resource = points.flat_map(|point| &point.resources).filter(|entry| entry.resource == place);
        of_resource
            .map(|entry| match access {
                ReadWrite::Read => entry.consumed.read.as_f64(),
                ReadWrite::Write => entry.consumed.write.as_f64(),
            })
            .sum()
    }

    /// Throttled attempts by exception, reason and resource.
    fn reasons(&self) -> BTreeMap<(&str, &str, &str), u64> {
        let mut reasons = BTreeMap::new();
        for throttle in &self.result.throttles {
            let key = (&*throttle.exception, &*throttle.reason, &*throttle.resource);
            *reasons.entry(key).or_default() += throttle.count;
        }
        reasons
    }

    fn engine(&self) -> &EngineRecord {
        let engine = self.result.engine.as_ref().unwrap();
        assert_eq!(engine.events_dropped, 0);
        engine
    }

    fn resource(&self, label: &str) -> &ResourceHistory {
        self.engine().resources.iter().find(|resource| resource.label() == label).unwrap()
    }

    /// What happened to a table or index, by the second.
    fn events(&self, label: &str) -> Vec<(f64, &EngineEventKind)> {
        let engine = self.engine();
        let events = engine.events.iter().filter(|event| engine.resources[event.resource].label() == label);
        events.map(|event| (event.at_seconds, &event.kind)).collect()
    }

    /// When provisioned writes changed, in minutes, and to how many units.
    fn provisioned(&self, label: &str) -> Vec<(f64, u64)> {
        let changed = |(at, kind): (f64, &EngineEventKind)| match kind {
            EngineEventKind::Provisioned { access: ReadWrite::Write, to, .. } => Some((at / 60.0, *to)),
            _ => None,
        };
        self.events(label).into_iter().filter_map(changed).collect()
    }

    /// When a split for heat took effect, in seconds.
    fn splits(&self, label: &str) -> Vec<f64> {
        let split = |(at, kind): (f64, &EngineEventKind)| matches!(kind, EngineEventKind::Split { .. }).then_some(at);
        self.events(label).into_iter().filter_map(split).collect()
    }

    /// Partitions that were written to in a phase, with units per second, in the order of their ranges.
    fn written_per_second(&self, label: &str, phase: &str) -> Vec<(u32, f64)> {
        let engine = self.engine();
        let bounds = &self.result.phases[self.phase(phase)];
        let seconds = bounds.end_seconds - bounds.start_seconds;
        let start = |column: usize| column.checked_sub(1).map_or(engine.start_seconds, |at| engine.ends_seconds[at]);
        let within =
            |column: usize| start(column) >= bounds.start_seconds && engine.ends_seconds[column] <= bounds.end_seconds;
        let ranges = self.resource(label).ranges.iter().map(|range| {
            let cells = range.writes.iter().filter(|cell| within(cell.column));
            (range.id, cells.map(|cell| cell.consumed.as_f64()).sum::<f64>() / seconds)
        });
        ranges.filter(|(_, units)| *units > 0.0).collect()
    }
}

/// The throttled share of attempts, in percent.
fn throttled_percent(counts: Counts) -> f64 {
    100.0 * counts.throttled_attempts as f64 / counts.attempts as f64
}

/// Whether a figure is what it should be, give or take.
#[track_caller]
fn assert_near(measured: f64, expected: f64, tolerance: f64) {
    assert!((measured - expected).abs() <= tolerance, "{measured}, not {expected} ± {tolerance}");
}

#[test]
fn every_file_is_played_and_names_its_source() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/scenarios");
    let code: String = fs::read_dir(&tests)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    let listed = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/scenarios.md")).unwrap();
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let name = path.file_stem().unwrap().to_str().unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert!(code.contains(&format!("Scenario::read(\"{name}\")")), "{name} is not played");
        assert!(listed.contains(&format!("{name}.toml")), "{name} is not in docs/scenarios.md");
        let source = text.lines().find(|line| line.starts_with("# Source: facts §"));
        assert!(source.is_some(), "{name} names no source");
        assert!(text.contains(&format!("name = \"{name}\"")), "{name} has another name within");
    }
}
