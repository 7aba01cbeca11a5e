//! A table as DynamoDB's API describes it, which CloudFormation writes in the same words.

use serde_json::Value;

use crate::api::{TableClass, WarmThroughput};
use crate::item::ScalarType;
use crate::workload::is_region;

use super::draft::{BillingDraft, CapacityDraft, IndexDraft, KeyDraft, ProjectionDraft, TableDraft, UnitsDraft};
use super::intrinsics::unresolved;

/// What tables are created with where nothing is known.
const UNITS_ASSUMED: u64 = 5;

/// A member that is a text, or a number as a text. `Err` says why it is not known.
pub(super) fn text(value: &Value, name: &str) -> Result<Option<String>, String> {
    match value.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        Some(Value::Bool(truth)) => Ok(Some(truth.to_string())),
        Some(other) => Err(match unresolved(other) {
            Some(why) => format!("`{name}` is not known: {why}"),
            None => format!("`{name}` is {}, not a text", kind(other)),
        }),
    }
}

/// A member that is a whole number, or one written as a text.
pub(super) fn whole(value: &Value, name: &str) -> Result<Option<u64>, String> {
    let Some(text) = text(value, name)? else { return Ok(None) };
    let parsed = text.parse::<u64>().ok().or_else(|| {
        // JSON of other tools has 5.0 for 5, and −1 for none.
        let number = text.parse::<f64>().ok().filter(|number| number.fract() == 0.0)?;
        (0.0..9e15).contains(&number).then_some(number as u64)
    });
    match parsed {
        Some(number) => Ok(Some(number)),
        None if text == "-1" => Ok(None),
        None => Err(format!("`{name}` is `{text}`, not a whole number")),
    }
}

/// A member that is true or false.
pub(super) fn truth(value: &Value, name: &str) -> bool {
    matches!(text(value, name), Ok(Some(text)) if text.eq_ignore_ascii_case("true"))
}

