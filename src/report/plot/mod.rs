//! The plots, one file each, drawn by plotters as SVG that takes its colours from the page.

mod background;
pub(super) mod cache;
mod canvas;
pub(super) mod capacity;
pub(super) mod cost;
pub(super) mod distribution;
pub(super) mod heat;
mod ink;
mod keys;
pub(super) mod lag;
pub(super) mod latency;
mod provisioned;
pub(super) mod reasons;
pub(super) mod rounds;
pub(super) mod sides;
pub(super) mod staleness;
mod throttling;
pub(super) mod throughput;
pub(super) mod tokens;

pub(super) use canvas::Format;
pub(super) use ink::Ink;
pub(super) use provisioned::Provisioned;
pub(super) use throttling::Throttling;
