//! What a request asks of the service, as far as its latency goes.

use crate::api::{ConsumedCapacity, ErrorKind, Outcome, Output, Request, TransactWrite, Units, WriteRequest};
use crate::item::PackedItem;

/// The kinds of requests whose latencies differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RequestKind {
    /// GetItem.
    Get,
    /// PutItem.
    Put,
    /// UpdateItem.
    Update,
    /// DeleteItem.
    Delete,
    /// Query, one page.
    Query,
    /// Scan, one page.
    Scan,
    /// BatchGetItem.
    BatchGet,
    /// BatchWriteItem.
    BatchWrite,
    /// TransactGetItems, cancelled ones included.
    TransactGet,
    /// TransactWriteItems.
    TransactWrite,
    /// TransactWriteItems that was cancelled.
    TransactWriteCancelled,
    /// A request of any kind that was turned away before an item was looked at: throttled, invalid, or not to be served.
    Refused,
}

impl RequestKind {
    /// Every kind.
    pub const ALL: [RequestKind; 12] = [
        RequestKind::Get,
        RequestKind::Put,
        RequestKind::Update,
        RequestKind::Delete,
        RequestKind::Query,
        RequestKind::Scan,
        RequestKind::BatchGet,
        RequestKind::BatchWrite,
        RequestKind::TransactGet,
        RequestKind::TransactWrite,
        RequestKind::TransactWriteCancelled,
        RequestKind::Refused,
    ];

    /// Its name in workload files.
    pub const fn name(self) -> &'static str {
        match self {
            RequestKind::Get => "get",
            RequestKind::Put => "put",
            RequestKind::Update => "update",
            RequestKind::Delete => "delete",
            RequestKind::Query => "query",
            RequestKind::Scan => "scan",
            RequestKind::BatchGet => "batch_get",
            RequestKind::BatchWrite => "batch_write",
            RequestKind::TransactGet => "transact_get",
            RequestKind::TransactWrite => "transact_write",
            RequestKind::TransactWriteCancelled => "transact_write_cancelled",
            RequestKind::Refused => "refused",
        }
    }
}

/// What a request asks of the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demand {
    /// Which kind it is.
    pub kind: RequestKind,
    /// The items of a batch or transaction; none for other requests.
    pub items: u64,
    /// Bytes read or written.
    pub bytes: u64,
    /// Whether it is a strongly consistent read.
    pub strong: bool,
}

impl Demand {
    /// The demand of a request, seen from its outcome.
    pub fn of(request: &Request, outcome: &Outcome) -> Self {
        if outcome.result.as_ref().is_err_and(|error| is_refusal(error.kind)) {
            return Demand { kind: RequestKind::Refused, items: 0, bytes: 0, strong: false };
        }
        let asked = Asked::of(request, outcome);
        let charged = charged_bytes(&outcome.consumed, &asked);
        let bytes = asked.bytes.max(charged);
        Demand { kind: asked.kind, items: asked.items, bytes, strong: asked.strong }
    }
}

/// Whether the error came before an item was looked at.
const fn is_refusal(kind: ErrorKind) -> bool {
    !matches!(kind, ErrorKind::ConditionalCheckFailed | ErrorKind::TransactionCanceled | ErrorKind::TransactionConflict)
}

/// What can be seen of a request without what was charged.
struct Asked {
    kind: RequestKind,
    items: u64,
    /// Items that were charged one by one.
    charged_items: u64,
    bytes: u64,
    strong: bool,
    /// Bytes that half a unit stands for.
    half_unit_bytes: u64,
}

impl Asked {
    fn of(request: &Request, outcome: &Outcome) -> Self {
        let output = outcome.result.as_ref().ok().map(|response| &response.output);
        let returned = output.map_or(0, returned_bytes);
        let read = |kind, items: u64, charged_items, strong| {
            // A unit reads 4 KB strongly consistently, 8 KB eventually consistently (facts §1.1).
            let half_unit_bytes = if strong { 2048 } else { 4096 };
            Asked { kind, items, charged_items, bytes: returned, strong, half_unit_bytes }
        };
        let write =
            |kind, bytes| Asked { kind, items: 0, charged_items: 1, bytes, strong: false, half_unit_bytes: 512 };
        match request {
            Request::GetItem(get) => read(RequestKind::Get, 0, 1, get.consistent_read),
            Request::Query(query) => read(RequestKind::Query, 0, 1, query.consistent_read),
            Request::Scan(scan) => read(RequestKind::Scan, 0, 1, scan.consistent_read),
            Request::BatchGetItem(batch) => {
                let keys = batch.request_items.iter().map(|(_, keys)| keys.keys.len() as u64).sum();
                let strong = batch.request_items.iter().any(|(_, keys)| keys.consistent_read);
                read(RequestKind::BatchGet, keys, keys, strong)
            }
            Request::TransactGetItems(transaction) => {
                let items = transaction.transact_items.len() as u64;
                Asked { half_unit_bytes: 1024, ..read(RequestKind::TransactGet, items, items, false) }
            }
            Request::PutItem(put) => write(RequestKind::Put, put.item.size_bytes() as u64),
            Request::UpdateItem(_) => write(RequestKind::Update, 0),
            Request::DeleteItem(_) => write(RequestKind::Delete, 0),
            Request::BatchWriteItem(batch) => {
                let writes = || batch.request_items.iter().flat_map(|(_, writes)| writes);
                let bytes = writes().map(|write| match write {
                    WriteRequest::Put(item) => item.size_bytes() as u64,
                    WriteRequest::Delete(_) => 0,
                });
                let items = writes().count() as u64;
                Asked { items, charged_items: items, ..write(RequestKind::BatchWrite, bytes.sum()) }
            }
            Request::TransactWriteItems(transaction) => {
                let bytes = transaction.transact_items.iter().map(|action| match action {
                    TransactWrite::Put(put) => put.item.size_bytes() as u64,
                    _ => 0,
                });
                let items = transaction.transact_items.len() as u64;
                let kind = match &outcome.result {
                    Ok(_) => RequestKind::TransactWrite,
                    Err(_) => RequestKind::TransactWriteCancelled,
                };
                Asked { items, charged_items: items, half_unit_bytes: 256, ..write(kind, bytes.sum()) }
            }
        }
    }
}

