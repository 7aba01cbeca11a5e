//! Expressions from outside, through [`Engine::execute`]: random ones against a model of its own, broken ones, hostile ones.
//!
//! The short form takes seconds; PROPTEST_CASES=1000000 asks for more cases of each kind. A failure prints the seed.

mod condition;
mod hostile;
mod projection;
mod texts;
mod update;
pub mod value;
mod writing;

use dynamometer::api::*;
use dynamometer::engine::{Enforcement, Engine};
use dynamometer::item::{AttributeValue, Item, ScalarType};
use dynamometer::time::Time;
use rand::{Rng, RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::engine_requests::*;

use value::{Map, Value, to_item};
use writing::Writing;

/// Cases of each kind, unless PROPTEST_CASES asks for more.
const CASES: u64 = 3_000;

fn cases() -> u64 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(CASES)
}

fn random(seed: u64) -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(seed)
}

fn with_table() -> Engine {
    engine(Enforcement::Off, &[table("tab", CapacityMode::ON_DEMAND)])
}

/// Stores the item under the key `id`.
fn store(engine: &Engine, key: &str, attributes: &Map) -> Item {
    let mut item = to_item(attributes);
    item.insert("id".into(), s(key));
    let stored = engine.execute(Time::ZERO, &Request::PutItem(put("tab", item.clone())));
    assert!(stored.result.is_ok(), "{stored:?}");
    item
}

#[test]
fn conditions_and_filters_hold_when_the_model_says_so() {
    let engine = with_table();
    let mut held = 0;
    for seed in 0..cases() {
        let random = &mut random(seed);
        let attributes = value::map(2, random);
        let condition = condition::draw(3, &attributes, random);
        let mut writing = Writing::default();
        let text = condition.write(0, &mut writing, random);
        let expected = condition.holds(&attributes);
        held += u64::from(expected);
        let shown = || format!("seed {seed}: {text}\n{:?}\n{attributes:?}", writing.placeholders());

        let item = store(&engine, "a", &attributes);
        let mut delete = delete("tab", id("a"));
        (delete.condition_expression, delete.placeholders) = (Some(text.as_str().into()), writing.placeholders());
        delete.return_values = ReturnValues::AllOld;
        match engine.execute(Time::ZERO, &Request::DeleteItem(delete)).result {
            Ok(Response { output: Output::Write { attributes: Some(old) } }) => {
                assert!(expected, "held: {}", shown());
                assert_eq!(old.to_item(), item);
            }
            Err(error) if error.kind == ErrorKind::ConditionalCheckFailed => assert!(!expected, "failed: {}", shown()),
            other => panic!("{other:?}: {}", shown()),
        }

        store(&engine, "a", &attributes);
        let mut scan = scan("tab", None);
        (scan.filter_expression, scan.placeholders) = (Some(text.as_str().into()), writing.placeholders());
        let outcome = engine.execute(Time::ZERO, &Request::Scan(scan));
        assert_eq!((page(&outcome).count, page(&outcome).scanned_count), (u64::from(expected), 1), "{}", shown());
    }
    let share = held as f64 / cases() as f64;
    assert!((0.2..0.8).contains(&share), "the conditions say little: {share}");
}

#[test]
fn updates_leave_what_the_model_leaves() {
    let engine = with_table();
    let mut applied = 0;
    for seed in 0..cases() {
        let random = &mut random(seed);
        let mut attributes = value::map(2, random);
        if random.random_bool(0.4) {
            let list = (0..random.random_range(0..4)).map(|_| value::scalar(random)).collect();
            attributes.insert("ff".to_owned(), Value::L(list));
        }
        let actions = update::draw(&attributes, random);
        let mut writing = Writing::default();
        let text = update::write(&actions, &mut writing, random);
        let expected = update::apply(&actions, &attributes);
        applied += u64::from(expected.is_ok());
        let shown = || format!("seed {seed}: {text}\n{:?}\n{attributes:?}", writing.placeholders());

        let before = store(&engine, "a", &attributes);
        let update =
            UpdateItem { return_values: ReturnValues::AllNew, ..update("tab", id("a"), &text, writing.placeholders()) };
        let after = match (engine.execute(Time::ZERO, &Request::UpdateItem(update)).result, expected) {
            (Ok(Response { output: Output::Write { attributes: Some(new) } }), Ok(expected)) => {
                let mut expected = to_item(&expected);
                expected.insert("id".into(), s("a"));
                assert_eq!(new.to_item(), expected, "{}", shown());
                expected
            }
            (Err(error), Err(_)) => {
                assert_eq!(error.kind, ErrorKind::Validation);
                before
            }
            (result, expected) => panic!("{result:?} and not {expected:?}: {}", shown()),
        };
        let stored = engine.execute(Time::ZERO, &Request::GetItem(get("tab", id("a"))));
        assert!(
            matches!(output(&stored), Output::GetItem { item: Some(item) } if item.to_item() == after),
            "{}",
            shown()
        );
    }
    let share = applied as f64 / cases() as f64;
    assert!((0.2..0.95).contains(&share), "the updates say little: {share}");
}

