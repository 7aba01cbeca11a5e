//! What would help where no capacity does, each tried on the same demand.

use crate::api::ReadWrite;
use crate::capacity::{Access, CapacityModel, Load, Place, Point, TABLE_QUOTA_UNITS_PER_SECOND};
use crate::random::Streams;
use crate::runner::Demand;

use super::answer::{HotKey, Remedy, RemedyKind, ResourceSizing, Sizing};
use super::hot_key;
use super::search::{Bench, Question, WITHOUT_BURST_SECONDS, provisioned, shares};
use super::trial::Trial;

/// A write unit costs so many read units in every region (facts, appendix B).
pub(super) const WRITE_UNIT_PRICE: u64 = 5;
/// Keys that ask this share of a ceiling or more are spread: several of them may lie in one partition.
const SPREAD: f64 = 0.1;
/// A key that asks less than this share of a ceiling is not what throttles.
const CROWDED: f64 = 0.8;
/// More shards are tried as long as capacity with them costs so many times what the whole needs.
const DEARER: f64 = 1.3;
/// More shards than this are no advice.
const SHARDS_MAX: u64 = 256;
/// A worst minute that throttles so many times the allowed share is pointed out.
pub const CONCENTRATED: f64 = 10.0;
/// Throttling below this share is never concentrated.
pub const CONCENTRATED_LEAST: f64 = 0.0005;
/// Provisioned capacity of an account, by default (facts §2.6).
const ACCOUNT_QUOTA_UNITS_PER_SECOND: u64 = 80_000;
/// Demands shorter than this cannot tell what a day brings, in seconds.
pub(super) const SHORT_SECONDS: f64 = 1_800.0;

/// What would help one table or index; nothing where fixed capacity is enough.
pub(super) fn remedies(bench: &Bench<'_>, sizing: &ResourceSizing) -> Vec<Remedy> {
    if sizing.read.fixed.fits && sizing.write.fixed.fits {
        return Vec::new();
    }
    let crowded = sizing.hot_keys.iter().filter(|key| pressure(key) >= CROWDED);
    let Some(hottest) = crowded.max_by(|left, right| pressure(left).total_cmp(&pressure(right))) else {
        return Vec::new();
    };
    let mut remedies = Vec::new();
    remedies.extend(shards(bench, hottest, sizing));
    if hottest.access == ReadWrite::Read {
        remedies.push(index(hottest, sizing));
    }
    remedies.extend(sort_key(bench, hottest, sizing));
    remedies
}

fn pressure(key: &HotKey) -> f64 {
    key.peak_units_per_second / key.ceiling_units_per_second.max(1.0)
}

/// The fewest shards with which some capacity is enough, and where that costs much more than the whole needs, those with which it
/// does not.
fn shards(bench: &Bench<'_>, hottest: &HotKey, sizing: &ResourceSizing) -> Vec<Remedy> {
    let least = (pressure(hottest).ceil() as u64).max(2);
    let whole = price([sizing.read.fixed.units, sizing.write.fixed.units]) as f64;
    let mut found: Vec<(u64, Remedy)> = Vec::new();
    for count in [least, least + 1, least + 2, least * 2, least * 4, least * 8] {
        if count > SHARDS_MAX {
            break;
        }
        let spread = |demand| spread(demand, bench.resource, hottest.access, &bench.question.model, count);
        let spread: Vec<Demand> = bench.demands.iter().map(spread).collect();
        let spread = Bench { demands: &spread, ..*bench };
        let asked = spread.asked();
        let allowed = spread.allowed(asked);
        if !allowed.fits.iter().all(|fits| *fits) {
            continue;
        }
        let units = spread.fixed(asked, &allowed, bench.question.model);
        if found.last().is_some_and(|(least, _)| *least <= price(units)) {
            continue;
        }
        let trials = spread.attempt(&provisioned(units), None);
        found.truncate(1);
        found.push((price(units), shard_remedy(bench, hottest, count, units, &trials)));
        if price(units) as f64 <= DEARER * whole {
            break;
        }
    }
    found.into_iter().map(|(_, remedy)| remedy).collect()
}

fn shard_remedy(bench: &Bench<'_>, hottest: &HotKey, count: u64, units: [u64; 2], trials: &[Trial]) -> Remedy {
    let cost = match hottest.access {
        ReadWrite::Write => "Whoever reads such a key reads all of them, which is in the figures.",
        ReadWrite::Read => "An item is written to all of them and read from any one, which is in the figures.",
    };
    let attributes = &bench.demands[0].resources[bench.resource].partition_key;
    Remedy {
        kind: RemedyKind::Shards,
        text: format!(
            "Spread keys that ask {:.0} % of a partition or more over {count} with a suffix of “{attributes}” from 0 to {}: “{}” then \
             asks {:.0} units a second of each. {cost}",
            100.0 * SPREAD,
            count - 1,
            hottest.key,
            hottest.peak_units_per_second / count as f64
        ),
        throttled: Some([shares(trials, ReadWrite::Read), shares(trials, ReadWrite::Write)]),
        units: Some(units),
    }
}

