//! The bundled engine as a target: in process, in the caller's thread.

use std::sync::Arc;
use std::time::Duration;

use crate::api::{ApiError, Outcome, Request, TableName};
use crate::capacity::{CapacityModel, ResourceView};
use crate::engine::{Enforcement, Engine, EngineOptions};
use crate::item::Item;
use crate::latency::LatencyModel;
use crate::record::TargetInfo;
use crate::time::Time;
use crate::workload::{EngineCapacity, Workload};

use super::InProcess;

/// An engine with the tables of a workload, still empty.
#[derive(Debug)]
pub struct EngineTarget {
    engine: Engine,
    capacity: EngineCapacity,
    latency: Option<LatencyModel>,
    settings: Vec<(String, String)>,
}

impl EngineTarget {
    /// Creates the tables of the workload in a new engine.
    pub fn new(workload: &Workload, capacity: EngineCapacity) -> Result<Arc<Self>, ApiError> {
        let enforcement = match capacity {
            EngineCapacity::Enforced => Enforcement::Enforced,
            EngineCapacity::Off => Enforcement::Off,
        };
        Self::with(workload, capacity, enforcement)
    }

    /// Creates the tables of the workload in a new engine that admits everything and takes down what it comes to.
    pub fn tapped(workload: &Workload) -> Result<Arc<Self>, ApiError> {
        Self::with(workload, EngineCapacity::Off, Enforcement::Tapped)
    }

    /// The engine itself.
    pub const fn engine(&self) -> &Engine {
        &self.engine
    }

    fn with(workload: &Workload, capacity: EngineCapacity, enforcement: Enforcement) -> Result<Arc<Self>, ApiError> {
        let engine = Engine::new(EngineOptions {
            seed: workload.streams.stream("engine").at(0).next_u64(),
            capacity: enforcement,
            capacity_model: workload.capacity_model,
            epoch_seconds_at_time_zero: u64::try_from(workload.epoch_nanos / 1_000_000_000).unwrap_or(0),
            replication: workload.replication,
            faults: workload.faults.clone(),
            lease: workload.lease,
            ..EngineOptions::default()
        });
        for table in &workload.tables {
            engine.create_table(Time::ZERO, &table.create)?;
        }
        let latency = workload.latency.clone().map(|settings| LatencyModel::new(settings, &workload.streams));
        Ok(Arc::new(EngineTarget { engine, capacity, latency, settings: settings(workload) }))
    }

    /// Whether limits of capacity hold.
    pub fn is_limited(&self) -> bool {
        self.capacity == EngineCapacity::Enforced
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
            settings: [("capacity limits".to_owned(), capacity.to_owned())]
                .into_iter()
                .chain(self.settings.iter().cloned())
                .collect(),
        }
    }
}

/// What is modelled, as the record says it.
fn settings(workload: &Workload) -> Vec<(String, String)> {
    let mut settings = Vec::new();
    let mut not_modelled = Vec::new();
    match &workload.replication {
        Some(_) => settings.push(("replication lag".to_owned(), "modelled".to_owned())),
        None => not_modelled.push("replication lag"),
    }
    match &workload.latency {
        Some(_) => settings.push(("latency".to_owned(), "modelled".to_owned())),
        None => not_modelled.push("network latency"),
    }
    if !workload.faults.is_empty() {
        settings.push(("faults".to_owned(), workload.faults.len().to_string()));
    }
    if workload.capacity_model
        != (CapacityModel {
            epoch_seconds_at_time_zero: workload.capacity_model.epoch_seconds_at_time_zero,
            ..CapacityModel::default()
        })
    {
        settings.push(("capacity model".to_owned(), "set by the workload".to_owned()));
    }
    if !not_modelled.is_empty() {
        settings.push(("not modelled".to_owned(), not_modelled.join(", ")));
    }
    settings
}

impl InProcess for EngineTarget {
    fn execute(&self, now: Time, request: &Request) -> Outcome {
        self.engine.execute(now, request)
    }

    fn observe(&self, now: Time) -> Vec<ResourceView> {
        self.engine.observe(now)
    }

    fn models_latency(&self) -> bool {
        self.latency.is_some()
    }

    fn travel_time(&self, attempt: u64) -> Duration {
        self.latency.as_ref().map_or(Duration::ZERO, |latency| latency.travel_time(attempt))
    }

    fn answer_time(&self, attempt: u64, request: &Request, outcome: &Outcome) -> Duration {
        match &self.latency {
            // Whatever the settings, an answer takes time: a closed loop would stand still otherwise.
            Some(latency) => latency.answer_time(attempt, request, outcome).max(Duration::from_nanos(1)),
            None => outcome.delayed,
        }
    }

    fn load(&self, table: &TableName, item: Item) -> Result<(), ApiError> {
        self.engine.load_item(table, item)
    }
}
