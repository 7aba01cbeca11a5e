//! A cache in front of the bundled engine's tables: what it answers, what goes on to the engine, and what it takes over.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::time::Duration;

use parking_lot::Mutex;

use crate::api::{
    BatchGetItem, BatchWriteItem, CapacityUnits, GetItem, KeySchema, KeysAndAttributes, Outcome, Output, Placeholders,
    Request, Response, TableName, TransactGet, TransactGetItems, TransactWrite, TransactWriteItems, WriteRequest,
};
use crate::cache::{CacheCounts, CacheSettings, Key, Store};
use crate::engine::Engine;
use crate::item::{AttributeValue, Item, PackedItem, ScalarRef, ScalarType};
use crate::latency::LatencyModel;
use crate::time::Time;
use crate::workload::Table;

/// Most keys of a BatchGetItem (facts §8).
const BATCH_KEYS_MAX: usize = 100;
/// Most items of a TransactGetItems (facts §8).
const TRANSACTION_ITEMS_MAX: usize = 100;

/// A cache in front of the tables of an engine.
#[derive(Debug)]
pub struct CachedTables {
    tables: BTreeMap<TableName, CachedTable>,
    /// One lock: the order in which items were used is one for all.
    store: Mutex<Store>,
    hit_latency: Duration,
}

#[derive(Debug)]
struct CachedTable {
    number: u32,
    key: KeySchema,
}

impl CachedTables {
    /// An empty cache in front of these of the tables.
    pub fn new(settings: &CacheSettings, tables: &[Table]) -> Self {
        let cached = tables.iter().filter(|table| settings.tables.contains(&table.create.name));
        let tables = cached
            .zip(0..)
            .map(|(table, number)| (table.create.name.clone(), CachedTable { number, key: table.create.key.clone() }));
        CachedTables {
            tables: tables.collect(),
            store: Mutex::new(Store::new(settings.size_bytes, settings.time_to_live)),
            hit_latency: settings.hit_latency,
        }
    }

    /// What was counted so far, and what is held.
    pub fn counts(&self) -> CacheCounts {
        self.store.lock().counts()
    }

    /// How long a request is on its way to the cache.
    pub fn travel_time(&self) -> Duration {
        self.hit_latency / 2
    }

    /// How long a request takes from its arrival at the cache until the client has the answer: what the cache did not answer
    /// itself went on to the table and back, by the model of latency. Requests for tables that are not cached go straight to
    /// them, and take no longer for the cache.
    pub fn answer_time(&self, latency: &LatencyModel, attempt: u64, request: &Request, outcome: &Outcome) -> Duration {
        let back = self.hit_latency - self.travel_time();
        if outcome.from_cache {
            return back;
        }
        let beyond = |outcome: &Outcome| {
            latency.travel_time(attempt).saturating_add(latency.answer_time(attempt, request, outcome))
        };
        let behind = match request {
            // What is read again in the background, nobody waits for.
            Request::TransactWriteItems(_) => beyond(&without_reads(outcome)),
            _ => beyond(outcome),
        };
        if self.is_about(request) { behind.saturating_add(back) } else { behind.saturating_sub(self.travel_time()) }
    }

    /// Whether a request goes by way of the cache.
    fn is_about(&self, request: &Request) -> bool {
        let has = |table: &TableName| self.tables.contains_key(table);
        match request {
            Request::GetItem(get) => has(&get.table_name),
            Request::PutItem(put) => has(&put.table_name),
            Request::UpdateItem(update) => has(&update.table_name),
            Request::DeleteItem(delete) => has(&delete.table_name),
            Request::Query(query) => has(&query.table_name),
            Request::Scan(scan) => has(&scan.table_name),
            Request::BatchGetItem(batch) => batch.request_items.iter().any(|(table, _)| has(table)),
            Request::BatchWriteItem(batch) => batch.request_items.iter().any(|(table, _)| has(table)),
            Request::TransactGetItems(transaction) => transaction.transact_items.iter().any(|get| has(&get.table_name)),
            Request::TransactWriteItems(transaction) => transaction.transact_items.iter().any(|action| match action {
                TransactWrite::ConditionCheck(check) => has(&check.table_name),
                TransactWrite::Put(put) => has(&put.table_name),
                TransactWrite::Update(update) => has(&update.table_name),
                TransactWrite::Delete(delete) => has(&delete.table_name),
            }),
        }
    }

