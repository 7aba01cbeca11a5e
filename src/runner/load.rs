//! Loading tables before measuring.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use thiserror::Error;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::api::{BatchWriteItem, Outcome, Output, Request, WriteRequest};
use crate::item::Item;
use crate::record::TableLoad;
use crate::target::{InProcess, Target};
use crate::workload::{Table, Workload};

use super::ahead::Ahead;
use super::clock::Stop;
use super::{Progress, RunError};

/// Writes of a BatchWriteItem (facts §8).
const BATCH: u64 = 25;
/// Items a loading thread takes at a time.
const CHUNK: u64 = 1000;
/// Items drawn ahead at a time where they are stored in order; few, as each may be of 400 KB.
const AHEAD: u64 = 64;
/// Batches in flight over a network.
const IN_FLIGHT: usize = 32;
/// Attempts without progress before loading gives up; with the waits below about two minutes.
const ATTEMPTS: u32 = 12;
/// The wait after the first attempt that wrote nothing; it doubles.
const FIRST_WAIT: Duration = Duration::from_millis(50);
/// The longest wait.
const WAIT_MAX: Duration = Duration::from_secs(20);
/// How often the observer is told, and how long a wish to stop may go unnoticed.
const OBSERVE: Duration = Duration::from_millis(200);

/// Why items could not be loaded.
#[derive(Debug, Error)]
#[error("loading table `{table}` failed after {loaded} items: {message}")]
pub struct LoadError {
    /// The table.
    pub table: String,
    /// Items loaded until then.
    pub loaded: u64,
    /// What happened.
    pub message: String,
}

/// Loads all tables in process, on several threads.
pub fn load_in_process(
    workload: &Workload,
    target: &dyn InProcess,
    threads: usize,
    stop: &Stop,
    mut observe: impl FnMut(Progress<'_>),
) -> Result<Vec<TableLoad>, RunError> {
    let mut loads = Vec::new();
    for table in workload.tables.iter().filter(|table| table.items > 0) {
        let started = Instant::now();
        let load = Load::of(table);
        thread::scope(|scope| {
            let workers: Vec<_> = (0..threads.max(1))
                .map(|_| {
                    scope.spawn(|| {
                        load.chunks(stop, |record| {
                            let item = table.loaded_item(record, workload.epoch_nanos);
                            let bytes = item.size_bytes() as u64;
                            target.load(&table.create.name, item).map(|()| bytes).map_err(|error| error.to_string())
                        })
                    })
                })
                .collect();
            while workers.iter().any(|worker| !worker.is_finished()) {
                thread::sleep(Duration::from_millis(2));
                if started.elapsed() > OBSERVE {
                    observe(load.progress());
                }
            }
        });
        loads.push(load.finish(started, stop)?);
        observe(Progress::Loading { table: &table.create.name, loaded: table.items, of: table.items });
    }
    Ok(loads)
}

/// Loads all tables in process in the order of their records, so that what the target makes of them does not depend on
/// threads; these only draw. How long it took is not told: it has no part in a simulation.
pub fn load_in_order(
    workload: &Workload,
    target: &dyn InProcess,
    threads: usize,
    stop: &Stop,
    mut observe: impl FnMut(Progress<'_>),
) -> Result<Vec<TableLoad>, RunError> {
    let mut loads = Vec::new();
    for table in workload.tables.iter().filter(|table| table.items > 0) {
        let mut observed = Instant::now();
        let load = Load::of(table);
        let draw = |records: Range<u64>| -> Vec<Item> {
            records.map(|record| table.loaded_item(record, workload.epoch_nanos)).collect()
        };
        thread::scope(|scope| {
            let mut ahead = Ahead::new(scope, threads.saturating_sub(1), &draw);
            let mut next = 0;
            while !stop.is_set() {
                while next < table.items && ahead.outstanding() < ahead.depth() {
                    let end = (next + AHEAD).min(table.items);
                    ahead.give(next..end);
                    next = end;
                }
                let Some(items) = ahead.take() else { return };
                for item in items {
                    let bytes = item.size_bytes() as u64;
                    if let Err(error) = target.load(&table.create.name, item) {
                        return *load.failure.lock() = Some(error.to_string());
                    }
                    load.bytes.fetch_add(bytes, Ordering::Relaxed);
                    load.loaded.fetch_add(1, Ordering::Relaxed);
                }
                if observed.elapsed() > OBSERVE {
                    observed = Instant::now();
                    observe(load.progress());
                }
            }
        });
        loads.push(TableLoad { seconds: 0.0, ..load.finish(observed, stop)? });
        observe(Progress::Loading { table: &table.create.name, loaded: table.items, of: table.items });
    }
    Ok(loads)
}

/// One table on its way.
struct Load<'a> {
    table: &'a Table,
    next: AtomicU64,
    loaded: AtomicU64,
    bytes: AtomicU64,
    failure: Mutex<Option<String>>,
}

impl<'a> Load<'a> {
    fn of(table: &'a Table) -> Self {
        Load {
            table,
            next: AtomicU64::new(0),
            loaded: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            failure: Mutex::new(None),
        }
    }

    /// Takes records chunk by chunk until there are no more, or something fails.
    fn chunks(&self, stop: &Stop, load_one: impl Fn(u64) -> Result<u64, String>) {
        loop {
            let start = self.next.fetch_add(CHUNK, Ordering::Relaxed);
            if start >= self.table.items || stop.is_set() || self.failure.lock().is_some() {
                return;
            }
            let end = (start + CHUNK).min(self.table.items);
            let mut bytes = 0;
            for record in start..end {
                match load_one(record) {
                    Ok(size) => bytes += size,
                    Err(message) => return *self.failure.lock() = Some(message),
                }
            }
            self.bytes.fetch_add(bytes, Ordering::Relaxed);
            self.loaded.fetch_add(end - start, Ordering::Relaxed);
        }
    }

    fn progress(&self) -> Progress<'_> {
        Progress::Loading {
            table: &self.table.create.name,
            loaded: self.loaded.load(Ordering::Relaxed),
            of: self.table.items,
        }
    }

    fn finish(self, started: Instant, stop: &Stop) -> Result<TableLoad, RunError> {
        let (items, bytes) = (self.loaded.into_inner(), self.bytes.into_inner());
        let table = self.table.create.name.to_string();
        if let Some(message) = self.failure.into_inner() {
            return Err(LoadError { table, loaded: items, message }.into());
        }
        if stop.is_set() {
            return Err(RunError::StoppedEarly);
        }
        Ok(TableLoad { table, items, bytes, seconds: started.elapsed().as_secs_f64() })
    }
}