/// What was read or written at least, to be charged as it was: sizes of items are rounded up to whole blocks, so that all but
/// a block an item is certain.
fn charged_bytes(consumed: &[ConsumedCapacity], asked: &Asked) -> u64 {
    let halves = |units: &Units| units.read.as_halves().saturating_add(units.write.as_halves());
    let of_table = |consumed: &ConsumedCapacity| {
        let indexes = consumed.local_secondary_indexes.iter().chain(&consumed.global_secondary_indexes);
        // Entries of indexes are written after the answer, or are all a page reads.
        let index_reads = indexes.map(|(_, units)| units.read.as_halves()).sum::<u64>();
        halves(&consumed.table).saturating_add(index_reads)
    };
    let halves: u64 = consumed.iter().map(of_table).sum();
    let block = if asked.half_unit_bytes >= 1024 { 4096 } else { 1024 };
    halves.saturating_mul(asked.half_unit_bytes).saturating_sub(asked.charged_items.saturating_mul(block))
}

fn returned_bytes(output: &Output) -> u64 {
    let bytes = |items: &[PackedItem]| items.iter().map(|item| item.size_bytes() as u64).sum();
    match output {
        Output::GetItem { item } => item.as_ref().map_or(0, |item| item.size_bytes() as u64),
        Output::Page(page) => bytes(&page.items),
        Output::BatchGetItem { responses, .. } => responses.iter().map(|(_, items)| bytes(items)).sum(),
        Output::TransactGetItems { items } => items.iter().flatten().map(|item| item.size_bytes() as u64).sum(),
        Output::Write { .. } | Output::BatchWriteItem { .. } | Output::TransactWriteItems => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{ApiError, CapacityUnits, DeleteItem, Placeholders, Response, ReturnValues};
    use crate::item::Item;

    fn delete() -> Request {
        Request::DeleteItem(DeleteItem {
            table_name: "t".into(),
            key: Item::new(),
            condition_expression: None,
            placeholders: Placeholders::default(),
            return_values: ReturnValues::None,
            return_item_on_condition_failure: false,
        })
    }

    fn outcome(result: Result<Output, ErrorKind>, consumed_writes: u64) -> Outcome {
        let consumed = ConsumedCapacity {
            table_name: "t".into(),
            table: Units::write(CapacityUnits::whole(consumed_writes)),
            local_secondary_indexes: Vec::new(),
            global_secondary_indexes: Vec::new(),
        };
        let result = result.map(|output| Response { output }).map_err(|kind| ApiError::new(kind, ""));
        Outcome {
            result,
            consumed: vec![consumed],
            item_collections: Vec::new(),
            delayed: std::time::Duration::ZERO,
            from_cache: false,
        }
    }

    #[test]
    fn what_was_refused_is_a_kind_of_its_own_and_a_failed_condition_is_not() {
        let delete = delete();
        let kind = |result, units| Demand::of(&delete, &outcome(result, units)).kind;
        assert_eq!(kind(Ok(Output::Write { attributes: None }), 1), RequestKind::Delete);
        assert_eq!(kind(Err(ErrorKind::ConditionalCheckFailed), 1), RequestKind::Delete);
        for refusal in [ErrorKind::Throttling, ErrorKind::Validation, ErrorKind::InternalServerError] {
            assert_eq!(kind(Err(refusal), 0), RequestKind::Refused);
        }
    }

    #[test]
    fn sizes_that_cannot_be_seen_are_as_charged() {
        let delete = delete();
        let bytes = |units| Demand::of(&delete, &outcome(Ok(Output::Write { attributes: None }), units)).bytes;
        // One unit is up to a kilobyte, nine are more than eight.
        assert_eq!([bytes(1), bytes(9)], [0, 8 * 1024]);
    }
}
