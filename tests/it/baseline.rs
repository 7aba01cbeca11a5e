//! Baselines: what is kept, what is refused, and whom it is found by.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use dynamometer::baseline::{BaselineError, Baselines, Others, check, saved_on_same_machine};
use dynamometer::compare::{Machine, Reason, other_machine};
use dynamometer::record::{Counts, Ending, Environment, RunResult};

use super::dyno::{Desk, Ended};

const SMALL: &str = r#"
name = "small"
operations = [{ name = "read", type = "get" }]
phases = [
    { name = "warm up", duration = "2s", rate = 10, warm_up = true },
    { name = "steady", duration = "10s", rate = 20 },
]
[[tables]]
name = "things"
partition_key = { name = "id", type = "S" }
items = 50
item = { id = "thing-{record:04}" }
"#;

const TEN: Others = Others::Keep(10);

/// A desk with the record of a simulated run, and that record.
fn simulated() -> (Desk, RunResult) {
    let desk = Desk::with(SMALL);
    desk.dyno(["simulate", "test.toml", "--out", "out"]).expect(0);
    let record = desk.result("out/result.json");
    (desk, record)
}

fn machine(cpu: &str, cores: usize) -> Environment {
    let (os, memory_bytes) = ("linux 6.1.0-44-cloud-amd64 x86_64".to_owned(), 8_000_000_000);
    Environment { os, cpu: cpu.to_owned(), cores, memory_bytes, command: Vec::new() }
}

/// The record as if it had been made on another machine, at this minute.
fn made_on(record: &RunResult, environment: Environment, minute: u32) -> RunResult {
    let started_at = format!("2026-03-01T12:{minute:02}:00Z");
    RunResult { environment, started_at, ..record.clone() }
}

