//! A cache in front of the tables: which share of the reads goes on to them.
//!
//! What reads and writes ask of which records is known from their distributions; the cache is reckoned from the rates of that
//! ([`reckon`](crate::cache::reckon)). The most popular records are reckoned one by one, the rest by classes of popularity. A
//! step is as the time before it has been: of the length of the time to live, or as far back as what was used since fills the
//! cache, where that is shorter. Until the run is as old as that, the cache it began with was empty. Approximated:
//!
//! - rates are rounded to a sixteenth of an octave, so that steps share profiles;
//! - beyond the most popular records, what operations with different distributions ask of a record has nothing to do with
//!   each other; which of a batch are drawn twice is left out; records read one after the other count as drawn evenly;
//! - items of a table have its mean size;
//! - misses are all admitted: one that is throttled fills nothing, and is not reckoned with;
//! - once a run is older than the time to live, misses come evenly. Those of an empty cache are filled together and grow too old
//!   together, so that a run of a few times the time to live misses a few percent more than reckoned.

use std::collections::{BTreeMap, HashMap};

use smallvec::SmallVec;

use crate::cache::CacheSettings;
use crate::cache::reckon::{Keys, characteristic_seconds, miss_ratio, miss_ratio_since_empty, used_bytes};
use crate::capacity::{Load, Place, SortKey, Stream, Tapped};
use crate::engine::Engine;
use crate::workload::{Records, Table, Workload};

use super::past::Past;
use super::{Demand, Profile};

/// Records of each distribution that are reckoned one by one, at most.
const NAMED: u64 = 4_096;
/// The ranks of the classes beyond them grow by this factor.
const CLASS_FACTOR: f64 = 1.09;
/// Rates are rounded to so many levels an octave.
const LEVELS_PER_OCTAVE: f64 = 16.0;
/// The level of what does not happen.
const NEVER: i32 = i32::MIN;
/// Items that tell the mean size of a table's.
const SIZED: u64 = 256;
/// To what part of itself the time is told in which a cache is filled: finer than rates are rounded.
const WINDOW_TOLERANCE: f64 = 0.01;
/// Halvings of that time, at most.
const BISECTIONS_MAX: usize = 40;
/// What the key of a missing item takes, in bytes: of the order of most keys, and of no weight.
const KEY_BYTES: f64 = 40.0;

/// What the cache does with the reads of one operation, on average.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct CachedReads {
    /// Reads that it answers.
    pub hits: f64,
    /// Reads that go on to the table.
    pub misses: f64,
    /// Read units that the answers would have consumed.
    pub saved_units: f64,
    /// Items written through.
    pub written: f64,
    /// The share of the operation, by units, that asks nothing of the table.
    pub spared: f64,
}

/// The reads of one operation that a cache may answer, as they were drawn for a profile.
#[derive(Debug)]
pub struct CacheableReads {
    pub operation: usize,
    pub resource: usize,
    pub table: usize,
    /// How many operations were drawn.
    pub drawn: u64,
    pub tapped: Vec<Tapped>,
}

/// Puts the cache of a workload before the tables of its demand. `reads` are those of each profile; `engine` knows the places
/// of keys.
pub fn put_before(
    demand: &mut Demand,
    reads: &[Vec<CacheableReads>],
    workload: &Workload,
    settings: &CacheSettings,
    engine: &Engine,
) {
    let bases = std::mem::take(&mut demand.profiles);
    let mut views: Vec<View<'_>> =
        bases.iter().zip(reads).map(|(profile, reads)| View::new(profile, reads, workload, settings, engine)).collect();
    let mut past = Past::default();
    for step in &mut demand.steps {
        past.push(step.from, step.until, &step.operations);
    }
    let mut known: HashMap<(usize, bool, Levels), usize> = HashMap::new();
    // When what fills the cache began to be used; it never moves back.
    let mut begun = 0.0;
    let life = settings.time_to_live.map_or(f64::INFINITY, |life| life.as_secs_f64());
    for (number, step) in demand.steps.iter_mut().enumerate() {
        let base = step.profile;
        let Some(view) = views.get_mut(base) else { continue };
        let now = step.from.as_secs_f64().midpoint(step.until.as_secs_f64());
        let length = step.until.since(step.from).as_secs_f64();
        let rates: Vec<f64> = step.operations.iter().map(|count| count / length.max(1e-9)).collect();
        let room = filled_within(view, &past, number, now, &rates, begun);
        begun = room.map_or(0.0, |room| now - room);
        let memory = room.unwrap_or(f64::INFINITY).min(life);
        let is_young = now < memory;
        let window = if is_young { now } else { memory.max(length).min(now) };
        let counts = past.between(now - window, now, number);
        let levels = if is_young {
            view.levels(&counts)
        } else {
            view.levels(&counts.iter().map(|count| count / window).collect::<Vec<f64>>())
        };
        step.profile = *known.entry((base, is_young, levels)).or_insert_with_key(|(_, is_young, levels)| {
            let quantized = of_levels(levels);
            let misses = if *is_young {
                view.misses_since_empty(&quantized)
            } else {
                view.misses(&quantized, view.characteristic(levels), life)
            };
            demand.profiles.push(view.behind(&bases[base], &misses));
            demand.profiles.len() - 1
        });
    }
}

