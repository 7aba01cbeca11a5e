//! Throughput asked for by streams of operations instead of one by one: the same limits, buckets, partitions, splits and
//! scaling, with demand as a fluid.
//!
//! Over an interval demand is taken as constant, and what buckets hold and what accrues to them is all that is to be had. Where the
//! table or index as a whole has less than is asked for, every request has the same chance to pass it; where a partition has
//! less than what reaches it, every request to it has. Chance itself is left out: arrivals that crowd together within an
//! interval, tokens that routers hold ahead, and the debt that one large request may run into.

use crate::api::{CapacityUnits, ReadWrite, Units};
use crate::time::Time;

use super::super::admission::Refusal;
use super::super::partition::{Access, Given, Partitions, Place, Room};
use super::{Charge, Limited, Throughput};

/// Billionths, in which buckets count.
const NANOS_PER_UNIT: f64 = 1e9;
const NANOS_PER_HALF_UNIT: i64 = 500_000_000;
/// A hair more than floating-point sums fall short of the whole number they are.
const HAIR: f64 = 1e-6;
/// The fraction that passes the limit of the whole is found in steps that never overshoot; more than a few are not needed.
const STEPS_MAX: usize = 100;

/// What one operation of a stream asks of a table or index for one kind of access, on average.
#[derive(Debug, Clone, PartialEq)]
pub struct Stream {
    /// The kind of access.
    pub access: Access,
    /// Keys that are asked for often, each with its part.
    pub points: Vec<Point>,
    /// The rest, spread evenly over all hashes.
    pub spread: Load,
}

/// What is asked for one key.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// Where the key lies.
    pub place: Place,
    /// How much of it.
    pub load: Load,
}

/// Means of one operation.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Load {
    /// Capacity units.
    pub units: f64,
    /// By how much larger what is stored becomes, in bytes.
    pub growth_bytes: f64,
}

impl Stream {
    /// Multiplies the units of every key.
    pub fn scale(&mut self, factor: f64) {
        for point in &mut self.points {
            point.load.units *= factor;
        }
        self.spread.units *= factor;
    }

    /// Units of one operation, all keys together.
    pub fn units(&self) -> f64 {
        self.points.iter().map(|point| point.load.units).sum::<f64>() + self.spread.units
    }
}

/// What becomes of a stream's requests.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Passage {
    /// The share that is admitted.
    pub admitted: f64,
    /// The share refused by the limit of the whole table or index.
    pub refused_by_whole: f64,
    /// The share refused by partitions.
    pub refused_by_partitions: f64,
}

impl Passage {
    const WHOLE: Passage = Passage { admitted: 1.0, refused_by_whole: 0.0, refused_by_partitions: 0.0 };
}

/// Streams of operations through the throughput of one table or index.
///
/// Time goes from interval to interval: [`reckon`](Self::reckon) says what would be admitted of a demand and may be asked
/// again with another, [`pass`](Self::pass) takes it. Intervals should not reach beyond [`due_after`](Self::due_after).
#[derive(Debug)]
pub struct Flow<'t> {
    throughput: &'t Throughput,
    streams: Vec<Stream>,
    ranges: Ranges,
    reckoned: Reckoned,
    left: Left,
}

/// How the streams fall on the partitions as they are.
#[derive(Debug, Default)]
struct Ranges {
    version: Option<u64>,
    count: usize,
    /// Units of an operation by stream and partition.
    units: Vec<f64>,
    /// Growth of an operation in bytes by stream and partition; empty where nothing grows.
    growth: Vec<f64>,
    /// The partition of each point, by stream.
    homes: Vec<Vec<u32>>,
}

/// An interval reckoned and not yet passed.
#[derive(Debug, Default)]
struct Reckoned {
    /// Operations by stream.
    operations: Vec<f64>,
    passages: Vec<Passage>,
    /// Units asked for by kind of access, then partition.
    demand: [Vec<f64>; 3],
    /// Of these, the share admitted.
    share: [Vec<f64>; 3],
    /// The share that passes the limit of the whole: reads, writes.
    fraction: [f64; 2],
    scratch: Scratch,
}

