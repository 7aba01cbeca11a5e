//! The rules for keys and items, with DynamoDB's messages (facts §8, appendix A).

use crate::api::{ApiError, KeyAttribute, KeySchema};
use crate::item::{
    ATTRIBUTE_NAME_MAX_BYTES, AttributeValue, ITEM_MAX_BYTES, InvalidValue, Item, KeyTuple, PARTITION_KEY_MAX_BYTES,
    PackedItem, SORT_KEY_MAX_BYTES, ScalarRef, ScalarType,
};

use super::index::Index;
use super::limits::KEY_MAX_BYTES;
use super::storage::{Key, Position};
use super::table::Table;

/// A key that does not have the attributes of the table's key.
pub const KEY_MISMATCH: &str = "The provided key element does not match the schema";
const ITEM_TOO_LARGE: &str = "Item size has exceeded the maximum allowed size";
const UPDATED_ITEM_TOO_LARGE: &str = "Item size to update has exceeded the maximum allowed size";
const INVALID: &str = "One or more parameter values were invalid:";

/// Which request an item comes from; the messages differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// It was put as a whole.
    Put,
    /// It is the result of an update.
    Update,
}

impl Table {
    /// The key that a request names by its attributes alone.
    pub fn key_of_request<'r>(&self, attributes: &'r Item) -> Result<Key<'r>, ApiError> {
        let schema = self.key();
        let typed = |attribute: &KeyAttribute| {
            attributes
                .get(&attribute.name)
                .and_then(AttributeValue::scalar)
                .filter(|value| value.scalar_type() == attribute.scalar_type)
                .ok_or_else(|| ApiError::validation(KEY_MISMATCH))
        };
        if attributes.len() != schema.attributes().count() {
            return Err(ApiError::validation(KEY_MISMATCH));
        }
        let partition = typed(schema.partition())?;
        let sort = schema.sort().map(typed).transpose()?;
        self.checked_key(partition, sort)
    }

    /// The key of an item that is put.
    pub fn key_of_item<'r>(&self, item: &'r Item) -> Result<Key<'r>, ApiError> {
        let typed = |attribute: &KeyAttribute| {
            let name = &attribute.name;
            let value = item
                .get(name)
                .ok_or_else(|| ApiError::validation(format!("{INVALID} Missing the key {name} in the item")))?;
            value.scalar().filter(|key| key.scalar_type() == attribute.scalar_type).ok_or_else(|| {
                let (expected, actual) = (attribute.scalar_type, value.attribute_type());
                ApiError::validation(format!(
                    "{INVALID} Type mismatch for key {name} expected: {expected:?} actual: {actual}"
                ))
            })
        };
        let schema = self.key();
        let partition = typed(schema.partition())?;
        let sort = schema.sort().map(typed).transpose()?;
        self.checked_key(partition, sort)
    }

    fn checked_key<'r>(&self, partition: ScalarRef<'r>, sort: Option<ScalarRef<'r>>) -> Result<Key<'r>, ApiError> {
        let schema = self.key();
        check_key_value(partition, schema.partition(), PARTITION_KEY_MAX_BYTES)?;
        if let (Some(sort), Some(attribute)) = (sort, schema.sort()) {
            check_key_value(sort, attribute, SORT_KEY_MAX_BYTES)?;
        }
        let partition = KeyTuple::One(partition);
        Ok(Key { hash: self.items.layout().hash(&partition), partition, position: Position::of_item(sort) })
    }

    /// Checks an item as it is about to be stored: the types of index keys, and its size with its entries in local indexes.
    /// Of an update only the attributes it changes are held to the keys of indexes: an item that was there before an index
    /// may not fit it.
    pub fn check_item(&self, item: &PackedItem, origin: Origin, changed: &Item) -> Result<(), ApiError> {
        for index in self.indexes() {
            if changes_key(index, changed) {
                check_index_key(index, item, origin)?;
            }
        }
        if self.local_indexes.is_empty() {
            return Ok(());
        }
        let local = self.local_indexes.iter().filter_map(|local| local.index.entry_bytes(item));
        check_size(item.size_bytes() + local.sum::<u64>() as usize, origin)
    }
}

fn changes_key(index: &Index, changed: &Item) -> bool {
    index.key.attributes().any(|attribute| changed.get(&attribute.name).is_some())
}

/// Refuses an item above 400 KB.
pub fn check_size(bytes: usize, origin: Origin) -> Result<(), ApiError> {
    if bytes > ITEM_MAX_BYTES { Err(too_large(origin)) } else { Ok(()) }
}

fn too_large(origin: Origin) -> ApiError {
    ApiError::validation(if origin == Origin::Put { ITEM_TOO_LARGE } else { UPDATED_ITEM_TOO_LARGE })
}

