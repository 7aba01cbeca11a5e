//! Replicas: how fresh reads are, and what a lost leader or zone costs (facts §3.4, §7.1).

use std::time::Duration;

use dynamometer::api::{GetItem, Output, Request};
use dynamometer::item::AttributeValue;
use dynamometer::record::OutcomeKind;
use dynamometer::target::InProcess;
use dynamometer::time::Time;

use crate::engine_requests::{get, id, output};

use super::*;

/// The fresh share of eventually consistent reads, in percent.
fn fresh_percent(resource: &ResourceHistory) -> f64 {
    let (reads, stale) = (resource.eventual_reads.iter().sum::<u64>(), resource.stale_reads.iter().sum::<u64>());
    assert!(reads > 400, "{reads}");
    100.0 - 100.0 * stale as f64 / reads as f64
}

/// `visits` of a record after the run, by a strongly consistent read.
fn visits(played: &Played, record: u64) -> u64 {
    let end = Time::ZERO + Duration::from_secs_f64(played.result.duration_seconds) + Duration::from_secs(60);
    let key = id(&format!("thing-{record}"));
    let request = Request::GetItem(GetItem { consistent_read: true, ..get("things", key) });
    match output(&played.target.execute(end, &request)) {
        Output::GetItem { item: Some(item) } => match item.to_item().get("visits") {
            Some(AttributeValue::N(number)) => number.to_f64() as u64,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

/// A request is due each 17.6 ms where one takes 7.6 ms and 10 more shall pass. `tests/it/replication.rs` measures the same at all
/// three gaps, with 5,000 samples each.
#[test]
fn reads_are_as_fresh_as_measured() {
    let paces = [(0, "in_flight = 1", "100s", [99.50, 96.54]), (10, "rate = 56.8", "80s", [99.68, 99.53])];
    for (gap, pace, duration, measured) in paces {
        let played = Scenario::read("fresh-reads").with("in_flight = 1", pace).with("100s", duration).play();
        let fresh = ["things", "things / by-owner"].map(|label| fresh_percent(played.resource(label)));
        played.tell(format!(
            "{gap} ms: {:.2} % of the reads of the table fresh, {:.2} % of the index",
            fresh[0], fresh[1]
        ));
        assert_near(fresh[0], measured[0], 1.0);
        assert_near(fresh[1], measured[1], 1.0);
    }
}

/// Seconds in which operations failed: the first and the last.
fn failing(played: &Played, operation: &str) -> Option<(f64, f64)> {
    let place = played.result.operations.iter().position(|known| known.name == operation).unwrap();
    let failed = |point: &&dynamometer::record::Point| {
        point.operations.iter().any(|entry| entry.operation == place && entry.counts.failed > 0)
    };
    let mut points = played.result.series.points.iter().filter(failed);
    let first = points.next()?;
    Some((first.start_seconds, points.next_back().unwrap_or(first).end_seconds))
}

#[test]
fn a_lost_leader_costs_its_partition_two_seconds() {
    let played = Scenario::read("leader-lost").play();
    // The lease of 2 s, in intervals of a second.
    for operation in ["write of the partition", "strong read of the partition"] {
        assert_eq!(failing(&played, operation), Some((30.0, 32.0)), "{operation}");
    }
    for operation in ["eventual read of the partition", "write elsewhere"] {
        assert_eq!(failing(&played, operation), None, "{operation}");
    }
    let errors: Vec<&str> = played.result.errors.iter().map(|error| &*error.name).collect();
    assert!(errors.iter().all(|name| *name == "InternalServerError"), "{errors:?}");
    let writes = played.counts_of("minute", "write of the partition");
    let elsewhere = played.counts_of("minute", "write elsewhere");
    assert_eq!(visits(&played, 0), writes.succeeded, "what was acknowledged is there, and nothing else");
    assert_eq!(visits(&played, 1), elsewhere.succeeded);
    let kinds: Vec<OutcomeKind> = played
        .result
        .totals
        .iter()
        .flat_map(|totals| &totals.latencies)
        .map(|latencies| latencies.outcome)
        .filter(|outcome| !matches!(outcome, OutcomeKind::Succeeded | OutcomeKind::Failed))
        .collect();
    assert_eq!(kinds, []);
    played.tell(format!(
        "writes and strong reads of one partition failed for 2 s ({} writes), others not",
        writes.failed
    ));
}

#[test]
fn writes_survive_one_zone_and_not_two() {
    let played = Scenario::read("zones-lost").play();
    for phase in ["three zones", "two zones", "three zones again"] {
        assert_eq!(played.counts(phase).failed, 0, "{phase}");
    }
    let all = played.counts("one zone");
    assert_eq!(all.failed, all.offered, "no quorum");
    // Those of partitions that were led from the zone that stopped fail until the lease is over: two of five seconds.
    let first = played.counts("the first zone stops");
    assert!(first.failed > 0 && first.failed as f64 <= 0.4 * first.offered as f64, "{first:?}");
    let written: u64 = (0..played.workload.tables[0].items).map(|record| visits(&played, record)).sum();
    let acknowledged: u64 = played.result.totals.iter().map(|totals| totals.counts.succeeded).sum();
    assert_eq!(written, acknowledged, "nothing acknowledged is lost");
    played.tell(format!(
        "{:.1} % of the writes failed in the 5 s after the first zone, none then; all without two; {acknowledged} of \
         {acknowledged} acknowledged writes there at the end",
        100.0 * first.failed as f64 / first.offered as f64
    ));
}
