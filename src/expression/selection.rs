//! Parts of an item, chosen by document paths.

use crate::item::{AttributeValue, Item};

use super::path::Segment;

/// The parts of `item` at these paths, within the maps and lists they are in. List elements keep their order and close
/// ranks; what is not there is left out. The paths do not overlap.
pub(super) fn select(item: &Item, mut paths: Vec<Vec<Segment<'_>>>) -> Item {
    paths.sort_unstable();
    select_attributes(item, &paths, 0)
}

fn select_attributes(item: &Item, paths: &[Vec<Segment<'_>>], depth: usize) -> Item {
    let chosen = by_segment(paths, depth).filter_map(|(segment, within)| match segment {
        Segment::Name(name) => Some((name.into(), select_value(item.get(name)?, within, depth + 1)?)),
        Segment::Index(_) => None,
    });
    chosen.collect()
}

/// Recurses only as deep as the document nests.
fn select_value(value: &AttributeValue, paths: &[Vec<Segment<'_>>], depth: usize) -> Option<AttributeValue> {
    if paths.iter().any(|path| path.len() == depth) {
        return Some(value.clone());
    }
    match value {
        AttributeValue::M(map) => {
            let chosen = select_attributes(map, paths, depth);
            (!chosen.is_empty()).then_some(AttributeValue::M(chosen))
        }
        AttributeValue::L(list) => {
            let elements = by_segment(paths, depth).filter_map(|(segment, within)| match segment {
                Segment::Index(index) => select_value(list.get(index)?, within, depth + 1),
                Segment::Name(_) => None,
            });
            let chosen: Vec<_> = elements.collect();
            (!chosen.is_empty()).then_some(AttributeValue::L(chosen))
        }
        _ => None,
    }
}

/// Sorted paths, all longer than `depth`, in groups with the same segment there.
fn by_segment<'p, 's>(
    paths: &'p [Vec<Segment<'s>>],
    depth: usize,
) -> impl Iterator<Item = (Segment<'s>, &'p [Vec<Segment<'s>>])> {
    paths.chunk_by(move |left, right| left[depth] == right[depth]).map(move |group| (group[0][depth], group))
}
