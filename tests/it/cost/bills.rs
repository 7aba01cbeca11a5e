//! Bills worked out by hand from the published prices of N. Virginia, unless another region is named:
//! $0.625 per million WRU, $0.125 per million RRU, $0.00065 per WCU-hour, $0.00013 per RCU-hour, $0.25 per GB-month.

use dynamometer::api::TableClass;
use dynamometer::cost::{AccessUsage, CacheNodes, Choice, Classes, Component};
use dynamometer::pricing::Term;
use dynamometer::workload::{Billing, StreamReads};

use super::{Case, assert_dollars, fixed, fixed_month, resource, table, units};

const ONE_YEAR: Choice = Choice::Reserved(Term::OneYear);
const THREE_YEARS: Choice = Choice::Reserved(Term::ThreeYears);

#[test]
fn on_demand_with_storage() {
    // 73 × 0.625 = 45.625; 146 × 0.125 = 18.25; 100 × 0.25 = 25; together 88.875.
    let mut notes = table("notes", units(730, 146e6), units(730, 73e6));
    notes.resources[0].stored_bytes = Some(100.0 * super::GB);
    let bill = Case::new(730.0, vec![notes]).bill(Choice::OnDemand);
    assert_dollars(bill.total, "88.875");
    assert_dollars(bill.component(Component::Writes), "45.625");
    assert_dollars(bill.component(Component::Reads), "18.25");
    assert_dollars(bill.component(Component::Storage), "25");
}

#[test]
fn fixed_provisioned_capacity() {
    // 100 WCU × 730 × 0.00065 = 47.45; 200 RCU × 730 × 0.00013 = 18.98; together 66.43.
    let bill = Case::new(730.0, vec![table("notes", fixed_month(200.0), fixed_month(100.0))]).bill(Choice::Fixed);
    assert_dollars(bill.total, "66.43");
}

#[test]
fn auto_scaling_is_billed_by_the_hour_at_what_it_provisioned() {
    // 365 hours at 40 WCU and 365 at 100: 51,100 WCU-hours × 0.00065 = 33.215.
    let hours: Vec<f64> = (0..730).map(|hour| if hour % 2 == 0 { 40.0 } else { 100.0 }).collect();
    let scaled = |access: AccessUsage| AccessUsage { scaled: access.fixed, fixed: None, ..access };
    let orders = table("orders", scaled(fixed(vec![0.0; 730])), scaled(fixed(hours)));
    assert_dollars(Case::new(730.0, vec![orders]).bill(Choice::Scaled).total, "33.215");
}

#[test]
fn a_month_is_730_hours_of_a_day() {
    // 24 million WRU in 24 hours are 730 million in 730: × 0.625 = 456.25. A day of 100 WCU: 73,000 WCU-hours = 47.45.
    let write = AccessUsage { units: vec![1e6; 24], ..fixed(vec![100.0; 24]) };
    let case = Case::new(24.0, vec![table("orders", fixed(vec![0.0; 24]), write)]);
    assert_dollars(case.bill(Choice::OnDemand).total, "456.25");
    assert_dollars(case.bill(Choice::Fixed).total, "47.45");
}

#[test]
fn a_span_shorter_than_an_hour() {
    // A quarter of an hour is 1 / 2,920 of a month: 1,000 WRU become 2.92 million, × 0.625 = 1.825.
    // 100 WCU for it are 25 WCU-hours: × 2,920 = 73,000, × 0.00065 = 47.45.
    let write = AccessUsage { units: vec![1_000.0], ..fixed(vec![25.0]) };
    let case = Case::new(0.25, vec![table("orders", fixed(vec![0.0]), write)]);
    assert_dollars(case.bill(Choice::OnDemand).total, "1.825");
    assert_dollars(case.bill(Choice::Fixed).total, "47.45");
    // Used to the full and reserved for 1 year: a block costs 150 / 12 + 0.0128 × 730 = 21.844 whatever the span.
    let case = Case::new(0.25, vec![table("orders", fixed(vec![0.0]), fixed(vec![25.0]))]);
    assert_dollars(case.bill(ONE_YEAR).total, "21.844");
}

