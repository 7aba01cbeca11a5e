//! Items and attribute values.

use crate::item::{AttributeType, AttributeValue, Item, PackedItem, PackedValue, ScalarRef};

use super::writer::Writer;

/// Writes an item of a table, from the form it is stored in: what most items are made of is not unpacked.
pub fn write_stored_item(writer: &mut Writer, item: &PackedItem) {
    writer.object(|writer| {
        for (name, value) in item.iter() {
            write_stored_value(writer.name(name), value);
        }
    });
}

fn write_stored_value(writer: &mut Writer, value: PackedValue<'_>) {
    match value.scalar() {
        Some(ScalarRef::S(bytes)) => writer.object(|writer| {
            // It was a string when it was packed.
            let text = std::str::from_utf8(bytes).unwrap_or_default();
            writer.name(AttributeType::S.descriptor()).text(text);
        }),
        Some(ScalarRef::N(number)) => {
            writer.object(|writer| writer.name(AttributeType::N.descriptor()).plain_text(number));
        }
        Some(ScalarRef::B(bytes)) => {
            writer.object(|writer| writer.name(AttributeType::B.descriptor()).binary(bytes));
        }
        None => write_value(writer, &value.to_value()),
    }
}

/// Writes a key or an item of a request.
pub fn write_item(writer: &mut Writer, item: &Item) {
    writer.object(|writer| {
        for (name, value) in item.iter() {
            write_value(writer.name(name), value);
        }
    });
}

/// Writes a value with its type's descriptor. Recurses as deep as documents nest.
fn write_value(writer: &mut Writer, value: &AttributeValue) {
    writer.object(|writer| {
        writer.name(value.attribute_type().descriptor());
        match value {
            AttributeValue::S(text) => writer.text(text),
            AttributeValue::N(number) => writer.plain_text(number),
            AttributeValue::B(bytes) => writer.binary(bytes),
            AttributeValue::Bool(truth) => writer.boolean(*truth),
            AttributeValue::Null => writer.boolean(true),
            AttributeValue::Ss(elements) => writer.array(|writer| {
                elements.iter().for_each(|element| writer.text(element));
            }),
            AttributeValue::Ns(elements) => writer.array(|writer| {
                elements.iter().for_each(|element| writer.plain_text(element));
            }),
            AttributeValue::Bs(elements) => writer.array(|writer| {
                elements.iter().for_each(|element| writer.binary(element));
            }),
            AttributeValue::L(elements) => writer.array(|writer| {
                elements.iter().for_each(|element| write_value(writer, element));
            }),
            AttributeValue::M(map) => write_item(writer, map),
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::item_from_json;
    use serde_json::json;

    #[test]
    fn every_type_is_written_as_it_is_read() {
        let document = json!({
            "s": {"S": "te\"xt\n"}, "n": {"N": "1.5"}, "b": {"B": "AAEC"}, "t": {"BOOL": false}, "z": {"NULL": true},
            "ss": {"SS": ["a", "b"]}, "ns": {"NS": ["1", "2"]}, "bs": {"BS": ["AA=="]}, "empty": {"M": {}},
            "l": {"L": [{"S": "x"}, {"L": []}]}, "m": {"M": {"k\\": {"N": "-3"}}}
        });
        let item = item_from_json(&document).unwrap();
        let mut writer = Writer::default();
        write_item(&mut writer, &item);
        let bytes = writer.finish();
        let written: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(item_from_json(&written).unwrap(), item);
        assert_eq!(written["z"], json!({"NULL": true}));
        let mut writer = Writer::default();
        write_stored_item(&mut writer, &PackedItem::pack(&item));
        assert_eq!(writer.finish(), bytes);
    }
}
