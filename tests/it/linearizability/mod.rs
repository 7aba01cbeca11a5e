//! Several threads at few items: what they were answered must have an order. Items are checked one by one, which is enough
//! for linearizability; transactions are checked over all items together, which is strict serialisability.
//!
//! The order of invocations and returns is that of a counter. A failure prints the seed; threads interleave as they please,
//! so that it need not fail again.

mod accounts;
mod checker;
mod item;

use std::collections::BTreeMap;

use dynamometer::api::CapacityMode;
use dynamometer::engine::{Enforcement, Engine};
use rand::{Rng, RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::engine_requests::{engine, table};

use checker::{Clock, Operation, is_linearizable};

const THREADS: u64 = 4;
/// Histories, unless PROPTEST_CASES asks for more.
const ROUNDS: u64 = 24;

/// How many histories are recorded.
fn rounds() -> u64 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(ROUNDS)
}

/// What all threads did, each making `calls` calls.
fn record<C: Send>(seed: u64, calls: u64, call: impl Fn(&Clock, u64, &mut Xoshiro256PlusPlus) -> C + Sync) -> Vec<C> {
    let clock = Clock::default();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                let (clock, call) = (&clock, &call);
                scope.spawn(move || {
                    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed * THREADS + thread);
                    let numbers = (0..calls).map(|number| number * THREADS + thread);
                    numbers.map(|number| call(clock, number, &mut random)).collect::<Vec<_>>()
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect()
    })
}

fn item_histories(seed: u64) -> BTreeMap<usize, Vec<Operation<item::Call>>> {
    const KEYS: [&str; 3] = ["a", "b", "c"];
    let engine = engine(Enforcement::Off, &[table("tab", CapacityMode::ON_DEMAND)]);
    let operations = record(seed, 400, |clock, number, random| {
        let key = random.random_range(0..KEYS.len());
        // Far from what additions reach, so that a number tells who wrote it.
        let fresh = 1_000_000 * (1 + number as i64);
        (key, item::random_call(clock, &engine, ("tab", KEYS[key]), fresh, random))
    });
    let mut histories = BTreeMap::<_, Vec<_>>::new();
    for (key, operation) in operations {
        histories.entry(key).or_default().push(operation);
    }
    histories
}

fn account_history(seed: u64, engine: &Engine) -> Vec<Operation<accounts::Call>> {
    accounts::open(engine);
    record(seed, 150, |clock, _, random| accounts::random_call(clock, engine, random))
}

fn overlapping<C>(history: &[Operation<C>]) -> usize {
    let mut sorted: Vec<(u64, u64)> = history.iter().map(|operation| (operation.invoked, operation.returned)).collect();
    sorted.sort_unstable();
    sorted.windows(2).filter(|pair| pair[1].0 < pair[0].1).count()
}

#[test]
fn every_item_is_linearizable() {
    let mut overlaps = 0;
    for seed in 0..rounds() {
        for (key, history) in item_histories(seed) {
            overlaps += overlapping(&history);
            assert!(is_linearizable(None, history.clone(), item::step), "seed {seed}, item {key}: {history:?}");
        }
    }
    assert!(overlaps > 0, "nothing happened at the same time");
}

#[test]
fn transactions_are_strictly_serialisable() {
    let mut overlaps = 0;
    for seed in 0..rounds() {
        let engine = engine(Enforcement::Off, &accounts::TABLES.map(|name| table(name, CapacityMode::ON_DEMAND)));
        let history = account_history(seed, &engine);
        overlaps += overlapping(&history);
        let opened = [accounts::OPENING; accounts::ACCOUNTS];
        assert!(is_linearizable(opened, history.clone(), accounts::step), "seed {seed}: {history:?}");
    }
    assert!(overlaps > 0, "nothing happened at the same time");
}

/// A history from (invoked, returned, call).
fn history<C: Clone>(operations: &[(u64, u64, C)]) -> Vec<Operation<C>> {
    let operation = |(invoked, returned, call): &(u64, u64, C)| Operation {
        call: call.clone(),
        invoked: *invoked,
        returned: *returned,
    };
    operations.iter().map(operation).collect()
}

