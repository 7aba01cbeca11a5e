//! Series on a common grid of periods: what a missing, a doubled or a contradicting datapoint means.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use super::period;
use super::series::{Metric, Series, Subject, Unit};
use super::time::{in_words, length_in_words};
use super::{Gaps, History, HistoryError, HistoryOptions, ResourceHistory, Values};

/// Eight years of minutes, and 64 MB for a table's reads and writes: whatever asks for more has a wrong time in it.
const PERIODS_MAX: u64 = 4 << 20;
/// A minute: how often DynamoDB reports, in seconds.
const MINUTE: u64 = 60;
const HOUR: u64 = 3_600;

/// Everything that was read.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// The series, in the order of the files.
    pub series: Vec<Series>,
    /// What was said about reading them.
    pub warnings: Vec<String>,
}

/// One metric of one table or index: series of several files joined, in the order of time.
#[derive(Debug)]
struct Joined {
    /// The first of them, without datapoints: for its subject, metric and messages.
    head: Series,
    files: BTreeSet<usize>,
    points: Vec<(i64, f64)>,
    requests: Option<f64>,
}

/// The span of a history, and its periods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Grid {
    start: i64,
    end: i64,
    period: u64,
}

impl Gathered {
    /// The history that the series make.
    pub fn history(mut self, source: String, options: &HistoryOptions) -> Result<History, HistoryError> {
        let mut joined = join(std::mem::take(&mut self.series))?;
        let is_consumed = |own: &&Joined| matches!(own.head.metric, Metric::Read | Metric::Write);
        if !joined.iter().any(|own| is_consumed(&own) && !own.points.is_empty()) {
            return Err(HistoryError::new(
                source,
                "there is no datapoint of consumed units in it; check the table's name, the region and the span of the export",
            ));
        }
        let consumed: Vec<_> =
            joined.iter().filter(is_consumed).map(|own| (&own.head, own.points.as_slice())).collect();
        let period = period::find(&source, &consumed, options.period)?;
        for own in &mut joined {
            own.in_units(period, options.values)?;
        }
        let consumed: Vec<&Joined> = joined.iter().filter(is_consumed).collect();
        let grid = self.span(&source, &consumed, period, options.gaps)?;

        let mut resources = Vec::new();
        for subject in subjects(&joined) {
            let of =
                |metric: Metric| joined.iter().find(|own| own.head.metric == metric && own.head.subject == subject);
            if of(Metric::Read).is_none() && of(Metric::Write).is_none() {
                self.warnings.push(format!("{}: only throttle events are given; it is left out", subject.label()));
                continue;
            }
            let read_units = self.units(&subject, "reads", of(Metric::Read), grid, options.gaps)?;
            let write_units = self.units(&subject, "writes", of(Metric::Write), grid, options.gaps)?;
            let (throttle_events, throttled) = self.throttled(&subject, of, grid);
            let Subject { table, index } = subject;
            resources.push(ResourceHistory { table, index, read_units, write_units, throttle_events, throttled });
        }
        self.warn_of_period(period);
        let start = Timestamp::from_second(grid.start).ok();
        Ok(History { source, start, period: Duration::from_secs(period), resources, warnings: self.warnings })
    }

    /// What all series cover together. CloudWatch has no datapoint where nothing was consumed, so one that begins later or ends
    /// sooner was idle; unless gaps are metrics that were lost: then series of different files are cut to what they have in
    /// common, because nothing is known of one of them beyond.
    fn span(&mut self, source: &str, consumed: &[&Joined], period: u64, gaps: Gaps) -> Result<Grid, HistoryError> {
        let mut windows: Vec<(&BTreeSet<usize>, i64, i64, &Joined)> = Vec::new();
        for own in consumed {
            let (Some((first, _)), Some((last, _))) = (own.points.first(), own.points.last()) else { continue };
            let end = last + period as i64;
            match windows.iter_mut().find(|(files, ..)| **files == own.files) {
                Some(window) => (window.1, window.2) = (window.1.min(*first), window.2.max(end)),
                None => windows.push((&own.files, *first, end, own)),
            }
        }
        let common = (
            windows.iter().map(|window| window.1).max().unwrap_or_default(),
            windows.iter().map(|window| window.2).min().unwrap_or_default(),
        );
        let all = (
            windows.iter().map(|window| window.1).min().unwrap_or_default(),
            windows.iter().map(|window| window.2).max().unwrap_or_default(),
        );
        let is_apart = match gaps {
            Gaps::Interpolate => common.0 >= common.1,
            Gaps::Zero | Gaps::Refuse => windows.iter().any(|(_, from, ..)| {
                // Time that no series covers, before one that begins later than all that came before have ended.
                *from > all.0 && !windows.iter().any(|(_, other, to, _)| other < from && to >= from)
            }),
        };
        if is_apart || (gaps == Gaps::Refuse && common != all) {
            let spans: Vec<String> = windows
                .iter()
                .map(|(_, from, to, own)| format!("{} from {} to {}", own.name(), in_words(*from), in_words(*to)))
                .collect();
            let what = if is_apart { "have no time in common" } else { "do not cover the same time" };
            let message = format!("the series {what}: {}; export them for the same span", spans.join(", "));
            return Err(HistoryError::new(source, message));
        }
        let (start, end) = if gaps == Gaps::Interpolate { common } else { all };
        let grid = Grid { start, end, period };
        if grid.periods() > PERIODS_MAX {
            let message = format!(
                "from {} to {} are {} periods of {period} s; is one of the times wrong?",
                in_words(start),
                in_words(end),
                grid.periods()
            );
            return Err(HistoryError::new(source, message));
        }
        for (_, from, to, own) in windows.iter().filter(|(_, from, to, _)| (*from, *to) != (start, end)) {
            let goes = format!("{} goes from {} to {}", own.name(), in_words(*from), in_words(*to));
            let whole = format!("{} to {}", in_words(start), in_words(end));
            self.warnings.push(if gaps == Gaps::Interpolate {
                let cut = own.points.iter().filter(|(at, _)| *at < start || *at >= end);
                // A sum of nothing is −0.
                let units = cut.fold(0.0, |sum, (_, value)| sum + value);
                format!("{goes} and is cut to what all files cover, {whole}: {units} of its units are left out")
            } else {
                let missing = (from.abs_diff(start) + end.abs_diff(*to)) / period;
                format!(
                    "{goes}, all files together from {whole}: what is beyond ({missing} of the periods) counts as zero, because CloudWatch has no \
                     datapoint where nothing was consumed; check that all were exported for the same span"
                )
            });
        }
        Ok(grid)
    }

