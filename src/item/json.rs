//! DynamoDB's JSON: every value an object with one member that names its type, numbers as strings, binary as base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};
use thiserror::Error;

use super::{AttributeType, AttributeValue, Item, Number, NumberError};

/// Documents nest at most 32 levels deep (facts §8).
pub const NESTING_MAX: usize = 32;

/// Why a JSON document is not an item or an attribute value.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum JsonError {
    /// The JSON has another shape than the type asks for.
    #[error("{path}: expected {expected}")]
    Shape {
        /// Where in the document, as names and indexes.
        path: String,
        /// What belongs there.
        expected: &'static str,
    },
    /// A number DynamoDB cannot hold.
    #[error("{path}: {error}")]
    Number {
        /// Where in the document.
        path: String,
        /// What is wrong with it.
        error: NumberError,
    },
    /// Deeper than 32 levels.
    #[error("{path}: nesting levels have exceeded supported limits")]
    Nesting {
        /// Where in the document.
        path: String,
    },
}

/// The item a JSON object of attribute values stands for.
pub fn item_from_json(json: &Value) -> Result<Item, JsonError> {
    read_item(json, "item", 0)
}

/// The attribute value a JSON object such as `{"S": "text"}` stands for.
pub fn value_from_json(json: &Value) -> Result<AttributeValue, JsonError> {
    read_value(json, "value", 0)
}

/// The item as a JSON object of attribute values.
pub fn item_to_json(item: &Item) -> Value {
    Value::Object(item.iter().map(|(name, value)| (name.to_string(), value_to_json(value))).collect())
}

/// The value as a JSON object with its type's descriptor.
pub fn value_to_json(value: &AttributeValue) -> Value {
    let content = match value {
        AttributeValue::S(text) => Value::from(text.as_str()),
        AttributeValue::N(number) => Value::from(number.to_string()),
        AttributeValue::B(bytes) => Value::from(STANDARD.encode(bytes)),
        AttributeValue::Bool(truth) => Value::from(*truth),
        AttributeValue::Null => Value::from(true),
        AttributeValue::Ss(elements) => elements.iter().map(|element| element.as_str()).collect(),
        AttributeValue::Ns(elements) => elements.iter().map(Number::to_string).collect(),
        AttributeValue::Bs(elements) => elements.iter().map(|element| STANDARD.encode(element)).collect(),
        AttributeValue::L(elements) => elements.iter().map(value_to_json).collect(),
        AttributeValue::M(map) => item_to_json(map),
    };
    let mut object = Map::new();
    object.insert(value.attribute_type().descriptor().to_owned(), content);
    Value::Object(object)
}

fn shape(path: &str, expected: &'static str) -> JsonError {
    JsonError::Shape { path: path.to_owned(), expected }
}

fn read_item(json: &Value, path: &str, depth: usize) -> Result<Item, JsonError> {
    let object = json.as_object().ok_or_else(|| shape(path, "an object of attribute values"))?;
    object.iter().map(|(name, value)| Ok((name.into(), read_value(value, &format!("{path}.{name}"), depth)?))).collect()
}

fn read_value(json: &Value, path: &str, depth: usize) -> Result<AttributeValue, JsonError> {
    if depth > NESTING_MAX {
        return Err(JsonError::Nesting { path: path.to_owned() });
    }
    let member = json.as_object().filter(|object| object.len() == 1).and_then(|object| object.iter().next());
    let (descriptor, content) =
        member.ok_or_else(|| shape(path, "an object with one member, such as {\"S\": \"text\"}"))?;
    let kind = AttributeType::from_descriptor(descriptor)
        .ok_or_else(|| shape(path, "one of S, N, B, SS, NS, BS, M, L, NULL, BOOL"))?;
    Ok(match kind {
        AttributeType::S => AttributeValue::S(read_text(content, path)?.into()),
        AttributeType::N => AttributeValue::N(read_number(content, path)?),
        AttributeType::B => AttributeValue::B(read_binary(content, path)?),
        AttributeType::Bool => AttributeValue::Bool(content.as_bool().ok_or_else(|| shape(path, "true or false"))?),
        AttributeType::Null => {
            content.as_bool().filter(|truth| *truth).ok_or_else(|| shape(path, "true"))?;
            AttributeValue::Null
        }
        AttributeType::Ss => {
            AttributeValue::string_set(read_set(content, path, |element| Ok(read_text(element, path)?.into()))?)
        }
        AttributeType::Ns => AttributeValue::number_set(read_set(content, path, |element| read_number(element, path))?),
        AttributeType::Bs => AttributeValue::binary_set(read_set(content, path, |element| read_binary(element, path))?),
        AttributeType::L => {
            let elements = content.as_array().ok_or_else(|| shape(path, "an array"))?;
            let read = |(index, element)| read_value(element, &format!("{path}[{index}]"), depth + 1);
            AttributeValue::L(elements.iter().enumerate().map(read).collect::<Result<_, _>>()?)
        }
        AttributeType::M => AttributeValue::M(read_item(content, path, depth + 1)?),
    })
}

fn read_text<'json>(json: &'json Value, path: &str) -> Result<&'json str, JsonError> {
    json.as_str().ok_or_else(|| shape(path, "a string"))
}

fn read_number(json: &Value, path: &str) -> Result<Number, JsonError> {
    let text = json.as_str().ok_or_else(|| shape(path, "a number written as a string"))?;
    text.parse().map_err(|error| JsonError::Number { path: path.to_owned(), error })
}

fn read_binary(json: &Value, path: &str) -> Result<Box<[u8]>, JsonError> {
    let bytes = STANDARD.decode(read_text(json, path)?).map_err(|_| shape(path, "base64"))?;
    Ok(bytes.into_boxed_slice())
}

fn read_set<T>(json: &Value, path: &str, read: impl Fn(&Value) -> Result<T, JsonError>) -> Result<Vec<T>, JsonError> {
    let elements = json.as_array().filter(|array| !array.is_empty()).ok_or_else(|| shape(path, "a non-empty array"))?;
    elements.iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_type_survives_the_round_trip() {
        let document = json!({
            "s": {"S": "text"}, "n": {"N": "1.5"}, "b": {"B": "AAEC"}, "t": {"BOOL": false}, "z": {"NULL": true},
            "ss": {"SS": ["a", "b"]}, "ns": {"NS": ["1", "2"]}, "bs": {"BS": ["AA=="]},
            "l": {"L": [{"S": "x"}, {"L": []}]}, "m": {"M": {"k": {"N": "-3"}}}
        });
        let item = item_from_json(&document).unwrap();
        assert_eq!(item_from_json(&item_to_json(&item)).unwrap(), item);
        assert_eq!(item_to_json(&item).as_object().unwrap().len(), 10);
    }

    #[test]
    fn depth_is_bounded() {
        let mut deep = json!({"S": "leaf"});
        for _ in 0..40 {
            deep = json!({"L": [deep]});
        }
        assert!(matches!(value_from_json(&deep), Err(JsonError::Nesting { .. })));
    }

    #[test]
    fn a_wrong_value_is_named_with_its_place() {
        let error = item_from_json(&json!({"a": {"L": [{"N": 5}]}})).unwrap_err();
        assert_eq!(error.to_string(), "item.a[0]: expected a number written as a string");
    }
}
