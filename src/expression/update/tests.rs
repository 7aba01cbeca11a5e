//! What updates do to items, and the service's words where they cannot.

use serde_json::{Value, json};

use super::*;
use crate::expression::fixture::{check, item, message, placeholders};
use crate::item::PackedValue;

fn request() -> Placeholders {
    placeholders(
        &[("#n", "n"), ("#name", "name"), ("#l", "l"), ("#pk", "pk")],
        json!({
            ":one": {"N": "1"}, ":half": {"N": "0.5"}, ":s": {"S": "text"}, ":list": {"L": [{"N": "7"}, {"N": "8"}]},
            ":none": {"L": []}, ":ab": {"SS": ["a", "b"]}, ":c": {"SS": ["c"]}, ":twelve": {"NS": ["1", "2"]},
            ":bytes": {"BS": ["AQ=="]}, ":map": {"M": {"k": {"N": "1"}}}, ":max": {"N": "9E125"}, ":true": {"BOOL": true}
        }),
    )
}

fn key() -> Item {
    item(json!({"pk": {"S": "p"}}))
}

fn old() -> Item {
    item(json!({
        "pk": {"S": "p"}, "n": {"N": "5"}, "s": {"S": "x"}, "ss": {"SS": ["a", "c"]}, "ns": {"NS": ["2", "3"]},
        "l": {"L": [{"N": "0"}, {"N": "1"}, {"N": "2"}, {"L": [{"S": "a"}, {"S": "b"}]}]},
        "m": {"M": {"x": {"N": "1"}, "tags": {"SS": ["a"]}}}
    }))
}

fn apply(text: &str, old: Option<&Item>) -> Result<Updated, ApiError> {
    let placeholders = request();
    let update = Update::parse(text)?;
    check(&placeholders, &update)?;
    update.apply(&placeholders, &key(), old.map(PackedItem::pack).as_ref())
}

/// The old item with these attributes changed; `null` removes one.
fn becomes(text: &str, changes: Value) {
    let mut expected = old();
    for (name, value) in changes.as_object().expect("changes by attribute") {
        match value {
            Value::Null => _ = expected.remove(name),
            value => _ = expected.insert(name.into(), crate::item::value_from_json(value).expect("well-formed")),
        }
    }
    assert_eq!(apply(text, Some(&old())).unwrap().item, expected, "{text}");
}

fn fault(text: &str) -> String {
    message(apply(text, Some(&old())))
}

#[test]
fn set_gives_attributes_values() {
    becomes("SET a = :s, n = :half", json!({"a": {"S": "text"}, "n": {"N": "0.5"}}));
    becomes("set #n = s", json!({"n": {"S": "x"}}));
    becomes("SET m.y = l[1]", json!({"m": {"M": {"x": {"N": "1"}, "y": {"N": "1"}, "tags": {"SS": ["a"]}}}}));
    becomes("SET m.x = m.x + :one", json!({"m": {"M": {"x": {"N": "2"}, "tags": {"SS": ["a"]}}}}));
}

#[test]
fn set_calculates_exactly() {
    becomes("SET n = n + :one", json!({"n": {"N": "6"}}));
    becomes("SET n = :half - n", json!({"n": {"N": "-4.5"}}));
    becomes("SET n = n + :one - :half + n", json!({"n": {"N": "10.5"}}));
    becomes("SET n = n - (:one - :half)", json!({"n": {"N": "4.5"}}));
    becomes("SET a = if_not_exists(a, :one) + n", json!({"a": {"N": "6"}}));
}

#[test]
fn functions_nest() {
    becomes("SET n = if_not_exists(n, :one), a = if_not_exists(a, :one)", json!({"a": {"N": "1"}}));
    becomes("SET a = list_append(:list, :none)", json!({"a": {"L": [{"N": "7"}, {"N": "8"}]}}));
    becomes(
        "SET a = list_append(if_not_exists(a, :none), list_append(:list, :list))",
        json!({"a": {"L": [{"N": "7"}, {"N": "8"}, {"N": "7"}, {"N": "8"}]}}),
    );
    becomes("SET a = if_not_exists(a, if_not_exists(b, m.x))", json!({"a": {"N": "1"}}));
}

