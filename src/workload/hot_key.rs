//! Keys that a workload asks more of than one partition serves, reckoned from the distributions alone.

use crate::api::ReadWrite;

use super::{EngineCapacity, Workload};

/// The least a read costs: eventually consistent, up to 4 KB.
const LEAST_READ_UNITS: f64 = 0.5;
/// The least a write costs: up to 1 KB.
const LEAST_WRITE_UNITS: f64 = 1.0;

impl Workload {
    /// Warnings about single keys that need more than a partition's ceiling even if every request costs the least it can.
    /// They are throttled, whatever the table's capacity, and no split helps. Reads that a cache may answer are left out.
    pub fn hot_key_warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.engine_capacity == EngineCapacity::Off {
            return warnings;
        }
        for (at, operation) in self.operations.iter().enumerate() {
            if operation.cacheable_reads().any(|table| self.is_cached(table)) {
                continue;
            }
            let Some((table, share)) = operation.hottest_key(&self.tables) else { continue };
            let (least, ceiling, unit) = match operation.operation.access() {
                ReadWrite::Read => {
                    let ceiling = self.capacity_model.partition_read_units_per_second as f64;
                    (LEAST_READ_UNITS, ceiling * self.capacity_model.eventual_read_factor.max(1.0), "read")
                }
                ReadWrite::Write => {
                    (LEAST_WRITE_UNITS, self.capacity_model.partition_write_units_per_second as f64, "write")
                }
            };
            let peaks = self.phases.iter().map(|phase| {
                let rate = phase.curve.as_ref().map_or(0.0, |curve| curve.peak());
                rate * phase.mix.shares()[at] * share * least
            });
            let needed = peaks.fold(0.0, f64::max);
            if needed > ceiling {
                warnings.push(format!(
                    "operation `{}` asks at least {needed:.0} {unit} units a second of one key of table `{}`; a partition \
                     serves {ceiling:.0} and throttles the rest, whatever the table's capacity",
                    operation.name, self.tables[table].create.name,
                ));
            }
        }
        warnings
    }

    /// Whether the cache stands before a table.
    fn is_cached(&self, table: usize) -> bool {
        self.cache.as_ref().is_some_and(|cache| cache.tables.contains(&self.tables[table].create.name))
    }
}
