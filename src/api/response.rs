//! Answers to the item operations, and the capacity they consumed.

use std::time::Duration;

use crate::item::{Item, PackedItem};

use super::{ApiError, IndexName, KeysAndAttributes, TableName, Units, WriteRequest};

/// What became of a request at the service: the answer or the error, and what it cost.
///
/// A failed write costs too (facts §1.2), which the real service does not report: there `consumed` is empty on errors, in
/// the bundled engine it is the truth.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The answer.
    pub result: Result<Response, ApiError>,
    /// Capacity consumed, one entry per table touched.
    pub consumed: Vec<ConsumedCapacity>,
    /// The item collections written to, in tables with local secondary indexes, each once.
    pub item_collections: Vec<ItemCollectionMetrics>,
    /// How much longer the service took because of a fault, beyond what a request takes otherwise; zero on real targets.
    pub delayed: Duration,
    /// Whether a cache in front of the tables answered by itself: the service was not asked.
    pub from_cache: bool,
}

/// An item collection that was written to (API: ItemCollectionMetrics).
#[derive(Debug, Clone, PartialEq)]
pub struct ItemCollectionMetrics {
    /// The table.
    pub table_name: TableName,
    /// The partition key, the one attribute of it.
    pub key: Item,
    /// Bytes of its items and of their entries in local secondary indexes.
    pub size_bytes: u64,
}

/// The answer to a request that succeeded.
#[derive(Debug, Clone, PartialEq)]
pub struct Response {
    /// What the operation returns.
    pub output: Output,
}

/// What the operations return.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// PutItem, UpdateItem, DeleteItem: the image asked for by ReturnValues.
    Write {
        /// The attributes, if any were asked for and there are any.
        attributes: Option<PackedItem>,
    },
    /// GetItem: the item, if it exists.
    GetItem {
        /// The item, projected where that was asked for.
        item: Option<PackedItem>,
    },
    /// Query and Scan: one page.
    Page(Page),
    /// BatchGetItem.
    BatchGetItem {
        /// The items found, by table, in no particular order.
        responses: Vec<(TableName, Vec<PackedItem>)>,
        /// The keys that were not read, to be asked for again.
        unprocessed_keys: Vec<(TableName, KeysAndAttributes)>,
    },
    /// BatchWriteItem.
    BatchWriteItem {
        /// The writes that were not made, to be asked for again.
        unprocessed_items: Vec<(TableName, Vec<WriteRequest>)>,
    },
    /// TransactGetItems: the items in request order.
    TransactGetItems {
        /// Each item, if it exists.
        items: Vec<Option<PackedItem>>,
    },
    /// TransactWriteItems.
    TransactWriteItems,
}

/// One page of a Query or Scan.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Page {
    /// The items returned; empty where only the count was asked for.
    pub items: Vec<PackedItem>,
    /// How many items passed the filter.
    pub count: u64,
    /// How many items were read.
    pub scanned_count: u64,
    /// Where the next page starts; absent at the end.
    pub last_evaluated_key: Option<Item>,
}

/// Capacity consumed on one table and its indexes (API: ConsumedCapacity with INDEXES).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumedCapacity {
    /// The table.
    pub table_name: TableName,
    /// Units of the table itself.
    pub table: Units,
    /// Units of each local secondary index touched; they are the table's capacity.
    pub local_secondary_indexes: Vec<(IndexName, Units)>,
    /// Units of each global secondary index touched.
    pub global_secondary_indexes: Vec<(IndexName, Units)>,
}

impl ConsumedCapacity {
    /// Units consumed on a table that touched no index.
    pub const fn of_table(table_name: TableName, table: Units) -> Self {
        ConsumedCapacity {
            table_name,
            table,
            local_secondary_indexes: Vec::new(),
            global_secondary_indexes: Vec::new(),
        }
    }

    /// Units of the table and all its indexes together.
    pub fn total(&self) -> Units {
        let mut total = self.table;
        for (_, units) in self.local_secondary_indexes.iter().chain(&self.global_secondary_indexes) {
            total += *units;
        }
        total
    }
}
