//! Requests of the control plane: what may change about a table, and which tables there are.
//!
//! CreateTable is in `table.rs`; DeleteTable, DescribeTable and DescribeTimeToLive name a table and nothing more.

use std::sync::Arc;

use super::{GlobalSecondaryIndex, IndexName, KeyAttribute, TableClass, TableName};

/// How a table and its global secondary indexes are paid for (API: BillingMode).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BillingMode {
    /// Provisioned capacity.
    Provisioned,
    /// On-demand.
    PayPerRequest,
}

impl BillingMode {
    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            BillingMode::Provisioned => "PROVISIONED",
            BillingMode::PayPerRequest => "PAY_PER_REQUEST",
        }
    }
}

/// Provisioned capacity asked for (API: ProvisionedThroughput), in units per second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProvisionedThroughput {
    /// Read capacity units, at least 1.
    pub read_capacity_units: u64,
    /// Write capacity units, at least 1.
    pub write_capacity_units: u64,
}

/// A maximum of on-demand throughput, changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MaximumUpdate {
    /// To this many request units per second, at least 1.
    Set(u64),
    /// Taken away: −1 on the wire.
    Remove,
}

/// Changes of on-demand maxima (API: OnDemandThroughput); what is `None` stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OnDemandThroughputUpdate {
    /// MaxReadRequestUnits.
    pub max_read_request_units: Option<MaximumUpdate>,
    /// MaxWriteRequestUnits.
    pub max_write_request_units: Option<MaximumUpdate>,
}

/// Warm throughput raised (API: WarmThroughput), in units per second; what is `None` stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WarmThroughputUpdate {
    /// Read units per second.
    pub read_units_per_second: Option<u64>,
    /// Write units per second.
    pub write_units_per_second: Option<u64>,
}

/// Other throughput of an index there is (API: UpdateGlobalSecondaryIndexAction).
#[derive(Debug, Clone, PartialEq)]
pub struct UpdateGlobalSecondaryIndex {
    /// The index.
    pub name: IndexName,
    /// Provisioned capacity.
    pub provisioned_throughput: Option<ProvisionedThroughput>,
    /// On-demand maxima.
    pub on_demand_throughput: Option<OnDemandThroughputUpdate>,
    /// Warm throughput.
    pub warm_throughput: Option<WarmThroughputUpdate>,
}

/// A change of one global secondary index (API: GlobalSecondaryIndexUpdate).
#[derive(Debug, Clone, PartialEq)]
pub enum GlobalSecondaryIndexUpdate {
    /// A new index. Its capacity is `Provisioned` where the request specifies provisioned throughput for it, otherwise
    /// `OnDemand`; whether that is the table's billing mode is checked when it is served.
    Create(GlobalSecondaryIndex),
    /// Other throughput.
    Update(UpdateGlobalSecondaryIndex),
    /// An index deleted.
    Delete(IndexName),
}

impl GlobalSecondaryIndexUpdate {
    /// The index it is about.
    pub const fn index_name(&self) -> &IndexName {
        match self {
            GlobalSecondaryIndexUpdate::Create(index) => &index.name,
            GlobalSecondaryIndexUpdate::Update(update) => &update.name,
            GlobalSecondaryIndexUpdate::Delete(name) => name,
        }
    }
}

/// UpdateTable: what is `None` or empty stays as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct UpdateTable {
    /// The table.
    pub table_name: TableName,
    /// The key attributes of the table and its indexes, those of a new index among them.
    pub attribute_definitions: Vec<KeyAttribute>,
    /// The billing mode.
    pub billing_mode: Option<BillingMode>,
    /// The table's provisioned capacity.
    pub provisioned_throughput: Option<ProvisionedThroughput>,
    /// The table's on-demand maxima.
    pub on_demand_throughput: Option<OnDemandThroughputUpdate>,
    /// The table's warm throughput.
    pub warm_throughput: Option<WarmThroughputUpdate>,
    /// Changes of global secondary indexes, one an index; one index may be created or deleted.
    pub global_secondary_index_updates: Vec<GlobalSecondaryIndexUpdate>,
    /// Storage and price class.
    pub class: Option<TableClass>,
    /// Whether the table is protected from DeleteTable.
    pub deletion_protection: Option<bool>,
}

impl UpdateTable {
    /// An update that changes nothing yet.
    pub const fn new(table_name: TableName) -> Self {
        UpdateTable {
            table_name,
            attribute_definitions: Vec::new(),
            billing_mode: None,
            provisioned_throughput: None,
            on_demand_throughput: None,
            warm_throughput: None,
            global_secondary_index_updates: Vec::new(),
            class: None,
            deletion_protection: None,
        }
    }
}

/// ListTables.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListTables {
    /// The name to start behind, whether or not there is a table of that name.
    pub exclusive_start_table_name: Option<TableName>,
    /// Most names to return, 1 to 100; 100 where it is absent.
    pub limit: Option<u32>,
}

/// One page of table names (API: ListTablesOutput).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableNames {
    /// The names, in order.
    pub table_names: Vec<TableName>,
    /// The last name of this page, where there are more behind it.
    pub last_evaluated_table_name: Option<TableName>,
}

/// UpdateTimeToLive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateTimeToLive {
    /// The table.
    pub table_name: TableName,
    /// On or off.
    pub enabled: bool,
    /// The attribute with each item's expiry time in epoch seconds.
    pub attribute_name: Arc<str>,
}
