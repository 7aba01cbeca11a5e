//! What DynamoDB costs, by region: prices that ship with dyno, or those of AWS's own price list.
//!
//! Prices are US dollars without tax, exact decimals. Each knows where it is from and how sure it is.

mod builtin;
mod price_list;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::api::{ReadWrite, TableClass};

pub use price_list::PriceListError;

/// Units in a block of reserved capacity (facts §9.2).
pub const RESERVED_BLOCK_UNITS: u32 = 100;

/// What has a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Item {
    /// Read request units, on-demand.
    ReadRequest,
    /// Write request units, on-demand.
    WriteRequest,
    /// Replicated write request units of global tables, on-demand.
    ReplicatedWriteRequest,
    /// Provisioned read capacity units, by the hour.
    ReadCapacity,
    /// Provisioned write capacity units, by the hour.
    WriteCapacity,
    /// Provisioned replicated write capacity units of global tables, by the hour.
    ReplicatedWriteCapacity,
    /// Data stored, by the month.
    Storage,
    /// Continuous backups for point-in-time recovery, by the month.
    PointInTimeRecovery,
    /// On-demand backups, by the month.
    Backup,
    /// Data restored.
    Restore,
    /// Reads of a stream.
    StreamRead,
}

impl Item {
    /// Everything that has a price.
    pub const ALL: [Item; 11] = [
        Item::ReadRequest,
        Item::WriteRequest,
        Item::ReplicatedWriteRequest,
        Item::ReadCapacity,
        Item::WriteCapacity,
        Item::ReplicatedWriteCapacity,
        Item::Storage,
        Item::PointInTimeRecovery,
        Item::Backup,
        Item::Restore,
        Item::StreamRead,
    ];

    /// How many of its units the price is for.
    pub const fn per(self) -> u32 {
        match self {
            Item::ReadRequest | Item::WriteRequest | Item::ReplicatedWriteRequest => 1_000_000,
            Item::StreamRead => 100_000,
            _ => 1,
        }
    }

    /// The unit of what is counted.
    pub const fn unit(self) -> &'static str {
        match self {
            Item::ReadRequest => "RRU",
            Item::WriteRequest => "WRU",
            Item::ReplicatedWriteRequest => "rWRU",
            Item::ReadCapacity => "RCU-hours",
            Item::WriteCapacity => "WCU-hours",
            Item::ReplicatedWriteCapacity => "rWCU-hours",
            Item::Storage | Item::PointInTimeRecovery | Item::Backup => "GB-months",
            Item::Restore => "GB",
            Item::StreamRead => "stream read request units",
        }
    }

    /// What the price is for, such as `per million WRU`.
    pub const fn price_unit(self) -> &'static str {
        match self {
            Item::ReadRequest => "per million RRU",
            Item::WriteRequest => "per million WRU",
            Item::ReplicatedWriteRequest => "per million rWRU",
            Item::ReadCapacity => "per RCU-hour",
            Item::WriteCapacity => "per WCU-hour",
            Item::ReplicatedWriteCapacity => "per rWCU-hour",
            Item::Storage | Item::PointInTimeRecovery | Item::Backup => "per GB-month",
            Item::Restore => "per GB",
            Item::StreamRead => "per 100,000 stream read request units",
        }
    }

    /// Whether the classes of tables differ in its price.
    pub const fn is_by_class(self) -> bool {
        !matches!(self, Item::PointInTimeRecovery | Item::Backup | Item::Restore | Item::StreamRead)
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Item::ReadRequest => "on-demand reads",
            Item::WriteRequest => "on-demand writes",
            Item::ReplicatedWriteRequest => "on-demand replicated writes",
            Item::ReadCapacity => "provisioned reads",
            Item::WriteCapacity => "provisioned writes",
            Item::ReplicatedWriteCapacity => "provisioned replicated writes",
            Item::Storage => "storage",
            Item::PointInTimeRecovery => "point-in-time recovery",
            Item::Backup => "on-demand backups",
            Item::Restore => "restores",
            Item::StreamRead => "stream reads",
        })
    }
}

/// How sure a price is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// Published, and read there.
    Listed,
    /// Worked out from published prices by a ratio that was checked.
    Derived,
    /// Confirmed by no source.
    Unconfirmed,
}

/// Where prices are from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Source {
    /// In words.
    pub text: String,
    /// An address where it can be looked up, where there is one.
    #[serde(default)]
    pub url: String,
    /// When it was published or read.
    pub date: String,
}

