//! `dyno report`.

use std::env;
use std::fs;
use std::io::{self, IsTerminal};
use std::path::PathBuf;

use crate::record::RunResult;
use crate::report::{self, SummaryStyle};

use super::{CommandResult, Exit, Failure, Format, print};

/// Render the report of a recorded run again
#[derive(Debug, clap::Args)]
pub(super) struct ReportArguments {
    /// The result.json of a run
    result: PathBuf,
    /// Where to write the report; report.html beside the result where absent
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// How the summary is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Reads a result, writes its report, prints its summary.
pub(super) fn report(arguments: &ReportArguments) -> CommandResult {
    let result = RunResult::read(&arguments.result).map_err(Failure::usage)?;
    let path = arguments.out.clone().unwrap_or_else(|| arguments.result.with_file_name("report.html"));
    fs::write(&path, report::html(&result)).map_err(|error| Failure::failed(format!("{}: {error}", path.display())))?;
    print_summary(&result, arguments.format)?;
    if arguments.format == Format::Text {
        print(&format!("report: {}\n", path.display()))?;
    }
    Ok(Exit::Done)
}

/// Prints a result for people or for programs.
pub(super) fn print_summary(result: &RunResult, format: Format) -> Result<(), Failure> {
    match format {
        Format::Text => print(&report::summary(result, style())),
        Format::Json => {
            let text = serde_json::to_string_pretty(&report::summary_json(result)).map_err(Failure::failed)?;
            print(&format!("{text}\n"))
        }
    }
}

/// As wide as the terminal and in colour, unless the output goes elsewhere or NO_COLOR asks for none (no-color.org).
pub(super) fn style() -> SummaryStyle {
    if !io::stdout().is_terminal() {
        return SummaryStyle::default();
    }
    let width = terminal_size::terminal_size().map_or(SummaryStyle::default().width, |(width, _)| width.0.into());
    SummaryStyle { width, colour: env::var_os("NO_COLOR").is_none() }
}
