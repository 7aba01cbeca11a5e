//! `dyno run --metrics-addr`: what a scraper gets, and what a bad one does not get.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::Duration;

use dynamometer::metrics::Metrics;
use dynamometer::record::OutcomeKind;
use dynamometer::workload::{Overrides, Source, Workload};

use super::dyno::{Desk, assert_balanced, wait_for};

/// Set to 1 to fail where PyPI's `prometheus_client` is missing.
const REQUIRE: &str = "DYNO_REQUIRE_PROMETHEUS";

/// More writes than the table takes, and a read of each that is not there, with a warm-up.
const TEXT: &str = r#"
name = "small"
operations = [
    { name = "read \"it\"", type = "get", weight = 1, key = "uniform" },
    { name = "write", type = "put", weight = 1 },
]
phases = [
    { name = "warm up", duration = "500ms", rate = 100, warm_up = true },
    { name = "steady", duration = "60s", rate = 200 },
]
[[tables]]
name = "things"
partition_key = { name = "id", type = "S" }
items = 100
item = { id = "thing-{record:04}" }
capacity = { provisioned = { read = 1000, write = 1 } }
[[tables.global_secondary_indexes]]
name = "by-id"
partition_key = { name = "id", type = "S" }
projection = { keys_only = {} }
capacity = { provisioned = { read = 1, write = 1000 } }
"#;

/// Reads the text format with Prometheus's own parser and writes every sample as a line.
const PARSE: &str = r#"
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as text
kind = open_metrics if sys.argv[1] == "openmetrics" else text
for family in kind(sys.stdin.read()):
    for sample in family.samples:
        print(family.type, sample.name, sorted(sample.labels.items()), sample.value)
"#;

struct Answer {
    head: String,
    body: String,
}

/// Sends a request as it stands and reads the answer to its end.
fn ask(address: &str, request: &str) -> Answer {
    let mut stream = TcpStream::connect(address).expect("the metrics server accepts");
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer in UTF-8");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no head in: {answer}"));
    Answer { head: head.to_owned(), body: body.to_owned() }
}

fn scrape(address: &str, accept: &str) -> Answer {
    let answer = ask(address, &format!("GET /metrics HTTP/1.1\r\nHost: {address}\r\nAccept: {accept}\r\n\r\n"));
    assert!(answer.head.starts_with("HTTP/1.1 200 "), "{}", answer.head);
    answer
}

/// Samples of the text format by name with labels, as they stand; enough for what the tests look at.
fn samples(body: &str) -> BTreeMap<&str, f64> {
    let lines = body.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.rsplit_once(' ').map(|(name, value)| (name, value.parse().unwrap())).unwrap()).collect()
}

fn free_address() -> String {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port");
    free.to_string()
}

