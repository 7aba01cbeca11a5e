//! The rules for tables and indexes as they are created (facts §8, appendix A).

use std::collections::{BTreeMap, BTreeSet};

use crate::api::{ApiError, CapacityMode, CreateTable, GlobalSecondaryIndex, KeyAttribute, KeySchema, Projection};
use crate::item::ScalarType;

use super::limits::{
    GLOBAL_INDEXES_MAX, KEY_NAME_MAX_BYTES, LOCAL_INDEXES_MAX, NON_KEY_ATTRIBUTES_MAX, NON_KEY_ATTRIBUTES_OF_TABLE_MAX,
};

const INVALID: &str = "One or more parameter values were invalid:";

/// Checks the definition of a table.
pub fn check_table(table: &CreateTable) -> Result<(), ApiError> {
    check_name(&table.name, "tableName")?;
    check_one_attribute_each(&table.key, "keySchema")?;
    check_key(&table.key)?;
    check_capacity(table.capacity, None)?;
    check_local_indexes(table)?;
    check_global_indexes(table)?;
    check_index_names(table)?;
    check_attribute_types(table)?;
    check_projections(table)
}

fn invalid(text: impl std::fmt::Display) -> ApiError {
    ApiError::validation(format!("{INVALID} {text}"))
}

fn check_name(name: &str, member: &str) -> Result<(), ApiError> {
    check_name_of_length(name, member, 3)
}

/// Checks a table name that no table has: an ill-formed one is another error than an unknown one.
pub fn check_requested_name(name: &str) -> Result<(), ApiError> {
    check_name_of_length(name, "tableName", 1)
}

/// Checks where ListTables is to start.
pub fn check_start_name(name: &str) -> Result<(), ApiError> {
    check_name(name, "exclusiveStartTableName")
}

/// The attributes of all keys, of the table and its indexes; one that is in several keys comes several times.
pub fn key_attributes(table: &CreateTable) -> Vec<&KeyAttribute> {
    let local = table.local_secondary_indexes.iter().map(|index| &index.key);
    let global = table.global_secondary_indexes.iter().map(|index| &index.key);
    std::iter::once(&table.key).chain(local).chain(global).flat_map(KeySchema::attributes).collect()
}

fn check_name_of_length(name: &str, member: &str, length_min: usize) -> Result<(), ApiError> {
    let rule = if name.len() < length_min {
        format!("have length greater than or equal to {length_min}")
    } else if name.len() > 255 {
        "have length less than or equal to 255".to_owned()
    } else if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte)) {
        "satisfy regular expression pattern: [a-zA-Z0-9_.-]+".to_owned()
    } else {
        return Ok(());
    };
    Err(ApiError::validation(format!(
        "1 validation error detected: Value '{name}' at '{member}' failed to satisfy constraint: Member must {rule}"
    )))
}

/// Refuses more than one attribute in the partition key or the sort key: global secondary indexes alone have them.
fn check_one_attribute_each(key: &KeySchema, member: &str) -> Result<(), ApiError> {
    if key.attributes().count() > 2 {
        let element =
            |kind| move |key: &KeyAttribute| format!("KeySchemaElement(attributeName={}, keyType={kind})", key.name);
        let partition = key.partition_attributes().iter().map(element("HASH"));
        let elements: Vec<String> = partition.chain(key.sort_attributes().iter().map(element("RANGE"))).collect();
        return Err(ApiError::validation(format!(
            "1 validation error detected: Value '[{}]' at '{member}' failed to satisfy constraint: Member must have length \
             less than or equal to 2",
            elements.join(", ")
        )));
    }
    if key.partition_attributes().len() > 1 {
        return Err(ApiError::validation("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type"));
    }
    Ok(())
}

/// Refuses more attributes than a global secondary index may have. The words are ours.
fn check_attribute_count(index: &GlobalSecondaryIndex) -> Result<(), ApiError> {
    let limit = KeySchema::PART_MAX_ATTRIBUTES;
    let parts = [(index.key.partition_attributes(), "HASH"), (index.key.sort_attributes(), "RANGE")];
    match parts.into_iter().find(|(attributes, _)| attributes.len() > limit) {
        Some((_, kind)) => Err(invalid(format!(
            "Index KeySchema exceeds the limit of {limit} {kind} key attributes for index: {}",
            index.name
        ))),
        None => Ok(()),
    }
}

fn check_key(key: &KeySchema) -> Result<(), ApiError> {
    for attribute in key.attributes() {
        let name = &attribute.name;
        if name.is_empty() || name.len() > KEY_NAME_MAX_BYTES {
            let rule = if name.is_empty() { "greater than or equal to 1" } else { "less than or equal to 255" };
            return Err(ApiError::validation(format!(
                "1 validation error detected: Value '{name}' at 'keySchema.1.member.attributeName' failed to satisfy \
                 constraint: Member must have length {rule}"
            )));
        }
    }
    let is_in = |attributes: &[KeyAttribute], name: &str| attributes.iter().any(|known| *known.name == *name);
    let (partition, sort) = (key.partition_attributes(), key.sort_attributes());
    if sort.iter().any(|attribute| is_in(partition, &attribute.name)) {
        return Err(ApiError::validation(
            "Both the Hash Key and the Range Key element in the KeySchema have the same name",
        ));
    }
    let twice = |attributes: &[KeyAttribute]| {
        let at = (1..attributes.len()).find(|at| is_in(&attributes[..*at], &attributes[*at].name))?;
        Some(attributes[at].name.clone())
    };
    match twice(partition).or_else(|| twice(sort)) {
        Some(name) => Err(ApiError::validation(format!("Invalid KeySchema: The attribute {name} is named twice"))),
        None => Ok(()),
    }
}

