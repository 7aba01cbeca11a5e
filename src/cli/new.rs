//! `dyno new`.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;

use super::{CommandResult, Exit, Failure, print};

const STARTER: &str = include_str!("starter.toml");

/// Write a commented starter workload
#[derive(Debug, clap::Args)]
pub(super) struct NewArguments {
    /// Name of the workload; the file is NAME.toml
    name: String,
}

/// Writes `NAME.toml`, never over a file that exists.
pub(super) fn new(arguments: &NewArguments) -> CommandResult {
    let name = arguments.name.trim_end_matches(".toml");
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || name.starts_with('.') || !name.chars().all(is_plain) {
        return Err(Failure::usage(format!(
            "`{name}` is no name for a workload: use letters, digits, `-`, `_` and `.`"
        )));
    }
    let path = PathBuf::from(format!("{name}.toml"));
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&path)
        .map_err(|error| Failure::failed(format!("{}: {error}", path.display())))?;
    file.write_all(STARTER.replace("NAME", name).as_bytes())
        .map_err(|error| Failure::failed(format!("{}: {error}", path.display())))?;
    print(&format!("wrote {0}\nnext: dyno check {0}\nthen: dyno run {0}\n", path.display()))?;
    Ok(Exit::Done)
}
