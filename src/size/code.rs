//! The answer as infrastructure code: Terraform's language and CloudFormation's JSON.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::api::{CreateTable, KeyAttribute, KeySchema, Projection, ReadWrite, TableClass};

use super::answer::{AccessSizing, ResourceSizing, Sizing};
use super::remedy::WRITE_UNIT_PRICE;

/// Which of the settings the code has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// Fixed provisioned capacity.
    Fixed,
    /// Provisioned capacity with auto scaling.
    AutoScaling,
    /// On-demand, with warm throughput where that is needed.
    OnDemand,
}

impl Setting {
    /// The setting that costs less: auto scaling where it saves a tenth and keeps throttling within what is allowed wherever fixed
    /// capacity does, else fixed.
    pub fn of(sizing: &Sizing) -> Self {
        let sides = || sizing.resources.iter().flat_map(|resource| [&resource.read, &resource.write]);
        let is_as_good = |side: &AccessSizing| {
            let Some(scaled) = &side.scaled else { return true };
            if side.fixed.fits { scaled.fits } else { scaled.throttled.mean <= side.fixed.throttled.mean }
        };
        let mean =
            |side: &AccessSizing| side.scaled.as_ref().map_or(side.fixed.units as f64, |of| of.mean_units_per_second);
        let price = |of: &dyn Fn(&AccessSizing) -> f64| -> f64 {
            let each = |resource: &ResourceSizing| of(&resource.read) + WRITE_UNIT_PRICE as f64 * of(&resource.write);
            sizing.resources.iter().map(each).sum()
        };
        let saves = price(&mean) < 0.9 * price(&|side: &AccessSizing| side.fixed.units as f64);
        if sides().all(is_as_good) && saves { Setting::AutoScaling } else { Setting::Fixed }
    }
}

fn of_table<'s>(sizing: &'s Sizing, table: &CreateTable) -> Option<&'s ResourceSizing> {
    sizing.resources.iter().find(|resource| resource.table == *table.name && resource.index.is_none())
}

fn of_index<'s>(sizing: &'s Sizing, table: &CreateTable, index: &str) -> Option<&'s ResourceSizing> {
    sizing.resources.iter().find(|resource| resource.table == *table.name && resource.index.as_deref() == Some(index))
}

/// Every key attribute of a table and its indexes, once.
fn attributes(table: &CreateTable) -> Vec<&KeyAttribute> {
    let indexes = table.global_secondary_indexes.iter().map(|index| &index.key);
    let local = table.local_secondary_indexes.iter().map(|index| &index.key);
    let mut all: Vec<&KeyAttribute> = Vec::new();
    for key in std::iter::once(&table.key).chain(indexes).chain(local) {
        for attribute in key.partition_attributes().iter().chain(key.sort_attributes()) {
            if !all.iter().any(|known| known.name == attribute.name) {
                all.push(attribute);
            }
        }
    }
    all
}

/// Units at the start of a setting: reads, writes.
fn start(resource: &ResourceSizing, setting: Setting) -> [u64; 2] {
    [&resource.read, &resource.write].map(|side| match (setting, &side.scaled) {
        (Setting::AutoScaling, Some(scaled)) => scaled.start_units,
        _ => side.fixed.units,
    })
}

/// Warm throughput to ask for; none where a new table serves it.
fn warm(resource: &ResourceSizing) -> Option<[u64; 2]> {
    let [read, write] = [&resource.read, &resource.write].map(|side| side.on_demand.warm_units);
    (read.is_some() || write.is_some()).then(|| [read.unwrap_or(12_000), write.unwrap_or(4_000)])
}

fn dimension(resource: &ResourceSizing, access: ReadWrite) -> (String, String, &'static str) {
    let (kind, metric) = match access {
        ReadWrite::Read => ("ReadCapacityUnits", "DynamoDBReadCapacityUtilization"),
        ReadWrite::Write => ("WriteCapacityUnits", "DynamoDBWriteCapacityUtilization"),
    };
    match &resource.index {
        None => (format!("table/{}", resource.table), format!("dynamodb:table:{kind}"), metric),
        Some(index) => (format!("table/{}/index/{index}", resource.table), format!("dynamodb:index:{kind}"), metric),
    }
}

/// Characters of a template's description at most (CloudFormation: template quotas, 1,024 bytes); all of ours are ASCII but names.
const DESCRIPTION_MAX: usize = 600;

