//! The search for the smallest capacity.

use crate::api::{AutoScaling, CapacityMode, CapacityRange, ReadWrite, WarmThroughput};
use crate::capacity::{
    CapacityModel, ON_DEMAND_INITIAL_READ_UNITS_PER_SECOND, ON_DEMAND_INITIAL_WRITE_UNITS_PER_SECOND, ResourceOptions,
};
use crate::runner::{Asked, Demand, in_parallel};

use super::answer::{AccessSizing, CurvePoint, Fixed, OnDemand, ResourceSizing, Scaled, Sizing};
use super::estimate::Estimate;
use super::trial::{Side, Trial, attempt};
use super::{hot_key, remedy};

/// Candidates nearer to each other than this share are not told apart.
const FINENESS: u64 = 500;
/// Capacity is tried up to so many times what the peak asks: more of it is more partitions.
const AMPLE: [u64; 4] = [1, 2, 4, 8];
/// Nothing is banked beyond the second at hand.
pub(super) const WITHOUT_BURST_SECONDS: u64 = 1;
/// A candidate is given up where a seed refuses so many times what is allowed.
const GIVE_UP: f64 = 4.0;
/// Less than this share is what rounding leaves, not throttling.
const NOISE: f64 = 1e-7;
/// Target utilizations that are tried.
const TARGETS: [f64; 3] = [0.9, 0.7, 0.5];
/// The least of auto scaling is found up to this share.
const SCALED_FINENESS: u64 = 50;
/// Points of the curve, and where it lies around the answer.
const CURVE: [f64; 13] = [0.25, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0, 1.1, 1.25, 1.5, 2.0];

/// What is asked about a demand.
#[derive(Debug, Clone)]
pub struct Question {
    /// The name of what is sized.
    pub name: String,
    /// The share of requests that may be throttled.
    pub throttled_at_most: f64,
    /// How capacity behaves.
    pub model: CapacityModel,
    /// Threads that take part.
    pub workers: usize,
    /// Whether to work out the curves, the intervals of what is needed and what would help. Without, the answer is as good
    /// and there sooner.
    pub details: bool,
}

/// Sizes all tables and indexes of a demand, given once for every seed. A short demand is sized without counting on bursts: what
/// a quiet start has banked would hide what goes on to be asked.
pub fn size(question: &Question, demands: &[Demand]) -> Sizing {
    let mut question = question.clone();
    let is_short = demands.first().is_some_and(|demand| demand.measured_seconds() < remedy::SHORT_SECONDS);
    if is_short {
        question.model.burst_seconds = WITHOUT_BURST_SECONDS;
    }
    let question = &question;
    let count = demands.first().map_or(0, |demand| demand.resources.len());
    let resources = (0..count).map(|resource| Bench::new(question, demands, resource).size()).collect();
    let mut sizing = Sizing {
        name: question.name.clone(),
        span_seconds: demands.first().map_or(0.0, Demand::measured_seconds),
        seeds: demands.len(),
        throttled_at_most: question.throttled_at_most,
        resources,
        assumptions: Vec::new(),
        warnings: Vec::new(),
    };
    remedy::remarks(question, &mut sizing);
    sizing
}

/// Where candidates for one table or index are tried.
#[derive(Clone, Copy)]
pub(super) struct Bench<'a> {
    pub question: &'a Question,
    pub demands: &'a [Demand],
    pub resource: usize,
}

const KINDS: [ReadWrite; 2] = [ReadWrite::Read, ReadWrite::Write];

impl<'a> Bench<'a> {
    pub fn new(question: &'a Question, demands: &'a [Demand], resource: usize) -> Self {
        Bench { question, demands, resource }
    }

