//! DynamoDB's figures for capacity, with their sources.

/// Unused capacity is banked for at most this long (facts §3.1; AWS: burst-adaptive-capacity).
pub const BURST_SECONDS: u64 = 300;
/// A new provisioned table or index has the capacity of this many seconds at hand; the bank starts empty.
pub const PROVISIONED_INITIAL_SECONDS: u64 = 1;

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
