//! `dyno size`.

use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;

use crate::api::CreateTable;
use crate::cache::{CacheSettings, DEFAULT_HIT_LATENCY, DEFAULT_NODES, DEFAULT_TIME_TO_LIVE};
use crate::report;
use crate::runner::Demand;
use crate::size::{self, Question, Setting};
use crate::workload::{Overrides, Pace, Workload};

use super::demand::{MetricsArguments, draw, model_at, model_of, parse_share, with_seeds};
use super::report::style;
use super::results::Results;
use super::target::processors;
use super::{CommandResult, Exit, Failure, parse_length, print};

/// Samples of operations drawn for each seed.
const SAMPLES: u64 = 40_000;

/// Find the smallest capacity that serves a workload
///
/// The workload is let through the capacity model, candidate after candidate, with several seeds: partitions, bursts, splits,
/// auto scaling and on-demand growth take part. Says what fixed capacity, auto scaling and on-demand would do, and what would
/// help where no capacity does.
#[derive(Debug, clap::Args)]
pub(super) struct SizeArguments {
    /// The workload file
    #[arg(required_unless_present = "metrics", conflicts_with = "metrics")]
    workload: Option<PathBuf>,
    #[command(flatten)]
    metrics: MetricsArguments,
    /// The share of requests that may be throttled, such as 0.1%; of reads and of writes of every table and index
    #[arg(long, value_name = "SHARE", default_value = "0.1%", value_parser = parse_share)]
    throttled_at_most: f64,
    /// Length of the whole demand, such as 12h or 7d, at the pace of the file; see `dyno simulate --help`
    #[arg(long = "for", visible_alias = "duration", value_name = "TIME", value_parser = parse_length, conflicts_with = "metrics")]
    length: Option<Duration>,
    /// Highest rate in operations per second; open-loop phases are scaled alike
    #[arg(long, value_name = "PER_SECOND", conflicts_with = "metrics")]
    rate: Option<f64>,
    /// The first seed of the random streams; the others count up from it
    #[arg(long)]
    seed: Option<u64>,
    /// How many seeds are tried
    #[arg(long, value_name = "COUNT", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=100))]
    seeds: u16,
    /// Folder for size.json and report.html; reports/NAME-size-TIME where absent
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// What is printed
    #[arg(long, value_enum, default_value_t)]
    format: SizeFormat,
    /// The setting that Terraform and CloudFormation code has; the one with the least capacity where absent
    #[arg(long, value_enum)]
    setting: Option<SizeSetting>,
}

/// What is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum SizeFormat {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
    /// Terraform resources with the answer.
    Terraform,
    /// A CloudFormation template with the answer, as JSON.
    Cloudformation,
}

/// The settings that infrastructure code can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SizeSetting {
    /// Fixed provisioned capacity.
    Fixed,
    /// Auto scaling.
    AutoScaling,
    /// On-demand.
    OnDemand,
}

/// What is sized.
struct Subject {
    demands: Vec<Demand>,
    question: Question,
    /// The workload with every seed; none of a history.
    workloads: Vec<Workload>,
    tables: Vec<CreateTable>,
    warnings: Vec<String>,
}

/// Memory for items of the cache that is tried where one could help.
const CACHE_BYTES: u64 = 10 << 30;

/// A cache in front of all tables.
fn usual_cache(workloads: &[Workload]) -> Option<CacheSettings> {
    let tables = workloads.first()?.tables.iter().map(|table| table.create.name.clone()).collect();
    Some(CacheSettings {
        size_bytes: CACHE_BYTES,
        time_to_live: Some(DEFAULT_TIME_TO_LIVE),
        nodes: DEFAULT_NODES,
        node_type: None,
        hit_latency: DEFAULT_HIT_LATENCY,
        tables,
    })
}

