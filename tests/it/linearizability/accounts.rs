//! Accounts in two tables, with transactions that move amounts between them and see them all.

use dynamometer::api::*;
use dynamometer::engine::Engine;
use dynamometer::item::AttributeValue;
use dynamometer::time::Time;
use rand::{Rng, RngExt};

use crate::engine_requests::*;

use super::checker::{Clock, Operation};

pub const TABLES: [&str; 2] = ["savings", "checking"];
pub const ACCOUNTS: usize = 4;
pub const OPENING: i64 = 10;

/// What every account holds.
pub type State = [i64; ACCOUNTS];

/// A call and what came back.
#[derive(Debug, Clone)]
pub enum Call {
    /// Moves an amount if it is there; whether it was.
    Move { from: usize, to: usize, amount: i64, made: bool },
    /// Makes an account hold an amount if another one holds some; whether it did.
    SetIf { looked_at: usize, held: i64, changed: usize, amount: i64, made: bool },
    /// All accounts at one moment.
    All(State),
    /// One account.
    One(usize, i64),
    /// Pays in; what the account holds after it.
    PayIn(usize, i64, i64),
}

/// The state after a call that was answered so.
pub fn step(state: &State, call: &Call) -> Option<State> {
    let with = |changes: &[(usize, i64)]| {
        let mut next = *state;
        for (account, amount) in changes {
            next[*account] += amount;
        }
        next
    };
    match *call {
        Call::Move { from, to, amount, made } => {
            let covered = state[from] >= amount;
            (covered == made).then(|| if made { with(&[(from, -amount), (to, amount)]) } else { *state })
        }
        Call::SetIf { looked_at, held, changed, amount, made } => {
            let holds = state[looked_at] == held;
            (holds == made).then(|| if made { with(&[(changed, amount - state[changed])]) } else { *state })
        }
        Call::All(seen) => (seen == *state).then_some(*state),
        Call::One(account, seen) => (seen == state[account]).then_some(*state),
        Call::PayIn(account, amount, new) => (new == state[account] + amount).then(|| with(&[(account, amount)])),
    }
}

const fn table_of(account: usize) -> &'static str {
    TABLES[account % 2]
}

fn key_of(account: usize) -> dynamometer::item::Item {
    id(&account.to_string())
}

fn amount_of(item: &dynamometer::item::Item) -> i64 {
    match item.get("n") {
        Some(AttributeValue::N(number)) => number.to_string().parse().expect("a whole number"),
        other => panic!("{other:?}"),
    }
}

/// Opens the accounts.
pub fn open(engine: &Engine) {
    for account in 0..ACCOUNTS {
        let mut item = key_of(account);
        item.insert("n".into(), n(OPENING));
        assert!(engine.execute(Time::ZERO, &Request::PutItem(put(table_of(account), item))).result.is_ok());
    }
}

/// Draws a call, makes it and returns it with its answer.
pub fn random_call(clock: &Clock, engine: &Engine, random: &mut impl Rng) -> Operation<Call> {
    let looked_at = random.random_range(0..ACCOUNTS);
    // What a condition expects was read before, in a call that is not part of the history.
    let held = one(engine, looked_at);
    clock.record(|| make(engine, (looked_at, held), random))
}

fn make(engine: &Engine, (looked_at, held): (usize, i64), random: &mut impl Rng) -> Call {
    let execute = |request: Request| engine.execute(Time::ZERO, &request).result;
    let two = |random: &mut _| {
        let one = RngExt::random_range(random, 0..ACCOUNTS);
        (one, (one + RngExt::random_range(random, 1..ACCOUNTS)) % ACCOUNTS)
    };
    match random.random_range(0..10) {
        0..4 => {
            let (from, to) = two(random);
            let amount = random.random_range(1..8);
            let amounts = || values([(":amount", n(amount))]);
            let mut take = update(table_of(from), key_of(from), "SET n = n - :amount", amounts());
            take.condition_expression = Some("n >= :amount".into());
            let give = update(table_of(to), key_of(to), "ADD n :amount", amounts());
            let mut actions = vec![TransactWrite::Update(take), TransactWrite::Update(give)];
            if random.random() {
                actions.reverse();
            }
            Call::Move { from, to, amount, made: is_made(execute(Request::TransactWriteItems(transaction(actions)))) }
        }
        4 => {
            let changed = (looked_at + random.random_range(1..ACCOUNTS)) % ACCOUNTS;
            let amount = random.random_range(0..20);
            let check = TransactWrite::ConditionCheck(ConditionCheck {
                table_name: table_of(looked_at).into(),
                key: key_of(looked_at),
                condition_expression: "n = :held".into(),
                placeholders: values([(":held", n(held))]),
                return_item_on_condition_failure: false,
            });
            let mut item = key_of(changed);
            item.insert("n".into(), n(amount));
            let actions = vec![check, TransactWrite::Put(put(table_of(changed), item))];
            let made = is_made(execute(Request::TransactWriteItems(transaction(actions))));
            Call::SetIf { looked_at, held, changed, amount, made }
        }
        5..8 => {
            let transact_items =
                (0..ACCOUNTS).map(|account| transact_get(table_of(account), key_of(account))).collect();
            let result = execute(Request::TransactGetItems(TransactGetItems { transact_items }));
            let Output::TransactGetItems { items } = result.expect("success").output else { panic!() };
            let amounts: Vec<i64> = items.iter().flatten().map(|item| amount_of(&item.to_item())).collect();
            Call::All(amounts.try_into().expect("every account"))
        }
        8 => {
            let account = random.random_range(0..ACCOUNTS);
            Call::One(account, one(engine, account))
        }
        _ => {
            let (account, amount) = (random.random_range(0..ACCOUNTS), random.random_range(1..5));
            let add = update(table_of(account), key_of(account), "ADD n :amount", values([(":amount", n(amount))]));
            let result = execute(Request::UpdateItem(UpdateItem { return_values: ReturnValues::AllNew, ..add }));
            let Output::Write { attributes: Some(item) } = result.expect("success").output else { panic!() };
            Call::PayIn(account, amount, amount_of(&item.to_item()))
        }
    }
}

fn one(engine: &Engine, account: usize) -> i64 {
    let request = GetItem { consistent_read: true, ..get(table_of(account), key_of(account)) };
    match engine.execute(Time::ZERO, &Request::GetItem(request)).result.expect("success").output {
        Output::GetItem { item: Some(item) } => amount_of(&item.to_item()),
        other => panic!("{other:?}"),
    }
}

fn is_made(result: Result<Response, ApiError>) -> bool {
    match result {
        Ok(_) => true,
        Err(error) => {
            assert_eq!(error.kind, ErrorKind::TransactionCanceled, "{error}");
            let stopped = error.cancellation_reasons.iter().filter(|reason| reason.code != "None");
            assert_eq!(stopped.map(|reason| reason.code).collect::<Vec<_>>(), ["ConditionalCheckFailed"]);
            false
        }
    }
}
