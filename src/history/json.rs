//! The output of `aws cloudwatch get-metric-statistics` and `get-metric-data`.
//!
//! A file holds one such output, a list of them, or one after the other.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer};

use super::HistoryError;
use super::label::{self, HOW_TO_LABEL, Said};
use super::series::{Input, Metric, Read, Series, Subject, Unit, value_mistake};
use super::time;

/// Either kind of output; which one it is, its members say.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Output {
    label: Option<String>,
    datapoints: Option<Vec<Datapoint>>,
    metric_data_results: Option<Vec<DataResult>>,
    #[serde(default)]
    messages: Vec<Message>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Datapoint {
    timestamp: Moment,
    sum: Option<f64>,
    sample_count: Option<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DataResult {
    #[serde(default)]
    id: String,
    #[serde(default)]
    label: String,
    timestamps: Vec<Moment>,
    values: Vec<f64>,
    status_code: Option<String>,
    #[serde(default)]
    messages: Vec<Message>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Message {
    #[serde(default)]
    code: String,
    #[serde(default)]
    value: String,
}

/// Seconds since 1970, and whether the zone was said.
#[derive(Clone, Copy)]
struct Moment(time::ReadTime);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextOrNumber;

        impl Visitor<'_> for TextOrNumber {
            type Value = Moment;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time such as \"2026-03-01T12:00:00Z\"")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Moment, E> {
                time::parse(text).map(Moment).map_err(E::custom)
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Moment, E> {
                let seconds = time::from_number(number).map_err(E::custom)?;
                Ok(Moment(time::ReadTime { seconds, has_zone: true }))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Moment, E> {
                self.visit_f64(number as f64)
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Moment, E> {
                self.visit_f64(number as f64)
            }
        }

        deserializer.deserialize_any(TextOrNumber)
    }
}

/// Reads a file of JSON.
pub(super) fn read(input: &Input<'_>) -> Result<Read, HistoryError> {
    let mut read = Read::default();
    let wrong = |error: serde_json::Error| {
        let (line, column) = (error.line(), error.column());
        let message = error.to_string();
        let message = message.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&message);
        HistoryError::at(input.name, format!("line {line}, column {column}"), message)
    };
    let mut outputs: Vec<Output> = Vec::new();
    if input.text.trim_start().starts_with('[') {
        outputs = serde_json::from_str(input.text).map_err(wrong)?;
    } else {
        for output in serde_json::Deserializer::from_str(input.text).into_iter::<Output>() {
            outputs.push(output.map_err(wrong)?);
        }
    }
    let count = outputs.len();
    for (number, output) in outputs.into_iter().enumerate() {
        let place = if count == 1 { String::new() } else { format!("output {}", number + 1) };
        read.output(input, place, output)?;
    }
    Ok(read)
}

impl Read {
    fn output(&mut self, input: &Input<'_>, place: String, output: Output) -> Result<(), HistoryError> {
        let wrong = |message: String| match place.as_str() {
            "" => HistoryError::new(input.name, message),
            place => HistoryError::at(input.name, place, message),
        };
        if output.next_token.is_some() {
            return Err(wrong(
                "the output is incomplete: it ends with a `NextToken`; leave out --no-paginate and --max-items, or export \
                 the rest with --starting-token and give all files"
                    .into(),
            ));
        }
        match (output.datapoints, output.metric_data_results) {
            (Some(datapoints), None) => {
                self.statistics(input, place, output.label.as_deref().unwrap_or_default(), &datapoints)?;
            }
            (None, Some(results)) => self.data(input, &place, results)?,
            _ => {
                return Err(wrong(
                    "this is neither the output of `aws cloudwatch get-metric-data` (it has `MetricDataResults`) nor of \
                     `get-metric-statistics` (it has `Datapoints`)"
                        .into(),
                ));
            }
        }
        self.say(input.name, &output.messages);
        Ok(())
    }

    fn say(&mut self, name: &str, messages: &[Message]) {
        self.warnings
            .extend(messages.iter().map(|said| format!("{name}: CloudWatch says {}: {}", said.code, said.value)));
    }

