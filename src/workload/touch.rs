//! Which records operations read and write one by one, for models that reckon with rates instead of drawing requests.

use super::distribution::key::KeyDistribution;
use super::operation::{Action, KeyChoice, Kind, OperationSpec, Verb};

/// Reads or writes of single records by an operation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Touch<'w> {
    /// The table.
    pub table: usize,
    /// Which records.
    pub records: Records<'w>,
    /// How many of them one operation is about, on average.
    pub each: f64,
    /// Whether they are written; otherwise they are read, eventually consistently and outside of transactions.
    pub is_write: bool,
}

/// Which records.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Records<'w> {
    /// Drawn from a distribution.
    Drawn(&'w dyn KeyDistribution),
    /// One after the other, and again from the first.
    InOrder,
    /// Each another one: new ones, or such as are never there.
    Once,
    /// Always this one.
    One(u64),
}

impl OperationSpec {
    /// The records it writes, and those it reads where a cache may answer: by eventually consistent GetItem and BatchGetItem.
    pub(crate) fn touches(&self) -> Vec<Touch<'_>> {
        let touch = |action: &'_ Action, records, each| {
            let is_write = match action.verb {
                Verb::Get if action.consistent_read => return None,
                Verb::Get => false,
                Verb::Put | Verb::Update | Verb::Delete => true,
                Verb::ConditionCheck => return None,
            };
            Some(Touch { table: action.table, records, each, is_write })
        };
        match &self.kind {
            Kind::Action(action) => touch(action, records(action, &[]), 1.0).into_iter().collect(),
            Kind::BatchGet { of, size } | Kind::BatchWrite { of, size, .. } => {
                touch(of, records(of, &[]), size.mean().max(1.0)).into_iter().collect()
            }
            Kind::TransactWrite(actions) => {
                actions.iter().filter_map(|action| touch(action, records(action, actions), 1.0)).collect()
            }
            Kind::TransactGet(_) | Kind::Query(_) | Kind::Scan(_) => Vec::new(),
        }
    }
}

/// The records of an action; `same_as` means those of an action before it.
fn records<'w>(action: &'w Action, before: &'w [Action]) -> Records<'w> {
    match &action.key {
        KeyChoice::Existing(distribution) => Records::Drawn(&**distribution),
        KeyChoice::Sequential => Records::InOrder,
        KeyChoice::New | KeyChoice::Missing => Records::Once,
        KeyChoice::Record(record) => Records::One(*record),
        // An action can only be the same as an earlier one, so that this ends.
        KeyChoice::SameAs(number) => match before.get(number - 1) {
            Some(other) if !matches!(other.key, KeyChoice::SameAs(_)) => records(other, before),
            _ => Records::Once,
        },
    }
}
