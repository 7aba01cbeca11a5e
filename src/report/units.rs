//! Numbers as people read them: three significant digits, adaptive units, and a dash for what is not a number.

use std::time::Duration;

/// What stands where there is nothing to say.
pub(super) const NOTHING: &str = "–";

/// A latency: `0`, `850 ns`, `12.3 µs`, `4.56 ms`, `1.20 s`.
pub(super) fn latency(duration: Duration) -> String {
    latency_seconds(duration.as_secs_f64())
}

/// A latency in seconds, as [`latency`] writes it.
pub(super) fn latency_seconds(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return NOTHING.to_owned();
    }
    // A histogram keeps nothing at all as a nanosecond, and nothing that is measured takes so little.
    if seconds < 1.5e-9 {
        return "0".to_owned();
    }
    let units = [(1e-9, "ns"), (1e-6, "µs"), (1e-3, "ms"), (1.0, "s")];
    // A value that would round up to 1,000 of its unit belongs to the next one.
    let (size, unit) = units.into_iter().find(|(size, _)| seconds / size < 999.5).unwrap_or((1.0, "s"));
    format!("{} {unit}", significant(seconds / size))
}

/// A stretch of time in whole parts: `250 ms`, `60 s`, `2 min 5 s`, `3 h 20 min`, `30 d`.
pub(super) fn period(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return NOTHING.to_owned();
    }
    if seconds < 99.95 {
        return if seconds >= 1.0 { format!("{} s", trimmed(seconds, 1)) } else { latency_seconds(seconds) };
    }
    let whole = seconds.round() as u64;
    let parts = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let first = parts.iter().position(|(size, _)| whole >= *size).unwrap_or(3);
    let (size, unit) = parts[first];
    let mut text = format!("{} {unit}", count(whole / size));
    if let Some((small, name)) = parts.get(first + 1) {
        let rest = whole % size / small;
        if rest > 0 {
            text.push_str(&format!(" {rest} {name}"));
        }
    }
    text
}

/// A whole number with thousands apart: `1,234,567`.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A quantity such as a rate or capacity units: three significant digits, thousands apart, `M`, `G` and on above 100,000.
pub(super) fn quantity(number: f64) -> String {
    if !number.is_finite() {
        return NOTHING.to_owned();
    }
    let size = number.abs();
    if size == 0.0 {
        "0".to_owned()
    } else if size < 0.001 {
        format!("{number:.1e}")
    } else if size < 999.5 {
        significant_trimmed(number)
    } else if size < 99_999.5 {
        let sign = if number < 0.0 { "−" } else { "" };
        format!("{sign}{}", count(size.round() as u64))
    } else {
        scaled(number)
    }
}

/// A measured rate per second, zeros kept so that columns of them line up: `998/s`, `7.30/s`.
pub(super) fn rate(per_second: f64) -> String {
    match per_second.abs() {
        size if !size.is_finite() => NOTHING.to_owned(),
        size if (0.001..999.5).contains(&size) => format!("{}/s", significant(per_second)),
        _ => format!("{}/s", quantity(per_second)),
    }
}

/// A number with a metric prefix, short enough for an axis: `1.2 k`, `35 M`.
pub(super) fn scaled(number: f64) -> String {
    if !number.is_finite() {
        return NOTHING.to_owned();
    }
    let prefixes = [(1.0, ""), (1e3, " k"), (1e6, " M"), (1e9, " G"), (1e12, " T"), (1e15, " P"), (1e18, " E")];
    match prefixes.into_iter().find(|(size, _)| number.abs() / size < 999.5) {
        Some((size, prefix)) => format!("{}{prefix}", significant_trimmed(number / size)),
        None => format!("{number:.0e}"),
    }
}

