//! TransactWriteItems: all writes or none.

use std::time::Duration;

use crate::api::{ApiError, CancellationReason, CapacityUnits, Consistency, Output, TransactWrite, TransactWriteItems};
use crate::capacity::Access;
use crate::time::Time;

use super::answer::{Failure, Served, Success};
use super::bill::{Bill, Payer};
use super::get::read_units;
use super::limits::REQUEST_TOKEN_MAX_CHARS;
use super::storage::Storage;
use super::tokens::Turn;
use super::transact::{
    admit, all_or_cancelled, cancelled, check_bytes, check_count, read_bills, read_together, reason_of,
    refuse_repetition, shards,
};
use super::write::{Decision, Planned, Rejection, Write, conflict};
use super::{Engine, Tables, batch, collection, fingerprint};

impl Engine {
    /// TransactWriteItems.
    pub(super) fn transact_write_items(&self, now: Time, tables: &Tables, request: &TransactWriteItems) -> Served {
        let actions = &request.transact_items;
        check_count(actions.len())?;
        let planned = actions.iter().map(|action| self.plan(now, tables, action)).collect::<Result<Vec<_>, _>>()?;
        let writes = all_or_cancelled(planned)?;
        refuse_repetition(writes.iter().map(|write| (write.table, &write.key)))?;

        let duration = self.options.transaction_duration;
        let Some(token) = &request.client_request_token else { return commit(now, duration, writes) };
        if token.is_empty() || token.chars().count() > REQUEST_TOKEN_MAX_CHARS {
            let rule = if token.is_empty() { "greater than or equal to 1" } else { "less than or equal to 36" };
            return Err(ApiError::validation(format!(
                "1 validation error detected: Value '{token}' at 'clientRequestToken' failed to satisfy constraint: Member \
                 must have length {rule}"
            ))
            .into());
        }
        match self.tokens.begin(now, token, fingerprint::of_transaction(actions))? {
            Turn::Again => replay(now, &writes),
            Turn::First => {
                let served = commit(now, duration, writes);
                self.tokens.end(served.is_ok().then(|| now + duration), token);
                served
            }
        }
    }

    fn plan<'r>(&self, now: Time, tables: &'r Tables, action: &'r TransactWrite) -> Planned<'r> {
        match action {
            TransactWrite::ConditionCheck(check) => self.plan_check(now, tables, check),
            TransactWrite::Put(put) => self.plan_put(now, tables, put),
            TransactWrite::Update(update) => self.plan_update(now, tables, update),
            TransactWrite::Delete(delete) => self.plan_delete(now, tables, delete),
        }
    }
}

/// Decides, pays for and makes the writes, with all their shards locked.
///
/// Prepare and commit cost an ordinary write each, of the table; indexes are written once, at the commit. A transaction that
/// is cancelled by a condition has been prepared, so every item costs its prepare (facts §1.2; how much is unpublished), but
/// for those that another transaction holds or whose collection has no room. One that is throttled costs nothing.
///
/// The items are held for `duration`; those of a cancelled transaction are not.
fn commit(now: Time, duration: Duration, writes: Vec<Write<'_>>) -> Served {
    let places = shards(writes.iter().map(|write| (write.table, write.key.hash)));
    let mut locked: Vec<_> = places.iter().map(|((_, number), table)| table.items.write(*number)).collect();
    let shard_of = |write: &Write<'_>| {
        let place = (write.table.id, Storage::shard_of(write.key.hash));
        // Every write's place is in the list: it was made from the writes.
        places.binary_search_by_key(&place, |(place, _)| *place).unwrap_or(0)
    };
    let decide = |write: &Write<'_>| {
        let shard = &locked[shard_of(write)];
        if shard.holds.is_held(&write.key, now) {
            return Err(Rejection::of_invalid(conflict()));
        }
        write.decide(shard.get(&write.key))
    };
    let mut decisions: Vec<Result<Decision, Rejection>> = writes.iter().map(decide).collect();
    let item_collections = collection::of_writes(&writes, &mut decisions, |write| &locked[shard_of(write)]);

    if decisions.iter().any(Result::is_err) {
        drop(locked);
        return cancel(now, &writes, decisions);
    }
    let decisions: Vec<Decision> = decisions.into_iter().flatten().collect();
    check_bytes(decisions.iter().map(|decision| decision.charged_bytes).sum())?;
    let mut bills = Vec::new();
    for (write, decision) in writes.iter().zip(&decisions) {
        let mut bill = Bill::new(write.table, Access::Write);
        let units = CapacityUnits::for_transactional_write(decision.charged_bytes);
        match &decision.change {
            Some(change) => bill.add_change(&write.key, units, change),
            None => bill.add_base(&write.key, units),
        }
        batch::add(&mut bills, bill);
    }
    admit(now, &bills, writes.len(), |item, refused| {
        bills[refused.bill].table.id == writes[item].table.id
            && match refused.payer {
                Payer::Table | Payer::Local(_) => true,
                Payer::Global(index) => {
                    let change = decisions[item].change.as_ref();
                    change.is_some_and(|change| change.of_global_indexes().any(|(touched, _)| touched == index))
                }
            }
    })?;

    let mut left = Vec::with_capacity(writes.len());
    for (write, decision) in writes.into_iter().zip(decisions) {
        let at = shard_of(&write);
        if !duration.is_zero() {
            locked[at].holds.hold(&write.key, now, now + duration);
        }
        if let Some(change) = decision.change {
            left.extend(write.table.apply_at(now, &mut locked[at], write.key, change));
        }
    }
    drop(locked);
    Ok(Success { output: Output::TransactWriteItems, consumed: batch::consumed(bills), item_collections })
}

/// Cancels a transaction that some items do not allow, and charges for its preparation.
fn cancel(now: Time, writes: &[Write<'_>], decisions: Vec<Result<Decision, Rejection>>) -> Served {
    let mut bills = Vec::new();
    let mut reasons = Vec::with_capacity(writes.len());
    for (write, decision) in writes.iter().zip(decisions) {
        let (charged_bytes, reason) = match decision {
            Ok(decision) => (Some(decision.charged_bytes), CancellationReason::none()),
            Err(Rejection { error, charged_bytes }) => (charged_bytes, reason_of(error)),
        };
        reasons.push(reason);
        if let Some(bytes) = charged_bytes {
            let mut bill = Bill::new(write.table, Access::Write);
            bill.add_base(&write.key, CapacityUnits::for_write(bytes));
            batch::add(&mut bills, bill);
        }
    }
    admit(now, &bills, writes.len(), |item, refused| bills[refused.bill].table.id == writes[item].table.id)?;
    Err(Failure { error: cancelled(reasons), consumed: batch::consumed(bills) })
}

/// Answers a transaction that was made already: it costs reading its items (facts §1.2).
fn replay(now: Time, writes: &[Write<'_>]) -> Served {
    let keys = writes.iter().map(|write| (write.table, &write.key));
    let found = read_together(keys, |shard, key| shard.get(key).cloned());
    let units = found.iter().map(|found| read_units(found.as_ref(), Consistency::Transactional));
    let bills = read_bills(writes.iter().zip(units).map(|(write, units)| (write.table, &write.key, units)));
    admit(now, &bills, writes.len(), |item, refused| bills[refused.bill].table.id == writes[item].table.id)?;
    Ok((Output::TransactWriteItems, batch::consumed(bills)).into())
}