/// What partitions have room for, kept to be filled again.
#[derive(Debug, Default)]
struct Scratch {
    rooms: Vec<Room>,
    led: Vec<f64>,
    read: Vec<f64>,
    room_of_reads: Vec<f64>,
    room_of_writes: Vec<f64>,
}

/// What is too little to be counted yet.
#[derive(Debug, Default)]
struct Left {
    /// Billionths of a unit by partition: reads, writes.
    nanos: Vec<[i64; 2]>,
    /// Requests refused by partition.
    refused: Vec<[f64; 2]>,
    /// Bytes by partition.
    growth: Vec<f64>,
    refused_by_whole: [f64; 2],
    /// Units where nothing is limited.
    units: [f64; 2],
}

impl<'t> Flow<'t> {
    /// Streams through a throughput.
    pub fn new(throughput: &'t Throughput, streams: Vec<Stream>) -> Self {
        let mut flow = Flow {
            throughput,
            streams: Vec::new(),
            ranges: Ranges::default(),
            reckoned: Reckoned::default(),
            left: Left::default(),
        };
        flow.set_streams(streams);
        flow
    }

    /// Puts other streams in place of those so far; nothing counted or banked changes.
    pub fn set_streams(&mut self, streams: Vec<Stream>) {
        self.reckoned.passages = vec![Passage::WHOLE; streams.len()];
        self.reckoned.operations = vec![0.0; streams.len()];
        self.ranges.version = None;
        self.streams = streams;
    }

    /// The streams.
    pub fn streams(&self) -> &[Stream] {
        &self.streams
    }

    /// When anything changes by itself after `now`; [`Time::NEVER`] where nothing does. What is due by `now` happens first.
    pub fn due_after(&self, now: Time) -> Time {
        self.throughput.lock().map_or(Time::NEVER, |mut limited| {
            limited.advance(now);
            limited.due
        })
    }

    /// What becomes of the requests of a stream, as it was last reckoned.
    pub fn passage(&self, stream: usize) -> Passage {
        self.reckoned.passages.get(stream).copied().unwrap_or(Passage::WHOLE)
    }

    /// Why the table or index as a whole refuses an access, and why its partitions do; `None` where nothing is limited.
    pub fn refusals(&self, access: ReadWrite) -> Option<[Refusal; 2]> {
        let limited = self.throughput.lock()?;
        let on_demand = limited.limits[0].is_on_demand();
        let partitions = Refusal { limit: limited.partitions.limit_kind(), on_demand };
        Some([Refusal { limit: limited.limits[access as usize].limit_kind(), on_demand }, partitions])
    }

    /// What becomes of so many operations of each stream between `from` and `until`. Everything due by `from` happens first.
    pub fn reckon(&mut self, from: Time, until: Time, operations: &[f64]) -> &[Passage] {
        self.reckoned.operations.clear();
        self.reckoned.operations.extend(operations);
        self.reckoned.operations.resize(self.streams.len(), 0.0);
        let Some(mut limited) = self.throughput.lock() else {
            self.reckoned.passages.fill(Passage::WHOLE);
            return &self.reckoned.passages;
        };
        limited.advance(from);
        if self.ranges.version != Some(limited.partitions.version()) {
            self.ranges = Ranges::new(&self.streams, &limited.partitions);
            self.left.pool(self.ranges.count);
        }
        self.reckoned.reckon(&mut limited, &self.ranges, &self.streams, from, until);
        &self.reckoned.passages
    }

