//! The figures of a run that its summaries state, computed once: totals of the measured phases, rates, peaks of capacity.

use std::time::Duration;

use crate::api::ReadWrite;
use crate::record::{
    CapacityLimit, Counts, Histogram, Latencies, OperationTotals, OutcomeKind, Point, PointResource, ProvisionedUnits,
    RunResult,
};

use super::observed::Observed;

/// Everything the header, the tables and the summaries state about the measured phases. Warm-ups are left out throughout.
pub(super) struct Figures<'a> {
    /// The record the figures come from.
    pub result: &'a RunResult,
    /// Length of the measured phases together.
    pub seconds: f64,
    /// Whether every measured phase asked for a rate; a closed loop takes what it gets.
    pub open_loop: bool,
    /// One entry per operation of the mix.
    pub operations: Vec<OperationFigures>,
    /// All operations together.
    pub overall: OperationFigures,
    /// One entry per table or index.
    pub resources: Vec<ResourceFigures>,
    /// What was recorded of the engine's capacity, warm-ups included.
    pub observed: Option<Observed<'a>>,
}

impl<'a> Figures<'a> {
    /// Computes the figures of a run.
    pub fn of(result: &'a RunResult) -> Self {
        let measured = result.phases.iter().filter(|phase| !phase.warm_up);
        let lengths = measured.clone().map(|phase| phase.end_seconds - phase.start_seconds);
        let seconds = lengths.filter(|length| length.is_finite() && *length > 0.0).sum();
        let totals = result.measured_totals();
        let operations: Vec<OperationFigures> = totals
            .into_iter()
            .zip(&result.operations)
            .map(|(totals, info)| OperationFigures {
                name: info.name.clone(),
                api: info.operation.name(),
                seconds,
                counts: totals.counts,
                items: totals.items,
                latencies: totals.latencies,
            })
            .collect();
        let overall = OperationFigures::sum("all operations", seconds, operations.iter());
        let resources = (0..result.resources.len()).map(|index| ResourceFigures::of(result, index, seconds)).collect();
        let open_loop = measured.clone().count() > 0 && measured.clone().all(|phase| phase.open_loop);
        Figures { result, seconds, open_loop, operations, overall, resources, observed: Observed::of(result) }
    }

    /// Whether any phase was measured.
    pub fn measured_anything(&self) -> bool {
        self.result.phases.iter().any(|phase| !phase.warm_up)
    }

    /// Whether it was recorded how long operations took. Where operations succeeded and it was not, it was not modelled.
    pub fn knows_latencies(&self) -> bool {
        self.overall.response().is_some() || self.overall.counts.succeeded == 0
    }

    /// The share of asked operations that succeeded in time to count, where a rate was asked for.
    pub fn achieved_share(&self) -> Option<f64> {
        let counts = &self.overall.counts;
        (self.open_loop && counts.offered > 0).then(|| counts.succeeded as f64 / counts.offered as f64)
    }

    /// Thresholds that did not hold.
    pub fn failed_thresholds(&self) -> usize {
        self.result.thresholds.iter().filter(|threshold| !threshold.passed).count()
    }

    /// The table or index and the kind of access that came nearest to its provisioned capacity or beyond it.
    pub fn tightest(&self) -> Option<(&ResourceFigures, ReadWrite, Peak)> {
        let accesses = [ReadWrite::Read, ReadWrite::Write];
        let all = self.resources.iter().flat_map(|resource| accesses.map(|access| (resource, access)));
        all.filter_map(|(resource, access)| Some((resource, access, resource.usage(access).peak?)))
            .filter(|(_, _, peak)| peak.utilisation().is_some())
            .max_by(|(_, _, one), (_, _, other)| {
                one.utilisation().unwrap_or(0.0).total_cmp(&other.utilisation().unwrap_or(0.0))
            })
    }
}

/// What one operation, or all together, did in the measured phases.
#[derive(Debug, Clone)]
pub(super) struct OperationFigures {
    /// The workload's name for it.
    pub name: String,
    /// The API operation.
    pub api: &'static str,
    /// The time the rates refer to.
    pub seconds: f64,
    /// Operations by outcome.
    pub counts: Counts,
    /// Items returned or written.
    pub items: u64,
    /// Latencies by outcome.
    pub latencies: Vec<Latencies>,
}

impl OperationFigures {
    /// The sum of several operations.
    pub fn sum<'b>(name: &str, seconds: f64, parts: impl Iterator<Item = &'b OperationFigures>) -> Self {
        let mut sum = OperationFigures {
            name: name.to_owned(),
            api: "",
            seconds,
            counts: Counts::default(),
            items: 0,
            latencies: Vec::new(),
        };
        for part in parts {
            sum.counts.add(&part.counts);
            sum.items = sum.items.saturating_add(part.items);
            sum.add_latencies(&part.latencies);
        }
        sum
    }

    /// One phase's share of an operation.
    pub fn of_phase(name: &str, api: &'static str, seconds: f64, totals: &OperationTotals) -> Self {
        let OperationTotals { counts, items, latencies, .. } = totals.clone();
        OperationFigures { name: name.to_owned(), api, seconds, counts, items, latencies }
    }

    fn add_latencies(&mut self, more: &[Latencies]) {
        for latencies in more {
            match self.latencies.iter_mut().find(|known| known.outcome == latencies.outcome) {
                Some(known) => known.merge(latencies),
                None => self.latencies.push(latencies.clone()),
            }
        }
    }

    /// Latencies of the operations that succeeded, if there were any.
    pub fn succeeded(&self) -> Option<&Latencies> {
        succeeded(&self.latencies)
    }

    /// Response times of the operations that succeeded.
    pub fn response(&self) -> Option<&Histogram> {
        self.succeeded().map(|latencies| &latencies.response).filter(|histogram| !histogram.is_empty())
    }

    /// Service times of the operations that succeeded.
    pub fn service(&self) -> Option<&Histogram> {
        self.succeeded().map(|latencies| &latencies.service).filter(|histogram| !histogram.is_empty())
    }

    /// Operations asked for, per second.
    pub fn offered_per_second(&self) -> f64 {
        self.counts.offered as f64 / self.seconds
    }

    /// Operations that succeeded, per second.
    pub fn succeeded_per_second(&self) -> f64 {
        self.counts.succeeded as f64 / self.seconds
    }

    /// Operations that ended in an error other than throttling.
    pub fn errors(&self) -> u64 {
        self.counts.failed.saturating_add(self.counts.timed_out)
    }

    /// Whether waiting before the first send made response times differ from service times by so much that both are worth
    /// drawing: a quarter and 50 µs at the median or the 99th percentile.
    pub fn waiting_matters(&self) -> bool {
        let (Some(response), Some(service)) = (self.response(), self.service()) else { return false };
        [50.0, 99.0].into_iter().any(|percent| {
            let (response, service) = (response.percentile(percent), service.percentile(percent));
            response > service + service / 4 && response > service + Duration::from_micros(50)
        })
    }
}