    fn size(&self) -> ResourceSizing {
        let asked = self.asked();
        let mut allowed = self.allowed(asked);
        let (units, trials) = loop {
            let units = self.fixed(asked, &allowed, self.question.model);
            let trials = self.attempt(&provisioned(units), None);
            let is_short =
                |access: &ReadWrite| allowed.fits[*access as usize] && !self.is_within(&trials, *access, allowed.share);
            let Some(access) = KINDS.into_iter().find(is_short) else { break (units, trials) };
            allowed.fits[access as usize] = false;
        };
        let without_burst = CapacityModel { burst_seconds: WITHOUT_BURST_SECONDS, ..self.question.model };
        let steady = if self.question.details { self.fixed(asked, &allowed, without_burst) } else { units };
        let scaled = self.scaled(asked, units, &allowed);
        let on_demand = self.on_demand(asked);
        let side = |access: ReadWrite| {
            let at = access as usize;
            let sides = || trials.iter().map(|trial| &trial.sides[at]);
            let (worst_minute, worst_minute_at_seconds) = worst(sides());
            let by_partitions: Vec<f64> = sides().map(|side| side.by_partitions / side.requests.max(1.0)).collect();
            let is_asked = asked[at].requests > 0.0;
            let details = self.question.details && is_asked;
            AccessSizing {
                asked: asked[at],
                fixed: Fixed {
                    units: units[at],
                    fits: allowed.fits[at],
                    throttled: shares(&trials, access),
                    throttled_by_partitions: Estimate::of(&by_partitions).mean,
                    worst_minute,
                    worst_minute_at_seconds,
                    needed: if details && allowed.fits[at] { self.needed(access, units) } else { of(units[at]) },
                    without_burst_units: steady[at].max(units[at]),
                },
                scaled: scaled[at].clone().filter(|_| is_asked),
                on_demand: on_demand[at].clone(),
                curve: if details { self.curve(access, units) } else { Vec::new() },
                asked_by_hour: self.asked_by_hour(access),
            }
        };
        let demand_resource = &self.demands[0].resources[self.resource].resource;
        let mut sizing = ResourceSizing {
            table: demand_resource.table.to_string(),
            index: demand_resource.index.as_ref().map(ToString::to_string),
            read: side(ReadWrite::Read),
            write: side(ReadWrite::Write),
            hot_keys: Vec::new(),
            remedies: Vec::new(),
        };
        if self.question.details {
            sizing.hot_keys = hot_key::hot_keys(&self.demands[0], self.resource, &self.question.model);
            sizing.remedies = remedy::remedies(self, &sizing);
        }
        sizing
    }

    /// What is asked, on average over the seeds.
    pub fn asked(&self) -> [Asked; 2] {
        KINDS.map(|access| {
            let of_seeds: Vec<Asked> = self.demands.iter().map(|demand| demand.asked(self.resource, access)).collect();
            let mean =
                |value: fn(&Asked) -> f64| of_seeds.iter().map(value).sum::<f64>() / of_seeds.len().max(1) as f64;
            Asked {
                requests: mean(|asked| asked.requests),
                units: mean(|asked| asked.units),
                mean_units_per_second: mean(|asked| asked.mean_units_per_second),
                peak_units_per_second: mean(|asked| asked.peak_units_per_second),
            }
        })
    }

    fn asked_by_hour(&self, access: ReadWrite) -> Vec<f64> {
        let of_seeds: Vec<Vec<f64>> =
            self.demands.iter().map(|demand| demand.units_by_hour(self.resource, access)).collect();
        mean_by_hour(of_seeds.iter().map(Vec::as_slice))
    }

    /// Whether any capacity keeps within what the question allows.
    pub fn allowed(&self, asked: [Asked; 2]) -> Allowed {
        let share = self.question.throttled_at_most;
        let mut allowed = Allowed { share, fits: [false; 2], ample: ample(asked, 1) };
        for factor in AMPLE {
            let units = ample(asked, factor);
            let trials = self.attempt(&provisioned(units), None);
            for access in KINDS {
                let at = access as usize;
                if !allowed.fits[at] && self.is_within(&trials, access, share) {
                    allowed.fits[at] = true;
                    allowed.ample = units;
                }
            }
            if allowed.fits == [true; 2] {
                break;
            }
        }
        allowed
    }

    /// Whether no more than this share of one kind of access is refused, with 95 % confidence.
    fn is_within(&self, trials: &[Trial], access: ReadWrite, share: f64) -> bool {
        shares(trials, access).high <= share + NOISE
    }

    /// The smallest fixed capacity: reads, writes. Where none is enough, because partitions refuse, it is what the table or
    /// index as a whole needs; more of it only throttles in another place.
    pub fn fixed(&self, asked: [Asked; 2], allowed: &Allowed, model: CapacityModel) -> [u64; 2] {
        let mut units = allowed.ample;
        let fits = |units: [u64; 2], access: ReadWrite| {
            let model = if allowed.fits[access as usize] { model } else { model.of_whole_tables() };
            self.fits(&provisioned(units), model, allowed.share, access)
        };
        // What one of them has is partitions for the other, so the second round sees the first one's answer.
        for round in 0..2 {
            for access in [ReadWrite::Write, ReadWrite::Read] {
                let at = access as usize;
                if asked[at].requests <= 0.0 {
                    units[at] = 1;
                    continue;
                }
                let with = |candidate: u64| {
                    let mut units = units;
                    units[at] = candidate;
                    units
                };
                if round > 0 && fits(units, access) {
                    continue;
                }
                let high = AMPLE.map(|factor| ample(asked, factor)[at]).into_iter().chain([allowed.ample[at]]);
                let high = high.into_iter().find(|high| fits(with(*high), access));
                let high = high.unwrap_or_else(|| ample(asked, AMPLE[AMPLE.len() - 1])[at]);
                units[at] = smallest(0, high, FINENESS, |candidate| fits(with(candidate), access));
            }
        }
        units
    }

