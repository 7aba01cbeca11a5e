//! The throughput of one table or one global secondary index: its limits, its partitions, and how both change over time.

use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::{Mutex, MutexGuard};

use crate::api::{AutoScaling, CapacityMode, CapacityRange, CapacityUnits, ReadWrite, Units, WarmThroughput};
use crate::time::Time;

use super::access::{AccessLimit, Limit};
use super::admission::{Charge, Refusal};
use super::limits::{
    ON_DEMAND_INITIAL_READ_UNITS_PER_SECOND, ON_DEMAND_INITIAL_WRITE_UNITS_PER_SECOND, PROVISIONED_INITIAL_SECONDS,
};
use super::model::CapacityModel;
use super::observation::{AccessView, CapacityEvent, CapacityEventKind, PartitionView};
use super::partition::{Access, Partitions, Place};
use super::scaling::{Decreases, Step};

/// Events nobody asked for are kept up to this many.
const EVENTS_MAX: usize = 10_000;
/// Ranges of hashes that are told apart where throughput is tapped: a power of two.
const TAPPED_RANGES: u64 = 1024;

/// What a table or index is created with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ResourceOptions {
    /// Its mode, throughput, maxima and auto scaling.
    pub capacity: CapacityMode,
    /// What it serves at once, where its owner asked for it.
    pub warm: Option<WarmThroughput>,
    /// Whether item collections may be divided: there is a sort key and no local secondary index (facts §2.1).
    pub divides_collections: bool,
}

impl ResourceOptions {
    /// A table or index in a mode, with nothing asked for besides.
    pub const fn of(capacity: CapacityMode) -> Self {
        ResourceOptions { capacity, warm: None, divides_collections: true }
    }
}

/// Admits requests of one table or index and counts their units. Reads and writes never share tokens.
#[derive(Debug)]
#[repr(align(64))]
pub struct Throughput(Rule);

#[derive(Debug)]
enum Rule {
    /// Everything is admitted.
    Unlimited([Counter; 2]),
    /// Everything is admitted and taken down.
    Tapped(Mutex<Vec<Tapped>>),
    Limited(Box<Mutex<Limited>>),
}

/// What was asked of a table or index for one key, taken down.
#[derive(Debug, Clone, PartialEq)]
pub struct Tapped {
    /// For what.
    pub access: Access,
    /// For which key.
    pub place: Place,
    /// For how much.
    pub units: CapacityUnits,
    /// How much larger what is stored there becomes.
    pub growth_bytes: i64,
}

/// Half units, on a cache line of their own.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Counter(AtomicU64);

/// Limits and partitions.
#[derive(Debug)]
pub(super) struct Limited {
    model: CapacityModel,
    limits: [AccessLimit; 2],
    partitions: Partitions,
    decreases: Decreases,
    /// When anything changes by itself, so that most requests pay for one comparison.
    due: Time,
    events: Vec<CapacityEvent>,
}

/// What can be seen of a table's or index's throughput; see [`super::ResourceView`].
#[derive(Debug)]
pub struct ThroughputView {
    /// Reads.
    pub read: AccessView,
    /// Writes.
    pub write: AccessView,
    /// The partitions in the order of their ranges.
    pub partitions: Vec<PartitionView>,
    /// What happened since the last look.
    pub events: Vec<CapacityEvent>,
}

impl Throughput {
    /// The throughput of a table or index created at `now`.
    ///
    /// On-demand starts with DynamoDB's initial throughput or with `warm`, whichever is more. There are as many partitions as
    /// that takes (facts §2.2).
    pub fn new(options: &ResourceOptions, model: CapacityModel, now: Time) -> Self {
        let limits = limits(options.capacity, options.warm);
        let limits = limits.map(|limit| AccessLimit::new(limit, &model, now));
        let mut limited = Limited {
            partitions: Partitions::new(1, options.divides_collections, &model, now),
            model,
            limits,
            decreases: Decreases::new(),
            due: Time::ZERO,
            events: Vec::new(),
        };
        let needed = limited.partitions_needed().max(model.least_partitions as usize);
        limited.partitions = Partitions::new(needed, options.divides_collections, &limited.model, now);
        limited.allocate(now);
        limited.set_due();
        Throughput(Rule::Limited(Box::new(Mutex::new(limited))))
    }

