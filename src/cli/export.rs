//! `dyno export`.

use std::fs;
use std::path::PathBuf;

use clap::ValueEnum;

use crate::export::{self, ExportedFile};
use crate::record::RunResult;
use crate::report;

use super::{CommandResult, Exit, Failure, print};

/// Write a recorded run in forms that other tools read
///
/// hdr: an HdrHistogram V2 interval log, latency.hlog, with a tag for every operation and kind of time (get.response, get.service).
/// csv: the run over time as tables: operations.csv, intervals.csv, capacity.csv, failures.csv.
/// svg, png: every plot of the report as a picture of its own.
#[derive(Debug, clap::Args)]
pub(super) struct ExportArguments {
    /// The result.json of a run
    result: PathBuf,
    /// What to write; several with commas between
    #[arg(long, value_enum, value_name = "FORMATS", required = true, value_delimiter = ',')]
    format: Vec<ExportFormat>,
    /// Folder for the files; `export` beside the result where absent
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Colours of the plots
    #[arg(long, value_enum, default_value_t)]
    theme: Theme,
    /// Pixels of a PNG to the pixel of the report
    #[arg(long, value_name = "FACTOR", default_value_t = 2.0, value_parser = parse_scale)]
    scale: f32,
}

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ExportFormat {
    /// Latencies as an interval log of HdrHistogram.
    Hdr,
    /// The run over time as tables.
    Csv,
    /// Plots that scale.
    Svg,
    /// Plots in pixels.
    Png,
}

/// Colours of plots.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Theme {
    /// On white.
    #[default]
    Light,
    /// On black.
    Dark,
}

impl From<Theme> for report::Theme {
    fn from(theme: Theme) -> Self {
        match theme {
            Theme::Light => report::Theme::Light,
            Theme::Dark => report::Theme::Dark,
        }
    }
}

/// Reads a result, writes it in other forms, prints what was written.
pub(super) fn export(arguments: &ExportArguments) -> CommandResult {
    let result = RunResult::read(&arguments.result).map_err(Failure::usage)?;
    let mut files = Vec::new();
    for format in &arguments.format {
        files.extend(exported(&result, *format, arguments)?);
    }
    let folder = arguments.out.clone().unwrap_or_else(|| arguments.result.with_file_name("export"));
    fs::create_dir_all(&folder).map_err(|error| {
        Failure::failed(format!("{}: no folder for the files: {error}; name another with --out", folder.display()))
    })?;
    for file in &files {
        let path = folder.join(&file.name);
        fs::write(&path, &file.bytes).map_err(|error| Failure::failed(format!("{}: {error}", path.display())))?;
        print(&format!("{}\n", path.display()))?;
    }
    Ok(Exit::Done)
}

fn exported(
    result: &RunResult,
    format: ExportFormat,
    arguments: &ExportArguments,
) -> Result<Vec<ExportedFile>, Failure> {
    match format {
        ExportFormat::Hdr => Ok(vec![export::hdr_log(result)]),
        ExportFormat::Csv => export::csv_tables(result).map_err(Failure::failed),
        ExportFormat::Svg => Ok(export::svg_plots(result, arguments.theme.into())),
        ExportFormat::Png => png(result, arguments),
    }
}

#[cfg(feature = "png")]
fn png(result: &RunResult, arguments: &ExportArguments) -> Result<Vec<ExportedFile>, Failure> {
    export::png_plots(result, arguments.theme.into(), arguments.scale).map_err(Failure::failed)
}

#[cfg(not(feature = "png"))]
fn png(_: &RunResult, _: &ExportArguments) -> Result<Vec<ExportedFile>, Failure> {
    Err(Failure::usage("this dyno was built without the feature `png`; export svg"))
}

fn parse_scale(text: &str) -> Result<f32, String> {
    let scale: f32 = text.parse().map_err(|_| "expected a number such as 2".to_owned())?;
    if (0.25..=10.0).contains(&scale) { Ok(scale) } else { Err("expected a number from 0.25 to 10".to_owned()) }
}
