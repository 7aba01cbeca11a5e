//! Requests drawn at random: few keys, so that they meet, and every operation.

use std::sync::Arc;

use dynamometer::api::*;
use dynamometer::item::{AttributeValue, Item, Number, ScalarType};
use rand::{Rng, RngExt};

use crate::engine_requests::{self, batch_get, batch_write, delete, get, item, n, put, s, transact_get, transaction};

pub fn table(name: &str) -> CreateTable {
    let number = |name| (name, ScalarType::N);
    let string = |name| (name, ScalarType::S);
    let schema = engine_requests::schema;
    let by_group = schema(string("group"), Some(number("score")));
    let by_score = schema(string("pk"), Some(number("score")));
    CreateTable {
        key: schema(string("pk"), Some(number("sk"))),
        global_secondary_indexes: vec![engine_requests::global(
            "by_group",
            by_group,
            Projection::All,
            CapacityMode::ON_DEMAND,
        )],
        local_secondary_indexes: vec![engine_requests::local("by_score", by_score, Projection::All)],
        ..engine_requests::table(name, CapacityMode::ON_DEMAND)
    }
}

fn one_of<'a, T>(choices: &'a [T], random: &mut impl Rng) -> &'a T {
    &choices[random.random_range(0..choices.len())]
}

fn key(random: &mut impl Rng) -> Item {
    item([("pk", s(*one_of(&["a", "b"], random))), ("sk", n(random.random_range(0..4)))])
}

fn numbers(random: &mut impl Rng) -> AttributeValue {
    let texts = ["0", "1", "2", "-1", "3.5", "1E3", "0.001", "99999999999999999999999999999999999999"];
    AttributeValue::N(one_of(&texts, random).parse::<Number>().expect("a number"))
}

fn strings(random: &mut impl Rng) -> AttributeValue {
    s(*one_of(&["x", "xy", "yx", "é", "\u{10ffff}", "0"], random))
}

/// The attributes have fixed types, `any` has none.
fn whole_item(random: &mut impl Rng) -> Item {
    let mut item = key(random);
    let mut set = |name: &str, value: AttributeValue, chance: f64, random: &mut _| {
        if RngExt::random_bool(random, chance) {
            item.insert(name.into(), value);
        }
    };
    let (score, group) = (n(random.random_range(0..3)), s(*one_of(&["g", "h"], random)));
    set("score", score, 0.7, random);
    set("group", group, 0.7, random);
    let (number, text) = (n(random.random_range(-2..3)), strings(random));
    set("num", number, 0.8, random);
    set("text", text, 0.8, random);
    let list = AttributeValue::L((0..random.random_range(0..4)).map(|_| numbers(random)).collect());
    set("things", list, 0.6, random);
    let map = [("x", numbers(random)), ("y", strings(random))].map(|(name, value)| (name.into(), value));
    set("map", AttributeValue::M(map.into_iter().take(random.random_range(1..3)).collect()), 0.6, random);
    let tags = ["t", "u", "v"].iter().take(random.random_range(1..4)).map(|tag| (*tag).into());
    set("tags", AttributeValue::string_set(tags.collect()), 0.6, random);
    let any = [AttributeValue::Null, AttributeValue::Bool(true), AttributeValue::B([0, 255].into()), s("x")];
    set("any", one_of(&any, random).clone(), 0.6, random);
    item
}

