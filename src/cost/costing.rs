//! Every table's bill in every mode and class, and bills of all tables put together of them.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::api::{ReadWrite, TableClass};
use crate::pricing::{FreeTier, Item, Term};
use crate::workload::Billing;

use super::bill::{Bill, Choice, Classes, Commitment, TableChoice};
use super::compare::Question;
use super::line::{Component, Line, amount};
use super::month::{HOURS_PER_MONTH, Month};
use super::reserve::{Reserve, best_reserve, block_month};
use super::savings_plan::best_plan;
use super::table_bill::{LeftOut, Mode, TableBill, Terms, table_bill};

/// With more tables than this not every mixture is tried together with reserves.
const EXHAUSTIVE_TABLES: usize = 4;
/// Most rounds in which tables change their mode one by one.
const ROUNDS_MAX: usize = 20;

/// How each table is paid for, in the order of the tables.
pub(super) type Assignment = Vec<(Mode, TableClass)>;

/// What is committed to on top of an assignment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Committed {
    Nothing,
    Reserved(Term),
    /// A savings plan that takes off this share of what the mode costs.
    Plan(Decimal),
}

/// Bills of single tables, from which those of all are put together.
pub(super) struct Costing<'a> {
    question: &'a Question<'a>,
    terms: &'a Terms<'a>,
    bills: Vec<BTreeMap<(Mode, bool), TableBill>>,
    cache: (Vec<Line>, Vec<LeftOut>),
}

const CLASSES: [TableClass; 2] = [TableClass::Standard, TableClass::StandardInfrequentAccess];
const ACCESSES: [ReadWrite; 2] = [ReadWrite::Read, ReadWrite::Write];

fn is_ia(class: TableClass) -> bool {
    class == TableClass::StandardInfrequentAccess
}

impl<'a> Costing<'a> {
    pub fn new(question: &'a Question<'a>, terms: &'a Terms<'a>) -> Self {
        let none = Billing::default();
        let bills = question.usage.tables.iter().map(|table| {
            let billing = question.extras.tables.get(&table.name).unwrap_or(&none);
            let mut bills = BTreeMap::new();
            for mode in Mode::ALL {
                for class in CLASSES {
                    if let Some(bill) = table_bill(terms, table, billing, mode, class) {
                        bills.insert((mode, is_ia(class)), bill);
                    }
                }
            }
            bills
        });
        Costing { question, terms, bills: bills.collect(), cache: cache_lines(question, terms) }
    }

    /// Every table in the same mode; `None` where it was not worked out for one of them.
    pub fn uniform(&self, mode: Mode, classes: &[TableClass]) -> Option<Assignment> {
        classes
            .iter()
            .enumerate()
            .map(|(table, class)| self.bill(table, (mode, *class)).map(|_| (mode, *class)))
            .collect()
    }

    /// Each table in the cheapest of its modes, and in the cheapest of the classes given for it.
    pub fn cheapest_each(&self, classes: &[Vec<TableClass>]) -> Assignment {
        classes
            .iter()
            .enumerate()
            .filter_map(|(table, classes)| {
                let options = classes.iter().flat_map(|class| self.modes(table, *class).map(|mode| (mode, *class)));
                // A class without a price for something looks cheaper than it is.
                let fewest = options.clone().filter_map(|option| Some(self.bill(table, option)?.left_out.len())).min();
                let complete =
                    options.filter(|option| self.bill(table, *option).map(|bill| bill.left_out.len()) == fewest);
                complete.min_by_key(|option| self.bill(table, *option).map(|bill| bill.total))
            })
            .collect()
    }

