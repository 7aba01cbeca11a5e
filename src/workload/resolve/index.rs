//! Secondary indexes.

use std::collections::BTreeSet;

use compact_str::CompactString;

use crate::api::{CapacityMode, GlobalSecondaryIndex, KeySchema, LocalSecondaryIndex, Projection};
use crate::workload::WorkloadError;
use crate::workload::file::{GlobalIndexFile, KeyAttributeFile, LocalIndexFile, ProjectionFile, Span, TableFile};
use crate::workload::generator::Generator;

use super::Context;
use super::capacity::resolve_capacity;
use super::item::check_scalar;
use super::table::{check_resource_name, key_attribute};

/// Global secondary indexes a table may have (facts §8).
const GLOBAL_INDEXES_MAX: usize = 20;
/// Local secondary indexes a table may have (facts §8).
const LOCAL_INDEXES_MAX: usize = 5;
/// Attributes other than keys that an index may include (facts §8).
const INCLUDED_MAX: usize = 20;

fn resolve_projection(context: &Context<'_>, file: &ProjectionFile, span: &Span) -> Result<Projection, WorkloadError> {
    let included = match file {
        ProjectionFile::All {} => return Ok(Projection::All),
        ProjectionFile::KeysOnly {} => return Ok(Projection::KeysOnly),
        ProjectionFile::Include(names) => names,
    };
    if included.is_empty() || included.len() > INCLUDED_MAX {
        let message =
            format!("an index includes 1 to {INCLUDED_MAX} attributes besides keys; here are {}", included.len());
        return Err(context.error(span, message).with_help("for none write projection = \"keys_only\""));
    }
    let mut names = BTreeSet::new();
    if let Some(twice) = included.iter().find(|name| !names.insert(name.as_str())) {
        return Err(context.error(&twice.span, format!("`{}` is included twice", twice.value)));
    }
    Ok(Projection::Include(included.iter().map(|name| name.as_str().into()).collect()))
}

/// The global secondary indexes.
pub(super) fn resolve_global_indexes(
    context: &Context<'_>,
    table: &TableFile,
    table_capacity: CapacityMode,
) -> Result<Vec<GlobalSecondaryIndex>, WorkloadError> {
    let files = &table.global_secondary_indexes;
    if let Some(excess) = files.get(GLOBAL_INDEXES_MAX) {
        let message = format!("a table has at most {GLOBAL_INDEXES_MAX} global secondary indexes");
        return Err(context.error(&excess.name.span, message));
    }
    let mut names: Vec<&str> = Vec::new();
    let resolve_one = |file: &GlobalIndexFile| {
        check_resource_name(context, &file.name)?;
        let capacity = match &file.capacity {
            None => table_capacity,
            Some(own) => resolve_capacity(context, Some(own))?,
        };
        if std::mem::discriminant(&capacity) != std::mem::discriminant(&table_capacity) {
            let span = file.capacity.as_ref().map_or(&file.name.span, |capacity| &capacity.span);
            return Err(context.error(span, "a global secondary index has the capacity mode of its table"));
        }
        Ok(GlobalSecondaryIndex {
            name: file.name.as_str().into(),
            key: resolve_global_key(context, file)?,
            projection: resolve_projection(context, &file.projection, &file.name.span)?,
            capacity,
            warm_throughput: None,
        })
    };
    let indexes: Result<Vec<_>, _> = files.iter().map(resolve_one).collect();
    for name in files.iter().map(|file| &file.name).chain(table.local_secondary_indexes.iter().map(|file| &file.name)) {
        if names.contains(&name.as_str()) {
            return Err(context.error(&name.span, format!("there are two indexes named `{}`", name.value)));
        }
        names.push(name);
    }
    indexes
}

