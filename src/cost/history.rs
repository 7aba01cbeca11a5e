//! What a history's tables used, hour by hour.

use std::time::Duration;

use crate::api::TableClass;
use crate::history::{History, ResourceHistory};

use super::month::Month;
use super::usage::{AccessUsage, ResourceUsage, TableUsage, Usage};

impl Usage {
    /// What the tables of a history used. Nothing is known of capacity that would serve it: on-demand alone can be billed.
    pub fn of_history(history: &History) -> Usage {
        let periods =
            history.resources.iter().map(|resource| resource.read_units.len().max(resource.write_units.len()));
        let seconds = history.period.as_secs_f64();
        let span = history.period.saturating_mul(u32::try_from(periods.max().unwrap_or(0)).unwrap_or(u32::MAX));
        let hourly = |units: &[f64]| {
            let mut hours = Hourly::new(span);
            for (period, units) in units.iter().enumerate() {
                hours.add(period as f64 * seconds, (period + 1) as f64 * seconds, *units);
            }
            AccessUsage { units: hours.sums, ..AccessUsage::default() }
        };
        let mut tables: Vec<TableUsage> = Vec::new();
        for resource in &history.resources {
            let usage = ResourceUsage {
                index: resource.index.clone(),
                read: hourly(&resource.read_units),
                write: hourly(&resource.write_units),
                stored_bytes: None,
                changes: Vec::new(),
            };
            match tables.iter_mut().find(|table| table.name == resource.table) {
                Some(table) => table.resources.push(usage),
                None => tables.push(TableUsage {
                    name: resource.table.clone(),
                    class: TableClass::Standard,
                    resources: vec![usage],
                }),
            }
        }
        let assumptions = vec![
            format!(
                "Units are those that {} says were consumed; what was throttled then is not in them.",
                history.source
            ),
            format!(
                "The span is from the first datapoint to the last, {}; idle time before and after is not in it.",
                in_words(history, span)
            ),
            "The tables are taken to be of the Standard class.".to_owned(),
        ];
        let refused = history.resources.iter().map(refused).fold(0.0, f64::max);
        Usage { span, tables, refused, assumptions }
    }
}

/// When a history begins and ends.
fn in_words(history: &History, span: Duration) -> String {
    let ends = history.start.and_then(|start| Some((start, start.checked_add(span).ok()?)));
    ends.map_or_else(|| format!("{} s", span.as_secs_f64()), |(start, end)| format!("{start} to {end}"))
}

/// The share of requests that was throttled at the time. Where only the number of events is known, requests are taken to have
/// consumed one unit each.
fn refused(resource: &ResourceHistory) -> f64 {
    resource.throttled.unwrap_or_else(|| {
        let events = resource.throttle_events;
        let served: f64 = resource.read_units.iter().chain(&resource.write_units).sum();
        if events > 0.0 { events / (events + served) } else { 0.0 }
    })
}

/// Sums by the hour.
#[derive(Debug, Clone)]
pub(super) struct Hourly {
    pub sums: Vec<f64>,
}

impl Hourly {
    /// Nothing in every hour of a span.
    pub fn new(span: Duration) -> Self {
        Hourly { sums: vec![0.0; Month::of(span).hour_lengths().len()] }
    }

    /// Adds units used between two moments, in seconds since the start. What spans several hours is spread evenly; what is
    /// added is the whole of it, exactly where it fits into an hour.
    pub fn add(&mut self, start: f64, end: f64, units: f64) {
        let Some(last) = self.sums.len().checked_sub(1) else { return };
        let hour = |seconds: f64| ((seconds / 3_600.0).max(0.0) as usize).min(last);
        let (first, end_hour) = (hour(start), hour(end - 1e-6));
        if first >= end_hour || end <= start {
            self.sums[first] += units;
            return;
        }
        let mut left = units;
        for at in first..end_hour {
            let inside = (at + 1) as f64 * 3_600.0 - start.max(at as f64 * 3_600.0);
            let share = units * inside / (end - start);
            self.sums[at] += share;
            left -= share;
        }
        self.sums[end_hour] += left;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_spread_over_the_hours_they_were_used_in() {
        let mut hours = Hourly::new(Duration::from_secs(3 * 3_600));
        hours.add(0.0, 3_600.0, 10.5);
        // From half past one to half past two.
        hours.add(5_400.0, 9_000.0, 8.0);
        assert_eq!(hours.sums, [10.5, 4.0, 4.0]);
        // Three hours, of which the last is shared.
        hours.add(0.0, 10_800.0, 3.0);
        assert_eq!(hours.sums, [11.5, 5.0, 5.0]);
        // What is said to be beyond the end belongs to the last hour.
        hours.add(10_800.0, 10_900.0, 1.0);
        assert_eq!(hours.sums, [11.5, 5.0, 6.0]);
    }
}