    /// The assignment that is cheapest with reserved capacity of a term.
    pub fn cheapest_reserved(&self, term: Term, classes: &[TableClass]) -> Assignment {
        let options: Vec<Assignment> = classes
            .iter()
            .enumerate()
            .map(|(table, class)| self.modes(table, *class).map(|mode| (mode, *class)).collect())
            .collect();
        let cost = |assignment: &Assignment| self.total(assignment, term);
        if options.len() <= EXHAUSTIVE_TABLES {
            let mut all: Vec<Assignment> = vec![Vec::new()];
            for options in &options {
                let longer =
                    all.iter().flat_map(|front| options.iter().map(|option| [front.as_slice(), &[*option]].concat()));
                all = longer.collect();
            }
            return all.into_iter().min_by_key(cost).unwrap_or_default();
        }
        let one_each: Vec<Vec<TableClass>> = classes.iter().map(|class| vec![*class]).collect();
        let uniform = Mode::ALL.into_iter().filter_map(|mode| {
            let assignment = self.uniform(mode, classes)?;
            assignment.iter().zip(&options).all(|(option, options)| options.contains(option)).then_some(assignment)
        });
        let starts = uniform.chain([self.cheapest_each(&one_each)]);
        let descend = |mut assignment: Assignment| {
            for _ in 0..ROUNDS_MAX {
                let before = cost(&assignment);
                for (table, options) in options.iter().enumerate() {
                    let with = |option: &(Mode, TableClass)| {
                        let mut other = assignment.clone();
                        other[table] = *option;
                        cost(&other)
                    };
                    let best = options.iter().min_by_key(|option| with(option)).copied();
                    assignment[table] = best.unwrap_or(assignment[table]);
                }
                if cost(&assignment) >= before {
                    break;
                }
            }
            assignment
        };
        starts.map(descend).min_by_key(cost).unwrap_or_default()
    }

    /// The bill of an assignment.
    pub fn compose(&self, choice: Choice, classes: Classes, assignment: &Assignment, committed: Committed) -> Bill {
        let (mut lines, mut left_out) = self.cache.clone();
        let (mut tables, mut throttled) = (Vec::new(), 0.0_f64);
        for (table, option) in assignment.iter().enumerate() {
            let Some(bill) = self.bill(table, *option) else { continue };
            lines.extend(bill.lines.iter().cloned());
            left_out.extend(bill.left_out.iter().cloned());
            throttled = throttled.max(bill.throttled);
            tables.push(TableChoice {
                table: self.question.usage.tables[table].name.clone(),
                mode: option.0,
                class: option.1,
                setting: bill.setting.clone(),
                throttled: bill.throttled,
            });
        }
        let commitments = match committed {
            Committed::Nothing => Vec::new(),
            Committed::Reserved(term) => self.reserve(assignment, term, &mut lines),
            Committed::Plan(discount) => self.plan(assignment, discount, &mut lines),
        };
        lines.sort_by_key(|line| line.component);
        let mut bill = Bill {
            choice,
            classes,
            tables,
            total: lines.iter().map(|line| line.amount).sum(),
            upfront: commitments.iter().map(|commitment| commitment.upfront).sum(),
            lines,
            commitments,
            throttled,
            serves: throttled <= self.question.throttled_at_most,
            is_known: self.question.usage.refused <= self.question.throttled_at_most,
            is_complete: true,
            free_tier: Decimal::ZERO,
            left_out,
        };
        bill.free_tier = free_tier(&bill, self.terms);
        bill
    }

    /// The modes that serve a table within the share throttled that is allowed; all of them where none does.
    fn modes(&self, table: usize, class: TableClass) -> impl Iterator<Item = Mode> + Clone {
        let known =
            Mode::ALL.into_iter().filter_map(move |mode| Some((mode, self.bill(table, (mode, class))?.throttled)));
        let most = self.question.throttled_at_most;
        let any = known.clone().any(|(_, throttled)| throttled <= most);
        known.filter(move |(_, throttled)| !any || *throttled <= most).map(|(mode, _)| mode)
    }

    fn bill(&self, table: usize, (mode, class): (Mode, TableClass)) -> Option<&TableBill> {
        self.bills.get(table)?.get(&(mode, is_ia(class)))
    }

    /// What an assignment costs with the best reserves.
    fn total(&self, assignment: &Assignment, term: Term) -> Decimal {
        let tables = assignment.iter().enumerate().filter_map(|(table, option)| self.bill(table, *option));
        let listed: Decimal = tables.map(|bill| bill.total).sum();
        let saved = ACCESSES.into_iter().filter_map(|access| {
            let (reserve, block, price) = self.best_reserve(assignment, term, access)?;
            Some(self.terms.month.scaled(reserve.covered) * price - block * Decimal::from(reserve.blocks))
        });
        listed - saved.sum::<Decimal>()
    }

