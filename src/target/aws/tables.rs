//! Table descriptions: ours as the SDK's request to create them, and the SDK's compared with ours.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::create_table::builders::CreateTableFluentBuilder;
use aws_sdk_dynamodb::types as sdk;

use crate::api::{
    CapacityMode, CreateTable, GlobalSecondaryIndex, KeySchema, LocalSecondaryIndex, Projection, TableClass,
};
use crate::item::ScalarType;

/// The request that creates `table`. What is not asked for is not sent: not every endpoint knows every member.
pub(super) fn create_table(client: &Client, table: &CreateTable) -> Result<CreateTableFluentBuilder, BuildError> {
    let globals = table.global_secondary_indexes.iter().map(global_secondary_index).collect::<Result<Vec<_>, _>>()?;
    let locals = table.local_secondary_indexes.iter().map(local_secondary_index).collect::<Result<Vec<_>, _>>()?;
    Ok(client
        .create_table()
        .table_name(&*table.name)
        .set_key_schema(Some(key_schema(&table.key)?))
        .set_attribute_definitions(Some(attribute_definitions(table)?))
        .set_global_secondary_indexes((!globals.is_empty()).then_some(globals))
        .set_local_secondary_indexes((!locals.is_empty()).then_some(locals))
        .billing_mode(match table.capacity {
            CapacityMode::OnDemand { .. } => sdk::BillingMode::PayPerRequest,
            CapacityMode::Provisioned { .. } => sdk::BillingMode::Provisioned,
        })
        .set_provisioned_throughput(provisioned_throughput(&table.capacity)?)
        .set_on_demand_throughput(on_demand_throughput(&table.capacity))
        .set_table_class(match table.class {
            TableClass::Standard => None,
            TableClass::StandardInfrequentAccess => Some(sdk::TableClass::StandardInfrequentAccess),
        })
        .set_warm_throughput(table.warm_throughput.map(|warm| {
            sdk::WarmThroughput::builder()
                .read_units_per_second(signed(warm.read_units_per_second))
                .write_units_per_second(signed(warm.write_units_per_second))
                .build()
        })))
}

/// Whether the table and its indexes can all be used. An index without a status is one of an endpoint that has none.
pub(super) fn is_active(found: &sdk::TableDescription) -> bool {
    found.table_status() == Some(&sdk::TableStatus::Active)
        && found
            .global_secondary_indexes()
            .iter()
            .all(|index| matches!(index.index_status(), None | Some(sdk::IndexStatus::Active)))
}

/// What makes the table that was found unfit for what is wanted: another key, an index that is missing or differs.
pub(super) fn difference(found: &sdk::TableDescription, wanted: &CreateTable) -> Option<String> {
    let types = found.attribute_definitions();
    let key = describe_found_key(found.key_schema(), types);
    if key != wanted.key.to_string() {
        return Some(format!("its key is {key}, not {}", wanted.key));
    }
    for index in &wanted.global_secondary_indexes {
        let Some(found) =
            found.global_secondary_indexes().iter().find(|found| found.index_name() == Some(&*index.name))
        else {
            return Some(format!("it has no global secondary index `{}`", index.name));
        };
        let found = describe_found_index(found.key_schema(), types, found.projection());
        if let Some(difference) = index_difference(&found, &index.key, &index.projection) {
            return Some(format!("its global secondary index `{}` {difference}", index.name));
        }
    }
    for index in &wanted.local_secondary_indexes {
        let Some(found) = found.local_secondary_indexes().iter().find(|found| found.index_name() == Some(&*index.name))
        else {
            return Some(format!("it has no local secondary index `{}`", index.name));
        };
        let found = describe_found_index(found.key_schema(), types, found.projection());
        if let Some(difference) = index_difference(&found, &index.key, &index.projection) {
            return Some(format!("its local secondary index `{}` {difference}", index.name));
        }
    }
    None
}

/// What differs between the table found and what is wanted without making it unfit, yet bears on the numbers.
pub(super) fn remarks(found: &sdk::TableDescription, wanted: &CreateTable) -> Vec<String> {
    let mut remarks = Vec::new();
    let mut compare = |what: &str, found: String, wanted: String| {
        if found != wanted {
            remarks.push(format!("{what} is {found}, not {wanted} as in the workload"));
        }
    };
    let is_on_demand = found
        .billing_mode_summary()
        .is_some_and(|summary| summary.billing_mode() == Some(&sdk::BillingMode::PayPerRequest));
    let capacity = describe_found_capacity(is_on_demand, found.provisioned_throughput(), found.on_demand_throughput());
    compare("its capacity", capacity, describe_capacity(&wanted.capacity));
    for index in &wanted.global_secondary_indexes {
        for found in found.global_secondary_indexes().iter().filter(|found| found.index_name() == Some(&*index.name)) {
            let capacity =
                describe_found_capacity(is_on_demand, found.provisioned_throughput(), found.on_demand_throughput());
            let what = format!("the capacity of its global secondary index `{}`", index.name);
            compare(&what, capacity, describe_capacity(&index.capacity));
        }
    }
    let class = found.table_class_summary().and_then(|summary| summary.table_class());
    let is_infrequent = class == Some(&sdk::TableClass::StandardInfrequentAccess);
    let describe_class = |infrequent: bool| if infrequent { "Standard-IA" } else { "Standard" }.to_owned();
    let wants_infrequent = wanted.class == TableClass::StandardInfrequentAccess;
    compare("its class", describe_class(is_infrequent), describe_class(wants_infrequent));

    let globals = found.global_secondary_indexes().iter().filter_map(|index| index.index_name());
    let locals = found.local_secondary_indexes().iter().filter_map(|index| index.index_name());
    for name in globals.chain(locals).filter(|name| !has_index(wanted, name)) {
        remarks.push(format!("it has an index `{name}` that the workload does not know, and writes pay for it too"));
    }
    remarks
}

