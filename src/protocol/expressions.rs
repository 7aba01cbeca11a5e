//! The rules for expressions and their placeholders that hold before any expression is read.

use compact_str::CompactString;

use crate::api::Placeholders;
use crate::item::Item;

use super::fault::{Decoded, Fault};
use super::json::Json;
use super::value::read_value;

/// The parameters of one operation, in the order messages list them.
#[derive(Debug, Clone, Copy)]
pub struct Parameters {
    /// Expressions.
    pub expressions: &'static [&'static str],
    /// Those from before expressions, which may not come together with them.
    pub legacy: &'static [&'static str],
}

/// The placeholders of a request, once it is clear that it has expressions to use them.
pub fn placeholders(body: &Json<'_>, parameters: Parameters) -> Decoded<Placeholders> {
    let given = |names: &[&'static str]| -> Vec<&'static str> {
        names.iter().copied().filter(|name| body.member(name).is_some()).collect()
    };
    let expressions = given(parameters.expressions);
    if !expressions.is_empty() {
        let mut legacy = given(parameters.legacy);
        // A Query may have KeyConditions beside the other expressions.
        if !expressions.contains(&"KeyConditionExpression") {
            legacy.retain(|name| *name != "KeyConditions");
        }
        if !legacy.is_empty() {
            return Err(Fault::validation(format!(
                "Can not use both expression and non-expression parameters in the same request: Non-expression \
                 parameters: {{{}}} Expression parameters: {{{}}}",
                legacy.join(", "),
                expressions.join(", ")
            )));
        }
    }
    let names = body.member("ExpressionAttributeNames");
    // An operation with a projection alone has no such parameter, and what is unknown is ignored.
    let takes_values = parameters.expressions.iter().any(|expression| *expression != "ProjectionExpression");
    let values = body.member("ExpressionAttributeValues").filter(|_| takes_values);
    if names.is_some() && expressions.is_empty() {
        return Err(Fault::validation("ExpressionAttributeNames can only be specified when using expressions"));
    }
    if values.is_some() && expressions.iter().all(|expression| *expression == "ProjectionExpression") {
        return Err(values_without_expression(parameters.expressions));
    }
    Ok(Placeholders {
        names: names.map_or(Ok(Vec::new()), read_names)?.into(),
        values: values.map_or(Ok(Item::new()), read_values)?,
    })
}

fn values_without_expression(expressions: &[&str]) -> Fault {
    let absent: Vec<&str> = expressions.iter().copied().filter(|name| *name != "ProjectionExpression").collect();
    let verb = if absent.len() == 1 { "is" } else { "are" };
    Fault::validation(format!(
        "ExpressionAttributeValues can only be specified when using expressions: {} {verb} null",
        absent.join(" and ")
    ))
}

fn read_names(names: &Json<'_>) -> Decoded<Vec<(CompactString, CompactString)>> {
    if names.members().is_empty() {
        return Err(Fault::validation("ExpressionAttributeNames must not be empty"));
    }
    check_keys("ExpressionAttributeNames", names, b'#')?;
    let names = names.distinct_members().into_iter();
    Ok(names.map(|(placeholder, name)| (placeholder.into(), name.text().unwrap_or_default().into())).collect())
}

fn read_values(values: &Json<'_>) -> Decoded<Item> {
    if values.members().is_empty() {
        return Err(Fault::validation("ExpressionAttributeValues must not be empty"));
    }
    check_keys("ExpressionAttributeValues", values, b':')?;
    let read = |(placeholder, value): &(std::borrow::Cow<'_, str>, Json<'_>)| match read_value(value) {
        Ok(value) => Ok(((&**placeholder).into(), value)),
        Err(invalid) => Err(Fault::validation(format!(
            "ExpressionAttributeValues contains invalid value: {} for key {placeholder}",
            invalid.0
        ))),
    };
    values.members().iter().map(read).collect()
}

fn check_keys(parameter: &str, placeholders: &Json<'_>, mark: u8) -> Decoded<()> {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let is_well_formed = |key: &str| match key.as_bytes() {
        [first, rest @ ..] => *first == mark && !rest.is_empty() && rest.iter().all(is_part),
        [] => false,
    };
    match placeholders.members().iter().find(|(key, _)| !is_well_formed(key)) {
        Some((key, _)) => {
            Err(Fault::validation(format!("{parameter} contains invalid key: Syntax error; key: \"{key}\"")))
        }
        None => Ok(()),
    }
}
