//! `aws dynamodb describe-table`.

use serde_json::Value;

use super::draft::{CapacityDraft, Draft};
use super::schema::{self, needed, whole};

/// The workload of the tables described: one output, or a list of them.
pub(super) fn draft(root: &Value) -> Result<Draft, String> {
    let outputs = match root {
        Value::Array(outputs) => outputs.as_slice(),
        one => std::slice::from_ref(one),
    };
    let mut draft = Draft::default();
    for output in outputs {
        let described = output.get("Table").or_else(|| output.get("TableDescription")).unwrap_or(output);
        let name =
            needed(described, "TableName").map_err(|error| format!("is not the output of describe-table: {error}"))?;
        let mut table =
            schema::table(described, name).map_err(|error| format!("does not describe a table: {error}"))?;
        let count = whole(described, "ItemCount")?;
        let bytes = whole(described, "TableSizeBytes")?;
        table.items = count.filter(|count| *count > 0);
        table.item_bytes =
            table.items.zip(bytes).map(|(count, bytes)| bytes.div_ceil(count)).filter(|bytes| *bytes > 0);
        match (table.items, table.item_bytes) {
            (Some(_), Some(_)) => table.notes.push(
                "the number of items and their mean size, TableSizeBytes / ItemCount, are up to six hours old at DynamoDB".into(),
            ),
            _ => table.notes.push(
                "ItemCount or TableSizeBytes is zero or missing (DynamoDB updates them every six hours), so the number and size of \
                 items are assumed"
                    .into(),
            ),
        }
        if matches!(table.capacity, CapacityDraft::Provisioned { .. }) {
            table.notes.push(
                "describe-table does not say whether the capacity is auto scaled: if it is, write { min = …, max = …, target = … } in \
                 place of the units (`aws application-autoscaling describe-scalable-targets --service-namespace dynamodb`)"
                    .into(),
            );
        }
        if described.get("TimeToLiveDescription").is_none() {
            table.notes.push(
                "describe-table does not say whether time to live is on: if it is, add time_to_live = \"ATTRIBUTE\" (`aws dynamodb \
                 describe-time-to-live`)"
                    .into(),
            );
        }
        table.notes.push(
            "describe-table does not say whether point-in-time recovery is on: if it is, add point_in_time_recovery = true under \
             [tables.billing] (`aws dynamodb describe-continuous-backups`)"
                .into(),
        );
        draft.tables.push(table);
    }
    draft.name = draft.tables.first().map(|table| table.name.clone()).unwrap_or_default();
    draft.description = "A table as DynamoDB describes it, with an assumed load".into();
    Ok(draft)
}
