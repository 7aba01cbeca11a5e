//! The log of looks at the engine, held to what hand-made tables did.

use std::time::Duration;

use crate::api::{TableName, Units};
use crate::capacity::{AccessView, CapacityEvent, CapacityEventKind, PartitionView, ResourceView};
use crate::time::Time;

use super::super::{CapacityLimit, Point, PointResource};
use super::*;

const CEILINGS: (u64, u64) = (3_000, 1_000);

/// A table whose partitions are told what they consume.
struct Table {
    view: ResourceView,
    next: u32,
}

impl Table {
    fn new(partitions: usize) -> Self {
        let access = AccessView {
            consumed: CapacityUnits::ZERO,
            limit_units_per_second: Some(100),
            tokens: CapacityUnits::whole(300),
            tokens_max: CapacityUnits::whole(30_000),
            throttled: 0,
        };
        let start = |number: usize| ((number as u128 * (1_u128 << 64)) / partitions as u128) as u64;
        let mut table = Table {
            view: ResourceView {
                table: "orders".parse::<TableName>().unwrap(),
                index: None,
                read: access,
                write: access,
                partitions: Vec::new(),
                events: Vec::new(),
                eventual_reads: 0,
                stale_reads: 0,
            },
            next: 0,
        };
        table.view.partitions =
            (0..partitions).map(|number| table.partition(start(number), None, Time::ZERO)).collect();
        table
    }

    fn partition(&mut self, start_hash: u64, parent: Option<u32>, created_at: Time) -> PartitionView {
        self.next += 1;
        PartitionView {
            id: self.next - 1,
            parent,
            created_at,
            start_hash,
            start_sort_key: None,
            read_ceiling_units_per_second: CEILINGS.0,
            write_ceiling_units_per_second: CEILINGS.1,
            bytes: 100,
            consumed: Units::default(),
            throttled_reads: 0,
            throttled_writes: 0,
        }
    }

    fn write(&mut self, place: usize, units: u64) {
        let units = CapacityUnits::whole(units);
        self.view.partitions[place].consumed += Units::write(units);
        self.view.write.consumed += units;
    }

    fn throttle(&mut self, place: usize, times: u64) {
        self.view.partitions[place].throttled_writes += times;
    }

    /// Splits a partition in the middle of its range.
    fn split(&mut self, place: usize, at: Time) {
        let old = self.view.partitions[place].clone();
        let end = self.view.partitions.get(place + 1).map_or(u64::MAX, |next| next.start_hash);
        let middle = old.start_hash + (end - old.start_hash) / 2;
        let halves = [old.start_hash, middle].map(|start| self.partition(start, Some(old.id), at));
        let into = [halves[0].id, halves[1].id];
        self.view.partitions.splice(place..=place, halves);
        self.view.events.push(CapacityEvent {
            at,
            kind: CapacityEventKind::Split { cause: SplitCause::Heat, partition: old.id, into },
        });
    }

    fn look(&mut self) -> Vec<ResourceView> {
        let view = self.view.clone();
        self.view.events.clear();
        vec![view]
    }
}

fn at(seconds: f64) -> Time {
    Time::from_secs_f64(seconds)
}

/// Lives through `seconds`, looking when the log asks for it; `act` is what happens in each second.
fn live(table: &mut Table, seconds: u64, mut act: impl FnMut(u64, &mut Table)) -> EngineRecord {
    let mut log = ObservationLog::new(Vec::new());
    log.observe(Time::ZERO, table.look());
    for second in 0..seconds {
        act(second, table);
        if at((second + 1) as f64) >= log.next_at() {
            log.observe(at((second + 1) as f64), table.look());
        }
    }
    log.observe(at(seconds as f64), table.look());
    log.finish(at(seconds as f64))
}

fn written(history: &ResourceHistory) -> (u64, u64) {
    let cells = || history.ranges.iter().flat_map(|range| &range.writes);
    (cells().map(|cell| cell.consumed.as_halves()).sum(), cells().map(|cell| cell.throttled).sum())
}

