//! Random sequences of all ten operations against a model written apart from the engine: one sorted map of items, indexes
//! made anew for every question, units computed from scratch.

mod source;
mod step;

use std::collections::BTreeMap;
use std::time::Duration;

use dynamometer::api::*;
use dynamometer::engine::{Enforcement, Engine, EngineOptions};
use dynamometer::item::{AttributeValue, Item, PackedItem};
use dynamometer::time::Time;
use proptest::prelude::*;

use crate::engine_requests::*;
use source::{
    Cost, ItemKey, SOURCES, Source, TABLE, add, change_cost, collections, consumed, definition, footprint, read_cost,
    size, write_cost,
};
use step::{Range, Step, When, Write, has_duplicates, key_of, number, steps};

/// The order of sort keys: of one attribute, all strings or all numbers.
fn rank(value: Option<&AttributeValue>) -> (String, i64) {
    match value {
        Some(AttributeValue::S(text)) => (text.to_string(), 0),
        Some(value) => (String::new(), number(value)),
        None => Default::default(),
    }
}

struct Model {
    engine: Engine,
    /// Whether requests may be throttled.
    limited: bool,
    now: Time,
    items: BTreeMap<ItemKey, Item>,
    sum: BTreeMap<&'static str, (u64, u64)>,
    /// What transactions with a token said, and when they ended.
    tokens: BTreeMap<u8, (String, Time)>,
    /// Until when transactions hold items.
    held: BTreeMap<ItemKey, Time>,
}

impl Model {
    fn new(options: EngineOptions, mode: CapacityMode) -> Self {
        let limited = options.capacity == Enforcement::Enforced;
        let engine = Engine::new(options);
        engine.create_table(Time::ZERO, &definition(mode)).unwrap();
        Model {
            engine,
            limited,
            now: Time::ZERO,
            items: BTreeMap::new(),
            sum: BTreeMap::new(),
            tokens: BTreeMap::new(),
            held: BTreeMap::new(),
        }
    }

    fn is_held(&self, key: ItemKey) -> bool {
        self.held.get(&key).is_some_and(|until| self.now < *until)
    }

    /// How large an item collection is.
    fn collection(&self, partition: u8) -> i64 {
        self.items.iter().filter(|((p, _), _)| *p == partition).map(|(_, item)| footprint(Some(item))).sum()
    }

    /// Whether an item collection may not grow that much.
    fn has_no_room(&self, partition: u8, growth: i64) -> bool {
        let most = self.engine.options().item_collection_max_bytes as i64;
        growth > 0 && self.collection(partition) + growth > most
    }

    /// Executes; `None` is a throttled request, which consumed nothing.
    fn execute(&mut self, request: Request) -> Option<Outcome> {
        let outcome = self.engine.execute(self.now, &request);
        for table in &outcome.consumed {
            let indexes = table.local_secondary_indexes.iter().chain(&table.global_secondary_indexes);
            let named = indexes.map(|(name, units)| {
                (SOURCES.iter().filter_map(|source| source.name).find(|known| **known == **name).unwrap(), *units)
            });
            for (name, units) in named.chain([("", table.table)]) {
                let sum = self.sum.entry(name).or_default();
                *sum = (sum.0 + units.read.as_halves(), sum.1 + units.write.as_halves());
            }
        }
        let throttled = outcome.result.as_ref().is_err_and(|error| !error.throttling_reasons.is_empty());
        if throttled {
            assert!(self.limited);
            assert_eq!(outcome.consumed, []);
            return None;
        }
        Some(outcome)
    }

