//! A draft as the text of a workload file.

use std::collections::BTreeSet;

use crate::api::TableClass;

use super::ImportKind;
use super::assumed::{self, ITEM_BYTES, ITEMS, ITEMS_PER_PARTITION, Role, key_bytes, key_value};
use super::draft::{
    BillingDraft, CapacityDraft, Draft, IndexDraft, KeyDraft, OperationDraft, PaceDraft, ProjectionDraft, TableDraft,
    UnitsDraft,
};
use super::toml_text::{comment, name, number, quoted, whole};

/// What an update writes, in the order of preference: the first that is no attribute of the table.
const CHANGED: [&str; 3] = ["changedAt", "lastChange", "changedAtByDyno"];
/// What pads items.
const PADDING: [&str; 3] = ["padding", "filler", "paddingByDyno"];
/// Items with fewer bytes in a GB than this are not worth a warning.
const BYTES_TO_MENTION: u64 = 1 << 30;
/// Bytes of a projected attribute of which nothing else is known.
const PROJECTED_BYTES: u64 = 20;

/// The workload file that a draft makes.
pub(super) fn workload(draft: &Draft, kind: ImportKind, source: &str) -> String {
    let mut out = String::new();
    out.push_str(&comment(&format!("{}: made from {} ({source}).", draft.name, kind.label())));
    out.push_str("#\n");
    let (known, assumed) = match kind {
        ImportKind::Ycsb => ("records, fields, the mix and the distribution of keys", "whatever is marked `assumed`"),
        _ => (
            "tables, keys, indexes and capacity",
            "the operations, their mix and rate, and whatever is marked `assumed`",
        ),
    };
    out.push_str(&comment(&format!(
        "Known from there: {known}. Not known, and to be set by you: {assumed}. `dyno check` shows what a run would ask of the tables."
    )));
    for note in &draft.notes {
        out.push_str(&comment(&format!("- {note}.")));
    }
    out.push_str(&format!("name = {}\n", quoted(&workload_name(&draft.name))));
    out.push_str(&format!("description = {}\n", quoted(&draft.description)));
    out.push_str("seed = 1\nthresholds = [\"errors = 0\"]\n");
    for table in &draft.tables {
        write_table(&mut out, table);
    }
    if draft.operations.is_empty() {
        out.push('\n');
        out.push_str(&comment(
            "The operations are assumed: one of each kind that the keys allow. Their weights make the mix.",
        ));
        for table in &draft.tables {
            for operation in operations(table, draft.tables.len() > 1) {
                let table = (draft.tables.len() > 1).then_some(table.name.as_str());
                write_operation(&mut out, &operation, table);
            }
        }
    } else {
        for operation in &draft.operations {
            write_operation(&mut out, operation, None);
        }
    }
    write_phases(&mut out, draft);
    out
}

/// Results are filed under it.
fn workload_name(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' })
        .take(60)
        .collect();
    let plain = plain.trim_matches(['-', '.']).to_owned();
    if plain.is_empty() { "imported".into() } else { plain }
}

