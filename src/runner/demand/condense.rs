//! From single admissions to a stream: keys that are asked for often, and the rest spread over all hashes.

use crate::capacity::{Access, Load, Place, Point, SortKey, Stream, Tapped};

/// A key that was asked for as often as this is one of its own.
const OFTEN: usize = 8;
/// An item collection asked for at many sort keys is told apart into at most so many parts.
const PARTS_MAX: usize = 32;
/// A collection is asked for in the order of its sort keys where this share of neighbours is in it.
const IN_ORDER: f64 = 0.95;

/// What was admitted of `operations` operations, as the mean of one; the hashes of item collections that are asked for in the
/// order of their sort keys go to `in_order`.
pub(super) fn condense(access: Access, tapped: Vec<Tapped>, operations: u64, in_order: &mut Vec<u64>) -> Stream {
    let mut admissions: Vec<(usize, Tapped)> = tapped.into_iter().enumerate().collect();
    admissions.sort_by(|(_, left), (_, right)| {
        left.place.hash.cmp(&right.place.hash).then_with(|| values(&left.place).cmp(values(&right.place)))
    });
    let mut stream = Stream { access, points: Vec::new(), spread: Load::default() };
    for collection in admissions.chunk_by(|(_, left), (_, right)| left.place.hash == right.place.hash) {
        if collection.len() < OFTEN {
            let load = load(collection, operations);
            stream.spread.units += load.units;
            stream.spread.growth_bytes += load.growth_bytes;
        } else if let Some(edge) = moving_edge(collection) {
            in_order.push(edge.hash);
            stream.points.push(Point { place: edge.clone(), load: load(collection, operations) });
        } else {
            stream.points.extend(parts(collection, operations));
        }
    }
    stream
}

/// Parts of a collection that are asked for about as often, cut at sort keys; each stands where it begins.
fn parts(collection: &[(usize, Tapped)], operations: u64) -> impl Iterator<Item = Point> {
    let size = (collection.len() / PARTS_MAX).max(OFTEN);
    let mut start = 0;
    std::iter::from_fn(move || {
        let first = collection.get(start)?;
        let mut end = (start + size).min(collection.len());
        while end < collection.len() && collection[end].1.place == collection[end - 1].1.place {
            end += 1;
        }
        let part = &collection[start..end];
        start = end;
        Some(Point { place: first.1.place.clone(), load: load(part, operations) })
    })
}

/// Where a collection is asked for, if that moves on along its sort keys: a log that is written at its end. However its
/// range is split, all of it falls to one partition.
fn moving_edge(collection: &[(usize, Tapped)]) -> Option<&Place> {
    let (first, last) = (&collection.first()?.1.place, &collection.last()?.1.place);
    if first == last {
        return None;
    }
    let mut in_time: Vec<&(usize, Tapped)> = collection.iter().collect();
    in_time.sort_by_key(|(number, _)| *number);
    let neighbours = || in_time.windows(2).map(|pair| (values(&pair[0].1.place), values(&pair[1].1.place)));
    let needed = IN_ORDER * (collection.len() - 1) as f64;
    if neighbours().filter(|(before, after)| before < after).count() as f64 >= needed {
        Some(last)
    } else if neighbours().filter(|(before, after)| before > after).count() as f64 >= needed {
        Some(first)
    } else {
        None
    }
}

fn load(admissions: &[(usize, Tapped)], operations: u64) -> Load {
    let units: f64 = admissions.iter().map(|(_, tapped)| tapped.units.as_f64()).sum();
    let growth_bytes: f64 = admissions.iter().map(|(_, tapped)| tapped.growth_bytes as f64).sum();
    Load { units: units / operations as f64, growth_bytes: growth_bytes / operations as f64 }
}

fn values(place: &Place) -> &[crate::item::KeyValue] {
    place.sort.as_ref().map_or(&[], SortKey::as_slice)
}