/// The seconds back from `now`, inside of the step with this number, within which as much was used as there is room for; `None`
/// where all that was used since the start has room. It is known not to have begun before `begun`.
fn filled_within(view: &View<'_>, past: &Past, step: usize, now: f64, rates: &[f64], begun: f64) -> Option<f64> {
    let has_room = |window: f64| view.has_room(&view.levels(&past.between(now - window, now, step)));
    if has_room(now) {
        return None;
    }
    let present = view.characteristic(&view.levels(rates));
    if now - present >= past.start_of(step) {
        return Some(present);
    }
    let (mut short, mut long) = (0.0, (now - begun).min(now));
    if has_room(long) {
        long = now;
    }
    for _ in 0..BISECTIONS_MAX {
        if long - short <= WINDOW_TOLERANCE * long {
            break;
        }
        let middle = f64::midpoint(short, long);
        if has_room(middle) {
            short = middle;
        } else {
            long = middle;
        }
    }
    Some(long)
}

/// Rates by operation, rounded.
type Levels = SmallVec<[i32; 8]>;

fn of_levels(levels: &Levels) -> Vec<f64> {
    levels
        .iter()
        .map(|level| if *level == NEVER { 0.0 } else { libm::exp2(f64::from(*level) / LEVELS_PER_OCTAVE) })
        .collect()
}

/// A profile's operations as the cache sees them.
struct View<'p> {
    reads: &'p [CacheableReads],
    /// By read: for each of those drawn the record among the named ones, and the point of the stream it belongs to.
    drawn: Vec<Vec<(Option<usize>, Option<usize>)>>,
    streams: Vec<&'p Stream>,
    tables: Vec<CachedTable>,
    /// Operations that touch a cached table; the others have no part in the levels.
    touching: Vec<bool>,
    characteristics: std::cell::RefCell<HashMap<Levels, f64>>,
    rooms: std::cell::RefCell<HashMap<Levels, bool>>,
    size_bytes: f64,
}

/// A table, the touches of it and its records.
struct CachedTable {
    table: usize,
    population: f64,
    /// Mean bytes of an item.
    bytes: f64,
    /// New records an operation inserts, by operation.
    inserts: Vec<f64>,
    touches: Vec<TableTouch>,
    /// The records that are reckoned one by one.
    named: Vec<u64>,
    /// Distinct distributions: of each, classes of ranks beyond the named ones.
    groups: Vec<Vec<Class>>,
}

/// Records of neighbouring ranks.
#[derive(Debug, Clone, Copy)]
struct Class {
    records: f64,
    /// The share of all draws that one of them gets.
    share: f64,
    /// The middle rank.
    rank: f64,
}

struct TableTouch {
    operation: usize,
    is_write: bool,
    each: f64,
    /// The chance that an operation is about each of the named records.
    named: Vec<f64>,
    /// The share of draws beyond the records that were named for this distribution itself, by record.
    beyond: f64,
    /// Its distribution; `None` for records that are used once.
    group: Option<usize>,
    /// Whether its most popular records are the newest.
    follows: bool,
}

