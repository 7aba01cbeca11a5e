//! Auto scaling: target tracking as Application Auto Scaling does it with two CloudWatch alarms (facts §5.1).
//!
//! Every minute what was consumed becomes a datapoint, seen some time later. Two minutes in a row above the target add capacity,
//! fifteen in a row more than 20 points below it take some away, as long as decreases are left. New capacity is what brings the
//! largest of these minutes to the target. While a change is under way none is decided.

use std::collections::VecDeque;
use std::time::Duration;

use crate::api::{AutoScaling, CapacityUnits};
use crate::time::Time;

use super::limits::{
    DECREASES_AT_HAND, SCALE_IN_BELOW_TARGET, SCALE_IN_PERIODS, SCALE_OUT_PERIODS, SCALING_PERIOD_SECONDS,
};
use super::model::CapacityModel;

const PERIOD: Duration = Duration::from_secs(SCALING_PERIOD_SECONDS);
/// Utilizations are counted in hundredths of a percent.
const WHOLE: u64 = 10_000;
/// Datapoints that may be under way: a metric may be late by an hour.
const DATAPOINTS_MAX: usize = SCALE_IN_PERIODS + 60;

/// Follows the demand for one kind of access to one table or index.
#[derive(Debug, Clone)]
pub(super) struct Scaler {
    policy: AutoScaling,
    /// Ends of minutes and what was consumed in them, the oldest first.
    datapoints: VecDeque<(Time, CapacityUnits)>,
    minute_end: Time,
    consumed_before: CapacityUnits,
    /// The end of the first minute that was not looked at yet.
    unseen: Time,
    /// Capacity that is on its way.
    pending: Option<(Time, u64)>,
    /// A refused decrease is told once.
    refused: bool,
}

/// What auto scaling does at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// It decided for other capacity, effective later.
    Decided { to: u64, effective_at: Time },
    /// It would decrease, but no decrease is left.
    Refused { to: u64 },
    /// Capacity it decided for is there.
    Effective { to: u64 },
}

/// Decreases of one table or index by UTC days (facts §5.2).
#[derive(Debug, Clone)]
pub(super) struct Decreases {
    at_hand: u64,
    hour: u64,
}

impl Scaler {
    /// A policy that holds from `now` on; `consumed` is what was consumed before.
    pub fn new(policy: AutoScaling, consumed: CapacityUnits, now: Time) -> Self {
        // Minutes are those of the clock.
        let minute_end =
            Time::from_nanos(now.as_nanos() / PERIOD.as_nanos() as u64 * PERIOD.as_nanos() as u64) + PERIOD;
        Scaler {
            policy,
            datapoints: VecDeque::new(),
            minute_end,
            consumed_before: consumed,
            unseen: minute_end,
            pending: None,
            refused: false,
        }
    }

    /// When something is to be done next.
    pub fn due(&self, model: &CapacityModel) -> Time {
        let effective = self.pending.map_or(Time::NEVER, |(at, _)| at);
        self.minute_end.min(self.unseen + model.metric_delay).min(effective)
    }

    /// Does what is due at `now`. `consumed` is all that was ever consumed, `provisioned` the capacity at present.
    pub fn advance(
        &mut self,
        now: Time,
        consumed: CapacityUnits,
        provisioned: u64,
        decreases: &mut Decreases,
        model: &CapacityModel,
    ) -> Option<Step> {
        if let Some((at, to)) = self.pending
            && at <= now
        {
            self.pending = None;
            return Some(Step::Effective { to });
        }
        if self.minute_end <= now {
            self.datapoints.push_back((self.minute_end, consumed - self.consumed_before));
            if self.datapoints.len() > DATAPOINTS_MAX {
                self.datapoints.pop_front();
            }
            self.consumed_before = consumed;
            self.minute_end += PERIOD;
        }
        if self.unseen + model.metric_delay <= now {
            let seen = self.unseen;
            self.unseen += PERIOD;
            return self.evaluate(now, seen, provisioned, decreases, model);
        }
        None
    }

    /// Looks at the alarms with the datapoints up to the minute that ended at `seen`.
    fn evaluate(
        &mut self,
        now: Time,
        seen: Time,
        provisioned: u64,
        decreases: &mut Decreases,
        model: &CapacityModel,
    ) -> Option<Step> {
        if self.pending.is_some() {
            return None;
        }
        let visible: Vec<u64> =
            self.datapoints.iter().rev().filter(|(end, _)| *end <= seen).map(|(_, units)| units.as_halves()).collect();
        let target = (self.policy.target_utilization * WHOLE as f64).round() as u64;
        // Half units a minute, times utilizations: whole numbers on both sides.
        let passes = |halves: u64, utilization: u64| {
            (u128::from(halves) * u128::from(WHOLE))
                .cmp(&(u128::from(provisioned) * 2 * u128::from(SCALING_PERIOD_SECONDS) * u128::from(utilization)))
        };
        let wanted = |minutes: &[u64]| {
            let most = u128::from(minutes.iter().copied().max().unwrap_or(0));
            let per_second =
                (most * u128::from(WHOLE)).div_ceil(u128::from(target.max(1)) * 2 * u128::from(SCALING_PERIOD_SECONDS));
            u64::try_from(per_second).unwrap_or(u64::MAX).clamp(self.policy.min_units, self.policy.max_units)
        };
        let out = visible
            .get(..SCALE_OUT_PERIODS)
            .filter(|minutes| minutes.iter().all(|&halves| passes(halves, target).is_gt()));
        if let Some(to) = out.map(wanted).filter(|to| *to > provisioned) {
            return Some(self.decide(to, now, model));
        }
        let low = target.saturating_sub(SCALE_IN_BELOW_TARGET);
        let quiet =
            visible.get(..SCALE_IN_PERIODS).filter(|minutes| minutes.iter().all(|&halves| passes(halves, low).is_lt()));
        let to = quiet.map(wanted).filter(|to| *to < provisioned)?;
        if decreases.take(now, model) {
            return Some(self.decide(to, now, model));
        }
        (!std::mem::replace(&mut self.refused, true)).then_some(Step::Refused { to })
    }

