//! ConsumedCapacity and ItemCollectionMetrics.

use crate::api::{ConsumedCapacity, IndexName, ItemCollectionMetrics, Units};
use crate::protocol::request::{ConsumedDetail, Reporting};

use super::item::write_item;
use super::writer::Writer;

/// How an operation reports what it touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// One table: an object.
    Single,
    /// A list with an object a table.
    Batch,
    /// As a batch, with read and write units apart beside their sum.
    Transaction,
}

/// A gigabyte of SizeEstimateRangeGB.
const GIGABYTE: f64 = (1u64 << 30) as f64;

/// Writes the member ConsumedCapacity, if it was asked for.
pub fn write_consumed(writer: &mut Writer, consumed: &[ConsumedCapacity], reporting: Reporting, style: Style) {
    if reporting.consumed == ConsumedDetail::None || consumed.is_empty() {
        return;
    }
    let is_transaction = style == Style::Transaction;
    writer.name("ConsumedCapacity");
    match (style, consumed) {
        (Style::Single, [consumed, ..]) => write_table(writer, consumed, reporting.consumed, is_transaction),
        _ => writer.array(|writer| {
            consumed.iter().for_each(|consumed| write_table(writer, consumed, reporting.consumed, is_transaction));
        }),
    }
}

fn write_table(writer: &mut Writer, consumed: &ConsumedCapacity, detail: ConsumedDetail, is_transaction: bool) {
    writer.object(|writer| {
        writer.name("TableName").text(&consumed.table_name);
        write_units(writer, consumed.total(), is_transaction);
        if detail != ConsumedDetail::Indexes {
            return;
        }
        writer.name("Table").object(|writer| write_units(writer, consumed.table, is_transaction));
        let indexes = [
            ("LocalSecondaryIndexes", &consumed.local_secondary_indexes),
            ("GlobalSecondaryIndexes", &consumed.global_secondary_indexes),
        ];
        for (name, indexes) in indexes.into_iter().filter(|(_, indexes)| !indexes.is_empty()) {
            writer.name(name).object(|writer| write_indexes(writer, indexes, is_transaction));
        }
    });
}

fn write_indexes(writer: &mut Writer, indexes: &[(IndexName, Units)], is_transaction: bool) {
    for (name, units) in indexes {
        writer.name(name).object(|writer| write_units(writer, *units, is_transaction));
    }
}

fn write_units(writer: &mut Writer, units: Units, is_transaction: bool) {
    writer.name("CapacityUnits").decimal(units.total().as_f64());
    if is_transaction && !units.read.is_zero() {
        writer.name("ReadCapacityUnits").decimal(units.read.as_f64());
    }
    if is_transaction && !units.write.is_zero() {
        writer.name("WriteCapacityUnits").decimal(units.write.as_f64());
    }
}

/// Writes the member ItemCollectionMetrics, if it was asked for and a table with local secondary indexes was written to:
/// an object for one write, lists by table for several.
pub fn write_collections(writer: &mut Writer, metrics: &[ItemCollectionMetrics], reporting: Reporting, style: Style) {
    if !reporting.item_collections || metrics.is_empty() {
        return;
    }
    writer.name("ItemCollectionMetrics");
    if let (Style::Single, [metrics, ..]) = (style, metrics) {
        write_collection(writer, metrics);
        return;
    }
    let mut by_table: Vec<&ItemCollectionMetrics> = metrics.iter().collect();
    by_table.sort_by(|left, right| left.table_name.cmp(&right.table_name));
    writer.object(|writer| {
        for metrics in by_table.chunk_by(|left, right| left.table_name == right.table_name) {
            writer.name(&metrics[0].table_name).array(|writer| {
                metrics.iter().for_each(|metrics| write_collection(writer, metrics));
            });
        }
    });
}

/// The estimate is a gigabyte wide, as the service's is: the size lies between its bounds.
fn write_collection(writer: &mut Writer, metrics: &ItemCollectionMetrics) {
    let lower = (metrics.size_bytes as f64 / GIGABYTE).floor();
    writer.object(|writer| {
        write_item(writer.name("ItemCollectionKey"), &metrics.key);
        writer.name("SizeEstimateRangeGB").array(|writer| {
            writer.decimal(lower);
            writer.decimal(lower + 1.0);
        });
    });
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::api::CapacityUnits;
    use crate::item::AttributeValue;
    use crate::protocol::reply::document;

    const FULL: Reporting = Reporting { consumed: ConsumedDetail::Indexes, item_collections: true };

    fn read(content: impl FnOnce(&mut Writer)) -> Value {
        serde_json::from_slice(&document(content)).unwrap()
    }

    #[test]
    fn indexes_are_listed_by_kind_and_counted_in() {
        let units = |units| Units::write(CapacityUnits::whole(units));
        let consumed = ConsumedCapacity {
            table_name: "orders".into(),
            table: units(1),
            local_secondary_indexes: vec![("by_total".into(), units(2))],
            global_secondary_indexes: vec![("by_city".into(), units(3)), ("by_day".into(), units(4))],
        };
        let detailed = json!({
            "TableName": "orders", "CapacityUnits": 10.0, "Table": {"CapacityUnits": 1.0},
            "LocalSecondaryIndexes": {"by_total": {"CapacityUnits": 2.0}},
            "GlobalSecondaryIndexes": {"by_city": {"CapacityUnits": 3.0}, "by_day": {"CapacityUnits": 4.0}}
        });
        let consumed = [consumed];
        let single = read(|writer| write_consumed(writer, &consumed, FULL, Style::Single));
        assert_eq!(single, json!({"ConsumedCapacity": detailed}));
        let batch = read(|writer| write_consumed(writer, &consumed, FULL, Style::Batch));
        assert_eq!(batch, json!({"ConsumedCapacity": [detailed]}));
        assert_eq!(read(|writer| write_consumed(writer, &consumed, Reporting::default(), Style::Single)), json!({}));
        assert_eq!(read(|writer| write_consumed(writer, &[], FULL, Style::Batch)), json!({}));
    }

    #[test]
    fn collections_lie_between_whole_gigabytes() {
        let metrics = |table: &str, id: &str, size_bytes| ItemCollectionMetrics {
            table_name: table.into(),
            key: [("id".into(), AttributeValue::string(id))].into_iter().collect(),
            size_bytes,
        };
        let gigabyte = 1 << 30;
        let all = [metrics("b", "1", 10), metrics("a", "2", gigabyte), metrics("b", "3", 2 * gigabyte - 1)];
        let shown = |id: &str, low: f64| json!({"ItemCollectionKey": {"id": {"S": id}}, "SizeEstimateRangeGB": [low, low + 1.0]});
        let single = read(|writer| write_collections(writer, &all[..1], FULL, Style::Single));
        assert_eq!(single, json!({"ItemCollectionMetrics": shown("1", 0.0)}));
        let batch = read(|writer| write_collections(writer, &all, FULL, Style::Transaction));
        let by_table = json!({"a": [shown("2", 1.0)], "b": [shown("1", 0.0), shown("3", 1.0)]});
        assert_eq!(batch, json!({"ItemCollectionMetrics": by_table}));
        assert_eq!(read(|writer| write_collections(writer, &[], FULL, Style::Single)), json!({}));
    }
}
