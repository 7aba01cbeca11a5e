//! Where an axis is marked, and what the marks say.

use super::units;

/// A mark on an axis. Marks without a label are lines of the grid only.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tick {
    /// Where, in the axis's coordinates.
    pub at: f64,
    /// What it says.
    pub label: String,
}

/// The range of an axis and its marks.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Axis {
    /// Lowest coordinate.
    pub low: f64,
    /// Highest coordinate, above `low`.
    pub high: f64,
    /// Marks in ascending order, all within the range.
    pub ticks: Vec<Tick>,
    /// What is measured, and in which unit where the labels do not say.
    pub title: String,
}

impl Axis {
    /// From zero to at least `highest`, in round steps: about `steps` of them.
    pub fn from_zero(highest: f64, steps: usize, title: impl Into<String>) -> Self {
        let highest = if highest.is_finite() && highest > 0.0 { highest.min(1e300) } else { 1.0 };
        let step = round_step(highest / steps.max(1) as f64);
        // A little air above the highest value; the uppermost mark need not be the end.
        let high = highest * 1.06;
        let ticks = (0..=(high / step) as usize).map(|mark| mark as f64 * step);
        Axis {
            low: 0.0,
            high,
            ticks: ticks.map(|at| Tick { at, label: units::scaled(at) }).collect(),
            title: title.into(),
        }
    }

