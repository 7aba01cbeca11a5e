//! An item while an update is applied to it.

use std::borrow::Cow;

use crate::api::{ApiError, Placeholders};
use crate::item::{AttributeValue, ITEM_MAX_BYTES, Item, NESTING_MAX};

use super::error::UpdateError;
use super::path::{DocumentPath, Place, Segment};
use super::update_value::of_update;

/// The item, and the changes to lists that wait so that indexes keep their meaning.
#[derive(Debug)]
pub(super) struct Edit<'a> {
    item: Item,
    placeholders: &'a Placeholders,
    /// Values for indexes beyond a list's end.
    appends: Vec<Append<'a>>,
    /// Elements to be taken out of lists.
    removals: Vec<&'a DocumentPath>,
    /// What was written so far; all of it ends up in the item.
    written_bytes: usize,
}

#[derive(Debug)]
struct Append<'a> {
    index: usize,
    action: usize,
    path: &'a DocumentPath,
    value: AttributeValue,
}

impl<'a> Edit<'a> {
    pub(super) fn new(item: Item, placeholders: &'a Placeholders) -> Self {
        Edit { item, placeholders, appends: Vec::new(), removals: Vec::new(), written_bytes: 0 }
    }

    /// SET: the place holds the value from now on.
    pub(super) fn set(
        &mut self,
        action: usize,
        path: &'a DocumentPath,
        value: Cow<'_, AttributeValue>,
    ) -> Result<(), ApiError> {
        self.allow(path, &value)?;
        match locate(path, self.placeholders, &mut self.item)? {
            Place::Attribute(map, name) => match map.get_mut(name) {
                Some(slot) => *slot = value.into_owned(),
                None => _ = map.insert(name.into(), value.into_owned()),
            },
            Place::Element(list, index) => match list.get_mut(index) {
                Some(slot) => *slot = value.into_owned(),
                None => self.appends.push(Append { index, action, path, value: value.into_owned() }),
            },
        }
        Ok(())
    }

    /// REMOVE: the place is empty from now on.
    pub(super) fn remove(&mut self, path: &'a DocumentPath) -> Result<(), ApiError> {
        match locate(path, self.placeholders, &mut self.item)? {
            Place::Attribute(map, name) => _ = map.remove(name),
            Place::Element(..) => self.removals.push(path),
        }
        Ok(())
    }

    /// ADD: a number grows by the value, a set by its elements; where nothing is, the value is put.
    pub(super) fn add(
        &mut self,
        action: usize,
        path: &'a DocumentPath,
        value: &AttributeValue,
    ) -> Result<(), ApiError> {
        let found = locate(path, self.placeholders, &mut self.item)?.value();
        match (found, value) {
            (Some(AttributeValue::N(sum)), AttributeValue::N(number)) => {
                *sum = sum.checked_add(*number).map_err(|error| ApiError::validation(error.to_string()))?;
                Ok(())
            }
            (None, AttributeValue::N(_) | AttributeValue::Ss(_) | AttributeValue::Ns(_) | AttributeValue::Bs(_)) => {
                self.set(action, path, Cow::Borrowed(value))
            }
            (Some(set), _) => {
                if !set.add_elements(value) {
                    return Err(UpdateError::OperandType.into());
                }
                self.allow(path, value)
            }
            (None, _) => Err(UpdateError::OperandType.into()),
        }
    }

    /// DELETE: the set loses the value's elements; an empty set goes away.
    pub(super) fn delete(&mut self, path: &'a DocumentPath, value: &AttributeValue) -> Result<(), ApiError> {
        if !value.is_set() {
            return Err(UpdateError::OperandType.into());
        }
        let Some(set) = locate(path, self.placeholders, &mut self.item)?.value() else {
            return Ok(());
        };
        if !set.remove_elements(value) {
            return Err(UpdateError::OperandType.into());
        }
        if set.is_empty_set() { self.remove(path) } else { Ok(()) }
    }

    /// The item with appended elements at their lists' ends and removed ones gone; with each appending action, the index
    /// its element came to.
    pub(super) fn finish(mut self) -> Result<(Item, Vec<(usize, usize)>), ApiError> {
        if self.appends.is_empty() && self.removals.is_empty() {
            return Ok((self.item, Vec::new()));
        }
        self.appends.sort_by_key(|append| append.index);
        let mut appended = Vec::with_capacity(self.appends.len());
        for append in self.appends {
            if let Place::Element(list, _) = locate(append.path, self.placeholders, &mut self.item)? {
                appended.push((append.action, list.len()));
                list.push(append.value);
            }
        }
        remove_elements(&mut self.item, self.placeholders, &self.removals)?;
        Ok((self.item, appended))
    }

    /// Whether the value may be written there. All that is written ends up in the item, so that too much is known early:
    /// one update may name the same long value many times.
    fn allow(&mut self, path: &DocumentPath, value: &AttributeValue) -> Result<(), ApiError> {
        let levels = NESTING_MAX.checked_sub(path.rest.len());
        if !levels.is_some_and(|levels| nests_at_most(value, levels)) {
            return Err(UpdateError::TooDeep.into());
        }
        self.written_bytes += value.size_bytes();
        if self.written_bytes > ITEM_MAX_BYTES {
            return Err(UpdateError::TooLarge.into());
        }
        Ok(())
    }
}

/// The place a path leads to; it must exist up to its last step.
fn locate<'a>(
    path: &'a DocumentPath,
    placeholders: &'a Placeholders,
    item: &'a mut Item,
) -> Result<Place<'a>, ApiError> {
    let place = path.locate(placeholders, item).map_err(of_update)?;
    place.ok_or_else(|| UpdateError::InvalidPath.into())
}

/// Whether there are at most `levels` of lists and maps within lists and maps. Recurses no deeper than that.
fn nests_at_most(value: &AttributeValue, levels: usize) -> bool {
    let within = |element: &AttributeValue| levels > 0 && nests_at_most(element, levels - 1);
    match value {
        AttributeValue::L(list) => list.iter().all(within),
        AttributeValue::M(map) => map.iter().all(|(_, element)| within(element)),
        _ => true,
    }
}

/// Takes elements out of lists, each list in one pass, inner lists before the outer ones whose indexes lead to them.
fn remove_elements(item: &mut Item, placeholders: &Placeholders, removals: &[&DocumentPath]) -> Result<(), ApiError> {
    let mut removals: Vec<(Vec<Segment<'_>>, &DocumentPath)> =
        removals.iter().copied().map(|path| (path.segments(placeholders).collect(), path)).collect();
    removals.sort_unstable_by(|(left, _), (right, _)| right.len().cmp(&left.len()).then_with(|| left.cmp(right)));
    let list_of = |segments: &[Segment<'_>]| segments.len() - 1;
    for group in removals
        .chunk_by(|(left, _), (right, _)| left.len() == right.len() && left[..list_of(left)] == right[..list_of(right)])
    {
        let mut indexes = group.iter().map(|(segments, _)| segments[list_of(segments)]).peekable();
        if let Place::Element(list, _) = locate(group[0].1, placeholders, item)? {
            let mut at = 0;
            list.retain(|_| {
                let gone = indexes.next_if_eq(&Segment::Index(at)).is_some();
                at += 1;
                !gone
            });
        }
    }
    Ok(())
}
