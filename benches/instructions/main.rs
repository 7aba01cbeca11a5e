//! How many instructions hot paths take, counted by valgrind's callgrind: the same on a busy machine as on an idle one.
//!
//! `cargo bench --no-default-features --bench instructions [-- WORD...]` counts the cases whose names contain one of the words
//! and compares them with `benches/instructions.toml`; a rise by more than 3 % fails. `-- --record` writes the counts into that
//! file. Every case runs in a process of its own, on one thread; preparations are not counted.

mod cases;
#[path = "../fixture/mod.rs"]
mod fixture;
mod recorded;

use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use cases::{CASES, Case};
use recorded::{Change, Recorded};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// With this argument and a case's name the program does the work that is counted.
const CASE: &str = "--case";
/// glibc chooses its memcpy by the processor; without these choices it takes the same one everywhere.
const PLAIN_PROCESSOR: &str =
    "glibc.cpu.hwcaps=-AVX2,-AVX512F,-AVX512VL,-AVX512BW,-ERMS,-FSRM,-AVX_Fast_Unaligned_Load";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let done = match arguments.iter().position(|argument| argument == CASE) {
        Some(position) => work(arguments.get(position + 1).map_or("", |name| name)).map(|()| true),
        None => gate(&arguments),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(3)
        }
    }
}

/// Prepares a case, and does its work in [`counted`].
fn work(name: &str) -> Result<(), String> {
    let case = CASES.iter().find(|case| case.name == name).ok_or_else(|| format!("no case `{name}`"))?;
    counted(&mut *(case.prepare)());
    Ok(())
}

/// Callgrind counts from here until this returns.
#[inline(never)]
fn counted(work: &mut dyn FnMut()) {
    work();
}

/// Counts, and compares or records. Whether all is well.
fn gate(arguments: &[String]) -> Result<bool, String> {
    if cfg!(feature = "aws") || cfg!(debug_assertions) {
        return Err(
            "counts are of `cargo bench --no-default-features --bench instructions`; other builds count otherwise"
                .into(),
        );
    }
    let (options, words): (Vec<&String>, Vec<&String>) = arguments.iter().partition(|word| word.starts_with("--"));
    if let Some(unknown) = options.iter().find(|option| **option != "--record") {
        return Err(format!("unknown option {unknown}; there is --record"));
    }
    let words: Vec<&str> = words.into_iter().map(String::as_str).collect();
    let wanted = recorded::wanted(&CASES.map(|case| case.name), &words)?;
    let cases: Vec<&Case> = CASES.iter().filter(|case| wanted.contains(&case.name)).collect();
    let (rustc, valgrind) = (version("rustc")?, version("valgrind")?);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/instructions.toml");
    let mut recorded = match fs::read_to_string(&path) {
        Ok(text) => recorded::parse(&text).map_err(|error| format!("{}: {error}", path.display()))?,
        Err(_) if !options.is_empty() => Recorded::default(),
        Err(error) => return Err(format!("{}: {error}", path.display())),
    };
    if !options.is_empty() && !words.is_empty() {
        recorded::may_record_some(&recorded, &rustc, &valgrind)?;
    }
    let counted = count_all(&cases)?;
    // What is recorded of a case that is gone belongs to the words it was named with.
    let is_wanted = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word));
    let of_wanted = recorded.instructions.iter().filter(|(name, _)| is_wanted(name));
    let of_wanted = of_wanted.map(|(name, count)| (name.clone(), *count)).collect();
    let lines = recorded::compare(&of_wanted, &counted);
    if options.is_empty() {
        print!("{}{}", recorded::table(&lines, true), recorded::advice(&lines, &recorded, &rustc, &valgrind));
        return Ok(!lines.iter().any(|line| line.change.fails()));
    }
    print!("{}", recorded::table(&lines, false));
    for line in lines.iter().filter(|line| line.change == Change::Unknown) {
        recorded.instructions.remove(&line.case);
    }
    recorded.instructions.extend(counted);
    let recorded = Recorded { rustc, valgrind, ..recorded };
    fs::write(&path, recorded::text(&recorded)?).map_err(|error| format!("{}: {error}", path.display()))?;
    println!("recorded: {}", path.display());
    Ok(true)
}

/// Counts the cases, as many at a time as there are processors.
fn count_all(cases: &[&Case]) -> Result<Vec<(String, f64)>, String> {
    let folder = tempfile::tempdir().map_err(|error| format!("no temporary folder: {error}"))?;
    let (next, counts) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let counting = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(case) = cases.get(number) else { return };
            let count = count(case, &folder.path().join(format!("{number}.callgrind")));
            counts.lock().expect("no count panics").push((number, count.map(|count| (case.name.to_owned(), count))));
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(counting);
        }
    });
    let mut counts = counts.into_inner().expect("no count panics");
    counts.sort_by_key(|(number, _)| *number);
    counts.into_iter().map(|(_, count)| count).collect()
}

/// Instructions of one operation of a case, to a tenth.
fn count(case: &Case, out: &Path) -> Result<f64, String> {
    let program = env::current_exe().map_err(|error| error.to_string())?;
    let ended = Command::new("valgrind")
        .args(["--tool=callgrind", "--toggle-collect=*instructions::counted*"])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(program)
        .args([CASE, case.name])
        .env("GLIBC_TUNABLES", PLAIN_PROCESSOR)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("valgrind: {error}"))?;
    if !ended.status.success() {
        return Err(format!("{}: {}\n{}", case.name, ended.status, String::from_utf8_lossy(&ended.stderr)));
    }
    let text = fs::read_to_string(out).map_err(|error| format!("{}: {error}", out.display()))?;
    let total = text.lines().find_map(|line| line.strip_prefix("totals:")?.trim().parse::<u64>().ok());
    match total {
        Some(total) if total > 0 => Ok((total as f64 / case.operations as f64 * 10.0).round() / 10.0),
        _ => Err(format!("{}: valgrind counted nothing between start and end of the work", case.name)),
    }
}

fn version(program: &str) -> Result<String, String> {
    let ended = Command::new(program).arg("--version").output();
    let ended = ended.map_err(|error| format!("{program}: {error}; counting needs it installed"))?;
    Ok(String::from_utf8_lossy(&ended.stdout).trim().to_owned())
}
