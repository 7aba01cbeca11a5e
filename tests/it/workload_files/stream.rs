//! The stream of operations: the same for the same file and seed, whoever draws it and in whatever order.

use std::collections::HashSet;
use std::sync::Arc;
use std::thread;

use dynamometer::workload::{Drafter, Overrides, Shot, Workload};
use xxhash_rust::xxh3::xxh3_64;

use super::{Touched, parsed, shipped, shipped_names, shots, touched};

/// A hash of every request, in order.
fn hashes(workload: &Arc<Workload>, shots: &[Shot]) -> Vec<u64> {
    let drafter = Drafter::new(Arc::clone(workload));
    shots.iter().map(|shot| xxh3_64(format!("{:?} {:?}", shot.due, drafter.request(shot)).as_bytes())).collect()
}

fn hash_of_all(workload: &Arc<Workload>) -> u64 {
    let hashes = hashes(workload, &shots(workload, 1_000));
    xxh3_64(&hashes.iter().flat_map(|hash| hash.to_le_bytes()).collect::<Vec<_>>())
}

#[test]
fn one_seed_gives_one_stream() {
    for name in shipped_names() {
        let seeded = |seed| hash_of_all(&shipped(&name, Overrides { seed: Some(seed), ..Overrides::default() }));
        assert_eq!(seeded(5), seeded(5), "{name}");
        assert_ne!(seeded(5), seeded(6), "{name}");
    }
}

/// Where one of these changes, published results cannot be repeated any more: say so in the notes of the release.
#[test]
fn streams_are_held_still_across_versions() {
    for (name, expected) in [("notes", 7_716_766_521_942_725_526), ("orders", 4_717_105_265_442_072_700)] {
        assert_eq!(hash_of_all(&shipped(name, Overrides::default())), expected, "{name}");
    }
}

#[test]
fn the_order_and_the_threads_do_not_matter() {
    for name in ["orders", "sessions", "smallbank", "ycsb-e"] {
        let workload = shipped(name, Overrides::default());
        let shots = shots(&workload, 500);
        let expected = hashes(&workload, &shots);
        for threads in [1, 2, 8] {
            // Every thread takes its share from the back to the front.
            let drawn: Vec<(usize, u64)> = thread::scope(|scope| {
                let draw = |thread: usize| {
                    let (workload, shots) = (&workload, &shots);
                    scope.spawn(move || {
                        let mine = (0..shots.len()).rev().filter(|at| at % threads == thread);
                        mine.map(|at| (at, hashes(workload, &shots[at..=at])[0])).collect::<Vec<_>>()
                    })
                };
                let running: Vec<_> = (0..threads).map(draw).collect();
                running.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
            });
            assert_eq!(drawn.len(), expected.len());
            assert!(drawn.iter().all(|(at, hash)| expected[*at] == *hash), "{name} on {threads} threads");
        }
    }
}

const INSERTS: &str = r#"
name = "inserts"
[[tables]]
name = "things"
partition_key = { name = "id", type = "N" }
items = 30
item = { id = { record = {} }, at = { timestamp = {} } }

[[operations]]
name = "one"
type = "put"

[[operations]]
name = "several"
type = "batch_write"
batch = { size = { uniform = { min = 1, max = 25 } } }

[[operations]]
name = "in a transaction"
type = "transact_write"
actions = [
    { type = "put", key = "new" },
    { type = "update", key = "latest", update = "SET seen = :now", values = { now = { timestamp = {} } } },
    { type = "put", key = "new" },
    { type = "delete", key = { zipfian = { exponent = 1.5 } } },
]

[[operations]]
name = "read the latest"
type = "get"
key = { latest = { exponent = 2 } }

[[operations]]
name = "read a few"
type = "batch_get"
key = { zipfian = { exponent = 2 } }
batch = { size = 20 }

[[operations]]
name = "replace and delete a few"
type = "batch_write"
key = { hotspot = { records = 1, traffic = 0.9 } }
batch = { size = 25, deletes = 0.5 }

