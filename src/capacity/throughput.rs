//! The throughput of one table or one global secondary index.

use crate::api::{CapacityMode, ReadWrite, Units, WarmThroughput};
use crate::time::Time;

use super::limits::{ON_DEMAND_INITIAL_READ_UNITS_PER_SECOND, ON_DEMAND_INITIAL_WRITE_UNITS_PER_SECOND};
use super::meter::{Limit, Meter};

/// Read and write capacity, independent of each other.
#[derive(Debug)]
pub struct Throughput {
    /// Read capacity.
    pub read: Meter,
    /// Write capacity.
    pub write: Meter,
}

impl Throughput {
    /// The throughput of a table or index created at `now`.
    ///
    /// Provisioned capacity banks up to 300 s of what is not used, as if the table were one partition. On-demand
    /// starts with DynamoDB's initial throughput or with `warm`, whichever is more, and never serves more than the account's
    /// `quota_units_per_second`.
    pub fn new(mode: CapacityMode, warm: Option<WarmThroughput>, quota_units_per_second: u64, now: Time) -> Self {
        let (read, write) = limits(mode, warm, quota_units_per_second);
        Throughput { read: Meter::new(read, now), write: Meter::new(write, now) }
    }

    /// Changes mode, throughput and maxima from a moment on; until then everything stays as it is.
    ///
    /// What was consumed stays counted. On-demand serves as much as ever was provisioned or served, because partitions are
    /// never merged (facts §2.2). Capacity keeps its bank when it is provisioned otherwise, and nothing but its debt
    /// when the mode changes. Throughput without limits stays without.
    pub fn set_mode(&self, mode: CapacityMode, warm: Option<WarmThroughput>, quota_units_per_second: u64, from: Time) {
        let (read, write) = limits(mode, warm, quota_units_per_second);
        self.read.set_limit(read, from);
        self.write.set_limit(write, from);
    }

    /// Throughput without limits, for measuring what the engine itself can do: everything is admitted and counted.
    pub fn unlimited() -> Self {
        Throughput { read: Meter::unlimited(), write: Meter::unlimited() }
    }

    /// The meter of one kind of access.
    pub const fn meter(&self, access: ReadWrite) -> &Meter {
        match access {
            ReadWrite::Read => &self.read,
            ReadWrite::Write => &self.write,
        }
    }

    /// All units ever admitted.
    pub fn consumed(&self) -> Units {
        Units { read: self.read.consumed(), write: self.write.consumed() }
    }
}

