//! The shape of the code itself, read as text: rooms look up in the list of `src/lib.rs`, and nothing below the runner knows
//! what time it is.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The rooms that are told the time and draw from streams they are given.
const WITHOUT_CLOCK: [&str; 14] = [
    "time",
    "random",
    "item",
    "api",
    "expression",
    "latency",
    "replication",
    "capacity",
    "engine",
    "protocol",
    "record",
    "history",
    "workload",
    "import",
];

/// What asks for the time of day, a stopwatch or a global generator.
const CLOCKS: [&str; 7] =
    ["Instant::now", "SystemTime", "Timestamp::now", "Zoned::now", "rand::rng", "rand::thread_rng", "SysRng"];

/// Nobody reads more in one sitting.
const LINES_MAX: usize = 600;
/// Longer files, each with the reason.
const LONG_FILES: [(&str, &str); 0] = [];

struct File {
    /// Relative to the package, with slashes.
    path: String,
    text: String,
}

impl File {
    /// The room it belongs to; `None` for `lib.rs` and `main.rs`.
    fn room(&self) -> Option<&str> {
        let inside = self.path.strip_prefix("src/")?;
        let room = inside.split('/').next()?.trim_end_matches(".rs");
        (!matches!(room, "lib" | "main")).then_some(room)
    }

    fn is_test(&self) -> bool {
        self.path.ends_with("/tests.rs") || self.path.starts_with("tests/")
    }

    /// The lines that do something, numbered from 1: no comments, and nothing from the tests at the end on.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let until_tests = self.text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let lines = until_tests.lines().enumerate().map(|(number, line)| (number + 1, line.trim()));
        lines.filter(|(_, line)| !line.starts_with("//"))
    }

    /// The rooms it names, as `crate::room` or with as many `super::` as lead out of its own.
    fn imports(&self) -> BTreeSet<&str> {
        let inside = self.path.strip_prefix("src/").unwrap_or_default().trim_end_matches("/mod.rs");
        let out_of_it = "super::".repeat(inside.split('/').count());
        let name = |rest: &'_ str| rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        self.code()
            .flat_map(|(_, line)| {
                line.split("crate::").skip(1).chain(line.split(out_of_it.as_str()).skip(1)).collect::<Vec<_>>()
            })
            .map(|rest| &rest[..name(rest)])
            .filter(|name| !name.is_empty())
            .collect()
    }
}

/// Every Rust file in `folder` and below, in the order of their paths.
fn files(folder: &str) -> Vec<File> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = vec![package.join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let relative = path.strip_prefix(package).unwrap().to_str().unwrap().replace('\\', "/");
                found.push(File { path: relative, text: fs::read_to_string(&path).unwrap() });
            }
        }
    }
    found.sort_by(|left, right| left.path.cmp(&right.path));
    assert!(!found.is_empty(), "{folder} has files");
    found
}

fn all_files() -> Vec<File> {
    ["src", "tests", "benches"].into_iter().flat_map(files).collect()
}

/// The rooms from the ground up, as `lib.rs` lists them.
fn rooms(lib: &str) -> Vec<&str> {
    let points = lib.lines().filter_map(|line| line.strip_prefix("//! - "));
    // "//! - [`time`] and [`random`]: what they are": names stand before the colon.
    points.flat_map(|line| line.split(": ").next().unwrap_or_default().split('`').skip(1).step_by(2)).collect()
}

#[test]
fn the_map_of_the_library_names_every_room() {
    let lib = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let listed: BTreeSet<&str> = rooms(&lib).into_iter().collect();
    let modules = lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    assert_eq!(listed, modules.collect());
}

#[test]
fn rooms_import_only_what_stands_above_them_in_the_map() {
    let lib = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let rooms = rooms(&lib);
    let place = |room: &str| rooms.iter().position(|known| *known == room);
    for file in files("src") {
        let Some(room) = file.room() else { continue };
        let own = place(room).unwrap_or_else(|| panic!("{}: `{room}` is not in the map", file.path));
        for import in file.imports() {
            let imported = place(import).unwrap_or_else(|| panic!("{}: `{import}` is no room", file.path));
            assert!(imported <= own, "{}: `{room}` imports `{import}`, which stands below it in the map", file.path);
        }
    }
}

#[test]
fn the_check_of_imports_sees_them() {
    let imports = |text: &str| {
        let file = File { path: "src/engine/get.rs".into(), text: text.into() };
        assert_eq!(file.room(), Some("engine"));
        file.imports().into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(
        imports("use crate::runner::{Stop, run};\npub(crate) fn f() -> crate::cli::Exit {}\n"),
        ["cli", "runner"]
    );
    assert_eq!(imports("use super::super::report::html;\nuse super::Engine;\n"), ["report"]);
    assert_eq!(imports("// crate::runner\n#[cfg(test)]\nmod tests {\nuse crate::cli;\n}\n"), [""; 0]);
}

#[test]
fn nothing_below_the_runner_reads_a_clock_or_draws_from_a_global_generator() {
    for file in files("src").iter().filter(|file| !file.is_test()) {
        if !file.room().is_some_and(|room| WITHOUT_CLOCK.contains(&room)) {
            continue;
        }
        for (number, line) in file.code() {
            for clock in CLOCKS {
                assert!(!line.contains(clock), "{}:{number}: `{clock}` below the runner: {line}", file.path);
            }
        }
    }
}

#[test]
fn no_work_is_left_undone() {
    // Put together here, so that this file does not find itself.
    let macros = ["todo", "unimplemented", "dbg"].map(|name| format!("{name}!("));
    for file in all_files() {
        for (number, line) in file.text.lines().enumerate() {
            for unfinished in &macros {
                assert!(!line.contains(unfinished.as_str()), "{}:{}: {line}", file.path, number + 1);
            }
            let ignored = line.trim().strip_prefix("#[ignore");
            assert!(ignored.is_none_or(|rest| rest.starts_with(" = \"")), "{}:{}: why?", file.path, number + 1);
        }
    }
}

#[test]
fn files_are_short_enough_to_be_read_in_one_sitting() {
    let files = all_files();
    for file in &files {
        let lines = file.text.lines().count();
        let is_listed = LONG_FILES.iter().any(|(path, _)| *path == file.path);
        assert_eq!(lines > LINES_MAX, is_listed, "{} has {lines} lines; is it one idea?", file.path);
    }
    for (path, _) in LONG_FILES {
        assert!(files.iter().any(|file| file.path == path), "{path} is listed but does not exist");
    }
}

#[test]
fn every_file_begins_by_saying_what_it_is() {
    for file in all_files() {
        let first = file.text.lines().next().unwrap_or_default();
        assert!(first.starts_with("//! ") && first.len() > 8, "{} begins with: {first}", file.path);
    }
}

#[test]
fn nothing_in_the_library_is_unsafe() {
    for file in files("src") {
        for (number, line) in file.code() {
            let words: Vec<&str> = line.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
            assert!(!words.contains(&"unsafe"), "{}:{number}: {line}", file.path);
        }
    }
}
