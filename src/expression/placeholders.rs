//! The placeholders of a request against its expressions.

use std::sync::Arc;

use compact_str::CompactString;

use crate::api::{ApiError, Placeholders};

use super::ExpressionKind;
use super::error::ExpressionError;

/// The most that all values of a request may hold together (facts §8).
const VALUES_MAX_BYTES: usize = 2 * 1024 * 1024;
/// The longest placeholder (facts §8).
const PLACEHOLDER_MAX_BYTES: usize = 255;

/// An expression that may use placeholders.
pub trait UsesPlaceholders {
    /// Which parameter of the request the expression stands in.
    fn kind(&self) -> ExpressionKind;

    /// The placeholders it uses; `None` where the request has no such expression.
    fn used(&self) -> Option<&UsedPlaceholders>;

    /// Whether the operands behind the placeholders fit their operators; called once all placeholders are defined.
    fn check_operands(&self, _placeholders: &Placeholders) -> Result<(), ApiError> {
        Ok(())
    }
}

/// An expression parameter that the operation has and the request leaves out; messages list those.
#[derive(Debug, Clone, Copy)]
pub struct Absent(pub ExpressionKind);

impl UsesPlaceholders for Absent {
    fn kind(&self) -> ExpressionKind {
        self.0
    }

    fn used(&self) -> Option<&UsedPlaceholders> {
        None
    }
}

impl<T: UsesPlaceholders + ?Sized> UsesPlaceholders for Arc<T> {
    fn kind(&self) -> ExpressionKind {
        (**self).kind()
    }

    fn used(&self) -> Option<&UsedPlaceholders> {
        (**self).used()
    }

    fn check_operands(&self, placeholders: &Placeholders) -> Result<(), ApiError> {
        (**self).check_operands(placeholders)
    }
}

/// The placeholders one expression uses, each once, sorted, with where it comes first.
#[derive(Debug, Clone, Default)]
pub struct UsedPlaceholders {
    names: Vec<(CompactString, usize)>,
    values: Vec<(CompactString, usize)>,
}

impl UsedPlaceholders {
    pub(super) fn add_name(&mut self, name: &str, position: usize) {
        self.names.push((name.into(), position));
    }

    pub(super) fn add_value(&mut self, value: &str, position: usize) {
        self.values.push((value.into(), position));
    }

    /// Brings the lists in order once the expression is read.
    pub(super) fn settle(&mut self) {
        for list in [&mut self.names, &mut self.values] {
            list.sort_unstable();
            list.dedup_by(|later, earlier| later.0 == earlier.0);
            list.shrink_to_fit();
        }
    }

    /// Whether document paths mean the same in every request.
    pub(super) fn has_no_names(&self) -> bool {
        self.names.is_empty()
    }

    fn uses_name(&self, name: &str) -> bool {
        self.names.binary_search_by(|(known, _)| known.as_str().cmp(name)).is_ok()
    }

    fn uses_value(&self, value: &str) -> bool {
        self.values.binary_search_by(|(known, _)| known.as_str().cmp(value)).is_ok()
    }

    pub(super) fn check_defined(&self, placeholders: &Placeholders) -> Result<(), ExpressionError> {
        if self.names.iter().any(|(name, _)| placeholders.name(name).is_none()) {
            let first = first_where(&self.names, |name| placeholders.name(name).is_none());
            return Err(ExpressionError::UndefinedName(first));
        }
        if self.values.iter().any(|(value, _)| placeholders.values.get(value).is_none()) {
            let first = first_where(&self.values, |value| placeholders.values.get(value).is_none());
            return Err(ExpressionError::UndefinedValue(first));
        }
        Ok(())
    }
}

/// The placeholder that comes first in the text among those that meet the condition.
fn first_where(used: &[(CompactString, usize)], condition: impl Fn(&str) -> bool) -> String {
    let matching = used.iter().filter(|(placeholder, _)| condition(placeholder));
    matching.min_by_key(|(_, position)| *position).map(|(placeholder, _)| placeholder.to_string()).unwrap_or_default()
}

