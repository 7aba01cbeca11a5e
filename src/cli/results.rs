//! Where the results of a run go.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::record::{RunResult, ThresholdResult};
use crate::report;

use super::{Exit, Failure};

/// A folder for result.json and report.html.
#[derive(Debug)]
pub(super) struct Results {
    folder: PathBuf,
    /// Whether its name is ours.
    is_named_by_us: bool,
}

impl Results {
    /// Makes the folder now: a run is not worth doing if its result cannot be kept.
    pub fn prepare(folder: Option<&Path>, workload: &str) -> Result<Self, Failure> {
        let is_named_by_us = folder.is_none();
        let folder = folder.map(Path::to_owned).unwrap_or_else(|| {
            let now = Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
            PathBuf::from("reports").join(format!("{workload}-{now}"))
        });
        fs::create_dir_all(&folder).map_err(|error| {
            Failure::failed(format!("{}: no folder for the result: {error}; name another with --out", folder.display()))
        })?;
        Ok(Results { folder, is_named_by_us })
    }

    /// Leaves no empty folder of our own naming behind where nothing was run.
    pub fn drop_unused(&self) {
        if self.is_named_by_us {
            // It is empty but for what others put there, and then it stays.
            let _ = fs::remove_dir(&self.folder);
        }
    }

    /// Writes both files; where the folder does not take them, into the system's folder for temporary files. Says where.
    pub fn write(&self, result: &RunResult) -> Result<PathBuf, Failure> {
        self.write_with(&result.name, |folder| write_into(result, folder))
    }

    /// Writes files of these names and texts in the same way.
    pub fn write_files(&self, name: &str, files: &[(&str, String)]) -> Result<PathBuf, Failure> {
        self.write_with(name, |folder| {
            files.iter().try_for_each(|(file, text)| {
                let path = folder.join(file);
                fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))
            })
        })
    }

    fn write_with(&self, name: &str, write: impl Fn(&Path) -> Result<(), String>) -> Result<PathBuf, Failure> {
        let error = match write(&self.folder) {
            Ok(()) => return Ok(self.folder.clone()),
            Err(error) => error,
        };
        let refuge = std::env::temp_dir().join(format!("dyno-{name}-{}", std::process::id()));
        let rescued = fs::create_dir_all(&refuge).map_err(|error| error.to_string());
        match rescued.and_then(|()| write(&refuge)) {
            Ok(()) => {
                let _ = writeln!(io::stderr(), "warning: {error}; the result is in {} instead", refuge.display());
                Ok(refuge)
            }
            Err(second) => Err(Failure::failed(format!("{error}; and elsewhere: {second}"))),
        }
    }
}

fn write_into(result: &RunResult, folder: &Path) -> Result<(), String> {
    result.write(&folder.join("result.json")).map_err(|error| error.to_string())?;
    let path = folder.join("report.html");
    fs::write(&path, report::html(result)).map_err(|error| format!("{}: {error}", path.display()))
}

/// How a command ends whose run had these thresholds.
pub(super) fn exit_of(thresholds: &[ThresholdResult]) -> Exit {
    if thresholds.iter().all(|threshold| threshold.passed) { Exit::Done } else { Exit::ThresholdFailed }
}
