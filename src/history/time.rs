//! Times as metrics write them.

use jiff::civil;
use jiff::tz::TimeZone;

/// Numbers from here on are milliseconds since 1970 (1e11 seconds is the year 5138, 1e11 milliseconds 1973).
const MILLISECONDS_FROM: f64 = 1e11;
/// The year 2200, in seconds since 1970: no metric is from later.
const SECONDS_MAX: f64 = 7_258_118_400.0;

/// A time, and whether its zone was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ReadTime {
    /// Seconds since 1970, UTC.
    pub seconds: i64,
    /// Whether the text says its zone; UTC is assumed where it does not.
    pub has_zone: bool,
}

/// Reads ISO 8601 with or without a zone, year first, or a number of seconds or milliseconds since 1970.
pub(super) fn parse(text: &str) -> Result<ReadTime, String> {
    let text = text.trim();
    if let Ok(number) = text.parse::<f64>() {
        return from_number(number).map(|seconds| ReadTime { seconds, has_zone: true });
    }
    parse_calendar(text).ok_or_else(|| {
        format!(
            "`{}` is not a time; write it like 2026-03-01T12:00:00Z, or as seconds since 1970",
            text.chars().take(40).collect::<String>()
        )
    })
}

/// Seconds out of a number of seconds or milliseconds since 1970.
pub(super) fn from_number(number: f64) -> Result<i64, String> {
    let seconds = if number >= MILLISECONDS_FROM { number / 1e3 } else { number };
    if (0.0..=SECONDS_MAX).contains(&seconds) {
        Ok(seconds.floor() as i64)
    } else {
        Err(format!("{number} is not a time in seconds since 1970"))
    }
}

fn parse_calendar(text: &str) -> Option<ReadTime> {
    let bytes = text.as_bytes();
    let number = |from: usize, to: usize| -> Option<i16> {
        let digits = bytes.get(from..to)?;
        digits.iter().try_fold(0i16, |sum, digit| {
            digit.is_ascii_digit().then(|| sum.checked_mul(10)?.checked_add(i16::from(digit - b'0'))).flatten()
        })
    };
    let two = |from: usize| number(from, from + 2).and_then(|number| i8::try_from(number).ok());
    let divider = *bytes.get(4)?;
    if !matches!(divider, b'-' | b'/') || *bytes.get(7)? != divider {
        return None;
    }
    let date = civil::Date::new(number(0, 4)?, two(5)?, two(8)?).ok()?;
    let (mut hour, mut minute, mut second) = (0, 0, 0);
    let mut rest = bytes.get(10..)?;
    if let [b'T' | b't' | b' ', b'0'..=b'9', ..] = rest {
        if *bytes.get(13)? != b':' {
            return None;
        }
        (hour, minute) = (two(11)?, two(14)?);
        rest = bytes.get(16..)?;
        if rest.first() == Some(&b':') {
            second = two(17)?;
            rest = bytes.get(19..)?;
            if rest.first() == Some(&b'.') {
                let digits = rest[1..].iter().take_while(|digit| digit.is_ascii_digit()).count();
                // Periods begin on whole seconds.
                if digits == 0 || rest[1..=digits].iter().any(|digit| *digit != b'0') {
                    return None;
                }
                rest = &rest[digits + 1..];
            }
        }
    }
    let time = civil::Time::new(hour, minute, second, 0).ok()?;
    let seconds = TimeZone::UTC.to_timestamp(date.to_datetime(time)).ok()?.as_second();
    let offset = offset_seconds(rest)?;
    Some(ReadTime { seconds: seconds - offset.unwrap_or(0), has_zone: offset.is_some() })
}

/// The offset from UTC that a text says; `Some(None)` where it says nothing.
fn offset_seconds(rest: &[u8]) -> Option<Option<i64>> {
    let rest = rest.trim_ascii_start();
    let sign = match rest {
        [] => return Some(None),
        b"Z" | b"z" | b"UTC" | b"GMT" => return Some(Some(0)),
        [b'+', ..] => 1,
        [b'-', ..] => -1,
        _ => return None,
    };
    let digits: &[u8] = match &rest[1..] {
        [hours @ .., b':', _, _] if hours.len() == 2 => &[rest[1], rest[2], rest[4], rest[5]],
        plain @ ([_, _] | [_, _, _, _]) => plain,
        _ => return None,
    };
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let two = |at: usize| i64::from(digits[at] - b'0') * 10 + i64::from(digits[at + 1] - b'0');
    let (hours, minutes) = (two(0), if digits.len() == 4 { two(2) } else { 0 });
    (hours <= 14 && minutes < 60).then_some(Some(sign * (hours * 3_600 + minutes * 60)))
}

/// A time as messages say it.
pub(super) fn in_words(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).map_or_else(|_| seconds.to_string(), |time| time.to_string())
}

/// A length of time as messages say it, such as `1d 2h`.
pub(super) fn length_in_words(seconds: u64) -> String {
    let parts = [(seconds / 86_400, "d"), (seconds / 3_600 % 24, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")];
    let said: Vec<String> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count}{unit}")).collect();
    if said.is_empty() { "0s".to_owned() } else { said.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> (i64, bool) {
        let time = parse(text).unwrap_or_else(|error| panic!("{error}"));
        (time.seconds, time.has_zone)
    }

    #[test]
    fn times_are_read_in_the_forms_that_exports_have() {
        // `date -u -d 2026-03-01T12:00:00Z +%s` says 1772366400.
        const NOON: i64 = 1_772_366_400;
        for text in [
            "2026-03-01T12:00:00Z",
            "2026-03-01T12:00:00+00:00",
            "2026-03-01T12:00:00.000Z",
            "2026-03-01 12:00:00 UTC",
            "2026-03-01T14:00:00+02:00",
            "2026-03-01T05:30-0630",
            "2026-03-01T17:30:00+0530",
            "1772366400",
            "1772366400.0",
            "1772366400000",
        ] {
            assert_eq!(seconds(text), (NOON, true), "{text}");
        }
        for text in ["2026-03-01T12:00:00", "2026-03-01 12:00", "2026/03/01 12:00:00"] {
            assert_eq!(seconds(text), (NOON, false), "{text}");
        }
        assert_eq!(seconds("2026-03-01"), (NOON - 12 * 3_600, false));
        assert_eq!(seconds("2024-02-29T00:00:00Z").0, 1_709_164_800);
    }

    #[test]
    fn what_is_no_time_or_not_one_time_alone_is_refused() {
        for text in [
            "",
            "soon",
            "01/02/2026",
            "2026-02-30",
            "2026-03-01T25:00:00Z",
            "2026-03-01T12:00:00.5Z",
            "2026-03-01T12:00:00 CET",
            "2026-03-01T12:00:00+99:00",
            "2026-03/01",
            "-5",
            "NaN",
            "2026-03-01T12h",
            "2026-03-01T12:00:0é",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
