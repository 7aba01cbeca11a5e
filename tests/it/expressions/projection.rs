//! Projections: drawn as paths, and selected as plainly as can be.

use super::value::{Map, Path, Step, Value};

/// Whether the service refuses two of the paths: one leads into the other, or they take one place for a map and for a list.
pub fn overlap(paths: &[Path]) -> bool {
    let pairs = paths.iter().enumerate().flat_map(|(at, one)| paths[..at].iter().map(move |two| (one, two)));
    pairs.into_iter().any(|(one, two)| {
        let parting = one.iter().zip(two).find(|(left, right)| left != right);
        parting
            .is_none_or(|parting| matches!(parting, (Step::Index(_), Step::Name(_)) | (Step::Name(_), Step::Index(_))))
    })
}

/// The parts of the item the paths name; list elements close ranks.
pub fn project(item: &Map, paths: &[Path]) -> Map {
    let chosen = |name: &String, value: &Value| Some((name.clone(), select(value, &within(paths, name))?));
    item.iter().filter_map(|(name, value)| chosen(name, value)).collect()
}

fn within(paths: &[Path], name: &str) -> Vec<Path> {
    let inner = paths.iter().filter(|path| matches!(&path[0], Step::Name(first) if *first == name));
    inner.map(|path| path[1..].to_vec()).collect()
}

fn select(value: &Value, paths: &[Path]) -> Option<Value> {
    if paths.iter().any(Vec::is_empty) {
        return Some(value.clone());
    }
    match value {
        Value::M(map) => Some(Value::M(project(map, paths))).filter(|chosen| *chosen != Value::M(Map::new())),
        Value::L(list) => {
            let chosen: Vec<Value> = list
                .iter()
                .enumerate()
                .filter_map(|(at, element)| {
                    let inner = paths.iter().filter(|path| path[0] == Step::Index(at)).map(|path| path[1..].to_vec());
                    select(element, &inner.collect::<Vec<_>>())
                })
                .collect();
            (!chosen.is_empty()).then_some(Value::L(chosen))
        }
        _ => None,
    }
}
