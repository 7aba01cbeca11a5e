//! Tables out of AWS's own descriptions, Terraform and NoSQL Workbench, setting by setting.

use dynamometer::api::{AutoScaling, CapacityMode, CapacityRange, KeySchema, Projection, TableClass, WarmThroughput};
use dynamometer::import::{ImportKind, import};
use dynamometer::workload::Billing;
use serde_json::{Value, json};

use super::{assert_says, fixture, imported, table};

fn fixed(units: u64) -> CapacityRange {
    CapacityRange { units, auto_scaling: None }
}

fn scaled(units: u64, min_units: u64, max_units: u64, target_utilization: f64) -> CapacityRange {
    CapacityRange { units, auto_scaling: Some(AutoScaling { min_units, max_units, target_utilization }) }
}

/// `name (type)` for every attribute of a key.
fn key(schema: &KeySchema) -> Vec<String> {
    schema.attributes().map(|attribute| format!("{} ({:?})", attribute.name, attribute.scalar_type)).collect()
}

#[test]
fn describe_table_gives_keys_indexes_capacity_class_and_sizes() {
    let (text, workload) = imported("t.json", &fixture("describe-table.json"), ImportKind::DescribeTable);
    let orders = table(&workload, "Orders-prod");
    let create = &orders.create;
    assert_eq!(key(&create.key), ["customerId (S)", "orderId (S)"]);
    assert_eq!(create.capacity, CapacityMode::provisioned(400, 120));
    assert_eq!(create.class, TableClass::StandardInfrequentAccess);
    let warm = WarmThroughput { read_units_per_second: 12_000, write_units_per_second: 4_000 };
    assert_eq!(create.warm_throughput, Some(warm));
    let [global] = create.global_secondary_indexes.as_slice() else { panic!("{create:?}") };
    assert_eq!((&*global.name, key(&global.key)), ("by-status", vec!["status (S)".into(), "placedAt (N)".into()]));
    assert_eq!(global.projection, Projection::Include(vec!["total".into()]));
    assert_eq!(global.capacity, CapacityMode::provisioned(40, 120));
    let [local] = create.local_secondary_indexes.as_slice() else { panic!("{create:?}") };
    assert_eq!((&*local.name, key(&local.key)), ("by-time", vec!["customerId (S)".into(), "placedAt (N)".into()]));
    assert_eq!(local.projection, Projection::KeysOnly);
    // 1,945,600 bytes / 3,200 items = 608 bytes.
    assert_eq!(orders.items, 3_200);
    for record in [0, 1, 3_199] {
        assert_eq!(orders.loaded_item(record, 0).size_bytes(), 608);
    }
    let names: Vec<&str> = workload.operations.iter().map(|operation| &*operation.name).collect();
    assert_eq!(names, ["get", "put", "update", "query", "query by-status", "query by-time"]);
    assert_says(
        &text,
        &[
            "[tables.billing] The table has a stream.",
            " stream = { consumers = 1 }",
            "up to six hours old",
            "`dyno cost --region eu-west-1`",
            "whether point-in-time recovery is on",
            "does not say whether the capacity is auto scaled",
        ],
    );
    assert_says(&text, &["the warm throughput of index `by-status`", "whether time to live is on"]);
}

#[test]
fn an_on_demand_table_without_a_count_gets_assumed_items() {
    let mut described: Value = serde_json::from_str(&fixture("describe-table.json")).unwrap();
    let table_json = &mut described["Table"];
    table_json["BillingModeSummary"] = json!({ "BillingMode": "PAY_PER_REQUEST" });
    table_json["OnDemandThroughput"] = json!({ "MaxReadRequestUnits": 900, "MaxWriteRequestUnits": -1 });
    table_json["ItemCount"] = json!(0);
    table_json["TableSizeBytes"] = json!(0);
    let (text, workload) = imported("t.json", &described.to_string(), ImportKind::DescribeTable);
    let create = &workload.tables[0].create;
    assert_eq!(create.capacity, CapacityMode::OnDemand { max_read_units: Some(900), max_write_units: None });
    // An index has a maximum of its own or none; the table's is not its.
    assert_eq!(create.global_secondary_indexes[0].capacity, CapacityMode::ON_DEMAND);
    assert_says(&text, &["items = 10_000                    # assumed", "ItemCount or TableSizeBytes is zero"]);
}

