//! The two sides of `dyno ab`: what runs when it is a side's turn.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use crate::random::Streams;
use crate::record::{RunResult, TableLoad};
use crate::runner::{self, Driver, Slowed, Stop};
use crate::workload::{EngineCapacity, Overrides, Source, Workload};

use super::Failure;
use super::target::{self, ConnectionArguments, TargetChoice};

/// A target with settings of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SideTarget {
    pub choice: TargetChoice,
    /// Settings of the bundled engine that stand in for the workload's: dotted keys below `[engine]` and TOML values.
    pub settings: Vec<(String, String)>,
}

impl FromStr for SideTarget {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some(settings) = text.strip_prefix("engine:") else {
            return Ok(SideTarget { choice: text.parse()?, settings: Vec::new() });
        };
        let pair = |setting: &str| match setting.split_once('=') {
            Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_owned(), value.trim().to_owned())),
            _ => Err(format!("`{setting}`: expected KEY=VALUE as in the workload's [engine], such as capacity=off")),
        };
        let settings: Result<Vec<_>, String> = settings.split(',').map(pair).collect();
        Ok(SideTarget { choice: TargetChoice::Engine, settings: settings? })
    }
}

/// The workload text with settings of the engine changed; without any, the text as it is.
pub(super) fn with_settings(text: &str, settings: &[(String, String)]) -> Result<String, String> {
    if settings.is_empty() {
        return Ok(text.to_owned());
    }
    let mut root: toml::Table = toml::from_str(text).map_err(|error| error.to_string())?;
    for (key, value) in settings {
        // What is no TOML value by itself is a string, so that nobody needs two kinds of quotes.
        let value = toml::from_str::<toml::Table>(&format!("value = {value}"))
            .ok()
            .and_then(|mut table| table.remove("value"))
            .unwrap_or_else(|| toml::Value::String(value.clone()));
        let mut table = &mut root;
        let path: Vec<&str> = std::iter::once("engine").chain(key.split('.')).collect();
        let Some((last, folders)) = path.split_last() else { continue };
        for folder in folders {
            let below = table.entry(*folder).or_insert_with(|| toml::Value::Table(toml::Table::new()));
            table = below.as_table_mut().ok_or_else(|| format!("`{key}`: [engine] has a value at `{folder}`"))?;
        }
        table.insert((*last).to_owned(), value);
    }
    toml::to_string(&root).map_err(|error| error.to_string())
}

/// Who answers on a side.
pub(super) enum Side<'a> {
    /// A fresh engine in every round, because memory falls into place differently each time and that must not stick to a side.
    Engine(Engine<'a>),
    /// An endpoint whose tables were made ready once.
    Endpoint(Box<Endpoint<'a>>),
    /// A command that writes a result.
    Command { template: String, folder: PathBuf },
}

/// An endpoint as a side.
pub(super) struct Endpoint<'a> {
    pub workload: Workload,
    pub ready: target::Ready,
    pub stop: &'a Stop,
}

/// The bundled engine as a side.
pub(super) struct Engine<'a> {
    pub source: Source,
    pub folder: PathBuf,
    pub duration: Option<Duration>,
    pub connection: &'a ConnectionArguments,
    /// How much longer it takes on purpose; nothing of the kind where no side does.
    pub slowdown: Option<f64>,
    pub stop: &'a Stop,
}

/// A side that stands ready for the runs of one round.
pub(super) enum Ready<'a> {
    Driver { workload: Arc<Workload>, driver: Driver, loaded: Vec<TableLoad>, warnings: Vec<String>, stop: &'a Stop },
    Command { template: &'a str, folder: &'a Path, number: u64, seed: u64 },
}

