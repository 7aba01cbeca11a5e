//! The limits of whole tables: what is provisioned, what is on-demand, and what a change of either keeps.

use super::*;
use crate::api::LimitKind;

const PLACE: Place = Place::of_hash(7);

const MILLISECOND: u64 = 1_000_000;

fn created(capacity: CapacityMode, warm: Option<WarmThroughput>) -> Throughput {
    Throughput::new(
        &ResourceOptions { warm, ..ResourceOptions::of(capacity) },
        CapacityModel::default().of_whole_tables(),
        Time::ZERO,
    )
}

fn provisioned(units_per_second: u64) -> Throughput {
    created(CapacityMode::provisioned(units_per_second, units_per_second), None)
}

fn ask(table: &Throughput, access: Access, now: Time, units: u64) -> Result<(), LimitKind> {
    let charge =
        Charge { throughput: table, access, place: &PLACE, units: CapacityUnits::whole(units), growth_bytes: 0 };
    table.admit(now, &charge).map_err(|refusal| refusal.limit)
}

fn check(table: &Throughput, access: Access, now: Time) -> Result<(), LimitKind> {
    table.check(now, access.kind()).map_err(|refusal| refusal.limit)
}

/// Asks for single units at an even `rate` from `start_seconds` until the first refusal; seconds it took.
fn seconds_until_throttled(table: &Throughput, rate: u64, start_seconds: u64) -> f64 {
    for request in 0.. {
        let nanos = start_seconds * 1_000 * MILLISECOND + request * 1_000_000_000 / rate;
        if ask(table, Access::StrongRead, Time::from_nanos(nanos), 1).is_err() {
            return request as f64 / rate as f64;
        }
    }
    unreachable!("every load above the capacity is throttled in the end")
}

#[test]
fn burst_of_300_seconds_is_banked_and_lasts_900_seconds_at_50_units_above_the_capacity() {
    let table = provisioned(150);
    let seconds = seconds_until_throttled(&table, 200, 300);
    assert!((seconds - 900.0).abs() < 0.05, "{seconds}");
    assert_eq!(table.consumed().read.as_f64(), (seconds * 200.0).round());
}

#[test]
fn five_idle_minutes_at_150_units_bank_45000() {
    for idle_seconds in [300, 3_000] {
        let table = provisioned(150);
        let now = Time::from_nanos(idle_seconds * 1_000 * MILLISECOND);
        let admitted = (0..50_000).take_while(|_| ask(&table, Access::StrongRead, now, 1).is_ok()).count();
        assert_eq!(admitted, 45_000);
    }
}

#[test]
fn reads_leave_writes_alone() {
    let table = provisioned(10);
    while ask(&table, Access::StrongRead, Time::ZERO, 1).is_ok() {}
    assert_eq!(check(&table, Access::StrongRead, Time::ZERO), Err(LimitKind::ProvisionedThroughput));
    assert_eq!(ask(&table, Access::Write, Time::ZERO, 10), Ok(()));
}

#[test]
fn an_overloaded_table_grants_what_it_is_provisioned_for_and_its_bank() {
    let table = provisioned(100);
    for request in 0..1_000_000u64 {
        let _ = ask(&table, Access::Write, Time::from_nanos(request * MILLISECOND), 3);
    }
    let consumed = table.consumed().write.as_f64();
    let granted = 100.0 * 1_000.0 + 100.0;
    assert!((granted - 3.0..=granted + 3.0).contains(&consumed), "{consumed}");
}

#[test]
fn warm_throughput_is_there_at_once() {
    let warm = WarmThroughput { read_units_per_second: 30_000, write_units_per_second: 10 };
    let table = created(CapacityMode::ON_DEMAND, Some(warm));
    assert_eq!((admitted(&table, Access::StrongRead, at(0)), admitted(&table, Access::Write, at(0))), (30_000, 4_000));
}

