//! One of several distributions for every draw.

use std::ops::RangeInclusive;
use std::sync::Arc;

use super::super::{InvalidParameter, Weighted};
use super::SizeDistribution;
use crate::random::Random;

/// Several size distributions, each with a weight; a draw picks one and draws from it.
#[derive(Debug, Clone)]
pub struct Mixture {
    parts: Box<[Arc<dyn SizeDistribution>]>,
    choice: Weighted,
}

impl Mixture {
    /// `parts`: weights, in any unit, and distributions.
    ///
    /// # Errors
    /// Weights as for [`Weighted::new`].
    pub fn new(parts: Vec<(f64, Arc<dyn SizeDistribution>)>) -> Result<Self, InvalidParameter> {
        let (weights, parts): (Vec<f64>, Vec<_>) = parts.into_iter().unzip();
        Ok(Self { parts: parts.into(), choice: Weighted::new(&weights)? })
    }

    /// The parts that can be drawn, with their shares.
    fn parts(&self) -> impl Iterator<Item = (f64, &dyn SizeDistribution)> {
        let parts = self.parts.iter().map(|part| &**part);
        self.choice.shares().iter().copied().zip(parts).filter(|(share, _)| *share > 0.0)
    }
}

impl SizeDistribution for Mixture {
    #[inline]
    fn sample(&self, random: &mut Random) -> u64 {
        self.parts[self.choice.choose(random)].sample(random)
    }

    fn cumulative(&self, size: u64) -> f64 {
        if size >= *self.bounds().end() {
            return 1.0;
        }
        self.parts().map(|(share, part)| share * part.cumulative(size)).sum()
    }

    fn bounds(&self) -> RangeInclusive<u64> {
        let min = self.parts().map(|(_, part)| *part.bounds().start()).min();
        let max = self.parts().map(|(_, part)| *part.bounds().end()).max();
        min.unwrap_or(0)..=max.unwrap_or(0)
    }

    fn expected(&self, of: &dyn Fn(u64) -> f64) -> f64 {
        self.parts().map(|(share, part)| share * part.expected(of)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Constant, Continuous, GeneralizedPareto, Table};
    use super::*;
    use crate::random::Streams;

    /// Meta's ETC pool (Atikoglu et al., SIGMETRICS 2012): lengths from 0 to 14 bytes by a table, and
    /// what is left of the probability by a generalized Pareto.
    fn etc_value_lengths() -> Mixture {
        let shares = [
            0.00536, 0.00047, 0.17820, 0.09239, 0.00018, 0.02740, 0.00065, 0.00606, 0.00023, 0.00837, 0.00837, 0.08989,
            0.00092, 0.00326, 0.01980,
        ];
        let entries: Vec<(u64, f64)> = (0..).zip(shares).collect();
        let discrete: f64 = shares.iter().sum();
        let tail = GeneralizedPareto::new(15.0, 214.476, 0.348_238).unwrap();
        Mixture::new(vec![
            (discrete, Arc::new(Table::new(&entries).unwrap())),
            (1.0 - discrete, Arc::new(tail.within(15, 1_000_000).unwrap())),
        ])
        .unwrap()
    }

    /// facts, Meta ETC: 2 bytes 17.8 %, 3 bytes 9.2 %, 11 bytes 9.0 %.
    #[test]
    fn etc_value_lengths_have_their_discrete_part() {
        let lengths = etc_value_lengths();
        let mut random = Streams::new(12).stream("etc").at(0);
        let mut counts = [0u32; 16];
        let draws = 400_000;
        for _ in 0..draws {
            counts[lengths.sample(&mut random).min(15) as usize] += 1;
        }
        for (length, published) in [(2, 0.178), (3, 0.092), (11, 0.090)] {
            let share = f64::from(counts[length]) / f64::from(draws);
            assert!((share - published).abs() < 0.002, "{length}: {share}");
            let length = length as u64;
            let claimed = lengths.cumulative(length) - lengths.cumulative(length - 1);
            assert!((claimed - published).abs() < 0.0005, "{length}: {claimed}");
        }
        assert!((f64::from(counts[15]) / f64::from(draws) - 0.558).abs() < 0.003);
    }

    #[test]
    fn a_part_without_weight_is_never_drawn() {
        let parts: Vec<(f64, Arc<dyn SizeDistribution>)> =
            vec![(0.0, Arc::new(Constant::new(1).unwrap())), (2.0, Arc::new(Constant::new(5).unwrap()))];
        let mixture = Mixture::new(parts).unwrap();
        assert_eq!(mixture.bounds(), 5..=5);
        assert_eq!(mixture.mean(), 5.0);
        assert_eq!(mixture.sample(&mut Streams::new(1).stream("mixture").at(0)), 5);
    }

    #[test]
    fn no_parts_are_refused() {
        assert_eq!(Mixture::new(Vec::new()).unwrap_err().parameter, "weights");
    }
}
