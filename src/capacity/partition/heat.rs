//! How hot a partition is, and which of its keys make it so.

use std::time::Duration;

use crate::api::{CapacityUnits, ReadWrite};
use crate::time::Time;

use super::super::model::CapacityModel;
use super::{Place, SortKey};

/// Heat is measured over windows of this length.
const WINDOW: Duration = Duration::from_secs(10);
/// Accesses remembered of a hot partition, the latest ones: about a minute of them at its ceiling.
pub(super) const SAMPLES: usize = 256;
/// A ceiling's worth of units in a second is sampled so many times.
const SAMPLES_PER_SECOND: u64 = 4;

/// An access to a hot partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sample {
    pub hash: u64,
    pub sort: Option<SortKey>,
}

/// How hot a partition is.
#[derive(Debug, Clone)]
pub(super) struct Heat {
    window_end: Time,
    read: CapacityUnits,
    write: CapacityUnits,
    /// Windows in a row that were hot.
    hot_windows: u32,
    /// When its split is effective, if it is being split.
    pub split_at: Option<Time>,
    /// Units, weighed by ceilings, until the next sample.
    until_sample: i64,
    /// Decides where samples lie; it need not be good, only not periodic.
    noise: u64,
    samples: Vec<Sample>,
    next_sample: usize,
}

/// A share of a ceiling's second, as it is counted towards samples.
const CEILING_SECOND: i64 = 1 << 20;

impl Heat {
    pub const fn new() -> Self {
        Heat {
            window_end: Time::ZERO,
            read: CapacityUnits::ZERO,
            write: CapacityUnits::ZERO,
            hot_windows: 0,
            split_at: None,
            until_sample: 0,
            noise: 0x9e37_79b9_7f4a_7c15,
            samples: Vec::new(),
            next_sample: 0,
        }
    }

    /// Counts an access. Returns whether the partition has been hot for long enough to be split.
    #[inline]
    pub fn count(
        &mut self,
        model: &CapacityModel,
        access: ReadWrite,
        units: CapacityUnits,
        place: &Place,
        now: Time,
    ) -> bool {
        let ripe = now >= self.window_end && self.roll(model, now);
        let ceiling = match access {
            ReadWrite::Read => {
                self.read += units;
                model.partition_read_units_per_second
            }
            ReadWrite::Write => {
                self.write += units;
                model.partition_write_units_per_second
            }
        };
        if self.hot_windows > 0 {
            let weight = units.as_halves().saturating_mul(CEILING_SECOND as u64 / 2) / ceiling.max(1);
            self.until_sample -= i64::try_from(weight).unwrap_or(CEILING_SECOND);
            if self.until_sample <= 0 {
                self.sample(place);
            }
        }
        ripe
    }

    /// Counts what is consumed evenly from `from` until `until`, `rates` being units per second of reads and of writes. Returns
    /// since when the partition has been hot for long enough to be split.
    pub fn flow(&mut self, model: &CapacityModel, from: Time, until: Time, rates: [f64; 2]) -> Option<Time> {
        let mut ripe = None;
        let mut at = from;
        while at < until {
            if at >= self.window_end && self.roll(model, at) && ripe.is_none() {
                ripe = Some(at);
            }
            let is_new = self.read.is_zero() && self.write.is_zero();
            if is_new && self.hot_windows == 0 && until >= self.window_end && Self::is_cold(model, rates) {
                // Whole windows that change nothing.
                let window = WINDOW.as_nanos() as u64;
                let start = Time::from_nanos((until.as_nanos() - 1) / window * window);
                (at, self.window_end) = (start.max(at), start + WINDOW);
            }
            let end = until.min(self.window_end);
            let seconds = end.since(at).as_secs_f64();
            let units = |rate: f64| CapacityUnits::halves((rate * seconds * 2.0 + 0.5) as u64);
            self.read += units(rates[0]);
            self.write += units(rates[1]);
            at = end;
        }
        ripe
    }

    /// Whether nothing ever becomes hot at these rates.
    fn is_cold(model: &CapacityModel, rates: [f64; 2]) -> bool {
        let ceilings = [model.partition_read_units_per_second, model.partition_write_units_per_second];
        let is_below = |(rate, ceiling): (f64, u64)| rate * 1.001 + 1.0 < ceiling as f64 * model.heat_threshold;
        rates.into_iter().zip(ceilings).all(is_below)
    }

    /// Puts accesses in the place of those remembered.
    pub fn remember(&mut self, samples: Vec<Sample>) {
        self.samples = samples;
        self.next_sample = 0;
    }

    /// Ends a window. Returns whether the partition has been hot for long enough to be split.
    fn roll(&mut self, model: &CapacityModel, now: Time) -> bool {
        let threshold = |ceiling: u64| ceiling as f64 * model.heat_threshold * WINDOW.as_secs_f64();
        let adjoins = now < self.window_end + WINDOW;
        let is_hot = self.read.as_f64() >= threshold(model.partition_read_units_per_second)
            || self.write.as_f64() >= threshold(model.partition_write_units_per_second);
        if adjoins && is_hot {
            self.hot_windows = self.hot_windows.saturating_add(1);
        } else if self.split_at.is_none() {
            self.cool_down();
        }
        self.window_end =
            Time::from_nanos(now.as_nanos() / WINDOW.as_nanos() as u64 * WINDOW.as_nanos() as u64) + WINDOW;
        (self.read, self.write) = (CapacityUnits::ZERO, CapacityUnits::ZERO);
        let hot_for = WINDOW * self.hot_windows;
        model.splits_for_heat && self.split_at.is_none() && self.hot_windows > 0 && hot_for >= model.heat_after
    }

    /// Forgets the heat.
    pub fn cool_down(&mut self) {
        self.hot_windows = 0;
        self.samples = Vec::new();
        self.next_sample = 0;
    }

    #[cold]
    fn sample(&mut self, place: &Place) {
        self.noise = self.noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // Between half and one and a half times the mean distance.
        let mean = CEILING_SECOND / SAMPLES_PER_SECOND as i64;
        self.until_sample = mean / 2 + (self.noise >> 40) as i64 % mean;
        let sample = Sample { hash: place.hash, sort: place.sort.clone() };
        if self.samples.len() < SAMPLES {
            self.samples.push(sample);
        } else {
            self.samples[self.next_sample] = sample;
        }
        self.next_sample = (self.next_sample + 1) % SAMPLES;
    }

    /// The accesses remembered.
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }
}
