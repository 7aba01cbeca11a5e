//! Data models of NoSQL Workbench for DynamoDB, with their sample data.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::item::{AttributeValue, Item, item_from_json};

use super::assumed::prefix;
use super::draft::{CapacityDraft, Draft, TableDraft};
use super::scaling::{self, Scaling};
use super::schema::{self, list, needed, text, whole};
use super::toml_text::{number, quoted, quoted_literally};

/// So many different texts are a choice of them; more are texts of their length.
const CHOICES_MAX: usize = 12;

/// The workload of a model's tables.
pub(super) fn draft(root: &Value) -> Result<Draft, String> {
    let mut draft = Draft { name: text(root, "ModelName")?.unwrap_or_else(|| "model".into()), ..Draft::default() };
    let described = root.get("ModelMetadata").and_then(|metadata| text(metadata, "Description").ok().flatten());
    draft.description =
        described.filter(|text| !text.trim().is_empty()).unwrap_or_else(|| "A NoSQL Workbench model".into());
    for model in list(root, "DataModel") {
        let name = needed(model, "TableName")?;
        let in_table = |error: String| format!("table `{name}`: {error}");
        let mut table = schema::table(&in_api_words(model).map_err(in_table)?, name.clone()).map_err(in_table)?;
        scale(model, &mut table);
        learn_from_samples(model, &mut table);
        if !list(model, "TableFacets").is_empty() {
            table.notes.push(
                "facets of the model are views of its items; which of them are read how often is not known".into(),
            );
        }
        draft.tables.push(table);
    }
    Ok(draft)
}

/// The model's words in those of the API.
fn in_api_words(model: &Value) -> Result<Value, String> {
    let mut definitions: Vec<Value> = list(model, "NonKeyAttributes").to_vec();
    let mut schema = |of: &Value| -> Result<Value, String> {
        let keys = of.get("KeyAttributes").ok_or("`KeyAttributes` is missing")?;
        let mut parts = Vec::new();
        for (part, kind) in [("PartitionKey", "HASH"), ("SortKey", "RANGE")] {
            if let Some(key) = keys.get(part).filter(|key| !key.is_null()) {
                // An index may name an attribute that is defined elsewhere; its own type counts first.
                definitions.insert(0, key.clone());
                parts.push(json!({ "AttributeName": key.get("AttributeName"), "KeyType": kind }));
            }
        }
        Ok(Value::Array(parts))
    };
    let table_key = schema(model)?;
    let mut indexes = |name: &str| -> Result<Vec<Value>, String> {
        let describe = |index: &Value| {
            let named = text(index, "IndexName")?.unwrap_or_default();
            let key = schema(index).map_err(|error| format!("index `{named}`: {error}"))?;
            Ok(json!({
                "IndexName": index.get("IndexName"),
                "KeySchema": key,
                "Projection": index.get("Projection"),
            }))
        };
        list(model, name).iter().map(describe).collect()
    };
    let (globals, locals) = (indexes("GlobalSecondaryIndexes")?, indexes("LocalSecondaryIndexes")?);
    // Only the types of keys are asked for; a list or map among the others is none.
    definitions
        .retain(|own| text(own, "AttributeType").ok().flatten().is_some_and(|kind| schema::scalar_type(&kind).is_ok()));
    let settings = model.get("ProvisionedCapacitySettings");
    Ok(json!({
        "AttributeDefinitions": definitions,
        "KeySchema": table_key,
        "GlobalSecondaryIndexes": globals,
        "LocalSecondaryIndexes": locals,
        "BillingMode": text(model, "BillingMode")?.unwrap_or_else(|| "PAY_PER_REQUEST".into()),
        "ProvisionedThroughput": settings.and_then(|settings| settings.get("ProvisionedThroughput")),
    }))
}

