//! How much capacity: the smallest that serves a demand with no more than a given share of its requests throttled.
//!
//! Nothing here is a formula: every figure comes from letting the demand pass the limits and partitions of the capacity model,
//! candidate after candidate, all on the same draws (common random numbers), for several seeds. A candidate is good enough
//! where the upper end of the 95 % confidence interval over the seeds is. Every table and index is sized by itself, reads and
//! writes by turns, because together they decide how many partitions there are.

mod answer;
mod code;
mod estimate;
mod hot_key;
mod remedy;
mod search;
mod trial;

pub use answer::{
    AccessSizing, CurvePoint, Fixed, HotKey, OnDemand, Remedy, RemedyKind, ResourceSizing, Scaled, Sizing,
};
pub use code::{Setting, cloudformation, terraform};
pub use estimate::Estimate;
pub use remedy::{CONCENTRATED, CONCENTRATED_LEAST, try_cache, wants_cache};
pub use search::{Question, size};
