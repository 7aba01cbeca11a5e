//! The size of items as AWS documents it (facts §1.5; DG: CapacityUnitCalculations), seen from outside: what a table says it
//! holds, and which item is one byte too large.

use dynamometer::api::*;
use dynamometer::engine::Enforcement;
use dynamometer::item::{Item, item_from_json};
use dynamometer::time::Time;
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use serde_json::{Value as Json, json};

use crate::engine_requests::*;
use crate::expressions::value::{self, Map, Value, to_item};

const ITEM_MAX_BYTES: usize = 400 * 1024;

/// The bytes of a table that holds this item alone.
fn stored_bytes(item: Item) -> u64 {
    let engine = engine(Enforcement::Off, &[table("tab", CapacityMode::ON_DEMAND)]);
    let outcome = engine.execute(Time::ZERO, &Request::PutItem(put("tab", item)));
    assert!(outcome.result.is_ok(), "{outcome:?}");
    engine.describe_table(Time::ZERO, "tab").expect("the table").size_bytes
}

#[test]
fn the_documented_rules_add_up() {
    // The key: `id` and one letter.
    const KEY_BYTES: u64 = 3;
    let cases = [
        // Text is counted in UTF-8, names too.
        (json!({ "shirt-color": { "S": "R" }, "shirt-size": { "S": "M" } }), 23),
        (json!({ "é": { "S": "日本" } }), 2 + 6),
        (json!({ "a": { "S": "" } }), 1),
        // Binary is counted as it is, not in base64.
        (json!({ "a": { "B": "AAECAw==" } }), 1 + 4),
        (json!({ "a": { "NULL": true }, "b": { "BOOL": false } }), 2 + 2),
        // Two digits a byte and one more, without zeros at the ends, a minus one more.
        (json!({ "a": { "N": "0" } }), 1 + 1),
        (json!({ "a": { "N": "27" } }), 1 + 2),
        (json!({ "a": { "N": "-27" } }), 1 + 3),
        (json!({ "a": { "N": "0027.00" } }), 1 + 2),
        (json!({ "a": { "N": "1000000" } }), 1 + 2),
        (json!({ "a": { "N": "3.14159" } }), 1 + 5),
        (json!({ "a": { "N": "99999999999999999999999999999999999999" } }), 1 + 20),
        (json!({ "a": { "N": "-9999999999999999999999999999999999999.9" } }), 1 + 21),
        (json!({ "a": { "N": "1E-130" }, "b": { "N": "1E+125" } }), 2 + 4),
        // Sets are their elements.
        (json!({ "a": { "SS": ["x", "yz"] }, "b": { "NS": ["1", "-1"] }, "c": { "BS": ["AAE="] } }), 3 + 3 + 5 + 2),
        // Lists and maps: three bytes, and one for every element, whatever they hold.
        (json!({ "a": { "L": [] }, "b": { "M": {} } }), 2 + 6),
        (json!({ "a": { "L": [{ "S": "x" }, { "N": "1" }] } }), 1 + 3 + (1 + 1) + (1 + 2)),
        (json!({ "a": { "M": { "key": { "S": "x" } } } }), 1 + 3 + (1 + 3 + 1)),
        (json!({ "a": { "L": [{ "L": [{ "M": { "b": { "NULL": true } } }] }] } }), 1 + 3 + 1 + 3 + 1 + 3 + (1 + 1 + 1)),
    ];
    for (attributes, bytes) in cases {
        let mut item = item_from_json(&attributes).expect("an item");
        item.insert("id".into(), s("a"));
        assert_eq!(stored_bytes(item), KEY_BYTES + bytes, "{attributes}");
    }
}

/// The size of DynamoDB's JSON, told from the JSON alone.
fn json_bytes(typed: &Json) -> usize {
    let (kind, content) = typed.as_object().and_then(|object| object.iter().next()).expect("one member");
    let text_of = |json: &Json| json.as_str().expect("a text").to_owned();
    let elements = || content.as_array().expect("elements").iter();
    match kind.as_str() {
        "S" => text_of(content).len(),
        "N" => number_bytes(&text_of(content)),
        // Four letters are three bytes, less one for each sign at the end.
        "B" => text_of(content).len() / 4 * 3 - text_of(content).matches('=').count(),
        "BOOL" | "NULL" => 1,
        "SS" => elements().map(|element| text_of(element).len()).sum(),
        "NS" => elements().map(|element| number_bytes(&text_of(element))).sum(),
        "L" => 3 + elements().map(|element| 1 + json_bytes(element)).sum::<usize>(),
        "M" => {
            let members = content.as_object().expect("members").iter();
            3 + members.map(|(name, value)| 1 + name.len() + json_bytes(value)).sum::<usize>()
        }
        other => panic!("{other}"),
    }
}

/// Whole numbers of one digit are all these items hold.
fn number_bytes(text: &str) -> usize {
    match text {
        "0" => 1,
        _ => 2 + usize::from(text.starts_with('-')),
    }
}

#[test]
fn random_items_are_as_large_as_their_json_says() {
    for seed in 0..500 {
        let random = &mut Xoshiro256PlusPlus::seed_from_u64(seed);
        let attributes: Map = value::map(4, random);
        let mut item = to_item(&attributes);
        let json = dynamometer::item::item_to_json(&item);
        let members = json.as_object().expect("attributes").iter();
        let expected: usize = members.map(|(name, value)| name.len() + json_bytes(value)).sum();
        item.insert("id".into(), s("a"));
        assert_eq!(stored_bytes(item), 3 + expected as u64, "seed {seed}: {:?}", Value::M(attributes));
    }
}

#[test]
fn the_largest_item_is_400_kb_with_its_names() {
    let engine = engine(Enforcement::Off, &[table("tab", CapacityMode::ON_DEMAND)]);
    // `id` and `a`; a name of 10,000 bytes; a list of binaries; the rest is text.
    let with = |bytes: usize| {
        let name = "n".repeat(10_000);
        let list = json!({ "L": [{ "B": "AAEC" }, { "NULL": true }] });
        let fixed = 3 + name.len() + (1 + 3 + 4 + 2) + 1;
        let text = "é".repeat((bytes - fixed) / 2) + &"e".repeat((bytes - fixed) % 2);
        let json = json!({ "id": { "S": "a" }, name: { "S": "" }, "l": list, "t": { "S": text } });
        item_from_json(&json).expect("an item")
    };
    let put_it = |item| engine.execute(Time::ZERO, &Request::PutItem(put("tab", item))).result;
    assert_eq!(
        put_it(with(ITEM_MAX_BYTES + 1)).unwrap_err().message,
        "Item size has exceeded the maximum allowed size"
    );
    assert!(put_it(with(ITEM_MAX_BYTES)).is_ok());
    assert_eq!(engine.describe_table(Time::ZERO, "tab").expect("the table").size_bytes, ITEM_MAX_BYTES as u64);

    let grow = |by: &str| {
        let request = update("tab", id("a"), "SET x = :x", values([(":x", s(by))]));
        engine.execute(Time::ZERO, &Request::UpdateItem(request)).result
    };
    assert_eq!(grow("").unwrap_err().message, "Item size to update has exceeded the maximum allowed size");
    assert!(put_it(with(ITEM_MAX_BYTES - 2)).is_ok());
    assert_eq!(grow("yz").unwrap_err().message, "Item size to update has exceeded the maximum allowed size");
    assert!(grow("y").is_ok());
}
