//! Which key has which rank: a keyed shuffle of the population that needs no memory.

/// A bijection of [0, population) onto itself: every key is reached and no two ranks share one.
///
/// A Feistel network (Luby & Rackoff 1988) over the next power of two, walked until it lands inside the
/// population (cycle walking; Black & Rogaway 2002): one walk when the population is just below a power
/// of two, two on average when it is just above.
///
/// When the population grows by one key inside the same power of two, at most one rank changes its
/// key: the one whose walk used to pass through the new key now ends there. When it grows past a power
/// of two, nearly all ranks change, as if the popularity of the keys had been dealt again. A workload
/// that inserts across such a border would see its heat jump from one key to another; give the
/// shuffle [room](Self::with_room) for the population it will end with.
///
/// Operations that share a table should share the seed too, or they disagree about which keys are hot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scramble {
    rounds: [Round; ROUNDS],
    room: u64,
}

/// Each half is changed three times. With four rounds a hot rank of a few dozen keys still lies up to 5 %
/// too often in some places; with six no more than 1 %. This is not a cipher.
const ROUNDS: usize = 6;

/// How many times larger than the population the room may be: a bound on the walk.
const ROOM_FACTOR_MAX: u64 = 16;

impl Scramble {
    /// The shuffle of this seed.
    pub fn new(seed: u64) -> Self {
        let stream = crate::random::Streams::new(seed).stream("scramble");
        let mut random = stream.at(0);
        Self { rounds: std::array::from_fn(|_| Round { a: random.next_u64(), b: random.next_u64() }), room: 0 }
    }

    /// The same shuffle with room to grow to `population` keys without dealing the ranks again.
    ///
    /// Room of twice the keys takes twice the walks. Room beyond 16 times the keys is not used.
    #[must_use]
    pub fn with_room(self, population: u64) -> Self {
        Self { room: population, ..self }
    }

    /// The key of this rank. A rank outside the population is taken as the last.
    #[inline]
    pub fn key(&self, rank: u64, population: u64) -> u64 {
        if population <= 1 {
            return 0;
        }
        let network = Network::over(self.domain(population));
        let mut key = rank.min(population - 1);
        // The network is a bijection, so the walk comes back to where it started if nowhere earlier.
        loop {
            key = network.forward(key, &self.rounds);
            if key < population {
                return key;
            }
        }
    }

    /// How many keys the network is made for, before rounding up to a power of two.
    #[inline]
    fn domain(&self, population: u64) -> u64 {
        self.room.min(population.saturating_mul(ROOM_FACTOR_MAX)).max(population)
    }
}

/// A Feistel network over all numbers of so many bits, split into two halves.
///
/// The rounds take turns in which half they change, so the halves need not be of the same width.
#[derive(Debug, Clone, Copy)]
struct Network {
    low_bits: u32,
    low_mask: u64,
    high_mask: u64,
}

impl Network {
    /// The smallest network that holds `domain` numbers, at least 2.
    #[inline]
    fn over(domain: u64) -> Self {
        let bits = u64::BITS - (domain - 1).leading_zeros();
        let low_bits = bits.div_ceil(2);
        Self { low_bits, low_mask: (1 << low_bits) - 1, high_mask: (1 << (bits - low_bits)) - 1 }
    }

    #[inline]
    fn forward(self, number: u64, rounds: &[Round; ROUNDS]) -> u64 {
        let (mut low, mut high) = (number & self.low_mask, number >> self.low_bits);
        for pair in rounds.chunks_exact(2) {
            high ^= pair[0].of(low) & self.high_mask;
            low ^= pair[1].of(high) & self.low_mask;
        }
        high << self.low_bits | low
    }
}

/// A round function: (a·x + b) mod 2^64, its upper half, with random a and b. Over the choice of a and
/// b the values at any two places are independent (Dietzfelbinger 1996).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Round {
    a: u64,
    b: u64,
}

