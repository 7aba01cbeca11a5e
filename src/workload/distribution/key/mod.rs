//! Which key: distributions over a population of keys that may grow while they draw.
//!
//! A key is an index in [0, population): the number of the record, in the order of insertion. A
//! *rank* is a key's place by popularity, 0 the hottest. Each distribution is one file and one line
//! here, and holds nothing that a draw changes: one value serves every worker. Calling one through
//! `dyn KeyDistribution` costs no more than calling it directly (`benches/distribution.rs`), so there
//! is no enum of them.

mod exponential;
mod hotspot;
mod latest;
mod ranks;
mod scramble;
mod uniform;
mod ycsb;
mod zipfian;

pub use exponential::{Exponential, HotEnd};
pub use hotspot::Hotspot;
pub use latest::Latest;
pub use ranks::ZipfRanks;
pub use scramble::Scramble;
pub use uniform::Uniform;
pub use ycsb::{YcsbZipfian, ycsb_key_hash, ycsb_key_name};
pub use zipfian::Zipfian;

use std::fmt::Debug;

use crate::random::Random;

/// A distribution of requests over keys.
///
/// A population of 0 is taken as 1: the draw is key 0 with certainty.
pub trait KeyDistribution: Debug + Send + Sync {
    /// Draws a key index in [0, population). Depends on nothing but its arguments.
    fn draw(&self, population: u64, random: &mut Random) -> u64;

    /// The key of this rank. A rank outside the population is taken as the last.
    fn key(&self, rank: u64, population: u64) -> u64;

    /// The share of all draws, 0 to 1, that the key of this rank gets; 0 from rank `population` on.
    fn probability(&self, rank: u64, population: u64) -> f64;

    /// The share of all draws, 0 to 1, that the `keys` hottest keys get together.
    fn share_of_hottest(&self, keys: u64, population: u64) -> f64;

    /// The share of all draws, 0 to 1, that the hottest key gets.
    fn hottest_share(&self, population: u64) -> f64 {
        self.probability(0, population)
    }
}

#[cfg(test)]
mod tests {
    use super::super::goodness;
    use super::*;
    use crate::random::Streams;

    fn every() -> Vec<(&'static str, Box<dyn KeyDistribution>)> {
        vec![
            ("uniform", Box::new(Uniform)),
            ("zipfian 0", Box::new(Zipfian::new(0.0).unwrap())),
            ("zipfian 0.3", Box::new(Zipfian::new(0.3).unwrap())),
            ("zipfian 0.5", Box::new(Zipfian::new(0.5).unwrap())),
            ("zipfian 0.99", Box::new(Zipfian::new(0.99).unwrap())),
            ("zipfian 1", Box::new(Zipfian::new(1.0).unwrap())),
            ("zipfian nearly 1", Box::new(Zipfian::new(1.0 + 1e-14).unwrap())),
            ("zipfian 1.21", Box::new(Zipfian::new(1.21).unwrap())),
            ("zipfian 2", Box::new(Zipfian::new(2.0).unwrap())),
            ("zipfian 5", Box::new(Zipfian::new(5.0).unwrap())),
            ("zipfian 100", Box::new(Zipfian::new(100.0).unwrap())),
            ("latest 0.99", Box::new(Latest::new(0.99).unwrap())),
            ("latest 1.21", Box::new(Latest::new(1.21).unwrap())),
            ("hotspot 0.2, 0.8", Box::new(Hotspot::new(0.2, 0.8).unwrap())),
            ("hotspot 0, 0.25", Box::new(Hotspot::new(0.0, 0.25).unwrap())),
            ("hotspot 1, 1", Box::new(Hotspot::new(1.0, 1.0).unwrap())),
            ("hotspot 0.8, 0.1", Box::new(Hotspot::new(0.8, 0.1).unwrap())),
            ("exponential first", Box::new(Exponential::new(95.0, 0.857, HotEnd::First).unwrap())),
            ("exponential last", Box::new(Exponential::new(50.0, 0.1, HotEnd::Last).unwrap())),
            ("scrambled 0.99", Box::new(Zipfian::scrambled(0.99, Scramble::new(1)).unwrap())),
            ("ycsb", Box::new(YcsbZipfian::new())),
        ]
    }

    fn counts(keys: &dyn KeyDistribution, population: u64, draws: u64) -> Vec<u64> {
        let mut random = Streams::new(7).stream("keys").at(population);
        let mut counts = vec![0; population as usize];
        for _ in 0..draws {
            counts[keys.draw(population, &mut random) as usize] += 1;
        }
        counts
    }

    /// Every distribution whose k-th hottest key is known against its own claimed probabilities,
    /// key by key.
    #[test]
    fn draws_fit_the_probabilities() {
        for (name, keys) in every() {
            if name == "ycsb" {
                continue; // which key has which rank is an accident of the hash; see its file
            }
            for population in [2u64, 3, 5, 9, 100, 1000, 4097] {
                let by_key = counts(&*keys, population, 100_000);
                let by_rank: Vec<u64> =
                    (0..population).map(|rank| by_key[keys.key(rank, population) as usize]).collect();
                let claimed: Vec<f64> = (0..population).map(|rank| keys.probability(rank, population)).collect();
                let p = goodness::p_value(&by_rank, &claimed);
                assert!(p > 1e-4, "{name} of {population}: p = {p:e}");
            }
        }
    }

    #[test]
    fn shares_are_sums_of_probabilities() {
        for (name, keys) in every() {
            for population in [1u64, 2, 10, 1000] {
                let mut sum = 0.0;
                for rank in 0..population {
                    let probability = keys.probability(rank, population);
                    let before = if rank == 0 { 1.0 } else { keys.probability(rank - 1, population) };
                    assert!(probability <= before * (1.0 + 1e-12), "{name} rank {rank}");
                    sum += probability;
                    let share = keys.share_of_hottest(rank + 1, population);
                    assert!((share - sum).abs() < 1e-9, "{name} {rank}: {share} {sum}");
                }
                assert!((sum - 1.0).abs() < 1e-9, "{name} of {population}: {sum}");
                assert_eq!(keys.share_of_hottest(0, population), 0.0, "{name}");
                assert_eq!(keys.share_of_hottest(u64::MAX, population), 1.0, "{name}");
                assert_eq!(keys.probability(population, population), 0.0, "{name}");
                assert_eq!(keys.hottest_share(population), keys.probability(0, population));
            }
        }
    }

    #[test]
    fn any_population_is_served() {
        let stream = Streams::new(9).stream("any");
        for (name, keys) in every() {
            for population in [0, 1, 2, 10_000_000_000, 1 << 53, u64::MAX - 1, u64::MAX] {
                for index in 0..100 {
                    let key = keys.draw(population, &mut stream.at(index));
                    assert!(key < population.max(1), "{name} of {population}: {key}");
                }
                let share = keys.hottest_share(population);
                assert!(share > 0.0 && share <= 1.0, "{name} of {population}: {share}");
            }
        }
    }

    #[test]
    fn draws_are_held_still_across_versions() {
        let mut seen = String::new();
        for (name, keys) in every() {
            let mut random = Streams::new(42).stream("keys").at(0);
            let draws: Vec<u64> = (0..10_000).map(|_| keys.draw(1_000_003, &mut random)).collect();
            seen += &goodness::golden(name, &draws);
        }
        assert_eq!(seen, include_str!("golden.txt"));
    }
}
