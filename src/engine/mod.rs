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
//! Data is stored once: replicas are what a log of the writes in flight makes of it.

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
mod outage;
mod page;
mod query;
mod replicas;
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

use crate::api::{ApiError, ConsumedCapacity, ErrorKind, IndexName, Outcome, Request, TableName};
use crate::capacity::{CapacityModel, ResourceView, Throughput};
use crate::expression::ExpressionCache;
use crate::replication::{DEFAULT_LEASE, Fault, ReplicationSettings};
use crate::time::Time;

pub use bill::kind_of;
pub use control::ControlDelays;
pub use replicas::EventualReads;

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
    /// How capacity behaves where limits hold. The date and time at [`Time::ZERO`] is the engine's own.
    pub capacity_model: CapacityModel,
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
    /// How far replicas and global secondary indexes are behind; `None`: every read sees every write before it.
    pub replication: Option<ReplicationSettings>,
    /// What goes wrong, and when. Those about a key of which a table has none do nothing there.
    pub faults: Vec<Fault>,
    /// How long a new leader waits after the old one is lost.
    pub lease: Duration,
}

impl Default for EngineOptions {
    fn default() -> Self {
        EngineOptions {
            seed: 0,
            capacity: Enforcement::Enforced,
            capacity_model: CapacityModel::default(),
            epoch_seconds_at_time_zero: 0,
            time_to_live_delay: Duration::ZERO,
            region: "us-east-1".into(),
            transaction_duration: Duration::ZERO,
            item_collection_max_bytes: limits::ITEM_COLLECTION_MAX_BYTES,
            control_delays: ControlDelays::default(),
            replication: None,
            faults: Vec::new(),
            lease: DEFAULT_LEASE,
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
    /// Everything is admitted, and taken down for [`Engine::with_throughputs`]: what requests come to, and for which keys.
    Tapped,
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

    /// Shows the throughput of every table and global secondary index, in the order of their names. No table comes or goes
    /// meanwhile.
    pub fn with_throughputs<T>(&self, look: impl FnOnce(&[(&TableName, Option<&IndexName>, &Throughput)]) -> T) -> T {
        let tables = self.tables.read();
        let all: Vec<_> = tables.by_name.values().flat_map(|table| table.throughputs()).collect();
        look(&all)
    }

    /// What can be seen of the capacity of every table and global secondary index at `now`, in the order of their names; what
    /// is not limited is left out. Events are told once.
    pub fn observe(&self, now: Time) -> Vec<ResourceView> {
        let tables = self.tables.read();
        tables.by_name.values().flat_map(|table| table.views(now)).collect()
    }

    /// Serves a request at the time `now`.
    ///
    /// A refused request changes nothing and consumes nothing. Those that fail by a condition consume and say so, as do
    /// transactions that are cancelled after items were looked at, and batches of which a part is refused.
    pub fn execute(&self, now: Time, request: &Request) -> Outcome {
        let tables = &*self.tables.read();
        if self.options.faults.is_empty() {
            self.serve(now, tables, request)
        } else {
            self.serve_amid_faults(now, tables, request)
        }
    }

    /// Eventually consistent reads so far of a table, its local indexes included, or of one of its global indexes; `None`
    /// where there is no such table or index. Counted where lags are modelled.
    pub fn eventual_reads(&self, table: &str, index: Option<&str>) -> Option<EventualReads> {
        let tables = self.tables.read();
        let table = tables.by_name.get(table)?;
        match index {
            None => Some(table.eventual_reads()),
            Some(index) => {
                let global = table.global_indexes.iter().find(|global| &*global.index.name == index)?;
                Some(global.eventual_reads())
            }
        }
    }

    fn serve(&self, now: Time, tables: &Tables, request: &Request) -> Outcome {
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