    /// About the values, not from zero, in round steps: about `steps` of them, each written by `label`. It spans a twentieth of
    /// the largest value at least, so that three digits tell the marks apart and noise does not fill the plot.
    pub fn around(
        values: impl IntoIterator<Item = f64>,
        steps: usize,
        label: impl Fn(f64) -> String,
        title: impl Into<String>,
    ) -> Self {
        let values = values.into_iter().filter(|value| value.is_finite() && value.abs() < 1e300);
        let (low, high) =
            values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (value.min(low), value.max(high)));
        let (low, high) = if low <= high { (low, high) } else { (0.0, 1.0) };
        let largest = low.abs().max(high.abs());
        let least = if largest > 0.0 { largest * 0.05 } else { 1.0 };
        let (middle, half) = (f64::midpoint(low, high), ((high - low) * 0.56).max(least / 2.0));
        // What is never negative has no axis below zero.
        let bottom = if low >= 0.0 { (middle - half).max(0.0) } else { middle - half };
        let top = middle + half;
        let step = step_125_above((top - bottom) / steps.max(1) as f64);
        let (first, last) = ((bottom / step).ceil() as i64, (top / step).floor() as i64);
        let ticks = (first..=last.min(first.saturating_add(50))).map(|mark| mark as f64 * step);
        Axis {
            low: bottom,
            high: top,
            ticks: ticks.map(|at| Tick { at, label: label(at) }).collect(),
            title: title.into(),
        }
    }

    /// Whole numbers from 1 to `last`, each in the middle of a stretch of 1.
    pub fn ordinals(last: usize, labels: usize, title: impl Into<String>) -> Self {
        let last = last.max(1);
        let step = step_125_above((last as f64 / labels.max(1) as f64).max(1.0)) as usize;
        let marks = (1..=last).filter(|mark| *mark == 1 || mark.is_multiple_of(step.max(1)));
        let ticks = marks.map(|mark| Tick { at: mark as f64, label: mark.to_string() });
        Axis { low: 0.5, high: last as f64 + 0.5, ticks: ticks.collect(), title: title.into() }
    }

    /// Seconds on a logarithmic scale (coordinates are [`log_position`]s) that holds every positive value, with marks at
    /// 1, 2 and 5 of each decade where there is room for about `labels` of them.
    pub fn log_seconds(values: impl IntoIterator<Item = f64>, labels: usize, title: impl Into<String>) -> Self {
        let (mut lowest, mut highest) = (f64::INFINITY, 0.0_f64);
        for value in values.into_iter().filter(|value| value.is_finite() && *value > 0.0) {
            lowest = lowest.min(value);
            highest = highest.max(value);
        }
        if highest == 0.0 {
            (lowest, highest) = (1e-3, 1e-2);
        }
        let highest = highest.clamp(1e-9, 1e6);
        // Beyond seven decades the low end says nothing that helps.
        let lowest = lowest.clamp(highest / 1e7, highest).max(1e-9);
        let (low, high) = (step_125_below(lowest), step_125_above(highest));
        let high = if high / low < 4.9 { step_125_above(high * 1.01) } else { high };
        let first_decade = log_position(low).floor() as i32;
        let last_decade = log_position(high).ceil() as i32;
        let all: Vec<(f64, u32)> = (first_decade..=last_decade)
            .flat_map(|decade| [1, 2, 5].map(|digit| (f64::from(digit) * 10_f64.powi(decade), digit)))
            .filter(|(value, _)| *value >= low * 0.999 && *value <= high * 1.001)
            .collect();
        let decades = all.iter().filter(|(_, digit)| *digit == 1).count();
        let every_step = all.len() <= labels.max(3);
        let skip = decades.div_ceil(labels.max(1)).max(1);
        let mut decade = 0;
        let ticks = all.iter().map(|(value, digit)| {
            let labelled = every_step || (*digit == 1 && decade % skip == 0);
            decade += usize::from(*digit == 1);
            let label = if labelled { tick_seconds(*value) } else { String::new() };
            Tick { at: log_position(*value), label }
        });
        Axis { low: log_position(low), high: log_position(high), ticks: ticks.collect(), title: title.into() }
    }

    /// Time since the start, in seconds.
    pub fn time(start: f64, end: f64, labels: usize) -> Self {
        let start = if start.is_finite() { start.clamp(-1e12, 1e12) } else { 0.0 };
        let end = if end.is_finite() { end.clamp(-1e12, 1e12) } else { start + 1.0 };
        let end = if end - start > start.abs() * 1e-9 && end - start > 1e-9 { end } else { start + 1.0 };
        let span = end - start;
        let step = time_step(span / labels.max(1) as f64);
        let first = (start / step - 1e-9).ceil();
        let count = ((end / step + 1e-9).floor() - first).clamp(0.0, 100.0) as usize;
        let ticks = (0..=count)
            .map(|mark| (first + mark as f64) * step)
            .filter(|at| (start..=end).contains(at))
            .map(|at| Tick { at, label: tick_time(at, step, span) });
        let unit = match (step, span) {
            _ if step < 60.0 && span > 180.0 => " (min:s)",
            _ if (60.0..3_600.0).contains(&step) && span > 10_800.0 => " (h:min)",
            _ => "",
        };
        Axis { low: start, high: end, ticks: ticks.collect(), title: format!("time since the start{unit}") }
    }

    /// Percentiles as the HdrHistogram plots have them: coordinates are [`percentile_position`]s, up to the one that a count of
    /// `samples` supports.
    pub fn percentiles(samples: u64, title: impl Into<String>) -> Self {
        let high = (samples.max(10) as f64).log10();
        let mut ticks = vec![Tick { at: 0.0, label: "0".to_owned() }];
        ticks.push(Tick { at: percentile_position(0.5), label: "50".to_owned() });
        for nines in 1..=high.floor().min(19.0) as usize {
            let label = match nines {
                1 => "90".to_owned(),
                2 => "99".to_owned(),
                _ => format!("99.{}", "9".repeat(nines - 2)),
            };
            ticks.push(Tick { at: nines as f64, label });
        }
        Axis { low: 0.0, high, ticks, title: title.into() }
    }
}

/// Where a positive value stands on a logarithmic axis.
pub(super) fn log_position(value: f64) -> f64 {
    value.max(f64::MIN_POSITIVE).log10()
}

