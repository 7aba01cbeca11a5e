//! When operations are due: exactly when the file says, or at random with exactly that rate.

use std::sync::Arc;

use dynamometer::workload::{Overrides, Pace, Shot, Workload};

use super::{parsed, shots};

/// A workload of one phase of 100 seconds.
fn with(phase: &str) -> Arc<Workload> {
    parsed(&format!(
        r#"
name = "schedule"
[[tables]]
name = "things"
partition_key = {{ name = "id", type = "S" }}
items = 10
item = {{ id = "{{record}}" }}
[[operations]]
name = "get"
type = "get"
[[phases]]
name = "only"
duration = "100s"
{phase}
"#
    ))
}

fn seconds(shots: &[Shot]) -> Vec<f64> {
    shots.iter().map(|shot| shot.due.unwrap().as_nanos() as f64 / 1e9).collect()
}

#[test]
fn even_arrivals_are_spaced_to_the_nanosecond() {
    let shots = shots(&with("rate = 300"), u64::MAX);
    assert_eq!(shots.len(), 30_000);
    for (number, shot) in (0u64..).zip(&shots) {
        let due = shot.due.unwrap().as_nanos();
        assert!(due.abs_diff(number * 1_000_000_000 / 300) <= 1, "{number}: {due}");
    }
}

#[test]
fn every_shape_offers_its_integral() {
    for (rate, total) in [
        ("rate = 12.345", 1_234.5),
        ("rate = { ramp = { from = 0, to = 100 } }", 5_000.0),
        ("rate = { ramp = { from = 90, to = 10 } }", 5_000.0),
        ("rate = { steps = [10, 0, 40, 30] }", 2_000.0),
        // 100 s at 10, 10 s of 190 more, and two slopes of 5 s that are worth 5 s together.
        ("rate = { spike = { base = 10, peak = 200, at = \"30s\", length = \"10s\", rise = \"5s\" } }", 3_850.0),
        ("rate = { sine = { mean = 50, amplitude = 50, period = \"100s\" } }", 5_000.0),
        ("rate = { sine = { mean = 50, amplitude = 20, period = \"40s\", trough = \"7s\" } }", f64::NAN),
    ] {
        let workload = with(rate);
        let curve = workload.phases[0].curve.as_ref().unwrap();
        let due = seconds(&shots(&workload, u64::MAX));
        assert!(total.is_nan() || (curve.total() - total).abs() < 1e-6, "{rate}: {}", curve.total());
        assert_eq!(due.len() as f64, curve.total().ceil(), "{rate}");
        for (number, seconds) in due.iter().enumerate() {
            // A nanosecond at the steepest of these rates.
            assert!((curve.count_until(*seconds) - number as f64).abs() < 1e-5, "{rate}: {number} at {seconds}");
        }
    }
}

#[test]
fn a_trace_offers_what_was_recorded() {
    let recorded = std::fs::read_to_string(super::folder().join("trace.csv")).unwrap();
    let rows = recorded.lines().skip(1).map(|row| row.rsplit(',').next().unwrap().parse().unwrap());
    let rows: Vec<f64> = rows.collect();
    assert_eq!(rows.len(), 96);
    // Two rows a second.
    let text = with("rate = 1").source.text.replace("\"100s\"", "\"48s\"");
    let trace = "rate = { trace = { file = \"trace.csv\", column = \"requests\", step = \"15m\", speed_up = 1_800 } }";
    let workload = parsed(&text.replace("rate = 1\n", &format!("{trace}\n")));
    let due = seconds(&shots(&workload, u64::MAX));
    for (row, requests) in rows.iter().enumerate() {
        let (start, end) = (row as f64 * 0.5, row as f64 * 0.5 + 0.5);
        let offered = due.iter().filter(|seconds| (start..end).contains(*seconds)).count() as f64;
        // Requests in 900 s, half a second of them.
        let expected = requests / 900.0 * 0.5;
        assert!((offered - expected).abs() <= 1.0, "row {row}: {offered} of {expected}");
    }
    assert!((due.len() as f64 - rows.iter().sum::<f64>() / 1_800.0).abs() <= 1.0);
}

#[test]
fn a_spike_is_at_its_place() {
    let workload = with("rate = { spike = { base = 1, peak = 100, at = \"30s\", length = \"10s\" } }");
    let due = seconds(&shots(&workload, u64::MAX));
    assert_eq!(due.iter().filter(|seconds| (30.0..40.0).contains(*seconds)).count(), 1_000);
    assert_eq!(due.iter().filter(|seconds| **seconds < 30.0).count(), 30);
    assert_eq!(due.len(), 1_090);
}

/// The largest distance between the gaps' distribution and the exponential one, times the root of their number.
fn kolmogorov_smirnov(mut gaps: Vec<f64>) -> f64 {
    gaps.sort_by(f64::total_cmp);
    let count = gaps.len() as f64;
    let distance = |(at, gap): (usize, &f64)| {
        let expected = 1.0 - (-gap).exp();
        (expected - at as f64 / count).abs().max((expected - (at + 1) as f64 / count).abs())
    };
    gaps.iter().enumerate().map(distance).fold(0.0, f64::max) * count.sqrt()
}

