//! A session: one operation from its first request to its end, through pages, partial batches and retries.
//!
//! Pure: it is handed the time and the answer, and says what to do next. Real and virtual time share it.

use std::sync::Arc;

use crate::api::{ApiError, BatchGetItem, BatchWriteItem, ErrorKind, Outcome, Output, Request, Response};
use crate::record::{Failure, OutcomeKind, Sample};
use crate::target::CallError;
use crate::time::Time;
use crate::workload::{OperationSpec, Shot};

use super::retry::{Jitter, RetryClass, RetryPolicy, RetryQuota};

/// What came back of an attempt.
#[derive(Debug)]
pub(super) enum Answer {
    /// The service answered.
    Replied(Outcome),
    /// No answer of the API came.
    Failed(CallError),
    /// No answer came in time.
    TimedOut,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Send the session's request at once.
    Send,
    /// Send it at this time.
    SendAt(Time),
    /// The operation has ended.
    Done(OutcomeKind),
}

/// What all sessions of a run share.
#[derive(Debug)]
pub(super) struct Client {
    pub policy: RetryPolicy,
    pub quota: RetryQuota,
    pub jitter: Jitter,
}

/// One operation on its way.
#[derive(Debug)]
pub(super) struct Session {
    pub shot: Shot,
    pub request: Arc<Request>,
    pub due: Time,
    free: Time,
    sent: Option<Time>,
    attempts: u32,
    retries: u32,
    /// Attempts since the request last got ahead: what the policy bounds.
    tries: u32,
    /// Tokens the last retry took from the quota.
    borrowed: u32,
    items: u64,
    /// What the operation has come to if it is given up now.
    so_far: OutcomeKind,
}

impl Session {
    /// An operation that is due at `due`, for which a place in flight was free at `free`.
    pub fn new(shot: Shot, request: impl Into<Arc<Request>>, due: Time, free: Time) -> Self {
        Session {
            shot,
            request: request.into(),
            due,
            free,
            sent: None,
            attempts: 0,
            retries: 0,
            tries: 0,
            borrowed: 0,
            items: 0,
            so_far: OutcomeKind::TimedOut,
        }
    }

    /// The request is sent now.
    #[inline]
    pub fn sending(&mut self, now: Time) {
        self.sent.get_or_insert(now);
        self.attempts += 1;
        self.tries += 1;
    }

    /// An answer came now.
    pub fn receive(&mut self, now: Time, answer: &Answer, operation: &OperationSpec, client: &Client) -> Step {
        match answer {
            Answer::Replied(Outcome { result: Ok(response), .. }) => self.succeeded(now, response, operation, client),
            Answer::Replied(Outcome { result: Err(error), .. }) => self.refused(now, error, operation, client),
            Answer::Failed(error) => {
                self.so_far = OutcomeKind::Failed;
                if error.transient { self.retry(now, RetryClass::Transient, client) } else { Step::Done(self.so_far) }
            }
            Answer::TimedOut => {
                self.so_far = OutcomeKind::TimedOut;
                self.retry(now, RetryClass::TimeOut, client)
            }
        }
    }

    /// What the operation has come to if no further attempt is made.
    pub const fn given_up(&self) -> OutcomeKind {
        self.so_far
    }

    /// The sample of the operation that ended now.
    pub fn sample(&self, now: Time, outcome: OutcomeKind) -> Sample {
        Sample {
            phase: self.shot.phase,
            operation: self.shot.operation,
            due: self.due,
            free: self.free,
            sent: self.sent.unwrap_or(now),
            done: now,
            outcome,
            attempts: self.attempts,
            retries: self.retries,
            single: self.attempts == 1,
            items: self.items,
        }
    }

