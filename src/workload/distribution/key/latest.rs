//! The newest keys are asked for most: feeds, logs, status updates.

use super::super::InvalidParameter;
use super::{KeyDistribution, ZipfRanks};
use crate::random::Random;

/// The key inserted last is the hottest, and popularity falls with age by Zipf's law.
///
/// As YCSB's `SkewedLatestGenerator` (workload D) over the population at the moment of the draw.
#[derive(Debug, Clone, PartialEq)]
pub struct Latest {
    ranks: ZipfRanks,
}

impl Latest {
    /// YCSB's exponent.
    pub const EXPONENT: f64 = 0.99;

    /// A share proportional to 1/age^exponent, the last key being of age 1.
    ///
    /// # Errors
    /// `exponent` must be from 0 to 100.
    pub fn new(exponent: f64) -> Result<Self, InvalidParameter> {
        Ok(Self { ranks: ZipfRanks::new(exponent)? })
    }
}

impl KeyDistribution for Latest {
    #[inline]
    fn draw(&self, population: u64, random: &mut Random) -> u64 {
        self.key(self.ranks.draw(population, random), population)
    }

    #[inline]
    fn key(&self, rank: u64, population: u64) -> u64 {
        let last = population.max(1) - 1;
        last - rank.min(last)
    }

    fn probability(&self, rank: u64, population: u64) -> f64 {
        self.ranks.probability(rank, population)
    }

    fn share_of_hottest(&self, keys: u64, population: u64) -> f64 {
        self.ranks.share_of_hottest(keys, population)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Streams;

    #[test]
    fn the_last_key_is_the_hottest_as_the_population_grows() {
        let latest = Latest::new(Latest::EXPONENT).unwrap();
        let mut random = Streams::new(3).stream("latest").at(0);
        let mut newest = 0;
        let draws = 100_000;
        for population in 1000..1000 + draws {
            newest += u64::from(latest.draw(population, &mut random) == population - 1);
        }
        let share = newest as f64 / draws as f64;
        let claimed = latest.hottest_share(50_000);
        assert!((share / claimed - 1.0).abs() < 0.05, "{share} {claimed}");
    }
}
