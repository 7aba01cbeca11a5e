//! DynamoDB's errors, with their wire names and HTTP statuses (facts §4.1, §10.2).

use crate::item::PackedItem;
use std::fmt;

use super::{IndexName, ReadWrite, TableName, index_arn, table_arn};

/// An error DynamoDB answers a request with.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiError {
    /// Which error it is.
    pub kind: ErrorKind,
    /// DynamoDB's text.
    pub message: String,
    /// Why a request was throttled; empty for other errors.
    pub throttling_reasons: Vec<ThrottlingReason>,
    /// Why a transaction was cancelled, one entry per item in request order; empty for other errors.
    pub cancellation_reasons: Vec<CancellationReason>,
    /// The item as it stands, where a failed condition was asked to return it.
    pub item: Option<PackedItem>,
}

impl ApiError {
    /// An error of this kind with DynamoDB's text and nothing more.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        ApiError {
            kind,
            message: message.into(),
            throttling_reasons: Vec::new(),
            cancellation_reasons: Vec::new(),
            item: None,
        }
    }

    /// A `ValidationException`.
    pub fn validation(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Validation, message)
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.name(), self.message)
    }
}

impl std::error::Error for ApiError {}

macro_rules! error_kinds {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $status:literal;)*) => {
        /// The errors of the item operations, by their short wire names.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ErrorKind { $($(#[$doc])* $variant,)* }

        impl ErrorKind {
            /// Every kind.
            pub const ALL: &'static [ErrorKind] = &[$(ErrorKind::$variant,)*];

            /// The short name, as after the `#` of `__type`.
            pub const fn name(self) -> &'static str {
                match self { $(ErrorKind::$variant => $name,)* }
            }

            /// The HTTP status it comes with.
            pub const fn http_status(self) -> u16 {
                match self { $(ErrorKind::$variant => $status,)* }
            }
        }
    };
}

error_kinds! {
    /// A condition expression was false.
    ConditionalCheckFailed = "ConditionalCheckFailedException", 400;
    /// A client request token came again with other parameters.
    IdempotentParameterMismatch = "IdempotentParameterMismatchException", 400;
    /// The service failed; a write may or may not have been applied.
    InternalServerError = "InternalServerError", 500;
    /// An item collection of a table with local secondary indexes passed 10 GB.
    ItemCollectionSizeLimitExceeded = "ItemCollectionSizeLimitExceededException", 400;
    /// Too many control-plane operations at once.
    LimitExceeded = "LimitExceededException", 400;
    /// Provisioned capacity, or a partition of a provisioned table, was exceeded.
    ProvisionedThroughputExceeded = "ProvisionedThroughputExceededException", 400;
    /// The account's throughput quota was exceeded.
    RequestLimitExceeded = "RequestLimitExceeded", 400;
    /// The table is being created, updated or deleted.
    ResourceInUse = "ResourceInUseException", 400;
    /// There is no such table or index, or it is not active.
    ResourceNotFound = "ResourceNotFoundException", 400;
    /// The service is unavailable for a moment.
    ServiceUnavailable = "ServiceUnavailable", 503;
    /// An on-demand limit was exceeded, or control-plane calls came too fast.
    Throttling = "ThrottlingException", 400;
    /// A transaction was cancelled; the reasons say why.
    TransactionCanceled = "TransactionCanceledException", 400;
    /// A single write met a transaction on the same item.
    TransactionConflict = "TransactionConflictException", 400;
    /// A transaction with this token is still going on.
    TransactionInProgress = "TransactionInProgressException", 400;
    /// The request breaks a rule.
    Validation = "ValidationException", 400;
}

impl ErrorKind {
    /// The kind with this short name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }

    /// Whether the error says "slow down": throughput was exceeded (facts §4.1).
    pub const fn is_throttle(self) -> bool {
        matches!(
            self,
            ErrorKind::ProvisionedThroughputExceeded | ErrorKind::RequestLimitExceeded | ErrorKind::Throttling
        )
    }
}

/// Which limit a throttled request hit (API: ThrottlingReason; facts §4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LimitKind {
    /// The provisioned RCU or WCU.
    ProvisionedThroughput,
    /// A partition's ceiling: a hot key.
    KeyRangeThroughput,
    /// The per-table quota of the account, on demand.
    AccountLimit,
    /// The maximum the user set on an on-demand table or index.
    MaxOnDemandThroughput,
}

