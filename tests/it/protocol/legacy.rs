//! The parameters from before expressions: what the documentation says of each, and the same as expressions written by hand.
//!
//! AWS: LegacyConditionalParameters and the API's Condition, ExpectedAttributeValue and AttributeValueUpdate.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::Endpoint;

/// Puts an item with the key `at` and the attribute `x`, which is missing where it is `None`.
fn put(endpoint: &Endpoint, at: usize, x: Option<&Value>) {
    let mut item = json!({"id": {"S": "a"}, "at": {"N": at.to_string()}});
    if let Some(x) = x {
        item["x"] = x.clone();
    }
    endpoint.ok("PutItem", json!({"TableName": "tab", "Item": item}));
}

fn key(at: usize) -> Value {
    json!({"id": {"S": "a"}, "at": {"N": at.to_string()}})
}

fn condition(operator: &str, values: &[Value]) -> Value {
    match operator {
        "NULL" | "NOT_NULL" => json!({"ComparisonOperator": operator}),
        _ => json!({"ComparisonOperator": operator, "AttributeValueList": values}),
    }
}

/// The places of the items a filter lets through.
fn passing(endpoint: &Endpoint, filter: Value) -> Vec<usize> {
    let mut scan = json!({"TableName": "tab"});
    scan.as_object_mut().unwrap().extend(filter.as_object().unwrap().clone());
    let found = endpoint.ok("Scan", scan);
    let items = found["Items"].as_array().unwrap();
    let mut places: Vec<usize> = items.iter().map(|item| item["at"]["N"].as_str().unwrap().parse().unwrap()).collect();
    places.sort_unstable();
    places
}

#[test]
fn every_operator_holds_for_the_attributes_the_documentation_says() {
    let endpoint = Endpoint::with_table();
    let attributes = [
        json!({"N": "5"}),
        json!({"N": "10"}),
        json!({"S": "hello"}),
        json!({"S": "5"}),
        json!({"SS": ["hello", "5"]}),
        json!({"NS": ["5", "6"]}),
        json!({"L": [{"N": "5"}, {"S": "hello"}]}),
        json!({"B": "AQID"}),
        json!({"BOOL": true}),
        json!({"NULL": true}),
    ];
    for (at, attribute) in attributes.iter().enumerate() {
        put(&endpoint, at, Some(attribute));
    }
    const MISSING: usize = 10;
    put(&endpoint, MISSING, None);
    let all_but = |left_out: &[usize]| (0..=MISSING).filter(|at| !left_out.contains(at)).collect::<Vec<_>>();
    let five = || json!({"N": "5"});
    let cases: Vec<(&str, Vec<Value>, Vec<usize>)> = vec![
        // Types must agree: the string "5" and sets with 5 do not equal the number.
        ("EQ", vec![five()], vec![0]),
        ("EQ", vec![json!({"SS": ["5", "hello"]})], vec![4]),
        ("EQ", vec![json!({"L": [{"N": "5"}, {"S": "hello"}]})], vec![6]),
        ("EQ", vec![json!({"BOOL": true})], vec![8]),
        ("NE", vec![five()], all_but(&[0])),
        ("LE", vec![five()], vec![0]),
        ("LT", vec![json!({"N": "10"})], vec![0]),
        ("GE", vec![five()], vec![0, 1]),
        ("GT", vec![json!({"S": "5"})], vec![2]),
        ("NOT_NULL", vec![], all_but(&[MISSING])),
        // An attribute with the value NULL exists.
        ("NULL", vec![], vec![MISSING]),
        ("CONTAINS", vec![json!({"S": "ell"})], vec![2]),
        ("CONTAINS", vec![json!({"S": "hello"})], vec![2, 4, 6]),
        ("CONTAINS", vec![five()], vec![5, 6]),
        ("CONTAINS", vec![json!({"B": "AgM="})], vec![7]),
        ("NOT_CONTAINS", vec![json!({"S": "hello"})], all_but(&[2, 4, 6])),
        ("BEGINS_WITH", vec![json!({"S": "he"})], vec![2]),
        ("BEGINS_WITH", vec![json!({"B": "AQI="})], vec![7]),
        ("IN", vec![five(), json!({"N": "11"})], vec![0]),
        ("BETWEEN", vec![json!({"N": "4"}), json!({"N": "10"})], vec![0, 1]),
    ];
    for (operator, values, expected) in cases {
        let filter = json!({"ScanFilter": {"x": condition(operator, &values)}});
        assert_eq!(passing(&endpoint, filter), expected, "{operator} {values:?}");
        // The same test as a condition of a write.
        for at in 0..=MISSING {
            let body = json!({
                "TableName": "tab", "Key": key(at), "AttributeUpdates": {},
                "Expected": {"x": condition(operator, &values)}
            });
            let (status, _) = endpoint.call("UpdateItem", &body);
            assert_eq!(status == 200, expected.contains(&at), "{operator} {values:?} {at}");
        }
    }
}

