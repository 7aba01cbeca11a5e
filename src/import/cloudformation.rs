//! CloudFormation and SAM templates.

use serde_json::{Map, Value, json};

use super::draft::{CapacityDraft, Draft, TableDraft};
use super::intrinsics::{Template, resource_of};
use super::scaling::{self, Scaling};
use super::schema::{self, list, needed, text, units, whole};

const TABLE: &str = "AWS::DynamoDB::Table";
const GLOBAL_TABLE: &str = "AWS::DynamoDB::GlobalTable";
const SIMPLE_TABLE: &str = "AWS::Serverless::SimpleTable";
const TARGET: &str = "AWS::ApplicationAutoScaling::ScalableTarget";
const POLICY: &str = "AWS::ApplicationAutoScaling::ScalingPolicy";

/// The workload of a template's tables.
pub(super) fn draft(root: &Value) -> Result<Draft, String> {
    let resources = root.get("Resources").and_then(Value::as_object).ok_or("the template has no `Resources`")?;
    let mut template = Template::new(root);
    let mut draft = Draft { name: "stack".into(), ..Draft::default() };
    let mut names = Vec::new();
    for id in resources.keys().filter(|id| id.starts_with("Fn::")) {
        draft.notes.push(format!("`{id}` is worked out by a deployment only; whatever it makes is left out"));
    }
    for (id, resource) in resources.iter().filter(|(_, resource)| is_table(resource)) {
        if let Some(condition) = resource.get("Condition").and_then(Value::as_str)
            && !template.holds(condition)
        {
            draft.notes.push(format!(
                "`{id}` is left out: its condition `{condition}` does not hold with the parameters' defaults"
            ));
            continue;
        }
        let properties = properties(&template, resource);
        let (name, note) = match text(&properties, "TableName") {
            Ok(Some(name)) => (name, None),
            Ok(None) => {
                (id.clone(), Some("the template leaves the table's name to the deployment; this is its logical id"))
            }
            Err(_) => (id.clone(), Some("the table's name is known to a deployment only; this is its logical id")),
        };
        template.name(id, &name);
        names.push((id, name, note));
    }
    for (id, name, note) in names {
        let resource = &resources[id.as_str()];
        let properties = properties(&template, resource);
        let in_table = |error: String| format!("table `{id}`: {error}");
        let mut table = match kind(resource) {
            SIMPLE_TABLE => simple_table(&properties, name),
            GLOBAL_TABLE => global_table(&properties, name),
            _ => schema::table(&properties, name),
        }
        .map_err(in_table)?;
        table.notes.extend(note.map(str::to_owned));
        draft.tables.push(table);
    }
    let scalings = scalings(&template, resources, &mut draft.notes);
    let lost = scaling::apply(scalings, &mut draft.tables);
    draft.notes.extend(lost);
    if let [only] = draft.tables.as_slice() {
        draft.name.clone_from(&only.name);
    }
    draft.description = root.get("Description").and_then(Value::as_str).unwrap_or("Tables of a template").to_owned();
    Ok(draft)
}

fn kind(resource: &Value) -> &str {
    resource.get("Type").and_then(Value::as_str).unwrap_or_default()
}

fn is_table(resource: &Value) -> bool {
    matches!(kind(resource), TABLE | GLOBAL_TABLE | SIMPLE_TABLE)
}

fn properties(template: &Template<'_>, resource: &Value) -> Value {
    template.resolve(resource.get("Properties").unwrap_or(&Value::Null))
}

/// SAM's table: a partition key, nothing else; on-demand where it has no throughput (SAM: AWS::Serverless::SimpleTable).
fn simple_table(properties: &Value, name: String) -> Result<TableDraft, String> {
    let key = properties.get("PrimaryKey");
    let attribute = key.map_or(Ok(None), |key| text(key, "Name"))?.unwrap_or_else(|| "id".into());
    let scalar = key.map_or(Ok(None), |key| text(key, "Type"))?.unwrap_or_else(|| "String".into());
    let throughput = properties.get("ProvisionedThroughput").cloned();
    let mode = if throughput.is_some() { "PROVISIONED" } else { "PAY_PER_REQUEST" };
    let described = json!({
        "AttributeDefinitions": [{ "AttributeName": attribute, "AttributeType": scalar }],
        "KeySchema": [{ "AttributeName": attribute, "KeyType": "HASH" }],
        "BillingMode": mode,
        "ProvisionedThroughput": throughput,
        "PointInTimeRecoverySpecification": properties.get("PointInTimeRecoverySpecification"),
    });
    schema::table(&described, name)
}

