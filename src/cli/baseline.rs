//! `dyno baseline`.

use std::path::{Path, PathBuf};

use clap::Subcommand;

use crate::baseline::{BaselineError, Baselines, DEFAULT_FOLDER, DEFAULT_KEEP, Others, Saving, check, check_name};
use crate::compare::Machine;
use crate::record::RunResult;
use crate::report;
use crate::runner;

use super::report::style;
use super::{CommandResult, Exit, Failure, Format, print};

/// Keep recorded runs to compare later ones with
///
/// Baselines are kept by name and by kind of machine: processor, cores, memory, system. What their runs differ by tells a
/// comparison how much is noise. They must therefore be as independent of each other as they are of the run that is compared: one
/// of each night or job, not five of the same, which differ too little and make intervals too narrow.
#[derive(Debug, clap::Args)]
pub(super) struct BaselineArguments {
    #[command(subcommand)]
    command: BaselineCommand,
}

#[derive(Debug, Subcommand)]
enum BaselineCommand {
    /// Save runs as a baseline
    ///
    /// Exit codes: 0 saved, 2 wrong usage, 3 a run that nothing can be compared with, of another workload than what is saved, or
    /// a file that cannot be read or written.
    Save(SaveArguments),
    /// List the baselines there are
    List(ListArguments),
    /// Show the runs of a baseline, and how much they differ
    ///
    /// Exit codes: 0 shown, 2 there is none of this name, or none of this machine, 3 it is there but cannot be read.
    Show(ShowArguments),
}

#[derive(Debug, clap::Args)]
struct SaveArguments {
    /// The result.json of runs that ended well
    #[arg(required = true, value_name = "RESULT")]
    results: Vec<PathBuf>,
    /// What to call the baseline; the workload's name where absent
    #[arg(long)]
    name: Option<String>,
    /// How many of the newest runs are kept for each name and machine
    #[arg(long, value_name = "COUNT", default_value_t = DEFAULT_KEEP as u16, value_parser = clap::value_parser!(u16).range(1..=1000))]
    keep: u16,
    /// Let go of all that was saved under the name, on every kind of machine: the workload was changed, or another level is accepted
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, clap::Args)]
struct ListArguments {
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, clap::Args)]
struct ShowArguments {
    /// The baseline's name
    name: String,
    /// Only the runs of machines like this one; an error where there are none
    #[arg(long)]
    this_machine: bool,
    #[command(flatten)]
    place: Place,
}

