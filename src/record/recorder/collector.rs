//! The collector: empties the workers' shards into the series and the totals.

use std::collections::BTreeMap;
use std::time::Duration;

use parking_lot::Mutex;

use crate::api::{ReadWrite, ThrottlingReason};
use crate::time::Time;

use super::super::result::merge_latencies;
use super::super::tally::{Buckets, ResourceTally, Tally, operation_tallies};
use super::super::{
    CapacityLimit, Counts, ErrorCount, Histogram, Latencies, OperationTotals, OutcomeKind, Point, PointOperation,
    PointResource, Series, ThrottleCount,
};
use super::shard::{ErrorKey, Interval, ResourceInterval, Shard, ThrottleKey};
use super::{INTERVAL, Shape};

/// The series has at most this many points; beyond, neighbours are merged.
const POINTS_MAX: usize = 900;
/// Packed histograms of the series take at most this much memory; beyond, neighbours are merged.
const PACKED_BYTES_MAX: usize = 6 << 20;
/// Points this far behind the newest are packed: operations rarely end later than that after they were due.
const OPEN_INTERVALS: u64 = 2;
/// Emptied intervals that a shard keeps for their memory.
const SPARE_MAX: usize = 2;
/// A generator that lags this much behind at the 99th percentile of an interval spoils the interval's latencies, ...
const LAG_TOLERATED: Duration = Duration::from_millis(1);
/// ... unless the lag is below this share of the response time.
const LAG_SHARE_TOLERATED: f64 = 0.1;

/// Gathers the record while the run goes on.
#[derive(Debug)]
pub(super) struct Collector {
    shape: Shape,
    points: BTreeMap<(u64, usize), StoredPoint>,
    /// How many intervals a point spans.
    merged: u64,
    totals: Vec<OperationTotals>,
    throttles: Vec<(ThrottleKey, u64)>,
    errors: Vec<(ErrorKey, u64)>,
    lag: Histogram,
    wait: Histogram,
    /// Sums over all points.
    resources: Vec<ResourceInterval>,
}

/// A point of the series while it may still grow.
#[derive(Debug)]
struct StoredPoint {
    sent: u64,
    completed: u64,
    operations: Vec<StoredOperation>,
    resources: Vec<ResourceInterval>,
    throttles: BTreeMap<usize, u64>,
    errors: BTreeMap<usize, u64>,
    lag: Histogram,
}

#[derive(Debug, Default)]
struct StoredOperation {
    counts: Counts,
    latencies: Vec<Latencies>,
}

/// What a progress display shows of a run that goes on.
#[derive(Debug, Clone, Default)]
pub struct LiveView {
    /// Operations due, sent and ended so far, warm-ups included.
    pub counts: Counts,
    /// Operations sent in the last whole interval.
    pub sent_per_second: u64,
    /// Operations due in the last whole interval.
    pub offered_per_second: u64,
    /// Response times of successes due in the last whole interval.
    pub response: Histogram,
    /// Failed attempts so far that were not throttles.
    pub errors: u64,
}

/// Everything the recorder took down.
#[derive(Debug)]
pub struct Recorded {
    /// One entry per phase and operation.
    pub totals: Vec<OperationTotals>,
    /// The run over time.
    pub series: Series,
    /// Throttled attempts by kind.
    pub throttles: Vec<ThrottleCount>,
    /// Failed attempts by kind.
    pub errors: Vec<ErrorCount>,
    /// Lag that the generator caused.
    pub lag: Histogram,
    /// Waiting for a place in flight.
    pub wait: Histogram,
}

impl Collector {
    /// A collector for runs of this shape.
    pub fn new(shape: &Shape) -> Self {
        let shape = shape.clone();
        let totals = (0..shape.phase_ends.len())
            .flat_map(|phase| (0..shape.operations).map(move |operation| (phase, operation)))
            .map(|(phase, operation)| OperationTotals {
                phase,
                operation,
                counts: Counts::default(),
                items: 0,
                latencies: Vec::new(),
            })
            .collect();
        Collector {
            resources: vec![ResourceInterval::default(); shape.resources.len()],
            shape,
            points: BTreeMap::new(),
            merged: 1,
            totals,
            throttles: Vec::new(),
            errors: Vec::new(),
            lag: Histogram::new(),
            wait: Histogram::new(),
        }
    }

