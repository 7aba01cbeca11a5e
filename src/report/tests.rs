//! What must hold of every report, whatever the record.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;

use crate::api::{CapacityUnits, Operation, ReadWrite, Units};
use crate::capacity::SplitCause;
use crate::record::{
    AccessHistory, CacheHistory, CapacityLimit, Clock, Counts, Ending, EngineEvent, EngineEventKind, EngineRecord,
    ErrorCount, FaultInfo, Histogram, Latencies, OperationInfo, OperationTotals, OutcomeKind, PartitionCell,
    PartitionHistory, PhaseInfo, Point, PointOperation, PointResource, ProvisionedUnits, ResourceHistory, ResourceInfo,
    RunResult, SplitCounts, ThresholdResult, ThrottleCount,
};

use super::{SummaryStyle, Theme, html, pictures, samples, summary, summary_json};

pub(super) const HOSTILE: &str = "</title></svg><script>alert(1)</script><img src=x onerror='1'>\"&\u{0}\u{1b}]]>";

/// Checks that a page is well formed and refers to nothing outside itself.
pub(super) fn check(page: &str) {
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
            let geometry = ["polyline", "polygon", "line", "rect", "circle", "text", "path"].contains(&name);
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
fn every_plot_is_a_picture_of_its_own_with_its_colours_in_it() {
    for (name, run) in [("flash sale", samples::flash_sale()), ("hot key", samples::hot_key())] {
        let pictures = pictures(&run);
        assert_eq!(pictures.len(), html(&run).matches("<figure").count(), "{name}");
        for (picture, theme) in pictures.iter().flat_map(|picture| [(picture, Theme::Light), (picture, Theme::Dark)]) {
            let svg = picture.svg(theme);
            check(&svg);
            let background = if theme == Theme::Light { "fill=\"#ffffff\"" } else { "fill=\"#13161a\"" };
            assert!(svg.starts_with("<svg xmlns=") && svg.contains(background), "{name}: {}", picture.name());
            assert!(!svg.contains("var(") && !svg.contains("class=\"hover\""), "{name}: {}", picture.name());
            // What `currentColor` is, a class says, in a style sheet that is in the picture.
            let coloured = tags(&svg).into_iter().filter(|tag| tag.contains("currentColor"));
            let class = |tag: &str| tag.split("class=\"").nth(1)?.split(['"', ' ']).next().map(str::to_owned);
            let classes: BTreeSet<Option<String>> = coloured.map(class).collect();
            for class in classes {
                let class = class.expect("nothing takes its colour from nowhere");
                assert!(svg.contains(&format!(".{class}")), "{name}: {class}");
            }
        }
    }
}

#[test]
fn a_picture_says_what_it_shows_and_what_its_signs_stand_for() {
    let pictures = pictures(&samples::flash_sale());
    let names: Vec<String> = pictures.iter().map(super::Picture::name).collect();
    for name in ["throughput", "latency place order", "distribution", "capacity products / by_category, reads"] {
        assert!(names.iter().any(|known| known == name), "{name} is missing in {names:?}");
    }
    let throughput = pictures[0].svg(Theme::Light);
    for said in [">Throughput, asked and achieved<", ">asked<", ">succeeded<", ">warm-up<", "operations per second"] {
        assert!(throughput.contains(said), "{said}");
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
    run.engine = samples::hot_key().engine;
    for history in run.engine.iter_mut().flat_map(|engine| &mut engine.resources) {
        history.table = HOSTILE.to_owned();
        for range in &mut history.ranges {
            (range.start_hash, range.start_sort_key) = (HOSTILE.to_owned(), Some(HOSTILE.to_owned()));
        }
    }
    run.engine.iter_mut().flat_map(|engine| &mut engine.faults).for_each(|fault| fault.label = HOSTILE.to_owned());
    let page = html(&run);
    check(&page);
    pictures(&run).iter().for_each(|picture| check(&picture.svg(Theme::Light)));
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
fn what_the_engine_did_is_shown_where_the_record_has_it() {
    let run = samples::hot_key();
    let page = html(&run);
    for part in [
        "id=\"partitions\"",
        "id=\"staleness\"",
        "Tokens left",
        "leader lost: orders, partition 2",
        "3 for heat, 1 for size",
    ] {
        assert!(page.contains(part), "{part}");
    }
    let text = summary(&run, SummaryStyle { width: 100, colour: false });
    assert!(text.contains("3 for heat, 1 for size") && text.contains("stale reads"), "{text}");
    let record = run.engine.as_ref().unwrap();
    let history = &record.resources[0];
    let summary = &summary_json(&run)["engine"];
    let table = &summary["resources"][0];
    assert_eq!(table["partitions_at_start"].as_u64(), Some(4));
    assert_eq!(table["partitions_at_end"].as_u64(), Some(8));
    assert_eq!(table["splits"]["heat"].as_u64(), Some(3));
    assert_eq!(table["stale_reads"].as_u64(), Some(history.stale_reads.iter().sum()));
    assert_eq!(table["hottest_partition"]["share_of_ceiling"].as_f64(), Some(1.0));
    let refused: u64 = history.ranges.iter().flat_map(|range| &range.writes).map(|cell| cell.throttled).sum();
    assert!(refused > 0 && table["throttled_by_partitions"].as_u64() == Some(refused));
    assert_eq!(summary["faults"].as_array().unwrap().len(), 4);
    let without = RunResult { engine: None, ..run };
    let page = html(&without);
    for part in ["#partitions", "id=\"partitions\"", "id=\"staleness\"", "Tokens left", "class=\"fault"] {
        assert!(!page.contains(part), "{part}");
    }
    assert!(summary_json(&without)["engine"].is_null());
}

#[test]
fn a_record_without_the_engines_part_loads_and_one_with_it_comes_back_as_it_was() {
    let old = serde_json::to_string(&samples::tiny()).unwrap();
    assert!(!old.contains("\"engine\":"), "{old}");
    assert_eq!(serde_json::from_str::<RunResult>(&old).unwrap(), samples::tiny());
    let run = samples::hot_key();
    let text = serde_json::to_string(&run).unwrap();
    assert_eq!(serde_json::from_str::<RunResult>(&text).unwrap().engine, run.engine);
}

#[test]
fn a_heat_map_draws_a_split_partition_over_the_rows_of_its_halves() {
    let mut run = samples::tiny();
    let range = |id, hash: u64, rows, from_seconds, until_seconds, column| PartitionHistory {
        id,
        partitions: 1,
        start_hash: format!("{hash:016x}"),
        start_sort_key: None,
        from_seconds,
        until_seconds,
        rows,
        bytes: 0,
        read_ceiling_per_second: 3_000,
        write_ceiling_per_second: 1_000,
        reads: Vec::new(),
        writes: vec![PartitionCell { column, consumed: CapacityUnits::whole(950), peak_share: 0.95, throttled: 1 }],
    };
    let history = ResourceHistory {
        table: "t".to_owned(),
        index: None,
        read: AccessHistory::default(),
        write: AccessHistory::default(),
        partitions_at_start: 1,
        partitions: vec![1, 2],
        splits: SplitCounts { heat: 1, ..SplitCounts::default() },
        scaling_decided: 0,
        scaling_refused: 0,
        eventual_reads: Vec::new(),
        stale_reads: Vec::new(),
        ranges: vec![
            range(0, 0, (0, 2), 0.0, Some(0.5), 0),
            range(1, 0, (0, 1), 0.5, None, 1),
            range(2, 1 << 63, (1, 2), 0.5, None, 1),
        ],
    };
    let split = EngineEventKind::Split { cause: SplitCause::Heat, partition: 0, into: [1, 2] };
    run.engine = Some(EngineRecord {
        merged: 1,
        look_seconds: 0.5,
        ends_seconds: vec![0.5, 1.0],
        resources: vec![history],
        events: vec![EngineEvent { at_seconds: 0.5, resource: 0, kind: split }],
        ..EngineRecord::default()
    });
    let page = html(&run);
    let map = page.split("<svg").find(|svg| svg.contains("Writes of the partitions of t")).unwrap();
    let hottest = map.split("class=\"h10\"").nth(1).and_then(|path| path.split(" d=\"").nth(1)).unwrap();
    let rectangles: Vec<&str> = hottest.split('"').next().unwrap().split_inclusive('z').collect();
    let bottom =
        |rectangle: &str| rectangle.split('V').nth(1).and_then(|rest| rest.split('H').next()?.parse::<i64>().ok());
    assert_eq!(rectangles.len(), 3, "{rectangles:?}");
    assert_eq!(bottom(rectangles[0]), bottom(rectangles[2]), "the parent reaches as far down as its second half");
    assert!(map.contains(">0000–7fff<") && map.contains(">8000–ffff<") && map.contains(">heat<"));
    assert!(map.contains("class=\"refused\""));
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

fn any_list<T: std::fmt::Debug>(one: impl Strategy<Value = T>) -> impl Strategy<Value = Vec<T>> {
    prop::collection::vec(one, 0..6)
}

fn any_units() -> impl Strategy<Value = CapacityUnits> {
    any_count().prop_map(CapacityUnits::halves)
}

prop_compose! {
    fn any_access()(
        consumed in any_list(any_units()), limit_per_second in any_list(prop::option::of(any_count())),
        tokens in any_list(any_units()), tokens_min in any_list(any_units()), tokens_max in any_list(any_units()),
        throttled in any_list(any_count()),
    ) -> AccessHistory {
        AccessHistory { consumed, limit_per_second, tokens, tokens_min, tokens_max, throttled }
    }
}

prop_compose! {
    fn any_range()(
        id in 0..4_u32, partitions in any::<u32>(), start_hash in any_text(), start_sort_key in prop::option::of(any_text()),
        from_seconds in any_number(), until_seconds in prop::option::of(any_number()),
        rows in prop_oneof![4 => (0..5_usize, 0..5_usize), 1 => any::<(usize, usize)>()],
        bytes in any_count(), ceiling in any_count(),
        cells in any_list((0..8_usize, any_units(), any_number(), any_count())),
    ) -> PartitionHistory {
        let cells: Vec<PartitionCell> = cells.into_iter().map(PartitionCell::from).collect();
        PartitionHistory {
            id, partitions, start_hash, start_sort_key, from_seconds, until_seconds, rows, bytes,
            read_ceiling_per_second: ceiling, write_ceiling_per_second: ceiling, reads: cells.clone(), writes: cells,
        }
    }
}

prop_compose! {
    fn any_history()(
        table in any_text(), read in any_access(), write in any_access(), numbers in prop::collection::vec(any_count(), 6),
        partitions in any_list(any::<u32>()), eventual_reads in any_list(any_count()), stale_reads in any_list(any_count()),
        ranges in any_list(any_range()),
    ) -> ResourceHistory {
        ResourceHistory {
            table, index: None, read, write, partitions_at_start: numbers[0] as u32, partitions,
            splits: SplitCounts { heat: numbers[1], size: numbers[2], throughput: numbers[3] },
            scaling_decided: numbers[4], scaling_refused: numbers[5], eventual_reads, stale_reads, ranges,
        }
    }
}

fn any_event() -> impl Strategy<Value = EngineEvent> {
    (any_number(), any_number(), 0..4_usize, any_count(), any_count(), 0..4_u8).prop_map(
        |(at_seconds, effective_at_seconds, resource, from, to, kind)| {
            let access = ReadWrite::Write;
            let kind = match kind {
                0 => EngineEventKind::Split { cause: SplitCause::Size, partition: from as u32, into: [1, 2] },
                1 => EngineEventKind::ScalingDecided { access, from, to, effective_at_seconds },
                2 => EngineEventKind::ScalingRefused { access, from, to },
                _ => EngineEventKind::Provisioned { access, from, to },
            };
            EngineEvent { at_seconds, resource, kind }
        },
    )
}

prop_compose! {
    fn any_cache()(
        tables in any_list(any_text()), size_bytes in any_count(), time_to_live_seconds in prop::option::of(any_number()),
        counts in prop::collection::vec(any_list(any_count()), 8),
    ) -> CacheHistory {
        let [hits, misses, expired, bypassed, evicted, written, items, bytes] = std::array::from_fn(|at| counts[at].clone());
        let saved = hits.iter().map(|halves| CapacityUnits::halves(*halves)).collect();
        CacheHistory {
            tables, size_bytes, time_to_live_seconds, hits, misses, expired, bypassed, evicted, written, saved, items, bytes,
        }
    }
}

prop_compose! {
    fn any_engine()(
        merged in any_count(), look_seconds in any_number(), start_seconds in any_number(), ends_seconds in any_list(any_number()),
        resources in any_list(any_history()), events in any_list(any_event()), events_dropped in any_count(),
        faults in any_list((any_text(), any_number(), any_number())), cache in prop::option::of(any_cache()),
    ) -> EngineRecord {
        let fault = |(label, start_seconds, end_seconds)| FaultInfo { label, start_seconds, end_seconds };
        let faults = faults.into_iter().map(fault).collect();
        EngineRecord {
            merged, look_seconds, start_seconds, ends_seconds, resources, events, events_dropped, faults, cache,
        }
    }
}

prop_compose! {
    pub(crate) fn any_run()(
        engine in prop::option::of(any_engine()),
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
        run.engine = engine;
        if let (Some(engine), Some(info)) = (&mut run.engine, run.resources.first())
            && let Some(history) = engine.resources.first_mut()
        {
            history.table = info.table.clone();
        }
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
        if width % 8 == 0 {
            pictures(&run).iter().for_each(|picture| check(&picture.svg(Theme::Dark)));
        }
        summary(&run, SummaryStyle { width, colour: width % 2 == 0 });
        serde_json::to_string(&summary_json(&run)).unwrap();
    }
}