    /// Takes what was reckoned for this interval. Returns the units consumed that are whole by now.
    pub fn pass(&mut self, from: Time, until: Time) -> Units {
        let Some(mut limited) = self.throughput.lock() else { return self.pass_unlimited() };
        let limited = &mut *limited;
        let mut consumed = [CapacityUnits::ZERO; 2];
        let mut taken = [0i64; 2];
        let requests_per_unit = self.requests_per_unit();
        let [write, strong, eventual] =
            [Access::Write, Access::StrongRead, Access::EventualRead].map(|access| access as usize);
        for at in 0..self.ranges.count {
            let units = |access: usize| self.reckoned.demand[access][at] * self.reckoned.share[access][at];
            let nanos = |access: usize| (units(access) * NANOS_PER_UNIT + 0.5) as i64;
            let mut given = Given { leader_nanos: nanos(strong), ..Given::default() };
            given.nanos = [given.leader_nanos + nanos(eventual), nanos(write)];
            let asked = [
                self.reckoned.demand[strong][at] + self.reckoned.demand[eventual][at],
                self.reckoned.demand[write][at],
            ];
            for kind in 0..2 {
                taken[kind] += given.nanos[kind];
                let left = &mut self.left.nanos[at][kind];
                *left += given.nanos[kind];
                let halves = *left / NANOS_PER_HALF_UNIT;
                *left -= halves * NANOS_PER_HALF_UNIT;
                given.units[kind] = CapacityUnits::halves(halves as u64);
                consumed[kind] += given.units[kind];
                let refused = asked[kind] * self.reckoned.fraction[kind] - given.nanos[kind] as f64 / NANOS_PER_UNIT;
                // What is less than rounding leaves is no refusal.
                if refused > asked[kind] * 1e-9 + 1e-6 {
                    given.refused[kind] = whole(&mut self.left.refused[at][kind], refused * requests_per_unit[kind]);
                }
            }
            limited.partitions.flow(at, from, until, &given, &limited.model);
            if limited.partitions.splits_by(at, until) {
                self.remember(limited, at);
            }
        }
        for kind in [ReadWrite::Read, ReadWrite::Write] {
            let at = kind as usize;
            let limit = &mut limited.limits[at];
            limit.flow(until, taken[at], consumed[at]);
            let operations: f64 = self.of_kind(kind).map(|stream| self.reckoned.operations[stream]).sum();
            let refused = operations * (1.0 - self.reckoned.fraction[at]);
            limit.throttled += whole(&mut self.left.refused_by_whole[at], refused);
        }
        if !self.ranges.growth.is_empty() {
            self.grow(limited, until);
        }
        limited.set_due();
        Units { read: consumed[0], write: consumed[1] }
    }

    /// Notes how much larger partitions become; those that hold too much are split.
    fn grow(&mut self, limited: &mut Limited, now: Time) {
        // From the last to the first, because a split gives those behind it other numbers.
        for at in (0..self.ranges.count).rev() {
            let growth: f64 = (0..self.streams.len())
                .map(|stream| {
                    let share = self.reckoned.share[self.streams[stream].access as usize][at];
                    self.ranges.growth[stream * self.ranges.count + at] * self.reckoned.operations[stream] * share
                })
                .sum();
            self.left.growth[at] += growth;
            let bytes = self.left.growth[at] as i64;
            self.left.growth[at] -= bytes as f64;
            let event = limited.partitions.grow_at(at, bytes, &limited.model, now);
            limited.events.extend(event);
        }
    }

    /// Lets a partition that is being split remember what is asked of it.
    fn remember(&self, limited: &mut Limited, at: usize) {
        let ceilings = [limited.model.partition_read_units_per_second, limited.model.partition_write_units_per_second];
        let mut keys: Vec<(&Place, f64)> = Vec::new();
        let mut elsewhere = 0.0;
        let width = limited.partitions.widths().nth(at).unwrap_or(0.0);
        for (number, stream) in self.streams.iter().enumerate() {
            let share = self.reckoned.share[stream.access as usize][at];
            let weight =
                self.reckoned.operations[number] * share / ceilings[stream.access.kind() as usize].max(1) as f64;
            let homes = self.ranges.homes[number].iter();
            let here = stream.points.iter().zip(homes).filter(|(_, home)| **home as usize == at);
            keys.extend(here.map(|(point, _)| (&point.place, point.load.units * weight)));
            elsewhere += stream.spread.units * width * weight;
        }
        limited.partitions.remember(at, &keys, elsewhere);
    }

    fn pass_unlimited(&mut self) -> Units {
        let mut consumed = [CapacityUnits::ZERO; 2];
        for (stream, operations) in self.streams.iter().zip(&self.reckoned.operations) {
            self.left.units[stream.access.kind() as usize] += stream.units() * operations;
        }
        for (access, kind) in [(Access::StrongRead, ReadWrite::Read), (Access::Write, ReadWrite::Write)] {
            let left = &mut self.left.units[kind as usize];
            let halves = (*left * 2.0 + HAIR).trunc();
            *left -= halves / 2.0;
            let units = CapacityUnits::halves(halves as u64);
            consumed[kind as usize] = units;
            let place = &Place::of_hash(0);
            self.throughput.count(&Charge { throughput: self.throughput, access, place, units, growth_bytes: 0 });
        }
        Units { read: consumed[0], write: consumed[1] }
    }

