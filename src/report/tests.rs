//! What must hold of every report, whatever the record.

use std::time::Duration;

use proptest::prelude::*;

use crate::api::{CapacityUnits, Operation, ReadWrite, Units};
use crate::record::{
    CapacityLimit, Clock, Counts, Ending, ErrorCount, Histogram, Latencies, OperationInfo, OperationTotals,
    OutcomeKind, PhaseInfo, Point, PointOperation, PointResource, ProvisionedUnits, ResourceInfo, RunResult,
    ThresholdResult, ThrottleCount,
};

use super::{SummaryStyle, html, samples, summary, summary_json};

const HOSTILE: &str = "</title></svg><script>alert(1)</script><img src=x onerror='1'>\"&\u{0}\u{1b}]]>";

/// Checks that a page is well formed and refers to nothing outside itself.
fn check(page: &str) {
    let tags = tags(page);
    let mut open: Vec<&str> = Vec::new();
    for tag in &tags {
        let name = tag.trim_start_matches('/').split([' ', '/', '\n']).next().unwrap_or("");
        if tag.starts_with('!') || tag.ends_with('/') || matches!(name, "meta" | "br") {
            continue;
        }
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "closed by <{tag}>");
        } else {
            open.push(name);
        }
        assert!(!matches!(name, "script" | "link" | "iframe" | "img" | "object" | "base" | "form"), "<{tag}>");
        let unquoted: String = tag.split('"').step_by(2).collect();
        assert!(![" src=", " srcset=", " on"].iter().any(|attribute| unquoted.contains(attribute)), "<{tag}>");
        let href = tag.split("href=\"").nth(1).and_then(|rest| rest.split('"').next());
        assert!(href.is_none_or(|to| to.starts_with('#')), "<{tag}>");
        for number in ["NaN", "inf", "-0 "] {
            let geometry = ["polyline", "polygon", "line", "rect", "circle", "text"].contains(&name);
            assert!(!geometry || !tag.contains(number), "<{tag}>");
        }
    }
    assert!(open.is_empty(), "never closed: {open:?}");
    let style = page.split("<style>").nth(1).and_then(|rest| rest.split("</style>").next()).unwrap_or("");
    assert!(!style.contains("url(") || style.matches("url(").count() == style.matches("url(#").count());
    assert!(!style.contains("@import") && !page.contains("\u{0}"));
}

/// What stands between `<` and `>`, quoted attributes respected, style sheet left out.
fn tags(page: &str) -> Vec<&str> {
    let mut tags = Vec::new();
    let mut rest = page;
    while let Some(start) = rest.find('<') {
        let mut quoted = false;
        let end = rest[start..]
            .find(|letter| {
                quoted ^= letter == '"';
                letter == '>' && !quoted
            })
            .unwrap_or_else(|| panic!("a tag without an end: {}", &rest[start..rest.len().min(start + 80)]));
        let tag = &rest[start + 1..start + end];
        assert!(!tag.contains('<'), "<{tag}>");
        tags.push(tag);
        rest = &rest[start + end + 1..];
        if tag == "style" {
            rest = rest.split_once("</style>").map_or("", |(_, after)| after);
            tags.pop();
        }
    }
    tags
}

#[test]
fn pages_are_well_formed_self_contained_and_small() {
    for (name, run) in samples::all() {
        let page = html(&run);
        check(&page);
        assert!(page.len() < 2_000_000, "{name}: {} bytes", page.len());
        if let Ok(folder) = std::env::var("REPORT_SAMPLES") {
            std::fs::write(format!("{folder}/{name}.html"), &page).unwrap();
            std::fs::write(format!("{folder}/{name}.txt"), summary(&run, SummaryStyle::default())).unwrap();
        }
    }
}

#[test]
fn a_page_says_when_nothing_went_wrong() {
    let page = html(&samples::stall());
    assert!(page.contains("No attempt was throttled and none failed."));
}

#[test]
fn a_record_cannot_inject_html() {
    let mut run = samples::flash_sale();
    run.name = HOSTILE.to_owned();
    run.description = HOSTILE.to_owned();
    run.workload.text = HOSTILE.to_owned();
    run.workload.path = HOSTILE.to_owned();
    run.dyno_version = HOSTILE.to_owned();
    run.started_at = HOSTILE.to_owned();
    run.ended = Ending::Aborted(HOSTILE.to_owned());
    run.target.kind = HOSTILE.to_owned();
    run.target.endpoint = HOSTILE.to_owned();
    run.target.settings = vec![(HOSTILE.to_owned(), HOSTILE.to_owned())];
    run.environment.os = HOSTILE.to_owned();
    run.environment.command = vec![HOSTILE.to_owned()];
    run.warnings = vec![HOSTILE.to_owned()];
    for phase in &mut run.phases {
        phase.name = HOSTILE.to_owned();
        phase.summary = HOSTILE.to_owned();
    }
    run.operations.iter_mut().for_each(|operation| operation.name = HOSTILE.to_owned());
    run.resources.iter_mut().for_each(|resource| resource.table = HOSTILE.to_owned());
    run.errors.iter_mut().for_each(|error| (error.name, error.example) = (HOSTILE.to_owned(), HOSTILE.to_owned()));
    run.thresholds.iter_mut().for_each(|threshold| threshold.threshold = HOSTILE.to_owned());
    let page = html(&run);
    check(&page);
    assert!(page.contains("&lt;script&gt;"));
}

