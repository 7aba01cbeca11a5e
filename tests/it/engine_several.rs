//! Global secondary indexes with several attributes in their partition key and their sort key, after the tournament of the
//! developer guide (DG: GSI.DesignPattern.MultiAttributeKeys).

use dynamometer::api::*;
use dynamometer::engine::{Enforcement, Engine};
use dynamometer::item::{AttributeValue, Item, PackedItem, ScalarType};
use dynamometer::time::Time;

use crate::engine_requests::*;

const INDEX: &str = "by_tournament";

fn strings(names: &[&str]) -> Vec<KeyAttribute> {
    names.iter().map(|name| attribute(name, ScalarType::S)).collect()
}

/// Partition key `tournament`, `area`; sort key `stage`, `game` (a number).
fn index() -> GlobalSecondaryIndex {
    let sort = [attribute("stage", ScalarType::S), attribute("game", ScalarType::N)];
    let key = KeySchema::of_attributes(strings(&["tournament", "area"]), sort).unwrap();
    global(INDEX, key, Projection::Include(vec!["winner".into()]), CapacityMode::ON_DEMAND)
}

fn matches() -> CreateTable {
    CreateTable { global_secondary_indexes: vec![index()], ..table("matches", CapacityMode::ON_DEMAND) }
}

fn played(id: &str, [tournament, area, stage]: [&str; 3], game: i64) -> Item {
    let area = ("area", s(area));
    item([("id", s(id)), ("tournament", s(tournament)), area, ("stage", s(stage)), ("game", n(game))])
}

fn filled() -> Engine {
    let engine = engine(Enforcement::Off, &[matches()]);
    let east = |id, stage, game| played(id, ["winter", "east", stage], game);
    for record in [
        east("a", "final", 1),
        east("b", "quarter", 2),
        east("c", "quarter", 10),
        east("d", "quarter", 1),
        east("e", "semi", 1),
        // The same stage and game: in the order of their ids.
        east("f", "semi", 1),
        east("g", "semi", 2),
        played("h", ["winter", "west", "semi"], 1),
        played("i", ["wintereast", "e", "semi"], 1),
        played("j", ["winte", "reast", "semi"], 1),
        // Not in the index: something is missing.
        item([("id", s("k")), ("tournament", s("winter")), ("area", s("east")), ("stage", s("semi"))]),
        item([("id", s("l")), ("tournament", s("winter")), ("stage", s("semi")), ("game", n(1))]),
    ] {
        assert!(engine.execute(Time::ZERO, &Request::PutItem(put("matches", record))).result.is_ok());
    }
    engine
}

fn east(rest: &str, more: &[(&str, AttributeValue)]) -> Query {
    let mut placeholders = values([(":t", s("winter")), (":a", s("east"))]);
    more.iter().for_each(|(name, value)| _ = placeholders.values.insert((*name).into(), value.clone()));
    query("matches", Some(INDEX), &format!("tournament = :t AND area = :a{rest}"), placeholders)
}

fn ids(page: &Page) -> String {
    let id = |item: &PackedItem| match item.to_item().get("id") {
        Some(AttributeValue::S(id)) => id.to_string(),
        other => panic!("{other:?}"),
    };
    page.items.iter().map(id).collect()
}

fn run(engine: &Engine, request: Query) -> Outcome {
    engine.execute(Time::ZERO, &Request::Query(request))
}

fn refused(engine: &Engine, request: Query) -> String {
    error(&run(engine, request)).message.clone()
}

