//! What is billed: units, capacity and bytes, hour by hour, with nothing about prices.

use std::time::Duration;

use crate::api::TableClass;

use super::CostError;
use super::month::Month;

/// Bytes of a GB as storage is billed (facts §9.1: binary, not confirmed).
pub(super) const GB: f64 = 1_073_741_824.0;

/// What tables use over a span of time, and the capacity that serves them.
#[derive(Debug, Clone, PartialEq)]
pub struct Usage {
    /// The span. Hours are counted from its start; the last one may be shorter.
    pub span: Duration,
    /// The tables.
    pub tables: Vec<TableUsage>,
    /// The largest share of requests that was refused while units were counted, where they are those that were admitted: more
    /// was asked then, and it is not in them. 0 where units are what was asked.
    pub refused: f64,
    /// What was assumed in making it, in sentences.
    pub assumptions: Vec<String>,
}

/// What one table with its indexes uses.
#[derive(Debug, Clone, PartialEq)]
pub struct TableUsage {
    /// The table's name.
    pub name: String,
    /// Its class.
    pub class: TableClass,
    /// The table itself, then its global secondary indexes.
    pub resources: Vec<ResourceUsage>,
}

/// What a table or an index uses.
#[derive(Debug, Clone, PartialEq)]
pub struct ResourceUsage {
    /// The index; `None` for the table itself.
    pub index: Option<String>,
    /// Reads.
    pub read: AccessUsage,
    /// Writes.
    pub write: AccessUsage,
    /// Bytes stored on average over the span, with the overhead that is billed (facts §1.5); `None` where unknown. A table's
    /// local indexes are in its own.
    pub stored_bytes: Option<f64>,
    /// Write requests per hour that change an item, for streams; empty where unknown.
    pub changes: Vec<f64>,
}

/// Reads or writes of a table or index, and the capacity for them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AccessUsage {
    /// Units asked for in each hour, with nothing refused: what on-demand bills.
    pub units: Vec<f64>,
    /// The share of requests that on-demand throttles.
    pub on_demand_throttled: f64,
    /// Fixed provisioned capacity; `None` where it was not worked out.
    pub fixed: Option<Provision>,
    /// Auto scaling; `None` where it was not worked out.
    pub scaled: Option<Provision>,
}

/// Provisioned capacity over time.
#[derive(Debug, Clone, PartialEq)]
pub struct Provision {
    /// The setting in words, such as `1,200 WCU` or `40 to 400 WCU at 70 %`.
    pub setting: String,
    /// Unit-hours in each hour: the capacity times the share of the hour that the span covers.
    pub unit_hours: Vec<f64>,
    /// The share of requests throttled.
    pub throttled: f64,
}

/// More units than any span of any account holds; what is beyond is a mistake.
const UNITS_MAX: f64 = 1e15;
/// The shortest span that says anything about a month.
const SPAN_MIN: Duration = Duration::from_secs(1);

impl Usage {
    /// Whether a bill can be made of it.
    ///
    /// # Errors
    ///
    /// Where the span is shorter than a second, a figure is negative or not a number, or hours are missing.
    pub fn check(&self) -> Result<(), CostError> {
        if self.span < SPAN_MIN {
            return Err(CostError::Usage(
                "the span is shorter than a second: too short to say what a month costs".into(),
            ));
        }
        let hours = Month::of(self.span).hour_lengths().len();
        for table in &self.tables {
            for resource in &table.resources {
                let label = resource.label(&table.name);
                let is_sound = |values: &[f64]| {
                    values.iter().all(|value| value.is_finite() && *value >= 0.0)
                        && values.iter().sum::<f64>() <= UNITS_MAX
                };
                let hourly = |what: &str, values: &[f64]| match (is_sound(values), values.len() == hours) {
                    (false, _) => Err(CostError::Usage(format!("{label}: {what} are no numbers to bill"))),
                    (_, false) => Err(CostError::Usage(format!(
                        "{label}: {what} cover {} hours of the {hours} there are",
                        values.len()
                    ))),
                    _ => Ok(()),
                };
                for (access, of) in [(&resource.read, "read"), (&resource.write, "write")] {
                    hourly(&format!("{of} units"), &access.units)?;
                    for provision in [&access.fixed, &access.scaled].into_iter().flatten() {
                        hourly(&format!("provisioned {of} units"), &provision.unit_hours)?;
                    }
                }
                if !resource.changes.is_empty() {
                    hourly("changes", &resource.changes)?;
                }
                if resource.stored_bytes.is_some_and(|bytes| !is_sound(&[bytes / GB])) {
                    return Err(CostError::Usage(format!("{label}: what it stores is no number to bill")));
                }
            }
        }
        Ok(())
    }

    /// The same usage at `traffic` times the traffic: units and changes grow with it, capacity is rounded up to whole units,
    /// shares throttled and what is stored stay. A first guess where nothing better is known: bursts and partitions do not
    /// grow with the traffic.
    #[must_use]
    pub fn at_traffic(&self, traffic: f64) -> Usage {
        if traffic == 1.0 {
            return self.clone();
        }
        let lengths = Month::of(self.span).hour_lengths();
        let mut usage = self.clone();
        for resource in usage.tables.iter_mut().flat_map(|table| &mut table.resources) {
            resource.changes.iter_mut().for_each(|changes| *changes *= traffic);
            for access in [&mut resource.read, &mut resource.write] {
                access.units.iter_mut().for_each(|units| *units *= traffic);
                for provision in [&mut access.fixed, &mut access.scaled].into_iter().flatten() {
                    provision.at_traffic(traffic, &lengths);
                }
            }
        }
        usage
    }
}

impl ResourceUsage {
    /// `table` or `table / index`.
    pub fn label(&self, table: &str) -> String {
        match &self.index {
            None => table.to_owned(),
            Some(index) => format!("{table} / {index}"),
        }
    }
}

impl Provision {
    fn at_traffic(&mut self, traffic: f64, lengths: &[f64]) {
        for (unit_hours, length) in self.unit_hours.iter_mut().zip(lengths) {
            let units = *unit_hours / length;
            // An hour in which capacity changed has an average that is no whole number.
            let is_whole = (units - units.round()).abs() < 1e-6;
            *unit_hours =
                if is_whole { (units.round() * traffic - 1e-6).ceil() * length } else { *unit_hours * traffic };
        }
        self.setting = format!("{} × {traffic:.2}", self.setting);
    }
}
