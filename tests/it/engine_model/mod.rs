//! Random sequences of all ten operations against a model written apart from the engine: one sorted map of items, indexes
//! made anew for every question, units computed from scratch.

mod source;
mod step;

use std::collections::BTreeMap;

use dynamometer::api::*;
use dynamometer::engine::{Enforcement, Engine};
use dynamometer::item::{AttributeValue, Item};
use dynamometer::time::Time;
use proptest::prelude::*;

use crate::engine_requests::*;
use source::{
    Cost, ItemKey, SOURCES, Source, TABLE, add, change_cost, consumed, definition, read_cost, size, write_cost,
};
use step::{Range, Step, When, Write, key_of, number, steps};

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
    tokens: BTreeMap<u8, String>,
}

impl Model {
    fn new(capacity: Enforcement, mode: CapacityMode) -> Self {
        let engine = engine(capacity, &[definition(mode)]);
        let limited = capacity == Enforcement::Enforced;
        Model {
            engine,
            limited,
            now: Time::ZERO,
            items: BTreeMap::new(),
            sum: BTreeMap::new(),
            tokens: BTreeMap::new(),
        }
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
        let old = self.items.get(&key).cloned();
        let new = write.after(old.as_ref());
        if !when.holds(old.as_ref()) {
            assert_eq!(error(&outcome).kind, ErrorKind::ConditionalCheckFailed);
            let bytes = size(old.as_ref()).max(size(new.as_ref()));
            assert_eq!(consumed(&outcome), Cost::from([("", write_cost(bytes))]));
            return;
        }
        let Output::Write { attributes } = output(&outcome) else { panic!() };
        assert_eq!(attributes.as_deref(), old.as_ref().filter(|_| old_image));
        assert_eq!(consumed(&outcome), change_cost(old.as_ref(), new.as_ref(), 1));
        self.set(key, new);
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
        assert_eq!(item.as_deref(), expected);
        let factor = if consistent_read { 2 } else { 1 };
        assert_eq!(consumed(&outcome), Cost::from([("", read_cost(size(expected), factor))]));
    }

