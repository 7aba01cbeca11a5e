//! Partitions as key ranges over time: a tree by splits, folded back where it has too many leaves.
//!
//! A view lists partitions by where their ranges start. A range that is found with several starts inside it was split. Where
//! more ranges serve than there may be rows, the coldest siblings are folded back into the range they came from, which from
//! then on stands for all partitions inside it. Partitions that were never split apart are grouped neighbour by neighbour. A group
//! in which a partition is split is opened, so that what is hot enough to split is seen.

use std::collections::BTreeMap;

use foldhash::{HashMap, HashMapExt};

use crate::api::CapacityUnits;
use crate::capacity::PartitionView;

use super::history::since;
use super::{PartitionCell, PartitionHistory};

/// Ranges that have a row of their own at most.
const ROWS_MAX: usize = 128;
/// Where more partitions than this are new at one look, as when throughput was raised, groups stay closed.
const OPENED_MAX: usize = 32;

/// The key ranges of a table or index.
#[derive(Debug)]
pub(super) struct Ranges {
    ranges: BTreeMap<u32, Range>,
    next: u32,
    /// Those that serve, in the order of their starts. Together they hold every key.
    serving: Vec<u32>,
    /// Counters of the partitions at the last look.
    seen: HashMap<u32, Seen>,
}

/// Where a range starts: a hash, and inside an item collection a sort key.
type Start = (u64, Option<String>);

#[derive(Debug)]
struct Range {
    id: u32,
    start: Start,
    from_seconds: f64,
    until_seconds: Option<f64>,
    /// The range it was split from.
    parent: Option<u32>,
    /// How many ranges it was split into.
    children: usize,
    /// Partitions it stands for.
    partitions: u32,
    /// Whether it stands for several partitions, or for one where there were several.
    is_group: bool,
    bytes: u64,
    /// Reads, then writes.
    ceilings: [u64; 2],
    cells: [Vec<PartitionCell>; 2],
}

/// Counters of a partition, reads before writes.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    halves: [u64; 2],
    throttled: [u64; 2],
}

impl Seen {
    fn of(view: &PartitionView) -> Self {
        Seen {
            halves: [view.consumed.read.as_halves(), view.consumed.write.as_halves()],
            throttled: [view.throttled_reads, view.throttled_writes],
        }
    }
}

impl Ranges {
    /// The ranges of partitions as they are first seen.
    pub fn new(views: &[PartitionView], now_seconds: f64) -> Self {
        let mut ranges = Ranges { ranges: BTreeMap::new(), next: 0, serving: Vec::new(), seen: HashMap::new() };
        ranges.begin(views, now_seconds);
        ranges
    }

    /// Adds to a column what happened in the `seconds` since the last look.
    pub fn look(&mut self, views: &[PartitionView], column: usize, now_seconds: f64, seconds: f64) {
        if self.serving.is_empty() {
            self.begin(views, now_seconds);
            self.seen.clear();
        }
        let mut views: Vec<&PartitionView> = views.iter().collect();
        views.sort_by(|one, other| start_of(one).cmp(&start_of(other)));
        self.follow_splits(&views);
        let mut place = 0;
        let mut met: Option<u32> = None;
        let mut seen = HashMap::with_capacity(views.len());
        for view in views {
            while self.serving.get(place + 1).is_some_and(|next| self.start(*next) <= start_of(view)) {
                place += 1;
            }
            let Some(number) = self.serving.get(place).copied() else { break };
            let before = self.seen.get(&view.id).copied().unwrap_or_default();
            let now = Seen::of(view);
            if let Some(range) = self.ranges.get_mut(&number) {
                if met != Some(number) {
                    (range.partitions, range.bytes) = (0, 0);
                    met = Some(number);
                }
                range.add(view, column, &before, &now, seconds);
            }
            seen.insert(view.id, now);
        }
        self.seen = seen;
        while self.serving.len() > ROWS_MAX && self.fold_coldest() {}
    }

    /// Gives every column the number that `to` says.
    pub fn renumber(&mut self, to: &dyn Fn(usize) -> usize) {
        for range in self.ranges.values_mut() {
            for cells in &mut range.cells {
                let renumbered = cells.iter().map(|cell| PartitionCell { column: to(cell.column), ..*cell });
                *cells = joined(renumbered);
            }
        }
    }