    /// Empties the shards. To be called a few times a second.
    pub fn collect(&mut self, shards: &[Mutex<Shard>]) {
        for shard in shards {
            let (intervals, throttles, errors) = {
                let mut shard = shard.lock();
                let intervals = std::mem::take(&mut shard.open);
                (intervals, self.throttle_map(&shard), self.error_map(&shard))
            };
            let mut emptied = Vec::with_capacity(intervals.len());
            for mut interval in intervals {
                self.absorb(&interval, &throttles, &errors);
                interval.clear();
                emptied.push(interval);
            }
            let mut shard = shard.lock();
            emptied.truncate(SPARE_MAX.saturating_sub(shard.spare.len()));
            shard.spare.append(&mut emptied);
        }
        self.pack();
        while self.points.len() > POINTS_MAX || self.packed_bytes() > PACKED_BYTES_MAX {
            let before = self.points.len();
            self.thin();
            if self.points.len() == before {
                break;
            }
        }
    }

    /// Merges from the start so many intervals that those of a whole run, and `more` points, are few enough.
    pub fn merge_for(&mut self, intervals: u64, more: u64) {
        while self.merged < intervals && intervals.div_ceil(self.merged) + more > POINTS_MAX as u64 {
            self.merged *= 2;
        }
    }

    /// How many intervals a point spans.
    pub const fn merged(&self) -> u64 {
        self.merged
    }

    /// What the run looks like at `now`.
    pub fn view(&self, now: Time) -> LiveView {
        let mut view = LiveView::default();
        for totals in &self.totals {
            view.counts.add(&totals.counts);
        }
        view.errors = self.errors.iter().map(|(_, count)| count).sum();
        let last = (now.as_nanos() / INTERVAL.as_nanos() as u64 / self.merged).saturating_sub(1);
        for (_, point) in self.points.range((last, 0)..(last + 1, 0)) {
            view.sent_per_second += point.sent / self.merged;
            for operation in &point.operations {
                view.offered_per_second += operation.counts.offered / self.merged;
                for latencies in &operation.latencies {
                    if latencies.outcome == OutcomeKind::Succeeded {
                        view.response.merge(&latencies.response);
                    }
                }
            }
        }
        view
    }

    /// What was counted so far, with latencies by these limits in ascending order.
    pub fn tally(&self, limits: &[Duration]) -> Tally {
        let resource = |sum: &ResourceInterval| ResourceTally {
            consumed: sum.consumed,
            throttled_reads: sum.throttled_reads,
            throttled_writes: sum.throttled_writes,
        };
        let mut schedule_lag = Buckets::default();
        schedule_lag.add(&self.lag, limits);
        Tally {
            operations: operation_tallies(&self.totals, self.shape.operations, limits),
            resources: self.resources.iter().map(resource).collect(),
            throttles: self.throttles.iter().map(|(key, count)| throttle_count(key, *count)).collect(),
            errors: self.errors.iter().map(|(key, count)| error_count(key, *count)).collect(),
            schedule_lag,
        }
    }

    /// The finished record. `end` is when the last answer came.
    pub fn finish(mut self, end: Time) -> Recorded {
        let points: Vec<Point> = std::mem::take(&mut self.points)
            .into_iter()
            .map(|((number, phase), stored)| self.point(number, phase, stored, end))
            .collect();
        Recorded {
            totals: self.totals,
            series: Series { interval_seconds: INTERVAL.as_secs_f64(), merged: self.merged, points },
            throttles: self.throttles.iter().map(|(key, count)| throttle_count(key, *count)).collect(),
            errors: self.errors.iter().map(|(key, count)| error_count(key, *count)).collect(),
            lag: self.lag,
            wait: self.wait,
        }
    }

    /// Where the shard's throttles are in the list of the whole run.
    fn throttle_map(&mut self, shard: &Shard) -> Vec<usize> {
        shard.throttles.iter().map(|key| position_or_push(&mut self.throttles, |known| known == key, key)).collect()
    }

