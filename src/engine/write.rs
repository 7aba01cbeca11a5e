//! PutItem, UpdateItem, DeleteItem: a write of one item.
//!
//! A write is checked as far as it can be without the item ([`Write`]), decided against the item as it stands
//! ([`Write::decide`]), paid for, and made. Transactions and batches share these steps.

use std::sync::{Arc, LazyLock};

use crate::api::{
    ApiError, CapacityUnits, ConditionCheck, DeleteItem, ErrorKind, ItemCollectionMetrics, Output, Placeholders,
    PutItem, ReturnValues, UpdateItem,
};
use crate::capacity::Access;
use crate::expression::{Absent, Condition, ExpressionKind, Update, UsesPlaceholders, check_placeholders};
use crate::item::{Item, PackedItem};
use crate::time::Time;

use super::answer::{Failure, Served, Success};
use super::bill::Bill;
use super::rules::{Origin, check_size, check_values};
use super::storage::{Key, Storage};
use super::table::{Change, Table};
use super::{Engine, Tables};

/// DynamoDB's text for a false condition.
pub const CONDITION_FAILED: &str = "The conditional request failed";
/// DynamoDB's text for an item that a transaction holds. The API model ends it with a full stop, answers do not.
pub const TRANSACTION_CONFLICT: &str = "Transaction is ongoing for the item";

/// A write of one item, checked as far as it can be without the item.
#[derive(Debug)]
pub struct Write<'r> {
    pub table: &'r Table,
    pub key: Key<'r>,
    action: Action<'r>,
    condition: Option<Arc<Condition>>,
    placeholders: &'r Placeholders,
    return_values: ReturnValues,
    returns_item_on_failure: bool,
}

#[derive(Debug)]
enum Action<'r> {
    Put(PackedItem),
    Update {
        key: &'r Item,
        update: Option<Arc<Update>>,
    },
    Delete,
    /// A condition alone, in a transaction.
    Check,
}

/// A write once it is checked. The outer error is about the whole request, the inner one about this item's key or content:
/// in a transaction it is one item's reason for the cancellation.
pub type Planned<'r> = Result<Result<Write<'r>, ApiError>, ApiError>;

/// What a write does to the item as it stands.
#[derive(Debug)]
pub struct Decision {
    /// `None` where the item stays as it is: a condition alone.
    pub change: Option<Change>,
    /// The size the table is charged for.
    pub charged_bytes: u64,
    /// The image asked for by ReturnValues.
    pub attributes: Option<PackedItem>,
}

/// A write that was made.
#[derive(Debug)]
pub struct Written<'t> {
    /// The image asked for by ReturnValues.
    pub attributes: Option<PackedItem>,
    pub bill: Bill<'t>,
    /// The item collection, in tables with local secondary indexes.
    pub collection: Option<ItemCollectionMetrics>,
}

/// A write that is not made.
#[derive(Debug)]
pub struct Rejection {
    pub error: ApiError,
    /// The size the table is charged for; `None` where the request was invalid and costs nothing.
    pub charged_bytes: Option<u64>,
}

impl<'r> Write<'r> {
    /// A put without a condition, as batches have it. The item's values have been checked.
    pub fn put_item(table: &'r Table, item: &'r Arc<Item>) -> Result<Self, ApiError> {
        let key = table.key_of_item(item)?;
        let packed = PackedItem::pack(item);
        check_size(packed.size_bytes(), Origin::Put)?;
        table.check_item(&packed, Origin::Put, item)?;
        Ok(Write::unconditional(table, key, Action::Put(packed)))
    }

    /// A delete without a condition, as batches have it.
    pub fn delete_item(table: &'r Table, key: &'r Item) -> Result<Self, ApiError> {
        Ok(Write::unconditional(table, table.key_of_request(key)?, Action::Delete))
    }

    fn unconditional(table: &'r Table, key: Key<'r>, action: Action<'r>) -> Self {
        static NO_PLACEHOLDERS: LazyLock<Placeholders> = LazyLock::new(Placeholders::default);
        Write {
            table,
            key,
            action,
            condition: None,
            placeholders: &NO_PLACEHOLDERS,
            return_values: ReturnValues::None,
            returns_item_on_failure: false,
        }
    }

