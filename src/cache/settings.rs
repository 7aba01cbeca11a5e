//! What a cache is like: its size, how long it holds items, and what it runs on.

use std::sync::Arc;
use std::time::Duration;

use crate::api::TableName;

/// How long DAX holds an item where nothing else is set (AWS: *DAX: How it works*, item cache; from memory, unconfirmed).
pub const DEFAULT_TIME_TO_LIVE: Duration = Duration::from_secs(300);
/// The nodes AWS recommends for production (AWS: *DAX cluster components*; from memory, unconfirmed).
pub const DEFAULT_NODES: u32 = 3;
/// How long a client waits for an answer out of the cache, the network included. An assumption: AWS publishes "microseconds" and
/// no distribution.
pub const DEFAULT_HIT_LATENCY: Duration = Duration::from_micros(400);

/// A cache in front of tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheSettings {
    /// Memory for items on every node. All nodes hold the same items, so that more of them hold no more.
    pub size_bytes: u64,
    /// How long an item is answered with after it was read or written; `None`: until it is pushed out.
    pub time_to_live: Option<Duration>,
    /// Nodes of the cluster. They matter for what it costs, not for what it holds.
    pub nodes: u32,
    /// What the nodes are, such as `dax.r5.large`; `None` where it is not said.
    pub node_type: Option<Arc<str>>,
    /// How long a client waits for an answer out of the cache, where latency is modelled. What the cache cannot answer takes
    /// this on top.
    pub hit_latency: Duration,
    /// The tables it stands before, each once, in the workload's order; at least one.
    pub tables: Vec<TableName>,
}

impl CacheSettings {
    /// Its size, time to live and tables in a few words.
    pub fn in_words(&self) -> String {
        let time = match self.time_to_live {
            Some(time) => format!("items held for {time:?}"),
            None => "items held until pushed out".to_owned(),
        };
        let tables: Vec<&str> = self.tables.iter().map(|table| &**table).collect();
        format!("modelled, {} bytes, {time}, before {}", self.size_bytes, tables.join(", "))
    }
}
