//! Whether a history of concurrent operations has an explanation: an order of single moments, each between an operation's
//! invocation and its return, in which every operation answers as it did.
//!
//! The search is Wing and Gong's ("Testing and verifying concurrent objects", 1993) with Lowe's memory of what was tried
//! ("Testing for linearizability", 2017). With the whole database as the state it decides strict serialisability.

use std::collections::HashSet;
use std::fmt::Debug;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};

/// One operation as its caller saw it. The times are ticks of one clock that counts every invocation and every return.
#[derive(Debug, Clone)]
pub struct Operation<C> {
    pub call: C,
    pub invoked: u64,
    pub returned: u64,
}

/// A clock without time: every reading is a tick of its own.
#[derive(Debug, Default)]
pub struct Clock(AtomicU64);

impl Clock {
    fn tick(&self) -> u64 {
        self.0.fetch_add(1, Ordering::SeqCst)
    }

    /// Makes a call between two ticks; it returns what was called and what came back.
    pub fn record<C>(&self, call: impl FnOnce() -> C) -> Operation<C> {
        let invoked = self.tick();
        let call = call();
        Operation { call, invoked, returned: self.tick() }
    }
}

/// How far an explanation has come: which operations it has placed, and the state they lead to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Prefix<S> {
    /// Everything before this one is placed, in the order of invocation.
    first_open: usize,
    /// What is placed behind it, in order. No more than there are threads less one.
    placed: Vec<usize>,
    state: S,
}

/// Whether the history can be explained from `initial` on. `step` gives the state after an operation that answered as
/// recorded, or nothing where it could not have answered so.
pub fn is_linearizable<S, C>(initial: S, mut history: Vec<Operation<C>>, step: impl Fn(&S, &C) -> Option<S>) -> bool
where
    S: Clone + Eq + Hash + Debug,
{
    history.sort_by_key(|operation| operation.invoked);
    let mut tried = HashSet::new();
    let mut open = vec![Prefix { first_open: 0, placed: Vec::new(), state: initial }];
    while let Some(prefix) = open.pop() {
        if prefix.first_open == history.len() {
            return true;
        }
        for at in candidates(&prefix, &history) {
            let Some(state) = step(&prefix.state, &history[at].call) else { continue };
            let next = place(&prefix, at, state);
            if tried.insert(next.clone()) {
                open.push(next);
            }
        }
    }
    false
}

/// The operations that may come next: no other one that is still to be placed returned before they were invoked.
fn candidates<S, C>(prefix: &Prefix<S>, history: &[Operation<C>]) -> Vec<usize> {
    let mut candidates = Vec::new();
    let mut first_return = u64::MAX;
    for (at, operation) in history.iter().enumerate().skip(prefix.first_open) {
        if operation.invoked > first_return {
            break;
        }
        if prefix.placed.binary_search(&at).is_err() {
            candidates.push(at);
            first_return = first_return.min(operation.returned);
        }
    }
    candidates
}

fn place<S: Clone>(prefix: &Prefix<S>, at: usize, state: S) -> Prefix<S> {
    let (mut first_open, mut placed) = (prefix.first_open, prefix.placed.clone());
    let behind = placed.binary_search(&at).unwrap_or_else(|behind| behind);
    placed.insert(behind, at);
    while placed.first() == Some(&first_open) {
        placed.remove(0);
        first_open += 1;
    }
    Prefix { first_open, placed, state }
}