/// Checks the placeholders of one request against all its expressions together, in the service's order: names and
/// values as given, then each expression with them, then what no expression uses.
///
/// Expressions come in the order update, condition, key condition, filter, projection; those the operation has and the
/// request leaves out may be given as [`Absent`].
pub fn check_placeholders(placeholders: &Placeholders, expressions: &[&dyn UsesPlaceholders]) -> Result<(), ApiError> {
    check_names(placeholders, expressions)?;
    check_values(placeholders, expressions)?;
    for expression in expressions {
        if let Some(used) = expression.used() {
            used.check_defined(placeholders).map_err(|error| error.of(expression.kind()))?;
            expression.check_operands(placeholders)?;
        }
    }
    let used = || expressions.iter().filter_map(|expression| expression.used());
    let names = placeholders.names.iter().map(|(name, _)| name);
    refuse_unused("ExpressionAttributeNames", names.filter(|name| !used().any(|used| used.uses_name(name))))?;
    let values = placeholders.values.iter().map(|(value, _)| value);
    refuse_unused("ExpressionAttributeValues", values.filter(|value| !used().any(|used| used.uses_value(value))))
}

fn check_names(placeholders: &Placeholders, expressions: &[&dyn UsesPlaceholders]) -> Result<(), ApiError> {
    if placeholders.names.is_empty() {
        return Ok(());
    }
    if expressions.iter().all(|expression| expression.used().is_none()) {
        return Err(ApiError::validation("ExpressionAttributeNames can only be specified when using expressions"));
    }
    let mut keys = placeholders.names.iter().map(|(name, _)| name);
    refuse_key("ExpressionAttributeNames", keys.find(|key| !is_placeholder(key, b'#')))
}

fn check_values(placeholders: &Placeholders, expressions: &[&dyn UsesPlaceholders]) -> Result<(), ApiError> {
    if placeholders.values.is_empty() {
        return Ok(());
    }
    let holds_values = |kind| kind != ExpressionKind::Projection;
    if !expressions.iter().any(|expression| expression.used().is_some() && holds_values(expression.kind())) {
        return Err(values_without_expression(expressions));
    }
    let mut keys = placeholders.values.iter().map(|(value, _)| value);
    refuse_key("ExpressionAttributeValues", keys.find(|key| !is_placeholder(key, b':')))?;
    for (placeholder, value) in placeholders.values.iter() {
        value.check().map_err(|invalid| {
            ApiError::validation(format!(
                "ExpressionAttributeValues contains invalid value: {invalid} for key {placeholder}"
            ))
        })?;
    }
    let size = placeholders.values.size_bytes();
    if size > VALUES_MAX_BYTES {
        // Not the service's text, which is not known to us.
        return Err(ApiError::validation(format!(
            "ExpressionAttributeValues exceeds the maximum allowed size; size: {size}, maximum: {VALUES_MAX_BYTES}"
        )));
    }
    Ok(())
}

/// The service lists the expressions that could have used the values.
fn values_without_expression(expressions: &[&dyn UsesPlaceholders]) -> ApiError {
    let absent: Vec<&str> = expressions
        .iter()
        .map(|expression| expression.kind())
        .filter(|kind| *kind != ExpressionKind::Projection)
        .map(ExpressionKind::parameter)
        .collect();
    let verb = if absent.len() == 1 { "is" } else { "are" };
    let list = if absent.is_empty() { String::new() } else { format!(": {} {verb} null", absent.join(" and ")) };
    ApiError::validation(format!("ExpressionAttributeValues can only be specified when using expressions{list}"))
}

fn is_placeholder(key: &str, mark: u8) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    match key.as_bytes() {
        [first, rest @ ..] => {
            *first == mark && !rest.is_empty() && key.len() <= PLACEHOLDER_MAX_BYTES && rest.iter().all(is_part)
        }
        [] => false,
    }
}

