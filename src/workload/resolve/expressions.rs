//! Expressions of an operation and the placeholders in them, checked with DynamoDB's own parser and messages before the first
//! request is drawn.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use compact_str::CompactString;

use crate::api::{ApiError, KeySchema, Placeholders};
use crate::expression::{
    Condition, ExpressionKind, KeyCondition, ProjectionExpression, Update, UsesPlaceholders, check_placeholders,
};
use crate::item::{AttributeType, PackedItem};
use crate::workload::WorkloadError;
use crate::workload::error::nearest;
use crate::workload::file::{AttributesFile, Located, Span};
use crate::workload::generator::Generator;
use crate::workload::operation::PlaceholderTemplate;
use crate::workload::table::Table;

use super::generator::{Scope, resolve_attributes};
use super::{Context, DEFAULT_EPOCH_NANOS};

/// How many times values are drawn to see whether they fit: random choices show in a few.
const SAMPLES: u64 = 8;

/// The expressions of one request while they are checked.
pub(super) struct Expressions<'a> {
    context: &'a Context<'a>,
    table: &'a Table,
    names: Vec<Name>,
    values: Vec<Value>,
    parsed: Vec<(Located<String>, Parsed<'a>)>,
}

struct Name {
    placeholder: CompactString,
    attribute: CompactString,
    span: Span,
}

struct Value {
    placeholder: CompactString,
    generator: Generator,
    span: Span,
}

/// An expression and what else it is checked against.
enum Parsed<'a> {
    Condition(Condition),
    Filter(Condition, Option<&'a KeySchema>),
    KeyCondition(KeyCondition, &'a KeySchema),
    Projection(ProjectionExpression),
    Update(Update),
}

impl Parsed<'_> {
    fn as_dyn(&self) -> &dyn UsesPlaceholders {
        match self {
            Parsed::Condition(condition) | Parsed::Filter(condition, _) => condition,
            Parsed::KeyCondition(condition, _) => condition,
            Parsed::Projection(projection) => projection,
            Parsed::Update(update) => update,
        }
    }
}

impl<'a> Expressions<'a> {
    /// `scope` says what values may refer to.
    pub fn new(
        context: &'a Context<'a>,
        table: &'a Table,
        scope: &Scope<'_>,
        names: &BTreeMap<String, Located<String>>,
        values: &AttributesFile,
    ) -> Result<Self, WorkloadError> {
        let mut named: Vec<Name> = Vec::new();
        for (name, attribute) in names {
            let placeholder = placeholder(context, '#', name, &attribute.span)?;
            if named.iter().any(|known| known.placeholder == placeholder) {
                return Err(
                    context.error(&attribute.span, format!("`{placeholder}` is there with and without its sign"))
                );
            }
            named.push(Name { placeholder, attribute: attribute.as_str().into(), span: attribute.span.clone() });
        }
        let mut drawn: Vec<Value> = Vec::new();
        for (name, generator) in resolve_attributes(context, scope, values)? {
            let span = &values[name.as_str()].span;
            let placeholder = placeholder(context, ':', &name, span)?;
            if drawn.iter().any(|known| known.placeholder == placeholder) {
                return Err(context.error(span, format!("`{placeholder}` is there with and without its sign")));
            }
            drawn.push(Value { placeholder, generator, span: span.clone() });
        }
        Ok(Expressions { context, table, names: named, values: drawn, parsed: Vec::new() })
    }

    pub fn condition(&mut self, text: Option<&Located<String>>) -> Result<(), WorkloadError> {
        self.keep(text, |text| Condition::parse(ExpressionKind::Condition, text).map(Parsed::Condition))
    }

    /// `key` is the key a query goes by; a filter must not name it.
    pub fn filter(&mut self, text: Option<&Located<String>>, key: Option<&'a KeySchema>) -> Result<(), WorkloadError> {
        self.keep(text, |text| Ok(Parsed::Filter(Condition::parse(ExpressionKind::Filter, text)?, key)))
    }

    pub fn projection(&mut self, text: Option<&Located<String>>) -> Result<(), WorkloadError> {
        self.keep(text, |text| ProjectionExpression::parse(text).map(Parsed::Projection))
    }

    pub fn update(&mut self, text: Option<&Located<String>>) -> Result<(), WorkloadError> {
        self.keep(text, |text| Update::parse(text).map(Parsed::Update))
    }

    pub fn key_condition(&mut self, text: &Located<String>, key: &'a KeySchema) -> Result<(), WorkloadError> {
        self.keep(Some(text), |text| Ok(Parsed::KeyCondition(KeyCondition::parse(text)?, key)))
    }

