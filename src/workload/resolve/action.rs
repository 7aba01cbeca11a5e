//! Actions: what reads or writes one item, on its own or in a batch or transaction.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::item::AttributeType;
use crate::workload::WorkloadError;
use crate::workload::distribution::key::Uniform;
use crate::workload::file::{ActionFile, ActionType, AttributesFile, KeyFile, Located, OneOf, OperationFile, Span};
use crate::workload::operation::{Action, KeyChoice, MISSING_FROM, Verb};
use crate::workload::table::{ItemTemplate, Source, Table};

use super::Context;
use super::distribution::resolve_key;
use super::expressions::Expressions;
use super::generator::{Scope, resolve_attributes};

/// The tables, and which of them operations insert into.
pub(super) struct Tables<'a> {
    pub all: &'a [Table],
    pub grows: Vec<bool>,
}

impl Tables<'_> {
    /// The table of that name; it may be left out where there is only one.
    pub fn find(
        &self,
        context: &Context<'_>,
        name: Option<&Located<String>>,
        span: &Span,
    ) -> Result<usize, WorkloadError> {
        let known = || self.all.iter().map(|table| &*table.create.name);
        match name {
            Some(name) => known().position(|known| known == name.value).ok_or_else(|| {
                context.error(&name.span, format!("there is no table `{}`", name.value)).with_suggestion(name, known())
            }),
            None if self.all.len() == 1 => Ok(0),
            None => {
                let names: Vec<_> = known().collect();
                Err(context.error(span, format!("which `table`? There are {}", names.join(", "))))
            }
        }
    }
}

/// What operations and the actions of transactions have in common.
pub(super) struct Part<'a> {
    pub verb: Verb,
    pub span: &'a Span,
    table: Option<&'a Located<String>>,
    key: Option<&'a Located<OneOf<KeyFile>>>,
    consistent_read: bool,
    projection: Option<&'a Located<String>>,
    condition: Option<&'a Located<String>>,
    update: Option<&'a Located<String>>,
    names: &'a BTreeMap<String, Located<String>>,
    values: &'a AttributesFile,
    item: &'a AttributesFile,
    /// Actions before this one in its transaction; absent outside of transactions.
    before: Option<usize>,
}

impl<'a> Part<'a> {
    /// An operation with one action, or a batch of them.
    pub fn of_operation(file: &'a OperationFile, verb: Verb) -> Self {
        Part {
            verb,
            span: &file.operation_type.span,
            table: file.table.as_ref(),
            key: file.key.as_ref(),
            consistent_read: file.consistent_read.as_ref().is_some_and(|consistent| consistent.value),
            projection: file.projection.as_ref(),
            condition: file.condition.as_ref(),
            update: file.update.as_ref(),
            names: &file.names,
            values: &file.values,
            item: &file.item,
            before: None,
        }
    }

    /// An action of a transaction.
    pub fn of_action(file: &'a ActionFile, before: usize) -> Self {
        let verb = match file.action_type.value {
            ActionType::Get => Verb::Get,
            ActionType::Put => Verb::Put,
            ActionType::Update => Verb::Update,
            ActionType::Delete => Verb::Delete,
            ActionType::ConditionCheck => Verb::ConditionCheck,
        };
        Part {
            verb,
            span: &file.action_type.span,
            table: file.table.as_ref(),
            key: file.key.as_ref(),
            consistent_read: false,
            projection: file.projection.as_ref(),
            condition: file.condition.as_ref(),
            update: file.update.as_ref(),
            names: &file.names,
            values: &file.values,
            item: &file.item,
            before: Some(before),
        }
    }

    /// The table it inserts into, if it does.
    pub fn inserts(&self, context: &Context<'_>, tables: &Tables<'_>) -> Option<usize> {
        let is_new = self.key.is_none_or(|key| matches!(key.value.0, KeyFile::New {}));
        (self.verb == Verb::Put && is_new).then(|| tables.find(context, self.table, self.span).ok()).flatten()
    }
}

/// Checks an action and everything in it.
pub(super) fn resolve_action(
    context: &Context<'_>,
    tables: &Tables<'_>,
    part: &Part<'_>,
) -> Result<Action, WorkloadError> {
    let at = tables.find(context, part.table, part.span)?;
    let table = &tables.all[at];
    let key = resolve_key_choice(context, tables, part, at)?;
    match part.verb {
        Verb::ConditionCheck if part.condition.is_none() => {
            return Err(context.error(part.span, "a condition check needs a `condition`"));
        }
        Verb::Update if part.update.is_none() => {
            return Err(context.error(part.span, "an update needs `update`, such as \"SET visits = visits + :one\""));
        }
        _ => {}
    }
    let scope = Scope::of_record(table);
    let mut expressions = Expressions::new(context, table, &scope, part.names, part.values)?;
    expressions.update(part.update)?;
    expressions.condition(part.condition)?;
    expressions.projection(part.projection)?;
    Ok(Action {
        verb: part.verb,
        table: at,
        key,
        consistent_read: part.consistent_read,
        projection: shared(part.projection),
        condition: shared(part.condition),
        update: shared(part.update),
        placeholders: expressions.finish()?,
        template: match part.verb {
            Verb::Put if !part.item.is_empty() => Some(changed_template(context, table, &scope, part.item)?),
            _ => None,
        },
    })
}

