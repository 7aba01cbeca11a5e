//! Clients that retry, batches that come back in part, transactions that are cancelled.

use std::time::Duration;

use dynamometer::api::{ReadWrite, Request};
use dynamometer::target::InProcess;
use dynamometer::time::Time;
use dynamometer::workload::{Drafter, Next, Plan};

use super::*;

/// 30 writes of 10 units a second on 100 WCU for 120 s: 12,000 units and the 100 at hand at first, whatever the retries.
#[test]
fn a_retry_storm_sends_more_and_gets_no_more() {
    let played = Scenario::read("retry-storm").play();
    let counts = played.counts("storm");
    assert_eq!(counts.offered, 3_600);
    assert!(counts.attempts > counts.offered + 100, "{counts:?}");
    assert_eq!(counts.retries, counts.attempts - counts.offered);
    let consumed: f64 = played.consumed("things", ReadWrite::Write, "storm");
    assert_near(consumed, 12_100.0, 20.0);
    let patient = Scenario::read("retry-storm").with("retries = \"standard\"", "retries = \"none\"").play();
    assert_eq!(patient.counts("storm").attempts, 3_600);
    assert_near(patient.consumed("things", ReadWrite::Write, "storm"), consumed, 20.0);
    played.tell(format!(
        "{} attempts for {} operations, {:.1} units/s consumed of 100 provisioned",
        counts.attempts,
        counts.offered,
        consumed / 120.0
    ));
}

/// A batch is admitted item by item while tokens are left. Bulk writes that come back are not lost: they are sent again.
#[test]
fn batches_come_back_in_part() {
    let played = Scenario::read("partial-batches").with("retries = \"standard\"", "retries = \"none\"").play();
    let counts = played.counts("batches");
    assert_eq!(counts.offered, 120);
    let items: u64 = played.result.totals.iter().map(|totals| totals.items).sum();
    // The first batch comes with one second at hand, each other one a second later: 10 of 25 items.
    assert_eq!(items, 1_200);
    assert_eq!(played.consumed("things", ReadWrite::Write, "batches"), items as f64 * 10.0);
    // No batch came back whole, and none was refused whole: the answer names no reason then.
    assert_eq!(counts.throttled, 120);
    assert_eq!(played.reasons().into_keys().map(|(_, reason, _)| reason).collect::<Vec<_>>(), [""]);
    let retried = Scenario::read("partial-batches").play();
    assert!(retried.counts("batches").retries > 0);
    played.tell(format!("{:.1} of 25 items of a batch were written, the others came back", items as f64 / 120.0));
}

/// Routers take a transaction's units for one request's: the limit holds over time with them, too.
#[test]
fn routers_hold_the_limit_for_transactions() {
    let played = Scenario::read("throttled-transactions").with("routers = 0", "routers = 4").play();
    // 120 s of 100 units, the second at hand at first, and at most two seconds handed out ahead.
    let consumed = played.consumed("things", ReadWrite::Write, "transactions");
    assert!((12_000.0..=12_400.0).contains(&consumed), "{consumed}");
}

/// 40 units each on 100 WCU: 2.5 of 5 transactions a second, 300 of 600 in 120 s, and 100 units at hand at first for 2.5 more.
#[test]
fn transactions_are_cancelled_whole() {
    let played = Scenario::read("throttled-transactions").play();
    let counts = played.counts("transactions");
    assert_eq!(counts.offered, 600);
    assert_near(counts.succeeded as f64, 302.0, 2.0);
    assert_eq!(counts.throttled, 600 - counts.succeeded);
    // Never one of the two items: all that was consumed is a multiple of 40.
    assert_eq!(played.consumed("things", ReadWrite::Write, "transactions"), counts.succeeded as f64 * 40.0);
    let reasons = played.reasons();
    assert!(reasons.keys().all(|(exception, ..)| *exception == "TransactionCanceledException"), "{reasons:?}");
    // One more, when the last has taken what was left.
    let workload = &played.workload;
    let mut plan = Plan::new(Arc::clone(workload));
    let Next::Shot(shot) = plan.next(Time::ZERO) else { panic!("no transaction") };
    let mut request = Drafter::new(Arc::clone(workload)).request(&shot);
    // With its token it would be a repetition, which costs no writes.
    if let Request::TransactWriteItems(transaction) = &mut request {
        transaction.client_request_token = None;
    }
    let at = Time::ZERO + Duration::from_secs(120);
    let refused = (0..10).find_map(|_| played.target.execute(at, &request).result.err()).unwrap();
    let codes: Vec<&str> = refused.cancellation_reasons.iter().map(|reason| reason.code).collect();
    assert_eq!(codes, ["ProvisionedThroughputExceeded", "ProvisionedThroughputExceeded"]);
    played.tell(format!("{} of {} transactions cancelled, none in part", counts.throttled, counts.offered));
}
