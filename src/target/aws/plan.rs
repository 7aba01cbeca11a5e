//! What preparing would create, to be shown before it costs money.

use std::fmt;

use crate::api::CreateTable;
use crate::target::TargetError;

use super::connect::Place;
use super::{AwsTarget, prepare, tables};

/// Which tables `prepare` would create and which it would find, as of the moment of asking. Its text is meant for a person
/// who is to say yes or no.
#[derive(Debug, Clone, PartialEq)]
pub struct CreationPlan {
    place: Place,
    create: Vec<CreateTable>,
    found: Vec<String>,
}

impl CreationPlan {
    /// Whether nothing would be created.
    pub fn is_empty(&self) -> bool {
        self.create.is_empty()
    }

    /// The tables that would be created.
    pub fn to_create(&self) -> &[CreateTable] {
        &self.create
    }

    /// The tables that are there already.
    pub fn found(&self) -> &[String] {
        &self.found
    }

    /// Whether creating them costs money.
    pub fn costs_money(&self) -> bool {
        self.place.is_aws() && !self.is_empty()
    }
}

/// Asks which of `tables` exist.
pub(super) async fn plan(target: &AwsTarget, tables: &[CreateTable]) -> Result<CreationPlan, TargetError> {
    let mut plan = CreationPlan { place: target.clients.place.clone(), create: Vec::new(), found: Vec::new() };
    for table in tables {
        match prepare::find(target, &table.name).await? {
            Some(found) if !prepare::is_going(&found) => plan.found.push(table.name.to_string()),
            _ => plan.create.push(table.clone()),
        }
    }
    Ok(plan)
}

impl fmt::Display for CreationPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.create.is_empty() {
            writeln!(f, "No table is to be created at {}.", self.place)?;
        } else {
            writeln!(f, "To be created at {}:", self.place)?;
        }
        for table in &self.create {
            write!(f, "  {}: {}", table.name, tables::describe_capacity(&table.capacity))?;
            if let Some(warm) = table.warm_throughput {
                let (read, write) = (warm.read_units_per_second, warm.write_units_per_second);
                write!(f, ", warm throughput {read} reads/s and {write} writes/s")?;
            }
            writeln!(f)?;
            for index in &table.global_secondary_indexes {
                let capacity = tables::describe_capacity(&index.capacity);
                writeln!(f, "    global secondary index {}: {capacity}", index.name)?;
            }
            for index in &table.local_secondary_indexes {
                writeln!(f, "    local secondary index {}: on the table's capacity", index.name)?;
            }
            if tables::wants_auto_scaling(table) {
                writeln!(f, "    auto scaling is not set up: the capacity stays as it is created")?;
            }
        }
        if !self.found.is_empty() {
            writeln!(f, "Found and used as they are: {}.", self.found.join(", "))?;
        }
        if self.costs_money() {
            writeln!(
                f,
                "This costs money: on-demand tables by the request, provisioned capacity by the hour from creation to \
                 deletion whether it is used or not, raised warm throughput when it is set, storage by the month."
            )?;
        } else if self.place.is_aws() {
            writeln!(f, "Requests, capacity and storage of these tables cost money.")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::api::{AutoScaling, CapacityMode, CapacityRange, KeyAttribute, KeySchema, TableClass, WarmThroughput};
    use crate::item::ScalarType;

    use super::*;

    #[test]
    fn at_aws_the_plan_says_that_it_costs_money() {
        let policy = AutoScaling { min_units: 5, max_units: 50, target_utilization: 0.7 };
        let table = CreateTable {
            name: "orders".into(),
            key: KeySchema::new(KeyAttribute { name: "pk".into(), scalar_type: ScalarType::S }, None),
            global_secondary_indexes: Vec::new(),
            local_secondary_indexes: Vec::new(),
            capacity: CapacityMode::Provisioned {
                read: CapacityRange { units: 5, auto_scaling: Some(policy) },
                write: CapacityRange { units: 6, auto_scaling: None },
            },
            class: TableClass::Standard,
            warm_throughput: Some(WarmThroughput { read_units_per_second: 20_000, write_units_per_second: 5_000 }),
            time_to_live_attribute: None,
            deletion_protection: false,
        };
        let place = Place { endpoint: None, region: "eu-west-1".to_owned() };
        let plan = CreationPlan { place, create: vec![table], found: Vec::new() };
        assert!(plan.costs_money());
        let text = plan.to_string();
        let expected = "To be created at DynamoDB in eu-west-1:\n  orders: provisioned 5 RCU and 6 WCU, warm throughput \
                        20000 reads/s and 5000 writes/s\n    auto scaling is not set up: the capacity stays as it is \
                        created\nThis costs money: ";
        assert!(text.starts_with(expected), "{text}");
        let nothing = CreationPlan { create: Vec::new(), found: vec!["orders".to_owned()], ..plan };
        assert!(!nothing.costs_money());
        assert!(nothing.to_string().contains("Found and used as they are: orders."), "{nothing}");
    }

    #[test]
    fn provisioned_and_on_demand_are_told_in_a_few_words() {
        let on_demand = CapacityMode::OnDemand { max_read_units: Some(7), max_write_units: None };
        assert_eq!(tables::describe_capacity(&on_demand), "on-demand with at most 7 RRU/s");
        assert_eq!(tables::describe_capacity(&CapacityMode::provisioned(1, 2)), "provisioned 1 RCU and 2 WCU");
    }
}