/// A price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Price {
    /// US dollars for [`Item::per`] units.
    pub dollars: Decimal,
    /// How sure it is.
    pub confidence: Confidence,
    /// Where it is from.
    pub source: Arc<Source>,
}

/// How long reserved capacity is bought for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Term {
    /// One year.
    OneYear,
    /// Three years.
    ThreeYears,
}

impl Term {
    /// Both.
    pub const ALL: [Term; 2] = [Term::OneYear, Term::ThreeYears];

    /// Months that the payment up front is spread over.
    pub const fn months(self) -> u32 {
        match self {
            Term::OneYear => 12,
            Term::ThreeYears => 36,
        }
    }

    /// `1 year`, `3 years`.
    pub const fn name(self) -> &'static str {
        match self {
            Term::OneYear => "1 year",
            Term::ThreeYears => "3 years",
        }
    }
}

/// Reserved capacity: a block of [`RESERVED_BLOCK_UNITS`] units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reservation {
    /// US dollars once, at the start of the term.
    pub upfront: Decimal,
    /// US dollars for each hour of the term, used or not.
    pub hourly: Decimal,
    /// How sure it is.
    pub confidence: Confidence,
    /// Where it is from.
    pub source: Arc<Source>,
}

/// What a Database Savings Plan of one year without payment up front takes off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SavingsPlan {
    /// Share taken off on-demand throughput, 0 to 1.
    pub on_demand: Decimal,
    /// Share taken off provisioned throughput, 0 to 1.
    pub provisioned: Decimal,
    /// How sure it is.
    pub confidence: Confidence,
    /// Where it is from.
    pub source: Arc<Source>,
}

/// What is not charged for each month (facts §9.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct FreeTier {
    /// Unit-hours of provisioned reads, and as many of writes; Standard class only.
    pub unit_hours: Decimal,
    /// GB-months stored; Standard class only.
    pub storage_gb: Decimal,
    /// Stream read request units.
    pub stream_reads: Decimal,
}

impl Default for FreeTier {
    /// 25 units over the 744 hours of the longest month, 25 GB, 2.5 million stream reads.
    fn default() -> Self {
        FreeTier {
            unit_hours: Decimal::from(18_600),
            storage_gb: Decimal::from(25),
            stream_reads: Decimal::from(2_500_000),
        }
    }
}

/// The prices of one region.
#[derive(Debug, Clone, PartialEq)]
pub struct RegionPrices {
    /// The region, such as `eu-central-1`.
    pub region: String,
    /// Its name, such as `Frankfurt`.
    pub name: String,
    prices: BTreeMap<(Item, TableClassOrder), Price>,
    reserved: BTreeMap<(Term, IsWrite), Reservation>,
    cache_nodes: BTreeMap<String, Price>,
    /// What a Database Savings Plan takes off, where that is known.
    pub savings_plan: Option<SavingsPlan>,
    /// What is free each month.
    pub free_tier: FreeTier,
    /// What a reader of these prices must know.
    pub warnings: Vec<String>,
}

/// Orders classes, which have no order of their own.
type TableClassOrder = bool;
/// Orders reads before writes.
type IsWrite = bool;

fn class_order(item: Item, class: TableClass) -> TableClassOrder {
    item.is_by_class() && class == TableClass::StandardInfrequentAccess
}

impl RegionPrices {
    fn new(region: &str, name: &str) -> Self {
        RegionPrices {
            region: region.to_owned(),
            name: name.to_owned(),
            prices: BTreeMap::new(),
            reserved: BTreeMap::new(),
            cache_nodes: BTreeMap::new(),
            savings_plan: None,
            free_tier: FreeTier::default(),
            warnings: Vec::new(),
        }
    }

    /// The price of something for tables of a class; `None` where it is not known.
    pub fn price(&self, item: Item, class: TableClass) -> Option<&Price> {
        self.prices.get(&(item, class_order(item, class)))
    }

    /// The price of a block of reserved capacity; `None` where there is none or it is not known. Only tables of the Standard
    /// class use it (facts §9.2).
    pub fn reservation(&self, term: Term, access: ReadWrite) -> Option<&Reservation> {
        self.reserved.get(&(term, access == ReadWrite::Write))
    }

