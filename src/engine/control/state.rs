//! What a table remembers for the control plane: moments, and changes on their way.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::api::{
    ApiError, CapacityMode, CreateTable, ErrorKind, GlobalIndexDescription, GlobalSecondaryIndex, IndexName, KeySchema,
    ResourceStatus, Units,
};
use crate::time::Time;

use super::super::EngineOptions;
use super::super::index::{GlobalIndex, Index};
use super::super::table::{Table, throughput};
use super::history::{RollingLimit, ThroughputHistory};
use crate::capacity::ResourceOptions;

/// A table's own.
#[derive(Debug)]
pub struct Control {
    pub created: Time,
    /// UPDATING until then.
    pub busy_until: Time,
    /// The definition as it will be, and from when.
    pub pending: Option<(Time, CreateTable)>,
    /// Its warm throughput is being raised until then.
    pub warming_until: Time,
    pub throughput: ThroughputHistory,
    pub created_on_demand: bool,
    pub on_demand_switches: RollingLimit,
    pub class_changes: RollingLimit,
    /// Indexes that serve no more, and until when they are shown.
    pub going_indexes: Vec<(Time, GlobalIndexDescription)>,
    /// When time to live was last changed by a request.
    pub time_to_live_changed: Option<Time>,
    /// Time to live is ENABLING or DISABLING until then.
    pub time_to_live_settles: Time,
    /// The attribute that expiry no longer goes by, while it is DISABLING.
    pub former_time_to_live_attribute: Option<Arc<str>>,
    /// What deleted indexes consumed, by their names.
    pub consumed_before: Vec<(IndexName, Units)>,
    next_index_number: u64,
}

impl Control {
    /// That of a table created at `now`.
    pub fn new(now: Time, definition: &CreateTable) -> Self {
        Control {
            created: now,
            busy_until: Time::ZERO,
            pending: None,
            warming_until: Time::ZERO,
            throughput: ThroughputHistory::new(),
            created_on_demand: matches!(definition.capacity, CapacityMode::OnDemand { .. }),
            on_demand_switches: RollingLimit::on_demand_switches(),
            class_changes: RollingLimit::class_changes(),
            going_indexes: Vec::new(),
            time_to_live_changed: None,
            time_to_live_settles: Time::ZERO,
            former_time_to_live_attribute: None,
            consumed_before: Vec::new(),
            next_index_number: definition.global_secondary_indexes.len() as u64,
        }
    }

    /// Keeps what an index consumed that is deleted.
    pub fn remember_consumed(&mut self, index: IndexName, consumed: Units) {
        match self.consumed_before.iter_mut().find(|(name, _)| *name == index) {
            Some((_, units)) => *units += consumed,
            None => self.consumed_before.push((index, consumed)),
        }
    }

    /// A number no index of the table had before.
    pub const fn next_index_number(&mut self) -> u64 {
        self.next_index_number += 1;
        self.next_index_number - 1
    }
}

/// A global index's own.
#[derive(Debug)]
pub struct IndexControl {
    /// Which it is of all the table ever had.
    pub number: u64,
    /// Its filling begins then; `None` where it was created with the table.
    pub fills_from: Option<Time>,
    /// Nanoseconds; [`Time::NEVER`] until it is filled.
    readable_from: AtomicU64,
    /// UPDATING until then.
    pub busy_until: Time,
    /// Its warm throughput is being raised until then.
    pub warming_until: Time,
    pub throughput: ThroughputHistory,
}

impl IndexControl {
    /// That of an index created with its table.
    pub const fn of_new_table(number: u64) -> Self {
        IndexControl {
            number,
            fills_from: None,
            readable_from: AtomicU64::new(0),
            busy_until: Time::ZERO,
            warming_until: Time::ZERO,
            throughput: ThroughputHistory::new(),
        }
    }

    /// That of an index added to a table: nobody reads it until it is filled.
    pub const fn of_running_table(number: u64, fills_from: Time) -> Self {
        let mut control = IndexControl::of_new_table(number);
        control.fills_from = Some(fills_from);
        control.readable_from = AtomicU64::new(Time::NEVER.as_nanos());
        control
    }

    /// From when on the index is read. In an index that is being filled it is not known yet.
    pub fn readable_from(&self) -> Time {
        // The shards of the index are behind locks, so that whoever reads this sees what was put into them before.
        Time::from_nanos(self.readable_from.load(Ordering::Acquire))
    }

    /// The index is filled, and is read from that moment on.
    pub fn open(&self, readable_from: Time) {
        self.readable_from.store(readable_from.as_nanos(), Ordering::Release);
    }

    /// Where it is in its life; `of_table` is where its table is.
    pub fn status(&self, now: Time, of_table: ResourceStatus) -> ResourceStatus {
        if of_table == ResourceStatus::Creating || now < self.readable_from() {
            ResourceStatus::Creating
        } else if now < self.busy_until {
            ResourceStatus::Updating
        } else {
            ResourceStatus::Active
        }
    }
}

impl GlobalIndex {
    /// An empty index.
    pub fn new(
        definition: &GlobalSecondaryIndex,
        table_key: &KeySchema,
        options: &EngineOptions,
        now: Time,
        control: IndexControl,
    ) -> Self {
        let GlobalSecondaryIndex { name, key, projection, capacity, warm_throughput } = definition;
        GlobalIndex {
            index: Index::new(name.clone(), key.clone(), projection, table_key, options.seed),
            throughput: throughput(
                &ResourceOptions {
                    capacity: *capacity,
                    warm: *warm_throughput,
                    divides_collections: key.sort().is_some(),
                },
                options,
                now,
            ),
            control,
            replicas: None,
        }
    }

    /// Refuses reads of an index that is still being filled.
    pub fn check_readable(&self, now: Time) -> Result<(), ApiError> {
        if now < self.control.readable_from() {
            let name = &self.index.name;
            return Err(ApiError::validation(format!("Cannot read from backfilling global secondary index: {name}")));
        }
        Ok(())
    }
}

impl Table {
    /// Where it is in its life.
    pub fn status(&self, now: Time) -> ResourceStatus {
        if now < self.active_from {
            ResourceStatus::Creating
        } else if now < self.control.busy_until {
            ResourceStatus::Updating
        } else {
            ResourceStatus::Active
        }
    }

    /// The definition as it holds now.
    pub fn definition_at(&self, now: Time) -> &CreateTable {
        match &self.control.pending {
            Some((from, definition)) if now >= *from => definition,
            _ => &self.definition,
        }
    }

    /// Takes over what is due and forgets what is past.
    pub fn settle(&mut self, now: Time) {
        if let Some((_, definition)) = self.control.pending.take_if(|(from, _)| now >= *from) {
            self.definition = definition;
        }
        self.control.going_indexes.retain(|(until, _)| now < *until);
    }

    /// Refuses to change or delete a table that is being created or changed.
    pub fn check_idle(&self, now: Time) -> Result<(), ApiError> {
        let what = match self.status(now) {
            ResourceStatus::Creating => "created",
            ResourceStatus::Updating => "updated",
            ResourceStatus::Deleting | ResourceStatus::Active => return Ok(()),
        };
        Err(in_use(&self.definition.name, what))
    }

    /// The position of an index that is being created, if one is.
    pub fn index_in_creation(&self, now: Time) -> Option<usize> {
        self.global_indexes.iter().position(|global| now < global.control.readable_from())
    }
}

/// The error of changing a table that something is being done to.
pub fn in_use(table: &str, what: &str) -> ApiError {
    let message = format!("Attempt to change a resource which is still in use: Table is being {what}: {table}");
    ApiError::new(ErrorKind::ResourceInUse, message)
}
