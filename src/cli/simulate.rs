//! `dyno simulate`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::record::RunResult;
use crate::runner::{self, CapacityOnly, Simulation};
use crate::target::EngineTarget;
use crate::workload::{EngineCapacity, Overrides, Pace, Workload};

use super::progress::Display;
use super::report::print_summary;
use super::results::{Results, exit_of};
use super::run::stop_on_signals;
use super::target::processors;
use super::{CommandResult, Failure, Format, parse_length, print};

/// Simulate a workload on the bundled engine in virtual time
///
/// Everything happens as in `dyno run`, but time goes from one event to the next instead of passing: a day takes seconds.
/// The same file, seed and version of dyno give the same result.json, byte for byte, on any machine.
#[derive(Debug, clap::Args)]
pub(super) struct SimulateArguments {
    /// The workload file
    workload: PathBuf,
    /// Length of the whole run, such as 12h or 30d, at the pace of the file
    ///
    /// Phases are shortened or lengthened alike, warm-ups keep their length. Lengths of time that the file gives hold,
    /// unlike with `dyno run --duration`, which stretches them: a sine keeps its period and goes on, a trace goes on and
    /// begins again at its end, a spike comes once and where the file says. Where the time is shorter, they break off. A
    /// constant rate goes on; a ramp and steps fill their phase, however long it is.
    #[arg(long = "for", visible_alias = "duration", value_name = "TIME", value_parser = parse_length)]
    length: Option<Duration>,
    /// Highest rate in operations per second; open-loop phases are scaled alike
    #[arg(long, value_name = "PER_SECOND")]
    rate: Option<f64>,
    /// Seed of the random streams
    #[arg(long)]
    seed: Option<u64>,
    /// Simulate capacity alone: streams of operations instead of single ones, nothing stored, no latency
    ///
    /// For what operations one by one cannot reach: 30 days at a million requests a second take seconds. Tables, indexes,
    /// partitions, splits, on-demand growth and auto scaling are the same; the report says what is left out. Phases must have
    /// a rate.
    #[arg(long)]
    capacity_only: bool,
    /// Threads that take part; one per processor where absent. The result does not depend on them
    #[arg(long, value_name = "THREADS", value_parser = clap::value_parser!(u16).range(1..=1024))]
    workers: Option<u16>,
    /// Folder for result.json and report.html; reports/NAME-TIME where absent
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// How the summary is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Simulates a workload, writes its result and report, prints its summary.
pub(super) fn simulate(arguments: &SimulateArguments) -> CommandResult {
    let workload = Workload::read(&arguments.workload, arguments.overrides()).map_err(Failure::usage)?;
    let workload = Arc::new(workload);
    if arguments.capacity_only {
        return simulate_capacity(arguments, &workload);
    }
    let target = EngineTarget::new(&workload, workload.engine_capacity).map_err(Failure::usage)?;
    runner::can_simulate(&workload, &*target).map_err(Failure::usage)?;
    let results = Results::prepare(arguments.out.as_deref(), &workload.name)?;
    let stop = stop_on_signals()?;

    let workers = arguments.workers.map_or_else(processors, usize::from);
    let mut display = Display::new(arguments.format == Format::Json);
    let loaded = runner::load_in_order(&workload, &*target, workers, &stop, |progress| display.show(&progress));
    let loaded = loaded.map_err(Failure::failed).inspect_err(|_| results.drop_unused())?;
    let simulation = Simulation {
        info: target.info(),
        target,
        limited: workload.engine_capacity == EngineCapacity::Enforced,
        loaded,
        workers,
        command: arguments.command(&workload),
    };
    let result = runner::simulate(&workload, simulation, &stop, |progress| display.show(&progress));
    display.finish();
    finish(result.map_err(Failure::usage), &workload, results, arguments.format)
}

/// The same for capacity alone.
fn simulate_capacity(arguments: &SimulateArguments, workload: &Arc<Workload>) -> CommandResult {
    let results = Results::prepare(arguments.out.as_deref(), &workload.name)?;
    let stop = stop_on_signals()?;
    let mut display = Display::new(arguments.format == Format::Json);
    let options = CapacityOnly { command: arguments.command(workload), ..CapacityOnly::default() };
    let result = runner::simulate_capacity(workload, options, &stop, |progress| display.show(&progress));
    display.finish();
    finish(result.map_err(Failure::usage), workload, results, arguments.format)
}

/// Writes a result and its report, prints its summary.
fn finish(result: Result<RunResult, Failure>, workload: &Workload, results: Results, format: Format) -> CommandResult {
    let mut result = result.inspect_err(|_| results.drop_unused())?;
    result.warnings.extend(workload.hot_key_warnings());
    let written = results.write(&result);
    print_summary(&result, format)?;
    let folder = written?;
    if format == Format::Text {
        print(&format!("report: {}\n", folder.join("report.html").display()))?;
    }
    Ok(exit_of(&result.thresholds))
}

impl SimulateArguments {
    fn overrides(&self) -> Overrides {
        Overrides { duration: self.length, pace: Pace::Kept, peak_rate: self.rate, seed: self.seed }
    }

    /// What gives the same result again: the arguments that bear on it, always written in the same way.
    fn command(&self, workload: &Workload) -> Vec<String> {
        let mut command = vec!["dyno".to_owned(), "simulate".to_owned(), workload.source.path.clone()];
        let options = [
            ("--for", self.length.map(length_text)),
            ("--rate", self.rate.map(|rate| rate.to_string())),
            ("--seed", self.seed.map(|seed| seed.to_string())),
        ];
        for (option, value) in options {
            command.extend(value.into_iter().flat_map(|value| [option.to_owned(), value]));
        }
        if self.capacity_only {
            command.push("--capacity-only".to_owned());
        }
        command
    }
}

/// A length of time in the largest unit that it is a whole number of.
fn length_text(length: Duration) -> String {
    let nanos = length.as_nanos();
    let units = [("d", 86_400_000_000_000), ("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000)];
    let whole = units.into_iter().find(|(_, unit)| nanos.is_multiple_of(*unit));
    whole.map_or_else(|| format!("{nanos}ns"), |(name, unit)| format!("{}{name}", nanos / unit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::parse_duration;

    #[test]
    fn lengths_are_written_as_they_are_read() {
        for text in ["30d", "25h", "90m", "61s", "1500000000ns"] {
            assert_eq!(length_text(parse_duration(text).unwrap()), text);
        }
    }
}
