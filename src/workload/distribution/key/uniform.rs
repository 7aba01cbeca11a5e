//! Every key alike.

use super::KeyDistribution;
use crate::random::Random;

/// Every key of the population is equally likely.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Uniform;

impl KeyDistribution for Uniform {
    #[inline]
    fn draw(&self, population: u64, random: &mut Random) -> u64 {
        random.below(population.max(1))
    }

    fn key(&self, rank: u64, population: u64) -> u64 {
        rank.min(population.max(1) - 1)
    }

    fn probability(&self, rank: u64, population: u64) -> f64 {
        let population = population.max(1);
        if rank < population { 1.0 / population as f64 } else { 0.0 }
    }

    fn share_of_hottest(&self, keys: u64, population: u64) -> f64 {
        let population = population.max(1);
        keys.min(population) as f64 / population as f64
    }
}
