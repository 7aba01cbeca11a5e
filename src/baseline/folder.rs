//! The folder that baselines are kept in.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::{Timestamp, tz::TimeZone};
use xxhash_rust::xxh3::xxh3_64;

use crate::compare::{Machine, Objection, Reason, objections_between};
use crate::record::{ResultError, RunResult};

use super::{Baseline, BaselineError, Saved, Saving, check};

/// As many letters as a workload's name may have.
const NAME_MAX: usize = 100;

/// What becomes of other records of a name when one is saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Others {
    /// The newest of the same machine are kept, this many with the new one, at least one.
    Keep(usize),
    /// All are let go, on every machine: the workload was changed, or another level is accepted.
    Replace,
}

/// All baselines of a folder.
#[derive(Debug, Clone)]
pub struct Baselines {
    folder: PathBuf,
}

impl Baselines {
    /// The baselines of a folder, which need not exist.
    pub fn at(folder: &Path) -> Self {
        Baselines { folder: folder.to_owned() }
    }

    /// Saves a record as a baseline of this name; `others` says what becomes of what is saved under it.
    ///
    /// # Errors
    /// Where the record tells nothing to compare with, where it ran another workload than what is kept, where the name cannot be
    /// a folder's, where what it is held against cannot be read, and where the file system refuses: what was saved before is then
    /// as it was.
    pub fn save(&self, name: &str, record: &RunResult, others: Others) -> Result<Saving, BaselineError> {
        check_name(name)?;
        check(record, &record.name)?;
        let file = file_name(record)?;
        let machine = Machine::of(&record.environment);
        let folder = self.folder.join(name).join(machine.fingerprint());
        let path = folder.join(&file.name);
        if let Others::Keep(_) = others {
            self.check_workload(name, record, &folder, &path)?;
        }
        // A file of this name with anything else in it is damaged.
        let known = fs::read(&path).is_ok_and(|saved| saved == file.text.as_bytes());
        if !known {
            fs::create_dir_all(&folder).map_err(BaselineError::io(&folder))?;
            write_whole(&folder, &path, &file.text).map_err(BaselineError::io(&path))?;
        }
        let runs = records_in(&folder)?;
        let dropped: Vec<PathBuf> = match others {
            Others::Keep(keep) => runs[..runs.len().saturating_sub(keep.max(1))].to_vec(),
            Others::Replace => self.files_of(name)?.into_iter().flatten().filter(|old| *old != path).collect(),
        };
        for old in &dropped {
            remove(old).map_err(BaselineError::io(old))?;
        }
        let kept = !dropped.contains(&path);
        let runs = runs.iter().filter(|run| !dropped.contains(run)).count();
        let dropped = dropped.len() - usize::from(!kept && !known);
        Ok(Saving { path, machine, kept, known, runs, dropped })
    }

    /// Whether a record asks the same of the target as the newest of its folder does.
    fn check_workload(&self, name: &str, record: &RunResult, folder: &Path, own: &Path) -> Result<(), BaselineError> {
        let others = records_in(folder)?.into_iter().rev().filter(|path| path != own);
        let Some(newest) = others.filter_map(|path| read(path).transpose()).next().transpose()? else { return Ok(()) };
        let labels = [newest.path.display().to_string(), format!("the run of {}", record.started_at)];
        let mut objections =
            objections_between(&newest.record, record, labels.each_ref().map(String::as_str)).into_iter();
        match objections.find(|objection| objection.reason == Reason::Workload) {
            None => Ok(()),
            Some(Objection { message: difference, .. }) => {
                Err(BaselineError::Workload { difference, folder: self.folder.join(name) })
            }
        }
    }

    /// Every baseline, by name and machine.
    pub fn all(&self) -> Result<Vec<Baseline>, BaselineError> {
        let mut all = Vec::new();
        for name in self.names()? {
            all.extend(self.of_name(&name)?);
        }
        Ok(all)
    }

    /// The baselines of one name, a machine each; at least one.
    pub fn named(&self, name: &str) -> Result<Vec<Baseline>, BaselineError> {
        check_name(name)?;
        let found = self.of_name(name)?;
        if found.is_empty() { Err(self.unknown(name)?) } else { Ok(found) }
    }

    /// The baseline of one name and machine. Those of other machines are not read.
    pub fn named_on(&self, name: &str, machine: &Machine) -> Result<Baseline, BaselineError> {
        check_name(name)?;
        let files = records_in(&self.folder.join(name).join(machine.fingerprint()))?;
        match read_all(name, files)? {
            Some(baseline) => Ok(baseline),
            None => Err(self.none_on(name, machine)?),
        }
    }

    /// The files of one name and machine, oldest first; at least one.
    pub fn of_machine(&self, name: &str, machine: &Machine) -> Result<Vec<PathBuf>, BaselineError> {
        check_name(name)?;
        let paths = records_in(&self.folder.join(name).join(machine.fingerprint()))?;
        if paths.is_empty() { Err(self.none_on(name, machine)?) } else { Ok(paths) }
    }

