//! What UpdateTable refuses, with DynamoDB's messages.

use dynamometer::api::*;
use dynamometer::item::ScalarType;
use dynamometer::time::Time;

use super::*;

fn refused(engine: &Engine, request: &UpdateTable) -> ApiError {
    let before = engine.describe_table(Time::ZERO, &request.table_name);
    let error = engine.update_table(Time::ZERO, request).expect_err("the update should be refused");
    assert_eq!(engine.describe_table(Time::ZERO, &request.table_name), before, "nothing is changed");
    error
}

fn of_indexes(updates: Vec<GlobalSecondaryIndexUpdate>) -> UpdateTable {
    UpdateTable { global_secondary_index_updates: updates, ..updated("tab") }
}

#[test]
fn something_has_to_change() {
    let engine = quick_engine(&[table("tab", CapacityMode::ON_DEMAND)]);
    assert_eq!(
        refused(&engine, &updated("tab")),
        ApiError::validation(
            "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or \
             SSESpecification or ReplicaUpdates is required"
        )
    );
}

#[test]
fn an_unknown_table_is_not_updated() {
    let engine = quick_engine(&[]);
    let protect = |name: &str| UpdateTable { deletion_protection: Some(true), ..updated(name) };
    let error = refused(&engine, &protect("none"));
    assert_eq!(error.kind, ErrorKind::ResourceNotFound);
    assert_eq!(error.message, "Requested resource not found: Table: none not found");
    assert_eq!(refused(&engine, &protect("n!")).kind, ErrorKind::Validation);
}

#[test]
fn indexes_change_one_by_one() {
    let engine = quick_engine(&[indexed(CapacityMode::provisioned(5, 5))]);
    let other = add_index("tab", "other", CapacityMode::provisioned(1, 1)).global_secondary_index_updates.remove(0);
    let delete = GlobalSecondaryIndexUpdate::Delete("by_owner".into());
    let update = GlobalSecondaryIndexUpdate::Update(UpdateGlobalSecondaryIndex {
        provisioned_throughput: provisioned(1, 1),
        ..index_update("by_owner")
    });
    let both = refused(&engine, &of_indexes(vec![other.clone(), delete.clone()]));
    assert_eq!(both.kind, ErrorKind::LimitExceeded);
    assert_eq!(
        both.message,
        "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table"
    );
    assert_eq!(
        refused(&engine, &of_indexes(vec![update, delete])),
        invalid("Only one global secondary index update per index is allowed simultaneously. Index: by_owner")
    );
    let unknown = refused(&engine, &delete_index("tab", "none"));
    assert_eq!((unknown.kind, &*unknown.message), (ErrorKind::ResourceNotFound, "Requested resource not found"));
    let unknown = GlobalSecondaryIndexUpdate::Update(UpdateGlobalSecondaryIndex {
        provisioned_throughput: provisioned(1, 1),
        ..index_update("none")
    });
    assert_eq!(refused(&engine, &of_indexes(vec![unknown])).kind, ErrorKind::ResourceNotFound);
    assert_eq!(
        refused(&engine, &add_index("tab", "by_owner", CapacityMode::provisioned(1, 1))),
        ApiError::validation("Attempting to create an index which already exists: by_owner")
    );
}

#[test]
fn a_new_index_has_the_billing_mode_of_its_table() {
    let provisioned = quick_engine(&[table("tab", CapacityMode::provisioned(5, 5))]);
    assert_eq!(
        refused(&provisioned, &add_index("tab", "new", CapacityMode::ON_DEMAND)),
        invalid("ProvisionedThroughput must be specified for index: new")
    );
    let on_demand = quick_engine(&[table("tab", CapacityMode::ON_DEMAND)]);
    assert_eq!(
        refused(&on_demand, &add_index("tab", "new", CapacityMode::provisioned(5, 5))),
        invalid("ProvisionedThroughput should not be specified for index: new when BillingMode is PAY_PER_REQUEST")
    );
}

