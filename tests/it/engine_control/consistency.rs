//! What is described is what is served, whatever is asked for and when.

use dynamometer::api::*;
use dynamometer::time::Time;
use proptest::prelude::*;

use super::*;

const INDEXES: [&str; 2] = ["one", "two"];

#[derive(Debug, Clone)]
enum Step {
    Wait(u64),
    Create,
    Delete,
    AddIndex(usize),
    DeleteIndex(usize),
    Units(u64),
    OnDemand,
    Put(u8, bool),
    Remove(u8),
    TimeToLive(bool),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        // Some waits end just before, at and just after a delay.
        6 => prop_oneof![0u64..50_000, (0u64..5, 0u64..3).prop_map(|(tens, off)| tens * 10_000 + off)].prop_map(Step::Wait),
        2 => Just(Step::Create),
        1 => Just(Step::Delete),
        3 => (0usize..2).prop_map(Step::AddIndex),
        2 => (0usize..2).prop_map(Step::DeleteIndex),
        2 => (1u64..1_000).prop_map(Step::Units),
        1 => Just(Step::OnDemand),
        6 => (0u8..20, any::<bool>()).prop_map(|(id, owned)| Step::Put(id, owned)),
        2 => (0u8..20).prop_map(Step::Remove),
        1 => any::<bool>().prop_map(Step::TimeToLive),
    ]
}

struct World {
    engine: Engine,
    now: Time,
}

impl World {
    fn is_on_demand(&self) -> bool {
        let described = self.engine.describe_table(self.now, "tab");
        described.is_ok_and(|table| matches!(table.definition.capacity, CapacityMode::OnDemand { .. }))
    }

    fn status(&self) -> Option<ResourceStatus> {
        self.engine.describe_table(self.now, "tab").ok().map(|table| table.status)
    }

    fn update(&self, request: &UpdateTable) {
        let status = self.status();
        let error = match self.engine.update_table(self.now, request) {
            Ok(described) => {
                assert_eq!(Some(&described), self.engine.describe_table(self.now, "tab").as_ref().ok());
                return;
            }
            Err(error) => error,
        };
        match status {
            None => assert_eq!(error.kind, ErrorKind::ResourceNotFound, "{error}"),
            Some(ResourceStatus::Active) => assert_ne!(error.kind, ErrorKind::ResourceInUse, "{error}"),
            Some(_) => assert_eq!(error.kind, ErrorKind::ResourceInUse, "{error}"),
        }
    }

    fn step(&mut self, step: &Step) {
        let capacity =
            if self.is_on_demand() { CapacityMode::ON_DEMAND } else { CapacityMode::provisioned(1_000, 1_000) };
        match *step {
            Step::Wait(millis) => self.now += Duration::from_millis(millis),
            Step::Create => {
                let created =
                    self.engine.create_table(self.now, &table("tab", CapacityMode::provisioned(1_000, 1_000)));
                assert!(created.is_ok() || created.is_err_and(|error| error.kind == ErrorKind::ResourceInUse));
            }
            Step::Delete => {
                let _ = self.engine.delete_table(self.now, "tab");
            }
            Step::AddIndex(index) => self.update(&add_index("tab", INDEXES[index], capacity)),
            Step::DeleteIndex(index) => self.update(&delete_index("tab", INDEXES[index])),
            Step::Units(units) => {
                self.update(&UpdateTable { provisioned_throughput: provisioned(units, 1_000), ..updated("tab") });
            }
            Step::OnDemand => {
                self.update(&UpdateTable { billing_mode: Some(BillingMode::PayPerRequest), ..updated("tab") });
            }
            Step::Put(number, owned) => {
                let mut record = id(&number.to_string());
                if owned {
                    record.insert("owner".into(), s("x"));
                }
                self.engine.execute(self.now, &Request::PutItem(put("tab", record)));
            }
            Step::Remove(number) => {
                self.engine.execute(self.now, &Request::DeleteItem(delete("tab", id(&number.to_string()))));
            }
            Step::TimeToLive(enabled) => {
                let attribute_name = "expires".into();
                let request = UpdateTimeToLive { table_name: "tab".into(), enabled, attribute_name };
                let _ = self.engine.update_time_to_live(self.now, &request);
            }
        }
    }

    fn count(&self, index: Option<&str>) -> Result<u64, ApiError> {
        match self.engine.execute(self.now, &Request::Scan(scan("tab", index))).result?.output {
            Output::Page(page) => Ok(page.count),
            other => panic!("{other:?}"),
        }
    }

    fn check(&self) {
        use ResourceStatus::{Active, Creating, Deleting, Updating};
        let read = self.count(None);
        let listed = self.engine.list_tables(self.now, &ListTables::default()).unwrap().table_names;
        let Ok(described) = self.engine.describe_table(self.now, "tab") else {
            assert_eq!(read.unwrap_err().kind, ErrorKind::ResourceNotFound);
            assert!(listed.is_empty());
            return;
        };
        assert_eq!(listed, ["tab"]);
        match described.status {
            Creating | Deleting => assert_eq!(read.unwrap_err().kind, ErrorKind::ResourceNotFound),
            Updating | Active => assert_eq!(read, Ok(described.item_count)),
        }
        let indexes = &described.global_secondary_indexes;
        let deleting = |index: &&GlobalIndexDescription| index.status == Deleting;
        assert_eq!(
            described.definition.global_secondary_indexes.len(),
            indexes.iter().filter(|index| described.status == Deleting || !deleting(index)).count()
        );
        assert!(
            indexes.iter().filter(|index| matches!(index.status, Creating | Deleting)).count() <= 1
                || described.status == Deleting
        );
        for index in indexes {
            let read = self.count(Some(&index.definition.name));
            match index.status {
                _ if described.status == Deleting => assert_eq!(read.unwrap_err().kind, ErrorKind::ResourceNotFound),
                Active | Updating => assert_eq!(read, Ok(index.item_count)),
                Creating => assert!(read.unwrap_err().message.starts_with("Cannot read from backfilling")),
                Deleting => {
                    assert!(read.unwrap_err().message.starts_with("The table does not have the specified index"))
                }
            }
            let is_allocated = index.status == Creating && index.is_backfilling == Some(false);
            assert!(!is_allocated || described.status == Updating);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_is_described_is_what_is_served(steps in prop::collection::vec(step(), 0..80)) {
        let mut world = World { engine: slow_engine(), now: Time::ZERO };
        for step in [Step::Create, Step::Wait(10_000)].iter().chain(&steps) {
            world.step(step);
            world.check();
        }
    }
}