    /// The smallest capacity for every seed by itself, the other kind of access as it was answered.
    fn needed(&self, access: ReadWrite, units: [u64; 2]) -> Estimate {
        let at = access as usize;
        let values = self.each_seed(|bench| {
            let with = |candidate: u64| {
                let mut units = units;
                units[at] = candidate;
                bench.fits(&provisioned(units), bench.question.model, bench.question.throttled_at_most, access)
            };
            let mut high = units[at];
            while !with(high) && high < units[at].saturating_mul(2) {
                high += (high / 50).max(1);
            }
            let low = if with(high * 9 / 10) { 0 } else { high * 9 / 10 };
            smallest(low, high, FINENESS, with) as f64
        });
        Estimate::of(&values)
    }

    fn curve(&self, access: ReadWrite, units: [u64; 2]) -> Vec<CurvePoint> {
        let at = access as usize;
        let mut candidates: Vec<u64> = CURVE.iter().map(|factor| ((units[at] as f64 * factor) as u64).max(1)).collect();
        candidates.dedup();
        let point = |candidate: u64| {
            let mut units = units;
            units[at] = candidate;
            CurvePoint { units: candidate, throttled: shares(&self.attempt(&provisioned(units), None), access) }
        };
        candidates.into_iter().map(point).collect()
    }

    /// Auto scaling: the setting with the least capacity on average that keeps within what is allowed.
    fn scaled(&self, asked: [Asked; 2], fixed: [u64; 2], allowed: &Allowed) -> [Option<Scaled>; 2] {
        let first = Bench { demands: &self.demands[..1], ..*self };
        let mut chosen = [None; 2];
        if self.demands[0].measured_seconds() < remedy::SHORT_SECONDS {
            return [None, None];
        }
        // The higher the target, the less is provisioned: the next one is only tried where this one needs a least.
        let found = in_parallel(KINDS.len(), self.question.workers, |at| {
            let access = KINDS[at];
            let mut best: Option<(f64, AutoScaling)> = None;
            for target in TARGETS {
                if asked[at].requests <= 0.0 {
                    break;
                }
                let with = |min_units: u64| {
                    let mut policies = [None; 2];
                    policies[at] = Some(self.policy(asked, access, target, min_units));
                    self.auto_scaled(fixed, policies)
                };
                let model = if allowed.fits[at] { self.question.model } else { self.question.model.of_whole_tables() };
                let fits = |min_units: u64| first.fits(&with(min_units), model, allowed.share, access);
                let needs_none = fits(1);
                let min_units = if needs_none { 1 } else { smallest(1, fixed[at], SCALED_FINENESS, fits) };
                let trials = first.attempt(&with(min_units), None);
                let hours: f64 = trials[0].sides[at].unit_hours.iter().sum();
                if best.is_none_or(|(least, _)| hours < least) {
                    best = Some((hours, self.policy(asked, access, target, min_units)));
                }
                if needs_none {
                    break;
                }
            }
            best.map(|(_, policy)| policy)
        });
        chosen.copy_from_slice(&found);
        // Both together and with every seed; where that is short, the least is raised.
        for access in KINDS {
            let at = access as usize;
            let Some(policy) = chosen[at] else { continue };
            if !allowed.fits[at] {
                continue;
            }
            let fits = |min_units: u64| {
                let mut policies = chosen;
                policies[at] = Some(AutoScaling { min_units, ..policy });
                self.fits(&self.auto_scaled(fixed, policies), self.question.model, allowed.share, access)
            };
            if !fits(policy.min_units) {
                let min_units = smallest(policy.min_units, fixed[at], SCALED_FINENESS, fits);
                chosen[at] = Some(AutoScaling { min_units, max_units: policy.max_units.max(min_units), ..policy });
            }
        }
        let trials = self.attempt(&self.auto_scaled(fixed, chosen), None);
        KINDS.map(|access| {
            let at = access as usize;
            let policy = chosen[at]?;
            let sides = || trials.iter().map(|trial| &trial.sides[at]);
            let throttled = shares(&trials, access);
            let reached = || sides().filter_map(|side| side.provisioned);
            let hours: Vec<f64> = sides().map(|side| side.unit_hours.iter().sum::<f64>()).collect();
            Some(Scaled {
                min_units: reached().map(|(least, _)| least).min().unwrap_or(0).max(policy.min_units),
                max_units: reached().map(|(_, most)| most).max().unwrap_or(0).max(policy.min_units),
                target_utilization: policy.target_utilization,
                start_units: self.start(access, policy),
                throttled,
                worst_minute: worst(sides()).0,
                fits: throttled.high <= self.question.throttled_at_most + NOISE,
                mean_units_per_second: Estimate::of(&hours).mean * 3_600.0
                    / self.demands[0].measured_seconds().max(1e-9),
                unit_hours: mean_by_hour(sides().map(|side| side.unit_hours.as_slice())),
            })
        })
    }