/// The latencies of the operations that succeeded.
pub(super) fn succeeded(latencies: &[Latencies]) -> Option<&Latencies> {
    latencies.iter().find(|latencies| latencies.outcome == OutcomeKind::Succeeded)
}

/// What one table or index consumed in the measured phases.
#[derive(Debug, Clone)]
pub(super) struct ResourceFigures {
    /// `table` or `table / index`.
    pub label: String,
    /// Its limit at the start.
    pub limit: CapacityLimit,
    /// Read capacity.
    pub read: Usage,
    /// Write capacity.
    pub write: Usage,
}

/// Units of one kind consumed on one table or index.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Usage {
    /// Units consumed.
    pub units: f64,
    /// Units per second on average.
    pub per_second: f64,
    /// The interval that consumed most.
    pub peak: Option<Peak>,
    /// Attempts refused for lack of this capacity.
    pub throttled: u64,
}

/// The interval that consumed most.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Peak {
    /// Units per second.
    pub per_second: f64,
    /// What was provisioned then, units per second.
    pub provisioned: Option<f64>,
}

impl Peak {
    /// Consumed of provisioned, 1 where all of it was used.
    pub fn utilisation(&self) -> Option<f64> {
        self.provisioned
            .filter(|units| *units > 0.0)
            .map(|units| self.per_second / units)
            .filter(|share| share.is_finite())
    }
}

impl ResourceFigures {
    fn of(result: &RunResult, index: usize, seconds: f64) -> Self {
        let info = &result.resources[index];
        let mut figures =
            ResourceFigures { label: info.label(), limit: info.limit, read: Usage::default(), write: Usage::default() };
        let measured = |point: &&Point| result.phases.get(point.phase).is_some_and(|phase| !phase.warm_up);
        for point in result.series.points.iter().filter(measured) {
            let length = point.end_seconds - point.start_seconds;
            for resource in point.resources.iter().filter(|resource| resource.resource == index) {
                // A sliver of an interval at the end of a phase has no rate worth calling a peak.
                let rated = length.is_finite() && length > result.series.interval_seconds * 0.25;
                for access in [ReadWrite::Read, ReadWrite::Write] {
                    let (units, throttled) = consumed(resource, access);
                    let usage = figures.usage_mut(access);
                    usage.units += units;
                    usage.throttled = usage.throttled.saturating_add(throttled);
                    if rated && usage.peak.is_none_or(|peak| units / length > peak.per_second) {
                        let provisioned = provisioned(resource.provisioned, access);
                        usage.peak = Some(Peak { per_second: units / length, provisioned });
                    }
                }
            }
        }
        figures.read.per_second = figures.read.units / seconds;
        figures.write.per_second = figures.write.units / seconds;
        figures
    }

    /// The usage of one kind.
    pub fn usage(&self, access: ReadWrite) -> &Usage {
        match access {
            ReadWrite::Read => &self.read,
            ReadWrite::Write => &self.write,
        }
    }

    fn usage_mut(&mut self, access: ReadWrite) -> &mut Usage {
        match access {
            ReadWrite::Read => &mut self.read,
            ReadWrite::Write => &mut self.write,
        }
    }
}

/// Units consumed and attempts refused, of one kind.
pub(super) fn consumed(resource: &PointResource, access: ReadWrite) -> (f64, u64) {
    match access {
        ReadWrite::Read => (resource.consumed.read.as_f64(), resource.throttled_reads),
        ReadWrite::Write => (resource.consumed.write.as_f64(), resource.throttled_writes),
    }
}

/// The provisioned units per second of one kind; what is not a number is not known.
pub(super) fn provisioned(units: Option<ProvisionedUnits>, access: ReadWrite) -> Option<f64> {
    let units = units.map(|units| match access {
        ReadWrite::Read => units.read,
        ReadWrite::Write => units.write,
    });
    units.filter(|units| units.is_finite() && *units >= 0.0)
}

/// `read` or `write`.
pub(super) fn access_name(access: ReadWrite) -> &'static str {
    match access {
        ReadWrite::Read => "read",
        ReadWrite::Write => "write",
    }
}

/// The field's abbreviation of a capacity unit.
pub(super) fn unit_name(access: ReadWrite, limit: CapacityLimit) -> &'static str {
    match (access, limit) {
        (ReadWrite::Read, CapacityLimit::OnDemand) => "RRU",
        (ReadWrite::Write, CapacityLimit::OnDemand) => "WRU",
        (ReadWrite::Read, _) => "RCU",
        (ReadWrite::Write, _) => "WCU",
    }
}