fn scale(model: &Value, table: &mut TableDraft) {
    let Some(settings) = model.get("ProvisionedCapacitySettings") else { return };
    let CapacityDraft::Provisioned { read, write } = &mut table.capacity else { return };
    for (units, name) in [(read, "AutoScalingRead"), (write, "AutoScalingWrite")] {
        let Some(auto) = settings.get(name) else { continue };
        let bound =
            |name: &str| auto.get("ScalableTargetRequest").and_then(|target| whole(target, name).ok().flatten());
        let (Some(min), Some(max)) = (bound("MinCapacity"), bound("MaxCapacity")) else { continue };
        let aim = auto
            .get("ScalingPolicyRequest")
            .and_then(|policy| policy.get("TargetTrackingScalingPolicyConfiguration"))
            .and_then(|aim| text(aim, "TargetValue").ok().flatten()?.parse().ok());
        let scaling = Scaling { resource_id: String::new(), dimension: String::new(), min, max, target_percent: aim };
        *units = scaling::scaled(*units, &scaling, &mut table.notes);
    }
}

/// Sizes and values out of the sample items.
fn learn_from_samples(model: &Value, table: &mut TableDraft) {
    let samples = list(model, "TableData");
    let items: Vec<Item> = samples.iter().filter_map(|sample| item_from_json(sample).ok()).collect();
    if items.len() < samples.len() {
        let lost = samples.len() - items.len();
        table.notes.push(format!("{lost} of {} sample items are no items of DynamoDB and are left out", samples.len()));
    }
    if items.is_empty() {
        table.notes.push("the model has no sample data, so sizes and values are assumed".into());
    } else {
        let bytes: usize = items.iter().map(Item::size_bytes).sum();
        table.item_bytes = Some((bytes as u64).div_ceil(items.len() as u64));
        table.notes.push(format!("the size of items is the mean of the model's {} sample items", items.len()));
    }
    let keys: BTreeSet<String> =
        std::iter::once(&table.partition_key).chain(&table.sort_key).map(|key| key.name.clone()).collect();
    let typed = list(model, "NonKeyAttributes").iter().filter_map(|own| {
        let name = text(own, "AttributeName").ok().flatten()?;
        Some((name, text(own, "AttributeType").ok().flatten().unwrap_or_default()))
    });
    let mut known: Vec<String> = Vec::new();
    for (name, kind) in typed {
        if name.is_empty() || keys.contains(&name) || known.contains(&name) {
            continue;
        }
        let values: Vec<&AttributeValue> = items.iter().filter_map(|item| item.get(name.as_str())).collect();
        if let Some(generator) = generator(&name, &kind, &values) {
            table.attributes.push((name.clone(), generator));
        }
        known.push(name);
    }
}

/// Values like the samples. `None` for what padding stands for as well.
fn generator(name: &str, kind: &str, values: &[&AttributeValue]) -> Option<String> {
    match kind {
        "S" => {
            let texts: Vec<&str> = values
                .iter()
                .filter_map(|value| match value {
                    AttributeValue::S(text) => Some(text.as_str()),
                    _ => None,
                })
                .collect();
            let different: BTreeSet<&str> = texts.iter().copied().filter(|text| !text.is_empty()).collect();
            if different.is_empty() {
                return Some(quoted(&format!("{}-{{record:06}}", prefix(name))));
            }
            // As many values as samples are values of their own; fewer are a choice.
            if different.len() < texts.len() && different.len() <= CHOICES_MAX {
                let values: Vec<String> = different.iter().map(|text| quoted_literally(text)).collect();
                return Some(format!("{{ choice = {{ values = [{}] }} }}", values.join(", ")));
            }
            let length = texts.iter().map(|text| text.len()).sum::<usize>().div_ceil(texts.len()).max(1);
            Some(format!("{{ string = {{ length = {length} }} }}"))
        }
        "N" => {
            let numbers: Vec<f64> = values
                .iter()
                .filter_map(|value| match value {
                    AttributeValue::N(number) => number.to_string().parse::<f64>().ok(),
                    _ => None,
                })
                .filter(|number| (0.0..1e12).contains(number))
                .collect();
            let min = numbers.iter().copied().fold(f64::INFINITY, f64::min).floor();
            let max = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max).ceil();
            Some(if min < max {
                format!("{{ uniform = {{ min = {}, max = {} }} }}", number(min), number(max))
            } else {
                "{ uniform = { min = 1, max = 1_000 } }".into()
            })
        }
        "B" => Some("{ binary = { length = 16 } }".into()),
        "BOOL" => Some("{ boolean = {} }".into()),
        _ => None,
    }
}
