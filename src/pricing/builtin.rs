//! The prices that ship with dyno: what was published, and what follows from it by ratios that hold wherever both are known.

use std::collections::BTreeMap;
use std::sync::Arc;

use rust_decimal::Decimal;
use serde::Deserialize;

use crate::api::{ReadWrite, TableClass};

use super::{Confidence, Item, Price, RegionPrices, Reservation, SavingsPlan, Source, Term};

const FILE: &str = include_str!("prices.toml");
/// The region that the others are compared with: everything is published for it.
const HOME: &str = "us-east-1";
/// Sources of what is worked out here.
const REQUEST_RATIO: &str = "request-ratio";
const REGION_RATIO: &str = "region-ratio";
const SAME_AS_WRITES: &str = "same-as-writes";
/// The source of provisioned and reserved capacity, and of cache nodes.
const CAPACITY_SOURCE: &str = "recommender";
const CACHE_SOURCE: &str = "dax-calculator";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PricesFile {
    sources: BTreeMap<String, Arc<Source>>,
    savings_plan: SavingsPlanEntry,
    regions: Vec<RegionEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavingsPlanEntry {
    on_demand: Decimal,
    provisioned: Decimal,
    source: String,
    confidence: Confidence,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RegionEntry {
    id: String,
    name: String,
    /// What usage types of the price list begin with.
    #[serde(rename = "prefix")]
    _prefix: String,
    write_capacity: Decimal,
    read_capacity: Decimal,
    one_year: ReservedEntry,
    three_years: Option<ReservedEntry>,
    #[serde(default)]
    listed: Vec<ListedEntry>,
    #[serde(default)]
    cache_nodes: BTreeMap<String, Decimal>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReservedEntry {
    /// Up front and per hour.
    write: [Decimal; 2],
    read: [Decimal; 2],
    #[serde(default = "listed")]
    write_confidence: Confidence,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ListedEntry {
    item: Item,
    #[serde(default)]
    class: TableClass,
    price: Decimal,
    source: String,
    #[serde(default = "listed")]
    confidence: Confidence,
}

fn listed() -> Confidence {
    Confidence::Listed
}

/// The prices of every region, with what follows from them.
pub(super) fn regions() -> Vec<RegionPrices> {
    parse(FILE).unwrap_or_else(|error| {
        // The file is part of this crate, and a test reads it.
        debug_assert!(false, "prices.toml: {error}");
        Vec::new()
    })
}

fn parse(text: &str) -> Result<Vec<RegionPrices>, String> {
    let file: PricesFile = toml::from_str(text).map_err(|error| error.to_string())?;
    let mut regions = Vec::new();
    for entry in &file.regions {
        regions.push(published(entry, &file)?);
    }
    let home = regions.iter().find(|region| region.region == HOME).cloned();
    let home = home.ok_or_else(|| format!("no prices of {HOME}"))?;
    for region in &mut regions {
        derive(region, &home, &file)?;
    }
    Ok(regions)
}

impl PricesFile {
    fn source(&self, name: &str) -> Result<Arc<Source>, String> {
        self.sources.get(name).cloned().ok_or_else(|| format!("no source `{name}`"))
    }
}

/// What is published for a region.
fn published(entry: &RegionEntry, file: &PricesFile) -> Result<RegionPrices, String> {
    let mut region = RegionPrices::new(&entry.id, &entry.name);
    let listed =
        |dollars, source: &Arc<Source>| Price { dollars, confidence: Confidence::Listed, source: Arc::clone(source) };
    let capacity = file.source(CAPACITY_SOURCE)?;
    region.set(Item::WriteCapacity, TableClass::Standard, listed(entry.write_capacity, &capacity));
    region.set(Item::ReplicatedWriteCapacity, TableClass::Standard, listed(entry.write_capacity, &capacity));
    region.set(Item::ReadCapacity, TableClass::Standard, listed(entry.read_capacity, &capacity));
    for (term, reserved) in [(Term::OneYear, Some(&entry.one_year)), (Term::ThreeYears, entry.three_years.as_ref())] {
        let Some(reserved) = reserved else { continue };
        let kinds = [
            (ReadWrite::Read, reserved.read, Confidence::Listed),
            (ReadWrite::Write, reserved.write, reserved.write_confidence),
        ];
        for (access, [upfront, hourly], confidence) in kinds {
            region.reserve(term, access, Reservation { upfront, hourly, confidence, source: Arc::clone(&capacity) });
        }
    }
    for entry in &entry.listed {
        let (confidence, source) = (entry.confidence, file.source(&entry.source)?);
        region.set(entry.item, entry.class, Price { dollars: entry.price, confidence, source });
    }
    let cache = file.source(CACHE_SOURCE)?;
    region.cache_nodes = entry.cache_nodes.iter().map(|(node, price)| (node.clone(), listed(*price, &cache))).collect();
    let plan = &file.savings_plan;
    region.savings_plan = Some(SavingsPlan {
        on_demand: plan.on_demand,
        provisioned: plan.provisioned,
        confidence: plan.confidence,
        source: file.source(&plan.source)?,
    });
    Ok(region)
}

/// Adds what is not published for a region, by ratios (facts §9.4, §9.5, appendix B).
fn derive(region: &mut RegionPrices, home: &RegionPrices, file: &PricesFile) -> Result<(), String> {
    use TableClass::{Standard, StandardInfrequentAccess as InfrequentAccess};
    let price = |prices: &RegionPrices, item: Item, class: TableClass| {
        let found = prices.price(item, class).map(|price| price.dollars).filter(|dollars| !dollars.is_zero());
        found.ok_or_else(|| format!("{}: no price of {item}", prices.region))
    };
    let add = |region: &mut RegionPrices, item, class, dollars: Decimal, confidence, source: &str| {
        if region.price(item, class).is_none() {
            // As many decimals as the price list itself gives.
            let decimals = if matches!(item, Item::ReadCapacity | Item::WriteCapacity) { 8 } else { 4 };
            let (dollars, source) = (dollars.round_dp(decimals), file.source(source)?);
            region.set(item, class, Price { dollars, confidence, source });
        }
        Ok::<(), String>(())
    };
    for (request, capacity) in [(Item::ReadRequest, Item::ReadCapacity), (Item::WriteRequest, Item::WriteCapacity)] {
        let ratio = price(home, request, Standard)? / price(home, capacity, Standard)?;
        let dollars = price(region, capacity, Standard)? * ratio;
        add(region, request, Standard, dollars, Confidence::Derived, REQUEST_RATIO)?;
    }
    let writes = price(region, Item::WriteRequest, Standard)?;
    add(region, Item::ReplicatedWriteRequest, Standard, writes, Confidence::Derived, SAME_AS_WRITES)?;
    let ratio = price(region, Item::WriteCapacity, Standard)? / price(home, Item::WriteCapacity, Standard)?;
    // Nothing was found to check stream reads of another region against.
    let by_region = [
        (Item::Storage, Standard, Confidence::Derived),
        (Item::PointInTimeRecovery, Standard, Confidence::Derived),
        (Item::Backup, Standard, Confidence::Derived),
        (Item::Restore, Standard, Confidence::Derived),
        (Item::StreamRead, Standard, Confidence::Unconfirmed),
        (Item::ReadRequest, InfrequentAccess, Confidence::Derived),
        (Item::WriteRequest, InfrequentAccess, Confidence::Derived),
        (Item::ReadCapacity, InfrequentAccess, Confidence::Derived),
        (Item::WriteCapacity, InfrequentAccess, Confidence::Derived),
        (Item::Storage, InfrequentAccess, Confidence::Derived),
    ];
    for (item, class, confidence) in by_region {
        let dollars = price(home, item, class)? * ratio;
        add(region, item, class, dollars, confidence, REGION_RATIO)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pricing::PriceBook;

    fn dollars(region: &str, item: Item, class: TableClass) -> Option<Decimal> {
        let book = PriceBook::builtin(false);
        book.region(region).unwrap().price(item, class).map(|price| price.dollars)
    }

    fn standard(region: &str, item: Item) -> String {
        dollars(region, item, TableClass::Standard).map_or("none".to_owned(), |dollars| dollars.normalize().to_string())
    }

    #[test]
    fn the_file_is_sound_and_names_25_regions() {
        assert_eq!(parse(FILE).unwrap().len(), 25);
    }

    /// Facts, appendix B: the derived columns, worked out there by other means and rounded to four digits.
    #[test]
    fn request_prices_follow_from_capacity_prices() {
        for (region, write, read) in [
            ("af-south-1", "0.841", "0.1682"),
            ("ap-east-1", "0.7827", "0.1565"),
            ("ap-south-1", "0.7115", "0.1423"),
            ("ca-central-1", "0.6875", "0.1375"),
            ("eu-north-1", "0.6712", "0.1346"),
            ("eu-west-1", "0.7067", "0.1413"),
            ("il-central-1", "0.8481", "0.1696"),
            ("sa-east-1", "0.9375", "0.1875"),
            ("us-gov-west-1", "0.75", "0.15"),
            ("us-west-1", "0.6971", "0.1394"),
        ] {
            assert_eq!(standard(region, Item::WriteRequest), write, "{region}");
            assert_eq!(standard(region, Item::ReadRequest), read, "{region}");
        }
    }

    #[test]
    fn what_is_published_goes_before_what_follows() {
        // Derived they would be 0.7135, 0.1427, 0.28538 and 0.305.
        assert_eq!(standard("ap-northeast-1", Item::WriteRequest), "0.715");
        assert_eq!(standard("ap-northeast-1", Item::ReadRequest), "0.1425");
        assert_eq!(standard("ap-northeast-1", Item::Storage), "0.285");
        assert_eq!(standard("eu-central-1", Item::Storage), "0.306");
        let book = PriceBook::builtin(false);
        let tokyo = book.region("ap-northeast-1").unwrap();
        assert_eq!(tokyo.price(Item::Storage, TableClass::Standard).unwrap().confidence, Confidence::Listed);
        assert_eq!(tokyo.price(Item::Backup, TableClass::Standard).unwrap().confidence, Confidence::Derived);
    }

    #[test]
    fn a_ratio_of_regions_meets_the_prices_that_were_published() {
        // Seoul: 0.155 and 0.78 times 0.0007049 / 0.00065 are 0.1681 and 0.8459; published are 0.1695 and 0.845.
        let class = TableClass::StandardInfrequentAccess;
        let ratio = Decimal::new(7049, 7) / Decimal::new(65, 5);
        for (item, home) in [(Item::ReadRequest, Decimal::new(155, 3)), (Item::WriteRequest, Decimal::new(78, 2))] {
            let published = dollars("ap-northeast-2", item, class).unwrap();
            let off = ((home * ratio - published) / published).abs();
            assert!(off < Decimal::new(9, 3), "{item}: {off}");
        }
    }

    #[test]
    fn what_nothing_confirms_is_left_out_unless_asked_for() {
        let (plain, all) = (PriceBook::builtin(false), PriceBook::builtin(true));
        let reservation = |book: &PriceBook| {
            let region = book.region("us-gov-east-1").unwrap();
            region.reservation(Term::OneYear, ReadWrite::Write).map(|reservation| reservation.hourly)
        };
        assert_eq!((reservation(&plain), reservation(&all)), (None, Some(Decimal::new(122, 4))));
        let replicated = |book: &PriceBook| {
            let region = book.region("ap-east-1").unwrap();
            region.price(Item::ReplicatedWriteCapacity, TableClass::Standard).is_some()
        };
        assert_eq!((replicated(&plain), replicated(&all)), (false, true));
        let plan = |book: &PriceBook| book.region("us-east-1").unwrap().savings_plan.is_some();
        assert_eq!((plan(&plain), plan(&all)), (false, true));
        assert_eq!(standard("eu-west-1", Item::StreamRead), "none");
        assert_eq!(standard("us-east-1", Item::StreamRead), "0.02");
    }

    #[test]
    fn an_unknown_region_is_answered_with_those_there_are() {
        let error = PriceBook::builtin(false).region("eu-west-9").unwrap_err();
        assert!(error.to_string().contains("`eu-west-9`") && error.to_string().contains("eu-west-1, eu-west-2"));
    }

    /// Facts §9.2: discounts of 54.0, 77.0, 54.4 and 77.2 % against provisioned capacity without a reserve.
    #[test]
    fn reserved_capacity_has_its_published_discounts() {
        let book = PriceBook::builtin(false);
        let home = book.region("us-east-1").unwrap();
        for (term, access, item, published) in [
            // (150 / 8,760 + 0.0128) / 100 = 0.00029923; 1 − 0.00029923 / 0.00065 = 53.96 %.
            (Term::OneYear, ReadWrite::Write, Item::WriteCapacity, "54.0"),
            // (180 / 26,280 + 0.0081) / 100 = 0.00014949; 1 − 0.00014949 / 0.00065 = 77.00 %.
            (Term::ThreeYears, ReadWrite::Write, Item::WriteCapacity, "77.0"),
            // (30 / 8,760 + 0.0025) / 100 = 0.00005925; 1 − 0.00005925 / 0.00013 = 54.43 %.
            (Term::OneYear, ReadWrite::Read, Item::ReadCapacity, "54.4"),
            // (36 / 26,280 + 0.0016) / 100 = 0.00002970; 1 − 0.00002970 / 0.00013 = 77.15 %.
            (Term::ThreeYears, ReadWrite::Read, Item::ReadCapacity, "77.2"),
        ] {
            let reservation = home.reservation(term, access).unwrap();
            let hours = Decimal::from(term.months() * 730);
            let unit_hour = (reservation.upfront / hours + reservation.hourly) / Decimal::ONE_HUNDRED;
            let plain = home.price(item, TableClass::Standard).unwrap().dollars;
            let discount = (Decimal::ONE - unit_hour / plain) * Decimal::ONE_HUNDRED;
            assert_eq!(format!("{:.1}", discount.round_dp(1)), published, "{term:?} {access:?}");
        }
    }
}
