//! What must hold of everything made of a comparison, whatever is in it.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use proptest::prelude::*;
use serde_json::Value;

use crate::compare::{Difference, Interval, Latency, Method, Metric, Quantity, Verdict};
use crate::report::SummaryStyle;
use crate::report::samples::comparison as samples;
use crate::report::tests::{HOSTILE, check};

use super::*;

const PATH: &str = "./workloads/shop.toml";

fn all() -> &'static [(&'static str, Comparison)] {
    static ALL: OnceLock<Vec<(&str, Comparison)>> = OnceLock::new();
    ALL.get_or_init(samples::all)
}

fn sample(name: &str) -> &'static Comparison {
    &all().iter().find(|(known, _)| *known == name).unwrap().1
}

fn difference(subject: Option<&str>, quantity: Quantity, change: [f64; 3], verdict: Verdict) -> Difference {
    let metric = Metric { subject: subject.map(str::to_owned), quantity };
    let [estimate, low, high] = change;
    Difference {
        base: 0.001,
        new: 0.0012,
        change: Interval { estimate, low, high },
        min_effect: 0.05,
        new_higher: 0.75,
        verdict,
        more: (verdict == Verdict::CannotTell).then_some(14),
        primary: metric.is_primary(),
        metric,
        first_seen: None,
        first_pairs: Vec::new(),
        pairs: vec![(0.001, 0.0012), (0.0011, 0.0012)],
    }
}

/// A comparison with these differences.
fn with(differences: Vec<Difference>, verdict: Verdict) -> Comparison {
    Comparison { differences, verdict, summary: "read is 20 % slower".to_owned(), ..sample("compare-worse").clone() }
}

/// One metric worse, one open.
fn known() -> Comparison {
    let worse = Difference {
        first_seen: Some(Interval { estimate: 0.22, low: 0.18, high: 0.26 }),
        ..difference(Some("read"), Quantity::Service(Latency::P50), [0.2, 0.15, 0.25], Verdict::Worse)
    };
    let open = difference(None, Quantity::Errors, [0.001, -0.002, 0.004], Verdict::CannotTell);
    with(vec![open, worse], Verdict::Worse)
}

#[test]
fn pages_are_well_formed_self_contained_and_small() {
    for (name, comparison) in all() {
        let page = comparison_html(comparison);
        check(&page);
        assert!(page.len() < 2_000_000, "{name}: {} bytes", page.len());
        if let Ok(folder) = std::env::var("REPORT_SAMPLES") {
            let write = |kind: &str, text: String| std::fs::write(format!("{folder}/{name}.{kind}"), text).unwrap();
            write("html", page);
            write("json", serde_json::to_string(comparison).unwrap());
            for width in [80, 100, 140] {
                let text = comparison_text(comparison, false, SummaryStyle { width, colour: false });
                write(&format!("{width}.txt"), text);
            }
            write("md", comparison_markdown(comparison));
            write("xml", comparison_junit(comparison));
            write("github.txt", github_annotations(comparison, PATH));
            write("gitlab.json", gitlab_code_quality(comparison, PATH));
        }
    }
}

#[test]
fn samples_cover_what_they_are_called_after() {
    let verdicts =
        ["same", "worse", "better", "open", "points", "few"].map(|name| sample(&format!("compare-{name}")).verdict);
    let (same, worse, better, open) = (Verdict::Same, Verdict::Worse, Verdict::Better, Verdict::CannotTell);
    assert_eq!(verdicts, [same, worse, better, open, worse, open]);
    let mut differences = sample("compare-worse").differences.iter();
    let confirmed = differences.find(|difference| difference.first_seen.is_some()).unwrap();
    let Method::Rounds { rounds, confirming_rounds, .. } = sample("compare-worse").method else { panic!("rounds") };
    assert_eq!(confirmed.first_pairs.len() as u64, rounds);
    assert_eq!(confirmed.pairs.len() as u64, confirming_rounds);
    assert!(confirming_rounds > 0);
    assert!(sample("compare-many").differences.len() > 60);
    assert!(sample("compare-few").differences.iter().all(|difference| difference.change.high.is_infinite()));
}

#[test]
fn a_comparison_reads_back_as_it_was_shown() {
    for (name, comparison) in all() {
        let text = serde_json::to_string(comparison).unwrap();
        let again: Comparison = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(comparison_html(&again), comparison_html(comparison), "{name}");
    }
}

