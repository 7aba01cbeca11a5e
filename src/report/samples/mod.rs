//! Records made up from a seed, for tests and for looking at reports: no run is needed to see what its report would be.

pub mod comparison;
mod engine;
mod play;

use crate::api::{Operation, ReadWrite};
use crate::capacity::{CapacityEventKind, SplitCause};
use crate::record::{
    CapacityLimit, Clock, Ending, Environment, Harness, Histogram, ProvisionedUnits, ResourceInfo, RunResult, SCHEMA,
    Series, TableLoad, TargetInfo, WorkloadSource,
};
use crate::time::Time;

use play::{CALM, Kind, Moment, Phases, kind, play, provisioned, threshold};

/// A run with nothing in it.
pub(super) fn empty() -> RunResult {
    RunResult {
        schema: SCHEMA.to_owned(),
        dyno_version: "0.1.0".to_owned(),
        name: "empty".to_owned(),
        description: String::new(),
        workload: WorkloadSource { path: "workloads/empty.toml".to_owned(), text: String::new() },
        seed: 1,
        clock: Clock::Real,
        started_at: "2026-11-20T14:02:11Z".to_owned(),
        target: TargetInfo { kind: "engine".to_owned(), endpoint: "bundled engine".to_owned(), settings: Vec::new() },
        environment: Environment {
            os: "Linux 6.12".to_owned(),
            cpu: "AMD EPYC 7R13".to_owned(),
            cores: 8,
            memory_bytes: 16 << 30,
            command: ["dyno", "run", "workloads/empty.toml"].map(str::to_owned).to_vec(),
        },
        ended: Ending::Completed,
        duration_seconds: 0.0,
        loaded: Vec::new(),
        phases: Vec::new(),
        operations: Vec::new(),
        resources: Vec::new(),
        totals: Vec::new(),
        series: Series { interval_seconds: 1.0, merged: 1, points: Vec::new() },
        throttles: Vec::new(),
        errors: Vec::new(),
        engine: None,
        harness: Harness {
            workers: 4,
            in_flight_limit: 1_000,
            schedule_lag: Histogram::new(),
            in_flight_wait: Histogram::new(),
            cpu_seconds: 0.0,
            invalid_points: 0,
        },
        thresholds: Vec::new(),
        warnings: Vec::new(),
    }
}

/// A note-taking application on a table with 5 RCU and 5 WCU, asked for more than that.
pub(super) fn notes_throttled() -> RunResult {
    let kinds = [
        kind("read note", Operation::GetItem, 0.6, 2_900.0, 0, 1),
        kind("save note", Operation::PutItem, 0.4, 4_100.0, 0, 2),
    ];
    let phases: Phases = &[("steady", 120.0, false, "constant 18/s")];
    let mut run = play(7, 1.0, phases, &kinds, vec![provisioned("notes", 5.0, 5.0)], |_| Moment { rate: 18.0, ..CALM });
    run.name = "notes".to_owned();
    run.description =
        "A small note-taking application that has outgrown the free tier: 5 RCU and 5 WCU, 18 operations a second."
            .to_owned();
    run.clock = Clock::Virtual;
    run.workload.path = "workloads/notes.toml".to_owned();
    run.workload.text =
        "# Notes: <b>small</b> & simple\n[workload]\nname = \"notes\"\n\n[[phase]]\nrate = 18\nfor = \"2 min\"\n"
            .to_owned();
    run.loaded = vec![TableLoad { table: "notes".to_owned(), items: 10_000, bytes: 9_412_000, seconds: 1.9 }];
    run.thresholds =
        vec![threshold("read note p99 ≤ 10 ms", "5.38 ms", true), threshold("throttled ≤ 1 %", "11.4 %", false)];
    run
}

