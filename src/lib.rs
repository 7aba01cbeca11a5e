//! Dynamometer: a load generator and benchmarking harness for DynamoDB.
//!
//! A workload file becomes a plan, the plan becomes a stream of operations with intended start times, a target serves them, a
//! recorder writes down what happened, and everything a person reads is computed from that one record. The map, from the
//! ground up; each room imports only rooms above it in this list (`tests/it/layers.rs` holds it to that):
//!
//! - [`time`] and [`random`]: time and randomness as arguments. Nothing below [`runner`] reads a clock or a global generator.
//! - [`item`]: attribute values, 38-digit numbers, items, their size and JSON form.
//! - [`api`]: DynamoDB's requests, responses, errors, tables and capacity units, spoken by every room.
//! - [`expression`]: the expression language.
//! - [`latency`]: how long requests take on the network and in the service, drawn from a seed.
//! - [`cache`]: a cache of items in front of tables, as DAX is one.
//! - [`replication`]: three replicas of every partition, their lags, faults and leaders.
//! - [`capacity`]: limits of tables and indexes, partitions and their splits, auto scaling; knows nothing of storage.
//! - [`engine`]: the bundled DynamoDB: storage, indexes, transactions, capacity charged and enforced.
//! - [`protocol`]: DynamoDB's JSON protocol without HTTP: bodies to requests, outcomes to bodies.
//! - [`record`]: what happened, interval by interval, in bounded memory, and the file that keeps it.
//! - [`history`]: what tables consumed in the past: CloudWatch's metrics, or a record.
//! - [`workload`]: the workload file, key and value generators, phases, and the stream of operations.
//! - [`import`]: workload files out of what describes tables elsewhere: AWS, Terraform, NoSQL Workbench, YCSB.
//! - [`target`]: where operations go: the engine in process, the AWS SDK.
//! - [`runner`]: loading, pacing, sessions with their retries; by a clock in real time, from event to event in virtual time.
//! - [`metrics`]: what Prometheus scrapes while a run goes on.
//! - [`pricing`]: what DynamoDB costs, by region.
//! - [`size`]: the smallest capacity that serves a demand, and what would help where none does.
//! - [`cost`]: bills of the same usage by every way to pay for it.
//! - [`compare`]: two sides measured alike: differences with their confidence, and a verdict.
//! - [`baseline`]: recorded runs kept to compare later ones with, by name and machine.
//! - [`report`]: the HTML page with its plots, and the summary on a terminal.
//! - [`export`]: a record in forms that other tools read: HdrHistogram logs, CSV, plots as SVG and PNG.
//! - [`cli`]: one file per command.
//!
//! Deliberately absent: a scripting language for workloads (a declarative file can be checked, and its stream repeated), and
//! any reading of results other than from the record.

pub mod api;
pub mod baseline;
pub mod cache;
pub mod capacity;
pub mod cli;
pub mod compare;
pub mod cost;
pub mod engine;
pub mod export;
pub mod expression;
pub mod history;
pub mod import;
pub mod item;
pub mod latency;
pub mod metrics;
pub mod pricing;
pub mod protocol;
pub mod random;
pub mod record;
pub mod replication;
pub mod report;
pub mod runner;
pub mod size;
pub mod target;
pub mod time;
pub mod workload;
