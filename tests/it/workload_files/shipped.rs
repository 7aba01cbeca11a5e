//! The workloads that ship: each is sound, and its stream is what the file says.

use std::collections::HashMap;

use dynamometer::api::{Operation, Request};
use dynamometer::item::Item;
use dynamometer::workload::{Drafter, Overrides, Table, Workload};

use super::{Touched, shipped, shipped_names, shots, touched};

/// Operations drawn of every phase.
const DRAWN: u64 = 2_000;

#[test]
fn every_one_is_read_without_a_warning() {
    let names = shipped_names();
    for expected in [
        "catalog",
        "day",
        "etc-cache",
        "events",
        "flash-sale",
        "hot-key",
        "leaderboard",
        "notes",
        "orders",
        "sessions",
        "smallbank",
        "trace",
        "users",
        "ycsb-a",
        "ycsb-b",
        "ycsb-c",
        "ycsb-d",
        "ycsb-e",
        "ycsb-f",
    ] {
        assert!(names.iter().any(|name| name == expected), "{expected} is missing");
    }
    for name in names {
        let workload = shipped(&name, Overrides::default());
        assert_eq!(workload.name, name, "a workload is called like its file");
        assert_eq!(workload.warnings, [] as [&str; 0], "{name}");
        assert!(!workload.description.is_empty(), "{name}");
        assert!(workload.source.text.starts_with("# "), "{name}: a comment says whom it is for");
        assert!(workload.phases[0].warm_up, "{name}");
        let seconds = workload.duration().as_secs();
        // A day is for virtual time.
        let is_day = name == "day" && seconds == 24 * 3600 + 600;
        assert!((60..=125).contains(&seconds) || is_day, "{name} takes {seconds} s");
    }
}

/// The records of a table, by key.
fn records_by_key(table: &Table, count: u64) -> HashMap<String, u64> {
    (0..count).map(|record| (shown(&table.key(record)), record)).collect()
}

fn shown(key: &Item) -> String {
    format!("{key:?}")
}

fn key_of(item: &Item, table: &Table) -> Item {
    let key = |name: &str| (name.into(), item.get(name).unwrap().clone());
    table.create.key.attributes().map(|attribute| key(&attribute.name)).collect()
}

#[test]
fn operations_are_about_records_that_were_loaded_or_inserted_before() {
    for name in shipped_names() {
        let workload = shipped(&name, Overrides::default());
        let drafter = Drafter::new(workload.clone());
        let shots = shots(&workload, DRAWN);
        let last = shots.last().unwrap();
        let known: Vec<_> = workload
            .tables
            .iter()
            .zip(&last.populations)
            .map(|(table, population)| records_by_key(table, population + 100))
            .collect();
        for shot in &shots {
            let request = drafter.request(shot);
            for (table_name, touched) in touched(&request) {
                let at = workload.tables.iter().position(|table| *table.create.name == *table_name).unwrap();
                let key = match touched {
                    Touched::Key(key) => key.clone(),
                    Touched::Item(item) => key_of(item, &workload.tables[at]),
                };
                let record = known[at].get(&shown(&key)).unwrap_or_else(|| panic!("{name}: no record has {key:?}"));
                let is_put = matches!(touched, Touched::Item(_));
                let exists = *record < shot.populations[at];
                assert!(exists || is_put && *record == shot.populations[at], "{name}: {request:?}");
            }
        }
    }
}

/// The items a workload loads and puts, with their sizes.
fn item_sizes(workload: &std::sync::Arc<Workload>, table: &str) -> Vec<usize> {
    let at = workload.tables.iter().position(|known| *known.create.name == *table).unwrap();
    let loaded = (0..1_000).map(|record| workload.tables[at].loaded_item(record, workload.epoch_nanos).size_bytes());
    let mut sizes: Vec<usize> = loaded.collect();
    let drafter = Drafter::new(workload.clone());
    for shot in shots(workload, DRAWN) {
        for (name, touched) in touched(&drafter.request(&shot)) {
            if let (true, Touched::Item(item)) = (name == table, touched) {
                sizes.push(item.size_bytes());
            }
        }
    }
    sizes
}

#[test]
fn items_have_the_size_the_file_says() {
    for (name, table, least, most) in [
        ("notes", "notes", 200, 20_000),
        ("users", "users", 250, 2_000),
        ("catalog", "Product", 400, 30_000),
        ("orders", "shop", 350, 8_000),
        ("hot-key", "profiles", 700, 700),
        ("flash-sale", "products", 800, 800),
        ("day", "accounts", 300, 4_000),
        ("trace", "feed", 150, 10_000),
    ] {
        let sizes = item_sizes(&shipped(name, Overrides::default()), table);
        assert!(sizes.iter().all(|size| (least..=most).contains(size)), "{name}: {sizes:?}");
        let distinct: std::collections::HashSet<_> = sizes.iter().collect();
        assert_eq!(distinct.len() == 1, least == most, "{name}");
    }
}

