//! Filling a table before it is measured.

use std::sync::Arc;

use crate::api::{ApiError, TableName};
use crate::item::Item;
use crate::time::Time;

use super::Engine;
use super::rules::check_values;
use super::storage::Storage;
use super::write::Write;

impl Engine {
    /// Stores an item as PutItem does, without consuming capacity, in a table that may still be CREATING.
    pub fn load_item(&self, table: &TableName, item: Item) -> Result<(), ApiError> {
        let tables = self.tables.read();
        let table = tables.find(table)?;
        check_values(&item)?;
        let item = Arc::new(item);
        let write = Write::put_item(table, &item)?;
        let mut shard = table.items.write(Storage::shard_of(write.key.hash));
        let decision = write.decide(shard.get(&write.key)).map_err(|rejection| rejection.error)?;
        if let Some(change) = &decision.change
            && let Some(collection) = table.collection_after(&shard, &write.key, change)
        {
            collection.check()?;
        }
        let left = decision.change.and_then(|change| {
            table.note_growth(Time::ZERO, &write.key, &change);
            table.apply(&mut shard, write.key, change)
        });
        drop(shard);
        drop(left);
        Ok(())
    }
}
