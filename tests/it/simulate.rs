//! `dyno simulate` as a user meets it.

use std::time::Duration;

use dynamometer::record::{Clock, Ending};

use super::dyno::{Desk, assert_balanced};

/// Five minutes of more traffic than the table takes.
const SMALL: &str = r#"
name = "small"
operations = [
    { name = "read", type = "get", weight = 3, key = "zipfian" },
    { name = "write", type = "put", weight = 1 },
]
phases = [
    { name = "warm up", duration = "30s", rate = 5, warm_up = true },
    { name = "steady", duration = "5m", rate = 20, arrivals = "poisson" },
]
[[tables]]
name = "things"
partition_key = { name = "id", type = "S" }
items = 500
item = { id = "thing-{record:04}", note = { words = { length = 60 } } }
capacity = { provisioned = { read = 5, write = 3 } }
"#;

#[test]
fn the_same_file_and_seed_give_the_same_files_byte_for_byte() {
    let desk = Desk::with(SMALL);
    let simulate = |out: &str, more: &[&str]| {
        let arguments = ["simulate", "test.toml", "--for", "100s", "--rate", "30", "--out", out];
        desk.dyno(arguments.iter().chain(more)).expect(0)
    };
    let ended = simulate("one", &["--workers", "1"]);
    for said in ["simulated", "report: one/report.html"] {
        assert!(ended.stdout.contains(said), "`{said}` is missing in:\n{}", ended.stdout);
    }
    simulate("two", &["--workers", "3", "--format", "json"]);
    for file in ["result.json", "report.html"] {
        assert!(desk.read(&format!("one/{file}")) == desk.read(&format!("two/{file}")), "{file}");
    }
    let result = desk.result("one/result.json");
    assert_balanced(&result);
    assert_eq!((result.clock, result.ended), (Clock::Virtual, Ending::Completed));
    let lengths: Vec<f64> = result.phases.iter().map(|phase| phase.end_seconds - phase.start_seconds).collect();
    assert_eq!(lengths, [30.0, 70.0]);
    assert!(result.totals.iter().any(|totals| totals.counts.throttled > 0), "{:?}", result.totals);
    // What the record says gives it again.
    let command = &result.environment.command;
    assert_eq!(command.join(" "), "dyno simulate test.toml --for 100s --rate 30");
    desk.dyno(command[1..].iter().map(String::as_str).chain(["--out", "three"])).expect(0);
    assert!(desk.read("one/result.json") == desk.read("three/result.json"));
}

#[test]
fn a_closed_loop_without_latency_is_refused_before_anything_is_done() {
    let desk = Desk::with(&SMALL.replace("rate = 20, arrivals = \"poisson\"", "in_flight = 4"));
    desk.dyno(["simulate", "test.toml"]).expect(2).says(&["steady", "[engine.latency]", "rate"]);
    assert!(!desk.path("reports").exists());
}

#[test]
fn ctrl_c_keeps_what_was_simulated() {
    let desk = Desk::with(SMALL);
    let running = desk.start(&["simulate", "test.toml", "--for", "30000d", "--out", "out"]);
    std::thread::sleep(Duration::from_secs(3));
    running.signal("INT");
    running.end().expect(0);
    let result = desk.result("out/result.json");
    assert_balanced(&result);
    assert_eq!(result.ended, Ending::Interrupted);
    assert!(result.duration_seconds > 60.0, "{}", result.duration_seconds);
}
