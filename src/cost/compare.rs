//! Every way to pay for the same usage side by side, and which is cheapest.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rust_decimal::Decimal;
use serde::Serialize;

use crate::api::TableClass;
use crate::pricing::{Confidence, PriceBook, Source, Term};

use super::bill::{Bill, Choice, Classes};
use super::break_even::{BreakEven, Utilization, break_even, utilizations};
use super::costing::{Assignment, Committed, Costing};
use super::extras::Extras;
use super::line::Component;
use super::month::Month;
use super::table_bill::{LeftOut, Mode, STORED_UNKNOWN, Terms};
use super::usage::Usage;
use super::{CostError, assumptions};

/// So many things that no bill holds are named.
const NAMED_MAX: usize = 5;

/// What is asked: what this usage costs.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// What is used.
    pub usage: &'a Usage,
    /// What is billed besides capacity.
    pub extras: &'a Extras,
    /// Prices of the region and of those of replicas.
    pub book: &'a PriceBook,
    /// The region of the tables.
    pub region: &'a str,
    /// The largest share of requests that a recommended choice may throttle, 0 to 1.
    pub throttled_at_most: f64,
    /// The modes the tables have now, by name, where they are known.
    pub current: &'a BTreeMap<String, Mode>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// The region, such as `eu-central-1`.
    pub region: String,
    /// Its name with the identifier.
    pub region_label: String,
    /// What was seen, before it was scaled to a month.
    #[serde(skip)]
    pub span: Duration,
    /// The largest share of requests that a recommended choice may throttle.
    pub throttled_at_most: f64,
    /// Every bill: first with the classes that the tables have, then with others.
    pub bills: Vec<Bill>,
    /// The cheapest that may be recommended: an index into `bills`.
    pub cheapest: Option<usize>,
    /// The cheapest of them that commits to nothing.
    pub cheapest_uncommitted: Option<usize>,
    /// The bill of the modes and classes that the tables have now.
    pub current: Option<usize>,
    /// Ways to pay that were not worked out, and why.
    pub not_worked_out: Vec<(Choice, String)>,
    /// Break-even utilizations in the region.
    pub break_even: Vec<BreakEven>,
    /// How much of provisioned capacity is used.
    pub utilizations: Vec<Utilization>,
    /// What was assumed, in sentences.
    pub assumptions: Vec<String>,
    /// What a reader must know first.
    pub warnings: Vec<String>,
    /// Where the prices on the bills are from.
    pub sources: Vec<Source>,
}

impl Comparison {
    /// A bill by its choice, with the classes that the tables have.
    pub fn bill(&self, choice: Choice) -> Option<&Bill> {
        self.bills.iter().find(|bill| bill.choice == choice && bill.classes == Classes::AsTheyAre)
    }

    /// The second cheapest that may be recommended.
    pub fn second(&self) -> Option<usize> {
        let others = self.eligible().filter(|index| Some(*index) != self.cheapest);
        others.min_by_key(|index| self.bills[*index].total)
    }

    fn eligible(&self) -> impl Iterator<Item = usize> {
        self.bills.iter().enumerate().filter(|(_, bill)| bill.is_eligible()).map(|(index, _)| index)
    }
}

/// Makes every bill and compares them.
///
/// # Errors
///
/// Where the usage is not sound, or there are no prices for the region.
pub fn compare(question: &Question<'_>) -> Result<Comparison, CostError> {
    question.usage.check()?;
    if question.usage.tables.is_empty() {
        return Err(CostError::NoChoice("there are no tables".to_owned()));
    }
    let region = question.book.region(question.region).map_err(|error| CostError::NoChoice(error.to_string()))?;
    let lengths = Month::of(question.usage.span).hour_lengths();
    let terms = Terms::of(question, &lengths).ok_or_else(|| CostError::NoChoice("no prices".to_owned()))?;
    let costing = Costing::new(question, &terms);
    let mut bills = bills(question, &costing, &terms);
    mark_incomplete(&mut bills);
    let mut comparison = Comparison {
        region: region.region.clone(),
        region_label: region.label(),
        span: question.usage.span,
        throttled_at_most: question.throttled_at_most,
        current: current(question, &costing, &mut bills),
        bills,
        cheapest: None,
        cheapest_uncommitted: None,
        not_worked_out: not_worked_out(question, &costing, &terms),
        break_even: break_even(region),
        utilizations: utilizations(question.usage),
        assumptions: Vec::new(),
        warnings: region.warnings.clone(),
        sources: Vec::new(),
    };
    let cheapest = |committed: bool| {
        let indexes =
            comparison.eligible().filter(|index| committed || !comparison.bills[*index].choice.is_commitment());
        // Of equal ones the first, which is the simplest.
        indexes.min_by_key(|index| comparison.bills[*index].total)
    };
    (comparison.cheapest, comparison.cheapest_uncommitted) = (cheapest(true), cheapest(false));
    comparison.assumptions = assumptions::assumptions(question, region, &comparison.bills);
    comparison.assumptions.extend(half_reservable(&terms));
    comparison.warnings.extend(refused(question));
    comparison.warnings.extend(on_no_bill(&comparison.bills));
    comparison.sources = sources(question.book, &comparison.bills);
    Ok(comparison)
}

