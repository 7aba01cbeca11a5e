//! A continuous law made into sizes: held within bounds and rounded.

use std::fmt::Debug;
use std::ops::RangeInclusive;

use super::super::InvalidParameter;
use super::SizeDistribution;
use crate::random::Random;

/// A probability law over the real numbers.
pub trait Continuous: Debug + Send + Sync + Sized {
    /// Draws a number. Depends on nothing but its arguments.
    fn sample(&self, random: &mut Random) -> f64;

    /// The share of draws, 0 to 1, at or below x.
    fn cumulative(&self, x: f64) -> f64;

    /// Sizes by this law: draws outside the bounds are moved to the nearer bound, then rounded to the
    /// nearest whole number.
    ///
    /// # Errors
    /// `min` must be at most `max`, and `max` at most [`SIZE_MAX`](super::SIZE_MAX).
    fn within(self, min: u64, max: u64) -> Result<Bounded<Self>, InvalidParameter> {
        let (min, max) = super::bounds(min, max)?.into_inner();
        Ok(Bounded { law: self, min, max })
    }
}

/// Sizes by a continuous law within bounds; made by [`Continuous::within`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounded<L> {
    law: L,
    min: u64,
    max: u64,
}

impl<L: Continuous> SizeDistribution for Bounded<L> {
    #[inline]
    fn sample(&self, random: &mut Random) -> u64 {
        let x = self.law.sample(random);
        // The conversion saturates, so bounds on the whole number are bounds on x.
        ((x + 0.5) as u64).clamp(self.min, self.max)
    }

    fn cumulative(&self, size: u64) -> f64 {
        if size < self.min {
            0.0
        } else if size >= self.max {
            1.0
        } else {
            self.law.cumulative(size as f64 + 0.5)
        }
    }

    fn bounds(&self) -> RangeInclusive<u64> {
        self.min..=self.max
    }
}

/// How far draws are from a continuous law, by its own cumulative shares, in hundredths.
#[cfg(test)]
#[track_caller]
pub(super) fn assert_follows(law: &impl Continuous, quantile: impl Fn(f64) -> f64) {
    use super::super::goodness;
    use crate::random::Streams;

    let edges: Vec<f64> = (1..100).map(|percent| quantile(f64::from(percent) / 100.0)).collect();
    for (percent, &edge) in (1..100).zip(&edges) {
        let share = law.cumulative(edge);
        assert!((share - f64::from(percent) / 100.0).abs() < 1e-9, "{percent} %: {edge} {share}");
    }
    let mut counts = vec![0; 100];
    let mut random = Streams::new(10).stream("law").at(0);
    for _ in 0..200_000 {
        let x = law.sample(&mut random);
        counts[edges.partition_point(|&edge| edge < x)] += 1;
    }
    goodness::assert_fits(&counts, &[0.01; 100]);
}
