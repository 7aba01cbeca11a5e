//! What Prometheus scrapes while a run goes on: `GET /metrics` on an address of the user's.
//!
//! A scrape takes nothing from the threads that send. It asks for a new state and is answered when the collector has come by,
//! which it does four times a second anyway; sums are made then, and only then. However many scrape, and however slowly they
//! read, there is one state for all, one thread that serves it, and a bound on connections and on their time.
//!
//! Counters are of the whole run, warm-ups included; they start at zero when operations begin to be sent.

mod server;
mod text;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::watch;

use crate::record::{RunResult, TableLoad, Tally};
use crate::runner::Progress;
use crate::workload::Workload;

use server::Server;
use text::{Names, Stage, State};

/// Upper limits of the buckets of latencies, in microseconds: fine where DynamoDB answers, coarse elsewhere.
const LIMITS_MICROS: [u64; 30] = [
    10, 20, 50, 100, 200, 500, 750, 1_000, 1_500, 2_000, 3_000, 4_000, 5_000, 7_500, 10_000, 15_000, 20_000, 30_000,
    50_000, 75_000, 100_000, 200_000, 500_000, 1_000_000, 2_000_000, 5_000_000, 10_000_000, 20_000_000, 30_000_000,
    60_000_000,
];

/// The metrics of one run, served until they are dropped.
#[derive(Debug)]
pub struct Metrics {
    names: Arc<Names>,
    limits: Vec<Duration>,
    state: watch::Sender<Arc<State>>,
    asked: Arc<AtomicBool>,
    server: Server,
}

impl Metrics {
    /// Listens at an address; port 0 is any free one.
    pub fn serve(address: SocketAddr, workload: &Workload) -> io::Result<Self> {
        let names = Arc::new(Names::of(workload));
        let state = watch::Sender::new(Arc::new(State::new(&names)));
        let asked = Arc::new(AtomicBool::new(false));
        let server = Server::start(address, state.subscribe(), Arc::clone(&asked))?;
        let limits = LIMITS_MICROS.map(Duration::from_micros).to_vec();
        Ok(Metrics { names, limits, state, asked, server })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Takes down the newest state, where anybody asked for it since the last time.
    pub fn observe(&self, progress: &Progress<'_>) {
        if !self.asked.swap(false, Ordering::Relaxed) {
            return;
        }
        let state = match progress {
            Progress::Loading { table, loaded, .. } => {
                let mut state = State::clone(&self.state.borrow());
                state.load(table, *loaded);
                state
            }
            Progress::Running { phase, elapsed, recorder, .. } => {
                self.running(phase, *elapsed, recorder.tally(&self.limits))
            }
            Progress::Simulating { .. } => return,
        };
        self.state.send_replace(Arc::new(state));
    }

    /// Takes down what was loaded, now that all is.
    pub fn loaded(&self, loaded: &[TableLoad]) {
        let mut state = State::clone(&self.state.borrow());
        loaded.iter().for_each(|load| state.load(&load.table, load.items));
        self.state.send_replace(Arc::new(state));
    }

    /// Takes down the last state: that of the record.
    pub fn finish(&self, result: &RunResult) {
        let elapsed = Duration::try_from_secs_f64(result.duration_seconds).unwrap_or_default();
        let mut state = self.running("", elapsed, Tally::of(result, &self.limits));
        state.stage = Stage::Finished;
        self.state.send_replace(Arc::new(state));
    }

    fn running(&self, phase: &str, elapsed: Duration, tally: Tally) -> State {
        let before = Arc::clone(&self.state.borrow());
        State {
            names: Arc::clone(&self.names),
            stage: Stage::Running(phase.to_owned()),
            loaded: before.loaded.clone(),
            elapsed,
            limits: self.limits.clone(),
            tally,
        }
    }
}
