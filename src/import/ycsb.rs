//! YCSB's properties files: core workloads and the settings of its DynamoDB binding.

use std::collections::BTreeMap;
use std::path::Path;

use crate::item::ScalarType;

use super::draft::{CapacityDraft, Draft, KeyDraft, OperationDraft, PaceDraft, TableDraft};
use super::toml_text::{number, quoted, quoted_literally, whole};

/// Properties that a file of YCSB has and others do not.
const TELLING: [&str; 5] =
    ["readproportion", "updateproportion", "recordcount", "operationcount", "requestdistribution"];
/// Records that lie together where they are scanned; see the shipped workload ycsb-e.
const BUCKET: u64 = 1_000;
/// Operations per second where the file does not say: YCSB goes as fast as its threads are answered.
const PER_SECOND_ASSUMED: f64 = 1_000.0;
const SECONDS_ASSUMED: u64 = 60;
const DAY_SECONDS: u64 = 86_400;
/// More fields than any item holds.
const FIELDS_MAX: u64 = 1_000;

/// Whether a text is a properties file of YCSB.
pub(super) fn is_one(text: &str) -> bool {
    let properties = Properties::read(text);
    TELLING.iter().filter(|name| properties.values.contains_key(**name)).count() >= 2
}

/// The properties, and which of them were asked for.
struct Properties {
    values: BTreeMap<String, String>,
}

impl Properties {
    /// Lines of `name=value`, `name: value` or `name value`; `#` and `!` begin comments (Java: java.util.Properties).
    fn read(text: &str) -> Self {
        let mut values = BTreeMap::new();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['#', '!'])) {
            let end = line.find(['=', ':']).or_else(|| line.find(char::is_whitespace)).unwrap_or(line.len());
            let value = line.get(end + 1..).unwrap_or_default().trim();
            values.insert(line[..end].trim().to_owned(), value.to_owned());
        }
        Properties { values }
    }

    fn text(&mut self, name: &str, default: &str) -> String {
        self.values.remove(name).filter(|value| !value.is_empty()).unwrap_or_else(|| default.to_owned())
    }

    fn whole(&mut self, name: &str, default: u64) -> Result<u64, String> {
        let text = self.text(name, &default.to_string());
        text.parse().map_err(|_| format!("`{name}` is `{text}`; a whole number was expected"))
    }

    fn fraction(&mut self, name: &str, default: f64) -> Result<f64, String> {
        let text = self.text(name, &default.to_string());
        let number: Option<f64> = text.parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0);
        number.ok_or_else(|| format!("`{name}` is `{text}`; a number of at least 0 was expected"))
    }
}

/// The workload that YCSB would run. Defaults are those of its `CoreWorkload`.
pub(super) fn draft(file: &str, text: &str) -> Result<Draft, String> {
    let mut properties = Properties::read(text);
    if !properties.values.keys().any(|name| TELLING.contains(&name.as_str())) {
        return Err("has none of the properties of a YCSB workload, such as recordcount and readproportion".into());
    }
    let properties = &mut properties;
    let mut notes = Vec::new();
    let name = properties.text("table", "usertable");
    let records = properties.whole("recordcount", 0)?;
    if records == 0 {
        return Err("`recordcount` is missing: how many records are there?".into());
    }
    let mix = Mix {
        read: properties.fraction("readproportion", 0.95)?,
        update: properties.fraction("updateproportion", 0.05)?,
        insert: properties.fraction("insertproportion", 0.0)?,
        scan: properties.fraction("scanproportion", 0.0)?,
        modify: properties.fraction("readmodifywriteproportion", 0.0)?,
    };
    if mix.total() <= 0.0 {
        return Err("all proportions are 0: there is no operation".into());
    }
    let key = request_distribution(properties, &mut notes)?;
    let (count, length) = fields(properties, &mut notes)?;
    let mut table = table(properties, name, records, mix.scan > 0.0, &mut notes)?;
    table
        .attributes
        .extend((0..count).map(|field| (format!("field{field}"), format!("{{ string = {{ length = {length} }} }}"))));

    let operations = operations(properties, &mix, &key, count, &length, &table, &mut notes)?;
    let pace = pace(properties, &mix, &mut notes)?;
    let unused: Vec<String> = properties
        .values
        .keys()
        .filter(|name| {
            !matches!(name.as_str(), "workload" | "db" | "dynamodb.awsCredentialsFile" | "dynamodb.endpoint")
        })
        .map(|name| format!("`{name}`"))
        .collect();
    if !unused.is_empty() {
        notes.push(format!("properties that are not used here: {}", unused.join(", ")));
    }
    table.notes.push("YCSB does not say how the table is paid for; on-demand is assumed".into());
    Ok(Draft {
        name: Path::new(file).file_stem().map_or_else(|| "ycsb".into(), |stem| stem.to_string_lossy().into_owned()),
        description: "A workload of YCSB".into(),
        notes,
        tables: vec![table],
        operations,
        pace: Some(pace),
    })
}