fn write_table(out: &mut String, table: &TableDraft) {
    out.push('\n');
    for note in &table.notes {
        out.push_str(&comment(&format!("- {note}.")));
    }
    out.push_str(&format!("[[tables]]\nname = {}\n", quoted(&table.name)));
    out.push_str(&format!("partition_key = {}\n", key(&table.partition_key)));
    if let Some(sort) = &table.sort_key {
        out.push_str(&format!("sort_key = {}\n", key(sort)));
    }
    out.push_str(&format!("capacity = {}\n", capacity(&table.capacity)));
    if table.class == TableClass::StandardInfrequentAccess {
        out.push_str("class = \"standard-infrequent-access\"\n");
    }
    if let Some(warm) = &table.warm_throughput {
        out.push_str(&format!(
            "warm_throughput = {{ read_units_per_second = {}, write_units_per_second = {} }}\n",
            whole(warm.read_units_per_second),
            whole(warm.write_units_per_second)
        ));
    }
    if let Some(attribute) = &table.time_to_live {
        out.push_str(&format!("time_to_live = {}\n", quoted(attribute)));
    }
    let attributes = attributes(table);
    write_items(out, table, &attributes);
    out.push_str("\n[tables.item]\n");
    for attribute in &attributes {
        out.push_str(&commented(&format!("{} = {}", name(&attribute.name), attribute.value), attribute.remark));
    }
    write_billing(out, &table.billing);
    for index in &table.global_indexes {
        out.push_str(&format!("\n[[tables.global_secondary_indexes]]\nname = {}\n", quoted(&index.name)));
        out.push_str(&format!("partition_key = {}\n", keys(&index.partition_key)));
        if !index.sort_key.is_empty() {
            out.push_str(&format!("sort_key = {}\n", keys(&index.sort_key)));
        }
        write_projection(out, index);
        if let Some(own) = index.capacity.filter(|own| *own != table.capacity) {
            out.push_str(&format!("capacity = {}\n", capacity(&own)));
        }
    }
    for index in &table.local_indexes {
        out.push_str(&format!("\n[[tables.local_secondary_indexes]]\nname = {}\n", quoted(&index.name)));
        if let Some(sort) = index.sort_key.first() {
            out.push_str(&format!("sort_key = {}\n", key(sort)));
        }
        write_projection(out, index);
    }
}

/// What the table is billed for besides capacity, where it is anything.
fn write_billing(out: &mut String, billing: &BillingDraft) {
    if *billing == BillingDraft::default() {
        return;
    }
    out.push_str("\n[tables.billing]\n");
    if billing.point_in_time_recovery {
        out.push_str("point_in_time_recovery = true\n");
    }
    if !billing.replicas.is_empty() {
        let regions: Vec<String> = billing.replicas.iter().map(|region| quoted(region)).collect();
        out.push_str(&format!("replicas = [{}]\n", regions.join(", ")));
    }
    if billing.has_stream {
        out.push_str(&comment(
            "The table has a stream. Reading it is billed, except for triggers of AWS Lambda and for replication: say how many \
             other consumers read it.",
        ));
        out.push_str("# stream = { consumers = 1 }\n");
    }
}

/// How many items, how they share partition keys, how large they are.
fn write_items(out: &mut String, table: &TableDraft, attributes: &[Attribute]) {
    let items = table.items.unwrap_or(ITEMS);
    let bytes = items.saturating_mul(table.item_bytes.unwrap_or(0));
    let remark = match table.items {
        None => Some("assumed".to_owned()),
        Some(_) if bytes >= BYTES_TO_MENTION => Some(format!(
            "about {:.1} GB: `dyno run` and `dyno simulate` load them into memory; lower it for them",
            bytes as f64 / 1e9
        )),
        Some(_) => None,
    };
    out.push_str(&commented(&format!("items = {}", whole(items)), remark.as_deref().unwrap_or_default()));
    if let Some(layout) = &table.layout {
        out.push_str(&format!("{layout}\n"));
    } else if table.sort_key.is_some() {
        let line = format!("items_per_partition = {}", whole(ITEMS_PER_PARTITION));
        out.push_str(&commented(&line, "assumed: so many share a partition key"));
    }
    let Some(item_bytes) = table.item_bytes else {
        // Attributes that are known make the item; keys alone would make it cheaper than any real one.
        if table.attributes.is_empty() {
            out.push_str(&commented(&format!("item_size = {}", whole(ITEM_BYTES)), "assumed: bytes, padded"));
            write_padding(out, attributes);
        }
        return;
    };
    let needed: u64 = attributes.iter().map(|attribute| attribute.bytes).sum();
    let padding = free(&PADDING, attributes);
    // Room for the name of the padding and some of it.
    if item_bytes > needed + padding.len() as u64 + 8 {
        out.push_str(&commented(&format!("item_size = {}", whole(item_bytes)), "bytes, the mean; padded"));
        write_padding(out, attributes);
    } else {
        out.push_str(&comment(&format!(
            "Items have {} bytes on average, about what the attributes below take: they are not padded.",
            whole(item_bytes)
        )));
    }
}

fn write_padding(out: &mut String, attributes: &[Attribute]) {
    let padding = free(&PADDING, attributes);
    if padding != PADDING[0] {
        out.push_str(&format!("padding_attribute = {}\n", quoted(padding)));
    }
}