    /// Throughput without limits, for measuring what the engine itself can do: everything is admitted and counted.
    pub fn unlimited() -> Self {
        Throughput(Rule::Unlimited(Default::default()))
    }

    /// Throughput without limits that takes down every admission until somebody asks for them: what requests come to, by
    /// the arithmetic of whoever charges them.
    pub fn tapped() -> Self {
        Throughput(Rule::Tapped(Mutex::default()))
    }

    /// Whether places of keys matter: anything is limited, or taken down.
    #[inline]
    pub const fn is_limited(&self) -> bool {
        !matches!(self.0, Rule::Unlimited(_))
    }

    /// What was taken down since it was last asked for; nothing where throughput is not tapped.
    pub fn take_tapped(&self) -> Vec<Tapped> {
        match &self.0 {
            Rule::Tapped(tapped) => std::mem::take(&mut *tapped.lock()),
            Rule::Unlimited(_) | Rule::Limited(_) => Vec::new(),
        }
    }

    /// Changes mode, throughput, maxima and auto scaling from a moment on; until then everything stays as it is.
    ///
    /// What was consumed stays counted. On-demand serves as much as ever was provisioned or served, because partitions are
    /// never merged (facts §2.2). Capacity keeps its bank when it is provisioned otherwise, and nothing but its debt
    /// when the mode changes. Throughput without limits stays without.
    pub fn set_mode(&self, now: Time, mode: CapacityMode, warm: Option<WarmThroughput>, from: Time) {
        if let Some(mut limited) = self.lock() {
            limited.advance(now);
            for (access, limit) in limited.limits.iter_mut().zip(limits(mode, warm)) {
                access.set_next(limit, from);
            }
            limited.set_due();
        }
    }

    /// Takes a charge if there is capacity left, otherwise nothing. No units are always admitted.
    #[inline]
    pub fn admit(&self, now: Time, charge: &Charge<'_>) -> Result<(), Refusal> {
        let Some(mut limited) = self.lock() else {
            self.count(charge);
            return Ok(());
        };
        limited.advance(now);
        let at = limited.partition_of(charge.place);
        if !charge.units.is_zero() {
            limited.check(now, charge.access, at)?;
        }
        limited.take_from(now, charge, at);
        if !charge.units.is_zero() {
            limited.pass(charge.access.kind());
        }
        Ok(())
    }

    /// Whether any request would be admitted now, as far as the table or index as a whole decides.
    pub fn check(&self, now: Time, access: ReadWrite) -> Result<(), Refusal> {
        let Some(mut limited) = self.lock() else { return Ok(()) };
        limited.advance(now);
        limited.check_whole(now, access)
    }

    /// Notes how much larger what is stored at a key becomes without a request that pays for it.
    pub fn store(&self, now: Time, place: &Place, growth_bytes: i64) {
        if let Rule::Tapped(tapped) = &self.0 {
            let place = place.clone();
            tapped.lock().push(Tapped { access: Access::Write, place, units: CapacityUnits::ZERO, growth_bytes });
        }
        if let Some(mut limited) = self.lock() {
            let limited = &mut *limited;
            let event = limited.partitions.store(place, growth_bytes, &limited.model, now);
            limited.events.extend(event);
        }
    }

    /// All units ever admitted; where throughput is tapped, those taken down and not asked for yet.
    pub fn consumed(&self) -> Units {
        match &self.0 {
            Rule::Unlimited(counters) => {
                let units =
                    |access: ReadWrite| CapacityUnits::halves(counters[access as usize].0.load(Ordering::Relaxed));
                Units { read: units(ReadWrite::Read), write: units(ReadWrite::Write) }
            }
            Rule::Tapped(tapped) => {
                let tapped = tapped.lock();
                let units = |access: ReadWrite| {
                    tapped.iter().filter(|tapped| tapped.access.kind() == access).map(|tapped| tapped.units).sum()
                };
                Units { read: units(ReadWrite::Read), write: units(ReadWrite::Write) }
            }
            Rule::Limited(limited) => {
                let limited = limited.lock();
                let units = |access: ReadWrite| limited.limits[access as usize].consumed;
                Units { read: units(ReadWrite::Read), write: units(ReadWrite::Write) }
            }
        }
    }

