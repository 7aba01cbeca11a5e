//! TableDescription.

use std::collections::BTreeSet;

use crate::api::{
    CapacityMode, CreateTable, GlobalIndexDescription, KeyAttribute, KeySchema, LocalIndexDescription, Projection,
    TableClass, TableDescription, ThroughputChanges, WarmThroughputDescription,
};
use crate::protocol::reply::{Reply, Writer};

/// A reply with a table's description as its one member.
pub fn table(member: &str, description: &TableDescription) -> Reply {
    Reply::ok(|writer| writer.name(member).object(|writer| write_table(writer, description)))
}

fn write_table(writer: &mut Writer, table: &TableDescription) {
    let definition = &table.definition;
    writer.name("AttributeDefinitions").array(|writer| write_definitions(writer, table));
    write_billing(writer, table);
    write_date(writer, "CreationDateTime", table.creation_epoch_millis);
    writer.name("DeletionProtectionEnabled").boolean(definition.deletion_protection);
    if !table.global_secondary_indexes.is_empty() {
        let indexes = &table.global_secondary_indexes;
        writer.name("GlobalSecondaryIndexes").array(|writer| {
            indexes.iter().for_each(|index| write_global_index(writer, index));
        });
    }
    writer.name("ItemCount").integer(table.item_count);
    write_key(writer, &definition.key);
    if !table.local_secondary_indexes.is_empty() {
        let indexes = &table.local_secondary_indexes;
        writer.name("LocalSecondaryIndexes").array(|writer| {
            indexes.iter().for_each(|index| write_local_index(writer, index));
        });
    }
    write_capacity(writer, definition.capacity, table.throughput_changes);
    writer.name("TableArn").text(&table.arn);
    write_class(writer, table);
    writer.name("TableId").text(&table.id);
    writer.name("TableName").text(&definition.name);
    writer.name("TableSizeBytes").integer(table.size_bytes);
    writer.name("TableStatus").text(table.status.name());
    write_warm(writer, table.warm_throughput);
}

/// The attributes of all keys, each once: those of the table, then those of its indexes.
fn write_definitions(writer: &mut Writer, table: &TableDescription) {
    let CreateTable { key, .. } = &table.definition;
    let local = table.local_secondary_indexes.iter().map(|index| &index.definition.key);
    let global = table.global_secondary_indexes.iter().map(|index| &index.definition.key);
    let mut known = BTreeSet::new();
    for KeyAttribute { name, scalar_type } in
        std::iter::once(key).chain(local).chain(global).flat_map(KeySchema::attributes)
    {
        if known.insert(name) {
            writer.object(|writer| {
                writer.name("AttributeName").text(name);
                writer.name("AttributeType").plain_text(format_args!("{scalar_type:?}"));
            });
        }
    }
}

fn write_key(writer: &mut Writer, key: &KeySchema) {
    writer.name("KeySchema").array(|writer| {
        let kinds = std::iter::repeat_n("HASH", key.partition_attributes().len()).chain(std::iter::repeat("RANGE"));
        for (attribute, kind) in key.attributes().zip(kinds) {
            writer.object(|writer| {
                writer.name("AttributeName").text(&attribute.name);
                writer.name("KeyType").text(kind);
            });
        }
    });
}

/// The summary is there for tables that are or once were on-demand.
fn write_billing(writer: &mut Writer, table: &TableDescription) {
    let is_on_demand = matches!(table.definition.capacity, CapacityMode::OnDemand { .. });
    if !is_on_demand && table.last_on_demand_epoch_millis.is_none() {
        return;
    }
    writer.name("BillingModeSummary").object(|writer| {
        writer.name("BillingMode").text(if is_on_demand { "PAY_PER_REQUEST" } else { "PROVISIONED" });
        if let Some(date) = table.last_on_demand_epoch_millis {
            write_date(writer, "LastUpdateToPayPerRequestDateTime", date);
        }
    });
}

