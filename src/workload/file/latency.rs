//! Latency of the bundled engine in a workload file.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Located;

/// How long the bundled engine takes. Settings left out are the defaults, which are calibrated on published measurements;
/// `dyno calibrate` makes these settings from a run against DynamoDB.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LatencyFile {
    /// Whether latency is modelled. `off`, as fast as the engine goes, where absent.
    pub model: Modelled,
    /// Multiplies the service's time, whatever the kind of request. 1 where absent.
    pub scale: Option<Located<f64>>,
    /// The round trip over the network, half of it on the way to the service and half on the way back.
    pub network: NetworkTimeFile,
    /// What every kilobyte read or written adds, such as "60us", the default.
    pub per_kilobyte: Option<Located<String>>,
    /// What a strongly consistent read adds. "500us" where absent, which is an assumption.
    pub strong_read: Option<Located<String>>,
    /// GetItem. Its default, as that of all reads, is an assumption: no trustworthy distribution is public.
    pub get: ServiceTimeFile,
    /// PutItem.
    pub put: ServiceTimeFile,
    /// UpdateItem.
    pub update: ServiceTimeFile,
    /// DeleteItem.
    pub delete: ServiceTimeFile,
    /// Query, one page.
    pub query: ServiceTimeFile,
    /// Scan, one page.
    pub scan: ServiceTimeFile,
    /// BatchGetItem.
    pub batch_get: ServiceTimeFile,
    /// BatchWriteItem.
    pub batch_write: ServiceTimeFile,
    /// TransactGetItems.
    pub transact_get: ServiceTimeFile,
    /// TransactWriteItems.
    pub transact_write: ServiceTimeFile,
    /// TransactWriteItems that is cancelled.
    pub transact_write_cancelled: ServiceTimeFile,
    /// Requests turned away before an item is looked at: throttled, invalid, or not to be served.
    pub refused: ServiceTimeFile,
}

/// Whether something is modelled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Modelled {
    /// It is not.
    #[default]
    Off,
    /// It is.
    Modelled,
}

/// The round trip over the network: a log-normal distribution.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NetworkTimeFile {
    /// Half of the round trips are shorter, such as "1ms", the default.
    pub median: Option<Located<String>>,
    /// The standard deviation of the natural logarithm. 0.2 where absent.
    pub sigma: Option<Located<f64>>,
}

/// The service's time for one kind of requests: a log-normal body, and pauses that now and then come on top.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ServiceTimeFile {
    /// The median of the body, such as "3ms".
    pub median: Option<Located<String>>,
    /// What each item of a batch or transaction adds to the median.
    pub per_item: Option<Located<String>>,
    /// The standard deviation of the body's natural logarithm, such as 0.3.
    pub sigma: Option<Located<f64>>,
    /// The share of requests that meet a pause, 0 to 1.
    pub tail_share: Option<Located<f64>>,
    /// The mean length of pauses.
    pub tail_mean: Option<Located<String>>,
}
