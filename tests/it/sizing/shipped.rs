//! Sizes checked by simulating operation by operation, a little above and a little below, on every workload that ships.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use dynamometer::api::{CapacityMode, ReadWrite};
use dynamometer::capacity::CapacityModel;
use dynamometer::record::RunResult;
use dynamometer::runner::{self, Demand, Simulation, Stop, in_parallel};
use dynamometer::size::{self, Question, Sizing};
use dynamometer::target::EngineTarget;
use dynamometer::workload::{EngineCapacity, Overrides, Pace, RetryMode, Workload};

const ALLOWED: f64 = 0.001;
/// What chance and request routers add that a demand in streams does not know.
const TOLERANCE: f64 = 0.004;
/// Longer workloads are cut: operations are simulated one by one.
const LENGTH_MAX: Duration = Duration::from_secs(90);

fn shipped() -> Vec<PathBuf> {
    let files = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("workloads")).unwrap();
    let mut paths: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    assert!(paths.len() > 15);
    paths
}

fn read(path: &Path, seed: Option<u64>) -> Workload {
    let whole = Workload::read(path, Overrides { seed, ..Overrides::default() }).unwrap();
    let duration = (whole.duration() > LENGTH_MAX).then_some(LENGTH_MAX);
    let overrides = Overrides { duration, pace: Pace::Kept, peak_rate: Some(1_500.0), seed };
    let mut workload = Workload::read(path, overrides).unwrap();
    workload.client.retries = RetryMode::None;
    workload.client.max_attempts = 1;
    workload.engine_capacity = EngineCapacity::Enforced;
    (workload.latency, workload.replication) = (None, None);
    workload.faults.clear();
    workload
}

/// The answer; where `whole`, as if partitions limited nothing.
fn sized(path: &Path, whole: bool) -> Sizing {
    let workloads: Vec<Workload> = SEEDS.map(|seed| read(path, Some(seed))).collect();
    let draw = |workload: &Workload| Demand::of_workload(workload, 12_000).unwrap().with_chance(workload);
    let demands: Vec<Demand> = workloads.iter().map(draw).collect();
    let model = workloads[0].capacity_model;
    let model = if whole { model.of_whole_tables() } else { model };
    let question =
        Question { name: workloads[0].name.clone(), throttled_at_most: ALLOWED, model, workers: 1, details: false };
    size::size(&question, &demands)
}

/// The seeds that are sized by, ...
const SEEDS: std::ops::RangeInclusive<u64> = 1..=3;
/// ... and one that is not.
const ANOTHER_SEED: u64 = 99;

/// The share of requests throttled by each table and index, reads and writes, with capacity `factor` times the answer.
fn throttled(path: &Path, seed: u64, routers: u32, sizing: &Sizing, factor: f64) -> Vec<[f64; 2]> {
    let mut workload = read(path, Some(seed));
    // As short demands are sized: without counting on bursts.
    workload.capacity_model.burst_seconds = 1;
    workload.capacity_model.routers = routers;
    let units = |units: u64| ((units as f64 * factor).round() as u64).max(1);
    let mut sized = sizing.resources.iter();
    for table in &mut workload.tables {
        let mut mode = || {
            let resource = sized.next().unwrap();
            CapacityMode::provisioned(units(resource.read.fixed.units), units(resource.write.fixed.units))
        };
        table.create.capacity = mode();
        for index in &mut table.create.global_secondary_indexes {
            index.capacity = mode();
        }
    }
    let workload = Arc::new(workload);
    let target = EngineTarget::new(&workload, EngineCapacity::Enforced).unwrap();
    let stop = Stop::new();
    let loaded = runner::load_in_order(&workload, &*target, 1, &stop, |_| {}).unwrap();
    let simulation = Simulation { info: target.info(), target, limited: true, loaded, workers: 1, command: Vec::new() };
    let result = runner::simulate(&workload, simulation, &stop, |_| {}).unwrap();
    shares(&result, sizing)
}

fn shares(result: &RunResult, sizing: &Sizing) -> Vec<[f64; 2]> {
    let mut refused = vec![[0.0; 2]; sizing.resources.len()];
    let warm_up = |at: f64| {
        let phase = result.phases.iter().find(|phase| (phase.start_seconds..phase.end_seconds).contains(&at));
        phase.is_some_and(|phase| phase.warm_up)
    };
    for point in result.series.points.iter().filter(|point| !warm_up(point.start_seconds)) {
        for of in &point.resources {
            refused[of.resource][0] += of.throttled_reads as f64;
            refused[of.resource][1] += of.throttled_writes as f64;
        }
    }
    let share = |refused: f64, requests: f64| if requests > 0.0 { refused / requests } else { 0.0 };
    let of = |(refused, resource): (&[f64; 2], &size::ResourceSizing)| {
        [ReadWrite::Read, ReadWrite::Write]
            .map(|access| share(refused[access as usize], resource.side(access).asked.requests))
    };
    refused.iter().zip(&sizing.resources).map(of).collect()
}

#[test]
fn sizes_hold_operation_by_operation_and_less_does_not() {
    let paths = shipped();
    let checked = in_parallel(paths.len(), 2, |at| {
        let path = &paths[at];
        let (sizing, whole) = (sized(path, false), sized(path, true));
        let above = throttled(path, ANOTHER_SEED, CapacityModel::default().routers, &sizing, 1.03);
        // Routers hold tokens ahead, which in a short run are worth seconds of capacity: without them.
        let below: Vec<_> = SEEDS.map(|seed| throttled(path, seed, 0, &sizing, 0.9)).collect();
        let mut checked = [0, 0];
        for (number, resource) in sizing.resources.iter().enumerate() {
            for access in [ReadWrite::Read, ReadWrite::Write] {
                let (side, at) = (resource.side(access), access as usize);
                let name = format!("{} {} {access:?}: {}", sizing.name, resource.name(), side.fixed.units);
                if !side.fixed.fits || side.asked.requests < 1_000.0 {
                    continue;
                }
                assert!(above[number][at] <= ALLOWED + TOLERANCE, "{name} throttles {:.4}", above[number][at]);
                checked[0] += 1;
                // Where partitions decide, less capacity may by chance be as good with another seed.
                let of_whole = whole.resources[number].side(access).fixed.units as f64;
                if of_whole >= 0.97 * side.fixed.units as f64 && side.fixed.units >= 50 {
                    // It was made for the seed that asks most: keys that are asked for often have larger items there.
                    // Of a table and its indexes one refuses first, and the others are not asked.
                    let same =
                        (0..sizing.resources.len()).filter(|other| sizing.resources[*other].table == resource.table);
                    let of_seeds = |other: usize| below.iter().map(move |shares| shares[other][at]);
                    let most = same.flat_map(of_seeds).fold(0.0, f64::max);
                    assert!(most > ALLOWED, "less than {name} throttles {most:.4}");
                    checked[1] += 1;
                }
            }
        }
        println!("{}: {checked:?}", sizing.name);
        checked
    });
    let sums = checked.iter().fold([0, 0], |sums, checked| [sums[0] + checked[0], sums[1] + checked[1]]);
    assert!(sums[0] >= 35 && sums[1] >= 20, "{sums:?}");
}
