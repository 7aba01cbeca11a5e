//! Operations and the actions of transactions.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::api::{KeySchema, Operation};
use crate::workload::WorkloadError;
use crate::workload::distribution::size::SizeDistribution;
use crate::workload::file::{
    ActionFile, ActionType, ConditionOutcome, DistributionFile, Located, OperationFile, OperationType, Pages, Span,
};
use crate::workload::operation::{Action, KeyChoice, Kind, OperationSpec, QuerySpec, ScanSpec, Verb};
use crate::workload::table::Table;

use super::action::{Part, Tables, resolve_action, resolve_key_choice, shared};
use super::distribution::{Limits, resolve_size};
use super::expressions::Expressions;
use super::generator::Scope;
use super::sample::check_new_keys;
use super::{Context, WEIGHT_MAX};

/// Keys of a BatchGetItem, writes of a BatchWriteItem, actions of a transaction (facts §8).
const BATCH_GET_MAX: u64 = 100;
const BATCH_WRITE_MAX: u64 = 25;
const TRANSACTION_MAX: usize = 100;
/// Segments of a parallel scan (facts §8).
const SEGMENTS_MAX: u32 = 1_000_000;

pub(super) fn resolve_operations(
    context: &Context<'_>,
    tables: &[Table],
    files: &[OperationFile],
) -> Result<Vec<OperationSpec>, WorkloadError> {
    if files.is_empty() {
        return Err(context.source.error_as_a_whole("a workload needs at least one operation"));
    }
    let tables = find_growing(context, tables, files)?;
    let mut names = BTreeSet::new();
    let mut operations = Vec::new();
    for file in files {
        if file.name.trim().is_empty() {
            return Err(context.error(&file.name.span, "an operation needs a name"));
        }
        if !names.insert(file.name.as_str()) {
            return Err(context.error(&file.name.span, format!("there are two operations named `{}`", file.name.value)));
        }
        if let Some(weight) = &file.weight {
            context.within("weight", weight, 0.0, WEIGHT_MAX)?;
        }
        check_fields(context, file)?;
        let kind = resolve_kind(context, &tables, file)?;
        operations.push(OperationSpec {
            name: file.name.as_str().into(),
            operation: api_operation(file.operation_type.value),
            weight: file.weight.as_ref().map_or(1.0, |weight| weight.value),
            condition_failed_is_success: file
                .condition_failed
                .as_ref()
                .is_some_and(|outcome| outcome.value == ConditionOutcome::Success),
            all_pages: file.pages.as_ref().is_some_and(|pages| pages.value == Pages::All),
            kind,
            batch_sizes: context.streams.stream(&format!("batch/{}", file.name.value)),
        });
    }
    Ok(operations)
}

const fn api_operation(kind: OperationType) -> Operation {
    match kind {
        OperationType::Put => Operation::PutItem,
        OperationType::Get => Operation::GetItem,
        OperationType::Update => Operation::UpdateItem,
        OperationType::Delete => Operation::DeleteItem,
        OperationType::Query => Operation::Query,
        OperationType::Scan => Operation::Scan,
        OperationType::BatchGet => Operation::BatchGetItem,
        OperationType::BatchWrite => Operation::BatchWriteItem,
        OperationType::TransactGet => Operation::TransactGetItems,
        OperationType::TransactWrite => Operation::TransactWriteItems,
    }
}

/// Which tables operations insert into; their new keys must differ, too.
fn find_growing<'a>(
    context: &Context<'_>,
    tables: &'a [Table],
    files: &[OperationFile],
) -> Result<Tables<'a>, WorkloadError> {
    let mut tables = Tables { all: tables, grows: vec![false; tables.len()] };
    for file in files {
        let actions = match file.operation_type.value {
            OperationType::Put | OperationType::BatchWrite => vec![Part::of_operation(file, Verb::Put)],
            OperationType::TransactWrite => file.actions.iter().map(|action| Part::of_action(action, 0)).collect(),
            _ => Vec::new(),
        };
        for part in actions {
            if let Some(table) = part.inserts(context, &tables).filter(|table| !tables.grows[*table]) {
                check_new_keys(context, &tables.all[table], part.span)?;
                tables.grows[table] = true;
            }
        }
    }
    Ok(tables)
}

