//! Every size of a range alike.

use std::ops::RangeInclusive;

use super::super::InvalidParameter;
use super::SizeDistribution;
use crate::random::Random;

/// Every size from the smallest to the largest, both included, is equally likely.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Uniform {
    min: u64,
    max: u64,
}

impl Uniform {
    /// Sizes from `min` to `max`, both included.
    ///
    /// # Errors
    /// `min` must be at most `max`, and `max` at most [`SIZE_MAX`](super::SIZE_MAX).
    pub fn new(min: u64, max: u64) -> Result<Self, InvalidParameter> {
        let (min, max) = super::bounds(min, max)?.into_inner();
        Ok(Self { min, max })
    }
}

impl SizeDistribution for Uniform {
    #[inline]
    fn sample(&self, random: &mut Random) -> u64 {
        self.min + random.below(self.max - self.min + 1)
    }

    fn cumulative(&self, size: u64) -> f64 {
        if size < self.min {
            return 0.0;
        }
        let sizes = (self.max - self.min + 1) as f64;
        (size.min(self.max) - self.min + 1) as f64 / sizes
    }

    fn bounds(&self) -> RangeInclusive<u64> {
        self.min..=self.max
    }

    /// Exact.
    fn mean(&self) -> f64 {
        (self.min + self.max) as f64 / 2.0
    }
}
