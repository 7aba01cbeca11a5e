//! The rules for keys and items, with DynamoDB's messages (facts §8, appendix A).

use crate::api::{ApiError, KeyAttribute};
use crate::item::{AttributeValue, ITEM_MAX_BYTES, Item};

use super::index::Index;
use super::limits::{ATTRIBUTE_NAME_MAX_BYTES, NESTING_MAX, PARTITION_KEY_MAX_BYTES, SORT_KEY_MAX_BYTES};
use super::storage::{Entry, Key, KeyRef, Position, key_attribute};
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
            key_attribute(attributes, &attribute.name)
                .filter(|value| value.scalar_type() == attribute.scalar_type)
                .ok_or_else(|| ApiError::validation(KEY_MISMATCH))
        };
        if attributes.len() != 1 + usize::from(schema.sort.is_some()) {
            return Err(ApiError::validation(KEY_MISMATCH));
        }
        let partition = typed(&schema.partition)?;
        let sort = schema.sort.as_ref().map(typed).transpose()?;
        self.checked_key(partition, sort)
    }

    /// The key of an item that is put.
    pub fn key_of_item<'r>(&self, item: &'r Item) -> Result<Key<'r>, ApiError> {
        let typed = |attribute: &KeyAttribute| {
            let name = &attribute.name;
            let value = item
                .get(name)
                .ok_or_else(|| ApiError::validation(format!("{INVALID} Missing the key {name} in the item")))?;
            KeyRef::from_value(value).filter(|key| key.scalar_type() == attribute.scalar_type).ok_or_else(|| {
                let (expected, actual) = (attribute.scalar_type, value.attribute_type());
                ApiError::validation(format!(
                    "{INVALID} Type mismatch for key {name} expected: {expected:?} actual: {actual}"
                ))
            })
        };
        let schema = self.key();
        let partition = typed(&schema.partition)?;
        let sort = schema.sort.as_ref().map(typed).transpose()?;
        self.checked_key(partition, sort)
    }

    fn checked_key<'r>(&self, partition: KeyRef<'r>, sort: Option<KeyRef<'r>>) -> Result<Key<'r>, ApiError> {
        let schema = self.key();
        check_key_value(partition, &schema.partition, PARTITION_KEY_MAX_BYTES)?;
        if let (Some(sort), Some(attribute)) = (sort, &schema.sort) {
            check_key_value(sort, attribute, SORT_KEY_MAX_BYTES)?;
        }
        Ok(Key { hash: self.items.layout().hash(partition), partition, position: Position::of_item(sort) })
    }

    /// Checks an item as it is about to be stored: its values, its size, the types of index keys.
    pub fn check_item(&self, entry: &Entry, origin: Origin) -> Result<(), ApiError> {
        if entry.bytes() > ITEM_MAX_BYTES as u64 {
            return Err(too_large(origin));
        }
        for index in self.indexes() {
            check_index_key(index, &entry.item, origin)?;
        }
        if !self.local_indexes.is_empty() {
            let local = self.local_indexes.iter().filter_map(|local| local.index.entry_of(entry));
            if entry.bytes() + local.map(|entry| entry.bytes()).sum::<u64>() > ITEM_MAX_BYTES as u64 {
                return Err(too_large(origin));
            }
        }
        Ok(())
    }
}

fn too_large(origin: Origin) -> ApiError {
    ApiError::validation(if origin == Origin::Put { ITEM_TOO_LARGE } else { UPDATED_ITEM_TOO_LARGE })
}

fn check_key_value(value: KeyRef<'_>, attribute: &KeyAttribute, max_bytes: usize) -> Result<(), ApiError> {
    let bytes = value.size_bytes();
    if bytes == 0 {
        let (kind, name) = (kind_of(value), &attribute.name);
        return Err(ApiError::validation(format!(
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty \
             {kind} value. Key: {name}"
        )));
    }
    if bytes > max_bytes {
        return Err(ApiError::validation(if max_bytes == PARTITION_KEY_MAX_BYTES {
            format!("{INVALID} Size of hashkey has exceeded the maximum size limit of{max_bytes} bytes")
        } else {
            format!("{INVALID} Aggregated size of all range keys has exceeded the size limit of {max_bytes} bytes")
        }));
    }
    Ok(())
}