/// Where the share `p` (0 to 1) of values stands on a percentile axis: log₁₀ of 1 / (1 − p).
pub(super) fn percentile_position(p: f64) -> f64 {
    -(1.0 - p).max(1e-20).log10()
}

/// The smallest of 1, 2, 2.5, 5 times a power of ten that is not below `least`.
fn round_step(least: f64) -> f64 {
    let least = least.max(1e-12);
    let power = 10_f64.powi(least.log10().floor() as i32);
    let steps = [1.0, 2.0, 2.5, 5.0, 10.0].map(|digit| digit * power);
    steps.into_iter().find(|step| *step >= least * 0.9999).unwrap_or(least)
}

fn step_125_above(value: f64) -> f64 {
    let power = 10_f64.powi(value.log10().floor() as i32);
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|digit| digit * power).find(|step| *step >= value * 0.9999).unwrap_or(value)
}

fn step_125_below(value: f64) -> f64 {
    let power = 10_f64.powi(value.log10().floor() as i32);
    [5.0, 2.0, 1.0].into_iter().map(|digit| digit * power).find(|step| *step <= value * 1.0001).unwrap_or(value)
}

/// The smallest step of a clock or calendar that is not below `least` seconds.
fn time_step(least: f64) -> f64 {
    const STEPS: [f64; 19] = [
        1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0, 7_200.0, 10_800.0,
        21_600.0, 43_200.0, 86_400.0, 172_800.0,
    ];
    if least < 1.0 {
        return round_step(least);
    }
    STEPS.into_iter().find(|step| *step >= least).unwrap_or_else(|| round_step(least / 86_400.0) * 86_400.0)
}

fn tick_time(at: f64, step: f64, span: f64) -> String {
    if at == 0.0 {
        return "0".to_owned();
    }
    let pair =
        |large: f64| format!("{}:{:02}", (at / large) as i64, (at % large / (large / 60.0)).round().abs() as i64);
    match step {
        _ if span < 1.0 => plain(at * 1e3, "ms"),
        _ if step < 60.0 && span <= 180.0 => plain(at, "s"),
        _ if step < 60.0 => pair(60.0),
        _ if step < 3_600.0 && span <= 10_800.0 => plain(at / 60.0, "min"),
        _ if step < 3_600.0 => pair(3_600.0),
        _ if step < 86_400.0 => plain(at / 3_600.0, "h"),
        _ => plain(at / 86_400.0, "d"),
    }
}

fn plain(number: f64, unit: &str) -> String {
    format!("{} {unit}", (number * 1e6).round() / 1e6)
}

