//! Sentences and amounts of a comparison of bills.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::api::{ReadWrite, TableClass};
use crate::cost::{Bill, Choice, Commitment, Comparison, Component, Crossing, Verdict};
use crate::pricing::Confidence;
use crate::report::units;

use super::CostReport;

/// US dollars to the cent, thousands apart; smaller amounts with two digits.
pub(in crate::report) fn dollars(amount: Decimal) -> String {
    let sign = if amount.is_sign_negative() && !amount.is_zero() { "−" } else { "" };
    let size = amount.abs();
    if !size.is_zero() && size < Decimal::new(5, 3) {
        return format!("{sign}${}", size.round_sf(2).unwrap_or(size).normalize());
    }
    let cents = size.round_dp(2);
    let whole = cents.trunc();
    let rest = ((cents - whole) * Decimal::ONE_HUNDRED).to_u64().unwrap_or(0);
    format!("{sign}${}.{rest:02}", grouped(whole))
}

/// A price as it is published, all its digits, cents always.
pub(in crate::report) fn price(amount: Decimal) -> String {
    let mut amount = amount.normalize();
    amount.rescale(amount.scale().max(2));
    format!("${amount}")
}

/// A quantity to three decimals at most, thousands apart.
pub(in crate::report) fn quantity(quantity: Decimal) -> String {
    let sign = if quantity.is_sign_negative() && !quantity.is_zero() { "−" } else { "" };
    let size = quantity.abs();
    if !size.is_zero() && size < Decimal::ONE {
        return format!("{sign}{}", size.round_sf(3).unwrap_or(size).normalize());
    }
    let size = size.round_dp(if size < Decimal::from(100_000) { 3 } else { 0 });
    let fraction = (size - size.trunc()).normalize().to_string();
    format!("{sign}{}{}", grouped(size.trunc()), fraction.strip_prefix('0').unwrap_or(""))
}

fn grouped(whole: Decimal) -> String {
    whole.to_u64().map_or_else(|| whole.to_string(), units::count)
}

/// `*` for derived prices, `?` for unconfirmed ones.
pub(in crate::report) const fn mark(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Listed => "",
        Confidence::Derived => "*",
        Confidence::Unconfirmed => "?",
    }
}

/// The mark of the least sure of a bill's prices.
pub(in crate::report) fn bill_mark(bill: &Bill) -> &'static str {
    mark(bill.lines.iter().map(|line| line.confidence).max().unwrap_or(Confidence::Listed))
}

/// How a bill is called, beginning with a capital.
pub(in crate::report) fn label(bill: &Bill) -> String {
    capital(&bill.label())
}

/// A text with its first letter as a capital.
pub(in crate::report) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// By how much one amount is above another: `+12 %`.
pub(in crate::report) fn above(amount: Decimal, base: Decimal) -> String {
    match (amount - base).checked_div(base).and_then(|share| share.to_f64()) {
        Some(share) if share.abs() < 5e-5 => "same".to_owned(),
        Some(share) if share >= 10.0 => format!("× {}", units::quantity(share + 1.0)),
        Some(share) => format!("{}{}", if share > 0.0 { "+" } else { "−" }, units::share(share.abs(), 1.0)),
        None => units::NOTHING.to_owned(),
    }
}

/// A whole answer in sentences: what is cheapest, by how much, and how sure.
pub(in crate::report) fn answer(report: &CostReport) -> String {
    let comparison = &report.comparison;
    let bill = |index: Option<usize>| index.and_then(|index| comparison.bills.get(index));
    let limit = units::share(comparison.throttled_at_most, 1.0);
    let Some(free) = bill(comparison.cheapest_uncommitted) else {
        if comparison.bills.iter().any(|bill| !bill.is_known) {
            return format!(
                "No way to pay is known to serve this with at most {limit} throttled: more was refused at the time, and what was refused \
                 is not in the units billed. The bills are of what was admitted; none is recommended."
            );
        }
        return format!(
            "No way to pay serves this with at most {limit} throttled: every one that was worked out throttles more, or lacks a price."
        );
    };
    let mut said = vec![format!("{} is cheapest: {} a month", label(free), dollars(free.total))];
    let others = comparison
        .bills
        .iter()
        .filter(|bill| bill.is_eligible() && !bill.choice.is_commitment() && !std::ptr::eq(*bill, free));
    // Another mode says more than the same one in another class.
    if let Some(next) = others.min_by_key(|bill| (bill.classes != free.classes, bill.total)) {
        let less = next.total - free.total;
        let said_so = match above(next.total, free.total).as_str() {
            "same" => format!(", the same as {}", next.label()),
            _ => format!(", {} ({}) less than {}", dollars(less), share_of(less, next.total), next.label()),
        };
        said[0].push_str(&said_so);
    }
    said[0].push('.');
    if let Some(best) = bill(comparison.cheapest).filter(|best| best.choice.is_commitment()) {
        let upfront =
            if best.upfront.is_zero() { String::new() } else { format!(" with {} up front", dollars(best.upfront)) };
        let less = share_of(free.total - best.total, free.total);
        let sure = if is_unconfirmed(best) { ", at rates that no source confirms" } else { "" };
        said.push(format!(
            "With a commitment: {}, {} a month{upfront}, {less} less if the traffic stays{sure}.",
            best.label(),
            dollars(best.total)
        ));
    }
    let dearer = |now: &&Bill| !std::ptr::eq(*now, free) && now.total > free.total;
    if let Some(now) = bill(comparison.current).filter(dearer) {
        said.push(format!(
            "In its present mode ({}) it costs {}, {} more.",
            mode_now(now),
            dollars(now.total),
            dollars(now.total - free.total)
        ));
    }
    let cheaper =
        |bill: &&Bill| bill.is_complete && !bill.serves && !bill.choice.is_commitment() && bill.total < free.total;
    if let Some(refused) = comparison.bills.iter().filter(cheaper).min_by_key(|bill| bill.total) {
        said.push(format!(
            "{} would be {}, but throttles {} of requests where at most {limit} are allowed.",
            label(refused),
            dollars(refused.total),
            units::share(refused.throttled, 1.0)
        ));
    }
    said.join(" ")
}

