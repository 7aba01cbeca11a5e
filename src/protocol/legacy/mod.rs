//! The parameters from before expressions, translated into expressions: the engine sees nothing else.
//!
//! The parts of a request that are translated share one set of placeholders ([`Translation`]), numbered in order, so that
//! requests of one shape have one text and its parse is found in the engine's cache. What the service refuses about these
//! parameters is refused here; an error of the engine that names an expression is put into their words ([`Translated::reword`]).
//!
//! A translation is an expression like any other: some 500 attributes in one AttributeUpdates or 150 conditions in one
//! Expected reach the limits of an expression's size and operators.

mod condition;
mod operator;
mod projection;
mod update;

pub use condition::{expected, filter, key_conditions};
pub use projection::attributes_to_get;
pub use update::attribute_updates;

use std::sync::Arc;

use compact_str::CompactString;

use crate::api::{ApiError, Placeholders};
use crate::expression::ExpressionKind;
use crate::item::AttributeValue;

/// The placeholders of translated parameters, beside those a request brings along.
#[derive(Debug)]
pub struct Translation {
    /// Goes before every number, so that no placeholder of the request is spelt like one of these.
    mark: String,
    names: Vec<(CompactString, CompactString)>,
    values: Vec<(CompactString, AttributeValue)>,
}

impl Translation {
    /// Placeholders that do not meet those of the request. Linear in them.
    pub fn beside(given: &Placeholders) -> Self {
        let names = given.names.iter().map(|(name, _)| name);
        let values = given.values.iter().map(|(value, _)| value);
        let underscores =
            |placeholder: &CompactString| 1 + placeholder.bytes().skip(1).take_while(|byte| *byte == b'_').count();
        let longest = names.chain(values).map(underscores).max().unwrap_or(0);
        Translation { mark: "_".repeat(longest), names: Vec::new(), values: Vec::new() }
    }

    /// The placeholder of an attribute's name.
    fn name(&mut self, attribute: &str) -> CompactString {
        let placeholder = self.placeholder('#', self.names.len());
        self.names.push((placeholder.clone(), attribute.into()));
        placeholder
    }

    /// The placeholder of a value.
    fn value(&mut self, value: AttributeValue) -> CompactString {
        let placeholder = self.placeholder(':', self.values.len());
        self.values.push((placeholder.clone(), value));
        placeholder
    }

    /// Short, because an expression has a limit of its length: the number in base 36.
    fn placeholder(&self, sign: char, mut number: usize) -> CompactString {
        let mut digits = Vec::new();
        loop {
            digits.push(char::from_digit((number % 36) as u32, 36).unwrap_or('0'));
            number /= 36;
            if number == 0 {
                break;
            }
        }
        std::iter::once(sign).chain(self.mark.chars()).chain(digits.into_iter().rev()).collect()
    }

    /// The request's placeholders with these.
    pub fn with(self, given: Placeholders) -> Placeholders {
        if self.names.is_empty() && self.values.is_empty() {
            return given;
        }
        let names: Vec<_> = given.names.iter().cloned().chain(self.names).collect();
        Placeholders { names: names.into(), values: given.values.into_iter().chain(self.values).collect() }
    }
}

/// An expression, or none where the parameter asks for nothing.
fn expression(text: String) -> Option<Arc<str>> {
    (!text.is_empty()).then(|| text.into())
}

/// Which parameters of a request were translated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Translated {
    /// AttributesToGet.
    pub projection: bool,
    /// Expected.
    pub condition: bool,
    /// ScanFilter or QueryFilter.
    pub filter: Option<&'static str>,
    /// KeyConditions.
    pub key_condition: bool,
    /// AttributeUpdates.
    pub update: bool,
}

impl Translated {
    /// The expression that stands for a parameter, and the parameter.
    fn parameters(self) -> impl Iterator<Item = (ExpressionKind, &'static str)> {
        let all = [
            (ExpressionKind::Projection, self.projection.then_some("AttributesToGet")),
            (ExpressionKind::Condition, self.condition.then_some("Expected")),
            (ExpressionKind::Filter, self.filter),
            (ExpressionKind::KeyCondition, self.key_condition.then_some("KeyConditions")),
            (ExpressionKind::Update, self.update.then_some("AttributeUpdates")),
        ];
        all.into_iter().filter_map(|(kind, parameter)| Some((kind, parameter?)))
    }

    /// An error of the engine about a translated parameter, in the words for that parameter.
    pub fn reword(self, mut error: ApiError) -> ApiError {
        for (kind, parameter) in self.parameters() {
            let service_words = match kind {
                ExpressionKind::Projection => {
                    Some(("Cannot specify the ProjectionExpression ", "Cannot specify the AttributesToGet "))
                }
                ExpressionKind::Filter if parameter == "QueryFilter" => {
                    Some(("Filter Expression can only contain ", "QueryFilter can only contain "))
                }
                ExpressionKind::Update => Some((
                    "An operand in the update expression has an incorrect data type",
                    "Type mismatch for attribute to update",
                )),
                _ => None,
            };
            if let Some((from, to)) = service_words
                && let Some(rest) = error.message.strip_prefix(from)
            {
                error.message = format!("{to}{rest}");
                return error;
            }
            // What is left are the limits of an expression, which the client did not write.
            let named = format!("Invalid {}: ", kind.parameter());
            if let Some(rest) = error.message.strip_prefix(&named) {
                error.message =
                    format!("One or more parameter values were invalid: {parameter} as an expression: {rest}");
                return error;
            }
        }
        error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_never_meet_those_of_the_request() {
        let given = Placeholders {
            names: [("#__0".into(), "a".into())].into(),
            values: [(":_0".into(), AttributeValue::Null)].into_iter().collect(),
        };
        let mut translation = Translation::beside(&given);
        let name = translation.name("b");
        let value = translation.value(AttributeValue::Null);
        assert_eq!((name.as_str(), value.as_str()), ("#___0", ":___0"));
        let together = translation.with(given);
        assert_eq!((together.names.len(), together.values.len()), (2, 2));
    }

    #[test]
    fn numbers_are_short() {
        let translation = Translation::beside(&Placeholders::default());
        let texts = [0, 35, 36, 1295, 1296].map(|number| translation.placeholder('#', number));
        assert_eq!(texts, ["#0", "#z", "#10", "#zz", "#100"]);
    }
}
