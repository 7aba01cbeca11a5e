//! Keys that much is asked of.

use std::collections::{HashMap, HashSet};

use crate::api::ReadWrite;
use crate::capacity::{CapacityModel, Place};
use crate::runner::{Demand, Profile};

use super::answer::HotKey;

/// A key is named from this share of a partition's ceiling on.
const NEAR: f64 = 0.5;
/// So many are named at most, for reads and for writes.
const MOST: usize = 3;

/// What is asked of one place.
struct Load {
    place: Place,
    /// Units of one operation, by operation.
    units: Vec<f64>,
}

/// The keys of a table or index that most is asked of, as far as that is near what a partition serves or beyond.
pub(super) fn hot_keys(demand: &Demand, resource: usize, model: &CapacityModel) -> Vec<HotKey> {
    let mut keys = Vec::new();
    for access in [ReadWrite::Write, ReadWrite::Read] {
        let mut found: Vec<(u64, HotKey)> = Vec::new();
        for (number, profile) in demand.profiles.iter().enumerate() {
            for load in loads(demand, profile, resource, access) {
                let key = key(demand, (number, profile), resource, access, model, &load);
                if key.peak_units_per_second < NEAR * key.ceiling_units_per_second {
                    continue;
                }
                match found.iter_mut().find(|(hash, _)| *hash == load.place.hash) {
                    Some((_, known)) if known.peak_units_per_second >= key.peak_units_per_second => {}
                    Some((_, known)) => *known = key,
                    None => found.push((load.place.hash, key)),
                }
            }
        }
        found.sort_by(|(_, left), (_, right)| right.peak_units_per_second.total_cmp(&left.peak_units_per_second));
        keys.extend(found.into_iter().take(MOST).map(|(_, key)| key));
    }
    keys
}

/// The hashes of the keys that at least this share of a partition's ceiling is asked of.
pub(super) fn crowded(
    demand: &Demand,
    resource: usize,
    access: ReadWrite,
    model: &CapacityModel,
    share: f64,
) -> HashSet<u64> {
    let mut hashes = HashSet::new();
    for (number, profile) in demand.profiles.iter().enumerate() {
        for load in loads(demand, profile, resource, access) {
            if peak(demand, number, &load) >= share * ceiling(access, model) {
                hashes.insert(load.place.hash);
            }
        }
    }
    hashes
}

fn peak(demand: &Demand, profile: usize, load: &Load) -> f64 {
    let steps = demand.steps.iter().filter(|step| step.profile == profile && step.measured);
    let per_second = steps.map(|step| {
        let units: f64 = step.operations.iter().zip(&load.units).map(|(count, units)| count * units).sum();
        units / step.seconds().max(1e-9)
    });
    per_second.fold(0.0, f64::max)
}

fn ceiling(access: ReadWrite, model: &CapacityModel) -> f64 {
    let units = match access {
        ReadWrite::Read => model.partition_read_units_per_second,
        ReadWrite::Write => model.partition_write_units_per_second,
    };
    units as f64
}

/// What is asked of every place: of item collections that cannot be divided, all of it together.
fn loads(demand: &Demand, profile: &Profile, resource: usize, access: ReadWrite) -> Vec<Load> {
    let divides = demand.resources[resource].options.divides_collections;
    let mut loads: Vec<Load> = Vec::new();
    let mut known: HashMap<u64, Vec<usize>> = HashMap::new();
    for (operation, stream) in &profile.streams[resource] {
        if stream.access.kind() != access {
            continue;
        }
        for point in &stream.points {
            let of_hash = known.entry(point.place.hash).or_default();
            let at = of_hash.iter().copied().find(|at| !divides || loads[*at].place == point.place);
            let at = at.unwrap_or_else(|| {
                loads.push(Load { place: point.place.clone(), units: vec![0.0; demand.operations.len()] });
                of_hash.push(loads.len() - 1);
                loads.len() - 1
            });
            loads[at].units[*operation] += point.load.units;
        }
    }
    loads
}

fn key(
    demand: &Demand,
    (number, profile): (usize, &Profile),
    resource: usize,
    access: ReadWrite,
    model: &CapacityModel,
    load: &Load,
) -> HotKey {
    let mut operations: Vec<usize> = (0..load.units.len()).filter(|operation| load.units[*operation] > 0.0).collect();
    let asked = |operation: usize| {
        let steps = demand.steps.iter().filter(|step| step.profile == number && step.measured);
        load.units[operation] * steps.map(|step| step.operations[operation]).sum::<f64>()
    };
    operations.sort_by(|left, right| asked(*right).total_cmp(&asked(*left)));
    let name = profile.keys.iter().find(|key| (key.resource, key.hash) == (resource, load.place.hash));
    HotKey {
        hash: load.place.hash,
        key: name.map_or_else(
            || format!("a {} of unknown value", demand.resources[resource].partition_key),
            |key| key.text.clone(),
        ),
        access,
        peak_units_per_second: peak(demand, number, load),
        ceiling_units_per_second: ceiling(access, model),
        is_moving_end: profile.in_order.contains(&(resource, load.place.hash)),
        operations: operations.into_iter().map(|operation| demand.operations[operation].clone()).collect(),
    }
}
