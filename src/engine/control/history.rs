//! What changed when, and the limits on how often it may (facts §5.2).

use std::collections::VecDeque;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::api::{ApiError, ErrorKind, ThroughputChanges};

const HOUR_MILLIS: u64 = 3_600_000;
const DAY_MILLIS: u64 = 24 * HOUR_MILLIS;
/// Decreases at hand at the start of a UTC day, and at most at any time; one more comes every hour, 27 a day in all.
const DECREASES_AT_HAND: u64 = 4;

/// The changes of one table's or index's provisioned throughput.
#[derive(Debug)]
pub struct ThroughputHistory {
    last_increase: Option<u64>,
    last_decrease: Option<u64>,
    decreases_of_day: u64,
    /// Decreases at hand in the hour since 1970 that stands beside it.
    at_hand: u64,
    hour: u64,
}

impl ThroughputHistory {
    /// No change so far.
    pub const fn new() -> Self {
        ThroughputHistory {
            last_increase: None,
            last_decrease: None,
            decreases_of_day: 0,
            at_hand: DECREASES_AT_HAND,
            hour: 0,
        }
    }

    /// Whether one more decrease is allowed now.
    pub fn check_decrease(&self, epoch_millis: u64) -> Result<(), ApiError> {
        let hour = epoch_millis / HOUR_MILLIS;
        if self.at_hand_in(hour) > 0 {
            return Ok(());
        }
        let (decreases, last) = (self.decreases_of_day, self.last_decrease.unwrap_or(epoch_millis));
        let date = |millis| date(millis, "%A, %B %-d, %Y at %-I:%M:%S %p Coordinated Universal Time");
        Err(limit_exceeded(format!(
            "Provisioned throughput decreases are limited within a given UTC day. After the first {DECREASES_AT_HAND} \
             decreases, each subsequent decrease in the same UTC day can be performed at most once every 3600 seconds. \
             Number of decreases today: {decreases}. Last decrease at {}. Next decrease can be made at {}",
            date(last),
            date((hour + 1) * HOUR_MILLIS),
        )))
    }

    /// Notes a change that was allowed.
    pub fn note(&mut self, epoch_millis: u64, increased: bool, decreased: bool) {
        if increased {
            self.last_increase = Some(epoch_millis);
        }
        if decreased {
            let hour = epoch_millis / HOUR_MILLIS;
            self.decreases_of_day = self.decreases_in(hour) + 1;
            self.at_hand = self.at_hand_in(hour).saturating_sub(1);
            self.hour = hour;
            self.last_decrease = Some(epoch_millis);
        }
    }

    /// As DescribeTable tells it.
    pub const fn describe(&self, epoch_millis: u64) -> ThroughputChanges {
        ThroughputChanges {
            last_increase_epoch_millis: self.last_increase,
            last_decrease_epoch_millis: self.last_decrease,
            decreases_today: self.decreases_in(epoch_millis / HOUR_MILLIS),
        }
    }

    const fn decreases_in(&self, hour: u64) -> u64 {
        if hour / 24 == self.hour / 24 { self.decreases_of_day } else { 0 }
    }

    fn at_hand_in(&self, hour: u64) -> u64 {
        if hour / 24 == self.hour / 24 {
            (self.at_hand + hour.saturating_sub(self.hour)).min(DECREASES_AT_HAND)
        } else {
            DECREASES_AT_HAND
        }
    }
}

/// Changes of which so many are allowed in so many days that roll with the time.
#[derive(Debug)]
pub struct RollingLimit {
    what: &'static str,
    most: usize,
    days: u64,
    /// The last `most` changes at most, the oldest first.
    changes: VecDeque<u64>,
}

impl RollingLimit {
    /// Switches to on-demand: four in 24 hours since August 2025. The text is that of the limit of one a day before.
    pub const fn on_demand_switches() -> Self {
        RollingLimit { what: "Update to PayPerRequest mode are", most: 4, days: 1, changes: VecDeque::new() }
    }

    /// Changes of the table class: two in 30 days (facts §9.5). The service's text is unpublished.
    pub const fn class_changes() -> Self {
        RollingLimit { what: "Updates of the table class are", most: 2, days: 30, changes: VecDeque::new() }
    }

