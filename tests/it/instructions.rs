//! The gate on instruction counts, without the counting: what it compares, what it lets pass, what it says.

#[path = "../../benches/instructions/recorded.rs"]
mod recorded;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use recorded::{Change, Recorded, advice, compare, may_record_some, parse, table, text, wanted};

fn counts<const N: usize>(counts: [(&str, f64); N]) -> Vec<(String, f64)> {
    counts.map(|(case, count)| (case.to_owned(), count)).to_vec()
}

fn recorded<const N: usize>(of: [(&str, f64); N]) -> BTreeMap<String, f64> {
    counts(of).into_iter().collect()
}

fn changes(recorded: &BTreeMap<String, f64>, counted: &[(String, f64)]) -> Vec<(String, Change)> {
    compare(recorded, counted).into_iter().map(|line| (line.case, line.change)).collect()
}

#[test]
fn a_rise_of_more_than_three_percent_fails_and_a_smaller_one_does_not() {
    let before = recorded([("get", 1_000.0), ("put", 1_000.0), ("scan", 1_000.0)]);
    let lines = compare(&before, &counts([("get", 1_030.0), ("put", 1_030.1), ("scan", 970.0)]));
    assert_eq!(lines.iter().map(|line| line.change).collect::<Vec<_>>(), [Change::Same, Change::Rose, Change::Same]);
    assert_eq!(lines.iter().map(|line| line.change.fails()).collect::<Vec<_>>(), [false, true, false]);
    let shown = table(&lines, true);
    assert!(shown.contains("put         1000.0        1030.1   +3.01 %  FAILED: rose\n"), "{shown}");
}

#[test]
fn a_rise_passes_once_it_is_recorded() {
    let counted = counts([("get", 1_500.0)]);
    let mut known = Recorded { instructions: recorded([("get", 1_000.0)]), ..Recorded::default() };
    assert_eq!(changes(&known.instructions, &counted), [("get".to_owned(), Change::Rose)]);
    known.instructions.extend(counted.clone());
    let known = parse(&text(&known).unwrap()).unwrap();
    assert_eq!(changes(&known.instructions, &counted), [("get".to_owned(), Change::Same)]);
}

#[test]
fn a_fall_of_more_than_three_percent_passes_and_asks_to_be_recorded() {
    let known = Recorded { instructions: recorded([("get", 1_000.0)]), ..Recorded::default() };
    let lines = compare(&known.instructions, &counts([("get", 969.9)]));
    assert_eq!(lines[0].change, Change::Fell);
    assert!(!lines[0].change.fails());
    assert!(advice(&lines, &known, "", "").contains("--record"));
}

#[test]
fn a_case_that_is_not_recorded_fails_and_so_does_a_record_without_a_case() {
    let lines = compare(&recorded([("gone", 10.0)]), &counts([("new", 10.0)]));
    let changes: Vec<_> = lines.iter().map(|line| (line.case.as_str(), line.change)).collect();
    assert_eq!(changes, [("new", Change::Unrecorded), ("gone", Change::Unknown)]);
    assert!(lines.iter().all(|line| line.change.fails()));
}

#[test]
fn another_compiler_is_named_where_it_may_be_the_reason() {
    let known = Recorded {
        rustc: "rustc 1.95.0".into(),
        valgrind: "valgrind-3.19.0".into(),
        instructions: recorded([("get", 100.0)]),
    };
    let rose = compare(&known.instructions, &counts([("get", 110.0)]));
    let told = advice(&rose, &known, "rustc 1.96.0", "valgrind-3.19.0");
    assert!(told.contains("compiled with rustc 1.95.0, these with rustc 1.96.0"), "{told}");
    assert!(!told.contains("counted with"), "{told}");
    let same = compare(&known.instructions, &counts([("get", 100.0)]));
    assert_eq!(advice(&same, &known, "rustc 1.96.0", "valgrind-3.19.0"), "");
}

#[test]
fn a_recorded_file_that_is_not_sound_is_refused() {
    for (wrong, says) in [
        ("rustc = \"a\"\nvalgrind = \"b\"\n[instructions]\nget = 0.0\n", "no count"),
        ("rustc = \"a\"\nvalgrind = \"b\"\n[instructions]\nget = nan\n", "no count"),
        ("rustc = \"a\"\nvalgrind = \"b\"\nget = 1.0\n[instructions]\n", "get"),
        ("[instructions]\n", "rustc"),
    ] {
        let error = parse(wrong).unwrap_err();
        assert!(error.contains(says), "{error}");
    }
}

#[test]
fn a_word_that_is_in_no_name_is_refused_and_the_cases_are_named() {
    let cases = ["GetItem", "PutItem", "admission, 1 partition"];
    assert_eq!(wanted(&cases, &[]).unwrap(), cases);
    assert_eq!(wanted(&cases, &["Put", "adm"]).unwrap(), ["PutItem", "admission, 1 partition"]);
    let error = wanted(&cases, &["Put", "Scan"]).unwrap_err();
    assert!(error.contains("`Scan`") && cases.iter().all(|case| error.contains(case)), "{error}");
}

#[test]
fn some_counts_are_recorded_only_beside_others_of_the_same_versions() {
    let known = Recorded { rustc: "rustc 1".into(), valgrind: "valgrind-3".into(), ..Recorded::default() };
    assert_eq!(may_record_some(&known, "rustc 1", "valgrind-3"), Ok(()));
    let error = may_record_some(&known, "rustc 2", "valgrind-3").unwrap_err();
    assert!(error.contains("compiled with rustc 1, these with rustc 2") && error.contains("without words"), "{error}");
    assert!(may_record_some(&known, "rustc 1", "valgrind-4").unwrap_err().contains("counted with valgrind-3"));
}

#[test]
fn the_file_in_the_repository_is_read() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/instructions.toml");
    let file = fs::read_to_string(path).unwrap();
    let known = parse(&file).unwrap();
    assert!(known.instructions.len() >= 11);
    assert_eq!(text(&known).unwrap(), file, "as `--record` writes it");
}
