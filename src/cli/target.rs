//! `--target`: what it says, and the driver it means.

use std::str::FromStr;
use std::sync::Arc;
use std::thread;

use tokio::runtime::Builder;

use crate::record::TableLoad;
use crate::runner::{self, Driver, Progress, Stop};
#[cfg(feature = "aws")]
use crate::target::TargetError;
use crate::target::{EngineTarget, InProcess, ModelledEngine};
use crate::workload::{EngineCapacity, Workload};

use super::Failure;

/// Where operations go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TargetChoice {
    /// The bundled engine, in process.
    Engine,
    /// Real DynamoDB.
    Aws,
    /// An endpoint that speaks DynamoDB's protocol.
    Endpoint(String),
}

impl FromStr for TargetChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "engine" => Ok(TargetChoice::Engine),
            "aws" => Ok(TargetChoice::Aws),
            url if url.starts_with("http://") || url.starts_with("https://") => {
                Ok(TargetChoice::Endpoint(url.to_owned()))
            }
            _ => Err("expected engine, aws, or an address such as http://127.0.0.1:8000".to_owned()),
        }
    }
}

/// Options that choose a target.
#[derive(Debug, clap::Args)]
pub(super) struct TargetArguments {
    /// engine, aws, or the address of an endpoint such as http://127.0.0.1:8000
    #[arg(long, default_value = "engine")]
    pub target: TargetChoice,
    #[command(flatten)]
    pub connection: ConnectionArguments,
}

/// Options that say how a target is used.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct ConnectionArguments {
    /// AWS region; from the environment or profile where absent
    #[arg(long)]
    pub region: Option<String>,
    /// AWS profile
    #[arg(long)]
    pub profile: Option<String>,
    /// Create tables in AWS without asking
    #[arg(long)]
    pub yes: bool,
    /// Keep the tables that the run created; tables that were there before are always kept
    #[arg(long)]
    pub keep_tables: bool,
    /// Threads that draw and send operations; one per processor where absent
    #[arg(long, value_name = "THREADS", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub workers: Option<u16>,
}

/// A target whose tables stand ready and loaded.
pub(super) struct Ready {
    pub driver: Driver,
    pub loaded: Vec<TableLoad>,
    pub warnings: Vec<String>,
}

impl TargetChoice {
    /// What the workload asks of the bundled engine and the target does not do.
    pub fn not_modelled(&self, workload: &Workload) -> Vec<String> {
        if *self == TargetChoice::Engine {
            return Vec::new();
        }
        let faults = "the faults of the workload happen in the bundled engine only; none happened in this run";
        let cache = "the workload's [cache] is a model in front of the bundled engine; in this run every request went to the target";
        let asked = [(!workload.faults.is_empty(), faults), (workload.cache.is_some(), cache)];
        asked.into_iter().filter(|(asked, _)| *asked).map(|(_, warning)| warning.to_owned()).collect()
    }
}

