//! DynamoDB's own requests, responses, errors and table descriptions, typed once for every room above.
//!
//! Names are those of the API model (`dynamodb/2012-08-10/service-2.json`) in Rust's spelling. A workload draws these
//! requests, a target answers them; the engine, the SDK and an HTTP endpoint all speak them.

mod arn;
mod control;
mod description;
mod error;
mod names;
mod request;
mod response;
mod table;
mod units;

pub use arn::{index_arn, table_arn, table_of_arn};
pub use control::{
    BillingMode, GlobalSecondaryIndexUpdate, ListTables, MaximumUpdate, OnDemandThroughputUpdate,
    ProvisionedThroughput, TableNames, UpdateGlobalSecondaryIndex, UpdateTable, UpdateTimeToLive, WarmThroughputUpdate,
};
pub use description::{
    GlobalIndexDescription, LocalIndexDescription, ResourceStatus, TableDescription, ThroughputChanges,
    TimeToLiveDescription, TimeToLiveStatus, WarmThroughputDescription,
};
pub use error::{ApiError, CancellationReason, ErrorKind, LimitKind, ThrottlingReason};
pub use names::AttributeNames;
pub use request::{
    BatchGetItem, BatchWriteItem, ConditionCheck, DeleteItem, GetItem, KeysAndAttributes, Operation, Placeholders,
    PutItem, Query, Request, ReturnValues, Scan, Segment, Select, TransactGet, TransactGetItems, TransactWrite,
    TransactWriteItems, UpdateItem, WriteRequest,
};
pub use response::{ConsumedCapacity, ItemCollectionMetrics, Outcome, Output, Page, Response};
pub use table::{
    AutoScaling, CapacityMode, CapacityRange, CreateTable, GlobalSecondaryIndex, IndexName, KeyAttribute, KeySchema,
    LocalSecondaryIndex, Projection, TableClass, TableName, WarmThroughput,
};
pub use units::{CapacityUnits, Consistency, ReadWrite, Units};