    fn write(&mut self, write: &Write, when: When, old_image: bool) {
        let key = write.key();
        let return_values = if old_image { ReturnValues::AllOld } else { ReturnValues::None };
        let request = match write.action(when) {
            TransactWrite::Put(put) => Request::PutItem(PutItem { return_values, ..put }),
            TransactWrite::Update(update) => Request::UpdateItem(UpdateItem { return_values, ..update }),
            TransactWrite::Delete(delete) => Request::DeleteItem(DeleteItem { return_values, ..delete }),
            TransactWrite::ConditionCheck(_) => return,
        };
        let Some(outcome) = self.execute(request) else { return };
        if self.is_held(key) {
            assert_eq!(error(&outcome).kind, ErrorKind::TransactionConflict);
            assert_eq!(consumed(&outcome), Cost::new());
            return;
        }
        let old = self.items.get(&key).cloned();
        let new = write.after(old.as_ref());
        if !when.holds(old.as_ref()) {
            assert_eq!(error(&outcome).kind, ErrorKind::ConditionalCheckFailed);
            let bytes = size(old.as_ref()).max(size(new.as_ref()));
            assert_eq!(consumed(&outcome), Cost::from([("", write_cost(bytes))]));
            return;
        }
        if self.has_no_room(key.0, footprint(new.as_ref()) - footprint(old.as_ref())) {
            assert_eq!(error(&outcome).kind, ErrorKind::ItemCollectionSizeLimitExceeded);
            assert_eq!(consumed(&outcome), Cost::new());
            return;
        }
        let Output::Write { attributes } = output(&outcome) else { panic!() };
        assert_eq!(attributes.as_ref().map(PackedItem::to_item).as_ref(), old.as_ref().filter(|_| old_image));
        assert_eq!(consumed(&outcome), change_cost(old.as_ref(), new.as_ref(), 1));
        self.set(key, new);
        assert_eq!(collections(&outcome), [(key.0, self.collection(key.0))]);
    }

    fn set(&mut self, key: ItemKey, item: Option<Item>) {
        match item {
            Some(item) => drop(self.items.insert(key, item)),
            None => drop(self.items.remove(&key)),
        }
    }

    fn get(&mut self, key: ItemKey, consistent_read: bool) {
        let request = Request::GetItem(GetItem { consistent_read, ..get(TABLE, key_of(key)) });
        let Some(outcome) = self.execute(request) else { return };
        let Output::GetItem { item } = output(&outcome) else { panic!() };
        let expected = self.items.get(&key);
        assert_eq!(item.as_ref().map(PackedItem::to_item).as_ref(), expected);
        let factor = if consistent_read { 2 } else { 1 };
        assert_eq!(consumed(&outcome), Cost::from([("", read_cost(size(expected), factor))]));
    }

    /// The entries of a source with their items, in the order of a query.
    fn entries(&self, source: &Source) -> Vec<(Item, Item)> {
        let entry = |item: &Item| Some((source.entry(item)?, item.clone()));
        let mut entries: Vec<(Item, Item)> = self.items.values().filter_map(entry).collect();
        entries.sort_by_key(|(entry, _)| {
            let sort: Vec<_> = source.sort.iter().map(|sort| rank(entry.get(sort))).collect();
            (sort, rank(entry.get("p")), rank(entry.get("k")))
        });
        entries
    }

    /// What a page over these entries costs and returns.
    fn page_cost(source: &Source, page: &[(Item, Item)], fetches: bool) -> Cost {
        let bytes = page.iter().map(|(entry, _)| entry.size_bytes()).sum();
        let mut cost = Cost::from([(source.name.unwrap_or(""), read_cost(bytes, 1))]);
        let fetched: u64 = page.iter().map(|(_, item)| read_cost(item.size_bytes(), 1)).sum();
        if fetches && fetched > 0 {
            cost.insert("", fetched);
        }
        cost
    }

