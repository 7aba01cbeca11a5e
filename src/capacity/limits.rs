//! DynamoDB's figures for capacity, with their sources.

/// Unused capacity is banked for at most this long (facts §3.1; AWS: burst-adaptive-capacity).
pub const BURST_SECONDS: u64 = 300;
/// A new provisioned table or index has the capacity of this many seconds at hand; the bank starts empty.
pub const PROVISIONED_INITIAL_SECONDS: u64 = 1;

/// What a partition reads at most (facts §2.1; AWS: bp-partition-key-design).
pub const PARTITION_READ_UNITS_PER_SECOND: u64 = 3_000;
/// What a partition writes at most (facts §2.1; AWS: bp-partition-key-design).
pub const PARTITION_WRITE_UNITS_PER_SECOND: u64 = 1_000;
/// How large a partition grows (facts §2.1; AWS: HowItWorks.Partitions).
pub const PARTITION_MAX_BYTES: u64 = 10 << 30;
/// A partition banks nothing beyond its ceiling (facts §3.1).
pub const PARTITION_DEPTH_SECONDS: u64 = 1;

/// Reads a new on-demand table or index sustains at once (facts §2.2; AWS: on-demand-capacity-mode).
pub const ON_DEMAND_INITIAL_READ_UNITS_PER_SECOND: u64 = 12_000;
/// Writes a new on-demand table or index sustains at once (facts §2.2; AWS: on-demand-capacity-mode).
pub const ON_DEMAND_INITIAL_WRITE_UNITS_PER_SECOND: u64 = 4_000;
/// On-demand serves this many times the previous peak at once (facts §2.2).
pub const ON_DEMAND_GROWTH: u64 = 2;
/// How long a load lasts before it counts as the new peak. Unpublished; facts §11.5 suggests a doubling per 5 to 10 minutes.
pub const ON_DEMAND_PEAK_SECONDS: u64 = 300;
/// On-demand throughput banks nothing beyond this: its limit is already what the partitions can do.
pub const ON_DEMAND_DEPTH_SECONDS: u64 = 1;

/// The account's default quota of one table or index, reads and writes each (facts §2.6).
pub const TABLE_QUOTA_UNITS_PER_SECOND: u64 = 40_000;

/// A period of the alarms of auto scaling (facts §5.1).
pub const SCALING_PERIOD_SECONDS: u64 = 60;
/// Periods above the target before auto scaling adds capacity (facts §5.1).
pub const SCALE_OUT_PERIODS: usize = 2;
/// Periods below the lower threshold before auto scaling takes capacity away (facts §5.1).
pub const SCALE_IN_PERIODS: usize = 15;
/// The lower threshold lies this far below the target utilization, in hundredths of a percent (facts §5.1).
pub const SCALE_IN_BELOW_TARGET: u64 = 2_000;
/// Decreases at hand at the start of a UTC day, and at most at any time; one more comes every hour, 27 a day in all (facts
/// §5.2).
pub const DECREASES_AT_HAND: u64 = 4;