fn refuse_key(parameter: &str, key: Option<&CompactString>) -> Result<(), ApiError> {
    key.map_or(Ok(()), |key| {
        Err(ApiError::validation(format!("{parameter} contains invalid key: Syntax error; key: \"{key}\"")))
    })
}

fn refuse_unused<'a>(parameter: &str, unused: impl Iterator<Item = &'a CompactString>) -> Result<(), ApiError> {
    let mut unused = unused.peekable();
    if unused.peek().is_none() {
        return Ok(());
    }
    let keys: Vec<&str> = unused.map(CompactString::as_str).collect();
    let keys = keys.join(", ");
    Err(ApiError::validation(format!("Value provided in {parameter} unused in expressions: keys: {{{keys}}}")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::expression::fixture::{message, placeholders};
    use crate::expression::{Condition, KeyCondition, ProjectionExpression, Update};
    use crate::item::AttributeValue;

    fn filter(text: &str) -> Condition {
        Condition::parse(ExpressionKind::Filter, text).unwrap()
    }

    #[test]
    fn placeholders_may_be_shared_by_expressions() {
        let placeholders = placeholders(&[("#a", "a"), ("#b", "b")], json!({":v": {"N": "1"}, ":w": {"N": "1"}}));
        let update = Update::parse("SET #a = :v").unwrap();
        let condition = filter("#a = :v AND #b = :w");
        assert!(check_placeholders(&placeholders, &[&update, &condition]).is_ok());
        assert!(check_placeholders(&placeholders, &[&condition, &Absent(ExpressionKind::Projection)]).is_ok());
        assert!(check_placeholders(&Placeholders::default(), &[]).is_ok());
    }

    #[test]
    fn unused_placeholders_are_named() {
        let given = placeholders(&[("#a", "a"), ("#unused", "b")], json!({":v": {"N": "1"}, ":unused": {"N": "1"}}));
        let condition = filter("#a = :v");
        let names = "Value provided in ExpressionAttributeNames unused in expressions: keys: {#unused}";
        assert_eq!(message(check_placeholders(&given, &[&condition])), names);
        let given = Placeholders { names: [("#a".into(), "a".into())].into(), ..given };
        let values = "Value provided in ExpressionAttributeValues unused in expressions: keys: {:unused}";
        assert_eq!(message(check_placeholders(&given, &[&condition])), values);
    }

    #[test]
    fn undefined_placeholders_come_before_unused_ones() {
        let given = placeholders(&[("#unused", "b")], json!({}));
        let update = Update::parse("SET a = :v").unwrap();
        let expected = "Invalid UpdateExpression: An expression attribute value used in expression is not defined; attribute value: :v";
        assert_eq!(message(check_placeholders(&given, &[&update])), expected);
    }

    #[test]
    fn the_undefined_placeholder_that_is_written_first_is_named() {
        let condition = filter("#z = :z AND #a = :a");
        let given = placeholders(&[], json!({}));
        assert!(message(check_placeholders(&given, &[&condition])).ends_with("attribute name: #z"));
        let given = placeholders(&[("#a", "a"), ("#z", "z")], json!({}));
        assert!(message(check_placeholders(&given, &[&condition])).ends_with("attribute value: :z"));
    }

    #[test]
    fn placeholders_need_expressions() {
        let values = placeholders(&[], json!({":v": {"N": "1"}}));
        let absent = |kinds: &[ExpressionKind]| {
            let absent: Vec<Absent> = kinds.iter().map(|kind| Absent(*kind)).collect();
            let absent: Vec<&dyn UsesPlaceholders> = absent.iter().map(|absent| absent as _).collect();
            message(check_placeholders(&values, &absent))
        };
        let text = "ExpressionAttributeValues can only be specified when using expressions";
        assert_eq!(absent(&[]), text);
        assert_eq!(absent(&[ExpressionKind::Condition]), format!("{text}: ConditionExpression is null"));
        assert_eq!(
            absent(&[ExpressionKind::Update, ExpressionKind::Condition]),
            format!("{text}: UpdateExpression and ConditionExpression are null")
        );
        let projection = ProjectionExpression::parse("a").unwrap();
        let scan: [&dyn UsesPlaceholders; 2] = [&Absent(ExpressionKind::Filter), &projection];
        assert_eq!(message(check_placeholders(&values, &scan)), format!("{text}: FilterExpression is null"));
        let names = placeholders(&[("#a", "a")], json!({}));
        let expected = "ExpressionAttributeNames can only be specified when using expressions";
        assert_eq!(message(check_placeholders(&names, &[&Absent(ExpressionKind::Projection)])), expected);
    }

    #[test]
    fn placeholders_are_spelt_with_their_marks() {
        let condition = filter("a = :v");
        for key in ["a", "#", "#a-b", "#a.b", &format!("#{}", "a".repeat(255))] {
            let given = placeholders(&[(key, "a")], json!({":v": {"N": "1"}}));
            let expected = format!("ExpressionAttributeNames contains invalid key: Syntax error; key: \"{key}\"");
            assert_eq!(message(check_placeholders(&given, &[&condition])), expected);
        }
        let given = placeholders(&[], json!({"v": {"N": "1"}}));
        let expected = "ExpressionAttributeValues contains invalid key: Syntax error; key: \"v\"";
        assert_eq!(message(check_placeholders(&given, &[&condition])), expected);
    }

    #[test]
    fn values_keep_the_rules_of_attributes_wherever_they_are_used() {
        let condition = filter("a = :x");
        let with = |value: AttributeValue| Placeholders {
            values: [(":x".into(), value)].into_iter().collect(),
            ..Placeholders::default()
        };
        let nested = |levels| (0..levels).fold(AttributeValue::Null, |value, _| AttributeValue::L(vec![value]));
        let invalid = "One or more parameter values were invalid:";
        for (value, text) in [
            (AttributeValue::Ss(Vec::new()), format!("{invalid} An string set  may not be empty")),
            (
                AttributeValue::L(vec![AttributeValue::Ns(Vec::new())]),
                format!("{invalid} An number set  may not be empty"),
            ),
            (AttributeValue::Bs(Vec::new()), format!("{invalid} Binary sets should not be empty")),
            (nested(33), "Nesting Levels have exceeded supported limits".to_owned()),
        ] {
            let expected = format!("ExpressionAttributeValues contains invalid value: {text} for key :x");
            assert_eq!(message(check_placeholders(&with(value), &[&condition])), expected);
        }
        assert!(check_placeholders(&with(nested(32)), &[&condition]).is_ok());
    }

    #[test]
    fn values_have_a_limit_together() {
        let text = "x".repeat(VALUES_MAX_BYTES / 2);
        let given = placeholders(&[], json!({":v": {"S": text}, ":w": {"S": text}}));
        let expressions = filter("a = :v AND b = :w");
        assert!(message(check_placeholders(&given, &[&expressions])).contains("exceeds the maximum allowed size"));
    }

    #[test]
    fn a_thousand_names_are_matched_quickly() {
        let names: Vec<String> = (0..700).map(|at| format!("#{at}")).collect();
        let given: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), &name[1..])).collect();
        let given = placeholders(&given, json!({}));
        let projection = ProjectionExpression::parse(&names.join(",")).unwrap();
        let condition = KeyCondition::parse("#0 = :v").unwrap();
        let started = std::time::Instant::now();
        assert!(check_placeholders(&given, &[&projection]).is_ok());
        assert!(message(check_placeholders(&given, &[&projection, &condition])).ends_with(":v"));
        assert!(started.elapsed() < std::time::Duration::from_secs(1));
    }
}
