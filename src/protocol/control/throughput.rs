//! Throughput as requests ask for it: provisioned, on-demand maxima, warm.

use crate::api::{
    BillingMode, CapacityMode, MaximumUpdate, OnDemandThroughputUpdate, ProvisionedThroughput, WarmThroughput,
    WarmThroughputUpdate,
};
use crate::protocol::fault::{Decoded, Fault};
use crate::protocol::json::Json;

/// BillingMode.
pub fn billing_mode(body: &Json<'_>) -> Option<BillingMode> {
    Some(match body.member("BillingMode")?.text()? {
        "PAY_PER_REQUEST" => BillingMode::PayPerRequest,
        _ => BillingMode::Provisioned,
    })
}

/// ProvisionedThroughput; both units are at least 1 by now.
pub fn provisioned(body: &Json<'_>) -> Option<ProvisionedThroughput> {
    let throughput = body.member("ProvisionedThroughput")?;
    let units = |name| throughput.member(name).and_then(Json::integer).map_or(0, |units| units.max(0) as u64);
    Some(ProvisionedThroughput {
        read_capacity_units: units("ReadCapacityUnits"),
        write_capacity_units: units("WriteCapacityUnits"),
    })
}

/// OnDemandThroughput: units, or −1 for no maximum.
pub fn on_demand(body: &Json<'_>) -> Decoded<Option<OnDemandThroughputUpdate>> {
    let Some(throughput) = body.member("OnDemandThroughput") else { return Ok(None) };
    let maximum = |name: &str| match throughput.member(name).and_then(Json::integer) {
        None => Ok(None),
        Some(-1) => Ok(Some(MaximumUpdate::Remove)),
        Some(units) if units >= 1 => Ok(Some(MaximumUpdate::Set(units.unsigned_abs()))),
        Some(units) => Err(Fault::invalid(format!("{name} must be greater than or equal to 1, or -1: {units}"))),
    };
    Ok(Some(OnDemandThroughputUpdate {
        max_read_request_units: maximum("MaxReadRequestUnits")?,
        max_write_request_units: maximum("MaxWriteRequestUnits")?,
    }))
}

/// WarmThroughput, changed.
pub fn warm_update(body: &Json<'_>) -> Decoded<Option<WarmThroughputUpdate>> {
    let Some(throughput) = body.member("WarmThroughput") else { return Ok(None) };
    let units = |name: &str| match throughput.member(name).and_then(Json::integer) {
        None => Ok(None),
        Some(units) if units >= 1 => Ok(Some(units.unsigned_abs())),
        Some(units) => Err(Fault::invalid(format!("{name} must be greater than or equal to 1: {units}"))),
    };
    Ok(Some(WarmThroughputUpdate {
        read_units_per_second: units("ReadUnitsPerSecond")?,
        write_units_per_second: units("WriteUnitsPerSecond")?,
    }))
}

/// WarmThroughput of what is created: what is not asked for is as it comes.
pub fn warm(body: &Json<'_>) -> Decoded<Option<WarmThroughput>> {
    let asked = warm_update(body)?;
    Ok(asked.map(|asked| WarmThroughput {
        read_units_per_second: asked.read_units_per_second.unwrap_or(0),
        write_units_per_second: asked.write_units_per_second.unwrap_or(0),
    }))
}

/// The capacity of what is created: provisioned where that is specified, otherwise on-demand.
pub fn capacity(body: &Json<'_>) -> Decoded<CapacityMode> {
    let on_demand = on_demand(body)?.unwrap_or_default();
    if let Some(provisioned) = provisioned(body) {
        return Ok(CapacityMode::provisioned(provisioned.read_capacity_units, provisioned.write_capacity_units));
    }
    let units = |maximum| match maximum {
        Some(MaximumUpdate::Set(units)) => Some(units),
        Some(MaximumUpdate::Remove) | None => None,
    };
    Ok(CapacityMode::OnDemand {
        max_read_units: units(on_demand.max_read_request_units),
        max_write_units: units(on_demand.max_write_request_units),
    })
}
