//! What a run used, from its record.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use crate::api::{CapacityMode, ReadWrite, TableClass};
use crate::record::{CapacityLimit, RunResult};
use crate::workload::{Overrides, Pace, Phase, Source, Workload};

use super::Extras;
use super::history::Hourly;
use super::month::Month;
use super::table_bill::Mode;
use super::usage::{AccessUsage, Provision, ResourceUsage, TableUsage, Usage};

/// Bytes billed for every item besides its own (facts §1.5).
const ITEM_OVERHEAD_BYTES: f64 = 100.0;

/// What is said of units that were refused in a run.
pub const NOT_BILLED: &str = "what they asked for is not in the units billed";
/// Runs are as long as their workload says where they differ by less than this.
const SAME_SECONDS: f64 = 0.5;
/// Operations are offered as the workload says where their number differs by less than this share.
const SAME_SHARE: f64 = 0.1;

/// Everything a bill needs to know of tables.
#[derive(Debug, Clone, PartialEq)]
pub struct Costed {
    /// What they use.
    pub usage: Usage,
    /// What is billed besides capacity.
    pub extras: Extras,
    /// The modes they have, where they are known.
    pub current: BTreeMap<String, Mode>,
    /// What a reader must know first.
    pub warnings: Vec<String>,
}

/// What a run used: exactly the units its record holds, warm-ups included, and the capacity that was provisioned in it. Other
/// capacity is not worked out.
pub fn of_record(result: &RunResult) -> Costed {
    // A trace is looked for beside the record; without the workload the record still says what was consumed.
    let workload = parsed(result, Overrides::default());
    let ends = result.series.points.iter().map(|point| point.end_seconds).filter(|end| end.is_finite());
    let seconds = ends.fold(result.duration_seconds, f64::max);
    let span = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::ZERO);
    let run = Run { result, workload: workload.as_ref(), span };
    let mut tables: Vec<TableUsage> = Vec::new();
    let mut current = BTreeMap::new();
    for (index, info) in result.resources.iter().enumerate() {
        let usage = run.resource(index);
        if let (None, Some(mode)) = (&info.index, run.mode(index)) {
            current.insert(info.table.clone(), mode);
        }
        match tables.iter_mut().find(|table| table.name == info.table) {
            Some(table) => table.resources.push(usage),
            None => tables.push(TableUsage {
                name: info.table.clone(),
                class: run.table(&info.table).map_or(TableClass::Standard, |table| table.create.class),
                resources: vec![usage],
            }),
        }
    }
    let extras = workload.as_ref().map_or_else(Extras::default, Extras::of);
    let usage = Usage { span, tables, refused: run.worst_throttled(), assumptions: run.assumptions() };
    Costed { usage, extras, current, warnings: run.warnings() }
}

/// The workload of a run, of its length, once for each of so many seeds that count up from its own; `None` where the record does
/// not hold it, or where the run did not offer what it asks within a tenth, because its rate was set otherwise.
pub fn workloads_of_record(result: &RunResult, seeds: u16) -> Option<Vec<Workload>> {
    let as_written = parsed(result, Overrides::default())?;
    let end = result.phases.last().map_or(0.0, |phase| phase.end_seconds);
    let is_as_long = (as_written.duration().as_secs_f64() - end).abs() < SAME_SECONDS;
    let duration = Duration::try_from_secs_f64(end).ok().filter(|_| !is_as_long);
    let seeded = |more: u16| {
        let seed = Some(result.seed.wrapping_add(u64::from(more)));
        parsed(result, Overrides { duration, pace: Pace::Kept, seed, ..Overrides::default() })
    };
    let workloads: Vec<Workload> = (0..seeds).map(seeded).collect::<Option<_>>()?;
    let offered = result.totals.iter().map(|totals| totals.counts.offered as f64).sum::<f64>();
    let due: f64 = workloads.first()?.phases.iter().map(due).sum::<Option<f64>>()?;
    let is_same = (offered - due).abs() <= SAME_SHARE * due + 4.0 * due.sqrt();
    is_same.then_some(workloads)
}

