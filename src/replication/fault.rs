//! Faults that are scheduled.

use std::time::Duration;

use crate::api::TableName;
use crate::item::Item;
use crate::time::Time;

use super::REPLICAS;

/// An availability zone, which has one replica of every partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Zone(u8);

impl Zone {
    /// All of them.
    pub const ALL: [Zone; REPLICAS] = [Zone(0), Zone(1), Zone(2)];

    /// Its number, from 0.
    pub const fn number(self) -> usize {
        self.0 as usize
    }

    /// The zone after it, in a circle.
    pub const fn next(self) -> Zone {
        Self::ALL[(self.number() + 1) % REPLICAS]
    }
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// A replica stops: that in a zone, or a follower where no zone is named.
    ReplicaStops(Option<Zone>),
    /// An availability zone stops, with all replicas in it.
    ZoneStops(Zone),
    /// The replica that leads stops.
    LeaderLost,
    /// A replica becomes slow without failing (a gray failure): what it answers takes longer, and it is behind by as much.
    SlowReplica {
        /// Its zone; the one that leads when the fault begins where none is named.
        zone: Option<Zone>,
        /// How much longer.
        by: Duration,
    },
    /// The third replica, and indexes, are behind by so much more.
    AddedLag(Duration),
}

impl FaultKind {
    /// Its name in workload files.
    pub const fn name(self) -> &'static str {
        match self {
            FaultKind::ReplicaStops(_) => "replica_stops",
            FaultKind::ZoneStops(_) => "zone_stops",
            FaultKind::LeaderLost => "leader_lost",
            FaultKind::SlowReplica { .. } => "slow_replica",
            FaultKind::AddedLag(_) => "added_lag",
        }
    }
}

/// A fault, when it happens and to what.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// What goes wrong.
    pub kind: FaultKind,
    /// When it begins.
    pub from: Time,
    /// When it is over; [`Time::NEVER`] if it stays.
    pub until: Time,
    /// The table it happens to, its indexes included; `None` is every table.
    pub table: Option<TableName>,
    /// The key of the item whose partition it happens to, indexes not included; `None` is every partition.
    pub key: Option<Item>,
}