/// The shares of reads that miss.
struct Misses {
    /// By table, then named record.
    named: Vec<Vec<f64>>,
    /// By table, then touch: beyond.
    beyond: Vec<Vec<f64>>,
}

impl<'p> View<'p> {
    fn new(
        profile: &'p Profile,
        reads: &'p [CacheableReads],
        workload: &Workload,
        settings: &CacheSettings,
        engine: &Engine,
    ) -> Self {
        let is_cached = |table: &Table| settings.tables.contains(&table.create.name);
        let cached = workload.tables.iter().enumerate().filter(|(_, table)| is_cached(table));
        let tables: Vec<CachedTable> = cached.map(|(number, _)| CachedTable::new(number, profile, workload)).collect();
        let mut touching = vec![false; workload.operations.len()];
        for touch in tables.iter().flat_map(|table| &table.touches) {
            touching[touch.operation] = true;
        }
        let stream = |reads: &CacheableReads| {
            let streams = profile.streams[reads.resource].iter();
            let is_it = |(operation, stream): &&(usize, Stream)| {
                *operation == reads.operation && stream.access == crate::capacity::Access::EventualRead
            };
            streams.clone().find(is_it).map(|(_, stream)| stream)
        };
        let (mut streams, mut drawn) = (Vec::new(), Vec::new());
        for one in reads {
            let Some(stream) = stream(one) else { continue };
            let named = tables.iter().find(|table| table.table == one.table).map(|table| {
                let name = &workload.tables[one.table].create.name;
                let place = |(at, record): (usize, &u64)| {
                    let place = engine.place(name, &workload.tables[one.table].key(*record))?;
                    Some(((place.hash, place.sort), at))
                };
                table.named.iter().enumerate().filter_map(place).collect::<BTreeMap<(u64, Option<SortKey>), usize>>()
            });
            let homes = homes(stream, &one.tapped);
            let name = |place: &Place| named.as_ref()?.get(&(place.hash, place.sort.clone())).copied();
            drawn.push(one.tapped.iter().zip(homes).map(|(tapped, home)| (name(&tapped.place), home)).collect());
            streams.push(stream);
        }
        View {
            reads,
            drawn,
            streams,
            tables,
            touching,
            characteristics: std::cell::RefCell::default(),
            rooms: std::cell::RefCell::default(),
            size_bytes: settings.size_bytes as f64,
        }
    }

    fn levels(&self, rates: &[f64]) -> Levels {
        let level = |(rate, touching): (&f64, &bool)| match *rate {
            rate if *touching && rate > 1e-9 => (libm::log2(rate) * LEVELS_PER_OCTAVE).round() as i32,
            _ => NEVER,
        };
        rates.iter().zip(&self.touching).map(level).collect()
    }

    fn characteristic(&self, levels: &Levels) -> f64 {
        if let Some(known) = self.characteristics.borrow().get(levels) {
            return *known;
        }
        let (keys, once_bytes) = self.keys(levels);
        let seconds = characteristic_seconds(&keys, once_bytes, self.size_bytes);
        self.characteristics.borrow_mut().insert(levels.clone(), seconds);
        seconds
    }

    /// Whether all that so many operations use has room in the cache.
    fn has_room(&self, counts: &Levels) -> bool {
        if let Some(known) = self.rooms.borrow().get(counts) {
            return *known;
        }
        let (keys, once_bytes) = self.keys(counts);
        let has_room = used_bytes(&keys, once_bytes, 1.0) <= self.size_bytes;
        self.rooms.borrow_mut().insert(counts.clone(), has_room);
        has_room
    }

    /// All records, and the bytes of those that are used once.
    fn keys(&self, levels: &Levels) -> (Vec<Keys>, f64) {
        let rates = of_levels(levels);
        let mut keys = Vec::new();
        let mut once_bytes = 0.0;
        for table in &self.tables {
            table.each_record(&rates, |records| keys.push(records));
            once_bytes += table.once_bytes(&rates);
        }
        (keys, once_bytes)
    }

    fn misses(&self, rates: &[f64], characteristic: f64, life: f64) -> Misses {
        self.all_misses(rates, characteristic.min(life), |reads, writes| {
            miss_ratio(reads, writes, characteristic, life)
        })
    }

