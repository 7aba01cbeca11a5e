//! Bills of recorded runs.

use dynamometer::cost::{AccessUsage, Choice, Extras, Mode, Provision, Usage, of_record, workloads_of_record};
use dynamometer::history::{History, ResourceHistory};
use dynamometer::record::RunResult;
use serde_json::Value;

use super::{Case, fixed, table, units};

fn gallery(name: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("reports").join(name).join("result.json")
}

/// What a record says was consumed, read as plain JSON.
fn consumed(name: &str) -> (f64, f64) {
    let text = std::fs::read_to_string(gallery(name)).unwrap();
    let record: Value = serde_json::from_str(&text).unwrap();
    let points = record["series"]["points"].as_array().unwrap();
    let entries: Vec<&Value> = points.iter().flat_map(|point| point["resources"].as_array().unwrap()).collect();
    let sum = |access: &str| entries.iter().map(|entry| entry["consumed"][access].as_f64().unwrap()).sum();
    (sum("read"), sum("write"))
}

#[test]
fn exactly_the_units_of_the_record_are_billed() {
    for name in ["notes", "flash-sale", "day", "hot-key"] {
        let result = RunResult::read(&gallery(name)).unwrap();
        let costed = of_record(&result);
        let mut case = Case::new(1.0, Vec::new());
        (case.usage, case.extras, case.throttled_at_most) = (costed.usage, Extras::default(), 1.0);
        let bill = case.bill(Choice::OnDemand);
        let billed = |unit: &str| -> f64 {
            let lines = bill.lines.iter().filter(|line| line.unit == unit);
            lines.map(|line| line.in_span.unwrap().to_string().parse::<f64>().unwrap()).sum()
        };
        let (read, write) = consumed(name);
        assert!(read + write > 0.0);
        assert!((billed("RRU") - read).abs() <= 1e-9 * read, "{name}: {} {read}", billed("RRU"));
        assert!((billed("WRU") - write).abs() <= 1e-9 * write, "{name}: {} {write}", billed("WRU"));
    }
}

#[test]
fn capacity_of_the_run_is_billed_as_it_was_provisioned() {
    // Five RCU and five WCU for a minute: 730 hours × 5 × (0.00065 + 0.00013) = 2.847.
    let result = RunResult::read(&gallery("notes")).unwrap();
    let costed = of_record(&result);
    assert_eq!(costed.current.get("notes"), Some(&Mode::Fixed));
    let mut case = Case::new(1.0, Vec::new());
    (case.usage, case.current) = (costed.usage, costed.current);
    let comparison = case.compare();
    let now = &comparison.bills[comparison.current.unwrap()];
    let throughput: f64 = now
        .lines
        .iter()
        .filter(|line| line.unit.ends_with("CU-hours"))
        .map(|line| line.amount.to_string().parse::<f64>().unwrap())
        .sum();
    assert!((throughput - 2.847).abs() < 1e-6, "{throughput}");
    assert!(!now.serves, "the run throttled");
    assert!(costed.warnings.iter().any(|warning| warning.contains("throttled")), "{:?}", costed.warnings);
}

#[test]
fn nothing_is_recommended_on_units_that_lack_what_was_refused() {
    // The hot key of the run was throttled by far more than 0.1 %; its admitted units alone would be cheap to serve.
    let costed = of_record(&RunResult::read(&gallery("hot-key")).unwrap());
    assert!(costed.usage.refused > 0.1, "{}", costed.usage.refused);
    let mut case = Case::new(1.0, Vec::new());
    case.usage = costed.usage;
    for (most, is_known) in [(0.001, false), (1.0, true)] {
        case.throttled_at_most = most;
        let comparison = case.compare();
        assert!(!comparison.bills.is_empty() && comparison.bills.iter().all(|bill| bill.is_known == is_known));
        assert_eq!(comparison.cheapest.is_some(), is_known);
        let warned = comparison.warnings.iter().any(|warning| warning.contains("none is recommended"));
        assert_eq!(warned, !is_known, "{:?}", comparison.warnings);
    }
}

