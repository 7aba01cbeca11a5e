//! Which choice is recommended, and what is said beside it.

use dynamometer::api::TableClass;
use dynamometer::cost::{
    AccessUsage, Basis, Choice, Classes, CostError, LinearSubject, Mode, TRAFFIC, compare, sensitivity,
};
use dynamometer::pricing::Term;
use dynamometer::workload::Billing;

use super::{Case, assert_dollars, fixed, fixed_month, table, units};

/// Used as much in each hour, with so much fixed capacity.
fn steady(units: f64, capacity: f64) -> AccessUsage {
    AccessUsage { units: vec![units; 730], ..fixed_month(capacity) }
}

/// Facts §9.4: 28.9, 13.3 and 6.6 % for writes, 28.9, 13.2 and 6.6 % for reads.
#[test]
fn break_even_utilizations_are_the_published_ones() {
    let comparison = Case::new(730.0, vec![table("notes", fixed_month(1.0), fixed_month(1.0))]).compare();
    let of = |basis: Basis| {
        let even = comparison.break_even.iter().find(|even| even.basis == basis && even.class == TableClass::Standard);
        let percent = |share: Option<f64>| format!("{:.1}", share.unwrap() * 100.0);
        (percent(even.unwrap().read), percent(even.unwrap().write))
    };
    let pair = |read: &str, write: &str| (read.to_owned(), write.to_owned());
    // 0.00065 / (3,600 × 0.000000625) = 0.2889.
    assert_eq!(of(Basis::Provisioned), pair("28.9", "28.9"));
    // (150 / 8,760 + 0.0128) / 100 / 0.00225 = 0.1330; (30 / 8,760 + 0.0025) / 100 / 0.00045 = 0.1317.
    assert_eq!(of(Basis::Reserved(Term::OneYear)), pair("13.2", "13.3"));
    assert_eq!(of(Basis::Reserved(Term::ThreeYears)), pair("6.6", "6.6"));
}

#[test]
fn bills_cross_where_the_break_even_says() {
    // 100 WCU serve 360,000 units an hour; 28.9 % of them are 104,000.
    let cheapest = |units: f64| {
        let comparison = Case::new(730.0, vec![table("notes", steady(0.0, 0.0), steady(units, 100.0))]).compare();
        assert_dollars(comparison.utilizations[0].fixed.unwrap(), &(units / 360_000.0).to_string());
        comparison.bills[comparison.cheapest_uncommitted.unwrap()].choice
    };
    assert_eq!(cheapest(103_999.0), Choice::OnDemand);
    assert_eq!(cheapest(104_001.0), Choice::Fixed);
}

#[test]
fn what_throttles_more_than_allowed_is_shown_but_not_recommended() {
    let mut write = steady(300_000.0, 100.0);
    write.fixed.as_mut().unwrap().throttled = 0.02;
    let mut case = Case::new(730.0, vec![table("notes", steady(0.0, 0.0), write)]);
    let comparison = case.compare();
    let fixed = comparison.bill(Choice::Fixed).unwrap();
    assert!(fixed.total < comparison.bill(Choice::OnDemand).unwrap().total && !fixed.serves);
    let recommended =
        |comparison: &dynamometer::cost::Comparison| comparison.bills[comparison.cheapest.unwrap()].choice;
    assert_eq!(recommended(&comparison), Choice::OnDemand);
    // Nor is it reserved.
    assert!(comparison.bill(Choice::Reserved(Term::ThreeYears)).unwrap().commitments.is_empty());
    case.throttled_at_most = 0.02;
    assert_eq!(recommended(&case.compare()), Choice::Reserved(Term::ThreeYears));
}

