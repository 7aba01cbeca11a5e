//! Every request of botocore's model, as its own serializer writes it, and each of their members broken
//! (tests/data/protocol/make_requests.py).

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use serde_json::Value;

use super::Endpoint;

/// The lines of requests.jsonl.
static LINES: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/protocol/requests.jsonl");
    let text = fs::read_to_string(path).expect("the requests");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
});

/// The requests that succeed when they are sent in this order: operation and body.
pub fn whole() -> Vec<(String, Value)> {
    let whole = LINES.iter().filter(|line| line.get("operation").is_some());
    whole.map(|line| (line["operation"].as_str().expect("a name").to_owned(), line["body"].clone())).collect()
}

/// A body with one member changed or taken away.
fn changed(mut body: Value, at: &Value, set: Option<&Value>) -> Value {
    let (last, way) = at.as_array().and_then(|at| at.split_last()).expect("a way");
    let mut place = &mut body;
    for step in way {
        place = match step {
            Value::String(name) => &mut place[name.as_str()],
            index => &mut place[index.as_u64().expect("an index") as usize],
        };
    }
    match (last, set) {
        (Value::String(name), Some(set)) => place[name.as_str()] = set.clone(),
        (Value::String(name), None) => drop(place.as_object_mut().expect("an object").remove(name)),
        (index, Some(set)) => place[index.as_u64().expect("an index") as usize] = set.clone(),
        (index, None) => panic!("no element is taken away: {index}"),
    }
    body
}

#[test]
fn every_member_of_every_input_is_understood() {
    let endpoint = Endpoint::new();
    let mut operations = std::collections::BTreeSet::new();
    for (operation, body) in whole() {
        endpoint.ok(&operation, body);
        operations.insert(operation);
    }
    assert_eq!(operations.len(), 19, "{operations:?}");
}

#[test]
fn a_member_of_another_json_type_is_not_serializable() {
    let (whole, endpoint) = (whole(), Endpoint::new());
    let mut count = 0;
    for line in LINES.iter().filter(|line| line["expect"] == "serialization") {
        let (operation, body) = &whole[line["of"].as_u64().unwrap() as usize];
        let body = changed(body.clone(), &line["at"], Some(&line["set"]));
        let (status, reply) = endpoint.call(operation, &body);
        assert_eq!(status, 400, "{line}");
        assert_eq!(reply["__type"], "com.amazon.coral.service#SerializationException", "{line}\n{reply}");
        count += 1;
    }
    assert!(count > 400, "{count}");
}

#[test]
fn an_unknown_enumeration_value_is_answered_with_the_known_ones() {
    let (whole, endpoint) = (whole(), Endpoint::new());
    for line in LINES.iter().filter(|line| line["expect"] == "enum") {
        let (operation, body) = &whole[line["of"].as_u64().unwrap() as usize];
        let message = endpoint.refused(operation, changed(body.clone(), &line["at"], Some(&line["set"])));
        let path = line["path"].as_str().unwrap();
        let start = format!(
            "1 validation error detected: Value 'hi' at '{path}' failed to satisfy constraint: Member must satisfy enum value set: ["
        );
        let set = message.strip_prefix(&start).unwrap_or_else(|| panic!("{line}\n{message}")).trim_end_matches(']');
        let mut known: Vec<&str> = set.split(", ").collect();
        known.sort_unstable();
        assert_eq!(Value::from(known), line["values"], "{line}");
    }
}

#[test]
fn a_missing_required_member_is_named() {
    let (whole, endpoint) = (whole(), Endpoint::new());
    for line in LINES.iter().filter(|line| line["expect"] == "required") {
        let (operation, body) = &whole[line["of"].as_u64().unwrap() as usize];
        let message = endpoint.refused(operation, changed(body.clone(), &line["at"], None));
        let path = line["path"].as_str().unwrap();
        assert_eq!(
            message,
            format!(
                "1 validation error detected: Value null at '{path}' failed to satisfy constraint: Member must not be null"
            ),
            "{line}"
        );
    }
}