#[test]
fn projections_choose_what_the_model_chooses() {
    let engine = with_table();
    for seed in 0..cases() {
        let random = &mut random(seed);
        let attributes = value::map(2, random);
        store(&engine, "a", &attributes);
        let paths: Vec<_> = (0..random.random_range(1..12)).map(|_| value::path(&attributes, random)).collect();
        let paths = if random.random_bool(0.3) { paths } else { without_overlaps(paths) };
        let mut writing = Writing::default();
        let texts: Vec<String> = paths.iter().map(|path| writing.path(path, random)).collect();
        let mut get = get("tab", id("a"));
        (get.projection_expression, get.placeholders) = (Some(texts.join(",").into()), writing.placeholders());
        let shown = format!("seed {seed}: {texts:?}\n{attributes:?}");
        match engine.execute(Time::ZERO, &Request::GetItem(get)).result {
            Ok(Response { output: Output::GetItem { item: Some(item) } }) => {
                assert!(!projection::overlap(&paths), "{shown}");
                assert_eq!(item.to_item(), to_item(&projection::project(&attributes, &paths)), "{shown}");
            }
            Err(error) => {
                assert!(
                    projection::overlap(&paths) && error.message.contains("Two document paths"),
                    "{error}: {shown}"
                );
            }
            other => panic!("{other:?}: {shown}"),
        }
    }
}

fn without_overlaps(paths: Vec<value::Path>) -> Vec<value::Path> {
    let mut kept: Vec<value::Path> = Vec::new();
    for path in paths {
        kept.push(path);
        if projection::overlap(&kept) {
            kept.pop();
        }
    }
    kept
}

/// Sort keys of one type, in the order DynamoDB documents: numbers by value, texts and binaries by their bytes.
fn sort_keys(kind: ScalarType, random: &mut impl Rng) -> Vec<Value> {
    let mut keys: Vec<Value> = (0..20)
        .map(|_| match kind {
            ScalarType::N => Value::N(random.random_range(-20..20)),
            ScalarType::S => Value::S(format!("a{}", value::text(random))),
            ScalarType::B => Value::B([&[7], value::text(random).as_bytes()].concat()),
        })
        .collect();
    keys.sort_by(|left, right| match (left, right) {
        (Value::N(left), Value::N(right)) => left.cmp(right),
        (Value::S(left), Value::S(right)) => left.as_bytes().cmp(right.as_bytes()),
        (Value::B(left), Value::B(right)) => left.cmp(right),
        _ => unreachable!("keys are of one type"),
    });
    keys.dedup();
    keys
}

#[test]
fn key_conditions_ask_for_the_range_the_model_asks_for() {
    for seed in 0..cases() / 10 {
        let random = &mut random(seed);
        let kind = value::one_of(&[ScalarType::N, ScalarType::S, ScalarType::B], random);
        let definition = CreateTable {
            key: schema(("id", ScalarType::S), Some(("at", kind))),
            ..table("tab", CapacityMode::ON_DEMAND)
        };
        let engine = engine(Enforcement::Off, &[definition]);
        let keys = sort_keys(kind, random);
        for (key, partition) in keys.iter().flat_map(|key| [(key, "a"), (key, "b")]) {
            let item = item([("id", s(partition)), ("at", key.to_attribute())]);
            assert!(engine.execute(Time::ZERO, &Request::PutItem(put("tab", item))).result.is_ok());
        }
        for _ in 0..10 {
            let bounds = sort_keys(kind, random);
            let (low, high) = (&bounds[0], &bounds[bounds.len() - 1]);
            let compared = value::one_of(&keys, random);
            let at = |key: &Value| keys.iter().position(|known| known == key);
            let place = at(&compared).expect("one of the keys");
            // In order, a comparison with one of the keys is a comparison of places.
            let begins = |key: &Value| match (key, &compared) {
                (Value::S(key), Value::S(prefix)) => key.starts_with(prefix.as_str()),
                (Value::B(key), Value::B(prefix)) => key.starts_with(prefix),
                _ => false,
            };
            let between = |key: &Value| {
                let mut three = [low.clone(), key.clone(), high.clone()];
                three.sort_by_key(|value| match value {
                    Value::N(number) => (*number, Vec::new()),
                    Value::S(text) => (0, text.clone().into_bytes()),
                    Value::B(bytes) => (0, bytes.clone()),
                    _ => unreachable!("keys are scalar"),
                });
                three[1] == *key
            };
            let (text, expected): (&str, Vec<&Value>) = match random.random_range(0..9) {
                0 => ("id = :p", keys.iter().collect()),
                1 => ("id = :p AND at_ = :c", keys[place..=place].iter().collect()),
                2 => ("at_ < :c AND :p = id", keys[..place].iter().collect()),
                3 => ("id = :p AND at_ <= :c", keys[..=place].iter().collect()),
                4 => ("id = :p AND (:c < at_)", keys[place + 1..].iter().collect()),
                5 => ("(id = :p) AND at_ >= :c", keys[place..].iter().collect()),
                6 => ("id = :p AND at_ BETWEEN :l AND :h", keys.iter().filter(|key| between(key)).collect()),
                _ if kind == ScalarType::N => ("id = :p", keys.iter().collect()),
                _ => ("id = :p AND begins_with(at_, :c)", keys.iter().filter(|key| begins(key)).collect()),
            };
            // The name is reserved.
            let text = text.replace("at_", "#at");
            let known = [
                (":p", s("a")),
                (":c", compared.to_attribute()),
                (":l", low.to_attribute()),
                (":h", high.to_attribute()),
            ];
            let values: Item =
                known.into_iter().filter(|(name, _)| text.contains(name)).map(|(n, v)| (n.into(), v)).collect();
            let names = if text.contains("#at") { vec![("#at".into(), "at".into())] } else { Vec::new() };
            let mut query = query("tab", None, &text, Placeholders { names: names.into(), values });
            query.scan_index_forward = random.random();
            let mut expected: Vec<AttributeValue> = expected.into_iter().map(Value::to_attribute).collect();
            if !query.scan_index_forward {
                expected.reverse();
            }
            let outcome = engine.execute(Time::ZERO, &Request::Query(query));
            let found = page(&outcome).items.iter().map(|item| item.to_item().get("at").cloned().expect("a sort key"));
            assert_eq!(found.collect::<Vec<_>>(), expected, "seed {seed}: {text}");
        }
    }
}
