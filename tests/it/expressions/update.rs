//! Updates: drawn action by action, put down as text, and applied as plainly as can be.

use std::collections::BTreeSet;

use rand::{Rng, RngExt};

use super::value::{self, Map, NAMES, Path, Step, Value, find, find_mut, one_of};
use super::writing::Writing;

#[derive(Debug, Clone)]
pub enum Action {
    Set(Path, Source),
    Remove(Path),
    Add(Path, Value),
    Delete(Path, Value),
}

#[derive(Debug, Clone)]
pub enum Source {
    Value(Value),
    Path(Path),
    IfNotExists(Path, Box<Source>),
    Append(Box<Source>, Box<Source>),
    Sum(Box<Source>, &'static str, Box<Source>),
}

/// The update does not fit the item.
#[derive(Debug, PartialEq)]
pub struct Misfit;

/// Actions on attributes of their own, but for several on one list.
pub fn draw(item: &Map, random: &mut impl Rng) -> Vec<Action> {
    let mut heads = NAMES.to_vec();
    let mut actions = Vec::new();
    for _ in 0..random.random_range(1..5) {
        let head = heads.remove(random.random_range(0..heads.len()));
        let mut path = value::path(item, random);
        path[0] = Step::Name(head);
        match item.get(head) {
            Some(Value::L(list)) if random.random_bool(0.7) => {
                let mut indexes: Vec<usize> = (0..list.len() + 4).collect();
                for _ in 0..random.random_range(1..5) {
                    let index = indexes.remove(random.random_range(0..indexes.len()));
                    actions.push(action(vec![Step::Name(head), Step::Index(index)], item, random));
                }
            }
            Some(Value::M(_)) | None => actions.push(action(path, item, random)),
            // Mostly not beyond a scalar, which would be refused every time.
            Some(_) if random.random_bool(0.1) => actions.push(action(path, item, random)),
            Some(_) => actions.push(action(vec![Step::Name(head)], item, random)),
        }
    }
    actions
}

fn action(path: Path, item: &Map, random: &mut impl Rng) -> Action {
    let found = find(item, &path);
    match random.random_range(0..10) {
        0..5 => Action::Set(path, source(2, item, random)),
        5 | 6 => Action::Remove(path),
        7 | 8 => {
            let value = match found {
                Some(Value::N(_)) | None => Value::N(random.random_range(-2..3)),
                _ => value::set(random),
            };
            Action::Add(path, value)
        }
        _ => Action::Delete(path, value::set(random)),
    }
}

/// A right side whose operands fit where that is known before the item is.
fn source(depth: u32, item: &Map, random: &mut impl Rng) -> Source {
    let number = |random: &mut _| Source::Value(Value::N(RngExt::random_range(random, -3..4)));
    let list = |random: &mut _| Source::Value(Value::L(vec![value::scalar(random)]));
    let path = value::path(item, random);
    match random.random_range(0..10) {
        0..4 => Source::Value(value::value(1, random)),
        4 | 5 => Source::Path(path),
        _ if depth == 0 => Source::Value(value::scalar(random)),
        6 => Source::IfNotExists(path, Box::new(source(depth - 1, item, random))),
        7 => {
            let known = Source::IfNotExists(path, Box::new(list(random)));
            let (left, right) = if random.random() { (known, list(random)) } else { (list(random), known) };
            Source::Append(Box::new(left), Box::new(right))
        }
        _ => {
            let known = Source::IfNotExists(path.clone(), Box::new(number(random)));
            let left = one_of(&[known, Source::Path(path)], random);
            Source::Sum(Box::new(left), one_of(&["+", "-"], random), Box::new(number(random)))
        }
    }
}

impl Source {
    fn of(&self, before: &Map) -> Result<Value, Misfit> {
        match self {
            Source::Value(value) => Ok(value.clone()),
            Source::Path(path) => find(before, path).cloned().ok_or(Misfit),
            Source::IfNotExists(path, otherwise) => {
                find(before, path).cloned().map_or_else(|| otherwise.of(before), Ok)
            }
            Source::Append(left, right) => match (left.of(before)?, right.of(before)?) {
                (Value::L(left), Value::L(right)) => Ok(Value::L([left, right].concat())),
                _ => Err(Misfit),
            },
            Source::Sum(left, sign, right) => match (left.of(before)?, right.of(before)?) {
                (Value::N(left), Value::N(right)) => {
                    Ok(Value::N(if *sign == "+" { left + right } else { left - right }))
                }
                _ => Err(Misfit),
            },
        }
    }

