//! The forest plot: a row for each metric, its difference as a dot in its interval, on a shared scale with the band of what does
//! not matter.
//!
//! Rows are text of the page with a strip of SVG each, in per cent of its width: names wrap, and a phone shows the same plot.

use crate::compare::{Comparison, Difference, Direction, Interval, Scale};
use crate::report::comparison::words;
use crate::report::page::markup::Markup;
use crate::report::page::{attribute, open_section};
use crate::report::units;

use super::{class, nothing, rest_summary, telling, verdict_cell};

/// Relative differences beyond this are drawn by ratio, on a logarithmic scale.
const LINEAR_MAX: f64 = 0.6;
/// Intervals are shown whole up to so many times the largest estimate, and go on as an arrow beyond.
const ENDS_MOST: f64 = 3.0;
/// No ratio beyond this factor takes part in the choice of the scale.
const RATIO_MAX: f64 = 100.0;
/// Nothing larger is drawn anywhere but at the edge.
const LARGEST: f64 = 1e6;
/// Room beside the smallest difference that matters.
const ROOM: f64 = 1.5;

/// The section.
pub(super) fn section(comparison: &Comparison) -> Markup {
    let lead = "Each dot is the new side's difference from the base, the line its confidence interval, the grey band what is too \
        small to matter. An interval within the band is the same; one that excludes zero, with its dot beyond the band, is a \
        difference. An arrow goes on beyond the plot.";
    let mut html = open_section("differences", "Differences", lead);
    let (shown, rest) = telling(comparison);
    if comparison.differences.is_empty() {
        html.add(&nothing("The sides have no metric in common."));
    }
    let axes = [Scale::Relative, Scale::Points].map(|scale| {
        let of_scale = |difference: &&Difference| difference.metric.quantity.scale() == scale;
        // What is drawn elsewhere on the same scale has a say in it.
        let all: Vec<&Difference> = comparison.differences.iter().filter(of_scale).collect();
        (scale, Axis::of(scale, &all))
    });
    html.add(&plots(&axes, &shown));
    if !rest.is_empty() {
        html.raw("<details><summary>").text(rest_summary(&rest)).raw("</summary>");
        html.add(&plots(&axes, &rest)).raw("</details>");
    }
    html.raw("</section>");
    html
}

fn plots(axes: &[(Scale, Axis); 2], differences: &[&Difference]) -> Markup {
    let mut html = Markup::new();
    for (scale, axis) in axes {
        let of_scale = differences.iter().filter(|difference| difference.metric.quantity.scale() == *scale);
        let of_scale: Vec<&Difference> = of_scale.copied().collect();
        if !of_scale.is_empty() {
            html.add(&plot(*scale, axis, &of_scale));
        }
    }
    html
}

fn plot(scale: Scale, axis: &Axis, differences: &[&Difference]) -> Markup {
    let caption = match (scale, axis.is_log) {
        (Scale::Relative, false) => "Difference from the base in per cent",
        (Scale::Relative, true) => "Difference from the base in per cent (by ratio, log scale)",
        (Scale::Points, _) => "Difference from the base in percentage points",
    };
    let mut html = Markup::new();
    html.raw("<figure><figcaption>").raw(caption).raw("</figcaption><div class=\"forest\">");
    for (subject, differences) in words::groups(differences) {
        if let Some(subject) = subject {
            html.raw("<div class=\"forest-group\">").text(subject).raw("</div>");
        }
        for difference in differences {
            html.raw("<div class=\"forest-name\">").text(words::capital(&difference.metric.quantity.words()));
            if difference.metric.quantity.direction() == Direction::HigherIsBetter {
                html.raw(" <small>(higher is better)</small>");
            }
            html.raw("</div>");
            let [estimate, ends] = words::change(difference);
            html.raw("<div class=\"forest-text\">").text(estimate).raw(" <small>").text(ends).raw("</small></div>");
            html.raw("<div class=\"forest-verdict\">").add(&verdict_cell(difference.verdict)).raw("</div>");
            html.raw("<div class=\"forest-strip\">").add(&strip(axis, difference)).raw("</div>");
        }
    }
    html.raw("<div class=\"forest-strip forest-marks\">").add(&axis.marks()).raw("</div></div></figure>");
    html
}

/// The row of a metric between the edges of the plot.
fn strip(axis: &Axis, difference: &Difference) -> Markup {
    let scale = difference.metric.quantity.scale();
    let change = difference.change;
    let words = format!("{}: {}", difference.metric.words(), difference.words());
    let mut html = Markup::new();
    html.raw("<svg class=\"strip ").raw(class(difference.verdict));
    html.trusted(&format!("\" role=\"img\" aria-label=\"{}\">", attribute(&words)));
    let (left, right) = (axis.place(-difference.min_effect), axis.place(difference.min_effect));
    html.trusted(&format!(
        "<rect class=\"band\" x=\"{left:.2}%\" y=\"0\" width=\"{:.2}%\" height=\"100%\"/>",
        right - left
    ));
    for (at, _) in &axis.ticks {
        html.trusted(&format!("<line class=\"tick-line\" x1=\"{at:.2}%\" x2=\"{at:.2}%\" y1=\"0\" y2=\"100%\"/>"));
    }
    let zero = axis.place(0.0);
    html.trusted(&format!("<line class=\"zero\" x1=\"{zero:.2}%\" x2=\"{zero:.2}%\" y1=\"0\" y2=\"100%\"/>"));
    html.add(&whisker(axis, scale, change));
    let at = axis.place(change.estimate);
    if axis.holds(change.estimate) {
        html.trusted(&format!("<circle class=\"dot\" cx=\"{at:.2}%\" cy=\"50%\" r=\"5\"/>"));
    }
    html.raw("<title>").text(&words).raw("</title></svg>");
    html
}