#[test]
fn a_run_is_made_again_only_from_the_workload_that_made_it() {
    let result = RunResult::read(&gallery("hot-key")).unwrap();
    let again = workloads_of_record(&result, 2).unwrap();
    let seeds: Vec<u64> = again.iter().map(|workload| workload.streams.seed()).collect();
    assert_eq!(seeds, [result.seed, result.seed + 1]);
    let mut other = result.clone();
    other.workload.text = "not a workload".to_owned();
    assert!(workloads_of_record(&other, 1).is_none());
    // With twice the rate of its file.
    let mut other = result;
    other.totals.iter_mut().for_each(|totals| totals.counts.offered *= 2);
    assert!(workloads_of_record(&other, 1).is_none());
}

#[test]
fn throttling_in_the_past_is_not_charged_to_on_demand() {
    // 10 events among 990 units: 1 % where requests are taken to have consumed a unit each.
    let mut resource = ResourceHistory {
        table: "orders".to_owned(),
        index: None,
        read_units: vec![495.0; 60],
        write_units: vec![495.0; 60],
        throttle_events: 600.0,
        throttled: None,
    };
    let usage = |resource: &ResourceHistory| {
        Usage::of_history(&History {
            source: "orders.csv".to_owned(),
            start: Some("2026-03-01T12:00:00Z".parse().unwrap()),
            period: std::time::Duration::from_secs(60),
            resources: vec![resource.clone()],
            warnings: Vec::new(),
        })
    };
    let found = usage(&resource);
    assert_eq!(found.refused, 0.01);
    assert_eq!(found.tables[0].resources[0].read.on_demand_throttled, 0.0);
    assert!(
        found.assumptions.iter().any(|text| text.contains("2026-03-01T12:00:00Z to 2026-03-01T13:00:00Z; idle time")),
        "{:?}",
        found.assumptions
    );
    resource.throttled = Some(0.25);
    assert_eq!(usage(&resource).refused, 0.25);
}

#[test]
fn planned_capacity_is_billed_for_the_time_of_the_run() {
    // 7 RCU and 2 WCU planned for 4 s, of a run of 3.9 s: 7 × 730 and 2 × 730 unit-hours a month all the same.
    let hours = |seconds: f64| seconds / 3_600.0;
    let mut own = Case::new(hours(3.9), vec![table("notes", units(1, 10.0), units(1, 5.0))]);
    let of = |units: f64| fixed(vec![units * hours(4.0)]);
    let planned = Case::new(hours(4.0), vec![table("notes", of(7.0), of(2.0))]);
    own.usage.take_capacity_of(&planned.usage);
    let bill = own.bill(Choice::Fixed);
    let billed = |unit: &str| {
        let lines = bill.lines.iter().filter(|line| line.unit == unit);
        lines.map(|line| line.quantity.to_string().parse::<f64>().unwrap()).sum::<f64>()
    };
    assert!((billed("RCU-hours") - 5_110.0).abs() < 0.01, "{}", billed("RCU-hours"));
    assert!((billed("WCU-hours") - 1_460.0).abs() < 0.01, "{}", billed("WCU-hours"));

    // Capacity that changed is not guessed for days that were not seen.
    let changing = |hours: usize| AccessUsage {
        scaled: Some(Provision {
            setting: "scaled".to_owned(),
            unit_hours: (0..hours).map(|hour| (1 + hour) as f64).collect(),
            throttled: 0.0,
        }),
        ..units(hours, 10.0)
    };
    let mut own = Case::new(5.0, vec![table("notes", units(5, 10.0), units(5, 5.0))]);
    own.usage.take_capacity_of(&Case::new(3.0, vec![table("notes", changing(3), changing(3))]).usage);
    assert_eq!(own.usage.tables[0].resources[0].read.scaled, None);
}
