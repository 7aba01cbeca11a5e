//! `dyno cost`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rust_decimal::Decimal;

use crate::api::{CapacityMode, TableClass};
use crate::capacity::CapacityModel;
use crate::cost::{
    self, Comparison, Costed, Extras, HOURS_PER_MONTH, LinearSubject, Mode, Question, Subject, TRAFFIC, Usage,
};
use crate::history::History;
use crate::pricing::{Item, PriceBook};
use crate::record::RunResult;
use crate::report::{self, CostReport};
use crate::runner::{Demand, in_parallel};
use crate::size::{self, Sizing};
use crate::workload::{Overrides, Pace, Table, Workload};

use super::demand::{MetricsArguments, draw, model_at, model_of, parse_share, with_seeds};
use super::report::style;
use super::results::Results;
use super::target::processors;
use super::{CommandResult, Exit, Failure, Format, parse_length, print};

/// The region whose prices are taken where none is named.
const DEFAULT_REGION: &str = "us-east-1";
/// How long a workload is looked at.
const MONTH: Duration = Duration::from_secs(30 * 86_400);
/// A shorter one does not tell what a month brings.
const DAY: Duration = Duration::from_secs(86_400);
/// What other traffic means where nothing but units is known.
const LINEAR: &str = "At other traffic, units and capacity are scaled with it and the shares throttled stay as they are: nothing is \
    sized anew, so that this says little about whether the answer holds.";
/// Seeds a workload is sized with, ...
const SEEDS: u16 = 3;
/// ... and samples drawn for each.
const SAMPLES: u64 = 40_000;

