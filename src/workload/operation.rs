//! Operations of a workload: how a request is drawn for each.

use std::sync::Arc;

use compact_str::CompactString;
use smallvec::SmallVec;

use crate::api::{
    AttributeNames, BatchGetItem, BatchWriteItem, ConditionCheck, DeleteItem, GetItem, IndexName, KeysAndAttributes,
    Operation, Placeholders, PutItem, Query, Request, ReturnValues, Scan, Segment, TransactGet, TransactGetItems,
    TransactWrite, TransactWriteItems, UpdateItem, WriteRequest,
};
use crate::item::{AttributeValue, Item};
use crate::random::{Random, Stream};

use super::distribution::key::KeyDistribution;
use super::distribution::size::SizeDistribution;
use super::generator::{Generator, Subject};
use super::plan::Shot;
use super::table::{ItemTemplate, Table};

/// Tries to find a record that is not part of the same batch or transaction yet, before the next free one is taken.
const DISTINCT_TRIES: usize = 32;
/// The lowest record number that is never loaded nor inserted: `missing` keys lie from here on.
pub(super) const MISSING_FROM: u64 = 1 << 52;

/// An operation of the mix.
#[derive(Debug, Clone)]
pub struct OperationSpec {
    /// Its name in results.
    pub name: Arc<str>,
    /// The API operation.
    pub operation: Operation,
    /// Its weight in the mix.
    pub weight: f64,
    /// Whether a failed condition counts as a success.
    pub condition_failed_is_success: bool,
    /// Whether a query or scan is followed to its last page.
    pub all_pages: bool,
    pub(super) kind: Kind,
    /// Draws the size of a batch; apart from the operation's own stream, because the plan must know it first.
    pub(super) batch_sizes: Stream,
}

/// What an operation does, with all that is needed to draw a request.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    Action(Action),
    Query(QuerySpec),
    Scan(ScanSpec),
    BatchGet { of: Action, size: Arc<dyn SizeDistribution> },
    BatchWrite { of: Action, size: Arc<dyn SizeDistribution>, deletes: f64 },
    TransactGet(Vec<Action>),
    TransactWrite(Vec<Action>),
}

/// A read or write of one item: an operation of its own, or part of a batch or transaction.
#[derive(Debug, Clone)]
pub(super) struct Action {
    pub verb: Verb,
    pub table: usize,
    pub key: KeyChoice,
    pub consistent_read: bool,
    pub projection: Option<Arc<str>>,
    pub condition: Option<Arc<str>>,
    pub update: Option<Arc<str>>,
    pub placeholders: PlaceholderTemplate,
    /// The item of a put.
    pub template: Option<ItemTemplate>,
}

/// What an action does to its item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Get,
    Put,
    Update,
    Delete,
    ConditionCheck,
}

/// Which record an action is about.
#[derive(Debug, Clone)]
pub(super) enum KeyChoice {
    Existing(Arc<dyn KeyDistribution>),
    Sequential,
    New,
    Missing,
    Record(u64),
    SameAs(usize),
}

#[derive(Debug, Clone)]
pub(super) struct QuerySpec {
    pub table: usize,
    pub key: KeyChoice,
    pub index: Option<IndexName>,
    pub key_condition: Arc<str>,
    pub filter: Option<Arc<str>>,
    pub projection: Option<Arc<str>>,
    pub placeholders: PlaceholderTemplate,
    pub limit: Option<Arc<dyn SizeDistribution>>,
    pub forward: bool,
    pub consistent_read: bool,
}

#[derive(Debug, Clone)]
pub(super) struct ScanSpec {
    pub table: usize,
    pub index: Option<IndexName>,
    pub filter: Option<Arc<str>>,
    pub projection: Option<Arc<str>>,
    pub placeholders: PlaceholderTemplate,
    pub limit: Option<Arc<dyn SizeDistribution>>,
    pub segments: Option<u32>,
    pub consistent_read: bool,
}

/// The placeholders of a request, with values still to be drawn.
#[derive(Debug, Clone, Default)]
pub(super) struct PlaceholderTemplate {
    pub names: AttributeNames,
    pub values: Vec<(CompactString, Generator)>,
}

impl PlaceholderTemplate {
    fn draw(&self, subject: &Subject<'_>, random: &mut Random) -> Placeholders {
        let values =
            self.values.iter().map(|(name, generator)| (name.clone(), generator.draw(subject, random))).collect();
        Placeholders { names: self.names.clone(), values }
    }
}

