//! Takes down looks at the engine's capacity, at moments it names itself, in bounded memory.

use std::time::Duration;

use crate::cache::{CacheCounts, CacheSettings};
use crate::capacity::{CapacityEvent, CapacityEventKind, ResourceView};
use crate::time::Time;

use super::cache::WatchedCache;
use super::history::WatchedResource;
use super::{EngineEvent, EngineEventKind, EngineRecord, FaultInfo};

/// The length of a column before any are merged.
const INTERVAL: Duration = Duration::from_secs(1);
/// At most this many columns; beyond, neighbours are merged in pairs.
const COLUMNS_MAX: usize = 600;
/// Looks in a column at most, so that a long run takes no more of them than a short one: what happens between two looks is
/// seen as an average only.
const LOOKS_PER_COLUMN: u32 = 4;
/// Events kept; later ones are counted.
const EVENTS_MAX: usize = 10_000;

/// Watches the engine's capacity. Whoever drives the run looks at the engine when [`next_at`](Self::next_at) says so.
#[derive(Debug)]
pub struct ObservationLog {
    interval: Duration,
    /// When the first look was; none before it.
    start: Option<Time>,
    last_look: Time,
    /// The longest time between two looks.
    longest: Duration,
    /// Ends of the columns that are closed. The next one is open.
    ends: Vec<Time>,
    resources: Vec<WatchedResource>,
    events: Vec<EngineEvent>,
    events_dropped: u64,
    faults: Vec<FaultInfo>,
    cache: Option<WatchedCache>,
    /// What the next look is to see of the cache.
    cache_counts: Option<CacheCounts>,
}

impl ObservationLog {
    /// A log of a run in which these faults are scheduled.
    pub fn new(faults: Vec<FaultInfo>) -> Self {
        ObservationLog {
            interval: INTERVAL,
            start: None,
            last_look: Time::ZERO,
            longest: Duration::ZERO,
            ends: Vec::new(),
            resources: Vec::new(),
            events: Vec::new(),
            events_dropped: 0,
            faults,
            cache: None,
            cache_counts: None,
        }
    }

    /// The log of a run with such a cache in front of its tables.
    #[must_use]
    pub fn with_cache(mut self, settings: Option<&CacheSettings>) -> Self {
        self.cache = settings.map(WatchedCache::new);
        self
    }

    /// The log of a run of this length: its columns are from the start as long as they come to be, so that all of them are equal.
    #[must_use]
    pub fn of_length(mut self, length: Duration) -> Self {
        while length.div_duration_f64(self.interval) > COLUMNS_MAX as f64 {
            self.interval *= 2;
        }
        self
    }

    /// When the next look should be: at once for the first one, then on whole seconds, later less often.
    pub fn next_at(&self) -> Time {
        match self.start {
            None => Time::ZERO,
            Some(_) => self.next_multiple((self.interval / LOOKS_PER_COLUMN).max(INTERVAL)),
        }
    }

    /// What the cache counted so far; the next [`observe`](Self::observe) takes it down.
    pub const fn observe_cache(&mut self, counts: Option<CacheCounts>) {
        self.cache_counts = counts;
    }

    /// Takes down what is seen at `now`. What the first look sees is where counting starts.
    pub fn observe(&mut self, now: Time, views: Vec<ResourceView>) {
        let start = *self.start.get_or_insert(now);
        let is_first = start == now && self.ends.is_empty() && self.resources.is_empty();
        let seconds = now.since(self.last_look).as_secs_f64();
        let now_seconds = now.as_secs_f64();
        let column = self.ends.len();
        // A second look at the same moment belongs to what was seen before it.
        let column = if now <= self.column_start() { column.saturating_sub(1) } else { column };
        for mut view in views {
            let events = std::mem::take(&mut view.events);
            let known = self.resources.iter().position(|resource| resource.is_of(&view));
            let place = known.unwrap_or_else(|| {
                self.resources.push(WatchedResource::new(&view, now_seconds));
                self.resources.len() - 1
            });
            for event in events {
                self.event(place, event);
            }
            if !is_first {
                self.resources[place].look(&view, column, now_seconds, seconds);
            }
        }
        if let (Some(cache), Some(counts)) = (&mut self.cache, self.cache_counts.take()) {
            if is_first { cache.begin(counts) } else { cache.look(counts, column) }
        }
        if !is_first {
            self.longest = self.longest.max(now.since(self.last_look));
        }
        let is_due = now >= self.column_end();
        self.last_look = self.last_look.max(now);
        if is_due {
            self.close(now);
        }
    }