    fn of_kind(&self, kind: ReadWrite) -> impl Iterator<Item = usize> {
        self.streams
            .iter()
            .enumerate()
            .filter(move |(_, stream)| stream.access.kind() == kind)
            .map(|(number, _)| number)
    }

    /// Operations for each unit asked for: reads, writes.
    fn requests_per_unit(&self) -> [f64; 2] {
        let [write, strong, eventual] = &self.reckoned.demand;
        let sum = |units: &[f64]| units.iter().sum::<f64>();
        let units = [sum(strong) + sum(eventual), sum(write)];
        [ReadWrite::Read, ReadWrite::Write].map(|kind| {
            let operations: f64 = self.of_kind(kind).map(|stream| self.reckoned.operations[stream]).sum();
            if units[kind as usize] > 0.0 { operations / units[kind as usize] } else { 0.0 }
        })
    }
}

impl Ranges {
    fn new(streams: &[Stream], partitions: &Partitions) -> Self {
        let count = partitions.count();
        let widths: Vec<f64> = partitions.widths().collect();
        let loads = |stream: &'_ Stream| {
            stream.points.iter().map(|point| point.load).chain([stream.spread]).collect::<Vec<_>>()
        };
        let grows = streams.iter().flat_map(loads).any(|load| load.growth_bytes != 0.0);
        let mut ranges = Ranges { version: Some(partitions.version()), count, ..Ranges::default() };
        for stream in streams {
            let mut units: Vec<f64> = widths.iter().map(|width| width * stream.spread.units).collect();
            let mut growth: Vec<f64> = widths.iter().map(|width| width * stream.spread.growth_bytes).collect();
            let mut homes = Vec::with_capacity(stream.points.len());
            for point in &stream.points {
                let at = partitions.find(&point.place);
                units[at] += point.load.units;
                growth[at] += point.load.growth_bytes;
                homes.push(at as u32);
            }
            ranges.units.append(&mut units);
            if grows {
                ranges.growth.append(&mut growth);
            }
            ranges.homes.push(homes);
        }
        ranges
    }

    fn of_stream(&self, stream: usize) -> &[f64] {
        &self.units[stream * self.count..(stream + 1) * self.count]
    }
}

impl Reckoned {
    fn reckon(&mut self, limited: &mut Limited, ranges: &Ranges, streams: &[Stream], from: Time, until: Time) {
        let ahead = until.since(from);
        for (demand, share) in self.demand.iter_mut().zip(&mut self.share) {
            demand.clear();
            demand.resize(ranges.count, 0.0);
            share.clear();
            share.resize(ranges.count, 1.0);
        }
        for (number, stream) in streams.iter().enumerate() {
            let operations = self.operations[number];
            if operations > 0.0 {
                let demand = &mut self.demand[stream.access as usize];
                for (sum, units) in demand.iter_mut().zip(ranges.of_stream(number)) {
                    *sum += operations * units;
                }
            }
        }
        let Scratch { rooms, led, read, room_of_reads, room_of_writes } = &mut self.scratch;
        rooms.clear();
        rooms.extend((0..ranges.count).map(|at| limited.partitions.room(at, from, ahead)));
        let mut whole = |kind: ReadWrite| {
            if limited.is_shared_out(kind) { f64::INFINITY } else { limited.limits[kind as usize].room(from, ahead) }
        };
        let wholes = [whole(ReadWrite::Read), whole(ReadWrite::Write)];

        let [write, strong, eventual] = &self.demand;
        let share = |room: f64, demand: f64| if demand > room { room / demand } else { 1.0 };
        led.clear();
        led.extend(rooms.iter().zip(strong).map(|(room, demand)| share(room.leader_read, *demand)));
        read.clear();
        read.extend(strong.iter().zip(&*led).zip(eventual).map(|((strong, led), eventual)| strong * led + eventual));
        room_of_reads.clear();
        room_of_reads.extend(rooms.iter().map(|room| room.read));
        room_of_writes.clear();
        room_of_writes.extend(rooms.iter().map(|room| room.write));
        self.fraction = [fraction(wholes[0], read, room_of_reads), fraction(wholes[1], write, room_of_writes)];
        let [of_reads, of_writes] = self.fraction;
        for at in 0..ranges.count {
            let of_read = of_reads * share(room_of_reads[at], of_reads * read[at]);
            self.share[Access::StrongRead as usize][at] = of_read * led[at];
            self.share[Access::EventualRead as usize][at] = of_read;
            self.share[Access::Write as usize][at] = of_writes * share(room_of_writes[at], of_writes * write[at]);
        }
        for (number, stream) in streams.iter().enumerate() {
            let by_whole = self.fraction[stream.access.kind() as usize];
            let shares = &self.share[stream.access as usize];
            let units = ranges.of_stream(number);
            let asked: f64 = units.iter().sum();
            let given: f64 = units.iter().zip(shares).map(|(units, share)| units * share).sum();
            let admitted = if asked > 0.0 { given / asked } else { 1.0 };
            let refused_by_whole = if asked > 0.0 { 1.0 - by_whole } else { 0.0 };
            let refused_by_partitions = (1.0 - refused_by_whole - admitted).max(0.0);
            self.passages[number] = Passage { admitted, refused_by_whole, refused_by_partitions };
        }
    }
}