    #[allow(clippy::too_many_arguments, reason = "one argument for every parameter of the request that is varied")]
    fn query(
        &mut self,
        source: &Source,
        value: u8,
        leading: Option<i64>,
        range: Range,
        ascending: bool,
        limit: Option<u32>,
        all: bool,
        filter: bool,
    ) {
        let of_number = |name: &str| matches!(name, "k" | "h" | "e");
        // Of several attributes the second has fewer values.
        let partition_value = |(at, name): (usize, &&'static str)| {
            let value = if at == 0 { value } else { value % 2 };
            (*name, if of_number(name) { n(i64::from(value)) } else { s(format!("{name}{value}")) })
        };
        let partition: Vec<(&str, AttributeValue)> = source.partition.iter().enumerate().map(partition_value).collect();
        let (leading, sort) = match (source.sort, leading) {
            ([first, second], Some(leading)) => (Some((*first, leading)), *second),
            ([first, ..], _) if of_number(first) => (None, *first),
            _ => (None, ""),
        };
        let (range_text, holds): (String, Box<dyn Fn(i64) -> bool>) = match range {
            _ if sort.is_empty() => (String::new(), Box::new(|_| true)),
            Range::All => (String::new(), Box::new(|_| true)),
            Range::Equal(a) => (format!(" AND {sort} = :a"), Box::new(move |x| x == a)),
            Range::Less(a) => (format!(" AND {sort} < :a"), Box::new(move |x| x < a)),
            Range::AtLeast(a) => (format!(" AND {sort} >= :a"), Box::new(move |x| x >= a)),
            Range::Between(a, b) => (format!(" AND {sort} BETWEEN :a AND :b"), Box::new(move |x| a <= x && x <= b)),
        };
        let mut placeholders = Placeholders::default();
        let mut conditions = Vec::new();
        for (at, (name, value)) in partition.iter().enumerate() {
            placeholders.values.insert(format!(":v{at}").into(), value.clone());
            conditions.push(format!("{name} = :v{at}"));
        }
        if let Some((name, leading)) = leading {
            placeholders.values.insert(":l".into(), n(leading));
            conditions.push(format!("{name} = :l"));
        }
        if !range_text.is_empty() {
            let (Range::Equal(a) | Range::Less(a) | Range::AtLeast(a) | Range::Between(a, _)) = range else { panic!() };
            placeholders.values.insert(":a".into(), n(a));
        }
        if let (Range::Between(_, b), false) = (range, range_text.is_empty()) {
            placeholders.values.insert(":b".into(), n(b));
        }
        let fetches = all && source.local && source.holds.is_some();
        let select = (all && (source.local || source.holds.is_none())).then_some(Select::AllAttributes);
        let mut expected = self.entries(source);
        expected.retain(|(entry, _)| {
            partition.iter().all(|(name, value)| entry.get(name) == Some(value))
                && leading.is_none_or(|(name, leading)| number(entry.get(name).unwrap()) == leading)
                && (sort.is_empty() || holds(number(entry.get(sort).unwrap())))
        });
        if !ascending {
            expected.reverse();
        }
        let mut request = Query {
            limit,
            select,
            scan_index_forward: ascending,
            filter_expression: filter.then(|| "attribute_exists(c)".into()),
            ..query(TABLE, source.name, &format!("{}{range_text}", conditions.join(" AND ")), placeholders)
        };
        let most = limit.map_or(usize::MAX, |limit| limit as usize);
        let mut rest = &expected[..];
        loop {
            let Some(outcome) = self.execute(Request::Query(request.clone())) else { return };
            let (now, later) = rest.split_at(rest.len().min(most));
            let found = page(&outcome);
            let returned = now.iter().map(|(entry, item)| if fetches { item } else { entry });
            let passing: Vec<Item> = returned.filter(|item| !filter || item.get("c").is_some()).cloned().collect();
            assert_eq!(found.items, passing);
            assert_eq!((found.count, found.scanned_count), (passing.len() as u64, now.len() as u64));
            assert_eq!(consumed(&outcome), Self::page_cost(source, now, fetches));
            assert_eq!(found.last_evaluated_key.is_some(), now.len() == most);
            rest = later;
            request.exclusive_start_key = found.last_evaluated_key.clone();
            if request.exclusive_start_key.is_none() {
                assert_eq!(rest, []);
                return;
            }
        }
    }

