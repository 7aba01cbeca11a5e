//! Attributes: constants, texts with placeholders, generators.

use compact_str::CompactString;

use crate::item::{AttributeType, AttributeValue, ITEM_MAX_BYTES, Number};
use crate::workload::WorkloadError;
use crate::workload::distribution::Weighted;
use crate::workload::distribution::size::SIZE_MAX;
use crate::workload::file::{AttributeFile, AttributesFile, GeneratorFile, Located, Span};
use crate::workload::generator::Generator;
use crate::workload::table::Table;
use crate::workload::text::{NumberOf, PLACEHOLDERS, TextError, TextTemplate};

use super::Context;
use super::distribution::{Limits, resolve_index_distribution, resolve_size};

/// More elements than an item has room for.
const ELEMENTS_MAX: u64 = ITEM_MAX_BYTES as u64;
/// The most that one value may come to with all its parts, whatever is drawn. An item holds far less; this bounds memory.
const VALUE_MAX_BYTES: u64 = 64 << 20;
/// Documents nest at most this deep (facts §8).
const NESTING_MAX: usize = 32;

/// What values may refer to.
#[derive(Debug, Clone)]
pub(super) struct Scope<'a> {
    /// The record they are drawn for, or what it is that is about no record.
    pub record: Result<(), &'static str>,
    /// The table's name.
    pub table: &'a str,
    /// The key attributes that `{ key = "…" }` can name.
    pub keys: Vec<&'a str>,
}

impl<'a> Scope<'a> {
    /// Values for a record of the table.
    pub fn of_record(table: &'a Table) -> Self {
        let keys = table.create.key.attributes().map(|key| &*key.name).collect();
        Scope { record: Ok(()), table: &table.create.name, keys }
    }

    /// Values for something that is about no record in particular.
    pub fn without_record(table: &'a Table, what: &'static str) -> Self {
        Scope { record: Err(what), table: &table.create.name, keys: Vec::new() }
    }

    fn check(&self, context: &Context<'_>, span: &Span, generator: &Generator) -> Result<(), WorkloadError> {
        match (generator, self.record) {
            (Generator::Key(_), Err(what)) => {
                Err(context.error(span, format!("{what} is about no record, so there is no key to refer to")))
            }
            (Generator::Key(name), Ok(())) if !self.keys.contains(&name.as_str()) => {
                let keys = self.keys.join("` and `");
                let message = format!("`{name}` is no key attribute of table `{}`, those are `{keys}`", self.table);
                Err(context.error(span, message).with_suggestion(name, self.keys.iter().copied()))
            }
            (generator, Err(what)) if generator.depends_on_place() => Err(context
                .error(
                    span,
                    format!("{what} is about no record, so `record`, `partition` and `sort` mean nothing here"),
                )
                .with_help("draw a number with { uniform = { min = 0, max = 9 } } or { index = … }")),
            _ => Ok(()),
        }
    }
}

/// Attributes with their generators, by name.
pub(super) fn resolve_attributes(
    context: &Context<'_>,
    scope: &Scope<'_>,
    file: &AttributesFile,
) -> Result<Vec<(CompactString, Generator)>, WorkloadError> {
    let resolve_one = |(name, attribute): (&String, &Located<AttributeFile>)| {
        check_attribute_name(context, &attribute.span, name)?;
        let generator = resolve_attribute(context, scope, attribute, 0)?;
        let bytes = generator.bytes_max();
        if bytes > VALUE_MAX_BYTES {
            let message = format!("`{name}` can take up to {bytes} bytes; an item has at most {ITEM_MAX_BYTES}");
            return Err(context.error(&attribute.span, message).with_help("give its lengths and counts a `max`"));
        }
        Ok((name.into(), generator))
    };
    file.iter().map(resolve_one).collect()
}

/// Attribute names have 1 to 65,535 bytes (facts §8).
fn check_attribute_name(context: &Context<'_>, span: &Span, name: &str) -> Result<(), WorkloadError> {
    if (1..=65_535).contains(&name.len()) {
        return Ok(());
    }
    Err(context.error(span, "the name of an attribute has 1 to 65535 bytes"))
}

/// The generator of one attribute.
fn resolve_attribute(
    context: &Context<'_>,
    scope: &Scope<'_>,
    file: &Located<AttributeFile>,
    depth: usize,
) -> Result<Generator, WorkloadError> {
    let span = &file.span;
    if depth > NESTING_MAX {
        return Err(context.error(span, format!("values nest more than {NESTING_MAX} levels deep")));
    }
    let generator = match &file.value {
        AttributeFile::Text(text) => resolve_text(context, span, text)?,
        AttributeFile::Integer(number) => Generator::Constant(Number::from(*number).into()),
        AttributeFile::Decimal(number) => {
            // Rust writes a float with the fewest digits that read back as the same float.
            let exact: Number =
                number.to_string().parse().map_err(|error| context.error(span, format!("{number}: {error}")))?;
            Generator::Constant(exact.into())
        }
        AttributeFile::Boolean(truth) => Generator::Constant(AttributeValue::Bool(*truth)),
        AttributeFile::Generator(generator) => resolve_generator(context, scope, span, generator, depth)?,
    };
    scope.check(context, span, &generator)?;
    Ok(generator)
}

