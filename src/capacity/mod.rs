//! Which requests are admitted: the limits of tables and indexes, the ceilings of their partitions, and how both change.
//!
//! Pure: the time is handed in, nothing is stored, nothing reads a clock. A table or a global secondary index has a
//! [`Throughput`]: limits of reads and writes (provisioned with burst and auto scaling, or on-demand with its growth), which
//! request routers enforce with tokens of their own, and partitions with ceilings nothing lifts, which are split by heat, by
//! size and for more throughput. It admits as long as tokens are left and remembers what it admitted, so the same object is the
//! limit and the ledger. A write that touches indexes asks several at once ([`admit_all`]): all of them pay or none does.
//! Limits change from a moment on that is named beforehand ([`Throughput::set_mode`]), by themselves when a request or a look
//! comes past the moment they were due.
//!
//! What DynamoDB does not publish is a setting of [`CapacityModel`] with its suggested default.
//!
//! Deliberately absent: storage nodes and what else runs on them. DynamoDB may spend a bank on its own maintenance without
//! notice; here nobody does.

mod access;
mod admission;
mod bucket;
mod limits;
mod model;
mod observation;
mod on_demand;
mod partition;
mod routers;
mod scaling;
mod throughput;

pub use admission::{Charge, Refusal, RefusedCharge, admit_all};
pub use bucket::TokenBucket;
pub use limits::{
    BURST_SECONDS, ON_DEMAND_INITIAL_READ_UNITS_PER_SECOND, ON_DEMAND_INITIAL_WRITE_UNITS_PER_SECOND,
    PARTITION_MAX_BYTES, PARTITION_READ_UNITS_PER_SECOND, PARTITION_WRITE_UNITS_PER_SECOND,
    TABLE_QUOTA_UNITS_PER_SECOND,
};
pub use model::CapacityModel;
pub use observation::{AccessView, CapacityEvent, CapacityEventKind, PartitionView, ResourceView, SplitCause};
pub use partition::{Access, Place, SortKey};
pub use throughput::{Flow, Load, Passage, Point, ResourceOptions, Stream, Tapped, Throughput, ThroughputView};
