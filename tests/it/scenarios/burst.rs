//! The burst bank (facts §3.1).

use dynamometer::api::ReadWrite;

use super::*;

/// 150 RCU, idle for 300 s: 45,000 units. A load of 200 takes 50 a second of them: 900 s.
#[test]
fn a_bank_of_five_minutes_lasts_900_seconds() {
    let played = Scenario::read("burst-bank").play();
    let read = &played.resource("things").read;
    let idle_end = played.engine().ends_seconds.iter().position(|end| *end >= 299.0).unwrap();
    assert_eq!(read.tokens[idle_end].as_f64(), 45_000.0);
    assert_eq!(read.tokens_max[idle_end].as_f64(), 45_000.0);
    let lasting = played.counts("the bank lasts");
    assert_eq!((lasting.offered, lasting.throttled), (4_500, 0));
    // 150 of 200 units a second are provisioned: 225 of 300 reads.
    let empty = played.counts("the bank is empty");
    assert_eq!((empty.offered, empty.succeeded, empty.throttled), (300, 225, 75));
    let reason = "TableReadProvisionedThroughputExceeded";
    assert_eq!(played.reasons(), [(("ProvisionedThroughputExceededException", reason, "things"), 75)].into());
    played.tell(format!(
        "{:.0} units banked after 300 s; then 200 units/s for {:.0} s without a throttle, {:.1} % throttled afterwards",
        read.tokens[idle_end].as_f64(),
        lasting.offered as f64 / 5.0,
        throttled_percent(empty)
    ));
}

#[test]
fn more_than_five_minutes_bank_no_more() {
    let scenario = Scenario::read("burst-bank").with("duration = \"300s\"", "duration = \"900s\"");
    let played = scenario.play();
    assert_eq!(played.counts("the bank lasts").throttled, 0);
    assert_eq!(played.counts("the bank is empty").throttled, 75);
}

#[test]
fn half_the_idle_time_banks_half() {
    // 150 s bank 22,500 and the second at hand at first 150 more: 22,650 units last 453 of the 900 s.
    let scenario = Scenario::read("burst-bank").with("duration = \"300s\"", "duration = \"150s\"");
    let played = scenario.play();
    let lasting = played.counts("the bank lasts");
    // From then on a quarter of the reads is throttled: 447 s × 5 / 4.
    assert_near(lasting.throttled as f64, 558.75, 1.0);
}

/// Routers that hold tokens for 2 s shift the end of the bank by no more than a few seconds.
#[test]
fn routers_make_the_limit_soft_by_a_few_seconds() {
    let played = Scenario::read("burst-bank").with("routers = 0 ", "routers = 4 ").play();
    let first = played.result.series.points.iter().find(|point| !point.throttles.is_empty()).unwrap();
    let lasted = first.start_seconds - 300.0;
    assert_near(lasted, 900.0, 10.0);
    let consumed = played.consumed("things", ReadWrite::Read, "the bank is empty");
    // Never more than what is provisioned and what was handed out ahead for two seconds.
    assert!((8_700.0..=9_300.0).contains(&consumed), "{consumed}");
    played.tell(format!("with four routers the bank lasted {lasted:.0} s"));
}
