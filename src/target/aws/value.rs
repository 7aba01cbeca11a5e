//! Items and attribute values, ours to the SDK's and back.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue as SdkValue;

use crate::item::{AttributeValue, Item, Number};

use super::response::Malformed;

/// An item as the SDK wants it.
pub(super) type SdkItem = HashMap<String, SdkValue>;

/// Our item in the SDK's form.
pub(super) fn to_sdk(item: &Item) -> SdkItem {
    item.iter().map(|(name, value)| (name.to_string(), value_to_sdk(value))).collect()
}

/// The SDK's item in our form; a number DynamoDB could not have stored makes the answer malformed.
pub(super) fn from_sdk(item: SdkItem) -> Result<Item, Malformed> {
    item.into_iter().map(|(name, value)| Ok((name.into(), value_from_sdk(value)?))).collect()
}

fn value_to_sdk(value: &AttributeValue) -> SdkValue {
    match value {
        AttributeValue::S(text) => SdkValue::S(text.to_string()),
        AttributeValue::N(number) => SdkValue::N(number.to_string()),
        AttributeValue::B(bytes) => SdkValue::B(Blob::new(bytes.to_vec())),
        AttributeValue::Bool(truth) => SdkValue::Bool(*truth),
        AttributeValue::Null => SdkValue::Null(true),
        AttributeValue::Ss(texts) => SdkValue::Ss(texts.iter().map(|text| text.to_string()).collect()),
        AttributeValue::Ns(numbers) => SdkValue::Ns(numbers.iter().map(|number| number.to_string()).collect()),
        AttributeValue::Bs(binaries) => SdkValue::Bs(binaries.iter().map(|bytes| Blob::new(bytes.to_vec())).collect()),
        AttributeValue::L(values) => SdkValue::L(values.iter().map(value_to_sdk).collect()),
        AttributeValue::M(map) => SdkValue::M(to_sdk(map)),
    }
}

fn value_from_sdk(value: SdkValue) -> Result<AttributeValue, Malformed> {
    Ok(match value {
        SdkValue::S(text) => AttributeValue::S(text.into()),
        SdkValue::N(text) => AttributeValue::N(number(&text)?),
        SdkValue::B(bytes) => AttributeValue::B(bytes.into_inner().into()),
        SdkValue::Bool(truth) => AttributeValue::Bool(truth),
        SdkValue::Null(_) => AttributeValue::Null,
        SdkValue::Ss(texts) => AttributeValue::string_set(texts.into_iter().map(Into::into).collect()),
        SdkValue::Ns(texts) => {
            AttributeValue::number_set(texts.iter().map(|text| number(text)).collect::<Result<_, _>>()?)
        }
        SdkValue::Bs(binaries) => {
            AttributeValue::binary_set(binaries.into_iter().map(|bytes| bytes.into_inner().into()).collect())
        }
        SdkValue::L(values) => AttributeValue::L(values.into_iter().map(value_from_sdk).collect::<Result<_, _>>()?),
        SdkValue::M(map) => AttributeValue::M(from_sdk(map)?),
        other => return Err(Malformed(format!("an attribute value of a type unknown here: {other:?}"))),
    })
}

fn number(text: &str) -> Result<Number, Malformed> {
    text.parse().map_err(|error| Malformed(format!("the number `{text}`: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_ten_types_survive_the_way_there_and_back() {
        let number = |text: &str| text.parse::<Number>().unwrap();
        let bytes = |bytes: &[u8]| Box::<[u8]>::from(bytes);
        let nested: Item = [("deep".into(), AttributeValue::L(vec![AttributeValue::Null]))].into_iter().collect();
        let item: Item = [
            ("s", AttributeValue::string("grüße")),
            ("n", AttributeValue::N(number("-1.2345678901234567890123456789012345678E-100"))),
            ("b", AttributeValue::B(bytes(&[0, 255]))),
            ("bool", AttributeValue::Bool(true)),
            ("null", AttributeValue::Null),
            ("ss", AttributeValue::string_set(vec!["b".into(), "a".into()])),
            ("ns", AttributeValue::number_set(vec![number("2"), number("-1")])),
            ("bs", AttributeValue::binary_set(vec![bytes(&[2]), bytes(&[1])])),
            ("l", AttributeValue::L(vec![AttributeValue::string(""), AttributeValue::M(nested.clone())])),
            ("m", AttributeValue::M(nested)),
        ]
        .into_iter()
        .map(|(name, value)| (name.into(), value))
        .collect();
        assert_eq!(from_sdk(to_sdk(&item)).unwrap(), item);
    }

    #[test]
    fn a_number_nobody_could_have_stored_is_malformed() {
        let item = SdkItem::from([("n".to_owned(), SdkValue::N("twelve".to_owned()))]);
        assert!(from_sdk(item).unwrap_err().0.contains("twelve"));
    }
}
