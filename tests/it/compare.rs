//! `dyno compare` and `dyno ab` from the outside. The runs are simulated: their noise is drawn, and the same every time.

use serde_json::Value;

use crate::dyno::{Desk, Ended};

/// Reads of modelled latency, one at a time.
const READS: &str = r#"
name = "reads"
seed = 1

[engine]
capacity = "off"

[engine.latency]
model = "modelled"
network = { median = "1ms", sigma = 0.1 }
get = { median = "3ms", sigma = 0.2, tail_share = 0.0, tail_mean = "20ms" }

[[tables]]
name = "things"
partition_key = { name = "id", type = "S" }
items = 100
[tables.item]
id = "{record}"
about = { string = { length = 200 } }

[[operations]]
name = "read"
type = "get"
key = "uniform"

[[phases]]
name = "steady"
duration = "20s"
in_flight = 1
"#;

/// Network and service of the same workload, 10 % longer.
fn slower() -> String {
    READS.replace("\"1ms\"", "\"1.1ms\"").replace("\"3ms\"", "\"3.3ms\"")
}

fn desk() -> Desk {
    let desk = Desk::new();
    desk.write("base.toml", READS);
    desk.write("slower.toml", &slower());
    desk
}

fn simulate(desk: &Desk, workload: &str, out: &str, more: &[&str]) {
    let arguments = ["simulate", workload, "--out", out, "--format", "json"];
    desk.dyno(arguments.iter().chain(more)).expect(0);
}

fn comparison(desk: &Desk, out: &str) -> Value {
    serde_json::from_str(&desk.read(&format!("{out}/comparison.json"))).expect("comparison.json is JSON")
}

/// The difference of a metric, by the subject's name and the quantity as the file has it.
fn difference<'a>(comparison: &'a Value, subject: Option<&str>, quantity: &Value) -> &'a Value {
    let differences = comparison["differences"].as_array().expect("a list of differences");
    let found = differences.iter().find(|difference| {
        difference["metric"]["subject"].as_str() == subject && difference["metric"]["quantity"] == *quantity
    });
    found.unwrap_or_else(|| panic!("no {subject:?} {quantity}"))
}

fn service_p50() -> Value {
    serde_json::json!({ "service": "p50" })
}

fn ab(desk: &Desk, b: &str, more: &[&str]) -> Ended {
    let command = |workload: &str| {
        let dyno = assert_cmd::cargo::cargo_bin!("dyno").display().to_string();
        format!("'{dyno}' simulate {workload} --out {{out}} --seed {{seed}} --format json")
    };
    let (a, b) = (command("base.toml"), command(b));
    let arguments = ["ab", "--a-command", &a, "--b-command", &b, "--out", "ab", "--rounds", "40"];
    desk.dyno(arguments.iter().chain(more))
}

#[test]
fn a_run_is_the_same_as_itself_with_another_seed() {
    let desk = desk();
    simulate(&desk, "base.toml", "one", &[]);
    simulate(&desk, "base.toml", "two", &["--seed", "2"]);
    let ended = desk.dyno(["compare", "one/result.json", "two/result.json", "--out", "same"]);
    ended.expect(0).shows(&["No difference that matters"]);
    assert_eq!(comparison(&desk, "same")["verdict"], "same");
}

#[test]
fn recorded_runs_ten_percent_slower_are_worse() {
    let desk = desk();
    simulate(&desk, "base.toml", "base", &[]);
    simulate(&desk, "slower.toml", "slower", &["--seed", "2"]);
    let ended = desk.dyno(["compare", "base/result.json", "slower/result.json", "--out", "worse"]);
    ended.expect(1).shows(&["worse"]);
    let comparison = comparison(&desk, "worse");
    let p50 = difference(&comparison, Some("read"), &service_p50());
    let [low, high] = ["low", "high"].map(|end| p50["change"][end].as_f64().expect("an end of the interval"));
    assert!(low < 0.1 && 0.1 < high && low > 0.05, "the true difference is 10 %: {p50}");
    // The other way round it is better, and that is no failure.
    desk.dyno(["compare", "slower/result.json", "base/result.json", "--out", "better"]).expect(0).shows(&["better"]);
}

#[test]
fn several_runs_of_a_side_tell_their_spread() {
    let desk = desk();
    for seed in ["1", "2", "3", "4", "5"] {
        simulate(&desk, "base.toml", &format!("base/{seed}"), &["--seed", seed]);
        simulate(&desk, "slower.toml", &format!("slower/{seed}"), &["--seed", &format!("1{seed}")]);
    }
    desk.dyno(["compare", "base", "slower", "--out", "out"]).expect(1);
    let comparison = comparison(&desk, "out");
    assert_eq!(comparison["method"], serde_json::json!({ "kind": "runs", "degrees": 8 }));
    let p50 = &difference(&comparison, Some("read"), &service_p50())["change"];
    let estimate = p50["estimate"].as_f64().expect("an estimate");
    assert!((estimate - 0.1).abs() < 0.01, "{p50}");
    // One against five, none the wiser about its own spread.
    desk.dyno(["compare", "base", "slower/1/result.json", "--out", "one"]).expect(1);
}