/// A shop before, in and after a flash sale, with a warm-up and a few intervals the harness spoiled.
pub(crate) fn flash_sale() -> RunResult {
    let kinds = [
        kind("view product", Operation::GetItem, 0.7, 1_100.0, 0, 1),
        kind("list category", Operation::Query, 0.15, 3_400.0, 1, 8),
        kind("add to basket", Operation::UpdateItem, 0.1, 2_300.0, 2, 2),
        kind("place order", Operation::TransactWriteItems, 0.05, 7_800.0, 2, 12),
    ];
    let resources = vec![
        provisioned("products", 700.0, 50.0),
        ResourceInfo {
            table: "products".to_owned(),
            index: Some("by_category".to_owned()),
            limit: CapacityLimit::Provisioned(ProvisionedUnits { read: 900.0, write: 50.0 }),
        },
        ResourceInfo { table: "orders".to_owned(), index: None, limit: CapacityLimit::OnDemand },
    ];
    let phases: Phases = &[
        ("warm-up", 20.0, true, "constant 200/s"),
        ("before the sale", 60.0, false, "constant 300/s"),
        ("doors open", 30.0, false, "ramp 300/s to 1,600/s"),
        ("the rush", 60.0, false, "constant 1,600/s"),
        ("after", 70.5, false, "constant 400/s"),
    ];
    let mut run = play(42, 1.0, phases, &kinds, resources, |at| {
        let rate = match at {
            at if at < 20.0 => 200.0,
            at if at < 80.0 => 300.0,
            at if at < 110.0 => 300.0 + (at - 80.0) / 30.0 * 1_300.0,
            at if at < 170.0 => 1_600.0,
            _ => 400.0,
        };
        let slowness = if rate > 1_200.0 { 1.8 } else { 1.0 };
        Moment {
            rate,
            slowness,
            failing: if rate > 1_500.0 { 0.0008 } else { 0.0 },
            valid: !(131.0..136.0).contains(&at),
            ..CALM
        }
    });
    run.name = "flash sale".to_owned();
    run.description = "A shop's evening: half an hour of calm, then everyone at once.".to_owned();
    run.target = TargetInfo {
        kind: "aws".to_owned(),
        endpoint: "eu-west-1".to_owned(),
        settings: vec![("retries".to_owned(), "3, exponential back-off".to_owned())],
    };
    run.thresholds =
        vec![threshold("view product p99 ≤ 10 ms", "4.1 ms", true), threshold("errors ≤ 0.1 %", "0.05 %", true)];
    run.warnings = vec!["The target is billed: this run consumed about 0.05 USD of request units.".to_owned()];
    run
}

/// One operation at a steady rate, and a target that stands still for two seconds.
pub(super) fn stall() -> RunResult {
    let kinds = [kind("get", Operation::GetItem, 1.0, 800.0, 0, 1)];
    let phases: Phases = &[("steady", 60.0, false, "constant 1,000/s")];
    let resources = vec![ResourceInfo { table: "kv".to_owned(), index: None, limit: CapacityLimit::OnDemand }];
    let mut run = play(3, 1.0, phases, &kinds, resources, |at| {
        let stalled = if (30.0..32.0).contains(&at) { 32.0 - at } else { 0.0 };
        Moment { rate: 1_000.0, stalled, ..CALM }
    });
    for point in &mut run.series.points {
        match point.start_seconds {
            30.0 => point.sent = 120,
            31.0 => point.sent = 0,
            32.0 => point.sent = 2_880,
            _ => {}
        }
    }
    run.name = "stall".to_owned();
    run.description =
        "A second of standing still shows in the response time of everything that was due in it.".to_owned();
    run.thresholds = vec![threshold("get p99 ≤ 2 s", "1.71 s", true)];
    run
}

/// Three operations and nothing more.
pub(super) fn tiny() -> RunResult {
    let kinds = [kind("put", Operation::PutItem, 1.0, 500.0, 0, 2)];
    let resources = vec![ResourceInfo { table: "t".to_owned(), index: None, limit: CapacityLimit::Unknown }];
    let mut run =
        play(1, 1.0, &[("only", 1.0, false, "constant 3/s")], &kinds, resources, |_| Moment { rate: 3.0, ..CALM });
    run.name = "tiny".to_owned();
    run
}

