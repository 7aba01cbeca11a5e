//! Update expressions.

use std::sync::Arc;

use compact_str::CompactString;

use crate::api::{ApiError, Placeholders};
use crate::item::{AttributeType, AttributeValue, Item};

use super::edit::Edit;
use super::error::{Checked, ExpressionError, note};
use super::operand::defined;
use super::parser::Parser;
use super::path::{DocumentPath, Segment, check_overlap};
use super::selection::select;
use super::update_parser;
use super::update_value::{SetValue, of_update};
use super::{ExpressionKind, UsedPlaceholders, UsesPlaceholders};

/// A parsed update expression.
#[derive(Debug)]
pub struct Update {
    actions: Arc<[Action]>,
    used: UsedPlaceholders,
}

/// One change to one place.
#[derive(Debug)]
pub(super) struct Action {
    pub(super) path: DocumentPath,
    pub(super) change: Change,
}

/// What happens at the place; values are placeholders.
#[derive(Debug)]
pub(super) enum Change {
    Set(SetValue),
    Remove,
    Add(CompactString),
    Delete(CompactString),
}

impl Update {
    /// Parses an update.
    pub fn parse(text: &str) -> Result<Update, ApiError> {
        parse_update(text).map_err(of_update)
    }

    /// Refuses an update of a key attribute. `apply` does so too; a request is checked before its condition is evaluated.
    pub fn check_avoids_key(&self, placeholders: &Placeholders, key: &Item) -> Result<(), ApiError> {
        for action in &*self.actions {
            let name = action.path.head.resolve(placeholders).map_err(of_update)?;
            if key.get(name).is_some() {
                return Err(ApiError::validation(format!(
                    "One or more parameter values were invalid: Cannot update attribute {name}. This attribute is part of the key"
                )));
            }
        }
        Ok(())
    }

    /// The item after the update. `old` is `None` where there is no such item; `key` holds the key attributes.
    ///
    /// Every operand is read from the item as it was, and list indexes count its elements: appended ones come after
    /// them in the order of their indexes, removed ones go at the end.
    pub fn apply(&self, placeholders: &Placeholders, key: &Item, old: Option<&Item>) -> Result<Updated, ApiError> {
        self.check_avoids_key(placeholders, key)?;
        self.check_paths(placeholders).map_err(of_update)?;
        let before = old.unwrap_or(key);
        let mut edit = Edit::new(before.clone(), placeholders);
        for (at, action) in self.actions.iter().enumerate() {
            match &action.change {
                Change::Set(value) => edit.set(at, &action.path, value.evaluate(placeholders, before)?)?,
                Change::Remove => edit.remove(&action.path)?,
                Change::Add(value) => edit.add(at, &action.path, defined(value, placeholders).map_err(of_update)?)?,
                Change::Delete(value) => edit.delete(&action.path, defined(value, placeholders).map_err(of_update)?)?,
            }
        }
        let (item, appended) = edit.finish()?;
        let names = (!placeholders.names.is_empty()).then(|| Arc::clone(&placeholders.names));
        Ok(Updated { item, actions: Arc::clone(&self.actions), names, appended })
    }

    fn check_paths(&self, placeholders: &Placeholders) -> Checked<()> {
        if self.used.has_no_names() {
            // Found when it was parsed.
            return Ok(());
        }
        check_overlap(self.actions.iter().map(|action| &action.path), placeholders)
    }
}

fn parse_update(text: &str) -> Checked<Update> {
    let mut parser = Parser::new(text)?;
    let actions = update_parser::parse(&mut parser)?;
    let used = parser.finish()?;
    if used.has_no_names() {
        check_overlap(actions.iter().map(|action| &action.path), &Placeholders::default())?;
    }
    Ok(Update { actions: actions.into(), used })
}

impl UsesPlaceholders for Update {
    fn kind(&self) -> ExpressionKind {
        ExpressionKind::Update
    }

    fn used(&self) -> Option<&UsedPlaceholders> {
        Some(&self.used)
    }

    fn check_operands(&self, placeholders: &Placeholders) -> Result<(), ApiError> {
        let mut noted = self.check_paths(placeholders).err();
        for error in self.actions.iter().filter_map(|action| action.change.check(placeholders).err()) {
            note(&mut noted, error);
        }
        noted.map_or(Ok(()), |error| Err(of_update(error)))
    }
}

impl Change {
    fn check(&self, placeholders: &Placeholders) -> Checked<()> {
        let (section, operand, fits): (_, _, fn(&AttributeValue) -> bool) = match self {
            Change::Set(value) => return value.check(placeholders),
            Change::Remove => return Ok(()),
            Change::Add(value) => ("ADD", value, |value| matches!(value, AttributeValue::N(_)) || value.is_set()),
            Change::Delete(value) => ("DELETE", value, AttributeValue::is_set),
        };
        let value = defined(operand, placeholders)?;
        if fits(value) {
            return Ok(());
        }
        Err(ExpressionError::SectionOperandType { section, operand: long_name(value.attribute_type()) })
    }
}

/// The type's name in the messages of ADD and DELETE.
const fn long_name(kind: AttributeType) -> &'static str {
    match kind {
        AttributeType::S => "STRING",
        AttributeType::N => "NUMBER",
        AttributeType::B => "BINARY",
        AttributeType::Bool => "BOOLEAN",
        AttributeType::Null => "NULL",
        AttributeType::Ss => "STRING_SET",
        AttributeType::Ns => "NUMBER_SET",
        AttributeType::Bs => "BINARY_SET",
        AttributeType::L => "LIST",
        AttributeType::M => "MAP",
    }
}

/// An item after an update, and what the update touched.
#[derive(Debug)]
pub struct Updated {
    /// The whole item.
    pub item: Item,
    actions: Arc<[Action]>,
    /// ExpressionAttributeNames; the empty list is one for all threads, so it is not counted here.
    names: Option<Arc<[(CompactString, CompactString)]>>,
    /// Elements appended to lists: the action, and the index the element came to.
    appended: Vec<(usize, usize)>,
}

impl Updated {
    /// The updated attributes as they were (UPDATED_OLD).
    pub fn updated_old(&self, old: Option<&Item>) -> Item {
        let placeholders = self.placeholders();
        let paths = self.actions.iter().map(|action| action.path.segments(&placeholders).collect());
        old.map_or_else(Item::new, |old| select(old, paths.collect()))
    }

    /// The updated attributes as they are now (UPDATED_NEW).
    pub fn updated_new(&self) -> Item {
        let placeholders = self.placeholders();
        let kept = self.actions.iter().enumerate().filter(|(_, action)| !matches!(action.change, Change::Remove));
        let paths = kept.map(|(at, action)| {
            let mut path: Vec<Segment<'_>> = action.path.segments(&placeholders).collect();
            if let Some((_, index)) = self.appended.iter().find(|(appended, _)| *appended == at) {
                path.pop();
                path.push(Segment::Index(*index));
            }
            path
        });
        select(&self.item, paths.collect())
    }

    fn placeholders(&self) -> Placeholders {
        Placeholders { names: self.names.clone().unwrap_or_default(), values: Item::new() }
    }
}

#[cfg(test)]
mod tests;