/// A text that many requests share.
pub(super) fn shared(text: Option<&Located<String>>) -> Option<Arc<str>> {
    text.map(|text| Arc::from(text.as_str()))
}

/// Which record the action is about.
pub(super) fn resolve_key_choice(
    context: &Context<'_>,
    tables: &Tables<'_>,
    part: &Part<'_>,
    at: usize,
) -> Result<KeyChoice, WorkloadError> {
    let table = &tables.all[at];
    let name = &table.create.name;
    let key = match part.key {
        Some(key) => resolve_key(context, &key.span, &key.value.0, table.items)?,
        None if part.verb == Verb::Put => KeyChoice::New,
        None => KeyChoice::Existing(Arc::new(Uniform)),
    };
    let span = part.key.map_or(part.span, |key| &key.span);
    match (&key, part.before) {
        (KeyChoice::New, _) if part.verb != Verb::Put => Err(context
            .error(span, "only a put can be about a `new` record")
            .with_help("to miss on purpose, use `missing`")),
        (KeyChoice::Missing, _) if part.verb == Verb::Put => {
            Err(context.error(span, "a put of a `missing` record would make it exist").with_help("use `new` to insert"))
        }
        (KeyChoice::SameAs(_), None) => {
            Err(context.error(span, "`same_as` names another action of a transaction; this is none"))
        }
        (KeyChoice::SameAs(_), Some(0)) => {
            Err(context.error(span, "`same_as` names an action before this one; this is the first"))
        }
        (KeyChoice::SameAs(number), Some(before)) if !(1..=before).contains(number) => {
            Err(context.error(span, format!("same_as is {number}; the actions before this one are 1 to {before}")))
        }
        (KeyChoice::Existing(_) | KeyChoice::Sequential, _) if table.items == 0 && !tables.grows[at] => {
            let message = format!("table `{name}` has no items, so there is nothing to choose from");
            Err(context.error(span, message).with_help("load some with `items`, or insert some with `key = \"new\"`"))
        }
        (KeyChoice::Record(record), _) if *record >= MISSING_FROM => {
            Err(context.error(span, format!("record is {record}; it must be below 2^52")))
        }
        (KeyChoice::Record(record), _) if *record >= table.items && part.verb != Verb::Put => {
            context.warn(
                span,
                format!("table `{name}` is loaded with {} items, so there is no record {record}", table.items),
            );
            Ok(())
        }
        _ => Ok(()),
    }?;
    Ok(key)
}

/// The table's item with some attributes replaced or added.
fn changed_template(
    context: &Context<'_>,
    table: &Table,
    scope: &Scope<'_>,
    changes: &AttributesFile,
) -> Result<ItemTemplate, WorkloadError> {
    let mut template = table.template.clone();
    for (name, generator) in resolve_attributes(context, scope, changes)? {
        let span = &changes[name.as_str()].span;
        if template.padding.as_ref().is_some_and(|padding| padding.name == name) {
            return Err(context.error(span, format!("`{name}` is the attribute that pads the item to its size")));
        }
        let indexes = table.create.global_secondary_indexes.iter().map(|index| &index.key);
        let indexes = indexes.chain(table.create.local_secondary_indexes.iter().map(|index| &index.key));
        if let Some(key) = indexes.flat_map(|schema| schema.attributes()).find(|key| *key.name == *name) {
            let expected = AttributeType::from(key.scalar_type);
            if let Some(found) = generator.attribute_type().filter(|found| *found != expected) {
                let message = format!("`{name}` is the key of an index and of type {expected}, but this gives {found}");
                return Err(context.error(span, message));
            }
        }
        match template.attributes.binary_search_by(|(known, _)| known.cmp(&name)) {
            Ok(at) if matches!(template.attributes[at].1, Source::Key) => {
                return Err(context.error(span, format!("`{name}` is part of the key, which follows from the record")));
            }
            Ok(at) => template.attributes[at].1 = Source::Drawn(generator),
            Err(at) => template.attributes.insert(at, (name, Source::Drawn(generator))),
        }
    }
    Ok(template)
}
