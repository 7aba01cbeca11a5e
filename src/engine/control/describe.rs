//! DescribeTable.

use xxhash_rust::xxh3::xxh3_128_with_seed;

use crate::api::{
    ApiError, CapacityMode, CapacityRange, GlobalIndexDescription, GlobalSecondaryIndex, LocalIndexDescription,
    ReadWrite, ResourceStatus, TableDescription, WarmThroughput, WarmThroughputDescription, index_arn, table_arn,
};
use crate::capacity::{ON_DEMAND_INITIAL_READ_UNITS_PER_SECOND, ON_DEMAND_INITIAL_WRITE_UNITS_PER_SECOND, Throughput};
use crate::time::Time;

use super::super::index::GlobalIndex;
use super::super::table::Table;
use super::super::{Engine, EngineOptions};

impl Engine {
    /// DescribeTable.
    pub fn describe_table(&self, now: Time, name: &str) -> Result<TableDescription, ApiError> {
        let tables = self.tables.read();
        match tables.going(name, now) {
            Some(going) => Ok(going.description.clone()),
            None => Ok(tables.find(name)?.describe(now, &self.options)),
        }
    }
}

impl EngineOptions {
    /// The date of a moment, in milliseconds since 1970.
    pub(super) const fn epoch_millis(&self, now: Time) -> u64 {
        self.epoch_seconds_at_time_zero.saturating_mul(1_000).saturating_add(now.as_nanos() / 1_000_000)
    }
}

impl Table {
    /// The table as it is now.
    pub fn describe(&self, now: Time, options: &EngineOptions) -> TableDescription {
        let mut definition = self.definition_at(now).clone();
        definition.capacity = scaled(definition.capacity, &self.throughput, now);
        for (index, global) in definition.global_secondary_indexes.iter_mut().zip(&self.global_indexes) {
            index.capacity = scaled(index.capacity, &global.throughput, now);
        }
        let (name, status) = (&definition.name, self.status(now));
        let (item_count, size_bytes) = self.items.items_and_bytes();
        let epoch_millis = options.epoch_millis(now);
        let local = definition.local_secondary_indexes.iter().zip(&self.local_indexes).map(|(definition, local)| {
            let (item_count, size_bytes) = local.index.entries.items_and_bytes();
            let arn = index_arn(&options.region, name, &definition.name);
            LocalIndexDescription { definition: definition.clone(), arn, item_count, size_bytes }
        });
        let global = definition.global_secondary_indexes.iter().zip(&self.global_indexes);
        let global = global.map(|(definition, global)| {
            let arn = index_arn(&options.region, name, &definition.name);
            global.describe(now, definition, arn, status, epoch_millis)
        });
        let going = self.control.going_indexes.iter().filter(|(until, _)| now < *until);
        let warm = warm_throughput(&self.throughput, definition.capacity, definition.warm_throughput, now);
        TableDescription {
            id: uuid(self.id, options.seed),
            arn: table_arn(&options.region, name),
            status,
            creation_epoch_millis: options.epoch_millis(self.control.created),
            item_count,
            size_bytes,
            local_secondary_indexes: local.collect(),
            global_secondary_indexes: global.chain(going.map(|(_, index)| index.clone())).collect(),
            throughput_changes: self.control.throughput.describe(epoch_millis),
            last_on_demand_epoch_millis: self.last_on_demand_epoch_millis(options),
            last_class_change_epoch_millis: self.control.class_changes.last_epoch_millis(),
            warm_throughput: describe_warm(warm, now < self.control.warming_until),
            definition,
        }
    }

    /// When it became on-demand: by its last switch, or by its creation.
    fn last_on_demand_epoch_millis(&self, options: &EngineOptions) -> Option<u64> {
        let created_so = self.control.created_on_demand.then(|| options.epoch_millis(self.control.created));
        self.control.on_demand_switches.last_epoch_millis().or(created_so)
    }
}