/// A field that makes no sense for the operation is a mistake, not something to ignore.
fn check_fields(context: &Context<'_>, file: &OperationFile) -> Result<(), WorkloadError> {
    use OperationType::*;
    let kind = file.operation_type.value;
    let fields: [(&str, Option<&Span>, &[OperationType]); 19] = [
        ("key", span_of(&file.key), &[Put, Get, Update, Delete, Query, BatchGet, BatchWrite]),
        ("table", span_of(&file.table), &[Put, Get, Update, Delete, Query, Scan, BatchGet, BatchWrite]),
        ("consistent_read", span_of(&file.consistent_read), &[Get, Query, Scan, BatchGet]),
        ("index", span_of(&file.index), &[Query, Scan]),
        ("key_condition", span_of(&file.key_condition), &[Query]),
        ("filter", span_of(&file.filter), &[Query, Scan]),
        ("projection", span_of(&file.projection), &[Get, Query, Scan, BatchGet]),
        ("condition", span_of(&file.condition), &[Put, Update, Delete]),
        ("condition_failed", span_of(&file.condition_failed), &[Put, Update, Delete, TransactWrite]),
        ("update", span_of(&file.update), &[Update]),
        ("names", first_span(&file.names), &[Put, Get, Update, Delete, Query, Scan, BatchGet]),
        ("values", first_span(&file.values), &[Put, Update, Delete, Query, Scan]),
        ("item", first_span(&file.item), &[Put, BatchWrite]),
        ("limit", span_of(&file.limit), &[Query, Scan]),
        ("forward", span_of(&file.forward), &[Query]),
        ("pages", span_of(&file.pages), &[Query, Scan]),
        ("segments", span_of(&file.segments), &[Scan]),
        ("batch", file.batch.as_ref().map(|batch| &batch.size.span), &[BatchGet, BatchWrite]),
        ("actions", file.actions.first().map(|action| &action.action_type.span), &[TransactGet, TransactWrite]),
    ];
    for (name, given, allowed) in fields {
        if let Some(span) = given
            && !allowed.contains(&kind)
        {
            let error = context.error(span, format!("`{name}` means nothing to a {}", api_operation(kind)));
            return Err(match kind {
                TransactGet | TransactWrite => error.with_help("say it in the actions, [[operations.actions]]"),
                _ => error,
            });
        }
    }
    if let Some(outcome) = &file.condition_failed
        && file.condition.is_none()
        && kind != TransactWrite
    {
        return Err(context.error(&outcome.span, "there is no `condition` that could fail"));
    }
    Ok(())
}

fn check_action_fields(context: &Context<'_>, file: &ActionFile) -> Result<(), WorkloadError> {
    use ActionType::*;
    let kind = file.action_type.value;
    let fields: [(&str, Option<&Span>, &[ActionType]); 6] = [
        ("projection", span_of(&file.projection), &[Get]),
        ("condition", span_of(&file.condition), &[Put, Update, Delete, ConditionCheck]),
        ("update", span_of(&file.update), &[Update]),
        ("names", first_span(&file.names), &[Get, Put, Update, Delete, ConditionCheck]),
        ("values", first_span(&file.values), &[Put, Update, Delete, ConditionCheck]),
        ("item", first_span(&file.item), &[Put]),
    ];
    for (name, given, allowed) in fields {
        if let Some(span) = given
            && !allowed.contains(&kind)
        {
            return Err(context.error(span, format!("`{name}` means nothing to this action")));
        }
    }
    Ok(())
}

fn span_of<T>(field: &Option<Located<T>>) -> Option<&Span> {
    field.as_ref().map(|field| &field.span)
}

fn first_span<T>(members: &BTreeMap<String, Located<T>>) -> Option<&Span> {
    members.values().map(|member| &member.span).min_by_key(|span| span.start)
}