/// The capacity mode in a few words, such as `provisioned 100 RCU and 50 WCU`.
pub(super) fn describe_capacity(capacity: &CapacityMode) -> String {
    match capacity {
        CapacityMode::OnDemand { max_read_units, max_write_units } => {
            describe_on_demand(*max_read_units, *max_write_units)
        }
        CapacityMode::Provisioned { read, write } => describe_provisioned(read.units, write.units),
    }
}

/// Whether any part of the table follows the demand by auto scaling.
pub(super) fn wants_auto_scaling(table: &CreateTable) -> bool {
    let indexes = table.global_secondary_indexes.iter().map(|index| &index.capacity);
    std::iter::once(&table.capacity).chain(indexes).any(|capacity| match capacity {
        CapacityMode::OnDemand { .. } => false,
        CapacityMode::Provisioned { read, write } => read.auto_scaling.is_some() || write.auto_scaling.is_some(),
    })
}

fn has_index(table: &CreateTable, name: &str) -> bool {
    table.global_secondary_indexes.iter().any(|index| &*index.name == name)
        || table.local_secondary_indexes.iter().any(|index| &*index.name == name)
}

fn global_secondary_index(index: &GlobalSecondaryIndex) -> Result<sdk::GlobalSecondaryIndex, BuildError> {
    sdk::GlobalSecondaryIndex::builder()
        .index_name(&*index.name)
        .set_key_schema(Some(key_schema(&index.key)?))
        .projection(projection(&index.projection))
        .set_provisioned_throughput(provisioned_throughput(&index.capacity)?)
        .set_on_demand_throughput(on_demand_throughput(&index.capacity))
        .build()
}

fn local_secondary_index(index: &LocalSecondaryIndex) -> Result<sdk::LocalSecondaryIndex, BuildError> {
    sdk::LocalSecondaryIndex::builder()
        .index_name(&*index.name)
        .set_key_schema(Some(key_schema(&index.key)?))
        .projection(projection(&index.projection))
        .build()
}

fn key_schema(key: &KeySchema) -> Result<Vec<sdk::KeySchemaElement>, BuildError> {
    let partition = key.partition_attributes().iter().map(|attribute| (attribute, sdk::KeyType::Hash));
    let sort = key.sort_attributes().iter().map(|attribute| (attribute, sdk::KeyType::Range));
    partition
        .chain(sort)
        .map(|(attribute, key_type)| {
            sdk::KeySchemaElement::builder().attribute_name(&*attribute.name).key_type(key_type).build()
        })
        .collect()
}

/// Every key attribute of the table and its indexes, once.
fn attribute_definitions(table: &CreateTable) -> Result<Vec<sdk::AttributeDefinition>, BuildError> {
    let globals = table.global_secondary_indexes.iter().map(|index| &index.key);
    let locals = table.local_secondary_indexes.iter().map(|index| &index.key);
    let mut attributes: Vec<_> =
        std::iter::once(&table.key).chain(globals).chain(locals).flat_map(KeySchema::attributes).collect();
    attributes.sort_by(|left, right| left.name.cmp(&right.name));
    attributes.dedup_by(|later, earlier| later == earlier);
    attributes
        .into_iter()
        .map(|attribute| {
            sdk::AttributeDefinition::builder()
                .attribute_name(&*attribute.name)
                .attribute_type(match attribute.scalar_type {
                    ScalarType::S => sdk::ScalarAttributeType::S,
                    ScalarType::N => sdk::ScalarAttributeType::N,
                    ScalarType::B => sdk::ScalarAttributeType::B,
                })
                .build()
        })
        .collect()
}

fn projection(projection: &Projection) -> sdk::Projection {
    let builder = sdk::Projection::builder();
    match projection {
        Projection::All => builder.projection_type(sdk::ProjectionType::All),
        Projection::KeysOnly => builder.projection_type(sdk::ProjectionType::KeysOnly),
        Projection::Include(attributes) => builder
            .projection_type(sdk::ProjectionType::Include)
            .set_non_key_attributes(Some(attributes.iter().map(|name| name.to_string()).collect())),
    }
    .build()
}

