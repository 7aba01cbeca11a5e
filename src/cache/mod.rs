//! A cache of items in front of tables, as DynamoDB Accelerator (DAX) is one: a model.
//!
//! It reads and writes through: eventually consistent reads of single items are answered with what it holds, others go to the
//! table; a write goes to the table and leaves the item as it is then. [`Store`] is what a cache holds, request by request;
//! [`reckon`] says what share of the reads it answers when all that is known are rates.
//!
//! What is published of DAX is little, and quoted here from memory (AWS: *DAX: how it works*, *DAX and DynamoDB consistency
//! models*; facts §9.7). Assumed beyond it: items that are too old take room until they are asked for or pushed out; items
//! count with their size by DynamoDB's rule and nothing besides; whole items are held, whatever a projection leaves of them.
//! Deliberately absent: DAX's other cache, of the answers to Query and Scan.

pub mod reckon;
mod settings;
mod store;

pub use settings::{CacheSettings, DEFAULT_HIT_LATENCY, DEFAULT_NODES, DEFAULT_TIME_TO_LIVE};
pub use store::{CacheCounts, Key, Known, Store};