    /// Serves a request out of the cache, or by the engine behind it.
    pub fn execute(&self, engine: &Engine, now: Time, request: &Request) -> Outcome {
        match request {
            Request::GetItem(get) => self.get(engine, now, get, request),
            Request::BatchGetItem(batch) => self.batch_get(engine, now, batch, request),
            Request::Query(query) => self.pass(engine, now, request, self.has(&query.table_name)),
            Request::Scan(scan) => self.pass(engine, now, request, self.has(&scan.table_name)),
            Request::TransactGetItems(transaction) => {
                let reads = transaction.transact_items.iter().filter(|get| self.has(&get.table_name) > 0).count();
                self.pass(engine, now, request, reads as u64)
            }
            Request::PutItem(put) => self
                .write(engine, now, request, |outcome| outcome.result.is_ok().then_some((&put.table_name, &*put.item))),
            Request::UpdateItem(update) => self.write(engine, now, request, |outcome| {
                outcome.result.is_ok().then_some((&update.table_name, &update.key))
            }),
            Request::DeleteItem(delete) => self.write(engine, now, request, |outcome| {
                outcome.result.is_ok().then_some((&delete.table_name, &delete.key))
            }),
            Request::BatchWriteItem(batch) => self.batch_write(engine, now, batch, request),
            Request::TransactWriteItems(transaction) => self.transact_write(engine, now, transaction, request),
        }
    }

    fn has(&self, table: &TableName) -> u64 {
        u64::from(self.tables.contains_key(table))
    }

    fn pass(&self, engine: &Engine, now: Time, request: &Request, reads: u64) -> Outcome {
        if reads > 0 {
            self.store.lock().pass(reads);
        }
        engine.execute(now, request)
    }

