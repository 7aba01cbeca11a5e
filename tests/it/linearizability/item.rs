//! One item with a number in it: a register and a counter, with conditions.

use std::ops::Range;

use dynamometer::api::*;
use dynamometer::engine::Engine;
use dynamometer::item::{AttributeValue, Item, PackedItem};
use dynamometer::time::Time;
use rand::{Rng, RngExt};

use crate::engine_requests::*;

use super::checker::{Clock, Operation};

/// The item's number; `None` where there is no item.
pub type State = Option<i64>;

/// How an item is read.
#[derive(Debug, Clone, Copy)]
pub enum Read {
    Consistent,
    /// The engine does not lag, so these are held to the same.
    Eventual,
    Query,
    Batch,
    Transaction,
}

/// A call and what came back.
#[derive(Debug, Clone)]
pub enum Call {
    Read(#[expect(dead_code, reason = "shown where a history fails")] Read, State),
    /// The item before.
    Put(i64, State),
    /// The item before.
    Delete(State),
    /// The number after.
    Add(i64, i64),
    /// Puts the second number if the first one stands there, or nothing does; the item as it stood if not.
    PutIf(State, i64, Result<(), State>),
    /// Adds if there is an item, in a transaction of its own; whether there was.
    AddIfExists(i64, bool),
}

/// The state after a call that was answered so.
pub fn step(state: &State, call: &Call) -> Option<State> {
    let answered = |as_it_was: bool, next: State| as_it_was.then_some(next);
    match *call {
        Call::Read(_, seen) => answered(seen == *state, *state),
        Call::Put(number, old) => answered(old == *state, Some(number)),
        Call::Delete(old) => answered(old == *state, None),
        Call::Add(amount, new) => answered(new == state.unwrap_or(0) + amount, Some(new)),
        Call::PutIf(expected, number, Ok(())) => answered(expected == *state, Some(number)),
        Call::PutIf(expected, _, Err(seen)) => answered(seen == *state && expected != *state, *state),
        Call::AddIfExists(amount, true) => state.map(|number| Some(number + amount)),
        Call::AddIfExists(_, false) => answered(state.is_none(), None),
    }
}

fn number(item: Option<Item>) -> State {
    item.map(|item| match item.get("n") {
        Some(AttributeValue::N(number)) => number.to_string().parse().expect("a whole number"),
        other => panic!("{other:?}"),
    })
}

/// Draws a call for the item, makes it and returns it with its answer. `fresh` is a number nobody else writes.
pub fn random_call(
    clock: &Clock,
    engine: &Engine,
    (table, key): (&str, &str),
    fresh: i64,
    random: &mut impl Rng,
) -> Operation<Call> {
    let choice = random.random_range(0..12);
    // What a condition expects was read before, in a call that is not part of the history.
    let expected = if PUT_IF.contains(&choice) { read(engine, table, key, Read::Consistent) } else { None };
    clock.record(|| make(engine, (table, key), choice, expected, fresh, random))
}

const PUT_IF: Range<u32> = 8..10;

fn make(
    engine: &Engine,
    (table, key): (&str, &str),
    choice: u32,
    expected: State,
    fresh: i64,
    random: &mut impl Rng,
) -> Call {
    let execute = |request: Request| engine.execute(Time::ZERO, &request).result;
    let written = |request: Request| match execute(request).expect("success").output {
        Output::Write { attributes } => number(attributes.as_ref().map(PackedItem::to_item)),
        other => panic!("{other:?}"),
    };
    let holding = |number: i64| item([("id", s(key)), ("n", n(number))]);
    match choice {
        0..4 => {
            let kinds = [Read::Consistent, Read::Eventual, Read::Query, Read::Batch, Read::Transaction];
            let kind = kinds[random.random_range(0..kinds.len())];
            Call::Read(kind, read(engine, table, key, kind))
        }
        4 => Call::Put(
            fresh,
            written(Request::PutItem(PutItem { return_values: ReturnValues::AllOld, ..put(table, holding(fresh)) })),
        ),
        5 => Call::Delete(written(Request::DeleteItem(DeleteItem {
            return_values: ReturnValues::AllOld,
            ..delete(table, id(key))
        }))),
        6 | 7 => {
            let amount = random.random_range(1..4);
            let add = update(table, id(key), "ADD n :amount", values([(":amount", n(amount))]));
            let new = written(Request::UpdateItem(UpdateItem { return_values: ReturnValues::AllNew, ..add }));
            Call::Add(amount, new.expect("the item as it became"))
        }
        choice if PUT_IF.contains(&choice) => {
            let (condition, placeholders) = match expected {
                None => ("attribute_not_exists(id)", Placeholders::default()),
                Some(number) => ("n = :n", values([(":n", n(number))])),
            };
            let result = execute(Request::PutItem(PutItem {
                condition_expression: Some(condition.into()),
                placeholders,
                return_item_on_condition_failure: true,
                ..put(table, holding(fresh))
            }));
            let answer = match result {
                Ok(_) => Ok(()),
                Err(error) if error.kind == ErrorKind::ConditionalCheckFailed => {
                    Err(number(error.item.as_ref().map(PackedItem::to_item)))
                }
                Err(error) => panic!("{error}"),
            };
            Call::PutIf(expected, fresh, answer)
        }
        _ => {
            let amount = random.random_range(1..4);
            let mut add = update(table, id(key), "SET n = n + :amount", values([(":amount", n(amount))]));
            add.condition_expression = Some("attribute_exists(id)".into());
            let request = Request::TransactWriteItems(transaction(vec![TransactWrite::Update(add)]));
            match execute(request) {
                Ok(_) => Call::AddIfExists(amount, true),
                Err(error) if error.kind == ErrorKind::TransactionCanceled => {
                    assert_eq!(error.cancellation_reasons[0].code, "ConditionalCheckFailed");
                    Call::AddIfExists(amount, false)
                }
                Err(error) => panic!("{error}"),
            }
        }
    }
}

fn read(engine: &Engine, table: &str, key: &str, kind: Read) -> State {
    let request = match kind {
        Read::Consistent => Request::GetItem(GetItem { consistent_read: true, ..get(table, id(key)) }),
        Read::Eventual => Request::GetItem(get(table, id(key))),
        Read::Query => {
            let query = query(table, None, "id = :id", values([(":id", s(key))]));
            Request::Query(Query { consistent_read: true, ..query })
        }
        Read::Batch => Request::BatchGetItem(batch_get(table, vec![id(key)])),
        Read::Transaction => {
            Request::TransactGetItems(TransactGetItems { transact_items: vec![transact_get(table, id(key))] })
        }
    };
    let items = match engine.execute(Time::ZERO, &request).result.expect("success").output {
        Output::GetItem { item } => item.as_ref().map(PackedItem::to_item),
        Output::Page(page) => page.items.first().map(PackedItem::to_item),
        Output::BatchGetItem { responses, .. } => {
            responses.iter().flat_map(|(_, items)| items).map(PackedItem::to_item).next()
        }
        Output::TransactGetItems { items } => items[0].as_ref().map(PackedItem::to_item),
        other => panic!("{other:?}"),
    };
    number(items)
}
