//! Keys that a workload asks more of than one partition serves, reckoned from the distributions alone.

use crate::api::ReadWrite;

use super::Workload;

/// Read units per second that one partition serves (facts §2.1; DG: bp-partition-key-design).
const PARTITION_READ_UNITS: f64 = 3000.0;
/// Write units per second that one partition serves.
const PARTITION_WRITE_UNITS: f64 = 1000.0;
/// The least a read costs: eventually consistent, up to 4 KB.
const LEAST_READ_UNITS: f64 = 0.5;
/// The least a write costs: up to 1 KB.
const LEAST_WRITE_UNITS: f64 = 1.0;

impl Workload {
    /// Warnings about single keys that need more than a partition's ceiling even if every request costs the least it can.
    /// The bundled engine has no partitions yet and serves them; DynamoDB throttles them, whatever the table's capacity.
    pub fn hot_key_warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        for (at, operation) in self.operations.iter().enumerate() {
            let Some((table, share)) = operation.hottest_key(&self.tables) else { continue };
            let (least, ceiling, unit) = match operation.operation.access() {
                ReadWrite::Read => (LEAST_READ_UNITS, PARTITION_READ_UNITS, "read"),
                ReadWrite::Write => (LEAST_WRITE_UNITS, PARTITION_WRITE_UNITS, "write"),
            };
            let peaks = self.phases.iter().map(|phase| {
                let rate = phase.curve.as_ref().map_or(0.0, |curve| curve.peak());
                rate * phase.mix.shares()[at] * share * least
            });
            let needed = peaks.fold(0.0, f64::max);
            if needed > ceiling {
                warnings.push(format!(
                    "operation `{}` asks at least {needed:.0} {unit} units a second of one key of table `{}`; a partition of \
                     DynamoDB serves {ceiling:.0} and throttles the rest, the bundled engine has no partitions yet and does not",
                    operation.name, self.tables[table].create.name,
                ));
            }
        }
        warnings
    }
}
