//! The counts that the repository holds, and what has become of them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

/// A count that rose by more than this share fails; one that fell by more should be recorded.
pub const TOLERATED: f64 = 0.03;

/// `benches/instructions.toml`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recorded {
    /// What the counted program was compiled with.
    pub rustc: String,
    /// What counted.
    pub valgrind: String,
    /// Instructions of one operation, by case.
    pub instructions: BTreeMap<String, f64>,
}

/// What has become of a count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It is what it was, within what is tolerated.
    Same,
    /// It fell.
    Fell,
    /// It rose.
    Rose,
    /// It was never recorded.
    Unrecorded,
    /// It is recorded, but nothing of this name is counted.
    Unknown,
}

impl Change {
    pub fn fails(self) -> bool {
        matches!(self, Change::Rose | Change::Unrecorded | Change::Unknown)
    }

    fn words(self) -> &'static str {
        match self {
            Change::Same => "",
            Change::Fell => "fell: record it",
            Change::Rose => "FAILED: rose",
            Change::Unrecorded => "FAILED: not recorded",
            Change::Unknown => "FAILED: recorded, but there is no such case",
        }
    }
}

/// A case, as recorded and as counted now.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub case: String,
    pub recorded: Option<f64>,
    pub now: Option<f64>,
    pub change: Change,
}

/// Reads the recorded counts.
pub fn parse(text: &str) -> Result<Recorded, String> {
    let recorded: Recorded = toml::from_str(text).map_err(|error| error.to_string())?;
    match recorded.instructions.iter().find(|(_, count)| !(count.is_finite() && **count > 0.0)) {
        Some((case, count)) => Err(format!("`{case}` is recorded as {count}, which is no count")),
        None => Ok(recorded),
    }
}

/// The cases whose names contain one of the words; all where there are no words.
///
/// # Errors
/// Where a word is in no name: nothing would be counted, and that would look like success.
pub fn wanted<'a>(cases: &[&'a str], words: &[&str]) -> Result<Vec<&'a str>, String> {
    if let Some(word) = words.iter().find(|word| !cases.iter().any(|case| case.contains(**word))) {
        return Err(format!("no case has `{word}` in its name; there are:\n  {}", cases.join("\n  ")));
    }
    let is_wanted = |case: &&str| words.is_empty() || words.iter().any(|word| case.contains(word));
    Ok(cases.iter().copied().filter(is_wanted).collect())
}

/// Whether some of the counts may be recorded without the others.
///
/// # Errors
/// Where the others were compiled or counted with another version, which the file could no longer say.
pub fn may_record_some(recorded: &Recorded, rustc: &str, valgrind: &str) -> Result<(), String> {
    for (what, before, now) in [("compiled", &*recorded.rustc, rustc), ("counted", &*recorded.valgrind, valgrind)] {
        if before != now {
            return Err(format!(
                "recorded counts were {what} with {before}, these with {now}: record all of them, without words"
            ));
        }
    }
    Ok(())
}

/// The file that [`parse`] reads.
pub fn text(recorded: &Recorded) -> Result<String, String> {
    let body = toml::to_string(recorded).map_err(|error| error.to_string())?;
    Ok(format!(
        "# Instructions that one operation takes, counted by valgrind's callgrind. A rise by more than {} % fails `.ci/run`,\n\
         # unless the same commit records it, and says why: cargo bench --no-default-features --bench instructions -- --record\n\
         {body}",
        TOLERATED * 100.0
    ))
}

/// Every case that is recorded or was counted, in the order of counting, then by name.
pub fn compare(recorded: &BTreeMap<String, f64>, counted: &[(String, f64)]) -> Vec<Line> {
    let line = |(case, now): &(String, f64)| {
        let before = recorded.get(case).copied();
        let change = match before {
            None => Change::Unrecorded,
            Some(before) if *now > before * (1.0 + TOLERATED) => Change::Rose,
            Some(before) if *now < before * (1.0 - TOLERATED) => Change::Fell,
            Some(_) => Change::Same,
        };
        Line { case: case.clone(), recorded: before, now: Some(*now), change }
    };
    let unknown = recorded.iter().filter(|(case, _)| !counted.iter().any(|(known, _)| known == *case));
    let unknown = unknown.map(|(case, count)| Line {
        case: case.clone(),
        recorded: Some(*count),
        now: None,
        change: Change::Unknown,
    });
    counted.iter().map(line).chain(unknown).collect()
}

/// The lines as a table, with what fails named where they are judged.
pub fn table(lines: &[Line], judged: bool) -> String {
    let width = lines.iter().map(|line| line.case.chars().count()).chain(["case".len()]).max().unwrap_or(0);
    let mut text = format!("{:width$}  {:>12}  {:>12}  {:>8}\n", "case", "recorded", "now", "change");
    for Line { case, recorded, now, change } in lines {
        let count = |count: &Option<f64>| count.map_or("–".to_owned(), |count| format!("{count:.1}"));
        let percent = recorded.zip(*now).map(|(before, now)| format!("{:+.2} %", (now / before - 1.0) * 100.0));
        let (before, now, percent) = (count(recorded), count(now), percent.unwrap_or_default());
        let line = format!(
            "{case:width$}  {before:>12}  {now:>12}  {percent:>8}  {}",
            if judged { change.words() } else { "" }
        );
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

/// What to do about the lines; nothing where nothing is to be done.
pub fn advice(lines: &[Line], recorded: &Recorded, rustc: &str, valgrind: &str) -> String {
    const RECORD: &str = "cargo bench --no-default-features --bench instructions -- --record";
    let mut text = String::new();
    let any = |wanted: fn(Change) -> bool| lines.iter().any(|line| wanted(line.change));
    if any(Change::fails) {
        text += &format!("What is meant to be so is recorded, in the same commit, by: {RECORD}\n");
    } else if any(|change| change == Change::Fell) {
        text += &format!("Record what was won, so that it cannot be lost unseen: {RECORD}\n");
    }
    for (what, before, now) in [("compiled", &*recorded.rustc, rustc), ("counted", &*recorded.valgrind, valgrind)] {
        if before != now && any(|change| change != Change::Same) {
            text +=
                &format!("Recorded counts were {what} with {before}, these with {now}: that alone may move them.\n");
        }
    }
    text
}