    fn policy(&self, asked: [Asked; 2], access: ReadWrite, target: f64, min_units: u64) -> AutoScaling {
        let [peak_read, peak_write] = ample(asked, 1);
        let peak = if access == ReadWrite::Read { peak_read } else { peak_write };
        let max_units = ((peak as f64 / target).ceil() as u64).max(min_units);
        AutoScaling { min_units, max_units, target_utilization: target }
    }

    /// Units at the start: what the first minute needs at the target.
    fn start(&self, access: ReadWrite, policy: AutoScaling) -> u64 {
        let asked = self.demands[0].asked_at_first(self.resource, access);
        ((asked / policy.target_utilization).ceil() as u64).clamp(policy.min_units.max(1), policy.max_units.max(1))
    }

    fn auto_scaled(&self, fixed: [u64; 2], policies: [Option<AutoScaling>; 2]) -> Candidate {
        let range = |access: ReadWrite| match policies[access as usize] {
            None => CapacityRange { units: fixed[access as usize].max(1), auto_scaling: None },
            Some(policy) => CapacityRange { units: self.start(access, policy), auto_scaling: Some(policy) },
        };
        Candidate { capacity: CapacityMode::Provisioned { read: range(KINDS[0]), write: range(KINDS[1]) }, warm: None }
    }

    /// On-demand as the workload has it and, where that is too little, what it has to be warmed to.
    fn on_demand(&self, asked: [Asked; 2]) -> [OnDemand; 2] {
        let most = self.question.throttled_at_most;
        let options = self.demands[0].resources[self.resource].options;
        let initial = [ON_DEMAND_INITIAL_READ_UNITS_PER_SECOND, ON_DEMAND_INITIAL_WRITE_UNITS_PER_SECOND];
        let own = options.warm.map_or([0; 2], |warm| [warm.read_units_per_second, warm.write_units_per_second]);
        let least = [0, 1].map(|at| initial[at].max(own[at]));
        let capacity = match options.capacity {
            mode @ CapacityMode::OnDemand { .. } => mode,
            CapacityMode::Provisioned { .. } => CapacityMode::ON_DEMAND,
        };
        let with = |[read_units_per_second, write_units_per_second]: [u64; 2]| Candidate {
            capacity,
            warm: Some(WarmThroughput { read_units_per_second, write_units_per_second }),
        };
        let trials = self.attempt(&with(least), None);
        let quota = CapacityModel { table_quota_units_per_second: u64::MAX >> 8, ..self.question.model };
        let fits = |units: [u64; 2], access: ReadWrite| self.fits(&with(units), quota, most, access);
        let mut units = [0, 1].map(|at| ample(asked, 4)[at].max(least[at]));
        let mut helps = [false; 2];
        for access in [ReadWrite::Write, ReadWrite::Read] {
            let at = access as usize;
            if self.is_within(&trials, access, most) {
                units[at] = least[at];
            } else if fits(units, access) {
                helps[at] = true;
                units[at] = smallest(least[at], units[at], FINENESS, |candidate| {
                    let mut units = units;
                    units[at] = candidate;
                    fits(units, access)
                });
            } else {
                units[at] = least[at];
            }
        }
        let when_warm = helps.contains(&true).then(|| self.attempt_with(&with(units), quota, None));
        KINDS.map(|access| {
            let at = access as usize;
            OnDemand {
                throttled: shares(&trials, access),
                worst_minute: worst(trials.iter().map(|trial| &trial.sides[at])).0,
                fits: self.is_within(&trials, access, most),
                warm_units: (helps[at] || least[at] > initial[at]).then_some(units[at]),
                throttled_when_warm: when_warm.as_ref().filter(|_| helps[at]).map(|trials| shares(trials, access)),
            }
        })
    }