#[test]
fn counters_become_differences_column_by_column() {
    let mut table = Table::new(2);
    table.view.write.consumed = CapacityUnits::whole(1_000_000);
    let record = live(&mut table, 3, |second, table| {
        table.write(1, 10 * (second + 1));
        table.view.write.tokens = CapacityUnits::whole(300 - 100 * second);
        table.view.write.throttled += second;
        table.view.eventual_reads += 10;
        table.view.stale_reads += second;
        if second == 1 {
            table.view.write.limit_units_per_second = Some(200);
            table.throttle(1, 7);
        }
    });
    let history = &record.resources[0];
    assert_eq!(record.ends_seconds, [1.0, 2.0, 3.0]);
    assert_eq!(history.write.consumed, [10, 20, 30].map(CapacityUnits::whole));
    assert_eq!(history.write.limit_per_second, [Some(100), Some(200), Some(200)]);
    assert_eq!(history.write.tokens, [300, 200, 100].map(CapacityUnits::whole));
    assert_eq!(history.write.throttled, [0, 1, 2]);
    assert_eq!((&history.eventual_reads[..], &history.stale_reads[..]), (&[10, 10, 10][..], &[0, 1, 2][..]));
    assert!(history.read.consumed.is_empty(), "nothing was read, and zeros at the end are left out");
    assert_eq!(history.ranges.len(), 2);
    let cell = |column, units, peak_share, throttled| PartitionCell {
        column,
        consumed: CapacityUnits::whole(units),
        peak_share,
        throttled,
    };
    assert_eq!(history.ranges[0].writes, []);
    assert_eq!(history.ranges[1].writes, [cell(0, 10, 0.01, 0), cell(1, 20, 0.02, 7), cell(2, 30, 0.03, 0)]);
    assert_eq!(history.ranges[1].start_hash, "8000000000000000");
}

#[test]
fn a_month_has_no_more_columns_than_ten_minutes_and_loses_neither_sums_nor_peaks() {
    let month = 30 * 86_400;
    let mut table = Table::new(3);
    let mut log = ObservationLog::new(Vec::new());
    log.observe(Time::ZERO, table.look());
    let (mut now, mut looks) = (0, 0);
    while now < month {
        let next = (log.next_at().as_secs_f64() as u64).min(month);
        // A unit a second, and once, early, all that a partition can do.
        table.write(0, next - now);
        if now == 60 {
            table.write(1, 1_000);
            table.throttle(1, 5);
            table.view.read.tokens = CapacityUnits::ZERO;
        }
        (now, looks) = (next, looks + 1);
        log.observe(at(now as f64), table.look());
        table.view.read.tokens = CapacityUnits::whole(300);
    }
    let record = log.finish(at(month as f64));
    let history = &record.resources[0];
    assert!(record.ends_seconds.len() <= 600 && looks < 20_000, "{} columns, {looks} looks", record.ends_seconds.len());
    assert_eq!(record.ends_seconds.last(), Some(&(month as f64)));
    assert_eq!(written(history), (2 * (month + 1_000), 5));
    let all: CapacityUnits = history.write.consumed.iter().copied().sum();
    assert_eq!(all, CapacityUnits::whole(month + 1_000));
    assert_eq!(history.ranges[1].writes.iter().map(|cell| cell.peak_share).collect::<Vec<_>>(), [1.0]);
    assert_eq!(history.read.tokens_min[0], CapacityUnits::ZERO);
    assert_eq!(history.read.tokens_min[1], CapacityUnits::whole(300));
}

#[test]
fn ten_minutes_keep_their_seconds() {
    let record = live(&mut Table::new(1), 600, |_, table| table.write(0, 1));
    assert_eq!((record.ends_seconds.len(), record.merged), (600, 1));
    let mut late = Table::new(1);
    let mut log = ObservationLog::new(Vec::new());
    log.observe(Time::ZERO, late.look());
    for second in 1..=600 {
        late.write(0, 1);
        log.observe(at(f64::from(second)), late.look());
    }
    late.write(0, 1);
    log.observe(at(600.1), late.look());
    let record = log.finish(at(600.1));
    assert_eq!(record.ends_seconds.len(), 600, "the rest of an interval makes no column");
    assert_eq!(record.ends_seconds.last(), Some(&600.1));
    assert_eq!(record.resources[0].write.consumed[599], CapacityUnits::whole(2));
}