    /// Whether one more change is allowed now.
    pub fn check(&self, epoch_millis: u64) -> Result<(), ApiError> {
        let (Some(oldest), Some(last)) = (self.changes.front(), self.changes.back()) else { return Ok(()) };
        let next = oldest + self.days * DAY_MILLIS;
        if self.changes.len() < self.most || next <= epoch_millis {
            return Ok(());
        }
        let RollingLimit { what, most, days, .. } = self;
        let date = |millis| date(millis, "%a %b %d %H:%M:%S UTC %Y");
        Err(limit_exceeded(format!(
            "{what} limited to {most} times in {days} day(s). Last update at {}. Next update can be made at {}",
            date(*last),
            date(next),
        )))
    }

    /// Notes a change that was allowed.
    pub fn note(&mut self, epoch_millis: u64) {
        if self.changes.len() == self.most {
            self.changes.pop_front();
        }
        self.changes.push_back(epoch_millis);
    }

    /// When the last one was made.
    pub fn last_epoch_millis(&self) -> Option<u64> {
        self.changes.back().copied()
    }
}

/// A limit of what one account may do.
pub fn limit_exceeded(text: impl std::fmt::Display) -> ApiError {
    ApiError::new(ErrorKind::LimitExceeded, format!("Subscriber limit exceeded: {text}"))
}

fn date(epoch_millis: u64, format: &str) -> String {
    let timestamp = i64::try_from(epoch_millis).ok().and_then(|millis| Timestamp::from_millisecond(millis).ok());
    timestamp.unwrap_or(Timestamp::MAX).to_zoned(TimeZone::UTC).strftime(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_27_decreases_for_whoever_takes_each_as_it_comes() {
        let mut history = ThroughputHistory::new();
        let start = 20_000 * DAY_MILLIS;
        let mut made = 0;
        for minute in 0..24 * 60 {
            while history.check_decrease(start + minute * 60_000).is_ok() {
                history.note(start + minute * 60_000, false, true);
                made += 1;
            }
        }
        assert_eq!((made, history.describe(start + DAY_MILLIS - 1).decreases_today), (27, 27));
        assert_eq!(history.describe(start + DAY_MILLIS).decreases_today, 0);
    }

    #[test]
    fn four_decreases_are_at_hand_and_one_comes_back_every_hour() {
        let mut history = ThroughputHistory::new();
        // 2018-07-25 21:04:24 UTC.
        let now = 1_532_552_664_000;
        for _ in 0..4 {
            history.check_decrease(now).unwrap();
            history.note(now, false, true);
        }
        let error = history.check_decrease(now + 1_000).unwrap_err();
        assert_eq!(error.kind, ErrorKind::LimitExceeded);
        assert_eq!(
            error.message,
            "Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC day. After the \
             first 4 decreases, each subsequent decrease in the same UTC day can be performed at most once every 3600 \
             seconds. Number of decreases today: 4. Last decrease at Wednesday, July 25, 2018 at 9:04:24 PM Coordinated \
             Universal Time. Next decrease can be made at Wednesday, July 25, 2018 at 10:00:00 PM Coordinated Universal Time"
        );
        history.check_decrease(now + HOUR_MILLIS).unwrap();
        history.note(now + HOUR_MILLIS, false, true);
        assert!(history.check_decrease(now + HOUR_MILLIS).is_err());
        // 00:04:24 of the next day.
        let changes = history.describe(now + 3 * HOUR_MILLIS);
        assert_eq!((changes.decreases_today, changes.last_decrease_epoch_millis), (0, Some(now + HOUR_MILLIS)));
    }

    #[test]
    fn a_limit_rolls_with_the_time() {
        let mut limit = RollingLimit::on_demand_switches();
        let start = 1_543_442_625_000;
        for hour in 0..4 {
            limit.check(start + hour * HOUR_MILLIS).unwrap();
            limit.note(start + hour * HOUR_MILLIS);
        }
        assert_eq!(
            limit.check(start + DAY_MILLIS - 1).unwrap_err().message,
            "Subscriber limit exceeded: Update to PayPerRequest mode are limited to 4 times in 1 day(s). Last update at Thu \
             Nov 29 01:03:45 UTC 2018. Next update can be made at Thu Nov 29 22:03:45 UTC 2018"
        );
        assert_eq!(limit.check(start + DAY_MILLIS), Ok(()));
    }
}
