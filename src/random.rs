//! Named, counter-based random streams: where all randomness comes from.
//!
//! Nothing below the runner makes its own randomness; it is handed a [`Random`]. One seed gives a
//! [`Streams`], which gives one [`Stream`] per purpose, by name, which gives one [`Random`] per
//! operation, by number:
//!
//! ```
//! use dynamometer::random::Streams;
//!
//! let keys = Streams::new(42).stream("keys");
//! let mut random = keys.at(1_000_000);
//! assert_eq!(random.below(10), keys.at(1_000_000).below(10));
//! ```
//!
//! So a new consumer does not shift the draws of the others, the operation numbered *i* is the same
//! whoever makes it and in whatever order, and one seed repeats a run byte for byte.
//!
//! The values are part of the crate's contract: golden vectors in the tests hold them still across
//! versions and platforms. For that reason the generator is a named one rather than rand's `StdRng`
//! or `SmallRng`, which may change. It is not for secrets.

mod normal;

use std::convert::Infallible;

use rand::TryRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;
use xxhash_rust::xxh3::xxh3_128_with_seed;

pub use normal::{middle, standard_cumulative, standard_quantile};

/// 2^64 divided by the golden ratio, odd: the step of SplitMix64.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// All the random streams of one seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Streams {
    seed: u64,
}

impl Streams {
    /// The streams of this seed.
    pub fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// The seed, to print beside every result and every failure.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The stream for one purpose. The same name is the same stream; different names are unrelated.
    pub fn stream(&self, purpose: &str) -> Stream {
        let hash = xxh3_128_with_seed(purpose.as_bytes(), self.seed);
        let (low, high) = (hash as u64, (hash >> 64) as u64);
        Stream {
            keys: [
                mix(low.wrapping_add(GOLDEN)),
                mix(high.wrapping_add(GOLDEN)),
                mix(low.wrapping_add(GOLDEN.wrapping_mul(2))),
                mix(high.wrapping_add(GOLDEN.wrapping_mul(2))),
            ],
        }
    }
}

/// The random stream of one purpose: a generator for every operation number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stream {
    keys: [u64; 4],
}

impl Stream {
    /// The generator for the operation numbered `index`, in about 5 ns (`benches/distribution.rs`).
    ///
    /// Each of the four words of state is a SplitMix64 sequence (Steele, Lea, Flood 2014) over the
    /// index, started at a place of its own: neighbouring indexes share nothing, and no two indexes
    /// of a stream share a state.
    #[inline]
    pub fn at(&self, index: u64) -> Random {
        let step = index.wrapping_mul(GOLDEN);
        let mut state = [0; 32];
        for (word, key) in state.chunks_exact_mut(8).zip(self.keys) {
            word.copy_from_slice(&mix(key.wrapping_add(step)).to_le_bytes());
        }
        Random(Xoshiro256PlusPlus::from_seed(state))
    }
}

/// The finalizer of SplitMix64 (Stafford's variant 13): a bijection in which every bit of the input
/// moves every bit of the output.
#[inline]
fn mix(word: u64) -> u64 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ (word >> 31)
}

/// A source of randomness: xoshiro256++ (Blackman, Vigna 2019).
///
/// It also implements rand's traits, for samplers from elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Random(Xoshiro256PlusPlus);

impl Random {
    /// 64 random bits.
    #[inline]
    pub fn next_u64(&mut self) -> u64 {
        let Ok(word) = self.0.try_next_u64();
        word
    }

    /// A number in [0, 1), on a grid of 2^-53.
    #[inline]
    pub fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// A number in (0, 1], on a grid of 2^-53: its logarithm is finite.
    #[inline]
    pub fn open_unit(&mut self) -> f64 {
        ((self.next_u64() >> 11) + 1) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// A whole number in [0, n), every one equally likely (Lemire 2019). 0 when `n` is 0.
    #[inline]
    pub fn below(&mut self, n: u64) -> u64 {
        let mut product = u128::from(self.next_u64()) * u128::from(n);
        if (product as u64) < n {
            let uneven = n.wrapping_neg() % n;
            while (product as u64) < uneven {
                product = u128::from(self.next_u64()) * u128::from(n);
            }
        }
        (product >> 64) as u64
    }

    /// Fills `bytes`, little end first, from as many 64-bit draws as it takes.
    #[inline]
    pub fn fill_bytes(&mut self, bytes: &mut [u8]) {
        let Ok(()) = self.0.try_fill_bytes(bytes);
    }
}

impl TryRng for Random {
    type Error = Infallible;

    #[inline]
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.0.try_next_u32()
    }