/// When the records of these files started, by their minute.
fn minutes(paths: &[PathBuf]) -> Vec<u32> {
    let minute = |path: &PathBuf| {
        let started = RunResult::read(path).unwrap().started_at;
        started.strip_prefix("2026-03-01T12:").unwrap()[..2].parse().unwrap()
    };
    paths.iter().map(minute).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

#[test]
fn runs_of_the_same_machine_are_found_oldest_first_and_others_are_named() {
    let (desk, record) = simulated();
    let folder = desk.path("kept");
    let baselines = Baselines::at(&folder);
    for (cpu, cores, minute) in [("Xeon", 2, 7), ("Xeon", 2, 5), ("EPYC", 2, 1), ("Xeon", 4, 2), ("Xeon", 2, 6)] {
        baselines.save("nightly", &made_on(&record, machine(cpu, cores), minute), TEN).unwrap();
    }
    let found = |environment| saved_on_same_machine(&folder, "nightly", &environment);
    assert_eq!(minutes(&found(machine("Xeon", 2)).unwrap()), [5, 6, 7]);
    assert_eq!(minutes(&found(machine("EPYC", 2)).unwrap()), [1]);
    // A patched kernel is the same machine.
    let patched = Environment { os: "linux 6.1.9 x86_64".into(), ..machine("Xeon", 4) };
    assert_eq!(minutes(&found(patched).unwrap()), [2]);

    let error = found(machine("Graviton", 2)).unwrap_err();
    assert!(matches!(&error, BaselineError::OtherMachines { known, .. } if known.len() == 3), "{error:?}");
    let said = error.to_string();
    for part in ["nightly", "Graviton, 2 cores, 8 GiB", "(EPYC, 2 cores", "(Xeon, 4 cores", "not comparable"] {
        assert!(said.contains(part), "`{part}` is missing in: {said}");
    }
    let said = saved_on_same_machine(&folder, "weekly", &machine("Xeon", 2)).unwrap_err().to_string();
    assert!(said.contains("no baseline `weekly`") && said.contains("there is nightly"), "{said}");
    let said = saved_on_same_machine(&desk.path("none"), "weekly", &machine("Xeon", 2)).unwrap_err().to_string();
    assert!(said.contains("nothing was saved there yet"), "{said}");
}

#[test]
fn simulated_runs_are_of_no_machine() {
    let (desk, record) = simulated();
    assert_eq!(Machine::of(&record.environment).to_string(), "simulated, no machine");
    Baselines::at(&desk.path("kept")).save("small", &record, TEN).unwrap();
    assert_eq!(saved_on_same_machine(&desk.path("kept"), "small", &record.environment).unwrap().len(), 1);
}

#[test]
fn the_newest_are_kept_for_each_name_and_machine() {
    let (desk, record) = simulated();
    let folder = desk.path("kept");
    let baselines = Baselines::at(&folder);
    let save = |name: &str, cpu: &str, minute, keep| {
        baselines.save(name, &made_on(&record, machine(cpu, 2), minute), Others::Keep(keep)).unwrap()
    };
    save("other", "Xeon", 0, 3);
    save("nightly", "EPYC", 0, 3);
    for minute in [1, 2, 3] {
        let saving = save("nightly", "Xeon", minute, 3);
        assert_eq!((saving.kept, saving.known, saving.runs, saving.dropped), (true, false, minute as usize, 0));
    }
    let saving = save("nightly", "Xeon", 9, 3);
    assert_eq!((saving.kept, saving.runs, saving.dropped), (true, 3, 1));
    // A late save of an old run drives no newer one out.
    let saving = save("nightly", "Xeon", 1, 3);
    assert_eq!((saving.kept, saving.runs, saving.dropped), (false, 3, 0));
    // What was there already counts where it has to go.
    let saving = save("nightly", "Xeon", 2, 2);
    assert_eq!((saving.kept, saving.known, saving.runs, saving.dropped), (false, true, 2, 1));
    save("nightly", "Xeon", 2, 3);
    let found = |name: &str, cpu: &str| minutes(&saved_on_same_machine(&folder, name, &machine(cpu, 2)).unwrap());
    assert_eq!(found("nightly", "Xeon"), [2, 3, 9]);
    assert_eq!(found("nightly", "EPYC"), [0]);
    assert_eq!(found("other", "Xeon"), [0]);
}

#[test]
fn the_same_run_saved_twice_counts_once_and_reads_as_it_was() {
    let (desk, record) = simulated();
    let baselines = Baselines::at(&desk.path("kept"));
    let first = baselines.save("small", &record, TEN).unwrap();
    let again = baselines.save("small", &RunResult::read(&desk.path("out/result.json")).unwrap(), TEN).unwrap();
    assert_eq!((first.known, again.known, again.kept, again.runs), (false, true, true, 1));
    assert_eq!(first.path, again.path);
    assert!(RunResult::read(&first.path).unwrap() == record);
    // Two runs that began in the same millisecond are two.
    let twin = RunResult { seed: record.seed + 1, ..record };
    assert_eq!(baselines.save("small", &twin, TEN).unwrap().runs, 2);
}

#[test]
fn records_that_tell_nothing_are_refused() {
    let (desk, good) = simulated();
    assert_eq!(check(&good, "good"), Ok(()));
    let reasons = |change: &dyn Fn(&mut RunResult)| -> Vec<Reason> {
        let mut record = good.clone();
        change(&mut record);
        let Err(unfit) = check(&record, "bad") else { return Vec::new() };
        assert!(unfit.to_string().starts_with("bad: "), "{unfit}");
        let refused = Baselines::at(&desk.path("kept")).save("small", &record, TEN);
        assert!(matches!(refused, Err(BaselineError::Unfit(_))), "{refused:?}");
        unfit.objections().iter().map(|objection| objection.reason).collect()
    };
    assert_eq!(reasons(&|record| record.ended = Ending::Interrupted), [Reason::Ending]);
    assert_eq!(reasons(&|record| record.ended = Ending::Aborted("gone".into())), [Reason::Ending]);
    let only_warm_up = |record: &mut RunResult| record.phases.iter_mut().for_each(|phase| phase.warm_up = true);
    assert_eq!(reasons(&only_warm_up), [Reason::Nothing]);
    let move_to = |pick: fn(&mut Counts) -> &mut u64| {
        move |record: &mut RunResult| {
            for totals in &mut record.totals {
                let succeeded = std::mem::take(&mut totals.counts.succeeded);
                *pick(&mut totals.counts) += succeeded;
            }
        }
    };
    assert_eq!(reasons(&move_to(|counts| &mut counts.failed)), [Reason::Nothing]);
    assert_eq!(reasons(&move_to(|counts| &mut counts.unsent)), [Reason::Rate]);
    // Ten seconds are measured. More than a tenth is too much; what happens while warming up is not measured.
    let late = |seconds: &'static [f64]| {
        move |record: &mut RunResult| {
            for second in seconds {
                let mut points = record.series.points.iter_mut();
                points.find(|point| point.start_seconds == *second).expect("a point of that second").valid = false;
            }
        }
    };
    assert_eq!(reasons(&late(&[5.0])), []);
    assert_eq!(reasons(&late(&[5.0, 6.0])), [Reason::Harness]);
    assert_eq!(reasons(&late(&[0.0, 1.0, 5.0])), []);
    assert!(!desk.path("kept").exists());
    let undated = RunResult { started_at: "yesterday".into(), ..good.clone() };
    let refused = Baselines::at(&desk.path("kept")).save("small", &undated, TEN).unwrap_err();
    assert!(refused.to_string().contains("`yesterday` is not a time"), "{refused}");
}