impl Round {
    #[inline]
    fn of(self, half: u64) -> u64 {
        half.wrapping_mul(self.a).wrapping_add(self.b) >> 32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::distribution::goodness;

    fn assert_bijection(scramble: Scramble, population: u64) {
        let mut seen = vec![false; population as usize];
        for rank in 0..population {
            let key = scramble.key(rank, population) as usize;
            assert!(!std::mem::replace(&mut seen[key], true), "{key} of {population} came twice");
        }
    }

    #[test]
    fn every_key_is_reached_and_ranks_stay_apart() {
        for population in 1..2000 {
            assert_bijection(Scramble::new(population), population);
            assert_bijection(Scramble::new(1).with_room(10_000), population);
        }
        for population in [(1 << 16) - 1, 1 << 16, (1 << 16) + 1, 1_000_003, (1 << 20) + 7] {
            assert_bijection(Scramble::new(3), population);
        }
    }

    /// Populations too large for a set: the way back leads to where it came from.
    #[test]
    fn it_can_be_undone_for_any_population() {
        let backward = |network: Network, number: u64, rounds: &[Round; ROUNDS]| {
            let (mut low, mut high) = (number & network.low_mask, number >> network.low_bits);
            for pair in rounds.chunks_exact(2).rev() {
                low ^= pair[1].of(high) & network.low_mask;
                high ^= pair[0].of(low) & network.high_mask;
            }
            high << network.low_bits | low
        };
        let scramble = Scramble::new(5);
        for population in [10_000_000_000, (1 << 40) + 1, 1 << 53, (1 << 63) + 1, u64::MAX] {
            for i in 0..10_000 {
                let rank = i * (population / 10_000);
                let key = scramble.key(rank, population);
                assert!(key < population);
                let network = Network::over(population);
                let mut back = backward(network, key, &scramble.rounds);
                while back >= population {
                    back = backward(network, back, &scramble.rounds);
                }
                assert_eq!(back, rank);
            }
        }
    }

    #[test]
    fn one_more_key_moves_at_most_one_rank() {
        let scramble = Scramble::new(6);
        for population in 513..1023 {
            let moved: Vec<u64> = (0..population)
                .filter(|&rank| scramble.key(rank, population) != scramble.key(rank, population + 1))
                .collect();
            assert!(moved.len() <= 1, "{population}: {moved:?}");
            for rank in moved {
                assert_eq!(scramble.key(rank, population + 1), population);
            }
        }
    }

    #[test]
    fn with_room_a_power_of_two_is_passed_unnoticed() {
        let scramble = Scramble::new(6).with_room(2000);
        let moved = (0..1000).filter(|&rank| scramble.key(rank, 1000) != scramble.key(rank, 1100));
        assert!(moved.count() <= 100);
        // Without room it is dealt again.
        let scramble = Scramble::new(6);
        let moved = (0..1000).filter(|&rank| scramble.key(rank, 1000) != scramble.key(rank, 1100));
        assert!(moved.count() > 950);
    }

    /// Over many seeds each of the hot ranks comes to lie anywhere, and so does the next one from it.
    #[test]
    fn hot_ranks_lie_anywhere() {
        for population in [37u64, 64, 1000, 1_000_000] {
            let bins = population.min(50);
            for rank in [0, 1, 2, 30] {
                let mut places = vec![0; bins as usize];
                let mut distances = vec![0; bins as usize];
                for seed in 0..20_000 {
                    let scramble = Scramble::new(seed);
                    let (here, next) = (scramble.key(rank, population), scramble.key(rank + 1, population));
                    places[(here * bins / population) as usize] += 1;
                    let distance = (next + population - here) % population;
                    distances[(distance * bins / population) as usize] += 1;
                }
                let sizes: Vec<f64> = (0..bins)
                    .map(|bin| {
                        let edge = |bin: u64| (bin * population).div_ceil(bins);
                        (edge(bin + 1) - edge(bin)) as f64
                    })
                    .collect();
                let even: Vec<f64> = sizes.iter().map(|size| size / population as f64).collect();
                goodness::assert_fits(&places, &even);
                // A distance of 0 cannot be: the two ranks have different keys.
                let apart: Vec<f64> = sizes
                    .iter()
                    .enumerate()
                    .map(|(bin, size)| (size - f64::from(bin == 0)) / (population - 1) as f64)
                    .collect();
                goodness::assert_fits(&distances, &apart);
            }
        }
    }

    #[test]
    fn mapping_is_held_still_across_versions() {
        let scramble = Scramble::new(42);
        let keys: Vec<u64> = (0..8).map(|rank| scramble.key(rank, 1_000_003)).collect();
        assert_eq!(keys, [691423, 838782, 746885, 628684, 293758, 117829, 74616, 209487]);
    }
}
