//! How long requests take: a model of the service and of the network before it, drawn from a seed.
//!
//! What a client waits for is the round trip over the network, half of it on the way to the service and half on the way back,
//! and the time of the service in between. Each is drawn once an attempt, as a function of the seed and the attempt's number
//! alone: the model knows no clock, no load and no queue. Whatever waits for capacity or for a place in flight waits
//! elsewhere. The defaults are calibrated on published measurements ([`LatencySettings`]).

mod demand;
mod fit;
mod settings;

use std::time::Duration;

use crate::api::{Outcome, Request};
use crate::random::{Random, Stream, Streams, middle, standard_quantile};

pub use demand::{Demand, RequestKind};
pub use fit::{FIT_SAMPLES_MIN, Fit, FitError, fit};
pub use settings::{LatencySettings, NetworkTime, ServiceTime};

/// Draws latencies.
#[derive(Debug, Clone, PartialEq)]
pub struct LatencyModel {
    settings: LatencySettings,
    network: Stream,
    service: Stream,
}

impl LatencyModel {
    /// A model whose draws follow from the seed.
    pub fn new(settings: LatencySettings, streams: &Streams) -> Self {
        LatencyModel {
            settings,
            network: streams.stream("latency of the network"),
            service: streams.stream("latency of the service"),
        }
    }

    /// How long the request of this attempt is on its way to the service.
    pub fn travel_time(&self, attempt: u64) -> Duration {
        duration(self.round_trip_ms(attempt) / 2.0)
    }

    /// How long the service takes for this attempt, and the answer is on its way back.
    pub fn answer_time(&self, attempt: u64, request: &Request, outcome: &Outcome) -> Duration {
        let service_ms = self.service_ms(attempt, &Demand::of(request, outcome));
        duration(service_ms + self.round_trip_ms(attempt) / 2.0).saturating_add(outcome.delayed)
    }

    /// How long the service alone takes for this attempt.
    pub fn service_time(&self, attempt: u64, demand: &Demand) -> Duration {
        duration(self.service_ms(attempt, demand))
    }

    fn round_trip_ms(&self, attempt: u64) -> f64 {
        let NetworkTime { median, sigma } = self.settings.network;
        log_normal(&mut self.network.at(attempt), median, sigma)
    }

    fn service_ms(&self, attempt: u64, demand: &Demand) -> f64 {
        let settings = &self.settings;
        let time = settings.service(demand.kind);
        let mut random = self.service.at(attempt);
        let items = u32::try_from(demand.items).unwrap_or(u32::MAX);
        let median = time.median.saturating_add(time.per_item.saturating_mul(items));
        let body = log_normal(&mut random, median, time.sigma);
        let pause = if random.unit() < time.tail_share {
            -libm::log(random.open_unit()) * milliseconds(time.tail_mean)
        } else {
            0.0
        };
        let moved = milliseconds(settings.per_kilobyte) * demand.bytes as f64 / 1024.0;
        let strong = if demand.strong { milliseconds(settings.strong_read) } else { 0.0 };
        settings.scale * (body + pause + moved + strong)
    }
}

fn log_normal(random: &mut Random, median: Duration, sigma: f64) -> f64 {
    milliseconds(median) * libm::exp(sigma * standard_quantile(middle(random)))
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_nanos() as f64 / 1e6
}

/// A length of time, whatever came of the multiplications: no more than an hour, as histograms hold it.
fn duration(milliseconds: f64) -> Duration {
    Duration::from_nanos((milliseconds.clamp(0.0, 3_600_000.0) * 1e6) as u64)
}

#[cfg(test)]
mod tests;