#[test]
fn the_command_refuses_before_it_saves_anything() {
    let (desk, mut record) = simulated();
    record.ended = Ending::Interrupted;
    record.write(&desk.path("bad.json")).unwrap();
    let save = |results: &[&str], more: &[&str]| desk.dyno(["baseline", "save"].iter().chain(results).chain(more));
    save(&["out/result.json", "bad.json"], &[]).expect(3).says(&["no baseline: bad.json: ", "interrupted"]);
    save(&["out/result.json", "gone.json"], &[]).expect(2).says(&["gone.json"]);
    for name in ["../outside", ".hidden", "", "a/b", "-x", "ü"] {
        save(&["out/result.json"], &[&format!("--name={name}")]).expect(2).says(&["no name for a baseline"]);
    }
    let misnamed = RunResult { name: "a b".into(), ended: Ending::Completed, ..record };
    misnamed.write(&desk.path("misnamed.json")).unwrap();
    save(&["out/result.json", "misnamed.json"], &[]).expect(2).says(&["`a b` is no name for a baseline"]);
    assert!(!desk.path(".dyno").exists());
    desk.write("file", "");
    save(&["out/result.json"], &["--dir", "file"]).expect(3).says(&["file"]);
}

#[test]
fn saved_runs_are_listed_and_shown() {
    let (desk, record) = simulated();
    assert!(desk.dyno(["baseline", "list"]).expect(0).stdout.contains("no baselines"));
    // 90, 100 and 110 of ten seconds: 9, 10 and 11 a second, deviation 1 of a mean of 10.
    for (minute, succeeded) in [(1, 90), (2, 100), (3, 110)] {
        let mut run = made_on(&record, machine("Xeon", 2), minute);
        run.totals.iter_mut().for_each(|totals| totals.counts.succeeded = succeeded);
        run.write(&desk.path(&format!("{minute}.json"))).unwrap();
    }
    let saved = desk.dyno(["baseline", "save", "1.json", "2.json", "3.json"]).expect(0);
    assert!(saved.stdout.contains("1.json: saved: .dyno/baselines/small/"), "{}", saved.stdout);
    assert!(saved.stdout.ends_with("(Xeon, 2 cores, 8 GiB, linux 6.1 x86_64): 3 runs\n"), "{}", saved.stdout);
    let saved = desk.dyno(["baseline", "save", "3.json", "--name", "weekly", "--format", "json"]).expect(0).json();
    assert_eq!((&saved["saved"][0]["name"], &saved["saved"][0]["runs"]), (&"weekly".into(), &1.into()));

    let fingerprint = Machine::of(&machine("Xeon", 2)).fingerprint();
    let list = desk.dyno(["baseline", "list"]).expect(0).stdout;
    for part in ["small", "weekly", "2026-03-01 12:03:00 UTC", "machine", &fingerprint, "Xeon, 2 cores, 8 GiB"] {
        assert!(list.contains(part), "`{part}` is missing in:\n{list}");
    }
    assert!(list.lines().all(|line| line.chars().count() <= 100), "{list}");
    let list = desk.dyno(["baseline", "list", "--format", "json"]).expect(0).json();
    assert_eq!(list["baselines"][0]["runs"], 3);
    assert_eq!(list["baselines"][0]["machine"]["fingerprint"], fingerprint);

    let shown = desk.dyno(["baseline", "show", "small"]).expect(0).stdout;
    for part in ["9.00/s", "10.0/s", "11.0/s", "spread", "10.0 %", "Xeon", "response p50", "service p50"] {
        assert!(shown.contains(part), "`{part}` is missing in:\n{shown}");
    }
    let shown = desk.dyno(["baseline", "show", "small", "--format", "json"]).expect(0).json();
    let spread = shown["baselines"][0]["relative_standard_deviation"][0]["succeeded_per_second"].as_f64().unwrap();
    assert!((spread - 0.1).abs() < 1e-12, "{spread}");
    assert_eq!(shown["baselines"][0]["records"][2]["operations"][0]["succeeded_per_second"], 11.0);
    let service = desk.result("out/result.json").measured_totals()[0].latencies[0].service.percentile(99.0);
    let shown = &shown["baselines"][0]["records"][0]["operations"][0]["service_p99_seconds"];
    assert_eq!(shown.as_f64(), Some(service.as_secs_f64()));
    desk.dyno(["baseline", "show", "monthly"]).expect(2).says(&["no baseline `monthly`", "small, weekly"]);
}