#[test]
fn numbers_of_values_and_their_types_are_checked() {
    let endpoint = Endpoint::with_table();
    let refused = |operator: &str, values: Value| {
        let test = json!({"ComparisonOperator": operator, "AttributeValueList": values});
        let scan = endpoint.refused("Scan", json!({"TableName": "tab", "ScanFilter": {"x": test}}));
        let put = json!({"TableName": "tab", "Item": key(1), "Expected": {"x": test}});
        assert_eq!(endpoint.refused("PutItem", put), scan);
        scan
    };
    let (one, two) = (json!({"N": "1"}), json!({"N": "2"}));
    let invalid = "One or more parameter values were invalid:";
    let counts = [
        ("EQ", 2),
        ("NE", 0),
        ("LE", 0),
        ("LT", 2),
        ("GE", 2),
        ("GT", 0),
        ("NULL", 1),
        ("NOT_NULL", 1),
        ("CONTAINS", 2),
        ("NOT_CONTAINS", 0),
        ("BEGINS_WITH", 2),
        ("IN", 0),
        ("BETWEEN", 1),
    ];
    for (operator, count) in counts {
        let expected = format!("{invalid} Invalid number of argument(s) for the {operator} ComparisonOperator");
        assert_eq!(refused(operator, json!(vec![one.clone(); count])), expected);
    }
    let types = [
        ("LE", "SS", json!({"SS": ["a"]})),
        ("LT", "L", json!({"L": []})),
        ("GE", "BOOL", json!({"BOOL": true})),
        ("GT", "NULL", json!({"NULL": true})),
        ("IN", "M", json!({"M": {}})),
        ("CONTAINS", "NS", json!({"NS": ["1"]})),
        ("NOT_CONTAINS", "L", json!({"L": []})),
        ("BEGINS_WITH", "N", one.clone()),
    ];
    for (operator, kind, value) in types {
        let expected = format!("{invalid} ComparisonOperator {operator} is not valid for {kind} AttributeValue type");
        assert_eq!(refused(operator, json!([value])), expected);
    }
    let expected = format!("{invalid} AttributeValues inside AttributeValueList must all be of the same type");
    assert_eq!(refused("BETWEEN", json!([one, {"S": "2"}])), expected);
    let expected = "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound";
    assert_eq!(refused("BETWEEN", json!([two, one])), expected);
}

#[test]
fn expected_has_two_forms_that_do_not_mix() {
    let endpoint = Endpoint::with_table();
    let one = json!({"N": "1"});
    let cases = [
        (json!({"Value": one, "AttributeValueList": [one]}), "Value and AttributeValueList cannot be used together"),
        (
            json!({"Value": one, "Exists": true, "ComparisonOperator": "EQ"}),
            "Exists and ComparisonOperator cannot be used together",
        ),
        (json!({"ComparisonOperator": "LT"}), "Value or AttributeValueList must be used with ComparisonOperator: LT"),
        (json!({"AttributeValueList": [one]}), "AttributeValueList can only be used with a ComparisonOperator"),
        (json!({}), "Value must be provided when Exists is null"),
        (json!({"Exists": true}), "Value must be provided when Exists is true"),
        (json!({"Exists": false, "Value": one}), "Value cannot be used when Exists is false"),
    ];
    for (expected, message) in cases {
        let body = json!({"TableName": "tab", "Item": key(1), "Expected": {"x": expected}});
        let message = format!("One or more parameter values were invalid: {message} for Attribute: x");
        assert_eq!(endpoint.refused("PutItem", body), message);
    }
}

