//! How the bundled engine's capacity behaves.

use std::time::Duration;

use crate::capacity::CapacityModel;
use crate::workload::WorkloadError;
use crate::workload::file::{CapacityModelFile, Located};

use super::Context;

/// More units per second than anything has.
const UNITS_MAX: u64 = 1_000_000_000_000;
const PARTITIONS_MAX: u32 = 100_000;
const ROUTERS_MAX: u32 = 10_000;
const SECOND: Duration = Duration::from_secs(1);
/// Auto scaling keeps datapoints for as long.
const METRIC_DELAY_MAX: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

/// The model a file describes.
pub(super) fn resolve_capacity_model(
    context: &Context<'_>,
    file: &CapacityModelFile,
    epoch_nanos: i64,
) -> Result<CapacityModel, WorkloadError> {
    let default = CapacityModel::default();
    let units = |what, value: &Option<Located<u64>>, default| match value {
        Some(value) => context.within(what, value, 1, UNITS_MAX).map(|()| value.value),
        None => Ok(default),
    };
    let share = |what, value: &Option<Located<f64>>, (min, max), default| match value {
        Some(value) => context.within(what, value, min, max).map(|()| value.value),
        None => Ok(default),
    };
    let length = |what: &str, text: &Option<Located<String>>, least: Duration, default| match text {
        None => Ok(default),
        Some(text) => {
            let length = context.duration(text)?;
            if (least..=DAY).contains(&length) {
                return Ok(length);
            }
            let least = if least.is_zero() { "nothing" } else { "a second" };
            Err(context.error(&text.span, format!("{what} is {}; it must be between {least} and a day", text.value)))
        }
    };
    if let Some(partitions) = &file.partitions {
        context.within("partitions", partitions, 1, PARTITIONS_MAX)?;
    }
    if let Some(routers) = &file.routers {
        context.within("routers", routers, 0, ROUTERS_MAX)?;
    }
    let nothing = Duration::ZERO;
    let burst = length("burst", &file.burst, SECOND, Duration::from_secs(default.burst_seconds))?;
    if let Some(text) = file.burst.as_ref().filter(|_| burst.subsec_nanos() > 0) {
        return Err(context.error(&text.span, "burst is counted in whole seconds"));
    }
    let metric_delay = length("metric_delay", &file.metric_delay, nothing, default.metric_delay)?;
    if let Some(text) = file.metric_delay.as_ref().filter(|_| metric_delay > METRIC_DELAY_MAX) {
        return Err(context.error(&text.span, "a metric is at most an hour late"));
    }
    Ok(CapacityModel {
        table_quota_units_per_second: units("table_quota", &file.table_quota, default.table_quota_units_per_second)?,
        adaptive: file.adaptive.unwrap_or(default.adaptive),
        burst_seconds: burst.as_secs(),
        partition_read_units_per_second: units(
            "partition_read_units",
            &file.partition_read_units,
            default.partition_read_units_per_second,
        )?,
        partition_write_units_per_second: units(
            "partition_write_units",
            &file.partition_write_units,
            default.partition_write_units_per_second,
        )?,
        least_partitions: file.partitions.as_ref().map_or(default.least_partitions, |partitions| partitions.value),
        partition_max_bytes: units("partition_max_bytes", &file.partition_max_bytes, default.partition_max_bytes)?,
        eventual_read_factor: share(
            "eventual_read_factor",
            &file.eventual_read_factor,
            (1.0, 1.5),
            default.eventual_read_factor,
        )?,
        splits_for_heat: file.split_for_heat.unwrap_or(default.splits_for_heat),
        heat_threshold: share("heat_threshold", &file.heat_threshold, (0.1, 1.0), default.heat_threshold)?,
        heat_after: length("heat_after", &file.heat_after, SECOND, default.heat_after)?,
        split_takes: length("split_takes", &file.split_takes, nothing, default.split_takes)?,
        routers: file.routers.as_ref().map_or(default.routers, |routers| routers.value),
        token_lifetime: length("token_lifetime", &file.token_lifetime, SECOND, default.token_lifetime)?,
        on_demand_peak: length("on_demand_peak", &file.on_demand_peak, SECOND, default.on_demand_peak)?,
        metric_delay,
        scaling_update: length("scaling_update", &file.scaling_update, nothing, default.scaling_update)?,
        epoch_seconds_at_time_zero: u64::try_from(epoch_nanos / 1_000_000_000).unwrap_or(0),
    })
}