/// The record with a line of its workload changed.
fn asking(record: &RunResult, from: &str, to: &str) -> RunResult {
    let mut changed = record.clone();
    changed.workload.text = changed.workload.text.replace(from, to);
    assert_ne!(changed.workload.text, record.workload.text);
    changed
}

#[test]
fn another_workload_is_refused_until_it_replaces_what_there_is() {
    let (desk, record) = simulated();
    let folder = desk.path(".dyno/baselines");
    let baselines = Baselines::at(&folder);
    for (cpu, minute) in [("Xeon", 1), ("Xeon", 2), ("EPYC", 1)] {
        baselines.save("small", &made_on(&record, machine(cpu, 2), minute), TEN).unwrap();
    }
    let other = made_on(&asking(&record, "items = 50", "items = 60"), machine("Xeon", 2), 0);
    for minute in [0, 3] {
        let other = RunResult { started_at: format!("2026-03-01T12:{minute:02}:00Z"), ..other.clone() };
        let refused = baselines.save("small", &other, TEN).unwrap_err();
        assert!(matches!(refused, BaselineError::Workload { .. }), "{refused:?}");
    }
    other.write(&desk.path("other.json")).unwrap();
    let says = ["different workloads: `tables[1].items`", "--name", "--replace", "delete .dyno/baselines/small"];
    desk.dyno(["baseline", "save", "other.json", "--name", "small"]).expect(3).says(&says);
    assert_eq!(files(&folder).len(), 3);
    // What is not asked of the target may change, and another name or machine has nothing to do with it.
    baselines.save("small", &made_on(&asking(&record, "\"small\"", "\"tiny\""), machine("Xeon", 2), 3), TEN).unwrap();
    baselines.save("other", &other, TEN).unwrap();
    baselines.save("small", &made_on(&other, machine("Graviton", 2), 0), TEN).unwrap();

    // All of the name are replaced, on every machine, by all that are saved now.
    RunResult { seed: 7, ..other.clone() }.write(&desk.path("more.json")).unwrap();
    let saved = desk.dyno(["baseline", "save", "other.json", "more.json", "--replace"]).expect(0).stdout;
    assert!(saved.contains("1 run, 5 let go\n") && saved.contains(": 2 runs\n"), "{saved}");
    assert_eq!(minutes(&saved_on_same_machine(&folder, "small", &machine("Xeon", 2)).unwrap()), [0, 0]);
    assert_eq!(files(&folder).len(), 3, "two, and that of the other name");
    baselines.save("small", &made_on(&other, machine("Xeon", 2), 4), TEN).unwrap();
}

