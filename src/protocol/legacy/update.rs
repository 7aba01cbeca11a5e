//! AttributeUpdates.

use std::sync::Arc;

use crate::item::{AttributeType, AttributeValue};
use crate::protocol::fault::{Decoded, Fault};
use crate::protocol::json::Json;
use crate::protocol::value::read_value;

use super::{Translation, expression};

/// The sections of the update, each without its keyword.
#[derive(Default)]
struct Sections {
    set: Vec<String>,
    remove: Vec<String>,
    add: Vec<String>,
    delete: Vec<String>,
}

/// The update of AttributeUpdates, if there is one.
pub fn attribute_updates(body: &Json<'_>, translation: &mut Translation) -> Decoded<Option<Arc<str>>> {
    let Some(updates) = body.member("AttributeUpdates") else { return Ok(None) };
    let mut sections = Sections::default();
    for (attribute, update) in updates.distinct_members() {
        sections.add_update(attribute, update, translation)?;
    }
    let Sections { set, remove, add, delete } = sections;
    let sections = [("SET ", set), ("REMOVE ", remove), ("ADD ", add), ("DELETE ", delete)];
    let texts = sections.into_iter().filter(|(_, actions)| !actions.is_empty());
    Ok(expression(
        texts.map(|(keyword, actions)| format!("{keyword}{}", actions.join(","))).collect::<Vec<_>>().join(" "),
    ))
}

impl Sections {
    /// PUT sets the attribute. DELETE removes it, or elements of a set. ADD counts a number up from zero, unites sets and
    /// appends to a list; each starts with nothing where the attribute is missing (API: AttributeValueUpdate).
    fn add_update(&mut self, attribute: &str, update: &Json<'_>, translation: &mut Translation) -> Decoded<()> {
        let action = update.member("Action").and_then(Json::text).unwrap_or("PUT");
        let Some(value) = update.member("Value") else {
            if action != "DELETE" {
                return Err(Fault::invalid("Only DELETE action is allowed when no attribute value is specified"));
            }
            self.remove.push(translation.name(attribute).into());
            return Ok(());
        };
        let value = read_value(value)?;
        let kind = value.attribute_type();
        match action {
            "DELETE" if !value.is_set() => {
                return Err(Fault::invalid(format!("DELETE action with value is not supported for the type {kind}")));
            }
            "ADD" if !value.is_set() && !matches!(kind, AttributeType::N | AttributeType::L) => {
                return Err(Fault::invalid(format!("ADD action is not supported for the type {kind}")));
            }
            _ => {}
        }
        let name = translation.name(attribute);
        let value = translation.value(value);
        match (action, kind) {
            ("DELETE", _) => self.delete.push(format!("{name} {value}")),
            ("ADD", AttributeType::L) => {
                let empty = translation.value(AttributeValue::L(Vec::new()));
                self.set.push(format!("{name}=list_append(if_not_exists({name},{empty}),{value})"));
            }
            ("ADD", _) => self.add.push(format!("{name} {value}")),
            _ => self.set.push(format!("{name}={value}")),
        }
        Ok(())
    }
}