impl GlobalIndex {
    /// The index as it is now; `definition` is what holds now of it, `of_table` where its table is.
    pub fn describe(
        &self,
        now: Time,
        definition: &GlobalSecondaryIndex,
        arn: String,
        of_table: ResourceStatus,
        epoch_millis: u64,
    ) -> GlobalIndexDescription {
        let (item_count, size_bytes) = self.index.entries.items_and_bytes();
        let is_filling = |from: Time| now >= from && now < self.control.readable_from();
        let warm = warm_throughput(&self.throughput, definition.capacity, definition.warm_throughput, now);
        GlobalIndexDescription {
            definition: definition.clone(),
            arn,
            status: self.control.status(now, of_table),
            is_backfilling: self.control.fills_from.map(is_filling),
            item_count,
            size_bytes,
            throughput_changes: self.control.throughput.describe(epoch_millis),
            warm_throughput: describe_warm(warm, now < self.control.warming_until),
        }
    }
}

/// The provisioned capacity as auto scaling has made it.
fn scaled(capacity: CapacityMode, throughput: &Throughput, now: Time) -> CapacityMode {
    let scaled = |range: CapacityRange, access| match range.auto_scaling {
        None => range,
        Some(_) => CapacityRange {
            units: throughput.provisioned_units_per_second(access, now).unwrap_or(range.units),
            ..range
        },
    };
    match capacity {
        CapacityMode::OnDemand { .. } => capacity,
        CapacityMode::Provisioned { read, write } => {
            CapacityMode::Provisioned { read: scaled(read, ReadWrite::Read), write: scaled(write, ReadWrite::Write) }
        }
    }
}

/// What a table or index serves at once: what was asked for, or what it does without being asked (facts §2.4).
pub fn warm_throughput(
    throughput: &Throughput,
    capacity: CapacityMode,
    asked: Option<WarmThroughput>,
    now: Time,
) -> WarmThroughput {
    let (read, write) = match capacity {
        CapacityMode::OnDemand { .. } => {
            (ON_DEMAND_INITIAL_READ_UNITS_PER_SECOND, ON_DEMAND_INITIAL_WRITE_UNITS_PER_SECOND)
        }
        CapacityMode::Provisioned { read, write } => (read.units, write.units),
    };
    let reached = |access| throughput.reached_units_per_second(access, now).unwrap_or(0);
    WarmThroughput {
        read_units_per_second: read
            .max(reached(ReadWrite::Read))
            .max(asked.map_or(0, |asked| asked.read_units_per_second)),
        write_units_per_second: write
            .max(reached(ReadWrite::Write))
            .max(asked.map_or(0, |asked| asked.write_units_per_second)),
    }
}

const fn describe_warm(throughput: WarmThroughput, is_updating: bool) -> WarmThroughputDescription {
    let status = if is_updating { ResourceStatus::Updating } else { ResourceStatus::Active };
    WarmThroughputDescription { throughput, status }
}

/// A UUID of version 4 in form, fixed by the engine's seed and the table's number.
fn uuid(table: u64, seed: u64) -> String {
    let hash = xxh3_128_with_seed(&table.to_le_bytes(), seed);
    let bits = hash & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{bits:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_have_uuids_of_version_4() {
        for table in 0..100 {
            let id = uuid(table, 7);
            // The pattern of the API model: [0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}.
            let lengths: Vec<usize> = id.split('-').map(str::len).collect();
            assert_eq!(lengths, [8, 4, 4, 4, 12], "{id}");
            assert!(id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-')), "{id}");
            assert_eq!(&id[14..15], "4", "{id}");
            assert!(matches!(&id[19..20], "8" | "9" | "a" | "b"), "{id}");
        }
        assert_eq!(uuid(1, 7), uuid(1, 7));
        assert_ne!(uuid(1, 7), uuid(2, 7));
        assert_ne!(uuid(1, 7), uuid(1, 8));
    }
}