/// A simulated month with days and nights, thinned to hours.
pub(super) fn thirty_days() -> RunResult {
    let kinds = [
        kind("read", Operation::GetItem, 0.9, 2_000.0, 0, 1),
        kind("write", Operation::PutItem, 0.1, 3_000.0, 0, 63_000),
    ];
    let day = 86_400.0;
    let phases: Phases = &[("month", 30.0 * day, false, "a day's curve, 0.05/s to 0.4/s")];
    let mut run = play(9, 3_600.0, phases, &kinds, vec![provisioned("metrics", 2.0, 1_000.0)], |at| {
        let rate = 0.22 - 0.17 * (at / day * std::f64::consts::TAU).cos();
        Moment { rate, failing: if (12.0..12.3).contains(&(at / day)) { 0.2 } else { 0.0 }, ..CALM }
    });
    let mut resources = [engine::Resource::new("metrics", None, 2, [2, 400])];
    let mut decreases = 0;
    run.engine = Some(engine::watch(30.0 * day, Vec::new(), &mut resources, |resources, now, seconds| {
        let table = &mut resources[0];
        let demand = 700.0 - 550.0 * (now / day * std::f64::consts::TAU).cos();
        let before = table.view.write.tokens;
        let first = table.consume(0, ReadWrite::Write, demand * 0.7, seconds);
        let second = table.consume(1, ReadWrite::Write, demand * 0.3, seconds);
        table.settle(ReadWrite::Write, before, first + second, seconds);
        let limit = table.view.write.limit_units_per_second.unwrap();
        let wanted = (demand / 0.7) as u64;
        if (now / day).fract() < 0.02 {
            decreases = 0;
        }
        let changes = wanted > limit || wanted < limit * 7 / 10;
        if wanted < limit && changes && decreases >= 27 {
            let kind = CapacityEventKind::ScalingRefused { access: ReadWrite::Write, from: limit, to: wanted };
            table.happens(now, kind);
        } else if changes {
            decreases += u32::from(wanted < limit);
            let effective_at = Time::from_secs_f64(now + 30.0);
            let kind =
                CapacityEventKind::ScalingDecided { access: ReadWrite::Write, from: limit, to: wanted, effective_at };
            table.happens(now, kind);
            table.provision(now + 30.0, ReadWrite::Write, wanted);
        }
    }));
    if let Some(engine) = &run.engine {
        engine.fill_provisioned(&mut run.series, &run.resources);
    }
    run.name = "thirty days".to_owned();
    run.clock = Clock::Virtual;
    run.series.merged = 3_600;
    run.series.interval_seconds = 1.0;
    run
}

