//! Metrics as CSV: a header, a column with the time, columns with reads and writes.

use super::HistoryError;
use super::label;
use super::series::{Input, Metric, Read, Series, Unit, value_mistake};
use super::time;

/// Separators, the likeliest first.
const SEPARATORS: [u8; 3] = [b',', b';', b'\t'];
/// What a column with the time may be called, in lower case.
const TIME_COLUMNS: [&str; 8] =
    ["timestamp", "time", "date", "datetime", "start", "period_start", "period start", "at"];
const HOW_TO_HEAD: &str =
    "write a header such as `timestamp,read,write`, or `timestamp,orders read,orders/by-state write`";

/// Reads a file of CSV. Lines are counted from 1, the header included.
pub(super) fn read(input: &Input<'_>) -> Result<Read, HistoryError> {
    let mut read = Read::default();
    let text = input.text.trim_start_matches('\u{feff}');
    let first = text.lines().next().unwrap_or_default();
    let separator = SEPARATORS.into_iter().max_by_key(|separator| {
        // Of those that are as frequent, the last one wins: turned round, the likeliest does.
        let count = first.bytes().filter(|byte| byte == separator).count();
        (count, std::cmp::Reverse(SEPARATORS.iter().position(|known| known == separator)))
    });
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator.unwrap_or(b','))
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let wrong_line = |line: u64, message: String| HistoryError::at(input.name, format!("line {line}"), message);
    let header = reader.headers().map_err(|error| HistoryError::new(input.name, error.to_string()))?.clone();
    let columns = columns(input, &header, &mut read)?;

    let mut record = csv::StringRecord::new();
    loop {
        let at = reader.position().line();
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => return Err(wrong_line(at, error.to_string())),
        }
        let line = record.position().map_or(at, csv::Position::line);
        if record.iter().all(str::is_empty) {
            continue;
        }
        if record.len() != header.len() {
            return Err(wrong_line(line, format!("{} fields where the header has {}", record.len(), header.len())));
        }
        let moment = time::parse(&record[columns.time]).map_err(|message| wrong_line(line, message))?;
        read.is_without_zone |= !moment.has_zone;
        for (series, column) in columns.values.iter().enumerate() {
            let field = &record[*column];
            // No datapoint: nothing was consumed, or nothing is known; what a gap means is decided for all series alike.
            if field.is_empty() {
                continue;
            }
            let name = &header[*column];
            let value: f64 =
                field.parse().map_err(|_| wrong_line(line, format!("`{field}` in column `{name}` is not a number")))?;
            if let Some(mistake) = value_mistake(value) {
                return Err(wrong_line(line, format!("column `{name}`: {mistake}")));
            }
            read.series[series].points.push((moment.seconds, value));
        }
    }
    Ok(read)
}

/// Which columns are used.
struct Columns {
    time: usize,
    /// One for each series.
    values: Vec<usize>,
}

/// What the header says; its series join those read, without datapoints.
fn columns(input: &Input<'_>, header: &csv::StringRecord, read: &mut Read) -> Result<Columns, HistoryError> {
    let wrong = |message: String| HistoryError::at(input.name, "line 1", message);
    let is_time = |name: &str| TIME_COLUMNS.contains(&name.to_ascii_lowercase().as_str());
    let Some(time) = header.iter().position(is_time) else {
        return Err(wrong(format!("no column is called `timestamp`; {HOW_TO_HEAD}")));
    };
    let mut columns = Columns { time, values: Vec::new() };
    for (number, name) in header.iter().enumerate().filter(|(number, _)| *number != time) {
        // A column without reads or writes is somebody's own, whatever it is called.
        let metric = label::metric_in(name);
        let Some(metric) = metric.filter(|metric| *metric != Metric::Other) else {
            read.ignored.push(format!("column `{name}`"));
            continue;
        };
        let said = label::read(name).map_err(|message| wrong(format!("column {}: {message}", number + 1)))?;
        if let Some(statistic) = said.useless_statistic {
            return Err(wrong(format!(
                "column `{name}`: `{statistic}` of {} is per request, so that nothing can be learnt of the total; export its \
                 Sum",
                metric.name()
            )));
        }
        let unit = if said.per_second { Unit::PerSecond } else { Unit::Unstated };
        let subject = said.subject.or_else(|| input.subject.clone()).ok_or_else(|| {
            wrong(format!(
                "nothing says which table column `{name}` is: name it with --table, or call the column `TABLE {name}`"
            ))
        })?;
        columns.values.push(number);
        read.series.push(Series {
            file: input.file,
            file_name: input.name.to_owned(),
            place: format!("column `{name}`"),
            subject,
            metric,
            unit,
            points: Vec::new(),
            requests: None,
        });
    }
    if !read.series.iter().any(|series| matches!(series.metric, Metric::Read | Metric::Write)) {
        return Err(wrong(format!("no column has reads or writes; {HOW_TO_HEAD}")));
    }
    Ok(columns)
}