fn resolve_global_key(context: &Context<'_>, file: &GlobalIndexFile) -> Result<KeySchema, WorkloadError> {
    let part = |attributes: &[KeyAttributeFile]| {
        let count = attributes.len();
        if count == 0 || count > KeySchema::PART_MAX_ATTRIBUTES {
            let message = format!(
                "the partition key and the sort key of a global secondary index have 1 to {} attributes; here are {count}",
                KeySchema::PART_MAX_ATTRIBUTES
            );
            let span = attributes.get(KeySchema::PART_MAX_ATTRIBUTES).map_or(&file.name.span, |key| &key.name.span);
            return Err(context.error(span, message));
        }
        attributes.iter().map(|key| key_attribute(context, key)).collect::<Result<Vec<_>, _>>()
    };
    let partition = part(file.partition_key.attributes())?;
    let sort = file.sort_key.as_ref().map_or(Ok(Vec::new()), |key| part(key.attributes()))?;
    let mut names = BTreeSet::new();
    if let Some(twice) = file.key_attributes().find(|key| !names.insert(key.name.as_str())) {
        return Err(context.error(&twice.name.span, format!("the key has `{}` twice", twice.name.value)));
    }
    let none = || context.error(&file.name.span, "a global secondary index has a partition key");
    KeySchema::of_attributes(partition, sort).ok_or_else(none)
}

/// The local secondary indexes.
pub(super) fn resolve_local_indexes(
    context: &Context<'_>,
    table: &TableFile,
    table_key: &KeySchema,
) -> Result<Vec<LocalSecondaryIndex>, WorkloadError> {
    let files = &table.local_secondary_indexes;
    if let (Some(first), true) = (files.first(), table_key.sort().is_none()) {
        return Err(context.error(&first.name.span, "a table without a sort key has no local secondary indexes"));
    }
    if let Some(excess) = files.get(LOCAL_INDEXES_MAX) {
        let message = format!("a table has at most {LOCAL_INDEXES_MAX} local secondary indexes");
        return Err(context.error(&excess.name.span, message));
    }
    let resolve_one = |file: &LocalIndexFile| {
        check_resource_name(context, &file.name)?;
        Ok(LocalSecondaryIndex {
            name: file.name.as_str().into(),
            key: KeySchema::new(table_key.partition().clone(), Some(key_attribute(context, &file.sort_key)?)),
            projection: resolve_projection(context, &file.projection, &file.name.span)?,
        })
    };
    files.iter().map(resolve_one).collect()
}

/// A name that several keys use has one type in all of them.
pub(super) fn check_attribute_types(context: &Context<'_>, file: &TableFile) -> Result<(), WorkloadError> {
    let globals = file.global_secondary_indexes.iter().flat_map(GlobalIndexFile::key_attributes);
    let locals = file.local_secondary_indexes.iter().map(|index| &index.sort_key);
    let keys: Vec<&KeyAttributeFile> =
        std::iter::once(&file.partition_key).chain(&file.sort_key).chain(globals).chain(locals).collect();
    for (at, key) in keys.iter().enumerate() {
        if let Some(other) =
            keys[..at].iter().find(|other| *other.name == *key.name && other.scalar_type != key.scalar_type)
        {
            let message = format!(
                "`{}` is of type {:?} here and of type {:?} in another key",
                key.name.value, key.scalar_type, other.scalar_type
            );
            return Err(context.error(&key.name.span, message));
        }
    }
    Ok(())
}

/// Attributes of index keys have the index's type wherever they are there at all: an item without one is not in the index.
pub(super) fn check_index_keys(
    context: &Context<'_>,
    file: &TableFile,
    attributes: &[(CompactString, Generator)],
) -> Result<(), WorkloadError> {
    let globals = file.global_secondary_indexes.iter().flat_map(GlobalIndexFile::key_attributes);
    let locals = file.local_secondary_indexes.iter().map(|index| &index.sort_key);
    for key in globals.chain(locals) {
        let is_table_key = std::iter::once(&file.partition_key).chain(&file.sort_key).any(|own| *own.name == *key.name);
        match attributes.iter().find(|(name, _)| name == key.name.as_str()) {
            Some((name, generator)) => check_scalar(context, &file.item[name.as_str()].span, key, generator)?,
            None if is_table_key => {}
            None => context.warn(
                &key.name.span,
                format!(
                    "items have no attribute `{}`, so only those that an operation gives one are in the index",
                    key.name.value
                ),
            ),
        }
    }
    Ok(())
}