/// Loads all tables over a network with BatchWriteItem, many batches at a time.
pub fn load_over_network(
    workload: &Workload,
    target: &Arc<dyn Target>,
    runtime: &Runtime,
    stop: &Stop,
    mut observe: impl FnMut(Progress<'_>),
) -> Result<Vec<TableLoad>, RunError> {
    let mut loads = Vec::new();
    for table in workload.tables.iter().filter(|table| table.items > 0) {
        let started = Instant::now();
        let load = Load::of(table);
        runtime.block_on(async {
            // Batches in flight are given up with the set.
            let mut batches: JoinSet<Result<(u64, u64), String>> = JoinSet::new();
            let mut next = 0;
            let mut observed = Instant::now();
            while !stop.is_set() {
                while batches.len() < IN_FLIGHT && next < table.items {
                    let end = (next + BATCH).min(table.items);
                    let batch: Vec<Item> =
                        (next..end).map(|record| table.loaded_item(record, workload.epoch_nanos)).collect();
                    next = end;
                    let (target, name) = (Arc::clone(target), table.create.name.clone());
                    let timeout = workload.client.timeout;
                    batches.spawn(async move {
                        let bytes = batch.iter().map(|item| item.size_bytes() as u64).sum();
                        let items = batch.len() as u64;
                        write_batch(&*target, name, batch, timeout).await.map(|()| (items, bytes))
                    });
                }
                match tokio::time::timeout(OBSERVE, batches.join_next()).await {
                    Ok(None) => return,
                    Ok(Some(Ok(Ok((items, bytes))))) => {
                        load.loaded.fetch_add(items, Ordering::Relaxed);
                        load.bytes.fetch_add(bytes, Ordering::Relaxed);
                    }
                    Ok(Some(Ok(Err(message)))) => return *load.failure.lock() = Some(message),
                    Ok(Some(Err(panic))) => return *load.failure.lock() = Some(panic.to_string()),
                    Err(_) => {}
                }
                if observed.elapsed() > OBSERVE {
                    observe(load.progress());
                    observed = Instant::now();
                }
            }
        });
        loads.push(load.finish(started, stop)?);
        observe(Progress::Loading { table: &table.create.name, loaded: table.items, of: table.items });
    }
    Ok(loads)
}

/// Writes a batch, again and again what was left out, until it is written or nothing gets ahead.
async fn write_batch(
    target: &dyn Target,
    table: crate::api::TableName,
    items: Vec<Item>,
    timeout: Duration,
) -> Result<(), String> {
    let writes: Vec<_> = items.into_iter().map(|item| WriteRequest::Put(Arc::new(item))).collect();
    let mut request_items = vec![(table, writes)];
    let mut failures = 0;
    let mut wait = FIRST_WAIT;
    loop {
        let left: usize = request_items.iter().map(|(_, writes)| writes.len()).sum();
        let request = Request::BatchWriteItem(BatchWriteItem { request_items: request_items.clone() });
        let message = match tokio::time::timeout(timeout, target.call(Arc::new(request))).await {
            Ok(Ok(Outcome { result: Ok(response), .. })) => match response.output {
                Output::BatchWriteItem { unprocessed_items } if unprocessed_items.is_empty() => return Ok(()),
                Output::BatchWriteItem { unprocessed_items } => {
                    request_items = unprocessed_items;
                    "items are left unprocessed: the table is throttled".to_owned()
                }
                _ => return Err("the answer is not that of BatchWriteItem".to_owned()),
            },
            Ok(Ok(Outcome { result: Err(error), .. })) => {
                if !error.kind.is_throttle() && error.kind.http_status() < 500 {
                    return Err(error.to_string());
                }
                error.to_string()
            }
            Ok(Err(error)) if !error.transient => return Err(error.to_string()),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no answer in time".to_owned(),
        };
        let still_left: usize = request_items.iter().map(|(_, writes)| writes.len()).sum();
        if still_left < left {
            (failures, wait) = (0, FIRST_WAIT);
        } else {
            failures += 1;
            if failures == ATTEMPTS {
                return Err(message);
            }
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(WAIT_MAX);
    }
}
