//! Requests while faults happen: which partitions they touch, whether those serve, and how much longer it takes.
//!
//! A request is looked at before it is served. One that needs a leader where there is none is refused and costs nothing; of a
//! batch the items whose partitions serve are served, the others come back unprocessed (API: BatchWriteItem,
//! BatchGetItem). Whatever is wrong with a request otherwise is found where it is served.

use std::time::Duration;

use crate::api::{
    ApiError, BatchGetItem, BatchWriteItem, ErrorKind, KeysAndAttributes, Outcome, Output, Query, Request, Scan,
    TransactWrite, WriteRequest,
};
use crate::item::{Item, ScalarRef};
use crate::replication::{Moment, Outage};
use crate::time::Time;

use super::page::PageRequest;
use super::scan::segment_hashes;
use super::table::{Source, Table};
use super::{Engine, Tables};

/// How long a request takes longer; or why it is not served.
type Passage = Result<Duration, Outage>;

/// What of a batch is served, and what is not.
struct Parted<T> {
    served: T,
    left: T,
    passage: Passage,
}

impl Engine {
    /// Serves a request as far as the partitions it touches serve.
    pub(super) fn serve_amid_faults(&self, now: Time, tables: &Tables, request: &Request) -> Outcome {
        match request {
            Request::BatchGetItem(batch) => self.batch_get_amid_faults(now, tables, batch),
            Request::BatchWriteItem(batch) => self.batch_write_amid_faults(now, tables, batch),
            _ => match self.passage(now, tables, request) {
                Ok(delayed) => Outcome { delayed, ..self.serve(now, tables, request) },
                Err(outage) => refused(outage),
            },
        }
    }

    /// Whether all partitions a request touches serve it.
    fn passage(&self, now: Time, tables: &Tables, request: &Request) -> Passage {
        let by_key = |name, key: &Item, needs_leader: bool| -> Passage {
            let Some(table) = tables.by_name.get(name) else { return Ok(Duration::ZERO) };
            table.passage_of_key(now, key, needs_leader)
        };
        match request {
            Request::GetItem(get) => by_key(&get.table_name, &get.key, get.consistent_read),
            Request::PutItem(put) => by_key(&put.table_name, &put.item, true),
            Request::UpdateItem(update) => by_key(&update.table_name, &update.key, true),
            Request::DeleteItem(delete) => by_key(&delete.table_name, &delete.key, true),
            Request::Query(query) => self.passage_of_query(now, tables, query),
            Request::Scan(scan) => passage_of_scan(now, tables, scan),
            Request::TransactGetItems(transaction) => {
                longest(transaction.transact_items.iter().map(|get| by_key(&get.table_name, &get.key, true)))
            }
            Request::TransactWriteItems(transaction) => {
                longest(transaction.transact_items.iter().map(|action| match action {
                    TransactWrite::Put(put) => by_key(&put.table_name, &put.item, true),
                    TransactWrite::Update(update) => by_key(&update.table_name, &update.key, true),
                    TransactWrite::Delete(delete) => by_key(&delete.table_name, &delete.key, true),
                    TransactWrite::ConditionCheck(check) => by_key(&check.table_name, &check.key, true),
                }))
            }
            Request::BatchGetItem(_) | Request::BatchWriteItem(_) => Ok(Duration::ZERO),
        }
    }

    fn passage_of_query(&self, now: Time, tables: &Tables, query: &Query) -> Passage {
        let Some(table) = tables.by_name.get(&query.table_name) else { return Ok(Duration::ZERO) };
        // What cannot be resolved is refused where it is served.
        let hash = || {
            let source = PageRequest::source(table, query.index_name.as_ref()).ok()?;
            let condition = self.expressions.key_condition(&query.key_condition_expression).ok()?;
            let (schema, layout) = match source {
                Source::Table => (table.key(), table.items.layout()),
                Source::Local(_, index) | Source::Global(_, index) => (&index.key, index.entries.layout()),
            };
            let range = condition.resolve(&query.placeholders, schema).ok()?;
            Some((source, layout.hash(&range.partition.map(ScalarRef::from))))
        };
        hash().map_or(Ok(Duration::ZERO), |(source, hash)| table.passage(now, source, hash, query.consistent_read))
    }

