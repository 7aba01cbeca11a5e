//! Client request tokens: a transaction that comes again within ten minutes is not made again.

use std::collections::VecDeque;
use std::time::Duration;

use compact_str::CompactString;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use parking_lot::Mutex;

use crate::api::{ApiError, ErrorKind};
use crate::time::Time;

use super::limits::REQUEST_TOKEN_SECONDS;

/// The tokens of transactions that were made or are being made.
#[derive(Debug)]
pub struct Tokens(Mutex<Known>);

#[derive(Debug)]
struct Known {
    by_token: HashMap<CompactString, Seen, FixedState>,
    /// Tokens in the order they expire.
    expiring: VecDeque<(Time, CompactString)>,
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    fingerprint: u128,
    /// When it ends; `None` while it is being made.
    done: Option<Time>,
}

/// What to do with a transaction that has a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Make it, then say whether it was made.
    First,
    /// It was made already.
    Again,
}

impl Tokens {
    /// No tokens.
    pub fn new(seed: u64) -> Self {
        let by_token = HashMap::with_hasher(FixedState::with_seed(seed));
        Tokens(Mutex::new(Known { by_token, expiring: VecDeque::new() }))
    }

    /// Begins a transaction. Tokens that expired are forgotten on the way; each is touched once.
    pub fn begin(&self, now: Time, token: &CompactString, fingerprint: u128) -> Result<Turn, ApiError> {
        let mut known = self.0.lock();
        known.forget_expired(now);
        match known.by_token.get(token) {
            None => {
                known.by_token.insert(token.clone(), Seen { fingerprint, done: None });
                Ok(Turn::First)
            }
            Some(seen) if seen.fingerprint != fingerprint => Err(ApiError::new(
                ErrorKind::IdempotentParameterMismatch,
                "The request uses the same client token as a previous, but non-identical request. Do not reuse a client \
                 token with different requests, unless the requests are identical",
            )),
            Some(seen) if seen.done.is_none_or(|done| now < done) => Err(ApiError::new(
                ErrorKind::TransactionInProgress,
                "The transaction with the given request token is already in progress.",
            )),
            Some(_) => Ok(Turn::Again),
        }
    }

    /// A transaction that was begun ends at a time, from which on it is remembered. `None`: it was not made, and may come again
    /// with its token.
    pub fn end(&self, done: Option<Time>, token: &CompactString) {
        let mut known = self.0.lock();
        let Some(done) = done else {
            known.by_token.remove(token);
            return;
        };
        if let Some(seen) = known.by_token.get_mut(token) {
            seen.done = Some(done);
        }
        known.expiring.push_back((done + Duration::from_secs(REQUEST_TOKEN_SECONDS), token.clone()));
    }
}

impl Known {
    fn forget_expired(&mut self, now: Time) {
        while self.expiring.front().is_some_and(|(expires, _)| *expires <= now) {
            if let Some((_, token)) = self.expiring.pop_front() {
                self.by_token.remove(&token);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_remembered_for_ten_minutes() {
        let tokens = Tokens::new(1);
        let (token, at) = (CompactString::from("t"), |seconds: u64| Time::from_nanos(seconds * 1_000_000_000));
        assert_eq!(tokens.begin(at(1), &token, 7), Ok(Turn::First));
        let kind = |turn: Result<Turn, ApiError>| turn.map_err(|error| error.kind);
        assert_eq!(kind(tokens.begin(at(1), &token, 7)), Err(ErrorKind::TransactionInProgress));
        tokens.end(Some(at(1)), &token);
        assert_eq!(tokens.begin(at(600), &token, 7), Ok(Turn::Again));
        assert_eq!(kind(tokens.begin(at(600), &token, 8)), Err(ErrorKind::IdempotentParameterMismatch));
        assert_eq!(tokens.begin(at(601), &token, 8), Ok(Turn::First));
    }

    #[test]
    fn a_transaction_is_in_progress_until_it_ends_and_remembered_from_then_on() {
        let tokens = Tokens::new(1);
        let (token, at) = (CompactString::from("t"), |seconds: u64| Time::from_nanos(seconds * 1_000_000_000));
        assert_eq!(tokens.begin(at(1), &token, 7), Ok(Turn::First));
        tokens.end(Some(at(6)), &token);
        let kind = |turn: Result<Turn, ApiError>| turn.map_err(|error| error.kind);
        assert_eq!(kind(tokens.begin(at(5), &token, 7)), Err(ErrorKind::TransactionInProgress));
        assert_eq!(tokens.begin(at(6), &token, 7), Ok(Turn::Again));
        assert_eq!(tokens.begin(at(605), &token, 7), Ok(Turn::Again));
        assert_eq!(tokens.begin(at(606), &token, 7), Ok(Turn::First));
    }

    #[test]
    fn a_transaction_that_was_not_made_may_come_again() {
        let tokens = Tokens::new(1);
        let token = CompactString::from("t");
        assert_eq!(tokens.begin(Time::ZERO, &token, 7), Ok(Turn::First));
        tokens.end(None, &token);
        assert_eq!(tokens.begin(Time::ZERO, &token, 8), Ok(Turn::First));
    }
}
