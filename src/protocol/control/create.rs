//! CreateTable: keys, indexes and capacity as the request names them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::api::{
    BillingMode, CapacityMode, CreateTable, GlobalSecondaryIndex, KeyAttribute, KeySchema, LocalSecondaryIndex,
    Projection, TableClass,
};
use crate::item::ScalarType;
use crate::protocol::fault::{Decoded, Fault};
use crate::protocol::json::Json;
use crate::protocol::request::{flag, table_name, text};

use super::throughput::{billing_mode, capacity, on_demand, warm};

/// The types of key attributes by their names.
pub struct Definitions(BTreeMap<Arc<str>, ScalarType>);

/// CreateTable.
pub fn create_table(body: &Json<'_>) -> Decoded<CreateTable> {
    refuse_streams(body)?;
    let capacity = table_capacity(body)?;
    let definitions = Definitions::read(body)?;
    let schema = body.member("KeySchema").unwrap_or(&Json::Null);
    let key = key_schema(schema, &definitions, false)?
        .ok_or_else(|| Fault::validation("Invalid KeySchema: Some index key attribute have no definition"))?;
    let local = indexes(body, "LocalSecondaryIndexes")?.iter().map(|index| local_index(index, &definitions));
    let local = local.collect::<Decoded<Vec<_>>>()?;
    let global = indexes(body, "GlobalSecondaryIndexes")?.iter().map(|index| global_index(index, &definitions));
    let global = global.collect::<Decoded<Vec<_>>>()?;
    let keys = std::iter::once(&key).chain(local.iter().map(|index| &index.key));
    definitions.check_used(keys.chain(global.iter().map(|index| &index.key)), local.len() + global.len())?;
    Ok(CreateTable {
        name: table_name(body),
        key,
        global_secondary_indexes: global,
        local_secondary_indexes: local,
        capacity,
        class: table_class(body).unwrap_or_default(),
        warm_throughput: warm(body)?,
        time_to_live_attribute: None,
        deletion_protection: flag(body, "DeletionProtectionEnabled"),
    })
}

/// Refuses what would seem to work and does not.
pub fn refuse_streams(body: &Json<'_>) -> Decoded<()> {
    let stream = body.member("StreamSpecification");
    if stream.is_some_and(|stream| flag(stream, "StreamEnabled")) {
        return Err(Fault::invalid("StreamSpecification: DynamoDB Streams are not supported by this endpoint"));
    }
    Ok(())
}

/// TableClass.
pub fn table_class(body: &Json<'_>) -> Option<TableClass> {
    Some(match text(body, "TableClass")? {
        "STANDARD" => TableClass::Standard,
        _ => TableClass::StandardInfrequentAccess,
    })
}

fn table_capacity(body: &Json<'_>) -> Decoded<CapacityMode> {
    let mode = billing_mode(body).unwrap_or(BillingMode::Provisioned);
    match (mode, body.member("ProvisionedThroughput").is_some()) {
        (BillingMode::Provisioned, false) => Err(Fault::invalid(
            "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED",
        )),
        (BillingMode::PayPerRequest, true) => Err(Fault::invalid(
            "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST",
        )),
        (BillingMode::Provisioned, true) if on_demand(body)?.is_some() => {
            Err(Fault::invalid("OnDemandThroughput cannot be specified when BillingMode is PROVISIONED"))
        }
        _ => capacity(body),
    }
}

impl Definitions {
    /// Reads AttributeDefinitions.
    pub fn read(body: &Json<'_>) -> Decoded<Self> {
        let mut types = BTreeMap::new();
        for KeyAttribute { name, scalar_type } in attribute_definitions(body) {
            if types.insert(name.clone(), scalar_type).is_some_and(|known| known != scalar_type) {
                return Err(Fault::invalid(format!("Duplicate AttributeName in AttributeDefinitions: {name}")));
            }
        }
        Ok(Definitions(types))
    }

    fn names(&self) -> String {
        self.0.keys().map(|name| &**name).collect::<Vec<_>>().join(", ")
    }

    /// Refuses definitions that no key uses.
    fn check_used<'k>(&self, keys: impl Iterator<Item = &'k KeySchema>, indexes: usize) -> Decoded<()> {
        let used: BTreeSet<&str> = keys.flat_map(KeySchema::attributes).map(|attribute| &*attribute.name).collect();
        if used.len() == self.0.len() {
            return Ok(());
        }
        if indexes == 0 {
            return Err(Fault::invalid(
                "Number of attributes in KeySchema does not exactly match number of attributes defined in \
                 AttributeDefinitions",
            ));
        }
        let used = used.into_iter().collect::<Vec<_>>().join(", ");
        Err(Fault::invalid(format!(
            "Some AttributeDefinitions are not used. AttributeDefinitions: [{}], keys used: [{used}]",
            self.names()
        )))
    }
}

