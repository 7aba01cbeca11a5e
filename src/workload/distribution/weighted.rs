//! One of a few by weight, in constant time.

use super::InvalidParameter;
use crate::random::Random;

/// A choice among a fixed number of possibilities, each with a weight.
///
/// Walker's alias method, with the table built as by Vose (1991): a draw costs one random number and
/// one look at a table, however many possibilities there are. A weight of 0 is never chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct Weighted {
    columns: Box<[Column]>,
    shares: Box<[f64]>,
}

/// An even share of the draws: those below `threshold` keep the column's own index.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Column {
    threshold: u64,
    alias: u32,
}

impl Weighted {
    /// A choice with these weights, in any unit: only their ratios count.
    ///
    /// # Errors
    /// Weights must be finite and not negative, at least one above 0, at most 2^20 of them.
    pub fn new(weights: &[f64]) -> Result<Self, InvalidParameter> {
        if weights.is_empty() || weights.len() > 1 << 20 {
            let value = format!("{} weights", weights.len());
            return Err(InvalidParameter::new("weights", value, "1 to 2^20 weights"));
        }
        if let Some(&weight) = weights.iter().find(|weight| !(weight.is_finite() && **weight >= 0.0)) {
            return Err(InvalidParameter::new("weights", weight, "finite numbers from 0"));
        }
        let total: f64 = weights.iter().sum();
        if !(total > 0.0 && total.is_finite()) {
            let value = format!("a sum of {total}");
            return Err(InvalidParameter::new("weights", value, "a finite sum above 0"));
        }
        let shares: Box<[f64]> = weights.iter().map(|weight| weight / total).collect();
        Ok(Self { columns: columns(&shares), shares })
    }

    /// Draws the index of one possibility.
    #[inline]
    pub fn choose(&self, random: &mut Random) -> usize {
        // The high half of the product picks the column; what is left of it is as good as a second
        // random number, short of as many bits as the column took.
        let product = u128::from(random.next_u64()) * self.columns.len() as u128;
        let index = (product >> 64) as usize;
        let column = self.columns[index];
        if (product as u64) < column.threshold { index } else { column.alias as usize }
    }

    /// The share of the draws of every possibility; they sum to 1.
    pub fn shares(&self) -> &[f64] {
        &self.shares
    }
}

/// Gives each column one possibility below the average and fills it up from one above it.
fn columns(shares: &[f64]) -> Box<[Column]> {
    let count = shares.len();
    let mut left: Vec<f64> = shares.iter().map(|share| share * count as f64).collect();
    let mut columns: Box<[Column]> = (0..count as u32).map(|own| Column { threshold: u64::MAX, alias: own }).collect();
    let (mut small, mut large): (Vec<usize>, Vec<usize>) = (0..count).rev().partition(|&index| left[index] < 1.0);
    while let (Some(poor), Some(&rich)) = (small.pop(), large.last()) {
        // 2^64 times a share below 1 is exact but for the share's own rounding.
        let threshold = (left[poor] * 18_446_744_073_709_551_616.0) as u64;
        columns[poor] = Column { threshold, alias: rich as u32 };
        left[rich] -= 1.0 - left[poor];
        if left[rich] < 1.0 {
            large.pop();
            small.push(rich);
        }
    }
    // What remains on either stack is a full column but for rounding, and keeps its own index.
    columns
}

#[cfg(test)]
mod tests {
    use super::super::goodness;
    use super::*;
    use crate::random::Streams;

    fn counts(weighted: &Weighted, draws: u64) -> Vec<u64> {
        let stream = Streams::new(11).stream("weighted");
        let mut counts = vec![0; weighted.shares().len()];
        for index in 0..draws {
            counts[weighted.choose(&mut stream.at(index))] += 1;
        }
        counts
    }

    #[test]
    fn draws_follow_the_weights() {
        for weights in [
            &[1.0][..],
            &[0.5, 0.5],
            &[0.95, 0.05],
            &[15.0, 15.0, 15.0, 25.0, 15.0, 15.0],
            &[2.0, 35.0, 10.0, 35.0, 2.0, 14.0, 2.0],
            &[1e-3, 1.0, 1e-2, 7.0, 0.3],
        ] {
            let weighted = Weighted::new(weights).unwrap();
            goodness::assert_fits(&counts(&weighted, 200_000), weighted.shares());
        }
    }

    /// Read off the table rather than from draws: exact, for many possibilities.
    #[test]
    fn the_table_holds_exactly_the_shares() {
        let weights: Vec<f64> = (0..1000).map(|i| ((i * 7919) % 1013) as f64).collect();
        let weighted = Weighted::new(&weights).unwrap();
        let mut held = vec![0.0; weights.len()];
        for (own, column) in weighted.columns.iter().enumerate() {
            let kept = column.threshold as f64 / 18_446_744_073_709_551_616.0;
            held[own] += kept / weights.len() as f64;
            held[column.alias as usize] += (1.0 - kept) / weights.len() as f64;
        }
        for (held, share) in held.iter().zip(weighted.shares()) {
            assert!((held - share).abs() < 1e-14, "{held} {share}");
        }
    }

    #[test]
    fn a_weight_of_zero_is_never_chosen() {
        let weighted = Weighted::new(&[0.0, 3.0, 0.0, 1e-9, 0.0]).unwrap();
        let counts = counts(&weighted, 100_000);
        assert_eq!([counts[0], counts[2], counts[4]], [0, 0, 0]);
    }

    #[test]
    fn only_ratios_count() {
        let percent = Weighted::new(&[95.0, 5.0]).unwrap();
        let shares = Weighted::new(&[0.95, 0.05]).unwrap();
        assert_eq!(counts(&percent, 1000), counts(&shares, 1000));
    }

    #[test]
    fn impossible_weights_are_refused() {
        for weights in [&[][..], &[0.0, 0.0], &[-1.0, 2.0], &[f64::NAN], &[f64::MAX, f64::MAX]] {
            assert_eq!(Weighted::new(weights).unwrap_err().parameter, "weights");
        }
    }

    #[test]
    fn draws_are_held_still_across_versions() {
        let weighted = Weighted::new(&[5.0, 3.0, 2.0]).unwrap();
        let mut random = Streams::new(42).stream("weighted").at(0);
        let draws: Vec<usize> = (0..12).map(|_| weighted.choose(&mut random)).collect();
        assert_eq!(draws, [0, 0, 0, 0, 0, 2, 1, 0, 2, 0, 0, 1]);
    }
}
