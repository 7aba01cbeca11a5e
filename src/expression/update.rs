//! Update expressions.

use std::sync::Arc;

use compact_str::CompactString;

use crate::api::{ApiError, AttributeNames, Placeholders};
use crate::item::{AttributeType, AttributeValue, Item, PackedItem};

use super::edit::Edit;
use super::error::{Checked, ExpressionError, note};
use super::operand::defined;
use super::parser::Parser;
use super::path::{self, DocumentPath, Name, Segment, check_overlap};
use super::selection::select;
use super::update_parser;
use super::update_value::{SetValue, of_update};
use super::{ExpressionKind, UsedPlaceholders, UsesPlaceholders};

/// A parsed update expression.
#[derive(Debug)]
pub struct Update {
    actions: Arc<[Action]>,
    /// The attributes it reads or writes.
    attributes: Box<[Name]>,
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
    pub fn apply(
        &self,
        placeholders: &Placeholders,
        key: &Item,
        old: Option<&PackedItem>,
    ) -> Result<Updated, ApiError> {
        self.check_avoids_key(placeholders, key)?;
        self.check_paths(placeholders).map_err(of_update)?;
        let touched = path::heads(self.attributes.iter(), placeholders).map_err(of_update)?;
        // The rest of an item that is there is neither unpacked nor looked at.
        let before = old.map_or_else(|| key.clone(), |old| old.unpack_only(touched.iter().copied()));
        let mut edit = Edit::new(before.clone(), placeholders);
        for (at, action) in self.actions.iter().enumerate() {
            match &action.change {
                Change::Set(value) => edit.set(at, &action.path, value.evaluate(placeholders, &before)?)?,
                Change::Remove => edit.remove(&action.path)?,
                Change::Add(value) => edit.add(at, &action.path, defined(value, placeholders).map_err(of_update)?)?,
                Change::Delete(value) => edit.delete(&action.path, defined(value, placeholders).map_err(of_update)?)?,
            }
        }
        let (after, appended) = edit.finish()?;
        let item = old.map_or_else(|| PackedItem::pack(&after), |old| old.with(&touched, &after));
        let names = (!placeholders.names.is_empty()).then(|| placeholders.names.clone());
        Ok(Updated { item, before, after, actions: Arc::clone(&self.actions), names, appended })
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
    let mut attributes = Vec::new();
    for action in &actions {
        attributes.push(action.path.head.clone());
        if let Change::Set(value) = &action.change {
            value.collect_attributes(&mut attributes);
        }
    }
    Ok(Update { actions: actions.into(), attributes: attributes.into(), used })
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
    pub item: PackedItem,
    before: Item,
    after: Item,
    actions: Arc<[Action]>,
    /// ExpressionAttributeNames; the empty list is one for all threads, so it is not counted here.
    names: Option<AttributeNames>,
    /// Elements appended to lists: the action, and the index the element came to.
    appended: Vec<(usize, usize)>,
}

impl Updated {
    /// The attributes that may be new or changed, as they are now; the others are those of the item before.
    pub const fn changed(&self) -> &Item {
        &self.after
    }

    /// The updated attributes as they were (UPDATED_OLD).
    pub fn updated_old(&self) -> Item {
        let placeholders = self.placeholders();
        let paths = self.actions.iter().map(|action| action.path.segments(&placeholders).collect());
        select(&self.before, paths.collect())
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
        select(&self.after, paths.collect())
    }

    fn placeholders(&self) -> Placeholders {
        Placeholders { names: self.names.clone().unwrap_or_default(), values: Item::new() }
    }
}

#[cfg(test)]
mod tests;
