//! Ranks by Zipf's law, for any exponent, in constant time and without set-up by population.

use super::super::InvalidParameter;
use super::super::box_cox::expm1_over;
use super::super::harmonic::harmonic;
use super::super::parameter::within;
use crate::random::Random;

/// Draws ranks in [0, population), rank *r* with a probability proportional to 1/(r + 1)^exponent.
///
/// Rejection-inversion (Hörmann & Derflinger, "Rejection-inversion to generate variates from monotone
/// discrete distributions", ACM TOMACS 1996): a point under the curve x^−exponent is found by
/// inverting its integral and rounded to the nearest rank, and thrown away when it falls outside the
/// rank's bar. Almost every point is kept, whatever the exponent, and no sum over the population is
/// needed.
///
/// The only constant that depends on the population is the integral up to its end. It is kept for a
/// grid of ends, four to the power of two; a draw takes the grid point at or above the population and
/// throws away ranks beyond the population: at worst a fifth of them, at exponent 0, and hardly any
/// at the exponents in use. So there is nothing to recompute when the population grows, and the
/// same randomness gives the same rank for most populations near each other: runs that differ by a few
/// inserts still ask for the same keys.
///
/// A draw takes 60 ns from first to last; draws in a row overlap and take 17 to 36 ns each
/// (`benches/distribution.rs`).
///
/// Uniform numbers have 53 bits, so ranks of a probability below about 10^-16 are never drawn, and
/// neither are those from 2^63 on.
#[derive(Debug, Clone, PartialEq)]
pub struct ZipfRanks {
    exponent: f64,
    area: Area,
    /// The integral of x^−exponent from 1 to 1.5, less the whole bar of rank 0.
    start: f64,
    /// Points at most this far below their rank are inside its bar, whatever the rank.
    sure: f64,
    /// The integral from 1 to half a rank beyond each end of the grid.
    ends: Box<[f64]>,
}

impl ZipfRanks {
    /// The largest exponent. At 100 the second key gets one draw in 10^30.
    pub const EXPONENT_MAX: f64 = 100.0;

    /// Ranks with this exponent: 0 is uniform, 0.99 is YCSB's, 1.21 the median of Twitter's caches.
    ///
    /// # Errors
    /// `exponent` must be from 0 to [`EXPONENT_MAX`](Self::EXPONENT_MAX).
    pub fn new(exponent: f64) -> Result<Self, InvalidParameter> {
        let exponent = within("exponent", exponent, 0.0..=Self::EXPONENT_MAX)?;
        let area = Area::under(exponent);
        let sure = 2.0 - area.reached(area.upto(2.5) - libm::pow(2.0, -exponent));
        let ends = (0..=grid_point(u64::MAX)).map(|point| area.upto(grid_end(point) + 0.5)).collect();
        Ok(Self { exponent, area, start: area.upto(1.5) - 1.0, sure, ends })
    }

    /// The exponent of the law.
    pub fn exponent(&self) -> f64 {
        self.exponent
    }

    /// Draws a rank in [0, population), 0 the likeliest.
    #[inline]
    pub fn draw(&self, population: u64, random: &mut Random) -> u64 {
        if population <= 1 {
            return 0;
        }
        let end = self.ends[grid_point(population)];
        loop {
            let under = end + random.unit() * (self.start - end);
            let x = self.area.reached(under);
            // Signed, because x86-64 converts floats to and from unsigned words at three times the cost.
            let nearest = (x + 0.5) as i64;
            // Counted from 1: x may come out just below ½.
            let rank = nearest.unsigned_abs().max(1);
            if rank <= population && (nearest as f64 - x <= self.sure || self.keeps(rank, under)) {
                return rank - 1;
            }
        }
    }

    /// Whether the point is inside the bar of this rank, counted from 1.
    #[cold]
    fn keeps(&self, rank: u64, under: f64) -> bool {
        let bar = libm::pow(rank as f64, -self.exponent);
        under >= self.area.upto(rank as f64 + 0.5) - bar
    }

    /// The share of all draws that this rank gets.
    pub fn probability(&self, rank: u64, population: u64) -> f64 {
        if rank >= population.max(1) {
            return 0.0;
        }
        libm::pow(rank as f64 + 1.0, -self.exponent) / harmonic(population.max(1), self.exponent)
    }

    /// The share of all draws that the first `ranks` ranks get together.
    pub fn share_of_hottest(&self, ranks: u64, population: u64) -> f64 {
        let population = population.max(1);
        harmonic(ranks.min(population), self.exponent) / harmonic(population, self.exponent)
    }
}

/// The area under x^−exponent from 1 on, by its closed form (x^λ − 1)/λ.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Area {
    /// 1 − exponent.
    lambda: f64,
    /// 1/λ, because a division is a tenth of a draw.
    reciprocal: f64,
}

impl Area {
    fn under(exponent: f64) -> Self {
        let lambda = 1.0 - exponent;
        Self { lambda, reciprocal: 1.0 / lambda }
    }

    fn upto(self, x: f64) -> f64 {
        expm1_over(self.lambda, libm::log(x))
    }