/// AttributeDefinitions, in the order of the request.
pub fn attribute_definitions(body: &Json<'_>) -> Vec<KeyAttribute> {
    let given = body.member("AttributeDefinitions").map_or(&[][..], Json::elements);
    let attribute = |definition: &Json<'_>| KeyAttribute {
        name: text(definition, "AttributeName").unwrap_or_default().into(),
        scalar_type: match text(definition, "AttributeType") {
            Some("S") => ScalarType::S,
            Some("N") => ScalarType::N,
            _ => ScalarType::B,
        },
    };
    given.iter().map(attribute).collect()
}

/// A key, perhaps one whose partition key may have several attributes; `None` where an attribute of it is not defined.
fn key_schema(schema: &Json<'_>, definitions: &Definitions, of_several: bool) -> Decoded<Option<KeySchema>> {
    let elements = schema.elements();
    let is_hash = |element: &Json<'_>| text(element, "KeyType") == Some("HASH");
    let partition_len = elements.iter().take_while(|element| is_hash(element)).count();
    if partition_len == 0 {
        return Err(Fault::validation("Invalid KeySchema: The first KeySchemaElement is not a HASH key type"));
    }
    if partition_len > 1 && !of_several {
        return Err(Fault::validation("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type"));
    }
    if let Some(at) = elements[partition_len..].iter().position(is_hash) {
        // The words are ours: no source has those of the service.
        let number = partition_len + at + 1;
        return Err(Fault::validation(format!(
            "Invalid KeySchema: KeySchemaElement {number} is a HASH key type after a RANGE key type"
        )));
    }
    let attribute = |element: &Json<'_>| {
        let name = text(element, "AttributeName").unwrap_or_default();
        let (name, scalar_type) = definitions.0.get_key_value(name)?;
        Some(KeyAttribute { name: name.clone(), scalar_type: *scalar_type })
    };
    let Some(attributes) = elements.iter().map(attribute).collect::<Option<Vec<_>>>() else { return Ok(None) };
    let (partition, sort) = attributes.split_at(partition_len);
    Ok(KeySchema::of_attributes(partition.iter().cloned(), sort.iter().cloned()))
}

fn index_key(index: &Json<'_>, definitions: &Definitions, of_several: bool) -> Decoded<KeySchema> {
    let schema = index.member("KeySchema").unwrap_or(&Json::Null);
    key_schema(schema, definitions, of_several)?.ok_or_else(|| {
        let names: Vec<&str> = schema.elements().iter().filter_map(|element| text(element, "AttributeName")).collect();
        Fault::invalid(format!(
            "Some index key attributes are not defined in AttributeDefinitions. Keys: [{}], AttributeDefinitions: [{}]",
            names.join(", "),
            definitions.names()
        ))
    })
}

fn indexes<'b, 'j>(body: &'b Json<'j>, parameter: &str) -> Decoded<&'b [Json<'j>]> {
    match body.member(parameter).map(Json::elements) {
        None => Ok(&[]),
        Some([]) => Err(Fault::invalid(format!("List of {parameter} is empty"))),
        Some(indexes) => Ok(indexes),
    }
}

fn local_index(index: &Json<'_>, definitions: &Definitions) -> Decoded<LocalSecondaryIndex> {
    Ok(LocalSecondaryIndex {
        name: text(index, "IndexName").unwrap_or_default().into(),
        key: index_key(index, definitions, false)?,
        projection: projection(index)?,
    })
}

/// A global secondary index that is created, with its table or later.
pub fn global_index(index: &Json<'_>, definitions: &Definitions) -> Decoded<GlobalSecondaryIndex> {
    Ok(GlobalSecondaryIndex {
        name: text(index, "IndexName").unwrap_or_default().into(),
        key: index_key(index, definitions, true)?,
        projection: projection(index)?,
        capacity: capacity(index)?,
        warm_throughput: warm(index)?,
    })
}

fn projection(index: &Json<'_>) -> Decoded<Projection> {
    let projection = index.member("Projection").unwrap_or(&Json::Null);
    let names = projection.member("NonKeyAttributes").map(Json::elements);
    match (text(projection, "ProjectionType"), names) {
        (None, _) => Err(Fault::invalid("Unknown ProjectionType: null")),
        (Some("INCLUDE"), names) => {
            let names = names.unwrap_or_default().iter().filter_map(Json::text);
            Ok(Projection::Include(names.map(Arc::from).collect()))
        }
        (Some(other), Some(_)) => {
            Err(Fault::invalid(format!("ProjectionType is {other}, but NonKeyAttributes is specified")))
        }
        (Some("ALL"), None) => Ok(Projection::All),
        (Some(_), None) => Ok(Projection::KeysOnly),
    }
}