#[test]
fn each_table_may_have_its_own_mode() {
    // Busy: 100 WCU fully used cost 47.45, on-demand 262.8 M × 0.625 = 164.25. Idle: 1 M WRU cost 0.625, 100 WCU 47.45.
    let busy = table("busy", steady(0.0, 0.0), steady(360_000.0, 100.0));
    let idle = table("idle", steady(0.0, 0.0), steady(1e6 / 730.0, 100.0));
    let case = Case::new(730.0, vec![busy, idle]);
    assert_dollars(case.bill(Choice::Mixed).total, "48.075");
    assert_dollars(case.bill(Choice::Fixed).total, "94.9");
    assert_dollars(case.bill(Choice::OnDemand).total, "164.875");
    let comparison = case.compare();
    assert_eq!(comparison.bills[comparison.cheapest_uncommitted.unwrap()].choice, Choice::Mixed);
    // With a reserve for 1 year: one block for the busy one, 21.844 + 0.625.
    assert_dollars(case.bill(Choice::Reserved(Term::OneYear)).total, "22.469");
}

#[test]
fn each_table_may_have_its_own_class() {
    // Hot: 100 M WRU, 1 GB. Standard 62.5 + 0.25, Standard-IA 78 + 0.1. Cold: 1 M WRU, 1,000 GB. 0.625 + 250 or 0.78 + 100.
    let mut hot = table("hot", units(730, 0.0), units(730, 100e6));
    hot.resources[0].stored_bytes = Some(super::GB);
    let mut cold = table("cold", units(730, 0.0), units(730, 1e6));
    cold.resources[0].stored_bytes = Some(1_000.0 * super::GB);
    let comparison = Case::new(730.0, vec![hot, cold]).compare();
    let cheapest = &comparison.bills[comparison.cheapest.unwrap()];
    assert_eq!(cheapest.classes, Classes::Mixed);
    assert_dollars(cheapest.total, "163.53");
}

#[test]
fn the_modes_the_tables_have_now_are_found_among_the_bills() {
    let tables = || {
        vec![
            table("one", steady(0.0, 0.0), steady(1e3, 100.0)),
            table("two", steady(0.0, 0.0), steady(360_000.0, 100.0)),
        ]
    };
    let mut case = Case::new(730.0, tables());
    let now = |case: &Case| {
        let comparison = case.compare();
        comparison.current.map(|index| (comparison.bills[index].choice, comparison.bills[index].total))
    };
    assert_eq!(now(&case), None);
    case.current = [("one", Mode::Fixed), ("two", Mode::Fixed)].map(|(name, mode)| (name.to_owned(), mode)).into();
    assert_eq!(now(&case).unwrap().0, Choice::Fixed);
    case.current.insert("two".to_owned(), Mode::OnDemand);
    let (choice, total) = now(&case).unwrap();
    assert_eq!(choice, Choice::Current);
    // 47.45 + 262.8 × 0.625.
    assert_dollars(total, "211.7");
}

#[test]
fn a_bill_that_lacks_a_price_is_no_recommendation() {
    // Replicated writes of Standard-IA have no known price: without them that class would look cheapest.
    let mut logs = table("logs", units(730, 0.0), units(730, 100e6));
    logs.resources[0].stored_bytes = Some(1_000.0 * super::GB);
    let billing = Billing { replicas: vec!["us-west-2".to_owned()], ..Billing::default() };
    let comparison = Case::new(730.0, vec![logs]).billed("logs", billing).compare();
    let infrequent = comparison.bills.iter().find(|bill| bill.classes == Classes::InfrequentAccess).unwrap();
    let standard = comparison.bill(Choice::OnDemand).unwrap();
    assert!(infrequent.total < standard.total && !infrequent.is_complete && standard.is_complete);
    assert!(infrequent.left_out.iter().any(|left_out| left_out.why.contains("Standard-IA in us-west-2")));
    assert_eq!(comparison.bills[comparison.cheapest.unwrap()].classes, Classes::AsTheyAre);
}