    #[inline]
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.0.try_next_u64()
    }

    #[inline]
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.try_fill_bytes(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_held_still_across_versions() {
        let streams = Streams::new(42);
        let draws = |purpose: &str, index| {
            let mut random = streams.stream(purpose).at(index);
            [random.next_u64(), random.next_u64(), random.next_u64()]
        };
        assert_eq!(draws("keys", 0), [5112726107190898904, 16634539884070062273, 5570630355682825524]);
        assert_eq!(draws("keys", 1), [10003107640574058119, 4120642140187544285, 14882877592814662760]);
        assert_eq!(draws("keys", u64::MAX), [1391285292814327151, 3239146487840589235, 16977665649943493171]);
        assert_eq!(draws("", 0), [873024979135860580, 6095965349112589623, 15596097548574006613]);
        assert_eq!(Streams::new(43).stream("keys").at(0).next_u64(), 16972244787076768327);
    }

    #[test]
    fn helpers_are_held_still_across_versions() {
        let mut random = Streams::new(42).stream("keys").at(7);
        let mut bytes = [0; 11];
        random.fill_bytes(&mut bytes);
        assert_eq!(random.unit(), 0.18847361125810225);
        assert_eq!(random.open_unit(), 0.07377713754108861);
        assert_eq!(random.below(1_000_000_007), 89_319_536);
        assert_eq!(bytes, [228, 9, 154, 23, 173, 214, 2, 137, 246, 156, 248]);
    }

    #[test]
    fn mix_is_splitmix64() {
        // The first outputs of the reference implementation (prng.di.unimi.it/splitmix64.c), seed 0.
        assert_eq!(mix(GOLDEN), 0xE220_A839_7B1D_CDAF);
        assert_eq!(mix(GOLDEN.wrapping_mul(2)), 0x6E78_9E6A_A1B9_65F4);
    }

    #[test]
    fn streams_indexes_and_seeds_are_apart() {
        let first = |seed, purpose: &str, index| Streams::new(seed).stream(purpose).at(index).next_u64();
        let origin = first(1, "keys", 0);
        assert_eq!(origin, first(1, "keys", 0));
        assert_ne!(origin, first(1, "keys", 1));
        assert_ne!(origin, first(1, "sizes", 0));
        assert_ne!(origin, first(2, "keys", 0));
    }

    /// A change of one step in index, seed or name flips each bit of the first output half the time.
    #[test]
    fn neighbours_differ_in_half_of_their_bits() {
        let rounds = 20_000;
        let first = |seed: u64, purpose: &str, index| Streams::new(seed).stream(purpose).at(index).next_u64();
        let differences: [&dyn Fn(u64) -> u64; 3] = [
            &|i| first(1, "keys", i) ^ first(1, "keys", i + 1),
            &|i| first(i, "keys", 0) ^ first(i + 1, "keys", 0),
            &|i| first(1, "keys", i) ^ first(1, "sizes", i),
        ];
        for difference in differences {
            let mut flips = [0u32; 64];
            for i in 0..rounds {
                let bits = difference(i);
                for (bit, count) in flips.iter_mut().enumerate() {
                    *count += (bits >> bit & 1) as u32;
                }
            }
            for count in flips {
                let share = f64::from(count) / rounds as f64;
                // Five standard deviations of a fair coin.
                assert!((share - 0.5).abs() < 2.5 / (rounds as f64).sqrt(), "{share}");
            }
        }
    }

    #[test]
    fn below_is_even_and_within() {
        let stream = Streams::new(3).stream("below");
        let mut counts = [0u32; 6];
        for i in 0..60_000 {
            counts[stream.at(i).below(6) as usize] += 1;
        }
        assert!(counts.iter().all(|&count| (9_500..10_500).contains(&count)), "{counts:?}");
        assert_eq!(stream.at(0).below(1), 0);
        assert_eq!(stream.at(0).below(0), 0);
        // Three quarters of 2^64: multiplying without rejection would favour every third value.
        let n = 3 << 62;
        let mut thirds = [0u32; 3];
        for i in 0..60_000 {
            thirds[(stream.at(i).below(n) % 3) as usize] += 1;
        }
        assert!(thirds.iter().all(|&count| (19_400..20_600).contains(&count)), "{thirds:?}");
    }

    #[test]
    fn units_keep_to_their_sides() {
        let mut random = Streams::new(5).stream("unit").at(0);
        let mut sum = 0.0;
        for _ in 0..100_000 {
            let (closed, open) = (random.unit(), random.open_unit());
            assert!((0.0..1.0).contains(&closed) && open > 0.0 && open <= 1.0);
            sum += closed;
        }
        assert!((sum / 100_000.0 - 0.5).abs() < 0.005);
    }
}