fn resolve_text(context: &Context<'_>, span: &Span, text: &str) -> Result<Generator, WorkloadError> {
    let template = TextTemplate::parse(text).map_err(|error| {
        let message = context.error(span, error.to_string());
        match &error {
            TextError::Unknown(name) => message.with_suggestion(name, PLACEHOLDERS),
            TextError::Form(_) | TextError::Brace => message,
        }
    })?;
    Ok(match template.constant() {
        Some(text) => Generator::Constant(AttributeValue::S(text)),
        None => Generator::Text(template),
    })
}

fn resolve_generator(
    context: &Context<'_>,
    scope: &Scope<'_>,
    span: &Span,
    file: &GeneratorFile,
    depth: usize,
) -> Result<Generator, WorkloadError> {
    let size = |file, scale, limits| resolve_size(context.source, span, file, scale, limits);
    let length = |file| size(file, 1.0, Limits { what: "the length", least: 0, most: ITEM_MAX_BYTES as u64 });
    let count_of = |file, least| size(file, 1.0, Limits { what: "the count", least, most: ELEMENTS_MAX });
    Ok(match file {
        GeneratorFile::Record {} => Generator::Subject(NumberOf::Record),
        GeneratorFile::Partition {} => Generator::Subject(NumberOf::Partition),
        GeneratorFile::Sort {} => Generator::Subject(NumberOf::Sort),
        GeneratorFile::Counter { start, step } => Generator::Counter { start: *start, step: *step },
        GeneratorFile::Uniform { min, max } => {
            // Beyond 2^53 not every whole number is a float.
            let whole = |value: &f64| value.fract() == 0.0 && value.abs() <= 9_007_199_254_740_992.0;
            if !whole(min) || !whole(max) || min > max {
                let message =
                    format!("uniform draws whole numbers from `min` to `max`; {min} to {max} is no such range");
                return Err(context
                    .error(span, message)
                    .with_help("for decimals write { number = { distribution = { uniform = … }, decimals = 2 } }"));
            }
            Generator::Uniform { min: *min as i64, count: (max - min) as u64 + 1 }
        }
        GeneratorFile::Number { distribution, decimals } => {
            if *decimals > 9 {
                return Err(context.error(span, format!("decimals is {decimals}; it must be at most 9")));
            }
            let scale = 10f64.powi(*decimals as i32);
            let distribution = size(distribution, scale, Limits { what: "the number", least: 0, most: SIZE_MAX })?;
            Generator::Number { distribution, decimals: *decimals }
        }
        GeneratorFile::Index { count, distribution } => {
            if !(1..=SIZE_MAX).contains(count) {
                return Err(context.error(span, format!("count is {count}; it must be between 1 and 2^53")));
            }
            let distribution = resolve_index_distribution(context, span, distribution, *count)?;
            Generator::Index { count: *count, distribution }
        }
        GeneratorFile::Choice { values, weights } => {
            let equal = vec![1.0; values.len()];
            let weights = weights.as_ref().unwrap_or(&equal);
            if weights.len() != values.len() {
                return Err(
                    context.error(span, format!("there are {} values but {} weights", values.len(), weights.len()))
                );
            }
            let weights = Weighted::new(weights).map_err(|error| context.error(span, error.to_string()))?;
            let values: Result<_, _> =
                values.iter().map(|value| resolve_attribute(context, scope, value, depth + 1)).collect();
            Generator::Choice { weights, values: values? }
        }
        GeneratorFile::String { length: bytes, alphabet } => {
            Generator::String { length: length(bytes)?, alphabet: *alphabet }
        }
        GeneratorFile::Words { length: bytes } => Generator::Words { length: length(bytes)? },
        GeneratorFile::Binary { length: bytes } => Generator::Binary { length: length(bytes)? },
        GeneratorFile::Set { of, count } => {
            let element = resolve_attribute(context, scope, of, depth + 1)?;
            let element_type = element
                .attribute_type()
                .filter(|kind| matches!(kind, AttributeType::S | AttributeType::N | AttributeType::B));
            let element_type = element_type.ok_or_else(|| {
                context.error(&of.span, "the elements of a set are all strings, all numbers or all binaries")
            })?;
            Generator::Set { element: Box::new(element), element_type, count: count_of(count, 1)? }
        }
        GeneratorFile::List { of, count } => Generator::List {
            element: Box::new(resolve_attribute(context, scope, of, depth + 1)?),
            count: count_of(count, 0)?,
        },
        GeneratorFile::Map(members) => {
            let members: Result<_, _> = members
                .iter()
                .map(|(name, member)| {
                    check_attribute_name(context, &member.span, name)?;
                    Ok((name.into(), resolve_attribute(context, scope, member, depth + 1)?))
                })
                .collect();
            Generator::Map(members?)
        }
        GeneratorFile::Timestamp { format, plus, spread } => {
            let nanos = |text: &Option<Located<String>>| -> Result<u64, WorkloadError> {
                let duration = text.as_ref().map(|text| context.duration(text)).transpose()?.unwrap_or_default();
                // A century at most: it fits.
                Ok(duration.as_nanos() as u64)
            };
            Generator::Timestamp { format: *format, plus_nanos: nanos(plus)? as i64, spread_nanos: nanos(spread)? }
        }
        GeneratorFile::Uuid {} => Generator::Uuid,
        GeneratorFile::Boolean { probability } => {
            if !(0.0..=1.0).contains(probability) {
                return Err(context.error(span, format!("probability is {probability}; it must be between 0 and 1")));
            }
            Generator::Boolean(*probability)
        }
        GeneratorFile::Null {} => Generator::Constant(AttributeValue::Null),
        GeneratorFile::Key(name) => Generator::Key(name.into()),
    })
}
