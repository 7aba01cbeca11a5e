//! Latency by percentile, as the HdrHistogram plots show it: every nine of the percentile takes the same room.

use crate::record::Histogram;
use crate::report::page::Markup;
use crate::report::ticks::{Axis, log_position, percentile_position};
use crate::report::units;

use super::canvas::{Format, Frame, Hover};
use super::ink::Ink;

/// Places along the axis where a curve is drawn.
const STEPS: usize = 160;

/// One curve.
pub(in crate::report) struct Curve<'a> {
    /// What it shows.
    pub histogram: &'a Histogram,
    /// Its name under the pointer.
    pub name: &'a str,
    /// Its colour.
    pub ink: Ink,
}

/// The axis on which the curves share a scale.
pub(in crate::report) fn latency_axis(curves: &[Curve], title: &str) -> Axis {
    let ends = curves.iter().filter(|curve| !curve.histogram.is_empty());
    let values = ends.flat_map(|curve| [curve.histogram.min(), curve.histogram.max()]);
    Axis::log_seconds(values.map(|value| value.as_secs_f64()), 7, title)
}

/// The plot, in one shape. Each curve ends at the percentile its samples support.
pub(in crate::report) fn draw(curves: &[Curve], y: &Axis, description: &str, format: Format) -> Markup {
    let samples = curves.iter().map(|curve| curve.histogram.count()).max().unwrap_or(0);
    let x = Axis::percentiles(samples, "percentile (%)");
    let lines: Vec<(&Curve, Vec<(f64, f64)>)> =
        curves.iter().map(|curve| (curve, positions(curve.histogram))).collect();
    let hovers = hovers(curves, &x);
    let frame = Frame { format, x, y: y.clone(), description: description.to_owned(), lanes: 0 };
    frame.draw(&hovers, |canvas| {
        for (curve, line) in &lines {
            let line: Vec<(f64, f64)> = line.iter().map(|(x, seconds)| (*x, log_position(*seconds))).collect();
            canvas.line(&line, curve.ink, 1.8);
        }
    })
}

/// A curve from the smallest value up to where one sample remains: percentile position and seconds.
fn positions(histogram: &Histogram) -> Vec<(f64, f64)> {
    let samples = histogram.count();
    if samples == 0 {
        return Vec::new();
    }
    let mut recorded = histogram.recorded().into_iter();
    let (mut value, mut below) = recorded.next().map_or((0.0, samples), |(value, count)| (value.as_secs_f64(), count));
    let last = (samples as f64).log10();
    let steps = (0..=STEPS).map(|step| last * step as f64 / STEPS as f64);
    // A single sample has no percentiles; it is drawn as a level line to the first mark.
    if last == 0.0 {
        return vec![(0.0, value), (percentile_position(0.5), value)];
    }
    steps
        .map(|position| {
            let wanted = (1.0 - 10_f64.powf(-position)) * samples as f64;
            while (below as f64) < wanted - 1e-6 {
                match recorded.next() {
                    Some((next, count)) => {
                        value = next.as_secs_f64();
                        below = below.saturating_add(count);
                    }
                    None => break,
                }
            }
            (position, value.min(histogram.max().as_secs_f64()))
        })
        .collect()
}

fn hovers(curves: &[Curve], x: &Axis) -> Vec<Hover> {
    const PLACES: usize = 40;
    let width = (x.high - x.low) / PLACES as f64;
    (0..PLACES)
        .filter_map(|place| {
            let position = x.low + (place as f64 + 0.5) * width;
            let share = 1.0 - 10_f64.powf(-position);
            let decimals = (position.floor() as usize).max(1);
            let mut text = format!("p{:.decimals$}", share * 100.0);
            let mut any = false;
            for curve in curves.iter().filter(|curve| (curve.histogram.count() as f64).log10() >= position) {
                any = true;
                let value = curve.histogram.percentile(share * 100.0);
                text.push_str(&format!("\n{} {}", curve.name, units::latency(value)));
            }
            any.then(|| Hover { start: position - width / 2.0, end: position + width / 2.0, text })
        })
        .collect()
}
