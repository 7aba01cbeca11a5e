//! What holds for every usage.

use proptest::prelude::*;

use dynamometer::cost::{AccessUsage, Choice, Provision, ResourceUsage, TableUsage, Usage};
use dynamometer::pricing::Term;

use super::{Case, GB};

fn access(hours: usize) -> impl Strategy<Value = AccessUsage> {
    let units = prop::collection::vec(0_u32..4_000_000, hours);
    let capacity = 1_u32..600;
    let scaled = prop::collection::vec(1_u32..600, hours);
    (units, capacity, scaled).prop_map(|(halves, capacity, scaled)| {
        let provision = |unit_hours| Some(Provision { setting: String::new(), unit_hours, throttled: 0.0 });
        AccessUsage {
            units: halves.iter().map(|halves| f64::from(*halves) / 2.0).collect(),
            on_demand_throttled: 0.0,
            fixed: provision(vec![f64::from(capacity); halves.len()]),
            scaled: provision(scaled.into_iter().map(f64::from).collect()),
        }
    })
}

fn tables() -> impl Strategy<Value = (usize, Vec<TableUsage>)> {
    (1_usize..16).prop_flat_map(|hours| {
        let resource = (access(hours), access(hours), 0.0..500.0).prop_map(|(read, write, gb): (_, _, f64)| {
            ResourceUsage { index: None, read, write, stored_bytes: Some(gb * GB), changes: Vec::new() }
        });
        let tables = prop::collection::vec(resource, 1..4).prop_map(|resources| {
            let named = resources.into_iter().enumerate();
            named
                .map(|(number, resource)| TableUsage {
                    name: format!("table-{number}"),
                    class: Default::default(),
                    resources: vec![resource],
                })
                .collect::<Vec<_>>()
        });
        (Just(hours), tables)
    })
}

fn units_of(usage: &Usage, of: impl Fn(&ResourceUsage) -> &AccessUsage) -> f64 {
    usage.tables.iter().flat_map(|table| &table.resources).flat_map(|resource| of(resource).units.clone()).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn more_traffic_never_costs_less((hours, tables) in tables(), times in 1.0_f64..4.0) {
        let case = Case::new(hours as f64, tables);
        let mut more = Case::new(hours as f64, Vec::new());
        more.usage = case.usage.at_traffic(times);
        let (less, more) = (case.compare(), more.compare());
        for bill in &less.bills {
            let Some(other) = more.bills.iter().find(|other| (other.choice, other.classes) == (bill.choice, bill.classes)) else {
                // A mixture that is no better than one mode for all is not shown.
                prop_assert_eq!(bill.choice, Choice::Mixed);
                continue;
            };
            prop_assert!(other.total >= bill.total, "{:?}: {} then {}", bill.choice, bill.total, other.total);
        }
    }

    #[test]
    fn on_demand_bills_exactly_the_units_that_were_used((hours, tables) in tables()) {
        let case = Case::new(hours as f64, tables);
        let bill = case.bill(Choice::OnDemand);
        let billed = |unit: &str| -> f64 {
            let lines = bill.lines.iter().filter(|line| line.unit == unit);
            lines.map(|line| line.in_span.unwrap().to_string().parse::<f64>().unwrap()).sum()
        };
        // Multiples of a half, far below 2^53: sums of floats are exact.
        prop_assert_eq!(billed("RRU"), units_of(&case.usage, |resource| &resource.read));
        prop_assert_eq!(billed("WRU"), units_of(&case.usage, |resource| &resource.write));
    }

    #[test]
    fn a_reserve_never_makes_it_dearer_and_a_longer_one_is_cheaper((hours, tables) in tables()) {
        let comparison = Case::new(hours as f64, tables).compare();
        let total = |choice| comparison.bill(choice).map(|bill| bill.total);
        let one = total(Choice::Reserved(Term::OneYear)).unwrap();
        let three = total(Choice::Reserved(Term::ThreeYears)).unwrap();
        for choice in [Choice::OnDemand, Choice::Fixed, Choice::Scaled, Choice::Mixed] {
            if let Some(total) = total(choice) {
                prop_assert!(one <= total, "{choice:?}: {one} {total}");
            }
        }
        prop_assert!(three <= one);
    }

    #[test]
    fn a_total_is_the_sum_of_lines_that_multiply_out((hours, tables) in tables()) {
        let mut case = Case::new(hours as f64, tables);
        case.unconfirmed = true;
        for bill in case.compare().bills {
            let sum: rust_decimal::Decimal = bill.lines.iter().map(|line| line.amount).sum();
            prop_assert_eq!(sum, bill.total);
            for line in &bill.lines {
                let number = |decimal: rust_decimal::Decimal| decimal.to_string().parse::<f64>().unwrap();
                let amount = number(line.quantity) / f64::from(line.price_per) * number(line.price);
                prop_assert!((amount - number(line.amount)).abs() <= 1e-9 * amount.abs().max(1.0), "{line:?}");
            }
        }
    }

    /// Another implementation: every mode of every table and every number of blocks is tried.
    #[test]
    fn a_reserve_is_the_best_of_trying_everything((hours, tables) in tables()) {
        let case = Case::new(hours as f64, tables);
        let month = 730.0 / hours as f64;
        let tables = &case.usage.tables;
        let mut best = f64::INFINITY;
        for number in 0..3_usize.pow(tables.len() as u32) {
            let mut listed = 0.0;
            let mut hourly = [vec![0.0; hours], vec![0.0; hours]];
            for (at, table) in tables.iter().enumerate() {
                let resource = &table.resources[0];
                listed += resource.stored_bytes.unwrap() / GB * 0.25;
                for (kind, (access, request)) in [(&resource.read, 0.125e-6), (&resource.write, 0.625e-6)].into_iter().enumerate() {
                    let provision = match number / 3_usize.pow(at as u32) % 3 {
                        0 => {
                            listed += access.units.iter().sum::<f64>() * month * request;
                            continue;
                        }
                        1 => access.fixed.as_ref().unwrap(),
                        _ => access.scaled.as_ref().unwrap(),
                    };
                    hourly[kind].iter_mut().zip(&provision.unit_hours).for_each(|(sum, hour)| *sum += hour);
                }
            }
            for (hours, price, block) in [(&hourly[0], 0.00013, 4.325), (&hourly[1], 0.00065, 21.844)] {
                let cost = |blocks: u32| {
                    let over: f64 = hours.iter().map(|hour| (hour - f64::from(blocks) * 100.0).max(0.0)).sum();
                    over * month * price + f64::from(blocks) * block
                };
                listed += (0..=20).map(cost).fold(f64::INFINITY, f64::min);
            }
            best = best.min(listed);
        }
        let found: f64 = case.bill(Choice::Reserved(Term::OneYear)).total.to_string().parse().unwrap();
        prop_assert!((found - best).abs() < 1e-6 * best.max(1.0), "{found} {best}");
    }
}
