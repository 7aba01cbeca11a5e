//! What was counted since the start of a run: sums that only grow, for those who watch it.

use std::time::Duration;

use crate::api::Units;

use super::{Counts, ErrorCount, Histogram, OperationTotals, OutcomeKind, RunResult, ThrottleCount};

/// Sums since the start of a run, warm-ups included. Lists are as long and in the order of those of the record.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tally {
    /// One entry per operation of the mix.
    pub operations: Vec<OperationTally>,
    /// One entry per table and global secondary index.
    pub resources: Vec<ResourceTally>,
    /// Throttled attempts by kind.
    pub throttles: Vec<ThrottleCount>,
    /// Failed attempts by kind.
    pub errors: Vec<ErrorCount>,
    /// Lag that the generator caused.
    pub schedule_lag: Buckets,
}

/// What one operation did so far.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OperationTally {
    /// Operations by outcome.
    pub counts: Counts,
    /// Response times of those that succeeded.
    pub response: Buckets,
    /// Service times of those that succeeded.
    pub service: Buckets,
}

/// What one table or index gave and refused so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ResourceTally {
    /// Units consumed.
    pub consumed: Units,
    /// Attempts refused for lack of its read capacity.
    pub throttled_reads: u64,
    /// Attempts refused for lack of its write capacity.
    pub throttled_writes: u64,
}

/// Durations counted by size.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Buckets {
    /// How many were above the limit before and not above this one; the last entry counts those above every limit.
    pub counts: Vec<u64>,
    /// Their sum in seconds, to one part in a thousand.
    pub sum_seconds: f64,
}

impl Buckets {
    /// Adds the values of a histogram, by these limits in ascending order.
    pub fn add(&mut self, histogram: &Histogram, limits: &[Duration]) {
        self.counts.resize(limits.len() + 1, 0);
        let mut bucket = 0;
        for (time, count) in histogram.recorded_middles() {
            while limits.get(bucket).is_some_and(|limit| time > *limit) {
                bucket += 1;
            }
            self.counts[bucket] += count;
            self.sum_seconds += time.as_secs_f64() * count as f64;
        }
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }
}

impl Tally {
    /// The sums at the end of a recorded run, with latencies by these limits in ascending order.
    pub fn of(result: &RunResult, limits: &[Duration]) -> Self {
        let mut resources = vec![ResourceTally::default(); result.resources.len()];
        for own in result.series.points.iter().flat_map(|point| &point.resources) {
            if let Some(sum) = resources.get_mut(own.resource) {
                sum.consumed += own.consumed;
                sum.throttled_reads += own.throttled_reads;
                sum.throttled_writes += own.throttled_writes;
            }
        }
        let mut schedule_lag = Buckets::default();
        schedule_lag.add(&result.harness.schedule_lag, limits);
        Tally {
            operations: operation_tallies(&result.totals, result.operations.len(), limits),
            resources,
            throttles: result.throttles.clone(),
            errors: result.errors.clone(),
            schedule_lag,
        }
    }
}

/// The totals of all phases added up.
pub(super) fn operation_tallies(
    totals: &[OperationTotals],
    operations: usize,
    limits: &[Duration],
) -> Vec<OperationTally> {
    let mut tallies = vec![OperationTally::default(); operations];
    for totals in totals {
        let Some(tally) = tallies.get_mut(totals.operation) else { continue };
        tally.counts.add(&totals.counts);
        for latencies in totals.latencies.iter().filter(|latencies| latencies.outcome == OutcomeKind::Succeeded) {
            tally.response.add(&latencies.response, limits);
            tally.service.add(&latencies.service, limits);
        }
    }
    tallies
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_counted_up_to_their_limits() {
        let mut histogram = Histogram::new();
        // 1, 2, … 10 ms: two up to 2.5 ms, three more up to 5.5 ms, five above.
        (1..=10).for_each(|millis| histogram.record(Duration::from_millis(millis)));
        let mut buckets = Buckets::default();
        buckets.add(&histogram, &[Duration::from_micros(2500), Duration::from_micros(5500)]);
        assert_eq!((buckets.counts.as_slice(), buckets.count()), ([2, 3, 5].as_slice(), 10));
        assert!((buckets.sum_seconds - 0.055).abs() < 0.055 / 1000.0, "{}", buckets.sum_seconds);
        buckets.add(&histogram, &[Duration::from_micros(2500), Duration::from_micros(5500)]);
        assert_eq!(buckets.counts, [4, 6, 10]);
    }
}
