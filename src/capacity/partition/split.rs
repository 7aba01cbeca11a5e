//! Where a hot partition is split: at a point chosen from the observed accesses, not in the middle (ATC'22 §4.4).

use std::cmp::Ordering;

use crate::item::{KeyTuple, KeyValue};

use super::Place;
use super::heat::Sample;

/// A split that leaves more than this share of the accesses on one side is not worth it. Unpublished.
const WORTHLESS_SHARE: f64 = 0.98;

/// Where the accesses divide most evenly; `None` where no split helps: all of them are for one item, or for one item collection
/// that is not to be divided.
pub(super) fn split_point(samples: &[Sample], divides_collections: bool) -> Option<Place> {
    let mut order: Vec<&Sample> = samples.iter().collect();
    order.sort_by(|left, right| by_key(left, right));
    let mut best: Option<(usize, Place)> = None;
    for at in 1..order.len() {
        let (before, after) = (order[at - 1], order[at]);
        let point = if before.hash != after.hash {
            Place::of_hash(after.hash)
        } else if divides_collections && after.sort.is_some() && by_key(before, after) == Ordering::Less {
            Place { hash: after.hash, sort: after.sort.clone() }
        } else {
            continue;
        };
        let larger = at.max(order.len() - at);
        if best.as_ref().is_none_or(|(found, _)| larger < *found) {
            best = Some((larger, point));
        }
    }
    let (larger, point) = best?;
    (larger as f64 <= order.len() as f64 * WORTHLESS_SHARE).then_some(point)
}

/// The share of accesses at a point or above it; none where there are no accesses.
pub(super) fn share_above(samples: &[Sample], point: &Place) -> f64 {
    let bound = Sample { hash: point.hash, sort: point.sort.clone() };
    let above = samples.iter().filter(|sample| by_key(sample, &bound).is_ge()).count();
    above as f64 / samples.len().max(1) as f64
}

fn by_key(left: &Sample, right: &Sample) -> Ordering {
    left.hash.cmp(&right.hash).then_with(|| values(left).cmp(values(right)))
}

fn values(sample: &Sample) -> &[KeyValue] {
    sample.sort.as_ref().map_or(&[], KeyTuple::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(keys: &[(u64, Option<&str>, usize)]) -> Vec<Sample> {
        let sort = |text: &str| KeyTuple::One(KeyValue::S(text.into()));
        let times = |&(hash, text, count): &(u64, Option<&str>, usize)| {
            std::iter::repeat_n(Sample { hash, sort: text.map(sort) }, count)
        };
        keys.iter().flat_map(times).collect()
    }

    #[test]
    fn two_hot_keys_are_parted() {
        assert_eq!(split_point(&samples(&[(7, None, 100), (9, None, 100)]), true), Some(Place::of_hash(9)));
    }

    #[test]
    fn one_hot_item_is_not_split() {
        assert_eq!(split_point(&samples(&[(7, None, 100)]), true), None);
        assert_eq!(split_point(&samples(&[(7, Some("a"), 100)]), true), None);
        assert_eq!(split_point(&samples(&[(3, None, 1), (7, None, 255)]), true), None, "nothing would be gained");
        assert_eq!(split_point(&[], true), None);
    }

    #[test]
    fn a_collection_is_divided_at_a_sort_key_unless_there_is_a_local_index() {
        let samples = samples(&[(7, Some("a"), 10), (7, Some("b"), 10), (7, Some("c"), 10), (7, Some("d"), 10)]);
        let sort = KeyTuple::One(KeyValue::S("c".into()));
        assert_eq!(split_point(&samples, true), Some(Place { hash: 7, sort: Some(sort) }));
        assert_eq!(split_point(&samples, false), None);
    }

    #[test]
    fn a_hot_key_among_others_is_cut_off_on_one_side_first() {
        let samples = samples(&[(1, None, 10), (2, None, 10), (5, None, 60), (8, None, 10), (9, None, 10)]);
        let point = split_point(&samples, true);
        assert!([Some(Place::of_hash(5)), Some(Place::of_hash(8))].contains(&point), "{point:?}");
    }
}
