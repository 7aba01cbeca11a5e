//! Time to live switched on and off at a running table.

use dynamometer::api::*;

use super::*;

const HOUR: f64 = 3_600.0;

fn change(engine: &Engine, at: f64, enabled: bool, attribute_name: &str) -> Result<(), String> {
    let request = UpdateTimeToLive { table_name: "tab".into(), enabled, attribute_name: attribute_name.into() };
    engine.update_time_to_live(seconds(at), &request).map_err(|error| {
        assert_eq!(error.kind, ErrorKind::Validation);
        error.message
    })
}

fn described(engine: &Engine, at: f64) -> (TimeToLiveStatus, Option<String>) {
    let described = engine.describe_time_to_live(seconds(at), "tab").unwrap();
    (described.status, described.attribute_name.map(|name| name.to_string()))
}

/// Items with the numbers 0 to 99 expire as many seconds after midnight, by `expires`, in the reverse order by `gone_at`.
fn filled() -> Engine {
    let engine = slow_engine();
    engine.create_table(seconds(0.0), &table("tab", CapacityMode::ON_DEMAND)).unwrap();
    for number in 0..100 {
        let at = |number: i64| n(MIDNIGHT as i64 + number);
        let record = item([
            ("id", s(number.to_string())),
            ("expires", at(number)),
            ("gone_at", at(99 - number)),
            ("no", s("x")),
        ]);
        engine.load_item(&"tab".into(), record).unwrap();
    }
    engine
}

fn left(engine: &Engine, at: f64) -> u64 {
    // A request sweeps the table.
    engine.execute(seconds(at), &Request::GetItem(get("tab", id("none"))));
    engine.describe_table(seconds(at), "tab").unwrap().item_count
}

#[test]
fn it_is_enabled_and_disabled() {
    let engine = filled();
    assert_eq!(described(&engine, 10.0), (TimeToLiveStatus::Disabled, None));
    assert_eq!(change(&engine, 10.0, false, "expires"), Err("TimeToLive is already disabled".into()));
    assert_eq!(change(&engine, 10.0, true, "expires"), Ok(()));
    assert_eq!(described(&engine, 49.9), (TimeToLiveStatus::Enabling, Some("expires".into())));
    assert_eq!(left(&engine, 49.9), 100, "nothing is deleted yet");
    assert_eq!(described(&engine, 50.0), (TimeToLiveStatus::Enabled, Some("expires".into())));
    assert_eq!(left(&engine, 50.0), 49, "what was there before is deleted, too");

    assert_eq!(change(&engine, 60.0, true, "expires"), Err("TimeToLive is already enabled".into()));
    let other = "TimeToLive is active on a different AttributeName: current AttributeName is expires";
    assert_eq!(change(&engine, 60.0, true, "other"), Err(other.into()));
    assert_eq!(change(&engine, 60.0, false, "other"), Err(other.into()));
    let fixed = "Time to live has been modified multiple times within a fixed interval";
    assert_eq!(change(&engine, 60.0, false, "expires"), Err(fixed.into()));
    assert_eq!(change(&engine, 10.0 + HOUR - 0.1, false, "expires"), Err(fixed.into()));
    assert_eq!(change(&engine, 10.0 + HOUR, false, "expires"), Ok(()));
    assert_eq!(described(&engine, 49.9 + HOUR), (TimeToLiveStatus::Disabling, Some("expires".into())));
    assert_eq!(described(&engine, 50.0 + HOUR), (TimeToLiveStatus::Disabled, None));
    assert_eq!(left(&engine, 50.0 + HOUR), 49, "from disabling on nothing is deleted");
    let definition = engine.describe_table(seconds(50.0 + HOUR), "tab").unwrap().definition;
    assert_eq!(definition.time_to_live_attribute, None);
}