#[test]
fn operands_are_read_from_the_item_before_the_update() {
    becomes("SET n = s, s = n", json!({"n": {"S": "x"}, "s": {"N": "5"}}));
    becomes("REMOVE n SET a = n", json!({"n": null, "a": {"N": "5"}}));
    becomes(
        "SET a = l[1] REMOVE l[0]",
        json!({"a": {"N": "1"}, "l": {"L": [
            {"N": "1"}, {"N": "2"}, {"L": [{"S": "a"}, {"S": "b"}]}
        ]}}),
    );
}

#[test]
fn indexes_beyond_the_end_append_in_their_order() {
    becomes(
        "SET l[9] = :one, l[5] = :s, l[0] = :half",
        json!({"l": {"L": [
            {"N": "0.5"}, {"N": "1"}, {"N": "2"}, {"L": [{"S": "a"}, {"S": "b"}]}, {"S": "text"}, {"N": "1"}
        ]}}),
    );
    becomes(
        "SET l[3][7] = :s REMOVE l[1], l[0]",
        json!({"l": {"L": [
            {"N": "2"}, {"L": [{"S": "a"}, {"S": "b"}, {"S": "text"}]}
        ]}}),
    );
}

#[test]
fn remove_takes_attributes_and_list_elements_away() {
    becomes("REMOVE n, s, gone, m.x", json!({"n": null, "s": null, "m": {"M": {"tags": {"SS": ["a"]}}}}));
    becomes("REMOVE l[0], #l[2], l[9], l[3][0]", json!({"l": {"L": [{"N": "1"}, {"L": [{"S": "b"}]}]}}));
}

#[test]
fn add_counts_numbers_and_unites_sets() {
    becomes("ADD n :half, a :one", json!({"n": {"N": "5.5"}, "a": {"N": "1"}}));
    becomes(
        "ADD ss :ab, b :ab, ns :twelve",
        json!({
            "ss": {"SS": ["a", "b", "c"]}, "b": {"SS": ["a", "b"]}, "ns": {"NS": ["1", "2", "3"]}
        }),
    );
    becomes("ADD m.x :one", json!({"m": {"M": {"x": {"N": "2"}, "tags": {"SS": ["a"]}}}}));
}

#[test]
fn delete_takes_elements_and_leaves_no_empty_set() {
    becomes("DELETE ss :ab, gone :c", json!({"ss": {"SS": ["c"]}}));
    becomes(
        "DELETE ss :c, ns :twelve, m.tags :ab",
        json!({
            "ss": {"SS": ["a"]}, "ns": {"NS": ["3"]}, "m": {"M": {"x": {"N": "1"}}}
        }),
    );
}

#[test]
fn sections_come_in_any_order_and_case() {
    let text = "remove s add n :one DELETE ss :c Set a = :s";
    becomes(text, json!({"s": null, "n": {"N": "6"}, "ss": {"SS": ["a"]}, "a": {"S": "text"}}));
}

#[test]
fn a_missing_item_is_created_with_its_key() {
    let new = apply("SET a = :one ADD b :ab REMOVE c", None).unwrap();
    assert_eq!(new.item, item(json!({"pk": {"S": "p"}, "a": {"N": "1"}, "b": {"SS": ["a", "b"]}})));
    assert!(new.updated_old().is_empty());
    assert_eq!(apply("REMOVE a", None).unwrap().item, key());
    assert!(message(apply("SET n = n + :one", None)).contains("does not exist in the item"));
}

#[test]
fn updated_images_hold_what_was_touched() {
    let text = "SET n = :half, m.x = :s, l[9] = :one, l[1] = :s, a = :one REMOVE s ADD ns :twelve DELETE ss :ab";
    let updated = apply(text, Some(&old())).unwrap();
    assert_eq!(
        updated.updated_old(),
        item(json!({
            "n": {"N": "5"}, "m": {"M": {"x": {"N": "1"}}}, "l": {"L": [{"N": "1"}]}, "s": {"S": "x"},
            "ns": {"NS": ["2", "3"]}, "ss": {"SS": ["a", "c"]}
        }))
    );
    assert_eq!(
        updated.updated_new(),
        item(json!({
            "n": {"N": "0.5"}, "m": {"M": {"x": {"S": "text"}}}, "l": {"L": [{"S": "text"}, {"N": "1"}]},
            "a": {"N": "1"}, "ns": {"NS": ["1", "2", "3"]}, "ss": {"SS": ["c"]}
        }))
    );
}