impl OperationSpec {
    /// How many new records the operation inserts into which tables.
    pub(crate) fn inserts(&self, index: u64) -> impl Iterator<Item = (usize, u64)> {
        let inserts_of = |action: &Action, count| matches!(action.key, KeyChoice::New).then_some((action.table, count));
        let (actions, count): (&[Action], u64) = match &self.kind {
            Kind::Action(action) => (std::slice::from_ref(action), 1),
            Kind::BatchWrite { of, size, .. } => (std::slice::from_ref(of), self.batch_size(size, index)),
            Kind::TransactWrite(actions) => (actions, 1),
            Kind::Query(_) | Kind::Scan(_) | Kind::BatchGet { .. } | Kind::TransactGet(_) => (&[], 0),
        };
        actions.iter().filter_map(move |action| inserts_of(action, count))
    }

    /// Whether it deletes items.
    pub(crate) fn deletes(&self) -> bool {
        let actions: &[Action] = match &self.kind {
            Kind::Action(action) => std::slice::from_ref(action),
            Kind::BatchWrite { of, .. } => std::slice::from_ref(of),
            Kind::TransactWrite(actions) => actions,
            Kind::Query(_) | Kind::Scan(_) | Kind::BatchGet { .. } | Kind::TransactGet(_) => &[],
        };
        actions.iter().any(|action| matches!(action.verb, Verb::Delete))
    }

    /// Whether it reads no more than a limit of items from one end of an item collection, however long that is.
    pub fn reads_an_end(&self) -> bool {
        match &self.kind {
            Kind::Query(query) => {
                let narrows = query.key_condition.to_ascii_uppercase().contains(" AND ");
                query.limit.is_some() && !self.all_pages && !narrows
            }
            _ => false,
        }
    }

    /// Whether it queries or scans an index.
    pub const fn reads_index(&self) -> bool {
        match &self.kind {
            Kind::Query(query) => query.index.is_some(),
            Kind::Scan(scan) => scan.index.is_some(),
            _ => false,
        }
    }

    /// The table an operation on single records is about, and the share of its requests that go to the hottest record.
    pub(super) fn hottest_key(&self, tables: &[Table]) -> Option<(usize, f64)> {
        let (table, key) = match &self.kind {
            Kind::Action(action) => (action.table, &action.key),
            Kind::Query(query) if query.index.is_none() => (query.table, &query.key),
            _ => return None,
        };
        match key {
            KeyChoice::Existing(distribution) => Some((table, distribution.hottest_share(tables[table].items))),
            KeyChoice::Record(_) => Some((table, 1.0)),
            _ => None,
        }
    }

    /// The tables it reads by eventually consistent GetItem or BatchGetItem, which a cache may answer.
    pub(super) fn cacheable_reads(&self) -> impl Iterator<Item = usize> {
        let read = match &self.kind {
            Kind::Action(action) if action.verb == Verb::Get => Some(action),
            Kind::BatchGet { of, .. } => Some(of),
            _ => None,
        };
        read.into_iter().filter(|action| !action.consistent_read).map(|action| action.table)
    }

    fn batch_size(&self, size: &Arc<dyn SizeDistribution>, index: u64) -> u64 {
        size.sample(&mut self.batch_sizes.at(index)).max(1)
    }

    /// Draws the request of a shot. Depends on the shot and the random stream alone.
    pub fn draw(&self, tables: &[Table], shot: &Shot, random: &mut Random) -> Request {
        self.draw_about(tables, shot, random).0
    }

    /// Draws the request of a shot, and says which records of which tables it is about.
    pub fn draw_about(&self, tables: &[Table], shot: &Shot, random: &mut Random) -> (Request, About) {
        let about = About::new();
        let mut drawing = Drawing { tables, shot, random, stride: 1, taken: Vec::new(), new: Vec::new(), about };
        (self.draw_by(&mut drawing), drawing.about)
    }