/// The members of a list; empty where there is none.
pub(super) fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A text that must be there.
pub(super) fn needed(value: &Value, name: &str) -> Result<String, String> {
    text(value, name)?.ok_or_else(|| format!("`{name}` is missing"))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// The table that `value` describes. Whatever is optional and cannot be read is noted and assumed.
pub(super) fn table(value: &Value, name: String) -> Result<TableDraft, String> {
    let types = attribute_types(value)?;
    let (partition_key, sort_key) = key(value, &types)?;
    let mut notes = Vec::new();
    let partition_key = only(partition_key).ok_or("the table's `KeySchema` has no partition key (HASH)")?;
    let capacity = capacity(value, &mut notes);
    let index = |value: &Value, notes: &mut Vec<String>| -> Result<IndexDraft, String> {
        let name = needed(value, "IndexName")?;
        let (partition_key, sort_key) = key(value, &types).map_err(|error| format!("index `{name}`: {error}"))?;
        let projection = projection(value).map_err(|error| format!("index `{name}`: {error}"))?;
        if value.get("WarmThroughput").is_some() {
            notes.push(format!("the warm throughput of index `{name}` is not part of workload files"));
        }
        Ok(IndexDraft { name, partition_key, sort_key, projection, capacity: None })
    };
    let mut global_indexes = Vec::new();
    for global in list(value, "GlobalSecondaryIndexes") {
        let mut draft = index(global, &mut notes)?;
        draft.capacity = index_capacity(global, capacity, &draft.name, &mut notes);
        global_indexes.push(draft);
    }
    let local_indexes: Result<Vec<_>, String> =
        list(value, "LocalSecondaryIndexes").iter().map(|local| index(local, &mut notes)).collect();
    let class = class(value);
    let mut draft = TableDraft {
        name,
        partition_key,
        sort_key: only(sort_key),
        capacity,
        class,
        warm_throughput: warm_throughput(value, &mut notes),
        time_to_live: time_to_live(value),
        items: None,
        item_bytes: None,
        layout: None,
        attributes: Vec::new(),
        global_indexes,
        local_indexes: local_indexes?,
        billing: billing(value, &mut notes),
        notes,
    };
    check_time_to_live(&mut draft);
    Ok(draft)
}

/// Types of key attributes by their names.
fn attribute_types(value: &Value) -> Result<Vec<KeyDraft>, String> {
    let read = |definition: &Value| {
        let name = needed(definition, "AttributeName")?;
        let scalar_type = scalar_type(&needed(definition, "AttributeType")?)
            .map_err(|error| format!("attribute `{name}`: {error}"))?;
        Ok(KeyDraft { name, scalar_type })
    };
    list(value, "AttributeDefinitions").iter().map(read).collect()
}

/// S, N or B, also as SAM spells them.
pub(super) fn scalar_type(text: &str) -> Result<ScalarType, String> {
    match text {
        "S" | "String" | "string" => Ok(ScalarType::S),
        "N" | "Number" | "number" => Ok(ScalarType::N),
        "B" | "Binary" | "binary" => Ok(ScalarType::B),
        other => Err(format!("its type is `{other}`; key attributes are S, N or B")),
    }
}

/// The attributes of the partition key and of the sort key.
fn key(value: &Value, types: &[KeyDraft]) -> Result<(Vec<KeyDraft>, Vec<KeyDraft>), String> {
    let (mut partition, mut sort) = (Vec::new(), Vec::new());
    for part in list(value, "KeySchema") {
        let name = needed(part, "AttributeName")?;
        let attribute = types
            .iter()
            .find(|known| known.name == name)
            .ok_or_else(|| format!("key attribute `{name}` is not among the `AttributeDefinitions`"))?;
        match needed(part, "KeyType")?.as_str() {
            "HASH" => partition.push(attribute.clone()),
            "RANGE" => sort.push(attribute.clone()),
            other => return Err(format!("`{other}` of `{name}` is no `KeyType`; it is HASH or RANGE")),
        }
    }
    Ok((partition, sort))
}

fn only(mut attributes: Vec<KeyDraft>) -> Option<KeyDraft> {
    if attributes.is_empty() { None } else { Some(attributes.remove(0)) }
}

fn projection(value: &Value) -> Result<ProjectionDraft, String> {
    let Some(projection) = value.get("Projection") else { return Ok(ProjectionDraft::All) };
    match text(projection, "ProjectionType")?.as_deref() {
        None | Some("ALL") => Ok(ProjectionDraft::All),
        Some("KEYS_ONLY") => Ok(ProjectionDraft::KeysOnly),
        Some("INCLUDE") => {
            let names = list(projection, "NonKeyAttributes").iter().filter_map(Value::as_str).map(str::to_owned);
            Ok(ProjectionDraft::Include(names.collect()))
        }
        Some(other) => Err(format!("`{other}` is no `ProjectionType`")),
    }
}

fn class(value: &Value) -> TableClass {
    let summary = value.get("TableClassSummary").unwrap_or(value);
    match text(summary, "TableClass") {
        Ok(Some(class)) if class == "STANDARD_INFREQUENT_ACCESS" => TableClass::StandardInfrequentAccess,
        _ => TableClass::Standard,
    }
}

/// The table's mode: what `BillingMode` says; without it, provisioned, as the API has it.
fn capacity(value: &Value, notes: &mut Vec<String>) -> CapacityDraft {
    let summary = value.get("BillingModeSummary").unwrap_or(value);
    let mode = text(summary, "BillingMode").unwrap_or_else(|error| {
        notes.push(format!("{error}; provisioned capacity is assumed"));
        None
    });
    if mode.as_deref() == Some("PAY_PER_REQUEST") {
        return on_demand(value);
    }
    let throughput = value.get("ProvisionedThroughput").unwrap_or(&Value::Null);
    CapacityDraft::Provisioned {
        read: units(throughput, "ReadCapacityUnits", notes),
        write: units(throughput, "WriteCapacityUnits", notes),
    }
}

fn on_demand(value: &Value) -> CapacityDraft {
    let most = |name: &str| {
        let throughput = value.get("OnDemandThroughput")?;
        whole(throughput, name).ok().flatten().filter(|units| *units > 0)
    };
    CapacityDraft::OnDemand { max_read: most("MaxReadRequestUnits"), max_write: most("MaxWriteRequestUnits") }
}

/// Provisioned units; assumed where they are not known.
pub(super) fn units(throughput: &Value, name: &str, notes: &mut Vec<String>) -> UnitsDraft {
    let known = match whole(throughput, name) {
        Ok(units) => units.filter(|units| *units > 0).ok_or_else(|| format!("`{name}` is missing")),
        Err(error) => Err(error),
    };
    let units = known.unwrap_or_else(|error| {
        notes.push(format!("{error}; {UNITS_ASSUMED} are assumed"));
        UNITS_ASSUMED
    });
    UnitsDraft { units, scaling: None }
}

/// An index has its table's mode; its own figures, where it has any.
fn index_capacity(index: &Value, table: CapacityDraft, name: &str, notes: &mut Vec<String>) -> Option<CapacityDraft> {
    match table {
        CapacityDraft::OnDemand { .. } => {
            let own = on_demand(index);
            (own != table).then_some(own)
        }
        CapacityDraft::Provisioned { .. } => {
            let throughput = index.get("ProvisionedThroughput")?;
            let mut own = Vec::new();
            let capacity = CapacityDraft::Provisioned {
                read: units(throughput, "ReadCapacityUnits", &mut own),
                write: units(throughput, "WriteCapacityUnits", &mut own),
            };
            notes.extend(own.into_iter().map(|note| format!("index `{name}`: {note}")));
            Some(capacity)
        }
    }
}

fn warm_throughput(value: &Value, notes: &mut Vec<String>) -> Option<WarmThroughput> {
    let warm = value.get("WarmThroughput")?;
    let known = |name: &str| whole(warm, name).ok().flatten().filter(|units| *units > 0);
    let (read, write) = (known("ReadUnitsPerSecond"), known("WriteUnitsPerSecond"));
    match (read, write) {
        (Some(read_units_per_second), Some(write_units_per_second)) => {
            Some(WarmThroughput { read_units_per_second, write_units_per_second })
        }
        (None, None) => None,
        _ => {
            notes.push("only one side of its warm throughput is known; it is left out".into());
            None
        }
    }
}

fn time_to_live(value: &Value) -> Option<String> {
    let specification = value.get("TimeToLiveSpecification").or_else(|| value.get("TimeToLiveDescription"))?;
    let status = text(specification, "TimeToLiveStatus").ok().flatten();
    let is_on = truth(specification, "Enabled") || status.as_deref() == Some("ENABLED");
    text(specification, "AttributeName").ok().flatten().filter(|_| is_on)
}

/// Only a number that is no key of the table can be an expiry here.
fn check_time_to_live(table: &mut TableDraft) {
    let Some(name) = &table.time_to_live else { return };
    let is_key = std::iter::once(&table.partition_key).chain(&table.sort_key).any(|key| key.name == *name);
    let indexes = table.global_indexes.iter().chain(&table.local_indexes);
    let mut of_indexes = indexes.flat_map(|index| index.partition_key.iter().chain(&index.sort_key));
    if is_key || of_indexes.any(|key| key.name == *name && key.scalar_type != ScalarType::N) {
        table.notes.push(format!("time to live by `{name}`, a key attribute, is left out"));
        table.time_to_live = None;
    }
}

/// What is billed besides capacity.
fn billing(value: &Value, notes: &mut Vec<String>) -> BillingDraft {
    let stream = value.get("StreamSpecification");
    let recovery = value.get("PointInTimeRecoverySpecification");
    if value.get("KinesisStreamSpecification").is_some_and(|stream| !stream.is_null()) {
        notes.push("changes go to a Kinesis data stream, which is not in this workload".into());
    }
    BillingDraft {
        point_in_time_recovery: recovery.is_some_and(|recovery| truth(recovery, "PointInTimeRecoveryEnabled")),
        has_stream: stream
            .is_some_and(|stream| truth(stream, "StreamEnabled") || stream.get("StreamViewType").is_some()),
        replicas: replicas(value, notes),
    }
}

/// The other regions of a global table, each once.
fn replicas(value: &Value, notes: &mut Vec<String>) -> Vec<String> {
    let arn = text(value, "TableArn").ok().flatten();
    let own = arn.as_deref().and_then(|arn| arn.split(':').nth(3)).filter(|region| is_region(region));
    if let Some(own) = own {
        notes.push(format!("the table is in {own}: `dyno cost --region {own}` prices it there"));
    }
    let mut replicas = Vec::new();
    let mut unknown = 0_usize;
    for replica in list(value, "Replicas") {
        match region_of(replica) {
            Some(region) if own == Some(region.as_str()) || replicas.contains(&region) => {}
            Some(region) => replicas.push(region),
            None => unknown += 1,
        }
    }
    let left_out = match unknown {
        0 => return replicas,
        1 => "1 replica is left out: its region is not known".to_owned(),
        many => format!("{many} replicas are left out: their regions are not known"),
    };
    notes.push(format!(
        "{left_out}; write `replicas = [\"REGION\"]` under [tables.billing], as writes are billed there, too"
    ));
    replicas
}

/// The region of a replica, as the API or CloudFormation says it.
pub(super) fn region_of(replica: &Value) -> Option<String> {
    let named = |name: &str| text(replica, name).ok().flatten();
    named("RegionName").or_else(|| named("Region")).filter(|region| is_region(region))
}
