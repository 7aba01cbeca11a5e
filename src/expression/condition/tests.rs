//! Which items conditions hold for, and the service's words where they make no sense.

use serde_json::json;

use super::*;
use crate::expression::fixture::{check, condition, item, message, placeholders};

fn values() -> Placeholders {
    placeholders(
        &[("#n", "name"), ("#dot", "a.b"), ("#m", "doc")],
        json!({
            ":one": {"N": "1"}, ":two": {"N": "2"}, ":ten": {"N": "10"}, ":a": {"S": "a"}, ":ell": {"S": "ell"},
            ":hello": {"S": "hello"}, ":he": {"S": "he"}, ":bytes": {"B": "AQI="}, ":byte": {"B": "Ag=="},
            ":true": {"BOOL": true}, ":null": {"NULL": true}, ":type_n": {"S": "N"}, ":type_ss": {"S": "SS"},
            ":set": {"SS": ["a", "b"]}, ":list": {"L": [{"N": "1"}, {"S": "a"}]}, ":empty": {"M": {}}
        }),
    )
}

fn sample() -> PackedItem {
    PackedItem::pack(&item(json!({
        "pk": {"S": "p"}, "n": {"N": "5"}, "s": {"S": "hello"}, "b": {"B": "AQID"}, "t": {"BOOL": true},
        "z": {"NULL": true}, "ss": {"SS": ["a", "b"]}, "ns": {"NS": ["1", "2"]}, "bs": {"BS": ["Ag==", "Aw=="]},
        "l": {"L": [{"N": "1"}, {"S": "a"}, {"M": {"x": {"L": [{"N": "7"}]}}}]},
        "doc": {"M": {"a.b": {"N": "2"}, "name": {"S": "inner"}}}, "name": {"S": "outer"}, "five": {"N": "5.0"}
    })))
}

fn holds(text: &str) -> bool {
    let placeholders = values();
    condition(text, &placeholders).unwrap().evaluate(&placeholders, Some(&sample())).unwrap()
}

fn fault(text: &str) -> String {
    message(condition(text, &values()))
}

#[test]
fn comparisons_order_values_of_one_type() {
    for text in ["n = five", "n <> :ten", "n < :ten", "n <= five", "n > :one", "n >= five", ":one < n"] {
        assert!(holds(text), "{text}");
    }
    for text in ["n = :ten", "n <> five", "n < five", "n <= :one", "n > five", "n >= :ten"] {
        assert!(!holds(text), "{text}");
    }
    // Numbers by value, strings and binaries by bytes.
    assert!(holds("n < :ten") && holds("s > :a") && holds("b > :bytes") && holds("s = :hello"));
    assert!(holds("ss = :set") && !holds("l = :list") && holds("t = :true") && holds("z = :null"));
}

#[test]
fn values_of_different_types_are_only_unequal() {
    for operator in ["=", "<", "<=", ">", ">="] {
        assert!(!holds(&format!("s {operator} :one")) && !holds(&format!("n {operator} :hello")), "{operator}");
    }
    assert!(holds("s <> :one") && holds("n <> :hello"));
    assert!(!holds("n BETWEEN :a AND :hello") && !holds("begins_with(n, :he)"));
}

#[test]
fn a_missing_attribute_compares_as_unequal() {
    for text in ["gone = :one", "gone < :one", "gone >= :one", "gone BETWEEN :one AND :two"] {
        assert!(!holds(text), "{text}");
    }
    assert!(holds("gone <> :one") && holds("NOT gone = :one") && !holds("gone IN (:one)"));
    assert!(!holds("gone = absent") && holds("gone <> absent"));
    assert!(!holds("size(gone) = :one") && !holds("contains(gone, :a)") && !holds("n.x = :one"));
}

#[test]
fn between_and_in_include_their_operands() {
    assert!(holds("n BETWEEN five AND :ten") && holds("n BETWEEN :one AND five") && !holds("n BETWEEN :one AND :two"));
    assert!(holds("n IN (:one, five)") && !holds("n IN (:one, :two, :hello)") && holds(":one IN (l[0])"));
}

#[test]
fn functions_test_attributes() {
    let yes = [
        "attribute_exists(pk)",
        "attribute_exists(l[2].x[0])",
        "attribute_not_exists(gone)",
        "attribute_not_exists(l[9])",
        "attribute_not_exists(n.x)",
        "attribute_type(n, :type_n)",
        "attribute_type(ss, :type_ss)",
        "begins_with(s, :he)",
        "begins_with(s, s2) OR begins_with(s, :hello)",
        "begins_with(b, :bytes)",
        "contains(s, :ell)",
        "contains(ss, :a)",
        "contains(ns, :two)",
        "contains(bs, :byte)",
        "contains(l, :one)",
        "contains(b, :byte)",
        "contains(:list, :one)",
    ];
    for text in yes {
        assert!(holds(text), "{text}");
    }
    let no = [
        "attribute_exists(gone)",
        "attribute_not_exists(pk)",
        "attribute_type(s, :type_n)",
        "attribute_type(gone, :type_n)",
        "begins_with(s, :ell)",
        "contains(s, :a)",
        "contains(ss, :he)",
        "contains(ns, :ten)",
        "contains(l, :two)",
        "contains(n, :one)",
        "contains(#m, :one)",
    ];
    for text in no {
        assert!(!holds(text), "{text}");
    }
}

