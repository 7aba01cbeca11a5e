//! How large: distributions of sizes and of other whole numbers, such as counts, or durations in
//! nanoseconds.
//!
//! Discrete ones ([`Constant`], [`Uniform`], [`Table`]) are sizes as they stand. A [`Continuous`] law
//! becomes one by being held [`within`](Continuous::within) bounds. A [`Mixture`] picks one of
//! several for every draw. Meta's ETC pool, for instance, has a table of small values, and above
//! them a generalized Pareto:
//!
//! ```
//! use std::sync::Arc;
//! use dynamometer::workload::distribution::size::{
//!     Continuous, GeneralizedPareto, Mixture, SizeDistribution, Table,
//! };
//! # use dynamometer::workload::distribution::InvalidParameter;
//! # fn main() -> Result<(), InvalidParameter> {
//! let small = Table::new(&[(2, 0.178), (3, 0.092), (11, 0.090)])?;
//! let large = GeneralizedPareto::new(15.0, 214.476, 0.348238)?.within(15, 400_000)?;
//! let values = Mixture::new(vec![(0.36, Arc::new(small)), (0.64, Arc::new(large))])?;
//! // Write units of an item of the value and 100 bytes more.
//! let units = values.expected(&|bytes| (bytes as f64 + 100.0).div_euclid(1024.0) + 1.0);
//! assert!(units > 1.0 && units < 1.2);
//! # Ok(())
//! # }
//! ```

mod bounded;
mod constant;
mod expectation;
mod exponential;
mod extreme_value;
mod log_normal;
mod mixture;
mod normal;
mod pareto;
mod scaled;
mod table;
mod uniform;

pub use bounded::{Bounded, Continuous};
pub use constant::Constant;
pub use exponential::Exponential;
pub use extreme_value::GeneralizedExtremeValue;
pub use log_normal::LogNormal;
pub use mixture::Mixture;
pub use normal::Normal;
pub use pareto::GeneralizedPareto;
pub use scaled::Scaled;
pub use table::Table;
pub use uniform::Uniform;

use std::fmt::Debug;
use std::ops::RangeInclusive;

use super::InvalidParameter;
use crate::random::Random;

/// The largest size: 2^53, beyond which numbers in 64-bit floats have gaps.
pub const SIZE_MAX: u64 = 1 << 53;

/// A distribution of sizes: whole numbers from 0 to [`SIZE_MAX`].
pub trait SizeDistribution: Debug + Send + Sync {
    /// Draws a size. Depends on nothing but its arguments.
    fn sample(&self, random: &mut Random) -> u64;

    /// The share of draws, 0 to 1, that are this size or smaller.
    fn cumulative(&self, size: u64) -> f64;

    /// The smallest and the largest size that can be drawn.
    fn bounds(&self) -> RangeInclusive<u64>;

    /// The mean of a function of the size, over all draws.
    ///
    /// The function must be monotone, as capacity units by size are. Then steps are found where they
    /// are, between one size and the next, and the result is good to about seven digits, with bounded
    /// work: microseconds for a function of a few steps, milliseconds for a smooth one.
    fn expected(&self, of: &dyn Fn(u64) -> f64) -> f64 {
        expectation::expected(&|size| self.cumulative(size), self.bounds(), of)
    }

    /// The mean size, bounds and rounding taken into account.
    fn mean(&self) -> f64 {
        self.expected(&|size| size as f64)
    }
}

