//! Workload files: the ones that ship, the stream of operations they make, and the mistakes people make in their own.

mod cache;
mod faults;
mod keys;
mod mistakes;
mod mutations;
mod schedule;
mod schema;
mod shipped;
mod stream;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use dynamometer::api::{Request, TransactWrite, WriteRequest};
use dynamometer::item::Item;
use dynamometer::time::Time;
use dynamometer::workload::{Next, Overrides, Plan, Shot, Source, Workload};

/// The folder of the workloads that ship.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("workloads")
}

/// The workloads that ship, by name.
fn shipped_names() -> Vec<String> {
    let files = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let workloads = files.filter(|path| path.extension().is_some_and(|extension| extension == "toml"));
    let mut names: Vec<String> = workloads.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

fn shipped(name: &str, overrides: Overrides) -> Arc<Workload> {
    let read = Workload::read(&folder().join(format!("{name}.toml")), overrides);
    Arc::new(read.unwrap_or_else(|error| panic!("{error}")))
}

fn parsed(text: &str) -> Arc<Workload> {
    let source = Source { path: "test.toml".into(), text: text.into() };
    let parsed = Workload::parse(source, &folder(), Overrides::default());
    Arc::new(parsed.unwrap_or_else(|error| panic!("{error}")))
}

/// The shots of an open loop, at most this many of every phase.
fn shots(workload: &Arc<Workload>, most_per_phase: u64) -> Vec<Shot> {
    let mut plan = Plan::new(Arc::clone(workload));
    let mut shots = Vec::new();
    loop {
        match plan.next(Time::ZERO) {
            Next::Shot(shot) if shot.index < most_per_phase => shots.push(shot),
            // A day has millions more.
            Next::Shot(shot) if shot.phase + 1 == workload.phases.len() => return shots,
            Next::Shot(_) => {}
            Next::NotBefore(_) => panic!("no closed loops here"),
            Next::Finished => return shots,
        }
    }
}

/// A key in a request, or a whole item.
enum Touched<'a> {
    Key(&'a Item),
    Item(&'a Item),
}

/// The tables and items a request names; queries and scans name none.
fn touched(request: &Request) -> Vec<(&str, Touched<'_>)> {
    match request {
        Request::GetItem(get) => vec![(&get.table_name, Touched::Key(&get.key))],
        Request::PutItem(put) => vec![(&put.table_name, Touched::Item(&put.item))],
        Request::UpdateItem(update) => vec![(&update.table_name, Touched::Key(&update.key))],
        Request::DeleteItem(delete) => vec![(&delete.table_name, Touched::Key(&delete.key))],
        Request::BatchGetItem(batch) => {
            let tables = batch.request_items.iter();
            tables.flat_map(|(table, keys)| keys.keys.iter().map(|key| (&**table, Touched::Key(key)))).collect()
        }
        Request::BatchWriteItem(batch) => {
            let tables = batch.request_items.iter();
            let writes = tables.flat_map(|(table, writes)| writes.iter().map(|write| (&**table, write)));
            writes.map(|(table, write)| (table, written(write))).collect()
        }
        Request::TransactGetItems(transaction) => {
            transaction.transact_items.iter().map(|get| (&*get.table_name, Touched::Key(&get.key))).collect()
        }
        Request::TransactWriteItems(transaction) => transaction.transact_items.iter().map(acted_on).collect(),
        _ => Vec::new(),
    }
}

fn written(write: &WriteRequest) -> Touched<'_> {
    match write {
        WriteRequest::Put(item) => Touched::Item(item),
        WriteRequest::Delete(key) => Touched::Key(key),
    }
}

fn acted_on(action: &TransactWrite) -> (&str, Touched<'_>) {
    match action {
        TransactWrite::Put(put) => (&put.table_name, Touched::Item(&put.item)),
        TransactWrite::Update(update) => (&update.table_name, Touched::Key(&update.key)),
        TransactWrite::Delete(delete) => (&delete.table_name, Touched::Key(&delete.key)),
        TransactWrite::ConditionCheck(check) => (&check.table_name, Touched::Key(&check.key)),
    }
}
