//! Workload files out of what describes tables elsewhere: `describe-table`, CloudFormation and SAM, Terraform, NoSQL Workbench,
//! YCSB.
//!
//! Every kind of file becomes a [`Draft`](draft::Draft), and one place writes that down as TOML, with a comment wherever
//! something is assumed. What is written has passed the check of workload files before anybody sees it.

mod assumed;
mod cloudformation;
mod describe_table;
mod draft;
mod error;
mod intrinsics;
mod scaling;
mod schema;
mod terraform;
mod toml_text;
mod workbench;
mod write;
mod yaml;
mod ycsb;

use std::path::Path;

use serde_json::Value;

use crate::workload::{Overrides, Source, Workload};

pub use error::ImportError;

use draft::Draft;

/// What a file can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportKind {
    /// JSON of `aws dynamodb describe-table`.
    DescribeTable,
    /// A CloudFormation or SAM template, JSON or YAML.
    CloudFormation,
    /// JSON of `terraform show -json`, of a state or a plan.
    Terraform,
    /// A data model of NoSQL Workbench.
    NosqlWorkbench,
    /// A properties file of YCSB.
    Ycsb,
}

impl ImportKind {
    /// Its name in sentences.
    pub const fn label(self) -> &'static str {
        match self {
            ImportKind::DescribeTable => "`aws dynamodb describe-table`",
            ImportKind::CloudFormation => "a CloudFormation template",
            ImportKind::Terraform => "`terraform show -json`",
            ImportKind::NosqlWorkbench => "a NoSQL Workbench model",
            ImportKind::Ycsb => "a YCSB properties file",
        }
    }
}

/// A workload that was made from something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// What it was made from.
    pub kind: ImportKind,
    /// The workload's name.
    pub name: String,
    /// The tables, in order.
    pub tables: Vec<String>,
    /// The workload file.
    pub text: String,
}

/// Makes a workload file of the text of a file called `name`. The content says what it is, unless `kind` does; `table` picks one
/// of several tables.
pub fn import(name: &str, text: &str, kind: Option<ImportKind>, table: Option<&str>) -> Result<Imported, ImportError> {
    let wrong = |message: String| ImportError::new(name, message);
    let text = text.trim_start_matches('\u{feff}');
    if text.trim().is_empty() {
        return Err(wrong("is empty".into()));
    }
    let document = Document::read(name, text, kind)?;
    let kind = match kind {
        Some(kind) => kind,
        None => document.detect().ok_or_else(|| {
            wrong(
                "is none of what can be imported: the output of `aws dynamodb describe-table` or `terraform show -json`, a \
                 CloudFormation or SAM template, a NoSQL Workbench model, a YCSB properties file; say which one it is with --from"
                    .into(),
            )
        })?,
    };
    let mut draft = match (kind, document) {
        (ImportKind::Ycsb, _) => ycsb::draft(name, text),
        (ImportKind::DescribeTable, Document::Tree(value)) => describe_table::draft(&value),
        (ImportKind::CloudFormation, Document::Tree(value)) => cloudformation::draft(&value),
        (ImportKind::Terraform, Document::Tree(value)) => terraform::draft(&value),
        (ImportKind::NosqlWorkbench, Document::Tree(value)) => workbench::draft(&value),
        (_, Document::Properties) => Err(format!("is not {}", kind.label())),
    }
    .map_err(&wrong)?;
    pick(&mut draft, table).map_err(&wrong)?;
    let text = write::workload(&draft, kind, name);
    check(name, &text)?;
    Ok(Imported { kind, name: draft.name, tables: draft.tables.into_iter().map(|table| table.name).collect(), text })
}

/// Leaves the table that was asked for.
fn pick(draft: &mut Draft, table: Option<&str>) -> Result<(), String> {
    if draft.tables.is_empty() {
        return Err("has no DynamoDB table".into());
    }
    let Some(wanted) = table else { return Ok(()) };
    let names: Vec<String> = draft.tables.iter().map(|table| format!("`{}`", table.name)).collect();
    draft.tables.retain(|table| table.name == wanted);
    if draft.tables.is_empty() {
        return Err(format!("has no table `{wanted}`; it has {}", names.join(", ")));
    }
    Ok(())
}

/// A file that was written must be one that can be read: whatever the source allowed, DynamoDB's rules hold.
fn check(name: &str, text: &str) -> Result<(), ImportError> {
    let source = Source { path: "workload".into(), text: text.to_owned() };
    match Workload::parse(source, Path::new("."), Overrides::default()) {
        Ok(_) => Ok(()),
        Err(error) => {
            let line = error.place.map(|place| format!(", in `{}`", place.line_text.trim())).unwrap_or_default();
            Err(ImportError::new(name, format!("describes what DynamoDB does not allow: {}{line}", error.message)))
        }
    }
}

/// A file, as far as its syntax goes.
enum Document {
    /// JSON or YAML.
    Tree(Value),
    /// Lines of names and values.
    Properties,
}

impl Document {
    fn read(name: &str, text: &str, kind: Option<ImportKind>) -> Result<Self, ImportError> {
        let as_json = |error: serde_json::Error| {
            let (line, column) = (error.line(), error.column());
            let message = error.to_string();
            let message = message.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&message);
            ImportError::at(name, line, column, format!("this is not JSON: {message}"))
        };
        if kind == Some(ImportKind::Ycsb) {
            return Ok(Document::Properties);
        }
        if text.trim_start().starts_with(['{', '[']) {
            return serde_json::from_str(text).map(Document::Tree).map_err(as_json);
        }
        if kind.is_none() && ycsb::is_one(text) {
            return Ok(Document::Properties);
        }
        match yaml::read(text) {
            Ok(value) => Ok(Document::Tree(value)),
            Err(error) => {
                Err(ImportError::at(name, error.line, error.column, format!("this is not YAML: {}", error.message)))
            }
        }
    }

    fn detect(&self) -> Option<ImportKind> {
        let value = match self {
            Document::Properties => return Some(ImportKind::Ycsb),
            Document::Tree(Value::Array(values)) => values.first()?,
            Document::Tree(value) => value,
        };
        let has = |name: &str| value.get(name).is_some();
        if has("Table") || has("TableDescription") || (has("KeySchema") && has("AttributeDefinitions")) {
            Some(ImportKind::DescribeTable)
        } else if has("DataModel") {
            Some(ImportKind::NosqlWorkbench)
        } else if has("planned_values") || has("terraform_version") || has("root_module") {
            Some(ImportKind::Terraform)
        } else if has("Resources") || has("AWSTemplateFormatVersion") {
            Some(ImportKind::CloudFormation)
        } else {
            None
        }
    }
}
