//! TransactGetItems, and what both transactions share: locks in a fixed order and cancellation reasons.

use crate::api::{ApiError, CancellationReason, CapacityUnits, Consistency, ErrorKind, Output, TransactGetItems};
use crate::capacity::Access;
use crate::item::PackedItem;
use crate::time::Time;

use super::answer::{Failure, Served};
use super::bill::{Bill, Refused, admit_bills, kind_of, throttling_message};
use super::get::read_units;
use super::limits::{TRANSACTION_MAX_BYTES, TRANSACTION_MAX_ITEMS};
use super::storage::{Key, Shard, Storage};
use super::table::Table;
use super::write::conflict;
use super::{Engine, Tables, batch};

/// The place of a shard in the order all transactions lock in: by table, then by number.
pub type ShardPlace = (u64, usize);

/// The shards of these keys, each once, in the order they are locked in.
pub fn shards<'t>(keys: impl Iterator<Item = (&'t Table, u64)>) -> Vec<(ShardPlace, &'t Table)> {
    let mut shards: Vec<_> = keys.map(|(table, hash)| ((table.id, Storage::shard_of(hash)), table)).collect();
    shards.sort_unstable_by_key(|(place, _)| *place);
    shards.dedup_by_key(|(place, _)| *place);
    shards
}

/// Checks the number of items of a transaction.
pub fn check_count(count: usize) -> Result<(), ApiError> {
    let (value, rule) = match count {
        0 => ("[]", "greater than or equal to 1"),
        1..=TRANSACTION_MAX_ITEMS => return Ok(()),
        _ => ("[...]", "less than or equal to 100"),
    };
    Err(ApiError::validation(format!(
        "1 validation error detected: Value '{value}' at 'transactItems' failed to satisfy constraint: Member must have \
         length {rule}"
    )))
}

/// Refuses a transaction that names an item twice.
pub fn refuse_repetition<'k>(keys: impl Iterator<Item = (&'k Table, &'k Key<'k>)>) -> Result<(), ApiError> {
    if batch::has_duplicates(keys) {
        return Err(ApiError::validation("Transaction request cannot include multiple operations on one item"));
    }
    Ok(())
}

/// Refuses a transaction over more than 4 MB.
pub fn check_bytes(bytes: u64) -> Result<(), ApiError> {
    if bytes > TRANSACTION_MAX_BYTES {
        return Err(ApiError::validation(
            "The aggregate size of the items in the transaction exceeds the limit of 4 MB",
        ));
    }
    Ok(())
}

/// The error of a cancelled transaction (facts §4.5).
pub fn cancelled(reasons: Vec<CancellationReason>) -> ApiError {
    let codes: Vec<&str> = reasons.iter().map(|reason| reason.code).collect();
    let codes = codes.join(", ");
    let message = format!("Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]");
    ApiError { cancellation_reasons: reasons, ..ApiError::new(ErrorKind::TransactionCanceled, message) }
}

/// Why one item cancels the transaction, from the error it would have failed with alone.
pub fn reason_of(error: ApiError) -> CancellationReason {
    let code = match error.kind {
        ErrorKind::ConditionalCheckFailed => "ConditionalCheckFailed",
        ErrorKind::ItemCollectionSizeLimitExceeded => "ItemCollectionSizeLimitExceeded",
        ErrorKind::TransactionConflict => "TransactionConflict",
        _ => "ValidationError",
    };
    CancellationReason { code, message: Some(error.message), item: error.item }
}

/// What came of every item, or the cancellation by those that nothing came of.
pub fn all_or_cancelled<T>(items: Vec<Result<T, ApiError>>) -> Result<Vec<T>, ApiError> {
    if items.iter().all(Result::is_ok) {
        return Ok(items.into_iter().flatten().collect());
    }
    let reason = |item: Result<T, ApiError>| item.err().map_or_else(CancellationReason::none, reason_of);
    Err(cancelled(items.into_iter().map(reason).collect()))
}

