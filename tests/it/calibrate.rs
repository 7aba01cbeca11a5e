//! Modelled latency in real time, and `dyno calibrate`, which fits the model to a run.

use std::path::Path;
use std::time::Duration;

use dynamometer::latency::{Demand, LatencyModel, LatencySettings, NetworkTime, RequestKind, ServiceTime};
use dynamometer::random::Streams;
use dynamometer::record::{Clock, Histogram, OutcomeKind, RunResult};
use dynamometer::workload::{Overrides, Source, Workload};

use crate::dyno::{Desk, Ended, total};

const MODELLED: &str = r#"name = "modelled"
thresholds = ["errors = 0"]
tables = [{ name = "things", partition_key = { name = "pk", type = "S" }, items = 100, item = { pk = "thing-{record}" } }]
operations = [
    { name = "read", type = "get", weight = 3 },
    { name = "write", type = "put" },
]
phases = [{ name = "steady", duration = "2s", rate = 100 }]

[engine.latency]
model = "modelled"
"#;

/// Latencies of the successes of an operation.
fn first_attempts(result: &RunResult, operation: usize) -> &Histogram {
    let totals = result.totals.iter().find(|total| total.operation == operation).unwrap();
    &totals.latencies.iter().find(|latencies| latencies.outcome == OutcomeKind::Succeeded).unwrap().first_attempt
}

#[test]
fn a_run_with_modelled_latency_takes_as_long_as_the_model_says() {
    let desk = Desk::with(MODELLED);
    let (ended, result) = desk.run(&[]);
    ended.expect(0);
    assert_eq!(total(&result).succeeded, 200);
    assert!(result.target.settings.contains(&("latency".to_owned(), "modelled".to_owned())));
    // The medians of the model are 4.0 and 7.55 ms; a busy machine adds, and nothing takes off.
    for (operation, least_millis) in [(0, 3.4), (1, 6.3)] {
        let median = first_attempts(&result, operation).percentile(50.0).as_secs_f64() * 1e3;
        assert!((least_millis..30.0).contains(&median), "{median} ms");
    }
}

#[test]
fn a_slow_replica_is_slow_in_real_time() {
    let slow = "[[faults]]\nkind = \"slow_replica\"\nat = \"0s\"\nby = \"150ms\"\n";
    let desk = Desk::with(&format!("{MODELLED}\n{slow}"));
    let (ended, result) = desk.run(&[]);
    ended.expect(0);
    // The replica that leads is slow: every write, and a third of the eventually consistent reads.
    assert!(first_attempts(&result, 1).min() >= Duration::from_millis(150));
    let slow_share = first_attempts(&result, 0).share_above(Duration::from_millis(150));
    assert!((0.15..0.55).contains(&slow_share), "{slow_share}");
}

/// Draws of a model that the default is not.
fn known() -> (LatencySettings, [(usize, RequestKind); 2]) {
    let mut settings = LatencySettings::default();
    settings.network = NetworkTime { median: Duration::from_micros(800), sigma: 0.0 };
    *settings.service_mut(RequestKind::Get) = ServiceTime {
        median: Duration::from_micros(2500),
        per_item: Duration::ZERO,
        sigma: 0.4,
        tail_share: 0.0,
        tail_mean: Duration::ZERO,
    };
    *settings.service_mut(RequestKind::Put) = ServiceTime {
        median: Duration::from_millis(5),
        per_item: Duration::ZERO,
        sigma: 0.25,
        tail_share: 0.05,
        tail_mean: Duration::from_millis(30),
    };
    (settings, [(0, RequestKind::Get), (1, RequestKind::Put)])
}