    fn error_map(&mut self, shard: &Shard) -> Vec<usize> {
        let same = |known: &ErrorKey, key: &ErrorKey| known.operation == key.operation && known.name == key.name;
        shard.errors.iter().map(|key| position_or_push(&mut self.errors, |known| same(known, key), key)).collect()
    }

    fn absorb(&mut self, interval: &Interval, throttles: &[usize], errors: &[usize]) {
        let shape = &self.shape;
        let point = self
            .points
            .entry((interval.number / self.merged, interval.phase))
            .or_insert_with(|| StoredPoint::new(shape));
        point.sent += interval.sent;
        point.completed += interval.completed;
        point.lag.merge(&interval.lag);
        self.lag.merge(&interval.lag);
        self.wait.merge(&interval.wait);
        for (number, operation) in interval.operations.iter().enumerate() {
            point.operations[number].counts.add(&operation.counts);
            let totals = &mut self.totals[interval.phase * shape.operations + number];
            totals.counts.add(&operation.counts);
            totals.items += operation.items;
            let recorded = operation.latencies.iter().flatten().filter(|latencies| !latencies.service.is_empty());
            for latencies in recorded {
                merge_latencies(&mut totals.latencies, std::slice::from_ref(&**latencies));
                merge_latencies(&mut point.operations[number].latencies, std::slice::from_ref(&**latencies));
            }
        }
        for (stored, own) in point.resources.iter_mut().zip(&interval.resources) {
            stored.add(own);
        }
        for (sum, own) in self.resources.iter_mut().zip(&interval.resources) {
            sum.add(own);
        }
        for (at, count) in interval.throttles.iter().enumerate().filter(|(_, count)| **count > 0) {
            *point.throttles.entry(throttles[at]).or_default() += count;
            self.throttles[throttles[at]].1 += count;
        }
        for (at, count) in interval.errors.iter().enumerate().filter(|(_, count)| **count > 0) {
            *point.errors.entry(errors[at]).or_default() += count;
            self.errors[errors[at]].1 += count;
        }
    }

    /// Packs the points that hardly change any more.
    fn pack(&mut self) {
        let Some((newest, _)) = self.points.last_key_value().map(|(key, _)| *key) else { return };
        for (_, point) in self.points.range_mut(..(newest.saturating_sub(OPEN_INTERVALS), 0)) {
            point.pack();
        }
    }

    fn packed_bytes(&self) -> usize {
        let operations = self.points.values().flat_map(|point| &point.operations);
        operations.flat_map(|operation| &operation.latencies).map(Latencies::packed_bytes).sum()
    }

    /// Merges every two neighbouring intervals.
    fn thin(&mut self) {
        self.merged *= 2;
        let mut thinned: BTreeMap<(u64, usize), StoredPoint> = BTreeMap::new();
        for ((number, phase), point) in std::mem::take(&mut self.points) {
            match thinned.entry((number / 2, phase)) {
                std::collections::btree_map::Entry::Vacant(vacant) => {
                    vacant.insert(point);
                }
                std::collections::btree_map::Entry::Occupied(mut occupied) => {
                    occupied.get_mut().absorb(point);
                    occupied.get_mut().pack();
                }
            }
        }
        self.points = thinned;
    }

    fn point(&self, number: u64, phase: usize, stored: StoredPoint, end: Time) -> Point {
        let length = INTERVAL.as_nanos() as u64 * self.merged;
        let phase_start = if phase == 0 { Time::ZERO } else { self.shape.phase_ends[phase - 1] };
        let is_last = phase + 1 == self.shape.phase_ends.len();
        let phase_end = if is_last { end.max(self.shape.phase_ends[phase]) } else { self.shape.phase_ends[phase] };
        let start = Time::from_nanos(number * length).max(phase_start);
        // An answer may come after the end of its phase: then the point ends where its interval does.
        let until = Time::from_nanos((number + 1) * length);
        let until = if phase_end > start { until.min(phase_end) } else { until };
        let mut response = Histogram::new();
        let mut operations = Vec::new();
        for (operation, mut own) in stored.operations.into_iter().enumerate() {
            if own.counts == Counts::default() {
                continue;
            }
            for latencies in &mut own.latencies {
                response.merge(&latencies.response);
                latencies.pack();
            }
            operations.push(PointOperation { operation, counts: own.counts, latencies: own.latencies });
        }
        let [lag_median, lag_p99, lag_max] = stored.lag.percentiles([50.0, 99.0, 100.0]);
        let lag_matters = lag_p99.as_secs_f64() > LAG_SHARE_TOLERATED * response.percentile(99.0).as_secs_f64();
        let is_late = lag_p99 > LAG_TOLERATED && lag_matters;
        Point {
            phase,
            start_seconds: start.as_secs_f64(),
            end_seconds: until.as_secs_f64(),
            sent: stored.sent,
            completed: stored.completed,
            operations,
            resources: point_resources(&self.shape, &stored.resources),
            throttles: stored.throttles.into_iter().collect(),
            errors: stored.errors.into_iter().collect(),
            lag_seconds: [lag_median, lag_p99, lag_max].map(|lag| lag.as_secs_f64()),
            valid: !is_late,
        }
    }
}

