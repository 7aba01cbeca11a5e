//! The control plane, in virtual time: statuses, the rules of UpdateTable, back-fills, time to live.

use std::time::Duration;

use dynamometer::api::*;
use dynamometer::capacity::CapacityModel;
use dynamometer::engine::{ControlDelays, Enforcement, Engine, EngineOptions};
use dynamometer::item::ScalarType;

use crate::engine_requests::*;

mod consistency;
mod indexes;
mod lifecycle;
mod property;
mod throughput;
mod time_to_live;
mod update_rules;

/// 2026-11-21 00:00:00 UTC.
const MIDNIGHT: u64 = 1_795_219_200;

const DELAYS: ControlDelays = ControlDelays {
    create: Duration::from_secs(10),
    update: Duration::from_secs(20),
    delete: Duration::from_secs(30),
    time_to_live: Duration::from_secs(40),
    index_backfill_items_per_second: 2,
};

/// An engine whose control plane takes a while, without tables.
fn slow_engine() -> Engine {
    Engine::new(EngineOptions {
        seed: 42,
        capacity_model: CapacityModel::default().of_whole_tables(),
        epoch_seconds_at_time_zero: MIDNIGHT,
        control_delays: DELAYS,
        region: "eu-central-1".into(),
        ..EngineOptions::default()
    })
}

/// An engine whose control plane is done at once, with tables.
fn quick_engine(tables: &[CreateTable]) -> Engine {
    engine(Enforcement::Enforced, tables)
}

fn updated(name: &str) -> UpdateTable {
    UpdateTable::new(name.into())
}

fn provisioned(read_capacity_units: u64, write_capacity_units: u64) -> Option<ProvisionedThroughput> {
    Some(ProvisionedThroughput { read_capacity_units, write_capacity_units })
}

/// A request for the index `name` on the attribute `owner`.
fn add_index(table: &str, name: &str, capacity: CapacityMode) -> UpdateTable {
    let index = global(name, schema(("owner", ScalarType::S), None), Projection::All, capacity);
    UpdateTable {
        attribute_definitions: vec![attribute("owner", ScalarType::S)],
        global_secondary_index_updates: vec![GlobalSecondaryIndexUpdate::Create(index)],
        ..updated(table)
    }
}

fn delete_index(table: &str, name: &str) -> UpdateTable {
    UpdateTable {
        global_secondary_index_updates: vec![GlobalSecondaryIndexUpdate::Delete(name.into())],
        ..updated(table)
    }
}

/// An index update that changes nothing yet.
fn index_update(name: &str) -> UpdateGlobalSecondaryIndex {
    UpdateGlobalSecondaryIndex {
        name: name.into(),
        provisioned_throughput: None,
        on_demand_throughput: None,
        warm_throughput: None,
    }
}

/// A table `tab` with the global index `by_owner`.
fn indexed(capacity: CapacityMode) -> CreateTable {
    let mut definition = table("tab", capacity);
    let key = schema(("owner", ScalarType::S), None);
    definition.global_secondary_indexes = vec![global("by_owner", key, Projection::All, capacity)];
    definition
}

fn in_use(what: &str, name: &str) -> ApiError {
    let message = format!("Attempt to change a resource which is still in use: Table is being {what}: {name}");
    ApiError::new(ErrorKind::ResourceInUse, message)
}

fn invalid(text: &str) -> ApiError {
    ApiError::validation(format!("One or more parameter values were invalid: {text}"))
}
