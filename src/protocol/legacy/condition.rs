//! Expected, ScanFilter, QueryFilter and KeyConditions.

use std::sync::Arc;

use crate::item::AttributeValue;
use crate::protocol::fault::{Decoded, Fault};
use crate::protocol::json::Json;
use crate::protocol::value::read_value;

use super::operator::Operator;
use super::{Translation, expression};

/// What is asked of one attribute.
struct Condition<'b> {
    attribute: &'b str,
    operator: Operator,
    values: Vec<AttributeValue>,
}

/// The condition of Expected, if there is one.
pub fn expected(body: &Json<'_>, translation: &mut Translation) -> Decoded<Option<Arc<str>>> {
    let joint = joint(body, "Expected")?;
    let Some(expected) = body.member("Expected") else { return Ok(None) };
    let conditions = expected.distinct_members().into_iter().map(|(attribute, asked)| expectation(attribute, asked));
    Ok(write(conditions.collect::<Decoded<_>>()?, joint, translation))
}

/// The filter of ScanFilter or QueryFilter, if there is one.
pub fn filter(body: &Json<'_>, parameter: &str, translation: &mut Translation) -> Decoded<Option<Arc<str>>> {
    let joint = joint(body, parameter)?;
    Ok(write(conditions(body, parameter)?, joint, translation))
}

/// The key condition of KeyConditions, if there is one.
pub fn key_conditions(body: &Json<'_>, translation: &mut Translation) -> Decoded<Option<Arc<str>>> {
    if body.member("KeyConditions").is_none() {
        return Ok(None);
    }
    let conditions = conditions(body, "KeyConditions")?;
    if conditions.is_empty() || conditions.len() > 2 {
        return Err(Fault::validation("Conditions can be of length 1 or 2 only"));
    }
    if conditions.iter().any(|condition| !condition.operator.is_indexable()) {
        return Err(Fault::validation("Attempted conditional constraint is not an indexable operation"));
    }
    Ok(write(conditions, " AND ", translation))
}

/// What stands between the conditions. ConditionalOperator needs two of them at least.
fn joint(body: &Json<'_>, parameter: &str) -> Decoded<&'static str> {
    let Some(operator) = body.member("ConditionalOperator").and_then(Json::text) else { return Ok(" AND ") };
    match body.member(parameter).map(|conditions| conditions.members().len()) {
        None => Err(Fault::invalid("ConditionalOperator cannot be used without Filter or Expected")),
        Some(0 | 1) => {
            Err(Fault::invalid("ConditionalOperator can only be used when Filter or Expected has two or more elements"))
        }
        Some(_) => Ok(if operator == "OR" { " OR " } else { " AND " }),
    }
}

fn conditions<'b>(body: &'b Json<'_>, parameter: &str) -> Decoded<Vec<Condition<'b>>> {
    let given = body.member(parameter).map(Json::distinct_members).unwrap_or_default();
    let condition = |(attribute, asked): (&'b str, &'b Json<'_>)| {
        let values = asked.member("AttributeValueList").map_or(Ok(Vec::new()), read_values)?;
        compared(attribute, asked, values)
    };
    given.into_iter().map(condition).collect()
}

fn compared<'b>(attribute: &'b str, asked: &Json<'_>, values: Vec<AttributeValue>) -> Decoded<Condition<'b>> {
    // The name has been checked against the model: there is one, and it is known.
    let operator = asked.member("ComparisonOperator").and_then(Json::text).and_then(Operator::from_name);
    let operator = operator.unwrap_or(Operator::Eq);
    operator.check(&values)?;
    Ok(Condition { attribute, operator, values })
}

fn read_values(list: &Json<'_>) -> Decoded<Vec<AttributeValue>> {
    Ok(list.elements().iter().map(read_value).collect::<Result<_, _>>()?)
}

/// One attribute of Expected: a comparison, or a value the attribute must have, or must not be there.
fn expectation<'b>(attribute: &'b str, asked: &Json<'_>) -> Decoded<Condition<'b>> {
    let (value, list) = (asked.member("Value"), asked.member("AttributeValueList"));
    let exists = asked.member("Exists").and_then(Json::boolean);
    let operator = asked.member("ComparisonOperator").and_then(Json::text);
    let refuse = |text: String| Err(Fault::invalid(format!("{text} for Attribute: {attribute}")));
    if value.is_some() && list.is_some() {
        return refuse("Value and AttributeValueList cannot be used together".to_owned());
    }
    if let Some(operator) = operator {
        if exists.is_some() {
            return refuse("Exists and ComparisonOperator cannot be used together".to_owned());
        }
        if value.is_none() && list.is_none() && !matches!(operator, "NULL" | "NOT_NULL") {
            return refuse(format!("Value or AttributeValueList must be used with ComparisonOperator: {operator}"));
        }
        let values = match (value, list) {
            (Some(value), _) => vec![read_value(value)?],
            (None, Some(list)) => read_values(list)?,
            (None, None) => Vec::new(),
        };
        return compared(attribute, asked, values);
    }
    if list.is_some() {
        return refuse("AttributeValueList can only be used with a ComparisonOperator".to_owned());
    }
    match (exists, value) {
        (None | Some(true), Some(value)) => {
            Ok(Condition { attribute, operator: Operator::Eq, values: vec![read_value(value)?] })
        }
        (Some(false), None) => Ok(Condition { attribute, operator: Operator::Null, values: Vec::new() }),
        (Some(false), Some(_)) => refuse("Value cannot be used when Exists is false".to_owned()),
        (None, None) => refuse("Value must be provided when Exists is null".to_owned()),
        (Some(true), None) => refuse("Value must be provided when Exists is true".to_owned()),
    }
}

fn write(conditions: Vec<Condition<'_>>, joint: &str, translation: &mut Translation) -> Option<Arc<str>> {
    let mut text = String::new();
    for Condition { attribute, operator, values } in conditions {
        if !text.is_empty() {
            text.push_str(joint);
        }
        operator.write(attribute, values, translation, &mut text);
    }
    expression(text)
}