/// Where baselines are, and how they are shown.
#[derive(Debug, clap::Args)]
struct Place {
    /// Folder of the baselines
    #[arg(long, value_name = "DIR", default_value = DEFAULT_FOLDER)]
    dir: PathBuf,
    /// How the outcome is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Saves, lists or shows.
pub(super) fn baseline(arguments: &BaselineArguments) -> CommandResult {
    match &arguments.command {
        BaselineCommand::Save(arguments) => save(arguments),
        BaselineCommand::List(arguments) => list(arguments),
        BaselineCommand::Show(arguments) => show(arguments),
    }
}

/// Reads and checks every record before the first one is saved, saves them, says of each what is there now.
fn save(arguments: &SaveArguments) -> CommandResult {
    let mut records = Vec::new();
    for path in &arguments.results {
        let record = RunResult::read(path).map_err(Failure::usage)?;
        check_name(arguments.name.as_deref().unwrap_or(&record.name)).map_err(failure)?;
        check(&record, &path.display().to_string()).map_err(|unfit| failure(unfit.into()))?;
        records.push((path, record));
    }
    let mut saved = Vec::new();
    let outcome = save_all(arguments, &records, &mut saved);
    if arguments.place.format == Format::Json {
        // Also where a later one could not be saved: these were.
        print_json(&serde_json::json!({ "saved": saved }))?;
    }
    outcome.map(|()| Exit::Done)
}

fn save_all(
    arguments: &SaveArguments,
    records: &[(&PathBuf, RunResult)],
    saved: &mut Vec<serde_json::Value>,
) -> Result<(), Failure> {
    let baselines = Baselines::at(&arguments.place.dir);
    let mut replaced: Vec<&str> = Vec::new();
    for (from, record) in records {
        let name = arguments.name.as_deref().unwrap_or(&record.name);
        // The first of a name replaces; the others join it.
        let others = match arguments.replace && !replaced.contains(&name) {
            true => Others::Replace,
            false => Others::Keep(arguments.keep.into()),
        };
        let saving = baselines.save(name, record, others).map_err(failure)?;
        replaced.push(name);
        if arguments.place.format == Format::Text {
            print(&in_words(from, name, &saving))?;
        }
        saved.push(serde_json::json!({
            "result": from,
            "name": name,
            "machine": { "fingerprint": saving.machine.fingerprint(), "text": saving.machine.to_string() },
            "path": saving.path,
            "kept": saving.kept,
            "was_there": saving.known,
            "runs": saving.runs,
            "let_go": saving.dropped,
        }));
    }
    Ok(())
}

fn in_words(from: &Path, name: &str, saving: &Saving) -> String {
    let Saving { runs, dropped, machine, .. } = saving;
    let path = saving.path.display();
    let plural = if *runs == 1 { "" } else { "s" };
    let what = match (saving.kept, saving.known) {
        (false, _) => format!("not kept: older than the newest {runs}; keep more with --keep"),
        (true, true) => format!("was there already: {path}"),
        (true, false) => format!("saved: {path}"),
    };
    let let_go = match dropped {
        0 => String::new(),
        dropped => format!(", {dropped} let go"),
    };
    format!(
        "{}: {what}\nbaseline {name}, machine {} ({machine}): {runs} run{plural}{let_go}\n",
        from.display(),
        machine.fingerprint()
    )
}

fn list(arguments: &ListArguments) -> CommandResult {
    let Place { dir, format } = &arguments.place;
    let baselines = Baselines::at(dir).all().map_err(failure)?;
    let text = || match baselines.is_empty() {
        true => format!("{}: no baselines; save one with `dyno baseline save RESULT`\n", dir.display()),
        false => report::baseline_list(&baselines, style()),
    };
    let json = || serde_json::json!({ "baselines": baselines.iter().map(report::baseline_json).collect::<Vec<_>>() });
    print_as(*format, text, json)
}

fn show(arguments: &ShowArguments) -> CommandResult {
    let Place { dir, format } = &arguments.place;
    let baselines = Baselines::at(dir);
    let found = match arguments.this_machine {
        true => baselines.named_on(&arguments.name, &Machine::of(&runner::environment())).map(|found| vec![found]),
        false => baselines.named(&arguments.name),
    };
    let found = found.map_err(failure)?;
    let text = || found.iter().map(|baseline| report::baseline(baseline, style())).collect::<Vec<_>>().join("\n");
    let json = || serde_json::json!({ "baselines": found.iter().map(report::baseline_runs_json).collect::<Vec<_>>() });
    print_as(*format, text, json)
}

fn print_as(format: Format, text: impl FnOnce() -> String, json: impl FnOnce() -> serde_json::Value) -> CommandResult {
    match format {
        Format::Text => print(&text())?,
        Format::Json => print_json(&json())?,
    }
    Ok(Exit::Done)
}

fn print_json(json: &serde_json::Value) -> Result<(), Failure> {
    let json = serde_json::to_string_pretty(json).map_err(Failure::failed)?;
    print(&format!("{json}\n"))
}

/// A name that is none, or that nothing of this machine was saved under, was asked wrongly; all else could not be done.
pub(super) fn failure(error: BaselineError) -> Failure {
    match error {
        BaselineError::Name(_) | BaselineError::Unknown { .. } | BaselineError::OtherMachines { .. } => {
            Failure::usage(error)
        }
        _ => Failure::failed(error),
    }
}
