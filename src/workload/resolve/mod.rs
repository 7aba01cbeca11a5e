//! From what was written to what was meant: references resolved, ranges checked, every mistake with its place.

mod action;
mod billing;
mod cache;
mod capacity;
mod capacity_model;
mod distribution;
mod expressions;
mod generator;
mod index;
mod item;
mod latency;
mod operation;
mod phase;
mod replication;
mod sample;
mod table;

use std::cell::RefCell;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use crate::random::Streams;
use crate::record::Threshold;
use crate::time::parse_duration;

use super::file::{ClientFile, Located, Span, WorkloadFile};
use super::{Client, Overrides, RetryMode, Source, Workload, WorkloadError};

/// 2026-01-01T00:00:00Z in nanoseconds since 1970.
const DEFAULT_EPOCH_NANOS: i64 = 1_767_225_600_000_000_000;
/// Attempts of an operation by the AWS SDK's standard mode (facts §6.1), ...
const DEFAULT_MAX_ATTEMPTS: u32 = 3;
/// ... and after version 2.1 of its retry specification, for DynamoDB (facts §6.2).
const DEFAULT_MAX_ATTEMPTS_2026: u32 = 4;
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5);
const DEFAULT_IN_FLIGHT: usize = 1000;
/// More operations in flight than any one machine sustains.
const IN_FLIGHT_MAX: usize = 1_000_000;
/// Weights of operations compare with each other; this keeps their sums finite.
const WEIGHT_MAX: f64 = 1e12;

/// What resolving needs everywhere.
pub(super) struct Context<'a> {
    pub source: &'a Source,
    pub streams: Streams,
    pub folder: &'a Path,
    warnings: RefCell<Vec<String>>,
}

impl Context<'_> {
    pub fn error(&self, span: &Span, message: impl Into<String>) -> WorkloadError {
        self.source.error(span, message)
    }

    /// Notes something that is allowed but probably not meant.
    pub fn warn(&self, span: &Span, message: impl Into<String>) {
        let warning = self.source.warning(span, message);
        let mut warnings = self.warnings.borrow_mut();
        if !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }

    /// The place of a part of a text, where the text stands in the file as it is.
    pub fn inside(&self, text: &Located<String>, part: Range<usize>) -> Span {
        let span = &text.span;
        let is_as_it_is = self.source.text.get(span.start + 1..span.end.saturating_sub(1)) == Some(text.value.as_str());
        if is_as_it_is { span.start + 1 + part.start..span.start + 1 + part.end } else { span.clone() }
    }

    /// A length of time.
    pub fn duration(&self, text: &Located<String>) -> Result<Duration, WorkloadError> {
        parse_duration(text).map_err(|error| self.error(&text.span, error.to_string()))
    }

    /// A number that must lie between two.
    pub fn within<T: PartialOrd + std::fmt::Display>(
        &self,
        what: &str,
        value: &Located<T>,
        min: T,
        max: T,
    ) -> Result<(), WorkloadError> {
        if value.value >= min && value.value <= max {
            return Ok(());
        }
        Err(self.error(&value.span, format!("{what} is {}; it must be between {min} and {max}", value.value)))
    }
}

