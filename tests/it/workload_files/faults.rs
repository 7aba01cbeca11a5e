//! Latency, replication and faults in workload files: what settings mean, and mistakes in them.

use std::path::Path;
use std::time::Duration;

use dynamometer::latency::{LatencySettings, RequestKind};
use dynamometer::replication::{FaultKind, ReplicationSettings, Zone};
use dynamometer::time::Time;
use dynamometer::workload::{Overrides, Source, Workload, WorkloadError};

const SOUND: &str = r#"name = "faults"

[engine.latency]
model = "modelled"
scale = 0.5
per_kilobyte = "50us"
network = { median = "2ms" }
get = { median = "1500us", sigma = 0.5, tail_share = 0.01, tail_mean = "20ms" }

[engine.replication]
model = "modelled"
lease = "3s"
index_lag = { usual = "5ms", slow_share = 0.02 }

[[tables]]
name = "notes"
partition_key = { name = "id", type = "S" }
items = 100
item = { id = "note-{record}" }

[[operations]]
name = "read"
type = "get"

[[phases]]
name = "only"
duration = "100s"
rate = 10

[[faults]]
kind = "zone_stops"
zone = 2
at = "10s"
duration = "20s"

[[faults]]
kind = "leader_lost"
at = "40s"
table = "notes"
record = 7

[[faults]]
kind = "slow_replica"
at = "50s"
by = "200ms"
"#;

/// What is replaced in the sound file, by what, and words of the error. `«` marks where the error must be.
#[rustfmt::skip]
const MISTAKES: &[(&str, &str, &[&str])] = &[
    ("model = \"modelled\"\nscale", "model = «\"on\"\nscale", &["unknown variant `on`", "`off` or `modelled`"]),
    ("scale = 0.5", "scale = «-1.0", &["scale is -1", "between 0 and 1000"]),
    ("scale = 0.5", "scale = «nan", &["scale is NaN"]),
    ("per_kilobyte = \"50us\"", "per_kilobyte = «\"50\"", &["not a length of time"]),
    ("median = \"2ms\"", "median = «\"2h\"", &["longer than an hour"]),
    ("sigma = 0.5", "sigma = «9.0", &["sigma is 9", "between 0 and 5"]),
    ("tail_share = 0.01", "tail_share = «1.01", &["tail_share is 1.01"]),
    (", tail_mean = \"20ms\"", "", &["`tail_mean` is nothing"]),
    ("get = {", "«got = {", &["unknown field `got`", "did you mean `get`?"]),
    ("slow_share = 0.02", "slow_share = «2.0", &["slow_share is 2"]),
    ("kind = \"zone_stops\"", "kind = «\"zone_stop\"", &["unknown variant `zone_stop`", "did you mean `zone_stops`?"]),
    ("zone = 2\n", "zone = «4\n", &["zone is 4", "between 1 and 3"]),
    ("kind = \"zone_stops\"\nzone = 2\n", "kind = «\"zone_stops\"\n", &["which zone stops?", "zone = 1, 2 or 3"]),
    ("zone = 2\n", "zone = 2\nby = «\"1s\"\n", &["what stops, stops"]),
    ("kind = \"leader_lost\"", "kind = \"leader_lost\"\nzone = «1", &["no zone in particular"]),
    ("duration = \"20s\"", "duration = «\"0s\"", &["longer than nothing"]),
    ("table = \"notes\"\n", "table = «\"note\"\n", &["there is no table `note`", "did you mean `notes`?"]),
    ("table = \"notes\"\nrecord = 7", "record = «7", &["a record needs its table"]),
    ("record = 7", "record = «9007199254740992", &["record is 9007199254740992"]),
    ("kind = \"slow_replica\"\nat = \"50s\"\nby = \"200ms\"", "kind = «\"slow_replica\"\nat = \"50s\"", &["by how much?", "by = \"200ms\""]),
    ("by = \"200ms\"", "by = «\"2h\"", &["longer than an hour"]),
];

fn parse(text: &str, overrides: Overrides) -> Result<Workload, WorkloadError> {
    let source = Source { path: "mine.toml".into(), text: text.into() };
    Workload::parse(source, Path::new("workloads"), overrides)
}

