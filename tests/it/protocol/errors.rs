//! What is wrong with a request, in which words and in which order. The texts are those of the conformance tests that were
//! checked against the real service, and of dynalite's (facts, appendix A).

use serde_json::{Value, json};

use super::Endpoint;

/// A request for the table's item `a`, `1`, with these members besides.
fn about(mut more: Value) -> Value {
    more["TableName"] = json!("tab");
    more["Key"] = json!({"id": {"S": "a"}, "at": {"N": "1"}});
    more
}

fn put(x: Value) -> Value {
    json!({"TableName": "tab", "Item": {"id": {"S": "a"}, "at": {"N": "1"}, "x": x}})
}

#[test]
fn bodies_that_are_not_json_have_no_message() {
    let endpoint = Endpoint::with_table();
    for body in ["", "{", "nul", "{\"TableName\":\"tab\",}", "{}{}", "null"] {
        let reply = endpoint.send("GetItem", body.as_bytes());
        assert_eq!(reply.status, 400);
        let body = String::from_utf8(reply.body).unwrap();
        assert_eq!(body, r#"{"__type":"com.amazon.coral.service#SerializationException"}"#);
    }
}

#[test]
fn an_operation_there_is_not_is_unknown() {
    let endpoint = Endpoint::with_table();
    for operation in ["", "getItem", "GetItem ", "SearchVectors", "ListStreams"] {
        let reply = endpoint.send(operation, b"{}");
        assert_eq!(reply.status, 400);
        let body = String::from_utf8(reply.body).unwrap();
        assert_eq!(body, r#"{"__type":"com.amazon.coral.service#UnknownOperationException"}"#);
    }
}

#[test]
fn wrong_json_types_are_named_as_java_names_them() {
    let endpoint = Endpoint::with_table();
    let attribute_value = "com.amazonaws.dynamodb.v20120810.AttributeValue";
    let unexpected = "Start of structure or map found where not expected";
    let cases = [
        (json!({"TableName": 23}), "NUMBER_VALUE cannot be converted to String".to_owned()),
        (json!({"TableName": 1.5}), "DECIMAL_VALUE cannot be converted to String".to_owned()),
        (json!({"TableName": true}), "TRUE_VALUE cannot be converted to String".to_owned()),
        (json!({"TableName": false}), "FALSE_VALUE cannot be converted to String".to_owned()),
        (json!({"TableName": []}), "Unrecognized collection type class java.lang.String".to_owned()),
        (json!({"TableName": {}}), unexpected.to_owned()),
        (json!({"ConsistentRead": "true"}), "STRING_VALUE cannot be converted to Boolean".to_owned()),
        (json!({"ConsistentRead": []}), "Unrecognized collection type class java.lang.Boolean".to_owned()),
        (json!({"AttributesToGet": {}}), unexpected.to_owned()),
        (json!({"AttributesToGet": "a"}), "Unexpected field type".to_owned()),
        (json!({"AttributesToGet": [5]}), "NUMBER_VALUE cannot be converted to String".to_owned()),
        (json!({"Key": "a"}), "Unexpected field type".to_owned()),
        (
            json!({"Key": []}),
            format!("Unrecognized collection type java.util.Map<java.lang.String, {attribute_value}>"),
        ),
        (json!({"Key": {"a": "b"}}), "Unexpected field type".to_owned()),
        (json!({"Key": {"a": []}}), format!("Unrecognized collection type class {attribute_value}")),
        (json!({"Key": {"a": {"S": 5}}}), "NUMBER_VALUE cannot be converted to String".to_owned()),
        (json!({"Key": {"a": {"N": 5}}}), "NUMBER_VALUE cannot be converted to String".to_owned()),
        (json!({"Key": {"a": {"BOOL": "x"}}}), "STRING_VALUE cannot be converted to Boolean".to_owned()),
        (json!({"Key": {"a": {"SS": "x"}}}), "Unexpected field type".to_owned()),
        (json!({"Key": {"a": {"L": {}}}}), unexpected.to_owned()),
        (json!({"Key": {"a": {"L": [{"M": {"b": {"S": {}}}}]}}}), unexpected.to_owned()),
        (json!({"Key": {"a": {"B": 5}}}), "Only base64-encoded strings are convertible to bytes".to_owned()),
        (json!({"Key": {"a": {"B": []}}}), "Unrecognized collection type class java.nio.ByteBuffer".to_owned()),
        (
            json!({"Key": {"a": {"B": "AAAAA"}}}),
            "Base64 encoded length is expected a multiple of 4 bytes but found: 5".to_owned(),
        ),
        (json!({"Key": {"a": {"BS": ["AA!="]}}}), "Invalid Base64 character: '!'".to_owned()),
    ];
    for (body, message) in cases {
        assert_eq!(endpoint.unserializable("GetItem", &body), message, "{body}");
    }
    let limit = json!({"TableName": "tab", "Limit": "5"});
    assert_eq!(endpoint.unserializable("Scan", &limit), "STRING_VALUE cannot be converted to Integer");
}

#[test]
fn the_models_constraints_come_together() {
    let endpoint = Endpoint::with_table();
    let null = |member: &str| format!("Value null at '{member}' failed to satisfy constraint: Member must not be null");
    assert_eq!(
        endpoint.refused("PutItem", json!({})),
        format!("2 validation errors detected: {}; {}", null("tableName"), null("item"))
    );
    let item = json!({"TableName": "tab", "Item": {}, "ReturnConsumedCapacity": "a", "ReturnValues": "b", "ReturnItemCollectionMetrics": "c"});
    assert_eq!(
        endpoint.refused("PutItem", item),
        "3 validation errors detected: Value 'a' at 'returnConsumedCapacity' failed to satisfy constraint: Member must \
         satisfy enum value set: [INDEXES, TOTAL, NONE]; Value 'b' at 'returnValues' failed to satisfy constraint: Member \
         must satisfy enum value set: [ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]; Value 'c' at \
         'returnItemCollectionMetrics' failed to satisfy constraint: Member must satisfy enum value set: [SIZE, NONE]"
    );
    // A name that is ill-formed is reported alone.
    let one = |name: &str, rule: &str| {
        let message = endpoint.refused("PutItem", json!({"TableName": name, "ReturnValues": "b"}));
        let start = format!("1 validation error detected: Value '{name}' at 'tableName' failed to satisfy constraint:");
        assert_eq!(message, format!("{start} Member must {rule}"));
    };
    one("", "have length greater than or equal to 1");
    one(&"x".repeat(256), "have length less than or equal to 255");
    one("a;b", "satisfy regular expression pattern: [a-zA-Z0-9_.-]+");

    let nested = json!({"TransactItems": [{}, {"Put": {"TableName": "tab"}}]});
    assert_eq!(
        endpoint.refused("TransactWriteItems", nested),
        format!("1 validation error detected: {}", null("transactItems.2.member.put.item"))
    );
    let scan = json!({"TableName": "tab", "Limit": 0, "IndexName": "a", "Segment": -1, "TotalSegments": 1_000_001});
    assert_eq!(
        endpoint.refused("Scan", scan),
        "4 validation errors detected: Value 'a' at 'indexName' failed to satisfy constraint: Member must have length \
         greater than or equal to 3; Value '0' at 'limit' failed to satisfy constraint: Member must have value greater \
         than or equal to 1; Value '1000001' at 'totalSegments' failed to satisfy constraint: Member must have value less \
         than or equal to 1000000; Value '-1' at 'segment' failed to satisfy constraint: Member must have value greater \
         than or equal to 0"
    );
    let many = json!({"RequestItems": {"tab": vec![json!({"PutRequest": {}}); 20]}});
    assert!(endpoint.refused("BatchWriteItem", many).starts_with("10 validation errors detected: "));
}

#[test]
fn attribute_values_have_exactly_one_type_and_a_value_of_it() {
    let endpoint = Endpoint::with_table();
    let invalid = |text: &str| format!("One or more parameter values were invalid: {text}");
    let empty = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes".to_owned();
    let several =
        "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes";
    let no_number = "The parameter cannot be converted to a numeric value";
    let cases = [
        (json!({}), empty.clone()),
        (json!({"a": ""}), empty.clone()),
        (json!({"S": null}), empty.clone()),
        (json!({"L": [{}]}), empty.clone()),
        (json!({"M": {"a": null}}), empty),
        (json!({"S": "a", "N": "1"}), several.to_owned()),
        (json!({"NULL": false}), invalid("Null attribute value types must have the value of true")),
        (json!({"NULL": "no"}), String::new()),
        (json!({"SS": []}), invalid("An string set  may not be empty")),
        (json!({"NS": []}), invalid("An number set  may not be empty")),
        (json!({"BS": []}), invalid("Binary sets should not be empty")),
        (json!({"M": {"a": {"SS": []}}}), invalid("An string set  may not be empty")),
        (json!({"SS": ["a", "a"]}), invalid("Input collection [a, a] contains duplicates.")),
        (json!({"NS": ["1", "1.0"]}), invalid("Input collection contains duplicates")),
        (json!({"BS": ["AA==", "AA=="]}), invalid("Input collection [AA==, AA==]of type BS contains duplicates.")),
        (json!({"N": ""}), no_number.to_owned()),
        (json!({"N": "b"}), format!("{no_number}: b")),
        (json!({"NS": ["1", "b"]}), format!("{no_number}: b")),
        (json!({"N": "1".repeat(39)}), "Attempting to store more than 38 significant digits in a Number".to_owned()),
        (
            json!({"N": "1e126"}),
            "Number overflow. Attempting to store a number with magnitude larger than supported range".to_owned(),
        ),
        (
            json!({"N": "1e-131"}),
            "Number underflow. Attempting to store a number with magnitude smaller than supported range".to_owned(),
        ),
    ];
    for (value, message) in cases {
        if message.is_empty() {
            endpoint.unserializable("PutItem", &put(value));
            continue;
        }
        assert_eq!(endpoint.refused("PutItem", put(value.clone())), message, "{value}");
        let as_placeholder =
            about(json!({"UpdateExpression": "SET x = :x", "ExpressionAttributeValues": {":x": value}}));
        let expected = format!("ExpressionAttributeValues contains invalid value: {message} for key :x");
        assert_eq!(endpoint.refused("UpdateItem", as_placeholder), expected);
        let start = json!({"TableName": "tab", "ExclusiveStartKey": {"id": value}});
        assert_eq!(endpoint.refused("Scan", start), format!("The provided starting key is invalid: {message}"));
    }
}

#[test]
fn expressions_and_what_was_before_them_do_not_mix() {
    let endpoint = Endpoint::with_table();
    let refused = |operation: &str, body: Value, legacy: &str, expressions: &str| {
        let expected = format!(
            "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: \
             {{{legacy}}} Expression parameters: {{{expressions}}}"
        );
        assert_eq!(endpoint.refused(operation, about(body)), expected);
    };
    let expected = json!({"x": {"Exists": false}});
    refused("DeleteItem", json!({"Expected": expected, "ConditionExpression": "a"}), "Expected", "ConditionExpression");
    refused(
        "UpdateItem",
        json!({
            "ConditionalOperator": "OR", "Expected": expected, "AttributeUpdates": {}, "UpdateExpression": "",
            "ConditionExpression": ""
        }),
        "AttributeUpdates, Expected, ConditionalOperator",
        "UpdateExpression, ConditionExpression",
    );
    refused(
        "GetItem",
        json!({"AttributesToGet": ["a"], "ProjectionExpression": "a"}),
        "AttributesToGet",
        "ProjectionExpression",
    );
    let condition = json!({"id": {"ComparisonOperator": "NULL"}});
    let query = json!({
        "TableName": "tab", "KeyConditions": condition, "QueryFilter": condition, "AttributesToGet": ["a"],
        "KeyConditionExpression": "a", "FilterExpression": "a"
    });
    assert!(endpoint.refused("Query", query).ends_with(
        "Non-expression parameters: {AttributesToGet, QueryFilter, KeyConditions} Expression parameters: \
             {FilterExpression, KeyConditionExpression}"
    ));
}

#[test]
fn placeholders_need_expressions_and_are_not_empty() {
    let endpoint = Endpoint::with_table();
    let only = "can only be specified when using expressions";
    let cases = [
        (json!({"ExpressionAttributeNames": {}}), format!("ExpressionAttributeNames {only}")),
        (
            json!({"ExpressionAttributeValues": {}}),
            format!("ExpressionAttributeValues {only}: UpdateExpression and ConditionExpression are null"),
        ),
        (
            json!({"UpdateExpression": "SET a = :a", "ExpressionAttributeNames": {}}),
            "ExpressionAttributeNames must not be empty".to_owned(),
        ),
        (
            json!({"UpdateExpression": "SET a = :a", "ExpressionAttributeValues": {}}),
            "ExpressionAttributeValues must not be empty".to_owned(),
        ),
        (
            json!({"UpdateExpression": "SET a = :a", "ExpressionAttributeNames": {"a": "b"}}),
            "ExpressionAttributeNames contains invalid key: Syntax error; key: \"a\"".to_owned(),
        ),
        (
            json!({"UpdateExpression": "SET a = :a", "ExpressionAttributeValues": {":": {}}}),
            "ExpressionAttributeValues contains invalid key: Syntax error; key: \":\"".to_owned(),
        ),
        (
            json!({"UpdateExpression": "SET a = :a", "ExpressionAttributeValues": {":a": {"S": ""}, ":b": {"S": ""}}}),
            "Value provided in ExpressionAttributeValues unused in expressions: keys: {:b}".to_owned(),
        ),
        (json!({"UpdateExpression": ""}), "Invalid UpdateExpression: The expression can not be empty;".to_owned()),
    ];
    for (body, message) in cases {
        assert_eq!(endpoint.refused("UpdateItem", about(body)), message);
    }
    let delete = about(json!({"ExpressionAttributeValues": {":a": {"S": ""}}}));
    assert_eq!(
        endpoint.refused("DeleteItem", delete),
        format!("ExpressionAttributeValues {only}: ConditionExpression is null")
    );
}

#[test]
fn parameters_have_rules_of_their_own() {
    let endpoint = Endpoint::with_table();
    let cases = [
        (
            "Query",
            json!({"TableName": "tab"}),
            "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.",
        ),
        (
            "Query",
            json!({"TableName": "tab", "Limit": 0}),
            "1 validation error detected: Value at 'Limit' failed to satisfy constraint: Member must have value greater than or equal to 1",
        ),
        (
            "Scan",
            json!({"TableName": "tab", "Segment": 1}),
            "The TotalSegments parameter is required but was not present in the request when Segment parameter is present",
        ),
        (
            "Scan",
            json!({"TableName": "tab", "TotalSegments": 1}),
            "The Segment parameter is required but was not present in the request when parameter TotalSegments is present",
        ),
        (
            "Scan",
            json!({"TableName": "tab", "TotalSegments": 5, "Segment": 5}),
            "The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: 5 is not less than TotalSegments: 5",
        ),
        (
            "Scan",
            json!({"TableName": "tab", "AttributesToGet": ["a", "b", "a"]}),
            "One or more parameter values were invalid: Duplicate value in attribute name: a",
        ),
        (
            "Scan",
            json!({"TableName": "tab", "AttributesToGet": ["a"], "Select": "COUNT"}),
            "Cannot specify the AttributesToGet when choosing to get only the Count",
        ),
        ("BatchGetItem", json!({"RequestItems": {}}), "The requestItems parameter is required for BatchGetItem"),
        ("BatchWriteItem", json!({"RequestItems": {}}), "The requestItems parameter is required for BatchWriteItem"),
        (
            "TransactGetItems",
            json!({"TransactItems": []}),
            "1 validation error detected: Value '[]' at 'transactItems' failed to satisfy constraint: Member must have length greater than or equal to 1",
        ),
        (
            "CreateTable",
            json!({"KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}], "AttributeDefinitions": []}),
            "The parameter 'TableName' is required but was not present in the request",
        ),
        (
            "CreateTable",
            json!({
                "TableName": "abc", "BillingMode": "PAY_PER_REQUEST", "AttributeDefinitions": [],
                "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}]
            }),
            "Invalid KeySchema: Some index key attribute have no definition",
        ),
        (
            "CreateTable",
            json!({
                "TableName": "ab", "AttributeDefinitions": [], "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}]
            }),
            "1 validation error detected: Value 'ab' at 'tableName' failed to satisfy constraint: Member must have length greater than or equal to 3",
        ),
    ];
    for (operation, body, message) in cases {
        assert_eq!(endpoint.refused(operation, body), message);
    }
}

#[test]
fn checks_come_in_the_services_order() {
    let endpoint = Endpoint::with_table();
    // Each body breaks its rule and all that come later.
    let mut body = json!({
        "TableName": "gone", "Key": {"id": {"N": "x"}}, "ReturnValues": "x", "Expected": {"x": {}},
        "ConditionExpression": "!!", "ExpressionAttributeValues": {":unused": {}}
    });
    body["ConditionalOperator"] = json!(5);
    assert!(endpoint.unserializable("DeleteItem", &body).starts_with("NUMBER_VALUE"));
    body["ConditionalOperator"] = Value::Null;
    assert!(endpoint.refused("DeleteItem", body.clone()).starts_with("1 validation error detected"));
    body["ReturnValues"] = Value::Null;
    assert!(endpoint.refused("DeleteItem", body.clone()).starts_with("Can not use both"));
    body["Expected"] = Value::Null;
    assert!(
        endpoint.refused("DeleteItem", body.clone()).starts_with("ExpressionAttributeValues contains invalid value")
    );
    body["ExpressionAttributeValues"] = json!({":unused": {"S": ""}});
    assert!(endpoint.refused("DeleteItem", body.clone()).starts_with("The parameter cannot be converted"));
    body["Key"] = json!({"id": {"S": "x"}});
    assert!(endpoint.refused("DeleteItem", body.clone()).starts_with("Invalid ConditionExpression"));
    body["ConditionExpression"] = json!("attribute_exists(id)");
    assert!(
        endpoint.refused("DeleteItem", body.clone()).starts_with("Value provided in ExpressionAttributeValues unused")
    );
    body["ExpressionAttributeValues"] = Value::Null;
    assert_eq!(
        endpoint.call("DeleteItem", &body).1["__type"],
        "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"
    );
    body["TableName"] = json!("tab");
    assert_eq!(endpoint.refused("DeleteItem", body), "The provided key element does not match the schema");
}

#[test]
fn a_table_may_be_named_by_its_arn() {
    let endpoint = Endpoint::with_table();
    let arn = "arn:aws:dynamodb:us-east-1:000000000000:table/tab";
    endpoint.ok("PutItem", json!({"TableName": arn, "Item": {"id": {"S": "a"}, "at": {"N": "1"}}}));
    assert_eq!(endpoint.ok("Scan", json!({"TableName": "tab"}))["Count"], 1);
}