#[test]
fn faults_of_the_expression_have_the_services_words() {
    let operand = "Incorrect operand type for operator or function;";
    let overlap = "Two document paths overlap with each other; must remove or rewrite one of these paths;";
    let cases = [
        ("", "The expression can not be empty;".to_owned()),
        ("INVALID SYNTAX", "Syntax error; token: \"INVALID\", near: \"INVALID SYNTAX\"".to_owned()),
        ("SET", "Syntax error; token: \"<EOF>\", near: \"SET\"".to_owned()),
        ("SET a = ", "Syntax error; token: \"<EOF>\", near: \"= \"".to_owned()),
        ("SET a = :one b", "Syntax error; token: \"b\", near: \":one b\"".to_owned()),
        ("ADD a b", "Syntax error; token: \"b\", near: \"a b\"".to_owned()),
        ("SET a = :one,", "Syntax error; token: \"<EOF>\", near: \",\"".to_owned()),
        ("SET a + :one", "Syntax error; token: \"+\", near: \"a + :one\"".to_owned()),
        ("SET _Id = :one", "Syntax error; token: \"_\", near: \"SET _Id\"".to_owned()),
        ("SET a = :v", "An expression attribute value used in expression is not defined; attribute value: :v".to_owned()),
        ("SET name = :one", "Attribute name is a reserved keyword; reserved keyword: name".to_owned()),
        ("SET a = :one SET b = :one", "The \"SET\" section can only be used once in an update expression;".to_owned()),
        ("SET a = :one, a.b = :one", format!("{overlap} path one: [a], path two: [a, b]")),
        ("REMOVE #l[0] SET l[0].x = :one", format!("{overlap} path one: [l, [0]], path two: [l, [0], x]")),
        ("SET #n = :one ADD n :one", format!("{overlap} path one: [n], path two: [n]")),
        (
            "SET a[0] = :one, a.b = :one",
            "Two document paths conflict with each other; must remove or rewrite one of these paths; path one: [a, [0]], path two: [a, b]".to_owned(),
        ),
        ("SET a = ((:one))", "The expression has redundant parentheses;".to_owned()),
        ("SET a = foo(b)", "Invalid function name; function: foo".to_owned()),
        ("SET a = size(b)", "The function is not allowed in an update expression; function: size".to_owned()),
        (
            "SET a = if_not_exists(b)",
            "Incorrect number of operands for operator or function; operator or function: if_not_exists, number of operands: 1".to_owned(),
        ),
        (
            "SET a = if_not_exists(:one, b)",
            "Operator or function requires a document path; operator or function: if_not_exists".to_owned(),
        ),
        ("SET n = n + :s", format!("{operand} operator or function: +, operand type: S")),
        ("SET n = :list - n", format!("{operand} operator or function: -, operand type: L")),
        ("SET l = list_append(l, :one)", format!("{operand} operator or function: list_append, operand type: N")),
        ("ADD n :s", format!("{operand} operator: ADD, operand type: STRING, typeSet: ALLOWED_FOR_ADD_OPERAND")),
        ("DELETE n :one", format!("{operand} operator: DELETE, operand type: NUMBER, typeSet: ALLOWED_FOR_DELETE_OPERAND")),
    ];
    for (text, expected) in cases {
        assert_eq!(fault(text), format!("Invalid UpdateExpression: {expected}"), "{text}");
    }
}

#[test]
fn faults_met_in_the_item_have_the_services_words() {
    let missing = "The provided expression refers to an attribute that does not exist in the item";
    let operand = "An operand in the update expression has an incorrect data type";
    let path = "The document path provided in the update expression is invalid for update";
    let cases = [
        ("SET n = gone + :one", missing),
        ("SET a = gone", missing),
        ("SET a = list_append(gone, :list)", missing),
        ("SET n = s + :one", operand),
        ("SET a = list_append(n, :list)", operand),
        ("ADD s :one", operand),
        ("ADD n :ab", operand),
        ("ADD ss :twelve", operand),
        ("DELETE ss :bytes", operand),
        ("DELETE n :ab", operand),
        ("SET gone.x = :one", path),
        ("SET n.x = :one", path),
        ("SET l.x = :one", path),
        ("SET m[0] = :one", path),
        ("SET l[9].x = :one", path),
        ("REMOVE gone.x", path),
        ("REMOVE m[0]", path),
        ("ADD gone.x :one", path),
        (
            "SET n = :max + :max",
            "Number overflow. Attempting to store a number with magnitude larger than supported range",
        ),
        ("SET n = :max + n", "Attempting to store more than 38 significant digits in a Number"),
    ];
    for (text, expected) in cases {
        assert_eq!(fault(text), expected, "{text}");
    }
}