fn sound() -> Workload {
    parse(SOUND, Overrides::default()).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn what_is_set_is_taken_and_the_rest_is_the_default() {
    let workload = sound();
    assert_eq!(workload.warnings, [] as [&str; 0]);
    let (latency, default) = (workload.latency.unwrap(), LatencySettings::default());
    assert_eq!((latency.scale, latency.per_kilobyte), (0.5, Duration::from_micros(50)));
    assert_eq!((latency.network.median, latency.network.sigma), (Duration::from_millis(2), default.network.sigma));
    let get = latency.service(RequestKind::Get);
    assert_eq!((get.median, get.sigma), (Duration::from_micros(1500), 0.5));
    assert_eq!((get.tail_share, get.tail_mean), (0.01, Duration::from_millis(20)));
    assert_eq!(latency.service(RequestKind::Put), default.service(RequestKind::Put));
    let (lags, default) = (workload.replication.unwrap(), ReplicationSettings::default());
    assert_eq!(lags.table, default.table);
    assert_eq!((lags.index.usual, lags.index.slow_share), (Duration::from_millis(5), 0.02));
    assert_eq!((lags.index.slow, workload.lease), (default.index.slow, Duration::from_secs(3)));
}

#[test]
fn faults_are_resolved_and_stretched_with_the_run() {
    let seconds = Time::from_secs_f64;
    let workload = sound();
    let zone = Zone::ALL[1];
    let times: Vec<_> = workload.faults.iter().map(|fault| (fault.kind, fault.from, fault.until)).collect();
    let slow = FaultKind::SlowReplica { zone: None, by: Duration::from_millis(200) };
    assert_eq!(
        times,
        [
            (FaultKind::ZoneStops(zone), seconds(10.0), seconds(30.0)),
            (FaultKind::LeaderLost, seconds(40.0), Time::NEVER),
            (slow, seconds(50.0), Time::NEVER),
        ]
    );
    assert_eq!(workload.faults[0].table, None);
    let lost = &workload.faults[1];
    assert_eq!((lost.table.as_deref(), &lost.key), (Some("notes"), &Some(workload.tables[0].key(7))));

    let short = Overrides { duration: Some(Duration::from_secs(10)), ..Overrides::default() };
    let short = parse(SOUND, short).unwrap();
    assert_eq!((short.faults[0].from, short.faults[0].until), (seconds(1.0), seconds(3.0)));
}

#[test]
fn nothing_is_modelled_unless_it_is_asked_for() {
    let workload = parse(&SOUND.replace("model = \"modelled\"\n", ""), Overrides::default()).unwrap();
    assert!(workload.latency.is_none() && workload.replication.is_none());
    let [settings, slow] = &workload.warnings[..] else { panic!("{:?}", workload.warnings) };
    assert!(settings.contains("the settings of [engine.latency] do nothing"), "{settings}");
    assert!(slow.contains("a slow replica shows in virtual time only"), "{slow}");
    let late = SOUND.replace("at = \"40s\"", "at = \"100s\"");
    let warnings = parse(&late, Overrides::default()).unwrap().warnings;
    assert!(warnings[0].starts_with("mine.toml:") && warnings[0].contains("after the run has ended"), "{warnings:?}");
}

#[test]
fn mistakes_are_found_where_they_are() {
    let mut complaints = String::new();
    for (sound, mistaken, words) in MISTAKES {
        assert_eq!(SOUND.matches(sound).count(), 1, "one place to go wrong: {sound}");
        let marked = SOUND.replacen(sound, mistaken, 1);
        let place = marked.split_once('«').map(|(before, _)| {
            let column = before.chars().rev().take_while(|character| *character != '\n').count() + 1;
            format!("mine.toml:{}:{column}: ", before.matches('\n').count() + 1)
        });
        match parse(&marked.replace('«', ""), Overrides::default()) {
            Ok(_) => complaints += &format!("accepted:\n{mistaken}\n\n"),
            Err(error) => {
                let shown = error.to_string();
                let expected = place.iter().map(String::as_str).chain(words.iter().copied());
                let missing: Vec<&str> = expected.filter(|words| !shown.contains(words)).collect();
                if !missing.is_empty() {
                    complaints += &format!("{mistaken}\n{shown}\nlacks {missing:?}\n\n");
                }
            }
        }
    }
    assert!(complaints.is_empty(), "{complaints}");
}