#[test]
fn summaries_state_what_the_histograms_hold_without_the_warm_up() {
    let run = samples::flash_sale();
    let totals = run.measured_totals();
    let json = summary_json(&run);
    let text = summary(&run, SummaryStyle { width: 140, colour: false });
    let page = html(&run);
    for (operation, totals) in json["operations"].as_array().unwrap().iter().zip(&totals) {
        let latencies = totals.latencies.iter().find(|latencies| latencies.outcome == OutcomeKind::Succeeded).unwrap();
        assert_eq!(operation["counts"]["offered"].as_u64(), Some(totals.counts.offered));
        for (key, percent) in [("p50", 50.0), ("p99", 99.0), ("p99_9", 99.9), ("max", 100.0)] {
            for (kind, histogram) in
                [("response_seconds", &latencies.response), ("service_seconds", &latencies.service)]
            {
                let expected = histogram.percentile(percent);
                assert_eq!(operation[kind][key].as_f64(), Some(expected.as_secs_f64()));
                assert!(text.contains(&super::units::latency(expected)));
                assert!(page.contains(&super::units::latency(expected)));
            }
        }
        assert!(page.contains(&super::units::count(totals.counts.offered)));
    }
    let warm_up: u64 = run.totals.iter().filter(|totals| totals.phase == 0).map(|totals| totals.counts.offered).sum();
    let all: u64 = run.totals.iter().map(|totals| totals.counts.offered).sum();
    assert_eq!(json["overall"]["counts"]["offered"].as_u64(), Some(all - warm_up));
    // 60 + 30 + 60 + 70.5 seconds are measured, 20 are not.
    assert_eq!(json["measured_seconds"].as_f64(), Some(220.5));
}

#[test]
fn capacity_is_summed_over_the_measured_intervals() {
    let run = samples::notes_throttled();
    let consumed: f64 = run.series.points.iter().map(|point| point.resources[0].consumed.write.as_f64()).sum();
    let refused: u64 = run.series.points.iter().map(|point| point.resources[0].throttled_writes).sum();
    let write = &summary_json(&run)["resources"][0]["write"];
    assert_eq!(write["consumed_units"].as_f64(), Some(consumed));
    assert_eq!(write["throttled_attempts"].as_u64(), Some(refused));
}

#[test]
fn thousands_of_phases_make_a_page_of_reasonable_size() {
    let mut run = samples::tiny();
    let (phase, point, totals) = (run.phases[0].clone(), run.series.points[0].clone(), run.totals[0].clone());
    for index in 1..5_000 {
        let start = index as f64;
        run.phases.push(PhaseInfo { start_seconds: start, end_seconds: start + 1.0, ..phase.clone() });
        run.series.points.push(Point {
            phase: index,
            start_seconds: start,
            end_seconds: start + 1.0,
            operations: Vec::new(),
            ..point.clone()
        });
        run.totals.push(OperationTotals { phase: index, latencies: Vec::new(), ..totals.clone() });
    }
    let page = html(&run);
    check(&page);
    assert!(page.len() < 500_000, "{}", page.len());
}

/// Numbers as a defective record may hold them.
fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => 0.0..1e3,
        1 => any::<f64>(),
        1 => prop::sample::select(vec![0.0, -1.0, 1e-300, 1e300, f64::NAN, f64::INFINITY, f64::NEG_INFINITY]),
    ]
}

fn any_count() -> impl Strategy<Value = u64> {
    prop_oneof![4 => 0..1_000_u64, 1 => any::<u64>(), 1 => Just(0), 1 => Just(u64::MAX)]
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![2 => "[a-z ]{0,12}", 1 => any::<String>(), 1 => Just(HOSTILE.to_owned())]
}

prop_compose! {
    fn any_histogram()(nanos in prop::collection::vec(any::<u64>(), 0..4)) -> Histogram {
        let mut histogram = Histogram::new();
        nanos.into_iter().for_each(|nanos| histogram.record(Duration::from_nanos(nanos >> (nanos % 64))));
        histogram
    }
}

prop_compose! {
    fn any_counts()(counts in prop::collection::vec(any_count(), 10)) -> Counts {
        Counts {
            offered: counts[0], succeeded: counts[1], condition_failed: counts[2], throttled: counts[3], failed: counts[4],
            timed_out: counts[5], unsent: counts[6], attempts: counts[7], retries: counts[8], throttled_attempts: counts[9],
        }
    }
}