fn provisioned_throughput(capacity: &CapacityMode) -> Result<Option<sdk::ProvisionedThroughput>, BuildError> {
    match capacity {
        CapacityMode::OnDemand { .. } => Ok(None),
        CapacityMode::Provisioned { read, write } => sdk::ProvisionedThroughput::builder()
            .read_capacity_units(signed(read.units))
            .write_capacity_units(signed(write.units))
            .build()
            .map(Some),
    }
}

fn on_demand_throughput(capacity: &CapacityMode) -> Option<sdk::OnDemandThroughput> {
    match *capacity {
        CapacityMode::OnDemand { max_read_units, max_write_units }
            if max_read_units.is_some() || max_write_units.is_some() =>
        {
            Some(
                sdk::OnDemandThroughput::builder()
                    .set_max_read_request_units(max_read_units.map(signed))
                    .set_max_write_request_units(max_write_units.map(signed))
                    .build(),
            )
        }
        _ => None,
    }
}

/// The API counts in 64-bit signed integers.
fn signed(units: u64) -> i64 {
    i64::try_from(units).unwrap_or(i64::MAX)
}

fn index_difference(found: &(String, String), key: &KeySchema, projection: &Projection) -> Option<String> {
    let (found_key, found_projection) = found;
    let (key, projection) = (key.to_string(), describe_projection(projection));
    if *found_key != key {
        Some(format!("has the key {found_key}, not {key}"))
    } else if *found_projection != projection {
        Some(format!("projects {found_projection}, not {projection}"))
    } else {
        None
    }
}

/// A key in the words of `KeySchema`'s `Display`.
fn describe_found_key(key: &[sdk::KeySchemaElement], types: &[sdk::AttributeDefinition]) -> String {
    let (partition, sort): (Vec<_>, Vec<_>) = key.iter().partition(|element| *element.key_type() == sdk::KeyType::Hash);
    let describe = |element: &&sdk::KeySchemaElement| {
        let name = element.attribute_name();
        let definition = types.iter().find(|definition| definition.attribute_name() == name);
        let scalar_type = definition.map_or("?", |definition| definition.attribute_type().as_str());
        format!("{name} ({scalar_type})")
    };
    let parts = [partition, sort].map(|part| part.iter().map(describe).collect::<Vec<_>>().join(" + "));
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

fn describe_found_index(
    key: &[sdk::KeySchemaElement],
    types: &[sdk::AttributeDefinition],
    projection: Option<&sdk::Projection>,
) -> (String, String) {
    let projection = match projection.map(|projection| (projection.projection_type(), projection)) {
        Some((Some(sdk::ProjectionType::KeysOnly), _)) => Projection::KeysOnly,
        Some((Some(sdk::ProjectionType::Include), projection)) => {
            Projection::Include(projection.non_key_attributes().iter().map(|name| name.as_str().into()).collect())
        }
        _ => Projection::All,
    };
    (describe_found_key(key, types), describe_projection(&projection))
}

fn describe_projection(projection: &Projection) -> String {
    match projection {
        Projection::All => "all attributes".to_owned(),
        Projection::KeysOnly => "the keys only".to_owned(),
        Projection::Include(attributes) => {
            let mut names: Vec<_> = attributes.iter().map(|name| &**name).collect();
            names.sort_unstable();
            format!("the keys and {}", names.join(", "))
        }
    }
}

fn describe_found_capacity(
    is_on_demand: bool,
    provisioned: Option<&sdk::ProvisionedThroughputDescription>,
    on_demand: Option<&sdk::OnDemandThroughput>,
) -> String {
    if is_on_demand {
        // −1 stands for no maximum (facts §2.5).
        let maximum = |units: Option<i64>| units.and_then(|units| u64::try_from(units).ok());
        describe_on_demand(
            maximum(on_demand.and_then(|limits| limits.max_read_request_units())),
            maximum(on_demand.and_then(|limits| limits.max_write_request_units())),
        )
    } else {
        let units = |units: Option<i64>| u64::try_from(units.unwrap_or_default()).unwrap_or_default();
        describe_provisioned(
            units(provisioned.and_then(|units| units.read_capacity_units())),
            units(provisioned.and_then(|units| units.write_capacity_units())),
        )
    }
}

fn describe_on_demand(max_read_units: Option<u64>, max_write_units: Option<u64>) -> String {
    match (max_read_units, max_write_units) {
        (None, None) => "on-demand".to_owned(),
        (Some(read), None) => format!("on-demand with at most {read} RRU/s"),
        (None, Some(write)) => format!("on-demand with at most {write} WRU/s"),
        (Some(read), Some(write)) => format!("on-demand with at most {read} RRU/s and {write} WRU/s"),
    }
}

fn describe_provisioned(read_units: u64, write_units: u64) -> String {
    format!("provisioned {read_units} RCU and {write_units} WCU")
}