/// What whoever applies the code must know.
fn remarks(sizing: &Sizing, setting: Setting) -> Vec<String> {
    let share = (sizing.throttled_at_most * 1e8).round() / 1e6;
    let (words, throttled): (&str, fn(&AccessSizing) -> Option<f64>) = match setting {
        Setting::Fixed => ("Fixed capacity", |side| (!side.fixed.fits).then_some(side.fixed.throttled.mean)),
        Setting::AutoScaling => ("Auto scaling", |side| {
            side.scaled.as_ref().filter(|scaled| !scaled.fits).map(|scaled| scaled.throttled.mean)
        }),
        Setting::OnDemand => ("On-demand", |side| {
            let warm = side.on_demand.throttled_when_warm.is_some();
            (!side.on_demand.fits && !warm).then_some(side.on_demand.throttled.mean)
        }),
    };
    let mut remarks =
        vec![format!("{words} for {}, sized by dyno for at most {share} % of the requests throttled.", sizing.name)];
    for resource in &sizing.resources {
        for (access, word) in [(ReadWrite::Read, "reads"), (ReadWrite::Write, "writes")] {
            if let Some(share) = throttled(resource.side(access)) {
                let name = resource.name();
                remarks.push(format!("NOT ENOUGH: it throttles {:.1} % of the {word} of {name}.", 100.0 * share));
            }
        }
    }
    remarks.push("Backups, streams, replicas and protection from deletion are not in it.".to_owned());
    remarks
}

const ACCESSES: [(ReadWrite, &str); 2] = [(ReadWrite::Read, "read"), (ReadWrite::Write, "write")];

/// The tables as Terraform resources, formatted as `terraform fmt` does. Of a key of several
/// attributes only the first is written, with a comment: the provider has no word for the others.
pub fn terraform(sizing: &Sizing, tables: &[CreateTable], setting: Setting) -> String {
    let mut text: String = remarks(sizing, setting).iter().map(|remark| format!("# {remark}\n")).collect();
    let mut names = Vec::new();
    for table in tables {
        let Some(resource) = of_table(sizing, table) else { continue };
        if !text.is_empty() {
            text.push('\n');
        }
        let name = unique(&mut names, identifier(&table.name));
        let _ = writeln!(text, "resource \"aws_dynamodb_table\" \"{name}\" {{");
        let mut own = vec![("name", quoted(&table.name))];
        own.push((
            "billing_mode",
            quoted(if setting == Setting::OnDemand { "PAY_PER_REQUEST" } else { "PROVISIONED" }),
        ));
        own.extend(hcl_key(&table.key));
        if setting != Setting::OnDemand {
            let [read, write] = start(resource, setting);
            own.extend([("read_capacity", read.to_string()), ("write_capacity", write.to_string())]);
        }
        if table.class == TableClass::StandardInfrequentAccess {
            own.push(("table_class", quoted("STANDARD_INFREQUENT_ACCESS")));
        }
        hcl_attributes(&mut text, 2, &own);
        for attribute in attributes(table).into_iter().filter(|attribute| is_written(table, attribute)) {
            let of = [("name", quoted(&attribute.name)), ("type", quoted(scalar(attribute)))];
            hcl_block(&mut text, 2, "attribute", &of);
        }
        for index in &table.local_secondary_indexes {
            let sort = index.key.sort().map(|sort| ("range_key", quoted(&sort.name)));
            let of = [("name", quoted(&index.name))].into_iter().chain(sort).chain(hcl_projection(&index.projection));
            hcl_block(&mut text, 2, "local_secondary_index", &of.collect::<Vec<_>>());
        }
        for index in &table.global_secondary_indexes {
            let mut of = vec![("name", quoted(&index.name))];
            of.extend(hcl_key(&index.key));
            of.extend(hcl_projection(&index.projection));
            if let Some(resource) = of_index(sizing, table, &index.name).filter(|_| setting != Setting::OnDemand) {
                let [read, write] = start(resource, setting);
                of.extend([("read_capacity", read.to_string()), ("write_capacity", write.to_string())]);
            }
            text.push('\n');
            if index.key.partition_attributes().len() > 1 || index.key.sort_attributes().len() > 1 {
                let all = index.key.partition_attributes().iter().chain(index.key.sort_attributes());
                let all: Vec<&str> = all.map(|attribute| &*attribute.name).collect();
                let _ = writeln!(text, "  # The key has more attributes than are written here: {}.", all.join(", "));
            }
            let _ = writeln!(text, "  global_secondary_index {{");
            hcl_attributes(&mut text, 4, &of);
            let own = of_index(sizing, table, &index.name).and_then(warm);
            hcl_warm(&mut text, 4, own.filter(|_| setting == Setting::OnDemand));
            text.push_str("  }\n");
        }
        hcl_warm(&mut text, 2, warm(resource).filter(|_| setting == Setting::OnDemand));
        if let Some(attribute) = &table.time_to_live_attribute {
            let of = [("attribute_name", quoted(attribute)), ("enabled", "true".to_owned())];
            hcl_block(&mut text, 2, "ttl", &of);
        }
        if setting == Setting::AutoScaling {
            let own = sizing.resources.iter().filter(|resource| resource.table == *table.name);
            let is_index_scaled = own.clone().any(|resource| {
                resource.index.is_some() && (resource.read.scaled.is_some() || resource.write.scaled.is_some())
            });
            let index = if is_index_scaled { ", global_secondary_index" } else { "" };
            let _ =
                writeln!(text, "\n  lifecycle {{\n    ignore_changes = [read_capacity, write_capacity{index}]\n  }}");
        }
        text.push_str("}\n");
        if setting == Setting::AutoScaling {
            for resource in sizing.resources.iter().filter(|resource| resource.table == *table.name) {
                for (access, word) in ACCESSES {
                    hcl_scaling(&mut text, &name, resource, access, word);
                }
            }
        }
    }
    text
}