/// Work out what a workload or a recorded run costs a month, by every way to pay for it
///
/// Side by side: on-demand, provisioned capacity fixed and with auto scaling, reserved capacity for 1 and 3 years, and the classes
/// Standard and Standard-IA, with what the workload says is billed besides ([tables.billing]). Prices are those that ship with
/// dyno, each with its source and date, or those of AWS's own price list.
#[derive(Debug, clap::Args)]
pub(super) struct CostArguments {
    /// A workload file, or the result.json of a run
    #[arg(value_name = "WORKLOAD|RESULT.json", required_unless_present = "metrics", conflicts_with = "metrics")]
    subject: Option<PathBuf>,
    #[command(flatten)]
    metrics: MetricsArguments,
    /// The region; us-east-1, or that of the price list, where absent
    #[arg(long)]
    region: Option<String>,
    /// How long a workload is looked at before that is scaled to a month, such as 7d; 30d where absent. It goes on at the pace
    /// of the file, see `dyno simulate --help`
    #[arg(long = "for", value_name = "TIME", value_parser = parse_length, conflicts_with = "metrics")]
    length: Option<Duration>,
    /// AWS's price list of DynamoDB instead of the prices that ship with dyno
    ///
    /// The JSON of https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AmazonDynamoDB/current/REGION/index.json, or that of
    /// all regions.
    #[arg(long, value_name = "FILE")]
    price_list: Option<PathBuf>,
    /// Use prices that no source confirms too, such as the rates of Database Savings Plans; they are marked
    #[arg(long)]
    unconfirmed_prices: bool,
    /// The largest share of requests that a recommended choice may throttle, such as 0.1%
    #[arg(long, value_name = "SHARE", default_value = "0.1%", value_parser = parse_share)]
    throttled_at_most: f64,
    /// Folder for cost.json and report.html; reports/NAME-cost-TIME where absent
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// How the summary is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What bills are to be made of.
struct Asked {
    name: String,
    origin: String,
    costed: Costed,
    subject: Box<dyn Subject>,
    /// Tables of which it is said what the capacity costs that they declare, because their bills are of other capacity.
    declared: Vec<Table>,
}

/// Works out the bills, writes them and their report, prints a summary.
pub(super) fn cost(arguments: &CostArguments) -> CommandResult {
    let book = prices(arguments)?;
    let region = region(arguments, &book)?;
    let mut asked = subject_of(arguments)?;
    asked.costed.warnings.extend(asked.declared.iter().filter_map(|table| declared_cost(table, &book, &region)));
    let question = Question {
        usage: &asked.costed.usage,
        extras: &asked.costed.extras,
        book: &book,
        region: &region,
        throttled_at_most: arguments.throttled_at_most,
        current: &asked.costed.current,
    };
    let comparison: Comparison = cost::compare(&question).map_err(Failure::usage)?;
    let sensitivity =
        cost::sensitivity(&question, &comparison, asked.subject.as_ref(), &TRAFFIC).map_err(Failure::failed)?;
    let report = CostReport {
        name: asked.name,
        origin: asked.origin,
        prices: book.origin.clone(),
        comparison,
        sensitivity,
        warnings: asked.costed.warnings,
    };
    let results = Results::prepare(arguments.out.as_deref(), &format!("{}-cost", report.name))?;
    let json = serde_json::to_string_pretty(&report.json()).map_err(Failure::failed)?;
    let written = results.write_files(&report.name, &[("cost.json", json.clone()), ("report.html", report.html())]);
    match arguments.format {
        Format::Text => print(&report.summary(style()))?,
        Format::Json => print(&format!("{json}\n"))?,
    }
    let folder = written?;
    if arguments.format == Format::Text {
        print(&format!("report: {}\n", folder.join("report.html").display()))?;
    }
    Ok(Exit::Done)
}

/// The prices that ship with dyno, or those of a price list.
fn prices(arguments: &CostArguments) -> Result<PriceBook, Failure> {
    let Some(path) = &arguments.price_list else { return Ok(PriceBook::builtin(arguments.unconfirmed_prices)) };
    let text = read(path)?;
    let name = path.display().to_string();
    PriceBook::from_price_list(&name, &text, arguments.unconfirmed_prices).map_err(Failure::usage)
}

fn region(arguments: &CostArguments, book: &PriceBook) -> Result<String, Failure> {
    let named = arguments.region.clone();
    let region = named.or_else(|| book.only_region().map(|only| only.region.clone()));
    let region = region.unwrap_or_else(|| DEFAULT_REGION.to_owned());
    book.region(&region).map_err(|error| Failure::usage(format!("{}: {error}", book.origin)))?;
    Ok(region)
}

/// What the arguments name, with its usage.
fn subject_of(arguments: &CostArguments) -> Result<Asked, Failure> {
    match &arguments.subject {
        None => of_metrics(arguments),
        Some(path) if path.extension().is_some_and(|extension| extension == "json") => of_record(arguments, path),
        Some(path) => of_workload(arguments, path),
    }
}

/// How capacity is found for what is costed: without the details that only `dyno size` shows.
fn sizing(arguments: &CostArguments, name: &str, model: CapacityModel, workers: usize, demands: &[Demand]) -> Sizing {
    let throttled_at_most = arguments.throttled_at_most;
    let question = size::Question { name: name.to_owned(), throttled_at_most, model, workers, details: false };
    size::size(&question, demands)
}

fn of_metrics(arguments: &CostArguments) -> Result<Asked, Failure> {
    let history = arguments.metrics.read()?;
    let mut usage = Usage::of_history(&history);
    let name = history.resources.first().map_or_else(|| history.source.clone(), |first| first.table.clone());
    plan(arguments, &mut usage, &history, &name)?;
    let (extras, current) = (Extras::default(), BTreeMap::new());
    usage.assumptions.push(LINEAR.to_owned());
    let costed = Costed { usage, extras, current, warnings: history.warnings.clone() };
    Ok(Asked {
        declared: Vec::new(),
        name,
        origin: format!("metrics of {}", report::period(costed.usage.span.as_secs_f64())),
        subject: Box::new(LinearSubject(costed.usage.clone())),
        costed,
    })
}

fn of_record(arguments: &CostArguments, path: &Path) -> Result<Asked, Failure> {
    if arguments.length.is_some() {
        let message = "--for is for workloads: what a run used is in its record, however long it took";
        return Err(Failure::usage(message));
    }
    let result = RunResult::read(path).map_err(Failure::usage)?;
    let mut costed = cost::of_record(&result);
    let (origin, name) = (format!("a run of {}", report::length(&result)), result.name.clone());
    let again = cost::workloads_of_record(&result, SEEDS)
        .and_then(|workloads| draw(&workloads, SAMPLES).ok().map(|demands| (workloads, demands)));
    let Some((workloads, demands)) = again else {
        plan(arguments, &mut costed.usage, &History::of_record(&result), &result.name)?;
        costed.usage.assumptions.push(LINEAR.to_owned());
        let subject = Box::new(LinearSubject(costed.usage.clone()));
        return Ok(Asked { origin, name, subject, costed, declared: Vec::new() });
    };
    let first = &workloads[0];
    let sizing = sizing(arguments, &first.name, model_of(first), processors(), &demands);
    let planned = usage_of(first, &sizing, &demands[0]);
    costed.warnings.extend(warnings_of(first));
    costed.warnings.extend(sizing.warnings);
    if costed.usage.refused <= arguments.throttled_at_most {
        costed.usage.take_capacity_of(&planned);
        costed.usage.assumptions.extend(planned.assumptions);
        costed.usage.assumptions.push(
            "Capacity other than that of the run, and what on-demand throttles, are found by simulating the workload that the \
             record holds, without its warm-ups."
                .to_owned(),
        );
        costed.usage.assumptions.push(LINEAR.to_owned());
        let subject = Box::new(LinearSubject(costed.usage.clone()));
        return Ok(Asked { origin, name, subject, costed, declared: Vec::new() });
    }
    let refused = costed.usage.refused;
    costed.usage = planned;
    // What is said of the units of the record does not hold of these.
    costed.warnings.retain(|warning| !warning.ends_with(cost::NOT_BILLED));
    costed.warnings.insert(
        0,
        format!(
            "Up to {:.2} % of an operation's attempts were throttled in the run, more than is allowed. The bills are therefore of what \
             its workload asks, simulated anew without its warm-ups, not of the units it was admitted.",
            refused * 100.0
        ),
    );
    let declared = first.tables.clone();
    let subject = Box::new(WorkloadSubject::new(arguments, &workloads, &demands));
    Ok(Asked { origin, name, subject, costed, declared })
}

/// What a workload uses with the capacity that was found for it.
fn usage_of(workload: &Workload, sizing: &Sizing, demand: &Demand) -> Usage {
    let mut usage = Usage::of_sizing(sizing, demand, |table| class_of(workload, table));
    for table in expiring(workload) {
        usage.forget_storage_of(&table.create.name);
    }
    usage
}

/// Tables that expire items while nobody said what they store: how many are there at a time is not simulated.
fn expiring(workload: &Workload) -> impl Iterator<Item = &Table> {
    let expires = |table: &&Table| table.create.time_to_live_attribute.is_some() && table.billing.storage_gb.is_none();
    workload.tables.iter().filter(expires)
}

/// What the bills of a workload lack.
fn warnings_of(workload: &Workload) -> Vec<String> {
    let mut warnings: Vec<String> = expiring(workload)
        .map(|table| {
            format!(
                "Items of `{}` expire by time to live, and how many are stored at a time is not simulated: its storage is not on the \
                 bills. Name it as `storage_gb` of its billing.",
                table.create.name
            )
        })
        .collect();
    if workload.cache.as_ref().is_some_and(|cache| cache.node_type.is_none()) {
        warnings
            .push("The nodes of the cache are not on the bills: name their type as `node_type` of [cache].".to_owned());
    }
    warnings
}

/// What the fixed capacity costs that a table and its indexes declare, in a sentence; `None` of tables in other modes.
fn declared_cost(table: &Table, book: &PriceBook, region: &str) -> Option<String> {
    let (name, class) = (&table.create.name, table.create.class);
    match Mode::of(&table.create.capacity) {
        Mode::OnDemand => return None,
        Mode::Scaled => {
            return Some(format!(
                "`{name}` has auto scaling: its bills are of settings found anew, not of its own minimum, maximum and target."
            ));
        }
        Mode::Fixed => {}
    }
    let indexes = table.create.global_secondary_indexes.iter().map(|index| &index.capacity);
    let units = |capacity: &CapacityMode| match capacity {
        CapacityMode::Provisioned { read, write } => [read.units, write.units],
        CapacityMode::OnDemand { .. } => [0, 0],
    };
    let (mut reads, mut writes) = (0_u64, 0_u64);
    for [read, write] in std::iter::once(&table.create.capacity).chain(indexes).map(units) {
        (reads, writes) = (reads.saturating_add(read), writes.saturating_add(write));
    }
    let prices = book.region(region).ok()?;
    let price = |item: Item| prices.price(item, class).map(|price| price.dollars / Decimal::from(item.per().max(1)));
    let (read, write) = (price(Item::ReadCapacity)?, price(Item::WriteCapacity)?);
    let hours = Decimal::from(HOURS_PER_MONTH);
    let month = Decimal::from(reads)
        .checked_mul(hours * read)?
        .checked_add(Decimal::from(writes).checked_mul(hours * write)?)?;
    Some(format!(
        "`{name}` declares {reads} RCU and {writes} WCU with its indexes: {HOURS_PER_MONTH} h × ({reads} × ${} + {writes} × ${}) = ${} a \
         month, without replicas. Its bills are of capacity sized anew, those of its present mode too.",
        read.normalize(),
        write.normalize(),
        month.round_dp(2)
    ))
}

/// Finds the capacity for what was consumed in a history, where it can be.
fn plan(arguments: &CostArguments, usage: &mut Usage, history: &History, name: &str) -> Result<(), Failure> {
    let Ok(demand) = Demand::of_history(history) else { return Ok(()) };
    let sizing = sizing(arguments, name, model_at(history), processors(), std::slice::from_ref(&demand));
    let planned = Usage::of_sizing(&sizing, &demand, |_| TableClass::Standard);
    usage.take_capacity_of(&planned);
    let keys = "Provisioned capacity is sized as if requests were spread evenly over the keys: hot keys are not seen.";
    usage.assumptions.extend(planned.assumptions);
    usage.assumptions.push(keys.to_owned());
    Ok(())
}

fn of_workload(arguments: &CostArguments, path: &Path) -> Result<Asked, Failure> {
    let overrides =
        Overrides { duration: Some(arguments.length.unwrap_or(MONTH)), pace: Pace::Kept, ..Overrides::default() };
    let workloads = with_seeds(path, overrides, SEEDS)?;
    let demands = draw(&workloads, SAMPLES).map_err(Failure::usage)?;
    let first = &workloads[0];
    let sizing = sizing(arguments, &first.name, model_of(first), processors(), &demands);
    let usage = usage_of(first, &sizing, &demands[0]);
    let current = first.tables.iter().map(|table| (table.create.name.to_string(), Mode::of(&table.create.capacity)));
    let mut warnings = first.warnings.clone();
    let own = Workload::read(path, Overrides::default()).map_err(Failure::usage)?.duration();
    if arguments.length.is_none() && own < DAY {
        warnings.push(format!(
            "The file lasts {} and was taken on for {} at its pace: what comes once in it, such as a spike, comes once in that time. \
             `--for` says how long.",
            report::period(own.as_secs_f64()),
            report::period(MONTH.as_secs_f64())
        ));
    }
    warnings.extend(sizing.warnings);
    warnings.extend(warnings_of(first));
    let origin = format!("a workload, simulated for {}", report::period(usage.span.as_secs_f64()));
    let costed = Costed { usage, extras: Extras::of(first), current: current.collect(), warnings };
    let name = first.name.clone();
    let subject = WorkloadSubject::new(arguments, &workloads, &demands);
    Ok(Asked { name, origin, costed, subject: Box::new(subject), declared: first.tables.clone() })
}

fn class_of(workload: &Workload, table: &str) -> TableClass {
    let found = workload.tables.iter().find(|known| *known.create.name == *table);
    found.map_or(TableClass::Standard, |table| table.create.class)
}

/// A workload sized anew at other traffic and with other items, beforehand and on several threads.
struct WorkloadSubject {
    /// Traffic, item size, and what is used then.
    known: Vec<(f64, f64, Result<Option<Usage>, String>)>,
}

impl WorkloadSubject {
    fn new(arguments: &CostArguments, workloads: &[Workload], demands: &[Demand]) -> Self {
        // Today's is known already, and never asked for.
        let traffic = TRAFFIC.into_iter().filter(|traffic| *traffic != 1.0).map(|traffic| (traffic, 1.0));
        let points: Vec<(f64, f64)> = traffic.chain([(1.0, 0.5), (1.0, 1.5)]).collect();
        let known = in_parallel(points.len(), processors(), |at| {
            let (traffic, item_size) = points[at];
            (traffic, item_size, sized_anew(arguments, workloads, demands, traffic, item_size))
        });
        WorkloadSubject { known }
    }
}

fn sized_anew(
    arguments: &CostArguments,
    workloads: &[Workload],
    demands: &[Demand],
    traffic: f64,
    item_size: f64,
) -> Result<Option<Usage>, String> {
    let first = &workloads[0];
    let mut scaled = Vec::with_capacity(demands.len());
    for (workload, demand) in workloads.iter().zip(demands) {
        // How much a cache answers depends on how often it is asked.
        if item_size == 1.0 && workload.cache.is_none() {
            scaled.push(demand.scaled(traffic));
            continue;
        }
        let Some(other) = workload.with_item_size(item_size) else { return Ok(None) };
        let other = other.with_traffic(traffic);
        let drawn = Demand::of_workload(&other, SAMPLES).map_err(|error| error.to_string())?;
        scaled.push(drawn.with_chance(&other));
    }
    // Other points are sized on the other threads.
    let sizing = sizing(arguments, &first.name, model_of(first), 1, &scaled);
    Ok(scaled.first().map(|demand| usage_of(first, &sizing, demand)))
}

impl Subject for WorkloadSubject {
    fn usage(&self, traffic: f64, item_size: f64) -> Result<Option<Usage>, String> {
        let found = self.known.iter().find(|(at, size, _)| (*at, *size) == (traffic, item_size));
        found.map_or(Ok(None), |(_, _, usage)| usage.clone())
    }
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| Failure::usage(format!("{}: cannot be read: {error}", path.display())))
}