/// An attribute of the item.
struct Attribute {
    name: String,
    value: String,
    bytes: u64,
    remark: &'static str,
}

/// Every attribute that keys, indexes and expiry need, and those that are known.
fn attributes(table: &TableDraft) -> Vec<Attribute> {
    let shared = table.sort_key.is_some();
    let mut attributes: Vec<Attribute> = Vec::new();
    let mut names = BTreeSet::new();
    let known = |name: &str| table.attributes.iter().find(|(own, _)| own == name);
    let mut add = |attribute: Attribute| {
        if names.insert(attribute.name.clone()) {
            attributes.push(attribute);
        }
    };
    let of_key = |key: &KeyDraft, role: Role, remark: &'static str| {
        let (name, scalar_type) = (key.name.as_str(), key.scalar_type);
        let (value, remark) = match known(name) {
            Some((_, value)) => (value.clone(), ""),
            None => (key_value(name, scalar_type, role), remark),
        };
        Attribute { name: name.to_owned(), value, bytes: key_bytes(name, scalar_type, role), remark }
    };
    add(of_key(&table.partition_key, Role::Partition { shared }, ""));
    if let Some(sort) = &table.sort_key {
        add(of_key(sort, Role::Sort, ""));
    }
    if let Some(name) = &table.time_to_live {
        let value = "{ timestamp = { format = \"epoch_seconds\", plus = \"30d\" } }".to_owned();
        add(Attribute {
            name: name.clone(),
            value,
            bytes: name.len() as u64 + 7,
            remark: "assumed: expires in 30 days",
        });
    }
    for index in table.global_indexes.iter().chain(&table.local_indexes) {
        for key in &index.partition_key {
            let few = "assumed; an index with few values, such as a status, is hot";
            add(of_key(key, Role::IndexPartition { shared }, few));
        }
        for key in &index.sort_key {
            add(of_key(key, Role::IndexSort, "assumed"));
        }
    }
    for (name, value) in &table.attributes {
        let bytes = name.len() as u64 + known_bytes(value);
        add(Attribute { name: name.clone(), value: value.clone(), bytes, remark: "" });
    }
    for index in table.global_indexes.iter().chain(&table.local_indexes) {
        if let ProjectionDraft::Include(included) = &index.projection {
            for name in included {
                add(Attribute {
                    name: name.clone(),
                    value: format!("{{ string = {{ length = {PROJECTED_BYTES} }} }}"),
                    bytes: name.len() as u64 + PROJECTED_BYTES,
                    remark: "assumed",
                });
            }
        }
    }
    attributes
}

/// Roughly the bytes that a known generator gives: strings say their length, others are short.
fn known_bytes(value: &str) -> u64 {
    let length = value.split_once("length = ").map(|(_, rest)| rest.trim_end_matches([' ', '}']).replace('_', ""));
    length.and_then(|length| length.parse().ok()).unwrap_or(PROJECTED_BYTES)
}

/// The first of `names` that is no attribute.
fn free<'a>(names: &[&'a str; 3], attributes: &[Attribute]) -> &'a str {
    let is_free = |name: &&&str| !attributes.iter().any(|attribute| attribute.name == **name);
    names.iter().find(is_free).copied().unwrap_or(names[2])
}

fn write_projection(out: &mut String, index: &IndexDraft) {
    match &index.projection {
        ProjectionDraft::All => {}
        ProjectionDraft::KeysOnly => out.push_str("projection = \"keys_only\"\n"),
        ProjectionDraft::Include(included) => {
            let names: Vec<String> = included.iter().map(|name| quoted(name)).collect();
            out.push_str(&format!("projection = {{ include = [{}] }}\n", names.join(", ")));
        }
    }
}

fn key(key: &KeyDraft) -> String {
    format!("{{ name = {}, type = \"{:?}\" }}", quoted(&key.name), key.scalar_type)
}

fn keys(all: &[KeyDraft]) -> String {
    match all {
        [one] => key(one),
        several => format!("[{}]", several.iter().map(key).collect::<Vec<_>>().join(", ")),
    }
}

