//! Tables come, are listed and described, and go.

use dynamometer::api::*;
use dynamometer::time::Time;

use super::*;

fn status(engine: &Engine, at: f64) -> Result<ResourceStatus, ErrorKind> {
    engine.describe_table(seconds(at), "tab").map(|table| table.status).map_err(|error| error.kind)
}

#[test]
fn a_table_is_created_changed_and_deleted() {
    let engine = slow_engine();
    let definition = table("tab", CapacityMode::provisioned(5, 6));
    let put_at = |at: f64| engine.execute(seconds(at), &Request::PutItem(put("tab", id("a")))).result.map(|_| ());
    let unknown_item = ApiError::new(ErrorKind::ResourceNotFound, "Requested resource not found");
    let raise = UpdateTable { provisioned_throughput: provisioned(7, 8), ..updated("tab") };

    let created = engine.create_table(seconds(0.0), &definition).unwrap();
    assert_eq!((created.status, &created.definition), (ResourceStatus::Creating, &definition));
    assert_eq!(put_at(9.9), Err(unknown_item.clone()));
    assert_eq!(status(&engine, 9.9), Ok(ResourceStatus::Creating));
    assert_eq!(engine.update_table(seconds(9.9), &raise), Err(in_use("created", "tab")));
    assert_eq!(engine.delete_table(seconds(9.9), "tab"), Err(in_use("created", "tab")));
    let exists = engine.create_table(seconds(9.9), &definition).unwrap_err();
    assert_eq!((exists.kind, &*exists.message), (ErrorKind::ResourceInUse, "Table already exists: tab"));

    assert_eq!(status(&engine, 10.0), Ok(ResourceStatus::Active));
    assert_eq!(put_at(10.0), Ok(()));

    let changed = engine.update_table(seconds(50.0), &raise).unwrap();
    assert_eq!((changed.status, changed.definition.capacity), (ResourceStatus::Updating, definition.capacity));
    assert_eq!(status(&engine, 69.9), Ok(ResourceStatus::Updating));
    assert_eq!(put_at(69.9), Ok(()));
    assert_eq!(engine.update_table(seconds(69.9), &raise), Err(in_use("updated", "tab")));
    assert_eq!(engine.delete_table(seconds(69.9), "tab"), Err(in_use("updated", "tab")));
    let changed = engine.describe_table(seconds(70.0), "tab").unwrap();
    assert_eq!(changed.definition.capacity, CapacityMode::provisioned(7, 8));
    assert_eq!((changed.status, changed.item_count), (ResourceStatus::Active, 1));

    let deleted = engine.delete_table(seconds(100.0), "tab").unwrap();
    assert_eq!((deleted.status, deleted.item_count), (ResourceStatus::Deleting, 1));
    assert_eq!(put_at(100.0), Err(unknown_item));
    assert_eq!(status(&engine, 129.9), Ok(ResourceStatus::Deleting));
    assert_eq!(engine.delete_table(seconds(129.9), "tab"), Ok(deleted), "the API: no error is returned");
    assert_eq!(engine.update_table(seconds(129.9), &raise), Err(in_use("deleted", "tab")));
    assert_eq!(engine.create_table(seconds(129.9), &definition), Err(in_use("deleted", "tab")));
    let gone = engine.describe_table(seconds(130.0), "tab").unwrap_err();
    assert_eq!(gone.kind, ErrorKind::ResourceNotFound);
    assert_eq!(gone.message, "Requested resource not found: Table: tab not found");
    assert_eq!(engine.delete_table(seconds(130.0), "tab"), Err(gone.clone()));
    assert_eq!(engine.update_table(seconds(130.0), &raise), Err(gone));

    let again = engine.create_table(seconds(130.0), &definition).unwrap();
    assert_eq!((again.status, again.item_count), (ResourceStatus::Creating, 0), "the name is free, the table empty");
    assert_ne!(again.id, created.id);
    assert_eq!(status(&engine, 140.0), Ok(ResourceStatus::Active));
}

