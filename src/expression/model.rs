//! Conditions against a model: a random condition is written as text, parsed and evaluated, and must come out as the
//! condition itself says when it is evaluated as plainly as can be.

use std::cmp::Ordering;

use proptest::prelude::*;

use crate::api::{KeyAttribute, KeySchema, Placeholders};
use crate::item::{AttributeValue, Item, Number, PackedItem, ScalarType};

use super::fixture::check;
use super::{Condition, ExpressionKind, KeyCondition, ProjectionExpression, Update, UsesPlaceholders};

/// A condition as one would draw it.
#[derive(Debug, Clone)]
enum Model {
    Compare(&'static str, Leaf, Leaf),
    Between(Leaf, Leaf, Leaf),
    In(Leaf, Vec<Leaf>),
    Exists(Leaf),
    Type(Leaf, AttributeValue),
    BeginsWith(Leaf, Leaf),
    Contains(Leaf, Leaf),
    Not(Box<Model>),
    And(Box<Model>, Box<Model>),
    Or(Box<Model>, Box<Model>),
}

/// An attribute by its path, a value, or the size of an attribute.
#[derive(Debug, Clone)]
enum Leaf {
    Path(Vec<&'static str>),
    Value(AttributeValue),
    Size(Vec<&'static str>),
}

impl Leaf {
    fn value(&self, item: &Item) -> Option<AttributeValue> {
        let walk = |path: &[&str]| {
            let mut found = item.get(path[0])?.clone();
            for step in &path[1..] {
                found = match (found, step.trim_matches(['[', ']']).parse::<usize>()) {
                    (AttributeValue::L(list), Ok(index)) => list.get(index)?.clone(),
                    (AttributeValue::M(map), Err(_)) => map.get(step)?.clone(),
                    _ => return None,
                };
            }
            Some(found)
        };
        match self {
            Leaf::Path(path) => walk(path),
            Leaf::Value(value) => Some(value.clone()),
            Leaf::Size(path) => {
                let size = match walk(path)? {
                    AttributeValue::S(text) => text.len(),
                    AttributeValue::B(bytes) => bytes.len(),
                    AttributeValue::Ss(elements) => elements.len(),
                    AttributeValue::Ns(elements) => elements.len(),
                    AttributeValue::L(elements) => elements.len(),
                    AttributeValue::M(map) => map.len(),
                    _ => return None,
                };
                Some(AttributeValue::N(Number::from(size as u64)))
            }
        }
    }

    fn write(&self, placeholders: &mut Placeholders) -> String {
        let join = |path: &[&str]| path.join(".").replace(".[", "[");
        match self {
            Leaf::Path(path) => join(path),
            Leaf::Size(path) => format!("size({})", join(path)),
            Leaf::Value(value) => {
                let name = format!(":v{}", placeholders.values.len());
                placeholders.values.insert(name.as_str().into(), value.clone());
                name
            }
        }
    }
}

fn order(left: Option<AttributeValue>, right: Option<AttributeValue>) -> Option<Ordering> {
    match (left?, right?) {
        (AttributeValue::N(left), AttributeValue::N(right)) => left.partial_cmp(&right),
        (AttributeValue::S(left), AttributeValue::S(right)) => left.partial_cmp(&right),
        (AttributeValue::B(left), AttributeValue::B(right)) => left.partial_cmp(&right),
        _ => None,
    }
}

impl Model {
    fn holds(&self, item: &Item) -> bool {
        let of = |leaf: &Leaf| leaf.value(item);
        let equal = |left: &Leaf, right: &Leaf| of(left).is_some() && of(left) == of(right);
        match self {
            Model::Compare("=", left, right) => equal(left, right),
            Model::Compare("<>", left, right) => !equal(left, right),
            Model::Compare(operator, left, right) => order(of(left), of(right)).is_some_and(|order| match *operator {
                "<" => order.is_lt(),
                "<=" => order.is_le(),
                ">" => order.is_gt(),
                _ => order.is_ge(),
            }),
            Model::Between(value, low, high) => {
                order(of(low), of(value)).is_some_and(Ordering::is_le)
                    && order(of(value), of(high)).is_some_and(Ordering::is_le)
            }
            Model::In(value, choices) => choices.iter().any(|choice| equal(value, choice)),
            Model::Exists(path) => of(path).is_some(),
            Model::Type(path, name) => {
                of(path).is_some_and(|value| *name == AttributeValue::string(value.attribute_type().descriptor()))
            }
            Model::BeginsWith(value, prefix) => match (of(value), of(prefix)) {
                (Some(AttributeValue::S(text)), Some(AttributeValue::S(prefix))) => text.starts_with(prefix.as_str()),
                (Some(AttributeValue::B(bytes)), Some(AttributeValue::B(prefix))) => bytes.starts_with(&prefix),
                _ => false,
            },
            Model::Contains(value, part) => match (of(value), of(part)) {
                (Some(AttributeValue::S(text)), Some(AttributeValue::S(part))) => text.contains(part.as_str()),
                (Some(AttributeValue::B(bytes)), Some(AttributeValue::B(part))) => {
                    part.is_empty() || bytes.windows(part.len()).any(|window| *window == *part)
                }
                (Some(AttributeValue::Ss(elements)), Some(AttributeValue::S(part))) => elements.contains(&part),
                (Some(AttributeValue::Ns(elements)), Some(AttributeValue::N(part))) => elements.contains(&part),
                (Some(AttributeValue::L(elements)), Some(part)) => elements.contains(&part),
                _ => false,
            },
            Model::Not(inner) => !inner.holds(item),
            Model::And(left, right) => left.holds(item) && right.holds(item),
            Model::Or(left, right) => left.holds(item) || right.holds(item),
        }
    }

    /// The text, with parentheses only where precedence asks for them. `binding`: 1 in OR, 2 in AND, 3 in NOT.
    fn write(&self, placeholders: &mut Placeholders, binding: u8) -> String {
        let wrap = |text: String, own: u8| if own < binding { format!("({text})") } else { text };
        let mut leaf = |leaf: &Leaf| leaf.write(placeholders);
        match self {
            Model::Compare(operator, left, right) => format!("{} {operator} {}", leaf(left), leaf(right)),
            Model::Between(value, low, high) => format!("{} BETWEEN {} AND {}", leaf(value), leaf(low), leaf(high)),
            Model::In(value, choices) => {
                let value = leaf(value);
                format!("{value} IN ({})", choices.iter().map(leaf).collect::<Vec<_>>().join(", "))
            }
            Model::Exists(path) => format!("attribute_exists({})", leaf(path)),
            Model::Type(path, name) => format!("attribute_type({}, {})", leaf(path), leaf(&Leaf::Value(name.clone()))),
            Model::BeginsWith(value, prefix) => format!("begins_with({}, {})", leaf(value), leaf(prefix)),
            Model::Contains(value, part) => format!("contains({},{})", leaf(value), leaf(part)),
            Model::Not(inner) => format!("NOT {}", inner.write(placeholders, 3)),
            // The right side is one tighter: `a AND (b AND c)` keeps its parentheses and its shape.
            Model::And(left, right) => {
                let text = format!("{} AND {}", left.write(placeholders, 2), right.write(placeholders, 3));
                wrap(text, 2)
            }
            Model::Or(left, right) => {
                let text = format!("{} or {}", left.write(placeholders, 1), right.write(placeholders, 2));
                wrap(text, 1)
            }
        }
    }
}

fn value() -> impl Strategy<Value = AttributeValue> {
    let scalar = prop_oneof![
        (-2i64..3).prop_map(|number| AttributeValue::N(Number::from(number))),
        "[ab]{0,3}".prop_map(AttributeValue::string),
        "[ab]{0,3}".prop_map(|text| AttributeValue::B(text.into_bytes().into())),
        any::<bool>().prop_map(AttributeValue::Bool),
        Just(AttributeValue::Null),
        prop::collection::vec("[ab]{1,2}", 1..3)
            .prop_map(|texts| AttributeValue::string_set(texts.into_iter().map(Into::into).collect())),
        prop::collection::vec(-2i64..3, 1..3)
            .prop_map(|numbers| AttributeValue::number_set(numbers.into_iter().map(Number::from).collect())),
    ];
    scalar.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(AttributeValue::L),
            attributes(inner).prop_map(AttributeValue::M),
        ]
    })
}

