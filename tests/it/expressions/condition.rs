//! Conditions: drawn as trees, put down as text, and evaluated as plainly as can be.

use std::cmp::Ordering;

use rand::{Rng, RngExt};

use super::value::{self, Map, Path, Value, find, one_of};
use super::writing::Writing;

#[derive(Debug, Clone)]
pub enum Condition {
    Compare(&'static str, Operand, Operand),
    Between(Operand, Operand, Operand),
    In(Operand, Vec<Operand>),
    Exists(Path),
    NotExists(Path),
    Type(Path, &'static str),
    BeginsWith(Operand, Operand),
    Contains(Operand, Operand),
    Not(Box<Condition>),
    And(Box<Condition>, Box<Condition>),
    Or(Box<Condition>, Box<Condition>),
}

#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    Path(Path),
    Value(Value),
    Size(Path),
}

const ORDERED: [&str; 3] = ["N", "S", "B"];
const TYPES: [&str; 10] = ["S", "N", "B", "SS", "NS", "BS", "M", "L", "NULL", "BOOL"];

/// A condition the service takes: operands known beforehand fit their operators, and an operator's first path is not among
/// its others.
pub fn draw(depth: u32, item: &Map, random: &mut impl Rng) -> Condition {
    if depth > 0 && random.random_bool(0.6) {
        let mut inner = || Box::new(draw(depth - 1, item, random));
        let (left, right) = (inner(), inner());
        return match random.random_range(0..5) {
            0 => Condition::Not(left),
            1 | 2 => Condition::And(left, right),
            _ => Condition::Or(left, right),
        };
    }
    let path = value::path(item, random);
    match random.random_range(0..12) {
        0 => Condition::Exists(path),
        1 => Condition::NotExists(path),
        2 => Condition::Type(path, one_of(&TYPES, random)),
        3 => {
            let prefix = prefix_of(find(item, &path), random);
            Condition::BeginsWith(Operand::Path(path), Operand::Value(prefix))
        }
        4 => {
            let part = part_of(find(item, &path), random);
            Condition::Contains(Operand::Path(path), Operand::Value(part))
        }
        5 => {
            let (low, high) = (random.random_range(-4..3), random.random_range(0..3));
            let low_high = [low, low + high].map(|bound| Operand::Value(Value::N(bound)));
            let [low, high] = low_high;
            Condition::Between(one_of(&[Operand::Path(path.clone()), Operand::Size(path)], random), low, high)
        }
        6 => {
            let other = |random: &mut _| distinct(&path, random_operand(item, random), random);
            let choices = (0..random.random_range(1..5)).map(|_| other(random)).collect();
            Condition::In(Operand::Path(path), choices)
        }
        7 => {
            let right = Operand::Value(Value::N(random.random_range(0..4)));
            Condition::Compare(one_of(&["=", "<>", "<", "<=", ">", ">="], random), Operand::Size(path), right)
        }
        8 | 9 => {
            let right = distinct(&path, random_operand(item, random), random);
            Condition::Compare(one_of(&["=", "<>"], random), Operand::Path(path), right)
        }
        _ => {
            let right = distinct(&path, random_operand(item, random), random);
            let known = match &right {
                Operand::Value(value) => ORDERED.contains(&value.descriptor()),
                _ => true,
            };
            let right = if known { right } else { Operand::Value(Value::N(1)) };
            let sides = if random.random() { (Operand::Path(path), right) } else { (right, Operand::Path(path)) };
            Condition::Compare(one_of(&["<", "<=", ">", ">="], random), sides.0, sides.1)
        }
    }
}

fn random_operand(item: &Map, random: &mut impl Rng) -> Operand {
    let path = value::path(item, random);
    match random.random_range(0..6) {
        // What the item holds, so that something is equal.
        0 | 1 => find(item, &path).map_or(Operand::Value(Value::Null), |value| Operand::Value(value.clone())),
        2 | 3 => Operand::Value(value::value(1, random)),
        4 => Operand::Size(path),
        _ => Operand::Path(path),
    }
}

fn distinct(path: &Path, operand: Operand, random: &mut impl Rng) -> Operand {
    if operand == Operand::Path(path.clone()) { Operand::Value(value::scalar(random)) } else { operand }
}

fn prefix_of(found: Option<&Value>, random: &mut impl Rng) -> Value {
    match found {
        Some(Value::S(text)) if random.random() => Value::S(text.chars().take(1).collect()),
        Some(Value::B(bytes)) if random.random() => Value::B(bytes.iter().take(2).copied().collect()),
        _ => Value::S(value::text(random)),
    }
}

fn part_of(found: Option<&Value>, random: &mut impl Rng) -> Value {
    match found {
        Some(Value::L(list)) if !list.is_empty() => one_of(list, random),
        Some(Value::Ns(numbers)) => Value::N(*numbers.first().unwrap_or(&0) + i64::from(random.random::<bool>())),
        Some(Value::Ss(_)) => Value::S(one_of(&["a", "b", "ab"], random).to_owned()),
        Some(Value::B(bytes)) => Value::B(bytes.iter().skip(1).copied().collect()),
        _ => Value::S(value::text(random)),
    }
}

impl Operand {
    fn of(&self, item: &Map) -> Option<Value> {
        match self {
            Operand::Path(path) => find(item, path).cloned(),
            Operand::Value(value) => Some(value.clone()),
            Operand::Size(path) => {
                let size = match find(item, path)? {
                    Value::S(text) => text.len(),
                    Value::B(bytes) => bytes.len(),
                    Value::Ns(numbers) => numbers.len(),
                    Value::Ss(texts) => texts.len(),
                    Value::L(list) => list.len(),
                    Value::M(map) => map.len(),
                    Value::N(_) | Value::Bool(_) | Value::Null => return None,
                };
                Some(Value::N(size as i64))
            }
        }
    }
}

fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::N(left), Value::N(right)) => Some(left.cmp(right)),
        (Value::S(left), Value::S(right)) => Some(left.as_bytes().cmp(right.as_bytes())),
        (Value::B(left), Value::B(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

fn compare(operator: &str, left: Option<Value>, right: Option<Value>) -> bool {
    let (left, right) = match (operator, left, right) {
        ("<>", None, _) | ("<>", _, None) => return true,
        (_, Some(left), Some(right)) => (left, right),
        _ => return false,
    };
    match (operator, order(&left, &right)) {
        ("=", _) => left == right,
        ("<>", _) => left != right,
        (_, None) => false,
        ("<", Some(order)) => order.is_lt(),
        ("<=", Some(order)) => order.is_le(),
        (">", Some(order)) => order.is_gt(),
        (_, Some(order)) => order.is_ge(),
    }
}

impl Condition {
    pub fn holds(&self, item: &Map) -> bool {
        match self {
            Condition::Compare(operator, left, right) => compare(operator, left.of(item), right.of(item)),
            Condition::Between(value, low, high) => {
                compare(">=", value.of(item), low.of(item)) && compare("<=", value.of(item), high.of(item))
            }
            Condition::In(value, choices) => choices.iter().any(|choice| compare("=", value.of(item), choice.of(item))),
            Condition::Exists(path) => find(item, path).is_some(),
            Condition::NotExists(path) => find(item, path).is_none(),
            Condition::Type(path, descriptor) => {
                find(item, path).is_some_and(|value| value.descriptor() == *descriptor)
            }
            Condition::BeginsWith(value, prefix) => match (value.of(item), prefix.of(item)) {
                (Some(Value::S(text)), Some(Value::S(prefix))) => text.starts_with(&prefix),
                (Some(Value::B(bytes)), Some(Value::B(prefix))) => bytes.starts_with(&prefix),
                _ => false,
            },
            Condition::Contains(value, part) => match (value.of(item), part.of(item)) {
                (Some(Value::S(text)), Some(Value::S(part))) => text.contains(&part),
                (Some(Value::B(bytes)), Some(Value::B(part))) => {
                    part.is_empty() || bytes.windows(part.len()).any(|window| window == part)
                }
                (Some(Value::Ns(numbers)), Some(Value::N(part))) => numbers.contains(&part),
                (Some(Value::Ss(texts)), Some(Value::S(part))) => texts.contains(&part),
                (Some(Value::L(list)), Some(part)) => list.contains(&part),
                _ => false,
            },
            Condition::Not(inner) => !inner.holds(item),
            Condition::And(left, right) => left.holds(item) && right.holds(item),
            Condition::Or(left, right) => left.holds(item) || right.holds(item),
        }
    }

    /// The text. A part in a tighter place gets parentheses: OR is 0, AND 1, NOT 2, anything else 3.
    pub fn write(&self, within: u8, writing: &mut Writing, random: &mut impl Rng) -> String {
        let (binding, text) = match self {
            Condition::Compare(operator, left, right) => {
                let (left, right) = (left.write(writing, random), right.write(writing, random));
                (3, format!("{left} {operator} {right}"))
            }
            Condition::Between(value, low, high) => {
                let [value, low, high] = [value, low, high].map(|operand| operand.write(writing, random));
                (3, format!("{value} BETWEEN {low} and {high}"))
            }
            Condition::In(value, choices) => {
                let choices: Vec<String> = choices.iter().map(|choice| choice.write(writing, random)).collect();
                (3, format!("{} in ( {} )", value.write(writing, random), choices.join(",")))
            }
            Condition::Exists(path) => (3, format!("attribute_exists({})", writing.path(path, random))),
            Condition::NotExists(path) => (3, format!("attribute_not_exists ( {} )", writing.path(path, random))),
            Condition::Type(path, descriptor) => {
                let descriptor = writing.value(&Value::S((*descriptor).to_owned()));
                (3, format!("attribute_type({}, {descriptor})", writing.path(path, random)))
            }
            Condition::BeginsWith(value, prefix) => {
                (3, format!("begins_with({}, {})", value.write(writing, random), prefix.write(writing, random)))
            }
            Condition::Contains(value, part) => {
                (3, format!("contains({},{})", value.write(writing, random), part.write(writing, random)))
            }
            Condition::Not(inner) => (2, format!("NOT {}", inner.write(2, writing, random))),
            Condition::And(left, right) => {
                (1, format!("{} AND {}", left.write(1, writing, random), right.write(2, writing, random)))
            }
            Condition::Or(left, right) => {
                (0, format!("{} or {}", left.write(0, writing, random), right.write(1, writing, random)))
            }
        };
        // One pair more than needed is allowed, two are not.
        if binding < within || random.random_bool(0.1) { format!("({text})") } else { text }
    }
}

impl Operand {
    fn write(&self, writing: &mut Writing, random: &mut impl Rng) -> String {
        match self {
            Operand::Path(path) => writing.path(path, random),
            Operand::Value(value) => writing.value(value),
            Operand::Size(path) => format!("size({})", writing.path(path, random)),
        }
    }
}
