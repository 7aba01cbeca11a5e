//! Which requests are admitted: token buckets, provisioned throughput with burst, on-demand throughput and its growth.
//!
//! Pure: the time is handed in, nothing is stored, nothing reads a clock. A table or a global secondary index has a
//! [`Throughput`], which is two [`Meter`]s; reads and writes never share tokens. A meter admits as long as tokens are left
//! and remembers what it admitted, so the same object is the limit and the ledger. A write that touches indexes asks
//! several meters at once ([`admit_all`]): all of them pay or none does. Limits change from a moment on that is named
//! beforehand ([`Throughput::set_mode`]).
//!
//! Deliberately absent: partitions and their ceilings, splits for heat, auto scaling. They are limiters of their own
//! beside those of [`Meter`], not changes to them.

mod admission;
mod bucket;
mod limits;
mod meter;
mod on_demand;
mod throughput;

pub use admission::{Charge, Refusal, admit_all};
pub use bucket::TokenBucket;
pub use limits::{
    BURST_SECONDS, ON_DEMAND_INITIAL_READ_UNITS_PER_SECOND, ON_DEMAND_INITIAL_WRITE_UNITS_PER_SECOND,
    TABLE_QUOTA_UNITS_PER_SECOND,
};
pub use meter::{Limit, Meter};
pub use on_demand::OnDemand;
pub use throughput::Throughput;
