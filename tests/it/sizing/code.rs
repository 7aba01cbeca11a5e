//! Infrastructure code, read by the tools it is for.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::dyno::Desk;

/// Set to 1 to fail where cfn-lint is missing.
const REQUIRE: &str = "DYNO_REQUIRE_CFN_LINT";

const TEXT: &str = r#"
name = "shop"
[[tables]]
name = "shop.orders-1"
partition_key = { name = "pk", type = "S" }
sort_key = { name = "at", type = "N" }
capacity = { provisioned = { read = 5, write = 5 } }
items = 200
items_per_partition = 4
time_to_live = "expires"
class = "standard-infrequent-access"
[[tables.global_secondary_indexes]]
name = "by-state"
partition_key = { name = "state", type = "S" }
projection = { include = ["total"] }
[[tables.local_secondary_indexes]]
name = "by_total"
sort_key = { name = "total", type = "N" }
projection = { keys_only = {} }
[tables.item]
pk = "customer-{partition}"
at = { sort = {} }
state = { choice = { values = ["new", "paid", "sent"] } }
total = { uniform = { min = 1, max = 500 } }
expires = { timestamp = { format = "epoch_seconds", plus = "1h" } }
[[operations]]
name = "order"
type = "put"
weight = 1
[[operations]]
name = "look"
type = "query"
weight = 2
key = "uniform"
[[phases]]
name = "wave"
duration = "1h"
rate = { sine = { mean = 30, amplitude = 25, period = "1h" } }
"#;

const SETTINGS: [&str; 3] = ["fixed", "auto-scaling", "on-demand"];

fn code(desk: &Desk, format: &str, setting: &str) -> String {
    let ended =
        desk.dyno(["size", "test.toml", "--seeds", "1", "--format", format, "--setting", setting, "--out", "sized"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    ended.stdout
}

#[test]
fn templates_pass_cfn_lint() {
    let desk = Desk::with(TEXT);
    let is_installed = Command::new("cfn-lint").arg("--version").output().is_ok_and(|output| output.status.success());
    if !is_installed {
        assert!(std::env::var(REQUIRE).is_err(), "cfn-lint is missing; install it with `pip install cfn-lint`");
        eprintln!("skipped: cfn-lint is not installed");
    }
    for setting in SETTINGS {
        let template = code(&desk, "cloudformation", setting);
        let json: Value = serde_json::from_str(&template).unwrap();
        let kinds: Vec<&str> = json["Resources"]
            .as_object()
            .unwrap()
            .values()
            .map(|resource| resource["Type"].as_str().unwrap())
            .collect();
        let scaled = kinds.iter().filter(|kind| **kind == "AWS::ApplicationAutoScaling::ScalableTarget").count();
        // Reads of the index are nobody's: no target for them.
        assert_eq!(scaled, if setting == "auto-scaling" { 3 } else { 0 }, "{template}");
        let table = &json["Resources"]["ShopOrders1Table"]["Properties"];
        assert_eq!(table["TableName"], "shop.orders-1");
        assert_eq!(table.get("ProvisionedThroughput").is_some(), setting != "on-demand");
        if is_installed {
            desk.write("template.json", &template);
            let output = Command::new("cfn-lint").arg(desk.path("template.json")).output().unwrap();
            let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() && said.trim().is_empty(), "{setting}: {said}");
        }
    }
}

/// The style of `terraform fmt`: two spaces a level, signs of equality of neighbouring lines in one column.
#[test]
fn terraform_is_formatted() {
    let desk = Desk::with(TEXT);
    for setting in SETTINGS {
        let text = code(&desk, "terraform", setting);
        let (mut depth, mut column) = (0, None);
        for line in text.lines() {
            let content = line.trim_start();
            if content.starts_with('}') {
                depth -= 1;
            }
            assert!(content.is_empty() || line.len() - content.len() == 2 * depth, "{setting}: {line:?}\n{text}");
            assert_eq!(line, line.trim_end());
            match content.find(" = ") {
                Some(at) => assert_eq!(*column.get_or_insert(at), at, "{setting}: {line:?}\n{text}"),
                None => column = None,
            }
            if content.ends_with('{') {
                depth += 1;
            }
        }
        assert_eq!(depth, 0);
        assert!(text.ends_with("}\n") && !text.contains("\n\n\n"));
        assert_eq!(text.contains("aws_appautoscaling_policy"), setting == "auto-scaling");
        let formatted =
            Command::new("terraform").args(["fmt", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        if let Ok(mut formatted) = formatted {
            formatted.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
            let output = formatted.wait_with_output().unwrap();
            assert_eq!(String::from_utf8_lossy(&output.stdout), text, "{setting}");
        }
    }
}
