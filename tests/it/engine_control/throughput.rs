//! Throughput, mode, warm throughput and class of a running table.

use dynamometer::api::*;
use dynamometer::time::Time;

use super::*;

const HOUR: f64 = 3_600.0;

fn set(engine: &Engine, at: f64, read: u64, write: u64) -> Result<TableDescription, ApiError> {
    engine
        .update_table(seconds(at), &UpdateTable { provisioned_throughput: provisioned(read, write), ..updated("tab") })
}

/// How many writes of one unit are admitted at a moment.
fn admitted(engine: &Engine, at: f64) -> usize {
    let request = Request::PutItem(put("tab", id("a")));
    (0..20_000).take_while(|_| engine.execute(seconds(at), &request).result.is_ok()).count()
}

#[test]
fn another_throughput_holds_once_the_table_is_active_again() {
    let engine = slow_engine();
    engine.create_table(seconds(0.0), &table("tab", CapacityMode::provisioned(10, 10))).unwrap();
    assert_eq!(admitted(&engine, 10.0), 110, "one second at hand and ten of the bank");
    set(&engine, 20.0, 10, 100).unwrap();
    assert_eq!(admitted(&engine, 39.0), 290);
    assert_eq!(admitted(&engine, 41.0), 10 + 100);
    assert_eq!(engine.consumed("tab").unwrap().table.write, CapacityUnits::whole(110 + 290 + 110));
}

#[test]
fn throughput_that_does_not_change_is_refused() {
    let engine = quick_engine(&[indexed(CapacityMode::provisioned(5, 6))]);
    assert_eq!(
        set(&engine, 0.0, 5, 6).unwrap_err(),
        ApiError::validation(
            "The provisioned throughput for the table will not change. The requested value equals the current value. Current \
             ReadCapacityUnits provisioned for the table: 5. Requested ReadCapacityUnits: 5. Current WriteCapacityUnits \
             provisioned for the table: 6. Requested WriteCapacityUnits: 6. Refer to the Amazon DynamoDB Developer Guide for \
             current limits and how to request higher limits."
        )
    );
    let same = UpdateGlobalSecondaryIndex { provisioned_throughput: provisioned(5, 6), ..index_update("by_owner") };
    let same = vec![GlobalSecondaryIndexUpdate::Update(same)];
    let request = UpdateTable { global_secondary_index_updates: same, ..updated("tab") };
    let message = engine.update_table(Time::ZERO, &request).unwrap_err().message;
    assert!(message.starts_with("The provisioned throughput for the index by_owner will not change."), "{message}");
    assert_eq!(set(&engine, 0.0, 0, 6).unwrap_err().kind, ErrorKind::Validation);
    assert_eq!(
        set(&engine, 0.0, 1, 1_000_000_000_001).unwrap_err().message,
        "Given value 1000000000001 for WriteCapacityUnits is out of bounds"
    );
}

#[test]
fn increases_and_decreases_are_dated() {
    let engine = quick_engine(&[table("tab", CapacityMode::provisioned(10, 10))]);
    assert_eq!(set(&engine, 1.0, 20, 10).unwrap().throughput_changes.last_increase_epoch_millis, Some(1_000));
    let both = set(&engine, 2.0, 10, 20).unwrap().throughput_changes;
    let expected = ThroughputChanges {
        last_increase_epoch_millis: Some(2_000),
        last_decrease_epoch_millis: Some(2_000),
        decreases_today: 1,
    };
    assert_eq!(both, expected);
    let next_day = engine.describe_table(seconds(24.0 * HOUR), "tab").unwrap().throughput_changes;
    assert_eq!(next_day, ThroughputChanges { decreases_today: 0, ..expected });
}

#[test]
fn decreases_are_limited_apart_for_the_table_and_each_index() {
    let engine = quick_engine(&[indexed(CapacityMode::provisioned(100, 100))]);
    let lower_index = |write: u64| {
        let update =
            UpdateGlobalSecondaryIndex { provisioned_throughput: provisioned(100, write), ..index_update("by_owner") };
        vec![GlobalSecondaryIndexUpdate::Update(update)]
    };
    for write in [99, 98, 97, 96] {
        set(&engine, 0.0, 100, write).unwrap();
    }
    let refused = set(&engine, 1.0, 100, 95).unwrap_err();
    assert_eq!(refused.kind, ErrorKind::LimitExceeded);
    assert!(refused.message.starts_with(
        "Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC day. After the first 4 \
         decreases, each subsequent decrease in the same UTC day can be performed at most once every 3600 seconds. Number \
         of decreases today: 4."
    ));
    // Together with the table's one too many, the index's decrease is not made either.
    let both = UpdateTable {
        provisioned_throughput: provisioned(100, 95),
        global_secondary_index_updates: lower_index(50),
        ..updated("tab")
    };
    assert_eq!(engine.update_table(seconds(1.0), &both).unwrap_err().kind, ErrorKind::LimitExceeded);
    let alone = UpdateTable { global_secondary_index_updates: lower_index(50), ..updated("tab") };
    let described = engine.update_table(seconds(1.0), &alone).unwrap();
    assert_eq!(described.global_secondary_indexes[0].definition.capacity, CapacityMode::provisioned(100, 50));
    assert_eq!(described.global_secondary_indexes[0].throughput_changes.decreases_today, 1);

    set(&engine, 2.0, 100, 200).expect("increases are unlimited");
    assert!(set(&engine, HOUR - 0.001, 100, 95).is_err());
    assert_eq!(set(&engine, HOUR, 100, 95).unwrap().throughput_changes.decreases_today, 5);
    assert!(set(&engine, HOUR, 100, 94).is_err());
    for write in [93, 92, 91, 90] {
        set(&engine, 24.0 * HOUR, 100, write).unwrap();
    }
}

