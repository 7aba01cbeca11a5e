//! How the bundled engine's capacity behaves, in a workload file.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Located;

/// How capacity behaves where DynamoDB publishes no figure, or where another is wanted. Everything has a default.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CapacityModelFile {
    /// Whether a hot partition may use what its table has left, up to its own ceiling. `false` is DynamoDB before adaptive
    /// capacity: every partition has its share of the provisioned throughput, and a split halves it. `true` where absent.
    pub adaptive: Option<bool>,
    /// How long unused provisioned capacity is banked. "300s" where absent.
    pub burst: Option<Located<String>>,
    /// The account's quota for one on-demand table or index, units per second. 40,000 where absent.
    pub table_quota: Option<Located<u64>>,
    /// Tables and indexes start with at least so many partitions. 1 where absent; throughput may need more.
    pub partitions: Option<Located<u32>>,
    /// What a partition reads at most, units per second. 3,000 where absent.
    pub partition_read_units: Option<Located<u64>>,
    /// What a partition writes at most, units per second. 1,000 where absent.
    pub partition_write_units: Option<Located<u64>>,
    /// How large a partition grows before it is split, bytes. 10 GiB where absent.
    pub partition_max_bytes: Option<Located<u64>>,
    /// Eventually consistent reads may pass a partition's read ceiling by this factor, 1 to 1.5, because all replicas serve
    /// them. 1 is documented, 1.5 was measured. 1 where absent.
    pub eventual_read_factor: Option<Located<f64>>,
    /// Whether hot partitions are split. `true` where absent.
    pub split_for_heat: Option<bool>,
    /// The share of its ceiling from which a partition is hot, 0.1 to 1. Unpublished; 0.9 where absent.
    pub heat_threshold: Option<Located<f64>>,
    /// How long a partition is hot before its split begins. Unpublished; "60s" where absent.
    pub heat_after: Option<Located<String>>,
    /// How long a split for heat takes. Published as "minutes"; "10m" where absent.
    pub split_takes: Option<Located<String>>,
    /// Request routers that hold tokens of their own. 0 enforces the limits of tables exactly and at once. 4 where absent.
    pub routers: Option<Located<u32>>,
    /// How long a router's tokens hold. Published as "a few seconds"; "2s" where absent.
    pub token_lifetime: Option<Located<String>>,
    /// How long an on-demand load lasts until it counts as the new peak. Unpublished; "5m" where absent. Loads are measured over periods of
    /// this length, so that a new load counts after one or two of them.
    pub on_demand_peak: Option<Located<String>>,
    /// How late auto scaling sees what was consumed in a minute. "60s" where absent.
    pub metric_delay: Option<Located<String>>,
    /// How long a change by auto scaling takes. "60s" where absent.
    pub scaling_update: Option<Located<String>>,
}