/// Pays all bills of a transaction, or cancels it: `touches(item, refused)` says whether an item needed what was refused.
/// The error carries the throttling reasons too.
pub fn admit(
    now: Time,
    bills: &[Bill<'_>],
    items: usize,
    touches: impl Fn(usize, &Refused) -> bool,
) -> Result<(), ApiError> {
    let Err(refused) = admit_bills(now, bills) else { return Ok(()) };
    let reason = |item| match refused.iter().find(|refused| touches(item, refused)) {
        None => CancellationReason::none(),
        Some(refused) => {
            let code = match kind_of(refused.refusal) {
                ErrorKind::ProvisionedThroughputExceeded => "ProvisionedThroughputExceeded",
                _ => "ThrottlingError",
            };
            let message = Some(throttling_message(&refused.reason).to_owned());
            CancellationReason { code, message, item: None }
        }
    };
    let mut error = cancelled((0..items).map(reason).collect());
    error.throttling_reasons = refused.into_iter().map(|refused| refused.reason).collect();
    Err(error)
}

/// The bills for reading these entries in a transaction.
pub fn read_bills<'t, 'k>(reads: impl Iterator<Item = (&'t Table, &'k Key<'k>, CapacityUnits)>) -> Vec<Bill<'t>> {
    let mut bills = Vec::new();
    for (table, key, units) in reads {
        let mut bill = Bill::new(table, Access::StrongRead);
        bill.add_base(key, units);
        batch::add(&mut bills, bill);
    }
    bills
}

impl Engine {
    /// TransactGetItems: all items as they stand at one moment, or none.
    ///
    /// Where a TransactWriteItems holds one of them, the others have been read once, of the two times a transaction costs,
    /// and are charged for it; what the service charges is unpublished.
    pub(super) fn transact_get_items(&self, now: Time, tables: &Tables, request: &TransactGetItems) -> Served {
        let gets = &request.transact_items;
        check_count(gets.len())?;
        let mut planned = Vec::with_capacity(gets.len());
        for get in gets {
            let projected = self.projected(get.projection_expression.as_deref(), &get.placeholders)?;
            let table = tables.get(&get.table_name, now)?;
            planned.push(table.key_of_request(&get.key).map(|key| (table, key, projected)));
        }
        let planned = all_or_cancelled(planned)?;
        refuse_repetition(planned.iter().map(|(table, key, _)| (*table, key)))?;

        let found = read_together(planned.iter().map(|(table, key, _)| (*table, key)), |shard, key| {
            if shard.holds.is_held(key, now) { Err(conflict()) } else { Ok(shard.get(key).cloned()) }
        });
        check_bytes(found.iter().flatten().flatten().map(|item| item.size_bytes() as u64).sum())?;
        let ends = found.iter().all(Result::is_ok);
        let consistency = if ends { Consistency::Transactional } else { Consistency::Strong };
        let reads = planned.iter().zip(&found).filter_map(|((table, key, _), found)| {
            let found = found.as_ref().ok()?;
            Some((*table, key, read_units(found.as_ref(), consistency)))
        });
        let bills = read_bills(reads);
        admit(now, &bills, gets.len(), |item, refused| bills[refused.bill].table.id == planned[item].0.id)?;

        let project = |found: Vec<Option<PackedItem>>| {
            let items = found.into_iter().zip(&planned);
            items.map(|(found, (.., projected))| found.map(|entry| projected.of(entry)).transpose()).collect()
        };
        match all_or_cancelled(found).and_then(project) {
            Ok(items) => Ok((Output::TransactGetItems { items }, batch::consumed(bills)).into()),
            Err(error) => Err(Failure { error, consumed: batch::consumed(bills) }),
        }
    }
}

/// What `read` finds in the shards of these keys, all at one moment.
pub fn read_together<'k, T>(
    keys: impl Iterator<Item = (&'k Table, &'k Key<'k>)> + Clone,
    read: impl Fn(&Shard, &Key<'_>) -> T,
) -> Vec<T> {
    let places = shards(keys.clone().map(|(table, key)| (table, key.hash)));
    let locked: Vec<_> = places.iter().map(|((_, number), table)| table.items.read(*number)).collect();
    let read = |(table, key): (&Table, &Key<'_>)| {
        let place = (table.id, Storage::shard_of(key.hash));
        // Every key's place is in the list: it was made from the keys.
        let at = places.binary_search_by_key(&place, |(place, _)| *place).unwrap_or(0);
        read(&locked[at], key)
    };
    keys.map(read).collect()
}