fn any_latencies() -> impl Strategy<Value = Vec<Latencies>> {
    let one = (prop::sample::select(OutcomeKind::ALL.to_vec()), any_histogram(), any_histogram(), any_histogram());
    let one = one.prop_map(|(outcome, first_attempt, service, response)| Latencies {
        outcome,
        first_attempt,
        service,
        response,
    });
    prop::collection::vec(one, 0..3)
}

prop_compose! {
    fn any_point()(
        phase in 0..4_usize, start_seconds in any_number(), end_seconds in any_number(), sent in any_count(),
        operations in prop::collection::vec((0..4_usize, any_counts(), any_latencies()), 0..3),
        resources in prop::collection::vec((0..4_usize, any_count(), any_number(), any_number(), any_count()), 0..3),
        throttles in prop::collection::vec((0..4_usize, any_count()), 0..3),
        lag in any_number(), valid in any::<bool>(),
    ) -> Point {
        let operation = |(operation, counts, latencies)| PointOperation { operation, counts, latencies };
        let resource = |(resource, units, read, write, throttled)| PointResource {
            resource,
            consumed: Units { read: CapacityUnits::halves(units), write: CapacityUnits::halves(throttled) },
            provisioned: Some(ProvisionedUnits { read, write }),
            throttled_reads: throttled,
            throttled_writes: units,
        };
        Point {
            phase, start_seconds, end_seconds, sent, completed: sent,
            operations: operations.into_iter().map(operation).collect(),
            resources: resources.into_iter().map(resource).collect(),
            errors: throttles.clone(), throttles, lag_seconds: [lag; 3], valid,
        }
    }
}

prop_compose! {
    fn any_run()(
        text in any_text(), numbers in prop::collection::vec(any_number(), 8), counts in prop::collection::vec(any_count(), 6),
        phases in prop::collection::vec((any_text(), any::<bool>(), any::<bool>(), any_number(), any_number()), 0..4),
        operations in prop::collection::vec(any_text(), 0..4), resources in prop::collection::vec(any_text(), 0..4),
        totals in prop::collection::vec((0..4_usize, 0..4_usize, any_counts(), any_latencies()), 0..5),
        points in prop::collection::vec(any_point(), 0..6), lag in any_histogram(), flags in any::<(bool, bool)>(),
    ) -> RunResult {
        let mut run = samples::empty();
        run.name = text.clone();
        run.started_at = text.clone();
        run.clock = if flags.0 { Clock::Real } else { Clock::Virtual };
        run.ended = if flags.1 { Ending::Completed } else { Ending::Aborted(text.clone()) };
        run.duration_seconds = numbers[0];
        let phase = |(name, warm_up, open_loop, start_seconds, end_seconds)| {
            PhaseInfo { name, warm_up, open_loop, start_seconds, end_seconds, summary: String::new() }
        };
        run.phases = phases.into_iter().map(phase).collect();
        run.operations = operations.into_iter().map(|name| OperationInfo { name, operation: Operation::Query }).collect();
        let limits = [
            CapacityLimit::OnDemand,
            CapacityLimit::Unknown,
            CapacityLimit::Provisioned(ProvisionedUnits { read: numbers[1], write: numbers[2] }),
        ];
        let resource = |(index, table)| ResourceInfo { table, index: None, limit: limits[index % 3] };
        run.resources = resources.into_iter().enumerate().map(resource).collect();
        let total = |(phase, operation, counts, latencies)| OperationTotals { phase, operation, counts, items: counts.offered, latencies };
        run.totals = totals.into_iter().map(total).collect();
        run.series.interval_seconds = numbers[3];
        run.series.merged = counts[0];
        run.series.points = points;
        run.throttles = vec![ThrottleCount {
            operation: counts[1] as usize, exception: text.clone(), reason: text.clone(), resource: text.clone(),
            access: Some(ReadWrite::Read), count: counts[2],
        }; 3];
        run.errors = vec![ErrorCount { operation: 0, name: text.clone(), example: text.clone(), count: counts[3] }; 2];
        run.harness.schedule_lag = lag.clone();
        run.harness.in_flight_wait = lag;
        run.harness.cpu_seconds = numbers[4];
        run.harness.invalid_points = counts[4] as usize;
        run.thresholds = vec![ThresholdResult { threshold: text.clone(), measured: text.clone(), passed: flags.0 }];
        run.warnings = vec![text];
        run
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn no_record_is_too_odd_for_a_report(run in any_run(), width in 0..200_usize) {
        check(&html(&run));
        summary(&run, SummaryStyle { width, colour: width % 2 == 0 });
        serde_json::to_string(&summary_json(&run)).unwrap();
    }
}
