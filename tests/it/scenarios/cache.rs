//! A cache in front of the table.

use dynamometer::api::ReadWrite;

use super::*;

/// 45 units a second of one key on a partition that serves 30: a third is throttled, but for what is banked at first.
#[test]
fn a_cache_takes_the_reads_of_a_hot_key_off_its_partition() {
    let without =
        Scenario::read("cached-hot-key").with("[cache]\nsize = \"1 MB\"\ntime_to_live = \"10s\"\n", "").play();
    let counts = without.counts("reads");
    let throttled = counts.throttled as f64 / counts.offered as f64;
    assert!((throttled - 1.0 / 3.0).abs() < 0.01, "{throttled}");

    let with = Scenario::read("cached-hot-key").play();
    assert_eq!(with.counts("reads").throttled + with.counts("reads and writes").throttled, 0);
    // The first read at 0 s, then one every 10 s: 30 of them, half a unit each.
    let reads = with.consumed("things", ReadWrite::Read, "reads") * 2.0;
    assert_eq!(reads, 30.0);
    // A write a second renews the item: e^−10 of them are more than 10 s apart.
    let read_when_written = with.consumed("things", ReadWrite::Read, "reads and writes") * 2.0;
    assert!(read_when_written <= 2.0, "{read_when_written}");
    let writes = with.counts_of("reads and writes", "write").offered;
    assert_eq!(with.consumed("things", ReadWrite::Write, "reads and writes"), writes as f64);
    with.tell(format!(
        "{:.1} % throttled without, none with; {reads} reads of the table in 300 s, {read_when_written} with writes",
        throttled * 100.0
    ));
}