    /// The key that these attributes of a table make; `None` where the table is not cached or they make none.
    fn key<'a>(&self, table: &TableName, attribute: impl Fn(&str) -> Option<ScalarRef<'a>>) -> Option<Key> {
        let CachedTable { number, key: schema } = self.tables.get(table)?;
        let mut key = Key::from_slice(&number.to_le_bytes());
        for part in schema.attributes() {
            let value = attribute(&part.name)?;
            let bytes = match (value, part.scalar_type) {
                (ScalarRef::S(bytes), ScalarType::S) | (ScalarRef::B(bytes), ScalarType::B) => bytes,
                (ScalarRef::N(number), ScalarType::N) => {
                    number.hash(&mut Bytes(&mut key));
                    continue;
                }
                _ => return None,
            };
            key.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
            key.extend_from_slice(bytes);
        }
        Some(key)
    }

    fn key_of_attributes(&self, table: &TableName, attributes: &Item) -> Option<Key> {
        self.key(table, |name| attributes.get(name).and_then(AttributeValue::scalar))
    }

    /// The key of a read, where the request names the key and nothing else.
    fn key_of_read(&self, table: &TableName, attributes: &Item) -> Option<Key> {
        let cached = self.tables.get(table)?;
        let is_whole = attributes.len() == cached.key.attributes().count();
        self.key_of_attributes(table, attributes).filter(|_| is_whole)
    }

    /// GetItem. A miss reads the whole item, whatever the projection: it costs the same (facts §1.2).
    fn get(&self, engine: &Engine, now: Time, get: &GetItem, request: &Request) -> Outcome {
        if get.consistent_read {
            return self.pass(engine, now, request, self.has(&get.table_name));
        }
        let Some(key) = self.key_of_read(&get.table_name, &get.key) else { return engine.execute(now, request) };
        let project = |item| engine.project(get.projection_expression.as_deref(), &get.placeholders, item);
        // What is wrong with the request is for the engine to say.
        if project(None).is_err() {
            return engine.execute(now, request);
        }
        let looked_up = self.store.lock().look_up(now, &key);
        let (known, mut outcome) = match looked_up {
            Some(known) => (known, answer(Output::GetItem { item: None })),
            None => {
                let mut outcome = match get.projection_expression {
                    None => engine.execute(now, request),
                    Some(_) => engine.execute(now, &whole(get)),
                };
                let Ok(Response { output: Output::GetItem { item } }) = &mut outcome.result else { return outcome };
                let known = item.take();
                self.store.lock().fill(now, key, known.clone());
                (known, outcome)
            }
        };
        outcome.result = project(known).map(|item| Response { output: Output::GetItem { item } });
        outcome
    }

    /// BatchGetItem: what is held is answered, the rest is asked of the table.
    fn batch_get(&self, engine: &Engine, now: Time, batch: &BatchGetItem, request: &Request) -> Outcome {
        let Some(mut split) = self.split(engine, now, batch) else { return engine.execute(now, request) };
        if split.rest.request_items.is_empty() {
            return answer(Output::BatchGetItem { responses: split.found, unprocessed_keys: Vec::new() });
        }
        let rest = Request::BatchGetItem(split.rest);
        let mut outcome = engine.execute(now, &rest);
        let Request::BatchGetItem(rest) = rest else { return outcome };
        let (mut responses, mut unprocessed) = match outcome.result {
            Ok(Response { output: Output::BatchGetItem { responses, unprocessed_keys } }) => {
                (responses, unprocessed_keys)
            }
            // What the cache answers is answered though the table refuses everything it is asked for.
            Err(error) if error.kind.is_throttle() && split.hits > 0 => (Vec::new(), rest.request_items.clone()),
            other => return Outcome { result: other, ..outcome },
        };
        self.take_over(now, &rest, &responses, &unprocessed);
        let mut failed = None;
        for (name, items) in &mut responses {
            let Some((_, asked)) = batch.request_items.iter().find(|(table, _)| table == name) else { continue };
            if self.has(name) == 0 || asked.consistent_read || asked.projection_expression.is_none() {
                continue;
            }
            for item in items {
                match engine.project(asked.projection_expression.as_deref(), &asked.placeholders, Some(item.clone())) {
                    Ok(projected) => *item = projected.unwrap_or_else(|| item.clone()),
                    Err(error) => failed = Some(error),
                }
            }
        }
        for (name, items) in split.found.drain(..) {
            match responses.iter_mut().find(|(table, _)| *table == name) {
                Some((_, known)) => known.extend(items),
                None => responses.push((name, items)),
            }
        }
        // Asked for again as it was asked for.
        for (name, left) in &mut unprocessed {
            if let Some((_, asked)) = batch.request_items.iter().find(|(table, _)| table == name) {
                left.projection_expression = asked.projection_expression.clone();
                left.placeholders = asked.placeholders.clone();
            }
        }
        outcome.result = match failed {
            Some(error) => Err(error),
            None => Ok(Response { output: Output::BatchGetItem { responses, unprocessed_keys: unprocessed } }),
        };
        outcome
    }

    /// What of a batch is held, and the request for the rest; `None` where the engine is to see it as it is.
    fn split(&self, engine: &Engine, now: Time, batch: &BatchGetItem) -> Option<Split> {
        let keys: usize = batch.request_items.iter().map(|(_, wanted)| wanted.keys.len()).sum();
        let is_projectable = |wanted: &KeysAndAttributes| {
            engine.project(wanted.projection_expression.as_deref(), &wanted.placeholders, None).is_ok()
        };
        let is_sound = (1..=BATCH_KEYS_MAX).contains(&keys)
            && batch.request_items.iter().all(|(_, wanted)| !wanted.keys.is_empty() && is_projectable(wanted));
        if !is_sound || !batch.request_items.iter().any(|(name, _)| self.has(name) > 0) {
            return None;
        }
        let key_of = |(name, wanted): &(TableName, KeysAndAttributes)| -> Option<Vec<Key>> {
            if self.has(name) == 0 || wanted.consistent_read {
                return Some(Vec::new());
            }
            wanted.keys.iter().map(|key| self.key_of_read(name, key)).collect()
        };
        let encoded: Vec<Vec<Key>> = batch.request_items.iter().map(key_of).collect::<Option<_>>()?;
        let mut distinct: Vec<&Key> = encoded.iter().flatten().collect();
        distinct.sort_unstable();
        if distinct.windows(2).any(|pair| pair[0] == pair[1]) {
            return None;
        }
        let mut split = Split { found: Vec::new(), hits: 0, rest: BatchGetItem { request_items: Vec::new() } };
        let mut store = self.store.lock();
        for ((name, wanted), encoded) in batch.request_items.iter().zip(encoded) {
            if encoded.is_empty() {
                store.pass(if self.has(name) > 0 { wanted.keys.len() as u64 } else { 0 });
                split.rest.request_items.push((name.clone(), wanted.clone()));
                continue;
            }
            let (mut items, mut left) = (Vec::new(), Vec::new());
            for (key, asked) in encoded.iter().zip(&wanted.keys) {
                match store.look_up(now, key) {
                    Some(known) => {
                        split.hits += 1;
                        let projected =
                            engine.project(wanted.projection_expression.as_deref(), &wanted.placeholders, known);
                        items.extend(projected.ok().flatten());
                    }
                    None => left.push(asked.clone()),
                }
            }
            split.found.push((name.clone(), items));
            if !left.is_empty() {
                let whole = KeysAndAttributes {
                    keys: left,
                    consistent_read: false,
                    projection_expression: None,
                    placeholders: Placeholders::default(),
                };
                split.rest.request_items.push((name.clone(), whole));
            }
        }
        Some(split)
    }

    /// Takes over what was read for a batch: the items returned, and that those not returned are absent.
    fn take_over(
        &self,
        now: Time,
        asked: &BatchGetItem,
        responses: &[(TableName, Vec<PackedItem>)],
        unprocessed: &[(TableName, KeysAndAttributes)],
    ) {
        let mut store = self.store.lock();
        for (name, wanted) in
            asked.request_items.iter().filter(|(name, wanted)| self.has(name) > 0 && !wanted.consistent_read)
        {
            let items = responses.iter().filter(|(table, _)| table == name).flat_map(|(_, items)| items);
            let mut found: BTreeMap<Key, PackedItem> = items
                .filter_map(|item| Some((self.key(name, |part| item.get(part)?.scalar())?, item.clone())))
                .collect();
            let left: Vec<&Item> =
                unprocessed.iter().filter(|(table, _)| table == name).flat_map(|(_, left)| &left.keys).collect();
            for attributes in wanted.keys.iter().filter(|key| !left.contains(key)) {
                if let Some(key) = self.key_of_attributes(name, attributes) {
                    let known = found.remove(&key);
                    store.fill(now, key, known);
                }
            }
        }
    }

    /// A write of one item. If it succeeds, the cache holds the item as it is then.
    fn write<'r>(
        &self,
        engine: &Engine,
        now: Time,
        request: &'r Request,
        written: impl FnOnce(&Outcome) -> Option<(&'r TableName, &'r Item)>,
    ) -> Outcome {
        let outcome = engine.execute(now, request);
        if let Some((table, attributes)) = written(&outcome) {
            self.written(engine, now, table, attributes);
        }
        outcome
    }

    /// Takes over an item that was written. Looked up under the lock, so that of two writes at once the last one stays.
    fn written(&self, engine: &Engine, now: Time, table: &TableName, attributes: &Item) {
        if let Some(key) = self.key_of_attributes(table, attributes) {
            let mut store = self.store.lock();
            let known = engine.newest(table, attributes);
            store.write(now, key, known);
        }
    }

    fn batch_write(&self, engine: &Engine, now: Time, batch: &BatchWriteItem, request: &Request) -> Outcome {
        let outcome = engine.execute(now, request);
        let unprocessed = match &outcome.result {
            Ok(Response { output: Output::BatchWriteItem { unprocessed_items } }) => &unprocessed_items[..],
            // Of a request that failed a part may have been written.
            _ if !outcome.consumed.is_empty() => &[],
            _ => return outcome,
        };
        for (name, writes) in batch.request_items.iter().filter(|(name, _)| self.has(name) > 0) {
            let left = unprocessed.iter().find(|(table, _)| table == name).map_or(&[][..], |(_, left)| left);
            for write in writes.iter().filter(|write| !left.contains(write)) {
                let attributes = match write {
                    WriteRequest::Put(item) => item,
                    WriteRequest::Delete(key) => key,
                };
                self.written(engine, now, name, attributes);
            }
        }
        outcome
    }

    /// TransactWriteItems. The items are read again in the background, by a TransactGetItems that consumes read units (AWS:
    /// *DynamoDB transactions: how it works*, on DAX; from memory, unconfirmed); where that is refused, they are forgotten.
    fn transact_write(
        &self,
        engine: &Engine,
        now: Time,
        transaction: &TransactWriteItems,
        request: &Request,
    ) -> Outcome {
        let mut outcome = engine.execute(now, request);
        if outcome.result.is_err() {
            return outcome;
        }
        let Some(again) = self.read_again(transaction) else { return outcome };
        let read = engine.execute(now, &Request::TransactGetItems(again.clone()));
        let items = match read.result {
            Ok(Response { output: Output::TransactGetItems { items } }) => items.into_iter().map(Some).collect(),
            _ => vec![None; again.transact_items.len()],
        };
        let mut store = self.store.lock();
        for (get, read) in again.transact_items.iter().zip(items) {
            let Some(key) = self.key_of_attributes(&get.table_name, &get.key) else { continue };
            match read {
                Some(known) => store.write(now, key, known),
                None => store.forget(&key),
            }
        }
        drop(store);
        for more in read.consumed {
            match outcome.consumed.iter_mut().find(|consumed| consumed.table_name == more.table_name) {
                Some(consumed) => consumed.table += more.table,
                None => outcome.consumed.push(more),
            }
        }
        outcome
    }

    /// The reads that follow a transaction: of the items of cached tables that it wrote. None where it wrote none.
    pub fn read_again(&self, transaction: &TransactWriteItems) -> Option<TransactGetItems> {
        let written = transaction.transact_items.iter().filter_map(|action| match action {
            TransactWrite::ConditionCheck(_) => None,
            TransactWrite::Put(put) => Some((&put.table_name, &*put.item)),
            TransactWrite::Update(update) => Some((&update.table_name, &update.key)),
            TransactWrite::Delete(delete) => Some((&delete.table_name, &delete.key)),
        });
        let read = |(table, attributes): (&TableName, &Item)| {
            let schema = &self.tables.get(table)?.key;
            let part = |name: &std::sync::Arc<str>| Some(((&**name).into(), attributes.get(name)?.clone()));
            let key: Item = schema.attributes().map(|attribute| part(&attribute.name)).collect::<Option<_>>()?;
            Some(TransactGet {
                table_name: table.clone(),
                key,
                projection_expression: None,
                placeholders: Placeholders::default(),
            })
        };
        let transact_items: Vec<TransactGet> = written.filter_map(read).take(TRANSACTION_ITEMS_MAX).collect();
        (!transact_items.is_empty()).then_some(TransactGetItems { transact_items })
    }
}

/// A batch, parted into what is held and the rest.
struct Split {
    found: Vec<(TableName, Vec<PackedItem>)>,
    hits: u64,
    rest: BatchGetItem,
}

/// The request for the whole item.
fn whole(get: &GetItem) -> Request {
    Request::GetItem(GetItem { projection_expression: None, placeholders: Placeholders::default(), ..get.clone() })
}

/// The outcome of a transaction without what was read after it.
fn without_reads(outcome: &Outcome) -> Outcome {
    let mut outcome = outcome.clone();
    for consumed in &mut outcome.consumed {
        consumed.table.read = CapacityUnits::ZERO;
    }
    outcome
}

/// An answer of the cache: nothing is consumed.
fn answer(output: Output) -> Outcome {
    Outcome {
        result: Ok(Response { output }),
        consumed: Vec::new(),
        item_collections: Vec::new(),
        delayed: Duration::ZERO,
        from_cache: true,
    }
}

/// Gathers what a number hashes: equal numbers, however written, make equal keys.
struct Bytes<'k>(&'k mut Key);

impl Hasher for Bytes<'_> {
    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn finish(&self) -> u64 {
        0
    }
}
