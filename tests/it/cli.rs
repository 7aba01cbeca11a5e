//! The command line: what it prints, what it leaves behind, and its exit codes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use dynamometer::record::{Ending, RunResult};

use crate::dyno::{Desk, assert_balanced, read_result, total, wait_for};

/// A second of gets, most of which find something.
const SMALL: &str = r#"
name = "small"
seed = 3
thresholds = ["errors = 0"]
tables = [{ name = "things", partition_key = { name = "pk", type = "S" }, items = 100, item = { pk = "thing-{record}" } }]
operations = [
    { name = "read", type = "get", weight = 3 },
    { name = "write", type = "put" },
]
phases = [{ name = "steady", duration = "1s", rate = 200, arrivals = "poisson" }]
"#;

/// The small workload with something in it replaced.
fn small_with(what: &str, by: &str) -> String {
    assert!(SMALL.contains(what), "{what}");
    SMALL.replacen(what, by, 1)
}

#[test]
fn a_run_whose_thresholds_hold_exits_with_0_and_leaves_its_record_and_report() {
    let desk = Desk::with(SMALL);
    let (ended, result) = desk.run(&[]);
    let ended = ended.expect(0);
    assert!(ended.stdout.ends_with("report: out/report.html\n"), "{}", ended.stdout);
    assert_eq!((result.name.as_str(), result.seed, &result.ended), ("small", 3, &Ending::Completed));
    assert_eq!(result.workload.text, SMALL);
    assert!(result.thresholds.iter().all(|threshold| threshold.passed));
    let mut files: Vec<_> =
        std::fs::read_dir(desk.path("out")).unwrap().map(|file| file.unwrap().file_name()).collect();
    files.sort();
    assert_eq!(files, ["report.html", "result.json"], "nothing half written is left");
}

#[test]
fn a_run_without_out_goes_into_a_folder_named_after_it_and_the_time() {
    let desk = Desk::with(SMALL);
    desk.dyno(["run", "test.toml", "--duration", "100ms"]).expect(0);
    let folders: Vec<_> = std::fs::read_dir(desk.path("reports")).unwrap().map(|entry| entry.unwrap().path()).collect();
    let [folder] = folders.as_slice() else { panic!("{folders:?}") };
    let name = folder.file_name().unwrap().to_str().unwrap();
    let shape: String = name.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    assert_eq!(shape, "small-00000000T000000Z", "{name}");
    assert!(folder.join("report.html").exists());
    read_result(&folder.join("result.json"));
}