fn whisker(axis: &Axis, scale: Scale, change: Interval) -> Markup {
    let low = if change.is_bounded_below(scale) { change.low } else { f64::NEG_INFINITY };
    let (left, right) = (axis.place(low), axis.place(change.high));
    let mut html = Markup::new();
    html.trusted(&format!("<line class=\"whisker\" x1=\"{left:.2}%\" x2=\"{right:.2}%\" y1=\"50%\" y2=\"50%\"/>"));
    for (end, at, tip) in [(low, left, -1), (change.high, right, 1)] {
        if axis.holds(end) {
            html.trusted(&format!(
                "<svg class=\"tip\" x=\"{at:.2}%\" y=\"50%\"><line class=\"whisker\" x1=\"0\" x2=\"0\" y1=\"-5\" y2=\"5\"/></svg>"
            ));
        } else {
            // An interval that lies beyond the plot altogether has both its ends there, on the same side.
            let tip = if end > 0.0 { 1 } else { tip.min(-1) };
            html.trusted(&format!(
                "<svg class=\"tip\" x=\"{at:.2}%\" y=\"50%\"><path d=\"M{} -5L{} 0L{} 5z\"/></svg>",
                -tip * 7,
                tip * 2,
                -tip * 7
            ));
        }
    }
    html
}

/// The scale that the rows of a plot share.
struct Axis {
    /// Coordinates of the edges.
    low: f64,
    high: f64,
    is_log: bool,
    /// Places in per cent of the width, and labels.
    ticks: Vec<(f64, String)>,
}

impl Axis {
    fn of(scale: Scale, differences: &[&Difference]) -> Self {
        let largest = differences.iter().map(|difference| difference.change.estimate.abs()).fold(0.0, f64::max);
        let is_log = scale == Scale::Relative && largest > LINEAR_MAX;
        let mut axis = Axis { low: 0.0, high: 0.0, is_log, ticks: Vec::new() };
        let coordinate = |axis: &Axis, value: f64| axis.coordinate(value);
        let (mut core, mut ends) = ((0.0_f64, 0.0_f64), (0.0_f64, 0.0_f64));
        let most = if is_log { RATIO_MAX.ln() } else { f64::MAX };
        for difference in differences {
            let change = difference.change;
            for value in [change.estimate, difference.min_effect * ROOM, -(difference.min_effect * ROOM).min(0.9)] {
                let at = coordinate(&axis, value).clamp(-most, most);
                core = (core.0.min(at), core.1.max(at));
            }
            let is_bounded = change.is_bounded_below(scale);
            for value in [change.low, change.high].into_iter().filter(|end| end.is_finite() && is_bounded) {
                let at = coordinate(&axis, value).clamp(-most, most);
                ends = (ends.0.min(at), ends.1.max(at));
            }
        }
        let reach = core.1.max(-core.0) * ENDS_MOST;
        let (low, high) = (core.0.min(ends.0.max(-reach)), core.1.max(ends.1.min(reach)));
        let air = ((high - low) * 0.04).max(1e-6);
        (axis.low, axis.high) = (low - air, high + air);
        axis.ticks = if is_log { axis.ratio_ticks() } else { axis.linear_ticks() };
        axis
    }

    fn coordinate(&self, value: f64) -> f64 {
        if self.is_log { value.max(-1.0 + 1e-9).ln_1p() } else { value.clamp(-LARGEST, LARGEST) }
    }

    /// In per cent of the width, at the edge where it lies beyond.
    fn place(&self, value: f64) -> f64 {
        ((self.coordinate(value) - self.low) / (self.high - self.low) * 100.0).clamp(0.0, 100.0)
    }

    fn holds(&self, value: f64) -> bool {
        value.is_finite() && (self.low..=self.high).contains(&self.coordinate(value))
    }

    fn linear_ticks(&self) -> Vec<(f64, String)> {
        let (low, high) = (self.low * 100.0, self.high * 100.0);
        let least = (high - low) / 6.0;
        let power = 10_f64.powi(least.log10().floor() as i32);
        let step = [1.0, 2.0, 5.0, 10.0].map(|digit| digit * power).into_iter().find(|step| *step >= least * 0.999);
        let step = step.unwrap_or(least);
        let marks = (low / step).ceil() as i64..=(high / step).floor() as i64;
        let marks = marks.map(|mark| mark as f64 * step);
        marks.map(|percent| (self.place(percent / 100.0), signed(percent))).collect()
    }

