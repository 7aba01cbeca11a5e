//! The plots, one file each, drawn by plotters as SVG that takes its colours from the page.

mod background;
mod canvas;
pub(super) mod capacity;
pub(super) mod distribution;
pub(super) mod heat;
mod ink;
mod keys;
pub(super) mod lag;
pub(super) mod latency;
pub(super) mod reasons;
pub(super) mod staleness;
pub(super) mod throughput;
pub(super) mod tokens;

pub(super) use canvas::Format;
pub(super) use ink::Ink;
