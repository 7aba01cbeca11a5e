//! Filling a new index with the items that were there before it.
//!
//! Whoever writes an item writes its entries with the item's shard locked, and has written to the new index since it is in
//! the table's list. So each shard is filled under its own lock, which writers wait for: an item is either put into the index
//! as it stands, or its writer comes later and finds the entry there. Putting an entry twice is putting it once.

use std::ops::ControlFlow;

use crate::time::Time;

use super::super::Engine;
use super::super::index::GlobalIndex;
use super::super::table::Table;
use super::moment;

impl Engine {
    /// Fills the index with this number of a table, which may both be gone meanwhile, and opens it.
    pub(super) fn fill_index(&self, name: &str, table_id: u64, number: u64, now: Time) {
        let mut shard = 0;
        loop {
            // Between shards nothing is locked, so that other tables come and go.
            let tables = self.tables.read();
            let table = tables.by_name.get(name).filter(|table| table.id == table_id);
            let index =
                |table: &'_ Table| table.global_indexes.iter().position(|global| global.control.number == number);
            let Some((table, at)) = table.and_then(|table| Some((table, index(table)?))) else { return };
            let global = &table.global_indexes[at];
            if shard == table.items.shard_count() {
                let (items, _) = table.items.items_and_bytes();
                let delay = self.options.control_delays.update.saturating_add(self.options.fill_time(items));
                global.control.open(moment(now, delay));
                return;
            }
            table.fill_from(shard, global, now);
            shard += 1;
        }
    }
}

impl Table {
    /// Puts the entries of one shard's items into an index. Items without the index's key, or with one of another type, have
    /// none.
    fn fill_from(&self, shard: usize, global: &GlobalIndex, now: Time) {
        let items = self.items.read(shard);
        let _ = items.visit_hashes(0..=u64::MAX, None, &mut |item| {
            if let Some(change) = global.index.change(None, Some(item)) {
                global.note_growth(now, &change);
                global.index.apply(change);
            }
            ControlFlow::Continue(())
        });
    }
}