    /// The units of every period.
    fn units(
        &mut self,
        subject: &Subject,
        what: &str,
        joined: Option<&Joined>,
        grid: Grid,
        gaps: Gaps,
    ) -> Result<Vec<f64>, HistoryError> {
        let periods = usize::try_from(grid.periods()).unwrap_or(usize::MAX);
        let mut units = vec![0.0; periods];
        let subject = subject.label();
        let Some(joined) = joined else {
            self.warnings.push(format!("{subject}: no metric of {what} is given; they count as none"));
            return Ok(units);
        };
        if joined.points.is_empty() {
            self.warnings.push(format!(
                "{subject}: there is no datapoint of {what}; they count as none, which is right where the table's name and the \
                 region were"
            ));
            return Ok(units);
        }
        // Places of the grid with a datapoint, with one before the first and one behind the last.
        let mut before: Option<usize> = None;
        let (mut missing, mut longest) = (0, (0, 0));
        let mut gap = |from: usize, to: usize| {
            missing += to - from;
            if to - from > longest.0 {
                longest = (to - from, from);
            }
        };
        let in_grid = joined.points.iter().filter(|(at, _)| *at >= grid.start && *at < grid.end);
        for (at, value) in in_grid {
            let place = ((at - grid.start) / grid.period as i64) as usize;
            units[place] = *value;
            let from = before.map_or(0, |before| before + 1);
            gap(from, place);
            if let (Gaps::Interpolate, Some(before)) = (gaps, before) {
                let (low, step) = (units[before], (*value - units[before]) / (place - before) as f64);
                for (step_number, between) in (1..).zip(&mut units[from..place]) {
                    *between = low + step * f64::from(step_number);
                }
            }
            before = Some(place);
        }
        gap(before.map_or(0, |before| before + 1), periods);
        if missing > 0 {
            let length = longest.0 as u64 * grid.period;
            let from = in_words(grid.start + (longest.1 as u64 * grid.period) as i64);
            let counted = format!(
                "{subject}: {missing} of {periods} periods have no datapoint of {what}, the longest gap is {} from {from}",
                length_in_words(length)
            );
            match gaps {
                Gaps::Zero => self.warnings.push(format!(
                    "{counted}; they count as zero, because CloudWatch has no datapoint where nothing was consumed"
                )),
                Gaps::Interpolate => self.warnings.push(format!(
                    "{counted}; they are filled with a straight line between their neighbours, at the ends with zero"
                )),
                Gaps::Refuse => return Err(joined.head.error(counted)),
            }
        }
        Ok(units)
    }

    /// How many requests were throttled, and which share of all, where that is known.
    fn throttled<'a>(
        &mut self,
        subject: &Subject,
        of: impl Fn(Metric) -> Option<&'a Joined>,
        grid: Grid,
    ) -> (f64, Option<f64>) {
        let (reads, writes) = (of(Metric::ReadThrottles), of(Metric::WriteThrottles));
        let in_grid = |own: Option<&Joined>| -> f64 {
            let points = own.into_iter().flat_map(|own| &own.points);
            points.filter(|(at, _)| *at >= grid.start && *at < grid.end).fold(0.0, |sum, (_, events)| sum + events)
        };
        let (read_events, write_events) = (in_grid(reads), in_grid(writes));
        let events = read_events + write_events;
        if events == 0.0 {
            return (0.0, (reads.is_some() && writes.is_some()).then_some(0.0));
        }
        self.warnings.push(format!(
            "{}: {read_events} reads and {write_events} writes were throttled at the time; what they asked for is not in the \
             consumed units, so the demand was higher than this history",
            subject.label()
        ));
        let whole = |own: Option<&'a Joined>| {
            let own = own?;
            let is_whole = own.points.iter().all(|(at, _)| *at >= grid.start && *at < grid.end);
            own.requests.filter(|_| is_whole)
        };
        let served = whole(of(Metric::Read)).zip(whole(of(Metric::Write))).map(|(reads, writes)| reads + writes);
        (events, served.map(|served| events / (events + served)))
    }

    fn warn_of_period(&mut self, period: u64) {
        if period >= HOUR {
            self.warnings.push(format!(
                "periods of {} hide every peak within them: capacity that is sized by this history is too small; export with \
                 --period 60 (CloudWatch keeps minutes for 15 days, five minutes for 63)",
                length_in_words(period)
            ));
        } else if period > MINUTE {
            self.warnings.push(format!(
                "peaks shorter than {} are averaged out; export with --period 60 to see them",
                length_in_words(period)
            ));
        }
    }
}

