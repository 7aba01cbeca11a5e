//! What a request costs on one table and its indexes, and whether they can pay.

use smallvec::SmallVec;

use crate::api::{
    ApiError, CapacityUnits, ConsumedCapacity, ErrorKind, IndexName, LimitKind, ReadWrite, ThrottlingReason, Units,
};
use crate::capacity::{Access, Charge, Place, Refusal, RefusedCharge, Throughput, admit_all};
use crate::time::Time;

use super::storage::Key;
use super::table::{Change, Table};

/// Units of one table and its indexes, of reads or of writes.
#[derive(Debug)]
pub struct Bill<'t> {
    pub table: &'t Table,
    access: Access,
    items: SmallVec<[BillItem; 1]>,
}

/// Units asked of a table or index for one key.
#[derive(Debug)]
struct BillItem {
    payer: Payer,
    place: Place,
    units: CapacityUnits,
    growth_bytes: i64,
}

/// What units are consumed for. A local index is paid for by its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payer {
    Table,
    Local(usize),
    Global(usize),
}

impl<'t> Bill<'t> {
    /// A bill of nothing.
    pub fn new(table: &'t Table, access: Access) -> Self {
        Bill { table, access, items: SmallVec::new() }
    }

    /// Adds units for a key.
    pub fn add(&mut self, payer: Payer, place: Place, units: CapacityUnits) {
        self.items.push(BillItem { payer, place, units, growth_bytes: 0 });
    }

    /// Adds units of the table itself.
    pub fn add_base(&mut self, key: &Key<'_>, units: CapacityUnits) {
        self.add(Payer::Table, place_in(&self.table.throughput, key), units);
    }

    /// Adds what a change costs: `units` of the table, and what its indexes take.
    pub fn add_change(&mut self, key: &Key<'_>, units: CapacityUnits, change: &Change) {
        let place = place_in(&self.table.throughput, key);
        for (index, units) in change.local_units() {
            self.add(Payer::Local(index), place.clone(), units);
        }
        let growth_bytes = change.collection_growth_bytes();
        self.items.push(BillItem { payer: Payer::Table, place, units, growth_bytes });
        for (index, of_index) in change.of_global_indexes() {
            let global = &self.table.global_indexes[index];
            for charge in of_index.charges() {
                let key = global.throughput.is_limited().then(|| global.index.charged_key(of_index, charge)).flatten();
                let place = key.map_or(Place::of_hash(0), |(hash, sort)| Place { hash, sort });
                let (units, growth_bytes) = (charge.units, charge.growth_bytes);
                self.items.push(BillItem { payer: Payer::Global(index), place, units, growth_bytes });
            }
        }
    }

    /// Adds another bill of the same table.
    pub fn merge(&mut self, other: Bill<'_>) {
        self.items.extend(other.items);
    }

    /// Takes the units if the table and every index have capacity left, otherwise nothing.
    pub fn admit(&self, now: Time) -> Result<(), ApiError> {
        if let [item] = &self.items[..] {
            let admitted = self.throughput(item.payer).admit(now, &self.charge(item));
            admitted.map_err(|refusal| throttled(vec![(self.reason(item.payer, refusal.limit), refusal)]))?;
            self.count_local();
            return Ok(());
        }
        admit_bills(now, std::slice::from_ref(self)).map_err(|refused| {
            throttled(refused.into_iter().map(|refused| (refused.reason, refused.refusal)).collect())
        })
    }

    /// Tells partitions how much larger they become, and takes nothing.
    pub fn store(&self, now: Time) {
        for item in &self.items {
            self.throughput(item.payer).store(now, &item.place, item.growth_bytes);
        }
    }

    /// The bill as the response reports it.
    pub fn into_consumed(self) -> ConsumedCapacity {
        let mut consumed = ConsumedCapacity {
            table_name: self.table.definition.name.clone(),
            table: Units::default(),
            local_secondary_indexes: Vec::new(),
            global_secondary_indexes: Vec::new(),
        };
        for item in &self.items {
            let units = match self.access.kind() {
                ReadWrite::Read => Units::read(item.units),
                ReadWrite::Write => Units::write(item.units),
            };
            match item.payer {
                Payer::Table => consumed.table += units,
                Payer::Local(at) => add(&mut consumed.local_secondary_indexes, || self.local_name(at), units),
                Payer::Global(at) => add(&mut consumed.global_secondary_indexes, || self.global_name(at), units),
            }
        }
        consumed
    }