impl Left {
    /// What partitions that are no more had left is left to the first one.
    fn pool(&mut self, count: usize) {
        let nanos = self.nanos.drain(..).fold([0; 2], |sum: [i64; 2], left| [sum[0] + left[0], sum[1] + left[1]]);
        let refused = self.refused.drain(..).fold([0.0; 2], |sum: [f64; 2], left| [sum[0] + left[0], sum[1] + left[1]]);
        let growth = self.growth.drain(..).sum();
        self.nanos.resize(count, [0; 2]);
        self.refused.resize(count, [0.0; 2]);
        self.growth.resize(count, 0.0);
        (self.nanos[0], self.refused[0], self.growth[0]) = (nanos, refused, growth);
    }
}

/// The largest fraction of all demand, at most 1, of which what the partitions have room for is no more than `whole`.
fn fraction(whole: f64, demand: &[f64], room: &[f64]) -> f64 {
    let admitted: f64 = demand.iter().zip(room).map(|(demand, room)| demand.min(*room)).sum();
    if admitted <= whole {
        return 1.0;
    }
    let whole = whole.max(0.0);
    let mut fraction = whole / demand.iter().sum::<f64>();
    for _ in 0..STEPS_MAX {
        // Partitions that are full at this fraction are full at the next, larger one.
        let (mut full, mut free) = (0.0, 0.0);
        for (demand, room) in demand.iter().zip(room) {
            if fraction * demand > *room { full += room } else { free += demand }
        }
        let next = if free > 0.0 { (whole - full) / free } else { 1.0 };
        if next <= fraction * (1.0 + 1e-12) {
            break;
        }
        fraction = next;
    }
    fraction.min(1.0)
}