    /// Round percentages, no two of them too near each other.
    fn ratio_ticks(&self) -> Vec<(f64, String)> {
        const MARKS: [f64; 17] =
            [0.0, 1.0, -0.5, 3.0, -0.75, 9.0, -0.9, 0.5, 0.25, -0.25, 19.0, 49.0, 99.0, -0.95, -0.99, 0.1, -0.1];
        let mut ticks: Vec<(f64, String)> = Vec::new();
        for mark in MARKS.into_iter().filter(|mark| self.holds(*mark)) {
            let at = self.place(mark);
            if ticks.iter().all(|(other, _)| (at - other).abs() >= 11.0) {
                ticks.push((at, signed(mark * 100.0)));
            }
        }
        ticks.sort_by(|one, other| one.0.total_cmp(&other.0));
        ticks
    }

    /// The labels below the rows.
    fn marks(&self) -> Markup {
        let mut html = Markup::new();
        html.raw("<svg class=\"strip marks\" aria-hidden=\"true\">");
        for (at, label) in &self.ticks {
            html.trusted(&format!("<text x=\"{at:.2}%\" y=\"14\" text-anchor=\"middle\">{}</text>", attribute(label)));
        }
        html.raw("</svg>");
        html
    }
}

fn signed(percent: f64) -> String {
    match percent {
        percent if percent.abs() < 1e-9 => "0".to_owned(),
        percent if percent < 0.0 => format!("−{}", units::quantity(-percent)),
        percent => format!("+{}", units::quantity(percent)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::Verdict;
    use crate::report::samples::comparison as samples;

    fn difference(estimate: f64, low: f64, high: f64) -> Difference {
        let mut difference = samples::worse().differences[0].clone();
        difference.change = Interval { estimate, low, high };
        difference.min_effect = 0.05;
        difference
    }

    #[test]
    fn a_row_is_drawn_to_scale() {
        let rows = [difference(0.1, 0.05, 0.2), difference(-0.1, -0.2, 0.0)];
        let axis = Axis::of(Scale::Relative, &rows.iter().collect::<Vec<_>>());
        // From -20 % to +20 % with a little air: linear, zero in the middle.
        assert!(!axis.is_log && (axis.place(0.0) - 50.0).abs() < 1e-6);
        let (one, two) = (axis.place(0.1) - axis.place(0.0), axis.place(0.2) - axis.place(0.1));
        assert!((one - two).abs() < 1e-6 && axis.holds(-0.2) && axis.holds(0.2) && !axis.holds(0.25));
        let labels: Vec<&str> = axis.ticks.iter().map(|(_, label)| label.as_str()).collect();
        assert_eq!(labels, ["−20", "−10", "0", "+10", "+20"]);
        let row = strip(&axis, &rows[0]).into_string();
        assert!(row.contains(&format!("cx=\"{:.2}%\"", axis.place(0.1))), "{row}");
        assert!(row.contains(&format!("x1=\"{:.2}%\" x2=\"{:.2}%\"", axis.place(0.05), axis.place(0.2))), "{row}");
        assert!(!row.contains("<path"), "both ends are there: {row}");
    }

    #[test]
    fn what_has_no_end_ends_in_an_arrow() {
        let open = difference(0.02, -1.0, f64::INFINITY);
        let axis = Axis::of(Scale::Relative, &[&open]);
        let row = strip(&axis, &open).into_string();
        assert_eq!(row.matches("<path").count(), 2, "{row}");
        assert!(row.contains("x1=\"0.00%\" x2=\"100.00%\""), "{row}");
        // One far end does not press the others together.
        let rows = [difference(0.02, 0.01, 0.03), difference(0.03, -0.01, 40.0)];
        let axis = Axis::of(Scale::Relative, &rows.iter().collect::<Vec<_>>());
        assert!(!axis.is_log && axis.place(0.03) - axis.place(0.01) > 4.0);
        let row = strip(&axis, &rows[1]).into_string();
        assert_eq!(row.matches("<path").count(), 1, "{row}");
    }

    #[test]
    fn large_ratios_are_drawn_by_ratio() {
        let rows = [difference(1.0, 0.5, 3.0), difference(-0.5, -0.75, -0.2)];
        let axis = Axis::of(Scale::Relative, &rows.iter().collect::<Vec<_>>());
        // Twice as much lies as far to the right as half as much to the left.
        let (up, down) = (axis.place(1.0) - axis.place(0.0), axis.place(0.0) - axis.place(-0.5));
        assert!(axis.is_log && (up - down).abs() < 1e-6, "{up} {down}");
    }

    #[test]
    fn colours_are_those_of_the_verdicts() {
        let classes = [Verdict::Better, Verdict::Worse, Verdict::Same, Verdict::CannotTell].map(class);
        let sheet = include_str!("../theme.css");
        for class in classes {
            assert!(sheet.contains(&format!(".{class} {{ color: ")), "{class}");
        }
    }
}