/// How many operations are due in a phase; `None` of a closed loop.
fn due(phase: &Phase) -> Option<f64> {
    Some(phase.curve.as_ref()?.count_until(phase.end.since(phase.start).as_secs_f64()))
}

/// A trace is looked for beside the workload file that the record names.
fn parsed(result: &RunResult, overrides: Overrides) -> Option<Workload> {
    let source = Source { path: result.workload.path.clone(), text: result.workload.text.clone() };
    let folder = Path::new(&result.workload.path).parent().unwrap_or(Path::new("."));
    Workload::parse(source, folder, overrides).ok()
}

struct Run<'a> {
    result: &'a RunResult,
    workload: Option<&'a Workload>,
    span: Duration,
}

impl Run<'_> {
    fn table(&self, name: &str) -> Option<&crate::workload::Table> {
        self.workload?.tables.iter().find(|table| &*table.create.name == name)
    }

    fn resource(&self, index: usize) -> ResourceUsage {
        let info = &self.result.resources[index];
        ResourceUsage {
            index: info.index.clone(),
            read: self.access(index, ReadWrite::Read),
            write: self.access(index, ReadWrite::Write),
            stored_bytes: self.stored_bytes(index),
            changes: Vec::new(),
        }
    }

    /// The mode of a table or index in the run.
    fn mode(&self, index: usize) -> Option<Mode> {
        let info = &self.result.resources[index];
        match info.limit {
            CapacityLimit::OnDemand => Some(Mode::OnDemand),
            CapacityLimit::Unknown => None,
            CapacityLimit::Provisioned(_) => Some(match self.table(&info.table).map(|table| &table.create.capacity) {
                Some(capacity @ CapacityMode::Provisioned { .. }) => Mode::of(capacity),
                _ if self.changed(index) => Mode::Scaled,
                _ => Mode::Fixed,
            }),
        }
    }

    /// Whether provisioned capacity changed in the run.
    fn changed(&self, index: usize) -> bool {
        let CapacityLimit::Provisioned(start) = self.result.resources[index].limit else { return false };
        let entries = self.result.series.points.iter().flat_map(|point| &point.resources);
        let mut own = entries.filter(|entry| entry.resource == index).filter_map(|entry| entry.provisioned);
        own.any(|units| units != start)
    }

    fn access(&self, index: usize, access: ReadWrite) -> AccessUsage {
        let mut units = Hourly::new(self.span);
        for point in &self.result.series.points {
            for entry in point.resources.iter().filter(|entry| entry.resource == index) {
                let consumed = match access {
                    ReadWrite::Read => entry.consumed.read,
                    ReadWrite::Write => entry.consumed.write,
                };
                units.add(point.start_seconds, point.end_seconds, consumed.as_f64());
            }
        }
        let throttled = self.throttled(index, access);
        let provision = self.provision(index, access, throttled);
        // An index is served in the mode of its table.
        let scaled = self.result.resources.iter().enumerate().any(|(other, info)| {
            info.table == self.result.resources[index].table && self.mode(other) == Some(Mode::Scaled)
        });
        let is_on_demand = self.mode(index) == Some(Mode::OnDemand);
        AccessUsage {
            units: units.sums,
            on_demand_throttled: if is_on_demand { throttled } else { 0.0 },
            fixed: provision.clone().filter(|_| !scaled),
            scaled: provision.filter(|_| scaled),
        }
    }

    /// The capacity that was provisioned in the run; `None` where it was not.
    fn provision(&self, index: usize, access: ReadWrite, throttled: f64) -> Option<Provision> {
        let CapacityLimit::Provisioned(start) = self.result.resources[index].limit else { return None };
        let of = |units: crate::record::ProvisionedUnits| match access {
            ReadWrite::Read => units.read,
            ReadWrite::Write => units.write,
        };
        let mut hours = Hourly::new(self.span);
        let (mut now, mut at) = (of(start), 0.0);
        let (mut least, mut most) = (now, now);
        for point in &self.result.series.points {
            let entry = point.resources.iter().find(|entry| entry.resource == index);
            let end = point.end_seconds;
            if end <= at {
                continue;
            }
            if let Some(units) = entry.and_then(|entry| entry.provisioned) {
                now = of(units);
            }
            hours.add(at, end, now * (end - at) / 3_600.0);
            (at, least, most) = (end, least.min(now), most.max(now));
        }
        let end = self.span.as_secs_f64();
        if end > at {
            hours.add(at, end, now * (end - at) / 3_600.0);
        }
        let lengths = Month::of(self.span).hour_lengths();
        // Sums of many short stretches miss a whole number by their rounding.
        for (hour, length) in hours.sums.iter_mut().zip(lengths) {
            let whole = (*hour / length).round() * length;
            if (*hour - whole).abs() < 1e-6 * whole.max(1.0) {
                *hour = whole;
            }
        }
        let unit = access.capacity_unit();
        let setting =
            if least == most { format!("{most} {unit}") } else { format!("{least} to {most} {unit}, as in the run") };
        Some(Provision { setting, unit_hours: hours.sums, throttled })
    }

    /// The share of attempts throttled of the operation that suffered most, for what refused any.
    fn throttled(&self, index: usize, access: ReadWrite) -> f64 {
        let entries = self.result.series.points.iter().flat_map(|point| &point.resources);
        let refused = entries.filter(|entry| entry.resource == index).any(|entry| match access {
            ReadWrite::Read => entry.throttled_reads > 0,
            ReadWrite::Write => entry.throttled_writes > 0,
        });
        if refused { self.worst_throttled() } else { 0.0 }
    }

    fn worst_throttled(&self) -> f64 {
        let mut attempts = vec![(0_u64, 0_u64); self.result.operations.len()];
        for totals in &self.result.totals {
            if let Some((throttled, all)) = attempts.get_mut(totals.operation) {
                *throttled = throttled.saturating_add(totals.counts.throttled_attempts);
                *all = all.saturating_add(totals.counts.attempts);
            }
        }
        attempts
            .into_iter()
            .filter(|(_, all)| *all > 0)
            .map(|(throttled, all)| throttled as f64 / all as f64)
            .fold(0.0, f64::max)
    }

    /// What a table stored when it was loaded; not known of tables with secondary indexes, nor of those that were not loaded.
    fn stored_bytes(&self, index: usize) -> Option<f64> {
        let info = &self.result.resources[index];
        let table = self.table(&info.table)?;
        let has_indexes =
            !table.create.global_secondary_indexes.is_empty() || !table.create.local_secondary_indexes.is_empty();
        let load = self.result.loaded.iter().find(|load| load.table == info.table).filter(|_| !has_indexes)?;
        Some(load.bytes as f64 + load.items as f64 * ITEM_OVERHEAD_BYTES)
    }

    fn assumptions(&self) -> Vec<String> {
        let mut said = vec![format!(
            "Units are exactly those that the record of `{}` holds, warm-ups included, loading not.",
            self.result.name
        )];
        if self.result.resources.iter().any(|info| matches!(info.limit, CapacityLimit::Provisioned(_))) {
            said.push("Provisioned capacity is that of the run. Its share throttled is that of the operation that was throttled most.".to_owned());
        }
        if !self.result.loaded.is_empty() {
            said.push("What is stored is what was loaded before the run, with 100 bytes more for each item; it neither grows nor shrinks.".to_owned());
        }
        if self.workload.is_none() {
            said.push("The workload in the record could not be read again: tables are taken to be of the Standard class, with nothing billed besides capacity.".to_owned());
        }
        said
    }

    fn warnings(&self) -> Vec<String> {
        let mut said = Vec::new();
        let worst = self.worst_throttled();
        if worst > 0.0 {
            said.push(format!(
                "up to {:.2} % of an operation's attempts were throttled in the run; {NOT_BILLED}",
                worst * 100.0
            ));
        }
        if self.span < Duration::from_secs(3_600) {
            said.push(format!(
                "the run took {:.0} s; a month is taken to go on like that, without quieter or busier hours",
                self.span.as_secs_f64()
            ));
        }
        said
    }
}