#[test]
fn another_attribute_may_follow() {
    let engine = filled();
    change(&engine, 10.0, true, "no").unwrap();
    assert_eq!(left(&engine, 50.0), 100, "an attribute that is no time expires nothing");
    change(&engine, 10.0 + HOUR, false, "no").unwrap();
    // By the other attribute the last items expire first. One is kept by a write after enabling.
    change(&engine, 10.0 + 2.0 * HOUR, true, "gone_at").unwrap();
    let keep = update("tab", id("5"), "SET gone_at = :later", values([(":later", n(MIDNIGHT as i64 + 100_000))]));
    assert!(engine.execute(seconds(20.0 + 2.0 * HOUR), &Request::UpdateItem(keep)).result.is_ok());
    assert_eq!(left(&engine, 50.0 + 2.0 * HOUR), 1);
    assert_eq!(left(&engine, 99_999.0), 1);
    assert_eq!(left(&engine, 100_000.0), 0);
}

#[test]
fn what_is_enabled_at_creation_may_be_disabled_at_any_time() {
    let engine = slow_engine();
    let mut definition = table("tab", CapacityMode::ON_DEMAND);
    definition.time_to_live_attribute = Some("expires".into());
    engine.create_table(seconds(0.0), &definition).unwrap();
    assert_eq!(described(&engine, 10.0), (TimeToLiveStatus::Enabled, Some("expires".into())));
    assert_eq!(change(&engine, 10.0, false, "expires"), Ok(()));
}

#[test]
fn requests_are_checked() {
    let engine = filled();
    let empty = change(&engine, 10.0, true, "").unwrap_err();
    assert_eq!(
        empty,
        "1 validation error detected: Value '' at 'timeToLiveSpecification.attributeName' failed to satisfy constraint: \
         Member must have length greater than or equal to 1"
    );
    assert!(change(&engine, 10.0, true, &"x".repeat(256)).is_err());
    let request = UpdateTimeToLive { table_name: "none".into(), enabled: true, attribute_name: "x".into() };
    let unknown = engine.update_time_to_live(seconds(10.0), &request).unwrap_err();
    assert_eq!(unknown.kind, ErrorKind::ResourceNotFound);
    assert_eq!(engine.describe_time_to_live(seconds(10.0), "none"), Err(unknown));
    assert_eq!(
        engine.update_time_to_live(seconds(9.0), &UpdateTimeToLive { table_name: "tab".into(), ..request }),
        Err(in_use("created", "tab"))
    );
}

#[test]
fn writers_go_on_while_it_is_switched() {
    const ITEMS: i64 = 300;
    let engine = Engine::new(EngineOptions { capacity: Enforcement::Off, ..EngineOptions::default() });
    engine.create_table(seconds(0.0), &table("tab", CapacityMode::ON_DEMAND)).unwrap();
    // Nothing expires before all is done; of ten items one never does.
    let record = |number: i64| {
        let mut record = id(&number.to_string());
        if number % 10 != 0 {
            record.insert("expires".into(), n(1_000_000 + number));
        }
        record
    };
    let switches = 40;
    std::thread::scope(|scope| {
        for thread in 0..3 {
            let (engine, record) = (&engine, &record);
            scope.spawn(move || {
                for step in 0..4_000 {
                    let number = (step * 7 + thread) % ITEMS;
                    let request = match step % 3 {
                        0 => Request::DeleteItem(delete("tab", id(&number.to_string()))),
                        _ => Request::PutItem(put("tab", record(number))),
                    };
                    assert!(engine.execute(seconds(0.0), &request).result.is_ok());
                }
                for number in (thread..ITEMS).step_by(3) {
                    assert!(engine.execute(seconds(0.0), &Request::PutItem(put("tab", record(number)))).result.is_ok());
                }
            });
        }
        for switch in 0..switches {
            change(&engine, f64::from(switch) * HOUR, switch % 2 == 0, "expires").unwrap();
        }
    });
    change(&engine, f64::from(switches) * HOUR, true, "expires").unwrap();
    assert_eq!(left(&engine, 1_000_000.0), 300);
    let mut remaining = 0;
    for _ in 0..10 {
        remaining = left(&engine, 1_000_500.0);
    }
    assert_eq!(remaining, 30, "every expiry was noted, and none too many");
}