#[test]
fn replicas_are_those_of_other_regions_and_those_without_one_are_said() {
    let mut described: Value = serde_json::from_str(&fixture("describe-table.json")).unwrap();
    // The table itself is in eu-west-1, as its ARN says.
    described["Table"]["Replicas"] = json!([
        { "RegionName": "eu-west-1", "ReplicaStatus": "ACTIVE" },
        { "RegionName": "us-east-1", "ReplicaStatus": "ACTIVE" },
        { "RegionName": "ap-south-1" },
        { "RegionName": "us-east-1" },
        { "RegionName": "somewhere" },
    ]);
    let (text, workload) = imported("t.json", &described.to_string(), ImportKind::DescribeTable);
    assert_eq!(workload.tables[0].billing.replicas, ["us-east-1", "ap-south-1"]);
    assert_says(&text, &["1 replica is left out: its region is not known; write `replicas = [\"REGION\"]`"]);
}

#[test]
fn conditions_and_texts_that_grow_with_their_depth_are_worked_out_at_once() {
    // Evaluated one by one, the first would ask for 2^40 others.
    let mut conditions = serde_json::Map::new();
    for at in 0..40 {
        let next = json!({ "Condition": format!("C{}", at + 1) });
        conditions.insert(format!("C{at}"), json!({ "Fn::And": [next, next] }));
    }
    conditions.insert("C40".into(), json!({ "Fn::Equals": ["a", "a"] }));
    conditions.insert("Self".into(), json!({ "Fn::Not": [{ "Condition": "Self" }] }));
    let mut text = json!("x");
    for _ in 0..40 {
        text = json!({ "Fn::Sub": ["${a}${a}", { "a": text }] });
    }
    let simple = |condition: &str, name: Value| {
        let properties = json!({ "TableName": name, "PrimaryKey": { "Name": "id", "Type": "String" } });
        json!({ "Type": "AWS::Serverless::SimpleTable", "Condition": condition, "Properties": properties })
    };
    let template = json!({
        "Conditions": conditions,
        "Resources": {
            "One": simple("C0", json!("one")),
            "Two": simple("Self", json!("two")),
            "Three": simple("C40", text),
        },
    });
    let imported = import("t.json", &template.to_string(), Some(ImportKind::CloudFormation), None).unwrap();
    assert_eq!(imported.tables, ["one", "two", "Three"]);
}

#[test]
fn several_descriptions_are_several_tables_and_one_can_be_picked() {
    let one: Value = serde_json::from_str(&fixture("describe-table.json")).unwrap();
    let mut other = one.clone();
    other["Table"]["TableName"] = json!("Returns");
    let both = json!([one, other]).to_string();
    let (_, workload) = imported("t.json", &both, ImportKind::DescribeTable);
    assert_eq!(workload.tables.len(), 2);
    let picked = import("t.json", &both, None, Some("Returns")).unwrap();
    assert_eq!(picked.tables, ["Returns"]);
    let error = import("t.json", &both, None, Some("Refunds")).unwrap_err().to_string();
    assert_eq!(error, "t.json: has no table `Refunds`; it has `Orders-prod`, `Returns`");
}

