//! `dyno import`.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;

use clap::ValueEnum;

use crate::import::{ImportKind, Imported, import as make};

use super::{CommandResult, Exit, Failure, print};

/// Make a workload file from a table's description elsewhere
///
/// Reads the output of `aws dynamodb describe-table`, a CloudFormation or SAM template, the output of `terraform show -json`, a
/// NoSQL Workbench model or a YCSB properties file. Tables, keys, indexes and capacity are carried over; what the file does not
/// say is assumed, and marked so.
#[derive(Debug, clap::Args)]
pub(super) struct ImportArguments {
    /// The file to import
    file: PathBuf,
    /// What it is; told from its content where absent
    #[arg(long, value_enum, value_name = "KIND")]
    from: Option<Kind>,
    /// Import this table alone
    #[arg(long)]
    table: Option<String>,
    /// Write the workload here, never over a file that exists; printed where absent
    #[arg(long, value_name = "FILE.toml")]
    out: Option<PathBuf>,
}

/// What can be imported.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    /// JSON of `aws dynamodb describe-table`
    DescribeTable,
    /// A CloudFormation or SAM template
    #[value(name = "cloudformation", alias = "sam")]
    CloudFormation,
    /// JSON of `terraform show -json`
    Terraform,
    /// A NoSQL Workbench model
    #[value(alias = "workbench")]
    NosqlWorkbench,
    /// A YCSB properties file
    Ycsb,
}

impl From<Kind> for ImportKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::DescribeTable => ImportKind::DescribeTable,
            Kind::CloudFormation => ImportKind::CloudFormation,
            Kind::Terraform => ImportKind::Terraform,
            Kind::NosqlWorkbench => ImportKind::NosqlWorkbench,
            Kind::Ycsb => ImportKind::Ycsb,
        }
    }
}

/// Reads the file, makes a workload of it, prints or writes it.
pub(super) fn import(arguments: &ImportArguments) -> CommandResult {
    let name = arguments.file.display().to_string();
    let bytes =
        fs::read(&arguments.file).map_err(|error| Failure::usage(format!("{name}: cannot be read: {error}")))?;
    let text = String::from_utf8(bytes).map_err(|_| Failure::usage(format!("{name}: is not text in UTF-8")))?;
    let imported =
        make(&name, &text, arguments.from.map(ImportKind::from), arguments.table.as_deref()).map_err(Failure::usage)?;
    match &arguments.out {
        None => print(&imported.text)?,
        Some(path) => {
            let failed = |error| Failure::failed(format!("{}: {error}", path.display()));
            let mut file = OpenOptions::new().write(true).create_new(true).open(path).map_err(failed)?;
            file.write_all(imported.text.as_bytes()).map_err(failed)?;
            print(&wrote(&imported, &path.display().to_string()))?;
        }
    }
    Ok(Exit::Done)
}

fn wrote(imported: &Imported, path: &str) -> String {
    let tables = match imported.tables.as_slice() {
        [one] => format!("table {one}"),
        several => format!("{} tables", several.len()),
    };
    format!(
        "wrote {path}: {tables} from {}\nnext: set what is marked `assumed`, then: dyno check {path}\n",
        imported.kind.label()
    )
}
