//! UpdateTable: a plan carried out.

use std::time::Duration;

use crate::api::{ApiError, ResourceStatus, TableDescription, UpdateTable, index_arn};
use crate::time::Time;

use super::super::index::GlobalIndex;
use super::super::table::Table;
use super::super::{Engine, EngineOptions};
use super::moment;
use super::plan::{Plan, check_request};
use super::state::IndexControl;

/// What is left to do once the list of tables is unlocked.
#[derive(Debug, Default)]
struct Rest {
    /// The number of the index to be filled.
    fill: Option<u64>,
    /// The index that was deleted, to be freed.
    deleted: Option<GlobalIndex>,
}

impl Engine {
    /// UpdateTable. The table is UPDATING and serves as before for as long as [`ControlDelays`](super::ControlDelays) says,
    /// then the change holds. Protection from deletion holds at once.
    ///
    /// A new index is written to at once. It is filled by this call, shard by shard, so that requests of other threads go
    /// on; it is read once the time that this should take has passed, too.
    pub fn update_table(&self, now: Time, request: &UpdateTable) -> Result<TableDescription, ApiError> {
        check_request(request)?;
        let mut tables = self.tables.write();
        let table = tables.find_idle(&request.table_name, now)?;
        let plan = Plan::new(table, request, now, self.options.epoch_millis(now))?;
        let rest = table.carry_out(plan, now, &self.options);
        let (id, description) = (table.id, table.describe(now, &self.options));
        drop(tables);
        // Freed here, once others may go on.
        drop(rest.deleted);
        let Some(number) = rest.fill else { return Ok(description) };
        self.fill_index(&request.table_name, id, number, now);
        // Deleted by another thread meanwhile, it is described as it was.
        self.describe_table(now, &request.table_name).or(Ok(description))
    }
}

impl Table {
    /// Carries a plan out as far as it takes no time, and sets down from when on the rest of it holds.
    fn carry_out(&mut self, plan: Plan, now: Time, options: &EngineOptions) -> Rest {
        if !plan.changes_anything(&self.definition) {
            return Rest::default();
        }
        let delay = options.control_delays.update;
        let until = now + delay;
        let busy_until = moment(now, delay);
        self.control.busy_until = busy_until;
        self.note(&plan, now, options);
        self.set_throughput(&plan, now, until, busy_until);
        let deleted = plan.deleted.map(|at| self.delete_index(at, now, until, options));
        let fill = plan.created.as_ref().map(|definition| {
            let control = IndexControl::of_running_table(self.control.next_index_number(), busy_until);
            let number = control.number;
            self.global_indexes.push(GlobalIndex::new(definition, &self.definition.key, options, now, control));
            self.set_index_replicas(self.global_indexes.len() - 1, options);
            self.definition.global_secondary_indexes.push(definition.clone());
            number
        });
        self.definition.deletion_protection = plan.definition.deletion_protection;
        self.control.pending = Some((until, plan.definition));
        self.settle(now);
        Rest { fill, deleted }
    }

    /// Writes down what is limited in number.
    fn note(&mut self, plan: &Plan, now: Time, options: &EngineOptions) {
        let epoch_millis = options.epoch_millis(now);
        let control = &mut self.control;
        control.throughput.note(epoch_millis, plan.throughput.increases, plan.throughput.decreases);
        for (change, global) in plan.index_throughput.iter().zip(&mut self.global_indexes) {
            global.control.throughput.note(epoch_millis, change.increases, change.decreases);
        }
        if plan.switches_to_on_demand {
            control.on_demand_switches.note(epoch_millis);
        }
        if plan.changes_class {
            control.class_changes.note(epoch_millis);
        }
    }

    fn set_throughput(&mut self, plan: &Plan, now: Time, from: Time, busy_until: Time) {
        let after = &plan.definition;
        if plan.throughput.changes {
            self.throughput.set_mode(now, after.capacity, after.warm_throughput, from);
        }
        if plan.throughput.warms {
            self.control.warming_until = busy_until;
        }
        // The definition has lost the index that is deleted, the list of indexes not yet.
        let kept = self.global_indexes.iter_mut().zip(&plan.index_throughput).enumerate();
        let kept = kept.filter(|(at, _)| plan.deleted != Some(*at)).map(|(_, index)| index);
        for ((global, change), definition) in kept.zip(&after.global_secondary_indexes) {
            if change.changes {
                global.throughput.set_mode(now, definition.capacity, definition.warm_throughput, from);
                global.control.busy_until = busy_until;
            }
            if change.warms {
                global.control.warming_until = busy_until;
            }
        }
    }

    /// Takes an index out of service and leaves its description.
    fn delete_index(&mut self, at: usize, now: Time, until: Time, options: &EngineOptions) -> GlobalIndex {
        let definition = self.definition.global_secondary_indexes.remove(at);
        let global = self.global_indexes.remove(at);
        let arn = index_arn(&options.region, &self.definition.name, &definition.name);
        let epoch_millis = options.epoch_millis(now);
        let mut description = global.describe(now, &definition, arn, ResourceStatus::Updating, epoch_millis);
        description.status = ResourceStatus::Deleting;
        description.is_backfilling = description.is_backfilling.map(|_| false);
        self.control.going_indexes.push((until, description));
        self.control.remember_consumed(definition.name, global.throughput.consumed());
        global
    }
}

impl EngineOptions {
    /// How long filling an index with so many items takes.
    pub(super) fn fill_time(&self, items: u64) -> Duration {
        match self.control_delays.index_backfill_items_per_second {
            0 => Duration::ZERO,
            rate => {
                let nanos = u128::from(items) * 1_000_000_000 / u128::from(rate);
                Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
            }
        }
    }
}
