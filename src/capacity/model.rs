//! How capacity behaves, where DynamoDB publishes no figure or its users may want another: named settings with defaults.

use std::time::Duration;

use super::limits::{
    BURST_SECONDS, ON_DEMAND_PEAK_SECONDS, PARTITION_MAX_BYTES, PARTITION_READ_UNITS_PER_SECOND,
    PARTITION_WRITE_UNITS_PER_SECOND, TABLE_QUOTA_UNITS_PER_SECOND,
};

/// How the capacity of tables and indexes behaves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CapacityModel {
    /// The account's quota for one on-demand table or index, reads and writes each (facts §2.6).
    pub table_quota_units_per_second: u64,
    /// Whether a partition may use whatever the table has left, up to its own ceiling. Off, every partition has its share of
    /// the provisioned throughput and its own bank, and a split halves both: DynamoDB before adaptive capacity (ATC'22 §4).
    pub adaptive: bool,
    /// Unused provisioned capacity is banked for this long (facts §3.1).
    pub burst_seconds: u64,
    /// What a partition reads at most, in units per second (facts §2.1).
    pub partition_read_units_per_second: u64,
    /// What a partition writes at most, in units per second (facts §2.1).
    pub partition_write_units_per_second: u64,
    /// Tables and indexes start with at least so many partitions, whatever their throughput needs: those that were once larger,
    /// or hold many gigabytes, have more.
    pub least_partitions: u32,
    /// How large a partition grows before it is split (facts §2.1).
    pub partition_max_bytes: u64,
    /// Eventually consistent reads may go beyond a partition's read ceiling by this factor, 1 to 1.5, because all three
    /// replicas serve them. 1 is documented; 1.5 was measured once on an on-demand table (facts §2.1).
    pub eventual_read_factor: f64,
    /// Whether hot partitions are split.
    pub splits_for_heat: bool,
    /// The share of its ceiling from which a partition is hot. Unpublished; 0.8 to 1 is suggested (facts §11.4).
    pub heat_threshold: f64,
    /// How long a partition is hot before a split begins. Unpublished; 60 s is suggested (facts §11.4).
    pub heat_after: Duration,
    /// How long a split for heat takes until it is effective. Published as "minutes" only; 3 to 15 are plausible (facts §2.3,
    /// §11.4).
    pub split_takes: Duration,
    /// Request routers with tokens of their own (ATC'22 §4.3). None: the table's limit holds exactly and at once.
    pub routers: u32,
    /// How long tokens of a router hold, and how far ahead they are handed out. Published as "a few seconds"; 1 to 5 s are
    /// suggested (facts §11.6).
    pub token_lifetime: Duration,
    /// The periods over which an on-demand load is measured: a new peak counts after one or two of them. Unpublished; a
    /// doubling per 5 to 10 minutes is suggested (facts §11.5).
    pub on_demand_peak: Duration,
    /// From the end of a minute until auto scaling sees what was consumed in it. From memory of CloudWatch, 1 to 2 minutes and
    /// more (facts §5.1).
    pub metric_delay: Duration,
    /// From a decision of auto scaling until the capacity is there. With the two minutes of the alarm and the metric's delay
    /// about four minutes pass in all (facts §5.1).
    pub scaling_update: Duration,
    /// The date and time at [`Time::ZERO`](crate::time::Time::ZERO): decreases are counted by UTC days.
    pub epoch_seconds_at_time_zero: u64,
}

impl Default for CapacityModel {
    fn default() -> Self {
        CapacityModel {
            table_quota_units_per_second: TABLE_QUOTA_UNITS_PER_SECOND,
            adaptive: true,
            burst_seconds: BURST_SECONDS,
            partition_read_units_per_second: PARTITION_READ_UNITS_PER_SECOND,
            partition_write_units_per_second: PARTITION_WRITE_UNITS_PER_SECOND,
            least_partitions: 1,
            partition_max_bytes: PARTITION_MAX_BYTES,
            eventual_read_factor: 1.0,
            splits_for_heat: true,
            heat_threshold: 0.9,
            heat_after: Duration::from_secs(60),
            split_takes: Duration::from_secs(600),
            routers: 4,
            token_lifetime: Duration::from_secs(2),
            on_demand_peak: Duration::from_secs(ON_DEMAND_PEAK_SECONDS),
            metric_delay: Duration::from_secs(60),
            scaling_update: Duration::from_secs(60),
            epoch_seconds_at_time_zero: 0,
        }
    }
}

impl CapacityModel {
    /// The model with the limits of tables and indexes held exactly and at once.
    #[must_use]
    pub const fn without_routers(mut self) -> Self {
        self.routers = 0;
        self
    }

    /// The model with partitions that limit nothing, so that tables and indexes alone do, exactly and at once.
    #[must_use]
    pub const fn of_whole_tables(mut self) -> Self {
        const NO_CEILING: u64 = u64::MAX >> 24;
        self.partition_read_units_per_second = NO_CEILING;
        self.partition_write_units_per_second = NO_CEILING;
        self.without_routers()
    }

    /// How many partitions provisioned throughput needs: the formula of AWS's guide until 2018 (facts §2.2).
    pub(super) fn partitions_for_provisioned(&self, read_units: u64, write_units: u64) -> usize {
        let (read_ceiling, write_ceiling) = self.ceilings();
        let whole = u128::from(read_ceiling) * u128::from(write_ceiling);
        let needed =
            u128::from(read_units) * u128::from(write_ceiling) + u128::from(write_units) * u128::from(read_ceiling);
        partitions(needed.div_ceil(whole))
    }

    /// How many partitions serve so much at once: 4 for the 12,000 reads and 4,000 writes of a new on-demand table (facts
    /// §2.2).
    pub(super) fn partitions_for_served(&self, read_units: u64, write_units: u64) -> usize {
        let (read_ceiling, write_ceiling) = self.ceilings();
        partitions(u128::from(read_units.div_ceil(read_ceiling).max(write_units.div_ceil(write_ceiling))))
    }

    fn ceilings(&self) -> (u64, u64) {
        (self.partition_read_units_per_second.max(1), self.partition_write_units_per_second.max(1))
    }
}

/// More partitions than this are not made at once, however much throughput is asked for.
const PARTITIONS_MAX: u128 = 1 << 17;

fn partitions(needed: u128) -> usize {
    needed.clamp(1, PARTITIONS_MAX) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_by_the_published_examples() {
        let model = CapacityModel::default();
        // Facts §2.2: 5,000 RCU and 2,000 WCU are 3.67 partitions; with 8,000 RCU 4.67.
        assert_eq!(model.partitions_for_provisioned(5_000, 2_000), 4);
        assert_eq!(model.partitions_for_provisioned(8_000, 2_000), 5);
        assert_eq!(model.partitions_for_provisioned(0, 3_200), 4);
        assert_eq!(model.partitions_for_provisioned(0, 3_600), 4);
        assert_eq!(model.partitions_for_provisioned(1, 1), 1);
        assert_eq!(model.partitions_for_served(12_000, 4_000), 4);
        assert_eq!(model.partitions_for_served(12_001, 0), 5);
        assert_eq!(model.partitions_for_served(u64::MAX, u64::MAX), 1 << 17);
    }
}
