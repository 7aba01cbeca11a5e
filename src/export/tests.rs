//! What must hold of every export, whatever the record.

use std::collections::BTreeSet;

use proptest::prelude::*;

use crate::record::RunResult;
use crate::report::Theme;
use crate::report::samples;
use crate::report::tests::any_run;

use super::{ExportedFile, csv_tables, hdr_log, svg_plots};

/// Every line of a log has the fields that readers look for, and tags without what parts fields.
fn check_log(log: &ExportedFile) {
    let text = std::str::from_utf8(&log.bytes).unwrap();
    for line in text.lines().filter(|line| !line.starts_with(['#', '"'])) {
        let fields: Vec<&str> = line.split(',').collect();
        assert_eq!(fields.len(), 5, "{line}");
        assert!(fields[0].starts_with("Tag=") && !fields[0].contains(' '), "{line}");
        assert!(fields[1..4].iter().all(|number| number.chars().all(|c| c.is_ascii_digit() || c == '.')), "{line}");
        assert!(fields[4].starts_with("HISTFAAA"), "{line}");
    }
}

/// Rows as long as the head, read by the rules of RFC 4180.
fn check_tables(run: &RunResult) {
    for table in csv_tables(run).unwrap() {
        assert!(table.bytes.ends_with(b"\r\n"), "{}", table.name);
        let mut rows = csv::Reader::from_reader(table.bytes.as_slice());
        let columns = rows.headers().unwrap().len();
        rows.records().for_each(|row| assert_eq!(row.unwrap().len(), columns, "{}", table.name));
    }
}

#[test]
fn every_plot_has_a_file_of_its_own() {
    let mut run = samples::flash_sale();
    run.operations[0].name = "../Ärger\u{0}".to_owned();
    run.operations[1].name = "../Örger\u{0}".to_owned();
    let files = svg_plots(&run, Theme::Light);
    let names: BTreeSet<&str> = files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names.len(), files.len(), "{names:?}");
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
    assert!(names.iter().all(|name| name.ends_with(".svg") && name.chars().all(plain)), "{names:?}");
}

#[test]
fn names_that_differ_only_in_what_a_tag_cannot_have_keep_apart() {
    let mut run = samples::flash_sale();
    for (operation, name) in run.operations.iter_mut().zip(["a b", "a,b", "a\nb", "A-b"]) {
        operation.name = name.to_owned();
    }
    let log = hdr_log(&run);
    check_log(&log);
    let text = String::from_utf8(log.bytes).unwrap();
    let tags: BTreeSet<&str> = text.lines().filter_map(|line| line.strip_prefix("Tag=")?.split(',').next()).collect();
    assert_eq!(tags.iter().filter(|tag| tag.contains(".response") && !tag.contains("warm-up")).count(), 4, "{tags:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn no_record_is_too_odd_to_be_exported(run in any_run()) {
        check_log(&hdr_log(&run));
        check_tables(&run);
    }
}
