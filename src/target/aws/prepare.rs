//! Making tables ready: finding, creating, waiting for them, and deleting what was created.
//!
//! Every table is looked at before the first one is created, so that a table that does not fit costs nothing.

use std::time::Duration;

use aws_sdk_dynamodb::types::{TableDescription, TableStatus, TimeToLiveSpecification, TimeToLiveStatus};

use crate::api::{CreateTable, ErrorKind};
use crate::target::{PreparedTable, TargetError};

use super::AwsTarget;
use super::error::{AttemptError, attempt_error, unbuildable};
use super::tables;

/// First pause between two looks at a table, the longest one, and how long to wait in all: large tables with warm
/// throughput take minutes.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
const READY_WITHIN: Duration = Duration::from_secs(30 * 60);

/// How long a deletion may be refused because the table is still being created or changed.
const DELETED_WITHIN: Duration = Duration::from_secs(5 * 60);

/// A table this target created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CreatedTable {
    pub(super) name: String,
    /// Tells it from a later table of the same name, where the endpoint gives tables ids.
    pub(super) id: Option<String>,
}

/// Creates the missing ones of `tables` and waits until all are active.
pub(super) async fn prepare(target: &AwsTarget, tables: &[CreateTable]) -> Result<Vec<PreparedTable>, TargetError> {
    let mut missing = Vec::with_capacity(tables.len());
    for table in tables {
        missing.push(match find(target, &table.name).await? {
            Some(found) if is_going(&found) => true,
            Some(found) => {
                check(&found, table)?;
                false
            }
            None => true,
        });
    }
    let mut prepared = Vec::with_capacity(tables.len());
    for (table, missing) in tables.iter().zip(missing) {
        let created = missing && create(target, table).await?;
        prepared.push(PreparedTable { name: table.name.to_string(), created });
    }
    for (table, prepared) in tables.iter().zip(&prepared) {
        let found = wait_until_active(target, &table.name).await?;
        if prepared.created {
            switch_on_time_to_live(target, table).await?;
            if tables::wants_auto_scaling(table) {
                target.warn(format!(
                    "table `{}`: auto scaling is not set up by this program; its capacity stays as it was created \
                     unless a policy is registered with Application Auto Scaling",
                    table.name
                ));
            }
        } else {
            // It may have been somebody else who created it just now.
            check(&found, table)?;
            for remark in tables::remarks(&found, table) {
                target.warn(format!("table `{}` was found and is used as it is: {remark}", table.name));
            }
            remark_on_time_to_live(target, table).await;
        }
    }
    Ok(prepared)
}

/// Deletes what `prepare` created and nothing else. One that cannot be deleted does not stop the others.
pub(super) async fn delete_created(target: &AwsTarget) -> Result<Vec<String>, TargetError> {
    let mut deleted = Vec::new();
    let mut first_error = None;
    for table in target.created() {
        match delete(target, &table).await {
            Ok(true) => deleted.push(table.name.clone()),
            Ok(false) => {}
            Err(error) => {
                first_error.get_or_insert(error);
                continue;
            }
        }
        target.forget_created(&table);
    }
    first_error.map_or(Ok(deleted), Err)
}

/// The table as it stands; `None` where there is none.
pub(super) async fn find(target: &AwsTarget, name: &str) -> Result<Option<TableDescription>, TargetError> {
    match target.clients.tables.describe_table().table_name(name).send().await {
        Ok(reply) => Ok(reply.table),
        Err(error) => match attempt_error(error) {
            AttemptError::Api(error) if error.kind == ErrorKind::ResourceNotFound => Ok(None),
            error => Err(refused(target, "DescribeTable", name, error)),
        },
    }
}

/// Whether the table is on its way out, so that one of its name will have to be created.
pub(super) fn is_going(found: &TableDescription) -> bool {
    found.table_status() == Some(&TableStatus::Deleting)
}

fn check(found: &TableDescription, wanted: &CreateTable) -> Result<(), TargetError> {
    match tables::difference(found, wanted) {
        Some(difference) => Err(TargetError::TableDiffers { table: wanted.name.to_string(), difference }),
        None => Ok(()),
    }
}

/// Creates the table, after one of the same name is gone. Says whether it was really this call that created it: when another
/// was quicker, or an attempt that seemed to fail had succeeded, the table is not ours to delete.
async fn create(target: &AwsTarget, table: &CreateTable) -> Result<bool, TargetError> {
    let mut pause = Pause::within(READY_WITHIN);
    loop {
        let request = tables::create_table(&target.clients.tables, table).map_err(|error| {
            TargetError::Settings(format!("table `{}`: {}", table.name, unbuildable(&error).message))
        })?;
        match request.send().await {
            Ok(reply) => {
                let id = reply.table_description.and_then(|description| description.table_id);
                target.remember_created(CreatedTable { name: table.name.to_string(), id });
                return Ok(true);
            }
            Err(error) => match attempt_error(error) {
                AttemptError::Api(error) if error.kind == ErrorKind::ResourceInUse => {
                    match find(target, &table.name).await? {
                        Some(found) if !is_going(&found) => return Ok(false),
                        _ => pause.next(target, &table.name, "is being deleted").await?,
                    }
                }
                error => return Err(refused(target, "CreateTable", &table.name, error)),
            },
        }
    }
}