    /// The best reserve for an assignment, what a block of it costs a month, and what a unit-hour costs without.
    fn best_reserve(
        &self,
        assignment: &Assignment,
        term: Term,
        access: ReadWrite,
    ) -> Option<(Reserve, Decimal, Decimal)> {
        let reservation = self.terms.region.reservation(term, access)?;
        let price = self.terms.region.price(capacity_item(access), TableClass::Standard)?.dollars;
        let mut hours = vec![0.0; self.terms.lengths.len()];
        for (table, option) in assignment.iter().enumerate() {
            if let Some(bill) = self.bill(table, *option) {
                let units = &bill.reservable[usize::from(access == ReadWrite::Write)];
                hours.iter_mut().zip(units).for_each(|(sum, units)| *sum += units);
            }
        }
        let block = block_month(reservation, term);
        Some((best_reserve(&hours, self.terms.lengths, self.terms.month, price, block), block, price))
    }

    /// Adds the lines of the best reserves.
    fn reserve(&self, assignment: &Assignment, term: Term, lines: &mut Vec<Line>) -> Vec<Commitment> {
        let mut commitments = Vec::new();
        for access in ACCESSES {
            let Some((reserve, _, _)) = self.best_reserve(assignment, term, access) else { continue };
            let Some(reservation) = self.terms.region.reservation(term, access) else { continue };
            let item = capacity_item(access);
            let Some(price) = self.terms.region.price(item, TableClass::Standard) else { continue };
            if reserve.blocks == 0 {
                continue;
            }
            let (component, unit) = match access {
                ReadWrite::Read => (Component::Reads, "RCU"),
                ReadWrite::Write => (Component::Writes, "WCU"),
            };
            let covered = -self.terms.month.scaled(reserve.covered);
            let what = format!("{unit}-hours that the reserve covers");
            let mut line = Line::priced(component, what, (item, TableClass::Standard), covered, price);
            line.in_span = Some(-reserve.covered);
            lines.push(line);
            let blocks = Decimal::from(reserve.blocks);
            let payment = |what: String, quantity, unit: &str, price, price_per, price_unit: &str| Line {
                component: Component::Commitment,
                what,
                in_span: None,
                quantity,
                unit: unit.to_owned(),
                price,
                price_per,
                price_unit: price_unit.to_owned(),
                confidence: reservation.confidence,
                source: reservation.source.text.clone(),
                amount: amount(quantity, price, price_per),
                note: String::new(),
                item: None,
            };
            let (months, upfront) = (term.months(), reservation.upfront);
            let note = format!("up front ${}, once", (upfront * blocks).normalize());
            let per = format!("per block, spread over {months} months");
            let name = format!("{unit} reserved for {}", term.name());
            lines
                .push(payment(format!("{name}, up front"), blocks, "blocks of 100", upfront, months, &per).noted(note));
            let hours = blocks * Decimal::from(HOURS_PER_MONTH);
            lines.push(payment(name, hours, "block-hours", reservation.hourly, 1, "per block and hour"));
            commitments.push(Commitment {
                what: format!("{} of 100 {unit} for {}", counted_blocks(reserve.blocks), term.name()),
                blocks: reserve.blocks,
                upfront: reservation.upfront * blocks,
                hourly: reservation.hourly * blocks,
                months,
            });
        }
        commitments
    }

