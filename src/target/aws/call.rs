//! One attempt: a request out, an answer or an error back.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

use crate::api::{Outcome, Request};
use crate::target::{CallError, TargetFuture};

use super::error::{AttemptError, attempt_error, malformed, unbuildable};
use super::response::Malformed;
use super::{request, response};

/// Sends `asked` once. A future per operation, so that the small ones stay small.
pub(super) fn call(client: &Client, asked: Arc<Request>) -> TargetFuture<'_, Result<Outcome, CallError>> {
    macro_rules! single {
        ($operation:ident, $wanted:expr) => {{
            let request = request::$operation(client, $wanted);
            Box::pin(async move { answer(request.send().await, response::$operation) })
        }};
    }
    macro_rules! many {
        ($operation:ident, $wanted:expr) => {
            match request::$operation(client, $wanted) {
                Ok(request) => Box::pin(async move { answer(request.send().await, response::$operation) }),
                Err(error) => Box::pin(std::future::ready(Err(unbuildable(&error)))),
            }
        };
    }
    match &*asked {
        Request::GetItem(get) => single!(get_item, get),
        Request::PutItem(put) => single!(put_item, put),
        Request::UpdateItem(update) => single!(update_item, update),
        Request::DeleteItem(delete) => single!(delete_item, delete),
        Request::Query(query) => single!(query, query),
        Request::Scan(scan) => single!(scan, scan),
        Request::BatchGetItem(batch) => match request::batch_get_item(client, batch) {
            Ok(request) => {
                let asked = response::HowAsked::of(batch);
                Box::pin(async move { answer(request.send().await, |reply| response::batch_get_item(reply, &asked)) })
            }
            Err(error) => Box::pin(std::future::ready(Err(unbuildable(&error)))),
        },
        Request::BatchWriteItem(batch) => many!(batch_write_item, batch),
        Request::TransactGetItems(transaction) => many!(transact_get_items, transaction),
        Request::TransactWriteItems(transaction) => many!(transact_write_items, transaction),
    }
}

fn answer<R, E>(
    sent: Result<R, SdkError<E, HttpResponse>>,
    convert: impl FnOnce(R) -> Result<Outcome, Malformed>,
) -> Result<Outcome, CallError>
where
    E: ProvideErrorMetadata + Error + 'static,
{
    match sent {
        Ok(reply) => convert(reply).map_err(malformed),
        Err(error) => match attempt_error(error) {
            AttemptError::Api(error) => Ok(Outcome {
                result: Err(error),
                consumed: Vec::new(),
                item_collections: Vec::new(),
                delayed: Duration::ZERO,
                from_cache: false,
            }),
            AttemptError::Call(error) => Err(error),
        },
    }
}
