//! Tables as the control plane describes them.

use std::sync::Arc;

use super::{CreateTable, GlobalSecondaryIndex, LocalSecondaryIndex, WarmThroughput};

/// Where a table or a global secondary index is in its life (API: TableStatus, IndexStatus).
///
/// The service's other statuses are about encryption keys, archives and replicas, which there are none of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ResourceStatus {
    /// It is being created and does not serve yet.
    Creating,
    /// It is being changed; it serves as before.
    Updating,
    /// It is being deleted and serves no more.
    Deleting,
    /// It serves.
    Active,
}

impl ResourceStatus {
    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            ResourceStatus::Creating => "CREATING",
            ResourceStatus::Updating => "UPDATING",
            ResourceStatus::Deleting => "DELETING",
            ResourceStatus::Active => "ACTIVE",
        }
    }
}

/// When provisioned throughput changed (API: ProvisionedThroughputDescription); the throughput itself is in the definition.
/// On-demand it tells of the time before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ThroughputChanges {
    /// The last increase, in milliseconds since 1970.
    pub last_increase_epoch_millis: Option<u64>,
    /// The last decrease, in milliseconds since 1970.
    pub last_decrease_epoch_millis: Option<u64>,
    /// Decreases in this UTC day.
    pub decreases_today: u64,
}

/// What a table or index serves at once (API: TableWarmThroughputDescription).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WarmThroughputDescription {
    /// Units per second.
    pub throughput: WarmThroughput,
    /// `Updating` while it is being raised, otherwise `Active`.
    pub status: ResourceStatus,
}

/// A global secondary index, described (API: GlobalSecondaryIndexDescription).
#[derive(Debug, Clone, PartialEq)]
pub struct GlobalIndexDescription {
    /// Key, projection and capacity as they are now.
    pub definition: GlobalSecondaryIndex,
    /// Its ARN.
    pub arn: String,
    /// Where it is in its life.
    pub status: ResourceStatus,
    /// Whether items that were there before it are being put into it; `None` where it was created with the table.
    pub is_backfilling: Option<bool>,
    /// Entries in it.
    pub item_count: u64,
    /// Bytes of its entries.
    pub size_bytes: u64,
    /// When its provisioned throughput changed.
    pub throughput_changes: ThroughputChanges,
    /// What it serves at once.
    pub warm_throughput: WarmThroughputDescription,
}

/// A local secondary index, described (API: LocalSecondaryIndexDescription).
#[derive(Debug, Clone, PartialEq)]
pub struct LocalIndexDescription {
    /// Key and projection.
    pub definition: LocalSecondaryIndex,
    /// Its ARN.
    pub arn: String,
    /// Entries in it.
    pub item_count: u64,
    /// Bytes of its entries.
    pub size_bytes: u64,
}

/// A table, described (API: TableDescription). Counts and sizes are those of the moment; the service's are up to six hours
/// old.
#[derive(Debug, Clone, PartialEq)]
pub struct TableDescription {
    /// Key, capacity, class, protection as they are now. Its indexes are those that serve or are being created; the lists
    /// below have those that are being deleted too.
    pub definition: CreateTable,
    /// TableId: a UUID.
    pub id: String,
    /// Its ARN.
    pub arn: String,
    /// Where it is in its life.
    pub status: ResourceStatus,
    /// When CreateTable was called, in milliseconds since 1970.
    pub creation_epoch_millis: u64,
    /// Items in it.
    pub item_count: u64,
    /// Bytes of its items, without indexes.
    pub size_bytes: u64,
    /// Global secondary indexes.
    pub global_secondary_indexes: Vec<GlobalIndexDescription>,
    /// Local secondary indexes.
    pub local_secondary_indexes: Vec<LocalIndexDescription>,
    /// When provisioned throughput changed.
    pub throughput_changes: ThroughputChanges,
    /// When it was last set to on-demand, in milliseconds since 1970; `None` where it never was.
    pub last_on_demand_epoch_millis: Option<u64>,
    /// When the class was last changed, in milliseconds since 1970.
    pub last_class_change_epoch_millis: Option<u64>,
    /// What it serves at once.
    pub warm_throughput: WarmThroughputDescription,
}

/// Whether expired items are deleted (API: TimeToLiveStatus).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimeToLiveStatus {
    /// On its way from off to on.
    Enabling,
    /// On its way from on to off.
    Disabling,
    /// On.
    Enabled,
    /// Off.
    Disabled,
}

impl TimeToLiveStatus {
    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            TimeToLiveStatus::Enabling => "ENABLING",
            TimeToLiveStatus::Disabling => "DISABLING",
            TimeToLiveStatus::Enabled => "ENABLED",
            TimeToLiveStatus::Disabled => "DISABLED",
        }
    }
}

/// Time to live of a table (API: TimeToLiveDescription).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeToLiveDescription {
    /// On, off, or on the way.
    pub status: TimeToLiveStatus,
    /// The attribute with the expiry time; `None` where it is off.
    pub attribute_name: Option<Arc<str>>,
}
