//! Replication and faults of the bundled engine.

use std::time::Duration;

use crate::replication::{DEFAULT_LEASE, Fault, FaultKind, Lag, REPLICAS, ReplicationSettings, Zone};
use crate::time::{Time, parse_duration};
use crate::workload::file::{FaultFile, FaultType, LagFile, Located, Modelled, ReplicationFile, WorkloadFile};
use crate::workload::phase::Phase;
use crate::workload::table::Table;
use crate::workload::{Pace, WorkloadError, operation::MISSING_FROM};

use super::Context;
use super::latency::{set_share, set_time};

/// More than anyone writes down.
const FAULTS_MAX: usize = 1000;
/// Longer than anything that is still called a lag or slow.
const BY_MAX: Duration = Duration::from_secs(3600);

/// How far replicas are behind; none where that is not modelled.
pub(super) fn resolve_replication(
    context: &Context<'_>,
    file: &ReplicationFile,
) -> Result<Option<ReplicationSettings>, WorkloadError> {
    let mut settings = ReplicationSettings::default();
    set_lag(context, &file.table_lag, &mut settings.table)?;
    set_lag(context, &file.index_lag, &mut settings.index)?;
    Ok((file.model == Modelled::Modelled).then_some(settings))
}

/// How long a new leader waits.
pub(super) fn resolve_lease(context: &Context<'_>, file: &ReplicationFile) -> Result<Duration, WorkloadError> {
    let mut lease = DEFAULT_LEASE;
    set_time(context, &file.lease, &mut lease)?;
    Ok(lease)
}

fn set_lag(context: &Context<'_>, file: &LagFile, lag: &mut Lag) -> Result<(), WorkloadError> {
    set_time(context, &file.usual, &mut lag.usual)?;
    set_share(context, "slow_share", file.slow_share.as_ref(), &mut lag.slow_share)?;
    set_time(context, &file.slow, &mut lag.slow)
}

/// The faults of a run, stretched as its phases are where these are: at the pace of the file, faults keep their moments too.
pub(super) fn resolve_faults(
    context: &Context<'_>,
    tables: &[Table],
    phases: &[Phase],
    file: &WorkloadFile,
    pace: Pace,
) -> Result<Vec<Fault>, WorkloadError> {
    if let Some(excess) = file.faults.get(FAULTS_MAX) {
        return Err(context.error(&excess.kind.span, format!("a workload has at most {FAULTS_MAX} faults")));
    }
    let end = phases.last().map_or(Time::ZERO, |phase| phase.end);
    let written: Duration = file.phases.iter().filter_map(|phase| parse_duration(&phase.duration).ok()).sum();
    let stretch = if written.is_zero() || pace == Pace::Kept { 1.0 } else { end.as_secs_f64() / written.as_secs_f64() };
    let stretched = |time: Duration| {
        if (stretch - 1.0).abs() < 1e-12 {
            time
        } else {
            Duration::try_from_secs_f64(time.as_secs_f64() * stretch).unwrap_or(time)
        }
    };
    file.faults.iter().map(|fault| resolve_fault(context, tables, file, fault, end, stretched)).collect()
}

fn resolve_fault(
    context: &Context<'_>,
    tables: &[Table],
    workload: &WorkloadFile,
    file: &FaultFile,
    end: Time,
    stretched: impl Fn(Duration) -> Duration,
) -> Result<Fault, WorkloadError> {
    let kind = resolve_kind(context, workload, file)?;
    let from = Time::ZERO + stretched(context.duration(&file.at)?);
    if from >= end {
        context.warn(&file.at.span, "the fault begins after the run has ended");
    }
    let until = match &file.duration {
        None => Time::NEVER,
        Some(text) => {
            let length = context.duration(text)?;
            if length.is_zero() {
                return Err(context.error(&text.span, "a fault lasts longer than nothing"));
            }
            from + stretched(length)
        }
    };
    let table = file.table.as_ref().map(|name| find(context, tables, name)).transpose()?;
    let key = match (&file.record, table) {
        (None, _) => None,
        (Some(record), None) => {
            return Err(context
                .error(&record.span, "a record needs its table")
                .with_help("write table = \"...\" beside it"));
        }
        (Some(record), Some(table)) => {
            context.within("record", record, 0, MISSING_FROM - 1)?;
            Some(table.key(record.value))
        }
    };
    Ok(Fault { kind, from, until, table: table.map(|table| table.create.name.clone()), key })
}

fn resolve_kind(context: &Context<'_>, workload: &WorkloadFile, file: &FaultFile) -> Result<FaultKind, WorkloadError> {
    let span = &file.kind.span;
    let zone = file.zone.as_ref().map(|zone| resolve_zone(context, zone)).transpose()?;
    let by = file.by.as_ref().map(|text| {
        let by = context.duration(text)?;
        if by > BY_MAX {
            return Err(context.error(&text.span, format!("`{}` is longer than an hour", text.value)));
        }
        Ok(by)
    });
    let by = by.transpose()?;
    let takes_zone = matches!(file.kind.value, FaultType::ReplicaStops | FaultType::ZoneStops | FaultType::SlowReplica);
    if let Some(zone) = file.zone.as_ref().filter(|_| !takes_zone) {
        return Err(context.error(&zone.span, "a fault of this kind happens to no zone in particular"));
    }
    let takes_by = matches!(file.kind.value, FaultType::SlowReplica | FaultType::AddedLag);
    if let Some(by) = file.by.as_ref().filter(|_| !takes_by) {
        return Err(context.error(&by.span, "a fault of this kind is not by so much: what stops, stops"));
    }
    let needed = || by.ok_or_else(|| context.error(span, "by how much?").with_help("write by = \"200ms\" beside it"));
    let lags = workload.engine.replication.model == Modelled::Modelled;
    let latency = workload.engine.latency.model == Modelled::Modelled;
    Ok(match file.kind.value {
        FaultType::ReplicaStops => FaultKind::ReplicaStops(zone),
        FaultType::ZoneStops => {
            FaultKind::ZoneStops(zone.ok_or_else(|| {
                context.error(span, "which zone stops?").with_help("write zone = 1, 2 or 3 beside it")
            })?)
        }
        FaultType::LeaderLost => FaultKind::LeaderLost,
        FaultType::SlowReplica => {
            if !lags && !latency {
                context.warn(
                    span,
                    "without [engine.latency] or [engine.replication] a slow replica shows in virtual time only",
                );
            }
            FaultKind::SlowReplica { zone, by: needed()? }
        }
        FaultType::AddedLag => {
            if !lags {
                context.warn(span, "an added lag shows only where [engine.replication] is modelled");
            }
            FaultKind::AddedLag(needed()?)
        }
    })
}

fn resolve_zone(context: &Context<'_>, zone: &Located<u8>) -> Result<Zone, WorkloadError> {
    context.within("zone", zone, 1, REPLICAS as u8)?;
    Ok(Zone::ALL[usize::from(zone.value) - 1])
}

fn find<'t>(context: &Context<'_>, tables: &'t [Table], name: &Located<String>) -> Result<&'t Table, WorkloadError> {
    tables.iter().find(|table| *table.create.name == *name.value).ok_or_else(|| {
        let known = tables.iter().map(|table| &*table.create.name);
        context.error(&name.span, format!("there is no table `{}`", name.value)).with_suggestion(&name.value, known)
    })
}
