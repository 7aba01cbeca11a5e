//! Another distribution, every size multiplied.

use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::random::Random;

use super::{SIZE_MAX, SizeDistribution};

/// Every size of another distribution, multiplied and rounded.
#[derive(Debug, Clone)]
pub struct Scaled {
    of: Arc<dyn SizeDistribution>,
    factor: f64,
}

impl Scaled {
    /// The sizes of `of` times `factor`, a positive number.
    pub fn new(of: Arc<dyn SizeDistribution>, factor: f64) -> Self {
        Scaled { of, factor }
    }

    fn scaled(&self, size: u64) -> u64 {
        ((size as f64 * self.factor).round() as u64).min(SIZE_MAX)
    }
}

impl SizeDistribution for Scaled {
    fn sample(&self, random: &mut Random) -> u64 {
        self.scaled(self.of.sample(random))
    }

    fn cumulative(&self, size: u64) -> f64 {
        // The largest size that is rounded to this one or below.
        let largest = ((size as f64 + 0.5) / self.factor).ceil() - 1.0;
        if largest < 0.0 { 0.0 } else { self.of.cumulative((largest as u64).min(SIZE_MAX)) }
    }

    fn bounds(&self) -> RangeInclusive<u64> {
        let bounds = self.of.bounds();
        self.scaled(*bounds.start())..=self.scaled(*bounds.end())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Uniform;
    use super::*;
    use crate::random::Streams;

    #[test]
    fn what_is_drawn_is_what_the_shares_say() {
        let of = Arc::new(Uniform::new(10, 29).unwrap());
        for factor in [0.5, 1.5, 2.0] {
            let scaled = Scaled::new(of.clone(), factor);
            let draws = Streams::new(1).stream("scaled");
            let mut counts = std::collections::BTreeMap::<u64, u32>::new();
            for number in 0..40_000 {
                *counts.entry(scaled.sample(&mut draws.at(number))).or_default() += 1;
            }
            let mut sum = 0;
            for (size, count) in counts {
                assert!(scaled.bounds().contains(&size));
                sum += count;
                let (drawn, said) = (f64::from(sum) / 40_000.0, scaled.cumulative(size));
                assert!((drawn - said).abs() < 0.012, "{factor}: {size} {drawn} {said}");
            }
        }
    }
}