    /// The entries of a source with their items, in the order of a query.
    fn entries(&self, source: &Source) -> Vec<(Item, Item)> {
        let entry = |item: &Item| Some((source.entry(item)?, item.clone()));
        let mut entries: Vec<(Item, Item)> = self.items.values().filter_map(entry).collect();
        entries.sort_by_key(|(entry, _)| {
            let sort = source.sort.map(|sort| rank(entry.get(sort)));
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
        range: Range,
        ascending: bool,
        limit: Option<u32>,
        all: bool,
        filter: bool,
    ) {
        let of_number = |name: &str| matches!(name, "k" | "h");
        let partition =
            if of_number(source.partition) { n(i64::from(value)) } else { s(format!("{}{value}", source.partition)) };
        let sort = source.sort.filter(|sort| of_number(sort)).unwrap_or("");
        let (range_text, holds): (String, Box<dyn Fn(i64) -> bool>) = match range {
            _ if sort.is_empty() => (String::new(), Box::new(|_| true)),
            Range::All => (String::new(), Box::new(|_| true)),
            Range::Equal(a) => (format!(" AND {sort} = :a"), Box::new(move |x| x == a)),
            Range::Less(a) => (format!(" AND {sort} < :a"), Box::new(move |x| x < a)),
            Range::AtLeast(a) => (format!(" AND {sort} >= :a"), Box::new(move |x| x >= a)),
            Range::Between(a, b) => (format!(" AND {sort} BETWEEN :a AND :b"), Box::new(move |x| a <= x && x <= b)),
        };
        let mut placeholders = values([(":v", partition.clone())]);
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
            entry.get(source.partition) == Some(&partition)
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
            ..query(TABLE, source.name, &format!("{} = :v{range_text}", source.partition), placeholders)
        };
        let most = limit.map_or(usize::MAX, |limit| limit as usize);
        let mut rest = &expected[..];
        loop {
            let Some(outcome) = self.execute(Request::Query(request.clone())) else { return };
            let (now, later) = rest.split_at(rest.len().min(most));
            let found = page(&outcome);
            let returned = now.iter().map(|(entry, item)| if fetches { item } else { entry });
            let passing: Vec<&Item> = returned.filter(|item| !filter || item.get("c").is_some()).collect();
            assert_eq!(found.items.iter().map(|item| &**item).collect::<Vec<_>>(), passing);
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
                for item in &scanned.items {
                    let key = (rank(item.get("p")).0[1..].parse().unwrap(), number(item.get("k").unwrap()));
                    let pair = by_item[&key];
                    assert_eq!(**item, if fetches { pair.1.clone() } else { pair.0.clone() });
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
        let found: Vec<&Item> = processed.iter().filter_map(|key| self.items.get(key)).collect();
        assert_eq!(responses[0].1.iter().map(|item| &**item).collect::<Vec<_>>(), found);
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
        let Output::BatchWriteItem { unprocessed_items } = output(&outcome) else { panic!() };
        assert!(self.limited || unprocessed_items.is_empty());
        let mut cost = Cost::new();
        for write in writes {
            if unprocessed_items.iter().any(|(_, left)| left.contains(&asked(write))) {
                continue;
            }
            let old = self.items.get(&write.key()).cloned();
            let new = matches!(write, Write::Put { .. }).then(|| write.after(None)).flatten();
            add(&mut cost, &change_cost(old.as_ref(), new.as_ref(), 1));
            self.set(write.key(), new);
        }
        assert_eq!(consumed(&outcome), cost);
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
        let Output::TransactGetItems { items } = output(&outcome) else { panic!() };
        let expected: Vec<Option<&Item>> = keys.iter().map(|key| self.items.get(key)).collect();
        assert_eq!(items.iter().map(Option::as_deref).collect::<Vec<_>>(), expected);
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
            Some(known) if *known != text => {
                assert_eq!(error(&outcome).kind, ErrorKind::IdempotentParameterMismatch);
                return;
            }
            Some(_) => {
                let cost = writes.iter().map(|(write, _)| read_cost(size(self.items.get(&write.key())), 4)).sum();
                assert_eq!(consumed(&outcome), Cost::from([("", cost)]));
                return;
            }
            None => {}
        }
        let decided: Vec<(ItemKey, Option<Item>, Option<Item>, bool)> = writes
            .iter()
            .map(|(write, when)| {
                let old = self.items.get(&write.key()).cloned();
                // A check that always holds needs the item: it compares its keys.
                let needs_item = matches!((write, when), (Write::Check { .. }, When::Always));
                let holds = when.holds(old.as_ref()) && (!needs_item || old.is_some());
                (write.key(), old.clone(), write.after(old.as_ref()), holds)
            })
            .collect();
        let mut cost = Cost::new();
        if decided.iter().any(|(.., holds)| !holds) {
            let cancelled = error(&outcome);
            let codes: Vec<&str> = cancelled.cancellation_reasons.iter().map(|reason| reason.code).collect();
            let code = |holds: bool| if holds { "None" } else { "ConditionalCheckFailed" };
            assert_eq!(codes, decided.iter().map(|(.., holds)| code(*holds)).collect::<Vec<_>>());
            for (_, old, new, _) in &decided {
                add(&mut cost, &Cost::from([("", write_cost(size(old.as_ref()).max(size(new.as_ref()))))]));
            }
            assert_eq!(consumed(&outcome), cost);
            return;
        }
        assert_eq!(*output(&outcome), Output::TransactWriteItems);
        for (key, old, new, _) in decided {
            add(&mut cost, &change_cost(old.as_ref(), new.as_ref(), 2));
            self.set(key, new);
        }
        assert_eq!(consumed(&outcome), cost);
        token.map(|token| self.tokens.insert(token, text));
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Write(write, when, old_image) => self.write(write, *when, *old_image),
            Step::Get(key, consistent_read) => self.get(*key, *consistent_read),
            Step::Query { source, value, range, ascending, limit, all, filter } => {
                self.query(&SOURCES[*source], *value, *range, *ascending, *limit, *all, *filter);
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
        let description = self.engine.describe_table(TABLE).unwrap();
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

fn has_duplicates(keys: &[ItemKey]) -> bool {
    let mut sorted = keys.to_vec();
    sorted.sort_unstable();
    sorted.windows(2).any(|pair| pair[0] == pair[1])
}

fn agrees(capacity: Enforcement, mode: CapacityMode, steps: &[(u64, Step)]) -> Model {
    let mut model = Model::new(capacity, mode);
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
        agrees(Enforcement::Off, CapacityMode::ON_DEMAND, &steps);
    }

    #[test]
    fn a_throttled_engine_does_what_the_model_does_and_no_more(steps in steps()) {
        let (read, write) = (2, 9);
        let model = agrees(Enforcement::Enforced, CapacityMode::provisioned(read, write), &steps);
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
