//! Where operations go: the bundled engine in process, real DynamoDB, and compatible endpoints.

#[cfg(feature = "aws")]
pub mod aws;
mod cache;
mod engine;
mod modelled;
mod timer;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

use crate::api::{ApiError, CreateTable, Outcome, Request, TableName};
use crate::cache::CacheCounts;
use crate::capacity::ResourceView;
use crate::item::Item;
use crate::record::TargetInfo;
use crate::time::Time;

pub use cache::CachedTables;
pub use engine::EngineTarget;
pub use modelled::ModelledEngine;

/// A target that answers at once, in the caller's thread.
pub trait InProcess: Send + Sync {
    /// Answers a request that arrives at `now`.
    fn execute(&self, now: Time, request: &Request) -> Outcome;

    /// Whether [`travel_time`](Self::travel_time) and [`answer_time`](Self::answer_time) tell anything but nothing.
    fn models_latency(&self) -> bool {
        false
    }

    /// How long a request is on its way to the target, by the model of latency; `attempt` numbers the requests of a run and
    /// decides what is drawn. Nothing where latency is not modelled.
    fn travel_time(&self, _attempt: u64) -> Duration {
        Duration::ZERO
    }

    /// How long the target took to serve a request, and its answer is on its way back, by the model of latency. Nothing where
    /// latency is not modelled.
    fn answer_time(&self, _attempt: u64, _request: &Request, _outcome: &Outcome) -> Duration {
        Duration::ZERO
    }

    /// The capacity of every table and index at `now`. Events are told once: to one observer.
    fn observe(&self, _now: Time) -> Vec<ResourceView> {
        Vec::new()
    }

    /// What the cache in front of the tables counted so far, where there is one.
    fn cache(&self) -> Option<CacheCounts> {
        None
    }

    /// Stores an item before the run, free of capacity.
    fn load(&self, table: &TableName, item: Item) -> Result<(), ApiError>;
}

/// A future a target hands out.
pub type TargetFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A driver for an endpoint that speaks DynamoDB's protocol over a network.
///
/// It makes one attempt per call and never retries: retries, back-off and time-outs are the runner's, where they are counted.
pub trait Target: Send + Sync {
    /// What the record says about the target.
    fn info(&self) -> TargetInfo;

    /// The run begins now.
    fn begin(&self) {}

    /// Whether limits of capacity hold; where that is not known they may.
    fn is_limited(&self) -> bool {
        true
    }

    /// Creates the tables that do not exist and waits until all are active. Says of each whether it was created.
    fn prepare<'a>(&'a self, tables: &'a [CreateTable]) -> TargetFuture<'a, Result<Vec<PreparedTable>, TargetError>>;

    /// Sends one request once.
    fn call(&self, request: Arc<Request>) -> TargetFuture<'_, Result<Outcome, CallError>>;

    /// The capacity of every table and index at `now`, where the target shows it. Events are told once: to one observer.
    fn observe(&self, _now: Time) -> Vec<ResourceView> {
        Vec::new()
    }

    /// What a modelled cache in front of the tables counted so far, where there is one.
    fn cache(&self) -> Option<CacheCounts> {
        None
    }

    /// Deletes the tables that `prepare` of this very target created, and no others.
    fn delete_created(&self) -> TargetFuture<'_, Result<Vec<String>, TargetError>>;

    /// What the record should say about the tables made ready, such as settings that could not be had.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }
}

/// A table that stands ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreparedTable {
    /// The table's name.
    pub name: String,
    /// Whether it was created now; otherwise it was found.
    pub created: bool,
}

/// An attempt that brought no answer of the API.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{name}: {message}")]
pub struct CallError {
    /// A short name to count it by, such as `ConnectionError` or `MalformedResponse`.
    pub name: String,
    /// What happened.
    pub message: String,
    /// Whether the SDK's standard policy would retry it as transient.
    pub transient: bool,
}

/// Why a target could not be made ready.
#[derive(Debug, Error)]
pub enum TargetError {
    /// The target's address or settings make no sense.
    #[error("{0}")]
    Settings(String),
    /// The endpoint could not be reached or refused.
    #[error("{endpoint}: {message}")]
    Endpoint {
        /// The endpoint.
        endpoint: String,
        /// What happened and what to do.
        message: String,
    },
    /// A table of that name exists with another key, or an index the workload needs is missing.
    #[error("table `{table}` exists but does not fit the workload: {difference}; choose another name or delete it")]
    TableDiffers {
        /// The table.
        table: String,
        /// What differs.
        difference: String,
    },
}