#[test]
fn a_late_look_makes_a_longer_column_not_a_higher_rate() {
    let mut table = Table::new(1);
    let mut log = ObservationLog::new(Vec::new());
    log.observe(Time::ZERO, table.look());
    table.write(0, 2_500);
    log.observe(at(2.5), table.look());
    let record = log.finish(at(2.5));
    assert_eq!((&record.ends_seconds[..], record.look_seconds), (&[2.5][..], 2.5));
    assert_eq!(record.resources[0].ranges[0].writes[0].peak_share, 1.0);
    assert_eq!(log_next_after(2.5), at(3.0));
}

fn log_next_after(seconds: f64) -> Time {
    let mut log = ObservationLog::new(Vec::new());
    assert_eq!(log.next_at(), Time::ZERO);
    log.observe(Time::ZERO, Vec::new());
    log.observe(at(seconds), Vec::new());
    log.next_at()
}

#[test]
fn a_split_partition_spans_the_rows_of_its_descendants() {
    let mut table = Table::new(2);
    let record = live(&mut table, 10, |second, table| {
        match second {
            3 => table.split(0, at(3.5)),
            6 => table.split(1, at(6.5)),
            _ => {}
        }
        table.write(0, 5);
    });
    let history = &record.resources[0];
    assert_eq!((history.partitions_at_start, history.partitions_at_end()), (2, 4));
    assert_eq!(history.partitions, [2, 2, 2, 3, 3, 3, 4, 4, 4, 4]);
    assert_eq!(history.splits, SplitCounts { heat: 2, ..SplitCounts::default() });
    let spans: Vec<_> = history.ranges.iter().map(|range| (range.id, range.rows, range.until_seconds)).collect();
    assert_eq!(
        spans,
        [
            (0, (0, 3), Some(3.5)),
            (2, (0, 1), None),
            (3, (1, 3), Some(6.5)),
            (4, (1, 2), None),
            (5, (2, 3), None),
            (1, (3, 4), None),
        ]
    );
    let starts: Vec<_> = history.ranges.iter().filter(|range| range.until_seconds.is_none()).collect();
    assert!(starts.windows(2).all(|pair| pair[0].start_hash < pair[1].start_hash));
    assert_eq!(starts[1].from_seconds, 6.5);
    assert_eq!(history.ranges[0].writes.len(), 3, "the parent was written until it was split");
    let events: Vec<_> = record.events.iter().map(|event| event.at_seconds).collect();
    assert_eq!(events, [3.5, 6.5]);
}

#[test]
fn several_splits_between_two_looks_are_followed() {
    let mut table = Table::new(1);
    let record = live(&mut table, 2, |second, table| {
        if second == 0 {
            table.split(0, at(0.2));
            table.split(0, at(0.4));
        }
        table.write(2, 1);
    });
    let spans: Vec<_> = record.resources[0].ranges.iter().map(|range| (range.id, range.rows)).collect();
    assert_eq!(spans, [(0, (0, 3)), (3, (0, 1)), (4, (1, 2)), (2, (2, 3))]);
}

#[test]
fn more_partitions_than_rows_are_grouped_and_lose_nothing() {
    let mut table = Table::new(1_000);
    let record = live(&mut table, 4, |_, table| {
        for place in 0..1_000 {
            table.write(place, 2);
        }
        table.write(500, 900);
        table.throttle(500, 3);
    });
    let history = &record.resources[0];
    assert!((64..=128).contains(&history.ranges.len()));
    assert_eq!(history.ranges.iter().map(|range| range.partitions).sum::<u32>(), 1_000);
    assert_eq!(history.ranges.iter().map(|range| range.bytes).sum::<u64>(), 100_000);
    assert_eq!(written(history), (2 * 4 * (2_000 + 900), 12));
    let hottest = history.ranges.iter().flat_map(|range| &range.writes).map(|cell| cell.peak_share).fold(0.0, f64::max);
    assert_eq!(hottest, 0.902, "a group is as hot as its hottest partition");
    assert_eq!(history.partitions_at_end(), 1_000);
}

