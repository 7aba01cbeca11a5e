//! A table: its items, its indexes and its capacity, and how a change of an item reaches them.

use crate::api::{CapacityUnits, ConsumedCapacity, CreateTable, IndexName, KeySchema, TableName, Units};
use crate::capacity::{Access, CapacityModel, ResourceOptions, ResourceView, Throughput, ThroughputView};
use crate::item::PackedItem;
use crate::replication::REPLICAS;
use crate::time::Time;

use super::Enforcement;
use super::EngineOptions;
use super::bill::Bill;
use super::control::{Control, IndexControl};
use super::expiry::Expiry;
use super::index::{GlobalIndex, Index, IndexChange, LocalIndex};
use super::replicas::{EventualReads, Replicas};
use super::storage::{Key, Layout, Shard, Shown, Storage};

/// A table.
#[derive(Debug)]
pub struct Table {
    /// Tables are locked in the order of these numbers.
    pub id: u64,
    pub definition: CreateTable,
    /// Items are served from then on.
    pub active_from: Time,
    pub items: Storage,
    pub throughput: Throughput,
    pub local_indexes: Vec<LocalIndex>,
    pub global_indexes: Vec<GlobalIndex>,
    pub expiry: Option<Expiry>,
    /// The limit of item collections, where there are local indexes.
    pub item_collection_max_bytes: u64,
    pub control: Control,
    /// Its replicas, where anything about them is modelled.
    pub replicas: Option<Box<Replicas>>,
}

