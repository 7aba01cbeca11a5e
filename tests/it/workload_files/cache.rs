//! `[cache]` in a workload file: what it means, and the mistakes people make in it.

use std::path::Path;
use std::time::Duration;

use dynamometer::workload::{Overrides, Source, Workload, WorkloadError};

/// A cache that says everything, and nothing wrong.
const SOUND: &str = r#"name = "sound"

[cache]
size = "10 GB"
time_to_live = "10m"
nodes = 2
node_type = "dax.r5.large"
hit_latency = "250us"
tables = ["users", "notes"]

[[tables]]
name = "notes"
partition_key = { name = "id", type = "S" }
items = 1_000
item = { id = "{record}" }

[[tables]]
name = "users"
partition_key = { name = "id", type = "S" }
items = 1_000
item = { id = "{record}" }

[[operations]]
name = "read"
type = "get"
table = "notes"

[[phases]]
name = "only"
duration = "30s"
rate = 10
"#;

/// What is replaced in the sound file, by what, and words of the error. `«` marks where the error must be.
#[rustfmt::skip]
const MISTAKES: &[(&str, &str, &[&str])] = &[
    ("size = \"10 GB\"\n", "\n", &["missing field `size`"]),
    ("\"10 GB\"", "«\"10 gigs\"", &["`10 gigs` is not an amount of memory", "10 GB"]),
    ("\"10 GB\"", "«\"0 GB\"", &["a cache of no bytes holds nothing", "leave [cache] out"]),
    ("\"10 GB\"", "«\"2000 TB\"", &["more than 1,024 TB"]),
    ("\"10 GB\"", "«10", &["text"]),
    ("\"10m\"", "«\"10 minutes\"", &["not a length of time"]),
    ("nodes = 2", "nodes = «0", &["nodes is 0; it must be between 1 and 11"]),
    ("\"dax.r5.large\"", "«\"r5.large\"", &["`r5.large` is no type of DAX nodes", "dax.r5.large"]),
    ("\"dax.r5.large\"", "«\"dax.r5.\"", &["no type of DAX nodes"]),
    ("\"250us\"", "«\"2h\"", &["longer than an hour"]),
    ("\"users\", \"notes\"", "«\"usrs\", \"notes\"", &["there is no table `usrs`", "did you mean `users`?"]),
    ("tables = [\"users\", \"notes\"]", "tables = []", &["mine.toml:4:8", "stands before no table"]),
    ("nodes = 2", "«node = 2", &["unknown field `node`", "did you mean `nodes`?"]),
];

fn parse(text: &str) -> Result<Workload, WorkloadError> {
    let source = Source { path: "mine.toml".into(), text: text.into() };
    Workload::parse(source, Path::new("."), Overrides::default())
}

#[test]
fn what_is_said_is_taken() {
    let workload = parse(SOUND).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(workload.warnings, [] as [&str; 0]);
    let cache = workload.cache.unwrap();
    assert_eq!(cache.size_bytes, 10 * 1024 * 1024 * 1024);
    assert_eq!(cache.time_to_live, Some(Duration::from_secs(600)));
    assert_eq!((cache.nodes, cache.node_type.as_deref()), (2, Some("dax.r5.large")));
    assert_eq!(cache.hit_latency, Duration::from_micros(250));
    // In the workload's order.
    assert_eq!(cache.tables.iter().map(|table| &**table).collect::<Vec<_>>(), ["notes", "users"]);
}

#[test]
fn what_is_left_out_is_the_default() {
    let (head, tail) = SOUND.split_once("time_to_live").unwrap();
    let tables = &tail[tail.find("[[tables]]").unwrap()..];
    let cache = parse(&format!("{head}\n{tables}")).unwrap_or_else(|error| panic!("{error}")).cache.unwrap();
    assert_eq!(cache.time_to_live, Some(Duration::from_secs(300)));
    assert_eq!((cache.nodes, cache.node_type), (3, None));
    assert_eq!(cache.tables.len(), 2);
    assert!(parse(&SOUND.replace("\"10m\"", "\"0s\"")).unwrap().cache.unwrap().time_to_live.is_none());
    assert!(parse(&format!("name = \"none\"\n{tables}")).unwrap().cache.is_none());
}

#[test]
fn a_cache_that_nothing_reads_from_is_a_warning() {
    for (sound, odd) in [
        ("type = \"get\"", "type = \"get\"\nconsistent_read = true"),
        ("type = \"get\"", "type = \"scan\""),
        ("[\"users\", \"notes\"]", "[\"users\"]"),
    ] {
        let warnings = parse(&SOUND.replacen(sound, odd, 1)).unwrap_or_else(|error| panic!("{error}")).warnings;
        assert_eq!(warnings.len(), 1, "{odd}: {warnings:?}");
        assert!(warnings[0].starts_with("mine.toml:4:8: the cache answers nothing"), "{warnings:?}");
    }
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
        match parse(&marked.replace('«', "")) {
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
