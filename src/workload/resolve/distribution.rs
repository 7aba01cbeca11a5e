//! Distributions: of sizes and numbers, and of keys.

use std::sync::Arc;

use crate::workload::distribution::InvalidParameter;
use crate::workload::distribution::key::{
    Exponential as ExponentialKeys, HotEnd, Hotspot, KeyDistribution, Latest, Scramble, Uniform as UniformKeys,
    YcsbZipfian, Zipfian,
};
use crate::workload::distribution::size::{
    Constant, Continuous, Exponential, GeneralizedExtremeValue, GeneralizedPareto, LogNormal, Mixture, Normal,
    SIZE_MAX, SizeDistribution, Table, Uniform,
};
use crate::workload::file::{DistributionFile, DistributionTable, KeyFile, Span};
use crate::workload::operation::KeyChoice;
use crate::workload::{Source, WorkloadError};

use super::Context;

/// What is drawn, and the least and the most it may be.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    pub what: &'static str,
    pub least: u64,
    pub most: u64,
}

/// A distribution of whole numbers, each value multiplied by `scale` first.
pub(super) fn resolve_size(
    source: &Source,
    span: &Span,
    file: &DistributionFile,
    scale: f64,
    limits: Limits,
) -> Result<Arc<dyn SizeDistribution>, WorkloadError> {
    let Limits { what, least, most } = limits;
    let distribution = build(file, scale, most).map_err(|message| source.error(span, format!("{what}: {message}")))?;
    let drawn = distribution.bounds();
    if *drawn.end() > most {
        let message = format!("{what} can be {} here; it must be at most {most}", drawn.end());
        return Err(source.error(span, message));
    }
    if *drawn.start() < least {
        let message = format!("{what} can be {} here; it must be at least {least}", drawn.start());
        return Err(source.error(span, message));
    }
    Ok(distribution)
}

fn build(file: &DistributionFile, scale: f64, most: u64) -> Result<Arc<dyn SizeDistribution>, String> {
    let table = match file {
        DistributionFile::Constant(value) => return constant(*value, scale),
        DistributionFile::Table(table) => table,
    };
    let whole = |value: f64| whole(value, scale);
    let most = |value: Option<f64>| value.map_or(Ok(most.min(SIZE_MAX)), whole);
    let wrong = |error: InvalidParameter| error.to_string();
    Ok(match &**table {
        DistributionTable::Constant(value) => return constant(*value, scale),
        DistributionTable::Uniform { min, max } => Arc::new(Uniform::new(whole(*min)?, whole(*max)?).map_err(wrong)?),
        DistributionTable::Normal { mean, standard_deviation, min, max } => Arc::new(
            Normal::new(mean * scale, standard_deviation * scale)
                .map_err(wrong)?
                .within(whole(*min)?, most(*max)?)
                .map_err(wrong)?,
        ),
        DistributionTable::LogNormal { median, sigma, min, max } => Arc::new(
            LogNormal::new(median * scale, *sigma).map_err(wrong)?.within(whole(*min)?, most(*max)?).map_err(wrong)?,
        ),
        DistributionTable::Exponential { mean, min, max } => {
            Arc::new(Exponential::new(mean * scale).map_err(wrong)?.within(whole(*min)?, most(*max)?).map_err(wrong)?)
        }
        DistributionTable::Pareto { location, scale: width, shape, min, max } => Arc::new(
            GeneralizedPareto::new(location * scale, width * scale, *shape)
                .map_err(wrong)?
                .within(whole(*min)?, most(*max)?)
                .map_err(wrong)?,
        ),
        DistributionTable::ExtremeValue { location, scale: width, shape, min, max } => Arc::new(
            GeneralizedExtremeValue::new(location * scale, width * scale, *shape)
                .map_err(wrong)?
                .within(whole(*min)?, most(*max)?)
                .map_err(wrong)?,
        ),
        DistributionTable::Table { values, weights } => {
            if values.len() != weights.len() {
                return Err(format!("there are {} values but {} weights", values.len(), weights.len()));
            }
            let entries: Result<Vec<_>, String> =
                values.iter().zip(weights).map(|(value, weight)| Ok((whole(*value)?, *weight))).collect();
            Arc::new(Table::new(&entries?).map_err(wrong)?)
        }
        DistributionTable::Mixture(parts) => {
            let parts: Result<Vec<_>, String> =
                parts.iter().map(|part| Ok((part.weight, build(&part.distribution, scale, most(None)?)?))).collect();
            Arc::new(Mixture::new(parts?).map_err(wrong)?)
        }
    })
}

