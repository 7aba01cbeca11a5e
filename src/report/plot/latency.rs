//! Response time percentiles of one operation over time.

use crate::record::{Histogram, RunResult};
use crate::report::page::Markup;
use crate::report::ticks::{Axis, log_position};
use crate::report::timeline::{Column, ColumnLatencies, Timeline, runs};
use crate::report::units;

use super::background;
use super::canvas::{Format, Frame, Hover};
use super::ink::Ink;

/// Percentiles drawn, with the samples an interval takes before the percentile is more than a name for its maximum.
const PERCENTILES: [(f64, &str, u64); 4] =
    [(50.0, "p50", 1), (90.0, "p90", 10), (99.0, "p99", 100), (99.9, "p99.9", 1_000)];
/// Those of which the service time is drawn where it differs: the median and the 99th.
const SERVICE: [(usize, &str); 2] = [(0, "service time p50"), (2, "service time p99")];

/// Columns to each side whose samples are looked at too, so that a line does not come and go with every column.
const NEIGHBOURS: usize = 7;

/// One operation's percentiles, column by column.
pub(in crate::report) struct LatencyOverTime {
    columns: Vec<Option<Sample>>,
    /// Percentiles that at least one interval supports.
    supported: [bool; 4],
    service: bool,
}

/// One operation in one column: percentiles in seconds.
struct Sample {
    count: u64,
    response: [Option<f64>; 4],
    service: [Option<f64>; 4],
    max: f64,
}

impl Sample {
    fn of(latencies: &ColumnLatencies) -> Self {
        Sample {
            count: latencies.response.count(),
            response: percentiles(&latencies.response),
            service: percentiles(&latencies.service),
            max: latencies.response.max().as_secs_f64(),
        }
    }

    /// Keeps the percentiles that the samples support, of this column and on the whole of the columns `around` it.
    fn keep_supported(&mut self, around: &[u64]) {
        let mut around: Vec<u64> = around.iter().copied().filter(|count| *count > 0).collect();
        around.sort_unstable();
        let usual = around.get(around.len() / 2).copied().unwrap_or(0);
        for (index, (_, _, least)) in PERCENTILES.into_iter().enumerate() {
            // A rate that makes just enough samples on average makes a few less in every other column.
            if self.count < least.div_ceil(2) || usual < least - least / 10 {
                self.response[index] = None;
                self.service[index] = None;
            }
        }
    }
}

impl LatencyOverTime {
    /// Reads the latencies of an operation; `service` asks for service times too.
    pub fn of(timeline: &Timeline, operation: usize, service: bool) -> Self {
        let sample = |column: &Column| column.latencies(operation).map(|latencies| Sample::of(&latencies));
        let mut columns: Vec<Option<Sample>> = timeline.columns().iter().map(sample).collect();
        let counts: Vec<u64> = columns.iter().map(|column| column.as_ref().map_or(0, |sample| sample.count)).collect();
        for (index, column) in columns.iter_mut().enumerate() {
            let around = &counts[index.saturating_sub(NEIGHBOURS)..(index + NEIGHBOURS + 1).min(counts.len())];
            if let Some(sample) = column {
                sample.keep_supported(around);
            }
        }
        let drawn = |index: usize| columns.iter().flatten().any(|sample| sample.response[index].is_some());
        let supported = [0, 1, 2, 3].map(drawn);
        LatencyOverTime { columns, supported, service }
    }

    /// Whether nothing of the operation succeeded.
    pub fn is_empty(&self) -> bool {
        self.columns.iter().all(Option::is_none)
    }

    /// What the plot's legend must name.
    pub fn legend(&self) -> Vec<(Ink, String)> {
        let percentiles = PERCENTILES.iter().enumerate().filter(|(index, _)| self.supported[*index]);
        let mut legend: Vec<(Ink, String)> =
            percentiles.map(|(index, (_, name, _))| (Ink::PERCENTILES[index], (*name).to_owned())).collect();
        legend.push((Ink::MAXIMUM, "maximum".to_owned()));
        if self.service {
            let drawn = SERVICE.iter().zip(Ink::SERVICE).filter(|((index, _), _)| self.supported[*index]);
            legend.extend(drawn.map(|((_, name), ink)| (ink, (*name).to_owned())));
        }
        legend
    }

    /// Every value drawn, in seconds: what the axis must hold.
    pub fn values(&self) -> Vec<f64> {
        let columns = self.columns.iter().flatten();
        let response = columns.clone().flat_map(|column| column.response);
        let service =
            columns.filter(|_| self.service).flat_map(|column| SERVICE.map(|(index, _)| column.service[index]));
        let max = self.columns.iter().flatten().map(|column| Some(column.max));
        response.chain(service).chain(max).flatten().collect()
    }

    /// The plot, in one shape.
    pub fn draw(&self, result: &RunResult, timeline: &Timeline, y: &Axis, name: &str, format: Format) -> Markup {
        let columns = timeline.columns();
        let hovers: Vec<Hover> = columns
            .iter()
            .zip(&self.columns)
            .filter_map(|(column, latencies)| {
                let sample = latencies.as_ref()?;
                let mut text = units::period(column.start());
                for (index, (_, name, _)) in PERCENTILES.iter().enumerate() {
                    if let Some(value) = sample.response[index] {
                        text.push_str(&format!("\n{name} {}", units::latency_seconds(value)));
                    }
                }
                text.push_str(&format!("\nmax {}", units::latency_seconds(sample.max)));
                text.push_str(&format!("\nof {}", units::counted(sample.count, "operation", "operations")));
                Some(Hover { start: column.start(), end: column.end(), text })
            })
            .collect();
        let frame = Frame {
            format,
            x: Axis::time(timeline.start, timeline.end, format.time_labels()),
            y: y.clone(),
            description: format!("Response time percentiles of {name} over time"),
            lanes: background::lanes(result, timeline, format),
        };
        frame.draw(&hovers, |canvas| {
            background::draw(canvas, result, timeline);
            let line = |pick: &dyn Fn(&Sample) -> Option<f64>| {
                runs(&columns, |index, _| self.columns[index].as_ref().and_then(pick).map(log_position))
            };
            for run in line(&|column| Some(column.max)) {
                canvas.line(&run, Ink::MAXIMUM, 0.9);
            }
            for (index, ink) in Ink::PERCENTILES.into_iter().enumerate().rev() {
                for run in line(&|column| column.response[index]) {
                    canvas.line(&run, ink, 1.6);
                }
            }
            for ((index, _), ink) in SERVICE.into_iter().zip(Ink::SERVICE).filter(|_| self.service) {
                for run in line(&|column| column.service[index]) {
                    canvas.line(&run, ink, 1.6);
                }
            }
        })
    }
}

/// Percentiles in seconds.
fn percentiles(histogram: &Histogram) -> [Option<f64>; 4] {
    PERCENTILES.map(|(percent, ..)| Some(histogram.percentile(percent).as_secs_f64()))
}