#[test]
fn splits_beyond_the_rows_fold_what_is_cold() {
    let mut table = Table::new(2);
    let mut all = 0;
    let record = live(&mut table, 400, |second, table| {
        // The last partition is hot and splits on and on.
        let last = table.view.partitions.len() - 1;
        if second < 45 {
            table.split(last, at(second as f64 + 0.5));
        } else if second < 300 {
            let anywhere = (second.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize % last;
            table.split(anywhere, at(second as f64 + 0.5));
        }
        let last = table.view.partitions.len() - 1;
        table.write(last, 700);
        table.write(0, 1);
        all += 701;
    });
    let history = &record.resources[0];
    let rows: Vec<_> = history.ranges.iter().filter(|range| range.until_seconds.is_none()).collect();
    assert!((120..=128).contains(&rows.len()), "{}", rows.len());
    assert_eq!(rows.iter().map(|range| range.partitions).sum::<u32>(), history.partitions_at_end());
    assert_eq!(written(history).0, 2 * all);
    // Ranges that serve are the rows, in order, each one row; a split one spans exactly those split off it.
    assert!(rows.iter().enumerate().all(|(row, range)| range.rows == (row, row + 1)));
    assert!(rows.windows(2).all(|pair| pair[0].start_hash < pair[1].start_hash));
    assert!(rows.last().unwrap().partitions == 1, "the hot one keeps a row of its own");
    assert!(history.ranges.len() < 256);
    assert_eq!(history.splits.total(), 300);
}

#[test]
fn a_group_is_opened_where_a_partition_in_it_is_split() {
    let mut table = Table::new(300);
    let record = live(&mut table, 10, |second, table| {
        if second == 5 {
            table.split(151, at(5.5));
        }
        table.write(151, 800);
    });
    let history = &record.resources[0];
    let group = history.ranges.iter().find(|range| range.until_seconds == Some(5.5)).unwrap();
    let inside: Vec<_> = history.ranges.iter().filter(|range| range.from_seconds == 5.5).collect();
    // Three neighbours, of which the middle one was split.
    assert_eq!(inside.iter().map(|range| range.partitions).collect::<Vec<_>>(), [1, 1, 1, 1]);
    assert_eq!(group.rows, (inside[0].rows.0, inside[3].rows.1));
    assert_eq!((inside[1].id, inside[1].writes.len()), (300, 5));
    assert_eq!(written(history).0, 2 * 8_000);
    let rows = history.ranges.iter().filter(|range| range.until_seconds.is_none());
    assert_eq!(rows.map(|range| range.partitions).sum::<u32>(), 301);
}

#[test]
fn events_are_bounded_and_counted() {
    let mut table = Table::new(1);
    let decided = |second: u64| CapacityEvent {
        at: at(second as f64),
        kind: CapacityEventKind::ScalingRefused { access: ReadWrite::Read, from: second, to: 1 },
    };
    let record = live(&mut table, 120, |second, table| {
        table.view.events.extend((0..100).map(|_| decided(second)));
    });
    assert_eq!((record.events.len(), record.events_dropped), (10_000, 2_000));
    assert_eq!(record.resources[0].scaling_refused, 12_000);
}

#[test]
fn the_record_comes_back_from_json_as_it_was() {
    let mut table = Table::new(2);
    let mut record = live(&mut table, 12, |second, table| {
        table.view.partitions[1].start_sort_key = Some("2026-11-20#\"quoted\"".to_owned());
        table.view.partitions[1].consumed += Units::read(CapacityUnits::halves(5));
        table.view.read.limit_units_per_second = (second < 10).then_some(5);
        if second == 4 {
            table.split(0, at(4.25));
            let kinds = [
                CapacityEventKind::ScalingDecided { access: ReadWrite::Read, from: 5, to: 9, effective_at: at(7.0) },
                CapacityEventKind::ScalingRefused { access: ReadWrite::Write, from: 9, to: 5 },
                CapacityEventKind::Provisioned { access: ReadWrite::Read, from: 5, to: 9 },
                CapacityEventKind::Grew { access: ReadWrite::Write, from: 5, to: 9 },
            ];
            table.view.events.extend(kinds.map(|kind| CapacityEvent { at: at(4.5), kind }));
        }
    });
    record.faults = vec![FaultInfo { label: "zone b stops".to_owned(), start_seconds: 3.0, end_seconds: 6.5 }];
    let text = serde_json::to_string(&record).unwrap();
    assert_eq!(serde_json::from_str::<EngineRecord>(&text).unwrap(), record);
    assert!(text.contains(r#""kind":"split","cause":"heat""#) && text.contains("[0,2.5,0.0008,0]"), "{text}");
}

#[test]
fn a_fault_that_is_never_over_ends_with_the_run() {
    let fault = FaultInfo { label: "slow replica".to_owned(), start_seconds: 3.0, end_seconds: f64::INFINITY };
    let record = ObservationLog::new(vec![fault]).finish(at(60.0));
    assert_eq!(record.faults[0].end_seconds, 60.0);
    assert!(!record.is_empty());
    assert!(ObservationLog::new(Vec::new()).finish(at(60.0)).is_empty());
}

#[test]
fn records_stay_small() {
    let ten_minutes = live(&mut Table::new(4), 600, |second, table| {
        for place in 0..4 {
            table.write(place, 700 + second % 90);
            table.view.partitions[place].consumed += Units::read(CapacityUnits::halves(4_321 + second));
            table.view.read.consumed += CapacityUnits::halves(4_321 + second);
        }
        table.view.write.tokens = CapacityUnits::whole(12_345 + second);
        table.view.read.tokens = CapacityUnits::whole(1_234_567 + second);
    });
    let bytes = serde_json::to_string(&ten_minutes).unwrap().len();
    assert!(bytes < 300_000, "{bytes}");
    let mut table = Table::new(128);
    let mut log = ObservationLog::new(Vec::new());
    log.observe(Time::ZERO, table.look());
    let month = Time::ZERO + Duration::from_secs(30 * 86_400);
    // As many columns as there can be.
    for column in 1..=600 {
        for place in 0..128 {
            table.write(place, 123_456);
            table.view.partitions[place].consumed += Units::read(CapacityUnits::whole(234_567));
            table.throttle(place, 12);
        }
        log.observe(Time::ZERO + Duration::from_secs(column * 4_320), table.look());
    }
    let bytes = serde_json::to_string(&log.finish(month)).unwrap().len();
    assert!(bytes < 5_000_000, "{bytes}");
}

#[test]
fn points_learn_what_was_provisioned_at_their_ends() {
    let record = live(&mut Table::new(1), 10, |second, table| {
        table.view.write.limit_units_per_second = Some(if second < 5 { 10 } else { 40 });
    });
    let limit = CapacityLimit::Provisioned(ProvisionedUnits { read: 100.0, write: 10.0 });
    let info = |limit| ResourceInfo { table: "orders".to_owned(), index: None, limit };
    let point = |start: f64, provisioned| Point {
        phase: 0,
        start_seconds: start,
        end_seconds: start + 1.0,
        sent: 0,
        completed: 0,
        operations: Vec::new(),
        resources: vec![PointResource {
            resource: 0,
            consumed: Units::default(),
            provisioned,
            throttled_reads: 0,
            throttled_writes: 0,
        }],
        throttles: Vec::new(),
        errors: Vec::new(),
        lag_seconds: [0.0; 3],
        valid: true,
    };
    let start = Some(ProvisionedUnits { read: 100.0, write: 10.0 });
    let points = vec![point(0.0, start), point(4.0, start), point(5.0, start), point(20.0, start), point(6.0, None)];
    let mut series = Series { interval_seconds: 1.0, merged: 1, points };
    record.fill_provisioned(&mut series, &[info(limit)]);
    let writes: Vec<_> =
        series.points.iter().map(|point| point.resources[0].provisioned.map(|units| units.write)).collect();
    assert_eq!(writes, [Some(10.0), Some(10.0), Some(40.0), Some(40.0), None]);
}