fn hcl_scaling(text: &mut String, table: &str, resource: &ResourceSizing, access: ReadWrite, word: &str) {
    let Some(scaled) = &resource.side(access).scaled else { return };
    let (id, dimension, metric) = dimension(resource, access);
    let index = resource.index.as_deref().map(|index| format!("_{}", identifier(index))).unwrap_or_default();
    let name = format!("{table}{index}_{word}");
    let _ = writeln!(text, "\nresource \"aws_appautoscaling_target\" \"{name}\" {{");
    let of = [
        ("service_namespace", quoted("dynamodb")),
        ("resource_id", quoted(&id)),
        ("scalable_dimension", quoted(&dimension)),
        ("min_capacity", scaled.min_units.to_string()),
        ("max_capacity", scaled.max_units.to_string()),
        ("depends_on", format!("[aws_dynamodb_table.{table}]")),
    ];
    hcl_attributes(text, 2, &of);
    let _ = writeln!(text, "}}\n\nresource \"aws_appautoscaling_policy\" \"{name}\" {{");
    let of = [
        ("name", quoted(&format!("{name}-utilization"))),
        ("policy_type", quoted("TargetTrackingScaling")),
        ("service_namespace", format!("aws_appautoscaling_target.{name}.service_namespace")),
        ("resource_id", format!("aws_appautoscaling_target.{name}.resource_id")),
        ("scalable_dimension", format!("aws_appautoscaling_target.{name}.scalable_dimension")),
    ];
    hcl_attributes(text, 2, &of);
    let _ = writeln!(text, "\n  target_tracking_scaling_policy_configuration {{");
    hcl_attributes(text, 4, &[("target_value", percent(scaled.target_utilization))]);
    hcl_block(text, 4, "predefined_metric_specification", &[("predefined_metric_type", quoted(metric))]);
    text.push_str("  }\n}\n");
}

/// Arguments on lines of their own, their signs of equality in one column.
fn hcl_attributes(text: &mut String, indent: usize, attributes: &[(&str, String)]) {
    let width = attributes.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, value) in attributes {
        let _ = writeln!(text, "{:indent$}{name:width$} = {value}", "");
    }
}

fn hcl_block(text: &mut String, indent: usize, name: &str, attributes: &[(&str, String)]) {
    let _ = writeln!(text, "\n{:indent$}{name} {{", "");
    hcl_attributes(text, indent + 2, attributes);
    let _ = writeln!(text, "{:indent$}}}", "");
}

fn hcl_warm(text: &mut String, indent: usize, warm: Option<[u64; 2]>) {
    if let Some([read, write]) = warm {
        let of = [("read_units_per_second", read.to_string()), ("write_units_per_second", write.to_string())];
        hcl_block(text, indent, "warm_throughput", &of);
    }
}

