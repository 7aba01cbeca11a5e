//! Requests for the ten item operations.

use std::fmt;
use std::sync::Arc;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::item::Item;

use super::{AttributeNames, IndexName, ReadWrite, TableName};

/// The item operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Operation {
    /// GetItem.
    GetItem,
    /// PutItem.
    PutItem,
    /// UpdateItem.
    UpdateItem,
    /// DeleteItem.
    DeleteItem,
    /// Query.
    Query,
    /// Scan.
    Scan,
    /// BatchGetItem.
    BatchGetItem,
    /// BatchWriteItem.
    BatchWriteItem,
    /// TransactGetItems.
    TransactGetItems,
    /// TransactWriteItems.
    TransactWriteItems,
}

impl Operation {
    /// The operation's name in the API and in `X-Amz-Target`.
    pub const fn name(self) -> &'static str {
        match self {
            Operation::GetItem => "GetItem",
            Operation::PutItem => "PutItem",
            Operation::UpdateItem => "UpdateItem",
            Operation::DeleteItem => "DeleteItem",
            Operation::Query => "Query",
            Operation::Scan => "Scan",
            Operation::BatchGetItem => "BatchGetItem",
            Operation::BatchWriteItem => "BatchWriteItem",
            Operation::TransactGetItems => "TransactGetItems",
            Operation::TransactWriteItems => "TransactWriteItems",
        }
    }

    /// Which capacity the operation consumes.
    pub const fn access(self) -> ReadWrite {
        match self {
            Operation::GetItem
            | Operation::Query
            | Operation::Scan
            | Operation::BatchGetItem
            | Operation::TransactGetItems => ReadWrite::Read,
            Operation::PutItem
            | Operation::UpdateItem
            | Operation::DeleteItem
            | Operation::BatchWriteItem
            | Operation::TransactWriteItems => ReadWrite::Write,
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A request for one item operation.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// GetItem.
    GetItem(GetItem),
    /// PutItem.
    PutItem(PutItem),
    /// UpdateItem.
    UpdateItem(UpdateItem),
    /// DeleteItem.
    DeleteItem(DeleteItem),
    /// Query.
    Query(Query),
    /// Scan.
    Scan(Scan),
    /// BatchGetItem.
    BatchGetItem(BatchGetItem),
    /// BatchWriteItem.
    BatchWriteItem(BatchWriteItem),
    /// TransactGetItems.
    TransactGetItems(TransactGetItems),
    /// TransactWriteItems.
    TransactWriteItems(TransactWriteItems),
}

impl Request {
    /// Which operation it asks for.
    pub const fn operation(&self) -> Operation {
        match self {
            Request::GetItem(_) => Operation::GetItem,
            Request::PutItem(_) => Operation::PutItem,
            Request::UpdateItem(_) => Operation::UpdateItem,
            Request::DeleteItem(_) => Operation::DeleteItem,
            Request::Query(_) => Operation::Query,
            Request::Scan(_) => Operation::Scan,
            Request::BatchGetItem(_) => Operation::BatchGetItem,
            Request::BatchWriteItem(_) => Operation::BatchWriteItem,
            Request::TransactGetItems(_) => Operation::TransactGetItems,
            Request::TransactWriteItems(_) => Operation::TransactWriteItems,
        }
    }
}

/// What stands behind the placeholders of a request's expressions.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Placeholders {
    /// ExpressionAttributeNames: `#name` and the attribute it stands for. Empty means absent.
    pub names: AttributeNames,
    /// ExpressionAttributeValues: `:value` and what it stands for, sorted by name. Empty means absent.
    pub values: Item,
}

impl Placeholders {
    /// The attribute `#name` stands for.
    pub fn name(&self, placeholder: &str) -> Option<&CompactString> {
        self.names.get(placeholder)
    }
}

/// Which image of the item a write returns (API: ReturnValue).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReturnValues {
    /// Nothing.
    #[default]
    None,
    /// The whole item before.
    AllOld,
    /// The updated attributes before.
    UpdatedOld,
    /// The whole item after.
    AllNew,
    /// The updated attributes after.
    UpdatedNew,
}

/// GetItem.
#[derive(Debug, Clone, PartialEq)]
pub struct GetItem {
    /// The table.
    pub table_name: TableName,
    /// The key attributes.
    pub key: Item,
    /// Whether the read is strongly consistent.
    pub consistent_read: bool,
    /// Which attributes to return.
    pub projection_expression: Option<Arc<str>>,
    /// The projection's placeholders; values stay empty.
    pub placeholders: Placeholders,
}

/// PutItem.
#[derive(Debug, Clone, PartialEq)]
pub struct PutItem {
    /// The table.
    pub table_name: TableName,
    /// The item, keys included.
    pub item: Arc<Item>,
    /// The condition on the item as it stands.
    pub condition_expression: Option<Arc<str>>,
    /// The condition's placeholders.
    pub placeholders: Placeholders,
    /// `None` or `AllOld`.
    pub return_values: ReturnValues,
    /// Whether a failed condition returns the item as it stands.
    pub return_item_on_condition_failure: bool,
}

/// UpdateItem.
#[derive(Debug, Clone, PartialEq)]
pub struct UpdateItem {
    /// The table.
    pub table_name: TableName,
    /// The key attributes.
    pub key: Item,
    /// What to change; without it the item is created if it is missing.
    pub update_expression: Option<Arc<str>>,
    /// The condition on the item as it stands.
    pub condition_expression: Option<Arc<str>>,
    /// The placeholders of both expressions.
    pub placeholders: Placeholders,
    /// Which image to return.
    pub return_values: ReturnValues,
    /// Whether a failed condition returns the item as it stands.
    pub return_item_on_condition_failure: bool,
}