/// The demand with its crowded keys in so many shards. What is short of a partition is shared out; the other kind of access has to
/// go to every shard.
fn spread(demand: &Demand, resource: usize, access: ReadWrite, model: &CapacityModel, count: u64) -> Demand {
    let crowded = hot_key::crowded(demand, resource, access, model, SPREAD);
    let mut spread = demand.clone();
    for (_, stream) in spread.profiles.iter_mut().flat_map(|profile| &mut profile.streams[resource]) {
        let parts = if stream.access.kind() == access { count as f64 } else { 1.0 };
        for point in std::mem::take(&mut stream.points) {
            if !crowded.contains(&point.place.hash) {
                stream.points.push(point);
                continue;
            }
            let of_key = Streams::new(point.place.hash).stream("shards");
            let load = Load { units: point.load.units / parts, growth_bytes: point.load.growth_bytes / count as f64 };
            stream.points.extend((0..count).map(|shard| {
                let place = Place { hash: of_key.at(shard).next_u64(), sort: point.place.sort.clone() };
                Point { place, load }
            }));
        }
    }
    spread
}

/// What capacity costs, in read units.
fn price([read, write]: [u64; 2]) -> u64 {
    read.saturating_add(write.saturating_mul(WRITE_UNIT_PRICE))
}

fn index(hottest: &HotKey, sizing: &ResourceSizing) -> Remedy {
    let copies = (pressure(hottest).ceil() as u64).max(2) - 1;
    let (plural, of) = if copies == 1 { ("index", "it") } else { ("indexes", "them") };
    Remedy {
        kind: RemedyKind::Index,
        text: format!(
            "Give “{}” {copies} global secondary {plural} with the same key and share the reads of “{}” among the table and {of}, \
             if they may be eventually consistent: an index has partitions, and ceilings, of its own. Every write costs once more \
             for each.",
            sizing.table, hottest.key
        ),
        throttled: None,
        units: None,
    }
}

fn sort_key(bench: &Bench<'_>, hottest: &HotKey, sizing: &ResourceSizing) -> Option<Remedy> {
    let resource = &bench.demands[0].resources[bench.resource];
    let text = if hottest.is_moving_end {
        format!(
            "“{}” of {} is asked for in the order of its sort key, always at the end, so dividing the item collection does not \
             help: put something in front of the sort key that spreads requests, or shards into the partition key.",
            hottest.key,
            sizing.name()
        )
    } else if resource.has_local_indexes {
        format!(
            "The item collection “{}” stays in one partition because the table has a local secondary index. A global secondary \
             index in its place lets DynamoDB divide the collection.",
            hottest.key
        )
    } else {
        return None;
    };
    Some(Remedy { kind: RemedyKind::SortKey, text, throttled: None, units: None })
}

/// Tries the same with a cache in front: `cached` is the demand that is left, for every seed. Tables and indexes that
/// fixed capacity is not enough for get a remedy where it helps.
pub fn try_cache(question: &Question, cached: &[Demand], cache: &str, sizing: &mut Sizing) {
    for (resource, sizing) in sizing.resources.iter_mut().enumerate() {
        if sizing.read.fixed.fits || sizing.read.asked.requests <= 0.0 {
            continue;
        }
        let bench = Bench::new(question, cached, resource);
        let asked = bench.asked();
        let allowed = bench.allowed(asked);
        let units = bench.fixed(asked, &allowed, question.model);
        let trials = bench.attempt(&provisioned(units), None);
        let left = if sizing.read.asked.units > 0.0 { asked[0].units / sizing.read.asked.units } else { 1.0 };
        let fits = if allowed.fits[0] { "is enough" } else { "is not enough, but helps" };
        let is_less = shares(&trials, ReadWrite::Read).mean < sizing.read.fixed.throttled.mean;
        if left < 1.0 && (allowed.fits[0] || is_less) {
            sizing.remedies.push(Remedy {
                kind: RemedyKind::Cache,
                text: format!(
                    "A cache in front {fits}: with {cache}, {:.1} % of the read units are left. Only eventually consistent reads of \
                     single items are served by it.",
                    100.0 * left
                ),
                throttled: Some([shares(&trials, ReadWrite::Read), shares(&trials, ReadWrite::Write)]),
                units: Some(units),
            });
        }
    }
}

/// Whether a cache could take reads from a table or index that fixed capacity is not enough for.
pub fn wants_cache(sizing: &Sizing, demand: &Demand) -> bool {
    sizing.resources.iter().enumerate().any(|(resource, sizing)| {
        let reads = demand.profiles.iter().flat_map(|profile| &profile.streams[resource]);
        !sizing.read.fixed.fits && reads.into_iter().any(|(_, stream)| stream.access == Access::EventualRead)
    })
}