    fn scan(&mut self, source: &Source, limit: Option<u32>, total_segments: u32, all: bool) {
        let fetches = all && source.local && source.holds.is_some();
        let select = (all && (source.local || source.holds.is_none())).then_some(Select::AllAttributes);
        let expected = self.entries(source);
        let by_item: BTreeMap<ItemKey, &(Item, Item)> = expected
            .iter()
            .map(|pair| ((rank(pair.1.get("p")).0[1..].parse().unwrap(), number(pair.1.get("k").unwrap())), pair))
            .collect();
        let mut found = Vec::new();
        for segment in 0..total_segments {
            let segment = Some(Segment { segment, total_segments });
            let mut request = Scan { limit, select, segment, ..scan(TABLE, source.name) };
            loop {
                let Some(outcome) = self.execute(Request::Scan(request.clone())) else { return };
                let scanned = page(&outcome);
                let mut pairs = Vec::new();
                for item in scanned.items.iter().map(PackedItem::to_item) {
                    let key = (rank(item.get("p")).0[1..].parse().unwrap(), number(item.get("k").unwrap()));
                    let pair = by_item[&key];
                    assert_eq!(item, if fetches { pair.1.clone() } else { pair.0.clone() });
                    found.push(key);
                    pairs.push(pair.clone());
                }
                assert_eq!(consumed(&outcome), Self::page_cost(source, &pairs, fetches));
                let full = limit.is_some_and(|limit| scanned.scanned_count == u64::from(limit));
                assert_eq!(scanned.last_evaluated_key.is_some(), full);

                // The same page through a filter costs the same and ends at the same place.
                let filtered = Scan { filter_expression: Some("attribute_exists(c)".into()), ..request.clone() };
                let Some(filtered) = self.execute(Request::Scan(filtered)) else { return };
                let passing: Vec<_> = scanned.items.iter().filter(|item| item.get("c").is_some()).cloned().collect();
                assert_eq!(page(&filtered).items, passing);
                assert_eq!(page(&filtered).last_evaluated_key, scanned.last_evaluated_key);
                assert_eq!(consumed(&filtered), consumed(&outcome));

                request.exclusive_start_key = scanned.last_evaluated_key.clone();
                if request.exclusive_start_key.is_none() {
                    break;
                }
            }
        }
        found.sort_unstable();
        assert_eq!(found, by_item.into_keys().collect::<Vec<_>>());
    }

    fn batch_get(&mut self, keys: &[ItemKey], consistent_read: bool) {
        let mut request = batch_get(TABLE, keys.iter().map(|key| key_of(*key)).collect());
        request.request_items[0].1.consistent_read = consistent_read;
        let Some(outcome) = self.execute(Request::BatchGetItem(request)) else { return };
        if has_duplicates(keys) {
            assert_eq!(error(&outcome).kind, ErrorKind::Validation);
            return;
        }
        let Output::BatchGetItem { responses, unprocessed_keys } = output(&outcome) else { panic!() };
        let unprocessed = |key: &ItemKey| unprocessed_keys.iter().any(|(_, left)| left.keys.contains(&key_of(*key)));
        let processed: Vec<ItemKey> = keys.iter().filter(|key| !unprocessed(key)).copied().collect();
        assert!(self.limited || processed.len() == keys.len());
        let found: Vec<Item> = processed.iter().filter_map(|key| self.items.get(key)).cloned().collect();
        assert_eq!(responses[0].1, found);
        let factor = if consistent_read { 2 } else { 1 };
        let cost: u64 = processed.iter().map(|key| read_cost(size(self.items.get(key)), factor)).sum();
        assert_eq!(consumed(&outcome), Cost::from([("", cost)]));
    }

