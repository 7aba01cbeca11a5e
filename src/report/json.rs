//! The summary of a run for machines: the figures of the terminal summary, as JSON. Times are seconds, shares 0 to 1.

use serde_json::{Value, json};

use crate::api::ReadWrite;
use crate::record::{CapacityLimit, Histogram, RunResult};

use super::figures::{Figures, OperationFigures, Usage};
use super::observed::{CacheFacts, Observed, ResourceFacts};
use super::verdict;

/// The schema of the summary. The number rises when a reader of the old form would misread the new one.
const SCHEMA: &str = "dynamometer.summary/1";

/// The summary of a run.
pub(super) fn summary(result: &RunResult) -> Value {
    let figures = Figures::of(result);
    let verdict = verdict::verdict(&figures);
    json!({
        "schema": SCHEMA,
        "dyno_version": result.dyno_version,
        "name": result.name,
        "workload": result.workload.path,
        "seed": result.seed,
        "clock": result.clock,
        "started_at": result.started_at,
        "target": { "kind": result.target.kind, "endpoint": result.target.endpoint },
        "ended": result.ended,
        "duration_seconds": result.duration_seconds,
        "measured_seconds": figures.seconds,
        "verdict": { "standing": verdict.standing.name(), "line": verdict.line },
        "overall": operation(&figures.overall),
        "operations": figures.operations.iter().map(operation).collect::<Vec<_>>(),
        "resources": resources(&figures),
        "engine": figures.observed.as_ref().map(engine),
        "throttles": result.throttles,
        "errors": result.errors,
        "harness": {
            "schedule_lag_seconds": latency(Some(&result.harness.schedule_lag)),
            "in_flight_wait_seconds": latency(Some(&result.harness.in_flight_wait)),
            "cpu_seconds": result.harness.cpu_seconds,
            "invalid_intervals": result.harness.invalid_points,
            "intervals": result.series.points.len(),
        },
        "thresholds": result.thresholds,
        "warnings": verdict::warnings(&figures),
    })
}

fn operation(figures: &OperationFigures) -> Value {
    json!({
        "name": figures.name,
        "operation": (!figures.api.is_empty()).then_some(figures.api),
        "offered_per_second": figures.offered_per_second(),
        "succeeded_per_second": figures.succeeded_per_second(),
        "counts": figures.counts,
        "items": figures.items,
        "response_seconds": latency(figures.response()),
        "service_seconds": latency(figures.service()),
        "first_attempt_seconds": latency(figures.succeeded().map(|latencies| &latencies.first_attempt)),
    })
}

fn latency(histogram: Option<&Histogram>) -> Value {
    let Some(histogram) = histogram.filter(|histogram| !histogram.is_empty()) else { return Value::Null };
    let at = |percent| histogram.percentile(percent).as_secs_f64();
    json!({
        "count": histogram.count(),
        "p50": at(50.0),
        "p90": at(90.0),
        "p99": at(99.0),
        "p99_9": at(99.9),
        "max": histogram.max().as_secs_f64(),
        "mean": histogram.mean().as_secs_f64(),
    })
}

fn resources(figures: &Figures) -> Vec<Value> {
    let both = figures.resources.iter().zip(&figures.result.resources);
    let one = |(resource, info): (&super::figures::ResourceFigures, &crate::record::ResourceInfo)| {
        let mode = match resource.limit {
            CapacityLimit::Provisioned(_) => "provisioned",
            CapacityLimit::OnDemand => "on_demand",
            CapacityLimit::Unknown => "unknown",
        };
        json!({
            "table": info.table,
            "index": info.index,
            "capacity": mode,
            "read": usage(resource.usage(ReadWrite::Read)),
            "write": usage(resource.usage(ReadWrite::Write)),
        })
    };
    both.map(one).collect()
}

/// What the engine's record says, warm-ups included.
fn engine(observed: &Observed) -> Value {
    let one = |facts: &ResourceFacts| {
        let history = facts.history;
        json!({
            "table": history.table,
            "index": history.index,
            "partitions_at_start": history.partitions_at_start,
            "partitions_at_end": history.partitions_at_end(),
            "splits": history.splits,
            "hottest_partition": facts.hottest.map(|hottest| json!({
                "partition": hottest.partition,
                "access": hottest.access,
                "share_of_ceiling": hottest.share,
                "at_seconds": hottest.at,
            })),
            "throttled_by_partitions": facts.throttled_by_partitions,
            "throttled_by_limit": facts.throttled_by_limit,
            "scaling_decided": history.scaling_decided,
            "scaling_refused": history.scaling_refused,
            "eventual_reads": facts.eventual_reads,
            "stale_reads": facts.stale_reads,
        })
    };
    json!({
        "resources": observed.facts.iter().map(one).collect::<Vec<_>>(),
        "cache": observed.cache().map(cache),
        "faults": observed.record.faults,
    })
}

/// What the cache in front of the tables came to, warm-ups included.
fn cache(facts: CacheFacts) -> Value {
    json!({
        "tables": facts.history.tables,
        "size_bytes": facts.history.size_bytes,
        "time_to_live_seconds": facts.history.time_to_live_seconds,
        "hits": facts.hits,
        "misses": facts.misses,
        "expired": facts.expired,
        "bypassed": facts.bypassed,
        "evicted": facts.evicted,
        "written": facts.written,
        "saved_read_units": facts.saved.as_f64(),
    })
}

fn usage(usage: &Usage) -> Value {
    json!({
        "consumed_units": usage.units,
        "consumed_units_per_second": usage.per_second,
        "peak_units_per_second": usage.peak.map(|peak| peak.per_second),
        "provisioned_units_per_second_at_the_peak": usage.peak.and_then(|peak| peak.provisioned),
        "throttled_attempts": usage.throttled,
    })
}
