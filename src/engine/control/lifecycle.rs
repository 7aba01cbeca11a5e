//! CreateTable, DeleteTable, ListTables.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::sync::atomic::Ordering;

use crate::api::{
    ApiError, CreateTable, ErrorKind, ListTables, ResourceStatus, TableDescription, TableName, TableNames,
};
use crate::time::Time;

use super::super::limits::LIST_TABLES_MAX;
use super::super::schema::{check_requested_name, check_start_name, check_table};
use super::super::table::Table;
use super::super::{Engine, Tables};
use super::moment;
use super::state::in_use;

/// A table that is being deleted: what is left of it is its description.
#[derive(Debug)]
pub struct Going {
    /// DELETING until then.
    pub until: Time,
    pub description: TableDescription,
}

impl Tables {
    /// A table to be described or changed.
    pub fn find(&self, name: &str) -> Result<&Table, ApiError> {
        self.by_name.get(name).map(|table| &**table).ok_or_else(|| unknown(name))
    }

    /// A table to be changed or deleted, if nothing is being done to it, with everything that was due taken over.
    pub fn find_idle(&mut self, name: &str, now: Time) -> Result<&mut Table, ApiError> {
        if self.going(name, now).is_some() {
            return Err(in_use(name, "deleted"));
        }
        let table = self.by_name.get_mut(name).ok_or_else(|| unknown(name))?;
        table.check_idle(now)?;
        table.settle(now);
        Ok(table)
    }

    /// The table of this name that is being deleted.
    pub fn going(&self, name: &str, now: Time) -> Option<&Going> {
        self.going.get(name).filter(|going| now < going.until)
    }
}

/// The error of an operation on a table there is not, or on one that is ill-named.
pub fn unknown(name: &str) -> ApiError {
    if let Err(error) = check_requested_name(name) {
        return error;
    }
    ApiError::new(ErrorKind::ResourceNotFound, format!("Requested resource not found: Table: {name} not found"))
}

impl Engine {
    /// CreateTable. The table is CREATING for as long as [`ControlDelays`](super::ControlDelays) says, then ACTIVE; items
    /// are unknown to it until then.
    pub fn create_table(&self, now: Time, definition: &CreateTable) -> Result<TableDescription, ApiError> {
        check_table(definition)?;
        let name = &definition.name;
        let mut tables = self.tables.write();
        if tables.going(name, now).is_some() {
            return Err(in_use(name, "deleted"));
        }
        if tables.by_name.contains_key(name) {
            return Err(ApiError::new(ErrorKind::ResourceInUse, format!("Table already exists: {name}")));
        }
        tables.going.retain(|_, going| now < going.until);
        let id = self.next_table_id.fetch_add(1, Ordering::Relaxed);
        let active_from = moment(now, self.options.control_delays.create);
        let mut table = Table::new(id, definition.clone(), &self.options, now, active_from);
        table.set_replicas(&self.options);
        let description = table.describe(now, &self.options);
        tables.by_name.insert(name.clone(), Box::new(table));
        Ok(description)
    }

    /// DeleteTable. Everything in the table is gone at once; its name is taken, and the table described as DELETING, for as
    /// long as [`ControlDelays`](super::ControlDelays) says. Deleting it again meanwhile is no error.
    pub fn delete_table(&self, now: Time, name: &str) -> Result<TableDescription, ApiError> {
        let mut tables = self.tables.write();
        if let Some(going) = tables.going(name, now) {
            return Ok(going.description.clone());
        }
        let table = tables.find(name)?;
        if table.definition.deletion_protection {
            return Err(ApiError::validation(
                "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection \
                 first.",
            ));
        }
        table.check_idle(now)?;
        // A table whose index is being filled is ACTIVE, but cannot be deleted (AWS: GSI.OnlineOps).
        if table.index_in_creation(now).is_some() {
            return Err(in_use(name, "updated"));
        }
        let mut description = table.describe(now, &self.options);
        description.status = ResourceStatus::Deleting;
        for index in &mut description.global_secondary_indexes {
            index.status = ResourceStatus::Deleting;
        }
        let removed = tables.by_name.remove(name);
        let delay = self.options.control_delays.delete;
        if !delay.is_zero() {
            let going = Going { until: now + delay, description: description.clone() };
            tables.going.insert(description.definition.name.clone(), going);
        }
        drop(tables);
        // Freed here, once others may go on.
        drop(removed);
        Ok(description)
    }

    /// ListTables: the names behind a start, in order.
    pub fn list_tables(&self, now: Time, request: &ListTables) -> Result<TableNames, ApiError> {
        let limit = request.limit.unwrap_or(LIST_TABLES_MAX);
        if !(1..=LIST_TABLES_MAX).contains(&limit) {
            let rule = if limit == 0 { "greater than or equal to 1" } else { "less than or equal to 100" };
            return Err(ApiError::validation(format!(
                "1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint: Member must have \
                 value {rule}"
            )));
        }
        let start = request.exclusive_start_table_name.as_ref();
        start.map_or(Ok(()), |name| check_start_name(name))?;
        let range = (start.map_or(Bound::Unbounded, |name| Bound::Excluded(name.clone())), Bound::Unbounded);
        let limit = limit as usize;

        let tables = self.tables.read();
        let serving = tables.by_name.range(range.clone()).map(|(name, _)| name);
        let going = tables.going.range(range).filter(|(_, going)| now < going.until).map(|(name, _)| name);
        // One more than is asked for tells whether there are more.
        let first: BTreeSet<&TableName> = serving.take(limit + 1).chain(going.take(limit + 1)).collect();
        let table_names: Vec<TableName> = first.iter().take(limit).map(|name| (*name).clone()).collect();
        let last_evaluated_table_name = table_names.last().filter(|_| first.len() > limit).cloned();
        Ok(TableNames { table_names, last_evaluated_table_name })
    }
}