    fn decide(&mut self, to: u64, now: Time, model: &CapacityModel) -> Step {
        self.refused = false;
        let effective_at = now + model.scaling_update;
        self.pending = Some((effective_at, to));
        Step::Decided { to, effective_at }
    }
}

impl Decreases {
    /// As many as a day starts with.
    pub const fn new() -> Self {
        Decreases { at_hand: DECREASES_AT_HAND, hour: 0 }
    }

    /// Takes one decrease, if one is at hand.
    fn take(&mut self, now: Time, model: &CapacityModel) -> bool {
        let hour = (model.epoch_seconds_at_time_zero.saturating_add(now.as_nanos() / 1_000_000_000)) / 3_600;
        let new_day = hour / 24 != self.hour / 24;
        let grown = if new_day { DECREASES_AT_HAND } else { self.at_hand + hour.saturating_sub(self.hour) };
        self.at_hand = grown.min(DECREASES_AT_HAND);
        self.hour = hour;
        let taken = self.at_hand > 0;
        self.at_hand = self.at_hand.saturating_sub(1);
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: AutoScaling = AutoScaling { min_units: 5, max_units: 1_000_000_000, target_utilization: 0.7 };

    fn minutes(minutes: u64) -> Time {
        Time::ZERO + PERIOD * minutes as u32
    }

    /// The minutes and capacities of all steps, with what is consumed in each minute given in units per second.
    fn follow(demand: impl Fn(u64) -> u64, mut provisioned: u64, length: u64) -> Vec<(f64, Step)> {
        let model = CapacityModel::default();
        let (mut scaler, mut decreases) = (Scaler::new(POLICY, CapacityUnits::ZERO, Time::ZERO), Decreases::new());
        let mut steps = Vec::new();
        let mut consumed = 0;
        let mut minute = 0;
        loop {
            let due = scaler.due(&model);
            if due > minutes(length) {
                return steps;
            }
            while minutes(minute + 1) <= due {
                consumed += demand(minute) * 60;
                minute += 1;
            }
            let step = scaler.advance(due, CapacityUnits::whole(consumed), provisioned, &mut decreases, &model);
            if let Some(Step::Effective { to }) = step {
                provisioned = to;
            }
            steps.extend(step.map(|step| (due.as_secs_f64() / 60.0, step)));
        }
    }

    fn effective(steps: &[(f64, Step)]) -> Vec<(f64, u64)> {
        let to = |step: &(f64, Step)| match step.1 {
            Step::Effective { to } => Some((step.0, to)),
            Step::Decided { .. } | Step::Refused { .. } => None,
        };
        steps.iter().filter_map(to).collect()
    }

    #[test]
    fn a_step_is_followed_after_two_minutes_of_alarm_one_of_metrics_and_one_of_updating() {
        let steps = follow(|minute| if minute < 20 { 65 } else { 90 }, 100, 60);
        assert_eq!(effective(&steps), [(24.0, 129)], "90 / 0.7 = 128.6");
    }

    #[test]
    fn one_minute_above_the_target_changes_nothing() {
        assert_eq!(effective(&follow(|minute| if minute == 20 { 500 } else { 65 }, 100, 120)), []);
    }

    #[test]
    fn the_alarms_compare_strictly() {
        assert_eq!(effective(&follow(|_| 70, 100, 120)), []);
        assert_eq!(effective(&follow(|_| 50, 100, 120)), []);
        assert_eq!(effective(&follow(|_| 49, 100, 120)), [(17.0, 70)], "15 minutes, one of metrics, one of updating");
        assert_eq!(effective(&follow(|_| 71, 100, 5)), [(4.0, 102)]);
    }

    #[test]
    fn capacity_stays_within_its_bounds() {
        assert_eq!(effective(&follow(|_| 0, 100, 40)), [(17.0, 5)]);
        assert_eq!(effective(&follow(|_| 999_999_999, 800_000_000, 40)), [(4.0, 1_000_000_000)]);
    }

    #[test]
    fn a_day_has_27_decreases_at_most() {
        // Demand that falls by 40 % an hour would allow a decrease every 40 minutes.
        let demand = |minute: u64| (3e8 * 0.6_f64.powf(minute as f64 / 60.0)) as u64;
        let steps = follow(demand, 1_000_000_000, 24 * 60);
        let decreases = effective(&steps).len();
        assert!((25..=27).contains(&decreases), "{decreases}");
        assert!(steps.iter().any(|(_, step)| matches!(step, Step::Refused { .. })));
    }
}
