//! DynamoDB's expression language: condition, filter, key condition, projection and update expressions.
//!
//! An expression's text is parsed once, its placeholders kept by name, so that one parse serves every request with that
//! text; [`ExpressionCache`] keeps the parses. A request's expressions and placeholders are checked together by
//! [`check_placeholders`], then each expression is used with them. Faults are errors in DynamoDB's words.
//!
//! Nothing here recurses deeper than a document may nest or takes more than linear time in text and item (times the
//! logarithm), because texts come from outside.
//!
//! Absent: the legacy parameters (Expected, AttributeUpdates and their kin), which the protocol translates into expressions, and
//! PartiQL.

mod cache;
mod condition;
mod condition_parser;
mod edit;
mod error;
#[cfg(test)]
mod fixture;
mod key_condition;
#[cfg(test)]
mod model;
mod operand;
mod parser;
mod path;
mod placeholders;
mod predicate;
mod projection;
mod reserved;
mod selection;
mod sort_range;
mod token;
mod update;
mod update_parser;
mod update_value;

pub use cache::ExpressionCache;
pub use condition::Condition;
pub use key_condition::{KeyCondition, KeyRange};
pub use placeholders::{Absent, UsedPlaceholders, UsesPlaceholders, check_placeholders};
pub use projection::ProjectionExpression;
pub use sort_range::SortRange;
pub use update::{Update, Updated};

/// Which parameter of a request an expression stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExpressionKind {
    /// ConditionExpression.
    Condition,
    /// FilterExpression.
    Filter,
    /// KeyConditionExpression.
    KeyCondition,
    /// ProjectionExpression.
    Projection,
    /// UpdateExpression.
    Update,
}

impl ExpressionKind {
    /// The parameter's name in the API.
    pub const fn parameter(self) -> &'static str {
        match self {
            ExpressionKind::Condition => "ConditionExpression",
            ExpressionKind::Filter => "FilterExpression",
            ExpressionKind::KeyCondition => "KeyConditionExpression",
            ExpressionKind::Projection => "ProjectionExpression",
            ExpressionKind::Update => "UpdateExpression",
        }
    }
}