    /// All ranges, a split one before those it was split into.
    pub fn finish(self) -> Vec<PartitionHistory> {
        // A range spans the rows of all it was split into.
        let mut rows: BTreeMap<u32, (usize, usize)> = BTreeMap::new();
        for (row, number) in self.serving.iter().enumerate() {
            let mut within = Some(*number);
            while let Some(number) = within {
                let span = rows.entry(number).or_insert((row, row + 1));
                *span = (span.0.min(row), span.1.max(row + 1));
                within = self.ranges.get(&number).and_then(|range| range.parent);
            }
        }
        let spans = self.ranges.into_iter().filter_map(|(number, range)| Some(range.finish(*rows.get(&number)?)));
        let mut finished: Vec<PartitionHistory> = spans.collect();
        // The widest first among those that start alike.
        finished.sort_by(|one, other| one.rows.0.cmp(&other.rows.0).then(other.rows.1.cmp(&one.rows.1)));
        finished
    }

    fn start(&self, number: u32) -> (u64, Option<&str>) {
        self.ranges.get(&number).map_or((0, None), |range| (range.start.0, range.start.1.as_deref()))
    }

    /// The first ranges: a partition each, or as many neighbours as it takes to have a row for every group.
    fn begin(&mut self, views: &[PartitionView], now_seconds: f64) {
        let mut views: Vec<&PartitionView> = views.iter().collect();
        views.sort_by(|one, other| start_of(one).cmp(&start_of(other)));
        let each = views.len().div_ceil(ROWS_MAX).max(1);
        for neighbours in views.chunks(each) {
            let Some(range) = Range::of(neighbours, now_seconds, None) else { continue };
            let number = self.insert(range);
            self.serving.push(number);
        }
        self.seen = views.iter().map(|view| (view.id, Seen::of(view))).collect();
    }

    /// Ranges with several partitions inside were split, unless they are groups; a group is opened where a partition in it was
    /// split. `views` are in the order of their starts.
    fn follow_splits(&mut self, views: &[&PartitionView]) {
        let is_new = |view: &PartitionView, seen: &HashMap<u32, Seen>| !seen.contains_key(&view.id);
        let new = views.iter().filter(|view| is_new(view, &self.seen)).count();
        let mut rest = views;
        let ranges = std::mem::take(&mut self.serving);
        for (place, number) in ranges.iter().copied().enumerate() {
            let end = ranges.get(place + 1).map(|next| self.start(*next));
            let inside = end.map_or(rest.len(), |end| rest.partition_point(|view| start_of(view) < end));
            let (inside, after) = rest.split_at(inside);
            rest = after;
            let Some(range) = self.ranges.get_mut(&number) else { continue };
            // Partitions of a group that are as they were stay together.
            let together = |one: &&PartitionView, other: &&PartitionView| {
                range.is_group && (new > OPENED_MAX || !is_new(one, &self.seen) && !is_new(other, &self.seen))
            };
            let parts: Vec<&[&PartitionView]> = inside.chunk_by(together).collect();
            match parts[..] {
                [] => self.serving.push(number),
                [part] => {
                    if let [only] = part {
                        range.id = only.id;
                    }
                    self.serving.push(number);
                }
                _ => self.split(number, &parts),
            }
        }
    }

    fn split(&mut self, number: u32, into: &[&[&PartitionView]]) {
        let created = into.iter().copied().flatten().map(|view| view.created_at.as_secs_f64());
        let at = created.fold(0.0, f64::max);
        let Some(whole) = self.ranges.get_mut(&number) else { return };
        let at = at.max(whole.from_seconds);
        whole.until_seconds = Some(at);
        whole.children = into.len();
        let start = whole.start.clone();
        for (place, part) in into.iter().enumerate() {
            let Some(mut range) = Range::of(part, at, Some(number)) else { continue };
            if place == 0 {
                range.start = start.clone();
            }
            let part = self.insert(range);
            self.serving.push(part);
        }
    }

    fn insert(&mut self, range: Range) -> u32 {
        let number = self.next;
        self.next += 1;
        self.ranges.insert(number, range);
        number
    }

    /// Folds the siblings, or the neighbours that have no parent, that consumed least; says whether there were any.
    fn fold_coldest(&mut self) -> bool {
        let mut coldest: Option<(u64, usize, usize)> = None;
        let mut from = 0;
        while from < self.serving.len() {
            let parent = self.parent(from);
            let until = (from + 1..self.serving.len()).find(|place| self.parent(*place) != parent);
            let until = until.unwrap_or(self.serving.len());
            let candidates: Vec<(usize, usize)> = match parent {
                None => (from + 1..until).map(|second| (second - 1, second + 1)).collect(),
                Some(parent) => {
                    let all_serve = self.ranges.get(&parent).is_some_and(|range| range.children == until - from);
                    if all_serve { vec![(from, until)] } else { Vec::new() }
                }
            };
            for (from, until) in candidates {
                let consumed = |number: &u32| self.ranges.get(number).map_or(0, Range::halves);
                let heat =
                    self.serving[from..until].iter().chain(parent.as_ref()).map(consumed).fold(0, u64::saturating_add);
                if coldest.is_none_or(|(least, ..)| heat < least) {
                    coldest = Some((heat, from, until));
                }
            }
            from = until;
        }
        let Some((_, from, until)) = coldest else { return false };
        let mut folded: Vec<u32> = self.serving[from..until].to_vec();
        let into = self.parent(from).unwrap_or_else(|| folded.remove(0));
        for number in folded {
            let Some(range) = self.ranges.remove(&number) else { continue };
            if let Some(into) = self.ranges.get_mut(&into) {
                into.absorb(range);
            }
        }
        self.serving.splice(from..until, [into]);
        true
    }