#[test]
fn entries_are_in_the_order_of_all_sort_attributes() {
    let engine = filled();
    let semi = || (":s", s("semi"));
    let quarter = || (":s", s("quarter"));
    for (rest, more, found) in [
        ("", vec![], "adbcefg"),
        (" AND stage = :s", vec![quarter()], "dbc"),
        (" AND stage > :s", vec![(":s", s("final"))], "dbcefg"),
        (" AND stage < :s", vec![semi()], "adbc"),
        (" AND stage <= :s", vec![quarter()], "adbc"),
        (" AND begins_with(stage, :s)", vec![(":s", s("q"))], "dbc"),
        (" AND stage BETWEEN :s AND :u", vec![(":s", s("g")), (":u", s("semi"))], "dbcefg"),
        (" AND stage = :s AND game = :g", vec![semi(), (":g", n(1))], "ef"),
        (" AND stage = :s AND game > :g", vec![quarter(), (":g", n(1))], "bc"),
        (" AND stage = :s AND game >= :g", vec![quarter(), (":g", n(2))], "bc"),
        (" AND stage = :s AND game < :g", vec![quarter(), (":g", n(10))], "db"),
        (" AND game <= :g AND stage = :s", vec![quarter(), (":g", n(2))], "db"),
        (" AND stage = :s AND game BETWEEN :g AND :h", vec![quarter(), (":g", n(2)), (":h", n(9))], "b"),
        (" AND stage = :s", vec![(":s", s("none"))], ""),
    ] {
        assert_eq!(ids(page(&run(&engine, east(rest, &more)))), found, "{rest}");
        let descending = Query { scan_index_forward: false, ..east(rest, &more) };
        let backwards: String = found.chars().rev().collect();
        assert_eq!(ids(page(&run(&engine, descending))), backwards, "{rest}");
    }
}

#[test]
fn pages_continue_behind_all_key_attributes() {
    let engine = filled();
    for forward in [true, false] {
        let mut request = Query { limit: Some(2), scan_index_forward: forward, ..east("", &[]) };
        let mut found = String::new();
        loop {
            let outcome = run(&engine, request.clone());
            found += &ids(page(&outcome));
            let Some(last) = page(&outcome).last_evaluated_key.clone() else { break };
            let names: Vec<&str> = last.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(names, ["area", "game", "id", "stage", "tournament"]);
            request.exclusive_start_key = Some(last);
        }
        assert_eq!(found, if forward { "adbcefg" } else { "gfecbda" });
    }
    let mut scanned = String::new();
    let mut request = Scan { limit: Some(3), ..scan("matches", Some(INDEX)) };
    loop {
        let outcome = engine.execute(Time::ZERO, &Request::Scan(request.clone()));
        scanned += &ids(page(&outcome));
        request.exclusive_start_key = page(&outcome).last_evaluated_key.clone();
        if request.exclusive_start_key.is_none() {
            break;
        }
    }
    let mut sorted: Vec<char> = scanned.chars().collect();
    sorted.sort_unstable();
    assert_eq!(
        sorted.into_iter().collect::<String>(),
        "abcdefghij",
        "each entry once, and nothing that is not in the index"
    );
    assert!(scanned.contains("adbcefg"), "one collection lies together: {scanned}");
}

#[test]
fn a_start_key_is_whole_and_within_the_query() {
    let engine = filled();
    let semi =
        |start: Item| Query { exclusive_start_key: Some(start), ..east(" AND stage = :s", &[(":s", s("semi"))]) };
    let start = |stage: &str| played("e", ["winter", "east", stage], 1);
    assert_eq!(ids(page(&run(&engine, semi(start("semi"))))), "fg");
    let mut short = start("semi");
    short.remove("game");
    assert_eq!(
        refused(&engine, semi(short)),
        "The provided starting key is invalid: The provided key element does not match the schema"
    );
    assert_eq!(
        refused(&engine, semi(start("quarter"))),
        "The provided starting key does not match the range key predicate"
    );
    assert_eq!(
        refused(&engine, semi(played("e", ["winter", "west", "semi"], 1))),
        "The provided starting key is outside query boundaries based on provided conditions"
    );
}

