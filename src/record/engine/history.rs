//! A table or index while it is watched: cumulative counters become differences, column by column.

use crate::api::{CapacityUnits, IndexName, TableName};
use crate::capacity::{AccessView, ResourceView};

use super::ranges::Ranges;
use super::{AccessHistory, ResourceHistory, SplitCounts};

/// A table or index that is watched.
#[derive(Debug)]
pub(super) struct WatchedResource {
    table: TableName,
    index: Option<IndexName>,
    /// What the history has so far; its ranges are added at the end.
    pub history: ResourceHistory,
    read: Seen,
    write: Seen,
    eventual_reads: u64,
    stale_reads: u64,
    ranges: Ranges,
}

/// Counters at the last look.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    consumed: CapacityUnits,
    throttled: u64,
}

impl Seen {
    fn of(view: &AccessView) -> Self {
        Seen { consumed: view.consumed, throttled: view.throttled }
    }
}

impl WatchedResource {
    /// Watches what `view` shows from now on; what was counted before is not of this run.
    pub fn new(view: &ResourceView, now_seconds: f64) -> Self {
        WatchedResource {
            table: view.table.clone(),
            index: view.index.clone(),
            history: ResourceHistory {
                table: view.table.to_string(),
                index: view.index.as_deref().map(str::to_owned),
                read: AccessHistory::default(),
                write: AccessHistory::default(),
                partitions_at_start: u32::try_from(view.partitions.len()).unwrap_or(u32::MAX),
                partitions: Vec::new(),
                splits: SplitCounts::default(),
                scaling_decided: 0,
                scaling_refused: 0,
                eventual_reads: Vec::new(),
                stale_reads: Vec::new(),
                ranges: Vec::new(),
            },
            read: Seen::of(&view.read),
            write: Seen::of(&view.write),
            eventual_reads: view.eventual_reads,
            stale_reads: view.stale_reads,
            ranges: Ranges::new(&view.partitions, now_seconds),
        }
    }

    /// Whether this is what `view` shows.
    pub fn is_of(&self, view: &ResourceView) -> bool {
        self.table == view.table && self.index == view.index
    }

    /// Adds to a column what happened in the `seconds` since the last look.
    pub fn look(&mut self, view: &ResourceView, column: usize, now_seconds: f64, seconds: f64) {
        let history = &mut self.history;
        for (into, seen, view) in
            [(&mut history.read, &mut self.read, &view.read), (&mut history.write, &mut self.write, &view.write)]
        {
            into.look(view, *seen, column);
            *seen = Seen::of(view);
        }
        *slot(&mut history.partitions, column) = u32::try_from(view.partitions.len()).unwrap_or(u32::MAX);
        *slot(&mut history.eventual_reads, column) += since(view.eventual_reads, self.eventual_reads);
        *slot(&mut history.stale_reads, column) += since(view.stale_reads, self.stale_reads);
        (self.eventual_reads, self.stale_reads) = (view.eventual_reads, view.stale_reads);
        self.ranges.look(&view.partitions, column, now_seconds, seconds);
    }

    /// Gives every column the number that `to` says; columns that get the same number become one.
    pub fn renumber(&mut self, to: &dyn Fn(usize) -> usize) {
        let history = &mut self.history;
        for access in [&mut history.read, &mut history.write] {
            access.renumber(to);
        }
        merge(&mut history.partitions, to, |into, from| *into = from);
        merge(&mut history.eventual_reads, to, |into, from| *into += from);
        merge(&mut history.stale_reads, to, |into, from| *into += from);
        self.ranges.renumber(to);
    }

    /// The finished history.
    pub fn finish(self) -> ResourceHistory {
        let mut history = self.history;
        for access in [&mut history.read, &mut history.write] {
            access.trim();
        }
        trim(&mut history.eventual_reads);
        trim(&mut history.stale_reads);
        history.ranges = self.ranges.finish();
        history
    }
}

impl AccessHistory {
    fn look(&mut self, view: &AccessView, seen: Seen, column: usize) {
        *slot(&mut self.consumed, column) +=
            CapacityUnits::halves(since(view.consumed.as_halves(), seen.consumed.as_halves()));
        *slot(&mut self.throttled, column) += since(view.throttled, seen.throttled);
        *slot(&mut self.limit_per_second, column) = view.limit_units_per_second;
        *slot(&mut self.tokens, column) = view.tokens;
        *slot(&mut self.tokens_max, column) = view.tokens_max;
        let is_first = self.tokens_min.len() <= column;
        let least = slot(&mut self.tokens_min, column);
        *least = if is_first { view.tokens } else { view.tokens.min(*least) };
    }

    fn renumber(&mut self, to: &dyn Fn(usize) -> usize) {
        merge(&mut self.consumed, to, |into, from| *into += from);
        merge(&mut self.throttled, to, |into, from| *into += from);
        merge(&mut self.limit_per_second, to, |into, from| *into = from);
        merge(&mut self.tokens, to, |into, from| *into = from);
        merge(&mut self.tokens_max, to, |into, from| *into = from);
        merge(&mut self.tokens_min, to, |into, from| *into = from.min(*into));
    }

    fn trim(&mut self) {
        for units in [&mut self.consumed, &mut self.tokens, &mut self.tokens_min, &mut self.tokens_max] {
            trim(units);
        }
        trim(&mut self.limit_per_second);
        trim(&mut self.throttled);
    }
}

/// What a counter gained; one that fell began anew.
pub(super) const fn since(now: u64, before: u64) -> u64 {
    if now >= before { now - before } else { now }
}

/// The place of a column, made where it is not there yet.
pub(super) fn slot<T: Clone + Default>(values: &mut Vec<T>, column: usize) -> &mut T {
    if values.len() <= column {
        values.resize(column + 1, T::default());
    }
    &mut values[column]
}

pub(super) fn merge<T>(values: &mut Vec<T>, to: &dyn Fn(usize) -> usize, join: impl Fn(&mut T, T)) {
    let mut merged: Vec<T> = Vec::with_capacity(values.len());
    for (column, value) in std::mem::take(values).into_iter().enumerate() {
        match merged.get_mut(to(column)) {
            Some(into) => join(into, value),
            None => merged.push(value),
        }
    }
    *values = merged;
}

pub(super) fn trim<T: Default + PartialEq>(values: &mut Vec<T>) {
    while values.last().is_some_and(|last| *last == T::default()) {
        values.pop();
    }
}
