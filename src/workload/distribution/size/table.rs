//! Sizes by a table of weights.

use std::ops::RangeInclusive;

use super::super::{InvalidParameter, Weighted};
use super::{SIZE_MAX, SizeDistribution};
use crate::random::Random;

/// A few sizes, each with a weight.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    sizes: Box<[u64]>,
    choice: Weighted,
}

impl Table {
    /// `entries`: sizes and their weights, in any unit and any order.
    ///
    /// # Errors
    /// Sizes must be at most [`SIZE_MAX`]; weights as for [`Weighted::new`].
    pub fn new(entries: &[(u64, f64)]) -> Result<Self, InvalidParameter> {
        let (sizes, weights): (Vec<u64>, Vec<f64>) = entries.iter().copied().unzip();
        if let Some(&size) = sizes.iter().find(|size| **size > SIZE_MAX) {
            return Err(InvalidParameter::new("size", size, "0 to 2^53"));
        }
        Ok(Self { sizes: sizes.into(), choice: Weighted::new(&weights)? })
    }

    fn entries(&self) -> impl Iterator<Item = (u64, f64)> {
        self.sizes.iter().copied().zip(self.choice.shares().iter().copied())
    }
}

impl SizeDistribution for Table {
    #[inline]
    fn sample(&self, random: &mut Random) -> u64 {
        self.sizes[self.choice.choose(random)]
    }

    fn cumulative(&self, size: u64) -> f64 {
        if size >= *self.bounds().end() {
            return 1.0;
        }
        self.entries().filter(|(entry, _)| *entry <= size).map(|(_, share)| share).sum()
    }

    fn bounds(&self) -> RangeInclusive<u64> {
        let possible = || self.entries().filter(|(_, share)| *share > 0.0).map(|(size, _)| size);
        possible().min().unwrap_or(0)..=possible().max().unwrap_or(0)
    }

    /// Exact, for any function.
    fn expected(&self, of: &dyn Fn(u64) -> f64) -> f64 {
        self.entries().map(|(size, share)| share * of(size)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expectations_are_exact() {
        let table = Table::new(&[(100, 3.0), (5000, 1.0)]).unwrap();
        assert_eq!(table.mean(), 1325.0);
        assert_eq!(table.expected(&|size| size.div_ceil(4096) as f64), 1.25);
        assert_eq!(table.bounds(), 100..=5000);
        assert_eq!(table.cumulative(4999), 0.75);
    }

    #[test]
    fn an_entry_without_weight_is_no_bound() {
        let table = Table::new(&[(1, 0.0), (7, 1.0), (9, 0.0)]).unwrap();
        assert_eq!(table.bounds(), 7..=7);
    }

    #[test]
    fn impossible_entries_are_refused() {
        assert_eq!(Table::new(&[]).unwrap_err().parameter, "weights");
        assert_eq!(Table::new(&[(u64::MAX, 1.0)]).unwrap_err().parameter, "size");
    }
}
