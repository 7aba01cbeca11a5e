//! A cache in front of tables, in a workload file.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Located;

/// A cache of items in front of the tables, as DynamoDB Accelerator (DAX) is one: a model, for the bundled engine alone. It
/// answers eventually consistent GetItem and BatchGetItem; strongly consistent reads, transactions, Query and Scan pass by.
/// Writes go through it and leave the item as it is now.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CacheFile {
    /// Memory for items on every node, such as "10 GB". All nodes hold the same items. Items count with their size by
    /// DynamoDB's rule; what a cache needs besides is unpublished and not counted. A GB is 1,024^3 bytes.
    pub size: Located<String>,
    /// How long an item is answered with after it was read or written, such as "10m". "0s": until it is pushed out. "5m", DAX's
    /// default, where absent.
    pub time_to_live: Option<Located<String>>,
    /// Nodes of the cluster: they cost, and answer more requests, but hold no more items. 3 where absent.
    pub nodes: Option<Located<u32>>,
    /// What the nodes are, such as "dax.r5.large": for what they cost. Their memory is not looked up: `size` says how much of it
    /// holds items.
    pub node_type: Option<Located<String>>,
    /// How long a client waits for an answer out of the cache, the network included; requests that must go on to the table
    /// take this on top. Counts where [engine.latency] is modelled. "400us", an assumption, where absent.
    pub hit_latency: Option<Located<String>>,
    /// The tables it stands before. All where absent.
    pub tables: Option<Vec<Located<String>>>,
}
