//! `terraform show -json`, of a state or of a plan.

use serde_json::{Value, json};

use super::draft::Draft;
use super::scaling::{self, Scaling};
use super::schema::{self, list, needed, text, truth, whole};

/// Modules in modules: deeper than anyone nests them.
const DEPTH_MAX: usize = 50;

/// The workload of the tables in a state or plan, child modules included.
pub(super) fn draft(root: &Value) -> Result<Draft, String> {
    let values = root.get("planned_values").or_else(|| root.get("values")).unwrap_or(root);
    let module = values.get("root_module").ok_or(
        "has no `root_module`: for a state run `terraform show -json`, for a plan `terraform show -json PLANFILE`",
    )?;
    let mut resources = Vec::new();
    collect(module, &mut resources, 0);
    let mut draft = Draft { name: "terraform".into(), ..Draft::default() };
    let of_type = |kind: &'static str| {
        let is_managed = |resource: &&&Value| resource.get("mode").and_then(Value::as_str) != Some("data");
        let is_kind = move |resource: &&&Value| resource.get("type").and_then(Value::as_str) == Some(kind);
        resources.iter().filter(is_managed).filter(is_kind)
    };
    for resource in of_type("aws_dynamodb_table") {
        let address = text(resource, "address").ok().flatten().unwrap_or_default();
        let empty = Value::Null;
        let values = resource.get("values").unwrap_or(&empty);
        let known = text(values, "name").ok().flatten();
        let name = match &known {
            Some(name) => name.clone(),
            None => needed(resource, "name").map_err(|error| format!("resource `{address}`: {error}"))?,
        };
        let mut table =
            schema::table(&described(values), name).map_err(|error| format!("resource `{address}`: {error}"))?;
        if known.is_none() {
            table.notes.push("the table's name is known after `terraform apply` only; this is the resource's".into());
        }
        draft.tables.push(table);
    }
    let (scalings, lost) = scalings(of_type("aws_appautoscaling_target"), of_type("aws_appautoscaling_policy"));
    draft.notes.extend(lost);
    let lost = scaling::apply(scalings, &mut draft.tables);
    draft.notes.extend(lost);
    if draft.tables.len() == 1 {
        draft.name.clone_from(&draft.tables[0].name);
    }
    draft.description = "Tables of a Terraform configuration, with an assumed load".into();
    Ok(draft)
}

fn collect<'a>(module: &'a Value, resources: &mut Vec<&'a Value>, depth: usize) {
    resources.extend(list(module, "resources"));
    if depth < DEPTH_MAX {
        for child in list(module, "child_modules") {
            collect(child, resources, depth + 1);
        }
    }
}

/// A block that Terraform keeps as a list of one.
fn block<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    match value.get(name)? {
        Value::Array(blocks) => blocks.first(),
        Value::Null => None,
        other => Some(other),
    }
}

/// The provider's words in those of the API.
fn described(values: &Value) -> Value {
    let member = |name: &str| values.get(name).cloned().unwrap_or_default();
    let attributes: Vec<Value> = list(values, "attribute")
        .iter()
        .map(|own| json!({ "AttributeName": own.get("name"), "AttributeType": own.get("type") }))
        .collect();
    let index = |own: &Value| {
        json!({
            "IndexName": own.get("name"),
            "KeySchema": key_schema(own),
            "Projection": {
                "ProjectionType": own.get("projection_type"),
                "NonKeyAttributes": own.get("non_key_attributes"),
            },
            "ProvisionedThroughput": throughput(own),
            "OnDemandThroughput": on_demand(own),
        })
    };
    let local = |own: &Value| {
        let mut described = index(own);
        described["KeySchema"] = json!([
            { "AttributeName": values.get("hash_key"), "KeyType": "HASH" },
            { "AttributeName": own.get("range_key"), "KeyType": "RANGE" },
        ]);
        described
    };
    let ttl = block(values, "ttl");
    let warm = block(values, "warm_throughput");
    let recovery = block(values, "point_in_time_recovery").is_some_and(|recovery| truth(recovery, "enabled"));
    let replicas: Vec<Value> =
        list(values, "replica").iter().map(|own| json!({ "RegionName": own.get("region_name") })).collect();
    json!({
        "AttributeDefinitions": attributes,
        "KeySchema": key_schema(values),
        "BillingMode": member("billing_mode"),
        "ProvisionedThroughput": throughput(values),
        "OnDemandThroughput": on_demand(values),
        "TableClass": member("table_class"),
        "WarmThroughput": warm.map(|warm| json!({
            "ReadUnitsPerSecond": warm.get("read_units_per_second"),
            "WriteUnitsPerSecond": warm.get("write_units_per_second"),
        })).unwrap_or_else(|| json!({})),
        "TimeToLiveSpecification": ttl.map(|ttl| json!({
            "AttributeName": ttl.get("attribute_name"),
            "Enabled": ttl.get("enabled"),
        })).unwrap_or_else(|| json!({})),
        "StreamSpecification": { "StreamEnabled": member("stream_enabled") },
        "PointInTimeRecoverySpecification": { "PointInTimeRecoveryEnabled": recovery },
        "TableArn": member("arn"),
        "Replicas": replicas,
        "GlobalSecondaryIndexes": list(values, "global_secondary_index").iter().map(index).collect::<Vec<_>>(),
        "LocalSecondaryIndexes": list(values, "local_secondary_index").iter().map(local).collect::<Vec<_>>(),
    })
}

