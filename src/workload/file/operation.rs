//! Operations in a workload file.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{AttributesFile, DistributionFile, KeyFile, Located, OneOf};

/// An operation of the mix.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OperationFile {
    /// Its name in results; each once.
    pub name: Located<String>,
    /// What it does.
    #[serde(rename = "type")]
    pub operation_type: Located<OperationType>,
    /// Its weight in the mix. 1 where absent.
    pub weight: Option<Located<f64>>,
    /// The table; may be left out where there is only one, and in transactions.
    pub table: Option<Located<String>>,
    /// Which record it is about. Uniform where absent; `new` for put.
    pub key: Option<Located<OneOf<KeyFile>>>,
    /// Whether the read is strongly consistent. Eventually consistent where absent.
    pub consistent_read: Option<Located<bool>>,
    /// The index a query or scan reads.
    pub index: Option<Located<String>>,
    /// The key condition of a query. The partition key of the drawn record where absent.
    pub key_condition: Option<Located<String>>,
    /// Which of the items read a query or scan returns.
    pub filter: Option<Located<String>>,
    /// Which attributes a read returns.
    pub projection: Option<Located<String>>,
    /// The condition of a write.
    pub condition: Option<Located<String>>,
    /// What a failed condition counts as. Apart where absent.
    pub condition_failed: Option<Located<ConditionOutcome>>,
    /// What an update changes.
    pub update: Option<Located<String>>,
    /// What stands behind `#name` in expressions.
    #[serde(default)]
    pub names: BTreeMap<String, Located<String>>,
    /// What stands behind `:value` in expressions.
    #[serde(default)]
    pub values: AttributesFile,
    /// Attributes of the item that a put writes, in place of the table's.
    #[serde(default)]
    pub item: ItemChangesFile,
    /// Most items a query or scan reads per page: a number or a distribution.
    pub limit: Option<Located<DistributionFile>>,
    /// Whether a query goes up the sort keys; otherwise down. True where absent.
    pub forward: Option<Located<bool>>,
    /// Whether a query or scan reads one page, or all of them. One where absent.
    pub pages: Option<Located<Pages>>,
    /// Into how many segments the table is divided; every scan reads one of them, chosen at random.
    pub segments: Option<Located<u32>>,
    /// How many items a batch has.
    pub batch: Option<BatchFile>,
    /// The actions of a transaction, in order.
    #[serde(default)]
    pub actions: Vec<ActionFile>,
}

/// Attributes that replace or join those of the table's item.
pub type ItemChangesFile = AttributesFile;

/// The operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OperationType {
    /// PutItem.
    Put,
    /// GetItem.
    Get,
    /// UpdateItem.
    Update,
    /// DeleteItem.
    Delete,
    /// Query.
    Query,
    /// Scan.
    Scan,
    /// BatchGetItem.
    BatchGet,
    /// BatchWriteItem.
    BatchWrite,
    /// TransactGetItems.
    TransactGet,
    /// TransactWriteItems.
    TransactWrite,
}

/// What a failed condition counts as.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConditionOutcome {
    /// Counted apart from successes and errors.
    #[default]
    Apart,
    /// A success: the application expects it.
    Success,
}

/// How many pages are read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Pages {
    /// The first.
    #[default]
    One,
    /// Until there is no more.
    All,
}

/// The make-up of a batch.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchFile {
    /// How many items: a number or a distribution. At most 100 to get, 25 to write.
    pub size: Located<DistributionFile>,
    /// The share of deletes among the writes, 0 to 1. None where absent.
    pub deletes: Option<Located<f64>>,
}

/// What an action of a transaction does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActionType {
    /// Read an item.
    Get,
    /// Put an item.
    Put,
    /// Update an item.
    Update,
    /// Delete an item.
    Delete,
    /// Check a condition and change nothing.
    ConditionCheck,
}

/// One action of a transaction.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ActionFile {
    /// What it does.
    #[serde(rename = "type")]
    pub action_type: Located<ActionType>,
    /// The table; may be left out where there is only one.
    pub table: Option<Located<String>>,
    /// Which record it is about. Uniform where absent; `new` for put.
    pub key: Option<Located<OneOf<KeyFile>>>,
    /// Which attributes a read returns.
    pub projection: Option<Located<String>>,
    /// The condition of a write or check.
    pub condition: Option<Located<String>>,
    /// What an update changes.
    pub update: Option<Located<String>>,
    /// What stands behind `#name` in expressions.
    #[serde(default)]
    pub names: BTreeMap<String, Located<String>>,
    /// What stands behind `:value` in expressions.
    #[serde(default)]
    pub values: AttributesFile,
    /// Attributes of the item that a put writes, in place of the table's.
    #[serde(default)]
    pub item: ItemChangesFile,
}