/// Whether what is committed to has a price that no source confirms.
fn is_unconfirmed(bill: &Bill) -> bool {
    let mut commitments = bill.lines.iter().filter(|line| line.component == Component::Commitment);
    commitments.any(|line| line.confidence == Confidence::Unconfirmed)
}

/// A share of an amount in percent; a dash where there is nothing to have a share of.
fn share_of(part: Decimal, whole: Decimal) -> String {
    let share = part.checked_div(whole).and_then(|share| share.to_f64());
    share.map_or(units::NOTHING.to_owned(), |share| units::share(share, 1.0))
}

/// What stands on none or not on all of the bills, each once.
pub(in crate::report) fn left_out(comparison: &Comparison) -> Vec<String> {
    let mut said: Vec<String> = Vec::new();
    for left_out in comparison.bills.iter().flat_map(|bill| &bill.left_out) {
        let text = format!("not billed: {}: {}", left_out.what, left_out.why);
        if !said.contains(&text) {
            said.push(text);
        }
    }
    said
}

fn mode_now(bill: &Bill) -> String {
    if bill.choice == Choice::Current { "its own mixture".to_owned() } else { bill.label() }
}

/// How each table is paid for, in words.
pub(in crate::report) fn tables(bill: &Bill) -> String {
    let uniform = bill.tables.iter().all(|table| table.mode == bill.tables[0].mode);
    let each = bill.tables.iter().map(|table| {
        let name = if bill.tables.len() == 1 { String::new() } else { format!("{}: ", table.table) };
        let mode = if uniform && !bill.choice.is_commitment() { String::new() } else { table.mode.name().to_owned() };
        let parts: Vec<&str> =
            [mode.as_str(), table.setting.as_str()].into_iter().filter(|part| !part.is_empty()).collect();
        if parts.is_empty() { String::new() } else { format!("{name}{}", parts.join(", ")) }
    });
    let commitments = match bill.commitments.as_slice() {
        [] if bill.choice.is_commitment() => vec!["no commitment pays".to_owned()],
        some => some.iter().map(|commitment| commitment.what.clone()).collect(),
    };
    let all: Vec<String> = commitments.into_iter().chain(each).filter(|part| !part.is_empty()).collect();
    all.join("; ")
}

/// Payments of a commitment.
pub(in crate::report) fn payments(commitment: &Commitment) -> String {
    format!(
        "{}: {} up front and {} an hour",
        commitment.what,
        dollars(commitment.upfront),
        price(commitment.hourly.round_dp(6))
    )
}

/// What is to be said of a bill in a table of all.
pub(in crate::report) fn remarks(comparison: &Comparison, index: usize) -> String {
    let Some(bill) = comparison.bills.get(index) else { return String::new() };
    let is_cheapest = comparison.cheapest == Some(index);
    let remarks = [
        (is_cheapest, "cheapest"),
        (!is_cheapest && comparison.cheapest_uncommitted == Some(index), "cheapest uncommitted"),
        (comparison.current == Some(index), "mode now"),
        (!bill.serves, "throttles"),
        (bill.serves && !bill.is_known, "not known to serve"),
        (!bill.is_complete, "lacks a price"),
        (bill.choice.is_commitment() && bill.commitments.is_empty(), "none pays"),
    ];
    remarks.into_iter().filter_map(|(applies, remark)| applies.then_some(remark)).collect::<Vec<_>>().join(", ")
}

