//! Baselines: recorded runs kept to compare later ones with, by name and kind of machine, in a folder that CI can cache.
//!
//! `FOLDER/NAME/FINGERPRINT/TIME-DIGEST.json` is one saved record: `FINGERPRINT` is of the machine ([`Machine`]), `TIME` is
//! when the run started, `DIGEST` is of what the file holds, so that a run saved twice is kept once. Files appear whole or not at
//! all. What is saved of a name and machine asks the same of the target: another workload is refused, or replaces all there is.

mod fitness;
mod folder;

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::compare::Machine;
use crate::record::{Environment, ResultError, RunResult};

pub use fitness::{Unfit, check};
pub use folder::{Baselines, Others, check_name};

/// Where baselines are kept unless told otherwise.
pub const DEFAULT_FOLDER: &str = ".dyno/baselines";
/// How many records of one name and machine are kept unless told otherwise.
pub const DEFAULT_KEEP: usize = 10;

/// Why baselines could not be saved or found.
#[derive(Debug, Error)]
pub enum BaselineError {
    /// The file system refused.
    #[error("{path}: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A saved file cannot be read as a record.
    #[error("{0}; delete the file, or save the run it was made of again")]
    Record(#[from] ResultError),
    /// A name that cannot be a folder's.
    #[error(
        "`{0}` is no name for a baseline: take 1 to 100 letters, digits, `-`, `_` and `.`, not starting with `.` or `-`"
    )]
    Name(String),
    /// A record that tells nothing to compare with.
    #[error("no baseline: {0}")]
    Unfit(#[from] Unfit),
    /// It ran another workload than what is saved, so that no later run could be compared with both.
    #[error(
        "no baseline: {difference}; take another name (--name), replace all that is saved of this one (--replace), or delete {}",
        .folder.display()
    )]
    Workload {
        /// How it differs from the newest that is saved.
        difference: String,
        /// The folder of all that is saved under the name.
        folder: PathBuf,
    },
    /// Nobody can say whether it is newer than others.
    #[error("no baseline: the run's start `{0}` is not a time")]
    Undated(String),
    /// Nothing was saved under the name.
    #[error("{}: no baseline `{name}`{}", .folder.display(), known_names(.known))]
    Unknown {
        /// The folder of all baselines.
        folder: PathBuf,
        /// The name asked for.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// The name was saved, but on other machines only.
    #[error(
        "{}: the baseline `{name}` has no record of this machine ({machine}){}; times of different machines are not comparable: save \
         a baseline on this one",
        .folder.display(),
        list_of_machines(.known)
    )]
    OtherMachines {
        /// The folder of all baselines.
        folder: PathBuf,
        /// The name asked for.
        name: String,
        /// The machine asked for.
        machine: Box<Machine>,
        /// The machines there are, as far as their records can be read.
        known: Vec<Machine>,
    },
}

impl BaselineError {
    fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        |source| BaselineError::Io { path, source }
    }
}

/// The records saved as `name` in `folder` on machines of the same kind as the environment tells of, oldest first, at least
/// one.
///
/// # Errors
/// Where nothing was saved under the name, and where it was on other machines only: the error says which.
pub fn saved_on_same_machine(
    folder: &Path,
    name: &str,
    environment: &Environment,
) -> Result<Vec<PathBuf>, BaselineError> {
    Baselines::at(folder).of_machine(name, &Machine::of(environment))
}

/// The records of one name and machine.
#[derive(Debug)]
pub struct Baseline {
    /// The name.
    pub name: String,
    /// The machine they were made on.
    pub machine: Machine,
    /// The records, oldest first; at least one.
    pub saved: Vec<Saved>,
}

/// A saved record.
#[derive(Debug)]
pub struct Saved {
    /// Its file.
    pub path: PathBuf,
    /// What it holds.
    pub record: RunResult,
}

/// What became of a record that was to be saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saving {
    /// The file it is in.
    pub path: PathBuf,
    /// The machine it was filed under.
    pub machine: Machine,
    /// Whether it is there: older than all that are kept, it was let go at once.
    pub kept: bool,
    /// Whether the same record had been saved before.
    pub known: bool,
    /// Records of this name and machine there are now.
    pub runs: usize,
    /// Other records that were let go: the oldest, or all where they were replaced.
    pub dropped: usize,
}

fn known_names(known: &[String]) -> String {
    if known.is_empty() {
        return "; nothing was saved there yet: use `dyno baseline save`".to_owned();
    }
    format!("; there is {}", known.join(", "))
}

fn list_of_machines(known: &[Machine]) -> String {
    if known.is_empty() {
        return String::new();
    }
    let known: Vec<String> = known.iter().map(|machine| format!("({machine})")).collect();
    format!(", only of {}", known.join(", "))
}
