//! Workload files out of what describes tables elsewhere: what is carried over, what is said to be lost, what is refused.

mod mistakes;
mod tables;
mod ycsb;

use std::path::Path;

use dynamometer::import::{ImportKind, import};
use dynamometer::runner::rehearse;
use dynamometer::workload::{Overrides, Source, Table, Workload};

/// A fixture, realistic in its form.
fn fixture(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/import").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The workload file made from a text, and what it means. Every operation of it works on what it loads.
fn imported(name: &str, text: &str, kind: ImportKind) -> (String, Workload) {
    let imported = import(name, text, None, None).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(imported.kind, kind, "told from its content");
    assert_eq!(import(name, text, Some(kind), None).as_ref(), Ok(&imported));
    let source = Source { path: "made.toml".into(), text: imported.text.clone() };
    let workload = Workload::parse(source, Path::new("."), Overrides::default())
        .unwrap_or_else(|error| panic!("{error}\n{}", imported.text));
    assert_eq!(workload.warnings, [""; 0], "{}", imported.text);
    let rehearsal = rehearse(&workload).unwrap();
    assert!(rehearsal.errors.iter().all(Option::is_none), "{:?}\n{}", rehearsal.errors, imported.text);
    let longest = imported.text.lines().filter(|line| line.starts_with('#')).map(|line| line.chars().count()).max();
    assert!(longest.unwrap_or_default() <= 120, "{}", imported.text);
    (imported.text, workload)
}

/// What is wrong with a text.
fn mistake(name: &str, text: &str) -> String {
    match import(name, text, None, None) {
        Err(error) => error.to_string(),
        Ok(imported) => panic!("{}", imported.text),
    }
}

fn table<'a>(workload: &'a Workload, name: &str) -> &'a Table {
    workload.tables.iter().find(|table| &*table.create.name == name).unwrap_or_else(|| panic!("no table {name}"))
}

fn assert_says(found: &str, parts: &[&str]) {
    // Comments are wrapped.
    let flat = found.replace("\n#  ", "").replace("\n#", "");
    for part in parts {
        assert!(flat.contains(part), "{found}\nlacks: {part}");
    }
}