/// Texts with the placeholders they use.
type Drawn = (&'static str, Placeholders);

fn placeholders(names: &[(&str, &str)], values: &[(&str, AttributeValue)]) -> Placeholders {
    Placeholders {
        names: names.iter().map(|(name, stands_for)| ((*name).into(), (*stands_for).into())).collect(),
        values: values.iter().map(|(name, value)| ((*name).into(), value.clone())).collect(),
    }
}

/// A condition or filter on attributes that are no keys.
fn condition(random: &mut impl Rng) -> Drawn {
    let (number, text) = (n(random.random_range(-2..3)), strings(random));
    let n_ = |names: &[(&str, &str)]| placeholders(names, &[(":n", number.clone())]);
    let t_ = |names: &[(&str, &str)]| placeholders(names, &[(":t", text.clone())]);
    let none = || placeholders(&[], &[]);
    match random.random_range(0..24) {
        0 => ("num = :n", n_(&[])),
        1 => ("num <> :n", n_(&[])),
        2 => ("num < :n", n_(&[])),
        3 => ("NOT num >= :n", n_(&[])),
        4 => ("attribute_exists(#t)", placeholders(&[("#t", "text")], &[])),
        5 => ("attribute_not_exists(num)", none()),
        6 => ("begins_with(#t, :t)", t_(&[("#t", "text")])),
        7 => ("contains(#t, :t)", t_(&[("#t", "text")])),
        8 => ("contains(tags, :t)", placeholders(&[], &[(":t", s("u"))])),
        9 => ("attribute_exists(tags) AND size(tags) > :n", n_(&[])),
        10 => ("attribute_exists(things) AND size(things) = :n", n_(&[])),
        11 => ("num BETWEEN :low AND :n", placeholders(&[], &[(":n", n(2)), (":low", n(1))])),
        12 => ("num IN (:n, :m)", placeholders(&[], &[(":n", number), (":m", n(0))])),
        13 => ("attribute_type(#a, :k)", placeholders(&[("#a", "any")], &[(":k", s("NULL"))])),
        14 => ("attribute_exists(#m.x) AND #m.x > :n", n_(&[("#m", "map")])),
        15 => ("things[0] = :n OR things[1] = :n", n_(&[])),
        16 => ("num = :n AND #t = :t OR attribute_exists(tags)", {
            placeholders(&[("#t", "text")], &[(":n", number), (":t", text)])
        }),
        17 => ("NOT (num = :n OR #t = :t)", placeholders(&[("#t", "text")], &[(":n", number), (":t", text)])),
        18 => ("#a = :any", placeholders(&[("#a", "any")], &[(":any", AttributeValue::B([0, 255].into()))])),
        19 => ("tags = :s", placeholders(&[], &[(":s", AttributeValue::string_set(vec!["u".into(), "t".into()]))])),
        20 => ("num > score", none()),
        21 => ("attribute_exists(#t) AND size(#t) > :n", placeholders(&[("#t", "text")], &[(":n", n(0))])),
        22 => ("attribute_not_exists(#m.y)", placeholders(&[("#m", "map")], &[])),
        _ => ("#t > :t", t_(&[("#t", "text")])),
    }
}

fn maybe_condition(random: &mut impl Rng) -> (Option<Arc<str>>, Placeholders) {
    if random.random_bool(0.5) {
        return (None, Placeholders::default());
    }
    let (text, placeholders) = condition(random);
    (Some(text.into()), placeholders)
}

/// Updates that fit whatever the item holds.
fn update_expression(random: &mut impl Rng) -> Drawn {
    let (number, text) = (n(random.random_range(-2..3)), strings(random));
    let value = |value: AttributeValue| placeholders(&[], &[(":v", value)]);
    match random.random_range(0..16) {
        0 => ("SET num = :v", value(number)),
        1 => ("SET #t = :v", placeholders(&[("#t", "text")], &[(":v", text)])),
        2 => ("SET num = if_not_exists(num, :v) + :v", value(number)),
        3 => ("SET num = if_not_exists(num, :z) - :v", placeholders(&[], &[(":v", number), (":z", n(7))])),
        4 => ("ADD num :v", value(number)),
        5 => ("ADD tags :v", value(AttributeValue::string_set(vec!["w".into(), "t".into()]))),
        6 => ("DELETE tags :v", value(AttributeValue::string_set(vec!["t".into(), "u".into()]))),
        7 => ("REMOVE num, tags", placeholders(&[], &[])),
        8 => ("SET things = list_append(if_not_exists(things, :e), :v)", {
            let list = |values| AttributeValue::L(values);
            placeholders(&[], &[(":e", list(vec![])), (":v", list(vec![number]))])
        }),
        9 => ("SET #m = :v", placeholders(&[("#m", "map")], &[(":v", AttributeValue::M(item([("x", number)])))])),
        10 => ("REMOVE #a SET num = :v", placeholders(&[("#a", "any")], &[(":v", number)])),
        11 => ("SET score = :v", value(n(random.random_range(0..3)))),
        12 => ("SET #g = :v REMOVE score", placeholders(&[("#g", "group")], &[(":v", s("g"))])),
        13 => ("REMOVE #g", placeholders(&[("#g", "group")], &[])),
        14 => ("SET num = :v, fresh = :v ADD hits :one", { placeholders(&[], &[(":v", number), (":one", n(1))]) }),
        _ => ("SET #a = :v", placeholders(&[("#a", "any")], &[(":v", AttributeValue::Bool(false))])),
    }
}

fn joined(mut one: Placeholders, two: Placeholders) -> Placeholders {
    let mut names = one.names.to_vec();
    names.extend(two.names.iter().filter(|(name, _)| one.name(name).is_none()).cloned());
    for (name, value) in two.values {
        one.values.insert(name, value);
    }
    Placeholders { names: names.into(), values: one.values }
}

fn random_put(table: &str, random: &mut impl Rng) -> PutItem {
    let (condition_expression, placeholders) = maybe_condition(random);
    let return_values = *one_of(&[ReturnValues::None, ReturnValues::AllOld], random);
    let return_item_on_condition_failure = random.random();
    PutItem {
        condition_expression,
        placeholders,
        return_values,
        return_item_on_condition_failure,
        ..put(table, whole_item(random))
    }
}

fn random_update(table: &str, random: &mut impl Rng) -> UpdateItem {
    use ReturnValues::{AllNew, AllOld, None as Nothing};
    let (expression, placeholders) = update_expression(random);
    // Placeholders of a condition have names of their own only where there is none.
    let condition =
        random.random_bool(0.3).then(|| *one_of(&["attribute_exists(pk)", "attribute_not_exists(gone)"], random));
    let mut update = engine_requests::update(table, key(random), expression, placeholders);
    update.condition_expression = condition.map(Into::into);
    update.return_values = *one_of(&[Nothing, AllOld, AllNew], random);
    update.return_item_on_condition_failure = random.random();
    update
}

fn random_delete(table: &str, random: &mut impl Rng) -> DeleteItem {
    let (condition_expression, placeholders) = maybe_condition(random);
    let return_values = *one_of(&[ReturnValues::None, ReturnValues::AllOld], random);
    let return_item_on_condition_failure = random.random();
    DeleteItem {
        condition_expression,
        placeholders,
        return_values,
        return_item_on_condition_failure,
        ..delete(table, key(random))
    }
}

fn projection(random: &mut impl Rng) -> (Option<Arc<str>>, Placeholders) {
    let (text, placeholders) = match random.random_range(0..5) {
        0 => ("pk, num", placeholders(&[], &[])),
        1 => ("#t, tags", placeholders(&[("#t", "text")], &[])),
        2 => ("#m.x, #m.y, sk", placeholders(&[("#m", "map")], &[])),
        3 => ("things[0], pk", placeholders(&[], &[])),
        _ => return (None, Placeholders::default()),
    };
    (Some(text.into()), placeholders)
}

fn random_query(table: &str, random: &mut impl Rng) -> Query {
    let partition = s(*one_of(&["a", "b"], random));
    let (low, high) = (n(random.random_range(0..3)), n(random.random_range(2..5)));
    let p = |more: &[(&str, AttributeValue)]| placeholders(&[], &[&[(":p", partition.clone())], more].concat());
    let (index, condition, placeholders) = match random.random_range(0..10) {
        0 => (None, "pk = :p", p(&[])),
        1 => (None, "pk = :p AND sk = :l", p(&[(":l", low)])),
        2 => (None, "pk = :p AND sk < :l", p(&[(":l", low)])),
        3 => (None, "pk = :p AND sk <= :l", p(&[(":l", low)])),
        4 => (None, "sk > :l AND pk = :p", p(&[(":l", low)])),
        5 => (None, "pk = :p AND sk >= :l", p(&[(":l", low)])),
        6 => (None, "(pk = :p) AND (sk BETWEEN :l AND :h)", p(&[(":l", low), (":h", high)])),
        7 => (Some("by_score"), "pk = :p AND score >= :l", p(&[(":l", low)])),
        8 => (Some("by_group"), "#g = :p", {
            Placeholders { names: [("#g".into(), "group".into())].into(), values: item([(":p", s("g"))]) }
        }),
        _ => (Some("by_score"), "pk = :p", p(&[])),
    };
    let mut query = engine_requests::query(table, index, condition, placeholders);
    query.scan_index_forward = random.random();
    if random.random_bool(0.4) {
        let (filter, of_filter) = self::condition(random);
        // The condition's `:n` and the key's `:l` do not meet; the names do.
        if index.is_none() {
            query.filter_expression = Some(filter.into());
            query.placeholders = joined(query.placeholders, of_filter);
        }
    }
    if index.is_none() && random.random_bool(0.3) {
        query.limit = Some(random.random_range(1..4));
    }
    if random.random_bool(0.2) {
        query.select = Some(Select::Count);
    } else if random.random_bool(0.3) {
        let (projection, of_projection) = projection(random);
        query.projection_expression = projection;
        query.placeholders = joined(query.placeholders, of_projection);
    }
    if index.is_none() && random.random_bool(0.15) {
        let start = [("pk", partition), ("sk", n(random.random_range(0..4)))];
        let all_of_it = query.key_condition_expression.as_ref() == "pk = :p";
        query.exclusive_start_key = all_of_it.then(|| item(start));
    }
    query
}

fn random_scan(table: &str, random: &mut impl Rng) -> Scan {
    let mut scan = engine_requests::scan(table, random.random_bool(0.2).then_some("by_group"));
    if random.random_bool(0.6) {
        let (filter, placeholders) = condition(random);
        (scan.filter_expression, scan.placeholders) = (Some(filter.into()), placeholders);
    }
    scan
}

/// Some keys or items, each key once.
fn distinct(count: usize, draw: fn(&mut dyn Rng) -> Item, mut random: &mut dyn Rng) -> Vec<Item> {
    let mut drawn: Vec<Item> = Vec::new();
    for _ in 0..count {
        let item = draw(&mut random);
        let key = |item: &Item| (item.get("pk").cloned(), item.get("sk").cloned());
        if !drawn.iter().any(|known| key(known) == key(&item)) {
            drawn.push(item);
        }
    }
    drawn
}

fn random_transaction(table: &str, random: &mut (impl Rng + 'static)) -> TransactWriteItems {
    let keys = distinct(3, |random| key(&mut { random }), random);
    let actions = keys.into_iter().map(|key| match random.random_range(0..4) {
        0 => {
            let mut put = random_put(table, random);
            let mut item = (*put.item).clone();
            key.into_iter().for_each(|(name, value)| _ = item.insert(name, value));
            put.item = Arc::new(item);
            TransactWrite::Put(PutItem { return_values: ReturnValues::None, ..put })
        }
        1 => {
            let update = random_update(table, random);
            TransactWrite::Update(UpdateItem { key, return_values: ReturnValues::None, ..update })
        }
        2 => {
            let delete = random_delete(table, random);
            TransactWrite::Delete(DeleteItem { key, return_values: ReturnValues::None, ..delete })
        }
        _ => {
            let (text, placeholders) = condition(random);
            TransactWrite::ConditionCheck(ConditionCheck {
                table_name: table.into(),
                key,
                condition_expression: text.into(),
                placeholders,
                return_item_on_condition_failure: random.random(),
            })
        }
    });
    transaction(actions.collect())
}

/// A request that breaks a rule.
fn wrong(table: &str, random: &mut impl Rng) -> Request {
    let whole = whole_item(random);
    let one = || placeholders(&[], &[(":v", n(1))]);
    let update = |text: &str, placeholders| {
        Request::UpdateItem(engine_requests::update(table, item([("pk", s("a")), ("sk", n(1))]), text, placeholders))
    };
    let conditional = |text: &str, placeholders| {
        Request::PutItem(PutItem { condition_expression: Some(text.into()), placeholders, ..put(table, whole.clone()) })
    };
    match random.random_range(0..16) {
        0 => Request::GetItem(get("agreement_nowhere", item([("pk", s("a")), ("sk", n(1))]))),
        1 => Request::GetItem(get(table, item([("pk", s("a"))]))),
        2 => Request::GetItem(get(table, item([("pk", n(1)), ("sk", n(1))]))),
        3 => Request::PutItem(put(table, item([("pk", s("a")), ("num", n(1))]))),
        4 => Request::PutItem(put(table, item([("pk", s("a")), ("sk", s("1"))]))),
        5 => Request::PutItem(put(table, item([("pk", s("")), ("sk", n(1))]))),
        6 => update("SET sk = :v", one()),
        7 => update("SET num = :undefined", placeholders(&[], &[])),
        8 => update("SET num = :v", placeholders(&[], &[(":v", n(1)), (":unused", n(2))])),
        9 => update("SET #undefined = :v", one()),
        10 => update("SET num =", placeholders(&[], &[])),
        11 => conditional("num = :v AND", one()),
        12 => conditional("size = :v", one()),
        13 => {
            let query = engine_requests::query(table, None, "sk = :v", one());
            Request::Query(query)
        }
        14 => Request::BatchGetItem(batch_get(table, vec![item([("pk", s("a")), ("sk", n(1))]); 2])),
        _ => Request::TransactGetItems(TransactGetItems { transact_items: Vec::new() }),
    }
}

/// The next request of a sequence.
pub fn request(table: &str, random: &mut (impl Rng + 'static)) -> Request {
    match random.random_range(0..32) {
        0..6 => Request::PutItem(random_put(table, random)),
        6..12 => Request::UpdateItem(random_update(table, random)),
        12..14 => Request::DeleteItem(random_delete(table, random)),
        14..17 => {
            let (projection_expression, placeholders) = projection(random);
            let consistent_read = random.random();
            Request::GetItem(GetItem {
                consistent_read,
                projection_expression,
                placeholders,
                ..get(table, key(random))
            })
        }
        17..21 => Request::Query(random_query(table, random)),
        21..23 => Request::Scan(random_scan(table, random)),
        23 => Request::BatchGetItem(batch_get(table, distinct(5, |random| key(&mut { random }), random))),
        24 => {
            let items = distinct(4, |random| whole_item(&mut { random }), random).into_iter();
            let write = |item: Item| match random.random() {
                true => WriteRequest::Put(Arc::new(item)),
                false => {
                    WriteRequest::Delete(item.into_iter().filter(|(name, _)| name == "pk" || name == "sk").collect())
                }
            };
            Request::BatchWriteItem(batch_write(table, items.map(write).collect()))
        }
        25 | 26 => {
            let keys = distinct(3, |random| key(&mut { random }), random).into_iter();
            let gets = keys.map(|key| transact_get(table, key));
            Request::TransactGetItems(TransactGetItems { transact_items: gets.collect() })
        }
        27..29 => Request::TransactWriteItems(random_transaction(table, random)),
        _ => wrong(table, random),
    }
}