#[test]
fn conditions_go_from_left_to_right() {
    let engine = filled();
    assert_eq!(
        refused(&engine, query("matches", Some(INDEX), "tournament = :t", values([(":t", s("winter"))]))),
        "Query condition missed key schema element: area"
    );
    assert_eq!(
        refused(&engine, east(" AND game = :g", &[(":g", n(1))])),
        "RANGE key attributes stage must have equality conditions specified in the query because a condition is present on \
         key attribute game"
    );
    assert_eq!(
        refused(&engine, east(" AND stage > :s AND game = :g", &[(":s", s("a")), (":g", n(1))])),
        "Query key condition not supported"
    );
    let filtered = Query { filter_expression: Some("area <> :s".into()), ..east("", &[(":s", s("a"))]) };
    assert_eq!(
        refused(&engine, filtered),
        "Filter Expression can only contain non-primary key attributes: Primary key attribute: area"
    );
}

#[test]
fn a_change_of_any_key_attribute_moves_the_entry() {
    let engine = filled();
    let units = |expression: &str, value: AttributeValue| {
        let request = update("matches", id("a"), expression, values([(":v", value)]));
        let outcome = engine.execute(Time::ZERO, &Request::UpdateItem(request));
        assert!(outcome.result.is_ok(), "{:?}", outcome.result);
        let index = outcome.consumed[0].global_secondary_indexes.first();
        index.map_or(0.0, |(_, units)| units.write.as_f64())
    };
    assert_eq!(units("SET winner = :v", s("x")), 1.0, "projected");
    assert_eq!(units("SET referee = :v", s("x")), 0.0, "not projected");
    assert_eq!(units("SET tournament = :v", s("summer")), 2.0);
    assert_eq!(units("SET tournament = :v", s("winter")), 2.0);
    assert_eq!(units("SET area = :v", s("west")), 2.0);
    assert_eq!(units("SET area = :v", s("east")), 2.0);
    assert_eq!(units("SET stage = :v", s("semi")), 2.0);
    assert_eq!(units("SET game = :v", n(3)), 2.0);
    assert_eq!(units("SET game = :v", n(3)), 0.0, "it is 3 already");
    assert_eq!(ids(page(&run(&engine, east("", &[])))), "dbcefga");
    assert_eq!(units("SET winner = :v REMOVE game", s("y")), 1.0, "it leaves the index");
    assert_eq!(ids(page(&run(&engine, east("", &[])))), "dbcefg");
    let found = engine.describe_table(Time::ZERO, "matches").unwrap();
    assert_eq!(found.global_secondary_indexes[0].item_count, 9);
}

#[test]
fn key_attributes_have_their_types_and_share_the_size_of_a_key() {
    let engine = filled();
    let message = |record: Item| {
        let outcome = engine.execute(Time::ZERO, &Request::PutItem(put("matches", record)));
        outcome.result.map(|_| ()).map_err(|error| error.message)
    };
    let mut typed = played("x", ["winter", "east", "semi"], 1);
    typed.insert("area".into(), n(1));
    assert_eq!(
        message(typed),
        Err("One or more parameter values were invalid: Type mismatch for Index Key area Expected: S Actual: N IndexName: \
             by_tournament"
            .to_owned())
    );
    let halves = ["x".repeat(1024), "y".repeat(1024), "y".repeat(1025)];
    assert_eq!(message(played("x", [&halves[0], &halves[1], "semi"], 1)), Ok(()));
    assert_eq!(
        message(played("x", [&halves[0], &halves[2], "semi"], 1)),
        Err("One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes"
            .to_owned())
    );
    // A number of one digit has two bytes.
    assert_eq!(message(played("x", ["t", "a", &"x".repeat(1022)], 1)), Ok(()));
    assert_eq!(
        message(played("x", ["t", "a", &"x".repeat(1023)], 1)),
        Err("One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of \
             1024 bytes"
            .to_owned())
    );
}