    /// The price of an hour of a cache node, such as `r5.large`.
    pub fn cache_node(&self, node: &str) -> Option<&Price> {
        self.cache_nodes.get(node)
    }

    /// The cache nodes whose prices are known.
    pub fn cache_nodes(&self) -> impl Iterator<Item = &str> {
        self.cache_nodes.keys().map(String::as_str)
    }

    /// Where its prices are from; a source of several prices comes several times.
    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        let prices = self.prices.values().chain(self.cache_nodes.values()).map(|price| &*price.source);
        let reserved = self.reserved.values().map(|reservation| &*reservation.source);
        prices.chain(reserved).chain(self.savings_plan.iter().map(|plan| &*plan.source))
    }

    /// `Frankfurt (eu-central-1)`.
    pub fn label(&self) -> String {
        if self.name.is_empty() { self.region.clone() } else { format!("{} ({})", self.name, self.region) }
    }

    fn set(&mut self, item: Item, class: TableClass, price: Price) {
        self.prices.insert((item, class_order(item, class)), price);
    }

    fn reserve(&mut self, term: Term, access: ReadWrite, reservation: Reservation) {
        self.reserved.insert((term, access == ReadWrite::Write), reservation);
    }

    /// Without what no source confirms.
    fn confirmed(mut self) -> Self {
        self.prices.retain(|_, price| price.confidence != Confidence::Unconfirmed);
        self.reserved.retain(|_, reservation| reservation.confidence != Confidence::Unconfirmed);
        self.cache_nodes.retain(|_, price| price.confidence != Confidence::Unconfirmed);
        self.savings_plan = self.savings_plan.filter(|plan| plan.confidence != Confidence::Unconfirmed);
        self
    }
}

/// No prices for a region.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("no prices are known for region `{region}`; there are those of {}", .known.join(", "))]
pub struct UnknownRegion {
    /// The region asked for.
    pub region: String,
    /// The regions there are.
    pub known: Vec<String>,
}

/// Prices of regions.
#[derive(Debug, Clone, PartialEq)]
pub struct PriceBook {
    regions: BTreeMap<String, RegionPrices>,
    /// Where they are from, in words.
    pub origin: String,
}

impl PriceBook {
    /// The prices that ship with dyno. Those that no source confirms are among them only if asked for.
    pub fn builtin(unconfirmed: bool) -> Self {
        let regions = builtin::regions();
        let regions = regions.into_iter().map(|region| if unconfirmed { region } else { region.confirmed() });
        PriceBook {
            regions: regions.map(|region| (region.region.clone(), region)).collect(),
            origin: "prices that ship with dyno".to_owned(),
        }
    }

    /// The prices of AWS's price list (offer AmazonDynamoDB), the JSON of one region or of all. A Database Savings Plan is no
    /// part of it: its rates are those that ship with dyno, where unconfirmed ones are asked for.
    ///
    /// `name` is what errors and sources call the file.
    ///
    /// # Errors
    ///
    /// Where the text is no such list, or holds no prices of tables.
    pub fn from_price_list(name: &str, text: &str, unconfirmed: bool) -> Result<Self, PriceListError> {
        let mut regions = price_list::regions(name, text)?;
        let builtin = PriceBook::builtin(unconfirmed);
        for region in &mut regions {
            let known = builtin.regions.get(&region.region);
            region.name = known.map_or(String::new(), |known| known.name.clone());
            region.savings_plan = known.and_then(|known| known.savings_plan.clone());
            region.cache_nodes = known.map(|known| known.cache_nodes.clone()).unwrap_or_default();
        }
        Ok(PriceBook {
            regions: regions.into_iter().map(|region| (region.region.clone(), region)).collect(),
            origin: name.to_owned(),
        })
    }

    /// The prices of a region.
    ///
    /// # Errors
    ///
    /// Where there are none.
    pub fn region(&self, region: &str) -> Result<&RegionPrices, UnknownRegion> {
        let known = || self.regions.keys().cloned().collect();
        self.regions.get(region).ok_or_else(|| UnknownRegion { region: region.to_owned(), known: known() })
    }

    /// The only region there is; `None` where there are several.
    pub fn only_region(&self) -> Option<&RegionPrices> {
        let mut regions = self.regions.values();
        regions.next().filter(|_| regions.next().is_none())
    }

    /// The regions, in the order of their identifiers.
    pub fn regions(&self) -> impl Iterator<Item = &RegionPrices> {
        self.regions.values()
    }
}