    fn parent(&self, place: usize) -> Option<u32> {
        self.serving.get(place).and_then(|number| self.ranges.get(number)).and_then(|range| range.parent)
    }
}

impl Range {
    /// A range of neighbouring partitions, a group where there are several; nothing where there are none.
    fn of(partitions: &[&PartitionView], from_seconds: f64, parent: Option<u32>) -> Option<Self> {
        let first = partitions.first()?;
        Some(Range {
            id: first.id,
            start: (first.start_hash, first.start_sort_key.clone()),
            from_seconds,
            until_seconds: None,
            parent,
            children: 0,
            partitions: u32::try_from(partitions.len()).unwrap_or(u32::MAX),
            is_group: partitions.len() > 1,
            bytes: partitions.iter().map(|view| view.bytes).sum(),
            ceilings: [first.read_ceiling_units_per_second, first.write_ceiling_units_per_second],
            cells: [Vec::new(), Vec::new()],
        })
    }

    /// Units consumed in all its time, in halves.
    fn halves(&self) -> u64 {
        self.cells.iter().flatten().map(|cell| cell.consumed.as_halves()).fold(0, u64::saturating_add)
    }

    fn add(&mut self, view: &PartitionView, column: usize, before: &Seen, now: &Seen, seconds: f64) {
        self.partitions += 1;
        self.bytes += view.bytes;
        self.ceilings = [view.read_ceiling_units_per_second, view.write_ceiling_units_per_second];
        for access in [0, 1] {
            let halves = since(now.halves[access], before.halves[access]);
            let throttled = since(now.throttled[access], before.throttled[access]);
            if halves == 0 && throttled == 0 {
                continue;
            }
            let consumed = CapacityUnits::halves(halves);
            let share = consumed.as_f64() / seconds / self.ceilings[access] as f64;
            // Four decimals are finer than any picture.
            let peak_share = if share.is_finite() { (share * 1e4).round() / 1e4 } else { 0.0 };
            join(&mut self.cells[access], PartitionCell { column, consumed, peak_share, throttled });
        }
    }

    /// Takes in a range that was split off it, or a neighbour, and everything that happened there.
    fn absorb(&mut self, other: Range) {
        if self.until_seconds.take().is_some() {
            // It serves again, as a group of what it had been split into.
            (self.partitions, self.bytes, self.children) = (0, 0, 0);
        }
        self.is_group = true;
        self.partitions = self.partitions.saturating_add(other.partitions);
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.from_seconds = self.from_seconds.min(other.from_seconds);
        for (own, theirs) in self.cells.iter_mut().zip(other.cells) {
            let mut all: Vec<PartitionCell> = std::mem::take(own).into_iter().chain(theirs).collect();
            all.sort_by_key(|cell| cell.column);
            *own = joined(all.into_iter());
        }
    }

    fn finish(self, rows: (usize, usize)) -> PartitionHistory {
        let [reads, writes] = self.cells;
        PartitionHistory {
            id: self.id,
            partitions: self.partitions,
            start_hash: format!("{:016x}", self.start.0),
            start_sort_key: self.start.1,
            from_seconds: self.from_seconds,
            until_seconds: self.until_seconds,
            rows,
            bytes: self.bytes,
            read_ceiling_per_second: self.ceilings[0],
            write_ceiling_per_second: self.ceilings[1],
            reads,
            writes,
        }
    }
}

fn start_of(view: &PartitionView) -> (u64, Option<&str>) {
    (view.start_hash, view.start_sort_key.as_deref())
}

/// Cells in the order of their columns, those of one column as one.
fn joined(cells: impl Iterator<Item = PartitionCell>) -> Vec<PartitionCell> {
    let mut joined = Vec::with_capacity(cells.size_hint().0);
    for cell in cells {
        join(&mut joined, cell);
    }
    joined
}

fn join(cells: &mut Vec<PartitionCell>, cell: PartitionCell) {
    match cells.last_mut() {
        Some(last) if last.column == cell.column => {
            last.consumed += cell.consumed;
            last.peak_share = last.peak_share.max(cell.peak_share);
            last.throttled += cell.throttled;
        }
        _ => cells.push(cell),
    }
}
