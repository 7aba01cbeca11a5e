//! Whatever happens to a workload file, reading it ends in a workload or an error.

use std::sync::Arc;

use dynamometer::time::Time;
use dynamometer::workload::{Drafter, Next, Overrides, Plan, Source, Workload};
use proptest::prelude::*;
use proptest::sample::Index;

use super::{folder, shipped_names};

/// One thing that happens to a file.
#[derive(Debug, Clone)]
enum Mutation {
    DeleteLine(Index),
    DuplicateLine(Index, Index),
    SwapLines(Index, Index),
    /// The value of one line goes to another's name.
    MoveValue(Index, Index),
    DeleteByte(Index),
    ReplaceByte(Index, u8),
    ReplaceNumber(Index, String),
    Truncate(Index),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let number = prop::sample::select(vec![
        "0",
        "-1",
        "1",
        "1e300",
        "-0.5",
        "0.1",
        "nan",
        "inf",
        "9223372036854775807",
        "18446744073709551616",
        "4503599627370496",
        "1e-300",
        "25",
        "100",
        "true",
        "\"1\"",
        "{}",
        "[]",
    ]);
    let any = any::<Index>;
    prop_oneof![
        1 => any().prop_map(Mutation::DeleteLine),
        1 => (any(), any()).prop_map(|(from, to)| Mutation::DuplicateLine(from, to)),
        1 => (any(), any()).prop_map(|(one, other)| Mutation::SwapLines(one, other)),
        3 => (any(), any()).prop_map(|(from, to)| Mutation::MoveValue(from, to)),
        1 => any().prop_map(Mutation::DeleteByte),
        1 => (any(), prop::num::u8::ANY).prop_map(|(at, byte)| Mutation::ReplaceByte(at, byte)),
        2 => (any(), prop::sample::select(b"{}[]\"'=,.#: -_0123456789".to_vec()))
            .prop_map(|(at, byte)| Mutation::ReplaceByte(at, byte)),
        4 => (any(), number).prop_map(|(at, number)| Mutation::ReplaceNumber(at, number.to_owned())),
        1 => any().prop_map(Mutation::Truncate),
    ]
}

fn mutate(text: &mut String, mutation: &Mutation) {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    if lines.is_empty() {
        return;
    }
    match mutation {
        Mutation::DeleteLine(at) => {
            lines.remove(at.index(lines.len()));
        }
        Mutation::DuplicateLine(from, to) => {
            let line = lines[from.index(lines.len())].clone();
            lines.insert(to.index(lines.len()), line);
        }
        Mutation::SwapLines(one, other) => {
            let (one, other) = (one.index(lines.len()), other.index(lines.len()));
            lines.swap(one, other);
        }
        Mutation::MoveValue(from, to) => {
            let with_value: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].contains(" = ")).collect();
            if !with_value.is_empty() {
                let (from, to) = (with_value[from.index(with_value.len())], with_value[to.index(with_value.len())]);
                let value = lines[from].split_once(" = ").unwrap().1.to_owned();
                let name = lines[to].split_once(" = ").unwrap().0.to_owned();
                lines[to] = format!("{name} = {value}");
            }
        }
        Mutation::DeleteByte(at) | Mutation::ReplaceByte(at, _) | Mutation::Truncate(at) => {
            let mut bytes = std::mem::take(text).into_bytes();
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                match mutation {
                    Mutation::DeleteByte(_) => drop(bytes.remove(at)),
                    Mutation::ReplaceByte(_, byte) => bytes[at] = *byte,
                    _ => bytes.truncate(at),
                }
            }
            *text = String::from_utf8_lossy(&bytes).into_owned();
            return;
        }
        Mutation::ReplaceNumber(at, number) => {
            let starts: Vec<usize> = text
                .char_indices()
                .zip(std::iter::once(' ').chain(text.chars()))
                .filter(|((_, character), before)| character.is_ascii_digit() && matches!(before, ' ' | '['))
                .map(|((start, _), _)| start)
                .collect();
            if !starts.is_empty() {
                let start = starts[at.index(starts.len())];
                let rest = &text[start..];
                let end = rest.find(|c: char| !c.is_ascii_digit() && !matches!(c, '_' | '.')).unwrap_or(rest.len());
                text.replace_range(start..start + end, number);
            }
            return;
        }
    }
    *text = lines.join("\n");
}

/// Reads a file and, where it is sound, draws a few operations.
fn exercise(text: String) {
    let source = Source { path: "mutated.toml".into(), text };
    match Workload::parse(source, &folder(), Overrides::default()) {
        Err(error) => assert!(!error.to_string().is_empty()),
        Ok(workload) => {
            let workload = Arc::new(workload);
            let drafter = Drafter::new(Arc::clone(&workload));
            let mut plan = Plan::new(workload);
            for _ in 0..20 {
                match plan.next(Time::ZERO) {
                    Next::Shot(shot) => drop(drafter.request(&shot)),
                    Next::NotBefore(_) | Next::Finished => break,
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn mutated_files_never_panic(file in any::<Index>(), mutations in prop::collection::vec(mutation(), 1..6)) {
        let names = shipped_names();
        let path = folder().join(format!("{}.toml", names[file.index(names.len())]));
        let mut text = std::fs::read_to_string(path).unwrap();
        mutations.iter().for_each(|mutation| mutate(&mut text, mutation));
        exercise(text);
    }
}

#[test]
fn deep_nesting_is_an_error() {
    for (open, close) in [("[", "]"), ("{ list = { count = 1, of = ", "}}"), ("{ map = { a = ", "}}")] {
        for depth in [40, 10_000] {
            let value = open.repeat(depth) + "1" + &close.repeat(depth);
            let text = std::fs::read_to_string(folder().join("notes.toml")).unwrap();
            exercise(
                text.replace("attachments = { uniform = { min = 0, max = 3 } }", &format!("attachments = {value}")),
            );
        }
    }
}