/// Whether an attribute is in a key as Terraform's code has it: the first one of each part.
fn is_written(table: &CreateTable, attribute: &KeyAttribute) -> bool {
    let global = table.global_secondary_indexes.iter().map(|index| &index.key);
    let local = table.local_secondary_indexes.iter().map(|index| &index.key);
    std::iter::once(&table.key)
        .chain(global)
        .chain(local)
        .any(|key| key.partition().name == attribute.name || key.sort().is_some_and(|sort| sort.name == attribute.name))
}

fn hcl_key(key: &KeySchema) -> Vec<(&'static str, String)> {
    let mut of = vec![("hash_key", quoted(&key.partition().name))];
    of.extend(key.sort().map(|sort| ("range_key", quoted(&sort.name))));
    of
}

fn hcl_projection(projection: &Projection) -> Vec<(&'static str, String)> {
    match projection {
        Projection::All => vec![("projection_type", quoted("ALL"))],
        Projection::KeysOnly => vec![("projection_type", quoted("KEYS_ONLY"))],
        Projection::Include(names) => {
            let names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
            vec![("projection_type", quoted("INCLUDE")), ("non_key_attributes", format!("[{}]", names.join(", ")))]
        }
    }
}

/// A string of Terraform's language.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace("${", "$${").replace("%{", "%%{"))
}

/// The name, numbered where it is taken: names of tables may differ in what code cannot have.
fn unique(taken: &mut Vec<String>, name: String) -> String {
    let mut numbered = (2..).map(|number| format!("{name}_{number}").replace("Table_", "Table"));
    let free = std::iter::once(name.clone()).chain(numbered.by_ref()).find(|name| !taken.contains(name));
    // The numbers do not end.
    let free = free.unwrap_or(name);
    taken.push(free.clone());
    free
}

/// A name that both languages take: letters, digits and, where `text` has others, underscores.
fn identifier(text: &str) -> String {
    let mut name: String =
        text.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' }).collect();
    if name.starts_with(|letter: char| letter.is_ascii_digit()) {
        name.insert(0, '_');
    }
    name
}

fn percent(share: f64) -> String {
    let percent = (share * 10_000.0).round() / 100.0;
    format!("{percent}")
}

fn scalar(attribute: &KeyAttribute) -> &'static str {
    match attribute.scalar_type {
        crate::item::ScalarType::S => "S",
        crate::item::ScalarType::N => "N",
        crate::item::ScalarType::B => "B",
    }
}

/// The tables as a CloudFormation template in JSON.
pub fn cloudformation(sizing: &Sizing, tables: &[CreateTable], setting: Setting) -> String {
    let mut resources = Map::new();
    let mut names = Vec::new();
    for table in tables {
        let Some(resource) = of_table(sizing, table) else { continue };
        let logical = unique(&mut names, format!("{}Table", camel(&table.name)));
        let mut properties = Map::new();
        properties.insert("TableName".to_owned(), json!(&*table.name));
        let mode = if setting == Setting::OnDemand { "PAY_PER_REQUEST" } else { "PROVISIONED" };
        properties.insert("BillingMode".to_owned(), json!(mode));
        if table.class == TableClass::StandardInfrequentAccess {
            properties.insert("TableClass".to_owned(), json!("STANDARD_INFREQUENT_ACCESS"));
        }
        let definitions = attributes(table).into_iter();
        let definitions: Vec<Value> = definitions
            .map(|attribute| json!({ "AttributeName": &*attribute.name, "AttributeType": scalar(attribute) }))
            .collect();
        properties.insert("AttributeDefinitions".to_owned(), json!(definitions));
        properties.insert("KeySchema".to_owned(), cfn_key(&table.key));
        cfn_capacity(&mut properties, resource, setting);
        let local = table.local_secondary_indexes.iter().map(|index| {
            json!({ "IndexName": &*index.name, "KeySchema": cfn_key(&index.key), "Projection": cfn_projection(&index.projection) })
        });
        let local: Vec<Value> = local.collect();
        if !local.is_empty() {
            properties.insert("LocalSecondaryIndexes".to_owned(), json!(local));
        }
        let global = table.global_secondary_indexes.iter().map(|index| {
            let mut of = Map::new();
            of.insert("IndexName".to_owned(), json!(&*index.name));
            of.insert("KeySchema".to_owned(), cfn_key(&index.key));
            of.insert("Projection".to_owned(), cfn_projection(&index.projection));
            if let Some(resource) = of_index(sizing, table, &index.name) {
                cfn_capacity(&mut of, resource, setting);
            }
            Value::Object(of)
        });
        let global: Vec<Value> = global.collect();
        if !global.is_empty() {
            properties.insert("GlobalSecondaryIndexes".to_owned(), json!(global));
        }
        if let Some(attribute) = &table.time_to_live_attribute {
            let of = json!({ "AttributeName": &**attribute, "Enabled": true });
            properties.insert("TimeToLiveSpecification".to_owned(), of);
        }
        resources.insert(logical.clone(), json!({ "Type": "AWS::DynamoDB::Table", "Properties": properties }));
        if setting == Setting::AutoScaling {
            for resource in sizing.resources.iter().filter(|resource| resource.table == *table.name) {
                for (access, word) in ACCESSES {
                    cfn_scaling(&mut resources, &logical, resource, access, word);
                }
            }
        }
    }
    let mut template = Map::new();
    template.insert("AWSTemplateFormatVersion".to_owned(), json!("2010-09-09"));
    let remarks: String = remarks(sizing, setting).join(" ").chars().take(DESCRIPTION_MAX).collect();
    template.insert("Description".to_owned(), json!(remarks));
    template.insert("Resources".to_owned(), Value::Object(resources));
    // Maps with strings as keys can always be written.
    let mut text = serde_json::to_string_pretty(&template).unwrap_or_default();
    text.push('\n');
    text
}

