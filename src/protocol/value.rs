//! Attribute values as requests hold them, with the service's words where they are none (facts, appendix A).

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::item::{AttributeType, AttributeValue, Item, NESTING_MAX, Number, NumberError};

use super::fault::{Decoded, Fault};
use super::json::Json;
use super::shape::{check_scalar, unexpected_start, unrecognized};

/// Base64 as Java reads it: bits that belong to no byte may be set.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical)
        .with_decode_allow_trailing_bits(true),
);

/// The most characters of a number that a message repeats.
const SHOWN_MAX_CHARS: usize = 128;

/// What is wrong with an attribute value; where it stands decides what is put around the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidValue(pub String);

impl InvalidValue {
    fn new(text: impl Into<String>) -> Self {
        InvalidValue(text.into())
    }

    fn parameter(text: impl std::fmt::Display) -> Self {
        InvalidValue(format!("One or more parameter values were invalid: {text}"))
    }
}

impl From<InvalidValue> for Fault {
    fn from(invalid: InvalidValue) -> Self {
        Fault::validation(invalid.0)
    }
}

/// Whether an attribute value's members are of the right JSON types. Recurses as deep as the parser let it nest.
pub fn check_types(json: &Json<'_>) -> Decoded<()> {
    match json {
        Json::Null => Ok(()),
        Json::Object(members) => members.iter().try_for_each(|(name, content)| check_member(name, content)),
        Json::Array(_) => Err(unrecognized("class com.amazonaws.dynamodb.v20120810.AttributeValue")),
        _ => Err(Fault::serialization("Unexpected field type")),
    }
}

fn check_member(name: &str, content: &Json<'_>) -> Decoded<()> {
    let elements = |check: fn(&Json<'_>) -> Decoded<()>| match content {
        Json::Array(elements) => elements.iter().try_for_each(check),
        Json::Null => Ok(()),
        Json::Object(_) => Err(unexpected_start()),
        _ => Err(Fault::serialization("Unexpected field type")),
    };
    match name {
        "S" | "N" => check_scalar(content, "String"),
        "B" => check_binary(content),
        "BOOL" | "NULL" => check_scalar(content, "Boolean"),
        "SS" | "NS" => elements(|element| check_scalar(element, "String")),
        "BS" => elements(check_binary),
        "L" => elements(check_types),
        "M" => match content {
            Json::Object(members) => members.iter().try_for_each(|(_, value)| check_types(value)),
            Json::Array(_) => {
                Err(unrecognized("java.util.Map<java.lang.String, com.amazonaws.dynamodb.v20120810.AttributeValue>"))
            }
            Json::Null => Ok(()),
            _ => Err(Fault::serialization("Unexpected field type")),
        },
        _ => Ok(()),
    }
}

fn check_binary(json: &Json<'_>) -> Decoded<()> {
    let text = match json {
        Json::Null => return Ok(()),
        Json::Text(text) => text,
        Json::Array(_) => return Err(unrecognized("class java.nio.ByteBuffer")),
        Json::Object(_) => return Err(unexpected_start()),
        _ => return Err(Fault::serialization("Only base64-encoded strings are convertible to bytes")),
    };
    let length = text.len();
    if !length.is_multiple_of(4) {
        return Err(Fault::serialization(format!(
            "Base64 encoded length is expected a multiple of 4 bytes but found: {length}"
        )));
    }
    let content = text.trim_end_matches('=');
    let is_digit = |digit: char| digit.is_ascii_alphanumeric() || matches!(digit, '+' | '/');
    match content.chars().find(|digit| !is_digit(*digit)) {
        Some(stranger) => Err(Fault::serialization(format!("Invalid Base64 character: '{stranger}'"))),
        None if length - content.len() > 2 => Err(Fault::serialization("Invalid Base64 character: '='")),
        None => Ok(()),
    }
}

/// The attributes of an item or a key. Types have been checked.
pub fn read_item(json: &Json<'_>) -> Result<Item, InvalidValue> {
    read_map(json, 0)
}

/// One attribute value. Types have been checked.
pub fn read_value(json: &Json<'_>) -> Result<AttributeValue, InvalidValue> {
    read_nested(json, 0)
}

fn read_map(json: &Json<'_>, depth: usize) -> Result<Item, InvalidValue> {
    json.members().iter().map(|(name, value)| Ok(((&**name).into(), read_nested(value, depth)?))).collect()
}