fn constant(value: f64, scale: f64) -> Result<Arc<dyn SizeDistribution>, String> {
    let value = whole(value, scale)?;
    Ok(Arc::new(Constant::new(value).map_err(|error| error.to_string())?))
}

/// A whole number that is not negative, after scaling.
fn whole(value: f64, scale: f64) -> Result<u64, String> {
    let scaled = value * scale;
    let rounded = scaled.round();
    // Scaling by a power of ten leaves a trace of rounding.
    if (scaled - rounded).abs() > 1e-6 * scaled.abs().max(1.0) || !(0.0..=SIZE_MAX as f64).contains(&rounded) {
        let allowed = if scale == 1.0 { "a whole number" } else { "a number of that many decimals" };
        return Err(format!("{value} is not {allowed} from 0 to 2^53"));
    }
    Ok(rounded as u64)
}

/// A distribution over keys, for values that are picked like keys.
pub(super) fn resolve_index_distribution(
    context: &Context<'_>,
    span: &Span,
    file: &KeyFile,
    population: u64,
) -> Result<Arc<dyn KeyDistribution>, WorkloadError> {
    match resolve_key(context, span, file, population)? {
        KeyChoice::Existing(distribution) => Ok(distribution),
        _ => Err(context.error(span, "this choice is for the keys of operations, not for values")),
    }
}

/// How an action picks its record. `population` is the number of records loaded.
pub(super) fn resolve_key(
    context: &Context<'_>,
    span: &Span,
    file: &KeyFile,
    population: u64,
) -> Result<KeyChoice, WorkloadError> {
    let wrong = |error: InvalidParameter| context.error(span, error.to_string());
    let distribution: Arc<dyn KeyDistribution> = match file {
        KeyFile::Uniform {} => Arc::new(UniformKeys),
        KeyFile::Zipfian { exponent, scrambled: false } => Arc::new(Zipfian::new(*exponent).map_err(wrong)?),
        KeyFile::Zipfian { exponent, scrambled: true } => {
            let scramble = Scramble::new(context.streams.stream("scramble").at(0).next_u64()).with_room(population);
            Arc::new(Zipfian::scrambled(*exponent, scramble).map_err(wrong)?)
        }
        KeyFile::YcsbCompatible {} => Arc::new(YcsbZipfian::new()),
        KeyFile::Latest { exponent } => Arc::new(Latest::new(*exponent).map_err(wrong)?),
        KeyFile::Hotspot { keys, records, traffic } => {
            let share = match (keys, records) {
                (Some(share), None) => *share,
                (None, Some(records)) => {
                    if *records == 0 || *records > population {
                        let message = format!("a hotspot of {records} records, but there are {population}");
                        return Err(context.error(span, message));
                    }
                    // A little more, because the share is rounded down to whole records.
                    ((*records as f64 + 1e-3) / population as f64).min(1.0)
                }
                _ => return Err(context.error(span, "a hotspot has either `keys`, a share, or `records`, a number")),
            };
            Arc::new(Hotspot::new(share, *traffic).map_err(wrong)?)
        }
        KeyFile::Exponential { percentile, fraction } => {
            Arc::new(ExponentialKeys::new(*percentile, *fraction, HotEnd::First).map_err(wrong)?)
        }
        KeyFile::Sequential {} => return Ok(KeyChoice::Sequential),
        KeyFile::New {} => return Ok(KeyChoice::New),
        KeyFile::Missing {} => return Ok(KeyChoice::Missing),
        KeyFile::Record(record) => return Ok(KeyChoice::Record(*record)),
        KeyFile::SameAs(number) => return Ok(KeyChoice::SameAs(*number)),
    };
    Ok(KeyChoice::Existing(distribution))
}
