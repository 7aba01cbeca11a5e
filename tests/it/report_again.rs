//! `dyno report` of a comparison: the page and the table again, from `comparison.json` alone.

use dynamometer::compare::{Comparison, Difference, Interval, Method, Metric, Quantity, SCHEMA, Side, Verdict};

use super::dyno::Desk;

const WORKLOAD: &str = r#"
name = "small"
tables = [{ name = "things", partition_key = { name = "pk", type = "S" }, items = 10, item = { pk = "thing-{record}" } }]
operations = [{ name = "read", type = "get" }]
phases = [{ name = "steady", duration = "200ms", rate = 200 }]
"#;

/// A comparison of a run with itself, a tenth slower by decree.
fn comparison(desk: &Desk) -> Comparison {
    desk.dyno(["run", "test.toml", "--out", "out"]).expect(0);
    let result = desk.result("out/result.json");
    let (mut base, mut new) = (Side::new("monday", &result), Side::new("tuesday", &result));
    base.add(std::slice::from_ref(&result), "monday.json");
    new.add(std::slice::from_ref(&result), "tuesday.json");
    let difference = |quantity, estimate: f64, verdict| Difference {
        metric: Metric { subject: None, quantity },
        base: 1_000.0,
        new: 1_000.0 * (1.0 + estimate),
        change: Interval { estimate, low: estimate - 0.01, high: estimate + 0.01 },
        min_effect: 0.05,
        new_higher: 0.5,
        verdict,
        more: None,
        primary: verdict != Verdict::Same,
        first_seen: None,
        first_pairs: Vec::new(),
        pairs: Vec::new(),
    };
    Comparison {
        schema: SCHEMA.to_owned(),
        dyno_version: "0.1.0".to_owned(),
        workload: "small".to_owned(),
        clock: result.clock,
        compared_at: "2026-11-21T10:00:00Z".to_owned(),
        base,
        new,
        method: Method::Runs { degrees: 1 },
        confidence: 0.95,
        verdict: Verdict::Worse,
        summary: "throughput fell by 10 %".to_owned(),
        differences: vec![
            difference(Quantity::Throughput, -0.1, Verdict::Worse),
            difference(Quantity::ThrottledAttempts, 0.0, Verdict::Same),
        ],
        warnings: Vec::new(),
    }
}

#[test]
fn a_comparison_is_rendered_again_from_its_file_alone() {
    let desk = Desk::with(WORKLOAD);
    let comparison = comparison(&desk);
    desk.write("comparison.json", &serde_json::to_string(&comparison).unwrap());

    let ended = desk.dyno(["report", "comparison.json"]).expect(0);
    assert!(ended.stdout.ends_with("report: comparison.html\n"), "{}", ended.stdout);
    assert!(ended.stdout.contains("Worse: throughput fell by 10 %"), "{}", ended.stdout);
    assert!(ended.stdout.contains("−10.0 % [−11.0, −9.0]"), "{}", ended.stdout);
    assert!(!ended.stdout.contains("throttled attempts"), "{}", ended.stdout);
    assert_eq!(desk.read("comparison.html"), dynamometer::report::comparison_html(&comparison));
    let ended = desk.dyno(["report", "comparison.json", "--all", "--out", "elsewhere.html"]).expect(0);
    assert!(ended.stdout.contains("throttled attempts"), "{}", ended.stdout);
    assert_eq!(desk.read("elsewhere.html"), desk.read("comparison.html"));

    let json = desk.dyno(["report", "comparison.json", "--format", "json"]).expect(0).json();
    assert_eq!(serde_json::from_value::<Comparison>(json).unwrap(), comparison);
}

#[test]
fn metrics_of_a_run_are_not_listed() {
    let desk = Desk::with(WORKLOAD);
    desk.dyno(["simulate", "test.toml", "--out", "run"]).expect(0);
    desk.dyno(["report", "run/result.json", "--all"]).expect(2).says(&["--all is for comparisons"]);
    desk.dyno(["report", "run/result.json"]).expect(0);
}

#[test]
fn what_is_neither_is_told_what_could_be_read() {
    let desk = Desk::new();
    desk.write("some.json", r#"{"schema": "dynamometer.sizing/1"}"#);
    desk.dyno(["report", "some.json"]).expect(2).says(&[
        "some.json: its schema is `dynamometer.sizing/1`",
        "dynamometer.result/1",
        "dynamometer.comparison/1",
    ]);
    desk.write("some.json", r#"{"schema": "dynamometer.comparison/1", "base": 1}"#);
    desk.dyno(["report", "some.json"]).expect(2).says(&["some.json: not a comparison: "]);
}
