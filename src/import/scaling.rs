//! Auto scaling as Application Auto Scaling registers it: targets and policies beside the table.

use super::draft::{CapacityDraft, TableDraft, UnitsDraft};

/// Target utilizations that DynamoDB allows (facts §5.1).
const TARGETS: std::ops::RangeInclusive<f64> = 0.2..=0.9;

/// A scalable target: `table/NAME` or `table/NAME/index/INDEX`, and one of its dimensions.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scaling {
    /// What is scaled, such as `table/orders`.
    pub resource_id: String,
    /// Which capacity, such as `dynamodb:table:ReadCapacityUnits`.
    pub dimension: String,
    /// Least units.
    pub min: u64,
    /// Most units.
    pub max: u64,
    /// Target utilization in percent, where a policy says it.
    pub target_percent: Option<f64>,
}

/// Gives tables their scaling; what fits none becomes a note of the file.
pub(super) fn apply(scalings: Vec<Scaling>, tables: &mut [TableDraft]) -> Vec<String> {
    let mut notes = Vec::new();
    for scaling in scalings {
        if !scaling.dimension.starts_with("dynamodb:") {
            continue;
        }
        let lost = format!("auto scaling of `{}` ({}) fits no table here", scaling.resource_id, scaling.dimension);
        let mut parts = scaling.resource_id.split('/');
        let (Some("table"), Some(table), within) = (parts.next(), parts.next(), (parts.next(), parts.next())) else {
            notes.push(lost);
            continue;
        };
        let Some(table) = tables.iter_mut().find(|known| known.name == table) else {
            notes.push(lost);
            continue;
        };
        let capacity = match within {
            (None, _) => Some(&mut table.capacity),
            (Some("index"), Some(name)) => table
                .global_indexes
                .iter_mut()
                .find(|index| index.name == name)
                .map(|index| index.capacity.get_or_insert(table.capacity)),
            _ => None,
        };
        let is_read = scaling.dimension.ends_with(":ReadCapacityUnits");
        let units = match capacity {
            Some(CapacityDraft::Provisioned { read, write }) => Some(if is_read { read } else { write }),
            _ => None,
        };
        let Some(units) = units else {
            notes.push(lost);
            continue;
        };
        *units = scaled(*units, &scaling, &mut table.notes);
    }
    notes
}

/// Units within their bounds. A target that is not allowed is left out with a note.
pub(super) fn scaled(units: UnitsDraft, scaling: &Scaling, notes: &mut Vec<String>) -> UnitsDraft {
    let (min, max) = (scaling.min.max(1), scaling.max.max(scaling.min).max(1));
    let target = scaling.target_percent.map(|percent| percent / 100.0).filter(|target| {
        let is_allowed = TARGETS.contains(target);
        if !is_allowed {
            notes.push(format!("a target utilization of {target} is not one of DynamoDB's; 0.7 is assumed"));
        }
        is_allowed
    });
    UnitsDraft { units: units.units.clamp(min, max), scaling: Some((min, max, target)) }
}
