//! What every plot over time stands on: phases, warm-ups, and the intervals the harness spoiled.

use crate::record::RunResult;
use crate::report::timeline::Timeline;

use super::canvas::Canvas;
use super::ink::Ink;

/// More phases than this are not told apart.
const PHASES_MAX: usize = 40;

/// Whether the plots of this run have a lane for the phases' names.
pub(in crate::report) fn has_names(result: &RunResult) -> bool {
    result.phases.len() > 1 && result.phases.len() <= PHASES_MAX
}

/// Shades warm-ups, hatches invalid intervals, names phases and draws their edges.
pub(super) fn draw(canvas: &Canvas, result: &RunResult, timeline: &Timeline) {
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
