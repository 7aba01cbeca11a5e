//! Tables of a workload: their records, keys and items.

use std::sync::Arc;

use crate::api::CreateTable;
use crate::item::{AttributeName, AttributeValue, Item};
use crate::random::{Random, Stream};

use super::billing::Billing;
use super::distribution::size::{Scaled, SizeDistribution};
use super::generator::{Generator, Subject, filling_text};
use super::layout::Layout;

static NO_KEY: Item = Item::new();

/// A table, how its records are keyed, and what its items look like.
#[derive(Debug, Clone)]
pub struct Table {
    /// The table to be created.
    pub create: CreateTable,
    /// Records loaded before measuring, numbered from 0.
    pub items: u64,
    /// How records lie in partitions.
    pub layout: Layout,
    /// What it is billed for besides capacity.
    pub billing: Billing,
    pub(super) partition_key: KeyPart,
    pub(super) sort_key: Option<KeyPart>,
    pub(super) template: ItemTemplate,
    pub(super) load: Stream,
}

/// A key attribute and how it is made from the record.
#[derive(Debug, Clone)]
pub(super) struct KeyPart {
    pub name: AttributeName,
    pub generator: Generator,
    pub stream: Stream,
}

/// How an item is made: its attributes by name, and padding up to a size.
#[derive(Debug, Clone)]
pub(super) struct ItemTemplate {
    pub attributes: Vec<(AttributeName, Source)>,
    pub padding: Option<Padding>,
}

/// Where an attribute comes from.
#[derive(Debug, Clone)]
pub(super) enum Source {
    /// It is part of the table's key.
    Key,
    /// It is drawn.
    Drawn(Generator),
}

/// An attribute that fills the item up to a size.
#[derive(Debug, Clone)]
pub(super) struct Padding {
    pub name: AttributeName,
    pub item_bytes: Arc<dyn SizeDistribution>,
}

impl Table {
    /// The same table with items of `factor` times their size; `None` where their size comes from their attributes alone, without
    /// padding.
    pub fn with_item_size(&self, factor: f64) -> Option<Self> {
        let mut table = self.clone();
        let padding = table.template.padding.as_mut()?;
        padding.item_bytes = Arc::new(Scaled::new(Arc::clone(&padding.item_bytes), factor));
        Some(table)
    }

    /// What a value for a record is drawn for.
    pub fn subject<'a>(&self, record: u64, counter: u64, epoch_nanos: i64, key: &'a Item) -> Subject<'a> {
        Subject { record, place: self.layout.place(record), counter, epoch_nanos, key }
    }

    /// The records below `population` that share the partition key of a record.
    pub fn collection(&self, record: u64, population: u64) -> impl Iterator<Item = u64> {
        let (first, step, count) = match self.layout {
            Layout::Contiguous { items_per_partition } => {
                (record - record % items_per_partition, 1, items_per_partition)
            }
            Layout::Interleaved { partitions } => (record % partitions, partitions, u64::MAX),
        };
        (0..count)
            .map_while(move |number| first.checked_add(number.checked_mul(step)?))
            .take_while(move |record| *record < population)
    }

    /// The key of a record: the same every time.
    pub fn key(&self, record: u64) -> Item {
        let subject = self.subject(record, 0, 0, &NO_KEY);
        let draw =
            |part: &KeyPart, number| (part.name.clone(), part.generator.draw(&subject, &mut part.stream.at(number)));
        let partition = draw(&self.partition_key, subject.place.partition);
        let sort = self.sort_key.as_ref().map(|part| draw(part, record));
        std::iter::once(partition).chain(sort).collect()
    }

    /// The item that is loaded for a record: the same every time.
    pub fn loaded_item(&self, record: u64, epoch_nanos: i64) -> Item {
        let key = self.key(record);
        self.template.item(&self.subject(record, 0, epoch_nanos, &key), &mut self.load.at(record))
    }
}

impl ItemTemplate {
    /// Draws an item for the subject, whose key it takes over.
    pub fn item(&self, subject: &Subject<'_>, random: &mut Random) -> Item {
        let mut attributes = Vec::with_capacity(self.attributes.len() + 1);
        let mut bytes = 0;
        for (name, source) in &self.attributes {
            let value = match source {
                Source::Key => subject.key.get(name).cloned().unwrap_or(AttributeValue::Null),
                Source::Drawn(generator) => generator.draw(subject, random),
            };
            bytes += name.len() + value.size_bytes();
            attributes.push((name.clone(), value));
        }
        if let Some(padding) = &self.padding {
            let wanted = padding.item_bytes.sample(random) as usize;
            let filler = wanted.saturating_sub(bytes + padding.name.len());
            let text = filling_text(filler, random);
            let at = attributes.partition_point(|(name, _)| name < &padding.name);
            attributes.insert(at, (padding.name.clone(), AttributeValue::S(text)));
        }
        attributes.into_iter().collect()
    }

    /// The generator of an attribute that is not part of the table's key.
    pub fn generator(&self, name: &str) -> Option<&Generator> {
        self.attributes.iter().find(|(known, _)| known == name).and_then(|(_, source)| match source {
            Source::Drawn(generator) => Some(generator),
            Source::Key => None,
        })
    }
}
