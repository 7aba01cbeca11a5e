//! A fingerprint of a transaction, to tell whether a client request token comes again with other parameters.

use std::hash::Hash;

use xxhash_rust::xxh3::Xxh3;

use crate::api::{Placeholders, ReturnValues, TransactWrite};
use crate::item::{AttributeValue, Item};

/// 128 bits over everything the actions say. The items have been checked, so documents are not deeper than they may be.
pub fn of_transaction(actions: &[TransactWrite]) -> u128 {
    let mut hasher = Xxh3::new();
    for action in actions {
        hash_action(action, &mut hasher);
    }
    hasher.digest128()
}

fn hash_action(action: &TransactWrite, hasher: &mut Xxh3) {
    std::mem::discriminant(action).hash(hasher);
    match action {
        TransactWrite::ConditionCheck(check) => {
            (&check.table_name, &check.condition_expression, check.return_item_on_condition_failure).hash(hasher);
            hash_item(&check.key, hasher);
            hash_placeholders(&check.placeholders, hasher);
        }
        TransactWrite::Put(put) => {
            let returned = returned(put.return_values, put.return_item_on_condition_failure);
            (&put.table_name, &put.condition_expression, returned).hash(hasher);
            hash_item(&put.item, hasher);
            hash_placeholders(&put.placeholders, hasher);
        }
        TransactWrite::Update(update) => {
            let returned = returned(update.return_values, update.return_item_on_condition_failure);
            (&update.table_name, &update.update_expression, &update.condition_expression, returned).hash(hasher);
            hash_item(&update.key, hasher);
            hash_placeholders(&update.placeholders, hasher);
        }
        TransactWrite::Delete(delete) => {
            let returned = returned(delete.return_values, delete.return_item_on_condition_failure);
            (&delete.table_name, &delete.condition_expression, returned).hash(hasher);
            hash_item(&delete.key, hasher);
            hash_placeholders(&delete.placeholders, hasher);
        }
    }
}

fn returned(values: ReturnValues, item_on_condition_failure: bool) -> (u8, bool) {
    (values as u8, item_on_condition_failure)
}

fn hash_placeholders(placeholders: &Placeholders, hasher: &mut Xxh3) {
    placeholders.names.hash(hasher);
    hash_item(&placeholders.values, hasher);
}

fn hash_item(item: &Item, hasher: &mut Xxh3) {
    item.len().hash(hasher);
    for (name, value) in item.iter() {
        name.hash(hasher);
        hash_value(value, hasher);
    }
}

fn hash_value(value: &AttributeValue, hasher: &mut Xxh3) {
    std::mem::discriminant(value).hash(hasher);
    match value {
        AttributeValue::S(text) => text.hash(hasher),
        AttributeValue::N(number) => number.hash(hasher),
        AttributeValue::B(bytes) => bytes.hash(hasher),
        AttributeValue::Bool(truth) => truth.hash(hasher),
        AttributeValue::Null => {}
        AttributeValue::Ss(elements) => elements.hash(hasher),
        AttributeValue::Ns(elements) => elements.hash(hasher),
        AttributeValue::Bs(elements) => elements.hash(hasher),
        AttributeValue::L(elements) => {
            elements.len().hash(hasher);
            elements.iter().for_each(|element| hash_value(element, hasher));
        }
        AttributeValue::M(map) => hash_item(map, hasher),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::api::PutItem;

    #[test]
    fn any_difference_changes_the_fingerprint() {
        let put = |table: &str, text: &str, condition: Option<&str>| {
            let item: Item = [("id".into(), AttributeValue::string(text))].into_iter().collect();
            TransactWrite::Put(PutItem {
                table_name: table.into(),
                item: Arc::new(item),
                condition_expression: condition.map(Arc::from),
                placeholders: Placeholders::default(),
                return_values: ReturnValues::None,
                return_item_on_condition_failure: false,
            })
        };
        let of = |actions: &[TransactWrite]| of_transaction(actions);
        let first = of(&[put("t", "1", None)]);
        assert_eq!(first, of(&[put("t", "1", None)]));
        assert_ne!(first, of(&[put("u", "1", None)]));
        assert_ne!(first, of(&[put("t", "2", None)]));
        assert_ne!(first, of(&[put("t", "1", Some("attribute_exists(id)"))]));
        assert_ne!(first, of(&[put("t", "1", None), put("t", "2", None)]));
    }
}
