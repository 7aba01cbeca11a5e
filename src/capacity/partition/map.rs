//! The partitions of one table or index, in the order of their ranges.

use std::time::Duration;

use crate::api::{CapacityUnits, LimitKind, ReadWrite, Units};
use crate::time::Time;

use super::super::bucket::TokenBucket;
use super::super::model::CapacityModel;
use super::super::observation::{CapacityEvent, CapacityEventKind, PartitionView, SplitCause};
use super::split::{share_above, split_point};
use super::{Access, Partition, Place, SortKey};

/// The directory has this many entries a partition, so that a look-up ends after a step or two.
const DIRECTORY_ENTRIES_PER_PARTITION: usize = 4;

/// All partitions of a table or index.
#[derive(Debug, Clone)]
pub(in super::super) struct Partitions {
    /// Where each range starts: the hashes of `list`, packed for the look-up.
    pub(super) starts: Vec<u64>,
    pub(super) list: Vec<Partition>,
    /// By the highest bits of a hash: the first partition that may hold it.
    directory: Vec<u32>,
    directory_bits: u32,
    next_id: u32,
    /// Whether item collections may be divided: there is a sort key and no local secondary index.
    divides_collections: bool,
    /// When the next split is effective; [`Time::NEVER`] where none is on its way.
    pub(super) next_split: Time,
    /// How often ranges changed.
    version: u64,
}

impl Partitions {
    /// So many partitions with ranges of the same width.
    pub fn new(count: usize, divides_collections: bool, model: &CapacityModel, now: Time) -> Self {
        let count = count.max(1);
        let start = |at: usize| ((at as u128) << 64).div_ceil(count as u128) as u64;
        let list: Vec<Partition> =
            (0..count).map(|at| Partition::new(at as u32, None, Place::of_hash(start(at)), model, now)).collect();
        let mut partitions = Partitions {
            starts: Vec::new(),
            next_id: list.len() as u32,
            list,
            directory: Vec::new(),
            directory_bits: 0,
            divides_collections,
            next_split: Time::NEVER,
            version: 0,
        };
        partitions.index();
        partitions
    }

