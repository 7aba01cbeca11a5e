//! Storage against a sorted map, under random steps.

use std::collections::BTreeMap;
use std::ops::{Bound, ControlFlow};

use proptest::prelude::*;

use super::*;
use crate::api::{KeyAttribute, KeySchema};
use crate::item::{AttributeValue, Item, KeyTuple, KeyValue, Number, PackedItem, ScalarRef, ScalarType};

fn schema() -> KeySchema {
    let attribute = |name: &str, scalar_type| KeyAttribute { name: name.into(), scalar_type };
    KeySchema::new(attribute("pk", ScalarType::S), Some(attribute("sk", ScalarType::N)))
}

fn item(partition: u8, sort: u8, value: u16) -> PackedItem {
    let number = |n: u16| AttributeValue::from(Number::from(u64::from(n)));
    let text = AttributeValue::string(format!("p{partition}"));
    [("pk".into(), text), ("sk".into(), number(u16::from(sort))), ("v".into(), number(value))]
        .into_iter()
        .collect::<Item>()
        .into()
}

fn value_of(entry: &PackedItem) -> u16 {
    entry
        .get("v")
        .map(|value| format!("{:?}", value.to_value()))
        .map_or(0, |text| text.chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap_or(0))
}

#[derive(Debug, Clone)]
enum Step {
    Put(u8, u8, u16),
    Remove(u8, u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (0u8..12, 0u8..6, any::<u16>()).prop_map(|(partition, sort, value)| Step::Put(partition, sort, value)),
        2 => (0u8..12, 0u8..6).prop_map(|(partition, sort)| Step::Remove(partition, sort)),
    ];
    prop::collection::vec(step, 0..200)
}

fn run(storage: &Storage, steps: &[Step]) -> BTreeMap<(u8, u8), u16> {
    let mut model = BTreeMap::new();
    for step in steps {
        let (partition, sort) = match *step {
            Step::Put(partition, sort, _) | Step::Remove(partition, sort) => (partition, sort),
        };
        let probe = item(partition, sort, 0);
        let key = storage.layout().key_of(&probe).unwrap();
        let mut shard = storage.write(Storage::shard_of(key.hash));
        let expected = match *step {
            Step::Put(_, _, value) => model.insert((partition, sort), value),
            Step::Remove(..) => model.remove(&(partition, sort)),
        };
        assert_eq!(shard.get(&key).map(value_of), expected);
        let left = match *step {
            Step::Put(_, _, value) => shard.put(key, item(partition, sort, value)),
            Step::Remove(..) => shard.remove(&key),
        };
        assert_eq!(left.is_some(), expected.is_some());
    }
    model
}

fn scan(storage: &Storage, hashes: RangeInclusive<u64>, after: Option<&PackedItem>, most: usize) -> Vec<PackedItem> {
    let mut items = Vec::new();
    let after = after.map(|item| storage.layout().key_of(item).unwrap());
    let mut visit = |entry: &PackedItem| {
        items.push(entry.clone());
        if items.len() == most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let from = after.as_ref().map_or(*hashes.start(), |after| after.hash);
    for shard in Storage::shards_of(&(from..=*hashes.end())) {
        if storage.read(shard).visit_hashes(from..=*hashes.end(), after.as_ref(), &mut visit).is_break() {
            break;
        }
    }
    items
}

proptest! {
    #[test]
    fn a_storage_holds_what_a_sorted_map_holds(steps in steps(), low in 0u8..7, high in 0u8..7) {
        let storage = Storage::new(Layout::of_table(&schema(), 5));
        let model = run(&storage, &steps);
        let bytes: usize = model.iter().map(|((p, s), v)| item(*p, *s, *v).size_bytes()).sum();
        prop_assert_eq!(storage.items_and_bytes(), (model.len() as u64, bytes as u64));
        let sort = |n: u8| KeyValue::N(Number::from(u64::from(n)));
        let range = positions(&[], (Bound::Included(sort(low)), Bound::Excluded(sort(high))));
        for partition in 0..12u8 {
            let name = format!("p{partition}");
            let partition_ref = KeyTuple::One(ScalarRef::S(name.as_bytes()));
            let hash = storage.layout().hash(&partition_ref);
            let expected: Vec<PackedItem> = model
                .iter()
                .filter(|((p, s), _)| *p == partition && (low..high).contains(s))
                .map(|((p, s), v)| item(*p, *s, *v))
                .collect();
            let bytes: usize =
                model.iter().filter(|((p, _), _)| *p == partition).map(|((p, s), v)| item(*p, *s, *v).size_bytes()).sum();
            let kept = storage.read(Storage::shard_of(hash)).collection_bytes(hash, &partition_ref);
            prop_assert_eq!(kept, bytes as u64);
            for ascending in [true, false] {
                let mut found = Vec::new();
                let shard = storage.read(Storage::shard_of(hash));
                let _ = shard.visit_collection(hash, &partition_ref, &range, ascending, &mut |entry| {
                    found.push(entry.clone());
                    ControlFlow::Continue(())
                });
                if !ascending {
                    found.reverse();
                }
                prop_assert_eq!(&found, &expected);
            }
        }
    }

    #[test]
    fn pages_of_a_scan_are_the_scan(steps in steps(), most in 1usize..9) {
        let storage = Storage::new(Layout::of_table(&schema(), 5));
        let model = run(&storage, &steps);
        let whole = scan(&storage, 0..=u64::MAX, None, usize::MAX);
        prop_assert_eq!(whole.len(), model.len());
        let mut paged: Vec<PackedItem> = Vec::new();
        loop {
            let page = scan(&storage, 0..=u64::MAX, paged.last(), most);
            let end = page.len() < most;
            paged.extend(page);
            if end {
                break;
            }
        }
        prop_assert_eq!(&paged, &whole);
        let halves = [0..=u64::MAX / 2, u64::MAX / 2 + 1..=u64::MAX].map(|hashes| scan(&storage, hashes, None, usize::MAX));
        prop_assert_eq!(halves.concat(), whole);
    }
}

#[test]
fn a_key_that_shares_no_item_is_not_found() {
    let storage = Storage::new(Layout::of_table(&schema(), 5));
    run(&storage, &[Step::Put(1, 1, 1)]);
    let other = item(1, 2, 0);
    let key = storage.layout().key_of(&other).unwrap();
    assert!(storage.read(Storage::shard_of(key.hash)).get(&key).is_none());
    assert!(storage.layout().key_of(&Item::new().into()).is_none());
}