#[test]
fn an_index_that_is_added_later_is_filled_with_what_has_the_whole_key() {
    let engine = filled();
    let expected = ids(page(&run(&engine, east("", &[]))));
    let change = |updates: Vec<GlobalSecondaryIndexUpdate>, attributes: Vec<KeyAttribute>| {
        let mut request = UpdateTable::new("matches".into());
        request.global_secondary_index_updates = updates;
        request.attribute_definitions = attributes;
        engine.update_table(Time::ZERO, &request)
    };
    change(vec![GlobalSecondaryIndexUpdate::Delete(INDEX.into())], Vec::new()).unwrap();
    // One that does not fit the key.
    let long = played("z", ["winter", "east", &"x".repeat(1023)], 1);
    assert!(engine.execute(Time::ZERO, &Request::PutItem(put("matches", long))).result.is_ok());

    let missing = change(vec![GlobalSecondaryIndexUpdate::Create(index())], strings(&["tournament", "area", "stage"]));
    assert_eq!(
        missing.unwrap_err().message,
        "One or more parameter values were invalid: Some index key attributes are not defined in AttributeDefinitions. Keys: \
         [tournament, area, stage, game], AttributeDefinitions: [tournament, area, stage]"
    );
    let mut attributes = strings(&["tournament", "area", "stage"]);
    attributes.push(attribute("game", ScalarType::N));
    let described = change(vec![GlobalSecondaryIndexUpdate::Create(index())], attributes).unwrap();
    assert_eq!(described.global_secondary_indexes[0].item_count, 10);
    assert_eq!(ids(page(&run(&engine, east("", &[])))), expected);
}

#[test]
fn only_global_indexes_have_keys_of_several_attributes() {
    let engine = engine(Enforcement::Off, &[]);
    let refusal = |definition: CreateTable| engine.create_table(Time::ZERO, &definition).map_err(|error| error.message);
    let with_key = |partition: &[&str], sort: &[&str]| {
        let mut index = index();
        index.key = KeySchema::of_attributes(strings(partition), strings(sort)).unwrap();
        CreateTable { global_secondary_indexes: vec![index], ..matches() }
    };
    let (abcd, efgh) = (["a", "b", "c", "d"], ["e", "f", "g", "h"]);
    assert!(refusal(CreateTable { name: "most".into(), ..with_key(&abcd, &efgh) }).is_ok());
    assert_eq!(
        refusal(with_key(&["a", "b", "c", "d", "e"], &[])).unwrap_err(),
        "One or more parameter values were invalid: Index KeySchema exceeds the limit of 4 HASH key attributes for index: \
         by_tournament"
    );
    assert_eq!(
        refusal(with_key(&["a"], &["b", "c", "d", "e", "f"])).unwrap_err(),
        "One or more parameter values were invalid: Index KeySchema exceeds the limit of 4 RANGE key attributes for index: \
         by_tournament"
    );
    assert_eq!(
        refusal(with_key(&["a", "b"], &["c", "a"])).unwrap_err(),
        "Both the Hash Key and the Range Key element in the KeySchema have the same name"
    );
    assert_eq!(
        refusal(with_key(&["a", "b", "a"], &["c"])).unwrap_err(),
        "Invalid KeySchema: The attribute a is named twice"
    );

    let key = |partition: &[&str], sort: &[&str]| KeySchema::of_attributes(strings(partition), strings(sort)).unwrap();
    assert_eq!(
        refusal(CreateTable { key: key(&["a", "b"], &[]), ..table("tab", CapacityMode::ON_DEMAND) }).unwrap_err(),
        "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type"
    );
    assert_eq!(
        refusal(CreateTable { key: key(&["a"], &["b", "c"]), ..table("tab", CapacityMode::ON_DEMAND) }).unwrap_err(),
        "1 validation error detected: Value '[KeySchemaElement(attributeName=a, keyType=HASH), \
         KeySchemaElement(attributeName=b, keyType=RANGE), KeySchemaElement(attributeName=c, keyType=RANGE)]' at \
         'keySchema' failed to satisfy constraint: Member must have length less than or equal to 2"
    );
    let mut definition = CreateTable { key: key(&["a"], &["b"]), ..table("tab", CapacityMode::ON_DEMAND) };
    definition.local_secondary_indexes = vec![local("one", key(&["a"], &["c", "d"]), Projection::All)];
    assert!(refusal(definition).unwrap_err().contains("'localSecondaryIndexes.1.member.keySchema'"));
}
