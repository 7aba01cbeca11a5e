//! What a label, an id, a column's name or a file's name says about a series.

use super::series::{Metric, Subject, Unit};

/// How to name series, for messages.
pub(super) const HOW_TO_LABEL: &str =
    "name it `TABLE ConsumedReadCapacityUnits` or `TABLE/INDEX ConsumedWriteCapacityUnits`";

/// What was recognised in a label.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Said {
    /// The metric.
    pub metric: Option<Metric>,
    /// The table, and the index if there is one.
    pub subject: Option<Subject>,
    /// The statistic, where it is one that cannot be used.
    pub useless_statistic: Option<String>,
    /// Whether values are said to be per second.
    pub per_second: bool,
}

impl Said {
    /// What the values are, as far as the label says.
    pub fn unit(&self) -> Unit {
        if self.per_second { Unit::PerSecond } else { Unit::Unstated }
    }
}

/// Reads a label such as `ConsumedReadCapacityUnits`, `orders ConsumedReadCapacityUnits`, `orders/by-state read` or
/// `read units/s`. `Err` where it could mean several things; a label that says nothing of a metric is one of a subject, if
/// anything.
pub(super) fn read(label: &str) -> Result<Said, String> {
    let (label, per_second) = without_per_second(label.trim());
    let mut said = Said { per_second, ..Said::default() };
    let mut rest: Vec<&str> = Vec::new();
    let mut is_by_name = false;
    for word in label.split(|c: char| c.is_whitespace() || matches!(c, ',' | ':' | '|' | '(' | ')')) {
        let lower = word.to_ascii_lowercase();
        if let Some((metric, by_name)) = metric_of(&lower) {
            if said.metric.is_some_and(|known| known != metric) {
                return Err(format!("`{label}` names two metrics; {HOW_TO_LABEL}"));
            }
            (said.metric, is_by_name) = (Some(metric), is_by_name || by_name);
        } else if matches!(lower.as_str(), "average" | "avg" | "maximum" | "max" | "minimum" | "min" | "samplecount") {
            said.useless_statistic = Some(word.to_owned());
        } else if !matches!(lower.as_str(), "" | "sum" | "units" | "consumed" | "capacity") {
            rest.push(word);
        }
    }
    said.subject = match rest.as_slice() {
        [] => None,
        [name] => Some(subject(name)?),
        // CloudWatch's own labels put the index behind the table.
        [table, index] if is_by_name && !table.contains('/') && !index.contains('/') => {
            Some(Subject { table: (*table).to_owned(), index: Some((*index).to_owned()) })
        }
        _ => return Err(format!("it is not clear which table or index `{label}` is; {HOW_TO_LABEL}")),
    };
    if let Some(subject) = &said.subject {
        let is_name = |name: &str| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
        };
        if !is_name(&subject.table) || subject.index.as_deref().is_some_and(|index| !is_name(index)) {
            return Err(format!("`{}` is no name of a table or index; {HOW_TO_LABEL}", subject.label()));
        }
    }
    Ok(said)
}

/// What an id of a query says of its metric: ids begin with a lower-case letter and have letters, digits and `_`.
pub(super) fn metric_of_id(id: &str) -> Option<Metric> {
    let lower = id.to_ascii_lowercase();
    let word = lower.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_');
    match word {
        "r" => Some(Metric::Read),
        "w" => Some(Metric::Write),
        _ => metric_of(word).map(|(metric, _)| metric).or_else(|| {
            let first = lower.split('_').find_map(metric_of)?;
            Some(first.0)
        }),
    }
}

/// The metric that a word of a label names, whatever else the label says.
pub(super) fn metric_in(label: &str) -> Option<Metric> {
    let (label, _) = without_per_second(label.trim());
    let words = label.split(|c: char| c.is_whitespace() || matches!(c, ',' | ':' | '|' | '(' | ')'));
    words.map(str::to_ascii_lowercase).find_map(|word| metric_of(&word)).map(|(metric, _)| metric)
}

/// The table that a file's name says: its stem without the name of a metric and numbers behind it; `TABLE@INDEX` for an index.
/// Nothing where no name is left.
pub(super) fn subject_of_file(path: &str) -> Option<Subject> {
    let name = path.rsplit(['/', '\\']).next()?;
    let mut stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    while let Some((before, last)) = stem.rsplit_once(['.', '-', '_', ' ']) {
        let is_number = !last.is_empty() && last.chars().all(|c| c.is_ascii_digit());
        if metric_of(&last.to_ascii_lowercase()).is_none() && !is_number {
            break;
        }
        stem = before;
    }
    if metric_of(&stem.to_ascii_lowercase()).is_some() {
        return None;
    }
    read(&stem.replace('@', "/")).ok()?.subject
}