    /// The key condition of a query that says none: the whole collection of the drawn record.
    pub fn partition_key_alone(&mut self, schema: &'a KeySchema, span: &Span) -> Result<Arc<str>, WorkloadError> {
        let mut conditions = Vec::new();
        for (at, attribute) in schema.partition_attributes().iter().enumerate() {
            let suffix = if at == 0 { String::new() } else { format!("_{}", at + 1) };
            self.partition_attribute(&attribute.name, &suffix, span)?;
            conditions.push(format!("#partition_key{suffix} = :partition_key{suffix}"));
        }
        let text = conditions.join(" AND ");
        self.key_condition(&Located { value: text.clone(), span: span.clone() }, schema)?;
        Ok(text.into())
    }

    /// Names a partition-key attribute and its value for the drawn record.
    fn partition_attribute(&mut self, name: &str, suffix: &str, span: &Span) -> Result<(), WorkloadError> {
        let name: CompactString = name.into();
        let is_table_key = self.table.create.key.attributes().any(|key| *key.name == *name);
        let generator = if is_table_key {
            Generator::Key(name.clone())
        } else {
            let missing = || {
                let message = format!("items have no attribute `{name}`, so the query cannot know what to look for");
                self.context.error(span, message).with_help("give a `key_condition` and its `values`")
            };
            self.table.template.generator(&name).cloned().ok_or_else(missing)?
        };
        let placeholder = |sign: &str| format!("{sign}partition_key{suffix}").into();
        self.names.push(Name { placeholder: placeholder("#"), attribute: name, span: span.clone() });
        self.values.push(Value { placeholder: placeholder(":"), generator, span: span.clone() });
        Ok(())
    }

    /// Checks that every placeholder is defined and used and that values fit.
    pub fn finish(mut self) -> Result<PlaceholderTemplate, WorkloadError> {
        self.values.sort_by(|left, right| left.placeholder.cmp(&right.placeholder));
        for sample in 0..SAMPLES {
            for (text, parsed) in &self.parsed {
                self.check_sample(text, parsed, sample)?;
            }
        }
        self.check_all_used()?;
        let names = self.names.into_iter().map(|name| (name.placeholder, name.attribute)).collect();
        let values = self.values.into_iter().map(|value| (value.placeholder, value.generator)).collect();
        Ok(PlaceholderTemplate { names, values })
    }

    fn keep(
        &mut self,
        text: Option<&Located<String>>,
        parse: impl FnOnce(&str) -> Result<Parsed<'a>, ApiError>,
    ) -> Result<(), WorkloadError> {
        let Some(text) = text else { return Ok(()) };
        let parsed = parse(text).map_err(|error| self.refused(text, error))?;
        self.parsed.push((text.clone(), parsed));
        Ok(())
    }

    fn check_all_used(&self) -> Result<(), WorkloadError> {
        let names = self.names.iter().map(|name| ("ExpressionAttributeNames", &name.placeholder, &name.span));
        let values = self.values.iter().map(|value| ("ExpressionAttributeValues", &value.placeholder, &value.span));
        let is_used = |placeholder: &str| {
            self.parsed.iter().any(|(text, _)| placeholders_in(text).any(|range| &text[range] == placeholder))
        };
        match names.chain(values).find(|(_, placeholder, _)| !is_used(placeholder)) {
            None => Ok(()),
            Some((parameter, placeholder, span)) => {
                let message = format!("Value provided in {parameter} unused in expressions: keys: {{{placeholder}}}");
                let used = self.parsed.iter().flat_map(|(text, _)| placeholders_in(text).map(|range| &text[range]));
                Err(self.context.error(span, message).with_suggestion(placeholder, used))
            }
        }
    }