fn capacity(capacity: &CapacityDraft) -> String {
    match capacity {
        CapacityDraft::OnDemand { max_read: None, max_write: None } => "\"on_demand\"".into(),
        CapacityDraft::OnDemand { max_read, max_write } => {
            let most = |name: &str, units: &Option<u64>| units.map(|units| format!("{name} = {}", whole(units)));
            let said: Vec<String> =
                [most("max_read", max_read), most("max_write", max_write)].into_iter().flatten().collect();
            format!("{{ on_demand = {{ {} }} }}", said.join(", "))
        }
        CapacityDraft::Provisioned { read, write } => {
            format!("{{ provisioned = {{ read = {}, write = {} }} }}", units(read), units(write))
        }
    }
}

fn units(units: &UnitsDraft) -> String {
    let Some((min, max, target)) = units.scaling else { return whole(units.units) };
    let mut said = vec![format!("min = {}", whole(min)), format!("max = {}", whole(max))];
    if units.units != min {
        said.insert(0, format!("start = {}", whole(units.units)));
    }
    said.extend(target.map(|target| format!("target = {}", number(target))));
    format!("{{ {} }}", said.join(", "))
}

/// One operation of each kind that the table's keys allow.
fn operations(table: &TableDraft, with_name: bool) -> Vec<OperationDraft> {
    let named = |what: &str| if with_name { format!("{what} {}", table.name) } else { what.to_owned() };
    let changed = free(&CHANGED, &attributes(table));
    let mut all = vec![
        OperationDraft { name: named("get"), kind: "get", weight: 50.0, lines: Vec::new() },
        OperationDraft {
            name: named("put"),
            kind: "put",
            weight: 15.0,
            lines: vec!["key = \"new\"                       # an insert".into()],
        },
        OperationDraft {
            name: named("update"),
            kind: "update",
            weight: 15.0,
            lines: vec![
                "update = \"SET #changed = :now\"".into(),
                format!("names = {{ changed = {} }}", quoted(changed)),
                "values = { now = { timestamp = {} } }".into(),
            ],
        },
    ];
    if table.sort_key.is_some() {
        let lines = vec!["limit = 10".into()];
        all.push(OperationDraft { name: named("query"), kind: "query", weight: 20.0, lines });
    }
    for index in table.global_indexes.iter().chain(&table.local_indexes) {
        let lines = vec![format!("index = {}", quoted(&index.name)), "limit = 10".into()];
        all.push(OperationDraft { name: named(&format!("query {}", index.name)), kind: "query", weight: 5.0, lines });
    }
    all
}

fn write_operation(out: &mut String, operation: &OperationDraft, table: Option<&str>) {
    out.push_str(&format!("\n[[operations]]\nname = {}\ntype = \"{}\"\n", quoted(&operation.name), operation.kind));
    if let Some(table) = table {
        out.push_str(&format!("table = {}\n", quoted(table)));
    }
    out.push_str(&format!("weight = {}\n", number(operation.weight)));
    for line in &operation.lines {
        out.push_str(line);
        out.push('\n');
    }
}

fn write_phases(out: &mut String, draft: &Draft) {
    let pace = draft.pace.clone().unwrap_or_else(|| PaceDraft {
        per_second: assumed::per_second(&draft.tables),
        is_known: false,
        seconds: 300,
    });
    let rate = format!("rate = {}", number(pace.per_second));
    let remark = if pace.is_known { "operations per second" } else { "operations per second: assumed, set yours" };
    let steady = match draft.pace {
        Some(_) => "run",
        None => "steady",
    };
    for (phase, duration, is_warm_up) in
        [("warm up", "10s".to_owned(), true), (steady, format!("{}s", pace.seconds), false)]
    {
        out.push_str(&format!("\n[[phases]]\nname = {}\nduration = \"{duration}\"\n", quoted(phase)));
        out.push_str(&commented(&rate, remark));
        if is_warm_up {
            out.push_str("warm_up = true\n");
        }
    }
}

/// A line with a remark in the column of the others.
fn commented(line: &str, remark: &str) -> String {
    if remark.is_empty() { format!("{line}\n") } else { format!("{line:<33} # {remark}\n") }
}
