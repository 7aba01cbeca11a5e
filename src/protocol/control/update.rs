//! UpdateTable.

use crate::api::{GlobalSecondaryIndexUpdate, TableName, UpdateGlobalSecondaryIndex, UpdateTable};
use crate::protocol::fault::{Decoded, Fault};
use crate::protocol::json::Json;
use crate::protocol::request::text;

use super::create::{Definitions, attribute_definitions, global_index, refuse_streams, table_class};
use super::throughput::{billing_mode, on_demand, provisioned, warm_update};

/// UpdateTable.
pub fn update_table(table_name: TableName, body: &Json<'_>) -> Decoded<UpdateTable> {
    refuse_streams(body)?;
    if body.member("ReplicaUpdates").is_some() {
        return Err(Fault::invalid("ReplicaUpdates: global tables are not supported by this endpoint"));
    }
    let definitions = Definitions::read(body)?;
    let updates = body.member("GlobalSecondaryIndexUpdates").map_or(&[][..], Json::elements);
    Ok(UpdateTable {
        attribute_definitions: attribute_definitions(body),
        billing_mode: billing_mode(body),
        provisioned_throughput: provisioned(body),
        on_demand_throughput: on_demand(body)?,
        warm_throughput: warm_update(body)?,
        global_secondary_index_updates: updates
            .iter()
            .map(|update| index_update(update, &definitions))
            .collect::<Decoded<_>>()?,
        class: table_class(body),
        deletion_protection: body.member("DeletionProtectionEnabled").and_then(Json::boolean),
        table_name,
    })
}

/// One change of an index, which holds exactly one of three members.
fn index_update(update: &Json<'_>, definitions: &Definitions) -> Decoded<GlobalSecondaryIndexUpdate> {
    let name = |index| text(index, "IndexName").unwrap_or_default().into();
    match (update.member("Create"), update.member("Update"), update.member("Delete")) {
        (Some(create), None, None) => Ok(GlobalSecondaryIndexUpdate::Create(global_index(create, definitions)?)),
        (None, Some(update), None) => Ok(GlobalSecondaryIndexUpdate::Update(UpdateGlobalSecondaryIndex {
            name: name(update),
            provisioned_throughput: provisioned(update),
            on_demand_throughput: on_demand(update)?,
            warm_throughput: warm_update(update)?,
        })),
        (None, None, Some(delete)) => Ok(GlobalSecondaryIndexUpdate::Delete(name(delete))),
        (None, None, None) => Err(Fault::invalid(
            "One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, GlobalSecondaryIndexUpdate.Delete \
             must not be null",
        )),
        _ => Err(Fault::invalid(
            "Only one of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, \
             GlobalSecondaryIndexUpdate.Delete must be specified",
        )),
    }
}
