//! `dyno run`.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::record::{RunResult, ThresholdResult};
use crate::report;
use crate::runner::{self, Stop};
use crate::workload::Workload;

use super::progress::Display;
use super::report::print_summary;
use super::target::TargetArguments;
use super::{CommandResult, Exit, Failure, Format, OverrideArguments, print};

/// The exit code of a run that a second Ctrl-C ended at once, as shells count it.
const STOPPED_AT_ONCE: i32 = 130;

/// Run a workload and write its report
#[derive(Debug, clap::Args)]
pub(super) struct RunArguments {
    /// The workload file
    workload: PathBuf,
    #[command(flatten)]
    target: TargetArguments,
    #[command(flatten)]
    overrides: OverrideArguments,
    /// Folder for result.json and report.html; reports/NAME-TIME where absent
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// How the summary is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs a workload, writes its result and report, prints its summary.
pub(super) fn run(arguments: &RunArguments) -> CommandResult {
    let workload = Workload::read(&arguments.workload, arguments.overrides.overrides()).map_err(Failure::usage)?;
    let workload = Arc::new(workload);
    let folder = results_folder(arguments, &workload)?;
    let stop = stop_on_signals()?;

    let mut display = Display::new(arguments.format == Format::Json);
    let ready = arguments.target.prepare(&workload, &stop, |progress| display.show(&progress));
    let ready = ready.inspect_err(|_| drop_unused(arguments, &folder))?;
    let mut result = runner::run(&workload, &ready.driver, ready.loaded, &stop, |progress| display.show(&progress));
    display.finish();
    result.warnings.extend(ready.warnings);

    // First of all, and again where there is more to say: cleaning up may take minutes.
    let mut written = write_results(&result, &folder);
    if let Some(left_behind) = arguments.target.clean_up(&ready.driver) {
        result.warnings.push(left_behind);
        written = write_results(&result, &folder);
    }
    print_summary(&result, arguments.format)?;
    let folder = written?;
    if arguments.format == Format::Text {
        print(&format!("report: {}\n", folder.join("report.html").display()))?;
    }
    Ok(exit_of(&result.thresholds))
}

/// The first Ctrl-C ends the run early, the second ends the process at once.
fn stop_on_signals() -> Result<Stop, Failure> {
    let stop = Stop::new();
    for signal in [SIGINT, SIGTERM] {
        // In this order: the second signal finds the flag that the first one set.
        flag::register_conditional_shutdown(signal, STOPPED_AT_ONCE, stop.flag())
            .and_then(|_| flag::register(signal, stop.flag()))
            .map_err(Failure::failed)?;
    }
    Ok(stop)
}

/// Makes the folder now: a run is not worth doing if its result cannot be kept.
fn results_folder(arguments: &RunArguments, workload: &Workload) -> Result<PathBuf, Failure> {
    let folder = arguments.out.clone().unwrap_or_else(|| {
        let now = Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
        PathBuf::from("reports").join(format!("{}-{now}", workload.name))
    });
    fs::create_dir_all(&folder).map_err(|error| {
        Failure::failed(format!("{}: no folder for the result: {error}; name another with --out", folder.display()))
    })?;
    Ok(folder)
}

/// Leaves no empty folder of our own naming behind where nothing was run.
fn drop_unused(arguments: &RunArguments, folder: &Path) {
    if arguments.out.is_none() {
        // It is empty but for what others put there, and then it stays.
        let _ = fs::remove_dir(folder);
    }
}

/// Writes both files; where the folder does not take them, into the system's folder for temporary files.
fn write_results(result: &RunResult, folder: &Path) -> Result<PathBuf, Failure> {
    let error = match write_into(result, folder) {
        Ok(()) => return Ok(folder.to_owned()),
        Err(error) => error,
    };
    let refuge = std::env::temp_dir().join(format!("dyno-{}-{}", result.name, std::process::id()));
    let rescued = fs::create_dir_all(&refuge).map_err(|error| error.to_string());
    match rescued.and_then(|()| write_into(result, &refuge)) {
        Ok(()) => {
            let _ = writeln!(io::stderr(), "warning: {error}; the result is in {} instead", refuge.display());
            Ok(refuge)
        }
        Err(second) => Err(Failure::failed(format!("{error}; and elsewhere: {second}"))),
    }
}

fn write_into(result: &RunResult, folder: &Path) -> Result<(), String> {
    result.write(&folder.join("result.json")).map_err(|error| error.to_string())?;
    let path = folder.join("report.html");
    fs::write(&path, report::html(result)).map_err(|error| format!("{}: {error}", path.display()))
}

fn exit_of(thresholds: &[ThresholdResult]) -> Exit {
    if thresholds.iter().all(|threshold| threshold.passed) { Exit::Done } else { Exit::ThresholdFailed }
}