    fn batch_write(&mut self, writes: &[Write]) {
        let asked = |write: &Write| match write {
            Write::Put { .. } => WriteRequest::Put(write.after(None).unwrap().into()),
            _ => WriteRequest::Delete(key_of(write.key())),
        };
        let request = batch_write(TABLE, writes.iter().map(asked).collect());
        let Some(outcome) = self.execute(Request::BatchWriteItem(request)) else { return };
        if has_duplicates(&writes.iter().map(Write::key).collect::<Vec<_>>()) {
            assert_eq!(error(&outcome).kind, ErrorKind::Validation);
            return;
        }
        let unprocessed: Vec<WriteRequest> = match &outcome.result {
            Ok(Response { output: Output::BatchWriteItem { unprocessed_items } }) => {
                unprocessed_items.iter().flat_map(|(_, left)| left).cloned().collect()
            }
            _ => Vec::new(),
        };
        let (mut held, mut no_room) = (Vec::new(), false);
        let (mut cost, mut touched) = (Cost::new(), Vec::new());
        for write in writes {
            let key = write.key();
            if self.is_held(key) {
                held.push(asked(write));
                continue;
            }
            if self.limited && unprocessed.contains(&asked(write)) {
                continue;
            }
            let old = self.items.get(&key).cloned();
            let new = matches!(write, Write::Put { .. }).then(|| write.after(None)).flatten();
            if self.has_no_room(key.0, footprint(new.as_ref()) - footprint(old.as_ref())) {
                no_room = true;
                continue;
            }
            add(&mut cost, &change_cost(old.as_ref(), new.as_ref(), 1));
            self.set(key, new);
            if !touched.contains(&key.0) {
                touched.push(key.0);
            }
        }
        assert_eq!(consumed(&outcome), cost);
        if no_room {
            assert_eq!(error(&outcome).kind, ErrorKind::ItemCollectionSizeLimitExceeded);
            return;
        }
        assert!(matches!(output(&outcome), Output::BatchWriteItem { .. }));
        assert!(held.iter().all(|asked| unprocessed.contains(asked)));
        assert!(self.limited || held.len() == unprocessed.len());
        assert_eq!(collections(&outcome), self.sizes(&touched));
    }

    fn sizes(&self, partitions: &[u8]) -> Vec<(u8, i64)> {
        partitions.iter().map(|partition| (*partition, self.collection(*partition))).collect()
    }

    fn transact_get(&mut self, keys: &[ItemKey]) {
        let transact_items = keys.iter().map(|key| transact_get(TABLE, key_of(*key))).collect();
        let Some(outcome) = self.execute(Request::TransactGetItems(TransactGetItems { transact_items })) else {
            return;
        };
        if has_duplicates(keys) {
            assert_eq!(error(&outcome).kind, ErrorKind::Validation);
            return;
        }
        if keys.iter().any(|key| self.is_held(*key)) {
            let code = |key: &ItemKey| if self.is_held(*key) { "TransactionConflict" } else { "None" };
            assert_eq!(codes(&outcome), keys.iter().map(code).collect::<Vec<_>>());
            let read = keys.iter().filter(|key| !self.is_held(**key));
            let cost: u64 = read.map(|key| read_cost(size(self.items.get(key)), 2)).sum();
            assert_eq!(consumed(&outcome), Cost::from_iter((cost > 0).then_some(("", cost))));
            return;
        }
        let Output::TransactGetItems { items } = output(&outcome) else { panic!() };
        let expected: Vec<Option<&Item>> = keys.iter().map(|key| self.items.get(key)).collect();
        assert_eq!(
            items.iter().map(|item| item.as_ref().map(PackedItem::to_item)).collect::<Vec<_>>(),
            expected.iter().map(|item| item.cloned()).collect::<Vec<_>>()
        );
        let cost = expected.iter().map(|item| read_cost(size(*item), 4)).sum();
        assert_eq!(consumed(&outcome), Cost::from([("", cost)]));
    }