fn resolve_kind(context: &Context<'_>, tables: &Tables<'_>, file: &OperationFile) -> Result<Kind, WorkloadError> {
    let action = |verb| resolve_action(context, tables, &Part::of_operation(file, verb));
    Ok(match file.operation_type.value {
        OperationType::Get => Kind::Action(action(Verb::Get)?),
        OperationType::Put => Kind::Action(action(Verb::Put)?),
        OperationType::Update => Kind::Action(action(Verb::Update)?),
        OperationType::Delete => Kind::Action(action(Verb::Delete)?),
        OperationType::Query => resolve_query(context, tables, file)?,
        OperationType::Scan => resolve_scan(context, tables, file)?,
        OperationType::BatchGet => {
            if let Some(deletes) = file.batch.as_ref().and_then(|batch| batch.deletes.as_ref()) {
                return Err(context.error(&deletes.span, "`deletes` means nothing to a BatchGetItem"));
            }
            let of = action(Verb::Get)?;
            Kind::BatchGet { size: batch_size(context, file, &of, tables, BATCH_GET_MAX)?, of }
        }
        OperationType::BatchWrite => {
            let of = action(Verb::Put)?;
            let deletes = file.batch.as_ref().and_then(|batch| batch.deletes.as_ref());
            if let Some(share) = deletes {
                context.within("deletes", share, 0.0, 1.0)?;
                if matches!(of.key, KeyChoice::New) && share.value > 0.0 {
                    return Err(context
                        .error(&share.span, "deletes of `new` records would delete nothing")
                        .with_help("choose existing ones, such as key = \"uniform\""));
                }
            }
            let size = batch_size(context, file, &of, tables, BATCH_WRITE_MAX)?;
            Kind::BatchWrite { of, size, deletes: deletes.map_or(0.0, |share| share.value) }
        }
        OperationType::TransactGet => Kind::TransactGet(resolve_actions(context, tables, file, &[ActionType::Get])?),
        OperationType::TransactWrite => {
            let allowed = [ActionType::Put, ActionType::Update, ActionType::Delete, ActionType::ConditionCheck];
            Kind::TransactWrite(resolve_actions(context, tables, file, &allowed)?)
        }
    })
}

fn batch_size(
    context: &Context<'_>,
    file: &OperationFile,
    of: &Action,
    tables: &Tables<'_>,
    most: u64,
) -> Result<Arc<dyn SizeDistribution>, WorkloadError> {
    let all = DistributionFile::Constant(most as f64);
    let (span, size) = match &file.batch {
        Some(batch) => (&batch.size.span, &batch.size.value),
        None => (&file.operation_type.span, &all),
    };
    let size = resolve_size(context.source, span, size, 1.0, Limits { what: "the size of the batch", least: 1, most })?;
    let table = &tables.all[of.table];
    let largest = *size.bounds().end();
    if matches!(of.key, KeyChoice::Existing(_) | KeyChoice::Sequential)
        && largest > table.items
        && !tables.grows[of.table]
    {
        let message = format!(
            "batches have up to {largest} items, each another one; table `{}` has {}",
            table.create.name, table.items
        );
        context.warn(span, message);
    }
    Ok(size)
}

fn resolve_actions(
    context: &Context<'_>,
    tables: &Tables<'_>,
    file: &OperationFile,
    allowed: &[ActionType],
) -> Result<Vec<Action>, WorkloadError> {
    if file.actions.is_empty() || file.actions.len() > TRANSACTION_MAX {
        let message = format!("a transaction has 1 to {TRANSACTION_MAX} actions; this one has {}", file.actions.len());
        return Err(context
            .error(&file.operation_type.span, message)
            .with_help("add them with [[operations.actions]]"));
    }
    let mut actions = Vec::new();
    for (before, action) in file.actions.iter().enumerate() {
        let kind = action.action_type.value;
        if !allowed.contains(&kind) {
            let operation = api_operation(file.operation_type.value);
            return Err(context.error(&action.action_type.span, format!("{operation} has no such action")));
        }
        check_action_fields(context, action)?;
        actions.push(resolve_action(context, tables, &Part::of_action(action, before))?);
        check_item_apart(context, tables, action, &actions)?;
    }
    Ok(actions)
}

/// A transaction has one action for an item (facts §8). Records that are drawn are drawn apart; those that are named must be.
fn check_item_apart(
    context: &Context<'_>,
    tables: &Tables<'_>,
    file: &ActionFile,
    actions: &[Action],
) -> Result<(), WorkloadError> {
    let Some((last, before)) = actions.split_last() else { return Ok(()) };
    let span = file.key.as_ref().map_or(&file.action_type.span, |key| &key.span);
    let in_table = |action: &&Action| action.table == last.table;
    let same = |action: &Action| match (&action.key, &last.key) {
        (KeyChoice::Record(one), KeyChoice::Record(other)) => one == other,
        _ => false,
    };
    let drawn_by = |at: usize| {
        let mut at = at;
        while let KeyChoice::SameAs(number) = actions[at].key {
            at = number - 1;
        }
        at
    };
    let number = before.len();
    let twin = (0..number)
        .find(|at| actions[*at].table == last.table && (same(&actions[*at]) || drawn_by(*at) == drawn_by(number)));
    if let Some(twin) = twin {
        let message = format!("action {} is about the same item; a transaction has one action for an item", twin + 1);
        return Err(context.error(span, message));
    }
    let table = &tables.all[last.table];
    let drawn =
        actions.iter().filter(in_table).filter(|action| !matches!(action.key, KeyChoice::New | KeyChoice::Missing));
    let needed = drawn.count() as u64;
    if needed > table.items && !tables.grows[last.table] {
        let name = &table.create.name;
        let message = format!("{needed} actions need {needed} items of table `{name}`, which has {}", table.items);
        return Err(context.error(span, message));
    }
    Ok(())
}

