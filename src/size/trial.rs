//! One candidate tried: a demand of one table or index before given limits.

use std::ops::ControlFlow;

use crate::api::ReadWrite;
use crate::capacity::{CapacityModel, ResourceOptions, Throughput};
use crate::runner::{Demand, Part, Play, add_by_hour};

/// Throttling is looked at over stretches of this length, in seconds, or of a step of the demand where those are longer.
const MINUTE_SECONDS: f64 = 60.0;
const HOUR_SECONDS: f64 = 3_600.0;

/// What became of the requests of a table or index.
#[derive(Debug, Clone, Default)]
pub(super) struct Trial {
    /// By [`ReadWrite`]: reads, writes.
    pub sides: [Side; 2],
    /// Whether it was given up because more was refused than matters.
    pub given_up: bool,
}

/// Reads or writes.
#[derive(Debug, Clone, Default)]
pub(super) struct Side {
    pub requests: f64,
    pub refused: f64,
    /// Of these, refused by partitions.
    pub by_partitions: f64,
    /// The largest share refused in a minute, and when that began, in measured seconds.
    pub worst_minute: (f64, f64),
    /// Provisioned unit-hours by hour; empty on demand.
    pub unit_hours: Vec<f64>,
    /// The least and the most that was provisioned.
    pub provisioned: Option<(u64, u64)>,
    minute: Minute,
}

#[derive(Debug, Clone, Copy, Default)]
struct Minute {
    start: f64,
    requests: f64,
    refused: f64,
}

impl Side {
    /// The share of requests that were refused.
    pub fn share(&self) -> f64 {
        if self.requests > 0.0 { self.refused / self.requests } else { 0.0 }
    }

    fn close_minute(&mut self, next: f64) {
        let Minute { start, requests, refused } = self.minute;
        let share = if requests > 0.0 { refused / requests } else { 0.0 };
        if share > self.worst_minute.0 {
            self.worst_minute = (share, start);
        }
        self.minute = Minute { start: next, ..Minute::default() };
    }
}

/// Tries one candidate on one table or index of a demand; whatever else the operations ask is admitted.
///
/// With `enough`, it is given up as soon as that share of all reads or of all writes is refused.
pub(super) fn attempt(
    demand: &Demand,
    resource: usize,
    options: &ResourceOptions,
    model: CapacityModel,
    enough: Option<[f64; 2]>,
) -> Trial {
    let throughput = demand.resources[resource].throughput(options, model);
    let limits: Vec<Option<&Throughput>> =
        (0..demand.resources.len()).map(|other| (other == resource).then_some(&throughput)).collect();
    let bounds = enough.map(|shares| {
        let requests = requests(demand, resource);
        [shares[0] * requests[0], shares[1] * requests[1]]
    });
    let mut trial = Trial::default();
    let mut measured = 0.0;
    let (_, given_up) = Play::new(demand, &limits).run(|play, part| {
        if !part.measured {
            return ControlFlow::Continue(());
        }
        let seconds = part.until.since(part.from).as_secs_f64();
        take(&mut trial, play, part);
        for access in [ReadWrite::Read, ReadWrite::Write] {
            let side = &mut trial.sides[access as usize];
            if let Some(units) = throughput.provisioned_units_per_second(access, part.from) {
                let (least, most) = side.provisioned.unwrap_or((units, units));
                side.provisioned = Some((least.min(units), most.max(units)));
                add_by_hour(&mut side.unit_hours, measured, seconds, units as f64 / HOUR_SECONDS);
            }
            if measured + seconds - side.minute.start >= MINUTE_SECONDS {
                side.close_minute(measured + seconds);
            }
        }
        measured += seconds;
        let is_enough =
            bounds.is_some_and(|bounds| trial.sides.iter().zip(bounds).any(|(side, bound)| side.refused > bound));
        if is_enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    for side in &mut trial.sides {
        side.close_minute(measured);
    }
    trial.given_up = given_up;
    trial
}

fn take(trial: &mut Trial, play: &Play<'_, '_>, part: &Part<'_>) {
    for (operation, count) in part.operations.iter().enumerate().filter(|(_, count)| **count > 0.0) {
        for crossing in play.crossings(operation) {
            let side = &mut trial.sides[crossing.stream.access.kind() as usize];
            let refused = count * (1.0 - crossing.passage.admitted);
            side.requests += count;
            side.refused += refused;
            side.by_partitions += count * crossing.passage.refused_by_partitions;
            side.minute.requests += count;
            side.minute.refused += refused;
        }
    }
}

/// Requests that ask reads, and that ask writes, of a table or index in the measured part of a demand.
fn requests(demand: &Demand, resource: usize) -> [f64; 2] {
    let mut requests = [0.0; 2];
    for step in demand.steps.iter().filter(|step| step.measured) {
        for (operation, stream) in &demand.profiles[step.profile].streams[resource] {
            requests[stream.access.kind() as usize] += step.operations[*operation];
        }
    }
    requests
}