#[test]
fn a_failed_threshold_exits_with_1_and_the_record_says_which() {
    let thresholds = r#"thresholds = ["p50 of read < 1ns", "errors = 0"]"#;
    let desk = Desk::with(&small_with(r#"thresholds = ["errors = 0"]"#, thresholds));
    let (ended, result) = desk.run(&[]);
    ended.expect(1);
    let passed: Vec<_> = result.thresholds.iter().map(|threshold| threshold.passed).collect();
    assert_eq!(passed, [false, true]);
}

#[test]
fn wrong_usage_exits_with_2() {
    let desk = Desk::with(SMALL);
    for (arguments, says) in [
        ("", "Usage"),
        ("frobnicate", "frobnicate"),
        ("run", "WORKLOAD"),
        ("run missing.toml", "missing.toml: cannot be read"),
        ("run test.toml --target dynamo", "expected engine, aws, or an address such as http://127.0.0.1:8000"),
        ("run test.toml --duration soon", "soon"),
        ("run test.toml --duration 0s", "duration"),
        ("run test.toml --rate -1", "-1"),
        ("run test.toml --rate 0", "rate"),
        ("run test.toml --rate nan", "rate"),
        ("run test.toml --workers 0", "0 is not in 1..=1024"),
        ("run test.toml --format yaml", "[possible values: text, json]"),
        ("completions tcsh", "[possible values: bash"),
        ("new ../elsewhere", "is no name for a workload"),
    ] {
        let ended = desk.dyno(arguments.split_whitespace());
        assert_eq!(ended.code, 2, "{arguments}: {ended:?}");
        assert!(ended.stderr.contains(says), "{arguments}: {}", ended.stderr);
        assert_eq!(ended.stdout, "", "{arguments}");
    }
    assert!(!desk.path("reports").exists(), "nothing is left of a run that could not be meant");
}

#[cfg(feature = "aws")]
#[test]
fn an_address_that_is_none_exits_with_2() {
    let desk = Desk::with(SMALL);
    for address in ["http://", "http://127.0.0.1:8000/path", "http://127.0.0.1:99999"] {
        let ended = desk.dyno(["run", "test.toml", "--target", address]).expect(2);
        ended.says(&[address, "write it like http://127.0.0.1:8000"]);
    }
}

#[cfg(feature = "aws")]
#[test]
fn an_endpoint_where_nothing_listens_exits_with_3_and_says_what_where_and_what_to_do() {
    let address = std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).unwrap();
    let desk = Desk::with(SMALL);
    let ended = desk.dyno(["run", "test.toml", "--target", &format!("http://{address}")]).expect(3);
    let where_to = address.to_string();
    ended.says(&["table `things`", &where_to, "start the endpoint, or correct its address"]);
    assert_eq!(
        std::fs::read_dir(desk.path("reports")).unwrap().count(),
        0,
        "nothing is left of a run that never began"
    );
}

#[cfg(not(feature = "aws"))]
#[test]
fn a_build_without_the_network_target_says_so() {
    let desk = Desk::with(SMALL);
    desk.dyno(["run", "test.toml", "--target", "http://127.0.0.1:8000"]).expect(2).says(&["built without"]);
}

#[test]
fn a_misspelt_field_is_shown_in_its_place_with_the_name_that_was_meant() {
    let desk =
        Desk::with("name = \"small\"\n\n[[tables]]\nname = \"t\"\npartition_kee = { name = \"pk\", type = \"S\" }\n");
    for command in ["check", "run"] {
        let ended = desk.dyno([command, "test.toml"]).expect(2);
        ended.says(&["error: test.toml:5:1: ", "partition_kee", "did you mean `partition_key`?"]);
    }
}

#[test]
fn a_new_workload_passes_its_check_and_runs() {
    let desk = Desk::new();
    let wrote = desk.dyno(["new", "orders"]).expect(0);
    assert_eq!(wrote.stdout, "wrote orders.toml\nnext: dyno check orders.toml\nthen: dyno run orders.toml\n");
    let checked = desk.dyno(["check", "orders.toml"]).expect(0);
    assert!(!checked.stdout.contains("may fail"), "{}", checked.stdout);
    desk.dyno(["run", "orders.toml", "--duration", "1s", "--out", "out"]).expect(0);
    assert_balanced(&desk.result("out/result.json"));
}

#[test]
fn new_never_writes_over_a_file() {
    let desk = Desk::new();
    desk.write("orders.toml", "precious");
    for name in ["orders", "orders.toml"] {
        desk.dyno(["new", name]).expect(3).says(&["orders.toml", "exists"]);
    }
    assert_eq!(desk.read("orders.toml"), "precious");
}

#[test]
fn json_stands_alone_on_standard_output() {
    let desk = Desk::with(SMALL);
    let checked = desk.dyno(["check", "test.toml", "--format", "json"]).expect(0).json();
    assert_eq!(checked["name"], "small");
    assert_eq!(checked["operations"][0]["units"]["things"]["read"], 0.5);

    let ran = desk.dyno(["run", "test.toml", "--format", "json", "--out", "out"]).expect(0);
    assert_eq!(ran.stderr, "");
    let reported = desk.dyno(["report", "out/result.json", "--format", "json"]).expect(0);
    assert_eq!(reported.stderr, "");
    assert_eq!(ran.json(), reported.json());
    assert_eq!(ran.json()["operations"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_report_is_rendered_again_from_the_record_alone() {
    let desk = Desk::with(SMALL);
    desk.dyno(["run", "test.toml", "--out", "out"]).expect(0);
    let first = desk.read("out/report.html");
    std::fs::remove_file(desk.path("test.toml")).unwrap();
    std::fs::remove_file(desk.path("out/report.html")).unwrap();

    let ended = desk.dyno(["report", "out/result.json"]).expect(0);
    assert!(ended.stdout.ends_with("report: out/report.html\n"), "{}", ended.stdout);
    assert_eq!(desk.read("out/report.html"), first);
    desk.dyno(["report", "out/result.json", "--out", "elsewhere.html"]).expect(0);
    assert_eq!(desk.read("elsewhere.html"), first);
}

#[test]
fn what_is_no_result_is_not_reported() {
    let desk = Desk::with(SMALL);
    desk.dyno(["run", "test.toml", "--out", "out"]).expect(0);
    let result = desk.read("out/result.json");
    let other = result.replacen("dynamometer.result/1", "dynamometer.result/7", 1);
    let half = &result[..result.len() / 2];
    for (text, says) in [
        (other.as_str(), "its schema is `dynamometer.result/7`; this dyno reads `dynamometer.result/1`"),
        (half, "not a result of dyno"),
        (SMALL, "not a result of dyno"),
        ("{}", "not a result of dyno"),
        ("", "not a result of dyno"),
    ] {
        desk.write("some.json", text);
        let ended = desk.dyno(["report", "some.json"]).expect(2).says(&["some.json: ", says]);
        assert_eq!(ended.stdout, "");
    }
    std::fs::write(desk.path("some.json"), [0xff, 0xfe, 0x00]).unwrap();
    desk.dyno(["report", "some.json"]).expect(2).says(&["some.json: "]);
    desk.dyno(["report", "missing.json"]).expect(2).says(&["missing.json: "]);
    assert!(!desk.path("report.html").exists());
}

#[test]
fn the_schema_is_json_and_knows_the_fields() {
    let schema = Desk::new().dyno(["schema"]).expect(0).json();
    for field in ["name", "tables", "operations", "phases", "thresholds", "client", "engine"] {
        assert!(schema["properties"][field].is_object(), "{field}");
    }
}

#[test]
fn completions_know_the_commands() {
    for (shell, mark) in [("bash", "complete -F"), ("zsh", "#compdef dyno"), ("fish", "complete -c dyno")] {
        let ended = Desk::new().dyno(["completions", shell]).expect(0);
        for part in [mark, "run", "check", "report", "keep-tables"] {
            assert!(ended.stdout.contains(part), "{shell}: {part}");
        }
    }
}

#[test]
fn help_tells_the_exit_codes() {
    let help = Desk::new().dyno(["--help"]).expect(0);
    // Wrapped to the width of a terminal.
    let words: Vec<&str> = help.stdout.split_whitespace().collect();
    let codes = "0 done, same or better, 1 a threshold failed or worse, 2 wrong usage or workload, 3 could not be done";
    assert!(words.join(" ").contains(codes), "{words:?}");
    Desk::new().dyno(["--version"]).expect(0);
}

/// The workloads that ship.
fn shipped() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("workloads");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|extension| extension == "toml")).collect()
}

#[test]
fn every_shipped_workload_passes_its_check_and_runs() {
    let workloads = shipped();
    assert!(workloads.len() >= 19);
    std::thread::scope(|scope| {
        for some in workloads.chunks(workloads.len().div_ceil(5)) {
            scope.spawn(|| some.iter().for_each(|workload| check_and_run(workload)));
        }
    });
}

fn check_and_run(workload: &Path) {
    let desk = Desk::new();
    let name = workload.file_stem().unwrap().to_str().unwrap();
    let path = workload.to_str().unwrap();
    let checked = desk.dyno(["check", path, "--format", "json"]).expect(0).json();
    assert_eq!(checked["name"], name);

    let ended = desk.dyno(["run", path, "--duration", "1s", "--out", "out", "--workers", "1"]);
    // What a machine that is busy with tests achieves is no matter here.
    assert!(matches!(ended.code, 0 | 1), "{name}: {ended:?}");
    let result = desk.result("out/result.json");
    assert_balanced(&result);
    let counts = total(&result);
    assert!(counts.offered > 0 && counts.succeeded > 0, "{name}: {counts:?}");
    assert_eq!(counts.failed + counts.timed_out, 0, "{name}: {:?}", result.errors);
    let planned: f64 = checked["phases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|phase| phase["operations_per_second_mean"].as_f64().unwrap() * phase["seconds"].as_f64().unwrap())
        .sum();
    let planned_in_a_second = planned / checked["duration_seconds"].as_f64().unwrap();
    let offered = counts.offered as f64;
    assert!((offered - planned_in_a_second).abs() < 6.0 * planned_in_a_second.sqrt() + 2.0, "{name}: {offered}");
}

/// Operations offered, by phase and operation.
fn offered(result: &RunResult) -> Vec<(usize, usize, u64)> {
    result.totals.iter().map(|totals| (totals.phase, totals.operation, totals.counts.offered)).collect()
}

#[test]
fn the_same_seed_offers_the_same_operations() {
    let [first, again, other] = ["5", "5", "6"].map(|seed| {
        let desk = Desk::with(SMALL);
        let (ended, result) = desk.run(&["--seed", seed]);
        ended.expect(0);
        assert_eq!(result.seed.to_string(), seed);
        result
    });
    assert_eq!(offered(&first), offered(&again));
    assert_eq!(first.workload, again.workload);
    assert_ne!(offered(&first), offered(&other));
}

#[test]
fn workers_share_the_operations_of_one_stream() {
    let [one, three] = ["1", "3"].map(|workers| {
        let desk = Desk::with(SMALL);
        let (ended, result) = desk.run(&["--workers", workers]);
        ended.expect(0);
        assert_eq!(result.harness.workers.to_string(), workers);
        result
    });
    assert_eq!(offered(&one), offered(&three));
}

#[test]
fn the_first_interrupt_ends_a_run_early_with_a_whole_record() {
    for (signal, threshold, code) in [("INT", "errors = 0", 0), ("TERM", "max < 1ns", 1)] {
        let text = small_with(r#""1s""#, r#""1h""#).replacen("errors = 0", threshold, 1);
        let desk = Desk::with(&text);
        let running = desk.start(&["run", "test.toml", "--out", "out"]);
        wait_for("the run to begin", || desk.path("out").exists());
        std::thread::sleep(Duration::from_millis(700));
        running.signal(signal);
        let ended = running.end().expect(code);
        assert!(ended.stdout.contains("The run was interrupted"), "{}", ended.stdout);

        let result = desk.result("out/result.json");
        assert_balanced(&result);
        assert_eq!(result.ended, Ending::Interrupted);
        assert!(total(&result).offered > 0);
        assert!(result.phases[0].end_seconds < 3600.0, "{:?}", result.phases);
        assert!(desk.read("out/report.html").ends_with("</html>\n"));
    }
}

#[cfg(feature = "aws")]
#[test]
fn the_second_interrupt_ends_a_run_at_once() {
    use crate::stub::{Reply, Script};

    let stub =
        Script::new().table("things", "pk", None).on("GetItem", Reply::Silence).on("PutItem", Reply::Silence).start();
    let desk = Desk::with(&small_with("seed = 3", "client = { timeout = \"1h\" }"));
    let mut running = desk.start(&["run", "test.toml", "--out", "out", "--target", &stub.url()]);
    wait_for("an operation", || stub.count("GetItem") > 0);
    running.signal("INT");
    // Requests in flight keep their hour.
    std::thread::sleep(Duration::from_millis(300));
    assert!(!running.has_ended());
    running.signal("INT");
    running.end().expect(130);
    assert!(!desk.path("out/result.json").exists());
}

#[test]
fn a_file_in_the_way_of_the_results_stops_the_run_before_it_begins() {
    let desk = Desk::with(&small_with(r#""1s""#, r#""1h""#));
    desk.write("out", "a file");
    desk.dyno(["run", "test.toml", "--out", "out"]).expect(3).says(&["out: ", "--out"]);
    desk.dyno(["run", "test.toml", "--out", "out/deeper"]).expect(3).says(&["out/deeper: "]);
    assert_eq!(desk.read("out"), "a file");
}

#[test]
fn a_result_whose_folder_vanishes_is_kept_elsewhere() {
    let desk = Desk::with(SMALL);
    let running = desk.start(&["run", "test.toml", "--out", "out"]);
    wait_for("the run to begin", || desk.path("out").exists());
    std::fs::remove_dir(desk.path("out")).unwrap();
    desk.write("out", "a file in its place");
    let ended = running.end().expect(0).says(&["warning: ", "the result is in "]);
    let report = ended.stdout.lines().find_map(|line| line.strip_prefix("report: ")).expect("the way to the report");
    assert!(report.starts_with(desk.path("").to_str().unwrap()), "{report}");
    assert!(Path::new(report).exists());
    assert_balanced(&read_result(&Path::new(report).with_file_name("result.json")));
}
