//! What it costs: bills of the same usage by every way to pay for it.
//!
//! [`Usage`] says what tables use, hour by hour, with nothing about prices; [`Extras`] what is billed besides capacity;
//! [`compare`] makes a [`Bill`] of it for each [`Choice`] and says which is cheapest. A bill is a list of lines whose amounts
//! are exact and whose sum is its total, so that anyone can check the arithmetic.
//!
//! Deliberately absent: taxes, data transfer between regions and to the Internet, exports, imports, support plans and
//! discounts by contract.

mod assumptions;
mod bill;
mod break_even;
mod compare;
mod costing;
mod extras;
mod history;
mod line;
mod month;
mod planned;
mod record;
mod reserve;
mod savings_plan;
mod sensitivity;
mod table_bill;
mod usage;

use thiserror::Error;

pub use bill::{Bill, Choice, Classes, Commitment, TableChoice};
pub use break_even::{Basis, BreakEven, Utilization};
pub use compare::{Comparison, Question, compare};
pub use extras::{CacheNodes, Extras};
pub use line::{Component, Line};
pub use month::{HOURS_PER_MONTH, Month};
pub use record::{Costed, NOT_BILLED, of_record, workloads_of_record};
pub use sensitivity::{Crossing, Curve, LinearSubject, Sensitivity, Subject, TRAFFIC, Verdict, sensitivity};
pub use table_bill::{LeftOut, Mode};
pub use usage::{AccessUsage, Provision, ResourceUsage, TableUsage, Usage};

/// Why there is no bill.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CostError {
    /// The usage is not sound.
    #[error("{0}")]
    Usage(String),
    /// Nothing could be priced.
    #[error("no way to pay for it can be worked out: {0}")]
    NoChoice(String),
    /// A subject could not say what it uses at another size.
    #[error("{0}")]
    Subject(String),
}