#[test]
fn a_template_is_worked_out_with_the_defaults_of_its_parameters() {
    let (text, workload) = imported("template.yaml", &fixture("template.yaml"), ImportKind::CloudFormation);
    let names: Vec<&str> = workload.tables.iter().map(|table| &*table.create.name).collect();
    assert_eq!(names, ["prod-orders", "SessionsTable", "AuditTable", "profiles"]);

    let orders = &table(&workload, "prod-orders").create;
    assert_eq!(key(&orders.key), ["PK (S)", "SK (S)"]);
    // Fn::If and Fn::FindInMap by Stage = prod; the target of 60 % by ScalingTargetId, the maximum by Ref.
    assert_eq!(orders.capacity, CapacityMode::Provisioned { read: fixed(200), write: scaled(100, 100, 2_000, 0.6) });
    assert_eq!(orders.time_to_live_attribute.as_deref(), Some("expiresAt"));
    // Written '100', registered with a minimum of 120 and no policy.
    let index = &orders.global_secondary_indexes[0];
    assert_eq!(index.capacity, CapacityMode::Provisioned { read: fixed(50), write: scaled(120, 120, 900, 0.7) });

    let sessions = &table(&workload, "SessionsTable").create;
    assert_eq!((key(&sessions.key), sessions.capacity), (vec!["sessionId (S)".into()], CapacityMode::ON_DEMAND));
    let audit = &table(&workload, "AuditTable").create;
    assert_eq!(key(&audit.key), ["id (B)"]);
    assert_eq!(audit.capacity, CapacityMode::OnDemand { max_read_units: Some(500), max_write_units: None });

    let profiles = &table(&workload, "profiles").create;
    assert_eq!(profiles.capacity, CapacityMode::Provisioned { read: fixed(80), write: scaled(40, 20, 200, 0.5) });
    let index = &profiles.global_secondary_indexes[0];
    assert_eq!(index.capacity, CapacityMode::Provisioned { read: fixed(30), write: scaled(10, 10, 100, 0.7) });
    assert_eq!(index.projection, Projection::KeysOnly);

    assert_says(&text, &["`ScratchTable` is left out: its condition `IsDev` does not hold", "this is its logical id"]);
    assert_eq!(table(&workload, "profiles").billing.replicas, ["us-east-1"]);
    assert_says(&text, &["the first replica of a global table, the one in eu-west-1"]);
    assert_eq!(table(&workload, "AuditTable").billing, Billing::default());
}

#[test]
fn a_template_in_json_gives_the_same_as_in_yaml() {
    let yaml = "Resources:\n  Things:\n    Type: AWS::DynamoDB::Table\n    Properties:\n      TableName: !Join ['-', [my, things]]\n      \
                BillingMode: PAY_PER_REQUEST\n      AttributeDefinitions: [{AttributeName: id, AttributeType: N}]\n      \
                KeySchema: [{AttributeName: id, KeyType: HASH}]\n";
    let json = json!({ "Resources": { "Things": { "Type": "AWS::DynamoDB::Table", "Properties": {
        "TableName": { "Fn::Join": ["-", ["my", "things"]] },
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{ "AttributeName": "id", "AttributeType": "N" }],
        "KeySchema": [{ "AttributeName": "id", "KeyType": "HASH" }],
    } } } });
    let (from_yaml, workload) = imported("t", yaml, ImportKind::CloudFormation);
    let (from_json, _) = imported("t", &json.to_string(), ImportKind::CloudFormation);
    assert_eq!(from_yaml, from_json);
    assert_eq!(workload.name, "my-things");
}

