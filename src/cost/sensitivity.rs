//! How far the answer holds when traffic or items turn out otherwise.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::Serialize;

use super::CostError;
use super::bill::{Bill, Choice, Classes};
use super::compare::{Comparison, Question, compare};
use super::usage::Usage;

/// Something whose usage is known at other traffic and with other items.
pub trait Subject {
    /// What it would use at `traffic` times the traffic, with items of `item_size` times their size; `None` where that is not
    /// known.
    ///
    /// # Errors
    ///
    /// Where it could not be worked out, with the reason.
    fn usage(&self, traffic: f64, item_size: f64) -> Result<Option<Usage>, String>;
}

/// A subject of which nothing but its usage is known: units and capacity grow with the traffic, and nothing is known of other
/// items.
#[derive(Debug, Clone)]
pub struct LinearSubject(pub Usage);

impl Subject for LinearSubject {
    fn usage(&self, traffic: f64, item_size: f64) -> Result<Option<Usage>, String> {
        Ok((item_size == 1.0).then(|| self.0.at_traffic(traffic)))
    }
}

/// Costs over the traffic, where they cross, and how far the answer holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sensitivity {
    /// Times today's traffic, in ascending order.
    pub traffic: Vec<f64>,
    /// What each choice costs.
    pub curves: Vec<Curve>,
    /// Where one choice becomes cheaper than another.
    pub crossings: Vec<Crossing>,
    /// The cheapest at half and one and a half times the traffic and the size of items.
    pub verdicts: Vec<Verdict>,
}

/// What a choice costs over the traffic.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Curve {
    /// The choice.
    pub choice: Choice,
    /// The classes of the tables.
    pub classes: Classes,
    /// What people call it.
    pub label: String,
    /// US dollars a month at each traffic; `None` where it was not worked out.
    pub totals: Vec<Option<Decimal>>,
    /// Whether it may be recommended at each traffic.
    pub eligible: Vec<bool>,
}

/// Where one choice becomes cheaper than another as traffic grows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Crossing {
    /// Times today's traffic.
    pub traffic: f64,
    /// US dollars a month, of both.
    pub total: f64,
    /// The choice that is cheaper beyond.
    pub beyond: String,
    /// The choice that is cheaper up to there.
    pub before: String,
    /// Whether it changes the answer: no other choice without a commitment (or none at all) is cheaper there.
    pub decides: bool,
}

/// The cheapest choices under other conditions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verdict {
    /// Times today's traffic.
    pub traffic: f64,
    /// Times today's size of items.
    pub item_size: f64,
    /// Whether it is known what would be used then.
    pub is_known: bool,
    /// The cheapest, and what it costs a month.
    pub cheapest: Option<(String, Decimal)>,
    /// The cheapest without a commitment, and what it costs a month.
    pub cheapest_uncommitted: Option<(String, Decimal)>,
    /// Whether both are what they are today.
    pub holds: bool,
}

/// The traffic at which costs are worked out: 0.25 to 4 times today's in equal ratios, and one and a half times.
pub const TRAFFIC: [f64; 14] = [0.25, 0.315, 0.397, 0.5, 0.63, 0.794, 1.0, 1.26, 1.5, 1.587, 2.0, 2.52, 3.175, 4.0];

/// What is asked about: traffic and size of items, times today's.
const VERDICTS: [(f64, f64); 4] = [(0.5, 1.0), (1.5, 1.0), (1.0, 0.5), (1.0, 1.5)];

/// Differences smaller than this share are none: two choices that cost the same cross nowhere.
const SAME_SHARE: f64 = 1e-4;

/// Costs at other traffic and with other items.
///
/// # Errors
///
/// Where the subject could not say what it uses, or it cannot be billed.
pub fn sensitivity(
    question: &Question<'_>,
    today: &Comparison,
    subject: &dyn Subject,
    traffic: &[f64],
) -> Result<Sensitivity, CostError> {
    let at = |traffic: f64, item_size: f64| -> Result<Option<Comparison>, CostError> {
        if traffic == 1.0 && item_size == 1.0 {
            return Ok(Some(today.clone()));
        }
        let Some(usage) = subject.usage(traffic, item_size).map_err(CostError::Subject)? else { return Ok(None) };
        let extras = question.extras.with_item_size(item_size);
        compare(&Question { usage: &usage, extras: &extras, ..*question }).map(Some)
    };
    let mut traffic: Vec<f64> =
        traffic.iter().copied().filter(|traffic| traffic.is_finite() && *traffic > 0.0).collect();
    traffic.sort_by(f64::total_cmp);
    let columns: Vec<Option<Comparison>> = traffic.iter().map(|traffic| at(*traffic, 1.0)).collect::<Result<_, _>>()?;
    let curves: Vec<Curve> = shown(today).into_iter().map(|bill| curve(bill, &columns)).collect();
    let mut verdicts = Vec::new();
    for (times, item_size) in VERDICTS {
        let known = traffic.iter().position(|known| *known == times && item_size == 1.0);
        let then = match known.and_then(|known| columns[known].clone()) {
            Some(then) => Some(then),
            None => at(times, item_size)?,
        };
        verdicts.push(verdict(today, then.as_ref(), times, item_size));
    }
    Ok(Sensitivity { crossings: crossings(&traffic, &curves), traffic, curves, verdicts })
}