fn tick_seconds(seconds: f64) -> String {
    let units = [(1e-9, "ns"), (1e-6, "µs"), (1e-3, "ms"), (1.0, "s")];
    let (size, unit) = units.into_iter().find(|(size, _)| seconds / size < 999.0).unwrap_or((1.0, "s"));
    plain((seconds / size * 1e3).round() / 1e3, unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|tick| tick.label.as_str()).filter(|label| !label.is_empty()).collect()
    }

    #[test]
    fn a_rate_axis_starts_at_zero_and_covers_the_highest_value() {
        let axis = Axis::from_zero(1130.0, 5, "operations per second");
        assert_eq!(labels(&axis), ["0", "250", "500", "750", "1 k"]);
        assert!(axis.low == 0.0 && axis.high > 1130.0);
        for highest in [f64::NAN, f64::INFINITY, -3.0, 0.0, 1e-9, 1e300] {
            let axis = Axis::from_zero(highest, 5, "");
            assert!(axis.high.is_finite() && axis.high > 0.0 && axis.ticks.len() < 12, "{axis:?}");
        }
    }

    #[test]
    fn an_axis_about_values_tells_its_marks_apart() {
        let label = |at: f64| units::latency_seconds(at);
        assert_eq!(
            labels(&Axis::around([1.01e-6, 1.12e-6], 7, label, "")),
            ["1.02 µs", "1.04 µs", "1.06 µs", "1.08 µs", "1.10 µs", "1.12 µs"]
        );
        for values in [vec![], vec![0.0], vec![5.0], vec![100.0, 100.01], vec![f64::NAN, 3.0], vec![-2.0, 7.0]] {
            let axis = Axis::around(values.clone(), 7, label, "");
            assert!(axis.high > axis.low && (1..12).contains(&axis.ticks.len()), "{axis:?}");
            let inside =
                values.iter().filter(|value| value.is_finite()).all(|value| (axis.low..=axis.high).contains(value));
            assert!(inside, "{values:?} in {axis:?}");
        }
        let marks = Axis::around([100.0, 100.01], 7, units::scaled, "");
        let marks = labels(&marks);
        assert!(marks.windows(2).all(|pair| pair[0] != pair[1]), "{marks:?}");
    }

    #[test]
    fn rounds_are_counted_from_one() {
        assert_eq!(labels(&Axis::ordinals(6, 10, "")), ["1", "2", "3", "4", "5", "6"]);
        assert_eq!(labels(&Axis::ordinals(60, 6, "")), ["1", "10", "20", "30", "40", "50", "60"]);
        assert_eq!(labels(&Axis::ordinals(0, 6, "")), ["1"]);
    }

    #[test]
    fn a_latency_axis_is_marked_at_1_2_5_or_at_decades() {
        assert_eq!(
            labels(&Axis::log_seconds([0.0015, 0.03], 6, "")),
            ["1 ms", "2 ms", "5 ms", "10 ms", "20 ms", "50 ms"]
        );
        assert_eq!(
            labels(&Axis::log_seconds([3e-6, 2.2], 7, "")),
            ["10 µs", "100 µs", "1 ms", "10 ms", "100 ms", "1 s"]
        );
        for values in [vec![], vec![f64::NAN, 0.0], vec![5e-3], vec![1e-12, 1e9]] {
            let axis = Axis::log_seconds(values, 6, "");
            assert!(axis.high > axis.low && labels(&axis).len() >= 2, "{axis:?}");
        }
    }

    #[test]
    fn a_time_axis_speaks_in_the_unit_of_its_span() {
        assert_eq!(labels(&Axis::time(0.0, 60.0, 6)), ["0", "10 s", "20 s", "30 s", "40 s", "50 s", "60 s"]);
        assert_eq!(
            labels(&Axis::time(0.0, 600.0, 5)),
            ["0", "2 min", "4 min", "6 min", "8 min", "10 min"].map(str::to_owned)
        );
        assert_eq!(
            labels(&Axis::time(0.0, 240.0, 8)),
            ["0", "0:30", "1:00", "1:30", "2:00", "2:30", "3:00", "3:30", "4:00"]
        );
        assert_eq!(labels(&Axis::time(0.0, 2_592_000.0, 6)), ["0", "5 d", "10 d", "15 d", "20 d", "25 d", "30 d"]);
        assert_eq!(labels(&Axis::time(0.0, 0.05, 5)), ["0", "10 ms", "20 ms", "30 ms", "40 ms", "50 ms"]);
        for (start, end) in [(0.0, 0.0), (f64::NAN, 1.0), (1.0, f64::INFINITY), (5.0, -5.0), (1e18, 1e18)] {
            let axis = Axis::time(start, end, 6);
            assert!(axis.high > axis.low && axis.ticks.len() < 20, "{axis:?}");
        }
    }

    #[test]
    fn a_percentile_axis_ends_where_the_samples_end() {
        assert_eq!(labels(&Axis::percentiles(5_000, "")), ["0", "50", "90", "99", "99.9"]);
        assert_eq!(labels(&Axis::percentiles(0, "")), ["0", "50", "90"]);
        assert_eq!(Axis::percentiles(u64::MAX, "").ticks.len(), 21);
    }
}