#[test]
fn size_counts_bytes_or_elements_and_numbers_have_none() {
    let placeholders = placeholders(&[], json!({":size": {"N": "3"}, ":five": {"N": "5"}, ":s": {"S": "abc"}}));
    let of = |text: &str| condition(text, &placeholders).unwrap().evaluate(&placeholders, Some(&sample())).unwrap();
    assert!(of("size(b) = :size") && of("size(s) = :five") && of("size(l) = :size") && of("size(:s) = size(b)"));
    assert!(of("size(ss) < :size") && of("size(doc) BETWEEN size(ss) AND :five") && of(":size > size(ns)"));
    assert!(!of("size(n) < :five") && !of("size(n) >= :size") && !of("size(t) = :size"));
}

#[test]
fn document_paths_reach_into_lists_and_maps() {
    assert!(holds("l[2].x[0] > :two") && holds("#m.#dot = :two") && holds("#n <> #m.#n") && holds("l[1] = :a"));
    assert!(!holds("l[0][0] = :one") && !holds("s[0] = :one") && !holds("doc.x = :one") && !holds("l.x = :one"));
}

#[test]
fn not_binds_tighter_than_and_and_and_tighter_than_or() {
    let (yes, no) = ("n = five", "n = :one");
    assert!(holds(&format!("{yes} OR {yes} AND {no}")));
    assert!(!holds(&format!("({yes} OR {yes}) AND {no}")));
    assert!(holds(&format!("{no} AND {no} OR {yes}")));
    assert!(!holds(&format!("{no} AND ({no} OR {yes})")));
    assert!(holds(&format!("NOT {no} OR {yes} AND {no}")));
    assert!(!holds(&format!("NOT {no} AND {no}")));
    assert!(!holds(&format!("NOT ({no} OR {yes})")));
    assert!(holds(&format!("NOT NOT {yes}")) && !holds(&format!("not {yes} or not {yes}")));
    assert!(holds(&format!("{yes} AND n BETWEEN :one AND :ten AND {yes}")));
}

#[test]
fn operands_and_conditions_may_stand_in_parentheses() {
    for text in ["(n) = (five)", "(n = five)", "(n) BETWEEN (:one) AND (:ten)", "n IN ((five))", "(size(ss)) = :two"] {
        assert!(holds(text), "{text}");
    }
    assert!(holds("((n = five) AND n = five)") && holds("(NOT (n = :one)) AND (n = five OR (n = :one))"));
}

#[test]
fn without_an_item_no_attribute_exists() {
    let none = Placeholders::default();
    let new = condition("attribute_not_exists(pk)", &none).unwrap();
    assert!(new.evaluate(&none, None).unwrap() && !new.evaluate(&none, Some(&sample())).unwrap());
}

#[test]
fn syntax_errors_show_the_token_and_its_neighbours() {
    let syntax = |token: &str, near: &str| {
        format!("Invalid ConditionExpression: Syntax error; token: \"{token}\", near: \"{near}\"")
    };
    assert_eq!(fault("!!"), syntax("!", "!!"));
    assert_eq!(fault("a == :one"), syntax("=", "== :one"));
    assert_eq!(fault("attribute_exists(a"), syntax("<EOF>", "a"));
    assert_eq!(fault("a = :one)"), syntax(")", ":one)"));
    assert_eq!(fault("(a = :one"), syntax("<EOF>", ":one"));
    assert_eq!(fault("a"), syntax("<EOF>", "a"));
    assert_eq!(fault("a = 5"), syntax("5", "= 5"));
    assert_eq!(fault("AND a = :one"), syntax("AND", "AND a"));
    assert_eq!(fault("a = :one b"), syntax("b", ":one b"));
    assert_eq!(fault("_id = :one"), syntax("_", "_id"));
    assert_eq!(fault("a = :one AND"), syntax("<EOF>", "AND"));
    assert_eq!(fault("a IN ()"), syntax(")", "()"));
    assert_eq!(fault("é = :one"), syntax("é", "é ="));
    assert_eq!(fault("a[:one] = :one"), syntax(":one", "[:one]"));
}

