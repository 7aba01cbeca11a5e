//! How long a period is: what the spacing of datapoints says.

use std::time::Duration;

use super::HistoryError;
use super::series::{PERIOD_SECONDS_MAX, Series};
use super::time::in_words;

/// Periods below a minute that CloudWatch has, in seconds; above, multiples of a minute (AWS: GetMetricData, `Period`).
const SHORT_PERIODS: [u64; 4] = [1, 5, 10, 30];
const MINUTE: u64 = 60;
/// Periods into which CloudWatch rolls up what is old, and what consoles choose, in seconds.
const ROLLED_UP: [u64; 5] = [300, 900, 3_600, 21_600, 86_400];
/// So many datapoints in a row with the spacing of a longer period are of that period, not gaps.
const ROLLED_UP_RUN: usize = 6;

/// The common period of all series, in seconds. `stated` is what the user says.
pub(super) fn find(
    source: &str,
    series: &[(&Series, &[(i64, f64)])],
    stated: Option<Duration>,
) -> Result<u64, HistoryError> {
    let wrong = |message: String| HistoryError::new(source, message);
    let first = series.iter().filter_map(|(_, points)| points.first()).map(|(at, _)| *at).min().unwrap_or_default();
    let offsets = || series.iter().flat_map(|(_, points)| points.iter()).map(|(at, _)| at.abs_diff(first));
    if let Some(stated) = stated {
        let period = stated.as_secs();
        if period == 0 || stated.subsec_nanos() != 0 || period > PERIOD_SECONDS_MAX {
            return Err(wrong(format!("a period of {stated:?} is none: say whole seconds, at most a day")));
        }
        if let Some(offset) = offsets().find(|offset| offset % period != 0) {
            let message = format!(
                "{} and {} are not periods of {period} s apart",
                in_words(first),
                in_words(first.saturating_add_unsigned(offset))
            );
            return Err(wrong(message));
        }
        return Ok(period);
    }
    let period = offsets().fold(0, gcd);
    if period == 0 {
        return Err(wrong(
            "there is one moment only, which does not say how long its period is: say it, such as --period 60s".into(),
        ));
    }
    if period > PERIOD_SECONDS_MAX {
        return Err(wrong(
            "datapoints are days apart: there is nothing to size or cost by; export with --period 60".into(),
        ));
    }
    let spacings = || series.iter().flat_map(|(_, points)| points.windows(2)).map(|pair| pair[1].0.abs_diff(pair[0].0));
    let (mut all, mut of_period) = (0u64, 0u64);
    for spacing in spacings() {
        all += 1;
        of_period += u64::from(spacing == period);
    }
    let is_known = SHORT_PERIODS.contains(&period) || period.is_multiple_of(MINUTE);
    let is_regular = of_period == all || (is_known && (period >= MINUTE || of_period * 2 >= all));
    if !is_regular {
        return Err(wrong(irregular(series)));
    }
    if let Some((series, longer, at)) = rolled_up(series, period) {
        return Err(series.error(format!(
            "periods are mixed: datapoints are {longer} s apart around {}, elsewhere {period} s. Old metrics are rolled up: export \
             everything with one --period. Where the table really was used every {longer} s only, say --period {period}s",
            in_words(at)
        )));
    }
    Ok(period)
}

fn irregular(series: &[(&Series, &[(i64, f64)])]) -> String {
    let mut pairs = series.iter().flat_map(|(_, points)| points.windows(2));
    let first = pairs.next();
    let usual = first.map_or(0, |pair| pair[1].0.abs_diff(pair[0].0));
    let other = pairs.find(|pair| pair[1].0.abs_diff(pair[0].0) % usual.max(1) != 0).or(first);
    let place = other.map_or_else(String::new, |pair| {
        format!(": {} is followed by {}, others are {usual} s apart", in_words(pair[0].0), in_words(pair[1].0))
    });
    format!("datapoints are not spaced by one period{place}; export with one --period, such as 60")
}

/// A stretch whose spacing is that of a longer period than the common one, and whose moments are where such periods begin.
fn rolled_up<'a>(series: &[(&'a Series, &[(i64, f64)])], period: u64) -> Option<(&'a Series, u64, i64)> {
    for (series, points) in series {
        let mut run = 0;
        let mut before = 0;
        for pair in points.windows(2) {
            let spacing = pair[1].0.abs_diff(pair[0].0);
            let is_longer = spacing > period && ROLLED_UP.contains(&spacing) && pair[0].0.unsigned_abs() % spacing == 0;
            run = if is_longer && spacing == before { run + 1 } else { usize::from(is_longer) };
            before = spacing;
            if run >= ROLLED_UP_RUN {
                return Some((series, spacing, pair[0].0));
            }
        }
    }
    None
}

const fn gcd(one: u64, other: u64) -> u64 {
    let (mut one, mut other) = (one, other);
    while other != 0 {
        (one, other) = (other, one % other);
    }
    one
}