/// Checks that these can be the bounds of a size.
fn bounds(min: u64, max: u64) -> Result<RangeInclusive<u64>, InvalidParameter> {
    if max > SIZE_MAX {
        return Err(InvalidParameter::new("max", max, format!("{min} to 2^53")));
    }
    if min > max {
        return Err(InvalidParameter::new("min", min, format!("0 to max, which is {max}")));
    }
    Ok(min..=max)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::goodness;
    use super::*;
    use crate::random::Streams;

    fn every() -> Vec<(&'static str, Box<dyn SizeDistribution>)> {
        let small = Table::new(&[(0, 1.0), (2, 5.0), (11, 2.0)]).unwrap();
        let large = GeneralizedPareto::new(15.0, 214.476, 0.348_238).unwrap();
        let mixture = Mixture::new(vec![
            (0.4, Arc::new(small) as Arc<dyn SizeDistribution>),
            (0.6, Arc::new(large.within(15, 10_000).unwrap())),
        ]);
        vec![
            ("constant", Box::new(Constant::new(900).unwrap())),
            ("uniform", Box::new(Uniform::new(1, 100).unwrap())),
            ("uniform 0", Box::new(Uniform::new(7, 7).unwrap())),
            ("normal", Box::new(Normal::new(500.0, 100.0).unwrap().within(0, 10_000).unwrap())),
            ("normal cut", Box::new(Normal::new(5.0, 10.0).unwrap().within(1, 12).unwrap())),
            ("log-normal", Box::new(LogNormal::new(224.0, 1.9).unwrap().within(1, 400_000).unwrap())),
            ("log-normal tiny", Box::new(LogNormal::new(0.3, 0.5).unwrap().within(0, 9).unwrap())),
            ("exponential", Box::new(Exponential::new(200.0).unwrap().within(0, 4096).unwrap())),
            ("exponential tiny", Box::new(Exponential::new(0.3).unwrap().within(0, 10).unwrap())),
            ("pareto", Box::new(large.within(0, 400_000).unwrap())),
            ("pareto 0", pareto(0.0, 50.0, 0.0, 1000)),
            ("pareto −0.5", pareto(3.0, 50.0, -0.5, 1000)),
            ("pareto 1", pareto(0.0, 5.0, 1.0, 1_000_000)),
            ("pareto 2.5", pareto(0.0, 14.236, 2.517, 1000)),
            ("extreme value", extreme(30.7984, 8.20449, 0.078_688)),
            ("extreme value 0", extreme(30.0, 8.0, 0.0)),
            ("extreme value −0.3", extreme(30.0, 8.0, -0.3)),
            ("table", Box::new(Table::new(&[(2, 0.178), (900, 0.5), (3, 0.1)]).unwrap())),
            ("mixture", Box::new(mixture.unwrap())),
        ]
    }

    fn pareto(location: f64, scale: f64, shape: f64, max: u64) -> Box<dyn SizeDistribution> {
        Box::new(GeneralizedPareto::new(location, scale, shape).unwrap().within(0, max).unwrap())
    }

    fn extreme(location: f64, scale: f64, shape: f64) -> Box<dyn SizeDistribution> {
        let law = GeneralizedExtremeValue::new(location, scale, shape).unwrap();
        Box::new(law.within(1, 250).unwrap())
    }

    /// Against the cumulative shares, in up to 500 cells: size by size for narrow distributions.
    #[test]
    fn draws_fit_the_cumulative_shares() {
        for (name, sizes) in every() {
            let (min, max) = sizes.bounds().into_inner();
            // Cells grow with the size, so that both the bulk and the tail are looked at.
            let mut ends = vec![min];
            while let Some(&end) = ends.last().filter(|&&end| end < max) {
                ends.push((end + 1 + (end - min) / 64).min(max));
            }
            let mut counts = vec![0; ends.len()];
            let mut random = Streams::new(8).stream("sizes").at(0);
            for _ in 0..200_000 {
                let size = sizes.sample(&mut random);
                assert!((min..=max).contains(&size), "{name}: {size}");
                counts[ends.partition_point(|&end| end < size)] += 1;
            }
            let mut below = 0.0;
            let claimed: Vec<f64> = ends
                .iter()
                .map(|&end| {
                    let upto = sizes.cumulative(end);
                    let share = upto - below;
                    below = upto;
                    share
                })
                .collect();
            let p = goodness::p_value(&counts, &claimed);
            assert!(p > 1e-4, "{name}: p = {p:e}");
        }
    }

    #[test]
    fn cumulative_shares_run_from_0_to_1() {
        for (name, sizes) in every() {
            let (min, max) = sizes.bounds().into_inner();
            assert_eq!(sizes.cumulative(max), 1.0, "{name}");
            assert_eq!(sizes.cumulative(u64::MAX), 1.0, "{name}");
            if min > 0 {
                assert_eq!(sizes.cumulative(min - 1), 0.0, "{name}");
            }
            let mut last = 0.0;
            for size in min..=max.min(2000) {
                let share = sizes.cumulative(size);
                assert!(share >= last, "{name} at {size}");
                last = share;
            }
        }
    }

    /// Size by size, with nothing left out.
    #[test]
    fn expectations_are_those_of_the_plain_sum() {
        let identity = |size: u64| size as f64;
        let write_units = |size: u64| (size + 50).div_ceil(1024) as f64;
        let read_units = |size: u64| (size + 50).div_ceil(4096) as f64 / 2.0;
        for (name, sizes) in every() {
            for of in [&identity as &dyn Fn(u64) -> f64, &write_units, &read_units] {
                let mut below = 0.0;
                let mut plain = 0.0;
                for size in sizes.bounds() {
                    let upto = sizes.cumulative(size);
                    plain += (upto - below) * of(size);
                    below = upto;
                }
                let fast = sizes.expected(of);
                assert!((fast / plain - 1.0).abs() < 1e-7, "{name}: {fast} {plain}");
            }
            let mean = sizes.mean();
            let plain = sizes.expected(&identity);
            assert!((mean / plain - 1.0).abs() < 1e-7, "{name}: {mean} {plain}");
        }
    }

    #[test]
    fn draws_have_the_mean() {
        for (name, sizes) in every() {
            let mut random = Streams::new(9).stream("sizes").at(0);
            let (mut sum, mut squares) = (0.0, 0.0);
            let draws = 200_000;
            for _ in 0..draws {
                let size = sizes.sample(&mut random) as f64;
                sum += size;
                squares += size * size;
            }
            let mean = sum / f64::from(draws);
            let deviation = ((squares / f64::from(draws) - mean * mean) / f64::from(draws)).sqrt();
            assert!((mean - sizes.mean()).abs() <= 4.5 * deviation + 1e-9, "{name}: {mean}");
        }
    }

    #[test]
    fn bounds_the_wrong_way_round_are_refused() {
        assert_eq!(bounds(5, 4).unwrap_err().to_string(), "min is 5; allowed is 0 to max, which is 4");
        assert_eq!(bounds(0, u64::MAX).unwrap_err().parameter, "max");
        assert_eq!(bounds(4, 4), Ok(4..=4));
    }

    #[test]
    fn draws_are_held_still_across_versions() {
        let mut seen = String::new();
        for (name, sizes) in every() {
            let mut random = Streams::new(42).stream("sizes").at(0);
            let draws: Vec<u64> = (0..10_000).map(|_| sizes.sample(&mut random)).collect();
            seen += &goodness::golden(name, &draws);
        }
        assert_eq!(seen, include_str!("golden.txt"));
    }
}