    fn write(&self, writing: &mut Writing, random: &mut impl Rng) -> String {
        match self {
            Source::Value(value) => writing.value(value),
            Source::Path(path) => writing.path(path, random),
            Source::IfNotExists(path, otherwise) => {
                format!("if_not_exists({}, {})", writing.path(path, random), otherwise.write(writing, random))
            }
            Source::Append(left, right) => {
                format!("list_append({},{})", left.write(writing, random), right.write(writing, random))
            }
            Source::Sum(left, sign, right) => {
                format!("{} {sign} {}", left.write(writing, random), right.write(writing, random))
            }
        }
    }
}

/// The text: sections in any order, each once.
pub fn write(actions: &[Action], writing: &mut Writing, random: &mut impl Rng) -> String {
    let mut sections: Vec<(&str, Vec<String>)> = ["SET", "remove", "ADD", "Delete"].map(|name| (name, vec![])).into();
    for action in actions {
        let (section, text) = match action {
            Action::Set(path, source) => {
                (0, format!("{} = {}", writing.path(path, random), source.write(writing, random)))
            }
            Action::Remove(path) => (1, writing.path(path, random)),
            Action::Add(path, value) => (2, format!("{} {}", writing.path(path, random), writing.value(value))),
            Action::Delete(path, value) => (3, format!("{} {}", writing.path(path, random), writing.value(value))),
        };
        sections[section].1.push(text);
    }
    let start = random.random_range(0..sections.len());
    sections.rotate_left(start);
    let written = sections.iter().filter(|(_, actions)| !actions.is_empty());
    written.map(|(name, actions)| format!("{name} {}", actions.join(", "))).collect::<Vec<_>>().join(" ")
}

/// The item after the update. Operands are those of the item as it was; indexes beyond a list's end append in their order;
/// removed elements go when everything else is done.
pub fn apply(actions: &[Action], before: &Map) -> Result<Map, Misfit> {
    let mut after = before.clone();
    let mut appended: Vec<(usize, Path, Value)> = Vec::new();
    let mut removed: Vec<(usize, Path)> = Vec::new();
    let mut set = |after: &mut Map, path: &Path, value: Value| -> Result<(), Misfit> {
        match (place(after, path)?, path.last()) {
            (Place::Map(map), Some(Step::Name(name))) => _ = map.insert((*name).to_owned(), value),
            (Place::List(list), Some(Step::Index(index))) => match list.get_mut(*index) {
                Some(element) => *element = value,
                None => appended.push((*index, path[..path.len() - 1].to_vec(), value)),
            },
            _ => return Err(Misfit),
        }
        Ok(())
    };
    for action in actions {
        match action {
            Action::Set(path, source) => set(&mut after, path, source.of(before)?)?,
            Action::Remove(path) => match (place(&mut after, path)?, path.last()) {
                (Place::Map(map), Some(Step::Name(name))) => _ = map.remove(*name),
                (Place::List(_), Some(Step::Index(index))) => removed.push((*index, path[..path.len() - 1].to_vec())),
                _ => return Err(Misfit),
            },
            Action::Add(path, value) => {
                place(&mut after, path)?;
                let sum = match (find(&after, path), value) {
                    (None, value) => value.clone(),
                    (Some(Value::N(number)), Value::N(added)) => Value::N(number + added),
                    (Some(Value::Ns(numbers)), Value::Ns(added)) => Value::Ns(numbers | added),
                    (Some(Value::Ss(texts)), Value::Ss(added)) => Value::Ss(texts | added),
                    _ => return Err(Misfit),
                };
                set(&mut after, path, sum)?;
            }
            Action::Delete(path, value) => {
                place(&mut after, path)?;
                let is_empty = match (find_mut(&mut after, path), value) {
                    (None, _) => continue,
                    (Some(Value::Ns(numbers)), Value::Ns(gone)) => take(numbers, gone),
                    (Some(Value::Ss(texts)), Value::Ss(gone)) => take(texts, gone),
                    _ => return Err(Misfit),
                };
                match (place(&mut after, path)?, path.last()) {
                    (Place::Map(map), Some(Step::Name(name))) if is_empty => _ = map.remove(*name),
                    (Place::List(_), Some(Step::Index(index))) if is_empty => {
                        removed.push((*index, path[..path.len() - 1].to_vec()));
                    }
                    _ => {}
                }
            }
        }
    }
    appended.sort_by_key(|(index, ..)| *index);
    for (_, list, value) in appended {
        let Some(Value::L(list)) = find_mut(&mut after, &list) else { return Err(Misfit) };
        list.push(value);
    }
    removed.sort_by_key(|(index, _)| std::cmp::Reverse(*index));
    for (index, list) in removed {
        let Some(Value::L(list)) = find_mut(&mut after, &list) else { return Err(Misfit) };
        if index < list.len() {
            list.remove(index);
        }
    }
    Ok(after)
}

fn take<T: Ord + Clone>(elements: &mut BTreeSet<T>, gone: &BTreeSet<T>) -> bool {
    *elements = &*elements - gone;
    elements.is_empty()
}

enum Place<'a> {
    Map(&'a mut Map),
    List(&'a mut Vec<Value>),
}

/// What the last step of the path is taken in.
fn place<'a>(item: &'a mut Map, path: &[Step]) -> Result<Place<'a>, Misfit> {
    if path.len() == 1 {
        return Ok(Place::Map(item));
    }
    match (find_mut(item, &path[..path.len() - 1]), path.last()) {
        (Some(Value::M(map)), Some(Step::Name(_))) => Ok(Place::Map(map)),
        (Some(Value::L(list)), Some(Step::Index(_))) => Ok(Place::List(list)),
        _ => Err(Misfit),
    }
}