/// What a Query or Scan reads: a table, or one of its indexes.
#[derive(Debug, Clone, Copy)]
pub enum Source<'t> {
    Table,
    Local(usize, &'t Index),
    Global(usize, &'t Index),
}

/// What becomes of an item and of its index entries.
#[derive(Debug)]
pub struct Change {
    /// The item from now on; `None` where it is deleted.
    pub new: Option<PackedItem>,
    /// The size a write is charged for: the larger of before and after.
    pub charged_bytes: u64,
    /// How much larger the item becomes; negative where it becomes smaller.
    item_growth_bytes: i64,
    /// When the item expired and when it will, in epoch seconds.
    expiries: [Option<u64>; 2],
    local: Vec<(usize, IndexChange)>,
    global: Vec<(usize, IndexChange)>,
}

impl Table {
    /// An empty table, created at `now`, that serves later. The definition has been checked.
    pub fn new(id: u64, definition: CreateTable, options: &EngineOptions, now: Time, active_from: Time) -> Self {
        let key = &definition.key;
        let local = definition.local_secondary_indexes.iter().map(|index| {
            LocalIndex::new(Index::new(index.name.clone(), index.key.clone(), &index.projection, key, options.seed))
        });
        let global = definition
            .global_secondary_indexes
            .iter()
            .zip(0..)
            .map(|(index, number)| GlobalIndex::new(index, key, options, now, IndexControl::of_new_table(number)));
        let expiry = |attribute| Expiry::new(attribute, options, Time::ZERO);
        Table {
            id,
            active_from,
            items: Storage::new(Layout::of_table(key, options.seed)),
            throughput: throughput(
                &ResourceOptions {
                    capacity: definition.capacity,
                    warm: definition.warm_throughput,
                    divides_collections: key.sort().is_some() && definition.local_secondary_indexes.is_empty(),
                },
                options,
                now,
            ),
            local_indexes: local.collect(),
            global_indexes: global.collect(),
            expiry: definition.time_to_live_attribute.clone().map(expiry),
            item_collection_max_bytes: options.item_collection_max_bytes,
            control: Control::new(now, &definition),
            definition,
            replicas: None,
        }
    }

    /// The table's key.
    pub const fn key(&self) -> &KeySchema {
        &self.definition.key
    }

    /// All indexes.
    pub fn indexes(&self) -> impl Iterator<Item = &Index> {
        let local = self.local_indexes.iter().map(|local| &local.index);
        local.chain(self.global_indexes.iter().map(|global| &global.index))
    }

    /// The index with this name.
    pub fn source(&self, index_name: &IndexName) -> Option<Source<'_>> {
        let local = self.local_indexes.iter().position(|local| local.index.name == *index_name);
        if let Some(at) = local {
            return Some(Source::Local(at, &self.local_indexes[at].index));
        }
        let at = self.global_indexes.iter().position(|global| global.index.name == *index_name)?;
        Some(Source::Global(at, &self.global_indexes[at].index))
    }

    /// What replacing `old` by `new` changes.
    pub fn change(&self, old: Option<&PackedItem>, new: Option<PackedItem>) -> Change {
        let bytes = |item: Option<&PackedItem>| item.map_or(0, |item| item.size_bytes() as u64);
        let expires = |item: Option<&PackedItem>| self.expiry.as_ref()?.expires_seconds(item?);
        let [old_bytes, new_bytes] = [bytes(old), bytes(new.as_ref())];
        let mut change = Change {
            charged_bytes: old_bytes.max(new_bytes),
            item_growth_bytes: new_bytes as i64 - old_bytes as i64,
            expiries: [expires(old), expires(new.as_ref())],
            new,
            local: Vec::new(),
            global: Vec::new(),
        };
        let new = change.new.as_ref();
        for (at, local) in self.local_indexes.iter().enumerate() {
            change.local.extend(local.index.change(old, new).map(|of_index| (at, of_index)));
        }
        for (at, global) in self.global_indexes.iter().enumerate() {
            change.global.extend(global.index.change(old, new).map(|of_index| (at, of_index)));
        }
        change
    }

    /// Makes a change that was admitted at `now`: replicas and indexes show it when they have it. `shard` is the locked shard of
    /// `key`. Returns what is no longer needed, to be freed once the shard is unlocked.
    pub fn apply_at(&self, now: Time, shard: &mut Shard, key: Key<'_>, mut change: Change) -> Option<PackedItem> {
        let Some(visible_from) = self.visible_from(now, key.hash) else { return self.apply(shard, key, change) };
        let by_index = self.global_indexes.iter().map(|_| now).collect();
        let mut shown = shard.in_flight.in_order(&key, Shown { by_replica: visible_from, by_index });
        for (at, of_index) in std::mem::take(&mut change.local) {
            // An entry of a local index lies in its item's partition, and is shown together with it.
            self.local_indexes[at].index.apply_from(of_index, now, |_| Some(shown.by_replica));
        }
        for (at, of_index) in std::mem::take(&mut change.global) {
            let global = &self.global_indexes[at];
            // Changes of one item reach an index in their order, whichever entries they are about.
            let mut latest = shown.by_index[at];
            global.index.apply_from(of_index, now, |hash| {
                let visible_from = global.visible_from(now, key.hash, hash)?.max(shown.by_index[at]);
                latest = latest.max(visible_from);
                Some([visible_from; REPLICAS])
            });
            shown.by_index[at] = latest;
        }
        let before = shard.get(&key).cloned();
        shard.in_flight.remember(&key, before, now, shown);
        self.apply(shard, key, change)
    }

    /// Makes a change that every replica shows at once. `shard` is the locked shard of `key`. Returns what is no longer needed,
    /// to be freed once the shard is unlocked.
    pub fn apply(&self, shard: &mut Shard, key: Key<'_>, change: Change) -> Option<PackedItem> {
        if let [Some(old), new] = change.expiries
            && new != Some(old)
        {
            shard.forget_expiry(old, &key);
        }
        if let [old, Some(new)] = change.expiries
            && old != Some(new)
        {
            shard.remember_expiry(new, &key);
        }
        let left = match change.new {
            Some(new) => shard.put(key, new),
            None => shard.remove(&key),
        };
        for (at, of_index) in change.local {
            self.local_indexes[at].index.apply(of_index);
        }
        for (at, of_index) in change.global {
            self.global_indexes[at].index.apply(of_index);
        }
        left
    }

    /// Tells partitions how much larger they become by a change nobody pays for.
    pub fn note_growth(&self, now: Time, key: &Key<'_>, change: &Change) {
        if self.throughput.is_limited() {
            let mut bill = Bill::new(self, Access::Write);
            bill.add_change(key, CapacityUnits::ZERO, change);
            bill.store(now);
        }
    }

    /// What can be seen of its capacity, and of its global indexes.
    pub fn views(&self, now: Time) -> impl Iterator<Item = ResourceView> {
        let view = move |index: Option<&IndexName>, throughput: &Throughput, reads: EventualReads| {
            // Where nothing is limited, what there is to see are stale reads.
            let view = throughput.view(now).or_else(|| (reads.answered > 0).then(|| throughput.unlimited_view()))?;
            let ThroughputView { read, write, partitions, events } = view;
            Some(ResourceView {
                table: self.definition.name.clone(),
                index: index.cloned(),
                read,
                write,
                partitions,
                events,
                eventual_reads: reads.answered,
                stale_reads: reads.stale,
            })
        };
        let global = self.global_indexes.iter();
        let global = global.map(|global| (Some(&global.index.name), &global.throughput, global.eventual_reads()));
        let own = std::iter::once((None, &self.throughput, self.eventual_reads()));
        own.chain(global).filter_map(move |(index, of, reads)| view(index, of, reads))
    }

    /// Its throughput, and that of its global indexes.
    pub fn throughputs(&self) -> impl Iterator<Item = (&TableName, Option<&IndexName>, &Throughput)> {
        let name = &self.definition.name;
        let global = self.global_indexes.iter();
        let global = global.map(move |global| (name, Some(&global.index.name), &global.throughput));
        std::iter::once((name, None, &self.throughput)).chain(global)
    }

    /// All units ever consumed, by the table and each of its indexes, those among them that were deleted.
    pub fn consumed(&self) -> ConsumedCapacity {
        let mut table = self.throughput.consumed();
        let mut local_secondary_indexes = Vec::new();
        for local in &self.local_indexes {
            let consumed = local.consumed();
            table = Units { read: table.read - consumed.read, write: table.write - consumed.write };
            local_secondary_indexes.push((local.index.name.clone(), consumed));
        }
        let global = self.global_indexes.iter();
        let mut global_secondary_indexes: Vec<(IndexName, Units)> =
            global.map(|global| (global.index.name.clone(), global.throughput.consumed())).collect();
        for (name, before) in &self.control.consumed_before {
            match global_secondary_indexes.iter_mut().find(|(known, _)| known == name) {
                Some((_, units)) => *units += *before,
                None => global_secondary_indexes.push((name.clone(), *before)),
            }
        }
        let table_name = self.definition.name.clone();
        ConsumedCapacity { table_name, table, local_secondary_indexes, global_secondary_indexes }
    }
}