    /// After so many operations on an empty cache.
    fn misses_since_empty(&self, counts: &[f64]) -> Misses {
        self.all_misses(counts, 1.0, |reads, writes| miss_ratio_since_empty(reads, writes, 1.0))
    }

    fn all_misses(&self, rates: &[f64], memory: f64, miss: impl Fn(f64, f64) -> f64) -> Misses {
        let named = self.tables.iter().map(|table| table.misses_of_named(rates, memory, &miss));
        let beyond = self.tables.iter().map(|table| table.misses_beyond(rates, memory, &miss));
        Misses { named: named.collect(), beyond: beyond.collect() }
    }

    /// The profile as the tables behind the cache see it.
    fn behind(&self, base: &Profile, misses: &Misses) -> Profile {
        let mut profile = base.clone();
        let writes = self.tables.iter().flat_map(|table| &table.touches).filter(|touch| touch.is_write);
        for touch in writes {
            profile.operations[touch.operation].cached.written += touch.each;
        }
        for ((reads, drawn), base) in self.reads.iter().zip(&self.drawn).zip(&self.streams) {
            let Some(at) = self.tables.iter().position(|table| table.table == reads.table) else { continue };
            let touch = self.tables[at].touches.iter().position(|touch| touch.operation == reads.operation);
            let beyond = touch.map_or(1.0, |touch| misses.beyond[at][touch]);
            let mut stream = Stream { access: base.access, points: base.points.clone(), spread: Load::default() };
            for point in &mut stream.points {
                point.load.units = 0.0;
            }
            let mut missed = 0.0;
            for (tapped, (name, home)) in reads.tapped.iter().zip(drawn) {
                let miss = name.map_or(beyond, |name| misses.named[at][name]);
                missed += miss;
                let load = match home {
                    Some(point) => &mut stream.points[*point].load,
                    None => &mut stream.spread,
                };
                load.units += tapped.units.as_f64() * miss / reads.drawn as f64;
            }
            let read = reads.tapped.len() as f64;
            let expected = touch.map_or(missed, |touch| read * self.tables[at].missed(touch, misses, at));
            if missed > 0.0 {
                stream.scale(expected / missed);
            }
            let all_units = base.units();
            let cached = &mut profile.operations[reads.operation].cached;
            cached.misses = expected / reads.drawn as f64;
            cached.hits = (read - expected) / reads.drawn as f64;
            cached.saved_units = (all_units - stream.units()).max(0.0);
            cached.spared = if all_units > 0.0 { (cached.saved_units / all_units).clamp(0.0, 1.0) } else { 0.0 };
            let of_base = profile.streams[reads.resource].iter_mut();
            for (operation, before) in of_base {
                if *operation == reads.operation && before.access == stream.access {
                    *before = stream.clone();
                }
            }
        }
        profile
    }
}