#[test]
fn an_index_is_changed_alone() {
    let engine = slow_engine();
    engine.create_table(seconds(0.0), &indexed(CapacityMode::provisioned(100, 100))).unwrap();
    let update = UpdateGlobalSecondaryIndex { provisioned_throughput: provisioned(100, 1), ..index_update("by_owner") };
    let request = UpdateTable {
        global_secondary_index_updates: vec![GlobalSecondaryIndexUpdate::Update(update)],
        ..updated("tab")
    };
    engine.update_table(seconds(10.0), &request).unwrap();
    let index = |at: f64| engine.describe_table(seconds(at), "tab").unwrap().global_secondary_indexes.remove(0);
    assert_eq!(
        (index(29.9).status, index(29.9).definition.capacity),
        (ResourceStatus::Updating, CapacityMode::provisioned(100, 100))
    );
    assert_eq!(
        (index(30.0).status, index(30.0).definition.capacity),
        (ResourceStatus::Active, CapacityMode::provisioned(100, 1))
    );
    // What the index had banked shrinks to 300 seconds of its new capacity.
    let record =
        |number: i64| Request::PutItem(put("tab", item([("id", s("a")), ("owner", s("o")), ("x", n(number))])));
    let refused = (0..).find_map(|number| {
        let refused = engine.execute(seconds(30.0), &record(number)).result.err()?;
        Some((number, refused.throttling_reasons))
    });
    let (written, reasons) = refused.unwrap();
    assert_eq!(written, 300);
    assert_eq!(reasons[0].index.as_deref(), Some("by_owner"));
    assert_eq!(reasons[0].limit, LimitKind::ProvisionedThroughput);
}

fn mode(billing_mode: BillingMode, throughput: Option<ProvisionedThroughput>) -> UpdateTable {
    UpdateTable { billing_mode: Some(billing_mode), provisioned_throughput: throughput, ..updated("tab") }
}

#[test]
fn the_billing_mode_changes_for_the_table_and_its_indexes() {
    let engine = slow_engine();
    engine.create_table(seconds(0.0), &indexed(CapacityMode::provisioned(10, 10))).unwrap();
    let to_on_demand = mode(BillingMode::PayPerRequest, None);
    engine.update_table(seconds(10.0), &to_on_demand).unwrap();
    assert_eq!(admitted(&engine, 29.9), 10 + 299, "the old throughput applies during the switch");
    let described = engine.describe_table(seconds(30.0), "tab").unwrap();
    assert_eq!(described.definition.capacity, CapacityMode::ON_DEMAND);
    assert_eq!(described.global_secondary_indexes[0].definition.capacity, CapacityMode::ON_DEMAND);
    assert_eq!(described.last_on_demand_epoch_millis, Some((MIDNIGHT + 10) * 1_000));
    assert_eq!(admitted(&engine, 31.0), 4_000, "at least what a new on-demand table serves");

    // Back again, every index needs throughput of its own.
    let refused = |request: &UpdateTable| engine.update_table(seconds(31.0), request).unwrap_err();
    let back = mode(BillingMode::Provisioned, provisioned(20, 20));
    assert_eq!(
        refused(&mode(BillingMode::Provisioned, None)),
        invalid("ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED")
    );
    assert_eq!(refused(&back), invalid("ProvisionedThroughput must be specified for index: by_owner"));
    let of_index = UpdateGlobalSecondaryIndex { provisioned_throughput: provisioned(3, 4), ..index_update("by_owner") };
    let of_index = vec![GlobalSecondaryIndexUpdate::Update(of_index)];
    let back = UpdateTable { global_secondary_index_updates: of_index.clone(), ..back };
    engine.update_table(seconds(40.0), &back).unwrap();
    let described = engine.describe_table(seconds(60.0), "tab").unwrap();
    assert_eq!(described.definition.capacity, CapacityMode::provisioned(20, 20));
    assert_eq!(described.global_secondary_indexes[0].definition.capacity, CapacityMode::provisioned(3, 4));
    assert_eq!(described.throughput_changes, ThroughputChanges::default(), "a switch is no decrease");
    assert_eq!(admitted(&engine, 60.0), 20, "nothing of the on-demand throughput is banked");

    let wrong = UpdateTable { provisioned_throughput: provisioned(1, 1), ..to_on_demand.clone() };
    assert_eq!(
        engine.update_table(seconds(60.0), &wrong).unwrap_err(),
        invalid(
            "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"
        )
    );
    let wrong = UpdateTable { global_secondary_index_updates: of_index, ..to_on_demand };
    assert_eq!(
        engine.update_table(seconds(60.0), &wrong).unwrap_err(),
        invalid(
            "ProvisionedThroughput should not be specified for index: by_owner when BillingMode is PAY_PER_REQUEST"
        )
    );
}

