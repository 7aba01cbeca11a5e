//! What `dyno size` and `dyno cost` are asked about: a workload with several seeds, or a history.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ValueEnum;

use crate::capacity::CapacityModel;
use crate::history::{Gaps, History, HistoryOptions, Values};
use crate::runner::{Demand, DemandError, in_parallel};
use crate::workload::{Overrides, Workload};

use super::target::processors;
use super::{Failure, parse_length};

/// CloudWatch's metrics of a real table in place of a workload.
#[derive(Debug, clap::Args)]
pub(super) struct MetricsArguments {
    /// Consumed capacity of a real table from CloudWatch, as JSON or CSV; several files are put together
    ///
    /// JSON as `aws cloudwatch get-metric-data` and `get-metric-statistics --statistics Sum` print it for
    /// ConsumedReadCapacityUnits and ConsumedWriteCapacityUnits, or a CSV file with columns for the time, reads and writes.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub metrics: Vec<PathBuf>,
    /// The table, or TABLE/INDEX, that metrics are of which name none; the file's name where absent
    #[arg(long, value_name = "TABLE", requires = "metrics")]
    table: Option<String>,
    /// What a missing datapoint means
    #[arg(long, value_enum, default_value_t, requires = "metrics")]
    gaps: GapsArgument,
    /// What the values are, where the file does not say it
    #[arg(long, value_enum, requires = "metrics")]
    values: Option<ValuesArgument>,
    /// Length of a period, where the spacing of the datapoints does not tell
    #[arg(long, value_name = "TIME", value_parser = parse_length, requires = "metrics")]
    period: Option<Duration>,
}

/// What a missing datapoint means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum GapsArgument {
    /// Nothing was consumed: CloudWatch has no datapoint then.
    #[default]
    Zero,
    /// The metric was lost: a straight line between its neighbours.
    Interpolate,
    /// A mistake.
    Refuse,
}

/// What values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ValuesArgument {
    /// Sums over the period.
    Sums,
    /// Averages per second.
    PerSecond,
}

impl MetricsArguments {
    /// The history of the files.
    pub fn read(&self) -> Result<History, Failure> {
        let options = HistoryOptions {
            table: self.table.clone(),
            gaps: match self.gaps {
                GapsArgument::Zero => Gaps::Zero,
                GapsArgument::Interpolate => Gaps::Interpolate,
                GapsArgument::Refuse => Gaps::Refuse,
            },
            values: match self.values {
                None => Values::Unstated,
                Some(ValuesArgument::Sums) => Values::Sums,
                Some(ValuesArgument::PerSecond) => Values::PerSecond,
            },
            period: self.period,
        };
        let paths: Vec<&Path> = self.metrics.iter().map(PathBuf::as_path).collect();
        History::read(&paths, &options).map_err(Failure::usage)
    }
}

/// The workload of a file with so many seeds, which count up from its own or that of the overrides.
pub(super) fn with_seeds(path: &Path, overrides: Overrides, seeds: u16) -> Result<Vec<Workload>, Failure> {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    if matches!(extension, "json" | "csv") {
        return Err(Failure::usage(format!(
            "{}: a workload is a TOML file; CloudWatch's metrics, as JSON or CSV, go with --metrics, and the result.json of a run to \
             `dyno cost`",
            path.display()
        )));
    }
    let read = |seed: Option<u64>| Workload::read(path, Overrides { seed, ..overrides }).map_err(Failure::usage);
    let first = read(overrides.seed)?;
    let seed = first.streams.seed();
    let others = (1..u64::from(seeds)).map(|more| read(Some(seed.wrapping_add(more))));
    let others: Result<Vec<Workload>, Failure> = others.collect();
    Ok(std::iter::once(first).chain(others?).collect())
}

/// What workloads ask, from so many samples each, drawn on several threads.
pub(super) fn draw(workloads: &[Workload], samples: u64) -> Result<Vec<Demand>, DemandError> {
    let draw = |workload: &Workload| Demand::of_workload(workload, samples).map(|demand| demand.with_chance(workload));
    in_parallel(workloads.len(), processors(), |seed| draw(&workloads[seed])).into_iter().collect()
}

/// How the capacity of a workload behaves.
pub(super) fn model_of(workload: &Workload) -> CapacityModel {
    let epoch_seconds_at_time_zero = u64::try_from(workload.epoch_nanos / 1_000_000_000).unwrap_or(0);
    CapacityModel { epoch_seconds_at_time_zero, ..workload.capacity_model }
}

/// How capacity behaved when a history began: as far as is known, as DynamoDB does.
pub(super) fn model_at(history: &History) -> CapacityModel {
    let start = history.start.map_or(0, |start| u64::try_from(start.as_second()).unwrap_or(0));
    CapacityModel { epoch_seconds_at_time_zero: start, ..CapacityModel::default() }
}

/// A share as a number from 0 to 1, or in percent.
pub(super) fn parse_share(text: &str) -> Result<f64, String> {
    let (number, whole) = text.trim().strip_suffix('%').map_or((text.trim(), 1.0), |number| (number, 100.0));
    let share = number.trim().parse::<f64>().ok().map(|number| number / whole);
    share
        .filter(|share| (0.0..=1.0).contains(share))
        .ok_or_else(|| "expected a share between 0% and 100%, such as 0.1%".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_read_with_and_without_a_sign() {
        assert_eq!(parse_share("0.1%"), Ok(0.001));
        assert_eq!(parse_share("5 %"), Ok(0.05));
        assert_eq!(parse_share("0.25"), Ok(0.25));
        for wrong in ["", "%", "-1%", "101%", "2", "nan", "much"] {
            assert!(parse_share(wrong).is_err(), "{wrong}");
        }
    }
}