impl CachedTable {
    fn new(table: usize, profile: &Profile, workload: &Workload) -> Self {
        let specification = &workload.tables[table];
        let population = profile.populations[table].max(1);
        let sizes = SIZED.min(population);
        let size = |sample: u64| {
            let record = (u128::from(sample) * u128::from(population) / u128::from(sizes)) as u64;
            specification.loaded_item(record, workload.epoch_nanos).size_bytes() as f64
        };
        let bytes = (0..sizes).map(size).sum::<f64>() / sizes as f64;

        let mut names: Vec<String> = Vec::new();
        let mut groups: Vec<Vec<Class>> = Vec::new();
        let mut touches: Vec<TableTouch> = Vec::new();
        // Of each touch: what each of its own hottest records gets, and the rest gets evenly.
        let mut shares: Vec<(HashMap<u64, f64>, f64)> = Vec::new();
        for (operation, specification) in workload.operations.iter().enumerate() {
            for touch in specification.touches().into_iter().filter(|touch| touch.table == table) {
                let (name, classes, own, follows) = match touch.records {
                    Records::Once => (None, Vec::new(), HashMap::new(), false),
                    Records::One(record) => {
                        (Some(format!("record {record}")), Vec::new(), HashMap::from([(record, 1.0)]), false)
                    }
                    Records::InOrder => (Some("in order".to_owned()), even(population), HashMap::new(), false),
                    Records::Drawn(keys) => {
                        let is_even =
                            keys.probability(0, population) <= keys.probability(population - 1, population) * 1.000_001;
                        let named = if is_even && population > NAMED { 0 } else { NAMED.min(population) };
                        let mut own: HashMap<u64, f64> = HashMap::new();
                        for rank in 0..named {
                            let share = keys.probability(rank, population);
                            *own.entry(keys.key(rank, population)).or_default() += share;
                        }
                        let follows = (population..population + 2).all(|many| keys.key(0, many) == many - 1);
                        let classes = classes(named, population, |ranks| keys.share_of_hottest(ranks, population));
                        (Some(format!("{keys:?}")), classes, own, follows && population > 1)
                    }
                };
                let group = name.map(|name| {
                    names.iter().position(|known| *known == name).unwrap_or_else(|| {
                        names.push(name);
                        groups.push(classes);
                        names.len() - 1
                    })
                });
                let rest =
                    group.map_or(0.0, |group| groups[group].iter().map(|class| class.records * class.share).sum());
                let left = (population as f64 - own.len() as f64).max(1.0);
                shares.push((own, rest / left));
                let outcome = &profile.operations[operation];
                let made = 1.0 - (outcome.condition_failed + outcome.failed).min(1.0);
                let each = if touch.is_write { touch.each * made } else { touch.each };
                touches.push(TableTouch {
                    operation,
                    is_write: touch.is_write,
                    each,
                    named: Vec::new(),
                    beyond: rest / left,
                    group,
                    follows,
                });
            }
        }
        let mut named: Vec<u64> = shares.iter().flat_map(|(own, _)| own.keys().copied()).collect();
        named.sort_unstable();
        named.dedup();
        for (touch, (own, rest)) in touches.iter_mut().zip(&shares) {
            touch.named = named.iter().map(|record| own.get(record).copied().unwrap_or(*rest)).collect();
        }
        let inserts = profile.operations.iter().map(|operation| operation.inserts.get(table).copied().unwrap_or(0.0));
        CachedTable { table, population: population as f64, bytes, inserts: inserts.collect(), touches, named, groups }
    }

    /// Reads and writes of a record, of which each touch has this share.
    fn of_record(&self, touches: &[f64], share: impl Fn(&TableTouch, usize) -> f64) -> (f64, f64) {
        let (mut reads, mut writes) = (0.0, 0.0);
        for (at, touch) in self.touches.iter().enumerate() {
            // A batch of many is about a popular record once.
            let share = share(touch, at);
            let about = if touch.each > 1.0 {
                -libm::expm1(touch.each * libm::log1p(-share.min(1.0 - 1e-12)))
            } else {
                share * touch.each
            };
            let rate = touches[touch.operation] * about;
            if touch.is_write { writes += rate } else { reads += rate }
        }
        (reads, writes)
    }

    /// All records, in classes; beyond the named ones by the distribution that most asks of it.
    fn each_record(&self, rates: &[f64], mut add: impl FnMut(Keys)) {
        let mut keys = |count: f64, (reads, writes): (f64, f64)| {
            add(Keys { count, reads_per_second: reads, writes_per_second: writes, bytes: self.bytes });
        };
        for at in 0..self.named.len() {
            keys(1.0, self.of_record(rates, |touch, _| touch.named[at]));
        }
        let asks = |group: usize| -> f64 {
            let of_group = self.touches.iter().filter(|touch| touch.group == Some(group));
            of_group.map(|touch| rates[touch.operation] * touch.each * touch.beyond).sum()
        };
        let most = (0..self.groups.len())
            .filter(|group| !self.groups[*group].is_empty())
            .max_by(|one, other| asks(*one).total_cmp(&asks(*other)));
        let Some(most) = most else { return };
        let all: f64 = self.groups[most].iter().map(|class| class.records).sum();
        // Records that others name are not among these.
        let unnamed = ((self.population - self.named.len() as f64) / all).clamp(0.0, 1.0);
        for class in &self.groups[most] {
            keys(class.records * unnamed, self.of_class(rates, most, class));
        }
    }

    fn of_class(&self, touches: &[f64], group: usize, class: &Class) -> (f64, f64) {
        self.of_record(touches, |touch, _| if touch.group == Some(group) { class.share } else { touch.beyond })
    }