#[test]
fn faults_have_the_services_words() {
    let cases = [
        ("", "The expression can not be empty;"),
        ("status = :one", "Attribute name is a reserved keyword; reserved keyword: status"),
        ("a.Name[0] = :one", "Attribute name is a reserved keyword; reserved keyword: Name"),
        ("((a = :one))", "The expression has redundant parentheses;"),
        ("a = ((:one))", "The expression has redundant parentheses;"),
        ("exists(a)", "Invalid function name; function: exists"),
        ("a = Size(b)", "Invalid function name; function: Size"),
        ("size(a)", "The function is not allowed to be used this way in an expression; function: size"),
        ("a = contains(b, :a)", "The function is not allowed to be used this way in an expression; function: contains"),
        (
            "attribute_exists(a) = :one",
            "The function is not allowed to be used this way in an expression; function: attribute_exists",
        ),
        (
            "begins_with(a)",
            "Incorrect number of operands for operator or function; operator or function: begins_with, number of operands: 1",
        ),
        (
            "attribute_exists(:a)",
            "Operator or function requires a document path; operator or function: attribute_exists",
        ),
        (
            "begins_with(a, :one)",
            "Incorrect operand type for operator or function; operator or function: begins_with, operand type: N",
        ),
        ("a < :list", "Incorrect operand type for operator or function; operator or function: <, operand type: L"),
        (
            "attribute_type(a, :a)",
            "Invalid attribute type name found; type: a, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}",
        ),
        (
            "size(:one) = :one",
            "Incorrect operand type for operator or function; operator or function: size, operand type: N",
        ),
        (
            "a.x[1] = a.x[1]",
            "The first operand must be distinct from the remaining operands for this operator or function; operator: =, first operand: [a, x, [1]]",
        ),
        (
            "a BETWEEN :hello AND :a",
            "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: AttributeValue: {S:hello}, upper bound operand: AttributeValue: {S:a}",
        ),
        (
            "a BETWEEN :one AND :a",
            "The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: AttributeValue: {N:1}, upper bound operand: AttributeValue: {S:a}",
        ),
        (
            "#x = :one AND #missing = :two",
            "An expression attribute name used in the document path is not defined; attribute name: #x",
        ),
        (
            "a = :z OR a = :absent",
            "An expression attribute value used in expression is not defined; attribute value: :z",
        ),
        (
            "a[99999999999999999999] = :one",
            "List index is not within the allowable range; index: [99999999999999999999]",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(fault(text), format!("Invalid ConditionExpression: {expected}"), "{text}");
    }
    let filter = Condition::parse(ExpressionKind::Filter, "#missing = :v").unwrap();
    let expected = "Invalid FilterExpression: An expression attribute name used in the document path is not defined; attribute name: #missing";
    assert_eq!(message(check(&placeholders(&[("#a", "a")], json!({":v": {"N": "1"}})), &filter)), expected);
}

#[test]
fn sizes_are_limited() {
    let chain = |count: usize| vec!["a<:b"; count].join(" OR ");
    let parse = |text: &str| Condition::parse(ExpressionKind::Filter, text);
    assert!(parse(&chain(150)).is_ok());
    let expected = "Invalid FilterExpression: The expression contains too many operators; operator count: 301";
    assert_eq!(message(parse(&chain(151))), expected);
    assert_eq!(message(parse(&chain(400))), expected);
    let choices = |count: usize| format!("a IN ({})", vec![":b"; count].join(","));
    assert!(parse(&choices(100)).is_ok());
    assert!(message(parse(&choices(101))).contains("too many operands; number of operands: 101"));
    assert!(message(parse(&format!("a = :b{}", " ".repeat(4091)))).contains("expression size: 4097"));
}

#[test]
fn depth_ends_in_an_error_or_a_result_and_never_in_a_crash() {
    let parse = |text: &str| Condition::parse(ExpressionKind::Condition, text);
    assert!(message(parse(&"(".repeat(4096))).contains("Syntax error"));
    let nested = format!("{}a<:b{}", "(".repeat(2040), ")".repeat(2040));
    assert!(message(parse(&nested)).contains("redundant parentheses"));
    assert!(message(parse(&"size(".repeat(800))).contains("Incorrect operand type"));
    assert!(message(parse(&"NOT ".repeat(1000))).contains("too many operators"));
}

#[test]
fn the_deepest_legal_nesting_evaluates() {
    let placeholders = values();
    let deep = format!("{}n = five{}", "(NOT ".repeat(298), ")".repeat(298));
    assert!(condition(&deep, &placeholders).unwrap().evaluate(&placeholders, Some(&sample())).unwrap());
    let path = format!("l{} = :one", "[0]".repeat(1300));
    assert!(!condition(&path, &placeholders).unwrap().evaluate(&placeholders, Some(&sample())).unwrap());
}

#[test]
fn a_filter_may_not_name_the_querys_key() {
    use crate::api::KeyAttribute;
    use crate::item::ScalarType;
    let key = |name: &str| KeyAttribute { name: name.into(), scalar_type: ScalarType::S };
    let schema = KeySchema::new(key("pk"), Some(key("name")));
    let placeholders = values();
    let avoids = |text: &str| condition(text, &placeholders).unwrap().check_avoids_key(&placeholders, &schema);
    assert!(avoids("n = :one AND #m.#n = :a").is_ok());
    for text in ["size(pk) > :one", "n = :one OR attribute_exists(pk)"] {
        let expected = "Filter Expression can only contain non-primary key attributes: Primary key attribute: pk";
        assert_eq!(message(avoids(text)), expected);
    }
    assert!(message(avoids("#n = :a")).ends_with("name"));
}
