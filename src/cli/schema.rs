//! `dyno schema`.

use crate::workload::file::WorkloadFile;

use super::{CommandResult, Exit, Failure, print};

/// Prints the JSON Schema of workload files.
pub(super) fn schema() -> CommandResult {
    let schema = schemars::schema_for!(WorkloadFile);
    let text = serde_json::to_string_pretty(&schema).map_err(Failure::failed)?;
    print(&format!("{text}\n"))?;
    Ok(Exit::Done)
}