    /// Decides, pays for and makes a write of its own, under the lock of the item's shard. What it costs to meet a transaction
    /// is unpublished: here, nothing.
    pub fn execute(self, now: Time) -> Result<Written<'r>, Failure> {
        let table = self.table;
        let mut bill = Bill::new(table, Access::Write);
        let mut shard = table.items.write(Storage::shard_of(self.key.hash));
        if !shard.holds.is_empty() {
            shard.holds.let_go(now);
            if shard.holds.is_held(&self.key, now) {
                return Err(conflict().into());
            }
        }
        let decision = match self.decide(shard.get(&self.key)) {
            Ok(decision) => decision,
            Err(Rejection { error, charged_bytes: None }) => return Err(error.into()),
            Err(Rejection { error, charged_bytes: Some(bytes) }) => {
                drop(shard);
                bill.add_base(&self.key, CapacityUnits::for_write(bytes));
                bill.admit(now)?;
                return Err(Failure { error, consumed: vec![bill.into_consumed()] });
            }
        };
        let units = CapacityUnits::for_write(decision.charged_bytes);
        match &decision.change {
            Some(change) => bill.add_change(&self.key, units, change),
            None => bill.add_base(&self.key, units),
        }
        let change = decision.change.as_ref();
        let collection = change.and_then(|change| table.collection_after(&shard, &self.key, change));
        if let Some(collection) = &collection {
            collection.check()?;
        }
        bill.admit(now)?;
        let collection = collection.map(|collection| collection.metrics(table));
        let left = decision.change.and_then(|change| table.apply_at(now, &mut shard, self.key, change));
        drop(shard);
        // Freeing an item takes longer than replacing it.
        drop(left);
        Ok(Written { attributes: decision.attributes, bill, collection })
    }

    fn serve(self, now: Time) -> Served {
        let Written { attributes, bill, collection } = self.execute(now)?;
        Ok(Success {
            output: Output::Write { attributes },
            consumed: vec![bill.into_consumed()],
            item_collections: collection.into_iter().collect(),
        })
    }

    /// What the write does to the item as it stands, `old`.
    pub fn decide(&self, old: Option<&PackedItem>) -> Result<Decision, Rejection> {
        let holds = match &self.condition {
            None => true,
            Some(condition) => condition.evaluate(self.placeholders, old).map_err(Rejection::of_invalid)?,
        };
        if !holds {
            return Err(self.failed_condition(old));
        }
        let (new, updated_attributes) = match &self.action {
            Action::Check => {
                let charged_bytes = bytes_of(old);
                return Ok(Decision { change: None, charged_bytes, attributes: None });
            }
            Action::Put(item) => (Some(item.clone()), None),
            Action::Delete => (None, None),
            Action::Update { key, update } => {
                let (entry, attributes) = self.updated(key, update.as_deref(), old).map_err(Rejection::of_invalid)?;
                (Some(entry), attributes)
            }
        };
        let attributes = match self.return_values {
            ReturnValues::None => None,
            ReturnValues::AllOld => old.cloned(),
            ReturnValues::AllNew => new.clone(),
            ReturnValues::UpdatedOld | ReturnValues::UpdatedNew => {
                updated_attributes.filter(|attributes| !attributes.is_empty()).map(PackedItem::from)
            }
        };
        let change = self.table.change(old, new);
        Ok(Decision { charged_bytes: change.charged_bytes, change: Some(change), attributes })
    }

    /// The item after the update, and those of its attributes that ReturnValues asks for.
    fn updated(
        &self,
        key: &Item,
        update: Option<&Update>,
        old: Option<&PackedItem>,
    ) -> Result<(PackedItem, Option<Item>), ApiError> {
        let Some(update) = update else {
            let Some(old) = old else {
                let created = PackedItem::pack(key);
                self.table.check_item(&created, Origin::Update, key)?;
                return Ok((created, None));
            };
            return Ok((old.clone(), None));
        };
        let updated = update.apply(self.placeholders, key, old)?;
        check_values(updated.changed())?;
        let attributes = match self.return_values {
            ReturnValues::UpdatedOld => Some(updated.updated_old()),
            ReturnValues::UpdatedNew => Some(updated.updated_new()),
            ReturnValues::None | ReturnValues::AllOld | ReturnValues::AllNew => None,
        };
        check_size(updated.item.size_bytes(), Origin::Update)?;
        self.table.check_item(&updated.item, Origin::Update, updated.changed())?;
        Ok((updated.item, attributes))
    }

    /// A failed condition is charged by the larger of the item as it stands and the item as it would have become, where
    /// that can be told (facts §1.2).
    fn failed_condition(&self, old: Option<&PackedItem>) -> Rejection {
        let attempted_bytes = match &self.action {
            Action::Put(item) => item.size_bytes() as u64,
            Action::Delete | Action::Check => 0,
            Action::Update { key, update } => {
                self.updated(key, update.as_deref(), old).map_or(0, |(item, _)| item.size_bytes() as u64)
            }
        };
        let stored_bytes = bytes_of(old);
        let mut error = ApiError::new(ErrorKind::ConditionalCheckFailed, CONDITION_FAILED);
        error.item = old.filter(|_| self.returns_item_on_failure).cloned();
        Rejection { error, charged_bytes: Some(stored_bytes.max(attempted_bytes)) }
    }
}

/// The size of an item that may be there.
fn bytes_of(item: Option<&PackedItem>) -> u64 {
    item.map_or(0, |item| item.size_bytes() as u64)
}

impl Rejection {
    /// A write that costs nothing.
    pub fn of_invalid(error: ApiError) -> Self {
        Rejection { error, charged_bytes: None }
    }
}

