//! What must hold of every report of costs.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::api::TableClass;
use crate::cost::{
    AccessUsage, Extras, LinearSubject, Mode, Provision, Question, ResourceUsage, TRAFFIC, TableUsage, Usage, compare,
    sensitivity,
};
use crate::pricing::PriceBook;
use crate::report::SummaryStyle;
use crate::report::tests::{HOSTILE, check};
use crate::workload::{Billing, StreamReads};

use super::CostReport;

/// A report of so many tables that use so many units an hour.
fn report(tables: &[&str], units: f64, billing: &Billing) -> CostReport {
    let access = |share: f64, throttled: f64| {
        let provision = |hours: Vec<f64>| Some(Provision { setting: HOSTILE.to_owned(), unit_hours: hours, throttled });
        let capacity = (units * share / 3_600.0).ceil();
        AccessUsage {
            units: vec![units * share; 3],
            on_demand_throttled: 0.0,
            fixed: provision(vec![capacity * 2.0; 3]),
            scaled: provision(vec![capacity, capacity * 3.0, capacity]),
        }
    };
    let table = |(number, name): (usize, &&str)| TableUsage {
        name: (*name).to_owned(),
        class: TableClass::Standard,
        resources: [None, Some(HOSTILE.to_owned())]
            .into_iter()
            .map(|index| ResourceUsage {
                index,
                read: access(1.0 + number as f64, 0.0),
                write: access(0.3, 0.002 * number as f64),
                stored_bytes: Some(units * 1e4),
                changes: vec![units; 3],
            })
            .collect(),
    };
    let usage = Usage {
        span: Duration::from_secs(3 * 3_600),
        tables: tables.iter().enumerate().map(table).collect(),
        refused: 0.0,
        assumptions: vec![HOSTILE.to_owned()],
    };
    let billed = tables.iter().map(|name| ((*name).to_owned(), billing.clone())).collect();
    let extras = Extras { tables: billed, cache: None };
    let book = PriceBook::builtin(true);
    let current: BTreeMap<String, Mode> = tables.iter().map(|name| ((*name).to_owned(), Mode::Scaled)).collect();
    let question = Question {
        usage: &usage,
        extras: &extras,
        book: &book,
        region: "eu-west-1",
        throttled_at_most: 0.001,
        current: &current,
    };
    let comparison = compare(&question).unwrap();
    let sensitivity = sensitivity(&question, &comparison, &LinearSubject(usage.clone()), &TRAFFIC).unwrap();
    CostReport {
        name: HOSTILE.to_owned(),
        origin: HOSTILE.to_owned(),
        prices: book.origin.clone(),
        comparison,
        sensitivity,
        warnings: vec![HOSTILE.to_owned()],
    }
}

fn everything() -> Billing {
    Billing {
        storage_gb: None,
        point_in_time_recovery: true,
        backup_gb: 3.0,
        restore_gb_per_month: 1.0,
        stream: Some(StreamReads::Consumers(2)),
        replicas: vec!["us-east-1".to_owned(), "xx-nowhere-1".to_owned()],
    }
}

#[test]
fn pages_are_well_formed_whatever_the_names_and_amounts() {
    for (tables, billing) in [
        (&["orders"][..], Billing::default()),
        (&["orders", HOSTILE, "a-table-with-a-name-that-goes-on-and-on-as-names-do"], everything()),
    ] {
        for units in [0.0, 1e-3, 1e3, 1e9] {
            let html = report(tables, units, &billing).html();
            check(&html);
            assert!(html.len() < 1_000_000, "{}", html.len());
        }
    }
}

#[test]
fn summaries_keep_to_their_width_and_command_no_terminal() {
    for width in [80, 100, 140] {
        let report = report(&["orders", HOSTILE], 1e6, &everything());
        let text = report.summary(SummaryStyle { width, colour: false });
        assert!(text.chars().all(|letter| letter == '\n' || !letter.is_control()), "{text:?}");
        for line in text.lines().skip(2) {
            // A single word may be longer than the line.
            assert!(
                line.chars().count() <= width || !line.trim_start().contains(' ') || line.contains("<script>"),
                "{line}"
            );
        }
    }
}

#[test]
fn a_price_that_is_less_than_sure_is_marked_wherever_it_counts() {
    // Ireland's on-demand prices are derived, its savings plan is not confirmed.
    let report = report(&["orders"], 1e6, &Billing::default());
    let text = report.summary(SummaryStyle::default());
    let row =
        |name: &str| text.lines().find(|line| line.starts_with(name)).unwrap().split_whitespace().collect::<Vec<_>>();
    assert!(row("On-demand").iter().any(|cell| cell.starts_with('$') && cell.ends_with('*')), "{text}");
    assert!(row("Database Savings Plan").iter().any(|cell| cell.starts_with('$') && cell.ends_with('?')), "{text}");
}
