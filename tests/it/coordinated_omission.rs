//! Coordinated omission: when the target stalls, operations go on falling due, and every one of them has waited.

use std::time::Duration;

use dynamometer::record::OutcomeKind;

use crate::dyno::{Desk, total};
use crate::stub::Script;

const STALL: Duration = Duration::from_secs(2);

/// More may be in flight than fall due in the stall, so that the stall holds up nobody at the door.
const WORKLOAD: &str = r#"
name = "stall"
client = { timeout = "30s", in_flight = 2000 }
tables = [{ name = "things", partition_key = { name = "pk", type = "S" }, items = 25, item = { pk = "{record}" } }]
operations = [{ name = "get", type = "get" }]
phases = [{ name = "steady", duration = "15s", rate = 500 }]
"#;

#[test]
fn a_stall_shows_in_the_response_times_of_all_that_was_due_in_it() {
    let stub = Script::new().table("things", "pk", None).stall("GetItem", Duration::from_secs(5), STALL).start();
    let desk = Desk::with(WORKLOAD);
    // One thread takes answers in the order in which they come.
    let (ended, result) = desk.run(&["--target", &stub.url(), "--workers", "1"]);
    ended.expect(0);
    let counts = total(&result);
    assert_eq!((counts.offered, counts.succeeded), (7500, 7500), "{:?}", result.errors);

    // Operations due in the first part of the stall waited longest. One in a hundred of all waited longer than the 99th
    // percentile: that many were due, at the phase's rate, until the moment whose operation waited just as long.
    let phase = &result.phases[0];
    let rate = counts.offered as f64 / (phase.end_seconds - phase.start_seconds);
    let expected = STALL.as_secs_f64() - counts.offered as f64 / 100.0 / rate;
    assert_eq!(expected, 1.85);
    let success = result.totals[0].latencies.iter().find(|one| one.outcome == OutcomeKind::Succeeded).unwrap();
    let p99 = success.response.percentile(99.0).as_secs_f64();
    // A thousand answers at once keep the machine busy for a while. What that adds, the record itself says.
    let lag = result.harness.schedule_lag.max().as_secs_f64();
    let bounds = expected * 0.98..=expected * 1.02 + lag;
    assert!(bounds.contains(&p99), "{p99} s is not in {bounds:?}, with a lag of {lag} s");
    assert!(success.response.max() >= STALL, "the first one waited from end to end");

    // 1,000 of 7,500 were due in it: the median knows nothing of the stall.
    assert!(success.service.percentile(50.0) < Duration::from_millis(100), "{:?}", success.service.percentile(50.0));
    assert!(result.harness.in_flight_wait.max() < Duration::from_millis(500), "nobody waited for a place");
}