#[test]
fn a_wide_interval_cannot_tell_and_says_what_would() {
    let desk = desk();
    simulate(&desk, "base.toml", "one", &["--for", "300ms"]);
    simulate(&desk, "base.toml", "two", &["--for", "300ms", "--seed", "2"]);
    let ended = desk.dyno(["compare", "one/result.json", "two/result.json", "--out", "out"]);
    ended.expect(4).shows(&["Cannot tell", "longer runs"]);
}

#[test]
fn what_cannot_be_compared_is_refused_with_the_reason() {
    let desk = desk();
    desk.write("others.toml", &READS.replace("items = 100", "items = 200"));
    simulate(&desk, "base.toml", "base", &["--for", "5s"]);
    simulate(&desk, "base.toml", "longer", &["--for", "6s"]);
    simulate(&desk, "others.toml", "others", &["--for", "5s"]);
    let refused = |new: &str, says: &[&str]| {
        desk.dyno(["compare", "base/result.json", new]).expect(3).says(says);
        assert!(!desk.path("reports").exists(), "nothing is written where nothing is compared");
    };
    refused("others/result.json", &["different workloads", "tables[1].items", "--allow workload"]);
    refused("longer/result.json", &["different workloads", "5.0 s and 6.0 s"]);
    let mut elsewhere = desk.result("base/result.json");
    elsewhere.environment.cpu = "another processor".to_owned();
    elsewhere.write(&desk.path("elsewhere.json")).expect("the file is written");
    refused("elsewhere.json", &["different machines", "another processor", "--allow machine"]);
    let mut late = desk.result("base/result.json");
    late.series.points.iter_mut().for_each(|point| point.valid = false);
    late.write(&desk.path("late.json")).expect("the file is written");
    refused("late.json", &["load generator was the bottleneck", "--allow harness"]);
    let mut behind = desk.result("base/result.json");
    for totals in &mut behind.totals {
        let unsent = totals.counts.offered / 10;
        totals.counts.unsent += unsent;
        totals.counts.succeeded -= unsent;
    }
    behind.write(&desk.path("behind.json")).expect("the file is written");
    refused("behind.json", &["rate asked for was not reached", "90.", "--allow rate"]);
    let mut real = desk.result("base/result.json");
    real.clock = dynamometer::record::Clock::Real;
    real.write(&desk.path("real.json")).expect("the file is written");
    refused("real.json", &["was simulated", "real time"]);

    let allowed =
        desk.dyno(["compare", "base/result.json", "others/result.json", "--allow", "workload", "--out", "out"]);
    assert!([0, 4].contains(&allowed.code), "{}", allowed.code);
    assert!(
        comparison(&desk, "out")["warnings"][0].as_str().is_some_and(|warning| warning.contains("different workloads"))
    );
}

#[test]
fn two_sides_that_are_alike_take_turns_and_stop_early() {
    let desk = desk();
    ab(&desk, "base.toml", &[]).expect(0).shows(&["No difference that matters"]);
    let comparison = comparison(&desk, "ab");
    // Both sides of a round draw with the same seed: simulated, they are the same to the last digit.
    let rounds = comparison["method"]["rounds"].as_u64().expect("a number of rounds");
    assert!(rounds < 40, "{rounds} rounds for what was clear from the first look on");
    assert!(desk.path("ab/comparison.html").exists());
}

#[test]
fn a_slower_side_is_found_confirmed_and_reported_everywhere() {
    let desk = desk();
    let files = ["--junit", "ci/junit.xml", "--markdown", "ci/summary.md", "--annotations", "github"];
    let ended = ab(&desk, "slower.toml", &files);
    ended.expect(1).shows(&["worse"]).says(&["::error"]);
    let comparison = comparison(&desk, "ab");
    assert!(comparison["method"]["confirming_rounds"].as_u64() > Some(0), "{}", comparison["method"]);
    let p50 = difference(&comparison, Some("read"), &service_p50());
    let estimate = p50["change"]["estimate"].as_f64().expect("an estimate");
    assert!((estimate - 0.1).abs() < 0.01, "{p50}");
    assert_eq!(p50["verdict"], "worse");
    assert!(desk.read("ci/junit.xml").contains("<failure"));
    assert!(desk.read("ci/summary.md").contains("worse"));
}

#[test]
fn a_command_that_fails_ends_it_with_what_it_said() {
    let desk = desk();
    let fails = ["ab", "--a-command", "echo broken >&2; exit 9 # {out}", "--b-command", "true {out}", "--seed", "2"];
    desk.dyno(fails).expect(3).says(&["broken", "9"]);
    desk.dyno(["ab", "--a-command", "true {out}", "--b-command", "true {out}"]).expect(3).says(&["no result.json"]);
    desk.dyno(["ab", "--a-command", "true", "--b-command", "true"]).expect(2).says(&["{out}"]);
    let left = std::fs::read_dir(desk.path("reports")).map_or(0, Iterator::count);
    assert_eq!(left, 0, "no empty folders are left behind");
}

