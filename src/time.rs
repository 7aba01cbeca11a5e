//! Time as an argument: nanoseconds since a run began.
//!
//! Nothing below `runner/` reads a clock. In real time the runner makes a [`Time`] from a monotonic clock; in
//! virtual time it comes from the event heap.

use std::ops::{Add, AddAssign};
use std::time::Duration;

/// A moment of a run: nanoseconds since its start, monotonic. 64 bits last 584 years.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Time(u64);

impl Time {
    /// The start of the run.
    pub const ZERO: Time = Time(0);
    /// A moment no run reaches.
    pub const NEVER: Time = Time(u64::MAX);

    /// The moment `nanos` nanoseconds after the start.
    pub const fn from_nanos(nanos: u64) -> Self {
        Time(nanos)
    }

    /// The moment `seconds` after the start; negative and not-a-number become the start, too large the end of time.
    pub fn from_secs_f64(seconds: f64) -> Self {
        Time((seconds * 1e9) as u64)
    }

    /// Nanoseconds since the start.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Seconds since the start.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// Time passed since `earlier`; zero when `earlier` is later.
    pub const fn since(self, earlier: Time) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Time {
    type Output = Time;

    fn add(self, duration: Duration) -> Time {
        Time(self.0.saturating_add(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)))
    }
}

impl AddAssign<Duration> for Time {
    fn add_assign(&mut self, duration: Duration) {
        *self = *self + duration;
    }
}

/// A text that is not a length of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a length of time; write a number and a unit, such as 250ms, 30s, 5m, 1h 30m or 7d")]
pub struct DurationError(pub String);

/// Reads a length of time: numbers with units (ns, us, µs, ms, s, m, h, d), added up.
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    let wrong = || DurationError(text.to_owned());
    let mut rest = text.trim();
    let mut nanos = 0.0;
    if rest.is_empty() {
        return Err(wrong());
    }
    while !rest.is_empty() {
        let number_end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let number: f64 = rest[..number_end].parse().map_err(|_| wrong())?;
        rest = rest[number_end..].trim_start();
        let unit_end = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
        let unit_nanos = match &rest[..unit_end] {
            "ns" => 1.0,
            "us" | "µs" | "μs" => 1e3,
            "ms" => 1e6,
            "s" => 1e9,
            "m" | "min" => 60e9,
            "h" => 3600e9,
            "d" => 86_400e9,
            _ => return Err(wrong()),
        };
        nanos += number * unit_nanos;
        rest = rest[unit_end..].trim_start();
    }
    // A century is more than any run lasts, and far below what a Time holds.
    if nanos > 100.0 * 366.0 * 86_400e9 { Err(wrong()) } else { Ok(Duration::from_nanos(nanos.round() as u64)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_read() {
        for (text, nanos) in
            [("250ms", 250_000_000), ("1h 30m", 5_400_000_000_000), ("1.5s", 1_500_000_000), ("20 µs", 20_000)]
        {
            assert_eq!(parse_duration(text), Ok(Duration::from_nanos(nanos)), "{text}");
        }
        for text in ["", "5", "s", "5 parsecs", "-1s", "1..2s", "1e5s", "9999999999999999999999d"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }
}
