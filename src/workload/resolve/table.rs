//! Tables: names, keys and layout.

use std::collections::BTreeSet;

use crate::api::{CreateTable, KeyAttribute, KeySchema};
use crate::workload::WorkloadError;
use crate::workload::file::{KeyAttributeFile, Located, TableFile};
use crate::workload::layout::Layout;
use crate::workload::table::Table;

use super::Context;
use super::billing::resolve_billing;
use super::capacity::resolve_capacity;
use super::index::{check_attribute_types, resolve_global_indexes, resolve_local_indexes};
use super::item::resolve_item;
use super::sample::check_loaded;

/// More items than anyone loads, and far below the records that never exist.
const ITEMS_MAX: u64 = 1_000_000_000_000;

pub(super) fn resolve_tables(context: &Context<'_>, files: &[TableFile]) -> Result<Vec<Table>, WorkloadError> {
    if files.is_empty() {
        return Err(context.source.error_as_a_whole("a workload needs at least one table"));
    }
    let mut names = BTreeSet::new();
    let mut tables = Vec::new();
    for file in files {
        check_resource_name(context, &file.name)?;
        if !names.insert(file.name.as_str()) {
            return Err(context.error(&file.name.span, format!("there are two tables named `{}`", file.name.value)));
        }
        tables.push(resolve_table(context, file)?);
    }
    Ok(tables)
}

fn resolve_table(context: &Context<'_>, file: &TableFile) -> Result<Table, WorkloadError> {
    if let Some(items) = &file.items {
        context.within("items", items, 0, ITEMS_MAX)?;
    }
    if let Some(sort) = file.sort_key.as_ref().filter(|sort| *sort.name == *file.partition_key.name) {
        return Err(context.error(&sort.name.span, "the sort key is another attribute than the partition key"));
    }
    let key = KeySchema::new(
        key_attribute(context, &file.partition_key)?,
        file.sort_key.as_ref().map(|key| key_attribute(context, key)).transpose()?,
    );
    let layout = resolve_layout(context, file)?;
    let capacity = resolve_capacity(context, file.capacity.as_ref())?;
    let create = CreateTable {
        name: file.name.as_str().into(),
        global_secondary_indexes: resolve_global_indexes(context, file, capacity)?,
        local_secondary_indexes: resolve_local_indexes(context, file, &key)?,
        key,
        capacity,
        class: file.class,
        warm_throughput: file.warm_throughput,
        time_to_live_attribute: file.time_to_live.as_ref().map(|name| name.as_str().into()),
        deletion_protection: false,
    };
    check_attribute_types(context, file)?;
    let (partition_key, sort_key, template) = resolve_item(context, file, layout)?;
    let load = context.streams.stream(&format!("load/{}", create.name));
    let items = file.items.as_ref().map_or(0, |items| items.value);
    let billing = resolve_billing(context, &file.billing)?;
    let table = Table { create, items, layout, billing, partition_key, sort_key, template, load };
    check_loaded(context, file, &table)?;
    Ok(table)
}

/// Table and index names: 3 to 255 of a-z, A-Z, 0-9, `_`, `.`, `-` (facts §8).
pub(super) fn check_resource_name(context: &Context<'_>, name: &Located<String>) -> Result<(), WorkloadError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if (3..=255).contains(&name.len()) && name.chars().all(allowed) {
        return Ok(());
    }
    let message =
        format!("`{}` is no name for a table or index: 3 to 255 letters, digits, `_`, `.` and `-`", name.value);
    Err(context.error(&name.span, message))
}

/// A key attribute with its type.
pub(super) fn key_attribute(context: &Context<'_>, file: &KeyAttributeFile) -> Result<KeyAttribute, WorkloadError> {
    if file.name.is_empty() || file.name.len() > 255 {
        return Err(context.error(&file.name.span, "the name of a key attribute has 1 to 255 bytes"));
    }
    Ok(KeyAttribute { name: file.name.as_str().into(), scalar_type: file.scalar_type })
}

fn resolve_layout(context: &Context<'_>, file: &TableFile) -> Result<Layout, WorkloadError> {
    let layout = match (&file.items_per_partition, &file.partitions) {
        (None, None) => return Ok(Layout::ONE_EACH),
        (Some(items), None) => {
            context.within("items_per_partition", items, 1, ITEMS_MAX)?;
            Layout::Contiguous { items_per_partition: items.value }
        }
        (None, Some(partitions)) => {
            context.within("partitions", partitions, 1, ITEMS_MAX)?;
            Layout::Interleaved { partitions: partitions.value }
        }
        (Some(_), Some(partitions)) => {
            return Err(context.error(&partitions.span, "give either `items_per_partition` or `partitions`, not both"));
        }
    };
    if layout.shares_partition_keys() && file.sort_key.is_none() {
        let span = &file.partition_key.name.span;
        return Err(context.error(span, "records can share a partition key only where there is a sort key"));
    }
    Ok(layout)
}