impl Side<'_> {
    /// Makes ready for a round. `number` counts the rounds from 1 on; both sides of a round draw with the same seed.
    pub fn make_ready(&self, number: u64, seed: u64) -> Result<Ready<'_>, Failure> {
        match self {
            Side::Engine(engine) => engine.make_ready(seed),
            Side::Endpoint(endpoint) => Ok(Ready::Driver {
                workload: Arc::new(Workload { streams: Streams::new(seed), ..endpoint.workload.clone() }),
                driver: endpoint.ready.driver.clone(),
                loaded: endpoint.ready.loaded.clone(),
                warnings: endpoint.ready.warnings.clone(),
                stop: endpoint.stop,
            }),
            Side::Command { template, folder } => Ok(Ready::Command { template, folder, number, seed }),
        }
    }

    /// Takes away what the side made in its target. Says what could not be taken away.
    pub fn clean_up(&self, connection: &ConnectionArguments) -> Option<String> {
        match self {
            Side::Endpoint(endpoint) => connection.clean_up(&endpoint.ready.driver),
            Side::Engine(_) | Side::Command { .. } => None,
        }
    }
}

impl Ready<'_> {
    /// One run.
    pub fn run(&self) -> Result<RunResult, Failure> {
        match self {
            Ready::Driver { workload, driver, loaded, warnings, stop } => {
                let mut result = runner::run(workload, driver, loaded.clone(), stop, |_| {});
                result.warnings.extend(warnings.iter().cloned());
                Ok(result)
            }
            Ready::Command { template, folder, number, seed } => run_command(template, folder, *number, *seed),
        }
    }
}

impl Engine<'_> {
    /// The workload with this seed, or the file's.
    pub fn workload(&self, seed: Option<u64>) -> Result<Workload, Failure> {
        let overrides = Overrides { duration: self.duration, seed, ..Overrides::default() };
        Workload::parse(self.source.clone(), &self.folder, overrides).map_err(Failure::usage)
    }

    fn make_ready(&self, seed: u64) -> Result<Ready<'_>, Failure> {
        let workload = Arc::new(self.workload(Some(seed))?);
        let mut ready = self.connection.prepare(&TargetChoice::Engine, &workload, self.stop, |_| {})?;
        if let (Driver::InProcess { target, .. }, Some(share)) = (&mut ready.driver, self.slowdown) {
            *target = Arc::new(Slowed::new(Arc::clone(target), share));
        }
        let target::Ready { driver, loaded, warnings } = ready;
        Ok(Ready::Driver { workload, driver, loaded, warnings, stop: self.stop })
    }
}

/// Whether an engine may serve run after run of this workload, each from a time of its own: nothing in it remembers the time,
/// and no run inserts what the one before did.
pub(super) fn can_be_run_again(workload: &Workload) -> bool {
    workload.engine_capacity == EngineCapacity::Off
        && workload.latency.is_none()
        && workload.replication.is_none()
        && workload.cache.is_none()
        && workload.faults.is_empty()
        && !changes_what_is_there(workload)
}

/// Whether a run leaves other items behind than it found.
pub(super) fn changes_what_is_there(workload: &Workload) -> bool {
    workload.operations.iter().any(|operation| operation.inserts(0).next().is_some() || operation.deletes())
}

/// Runs a command that writes `result.json` into the folder it is given.
fn run_command(template: &str, folder: &Path, number: u64, seed: u64) -> Result<RunResult, Failure> {
    let io = |error: std::io::Error| Failure::failed(format!("{}: {error}", folder.display()));
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(io)?;
    }
    fs::create_dir_all(folder).map_err(io)?;
    let command = template
        .replace("{out}", &quoted(&folder.display().to_string()))
        .replace("{round}", &number.to_string())
        .replace("{seed}", &seed.to_string());
    let output = Command::new("sh").arg("-c").arg(&command).stdin(Stdio::null()).output();
    let output = output.map_err(|error| Failure::failed(format!("`{command}`: {error}")))?;
    let path = folder.join("result.json");
    // A threshold that did not hold is exit code 1 of `dyno run`, and the result is there.
    let is_done = matches!(output.status.code(), Some(0 | 1)) && path.exists();
    if !is_done {
        let said = String::from_utf8_lossy(&output.stderr);
        let last: Vec<&str> = said.lines().rev().take(5).collect();
        let last: Vec<&str> = last.into_iter().rev().collect();
        let ended = output.status;
        return Err(Failure::failed(format!(
            "`{command}` ended with {ended} and {}\n{}",
            if path.exists() { "wrote a result" } else { "wrote no result.json into its {out}" },
            last.join("\n")
        )));
    }
    RunResult::read(&path).map_err(Failure::failed)
}

/// A word for the shell.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}
