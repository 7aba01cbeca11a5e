//! Leaders, quorums and lags against what the facts say.

use proptest::prelude::*;

use super::*;
use crate::latency::{Demand, LatencyModel, LatencySettings, RequestKind};

const LEASE: Duration = Duration::from_secs(2);

fn at(seconds: f64) -> Time {
    Time::from_secs_f64(seconds)
}

fn fault(kind: FaultKind, from: f64, until: f64) -> Fault {
    let until = if until.is_infinite() { Time::NEVER } else { at(until) };
    Fault { kind, from: at(from), until, table: None, key: None }
}

fn timeline(faults: &[Fault]) -> Timeline {
    Timeline::new(Zone::ALL[0], faults, LEASE)
}

fn outages(timeline: &Timeline) -> Vec<(f64, Option<Outage>)> {
    let mut changes: Vec<(f64, Option<Outage>)> = Vec::new();
    for moment in timeline.moments() {
        if changes.last().is_none_or(|(_, last)| *last != moment.outage()) {
            changes.push((moment.from.as_secs_f64(), moment.outage()));
        }
    }
    changes
}

#[test]
fn a_lost_leader_is_followed_once_its_lease_is_over() {
    let timeline = timeline(&[fault(FaultKind::LeaderLost, 10.0, 60.0)]);
    assert_eq!(outages(&timeline), [(0.0, None), (10.0, Some(Outage::Election)), (12.0, None)]);
    assert_eq!(timeline.at(at(12.0)).leader, Some(Zone::ALL[1]));
    // The old leader returns as a follower that has everything.
    assert_eq!(timeline.at(at(59.0)).up, [false, true, true]);
    let after = timeline.at(at(60.0));
    assert_eq!((after.up, after.leader, after.caught_up[0]), ([true; 3], Some(Zone::ALL[1]), at(60.0)));
    assert_eq!(timeline.leads_from(at(10.5)), at(12.0));
    assert_eq!(timeline.leads_from(at(20.0)), at(20.0));
}

#[test]
fn one_zone_lost_is_survived_and_two_are_not() {
    let zone = |number: usize| FaultKind::ZoneStops(Zone::ALL[number]);
    // The leader is elsewhere: no pause.
    assert_eq!(outages(&timeline(&[fault(zone(1), 10.0, f64::INFINITY)])), [(0.0, None)]);
    let two = timeline(&[fault(zone(1), 10.0, 40.0), fault(zone(2), 20.0, f64::INFINITY)]);
    assert_eq!(outages(&two), [(0.0, None), (20.0, Some(Outage::NoQuorum)), (40.0, None)]);
    assert_eq!(two.at(at(30.0)).up, [true, false, false]);
    // The leader among them, and its lease long over when one returns.
    let led = timeline(&[fault(zone(0), 10.0, f64::INFINITY), fault(zone(1), 10.0, 30.0)]);
    assert_eq!(outages(&led), [(0.0, None), (10.0, Some(Outage::NoQuorum)), (30.0, None)]);
    assert_eq!(led.at(at(30.0)).leader, Some(Zone::ALL[1]));
    assert_eq!(
        timeline(&[fault(zone(0), 0.0, f64::INFINITY), fault(zone(1), 0.0, f64::INFINITY)]).leads_from(at(1.0)),
        Time::NEVER
    );
}

#[test]
fn overlapping_faults_of_a_replica_end_with_the_last() {
    let stops = FaultKind::ReplicaStops(Some(Zone::ALL[2]));
    let timeline = timeline(&[fault(stops, 10.0, 20.0), fault(stops, 15.0, 40.0), fault(stops, 16.0, 18.0)]);
    assert_eq!([19.0, 25.0, 39.9, 40.0].map(|time| timeline.at(at(time)).up[2]), [false, false, false, true]);
}

#[test]
fn slow_replicas_and_lags_add_up_while_they_last() {
    let second = Duration::from_secs(1);
    let slow = FaultKind::SlowReplica { zone: None, by: second };
    let faults = [fault(slow, 1.0, 4.0), fault(slow, 2.0, 3.0), fault(FaultKind::AddedLag(second), 2.0, 9.0)];
    let timeline = timeline(&faults);
    let slow = |time| timeline.at(at(time)).slow[0].as_secs();
    assert_eq!([0.5, 1.0, 2.0, 3.0, 4.0].map(slow), [0, 1, 2, 1, 0]);
    assert_eq!([1.0, 2.0, 8.9, 9.0].map(|time| timeline.at(at(time)).added_lag.as_secs()), [0, 1, 1, 0]);
}

