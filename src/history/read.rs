//! Reading files of metrics: which kind each is, and what they give together.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::grid::Gathered;
use super::series::Input;
use super::{History, HistoryError, csv, json, label};

/// What the user says about metrics beside the files.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HistoryOptions {
    /// The table of series that name none, as `TABLE` or `TABLE/INDEX`. Where absent, the file's name says it: `orders.json`,
    /// `orders-read.json` and `orders@by-state.csv` are of `orders`.
    pub table: Option<String>,
    /// What a missing datapoint means.
    pub gaps: Gaps,
    /// What values are whose file does not say it.
    pub values: Values,
    /// The length of a period; the spacing of the datapoints says it where absent.
    pub period: Option<Duration>,
}

/// What a missing datapoint means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Gaps {
    /// Nothing was consumed: CloudWatch has no datapoint then.
    #[default]
    Zero,
    /// The metric was lost: a straight line between its neighbours.
    Interpolate,
    /// A mistake.
    Refuse,
}

/// What values are whose file does not say it. `get-metric-statistics` names its statistic and needs none of this.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Values {
    /// Sums, as long as all of them are whole or half units, as consumed units are; refused otherwise.
    #[default]
    Unstated,
    /// Sums over the period.
    Sums,
    /// Averages per second of the period.
    PerSecond,
}

/// A file of metrics in memory.
#[derive(Debug, Clone, Copy)]
pub struct MetricsText<'a> {
    /// The path as it was given.
    pub name: &'a str,
    /// The whole text.
    pub text: &'a str,
}

impl History {
    /// Reads files of metrics: JSON of `aws cloudwatch get-metric-data` or `get-metric-statistics`, or CSV; each file any of
    /// them. Together they are one history, so that a table may have a file for each metric and month.
    pub fn read(paths: &[&Path], options: &HistoryOptions) -> Result<History, HistoryError> {
        let mut texts = Vec::with_capacity(paths.len());
        for path in paths {
            let name = path.display().to_string();
            let bytes = fs::read(path).map_err(|error| HistoryError::new(&name, format!("cannot be read: {error}")))?;
            let text = String::from_utf8(bytes)
                .map_err(|_| HistoryError::new(&name, "is not text in UTF-8; export it as JSON or CSV"))?;
            texts.push((name, text));
        }
        let texts: Vec<_> = texts.iter().map(|(name, text)| MetricsText { name, text }).collect();
        Self::parse(&texts, options)
    }

    /// What the texts of files give; see [`History::read`].
    pub fn parse(texts: &[MetricsText<'_>], options: &HistoryOptions) -> Result<History, HistoryError> {
        let source = match texts {
            [] => return Err(HistoryError::new("metrics", "there is no file to read")),
            [only] => only.name.to_owned(),
            [first, rest @ ..] => format!("{} and {} more", first.name, rest.len()),
        };
        let table = options.table.as_deref().map(label::subject).transpose();
        let table = table.map_err(|message| HistoryError::new("--table", message))?;
        let mut gathered = Gathered::default();
        let mut ignored = Vec::new();
        let mut without_zone = Vec::new();
        for (file, MetricsText { name, text }) in texts.iter().enumerate() {
            let subject = table.clone().or_else(|| label::subject_of_file(name));
            let input = Input { file, name, text, subject };
            let read = match text.trim_start_matches('\u{feff}').trim_start().chars().next() {
                None => return Err(HistoryError::new(*name, "is empty; there is nothing to learn from it")),
                Some('{' | '[') => json::read(&input)?,
                Some(_) => csv::read(&input)?,
            };
            gathered.series.extend(read.series);
            gathered.warnings.extend(read.warnings);
            ignored.extend(read.ignored);
            if read.is_without_zone {
                without_zone.push(*name);
            }
        }
        if !without_zone.is_empty() {
            gathered.warnings.push(format!("{}: times without a zone are taken for UTC", without_zone.join(", ")));
        }
        if !ignored.is_empty() {
            gathered.warnings.push(format!("not used: {}", ignored.join(", ")));
        }
        gathered.history(source, options)
    }
}
