//! The bundled engine as a target: in process, in the caller's thread.

use std::sync::Arc;
use std::time::Duration;

use crate::api::{ApiError, Outcome, Request, TableName};
use crate::cache::CacheCounts;
use crate::capacity::{CapacityModel, ResourceView};
use crate::engine::{Enforcement, Engine, EngineOptions};
use crate::item::Item;
use crate::latency::LatencyModel;
use crate::record::TargetInfo;
use crate::time::Time;
use crate::workload::{EngineCapacity, Workload};

use super::{CachedTables, InProcess};

/// An engine with the tables of a workload, still empty.
#[derive(Debug)]
pub struct EngineTarget {
    engine: Engine,
    capacity: EngineCapacity,
    latency: Option<LatencyModel>,
    cache: Option<CachedTables>,
    settings: Vec<(String, String)>,
}

impl EngineTarget {
    /// Creates the tables of the workload in a new engine.
    pub fn new(workload: &Workload, capacity: EngineCapacity) -> Result<Arc<Self>, ApiError> {
        let enforcement = match capacity {
            EngineCapacity::Enforced => Enforcement::Enforced,
            EngineCapacity::Off => Enforcement::Off,
        };
        let mut target = Self::with(workload, capacity, enforcement)?;
        target.cache = workload.cache.as_ref().map(|settings| CachedTables::new(settings, &workload.tables));
        Ok(Arc::new(target))
    }

    /// Creates the tables of the workload in a new engine that admits everything and takes down what it comes to. No cache
    /// stands before it.
    pub fn tapped(workload: &Workload) -> Result<Arc<Self>, ApiError> {
        Ok(Arc::new(Self::with(workload, EngineCapacity::Off, Enforcement::Tapped)?))
    }

    /// The engine itself.
    pub const fn engine(&self) -> &Engine {
        &self.engine
    }

    fn with(workload: &Workload, capacity: EngineCapacity, enforcement: Enforcement) -> Result<Self, ApiError> {
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
        Ok(EngineTarget { engine, capacity, latency, cache: None, settings: settings(workload) })
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
    if let Some(cache) = &workload.cache {
        settings.push(("cache".to_owned(), cache.in_words()));
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
        match &self.cache {
            None => self.engine.execute(now, request),
            Some(cache) => cache.execute(&self.engine, now, request),
        }
    }

    fn cache(&self) -> Option<CacheCounts> {
        self.cache.as_ref().map(CachedTables::counts)
    }

    fn observe(&self, now: Time) -> Vec<ResourceView> {
        self.engine.observe(now)
    }

    fn models_latency(&self) -> bool {
        self.latency.is_some()
    }

    fn travel_time(&self, attempt: u64) -> Duration {
        let Some(latency) = &self.latency else { return Duration::ZERO };
        self.cache.as_ref().map_or_else(|| latency.travel_time(attempt), CachedTables::travel_time)
    }

    fn answer_time(&self, attempt: u64, request: &Request, outcome: &Outcome) -> Duration {
        let Some(latency) = &self.latency else { return outcome.delayed };
        let time = match &self.cache {
            None => latency.answer_time(attempt, request, outcome),
            Some(cache) => cache.answer_time(latency, attempt, request, outcome),
        };
        // Whatever the settings, an answer takes time: a closed loop would stand still otherwise.
        time.max(Duration::from_nanos(1))
    }

    fn load(&self, table: &TableName, item: Item) -> Result<(), ApiError> {
        self.engine.load_item(table, item)
    }
}