#[test]
fn every_form_states_the_same_difference() {
    for (name, comparison) in all().iter().filter(|(name, _)| *name != "compare-nothing") {
        let page = comparison_html(comparison);
        let text = comparison_text(comparison, true, SummaryStyle { width: 140, colour: false });
        let (markdown, junit) = (comparison_markdown(comparison), comparison_junit(comparison));
        // Markdown has signs as entities.
        let markdown = markdown.replace("&#91;", "[").replace("&#93;", "]");
        for difference in &comparison.differences {
            let change = difference.words();
            let quantity = difference.metric.quantity;
            for value in [change, words::value(quantity, difference.base), words::value(quantity, difference.new)] {
                assert!(text.contains(&value), "{name}: {value}\n{text}");
                assert!(markdown.contains(&value), "{name}: {value}");
                assert!(junit.contains(&value), "{name}: {value}");
                assert!(page.contains(&value), "{name}: {value}");
            }
        }
    }
}

#[test]
fn a_terminal_shows_what_tells_within_its_width() {
    for (name, comparison) in all() {
        for width in [80, 100, 140] {
            for all in [false, true] {
                let text = comparison_text(comparison, all, SummaryStyle { width, colour: false });
                let widest = text.lines().map(|line| line.chars().count()).max().unwrap_or(0);
                assert!(widest <= width, "{name} at {width}: {widest}\n{text}");
            }
        }
    }
    let known = known();
    let text = comparison_text(&known, false, SummaryStyle { width: 120, colour: false });
    let lines: Vec<String> = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let has = |line: &str| assert!(lines.iter().any(|known| known == line), "{line}\n{text}");
    has("✗ Worse: read is 20 % slower");
    has("metric base new difference matters from new higher more rounds verdict");
    has("errors 0.1 % 0.12 % +0.10 points [−0.20, +0.40] 5 points 75 % 14 ? cannot tell");
    has("read");
    has("service time p50 1.00 ms 1.20 ms +20.0 % [+15.0, +25.0] 5 % 75 % ✗ worse");
    let coloured = comparison_text(&known, false, SummaryStyle { width: 120, colour: true });
    assert!(coloured.contains("\u{1b}[31;1m✗ worse\u{1b}[0m") && coloured.contains("\u{1b}[33m? cannot tell\u{1b}[0m"));
    let mut plain = String::new();
    for (place, part) in coloured.split('\u{1b}').enumerate() {
        plain.push_str(if place == 0 { part } else { part.split_once('m').map_or("", |(_, rest)| rest) });
    }
    assert_eq!(plain, text);
}

#[test]
fn only_what_is_the_same_and_decides_nothing_is_hidden() {
    let comparison = sample("compare-same");
    let short = comparison_text(comparison, false, SummaryStyle::default());
    let long = comparison_text(comparison, true, SummaryStyle::default());
    let hidden = comparison.differences.iter().filter(|difference| !words::is_telling(difference)).count();
    assert!(hidden > 3);
    assert!(short.contains(&format!("{hidden} more metrics are the same on both sides; --all shows them.")), "{short}");
    assert!(!short.contains("throttled attempts") && long.contains("throttled attempts") && !long.contains("--all"));
}

#[test]
fn what_was_not_confirmed_itself_is_told_from_what_was() {
    let mut comparison = known();
    let p99 = difference(Some("read"), Quantity::Service(Latency::P99), [0.3, 0.1, 0.5], Verdict::Worse);
    comparison.differences.push(p99);
    let text = comparison_text(&comparison, false, SummaryStyle { width: 140, colour: false });
    let line = |name: &str| text.lines().find(|line| line.trim_start().starts_with(name)).unwrap();
    assert!(line("service time p50").ends_with("✗ worse") && line("service time p99").ends_with("✗ worse *"), "{text}");
    assert!(text.contains("Read, service time p50: confirmed; first seen +22.0 % [+18.0, +26.0]"), "{text}");
    assert!(text.contains("\n* Worse by all rounds, but not confirmed in rounds of its own.\n"), "{text}");
    for form in [comparison_html(&comparison), comparison_markdown(&comparison), comparison_junit(&comparison)] {
        assert_eq!(form.matches("by all rounds, not confirmed itself").count(), 1, "{form}");
    }
    assert_eq!(github_annotations(&comparison, PATH).matches("by all rounds, not confirmed itself").count(), 1);
    // Recorded runs are never measured again.
    comparison.method = Method::Runs { degrees: 4 };
    assert!(!comparison_markdown(&comparison).contains("not confirmed itself"));
}

