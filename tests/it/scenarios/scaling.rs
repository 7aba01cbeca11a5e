//! Auto scaling to the minute (facts §5.1, §5.2).

use super::*;

#[test]
fn a_step_is_followed_after_four_minutes() {
    let played = Scenario::read("scaling-step").play();
    assert_eq!(played.provisioned("things"), [(9.0, 129)], "90 / 0.7 = 128.6");
    let decided = played.events("things").into_iter().find_map(|(at, kind)| match kind {
        EngineEventKind::ScalingDecided { from, to, effective_at_seconds, .. } => {
            Some((at, *from, *to, *effective_at_seconds))
        }
        _ => None,
    });
    assert_eq!(decided, Some((8.0 * 60.0, 100, 129, 9.0 * 60.0)));
    assert_eq!(played.counts("above it").throttled, 0);
    played.tell("129 WCU 4 minutes after the step: 2 of alarm, 1 of the metric, 1 of the update");
}

#[test]
fn the_bounds_hold() {
    let played = Scenario::read("scaling-step").with("max = 1_000", "max = 120").play();
    assert_eq!(played.provisioned("things"), [(9.0, 120)]);
    // Demand that falls to 10 units a second would want 15: quiet minutes 6 to 20, seen at 21, there at 22.
    let played =
        Scenario::read("scaling-step").with("min = 5", "min = 30").with("\"6m\"\nrate = 9", "\"18m\"\nrate = 1").play();
    assert_eq!(played.provisioned("things"), [(22.0, 30)]);
    // Without the bound it is what brings the largest of the fifteen minutes to the target: 10 / 0.7 = 14.3.
    let played = Scenario::read("scaling-step").with("\"6m\"\nrate = 9", "\"18m\"\nrate = 1").play();
    assert_eq!(played.provisioned("things"), [(22.0, 15)]);
    played.tell("a fall of demand was followed after 17 minutes: 15 of alarm, 1 of the metric, 1 of the update");
}

/// Minute m asks 58 + 4m on average. Two minutes above 70 % of 100 are 4 and 5, seen at 6:00: 78 / 0.7 = 111.4. While that is on its
/// way nothing is decided; then minutes 6 and 7 are above 70 % of 112, seen at 8:00: 86 / 0.7 = 122.9. And so on: 94 / 0.7 =
/// 134.3, 102 / 0.7 = 145.7, 110 / 0.7 = 157.1, 118 / 0.7 = 168.6, and at last 124 / 0.7 = 177.1.
#[test]
fn a_ramp_is_followed_in_steps() {
    let played = Scenario::read("scaling-ramp").play();
    let expected = [(7.0, 112), (9.0, 123), (11.0, 135), (13.0, 146), (15.0, 158), (17.0, 169), (19.0, 178)];
    assert_eq!(played.provisioned("things"), expected);
    played.tell(format!("{expected:?} (minute, WCU)"));
}

#[test]
fn a_spike_shorter_than_two_minutes_is_not_followed() {
    let played = Scenario::read("scaling-spike").play();
    assert_eq!(played.events("things"), []);
    assert_eq!(played.counts("spike").throttled, 0, "the bank carries it");
    // Two whole minutes are: 95 / 0.7 = 135.7, seen at 8:00, there at 9:00.
    let longer = Scenario::read("scaling-spike").with("duration = \"90s\"", "duration = \"120s\"").play();
    assert_eq!(longer.provisioned("things"), [(9.0, 136)]);
    played.tell("no change for 90 s above the target, 136 WCU for 120 s");
}

/// Each half hour would have one, decided at its 20th minute (busy until the 4th, fifteen quiet ones, one of the metric) and there at
/// the 21st. Four are at hand at midnight, one comes with each hour; the seventh, at 3:21, takes what came at 3:00. From then on
/// the one that comes with the hour is wanted since half past, and taken at once.
#[test]
fn a_day_has_27_decreases() {
    let played = Scenario::read("scaling-night").play();
    let mut before = 100;
    let mut decreases = Vec::new();
    for (minute, units) in played.provisioned("things") {
        if units < before {
            decreases.push(minute);
        }
        before = units;
    }
    let half_hours = (0..7).map(|half| f64::from(30 * half + 21));
    let hours = (4..24).map(|hour| f64::from(60 * hour + 1));
    assert_eq!(decreases, half_hours.chain(hours).collect::<Vec<_>>());
    assert_eq!(decreases.len(), 27);
    assert!(played.resource("things").scaling_refused > 0);
    played.tell(format!(
        "{} decreases in a day, {} refused",
        decreases.len(),
        played.resource("things").scaling_refused
    ));
}

#[test]
fn an_index_is_scaled_on_its_own() {
    let played = Scenario::read("scaling-index").play();
    assert_eq!(played.provisioned("things / by-owner"), [(9.0, 129)]);
    assert_eq!(played.events("things"), []);
    played.tell("129 WCU of the index 4 minutes after the step, the table as it was");
}
