//! Items and keys of a table: how they are made from a record.

use compact_str::CompactString;

use crate::item::{AttributeType, ITEM_MAX_BYTES};
use crate::workload::WorkloadError;
use crate::workload::file::{KeyAttributeFile, Span, TableFile};
use crate::workload::generator::Generator;
use crate::workload::layout::Layout;
use crate::workload::table::{ItemTemplate, KeyPart, Padding, Source};

use super::Context;
use super::distribution::{Limits, resolve_size};
use super::generator::{Scope, resolve_attributes};
use super::index::check_index_keys;

const ITEM_SIZE: Limits = Limits { what: "the size of an item", least: 1, most: ITEM_MAX_BYTES as u64 };
const DEFAULT_PADDING: &str = "padding";

/// The partition key, the sort key, and the whole item.
pub(super) fn resolve_item(
    context: &Context<'_>,
    file: &TableFile,
    layout: Layout,
) -> Result<(KeyPart, Option<KeyPart>, ItemTemplate), WorkloadError> {
    let keys = std::iter::once(&file.partition_key).chain(&file.sort_key).map(|key| key.name.as_str()).collect();
    let scope = Scope { record: Ok(()), table: &file.name, keys };
    let mut attributes = resolve_attributes(context, &scope, &file.item)?;
    let mut take_key = |key: &KeyAttributeFile, what: &str| -> Result<KeyPart, WorkloadError> {
        let name = key.name.as_str();
        let at = attributes.iter().position(|(known, _)| known == name).ok_or_else(|| {
            context
                .error(&key.name.span, format!("the item says nothing about its {what} `{name}`"))
                .with_help(format!("add {name} = … under [tables.item]"))
        })?;
        let (name, generator) = attributes.remove(at);
        let stream = context.streams.stream(&format!("key/{}/{name}", file.name.value));
        check_key_generator(context, &file.item[name.as_str()].span, key, &generator)?;
        Ok(KeyPart { name, generator, stream })
    };
    let partition_key = take_key(&file.partition_key, "partition key")?;
    let sort_key = file.sort_key.as_ref().map(|key| take_key(key, "sort key")).transpose()?;
    check_layout_fits_keys(context, file, layout, &partition_key.generator)?;
    check_index_keys(context, file, &attributes)?;

    let padding = match &file.item_size {
        None => {
            if let Some(name) = &file.padding_attribute {
                return Err(context
                    .error(&name.span, "nothing is padded without a size to pad to")
                    .with_help("add item_size = 1_000, in bytes"));
            }
            None
        }
        Some(size) => {
            let item_bytes = resolve_size(context.source, &size.span, size, 1.0, ITEM_SIZE)?;
            let name: CompactString =
                file.padding_attribute.as_ref().map_or(DEFAULT_PADDING, |name| name.as_str()).into();
            if file.item.contains_key(name.as_str()) {
                let message = format!("`{name}` is the attribute that pads the item to its size");
                return Err(context
                    .error(&file.item[name.as_str()].span, message)
                    .with_help("name another one with `padding_attribute`"));
            }
            Some(Padding { name, item_bytes })
        }
    };
    let keys = std::iter::once(&partition_key).chain(&sort_key).map(|part| (part.name.clone(), Source::Key));
    let drawn = attributes.into_iter().map(|(name, generator)| (name, Source::Drawn(generator)));
    let mut attributes: Vec<_> = keys.chain(drawn).collect();
    attributes.sort_by(|left, right| left.0.cmp(&right.0));
    Ok((partition_key, sort_key, ItemTemplate { attributes, padding }))
}

fn check_key_generator(
    context: &Context<'_>,
    span: &Span,
    key: &KeyAttributeFile,
    generator: &Generator,
) -> Result<(), WorkloadError> {
    if generator.depends_on_operation() {
        return Err(context.error(span, "a key must follow from the record alone, or it could not be found again").with_help(
            "use {record}, {partition} or {sort} in a text, or { record = {} }, { partition = {} }, { sort = {} } for a number",
        ));
    }
    check_scalar(context, span, key, generator)
}

/// Values that are always of one type are of the key's.
pub(super) fn check_scalar(
    context: &Context<'_>,
    span: &Span,
    key: &KeyAttributeFile,
    generator: &Generator,
) -> Result<(), WorkloadError> {
    let wanted = AttributeType::from(key.scalar_type);
    match generator.attribute_type() {
        Some(found) if found != wanted => Err(context
            .error(span, format!("key attribute `{}` is of type {wanted}, but this gives {found}", key.name.value))),
        _ => Ok(()),
    }
}

/// The partition key must be the same for records that share a partition, and different otherwise.
fn check_layout_fits_keys(
    context: &Context<'_>,
    file: &TableFile,
    layout: Layout,
    partition_key: &Generator,
) -> Result<(), WorkloadError> {
    if layout.shares_partition_keys() && partition_key.depends_on_record() {
        let span = &file.item[file.partition_key.name.as_str()].span;
        return Err(context
            .error(span, "records that share a partition cannot have a partition key that tells them apart")
            .with_help("use {partition} instead of {record} or {sort}"));
    }
    Ok(())
}
