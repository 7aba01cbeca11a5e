//! AWS's own price list (facts §9.6): the JSON that
//! `https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AmazonDynamoDB/current/REGION/index.json` gives, or that of all
//! regions.

use std::collections::BTreeMap;
use std::sync::Arc;

use rust_decimal::Decimal;
use serde::Deserialize;
use thiserror::Error;

use crate::api::{ReadWrite, TableClass};

use super::{Confidence, Item, Price, RESERVED_BLOCK_UNITS, RegionPrices, Reservation, Source, Term};

/// The offer of DynamoDB.
const OFFER: &str = "AmazonDynamoDB";
/// No price of a single unit is near it.
const DOLLARS_MAX: u32 = 10_000;

/// Why a price list could not be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PriceListError {
    /// No JSON, or not that of a price list.
    #[error("{file}: not a price list of AWS: {reason}")]
    Format {
        /// The file.
        file: String,
        /// Where and why.
        reason: String,
    },
    /// The price list of another service.
    #[error(
        "{file}: the price list of `{offer}`; needed is that of `{OFFER}`, from \
        https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/{OFFER}/current/us-east-1/index.json"
    )]
    Offer {
        /// The file.
        file: String,
        /// The offer it is of.
        offer: String,
    },
    /// A price that is none.
    #[error("{file}: the price of `{usage_type}` is `{text}`, which is no amount of US dollars")]
    Amount {
        /// The file.
        file: String,
        /// What it is for.
        usage_type: String,
        /// What stands there.
        text: String,
    },
    /// Nothing that a table costs.
    #[error("{file}: has no prices of DynamoDB tables")]
    Empty {
        /// The file.
        file: String,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PriceList {
    offer_code: String,
    #[serde(default)]
    version: String,
    #[serde(default)]
    publication_date: String,
    #[serde(default)]
    products: BTreeMap<String, Product>,
    #[serde(default)]
    terms: Terms,
}

#[derive(Deserialize)]
struct Product {
    #[serde(default)]
    attributes: Attributes,
}

#[derive(Default, Deserialize)]
struct Attributes {
    #[serde(default, rename = "usagetype")]
    usage_type: String,
    #[serde(default, rename = "regionCode")]
    region_code: String,
}

type Offers = BTreeMap<String, BTreeMap<String, Offer>>;

#[derive(Default, Deserialize)]
struct Terms {
    #[serde(default, rename = "OnDemand")]
    on_demand: Offers,
    #[serde(default, rename = "Reserved")]
    reserved: Offers,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Offer {
    #[serde(default)]
    price_dimensions: BTreeMap<String, Dimension>,
    #[serde(default)]
    term_attributes: TermAttributes,
}

#[derive(Default, Deserialize)]
struct TermAttributes {
    #[serde(default, rename = "LeaseContractLength")]
    length: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Dimension {
    #[serde(default)]
    unit: String,
    #[serde(default)]
    begin_range: String,
    #[serde(default)]
    end_range: String,
    price_per_unit: BTreeMap<String, String>,
}

/// The prices in a list, region by region.
pub(super) fn regions(file: &str, text: &str) -> Result<Vec<RegionPrices>, PriceListError> {
    let list: PriceList = serde_json::from_str(text)
        .map_err(|error| PriceListError::Format { file: file.to_owned(), reason: error.to_string() })?;
    if list.offer_code != OFFER {
        return Err(PriceListError::Offer { file: file.to_owned(), offer: list.offer_code });
    }
    let source = Arc::new(Source {
        text: format!("AWS Price List, offer {OFFER}, version {}, read from {file}", list.version),
        url: String::new(),
        date: list.publication_date.clone(),
    });
    let mut reading = Reading { file, source, regions: BTreeMap::new() };
    let products = || list.products.iter().filter(|(_, product)| !product.attributes.region_code.is_empty());
    for (sku, product) in products() {
        for offer in list.terms.on_demand.get(sku).into_iter().flat_map(BTreeMap::values) {
            reading.on_demand(&product.attributes, offer)?;
        }
    }
    // After the prices without a reserve, which say whether reserved ones are by the unit or by the block.
    for (sku, product) in products() {
        for offer in list.terms.reserved.get(sku).into_iter().flat_map(BTreeMap::values) {
            reading.reserved(&product.attributes, offer)?;
        }
    }
    if reading.regions.is_empty() {
        return Err(PriceListError::Empty { file: file.to_owned() });
    }
    Ok(reading.regions.into_values().collect())
}

struct Reading<'a> {
    file: &'a str,
    source: Arc<Source>,
    regions: BTreeMap<String, RegionPrices>,
}

impl Reading<'_> {
    fn region(&mut self, code: &str) -> &mut RegionPrices {
        self.regions.entry(code.to_owned()).or_insert_with(|| RegionPrices::new(code, ""))
    }

    fn amount(&self, usage_type: &str, text: &str) -> Result<Decimal, PriceListError> {
        let amount: Option<Decimal> = text.parse().ok();
        amount.filter(|amount| !amount.is_sign_negative() && *amount <= Decimal::from(DOLLARS_MAX)).ok_or_else(|| {
            PriceListError::Amount {
                file: self.file.to_owned(),
                usage_type: usage_type.to_owned(),
                text: text.to_owned(),
            }
        })
    }

    /// The price in dollars; `None` where it is in another currency, as in China.
    fn dollars(&self, usage_type: &str, dimension: &Dimension) -> Result<Option<Decimal>, PriceListError> {
        dimension.price_per_unit.get("USD").map(|text| self.amount(usage_type, text)).transpose()
    }

    /// A price without a commitment: the band that is free is kept apart.
    fn on_demand(&mut self, attributes: &Attributes, offer: &Offer) -> Result<(), PriceListError> {
        let usage_type = &attributes.usage_type;
        let Some((item, class)) = item_of(usage_type) else { return Ok(()) };
        let mut bands: Vec<(Decimal, Decimal)> = Vec::new();
        for dimension in offer.price_dimensions.values() {
            let Some(dollars) = self.dollars(usage_type, dimension)? else { continue };
            if dollars.is_zero() {
                // An offer without an end says `Inf`.
                let end = dimension.end_range.parse::<Decimal>().ok().filter(|end| !end.is_sign_negative());
                if let Some(end) = end {
                    self.free_band(&attributes.region_code, item, class, end);
                }
                continue;
            }
            bands.push((dimension.begin_range.parse().unwrap_or_default(), dollars));
        }
        bands.sort();
        let Some((_, dollars)) = bands.first().copied() else { return Ok(()) };
        let price = Price {
            dollars: (dollars * Decimal::from(item.per())).normalize(),
            confidence: Confidence::Listed,
            source: Arc::clone(&self.source),
        };
        let region = self.region(&attributes.region_code);
        if bands.len() > 1 {
            region.warnings.push(format!(
                "the price list has {} prices for `{usage_type}`, by how much is used; the first of them is taken",
                bands.len()
            ));
        }
        region.set(item, class, price);
        Ok(())
    }

    fn free_band(&mut self, region: &str, item: Item, class: TableClass, end: Decimal) {
        let free = &mut self.region(region).free_tier;
        match (item, class) {
            (Item::ReadCapacity | Item::WriteCapacity, TableClass::Standard) => free.unit_hours = end,
            (Item::Storage, TableClass::Standard) => free.storage_gb = end,
            (Item::StreamRead, _) => free.stream_reads = end,
            _ => {}
        }
    }

    /// Reserved capacity: a payment up front and one by the hour.
    fn reserved(&mut self, attributes: &Attributes, offer: &Offer) -> Result<(), PriceListError> {
        let usage_type = &attributes.usage_type;
        let term = match offer.term_attributes.length.replace(' ', "").as_str() {
            "1yr" => Term::OneYear,
            "3yr" => Term::ThreeYears,
            _ => return Ok(()),
        };
        let access = match item_of(usage_type) {
            Some((Item::ReadCapacity, TableClass::Standard)) => ReadWrite::Read,
            Some((Item::WriteCapacity, TableClass::Standard)) => ReadWrite::Write,
            Some(_) => return Ok(()),
            None if usage_type.ends_with("HeavyUsage:dynamodb.read") => ReadWrite::Read,
            None if usage_type.ends_with("HeavyUsage:dynamodb.write") => ReadWrite::Write,
            None => return Ok(()),
        };
        let (mut upfront, mut hourly) = (None, None);
        for dimension in offer.price_dimensions.values() {
            let dollars = self.dollars(usage_type, dimension)?;
            let is_upfront = dimension.unit.eq_ignore_ascii_case("quantity");
            if is_upfront { upfront = upfront.or(dollars) } else { hourly = hourly.or(dollars) }
        }
        let (Some(upfront), Some(hourly)) = (upfront, hourly) else { return Ok(()) };
        let item = if access == ReadWrite::Read { Item::ReadCapacity } else { Item::WriteCapacity };
        let source = Arc::clone(&self.source);
        let region = self.region(&attributes.region_code);
        let Some(plain) = region.price(item, TableClass::Standard).map(|price| price.dollars) else { return Ok(()) };
        match units_of_a_reservation(upfront / Decimal::from(term.months() * 730) + hourly, plain) {
            Some(units) => {
                let blocks = Decimal::from(RESERVED_BLOCK_UNITS) / Decimal::from(units);
                let (upfront, hourly) = ((upfront * blocks).normalize(), (hourly * blocks).normalize());
                region.reserve(term, access, Reservation { upfront, hourly, confidence: Confidence::Listed, source });
            }
            None => region.warnings.push(format!(
                "`{usage_type}` for {} is neither cheaper by the unit nor by the block of {RESERVED_BLOCK_UNITS} than \
                capacity without a reserve: left out",
                term.name()
            )),
        }
        Ok(())
    }
}

/// How many units a reserved price is for: the list gives it by the unit, its web page by the block of 100. Whichever is meant,
/// it takes something off the price without a reserve and does not give it away.
fn units_of_a_reservation(hour: Decimal, plain: Decimal) -> Option<u32> {
    let is_sound = |units: u32| {
        let unit_hour = hour / Decimal::from(units);
        unit_hour < plain && unit_hour * Decimal::from(20) > plain
    };
    [1, RESERVED_BLOCK_UNITS].into_iter().find(|units| is_sound(*units))
}

/// What a usage type, `[REGION-][IA-]name`, is the price of.
fn item_of(usage_type: &str) -> Option<(Item, TableClass)> {
    const NAMES: [(&str, Item); 11] = [
        ("ReadRequestUnits", Item::ReadRequest),
        ("WriteRequestUnits", Item::WriteRequest),
        ("ReplWriteRequestUnits", Item::ReplicatedWriteRequest),
        ("ReadCapacityUnit-Hrs", Item::ReadCapacity),
        ("WriteCapacityUnit-Hrs", Item::WriteCapacity),
        ("ReplWriteCapacityUnit-Hrs", Item::ReplicatedWriteCapacity),
        ("TimedStorage-ByteHrs", Item::Storage),
        ("TimedPITRStorage-ByteHrs", Item::PointInTimeRecovery),
        ("TimedBackupStorage-ByteHrs", Item::Backup),
        ("RestoreDataSize-Bytes", Item::Restore),
        ("Streams-RequestsCount", Item::StreamRead),
    ];
    let (front, item) = NAMES.iter().find_map(|(name, item)| {
        Some((usage_type.strip_suffix(name)?, *item)).filter(|(front, _)| front.is_empty() || front.ends_with('-'))
    })?;
    let is_ia = front.trim_end_matches('-').rsplit('-').next() == Some("IA");
    let class = if is_ia { TableClass::StandardInfrequentAccess } else { TableClass::Standard };
    // One price serves both classes.
    (!is_ia || item.is_by_class()).then_some((item, class))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_types_are_told_apart() {
        let standard = |item| Some((item, TableClass::Standard));
        let infrequent = |item| Some((item, TableClass::StandardInfrequentAccess));
        for (usage_type, expected) in [
            ("WriteRequestUnits", standard(Item::WriteRequest)),
            ("EUC1-WriteRequestUnits", standard(Item::WriteRequest)),
            ("APN2-IA-ReadRequestUnits", infrequent(Item::ReadRequest)),
            ("IA-TimedStorage-ByteHrs", infrequent(Item::Storage)),
            ("EU-ReplWriteCapacityUnit-Hrs", standard(Item::ReplicatedWriteCapacity)),
            ("USE1-WriteCapacityUnit-Hrs", standard(Item::WriteCapacity)),
            ("EUC1-IncrementalExportDataSize-Bytes", None),
            ("EUC1-DataTransfer-Out-Bytes", None),
            ("EUC1-MyWriteRequestUnits", None),
            ("", None),
        ] {
            assert_eq!(item_of(usage_type), expected, "{usage_type}");
        }
    }

    #[test]
    fn a_reserved_price_is_by_the_unit_or_by_the_block() {
        let plain = Decimal::new(65, 5);
        assert_eq!(units_of_a_reservation(Decimal::new(299, 6), plain), Some(1));
        assert_eq!(units_of_a_reservation(Decimal::new(299, 4), plain), Some(100));
        assert_eq!(units_of_a_reservation(Decimal::new(299, 2), plain), None);
        assert_eq!(units_of_a_reservation(Decimal::ZERO, plain), None);
    }
}