/// The share that a bill throttles, as far as it is known.
pub(in crate::report) fn throttled(bill: &Bill) -> String {
    if bill.serves && !bill.is_known { "not known".to_owned() } else { units::share(bill.throttled, 1.0) }
}

/// What the free tier would take off, in a sentence.
pub(in crate::report) fn free_tier(comparison: &Comparison) -> Option<String> {
    let bill = comparison.cheapest_uncommitted.and_then(|index| comparison.bills.get(index))?;
    (bill.free_tier >= Decimal::new(5, 3)).then(|| {
        format!(
            "The free tier would take up to {} off {}, where nothing else in the account uses it.",
            dollars(bill.free_tier),
            bill.label()
        )
    })
}

/// What holds under other conditions.
pub(in crate::report) fn verdict(verdict: &Verdict) -> (String, String) {
    let when = match (verdict.traffic, verdict.item_size) {
        (traffic, 1.0) => format!("traffic × {traffic}"),
        (1.0, size) => format!("items × {size}"),
        (traffic, size) => format!("traffic × {traffic}, items × {size}"),
    };
    let then = match (&verdict.cheapest_uncommitted, &verdict.cheapest) {
        _ if !verdict.is_known => "not known: what is used then needs the workload".to_owned(),
        (Some((free, total)), best) => {
            let best = best.as_ref().filter(|(label, _)| label != free);
            let best = best
                .map_or(String::new(), |(label, total)| format!("; with a commitment {label}, {}", dollars(*total)));
            format!("{free}, {}{best}", dollars(*total))
        }
        _ => "none serves within what may be throttled".to_owned(),
    };
    (when, then)
}

/// What a crossing says.
pub(in crate::report) fn crossing(crossing: &Crossing) -> String {
    format!(
        "at {} times today's traffic ({} a month) {} becomes cheaper than {}",
        units::quantity(crossing.traffic),
        dollars(Decimal::try_from(crossing.total).unwrap_or_default()),
        crossing.beyond,
        crossing.before
    )
}

/// In a sentence, whether the answer holds.
pub(in crate::report) fn holds(report: &CostReport) -> String {
    let verdicts = &report.sensitivity.verdicts;
    let known: Vec<&Verdict> = verdicts.iter().filter(|verdict| verdict.is_known).collect();
    let unknown = verdicts.len() - known.len();
    let of = |held: bool| {
        let which: Vec<String> = known.iter().filter(|v| v.holds == held).map(|v| self::verdict(v).0).collect();
        which.join(", ")
    };
    let mut said = if known.is_empty() {
        "How sensitive the answer is, is not known.".to_owned()
    } else if known.iter().all(|verdict| verdict.holds) {
        format!("The answer holds for {}.", of(true))
    } else {
        format!("The answer changes for {}.", of(false))
    };
    if unknown > 0 {
        said.push_str(" For other sizes of items it is not known: only consumed units are.");
    }
    said
}

/// `reads` or `writes`.
pub(in crate::report) const fn access(access: ReadWrite) -> &'static str {
    match access {
        ReadWrite::Read => "reads",
        ReadWrite::Write => "writes",
    }
}

/// `Standard` or `Standard-IA`.
pub(in crate::report) const fn class(class: TableClass) -> &'static str {
    match class {
        TableClass::Standard => "Standard",
        TableClass::StandardInfrequentAccess => "Standard-IA",
    }
}

/// A utilization in percent; a dash where it is not known.
pub(in crate::report) fn utilization(share: Option<f64>) -> String {
    share.map_or(units::NOTHING.to_owned(), |share| format!("{:.1} %", share * 100.0))
}

/// The choices whose bills were not worked out, with reasons.
pub(in crate::report) fn not_worked_out(comparison: &Comparison) -> Vec<String> {
    comparison
        .not_worked_out
        .iter()
        .map(|(choice, reason)| format!("{}: not worked out: {reason}.", capital(choice.name())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn amounts_are_shown_to_the_cent_and_never_as_nothing() {
        let cases = ["0", "0.0001234", "0.005", "12.344", "1234567.895", "-3.5"];
        assert_eq!(
            cases.map(|text| dollars(of(text))),
            ["$0.00", "$0.00012", "$0.00", "$12.34", "$1,234,567.90", "−$3.50"]
        );
        assert_eq!(["0.00065000", "33.9", "150"].map(|text| price(of(text))), ["$0.00065", "$33.90", "$150.00"]);
        let cases = ["0", "0.00012345", "12.5", "1234.5678", "730000000.4", "-4.25"];
        assert_eq!(
            cases.map(|text| quantity(of(text))),
            ["0", "0.000123", "12.5", "1,234.568", "730,000,000", "−4.25"]
        );
        assert_eq!(above(of("112"), of("100")), "+12 %");
        assert_eq!(above(of("100"), of("100")), "same");
    }
}
