//! From the outside, through the public interface alone. One crate, so that it links once.

#[cfg(feature = "aws")]
mod aws_target;
mod baseline;
mod cache;
mod calibrate;
mod capacity_only;
#[cfg(unix)]
mod ci_ab;
#[cfg(unix)]
mod ci_examples;
mod cli;
mod compare;
#[cfg(feature = "aws")]
mod coordinated_omission;
mod cost;
mod dyno;
mod engine_capacity;
mod engine_charges;
mod engine_collections;
mod engine_conflicts;
mod engine_control;
mod engine_model;
mod engine_requests;
mod engine_rules;
mod engine_several;
mod engine_threads;
mod export;
mod expressions;
mod faults;
mod history;
mod import;
mod instructions;
mod item_sizes;
mod layers;
mod linearizability;
mod metrics;
mod moto;
#[cfg(feature = "aws")]
mod network_run;
mod numbers;
mod protocol;
mod replication;
mod report_again;
mod scenarios;
mod simulate;
mod sizing;
mod stub;
mod virtual_time;
mod workload_files;