/// Proportions of the operations.
struct Mix {
    read: f64,
    update: f64,
    insert: f64,
    scan: f64,
    modify: f64,
}

impl Mix {
    fn total(&self) -> f64 {
        self.read + self.update + self.insert + self.scan + self.modify
    }
}

/// The key of operations, in TOML.
fn request_distribution(properties: &mut Properties, notes: &mut Vec<String>) -> Result<String, String> {
    Ok(match properties.text("requestdistribution", "uniform").as_str() {
        "uniform" => "\"uniform\"".into(),
        "zipfian" => {
            notes.push(
                "keys are drawn by Zipf's law with the exponent 0.99 over all records; YCSB's own generator is flatter, because it \
                 folds ten billion ranks onto the records: key = \"ycsb_compatible\" draws as YCSB does"
                    .into(),
            );
            "\"zipfian\"".into()
        }
        "latest" => "\"latest\"".into(),
        "sequential" => "\"sequential\"".into(),
        "hotspot" => {
            let keys = properties.fraction("hotspotdatafraction", 0.2)?;
            let traffic = properties.fraction("hotspotopnfraction", 0.8)?;
            format!("{{ hotspot = {{ keys = {}, traffic = {} }} }}", number(keys), number(traffic))
        }
        "exponential" => {
            let percentile = properties.fraction("exponential.percentile", 95.0)?;
            let share = properties.fraction("exponential.frac", 0.857_142_857_1)?;
            format!("{{ exponential = {{ percentile = {}, fraction = {} }} }}", number(percentile), number(share))
        }
        other => {
            return Err(format!(
                "`requestdistribution` is `{other}`; known are uniform, zipfian, latest, sequential, hotspot and exponential"
            ));
        }
    })
}

/// How many fields a record has, and the length of each in TOML.
fn fields(properties: &mut Properties, notes: &mut Vec<String>) -> Result<(u64, String), String> {
    let count = properties.whole("fieldcount", 10)?;
    if !(1..=FIELDS_MAX).contains(&count) {
        return Err(format!("`fieldcount` is {count}; 1 to {FIELDS_MAX} make an item"));
    }
    let (length, least) = (properties.whole("fieldlength", 100)?, properties.whole("minfieldlength", 1)?);
    let length = match properties.text("fieldlengthdistribution", "constant").as_str() {
        "constant" => whole(length),
        "uniform" => format!("{{ uniform = {{ min = {least}, max = {length} }} }}"),
        other => {
            notes.push(format!(
                "fields have the length {length} throughout, where YCSB draws it ({other}): items here are larger than YCSB's"
            ));
            whole(length)
        }
    };
    Ok((count, length))
}

fn table(
    properties: &mut Properties,
    name: String,
    records: u64,
    is_scanned: bool,
    notes: &mut Vec<String>,
) -> Result<TableDraft, String> {
    let key = properties.text("dynamodb.primaryKey", "y_id");
    let string = |name: &str| KeyDraft { name: name.to_owned(), scalar_type: ScalarType::S };
    let is_ordered = properties.text("insertorder", "hashed") == "ordered";
    let width = properties.whole("zeropadding", 1)?.min(64);
    let record = match (is_ordered || is_scanned, width) {
        // In the order of their numbers, as scans need them.
        (true, 0 | 1) => "user{record:019}".to_owned(),
        (true, width) => format!("user{{record:{width:02}}}"),
        (false, _) => "user{record:ycsb}".to_owned(),
    };
    let is_ranged = properties.text("dynamodb.primaryKeyType", "HASH") == "HASH_AND_RANGE";
    let hash_name = properties.text("dynamodb.hashKeyName", "hashKey");
    let hash_value = properties.text("dynamodb.hashKeyValue", "0");
    let mut attributes = Vec::new();
    let (partition_key, sort_key, layout) = if is_ranged {
        notes.push(
            "dynamodb.primaryKeyType is HASH_AND_RANGE: all records share one partition key, whose partition admits 1,000 write \
             units and 3,000 read units per second at most"
                .into(),
        );
        attributes.push((hash_name.clone(), quoted_literally(&hash_value)));
        attributes.push((key.clone(), quoted(&record)));
        (string(&hash_name), Some(string(&key)), Some("partitions = 1".to_owned()))
    } else if is_scanned {
        notes.push(format!(
            "YCSB's scan reads records in the order of their keys. DynamoDB keeps no order between partition keys, so records lie in \
             buckets of {}: the bucket is the partition key, the record's key the sort key, and a scan is a Query from a record on",
            whole(BUCKET)
        ));
        attributes.push(("bucketId".to_owned(), "{ partition = {} }".to_owned()));
        attributes.push((key.clone(), quoted(&record)));
        let bucket = KeyDraft { name: "bucketId".into(), scalar_type: ScalarType::N };
        (bucket, Some(string(&key)), Some(format!("items_per_partition = {}", whole(BUCKET))))
    } else {
        attributes.push((key.clone(), quoted(&record)));
        (string(&key), None, None)
    };
    Ok(TableDraft {
        name,
        partition_key,
        sort_key,
        capacity: CapacityDraft::OnDemand { max_read: None, max_write: None },
        class: Default::default(),
        warm_throughput: None,
        time_to_live: None,
        items: Some(records),
        item_bytes: None,
        layout,
        attributes,
        global_indexes: Vec::new(),
        local_indexes: Vec::new(),
        billing: super::draft::BillingDraft::default(),
        notes: Vec::new(),
    })
}