#[test]
fn key_attributes_stay() {
    let expected =
        "One or more parameter values were invalid: Cannot update attribute pk. This attribute is part of the key";
    for text in ["SET pk = :s", "SET a = :one REMOVE #pk", "ADD pk :one", "SET pk.x = :one"] {
        assert_eq!(fault(text), expected, "{text}");
        assert_eq!(message(Update::parse(text).unwrap().check_avoids_key(&request(), &key())), expected);
    }
}

#[test]
fn depth_and_operators_are_limited() {
    let nested = |count: usize| format!("SET a = {}:list{}", "if_not_exists(a, ".repeat(count), ")".repeat(count));
    assert!(message(apply(&nested(301), None)).contains("Expression size"));
    let short = |count: usize| format!("SET a = {}b{}", "list_append(b,".repeat(count), ")".repeat(count));
    assert!(apply(&short(200), Some(&item(json!({"b": {"L": []}})))).is_ok());
    assert!(message(apply(&format!("SET a = n{}", "+n".repeat(301)), None)).contains("operator count: 301"));
    becomes(&format!("SET n = n{}", "+:one".repeat(300)), json!({"n": {"N": "305"}}));
    let sums = format!("SET n = {}n{}", "(".repeat(300), "+:one)".repeat(300));
    becomes(&sums, json!({"n": {"N": "305"}}));
    let parentheses = format!("SET n = {}n{}", "(".repeat(2000), ")".repeat(2000));
    assert!(fault(&parentheses).contains("redundant parentheses"));
    assert!(fault(&format!("SET n = {}", "(".repeat(4000))).contains("redundant parentheses"));
}

#[test]
fn documents_do_not_outgrow_32_levels() {
    let mut deep = PackedItem::pack(&item(json!({"pk": {"S": "p"}, "d": {"L": []}})));
    let placeholders = placeholders(&[], json!({":v": {"L": []}}));
    for depth in 1..40 {
        let update = Update::parse(&format!("SET d{} = :v", "[0]".repeat(depth))).unwrap();
        match update.apply(&placeholders, &key(), Some(&deep)) {
            Ok(updated) => deep = updated.item,
            Err(error) => {
                assert_eq!((depth, &*error.message), (33, "Nesting Levels have exceeded supported limits"));
                return;
            }
        }
    }
    panic!("a document grew without bound");
}

#[test]
fn long_lists_are_changed_in_linear_time() {
    let list = AttributeValue::L((0..100_000).map(|_| AttributeValue::Null).collect());
    let old: Item = [("l".into(), list)].into_iter().collect();
    let indexes = |count: usize| (0..count).map(|index| format!("l[{}]", index * 190)).collect::<Vec<_>>();
    let started = std::time::Instant::now();
    let removed = apply(&format!("REMOVE {}", indexes(400).join(",")), Some(&old)).unwrap();
    let set = apply(&format!("SET {}", indexes(250).join("=:one,") + "=:one"), Some(&old)).unwrap();
    let appended = apply("SET l = list_append(:list, list_append(l, :list))", Some(&old)).unwrap();
    let elapsed = started.elapsed();
    let length = |updated: &Updated| updated.item.get("l").and_then(PackedValue::count).unwrap_or_default();
    assert_eq!([length(&removed), length(&set), length(&appended)], [99_600, 100_000, 100_004]);
    // Some 10 ms without optimisation; a quadratic way takes seconds.
    assert!(elapsed < std::time::Duration::from_secs(2), "{elapsed:?}");
}

#[test]
fn a_small_expression_cannot_make_a_huge_item() {
    let list = AttributeValue::L((0..100_000).map(|_| AttributeValue::Null).collect());
    let old: Item = [("l".into(), list)].into_iter().collect();
    let copies = (0..400).map(|at| format!("a{at}=l")).collect::<Vec<_>>().join(",");
    let appended = format!("SET l = {}l{}", "list_append(l,".repeat(200), ")".repeat(200));
    for text in [format!("SET {copies}"), appended] {
        let expected = "Item size to update has exceeded the maximum allowed size";
        assert_eq!(message(apply(&text, Some(&old))), expected);
    }
}