fn check_key_value(value: ScalarRef<'_>, attribute: &KeyAttribute, max_bytes: usize) -> Result<(), ApiError> {
    let bytes = value.size_bytes();
    if bytes == 0 {
        let (kind, name) = (kind_of(value), &attribute.name);
        return Err(ApiError::validation(format!(
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty \
             {kind} value. Key: {name}"
        )));
    }
    if bytes > max_bytes {
        return Err(key_too_large(max_bytes));
    }
    Ok(())
}

fn key_too_large(max_bytes: usize) -> ApiError {
    ApiError::validation(if max_bytes == PARTITION_KEY_MAX_BYTES {
        format!("{INVALID} Size of hashkey has exceeded the maximum size limit of{max_bytes} bytes")
    } else {
        format!("{INVALID} Aggregated size of all range keys has exceeded the size limit of {max_bytes} bytes")
    })
}

/// Whether an item has the key of an index. Keys of written items are checked; items that were there before the index may have
/// others, and are left out of it.
pub fn has_index_key(key: &KeySchema, item: &PackedItem) -> bool {
    let parts = [key.partition_attributes(), key.sort_attributes()];
    parts.into_iter().zip(KEY_MAX_BYTES).all(|(attributes, max_bytes)| {
        let mut bytes_left = max_bytes;
        attributes.iter().all(|attribute| {
            let value = item.get(&attribute.name).and_then(|value| value.scalar());
            let Some(value) = value.filter(|value| value.scalar_type() == attribute.scalar_type) else { return false };
            // A number alone has 21 bytes at most.
            if attributes.len() == 1 && attribute.scalar_type == ScalarType::N {
                return true;
            }
            let bytes = value.size_bytes();
            let fits = (1..=bytes_left).contains(&bytes);
            bytes_left = bytes_left.saturating_sub(bytes);
            fits
        })
    })
}

fn check_index_key(index: &Index, item: &PackedItem, origin: Origin) -> Result<(), ApiError> {
    let parts = [index.key.partition_attributes(), index.key.sort_attributes()];
    let mut parts = parts.into_iter().zip(KEY_MAX_BYTES);
    parts.try_for_each(|(attributes, max_bytes)| check_index_key_part(index, attributes, max_bytes, item, origin))
}

/// Checks the attributes of a partition key or of a sort key; what they have of `max_bytes`, they have together.
fn check_index_key_part(
    index: &Index,
    attributes: &[KeyAttribute],
    max_bytes: usize,
    item: &PackedItem,
    origin: Origin,
) -> Result<(), ApiError> {
    let mut bytes = 0;
    for attribute in attributes {
        let Some(value) = item.get(&attribute.name) else { continue };
        let (name, index_name, expected) = (&attribute.name, &index.name, attribute.scalar_type);
        let Some(key) = value.scalar().filter(|key| key.scalar_type() == expected) else {
            let actual = value.attribute_type();
            return Err(ApiError::validation(match origin {
                Origin::Put => format!(
                    "{INVALID} Type mismatch for Index Key {name} Expected: {expected:?} Actual: {actual} IndexName: {index_name}"
                ),
                Origin::Update => {
                    "The update expression attempted to update the secondary index key to unsupported type".to_owned()
                }
            }));
        };
        if key.size_bytes() == 0 {
            let kind = kind_of(key);
            return Err(ApiError::validation(format!(
                "One or more parameter values are not valid. A value specified for a secondary index key is not supported. \
                 The AttributeValue for a key attribute cannot contain an empty {kind} value. \
                 IndexName: {index_name}, IndexKey: {name}"
            )));
        }
        bytes += key.size_bytes();
        if bytes > max_bytes {
            return Err(match origin {
                Origin::Put => key_too_large(max_bytes),
                Origin::Update => ApiError::validation(
                    "The update expression attempted to update the secondary index key beyond allowed size limits",
                ),
            });
        }
    }
    Ok(())
}

const fn kind_of(value: ScalarRef<'_>) -> &'static str {
    match value {
        ScalarRef::S(_) => "string",
        ScalarRef::N(_) => "number",
        ScalarRef::B(_) => "binary",
    }
}

/// Checks the attributes of an item whatever the table: names, and what values hold.
pub fn check_values(item: &Item) -> Result<(), ApiError> {
    item.iter().try_for_each(|(name, value)| {
        if name.is_empty() {
            return Err(ApiError::validation(format!("{INVALID} An attribute name may not be empty")));
        }
        if name.len() > ATTRIBUTE_NAME_MAX_BYTES {
            return Err(ApiError::validation(InvalidValue::NameTooLong.to_string()));
        }
        value.check().map_err(|invalid| ApiError::validation(invalid.to_string()))
    })
}