#[test]
fn what_was_saved_before_a_refusal_is_told() {
    let (desk, record) = simulated();
    asking(&record, "items = 50", "items = 60").write(&desk.path("other.json")).unwrap();
    let save =
        |format: &str| desk.dyno(["baseline", "save", "out/result.json", "other.json", "--format", format]).expect(3);
    assert!(save("text").stdout.contains("out/result.json: saved: "));
    assert_eq!(save("json").json()["saved"][0]["was_there"], true);
}

#[test]
fn a_damaged_file_is_named_and_mended_by_saving_again() {
    let (desk, record) = simulated();
    let saved = Baselines::at(&desk.path(".dyno/baselines")).save("small", &record, TEN).unwrap().path;
    let whole = std::fs::read_to_string(&saved).unwrap();
    let newer = RunResult { started_at: "2200-01-01T00:00:00Z".into(), ..record.clone() };
    newer.write(&desk.path("newer.json")).unwrap();
    for damaged in ["", &whole[..whole.len() / 2]] {
        std::fs::write(&saved, damaged).unwrap();
        desk.dyno(["baseline", "show", "small"]).expect(3).says(&[saved.to_str().unwrap().rsplit('/').next().unwrap()]);
        desk.dyno(["baseline", "save", "newer.json"])
            .expect(3)
            .says(&["delete the file", "save the run it was made of"]);
        desk.dyno(["baseline", "save", "out/result.json"]).expect(0);
        assert_eq!(std::fs::read_to_string(&saved).unwrap(), whole);
        desk.dyno(["baseline", "show", "small"]).expect(0);
    }
}

#[test]
fn a_machine_without_a_baseline_is_told_apart_from_one_that_cannot_be_read() {
    let (desk, record) = simulated();
    let show = || desk.dyno(["baseline", "show", "small", "--this-machine"]);
    show().expect(2).says(&["no baseline `small`", "nothing was saved there yet"]);
    let baselines = Baselines::at(&desk.path(".dyno/baselines"));
    let elsewhere = baselines.save("small", &made_on(&record, machine("Graviton", 64), 1), TEN).unwrap().path;
    show().expect(2).says(&["no record of this machine", "only of (Graviton, 64 cores"]);
    let compare = |name: &str| desk.dyno(["compare", "out/result.json", "--baseline", name]);
    compare("small").expect(2).says(&["no record of this machine (simulated, no machine)"]);
    compare("large").expect(2).says(&["no baseline `large`", "there is small"]);
    // Other machines' files are not read for it.
    std::fs::write(elsewhere, "damaged").unwrap();
    show().expect(2).says(&["no record of this machine"]);
    desk.dyno(["baseline", "show", "small"]).expect(3);
    let here = dynamometer::runner::environment();
    let saved = baselines.save("small", &made_on(&record, here, 1), TEN).unwrap().path;
    show().expect(0);
    std::fs::write(saved, "damaged").unwrap();
    show().expect(3).says(&["not a result of dyno"]);
}

