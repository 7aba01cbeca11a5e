//! DynamoDB before adaptive capacity, as the paper describes it (facts §2.2).

use dynamometer::api::ReadWrite;

use super::*;

/// What one hot key gets of a table that is raised from 3,200 WCU to `max`, before and after, and into how many partitions.
fn raised(max: &str) -> (f64, f64, u32) {
    let played = Scenario::read("static-allocation").with("max = 6_000", max).play();
    let hot = |phase| {
        // The share, and a second of it that is at hand at first.
        played.consumed("things", ReadWrite::Write, phase) / (played.seconds(phase) + 1.0)
    };
    let figures =
        (hot("hot key of 3,200 WCU"), hot("hot key afterwards"), played.resource("things").partitions_at_end());
    played.tell(format!("{max}: {:.0} WCU a partition, then {:.0} in {} partitions", figures.0, figures.1, figures.2));
    figures
}

#[test]
fn each_partition_has_its_share() {
    for (max, share, partitions) in [("max = 3_600", 900.0, 4), ("max = 6_000", 750.0, 8)] {
        let (before, after, count) = raised(max);
        assert_near(before, 800.0, 3.0);
        assert_near(after, share, 3.0);
        assert_eq!(count, partitions);
    }
}

#[test]
fn a_split_by_size_dilutes() {
    let played = Scenario::read("dilution").play();
    let hot =
        |played: &Played, phase| played.consumed("things", ReadWrite::Write, phase) / (played.seconds(phase) + 1.0);
    assert_eq!(played.resource("things").splits.size, 1);
    let (before, after) = (hot(&played, "hot key of a whole partition"), hot(&played, "hot key of a half"));
    assert_near(before, 800.0, 3.0);
    assert_near(after, 400.0, 3.0);
    let adaptive = Scenario::read("dilution").with("adaptive = false", "adaptive = true\nrouters = 0").play();
    assert_eq!(adaptive.resource("things").splits.size, 1);
    assert_near(hot(&adaptive, "hot key of a half"), 800.0, 3.0);
    played.tell(format!("{before:.0} WCU, after the split {after:.0}; with adaptive capacity 800 all the time"));
}