#[test]
fn without_delays_everything_is_done_at_once() {
    let engine = quick_engine(&[table("tab", CapacityMode::provisioned(5, 6))]);
    assert_eq!(status(&engine, 0.0), Ok(ResourceStatus::Active));
    let raise = UpdateTable { provisioned_throughput: provisioned(7, 8), ..updated("tab") };
    let raised = engine.update_table(Time::ZERO, &raise).unwrap();
    assert_eq!((raised.status, raised.definition.capacity), (ResourceStatus::Active, CapacityMode::provisioned(7, 8)));
    let add = add_index("tab", "by_owner", CapacityMode::provisioned(1, 1));
    let index = &engine.update_table(Time::ZERO, &add).unwrap().global_secondary_indexes[0];
    assert_eq!((index.status, index.is_backfilling), (ResourceStatus::Active, Some(false)));
    let left = engine.update_table(Time::ZERO, &delete_index("tab", "by_owner")).unwrap();
    assert_eq!((left.status, left.global_secondary_indexes.len()), (ResourceStatus::Active, 0));
    engine.delete_table(Time::ZERO, "tab").unwrap();
    assert_eq!(status(&engine, 0.0), Err(ErrorKind::ResourceNotFound));
}

#[test]
fn a_table_is_described() {
    let engine = slow_engine();
    let mut definition = indexed(CapacityMode::ON_DEMAND);
    definition.key = schema(("id", ScalarType::S), Some(("at", ScalarType::N)));
    definition.local_secondary_indexes =
        vec![local("by_size", schema(("id", ScalarType::S), Some(("size", ScalarType::N))), Projection::KeysOnly)];
    engine.create_table(seconds(1.5), &definition).unwrap();
    let with_index = item([("id", s("a")), ("at", n(1)), ("owner", s("x"))]);
    let stored = [with_index.clone(), item([("id", s("a")), ("at", n(2)), ("size", n(7))])];
    for item in &stored {
        engine.load_item(&"tab".into(), item.clone()).unwrap();
    }
    let described = engine.describe_table(seconds(12.0), "tab").unwrap();
    assert_eq!(described.arn, "arn:aws:dynamodb:eu-central-1:000000000000:table/tab");
    assert_eq!(described.creation_epoch_millis, MIDNIGHT * 1_000 + 1_500);
    assert_eq!(described.last_on_demand_epoch_millis, Some(MIDNIGHT * 1_000 + 1_500));
    let bytes = stored.iter().map(|item| item.size_bytes() as u64).sum::<u64>();
    assert_eq!((described.item_count, described.size_bytes), (2, bytes));
    let warm = WarmThroughput { read_units_per_second: 12_000, write_units_per_second: 4_000 };
    assert_eq!(
        described.warm_throughput,
        WarmThroughputDescription { throughput: warm, status: ResourceStatus::Active }
    );
    let global = &described.global_secondary_indexes[0];
    assert_eq!(global.arn, "arn:aws:dynamodb:eu-central-1:000000000000:table/tab/index/by_owner");
    assert_eq!(global.definition, definition.global_secondary_indexes[0]);
    assert_eq!((global.status, global.is_backfilling), (ResourceStatus::Active, None));
    assert_eq!((global.item_count, global.size_bytes), (1, with_index.size_bytes() as u64));
    let local = &described.local_secondary_indexes[0];
    assert_eq!(local.arn, "arn:aws:dynamodb:eu-central-1:000000000000:table/tab/index/by_size");
    assert_eq!(local.item_count, 1);
    let creating = engine.describe_table(seconds(2.0), "tab").unwrap();
    assert_eq!(creating.global_secondary_indexes[0].status, ResourceStatus::Creating);
}

#[test]
fn ids_follow_from_the_seed() {
    let ids = |seed: u64| {
        let engine = Engine::new(EngineOptions { seed, ..EngineOptions::default() });
        ["one", "two"].map(|name| engine.create_table(Time::ZERO, &table(name, CapacityMode::ON_DEMAND)).unwrap().id)
    };
    let [first, second] = ids(1);
    assert_ne!(first, second);
    assert_eq!(ids(1), [first, second]);
    assert_ne!(ids(1), ids(2));
}

