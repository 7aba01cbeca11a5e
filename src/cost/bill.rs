//! A monthly bill for one way to pay.

use rust_decimal::Decimal;
use serde::{Serialize, Serializer};

use crate::api::TableClass;
use crate::pricing::{Item, Term};

use super::line::{Component, Line};
use super::table_bill::{LeftOut, Mode};

/// A way to pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Choice {
    /// Every table by the request, ...
    OnDemand,
    /// ... with fixed provisioned capacity, ...
    Fixed,
    /// ... with provisioned capacity and auto scaling.
    Scaled,
    /// Each table in the mode (and class) that is cheapest for it.
    Mixed,
    /// Reserved capacity, and each table in the mode that is cheapest with it.
    Reserved(Term),
    /// A Database Savings Plan of one year on the mode that is cheapest with it.
    SavingsPlan,
    /// The modes the tables have now.
    Current,
}

impl Choice {
    /// What people call it.
    pub const fn name(self) -> &'static str {
        match self {
            Choice::OnDemand => "on-demand",
            Choice::Fixed => "provisioned, fixed",
            Choice::Scaled => "provisioned, auto scaling",
            Choice::Mixed => "each table its cheapest",
            Choice::Reserved(Term::OneYear) => "reserved for 1 year",
            Choice::Reserved(Term::ThreeYears) => "reserved for 3 years",
            Choice::SavingsPlan => "Database Savings Plan, 1 year",
            Choice::Current => "as it is now",
        }
    }

    /// A short word for programs.
    pub const fn key(self) -> &'static str {
        match self {
            Choice::OnDemand => "on_demand",
            Choice::Fixed => "provisioned_fixed",
            Choice::Scaled => "provisioned_auto_scaling",
            Choice::Mixed => "each_table_its_cheapest",
            Choice::Reserved(Term::OneYear) => "reserved_1_year",
            Choice::Reserved(Term::ThreeYears) => "reserved_3_years",
            Choice::SavingsPlan => "database_savings_plan",
            Choice::Current => "current",
        }
    }

    /// Whether it commits to spending for a year or more.
    pub const fn is_commitment(self) -> bool {
        matches!(self, Choice::Reserved(_) | Choice::SavingsPlan)
    }
}

impl Serialize for Choice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.key())
    }
}

/// The classes of the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Classes {
    /// Those the tables have.
    AsTheyAre,
    /// Every table Standard.
    Standard,
    /// Every table Standard-IA.
    InfrequentAccess,
    /// Each table its cheapest.
    Mixed,
}

impl Classes {
    /// What people call it.
    pub const fn name(self) -> &'static str {
        match self {
            Classes::AsTheyAre => "classes as they are",
            Classes::Standard => "Standard",
            Classes::InfrequentAccess => "Standard-IA",
            Classes::Mixed => "each table its cheapest class",
        }
    }
}

/// How a table is paid for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TableChoice {
    /// The table.
    pub table: String,
    /// Its mode.
    pub mode: Mode,
    /// Its class.
    pub class: TableClass,
    /// Its capacity in words; empty on-demand.
    pub setting: String,
    /// The largest share throttled among its reads and writes.
    pub throttled: f64,
}

/// What is committed to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Commitment {
    /// In words, such as `3 blocks of 100 WCU for 1 year`.
    pub what: String,
    /// Blocks of reserved capacity; 0 for a savings plan.
    pub blocks: u32,
    /// US dollars once, at the start.
    pub upfront: Decimal,
    /// US dollars in each hour.
    pub hourly: Decimal,
    /// For how many months.
    pub months: u32,
}

/// A monthly bill.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bill {
    /// The way to pay.
    pub choice: Choice,
    /// The classes of the tables.
    pub classes: Classes,
    /// How each table is paid for.
    pub tables: Vec<TableChoice>,
    /// Every line; their amounts add up to the total.
    pub lines: Vec<Line>,
    /// US dollars a month, payments up front spread over their term.
    pub total: Decimal,
    /// US dollars once, at the start of the term.
    pub upfront: Decimal,
    /// What is committed to.
    pub commitments: Vec<Commitment>,
    /// The largest share throttled among reads and writes of tables and indexes, 0 to 1.
    pub throttled: f64,
    /// Whether that is no more than what was allowed.
    pub serves: bool,
    /// Whether it is known what it would throttle. It is not where more than what is allowed was refused in the past and the
    /// units are those that were admitted.
    pub is_known: bool,
    /// Whether it holds everything that the other bills hold: otherwise it only looks cheaper.
    pub is_complete: bool,
    /// What the free tier would take off at most, were nothing else in the account using it. Not taken off.
    pub free_tier: Decimal,
    /// What is used but stands on no line.
    pub left_out: Vec<LeftOut>,
}

impl Bill {
    /// US dollars a month of one part of the bill.
    pub fn component(&self, component: Component) -> Decimal {
        self.lines.iter().filter(|line| line.component == component).map(|line| line.amount).sum()
    }

    /// Whether it may be recommended.
    pub fn is_eligible(&self) -> bool {
        self.serves && self.is_known && self.is_complete
    }

    /// The choice, and its classes where they are not those the tables have.
    pub fn label(&self) -> String {
        match self.classes {
            Classes::AsTheyAre => self.choice.name().to_owned(),
            Classes::Mixed => "each table its cheapest mode and class".to_owned(),
            other => format!("{}, {}", self.choice.name(), other.name()),
        }
    }

    /// How many units of something stand on its lines for a month, those that a reserve covers taken off.
    pub fn quantity(&self, item: Item, class: TableClass) -> Decimal {
        let lines = self.lines.iter().filter(|line| line.item == Some((item, class)));
        lines.map(|line| line.quantity).sum()
    }
}