#[test]
fn rounds_that_were_thrown_away_are_told() {
    let mut comparison = known();
    for (count, words) in [(1, "1 round was thrown away"), (3, "3 rounds were thrown away")] {
        let Method::Rounds { discarded, .. } = &mut comparison.method else { panic!("rounds") };
        *discarded = count;
        let text = comparison_text(&comparison, false, SummaryStyle { width: 1_000, colour: false });
        assert!(text.contains(words) && comparison_html(&comparison).contains(words), "{text}");
    }
}

#[test]
fn both_the_page_and_the_sentence_name_what_decided() {
    for (name, comparison) in all() {
        let Some(decisive) = comparison.decisive() else { continue };
        let page = comparison_html(comparison);
        let tile = page.split("<div class=\"tile\"><h3>").nth(1).unwrap();
        assert!(tile.starts_with(&words::capital(&decisive.metric.words())), "{name}");
        // Two samples have a summary that was made of other metrics, or by hand.
        let is_of_another = ["compare-one", "compare-slices"].contains(name);
        let says =
            is_of_another || comparison.verdict == Verdict::Same || comparison.summary.contains(&decisive.words());
        assert!(says, "{name}: {}", comparison.summary);
    }
}

#[test]
fn nothing_is_advised_where_nothing_is_known() {
    let unbounded = Difference {
        more: None,
        ..difference(None, Quantity::Throughput, [0.01, -1.0, f64::INFINITY], Verdict::CannotTell)
    };
    let border =
        Difference { more: None, ..difference(None, Quantity::Throughput, [0.05, -0.01, 0.11], Verdict::CannotTell) };
    let says = |difference: Difference| {
        let comparison = with(vec![difference], Verdict::CannotTell);
        comparison_text(&comparison, false, SummaryStyle { width: 140, colour: false })
    };
    assert!(!says(unbounded).contains("hardly"));
    assert!(says(border).contains("hardly"));
}

