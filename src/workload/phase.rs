//! Phases of a workload, after checking.

use crate::time::Time;

use super::distribution::Weighted;
use super::file::Arrivals;
use super::rate::RateCurve;

/// A stretch of the run with its own load and mix.
#[derive(Debug, Clone)]
pub struct Phase {
    /// Its name in results.
    pub name: String,
    /// Whether it is measured apart and left out of summaries.
    pub warm_up: bool,
    /// Start, from the run's start.
    pub start: Time,
    /// End, from the run's start.
    pub end: Time,
    /// The rate of an open loop; absent in a closed one.
    pub curve: Option<RateCurve>,
    /// How arrivals of an open loop are spaced.
    pub arrivals: Arrivals,
    /// Operations in flight of a closed loop; 0 in an open one.
    pub in_flight: usize,
    /// Which operation, by weight; indexes are those of the workload.
    pub mix: Weighted,
    /// A few words for reports.
    pub summary: String,
}

impl Phase {
    /// The length in seconds.
    pub fn seconds(&self) -> f64 {
        self.end.since(self.start).as_secs_f64()
    }
}
