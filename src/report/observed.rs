//! What the engine's record says of its tables, indexes and partitions, in the form that plots, tables and summaries state it.
//!
//! It covers the whole run, warm-ups included: partitions do not forget what a warm-up did to them.

use std::ops::Range;

use crate::api::{CapacityUnits, ReadWrite};
use crate::record::{CacheHistory, EngineEvent, EngineRecord, FaultInfo, PartitionHistory, ResourceHistory, RunResult};

use super::units;

/// Most stretches a plot draws; more columns are merged, a few to the stretch.
const SPANS_MAX: usize = 800;
/// Most faults drawn and listed.
const FAULTS_MAX: usize = 40;

/// The engine's record of a run.
pub(super) struct Observed<'a> {
    /// The record.
    pub record: &'a EngineRecord,
    /// One entry per table or index.
    pub facts: Vec<ResourceFacts<'a>>,
}

/// Neighbouring columns drawn as one.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Span {
    /// Start in seconds.
    pub start: f64,
    /// End in seconds, after the start.
    pub end: f64,
    /// The columns.
    pub columns: Range<usize>,
}

/// What became of one table or index.
#[derive(Debug, Clone)]
pub(super) struct ResourceFacts<'a> {
    /// The history these facts come from.
    pub history: &'a ResourceHistory,
    /// `table` or `table / index`.
    pub label: String,
    /// The hottest partition at its hottest, where any consumed.
    pub hottest: Option<Hottest>,
    /// Reads and writes that ceilings of partitions refused.
    pub throttled_by_partitions: u64,
    /// Reads and writes that the limit of the table or index refused.
    pub throttled_by_limit: u64,
    /// Eventually consistent reads that were answered.
    pub eventual_reads: u64,
    /// Of these, those that returned an older image.
    pub stale_reads: u64,
}

/// What the cache in front of the tables came to.
#[derive(Debug, Clone, Copy)]
pub(super) struct CacheFacts<'a> {
    /// The history these facts come from.
    pub history: &'a CacheHistory,
    /// Reads of items that it answered.
    pub hits: u64,
    /// Those that went on to the table.
    pub misses: u64,
    /// Of these, those whose item was held but too old.
    pub expired: u64,
    /// Reads that pass by.
    pub bypassed: u64,
    /// Items written through.
    pub written: u64,
    /// Items pushed out before their time.
    pub evicted: u64,
    /// Read units that the hits would have consumed.
    pub saved: CapacityUnits,
    /// The most bytes that were in use; zero where that is not known.
    pub bytes_most: u64,
    /// Bytes in use at the end.
    pub bytes_at_end: u64,
    /// Keys held at the end.
    pub items_at_end: u64,
}

/// The hottest partition at its hottest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Hottest {
    /// The partition's number.
    pub partition: u32,
    /// Reads or writes.
    pub access: ReadWrite,
    /// Consumed of its ceiling.
    pub share: f64,
    /// When, in seconds: the start of the column.
    pub at: f64,
}

impl<'a> Observed<'a> {
    /// What was recorded of the engine of a run, if anything was.
    pub fn of(result: &'a RunResult) -> Option<Self> {
        let record = result.engine.as_ref().filter(|record| !record.is_empty())?;
        let spans = spans(record, SPANS_MAX);
        let facts = record.resources.iter().map(|history| ResourceFacts::of(history, &spans)).collect();
        Some(Observed { record, facts })
    }

    /// The columns, merged until there are at most `most`.
    pub fn spans(&self, most: usize) -> Vec<Span> {
        spans(self.record, most.clamp(1, SPANS_MAX))
    }

    /// What the cache came to, where there was one.
    pub fn cache(&self) -> Option<CacheFacts<'a>> {
        self.record.cache.as_ref().map(|history| CacheFacts::of(history, self.record.ends_seconds.len()))
    }

    /// The history of a table or index.
    pub fn history(&self, table: &str, index: Option<&str>) -> Option<(usize, &'a ResourceHistory)> {
        let mut all = self.record.resources.iter().enumerate();
        all.find(|(_, history)| history.table == table && history.index.as_deref() == index)
    }

    /// What happened to one table or index, in the order of time.
    pub fn events(&self, resource: usize) -> impl Iterator<Item = &'a EngineEvent> {
        let events = self.record.events.iter();
        events.filter(move |event| event.resource == resource && event.at_seconds.is_finite())
    }
}

/// The faults of a run that have a place in time, in the order they began.
pub(super) fn faults(result: &RunResult) -> Vec<&FaultInfo> {
    let all = result.engine.iter().flat_map(|record| &record.faults);
    let has_place = |fault: &&FaultInfo| fault.end_seconds >= fault.start_seconds && fault.start_seconds.is_finite();
    let mut faults: Vec<&FaultInfo> = all.filter(has_place).collect();
    faults.sort_by(|one, other| one.start_seconds.total_cmp(&other.start_seconds));
    faults.truncate(FAULTS_MAX);
    faults
}

impl<'a> CacheFacts<'a> {
    fn of(history: &'a CacheHistory, columns: usize) -> Self {
        // Trailing zeros are left out.
        let at_end = |values: &[u64]| columns.checked_sub(1).and_then(|last| values.get(last).copied()).unwrap_or(0);
        let sum = |counts: &[u64]| counts.iter().copied().fold(0, u64::saturating_add);
        let saved = history.saved.iter().fold(0, |sum: u64, units| sum.saturating_add(units.as_halves()));
        CacheFacts {
            history,
            hits: sum(&history.hits),
            misses: sum(&history.misses),
            expired: sum(&history.expired),
            bypassed: sum(&history.bypassed),
            written: sum(&history.written),
            evicted: sum(&history.evicted),
            saved: CapacityUnits::halves(saved),
            bytes_most: history.bytes.iter().copied().max().unwrap_or(0),
            bytes_at_end: at_end(&history.bytes),
            items_at_end: at_end(&history.items),
        }
    }