#[test]
fn poisson_gaps_are_exponential() {
    for rate in [
        "rate = 500",
        "rate = { ramp = { from = 10, to = 1_000 } }",
        "rate = { sine = { mean = 500, amplitude = 400, period = \"50s\" } }",
        "rate = { steps = [100, 900, 50, 700] }",
    ] {
        let workload = with(&format!("{rate}\narrivals = \"poisson\""));
        let curve = workload.phases[0].curve.as_ref().unwrap();
        let due = seconds(&shots(&workload, u64::MAX));
        // In the time in which the rate is one, arrivals are a Poisson process of rate one.
        let counts: Vec<f64> = due.iter().map(|seconds| curve.count_until(*seconds)).collect();
        let gaps: Vec<f64> = counts.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let spread = (due.len() as f64 - curve.total()) / curve.total().sqrt();
        assert!(spread.abs() < 4.0, "{rate}: {} of {}", due.len(), curve.total());
        // 1.95 is passed once in a thousand times.
        let distance = kolmogorov_smirnov(gaps);
        assert!(distance < 1.95, "{rate}: {distance}");
    }
}

#[test]
fn phases_follow_each_other_without_a_gap() {
    let text = with("rate = 7").source.text.clone() + "[[phases]]\nname = \"second\"\nduration = \"10s\"\nrate = 3\n";
    let workload = parsed(&text);
    let shots = shots(&workload, u64::MAX);
    let second: Vec<_> = shots.iter().filter(|shot| shot.phase == 1).collect();
    assert_eq!((shots.len(), second.len()), (730, 30));
    assert_eq!(second[0].due.unwrap().as_nanos(), 100_000_000_000);
    assert_eq!((second[0].index, second[0].counter), (0, 700));
}

/// The same workload over another length, at the pace of the file.
fn lasting(workload: &Workload, length: &str) -> Arc<Workload> {
    let duration = dynamometer::time::parse_duration(length).unwrap();
    let overrides = Overrides { duration: Some(duration), pace: Pace::Kept, ..Overrides::default() };
    Arc::new(Workload::parse(workload.source.clone(), &super::folder(), overrides).unwrap())
}

#[test]
fn a_longer_time_repeats_what_has_a_length_of_its_own() {
    let sine = with("rate = { sine = { mean = 50, amplitude = 20, period = \"40s\", trough = \"7s\" } }");
    let month = lasting(&sine, "30d");
    let curve = month.phases[0].curve.as_ref().unwrap();
    let short = sine.phases[0].curve.as_ref().unwrap();
    for seconds in 0..100 {
        let time = f64::from(seconds);
        for days in [0.0, 1.0, 29.0] {
            // A day is 2,160 periods.
            assert!((curve.rate_at(time + days * 86_400.0) - short.rate_at(time)).abs() < 1e-6, "{seconds} {days}");
        }
    }
    assert!((curve.total() - 50.0 * 30.0 * 86_400.0).abs() < 200.0);

    let trace = "rate = { trace = { file = \"trace.csv\", column = \"requests\", step = \"15m\", speed_up = 900 } }";
    let text = with("rate = 1").source.text.replace("\"100s\"", "\"48s\"");
    let trace = lasting(&parsed(&text.replace("rate = 1\n", &format!("{trace}\n"))), "250s");
    let curve = trace.phases[0].curve.as_ref().unwrap();
    assert!((curve.seconds() - 250.0).abs() < 1e-9);
    // The file has 96 rows of a second: the phase goes on with the second half, and then from the start.
    for row in 0..57 {
        let time = f64::from(row) + 0.5;
        assert_eq!(curve.rate_at(time + 192.0), curve.rate_at(time), "row {row}");
    }
    assert_ne!(curve.rate_at(60.5), curve.rate_at(12.5));
}

#[test]
fn a_longer_time_leaves_a_spike_and_a_warm_up_as_they_are() {
    let spike = with("rate = { spike = { base = 10, peak = 200, at = \"30s\", length = \"10s\", rise = \"5s\" } }");
    let long = lasting(&spike, "1h");
    // 3600 s at 10, 10 s of 190 more, and two slopes of 5 s that are worth 5 s together.
    assert!((long.phases[0].curve.as_ref().unwrap().total() - 38_850.0).abs() < 1e-6);
    // Half way up the first slope it breaks off.
    let curve = lasting(&spike, "32500ms").phases[0].curve.clone().unwrap();
    assert!((curve.seconds() - 32.5).abs() < 1e-9 && (curve.peak() - 105.0).abs() < 1e-6, "{}", curve.peak());
    assert!((curve.rate_at(20.0) - 10.0).abs() < 1e-9);

    let text = with("rate = { ramp = { from = 0, to = 100 } }").source.text.clone();
    let text = text + "[[phases]]\nname = \"first\"\nduration = \"20s\"\nrate = 3\nwarm_up = true\n";
    let long = lasting(&parsed(&text), "1020s");
    let lengths: Vec<f64> = long.phases.iter().map(|phase| phase.seconds()).collect();
    assert_eq!(lengths, [1000.0, 20.0]);
    assert!((long.phases[0].curve.as_ref().unwrap().total() - 50_000.0).abs() < 1e-6);
    // Too short for that: everything alike.
    let lengths: Vec<f64> = lasting(&parsed(&text), "30s").phases.iter().map(|phase| phase.seconds()).collect();
    assert_eq!(lengths, [25.0, 5.0]);
}