    /// Why there is nothing of a name and machine.
    fn none_on(&self, name: &str, machine: &Machine) -> Result<BaselineError, BaselineError> {
        let files = self.files_of(name)?;
        if files.is_empty() {
            return self.unknown(name);
        }
        // The names of other machines are a help; that one cannot be read is not what was asked.
        let newest_readable = |files: Vec<PathBuf>| files.into_iter().rev().find_map(|path| read(path).ok().flatten());
        let newest = files.into_iter().filter_map(newest_readable);
        let mut known: Vec<Machine> = newest.map(|saved| Machine::of(&saved.record.environment)).collect();
        known.sort();
        let (folder, name, machine) = (self.folder.clone(), name.to_owned(), Box::new(machine.clone()));
        Ok(BaselineError::OtherMachines { folder, name, machine, known })
    }

    fn unknown(&self, name: &str) -> Result<BaselineError, BaselineError> {
        Ok(BaselineError::Unknown { folder: self.folder.clone(), name: name.to_owned(), known: self.names()? })
    }

    /// Names under which something is saved.
    fn names(&self) -> Result<Vec<String>, BaselineError> {
        let mut names = Vec::new();
        for folder in entries(&self.folder)? {
            let name = folder.file_name().and_then(|name| name.to_str()).filter(|name| check_name(name).is_ok());
            if let Some(name) = name
                && !self.files_of(name)?.is_empty()
            {
                names.push(name.to_owned());
            }
        }
        Ok(names)
    }

    /// The files of a name, machine by machine.
    fn files_of(&self, name: &str) -> Result<Vec<Vec<PathBuf>>, BaselineError> {
        let machines = entries(&self.folder.join(name))?;
        let files: Result<Vec<_>, _> = machines.iter().map(|folder| records_in(folder)).collect();
        Ok(files?.into_iter().filter(|files| !files.is_empty()).collect())
    }

    fn of_name(&self, name: &str) -> Result<Vec<Baseline>, BaselineError> {
        let read = self.files_of(name)?.into_iter().filter_map(|files| read_all(name, files).transpose());
        let mut found = read.collect::<Result<Vec<_>, _>>()?;
        found.sort_by(|one, other| one.machine.cmp(&other.machine));
        Ok(found)
    }
}

/// The baseline that the files of a name and machine are; `None` where there are none.
fn read_all(name: &str, files: Vec<PathBuf>) -> Result<Option<Baseline>, BaselineError> {
    let saved: Vec<Saved> = files.into_iter().filter_map(|path| read(path).transpose()).collect::<Result<_, _>>()?;
    Ok(saved.last().map(|newest| Machine::of(&newest.record.environment)).map(|machine| Baseline {
        name: name.to_owned(),
        machine,
        saved,
    }))
}

/// What a record is saved as.
struct RecordFile {
    name: String,
    text: String,
}

/// Names sort by the runs' starts.
fn file_name(record: &RunResult) -> Result<RecordFile, BaselineError> {
    let undated = |_| BaselineError::Undated(record.started_at.clone());
    let started: Timestamp = record.started_at.parse().map_err(undated)?;
    let started = started.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%S.%3fZ").to_string();
    let text = serde_json::to_string(record)
        .map_err(|source| ResultError::Format { path: PathBuf::from(&record.name), source })?;
    Ok(RecordFile { name: format!("{started}-{:016x}.json", xxh3_64(text.as_bytes())), text })
}

/// Whether a baseline can have this name.
pub fn check_name(name: &str) -> Result<(), BaselineError> {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    let is_name = (1..=NAME_MAX).contains(&name.len()) && name.chars().all(allowed) && !name.starts_with(['.', '-']);
    if is_name { Ok(()) } else { Err(BaselineError::Name(name.to_owned())) }
}

/// Writes a file under a name of its own first, so that a reader never sees half of it, and a full disk leaves nothing behind.
fn write_whole(folder: &Path, path: &Path, text: &str) -> io::Result<()> {
    let mut partial = builder().tempfile_in(folder)?;
    partial.write_all(text.as_bytes())?;
    partial.as_file().sync_all()?;
    partial.persist(path)?;
    Ok(())
}

/// Temporary files begin with a dot, which no saved record does, and may be read by whom the system's mask allows.
fn builder() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".saving-").suffix(".partial");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder
}

/// The records of a folder, oldest first; none where there is no such folder.
fn records_in(folder: &Path) -> Result<Vec<PathBuf>, BaselineError> {
    let is_record = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.ends_with(".json") && !name.starts_with('.')
    };
    Ok(entries(folder)?.into_iter().filter(is_record).collect())
}

/// What is in a folder, by name; nothing where there is no such folder.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, BaselineError> {
    let read = match fs::read_dir(folder) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        read => read.map_err(BaselineError::io(folder))?,
    };
    let paths: io::Result<Vec<PathBuf>> = read.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut paths = paths.map_err(BaselineError::io(folder))?;
    paths.sort();
    Ok(paths)
}

/// Reads a saved record; `None` where another process has let go of it in between.
fn read(path: PathBuf) -> Result<Option<Saved>, BaselineError> {
    match RunResult::read(&path) {
        Ok(record) => Ok(Some(Saved { path, record })),
        Err(ResultError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Deletes a file that another process may be deleting, too.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}