#[test]
fn reserved_capacity_for_one_year() {
    // 200 WCU: 2 × (150 / 12 + 0.0128 × 730) = 2 × 21.844 = 43.688. 100 RCU: 30 / 12 + 0.0025 × 730 = 4.325.
    let bill = Case::new(730.0, vec![table("notes", fixed_month(100.0), fixed_month(200.0))]).bill(ONE_YEAR);
    assert_dollars(bill.total, "48.013");
    // 2 × 150 + 30.
    assert_dollars(bill.upfront, "330");
    assert_dollars(bill.component(Component::Commitment), "48.013");
    assert_dollars(bill.component(Component::Writes), "0");
}

#[test]
fn reserved_capacity_for_three_years() {
    // 2 × (180 / 36 + 0.0081 × 730) = 21.826; 36 / 36 + 0.0016 × 730 = 2.168; together 23.994. Up front 2 × 180 + 36.
    let bill = Case::new(730.0, vec![table("notes", fixed_month(100.0), fixed_month(200.0))]).bill(THREE_YEARS);
    assert_dollars(bill.total, "23.994");
    assert_dollars(bill.upfront, "396");
}

#[test]
fn a_block_that_is_half_used_pays_and_one_used_less_does_not() {
    // A third block for 50 WCU saves 50 × 730 × 0.00065 = 23.725 and costs 21.844; for 40 WCU it saves 18.98.
    let bill = |units: f64| Case::new(730.0, vec![table("notes", fixed_month(0.0), fixed_month(units))]).bill(ONE_YEAR);
    // 3 × 21.844 = 65.532.
    assert_dollars(bill(250.0).total, "65.532");
    assert_eq!(bill(250.0).commitments[0].blocks, 3);
    // 2 × 21.844 + 18.98 = 62.668.
    assert_dollars(bill(240.0).total, "62.668");
    assert_eq!(bill(240.0).commitments[0].blocks, 2);
}

#[test]
fn tables_share_one_reserve_where_none_could_have_its_own() {
    // Each uses 100 WCU in one hour of three: 24,333.3 WCU-hours a month = 15.8167 without a reserve, less than a block.
    let third = |hour: usize| {
        let hours = (0..3).map(|at| if at == hour { 100.0 } else { 0.0 }).collect();
        table(["morning", "noon", "night"][hour], fixed(vec![0.0; 3]), fixed(hours))
    };
    assert!(Case::new(3.0, vec![third(0)]).bill(ONE_YEAR).commitments.is_empty());
    // Together the 73,000 WCU-hours of one block: 21.844 instead of 47.45.
    let together = Case::new(3.0, vec![third(0), third(1), third(2)]);
    let bill = together.bill(ONE_YEAR);
    assert_dollars(bill.total, "21.844");
    assert_dollars(together.bill(Choice::Fixed).total, "47.45");
}

#[test]
fn a_global_table_with_an_index() {
    // N. Virginia: 10 M rWRU × 0.625 = 6.25; index 10 M WRU × 0.625 = 6.25; 4 M RRU × 0.125 = 0.5; 15 GB × 0.25 = 3.75.
    // Ireland: 10 M rWRU × 0.7067 = 7.067; index 10 M WRU × 0.7067 = 7.067;
    // 15 GB × 0.2827 (0.25 × 0.000735 / 0.00065 = 0.28269) = 4.2405. Together 35.1245.
    let mut orders = table("orders", units(730, 4e6), units(730, 10e6));
    orders.resources[0].stored_bytes = Some(10.0 * super::GB);
    orders.resources.push(resource(Some("by-customer"), units(730, 0.0), units(730, 10e6), 5.0));
    let billing = Billing { replicas: vec!["eu-west-1".to_owned()], ..Billing::default() };
    let case = Case::new(730.0, vec![orders]).billed("orders", billing);
    let bill = case.bill(Choice::OnDemand);
    assert_dollars(bill.total, "35.1245");
    // 7.067 + 7.067 + 4.2405.
    assert_dollars(bill.component(Component::Replicas), "18.3745");
}