    fn draw_by(&self, drawing: &mut Drawing<'_>) -> Request {
        let (tables, shot) = (drawing.tables, drawing.shot);
        match &self.kind {
            Kind::Action(action) => {
                let record = drawing.record(action, false);
                match drawing.action(action, record) {
                    Drawn::Get(get) => Request::GetItem(get),
                    Drawn::Write(TransactWrite::Put(put)) => Request::PutItem(put),
                    Drawn::Write(TransactWrite::Update(update)) => Request::UpdateItem(update),
                    Drawn::Write(TransactWrite::Delete(delete)) => Request::DeleteItem(delete),
                    Drawn::Write(TransactWrite::ConditionCheck(_)) => {
                        unreachable!("checking allows condition checks in transactions only")
                    }
                }
            }
            Kind::Query(query) => drawing.query(query),
            Kind::Scan(scan) => drawing.scan(scan),
            Kind::BatchGet { of, size } => {
                let table = &tables[of.table];
                let count = self.batch_size(size, shot.index);
                drawing.stride = *size.bounds().end();
                let keys = (0..count).filter_map(|_| drawing.distinct_record(of)).map(|record| table.key(record));
                let keys: Vec<Item> = keys.collect();
                let subject = table.subject(0, shot.counter, shot.epoch_nanos, &NO_KEY);
                let keys_and_attributes = KeysAndAttributes {
                    keys,
                    consistent_read: of.consistent_read,
                    projection_expression: of.projection.clone(),
                    placeholders: of.placeholders.draw(&subject, drawing.random),
                };
                let request_items = vec![(table.create.name.clone(), keys_and_attributes)];
                Request::BatchGetItem(BatchGetItem { request_items })
            }
            Kind::BatchWrite { of, size, deletes } => {
                let table = &tables[of.table];
                let count = self.batch_size(size, shot.index);
                drawing.stride = *size.bounds().end();
                let mut writes = Vec::with_capacity(count as usize);
                for _ in 0..count {
                    let delete = *deletes > 0.0 && drawing.random.unit() < *deletes;
                    let Some(record) = drawing.distinct_record(of) else { break };
                    if delete {
                        writes.push(WriteRequest::Delete(table.key(record)));
                    } else if let Drawn::Write(TransactWrite::Put(put)) = drawing.action(of, record) {
                        writes.push(WriteRequest::Put(put.item));
                    }
                }
                let request_items = vec![(table.create.name.clone(), writes)];
                Request::BatchWriteItem(BatchWriteItem { request_items })
            }
            Kind::TransactGet(actions) => {
                let transact_items = drawing.transaction(actions).filter_map(|drawn| match drawn {
                    Drawn::Get(get) => Some(TransactGet {
                        table_name: get.table_name,
                        key: get.key,
                        projection_expression: get.projection_expression,
                        placeholders: get.placeholders,
                    }),
                    Drawn::Write(_) => None,
                });
                Request::TransactGetItems(TransactGetItems { transact_items: transact_items.collect() })
            }
            Kind::TransactWrite(actions) => {
                let transact_items = drawing.transaction(actions).filter_map(|drawn| match drawn {
                    Drawn::Write(write) => Some(write),
                    Drawn::Get(_) => None,
                });
                let transact_items = transact_items.collect();
                let token = match Generator::Uuid.draw(&tables[0].subject(0, 0, 0, &NO_KEY), drawing.random) {
                    AttributeValue::S(token) => Some(token),
                    _ => None,
                };
                Request::TransactWriteItems(TransactWriteItems { transact_items, client_request_token: token })
            }
        }
    }
}

static NO_KEY: Item = Item::new();

/// An action with everything drawn.
enum Drawn {
    Get(GetItem),
    Write(TransactWrite),
}

/// One request in the making.
struct Drawing<'a> {
    tables: &'a [Table],
    shot: &'a Shot,
    random: &'a mut Random,
    /// How many records in a row are this request's where they are taken in order.
    stride: u64,
    /// Records that actions of this request are about, with their tables.
    taken: Vec<(usize, u64)>,
    /// Tables of the records this request inserts.
    new: Vec<usize>,
    about: About,
}

/// Records that a request is about, with their tables; of a query one record of its item collection, of a scan none.
pub type About = SmallVec<[(usize, u64); 1]>;