fn attributes(value: impl Strategy<Value = AttributeValue>) -> impl Strategy<Value = Item> {
    let name = prop::sample::select(vec!["a", "b", "c"]).prop_map(Into::into);
    prop::collection::vec((name, value), 0..4).prop_map(|attributes| attributes.into_iter().collect())
}

fn path() -> impl Strategy<Value = Vec<&'static str>> {
    let head = prop::sample::select(vec!["a", "b", "c"]);
    let step = prop::sample::select(vec!["a", "b", "[0]", "[1]"]);
    (head, prop::collection::vec(step, 0..3)).prop_map(|(head, steps)| [vec![head], steps].concat())
}

fn leaf() -> impl Strategy<Value = Leaf> {
    prop_oneof![3 => path().prop_map(Leaf::Path), 3 => value().prop_map(Leaf::Value), 1 => path().prop_map(Leaf::Size)]
}

fn model() -> impl Strategy<Value = Model> {
    let operator = prop::sample::select(vec!["=", "<>", "<", "<=", ">", ">="]);
    let kind = prop::sample::select(vec!["S", "N", "L", "M", "SS"]).prop_map(AttributeValue::string);
    let atom = prop_oneof![
        4 => (operator, leaf(), leaf()).prop_map(|(operator, left, right)| Model::Compare(operator, left, right)),
        1 => (leaf(), leaf(), leaf()).prop_map(|(value, low, high)| Model::Between(value, low, high)),
        1 => (leaf(), prop::collection::vec(leaf(), 1..4)).prop_map(|(value, choices)| Model::In(value, choices)),
        1 => path().prop_map(|path| Model::Exists(Leaf::Path(path))),
        1 => (path(), kind).prop_map(|(path, kind)| Model::Type(Leaf::Path(path), kind)),
        1 => (leaf(), leaf()).prop_map(|(value, prefix)| Model::BeginsWith(value, prefix)),
        1 => (leaf(), leaf()).prop_map(|(value, part)| Model::Contains(value, part)),
    ];
    atom.prop_recursive(5, 24, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|inner| Model::Not(Box::new(inner))),
            (inner.clone(), inner.clone()).prop_map(|(left, right)| Model::And(Box::new(left), Box::new(right))),
            (inner.clone(), inner).prop_map(|(left, right)| Model::Or(Box::new(left), Box::new(right))),
        ]
    })
}

