//! Ceilings of partitions, adaptive capacity and splits for heat (facts §2.1, §2.3, §3.2).

use dynamometer::api::ReadWrite;

use super::*;

const KEY_RANGE: &str = "TableWriteKeyRangeThroughputExceeded";

#[test]
fn a_hot_partition_uses_what_the_table_has_left() {
    let played = Scenario::read("hot-partition").play();
    let written = played.written_per_second("things", "uneven");
    assert_eq!(written.len(), 4);
    let hottest = written.iter().map(|(_, units)| *units).fold(0.0, f64::max);
    assert_near(hottest, 150.0, 5.0);
    assert_eq!(played.counts("uneven").throttled, 0);

    // Without it the hot partition has 100 WCU and the second of them that was at hand at first.
    let fixed = Scenario::read("hot-partition").with("adaptive = true", "adaptive = false").play();
    let hot = fixed.counts_of("uneven", "hot");
    assert_near(hot.succeeded as f64 * 10.0, 120.0 * 100.0 + 100.0, 20.0);
    assert_eq!(fixed.counts("uneven").throttled, hot.throttled, "the others have what they ask for");
    let reason = "TableWriteProvisionedThroughputExceeded";
    assert!(fixed.reasons().into_keys().all(|(_, known, _)| known == reason));
    played.tell(format!(
        "{hottest:.0} WCU/s of a 400 WCU table in one of four partitions, none throttled; with adaptive = false {:.0} WCU/s",
        (hot.succeeded as f64 * 10.0 - 100.0) / 120.0
    ));
}

/// Of 5,000 units a second, with the second at hand at first: reads that only the leader serves have its ceiling all the same.
#[test]
fn eventual_reads_may_pass_the_ceiling_by_a_half() {
    for (factor, eventual) in [("factor = 1.0", 3_000.0), ("factor = 1.5", 4_500.0)] {
        let played = Scenario::read("eventual-reads").with("factor = 1.0", factor).play();
        let served = played.consumed("things", ReadWrite::Read, "eventually consistent");
        assert_near(served, 61.0 * eventual, 100.0);
        let strong = played.consumed("things", ReadWrite::Read, "strongly consistent");
        // By then the leader has had nothing to do for a minute where it does not serve them alone.
        let at_hand = if eventual > 3_000.0 { 3_000.0 } else { 0.0 };
        assert_near(strong, 60.0 * 3_000.0 + at_hand, 150.0);
        for (_, reason, _) in played.reasons().into_keys() {
            assert_eq!(reason, "TableReadKeyRangeThroughputExceeded");
        }
        played.tell(format!("{factor}: {:.0} RU/s of one key by eventually consistent reads", served / 61.0));
    }
}

/// 15 of 27 writes are of one item, 1,500 units a second; a partition takes 1,000.
#[test]
fn one_hot_key_keeps_to_the_ceiling_when_it_is_alone() {
    let played = Scenario::read("one-hot-key").play();
    for (exception, reason, resource) in played.reasons().into_keys() {
        assert_eq!((exception, reason, resource), ("ThrottlingException", KEY_RANGE, "things"));
    }
    let units_per_second =
        |phase, operation| played.counts_of(phase, operation).succeeded as f64 * 100.0 / played.seconds(phase);
    // Beside others in its partition it gets less, alone the ceiling.
    assert!(units_per_second("before any split", "hot") < 900.0);
    assert_near(units_per_second("isolated", "hot"), 1_000.0, 25.0);
    // The others were throttled where the hot item was, and are not any more.
    let others = |phase| throttled_percent(played.counts_of(phase, "others"));
    assert!(others("before any split") > 5.0 && others("isolated") < 0.5, "{}", others("isolated"));
    assert!(played.resource("things").splits.heat >= 2);
    played.tell(format!(
        "{:.0} of 1,500 WU/s with others in its partition, {:.0} WU/s alone after {} splits; others throttled {:.1} %, then {:.1} %",
        units_per_second("before any split", "hot"),
        units_per_second("isolated", "hot"),
        played.resource("things").splits.heat,
        others("before any split"),
        others("isolated")
    ));
}