/// `TABLE`, or `TABLE/INDEX`.
pub(super) fn subject(name: &str) -> Result<Subject, String> {
    let mut parts = name.split('/');
    let (Some(table), index, None) = (parts.next(), parts.next(), parts.next()) else {
        return Err(format!("`{name}` has more than a table and an index; {HOW_TO_LABEL}"));
    };
    Ok(Subject { table: table.to_owned(), index: index.map(str::to_owned) })
}

/// The metric that a word in lower case names, and whether it is CloudWatch's own name.
fn metric_of(word: &str) -> Option<(Metric, bool)> {
    Some(match word {
        "consumedreadcapacityunits" => (Metric::Read, true),
        "consumedwritecapacityunits" => (Metric::Write, true),
        "read" | "reads" | "rcu" | "rru" | "read_units" | "consumedread" | "consumed_read" => (Metric::Read, false),
        "write" | "writes" | "wcu" | "wru" | "write_units" | "consumedwrite" | "consumed_write" => {
            (Metric::Write, false)
        }
        "readthrottleevents" => (Metric::ReadThrottles, true),
        "writethrottleevents" => (Metric::WriteThrottles, true),
        "provisionedreadcapacityunits"
        | "provisionedwritecapacityunits"
        | "throttledrequests"
        | "onlineindexthrottleevents"
        | "successfulrequestlatency"
        | "accountmaxreads"
        | "accountmaxwrites" => (Metric::Other, true),
        _ => return None,
    })
}

fn without_per_second(label: &str) -> (&str, bool) {
    let lower = label.to_ascii_lowercase();
    for suffix in ["/second", "per second", "/sec", "/s"] {
        // Lower-casing ASCII keeps every byte in its place.
        if lower.ends_with(suffix) {
            return (label[..label.len() - suffix.len()].trim_end(), true);
        }
    }
    (label, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(label: &str) -> (Option<Metric>, Option<String>, bool) {
        let said = read(label).unwrap_or_else(|error| panic!("{error}"));
        (said.metric, said.subject.map(|subject| subject.label()), said.per_second)
    }

    #[test]
    fn labels_say_the_metric_and_the_table() {
        let orders = |metric, label: &str| (Some(metric), Some(label.to_owned()), false);
        assert_eq!(said("ConsumedReadCapacityUnits"), (Some(Metric::Read), None, false));
        assert_eq!(said("orders ConsumedReadCapacityUnits"), orders(Metric::Read, "orders"));
        assert_eq!(said("orders by-state ConsumedWriteCapacityUnits"), orders(Metric::Write, "orders/by-state"));
        assert_eq!(said("orders/by-state write"), orders(Metric::Write, "orders/by-state"));
        assert_eq!(said("ConsumedReadCapacityUnits (Sum) orders"), orders(Metric::Read, "orders"));
        assert_eq!(said("Reads"), (Some(Metric::Read), None, false));
        assert_eq!(said("read units/s"), (Some(Metric::Read), None, true));
        assert_eq!(said("orders writes per second"), (Some(Metric::Write), Some("orders".into()), true));
        assert_eq!(said("orders"), (None, Some("orders".into()), false));
    }

    #[test]
    fn labels_that_could_mean_several_things_are_refused() {
        for label in ["reads of orders", "read write", "a/b/c read", "orders by-state read", "ordérs read"] {
            let error = read(label).unwrap_err();
            assert!(error.contains("name it `TABLE"), "{label}: {error}");
        }
    }

    #[test]
    fn ids_say_reads_or_writes() {
        for id in ["r", "r1", "read", "reads2", "read_orders", "orders_read", "consumedreadcapacityunits"] {
            assert_eq!(metric_of_id(id), Some(Metric::Read), "{id}");
        }
        assert_eq!(metric_of_id("w_2"), Some(Metric::Write));
        assert_eq!(metric_of_id("m1"), None);
    }

    #[test]
    fn files_are_named_after_their_table() {
        let of = |path| subject_of_file(path).map(|subject| subject.label());
        assert_eq!(of("metrics/orders.json").as_deref(), Some("orders"));
        assert_eq!(of("orders-read.json").as_deref(), Some("orders"));
        assert_eq!(of("orders.ConsumedReadCapacityUnits.2.json").as_deref(), Some("orders"));
        assert_eq!(of("my-orders@by-state_writes_03.json").as_deref(), Some("my-orders/by-state"));
        assert_eq!(of("read.json"), None);
    }
}
