//! Values of the model: whole numbers, texts, and what holds them; nothing of the library's own.

use std::collections::{BTreeMap, BTreeSet};

use dynamometer::item::{AttributeValue, Item, Number};
use rand::{Rng, RngExt};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    N(i64),
    S(String),
    B(Vec<u8>),
    Bool(bool),
    Null,
    Ns(BTreeSet<i64>),
    Ss(BTreeSet<String>),
    L(Vec<Value>),
    M(Map),
}

pub type Map = BTreeMap<String, Value>;

/// A step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Name(&'static str),
    Index(usize),
}

pub type Path = Vec<Step>;

/// Attributes; each is of a type of its own often enough for paths to lead somewhere.
pub const NAMES: [&str; 6] = ["aa", "bb", "cc", "dd", "ee", "ff"];

impl Value {
    pub fn descriptor(&self) -> &'static str {
        match self {
            Value::N(_) => "N",
            Value::S(_) => "S",
            Value::B(_) => "B",
            Value::Bool(_) => "BOOL",
            Value::Null => "NULL",
            Value::Ns(_) => "NS",
            Value::Ss(_) => "SS",
            Value::L(_) => "L",
            Value::M(_) => "M",
        }
    }

    pub fn to_attribute(&self) -> AttributeValue {
        match self {
            Value::N(number) => AttributeValue::N(Number::from(*number)),
            Value::S(text) => AttributeValue::string(text.as_str()),
            Value::B(bytes) => AttributeValue::B(bytes.clone().into()),
            Value::Bool(truth) => AttributeValue::Bool(*truth),
            Value::Null => AttributeValue::Null,
            Value::Ns(numbers) => AttributeValue::number_set(numbers.iter().rev().map(|n| Number::from(*n)).collect()),
            Value::Ss(texts) => {
                AttributeValue::string_set(texts.iter().rev().map(|text| text.as_str().into()).collect())
            }
            Value::L(list) => AttributeValue::L(list.iter().map(Value::to_attribute).collect()),
            Value::M(map) => AttributeValue::M(to_item(map)),
        }
    }
}

pub fn to_item(map: &Map) -> Item {
    map.iter().map(|(name, value)| (name.as_str().into(), value.to_attribute())).collect()
}

pub fn find<'a>(map: &'a Map, path: &[Step]) -> Option<&'a Value> {
    let (Step::Name(head), rest) = path.split_first()? else { return None };
    rest.iter().try_fold(map.get(*head)?, |found, step| match (found, step) {
        (Value::M(map), Step::Name(name)) => map.get(*name),
        (Value::L(list), Step::Index(index)) => list.get(*index),
        _ => None,
    })
}

pub fn find_mut<'a>(map: &'a mut Map, path: &[Step]) -> Option<&'a mut Value> {
    let (Step::Name(head), rest) = path.split_first()? else { return None };
    rest.iter().try_fold(map.get_mut(*head)?, |found, step| match (found, step) {
        (Value::M(map), Step::Name(name)) => map.get_mut(*name),
        (Value::L(list), Step::Index(index)) => list.get_mut(*index),
        _ => None,
    })
}

pub fn one_of<T: Clone>(choices: &[T], random: &mut impl Rng) -> T {
    choices[random.random_range(0..choices.len())].clone()
}

pub fn text(random: &mut impl Rng) -> String {
    (0..random.random_range(0..4)).map(|_| one_of(&['a', 'b', 'é'], random)).collect()
}

pub fn scalar(random: &mut impl Rng) -> Value {
    match random.random_range(0..8) {
        0..3 => Value::N(random.random_range(-3..4)),
        3 | 4 => Value::S(text(random)),
        5 => Value::B(text(random).into_bytes()),
        6 => Value::Bool(random.random()),
        _ => Value::Null,
    }
}

pub fn set(random: &mut impl Rng) -> Value {
    let count = random.random_range(1..4);
    if random.random() {
        Value::Ns((0..count).map(|_| random.random_range(-3..4)).collect())
    } else {
        Value::Ss((0..count).map(|_| one_of(&["a", "b", "ab"], random).to_owned()).collect())
    }
}

pub fn value(depth: u32, random: &mut impl Rng) -> Value {
    match random.random_range(0..10) {
        0..5 => scalar(random),
        5 | 6 => set(random),
        _ if depth == 0 => scalar(random),
        7 => Value::L((0..random.random_range(0..4)).map(|_| value(depth - 1, random)).collect()),
        _ => Value::M(map(depth - 1, random)),
    }
}

pub fn map(depth: u32, random: &mut impl Rng) -> Map {
    (0..random.random_range(0..6)).map(|_| (one_of(&NAMES, random).to_owned(), value(depth, random))).collect()
}

/// A path that often leads somewhere in the item.
pub fn path(item: &Map, random: &mut impl Rng) -> Path {
    let mut path = vec![Step::Name(one_of(&NAMES, random))];
    while path.len() < 4 && random.random_bool(0.6) {
        path.push(match find(item, &path) {
            Some(Value::L(list)) => Step::Index(random.random_range(0..list.len() + 2)),
            Some(Value::M(_)) => Step::Name(one_of(&NAMES, random)),
            _ if random.random_bool(0.8) => break,
            _ if random.random() => Step::Index(random.random_range(0..3)),
            _ => Step::Name(one_of(&NAMES, random)),
        });
    }
    path
}
