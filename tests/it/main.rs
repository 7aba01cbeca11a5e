//! From the outside, through the public interface alone. One crate, so that it links once.

#[cfg(feature = "aws")]
mod aws_target;
mod cli;
#[cfg(feature = "aws")]
mod coordinated_omission;
mod dyno;
mod engine_capacity;
mod engine_charges;
mod engine_model;
mod engine_requests;
mod engine_rules;
mod engine_threads;
mod layers;
mod moto;
#[cfg(feature = "aws")]
mod network_run;
mod stub;
mod workload_files;