fn check_index_key(index: &Index, item: &Item, origin: Origin) -> Result<(), ApiError> {
    for (attribute, max_bytes) in index.key.attributes().zip([PARTITION_KEY_MAX_BYTES, SORT_KEY_MAX_BYTES]) {
        let Some(value) = item.get(&attribute.name) else { continue };
        let (name, index_name, expected) = (&attribute.name, &index.name, attribute.scalar_type);
        let Some(key) = KeyRef::from_value(value).filter(|key| key.scalar_type() == expected) else {
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
        if key.size_bytes() > max_bytes {
            return Err(match origin {
                Origin::Put => check_key_value(key, attribute, max_bytes).err().unwrap_or_else(|| too_large(origin)),
                Origin::Update => ApiError::validation(
                    "The update expression attempted to update the secondary index key beyond allowed size limits",
                ),
            });
        }
    }
    Ok(())
}

const fn kind_of(value: KeyRef<'_>) -> &'static str {
    match value {
        KeyRef::S(_) => "string",
        KeyRef::N(_) => "number",
        KeyRef::B(_) => "binary",
    }
}

/// Checks the values of an item whatever the table: sets, names, nesting. Goes as deep as documents may be, no deeper.
pub fn check_values(item: &Item) -> Result<(), ApiError> {
    item.iter().try_for_each(|(name, value)| check_attribute(name, value, 0))
}

fn check_attribute(name: &str, value: &AttributeValue, depth: usize) -> Result<(), ApiError> {
    if name.is_empty() && depth == 0 {
        return Err(ApiError::validation(format!("{INVALID} An attribute name may not be empty")));
    }
    if name.len() > ATTRIBUTE_NAME_MAX_BYTES {
        return Err(ApiError::validation("Attribute name is too large, must be less than 65536 bytes"));
    }
    check_value(value, depth)
}

fn check_value(value: &AttributeValue, depth: usize) -> Result<(), ApiError> {
    if depth > NESTING_MAX {
        return Err(ApiError::validation("Nesting Levels have exceeded supported limits"));
    }
    let empty_set = match value {
        AttributeValue::Ss(elements) if elements.is_empty() => "An string set  may not be empty",
        AttributeValue::Ns(elements) if elements.is_empty() => "An number set  may not be empty",
        AttributeValue::Bs(elements) if elements.is_empty() => "Binary sets should not be empty",
        AttributeValue::L(elements) => return elements.iter().try_for_each(|element| check_value(element, depth + 1)),
        AttributeValue::M(map) => {
            return map.iter().try_for_each(|(name, element)| check_attribute(name, element, depth + 1));
        }
        _ => return Ok(()),
    };
    Err(ApiError::validation(format!("{INVALID} {empty_set}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(item: &Item) -> String {
        check_values(item).unwrap_err().message
    }

    fn of(value: AttributeValue) -> Item {
        [("a".into(), value)].into_iter().collect()
    }

    #[test]
    fn empty_sets_are_refused_at_any_depth() {
        let empty = || AttributeValue::Ss(Vec::new());
        assert_eq!(message(&of(empty())), "One or more parameter values were invalid: An string set  may not be empty");
        let nested = AttributeValue::L(vec![AttributeValue::M(of(empty()))]);
        assert!(message(&of(nested)).ends_with("An string set  may not be empty"));
        assert!(message(&of(AttributeValue::Ns(Vec::new()))).ends_with("An number set  may not be empty"));
        assert!(message(&of(AttributeValue::Bs(Vec::new()))).ends_with("Binary sets should not be empty"));
    }

    #[test]
    fn documents_nest_32_levels() {
        let nest = |levels| (0..levels).fold(AttributeValue::Null, |value, _| AttributeValue::L(vec![value]));
        assert_eq!(check_values(&of(nest(32))), Ok(()));
        assert_eq!(message(&of(nest(33))), "Nesting Levels have exceeded supported limits");
    }
}
