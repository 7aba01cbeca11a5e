//! `dyno cost` as a user meets it.

use std::sync::OnceLock;

use serde_json::Value;

use crate::dyno::Desk;

/// A run of a provisioned table, recorded by dyno itself.
const SMALL: &str = r#"
name = "small"
seed = 3
tables = [{ name = "things", partition_key = { name = "pk", type = "S" }, items = 100, item = { pk = "thing-{record}" }, capacity = { provisioned = { read = 200, write = 200 } }, billing = { storage_gb = 10, replicas = ["eu-west-1"] } }]
operations = [
    { name = "read", type = "get", weight = 3 },
    { name = "write", type = "put" },
]
phases = [{ name = "steady", duration = "2h", rate = 1, arrivals = "poisson" }]
"#;

/// A desk with the record of the run on it, which is made once for all tests.
fn recorded() -> Desk {
    static RECORD: OnceLock<String> = OnceLock::new();
    let record = RECORD.get_or_init(|| {
        let desk = Desk::with(SMALL);
        desk.dyno(["simulate", "test.toml", "--out", "run"]).expect(0);
        desk.read("run/result.json")
    });
    let desk = Desk::new();
    desk.write("result.json", record);
    desk
}

#[test]
fn a_recorded_run_is_costed_and_its_report_left_behind() {
    let desk = recorded();
    let ended = desk.dyno(["cost", "result.json", "--out", "cost"]).expect(0);
    for said in [
        "On-demand is cheapest",
        "Provisioned, fixed",
        "now",
        "Standard-IA:",
        "A month is 730 hours: what 2 hours used is taken times 365.",
        "awslabs/amazon-dynamodb-tools",
        "Database Savings Plan, 1 year: not worked out",
        "report: cost/report.html",
    ] {
        assert!(ended.stdout.contains(said), "{said}:\n{}", ended.stdout);
    }
    assert!(ended.stdout.lines().all(|line| line.chars().count() <= 100), "{}", ended.stdout);
    let json: Value = serde_json::from_str(&desk.read("cost/cost.json")).unwrap();
    assert_eq!(json["schema"], "dynamometer.cost/1");
    let bills = json["comparison"]["bills"].as_array().unwrap();
    let now = &bills[json["comparison"]["current"].as_u64().unwrap() as usize];
    assert_eq!(now["choice"], "provisioned_fixed");
    // 200 rWCU × 730 × 0.00065 + 200 RCU × 730 × 0.00013 + 10 GB × 0.25 = 94.9 + 18.98 + 2.5, and in Ireland
    // 200 × 730 × 0.000735 + 10 × 0.2827 = 107.31 + 2.827.
    assert_eq!(now["total"], "226.517");
    let html = desk.read("cost/report.html");
    assert!(html.contains("$226.52*") && !html.contains("<script"), "derived prices are marked");
}

#[test]
fn json_is_alone_on_standard_output() {
    let desk = recorded();
    let ended = desk.dyno(["cost", "result.json", "--out", "cost", "--format", "json"]).expect(0);
    let json: Value = serde_json::from_str(&ended.stdout).unwrap();
    let bill = &json["comparison"]["bills"][0];
    for field in ["choice", "classes", "lines", "total", "upfront", "throttled", "free_tier", "left_out"] {
        assert!(!bill[field].is_null(), "{field}");
    }
    let line = &bill["lines"][0];
    for field in ["what", "in_span", "quantity", "unit", "price", "price_unit", "confidence", "source", "amount"] {
        assert!(!line[field].is_null(), "{field}");
    }
    assert!(json["comparison"]["assumptions"].as_array().unwrap().len() > 4);
    assert!(!json["sensitivity"]["curves"].as_array().unwrap().is_empty());
}

#[test]
fn wrong_usage_is_refused_with_what_to_do() {
    let desk = recorded();
    desk.write("list.json", include_str!("price-list.json"));
    desk.write("other.json", r#"{ "offerCode": "AmazonEC2" }"#);
    for (arguments, says) in [
        ("cost", "WORKLOAD|RESULT.json"),
        ("cost result.json --region mars", "no prices are known for region `mars`"),
        ("cost result.json --region us-east-1 --price-list list.json", "there are those of eu-central-1"),
        ("cost result.json --price-list other.json", "the price list of `AmazonEC2`"),
        ("cost result.json --price-list missing.json", "missing.json: cannot be read"),
        ("cost result.json --throttled-at-most 200%", "a share between 0% and 100%"),
        ("cost result.json --for 30d", "--for is for workloads"),
        ("cost --metrics result.json --for 30d", "cannot be used with"),
        ("cost missing.json", "missing.json"),
    ] {
        let ended = desk.dyno(arguments.split(' ')).expect(2);
        assert!(ended.stderr.contains(says), "{arguments}:\n{}", ended.stderr);
    }
}

#[test]
fn the_region_of_a_price_list_need_not_be_named() {
    let desk = recorded();
    desk.write("list.json", include_str!("price-list.json"));
    let ended = desk.dyno(["cost", "result.json", "--price-list", "list.json", "--out", "cost"]).expect(0);
    assert!(ended.stdout.contains("Frankfurt (eu-central-1) · list.json"), "{}", ended.stdout);
    assert!(ended.stdout.contains("replica in eu-west-1: no prices are known for that region"), "{}", ended.stdout);
}

#[test]
fn unconfirmed_prices_are_marked() {
    let desk = recorded();
    let arguments = ["cost", "result.json", "--out", "cost", "--unconfirmed-prices"];
    let ended = desk.dyno(arguments).expect(0);
    assert!(ended.stdout.contains("Prices marked ? are not confirmed by any source."), "{}", ended.stdout);
    assert!(ended.stdout.contains("Database Savings Plan: its rates for DynamoDB are not confirmed"));
}