/// Sizes a workload or a history, writes the answer and its report, prints it.
pub(super) fn size(arguments: &SizeArguments) -> CommandResult {
    let subject = subject_of(arguments)?;
    let Subject { demands, question, tables, warnings, .. } = &subject;
    if tables.is_empty() && matches!(arguments.format, SizeFormat::Terraform | SizeFormat::Cloudformation) {
        let message = "metrics do not tell the keys of a table, which infrastructure code needs: make a workload with `dyno import`";
        return Err(Failure::usage(message));
    }
    let results = Results::prepare(arguments.out.as_deref(), &format!("{}-size", question.name))?;
    let mut sizing = size::size(question, demands);
    if subject.workloads.iter().all(|workload| workload.cache.is_none()) && size::wants_cache(&sizing, &demands[0]) {
        let cache = usual_cache(&subject.workloads);
        let cached = subject.workloads.iter().map(|workload| Workload { cache: cache.clone(), ..workload.clone() });
        let cached = draw(&cached.collect::<Vec<_>>(), SAMPLES).map_err(Failure::usage)?;
        let words = cache.map_or(String::new(), |cache| cache.in_words());
        size::try_cache(question, &cached, &words, &mut sizing);
    }
    sizing.warnings.splice(0..0, warnings.iter().cloned());
    let setting = match arguments.setting {
        None => Setting::of(&sizing),
        Some(SizeSetting::Fixed) => Setting::Fixed,
        Some(SizeSetting::AutoScaling) => Setting::AutoScaling,
        Some(SizeSetting::OnDemand) => Setting::OnDemand,
    };
    let is_scaled =
        sizing.resources.iter().any(|resource| resource.read.scaled.is_some() || resource.write.scaled.is_some());
    if setting == Setting::AutoScaling && !is_scaled {
        let message =
            "auto scaling was not tried: the demand is shorter than it takes to react; size a longer one with --for";
        return Err(Failure::usage(message));
    }
    let terraform = size::terraform(&sizing, tables, setting);
    let cloudformation = size::cloudformation(&sizing, tables, setting);
    let json = serde_json::to_string_pretty(&sizing).map_err(Failure::failed)? + "\n";
    let mut snippets = vec![("Terraform", terraform.clone()), ("CloudFormation", cloudformation.clone())];
    snippets.retain(|_| !tables.is_empty());
    let files = [("size.json", json.clone()), ("report.html", report::sizing_html(&sizing, &snippets))];
    let written = results.write_files(&question.name, &files);
    match arguments.format {
        SizeFormat::Text => print(&report::sizing_summary(&sizing, style()))?,
        SizeFormat::Json => print(&json)?,
        SizeFormat::Terraform => print(&terraform)?,
        SizeFormat::Cloudformation => print(&cloudformation)?,
    }
    let folder = written?;
    if arguments.format == SizeFormat::Text {
        print(&format!("report: {}\n", folder.join("report.html").display()))?;
    }
    Ok(if sizing.fits() { Exit::Done } else { Exit::ThresholdFailed })
}

/// What the arguments name.
fn subject_of(arguments: &SizeArguments) -> Result<Subject, Failure> {
    let question = |name: String, model| Question {
        name,
        throttled_at_most: arguments.throttled_at_most,
        model,
        workers: processors(),
        details: true,
    };
    let Some(path) = &arguments.workload else {
        let history = arguments.metrics.read()?;
        let demand = Demand::of_history(&history).map_err(Failure::usage)?;
        let name = history.resources.first().map_or_else(|| history.source.clone(), |first| first.table.clone());
        let question = question(name, model_at(&history));
        let (demands, warnings) = (vec![demand], history.warnings);
        return Ok(Subject { demands, question, workloads: Vec::new(), tables: Vec::new(), warnings });
    };
    let overrides =
        Overrides { duration: arguments.length, pace: Pace::Kept, peak_rate: arguments.rate, seed: arguments.seed };
    let workloads = with_seeds(path, overrides, arguments.seeds)?;
    let first = &workloads[0];
    Ok(Subject {
        question: question(first.name.clone(), model_of(first)),
        tables: first.tables.iter().map(|table| table.create.clone()).collect(),
        warnings: first.warnings.clone(),
        demands: draw(&workloads, SAMPLES).map_err(Failure::usage)?,
        workloads,
    })
}
