//! Popularity decays along the keys at a constant rate.

use super::super::InvalidParameter;
use super::super::parameter::within;
use super::KeyDistribution;
use crate::random::Random;

/// At which end of the population the hot keys are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HotEnd {
    /// Key 0 is the hottest.
    First,
    /// The key inserted last is the hottest.
    Last,
}

/// Popularity falls exponentially with the distance from the hot end.
///
/// As in YCSB, `percentile` % of an exponential variate lies within `fraction` of the population, and
/// what lies beyond the population's other end is drawn again. So a little more than `percentile` %
/// of the draws is within `fraction`: 97.97 % with YCSB's defaults of 95 and 0.857.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Exponential {
    /// How many times popularity falls by e from one end of the population to the other.
    decay: f64,
    /// e^−decay − 1: less the share of the variate that lies inside the population.
    inside: f64,
    hot_end: HotEnd,
}

impl Exponential {
    /// YCSB's percentile (`exponential.percentile`).
    pub const PERCENTILE: f64 = 95.0;
    /// YCSB's fraction of the population (`exponential.frac`).
    pub const FRACTION: f64 = 0.857_142_857_1;

    /// `percentile` % of the variate lies within `fraction` of the population from its hot end.
    ///
    /// # Errors
    /// `percentile` must be above 0 and below 100, `fraction` above 0 and at most 1.
    pub fn new(percentile: f64, fraction: f64, hot_end: HotEnd) -> Result<Self, InvalidParameter> {
        let percentile = within("percentile", percentile, 1e-6..=100.0 - 1e-6)?;
        let fraction = within("fraction", fraction, 1e-12..=1.0)?;
        let decay = -libm::log1p(-percentile / 100.0) / fraction;
        Ok(Self { decay, inside: libm::expm1(-decay), hot_end })
    }

    /// The share of draws within this part of the population from its hot end.
    fn share_within(&self, part: f64) -> f64 {
        libm::expm1(-self.decay * part) / self.inside
    }
}

impl KeyDistribution for Exponential {
    #[inline]
    fn draw(&self, population: u64, random: &mut Random) -> u64 {
        let population = population.max(1);
        // Inverting the distribution as cut off at the end is the same as drawing again beyond it.
        let part = -libm::log1p(random.unit() * self.inside) / self.decay;
        self.key((part * population as f64) as u64, population)
    }

    fn key(&self, rank: u64, population: u64) -> u64 {
        let last = population.max(1) - 1;
        match self.hot_end {
            HotEnd::First => rank.min(last),
            HotEnd::Last => last - rank.min(last),
        }
    }

    fn probability(&self, rank: u64, population: u64) -> f64 {
        let population = population.max(1);
        if rank >= population {
            return 0.0;
        }
        // The share of the hottest key, and the decay down to this one.
        let key = 1.0 / population as f64;
        self.share_within(key) * libm::exp(-self.decay * (rank as f64 * key))
    }

    fn share_of_hottest(&self, keys: u64, population: u64) -> f64 {
        let population = population.max(1);
        self.share_within(keys.min(population) as f64 / population as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Streams;

    #[test]
    fn the_percentile_is_ycsbs_after_drawing_again() {
        let exponential = Exponential::new(Exponential::PERCENTILE, Exponential::FRACTION, HotEnd::Last).unwrap();
        let mut random = Streams::new(3).stream("exponential").at(0);
        let draws = 200_000;
        let recent = (0..draws).filter(|_| exponential.draw(100_000, &mut random) >= 14_286).count();
        let share = recent as f64 / f64::from(draws);
        let claimed = 0.95 / (1.0 - 0.05f64.powf(1.0 / Exponential::FRACTION));
        assert!((claimed - 0.9797).abs() < 5e-5, "{claimed}");
        assert!((share - claimed).abs() < 0.001, "{share} {claimed}");
    }

    #[test]
    fn parameters_outside_are_refused() {
        let new = |percentile, fraction| Exponential::new(percentile, fraction, HotEnd::First);
        assert_eq!(new(100.0, 0.5).unwrap_err().parameter, "percentile");
        assert_eq!(new(0.0, 0.5).unwrap_err().parameter, "percentile");
        assert_eq!(new(50.0, 0.0).unwrap_err().parameter, "fraction");
        assert_eq!(new(50.0, f64::NAN).unwrap_err().parameter, "fraction");
    }
}
