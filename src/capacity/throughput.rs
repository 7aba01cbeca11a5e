//! The throughput of one table or one global secondary index.

use crate::api::{CapacityMode, ReadWrite, Units, WarmThroughput};
use crate::time::Time;

use super::bucket::TokenBucket;
use super::limits::{
    BURST_SECONDS, ON_DEMAND_INITIAL_READ_UNITS_PER_SECOND, ON_DEMAND_INITIAL_WRITE_UNITS_PER_SECOND,
    PROVISIONED_INITIAL_SECONDS,
};
use super::meter::Meter;
use super::on_demand::OnDemand;

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
        match mode {
            CapacityMode::Provisioned { read, write } => {
                let meter = |units_per_second| {
                    let bucket = TokenBucket::new(units_per_second, BURST_SECONDS, PROVISIONED_INITIAL_SECONDS, now);
                    Meter::provisioned(bucket)
                };
                Throughput { read: meter(read.units), write: meter(write.units) }
            }
            CapacityMode::OnDemand { max_read_units, max_write_units } => {
                let meter = |initial: u64, warm: Option<u64>, maximum| {
                    let initial = initial.max(warm.unwrap_or(0));
                    Meter::on_demand(OnDemand::new(initial, maximum, quota_units_per_second, now))
                };
                let warm_reads = warm.map(|warm| warm.read_units_per_second);
                let warm_writes = warm.map(|warm| warm.write_units_per_second);
                Throughput {
                    read: meter(ON_DEMAND_INITIAL_READ_UNITS_PER_SECOND, warm_reads, max_read_units),
                    write: meter(ON_DEMAND_INITIAL_WRITE_UNITS_PER_SECOND, warm_writes, max_write_units),
                }
            }
        }
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
        let admitted = |meter: &Meter| {
            (0..100_000).take_while(|_| meter.admit(Time::ZERO, CapacityUnits::whole(1)).is_ok()).count()
        };
        assert_eq!((admitted(&table.read), admitted(&table.write)), (30_000, 4_000));
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
