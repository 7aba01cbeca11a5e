//! What a request costs on one table and its indexes, and whether they can pay.

use crate::api::{
    ApiError, CapacityUnits, ConsumedCapacity, ErrorKind, IndexName, LimitKind, ReadWrite, ThrottlingReason, Units,
};
use crate::capacity::{Charge, Refusal, admit_all};
use crate::time::Time;

use super::table::{Change, Table};

/// Units of one table and its indexes, of reads or of writes.
#[derive(Debug)]
pub struct Bill<'t> {
    pub table: &'t Table,
    access: ReadWrite,
    base: CapacityUnits,
    local: Vec<(usize, CapacityUnits)>,
    global: Vec<(usize, CapacityUnits)>,
}

impl<'t> Bill<'t> {
    /// A bill of nothing.
    pub const fn new(table: &'t Table, access: ReadWrite) -> Self {
        Bill { table, access, base: CapacityUnits::ZERO, local: Vec::new(), global: Vec::new() }
    }

    /// Adds units of the table itself.
    pub fn add_base(&mut self, units: CapacityUnits) {
        self.base += units;
    }

    /// Adds units of a local index, which the table pays for.
    pub fn add_local(&mut self, index: usize, units: CapacityUnits) {
        add(&mut self.local, index, units);
    }

    /// Adds units of a global index.
    pub fn add_global(&mut self, index: usize, units: CapacityUnits) {
        add(&mut self.global, index, units);
    }

    /// Adds what the indexes cost for a change.
    pub fn add_indexes(&mut self, change: &Change) {
        for (index, units) in change.local_units() {
            self.add_local(index, units);
        }
        for (index, units) in change.global_units() {
            self.add_global(index, units);
        }
    }

    /// Adds another bill of the same table.
    pub fn merge(&mut self, other: Bill<'_>) {
        self.base += other.base;
        for (index, units) in other.local {
            self.add_local(index, units);
        }
        for (index, units) in other.global {
            self.add_global(index, units);
        }
    }

    /// Takes the units if the table and every index have capacity left, otherwise nothing.
    pub fn admit(&self, now: Time) -> Result<(), ApiError> {
        if self.global.is_empty() {
            let meter = self.table.throughput.meter(self.access);
            meter.admit(now, self.table_units()).map_err(|limit| throttled(vec![self.reason(None, limit)]))?;
            self.count_local();
            return Ok(());
        }
        admit_bills(now, std::slice::from_ref(self))
            .map_err(|refused| throttled(refused.into_iter().map(|refused| refused.reason).collect()))
    }

    /// The bill as the response reports it.
    pub fn into_consumed(self) -> ConsumedCapacity {
        let units = |units| match self.access {
            ReadWrite::Read => Units::read(units),
            ReadWrite::Write => Units::write(units),
        };
        let local = self.local.iter();
        let global = self.global.iter();
        ConsumedCapacity {
            table_name: self.table.definition.name.clone(),
            table: units(self.base),
            local_secondary_indexes: local.map(|(at, taken)| (self.local_name(*at), units(*taken))).collect(),
            global_secondary_indexes: global.map(|(at, taken)| (self.global_name(*at), units(*taken))).collect(),
        }
    }

    fn table_units(&self) -> CapacityUnits {
        self.base + self.local.iter().map(|(_, units)| *units).sum()
    }

    fn count_local(&self) {
        for (at, units) in &self.local {
            self.table.local_indexes[*at].count(self.access, *units);
        }
    }

    fn local_name(&self, at: usize) -> IndexName {
        self.table.local_indexes[at].index.name.clone()
    }

    fn global_name(&self, at: usize) -> IndexName {
        self.table.global_indexes[at].index.name.clone()
    }

    /// Why the table, or one of its global indexes, refuses.
    pub fn reason(&self, global: Option<usize>, limit: LimitKind) -> ThrottlingReason {
        let index = global.map(|at| self.global_name(at));
        ThrottlingReason { table: self.table.definition.name.clone(), index, access: self.access, limit }
    }
}