    /// One metric; the label is its name.
    fn statistics(
        &mut self,
        input: &Input<'_>,
        place: String,
        label: &str,
        datapoints: &[Datapoint],
    ) -> Result<(), HistoryError> {
        let said = label::read(label).unwrap_or_default();
        let Some(metric) = said.metric else {
            let message = format!(
                "the label `{label}` is neither ConsumedReadCapacityUnits nor ConsumedWriteCapacityUnits; ask for \
                 --metric-name ConsumedReadCapacityUnits"
            );
            return Err(HistoryError::new(input.name, message));
        };
        if metric == Metric::Other {
            self.ignored.push(format!("{label} of {}", input.name));
            return Ok(());
        }
        let mut series = Series {
            file: input.file,
            file_name: input.name.to_owned(),
            place,
            subject: subject_of(input, said.subject)?,
            metric,
            unit: Unit::Sum,
            points: Vec::with_capacity(datapoints.len()),
            requests: None,
        };
        let mut requests = 0.0;
        for (number, point) in datapoints.iter().enumerate() {
            let wrong = |message: String| series.error(format!("Datapoints[{number}]: {message}"));
            let Some(sum) = point.sum else {
                return Err(wrong(format!(
                    "it has no `Sum`. Other statistics of {} are per request, so that nothing can be learnt of the total; \
                     ask with --statistics Sum",
                    metric.name()
                )));
            };
            if let Some(mistake) = value_mistake(sum) {
                return Err(wrong(mistake));
            }
            requests += point.sample_count.filter(|count| count.is_finite() && *count >= 0.0).unwrap_or(f64::NAN);
            self.is_without_zone |= !point.timestamp.0.has_zone;
            series.points.push((point.timestamp.0.seconds, sum));
        }
        series.requests = requests.is_finite().then_some(requests);
        self.series.push(series);
        Ok(())
    }

    /// Several metrics, each with an id and a label.
    fn data(&mut self, input: &Input<'_>, place: &str, results: Vec<DataResult>) -> Result<(), HistoryError> {
        // Pages of one query are partial up to the last.
        let is_complete = |result: &DataResult| result.status_code.as_deref().is_none_or(|code| code == "Complete");
        let complete: BTreeSet<String> =
            results.iter().filter(|result| is_complete(result)).map(|result| result.id.clone()).collect();
        for (number, result) in results.into_iter().enumerate() {
            let mut at = format!("MetricDataResults[{number}]");
            if !result.id.is_empty() {
                at = format!("{at} (`{}`)", result.id);
            }
            if !place.is_empty() {
                at = format!("{place}, {at}");
            }
            let wrong = |message: String| HistoryError::at(input.name, &at, message);
            let status = result.status_code.as_deref().unwrap_or_default();
            if !is_complete(&result) && (status != "PartialData" || !complete.contains(&result.id)) {
                return Err(wrong(match status {
                    "PartialData" => {
                        "its StatusCode is PartialData: datapoints are missing; export it again, all pages of \
                                      it, or a shorter span at a time"
                            .to_owned()
                    }
                    other => format!("its StatusCode is {other}: CloudWatch did not answer; export it again"),
                }));
            }
            self.say(input.name, &result.messages);
            if result.timestamps.len() != result.values.len() {
                let counts = format!("{} Timestamps but {} Values", result.timestamps.len(), result.values.len());
                return Err(wrong(format!("it has {counts}; export it again")));
            }
            let said = said_by(&result.id, &result.label).map_err(&wrong)?;
            let metric = match said.metric {
                None => {
                    let message = format!(
                        "neither its label `{}` nor its id says whether these are reads or writes; give the query a \
                         \"Label\": {HOW_TO_LABEL}",
                        result.label
                    );
                    return Err(wrong(message));
                }
                Some(Metric::Other) => {
                    self.ignored.push(result.label);
                    continue;
                }
                Some(metric) => metric,
            };
            if let Some(statistic) = &said.useless_statistic {
                return Err(wrong(format!(
                    "`{statistic}` of {} is per request, so that nothing can be learnt of the total; ask for \
                     \"Stat\": \"Sum\"",
                    metric.name()
                )));
            }
            let unit = said.unit();
            let subject = subject_of(input, said.subject)?;
            let mut points = Vec::with_capacity(result.values.len());
            for (number, (moment, value)) in result.timestamps.iter().zip(&result.values).enumerate() {
                if let Some(mistake) = value_mistake(*value) {
                    return Err(wrong(format!("Values[{number}]: {mistake}")));
                }
                self.is_without_zone |= !moment.0.has_zone;
                points.push((moment.0.seconds, *value));
            }
            let (file, file_name) = (input.file, input.name.to_owned());
            self.series.push(Series { file, file_name, place: at, subject, metric, unit, points, requests: None });
        }
        Ok(())
    }
}

/// What label and id say together; the label first.
fn said_by(id: &str, label: &str) -> Result<Said, String> {
    // A label that is the id is CloudWatch's own for an expression: it names no table.
    let mut said = if label == id { Said::default() } else { label::read(label)? };
    said.metric = said.metric.or_else(|| label::metric_of_id(id));
    Ok(said)
}

fn subject_of(input: &Input<'_>, said: Option<Subject>) -> Result<Subject, HistoryError> {
    said.or_else(|| input.subject.clone()).ok_or_else(|| {
        let message = "nothing says which table this is: name it with --table, or name the file after the table, such as \
                       orders-read.json";
        HistoryError::new(input.name, message)
    })
}
