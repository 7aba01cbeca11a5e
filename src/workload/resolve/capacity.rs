//! Capacity modes and throughput.

use crate::api::{AutoScaling, CapacityMode, CapacityRange};
use crate::workload::WorkloadError;
use crate::workload::file::{AutoScaledUnits, CapacityFile, Located, OneOf, UnitsFile};

use super::Context;

/// More capacity than any table has.
const UNITS_MAX: u64 = 1_000_000_000;
/// The default target utilization of auto scaling (facts §5.1).
const DEFAULT_TARGET_UTILIZATION: f64 = 0.7;

/// The capacity mode of a table or index; on-demand where nothing is said.
pub(super) fn resolve_capacity(
    context: &Context<'_>,
    file: Option<&Located<OneOf<CapacityFile>>>,
) -> Result<CapacityMode, WorkloadError> {
    let Some(file) = file else { return Ok(CapacityMode::ON_DEMAND) };
    Ok(match &file.value.0 {
        CapacityFile::OnDemand { max_read, max_write } => {
            if [max_read, max_write].into_iter().flatten().any(|max| !(1..=UNITS_MAX).contains(max)) {
                let message = format!("the maximum request units per second are 1 to {UNITS_MAX}");
                return Err(context.error(&file.span, message));
            }
            CapacityMode::OnDemand { max_read_units: *max_read, max_write_units: *max_write }
        }
        CapacityFile::Provisioned { read, write } => {
            CapacityMode::Provisioned { read: resolve_units(context, read)?, write: resolve_units(context, write)? }
        }
    })
}

fn resolve_units(context: &Context<'_>, file: &Located<UnitsFile>) -> Result<CapacityRange, WorkloadError> {
    let span = &file.span;
    match &file.value {
        UnitsFile::Fixed(units) if !(1..=UNITS_MAX).contains(units) => {
            Err(context.error(span, format!("provisioned capacity is {units}; it must be between 1 and {UNITS_MAX}")))
        }
        UnitsFile::Fixed(units) => Ok(CapacityRange { units: *units, auto_scaling: None }),
        UnitsFile::AutoScaled(AutoScaledUnits { start, min, max, target }) => {
            context.within("max", max, 1, UNITS_MAX)?;
            context.within("min", min, 1, max.value)?;
            if let Some(target) = target {
                context.within("target", target, 0.2, 0.9)?;
            }
            let units = start.unwrap_or(min.value);
            if !(min.value..=max.value).contains(&units) {
                return Err(context.error(&min.span, format!("start is {units}; it must be between min and max")));
            }
            let target_utilization = target.as_ref().map_or(DEFAULT_TARGET_UTILIZATION, |target| target.value);
            let auto_scaling = AutoScaling { min_units: min.value, max_units: max.value, target_utilization };
            Ok(CapacityRange { units, auto_scaling: Some(auto_scaling) })
        }
    }
}
