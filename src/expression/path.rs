//! Document paths: `a.b[3].#c`.

use std::cmp::Ordering;
use std::fmt;

use compact_str::CompactString;
use smallvec::SmallVec;

use crate::api::Placeholders;
use crate::item::{AttributeName, AttributeValue, Item, PackedItem, PackedValue};

use super::error::{Checked, ExpressionError};

/// The name of an attribute, as written or behind a placeholder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Name {
    Literal(AttributeName),
    Placeholder(CompactString),
}

impl Name {
    /// The attribute's name.
    #[inline]
    pub(super) fn resolve<'a>(&'a self, placeholders: &'a Placeholders) -> Checked<&'a str> {
        match self {
            Name::Literal(name) => Ok(name),
            Name::Placeholder(name) => placeholders
                .name(name)
                .map(CompactString::as_str)
                .ok_or_else(|| ExpressionError::UndefinedName(name.to_string())),
        }
    }

    /// The attribute's name, or the placeholder where it is not defined: for comparing and showing paths.
    fn show<'a>(&'a self, placeholders: &'a Placeholders) -> &'a str {
        match self {
            Name::Literal(name) => name,
            Name::Placeholder(name) => placeholders.name(name).unwrap_or(name),
        }
    }
}

/// A step from a map or a list to what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Element {
    Attribute(Name),
    Index(usize),
}

/// A way from an item to one of its attributes, or into one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DocumentPath {
    pub(super) head: Name,
    pub(super) rest: Box<[Element]>,
}

/// A step with the placeholders gone. Indexes come before names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Segment<'a> {
    Index(usize),
    Name(&'a str),
}

impl fmt::Display for Segment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Segment::Index(index) => write!(f, "[{index}]"),
            Segment::Name(name) => f.write_str(name),
        }
    }
}

impl DocumentPath {
    /// What `item` holds at the path.
    #[inline]
    pub(super) fn find<'i>(&self, placeholders: &Placeholders, item: &'i Item) -> Checked<Option<&'i AttributeValue>> {
        let mut found = item.get(self.head.resolve(placeholders)?);
        for element in &self.rest {
            found = match (found, element) {
                (Some(AttributeValue::M(map)), Element::Attribute(name)) => map.get(name.resolve(placeholders)?),
                (Some(AttributeValue::L(list)), Element::Index(index)) => list.get(*index),
                _ => return Ok(None),
            };
        }
        Ok(found)
    }

    /// What a stored item holds at the path; nothing where there is no item.
    #[inline]
    pub(super) fn find_stored<'i>(
        &self,
        placeholders: &Placeholders,
        item: Option<&'i PackedItem>,
    ) -> Checked<Option<PackedValue<'i>>> {
        let head = self.head.resolve(placeholders)?;
        let mut found = item.and_then(|item| item.get(head));
        for element in &self.rest {
            found = match (found, element) {
                (Some(value), Element::Attribute(name)) => value.attribute(name.resolve(placeholders)?),
                (Some(value), Element::Index(index)) => value.element(*index),
                (None, _) => return Ok(None),
            };
        }
        Ok(found)
    }

    /// The place in `item` the path leads to; `None` where the way there is missing or of another type.
    pub(super) fn locate<'a>(
        &'a self,
        placeholders: &'a Placeholders,
        item: &'a mut Item,
    ) -> Checked<Option<Place<'a>>> {
        let head = self.head.resolve(placeholders)?;
        let Some((last, way)) = self.rest.split_last() else {
            return Ok(Some(Place::Attribute(item, head)));
        };
        let mut found = item.get_mut(head);
        for element in way {
            found = match (found, element) {
                (Some(AttributeValue::M(map)), Element::Attribute(name)) => map.get_mut(name.resolve(placeholders)?),
                (Some(AttributeValue::L(list)), Element::Index(index)) => list.get_mut(*index),
                _ => return Ok(None),
            };
        }
        Ok(match (found, last) {
            (Some(AttributeValue::M(map)), Element::Attribute(name)) => {
                Some(Place::Attribute(map, name.resolve(placeholders)?))
            }
            (Some(AttributeValue::L(list)), Element::Index(index)) => Some(Place::Element(list, *index)),
            _ => None,
        })
    }

    /// The steps of the path with the placeholders gone.
    pub(super) fn segments<'a>(&'a self, placeholders: &'a Placeholders) -> impl Iterator<Item = Segment<'a>> {
        let rest = self.rest.iter().map(|element| match element {
            Element::Attribute(name) => Segment::Name(name.show(placeholders)),
            Element::Index(index) => Segment::Index(*index),
        });
        std::iter::once(Segment::Name(self.head.show(placeholders))).chain(rest)
    }

    /// The path as the service's messages show it: `[a, [3], c]`.
    pub(super) fn show(&self, placeholders: &Placeholders) -> String {
        let segments: Vec<String> = self.segments(placeholders).map(|segment| segment.to_string()).collect();
        format!("[{}]", segments.join(", "))
    }

    /// Whether both paths lead to the same place.
    pub(super) fn is_same(&self, other: &DocumentPath, placeholders: &Placeholders) -> bool {
        self.rest.len() == other.rest.len() && self.segments(placeholders).eq(other.segments(placeholders))
    }
}

