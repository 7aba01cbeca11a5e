//! Costs over the traffic: equal ratios of traffic and of money take the same room.

use rust_decimal::prelude::ToPrimitive;

use crate::cost::{Choice, Classes, Sensitivity};
use crate::pricing::Term;
use crate::report::cost::words;
use crate::report::page::Markup;
use crate::report::ticks::{Axis, Tick, log_position};
use crate::report::units;

use super::canvas::{Format, Frame, Hover};
use super::ink::Ink;

/// What a choice costs over the traffic, as it is drawn.
pub(in crate::report) struct CostCurve {
    /// What people call the choice.
    pub label: String,
    /// Its colour.
    pub ink: Ink,
    /// Times today's traffic, and US dollars a month.
    points: Vec<(f64, f64)>,
}

/// The curves that can be drawn.
pub(in crate::report) fn curves(sensitivity: &Sensitivity) -> Vec<CostCurve> {
    let drawn = sensitivity.curves.iter().map(|curve| {
        let dollars = curve.totals.iter().map(|total| total.and_then(|total| total.to_f64()));
        let points = sensitivity.traffic.iter().zip(dollars);
        CostCurve {
            label: curve.label.clone(),
            ink: ink(curve.choice, curve.classes),
            points: points
                .filter_map(|(traffic, dollars)| Some((*traffic, dollars.filter(|dollars| *dollars > 0.0)?)))
                .collect(),
        }
    });
    drawn.filter(|curve| curve.points.len() > 1).collect()
}

fn ink(choice: Choice, classes: Classes) -> Ink {
    let (plain, dashed) = (Ink::OPERATIONS, Ink::OPERATIONS_DASHED);
    let of = |place: usize| if classes == Classes::AsTheyAre { plain[place] } else { dashed[place] };
    match choice {
        Choice::OnDemand => of(0),
        Choice::Fixed => of(1),
        Choice::Scaled => of(2),
        Choice::Mixed | Choice::Current => of(3),
        Choice::Reserved(Term::OneYear) => Ink::REASONS[1],
        Choice::Reserved(Term::ThreeYears) => Ink::STALE,
        Choice::SavingsPlan => Ink::MAXIMUM,
    }
}

/// The plot, in one shape.
pub(in crate::report) fn draw(sensitivity: &Sensitivity, curves: &[CostCurve], format: Format) -> Markup {
    let dollars = || curves.iter().flat_map(|curve| &curve.points).map(|(_, dollars)| *dollars);
    let frame = Frame {
        format,
        x: traffic_axis(&sensitivity.traffic),
        y: dollar_axis(dollars()),
        description: "What each way to pay costs a month at a quarter to four times today's traffic".to_owned(),
        lanes: 1,
    };
    let edge = frame.x.high;
    frame.draw(&hovers(sensitivity, curves, &frame.x), |canvas| {
        canvas.vertical(0.0, Ink::PHASE_EDGE);
        canvas.name_above(0.0, edge, "today");
        for curve in curves {
            let line: Vec<(f64, f64)> = curve
                .points
                .iter()
                .map(|(traffic, dollars)| (log_position(*traffic), log_position(*dollars)))
                .collect();
            canvas.line(&line, curve.ink, 2.2);
        }
        for crossing in sensitivity.crossings.iter().filter(|crossing| crossing.decides) {
            canvas.cross((log_position(crossing.traffic), log_position(crossing.total)), Ink::ASKED);
        }
    })
}

fn traffic_axis(traffic: &[f64]) -> Axis {
    let low = log_position(traffic.first().copied().unwrap_or(0.25));
    let high = log_position(traffic.last().copied().unwrap_or(4.0)).max(low + 0.1);
    let marks = [0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 10.0];
    let ticks = marks.map(|mark| Tick { at: log_position(mark), label: format!("× {mark}") });
    Axis {
        low,
        high,
        ticks: ticks.into_iter().filter(|tick| (low - 1e-9..=high + 1e-9).contains(&tick.at)).collect(),
        title: "traffic, times today's (log scale)".to_owned(),
    }
}

fn dollar_axis(dollars: impl Iterator<Item = f64>) -> Axis {
    let (lowest, highest) =
        dollars.fold((f64::INFINITY, 0.0_f64), |(low, high), dollars| (low.min(dollars), high.max(dollars)));
    let (lowest, highest) = if highest > 0.0 { (lowest, highest) } else { (1.0, 10.0) };
    // A little air, and never less than a factor of two.
    let (low, high) = (log_position(lowest / 1.15), log_position((highest * 1.15).max(lowest * 2.0)));
    let decades = low.floor() as i32..=high.ceil() as i32;
    let wide = high - low > 2.5;
    let ticks = decades.flat_map(|decade| {
        let digits: &[f64] = if wide { &[1.0] } else { &[1.0, 2.0, 5.0] };
        digits.iter().map(move |digit| digit * 10_f64.powi(decade))
    });
    let ticks = ticks.map(|dollars| Tick { at: log_position(dollars), label: dollars_label(dollars) });
    Axis {
        low,
        high,
        ticks: ticks.filter(|tick| (low..=high).contains(&tick.at)).collect(),
        title: "US dollars a month (log scale)".to_owned(),
    }
}

fn dollars_label(dollars: f64) -> String {
    let text = if dollars < 0.01 { format!("{dollars:.0e}") } else { units::scaled(dollars) };
    format!("${text}")
}

fn hovers(sensitivity: &Sensitivity, curves: &[CostCurve], x: &Axis) -> Vec<Hover> {
    let places: Vec<f64> = sensitivity.traffic.iter().map(|traffic| log_position(*traffic)).collect();
    let between = |left: usize| places.get(left + 1).map(|right| (places[left] + right) / 2.0);
    places
        .iter()
        .enumerate()
        .map(|(at, _)| {
            let traffic = sensitivity.traffic[at];
            let mut text = format!("traffic × {traffic}");
            for curve in curves {
                let point = curve.points.iter().find(|(known, _)| *known == traffic);
                let dollars = point.and_then(|(_, dollars)| (*dollars).try_into().ok());
                if let Some(dollars) = dollars {
                    text.push_str(&format!("\n{} {}", curve.label, words::dollars(dollars)));
                }
            }
            let start = at.checked_sub(1).and_then(between).unwrap_or(x.low);
            Hover { start, end: between(at).unwrap_or(x.high), text }
        })
        .collect()
}
