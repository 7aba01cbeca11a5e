//! AWS's own price list, in a small piece of its form.

use dynamometer::api::{ReadWrite, TableClass};
use dynamometer::cost::Choice;
use dynamometer::pricing::{Confidence, Item, PriceBook, Term};

use super::{Case, assert_dollars, fixed_month, table, units};

const LIST: &str = include_str!("price-list.json");

fn price(book: &PriceBook, item: Item, class: TableClass) -> Option<String> {
    let region = book.region("eu-central-1").unwrap();
    region.price(item, class).map(|price| price.dollars.normalize().to_string())
}

#[test]
fn prices_are_read_past_the_free_band() {
    let book = PriceBook::from_price_list("list.json", LIST, false).unwrap();
    let standard = |item| price(&book, item, TableClass::Standard);
    let infrequent = |item| price(&book, item, TableClass::StandardInfrequentAccess);
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(standard(Item::WriteRequest), some("0.7625"));
    assert_eq!(standard(Item::ReadRequest), some("0.1525"));
    assert_eq!(standard(Item::WriteCapacity), some("0.000793"));
    assert_eq!(standard(Item::ReadCapacity), some("0.0001586"));
    assert_eq!(standard(Item::Storage), some("0.306"));
    assert_eq!(infrequent(Item::Storage), some("0.1224"));
    assert_eq!(standard(Item::PointInTimeRecovery), some("0.2448"));
    // One price for both classes.
    assert_eq!(infrequent(Item::PointInTimeRecovery), some("0.2448"));
    assert_eq!(standard(Item::StreamRead), some("0.0245"));
    // Nothing is derived: what the list lacks is absent.
    assert_eq!(standard(Item::Backup), None);
    let region = book.only_region().unwrap();
    assert_eq!(region.price(Item::Storage, TableClass::Standard).unwrap().confidence, Confidence::Listed);
    assert_eq!(region.free_tier.unit_hours, 18_600.into());
    assert_eq!(region.free_tier.storage_gb, 25.into());
}

#[test]
fn reserved_capacity_is_read_by_the_unit_and_by_the_block() {
    // Writes by the unit, $1.83 and $0.000157; reads by the block of 100.
    let book = PriceBook::from_price_list("list.json", LIST, false).unwrap();
    let region = book.region("eu-central-1").unwrap();
    let of = |access| {
        let reservation = region.reservation(Term::OneYear, access).unwrap();
        (reservation.upfront.normalize().to_string(), reservation.hourly.normalize().to_string())
    };
    assert_eq!(of(ReadWrite::Write), ("183".to_owned(), "0.0157".to_owned()));
    assert_eq!(of(ReadWrite::Read), ("36.6".to_owned(), "0.0032".to_owned()));
    assert!(region.reservation(Term::ThreeYears, ReadWrite::Read).is_none());
}

#[test]
fn a_bill_by_the_list() {
    // 8 M WRU × 0.7625 = 6.1; 4 M RRU × 0.1525 = 0.61; 10 GB × 0.306 = 3.06.
    let book = PriceBook::from_price_list("list.json", LIST, false).unwrap();
    let mut notes = table("notes", units(730, 4e6), units(730, 8e6));
    notes.resources[0].stored_bytes = Some(10.0 * super::GB);
    let case = Case::new(730.0, vec![notes]).in_region("eu-central-1");
    let comparison = dynamometer::cost::compare(&case.question(&book)).unwrap();
    assert_dollars(comparison.bill(Choice::OnDemand).unwrap().total, "9.77");
    assert!(comparison.sources.iter().all(|source| source.text.contains("list.json")), "{:?}", comparison.sources);
}

#[test]
fn a_price_that_the_list_lacks_is_said() {
    let book = PriceBook::from_price_list("list.json", LIST, false).unwrap();
    let mut case = Case::new(730.0, vec![table("notes", fixed_month(1.0), fixed_month(1.0))]).in_region("eu-central-1");
    let billing = dynamometer::workload::Billing { backup_gb: 5.0, ..Default::default() };
    case = case.billed("notes", billing);
    let comparison = dynamometer::cost::compare(&case.question(&book)).unwrap();
    let left_out = &comparison.bill(Choice::Fixed).unwrap().left_out;
    assert_eq!(left_out.len(), 1);
    assert_eq!(left_out[0].why, "no price is known for on-demand backups in eu-central-1");
}

#[test]
fn other_files_are_refused() {
    let refused = |text: &str| PriceBook::from_price_list("list.json", text, false).unwrap_err().to_string();
    assert!(refused("{").contains("list.json: not a price list of AWS"));
    assert!(refused("{}").contains("offerCode"));
    assert!(refused("[]").contains("not a price list"));
    let other = refused(&LIST.replace("AmazonDynamoDB", "AmazonEC2"));
    assert!(
        other.contains("the price list of `AmazonEC2`") && other.contains("offers/v1.0/aws/AmazonDynamoDB"),
        "{other}"
    );
    assert!(refused(r#"{ "offerCode": "AmazonDynamoDB" }"#).contains("has no prices"));
    let odd = refused(&LIST.replace("\"0.0000007625\"", "\"-1\""));
    assert!(odd.contains("`EUC1-WriteRequestUnits` is `-1`"), "{odd}");
    let book = PriceBook::from_price_list("list.json", LIST, false).unwrap();
    let other = book.region("us-east-1").unwrap_err().to_string();
    assert_eq!(other, "no prices are known for region `us-east-1`; there are those of eu-central-1");
}

#[test]
fn a_free_band_that_ends_below_nothing_is_not_believed() {
    let list = LIST.replace(r#""endRange": "18600""#, r#""endRange": "-1""#);
    assert_ne!(list, LIST);
    let book = PriceBook::from_price_list("list.json", &list, false).unwrap();
    // The published one (facts §9.1) is left.
    assert_eq!(book.only_region().unwrap().free_tier.unit_hours, 18_600.into());
}
