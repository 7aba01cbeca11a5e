//! Three replicas of every partition, one in each availability zone: how far behind they are, and which of them serve.
//!
//! A write is acknowledged once the leader and one follower have it; the third replica has it some time later. Strongly
//! consistent reads and writes go to the leader, eventually consistent reads to any replica (facts §3.4). [`Replication`]
//! draws the lag of every write, [`Timeline`] says which replicas serve and who leads while faults happen. Everything is a
//! function of a seed, a place and the time that is handed in; data is stored once, elsewhere.
//!
//! Nothing acknowledged is ever lost: a leader is chosen only where two of three replicas are there, and what was
//! acknowledged is on one of any two.

mod fault;
mod lag;
mod timeline;

use std::time::Duration;

use crate::random::{Stream, Streams};
use crate::time::Time;

pub use fault::{Fault, FaultKind, Zone};
pub use lag::Lag;
pub use timeline::{Moment, Outage, Timeline};

/// Replicas of a partition (facts §3.4).
pub const REPLICAS: usize = 3;
/// Replicas a write is acknowledged by (facts §3.4).
pub const QUORUM: usize = 2;
/// How long a leader's lease lasts: "a couple of seconds" (facts §3.4).
pub const DEFAULT_LEASE: Duration = Duration::from_secs(2);

/// How far replicas and indexes are behind.
///
/// The default gives the fresh reads that were measured in public (facts §7.1), where a client reads after the answer to its
/// write, about 8 ms after the write was made: 99.50 % of reads of a table are fresh then, 99.68 % after 10 ms more, all but
/// 0.01 % after 100 ms more; of an index 96.5, 99.5 and 99.7 %. Without the network and the service between, a read at once
/// after the write meets a replica that does not have it yet one time in three.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReplicationSettings {
    /// How long after a write the third replica has it.
    pub table: Lag,
    /// How long after a write of an item the entry in a global secondary index can be read. One lag for all replicas of the
    /// index: the published rates do not tell them apart.
    pub index: Lag,
}

impl Default for ReplicationSettings {
    fn default() -> Self {
        ReplicationSettings {
            // Fitted to what a third of the reads meets (facts §7.1) a modelled PutItem and round trip after the write.
            table: Lag { usual: Duration::from_micros(500), slow_share: 0.0212, slow: Duration::from_micros(22_400) },
            // Fitted to what every read of an index meets (facts §7.1).
            index: Lag { usual: Duration::from_micros(1_930), slow_share: 0.0047, slow: Duration::from_millis(210) },
        }
    }
}

/// Draws lags and replicas.
#[derive(Debug, Clone)]
pub struct Replication {
    settings: ReplicationSettings,
    writes: Stream,
    indexes: Stream,
}

impl Replication {
    /// A model whose draws follow from the seed.
    pub fn new(settings: ReplicationSettings, streams: &Streams) -> Self {
        Replication {
            settings,
            writes: streams.stream("replication lag"),
            indexes: streams.stream("replication lag of indexes"),
        }
    }

    /// From when on each replica shows a write made at `now` under the partition key's hash. The leader shows it at once,
    /// and so does the follower that acknowledged it.
    pub fn visible_from(&self, now: Time, hash: u64, moment: &Moment) -> [Time; REPLICAS] {
        let mut random = self.writes.at(place_in_time(hash, now));
        let late_one_is_the_first = random.unit() < 0.5;
        let lag = self.settings.table.draw(&mut random).saturating_add(moment.added_lag);
        let leader = moment.leader.map_or(0, Zone::number);
        let [first, second] = [(leader + 1) % REPLICAS, (leader + 2) % REPLICAS];
        // A replica that is down serves no read before it has caught up; the other follower acknowledges then.
        let late = match (moment.up[first], moment.up[second]) {
            (true, true) if late_one_is_the_first => first,
            (true, true) => second,
            _ => return [now; REPLICAS],
        };
        // A slow replica is the one that is late.
        let late = match (moment.slow[first].is_zero(), moment.slow[second].is_zero()) {
            (false, true) => first,
            (true, false) => second,
            _ => late,
        };
        let mut visible = [now; REPLICAS];
        visible[late] = now + lag.saturating_add(moment.slow[late]);
        visible
    }

    /// From when on an index shows the entry of an item written at `now`. `leads_from` is when the partition of the index
    /// has a leader that takes writes.
    pub fn index_visible_from(&self, now: Time, hash: u64, leads_from: Time, added_lag: Duration) -> Time {
        let lag = self.settings.index.draw(&mut self.indexes.at(place_in_time(hash, now)));
        now.max(leads_from) + lag.saturating_add(added_lag)
    }
}

/// A number for a key at a moment.
fn place_in_time(hash: u64, now: Time) -> u64 {
    // The step of SplitMix64 spreads neighbouring moments over all numbers.
    hash ^ now.as_nanos().wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// Chooses the replicas that eventually consistent reads go to: any that serves, alike.
#[derive(Debug, Clone)]
pub struct Routing {
    reads: Stream,
    leaders: Stream,
}

impl Routing {
    /// Choices that follow from the seed.
    pub fn new(streams: &Streams) -> Self {
        Routing { reads: streams.stream("replicas of reads"), leaders: streams.stream("first leaders") }
    }

    /// The replica that serves an eventually consistent read of a key at `now`; `None` where none is left.
    pub fn replica(&self, now: Time, hash: u64, up: [bool; REPLICAS]) -> Option<Zone> {
        let serving = up.iter().filter(|up| **up).count() as u64;
        let chosen = self.reads.at(place_in_time(hash, now)).below(serving) as usize;
        Zone::ALL.into_iter().filter(|zone| up[zone.number()]).nth(chosen)
    }

    /// The zone in which the partition of this table, whose key range starts with a hash, has its leader at first.
    pub fn first_leader(&self, table: u64, start_hash: u64) -> Zone {
        let number = self.leaders.at(start_hash ^ table.rotate_left(32)).below(REPLICAS as u64);
        Zone::ALL[number as usize]
    }
}

#[cfg(test)]
mod tests;