impl ConnectionArguments {
    /// Makes the target's tables ready and loads them.
    pub fn prepare(
        &self,
        target: &TargetChoice,
        workload: &Workload,
        stop: &Stop,
        observe: impl FnMut(Progress<'_>),
    ) -> Result<Ready, Failure> {
        let workers = self.workers.map_or_else(processors, usize::from);
        match target {
            TargetChoice::Engine => prepare_engine(workload, workers, stop, observe),
            TargetChoice::Aws | TargetChoice::Endpoint(_) => {
                self.prepare_network(target, workload, workers, stop, observe)
            }
        }
    }

    #[cfg(not(feature = "aws"))]
    fn prepare_network(
        &self,
        _target: &TargetChoice,
        _workload: &Workload,
        _workers: usize,
        _stop: &Stop,
        _observe: impl FnMut(Progress<'_>),
    ) -> Result<Ready, Failure> {
        Err(Failure::usage("this dyno was built without the feature `aws`; only `--target engine` works"))
    }

    #[cfg(feature = "aws")]
    fn prepare_network(
        &self,
        choice: &TargetChoice,
        workload: &Workload,
        workers: usize,
        stop: &Stop,
        observe: impl FnMut(Progress<'_>),
    ) -> Result<Ready, Failure> {
        use crate::target::Target;
        use crate::target::aws::{AwsOptions, AwsTarget};

        let runtime = Builder::new_multi_thread().worker_threads(workers).enable_all().build();
        let runtime = Arc::new(runtime.map_err(Failure::failed)?);
        let options =
            AwsOptions { region: self.region.clone(), profile: self.profile.clone(), ..AwsOptions::default() };
        let tables: Vec<_> = workload.tables.iter().map(|table| table.create.clone()).collect();
        let target = runtime.block_on(async {
            let target = match choice {
                TargetChoice::Endpoint(url) => AwsTarget::endpoint(url, &options).await,
                TargetChoice::Aws | TargetChoice::Engine => AwsTarget::aws(&options).await,
            };
            let target = target.map_err(unready)?;
            let plan = target.plan(&tables).await.map_err(unready)?;
            if target.is_aws() && !plan.is_empty() && !self.yes && !confirmed(&plan.to_string())? {
                return Err(Failure::usage("nothing was created; say --yes to create tables without being asked"));
            }
            Ok(target)
        })?;
        let target: Arc<dyn Target> = Arc::new(target);
        let prepared = runtime.block_on(target.prepare(&tables)).map_err(unready);
        let loaded = prepared.and_then(|_| {
            runner::load_over_network(workload, &target, &runtime, stop, observe).map_err(Failure::failed)
        });
        let warnings = target.warnings();
        let driver = Driver::Network { target, runtime, workers };
        match loaded {
            Ok(loaded) => Ok(Ready { driver, loaded, warnings }),
            Err(mut failure) => {
                if let Some(left_behind) = self.clean_up(&driver) {
                    failure.message = format!("{}\n{left_behind}", failure.message);
                }
                Err(failure)
            }
        }
    }

    /// Deletes the tables the run created, unless they are to be kept. Says what could not be deleted.
    pub fn clean_up(&self, driver: &Driver) -> Option<String> {
        match driver {
            Driver::Network { target, runtime, .. } if !self.keep_tables => {
                runtime.block_on(target.delete_created()).err().map(|error| format!("tables were left behind: {error}"))
            }
            _ => None,
        }
    }
}

fn prepare_engine(
    workload: &Workload,
    workers: usize,
    stop: &Stop,
    observe: impl FnMut(Progress<'_>),
) -> Result<Ready, Failure> {
    let target = EngineTarget::new(workload, workload.engine_capacity).map_err(Failure::usage)?;
    let loaded = runner::load_in_process(workload, &*target, processors(), stop, observe).map_err(Failure::failed)?;
    let limited = workload.engine_capacity == EngineCapacity::Enforced;
    let driver = if target.models_latency() {
        let runtime = Builder::new_multi_thread().worker_threads(workers).enable_all().build();
        let runtime = Arc::new(runtime.map_err(Failure::failed)?);
        Driver::Network { target: Arc::new(ModelledEngine::new(target)), runtime, workers }
    } else {
        Driver::InProcess { info: target.info(), target, limited, workers }
    };
    Ok(Ready { driver, loaded, warnings: workload.hot_key_warnings() })
}

/// Processors this process may use.
pub(super) fn processors() -> usize {
    thread::available_parallelism().map_or(1, |processors| processors.get())
}

/// Settings that make no sense are wrong usage; for the rest the user can do nothing on the command line.
#[cfg(feature = "aws")]
fn unready(error: TargetError) -> Failure {
    match error {
        TargetError::Settings(_) => Failure::usage(error),
        TargetError::Endpoint { .. } | TargetError::TableDiffers { .. } => Failure::failed(error),
    }
}

/// Shows what would be created and asks.
#[cfg(feature = "aws")]
fn confirmed(plan: &str) -> Result<bool, Failure> {
    use std::io::{self, IsTerminal, Write};

    if !io::stdin().is_terminal() {
        return Err(Failure::usage(format!("{plan}\nthere is nobody to ask: say --yes to create these tables")));
    }
    let mut answer = String::new();
    write!(io::stderr(), "{plan}\nCreate them? [y/N] ")
        .and_then(|()| io::stderr().flush())
        .and_then(|()| io::stdin().read_line(&mut answer))
        .map_err(Failure::failed)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
