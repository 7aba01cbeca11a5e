//! An index added to a table is equal to one that was there from the start.

use dynamometer::api::*;
use dynamometer::item::{AttributeValue, Item, ScalarType};
use dynamometer::time::Time;
use proptest::prelude::*;

use super::*;

/// A write of one of a few items; owners and sizes are of the right type, of a wrong one, or missing.
#[derive(Debug, Clone)]
enum Step {
    Put { key: (u8, i64), owner: Option<AttributeValue>, size: Option<AttributeValue>, text: String },
    Delete { key: (u8, i64) },
    SetOwner { key: (u8, i64), owner: AttributeValue },
    RemoveSize { key: (u8, i64) },
}

/// Few, so that steps meet, and many, so that no shard stays empty.
fn keys() -> impl Strategy<Value = (u8, i64)> {
    (prop_oneof![0u8..6, any::<u8>()], 0i64..3)
}

fn owner() -> impl Strategy<Value = AttributeValue> {
    prop_oneof![8 => "[abc]".prop_map(s), 1 => (0i64..3).prop_map(n), 1 => Just(s("")), 1 => Just(AttributeValue::Null)]
}

fn size() -> impl Strategy<Value = AttributeValue> {
    prop_oneof![8 => (-3i64..3).prop_map(n), 1 => "[ab]".prop_map(s), 1 => Just(AttributeValue::Bool(true))]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (keys(), prop::option::weighted(0.8, owner()), prop::option::weighted(0.8, size()), "[xy]{0,2}")
            .prop_map(|(key, owner, size, text)| Step::Put { key, owner, size, text }),
        2 => keys().prop_map(|key| Step::Delete { key }),
        2 => (keys(), owner()).prop_map(|(key, owner)| Step::SetOwner { key, owner }),
        1 => keys().prop_map(|key| Step::RemoveSize { key }),
    ]
}

fn key_of((id, at): (u8, i64)) -> Item {
    item([("id", s(format!("i{id}"))), ("at", n(at))])
}

impl Step {
    fn request(&self) -> Request {
        match self {
            Step::Put { key, owner, size, text } => {
                let mut record = key_of(*key);
                record.insert("text".into(), s(text.clone()));
                for (name, value) in [("owner", owner), ("size", size)] {
                    if let Some(value) = value {
                        record.insert(name.into(), value.clone());
                    }
                }
                Request::PutItem(put("tab", record))
            }
            Step::Delete { key } => Request::DeleteItem(delete("tab", key_of(*key))),
            Step::SetOwner { key, owner } => {
                let values = values([(":o", owner.clone())]);
                let names = [("#o".into(), "owner".into())];
                let placeholders = Placeholders { names: names.into(), ..values };
                Request::UpdateItem(update("tab", key_of(*key), "SET #o = :o", placeholders))
            }
            Step::RemoveSize { key } => {
                let names = [("#s".into(), "size".into())];
                let placeholders = Placeholders { names: names.into(), ..Placeholders::default() };
                Request::UpdateItem(update("tab", key_of(*key), "REMOVE #s", placeholders))
            }
        }
    }
}

fn base() -> CreateTable {
    let mut definition = table("tab", CapacityMode::ON_DEMAND);
    definition.key = schema(("id", ScalarType::S), Some(("at", ScalarType::N)));
    definition
}

fn index(sorted: bool, projection: Projection) -> GlobalSecondaryIndex {
    let sort = sorted.then_some(("size", ScalarType::N));
    global("by_owner", schema(("owner", ScalarType::S), sort), projection, CapacityMode::ON_DEMAND)
}

fn add(index: GlobalSecondaryIndex) -> UpdateTable {
    UpdateTable {
        attribute_definitions: index.key.attributes().cloned().collect(),
        global_secondary_index_updates: vec![GlobalSecondaryIndexUpdate::Create(index)],
        ..updated("tab")
    }
}

/// Everything an index shows, through Scan and through Query in both directions.
fn shown(engine: &Engine) -> Vec<Page> {
    let mut pages = vec![page(&engine.execute(Time::ZERO, &Request::Scan(scan("tab", Some("by_owner"))))).clone()];
    for owner in ["a", "b", "c"] {
        for scan_index_forward in [true, false] {
            let names = [("#o".into(), "owner".into())];
            let placeholders = Placeholders { names: names.into(), values: item([(":o", s(owner))]) };
            let request = Query { scan_index_forward, ..query("tab", Some("by_owner"), "#o = :o", placeholders) };
            pages.push(page(&engine.execute(Time::ZERO, &Request::Query(request))).clone());
        }
    }
    pages
}

/// An item as the index from the start allows it: what it would refuse is taken away.
fn fitting(record: &Item, index: &GlobalSecondaryIndex) -> Item {
    let fits = |name: &str, value: &AttributeValue| {
        let Some(key) = index.key.attributes().find(|key| *key.name == *name) else { return true };
        value.attribute_type() == key.scalar_type.into() && *value != s("")
    };
    record.iter().filter(|(name, value)| fits(name, value)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn an_index_added_later_is_equal_to_one_from_the_start(
        before in prop::collection::vec(step(), 0..60),
        after in prop::collection::vec(step(), 0..20),
        sorted in any::<bool>(),
        projection in prop_oneof![
            Just(Projection::All),
            Just(Projection::KeysOnly),
            Just(Projection::Include(vec!["text".into()])),
        ],
    ) {
        let index = index(sorted, projection);
        let later = engine(Enforcement::Off, &[base()]);
        for step in &before {
            prop_assert!(later.execute(Time::ZERO, &step.request()).result.is_ok());
        }
        later.update_table(Time::ZERO, &add(index.clone())).unwrap();
        for step in &after {
            let _ = later.execute(Time::ZERO, &step.request());
        }

        let mut with_index = base();
        with_index.global_secondary_indexes = vec![index.clone()];
        let start = engine(Enforcement::Off, &[with_index]);
        // The table as it came to be, put item by item; of items that the index leaves out, without what it would refuse.
        let all = later.execute(Time::ZERO, &Request::Scan(scan("tab", None)));
        for record in &page(&all).items {
            let fitting = fitting(&record.to_item(), &index);
            prop_assert!(start.execute(Time::ZERO, &Request::PutItem(put("tab", fitting))).result.is_ok());
        }
        prop_assert_eq!(shown(&later), shown(&start));
        let sizes = |engine: &Engine| {
            let described = engine.describe_table(Time::ZERO, "tab").unwrap();
            let index = &described.global_secondary_indexes[0];
            (index.item_count, index.size_bytes)
        };
        prop_assert_eq!(sizes(&later), sizes(&start));
    }
}
