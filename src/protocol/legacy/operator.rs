//! The comparison operators of conditions: how many values they take, of which types, and what they are in an expression.

use std::fmt::Write as _;

use crate::item::{AttributeType, AttributeValue};
use crate::protocol::fault::{Decoded, Fault};

use super::Translation;

/// A comparison operator (API: ComparisonOperator).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    Eq,
    Ne,
    In,
    Le,
    Lt,
    Ge,
    Gt,
    Between,
    NotNull,
    Null,
    Contains,
    NotContains,
    BeginsWith,
}

impl Operator {
    const ALL: [Operator; 13] = [
        Operator::Eq,
        Operator::Ne,
        Operator::In,
        Operator::Le,
        Operator::Lt,
        Operator::Ge,
        Operator::Gt,
        Operator::Between,
        Operator::NotNull,
        Operator::Null,
        Operator::Contains,
        Operator::NotContains,
        Operator::BeginsWith,
    ];

    const fn name(self) -> &'static str {
        match self {
            Operator::Eq => "EQ",
            Operator::Ne => "NE",
            Operator::In => "IN",
            Operator::Le => "LE",
            Operator::Lt => "LT",
            Operator::Ge => "GE",
            Operator::Gt => "GT",
            Operator::Between => "BETWEEN",
            Operator::NotNull => "NOT_NULL",
            Operator::Null => "NULL",
            Operator::Contains => "CONTAINS",
            Operator::NotContains => "NOT_CONTAINS",
            Operator::BeginsWith => "BEGINS_WITH",
        }
    }

    /// The operator with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operator| operator.name() == name)
    }

    /// Whether a key condition may have it.
    pub const fn is_indexable(self) -> bool {
        matches!(
            self,
            Operator::Eq
                | Operator::Le
                | Operator::Lt
                | Operator::Ge
                | Operator::Gt
                | Operator::Between
                | Operator::BeginsWith
        )
    }

    /// Checks the number of values and their types.
    pub fn check(self, values: &[AttributeValue]) -> Decoded<()> {
        let fits = match self {
            Operator::Null | Operator::NotNull => values.is_empty(),
            Operator::In => !values.is_empty(),
            Operator::Between => values.len() == 2,
            _ => values.len() == 1,
        };
        let name = self.name();
        if !fits {
            return Err(Fault::invalid(format!("Invalid number of argument(s) for the {name} ComparisonOperator")));
        }
        if let Some(value) = values.iter().find(|value| !self.takes(value.attribute_type())) {
            let kind = value.attribute_type();
            return Err(Fault::invalid(format!(
                "ComparisonOperator {name} is not valid for {kind} AttributeValue type"
            )));
        }
        let mut types = values.iter().map(AttributeValue::attribute_type);
        let first = types.next();
        if types.any(|other| Some(other) != first) {
            return Err(Fault::invalid("AttributeValues inside AttributeValueList must all be of the same type"));
        }
        match (self, values) {
            (Operator::Between, [low, high]) if is_above(low, high) => Err(Fault::validation(
                "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound",
            )),
            _ => Ok(()),
        }
    }

    /// Whether it compares with values of this type (API: Condition$ComparisonOperator).
    const fn takes(self, kind: AttributeType) -> bool {
        match self {
            Operator::Eq | Operator::Ne | Operator::Null | Operator::NotNull => true,
            Operator::In | Operator::Le | Operator::Lt | Operator::Ge | Operator::Gt | Operator::Between => {
                matches!(kind, AttributeType::S | AttributeType::N | AttributeType::B)
            }
            Operator::Contains | Operator::NotContains => !matches!(
                kind,
                AttributeType::Ss | AttributeType::Ns | AttributeType::Bs | AttributeType::L | AttributeType::M
            ),
            Operator::BeginsWith => matches!(kind, AttributeType::S | AttributeType::B),
        }
    }

    /// Writes the condition on `attribute`. The values have been checked.
    ///
    /// An attribute that is missing is not equal to anything and contains nothing: NE and NOT_CONTAINS hold for it, every
    /// other comparison does not.
    pub fn write(self, attribute: &str, values: Vec<AttributeValue>, translation: &mut Translation, text: &mut String) {
        let name = translation.name(attribute);
        let values: Vec<_> = values.into_iter().map(|value| translation.value(value)).collect();
        let first = values.first().map(|value| value.as_str()).unwrap_or_default();
        // Writing to a string does not fail.
        let _ = match self {
            Operator::Eq => write!(text, "{name}={first}"),
            Operator::Ne => write!(text, "{name}<>{first}"),
            Operator::Le => write!(text, "{name}<={first}"),
            Operator::Lt => write!(text, "{name}<{first}"),
            Operator::Ge => write!(text, "{name}>={first}"),
            Operator::Gt => write!(text, "{name}>{first}"),
            Operator::In => write!(text, "{name} IN({})", values.join(",")),
            Operator::Between => write!(text, "{name} BETWEEN {}", values.join(" AND ")),
            Operator::NotNull => write!(text, "attribute_exists({name})"),
            Operator::Null => write!(text, "attribute_not_exists({name})"),
            Operator::Contains => write!(text, "contains({name},{first})"),
            Operator::NotContains => write!(text, "NOT contains({name},{first})"),
            Operator::BeginsWith => write!(text, "begins_with({name},{first})"),
        };
    }
}

/// Whether the first of two values of one type is the greater one.
fn is_above(low: &AttributeValue, high: &AttributeValue) -> bool {
    match (low, high) {
        (AttributeValue::S(low), AttributeValue::S(high)) => low.as_bytes() > high.as_bytes(),
        (AttributeValue::N(low), AttributeValue::N(high)) => low > high,
        (AttributeValue::B(low), AttributeValue::B(high)) => low > high,
        _ => false,
    }
}
