//! Made-up engines: tables whose partitions heat up, split and refuse, watched by the log that a run is watched by.

use crate::api::{CapacityUnits, IndexName, ReadWrite, TableName, Units};
use crate::capacity::{AccessView, CapacityEvent, CapacityEventKind, PartitionView, ResourceView, SplitCause};
use crate::record::{EngineRecord, FaultInfo, ObservationLog};
use crate::time::Time;

/// A table or index that is told what happens to it.
pub(super) struct Resource {
    pub view: ResourceView,
    next: u32,
}

impl Resource {
    /// A table, or an index of it, with this many partitions and these limits of reads and writes.
    pub fn new(table: &str, index: Option<&str>, partitions: usize, limits: [u64; 2]) -> Self {
        let access = |limit: u64| AccessView {
            consumed: CapacityUnits::ZERO,
            limit_units_per_second: Some(limit),
            tokens: CapacityUnits::whole(limit * 60),
            tokens_max: CapacityUnits::whole(limit * 300),
            throttled: 0,
        };
        let view = ResourceView {
            table: table.parse::<TableName>().unwrap(),
            index: index.map(|index| index.parse::<IndexName>().unwrap()),
            read: access(limits[0]),
            write: access(limits[1]),
            partitions: Vec::new(),
            events: Vec::new(),
            eventual_reads: 0,
            stale_reads: 0,
        };
        let mut resource = Resource { view, next: 0 };
        for number in 0..partitions {
            let start = (number as u128 * (1_u128 << 64)) / partitions as u128;
            let partition = resource.partition(start as u64, None, Time::ZERO);
            resource.view.partitions.push(partition);
        }
        resource
    }

    fn partition(&mut self, start_hash: u64, parent: Option<u32>, created_at: Time) -> PartitionView {
        self.next += 1;
        PartitionView {
            id: self.next - 1,
            parent,
            created_at,
            start_hash,
            start_sort_key: None,
            read_ceiling_units_per_second: 3_000,
            write_ceiling_units_per_second: 1_000,
            bytes: 4 << 30,
            consumed: Units::default(),
            throttled_reads: 0,
            throttled_writes: 0,
        }
    }

    /// Consumes on a partition for `seconds`, as far as its ceiling goes; says how much of it.
    pub fn consume(&mut self, place: usize, access: ReadWrite, per_second: f64, seconds: f64) -> f64 {
        let partition = &mut self.view.partitions[place];
        let (ceiling, throttled) = match access {
            ReadWrite::Read => (3_000.0, &mut partition.throttled_reads),
            ReadWrite::Write => (1_000.0, &mut partition.throttled_writes),
        };
        if per_second > ceiling {
            *throttled += ((per_second - ceiling) * seconds) as u64;
        }
        let got = per_second.min(ceiling) * seconds;
        let units = CapacityUnits::whole(got as u64);
        let (units, view) = match access {
            ReadWrite::Read => (Units::read(units), &mut self.view.read),
            ReadWrite::Write => (Units::write(units), &mut self.view.write),
        };
        partition.consumed += units;
        view.consumed += units.total();
        let limit = view.limit_units_per_second.unwrap_or(0) as f64;
        let tokens = view.tokens.as_f64() + limit * seconds;
        let left = (tokens - units.total().as_f64()).clamp(0.0, view.tokens_max.as_f64());
        view.tokens = CapacityUnits::whole(left as u64);
        got
    }

    /// Accrues what nothing consumed: tokens accrue once a look, whichever partitions consume.
    pub fn settle(&mut self, access: ReadWrite, before: CapacityUnits, consumed: f64, seconds: f64) {
        let view = if access == ReadWrite::Read { &mut self.view.read } else { &mut self.view.write };
        let accrued = before.as_f64() + view.limit_units_per_second.unwrap_or(0) as f64 * seconds;
        if accrued < consumed {
            view.throttled += (consumed - accrued) as u64 / 10 + 1;
        }
        view.tokens = CapacityUnits::whole((accrued - consumed).clamp(0.0, view.tokens_max.as_f64()) as u64);
    }

    /// Splits a partition in the middle of its range, or inside its last collection at a sort key.
    pub fn split(&mut self, place: usize, at: f64, cause: SplitCause, sort_key: Option<&str>) {
        let old = self.view.partitions[place].clone();
        let end = self.view.partitions.get(place + 1).map_or(u64::MAX, |next| next.start_hash);
        let mut first = self.partition(old.start_hash, Some(old.id), Time::from_secs_f64(at));
        first.start_sort_key = old.start_sort_key.clone();
        let middle = if sort_key.is_some() { old.start_hash } else { old.start_hash + (end - old.start_hash) / 2 };
        let mut second = self.partition(middle, Some(old.id), Time::from_secs_f64(at));
        second.start_sort_key = sort_key.map(str::to_owned);
        let kind = CapacityEventKind::Split { cause, partition: old.id, into: [first.id, second.id] };
        self.view.partitions.splice(place..=place, [first, second]);
        self.happens(at, kind);
    }

    /// Tells of something that happened.
    pub fn happens(&mut self, at: f64, kind: CapacityEventKind) {
        self.view.events.push(CapacityEvent { at: Time::from_secs_f64(at), kind });
    }

    /// Limits reads or writes otherwise.
    pub fn provision(&mut self, at: f64, access: ReadWrite, to: u64) {
        let view = if access == ReadWrite::Read { &mut self.view.read } else { &mut self.view.write };
        let from = view.limit_units_per_second.replace(to).unwrap_or(0);
        view.tokens_max = CapacityUnits::whole(to * 300);
        self.happens(at, CapacityEventKind::Provisioned { access, from, to });
    }
}

/// Lives through `seconds`, with `act` between one look and the next.
pub(super) fn watch(
    seconds: f64,
    faults: Vec<FaultInfo>,
    resources: &mut [Resource],
    mut act: impl FnMut(&mut [Resource], f64, f64),
) -> EngineRecord {
    let mut log = ObservationLog::new(faults);
    let end = Time::from_secs_f64(seconds);
    let mut now = Time::ZERO;
    let look = |log: &mut ObservationLog, now, resources: &mut [Resource]| {
        let views = resources.iter_mut().map(|resource| {
            let view = resource.view.clone();
            resource.view.events.clear();
            view
        });
        log.observe(now, views.collect());
    };
    look(&mut log, now, resources);
    while now < end {
        let next = log.next_at().min(end);
        act(resources, now.as_secs_f64(), next.since(now).as_secs_f64());
        now = next;
        look(&mut log, now, resources);
    }
    log.finish(end)
}

/// A fault.
pub(super) fn fault(label: &str, start_seconds: f64, end_seconds: f64) -> FaultInfo {
    FaultInfo { label: label.to_owned(), start_seconds, end_seconds }
}