    /// The record of everything seen until the run's end; a last look should precede it.
    pub fn finish(mut self, end: Time) -> EngineRecord {
        let open = self.last_look.since(self.column_start());
        if open > Duration::ZERO {
            // The rest of an interval is too short for a rate of its own.
            if open < self.interval / 4 && !self.ends.is_empty() {
                let last = self.ends.len() - 1;
                self.renumber(&|column| column.min(last));
                self.ends[last] = self.last_look;
            } else {
                self.close(self.last_look);
            }
        }
        let end_seconds = end.max(self.last_look).as_secs_f64();
        for fault in &mut self.faults {
            fault.start_seconds = if fault.start_seconds.is_finite() { fault.start_seconds } else { end_seconds };
            fault.end_seconds = if fault.end_seconds.is_finite() { fault.end_seconds } else { end_seconds };
        }
        // Told table by table; the sort keeps those of one moment in that order.
        self.events.sort_by(|one, other| one.at_seconds.total_cmp(&other.at_seconds));
        EngineRecord {
            merged: (self.interval.as_nanos() / INTERVAL.as_nanos()) as u64,
            look_seconds: self.longest.as_secs_f64(),
            start_seconds: self.start.unwrap_or(Time::ZERO).as_secs_f64(),
            ends_seconds: self.ends.iter().map(|end| end.as_secs_f64()).collect(),
            resources: self.resources.into_iter().map(WatchedResource::finish).collect(),
            events: self.events,
            events_dropped: self.events_dropped,
            faults: self.faults,
            cache: self.cache.map(WatchedCache::finish),
        }
    }

    fn event(&mut self, resource: usize, event: CapacityEvent) {
        let history = &mut self.resources[resource].history;
        match &event.kind {
            CapacityEventKind::Split { cause, .. } => history.splits.count(*cause),
            CapacityEventKind::ScalingDecided { .. } => history.scaling_decided += 1,
            CapacityEventKind::ScalingRefused { .. } => history.scaling_refused += 1,
            CapacityEventKind::Provisioned { .. } | CapacityEventKind::Grew { .. } => {}
        }
        if self.events.len() < EVENTS_MAX {
            self.events.push(EngineEvent { at_seconds: event.at.as_secs_f64(), resource, kind: event.kind.into() });
        } else {
            self.events_dropped += 1;
        }
    }

    /// The open column ends at `now`.
    fn close(&mut self, now: Time) {
        self.ends.push(now);
        if self.ends.len() <= COLUMNS_MAX {
            return;
        }
        self.interval *= 2;
        self.renumber(&|column| column / 2);
        let count = self.ends.len();
        let closed = self.ends.iter().enumerate().filter(|(column, _)| column % 2 == 1 || column + 1 == count);
        self.ends = closed.map(|(_, end)| *end).collect();
    }

    fn renumber(&mut self, to: &dyn Fn(usize) -> usize) {
        for resource in &mut self.resources {
            resource.renumber(to);
        }
        if let Some(cache) = &mut self.cache {
            cache.renumber(to);
        }
    }

    fn column_start(&self) -> Time {
        self.ends.last().copied().or(self.start).unwrap_or(Time::ZERO)
    }

    fn column_end(&self) -> Time {
        let interval = self.interval.as_nanos() as u64;
        Time::from_nanos((self.column_start().as_nanos() / interval + 1).saturating_mul(interval))
    }

    /// The first multiple after the last look.
    fn next_multiple(&self, of: Duration) -> Time {
        let of = of.as_nanos() as u64;
        Time::from_nanos((self.last_look.as_nanos() / of + 1).saturating_mul(of))
    }
}

impl From<CapacityEventKind> for EngineEventKind {
    fn from(kind: CapacityEventKind) -> Self {
        match kind {
            CapacityEventKind::Split { cause, partition, into } => EngineEventKind::Split { cause, partition, into },
            CapacityEventKind::ScalingDecided { access, from, to, effective_at } => {
                EngineEventKind::ScalingDecided { access, from, to, effective_at_seconds: effective_at.as_secs_f64() }
            }
            CapacityEventKind::ScalingRefused { access, from, to } => {
                EngineEventKind::ScalingRefused { access, from, to }
            }
            CapacityEventKind::Provisioned { access, from, to } => EngineEventKind::Provisioned { access, from, to },
            CapacityEventKind::Grew { access, from, to } => EngineEventKind::Grew { access, from, to },
        }
    }
}
