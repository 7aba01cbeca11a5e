//! What a sample of a table's records shows: keys that are alike, items that are too large, expiries that are none.

use std::collections::HashMap;
use std::ops::Range;

use crate::item::{AttributeType, ITEM_MAX_BYTES, PARTITION_KEY_MAX_BYTES, SORT_KEY_MAX_BYTES, item_to_json};
use crate::workload::WorkloadError;
use crate::workload::error::nearest;
use crate::workload::file::{Span, TableFile};
use crate::workload::generator::Generator;
use crate::workload::table::{ItemTemplate, Table};

use super::{Context, DEFAULT_EPOCH_NANOS};

/// How many records are looked at to see whether keys differ, and how many to see how large items are.
const SAMPLES: u64 = 1000;
const SIZE_SAMPLES: u64 = 20;

/// Checks the records that are loaded.
pub(super) fn check_loaded(context: &Context<'_>, file: &TableFile, table: &Table) -> Result<(), WorkloadError> {
    let span_of = |name: &str| file.item.get(name).map_or(&file.partition_key.name.span, |attribute| &attribute.span);
    check_keys(context, table, 0..table.items.min(SAMPLES), span_of)?;
    check_item_sizes(context, file, table)?;
    check_time_to_live(context, file, table)
}

/// The keys that inserts will make, as far as a sample shows.
pub(super) fn check_new_keys(context: &Context<'_>, table: &Table, span: &Span) -> Result<(), WorkloadError> {
    check_keys(context, table, table.items.saturating_sub(1)..table.items + SAMPLES, |_| span)
}

/// Two records with one key would overwrite each other, and keys have sizes DynamoDB allows. `span_of` tells where a key
/// attribute is made.
fn check_keys<'span>(
    context: &Context<'_>,
    table: &Table,
    records: Range<u64>,
    span_of: impl Fn(&str) -> &'span Span,
) -> Result<(), WorkloadError> {
    let mut known = HashMap::new();
    for record in records {
        let key = table.key(record);
        let limits = table.create.key.attributes().zip([PARTITION_KEY_MAX_BYTES, SORT_KEY_MAX_BYTES]);
        for (attribute, most) in limits {
            let bytes = key.get(&attribute.name).map_or(0, |value| value.size_bytes());
            if !(1..=most).contains(&bytes) {
                let message = format!(
                    "key attribute `{}` of record {record} has {bytes} bytes; 1 to {most} are allowed",
                    attribute.name
                );
                return Err(context.error(span_of(&attribute.name), message));
            }
        }
        let shown = item_to_json(&key).to_string();
        if let Some(other) = known.insert(shown, record) {
            let name = &table.create.name;
            let message =
                format!("records {other} and {record} of table `{name}` have the same key {}", item_to_json(&key));
            let last = table.create.key.sort().unwrap_or_else(|| table.create.key.partition());
            return Err(context
                .error(span_of(&last.name), message)
                .with_help("a key needs {record}, or {partition} in its partition key and {sort} in its sort key"));
        }
    }
    Ok(())
}

/// A sample of the items that are loaded, against the sizes asked for and allowed.
fn check_item_sizes(context: &Context<'_>, file: &TableFile, table: &Table) -> Result<(), WorkloadError> {
    let unpadded = ItemTemplate { padding: None, ..table.template.clone() };
    let mut largest_unpadded = 0;
    for record in 0..SIZE_SAMPLES {
        let bytes = table.loaded_item(record, DEFAULT_EPOCH_NANOS).size_bytes();
        if bytes > ITEM_MAX_BYTES {
            let message = format!(
                "items of table `{}` reach {bytes} bytes; at most {ITEM_MAX_BYTES} are allowed",
                file.name.value
            );
            return Err(context.error(&file.name.span, message));
        }
        let key = table.key(record);
        let subject = table.subject(record, 0, DEFAULT_EPOCH_NANOS, &key);
        largest_unpadded = largest_unpadded.max(unpadded.item(&subject, &mut table.load.at(record)).size_bytes());
    }
    if let (Some(padding), Some(size)) = (&table.template.padding, &file.item_size) {
        let (least, needed) = (*padding.item_bytes.bounds().start(), largest_unpadded + padding.name.len());
        if (least as usize) < needed {
            let message = format!(
                "items of {least} bytes are asked for, but their attributes take up to {needed} without padding"
            );
            context.warn(&size.span, message);
        }
    }
    Ok(())
}

/// Time to live looks for a number; it ignores items without one.
fn check_time_to_live(context: &Context<'_>, file: &TableFile, table: &Table) -> Result<(), WorkloadError> {
    let Some(name) = &file.time_to_live else { return Ok(()) };
    match table.template.generator(name).map(Generator::attribute_type) {
        Some(Some(found)) if found != AttributeType::N => {
            let message = format!("`{}` is of type {found}; time to live looks for a number of seconds", name.value);
            Err(context
                .error(&name.span, message)
                .with_help("make it { timestamp = { format = \"epoch_seconds\", plus = \"1h\" } }"))
        }
        Some(_) => Ok(()),
        None if file.item.contains_key(name.as_str()) => {
            Err(context.error(&name.span, format!("`{}` is part of the key and cannot be an expiry", name.value)))
        }
        None => match nearest(name, file.item.keys().map(String::as_str)) {
            Some(meant) => Err(context
                .error(&name.span, format!("items have no attribute `{}`", name.value))
                .with_help(format!("did you mean `{meant}`?"))),
            None => {
                context.warn(&name.span, format!("items have no attribute `{}`, so none expires", name.value));
                Ok(())
            }
        },
    }
}
