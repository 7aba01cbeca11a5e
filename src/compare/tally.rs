//! What a run, or a slice of it, adds up to.

use std::ops::Range;

use crate::api::Units;
use crate::record::{Counts, Histogram, Latencies, OutcomeKind, Point, RunResult};

/// The measured phases of a run added up, warm-ups left out.
pub(super) struct Tally {
    /// How long was measured.
    pub seconds: f64,
    /// In the workload's order.
    pub operations: Vec<OperationTally>,
    /// Units consumed by each of the record's resources.
    pub consumed: Vec<Units>,
}

/// What became of one operation.
#[derive(Default)]
pub(super) struct OperationTally {
    pub counts: Counts,
    /// Of successes; none where there were none.
    pub latencies: Option<Latencies>,
}

impl OperationTally {
    fn add(&mut self, counts: &Counts, latencies: &[Latencies]) {
        self.counts.add(counts);
        let of_successes = latencies.iter().filter(|latencies| latencies.outcome == OutcomeKind::Succeeded);
        for more in of_successes {
            match &mut self.latencies {
                Some(known) => known.merge(more),
                none => *none = Some(more.clone()),
            }
        }
    }
}

impl Tally {
    /// Runs of one workload together: whole, or the intervals that begin in `window`, seconds since a run's start.
    pub fn of(runs: &[RunResult], window: Option<&Range<f64>>) -> Self {
        let operations = runs.iter().map(|run| run.operations.len()).max().unwrap_or_default();
        let resources = runs.iter().map(|run| run.resources.len()).max().unwrap_or_default();
        let mut tally = Tally { seconds: 0.0, operations: Vec::new(), consumed: vec![Units::default(); resources] };
        tally.operations.resize_with(operations, OperationTally::default);
        runs.iter().for_each(|run| tally.add(run, window));
        for latencies in tally.operations.iter_mut().filter_map(|operation| operation.latencies.as_mut()) {
            latencies.pack();
        }
        tally
    }

    /// One interval of a run.
    pub fn of_point(run: &RunResult, point: &Point) -> Self {
        let mut tally =
            Tally { seconds: 0.0, operations: Vec::new(), consumed: vec![Units::default(); run.resources.len()] };
        tally.operations.resize_with(run.operations.len(), OperationTally::default);
        tally.add_point(point);
        tally
    }

    /// All operations together.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        self.operations.iter().for_each(|operation| counts.add(&operation.counts));
        counts
    }

    /// The service times of all operations' successes together.
    pub fn service(&self) -> Histogram {
        let mut service = Histogram::new();
        let known = self.operations.iter().filter_map(|operation| operation.latencies.as_ref());
        known.for_each(|latencies| service.merge(&latencies.service));
        service
    }

    fn add_point(&mut self, point: &Point) {
        for more in &point.operations {
            if let Some(operation) = self.operations.get_mut(more.operation) {
                operation.add(&more.counts, &more.latencies);
            }
        }
        self.seconds += point.end_seconds - point.start_seconds;
        self.add_consumed(point);
    }

    fn add_consumed(&mut self, point: &Point) {
        for resource in &point.resources {
            if let Some(sum) = self.consumed.get_mut(resource.resource) {
                *sum += resource.consumed;
            }
        }
    }

    fn add(&mut self, result: &RunResult, window: Option<&Range<f64>>) {
        let measured = |phase: usize| result.phases.get(phase).is_some_and(|phase| !phase.warm_up);
        let points = result.series.points.iter().filter(|point| measured(point.phase));
        let Some(window) = window else {
            // Totals are exact where intervals were thinned.
            for totals in result.totals.iter().filter(|totals| measured(totals.phase)) {
                if let Some(operation) = self.operations.get_mut(totals.operation) {
                    operation.add(&totals.counts, &totals.latencies);
                }
            }
            let phases = result.phases.iter().filter(|phase| !phase.warm_up);
            self.seconds += phases.map(|phase| phase.end_seconds - phase.start_seconds).sum::<f64>();
            points.for_each(|point| self.add_consumed(point));
            return;
        };
        points.filter(|point| window.contains(&point.start_seconds)).for_each(|point| self.add_point(point));
    }
}
