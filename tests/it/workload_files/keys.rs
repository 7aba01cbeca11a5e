//! Global secondary indexes with lists of key attributes.

use std::sync::Arc;

use dynamometer::api::{Output, Request};
use dynamometer::engine::{Engine, EngineOptions};
use dynamometer::item::{AttributeValue, Item};
use dynamometer::time::Time;
use dynamometer::workload::Drafter;

use super::{parsed, shots};

const MATCHES: &str = r#"
name = "matches"
[[tables]]
name = "matches"
partition_key = { name = "id", type = "S" }
items = 200
item = { id = "match-{record}", tournament = { choice = { values = ["summer", "winter"] } }, area = { uniform = { min = 1, max = 2 } }, stage = { choice = { values = ["final", "semi"] } }, game = { record = {} } }

[[tables.global_secondary_indexes]]
name = "by-tournament"
partition_key = [{ name = "tournament", type = "S" }, { name = "area", type = "N" }]
sort_key = [{ name = "stage", type = "S" }, { name = "game", type = "N" }]

[[tables.global_secondary_indexes]]
name = "by-area"
partition_key = { name = "area", type = "N" }
sort_key = [{ name = "stage", type = "S" }]

[[operations]]
name = "all of a tournament"
type = "query"
index = "by-tournament"

[[operations]]
name = "late games"
type = "query"
index = "by-tournament"
key_condition = "tournament = :t AND area = :a AND stage = :s AND game > :g"
values = { t = "winter", a = 1, s = "semi", g = 100 }

[[phases]]
name = "only"
duration = "1s"
rate = 50
"#;

#[test]
fn queries_go_by_all_attributes_of_the_partition_key() {
    let workload = parsed(MATCHES);
    let table = &workload.tables[0];
    let keys: Vec<String> = table.create.global_secondary_indexes.iter().map(|index| index.key.to_string()).collect();
    assert_eq!(keys, ["tournament (S) + area (N), stage (S) + game (N)", "area (N), stage (S)"]);

    let engine = Engine::new(EngineOptions::default());
    engine.create_table(Time::ZERO, &table.create).unwrap();
    let items: Vec<Item> = (0..table.items).map(|record| table.loaded_item(record, 0)).collect();
    for item in &items {
        engine.load_item(&table.create.name, item.clone()).unwrap();
    }
    let drafter = Drafter::new(Arc::clone(&workload));
    let mut found = [0, 0];
    for shot in shots(&workload, u64::MAX) {
        let request = drafter.request(&shot);
        let Request::Query(query) = &request else { panic!("{request:?}") };
        let is =
            |item: &Item, name: &str, placeholder: &str| item.get(name) == query.placeholders.values.get(placeholder);
        let after_100 = |item: &Item| matches!(item.get("game"), Some(AttributeValue::N(game)) if *game > 100.into());
        let expected = items.iter().filter(|item| match shot.operation {
            0 => is(item, "tournament", ":partition_key") && is(item, "area", ":partition_key_2"),
            _ => is(item, "tournament", ":t") && is(item, "area", ":a") && is(item, "stage", ":s") && after_100(item),
        });
        let expected = expected.count() as u64;
        match engine.execute(Time::ZERO, &request).result.unwrap().output {
            Output::Page(page) => assert_eq!(page.count, expected, "{query:?}"),
            other => panic!("{other:?}"),
        }
        found[shot.operation] += expected;
    }
    assert!(found.iter().all(|found| *found > 0), "{found:?}");
}