    fn transact_write(&mut self, writes: &[(Write, When)], token: Option<u8>) {
        let request = TransactWriteItems {
            transact_items: writes.iter().map(|(write, when)| write.action(*when)).collect(),
            client_request_token: token.map(|token| token.to_string().into()),
        };
        let Some(outcome) = self.execute(Request::TransactWriteItems(request)) else { return };
        if has_duplicates(&writes.iter().map(|(write, _)| write.key()).collect::<Vec<_>>()) {
            assert_eq!(error(&outcome).kind, ErrorKind::Validation);
            return;
        }
        let text = format!("{writes:?}");
        match token.and_then(|token| self.tokens.get(&token)) {
            Some((known, _)) if *known != text => {
                assert_eq!(error(&outcome).kind, ErrorKind::IdempotentParameterMismatch);
                return;
            }
            Some((_, done)) if self.now < *done => {
                assert_eq!(error(&outcome).kind, ErrorKind::TransactionInProgress);
                return;
            }
            Some(_) => {
                let cost = writes.iter().map(|(write, _)| read_cost(size(self.items.get(&write.key())), 4)).sum();
                assert_eq!(consumed(&outcome), Cost::from([("", cost)]));
                return;
            }
            None => {}
        }
        let decided: Vec<Decided> = writes
            .iter()
            .map(|(write, when)| {
                let (key, old) = (write.key(), self.items.get(&write.key()).cloned());
                // A check that always holds needs the item: it compares its keys.
                let needs_item = matches!((write, when), (Write::Check { .. }, When::Always));
                let holds = when.holds(old.as_ref()) && (!needs_item || old.is_some());
                let code = match holds {
                    _ if self.is_held(key) => "TransactionConflict",
                    true => "None",
                    false => "ConditionalCheckFailed",
                };
                let changes = !matches!(write, Write::Check { .. });
                let new = write.after(old.as_ref());
                Decided { key, growth: footprint(new.as_ref()) - footprint(old.as_ref()), old, new, code, changes }
            })
            .collect();
        let made = |partition: u8| {
            decided.iter().filter(move |write| write.code == "None" && write.changes && write.key.0 == partition)
        };
        let has_no_room = |write: &Decided| {
            let growth = made(write.key.0).map(|write| write.growth).sum();
            write.code == "None" && write.growth > 0 && self.has_no_room(write.key.0, growth)
        };
        let code = |write| if has_no_room(write) { "ItemCollectionSizeLimitExceeded" } else { write.code };
        let expected: Vec<&str> = decided.iter().map(code).collect();
        let mut cost = Cost::new();
        if expected.iter().any(|code| *code != "None") {
            assert_eq!(codes(&outcome), expected);
            for (write, code) in decided.iter().zip(expected) {
                if matches!(code, "None" | "ConditionalCheckFailed") {
                    let bytes = size(write.old.as_ref()).max(size(write.new.as_ref()));
                    add(&mut cost, &Cost::from([("", write_cost(bytes))]));
                }
            }
            assert_eq!(consumed(&outcome), cost);
            return;
        }
        assert_eq!(*output(&outcome), Output::TransactWriteItems);
        let ends = self.now + self.engine.options().transaction_duration;
        let mut touched = Vec::new();
        for Decided { key, old, new, changes, .. } in decided {
            add(&mut cost, &change_cost(old.as_ref(), new.as_ref(), 2));
            self.set(key, new);
            self.held.insert(key, ends);
            if changes && !touched.contains(&key.0) {
                touched.push(key.0);
            }
        }
        assert_eq!(consumed(&outcome), cost);
        assert_eq!(collections(&outcome), self.sizes(&touched));
        token.map(|token| self.tokens.insert(token, (text, ends)));
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Write(write, when, old_image) => self.write(write, *when, *old_image),
            Step::Get(key, consistent_read) => self.get(*key, *consistent_read),
            Step::Query { source, value, leading, range, ascending, limit, all, filter } => {
                self.query(&SOURCES[*source], *value, *leading, *range, *ascending, *limit, *all, *filter);
            }
            Step::Scan { source, limit, total_segments, all } => {
                self.scan(&SOURCES[*source], *limit, *total_segments, *all);
            }
            Step::BatchGet(keys, consistent_read) => self.batch_get(keys, *consistent_read),
            Step::BatchWrite(writes) => self.batch_write(writes),
            Step::TransactGet(keys) => self.transact_get(keys),
            Step::TransactWrite(writes, token) => self.transact_write(writes, *token),
        }
    }

    /// At the end: what is stored, and the ledger against the sum of all outcomes.
    fn check(&self) {
        let description = self.engine.describe_table(Time::ZERO, TABLE).unwrap();
        let bytes: usize = self.items.values().map(Item::size_bytes).sum();
        assert_eq!((description.item_count, description.size_bytes), (self.items.len() as u64, bytes as u64));
        let ledger = self.engine.consumed(TABLE).unwrap();
        let indexes = ledger.local_secondary_indexes.iter().chain(&ledger.global_secondary_indexes);
        let all = indexes.map(|(name, units)| (&**name, *units)).chain([("", ledger.table)]);
        for (name, units) in all {
            let sum = self.sum.get(name).copied().unwrap_or_default();
            assert_eq!((units.read.as_halves(), units.write.as_halves()), sum, "{name}");
        }
    }
}