fn add(list: &mut Vec<(usize, CapacityUnits)>, index: usize, units: CapacityUnits) {
    match list.iter_mut().find(|(known, _)| *known == index) {
        Some((_, sum)) => *sum += units,
        None => list.push((index, units)),
    }
}

/// A table or index that could not pay its part of several bills.
#[derive(Debug)]
pub struct Refused {
    /// Which bill.
    pub bill: usize,
    /// Which global index of its table; `None` is the table.
    pub global: Option<usize>,
    /// The reason in DynamoDB's words.
    pub reason: ThrottlingReason,
}

/// Takes the units of all bills or of none; the error lists everyone who could not pay.
pub fn admit_bills(now: Time, bills: &[Bill<'_>]) -> Result<(), Vec<Refused>> {
    let mut charges = Vec::new();
    let mut payers = Vec::new();
    for (at, bill) in bills.iter().enumerate() {
        charges.push(Charge { meter: bill.table.throughput.meter(bill.access), units: bill.table_units() });
        payers.push((at, None));
        for (global, units) in &bill.global {
            let meter = bill.table.global_indexes[*global].throughput.meter(bill.access);
            charges.push(Charge { meter, units: *units });
            payers.push((at, Some(*global)));
        }
    }
    let refused = |Refusal { position, limit }| {
        let (bill, global) = payers[position];
        Refused { bill, global, reason: bills[bill].reason(global, limit) }
    };
    admit_all(now, &charges).map_err(|refusals| refusals.into_iter().map(refused).collect::<Vec<_>>())?;
    for bill in bills {
        bill.count_local();
    }
    Ok(())
}

/// The error of a throttled request (facts §4.1, §4.5). The limits of provisioned capacity have an exception of their own;
/// all limits of on-demand throughput, the account's quota among them, are a `ThrottlingException`.
pub fn throttled(reasons: Vec<ThrottlingReason>) -> ApiError {
    let (kind, message) = match reasons.first() {
        Some(reason) => (kind_of(reason.limit), throttling_message(reason)),
        None => (ErrorKind::Throttling, "Rate of requests exceeds the allowed throughput."),
    };
    ApiError { throttling_reasons: reasons, ..ApiError::new(kind, message) }
}

/// The exception a limit is reported with.
pub const fn kind_of(limit: LimitKind) -> ErrorKind {
    match limit {
        LimitKind::ProvisionedThroughput => ErrorKind::ProvisionedThroughputExceeded,
        // Partitions are limited on on-demand tables only, so far.
        LimitKind::KeyRangeThroughput | LimitKind::AccountLimit | LimitKind::MaxOnDemandThroughput => {
            ErrorKind::Throttling
        }
    }
}

/// DynamoDB's text for a limit (facts §4.5; API: TransactionCanceledException).
pub const fn throttling_message(reason: &ThrottlingReason) -> &'static str {
    match (reason.limit, &reason.index) {
        (LimitKind::ProvisionedThroughput, None) => {
            "The level of configured provisioned throughput for the table was exceeded. Consider increasing your \
             provisioning level with the UpdateTable API."
        }
        (LimitKind::ProvisionedThroughput, Some(_)) => {
            "The level of configured provisioned throughput for one or more global secondary indexes of the table was \
             exceeded. Consider increasing your provisioning level for the under-provisioned global secondary indexes \
             with the UpdateTable API"
        }
        (LimitKind::KeyRangeThroughput, None) => {
            "Throughput exceeds the current capacity of your table or index. DynamoDB is automatically scaling your table \
             or index so please try again shortly. If exceptions persist, check if you have a hot key: \
             https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html"
        }
        (LimitKind::KeyRangeThroughput, Some(_)) => {
            "Throughput exceeds the current capacity for one or more global secondary indexes. DynamoDB is automatically \
             scaling your index so please try again shortly."
        }
        (LimitKind::AccountLimit, _) => {
            "Throughput exceeds the current throughput limit for your account. To request a limit increase, contact AWS \
             Support at https://aws.amazon.com/support"
        }
        (LimitKind::MaxOnDemandThroughput, _) => {
            "Throughput exceeds the maximum OnDemandThroughput configured on table or index"
        }
    }
}
