//! The one record of a run: what happened, interval by interval, and the file that keeps it.
//!
//! Reports, comparisons, sizing and cost read [`RunResult`] and nothing else.

mod engine;
mod histogram;
mod recorder;
mod result;
mod tally;
mod threshold;

pub use engine::{
    AccessHistory, CacheHistory, EngineEvent, EngineEventKind, EngineRecord, FaultInfo, ObservationLog, PartitionCell,
    PartitionHistory, ResourceHistory, SplitCounts,
};
pub use histogram::{Histogram, HistogramError};
pub use recorder::{Failure, LiveView, Recorded, Recorder, Resource, Sample, Shape};
pub use result::{
    CapacityLimit, Clock, Counts, Ending, Environment, ErrorCount, Harness, Latencies, OperationInfo, OperationTotals,
    OutcomeKind, PhaseInfo, Point, PointOperation, PointResource, ProvisionedUnits, ResourceInfo, ResultError,
    RunResult, SCHEMA, Series, TableLoad, TargetInfo, ThresholdResult, ThrottleCount, WorkloadSource,
};
pub use tally::{Buckets, OperationTally, ResourceTally, Tally};
pub use threshold::{Threshold, ThresholdError};