#[test]
fn terraform_gives_tables_of_all_modules_with_their_scaling() {
    let (text, workload) = imported("plan.json", &fixture("terraform-plan.json"), ImportKind::Terraform);
    let events = &table(&workload, "events-eu").create;
    assert_eq!(key(&events.key), ["deviceId (S)", "at (N)"]);
    assert_eq!(events.capacity, CapacityMode::Provisioned { read: scaled(60, 30, 600, 0.8), write: fixed(40) });
    assert_eq!(events.time_to_live_attribute.as_deref(), Some("expires"));
    let index = &events.global_secondary_indexes[0];
    assert_eq!(key(&index.key), ["kind (S)", "at (N)"]);
    assert_eq!(index.projection, Projection::Include(vec!["payload".into()]));
    assert_eq!(index.capacity, CapacityMode::provisioned(20, 40));
    assert_eq!(key(&events.local_secondary_indexes[0].key), ["deviceId (S)", "kind (S)"]);
    let cache = &table(&workload, "cache").create;
    assert_eq!(cache.capacity, CapacityMode::OnDemand { max_read_units: Some(4_000), max_write_units: None });
    assert_eq!(cache.class, TableClass::StandardInfrequentAccess);
    let warm = WarmThroughput { read_units_per_second: 20_000, write_units_per_second: 8_000 };
    assert_eq!(cache.warm_throughput, Some(warm));
    assert!(table(&workload, "events-eu").billing.point_in_time_recovery);
    assert_says(&text, &["The table has a stream."]);
    // A state has the same under another name.
    let state = fixture("terraform-plan.json").replace("planned_values", "values");
    assert_eq!(imported("plan.json", &state, ImportKind::Terraform).0, text);
}

#[test]
fn a_workbench_model_gives_values_like_its_samples() {
    let (text, workload) = imported("model.json", &fixture("workbench.json"), ImportKind::NosqlWorkbench);
    let thread = &table(&workload, "Thread").create;
    assert_eq!(key(&thread.key), ["ForumName (S)", "Subject (S)"]);
    assert_eq!(thread.capacity, CapacityMode::Provisioned { read: scaled(5, 2, 10, 0.7), write: fixed(6) });
    let index = &thread.global_secondary_indexes[0];
    assert_eq!(key(&index.key), ["Status (S)", "LastPost (S)"]);
    assert_eq!(index.projection, Projection::Include(vec!["Views".into()]));
    let lines = [
        r#"Status = { choice = { values = ["closed", "open"] } }"#,
        "Views = { uniform = { min = 17, max = 250 } }",
        "Answered = { boolean = {} }",
        // 54 + 18 + 21 bytes in three messages.
        "Message = { string = { length = 31 } }",
    ];
    assert_says(&text, &lines);
    assert_eq!((workload.name.as_str(), workload.description.as_str()), ("Discussion-Forum", "Threads and replies"));
}

#[test]
fn names_that_toml_and_placeholders_would_misread_are_written_safely() {
    let described = json!({ "Table": {
        "TableName": "odd.names_-1",
        "AttributeDefinitions": [
            { "AttributeName": "p k \"{record}\"", "AttributeType": "S" },
            { "AttributeName": "ü#\n[x]", "AttributeType": "B" },
            { "AttributeName": "padding", "AttributeType": "N" },
            { "AttributeName": "changedAt", "AttributeType": "S" },
        ],
        "KeySchema": [
            { "AttributeName": "p k \"{record}\"", "KeyType": "HASH" },
            { "AttributeName": "ü#\n[x]", "KeyType": "RANGE" },
        ],
        "GlobalSecondaryIndexes": [{
            "IndexName": "a.b",
            "KeySchema": [
                { "AttributeName": "padding", "KeyType": "HASH" },
                { "AttributeName": "changedAt", "KeyType": "RANGE" },
            ],
            "Projection": { "ProjectionType": "INCLUDE", "NonKeyAttributes": ["'quoted'"] },
        }],
        "BillingModeSummary": { "BillingMode": "PAY_PER_REQUEST" },
        "ItemCount": 10, "TableSizeBytes": 5_000,
    } });
    let (_, workload) = imported("a\nb.json", &described.to_string(), ImportKind::DescribeTable);
    let odd = &workload.tables[0];
    assert_eq!(key(&odd.create.key), ["p k \"{record}\" (S)", "ü#\n[x] (B)"]);
    assert_eq!(odd.loaded_item(3, 0).size_bytes(), 500);
}
