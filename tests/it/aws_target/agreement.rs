//! The same requests to the bundled engine and, through the driver, to moto's server: random sequences of all ten operations,
//! whose answers must agree. Where moto 5.2 is not DynamoDB, [`DEVIATIONS`] says so; what it gets wrong in a way that would
//! leave the two with different items is not asked of it.
//!
//! Not asked: TransactGetItems with a projection (moto returns whole items; API: TransactGet, ProjectionExpression); a Scan that
//! only counts (moto returns the items; API: Select); UPDATED_OLD and UPDATED_NEW (moto leaves out attributes that got the value
//! they had, and returns the key of an item the update created; API: "only the updated attributes"); `#name[0]` (moto takes the
//! name for unused); `size()` of what is not there (moto fails) and of letters of several bytes (moto counts letters); BETWEEN
//! around zero (moto takes a zero for nothing); operands that do not fit the item, idempotency tokens, the order of equal index
//! keys and of a Scan, consumed capacity (`moto.rs` says how it differs).

mod draw;

use std::collections::BTreeSet;

use dynamometer::api::*;
use dynamometer::engine::{Enforcement, Engine, EngineOptions};
use dynamometer::item::item_to_json;
use dynamometer::target::Target;
use dynamometer::target::aws::AwsTarget;
use dynamometer::time::Time;
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use serde_json::{Value, json};

use crate::moto::Moto;

use super::{call, target_at};

/// Sequences, unless PROPTEST_CASES asks for more.
const SEQUENCES: u64 = 12;
const REQUESTS: usize = 100;

/// Where the two differ and DynamoDB is the engine's: what the engine's answer contains, what moto's contains, and who says
/// that moto is wrong.
const DEVIATIONS: [(&str, &str, &str); 7] = [
    ("Syntax error; token:", "HTTP 500", "facts, appendix A: a syntax error is a ValidationException"),
    ("reserved keyword: size", "HTTP 500", "DG: ReservedWords"),
    ("name used in the document path is not defined", "HTTP 500", "facts, appendix A: an undefined name is named"),
    (
        "The provided key element does not match the schema",
        r#"{"item":null}"#,
        "facts, appendix A: a key of another type",
    ),
    (
        "The provided key element does not match the schema",
        r#""Validation Exception""#,
        "facts, appendix A: half a key",
    ),
    ("cannot contain an empty string value. Key: pk", "may not contain an empty string", "the text before 2020"),
    ("Value '[]' at 'transactItems'", r#"{"items":[]}"#, "facts, appendix A: an empty transaction"),
];

/// An answer that can be compared: lists without an order of their own are sorted.
fn shown(request: &Request, outcome: &Outcome) -> Value {
    let sorted = |mut items: Vec<Value>| {
        items.sort_by_key(Value::to_string);
        Value::Array(items)
    };
    let output = match &outcome.result {
        Ok(response) => &response.output,
        Err(error) => {
            let reasons: Vec<&str> = error.cancellation_reasons.iter().map(|reason| reason.code).collect();
            let item = error.item.as_ref().map(|item| item_to_json(&item.to_item()));
            return json!({ "error": error.kind.name(), "message": error.message, "reasons": reasons, "item": item });
        }
    };
    match output {
        Output::Write { attributes } => {
            json!({ "attributes": attributes.as_ref().map(|item| item_to_json(&item.to_item())) })
        }
        Output::GetItem { item } => json!({ "item": item.as_ref().map(|item| item_to_json(&item.to_item())) }),
        Output::Page(page) => {
            let items = page.items.iter().map(|item| item_to_json(&item.to_item())).collect();
            let in_order = matches!(request, Request::Query(query) if query.index_name.is_none());
            json!({
                "items": if in_order { Value::Array(items) } else { sorted(items) },
                "count": page.count,
                "scanned": page.scanned_count,
                "next": (!ends_at_limit(request, page)).then(|| page.last_evaluated_key.as_ref().map(item_to_json)),
            })
        }
        Output::BatchGetItem { responses, unprocessed_keys } => json!({
            "items": sorted(responses.iter().flat_map(|(_, items)| items).map(|item| item_to_json(&item.to_item())).collect()),
            "unprocessed": unprocessed_keys.len(),
        }),
        Output::BatchWriteItem { unprocessed_items } => json!({ "unprocessed": unprocessed_items.len() }),
        Output::TransactGetItems { items } => {
            json!({ "items": items.iter().map(|item| item.as_ref().map(|item| item_to_json(&item.to_item()))).collect::<Vec<_>>() })
        }
        Output::TransactWriteItems => json!("written"),
    }
}

/// Whether the page took as many items as it may. Then there is a LastEvaluatedKey even if nothing is left (facts §10.6); moto
/// looks whether something is.
fn ends_at_limit(request: &Request, page: &Page) -> bool {
    matches!(request, Request::Query(Query { limit: Some(limit), .. }) if u64::from(*limit) == page.scanned_count)
}

/// Why the difference is moto's, if it is known.
fn known_deviation(ours: &str, theirs: &str) -> Option<&'static str> {
    DEVIATIONS
        .iter()
        .find(|(engine, moto, _)| ours.contains(engine) && theirs.contains(moto))
        .map(|(_, _, reason)| *reason)
}

async fn differences(target: &AwsTarget, seed: u64, met: &mut BTreeSet<&'static str>) -> Vec<String> {
    let name = format!("agreement_{seed}");
    let table = draw::table(&name);
    target.prepare(std::slice::from_ref(&table)).await.expect("moto creates the table");
    let engine = Engine::new(EngineOptions { capacity: Enforcement::Off, ..EngineOptions::default() });
    engine.create_table(Time::ZERO, &table).expect("the engine creates the table");

    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut found = Vec::new();
    for number in 0..REQUESTS {
        let request = draw::request(&name, &mut random);
        let ours = shown(&request, &engine.execute(Time::ZERO, &request)).to_string();
        let theirs = match call(target, request.clone()).await {
            Ok(outcome) => shown(&request, &outcome).to_string(),
            Err(error) => format!("{error}"),
        };
        if ours == theirs {
            continue;
        }
        match known_deviation(&ours, &theirs) {
            Some(reason) => _ = met.insert(reason),
            None => found.push(format!("seed {seed}, request {number}: {request:?}\nengine: {ours}\nmoto:   {theirs}")),
        }
    }
    found
}

#[tokio::test]
async fn random_requests_are_answered_as_moto_answers_them() {
    let Some(moto) = Moto::server() else { return };
    let target = target_at(moto.url()).await;
    let sequences = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(SEQUENCES);
    let mut met = BTreeSet::new();
    for seed in 0..sequences {
        let found = differences(&target, seed, &mut met).await;
        assert!(found.is_empty(), "{} differences, the first of them:\n{}", found.len(), found[0]);
    }
    let unmet = DEVIATIONS.iter().filter(|(_, _, reason)| !met.contains(reason));
    assert_eq!(unmet.collect::<Vec<_>>(), Vec::<&(&str, &str, &str)>::new(), "listed and not met: is moto mended?");
}