/// The bills of the classes as they are, then of others.
fn bills(question: &Question<'_>, costing: &Costing<'_>, terms: &Terms<'_>) -> Vec<Bill> {
    let own: Vec<TableClass> = question.usage.tables.iter().map(|table| table.class).collect();
    let all = |class| vec![class; own.len()];
    let plans = [
        (Classes::AsTheyAre, own.clone()),
        (Classes::Standard, all(TableClass::Standard)),
        (Classes::InfrequentAccess, all(TableClass::StandardInfrequentAccess)),
    ];
    let mut bills = Vec::new();
    for (plan, classes) in plans {
        if plan == Classes::AsTheyAre || classes != own {
            bills.extend(bills_of_classes(costing, terms, plan, &classes));
        }
    }
    let both = [TableClass::Standard, TableClass::StandardInfrequentAccess];
    let mixed = costing.cheapest_each(&vec![both.to_vec(); own.len()]);
    let bill = costing.compose(Choice::Mixed, Classes::Mixed, &mixed, Committed::Nothing);
    // Worth a row only where it beats every choice that is the same for all tables.
    let is_new = bills.iter().all(|other: &Bill| other.choice.is_commitment() || bill.total < other.total);
    if own.len() > 1 && is_new {
        bills.push(bill);
    }
    bills
}

fn bills_of_classes(costing: &Costing<'_>, terms: &Terms<'_>, plan: Classes, classes: &[TableClass]) -> Vec<Bill> {
    let mut bills = Vec::new();
    let mut uniform: Vec<(Mode, Assignment)> = Vec::new();
    for (mode, choice) in
        [(Mode::OnDemand, Choice::OnDemand), (Mode::Fixed, Choice::Fixed), (Mode::Scaled, Choice::Scaled)]
    {
        if let Some(assignment) = costing.uniform(mode, classes) {
            bills.push(costing.compose(choice, plan, &assignment, Committed::Nothing));
            uniform.push((mode, assignment));
        }
    }
    let one_each: Vec<Vec<TableClass>> = classes.iter().map(|class| vec![*class]).collect();
    let mixed = costing.cheapest_each(&one_each);
    if !uniform.iter().any(|(_, assignment)| *assignment == mixed) {
        bills.push(costing.compose(Choice::Mixed, plan, &mixed, Committed::Nothing));
    }
    // Without provisioned capacity there is nothing to reserve.
    let is_reservable =
        classes.contains(&TableClass::Standard) && uniform.iter().any(|(mode, _)| *mode != Mode::OnDemand);
    for term in Term::ALL.into_iter().filter(|term| is_reservable && is_offered(terms, *term)) {
        let assignment = costing.cheapest_reserved(term, classes);
        bills.push(costing.compose(Choice::Reserved(term), plan, &assignment, Committed::Reserved(term)));
    }
    if let Some(rates) = &terms.region.savings_plan {
        let plans = uniform.iter().map(|(mode, assignment)| {
            let discount = if *mode == Mode::OnDemand { rates.on_demand } else { rates.provisioned };
            costing.compose(Choice::SavingsPlan, plan, assignment, Committed::Plan(discount))
        });
        bills.extend(plans.min_by_key(|bill| (!bill.serves, bill.total)));
    }
    bills
}

fn is_offered(terms: &Terms<'_>, term: Term) -> bool {
    use crate::api::ReadWrite::{Read, Write};
    [Read, Write].into_iter().any(|access| terms.region.reservation(term, access).is_some())
}

/// A bill that leaves out what others hold is no answer.
fn mark_incomplete(bills: &mut [Bill]) {
    let left_out = |bill: &Bill| bill.left_out.iter().map(|left_out| left_out.what.clone()).collect::<BTreeSet<_>>();
    let everywhere = bills.iter().map(left_out).reduce(|common, other| &common & &other).unwrap_or_default();
    for bill in bills {
        bill.is_complete = left_out(bill).is_subset(&everywhere);
    }
}

/// More was refused than may be: what would serve it cannot be told from what was admitted.
fn refused(question: &Question<'_>) -> Option<String> {
    let (refused, most) = (question.usage.refused, question.throttled_at_most);
    (refused > most).then(|| {
        format!(
            "Up to {} of requests were throttled at the time, where at most {} are allowed. The units billed are those that were \
             admitted; what was refused is not in them, so no way to pay is known to serve it and none is recommended. Cost a \
             workload file that asks the same, or a time without throttling.",
            percent(refused),
            percent(most)
        )
    })
}