/// What the model thinks of one write of a transaction.
struct Decided {
    key: ItemKey,
    old: Option<Item>,
    new: Option<Item>,
    /// By how much its item collection grows.
    growth: i64,
    /// The cancellation reason, but for the room in its item collection.
    code: &'static str,
    changes: bool,
}

fn codes(outcome: &Outcome) -> Vec<&'static str> {
    let error = error(outcome);
    assert_eq!(error.kind, ErrorKind::TransactionCanceled);
    error.cancellation_reasons.iter().map(|reason| reason.code).collect()
}

fn agrees(options: EngineOptions, mode: CapacityMode, steps: &[(u64, Step)]) -> Model {
    let mut model = Model::new(options, mode);
    for (elapsed_nanos, step) in steps {
        model.now = Time::from_nanos(model.now.as_nanos() + elapsed_nanos);
        model.step(step);
    }
    model.check();
    model
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn the_engine_does_what_the_model_does(steps in steps()) {
        let options = EngineOptions { seed: 42, capacity: Enforcement::Off, ..EngineOptions::default() };
        agrees(options, CapacityMode::ON_DEMAND, &steps);
    }

    #[test]
    fn a_throttled_engine_does_what_the_model_does_and_no_more(steps in steps(), millis in 0u64..2_000) {
        let (read, write) = (2, 9);
        let transaction_duration = Duration::from_millis(millis);
        let options = EngineOptions { seed: 42, transaction_duration, ..EngineOptions::default() };
        let model = agrees(options, CapacityMode::provisioned(read, write), &steps);
        // Each resource grants what accrued, one second at hand at the start, and one request into debt.
        let ledger = model.engine.consumed(TABLE).unwrap();
        let local: Units = ledger.local_secondary_indexes.iter().fold(Units::default(), |mut sum, (_, units)| {
            sum += *units;
            sum
        });
        let mut base = ledger.table;
        base += local;
        let seconds = model.now.as_secs_f64() + 1.0;
        let debt = 150.0;
        for units in ledger.global_secondary_indexes.iter().map(|(_, units)| *units).chain([base]) {
            prop_assert!(units.read.as_f64() <= seconds * read as f64 + debt);
            prop_assert!(units.write.as_f64() <= seconds * write as f64 + debt);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// Steps are 0.2 s apart on average and touch 16 items in four collections, the largest of which have 100 KB.
    #[test]
    fn transactions_that_last_and_collections_that_fill_up_refuse_what_the_model_refuses(
        steps in steps(),
        millis in 1u64..5_000,
        item_collection_max_bytes in 1_000u64..50_000,
    ) {
        let transaction_duration = Duration::from_millis(millis);
        let capacity = Enforcement::Off;
        let options = EngineOptions {
            seed: 42, capacity, transaction_duration, item_collection_max_bytes, ..EngineOptions::default()
        };
        agrees(options, CapacityMode::ON_DEMAND, &steps);
    }
}
