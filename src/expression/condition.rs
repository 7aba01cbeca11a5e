//! Condition and filter expressions.

use crate::api::{ApiError, KeySchema, Placeholders};
use crate::item::PackedItem;

use super::condition_parser;
use super::error::{Checked, note};
use super::parser::Parser;
use super::predicate::Predicate;
use super::{ExpressionKind, UsedPlaceholders, UsesPlaceholders};

/// A parsed condition or filter expression. Placeholders stay symbolic: one parse serves every request with the same
/// text.
///
/// ```
/// use dynamometer::api::Placeholders;
/// use dynamometer::expression::{Condition, ExpressionKind};
///
/// let condition = Condition::parse(ExpressionKind::Condition, "attribute_not_exists(pk)")?;
/// assert!(condition.evaluate(&Placeholders::default(), None)?);
/// # Ok::<(), dynamometer::api::ApiError>(())
/// ```
#[derive(Debug)]
pub struct Condition {
    kind: ExpressionKind,
    steps: Box<[Step]>,
    used: UsedPlaceholders,
}

/// A step of a condition's evaluation, which has one result at a time. AND and OR need no second one: where the left side
/// decides, the right side is skipped; where it does not, the right side's result is the result.
#[derive(Debug)]
pub(super) enum Step {
    /// The result is the predicate's.
    Test(Predicate),
    /// The result is turned around.
    Not,
    /// Goes on at this step if the result is false: the right side of AND.
    SkipIfFalse(usize),
    /// Goes on at this step if the result is true: the right side of OR.
    SkipIfTrue(usize),
}

impl Condition {
    /// Parses a condition; `kind` is the parameter the messages name.
    pub fn parse(kind: ExpressionKind, text: &str) -> Result<Condition, ApiError> {
        let (steps, used) = parse_steps(text).map_err(|error| error.of(kind))?;
        Ok(Condition { kind, steps: steps.into(), used })
    }

    /// Whether the condition holds for `item`; `None` means there is no such item.
    pub fn evaluate(&self, placeholders: &Placeholders, item: Option<&PackedItem>) -> Result<bool, ApiError> {
        self.holds(placeholders, item).map_err(|error| error.of(self.kind))
    }

    /// Refuses a Query's filter that names an attribute of the key the query goes by.
    pub fn check_avoids_key(&self, placeholders: &Placeholders, schema: &KeySchema) -> Result<(), ApiError> {
        for path in self.predicates().flat_map(Predicate::paths) {
            let name = path.head.resolve(placeholders).map_err(|error| error.of(self.kind))?;
            if schema.attributes().any(|key| *key.name == *name) {
                return Err(ApiError::validation(format!(
                    "Filter Expression can only contain non-primary key attributes: Primary key attribute: {name}"
                )));
            }
        }
        Ok(())
    }

    fn holds(&self, placeholders: &Placeholders, item: Option<&PackedItem>) -> Checked<bool> {
        let mut result = false;
        let mut at = 0;
        while let Some(step) = self.steps.get(at) {
            at += 1;
            match step {
                Step::Test(predicate) => result = predicate.evaluate(placeholders, item)?,
                Step::Not => result = !result,
                Step::SkipIfFalse(to) if !result => at = *to,
                Step::SkipIfTrue(to) if result => at = *to,
                Step::SkipIfFalse(_) | Step::SkipIfTrue(_) => {}
            }
        }
        Ok(result)
    }

    fn predicates(&self) -> impl Iterator<Item = &Predicate> {
        self.steps.iter().filter_map(|step| match step {
            Step::Test(predicate) => Some(predicate),
            _ => None,
        })
    }
}

/// The steps of a condition and the placeholders in it.
pub(super) fn parse_steps(text: &str) -> Checked<(Vec<Step>, UsedPlaceholders)> {
    let mut parser = Parser::new(text)?;
    let steps = condition_parser::parse(&mut parser)?;
    Ok((steps, parser.finish()?))
}

impl UsesPlaceholders for Condition {
    fn kind(&self) -> ExpressionKind {
        self.kind
    }

    fn used(&self) -> Option<&UsedPlaceholders> {
        Some(&self.used)
    }

    fn check_operands(&self, placeholders: &Placeholders) -> Result<(), ApiError> {
        let mut noted = None;
        for error in self.predicates().filter_map(|predicate| predicate.check(placeholders).err()) {
            note(&mut noted, error);
        }
        noted.map_or(Ok(()), |error| Err(error.of(self.kind)))
    }
}

#[cfg(test)]
mod tests;
