//! The bundled engine in real time, as far away and as slow as the model of latency says.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use crate::api::{CreateTable, Outcome, Request};
use crate::cache::CacheCounts;
use crate::capacity::ResourceView;
use crate::record::TargetInfo;
use crate::time::Time;

use super::timer::Timer;
use super::{CallError, EngineTarget, InProcess, PreparedTable, Target, TargetError, TargetFuture};

/// An engine whose answers come when they would come from the service.
#[derive(Debug)]
pub struct ModelledEngine {
    engine: Arc<EngineTarget>,
    timer: Timer,
    start: OnceLock<Instant>,
    attempts: AtomicU64,
}

impl ModelledEngine {
    /// An engine whose tables stand ready and loaded.
    pub fn new(engine: Arc<EngineTarget>) -> Self {
        ModelledEngine { engine, timer: Timer::new(), start: OnceLock::new(), attempts: AtomicU64::new(0) }
    }

    fn start(&self) -> Instant {
        *self.start.get_or_init(Instant::now)
    }

    async fn answer(&self, request: &Request) -> Outcome {
        let sent = Instant::now();
        let start = self.start();
        let attempt = self.attempts.fetch_add(1, Ordering::Relaxed);
        let arrives = sent + self.engine.travel_time(attempt);
        self.timer.sleep_until(arrives).await;
        // What it came late by does not come on top: the answer is due at a moment, not after a wait.
        let now = Time::ZERO + Instant::now().saturating_duration_since(start);
        let outcome = self.engine.execute(now, request);
        let due = arrives + self.engine.answer_time(attempt, request, &outcome);
        self.timer.sleep_until(due).await;
        outcome
    }
}

impl Target for ModelledEngine {
    fn info(&self) -> TargetInfo {
        self.engine.info()
    }

    fn begin(&self) {
        self.start();
    }

    fn is_limited(&self) -> bool {
        self.engine.is_limited()
    }

    fn prepare<'a>(&'a self, tables: &'a [CreateTable]) -> TargetFuture<'a, Result<Vec<PreparedTable>, TargetError>> {
        let prepared = |table: &CreateTable| PreparedTable { name: table.name.to_string(), created: false };
        Box::pin(async move { Ok(tables.iter().map(prepared).collect()) })
    }

    fn call(&self, request: Arc<Request>) -> TargetFuture<'_, Result<Outcome, CallError>> {
        Box::pin(async move { Ok(self.answer(&request).await) })
    }

    fn observe(&self, now: Time) -> Vec<ResourceView> {
        self.engine.observe(now)
    }

    fn cache(&self) -> Option<CacheCounts> {
        self.engine.cache()
    }

    fn delete_created(&self) -> TargetFuture<'_, Result<Vec<String>, TargetError>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}
