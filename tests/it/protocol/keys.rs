//! Keys with several attributes, in tables that are created, described and changed.

use serde_json::{Value, json};

use super::Endpoint;

fn elements(keys: &[(&str, &str)]) -> Value {
    keys.iter().map(|(name, kind)| json!({"AttributeName": name, "KeyType": kind})).collect()
}

fn definitions(names: &[&str]) -> Value {
    names.iter().map(|name| json!({"AttributeName": name, "AttributeType": "S"})).collect()
}

fn index(key: &Value) -> Value {
    json!({"IndexName": "several", "KeySchema": key, "Projection": {"ProjectionType": "KEYS_ONLY"}})
}

fn table(key: &Value, global: Option<Value>, names: &[&str]) -> Value {
    let mut body = json!({
        "TableName": "new", "BillingMode": "PAY_PER_REQUEST", "KeySchema": key, "AttributeDefinitions": definitions(names)
    });
    if let Some(global) = global {
        body["GlobalSecondaryIndexes"] = json!([global]);
    }
    body
}

#[test]
fn an_index_is_described_as_it_was_asked_for() {
    let endpoint = Endpoint::new();
    let id = elements(&[("id", "HASH")]);
    let key = elements(&[("a", "HASH"), ("b", "HASH"), ("c", "RANGE"), ("d", "RANGE"), ("e", "RANGE")]);
    let names = ["id", "a", "b", "c", "d", "e"];
    endpoint.ok("CreateTable", table(&id, Some(index(&key)), &names));
    let described = endpoint.ok("DescribeTable", json!({"TableName": "new"}));
    assert_eq!(described["Table"]["GlobalSecondaryIndexes"][0]["KeySchema"], key);
    assert_eq!(described["Table"]["AttributeDefinitions"], definitions(&names));

    let key = elements(&[("f", "HASH"), ("g", "HASH"), ("h", "HASH"), ("i", "HASH")]);
    let create = json!({"Create": {
        "IndexName": "later", "KeySchema": key, "Projection": {"ProjectionType": "ALL"}
    }});
    let all = ["id", "a", "b", "c", "d", "e", "f", "g", "h", "i"];
    let body = json!({
        "TableName": "new", "AttributeDefinitions": definitions(&all), "GlobalSecondaryIndexUpdates": [create]
    });
    let updated = endpoint.ok("UpdateTable", body);
    let described = updated["TableDescription"]["GlobalSecondaryIndexes"].as_array().unwrap();
    assert_eq!(described.iter().find(|index| index["IndexName"] == "later").unwrap()["KeySchema"], key);
}

#[test]
fn queries_continue_with_every_key_attribute() {
    let endpoint = Endpoint::new();
    let key = elements(&[("a", "HASH"), ("b", "HASH"), ("c", "RANGE"), ("d", "RANGE")]);
    let names = ["id", "a", "b", "c", "d"];
    endpoint.ok("CreateTable", table(&elements(&[("id", "HASH")]), Some(index(&key)), &names));
    let item =
        |id: &str, d: &str| json!({"id": {"S": id}, "a": {"S": "1"}, "b": {"S": "2"}, "c": {"S": "3"}, "d": {"S": d}});
    for (id, d) in [("x", "2"), ("y", "1")] {
        endpoint.ok("PutItem", json!({"TableName": "new", "Item": item(id, d)}));
    }
    let mut body = json!({
        "TableName": "new", "IndexName": "several", "Limit": 1,
        "KeyConditionExpression": "a = :a AND b = :b AND c = :c AND d > :d",
        "ExpressionAttributeValues": {":a": {"S": "1"}, ":b": {"S": "2"}, ":c": {"S": "3"}, ":d": {"S": "0"}}
    });
    let first = endpoint.ok("Query", body.clone());
    assert_eq!((&first["Items"], &first["LastEvaluatedKey"]), (&json!([item("y", "1")]), &item("y", "1")));
    body["ExclusiveStartKey"] = first["LastEvaluatedKey"].clone();
    assert_eq!(endpoint.ok("Query", body)["Items"], json!([item("x", "2")]));
}

#[test]
fn elements_are_in_order_and_only_global_indexes_have_several() {
    let endpoint = Endpoint::new();
    let id = elements(&[("id", "HASH")]);
    let refused = |body: Value| endpoint.refused("CreateTable", body);
    let with_index = |keys: &[(&str, &str)], names: &[&str]| refused(table(&id, Some(index(&elements(keys))), names));
    assert_eq!(
        refused(table(&elements(&[("id", "HASH"), ("a", "HASH")]), None, &["id", "a"])),
        "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type"
    );
    let three = elements(&[("id", "HASH"), ("a", "RANGE"), ("b", "RANGE")]);
    assert!(
        refused(table(&three, None, &["id", "a", "b"]))
            .ends_with("at 'keySchema' failed to satisfy constraint: Member must have length less than or equal to 2")
    );
    let mut local = table(&elements(&[("id", "HASH"), ("a", "RANGE")]), None, &["id", "a", "b"]);
    local["LocalSecondaryIndexes"] = json!([index(&elements(&[("id", "HASH"), ("b", "HASH")]))]);
    assert_eq!(refused(local), "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type");

    assert_eq!(
        with_index(&[("a", "RANGE"), ("b", "HASH")], &["id", "a", "b"]),
        "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"
    );
    assert_eq!(
        with_index(&[("a", "HASH"), ("b", "RANGE"), ("c", "HASH")], &["id", "a", "b", "c"]),
        "Invalid KeySchema: KeySchemaElement 3 is a HASH key type after a RANGE key type"
    );
    assert_eq!(
        with_index(&[("a", "HASH"), ("b", "HASH")], &["id", "a"]),
        "One or more parameter values were invalid: Some index key attributes are not defined in AttributeDefinitions. Keys: \
         [a, b], AttributeDefinitions: [a, id]"
    );
    let five = ["a", "b", "c", "d", "e"].map(|name| (name, "HASH"));
    assert_eq!(
        with_index(&five, &["id", "a", "b", "c", "d", "e"]),
        "One or more parameter values were invalid: Index KeySchema exceeds the limit of 4 HASH key attributes for index: \
         several"
    );
    let nine = ["a", "b", "c", "d", "e", "f", "g", "h", "i"].map(|name| (name, "HASH"));
    assert!(with_index(&nine, &["id"]).ends_with("Member must have length less than or equal to 8"));
}