    /// Units per second it was ever provisioned for, served on demand or warmed to; `None` where nothing is limited.
    pub fn reached_units_per_second(&self, access: ReadWrite, now: Time) -> Option<u64> {
        let mut limited = self.lock()?;
        limited.advance(now);
        Some(limited.limits[access as usize].reached_units_per_second())
    }

    /// Units per second it is provisioned for at present; `None` on demand and where nothing is limited.
    pub fn provisioned_units_per_second(&self, access: ReadWrite, now: Time) -> Option<u64> {
        let mut limited = self.lock()?;
        limited.advance(now);
        let limit = &limited.limits[access as usize];
        (!limit.is_on_demand()).then(|| limit.serves_units_per_second())
    }

    /// The hashes held by the partition of a key, the last one included. Where nothing is limited there are four partitions, as
    /// a new on-demand table has them (facts §2.2); where throughput is tapped there are many, to tell places apart.
    pub fn partition_range(&self, now: Time, place: &Place) -> (u64, u64) {
        let Some(mut limited) = self.lock() else {
            let bits = if matches!(self.0, Rule::Tapped(_)) { TAPPED_RANGES.trailing_zeros() } else { 2 };
            let start = place.hash >> (u64::BITS - bits) << (u64::BITS - bits);
            return (start, start | (u64::MAX >> bits));
        };
        limited.advance(now);
        limited.partitions.range_of(place)
    }

    /// Whether two keys lie in the same partition; always where nothing is limited.
    pub fn is_one_partition(&self, now: Time, one: &Place, other: &Place) -> bool {
        let Some(mut limited) = self.lock() else { return true };
        limited.advance(now);
        limited.partition_of(one) == limited.partition_of(other)
    }

    /// What can be seen of it now; events are told once. `None` where nothing is limited.
    pub fn view(&self, now: Time) -> Option<ThroughputView> {
        let mut limited = self.lock()?;
        limited.advance(now);
        let limited = &mut *limited;
        let [read, write] = &mut limited.limits;
        let [mut read, mut write] = [read.view(now), write.view(now)];
        // Where each partition has a share of its own, together they hold what the table holds.
        if let Some(allocated) = limited.partitions.allocated(now) {
            for (view, (tokens, tokens_max)) in [&mut read, &mut write].into_iter().zip(allocated) {
                (view.tokens, view.tokens_max) = (tokens, tokens_max);
            }
        }
        Some(ThroughputView {
            read,
            write,
            partitions: limited.partitions.view(),
            events: std::mem::take(&mut limited.events),
        })
    }

    /// What can be seen where nothing is limited: what was consumed.
    pub fn unlimited_view(&self) -> ThroughputView {
        let Units { read, write } = self.consumed();
        let view = |consumed| AccessView {
            consumed,
            limit_units_per_second: None,
            tokens: CapacityUnits::ZERO,
            tokens_max: CapacityUnits::ZERO,
            throttled: 0,
        };
        ThroughputView { read: view(read), write: view(write), partitions: Vec::new(), events: Vec::new() }
    }

    /// The limits, locked; `None` where there are none.
    #[inline]
    pub(super) fn lock(&self) -> Option<MutexGuard<'_, Limited>> {
        match &self.0 {
            Rule::Unlimited(_) | Rule::Tapped(_) => None,
            Rule::Limited(limited) => Some(limited.lock()),
        }
    }

    /// Counts units where nothing is limited.
    #[inline]
    pub(super) fn count(&self, charge: &Charge<'_>) {
        match &self.0 {
            Rule::Unlimited(counters) => {
                counters[charge.access.kind() as usize].0.fetch_add(charge.units.as_halves(), Ordering::Relaxed);
            }
            Rule::Tapped(tapped) => {
                let Charge { access, place, units, growth_bytes, .. } = *charge;
                tapped.lock().push(Tapped { access, place: place.clone(), units, growth_bytes });
            }
            Rule::Limited(_) => {}
        }
    }
}

