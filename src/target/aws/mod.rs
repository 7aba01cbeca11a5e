//! DynamoDB through the AWS SDK for Rust: the service itself, or any endpoint that speaks its protocol.
//!
//! This is what an application with the SDK feels, credentials and region included. Load beyond a few thousand requests a
//! second comes cheaper from a leaner driver.
//!
//! The SDK makes one attempt per call: its retries, time-outs and guard against stalled streams are off, for the runner counts
//! them. To an endpoint that is not AWS go dummy credentials and a fixed region, and nothing is looked up for it: no
//! environment, no profile, no metadata service.
//!
//! Deliberately absent: auto scaling is not set up (it belongs to another service, and takes minutes to act); a table that
//! wants it is created with its initial capacity and [`AwsTarget::warnings`] says so. Tables that are found are never changed.
//!
//! One target may be shared by several runtimes. A connection lives on the runtime that opened it.

mod call;
mod connect;
mod error;
mod plan;
mod prepare;
mod request;
mod response;
mod tables;
mod value;

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use crate::api::{CreateTable, Outcome, Request};
use crate::record::TargetInfo;

use super::{CallError, PreparedTable, Target, TargetError, TargetFuture};

use connect::Clients;
use prepare::CreatedTable;

pub use plan::CreationPlan;

/// How to reach DynamoDB.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AwsOptions {
    /// The region; from the usual chain if it is absent, `us-east-1` at an endpoint that is not AWS.
    pub region: Option<String>,
    /// The profile of the AWS configuration files; refused for an endpoint that is not AWS.
    pub profile: Option<String>,
    /// How long the SDK lets one attempt take; without end if it is absent, as for a runner with a time-out of its own.
    pub attempt_timeout: Option<Duration>,
}

/// A driver over the AWS SDK.
pub struct AwsTarget {
    clients: Clients,
    attempt_timeout: Option<Duration>,
    created: Mutex<Vec<CreatedTable>>,
    warnings: Mutex<Vec<String>>,
}

impl AwsTarget {
    /// DynamoDB itself, with region and credentials from the usual chain. Fails if either is not to be found.
    pub async fn aws(options: &AwsOptions) -> Result<Self, TargetError> {
        Ok(Self::new(connect::through_chain(None, options).await?, options))
    }

    /// The endpoint at `url`, such as `http://127.0.0.1:8000`. Nothing is sent yet. An endpoint under one of AWS's own host
    /// names is treated as [`AwsTarget::aws`].
    pub async fn endpoint(url: &str, options: &AwsOptions) -> Result<Self, TargetError> {
        Ok(Self::new(connect::to_endpoint(url, options).await?, options))
    }

    /// Whether AWS answers, which costs money.
    pub fn is_aws(&self) -> bool {
        self.clients.place.is_aws()
    }

    /// Asks which of `tables` preparing would create; creates nothing.
    pub async fn plan(&self, tables: &[CreateTable]) -> Result<CreationPlan, TargetError> {
        plan::plan(self, tables).await
    }

    fn new(clients: Clients, options: &AwsOptions) -> Self {
        AwsTarget {
            clients,
            attempt_timeout: options.attempt_timeout,
            created: Mutex::default(),
            warnings: Mutex::default(),
        }
    }

    fn warn(&self, warning: String) {
        let mut warnings = self.warnings.lock();
        if !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }

    fn created(&self) -> Vec<CreatedTable> {
        self.created.lock().clone()
    }

    fn remember_created(&self, table: CreatedTable) {
        self.created.lock().push(table);
    }

    fn forget_created(&self, table: &CreatedTable) {
        self.created.lock().retain(|known| known != table);
    }
}

impl Target for AwsTarget {
    fn info(&self) -> TargetInfo {
        let place = &self.clients.place;
        let attempt_timeout = self.attempt_timeout.map_or("off".to_owned(), |timeout| format!("{timeout:?}"));
        TargetInfo {
            kind: "aws".to_owned(),
            endpoint: place.to_string(),
            settings: vec![
                ("client".to_owned(), format!("aws-sdk-dynamodb {}", aws_sdk_dynamodb::meta::PKG_VERSION)),
                ("region".to_owned(), place.region.clone()),
                ("sdk_retries".to_owned(), "off".to_owned()),
                ("sdk_attempt_timeout".to_owned(), attempt_timeout),
            ],
        }
    }

    fn prepare<'a>(&'a self, tables: &'a [CreateTable]) -> TargetFuture<'a, Result<Vec<PreparedTable>, TargetError>> {
        Box::pin(prepare::prepare(self, tables))
    }

    fn call(&self, request: Arc<Request>) -> TargetFuture<'_, Result<Outcome, CallError>> {
        call::call(&self.clients.calls, request)
    }

    fn delete_created(&self) -> TargetFuture<'_, Result<Vec<String>, TargetError>> {
        Box::pin(prepare::delete_created(self))
    }

    fn warnings(&self) -> Vec<String> {
        self.warnings.lock().clone()
    }
}
