//! What a demand comes to.

use serde::Serialize;

use crate::api::ReadWrite;
use crate::random::{Random, Stream, standard_quantile};
use crate::time::Time;
use crate::workload::{Arrivals, Workload};

use super::{Demand, Step};

/// What counts as the start.
const MINUTE_SECONDS: f64 = 60.0;
/// Billed for every item and index entry besides its size (facts §1.5).
const STORED_ITEM_OVERHEAD_BYTES: f64 = 100.0;
const HOUR_SECONDS: f64 = 3_600.0;

/// What is asked of a table or index.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Asked {
    /// Requests.
    pub requests: f64,
    /// Capacity units, all together.
    pub units: f64,
    /// Units per second on average.
    pub mean_units_per_second: f64,
    /// Units per second in the busiest step of the demand: a second of an hour, 8 of a day, 64 of ten days, 128 of more.
    pub peak_units_per_second: f64,
}

impl Demand {
    /// The length of its measured part in seconds.
    pub fn measured_seconds(&self) -> f64 {
        self.measured().map(Step::seconds).sum()
    }

    /// What is asked of a table or index in the measured part.
    pub fn asked(&self, resource: usize, access: ReadWrite) -> Asked {
        let mut asked = Asked { requests: 0.0, units: 0.0, mean_units_per_second: 0.0, peak_units_per_second: 0.0 };
        let rates = self.rates(resource, access);
        let mut seconds = 0.0;
        for step in self.measured() {
            let (units, length) = (self.units(step, &rates), step.seconds());
            asked.units += units;
            asked.peak_units_per_second = asked.peak_units_per_second.max(units / length.max(1e-9));
            for (operation, stream) in &self.profiles[step.profile].streams[resource] {
                if stream.access.kind() == access {
                    asked.requests += step.operations[*operation];
                }
            }
            seconds += length;
        }
        if seconds > 0.0 {
            asked.mean_units_per_second = asked.units / seconds;
        }
        asked
    }

    /// Units per second asked of a table or index in the first minute, warm-ups too.
    pub fn asked_at_first(&self, resource: usize, access: ReadWrite) -> f64 {
        let rates = self.rates(resource, access);
        let (mut seconds, mut units) = (0.0, 0.0);
        for step in &self.steps {
            if seconds >= MINUTE_SECONDS {
                break;
            }
            seconds += step.seconds();
            units += self.units(step, &rates);
        }
        if seconds > 0.0 { units / seconds } else { 0.0 }
    }

    /// Units asked of a table or index in every hour of the measured part.
    pub fn units_by_hour(&self, resource: usize, access: ReadWrite) -> Vec<f64> {
        let rates = self.rates(resource, access);
        let (mut hours, mut seconds) = (Vec::new(), 0.0);
        for step in self.measured() {
            let length = step.seconds();
            add_by_hour(&mut hours, seconds, length, self.units(step, &rates) / length.max(1e-9));
            seconds += length;
        }
        hours
    }

    /// Bytes that a table or index stores on average over the measured part if everything asked is done, with the overhead that is
    /// billed for every item and entry (facts §1.5).
    pub fn stored_bytes(&self, resource: usize) -> f64 {
        let stored = &self.resources[resource].stored;
        let mut bytes: f64 = stored.bytes.iter().map(|(_, bytes)| *bytes as f64).sum();
        let item_bytes = if stored.items > 0.0 { bytes / stored.items } else { 0.0 };
        let (mut byte_seconds, mut seconds) = (0.0, 0.0);
        for step in &self.steps {
            let streams = self.profiles[step.profile].streams[resource].iter();
            let growth: f64 = streams
                .map(|(operation, stream)| {
                    let points: f64 = stream.points.iter().map(|point| point.load.growth_bytes).sum();
                    step.operations[*operation] * (points + stream.spread.growth_bytes)
                })
                .sum();
            if step.measured {
                byte_seconds += (bytes + growth / 2.0) * step.seconds();
                seconds += step.seconds();
            }
            bytes = (bytes + growth).max(0.0);
        }
        let mean = if seconds > 0.0 { byte_seconds / seconds } else { bytes };
        // Items that came later are taken to be as large as those that were there, or as a kilobyte where there were none.
        let items = mean / if item_bytes > 0.0 { item_bytes } else { 1_024.0 };
        mean + items * STORED_ITEM_OVERHEAD_BYTES
    }

    /// Items of a table that are changed in every hour of the measured part, for its stream. Items that a transaction checks count
    /// as changed.
    pub fn changes_by_hour(&self, resource: usize) -> Vec<f64> {
        let (mut hours, mut seconds) = (Vec::new(), 0.0);
        for step in self.measured() {
            let profile = &self.profiles[step.profile];
            let written = profile.written[resource].iter().zip(&profile.operations);
            let changes: f64 = written
                .zip(&step.operations)
                .map(|((written, of), count)| count * written * (1.0 - of.condition_failed - of.failed).max(0.0))
                .sum();
            let length = step.seconds();
            add_by_hour(&mut hours, seconds, length, changes / length.max(1e-9));
            seconds += length;
        }
        hours
    }

