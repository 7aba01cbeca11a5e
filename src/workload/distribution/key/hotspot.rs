//! A part of the keys gets a part of the traffic, both evenly: 80 to 20 and its kin.

use super::super::InvalidParameter;
use super::super::parameter::within;
use super::KeyDistribution;
use crate::random::Random;

/// The first `keys` of the population gets `traffic` of the draws, the rest gets the rest.
///
/// YCSB's `HotspotIntegerGenerator`; its defaults are 0.2 and 0.8.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hotspot {
    keys: f64,
    traffic: f64,
}

impl Hotspot {
    /// `keys`: the spot's share of the population, rounded down to whole keys, at least one key.
    /// `traffic`: the spot's share of the draws.
    ///
    /// # Errors
    /// Both must be from 0 to 1.
    pub fn new(keys: f64, traffic: f64) -> Result<Self, InvalidParameter> {
        let keys = within("keys", keys, 0.0..=1.0)?;
        let traffic = within("traffic", traffic, 0.0..=1.0)?;
        Ok(Self { keys, traffic })
    }

    /// How many keys the spot has in a population of this size.
    #[inline]
    pub fn spot(&self, population: u64) -> u64 {
        let population = population.max(1);
        ((population as f64 * self.keys) as u64).clamp(1, population)
    }

    /// The two parts of the population, the hotter first.
    fn parts(&self, population: u64) -> [Part; 2] {
        let population = population.max(1);
        let size = self.spot(population);
        if size == population {
            let none = Part { start: population, keys: 0, traffic: 0.0 };
            return [Part { start: 0, keys: population, traffic: 1.0 }, none];
        }
        let spot = Part { start: 0, keys: size, traffic: self.traffic };
        let rest = Part { start: size, keys: population - size, traffic: 1.0 - self.traffic };
        let heat = |part: Part| part.traffic / part.keys as f64;
        if heat(spot) >= heat(rest) { [spot, rest] } else { [rest, spot] }
    }
}

/// Neighbouring keys that are equally hot.
#[derive(Debug, Clone, Copy)]
struct Part {
    start: u64,
    keys: u64,
    traffic: f64,
}

impl KeyDistribution for Hotspot {
    #[inline]
    fn draw(&self, population: u64, random: &mut Random) -> u64 {
        let spot = self.spot(population);
        if spot >= population || random.unit() < self.traffic {
            random.below(spot)
        } else {
            spot + random.below(population - spot)
        }
    }

    fn key(&self, rank: u64, population: u64) -> u64 {
        let rank = rank.min(population.max(1) - 1);
        let [hot, cold] = self.parts(population);
        if rank < hot.keys { hot.start + rank } else { cold.start + (rank - hot.keys) }
    }

    fn probability(&self, rank: u64, population: u64) -> f64 {
        let [hot, cold] = self.parts(population);
        if rank < hot.keys {
            hot.traffic / hot.keys as f64
        } else if rank - hot.keys < cold.keys {
            cold.traffic / cold.keys as f64
        } else {
            0.0
        }
    }

    fn share_of_hottest(&self, keys: u64, population: u64) -> f64 {
        let [hot, cold] = self.parts(population);
        if keys <= hot.keys {
            return hot.traffic * (keys as f64 / hot.keys as f64);
        }
        let beyond = (keys - hot.keys).min(cold.keys);
        if beyond == cold.keys {
            return 1.0;
        }
        hot.traffic + cold.traffic * (beyond as f64 / cold.keys as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Streams;

    #[test]
    fn a_fifth_of_the_keys_gets_four_fifths_of_the_draws() {
        let hotspot = Hotspot::new(0.2, 0.8).unwrap();
        let mut random = Streams::new(3).stream("hotspot").at(0);
        let draws = 100_000;
        let hot = (0..draws).filter(|_| hotspot.draw(1000, &mut random) < 200).count();
        let share = hot as f64 / f64::from(draws);
        assert!((share - 0.8).abs() < 0.005, "{share}");
        assert_eq!(hotspot.spot(1000), 200);
        assert!((hotspot.hottest_share(1000) - 0.004).abs() < 1e-15);
        assert!((hotspot.share_of_hottest(200, 1000) - 0.8).abs() < 1e-15);
    }

    #[test]
    fn a_spot_is_never_empty() {
        let celebrity = Hotspot::new(0.0, 0.5).unwrap();
        assert_eq!(celebrity.spot(1_000_000), 1);
        assert_eq!(celebrity.hottest_share(1_000_000), 0.5);
        assert_eq!(celebrity.spot(0), 1);
    }

    #[test]
    fn shares_outside_are_refused() {
        assert_eq!(Hotspot::new(1.1, 0.5).unwrap_err().parameter, "keys");
        assert_eq!(Hotspot::new(0.5, -0.1).unwrap_err().parameter, "traffic");
        assert_eq!(Hotspot::new(0.5, f64::NAN).unwrap_err().parameter, "traffic");
    }
}