/// The limits of reads and of writes.
fn limits(mode: CapacityMode, warm: Option<WarmThroughput>, quota_units_per_second: u64) -> (Limit, Limit) {
    let warm_reads = warm.map_or(0, |warm| warm.read_units_per_second);
    let warm_writes = warm.map_or(0, |warm| warm.write_units_per_second);
    match mode {
        CapacityMode::Provisioned { read, write } => {
            let limit = |units_per_second, warm_units_per_second| Limit::Provisioned {
                units_per_second,
                warm_units_per_second,
            };
            (limit(read.units, warm_reads), limit(write.units, warm_writes))
        }
        CapacityMode::OnDemand { max_read_units, max_write_units } => {
            let limit = |initial: u64, warm, maximum_units_per_second| Limit::OnDemand {
                least_units_per_second: initial.max(warm),
                maximum_units_per_second,
                quota_units_per_second,
            };
            (
                limit(ON_DEMAND_INITIAL_READ_UNITS_PER_SECOND, warm_reads, max_read_units),
                limit(ON_DEMAND_INITIAL_WRITE_UNITS_PER_SECOND, warm_writes, max_write_units),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::limits::TABLE_QUOTA_UNITS_PER_SECOND;
    use super::*;
    use crate::api::{CapacityUnits, LimitKind};

    const MILLISECOND: u64 = 1_000_000;

    fn provisioned(units_per_second: u64) -> Throughput {
        let mode = CapacityMode::provisioned(units_per_second, units_per_second);
        Throughput::new(mode, None, TABLE_QUOTA_UNITS_PER_SECOND, Time::ZERO)
    }

    /// Asks for single units at an even `rate` from `start_seconds` until the first refusal; seconds it took.
    fn seconds_until_throttled(meter: &Meter, rate: u64, start_seconds: u64) -> f64 {
        for request in 0.. {
            let nanos = start_seconds * 1_000 * MILLISECOND + request * 1_000_000_000 / rate;
            if meter.admit(Time::from_nanos(nanos), CapacityUnits::whole(1)).is_err() {
                return request as f64 / rate as f64;
            }
        }
        unreachable!("every load above the capacity is throttled in the end")
    }

    #[test]
    fn burst_of_300_seconds_is_banked_and_lasts_900_seconds_at_50_units_above_the_capacity() {
        let table = provisioned(150);
        let seconds = seconds_until_throttled(&table.read, 200, 300);
        assert!((seconds - 900.0).abs() < 0.05, "{seconds}");
        assert_eq!(table.read.consumed().as_f64(), (seconds * 200.0).round());
    }

    #[test]
    fn five_idle_minutes_at_150_units_bank_45000() {
        for idle_seconds in [300, 3_000] {
            let table = provisioned(150);
            let now = Time::from_nanos(idle_seconds * 1_000 * MILLISECOND);
            let admitted = (0..50_000).take_while(|_| table.read.admit(now, CapacityUnits::whole(1)).is_ok()).count();
            assert_eq!(admitted, 45_000);
        }
    }

    #[test]
    fn reads_leave_writes_alone() {
        let table = provisioned(10);
        while table.read.admit(Time::ZERO, CapacityUnits::whole(1)).is_ok() {}
        assert_eq!(table.read.check(Time::ZERO), Err(LimitKind::ProvisionedThroughput));
        assert_eq!(table.write.admit(Time::ZERO, CapacityUnits::whole(10)), Ok(()));
    }

    #[test]
    fn an_overloaded_table_grants_what_it_is_provisioned_for_and_its_bank() {
        let table = provisioned(100);
        for request in 0..1_000_000u64 {
            let _ = table.write.admit(Time::from_nanos(request * MILLISECOND), CapacityUnits::whole(3));
        }
        let consumed = table.write.consumed().as_f64();
        let granted = 100.0 * 1_000.0 + 100.0;
        assert!((granted - 3.0..=granted + 3.0).contains(&consumed), "{consumed}");
    }

    #[test]
    fn warm_throughput_is_there_at_once() {
        let warm = WarmThroughput { read_units_per_second: 30_000, write_units_per_second: 10 };
        let table = Throughput::new(CapacityMode::ON_DEMAND, Some(warm), TABLE_QUOTA_UNITS_PER_SECOND, Time::ZERO);
        assert_eq!((admitted(&table.read, at(0)), admitted(&table.write, at(0))), (30_000, 4_000));
    }

    fn admitted(meter: &Meter, now: Time) -> usize {
        (0..100_000).take_while(|_| meter.admit(now, CapacityUnits::whole(1)).is_ok()).count()
    }

    fn at(seconds: u64) -> Time {
        Time::from_nanos(seconds * 1_000 * MILLISECOND)
    }

    #[test]
    fn another_throughput_holds_from_its_moment_on_and_what_was_consumed_stays_counted() {
        let table = provisioned(10);
        assert_eq!(admitted(&table.read, at(0)), 10);
        table.set_mode(CapacityMode::provisioned(100, 10), None, TABLE_QUOTA_UNITS_PER_SECOND, at(60));
        // Ten seconds of the old capacity before, one of it and nine of the new one after.
        assert_eq!(admitted(&table.read, at(10)), 100);
        assert_eq!(admitted(&table.read, at(59)), 490);
        assert_eq!(admitted(&table.read, at(69)), 10 + 900);
        assert_eq!(table.consumed().read, CapacityUnits::whole(10 + 100 + 490 + 910));
    }

    #[test]
    fn on_demand_after_provisioned_serves_what_was_ever_provisioned() {
        // Facts §2.2: 100/100 serves 4,000 writes and 12,000 reads, 10,000/10,000 in the past at least 10,000.
        for (before, writes) in [(100, 4_000), (10_000, 10_000)] {
            let table = provisioned(before);
            table.set_mode(CapacityMode::provisioned(10, 10), None, TABLE_QUOTA_UNITS_PER_SECOND, at(1));
            table.set_mode(CapacityMode::ON_DEMAND, None, TABLE_QUOTA_UNITS_PER_SECOND, at(2));
            assert_eq!(table.write.check(at(2)), Ok(()));
            assert_eq!(table.write.reached_units_per_second(at(2)), Some(writes));
            assert_eq!(table.read.reached_units_per_second(at(2)), Some(12_000));
            while table.write.admit(at(3), CapacityUnits::whole(1)).is_ok() {}
            assert_eq!(admitted(&table.write, at(4)), writes as usize, "{before}");
        }
    }

    #[test]
    fn changing_back_and_forth_gains_nothing() {
        let table = provisioned(10);
        assert_eq!(table.write.admit(at(0), CapacityUnits::whole(50)), Ok(()), "40 units of debt");
        table.set_mode(CapacityMode::ON_DEMAND, None, TABLE_QUOTA_UNITS_PER_SECOND, at(0));
        table.set_mode(CapacityMode::provisioned(10, 10), None, TABLE_QUOTA_UNITS_PER_SECOND, at(0));
        assert_eq!(table.write.check(at(4)), Err(LimitKind::ProvisionedThroughput));
        assert_eq!(admitted(&table.write, at(5)), 10);
        // A full on-demand bucket leaves one second of the provisioned capacity.
        table.set_mode(CapacityMode::ON_DEMAND, None, TABLE_QUOTA_UNITS_PER_SECOND, at(6));
        table.set_mode(CapacityMode::provisioned(10, 10), None, TABLE_QUOTA_UNITS_PER_SECOND, at(60));
        assert_eq!(admitted(&table.write, at(60)), 10);
    }

    #[test]
    fn an_on_demand_maximum_is_set_and_taken_away() {
        let table = Throughput::new(CapacityMode::ON_DEMAND, None, TABLE_QUOTA_UNITS_PER_SECOND, Time::ZERO);
        let limited = CapacityMode::OnDemand { max_read_units: None, max_write_units: Some(5) };
        table.set_mode(limited, None, TABLE_QUOTA_UNITS_PER_SECOND, at(1));
        assert_eq!((admitted(&table.write, at(1)), admitted(&table.read, at(1))), (5, 12_000));
        assert_eq!(table.write.check(at(1)), Err(LimitKind::MaxOnDemandThroughput));
        table.set_mode(CapacityMode::ON_DEMAND, None, TABLE_QUOTA_UNITS_PER_SECOND, at(2));
        assert_eq!(admitted(&table.write, at(3)), 4_000);
    }

    #[test]
    fn throughput_without_limits_admits_and_counts() {
        let table = Throughput::unlimited();
        for _ in 0..1_000 {
            table.write.admit(Time::ZERO, CapacityUnits::whole(400)).unwrap();
        }
        assert_eq!(table.consumed(), Units::write(CapacityUnits::whole(400_000)));
    }
}