    /// The same demand with every operation asked `factor` times as often; what chance brought is multiplied, too.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        let mut scaled = self.clone();
        for count in scaled.steps.iter_mut().flat_map(|step| &mut step.operations) {
            *count *= factor;
        }
        scaled
    }

    /// The same demand with as many operations in every step as chance brings: as many as a Poisson process does where the
    /// workload's arrivals are one, otherwise as many as the draw of the mix leaves open.
    #[must_use]
    pub fn with_chance(mut self, workload: &Workload) -> Self {
        let stream: Stream = workload.streams.stream("demand");
        for (number, step) in self.steps.iter_mut().enumerate() {
            let phase = &workload.phases[step.phase];
            let mut random = stream.at(number as u64);
            let all: f64 = step.operations.iter().sum();
            for count in &mut step.operations {
                let share = match phase.arrivals {
                    Arrivals::Poisson => 0.0,
                    Arrivals::Even => *count / all.max(1e-9),
                };
                *count = drawn(*count, share, &mut random);
            }
        }
        self
    }

    fn measured(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(|step| step.measured)
    }

    /// Units of one operation, by profile, then operation.
    fn rates(&self, resource: usize, access: ReadWrite) -> Vec<Vec<f64>> {
        let of_profile = |profile: &super::Profile| {
            let mut rates = vec![0.0; self.operations.len()];
            for (operation, stream) in &profile.streams[resource] {
                if stream.access.kind() == access {
                    rates[*operation] += stream.units();
                }
            }
            rates
        };
        self.profiles.iter().map(of_profile).collect()
    }

    fn units(&self, step: &Step, rates: &[Vec<f64>]) -> f64 {
        step.operations.iter().zip(&rates[step.profile]).map(|(count, units)| count * units).sum()
    }
}

impl Step {
    /// Its length in seconds.
    pub fn seconds(&self) -> f64 {
        self.until.since(self.from).as_secs_f64()
    }

    /// Its start in seconds.
    pub fn start_seconds(&self) -> f64 {
        self.from.since(Time::ZERO).as_secs_f64()
    }
}

/// Counts from so many on are drawn as normal ones.
const MANY: f64 = 30.0;
/// Shares up to this are drawn as if each came by itself.
const RARE: f64 = 0.1;

/// A count whose mean is `mean`: of a Poisson process where `share` is nothing, else of draws that fall to it with this share.
fn drawn(mean: f64, share: f64, random: &mut Random) -> f64 {
    if mean >= MANY {
        let deviation = (mean * (1.0 - share).max(0.0)).sqrt();
        return (mean + deviation * standard_quantile(random.open_unit())).max(0.0);
    }
    if share > RARE {
        let draws = mean / share;
        // A part of a draw is a draw that may not happen.
        let whole = draws.floor() + f64::from(u8::from(random.unit() < draws.fract()));
        return (0..whole as u64).filter(|_| random.unit() < share).count() as f64;
    }
    let (floor, mut product, mut count) = ((-mean).exp(), random.open_unit(), 0.0);
    while product > floor {
        product *= random.open_unit();
        count += 1.0;
    }
    count
}

/// Adds `per_second` over a stretch of time to the hours it falls in.
pub fn add_by_hour(hours: &mut Vec<f64>, from_seconds: f64, seconds: f64, per_second: f64) {
    let (mut at, end) = (from_seconds, from_seconds + seconds);
    while at < end {
        let hour = (at / HOUR_SECONDS) as usize;
        let until = end.min((hour + 1) as f64 * HOUR_SECONDS);
        if hours.len() <= hour {
            hours.resize(hour + 1, 0.0);
        }
        hours[hour] += (until - at) * per_second;
        if until <= at {
            break;
        }
        at = until;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_changes_no_mean() {
        let draws = crate::random::Streams::new(5).stream("chance");
        for (mean, share) in [(0.01, 0.0), (0.3, 0.0), (5.0, 0.0), (80.0, 0.0), (0.4, 0.4), (7.5, 0.5), (500.0, 0.9)] {
            let values: Vec<f64> = (0..60_000).map(|at| drawn(mean, share, &mut draws.at(at))).collect();
            let found = values.iter().sum::<f64>() / values.len() as f64;
            let variance = values.iter().map(|value| (value - found).powi(2)).sum::<f64>() / values.len() as f64;
            // Five standard errors; the variance is that of the distribution, where draws are whole ones.
            assert!((found - mean).abs() < 5.0 * (mean / 60_000.0).sqrt(), "{mean} {share}: {found}");
            let expected = mean * (1.0 - share);
            assert!((variance / expected - 1.0).abs() < 0.25, "{mean} {share}: {variance} of {expected}");
        }
    }

    #[test]
    fn a_stretch_is_shared_between_its_hours() {
        let mut hours = Vec::new();
        add_by_hour(&mut hours, 3_000.0, 4_800.0, 0.5);
        assert_eq!(hours, [300.0, 1_800.0, 300.0]);
    }
}
