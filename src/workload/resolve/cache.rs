//! A cache in front of tables.

use std::time::Duration;

use crate::cache::{CacheSettings, DEFAULT_HIT_LATENCY, DEFAULT_NODES, DEFAULT_TIME_TO_LIVE};
use crate::workload::WorkloadError;
use crate::workload::file::{CacheFile, Located, WorkloadFile};
use crate::workload::operation::OperationSpec;
use crate::workload::table::Table;
use crate::workload::text::parse_bytes;

use super::Context;
use super::latency::set_time;

/// More memory than any machine has.
const SIZE_MAX_BYTES: u64 = 1 << 50;
/// The most nodes of a DAX cluster (AWS: *DAX quotas*; from memory, unconfirmed).
const NODES_MAX: u32 = 11;

/// The cache of a workload, if it has one.
pub(super) fn resolve_cache(
    context: &Context<'_>,
    tables: &[Table],
    operations: &[OperationSpec],
    workload: &WorkloadFile,
) -> Result<Option<CacheSettings>, WorkloadError> {
    let Some(file) = &workload.cache else { return Ok(None) };
    let mut time_to_live = DEFAULT_TIME_TO_LIVE;
    if let Some(text) = &file.time_to_live {
        time_to_live = context.duration(text)?;
    }
    let mut hit_latency = DEFAULT_HIT_LATENCY;
    set_time(context, &file.hit_latency, &mut hit_latency)?;
    if let Some(nodes) = &file.nodes {
        context.within("nodes", nodes, 1, NODES_MAX)?;
    }
    let settings = CacheSettings {
        size_bytes: resolve_size(context, &file.size)?,
        time_to_live: (time_to_live > Duration::ZERO).then_some(time_to_live),
        nodes: file.nodes.as_ref().map_or(DEFAULT_NODES, |nodes| nodes.value),
        node_type: file.node_type.as_ref().map(|text| resolve_node_type(context, text)).transpose()?.map(Into::into),
        hit_latency,
        tables: resolve_tables(context, tables, file)?,
    };
    let is_cached = |table: usize| settings.tables.contains(&tables[table].create.name);
    if !operations.iter().flat_map(OperationSpec::cacheable_reads).any(is_cached) {
        context.warn(
            &file.size.span,
            "the cache answers nothing: no operation reads its tables by eventually consistent GetItem or BatchGetItem",
        );
    }
    Ok(Some(settings))
}

fn resolve_size(context: &Context<'_>, text: &Located<String>) -> Result<u64, WorkloadError> {
    let wrong = |message: String| context.error(&text.span, message);
    match parse_bytes(text) {
        None => Err(wrong(format!(
            "`{}` is not an amount of memory; write a number and a unit, such as 512 MB or 10 GB",
            text.value
        ))),
        Some(0) => Err(wrong("a cache of no bytes holds nothing".to_owned()).with_help("leave [cache] out")),
        Some(bytes) if bytes > SIZE_MAX_BYTES => Err(wrong(format!("`{}` is more than 1,024 TB", text.value))),
        Some(bytes) => Ok(bytes),
    }
}

fn resolve_node_type<'t>(context: &Context<'_>, text: &'t Located<String>) -> Result<&'t str, WorkloadError> {
    let mut parts = text.split('.');
    let is_word = |part: Option<&str>| {
        part.is_some_and(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric()))
    };
    if parts.next() == Some("dax") && is_word(parts.next()) && is_word(parts.next()) && parts.next().is_none() {
        return Ok(text);
    }
    Err(context
        .error(&text.span, format!("`{}` is no type of DAX nodes", text.value))
        .with_help("types are written like dax.r5.large"))
}

fn resolve_tables(
    context: &Context<'_>,
    tables: &[Table],
    file: &CacheFile,
) -> Result<Vec<crate::api::TableName>, WorkloadError> {
    let all = || tables.iter().map(|table| table.create.name.clone());
    let Some(names) = &file.tables else { return Ok(all().collect()) };
    if names.is_empty() {
        return Err(context
            .error(&file.size.span, "the cache stands before no table")
            .with_help("leave `tables` out for all tables, or [cache] for no cache"));
    }
    for name in names {
        if !tables.iter().any(|table| *table.create.name == *name.value) {
            let known = tables.iter().map(|table| &*table.create.name);
            return Err(context
                .error(&name.span, format!("there is no table `{}`", name.value))
                .with_suggestion(&name.value, known));
        }
    }
    Ok(all().filter(|table| names.iter().any(|name| **table == *name.value)).collect())
}
