//! Query and Scan.

use std::sync::Arc;

use crate::api::{IndexName, Placeholders, Query, Scan, Segment, Select};
use crate::item::Item;
use crate::protocol::expressions::{Parameters, placeholders};
use crate::protocol::fault::{Decoded, Fault};
use crate::protocol::json::Json;
use crate::protocol::legacy::{self, Translation};
use crate::protocol::value::read_item;

use super::{expression, flag, table_name, text};

const QUERY: Parameters = Parameters {
    expressions: &["ProjectionExpression", "FilterExpression", "KeyConditionExpression"],
    legacy: &["AttributesToGet", "QueryFilter", "ConditionalOperator", "KeyConditions"],
};
const SCAN: Parameters = Parameters {
    expressions: &["ProjectionExpression", "FilterExpression"],
    legacy: &["AttributesToGet", "ScanFilter", "ConditionalOperator"],
};

/// What a page returns of which items.
struct Choice {
    projection: Option<Arc<str>>,
    filter: Option<Arc<str>>,
}

/// Query.
pub fn query(body: &Json<'_>) -> Decoded<Query> {
    if body.member("Limit").and_then(Json::integer).is_some_and(|limit| limit < 1) {
        return Err(Fault::validation(
            "1 validation error detected: Value at 'Limit' failed to satisfy constraint: Member must have value greater than \
             or equal to 1",
        ));
    }
    let given = placeholders(body, QUERY)?;
    let exclusive_start_key = start_key(body)?;
    let mut translation = Translation::beside(&given);
    let Choice { projection, filter } = choice(body, "QueryFilter", &mut translation)?;
    let key_condition = legacy::key_conditions(body, &mut translation)?;
    let key_condition_expression = expression(body, "KeyConditionExpression").or(key_condition).ok_or_else(|| {
        Fault::validation(
            "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.",
        )
    })?;
    Ok(Query {
        table_name: table_name(body),
        index_name: index_name(body),
        key_condition_expression,
        filter_expression: filter,
        projection_expression: projection,
        placeholders: translation.with(given),
        select: select(body),
        limit: limit(body),
        scan_index_forward: body.member("ScanIndexForward").and_then(Json::boolean).unwrap_or(true),
        consistent_read: flag(body, "ConsistentRead"),
        exclusive_start_key,
    })
}

/// Scan.
pub fn scan(body: &Json<'_>) -> Decoded<Scan> {
    let given: Placeholders = placeholders(body, SCAN)?;
    let exclusive_start_key = start_key(body)?;
    let segment = segment(body)?;
    let mut translation = Translation::beside(&given);
    let Choice { projection, filter } = choice(body, "ScanFilter", &mut translation)?;
    Ok(Scan {
        table_name: table_name(body),
        index_name: index_name(body),
        filter_expression: filter,
        projection_expression: projection,
        placeholders: translation.with(given),
        select: select(body),
        limit: limit(body),
        segment,
        consistent_read: flag(body, "ConsistentRead"),
        exclusive_start_key,
    })
}

fn choice(body: &Json<'_>, legacy_filter: &str, translation: &mut Translation) -> Decoded<Choice> {
    let projection = legacy::attributes_to_get(body, translation)?;
    let filter = legacy::filter(body, legacy_filter, translation)?;
    Ok(Choice {
        projection: expression(body, "ProjectionExpression").or(projection),
        filter: expression(body, "FilterExpression").or(filter),
    })
}

fn index_name(body: &Json<'_>) -> Option<IndexName> {
    text(body, "IndexName").map(IndexName::from)
}

fn start_key(body: &Json<'_>) -> Decoded<Option<Item>> {
    let invalid = |text: String| Fault::validation(format!("The provided starting key is invalid: {text}"));
    let key = body.member("ExclusiveStartKey").map(read_item).transpose();
    key.map_err(|error| invalid(error.0))
}

fn select(body: &Json<'_>) -> Option<Select> {
    Some(match text(body, "Select")? {
        "ALL_ATTRIBUTES" => Select::AllAttributes,
        "ALL_PROJECTED_ATTRIBUTES" => Select::AllProjectedAttributes,
        "SPECIFIC_ATTRIBUTES" => Select::SpecificAttributes,
        _ => Select::Count,
    })
}

/// The limit, at least 1 by now; more than a table can hold is no limit.
fn limit(body: &Json<'_>) -> Option<u32> {
    let limit = body.member("Limit")?.integer()?;
    Some(u32::try_from(limit).unwrap_or(u32::MAX))
}

fn segment(body: &Json<'_>) -> Decoded<Option<Segment>> {
    // Both are within the model's limits by now.
    let number =
        |name| body.member(name).and_then(Json::integer).map(|number| u32::try_from(number).unwrap_or(u32::MAX));
    match (number("Segment"), number("TotalSegments")) {
        (None, None) => Ok(None),
        (Some(segment), Some(total_segments)) => Ok(Some(Segment { segment, total_segments })),
        (Some(_), None) => Err(Fault::validation(
            "The TotalSegments parameter is required but was not present in the request when Segment parameter is present",
        )),
        (None, Some(_)) => Err(Fault::validation(
            "The Segment parameter is required but was not present in the request when parameter TotalSegments is present",
        )),
    }
}