    /// Checks an expression with one draw of its values, for the record of that number.
    fn check_sample(&self, text: &Located<String>, parsed: &Parsed<'_>, sample: u64) -> Result<(), WorkloadError> {
        let table = self.table;
        let key = table.key(sample);
        let subject = table.subject(sample, sample, DEFAULT_EPOCH_NANOS, &key);
        let mut random = self.context.streams.stream("check").at(sample);
        let is_in = |placeholder: &CompactString| placeholders_in(text).any(|range| text[range] == **placeholder);
        let names = self.names.iter().filter(|name| is_in(&name.placeholder));
        let values = self.values.iter().filter(|value| is_in(&value.placeholder));
        let placeholders = Placeholders {
            names: names.map(|name| (name.placeholder.clone(), name.attribute.clone())).collect(),
            values: values
                .map(|value| (value.placeholder.clone(), value.generator.draw(&subject, &mut random)))
                .collect(),
        };
        let refused = |error| self.refused(text, error);
        check_placeholders(&placeholders, &[parsed.as_dyn()]).map_err(refused)?;
        match parsed {
            Parsed::Condition(_) | Parsed::Projection(_) | Parsed::Filter(_, None) => Ok(()),
            Parsed::Filter(condition, Some(key)) => condition.check_avoids_key(&placeholders, key).map_err(refused),
            Parsed::KeyCondition(condition, schema) => {
                condition.resolve(&placeholders, schema).map(|_| ()).map_err(refused)
            }
            Parsed::Update(update) => {
                update.check_avoids_key(&placeholders, &key).map_err(refused)?;
                if sample >= table.items {
                    return Ok(());
                }
                let loaded = table.loaded_item(sample, DEFAULT_EPOCH_NANOS);
                match update.apply(&placeholders, &key, Some(&PackedItem::pack(&loaded))) {
                    Ok(updated) => self.check_index_keys(text, &updated.item),
                    // Another operation may make items that it fits.
                    Err(error) => {
                        let message = format!("items as they are loaded refuse this update: {}", error.message);
                        self.context.warn(&text.span, message);
                        Ok(())
                    }
                }
            }
        }
    }

    /// Attributes of index keys keep their type.
    fn check_index_keys(&self, text: &Located<String>, item: &PackedItem) -> Result<(), WorkloadError> {
        let create = &self.table.create;
        let globals = create.global_secondary_indexes.iter().map(|index| (&index.name, &index.key));
        let locals = create.local_secondary_indexes.iter().map(|index| (&index.name, &index.key));
        for (index, schema) in globals.chain(locals) {
            for key in schema.attributes() {
                let expected = AttributeType::from(key.scalar_type);
                match item.get(&key.name).map(|value| value.attribute_type()) {
                    Some(found) if found != expected => {
                        let message = format!(
                            "this makes `{}` of type {found}, but index `{index}` has it as a key of type {expected}",
                            key.name
                        );
                        return Err(self.context.error(&text.span, message));
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// What DynamoDB says about an expression, at the part of the text it is about.
    fn refused(&self, text: &Located<String>, error: ApiError) -> WorkloadError {
        let context = self.context;
        if let Some(word) = error.message.rsplit_once("reserved keyword: ").map(|(_, word)| word) {
            let is_word = |at: &usize| {
                let before = text[..*at].chars().next_back();
                let after = text[at + word.len()..].chars().next();
                !before.is_some_and(|c| is_placeholder_character(c) || matches!(c, '#' | ':'))
                    && !after.is_some_and(is_placeholder_character)
            };
            let at = text.match_indices(word).map(|(at, _)| at).find(is_word);
            let span = at.map_or_else(|| text.span.clone(), |at| context.inside(text, at..at + word.len()));
            let help = format!("write #{word} in the expression, and names = {{ {word} = \"{word}\" }} beside it");
            return context.error(&span, error.message).with_help(help);
        }
        let undefined = error.message.contains("is not defined").then(|| error.message.rsplit_once(": ")).flatten();
        let Some((_, placeholder)) = undefined else { return context.error(&text.span, error.message) };
        let range = placeholders_in(text).find(|range| text[range.clone()] == *placeholder);
        let span = range.map_or_else(|| text.span.clone(), |range| context.inside(text, range));
        let names = self.names.iter().map(|name| name.placeholder.as_str());
        let values = self.values.iter().map(|value| value.placeholder.as_str());
        let help = match nearest(placeholder, names.chain(values)) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => match placeholder.strip_prefix(':') {
                Some(value) => format!("add it with values = {{ {value} = … }}"),
                None => format!("add it with names = {{ {} = \"…\" }}", placeholder.trim_start_matches('#')),
            },
        };
        context.error(&span, error.message.clone()).with_help(help)
    }
}

/// A placeholder with its sign, which may be left out.
fn placeholder(context: &Context<'_>, sign: char, name: &str, span: &Span) -> Result<CompactString, WorkloadError> {
    let bare = name.strip_prefix(sign).unwrap_or(name);
    if !bare.is_empty() && bare.len() < 255 && bare.chars().all(is_placeholder_character) {
        return Ok(compact_str::format_compact!("{sign}{bare}"));
    }
    Err(context.error(span, format!("`{name}` is no placeholder: it has up to 254 letters, digits and `_`")))
}

fn is_placeholder_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

/// Where in an expression its placeholders stand. There are no texts in expressions, so every `#` and `:` begins one.
fn placeholders_in(text: &str) -> impl Iterator<Item = Range<usize>> {
    text.match_indices(['#', ':']).map(|(start, _)| {
        let rest = &text[start + 1..];
        let length = rest.find(|character| !is_placeholder_character(character)).unwrap_or(rest.len());
        start..start + 1 + length
    })
}