    /// Reads that it answered or could have.
    pub const fn reads(&self) -> u64 {
        self.hits.saturating_add(self.misses)
    }
}

impl<'a> ResourceFacts<'a> {
    fn of(history: &'a ResourceHistory, spans: &[Span]) -> Self {
        let sum = |counts: &[u64]| counts.iter().copied().fold(0, u64::saturating_add);
        let cells =
            |range: &'a PartitionHistory, access| range.cells(access).iter().map(move |cell| (range, access, cell));
        let all =
            history.ranges.iter().flat_map(|range| cells(range, ReadWrite::Read).chain(cells(range, ReadWrite::Write)));
        let throttled_by_partitions = all.clone().fold(0_u64, |sum, (.., cell)| sum.saturating_add(cell.throttled));
        let hottest = all
            .filter(|(.., cell)| cell.peak_share.is_finite() && cell.peak_share > 0.0)
            // The first of several that are equally hot.
            .reduce(|one, other| if other.2.peak_share > one.2.peak_share { other } else { one })
            .map(|(range, access, cell)| Hottest {
                partition: range.id,
                access,
                share: cell.peak_share,
                at: spans.iter().find(|span| span.columns.contains(&cell.column)).map_or(0.0, |span| span.start),
            });
        ResourceFacts {
            history,
            label: history.label(),
            hottest,
            throttled_by_partitions,
            throttled_by_limit: sum(&history.read.throttled).saturating_add(sum(&history.write.throttled)),
            eventual_reads: sum(&history.eventual_reads),
            stale_reads: sum(&history.stale_reads),
        }
    }

    /// Whether partitions were seen.
    pub fn has_partitions(&self) -> bool {
        self.history.partitions_at_start > 0 || self.history.partitions_at_end() > 0
    }
}

/// `6 for heat, 1 for size`; nothing where there was none.
pub(super) fn splits_in_words(splits: crate::record::SplitCounts) -> String {
    let causes = [(splits.heat, "heat"), (splits.size, "size"), (splits.throughput, "throughput")];
    let causes = causes.into_iter().filter(|(count, _)| *count > 0);
    causes.map(|(count, cause)| format!("{} for {cause}", units::count(count))).collect::<Vec<_>>().join(", ")
}

/// Lines through the middles of the spans that have a value, beginning and ending at their edges.
pub(super) fn lines(spans: &[Span], value: impl Fn(&Span) -> Option<f64>) -> Vec<Vec<(f64, f64)>> {
    let mut lines: Vec<Vec<(f64, f64)>> = Vec::new();
    let mut open: Vec<(f64, f64)> = Vec::new();
    let mut end = 0.0;
    for span in spans {
        let Some(value) = value(span).filter(|value| value.is_finite()) else {
            close(&mut open, end, &mut lines);
            continue;
        };
        if open.is_empty() {
            open.push((span.start, value));
        }
        open.push((span.start.midpoint(span.end), value));
        end = span.end;
    }
    close(&mut open, end, &mut lines);
    lines
}

fn close(open: &mut Vec<(f64, f64)>, end: f64, lines: &mut Vec<Vec<(f64, f64)>>) {
    if let Some((_, last)) = open.last().copied() {
        open.push((end, last));
        lines.push(std::mem::take(open));
    }
}

/// A level line for every span that has a value, joined by steps.
pub(super) fn steps(spans: &[Span], value: impl Fn(&Span) -> Option<f64>) -> Vec<Vec<(f64, f64)>> {
    let mut lines: Vec<Vec<(f64, f64)>> = Vec::new();
    let mut touching = false;
    for span in spans {
        let Some(value) = value(span).filter(|value| value.is_finite()) else {
            touching = false;
            continue;
        };
        match lines.last_mut() {
            Some(line) if touching => {
                // A level line needs no point between its ends.
                if line.len() > 1 && line[line.len() - 1].1 == value && line[line.len() - 2].1 == value {
                    line.pop();
                } else {
                    line.push((span.start, value));
                }
                line.push((span.end, value));
            }
            _ => lines.push(vec![(span.start, value), (span.end, value)]),
        }
        touching = true;
    }
    lines
}

/// The sum of a list's values over a span; what the list does not hold is zero.
pub(super) fn sum_over(counts: &[u64], span: &Span) -> u64 {
    span.columns.clone().filter_map(|column| counts.get(column)).copied().fold(0, u64::saturating_add)
}

fn spans(record: &EngineRecord, most: usize) -> Vec<Span> {
    let mut columns: Vec<Span> = Vec::new();
    let mut start = record.start_seconds;
    for (column, end) in record.ends_seconds.iter().copied().enumerate() {
        // A column that a defective record ends before it began has no place in a picture.
        if start.is_finite() && end.is_finite() && end > start && end.abs() < 1e12 {
            columns.push(Span { start, end, columns: column..column + 1 });
            start = end;
        }
    }
    let each = columns.len().div_ceil(most).max(1);
    let merged = columns.chunks(each).filter_map(|chunk| {
        let (first, last) = (chunk.first()?, chunk.last()?);
        Some(Span { start: first.start, end: last.end, columns: first.columns.start..last.columns.end })
    });
    merged.collect()
}
