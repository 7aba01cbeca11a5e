//! What a request pays for its expressions: finding the parse, checking placeholders, evaluating.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use dynamometer::api::{KeyAttribute, KeySchema, Placeholders};
use dynamometer::expression::{ExpressionCache, ExpressionKind, UsesPlaceholders, check_placeholders};
use dynamometer::item::{AttributeValue, Item, Number, PackedItem, ScalarType};

fn number(number: i64) -> AttributeValue {
    AttributeValue::N(Number::from(number))
}

fn item(attributes: &[(&str, AttributeValue)]) -> Item {
    attributes.iter().map(|(name, value)| ((*name).into(), value.clone())).collect()
}

fn expressions(criterion: &mut Criterion) {
    let cache = ExpressionCache::new();
    let none = Placeholders::default();
    let one = Placeholders { values: item(&[(":one", number(1))]), ..Placeholders::default() };
    let key = item(&[("pk", AttributeValue::string("user-17"))]);
    let old = item(&[("pk", AttributeValue::string("user-17")), ("n", number(41)), ("s", AttributeValue::string("x"))]);
    let old = PackedItem::pack(&old);

    let new = cache.condition(ExpressionKind::Condition, "attribute_not_exists(pk)").unwrap();
    criterion.bench_function("cache hit", |bencher| {
        bencher.iter(|| cache.condition(ExpressionKind::Condition, black_box("attribute_not_exists(pk)")));
    });
    criterion.bench_function("evaluate attribute_not_exists(pk)", |bencher| {
        bencher.iter(|| new.evaluate(&none, black_box(Some(&old))));
    });
    let version = cache.condition(ExpressionKind::Condition, "n = :one OR s > :one AND n < :one").unwrap();
    criterion.bench_function("evaluate three comparisons", |bencher| {
        bencher.iter(|| version.evaluate(&one, black_box(Some(&old))));
    });

    let count = cache.update("SET n = n + :one").unwrap();
    criterion.bench_function("apply SET n = n + :one", |bencher| {
        bencher.iter(|| count.apply(&one, &key, black_box(Some(&old))));
    });
    criterion.bench_function("check placeholders of SET n = n + :one", |bencher| {
        bencher.iter(|| check_placeholders(black_box(&one), &[&count as &dyn UsesPlaceholders]));
    });
    let two_names = Placeholders {
        names: [("#n".into(), "n".into()), ("#s".into(), "s".into())].into(),
        values: item(&[(":one", number(1))]),
    };
    let two = cache.update("SET #n = #n + :one, #s = :one").unwrap();
    criterion.bench_function("check and apply two SETs with names", |bencher| {
        bencher.iter(|| {
            check_placeholders(black_box(&two_names), &[&two as &dyn UsesPlaceholders])?;
            two.apply(&two_names, &key, Some(&old))
        });
    });

    let attribute = |name: &str| KeyAttribute { name: name.into(), scalar_type: ScalarType::N };
    let schema = KeySchema::new(attribute("pk"), Some(attribute("sk")));
    let range = cache.key_condition("pk = :one AND sk > :one").unwrap();
    criterion.bench_function("resolve pk = :one AND sk > :one", |bencher| {
        bencher.iter(|| range.resolve(black_box(&one), &schema));
    });
    let projection = cache.projection("pk, n").unwrap();
    criterion.bench_function("project two attributes", |bencher| {
        bencher.iter(|| projection.project(&none, black_box(&old)));
    });

    let list = AttributeValue::L(vec![number(7); 100_000]);
    let long = PackedItem::pack(&item(&[("l", list)]));
    let append = cache.update("SET l = list_append(l, :tail)").unwrap();
    let tail =
        Placeholders { values: item(&[(":tail", AttributeValue::L(vec![number(7)]))]), ..Placeholders::default() };
    criterion.bench_function("list_append to 100,000 elements", |bencher| {
        bencher.iter(|| append.apply(&tail, &key, black_box(Some(&long))));
    });
}

criterion_group!(benches, expressions);
criterion_main!(benches);