/// A result as if the run had been against DynamoDB, with this many answers of each operation.
fn measured(desk: &Desk, samples: u64) -> RunResult {
    let (_, mut result) = desk.run(&["--duration", "500ms"]);
    result.target.kind = "aws".to_owned();
    let (settings, kinds) = known();
    let model = LatencyModel::new(settings, &Streams::new(5));
    for (operation, kind) in kinds {
        let demand = Demand { kind, items: 0, bytes: 0, strong: false };
        let mut drawn = Histogram::new();
        for attempt in 0..samples {
            drawn.record(2 * model.travel_time(attempt) + model.service_time(attempt, &demand));
        }
        for total in result.totals.iter_mut().filter(|total| total.operation == operation) {
            for latencies in &mut total.latencies {
                latencies.first_attempt = drawn.clone();
            }
        }
    }
    result
}

fn calibrate(desk: &Desk, result: &RunResult, arguments: &[&str]) -> Ended {
    result.write(&desk.path("measured.json")).unwrap();
    desk.dyno(["calibrate", "measured.json"].iter().chain(arguments))
}

/// The settings of a workload with these lines instead of its own.
fn settings_of(lines: &str) -> LatencySettings {
    let (workload, _) = MODELLED.split_once("[engine.latency]").unwrap();
    let source = Source { path: "test.toml".into(), text: format!("{workload}\n{lines}") };
    let parsed = Workload::parse(source, Path::new("."), Overrides::default());
    parsed.unwrap_or_else(|error| panic!("{error}")).latency.expect("latency is modelled")
}

fn assert_near(found: f64, known: f64, tolerance: f64) {
    assert!((found / known - 1.0).abs() < tolerance, "{found} for {known}");
}

#[test]
fn calibrating_finds_the_model_a_run_was_drawn_from() {
    let desk = Desk::with(MODELLED);
    let result = measured(&desk, 100_000);
    let ended = calibrate(&desk, &result, &["--round-trip", "800us", "--out", "latency.toml"]).expect(0);
    assert!(ended.stdout.contains("100000") && ended.stdout.contains("settings: latency.toml"), "{}", ended.stdout);
    let found = settings_of(&desk.read("latency.toml"));
    let (known, kinds) = known();
    assert_eq!(found.network, known.network);
    assert_eq!((found.per_kilobyte, found.strong_read), (Duration::ZERO, Duration::ZERO));
    for (_, kind) in kinds {
        let (found, known) = (found.service(kind), known.service(kind));
        assert_near(found.median.as_secs_f64(), known.median.as_secs_f64(), 0.02);
        assert_near(found.sigma, known.sigma, 0.02);
        if known.tail_share > 0.0 {
            assert_near(found.tail_share, known.tail_share, 0.1);
            assert_near(found.tail_mean.as_secs_f64(), known.tail_mean.as_secs_f64(), 0.1);
        } else {
            assert_eq!(found.tail_share, 0.0);
        }
    }
    // What was not measured keeps its default.
    assert_eq!(found.service(RequestKind::Scan), LatencySettings::default().service(RequestKind::Scan));
}

#[test]
fn what_is_no_measurement_is_refused_unless_it_is_wanted() {
    let desk = Desk::with(MODELLED);
    let few = measured(&desk, 999);
    calibrate(&desk, &few, &[]).expect(2).says(&["get: 999 samples are too few", "--anyway"]);
    let printed = calibrate(&desk, &few, &["--anyway"]).expect(0).stdout;
    let (_, lines) = printed.split_once("\n\n").expect("the settings after the table");
    settings_of(lines);

    let simulated = RunResult { clock: Clock::Virtual, ..measured(&desk, 2000) };
    calibrate(&desk, &simulated, &[]).expect(2).says(&["its time was simulated", "--anyway"]);
    let mut bundled = measured(&desk, 2000);
    bundled.target.kind = "engine".to_owned();
    calibrate(&desk, &bundled, &[]).expect(2).says(&["against the bundled engine"]);
    let result = measured(&desk, 2000);
    calibrate(&desk, &result, &["--round-trip", "1s"]).expect(2).says(&["leaves nothing for the service"]);
    calibrate(&desk, &result, &["--round-trip", "soon"]).expect(2);
    desk.dyno(["calibrate", "nothing.json"]).expect(2).says(&["nothing.json"]);
}
