//! YCSB's properties, against the shipped workloads that say the same by hand.

use std::path::Path;

use dynamometer::import::ImportKind;
use dynamometer::runner::rehearse;
use dynamometer::workload::{Overrides, Source, Workload};

use super::{assert_says, fixture, imported};

/// The properties of one of YCSB's core workloads.
fn core(lines: &str) -> String {
    format!(
        "recordcount=3000\noperationcount=120000\ntarget=2000\nworkload=site.ycsb.workloads.CoreWorkload\n{lines}\n"
    )
}

/// A workload that ships, with fewer records: their number makes no difference here but to the time it takes.
fn shipped(name: &str) -> Workload {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("workloads").join(name);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains("items = 100_000 "), "{name}");
    let source = Source { path: name.into(), text: text.replace("items = 100_000 ", "items = 3_000 ") };
    Workload::parse(source, Path::new("."), Overrides::default()).unwrap()
}

/// Operations with their weights as shares of all, and the units that each consumes on average, to a tenth.
fn mix(workload: &Workload) -> Vec<(String, f64, [f64; 2])> {
    let rehearsal = rehearse(workload).unwrap();
    let total: f64 = workload.operations.iter().map(|operation| operation.weight).sum();
    let units = |own: &Vec<[f64; 2]>| own[0].map(|units| (units * 10.0).round() / 10.0);
    let operations = workload.operations.iter().zip(&rehearsal.units);
    operations
        .map(|(operation, own)| (operation.name.to_string(), (operation.weight / total * 1e6).round(), units(own)))
        .collect()
}

#[test]
fn core_workloads_are_those_that_ship() {
    for (name, lines) in [
        ("ycsb-a.toml", "readproportion=0.5\nupdateproportion=0.5\nrequestdistribution=zipfian"),
        ("ycsb-b.toml", "readproportion=0.95\nupdateproportion=0.05\nrequestdistribution=zipfian"),
        ("ycsb-c.toml", "readproportion=1\nupdateproportion=0\nrequestdistribution=zipfian"),
        ("ycsb-d.toml", "readproportion=0.95\nupdateproportion=0\ninsertproportion=0.05\nrequestdistribution=latest"),
        (
            "ycsb-e.toml",
            "readproportion=0\nupdateproportion=0\nscanproportion=0.95\ninsertproportion=0.05\nrequestdistribution=zipfian\n\
             maxscanlength=100\nscanlengthdistribution=uniform",
        ),
        (
            "ycsb-f.toml",
            "readproportion=0.5\nupdateproportion=0\nreadmodifywriteproportion=0.5\nrequestdistribution=zipfian",
        ),
    ] {
        let (text, made) = imported("workloadx", &core(lines), ImportKind::Ycsb);
        let by_hand = shipped(name);
        assert_eq!(mix(&made), mix(&by_hand), "{name}\n{text}");
        assert_eq!(made.tables[0].items, by_hand.tables[0].items);
        assert_eq!(made.tables[0].create.key, by_hand.tables[0].create.key, "{name}");
        for record in [0, 1, 2_777] {
            assert_eq!(made.tables[0].key(record), by_hand.tables[0].key(record), "{name}");
            let sizes = [&made, &by_hand].map(|workload| workload.tables[0].loaded_item(record, 0).size_bytes());
            assert_eq!(sizes[0], sizes[1], "{name}");
        }
    }
}

#[test]
fn the_rate_and_the_length_follow_from_target_and_count() {
    // 600,000 operations at 2,000 a second take 300 s.
    let (text, workload) = imported("workloadb.properties", &fixture("workloadb.properties"), ImportKind::Ycsb);
    assert_eq!(workload.phases[1].curve.as_ref().unwrap().peak(), 2_000.0);
    assert_eq!(workload.phases[1].end.since(workload.phases[1].start).as_secs(), 300);
    assert_says(&text, &["consistent_read = true"]);
    assert_eq!(workload.name, "workloadb");
    // A read-modify-write is two requests: 2,000 operations are 3,000 requests.
    let half = "readproportion=0.5\nupdateproportion=0\nreadmodifywriteproportion=0.5";
    let (_, workload) = imported("f", &core(half), ImportKind::Ycsb);
    assert_eq!(workload.phases[1].curve.as_ref().unwrap().peak(), 3_000.0);
    let (text, _) = imported("f", &core(half).replace("target=2000\n", "threadcount=32\n"), ImportKind::Ycsb);
    assert_says(&text, &["no `target`", "in_flight = 32", "operations per second: assumed"]);
}

#[test]
fn further_properties_are_carried_over_or_named() {
    let lines = "requestdistribution=hotspot\nhotspotdatafraction=0.1\nhotspotopnfraction=0.9\nfieldcount=2\nfieldlength=50\n\
                 fieldlengthdistribution=zipfian\nwriteallfields=true\nreadallfields=false\ndynamodb.primaryKey=id\n\
                 dynamodb.primaryKeyType=HASH_AND_RANGE\ndynamodb.hashKeyName=h\ndynamodb.hashKeyValue={1}\ndataintegrity=true";
    let (text, workload) = imported("w", &core(lines), ImportKind::Ycsb);
    assert_says(&text, &["{ hotspot = { keys = 0.1, traffic = 0.9 } }", "SET field0 = :value0, field1 = :value1"]);
    assert_says(&text, &["all records share one partition key", "`dataintegrity`", "items here are larger"]);
    let table = &workload.tables[0];
    let keys: Vec<&str> = table.create.key.attributes().map(|attribute| attribute.name.as_ref()).collect();
    assert_eq!(keys, ["h", "id"]);
    assert_eq!(table.key(0).get("h"), table.key(2_999).get("h"));
}