    fn throughput(&self, payer: Payer) -> &'t Throughput {
        match payer {
            Payer::Table | Payer::Local(_) => &self.table.throughput,
            Payer::Global(at) => &self.table.global_indexes[at].throughput,
        }
    }

    fn charge<'b>(&'b self, item: &'b BillItem) -> Charge<'b> {
        let BillItem { payer, place, units, growth_bytes } = item;
        Charge {
            throughput: self.throughput(*payer),
            access: self.access,
            place,
            units: *units,
            growth_bytes: *growth_bytes,
        }
    }

    fn count_local(&self) {
        for item in &self.items {
            if let Payer::Local(at) = item.payer {
                self.table.local_indexes[at].count(self.access.kind(), item.units);
            }
        }
    }

    fn local_name(&self, at: usize) -> IndexName {
        self.table.local_indexes[at].index.name.clone()
    }

    fn global_name(&self, at: usize) -> IndexName {
        self.table.global_indexes[at].index.name.clone()
    }

    /// Why the table, or one of its global indexes, refuses.
    pub fn reason(&self, payer: Payer, limit: LimitKind) -> ThrottlingReason {
        let index = match payer {
            Payer::Table | Payer::Local(_) => None,
            Payer::Global(at) => Some(self.global_name(at)),
        };
        ThrottlingReason { table: self.table.definition.name.clone(), index, access: self.access.kind(), limit }
    }
}

fn add(list: &mut Vec<(IndexName, Units)>, name: impl FnOnce() -> IndexName, units: Units) {
    let name = name();
    match list.iter_mut().find(|(known, _)| *known == name) {
        Some((_, sum)) => *sum += units,
        None => list.push((name, units)),
    }
}

/// Where a key lies, as far as its table or index must know.
pub fn place_in(throughput: &Throughput, key: &Key<'_>) -> Place {
    if throughput.is_limited() {
        Place { hash: key.hash, sort: key.position.sort.clone() }
    } else {
        Place::of_hash(key.hash)
    }
}

/// A table or index that could not pay its part of several bills.
#[derive(Debug)]
pub struct Refused {
    /// Which bill.
    pub bill: usize,
    /// Who.
    pub payer: Payer,
    /// Why, in capacity's words.
    pub refusal: Refusal,
    /// Why, in DynamoDB's words.
    pub reason: ThrottlingReason,
}

/// Takes the units of all bills or of none; the error lists everyone who could not pay, each reason once.
pub fn admit_bills(now: Time, bills: &[Bill<'_>]) -> Result<(), Vec<Refused>> {
    let of_bill = |(at, bill): (usize, &'_ Bill<'_>)| (0..bill.items.len()).map(move |item| (at, item));
    let places: Vec<(usize, usize)> = bills.iter().enumerate().flat_map(of_bill).collect();
    let charges: Vec<Charge<'_>> =
        places.iter().map(|(bill, item)| bills[*bill].charge(&bills[*bill].items[*item])).collect();
    let refused = |RefusedCharge { position, refusal }| {
        let (bill, item) = places[position];
        let payer = bills[bill].items[item].payer;
        Refused { bill, payer, refusal, reason: bills[bill].reason(payer, refusal.limit) }
    };
    admit_all(now, &charges).map_err(|refusals| {
        let mut all: Vec<Refused> = Vec::with_capacity(refusals.len());
        for one in refusals.into_iter().map(refused) {
            if !all.iter().any(|known| known.bill == one.bill && known.reason == one.reason) {
                all.push(one);
            }
        }
        all
    })?;
    for bill in bills {
        bill.count_local();
    }
    Ok(())
}

/// The error of a throttled request (facts §4.1, §4.5). The limits of provisioned capacity have an exception of their own;
/// all limits of on-demand throughput, the account's quota among them, are a `ThrottlingException`.
pub fn throttled(refused: Vec<(ThrottlingReason, Refusal)>) -> ApiError {
    let (kind, message) = match refused.first() {
        Some((reason, refusal)) => (kind_of(*refusal), throttling_message(reason)),
        None => (ErrorKind::Throttling, "Rate of requests exceeds the allowed throughput."),
    };
    let throttling_reasons = refused.into_iter().map(|(reason, _)| reason).collect();
    ApiError { throttling_reasons, ..ApiError::new(kind, message) }
}

/// The exception a limit is reported with: that of partitions depends on the mode. The account's quota is a
/// `ThrottlingException`, as the API model has it; the guide's list of errors names `RequestLimitExceeded` (facts §4.1).
pub const fn kind_of(refusal: Refusal) -> ErrorKind {
    match refusal.limit {
        LimitKind::ProvisionedThroughput => ErrorKind::ProvisionedThroughputExceeded,
        LimitKind::KeyRangeThroughput if !refusal.on_demand => ErrorKind::ProvisionedThroughputExceeded,
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
