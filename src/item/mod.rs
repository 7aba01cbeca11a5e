//! What a table stores: attribute values and their rules, 38-digit numbers, items, their size and their JSON form.

mod json;
mod key_tuple;
mod number;
mod packed;
mod set;
mod size;
mod validity;
mod value;

pub use json::{JsonError, NESTING_MAX, item_from_json, item_to_json, value_from_json, value_to_json};
pub use key_tuple::KeyTuple;
pub use number::{Number, NumberError};
pub use packed::{PackedItem, PackedValue, ScalarRef};
pub use size::{ITEM_MAX_BYTES, PARTITION_KEY_MAX_BYTES, READ_BLOCK_BYTES, SORT_KEY_MAX_BYTES, WRITE_BLOCK_BYTES};
pub use validity::{ATTRIBUTE_NAME_MAX_BYTES, InvalidValue};
pub use value::{AttributeName, AttributeType, AttributeValue, Item, KeyValue, ScalarType};
