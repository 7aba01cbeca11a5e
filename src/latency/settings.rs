//! How long things take at the median, how much that varies, and where the figures come from.

use std::time::Duration;

use super::RequestKind;

/// The round trip over the network: a log-normal distribution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NetworkTime {
    /// Half of the round trips are shorter.
    pub median: Duration,
    /// The standard deviation of the natural logarithm.
    pub sigma: f64,
}

/// The service's time for one kind of requests: a log-normal body, and pauses that now and then come on top.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ServiceTime {
    /// The median of the body, for a request of no size.
    pub median: Duration,
    /// What each item of a batch or transaction adds to the median.
    pub per_item: Duration,
    /// The standard deviation of the body's natural logarithm.
    pub sigma: f64,
    /// The share of requests that meet a pause, 0 to 1.
    pub tail_share: f64,
    /// The mean length of pauses, which are exponentially distributed.
    pub tail_mean: Duration,
}

/// All that a [`LatencyModel`](super::LatencyModel) draws from.
///
/// The defaults give what clients in the same region were measured to see (facts §7.2), after a round trip of 1 ms that is an
/// assumption: only the sum of both was measured. PutItem, BatchWriteItem, TransactWriteItems and its cancelled ones come
/// within 3 % of the published 50th, 90th, 95th and 99th percentiles, whatever the seed. UpdateItem and DeleteItem are taken
/// for puts.
///
/// **Reads are a guess.** No trustworthy public distribution of GetItem and Query exists (facts §11.9). The default has
/// clients wait 4 ms for GetItem at the median, between the 2 and 6 ms of unconfirmed notes, and varies like PutItem; the
/// other reads are taken from it. Scale them by measurements of your own: `dyno calibrate` makes the settings of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct LatencySettings {
    /// The network.
    pub network: NetworkTime,
    /// What every kilobyte read or written adds.
    pub per_kilobyte: Duration,
    /// What a strongly consistent read adds: it goes to the leader, which may be in another zone. How much is unpublished.
    pub strong_read: Duration,
    /// Multiplies the service's time, whatever the kind.
    pub scale: f64,
    service: [ServiceTime; RequestKind::ALL.len()],
}

impl LatencySettings {
    /// The service's time for a kind of requests.
    pub const fn service(&self, kind: RequestKind) -> &ServiceTime {
        &self.service[kind as usize]
    }

    /// The service's time for a kind of requests, to be changed.
    pub const fn service_mut(&mut self, kind: RequestKind) -> &mut ServiceTime {
        &mut self.service[kind as usize]
    }
}

impl Default for LatencySettings {
    fn default() -> Self {
        LatencySettings {
            network: NetworkTime { median: Duration::from_micros(1000), sigma: 0.2 },
            // 0.05 to 0.07 ms for binary data (facts §7.2).
            per_kilobyte: Duration::from_micros(60),
            strong_read: Duration::from_micros(500),
            scale: 1.0,
            service: RequestKind::ALL.map(default_service),
        }
    }
}

/// Fitted, with the default network before it, to the tables of facts §7.2; reads and refusals are assumptions.
const fn default_service(kind: RequestKind) -> ServiceTime {
    const fn time(median: u64, per_item: u64, sigma: f64, tail_share: f64, tail_mean: u64) -> ServiceTime {
        ServiceTime {
            median: Duration::from_micros(median),
            per_item: Duration::from_micros(per_item),
            sigma,
            tail_share,
            tail_mean: Duration::from_micros(tail_mean),
        }
    }
    match kind {
        RequestKind::Put | RequestKind::Update | RequestKind::Delete => time(6_530, 0, 0.366, 0.0, 0),
        RequestKind::BatchWrite => time(6_700, 85, 0.346, 0.063, 8_750),
        RequestKind::TransactWrite => time(21_700, 376, 0.144, 0.067, 34_700),
        // Published for five items only; what an item adds is taken from those that were not cancelled.
        RequestKind::TransactWriteCancelled => time(22_180, 376, 0.128, 0.057, 34_200),
        // Unpublished from here on.
        RequestKind::Get => time(3_000, 0, 0.366, 0.0, 0),
        RequestKind::Query => time(3_500, 0, 0.366, 0.0, 0),
        RequestKind::Scan => time(4_000, 0, 0.366, 0.0, 0),
        RequestKind::BatchGet => time(3_100, 40, 0.346, 0.063, 4_000),
        RequestKind::TransactGet => time(10_000, 170, 0.144, 0.067, 16_000),
        RequestKind::Refused => time(1_500, 0, 0.366, 0.0, 0),
    }
}