/// A share of a whole, 0 to 1, never rounded to nothing or to all of it.
pub(super) fn share(part: f64, whole: f64) -> String {
    let share = part / whole;
    if !share.is_finite() {
        return NOTHING.to_owned();
    }
    let percent = share * 100.0;
    if percent == 0.0 {
        "0 %".to_owned()
    } else if percent < 0.01 {
        "< 0.01 %".to_owned()
    } else if percent > 99.99 && percent < 100.0 {
        "> 99.99 %".to_owned()
    } else if percent > 99.0 && percent < 100.0 {
        format!("{} %", trimmed(percent, 2))
    } else if percent < 999.5 {
        format!("{} %", significant_trimmed(percent))
    } else {
        format!("{} %", quantity(percent))
    }
}

/// Bytes in binary units, as DynamoDB counts them: `3.7 GB` of 1,024³ bytes.
pub(super) fn bytes(bytes: u64) -> String {
    let units = [(1_u64, "B"), (1 << 10, "KB"), (1 << 20, "MB"), (1 << 30, "GB"), (1 << 40, "TB")];
    let (size, unit) = units.into_iter().rev().find(|(size, _)| bytes >= *size).unwrap_or(units[0]);
    format!("{} {unit}", quantity(bytes as f64 / size as f64))
}

/// An RFC 3339 moment in UTC without its `T` and `Z`; anything else as it is.
pub(super) fn moment(rfc3339: &str) -> String {
    match rfc3339.strip_suffix('Z').and_then(|text| text.split_once('T')) {
        Some((date, time)) => format!("{date} {} UTC", time.split('.').next().unwrap_or(time)),
        None => rfc3339.to_owned(),
    }
}

/// `1 interval`, `3 intervals`.
pub(super) fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// Three significant digits, zeros kept.
fn significant(number: f64) -> String {
    format!("{number:.*}", decimals(number))
}

/// Three significant digits, trailing zeros dropped.
fn significant_trimmed(number: f64) -> String {
    trimmed(number, decimals(number))
}

/// Decimals that make three significant digits.
fn decimals(number: f64) -> usize {
    match number.abs() {
        size if size >= 99.95 => 0,
        size if size >= 9.995 => 1,
        size if size >= 0.9995 => 2,
        size if size >= 0.09995 => 3,
        _ => 4,
    }
}

/// At most `decimals` decimals, trailing zeros dropped.
fn trimmed(number: f64, decimals: usize) -> String {
    let text = format!("{number:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies_take_the_unit_that_keeps_them_short() {
        let nanos = |nanos| latency(Duration::from_nanos(nanos));
        assert_eq!([0, 1, 850, 12_345, 999_700].map(nanos), ["0", "0", "850 ns", "12.3 µs", "1.00 ms"]);
        assert_eq!([4_560_000, 1_200_000_000, 3_600_000_000_000].map(nanos), ["4.56 ms", "1.20 s", "3600 s"]);
        assert_eq!(latency_seconds(f64::NAN), NOTHING);
    }

    #[test]
    fn quantities_stay_readable_at_every_size() {
        let cases = [0.0, 0.5, 12.345, 998.0, 1234.0, 99_999.0, 123_456.0, 1.5e9, 1e300];
        assert_eq!(cases.map(quantity), ["0", "0.5", "12.3", "998", "1,234", "99,999", "123 k", "1.5 G", "1e300"]);
        assert_eq!(quantity(f64::INFINITY), NOTHING);
        assert_eq!([0.0, 500.0, 1000.0, 1200.0, 2e6].map(scaled), ["0", "500", "1 k", "1.2 k", "2 M"]);
    }

    #[test]
    fn a_share_is_never_rounded_to_nothing_or_to_all() {
        assert_eq!(share(1.0, 1e9), "< 0.01 %");
        assert_eq!(share(999_999_999.0, 1e9), "> 99.99 %");
        assert_eq!(share(9_985.0, 10_000.0), "99.85 %");
        assert_eq!(share(1.0, 8.0), "12.5 %");
        assert_eq!(share(0.0, 0.0), NOTHING);
    }

    #[test]
    fn periods_name_two_parts_at_most() {
        let cases = [0.25, 60.0, 12.5, 125.0, 12_000.0, 2_592_000.0];
        assert_eq!(cases.map(period), ["250 ms", "60 s", "12.5 s", "2 min 5 s", "3 h 20 min", "30 d"]);
    }
}