#[test]
fn two_replicas_have_a_write_at_once_and_the_third_later() {
    let replication = Replication::new(ReplicationSettings::default(), &Streams::new(1));
    let moment = Moment::sound(Zone::ALL[1]);
    let mut late = [0u32; REPLICAS];
    for number in 0..10_000u64 {
        let now = Time::from_nanos(number * 1_000);
        let visible = replication.visible_from(now, 77, &moment);
        assert_eq!(visible[1], now);
        assert_eq!(visible.iter().filter(|from| **from == now).count(), 2);
        late[visible.iter().position(|from| *from > now).unwrap()] += 1;
    }
    assert!(late[1] == 0 && late[0].abs_diff(late[2]) < 400, "{late:?}");
}

/// Facts §7.1: a third of the reads of a table meets the late replica, every read of an index its lag.
#[test]
fn the_default_lags_are_the_measured_ones() {
    const DRAWS: u64 = 20_000;
    let ReplicationSettings { table, index } = ReplicationSettings::default();
    let latency = LatencyModel::new(LatencySettings::default(), &Streams::new(1));
    let put = Demand { kind: RequestKind::Put, items: 0, bytes: 0, strong: false };
    // From the write's arrival to its answer, and to the arrival of the read.
    let times = (0..DRAWS)
        .map(|pair| latency.service_time(pair, &put) + latency.travel_time(pair) + latency.travel_time(pair + DRAWS));
    let times: Vec<Duration> = times.collect();
    let behind_percent = |lag: Lag, gap: u64| {
        let gap = Duration::from_millis(gap);
        100.0 * times.iter().map(|time| lag.share_above(*time + gap)).sum::<f64>() / DRAWS as f64
    };
    for (gap, fresh) in [(0, 99.50), (10, 99.68), (100, 100.0)] {
        let modelled = 100.0 - behind_percent(table, gap) / 3.0;
        assert!((modelled - fresh).abs() < 0.02, "{gap} ms: {modelled}");
    }
    for (gap, fresh) in [(0, 96.54), (10, 99.53), (100, 99.72)] {
        let modelled = 100.0 - behind_percent(index, gap);
        assert!((modelled - fresh).abs() < 0.1, "{gap} ms: {modelled}");
    }
}

fn any_fault() -> impl Strategy<Value = Fault> {
    let zone = (0..REPLICAS).prop_map(|number| Zone::ALL[number]);
    let kind = prop_oneof![
        proptest::option::of(zone.clone()).prop_map(FaultKind::ReplicaStops),
        zone.clone().prop_map(FaultKind::ZoneStops),
        Just(FaultKind::LeaderLost),
        zone.prop_map(|zone| FaultKind::SlowReplica { zone: Some(zone), by: Duration::from_millis(50) }),
    ];
    (kind, 0u32..60, 1u32..40).prop_map(|(kind, from, length)| fault(kind, f64::from(from), f64::from(from + length)))
}

proptest! {
    #[test]
    fn a_leader_is_always_there_with_a_peer_and_leases_never_overlap(
        faults in proptest::collection::vec(any_fault(), 0..8)
    ) {
        let timeline = timeline(&faults);
        let mut last: Option<(Zone, Time)> = None;
        for pair in timeline.moments().windows(2) {
            prop_assert!(pair[0].from < pair[1].from);
        }
        for moment in timeline.moments() {
            if let Some(leader) = moment.leader {
                prop_assert!(moment.up[leader.number()]);
            }
            if moment.outage().is_none() {
                prop_assert!(moment.up.iter().filter(|up| **up).count() >= QUORUM);
            }
            match (last, moment.leader) {
                (Some((before, led_until)), Some(leader)) if before != leader => {
                    prop_assert!(moment.from.since(led_until) >= LEASE);
                    last = Some((leader, Time::NEVER));
                }
                (_, Some(leader)) => last = Some((leader, Time::NEVER)),
                (Some((before, Time::NEVER)), None) => last = Some((before, moment.from)),
                (_, None) => {}
            }
        }
        // All faults end within 100 s: everything serves again.
        let end = timeline.at(at(200.0));
        prop_assert!(end.up == [true; 3] && end.outage().is_none());
    }
}
