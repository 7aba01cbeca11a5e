//! What is billed besides the capacity of tables.

use std::collections::BTreeMap;

use crate::workload::{Billing, Workload};

/// What is billed besides the capacity of tables.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Extras {
    /// By the table's name. Tables without an entry have none.
    pub tables: BTreeMap<String, Billing>,
    /// The nodes of a cache in front, where there is one.
    pub cache: Option<CacheNodes>,
}

/// Nodes of a DAX cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheNodes {
    /// Their type, such as `r5.large`.
    pub node: String,
    /// How many.
    pub count: u32,
}

impl Extras {
    /// What a workload's tables are billed for. A cache whose type of node is not said is not in it.
    pub fn of(workload: &Workload) -> Self {
        let tables = workload.tables.iter().map(|table| (table.create.name.to_string(), table.billing.clone()));
        let nodes = workload.cache.as_ref().and_then(|cache| {
            let node = cache.node_type.as_deref()?;
            Some(CacheNodes { node: node.strip_prefix("dax.").unwrap_or(node).to_owned(), count: cache.nodes })
        });
        Extras { tables: tables.collect(), cache: nodes }
    }

    /// The same where every item has `item_size` times its size: what is stored and backed up grows with it.
    #[must_use]
    pub fn with_item_size(&self, item_size: f64) -> Self {
        let mut extras = self.clone();
        for billing in extras.tables.values_mut() {
            billing.storage_gb = billing.storage_gb.map(|gb| gb * item_size);
            billing.backup_gb *= item_size;
            billing.restore_gb_per_month *= item_size;
        }
        extras
    }
}
