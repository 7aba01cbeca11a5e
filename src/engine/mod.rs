//! The bundled DynamoDB, in process: tables, items, indexes, transactions, and the capacity all of it consumes.
//!
//! [`Engine::execute`] takes a request and the time and answers with the outcome. Nothing here reads a clock or draws a random
//! number: the same requests at the same times give the same answers, scans in the same order, for a given seed.
//!
//! # Locks
//! In this order, so that no two threads wait for each other: the list of tables, read by every request and written when
//! tables come and go; shards of items, one a request, those of a transaction in the order of tables and numbers; shards of
//! indexes, one at a time; limits of capacity. Whoever writes an item holds its shard until its indexes are written, so that
//! changes of one item reach an index in their order.
//!
//! # Deliberately absent
//! Indexes are written with the item: they do not lag. Partitions have no ceilings, item collections no limit of 10 GB.

mod answer;
mod batch;
mod bill;
mod expiry;
mod fingerprint;
mod get;
mod index;
mod limits;
mod load;
mod page;
mod query;
mod rules;
mod scan;
mod schema;
mod storage;
mod table;
mod tokens;
mod transact;
mod transact_write;
mod write;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as TableEntry;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::RwLock;

use crate::api::{ApiError, ConsumedCapacity, CreateTable, ErrorKind, Outcome, Request, TableName};
use crate::capacity::TABLE_QUOTA_UNITS_PER_SECOND;
use crate::expression::ExpressionCache;
use crate::time::Time;

use table::Table;
use tokens::Tokens;

/// How an engine behaves.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// Places the keys: it decides the order of a Scan. Draw it at random where keys come from outside.
    pub seed: u64,
    /// Whether limits of capacity hold.
    pub capacity: Enforcement,
    /// The account's quota for one on-demand table or index, reads and writes each (facts §2.6).
    pub table_quota_units_per_second: u64,
    /// The date and time at [`Time::ZERO`], for time to live.
    pub epoch_seconds_at_time_zero: u64,
    /// How long an item outlives its expiry, at least. The service deletes "within 48 hours" (facts §8) and does not say
    /// more; a request to the table deletes what is due.
    pub time_to_live_delay: Duration,
}

impl Default for EngineOptions {
    fn default() -> Self {
        EngineOptions {
            seed: 0,
            capacity: Enforcement::Enforced,
            table_quota_units_per_second: TABLE_QUOTA_UNITS_PER_SECOND,
            epoch_seconds_at_time_zero: 0,
            time_to_live_delay: Duration::ZERO,
        }
    }
}

/// Whether limits of capacity hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enforcement {
    /// Requests beyond the capacity are throttled.
    Enforced,
    /// Everything is admitted and counted: for measuring what the engine itself can do.
    Off,
}

/// A DynamoDB of its own, shared by threads.
#[derive(Debug)]
pub struct Engine {
    options: EngineOptions,
    tables: RwLock<Tables>,
    next_table_id: AtomicU64,
    expressions: ExpressionCache,
    tokens: Tokens,
}

/// A table, described.
#[derive(Debug, Clone, PartialEq)]
pub struct TableDescription {
    /// How it was created.
    pub definition: CreateTable,
    /// Items in it.
    pub item_count: u64,
    /// Bytes of its items, without indexes.
    pub size_bytes: u64,
}

/// The tables, by name.
#[derive(Debug, Default)]
struct Tables(BTreeMap<TableName, Box<Table>>);

impl Tables {
    /// The table a request names, swept of what expired.
    fn get(&self, name: &TableName, now: Time) -> Result<&Table, ApiError> {
        match self.0.get(name) {
            Some(table) => {
                table.sweep(now);
                Ok(table)
            }
            None => {
                schema::check_requested_name(name)?;
                Err(ApiError::new(ErrorKind::ResourceNotFound, "Requested resource not found"))
            }
        }
    }
}

impl Engine {
    /// An engine without tables.
    pub fn new(options: EngineOptions) -> Self {
        Engine {
            tokens: Tokens::new(options.seed),
            options,
            tables: RwLock::default(),
            next_table_id: AtomicU64::new(0),
            expressions: ExpressionCache::new(),
        }
    }

    /// Creates a table, active from `now` on.
    pub fn create_table(&self, now: Time, definition: &CreateTable) -> Result<(), ApiError> {
        schema::check_table(definition)?;
        let mut tables = self.tables.write();
        let TableEntry::Vacant(place) = tables.0.entry(definition.name.clone()) else {
            let message = format!("Table already exists: {}", definition.name);
            return Err(ApiError::new(ErrorKind::ResourceInUse, message));
        };
        let id = self.next_table_id.fetch_add(1, Ordering::Relaxed);
        place.insert(Box::new(Table::new(id, definition.clone(), &self.options, now)));
        Ok(())
    }

    /// Deletes a table with everything in it.
    pub fn delete_table(&self, name: &str) -> Result<(), ApiError> {
        let removed = self.tables.write().0.remove(name);
        // Freed here, once others may go on.
        match removed {
            Some(_) => Ok(()),
            None => {
                let message = format!("Requested resource not found: Table: {name} not found");
                Err(ApiError::new(ErrorKind::ResourceNotFound, message))
            }
        }
    }

    /// The names of all tables, in order.
    pub fn table_names(&self) -> Vec<TableName> {
        self.tables.read().0.keys().cloned().collect()
    }

    /// A table's definition and size; `None` where there is no such table.
    pub fn describe_table(&self, name: &str) -> Option<TableDescription> {
        let tables = self.tables.read();
        let table = tables.0.get(name)?;
        let (item_count, size_bytes) = table.items.items_and_bytes();
        Some(TableDescription { definition: table.definition.clone(), item_count, size_bytes })
    }

    /// All units a table and its indexes ever consumed; `None` where there is no such table.
    pub fn consumed(&self, name: &str) -> Option<ConsumedCapacity> {
        self.tables.read().0.get(name).map(|table| table.consumed())
    }

    /// Serves a request at the time `now`.
    ///
    /// A refused request changes nothing and consumes nothing; one that fails by its condition consumes and says so.
    pub fn execute(&self, now: Time, request: &Request) -> Outcome {
        let tables = &*self.tables.read();
        answer::outcome(match request {
            Request::GetItem(request) => self.get_item(now, tables, request),
            Request::PutItem(request) => self.put_item(now, tables, request),
            Request::UpdateItem(request) => self.update_item(now, tables, request),
            Request::DeleteItem(request) => self.delete_item(now, tables, request),
            Request::Query(request) => self.query(now, tables, request),
            Request::Scan(request) => self.scan(now, tables, request),
            Request::BatchGetItem(request) => self.batch_get_item(now, tables, request),
            Request::BatchWriteItem(request) => self.batch_write_item(now, tables, request),
            Request::TransactGetItems(request) => self.transact_get_items(now, tables, request),
            Request::TransactWriteItems(request) => self.transact_write_items(now, tables, request),
        })
    }
}