    /// The x up to which the area is this.
    #[inline]
    fn reached(self, area: f64) -> f64 {
        // 1 − exponent is a multiple of 2^-53 unless it is 0.
        let log = if self.lambda == 0.0 { area } else { libm::log1p((self.lambda * area).max(-1.0)) * self.reciprocal };
        libm::exp(log)
    }
}

/// The first point of the grid at or above the population: 1, 2, 3 … 8, 10, 12, 14, 16, 20 ….
#[inline]
fn grid_point(population: u64) -> usize {
    let below = population.saturating_sub(1);
    if below < 4 {
        return below as usize;
    }
    let octave = below.ilog2() as usize;
    4 * (octave - 1) + (below >> (octave - 2)) as usize - 4
}

/// The population a point of the grid stands for.
fn grid_end(point: usize) -> f64 {
    if point < 4 {
        return point as f64 + 1.0;
    }
    let quarters = (point % 4 + 5) as u128;
    (quarters << (point / 4 - 1)) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Streams;
    use crate::workload::distribution::goodness;

    #[test]
    fn the_grid_is_at_or_above_the_population_and_close() {
        let ends: Vec<f64> = (1..=20).map(|n| grid_end(grid_point(n))).collect();
        let expected = [1, 2, 3, 4, 5, 6, 7, 8, 10, 10, 12, 12, 14, 14, 16, 16, 20, 20, 20, 20].map(f64::from);
        assert_eq!(ends, expected);
        for power in 3..64 {
            for offset in [0, 1, 2, 3, 5] {
                let n = (1u64 << power) + offset;
                let end = grid_end(grid_point(n));
                assert!(end >= n as f64 && end <= n as f64 * 1.25, "{n} {end}");
                assert!(grid_end(grid_point(n) - 1) < n as f64 || offset > 0);
            }
        }
        assert_eq!(grid_end(grid_point(u64::MAX)), 18_446_744_073_709_551_616.0);
    }

    /// Exact probabilities, summed here term by term and not by the code under test.
    #[test]
    fn draws_follow_the_law_for_every_exponent() {
        for exponent in [0.0, 0.2, 0.5, 0.99, 1.0, 1.0 - 1e-13, 1.21, 1.5, 2.0, 3.0, 5.0] {
            for (population, draws) in [(7u64, 600_000), (1_000, 200_000), (100_003, 200_000)] {
                let terms: Vec<f64> = (1..=population).map(|k| (k as f64).powf(-exponent)).collect();
                let sum: f64 = terms.iter().rev().sum();
                let claimed: Vec<f64> = terms.iter().map(|term| term / sum).collect();
                let ranks = ZipfRanks::new(exponent).unwrap();
                let stream = Streams::new(1).stream("ranks");
                let mut counts = vec![0; population as usize];
                for index in 0..draws {
                    counts[ranks.draw(population, &mut stream.at(index)) as usize] += 1;
                }
                let p = goodness::p_value(&counts, &claimed);
                assert!(p > 1e-4, "exponent {exponent} of {population}: p = {p:e}");
            }
        }
    }

    /// A population no table could hold: shares of the first 10^k ranks by the harmonic numbers.
    #[test]
    fn draws_follow_the_law_over_ten_billion_keys() {
        let population = 10_000_000_000;
        for exponent in [0.5, 0.99, 1.0, 1.21] {
            let ranks = ZipfRanks::new(exponent).unwrap();
            let mut random = Streams::new(2).stream("ranks").at(0);
            let decade = |rank: u64| (rank + 1).ilog10() as usize;
            let mut counts = vec![0; 10];
            for _ in 0..400_000 {
                counts[decade(ranks.draw(population, &mut random)).min(9)] += 1;
            }
            let upto = |k: u32| match k {
                10 => 1.0,
                _ => ranks.share_of_hottest(10u64.pow(k) - 1, population),
            };
            let claimed: Vec<f64> = (0..10).map(|k| upto(k + 1) - upto(k)).collect();
            goodness::assert_fits(&counts, &claimed);
        }
    }

    #[test]
    fn growth_leaves_most_draws_as_they_were() {
        let ranks = ZipfRanks::new(0.99).unwrap();
        let stream = Streams::new(4).stream("ranks");
        let moved = (0..100_000)
            .filter(|&index| {
                ranks.draw(1_000_000, &mut stream.at(index)) != ranks.draw(1_001_000, &mut stream.at(index))
            })
            .count();
        assert!(moved < 50, "{moved} of 100,000 draws moved");
    }

    #[test]
    fn the_hottest_of_a_thousand_gets_the_published_share() {
        let ranks = ZipfRanks::new(0.99).unwrap();
        assert!((ranks.probability(0, 1000) - 0.1294).abs() < 5e-5);
    }

    #[test]
    fn exponents_outside_are_refused() {
        for exponent in [-0.1, 100.1, f64::NAN, f64::INFINITY] {
            assert_eq!(ZipfRanks::new(exponent).unwrap_err().parameter, "exponent");
        }
        assert_eq!(ZipfRanks::new(1.21).unwrap().exponent(), 1.21);
    }
}