#[test]
fn what_is_not_known_is_said_and_not_guessed() {
    let mut notes = table("notes", units(730, 1e6), units(730, 1e6));
    notes.resources[0].stored_bytes = None;
    let billing = Billing { replicas: vec!["eu-north-9".to_owned()], ..Billing::default() };
    let comparison = Case::new(730.0, vec![notes]).billed("notes", billing).compare();
    let bill = comparison.bill(Choice::OnDemand).unwrap();
    let left_out: Vec<String> =
        bill.left_out.iter().map(|left_out| format!("{}: {}", left_out.what, left_out.why)).collect();
    assert_eq!(
        left_out,
        [
            "notes: storage: how much is stored is not known",
            "notes: replica in eu-north-9: no prices are known for that region"
        ]
    );
    // All bills leave the same out, so they can be compared.
    assert!(bill.is_complete && comparison.cheapest.is_some());
    assert!(comparison.not_worked_out.iter().any(|(choice, _)| *choice == Choice::Fixed));
    assert!(comparison.not_worked_out.iter().any(|(choice, _)| *choice == Choice::SavingsPlan));
}

#[test]
fn usage_that_is_not_sound_is_refused() {
    let refused = |case: &Case| match compare(&case.question(&case.book())) {
        Err(CostError::Usage(message)) => message,
        other => panic!("{other:?}"),
    };
    let write = |units: Vec<f64>| AccessUsage { units, ..AccessUsage::default() };
    let of = |hours: f64, units: Vec<f64>| {
        Case::new(hours, vec![table("notes", write(vec![0.0; units.len()]), write(units))])
    };
    assert!(refused(&of(2.0, vec![1.0, f64::NAN])).contains("notes: write units are no numbers"));
    assert!(refused(&of(2.0, vec![-1.0, 1.0])).contains("notes: write units"));
    assert!(refused(&of(2.0, vec![1e300, 1.0])).contains("notes: write units"));
    assert!(refused(&of(3.0, vec![1.0, 1.0])).contains("cover 2 hours of the 3"));
    assert!(refused(&of(0.0, vec![])).contains("shorter than a second"));
}

#[test]
fn costs_cross_over_the_traffic_where_arithmetic_says() {
    // On-demand 104,000 units an hour at twice the traffic is where 100 fixed WCU break even; capacity of its own does not
    // grow, as with a minimum.
    struct FlatCapacity(f64);
    impl dynamometer::cost::Subject for FlatCapacity {
        fn usage(&self, traffic: f64, item_size: f64) -> Result<Option<dynamometer::cost::Usage>, String> {
            let write = steady(self.0 * traffic * item_size, 100.0);
            Ok(Some(Case::new(730.0, vec![table("notes", steady(0.0, 0.0), write)]).usage))
        }
    }
    let case = Case::new(730.0, vec![table("notes", steady(0.0, 0.0), steady(52_000.0, 100.0))]);
    let book = case.book();
    let found = sensitivity(&case.question(&book), &case.compare(), &FlatCapacity(52_000.0), &TRAFFIC).unwrap();
    let crossing = found
        .crossings
        .iter()
        .find(|crossing| crossing.before == "on-demand" && crossing.beyond == "provisioned, fixed")
        .unwrap();
    assert!((crossing.traffic - 2.0).abs() < 1e-6 && crossing.decides, "{crossing:?}");
    assert!((crossing.total - 47.45).abs() < 1e-6);
    let holds: Vec<bool> = found.verdicts.iter().map(|verdict| verdict.holds).collect();
    // Without a commitment on-demand stays cheapest up to twice the traffic.
    let uncommitted: Vec<&str> =
        found.verdicts.iter().map(|verdict| verdict.cheapest_uncommitted.as_ref().unwrap().0.as_str()).collect();
    assert_eq!(uncommitted, ["on-demand"; 4]);
    assert_eq!(holds.len(), 4);
}

#[test]
fn nothing_is_said_of_other_items_where_only_units_are_known() {
    let case = Case::new(2.0, vec![table("notes", fixed(vec![10.0; 2]), fixed(vec![10.0; 2]))]);
    let book = case.book();
    let subject = LinearSubject(case.usage.clone());
    let found = sensitivity(&case.question(&book), &case.compare(), &subject, &TRAFFIC).unwrap();
    let known: Vec<bool> = found.verdicts.iter().map(|verdict| verdict.is_known).collect();
    assert_eq!(known, [true, true, false, false]);
}