    /// How often their ranges changed.
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.list.len()
    }

    /// When the next split is effective.
    pub const fn next_split(&self) -> Time {
        self.next_split
    }

    /// The partition that holds a key.
    #[inline]
    pub fn find(&self, place: &Place) -> usize {
        let entry = (place.hash >> (u64::BITS - self.directory_bits)) as usize;
        let first = self.directory[entry] as usize;
        let last = self.directory.get(entry + 1).map_or(self.starts.len() - 1, |next| *next as usize);
        let at = first + self.starts[first + 1..=last].partition_point(|start| *start <= place.hash);
        if self.starts[at] == place.hash && self.list[at].start_sort.is_some() {
            self.find_in_collection(at, place)
        } else {
            at
        }
    }

    /// The partition that holds a key, where `at` is the last one that starts in its item collection.
    #[cold]
    fn find_in_collection(&self, at: usize, place: &Place) -> usize {
        let first = self.starts.partition_point(|start| *start < place.hash);
        let starts_before = |partition: &Partition| match (&partition.start_sort, &place.sort) {
            (Some(start), Some(sort)) => start.as_slice() <= sort.as_slice(),
            (Some(_), None) => false,
            (None, _) => true,
        };
        // The collection begins in the partition before the first that starts in it, unless that starts with it.
        (first + self.list[first..=at].partition_point(starts_before)).saturating_sub(1)
    }

    /// The hashes that the partition of a key holds, the last one included.
    pub fn range_of(&self, place: &Place) -> (u64, u64) {
        let at = self.find(place);
        let end = self.list.get(at + 1).map_or(u64::MAX, |next| match next.start_sort {
            Some(_) => next.start_hash,
            None => next.start_hash - 1,
        });
        // What begins inside an item collection and goes on beyond it is told by what lies beyond.
        let start = self.starts[at];
        let is_inside = self.list[at].start_sort.is_some();
        (if is_inside && start < end { start + 1 } else { start }, end)
    }

    /// Whether a partition admits a request now.
    #[inline]
    pub fn check(&mut self, at: usize, access: Access, now: Time) -> Result<(), LimitKind> {
        self.list[at].check(access, now)
    }

    /// Takes units of a partition, notes how much larger what it stores becomes, and begins a split where it is due.
    #[inline]
    pub fn take(
        &mut self,
        at: usize,
        access: Access,
        units: CapacityUnits,
        place: &Place,
        model: &CapacityModel,
        now: Time,
    ) {
        let partition = &mut self.list[at];
        partition.take(access, units);
        if partition.heat.count(model, access.kind(), units, place, now) {
            self.begin_split(at, model, now);
        }
    }

    /// Begins a split for heat.
    pub(super) fn begin_split(&mut self, at: usize, model: &CapacityModel, now: Time) {
        if model.adaptive {
            let effective = whole_seconds(now + model.split_takes);
            self.list[at].heat.split_at = Some(effective);
            self.next_split = self.next_split.min(effective);
        }
    }

    /// Notes how much larger what is stored at a key becomes. Returns what happened for it.
    pub fn store(
        &mut self,
        place: &Place,
        growth_bytes: i64,
        model: &CapacityModel,
        now: Time,
    ) -> Option<CapacityEvent> {
        self.grow(self.find(place), growth_bytes, model, now)
    }

    /// Notes how much larger what a partition stores becomes. Returns what happened for it.
    pub fn grow(&mut self, at: usize, growth_bytes: i64, model: &CapacityModel, now: Time) -> Option<CapacityEvent> {
        let partition = &mut self.list[at];
        partition.bytes = partition.bytes.saturating_add_signed(growth_bytes);
        if growth_bytes <= 0 || partition.bytes <= model.partition_max_bytes {
            return None;
        }
        let point = self.middle(at).or_else(|| split_point(self.list[at].heat.samples(), self.divides_collections))?;
        Some(self.split(at, point, SplitCause::Size, model, now))
    }

    /// Makes the splits that are effective by `now`.
    pub fn split_hot(&mut self, now: Time, model: &CapacityModel, events: &mut impl FnMut(CapacityEvent)) {
        let mut at = 0;
        while at < self.list.len() {
            if self.list[at].heat.split_at.is_some_and(|split_at| split_at <= now) {
                let heat = &mut self.list[at].heat;
                heat.split_at = None;
                let point = split_point(heat.samples(), self.divides_collections);
                match point.filter(|point| self.is_inside(at, point)) {
                    Some(point) => {
                        events(self.split(at, point, SplitCause::Heat, model, now));
                        at += 1;
                    }
                    None => self.list[at].heat.cool_down(),
                }
            }
            at += 1;
        }
        self.next_split = self.list.iter().filter_map(|partition| partition.heat.split_at).min().unwrap_or(Time::NEVER);
    }

    /// Doubles the partitions until there are as many as needed (facts §2.2).
    pub fn provide(&mut self, needed: usize, model: &CapacityModel, now: Time, events: &mut impl FnMut(CapacityEvent)) {
        while self.list.len() < needed {
            let before = self.list.len();
            let mut at = 0;
            while at < self.list.len() {
                if let Some(point) = self.middle(at) {
                    events(self.split_unindexed(at, point, SplitCause::Throughput, model, now));
                    at += 1;
                }
                at += 1;
            }
            self.index();
            if self.list.len() == before {
                return;
            }
        }
    }

    /// Shares provisioned throughput out evenly, for capacity that is not adaptive.
    pub fn allocate(&mut self, units_per_second: [u64; 2], model: &CapacityModel, initial_seconds: u64, now: Time) {
        let count = self.list.len() as u64;
        for (at, partition) in self.list.iter_mut().enumerate() {
            // Whole units; the first ones get what is left over. None has nothing.
            let share = |access: usize| {
                let units = units_per_second[access];
                (units / count + u64::from((at as u64) < units % count)).max(1)
            };
            match &mut partition.allocated {
                Some(allocated) => {
                    for (access, bucket) in allocated.iter_mut().enumerate() {
                        bucket.set_rate(share(access), model.burst_seconds, now);
                    }
                }
                None => {
                    let bucket = |access| TokenBucket::new(share(access), model.burst_seconds, initial_seconds, now);
                    partition.allocated = Some(Box::new([bucket(0), bucket(1)]));
                }
            }
        }
    }

    /// What all shares of reads and of writes hold, and the most they can; `None` where partitions have none.
    pub fn allocated(&mut self, now: Time) -> Option<[(CapacityUnits, CapacityUnits); 2]> {
        self.list.first()?.allocated.as_ref()?;
        let mut sums = [(CapacityUnits::ZERO, CapacityUnits::ZERO); 2];
        for allocated in self.list.iter_mut().filter_map(|partition| partition.allocated.as_mut()) {
            for (sum, bucket) in sums.iter_mut().zip(allocated.iter_mut()) {
                sum.0 += bucket.tokens(now);
                sum.1 += bucket.depth();
            }
        }
        Some(sums)
    }

    /// Partitions have no shares of their own.
    pub fn free_allocated(&mut self) {
        for partition in &mut self.list {
            partition.allocated = None;
        }
    }

    /// What can be seen of them.
    pub fn view(&mut self) -> Vec<PartitionView> {
        self.list.iter_mut().map(Partition::view).collect()
    }

    /// The middle of a range of hashes; `None` where it lies within one item collection.
    fn middle(&self, at: usize) -> Option<Place> {
        let start = u128::from(self.list[at].start_hash);
        let end = self.list.get(at + 1).map_or(1 << 64, |next| u128::from(next.start_hash));
        let middle = start + (end.saturating_sub(start)) / 2;
        (middle > start).then_some(Place::of_hash(middle as u64))
    }

    /// Whether a point divides a range in two that are not empty.
    fn is_inside(&self, at: usize, point: &Place) -> bool {
        let partition = &self.list[at];
        let is_start = partition.start_hash == point.hash
            && partition.start_sort.as_ref().map(SortKey::as_slice) == point.sort.as_ref().map(SortKey::as_slice);
        self.find(point) == at && !is_start
    }

    fn split(&mut self, at: usize, point: Place, cause: SplitCause, model: &CapacityModel, now: Time) -> CapacityEvent {
        let event = self.split_unindexed(at, point, cause, model, now);
        self.index();
        event
    }

    fn split_unindexed(
        &mut self,
        at: usize,
        point: Place,
        cause: SplitCause,
        model: &CapacityModel,
        now: Time,
    ) -> CapacityEvent {
        let share_below = self.share_below(at, &point);
        let is_hotter_above = share_above(self.list[at].heat.samples(), &point) > 0.5;
        let (low, high) = (self.next_id, self.next_id + 1);
        self.next_id += 2;
        let parent = &mut self.list[at];
        let start = Place { hash: parent.start_hash, sort: parent.start_sort.take() };
        let mut children =
            [(low, start), (high, point)].map(|(id, start)| Partition::new(id, Some(parent.id), start, model, now));
        // What is at hand is shared; more than was there does not come of a split.
        for bucket in parent.buckets_mut() {
            bucket.halve_level(now);
        }
        for child in &mut children {
            child.take_over_buckets(parent);
        }
        children[0].bytes = (parent.bytes as f64 * share_below) as u64;
        children[1].bytes = parent.bytes - children[0].bytes.min(parent.bytes);
        // What nobody has seen yet of the parent goes on with the hotter half.
        let (seen, seen_reads, seen_writes) = parent.seen;
        let hotter = &mut children[usize::from(is_hotter_above)];
        hotter.consumed = Units { read: parent.consumed.read - seen.read, write: parent.consumed.write - seen.write };
        hotter.throttled_reads = parent.throttled_reads - seen_reads;
        hotter.throttled_writes = parent.throttled_writes - seen_writes;
        if let Some(mut allocated) = parent.allocated.take() {
            let halves = [ReadWrite::Read, ReadWrite::Write]
                .map(|access| allocated[access as usize].halve(model.burst_seconds, now));
            children[0].allocated = Some(allocated);
            children[1].allocated = Some(Box::new(halves));
        }
        let event = CapacityEventKind::Split { cause, partition: parent.id, into: [low, high] };
        let [first, second] = children;
        self.list[at] = first;
        self.list.insert(at + 1, second);
        CapacityEvent { at: now, kind: event }
    }

    /// The share of a partition's bytes below a point: hashes are spread evenly, an item collection is halved.
    fn share_below(&self, at: usize, point: &Place) -> f64 {
        let start = self.list[at].start_hash;
        let end = self.list.get(at + 1).map_or(u64::MAX, |next| next.start_hash);
        if point.hash == start || end == start { 0.5 } else { (point.hash - start) as f64 / (end - start) as f64 }
    }

    /// Makes the look-up anew.
    fn index(&mut self) {
        self.version += 1;
        self.starts.clear();
        self.starts.extend(self.list.iter().map(|partition| partition.start_hash));
        let entries = (self.list.len() * DIRECTORY_ENTRIES_PER_PARTITION).next_power_of_two();
        self.directory_bits = entries.trailing_zeros();
        self.directory.clear();
        let mut at = 0;
        for entry in 0..entries as u64 {
            let lowest = entry << (u64::BITS - self.directory_bits);
            while self.starts.get(at + 1).is_some_and(|start| *start <= lowest) {
                at += 1;
            }
            self.directory.push(at as u32);
        }
    }
}