#[test]
fn wrong_usage_is_told_before_anything_runs() {
    let desk = desk();
    let wrong = |arguments: &[&str], says: &[&str]| {
        desk.dyno(arguments).expect(2).says(says);
    };
    wrong(&["ab", "base.toml", "--a", "engine"], &["--b"]);
    wrong(&["ab", "base.toml", "--a", "engine", "--b", "nowhere"], &["nowhere", "engine, aws"]);
    wrong(&["ab", "base.toml", "--a", "engine", "--b", "engine:capacity"], &["KEY=VALUE"]);
    wrong(&["ab", "base.toml", "--a", "engine", "--b", "engine:speed=9"], &["speed"]);
    wrong(&["ab", "base.toml", "--a", "engine", "--b", "engine", "--min-effect", "5"], &["5%"]);
    wrong(
        &["ab", "base.toml", "--a", "engine", "--b", "engine", "--min-effect", "speed=5%"],
        &["no metric", "service-p99"],
    );
    wrong(&["ab", "base.toml", "--a", "engine", "--b", "engine", "--inject", "10%"], &["[engine.latency]"]);
    wrong(&["ab", "base.toml", "--a", "engine", "--b", "engine", "--runs", "8"], &["--runs", "latency"]);
    let misspelt =
        ["ab", "base.toml", "--a", "engine", "--b", "engine", "--min-effect", "raed/service-p99=9%", "--rounds", "1"];
    wrong(&misspelt, &["raed/service-p99", "read/service-p50"]);
    wrong(&["compare", "base.toml"], &["--baseline"]);
    wrong(&["compare", "base.toml", "slower.toml"], &["not a result"]);
    wrong(&["compare", "nothing.json", "nothing.json"], &["nothing.json"]);
}

#[test]
fn failures_in_a_few_rounds_are_not_the_same_as_none() {
    let desk = desk();
    let dyno = assert_cmd::cargo::cargo_bin!("dyno").display().to_string();
    let command = format!("'{dyno}' simulate base.toml --for 2s --out {{out}} --seed {{seed}} --format json");
    // Every tenth run of B failed altogether.
    let spoil = "s/\\\"succeeded\\\":([0-9]+),\\\"condition_failed\\\":0,\\\"throttled\\\":0,\\\"failed\\\":0/\\\"succeeded\\\":0,\\\"condition_failed\\\":0,\\\"throttled\\\":0,\\\"failed\\\":\\1/g";
    let spoiled =
        format!("{command} && if [ $(({{round}} % 10)) = 3 ]; then sed -E -i \"{spoil}\" {{out}}/result.json; fi");
    let arguments = ["ab", "--a-command", &command, "--b-command", &spoiled, "--out", "ab", "--rounds", "30", "--all"];
    let ended = desk.dyno(arguments);
    let comparison = comparison(&desk, "ab");
    let errors = difference(&comparison, None, &serde_json::json!("errors"));
    assert!(errors["new"].as_f64() > Some(0.05), "a mean shows what a median does not: {errors}");
    assert_ne!(errors["verdict"], "same");
    ended.expect(4);
}

#[test]
fn repeating_it_tells_how_often_it_errs() {
    let desk = desk();
    let dyno = assert_cmd::cargo::cargo_bin!("dyno").display().to_string();
    let command = |workload: &str, seed: &str| {
        format!("'{dyno}' simulate {workload} --for 5s --out {{out}} --seed {seed} --format json")
    };
    // Sides that do not share seeds differ by chance.
    let (a, b) = (command("base.toml", "{seed}"), command("slower.toml", "9{seed}"));
    let arguments = ["ab", "--a-command", &a, "--b-command", &b, "--rounds", "20", "--trials", "2", "--resample", "50"];
    desk.dyno(arguments.iter().chain(&["--out", "out"])).expect(0).shows(&["| measured | 2 | 2 | 0 | 0 | 0 |"]);
    let trials: Value = serde_json::from_str(&desk.read("out/trials.json")).expect("trials.json is JSON");
    assert_eq!(trials["measured"].as_array().map(Vec::len), Some(2));
    assert!(
        trials["resampled"].as_array().is_some_and(|trials| trials.iter().all(|trial| trial["verdict"] == "worse"))
    );
}

#[test]
fn settings_of_the_engine_are_a_side() {
    let desk = desk();
    // Real time, so nothing is said of the answer; that both sides ran with their own settings is.
    let arguments = ["ab", "base.toml", "--a", "engine", "--b", "engine:latency.get.median=6ms", "--rounds", "1"];
    let ended = desk.dyno(arguments.iter().chain(&["--duration", "200ms", "--out", "ab", "--allow", "harness"]));
    ended.expect(4);
    let comparison = comparison(&desk, "ab");
    let p50 = difference(&comparison, Some("read"), &service_p50());
    let [base, new] = ["base", "new"].map(|side| p50[side].as_f64().expect("a value"));
    assert!(new > base, "6 ms are more than 3 ms, however busy the machine is: {p50}");
}