impl Limited {
    /// Makes all changes that are due, each at its moment.
    #[inline]
    pub fn advance(&mut self, now: Time) {
        while self.due <= now && self.due != Time::NEVER {
            self.change_at(self.due);
        }
    }

    /// Whether a request for a key in the partition with this number is admitted now.
    #[inline]
    fn check(&mut self, now: Time, access: Access, at: usize) -> Result<(), Refusal> {
        self.check_whole(now, access.kind())?;
        self.check_partition(now, access, at)
    }

    /// Whether the partition of a key admits a request now, which the table or index as a whole does.
    pub fn check_partition(&mut self, now: Time, access: Access, at: usize) -> Result<(), Refusal> {
        let on_demand = self.limits[0].is_on_demand();
        self.partitions.check(at, access, now).map_err(|limit| Refusal { limit, on_demand })
    }

    /// The number of the partition of a key, as long as none is split.
    pub fn partition_of(&self, place: &Place) -> usize {
        self.partitions.find(place)
    }

    /// Whether the table or index as a whole admits a request now. Where capacity is not adaptive each partition has its share
    /// of it, and the table nothing else.
    #[inline]
    pub fn check_whole(&mut self, now: Time, access: ReadWrite) -> Result<(), Refusal> {
        if self.is_shared_out(access) {
            return Ok(());
        }
        let limit = &mut self.limits[access as usize];
        let on_demand = limit.is_on_demand();
        limit.check(now).map_err(|limit| Refusal { limit, on_demand })
    }

    /// Whether each partition has its share of the capacity, so that the table or index as a whole limits nothing.
    #[inline]
    fn is_shared_out(&self, access: ReadWrite) -> bool {
        !self.model.adaptive && !self.limits[access as usize].is_on_demand()
    }

    /// Takes what was admitted.
    #[inline]
    pub fn take(&mut self, now: Time, charge: &Charge<'_>) {
        self.take_from(now, charge, self.partitions.find(charge.place));
    }

    /// Takes what was admitted from the partition with this number, which holds the key.
    #[inline]
    fn take_from(&mut self, now: Time, charge: &Charge<'_>, at: usize) {
        if !charge.units.is_zero() {
            let access = charge.access.kind();
            if self.is_shared_out(access) {
                self.limits[access as usize].count(charge.units);
            } else {
                self.limits[access as usize].take(charge.units);
            }
            self.partitions.take(at, charge.access, charge.units, charge.place, &self.model, now);
            self.due = self.due.min(self.partitions.next_split());
        }
        if charge.growth_bytes != 0 {
            let event = self.partitions.grow(at, charge.growth_bytes, &self.model, now);
            self.events.extend(event);
        }
    }

    /// A request is over, with all its charges: one router admitted it, and the next request goes to the next one.
    #[inline]
    pub fn pass(&mut self, access: ReadWrite) {
        self.limits[access as usize].pass();
    }

    /// What changes at the moment `at`.
    #[cold]
    fn change_at(&mut self, at: Time) {
        let before = self.serves();
        let was_on_demand = self.limits[0].is_on_demand();
        for access in [ReadWrite::Read, ReadWrite::Write] {
            let limit = &mut self.limits[access as usize];
            limit.change_if_due(at, &self.model);
            limit.grow(at);
            self.scale(access, at);
        }
        let (after, on_demand) = (self.serves(), self.limits[0].is_on_demand());
        for access in [ReadWrite::Read, ReadWrite::Write] {
            let (from, to) = (before[access as usize], after[access as usize]);
            if from != to && was_on_demand == on_demand {
                let kind = if on_demand {
                    CapacityEventKind::Grew { access, from, to }
                } else {
                    CapacityEventKind::Provisioned { access, from, to }
                };
                self.note(CapacityEvent { at, kind });
            }
        }
        if before != after || was_on_demand != on_demand {
            let needed = self.partitions_needed();
            let events = &mut self.events;
            self.partitions.provide(needed, &self.model, at, &mut |event| events.push(event));
            self.allocate(at);
        }
        if self.partitions.next_split() <= at {
            let events = &mut self.events;
            self.partitions.split_hot(at, &self.model, &mut |event| events.push(event));
        }
        self.events.truncate(EVENTS_MAX);
        self.set_due();
    }

