//! Reading a shard as a replica shows it: the newest entries, and older images where the replica is behind.

use std::cmp::Ordering;
use std::ops::{ControlFlow, RangeInclusive};

use crate::item::{KeyTuple, PackedItem, ScalarRef};

use super::in_flight::View;
use super::key::{Key, Position};
use super::shard::{PositionRange, Shard, contains};

/// Whether a read returned an older image than the newest.
pub type IsStale = bool;

/// An entry's hash and place, and what is seen there.
type Image<'s> = (u64, &'s Position, Option<&'s PackedItem>);

impl Shard {
    /// The entry with this key, as a view sees it.
    pub fn get_in(&self, view: View, key: &Key<'_>) -> (Option<&PackedItem>, IsStale) {
        match self.in_flight.image(key, view) {
            Some(image) => (image, true),
            None => (self.get(key), false),
        }
    }

    /// [`Shard::visit_collection`], as a view sees it.
    pub fn visit_collection_in(
        &self,
        view: View,
        (hash, partition): (u64, &KeyTuple<ScalarRef<'_>>),
        range: &PositionRange,
        ascending: bool,
        visit: &mut impl FnMut(&PackedItem) -> ControlFlow<()>,
    ) -> (ControlFlow<()>, IsStale) {
        let images = self.in_flight.images(hash..=hash, view);
        let mut images: Vec<Image<'_>> = images.filter(|(_, position, _)| contains(range, position)).collect();
        if images.is_empty() {
            return (self.visit_collection(hash, partition, range, ascending, visit), false);
        }
        if !ascending {
            images.reverse();
        }
        let mut merge = Merge { images: images.into_iter().peekable(), ascending, is_stale: false, visit };
        let flow = self.visit_collection(hash, partition, range, ascending, &mut |entry| match self
            .layout()
            .position_of(entry)
        {
            Some(position) => merge.visit(hash, &position, entry),
            None => ControlFlow::Continue(()),
        });
        merge.finish(flow)
    }

    /// [`Shard::visit_hashes`], as a view sees it.
    pub fn visit_hashes_in(
        &self,
        view: View,
        hashes: RangeInclusive<u64>,
        after: Option<&Key<'_>>,
        visit: &mut impl FnMut(&PackedItem) -> ControlFlow<()>,
    ) -> (ControlFlow<()>, IsStale) {
        let is_behind =
            |hash: u64, position: &Position| after.is_none_or(|after| (hash, position) > (after.hash, &after.position));
        let images = self.in_flight.images(hashes.clone(), view);
        let images: Vec<Image<'_>> = images.filter(|(hash, position, _)| is_behind(*hash, position)).collect();
        if images.is_empty() {
            return (self.visit_hashes(hashes, after, visit), false);
        }
        let mut merge = Merge { images: images.into_iter().peekable(), ascending: true, is_stale: false, visit };
        let flow = self.visit_hashes(hashes, after, &mut |entry| match self.layout().key_of(entry) {
            Some(key) => merge.visit(key.hash, &key.position, entry),
            None => ControlFlow::Continue(()),
        });
        merge.finish(flow)
    }
}

/// Newest entries and older images, merged in their order.
struct Merge<'s, 'v, V, I: Iterator<Item = Image<'s>>> {
    images: std::iter::Peekable<I>,
    ascending: bool,
    is_stale: bool,
    visit: &'v mut V,
}

impl<'s, V: FnMut(&PackedItem) -> ControlFlow<()>, I: Iterator<Item = Image<'s>>> Merge<'s, '_, V, I> {
    /// The next of the newest entries: images before it come first, one of its own replaces it.
    fn visit(&mut self, hash: u64, position: &Position, entry: &PackedItem) -> ControlFlow<()> {
        loop {
            let order = self.images.peek().map(|(of, place, _)| (*of, *place).cmp(&(hash, position)));
            match (order, self.ascending) {
                (Some(Ordering::Less), true) | (Some(Ordering::Greater), false) => self.next_image()?,
                (Some(Ordering::Equal), _) => return self.next_image(),
                _ => return (self.visit)(entry),
            }
        }
    }

    fn next_image(&mut self) -> ControlFlow<()> {
        let Some((.., image)) = self.images.next() else { return ControlFlow::Continue(()) };
        self.is_stale = true;
        image.map_or(ControlFlow::Continue(()), |image| (self.visit)(image))
    }

    /// What lies behind the newest entries, unless the visit was stopped.
    fn finish(mut self, mut flow: ControlFlow<()>) -> (ControlFlow<()>, IsStale) {
        while flow.is_continue() && self.images.peek().is_some() {
            flow = self.next_image();
        }
        (flow, self.is_stale)
    }
}
