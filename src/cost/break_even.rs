//! From which utilization on provisioned capacity is cheaper than on-demand.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::Serialize;

use crate::api::{ReadWrite, TableClass};
use crate::pricing::{Item, RESERVED_BLOCK_UNITS, RegionPrices, Term};

use super::month::HOURS_PER_MONTH;
use super::table_bill::Mode;
use super::usage::{AccessUsage, Usage};

const SECONDS_PER_HOUR: u32 = 3_600;

/// What on-demand is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Provisioned capacity as it is billed by the hour.
    Provisioned,
    /// Reserved capacity, payments up front spread over its term.
    Reserved(Term),
}

impl Basis {
    /// What people call it.
    pub const fn name(self) -> &'static str {
        match self {
            Basis::Provisioned => "provisioned",
            Basis::Reserved(Term::OneYear) => "reserved for 1 year",
            Basis::Reserved(Term::ThreeYears) => "reserved for 3 years",
        }
    }
}

/// The utilization at which both cost the same: units consumed of those that provisioned capacity could serve. Above it
/// provisioned capacity is cheaper (facts §9.4).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct BreakEven {
    /// What on-demand is compared with.
    pub basis: Basis,
    /// The class of the table.
    pub class: TableClass,
    /// For reads, 0 to 1 or more.
    pub read: Option<f64>,
    /// For writes, 0 to 1 or more.
    pub write: Option<f64>,
}

/// How much of provisioned capacity a table or index uses.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Utilization {
    /// `table` or `table / index`.
    pub resource: String,
    /// Reads or writes.
    pub access: ReadWrite,
    /// With fixed capacity.
    pub fixed: Option<f64>,
    /// With auto scaling.
    pub scaled: Option<f64>,
}

/// Break-even utilizations in a region: Standard, then Standard-IA, which cannot be reserved.
pub(super) fn break_even(region: &RegionPrices) -> Vec<BreakEven> {
    let of = |basis, class| {
        let share = |access| unit_hour(region, basis, class, access).zip(request(region, class, access));
        let share = |access| share(access).and_then(|(hour, request)| ratio(hour, request));
        BreakEven { basis, class, read: share(ReadWrite::Read), write: share(ReadWrite::Write) }
    };
    let standard = [Basis::Provisioned].into_iter().chain(Term::ALL.map(Basis::Reserved));
    let standard = standard.map(|basis| of(basis, TableClass::Standard));
    let all = standard.chain([of(Basis::Provisioned, TableClass::StandardInfrequentAccess)]);
    all.filter(|even| even.read.is_some() || even.write.is_some()).collect()
}

/// `u* = unit-hour / (3,600 × request)`.
fn ratio(unit_hour: Decimal, request: Decimal) -> Option<f64> {
    let requests = request * Decimal::from(SECONDS_PER_HOUR);
    if requests.is_zero() { None } else { (unit_hour / requests).to_f64() }
}

fn request(region: &RegionPrices, class: TableClass, access: ReadWrite) -> Option<Decimal> {
    let item = if access == ReadWrite::Read { Item::ReadRequest } else { Item::WriteRequest };
    Some(region.price(item, class)?.dollars / Decimal::from(item.per()))
}

fn unit_hour(region: &RegionPrices, basis: Basis, class: TableClass, access: ReadWrite) -> Option<Decimal> {
    let term = match basis {
        Basis::Provisioned => {
            let item = if access == ReadWrite::Read { Item::ReadCapacity } else { Item::WriteCapacity };
            return region.price(item, class).map(|price| price.dollars);
        }
        Basis::Reserved(term) => term,
    };
    let reservation = region.reservation(term, access)?;
    let hours = Decimal::from(term.months() * HOURS_PER_MONTH);
    Some((reservation.upfront / hours + reservation.hourly) / Decimal::from(RESERVED_BLOCK_UNITS))
}

/// How much of their provisioned capacity tables and indexes use, where they use any.
pub(super) fn utilizations(usage: &Usage) -> Vec<Utilization> {
    let of = |access: &AccessUsage, mode: Mode| {
        let unit_hours: f64 = mode.provision(access)?.unit_hours.iter().sum();
        let units: f64 = access.units.iter().sum();
        (unit_hours > 0.0).then(|| units / (unit_hours * f64::from(SECONDS_PER_HOUR)))
    };
    let mut found = Vec::new();
    for table in &usage.tables {
        for resource in &table.resources {
            for (kind, access) in [(ReadWrite::Read, &resource.read), (ReadWrite::Write, &resource.write)] {
                let (fixed, scaled) = (of(access, Mode::Fixed), of(access, Mode::Scaled));
                if access.units.iter().any(|units| *units > 0.0) {
                    found.push(Utilization { resource: resource.label(&table.name), access: kind, fixed, scaled });
                }
            }
        }
    }
    found
}
