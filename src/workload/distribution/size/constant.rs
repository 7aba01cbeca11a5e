//! Always the same size.

use std::ops::RangeInclusive;

use super::super::InvalidParameter;
use super::SizeDistribution;
use crate::random::Random;

/// Every draw is this size. It takes nothing from the generator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Constant {
    size: u64,
}

impl Constant {
    /// Always `size`.
    ///
    /// # Errors
    /// `size` must be at most [`SIZE_MAX`](super::SIZE_MAX).
    pub fn new(size: u64) -> Result<Self, InvalidParameter> {
        if size > super::SIZE_MAX {
            return Err(InvalidParameter::new("size", size, "0 to 2^53"));
        }
        Ok(Self { size })
    }
}

impl SizeDistribution for Constant {
    #[inline]
    fn sample(&self, _random: &mut Random) -> u64 {
        self.size
    }

    fn cumulative(&self, size: u64) -> f64 {
        f64::from(size >= self.size)
    }

    fn bounds(&self) -> RangeInclusive<u64> {
        self.size..=self.size
    }

    /// Exact, for any function.
    fn expected(&self, of: &dyn Fn(u64) -> f64) -> f64 {
        of(self.size)
    }
}