#[test]
fn a_conditional_operator_needs_conditions() {
    let endpoint = Endpoint::with_table();
    let exists = json!({"ComparisonOperator": "NOT_NULL"});
    let invalid = "One or more parameter values were invalid:";
    for body in [json!({"ScanFilter": {}}), json!({"ScanFilter": {"x": exists}})] {
        let mut body = body;
        body["TableName"] = json!("tab");
        body["ConditionalOperator"] = json!("OR");
        let expected =
            format!("{invalid} ConditionalOperator can only be used when Filter or Expected has two or more elements");
        assert_eq!(endpoint.refused("Scan", body), expected);
    }
    let expected = format!("{invalid} ConditionalOperator cannot be used without Filter or Expected");
    assert_eq!(endpoint.refused("Scan", json!({"TableName": "tab", "ConditionalOperator": "AND"})), expected);
    put(&endpoint, 1, Some(&json!({"N": "1"})));
    let both = |operator: &str| {
        let missing = json!({"ComparisonOperator": "NULL"});
        passing(&endpoint, json!({"ScanFilter": {"x": exists, "id": missing}, "ConditionalOperator": operator}))
    };
    assert_eq!((both("AND"), both("OR")), (vec![], vec![1]));
}

#[test]
fn updates_do_what_the_documentation_says_of_each_action() {
    let endpoint = Endpoint::with_table();
    let after = |before: Option<Value>, update: Value| {
        put(&endpoint, 1, before.as_ref());
        let body = json!({
            "TableName": "tab", "Key": key(1), "AttributeUpdates": {"x": update}, "ReturnValues": "ALL_NEW"
        });
        endpoint.ok("UpdateItem", body)["Attributes"].get("x").cloned()
    };
    let n = |number: &str| json!({"N": number});
    let update = |action: &str, value: Value| json!({"Action": action, "Value": value});
    assert_eq!(after(Some(n("1")), update("PUT", n("2"))), Some(n("2")));
    assert_eq!(after(None, json!({"Value": n("2")})), Some(n("2")));
    assert_eq!(after(Some(n("1")), json!({"Action": "DELETE"})), None);
    assert_eq!(after(None, json!({"Action": "DELETE"})), None);
    assert_eq!(
        after(Some(json!({"SS": ["a", "b", "c"]})), update("DELETE", json!({"SS": ["a", "c"]}))),
        Some(json!({"SS": ["b"]}))
    );
    assert_eq!(after(Some(json!({"SS": ["a"]})), update("DELETE", json!({"SS": ["a"]}))), None);
    assert_eq!(after(None, update("DELETE", json!({"SS": ["a"]}))), None);
    assert_eq!(after(Some(n("3")), update("ADD", n("-1"))), Some(n("2")));
    // "If the attribute does not already exist … DynamoDB uses 0 as the initial value."
    assert_eq!(after(None, update("ADD", n("3"))), Some(n("3")));
    assert_eq!(after(Some(json!({"NS": ["1"]})), update("ADD", json!({"NS": ["2"]}))), Some(json!({"NS": ["1", "2"]})));
    assert_eq!(after(None, update("ADD", json!({"NS": ["2"]}))), Some(json!({"NS": ["2"]})));
    let list = |numbers: &[&str]| json!({"L": numbers.iter().map(|number| n(number)).collect::<Vec<_>>()});
    assert_eq!(after(Some(list(&["1"])), update("ADD", list(&["2", "1"]))), Some(list(&["1", "2", "1"])));
    assert_eq!(after(None, update("ADD", list(&["2"]))), Some(list(&["2"])));

    let refused = |before: Value, update: Value| {
        put(&endpoint, 1, Some(&before));
        endpoint.refused("UpdateItem", json!({"TableName": "tab", "Key": key(1), "AttributeUpdates": {"x": update}}))
    };
    let mismatch = "Type mismatch for attribute to update";
    assert_eq!(refused(json!({"S": "a"}), update("ADD", n("1"))), mismatch);
    assert_eq!(refused(n("1"), update("ADD", list(&["1"]))), mismatch);
    assert_eq!(refused(n("1"), update("DELETE", json!({"SS": ["a"]}))), mismatch);
    let invalid = "One or more parameter values were invalid:";
    let message = refused(n("1"), json!({"Action": "PUT"}));
    assert_eq!(message, format!("{invalid} Only DELETE action is allowed when no attribute value is specified"));
    let message = refused(n("1"), update("DELETE", n("1")));
    assert_eq!(message, format!("{invalid} DELETE action with value is not supported for the type N"));
    let message = refused(n("1"), update("ADD", json!({"S": "a"})));
    assert_eq!(message, format!("{invalid} ADD action is not supported for the type S"));
    let message = endpoint.refused(
        "UpdateItem",
        json!({"TableName": "tab", "Key": key(1), "AttributeUpdates": {"id": {"Value": {"S": "b"}}}}),
    );
    assert_eq!(message, format!("{invalid} Cannot update attribute id. This attribute is part of the key"));
}

