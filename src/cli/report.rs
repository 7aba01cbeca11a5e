//! `dyno report`.

use std::env;
use std::fs;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::compare::{self, Comparison};
use crate::record::{self, RunResult};
use crate::report::{self, SummaryStyle};

use super::{CommandResult, Exit, Failure, Format, print};

/// Render the report of a recorded run or of a comparison again
#[derive(Debug, clap::Args)]
pub(super) struct ReportArguments {
    /// The result.json of a run, or the comparison.json of a comparison
    result: PathBuf,
    /// Where to write the report; report.html or comparison.html beside the file where absent
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Of a comparison: list every metric, also what is the same on both sides
    #[arg(long)]
    all: bool,
    /// How the summary is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Reads a result or a comparison, writes its report, prints its summary.
pub(super) fn report(arguments: &ReportArguments) -> CommandResult {
    match schema_of(&arguments.result).as_deref() {
        Some(compare::SCHEMA) => return report_comparison(arguments),
        Some(record::SCHEMA) | None => {}
        Some(other) => {
            return Err(Failure::usage(format!(
                "{}: its schema is `{other}`; this dyno reads `{}` (result.json) and `{}` (comparison.json)",
                arguments.result.display(),
                record::SCHEMA,
                compare::SCHEMA
            )));
        }
    }
    let result = RunResult::read(&arguments.result).map_err(Failure::usage)?;
    if arguments.all {
        return Err(Failure::usage(format!(
            "--all is for comparisons, and {} is a run: its report shows everything; leave --all out",
            arguments.result.display()
        )));
    }
    let path = write(arguments, "report.html", report::html(&result))?;
    print_summary(&result, arguments.format)?;
    say_where(arguments, &path)
}

fn report_comparison(arguments: &ReportArguments) -> CommandResult {
    let path = &arguments.result;
    let mistake = |error: String| Failure::usage(format!("{}: {error}", path.display()));
    let text = fs::read_to_string(path).map_err(|error| mistake(error.to_string()))?;
    let comparison: Comparison =
        serde_json::from_str(&text).map_err(|error| mistake(format!("not a comparison: {error}")))?;
    let path = write(arguments, "comparison.html", report::comparison_html(&comparison))?;
    match arguments.format {
        Format::Text => print(&report::comparison_text(&comparison, arguments.all, style()))?,
        Format::Json => {
            let text = serde_json::to_string_pretty(&comparison).map_err(Failure::failed)?;
            print(&format!("{text}\n"))?;
        }
    }
    say_where(arguments, &path)
}

/// The schema that the file names; none where it cannot be read or names none, which whoever reads it all will say better.
fn schema_of(path: &Path) -> Option<String> {
    #[derive(Deserialize)]
    struct Header {
        schema: String,
    }
    let text = fs::read_to_string(path).ok()?;
    serde_json::from_str::<Header>(&text).ok().map(|header| header.schema)
}

fn write(arguments: &ReportArguments, name: &str, page: String) -> Result<PathBuf, Failure> {
    let path = arguments.out.clone().unwrap_or_else(|| arguments.result.with_file_name(name));
    fs::write(&path, page).map_err(|error| Failure::failed(format!("{}: {error}", path.display())))?;
    Ok(path)
}

fn say_where(arguments: &ReportArguments, path: &Path) -> CommandResult {
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