/// `hash_key` and `range_key`, or the blocks that indexes of several key attributes have.
fn key_schema(own: &Value) -> Value {
    let blocks = list(own, "key_schema");
    if !blocks.is_empty() {
        let part = |own: &Value| json!({ "AttributeName": own.get("attribute_name"), "KeyType": own.get("key_type") });
        return blocks.iter().map(part).collect();
    }
    let mut schema = Vec::new();
    for (name, kind) in [("hash_key", "HASH"), ("range_key", "RANGE")] {
        if let Some(attribute) = text(own, name).ok().flatten().filter(|attribute| !attribute.is_empty()) {
            schema.push(json!({ "AttributeName": attribute, "KeyType": kind }));
        }
    }
    Value::Array(schema)
}

fn throughput(own: &Value) -> Value {
    json!({ "ReadCapacityUnits": own.get("read_capacity"), "WriteCapacityUnits": own.get("write_capacity") })
}

fn on_demand(own: &Value) -> Value {
    let most = block(own, "on_demand_throughput");
    json!({
        "MaxReadRequestUnits": most.and_then(|most| most.get("max_read_request_units")),
        "MaxWriteRequestUnits": most.and_then(|most| most.get("max_write_request_units")),
    })
}

/// Targets with the utilization that their policies aim at, and what cannot be read of them.
fn scalings<'a>(
    targets: impl Iterator<Item = &'a &'a Value>,
    policies: impl Iterator<Item = &'a &'a Value>,
) -> (Vec<Scaling>, Vec<String>) {
    let (mut scalings, mut lost) = (Vec::new(), Vec::new());
    for target in targets {
        let Some(values) = target.get("values") else { continue };
        let read = || -> Result<Scaling, String> {
            Ok(Scaling {
                resource_id: needed(values, "resource_id")?,
                dimension: needed(values, "scalable_dimension")?,
                min: whole(values, "min_capacity")?.ok_or("`min_capacity` is missing")?,
                max: whole(values, "max_capacity")?.ok_or("`max_capacity` is missing")?,
                target_percent: None,
            })
        };
        match read() {
            Ok(scaling) => scalings.push(scaling),
            Err(error) => {
                let address = text(target, "address").ok().flatten().unwrap_or_default();
                lost.push(format!("auto scaling `{address}` is left out: {error}"));
            }
        }
    }
    for policy in policies {
        let Some(values) = policy.get("values") else { continue };
        let is = |name: &str, value: &str| text(values, name).ok().flatten().as_deref() == Some(value);
        let same = |own: &&mut Scaling| is("resource_id", &own.resource_id) && is("scalable_dimension", &own.dimension);
        if let Some(scaling) = scalings.iter_mut().find(same) {
            let aim = block(values, "target_tracking_scaling_policy_configuration");
            scaling.target_percent = aim.and_then(|aim| text(aim, "target_value").ok().flatten()?.parse().ok());
        }
    }
    (scalings, lost)
}
