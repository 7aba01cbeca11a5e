//! The bundled DynamoDB, in process: tables, items, indexes, transactions, and the capacity all of it consumes.
//!
//! [`Engine::execute`] takes a request and the time and answers with the outcome. Nothing here reads a clock or draws a random
//! number: the same requests at the same times give the same answers, scans in the same order, for a given seed.
//!
//! # Locks
//! In this order, so that no two threads wait for each other: the list of tables, read by every request and written when
//! tables come, go and change; shards of items, one a request, those of a transaction in the order of tables and numbers;
//! shards of indexes, one at a time; limits of capacity. Whoever writes an item holds its shard until its indexes are
//! written, so that changes of one item reach an index in their order.
//!
//! # Deliberately absent
//! Indexes are written with the item: they do not lag. Partitions have no ceilings.

mod answer;
mod batch;
mod bill;
mod collection;
mod control;
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
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use parking_lot::RwLock;

use crate::api::{ApiError, ConsumedCapacity, ErrorKind, Outcome, Request, TableName};
use crate::capacity::TABLE_QUOTA_UNITS_PER_SECOND;
use crate::expression::ExpressionCache;
use crate::time::Time;

pub use control::ControlDelays;

use control::Going;
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
    /// The region in ARNs.
    pub region: Arc<str>,
    /// How long a TransactWriteItems takes from its admission until it ends. Its items are written, and there for plain reads,
    /// when it is admitted; until it ends, whoever else writes them, checks them or reads them in a transaction is refused
    /// with `TransactionConflict`. One that is cancelled holds nothing. Zero: nothing ever conflicts, as if transactions took
    /// no time.
    ///
    /// Of each of the 64 shards of a table the last 16,384 items that were held are known. Time to live and
    /// [`Engine::load_item`] heed no transaction.
    pub transaction_duration: Duration,
    /// How large an item collection may grow in tables with local secondary indexes, in bytes of items and index entries.
    pub item_collection_max_bytes: u64,
    /// How long the control plane takes.
    pub control_delays: ControlDelays,
}

impl Default for EngineOptions {
    fn default() -> Self {
        EngineOptions {
            seed: 0,
            capacity: Enforcement::Enforced,
            table_quota_units_per_second: TABLE_QUOTA_UNITS_PER_SECOND,
            epoch_seconds_at_time_zero: 0,
            time_to_live_delay: Duration::ZERO,
            region: "us-east-1".into(),
            transaction_duration: Duration::ZERO,
            item_collection_max_bytes: limits::ITEM_COLLECTION_MAX_BYTES,
            control_delays: ControlDelays::default(),
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

/// The tables, by name.
#[derive(Debug, Default)]
struct Tables {
    /// Those that are being created, that serve, that are being changed.
    by_name: BTreeMap<TableName, Box<Table>>,
    /// Those that are being deleted.
    going: BTreeMap<TableName, Going>,
}

impl Tables {
    /// The table a request names, swept of what expired. A table is not there for items until it is active.
    fn get(&self, name: &TableName, now: Time) -> Result<&Table, ApiError> {
        match self.by_name.get(name) {
            Some(table) if now >= table.active_from => {
                table.sweep(now);
                Ok(table)
            }
            _ => {
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

    /// How it behaves.
    pub const fn options(&self) -> &EngineOptions {
        &self.options
    }

    /// The names of all tables that are not being deleted, in order.
    pub fn table_names(&self) -> Vec<TableName> {
        self.tables.read().by_name.keys().cloned().collect()
    }

    /// All units a table and its indexes ever consumed; `None` where there is no such table.
    pub fn consumed(&self, name: &str) -> Option<ConsumedCapacity> {
        self.tables.read().by_name.get(name).map(|table| table.consumed())
    }

    /// Serves a request at the time `now`.
    ///
    /// A refused request changes nothing and consumes nothing. Those that fail by a condition consume and say so, as do
    /// transactions that are cancelled after items were looked at, and batches of which a part is refused.
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