#[test]
fn key_conditions_choose_a_range() {
    let endpoint = Endpoint::with_table();
    for at in 0..10 {
        put(&endpoint, at, None);
    }
    let query = |conditions: Value| {
        let found = endpoint.ok("Query", json!({"TableName": "tab", "KeyConditions": conditions}));
        let items = found["Items"].as_array().unwrap();
        items.iter().map(|item| item["at"]["N"].as_str().unwrap().parse().unwrap()).collect::<Vec<usize>>()
    };
    let a = json!({"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "a"}]});
    let at = |operator: &str, numbers: &[&str]| {
        let values: Vec<Value> = numbers.iter().map(|number| json!({"N": number})).collect();
        query(json!({"id": a, "at": {"ComparisonOperator": operator, "AttributeValueList": values}}))
    };
    assert_eq!(query(json!({"id": a})).len(), 10);
    assert_eq!(at("EQ", &["3"]), [3]);
    assert_eq!(at("LT", &["2"]), [0, 1]);
    assert_eq!(at("LE", &["1"]), [0, 1]);
    assert_eq!(at("GT", &["8"]), [9]);
    assert_eq!(at("GE", &["8"]), [8, 9]);
    assert_eq!(at("BETWEEN", &["3", "5"]), [3, 4, 5]);
    let refused =
        |conditions: Value| endpoint.refused("Query", json!({"TableName": "tab", "KeyConditions": conditions}));
    assert_eq!(refused(json!({})), "Conditions can be of length 1 or 2 only");
    assert_eq!(refused(json!({"id": a, "at": a, "x": a})), "Conditions can be of length 1 or 2 only");
    let missing = json!({"ComparisonOperator": "NULL"});
    assert_eq!(
        refused(json!({"id": a, "at": missing})),
        "Attempted conditional constraint is not an indexable operation"
    );
    assert_eq!(refused(json!({"x": a})), "Query condition missed key schema element: id");
    let filtered = json!({"TableName": "tab", "KeyConditions": {"id": a}, "QueryFilter": {"at": {"ComparisonOperator": "NOT_NULL"}}});
    assert_eq!(
        endpoint.refused("Query", filtered),
        "QueryFilter can only contain non-primary key attributes: Primary key attribute: at"
    );
    // KeyConditions may stand beside a filter expression with placeholders of its own.
    let mixed = json!({
        "TableName": "tab", "KeyConditions": {"id": a}, "FilterExpression": "attribute_not_exists(#0) OR #0 = :0",
        "ExpressionAttributeNames": {"#0": "x"}, "ExpressionAttributeValues": {":0": {"S": "x"}}
    });
    assert_eq!(endpoint.ok("Query", mixed)["Count"], 10);
}

#[test]
fn a_translation_that_is_too_long_is_refused_in_the_parameters_name() {
    let endpoint = Endpoint::with_table();
    let many = |count: usize, value: Value| -> Value {
        (0..count).map(|at| (format!("a{at}"), value.clone())).collect::<Map<_, _>>().into()
    };
    let update = |count: usize| json!({"TableName": "tab", "Key": key(1), "AttributeUpdates": many(count, json!({"Value": {"N": "1"}}))});
    endpoint.ok("UpdateItem", update(400));
    let message = endpoint.refused("UpdateItem", update(1_000));
    assert!(
        message.starts_with("One or more parameter values were invalid: AttributeUpdates as an expression: "),
        "{message}"
    );
    let delete = |count: usize| json!({"TableName": "tab", "Key": key(2), "Expected": many(count, condition("NE", &[json!({"N": "1"})]))});
    endpoint.ok("DeleteItem", delete(150));
    let message = endpoint.refused("DeleteItem", delete(151));
    assert!(message.starts_with("One or more parameter values were invalid: Expected as an expression: "), "{message}");
}

/// Attribute values of all types, few enough that random ones meet.
fn value() -> impl Strategy<Value = Value> {
    let text = prop::sample::select(vec!["a", "ab", "abc", "b"]);
    let number = (-2i32..3).prop_map(|number| number.to_string());
    let scalar =
        prop_oneof![text.clone().prop_map(|text| json!({"S": text})), number.clone().prop_map(|n| json!({"N": n}))];
    prop_oneof![
        4 => scalar.clone(),
        1 => prop::collection::btree_set(text, 1..3).prop_map(|set| json!({"SS": set})),
        1 => prop::collection::btree_set(number, 1..3).prop_map(|set| json!({"NS": set})),
        1 => prop::collection::vec(scalar, 0..3).prop_map(|list| json!({"L": list})),
        1 => any::<bool>().prop_map(|truth| json!({"BOOL": truth})),
        1 => Just(json!({"NULL": true})),
    ]
}

fn scalar_of(kind: &'static str) -> BoxedStrategy<Value> {
    match kind {
        "S" => prop::sample::select(vec!["a", "ab", "abc", "b"]).prop_map(|text| json!({"S": text})).boxed(),
        _ => (-2i32..3).prop_map(|number| json!({"N": number.to_string()})).boxed(),
    }
}

/// A legacy condition, and the same test as an expression about `attribute` with its values named `:v…`.
fn pair() -> impl Strategy<Value = (&'static str, Vec<Value>)> {
    let kind = prop::sample::select(vec!["S", "N"]);
    prop_oneof![
        prop::sample::select(vec!["EQ", "NE"])
            .prop_flat_map(|operator| value().prop_map(move |value| (operator, vec![value]))),
        (prop::sample::select(vec!["LE", "LT", "GE", "GT", "CONTAINS", "NOT_CONTAINS"]), kind.clone())
            .prop_flat_map(|(operator, kind)| scalar_of(kind).prop_map(move |value| (operator, vec![value]))),
        scalar_of("S").prop_map(|value| ("BEGINS_WITH", vec![value])),
        kind.prop_flat_map(|kind| prop::collection::vec(scalar_of(kind), 1..4)).prop_map(|values| ("IN", values)),
        ((-2i32..3), (0i32..3)).prop_map(|(low, more)| {
            ("BETWEEN", vec![json!({"N": low.to_string()}), json!({"N": (low + more).to_string()})])
        }),
        prop::sample::select(vec!["NULL", "NOT_NULL"]).prop_map(|operator| (operator, vec![])),
    ]
}

fn by_hand(attribute: &str, operator: &str, names: &[String]) -> String {
    let first = names.first().cloned().unwrap_or_default();
    match operator {
        "EQ" => format!("{attribute} = {first}"),
        "NE" => format!("NOT {attribute} = {first}"),
        "LE" => format!("{first} >= {attribute}"),
        "LT" => format!("{first} > {attribute}"),
        "GE" => format!("{first} <= {attribute}"),
        "GT" => format!("{first} < {attribute}"),
        "NULL" => format!("NOT attribute_exists({attribute})"),
        "NOT_NULL" => format!("NOT attribute_not_exists({attribute})"),
        "CONTAINS" => format!("contains ( {attribute} , {first} )"),
        "NOT_CONTAINS" => format!("NOT (contains({attribute}, {first}))"),
        "BEGINS_WITH" => format!("begins_with({attribute}, {first})"),
        "IN" => {
            let each: Vec<String> = names.iter().map(|name| format!("{attribute} = {name}")).collect();
            format!("({})", each.join(" OR "))
        }
        _ => format!("({attribute} >= {first} AND {attribute} <= {})", names[1]),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn filters_and_conditions_are_as_expressions_by_hand(
        items in prop::collection::vec((prop::option::of(value()), prop::option::of(value())), 1..12),
        x in pair(),
        y in pair(),
        is_or: bool,
    ) {
        let endpoint = Endpoint::with_table();
        for (at, (x, y)) in items.iter().enumerate() {
            let mut item = key(at);
            for (name, value) in [("x", x), ("y", y)] {
                if let Some(value) = value {
                    item[name] = value.clone();
                }
            }
            endpoint.ok("PutItem", json!({"TableName": "tab", "Item": item}));
        }
        let joint = if is_or { "OR" } else { "AND" };
        let legacy = json!({"x": condition(x.0, &x.1), "y": condition(y.0, &y.1)});
        let mut values = Map::new();
        let mut text = |attribute: &str, (operator, given): &(&str, Vec<Value>)| {
            let names: Vec<String> = (0..given.len()).map(|at| format!(":{attribute}{at}")).collect();
            values.extend(names.iter().cloned().zip(given.iter().cloned()));
            by_hand(attribute, operator, &names)
        };
        let (first, second) = (text("x", &x), text("y", &y));
        let expression = format!("{first} {joint} {second}");
        let mut by_hand = json!({"FilterExpression": expression});
        if !values.is_empty() {
            by_hand["ExpressionAttributeValues"] = json!(values);
        }
        let passed = passing(&endpoint, by_hand.clone());
        let translated = passing(&endpoint, json!({"ScanFilter": legacy, "ConditionalOperator": joint}));
        prop_assert_eq!(&translated, &passed, "{}", expression);
        for at in 0..items.len() {
            let update = json!({"TableName": "tab", "Key": key(at), "Expected": legacy, "ConditionalOperator": joint});
            let (status, reply) = endpoint.call("UpdateItem", &update);
            prop_assert_eq!(status == 200, passed.contains(&at), "{}", reply);
        }
    }

    #[test]
    fn updates_are_as_expressions_by_hand(
        before in prop::option::of(value()),
        other in prop::option::of(value()),
        value in value(),
        action in prop::sample::select(vec!["PUT", "DELETE", "ADD", "REMOVE"]),
    ) {
        let endpoint = Endpoint::with_table();
        for at in 0..2 {
            let mut item = key(at);
            for (name, value) in [("x", &before), ("y", &other)] {
                if let Some(value) = value {
                    item[name] = value.clone();
                }
            }
            endpoint.ok("PutItem", json!({"TableName": "tab", "Item": item}));
        }
        let is_list = value.get("L").is_some();
        let text = match action {
            "PUT" => "SET x = :x",
            "REMOVE" => "REMOVE x",
            "DELETE" => "DELETE x :x",
            _ if is_list => "SET x = list_append(if_not_exists(x, :e), :x)",
            _ => "ADD x :x",
        };
        let mut by_hand = json!({"TableName": "tab", "Key": key(0), "UpdateExpression": text, "ReturnValues": "UPDATED_NEW"});
        if action != "REMOVE" {
            by_hand["ExpressionAttributeValues"] = json!({":x": value});
            if action == "ADD" && is_list {
                by_hand["ExpressionAttributeValues"][":e"] = json!({"L": []});
            }
        }
        let update = match action {
            "REMOVE" => json!({"Action": "DELETE"}),
            _ => json!({"Action": action, "Value": value}),
        };
        let legacy = json!({
            "TableName": "tab", "Key": key(1), "AttributeUpdates": {"x": update}, "ReturnValues": "UPDATED_NEW"
        });
        let (expected, found) = (endpoint.call("UpdateItem", &by_hand), endpoint.call("UpdateItem", &legacy));
        prop_assert_eq!(expected.0, found.0, "{} {}", expected.1, found.1);
        if expected.0 == 200 {
            prop_assert_eq!(expected.1, found.1);
        }
        let read = |at: usize| {
            let get = json!({"TableName": "tab", "Key": key(at), "AttributesToGet": ["x", "y"]});
            endpoint.ok("GetItem", get)
        };
        prop_assert_eq!(read(0), read(1));
    }
}