[[phases]]
name = "only"
duration = "2s"
rate = 1_000
"#;

/// The record in a request on the table above.
fn record(touched: &Touched<'_>) -> u64 {
    let (Touched::Key(item) | Touched::Item(item)) = touched;
    match item.get("id") {
        Some(dynamometer::item::AttributeValue::N(number)) => number.to_f64() as u64,
        other => panic!("{other:?}"),
    }
}

#[test]
fn inserts_are_numbered_without_a_gap_and_the_latest_is_there() {
    let workload = parsed(INSERTS);
    let drafter = Drafter::new(Arc::clone(&workload));
    let mut population = 30;
    let mut newest_reads = 0;
    for shot in shots(&workload, u64::MAX) {
        assert_eq!(shot.populations[0], population);
        let request = drafter.request(&shot);
        let touched = touched(&request);
        let mut inserted: Vec<u64> =
            touched.iter().map(|(_, touched)| record(touched)).filter(|record| *record >= population).collect();
        if &*workload.operations[shot.operation].name == "read the latest" {
            assert_eq!(inserted, [] as [u64; 0], "not inserted yet");
            newest_reads += usize::from(record(&touched[0].1) == population - 1);
        }
        inserted.sort_unstable();
        let expected: Vec<u64> = (population..population + inserted.len() as u64).collect();
        assert_eq!(inserted, expected);
        population += inserted.len() as u64;
    }
    assert!(population > 3_000 && newest_reads > 100, "{population} {newest_reads}");
}

#[test]
fn items_of_batches_and_transactions_are_distinct() {
    let workload = parsed(INSERTS);
    let drafter = Drafter::new(Arc::clone(&workload));
    for shot in shots(&workload, u64::MAX) {
        let request = drafter.request(&shot);
        let records: Vec<u64> = touched(&request).iter().map(|(_, touched)| record(touched)).collect();
        let distinct: HashSet<u64> = records.iter().copied().collect();
        assert_eq!(distinct.len(), records.len(), "{request:?}");
        let expected = match &*workload.operations[shot.operation].name {
            "one" | "read the latest" => 1..=1,
            "several" => 1..=25,
            "in a transaction" => 4..=4,
            "read a few" => 20..=20,
            _ => 25..=25,
        };
        assert!(expected.contains(&records.len()), "{request:?}");
    }
}

#[test]
fn batches_taken_in_order_follow_each_other() {
    let text = INSERTS.replace(
        "key = { zipfian = { exponent = 2 } }\nbatch = { size = 20 }",
        "key = \"sequential\"\nbatch = { size = 10 }",
    );
    let workload = parsed(&text.replace("duration = \"2s\"", "duration = \"2s\"\nmix = { \"read a few\" = 1 }"));
    let drafter = Drafter::new(Arc::clone(&workload));
    let read: Vec<u64> = shots(&workload, 6)
        .iter()
        .flat_map(|shot| touched(&drafter.request(shot)).iter().map(|(_, touched)| record(touched)).collect::<Vec<_>>())
        .collect();
    assert_eq!(read, (0..60).map(|number| number % 30).collect::<Vec<u64>>());
}

#[test]
fn same_as_names_the_same_record_in_another_table() {
    let workload = shipped("smallbank", Overrides::default());
    let drafter = Drafter::new(Arc::clone(&workload));
    let mut seen = 0;
    for shot in shots(&workload, 2_000) {
        let request = drafter.request(&shot);
        let touched = touched(&request);
        if &*workload.operations[shot.operation].name != "amalgamate" {
            continue;
        }
        let customer = |at: usize| {
            let Touched::Key(key) = &touched[at].1 else { panic!("{request:?}") };
            key.get("customerId").unwrap().clone()
        };
        assert_eq!(customer(0), customer(1), "{request:?}");
        assert_ne!(customer(0), customer(2), "{request:?}");
        seen += 1;
    }
    assert!(seen > 300);
}