/// Descriptions are eventually consistent: a table just created may not be there yet.
async fn wait_until_active(target: &AwsTarget, name: &str) -> Result<TableDescription, TargetError> {
    let mut pause = Pause::within(READY_WITHIN);
    loop {
        let state = match find(target, name).await? {
            Some(found) if tables::is_active(&found) => return Ok(found),
            Some(found) => match found.table_status() {
                Some(TableStatus::Active) => "has indexes that are not active".to_owned(),
                Some(status) => format!("is {}", status.as_str()),
                None => "has no status".to_owned(),
            },
            None => "is not to be seen".to_owned(),
        };
        pause.next(target, name, &state).await?;
    }
}

async fn switch_on_time_to_live(target: &AwsTarget, table: &CreateTable) -> Result<(), TargetError> {
    let Some(attribute) = &table.time_to_live_attribute else {
        return Ok(());
    };
    let specification = TimeToLiveSpecification::builder()
        .attribute_name(&**attribute)
        .enabled(true)
        .build()
        .map_err(|error| TargetError::Settings(format!("table `{}`: {error}", table.name)))?;
    let request = target.clients.tables.update_time_to_live().table_name(&*table.name);
    match request.time_to_live_specification(specification).send().await {
        Ok(_) => Ok(()),
        Err(error) => match attempt_error(error) {
            AttemptError::Call(error) if error.name == "UnknownOperationException" => {
                target
                    .warn(format!("table `{}`: the endpoint knows no time to live; items will not expire", table.name));
                Ok(())
            }
            error => Err(refused(target, "UpdateTimeToLive", &table.name, error)),
        },
    }
}

async fn remark_on_time_to_live(target: &AwsTarget, table: &CreateTable) {
    let Some(attribute) = &table.time_to_live_attribute else {
        return;
    };
    let reply = target.clients.tables.describe_time_to_live().table_name(&*table.name).send().await;
    let description = reply.ok().and_then(|reply| reply.time_to_live_description);
    let is_on = description.is_some_and(|found| {
        matches!(found.time_to_live_status(), Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling))
            && found.attribute_name() == Some(&**attribute)
    });
    if !is_on {
        target.warn(format!(
            "table `{}` was found and is used as it is: its time to live is not on for `{attribute}`",
            table.name
        ));
    }
}

/// Deletes one table; `false` where it is gone already or another has taken its name.
async fn delete(target: &AwsTarget, table: &CreatedTable) -> Result<bool, TargetError> {
    let mut pause = Pause::within(DELETED_WITHIN);
    loop {
        let Some(found) = find(target, &table.name).await?.filter(|found| !is_going(found)) else {
            return Ok(false);
        };
        if table.id.is_some() && found.table_id != table.id {
            target.warn(format!("table `{}` was not deleted: it is another one of the same name", table.name));
            return Ok(false);
        }
        match target.clients.tables.delete_table().table_name(&table.name).send().await {
            Ok(_) => return Ok(true),
            Err(error) => match attempt_error(error) {
                AttemptError::Api(error) if error.kind == ErrorKind::ResourceNotFound => return Ok(false),
                AttemptError::Api(error) if error.kind == ErrorKind::ResourceInUse => {
                    pause.next(target, &table.name, "is in use and cannot be deleted").await?;
                }
                error => return Err(refused(target, "DeleteTable", &table.name, error)),
            },
        }
    }
}

/// Pauses that grow, bounded in length and in sum.
struct Pause {
    next: Duration,
    left: Duration,
}

impl Pause {
    fn within(limit: Duration) -> Self {
        Pause { next: FIRST_PAUSE, left: limit }
    }

    /// Waits a little longer than the last time; an error naming the table's state once the limit is reached.
    async fn next(&mut self, target: &AwsTarget, table: &str, state: &str) -> Result<(), TargetError> {
        if self.left.is_zero() {
            return Err(TargetError::Endpoint {
                endpoint: target.clients.place.to_string(),
                message: format!("table `{table}` still {state}; look at it, then try again"),
            });
        }
        let pause = self.next.min(self.left);
        tokio::time::sleep(pause).await;
        self.left -= pause;
        self.next = self.next.mul_f64(1.5).min(LONGEST_PAUSE);
        Ok(())
    }
}

/// What the endpoint would not do, and what to do about it.
fn refused(target: &AwsTarget, operation: &str, table: &str, error: AttemptError) -> TargetError {
    let place = &target.clients.place;
    let message = match error {
        AttemptError::Api(error) => format!("{operation} of table `{table}`: {error}"),
        AttemptError::Call(error) => {
            let remedy = match error.name.as_str() {
                "ConnectionError" if place.is_aws() => "check the network and the region",
                "ConnectionError" => "nothing answers there: start the endpoint, or correct its address",
                "ConnectTimeout" | "TimeoutError" => "no answer came in time: is it the right address?",
                "AccessDeniedException" => "these credentials may not do that: allow it, or choose others",
                "UnrecognizedClientException" | "InvalidSignatureException" | "ExpiredTokenException" => {
                    "the credentials are not accepted: log in again, or choose others"
                }
                "MalformedResponse" => "this is not how DynamoDB answers: is it the right address?",
                name if name.starts_with("HTTP ") => "this is not how DynamoDB answers: is it the right address?",
                _ => "",
            };
            let separator = if remedy.is_empty() { "" } else { "; " };
            format!("{operation} of table `{table}`: {error}{separator}{remedy}")
        }
    };
    TargetError::Endpoint { endpoint: place.to_string(), message }
}