/// The error of a write, and the reason of a transaction, that meets a transaction on its item.
pub fn conflict() -> ApiError {
    ApiError::new(ErrorKind::TransactionConflict, TRANSACTION_CONFLICT)
}

impl Engine {
    /// PutItem.
    pub(super) fn put_item(&self, now: Time, tables: &Tables, request: &PutItem) -> Served {
        self.plan_put(now, tables, request)??.serve(now)
    }

    /// UpdateItem.
    pub(super) fn update_item(&self, now: Time, tables: &Tables, request: &UpdateItem) -> Served {
        self.plan_update(now, tables, request)??.serve(now)
    }

    /// DeleteItem.
    pub(super) fn delete_item(&self, now: Time, tables: &Tables, request: &DeleteItem) -> Served {
        self.plan_delete(now, tables, request)??.serve(now)
    }

    /// Checks a put.
    pub(super) fn plan_put<'r>(&self, now: Time, tables: &'r Tables, request: &'r PutItem) -> Planned<'r> {
        refuse_other_images(request.return_values)?;
        let condition = self.condition(request.condition_expression.as_deref(), &request.placeholders)?;
        let table = tables.get(&request.table_name, now)?;
        check_values(&request.item)?;
        Ok(Write::put_item(table, &request.item).map(|write| Write {
            condition,
            placeholders: &request.placeholders,
            return_values: request.return_values,
            returns_item_on_failure: request.return_item_on_condition_failure,
            ..write
        }))
    }

    /// Checks an update.
    pub(super) fn plan_update<'r>(&self, now: Time, tables: &'r Tables, request: &'r UpdateItem) -> Planned<'r> {
        let placeholders = &request.placeholders;
        let update = request.update_expression.as_deref().map(|text| self.expressions.update(text)).transpose()?;
        let condition = parse_condition(self, request.condition_expression.as_deref())?;
        check_placeholders(
            placeholders,
            &[
                update.as_ref().map_or(&Absent(ExpressionKind::Update), |update| update as &dyn UsesPlaceholders),
                condition.as_ref().map_or(&Absent(ExpressionKind::Condition), |condition| condition),
            ],
        )?;
        let table = tables.get(&request.table_name, now)?;
        let key = match table.key_of_request(&request.key) {
            Ok(key) => key,
            Err(error) => return Ok(Err(error)),
        };
        if let Some(update) = &update {
            update.check_avoids_key(placeholders, &request.key)?;
        }
        Ok(Ok(Write {
            condition,
            placeholders,
            return_values: request.return_values,
            returns_item_on_failure: request.return_item_on_condition_failure,
            ..Write::unconditional(table, key, Action::Update { key: &request.key, update })
        }))
    }

    /// Checks a delete.
    pub(super) fn plan_delete<'r>(&self, now: Time, tables: &'r Tables, request: &'r DeleteItem) -> Planned<'r> {
        refuse_other_images(request.return_values)?;
        let condition = self.condition(request.condition_expression.as_deref(), &request.placeholders)?;
        let table = tables.get(&request.table_name, now)?;
        Ok(Write::delete_item(table, &request.key).map(|write| Write {
            condition,
            placeholders: &request.placeholders,
            return_values: request.return_values,
            returns_item_on_failure: request.return_item_on_condition_failure,
            ..write
        }))
    }

    /// Checks a condition of a transaction.
    pub(super) fn plan_check<'r>(&self, now: Time, tables: &'r Tables, request: &'r ConditionCheck) -> Planned<'r> {
        let condition = self.condition(Some(&request.condition_expression), &request.placeholders)?;
        let table = tables.get(&request.table_name, now)?;
        Ok(table.key_of_request(&request.key).map(|key| Write {
            condition,
            placeholders: &request.placeholders,
            returns_item_on_failure: request.return_item_on_condition_failure,
            ..Write::unconditional(table, key, Action::Check)
        }))
    }

    /// The parsed condition of a request that has no other expression.
    fn condition(&self, text: Option<&str>, placeholders: &Placeholders) -> Result<Option<Arc<Condition>>, ApiError> {
        let condition = parse_condition(self, text)?;
        match &condition {
            Some(condition) => check_placeholders(placeholders, &[condition])?,
            None => check_placeholders(placeholders, &[&Absent(ExpressionKind::Condition)])?,
        }
        Ok(condition)
    }
}

fn parse_condition(engine: &Engine, text: Option<&str>) -> Result<Option<Arc<Condition>>, ApiError> {
    text.map(|text| engine.expressions.condition(ExpressionKind::Condition, text)).transpose()
}

/// Puts and deletes have no updated attributes.
fn refuse_other_images(return_values: ReturnValues) -> Result<(), ApiError> {
    match return_values {
        ReturnValues::None | ReturnValues::AllOld => Ok(()),
        _ => Err(ApiError::validation("Return values set to invalid value")),
    }
}