#[test]
fn a_protected_table_is_not_deleted() {
    let mut definition = table("tab", CapacityMode::ON_DEMAND);
    definition.deletion_protection = true;
    let engine = quick_engine(&[definition]);
    let error = engine.delete_table(Time::ZERO, "tab").unwrap_err();
    assert_eq!(error.kind, ErrorKind::Validation);
    assert_eq!(
        error.message,
        "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first."
    );
    let protect = |deletion_protection| UpdateTable { deletion_protection, ..updated("tab") };
    let described = engine.update_table(Time::ZERO, &protect(Some(false))).unwrap();
    assert!(!described.definition.deletion_protection);
    engine.update_table(Time::ZERO, &protect(Some(true))).unwrap();
    assert!(engine.delete_table(Time::ZERO, "tab").is_err());
    engine.update_table(Time::ZERO, &protect(Some(false))).unwrap();
    assert_eq!(engine.delete_table(Time::ZERO, "tab").map(|_| ()), Ok(()));
}

#[test]
fn tables_are_listed_page_by_page() {
    let engine = slow_engine();
    let mut names: Vec<TableName> = (0..250).map(|number| format!("tab-{number:03}").into()).collect();
    for name in names.iter().rev() {
        engine.create_table(Time::ZERO, &table(name, CapacityMode::ON_DEMAND)).unwrap();
    }
    let all = |now: f64, limit: Option<u32>| {
        let mut found = Vec::new();
        let mut sizes = Vec::new();
        let mut exclusive_start_table_name = None;
        loop {
            let page = engine.list_tables(seconds(now), &ListTables { exclusive_start_table_name, limit }).unwrap();
            sizes.push(page.table_names.len());
            assert_eq!(page.last_evaluated_table_name.as_ref().or(page.table_names.last()), page.table_names.last());
            found.extend(page.table_names);
            exclusive_start_table_name = page.last_evaluated_table_name;
            if exclusive_start_table_name.is_none() {
                return (found, sizes);
            }
        }
    };
    assert_eq!(all(1.0, None), (names.clone(), vec![100, 100, 50]));
    assert_eq!(all(1.0, Some(50)), (names.clone(), vec![50; 5]), "no empty page at the end");
    engine.delete_table(seconds(20.0), "tab-007").unwrap();
    assert_eq!(all(49.9, Some(100)).0, names, "a table is listed while it is being deleted");
    names.remove(7);
    assert_eq!(all(50.0, Some(1)), (names, vec![1; 249]));

    let start = |name: &str| ListTables { exclusive_start_table_name: Some(name.into()), limit: Some(1) };
    let page = engine.list_tables(seconds(50.0), &start("tab-006x")).unwrap();
    assert_eq!(page.table_names, ["tab-008"], "the start need not exist");
    let page = engine.list_tables(seconds(50.0), &start("zzz")).unwrap();
    assert_eq!(page, TableNames { table_names: Vec::new(), last_evaluated_table_name: None });
}

#[test]
fn listing_has_limits() {
    let engine = quick_engine(&[]);
    let message = |name: Option<&str>, limit: Option<u32>| {
        let request = ListTables { exclusive_start_table_name: name.map(Into::into), limit };
        engine.list_tables(Time::ZERO, &request).unwrap_err().message
    };
    assert_eq!(
        message(None, Some(0)),
        "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: Member must have value greater \
         than or equal to 1"
    );
    assert_eq!(
        message(None, Some(101)),
        "1 validation error detected: Value '101' at 'limit' failed to satisfy constraint: Member must have value less \
         than or equal to 100"
    );
    assert_eq!(
        message(Some("ab"), None),
        "1 validation error detected: Value 'ab' at 'exclusiveStartTableName' failed to satisfy constraint: Member must \
         have length greater than or equal to 3"
    );
}
