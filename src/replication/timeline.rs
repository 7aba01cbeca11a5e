//! Which replicas of a partition serve, who leads it, and how slow they are, over time.

use std::time::Duration;

use crate::time::Time;

use super::fault::{Fault, FaultKind, Zone};
use super::{QUORUM, REPLICAS};

/// Why a partition takes no writes and no strongly consistent reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outage {
    /// The leader is gone, and a new one waits for its lease to end.
    Election,
    /// Fewer than two of three replicas are there.
    NoQuorum,
}

/// A partition between two changes of its replicas.
#[derive(Debug, Clone, PartialEq)]
pub struct Moment {
    /// When it began.
    pub from: Time,
    /// Which replicas are there, by zone.
    pub up: [bool; REPLICAS],
    /// The replica that leads.
    pub leader: Option<Zone>,
    /// From when on each replica has everything written before: since it returned or was made the leader.
    pub caught_up: [Time; REPLICAS],
    /// How much longer each replica takes.
    pub slow: [Duration; REPLICAS],
    /// How much further behind the third replica, and indexes, are.
    pub added_lag: Duration,
}

impl Moment {
    /// A partition where nothing is wrong.
    pub const fn sound(leader: Zone) -> Self {
        Moment {
            from: Time::ZERO,
            up: [true; REPLICAS],
            leader: Some(leader),
            caught_up: [Time::ZERO; REPLICAS],
            slow: [Duration::ZERO; REPLICAS],
            added_lag: Duration::ZERO,
        }
    }

    /// Why it takes no writes and no strongly consistent reads; `None` if it does.
    pub fn outage(&self) -> Option<Outage> {
        match self.leader {
            _ if !self.has_quorum() => Some(Outage::NoQuorum),
            None => Some(Outage::Election),
            Some(_) => None,
        }
    }

    fn has_quorum(&self) -> bool {
        self.up.iter().filter(|up| **up).count() >= QUORUM
    }
}

/// A partition's moments, in their order; the first begins with time.
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    moments: Vec<Moment>,
}

impl Timeline {
    /// What becomes of a partition that is led from `leader` at first, through these faults.
    pub fn new<'f>(leader: Zone, faults: impl IntoIterator<Item = &'f Fault>, lease: Duration) -> Self {
        let mut faults: Vec<&Fault> = faults.into_iter().filter(|fault| fault.from < fault.until).collect();
        faults.sort_by_key(|fault| fault.from);
        let mut sweep = Sweep {
            moment: Moment::sound(leader),
            last_leader: leader,
            election_at: None,
            down_until: [Time::ZERO; REPLICAS],
            slow: Vec::new(),
            lag: Vec::new(),
            moments: Vec::new(),
        };
        let mut next = 0;
        let mut now = Time::ZERO;
        loop {
            sweep.end_what_is_over(now);
            while let Some(fault) = faults.get(next).filter(|fault| fault.from <= now) {
                sweep.begin(fault, now, lease);
                next += 1;
            }
            sweep.elect(now);
            sweep.note(now);
            let begins = faults.get(next).map(|fault| fault.from);
            match begins.into_iter().chain(sweep.next_change(now)).min() {
                Some(time) if time < Time::NEVER => now = time,
                _ => return Timeline { moments: sweep.moments },
            }
        }
    }

    /// How it is at a time.
    pub fn at(&self, now: Time) -> &Moment {
        let after = self.moments.partition_point(|moment| moment.from <= now);
        &self.moments[after.saturating_sub(1)]
    }

    /// When it next takes writes, from `now` on; [`Time::NEVER`] if it never does again.
    pub fn leads_from(&self, now: Time) -> Time {
        let after = self.moments.partition_point(|moment| moment.from <= now);
        let mut from_now = self.moments[after.saturating_sub(1)..].iter();
        from_now.find(|moment| moment.outage().is_none()).map_or(Time::NEVER, |moment| moment.from.max(now))
    }

    /// All moments, in their order.
    pub fn moments(&self) -> &[Moment] {
        &self.moments
    }
}

