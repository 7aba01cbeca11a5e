//! Rates over time, their integral, and its inverse: when the n-th operation is due.

use std::f64::consts::TAU;

/// Operations per second over a phase, as a function of the seconds since its start.
#[derive(Debug, Clone, PartialEq)]
pub struct RateCurve {
    segments: Vec<Segment>,
}

/// A stretch of a curve with one formula.
#[derive(Debug, Clone, PartialEq)]
struct Segment {
    start: f64,
    end: f64,
    /// Operations due before the segment.
    count_before: f64,
    /// Operations due before its end.
    count_after: f64,
    shape: Shape,
    /// The sine of a sine's phase at the segment's start.
    swing_before: f64,
}

/// The formula of a segment; times are seconds since the phase's start.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Shape {
    /// A straight line between two rates.
    Line {
        /// Rate at the start of the segment.
        from: f64,
        /// Rate at its end.
        to: f64,
    },
    /// `mean − amplitude × cos(2π (t − trough) / period)`; the amplitude is at most the mean.
    Sine {
        /// The mean rate.
        mean: f64,
        /// How far it swings.
        amplitude: f64,
        /// Seconds from peak to peak.
        period: f64,
        /// When the rate is lowest first.
        trough: f64,
    },
}

impl RateCurve {
    /// A curve of stretches one after the other, each given by its length in seconds and its formula. Rates are finite and
    /// not negative; stretches of no length are left out.
    pub fn new(stretches: impl IntoIterator<Item = (f64, Shape)>) -> Self {
        let mut segments: Vec<Segment> = Vec::new();
        let (mut start, mut count_before) = (0.0, 0.0);
        for (length, shape) in stretches {
            if length > 0.0 {
                let swing_before = swing(shape, start);
                let (end, count_after) = (start + length, count_before);
                let mut segment = Segment { start, end, count_before, count_after, shape, swing_before };
                segment.count_after += segment.count(end);
                start = segment.end;
                count_before = segment.count_after;
                segments.push(segment);
            }
        }
        RateCurve { segments }
    }

    /// The same rate for a number of seconds.
    pub fn constant(rate: f64, seconds: f64) -> Self {
        Self::new([(seconds, Shape::Line { from: rate, to: rate })])
    }

    /// The length of the curve in seconds.
    pub fn seconds(&self) -> f64 {
        self.segments.last().map_or(0.0, |segment| segment.end)
    }

    /// Operations due in all; a fraction is a part of an operation.
    pub fn total(&self) -> f64 {
        self.segments.last().map_or(0.0, |segment| segment.count_after)
    }

    /// The rate at a time; zero outside the curve.
    pub fn rate_at(&self, seconds: f64) -> f64 {
        let at = self.segments.partition_point(|segment| segment.end <= seconds);
        self.segments.get(at).filter(|segment| segment.start <= seconds).map_or(0.0, |segment| segment.rate(seconds))
    }

    /// Operations due before a time.
    pub fn count_until(&self, seconds: f64) -> f64 {
        let at = self.segments.partition_point(|segment| segment.end < seconds);
        match self.segments.get(at) {
            Some(segment) => segment.count_before + segment.count(seconds.max(segment.start)),
            None => self.total(),
        }
    }

    /// The first time after this one at which one formula of the rate ends; the end of the curve if there is none.
    pub fn edge_after(&self, seconds: f64) -> f64 {
        let at = self.segments.partition_point(|segment| segment.end <= seconds);
        self.segments.get(at).map_or(self.seconds(), |segment| segment.end)
    }

    /// The highest rate.
    pub fn peak(&self) -> f64 {
        self.segments.iter().map(|segment| segment.peak()).fold(0.0, f64::max)
    }

    /// The same curve with every rate multiplied.
    pub fn scaled(&self, factor: f64) -> Self {
        Self::new(self.segments.iter().map(|segment| {
            let shape = match segment.shape {
                Shape::Line { from, to } => Shape::Line { from: from * factor, to: to * factor },
                Shape::Sine { mean, amplitude, period, trough } => {
                    Shape::Sine { mean: mean * factor, amplitude: amplitude * factor, period, trough }
                }
            };
            (segment.end - segment.start, shape)
        }))
    }

