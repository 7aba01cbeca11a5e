//! The control plane's operations, from bodies to bodies.
//!
//! # Deliberately absent
//! Encryption, tags and resource policies are accepted and have no effect. Streams and replicas are refused: there are none.

mod create;
mod describe;
mod model;
mod throughput;
mod update;

use std::sync::Arc;

use crate::api::{ListTables, TableName, UpdateTimeToLive};
use crate::capacity::TABLE_QUOTA_UNITS_PER_SECOND;
use crate::engine::Engine;
use crate::time::Time;

use super::fault::{Decoded, Fault};
use super::json::Json;
use super::reply::Reply;
use super::request::{flag, table_name, text};

/// The account's quota of provisioned read and write capacity (facts §2.6).
const ACCOUNT_QUOTA_UNITS_PER_SECOND: u64 = 2 * TABLE_QUOTA_UNITS_PER_SECOND;
/// What DescribeEndpoints names: where local endpoints listen. The service's address would lead clients there.
const ENDPOINT: &str = "localhost:8000";
/// How long clients may remember it, as the service has it.
const ENDPOINT_CACHE_MINUTES: u64 = 1_440;

/// An operation of the control plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    CreateTable,
    DescribeTable,
    UpdateTable,
    DeleteTable,
    ListTables,
    UpdateTimeToLive,
    DescribeTimeToLive,
    DescribeLimits,
    DescribeEndpoints,
}

impl Control {
    /// The operation with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "CreateTable" => Control::CreateTable,
            "DescribeTable" => Control::DescribeTable,
            "UpdateTable" => Control::UpdateTable,
            "DeleteTable" => Control::DeleteTable,
            "ListTables" => Control::ListTables,
            "UpdateTimeToLive" => Control::UpdateTimeToLive,
            "DescribeTimeToLive" => Control::DescribeTimeToLive,
            "DescribeLimits" => Control::DescribeLimits,
            "DescribeEndpoints" => Control::DescribeEndpoints,
            _ => return None,
        })
    }

    /// Serves a request.
    pub fn serve(self, engine: &Engine, now: Time, body: &Json<'_>) -> Decoded<Reply> {
        model::input(self).check(body)?;
        match self {
            Control::CreateTable => {
                required_table(body)?;
                let description = engine.create_table(now, &create::create_table(body)?)?;
                Ok(describe::table("TableDescription", &description))
            }
            Control::DescribeTable => {
                Ok(describe::table("Table", &engine.describe_table(now, &required_table(body)?)?))
            }
            Control::UpdateTable => {
                let request = update::update_table(required_table(body)?, body)?;
                Ok(describe::table("TableDescription", &engine.update_table(now, &request)?))
            }
            Control::DeleteTable => {
                Ok(describe::table("TableDescription", &engine.delete_table(now, &required_table(body)?)?))
            }
            Control::ListTables => list_tables(engine, now, body),
            Control::UpdateTimeToLive => update_time_to_live(engine, now, body),
            Control::DescribeTimeToLive => describe_time_to_live(engine, now, &required_table(body)?),
            Control::DescribeLimits => Ok(describe_limits(engine)),
            Control::DescribeEndpoints => Ok(describe_endpoints()),
        }
    }
}

/// The table, which all of these operations must name.
fn required_table(body: &Json<'_>) -> Decoded<TableName> {
    if body.member("TableName").is_none() {
        return Err(Fault::validation("The parameter 'TableName' is required but was not present in the request"));
    }
    Ok(table_name(body))
}

fn list_tables(engine: &Engine, now: Time, body: &Json<'_>) -> Decoded<Reply> {
    let request = ListTables {
        exclusive_start_table_name: text(body, "ExclusiveStartTableName").map(TableName::from),
        limit: body.member("Limit").and_then(Json::integer).and_then(|limit| u32::try_from(limit).ok()),
    };
    let names = engine.list_tables(now, &request)?;
    Ok(Reply::ok(|writer| {
        if let Some(last) = &names.last_evaluated_table_name {
            writer.name("LastEvaluatedTableName").text(last);
        }
        writer.name("TableNames").array(|writer| names.table_names.iter().for_each(|name| writer.text(name)));
    }))
}

fn update_time_to_live(engine: &Engine, now: Time, body: &Json<'_>) -> Decoded<Reply> {
    let table_name = required_table(body)?;
    let specification = body.member("TimeToLiveSpecification").unwrap_or(&Json::Null);
    let attribute_name: Arc<str> = text(specification, "AttributeName").unwrap_or_default().into();
    let request = UpdateTimeToLive { table_name, enabled: flag(specification, "Enabled"), attribute_name };
    engine.update_time_to_live(now, &request)?;
    Ok(Reply::ok(|writer| {
        writer.name("TimeToLiveSpecification").object(|writer| {
            writer.name("AttributeName").text(&request.attribute_name);
            writer.name("Enabled").boolean(request.enabled);
        });
    }))
}

fn describe_time_to_live(engine: &Engine, now: Time, table: &str) -> Decoded<Reply> {
    let description = engine.describe_time_to_live(now, table)?;
    Ok(Reply::ok(|writer| {
        writer.name("TimeToLiveDescription").object(|writer| {
            if let Some(attribute) = &description.attribute_name {
                writer.name("AttributeName").text(attribute);
            }
            writer.name("TimeToLiveStatus").text(description.status.name());
        });
    }))
}

fn describe_limits(engine: &Engine) -> Reply {
    let of_table = engine.options().capacity_model.table_quota_units_per_second;
    Reply::ok(|writer| {
        writer.name("AccountMaxReadCapacityUnits").integer(ACCOUNT_QUOTA_UNITS_PER_SECOND.max(of_table));
        writer.name("AccountMaxWriteCapacityUnits").integer(ACCOUNT_QUOTA_UNITS_PER_SECOND.max(of_table));
        writer.name("TableMaxReadCapacityUnits").integer(of_table);
        writer.name("TableMaxWriteCapacityUnits").integer(of_table);
    })
}

fn describe_endpoints() -> Reply {
    Reply::ok(|writer| {
        writer.name("Endpoints").array(|writer| {
            writer.object(|writer| {
                writer.name("Address").text(ENDPOINT);
                writer.name("CachePeriodInMinutes").integer(ENDPOINT_CACHE_MINUTES);
            });
        });
    })
}