fn admitted(table: &Throughput, access: Access, now: Time) -> usize {
    (0..100_000).take_while(|_| ask(table, access, now, 1).is_ok()).count()
}

fn at(seconds: u64) -> Time {
    Time::from_nanos(seconds * 1_000 * MILLISECOND)
}

#[test]
fn another_throughput_holds_from_its_moment_on_and_what_was_consumed_stays_counted() {
    let table = provisioned(10);
    assert_eq!(admitted(&table, Access::StrongRead, at(0)), 10);
    table.set_mode(at(60), CapacityMode::provisioned(100, 10), None, at(60));
    // Ten seconds of the old capacity before, one of it and nine of the new one after.
    assert_eq!(admitted(&table, Access::StrongRead, at(10)), 100);
    assert_eq!(admitted(&table, Access::StrongRead, at(59)), 490);
    assert_eq!(admitted(&table, Access::StrongRead, at(69)), 10 + 900);
    assert_eq!(table.consumed().read, CapacityUnits::whole(10 + 100 + 490 + 910));
}

#[test]
fn on_demand_after_provisioned_serves_what_was_ever_provisioned() {
    // Facts §2.2: 100/100 serves 4,000 writes and 12,000 reads, 10,000/10,000 in the past at least 10,000.
    for (before, writes) in [(100, 4_000), (10_000, 10_000)] {
        let table = provisioned(before);
        table.set_mode(at(1), CapacityMode::provisioned(10, 10), None, at(1));
        table.set_mode(at(2), CapacityMode::ON_DEMAND, None, at(2));
        assert_eq!(check(&table, Access::Write, at(2)), Ok(()));
        assert_eq!(table.reached_units_per_second(ReadWrite::Write, at(2)), Some(writes));
        assert_eq!(table.reached_units_per_second(ReadWrite::Read, at(2)), Some(12_000));
        while ask(&table, Access::Write, at(3), 1).is_ok() {}
        assert_eq!(admitted(&table, Access::Write, at(4)), writes as usize, "{before}");
    }
}

#[test]
fn changing_back_and_forth_gains_nothing() {
    let table = provisioned(10);
    assert_eq!(ask(&table, Access::Write, at(0), 50), Ok(()), "40 units of debt");
    table.set_mode(at(0), CapacityMode::ON_DEMAND, None, at(0));
    table.set_mode(at(0), CapacityMode::provisioned(10, 10), None, at(0));
    assert_eq!(check(&table, Access::Write, at(4)), Err(LimitKind::ProvisionedThroughput));
    assert_eq!(admitted(&table, Access::Write, at(5)), 10);
    // A full on-demand bucket leaves one second of the provisioned capacity.
    table.set_mode(at(6), CapacityMode::ON_DEMAND, None, at(6));
    table.set_mode(at(60), CapacityMode::provisioned(10, 10), None, at(60));
    assert_eq!(admitted(&table, Access::Write, at(60)), 10);
}

#[test]
fn an_on_demand_maximum_is_set_and_taken_away() {
    let table = created(CapacityMode::ON_DEMAND, None);
    let limited = CapacityMode::OnDemand { max_read_units: None, max_write_units: Some(5) };
    table.set_mode(at(1), limited, None, at(1));
    assert_eq!((admitted(&table, Access::Write, at(1)), admitted(&table, Access::StrongRead, at(1))), (5, 12_000));
    assert_eq!(check(&table, Access::Write, at(1)), Err(LimitKind::MaxOnDemandThroughput));
    table.set_mode(at(2), CapacityMode::ON_DEMAND, None, at(2));
    assert_eq!(admitted(&table, Access::Write, at(3)), 4_000);
}

#[test]
fn throughput_without_limits_admits_and_counts() {
    let table = Throughput::unlimited();
    for _ in 0..1_000 {
        ask(&table, Access::Write, Time::ZERO, 400).unwrap();
    }
    assert_eq!(table.consumed(), Units::write(CapacityUnits::whole(400_000)));
}
