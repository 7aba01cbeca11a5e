//! GetItem and BatchGetItem.

use std::sync::Arc;

use crate::api::{
    ApiError, BatchGetItem, CapacityUnits, Consistency, GetItem, KeysAndAttributes, Output, Placeholders, TableName,
};
use crate::capacity::{Access, Place};
use crate::expression::{Absent, ExpressionKind, ProjectionExpression, check_placeholders};
use crate::item::{Item, PackedItem};
use crate::time::Time;

use super::answer::Served;
use super::bill::{Bill, place_in};
use super::limits::{BATCH_GET_MAX_BYTES, BATCH_GET_MAX_KEYS};
use super::storage::{Key, Storage};
use super::table::Table;
use super::{Engine, Tables, batch};

/// The attributes a read of single items returns.
pub struct Projected<'r> {
    projection: Option<Arc<ProjectionExpression>>,
    placeholders: &'r Placeholders,
}

impl Projected<'_> {
    /// What is returned of an item.
    pub fn of(&self, item: PackedItem) -> Result<PackedItem, ApiError> {
        match &self.projection {
            None => Ok(item),
            Some(projection) => projection.project(self.placeholders, &item),
        }
    }
}

impl Table {
    /// The item with this key: the newest, or what the replica shows that a read with this consistency goes to; and whether
    /// that is older than the newest. Whoever answers with it counts it ([`Table::count_eventual`]).
    pub fn read(&self, now: Time, key: &Key<'_>, consistent_read: bool) -> (Option<PackedItem>, bool) {
        let view = self.view(now, key.hash, consistent_read);
        let shard = self.items.read(Storage::shard_of(key.hash));
        let (found, is_stale) = shard.get_in(view, key);
        (found.cloned(), is_stale)
    }
}

/// What reading one item, or looking for it in vain, costs.
pub fn read_units(found: Option<&PackedItem>, consistency: Consistency) -> CapacityUnits {
    CapacityUnits::for_read(found.map_or(0, |item| item.size_bytes() as u64), consistency)
}

/// What a read asks of a partition.
pub const fn access_of(consistency: Consistency) -> Access {
    match consistency {
        Consistency::Eventual => Access::EventualRead,
        Consistency::Strong | Consistency::Transactional => Access::StrongRead,
    }
}

impl Engine {
    /// What a read of single items with this projection returns of an item that may be there.
    ///
    /// # Errors
    /// What is wrong with the projection or its placeholders.
    pub fn project(
        &self,
        projection_expression: Option<&str>,
        placeholders: &Placeholders,
        item: Option<PackedItem>,
    ) -> Result<Option<PackedItem>, ApiError> {
        let projected = self.projected(projection_expression, placeholders)?;
        item.map(|item| projected.of(item)).transpose()
    }

    /// The newest item with the key that these attributes have, free of capacity, or that there is none: for what stands
    /// before the engine. Of a table that is not there, none.
    pub fn newest(&self, table: &TableName, attributes: &Item) -> Option<PackedItem> {
        let tables = self.tables.read();
        let table = tables.by_name.get(table)?;
        let key = table.items.layout().key_of_attributes(attributes)?;
        table.items.read(Storage::shard_of(key.hash)).get(&key).cloned()
    }

    /// Where the key that these attributes have lies, as far as the table must know; `None` where they make none.
    pub fn place(&self, table: &TableName, attributes: &Item) -> Option<Place> {
        let tables = self.tables.read();
        let table = tables.by_name.get(table)?;
        Some(place_in(&table.throughput, &table.items.layout().key_of_attributes(attributes)?))
    }

    /// GetItem.
    pub(super) fn get_item(&self, now: Time, tables: &Tables, request: &GetItem) -> Served {
        let projected = self.projected(request.projection_expression.as_deref(), &request.placeholders)?;
        let table = tables.get(&request.table_name, now)?;
        let key = table.key_of_request(&request.key)?;
        let (found, is_stale) = table.read(now, &key, request.consistent_read);
        let consistency = Consistency::from_consistent_read(request.consistent_read);
        let mut bill = Bill::new(table, access_of(consistency));
        bill.add_base(&key, read_units(found.as_ref(), consistency));
        bill.admit(now)?;
        table.count_eventual(request.consistent_read, is_stale);
        let item = found.map(|item| projected.of(item)).transpose()?;
        Ok((Output::GetItem { item }, vec![bill.into_consumed()]).into())
    }