fn position_or_push<K: Clone>(list: &mut Vec<(K, u64)>, is_it: impl Fn(&K) -> bool, key: &K) -> usize {
    list.iter().position(|(known, _)| is_it(known)).unwrap_or_else(|| {
        list.push((key.clone(), 0));
        list.len() - 1
    })
}

fn point_resources(shape: &Shape, stored: &[ResourceInterval]) -> Vec<PointResource> {
    stored
        .iter()
        .enumerate()
        .map(|(resource, own)| PointResource {
            resource,
            consumed: own.consumed,
            provisioned: match shape.resources[resource].limit {
                CapacityLimit::Provisioned(units) => Some(units),
                CapacityLimit::OnDemand | CapacityLimit::Unknown => None,
            },
            throttled_reads: own.throttled_reads,
            throttled_writes: own.throttled_writes,
        })
        .collect()
}

fn throttle_count(key: &ThrottleKey, count: u64) -> ThrottleCount {
    let resource = |reason: &ThrottlingReason| match &reason.index {
        None => reason.table.to_string(),
        Some(index) => format!("{}/index/{index}", reason.table),
    };
    ThrottleCount {
        operation: key.operation,
        exception: key.exception.name().to_owned(),
        reason: key.reason.as_ref().map(ThrottlingReason::name).unwrap_or_default(),
        resource: key.reason.as_ref().map(resource).unwrap_or_default(),
        access: key.reason.as_ref().map(|reason| -> ReadWrite { reason.access }),
        count,
    }
}

fn error_count(key: &ErrorKey, count: u64) -> ErrorCount {
    ErrorCount { operation: key.operation, name: key.name.clone(), example: key.example.clone(), count }
}

impl StoredPoint {
    fn new(shape: &Shape) -> Self {
        StoredPoint {
            sent: 0,
            completed: 0,
            operations: (0..shape.operations).map(|_| StoredOperation::default()).collect(),
            resources: vec![ResourceInterval::default(); shape.resources.len()],
            throttles: BTreeMap::new(),
            errors: BTreeMap::new(),
            lag: Histogram::new(),
        }
    }

    fn absorb(&mut self, other: StoredPoint) {
        self.sent += other.sent;
        self.completed += other.completed;
        self.lag.merge(&other.lag);
        for (own, theirs) in self.operations.iter_mut().zip(&other.operations) {
            own.counts.add(&theirs.counts);
            merge_latencies(&mut own.latencies, &theirs.latencies);
        }
        for (own, theirs) in self.resources.iter_mut().zip(&other.resources) {
            own.add(theirs);
        }
        for (into, from) in [(&mut self.throttles, other.throttles), (&mut self.errors, other.errors)] {
            for (at, count) in from {
                *into.entry(at).or_default() += count;
            }
        }
    }

    fn pack(&mut self) {
        self.lag.pack();
        for latencies in self.operations.iter_mut().flat_map(|operation| &mut operation.latencies) {
            latencies.pack();
        }
    }
}

impl ResourceInterval {
    fn add(&mut self, other: &ResourceInterval) {
        self.consumed += other.consumed;
        self.throttled_reads += other.throttled_reads;
        self.throttled_writes += other.throttled_writes;
    }
}
