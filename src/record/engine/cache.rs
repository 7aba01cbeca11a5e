//! The cache in front of the tables over time.

use serde::{Deserialize, Serialize};

use crate::api::CapacityUnits;
use crate::cache::{CacheCounts, CacheSettings};

use super::history::{merge, since, slot, trim};

/// What the cache in front of the tables did, in the columns of the engine's record. Counts are those of each column, trailing
/// zeros left out.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct CacheHistory {
    /// The tables it stands before.
    pub tables: Vec<String>,
    /// Memory for items.
    pub size_bytes: u64,
    /// How long an item is answered with; absent where for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_to_live_seconds: Option<f64>,
    /// Reads of single items that it answered.
    pub hits: Vec<u64>,
    /// Reads of single items that went on to the table.
    pub misses: Vec<u64>,
    /// Of these, those whose item was held but too old.
    pub expired: Vec<u64>,
    /// Reads that pass by: strongly consistent and transactional ones of single items, and requests of Query and Scan.
    pub bypassed: Vec<u64>,
    /// Items pushed out before they were too old.
    pub evicted: Vec<u64>,
    /// Items written through.
    pub written: Vec<u64>,
    /// Read units that the hits would have consumed.
    pub saved: Vec<CapacityUnits>,
    /// Items held at the end of each column, absent ones that are known to be so included; none where they were not counted.
    pub items: Vec<u64>,
    /// Bytes held at the end of each column.
    pub bytes: Vec<u64>,
}

/// A cache that is watched.
#[derive(Debug)]
pub(super) struct WatchedCache {
    pub history: CacheHistory,
    seen: CacheCounts,
}

impl WatchedCache {
    /// Watches a cache from now on.
    pub fn new(settings: &CacheSettings) -> Self {
        let history = CacheHistory {
            tables: settings.tables.iter().map(|table| table.to_string()).collect(),
            size_bytes: settings.size_bytes,
            time_to_live_seconds: settings.time_to_live.map(|time_to_live| time_to_live.as_secs_f64()),
            ..CacheHistory::default()
        };
        WatchedCache { history, seen: CacheCounts::default() }
    }

    /// What is seen from now on is counted.
    pub const fn begin(&mut self, counts: CacheCounts) {
        self.seen = counts;
    }

    /// Adds to a column what happened since the last look.
    pub fn look(&mut self, counts: CacheCounts, column: usize) {
        let (history, seen) = (&mut self.history, self.seen);
        for (values, now, before) in [
            (&mut history.hits, counts.hits, seen.hits),
            (&mut history.misses, counts.misses, seen.misses),
            (&mut history.expired, counts.expired, seen.expired),
            (&mut history.bypassed, counts.bypassed, seen.bypassed),
            (&mut history.evicted, counts.evicted, seen.evicted),
            (&mut history.written, counts.written, seen.written),
        ] {
            *slot(values, column) += since(now, before);
        }
        *slot(&mut history.saved, column) +=
            CapacityUnits::halves(since(counts.saved.as_halves(), seen.saved.as_halves()));
        *slot(&mut history.items, column) = counts.items;
        *slot(&mut history.bytes, column) = counts.bytes;
        self.seen = counts;
    }

    /// Gives every column the number that `to` says; columns that get the same number become one.
    pub fn renumber(&mut self, to: &dyn Fn(usize) -> usize) {
        let history = &mut self.history;
        for counts in history.counts_mut() {
            merge(counts, to, |into, from| *into += from);
        }
        merge(&mut history.saved, to, |into, from| *into += from);
        merge(&mut history.items, to, |into, from| *into = from);
        merge(&mut history.bytes, to, |into, from| *into = from);
    }

    /// The finished history.
    pub fn finish(mut self) -> CacheHistory {
        for counts in self.history.counts_mut() {
            trim(counts);
        }
        trim(&mut self.history.saved);
        trim(&mut self.history.items);
        trim(&mut self.history.bytes);
        self.history
    }
}

impl CacheHistory {
    fn counts_mut(&mut self) -> [&mut Vec<u64>; 6] {
        [&mut self.hits, &mut self.misses, &mut self.expired, &mut self.bypassed, &mut self.evicted, &mut self.written]
    }
}