/// The throughput of a table or index created at `now`.
pub fn throughput(resource: &ResourceOptions, options: &EngineOptions, now: Time) -> Throughput {
    match options.capacity {
        Enforcement::Off => Throughput::unlimited(),
        Enforcement::Tapped => Throughput::tapped(),
        Enforcement::Enforced => {
            let epoch_seconds_at_time_zero = options.epoch_seconds_at_time_zero;
            Throughput::new(resource, CapacityModel { epoch_seconds_at_time_zero, ..options.capacity_model }, now)
        }
    }
}

impl Change {
    /// The units each local index costs.
    pub fn local_units(&self) -> impl Iterator<Item = (usize, CapacityUnits)> {
        self.local.iter().map(|(at, of_index)| (*at, of_index.units()))
    }

    /// How much larger the item with its entries in local indexes becomes; negative where it becomes smaller.
    pub fn collection_growth_bytes(&self) -> i64 {
        self.item_growth_bytes + self.local.iter().map(|(_, of_index)| of_index.growth_bytes()).sum::<i64>()
    }

    /// What becomes of the entries in each global index.
    pub fn of_global_indexes(&self) -> impl Iterator<Item = (usize, &IndexChange)> {
        self.global.iter().map(|(at, of_index)| (*at, of_index))
    }
}