/// Says what was assumed, and what to know before acting on it.
pub(super) fn remarks(question: &Question, sizing: &mut Sizing) {
    let model = &question.model;
    sizing.assumptions = vec![
        format!(
            "A partition serves {} read and {} write units a second, whatever is provisioned; partitions that are hot for {} s are \
             split, which takes {} s (DynamoDB publishes no times: `[engine.capacity_model]` sets them).",
            model.partition_read_units_per_second,
            model.partition_write_units_per_second,
            model.heat_after.as_secs(),
            model.split_takes.as_secs()
        ),
        if model.burst_seconds <= WITHOUT_BURST_SECONDS {
            "Bursts are not counted on: nothing that is not used is banked.".to_owned()
        } else {
            format!(
                "Capacity not used is banked for {} s, and banks start empty. DynamoDB may use the bank for itself without notice: \
                 “without burst” does not count on it, everything else does.",
                model.burst_seconds
            )
        },
        "A request that is refused counts once and is not sent again; throttling is a share of requests, warm-ups apart.".to_owned(),
        "Within a step of time the demand is even, and every table and index is sized as if the others refused nothing.".to_owned(),
    ];
    let mut warnings = Vec::new();
    if sizing.span_seconds < SHORT_SECONDS {
        warnings.push(format!(
            "The demand lasts {:.0} s: bursts are not counted on, and auto scaling, which needs minutes to react, was not tried. \
             Size a day or a week where they matter (workloads go on with `--for`).",
            sizing.span_seconds
        ));
    }
    warnings.extend(quotas(sizing));
    for resource in &sizing.resources {
        for (access, side) in [("reads", &resource.read), ("writes", &resource.write)] {
            let fixed =
                Some(&side.fixed).filter(|fixed| fixed.fits).map(|fixed| ("fixed capacity", fixed.worst_minute));
            let scaled = side.scaled.as_ref().filter(|scaled| scaled.fits);
            let scaled = scaled.map(|scaled| ("auto scaling", scaled.worst_minute));
            let is_bad = |worst: f64| worst > CONCENTRATED * question.throttled_at_most.max(CONCENTRATED_LEAST);
            let bad: Vec<String> = [fixed, scaled]
                .into_iter()
                .flatten()
                .filter(|(_, worst)| is_bad(*worst))
                .map(|(setting, worst)| format!("{setting} refuses {:.1} %", 100.0 * worst))
                .collect();
            if !bad.is_empty() {
                warnings.push(format!(
                    "Throttling of {access} of {} is not spread evenly: in the worst minute {}. With fixed capacity that is {} after \
                     the start. Ask for less with --throttled-at-most if that minute matters.",
                    resource.name(),
                    bad.join(", "),
                    moment(side.fixed.worst_minute_at_seconds)
                ));
            }
        }
    }
    sizing.warnings.extend(warnings);
}

/// Quotas that are too small by default (facts §2.6): provisioned capacity counts a table with its indexes, on-demand each by itself.
fn quotas(sizing: &Sizing) -> Vec<String> {
    let quota = TABLE_QUOTA_UNITS_PER_SECOND;
    let mut beyond = Vec::new();
    let tables: Vec<&ResourceSizing> = sizing.resources.iter().filter(|resource| resource.index.is_none()).collect();
    for access in [ReadWrite::Read, ReadWrite::Write] {
        let most = |resource: &ResourceSizing| {
            let side = resource.side(access);
            side.scaled.as_ref().map_or(0, |scaled| scaled.max_units).max(side.fixed.units)
        };
        let unit = access.capacity_unit();
        let mut account = 0;
        for table in &tables {
            let own = sizing.resources.iter().filter(|resource| resource.table == table.table);
            let sum: u64 = own.map(most).sum();
            account += sum;
            if sum > quota {
                beyond.push(format!("{sum} {unit} for {} with its indexes (default quota {quota})", table.table));
            }
        }
        if account > ACCOUNT_QUOTA_UNITS_PER_SECOND {
            beyond.push(format!(
                "{account} {unit} in all (default quota of an account {ACCOUNT_QUOTA_UNITS_PER_SECOND})"
            ));
        }
        for resource in &sizing.resources {
            if let Some(warm) = resource.side(access).on_demand.warm_units.filter(|warm| *warm > quota) {
                beyond.push(format!(
                    "{warm} a second of warm throughput for {} (default quota {quota})",
                    resource.name()
                ));
            }
        }
    }
    if beyond.is_empty() {
        return Vec::new();
    }
    vec![format!("Beyond DynamoDB's default quotas, ask AWS for more in time: {}.", beyond.join("; "))]
}

/// A length of time to the minute: `17 h 8 min`, `6 d 2 h`.
fn moment(seconds: f64) -> String {
    let minutes = (seconds / 60.0) as u64;
    match (minutes / 1_440, minutes / 60 % 24, minutes % 60) {
        (0, 0, _) => format!("{seconds:.0} s"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, minutes) => format!("{days} d {hours} h {minutes} min"),
    }
}
