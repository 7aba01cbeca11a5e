//! `[tables.billing]` in a workload file.

use std::path::Path;

use dynamometer::cost::Extras;
use dynamometer::workload::{Billing, Overrides, Source, StreamReads, Workload, WorkloadError};

const SOUND: &str = r#"name = "billed"
operations = [{ name = "read", type = "get" }]
phases = [{ name = "steady", duration = "1s", rate = 10 }]

[[tables]]
name = "orders"
partition_key = { name = "pk", type = "S" }
item = { pk = "order-{record}" }
items = 10

[tables.billing]
storage_gb = 120
point_in_time_recovery = true
backup_gb = 2.5
restore_gb_per_month = 1
stream = { consumers = 2 }
replicas = ["eu-west-1", "us-gov-east-1"]
"#;

fn parse(text: &str) -> Result<Workload, WorkloadError> {
    let source = Source { path: "mine.toml".to_owned(), text: text.to_owned() };
    Workload::parse(source, Path::new("."), Overrides::default())
}

#[test]
fn every_setting_is_read() {
    let extras = Extras::of(&parse(SOUND).unwrap());
    let expected = Billing {
        storage_gb: Some(120.0),
        point_in_time_recovery: true,
        backup_gb: 2.5,
        restore_gb_per_month: 1.0,
        stream: Some(StreamReads::Consumers(2)),
        replicas: vec!["eu-west-1".to_owned(), "us-gov-east-1".to_owned()],
    };
    assert_eq!(extras.tables.get("orders"), Some(&expected));
    let polled = SOUND.replace("{ consumers = 2 }", "{ reads_per_hour = 14_400 }");
    let polled = Extras::of(&parse(&polled).unwrap());
    assert_eq!(polled.tables["orders"].stream, Some(StreamReads::PerHour(14_400.0)));
    // With items of half the size half as much is stored and backed up.
    let smaller = extras.with_item_size(0.5);
    assert_eq!((smaller.tables["orders"].storage_gb, smaller.tables["orders"].backup_gb), (Some(60.0), 1.25));
}

#[test]
fn mistakes_are_shown_where_they_are() {
    for (sound, mistaken, place, words) in [
        ("storage_gb = 120", "storage_gb = -1", "mine.toml:12:14", "storage_gb is -1; it must be between 0"),
        ("storage_gb = 120", "storage_gb = nan", "mine.toml:12:14", "storage_gb is NaN"),
        ("backup_gb = 2.5", "backup_gb = 1e12", "mine.toml:14:13", "backup_gb is"),
        ("consumers = 2", "consumers = 0", "mine.toml:16:24", "consumers is 0; it must be between 1"),
        ("consumers = 2", "readers = 2", "mine.toml:16:", "unknown variant `readers`"),
        ("\"us-gov-east-1\"", "\"Ireland\"", "mine.toml:17:26", "`Ireland` is no name of a region such as eu-west-1"),
        ("\"us-gov-east-1\"", "\"eu-west-1\"", "mine.toml:17:26", "two replicas in `eu-west-1`"),
        ("point_in_time_recovery", "pitr", "mine.toml:13:1", "unknown field `pitr`"),
    ] {
        let error = parse(&SOUND.replacen(sound, mistaken, 1)).err().unwrap_or_else(|| panic!("accepted: {mistaken}"));
        let shown = error.to_string();
        assert!(shown.contains(place) && shown.contains(words), "{mistaken}:\n{shown}");
    }
}
