//! What a table stores: attribute values, 38-digit numbers, items, their size and their JSON form.

mod json;
mod number;
mod set;
mod size;
mod value;

pub use json::{JsonError, NESTING_MAX, item_from_json, item_to_json, value_from_json, value_to_json};
pub use number::{Number, NumberError};
pub use size::{ITEM_MAX_BYTES, READ_BLOCK_BYTES, WRITE_BLOCK_BYTES};
pub use value::{AttributeName, AttributeType, AttributeValue, Item, KeyValue, ScalarType};
