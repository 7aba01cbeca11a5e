//! The history of a recorded run.

use std::time::Duration;

use jiff::Timestamp;

use crate::record::{Clock, RunResult};

use super::{History, ResourceHistory};

/// Far more intervals than a record has.
const PERIODS_MAX: usize = 1 << 20;

impl History {
    /// What the tables and indexes of a recorded run consumed, warm-ups included, loading left out.
    ///
    /// The periods are the intervals of the record's series from the start of the run on, all of one length: the two points of
    /// an interval in which a phase ended are added up, and intervals without a point consumed nothing. The last period is whole
    /// even where the run ended within it; a warning says so then. Sums are exact.
    ///
    /// `throttled` is 0 where nothing was refused for lack of this very capacity and unknown otherwise: a record counts the
    /// requests of operations, not those that a table received. A warning says how many were refused.
    pub fn of_record(result: &RunResult) -> History {
        let series = &result.series;
        let interval_nanos = nanos(series.interval_seconds).max(1);
        let period_nanos = interval_nanos.saturating_mul(series.merged.max(1));
        let number = |start_seconds: f64| usize::try_from(nanos(start_seconds) / period_nanos).unwrap_or(usize::MAX);
        let run_nanos = nanos(result.duration_seconds);
        let periods_of_run = usize::try_from(run_nanos.div_ceil(period_nanos)).unwrap_or(usize::MAX);
        let last = series.points.iter().map(|point| number(point.start_seconds).saturating_add(1)).max().unwrap_or(0);
        let periods = last.max(periods_of_run).min(PERIODS_MAX);

        let mut resources: Vec<ResourceHistory> = result
            .resources
            .iter()
            .map(|resource| ResourceHistory {
                table: resource.table.clone(),
                index: resource.index.clone(),
                read_units: vec![0.0; periods],
                write_units: vec![0.0; periods],
                throttle_events: 0.0,
                throttled: Some(0.0),
            })
            .collect();
        let mut refused = vec![0u64; resources.len()];
        for point in &series.points {
            let at = number(point.start_seconds);
            for own in &point.resources {
                let Some(resource) = resources.get_mut(own.resource) else { continue };
                refused[own.resource] =
                    refused[own.resource].saturating_add(own.throttled_reads).saturating_add(own.throttled_writes);
                if at < periods {
                    resource.read_units[at] += own.consumed.read.as_f64();
                    resource.write_units[at] += own.consumed.write.as_f64();
                }
            }
        }
        let period = Duration::from_nanos(period_nanos);
        let mut warnings = Vec::new();
        for ((resource, info), refused) in resources.iter_mut().zip(&result.resources).zip(refused) {
            if refused > 0 {
                resource.throttled = None;
                resource.throttle_events = refused as f64;
                warnings.push(format!(
                    "{}: {refused} requests were throttled in the run; what they asked for is not in the consumed units",
                    info.label()
                ));
            }
        }
        if !run_nanos.is_multiple_of(period_nanos) && periods > 0 {
            warnings.push(format!(
                "the run ended {:?} into the last period of {period:?}, which counts as a whole one",
                Duration::from_nanos(run_nanos % period_nanos)
            ));
        }
        let start = match result.clock {
            Clock::Real => result.started_at.parse::<Timestamp>().ok(),
            Clock::Virtual => None,
        };
        History { source: result.name.clone(), start, period, resources, warnings }
    }
}

/// Nanoseconds; nonsense becomes 0 or the end of time.
fn nanos(seconds: f64) -> u64 {
    (seconds * 1e9).round() as u64
}