#[test]
fn a_record_of_ycsb_has_1087_bytes() {
    for letter in ["a", "b", "c", "d", "f"] {
        let workload = shipped(&format!("ycsb-{letter}"), Overrides::default());
        let table = &workload.tables[0];
        let mut sizes = HashMap::new();
        for record in 0..1_000 {
            let item = table.loaded_item(record, workload.epoch_nanos);
            // "y_id" and the key, ten names of six bytes, ten values of a hundred.
            let key = &key_of(&item, table);
            let key_bytes = key.size_bytes();
            assert_eq!(item.size_bytes(), key_bytes + 10 * (6 + 100));
            *sizes.entry(item.size_bytes()).or_insert(0) += 1;
        }
        // Hashes of 19 digits are the rule, shorter ones the exception.
        assert!(sizes[&1_087] > 850 && sizes.keys().all(|size| (1_083..=1_087).contains(size)), "{sizes:?}");
    }
}

#[test]
fn operations_come_in_the_proportions_of_the_mix() {
    for name in shipped_names() {
        let workload = shipped(&name, Overrides::default());
        for (at, phase) in workload.phases.iter().enumerate() {
            let mut counts = vec![0.0; workload.operations.len()];
            let drawn = shots(&workload, 20_000).into_iter().filter(|shot| shot.phase == at);
            drawn.for_each(|shot| counts[shot.operation] += 1.0);
            let total: f64 = counts.iter().sum();
            let weights: f64 = workload.operations.iter().map(|operation| operation.weight).sum();
            let mut chi_square = 0.0;
            for (operation, count) in workload.operations.iter().zip(&counts) {
                let expected = total * operation.weight / weights;
                chi_square += (count - expected).powi(2) / expected;
            }
            let freedom = counts.len() as f64 - 1.0;
            // Four deviations and more above the mean; the stream is always the same, so this passes always or never.
            let bound = freedom + 4.0 * (2.0 * freedom).sqrt() + 4.0;
            assert!(chi_square <= bound, "{name}, {}: {chi_square} of {counts:?}", phase.name);
        }
    }
}

#[test]
fn ycsb_is_as_defined() {
    let shares = |letter: &str| {
        let workload = shipped(&format!("ycsb-{letter}"), Overrides::default());
        let total: f64 = workload.operations.iter().map(|operation| operation.weight).sum();
        let share = |operation: &dynamometer::workload::OperationSpec| {
            (operation.operation, (operation.weight / total * 1000.0).round() as u32)
        };
        workload.operations.iter().map(share).collect::<Vec<_>>()
    };
    use Operation::{GetItem, PutItem, Query, UpdateItem};
    assert_eq!(shares("a"), [(GetItem, 500), (UpdateItem, 500)]);
    assert_eq!(shares("b"), [(GetItem, 950), (UpdateItem, 50)]);
    assert_eq!(shares("c"), [(GetItem, 1000)]);
    assert_eq!(shares("d"), [(GetItem, 950), (PutItem, 50)]);
    assert_eq!(shares("e"), [(Query, 950), (PutItem, 50)]);
    assert_eq!(shares("f"), [(GetItem, 333), (GetItem, 333), (UpdateItem, 333)]);
}

#[test]
fn scans_of_ycsb_e_have_limits_from_1_to_100() {
    let workload = shipped("ycsb-e", Overrides::default());
    let drafter = Drafter::new(workload.clone());
    let limits: Vec<u32> = shots(&workload, 20_000)
        .iter()
        .filter_map(|shot| match drafter.request(shot) {
            Request::Query(query) => query.limit,
            _ => None,
        })
        .collect();
    let mean = limits.iter().sum::<u32>() as f64 / limits.len() as f64;
    assert!((50.0..51.0).contains(&mean), "{mean}");
    assert_eq!((limits.iter().min(), limits.iter().max()), (Some(&1), Some(&100)));
}

#[test]
fn smallbank_meets_in_its_hotspot() {
    let workload = shipped("smallbank", Overrides::default());
    let drafter = Drafter::new(workload.clone());
    let checking = workload.tables.iter().find(|table| &*table.create.name == "checking").unwrap();
    let hot: Vec<String> = (0..100).map(|record| shown(&checking.key(record))).collect();
    let (mut in_hotspot, mut total) = (0, 0);
    for shot in shots(&workload, 20_000) {
        let request = drafter.request(&shot);
        for (table, touched) in touched(&request) {
            if let (true, Touched::Key(key)) = (table == "checking", touched) {
                total += 1;
                in_hotspot += usize::from(hot.contains(&shown(key)));
            }
        }
    }
    let share = in_hotspot as f64 / total as f64;
    assert!((0.24..0.26).contains(&share), "{share}");
}

#[test]
fn keys_of_the_etc_pool_are_as_long_as_published() {
    let workload = shipped("etc-cache", Overrides::default());
    let table = &workload.tables[0];
    let lengths: Vec<f64> = (0..20_000).map(|record| (table.key(record).size_bytes() - 1) as f64).collect();
    let mean = lengths.iter().sum::<f64>() / lengths.len() as f64;
    // GEV: location + scale × (Γ(1 − shape) − 1) / shape, with Γ(0.921312) = 1.05316.
    let published = 30.7984 + 8.20449 * (1.05316 - 1.0) / 0.078688;
    assert!((mean - published).abs() < 0.3, "{mean} {published}");
    assert_eq!(table.key(17), table.key(17), "a key belongs to its record");
}