fn operations(
    properties: &mut Properties,
    mix: &Mix,
    key: &str,
    count: u64,
    length: &str,
    table: &TableDraft,
    notes: &mut Vec<String>,
) -> Result<Vec<OperationDraft>, String> {
    let is_consistent = properties.text("dynamodb.consistentReads", "false").eq_ignore_ascii_case("true");
    let reads_all = properties.text("readallfields", "true").eq_ignore_ascii_case("true");
    let writes_all = properties.text("writeallfields", "false").eq_ignore_ascii_case("true");
    let key_line = format!("key = {key}");
    let mut read = vec![key_line.clone()];
    if is_consistent {
        read.push("consistent_read = true".into());
    }
    if !reads_all {
        read.push(
            "projection = \"field0\"               # readallfields = false; DynamoDB charges for the whole item".into(),
        );
    }
    let written = if writes_all { count } else { 1 };
    let sets: Vec<String> = (0..written).map(|field| format!("field{field} = :value{field}")).collect();
    let values: Vec<String> =
        (0..written).map(|field| format!("value{field} = {{ string = {{ length = {length} }} }}")).collect();
    let write = vec![
        key_line.clone(),
        format!("update = {}", quoted(&format!("SET {}", sets.join(", ")))),
        format!("values = {{ {} }}", values.join(", ")),
    ];
    let mut operations = Vec::new();
    let mut add = |name: &str, kind, proportion: f64, lines: Vec<String>| {
        if proportion > 0.0 {
            operations.push(OperationDraft { name: name.into(), kind, weight: proportion * 100.0, lines });
        }
    };
    add("read", "get", mix.read, read.clone());
    add("update", "update", mix.update, write.clone());
    if mix.scan > 0.0 {
        let (least, most) = (properties.whole("minscanlength", 1)?, properties.whole("maxscanlength", 1_000)?);
        if properties.text("scanlengthdistribution", "uniform") != "uniform" {
            notes.push("scan lengths are uniform here; YCSB draws short ones more often".into());
        }
        let (partition, sort) = (&table.partition_key.name, table.sort_key.as_ref().map_or("", |sort| &sort.name));
        let condition = "#partition = :partition AND #sort >= :start";
        let mut lines = vec![
            format!("{key_line}                   # the record to start from"),
            format!("key_condition = {}", quoted(condition)),
            format!("names = {{ partition = {}, sort = {} }}", quoted(partition), quoted(sort)),
            format!(
                "values = {{ partition = {{ key = {} }}, start = {{ key = {} }} }}",
                quoted(partition),
                quoted(sort)
            ),
            format!(
                "limit = {{ uniform = {{ min = {}, max = {} }} }}",
                whole(least.max(1)),
                whole(most.max(least).max(1))
            ),
        ];
        if is_consistent {
            lines.push("consistent_read = true".into());
        }
        add("scan", "query", mix.scan, lines);
    }
    add("insert", "put", mix.insert, vec!["key = \"new\"".into()]);
    if mix.modify > 0.0 {
        notes.push(
            "an operation of a workload file is one request, so a read-modify-write is written as the read and the write it consists \
             of; the write is not about the very record read before"
                .into(),
        );
        add("read to modify", "get", mix.modify, read);
        add("write modified", "update", mix.modify, write);
    }
    Ok(operations)
}

/// Rate and length. Requests per second: a read-modify-write is two.
fn pace(properties: &mut Properties, mix: &Mix, notes: &mut Vec<String>) -> Result<PaceDraft, String> {
    let requests = (mix.total() + mix.modify) / mix.total();
    let target = properties.fraction("target", 0.0)?;
    let operations = properties.whole("operationcount", 0)?;
    let limit = properties.whole("maxexecutiontime", 0)?;
    let threads = properties.text("threadcount", "1");
    let per_second = if target > 0.0 { target } else { PER_SECOND_ASSUMED };
    if target <= 0.0 {
        notes.push(format!(
            "the file has no `target`: YCSB goes as fast as its {threads} threads are answered. Here operations come at an assumed \
             rate, so that a slow answer does not hide the next one's wait; for YCSB's closed loop write in_flight = {threads} in \
             place of the rate"
        ));
    }
    let mut seconds = if target > 0.0 && operations > 0 {
        ((operations as f64 / target).ceil() as u64).clamp(1, DAY_SECONDS)
    } else {
        SECONDS_ASSUMED
    };
    if limit > 0 {
        seconds = seconds.min(limit);
    }
    Ok(PaceDraft { per_second: per_second * requests, is_known: target > 0.0, seconds })
}
