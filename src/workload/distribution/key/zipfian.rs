//! A few keys are asked for most, by a power law.

use super::super::InvalidParameter;
use super::{KeyDistribution, Scramble, ZipfRanks};
use crate::random::Random;

/// The key of rank *r* gets a share proportional to 1/(r + 1)^exponent of the draws.
///
/// Unlike YCSB's, the ranks are those of the population itself, and scrambling is a bijection: the
/// hottest of 1,000 keys at 0.99 gets the 12.9 % the law says, scrambled or not. For results to hold
/// against YCSB's see [`YcsbZipfian`](super::YcsbZipfian).
#[derive(Debug, Clone, PartialEq)]
pub struct Zipfian {
    ranks: ZipfRanks,
    scramble: Option<Scramble>,
}

impl Zipfian {
    /// Key 0 is the hottest, key 1 the next, and so on.
    ///
    /// # Errors
    /// `exponent` must be from 0 to 100.
    pub fn new(exponent: f64) -> Result<Self, InvalidParameter> {
        Ok(Self { ranks: ZipfRanks::new(exponent)?, scramble: None })
    }

    /// The hot keys lie anywhere in the population.
    ///
    /// # Errors
    /// `exponent` must be from 0 to 100.
    pub fn scrambled(exponent: f64, scramble: Scramble) -> Result<Self, InvalidParameter> {
        Ok(Self { ranks: ZipfRanks::new(exponent)?, scramble: Some(scramble) })
    }
}

impl KeyDistribution for Zipfian {
    #[inline]
    fn draw(&self, population: u64, random: &mut Random) -> u64 {
        self.key(self.ranks.draw(population, random), population)
    }

    #[inline]
    fn key(&self, rank: u64, population: u64) -> u64 {
        match &self.scramble {
            Some(scramble) => scramble.key(rank, population),
            None => rank.min(population.max(1) - 1),
        }
    }

    fn probability(&self, rank: u64, population: u64) -> f64 {
        self.ranks.probability(rank, population)
    }

    fn share_of_hottest(&self, keys: u64, population: u64) -> f64 {
        self.ranks.share_of_hottest(keys, population)
    }
}
