//! Whatever bytes come: an answer, and never a crash.

use dynamometer::protocol::Reply;
use proptest::prelude::*;
use serde_json::Value;

use super::{Endpoint, requests};

const OPERATIONS: [&str; 20] = [
    "GetItem",
    "PutItem",
    "UpdateItem",
    "DeleteItem",
    "Query",
    "Scan",
    "BatchGetItem",
    "BatchWriteItem",
    "TransactGetItems",
    "TransactWriteItems",
    "CreateTable",
    "DescribeTable",
    "UpdateTable",
    "DeleteTable",
    "ListTables",
    "UpdateTimeToLive",
    "DescribeTimeToLive",
    "DescribeLimits",
    "DescribeEndpoints",
    "NoSuchOperation",
];

/// A reply is JSON, and an error says which.
fn check(operation: &str, Reply { status, body }: Reply) {
    let json: Value = serde_json::from_slice(&body).expect("JSON");
    match status {
        200 => assert!(json.is_object() && json.get("__type").is_none(), "{operation}: {json}"),
        400 => assert!(json["__type"].as_str().is_some_and(|name| name.contains('#')), "{operation}: {json}"),
        other => panic!("{operation}: {other} {json}"),
    }
}

/// Values that fit nowhere in particular.
fn stray() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| serde_json::Number::from_f64(number).map_or(Value::Null, Value::Number)),
        ".{0,6}".prop_map(Value::from),
        prop::sample::select(vec!["S", "N", "B", "ALL_OLD", "#a", ":a", "id", "BETWEEN", "IN", "COUNT"])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let name =
            prop::sample::select(vec!["S", "N", "NULL", "M", "L", "SS", "id", "at", "#a", ":a", "Value", "Exists"]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::vec((name, inner), 0..3).prop_map(|members| {
                Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
            }),
        ]
    })
}

/// Every place of a document, in order; `change` is done at the one that `at` counts down to.
fn at_place(json: &mut Value, at: &mut usize, change: &mut dyn FnMut(&mut Value)) {
    if *at == 0 {
        *at = usize::MAX;
        change(json);
        return;
    }
    *at -= 1;
    match json {
        Value::Array(elements) => elements.iter_mut().for_each(|element| at_place(element, at, change)),
        Value::Object(members) => members.values_mut().for_each(|member| at_place(member, at, change)),
        _ => {}
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_answered(body: Vec<u8>, operation in prop::sample::select(&OPERATIONS[..])) {
        check(operation, Endpoint::with_table().send(operation, &body));
    }

    #[test]
    fn bodies_with_strange_values_are_answered(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec((0usize..60, stray()), 1..4),
    ) {
        let all = requests::whole();
        let (operation, body) = which.get(&all);
        let endpoint = Endpoint::new();
        for (operation, body) in all.iter().filter(|(operation, _)| operation == "CreateTable") {
            endpoint.ok(operation, body.clone());
        }
        let mut body = body.clone();
        for (at, value) in changes {
            at_place(&mut body, &mut at.clone(), &mut |place| *place = value.clone());
        }
        check(operation, endpoint.send(operation, body.to_string().as_bytes()));
    }

    #[test]
    fn bodies_with_damaged_bytes_are_answered(
        which in any::<prop::sample::Index>(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..3), 1..6),
    ) {
        let all = requests::whole();
        let (operation, body) = which.get(&all);
        let mut body = body.to_string().into_bytes();
        for (at, byte, how) in damage {
            let at = at.index(body.len());
            match how {
                0 => body[at] = byte,
                1 => body.insert(at, byte),
                _ if body.len() > 1 => drop(body.remove(at)),
                _ => {}
            }
        }
        check(operation, Endpoint::with_table().send(operation, &body));
    }
}

#[test]
fn hostile_nesting_is_refused_in_every_place() {
    let endpoint = Endpoint::with_table();
    for (open, close) in [("[", "]"), ("{\"L\":[", "]}"), ("{\"M\":{\"a\":", "}}"), ("{\"TransactItems\":[", "]}")] {
        for levels in [30, 40, 60, 130, 100_000] {
            let nested = format!("{}{}{}", open.repeat(levels), "{\"S\":\"\"}", close.repeat(levels));
            for operation in OPERATIONS {
                check(operation, endpoint.send(operation, nested.as_bytes()));
                let put = format!(r#"{{"TableName":"tab","Item":{{"id":{{"S":"a"}},"at":{{"N":"1"}},"x":{nested}}}}}"#);
                check(operation, endpoint.send(operation, put.as_bytes()));
            }
        }
    }
}

#[test]
fn a_document_of_32_levels_is_stored_and_one_of_33_is_not() {
    let endpoint = Endpoint::with_table();
    let put = |levels: usize| {
        let nested = format!("{}{}{}", "{\"L\":[".repeat(levels), "{\"N\":\"1\"}", "]}".repeat(levels));
        let body = format!(r#"{{"TableName":"tab","Item":{{"id":{{"S":"a"}},"at":{{"N":"1"}},"x":{nested}}}}}"#);
        endpoint.send("PutItem", body.as_bytes())
    };
    assert_eq!(put(32).status, 200);
    let get = endpoint.ok("Scan", serde_json::json!({"TableName": "tab"}));
    assert_eq!(get["Count"], 1);
    for levels in [33, 50, 1_000] {
        let body = String::from_utf8(put(levels).body).unwrap();
        assert!(body.contains("Nesting Levels have exceeded supported limits"), "{levels}: {body}");
    }
}

#[test]
fn many_small_members_take_no_quadratic_time() {
    let endpoint = Endpoint::with_table();
    let members = |form: fn(usize) -> String| (0..60_000).map(form).collect::<Vec<_>>().join(",");
    let names = members(|at| format!("\"a{at}\""));
    let updates = members(|at| format!("\"a{at}\":{{\"Action\":\"DELETE\"}}"));
    let expected = members(|at| format!("\"a{at}\":{{\"Exists\":false}}"));
    let placeholders = members(|at| format!("\"#a{at}\":\"a\""));
    let set = members(|at| format!("\"{at}\""));
    let key = r#""TableName":"tab","Key":{"id":{"S":"a"},"at":{"N":"1"}}"#;
    let bodies = [
        ("GetItem", format!("{{{key},\"AttributesToGet\":[{names}]}}")),
        ("UpdateItem", format!("{{{key},\"AttributeUpdates\":{{{updates}}}}}")),
        ("DeleteItem", format!("{{{key},\"Expected\":{{{expected}}}}}")),
        (
            "GetItem",
            format!("{{{key},\"ProjectionExpression\":\"a\",\"ExpressionAttributeNames\":{{{placeholders}}}}}"),
        ),
        ("UpdateItem", format!("{{{key},\"AttributeUpdates\":{{\"s\":{{\"Value\":{{\"NS\":[{set}]}}}}}}}}")),
        ("GetItem", format!("{{{key},{updates}}}")),
    ];
    for (operation, body) in bodies {
        let started = std::time::Instant::now();
        check(operation, endpoint.send(operation, body.as_bytes()));
        // Quadratic time would be minutes.
        assert!(started.elapsed() < std::time::Duration::from_secs(10), "{operation} {}", &body[..120]);
    }
}