/// JUnit as Python's own XML parser reads it.
fn python_reads(xml: &str) -> Option<Value> {
    const SCRIPT: &str = r#"
import sys, json, xml.etree.ElementTree as tree
root = tree.fromstring(sys.stdin.buffer.read())
assert root.tag == "testsuites", root.tag
suites = root.findall("testsuite")
assert len(suites) == 1
suite = suites[0]
def case(element):
    allowed = {"failure", "skipped", "system-out"}
    assert {child.tag for child in element} <= allowed, [child.tag for child in element]
    of = {child.tag: dict(child.attrib, text=child.text or "") for child in element}
    return dict(element.attrib, **of)
out = {
    "suites": root.attrib, "suite": suite.attrib,
    "properties": {one.get("name"): one.get("value") for one in suite.find("properties")},
    "cases": [case(element) for element in suite.findall("testcase")],
}
print(json.dumps(out))
"#;
    let python = Command::new("python3").args(["-c", SCRIPT]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut python) = python else {
        eprintln!("skipped: python3 is not installed");
        return None;
    };
    python.stdin.take().unwrap().write_all(xml.as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success(), "{xml}");
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn junit_is_read_by_another_reader_as_it_is_meant() {
    for (name, comparison) in all() {
        let Some(read) = python_reads(&comparison_junit(comparison)) else { return };
        let count = |verdict| comparison.with(verdict).count().to_string();
        let cases = read["cases"].as_array().unwrap();
        assert_eq!(cases.len(), comparison.differences.len(), "{name}");
        for counts in [&read["suites"], &read["suite"]] {
            assert_eq!(counts["tests"], comparison.differences.len().to_string());
            assert_eq!(
                (&counts["failures"], &counts["skipped"]),
                (&Value::from(count(Verdict::Worse)), &Value::from(count(Verdict::CannotTell)))
            );
            assert_eq!(counts["errors"], "0");
        }
        assert_eq!(read["suite"]["timestamp"], "2026-11-21T10:01:30");
        assert_eq!(read["properties"]["verdict"], comparison.verdict.words());
        let total: f64 = cases.iter().map(|case| case["time"].as_str().unwrap().parse::<f64>().unwrap()).sum();
        let suite = read["suite"]["time"].as_str().unwrap().parse::<f64>().unwrap();
        assert!(cases.is_empty() || (total - suite).abs() < 0.001 * cases.len() as f64, "{name}: {total} of {suite}");
        for (case, difference) in cases.iter().zip(&comparison.differences) {
            assert_eq!(case["name"], difference.metric.quantity.words());
            assert_eq!(case.get("failure").is_some(), difference.verdict == Verdict::Worse, "{name}: {case}");
            assert_eq!(case.get("skipped").is_some(), difference.verdict == Verdict::CannotTell, "{name}: {case}");
        }
    }
    let read = python_reads(&comparison_junit(&known())).unwrap();
    let [open, worse] = read["cases"].as_array().unwrap().as_slice() else { panic!("two cases: {read}") };
    assert_eq!((&worse["classname"], &open["classname"]), (&Value::from("shop.read"), &Value::from("shop.whole run")));
    assert_eq!(worse["failure"]["message"], "read, service time p50 is worse: +20.0 % [+15.0, +25.0]");
    assert!(worse["failure"]["text"].as_str().unwrap().contains("base: 1.00 ms\nnew: 1.20 ms\n"), "{worse}");
    assert_eq!(
        open["skipped"]["message"],
        "cannot tell: +0.10 points [−0.20, +0.40]; about 14 more rounds would probably tell"
    );
}

#[test]
fn github_gets_a_line_for_each_finding() {
    assert_eq!(
        github_annotations(&known(), PATH),
        "::error file=workloads/shop.toml,line=1,title=dyno%3A worse::Worse: read is 20 %25 slower\n\
         ::error file=workloads/shop.toml,line=1,title=read%2C service time p50%3A worse::+20.0 %25 [+15.0, +25.0] \
         (base 1.00 ms, new 1.20 ms; matters from 5 %25; confirmed)\n"
    );
    let p99 = difference(Some("read"), Quantity::Service(Latency::P99), [0.01, -0.2, 0.2], Verdict::CannotTell);
    let open = difference(None, Quantity::Errors, [0.001, -0.002, 0.004], Verdict::CannotTell);
    let text = github_annotations(&with(vec![open, p99], Verdict::CannotTell), PATH);
    assert_eq!(text.matches("::warning ").count(), 2, "the tail decides nothing: {text}");
    assert!(text.contains("14 more rounds would probably tell"));
    let same = github_annotations(sample("compare-same"), PATH);
    assert_eq!(same.lines().count(), 1);
    assert!(same.starts_with("::notice file=workloads/shop.toml,line=1,title=dyno%3A same::Same"), "{same}");
    for (name, comparison) in all() {
        let text = github_annotations(comparison, PATH);
        assert!((1..=10).contains(&text.lines().count()), "GitHub shows ten of a kind: {name}\n{text}");
    }
}

#[test]
fn gitlab_gets_findings_it_can_follow() {
    for (name, comparison) in all() {
        let read: Value = serde_json::from_str(&gitlab_code_quality(comparison, PATH)).unwrap();
        let findings = read.as_array().unwrap();
        let worse = comparison.with(Verdict::Worse).count();
        let open = comparison.with(Verdict::CannotTell).filter(|difference| difference.primary).count();
        assert_eq!(findings.len(), worse + open, "{name}");
        let mut fingerprints: Vec<&str> =
            findings.iter().map(|finding| finding["fingerprint"].as_str().unwrap()).collect();
        fingerprints.sort_unstable();
        fingerprints.dedup();
        assert_eq!(fingerprints.len(), findings.len(), "{name}");
        for finding in findings {
            assert_eq!(finding["location"]["path"], "workloads/shop.toml");
            assert_eq!(finding["location"]["lines"]["begin"], 1);
            assert!(["info", "major"].contains(&finding["severity"].as_str().unwrap()));
            assert!(!finding["description"].as_str().unwrap().is_empty());
        }
    }
    // Other numbers, the same finding.
    let first = known();
    let mut second = first.clone();
    second.differences[1].change.estimate = 0.22;
    let fingerprint = |comparison: &Comparison| {
        let read: Value = serde_json::from_str(&gitlab_code_quality(comparison, PATH)).unwrap();
        read[1]["fingerprint"].as_str().map(str::to_owned).unwrap()
    };
    assert_eq!(fingerprint(&first), fingerprint(&second));
    assert_ne!(gitlab_code_quality(&first, PATH), gitlab_code_quality(&second, PATH));
}

/// Every name of a comparison replaced.
fn named(name: &str) -> Comparison {
    let mut comparison = sample("compare-worse").clone();
    let text = || name.to_owned();
    (comparison.workload, comparison.summary, comparison.dyno_version) = (text(), text(), text());
    (comparison.compared_at, comparison.schema, comparison.warnings) = (text(), text(), vec![text()]);
    for side in [&mut comparison.base, &mut comparison.new] {
        (side.label, side.dyno_version, side.machine.cpu, side.machine.os) = (text(), text(), text(), text());
        (side.target.kind, side.target.endpoint, side.target.settings) = (text(), text(), vec![(text(), text())]);
        side.operations.iter_mut().for_each(|operation| operation.name = text());
        side.runs.iter_mut().for_each(|run| (run.path, run.started_at) = (text(), text()));
    }
    comparison.differences.iter_mut().for_each(|difference| difference.metric.subject = Some(text()));
    comparison
}

#[test]
fn names_do_no_harm() {
    const MARKS: &str = "a|b`c`\n::error::x\r\n| * _ [l](http://e) @all #1 <b> </details> -- \\| ]]> 100%, é";
    for name in [HOSTILE, MARKS, "", "\u{1b}[2J"] {
        let comparison = named(name);
        let page = comparison_html(&comparison);
        check(&page);
        let text = comparison_text(&comparison, true, SummaryStyle { width: 80, colour: false });
        assert!(text.chars().all(|letter| letter == '\n' || !letter.is_control()), "{text:?}");
        let markdown = comparison_markdown(&comparison);
        let rows: Vec<&str> = markdown.lines().filter(|line| line.starts_with('|')).collect();
        let widths: Vec<usize> = rows.iter().map(|row| row.matches('|').count()).collect();
        assert!(widths.iter().all(|width| [8, 4].contains(width)), "{markdown}");
        let tags =
            ["<code>", "</code>", "<br>", "<sub>", "</sub>", "<details>", "</details>", "<summary>", "</summary>"];
        let bare = tags.iter().fold(markdown.clone(), |text, tag| text.replace(tag, ""));
        assert!(!bare.contains('<') && !bare.contains('`') && !bare.contains("](") && !bare.contains("@"), "{bare}");
        assert_eq!(markdown.matches("<details>").count(), markdown.matches("</details>").count());

        for line in github_annotations(&comparison, name).lines() {
            // As GitHub's runner takes it apart.
            let (properties, _) =
                line.strip_prefix("::error ").and_then(|rest| rest.split_once("::")).expect("an error");
            let names: Vec<&str> = properties.split(',').map(|property| property.split('=').next().unwrap()).collect();
            assert_eq!(names, ["file", "line", "title"], "{line}");
        }
        assert_eq!(github_annotations(&comparison, name).is_empty(), name.is_empty(), "there is nowhere to point at");
        let read: Value = serde_json::from_str(&gitlab_code_quality(&comparison, name)).unwrap();
        assert_eq!(read.as_array().unwrap().is_empty(), name.is_empty());
        if let Some(read) = python_reads(&comparison_junit(&comparison)) {
            assert_eq!(read["cases"].as_array().unwrap().len(), comparison.differences.len());
        }
    }
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        Just(0.0),
        -2.0..2.0_f64,
        Just(-1.0),
        Just(1e300),
        Just(f64::MAX),
        Just(f64::MIN),
        Just(1e-300),
        0.0..1e9_f64
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn whatever_the_numbers_a_page_is_drawn(
        rows in prop::collection::vec(((0..6_usize), [number(), number(), number()], [number(), number(), number()], prop::collection::vec((number(), number()), 0..5)), 0..6),
        slices in any::<bool>(),
    ) {
        let quantities = [
            Quantity::Throughput, Quantity::Service(Latency::P50), Quantity::Errors, Quantity::ReadUnits,
            Quantity::Response(Latency::P999), Quantity::Throttled,
        ];
        let verdicts = [Verdict::Worse, Verdict::Better, Verdict::Same, Verdict::CannotTell];
        let rows = rows.into_iter().enumerate().map(|(place, (quantity, change, values, pairs))| {
            let mut row = difference(None, quantities[quantity], change, verdicts[place % 4]);
            (row.base, row.new, row.min_effect, row.pairs) = (values[0], values[1], values[2].abs(), pairs);
            row
        });
        let mut comparison = with(rows.collect(), Verdict::Worse);
        if slices {
            (comparison.base.series, comparison.new.series) =
                (sample("compare-slices").base.series.clone(), Vec::new());
        }
        check(&comparison_html(&comparison));
        let text = comparison_text(&comparison, true, SummaryStyle::default());
        prop_assert!(!text.contains("NaN"), "{text}");
        comparison_markdown(&comparison);
        comparison_junit(&comparison);
    }
}