/// Adds to what is left, and takes what is whole of it.
fn whole(left: &mut f64, more: f64) -> u64 {
    *left += more.max(0.0);
    let whole = *left as u64;
    *left -= whole as f64;
    whole
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::super::super::model::CapacityModel;
    use super::super::ResourceOptions;
    use super::*;
    use crate::api::CapacityMode;

    fn stream(spread: f64, points: &[(u64, f64)]) -> Stream {
        let load = |units| Load { units, growth_bytes: 0.0 };
        let point = |&(hash, units): &(u64, f64)| Point { place: Place::of_hash(hash), load: load(units) };
        Stream { access: Access::Write, points: points.iter().map(point).collect(), spread: load(spread) }
    }

    fn provisioned(units: u64, model: CapacityModel) -> Throughput {
        Throughput::new(&ResourceOptions::of(CapacityMode::provisioned(units, units)), model, Time::ZERO)
    }

    /// Lets `operations` a second of one stream flow for so many seconds. Returns what was admitted and consumed.
    fn run(flow: &mut Flow<'_>, seconds: u64, operations: f64) -> (f64, Units) {
        let (mut admitted, mut consumed) = (0.0, Units::default());
        for second in 0..seconds {
            let [from, until] = [second, second + 1].map(|second| Time::ZERO + Duration::from_secs(second));
            admitted += operations * flow.reckon(from, until, &[operations])[0].admitted;
            consumed += flow.pass(from, until);
        }
        (admitted, consumed)
    }

    #[test]
    fn a_bank_of_300_seconds_is_spent_to_the_unit() {
        let throughput = provisioned(150, CapacityModel::default());
        let mut flow = Flow::new(&throughput, vec![stream(1.0, &[])]);
        // One second at hand, 150 a second saved for 400 s, of which 300 s are kept.
        assert_eq!(run(&mut flow, 400, 0.0).0, 0.0);
        let from = Time::ZERO + Duration::from_secs(400);
        let passages = flow.reckon(from, from + Duration::from_secs(100), &[1e6]);
        assert_eq!((passages[0].admitted * 1e6).round(), 45_000.0 + 15_000.0);
    }

    #[test]
    fn a_partition_is_held_to_its_ceiling_and_the_rest_goes_on() {
        let throughput = provisioned(4_000, CapacityModel { splits_for_heat: false, ..CapacityModel::default() });
        let mut flow = Flow::new(&throughput, vec![stream(0.25, &[(7, 0.75)])]);
        // 2,250 a second of one key, beside a share of the 750 of all others, on a partition of 1,000.
        let (admitted, consumed) = run(&mut flow, 1_000, 3_000.0);
        let partitions = throughput.view(Time::ZERO).unwrap().partitions;
        let first = partitions.iter().find(|partition| partition.start_hash == 0).unwrap();
        assert!((first.consumed.write.as_f64() - 1_001_000.0).abs() <= 1.0, "{first:?}");
        let others = 750.0 * (1.0 - 1.0 / partitions.len() as f64) * 1_000.0;
        assert!((consumed.write.as_f64() - 1_001_000.0 - others).abs() <= 2.0, "{consumed:?}");
        assert!((admitted - consumed.write.as_f64()).abs() <= 2.0, "what is refused and what is consumed is all");
        assert_eq!(partitions.iter().map(|partition| partition.consumed.write).sum::<CapacityUnits>(), consumed.write);
        let refused = 3_000_000.0 - admitted;
        assert!((first.throttled_writes as f64 / refused - 1.0).abs() < 1e-3, "{first:?}");
    }

    #[test]
    fn a_hot_partition_is_split_between_its_keys() {
        let throughput = provisioned(3_000, CapacityModel::default());
        let keys = [(5 << 32, 0.5), (6 << 32, 0.5)];
        let mut flow = Flow::new(&throughput, vec![stream(0.0, &keys)]);
        let (admitted, _) = run(&mut flow, 1_000, 1_800.0);
        // A second at hand and 1,000 a second until the split, which begins after a minute and takes ten; then everything.
        let expected = 1_000.0 * 661.0 + 1_800.0 * 340.0;
        assert!((admitted / expected - 1.0).abs() < 0.002, "{admitted} of {expected}");
    }

    proptest! {
        /// What is admitted is as much as there is, and a little more would not fit.
        #[test]
        fn the_fraction_is_the_largest_that_fits(
            whole in 0.0f64..1_000.0,
            partitions in prop::collection::vec((0.0f64..100.0, 0.0f64..100.0), 1..40),
        ) {
            let (demand, room): (Vec<f64>, Vec<f64>) = partitions.into_iter().unzip();
            let admitted = |fraction: f64| {
                demand.iter().zip(&room).map(|(demand, room)| (fraction * demand).min(*room)).sum::<f64>()
            };
            let found = fraction(whole, &demand, &room);
            prop_assert!((0.0..=1.0).contains(&found));
            prop_assert!(admitted(found) <= whole * (1.0 + 1e-9) + 1e-9);
            prop_assert!(found == 1.0 || admitted(found) >= whole * (1.0 - 1e-9) - 1e-9);
        }
    }
}