    fn succeeded(&mut self, now: Time, response: &Response, operation: &OperationSpec, client: &Client) -> Step {
        client.quota.give(if self.borrowed > 0 { std::mem::take(&mut self.borrowed) } else { 1 });
        let (items, rest) = continuation(&self.request, &response.output, operation.all_pages);
        self.items += items;
        match rest {
            Rest::Nothing => Step::Done(OutcomeKind::Succeeded),
            Rest::NextPage(request) => {
                self.request = Arc::new(request);
                self.tries = 0;
                Step::Send
            }
            Rest::Unprocessed(request) => {
                self.request = Arc::new(request);
                self.so_far = OutcomeKind::Throttled;
                if items > 0 {
                    self.tries = 1;
                }
                // The SDK leaves unprocessed items to its caller (facts §10.5): backed off like throttling, without the quota.
                if client.policy.allows(self.tries) {
                    self.back_off(now, RetryClass::Throttling, client)
                } else {
                    Step::Done(self.so_far)
                }
            }
        }
    }

    fn refused(&mut self, now: Time, error: &ApiError, operation: &OperationSpec, client: &Client) -> Step {
        if is_condition_failure(error) {
            return Step::Done(if operation.condition_failed_is_success {
                OutcomeKind::Succeeded
            } else {
                OutcomeKind::ConditionFailed
            });
        }
        self.so_far = if is_throttle(error) { OutcomeKind::Throttled } else { OutcomeKind::Failed };
        match retry_class(error.kind) {
            Some(class) => self.retry(now, class, client),
            None => Step::Done(self.so_far),
        }
    }

    fn retry(&mut self, now: Time, class: RetryClass, client: &Client) -> Step {
        if !client.policy.allows(self.tries) {
            return Step::Done(self.so_far);
        }
        let cost = client.policy.cost(class);
        if !client.quota.take(cost) {
            return Step::Done(self.so_far);
        }
        self.borrowed = cost;
        self.back_off(now, class, client)
    }

    fn back_off(&mut self, now: Time, class: RetryClass, client: &Client) -> Step {
        self.retries += 1;
        let jitter = client.jitter.draw(self.shot.phase, self.shot.index, self.attempts);
        Step::SendAt(now + client.policy.back_off(class, self.tries, jitter))
    }
}

/// What an attempt's answer counts as besides the outcome of the operation, for the counts by reason.
pub(super) fn failure(answer: &Answer) -> Option<Failure<'_>> {
    match answer {
        Answer::Replied(Outcome { result: Ok(response), .. }) => match &response.output {
            Output::BatchGetItem { unprocessed_keys, .. } if !unprocessed_keys.is_empty() => Some(UNPROCESSED),
            Output::BatchWriteItem { unprocessed_items } if !unprocessed_items.is_empty() => Some(UNPROCESSED),
            _ => None,
        },
        Answer::Replied(Outcome { result: Err(error), .. }) => {
            if is_condition_failure(error) {
                None
            } else if is_throttle(error) {
                Some(Failure::Throttle { exception: error.kind, reasons: &error.throttling_reasons })
            } else {
                Some(Failure::Error { name: error_name(error), message: &error.message })
            }
        }
        Answer::Failed(error) => Some(Failure::Error { name: &error.name, message: &error.message }),
        Answer::TimedOut => Some(Failure::Error { name: "TimeOut", message: "no answer in time" }),
    }
}

/// Items of a batch were left out for lack of throughput; the answer does not say of what.
const UNPROCESSED: Failure<'static> =
    Failure::Throttle { exception: ErrorKind::ProvisionedThroughputExceeded, reasons: &[] };

/// Transactions are told apart by what cancelled them.
fn error_name(error: &ApiError) -> &'static str {
    if error.kind != ErrorKind::TransactionCanceled {
        return error.kind.name();
    }
    match error.cancellation_reasons.iter().map(|reason| reason.code).find(|code| *code != "None") {
        Some("TransactionConflict") => "TransactionCanceledException (TransactionConflict)",
        Some("ValidationError") => "TransactionCanceledException (ValidationError)",
        Some("ItemCollectionSizeLimitExceeded") => "TransactionCanceledException (ItemCollectionSizeLimitExceeded)",
        _ => error.kind.name(),
    }
}

