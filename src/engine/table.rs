//! A table: its items, its indexes and its capacity, and how a change of an item reaches them.

use crate::api::{CapacityUnits, ConsumedCapacity, CreateTable, IndexName, KeySchema, Units};
use crate::capacity::Throughput;
use crate::time::Time;

use super::Enforcement;
use super::EngineOptions;
use super::expiry::Expiry;
use super::index::{GlobalIndex, Index, IndexChange, LocalIndex};
use super::storage::{Entry, Key, Layout, Shard, Storage};

/// A table.
#[derive(Debug)]
pub struct Table {
    /// Tables are locked in the order of these numbers.
    pub id: u64,
    pub definition: CreateTable,
    pub items: Storage,
    pub throughput: Throughput,
    pub local_indexes: Vec<LocalIndex>,
    pub global_indexes: Vec<GlobalIndex>,
    pub expiry: Option<Expiry>,
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
    pub old: Option<Entry>,
    pub new: Option<Entry>,
    pub local: Vec<(usize, IndexChange)>,
    pub global: Vec<(usize, IndexChange)>,
}

impl Table {
    /// An empty table, created at `now`. The definition has been checked.
    pub fn new(id: u64, definition: CreateTable, options: &EngineOptions, now: Time) -> Self {
        let key = &definition.key;
        let throughput = |mode, warm| match options.capacity {
            Enforcement::Off => Throughput::unlimited(),
            Enforcement::Enforced => Throughput::new(mode, warm, options.table_quota_units_per_second, now),
        };
        let local = definition.local_secondary_indexes.iter().map(|index| {
            LocalIndex::new(Index::new(index.name.clone(), index.key.clone(), &index.projection, key, options.seed))
        });
        let global = definition.global_secondary_indexes.iter().map(|index| GlobalIndex {
            index: Index::new(index.name.clone(), index.key.clone(), &index.projection, key, options.seed),
            throughput: throughput(index.capacity, None),
        });
        Table {
            id,
            items: Storage::new(Layout::of_table(key, options.seed)),
            throughput: throughput(definition.capacity, definition.warm_throughput),
            local_indexes: local.collect(),
            global_indexes: global.collect(),
            expiry: definition.time_to_live_attribute.clone().map(|attribute| Expiry::new(attribute, options)),
            definition,
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
    pub fn change(&self, old: Option<Entry>, new: Option<Entry>) -> Change {
        let mut change = Change { old, new, local: Vec::new(), global: Vec::new() };
        for (at, local) in self.local_indexes.iter().enumerate() {
            let of_index = local.index.change(change.old.as_ref(), change.new.as_ref());
            change.local.extend(of_index.map(|of_index| (at, of_index)));
        }
        for (at, global) in self.global_indexes.iter().enumerate() {
            let of_index = global.index.change(change.old.as_ref(), change.new.as_ref());
            change.global.extend(of_index.map(|of_index| (at, of_index)));
        }
        change
    }

    /// Makes a change that was admitted. `shard` is the locked shard of `key`. Returns the entry that was replaced, to be
    /// freed once the shard is unlocked.
    pub fn apply(&self, shard: &mut Shard, key: Key<'_>, change: Change) -> Option<Entry> {
        if let Some(expiry) = &self.expiry {
            expiry.note(shard, &key, change.old.as_ref(), change.new.as_ref());
        }
        let replaced = match change.new {
            Some(new) => shard.put(key, new),
            None => shard.remove(&key),
        };
        for (at, of_index) in change.local {
            self.local_indexes[at].index.apply(of_index);
        }
        for (at, of_index) in change.global {
            self.global_indexes[at].index.apply(of_index);
        }
        replaced
    }

    /// All units ever consumed, by the table and each of its indexes.
    pub fn consumed(&self) -> ConsumedCapacity {
        let mut table = self.throughput.consumed();
        let mut local_secondary_indexes = Vec::new();
        for local in &self.local_indexes {
            let consumed = local.consumed();
            table = Units { read: table.read - consumed.read, write: table.write - consumed.write };
            local_secondary_indexes.push((local.index.name.clone(), consumed));
        }
        let global = self.global_indexes.iter();
        let global_secondary_indexes =
            global.map(|global| (global.index.name.clone(), global.throughput.consumed())).collect();
        let table_name = self.definition.name.clone();
        ConsumedCapacity { table_name, table, local_secondary_indexes, global_secondary_indexes }
    }
}

impl Change {
    /// The size a write is charged for: the larger of before and after.
    pub fn charged_bytes(&self) -> u64 {
        let bytes = |entry: &Option<Entry>| entry.as_ref().map_or(0, Entry::bytes);
        bytes(&self.old).max(bytes(&self.new))
    }

    /// The units each local index costs.
    pub fn local_units(&self) -> impl Iterator<Item = (usize, CapacityUnits)> {
        self.local.iter().map(|(at, of_index)| (*at, of_index.units))
    }

    /// The units each global index costs.
    pub fn global_units(&self) -> impl Iterator<Item = (usize, CapacityUnits)> {
        self.global.iter().map(|(at, of_index)| (*at, of_index.units))
    }
}