/// The bills whose costs are followed: those of the classes as they are, and the best of other classes.
fn shown(today: &Comparison) -> Vec<&Bill> {
    let mut shown: Vec<&Bill> = today
        .bills
        .iter()
        .filter(|bill| bill.classes == Classes::AsTheyAre && !matches!(bill.choice, Choice::Current))
        .collect();
    for classes in [Classes::Standard, Classes::InfrequentAccess] {
        let others = today.bills.iter().filter(|bill| bill.classes == classes && !bill.choice.is_commitment());
        shown.extend(others.filter(|bill| bill.is_eligible()).min_by_key(|bill| bill.total));
    }
    shown
}

fn curve(bill: &Bill, columns: &[Option<Comparison>]) -> Curve {
    let same = |column: &'_ Option<Comparison>| {
        let bills = &column.as_ref()?.bills;
        let found = bills.iter().find(|other| (other.choice, other.classes) == (bill.choice, bill.classes));
        found.map(|found| (found.total, found.is_eligible()))
    };
    let found: Vec<Option<(Decimal, bool)>> = columns.iter().map(same).collect();
    Curve {
        choice: bill.choice,
        classes: bill.classes,
        label: bill.label(),
        totals: found.iter().map(|found| found.map(|(total, _)| total)).collect(),
        eligible: found.iter().map(|found| found.is_some_and(|(_, eligible)| eligible)).collect(),
    }
}

fn crossings(traffic: &[f64], curves: &[Curve]) -> Vec<Crossing> {
    let value =
        |curve: &Curve, at: usize| curve.totals[at].and_then(|total| total.to_f64()).filter(|total| *total > 0.0);
    let mut found = Vec::new();
    for (number, one) in curves.iter().enumerate() {
        for other in &curves[number + 1..] {
            // The last place at which they differed.
            let mut last: Option<(usize, f64)> = None;
            for at in 0..traffic.len() {
                let (Some(left), Some(right)) = (value(one, at), value(other, at)) else { continue };
                let apart = (left / right).ln();
                if apart.abs() < SAME_SHARE {
                    continue;
                }
                if let Some((from, before)) = last
                    && before.signum() != apart.signum()
                {
                    let share = before / (before - apart);
                    let between = |low: f64, high: f64| (low.ln() + share * (high.ln() - low.ln())).exp();
                    let total = |curve: &Curve| Some(between(value(curve, from)?, value(curve, at)?));
                    let (Some(total_there), eligible) =
                        (total(one), [one, other].iter().all(|curve| curve.eligible[from] && curve.eligible[at]))
                    else {
                        continue;
                    };
                    let commits = one.choice.is_commitment() || other.choice.is_commitment();
                    let undercut = curves.iter().any(|third| {
                        (commits || !third.choice.is_commitment())
                            && third.eligible[from]
                            && third.eligible[at]
                            && total(third).is_some_and(|third| third < total_there * (1.0 - SAME_SHARE))
                    });
                    let (beyond, before) = if apart < 0.0 { (one, other) } else { (other, one) };
                    found.push(Crossing {
                        traffic: between(traffic[from], traffic[at]),
                        total: total_there,
                        beyond: beyond.label.clone(),
                        before: before.label.clone(),
                        decides: eligible && !undercut,
                    });
                }
                last = Some((at, apart));
            }
        }
    }
    found.sort_by(|one, other| one.traffic.total_cmp(&other.traffic));
    found
}

fn verdict(today: &Comparison, then: Option<&Comparison>, traffic: f64, item_size: f64) -> Verdict {
    let named = |comparison: &Comparison, index: Option<usize>| {
        index.map(|index| (comparison.bills[index].label(), comparison.bills[index].total))
    };
    let Some(then) = then else {
        let (cheapest, cheapest_uncommitted) = (None, None);
        return Verdict { traffic, item_size, is_known: false, cheapest, cheapest_uncommitted, holds: false };
    };
    let label = |comparison: &Comparison, index| named(comparison, index).map(|(label, _)| label);
    Verdict {
        traffic,
        item_size,
        is_known: true,
        cheapest: named(then, then.cheapest),
        cheapest_uncommitted: named(then, then.cheapest_uncommitted),
        holds: today.cheapest.is_some()
            && label(today, today.cheapest) == label(then, then.cheapest)
            && label(today, today.cheapest_uncommitted) == label(then, then.cheapest_uncommitted),
    }
}