/// A condition was false, in a single write or in a transaction.
fn is_condition_failure(error: &ApiError) -> bool {
    match error.kind {
        ErrorKind::ConditionalCheckFailed => true,
        ErrorKind::TransactionCanceled => {
            let mut codes = error.cancellation_reasons.iter().map(|reason| reason.code).filter(|code| *code != "None");
            codes.next() == Some("ConditionalCheckFailed") && codes.all(|code| code == "ConditionalCheckFailed")
        }
        _ => false,
    }
}

/// Throughput was exceeded, in a single request or in a transaction.
fn is_throttle(error: &ApiError) -> bool {
    error.kind.is_throttle()
        || error.kind == ErrorKind::TransactionCanceled
            && error
                .cancellation_reasons
                .iter()
                .any(|reason| matches!(reason.code, "ProvisionedThroughputExceeded" | "ThrottlingError"))
}

/// Which errors the SDK's standard mode tries again (facts §6.1).
const fn retry_class(kind: ErrorKind) -> Option<RetryClass> {
    match kind {
        ErrorKind::ProvisionedThroughputExceeded
        | ErrorKind::RequestLimitExceeded
        | ErrorKind::Throttling
        | ErrorKind::LimitExceeded
        | ErrorKind::TransactionInProgress => Some(RetryClass::Throttling),
        ErrorKind::InternalServerError | ErrorKind::ServiceUnavailable => Some(RetryClass::Transient),
        _ => None,
    }
}

/// What is left to do after an answer.
enum Rest {
    Nothing,
    NextPage(Request),
    Unprocessed(Request),
}

/// How many items an answer is about, and the request for what it left out.
fn continuation(request: &Request, output: &Output, all_pages: bool) -> (u64, Rest) {
    match (request, output) {
        (_, Output::GetItem { item }) => (u64::from(item.is_some()), Rest::Nothing),
        (Request::Query(query), Output::Page(page)) => {
            let next = page.last_evaluated_key.clone().filter(|_| all_pages);
            let rest = next.map_or(Rest::Nothing, |key| {
                let mut query = query.clone();
                query.exclusive_start_key = Some(key);
                Rest::NextPage(Request::Query(query))
            });
            (page.count, rest)
        }
        (Request::Scan(scan), Output::Page(page)) => {
            let next = page.last_evaluated_key.clone().filter(|_| all_pages);
            let rest = next.map_or(Rest::Nothing, |key| {
                let mut scan = scan.clone();
                scan.exclusive_start_key = Some(key);
                Rest::NextPage(Request::Scan(scan))
            });
            (page.count, rest)
        }
        (Request::BatchGetItem(batch), Output::BatchGetItem { responses, unprocessed_keys }) => {
            let asked: usize = batch.request_items.iter().map(|(_, keys)| keys.keys.len()).sum();
            let left: usize = unprocessed_keys.iter().map(|(_, keys)| keys.keys.len()).sum();
            let found: usize = responses.iter().map(|(_, items)| items.len()).sum();
            let rest = if left == 0 {
                Rest::Nothing
            } else {
                Rest::Unprocessed(Request::BatchGetItem(BatchGetItem { request_items: unprocessed_keys.clone() }))
            };
            debug_assert!(left <= asked);
            (found as u64, rest)
        }
        (Request::BatchWriteItem(batch), Output::BatchWriteItem { unprocessed_items }) => {
            let asked: usize = batch.request_items.iter().map(|(_, writes)| writes.len()).sum();
            let left: usize = unprocessed_items.iter().map(|(_, writes)| writes.len()).sum();
            let rest = if left == 0 {
                Rest::Nothing
            } else {
                Rest::Unprocessed(Request::BatchWriteItem(BatchWriteItem { request_items: unprocessed_items.clone() }))
            };
            (asked.saturating_sub(left) as u64, rest)
        }
        (_, Output::TransactGetItems { items }) => (items.iter().flatten().count() as u64, Rest::Nothing),
        (Request::TransactWriteItems(transaction), _) => (transaction.transact_items.len() as u64, Rest::Nothing),
        (_, Output::Page(page)) => (page.count, Rest::Nothing),
        _ => (1, Rest::Nothing),
    }
}

#[cfg(test)]
mod tests;