    /// BatchGetItem: every key is admitted on its own, those that are not come back unprocessed.
    pub(super) fn batch_get_item(&self, now: Time, tables: &Tables, request: &BatchGetItem) -> Served {
        check_batch(request)?;
        let mut parts = Vec::with_capacity(request.request_items.len());
        for (name, wanted) in &request.request_items {
            let projected = self.projected(wanted.projection_expression.as_deref(), &wanted.placeholders)?;
            let table = tables.get(name, now)?;
            let keys = wanted.keys.iter().map(|key| table.key_of_request(key)).collect::<Result<Vec<_>, _>>()?;
            parts.push((table, projected, keys));
        }
        batch::refuse_duplicates(parts.iter().flat_map(|(table, _, keys)| keys.iter().map(|key| (*table, key))))?;

        let mut returned_bytes = 0;
        let mut refusal = None;
        let mut bills: Vec<Bill<'_>> = Vec::new();
        let (mut responses, mut unprocessed_keys) = (Vec::new(), Vec::new());
        for ((name, wanted), (table, projected, keys)) in request.request_items.iter().zip(parts) {
            let consistency = Consistency::from_consistent_read(wanted.consistent_read);
            let (mut items, mut left) = (Vec::new(), Vec::new());
            for (key, asked) in keys.iter().zip(&wanted.keys) {
                let (found, is_stale) = table.read(now, key, wanted.consistent_read);
                let found_bytes = found.as_ref().map_or(0, |item| item.size_bytes() as u64);
                if returned_bytes + found_bytes > BATCH_GET_MAX_BYTES {
                    left.push(asked.clone());
                    continue;
                }
                let mut bill = Bill::new(table, access_of(consistency));
                bill.add_base(key, read_units(found.as_ref(), consistency));
                if let Err(error) = bill.admit(now) {
                    refusal.get_or_insert(error);
                    left.push(asked.clone());
                    continue;
                }
                table.count_eventual(wanted.consistent_read, is_stale);
                returned_bytes += found_bytes;
                batch::add(&mut bills, bill);
                items.extend(found.map(|item| projected.of(item)).transpose()?);
            }
            responses.push((name.clone(), items));
            if !left.is_empty() {
                unprocessed_keys.push((name.clone(), KeysAndAttributes { keys: left, ..without_keys(wanted) }));
            }
        }
        match refusal {
            Some(error) if bills.is_empty() => Err(error.into()),
            _ => Ok((Output::BatchGetItem { responses, unprocessed_keys }, batch::consumed(bills)).into()),
        }
    }

    /// The projection of a request that has no other expression.
    pub(super) fn projected<'r>(
        &self,
        text: Option<&str>,
        placeholders: &'r Placeholders,
    ) -> Result<Projected<'r>, ApiError> {
        let projection = text.map(|text| self.expressions.projection(text)).transpose()?;
        match &projection {
            Some(projection) => check_placeholders(placeholders, &[projection])?,
            None => check_placeholders(placeholders, &[&Absent(ExpressionKind::Projection)])?,
        }
        Ok(Projected { projection, placeholders })
    }
}

pub fn without_keys(wanted: &KeysAndAttributes) -> KeysAndAttributes {
    KeysAndAttributes {
        keys: Vec::new(),
        consistent_read: wanted.consistent_read,
        projection_expression: wanted.projection_expression.clone(),
        placeholders: wanted.placeholders.clone(),
    }
}

fn check_batch(request: &BatchGetItem) -> Result<(), ApiError> {
    if request.request_items.is_empty() {
        return Err(ApiError::validation("The requestItems parameter is required for BatchGetItem"));
    }
    for (table, wanted) in &request.request_items {
        let rule = match wanted.keys.len() {
            0 => "greater than or equal to 1",
            count if count > BATCH_GET_MAX_KEYS => "less than or equal to 100",
            _ => continue,
        };
        return Err(ApiError::validation(format!(
            "1 validation error detected: Value at 'RequestItems.{table}.member.Keys' failed to satisfy constraint: \
             Member must have length {rule}"
        )));
    }
    let keys: usize = request.request_items.iter().map(|(_, wanted)| wanted.keys.len()).sum();
    if keys > BATCH_GET_MAX_KEYS {
        return Err(ApiError::validation("Too many items requested for the BatchGetItem call"));
    }
    Ok(())
}