fn cfn_capacity(properties: &mut Map<String, Value>, resource: &ResourceSizing, setting: Setting) {
    if setting == Setting::OnDemand {
        if let Some([read, write]) = warm(resource) {
            let of = json!({ "ReadUnitsPerSecond": read, "WriteUnitsPerSecond": write });
            properties.insert("WarmThroughput".to_owned(), of);
        }
    } else {
        let [read, write] = start(resource, setting);
        let of = json!({ "ReadCapacityUnits": read, "WriteCapacityUnits": write });
        properties.insert("ProvisionedThroughput".to_owned(), of);
    }
}

fn cfn_scaling(
    resources: &mut Map<String, Value>,
    table: &str,
    resource: &ResourceSizing,
    access: ReadWrite,
    word: &str,
) {
    let Some(scaled) = &resource.side(access).scaled else { return };
    let (id, dimension, metric) = dimension(resource, access);
    let index = resource.index.as_deref().map(camel).unwrap_or_default();
    let target = format!("{table}{index}{}Target", camel(word));
    let of_target = json!({
        "Type": "AWS::ApplicationAutoScaling::ScalableTarget",
        "DependsOn": table,
        "Properties": {
            "ServiceNamespace": "dynamodb",
            "ResourceId": id,
            "ScalableDimension": dimension,
            "MinCapacity": scaled.min_units,
            "MaxCapacity": scaled.max_units,
        }
    });
    let of_policy = json!({
        "Type": "AWS::ApplicationAutoScaling::ScalingPolicy",
        "Properties": {
            "PolicyName": format!("{table}{index}{}Utilization", camel(word)),
            "PolicyType": "TargetTrackingScaling",
            "ScalingTargetId": { "Ref": target },
            "TargetTrackingScalingPolicyConfiguration": {
                "TargetValue": percent(scaled.target_utilization).parse::<f64>().unwrap_or_default(),
                "PredefinedMetricSpecification": { "PredefinedMetricType": metric },
            },
        }
    });
    resources.insert(target.clone(), of_target);
    resources.insert(format!("{table}{index}{}Policy", camel(word)), of_policy);
}

fn cfn_key(key: &KeySchema) -> Value {
    let of = |attribute: &KeyAttribute, kind: &str| json!({ "AttributeName": &*attribute.name, "KeyType": kind });
    let partition = key.partition_attributes().iter().map(|attribute| of(attribute, "HASH"));
    let sort = key.sort_attributes().iter().map(|attribute| of(attribute, "RANGE"));
    Value::Array(partition.chain(sort).collect())
}

fn cfn_projection(projection: &Projection) -> Value {
    match projection {
        Projection::All => json!({ "ProjectionType": "ALL" }),
        Projection::KeysOnly => json!({ "ProjectionType": "KEYS_ONLY" }),
        Projection::Include(names) => {
            let names: Vec<&str> = names.iter().map(|name| &**name).collect();
            json!({ "ProjectionType": "INCLUDE", "NonKeyAttributes": names })
        }
    }
}

/// A logical name: letters and digits alone, words begun with capitals.
fn camel(text: &str) -> String {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(|word| word[..1].to_ascii_uppercase() + &word[1..]).collect()
}