/// Where a timeline has got to.
struct Sweep {
    moment: Moment,
    last_leader: Zone,
    /// When the lease of a lost leader ends.
    election_at: Option<Time>,
    /// Until when each replica is down.
    down_until: [Time; REPLICAS],
    /// Slow replicas, until when and by how much.
    slow: Vec<(Time, Zone, Duration)>,
    /// Added lags, until when.
    lag: Vec<(Time, Duration)>,
    moments: Vec<Moment>,
}

impl Sweep {
    /// Replicas return, having caught up; slow ones recover.
    fn end_what_is_over(&mut self, now: Time) {
        for zone in Zone::ALL {
            let at = zone.number();
            if !self.moment.up[at] && self.down_until[at] <= now {
                self.moment.up[at] = true;
                self.moment.caught_up[at] = now;
            }
        }
        self.slow.retain(|(until, ..)| *until > now);
        self.lag.retain(|(until, _)| *until > now);
    }

    fn begin(&mut self, fault: &Fault, now: Time, lease: Duration) {
        let leading = self.moment.leader.unwrap_or(self.last_leader);
        match fault.kind {
            FaultKind::ReplicaStops(zone) => self.stop(zone.unwrap_or(leading.next()), fault.until, now, lease),
            FaultKind::ZoneStops(zone) => self.stop(zone, fault.until, now, lease),
            FaultKind::LeaderLost => self.stop(leading, fault.until, now, lease),
            FaultKind::SlowReplica { zone, by } => self.slow.push((fault.until, zone.unwrap_or(leading), by)),
            FaultKind::AddedLag(by) => self.lag.push((fault.until, by)),
        }
    }

    fn stop(&mut self, zone: Zone, until: Time, now: Time, lease: Duration) {
        let at = zone.number();
        self.down_until[at] = self.down_until[at].max(until);
        self.moment.up[at] = false;
        if self.moment.leader == Some(zone) {
            self.moment.leader = None;
            self.last_leader = zone;
            self.election_at = Some(now + lease);
        }
    }

    /// A new leader, once the lease of the old one is over and two of three are there.
    fn elect(&mut self, now: Time) {
        let lease_is_over = self.election_at.is_some_and(|at| at <= now);
        if self.moment.leader.is_some() || !lease_is_over || !self.moment.has_quorum() {
            return;
        }
        let mut candidate = self.last_leader.next();
        while !self.moment.up[candidate.number()] {
            candidate = candidate.next();
        }
        // It takes what its peer acknowledged before it serves.
        self.moment.caught_up[candidate.number()] = now;
        self.moment.leader = Some(candidate);
        self.election_at = None;
    }

    fn note(&mut self, now: Time) {
        self.moment.from = now;
        self.moment.slow = [Duration::ZERO; REPLICAS];
        for (_, zone, by) in &self.slow {
            let slow = &mut self.moment.slow[zone.number()];
            *slow = slow.saturating_add(*by);
        }
        self.moment.added_lag = self.lag.iter().fold(Duration::ZERO, |sum, (_, by)| sum.saturating_add(*by));
        self.moments.push(self.moment.clone());
    }

    fn next_change(&self, now: Time) -> impl Iterator<Item = Time> {
        let returns = Zone::ALL.into_iter().filter(|zone| !self.moment.up[zone.number()]);
        let returns = returns.map(|zone| self.down_until[zone.number()]);
        let recoveries = self.slow.iter().map(|(until, ..)| *until).chain(self.lag.iter().map(|(until, _)| *until));
        let election = self.election_at.filter(|_| self.moment.leader.is_none());
        // An election that waits for a quorum happens when a replica returns.
        returns.chain(recoveries).chain(election).filter(move |time| *time > now)
    }
}