fn percent(share: f64) -> String {
    let text = format!("{:.2}", share * 100.0);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

/// What is missing on every bill, by the reason, in sentences.
fn on_no_bill(bills: &[Bill]) -> Vec<String> {
    let left_out = |bill: &Bill| bill.left_out.iter().cloned().collect::<BTreeSet<LeftOut>>();
    let everywhere = bills.iter().map(left_out).reduce(|common, other| &common & &other).unwrap_or_default();
    let mut by_reason: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for LeftOut { what, why } in everywhere {
        by_reason.entry(why).or_default().push(what);
    }
    let sentence = |(why, what): (String, Vec<String>)| {
        let classes = if why == STORED_UNKNOWN {
            " Storage is what the classes Standard and Standard-IA differ by most: which of them is cheaper is not known."
        } else {
            ""
        };
        let more = what.len().saturating_sub(NAMED_MAX);
        let named = what.into_iter().take(NAMED_MAX).collect::<Vec<_>>().join(", ");
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("Missing on every bill: {named}{more}: {why}.{classes}")
    };
    by_reason.into_iter().map(sentence).collect()
}

/// Terms for which reserved capacity has a price for reads or for writes alone.
fn half_reservable(terms: &Terms<'_>) -> Vec<String> {
    use crate::api::ReadWrite::{Read, Write};
    let mut said = Vec::new();
    for term in Term::ALL {
        let has = [Read, Write].map(|access| terms.region.reservation(term, access).is_some());
        let (missing, reserved) = match has {
            [false, true] => ("reads", "writes"),
            [true, false] => ("writes", "reads"),
            _ => continue,
        };
        said.push(format!(
            "Reserved for {}: no price for {missing} is known in {}; {reserved} alone are reserved, {missing} are billed without a \
             reserve.",
            term.name(),
            terms.region.region
        ));
    }
    said
}

/// The bill of the modes the tables have now: one of those there are, or one of its own.
fn current(question: &Question<'_>, costing: &Costing<'_>, bills: &mut Vec<Bill>) -> Option<usize> {
    let tables = question.usage.tables.iter();
    let assignment: Option<Assignment> =
        tables.map(|table| question.current.get(&table.name).map(|mode| (*mode, table.class))).collect();
    let assignment = assignment?;
    let is_same = |bill: &Bill| {
        !bill.choice.is_commitment()
            && bill.classes == Classes::AsTheyAre
            && bill.tables.len() == assignment.len()
            && bill.tables.iter().zip(&assignment).all(|(table, (mode, _))| table.mode == *mode)
    };
    if let Some(found) = bills.iter().position(is_same) {
        return Some(found);
    }
    let bill = costing.compose(Choice::Current, Classes::AsTheyAre, &assignment, Committed::Nothing);
    // A table whose capacity was not worked out would be missing on it.
    if bill.tables.len() != assignment.len() {
        return None;
    }
    let at = bills.iter().take_while(|other| other.classes == Classes::AsTheyAre).count();
    bills.insert(at, bill);
    Some(at)
}

fn not_worked_out(question: &Question<'_>, costing: &Costing<'_>, terms: &Terms<'_>) -> Vec<(Choice, String)> {
    let own: Vec<TableClass> = question.usage.tables.iter().map(|table| table.class).collect();
    let mut missing = Vec::new();
    let modes = [
        (Mode::Fixed, Choice::Fixed, "which fixed capacity would serve every table is not known"),
        (Mode::Scaled, Choice::Scaled, "what auto scaling would do is not known of every table"),
    ];
    let unknown = |mode: Mode| costing.uniform(mode, &own).is_none();
    for (_, choice, reason) in modes.into_iter().filter(|(mode, _, _)| unknown(*mode)) {
        missing.push((choice, reason.to_owned()));
    }
    for term in Term::ALL.into_iter().filter(|term| !is_offered(terms, *term)) {
        let reason = format!("no price of reserved capacity for {} is known in {}", term.name(), terms.region.region);
        missing.push((Choice::Reserved(term), reason));
    }
    if terms.region.savings_plan.is_none() {
        let reason = "no source confirms its rates for DynamoDB; --unconfirmed-prices takes those from memory, 18 % off \
            on-demand and 12 % off provisioned throughput";
        missing.push((Choice::SavingsPlan, reason.to_owned()));
    }
    missing
}

/// The sources of every price on the bills, each once.
fn sources(book: &PriceBook, bills: &[Bill]) -> Vec<Source> {
    let used: BTreeSet<&str> = bills.iter().flat_map(|bill| &bill.lines).map(|line| line.source.as_str()).collect();
    let known: BTreeSet<&Source> = book.regions().flat_map(|region| region.sources()).collect();
    known.into_iter().filter(|source| used.contains(source.text.as_str())).cloned().collect()
}

/// Whether any bill has a price that is this sure.
pub(super) fn has_confidence(bills: &[Bill], confidence: Confidence) -> bool {
    bills.iter().flat_map(|bill| &bill.lines).any(|line| line.confidence == confidence)
}

/// Whether any bill has something of a part.
pub(super) fn uses(bills: &[Bill], component: Component) -> bool {
    bills.iter().any(|bill| bill.component(component) != Decimal::ZERO)
}