/// Texts that look like expressions, so that more than the first token is tried.
fn near_text() -> impl Strategy<Value = String> {
    let tokens = [
        "a",
        "b.c",
        "l[0]",
        "#n",
        "#x",
        ":v",
        ":w",
        ":x",
        "AND",
        "OR",
        "NOT",
        "IN",
        "BETWEEN",
        "(",
        ")",
        ",",
        "=",
        "<>",
        "<",
        "<=",
        "+",
        "-",
        "SET",
        "REMOVE",
        "ADD",
        "DELETE",
        "size(",
        "contains(",
        "attribute_exists(",
        "begins_with(",
        "attribute_type(",
        "if_not_exists(",
        "list_append(",
        "name",
        "5",
        "[",
        "]",
        ".",
        "é",
        "!",
    ];
    prop::collection::vec(prop::sample::select(tokens.to_vec()), 0..14).prop_map(|tokens| tokens.join(" "))
}

/// Everything that can be done with a text, an item and placeholders.
fn exercise(text: &str, item: &PackedItem, placeholders: &Placeholders) {
    let key = |name: &str| KeyAttribute { name: name.into(), scalar_type: ScalarType::S };
    let schemas = [
        KeySchema::new(key("a"), Some(key("b"))),
        KeySchema::of_attributes([key("a"), key("b")], [key("name"), key("c")]).unwrap(),
    ];
    let checked = |expression: &dyn UsesPlaceholders| _ = check(placeholders, expression);
    if let Ok(condition) = Condition::parse(ExpressionKind::Filter, text) {
        checked(&condition);
        _ = (condition.evaluate(placeholders, Some(item)), condition.evaluate(placeholders, None));
        schemas.iter().for_each(|schema| _ = condition.check_avoids_key(placeholders, schema));
    }
    if let Ok(condition) = KeyCondition::parse(text) {
        checked(&condition);
        for schema in &schemas {
            _ = condition.resolve(placeholders, schema).map(|range| range.sort.bounds());
        }
    }
    if let Ok(projection) = ProjectionExpression::parse(text) {
        checked(&projection);
        _ = (projection.project(placeholders, item), projection.top_level_names(placeholders));
    }
    if let Ok(update) = Update::parse(text) {
        checked(&update);
        for old in [None, Some(item)] {
            if let Ok(updated) = update.apply(placeholders, &Item::new(), old) {
                _ = (updated.updated_old(), updated.updated_new());
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_condition_evaluates_as_its_model(model in model(), item in attributes(value())) {
        let mut placeholders = Placeholders::default();
        let text = model.write(&mut placeholders, 1);
        let condition = Condition::parse(ExpressionKind::Condition, &text);
        let condition = condition.map_err(|error| TestCaseError::fail(format!("{text}: {error}")))?;
        prop_assert_eq!(condition.evaluate(&placeholders, Some(&PackedItem::pack(&item))).unwrap(), model.holds(&item), "{}", text);
    }

    #[test]
    fn no_text_panics(
        text in prop_oneof![3 => near_text(), 1 => ".{0,40}"],
        item in attributes(value()), one in value(), two in value(),
    ) {
        let names = [("#n".into(), "a".into())].into();
        let values = [(":v".into(), one), (":w".into(), two)].into_iter().collect();
        exercise(&text, &PackedItem::pack(&item), &Placeholders { names, values });
    }
}
