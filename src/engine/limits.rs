//! The API's limits on items, keys, requests and tables (facts §8; AWS: Constraints, ServiceQuotas).

use crate::item::{PARTITION_KEY_MAX_BYTES, SORT_KEY_MAX_BYTES};

/// Bytes of the values of a partition key and of a sort key, at most.
pub const KEY_MAX_BYTES: [usize; 2] = [PARTITION_KEY_MAX_BYTES, SORT_KEY_MAX_BYTES];
/// Bytes of the name of a key attribute or of a projected attribute, at most.
pub const KEY_NAME_MAX_BYTES: usize = 255;

/// Bytes a Query or Scan evaluates before it ends its page.
pub const PAGE_MAX_BYTES: u64 = 1024 * 1024;
/// Keys of a BatchGetItem.
pub const BATCH_GET_MAX_KEYS: usize = 100;
/// Bytes a BatchGetItem returns.
pub const BATCH_GET_MAX_BYTES: u64 = 16 * 1024 * 1024;
/// Writes of a BatchWriteItem.
pub const BATCH_WRITE_MAX_ITEMS: usize = 25;
/// Items of a transaction.
pub const TRANSACTION_MAX_ITEMS: usize = 100;
/// Bytes of all items of a transaction.
pub const TRANSACTION_MAX_BYTES: u64 = 4 * 1024 * 1024;
/// Characters of a client request token.
pub const REQUEST_TOKEN_MAX_CHARS: usize = 36;
/// How long a client request token is remembered.
pub const REQUEST_TOKEN_SECONDS: u64 = 600;
/// Segments of a parallel Scan.
pub const TOTAL_SEGMENTS_MAX: u32 = 1_000_000;
/// Bytes of an item collection with its entries in local secondary indexes: "10 GB" (facts §2.1), in binary units as all are.
pub const ITEM_COLLECTION_MAX_BYTES: u64 = 10 * 1024 * 1024 * 1024;

/// Names ListTables returns.
pub const LIST_TABLES_MAX: u32 = 100;

/// Global secondary indexes of a table.
pub const GLOBAL_INDEXES_MAX: usize = 20;
/// Local secondary indexes of a table.
pub const LOCAL_INDEXES_MAX: usize = 5;
/// Attributes one index names in its projection.
pub const NON_KEY_ATTRIBUTES_MAX: usize = 20;
/// Attributes all indexes of a table name in their projections.
pub const NON_KEY_ATTRIBUTES_OF_TABLE_MAX: usize = 100;