#[test]
fn replicated_capacity_cannot_be_reserved() {
    // rWCU: 200 × 730 × 0.00065 = 94.9 in N. Virginia, 200 × 730 × 0.000735 = 107.31 in Ireland.
    let billing = Billing { replicas: vec!["eu-west-1".to_owned()], ..Billing::default() };
    let orders = table("orders", fixed_month(0.0), fixed_month(200.0));
    let case = Case::new(730.0, vec![orders]).billed("orders", billing);
    assert_dollars(case.bill(Choice::Fixed).total, "202.21");
    let reserved = case.bill(ONE_YEAR);
    assert!(reserved.commitments.is_empty());
    assert_dollars(reserved.total, "202.21");
}

#[test]
fn standard_ia_is_cheaper_from_about_41_percent_storage_on() {
    // 100 M WRU: 62.5 in Standard, 78 in Standard-IA, 15.5 more. A GB costs 0.25 or 0.10: 15.5 / 0.15 = 103.3 GB, whose
    // Standard storage of 25.83 is 41.3 % of 62.5.
    let totals = |gb: f64| {
        let mut logs = table("logs", units(730, 0.0), units(730, 100e6));
        logs.resources[0].stored_bytes = Some(gb * super::GB);
        let comparison = Case::new(730.0, vec![logs]).compare();
        let other = comparison.bills.iter().find(|bill| bill.classes == Classes::InfrequentAccess).unwrap().clone();
        (comparison.bill(Choice::OnDemand).unwrap().total, other.total, comparison.cheapest.unwrap(), comparison.bills)
    };
    let (standard, infrequent, cheapest, bills) = totals(103.0);
    // 62.5 + 25.75 against 78 + 10.3.
    assert_dollars(standard, "88.25");
    assert_dollars(infrequent, "88.3");
    assert_eq!(bills[cheapest].classes, Classes::AsTheyAre);
    let (standard, infrequent, cheapest, bills) = totals(104.0);
    // 62.5 + 26 against 78 + 10.4.
    assert_dollars(standard, "88.5");
    assert_dollars(infrequent, "88.4");
    assert_eq!(bills[cheapest].classes, Classes::InfrequentAccess);
}

#[test]
fn the_free_tier_is_shown_and_not_taken_off() {
    // 30 WCU: 21,900 × 0.00065 = 14.235, of which 18,600 are free: 12.09. 20 RCU: 14,600 × 0.00013 = 1.898, all free.
    // 30 GB × 0.25 = 7.5, of which 25 GB: 6.25. 5,000 stream reads an hour: 3.65 M at 0.02 per 100,000 = 0.73, of which
    // 2.5 M: 0.5. The bill is 14.235 + 1.898 + 7.5 + 0.73 = 24.363; free are 12.09 + 1.898 + 6.25 + 0.5 = 20.738.
    let mut notes = table("notes", fixed_month(20.0), fixed_month(30.0));
    notes.resources[0].stored_bytes = Some(30.0 * super::GB);
    let billing = Billing { stream: Some(StreamReads::PerHour(5_000.0)), ..Billing::default() };
    let case = Case::new(730.0, vec![notes]).billed("notes", billing);
    let bill = case.bill(Choice::Fixed);
    assert_dollars(bill.total, "24.363");
    assert_dollars(bill.free_tier, "20.738");
    // On-demand and Standard-IA have no free throughput, Standard-IA no free storage either.
    assert_dollars(case.bill(Choice::OnDemand).free_tier, "6.75");
    let comparison = case.compare();
    let infrequent = comparison.bills.iter().filter(|bill| bill.classes == Classes::InfrequentAccess);
    infrequent.for_each(|bill| assert_dollars(bill.free_tier, "0.5"));
}

