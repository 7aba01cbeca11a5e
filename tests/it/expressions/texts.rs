//! Texts that are no expressions, or nearly: whatever they are, the engine answers, and what it refuses changes nothing.

use super::*;

use super::value::one_of;

/// Expressions of every kind, with everything the grammar has.
const VALID: [&str; 12] = [
    "attribute_exists(a.b[0]) AND NOT (#n = :n OR size(c) >= :m)",
    "a BETWEEN :n AND :m OR b IN (:n, :m, c) AND begins_with(#n, :s)",
    "attribute_type(a, :t) and contains(b, :s) or attribute_not_exists(#n.#n)",
    "((a = :n) AND (NOT b <> :m))",
    "SET a = :n, b.c = if_not_exists(#n, :n) + :m REMOVE d[1], e ADD f :n DELETE g :g",
    "SET l = list_append(list_append(l, :l), :l), l2[3] = (a - :n)",
    "ADD c :n",
    "remove a, b.c, #n[0][1]",
    "a, b.c[2], #n, d[0].e",
    "#n",
    "id = :s",
    "id = :s AND #n BETWEEN :n AND :m",
];

const TOKENS: [&str; 48] = [
    "a",
    "b",
    "id",
    "#n",
    "#",
    "#undefined",
    ":n",
    ":m",
    ":s",
    ":",
    ":undefined",
    "(",
    ")",
    "[",
    "]",
    "0",
    "1",
    "99999999999",
    ".",
    ",",
    "=",
    "<>",
    "<",
    "<=",
    ">",
    ">=",
    "+",
    "-",
    "AND",
    "or",
    "NOT",
    "in",
    "BETWEEN",
    "SET",
    "REMOVE",
    "ADD",
    "DELETE",
    "size",
    "contains(",
    "begins_with(",
    "attribute_exists(",
    "if_not_exists(",
    "list_append(",
    "status",
    "_",
    "é",
    "\u{0}",
    "!",
];

fn mutated(random: &mut impl Rng) -> String {
    let mut text: Vec<char> = one_of(&VALID, random).chars().collect();
    for _ in 0..random.random_range(1..5) {
        let at = random.random_range(0..=text.len());
        let end = (at + random.random_range(0..6)).min(text.len());
        match random.random_range(0..5) {
            0 => _ = text.drain(at..end),
            1 => _ = text.splice(at..at, one_of(&TOKENS, random).chars()),
            2 => _ = text.splice(at..end, one_of(&TOKENS, random).chars()),
            3 => {
                let part = text[at..end].to_vec();
                text.splice(at..at, part);
            }
            _ => text.truncate(at.max(1)),
        }
    }
    text.into_iter().collect()
}

fn drawn(random: &mut impl Rng) -> String {
    match random.random_range(0..10) {
        0..6 => mutated(random),
        6..9 => {
            let tokens: Vec<&str> = (0..random.random_range(0..16)).map(|_| one_of(&TOKENS, random)).collect();
            tokens.join(if random.random() { " " } else { "" })
        }
        _ => (0..random.random_range(0..40)).map(|_| random.random_range('\0'..'\u{3000}')).collect(),
    }
}

/// Placeholders, all of which the text uses, as otherwise nearly all would be refused for unused ones.
fn placeholders_of(text: &str) -> Placeholders {
    let set = AttributeValue::number_set(vec![1.into(), 2.into()]);
    let list = AttributeValue::L(vec![n(1)]);
    let known = [(":n", n(1)), (":m", n(2)), (":s", s("a")), (":t", s("N")), (":g", set), (":l", list)];
    let values = known.into_iter().filter(|(name, _)| text.contains(name));
    let names = [("#n".into(), "n".into())].into_iter().filter(|_| text.contains("#n"));
    Placeholders { names: names.collect(), values: values.map(|(name, value)| (name.into(), value)).collect() }
}

fn requests(text: &str) -> [Request; 6] {
    let expression = || Some(text.into());
    let placeholders = || placeholders_of(text);
    let mut delete = delete("tab", id("a"));
    (delete.condition_expression, delete.placeholders) = (expression(), placeholders());
    let mut scan = scan("tab", None);
    (scan.filter_expression, scan.placeholders) = (expression(), placeholders());
    let mut get = get("tab", id("a"));
    (get.projection_expression, get.placeholders) = (expression(), placeholders());
    let mut check = update("tab", id("a"), text, placeholders());
    (check.condition_expression, check.update_expression) = (expression(), None);
    [
        Request::UpdateItem(update("tab", id("a"), text, placeholders())),
        Request::UpdateItem(check),
        Request::Query(query("tab", None, text, placeholders())),
        Request::Scan(scan),
        Request::GetItem(get),
        Request::DeleteItem(delete),
    ]
}

#[test]
fn no_text_breaks_the_engine_and_refused_ones_change_nothing() {
    let engine = with_table();
    let attributes = [
        ("a", n(1)),
        ("b", AttributeValue::M(item([("c", AttributeValue::L(vec![s("x"), n(2)]))]))),
        ("l", AttributeValue::L(vec![])),
        ("n", s("ab")),
    ];
    let mut stored = item(attributes);
    stored.insert("id".into(), s("a"));
    let read = || match engine.execute(Time::ZERO, &Request::GetItem(get("tab", id("a")))).result {
        Ok(Response { output: Output::GetItem { item } }) => item.as_ref().map(dynamometer::item::PackedItem::to_item),
        other => panic!("{other:?}"),
    };
    let (mut accepted, mut refused) = (0, 0);
    for seed in 0..cases() {
        let text = drawn(&mut random(seed));
        for request in requests(&text) {
            assert!(engine.execute(Time::ZERO, &Request::PutItem(put("tab", stored.clone()))).result.is_ok());
            match engine.execute(Time::ZERO, &request).result {
                Ok(_) => accepted += 1,
                Err(error) => {
                    refused += 1;
                    let kinds = [ErrorKind::Validation, ErrorKind::ConditionalCheckFailed];
                    assert!(kinds.contains(&error.kind) && !error.message.is_empty(), "seed {seed}: {text:?}: {error}");
                    assert_eq!(read().as_ref(), Some(&stored), "seed {seed}: {text:?}");
                }
            }
        }
    }
    assert!(accepted > cases() / 20 && refused > accepted, "{accepted} accepted, {refused} refused");
}
