//! BatchWriteItem, and what both batches share (facts §10.5).

use crate::api::{ApiError, BatchWriteItem, ConsumedCapacity, ErrorKind, ItemCollectionMetrics, Output, WriteRequest};
use crate::time::Time;

use super::answer::{Failure, Served, Success};
use super::bill::Bill;
use super::limits::BATCH_WRITE_MAX_ITEMS;
use super::rules::check_values;
use super::storage::Key;
use super::table::Table;
use super::write::{Write, Written};
use super::{Engine, Tables};

/// Refuses keys that are named twice. `n log n` in their number.
pub fn refuse_duplicates<'k>(keys: impl Iterator<Item = (&'k Table, &'k Key<'k>)>) -> Result<(), ApiError> {
    if has_duplicates(keys) {
        return Err(ApiError::validation("Provided list of item keys contains duplicates"));
    }
    Ok(())
}

/// Whether an item is named twice.
pub fn has_duplicates<'k>(keys: impl Iterator<Item = (&'k Table, &'k Key<'k>)>) -> bool {
    let mut places: Vec<_> = keys.map(|(table, key)| (table.id, key.hash, &key.partition, &key.position)).collect();
    places.sort_unstable();
    places.windows(2).any(|pair| pair[0] == pair[1])
}

/// Adds a bill to those of other tables, or to the one of its own.
pub fn add<'t>(bills: &mut Vec<Bill<'t>>, bill: Bill<'t>) {
    match bills.iter_mut().find(|known| known.table.id == bill.table.id) {
        Some(known) => known.merge(bill),
        None => bills.push(bill),
    }
}

/// The bills as the response reports them, one a table.
pub fn consumed(bills: Vec<Bill<'_>>) -> Vec<ConsumedCapacity> {
    bills.into_iter().map(Bill::into_consumed).collect()
}

impl Engine {
    /// BatchWriteItem: every write is admitted on its own, those that are not come back unprocessed.
    ///
    /// Writes that meet a transaction come back too, even if nothing else was asked for: the operation has no error for
    /// them (API). It has one for item collections that would grow too large, which no repetition helps: it answers the
    /// whole request, the other writes are made all the same (which of them the service makes is unpublished).
    pub(super) fn batch_write_item<'r>(&self, now: Time, tables: &'r Tables, request: &'r BatchWriteItem) -> Served {
        check_batch(request)?;
        let mut parts = Vec::with_capacity(request.request_items.len());
        for (name, writes) in &request.request_items {
            let table = tables.get(name, now)?;
            let plan = |write: &'r WriteRequest| match write {
                WriteRequest::Put(item) => check_values(item).and_then(|()| Write::put_item(table, item)),
                WriteRequest::Delete(key) => Write::delete_item(table, key),
            };
            parts.push(writes.iter().map(plan).collect::<Result<Vec<_>, _>>()?);
        }
        refuse_duplicates(parts.iter().flatten().map(|write| (write.table, &write.key)))?;

        let (mut throttled, mut too_large) = (None, None);
        let mut bills: Vec<Bill<'_>> = Vec::new();
        let mut item_collections: Vec<ItemCollectionMetrics> = Vec::new();
        let mut unprocessed_items = Vec::new();
        for ((name, asked), writes) in request.request_items.iter().zip(parts) {
            let mut left = Vec::new();
            for (asked, write) in asked.iter().zip(writes) {
                match write.execute(now) {
                    Ok(Written { bill, collection, .. }) => {
                        add(&mut bills, bill);
                        if let Some(collection) = collection {
                            update(&mut item_collections, collection);
                        }
                    }
                    Err(Failure { error, .. }) => {
                        match error.kind {
                            ErrorKind::TransactionConflict => {}
                            ErrorKind::ItemCollectionSizeLimitExceeded => {
                                too_large.get_or_insert(error);
                            }
                            _ => {
                                throttled.get_or_insert(error);
                            }
                        }
                        left.push(asked.clone());
                    }
                }
            }
            if !left.is_empty() {
                unprocessed_items.push((name.clone(), left));
            }
        }
        match (too_large, throttled) {
            (Some(error), _) => Err(Failure { error, consumed: consumed(bills) }),
            (None, Some(error)) if bills.is_empty() => Err(error.into()),
            _ => {
                let output = Output::BatchWriteItem { unprocessed_items };
                Ok(Success { output, consumed: consumed(bills), item_collections })
            }
        }
    }
}

/// Replaces what was known of an item collection, or adds it. A batch has 25 of them at most.
fn update(known: &mut Vec<ItemCollectionMetrics>, collection: ItemCollectionMetrics) {
    let same =
        |other: &&mut ItemCollectionMetrics| other.table_name == collection.table_name && other.key == collection.key;
    match known.iter_mut().find(same) {
        Some(earlier) => *earlier = collection,
        None => known.push(collection),
    }
}

fn check_batch(request: &BatchWriteItem) -> Result<(), ApiError> {
    if request.request_items.is_empty() {
        return Err(ApiError::validation("The requestItems parameter is required for BatchWriteItem"));
    }
    let fits = |writes: &Vec<WriteRequest>| (1..=BATCH_WRITE_MAX_ITEMS).contains(&writes.len());
    if let Some((table, writes)) = request.request_items.iter().find(|(_, writes)| !fits(writes)) {
        let shown = if writes.is_empty() { "" } else { "..." };
        return Err(ApiError::validation(format!(
            "1 validation error detected: Value '{{{table}=[{shown}]}}' at 'requestItems' failed to satisfy constraint: \
             Map value must satisfy constraint: [Member must have length less than or equal to {BATCH_WRITE_MAX_ITEMS}, \
             Member must have length greater than or equal to 1]"
        )));
    }
    let writes: usize = request.request_items.iter().map(|(_, writes)| writes.len()).sum();
    if writes > BATCH_WRITE_MAX_ITEMS {
        return Err(ApiError::validation("Too many items requested for the BatchWriteItem call"));
    }
    Ok(())
}
