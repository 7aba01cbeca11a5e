//! What every plot over time stands on: phases, warm-ups, faults, and the intervals the harness spoiled.

use crate::record::RunResult;
use crate::report::observed::faults;
use crate::report::timeline::Timeline;

use super::canvas::{Canvas, Format};
use super::ink::Ink;

/// More phases than this are not told apart.
const PHASES_MAX: usize = 40;

/// Lanes for the names of faults; what finds no room has a band without a name, and its place in the table.
const FAULT_LANES_MAX: usize = 3;
/// Pixels between two names in a lane.
const NAMES_APART: f64 = 12.0;

/// Whether the plots of this run have a lane for the phases' names; faults have bands in them, but no names.
pub(in crate::report) fn phase_lanes(result: &RunResult) -> usize {
    usize::from(has_names(result))
}

/// How many lanes for names the plots of this run have that name its faults too.
pub(in crate::report) fn lanes(result: &RunResult, timeline: &Timeline, format: Format) -> usize {
    let faults = fault_names(result, timeline, format);
    phase_lanes(result) + faults.iter().map(|(_, lane)| lane + 1).max().unwrap_or(0)
}

/// Whether the plots of this run have a lane for the phases' names.
fn has_names(result: &RunResult) -> bool {
    result.phases.len() > 1 && result.phases.len() <= PHASES_MAX
}

/// The faults that can be named, by their index, each in the first lane where it meets no other.
fn fault_names(result: &RunResult, timeline: &Timeline, format: Format) -> Vec<(usize, usize)> {
    let width = f64::from(format.inner_width());
    let across = |at: f64| ((at - timeline.start) / (timeline.end - timeline.start)).clamp(0.0, 1.0) * width;
    // Where each lane is free from; those who come earlier begin earlier.
    let mut free = [f64::NEG_INFINITY; FAULT_LANES_MAX];
    let mut named = Vec::new();
    for (index, fault) in faults(result).iter().enumerate() {
        let room = fault.label.chars().count() as f64 * format.letter();
        let start = across(fault.start_seconds).min(width - room);
        let lane = free.iter().position(|from| start >= *from).filter(|_| room <= width);
        if let Some(lane) = lane {
            free[lane] = (start + room).max(across(fault.end_seconds)) + NAMES_APART;
            named.push((index, lane));
        }
    }
    named
}

/// Shades warm-ups and faults, hatches invalid intervals, names phases and faults and draws the edges of phases.
pub(super) fn draw(canvas: &Canvas, result: &RunResult, timeline: &Timeline) {
    let faults = faults(result);
    for fault in &faults {
        canvas.band(fault.start_seconds, fault.end_seconds, Ink::FAULT);
    }
    let first_lane = phase_lanes(result);
    let named = fault_names(result, timeline, canvas.frame().format);
    for (index, lane) in named.into_iter().filter(|(_, lane)| first_lane + lane < canvas.frame().lanes) {
        let fault = faults[index];
        canvas.name_in_lane(first_lane + lane, (fault.start_seconds, fault.end_seconds), &fault.label);
    }
    for phase in result.phases.iter().take(PHASES_MAX).filter(|phase| phase.warm_up) {
        canvas.band(phase.start_seconds, phase.end_seconds, Ink::WARM_UP);
    }
    for (start, end) in
        stretches(timeline.columns().iter().map(|column| (column.start(), column.end(), !column.valid())))
    {
        canvas.band(start, end, Ink::INVALID);
    }
    if has_names(result) {
        for phase in &result.phases {
            canvas.vertical(phase.start_seconds, Ink::PHASE_EDGE);
            canvas.name_above(phase.start_seconds, phase.end_seconds, &phase.name);
        }
    }
}

/// Neighbouring intervals for which something holds, as one stretch each.
pub(super) fn stretches(intervals: impl Iterator<Item = (f64, f64, bool)>) -> Vec<(f64, f64)> {
    let mut stretches: Vec<(f64, f64)> = Vec::new();
    let mut touching = false;
    for (start, end, holds) in intervals {
        match stretches.last_mut() {
            Some(last) if holds && touching => last.1 = end,
            _ if holds => stretches.push((start, end)),
            _ => {}
        }
        touching = holds;
    }
    stretches
}