fn resolve_query(context: &Context<'_>, tables: &Tables<'_>, file: &OperationFile) -> Result<Kind, WorkloadError> {
    let span = &file.operation_type.span;
    let at = tables.find(context, file.table.as_ref(), span)?;
    let table = &tables.all[at];
    let key = resolve_key_choice(context, tables, &Part::of_operation(file, Verb::Get), at)?;
    let schema = index_schema(context, table, file)?;
    let mut expressions = Expressions::new(context, table, &Scope::of_record(table), &file.names, &file.values)?;
    let key_condition = match &file.key_condition {
        Some(text) => {
            expressions.key_condition(text, schema)?;
            Arc::from(text.as_str())
        }
        None => expressions.partition_key_alone(schema, span)?,
    };
    expressions.filter(file.filter.as_ref(), Some(schema))?;
    expressions.projection(file.projection.as_ref())?;
    Ok(Kind::Query(QuerySpec {
        table: at,
        key,
        index: file.index.as_ref().map(|name| name.as_str().into()),
        key_condition,
        filter: shared(file.filter.as_ref()),
        projection: shared(file.projection.as_ref()),
        placeholders: expressions.finish()?,
        limit: resolve_limit(context, file)?,
        forward: file.forward.as_ref().is_none_or(|forward| forward.value),
        consistent_read: file.consistent_read.as_ref().is_some_and(|consistent| consistent.value),
    }))
}

fn resolve_scan(context: &Context<'_>, tables: &Tables<'_>, file: &OperationFile) -> Result<Kind, WorkloadError> {
    let at = tables.find(context, file.table.as_ref(), &file.operation_type.span)?;
    let table = &tables.all[at];
    index_schema(context, table, file)?;
    if let Some(segments) = &file.segments {
        context.within("segments", segments, 1, SEGMENTS_MAX)?;
    }
    let scope = Scope::without_record(table, "a scan");
    let mut expressions = Expressions::new(context, table, &scope, &file.names, &file.values)?;
    expressions.filter(file.filter.as_ref(), None)?;
    expressions.projection(file.projection.as_ref())?;
    Ok(Kind::Scan(ScanSpec {
        table: at,
        index: file.index.as_ref().map(|name| name.as_str().into()),
        filter: shared(file.filter.as_ref()),
        projection: shared(file.projection.as_ref()),
        placeholders: expressions.finish()?,
        limit: resolve_limit(context, file)?,
        segments: file.segments.as_ref().map(|segments| segments.value),
        consistent_read: file.consistent_read.as_ref().is_some_and(|consistent| consistent.value),
    }))
}

fn resolve_limit(
    context: &Context<'_>,
    file: &OperationFile,
) -> Result<Option<Arc<dyn SizeDistribution>>, WorkloadError> {
    let limits = Limits { what: "the limit", least: 1, most: u64::from(u32::MAX) };
    let resolve_one = |limit: &Located<DistributionFile>| resolve_size(context.source, &limit.span, limit, 1.0, limits);
    file.limit.as_ref().map(resolve_one).transpose()
}

/// The key of the table or of the index that is read.
fn index_schema<'table>(
    context: &Context<'_>,
    table: &'table Table,
    file: &OperationFile,
) -> Result<&'table KeySchema, WorkloadError> {
    let Some(name) = &file.index else { return Ok(&table.create.key) };
    let globals = &table.create.global_secondary_indexes;
    if let Some(global) = globals.iter().find(|global| *global.name == *name.value) {
        if let Some(consistent) = file.consistent_read.as_ref().filter(|consistent| consistent.value) {
            return Err(context.error(&consistent.span, "a global secondary index has no strongly consistent reads"));
        }
        return Ok(&global.key);
    }
    let locals = &table.create.local_secondary_indexes;
    if let Some(local) = locals.iter().find(|local| *local.name == *name.value) {
        return Ok(&local.key);
    }
    let known = globals.iter().map(|global| &*global.name).chain(locals.iter().map(|local| &*local.name));
    let message = format!("table `{}` has no index `{}`", table.create.name, name.value);
    Err(context.error(&name.span, message).with_suggestion(name, known))
}