/// Makes a workload of a file's content.
pub(super) fn resolve(
    source: Source,
    file: WorkloadFile,
    folder: &Path,
    overrides: Overrides,
) -> Result<Workload, WorkloadError> {
    let streams = Streams::new(overrides.seed.unwrap_or(file.seed));
    let context = Context { source: &source, streams, folder, warnings: RefCell::default() };
    check_name(&context, &file.name)?;
    let epoch_nanos = resolve_epoch(&context, file.epoch.as_ref())?;
    let capacity_model = capacity_model::resolve_capacity_model(&context, &file.engine.capacity_model, epoch_nanos)?;
    let client = resolve_client(&context, &file.client)?;
    let tables = table::resolve_tables(&context, &file.tables)?;
    let operations = operation::resolve_operations(&context, &tables, &file.operations)?;
    let cache = cache::resolve_cache(&context, &tables, &operations, &file)?;
    let phases = phase::resolve_phases(&context, &operations, &file, overrides)?;
    let latency = latency::resolve_latency(&context, &file.engine.latency)?;
    let replication = replication::resolve_replication(&context, &file.engine.replication)?;
    let lease = replication::resolve_lease(&context, &file.engine.replication)?;
    let faults = replication::resolve_faults(&context, &tables, &phases, &file, overrides.pace)?;
    let thresholds = resolve_thresholds(&context, &operations, &file.thresholds)?;
    let warnings = context.warnings.into_inner();
    Ok(Workload {
        name: file.name.value,
        description: file.description,
        streams,
        epoch_nanos,
        engine_capacity: file.engine.capacity,
        capacity_model,
        latency,
        replication,
        lease,
        faults,
        cache,
        client,
        tables,
        operations,
        phases,
        thresholds,
        warnings,
        source,
    })
}

/// The name becomes part of a folder's name.
fn check_name(context: &Context<'_>, name: &Located<String>) -> Result<(), WorkloadError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !name.is_empty() && name.len() <= 100 && name.chars().all(allowed) && !name.starts_with('.') {
        return Ok(());
    }
    Err(context.error(&name.span, "the name must be 1 to 100 letters, digits, `-`, `_` and `.`, not starting with `.`"))
}

fn resolve_epoch(context: &Context<'_>, epoch: Option<&Located<String>>) -> Result<i64, WorkloadError> {
    let Some(text) = epoch else { return Ok(DEFAULT_EPOCH_NANOS) };
    let parsed: Result<Timestamp, _> = text.parse();
    parsed.ok().and_then(|time| i64::try_from(time.as_nanosecond()).ok()).ok_or_else(|| {
        context.error(&text.span, format!("`{}` is not an RFC 3339 time such as 2026-01-01T00:00:00Z", text.value))
    })
}

fn resolve_client(context: &Context<'_>, file: &ClientFile) -> Result<Client, WorkloadError> {
    if let Some(attempts) = &file.max_attempts {
        context.within("max_attempts", attempts, 1, 100)?;
    }
    if let Some(in_flight) = &file.in_flight {
        context.within("in_flight", in_flight, 1, IN_FLIGHT_MAX)?;
    }
    let timeout = match &file.timeout {
        Some(text) => context.duration(text)?,
        None => DEFAULT_TIMEOUT,
    };
    if let (Some(text), true) = (&file.timeout, timeout.is_zero()) {
        return Err(context.error(&text.span, "a time-out of nothing would fail every attempt"));
    }
    let default_attempts = match file.retries {
        RetryMode::Standard2026 => DEFAULT_MAX_ATTEMPTS_2026,
        RetryMode::Standard | RetryMode::None => DEFAULT_MAX_ATTEMPTS,
    };
    Ok(Client {
        retries: file.retries,
        max_attempts: file.max_attempts.as_ref().map_or(default_attempts, |attempts| attempts.value),
        timeout,
        in_flight: file.in_flight.as_ref().map_or(DEFAULT_IN_FLIGHT, |in_flight| in_flight.value),
    })
}

fn resolve_thresholds(
    context: &Context<'_>,
    operations: &[super::OperationSpec],
    texts: &[Located<String>],
) -> Result<Vec<Threshold>, WorkloadError> {
    let resolve_one = |text: &Located<String>| {
        let threshold: Threshold = text.parse().map_err(|error| {
            let error: crate::record::ThresholdError = error;
            context.error(&text.span, error.to_string())
        })?;
        if let Some(name) = threshold.operation()
            && !operations.iter().any(|operation| &*operation.name == name)
        {
            let known = operations.iter().map(|operation| &*operation.name);
            return Err(context
                .error(&text.span, format!("no operation is named `{name}`"))
                .with_suggestion(name, known));
        }
        Ok(threshold)
    };
    texts.iter().map(resolve_one).collect()
}