impl LimitKind {
    /// Every limit.
    pub const ALL: [LimitKind; 4] = [
        LimitKind::ProvisionedThroughput,
        LimitKind::KeyRangeThroughput,
        LimitKind::AccountLimit,
        LimitKind::MaxOnDemandThroughput,
    ];

    const fn suffix(self) -> &'static str {
        match self {
            LimitKind::ProvisionedThroughput => "ProvisionedThroughputExceeded",
            LimitKind::KeyRangeThroughput => "KeyRangeThroughputExceeded",
            LimitKind::AccountLimit => "AccountLimitExceeded",
            LimitKind::MaxOnDemandThroughput => "MaxOnDemandThroughputExceeded",
        }
    }
}

/// One of the sixteen reasons for throttling, with the table or index it is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ThrottlingReason {
    /// The table.
    pub table: TableName,
    /// The global secondary index, where it is the index that ran out.
    pub index: Option<IndexName>,
    /// Read or write capacity.
    pub access: ReadWrite,
    /// The limit that was hit.
    pub limit: LimitKind,
}

impl ThrottlingReason {
    /// The reason's name, such as `TableReadKeyRangeThroughputExceeded`.
    pub fn name(&self) -> String {
        let resource = if self.index.is_some() { "Index" } else { "Table" };
        let access = match self.access {
            ReadWrite::Read => "Read",
            ReadWrite::Write => "Write",
        };
        format!("{resource}{access}{}", self.limit.suffix())
    }

    /// The ARN of the table or index it is about.
    pub fn resource_arn(&self, region: &str) -> String {
        match &self.index {
            None => table_arn(region, &self.table),
            Some(index) => index_arn(region, &self.table, index),
        }
    }

    /// Reads a reason's name and the resource's ARN back; `None` where either is unknown.
    pub fn parse(name: &str, resource_arn: &str) -> Option<Self> {
        let (is_index, rest) = match name.strip_prefix("Table") {
            Some(rest) => (false, rest),
            None => (true, name.strip_prefix("Index")?),
        };
        let (access, rest) = match rest.strip_prefix("Read") {
            Some(rest) => (ReadWrite::Read, rest),
            None => (ReadWrite::Write, rest.strip_prefix("Write")?),
        };
        let limit = LimitKind::ALL.into_iter().find(|limit| limit.suffix() == rest)?;
        let mut path = resource_arn.rsplit_once(":table/")?.1.split('/');
        let table = path.next()?.into();
        let index = match (is_index, path.next(), path.next()) {
            (true, Some("index"), Some(index)) => Some(index.into()),
            (false, None, None) => None,
            _ => return None,
        };
        Some(ThrottlingReason { table, index, access, limit })
    }
}

/// Why one item of a transaction stopped it.
#[derive(Debug, Clone, PartialEq)]
pub struct CancellationReason {
    /// DynamoDB's code: `None`, `ConditionalCheckFailed`, `TransactionConflict` and so on (facts §4.5).
    pub code: &'static str,
    /// DynamoDB's text; absent for `None`.
    pub message: Option<String>,
    /// The item as it stands, where a failed condition was asked to return it.
    pub item: Option<PackedItem>,
}

impl CancellationReason {
    /// The item was not the one that stopped the transaction.
    pub const fn none() -> Self {
        CancellationReason { code: "None", message: None, item: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixteen_reasons_read_back() {
        let mut names = std::collections::BTreeSet::new();
        for index in [None, Some(IndexName::from("by_date"))] {
            for access in [ReadWrite::Read, ReadWrite::Write] {
                for limit in LimitKind::ALL {
                    let reason = ThrottlingReason { table: "orders".into(), index: index.clone(), access, limit };
                    let arn = reason.resource_arn("us-east-1");
                    assert_eq!(ThrottlingReason::parse(&reason.name(), &arn), Some(reason.clone()));
                    names.insert(reason.name());
                }
            }
        }
        assert_eq!(names.len(), 16);
        assert!(names.contains("IndexWriteMaxOnDemandThroughputExceeded"));
    }
}