#[test]
fn a_comparison_and_a_baseline_mean_the_same_by_a_machine() {
    let known = machine("Xeon", 2);
    let simulated = Environment { os: String::new(), memory_bytes: 0, ..machine("", 0) };
    for (other, difference) in [
        (Environment { os: "linux 6.1.9 x86_64".into(), ..known.clone() }, None),
        (Environment { memory_bytes: known.memory_bytes + 500_000_000, ..known.clone() }, None),
        (machine("EPYC", 2), Some("processor Xeon and EPYC")),
        (machine("Xeon", 4), Some("2 and 4 processors")),
        // 8 GB are 7.45 GiB, 8.7 GB are 8.10 GiB: rounded up, 8 and 9.
        (Environment { memory_bytes: 8_700_000_000, ..known.clone() }, Some("8 and 9 GiB of memory")),
        (
            Environment { os: "linux 6.12.1 x86_64".into(), ..known.clone() },
            Some("linux 6.1 x86_64 and linux 6.12 x86_64"),
        ),
    ] {
        assert_eq!(other_machine(&known, &other).as_deref(), difference);
        assert_eq!(Machine::of(&known) == Machine::of(&other), difference.is_none(), "{other:?}");
    }
    // A simulated run belongs to no machine.
    assert_eq!(other_machine(&simulated, &simulated), None);
    let said = other_machine(&simulated, &known).unwrap();
    assert_eq!(said, "simulated, no machine and Xeon, 2 cores, 8 GiB, linux 6.1 x86_64");
}

#[test]
fn what_is_saved_at_the_same_time_is_all_there() {
    const SAVERS: u32 = 8;
    let (desk, record) = simulated();
    let folder = desk.path("kept");
    std::thread::scope(|scope| {
        for saver in 0..SAVERS {
            let (folder, record) = (&folder, &record);
            scope.spawn(move || {
                for run in 0..4 {
                    let run = made_on(record, machine("Xeon", 2), saver * 4 + run);
                    Baselines::at(folder).save("small", &run, Others::Keep(30)).unwrap();
                }
            });
        }
    });
    let found = minutes(&saved_on_same_machine(&folder, "small", &machine("Xeon", 2)).unwrap());
    assert_eq!(found, (2..32).collect::<Vec<_>>(), "the newest thirty");
    assert_eq!(files(&folder).len(), 30, "nothing else is left");
}

/// The system refuses to let the file grow beyond a block: like a disk that is full in the middle of it.
#[cfg(unix)]
#[test]
fn a_full_disk_leaves_what_was_saved_before() {
    let (desk, record) = simulated();
    desk.dyno(["baseline", "save", "out/result.json"]).expect(0);
    let before: BTreeSet<PathBuf> = files(&desk.path(".dyno")).into_iter().collect();
    RunResult { seed: 99, ..record.clone() }.write(&desk.path("more.json")).unwrap();
    let limited = |before: &str| {
        let dyno = assert_cmd::cargo::cargo_bin!("dyno");
        let script = format!("{before} ulimit -f 1; exec \"$0\" baseline save more.json --keep 1");
        let mut command = Command::new("bash");
        command.current_dir(desk.path("")).arg("-c").arg(script).arg(dyno);
        Ended::from(command.output().unwrap())
    };
    // Told that there is no room, it says so and cleans up.
    limited("trap '' XFSZ;").expect(3).says(&[".dyno/baselines/small/"]);
    assert_eq!(files(&desk.path(".dyno")).into_iter().collect::<BTreeSet<_>>(), before);
    // Ended on the spot, what it left is no record.
    assert_eq!(limited("").code, -1);
    let folder = desk.path(".dyno/baselines");
    let found = saved_on_same_machine(&folder, "small", &record.environment).unwrap();
    assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), before);
    assert_eq!(desk.dyno(["baseline", "list", "--format", "json"]).expect(0).json()["baselines"][0]["runs"], 1);
}