impl Drawing<'_> {
    /// The record an action is about. In a batch or transaction the records drawn before count for `new` and `same_as`.
    fn record(&mut self, action: &Action, of_several: bool) -> u64 {
        let record = self.draw_record(action, of_several);
        self.about.push((action.table, record));
        record
    }

    fn draw_record(&mut self, action: &Action, of_several: bool) -> u64 {
        let population = self.shot.populations[action.table];
        match &action.key {
            KeyChoice::Existing(distribution) => distribution.draw(population, self.random),
            KeyChoice::Sequential => {
                let first = self.shot.counter.wrapping_mul(self.stride);
                first.wrapping_add(self.taken.len() as u64).checked_rem(population).unwrap_or(0)
            }
            KeyChoice::New => {
                let before = self.new.iter().filter(|table| **table == action.table).count() as u64;
                if of_several {
                    self.new.push(action.table);
                }
                population + before
            }
            KeyChoice::Missing => MISSING_FROM + self.random.below(MISSING_FROM),
            KeyChoice::Record(record) => *record,
            KeyChoice::SameAs(number) => self.taken.get(number - 1).map_or(0, |(_, record)| *record),
        }
    }

    /// A record that no action of this request is about yet; `None` where every record of the table is.
    fn distinct_record(&mut self, action: &Action) -> Option<u64> {
        let mut record = self.record(action, true);
        let is_taken = |taken: &[(usize, u64)], record| taken.contains(&(action.table, record));
        let mut tries = 1;
        while is_taken(&self.taken, record) && tries < DISTINCT_TRIES && !matches!(action.key, KeyChoice::New) {
            record = self.record(action, true);
            tries += 1;
        }
        let population = self.shot.populations[action.table].max(1);
        let mut probes = 0;
        while is_taken(&self.taken, record) {
            if probes == population {
                return None;
            }
            record = (record + 1) % population;
            probes += 1;
        }
        self.taken.push((action.table, record));
        Some(record)
    }

    /// The actions of a transaction, each about an item of its own.
    fn transaction(&mut self, actions: &[Action]) -> impl Iterator<Item = Drawn> {
        let mut drawn = Vec::with_capacity(actions.len());
        for action in actions {
            if let Some(record) = self.distinct_record(action) {
                drawn.push(self.action(action, record));
            }
        }
        drawn.into_iter()
    }

    fn action(&mut self, action: &Action, record: u64) -> Drawn {
        let table = &self.tables[action.table];
        let table_name = table.create.name.clone();
        let key = table.key(record);
        let subject = table.subject(record, self.shot.counter, self.shot.epoch_nanos, &key);
        let placeholders = action.placeholders.draw(&subject, self.random);
        let condition_expression = action.condition.clone();
        let return_values = ReturnValues::None;
        let return_item_on_condition_failure = false;
        Drawn::Write(match action.verb {
            Verb::Get => {
                return Drawn::Get(GetItem {
                    table_name,
                    key,
                    consistent_read: action.consistent_read,
                    projection_expression: action.projection.clone(),
                    placeholders,
                });
            }
            Verb::Put => TransactWrite::Put(PutItem {
                table_name,
                item: Arc::new(match &action.template {
                    Some(template) => template.item(&subject, self.random),
                    None => table.template.item(&subject, self.random),
                }),
                condition_expression,
                placeholders,
                return_values,
                return_item_on_condition_failure,
            }),
            Verb::Update => TransactWrite::Update(UpdateItem {
                table_name,
                key,
                update_expression: action.update.clone(),
                condition_expression,
                placeholders,
                return_values,
                return_item_on_condition_failure,
            }),
            Verb::Delete => TransactWrite::Delete(DeleteItem {
                table_name,
                key,
                condition_expression,
                placeholders,
                return_values,
                return_item_on_condition_failure,
            }),
            Verb::ConditionCheck => TransactWrite::ConditionCheck(ConditionCheck {
                table_name,
                key,
                condition_expression: condition_expression.unwrap_or_else(|| Arc::from("")),
                placeholders,
                return_item_on_condition_failure,
            }),
        })
    }

    fn query(&mut self, query: &QuerySpec) -> Request {
        let table = &self.tables[query.table];
        let population = self.shot.populations[query.table];
        let record = match &query.key {
            KeyChoice::Existing(distribution) => distribution.draw(population, self.random),
            KeyChoice::Sequential => self.shot.counter.checked_rem(population).unwrap_or(0),
            KeyChoice::Missing => MISSING_FROM + self.random.below(MISSING_FROM),
            KeyChoice::Record(record) => *record,
            KeyChoice::New | KeyChoice::SameAs(_) => population,
        };
        self.about.push((query.table, record));
        let key = table.key(record);
        let subject = table.subject(record, self.shot.counter, self.shot.epoch_nanos, &key);
        Request::Query(Query {
            table_name: table.create.name.clone(),
            index_name: query.index.clone(),
            key_condition_expression: Arc::clone(&query.key_condition),
            filter_expression: query.filter.clone(),
            projection_expression: query.projection.clone(),
            placeholders: query.placeholders.draw(&subject, self.random),
            select: None,
            limit: draw_limit(query.limit.as_ref(), self.random),
            scan_index_forward: query.forward,
            consistent_read: query.consistent_read,
            exclusive_start_key: None,
        })
    }

    fn scan(&mut self, scan: &ScanSpec) -> Request {
        let table = &self.tables[scan.table];
        let subject = table.subject(0, self.shot.counter, self.shot.epoch_nanos, &NO_KEY);
        Request::Scan(Scan {
            table_name: table.create.name.clone(),
            index_name: scan.index.clone(),
            filter_expression: scan.filter.clone(),
            projection_expression: scan.projection.clone(),
            placeholders: scan.placeholders.draw(&subject, self.random),
            select: None,
            limit: draw_limit(scan.limit.as_ref(), self.random),
            segment: scan.segments.map(|total_segments| Segment {
                segment: self.random.below(u64::from(total_segments)) as u32,
                total_segments,
            }),
            consistent_read: scan.consistent_read,
            exclusive_start_key: None,
        })
    }
}

fn draw_limit(limit: Option<&Arc<dyn SizeDistribution>>, random: &mut Random) -> Option<u32> {
    limit.map(|limit| u32::try_from(limit.sample(random).max(1)).unwrap_or(u32::MAX))
}
