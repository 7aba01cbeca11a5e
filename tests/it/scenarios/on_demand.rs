//! On-demand throughput: where it starts, how it grows, what holds it back (facts §2.2, §2.5, §2.6).

use dynamometer::api::ReadWrite;

use super::*;

#[test]
fn a_new_table_takes_4000_writes_a_second_at_once_and_then_twice_its_peak() {
    let played = Scenario::read("new-on-demand").play();
    assert_eq!(played.resource("things").partitions_at_start, 4);
    assert_eq!(played.counts("4,000 at once").throttled, 0);
    assert_eq!(played.counts("8,000 after the peak").throttled, 0);
    let grew = played.events("things");
    let grew = grew.iter().find_map(|(at, kind)| match kind {
        EngineEventKind::Grew { from, to, .. } => Some((*at, *from, *to)),
        _ => None,
    });
    assert_eq!(grew, Some((300.0, 4_000, 8_000)));
    assert_eq!(played.resource("things").partitions_at_end(), 8);
    // What the first five minutes left at hand, one second of 4,000, and then 8,000 a second.
    let beyond = played.counts("8,400 are too many");
    assert_near(beyond.succeeded as f64 * 100.0, 60.0 * 8_000.0 + 4_000.0, 200.0);
    played.tell(format!(
        "4,000 and, after 5 minutes of it, 8,000 WU/s without a throttle; {:.1} % of 8,400 throttled",
        throttled_percent(beyond)
    ));
}

/// 8,001 = 63 × 127: 63 writes a second of items of 127 KB. What is served counts as the peak after a minute here.
#[test]
fn a_new_table_does_not_take_8001() {
    let played = Scenario::read("new-on-demand")
        .with("item_size = 102_000 ", "item_size = 130_000 ")
        .with("routers = 0 ", "on_demand_peak = \"60s\"\nrouters = 0 ")
        .with("300s", "60s")
        .with("rate = 40", "rate = 63")
        .with("rate = 80", "rate = 62.9921")
        .with("rate = 84", "rate = 62.9921")
        .play();
    assert_near(played.consumed_per_second("things", ReadWrite::Write, "4,000 at once"), 4_000.0, 80.0);
    // 4,000 were the peak: then 8,000 are served, but for the last of them.
    assert!(throttled_percent(played.counts("8,000 after the peak")) < 1.0);
    played.tell(format!(
        "{:.1} % of 8,001 WU/s throttled on a new table, {:.2} % once it grew",
        throttled_percent(played.counts("4,000 at once")),
        throttled_percent(played.counts("8,000 after the peak"))
    ));
}

#[test]
fn a_peak_of_50000_reads_allows_100000() {
    let played = Scenario::read("previous-peak").play();
    assert_eq!(played.counts("50,000").throttled, 0);
    assert_eq!(played.counts("100,000").throttled, 0);
    let grew = played.events("things").into_iter().filter_map(|(at, kind)| match kind {
        EngineEventKind::Grew { access: ReadWrite::Read, to, .. } => Some((at, *to)),
        _ => None,
    });
    assert_eq!(grew.take(1).collect::<Vec<_>>(), [(30.0, 100_000)]);
    // 200,000 asked: 100,000 a second, and the second of 50,000 that was at hand before.
    let beyond = played.consumed("things", ReadWrite::Read, "more than 100,000");
    assert_near(beyond, 10.0 * 100_000.0 + 50_000.0, 1_000.0);
    played.tell(format!(
        "100,000 RU/s without a throttle after 30 s at 50,000; of 200,000 asked {:.0}/s",
        (beyond - 50_000.0) / 10.0
    ));
}

#[test]
fn the_account_quota_is_named() {
    let played = Scenario::read("account-quota").play();
    assert_eq!(played.counts("within the quota").throttled, 0);
    // 500 writes a second empty the 40,000 at hand in 4 s; from 5 s on it is the quota alone.
    let served = played.consumed("things", ReadWrite::Write, "beyond it");
    assert_near(served, 10.0 * 40_000.0 + 40_000.0, 400.0);
    let beyond = played.counts("beyond it").throttled;
    let reason = ("ThrottlingException", "TableWriteAccountLimitExceeded", "things");
    assert_eq!(played.reasons(), [(reason, beyond)].into());
    played.tell(format!(
        "40,000 WU/s without a throttle, {:.0} of 50,000 beyond, TableWriteAccountLimitExceeded",
        (served - 40_000.0) / 10.0
    ));
}

#[test]
fn the_maximum_is_named() {
    let played = Scenario::read("on-demand-maximum").play();
    // 500 units a second and the second at hand, for 100 s; 750 were asked.
    let served = played.consumed("things", ReadWrite::Write, "beyond the maximum");
    assert_near(served, 100.0 * 500.0 + 500.0, 20.0);
    let throttled = played.counts("beyond the maximum").throttled;
    let reason = ("ThrottlingException", "TableWriteMaxOnDemandThroughputExceeded", "things");
    assert_eq!(played.reasons(), [(reason, throttled)].into());
    played.tell(format!(
        "{:.0} of 750 WU/s with max_write = 500, TableWriteMaxOnDemandThroughputExceeded",
        (served - 500.0) / 100.0
    ));
}