/// A single item without anything else in its partition is never split.
#[test]
fn nothing_is_split_for_a_single_key() {
    let played =
        Scenario::read("one-hot-key").with("weight = 24", "weight = 0").with("items = 100", "items = 8").play();
    assert_eq!(played.resource("things").splits.total(), 0);
    for phase in ["before any split", "while it is isolated", "isolated"] {
        // 27 writes of 100 units a second, of which 10 are admitted.
        assert_near(played.consumed_per_second("things", ReadWrite::Write, phase), 1_000.0, 10.0);
    }
    played.tell("no split for a single key in ten minutes, 1,000 WU/s throughout");
}

/// The partition is hot from the first 10 s on: 60 s later the split begins, 600 s later it is there.
#[test]
fn two_hot_keys_end_in_two_partitions() {
    let played = Scenario::read("two-hot-keys").play();
    let before = played.written_per_second("things", "in one partition");
    assert_eq!(before.len(), 1, "{before:?}");
    // 1,000 of 1,400.
    assert_near(played.consumed_per_second("things", ReadWrite::Write, "in one partition"), 1_000.0, 3.0);
    assert_near(throttled_percent(played.counts("in one partition")), 100.0 * 400.0 / 1_400.0, 0.2);
    let splits = played.splits("things");
    assert_eq!(splits.len(), 1);
    assert_near(splits[0], 660.0, 11.0);
    assert_eq!(played.counts("in two partitions").throttled, 0);
    let after = played.written_per_second("things", "in two partitions");
    assert_eq!(after.len(), 2, "{after:?}");
    after.iter().for_each(|(_, units)| assert_near(*units, 700.0, 40.0));
    played.tell(format!(
        "{:.0} of 1,400 WU/s until the split at {:.0} s, then {:.1} % throttled, {:.0} and {:.0} WU/s in two partitions",
        played.consumed_per_second("things", ReadWrite::Write, "in one partition"),
        splits[0],
        throttled_percent(played.counts("in two partitions")),
        after[0].1,
        after[1].1
    ));
}

#[test]
fn uneven_keys_heal() {
    let played = Scenario::read("uneven-keys").play();
    let [before, healed] = ["before any split", "healed"].map(|phase| throttled_percent(played.counts(phase)));
    assert!(before > 3.0 && healed < before / 10.0, "{before} %, then {healed} %");
    assert!(played.reasons().into_keys().all(|(_, reason, _)| reason == KEY_RANGE));
    assert!(played.resource("things").splits.heat >= 1);
    played.tell(format!(
        "{before:.1} % throttled before any split, {healed:.2} % after {} splits",
        played.resource("things").splits.heat
    ));
}

#[test]
fn growing_sort_keys_do_not_heal() {
    let played = Scenario::read("growing-sort-keys").play();
    // 100 of 150 units a second: a third is throttled, splits or not.
    for phase in ["before any split", "after the splits"] {
        assert_near(throttled_percent(played.counts(phase)), 100.0 / 3.0, 1.0);
    }
    let splits = played.resource("events").splits.heat;
    assert!(splits >= 1);
    // Everything goes to the last of them, as it did before.
    let latest = played.written_per_second("events", "after the splits");
    assert_near(latest.last().unwrap().1, 100.0, 2.0);
    played.tell(format!(
        "{:.1} % throttled before any split, {:.1} % after {splits}",
        throttled_percent(played.counts("before any split")),
        throttled_percent(played.counts("after the splits"))
    ));
}

#[test]
fn a_collection_is_divided_unless_there_is_a_local_index() {
    let played = Scenario::read("one-collection").play();
    // 1,000 of 1,500 units a second.
    let before = throttled_percent(played.counts("before any split"));
    assert_near(before, 100.0 / 3.0, 1.0);
    let after = throttled_percent(played.counts("after the split"));
    assert!(after < 1.0, "{after}");
    let written = played.written_per_second("lines", "after the split");
    assert_eq!(written.len(), 2, "{written:?}");

    let local = Scenario::read("one-collection").with("# local_secondary", "local_secondary").play();
    assert_eq!(local.resource("lines").splits.total(), 0);
    let still = throttled_percent(local.counts("after the split"));
    assert_near(still, 100.0 / 3.0, 1.0);
    played.tell(format!(
        "{before:.1} % throttled, after the split {after:.2} %; with a local index {still:.1} %, not split"
    ));
}