/// A global table says its writes once and its reads for each replica; the first replica is taken.
fn global_table(properties: &Value, name: String) -> Result<TableDraft, String> {
    let replicas = list(properties, "Replicas");
    let replica = replicas.first().cloned().unwrap_or_default();
    let mut described = properties.clone();
    let members = described.as_object_mut().ok_or("it has no `Properties`")?;
    members.insert("Replicas".to_owned(), replicas.iter().skip(1).cloned().collect());
    for (name, from) in [
        ("TableClass", "TableClass"),
        ("PointInTimeRecoverySpecification", "PointInTimeRecoverySpecification"),
        ("KinesisStreamSpecification", "KinesisStreamSpecification"),
    ] {
        if let Some(value) = replica.get(from) {
            members.insert(name.to_owned(), value.clone());
        }
    }
    let most =
        |of: &Value, settings: &str, name: &str| of.get(settings).and_then(|settings| settings.get(name)).cloned();
    members.insert(
        "OnDemandThroughput".into(),
        json!({
            "MaxReadRequestUnits": most(&replica, "ReadOnDemandThroughputSettings", "MaxReadRequestUnits"),
            "MaxWriteRequestUnits": most(properties, "WriteOnDemandThroughputSettings", "MaxWriteRequestUnits"),
        }),
    );
    // A template of a global table says its mode by name or is on-demand as little as any other.
    let is_provisioned = text(properties, "BillingMode")?.as_deref() != Some("PAY_PER_REQUEST");
    if is_provisioned {
        members.insert("ProvisionedThroughput".into(), placeholder());
        for index in members.get_mut("GlobalSecondaryIndexes").and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(index) = index.as_object_mut() {
                index.insert("ProvisionedThroughput".into(), placeholder());
            }
        }
    }
    let mut table = schema::table(&described, name)?;
    let notes = &mut table.notes;
    if is_provisioned {
        table.capacity = settings(&replica, properties, notes);
        for index in &mut table.global_indexes {
            let named = |of: &Value| {
                let mut all = list(of, "GlobalSecondaryIndexes").iter();
                all.find(|own| text(own, "IndexName").ok().flatten().as_deref() == Some(&index.name)).cloned()
            };
            let (read, write) = (named(&replica).unwrap_or_default(), named(properties).unwrap_or_default());
            index.capacity = Some(settings(&read, &write, notes));
        }
    }
    if replicas.len() > 1 {
        notes.push(match schema::region_of(&replica) {
            Some(region) => format!(
                "this is the first replica of a global table, the one in {region}: `dyno cost --region {region}` prices it \
                 there, and the others where they are"
            ),
            None => "this is the first replica of a global table, in a region that is known to a deployment only: name it \
                     to `dyno cost` by --region"
                .into(),
        });
    }
    Ok(table)
}

/// Units that are put in place of what global tables say elsewhere.
fn placeholder() -> Value {
    json!({ "ReadCapacityUnits": 1, "WriteCapacityUnits": 1 })
}

/// Read settings of a replica and write settings of the table.
fn settings(read: &Value, write: &Value, notes: &mut Vec<String>) -> CapacityDraft {
    let one = |of: &Value, settings: &str, fixed: &str, scaled: &str, notes: &mut Vec<String>| {
        let settings = of.get(settings).unwrap_or(&Value::Null);
        let Some(auto) = settings.get(scaled) else { return units(settings, fixed, notes) };
        let bound = |name: &str| whole(auto, name).ok().flatten();
        let scaling = Scaling {
            resource_id: String::new(),
            dimension: String::new(),
            min: bound("MinCapacity").unwrap_or(1),
            max: bound("MaxCapacity").unwrap_or(1),
            target_percent: target_of(auto),
        };
        let start = super::draft::UnitsDraft { units: bound("SeedCapacity").unwrap_or(scaling.min), scaling: None };
        scaling::scaled(start, &scaling, notes)
    };
    CapacityDraft::Provisioned {
        read: one(
            read,
            "ReadProvisionedThroughputSettings",
            "ReadCapacityUnits",
            "ReadCapacityAutoScalingSettings",
            notes,
        ),
        write: one(
            write,
            "WriteProvisionedThroughputSettings",
            "WriteCapacityUnits",
            "WriteCapacityAutoScalingSettings",
            notes,
        ),
    }
}

fn target_of(of: &Value) -> Option<f64> {
    text(of.get("TargetTrackingScalingPolicyConfiguration")?, "TargetValue").ok().flatten()?.parse().ok()
}

/// What Application Auto Scaling is told.
fn scalings(template: &Template<'_>, resources: &Map<String, Value>, notes: &mut Vec<String>) -> Vec<Scaling> {
    let mut scalings: Vec<(String, Scaling)> = Vec::new();
    for (id, resource) in resources.iter().filter(|(_, resource)| kind(resource) == TARGET) {
        let properties = properties(template, resource);
        let read = || -> Result<Scaling, String> {
            Ok(Scaling {
                resource_id: needed(&properties, "ResourceId")?,
                dimension: needed(&properties, "ScalableDimension")?,
                min: whole(&properties, "MinCapacity")?.ok_or("`MinCapacity` is missing")?,
                max: whole(&properties, "MaxCapacity")?.ok_or("`MaxCapacity` is missing")?,
                target_percent: None,
            })
        };
        match read() {
            Ok(scaling) => scalings.push((id.clone(), scaling)),
            Err(error) => notes.push(format!("auto scaling `{id}` is left out: {error}")),
        }
    }
    for resource in resources.values().filter(|resource| kind(resource) == POLICY) {
        let properties = properties(template, resource);
        let target = properties.get("ScalingTargetId").and_then(resource_of);
        let same = |(id, scaling): &&mut (String, Scaling)| match target {
            Some(target) => id == target,
            None => {
                let is = |name: &str, value: &str| text(&properties, name).ok().flatten().as_deref() == Some(value);
                is("ResourceId", &scaling.resource_id) && is("ScalableDimension", &scaling.dimension)
            }
        };
        if let Some((_, scaling)) = scalings.iter_mut().find(same) {
            scaling.target_percent = target_of(&properties).or(scaling.target_percent);
        }
    }
    scalings.into_iter().map(|(_, scaling)| scaling).collect()
}
