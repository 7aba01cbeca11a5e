//! What cannot be imported, and what the command line does about it.

use dynamometer::import::{ImportKind, import};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{assert_says, fixture, imported, mistake};
use crate::dyno::Desk;

const FIXTURES: [&str; 5] =
    ["describe-table.json", "template.yaml", "terraform-plan.json", "workbench.json", "workloadb.properties"];

#[test]
fn what_it_is_not_is_said() {
    assert_says(&mistake("x.json", ""), &["x.json: is empty"]);
    assert_says(&mistake("x.json", "{\"a\": 1}"), &["none of what can be imported", "--from"]);
    assert_says(&mistake("x.json", "{\"a\": 1,}\n"), &["x.json:1:9: this is not JSON"]);
    assert_says(&mistake("x.yaml", "a: [1\nb: 2\n"), &["x.yaml:", "this is not YAML"]);
    assert_says(&mistake("x.yaml", "Resources: {}\n"), &["has no DynamoDB table"]);
    assert_says(&mistake("x.json", "{\"terraform_version\": \"1.9\", \"resources\": []}"), &["terraform show -json"]);
    let forced = import("x", "{}", Some(ImportKind::Terraform), None).unwrap_err().to_string();
    assert_says(&forced, &["x: has no `root_module`"]);
    let forced = import("x", "a: 1\n", Some(ImportKind::Ycsb), None).unwrap_err().to_string();
    assert_says(&forced, &["none of the properties of a YCSB workload"]);
}

#[test]
fn descriptions_that_lack_something_name_it() {
    let describe = |change: &dyn Fn(&mut Value)| {
        let mut described: Value = serde_json::from_str(&fixture("describe-table.json")).unwrap();
        change(&mut described["Table"]);
        mistake("t.json", &described.to_string())
    };
    assert_says(
        &describe(&|table| table["TableName"] = Value::Null),
        &["not the output of describe-table: `TableName` is missing"],
    );
    assert_says(&describe(&|table| table["KeySchema"] = json!([])), &["no partition key (HASH)"]);
    let found = describe(&|table| table["AttributeDefinitions"][0]["AttributeName"] = json!("other"));
    assert_says(&found, &["key attribute `customerId` is not among the `AttributeDefinitions`"]);
    let found = describe(&|table| table["AttributeDefinitions"][0]["AttributeType"] = json!("SS"));
    assert_says(&found, &["attribute `customerId`: its type is `SS`; key attributes are S, N or B"]);
    // What DynamoDB would refuse is refused here, not written into a file.
    let found = describe(&|table| table["TableName"] = json!("no name"));
    assert_says(&found, &["describes what DynamoDB does not allow", "`no name` is no name for a table"]);

    let template = fixture("template.yaml")
        .replace("AttributeName: sessionId", "x")
        .replace("Name: sessionId", "Name: !Ref Unknown");
    assert_says(&mistake("t.yaml", &template), &["table `SessionsTable`", "`Unknown` is known to a deployment only"]);
    let template = fixture("template.yaml")
        .replace("AttributeName: PK\n          KeyType", "AttributeName: !Ref AuditTableName\n          KeyType");
    assert_says(&mistake("t.yaml", &template), &["table `OrdersTable`", "parameter `AuditTableName` has no default"]);
    let properties = |from: &str, to: &str| mistake("w", &fixture("workloadb.properties").replace(from, to));
    assert_says(&properties("recordcount=2000", ""), &["`recordcount` is missing"]);
    assert_says(&properties("=zipfian", "=normal"), &["`requestdistribution` is `normal`"]);
    assert_says(&properties("readproportion=0.95", "readproportion=lots"), &["`readproportion` is `lots`"]);
}

#[test]
fn capacity_that_only_a_deployment_knows_is_assumed_and_said() {
    let template = fixture("template.yaml").replace("!FindInMap [Capacity, !Ref Stage, Read]", "!ImportValue reads");
    let (text, _) = imported("t.yaml", &template, ImportKind::CloudFormation);
    assert_says(
        &text,
        &["`ReadCapacityUnits` is not known: `Fn::ImportValue` is worked out by a deployment only; 5 are assumed"],
    );
}

#[test]
fn the_command_prints_or_writes_a_file_that_passes_its_check() {
    let desk = Desk::new();
    for name in FIXTURES {
        desk.write(name, &fixture(name));
        let printed = desk.dyno(["import", name]).expect(0).stdout;
        let out = format!("{name}.toml");
        let wrote = desk.dyno(["import", name, "--out", &out]).expect(0);
        assert!(wrote.stdout.starts_with(&format!("wrote {out}: ")), "{}", wrote.stdout);
        assert_eq!(desk.read(&out), printed);
        desk.dyno(["check", &out]).expect(0);
        desk.dyno(["import", name, "--out", &out]).expect(3).says(&["exists"]);
    }
    desk.dyno(["import", "template.yaml", "--table", "profiles", "--out", "p.toml"]).expect(0);
    assert!(!desk.read("p.toml").contains("prod-orders"));
    desk.dyno(["import", "template.yaml", "--from", "terraform"]).expect(2).says(&["root_module"]);
    desk.dyno(["import", "missing.json"]).expect(2).says(&["missing.json: cannot be read"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn nothing_makes_it_panic(
        which in 0..FIXTURES.len(), from in any::<prop::sample::Index>(), length in 0usize..40, put in "[\\PC\n]{0,6}",
        kind in prop::sample::select(vec![
            None, Some(ImportKind::DescribeTable), Some(ImportKind::CloudFormation), Some(ImportKind::Terraform),
            Some(ImportKind::NosqlWorkbench), Some(ImportKind::Ycsb),
        ]),
    ) {
        let mut text = fixture(FIXTURES[which]);
        let start = text.floor_char_boundary(from.index(text.len()));
        let end = text.floor_char_boundary((start + length).min(text.len()));
        text.replace_range(start..end, &put);
        let _ = import("x", &text, kind, None);
    }
}