#[test]
fn backups_and_restores() {
    // 200 GB × 0.25 = 50; point-in-time recovery 200 × 0.20 = 40; 50 GB of backups × 0.10 = 5; 10 GB restored × 0.15 = 1.5.
    let billing = Billing {
        storage_gb: Some(200.0),
        point_in_time_recovery: true,
        backup_gb: 50.0,
        restore_gb_per_month: 10.0,
        ..Billing::default()
    };
    let bill = Case::new(730.0, vec![table("notes", units(730, 0.0), units(730, 0.0))])
        .billed("notes", billing)
        .bill(Choice::OnDemand);
    assert_dollars(bill.total, "96.5");
    assert_dollars(bill.component(Component::Backups), "46.5");
}

#[test]
fn a_stream_read_by_two_consumers() {
    // 1,000 changes an hour read twice: 1.46 M reads a month × 0.02 / 100,000 = 0.292.
    let mut notes = table("notes", units(730, 0.0), units(730, 0.0));
    notes.resources[0].changes = vec![1_000.0; 730];
    let billing = Billing { stream: Some(StreamReads::Consumers(2)), ..Billing::default() };
    let bill = Case::new(730.0, vec![notes]).billed("notes", billing).bill(Choice::OnDemand);
    assert_dollars(bill.total, "0.292");
}

#[test]
fn nodes_of_a_cache() {
    // 3 × 730 × 0.171 = 374.49.
    let mut case = Case::new(730.0, vec![table("notes", units(730, 0.0), units(730, 0.0))]);
    case.extras.cache = Some(CacheNodes { node: "r5.large".to_owned(), count: 3 });
    assert_dollars(case.bill(Choice::OnDemand).total, "374.49");
    // Nothing is known of their price elsewhere: left out, and said.
    let bill = case.in_region("eu-west-1").bill(Choice::OnDemand);
    assert_dollars(bill.total, "0");
    assert_eq!(bill.left_out.len(), 1);
    assert!(bill.left_out[0].why.contains("`r5.large` in eu-west-1"), "{:?}", bill.left_out);
}

#[test]
fn frankfurt_by_its_published_prices() {
    // 8 M WRU × 0.7625 = 6.1; 4 M RRU × 0.1525 = 0.61; 10 GB × 0.306 = 3.06; together 9.77.
    let mut notes = table("notes", units(730, 4e6), units(730, 8e6));
    notes.resources[0].stored_bytes = Some(10.0 * super::GB);
    assert_dollars(Case::new(730.0, vec![notes]).in_region("eu-central-1").bill(Choice::OnDemand).total, "9.77");
}

#[test]
fn a_savings_plan_takes_its_share_off_steady_spending() {
    // 730 M WRU × 0.625 = 456.25, 18 % off: 374.125. The commitment is 0.625 × 0.82 = 0.5125 an hour.
    let mut case = Case::new(730.0, vec![table("notes", units(730, 0.0), units(730, 730e6))]);
    assert!(case.compare().bill(Choice::SavingsPlan).is_none(), "unconfirmed rates are off by default");
    case.unconfirmed = true;
    let bill = case.bill(Choice::SavingsPlan);
    assert_dollars(bill.total, "374.125");
    assert_dollars(bill.commitments[0].hourly, "0.5125");
}

#[test]
fn a_table_of_the_class_standard_ia() {
    // 10 M WRU × 0.78 = 7.8; 10 M RRU × 0.155 = 1.55; 1,000 GB × 0.10 = 100; together 109.35. Standard: 6.25 + 1.25 + 250.
    let mut archive = table("archive", units(730, 10e6), units(730, 10e6));
    archive.class = TableClass::StandardInfrequentAccess;
    archive.resources[0].stored_bytes = Some(1_000.0 * super::GB);
    let comparison = Case::new(730.0, vec![archive]).compare();
    assert_dollars(comparison.bill(Choice::OnDemand).unwrap().total, "109.35");
    let standard = comparison.bills.iter().find(|bill| bill.classes == Classes::Standard).unwrap();
    assert_dollars(standard.total, "257.5");
    assert_dollars(standard.free_tier, "6.25");
}