#[test]
fn a_table_has_20_global_indexes() {
    let engine = quick_engine(&[table("tab", CapacityMode::ON_DEMAND)]);
    for number in 0..20 {
        let described =
            engine.update_table(Time::ZERO, &add_index("tab", &format!("i-{number}"), CapacityMode::ON_DEMAND));
        assert_eq!(described.unwrap().global_secondary_indexes.len(), number + 1);
    }
    let message = refused(&engine, &add_index("tab", "i-20", CapacityMode::ON_DEMAND)).message;
    assert!(message.contains("per-table limit of 20"), "{message}");
    engine.update_table(Time::ZERO, &delete_index("tab", "i-3")).unwrap();
    engine.update_table(Time::ZERO, &add_index("tab", "i-20", CapacityMode::ON_DEMAND)).unwrap();
}

#[test]
fn the_name_of_a_local_index_is_taken() {
    let mut definition = table("tab", CapacityMode::ON_DEMAND);
    definition.key = schema(("id", ScalarType::S), Some(("at", ScalarType::N)));
    let key = schema(("id", ScalarType::S), Some(("by", ScalarType::N)));
    definition.local_secondary_indexes = vec![local("local", key, Projection::All)];
    let engine = quick_engine(&[definition]);
    assert_eq!(
        refused(&engine, &add_index("tab", "local", CapacityMode::ON_DEMAND)),
        invalid("Duplicate index name: local")
    );
}

#[test]
fn attribute_definitions_cover_the_new_key_and_nothing_else() {
    let engine = quick_engine(&[table("tab", CapacityMode::ON_DEMAND)]);
    let with = |defined: &[(&str, ScalarType)]| UpdateTable {
        attribute_definitions: defined.iter().map(|(name, scalar_type)| attribute(name, *scalar_type)).collect(),
        ..add_index("tab", "new", CapacityMode::ON_DEMAND)
    };
    use ScalarType::{N, S};
    assert_eq!(
        refused(&engine, &with(&[("id", S)])),
        invalid(
            "Some index key attributes are not defined in AttributeDefinitions. Keys: [owner], AttributeDefinitions: [id]"
        )
    );
    assert_eq!(refused(&engine, &with(&[("owner", N)])).kind, ErrorKind::Validation);
    assert_eq!(
        refused(&engine, &with(&[("owner", S), ("more", S)])),
        invalid("Some AttributeDefinitions are not used. AttributeDefinitions: [owner, more], keys used: [id, owner]")
    );
    assert_eq!(
        refused(&engine, &with(&[("owner", S), ("owner", S)])),
        invalid("Duplicate AttributeName in AttributeDefinitions: owner")
    );
    assert_eq!(refused(&engine, &with(&[("owner", S), ("id", N)])).kind, ErrorKind::Validation);
    engine.update_table(Time::ZERO, &with(&[("owner", S), ("id", S)])).unwrap();
}

#[test]
fn the_key_of_a_new_index_agrees_with_those_there_are() {
    let engine = quick_engine(&[table("tab", CapacityMode::ON_DEMAND)]);
    let key = schema(("id", ScalarType::N), None);
    let index = global("new", key, Projection::All, CapacityMode::ON_DEMAND);
    let request = UpdateTable {
        attribute_definitions: vec![attribute("id", ScalarType::N)],
        ..of_indexes(vec![GlobalSecondaryIndexUpdate::Create(index)])
    };
    assert_eq!(refused(&engine, &request).kind, ErrorKind::Validation);
}

#[test]
fn on_demand_maxima_need_on_demand() {
    let engine = quick_engine(&[indexed(CapacityMode::provisioned(5, 5))]);
    let maximum =
        OnDemandThroughputUpdate { max_read_request_units: Some(MaximumUpdate::Set(5)), ..Default::default() };
    let of_table = UpdateTable { on_demand_throughput: Some(maximum), ..updated("tab") };
    assert_eq!(refused(&engine, &of_table).kind, ErrorKind::Validation);
    let of_index = UpdateGlobalSecondaryIndex { on_demand_throughput: Some(maximum), ..index_update("by_owner") };
    let of_index = of_indexes(vec![GlobalSecondaryIndexUpdate::Update(of_index)]);
    assert_eq!(refused(&engine, &of_index).kind, ErrorKind::Validation);
}