/// A place in an item that can be written to.
#[derive(Debug)]
pub(super) enum Place<'a> {
    /// An attribute of an item or a map; it need not exist.
    Attribute(&'a mut Item, &'a str),
    /// An element of a list; it may lie beyond the end.
    Element(&'a mut Vec<AttributeValue>, usize),
}

impl<'a> Place<'a> {
    /// What is there.
    pub(super) fn value(self) -> Option<&'a mut AttributeValue> {
        match self {
            Place::Attribute(map, name) => map.get_mut(name),
            Place::Element(list, index) => list.get_mut(index),
        }
    }
}

/// The attributes' names in byte order, each once.
pub(super) fn heads<'a>(
    names: impl Iterator<Item = &'a Name>,
    placeholders: &'a Placeholders,
) -> Checked<SmallVec<[&'a str; 8]>> {
    let mut heads = names.map(|name| name.resolve(placeholders)).collect::<Checked<SmallVec<[&str; 8]>>>()?;
    heads.sort_unstable();
    heads.dedup();
    Ok(heads)
}

/// Pairs are compared directly up to this many paths; above it they are sorted first.
const PAIRWISE_MAX: usize = 8;

/// Refuses paths of which one lies within another, or that take one attribute for a list and for a map.
pub(super) fn check_overlap<'a>(
    paths: impl ExactSizeIterator<Item = &'a DocumentPath> + Clone,
    placeholders: &Placeholders,
) -> Checked<()> {
    if paths.len() <= PAIRWISE_MAX {
        for (at, two) in paths.clone().enumerate() {
            for one in paths.clone().take(at) {
                check_pair(one, two, placeholders)?;
            }
        }
        return Ok(());
    }
    // In order, a path is followed by those within it, and a list's elements by its attributes: neighbours tell.
    let mut sorted: Vec<(Vec<Segment<'_>>, usize, &DocumentPath)> =
        paths.enumerate().map(|(at, path)| (path.segments(placeholders).collect(), at, path)).collect();
    sorted.sort_unstable_by(|left, right| (&left.0, left.1).cmp(&(&right.0, right.1)));
    sorted.windows(2).try_for_each(|pair| {
        let [(_, at, one), (_, other_at, two)] = pair else {
            return Ok(());
        };
        let (one, two) = if at < other_at { (one, two) } else { (two, one) };
        check_pair(one, two, placeholders)
    })
}

fn check_pair(one: &DocumentPath, two: &DocumentPath, placeholders: &Placeholders) -> Checked<()> {
    let shown = |path: &DocumentPath| path.show(placeholders);
    for (left, right) in one.segments(placeholders).zip(two.segments(placeholders)) {
        if matches!((left, right), (Segment::Index(_), Segment::Name(_)) | (Segment::Name(_), Segment::Index(_))) {
            return Err(ExpressionError::Conflict { one: shown(one), two: shown(two) });
        }
        if left.cmp(&right) != Ordering::Equal {
            return Ok(());
        }
    }
    Err(ExpressionError::Overlap { one: shown(one), two: shown(two) })
}