/// DeleteItem.
#[derive(Debug, Clone, PartialEq)]
pub struct DeleteItem {
    /// The table.
    pub table_name: TableName,
    /// The key attributes.
    pub key: Item,
    /// The condition on the item as it stands.
    pub condition_expression: Option<Arc<str>>,
    /// The condition's placeholders.
    pub placeholders: Placeholders,
    /// `None` or `AllOld`.
    pub return_values: ReturnValues,
    /// Whether a failed condition returns the item as it stands.
    pub return_item_on_condition_failure: bool,
}

/// What a Query or Scan returns (API: Select).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Select {
    /// Every attribute.
    AllAttributes,
    /// What the index holds.
    AllProjectedAttributes,
    /// What the projection expression names.
    SpecificAttributes,
    /// The number of items alone.
    Count,
}

/// Query.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// The table.
    pub table_name: TableName,
    /// The index, where it is not the table that is queried.
    pub index_name: Option<IndexName>,
    /// The partition key and a range of sort keys.
    pub key_condition_expression: Arc<str>,
    /// Which of the items read to return.
    pub filter_expression: Option<Arc<str>>,
    /// Which attributes to return.
    pub projection_expression: Option<Arc<str>>,
    /// The placeholders of the three expressions.
    pub placeholders: Placeholders,
    /// What to return.
    pub select: Option<Select>,
    /// Most items to read, before the filter.
    pub limit: Option<u32>,
    /// Ascending by sort key, or descending.
    pub scan_index_forward: bool,
    /// Whether the read is strongly consistent.
    pub consistent_read: bool,
    /// Where the page before ended.
    pub exclusive_start_key: Option<Item>,
}

/// One of the segments a parallel Scan is divided into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// Which, from zero.
    pub segment: u32,
    /// Out of how many, 1 to 1,000,000.
    pub total_segments: u32,
}

/// Scan.
#[derive(Debug, Clone, PartialEq)]
pub struct Scan {
    /// The table.
    pub table_name: TableName,
    /// The index, where it is not the table that is scanned.
    pub index_name: Option<IndexName>,
    /// Which of the items read to return.
    pub filter_expression: Option<Arc<str>>,
    /// Which attributes to return.
    pub projection_expression: Option<Arc<str>>,
    /// The placeholders of both expressions.
    pub placeholders: Placeholders,
    /// What to return.
    pub select: Option<Select>,
    /// Most items to read, before the filter.
    pub limit: Option<u32>,
    /// The segment of a parallel scan.
    pub segment: Option<Segment>,
    /// Whether the read is strongly consistent.
    pub consistent_read: bool,
    /// Where the page before ended.
    pub exclusive_start_key: Option<Item>,
}

/// The keys to read of one table.
#[derive(Debug, Clone, PartialEq)]
pub struct KeysAndAttributes {
    /// The keys, 1 to 100 over all tables.
    pub keys: Vec<Item>,
    /// Whether the reads are strongly consistent.
    pub consistent_read: bool,
    /// Which attributes to return.
    pub projection_expression: Option<Arc<str>>,
    /// The projection's placeholders; values stay empty.
    pub placeholders: Placeholders,
}

/// BatchGetItem.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchGetItem {
    /// What to read, by table; each table once.
    pub request_items: Vec<(TableName, KeysAndAttributes)>,
}

/// One write of a batch.
#[derive(Debug, Clone, PartialEq)]
pub enum WriteRequest {
    /// Put this item.
    Put(Arc<Item>),
    /// Delete the item with this key.
    Delete(Item),
}

/// BatchWriteItem.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchWriteItem {
    /// What to write, by table; each table once, 1 to 25 writes over all.
    pub request_items: Vec<(TableName, Vec<WriteRequest>)>,
}

/// One read of a transaction.
#[derive(Debug, Clone, PartialEq)]
pub struct TransactGet {
    /// The table.
    pub table_name: TableName,
    /// The key attributes.
    pub key: Item,
    /// Which attributes to return.
    pub projection_expression: Option<Arc<str>>,
    /// The projection's placeholders; values stay empty.
    pub placeholders: Placeholders,
}

/// TransactGetItems.
#[derive(Debug, Clone, PartialEq)]
pub struct TransactGetItems {
    /// The reads, 1 to 100.
    pub transact_items: Vec<TransactGet>,
}

/// A condition on an item that a transaction does not change.
#[derive(Debug, Clone, PartialEq)]
pub struct ConditionCheck {
    /// The table.
    pub table_name: TableName,
    /// The key attributes.
    pub key: Item,
    /// The condition.
    pub condition_expression: Arc<str>,
    /// The condition's placeholders.
    pub placeholders: Placeholders,
    /// Whether a failed condition returns the item as it stands.
    pub return_item_on_condition_failure: bool,
}

/// One action of a write transaction.
#[derive(Debug, Clone, PartialEq)]
pub enum TransactWrite {
    /// A condition alone.
    ConditionCheck(ConditionCheck),
    /// Put an item.
    Put(PutItem),
    /// Update an item.
    Update(UpdateItem),
    /// Delete an item.
    Delete(DeleteItem),
}

/// TransactWriteItems.
#[derive(Debug, Clone, PartialEq)]
pub struct TransactWriteItems {
    /// The actions, 1 to 100, each on another item.
    pub transact_items: Vec<TransactWrite>,
    /// The idempotency token, valid for ten minutes.
    pub client_request_token: Option<CompactString>,
}
