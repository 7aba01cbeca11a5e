//! What is to happen, in the order in which it happens, and the operations it happens to.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::time::Time;

/// Something that happens to the operation or the request in a place of a [`Places`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Event {
    /// An operation sends its request, after a back-off.
    Send(u32),
    /// Its request comes to the target.
    Arrive(u32),
    /// Its answer comes back.
    Answer(u32),
    /// It has waited for an answer long enough.
    TimeOut(u32),
    /// A request comes to the target that nobody waits for any more.
    Stray(u32),
    /// A place of a closed-loop phase is free.
    Free(u32),
}

/// Events to come.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    /// The sequence number decides between events of one moment: first planned, first served.
    heap: BinaryHeap<Reverse<(Time, u64, Event)>>,
    sequence: u64,
}

impl Agenda {
    /// Plans an event.
    #[inline]
    pub fn plan(&mut self, at: Time, event: Event) {
        self.heap.push(Reverse((at, self.sequence, event)));
        self.sequence += 1;
    }

    /// When the next event happens; [`Time::NEVER`] if there is none.
    #[inline]
    pub fn next_at(&self) -> Time {
        self.heap.peek().map_or(Time::NEVER, |Reverse((at, _, _))| *at)
    }

    /// The next event.
    #[inline]
    pub fn take(&mut self) -> Option<Event> {
        self.heap.pop().map(|Reverse((_, _, event))| event)
    }
}

/// Things in numbered places; a place that falls free is used again.
#[derive(Debug)]
pub(super) struct Places<T> {
    places: Vec<Option<T>>,
    free: Vec<u32>,
}

impl<T> Places<T> {
    /// No places yet.
    pub const fn new() -> Self {
        Places { places: Vec::new(), free: Vec::new() }
    }

    /// Puts a thing into a free place and says which.
    #[inline]
    pub fn put(&mut self, thing: T) -> u32 {
        match self.free.pop() {
            Some(place) => {
                self.places[place as usize] = Some(thing);
                place
            }
            None => {
                self.places.push(Some(thing));
                (self.places.len() - 1) as u32
            }
        }
    }

    /// The thing in a place.
    #[inline]
    pub fn at(&mut self, place: u32) -> Option<&mut T> {
        self.places[place as usize].as_mut()
    }

    /// Takes a thing out of its place.
    #[inline]
    pub fn remove(&mut self, place: u32) -> Option<T> {
        let thing = self.places[place as usize].take();
        if thing.is_some() {
            self.free.push(place);
        }
        thing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_of_one_moment_keep_their_order() {
        let mut agenda = Agenda::default();
        let moment = Time::from_nanos(5);
        for place in [3, 1, 2] {
            agenda.plan(moment, Event::Answer(place));
        }
        agenda.plan(Time::from_nanos(4), Event::Send(9));
        let order: Vec<Event> = std::iter::from_fn(|| agenda.take()).collect();
        assert_eq!(order, [Event::Send(9), Event::Answer(3), Event::Answer(1), Event::Answer(2)]);
        assert_eq!(agenda.next_at(), Time::NEVER);
    }

    #[test]
    fn free_places_are_used_again() {
        let mut places = Places::new();
        let [first, second] = ["a", "b"].map(|thing| places.put(thing));
        assert_eq!(places.remove(first), Some("a"));
        assert_eq!(places.remove(first), None);
        assert_eq!(places.put("c"), first);
        assert_eq!(places.at(second), Some(&mut "b"));
    }
}
