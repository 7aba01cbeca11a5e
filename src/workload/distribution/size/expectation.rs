//! The mean of a monotone function of a size, from cumulative shares alone.

use std::ops::RangeInclusive;

/// Ranges whose contribution is known this well, relative to the whole, are not split any more.
const PRECISION: f64 = 1e-8;

/// The same for finding out how much the whole is.
const ROUGH: f64 = 1e-4;

/// Bounds the passes of finding out, for functions whose mean is 0.
const PASSES_MAX: u32 = 20;

/// Bounds the work for functions that are not monotone, against the contract.
const SPLITS_MAX: u32 = 1 << 20;

/// The mean of `of`, which must be monotone, over sizes with these cumulative shares.
///
/// A range of sizes over whose ends the function does not change contributes its share times that
/// value, exactly. Another is halved, down to single sizes, unless the function's change times
/// the range's share is too small to matter; then it counts as if function and density were even, which
/// errs by half of that product at most, and mostly far less. A function of *s* steps over sizes up
/// to *m* takes about s·log₂ m looks.
pub(super) fn expected(cumulative: &dyn Fn(u64) -> f64, bounds: RangeInclusive<u64>, of: &dyn Fn(u64) -> f64) -> f64 {
    let (first, last) = bounds.into_inner();
    let whole = Range {
        first,
        last,
        at_first: of(first),
        at_last: of(last),
        upto_first: cumulative(first),
        upto_last: cumulative(last),
    };
    // The smallest size stands alone, so that a range's share excludes its first size.
    let mean = |tolerance: f64| {
        let mut integral = Integral { cumulative, of, tolerance, splits_left: SPLITS_MAX };
        whole.at_first * whole.upto_first + integral.over(whole)
    };
    // The magnitude of the whole is not known before it is known: a tail that hardly counts may reach
    // many powers of ten beyond it. Each pass brings the estimate down, and two or three are enough.
    let mut estimate = whole.at_first.abs().max(whole.at_last.abs());
    for _ in 0..PASSES_MAX {
        let finer = mean(ROUGH * estimate).abs();
        let settled = finer > estimate / 2.0;
        estimate = finer;
        if settled {
            break;
        }
    }
    mean(PRECISION * estimate)
}

struct Integral<'a> {
    cumulative: &'a dyn Fn(u64) -> f64,
    of: &'a dyn Fn(u64) -> f64,
    tolerance: f64,
    splits_left: u32,
}

/// Sizes after `first` up to `last`, with the function and the cumulative share at both.
#[derive(Debug, Clone, Copy)]
struct Range {
    first: u64,
    last: u64,
    at_first: f64,
    at_last: f64,
    upto_first: f64,
    upto_last: f64,
}

impl Integral<'_> {
    /// What this range contributes to the mean. Recursion is as deep as the range has bits.
    fn over(&mut self, range: Range) -> f64 {
        let share = range.upto_last - range.upto_first;
        let change = range.at_last - range.at_first;
        if share <= 0.0 {
            return 0.0;
        }
        if range.last - range.first <= 1 || range.at_first == range.at_last {
            return share * range.at_last;
        }
        // Not so for a change that is not a number, which ends here too.
        let matters = share * change.abs() > self.tolerance;
        if !matters || self.splits_left == 0 {
            // The first size of the range is not in it.
            let inside = 1.0 - 1.0 / (range.last - range.first) as f64;
            return share * (range.at_last - change * inside / 2.0);
        }
        self.splits_left -= 1;
        let middle = range.first + (range.last - range.first) / 2;
        let (at, upto) = ((self.of)(middle), (self.cumulative)(middle));
        self.over(Range { last: middle, at_last: at, upto_last: upto, ..range })
            + self.over(Range { first: middle, at_first: at, upto_first: upto, ..range })
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// Sizes 0 to 2^40 − 1, evenly.
    fn even(size: u64) -> f64 {
        (size + 1) as f64 / (1u64 << 40) as f64
    }

    #[test]
    fn a_step_is_found_where_it_is() {
        let looks = Cell::new(0);
        let step = 123_456_789_012;
        let mean = expected(&even, 0..=(1 << 40) - 1, &|size| {
            looks.set(looks.get() + 1);
            f64::from(size >= step)
        });
        assert!((mean - (1.0 - step as f64 / (1u64 << 40) as f64)).abs() < 1e-8);
        assert!(looks.get() < 100, "{} looks", looks.get());
    }

    #[test]
    fn a_smooth_function_is_integrated() {
        let mean = expected(&even, 0..=(1 << 40) - 1, &|size| (size as f64).powi(2));
        let known = ((1u64 << 40) as f64).powi(2) / 3.0;
        assert!((mean / known - 1.0).abs() < 1e-7, "{mean} {known}");
        let falling = expected(&even, 0..=(1 << 40) - 1, &|size| 5.0 - size as f64);
        assert!((falling / (5.5 - ((1u64 << 39) as f64)) - 1.0).abs() < 1e-7);
    }

    #[test]
    fn any_function_comes_to_an_end() {
        let noise = |size: u64| (size.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20) as f64;
        assert!(expected(&even, 0..=(1 << 40) - 1, &noise).is_finite());
        assert!(expected(&even, 0..=(1 << 40) - 1, &|_| f64::NAN).is_nan());
        assert_eq!(expected(&even, 0..=(1 << 40) - 1, &|_| 0.0), 0.0);
        let cliff = |size: u64| if size > 1 << 39 { f64::INFINITY } else { 0.0 };
        assert!(!expected(&even, 0..=(1 << 40) - 1, &cliff).is_finite());
    }
}