    /// Whether a candidate refuses no more than the allowed share of one kind of access.
    fn fits(&self, candidate: &Candidate, model: CapacityModel, allowed: f64, access: ReadWrite) -> bool {
        let mut enough = [f64::INFINITY; 2];
        enough[access as usize] = allowed * GIVE_UP + NOISE;
        let trials = self.attempt_with(candidate, model, Some(enough));
        !trials.iter().any(|trial| trial.given_up) && self.is_within(&trials, access, allowed)
    }

    /// Tries a candidate with every seed.
    pub fn attempt(&self, candidate: &Candidate, enough: Option<[f64; 2]>) -> Vec<Trial> {
        self.attempt_with(candidate, self.question.model, enough)
    }

    fn attempt_with(&self, candidate: &Candidate, model: CapacityModel, enough: Option<[f64; 2]>) -> Vec<Trial> {
        self.each_seed(|bench| {
            let demand = &bench.demands[0];
            let divides_collections = demand.resources[bench.resource].options.divides_collections;
            let Candidate { capacity, warm } = *candidate;
            let options = ResourceOptions { capacity, warm, divides_collections };
            attempt(demand, bench.resource, &options, model, enough)
        })
    }

    /// Does something with the demand of every seed, on several threads.
    fn each_seed<T: Send>(&self, work: impl Fn(&Bench<'_>) -> T + Sync) -> Vec<T> {
        let bench = |seed: usize| Bench { demands: &self.demands[seed..=seed], ..*self };
        in_parallel(self.demands.len(), self.question.workers, |seed| work(&bench(seed)))
    }
}

/// What is searched for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Allowed {
    /// The share that may be throttled.
    pub share: f64,
    /// Whether any capacity keeps within it: reads, writes.
    pub fits: [bool; 2],
    /// Capacity that does, where any does.
    pub ample: [u64; 2],
}

/// Settings to be tried.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate {
    capacity: CapacityMode,
    warm: Option<WarmThroughput>,
}

/// Fixed capacity: reads, writes.
pub(super) fn provisioned([read, write]: [u64; 2]) -> Candidate {
    Candidate { capacity: CapacityMode::provisioned(read.max(1), write.max(1)), warm: None }
}

/// So many times what the busiest step asks, and a little more.
pub(super) fn ample(asked: [Asked; 2], factor: u64) -> [u64; 2] {
    asked.map(|asked| ((asked.peak_units_per_second * 1.05).ceil() as u64 + 1).saturating_mul(factor))
}

/// The smallest whole number above `low` that fits, up to one `fineness`-th; `high` fits.
fn smallest(mut low: u64, mut high: u64, fineness: u64, fits: impl Fn(u64) -> bool) -> u64 {
    while high.saturating_sub(low) > (high / fineness).max(1) {
        let middle = low + (high - low) / 2;
        if fits(middle) { high = middle } else { low = middle }
    }
    high
}

/// The share of requests of one kind that candidates refused.
pub(super) fn shares(trials: &[Trial], access: ReadWrite) -> Estimate {
    let shares: Vec<f64> = trials.iter().map(|trial| trial.sides[access as usize].share()).collect();
    Estimate::of_shares(&shares)
}

fn worst<'s>(sides: impl Iterator<Item = &'s Side>) -> (f64, f64) {
    sides
        .map(|side| side.worst_minute)
        .fold((0.0, 0.0), |worst, minute| if minute.0 > worst.0 { minute } else { worst })
}

/// The mean of sums by the hour.
pub(super) fn mean_by_hour<'h>(of_seeds: impl ExactSizeIterator<Item = &'h [f64]>) -> Vec<f64> {
    let count = of_seeds.len().max(1) as f64;
    let mut mean: Vec<f64> = Vec::new();
    for hours in of_seeds {
        mean.resize(mean.len().max(hours.len()), 0.0);
        for (mean, units) in mean.iter_mut().zip(hours) {
            *mean += units / count;
        }
    }
    mean
}

fn of(units: u64) -> Estimate {
    Estimate::of(&[units as f64])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_is_found_up_to_its_fineness() {
        for needed in [1, 2, 99, 100, 12_345] {
            let found = smallest(0, 20_000, u64::MAX, |candidate| candidate >= needed);
            assert_eq!(found, needed);
            let found = smallest(0, 20_000, 100, |candidate| candidate >= needed);
            assert!(found >= needed && found <= needed + (needed / 99).max(1), "{found} for {needed}");
        }
    }
}