#[test]
fn a_run_can_be_scraped_while_it_goes_on() {
    let desk = Desk::with(TEXT);
    let address = free_address();
    let mut running = desk.start(&["run", "test.toml", "--out", "out", "--metrics-addr", &address]);
    wait_for("the server", || running.has_ended() || TcpStream::connect(&address).is_ok());
    let steady = "dyno_phase{state=\"running\",phase=\"steady\",warm_up=\"false\"}";
    let mut first = scrape(&address, "text/plain");
    wait_for("the second phase", || {
        first = scrape(&address, "text/plain");
        samples(&first.body).contains_key(steady)
    });
    assert!(first.head.contains("text/plain; version=0.0.4"), "{}", first.head);
    let second = scrape(&address, "application/openmetrics-text; version=1.0.0, text/plain;q=0.5");
    assert!(
        second.head.contains("application/openmetrics-text") && second.body.ends_with("# EOF\n"),
        "{}",
        second.head
    );

    // Whoever asks wrongly, says nothing or stops in the middle has no part in the run.
    let silent: Vec<TcpStream> = (0..8).map(|_| TcpStream::connect(&address).unwrap()).collect();
    let mut halfway = TcpStream::connect(&address).unwrap();
    halfway.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\nX: ").unwrap();
    assert!(ask(&address, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").head.starts_with("HTTP/1.1 404 "));
    assert!(ask(&address, "DELETE /metrics HTTP/1.1\r\nHost: x\r\n\r\n").head.starts_with("HTTP/1.1 405 "));
    assert!(ask(&address, "nonsense\r\n\r\n").head.starts_with("HTTP/1.1 400 "));

    let before = scrape(&address, "text/plain");
    std::thread::sleep(Duration::from_millis(600));
    let after = scrape(&address, "text/plain");
    let (before, after) = (samples(&before.body), samples(&after.body));
    for (name, value) in &before {
        let is_counter = ["_total{", "_count", "_bucket", "_sum"].iter().any(|part| name.contains(part));
        assert!(!is_counter || after[name] >= *value, "{name} fell from {value} to {}", after[name]);
    }
    let offered = "dyno_operations_offered_total{operation=\"write\"}";
    assert!(after[offered] > before[offered], "two scrapes see two states");

    running.signal("INT");
    running.end().expect(0);
    drop((silent, halfway));
    let result = desk.result("out/result.json");
    assert_balanced(&result);
    // What was scraped was on its way to what the record has.
    let recorded: BTreeMap<&str, u64> = BTreeMap::from([
        (
            "dyno_operations_offered_total",
            result.totals.iter().filter(|all| all.operation == 1).map(|all| all.counts.offered).sum(),
        ),
        (
            "dyno_attempts_total",
            result.totals.iter().filter(|all| all.operation == 1).map(|all| all.counts.attempts).sum(),
        ),
    ]);
    for (name, recorded) in recorded {
        let scraped = after[format!("{name}{{operation=\"write\"}}").as_str()];
        assert!(scraped > 0.0 && scraped <= recorded as f64, "{name}: {scraped}, recorded {recorded}");
    }
    let reason = "dyno_throttling_reasons_total{operation=\"write\",exception=\"ProvisionedThroughputExceededException\",\
                  reason=\"TableWriteProvisionedThroughputExceeded\",resource=\"things\"}";
    assert!(after.keys().any(|name| *name == reason), "{:#?}", after.keys());

    check_formats(&[("text", &first.body), ("openmetrics", &second.body)]);
}

/// Lets Prometheus's own parsers read what was scraped.
fn check_formats(scraped: &[(&str, &str)]) {
    let imports = Command::new("python3").args(["-c", "import prometheus_client.openmetrics.parser"]).output();
    if !imports.is_ok_and(|output| output.status.success()) {
        assert!(std::env::var(REQUIRE).is_err(), "install it with `pip install prometheus_client`");
        return eprintln!("skipped: prometheus_client is not installed");
    }
    for (format, body) in scraped {
        let mut python = Command::new("python3")
            .args(["-c", PARSE, format])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("python3 starts");
        python.stdin.take().unwrap().write_all(body.as_bytes()).unwrap();
        let output = python.wait_with_output().unwrap();
        let (read, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{format}: {errors}");
        for sample in [
            "counter dyno_operations_offered_total [('operation', 'read \"it\"')] ",
            "counter dyno_consumed_capacity_units_total [('access', 'write'), ('index', 'by-id'), ('table', 'things')] ",
            "histogram dyno_response_time_seconds_bucket [('le', '+Inf'), ('operation', 'write')] ",
            "gauge dyno_phase [('phase', 'steady'), ('state', 'running'), ('warm_up', 'false')] 1",
        ] {
            assert!(read.contains(sample), "{format}: `{sample}` is missing in:\n{read}");
        }
    }
}

#[test]
fn the_last_state_is_that_of_the_record() {
    let desk = Desk::with(TEXT);
    desk.dyno(["simulate", "test.toml", "--for", "10s", "--out", "out"]).expect(0);
    let result = desk.result("out/result.json");
    let source = Source { path: "test.toml".into(), text: TEXT.to_owned() };
    let workload = Workload::parse(source, std::path::Path::new("."), Overrides::default()).unwrap();
    let metrics = Metrics::serve("127.0.0.1:0".parse().unwrap(), &workload).unwrap();
    metrics.loaded(&result.loaded);
    metrics.finish(&result);
    let answer = scrape(&metrics.address().to_string(), "*/*");
    let read = samples(&answer.body);
    assert_eq!(read["dyno_loaded_items{table=\"things\"}"], 100.0);
    assert_eq!(read["dyno_phase{state=\"finished\",phase=\"\",warm_up=\"false\"}"], 1.0);
    for (operation, name) in ["read \\\"it\\\"", "write"].into_iter().enumerate() {
        let of = |count: fn(&dynamometer::record::Counts) -> u64| -> f64 {
            result.totals.iter().filter(|all| all.operation == operation).map(|all| count(&all.counts)).sum::<u64>()
                as f64
        };
        let scraped = |metric: &str, more: &str| read[format!("{metric}{{operation=\"{name}\"{more}}}").as_str()];
        assert_eq!(scraped("dyno_operations_offered_total", ""), of(|counts| counts.offered));
        assert_eq!(scraped("dyno_operations_total", ",outcome=\"succeeded\""), of(|counts| counts.succeeded));
        assert_eq!(scraped("dyno_operations_total", ",outcome=\"throttled\""), of(|counts| counts.throttled));
        assert_eq!(scraped("dyno_retries_total", ""), of(|counts| counts.retries));
        assert_eq!(scraped("dyno_throttled_attempts_total", ""), of(|counts| counts.throttled_attempts));
        assert_eq!(scraped("dyno_operations_pending", ""), 0.0);
        assert_eq!(scraped("dyno_response_time_seconds_count", ""), of(|counts| counts.succeeded));
        // Whatever the limits of the buckets, they count what the histograms do.
        let latencies = result.totals.iter().filter(|all| all.operation == operation).flat_map(|all| &all.latencies);
        let succeeded = latencies.filter(|latencies| latencies.outcome == OutcomeKind::Succeeded);
        let above: f64 = succeeded
            .map(|all| (all.response.count() as f64 * all.response.share_above(Duration::from_millis(100))).round())
            .sum();
        let up_to = read[format!("dyno_response_time_seconds_bucket{{le=\"0.1\",operation=\"{name}\"}}").as_str()];
        assert_eq!(of(|counts| counts.succeeded) - up_to, above, "{name}");
    }
    let engine = &result.engine.as_ref().unwrap().resources;
    for resource in engine {
        let index = resource.index.as_deref().unwrap_or_default();
        for (access, history) in [("read", &resource.read), ("write", &resource.write)] {
            let name =
                format!("dyno_consumed_capacity_units_total{{table=\"things\",index=\"{index}\",access=\"{access}\"}}");
            assert_eq!(read[name.as_str()], history.consumed.iter().map(|units| units.as_f64()).sum::<f64>(), "{name}");
        }
    }
}

#[test]
fn an_address_that_cannot_be_had_is_found_out_before_the_run() {
    let desk = Desk::with(TEXT);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    desk.dyno(["run", "test.toml", "--metrics-addr", &address]).expect(2).says(&["--metrics-addr", &address, "in use"]);
    desk.dyno(["run", "test.toml", "--metrics-addr", "9464"]).expect(2).says(&["--metrics-addr"]);
    assert!(!desk.path("reports").exists());
}