    fn batch_get_amid_faults(&self, now: Time, tables: &Tables, batch: &BatchGetItem) -> Outcome {
        let parted = part(batch.request_items.iter().map(|(name, wanted)| {
            let table = tables.by_name.get(name);
            let keys = wanted.keys.iter().map(|key| {
                let passage =
                    table.map_or(Ok(Duration::ZERO), |table| table.passage_of_key(now, key, wanted.consistent_read));
                (key, passage)
            });
            ((name, wanted), keys.collect())
        }));
        let of_table = |((name, wanted), keys): ((&_, &KeysAndAttributes), Vec<&Item>)| {
            let keys = keys.into_iter().cloned().collect();
            (Clone::clone(name), KeysAndAttributes { keys, ..super::get::without_keys(wanted) })
        };
        let left: Vec<_> = parted.left.into_iter().map(of_table).collect();
        let served: Vec<_> = parted.served.into_iter().map(of_table).collect();
        let mut outcome = match parted.passage {
            Ok(delayed) => {
                let request = Request::BatchGetItem(BatchGetItem { request_items: served });
                Outcome { delayed, ..self.serve(now, tables, &request) }
            }
            Err(outage) => return refused(outage),
        };
        if let Ok(response) = &mut outcome.result
            && let Output::BatchGetItem { unprocessed_keys, .. } = &mut response.output
        {
            for (name, wanted) in left {
                match unprocessed_keys.iter_mut().find(|(known, _)| *known == name) {
                    Some((_, known)) => known.keys.extend(wanted.keys),
                    None => unprocessed_keys.push((name, wanted)),
                }
            }
        }
        outcome
    }

    fn batch_write_amid_faults(&self, now: Time, tables: &Tables, batch: &BatchWriteItem) -> Outcome {
        let parted = part(batch.request_items.iter().map(|(name, writes)| {
            let table = tables.by_name.get(name);
            let writes = writes.iter().map(|write| {
                let key: &Item = match write {
                    WriteRequest::Put(item) => item,
                    WriteRequest::Delete(key) => key,
                };
                let passage = table.map_or(Ok(Duration::ZERO), |table| table.passage_of_key(now, key, true));
                (write, passage)
            });
            (name, writes.collect())
        }));
        let of_table = |(name, writes): (&_, Vec<&WriteRequest>)| {
            (Clone::clone(name), writes.into_iter().cloned().collect::<Vec<_>>())
        };
        let left: Vec<_> = parted.left.into_iter().map(of_table).collect();
        let served: Vec<_> = parted.served.into_iter().map(of_table).collect();
        let mut outcome = match parted.passage {
            Ok(delayed) => {
                let request = Request::BatchWriteItem(BatchWriteItem { request_items: served });
                Outcome { delayed, ..self.serve(now, tables, &request) }
            }
            Err(outage) => return refused(outage),
        };
        if let Ok(response) = &mut outcome.result
            && let Output::BatchWriteItem { unprocessed_items } = &mut response.output
        {
            for (name, writes) in left {
                match unprocessed_items.iter_mut().find(|(known, _)| *known == name) {
                    Some((_, known)) => known.extend(writes),
                    None => unprocessed_items.push((name, writes)),
                }
            }
        }
        outcome
    }
}

impl Table {
    /// Whether the partition with this key serves, and how much longer it takes. What makes no key is refused later.
    fn passage_of_key(&self, now: Time, key: &Item, needs_leader: bool) -> Passage {
        match self.items.layout().key_of_attributes(key) {
            Some(key) => self.passage(now, Source::Table, key.hash, needs_leader),
            None => Ok(Duration::ZERO),
        }
    }