impl Grid {
    const fn periods(self) -> u64 {
        self.end.abs_diff(self.start) / self.period
    }
}

impl Joined {
    /// What it is, for messages.
    fn name(&self) -> String {
        format!("{} of {}", self.head.metric.name(), self.head.subject.label())
    }

    /// Makes sums of the values, whatever they were.
    fn in_units(&mut self, period: u64, values: Values) -> Result<(), HistoryError> {
        if matches!(self.head.metric, Metric::Read | Metric::Write) {
            let unit = match (self.head.unit, values) {
                (Unit::Unstated, Values::Sums) => Unit::Sum,
                (Unit::Unstated, Values::PerSecond) => Unit::PerSecond,
                (unit, _) => unit,
            };
            let is_half = |value: f64| ((value * 2.0).round() - value * 2.0).abs() <= 1e-6;
            if unit == Unit::PerSecond {
                for (_, value) in &mut self.points {
                    *value *= period as f64;
                }
            } else if let Some((at, value)) = self.points.iter().find(|(_, value)| !is_half(*value))
                && unit == Unit::Unstated
            {
                return Err(self.head.error(format!(
                    "{value} at {} is no sum of consumed units, which are counted in halves; export the statistic Sum, or say \
                     what the values are: --values sums, or --values per-second",
                    in_words(*at)
                )));
            }
        }
        let most = super::series::UNITS_PER_SECOND_MAX * period as f64;
        match self.points.iter().find(|(_, value)| *value > most) {
            Some((at, value)) => Err(self.head.error(format!(
                "{value:e} units in {period} s, at {}, are more than any table consumes",
                in_words(*at)
            ))),
            None => Ok(()),
        }
    }
}

/// Joins series of the same metric and subject, sorts them by time, makes one of equal datapoints.
fn join(series: Vec<Series>) -> Result<Vec<Joined>, HistoryError> {
    let mut joined: Vec<Joined> = Vec::new();
    for mut own in series {
        let points = std::mem::take(&mut own.points);
        let same = |known: &&mut Joined| known.head.metric == own.metric && known.head.subject == own.subject;
        match joined.iter_mut().find(same) {
            Some(known) => {
                if known.head.unit != own.unit {
                    return Err(own.error(format!(
                        "its values are not of the same kind as those of {}: sums, or averages per second",
                        known.head.file_name
                    )));
                }
                known.files.insert(own.file);
                known.points.extend(points);
                known.requests = known.requests.zip(own.requests).map(|(known, more)| known + more);
            }
            None => {
                joined.push(Joined { files: BTreeSet::from([own.file]), points, requests: own.requests, head: own })
            }
        }
    }
    for own in &mut joined {
        own.points.sort_by_key(|(at, _)| *at);
        let before = own.points.len();
        if let Some(pair) = own.points.windows(2).find(|pair| pair[0].0 == pair[1].0 && pair[0].1 != pair[1].1) {
            return Err(own.head.error(format!(
                "{} of {} has two values for {}: {} and {}; remove the wrong one. Local times repeat an hour in autumn: export in \
                 UTC",
                own.head.metric.name(),
                own.head.subject.label(),
                in_words(pair[0].0),
                pair[0].1,
                pair[1].1
            )));
        }
        own.points.dedup_by_key(|(at, _)| *at);
        if own.points.len() < before {
            own.requests = None;
        }
    }
    Ok(joined)
}

/// Tables in the order in which they were found, each before its indexes.
fn subjects(joined: &[Joined]) -> Vec<Subject> {
    let mut tables: Vec<&str> = Vec::new();
    for own in joined {
        if !tables.contains(&own.head.subject.table.as_str()) {
            tables.push(&own.head.subject.table);
        }
    }
    let mut subjects: Vec<Subject> = Vec::new();
    for table in tables {
        let of_table = joined.iter().map(|own| &own.head.subject).filter(|subject| subject.table == table);
        let (own, indexes): (Vec<&Subject>, Vec<&Subject>) = of_table.partition(|subject| subject.index.is_none());
        for subject in own.into_iter().chain(indexes) {
            if !subjects.contains(subject) {
                subjects.push(subject.clone());
            }
        }
    }
    subjects
}