fn read_nested(json: &Json<'_>, depth: usize) -> Result<AttributeValue, InvalidValue> {
    if depth > NESTING_MAX {
        return Err(InvalidValue::new("Nesting Levels have exceeded supported limits"));
    }
    let mut found = None;
    for (name, content) in json.members() {
        let Some(kind) = AttributeType::from_descriptor(name).filter(|_| *content != Json::Null) else { continue };
        let value = read_content(kind, content, depth)?;
        if found.replace(value).is_some() {
            return Err(InvalidValue::new(
                "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported \
                 datatypes",
            ));
        }
    }
    found.ok_or_else(|| {
        InvalidValue::new("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")
    })
}

fn read_content(kind: AttributeType, content: &Json<'_>, depth: usize) -> Result<AttributeValue, InvalidValue> {
    let text = || content.text().unwrap_or_default();
    Ok(match kind {
        AttributeType::S => AttributeValue::S(text().into()),
        AttributeType::N => AttributeValue::N(read_number(text())?),
        AttributeType::B => AttributeValue::B(read_binary(text())?),
        AttributeType::Bool => AttributeValue::Bool(content.boolean().unwrap_or_default()),
        AttributeType::Null if content.boolean() == Some(true) => AttributeValue::Null,
        AttributeType::Null => {
            return Err(InvalidValue::parameter("Null attribute value types must have the value of true"));
        }
        AttributeType::Ss => {
            let set = AttributeValue::string_set(read_set(kind, content, |text| Ok(text.into()))?);
            check_distinct(set, content, |texts| format!("Input collection [{texts}] contains duplicates."))?
        }
        AttributeType::Ns => {
            let set = AttributeValue::number_set(read_set(kind, content, read_number)?);
            check_distinct(set, content, |_| "Input collection contains duplicates".to_owned())?
        }
        AttributeType::Bs => {
            let set = AttributeValue::binary_set(read_set(kind, content, read_binary)?);
            check_distinct(set, content, |texts| format!("Input collection [{texts}]of type BS contains duplicates."))?
        }
        AttributeType::L => {
            let elements = content.elements().iter().map(|element| read_nested(element, depth + 1));
            AttributeValue::L(elements.collect::<Result<_, _>>()?)
        }
        AttributeType::M => AttributeValue::M(read_map(content, depth + 1)?),
    })
}

fn read_number(text: &str) -> Result<Number, InvalidValue> {
    text.parse().map_err(|error| match error {
        NumberError::Syntax if !text.is_empty() => {
            let shown: String = text.chars().take(SHOWN_MAX_CHARS).collect();
            InvalidValue(format!("{error}: {shown}"))
        }
        _ => InvalidValue(error.to_string()),
    })
}

fn read_binary(text: &str) -> Result<Box<[u8]>, InvalidValue> {
    // The text has been checked: this does not fail.
    let bytes = BASE64.decode(text).map_err(|_| InvalidValue::parameter("Invalid Base64"))?;
    Ok(bytes.into_boxed_slice())
}

fn read_set<T>(
    kind: AttributeType,
    content: &Json<'_>,
    read: impl Fn(&str) -> Result<T, InvalidValue>,
) -> Result<Vec<T>, InvalidValue> {
    let elements = content.elements();
    let name = match kind {
        AttributeType::Ss => "string",
        AttributeType::Ns => "number",
        _ => "binary",
    };
    if elements.is_empty() {
        return Err(match kind {
            AttributeType::Bs => InvalidValue::parameter("Binary sets should not be empty"),
            _ => InvalidValue::parameter(format!("An {name} set  may not be empty")),
        });
    }
    let null = || InvalidValue::parameter(format!("An {name} set may not have a null {name} as a member"));
    elements.iter().map(|element| read(element.text().ok_or_else(null)?)).collect()
}

/// Refuses a set that lost elements because they came twice.
fn check_distinct(
    set: AttributeValue,
    content: &Json<'_>,
    message: impl Fn(String) -> String,
) -> Result<AttributeValue, InvalidValue> {
    let distinct = match &set {
        AttributeValue::Ss(elements) => elements.len(),
        AttributeValue::Ns(elements) => elements.len(),
        AttributeValue::Bs(elements) => elements.len(),
        _ => return Ok(set),
    };
    if distinct == content.elements().len() {
        return Ok(set);
    }
    let texts: Vec<&str> = content.elements().iter().filter_map(Json::text).collect();
    Err(InvalidValue::parameter(message(texts.join(", "))))
}