#[test]
fn the_checker_refuses_what_an_item_cannot_have_answered() {
    use item::{Call, Read};
    let holds = |operations: &[(u64, u64, Call)]| is_linearizable(None, history(operations), item::step);
    let read = |seen| Call::Read(Read::Consistent, seen);

    let stale_read = [(0, 1, Call::Put(1, None)), (2, 3, Call::Put(2, Some(1))), (4, 5, read(Some(1)))];
    assert!(!holds(&stale_read));
    let read_before_the_write = [(0, 1, read(Some(1))), (2, 3, Call::Put(1, None))];
    assert!(!holds(&read_before_the_write));
    let lost_update = [(0, 1, Call::Put(0, None)), (2, 5, Call::Add(1, 1)), (3, 4, Call::Add(1, 1))];
    assert!(!holds(&lost_update));
    let both_win = [(0, 3, Call::PutIf(None, 1, Ok(()))), (1, 2, Call::PutIf(None, 2, Ok(())))];
    assert!(!holds(&both_win));
    let failed_for_nothing = [(0, 1, Call::Put(1, None)), (2, 3, Call::PutIf(Some(1), 2, Err(Some(1))))];
    assert!(!holds(&failed_for_nothing));
    let back_and_forth = [(0, 9, Call::Put(1, None)), (1, 2, read(Some(1))), (3, 4, read(None)), (5, 6, read(Some(1)))];
    assert!(!holds(&back_and_forth));
    let resurrected = [(0, 1, Call::Put(1, None)), (2, 3, Call::Delete(Some(1))), (4, 5, Call::AddIfExists(1, true))];
    assert!(!holds(&resurrected));
}

#[test]
fn the_checker_allows_what_may_have_happened_in_either_order() {
    use item::{Call, Read};
    let holds = |operations: &[(u64, u64, Call)]| is_linearizable(None, history(operations), item::step);
    for seen in [None, Some(1)] {
        assert!(holds(&[(0, 3, Call::Put(1, None)), (1, 2, Call::Read(Read::Consistent, seen))]));
    }
    assert!(holds(&[(0, 3, Call::Add(1, 2)), (1, 2, Call::Add(1, 1))]));
    assert!(holds(&[(0, 3, Call::PutIf(None, 1, Err(Some(2)))), (1, 2, Call::PutIf(None, 2, Ok(())))]));
    assert!(holds(&[]));
}

#[test]
fn the_checker_refuses_what_transactions_cannot_have_answered() {
    use accounts::Call;
    let holds = |operations: &[(u64, u64, Call)]| is_linearizable([10; 4], history(operations), accounts::step);
    let transfer = Call::Move { from: 0, to: 1, amount: 4, made: true };

    let torn = [(0, 3, transfer.clone()), (1, 2, Call::All([6, 10, 10, 10]))];
    assert!(!holds(&torn));
    let torn_for_single_reads = [(0, 5, transfer.clone()), (1, 2, Call::One(1, 14)), (3, 4, Call::One(0, 10))];
    assert!(!holds(&torn_for_single_reads));
    let stale_snapshot = [(0, 1, transfer.clone()), (2, 3, Call::All([10; 4]))];
    assert!(!holds(&stale_snapshot));
    let lost = [(0, 3, transfer.clone()), (1, 2, Call::PayIn(0, 1, 11)), (4, 5, Call::All([11, 14, 10, 10]))];
    assert!(!holds(&lost));
    // Each of the two writes on what the other one was about to change.
    let skewed = [
        (0, 3, Call::SetIf { looked_at: 0, held: 10, changed: 1, amount: 0, made: true }),
        (1, 2, Call::SetIf { looked_at: 1, held: 10, changed: 0, amount: 0, made: true }),
    ];
    assert!(!holds(&skewed));
    // Two observers who disagree about the order of two payments.
    let disagreeing = [
        (0, 9, Call::PayIn(0, 1, 11)),
        (1, 8, Call::PayIn(1, 1, 11)),
        (2, 3, Call::All([11, 10, 10, 10])),
        (4, 5, Call::All([10, 11, 10, 10])),
    ];
    assert!(!holds(&disagreeing));
    for seen in [[10; 4], [6, 14, 10, 10]] {
        assert!(holds(&[(0, 3, transfer.clone()), (1, 2, Call::All(seen))]));
    }
}

/// One answer of a real history made wrong: a number nobody wrote, or a snapshot with an amount too much.
#[test]
fn the_checker_finds_one_wrong_answer_among_hundreds() {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(7);
    let mut pick = |places: Vec<usize>| places[random.next_u64() as usize % places.len()];
    for (_, mut history) in item_histories(1_000) {
        let reads = history.iter().enumerate().filter(|(_, operation)| matches!(operation.call, item::Call::Read(..)));
        let at = pick(reads.map(|(at, _)| at).collect());
        history[at].call = item::Call::Read(item::Read::Consistent, Some(-1));
        assert!(!is_linearizable(None, history, item::step));
    }
    let engine = engine(Enforcement::Off, &accounts::TABLES.map(|name| table(name, CapacityMode::ON_DEMAND)));
    let mut history = account_history(1_000, &engine);
    let snapshots =
        history.iter().enumerate().filter(|(_, operation)| matches!(operation.call, accounts::Call::All(_)));
    let at = pick(snapshots.map(|(at, _)| at).collect());
    if let accounts::Call::All(seen) = &mut history[at].call {
        seen[0] += 100_000;
    }
    assert!(!is_linearizable([accounts::OPENING; accounts::ACCOUNTS], history, accounts::step));
}