    /// Bytes a second of records that are used once.
    fn once_bytes(&self, rates: &[f64]) -> f64 {
        let once = self.touches.iter().filter(|touch| touch.group.is_none());
        let bytes = |is_write| if is_write { self.bytes } else { KEY_BYTES };
        once.map(|touch| rates[touch.operation] * touch.each * bytes(touch.is_write)).sum()
    }

    /// The rank up to which the newest records were inserted within the cache's memory, and so are held.
    fn fresh_ranks(&self, rates: &[f64], memory: f64) -> f64 {
        rates.iter().zip(&self.inserts).map(|(rate, inserts)| rate * inserts).sum::<f64>() * memory
    }

    fn misses_of_named(&self, rates: &[f64], memory: f64, miss: &impl Fn(f64, f64) -> f64) -> Vec<f64> {
        let fresh = if self.touches.iter().any(|touch| touch.follows) { self.fresh_ranks(rates, memory) } else { 0.0 };
        let one = |(at, record): (usize, &u64)| {
            if self.population - 1.0 - (*record as f64) < fresh {
                return 0.0;
            }
            let (reads, writes) = self.of_record(rates, |touch, _| touch.named[at]);
            miss(reads, writes)
        };
        self.named.iter().enumerate().map(one).collect()
    }

    /// The share of all reads of a touch that misses, whichever of them were drawn.
    fn missed(&self, touch: usize, misses: &Misses, table: usize) -> f64 {
        let shares = &self.touches[touch].named;
        let named: f64 = shares.iter().zip(&misses.named[table]).map(|(share, miss)| share * miss).sum();
        let beyond = (1.0 - shares.iter().sum::<f64>()).max(0.0);
        named + beyond * misses.beyond[table][touch]
    }

    fn misses_beyond(&self, rates: &[f64], memory: f64, miss: &impl Fn(f64, f64) -> f64) -> Vec<f64> {
        let of_touch = |touch: &TableTouch| {
            // What is used once is never found.
            let Some(group) = touch.group else { return 1.0 };
            let fresh = if touch.follows { self.fresh_ranks(rates, memory) } else { 0.0 };
            let (mut missed, mut all) = (0.0, 0.0);
            for class in &self.groups[group] {
                let weight = class.records * class.share;
                all += weight;
                if class.rank >= fresh {
                    let (reads, writes) = self.of_class(rates, group, class);
                    missed += weight * miss(reads, writes);
                }
            }
            if all > 0.0 { missed / all } else { 0.0 }
        };
        self.touches.iter().map(of_touch).collect()
    }
}

fn even(population: u64) -> Vec<Class> {
    vec![Class { records: population as f64, share: 1.0 / population as f64, rank: population as f64 / 2.0 }]
}

/// Classes of the ranks from `first` on; `upto` is the share of draws of the hottest ones.
fn classes(first: u64, population: u64, upto: impl Fn(u64) -> f64) -> Vec<Class> {
    let mut classes = Vec::new();
    let mut start = first;
    let mut before = upto(start);
    while start < population {
        let end = ((start as f64 * CLASS_FACTOR) as u64).clamp(start + 1, population);
        // With nothing named, popularity is even, and one class holds all.
        let end = if first == 0 { population } else { end };
        let until = upto(end);
        let records = (end - start) as f64;
        classes.push(Class {
            records,
            share: (until - before).max(0.0) / records,
            rank: (start as f64).midpoint(end as f64),
        });
        (start, before) = (end, until);
    }
    classes
}

/// The point of a stream that each of the admissions it was made of belongs to; `None` for those that are spread.
fn homes(stream: &Stream, tapped: &[Tapped]) -> Vec<Option<usize>> {
    let mut by_hash: HashMap<u64, Vec<usize>> = HashMap::new();
    for (at, point) in stream.points.iter().enumerate() {
        by_hash.entry(point.place.hash).or_default().push(at);
    }
    let home = |tapped: &Tapped| {
        let points = by_hash.get(&tapped.place.hash)?;
        // Points of a collection stand in order, each where it begins.
        let begun = points.partition_point(|at| stream.points[*at].place.sort <= tapped.place.sort);
        points.get(begun.saturating_sub(1)).copied()
    };
    tapped.iter().map(home).collect()
}