/// A hot key on a table that scales and splits while parts of the engine fail.
pub(super) fn hot_key() -> RunResult {
    let kinds = [
        kind("place order", Operation::PutItem, 0.7, 4_800.0, 0, 80),
        kind("list orders", Operation::Query, 0.3, 3_100.0, 1, 32),
    ];
    let resources = vec![
        provisioned("orders", 1_000.0, 1_200.0),
        ResourceInfo {
            table: "orders".to_owned(),
            index: Some("by_customer".to_owned()),
            limit: CapacityLimit::OnDemand,
        },
    ];
    let phases: Phases =
        &[("quiet", 60.0, false, "constant 15/s"), ("one product sells", 540.0, false, "constant 40/s")];
    let mut run = play(23, 2.0, phases, &kinds, resources, |at| Moment {
        rate: if at < 60.0 { 15.0 } else { 40.0 },
        slowness: if (250.0..330.0).contains(&at) { 2.4 } else { 1.0 },
        failing: if (260.0..268.0).contains(&at) { 0.4 } else { 0.0 },
        ..CALM
    });
    let faults = vec![
        engine::fault("zone b stops", 250.0, 330.0),
        engine::fault("leader lost: orders, partition 2", 260.0, 268.0),
        engine::fault("replication lag + 200 ms", 420.0, 510.0),
        engine::fault("slow replica in zone c", 555.0, 600.0),
    ];
    let mut resources = [
        engine::Resource::new("orders", None, 4, [1_000, 1_200]),
        engine::Resource::new("orders", Some("by_customer"), 2, [12_000, 4_000]),
    ];
    run.engine = Some(engine::watch(600.0, faults, &mut resources, |resources, now, seconds| {
        let [table, index] = resources else { return };
        match now as u64 {
            128 => table.happens(128.0, scaled(1_200, 1_700, 160.0)),
            160 => table.provision(160.0, ReadWrite::Write, 1_700),
            200 => table.split(2, 200.4, SplitCause::Heat, None),
            231 => table.happens(231.0, scaled(1_700, 2_300, 262.0)),
            262 => table.provision(262.0, ReadWrite::Write, 2_300),
            330 => table.split(3, 330.2, SplitCause::Heat, None),
            335 => table.split(0, 335.0, SplitCause::Size, None),
            470 => table.split(4, 470.9, SplitCause::Heat, Some("2026-11-21#order-0000124")),
            480 => {
                let kind = CapacityEventKind::ScalingRefused { access: ReadWrite::Write, from: 2_300, to: 1_900 };
                table.happens(480.0, kind);
            }
            540 => table.happens(540.0, scaled(2_300, 1_900, 571.0)),
            571 => table.provision(571.0, ReadWrite::Write, 1_900),
            _ => {}
        }
        let demand = if now < 60.0 { 420.0 } else { 1_700.0 + 200.0 * (now / 25.0).sin() };
        let before = table.view.write.tokens;
        let count = table.view.partitions.len();
        // The hot key lies in the third quarter, and after each split in the hotter half.
        let hot = (0..count)
            .rev()
            .find(|place| table.view.partitions[*place].start_hash <= 0xa800_0000_0000_0000)
            .unwrap_or(0);
        let mut consumed = 0.0;
        for place in 0..count {
            let share = if place == hot { 0.66 } else { 0.34 / (count - 1) as f64 };
            consumed += table.consume(place, ReadWrite::Write, demand * share, seconds);
            table.consume(place, ReadWrite::Read, 30.0 + 20.0 * place as f64, seconds);
        }
        table.settle(ReadWrite::Write, before, consumed, seconds);
        let before = index.view.read.tokens;
        let consumed =
            [0, 1].map(|place| index.consume(place, ReadWrite::Read, demand / 4.0 * (1.0 + place as f64), seconds));
        index.settle(ReadWrite::Read, before, consumed.iter().sum(), seconds);
        for (resource, factor) in [(table, 0.002), (index, 0.006)] {
            let lagging = if (420.0..510.0).contains(&now) { 12.0 } else { 1.0 };
            let reads = (180.0 * seconds) as u64;
            resource.view.eventual_reads += reads;
            resource.view.stale_reads += (reads as f64 * factor * lagging * (1.2 + (now / 7.0).sin())) as u64;
        }
    }));
    if let Some(engine) = &run.engine {
        engine.fill_provisioned(&mut run.series, &run.resources);
    }
    run.name = "hot key".to_owned();
    run.clock = Clock::Virtual;
    run.description =
        "One product sells: its partition reaches its ceiling while the table has capacity to spare.".to_owned();
    run
}

fn scaled(from: u64, to: u64, effective: f64) -> CapacityEventKind {
    let effective_at = Time::from_secs_f64(effective);
    CapacityEventKind::ScalingDecided { access: ReadWrite::Write, from, to, effective_at }
}