#[test]
fn four_switches_to_on_demand_are_made_in_24_hours() {
    let engine = quick_engine(&[table("tab", CapacityMode::provisioned(1, 1))]);
    let on_demand = mode(BillingMode::PayPerRequest, None);
    let back = mode(BillingMode::Provisioned, provisioned(1, 1));
    for hour in 0..4 {
        engine.update_table(seconds(f64::from(hour) * HOUR), &on_demand).unwrap();
        engine.update_table(seconds(f64::from(hour) * HOUR + 1.0), &back).expect("back is unlimited");
    }
    let refused = engine.update_table(seconds(24.0 * HOUR - 1.0), &on_demand).unwrap_err();
    assert_eq!(refused.kind, ErrorKind::LimitExceeded);
    assert!(
        refused.message.starts_with("Subscriber limit exceeded: Update to PayPerRequest mode are limited to 4 times")
    );
    engine.update_table(seconds(24.0 * HOUR), &on_demand).unwrap();
    let again = engine.update_table(seconds(24.0 * HOUR), &on_demand).expect("it is on-demand already");
    assert_eq!(again.status, ResourceStatus::Active);
}

#[test]
fn on_demand_maxima_are_set_and_removed() {
    let engine = quick_engine(&[table("tab", CapacityMode::ON_DEMAND)]);
    let maximum = |max_write_request_units| UpdateTable {
        on_demand_throughput: Some(OnDemandThroughputUpdate {
            max_write_request_units: Some(max_write_request_units),
            ..OnDemandThroughputUpdate::default()
        }),
        ..updated("tab")
    };
    engine.update_table(seconds(1.0), &maximum(MaximumUpdate::Set(7))).unwrap();
    assert_eq!(admitted(&engine, 2.0), 7);
    let described = engine.update_table(seconds(3.0), &maximum(MaximumUpdate::Remove)).unwrap();
    assert_eq!(described.definition.capacity, CapacityMode::ON_DEMAND);
    assert_eq!(admitted(&engine, 4.0), 4_000);
    assert_eq!(
        engine.update_table(seconds(5.0), &maximum(MaximumUpdate::Set(0))).unwrap_err().kind,
        ErrorKind::Validation
    );
}

#[test]
fn warm_throughput_rises_and_never_falls() {
    let engine = slow_engine();
    engine.create_table(seconds(0.0), &table("tab", CapacityMode::ON_DEMAND)).unwrap();
    let warm = |read_units_per_second, write_units_per_second| UpdateTable {
        warm_throughput: Some(WarmThroughputUpdate { read_units_per_second, write_units_per_second }),
        ..updated("tab")
    };
    engine.update_table(seconds(10.0), &warm(None, Some(9_000))).unwrap();
    let described = |at: f64| engine.describe_table(seconds(at), "tab").unwrap().warm_throughput;
    let before = WarmThroughput { read_units_per_second: 12_000, write_units_per_second: 4_000 };
    assert_eq!(described(29.0), WarmThroughputDescription { throughput: before, status: ResourceStatus::Updating });
    assert_eq!(admitted(&engine, 29.0), 4_000);
    let after = WarmThroughput { write_units_per_second: 9_000, ..before };
    assert_eq!(described(30.0), WarmThroughputDescription { throughput: after, status: ResourceStatus::Active });
    assert_eq!(admitted(&engine, 31.0), 9_000);
    assert_eq!(
        engine.update_table(seconds(31.0), &warm(Some(12_000), Some(8_999))).unwrap_err(),
        invalid(
            "Requested WriteUnitsPerSecond for WarmThroughput for table is lower than current WarmThroughput, decreasing \
             WarmThroughput is not supported"
        )
    );
}

#[test]
fn the_class_changes_twice_in_30_days() {
    let engine = quick_engine(&[table("tab", CapacityMode::ON_DEMAND)]);
    let class = |class| UpdateTable { class: Some(class), ..updated("tab") };
    let day = 24.0 * HOUR;
    let described = engine.update_table(seconds(0.0), &class(TableClass::StandardInfrequentAccess)).unwrap();
    assert_eq!(described.definition.class, TableClass::StandardInfrequentAccess);
    engine.update_table(seconds(day), &class(TableClass::StandardInfrequentAccess)).expect("no change");
    engine.update_table(seconds(day), &class(TableClass::Standard)).unwrap();
    let infrequent = class(TableClass::StandardInfrequentAccess);
    assert_eq!(engine.update_table(seconds(29.9 * day), &infrequent).unwrap_err().kind, ErrorKind::LimitExceeded);
    let described = engine.update_table(seconds(30.0 * day), &infrequent).unwrap();
    assert_eq!(described.last_class_change_epoch_millis, Some(30 * 86_400_000));
}
