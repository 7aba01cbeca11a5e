//! The control plane: tables created, described, changed and deleted, their indexes and their time to live.
//!
//! Whatever takes a while at the service takes as long as [`ControlDelays`] says, in the time that is handed in: a status is
//! a comparison of moments, and nothing runs by itself. A change is planned against the table as it stands
//! ([`plan::Plan`]), carried out with the list of tables locked, and holds from its moment on. What is long, filling a new
//! index and noting when items expire, goes from shard to shard afterwards and locks nothing else meanwhile.
//!
//! # Deliberately absent
//! Limits of concurrent operations, the account's quotas of tables and of provisioned capacity, and what a back-fill costs:
//! a new index is filled without consuming capacity.

mod backfill;
mod describe;
mod history;
mod lifecycle;
mod plan;
mod state;
mod time_to_live;
mod update;

use std::time::Duration;

use crate::time::Time;

pub use lifecycle::Going;
pub use state::{Control, IndexControl};

/// How long the control plane takes; at once by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ControlDelays {
    /// CREATING lasts this long.
    pub create: Duration,
    /// UPDATING lasts this long, and so do the deletion of an index and the time before a new one is filled.
    pub update: Duration,
    /// DELETING lasts this long.
    pub delete: Duration,
    /// ENABLING and DISABLING of time to live last this long; up to an hour at the service.
    pub time_to_live: Duration,
    /// How fast a new index is filled; zero is at once.
    pub index_backfill_items_per_second: u64,
}

/// When something that begins `now` is there for everyone. Without a delay it always was: threads may be a little apart in
/// what they call now.
fn moment(now: Time, delay: Duration) -> Time {
    if delay.is_zero() { Time::ZERO } else { now + delay }
}
