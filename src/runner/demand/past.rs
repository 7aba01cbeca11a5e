//! How many operations of each kind there were until any moment of a demand.

use smallvec::SmallVec;

use crate::time::Time;

/// Operations so far, step by step.
#[derive(Debug, Default)]
pub struct Past {
    /// Ends of the steps, in seconds, and the operations until then.
    ends: Vec<(f64, SmallVec<[f64; 8]>)>,
}

impl Past {
    /// Adds the next step, with its operations.
    pub fn push(&mut self, from: Time, until: Time, operations: &[f64]) {
        if self.ends.is_empty() {
            self.ends.push((from.as_secs_f64(), SmallVec::from_elem(0.0, operations.len())));
        }
        let mut sums = self.ends[self.ends.len() - 1].1.clone();
        for (sum, count) in sums.iter_mut().zip(operations) {
            *sum += count;
        }
        self.ends.push((until.as_secs_f64(), sums));
    }

    /// When the step with this number begins, in seconds.
    pub fn start_of(&self, step: usize) -> f64 {
        self.ends.get(step).map_or(0.0, |(start, _)| *start)
    }

    /// Operations between two moments, the later one inside of the step with this number.
    pub fn between(&self, from: f64, until: f64, step: usize) -> Vec<f64> {
        let upto = |moment: f64, after: usize| -> Vec<f64> {
            let (Some((start, before)), Some((end, sums))) = (self.ends.get(after), self.ends.get(after + 1)) else {
                return self.ends.last().map_or(Vec::new(), |(_, sums)| sums.to_vec());
            };
            let part = ((moment - start) / (end - start).max(1e-12)).clamp(0.0, 1.0);
            before.iter().zip(sums).map(|(before, sum)| before + (sum - before) * part).collect()
        };
        let first = self.ends.partition_point(|(end, _)| *end <= from).saturating_sub(1);
        let (before, now) = (upto(from, first), upto(until, step));
        now.iter().zip(before).map(|(now, before)| (now - before).max(0.0)).collect()
    }
}
