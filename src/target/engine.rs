//! The bundled engine as a target: in process, in the caller's thread.

use std::sync::Arc;

use crate::api::{ApiError, Outcome, Request, TableName};
use crate::engine::{Enforcement, Engine, EngineOptions};
use crate::item::Item;
use crate::record::TargetInfo;
use crate::time::Time;
use crate::workload::{EngineCapacity, Workload};

use super::InProcess;

/// An engine with the tables of a workload, still empty.
#[derive(Debug)]
pub struct EngineTarget {
    engine: Engine,
    capacity: EngineCapacity,
}

impl EngineTarget {
    /// Creates the tables of the workload in a new engine.
    pub fn new(workload: &Workload, capacity: EngineCapacity) -> Result<Arc<Self>, ApiError> {
        let engine = Engine::new(EngineOptions {
            seed: workload.streams.stream("engine").at(0).next_u64(),
            capacity: match capacity {
                EngineCapacity::Enforced => Enforcement::Enforced,
                EngineCapacity::Off => Enforcement::Off,
            },
            epoch_seconds_at_time_zero: u64::try_from(workload.epoch_nanos / 1_000_000_000).unwrap_or(0),
            ..EngineOptions::default()
        });
        for table in &workload.tables {
            engine.create_table(Time::ZERO, &table.create)?;
        }
        Ok(Arc::new(EngineTarget { engine, capacity }))
    }

    /// What the record says about it.
    pub fn info(&self) -> TargetInfo {
        let capacity = match self.capacity {
            EngineCapacity::Enforced => "enforced",
            EngineCapacity::Off => "off",
        };
        TargetInfo {
            kind: "engine".to_owned(),
            endpoint: "bundled engine, in process".to_owned(),
            settings: vec![
                ("capacity limits".to_owned(), capacity.to_owned()),
                (
                    "not modelled".to_owned(),
                    "partitions and their ceilings, replication lag, network latency".to_owned(),
                ),
            ],
        }
    }
}

impl InProcess for EngineTarget {
    fn execute(&self, now: Time, request: &Request) -> Outcome {
        self.engine.execute(now, request)
    }

    fn load(&self, table: &TableName, item: Item) -> Result<(), ApiError> {
        self.engine.load_item(table, item)
    }
}
