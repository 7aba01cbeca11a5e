//! Packed items against the items they were made from.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::item::Number;

fn values() -> impl Strategy<Value = AttributeValue> {
    let number = || (any::<i64>(), 0..40u32).prop_map(|(n, _)| Number::from(n));
    let wide = ("-?[1-9][0-9]{0,37}", -130..88i32)
        .prop_map(|(digits, exponent)| format!("{digits}E{exponent}").parse().unwrap_or(Number::ZERO));
    let leaf = prop_oneof![
        "[a-z\u{e9}\u{1f600}]{0,300}".prop_map(AttributeValue::string),
        number().prop_map(AttributeValue::N),
        wide.prop_map(AttributeValue::N),
        vec(any::<u8>(), 0..300).prop_map(|bytes| AttributeValue::B(bytes.into())),
        any::<bool>().prop_map(AttributeValue::Bool),
        Just(AttributeValue::Null),
        vec("[a-c]{0,3}", 1..5)
            .prop_map(|texts| AttributeValue::string_set(texts.into_iter().map(Into::into).collect())),
        vec(number(), 1..5).prop_map(AttributeValue::number_set),
        vec(vec(any::<u8>(), 0..4), 1..5)
            .prop_map(|sets| AttributeValue::binary_set(sets.into_iter().map(Into::into).collect())),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(AttributeValue::L),
            vec(("[a-d]{0,2}", inner), 0..4).prop_map(|map| AttributeValue::M(item_of(map))),
        ]
    })
}

fn item_of(attributes: Vec<(String, AttributeValue)>) -> Item {
    attributes.into_iter().map(|(name, value)| (name.into(), value)).collect()
}

fn items() -> impl Strategy<Value = Item> {
    vec(("[a-f]{1,2}", values()), 0..24).prop_map(item_of)
}

/// Names in order, each once.
fn names_of(item: &Item) -> Vec<&str> {
    item.iter().map(|(name, _)| name.as_str()).collect()
}

proptest! {
    #[test]
    fn unpacking_gives_the_item_back(item in items()) {
        let packed = PackedItem::pack(&item);
        prop_assert_eq!(packed.to_item(), item.clone());
        prop_assert_eq!(packed.size_bytes(), item.size_bytes());
        prop_assert_eq!(packed.len(), item.len());
        prop_assert!(packed == item);
        for (name, value) in item.iter() {
            let found = packed.get(name).unwrap();
            prop_assert_eq!(found.to_value(), value.clone());
            prop_assert_eq!(found.size_bytes(), value.size_bytes());
            prop_assert_eq!(found.attribute_type(), value.attribute_type());
            prop_assert!(item.iter().all(|(_, other)| found.is(other) == (other == value)));
            let mut written = vec![0; encode::encoded_len(value)];
            encode::Writer::new(&mut written, 0).put_value(value);
            prop_assert_eq!(found.encoded(), &written[..]);
            if let AttributeValue::L(elements) = value {
                prop_assert_eq!(found.count(), Some(elements.len()));
                let read = |at| found.element(at).map(PackedValue::to_value);
                prop_assert!((0..=elements.len()).all(|at| read(at).as_ref() == elements.get(at)));
            }
            if let AttributeValue::M(map) = value {
                prop_assert!(map.iter().all(|(name, value)| found.attribute(name).unwrap().to_value() == *value));
                prop_assert!(found.attribute("zz").is_none());
            }
        }
        prop_assert!(packed.get("zz").is_none() && packed.get("").is_none());
    }

    #[test]
    fn replacing_attributes_is_packing_the_changed_item(
        item in items(), other in items(), extra in vec("[a-f]{1,2}", 0..3),
    ) {
        let mut replaced: Vec<&str> = names_of(&other);
        replaced.extend(extra.iter().map(String::as_str));
        replaced.sort_unstable();
        replaced.dedup();
        let mut expected = item.clone();
        for name in &replaced {
            expected.remove(name);
        }
        for (name, value) in other.iter() {
            expected.insert(name.clone(), value.clone());
        }
        let packed = PackedItem::pack(&item);
        prop_assert_eq!(packed.with(&replaced, &other), PackedItem::pack(&expected));
        let only: Item = item.iter().filter(|(name, _)| replaced.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), value.clone())).collect();
        prop_assert_eq!(packed.only(replaced.iter().copied()), PackedItem::pack(&only));
        prop_assert_eq!(packed.unpack_only(replaced.iter().copied()), only);
    }
}

#[test]
fn a_counter_is_written_over_in_a_copy() {
    let item = |n: i64| -> Item {
        [("id".into(), AttributeValue::string("x")), ("n".into(), Number::from(n).into())].into_iter().collect()
    };
    let one = PackedItem::pack(&item(41));
    let values = [("n".into(), Number::from(42).into())].into_iter().collect();
    assert!(one.patched(&["n"], &values).is_some());
    assert_eq!(one.with(&["n"], &values), PackedItem::pack(&item(42)));
    assert!(one == item(41));
    let wider = [("n".into(), Number::from(70_001).into())].into_iter().collect();
    assert!(one.patched(&["n"], &wider).is_none());
    assert_eq!(one.with(&["n"], &wider), PackedItem::pack(&item(70_001)));
}

#[test]
fn items_of_any_size_and_number_of_attributes_are_read_back() {
    for (attributes, bytes) in
        [(0, 0), (1, 0), (16, 10), (17, 10), (300, 200), (3_000, 1), (1, 65_400), (1, 65_536), (2, 200_000)]
    {
        let attribute = |at: usize| (format!("attribute{at}").into(), AttributeValue::string("x".repeat(bytes)));
        let item: Item = (0..attributes).map(attribute).collect();
        let packed = PackedItem::pack(&item);
        assert_eq!(packed.to_item(), item);
        assert_eq!((packed.len(), packed.size_bytes()), (attributes, item.size_bytes()));
        assert!(item.iter().all(|(name, value)| packed.get(name).unwrap().to_value() == *value));
    }
}