    /// Lets auto scaling do what is due.
    fn scale(&mut self, access: ReadWrite, at: Time) {
        let limit = &mut self.limits[access as usize];
        let provisioned = limit.serves_units_per_second();
        let Some(scaler) = &mut limit.scaler else { return };
        let Some(step) = scaler.advance(at, limit.consumed, provisioned, &mut self.decreases, &self.model) else {
            return;
        };
        let kind = match step {
            Step::Decided { to, effective_at } => {
                CapacityEventKind::ScalingDecided { access, from: provisioned, to, effective_at }
            }
            Step::Refused { to } => CapacityEventKind::ScalingRefused { access, from: provisioned, to },
            Step::Effective { to } => return limit.provision(to, &self.model, at),
        };
        self.note(CapacityEvent { at, kind });
    }

    fn note(&mut self, event: CapacityEvent) {
        if self.events.len() < EVENTS_MAX {
            self.events.push(event);
        }
    }

    fn serves(&self) -> [u64; 2] {
        [ReadWrite::Read, ReadWrite::Write].map(|access| self.limits[access as usize].serves_units_per_second())
    }

    /// The partitions that take what was ever served or provisioned.
    fn partitions_needed(&self) -> usize {
        let [read, write] = &self.limits;
        let reached =
            self.model.partitions_for_served(read.reached_units_per_second(), write.reached_units_per_second());
        if read.is_on_demand() {
            return reached;
        }
        let provisioned =
            self.model.partitions_for_provisioned(read.serves_units_per_second(), write.serves_units_per_second());
        provisioned.max(reached)
    }

    /// Gives each partition its share, where capacity is not adaptive.
    fn allocate(&mut self, now: Time) {
        if self.model.adaptive {
            return;
        }
        if self.limits[0].is_on_demand() {
            self.partitions.free_allocated();
        } else {
            self.partitions.allocate(self.serves(), &self.model, PROVISIONED_INITIAL_SECONDS, now);
        }
    }

    fn set_due(&mut self) {
        let of_limit = |limit: &AccessLimit| {
            let scaling = limit.scaler.as_ref().map_or(Time::NEVER, |scaler| scaler.due(&self.model));
            limit.next_from.min(limit.window_end()).min(scaling)
        };
        let limits = self.limits.iter().map(of_limit).min().unwrap_or(Time::NEVER);
        self.due = limits.min(self.partitions.next_split());
    }
}

/// The limits of reads and of writes.
fn limits(mode: CapacityMode, warm: Option<WarmThroughput>) -> [Limit; 2] {
    let warm_reads = warm.map_or(0, |warm| warm.read_units_per_second);
    let warm_writes = warm.map_or(0, |warm| warm.write_units_per_second);
    match mode {
        CapacityMode::Provisioned { read, write } => {
            let limit = |range: CapacityRange, warm_units_per_second| {
                let CapacityRange { units, auto_scaling } = range;
                let auto_scaling: Option<AutoScaling> = auto_scaling;
                Limit::Provisioned { units_per_second: units, warm_units_per_second, auto_scaling }
            };
            [limit(read, warm_reads), limit(write, warm_writes)]
        }
        CapacityMode::OnDemand { max_read_units, max_write_units } => {
            let limit = |initial: u64, warm, maximum_units_per_second| Limit::OnDemand {
                least_units_per_second: initial.max(warm),
                maximum_units_per_second,
            };
            [
                limit(ON_DEMAND_INITIAL_READ_UNITS_PER_SECOND, warm_reads, max_read_units),
                limit(ON_DEMAND_INITIAL_WRITE_UNITS_PER_SECOND, warm_writes, max_write_units),
            ]
        }
    }
}

mod flow;
pub use flow::{Flow, Load, Passage, Point, Stream};

#[cfg(test)]
mod tests;
