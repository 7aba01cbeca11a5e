//! What is read and what it costs, from scratch: the table and its indexes.

use std::collections::BTreeMap;

use dynamometer::api::*;
use dynamometer::item::{AttributeValue, Item, ScalarType};

use crate::engine_requests::*;

pub const TABLE: &str = "model";
/// Partition key, sort key.
pub type ItemKey = (u8, i64);

/// What is read: the table or an index, its keys, and what its entries hold besides all keys; `None` is everything.
pub struct Source {
    pub name: Option<&'static str>,
    pub local: bool,
    pub partition: &'static [&'static str],
    pub sort: &'static [&'static str],
    pub holds: Option<&'static [&'static str]>,
}

pub const SOURCES: [Source; 7] = [
    Source { name: None, local: false, partition: &["p"], sort: &["k"], holds: None },
    Source { name: Some("g_all"), local: false, partition: &["g"], sort: &["h"], holds: None },
    Source { name: Some("g_keys"), local: false, partition: &["g"], sort: &[], holds: Some(&[]) },
    Source { name: Some("g_some"), local: false, partition: &["h"], sort: &[], holds: Some(&["t"]) },
    Source { name: Some("g_several"), local: false, partition: &["g", "e"], sort: &["h", "k"], holds: Some(&["c"]) },
    Source { name: Some("l_some"), local: true, partition: &["p"], sort: &["h"], holds: Some(&["t"]) },
    Source { name: Some("l_all"), local: true, partition: &["p"], sort: &["g"], holds: None },
];

pub fn definition(capacity: CapacityMode) -> CreateTable {
    let kind = |name: &str| if matches!(name, "p" | "g") { ScalarType::S } else { ScalarType::N };
    let part = |names: &[&str]| names.iter().map(|name| attribute(name, kind(name))).collect::<Vec<_>>();
    let key = |source: &Source| KeySchema::of_attributes(part(source.partition), part(source.sort)).unwrap();
    let projection = |source: &Source| match source.holds {
        None => Projection::All,
        Some([]) => Projection::KeysOnly,
        Some(names) => Projection::Include(names.iter().map(|name| (*name).into()).collect()),
    };
    let indexes = || SOURCES.iter().filter_map(|source| Some((source.name?, source)));
    CreateTable {
        key: key(&SOURCES[0]),
        global_secondary_indexes: indexes()
            .filter(|(_, source)| !source.local)
            .map(|(name, source)| global(name, key(source), projection(source), capacity))
            .collect(),
        local_secondary_indexes: indexes()
            .filter(|(_, source)| source.local)
            .map(|(name, source)| local(name, key(source), projection(source)))
            .collect(),
        ..table(TABLE, capacity)
    }
}

/// Half units by table (`""`) and index.
pub type Cost = BTreeMap<&'static str, u64>;

pub fn read_cost(bytes: usize, factor: u64) -> u64 {
    bytes.div_ceil(4096).max(1) as u64 * factor
}

pub fn write_cost(bytes: usize) -> u64 {
    bytes.div_ceil(1024).max(1) as u64 * 2
}

pub fn size(item: Option<&Item>) -> usize {
    item.map_or(0, Item::size_bytes)
}

/// What an item adds to its item collection: its own size and that of its entries in local indexes.
pub fn footprint(item: Option<&Item>) -> i64 {
    let local = || SOURCES.iter().filter(|source| source.local);
    item.map_or(0, |item| {
        let entries = local().filter_map(|source| source.entry(item)).map(|entry| entry.size_bytes());
        (item.size_bytes() + entries.sum::<usize>()) as i64
    })
}

impl Source {
    fn keys(&self) -> impl Iterator<Item = &'static str> {
        self.partition.iter().chain(self.sort).copied()
    }

    pub fn entry(&self, item: &Item) -> Option<Item> {
        if !self.keys().all(|name| item.get(name).is_some()) {
            return None;
        }
        let is_key = |name: &str| ["p", "k"].contains(&name) || self.keys().any(|key| key == name);
        let held = |name: &str| self.holds.is_none_or(|names| names.contains(&name) || is_key(name));
        Some(item.iter().filter(|(name, _)| held(name)).map(|(name, value)| (name.clone(), value.clone())).collect())
    }

    /// Half units of writing the index when `old` becomes `new`.
    pub fn index_cost(&self, old: Option<&Item>, new: Option<&Item>) -> u64 {
        let keys = |entry: &Item| self.keys().map(|name| entry.get(name).cloned()).collect::<Vec<_>>();
        match (old.and_then(|old| self.entry(old)), new.and_then(|new| self.entry(new))) {
            (None, None) => 0,
            (Some(entry), None) | (None, Some(entry)) => write_cost(entry.size_bytes()),
            (Some(old), Some(new)) if keys(&old) != keys(&new) => {
                write_cost(old.size_bytes()) + write_cost(new.size_bytes())
            }
            (Some(old), Some(new)) if old == new => 0,
            (Some(old), Some(new)) => write_cost(old.size_bytes().max(new.size_bytes())),
        }
    }
}

pub fn change_cost(old: Option<&Item>, new: Option<&Item>, base_factor: u64) -> Cost {
    let mut cost = Cost::from([("", base_factor * write_cost(size(old).max(size(new))))]);
    for source in &SOURCES[1..] {
        let units = source.index_cost(old, new);
        if units > 0 {
            cost.insert(source.name.unwrap(), units);
        }
    }
    cost
}

pub fn add(sum: &mut Cost, cost: &Cost) {
    for (name, units) in cost {
        *sum.entry(name).or_default() += units;
    }
}

/// The item collections of an outcome: which, and how large.
pub fn collections(outcome: &Outcome) -> Vec<(u8, i64)> {
    let collection = |metrics: &ItemCollectionMetrics| {
        assert_eq!((&*metrics.table_name, metrics.key.len()), (TABLE, 1));
        let Some(AttributeValue::S(partition)) = metrics.key.get("p") else { panic!("{metrics:?}") };
        (partition[1..].parse().unwrap(), metrics.size_bytes as i64)
    };
    outcome.item_collections.iter().map(collection).collect()
}

pub fn consumed(outcome: &Outcome) -> Cost {
    let mut cost = Cost::new();
    for table in &outcome.consumed {
        let named = |(name, units): &(IndexName, Units)| {
            let known = SOURCES.iter().filter_map(|source| source.name).find(|known| **known == **name);
            (known.unwrap(), units.total().as_halves())
        };
        let indexes = table.local_secondary_indexes.iter().chain(&table.global_secondary_indexes).map(named);
        let base = [("", table.table.total().as_halves())];
        add(&mut cost, &base.into_iter().chain(indexes).filter(|(_, units)| *units > 0).collect());
    }
    cost
}
