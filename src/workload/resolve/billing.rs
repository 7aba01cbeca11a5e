//! What a table is billed for besides capacity.

use crate::workload::WorkloadError;
use crate::workload::billing::{Billing, StreamReads, is_region};
use crate::workload::file::{BillingFile, Located, StreamFile};

use super::Context;

/// An exabyte: more than any table stores.
const GB_MAX: f64 = 1e9;
/// More than all shards of a table with a million partitions can be read.
const STREAM_READS_PER_HOUR_MAX: f64 = 1e12;
/// More consumers than a stream can have.
const CONSUMERS_MAX: u32 = 1_000;
/// More regions than there are.
const REPLICAS_MAX: usize = 100;

pub(super) fn resolve_billing(context: &Context<'_>, file: &BillingFile) -> Result<Billing, WorkloadError> {
    let gb = |what: &str, gb: &Option<Located<f64>>| {
        let Some(gb) = gb else { return Ok(None) };
        context.within(what, gb, 0.0, GB_MAX).map(|()| Some(gb.value))
    };
    let stream = match file.stream.as_deref() {
        None => None,
        Some(StreamFile::Consumers(consumers)) => {
            context.within("consumers", consumers, 1, CONSUMERS_MAX)?;
            Some(StreamReads::Consumers(consumers.value))
        }
        Some(StreamFile::ReadsPerHour(reads)) => {
            context.within("reads_per_hour", reads, 0.0, STREAM_READS_PER_HOUR_MAX)?;
            Some(StreamReads::PerHour(reads.value))
        }
    };
    Ok(Billing {
        storage_gb: gb("storage_gb", &file.storage_gb)?,
        point_in_time_recovery: file.point_in_time_recovery,
        backup_gb: gb("backup_gb", &file.backup_gb)?.unwrap_or(0.0),
        restore_gb_per_month: gb("restore_gb_per_month", &file.restore_gb_per_month)?.unwrap_or(0.0),
        stream,
        replicas: resolve_replicas(context, &file.replicas)?,
    })
}

fn resolve_replicas(context: &Context<'_>, files: &[Located<String>]) -> Result<Vec<String>, WorkloadError> {
    if let Some(excess) = files.get(REPLICAS_MAX) {
        return Err(context.error(&excess.span, format!("a table has at most {REPLICAS_MAX} replicas")));
    }
    let mut replicas: Vec<String> = Vec::new();
    for file in files {
        if !is_region(file) {
            let message = format!("`{}` is no name of a region such as eu-west-1", file.value);
            return Err(context.error(&file.span, message));
        }
        if replicas.contains(&file.value) {
            return Err(context.error(&file.span, format!("there are two replicas in `{}`", file.value)));
        }
        replicas.push(file.value.clone());
    }
    Ok(replicas)
}
