//! YCSB's own zipfian and key names, kept as they are so that results can be held against YCSB's.

use super::KeyDistribution;
use crate::random::Random;

/// YCSB's `requestdistribution=zipfian` (`ScrambledZipfianGenerator`).
///
/// It draws one of 10^10 ranks with exponent 0.99 and folds it by hash onto the population. Keys
/// collide and most of the mass of the tail is spread evenly: of 1,000 keys the hottest gets 3.9 % of
/// the draws (3.78 % from its own rank) where the law says 12.9 %; at a million keys some are never
/// asked for early on. Use it to compare with published YCSB figures, and
/// [`Zipfian`](super::Zipfian) to mean what the exponent says.
///
/// Ranks come from YCSB's approximation to the law (Gray et al., "Quickly generating billion-record
/// synthetic databases", SIGMOD 1994). One difference: YCSB folds onto the population plus the inserts
/// it expects and draws again for keys not there yet; here it is folded onto the population itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct YcsbZipfian {
    /// 1/(1 − θ), computed as YCSB computes it.
    alpha: f64,
    eta: f64,
    /// The shares of ranks 0 and 1 together, times ζ.
    second: f64,
}

impl YcsbZipfian {
    /// θ, the exponent.
    const THETA: f64 = 0.99;
    /// `ITEM_COUNT` + 1: its range includes both ends.
    const ITEMS: f64 = 10_000_000_001.0;
    /// `ZETAN`: the sum of 1/k^θ over the ranks.
    const ZETA: f64 = 26.469_028_201_783_02;

    /// The generator with YCSB's constants.
    pub fn new() -> Self {
        let second = 1.0 + libm::pow(0.5, Self::THETA);
        let eta = (1.0 - libm::pow(2.0 / Self::ITEMS, 1.0 - Self::THETA)) / (1.0 - second / Self::ZETA);
        Self { alpha: 1.0 / (1.0 - Self::THETA), eta, second }
    }

    /// Draws a rank in [0, 10^10], before it is folded.
    #[inline]
    fn rank(&self, random: &mut Random) -> u64 {
        let unit = random.unit();
        let scaled = unit * Self::ZETA;
        if scaled < 1.0 {
            0
        } else if scaled < self.second {
            1
        } else {
            // (1 + η(u − 1))^α, at half the cost of libm's pow.
            (Self::ITEMS * libm::exp(self.alpha * libm::log1p(self.eta * (unit - 1.0)))) as u64
        }
    }

    /// The share of draws whose rank is below `ranks`, before they are folded.
    fn share_of_ranks(&self, ranks: u64) -> f64 {
        match ranks {
            0 => 0.0,
            1 => 1.0 / Self::ZETA,
            2 => self.second / Self::ZETA,
            _ => {
                let part = (ranks as f64 / Self::ITEMS).min(1.0);
                1.0 - (1.0 - libm::pow(part, 1.0 - Self::THETA)) / self.eta
            }
        }
    }
}

impl Default for YcsbZipfian {
    fn default() -> Self {
        Self::new()
    }
}

/// Shares are those of a fold in which the first `population` ranks fall on different keys and all
/// others are spread evenly. For the hottest key that is right to 1 % from 100 keys on.
impl KeyDistribution for YcsbZipfian {
    #[inline]
    fn draw(&self, population: u64, random: &mut Random) -> u64 {
        self.key(self.rank(random), population)
    }

    /// The key this rank is folded onto. It may be that of a hotter rank too.
    #[inline]
    fn key(&self, rank: u64, population: u64) -> u64 {
        ycsb_key_hash(rank) % population.max(1)
    }

    fn probability(&self, rank: u64, population: u64) -> f64 {
        let population = population.max(1);
        if rank >= population {
            return 0.0;
        }
        let own = self.share_of_ranks(rank + 1) - self.share_of_ranks(rank);
        own + (1.0 - self.share_of_ranks(population)) / population as f64
    }

    fn share_of_hottest(&self, keys: u64, population: u64) -> f64 {
        let population = population.max(1);
        let keys = keys.min(population);
        let folded = 1.0 - self.share_of_ranks(population);
        if keys == population {
            return 1.0;
        }
        self.share_of_ranks(keys) + folded * (keys as f64 / population as f64)
    }
}

/// YCSB's `Utils.fnvhash64`: 64-bit FNV-1a over the eight bytes of the number, low byte first, made
/// positive.
#[inline]
pub fn ycsb_key_hash(record: u64) -> u64 {
    let hash = record
        .to_le_bytes()
        .iter()
        .fold(0xCBF2_9CE4_8422_2325_u64, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(1_099_511_628_211));
    hash.cast_signed().unsigned_abs()
}

/// The key YCSB gives the record of this number (`insertorder=hashed`, its default): "user" and the
/// hash of the number.
pub fn ycsb_key_name(record: u64) -> String {
    format!("user{}", ycsb_key_hash(record))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Streams;
    use crate::workload::distribution::goodness;
    use crate::workload::distribution::key::Zipfian;

    #[test]
    fn key_names_are_ycsbs() {
        // The first records of every table YCSB has loaded.
        assert_eq!(ycsb_key_name(0), "user6284781860667377211");
        assert_eq!(ycsb_key_name(1), "user8517097267634966620");
        assert_eq!(ycsb_key_name(2), "user1820151046732198393");
    }

    fn hottest_of_a_thousand(keys: &dyn KeyDistribution) -> f64 {
        let mut random = Streams::new(3).stream("ycsb").at(0);
        let mut counts = vec![0u32; 1000];
        for _ in 0..1_000_000 {
            counts[keys.draw(1000, &mut random) as usize] += 1;
        }
        f64::from(counts.into_iter().max().unwrap_or(0)) / 1e6
    }

    /// facts, YCSB: 3.78 % of draws instead of 12.94 %. On top of its own rank the hottest key gets
    /// what else is folded onto it: 3.886 % by exact count over the ranks.
    #[test]
    fn folding_takes_two_thirds_of_the_heat_of_a_thousand_keys() {
        let ycsb = YcsbZipfian::new();
        assert!((ycsb.share_of_ranks(1) - 0.0378).abs() < 5e-5);
        let folded = hottest_of_a_thousand(&ycsb);
        assert!((folded - 0.03886).abs() < 6e-4, "{folded}");
        assert!((ycsb.hottest_share(1000) / 0.03886 - 1.0).abs() < 0.01);
        let zipfian = Zipfian::new(0.99).unwrap();
        let law = hottest_of_a_thousand(&zipfian);
        assert!((law - 0.1294).abs() < 1e-3, "{law}");
        assert!((zipfian.hottest_share(1000) - 0.1294).abs() < 5e-5);
    }

    #[test]
    fn ranks_follow_ycsbs_approximation() {
        let ycsb = YcsbZipfian::new();
        let mut random = Streams::new(4).stream("ycsb").at(0);
        let decades: Vec<u64> = (0..=10).map(|power| 10u64.pow(power)).collect();
        let mut counts = vec![0; 12];
        for _ in 0..300_000 {
            let rank = ycsb.rank(&mut random);
            counts[decades.partition_point(|&decade| decade <= rank)] += 1;
        }
        let mut claimed = Vec::new();
        let mut before = 0.0;
        for upto in decades.into_iter().chain([u64::MAX]) {
            let share = ycsb.share_of_ranks(upto);
            claimed.push(share - before);
            before = share;
        }
        goodness::assert_fits(&counts, &claimed);
    }
}
