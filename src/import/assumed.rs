//! What is assumed where nothing is known: values of keys, a modest load.

use crate::item::ScalarType;

use super::draft::{CapacityDraft, TableDraft, UnitsDraft};
use super::toml_text::quoted;

/// Items where their number is unknown.
pub(super) const ITEMS: u64 = 10_000;
/// The size of an item where it is unknown, in bytes.
pub(super) const ITEM_BYTES: u64 = 500;
/// Items that share a partition key, where there is a sort key.
pub(super) const ITEMS_PER_PARTITION: u64 = 10;
/// Operations per second for each table, where capacity does not ask for fewer.
const PER_SECOND: u64 = 50;
/// The share of provisioned units that the load asks for, roughly: it is not meant to throttle.
const OF_PROVISIONED: u64 = 4;
/// The longest prefix of a key's values.
const PREFIX_MAX: usize = 16;

/// What a key attribute is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The table's partition key; whether records share it.
    Partition { shared: bool },
    /// The table's sort key.
    Sort,
    /// A partition key of an index; whether the table's records share theirs.
    IndexPartition { shared: bool },
    /// A sort key of an index.
    IndexSort,
}

/// A generator for a key attribute, in TOML.
pub(super) fn key_value(name: &str, scalar_type: ScalarType, role: Role) -> String {
    let number = |of: &str| format!("{{ {of} = {{}} }}");
    let text = |of: &str| quoted(&format!("{}-{{{of}:06}}", prefix(name)));
    match (scalar_type, role) {
        (ScalarType::B, _) => "{ binary = { length = 16 } }".into(),
        (ScalarType::S, Role::Partition { shared } | Role::IndexPartition { shared }) => {
            text(if shared { "partition" } else { "record" })
        }
        (ScalarType::N, Role::Partition { shared } | Role::IndexPartition { shared }) => {
            number(if shared { "partition" } else { "record" })
        }
        (ScalarType::S, Role::Sort) => text("sort"),
        (ScalarType::N, Role::Sort) => number("sort"),
        (ScalarType::S, Role::IndexSort) => "{ timestamp = { spread = \"30d\" } }".into(),
        (ScalarType::N, Role::IndexSort) => "{ timestamp = { format = \"epoch_seconds\", spread = \"30d\" } }".into(),
    }
}

/// Roughly the bytes of such a value.
pub(super) fn key_bytes(name: &str, scalar_type: ScalarType, role: Role) -> u64 {
    let value = match (scalar_type, role) {
        (ScalarType::B, _) => 16,
        (ScalarType::S, Role::IndexSort) => 24,
        (ScalarType::S, _) => prefix(name).len() + 8,
        (ScalarType::N, _) => 7,
    };
    (name.len() + value) as u64
}

/// The beginning of a key's values: its name, as far as no character of it needs care.
pub(super) fn prefix(name: &str) -> String {
    let plain: String =
        name.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')).take(PREFIX_MAX).collect();
    if plain.is_empty() { "key".into() } else { plain }
}

/// Operations per second on all tables together: modest, and well within what is provisioned.
pub(super) fn per_second(tables: &[TableDraft]) -> f64 {
    let least = |units: UnitsDraft| units.units / OF_PROVISIONED;
    let of_table = |table: &TableDraft| {
        let indexes = table.global_indexes.iter().filter_map(|index| index.capacity);
        let capacities = std::iter::once(table.capacity).chain(indexes);
        let fitting = capacities.filter_map(|capacity| match capacity {
            CapacityDraft::Provisioned { read, write } => Some(least(read).min(least(write))),
            CapacityDraft::OnDemand { .. } => None,
        });
        fitting.min().unwrap_or(PER_SECOND).clamp(1, PER_SECOND)
    };
    tables.iter().map(of_table).min().unwrap_or(1) as f64 * tables.len() as f64
}