/// ProvisionedThroughput, zero on demand, and the maxima of on-demand throughput where they are set.
fn write_capacity(writer: &mut Writer, capacity: CapacityMode, changes: ThroughputChanges) {
    let (read, write) = match capacity {
        CapacityMode::Provisioned { read, write } => (read.units, write.units),
        CapacityMode::OnDemand { .. } => (0, 0),
    };
    if let CapacityMode::OnDemand { max_read_units, max_write_units } = capacity
        && (max_read_units.is_some() || max_write_units.is_some())
    {
        writer.name("OnDemandThroughput").object(|writer| {
            for (name, units) in [("MaxReadRequestUnits", max_read_units), ("MaxWriteRequestUnits", max_write_units)] {
                match units {
                    Some(units) => writer.name(name).integer(units),
                    None => writer.name(name).none(),
                }
            }
        });
    }
    writer.name("ProvisionedThroughput").object(|writer| {
        if let Some(date) = changes.last_decrease_epoch_millis {
            write_date(writer, "LastDecreaseDateTime", date);
        }
        if let Some(date) = changes.last_increase_epoch_millis {
            write_date(writer, "LastIncreaseDateTime", date);
        }
        writer.name("NumberOfDecreasesToday").integer(changes.decreases_today);
        writer.name("ReadCapacityUnits").integer(read);
        writer.name("WriteCapacityUnits").integer(write);
    });
}

/// The summary is there where the class is not, or was not always, the ordinary one.
fn write_class(writer: &mut Writer, table: &TableDescription) {
    let class = match table.definition.class {
        TableClass::Standard if table.last_class_change_epoch_millis.is_none() => return,
        TableClass::Standard => "STANDARD",
        TableClass::StandardInfrequentAccess => "STANDARD_INFREQUENT_ACCESS",
    };
    writer.name("TableClassSummary").object(|writer| {
        if let Some(date) = table.last_class_change_epoch_millis {
            write_date(writer, "LastUpdateDateTime", date);
        }
        writer.name("TableClass").text(class);
    });
}

fn write_warm(writer: &mut Writer, warm: WarmThroughputDescription) {
    writer.name("WarmThroughput").object(|writer| {
        writer.name("ReadUnitsPerSecond").integer(warm.throughput.read_units_per_second);
        writer.name("Status").text(warm.status.name());
        writer.name("WriteUnitsPerSecond").integer(warm.throughput.write_units_per_second);
    });
}

fn write_global_index(writer: &mut Writer, index: &GlobalIndexDescription) {
    writer.object(|writer| {
        if let Some(is_backfilling) = index.is_backfilling {
            writer.name("Backfilling").boolean(is_backfilling);
        }
        writer.name("IndexArn").text(&index.arn);
        writer.name("IndexName").text(&index.definition.name);
        writer.name("IndexSizeBytes").integer(index.size_bytes);
        writer.name("IndexStatus").text(index.status.name());
        writer.name("ItemCount").integer(index.item_count);
        write_key(writer, &index.definition.key);
        write_projection(writer, &index.definition.projection);
        write_capacity(writer, index.definition.capacity, index.throughput_changes);
        write_warm(writer, index.warm_throughput);
    });
}

fn write_local_index(writer: &mut Writer, index: &LocalIndexDescription) {
    writer.object(|writer| {
        writer.name("IndexArn").text(&index.arn);
        writer.name("IndexName").text(&index.definition.name);
        writer.name("IndexSizeBytes").integer(index.size_bytes);
        writer.name("ItemCount").integer(index.item_count);
        write_key(writer, &index.definition.key);
        write_projection(writer, &index.definition.projection);
    });
}

fn write_projection(writer: &mut Writer, projection: &Projection) {
    writer.name("Projection").object(|writer| {
        if let Projection::Include(names) = projection {
            writer.name("NonKeyAttributes").array(|writer| names.iter().for_each(|name| writer.text(name)));
        }
        writer.name("ProjectionType").text(match projection {
            Projection::All => "ALL",
            Projection::KeysOnly => "KEYS_ONLY",
            Projection::Include(_) => "INCLUDE",
        });
    });
}

/// A date as the protocol has it: seconds since 1970 with their fraction.
fn write_date(writer: &mut Writer, name: &str, epoch_millis: u64) {
    writer.name(name).decimal(epoch_millis as f64 / 1_000.0);
}