    /// The curve as far as this time.
    pub fn until(&self, seconds: f64) -> Self {
        Self::new(self.segments.iter().map(|segment| {
            let end = segment.end.min(seconds);
            let shape = match segment.shape {
                Shape::Line { from, .. } if end < segment.end => Shape::Line { from, to: segment.rate(end) },
                whole => whole,
            };
            (end - segment.start, shape)
        }))
    }

    /// The same rates over another time: every moment comes `factor` times as late.
    pub fn stretched(&self, factor: f64) -> Self {
        Self::new(self.segments.iter().map(|segment| {
            let shape = match segment.shape {
                line @ Shape::Line { .. } => line,
                Shape::Sine { mean, amplitude, period, trough } => {
                    Shape::Sine { mean, amplitude, period: period * factor, trough: trough * factor }
                }
            };
            ((segment.end - segment.start) * factor, shape)
        }))
    }
}

/// The sine of a sine's phase at a time; zero for other shapes.
fn swing(shape: Shape, time: f64) -> f64 {
    match shape {
        Shape::Line { .. } => 0.0,
        Shape::Sine { period, trough, .. } => libm::sin(TAU * (time - trough) / period),
    }
}

/// Where in a curve the last count was found, so that the next, larger one is found at once.
#[derive(Debug, Clone, Copy)]
pub struct Cursor {
    segment: usize,
    /// The time found last.
    last: f64,
}

impl Cursor {
    /// The start of a curve.
    pub const START: Cursor = Cursor { segment: 0, last: 0.0 };

    /// The time in seconds at which `count` operations have been due; `None` beyond the end of the curve. Counts must not fall
    /// from call to call.
    pub fn time_of(&mut self, curve: &RateCurve, count: f64) -> Option<f64> {
        loop {
            let segment = curve.segments.get(self.segment)?;
            if count < segment.count_after {
                let time = segment.time_of((count - segment.count_before).max(0.0), self.last);
                self.last = time.clamp(segment.start, segment.end);
                return Some(self.last);
            }
            self.segment += 1;
        }
    }
}

impl Segment {
    fn rate(&self, time: f64) -> f64 {
        match self.shape {
            Shape::Line { from, to } => from + (to - from) * (time - self.start) / (self.end - self.start),
            Shape::Sine { mean, amplitude, period, trough } => {
                mean - amplitude * libm::cos(TAU * (time - trough) / period)
            }
        }
    }

    /// Operations due between the segment's start and `time`.
    fn count(&self, time: f64) -> f64 {
        let passed = time - self.start;
        match self.shape {
            Shape::Line { from, to } => from * passed + (to - from) * passed * passed / (2.0 * (self.end - self.start)),
            Shape::Sine { mean, amplitude, period, trough } => {
                let swung = libm::sin(TAU * (time - trough) / period) - self.swing_before;
                mean * passed - amplitude * period / TAU * swung
            }
        }
    }

    fn peak(&self) -> f64 {
        match self.shape {
            Shape::Line { from, to } => from.max(to),
            Shape::Sine { mean, amplitude, period, trough } => {
                // The first peak from the segment's start on, if the segment reaches it.
                let half = period / 2.0;
                let peak = self.start + (trough + half - self.start).rem_euclid(period);
                if peak <= self.end { mean + amplitude } else { self.rate(self.start).max(self.rate(self.end)) }
            }
        }
    }

    /// The time at which `count` operations of the segment have been due, not before `last` but for rounding.
    fn time_of(&self, count: f64, last: f64) -> f64 {
        match self.shape {
            Shape::Line { from, to } => {
                let slope = (to - from) / (self.end - self.start);
                let root = (from * from + 2.0 * slope * count).max(0.0).sqrt();
                let denominator = from + root;
                if denominator > 0.0 { self.start + 2.0 * count / denominator } else { self.start }
            }
            Shape::Sine { .. } => self.invert(count, last),
        }
    }

