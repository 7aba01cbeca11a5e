//! The command line: one file per command, each the steps of its work in order.

mod ab;
mod baseline;
mod calibrate;
mod check;
mod compare;
mod comparison;
mod completions;
mod cost;
mod demand;
mod export;
mod import;
mod new;
mod progress;
mod report;
mod results;
mod run;
mod schema;
mod sides;
mod simulate;
mod size;
mod target;

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};

use crate::time::parse_duration;
use crate::workload::Overrides;

/// How a command ended, as the exit code says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exit {
    /// Done.
    Done = 0,
    /// The run finished, but a threshold of the workload did not hold; or a comparison found the new side worse.
    ThresholdFailed = 1,
    /// Wrong usage, or a mistake in the workload.
    Usage = 2,
    /// The run could not be done.
    Failed = 3,
    /// A comparison was made, and its answer is that it cannot tell.
    CannotTell = 4,
}

/// Why a command did not do its work.
#[derive(Debug)]
struct Failure {
    exit: Exit,
    message: String,
}

impl Failure {
    fn usage(error: impl ToString) -> Self {
        Failure { exit: Exit::Usage, message: error.to_string() }
    }

    fn failed(error: impl ToString) -> Self {
        Failure { exit: Exit::Failed, message: error.to_string() }
    }
}

type CommandResult = Result<Exit, Failure>;

/// Load generator and benchmarking harness for DynamoDB.
///
/// Runs a declarative workload against the bundled engine, real DynamoDB or a compatible endpoint, and reports latency,
/// throttling and consumed capacity.
#[derive(Debug, Parser)]
#[command(
    name = "dyno",
    version,
    after_help = "Exit codes: 0 done, same or better, 1 a threshold failed or worse, 2 wrong usage or workload, 3 could not be done, \
                  4 cannot tell."
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a workload and write its report
    Run(run::RunArguments),
    /// Simulate a workload on the bundled engine in virtual time
    Simulate(simulate::SimulateArguments),
    /// Find the smallest capacity that serves a workload
    Size(size::SizeArguments),
    /// Work out what a workload, a recorded run or a real table costs a month, by every way to pay for it
    Cost(cost::CostArguments),
    /// Compare recorded runs: better, worse, same, or cannot tell
    Compare(compare::CompareArguments),
    /// Compare two targets, engine settings or builds by runs that take turns
    Ab(Box<ab::AbArguments>),
    /// Check a workload and show what a run would do, without running it
    Check(check::CheckArguments),
    /// Write a commented starter workload
    New(new::NewArguments),
    /// Make a workload file from a table's description: describe-table, CloudFormation, Terraform, NoSQL Workbench, YCSB
    Import(import::ImportArguments),
    /// Print the JSON Schema of workload files, for editors
    Schema,
    /// Render the report of a recorded run or of a comparison again
    Report(report::ReportArguments),
    /// Write a recorded run in forms that other tools read: HdrHistogram logs, CSV, SVG, PNG
    Export(export::ExportArguments),
    /// Fit the latency model of the bundled engine to a recorded run
    Calibrate(calibrate::CalibrateArguments),
    /// Keep recorded runs to compare later ones with
    Baseline(baseline::BaselineArguments),
    /// Print shell completions
    Completions(completions::CompletionsArguments),
}

/// How results are printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs; alone on standard output.
    Json,
}

/// Options that change a workload.
#[derive(Debug, clap::Args)]
struct OverrideArguments {
    /// Length of the whole run; phases are shortened or lengthened alike
    #[arg(long, value_name = "TIME", value_parser = parse_length)]
    duration: Option<Duration>,
    /// Highest rate in operations per second; open-loop phases are scaled alike
    #[arg(long, value_name = "PER_SECOND")]
    rate: Option<f64>,
    /// Seed of the random streams
    #[arg(long)]
    seed: Option<u64>,
}

impl OverrideArguments {
    fn overrides(&self) -> Overrides {
        Overrides { duration: self.duration, peak_rate: self.rate, seed: self.seed, ..Overrides::default() }
    }
}

fn parse_length(text: &str) -> Result<Duration, String> {
    parse_duration(text).map_err(|error| error.to_string())
}

/// Parses the command line, does what it says, and tells how it ended.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let is_mistake = error.use_stderr();
            // Nothing better can be done where the terminal itself is gone.
            let _ = error.print();
            return ExitCode::from(if is_mistake { Exit::Usage as u8 } else { Exit::Done as u8 });
        }
    };
    let ended = match arguments.command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Simulate(arguments) => simulate::simulate(&arguments),
        Command::Size(arguments) => size::size(&arguments),
        Command::Compare(arguments) => compare::compare(&arguments),
        Command::Ab(arguments) => ab::ab(&arguments),
        Command::Check(arguments) => check::check(&arguments),
        Command::New(arguments) => new::new(&arguments),
        Command::Import(arguments) => import::import(&arguments),
        Command::Schema => schema::schema(),
        Command::Report(arguments) => report::report(&arguments),
        Command::Export(arguments) => export::export(&arguments),
        Command::Cost(arguments) => cost::cost(&arguments),
        Command::Calibrate(arguments) => calibrate::calibrate(&arguments),
        Command::Baseline(arguments) => baseline::baseline(&arguments),
        Command::Completions(arguments) => completions::completions::<Arguments>(&arguments),
    };
    match ended {
        Ok(exit) => ExitCode::from(exit as u8),
        Err(failure) => {
            let _ = writeln!(io::stderr(), "error: {}", failure.message);
            ExitCode::from(failure.exit as u8)
        }
    }
}

/// Writes to standard output; a reader that went away early, such as `head`, is no failure.
fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::failed(format!("standard output: {error}")))
        }
        _ => Ok(()),
    }
}