fn check_capacity(mode: CapacityMode, index: Option<&str>) -> Result<(), ApiError> {
    let of_index = index.map_or_else(String::new, |name| format!(" for index: {name}"));
    let (read, write, what) = match mode {
        CapacityMode::Provisioned { read, write } => (read.units, write.units, "ProvisionedThroughput"),
        CapacityMode::OnDemand { max_read_units, max_write_units } => {
            (max_read_units.unwrap_or(1), max_write_units.unwrap_or(1), "OnDemandThroughput")
        }
    };
    if read == 0 || write == 0 {
        return Err(invalid(format!("{what} values must be greater than or equal to 1{of_index}")));
    }
    Ok(())
}

fn check_local_indexes(table: &CreateTable) -> Result<(), ApiError> {
    let indexes = &table.local_secondary_indexes;
    if indexes.is_empty() {
        return Ok(());
    }
    if indexes.len() > LOCAL_INDEXES_MAX {
        return Err(invalid(format!("Number of LocalSecondaryIndexes exceeds per-table limit of {LOCAL_INDEXES_MAX}")));
    }
    if table.key.sort().is_none() {
        return Err(invalid(
            "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex",
        ));
    }
    for index in indexes {
        check_name(&index.name, "localSecondaryIndexes.1.member.indexName")?;
        check_one_attribute_each(&index.key, "localSecondaryIndexes.1.member.keySchema")?;
        check_key(&index.key)?;
        let name = &index.name;
        let (partition, table_partition) = (&index.key.partition().name, &table.key.partition().name);
        if partition != table_partition {
            return Err(invalid(format!(
                "Index KeySchema does not have the same leading hash key as table KeySchema for index: {name}. \
                 index hash key: {partition}, table hash key: {table_partition}"
            )));
        }
        if index.key.sort().is_none() {
            return Err(invalid(format!("Index KeySchema does not have a range key for index: {name}")));
        }
    }
    Ok(())
}

fn check_global_indexes(table: &CreateTable) -> Result<(), ApiError> {
    let indexes = &table.global_secondary_indexes;
    if indexes.len() > GLOBAL_INDEXES_MAX {
        return Err(invalid(format!("GlobalSecondaryIndex count exceeds the per-table limit of {GLOBAL_INDEXES_MAX}")));
    }
    let is_on_demand = |mode| matches!(mode, CapacityMode::OnDemand { .. });
    for index in indexes {
        let name = &index.name;
        check_name(name, "globalSecondaryIndexes.1.member.indexName")?;
        check_attribute_count(index)?;
        check_key(&index.key)?;
        check_capacity(index.capacity, Some(name))?;
        match (is_on_demand(table.capacity), is_on_demand(index.capacity)) {
            (true, false) => {
                return Err(invalid(format!(
                    "ProvisionedThroughput should not be specified for index: {name} when BillingMode is PAY_PER_REQUEST"
                )));
            }
            (false, true) => {
                return Err(invalid(format!("ProvisionedThroughput must be specified for index: {name}")));
            }
            _ => {}
        }
    }
    Ok(())
}

fn check_index_names(table: &CreateTable) -> Result<(), ApiError> {
    let local = table.local_secondary_indexes.iter().map(|index| &index.name);
    let global = table.global_secondary_indexes.iter().map(|index| &index.name);
    let mut known = BTreeSet::new();
    match local.chain(global).find(|name| !known.insert(*name)) {
        Some(name) => Err(invalid(format!("Duplicate index name: {name}"))),
        None => Ok(()),
    }
}

/// An attribute that is a key here and there has one type.
fn check_attribute_types(table: &CreateTable) -> Result<(), ApiError> {
    let mut types: BTreeMap<&str, ScalarType> = BTreeMap::new();
    for attribute in key_attributes(table) {
        if *types.entry(&attribute.name).or_insert(attribute.scalar_type) != attribute.scalar_type {
            return Err(invalid(format!("Duplicate AttributeName in AttributeDefinitions: {}", attribute.name)));
        }
    }
    Ok(())
}

fn check_projections(table: &CreateTable) -> Result<(), ApiError> {
    let local = table.local_secondary_indexes.iter().map(|index| &index.projection);
    let global = table.global_secondary_indexes.iter().map(|index| &index.projection);
    let mut named = 0;
    for projection in local.chain(global) {
        let Projection::Include(names) = projection else { continue };
        if names.is_empty() {
            return Err(invalid("ProjectionType is INCLUDE, but NonKeyAttributes is not specified"));
        }
        if names.len() > NON_KEY_ATTRIBUTES_MAX || names.iter().any(|name| name.len() > KEY_NAME_MAX_BYTES) {
            return Err(invalid(format!(
                "NonKeyAttributes must have length less than or equal to {NON_KEY_ATTRIBUTES_MAX}, each name less than or \
                 equal to {KEY_NAME_MAX_BYTES}"
            )));
        }
        named += names.len();
    }
    if named > NON_KEY_ATTRIBUTES_OF_TABLE_MAX {
        return Err(invalid(format!(
            "Number of NonKeyAttributes exceeds per-table limit of {NON_KEY_ATTRIBUTES_OF_TABLE_MAX}"
        )));
    }
    Ok(())
}
