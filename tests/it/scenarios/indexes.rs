//! Global secondary indexes push back on their table (facts §4.4).

use dynamometer::api::ReadWrite;

use super::*;

/// 1 WCU for 300 s, and the second at hand at first: 301 of 3,000 writes, whatever the table has.
#[test]
fn an_index_without_capacity_throttles_its_table() {
    let played = Scenario::read("starved-index").play();
    let writes = played.counts("writes");
    assert_eq!((writes.offered, writes.succeeded), (3_000, 301));
    assert_eq!(played.consumed("orders", ReadWrite::Write, "writes"), 301.0);
    assert_eq!(played.consumed("orders / by-status", ReadWrite::Write, "writes"), 301.0);
    let of_index = |access: &str| format!("Index{access}ProvisionedThroughputExceeded");
    let (write, read) = (of_index("Write"), of_index("Read"));
    let exception = "ProvisionedThroughputExceededException";
    let queries = played.counts_of("reads", "read the index");
    let expected = [
        ((exception, &*write, "orders/index/by-status"), writes.throttled),
        ((exception, &*read, "orders/index/by-status"), queries.throttled),
    ];
    assert_eq!(played.reasons(), expected.into());
    // Reads of the index are throttled, those of the table are not.
    assert!(queries.throttled > 1_000, "{queries:?}");
    assert_eq!(played.counts_of("reads", "read the table").throttled, 0);
    played.tell(format!(
        "{} of {} writes of a table with 100 WCU admitted, {write} of orders/index/by-status",
        writes.succeeded, writes.offered
    ));
}

#[test]
fn with_capacity_in_the_index_nothing_is_throttled() {
    let played = Scenario::read("starved-index").with("{ read = 1, write = 1 }", "{ read = 10, write = 10 }").play();
    assert_eq!(played.counts("writes").throttled, 0);
    assert_eq!(played.counts("reads").throttled, 0);
}
