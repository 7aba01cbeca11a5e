//! What a table is billed for besides capacity, in a workload file.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Located, OneOf};

/// What a table is billed for besides capacity, for `dyno cost`. Nothing here changes what a run does.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BillingFile {
    /// GB (of 1,024³ bytes) that the table and its indexes store on average. What its items take where absent.
    pub storage_gb: Option<Located<f64>>,
    /// Whether point-in-time recovery is on; it is billed by what the table and its local indexes store.
    pub point_in_time_recovery: bool,
    /// GB of on-demand backups that are kept on average.
    pub backup_gb: Option<Located<f64>>,
    /// GB restored from backups in a month.
    pub restore_gb_per_month: Option<Located<f64>>,
    /// How the table's stream is read; not at all where absent.
    pub stream: Option<OneOf<StreamFile>>,
    /// Regions with a replica of the table, such as "eu-west-1"; it is a global table then.
    pub replicas: Vec<Located<String>>,
}

/// How a table's stream is read.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum StreamFile {
    /// So many consumers read every change once, one change at a time: the most that reading changes can cost. AWS Lambda's
    /// reads for triggers are free and do not count.
    Consumers(Located<u32>),
    /// So many calls of GetRecords in an hour, whether they find changes or not.
    ReadsPerHour(Located<f64>),
}