/// Hundreds of partitions, and a sort key that grows and splits the last of them again and again.
pub(super) fn many_partitions() -> RunResult {
    let kinds = [kind("append", Operation::PutItem, 1.0, 4_000.0, 0, 2)];
    let resources = vec![ResourceInfo { table: "events".to_owned(), index: None, limit: CapacityLimit::OnDemand }];
    let mut run = play(29, 10.0, &[("steady", 3_600.0, false, "constant 3/s")], &kinds, resources, |_| Moment {
        rate: 3.0,
        ..CALM
    });
    let mut resources = [engine::Resource::new("events", None, 300, [40_000, 40_000])];
    run.engine = Some(engine::watch(3_600.0, Vec::new(), &mut resources, |resources, now, seconds| {
        let table = &mut resources[0];
        let count = table.view.partitions.len();
        if now as u64 % 600 == 300 && seconds >= 1.0 {
            table.split(count - 1, now, SplitCause::Heat, None);
        }
        let count = table.view.partitions.len();
        for place in 0..count {
            let wave = 0.5 + 0.5 * (place as f64 / 25.0 + now / 400.0).sin();
            let rate = if place + 1 == count { 1_300.0 } else { 900.0 * wave * wave };
            table.consume(place, ReadWrite::Write, rate, seconds);
        }
    }));
    run.name = "many partitions".to_owned();
    run
}

/// Ten operations on twelve tables and indexes, 600 intervals.
pub(super) fn wide() -> RunResult {
    const NAMES: [(&str, Operation); 10] = [
        ("get profile", Operation::GetItem),
        ("get feed", Operation::Query),
        ("post", Operation::PutItem),
        ("like", Operation::UpdateItem),
        ("unlike", Operation::DeleteItem),
        ("followers", Operation::Query),
        ("search everything there is to find", Operation::Scan),
        ("many profiles", Operation::BatchGetItem),
        ("import", Operation::BatchWriteItem),
        ("follow", Operation::TransactWriteItems),
    ];
    let kinds: Vec<Kind> = NAMES
        .iter()
        .enumerate()
        .map(|(index, (name, operation))| {
            kind(
                name,
                *operation,
                [0.3, 0.2, 0.1, 0.1, 0.05, 0.1, 0.01, 0.05, 0.04, 0.05][index],
                900.0 * (index + 1) as f64,
                index,
                4,
            )
        })
        .collect();
    let resources = (0..12)
        .map(|index| ResourceInfo {
            table: format!("social-network-table-{}", index / 3),
            index: (index % 3 > 0).then(|| format!("by_attribute_{index}")),
            limit: match index % 4 {
                0 => CapacityLimit::OnDemand,
                1 => CapacityLimit::Provisioned(ProvisionedUnits { read: 50.0, write: 8.0 }),
                _ => CapacityLimit::Provisioned(ProvisionedUnits { read: 40_000.0, write: 40_000.0 }),
            },
        })
        .collect();
    let phases: Phases = &[("warm-up", 60.0, true, "constant 60/s"), ("steady", 540.0, false, "constant 120/s")];
    let mut run = play(11, 1.0, phases, &kinds, resources, |at| Moment {
        rate: if at < 60.0 { 60.0 } else { 120.0 + 20.0 * (at / 40.0).sin() },
        ..CALM
    });
    run.name = "social network".to_owned();
    run.ended = Ending::Interrupted;
    run
}

/// All of them, by name; made one at a time, because the histograms of a long run take a gigabyte.
pub(super) fn all() -> impl Iterator<Item = (&'static str, RunResult)> {
    type Maker = fn() -> RunResult;
    let makers: [(&'static str, Maker); 9] = [
        ("notes", notes_throttled),
        ("flash", flash_sale),
        ("stall", stall),
        ("tiny", tiny),
        ("empty", empty),
        ("month", thirty_days),
        ("wide", wide),
        ("hot-key", hot_key),
        ("many-partitions", many_partitions),
    ];
    makers.into_iter().map(|(name, make)| (name, make()))
}
