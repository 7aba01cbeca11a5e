//! Filling a table before it is measured.

use std::sync::Arc;

use crate::api::{ApiError, TableName};
use crate::item::Item;
use crate::time::Time;

use super::Engine;
use super::storage::Storage;
use super::write::Write;

impl Engine {
    /// Stores an item as PutItem does, without consuming capacity.
    pub fn load_item(&self, table: &TableName, item: Item) -> Result<(), ApiError> {
        let tables = self.tables.read();
        let table = tables.get(table, Time::ZERO)?;
        let item = Arc::new(item);
        let write = Write::put_item(table, &item)?;
        let mut shard = table.items.write(Storage::shard_of(write.key.hash));
        let decision = write.decide(shard.get(&write.key).cloned()).map_err(|rejection| rejection.error)?;
        let replaced = decision.change.and_then(|change| table.apply(&mut shard, write.key, change));
        drop(shard);
        drop(replaced);
        Ok(())
    }
}
