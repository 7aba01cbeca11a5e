//! The size of an item, by DynamoDB's rule (facts §1.5; DG: CapacityUnitCalculations).

use super::{AttributeValue, Item, KeyValue};

/// The largest item: 400 KB with attribute names (facts §8).
pub const ITEM_MAX_BYTES: usize = 409_600;
/// The longest partition key, all its attributes together, in bytes (facts §8).
pub const PARTITION_KEY_MAX_BYTES: usize = 2048;
/// The longest sort key, all its attributes together, in bytes (facts §8).
pub const SORT_KEY_MAX_BYTES: usize = 1024;
/// Reads are charged in blocks of 4 KB (facts §1.1).
pub const READ_BLOCK_BYTES: u64 = 4096;
/// Writes are charged in blocks of 1 KB (facts §1.1).
pub const WRITE_BLOCK_BYTES: u64 = 1024;

/// What a list or a map counts besides its elements.
pub(super) const DOCUMENT_OVERHEAD_BYTES: usize = 3;
/// What each element of a list or a map counts besides itself.
pub(super) const ELEMENT_OVERHEAD_BYTES: usize = 1;

impl Item {
    /// The item's size: for every attribute the UTF-8 bytes of its name and its value's size.
    pub fn size_bytes(&self) -> usize {
        self.iter().map(|(name, value)| name.len() + value.size_bytes()).sum()
    }
}

impl AttributeValue {
    /// The value's size without its name.
    pub fn size_bytes(&self) -> usize {
        match self {
            AttributeValue::S(text) => text.len(),
            AttributeValue::N(number) => number.size_bytes(),
            AttributeValue::B(bytes) => bytes.len(),
            AttributeValue::Bool(_) | AttributeValue::Null => 1,
            AttributeValue::Ss(elements) => elements.iter().map(|element| element.len()).sum(),
            AttributeValue::Ns(elements) => elements.iter().map(|element| element.size_bytes()).sum(),
            AttributeValue::Bs(elements) => elements.iter().map(|element| element.len()).sum(),
            AttributeValue::L(elements) => {
                let content: usize = elements.iter().map(|element| ELEMENT_OVERHEAD_BYTES + element.size_bytes()).sum();
                DOCUMENT_OVERHEAD_BYTES + content
            }
            AttributeValue::M(map) => DOCUMENT_OVERHEAD_BYTES + ELEMENT_OVERHEAD_BYTES * map.len() + map.size_bytes(),
        }
    }
}

impl KeyValue {
    /// The value's size without the attribute's name.
    pub fn size_bytes(&self) -> usize {
        match self {
            KeyValue::S(text) => text.len(),
            KeyValue::N(number) => number.size_bytes(),
            KeyValue::B(bytes) => bytes.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::Number;

    #[test]
    fn the_documented_shirt_is_23_bytes() {
        let shirt: Item = [("shirt-color", "R"), ("shirt-size", "M")]
            .map(|(name, value)| (name.into(), AttributeValue::string(value)))
            .into_iter()
            .collect();
        assert_eq!(shirt.size_bytes(), 23);
    }

    #[test]
    fn documents_count_three_bytes_and_one_an_element() {
        let list = AttributeValue::L(vec![AttributeValue::string("ab"), AttributeValue::Null]);
        assert_eq!(list.size_bytes(), 3 + (1 + 2) + (1 + 1));
        let map = AttributeValue::M([("key".into(), AttributeValue::from(Number::from(12)))].into_iter().collect());
        assert_eq!(map.size_bytes(), 3 + (1 + 3 + 2));
        assert_eq!(AttributeValue::L(Vec::new()).size_bytes(), 3);
        let sets = AttributeValue::number_set(vec![Number::from(1), Number::from(12), Number::ZERO]);
        assert_eq!(sets.size_bytes(), 2 + 2 + 1);
        assert_eq!(AttributeValue::B(vec![0; 7].into()).size_bytes(), 7);
    }

    #[test]
    fn a_default_ycsb_record_is_about_1087_bytes() {
        let mut record: Item =
            (0..10).map(|field| (format!("field{field}").into(), AttributeValue::string("x".repeat(100)))).collect();
        record.insert("y_id".into(), AttributeValue::string("user6284781860667377211"));
        assert_eq!(record.size_bytes(), 1087);
    }
}
