//! What a demand uses with the capacity that was found for it.

use std::time::Duration;

use crate::api::{CapacityMode, ReadWrite, TableClass};
use crate::runner::Demand;
use crate::size::{AccessSizing, Estimate, ResourceSizing, Sizing};

use super::month::Month;
use super::table_bill::Mode;
use super::usage::{AccessUsage, Provision, ResourceUsage, TableUsage, Usage};

impl Usage {
    /// What a demand uses on average over its seeds, warm-ups apart, with the capacity of its sizing; `demand` is that of the first
    /// seed, for what is stored and changed. `class` tells the class of each table. What is
    /// stored is known of workloads alone.
    pub fn of_sizing(sizing: &Sizing, demand: &Demand, class: impl Fn(&str) -> TableClass) -> Usage {
        let span = Duration::try_from_secs_f64(demand.measured_seconds()).unwrap_or(Duration::ZERO);
        let lengths = Month::of(span).hour_lengths();
        let is_workload = demand.profiles.iter().any(|profile| !profile.populations.is_empty());
        let most = sizing.throttled_at_most;
        let mut tables: Vec<TableUsage> = Vec::new();
        for (resource, of) in sizing.resources.iter().enumerate() {
            let is_table = of.index.is_none();
            let stored_bytes = demand.stored_bytes(resource);
            let usage = ResourceUsage {
                index: of.index.clone(),
                read: access(of, ReadWrite::Read, &lengths, most),
                write: access(of, ReadWrite::Write, &lengths, most),
                stored_bytes: is_workload.then_some(stored_bytes),
                changes: if is_table { within(demand.changes_by_hour(resource), lengths.len()) } else { Vec::new() },
            };
            match tables.iter_mut().find(|table| table.name == of.table) {
                Some(table) => table.resources.push(usage),
                None => {
                    tables.push(TableUsage { name: of.table.clone(), class: class(&of.table), resources: vec![usage] })
                }
            }
        }
        let mut assumptions = sizing.assumptions.clone();
        if sizing.seeds > 1 {
            assumptions.push(format!(
                "Shares throttled are the upper ends of their 95 % confidence intervals over {} seeds.",
                sizing.seeds
            ));
        }
        Usage { span, tables, refused: 0.0, assumptions }
    }

    /// Takes capacity from another usage of the same tables where none was worked out, and what on-demand throttles where
    /// nothing is known of that. The capacity of each hour becomes that of this usage's hours, which may be longer or shorter.
    pub fn take_capacity_of(&mut self, other: &Usage) {
        let lengths = [other.span, self.span].map(|span| Month::of(span).hour_lengths());
        let others = || other.tables.iter();
        for table in &mut self.tables {
            let Some(same) = others().find(|other| other.name == table.name) else { continue };
            for resource in &mut table.resources {
                let found = same.resources.iter().find(|other| other.index == resource.index);
                let Some(found) = found else { continue };
                for (own, other) in [(&mut resource.read, &found.read), (&mut resource.write, &found.write)] {
                    let fitted = |provision: &Option<Provision>| provision.as_ref()?.over(&lengths[0], &lengths[1]);
                    own.fixed = own.fixed.take().or_else(|| fitted(&other.fixed));
                    own.scaled = own.scaled.take().or_else(|| fitted(&other.scaled));
                    own.on_demand_throttled = own.on_demand_throttled.max(other.on_demand_throttled);
                }
            }
        }
    }
}

impl Usage {
    /// Forgets what tables store: where nothing that is known tells it.
    pub fn forget_storage_of(&mut self, table: &str) {
        for table in self.tables.iter_mut().filter(|own| own.name == table) {
            table.resources.iter_mut().for_each(|resource| resource.stored_bytes = None);
        }
    }
}

impl Provision {
    /// The same capacity over hours of other lengths; `None` where they are too many more to know it.
    fn over(&self, own: &[f64], other: &[f64]) -> Option<Provision> {
        if self.unit_hours.len() != own.len() {
            return None;
        }
        let units: Vec<f64> = self.unit_hours.iter().zip(own).map(|(hours, length)| hours / length).collect();
        let last = units.last().copied()?;
        let is_constant = units.iter().all(|units| (units - last).abs() <= 1e-9 * last.abs());
        // A warm-up or the wait for the last answers may make it an hour more or less, not a day.
        if !is_constant && own.len().abs_diff(other.len()) > 1 {
            return None;
        }
        let unit_hours =
            other.iter().enumerate().map(|(hour, length)| units.get(hour).copied().unwrap_or(last) * length).collect();
        Some(Provision { unit_hours, ..self.clone() })
    }
}

impl Mode {
    /// The mode of a table that is created so.
    pub fn of(capacity: &CapacityMode) -> Self {
        match capacity {
            CapacityMode::OnDemand { .. } => Mode::OnDemand,
            CapacityMode::Provisioned { read, write }
                if read.auto_scaling.is_some() || write.auto_scaling.is_some() =>
            {
                Mode::Scaled
            }
            CapacityMode::Provisioned { .. } => Mode::Fixed,
        }
    }
}

/// The share throttled that decides: the upper end of its interval, which is that of sizing too. What sizing holds to be good
/// enough is not above what is allowed, whatever rounding left.
fn throttled(estimate: Estimate, fits: bool, most: f64) -> f64 {
    if fits { estimate.high.min(most) } else { estimate.high }
}

fn access(of: &ResourceSizing, access: ReadWrite, lengths: &[f64], most: f64) -> AccessUsage {
    let side: &AccessSizing = of.side(access);
    let unit = access.capacity_unit();
    let fixed = Provision {
        setting: format!("{} {unit}", side.fixed.units),
        unit_hours: lengths.iter().map(|length| side.fixed.units as f64 * length).collect(),
        throttled: throttled(side.fixed.throttled, side.fixed.fits, most),
    };
    let scaled = side.scaled.as_ref().map(|scaled| Provision {
        setting: format!(
            "{} to {} {unit} at {:.0} %",
            scaled.min_units,
            scaled.max_units,
            100.0 * scaled.target_utilization
        ),
        unit_hours: within(scaled.unit_hours.clone(), lengths.len()),
        throttled: throttled(scaled.throttled, scaled.fits, most),
    });
    AccessUsage {
        units: within(side.asked_by_hour.clone(), lengths.len()),
        on_demand_throttled: throttled(side.on_demand.throttled, side.on_demand.fits, most),
        // Where nothing is asked one unit is the least there is, scaled or not.
        scaled: scaled.or_else(|| (side.asked.requests <= 0.0).then(|| fixed.clone())),
        fixed: Some(fixed),
    }
}

/// The same sums in so many hours: what rounding put beyond the last one belongs to it.
fn within(mut hours: Vec<f64>, count: usize) -> Vec<f64> {
    while hours.len() > count.max(1) {
        let beyond = hours.pop().unwrap_or_default();
        if let Some(last) = hours.last_mut() {
            *last += beyond;
        }
    }
    hours.resize(count, 0.0);
    hours
}