    /// Newton's method from a guess, held inside a shrinking bracket; to a tenth of a nanosecond, or as near as the number
    /// can say.
    fn invert(&self, count: f64, guess: f64) -> f64 {
        let (mut low, mut high) = (self.start, self.end);
        let mut time = guess.clamp(low, high);
        for _ in 0..100 {
            let excess = self.count(time) - count;
            if excess > 0.0 {
                high = time;
            } else {
                low = time;
            }
            let step = time - excess / self.rate(time);
            let next = if step > low && step < high { step } else { low.midpoint(high) };
            if (next - time).abs() < (4.0 * f64::EPSILON * time).max(1e-10) {
                return next;
            }
            time = next;
        }
        time
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn times(curve: &RateCurve) -> Vec<f64> {
        let mut cursor = Cursor::START;
        (0..).map_while(|count| cursor.time_of(curve, f64::from(count))).collect()
    }

    #[test]
    fn a_constant_rate_is_spaced_exactly() {
        let curve = RateCurve::constant(500.0, 10.0);
        let times = times(&curve);
        assert_eq!(times.len(), 5000);
        for (count, time) in times.iter().enumerate() {
            assert!((time - count as f64 / 500.0).abs() < 1e-12);
        }
    }

    #[test]
    fn a_ramp_follows_the_square_root() {
        let curve = RateCurve::new([(10.0, Shape::Line { from: 0.0, to: 100.0 })]);
        assert_eq!(curve.total(), 500.0);
        for (count, time) in times(&curve).iter().enumerate() {
            assert!((time - (count as f64 / 5.0).sqrt()).abs() < 1e-9, "{count}: {time}");
        }
    }

    #[test]
    fn a_falling_ramp_to_nothing_ends_in_time() {
        let curve = RateCurve::new([(10.0, Shape::Line { from: 100.0, to: 0.0 })]);
        assert_eq!(times(&curve).len(), 500);
        assert_eq!(curve.peak(), 100.0);
    }

    #[test]
    fn a_day_has_its_trough_and_its_peak() {
        let day = Shape::Sine { mean: 100.0, amplitude: 100.0, period: 86_400.0, trough: 14_400.0 };
        let curve = RateCurve::new([(86_400.0, day)]);
        assert!((curve.total() - 8_640_000.0).abs() < 1e-3);
        assert!(curve.rate_at(14_400.0).abs() < 1e-9);
        assert!((curve.rate_at(57_600.0) - 200.0).abs() < 1e-9);
        assert_eq!(curve.peak(), 200.0);
        let mut cursor = Cursor::START;
        for count in (0..8_640_000).step_by(9_973) {
            let time = cursor.time_of(&curve, f64::from(count)).unwrap();
            assert!((curve.count_until(time) - f64::from(count)).abs() < 1e-4, "{count} {time}");
        }
    }

    #[test]
    fn silence_is_skipped() {
        let line = |rate| Shape::Line { from: rate, to: rate };
        let curve = RateCurve::new([(1.0, line(2.0)), (5.0, line(0.0)), (1.0, line(2.0))]);
        assert_eq!(times(&curve), [0.0, 0.5, 6.0, 6.5]);
        assert_eq!(times(&RateCurve::constant(0.0, 10.0)), [] as [f64; 0]);
        assert_eq!(times(&RateCurve::new([])), [] as [f64; 0]);
    }

    #[test]
    fn stretching_keeps_rates_and_scaling_keeps_times() {
        let sine = Shape::Sine { mean: 10.0, amplitude: 5.0, period: 60.0, trough: 15.0 };
        let curve = RateCurve::new([(30.0, Shape::Line { from: 0.0, to: 20.0 }), (90.0, sine)]);
        let stretched = curve.stretched(2.0);
        assert!((stretched.total() - 2.0 * curve.total()).abs() < 1e-9);
        assert!((stretched.rate_at(100.0) - curve.rate_at(50.0)).abs() < 1e-9);
        let scaled = curve.scaled(3.0);
        assert!((scaled.rate_at(50.0) - 3.0 * curve.rate_at(50.0)).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn counting_inverts_the_time(from in 0.0f64..1e5, to in 0.0f64..1e5, seconds in 0.1f64..1e4, share in 0.0f64..0.999) {
            let curve = RateCurve::new([(seconds, Shape::Line { from, to })]);
            let count = curve.total() * share;
            if let Some(time) = { Cursor::START }.time_of(&curve, count) {
                prop_assert!((curve.count_until(time) - count).abs() <= 1e-6 * (1.0 + curve.total()));
            }
        }
    }
}