/// The first whole second at `time` or after it.
fn whole_seconds(time: Time) -> Time {
    const SECOND: Duration = Duration::from_secs(1);
    let nanos = SECOND.as_nanos() as u64;
    Time::from_nanos(time.as_nanos().div_ceil(nanos).saturating_mul(nanos))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::{KeyTuple, KeyValue};

    fn sort(text: &str) -> Option<SortKey> {
        Some(KeyTuple::One(KeyValue::S(text.into())))
    }

    fn partitions(count: usize) -> Partitions {
        Partitions::new(count, true, &CapacityModel::default(), Time::ZERO)
    }

    #[test]
    fn keys_are_found_as_a_search_through_the_ranges_finds_them() {
        for count in [1, 2, 3, 7, 100, 10_000] {
            let mut partitions = partitions(count);
            let model = CapacityModel::default();
            for hash in [5, u64::MAX / 3, u64::MAX / 3 + 1, u64::MAX] {
                let at = partitions.find(&Place::of_hash(hash));
                if partitions.is_inside(at, &Place::of_hash(hash)) {
                    partitions.split(at, Place::of_hash(hash), SplitCause::Heat, &model, Time::ZERO);
                }
            }
            let edges = partitions.starts.clone().into_iter().flat_map(|start| [start, start.saturating_sub(1)]);
            for hash in edges.chain([u64::MAX]).collect::<Vec<_>>() {
                let expected = partitions.starts.iter().rposition(|start| *start <= hash).unwrap();
                assert_eq!(partitions.find(&Place::of_hash(hash)), expected, "{hash} of {count}");
            }
        }
    }

    #[test]
    fn a_collection_is_divided_at_sort_keys() {
        let (mut partitions, model) = (partitions(1), CapacityModel::default());
        for text in ["m", "t", "d"] {
            let point = Place { hash: 9, sort: sort(text) };
            let at = partitions.find(&point);
            assert!(partitions.is_inside(at, &point));
            partitions.split(at, point, SplitCause::Heat, &model, Time::ZERO);
        }
        let found = |text| partitions.find(&Place { hash: 9, sort: sort(text) });
        assert_eq!(["a", "d", "l", "m", "s", "t", "z"].map(found), [0, 1, 1, 2, 2, 3, 3]);
        assert_eq!([8, 9, 10].map(|hash| partitions.find(&Place::of_hash(hash))), [0, 0, 3]);
        assert_eq!(partitions.range_of(&Place { hash: 9, sort: sort("m") }), (9, 9));
        assert!(!partitions.is_inside(2, &Place { hash: 9, sort: sort("m") }), "the range starts there");
    }

    #[test]
    fn raising_the_throughput_doubles_the_partitions() {
        let (mut partitions, model) = (partitions(4), CapacityModel::default());
        let mut splits = 0;
        partitions.provide(5, &model, Time::ZERO, &mut |_| splits += 1);
        assert_eq!((partitions.count(), splits), (8, 4));
        let widths: Vec<u64> = partitions.starts.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(widths.iter().all(|width| *width == 1 << 61), "{widths:?}");
    }

    #[test]
    fn a_partition_that_grows_too_large_is_halved() {
        let (mut partitions, model) =
            (partitions(1), CapacityModel { partition_max_bytes: 1_000, ..CapacityModel::default() });
        for item in 0..30u64 {
            partitions.store(&Place::of_hash(item.wrapping_mul(0x9e37_79b9_7f4a_7c15)), 100, &model, Time::ZERO);
        }
        let views = partitions.view();
        assert!((3..=8).contains(&views.len()), "{}", views.len());
        assert_eq!(views.iter().map(|view| view.bytes).sum::<u64>(), 3_000);
        assert!(views.iter().all(|view| view.bytes <= 1_000), "{views:?}");
    }

    #[test]
    fn what_was_consumed_before_a_split_is_seen_once() {
        let (mut partitions, model) = (partitions(1), CapacityModel::default());
        let place = Place::of_hash(1);
        partitions.take(0, Access::Write, CapacityUnits::whole(5), &place, &model, Time::ZERO);
        assert_eq!(partitions.view()[0].consumed.write, CapacityUnits::whole(5));
        partitions.take(0, Access::Write, CapacityUnits::whole(2), &place, &model, Time::ZERO);
        partitions.provide(2, &model, Time::ZERO, &mut |_| {});
        let consumed: Vec<f64> = partitions.view().iter().map(|view| view.consumed.write.as_f64()).collect();
        assert_eq!(consumed, [2.0, 0.0]);
    }
}