    fn passage(&self, now: Time, source: Source<'_>, hash: u64, needs_leader: bool) -> Passage {
        let replicas = match source {
            Source::Table | Source::Local(..) => &self.replicas,
            Source::Global(at, _) => &self.global_indexes[at].replicas,
        };
        let Some(replicas) = replicas else { return Ok(Duration::ZERO) };
        let moment = replicas.moment(self.partition_of(now, source, hash), now);
        if needs_leader {
            return match (moment.outage(), moment.leader) {
                (None, Some(leader)) => Ok(slowness(&moment, leader.number())),
                (outage, _) => Err(outage.unwrap_or(Outage::Election)),
            };
        }
        match replicas.serving(now, hash, &moment) {
            Some(zone) => Ok(slowness(&moment, zone.number())),
            None => Err(Outage::NoQuorum),
        }
    }
}

fn slowness(moment: &Moment, replica: usize) -> Duration {
    moment.slow[replica]
}

/// All partitions with hashes a Scan may come to, the first that does not serve included: which of them a page reaches is not
/// known before it is read.
fn passage_of_scan(now: Time, tables: &Tables, scan: &Scan) -> Passage {
    let Some(table) = tables.by_name.get(&scan.table_name) else { return Ok(Duration::ZERO) };
    let Ok(source) = PageRequest::source(table, scan.index_name.as_ref()) else { return Ok(Duration::ZERO) };
    let Ok(hashes) = scan.segment.map_or(Ok(0..=u64::MAX), segment_hashes) else { return Ok(Duration::ZERO) };
    let layout = match source {
        Source::Table => table.items.layout(),
        Source::Local(_, index) | Source::Global(_, index) => index.entries.layout(),
    };
    let start = scan.exclusive_start_key.as_ref().and_then(|start| layout.key_of_attributes(start));
    let mut hash = start.map_or(*hashes.start(), |start| start.hash.max(*hashes.start()));
    let mut delay = Duration::ZERO;
    loop {
        let (first, last) = table.partition_of(now, source, hash);
        // Of each partition one replica is read, chosen for its first hash (`PageRequest::view_of_shard`).
        delay = delay.max(table.passage(now, source, first, scan.consistent_read)?);
        match last.checked_add(1) {
            Some(next) if next <= *hashes.end() && next > hash => hash = next,
            _ => return Ok(delay),
        }
    }
}

fn longest(passages: impl Iterator<Item = Passage>) -> Passage {
    passages.into_iter().try_fold(Duration::ZERO, |longest, passage| Ok(longest.max(passage?)))
}

/// A batch's tables with their keys or writes.
type Parts<N, T> = Vec<(N, Vec<T>)>;

/// Parts a batch by what serves. It does not pass where nothing of it is served.
fn part<N: Copy, T>(tables: impl Iterator<Item = (N, Vec<(T, Passage)>)>) -> Parted<Parts<N, T>> {
    let (mut served, mut left) = (Parts::new(), Parts::new());
    let mut delay = Duration::ZERO;
    let mut first_outage = None;
    for (name, items) in tables {
        let (mut of_served, mut of_left) = (Vec::new(), Vec::new());
        for (item, passage) in items {
            match passage {
                Ok(longer) => {
                    delay = delay.max(longer);
                    of_served.push(item);
                }
                Err(outage) => {
                    first_outage.get_or_insert(outage);
                    of_left.push(item);
                }
            }
        }
        if of_left.is_empty() || !of_served.is_empty() {
            served.push((name, of_served));
        }
        if !of_left.is_empty() {
            left.push((name, of_left));
        }
    }
    let passage = match first_outage {
        Some(outage) if served.is_empty() => Err(outage),
        _ => Ok(delay),
    };
    Parted { served, left, passage }
}

/// A request that is not served, and costs nothing.
fn refused(outage: Outage) -> Outcome {
    let error = match outage {
        Outage::Election => ApiError::new(ErrorKind::InternalServerError, "Internal server error"),
        Outage::NoQuorum => ApiError::new(ErrorKind::ServiceUnavailable, "DynamoDB is currently unavailable."),
    };
    Outcome {
        result: Err(error),
        consumed: Vec::new(),
        item_collections: Vec::new(),
        delayed: Duration::ZERO,
        from_cache: false,
    }
}
