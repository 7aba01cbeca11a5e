//! What is said of a sizing, the same on the page and on the terminal.

use crate::api::ReadWrite;
use crate::size::{AccessSizing, CONCENTRATED, CONCENTRATED_LEAST, Estimate, HotKey, Remedy, ResourceSizing, Sizing};

use super::units;
use super::verdict::Standing;

/// The answer in a sentence or two.
pub(super) fn verdict(sizing: &Sizing) -> (Standing, String) {
    let most = format!("{} %", (sizing.throttled_at_most * 1e8).round() / 1e6);
    let short: Vec<(&ResourceSizing, ReadWrite)> =
        sides(sizing).filter(|(_, _, side)| !side.fixed.fits).map(|(resource, access, _)| (resource, access)).collect();
    if short.is_empty() {
        let settings: Vec<String> = sizing
            .resources
            .iter()
            .map(|resource| {
                format!(
                    "{} RCU and {} WCU for {}",
                    units::count(resource.read.fixed.units),
                    units::count(resource.write.fixed.units),
                    resource.name()
                )
            })
            .collect();
        let settings = match settings.len() {
            0..=3 => settings.join(", "),
            more => format!("{} and {} more", settings[..2].join(", "), more - 2),
        };
        let worst = sides(sizing).map(|(_, _, side)| side.fixed.worst_minute).fold(0.0, f64::max);
        if worst > CONCENTRATED * sizing.throttled_at_most.max(CONCENTRATED_LEAST) {
            let worst = units::share(worst, 1.0);
            let text =
                format!("{settings} throttle no more than {most} of all requests, but {worst} in the worst minute.");
            return (Standing::Caution, text);
        }
        return (Standing::Passed, format!("Provision {settings}: no more than {most} of the requests are throttled."));
    }
    let of = short.iter().take(3).map(|(resource, access)| {
        let hottest = resource.hot_keys.iter().find(|key| key.access == *access && is_over(key));
        let why = match hottest {
            Some(key) => format!(
                "“{}” asks {} of them a second, and the one partition it lies in serves {}",
                key.key,
                units::quantity(key.peak_units_per_second),
                units::quantity(key.ceiling_units_per_second)
            ),
            None => "partitions are full before DynamoDB has split them".to_owned(),
        };
        format!("No capacity keeps {} of {} within {most}: {why}.", unit_words(*access), resource.name())
    });
    (Standing::Failed, of.collect::<Vec<_>>().join(" "))
}

fn unit_words(access: ReadWrite) -> &'static str {
    match access {
        ReadWrite::Read => "read units",
        ReadWrite::Write => "write units",
    }
}

/// Whether more is asked of a key than its partition serves.
pub(super) fn is_over(key: &HotKey) -> bool {
    key.peak_units_per_second > key.ceiling_units_per_second
}

/// Everything that is asked of: table or index, reads or writes.
pub(super) fn sides(sizing: &Sizing) -> impl Iterator<Item = (&ResourceSizing, ReadWrite, &AccessSizing)> {
    let accesses = |resource| [ReadWrite::Read, ReadWrite::Write].map(|access| (resource, access));
    let all = sizing.resources.iter().flat_map(accesses);
    all.map(move |(resource, access)| (resource, access, resource.side(access)))
        .filter(|(_, _, side)| side.asked.requests > 0.0)
}

/// A share with its interval, such as `0.02 % (0 to 0.05 %)`.
pub(super) fn share(estimate: &Estimate) -> String {
    let Estimate { mean, low, high } = *estimate;
    let mean_text = units::share(mean, 1.0);
    if high - low <= 1e-6 {
        return mean_text;
    }
    format!("{mean_text} ({} to {})", units::share(low, 1.0).trim_end_matches(" %"), units::share(high, 1.0))
}

/// A capacity with its interval, such as `775 to 778`.
pub(super) fn needed(estimate: &Estimate) -> String {
    let (low, high) = (estimate.low.max(1.0).floor() as u64, estimate.high.max(1.0).ceil() as u64);
    if low == high { units::count(low) } else { format!("{} to {}", units::count(low), units::count(high)) }
}

/// The capacity of reads and writes that a remedy comes to, with what is throttled then.
pub(super) fn remedied(remedy: &Remedy) -> String {
    let Some(([read, write], throttled)) = remedy.units.zip(remedy.throttled) else { return String::new() };
    format!(
        "Then {} RCU and {} WCU throttle {} of the reads and {} of the writes.",
        units::count(read),
        units::count(write),
        units::share(throttled[0].mean, 1.0),
        units::share(throttled[1].mean, 1.0)
    )
}

/// What auto scaling comes to, such as `40 to 400 WCU at 70 %, 180 on average`.
pub(super) fn scaled(side: &AccessSizing, access: ReadWrite) -> Option<String> {
    let scaled = side.scaled.as_ref()?;
    Some(format!(
        "{} to {} {} at {}, {} on average",
        units::count(scaled.min_units),
        units::count(scaled.max_units),
        access.capacity_unit(),
        units::share(scaled.target_utilization, 1.0),
        units::quantity(scaled.mean_units_per_second)
    ))
}

/// What on-demand comes to.
pub(super) fn on_demand(side: &AccessSizing) -> String {
    let on_demand = &side.on_demand;
    match (on_demand.fits, on_demand.warm_units) {
        (true, None) => "a new table serves it".to_owned(),
        (_, Some(units)) => format!("ask for {} a second of warm throughput", units::count(units)),
        (false, None) => "no warm throughput helps".to_owned(),
    }
}
