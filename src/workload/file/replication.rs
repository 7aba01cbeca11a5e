//! Replication and faults of the bundled engine in a workload file.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Located;
use super::latency::Modelled;

/// How far replicas and indexes of the bundled engine are behind. Settings left out are the defaults, which give the rates of
/// fresh reads that were measured in public.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReplicationFile {
    /// Whether lags are modelled. `off`, where every read sees every write before it, where absent.
    pub model: Modelled,
    /// How long after a write the third replica has it: where eventually consistent reads may miss it.
    pub table_lag: LagFile,
    /// How long after a write of an item its entry in a global secondary index can be read.
    pub index_lag: LagFile,
    /// How long a new leader waits after the old one is lost. "2s" where absent.
    pub lease: Option<Located<String>>,
}

/// A lag: short as a rule, now and then long; both exponentially distributed.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LagFile {
    /// The mean as a rule, such as "500us".
    pub usual: Option<Located<String>>,
    /// The share of writes that are late, 0 to 1.
    pub slow_share: Option<Located<f64>>,
    /// The mean of those, such as "22ms".
    pub slow: Option<Located<String>>,
}

/// Something that goes wrong in the bundled engine at a time of the run.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FaultFile {
    /// What goes wrong.
    pub kind: Located<FaultType>,
    /// When, from the start of the run, such as "30s".
    pub at: Located<String>,
    /// For how long. To the end of the run where absent.
    pub duration: Option<Located<String>>,
    /// The availability zone, 1 to 3: needed for `zone_stops`. For `replica_stops` a follower where absent, for `slow_replica`
    /// the replica that leads when the fault begins.
    pub zone: Option<Located<u8>>,
    /// By how much, such as "200ms": how much longer a slow replica takes, how much further behind replicas are.
    pub by: Option<Located<String>>,
    /// The table it happens to; every table where absent.
    pub table: Option<Located<String>>,
    /// A record of the table: it happens to the partition that holds it, and to no index. Every partition where absent.
    pub record: Option<Located<u64>>,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FaultType {
    /// A replica stops, and has caught up when it returns.
    ReplicaStops,
    /// An availability zone stops, with one replica of every partition.
    ZoneStops,
    /// The replica that leads stops; another one follows once the lease is over.
    LeaderLost,
    /// A replica is slow and behind without failing: a gray failure.
    SlowReplica,
    /// The third replica, and indexes, are further behind.
    AddedLag,
}