    /// Adds the lines of the best savings plan.
    fn plan(&self, assignment: &Assignment, discount: Decimal, lines: &mut Vec<Line>) -> Vec<Commitment> {
        let Some(plan) = &self.terms.region.savings_plan else { return Vec::new() };
        let mut spending = vec![Decimal::ZERO; self.terms.lengths.len()];
        for (table, option) in assignment.iter().enumerate() {
            if let Some(bill) = self.bill(table, *option) {
                spending.iter_mut().zip(&bill.plannable).for_each(|(sum, dollars)| *sum += dollars);
            }
        }
        let best = best_plan(&spending, self.terms.lengths, self.terms.month, discount);
        if best.hourly.is_zero() {
            return Vec::new();
        }
        let payment = |component, what: &str, quantity, unit: &str, price, price_unit: &str| Line {
            component,
            what: what.to_owned(),
            in_span: None,
            quantity,
            unit: unit.to_owned(),
            price,
            price_per: 1,
            price_unit: price_unit.to_owned(),
            confidence: plan.confidence,
            source: plan.source.text.clone(),
            amount: amount(quantity, price, 1),
            note: String::new(),
            item: None,
        };
        // What it covers is taken off reads and writes alike.
        let of = |component| -> Decimal {
            lines.iter().filter(|line| line.component == component).map(|line| line.amount).sum()
        };
        let (reads, writes) = (of(Component::Reads), of(Component::Writes));
        let read_share = if (reads + writes).is_zero() { Decimal::ZERO } else { reads / (reads + writes) };
        let covered_reads = (best.covered_month * read_share).round_dp(9);
        let covered = [(Component::Reads, covered_reads), (Component::Writes, best.covered_month - covered_reads)];
        for (component, dollars) in covered.into_iter().filter(|(_, dollars)| !dollars.is_zero()) {
            let what = format!("{} that the savings plan covers", component.name());
            lines.push(payment(component, &what, -dollars, "US dollars", Decimal::ONE, "per US dollar"));
        }
        let hours = Decimal::from(HOURS_PER_MONTH);
        let what = "Database Savings Plan for 1 year";
        let note = format!("{} % off what it covers", (discount * Decimal::ONE_HUNDRED).normalize());
        lines.push(payment(Component::Commitment, what, hours, "hours", best.hourly, "per hour").noted(note));
        vec![Commitment {
            what: format!("a Database Savings Plan of ${} an hour for 1 year", best.hourly.round_dp(4).normalize()),
            blocks: 0,
            upfront: Decimal::ZERO,
            hourly: best.hourly,
            months: 12,
        }]
    }
}

fn counted_blocks(blocks: u32) -> String {
    format!("{blocks} {}", if blocks == 1 { "block" } else { "blocks" })
}

fn capacity_item(access: ReadWrite) -> Item {
    match access {
        ReadWrite::Read => Item::ReadCapacity,
        ReadWrite::Write => Item::WriteCapacity,
    }
}

fn cache_lines(question: &Question<'_>, terms: &Terms<'_>) -> (Vec<Line>, Vec<LeftOut>) {
    let Some(cache) = question.extras.cache.as_ref().filter(|cache| cache.count > 0) else { return Default::default() };
    let what = format!("cache: {} × {}", cache.count, cache.node);
    let Some(price) = terms.region.cache_node(&cache.node) else {
        let why = format!("no price is known for node `{}` in {}", cache.node, terms.region.region);
        return (Vec::new(), vec![LeftOut { what, why }]);
    };
    let quantity = Decimal::from(cache.count) * Decimal::from(HOURS_PER_MONTH);
    let line = Line {
        component: Component::Cache,
        what,
        in_span: None,
        quantity,
        unit: "node-hours".to_owned(),
        price: price.dollars,
        price_per: 1,
        price_unit: "per node-hour".to_owned(),
        confidence: price.confidence,
        source: price.source.text.clone(),
        amount: amount(quantity, price.dollars, 1),
        note: String::new(),
        item: None,
    };
    (vec![line], Vec::new())
}

/// What the free tier would take off a bill, were nothing else in the account using it (facts §9.1).
fn free_tier(bill: &Bill, terms: &Terms<'_>) -> Decimal {
    let FreeTier { unit_hours, storage_gb, stream_reads } = terms.region.free_tier;
    let free = [
        (Item::ReadCapacity, unit_hours),
        (Item::WriteCapacity, unit_hours),
        (Item::Storage, storage_gb),
        (Item::StreamRead, stream_reads),
    ];
    let classes = |item: Item| if item.is_by_class() { &CLASSES[..1] } else { &CLASSES[..] };
    let saved = free.into_iter().filter_map(|(item, most)| {
        let used: Decimal = classes(item).iter().map(|class| bill.quantity(item, *class)).sum();
        let price = terms.region.price(item, TableClass::Standard)?;
        Some(amount(used.clamp(Decimal::ZERO, most.max(Decimal::ZERO)), price.dollars, item.per()))
    });
    saved.sum()
}

impl<'a> Terms<'a> {
    /// What bills of a question depend on besides their tables.
    pub fn of(question: &Question<'a>, lengths: &'a [f64]) -> Option<Self> {
        let region = question.book.region(question.region).ok()?;
        let month = Month::of(question.usage.span);
        Some(Terms { book: question.book, region, month, lengths, plans: region.savings_plan.is_some() })
    }
}
